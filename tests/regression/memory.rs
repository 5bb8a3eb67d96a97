//! Complexes that would not fit.
