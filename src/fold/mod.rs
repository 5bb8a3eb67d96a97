//! The folding of paths: the range measures r1 and r2, the folding measure chi, and exact tallies of many paths.
//!
//! All functions here take any [`Path`]: a list of patterns from any source, or a [`Trace`](crate::line::Trace). So lists of sampled
//! patterns and exact traces are measured by the same code.

mod bounds;
mod counter;
mod distribution;
mod folding;
mod global;
mod interaction;
mod measure;
mod path;
mod polyline;
mod range;
mod tally;
mod uncertain;
mod walk;

pub use bounds::Bounds;
pub(crate) use counter::Counter;
pub use distribution::{Distribution, Statistics};
pub use folding::Folding;
pub use global::{Global, PairMedians};
pub use interaction::Interaction;
pub use measure::{Measure, Meter};
pub use path::{Path, Reversed, Step, concatenate};
pub use polyline::Polyline;
pub use range::FoldingRange;
pub use tally::Tally;
