//! Convex sets of patterns and convex unions of regions: each verdict against an oracle, and the equivalence.

use crate::support::config;
use crate::support::graphs::bent;
use crate::support::networks::{arrangement, few_units, from_rows};
use crate::support::nodes::{inequalities, pattern_at};
use crate::support::plain::Plain;
use plica::convexity::{
    Cells, ConvexityError, Enumerator, EuclideanCounterexample, Finding, Judge, PatternSet, RandomSets, Regions, Smallest,
};
use plica::exact::lp::{Feasibility, Program, Sense, Solver};
use plica::network::{Network, Pattern, Selection, load};
use proptest::prelude::*;
use rug::Rational;
use std::collections::BTreeSet;

fn regions(network: &Network, cells: Cells) -> Regions {
    Enumerator::new(network).cells(cells).run().expect("few regions")
}

fn pattern(text: &str) -> Pattern {
    text.parse().expect("bits")
}

fn set(regions: &Regions, patterns: &[&str]) -> PatternSet {
    regions.set(patterns.iter().map(|text| pattern(text))).expect("realisable")
}

fn texts(regions: &Regions, set: &PatternSet) -> Vec<String> {
    regions.patterns(set).map(Pattern::to_string).collect()
}

/// The network of one hidden layer with these forms, the constant last.
fn forms(rows: &[&[i32]]) -> Network {
    let hidden = rows.iter().map(|row| row.iter().map(|&x| Rational::from(x)).collect()).collect();
    from_rows(&[hidden, vec![vec![Rational::from(1); rows.len() + 1]]])
}

// ------------------------------------------------------------------------------------------------------------- oracles

/// A region by its definition: the forms of all units, coefficients first, and the bits.
struct PlainRegion {
    bits: Vec<bool>,
    forms: Vec<Vec<Rational>>,
}

impl PlainRegion {
    /// The region of any bits, realisable or not.
    fn of(plain: &Plain, d: usize, bits: Vec<bool>) -> Self {
        let coordinate = |i: usize| (0..=d).map(|j| Rational::from(u8::from(i == j))).collect::<Vec<Rational>>();
        let mut inputs: Vec<Vec<Rational>> = (0..d).map(coordinate).collect();
        let (hidden, mut forms) = (plain.layers().len() - 1, Vec::new());
        for (weights, bias) in &plain.layers()[..hidden] {
            let mut next = Vec::new();
            for i in 0..weights.nrows() {
                let mut form = vec![Rational::new(); d + 1];
                form[d] += &bias[i];
                for (j, input) in inputs.iter().enumerate() {
                    form.iter_mut().zip(input).for_each(|(sum, x)| *sum += Rational::from(&weights[(i, j)] * x));
                }
                next.push(if bits[forms.len()] { form.clone() } else { vec![Rational::new(); d + 1] });
                forms.push(form);
            }
            inputs = next;
        }
        Self { bits, forms }
    }

    /// The region of any bits of a network of any activations.
    fn of_nodes(network: &Network, bits: Vec<bool>) -> Self {
        let d = network.inputs();
        let coordinate = |i: usize| (0..=d).map(|j| Rational::from(u8::from(i == j))).collect::<Vec<Rational>>();
        let (conditions, _) = inequalities(network, (0..d).map(coordinate).collect(), &bits.iter().copied().collect());
        let form = |(condition, &bit): (Vec<Rational>, &bool)| condition.into_iter().map(|x| if bit { x } else { -x }).collect();
        Self { forms: conditions.into_iter().zip(&bits).map(form).collect(), bits }
    }

    /// Its rows a.x < b or a.x <= b. For closed cells only the rows that vary, all strict; none if a constant contradicts its bit.
    fn rows(&self, cells: Cells) -> Option<Vec<(Vec<Rational>, Sense, Rational)>> {
        let mut rows = Vec::new();
        for (form, &active) in self.forms.iter().zip(&self.bits) {
            let (constant, slopes) = form.split_last().unwrap();
            if slopes.iter().all(|x| *x == 0) {
                if (*constant > 0) != active {
                    return None;
                }
                continue;
            }
            let sign = if active { -1 } else { 1 };
            let relation = if active || cells == Cells::Closed { Sense::Below } else { Sense::AtMost };
            rows.push((slopes.iter().map(|x| Rational::from(x * sign)).collect(), relation, Rational::from(constant * -sign)));
        }
        Some(rows)
    }

