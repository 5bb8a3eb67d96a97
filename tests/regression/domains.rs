//! Domains that are the whole space, first layers of low rank, units that never switch.
