//! Traces of segments through networks with smooth activations: by enclosures of values and slopes, certified or with windows.
//!
//! Every element of the network is enclosed on an interval of times by a value at the middle and a slope on the whole interval, so that the
//! error shrinks with the square of the width. Where the slope is not 0 and the signs at the ends differ, there is exactly one crossing.
//! Other intervals are split, in doubles first and then in MPFR's floats. Proofs: `proofs/smooth.md`.

mod ball;
mod domain;
mod forward;
mod functions;
mod isolate;
mod number;
mod order;
mod plan;
mod powers;
mod range;

use super::enclosed::{EnclosedTrace, Event, Undecided};
use super::options::Options;
use super::{Decisions, Enclosure, TraceError};
use crate::data::Point;
use crate::network::graph::Graph;
use crate::network::{Selection, UnitSet};
use ball::Ball;
use forward::{Line, Pass};
use isolate::{Found, History, Search};
use number::Number;
use order::{Item, ItemKind, ordered};
use plan::{Plan, PlanError, SignPlan};
use rug::{Float, Rational};
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The first precision after doubles, in bits.
const FIRST: u32 = 128;

/// The precisions after doubles: each is twice the last one, up to a limit.
fn precisions(limit: u32) -> Vec<u32> {
    let doubled = std::iter::successors(Some(FIRST), |p| Some(2 * p)).take_while(|&p| p < limit);
    if limit > f64::MANTISSA_DIGITS { doubled.chain([limit]).collect() } else { Vec::new() }
}

/// Traces segments through one network.
pub(super) struct SmoothTracer {
    graph: Arc<Graph>,
    units: Arc<UnitSet>,
    plan: Result<Arc<Plan>, PlanError>,
    pub options: Options,
}

impl SmoothTracer {
    pub fn new(graph: Arc<Graph>) -> Self {
        let units = graph.units(&Selection::Hidden).expect("hidden units can always be selected");
        Self::with_units(graph, units)
    }

    fn with_units(graph: Arc<Graph>, units: UnitSet) -> Self {
        let plan = Plan::new(Arc::clone(&graph), &units).map(Arc::new);
        Self { graph, units: Arc::new(units), plan, options: Options::default() }
    }

    pub fn units(self, units: &UnitSet) -> Self {
        Self { options: self.options, ..Self::with_units(self.graph, units.clone()) }
    }

    pub fn fork(&self) -> Self {
        let (graph, units) = (Arc::clone(&self.graph), Arc::clone(&self.units));
        Self { graph, units, plan: self.plan.clone(), options: self.options }
    }

    /// Checks the dimension of points, and that the network and the options can be traced.
    pub fn check(&self, found: usize) -> Result<(), TraceError> {
        self.plan_for(found).map(drop)
    }

    fn plan_for(&self, found: usize) -> Result<&Arc<Plan>, TraceError> {
        let expected = self.graph.inputs();
        if found != expected {
            return Err(TraceError::Dimension { expected, found });
        }
        if self.options.exact_only || self.options.exact_times {
            return Err(TraceError::NoExactTimes);
        }
        self.plan.as_ref().map_err(|error| match *error {
            PlanError::Maximum { node } => TraceError::Maximum { node },
            PlanError::TooLarge => TraceError::TooLarge,
        })
    }

    /// The trace of the segment from one point to another.
    pub fn trace(&self, from: &Point, to: &Point) -> Result<EnclosedTrace, TraceError> {
        self.check(from.dimension())?;
        let plan = self.plan_for(to.dimension())?;
        let precisions = precisions(self.options.precision);
        let segment = Segment { plan, from, to, precisions, exact: OnceCell::new() };
        let line = segment.line_of_doubles();
        segment.check_domains(&line)?;
        Ok(segment.trace(&self.units, &line))
    }

