//! The folding of many segments, tallied.

use crate::data::Points;
use crate::fold::{Meter, Tally};
use crate::line::{Decisions, TraceError, Tracer};

/// Traces the segments between pairs of points and tallies their measures; `each` is called after every path.
///
/// # Errors
/// Points of the wrong dimension.
///
/// ```
/// use plica::{data::Points, fold::Meter, line::Tracer, network::{Layer, Network, Selection}};
/// use nalgebra::{dmatrix, dvector};
/// let network = Network::new(vec![
///     Layer::from_f64(dmatrix![1.0; 1.0], dvector![0.0, -0.5]),
///     Layer::from_f64(dmatrix![2.0, -4.0], dvector![0.0]),
/// ]).unwrap();
/// let points = Points::from_f64(vec![-1.0, 0.25, 1.0], 1).unwrap();
/// let mut meter = Meter::new(&Selection::Hidden.resolve(&network).unwrap());
/// let (tally, _) = plica::sweep::fold(&mut Tracer::new(&network), &mut meter, &points, [(0, 1), (0, 2)], || ()).unwrap();
/// assert_eq!(tally.regions().collect::<Vec<_>>(), [(2, 1), (3, 1)]);
/// ```
pub fn fold(
    tracer: &mut Tracer<'_>,
    meter: &mut Meter,
    points: &Points,
    pairs: impl IntoIterator<Item = (usize, usize)>,
    mut each: impl FnMut(),
) -> Result<(Tally, Decisions), TraceError> {
    let (mut tally, mut decisions) = (Tally::default(), Decisions::default());
    tracer.trace_pairs(points, pairs, |_, trace| {
        tally.add(&meter.measure(trace));
        decisions += trace.decisions();
        each();
    })?;
    Ok((tally, decisions))
}
