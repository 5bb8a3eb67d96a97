//! Tracers of networks of either kind.

use super::{Decisions, Flips, GraphTracer, PointTracer, Trace, TraceError, Tracer};
use crate::data::{Point, Points};
use crate::network::{ModelRef, UnitSet};

/// A tracer of a network of either kind.
///
/// ```
/// use plica::{data::Point, line::ModelTracer, network::load_model};
/// let model = load_model("sawtooth:2").unwrap().model;
/// let (a, b) = (Point::from_f64(&[0.0]).unwrap(), Point::from_f64(&[1.0]).unwrap());
/// assert_eq!(ModelTracer::new(&model).trace(&a, &b).unwrap().regions(), 4);
/// ```
pub enum ModelTracer<'n> {
    /// Of a chain.
    Chain(Box<Tracer<'n>>),
    /// Of a graph.
    Graph(Box<GraphTracer<'n>>),
}

impl<'n> ModelTracer<'n> {
    /// A tracer of all hidden units.
    pub fn new(model: impl Into<ModelRef<'n>>) -> Self {
        match model.into() {
            ModelRef::Chain(network) => Self::Chain(Box::new(Tracer::new(network))),
            ModelRef::Graph(graph) => Self::Graph(Box::new(GraphTracer::new(graph))),
        }
    }

    /// Another tracer with the same options, and memory of its own: for another thread.
    pub fn fork(&self) -> Self {
        match self {
            Self::Chain(tracer) => Self::Chain(Box::new(tracer.fork())),
            Self::Graph(tracer) => Self::Graph(Box::new(tracer.fork())),
        }
    }

    fn map(self, chain: impl FnOnce(Tracer<'n>) -> Tracer<'n>, graph: impl FnOnce(GraphTracer<'n>) -> GraphTracer<'n>) -> Self {
        match self {
            Self::Chain(tracer) => Self::Chain(Box::new(chain(*tracer))),
            Self::Graph(tracer) => Self::Graph(Box::new(graph(*tracer))),
        }
    }

    /// Follows these units; the outputs only where they are among them.
    pub fn units(self, units: &UnitSet) -> Self {
        self.map(|tracer| tracer.units(units), |tracer| tracer.units(units))
    }

    /// Whether crossings carry their exact times as rationals, and the tightest enclosures.
    pub fn exact_times(self, yes: bool) -> Self {
        self.map(|tracer| tracer.exact_times(yes), |tracer| tracer.exact_times(yes))
    }

    /// Whether every decision is taken exactly, by the oracle.
    pub fn exact_only(self, yes: bool) -> Self {
        self.map(|tracer| tracer.exact_only(yes), |tracer| tracer.exact_only(yes))
    }

    /// Whether the pieces of the output are counted; they are by default. Where not, [`Trace::pieces`] is `None`.
    pub fn pieces(self, yes: bool) -> Self {
        self.map(|tracer| tracer.pieces(yes), |tracer| tracer.pieces(yes))
    }

    pub(crate) fn without_filter(self) -> Self {
        self.map(Tracer::without_filter, |tracer| tracer)
    }

    /// The trace of the segment from one point to another.
    ///
    /// # Errors
    /// A point of the wrong dimension.
    pub fn trace(&mut self, from: &Point, to: &Point) -> Result<Trace, TraceError> {
        match self {
            Self::Chain(tracer) => tracer.trace(from, to),
            Self::Graph(tracer) => tracer.trace(from, to),
        }
    }

    /// The tracer bound to a set of points.
    ///
    /// # Errors
    /// Points of the wrong dimension.
    pub fn over<'t, 'p>(&'t mut self, points: &'p Points) -> Result<ModelPoints<'t, 'n, 'p>, TraceError> {
        match self {
            Self::Chain(tracer) => tracer.over(points).map(ModelPoints::Chain),
            Self::Graph(tracer) => tracer.check(points.dimension()).map(|()| ModelPoints::Graph(tracer, points)),
        }
    }
}

/// A [`ModelTracer`] bound to a set of points.
pub enum ModelPoints<'t, 'n, 'p> {
    /// Of a chain.
    Chain(PointTracer<'t, 'n, 'p>),
    /// Of a graph, with the points.
    Graph(&'t mut GraphTracer<'n>, &'p Points),
}

impl ModelPoints<'_, '_, '_> {
    /// The traces of the segments between pairs of the points, by the units that the tracer follows.
    ///
    /// # Errors
    /// None that the points have not passed already.
    ///
    /// # Panics
    /// Where a pair names a row that the set does not have.
    pub fn trace_pairs(
        &mut self,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        mut visit: impl FnMut((usize, usize), &Trace),
    ) -> Result<(), TraceError> {
        match self {
            Self::Chain(tracer) => tracer.trace_pairs(pairs, visit),
            Self::Graph(tracer, points) => {
                let mut each = |(i, j)| tracer.trace_rows((points, i), (points, j)).map(|trace| visit((i, j), &trace));
                pairs.into_iter().try_for_each(&mut each)
            }
        }
    }

    /// The flips of the segments between pairs of the points, and how the decisions were taken.
    ///
    /// # Errors
    /// None that the points have not passed already.
    ///
    /// # Panics
    /// Where a pair names a row that the set does not have.
    pub fn flips_of_pairs(
        &mut self,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        mut visit: impl FnMut((usize, usize), Flips<'_>, Decisions),
    ) -> Result<(), TraceError> {
        match self {
            Self::Chain(tracer) => tracer.flips_of_pairs(pairs, visit),
            Self::Graph(tracer, points) => {
                let mut each = |(i, j)| {
                    let trace = tracer.full_trace((points, i), (points, j))?;
                    visit((i, j), Flips::of(&trace), trace.decisions());
                    Ok(())
                };
                pairs.into_iter().try_for_each(&mut each)
            }
        }
    }
}
