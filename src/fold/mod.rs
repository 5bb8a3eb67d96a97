//! How much a path folds: the range measures r1 and r2, the folding measure chi, and exact tallies of many paths.
//!
//! Everything here works on any [`Path`]: a list of patterns, however it was come by, or a [`Trace`](crate::line::Trace).
//! Lists that were sampled at points and exact traces are thus measured by the same code.

mod bounds;
mod counter;
mod distribution;
mod folding;
mod global;
mod interaction;
mod measure;
mod path;
mod polyline;
mod tally;
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
pub use tally::Tally;
