//! The tracer of a network: options, and the traces of one segment or of many.

use super::escalate::Escalation;
use super::first_layer::FirstLayer;
use super::narrow::{NarrowWalk, is_narrow, walk_narrow, walk_narrow_unchecked};
use super::plan::{Plan, Thresholds};
use super::walk::{Ends, OutOfRange, Walk, Zero, count_pieces, walk_certified, walk_unchecked};
use super::{Decisions, Enclosure, Flips, Trace, TraceError, trace_exact_only};
use crate::data::{Point, Points};
use crate::exact::Instructions;
use crate::network::{Network, Selection, Unit, UnitSet};
use std::sync::Arc;

/// Pairs whose points go through the first layer together.
const BLOCK: usize = 512;

/// Traces segments of one network: in floating point with proven error bounds, and with integers where those do not decide.
///
/// A tracer is made once for a network, and keeps its memory from segment to segment.
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
pub struct Tracer<'n> {
    network: &'n Network,
    plan: Arc<Plan>,
    units: Arc<UnitSet>,
    full: Arc<UnitSet>,
    exact_times: bool,
    exact_only: bool,
    pieces: bool,
    certify: bool,
    instructions: Instructions,
    walk: Walk,
    narrow: NarrowWalk,
    first_layer: FirstLayer,
    flips: Vec<Unit>,
    touches: Vec<Unit>,
    zeros: Vec<Zero>,
}

