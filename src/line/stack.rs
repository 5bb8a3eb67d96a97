//! The tracer of a stack of layers: its options, and the trace of one segment.

use super::escalate::Escalation;
use super::first_layer::FirstLayer;
use super::narrow::NarrowWalk;
use super::options::Options;
use super::oracle::Oracle;
use super::plan::{Plan, Thresholds};
#[cfg(feature = "unfiltered")]
use super::walk::walk_unchecked;
use super::walk::{Ends, OutOfRange, Walk, Zero, count_pieces, walk_certified};
use super::{Enclosure, Trace, TraceError};
use crate::data::{Point, Points};
use crate::exact::Instructions;
use crate::network::{Bit, Selection, Stack, UnitSet};
use std::sync::{Arc, OnceLock};

mod pairs;

/// Traces segments through a stack of layers: in floating point with proven error bounds, and with integers where the bounds do not decide.
pub(super) struct StackTracer {
    network: Arc<Stack>,
    plan: Arc<Plan>,
    oracle: Arc<OnceLock<Oracle>>,
    units: Arc<UnitSet>,
    full: Arc<UnitSet>,
    pub options: Options,
    certify: bool,
    instructions: Instructions,
    walk: Walk,
    narrow: NarrowWalk,
    first_layer: FirstLayer,
    flips: Vec<Bit>,
    touches: Vec<Bit>,
    zeros: Vec<Zero>,
}

impl StackTracer {
    /// A tracer of all hidden units, with the filter, with enclosures of times by doubles, and with the pieces of the output.
    pub fn new(network: Arc<Stack>) -> Self {
        let plan = Arc::new(Plan::new(&network, Thresholds::default()));
        Self::with_plan(network, plan, Arc::default())
    }

    fn with_plan(network: Arc<Stack>, plan: Arc<Plan>, oracle: Arc<OnceLock<Oracle>>) -> Self {
        let units = Arc::new(network.units(&Selection::Hidden).expect("hidden units can always be selected"));
        Self {
            network,
            plan,
            oracle,
            full: Arc::new(units.full()),
            units,
            options: Options::default(),
            certify: true,
            instructions: Instructions::detect(),
            walk: Walk::default(),
            narrow: NarrowWalk::default(),
            first_layer: FirstLayer::default(),
            flips: Vec::new(),
            touches: Vec::new(),
            zeros: Vec::new(),
        }
    }

    /// Another tracer of the same network with the same options and its own memory, for another thread.
    pub fn fork(&self) -> Self {
        Self {
            units: Arc::clone(&self.units),
            full: Arc::clone(&self.full),
            options: self.options,
            certify: self.certify,
            instructions: self.instructions,
            ..Self::with_plan(Arc::clone(&self.network), Arc::clone(&self.plan), Arc::clone(&self.oracle))
        }
    }

    /// Selects the units to follow. The outputs are followed only if they are selected.
    pub fn units(mut self, units: &UnitSet) -> Self {
        self.full = Arc::new(units.full());
        self.units = Arc::new(units.clone());
        self
    }

    /// Uses these instructions instead of the best ones of the processor. The traces are the same with all instructions.
    pub fn instructions(mut self, instructions: Instructions) -> Self {
        self.instructions = instructions;
        self
    }

    /// Omits the filter, so that a benchmark can measure its cost. The traces may then be wrong.
    #[cfg(feature = "unfiltered")]
    pub fn without_filter(mut self) -> Self {
        self.certify = false;
        self
    }

    /// Treats every network as a large one, so that tests use the methods for large networks with small ones.
    #[doc(hidden)]
    pub fn treated_as_large(mut self) -> Self {
        self.plan = Arc::new(Plan::new(&self.network, Thresholds { wide: 1, double_double: 0, deep: 0 }));
        self
    }

    /// The exact outputs at a point, in doubles.
    pub fn outputs(&self, point: &Point) -> Result<Vec<Enclosure>, TraceError> {
        let (expected, found) = (self.network.inputs(), point.dimension());
        if expected != found {
            return Err(TraceError::Dimension { expected, found });
        }
        let outputs = self.network.evaluate(&point.to_rationals()).expect("the dimension is right");
        Ok(outputs.iter().map(Enclosure::of).collect())
    }

