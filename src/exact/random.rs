//! Pseudorandom numbers of unit tests, the same on every run.

/// The next state of a linear congruential generator with Knuth's multiplier (MMIX). Its high bits are the random ones.
pub(crate) fn next(state: u64) -> u64 {
    state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)
}
