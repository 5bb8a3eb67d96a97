//! The tracer of a network: its options, and the traces of segments.

use super::graph::GraphTracer;
use super::options::Options;
use super::oracle::Oracle;
use super::smooth::SmoothTracer;
use super::stack::StackTracer;
use super::{Decisions, EnclosedTrace, Enclosure, Flips, Trace, TraceError};
use crate::data::{Point, Points};
use crate::exact::Instructions;
use crate::network::{Network, UnitSet};
use std::sync::Arc;

/// Traces segments of one network: in floating point with proven error bounds, and with integers where the bounds do not decide.
///
/// Build one tracer for a network. It keeps its buffers from segment to segment.
///
/// ```
/// use plica::{data::Point, line::Tracer, network::{Layer, Network}};
/// use nalgebra::{dmatrix, dvector};
/// let network = Network::new(vec![
///     Layer::from_f64(dmatrix![1.0; 1.0], dvector![0.0, -0.5]),
///     Layer::from_f64(dmatrix![2.0, -4.0], dvector![0.0]),
/// ]).unwrap();
/// let (a, b) = (Point::from_f64(&[-1.0]).unwrap(), Point::from_f64(&[1.0]).unwrap());
/// let trace = Tracer::new(&network).exact_times(true).trace(&a, &b).unwrap();
/// let patterns: Vec<String> = trace.patterns().map(|p| p.to_string()).collect();
/// assert_eq!(patterns, ["00", "10", "11"]);
/// assert_eq!(trace.crossing(0).t_exact.unwrap().to_string(), "1/2");
/// ```
#[must_use]
pub struct Tracer(Walks);

/// Stacks of layers have separate, faster walks. Smooth networks are enclosed.
enum Walks {
    Stack(Box<StackTracer>),
    Graph(Box<GraphTracer>),
    Smooth(Box<SmoothTracer>),
}

impl Tracer {
    /// A tracer of all hidden units, with the filter, with enclosures of times by doubles, and with the pieces of the output.
    pub fn new(network: &Network) -> Self {
        Self(match network.stack() {
            Some(stack) => Walks::Stack(Box::new(StackTracer::new(Arc::clone(stack)))),
            None if network.is_piecewise_affine() => Walks::Graph(Box::new(GraphTracer::new(Arc::clone(network.graph())))),
            None => Walks::Smooth(Box::new(SmoothTracer::new(Arc::clone(network.graph())))),
        })
    }

    /// Another tracer of the same network with the same options and its own memory, for another thread.
    pub fn fork(&self) -> Self {
        Self(match &self.0 {
            Walks::Stack(tracer) => Walks::Stack(Box::new(tracer.fork())),
            Walks::Graph(tracer) => Walks::Graph(Box::new(tracer.fork())),
            Walks::Smooth(tracer) => Walks::Smooth(Box::new(tracer.fork())),
        })
    }

    /// Changes the walk of a stack of layers; other walks have one way only.
    fn map_stack(self, change: impl FnOnce(StackTracer) -> StackTracer) -> Self {
        Self(match self.0 {
            Walks::Stack(tracer) => Walks::Stack(Box::new(change(*tracer))),
            other => other,
        })
    }

    fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(match &mut self.0 {
            Walks::Stack(tracer) => &mut tracer.options,
            Walks::Graph(tracer) => &mut tracer.options,
            Walks::Smooth(tracer) => &mut tracer.options,
        });
        self
    }

    /// Selects the units to follow. The outputs are followed only if they are selected.
    pub fn units(self, units: &UnitSet) -> Self {
        Self(match self.0 {
            Walks::Stack(tracer) => Walks::Stack(Box::new(tracer.units(units))),
            Walks::Graph(tracer) => Walks::Graph(Box::new(tracer.units(units))),
            Walks::Smooth(tracer) => Walks::Smooth(Box::new(tracer.units(units))),
        })
    }

    /// Sets whether crossings have their exact times as rationals, and the tightest enclosures.
    pub fn exact_times(self, yes: bool) -> Self {
        self.with(|options| options.exact_times = yes)
    }

    /// Sets whether every decision is taken exactly, by [`Trace::exact_only`].
    pub fn exact_only(self, yes: bool) -> Self {
        self.with(|options| options.exact_only = yes)
    }

    /// Sets whether the pieces of the output are counted, which is the default. If not, [`Trace::pieces`] is `None`.
    pub fn pieces(self, yes: bool) -> Self {
        self.with(|options| options.pieces = yes)
    }

    /// The default of [`precision`](Self::precision), in bits.
    pub const PRECISION: u32 = 256;

    /// The precision of doubles, in bits, and the largest one that [`precision`](Self::precision) takes.
    pub const PRECISIONS: std::ops::RangeInclusive<u32> = 53..=1024;

    /// Sets the largest precision for smooth networks, in bits: what doubles leave open is decided with 128 bits, and then with twice as many
    /// as before, up to this precision. What is still open is a window. With 53 bits there are only doubles. Numbers outside of
    /// [`PRECISIONS`](Self::PRECISIONS) mean its nearer end. Other networks are exact, whatever the precision.
    ///
    /// ```
    /// use plica::{data::Point, line::Tracer, network::{Coefficients, NetworkBuilder, Smooth}};
    /// // tanh(x)^2 = 2^-200 twice: at two times that are 2^-100 apart.
    /// let mut builder = NetworkBuilder::new(&[1]).unwrap();
    /// let x = builder.input();
    /// let y = builder.smooth(&x, Smooth::Tanh).unwrap();
    /// let square = builder.product(&y, &y).unwrap();
    /// let bias = Coefficients::from_f64(vec![-2f64.powi(-200)]);
    /// let z = builder.linear(&square, 1, Coefficients::from_f64(vec![1.0]), Some(bias)).unwrap();
    /// let z = builder.smooth(&z, Smooth::Gelu).unwrap();
    /// let network = builder.finish(&z).unwrap();
    /// let (a, b) = (Point::from_f64(&[-1.0]).unwrap(), Point::from_f64(&[1.0]).unwrap());
    /// let is_certified = |bits: u32| Tracer::new(&network).precision(bits).enclose(&a, &b).unwrap().is_certified();
    /// assert_eq!([53, 128, 256].map(is_certified), [false, false, true]);
    /// ```
    pub fn precision(self, bits: u32) -> Self {
        self.with(|options| options.precision = bits.clamp(*Self::PRECISIONS.start(), *Self::PRECISIONS.end()))
    }

    /// Uses these instructions instead of the best ones of the processor. The traces are the same with all instructions.
    pub fn instructions(self, instructions: Instructions) -> Self {
        self.map_stack(|tracer| tracer.instructions(instructions))
    }

    /// Omits the filter, so that a benchmark can measure its cost. The traces may then be wrong.
    #[cfg(feature = "unfiltered")]
    #[doc(hidden)]
    pub fn without_filter(self) -> Self {
        self.map_stack(StackTracer::without_filter)
    }

    /// Treats every network as a large one, so that tests use the methods for large networks with small ones.
    #[doc(hidden)]
    pub fn as_if_large(self) -> Self {
        self.map_stack(StackTracer::treated_as_large)
    }

    /// The trace of the segment from one point to another.
    ///
    /// # Errors
    /// A point has the wrong dimension. For smooth networks also: exact times or decisions in integers only are asked for, the network has
    /// a maximum or is too large, or the trace has windows ([`enclose`](Self::enclose) gives these).
    pub fn trace(&mut self, from: &Point, to: &Point) -> Result<Trace, TraceError> {
        match &mut self.0 {
            Walks::Stack(tracer) => tracer.trace(from, to),
            Walks::Graph(tracer) => tracer.trace(from, to),
            Walks::Smooth(tracer) => certified(&tracer.trace(from, to)?),
        }
    }

    /// The trace of the segment from one point to another, with windows where a smooth network is not decided.
    ///
    /// # Errors
    /// As [`trace`](Self::trace), but for windows.
    pub fn enclose(&mut self, from: &Point, to: &Point) -> Result<EnclosedTrace, TraceError> {
        match &self.0 {
            Walks::Smooth(tracer) => tracer.trace(from, to),
            _ => self.trace(from, to).map(EnclosedTrace::from),
        }
    }

    /// Proven enclosures of the outputs at a point.
    ///
    /// ```
    /// use plica::{data::Point, line::Tracer, network::{NetworkBuilder, Smooth}};
    /// let mut builder = NetworkBuilder::new(&[1]).unwrap();
    /// let x = builder.input();
    /// let y = builder.smooth(&x, Smooth::Gelu).unwrap();
    /// let network = builder.finish(&y).unwrap();
    /// let y = Tracer::new(&network).outputs(&Point::from_f64(&[1.0]).unwrap()).unwrap()[0];
    /// assert!(y.lo < 0.8413447460685430 && 0.8413447460685429 < y.hi && y.hi - y.lo < 1e-15);
    /// ```
    ///
    /// # Errors
    /// As [`trace`](Self::trace), but for windows.
    pub fn outputs(&self, point: &Point) -> Result<Vec<Enclosure>, TraceError> {
        match &self.0 {
            Walks::Smooth(tracer) => tracer.outputs(point),
            Walks::Stack(tracer) => tracer.outputs(point),
            Walks::Graph(tracer) => tracer.outputs(point),
        }
    }

    /// The traces of the segments between pairs of points of one set, in order, as [`PointTracer::trace_pairs`].
    ///
    /// The first layer is computed once for each point, for any number of segments that end in it.
    ///
    /// # Errors
    /// The points have the wrong dimension, or as [`PointTracer::trace_pairs`].
    ///
    /// # Panics
    /// If a pair has a row that the set does not have.
    pub fn trace_pairs(
        &mut self,
        points: &Points,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        visit: impl FnMut((usize, usize), Result<&Trace, &EnclosedTrace>),
    ) -> Result<(), TraceError> {
        self.over(points)?.trace_pairs(pairs, visit)
    }

    /// The tracer bound to a set of points. Results for single points are kept from call to call.
    ///
    /// # Errors
    /// The points have the wrong dimension.
    pub fn over<'t, 'p>(&'t mut self, points: &'p Points) -> Result<PointTracer<'t, 'p>, TraceError> {
        match &mut self.0 {
            Walks::Stack(tracer) => tracer.bind(points)?,
            Walks::Graph(tracer) => tracer.check(points.dimension())?,
            Walks::Smooth(tracer) => tracer.check(points.dimension())?,
        }
        Ok(PointTracer { tracer: self, points })
    }
}