    fn is_realised(&self, cells: Cells, d: usize) -> bool {
        let Some(rows) = self.rows(cells) else { return false };
        let mut program = Program::new(d).solver(Solver::Exact);
        rows.into_iter().for_each(|(a, relation, b)| program.push(a, relation, b).unwrap());
        matches!(program.feasible(), Feasibility::Feasible { .. })
    }
}

/// All realisable patterns, found by testing every pattern.
fn realisable(network: &Network, cells: Cells) -> Vec<PlainRegion> {
    let (plain, d) = (Plain::new(network), network.inputs());
    realised(network.hidden_units(), cells, d, |bits| PlainRegion::of(&plain, d, bits))
}

/// Those of all patterns of so many bits that are realised.
fn realised(count: usize, cells: Cells, d: usize, of: impl Fn(Vec<bool>) -> PlainRegion) -> Vec<PlainRegion> {
    let of = |n: usize| of((0..count).map(|i| n >> (count - 1 - i) & 1 == 1).collect());
    (0..1 << count).map(of).filter(|region| region.is_realised(cells, d)).collect()
}

/// Whether a segment from one region to another passes through a third: u = (1-t) x, v = t y, t.
fn passes(d: usize, cells: Cells, [from, between, to]: [&PlainRegion; 3]) -> bool {
    let mut program = Program::new(2 * d + 1).solver(Solver::Exact);
    let zeros = || vec![Rational::new(); d];
    let scaled = |b: &Rational, by: i32| Rational::from(b * by);
    for (a, relation, b) in from.rows(cells).unwrap() {
        program.push([a, zeros(), vec![b.clone()]].concat(), relation, b).unwrap();
    }
    for (a, relation, b) in to.rows(cells).unwrap() {
        program.push([zeros(), a, vec![scaled(&b, -1)]].concat(), relation, Rational::new()).unwrap();
    }
    for (a, relation, b) in between.rows(cells).unwrap() {
        program.push([a.clone(), a, vec![Rational::new()]].concat(), relation, b).unwrap();
    }
    let t = |sign: i32| [zeros(), zeros(), vec![Rational::from(sign)]].concat();
    program.push(t(-1), Sense::Below, Rational::new()).unwrap();
    program.push(t(1), Sense::Below, Rational::from(1)).unwrap();
    matches!(program.feasible(), Feasibility::Feasible { .. })
}

/// Points of the line, one in each piece and one at each breakpoint, in order, and whether in a piece: on each piece and at each breakpoint all
/// units have one sign.
fn line(plain: &Plain) -> Vec<(Rational, bool)> {
    let mut breakpoints: BTreeSet<Rational> = BTreeSet::new();
    let hidden = plain.layers().len() - 1;
    for layer in 0..hidden {
        // On each piece so far the next layer is affine: two of its points give each unit's root.
        let mut ends: Vec<Rational> = breakpoints.iter().cloned().collect();
        let (first, last) = (ends.first().cloned().unwrap_or_default() - 1u32, ends.last().cloned().unwrap_or_default() + 1u32);
        ends.insert(0, first - 1u32);
        ends.push(last + 1u32);
        for (k, pair) in ends.windows(2).enumerate() {
            let at = |part: u32| (Rational::from(&pair[0] * (3 - part)) + Rational::from(&pair[1] * part)) / 3u32;
            let (x, y) = (at(1), at(2));
            let values = |x: &Rational| plain.pre_activations(std::slice::from_ref(x)).swap_remove(layer);
            for (p, q) in values(&x).into_iter().zip(values(&y)) {
                if p != q {
                    let root = &x + Rational::from(&y - &x) * &p / Rational::from(&p - &q);
                    let inside = (k == 0 || root > pair[0]) && (k + 2 == ends.len() || root < pair[1]);
                    breakpoints.extend(inside.then_some(root));
                }
            }
        }
    }
    let ends: Vec<Rational> = breakpoints.into_iter().collect();
    let Some((first, last)) = ends.first().zip(ends.last()) else { return vec![(Rational::new(), true)] };
    let mut points = vec![(Rational::from(first - 1u32), true)];
    for (k, end) in ends.iter().enumerate() {
        points.push((end.clone(), false));
        points.extend(ends.get(k + 1).map(|next| (Rational::from(end + next) / 2u32, true)));
    }
    points.push((Rational::from(last + 1u32), true));
    points
}

