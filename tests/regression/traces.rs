//! Deep and wide networks.