    /// Enclosures of the outputs at a point.
    pub fn outputs(&self, point: &Point) -> Result<Vec<Enclosure>, TraceError> {
        let plan = self.plan_for(point.dimension())?;
        let precisions = precisions(self.options.precision);
        let segment = Segment { plan, from: point, to: point, precisions, exact: OnceCell::new() };
        segment.check_domains(&segment.line_of_doubles())?;
        let line = segment.line(FIRST);
        let mut pass = Pass::new(plan, &line);
        let zero = line.like.like(0.0);
        let output = plan.graph.output();
        let offset = plan.nodes[output].offset;
        pass.run(plan, &line, [&zero, &zero], offset..offset + plan.nodes[output].len);
        let enclosure = |ball: &Ball<Float>| {
            let (lo, hi) = if ball.is_finite() { ball.bounds() } else { (f64::NEG_INFINITY, f64::INFINITY) };
            Enclosure { lo, hi }
        };
        Ok(pass.value[offset..offset + plan.nodes[output].len].iter().map(enclosure).collect())
    }
}

/// A segment a + t d.
struct Segment<'a> {
    plan: &'a Plan,
    from: &'a Point,
    to: &'a Point,
    /// The precisions after doubles.
    precisions: Vec<u32>,
    /// a and d, computed when they are needed.
    exact: OnceCell<[Vec<Rational>; 2]>,
}

/// What is known of a bit at the ends of the segment.
#[derive(Clone, Copy)]
struct Ends {
    start: Option<Ordering>,
    zero: [bool; 2],
}