/// A [`Tracer`] bound to a set of points, by [`Tracer::over`].
pub struct PointTracer<'t, 'p> {
    tracer: &'t mut Tracer,
    points: &'p Points,
}

impl PointTracer<'_, '_> {
    /// The traces of the segments between pairs of the points, with the selected units. A segment with windows has an [`EnclosedTrace`]
    /// in place of its trace: an `Err`.
    ///
    /// # Errors
    /// [`TraceError::Segment`] if a smooth network is not defined on a whole segment. There are no others: the points have been checked.
    ///
    /// # Panics
    /// If a pair has a row that the set does not have.
    pub fn trace_pairs(
        &mut self,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        mut visit: impl FnMut((usize, usize), Result<&Trace, &EnclosedTrace>),
    ) -> Result<(), TraceError> {
        match &mut self.tracer.0 {
            Walks::Stack(tracer) => tracer.traces_over(self.points, pairs, |pair, trace| visit(pair, Ok(trace))),
            Walks::Graph(tracer) => tracer.traces_over(self.points, pairs, |pair, trace| visit(pair, Ok(trace))),
            Walks::Smooth(tracer) => pairs.into_iter().try_for_each(|(i, j)| {
                let enclosed = tracer.trace(&self.points.point(i), &self.points.point(j));
                let enclosed = enclosed.map_err(|error| TraceError::Segment { from: i, to: j, source: Box::new(error) })?;
                let trace = enclosed.to_trace();
                visit((i, j), trace.as_ref().ok_or(&enclosed));
                Ok(())
            }),
        }
    }

