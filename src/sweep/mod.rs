//! Many segments: which pairs of points, and what is tallied along them.

mod fold;
mod pairs;

pub use fold::fold;
pub use pairs::{PairGroup, Pairs, PairsError};
