//! Network files that were read wrongly, or refused for no reason.