    /// The trace of the segment from one point to another.
    ///
    /// # Errors
    /// A point has the wrong dimension.
    pub fn trace(&mut self, from: &Point, to: &Point) -> Result<Trace, TraceError> {
        self.check(from.dimension())?;
        self.check(to.dimension())?;
        if self.options.exact_only {
            return self.trace_with_integers(from, to, &self.units);
        }
        let mut ends = [FirstLayer::default(), FirstLayer::default()];
        for (first_layer, point) in ends.iter_mut().zip([from, to]) {
            first_layer.clear(1);
            first_layer.prepare(self.instructions, &self.plan.layers[0], point.as_points(), 0..1);
        }
        let plan = &self.plan.layers[0];
        let (a, b) = (ends[0].ends(plan, 0, 0), ends[1].ends(plan, 0, 0));
        let ends = Ends { from: a.from, to: b.from, norm: a.norm.max(b.norm) };
        let mut trace = Trace::begin(Arc::clone(&self.full));
        self.run(ends, (from.as_points(), 0), (to.as_points(), 0), &mut trace)?;
        Ok(trace.select(&self.units))
    }

    fn check(&self, found: usize) -> Result<(), TraceError> {
        let expected = self.network.inputs();
        if found == expected { Ok(()) } else { Err(TraceError::Dimension { expected, found }) }
    }

    /// The trace of these units with every decision taken with integers.
    fn trace_with_integers(&self, from: &Point, to: &Point, units: &UnitSet) -> Result<Trace, TraceError> {
        let oracle = self.oracle.get_or_init(|| Oracle::new(self.network.graph()));
        oracle.trace(from, to, units).map(|trace| trace.reduced_to_what_is_asked(self.options))
    }

    /// Traces one segment into `trace`.
    fn run(&mut self, ends: Ends<'_>, from: (&Points, usize), to: (&Points, usize), trace: &mut Trace) -> Result<(), TraceError> {
        let (plan, network, walk) = (&self.plan, &*self.network, &mut self.walk);
        let depth = network.depth() + usize::from(self.full.has_output());
        let mut escalation = Escalation::new(plan, network, self.instructions, from, to, ends);
        let walked = match self.certify {
            #[cfg(feature = "unfiltered")]
            false => walk_unchecked(self.instructions, walk, plan, depth, ends, &mut escalation),
            _ => walk_certified(self.instructions, walk, plan, depth, ends, &mut escalation),
        };
        if let Err(OutOfRange) = walked {
            // Numbers are close to the limits of doubles: all decisions are taken with integers.
            *trace = self.trace_with_integers(&from.0.point(from.1), &to.0.point(to.1), &self.full)?;
            return Ok(());
        }
        let pieces = self.options.pieces.then(|| count_pieces(self.instructions, walk, plan, depth, self.certify, &mut escalation));

        trace.restart();
        for (l, layer) in plan.layers[..depth].iter().enumerate() {
            trace.set_start(l, layer.outputs, &walk.layers[l].start);
        }
        let order = &walk.layers[depth].order;
        self.zeros.clear();
        self.zeros.extend_from_slice(&walk.zeros);
        self.zeros.sort_unstable_by_key(|zero| zero.mark);
        for (k, &mark) in order.iter().enumerate() {
            let m = walk.marks[mark as usize];
            self.flips.clear();
            self.touches.clear();
            let created = &walk.flips[m.flips.0 as usize..m.flips.1 as usize];
            self.flips.extend(created.iter().map(|flip| Bit { layer: m.layer, index: flip.unit }));
            let first = self.zeros.partition_point(|zero| zero.mark < mark);
            for zero in self.zeros[first..].iter().take_while(|zero| zero.mark == mark) {
                let bit = Bit { layer: zero.layer, index: zero.unit };
                if zero.before != zero.after {
                    self.flips.push(bit);
                } else if zero.before {
                    self.touches.push(bit);
                }
            }
            self.flips.sort_unstable();
            self.touches.sort_unstable();
            if k == 0 {
                trace.set_zero_at_start(&self.touches);
            } else if k + 1 == order.len() {
                trace.set_zero_at_end(&self.touches);
            } else if self.options.exact_times {
                let t = escalation.time_of(walk, mark).to_rational();
                trace.push(Enclosure::of(&t), &self.flips, &self.touches);
                trace.push_time(t);
            } else {
                let t = Enclosure { lo: (m.at - m.half).next_down().max(0.0), hi: (m.at + m.half).next_up().min(1.0) };
                trace.push(t, &self.flips, &self.touches);
            }
        }
        if let Some(pieces) = pieces {
            trace.set_pieces(pieces);
        }
        trace.decisions_mut().exact = escalation.decisions;
        trace.decisions_mut().filtered = walk.filtered.saturating_sub(escalation.decisions);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