/// Two points of the union and one between them that is outside: by their patterns, by a plain forward pass.
fn check_counterexample(at: &dyn Fn(&[Rational]) -> Pattern, regions: &Regions, set: &PatternSet, found: &EuclideanCounterexample) {
    let EuclideanCounterexample { from, to, between, t } = found;
    let patterns: Vec<&Pattern> = regions.patterns(set).collect();
    for vertex in [from, to, between] {
        assert_eq!(at(&vertex.point), vertex.pattern, "{found:?}");
    }
    assert!(patterns.contains(&&from.pattern) && patterns.contains(&&to.pattern) && !patterns.contains(&&between.pattern));
    assert!(*t > 0 && *t < 1);
    let on_segment = |((x, y), z): ((&Rational, &Rational), &Rational)| *z == x + Rational::from(y - x) * t;
    assert!(from.point.iter().zip(&to.point).zip(&between.point).all(on_segment), "{found:?}");
}

/// The verdicts of a judge, with every counter-example checked.
fn verdicts(plain: &Plain, judge: &mut Judge<'_>, set: &PatternSet) -> (bool, bool) {
    verdicts_at(&|x| plain.pattern(x, false), judge, set)
}

/// The same, given the pattern of each point.
fn verdicts_at(at: &dyn Fn(&[Rational]) -> Pattern, judge: &mut Judge<'_>, set: &PatternSet) -> (bool, bool) {
    let (hamming, euclidean) = (judge.hamming(set), judge.euclidean(set));
    if let Some(gap) = &hamming {
        let patterns: Vec<&Pattern> = judge.regions().patterns(set).collect();
        let (p, q, r) = (&gap.from, &gap.to, &gap.between);
        assert!(patterns.contains(&p) && patterns.contains(&q) && !patterns.contains(&r) && judge.regions().get(r).is_some());
        assert_eq!(p.hamming(r) + r.hamming(q), p.hamming(q));
    }
    if let Some(found) = &euclidean {
        check_counterexample(at, judge.regions(), set, found);
    }
    (hamming.is_none(), euclidean.is_none())
}

// --------------------------------------------------------------------------------------------------------- equivalence

/// The number of sets for each arrangement.
const SETS: u64 = 8;

proptest! {
    #![proptest_config(config(1600))]

    /// Theorem (A) of proofs/README.md: 12,800 sets.
    #[test]
    fn one_hidden_layer_is_convex_in_both_spaces_or_in_neither(network in arrangement(), seed: u64) {
        let (plain, regions) = (Plain::new(&network), regions(&network, Cells::Closed));
        let (mut judge, mut random) = (Judge::new(&regions), RandomSets::new(seed));
        for _ in 0..SETS {
            let set = random.draw(&mut judge);
            let (hamming, euclidean) = verdicts(&plain, &mut judge, &set);
            prop_assert_eq!(hamming, euclidean, "{:?}", texts(&regions, &set));
            let (hull, union) = (judge.hamming_hull(&set), judge.least_convex_union(&set));
            prop_assert_eq!(hamming, hull == set);
            prop_assert_eq!(hull, union);
        }
    }
}

proptest! {
    #![proptest_config(config(200))]

    /// Theorem (B): Hamming-convex implies convex, and the converse holds if all realised patterns have interior.
    #[test]
    fn half_open_regions_of_one_hidden_layer(network in arrangement(), seed: u64) {
        prop_assume!(network.inputs() <= 3 && network.hidden_units() <= 5);
        let (plain, regions) = (Plain::new(&network), regions(&network, Cells::HalfOpen));
        let (mut judge, mut random) = (Judge::new(&regions), RandomSets::new(seed));
        let all_have_interior = regions.iter().all(|region| region.has_interior());
        for _ in 0..SETS {
            let set = random.draw(&mut judge);
            let (hamming, euclidean) = verdicts(&plain, &mut judge, &set);
            prop_assert!(!hamming || euclidean, "{:?}", texts(&regions, &set));
            prop_assert!(hamming || !euclidean || !all_have_interior, "{:?}", texts(&regions, &set));
        }
    }
}

