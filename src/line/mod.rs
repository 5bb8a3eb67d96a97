//! One segment: the exact sequence of regions that it crosses.

mod bits;
mod doubled;
mod escalate;
mod first_layer;
mod flips;
mod forward;
mod graph;
mod model;
mod narrow;
mod oracle;
mod plan;
mod trace;
mod tracer;
mod walk;

pub use flips::Flips;
pub use graph::{GraphTracer, trace_graph_exact_only};
pub use model::{ModelPoints, ModelTracer};
pub use oracle::trace_exact_only;
pub use trace::{Change, Crossing, Decisions, Enclosure, Trace, TraceError};
pub use tracer::{PointTracer, Tracer};
