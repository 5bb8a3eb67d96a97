//! Shared by the tests: a plain rational forward pass to compare traces with, and random networks and segments of
//! every difficult kind.
//!
//! The right answers here do not come from the library's tracers; [`plain`] reads only the rational layers.
//! (The generators use a tracer to find a crossing, but only to choose a segment through it.)

pub mod cells;
pub mod graphs;
pub mod networks;
pub mod nodes;
pub mod plain;
pub mod segments;

use plica::data::Point;
use plica::line::{Trace, Tracer};
use plica::network::{Network, Selection, UnitSet};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rug::Rational;

/// The unit of the numbers of cases that properties give: an ordinary property gives this number.
const ORDINARY: u32 = 1600;
/// The number of random cases of an ordinary property without `PLICA_CASES`: about a minute for all properties on two cores.
const BY_DEFAULT: u32 = 800;

/// The random cases of a property: `cases` if `PLICA_CASES` is 1600, else in proportion.
///
/// Without `PLICA_CASES` the cases are the same on every run; with it they are new each time. A failure prints its
/// smallest case in the notation of `degenerate.rs`.
pub fn config(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PLICA_CASES").ok().map(|n| n.parse().expect("PLICA_CASES is a number of cases"));
    let ordinary: u32 = asked.unwrap_or(BY_DEFAULT);
    let cases = u64::from(cases) * u64::from(ordinary) / u64::from(ORDINARY);
    ProptestConfig {
        cases: cases.max(1) as u32,
        rng_seed: if asked.is_some() { RngSeed::Random } else { RngSeed::Fixed(0x0070_6c69_6361) },
        failure_persistence: None,
        max_shrink_time: 15_000,
        ..ProptestConfig::default()
    }
}

/// A network, a segment in its input space, and a seed for the other choices of a property.
#[derive(Clone)]
pub struct Case {
    pub network: Network,
    pub from: Point,
    pub to: Point,
    pub seed: u64,
}

impl Case {
    pub fn new(network: Network, (from, to): (Point, Point), seed: u64) -> Self {
        Self { network, from, to, seed }
    }

    pub fn units(&self, selection: &Selection) -> UnitSet {
        self.network.units(selection).expect("the selection fits the network")
    }

    /// The reference trace: every decision with integers, all hidden units.
    pub fn exact(&self, selection: &Selection) -> Trace {
        Trace::exact_only(&self.network, &self.from, &self.to, &self.units(selection)).expect("the dimensions fit")
    }

    /// The library's trace, with the filter.
    pub fn filtered(&self, selection: &Selection, exact_times: bool) -> Trace {
        let mut tracer = Tracer::new(&self.network).units(&self.units(selection)).exact_times(exact_times);
        tracer.trace(&self.from, &self.to).expect("the dimensions fit")
    }

    /// The certified trace by the methods for large networks: blocks of pieces, double-double precision before integers.
    pub fn filtered_as_if_large(&self, selection: &Selection, exact_times: bool) -> Trace {
        let mut tracer = Tracer::new(&self.network).as_if_large().units(&self.units(selection)).exact_times(exact_times);
        tracer.trace(&self.from, &self.to).expect("the dimensions fit")
    }
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "network(&[")?;
        for layer in self.network.layers().unwrap() {
            let (weights, bias) = layer.to_rationals();
            let row = |i: usize| format!("\"{}\"", words(weights.row(i).iter()));
            let rows: Vec<String> = (0..layer.outputs()).map(row).collect();
            writeln!(f, "    (&[{}], \"{}\"),", rows.join(", "), words(bias.iter()))?;
        }
        writeln!(f, "])")?;
        writeln!(f, "from \"{}\"", words(self.from.to_rationals().iter()))?;
        writeln!(f, "to \"{}\"", words(self.to.to_rationals().iter()))?;
        write!(f, "seed {}", self.seed)
    }
}

fn words<'a>(numbers: impl Iterator<Item = &'a Rational>) -> String {
    numbers.map(Rational::to_string).collect::<Vec<_>>().join(" ")
}

/// Any network of [`networks::any`] with any segment of [`segments::any`].
pub fn any_case() -> impl Strategy<Value = Case> {
    (networks::any(), segments::any(), any::<u64>())
        .prop_map(|(network, recipe, seed)| Case::new(network.clone(), recipe.build(&network), seed))
}

/// A network of generic doubles with a generic segment: the usual case.
pub fn generic_case() -> impl Strategy<Value = Case> {
    (networks::generic(), segments::generic(), any::<u64>())
        .prop_map(|(network, recipe, seed)| Case::new(network.clone(), recipe.build(&network), seed))
}