// ------------------------------------------------------------------------------------------------------ against oracles

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn realisable_patterns_are_those_of_a_plain_search(network in few_units(3)) {
        prop_assume!(network.hidden_units() <= 8);
        let plain = Plain::new(&network);
        for cells in [Cells::Closed, Cells::HalfOpen] {
            let found = regions(&network, cells);
            let expected: Vec<Pattern> = realisable(&network, cells).iter().map(|region| region.bits.iter().copied().collect()).collect();
            prop_assert_eq!(found.iter().map(|region| region.pattern().clone()).collect::<Vec<_>>(), expected);
            for region in &found {
                prop_assert_eq!(&plain.pattern(region.witness(), false), region.pattern());
                let closed = PlainRegion::of(&plain, network.inputs(), region.pattern().iter().collect());
                prop_assert_eq!(region.has_interior(), closed.is_realised(Cells::Closed, network.inputs()));
            }
        }
    }

    /// For closed regions, two methods give the same decision: facets and neighbours, and segments.
    #[test]
    fn unions_are_convex_where_no_segment_leaves_them(network in few_units(3), seed: u64, half_open: bool) {
        prop_assume!(network.hidden_units() <= 8);
        let cells = if half_open { Cells::HalfOpen } else { Cells::Closed };
        let (plain, found) = (Plain::new(&network), regions(&network, cells));
        prop_assume!(found.len() <= 14);
        let expected = realisable(&network, cells);
        let (mut judge, mut random) = (Judge::new(&found), RandomSets::new(seed));
        for _ in 0..2 {
            let set = random.draw(&mut judge);
            let (_, convex) = verdicts(&plain, &mut judge, &set);
            let outside = |r: &usize| !set.contains(*r);
            let leaves = |p: usize, q: usize| (0..found.len()).filter(outside).any(|r| passes(network.inputs(), cells, [p, r, q].map(|k| &expected[k])));
            let any = set.iter().any(|p| set.iter().filter(|&q| q > p).any(|q| leaves(p, q)));
            prop_assert_eq!(convex, !any, "{:?}", texts(&found, &set));
        }
    }

    /// Networks of any activations with skip connections: regions, witnesses and both kinds of convexity.
    #[test]
    fn any_activations_are_decided_as_by_a_plain_search(network in bent(3), seed: u64, half_open: bool) {
        let (cells, d, bits) = (if half_open { Cells::HalfOpen } else { Cells::Closed }, network.inputs(), network.units(&Selection::Hidden).unwrap().count());
        prop_assume!(bits <= 8);
        let found = regions(&network, cells);
        let expected = realised(bits, cells, d, |bits| PlainRegion::of_nodes(&network, bits));
        let patterns: Vec<Pattern> = expected.iter().map(|region| region.bits.iter().copied().collect()).collect();
        prop_assert_eq!(found.iter().map(|region| region.pattern().clone()).collect::<Vec<_>>(), patterns);
        for (region, expected) in found.iter().zip(&expected) {
            prop_assert_eq!(&pattern_at(&network, region.witness()), region.pattern());
            prop_assert_eq!(region.has_interior(), expected.is_realised(Cells::Closed, d));
        }
        prop_assume!(found.len() <= 14);
        let (mut judge, mut random) = (Judge::new(&found), RandomSets::new(seed));
        for _ in 0..4 {
            let set = random.draw(&mut judge);
            let (_, convex) = verdicts_at(&|x| pattern_at(&network, x), &mut judge, &set);
            let outside = |r: &usize| !set.contains(*r);
            let leaves = |p: usize, q: usize| (0..found.len()).filter(outside).any(|r| passes(d, cells, [p, r, q].map(|k| &expected[k])));
            let any = set.iter().any(|p| set.iter().filter(|&q| q > p).any(|q| leaves(p, q)));
            prop_assert_eq!(convex, !any, "{:?}", texts(&found, &set));
        }
    }

    /// On the line a union is convex if its points are consecutive.
    #[test]
    fn unions_on_the_line_are_intervals(network in few_units(1), seed: u64) {
        let plain = Plain::new(&network);
        let line = line(&plain);
        for cells in [Cells::Closed, Cells::HalfOpen] {
            let points = line.iter().filter(|(_, in_piece)| *in_piece || cells == Cells::HalfOpen);
            let places: Vec<Pattern> = points.map(|(x, _)| plain.pattern(std::slice::from_ref(x), false)).collect();
            let found = regions(&network, cells);
            let patterns: BTreeSet<Pattern> = places.iter().cloned().collect();
            prop_assert_eq!(found.iter().map(|region| region.pattern().clone()).collect::<BTreeSet<_>>(), patterns);
            let (mut judge, mut random) = (Judge::new(&found), RandomSets::new(seed));
            for _ in 0..SETS {
                let set = random.draw(&mut judge);
                let inside: Vec<bool> = places.iter().map(|pattern| found.patterns(&set).any(|p| p == pattern)).collect();
                let runs = inside.windows(2).filter(|pair| !pair[0] && pair[1]).count() + usize::from(inside[0]);
                let (_, convex) = verdicts(&plain, &mut judge, &set);
                prop_assert_eq!(convex, runs == 1, "{:?}", texts(&found, &set));
            }
        }
    }

    /// One step is not enough: the added patterns can have further patterns between them.
    #[test]
    fn hulls_are_convex(network in few_units(3), seed: u64) {
        let found = regions(&network, Cells::Closed);
        let (mut judge, mut random) = (Judge::new(&found), RandomSets::new(seed));
        for _ in 0..SETS {
            let set = random.draw(&mut judge);
            let (hull, union) = (judge.hamming_hull(&set), judge.least_convex_union(&set));
            prop_assert!(judge.is_hamming_convex(&hull) && set.is_subset(&hull), "{:?}", texts(&found, &set));
            prop_assert!(judge.is_convex(&union) && set.is_subset(&union), "{:?}", texts(&found, &set));
        }
    }

    /// The least Hamming-convex set by its definition: patterns between two of its patterns are added until there are none.
    #[test]
    fn hamming_hulls_are_closures(seed: u64) {
        let network = load(&format!("random:1-4-4-1@{}", seed % 1000)).unwrap();
        let found = regions(&network, Cells::Closed);
        let (mut judge, mut random) = (Judge::new(&found), RandomSets::new(seed));
        let all: Vec<&Pattern> = found.iter().map(|region| region.pattern()).collect();
        for _ in 0..SETS {
            let set = random.draw(&mut judge);
            let mut hull: BTreeSet<usize> = set.iter().collect();
            loop {
                let is_between = |r: &usize| {
                    hull.iter().any(|&p| hull.iter().any(|&q| all[p].hamming(all[*r]) + all[*r].hamming(all[q]) == all[p].hamming(all[q])))
                };
                let Some(next) = (0..all.len()).find(|r| !hull.contains(r) && is_between(r)) else { break };
                hull.insert(next);
            }
            prop_assert_eq!(judge.hamming_hull(&set), hull.into_iter().collect::<PatternSet>());
        }
    }

    /// The least convex set is the intersection of all convex supersets, and a search ends with the first of the smallest sets.
    #[test]
    fn hulls_and_searches_are_those_of_all_subsets(network in few_units(2), seed: u64, half_open: bool) {
        let found = regions(&network, if half_open { Cells::HalfOpen } else { Cells::Closed });
        prop_assume!(found.len() <= 7);
        let (mut judge, mut random) = (Judge::new(&found), RandomSets::new(seed));
        let subset = |n: usize| (0..found.len()).filter(|k| n >> k & 1 == 1).collect::<PatternSet>();
        let all: Vec<PatternSet> = (1..1 << found.len()).map(subset).collect();
        let verdicts: Vec<(bool, bool)> = all.iter().map(|set| (judge.is_hamming_convex(set), judge.is_convex(set))).collect();
        let set = random.draw(&mut judge);
        let common = |convex: &dyn Fn(usize) -> bool| {
            let around: Vec<&PatternSet> = (0..all.len()).filter(|&k| convex(k) && set.is_subset(&all[k])).map(|k| &all[k]).collect();
            (0..found.len()).filter(|&place| around.iter().all(|set| set.contains(place))).collect::<PatternSet>()
        };
        prop_assert_eq!(judge.hamming_hull(&set), common(&|k| verdicts[k].0));
        prop_assert_eq!(judge.least_convex_union(&set), common(&|k| verdicts[k].1));
        let first = |wanted: (bool, bool)| {
            let sets = (0..all.len()).filter(|&k| verdicts[k] == wanted).map(|k| &all[k]);
            sets.min_by_key(|set| (set.len(), (*set).clone())).map_or(Finding::None, |set| Finding::Found(set.clone()))
        };
        let smallest = Smallest::of(&mut judge, 1000);
        prop_assert_eq!(smallest.hamming_only, first((true, false)));
        prop_assert_eq!(smallest.euclidean_only, first((false, true)));
    }
}

