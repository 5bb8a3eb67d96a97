//! Convex unions of regions.
