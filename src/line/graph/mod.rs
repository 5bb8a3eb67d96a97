//! Traces of segments through graphs, for networks with any layers.

mod ball;
mod exact;
mod plan;
mod schedule;
mod walk;

use super::options::Options;
use super::oracle::Oracle;
use super::{Decisions, Enclosure, Flips, Trace, TraceError};
use crate::data::{Point, Points};
use crate::network::graph::Graph;
use crate::network::{Bit, Selection, UnitSet};
use plan::{GraphPlan, Kind};
use std::sync::{Arc, OnceLock};
use walk::{EndBits, Event, GraphWalk, OutOfRange, Segment};

/// Traces segments through graphs: in floating point with proven error bounds, and with integers where the bounds do not decide.
pub(super) struct GraphTracer {
    graph: Arc<Graph>,
    plan: Arc<GraphPlan>,
    oracle: Arc<OnceLock<Oracle>>,
    units: Arc<UnitSet>,
    full: Arc<UnitSet>,
    pub options: Options,
    walk: GraphWalk,
    event: Event,
}

impl GraphTracer {
    /// A tracer of all hidden units, with the filter, with enclosures of times by doubles, and with the pieces of the output.
    pub fn new(graph: Arc<Graph>) -> Self {
        let units = graph.units(&Selection::Hidden).expect("hidden units can always be selected");
        Self::with_units(graph, Arc::default(), &units)
    }

    fn with_units(graph: Arc<Graph>, oracle: Arc<OnceLock<Oracle>>, units: &UnitSet) -> Self {
        let full = units.full();
        let plan = Arc::new(GraphPlan::new(graph.with_probed_outputs(full.has_output()), graph.output()));
        Self::with_plan(graph, plan, oracle, Arc::new(units.clone()), Arc::new(full))
    }

    fn with_plan(graph: Arc<Graph>, plan: Arc<GraphPlan>, oracle: Arc<OnceLock<Oracle>>, units: Arc<UnitSet>, full: Arc<UnitSet>) -> Self {
        Self { graph, plan, oracle, units, full, options: Options::default(), walk: GraphWalk::default(), event: Event::default() }
    }

    /// Another tracer of the same graph with the same options and its own memory, for another thread.
    pub fn fork(&self) -> Self {
        let [units, full] = [&self.units, &self.full].map(Arc::clone);
        let (graph, plan, oracle) = (Arc::clone(&self.graph), Arc::clone(&self.plan), Arc::clone(&self.oracle));
        Self { options: self.options, ..Self::with_plan(graph, plan, oracle, units, full) }
    }

    /// Selects the units to follow. The outputs are followed only if they are selected.
    pub fn units(self, units: &UnitSet) -> Self {
        Self { options: self.options, ..Self::with_units(self.graph, self.oracle, units) }
    }

    /// The trace of the segment from one point to another.
    ///
    /// # Errors
    /// A point has the wrong dimension.
    pub fn trace(&mut self, from: &Point, to: &Point) -> Result<Trace, TraceError> {
        self.check(from.dimension())?;
        self.check(to.dimension())?;
        self.trace_rows((from.as_points(), 0), (to.as_points(), 0))
    }

    /// The exact outputs at a point, in doubles.
    pub fn outputs(&self, point: &Point) -> Result<Vec<Enclosure>, TraceError> {
        self.check(point.dimension())?;
        let outputs = self.graph.evaluate(&point.to_rationals()).expect("the dimension is right");
        Ok(outputs.iter().map(Enclosure::of).collect())
    }

    pub(crate) fn check(&self, found: usize) -> Result<(), TraceError> {
        let expected = self.graph.inputs();
        if found == expected { Ok(()) } else { Err(TraceError::Dimension { expected, found }) }
    }

    /// The trace of the selected units, from a row of one set of points to a row of another.
    fn trace_rows(&mut self, from: (&Points, usize), to: (&Points, usize)) -> Result<Trace, TraceError> {
        Ok(self.full_trace(from, to)?.select(&self.units))
    }