// -------------------------------------------------------------------------------------------------------------- by hand

/// Three units -x + 2 (x-1)+ - 2 (x-3)+, -x + (x-1)+ + (x-3)+ and x - 2 above the knots -9, 1 and 3: with two layers a hull need not have all
/// patterns with the shared bits.
#[test]
fn patterns_with_the_shared_bits_can_be_outside_of_the_hull() {
    let text =
        br#"{"layers":[{"W":[[1],[1],[1]],"b":[9,-1,-3]},{"W":[[-1,2,-2],[-1,1,1],[1,0,0]],"b":[9,9,-11]},{"W":[[1,1,1]],"b":[0]}]}"#;
    let found = regions(&Network::from_json(text).unwrap(), Cells::Closed);
    let all = ["000110", "100000", "100110", "110000", "110101", "111011", "111101"];
    assert_eq!(found.iter().map(|region| region.pattern().to_string()).collect::<Vec<_>>(), all);
    let hull = Judge::new(&found).hamming_hull(&set(&found, &["100110", "111101", "111011"]));
    assert_eq!(texts(&found, &hull), ["100110", "110101", "111011", "111101"]);
}

/// `HalfOpenExamples.v`: an open quadrant with its apex is convex, and 100 lies between.
#[test]
fn the_converse_fails_for_half_open_regions_with_an_apex() {
    let regions = regions(&forms(&[&[1, 0, 0], &[0, 1, 0], &[-1, -1, 0]]), Cells::HalfOpen);
    let mut judge = Judge::new(&regions);
    let quadrant = set(&regions, &["110", "000"]);
    assert!(!judge.is_hamming_convex(&quadrant) && judge.is_convex(&quadrant));
    assert!(!regions.get(&pattern("000")).unwrap().has_interior());
}

