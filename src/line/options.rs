//! The options for tracing segments.

use super::Tracer;

/// The options of a [`Tracer`](super::Tracer), for either kind of walk.
#[derive(Clone, Copy)]
pub(super) struct Options {
    /// Whether exact times of crossings are computed.
    pub exact_times: bool,
    /// Whether every decision is taken exactly.
    pub exact_only: bool,
    /// Whether the pieces of the output are counted.
    pub pieces: bool,
    /// The largest precision for smooth networks, in bits.
    pub precision: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { exact_times: false, exact_only: false, pieces: true, precision: Tracer::PRECISION }
    }
}