    /// The flips of the segments between pairs of the points, and the numbers of decisions. Folding measures need no more, and it is
    /// several times faster than the traces if the layers are narrow. A segment with windows has an [`EnclosedTrace`] in place of its
    /// flips: an `Err`.
    ///
    /// ```
    /// use plica::{data::Points, line::Tracer, network::load};
    /// let network = load("cantor:1").unwrap();
    /// let points = Points::from_f64(vec![0.0, 0.75, 1.0, 0.75], 2).unwrap();
    /// let mut tracer = Tracer::new(&network);
    /// let mut count = 0;
    /// tracer.over(&points).unwrap().flips_of_pairs([(0, 1)], |_, flips, _| flips.unwrap().for_each(|units| count += units.len())).unwrap();
    /// assert_eq!(count, 4);
    /// ```
    ///
    /// # Errors
    /// [`TraceError::Segment`] if a smooth network is not defined on a whole segment. There are no others: the points have been checked.
    ///
    /// # Panics
    /// If a pair has a row that the set does not have.
    pub fn flips_of_pairs(
        &mut self,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        mut visit: impl FnMut((usize, usize), Result<Flips<'_>, &EnclosedTrace>, Decisions),
    ) -> Result<(), TraceError> {
        match &mut self.tracer.0 {
            Walks::Stack(tracer) => tracer.flips_over(self.points, pairs, |pair, flips, taken| visit(pair, Ok(flips), taken)),
            Walks::Graph(tracer) => tracer.flips_over(self.points, pairs, |pair, flips, taken| visit(pair, Ok(flips), taken)),
            Walks::Smooth(_) => self.trace_pairs(pairs, |pair, trace| match trace {
                Ok(trace) => visit(pair, Ok(Flips::of(trace)), trace.decisions()),
                Err(enclosed) => visit(pair, Err(enclosed), enclosed.decisions()),
            }),
        }
    }
}

/// The trace, if it has no windows.
fn certified(trace: &EnclosedTrace) -> Result<Trace, TraceError> {
    match trace.refusal() {
        Some(error) => Err(error),
        None => Ok(trace.to_trace().expect("a trace without windows is certified")),
    }
}

impl Trace {
    /// The trace of a segment with every decision taken exactly. It is slow and simple, and the reference for the filter.
    ///
    /// The crossings have their exact times and the tightest enclosures. Time and memory are proportional to the number of regions times the
    /// number of weights.
    ///
    /// # Errors
    /// A point has the wrong dimension, or the network is smooth.
    ///
    /// ```
    /// use plica::{data::Point, line::Trace, network::{Layer, Network, Selection}};
    /// use nalgebra::{dmatrix, dvector};
    /// let network = Network::new(vec![
    ///     Layer::from_f64(dmatrix![1.0; -1.0], dvector![-0.5, 0.5]),
    ///     Layer::from_f64(dmatrix![1.0, 1.0], dvector![0.0]),
    /// ]).unwrap();
    /// let ends = (Point::from_f64(&[0.0]).unwrap(), Point::from_f64(&[1.0]).unwrap());
    /// let units = network.units(&Selection::Hidden).unwrap();
    /// let trace = Trace::exact_only(&network, &ends.0, &ends.1, &units).unwrap();
    /// assert_eq!(trace.start().to_string(), "01");
    /// assert_eq!(trace.crossing(0).flips.len(), 2);
    /// assert_eq!(trace.end().to_string(), "10");
    /// ```
    pub fn exact_only(network: &Network, from: &Point, to: &Point, units: &UnitSet) -> Result<Self, TraceError> {
        if !network.is_piecewise_affine() {
            return Err(TraceError::NoExactTimes);
        }
        Oracle::new(network.graph()).trace(from, to, units)
    }
}
