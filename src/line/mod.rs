//! One segment: the exact sequence of regions that it crosses.

mod oracle;
mod trace;
mod tracer;

pub use oracle::trace_exact_only;
pub use trace::{Crossing, Decisions, Enclosure, Trace, TraceError};
pub use tracer::Tracer;
