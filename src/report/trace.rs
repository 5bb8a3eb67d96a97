//! The report of one segment.

use crate::fold::Folding;
use crate::line::Trace;
use serde::Serialize;

/// The result of `plica trace` for a segment: the trace, and its folding.
///
/// ```
/// use plica::{data::Point, line::Tracer, network::{Layer, Network}, report::TraceReport};
/// use nalgebra::{dmatrix, dvector};
/// let network = Network::new(vec![
///     Layer::from_f64(dmatrix![1.0], dvector![0.0]),
///     Layer::from_f64(dmatrix![1.0], dvector![0.0]),
/// ]).unwrap();
/// let (from, to) = (Point::from_f64(&[-1.0]).unwrap(), Point::from_f64(&[1.0]).unwrap());
/// let trace = Tracer::new(&network).trace(&from, &to).unwrap();
/// let json = serde_json::to_value(TraceReport::of(&trace)).unwrap();
/// assert_eq!((json["start"].as_str(), json["r1"].as_u64()), (Some("0"), Some(1)));
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct TraceReport<'a> {
    /// The trace.
    #[serde(flatten)]
    pub trace: &'a Trace,
    /// Its folding.
    #[serde(flatten)]
    pub folding: Folding,
}

impl<'a> TraceReport<'a> {
    /// The report of a trace.
    pub fn of(trace: &'a Trace) -> Self {
        Self { trace, folding: Folding::of(trace) }
    }
}