/// `HalfOpenExamples.v`: all of the set has interior, and 0000, the origin alone, lies between.
#[test]
fn the_converse_fails_for_half_open_regions_around_an_apex() {
    let regions = regions(&forms(&[&[1, 0, 0], &[0, 1, 0], &[-2, 1, 0], &[1, -2, 0]]), Cells::HalfOpen);
    let mut judge = Judge::new(&regions);
    let fan = set(&regions, &["0010", "0011", "0001"]);
    assert!(regions.patterns(&fan).all(|pattern| regions.get(pattern).unwrap().has_interior()));
    assert_eq!(judge.hamming(&fan).unwrap().between, pattern("0000"));
    assert!(judge.is_convex(&fan));
}

/// `HalfOpenExamples.v`: with x and -x, 10 and 01 are all patterns with interior, and 0 is in neither half-open region.
#[test]
fn half_open_regions_need_the_patterns_without_interior() {
    let network = forms(&[&[1, 0], &[-1, 0]]);
    let half_open = regions(&network, Cells::HalfOpen);
    let opposite = set(&half_open, &["10", "01"]);
    let found = Judge::new(&half_open).euclidean(&opposite).unwrap();
    assert_eq!((found.between.pattern, found.between.point), (pattern("00"), vec![Rational::new()]));
    let closed = regions(&network, Cells::Closed);
    assert!(Judge::new(&closed).is_convex(&set(&closed, &["10", "01"])));
}

/// `Sawtooth.v`: both directions fail for two layers.
#[test]
fn the_equivalence_fails_for_two_layers_in_both_directions() {
    let network = load("sawtooth:2").unwrap();
    for cells in [Cells::Closed, Cells::HalfOpen] {
        let regions = regions(&network, cells);
        let mut judge = Judge::new(&regions);
        let apart = set(&regions, &["1010", "1110"]);
        assert_eq!(verdicts(&Plain::new(&network), &mut judge, &apart), (true, false));
        assert_eq!(texts(&regions, &judge.least_convex_union(&apart)), ["1010", "1011", "1110", "1111"]);
        let interval = set(&regions, &["1011", "1111", "1110"]);
        assert_eq!(verdicts(&Plain::new(&network), &mut judge, &interval), (false, true));
        assert_eq!(texts(&regions, &judge.hamming_hull(&interval)), ["1010", "1011", "1110", "1111"]);
    }
}

