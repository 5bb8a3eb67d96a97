//! Traces of segments: the exact sequence of regions that a segment crosses.

mod bits;
mod double_double;
mod enclosed;
mod escalate;
mod first_layer;
mod flips;
mod forward;
mod graph;
mod narrow;
mod options;
mod oracle;
mod plan;
mod smooth;
mod stack;
mod trace;
mod tracer;
mod walk;

pub use enclosed::{EnclosedTrace, Event, Undecided};
pub use flips::Flips;
pub use trace::{Change, Crossing, Decisions, Enclosure, Trace, TraceError};
pub use tracer::{PointTracer, Tracer};
