//! The report of bounds.

use crate::bounds::{Bound, Shape};
use serde::Serialize;

/// The result of `plica bounds` for a shape.
///
/// ```
/// let report = plica::report::BoundsReport::of("2-3-1", &"2-3-1".parse().unwrap());
/// assert_eq!(report.units, 3);
/// assert!(report.bounds.iter().any(|bound| bound.value.as_ref().is_some_and(|n| n.0 == 7)));
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct BoundsReport {
    /// The name of the network, or the shape.
    pub network: String,
    /// The number of hidden units, N.
    pub units: usize,
    /// The bounds, in the whole space.
    pub bounds: Vec<Bound>,
}

impl BoundsReport {
    /// The report of a shape under this name.
    pub fn of(name: &str, shape: &Shape) -> Self {
        Self { network: name.to_string(), units: shape.units(), bounds: shape.all(0) }
    }
}