/// The smallest networks that break the equivalence: one input, two units and one above them. No network of two units does.
#[test]
fn three_units_in_two_layers_break_the_equivalence_and_two_do_not() {
    let tent = from_rows(&[rows(&[&[1, 0], &[1, -1]]), rows(&[&[2, -4, -1]]), rows(&[&[1, 0]])]);
    let regions = regions(&tent, Cells::Closed);
    let smallest = Smallest::of(&mut Judge::new(&regions), 1000);
    assert!(matches!(smallest.hamming_only, Finding::Found(set) if texts(&regions, &set) == ["100", "110"]));
    assert!(matches!(smallest.euclidean_only, Finding::Found(set) if texts(&regions, &set) == ["100", "101", "111"]));
}

/// As many sets are tried as are allowed.
#[test]
fn a_search_ends_after_the_allowed_number_of_sets() {
    let tent = from_rows(&[rows(&[&[1, 0], &[1, -1]]), rows(&[&[2, -4, -1]]), rows(&[&[1, 0]])]);
    let regions = regions(&tent, Cells::Closed);
    let mut judge = Judge::new(&regions);
    let Finding::Found(set) = Smallest::of(&mut judge, 1000).hamming_only else { panic!("there is such a set") };
    let pairs = (0..regions.len()).flat_map(|a| (a + 1..regions.len()).map(move |b| vec![a, b]));
    let number = 1 + pairs.take_while(|pair| *pair != set.iter().collect::<Vec<_>>()).count();
    assert_eq!(Smallest::of(&mut judge, number).hamming_only, Finding::Found(set));
    assert_eq!(Smallest::of(&mut judge, number - 1).hamming_only, Finding::NoneUpTo(1));
}

fn rows(rows: &[&[i32]]) -> Vec<Vec<Rational>> {
    rows.iter().map(|row| row.iter().map(|&x| Rational::from(x)).collect()).collect()
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn two_units_in_two_layers_do_not_break_it(bits in prop::collection::vec(crate::support::networks::mixture(), 6), d in 1usize..=2) {
        let first = vec![bits[..=d].to_vec()];
        let network = from_rows(&[first, vec![bits[3..5].to_vec()], rows(&[&[1, 0]])]);
        let regions = regions(&network, Cells::Closed);
        let smallest = Smallest::of(&mut Judge::new(&regions), 1000);
        prop_assert_eq!((smallest.hamming_only, smallest.euclidean_only), (Finding::None, Finding::None));
    }
}

#[test]
fn wrong_sets_and_too_many_regions_are_refused() {
    let network = load("sawtooth:2").unwrap();
    let regions = regions(&network, Cells::Closed);
    let error = |text: &str| regions.set([pattern(text)]).unwrap_err().to_string();
    assert_eq!(error("0001"), "the pattern 0001 is not realised by a region with interior");
    assert_eq!(error("00011"), "the pattern 00011 has 5 bits, expected 4: those of the hidden units");
    assert_eq!(Enumerator::new(&network).max_regions(6).run().unwrap().len(), 6);
    let excess = Enumerator::new(&network).max_regions(5).run();
    assert!(matches!(excess, Err(ConvexityError::TooManyRegions { limit: 5 })));
    assert_eq!(excess.err().unwrap().to_string(), "there are more than 5 regions, the limit: the search is incomplete");
}

/// No units, one region; no patterns, a convex set.
#[test]
fn networks_without_hidden_layers_have_one_region() {
    let regions = regions(&from_rows(&[rows(&[&[1, 2, 3]])]), Cells::Closed);
    assert_eq!((regions.len(), regions.units()), (1, 0));
    let mut judge = Judge::new(&regions);
    for set in [PatternSet::default(), regions.set([Pattern::default()]).unwrap()] {
        assert!(judge.is_convex(&set) && judge.is_hamming_convex(&set));
        assert_eq!((judge.hamming_hull(&set), judge.least_convex_union(&set)), (set.clone(), set));
    }
}