impl<'n> Tracer<'n> {
    /// A tracer of all hidden units, with the filter, enclosing doubles for the times, and the pieces of the output.
    pub fn new(network: &'n Network) -> Self {
        let units = Arc::new(Selection::Hidden.resolve(network).expect("hidden units can always be selected"));
        Self {
            network,
            plan: Arc::new(Plan::new(network, Thresholds::default())),
            full: Arc::new(units.full()),
            units,
            exact_times: false,
            exact_only: false,
            pieces: true,
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

    /// Another tracer of the same network with the same options, and memory of its own: for another thread.
    pub fn fork(&self) -> Self {
        Self {
            network: self.network,
            plan: Arc::clone(&self.plan),
            units: Arc::clone(&self.units),
            full: Arc::clone(&self.full),
            exact_times: self.exact_times,
            exact_only: self.exact_only,
            pieces: self.pieces,
            certify: self.certify,
            instructions: self.instructions,
            walk: Walk::default(),
            narrow: NarrowWalk::default(),
            first_layer: FirstLayer::default(),
            flips: Vec::new(),
            touches: Vec::new(),
            zeros: Vec::new(),
        }
    }

    /// Follows these units; the outputs only where they are among them.
    pub fn units(mut self, units: &UnitSet) -> Self {
        self.full = Arc::new(units.full());
        self.units = Arc::new(units.clone());
        self
    }

    /// Whether crossings carry their exact times as rationals, and the tightest enclosures.
    pub fn exact_times(mut self, yes: bool) -> Self {
        self.exact_times = yes;
        self
    }

    /// Whether every decision is taken with integers, by [`trace_exact_only`].
    pub fn exact_only(mut self, yes: bool) -> Self {
        self.exact_only = yes;
        self
    }

    /// Whether the pieces of the output are counted; they are by default.
    pub fn pieces(mut self, yes: bool) -> Self {
        self.pieces = yes;
        self
    }

    /// Uses these instructions instead of the best that the processor has. The traces say the same with all of them.
    pub fn instructions(mut self, instructions: Instructions) -> Self {
        self.instructions = instructions;
        self
    }

    /// Leaves the filter out, so that a benchmark can say what it costs. The traces may then be wrong.
    #[doc(hidden)]
    pub fn without_filter(mut self) -> Self {
        self.certify = false;
        self
    }

    /// Treats every network as a large one, so that tests reach those means with small ones.
    #[doc(hidden)]
    pub fn as_if_large(mut self) -> Self {
        self.plan = Arc::new(Plan::new(self.network, Thresholds { wide: 1, doubled: 0 }));
        self
    }

    /// The trace of the segment from one point to another.
    ///
    /// # Errors
    /// A point of the wrong dimension.
    pub fn trace(&mut self, from: &Point, to: &Point) -> Result<Trace, TraceError> {
        self.check(from.dimension())?;
        self.check(to.dimension())?;
        if self.exact_only {
            return trace_exact_only(self.network, from, to, &self.units);
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

    /// The traces of the segments between pairs of points of one set, one after the other, in order.
    ///
    /// Each point goes through the first layer once, however many segments end in it.
    ///
    /// # Errors
    /// Points of the wrong dimension.
    ///
    /// # Panics
    /// Where a pair names a row that the set does not have.
    pub fn trace_pairs(
        &mut self,
        points: &Points,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        visit: impl FnMut((usize, usize), &Trace),
    ) -> Result<(), TraceError> {
        self.over(points)?.trace_pairs(pairs, visit)
    }

    /// The tracer bound to a set of points: what it computes of them is kept from call to call.
    ///
    /// # Errors
    /// Points of the wrong dimension.
    pub fn over<'t, 'p>(&'t mut self, points: &'p Points) -> Result<PointTracer<'t, 'n, 'p>, TraceError> {
        self.check(points.dimension())?;
        self.first_layer.clear(points.len());
        Ok(PointTracer { tracer: self, points })
    }

    /// Takes the pairs block by block, each point through the first layer before `each` sees the segment.
    fn blocks_of(
        &mut self,
        points: &Points,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        mut each: impl FnMut(&mut Self, &FirstLayer, (usize, usize)) -> Result<(), TraceError>,
    ) -> Result<(), TraceError> {
        let mut pairs = pairs.into_iter();
        let mut first_layer = std::mem::take(&mut self.first_layer);
        let mut block = Vec::with_capacity(BLOCK);
        loop {
            block.clear();
            block.extend(pairs.by_ref().take(BLOCK));
            if block.is_empty() {
                break;
            }
            if !self.exact_only {
                let rows = block.iter().flat_map(|&(i, j)| [i, j]);
                first_layer.prepare(self.instructions, &self.plan.layers[0], points, rows);
            }
            for &pair in &block {
                each(self, &first_layer, pair)?;
            }
        }
        self.first_layer = first_layer;
        Ok(())
    }

    fn traces_over(
        &mut self,
        points: &Points,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        mut visit: impl FnMut((usize, usize), &Trace),
    ) -> Result<(), TraceError> {
        let mut trace = Trace::begin(Arc::clone(&self.full));
        self.blocks_of(points, pairs, |tracer, first_layer, (i, j)| {
            if tracer.exact_only {
                visit((i, j), &trace_exact_only(tracer.network, &points.point(i), &points.point(j), &tracer.units)?);
                return Ok(());
            }
            tracer.run(first_layer.ends(&tracer.plan.layers[0], i, j), (points, i), (points, j), &mut trace)?;
            if tracer.units == tracer.full {
                visit((i, j), &trace);
            } else {
                visit((i, j), &trace.select(&tracer.units));
            }
            Ok(())
        })
    }

    fn flips_over(
        &mut self,
        points: &Points,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        mut visit: impl FnMut((usize, usize), Flips<'_>, Decisions),
    ) -> Result<(), TraceError> {
        let depth = self.network.depth() + usize::from(self.full.has_output());
        let mut narrow = if self.exact_only || !is_narrow(&self.plan, depth) { Attempts::never() } else { Attempts::default() };
        let mut trace = Trace::begin(Arc::clone(&self.full));
        self.blocks_of(points, pairs, |tracer, first_layer, (i, j)| {
            if tracer.exact_only {
                trace = trace_exact_only(tracer.network, &points.point(i), &points.point(j), &tracer.full)?;
                visit((i, j), Flips::of(&trace), trace.decisions());
                return Ok(());
            }
            let ends = first_layer.ends(&tracer.plan.layers[0], i, j);
            if narrow.pay() {
                let walk = if tracer.certify { walk_narrow } else { walk_narrow_unchecked };
                let walked = walk(tracer.instructions, &mut tracer.narrow, &tracer.plan, depth, ends).is_ok();
                narrow.count(walked);
                if walked {
                    let decisions = Decisions { filtered: tracer.narrow.filtered, exact: 0 };
                    visit((i, j), Flips::single(tracer.narrow.crossings()), decisions);
                    return Ok(());
                }
            }
            tracer.run(ends, (points, i), (points, j), &mut trace)?;
            visit((i, j), Flips::of(&trace), trace.decisions());
            Ok(())
        })
    }

    fn check(&self, found: usize) -> Result<(), TraceError> {
        let expected = self.network.inputs();
        if found == expected { Ok(()) } else { Err(TraceError::Dimension { expected, found }) }
    }

    /// Traces one segment into `trace`.
    fn run(&mut self, ends: Ends<'_>, from: (&Points, usize), to: (&Points, usize), trace: &mut Trace) -> Result<(), TraceError> {
        let (plan, network, walk) = (&self.plan, self.network, &mut self.walk);
        let depth = network.depth() + usize::from(self.full.has_output());
        let mut escalation = Escalation::new(plan, network, self.instructions, from, to, ends);
        let walked = match self.certify {
            true => walk_certified(self.instructions, walk, plan, depth, ends, &mut escalation),
            false => walk_unchecked(self.instructions, walk, plan, depth, ends, &mut escalation),
        };
        if let Err(OutOfRange) = walked {
            // Numbers near the ends of the doubles: all decisions with integers.
            *trace = trace_exact_only(network, &from.0.point(from.1), &to.0.point(to.1), &self.full)?;
            return Ok(());
        }
        let pieces = self.pieces.then(|| count_pieces(self.instructions, walk, plan, depth, self.certify, &mut escalation));

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
            self.flips.extend(created.iter().map(|flip| Unit { layer: m.layer, index: flip.unit }));
            let first = self.zeros.partition_point(|zero| zero.mark < mark);
            for zero in self.zeros[first..].iter().take_while(|zero| zero.mark == mark) {
                let unit = Unit { layer: zero.layer, index: zero.unit };
                if zero.before != zero.after {
                    self.flips.push(unit);
                } else if zero.before {
                    self.touches.push(unit);
                }
            }
            self.flips.sort_unstable();
            self.touches.sort_unstable();
            if k == 0 {
                trace.set_zero_at_start(&self.touches);
            } else if k + 1 == order.len() {
                trace.set_zero_at_end(&self.touches);
            } else if self.exact_times {
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

/// A [`Tracer`] bound to a set of points, by [`Tracer::over`].
pub struct PointTracer<'t, 'n, 'p> {
    tracer: &'t mut Tracer<'n>,
    points: &'p Points,
}

impl PointTracer<'_, '_, '_> {
    /// The traces of the segments between pairs of the points, as [`Tracer::trace_pairs`] gives them.
    ///
    /// # Errors
    /// None that the points have not passed already.
    ///
    /// # Panics
    /// Where a pair names a row that the set does not have.
    pub fn trace_pairs(
        &mut self,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        visit: impl FnMut((usize, usize), &Trace),
    ) -> Result<(), TraceError> {
        self.tracer.traces_over(self.points, pairs, visit)
    }

    /// The flips of the segments between pairs of the points, and how the decisions were taken: all that a folding measure needs,
    /// and several times faster than the traces where the layers are narrow.
    ///
    /// ```
    /// use plica::{data::Points, line::Tracer, network::zoo};
    /// let network = zoo::parse("cantor:1").unwrap().unwrap();
    /// let points = Points::from_f64(vec![0.0, 0.75, 1.0, 0.75], 2).unwrap();
    /// let mut tracer = Tracer::new(&network);
    /// let mut count = 0;
    /// tracer.over(&points).unwrap().flips_of_pairs([(0, 1)], |_, flips, _| flips.for_each(|units| count += units.len())).unwrap();
    /// assert_eq!(count, 4);
    /// ```
    ///
    /// # Errors
    /// None that the points have not passed already.
    ///
    /// # Panics
    /// Where a pair names a row that the set does not have.
    pub fn flips_of_pairs(
        &mut self,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        visit: impl FnMut((usize, usize), Flips<'_>, Decisions),
    ) -> Result<(), TraceError> {
        self.tracer.flips_over(self.points, pairs, visit)
    }
}

/// Whether the narrow walk is tried first: not where it has failed so many times, and more often than not.
#[derive(Default)]
struct Attempts {
    made: u64,
    failed: u64,
}

impl Attempts {
    const FAILURES: u64 = 16;

    fn never() -> Self {
        Self { made: 0, failed: u64::MAX }
    }

    fn pay(&self) -> bool {
        self.failed < Self::FAILURES || self.failed <= self.made / 2
    }

    fn count(&mut self, walked: bool) {
        self.made += 1;
        self.failed += u64::from(!walked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::rational;
    use crate::line::walk::blocks::is_idle;
    use crate::network::Layer;
    use nalgebra::{DMatrix, DVector};
    use proptest::prelude::*;
    use rug::Rational;

    /// The pre-activations of all hidden layers at a point, in plain rational arithmetic.
    fn pre_activations(network: &Network, x: Vec<Rational>) -> Vec<Vec<Rational>> {
        let mut h = x;
        let mut all = Vec::new();
        for layer in &network.layers()[..network.depth()] {
            let z: Vec<Rational> = (0..layer.outputs())
                .map(|i| h.iter().enumerate().fold(layer.bias_of(i), |sum, (j, x)| sum + layer.weight(i, j) * x))
                .collect();
            h = z.iter().map(|z| if *z > 0 { z.clone() } else { Rational::new() }).collect();
            all.push(z);
        }
        all
    }

    fn network(widths: &[usize], seed: u64, exponents: &[i32]) -> Network {
        let mut state = seed;
        let mut unit = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        };
        let layers = widths.windows(2).zip(exponents.iter().cycle()).map(|(w, &e)| {
            let scale = 2f64.powi(e);
            let weights = DMatrix::from_fn(w[1], w[0], |_, _| unit() * scale);
            Layer::from_f64(weights, DVector::from_fn(w[1], |_, _| unit() * scale))
        });
        Network::new(layers.collect()).unwrap()
    }

    /// Traces a random segment and returns the largest ratio of true error to bound, over all units and breakpoints.
    fn worst_ratio(network: &Network, seed: u64, instructions: Instructions) -> f64 {
        let small = worst_ratio_of(Tracer::new(network), network, seed, instructions);
        small.max(worst_ratio_of(Tracer::new(network).as_if_large(), network, seed, instructions))
    }

    fn worst_ratio_of(tracer: Tracer<'_>, network: &Network, seed: u64, instructions: Instructions) -> f64 {
        let d = network.inputs();
        let point =
            |s: u64| -> Vec<f64> { (0..d as u64).map(|j| ((seed ^ s).wrapping_mul(2 * j + 77) % 1013) as f64 / 512.0 - 1.0).collect() };
        let (a, b) = (point(3), point(91));
        let mut tracer = tracer.instructions(instructions);
        tracer.trace(&Point::from_f64(&a).unwrap(), &Point::from_f64(&b).unwrap()).unwrap();
        let mut worst = 0.0f64;
        for record in &tracer.walk.recorded {
            let t = rational(record.at).unwrap();
            let x = a.iter().zip(&b).map(|(&a, &b)| rational(a).unwrap() + (rational(b).unwrap() - rational(a).unwrap()) * &t).collect();
            let truth = pre_activations(network, x);
            for (i, z) in truth[record.layer].iter().enumerate() {
                if is_idle(record.values[i]) {
                    assert!(*z < 0, "layer {} unit {i} is {} at {}, but is thought idle", record.layer, z.to_f64(), record.at);
                    continue;
                }
                let bound = rational(tracer.plan.layers[record.layer].rho[i]).unwrap() * rational(record.error).unwrap();
                let error = (rational(record.values[i]).unwrap() - z).abs();
                assert!(
                    error <= bound,
                    "layer {} unit {i}: the model is off by {}, its bound is {}",
                    record.layer,
                    error.to_f64(),
                    bound.to_f64()
                );
                worst = worst.max((error / bound).to_f64());
            }
        }
        worst
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn the_bound_holds_over_many_orders_of_magnitude(
            seed: u64,
            exponents in proptest::collection::vec(prop_oneof![Just(0), -3i32..3, -160i32..160], 1..4),
            widths in proptest::sample::select(vec![vec![1, 3, 1], vec![2, 5, 4, 1], vec![3, 17, 9, 8, 2], vec![2, 40, 20, 10, 1], vec![5, 6, 6, 6, 6, 6, 1]]),
        ) {
            let network = network(&widths, seed, &exponents);
            for instructions in Instructions::available() {
                worst_ratio(&network, seed, instructions);
            }
        }
    }

    /// A one-sided kink makes the bound an equality: what is left out of it shows.
    #[test]
    fn outputs_stay_as_near_to_straight_lines_as_blocks_say() {
        let mut closest = 0.0f64;
        for seed in 0..200 {
            let network = network(&[1, 2, 2, 3, 3, 1], seed, &[0]);
            let mut tracer = Tracer::new(&network).as_if_large();
            tracer.trace(&Point::from_f64(&[-2.0]).unwrap(), &Point::from_f64(&[2.0]).unwrap()).unwrap();
            let outputs = |layer: usize, t: f64| -> Vec<Rational> {
                let values = pre_activations(&network, vec![Rational::from(4) * rational(t).unwrap() - 2]).swap_remove(layer);
                values.into_iter().map(|z| if z > 0 { z } else { Rational::new() }).collect()
            };
            for block in &tracer.walk.recorded_blocks {
                let [from, to] = [block.from, block.to].map(|t| outputs(block.layer - 1, t));
                for mark in tracer.walk.marks.iter().filter(|mark| mark.at > block.from && mark.at < block.to) {
                    let part = (rational(mark.at).unwrap() - rational(block.from).unwrap())
                        / (rational(block.to).unwrap() - rational(block.from).unwrap());
                    let line = from.iter().zip(&to).map(|(x, y)| x + Rational::from(y - x) * &part);
                    let square: Rational = outputs(block.layer - 1, mark.at).iter().zip(line).map(|(h, line)| (h - line).square()).sum();
                    // The model leaves its line by no more than the spread; the truth is near the model here and at both ends.
                    let bound: Rational = rational(block.spread).unwrap() + rational(block.output_error).unwrap() * 2;
                    assert!(
                        square <= bound.clone().square(),
                        "seed {seed}: {} leaves a line by more than {block:?}",
                        square.to_f64().sqrt()
                    );
                    let square = square.to_f64();
                    closest = closest.max(square.sqrt() / block.spread);
                }
            }
        }
        assert!(closest > 0.999, "{closest}");
    }

    #[test]
    fn the_bound_is_not_idle() {
        let ratio =
            (0..10).map(|seed| worst_ratio(&network(&[3, 17, 9, 8, 2], seed, &[0]), seed, Instructions::detect())).fold(0.0, f64::max);
        assert!(ratio > 1e-4, "the bound exceeds every true error ten thousand times: {ratio}");
    }
}
