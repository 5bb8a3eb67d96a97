//! Slices of trained and of wide networks.