impl Segment<'_> {
    /// a and d as rationals.
    fn rationals(&self) -> &[Vec<Rational>; 2] {
        self.exact.get_or_init(|| {
            let (a, b) = (self.from.to_rationals(), self.to.to_rationals());
            let d = a.iter().zip(b).map(|(a, b)| b - a).collect();
            [a, d]
        })
    }

    fn line(&self, precision: u32) -> Line<Float> {
        let like = Float::new(precision);
        let of = |list: &Vec<Rational>| list.iter().map(|q| Ball::of_rational(&like, q)).collect();
        let [a, d] = self.rationals();
        Line::new(self.plan, &like, of(a), of(d))
    }

    fn line_of_doubles(&self) -> Line<f64> {
        let balls = |point: &Point| -> Vec<Ball<f64>> {
            let points = point.as_points();
            let of = |&x: &f64| if points.is_double() { Ball::exact(x) } else { Ball::rounded(x, 0.0) };
            points.nearest(0).iter().map(of).collect()
        };
        let (a, b) = (balls(self.from), balls(self.to));
        let d = a.iter().zip(b).map(|(a, b)| if a.mid == b.mid && a.rad == 0.0 && b.rad == 0.0 { Ball::exact(0.0) } else { b - a.clone() });
        let d = d.collect();
        Line::new(self.plan, &0.0, a, d)
    }

    fn trace(&self, units: &Arc<UnitSet>, line: &Line<f64>) -> EnclosedTrace {
        let mut decisions = Decisions::default();
        let (mut items, mut curved) = (Vec::new(), Vec::new());
        let mut ends = vec![Ends { start: None, zero: [false; 2] }; self.plan.bits.len()];
        for (position, plan) in self.bits() {
            if self.plan.nodes[plan.node].is_linear {
                ends[position] = self.linear(position, line, &mut items, &mut decisions);
            } else if plan.twin.is_none() {
                curved.push(position);
            }
        }
        self.curved(line, &curved, &mut ends, &mut items, &mut decisions);
        self.add_twins(&mut ends, &mut items);
        let time = |position: usize| {
            let [p, q] = self.exact(position);
            -p / q
        };
        let finer = |precision: u32| self.line(precision);
        let clusters = ordered(self.plan, items, line, &time, &finer, &self.precisions);
        self.assemble(units, &ends, clusters, decisions)
    }

    /// The signs of the bits, with their positions.
    fn bits(&self) -> impl Iterator<Item = (usize, &SignPlan)> {
        self.plan.signs[..self.plan.bits.len()].iter().enumerate()
    }

    /// The exact distance p + q t of a linear element from its threshold.
    fn exact(&self, position: usize) -> [Rational; 2] {
        let plan = &self.plan.signs[position];
        let [a, d] = self.rationals();
        let [p, q] = self.plan.line(plan.element as usize, a, d);
        [p - &plan.threshold, q]
    }

    /// A bit whose element is linear: it has at most one crossing, which is decided in rationals where doubles do not decide it.
    fn linear(&self, position: usize, line: &Line<f64>, items: &mut Vec<Item>, decisions: &mut Decisions) -> Ends {
        use Ordering::{Equal, Greater, Less};
        let plan = &self.plan.signs[position];
        let [p, q] = line.of(plan.element as usize).clone();
        let first = plan.above(&p);
        let last = first.clone() + q.clone();
        let mut crossing = |t: Enclosure, kind: ItemKind| items.push(Item { t, ends: None, bits: vec![position], kind });
        let ends = |start: Ordering, zero: [bool; 2]| Ends { start: Some(start), zero };
        if let (Some(left @ (Less | Greater)), Some(right @ (Less | Greater))) = (first.sign(), last.sign()) {
            decisions.filtered += 1;
            if left != right {
                let (lo, hi) = (-first).over(&q).clipped(0.0, 1.0).bounds();
                crossing(Enclosure { lo: lo.max(0.0), hi: hi.min(1.0) }, ItemKind::Linear(None));
            }
            return ends(left, [false; 2]);
        }
        decisions.exact += 1;
        let [p, q] = self.exact(position);
        let (left, right) = (p.cmp0(), Rational::from(&p + &q).cmp0());
        let zero = [left, right].map(|sign| sign == Equal && q.cmp0() != Equal);
        match (left, right) {
            (Equal, _) => ends(right, zero),
            (_, Equal) => ends(left, zero),
            _ => {
                if left != right {
                    let t = -p / q;
                    crossing(Enclosure::of(&t), ItemKind::Linear(Some(t)));
                }
                ends(left, zero)
            }
        }
    }

    /// The bits whose elements are not linear: in doubles, and what is left in higher precision.
    fn curved(&self, line: &Line<f64>, bits: &[usize], ends: &mut [Ends], items: &mut Vec<Item>, decisions: &mut Decisions) {
        let mut search = Search::new(self.plan, line, narrowest(53));
        let histories = search.run(&0.0, &1.0, bits);
        decisions.filtered += search.decided;
        // What is left, by the interval: the bits, and the ends of the segment that it touches.
        let mut left: BTreeMap<[u64; 2], Vec<usize>> = BTreeMap::new();
        for (&position, history) in bits.iter().zip(&histories) {
            ends[position] = Ends { start: history.start, zero: history.zero };
            for found in &history.found {
                match found {
                    Found::Unknown { lo, hi, .. } if !self.precisions.is_empty() => {
                        left.entry([lo.to_bits(), hi.to_bits()]).or_default().push(position);
                    }
                    found => items.push(item(position, found, None)),
                }
            }
        }
        let interval = |ends: [u64; 2]| ends.map(|x| Float::with_val(FIRST, f64::from_bits(x)));
        let mut left: Vec<([Float; 2], Vec<usize>)> = left.into_iter().map(|(ends, bits)| (interval(ends), bits)).collect();
        for (k, &precision) in self.precisions.iter().enumerate() {
            if left.is_empty() {
                return;
            }
            let line = self.line(precision);
            let mut search = Search::new(self.plan, &line, narrowest(precision));
            let mut rest = Vec::new();
            for ([lo, hi], bits) in left {
                let [lo, hi] = [lo, hi].map(|x| Float::with_val(precision, x));
                for (&position, history) in bits.iter().zip(search.run(&lo, &hi, &bits)) {
                    let History { start, zero, found, .. } = history;
                    if lo.is_zero() {
                        ends[position].start = start;
                        ends[position].zero[0] |= zero[0];
                    }
                    ends[position].zero[1] |= hi == 1 && zero[1];
                    for found in &found {
                        match found {
                            Found::Unknown { lo, hi, .. } if k + 1 < self.precisions.len() => {
                                rest.push(([lo.clone(), hi.clone()], vec![position]))
                            }
                            found => items.push(item(position, found, Some(found.ends()))),
                        }
                    }
                }
            }
            decisions.exact += search.decided;
            left = rest;
        }
    }

    /// Adds the bits whose elements are equal or opposite to others.
    fn add_twins(&self, ends: &mut [Ends], items: &mut [Item]) {
        let mut of: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (position, plan) in self.bits() {
            let Some(twin) = plan.twin else { continue };
            of.entry(twin.of).or_default().push(position);
            let start = ends[twin.of].start;
            ends[position] = Ends { start: if twin.is_opposite { start.map(Ordering::reverse) } else { start }, zero: ends[twin.of].zero };
        }
        for item in items {
            let twins: Vec<usize> = item.bits.iter().filter_map(|position| of.get(position)).flatten().copied().collect();
            item.bits.extend(twins);
        }
    }

    fn assemble(&self, units: &Arc<UnitSet>, ends: &[Ends], clusters: Vec<order::Cluster>, decisions: Decisions) -> EnclosedTrace {
        let bit = |position: usize| self.plan.bits[position];
        let is_active = |sign: Ordering| sign == Ordering::Greater;
        let start = ends.iter().map(|ends| ends.start.map(is_active)).collect();
        // A bit that is active near an end, and not at the end itself.
        let zero = |k: usize| (0..ends.len()).filter(|&i| ends[i].zero[k]).map(bit).collect::<Vec<_>>();
        let mut events = Vec::with_capacity(clusters.len());
        for cluster in clusters {
            if let [item] = &cluster.items[..]
                && !matches!(item.kind, ItemKind::Unknown { .. })
            {
                let mut flips: Vec<_> = item.bits.iter().map(|&position| bit(position)).collect();
                flips.sort_unstable();
                events.push(Event::Crossing { t: cluster.t, flips });
                continue;
            }
            // The items of each bit are in order, since they do not overlap.
            let mut of: BTreeMap<usize, Vec<&ItemKind>> = BTreeMap::new();
            for item in &cluster.items {
                item.bits.iter().for_each(|&position| of.entry(position).or_default().push(&item.kind));
            }
            let (mut once, mut undecided) = (Vec::new(), Vec::new());
            for (position, kinds) in of {
                let after = match kinds[..] {
                    [ItemKind::Linear(_) | ItemKind::Curved { .. }] => {
                        once.push(bit(position));
                        continue;
                    }
                    [.., ItemKind::Curved { rises }] => Some(if *rises { Ordering::Greater } else { Ordering::Less }),
                    [.., ItemKind::Unknown { after, .. }] => *after,
                    _ => None,
                };
                let is_opposite = self.plan.signs[position].twin.is_some_and(|twin| twin.is_opposite);
                let after = if is_opposite { after.map(Ordering::reverse) } else { after };
                undecided.push(Undecided { bit: bit(position), after: after.map(is_active) });
            }
            events.push(Event::window(cluster.t, once, undecided));
        }
        EnclosedTrace::new(Arc::clone(units), start, events, [zero(0), zero(1)], decisions)
    }
}

/// Below this width, a value that touches 0 is not told from 0 with p bits: it is as small as the square of the width.
fn narrowest(precision: u32) -> f64 {
    2f64.powi(-(precision as i32) / 2 - 4)
}

fn item<N: Number>(position: usize, found: &Found<N>, ends: Option<[Float; 2]>) -> Item {
    let (lo, hi, kind) = match found {
        Found::Crossing { lo, hi, rises } => (lo, hi, ItemKind::Curved { rises: *rises }),
        Found::Unknown { lo, hi, before, after } => (lo, hi, ItemKind::Unknown { before: *before, after: *after }),
    };
    Item { t: Enclosure { lo: lo.below().max(0.0), hi: hi.above().min(1.0) }, ends, bits: vec![position], kind }
}