/// The same case with other scales: the first layer's weights times 2^`weights`, the points times 2^`points`, and every
/// bias times both. Every pre-activation is then 2^(`weights` + `points`) times what it was, so the trace is the same one, but doubles
/// underflow or overflow on the way to it.
pub fn rescaled(case: &Case, weights: i32, points: i32) -> Case {
    let (first, input, all) = (networks::dyadic(1, weights), networks::dyadic(1, points), networks::dyadic(1, weights + points));
    let mut layers = Vec::new();
    for (l, layer) in case.network.layers().unwrap().iter().enumerate() {
        let weight = |i: usize, j: usize| if l == 0 { layer.weight(i, j) * &first } else { layer.weight(i, j) };
        let row = |i: usize| (0..layer.inputs()).map(|j| weight(i, j)).chain([layer.bias_of(i) * &all]).collect();
        layers.push((0..layer.outputs()).map(row).collect());
    }
    let point = |p: &Point| Point::from_rationals(p.to_rationals().into_iter().map(|q| q * &input).collect()).expect("as many coordinates");
    Case { network: networks::from_rows(&layers), from: point(&case.from), to: point(&case.to), seed: case.seed }
}

/// Exponents for [`rescaled`] with which products of doubles lose bits to underflow, or overflow.
pub fn exponents() -> impl Strategy<Value = (i32, i32)> {
    prop_oneof![
        2 => (-545i32..=-505).prop_map(|e| (e, -1050 - e)),
        2 => (-560i32..=-505, -560i32..=-505),
        1 => Just((0, -1060)),
        1 => Just((-1060, 0)),
        1 => Just((-1060, 1010)),
        1 => Just((1000, -1060)),
        1 => (490i32..=515, 490i32..=515),
        1 => Just((1010, 0)),
    ]
}

/// A case at the edge of the doubles.
pub fn rescaled_case() -> impl Strategy<Value = Case> {
    (prop_oneof![generic_case(), any_case()], exponents()).prop_map(|(case, (weights, points))| rescaled(&case, weights, points))
}

/// A segment almost along a hyperplane, whose crossing is hard to locate in doubles.
pub fn glancing_case() -> impl Strategy<Value = Case> {
    (prop_oneof![networks::generic(), networks::any()], segments::glancing(), any::<u64>())
        .prop_map(|(network, recipe, seed)| Case::new(network.clone(), recipe.build(&network), seed))
}

/// Usual cases, difficult ones, and some at the edge of the doubles or almost along a hyperplane.
pub fn case() -> impl Strategy<Value = Case> {
    prop_oneof![2 => generic_case(), 7 => any_case(), 1 => rescaled_case(), 2 => glancing_case()]
}

/// A small generator of random words (SplitMix64), so that a case needs only a seed.
pub struct Words(pub u64);

impl Words {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// A double in [-1, 1).
    pub fn double(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// A rational strictly between 0 and 1, with a small or a large denominator.
    pub fn time(&mut self) -> Rational {
        let denominator = match self.below(4) {
            0 => 2 + self.below(7),
            1 => 1 << (1 + self.below(20)),
            2 => 2 + self.below(1000),
            _ => 2 + self.below(1 << 40),
        };
        Rational::from((1 + self.below(denominator - 1) as u64, denominator as u64))
    }

    /// A rational strictly between 0 and 1 that is none of these times.
    pub fn time_other_than(&mut self, times: &[Rational]) -> Rational {
        loop {
            let t = self.time();
            if !times.contains(&t) {
                return t;
            }
        }
    }

    /// Some of the layers, at least one, perhaps with the output.
    pub fn layers(&mut self, network: &Network) -> Selection {
        let all = network.depth() + 1;
        let chosen = 1 + self.below((1 << all) - 1);
        Selection::Layers((0..all).filter(|l| chosen >> l & 1 == 1).map(|l| (l, l)).collect())
    }
}

/// The exact times of a trace that has them.
pub fn times(trace: &Trace) -> Vec<Rational> {
    trace.crossings().map(|c| c.t_exact.expect("exact times were asked for").clone()).collect()
}

/// Describes the difference of two traces: in what [`Trace::agrees_with`] compares, or in their exact times if both have them.
pub fn compare(found: &Trace, expected: &Trace) -> Result<(), String> {
    let show = |trace: &Trace| {
        let crossing = |c: plica::line::Crossing<'_>| format!("\n  {:?} {:?} flips {:?} touches {:?}", c.t, c.t_exact, c.flips, c.touches);
        let crossings: String = trace.crossings().map(crossing).collect();
        let closed = trace.closed_sequence();
        format!("start {} pieces {:?} ends {} {}{crossings}", trace.start(), trace.pieces(), closed[0], closed[closed.len() - 1])
    };
    let times_agree = found.crossings().zip(expected.crossings()).all(|(a, b)| match (a.t_exact, b.t_exact) {
        (Some(s), Some(t)) => s == t && a.t.contains(s) && b.t.contains(t),
        (None, Some(t)) => a.t.contains(t),
        (Some(s), None) => b.t.contains(s),
        (None, None) => true,
    });
    if found.agrees_with(expected) && times_agree && found.patterns().eq(expected.patterns()) {
        Ok(())
    } else {
        Err(format!("found {}\nexpected {}", show(found), show(expected)))
    }
}

/// Turns the description of an error into the failure of a property.
pub fn require(outcome: Result<(), String>) -> Result<(), TestCaseError> {
    outcome.map_err(TestCaseError::fail)
}