    /// The traces of the segments between pairs of points of one set.
    pub(super) fn traces_over(
        &mut self,
        points: &Points,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        mut visit: impl FnMut((usize, usize), &Trace),
    ) -> Result<(), TraceError> {
        let mut each = |(i, j)| self.trace_rows((points, i), (points, j)).map(|trace| visit((i, j), &trace));
        pairs.into_iter().try_for_each(&mut each)
    }

    /// The flips of these segments, and the numbers of decisions.
    pub(super) fn flips_over(
        &mut self,
        points: &Points,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        mut visit: impl FnMut((usize, usize), Flips<'_>, Decisions),
    ) -> Result<(), TraceError> {
        let mut each = |(i, j)| {
            let trace = self.full_trace((points, i), (points, j))?;
            visit((i, j), Flips::of(&trace), trace.decisions());
            Ok(())
        };
        pairs.into_iter().try_for_each(&mut each)
    }

    /// The trace of all units, from a row of one set of points to a row of another.
    fn full_trace(&mut self, from: (&Points, usize), to: (&Points, usize)) -> Result<Trace, TraceError> {
        if !self.options.exact_only && self.plan.in_range {
            let mut trace = Trace::begin(Arc::clone(&self.full));
            if self.run(from, to, &mut trace).is_ok() {
                return Ok(trace);
            }
        }
        let oracle = self.oracle.get_or_init(|| Oracle::new(&self.graph));
        let trace = oracle.trace(&from.0.point(from.1), &to.0.point(to.1), &self.full)?;
        Ok(trace.reduced_to_what_is_asked(self.options))
    }

    fn run(&mut self, from: (&Points, usize), to: (&Points, usize), trace: &mut Trace) -> Result<(), OutOfRange> {
        let plan = Arc::clone(&self.plan);
        let (mut segment, start) = Segment::start(&plan, &mut self.walk, from, to, self.options.exact_times, self.options.pieces)?;
        for node in &plan.nodes {
            let Some(layer) = node.layer else { continue };
            let bits = match &node.kind {
                Kind::Activation { functions, .. } => functions[0].breakpoints.len(),
                _ => self.full.layer_bits(layer as usize).count(),
            };
            let is_maximum = matches!(node.kind, Kind::Maximum { .. });
            let mut words = vec![0u64; (node.len * bits).div_ceil(64)];
            for local in 0..node.len {
                let state = segment.state(node.offset + local) as usize;
                let active = if is_maximum { state..state + 1 } else { 0..state };
                active.map(|bit| local * bits + bit).for_each(|bit| words[bit / 64] |= 1 << (bit % 64));
            }
            trace.set_start(layer as usize, node.len * bits, &words);
        }
        let ends = |EndBits { zero, held }: EndBits| (sorted(&zero), sorted(&held));
        let (zero, held) = ends(start);
        trace.set_zero_at_start(&zero);
        trace.set_held_at_start(&held);
        let mut pieces = 1;
        while segment.next(&mut self.event) {
            let event = &self.event;
            pieces += usize::from(event.output_turns);
            if event.flips.is_empty() {
                continue;
            }
            let t = match &event.exact {
                Some(t) => Enclosure::of(t),
                None => Enclosure { lo: (event.at - event.half).next_down().max(0.0), hi: (event.at + event.half).next_up().min(1.0) },
            };
            trace.push(t, &sorted(&event.flips), &sorted(&event.touches));
            trace.hold(&sorted(&event.held));
            if let Some(t) = &event.exact {
                trace.push_time(t.clone());
            }
        }
        let (zero, held) = ends(segment.end());
        trace.set_zero_at_end(&zero);
        trace.set_held_at_end(&held);
        if self.options.pieces {
            trace.set_pieces(pieces);
        }
        trace.decisions_mut().exact = self.walk.decided;
        trace.decisions_mut().filtered = self.walk.filtered;
        Ok(())
    }
}

/// Bits in order, each once.
fn sorted(bits: &[Bit]) -> Vec<Bit> {
    let mut bits = bits.to_vec();
    bits.sort_unstable();
    bits.dedup();
    bits
}
