//! The contract of a trace, on random networks and segments: generic ones, and ones full of ties.
//!
//! The library's answers are compared with each other (filter against integers only) and with a plain rational forward
//! pass that knows nothing about traces. `PLICA_CASES=5000 cargo test --profile checked --test contract` tries many more cases.

use crate::support::plain::{self, PlainLine};
use crate::support::{Case, Words, case, compare, config, exponents, networks, require, rescaled, segments, times};
use plica::data::{Point, Points};
use plica::exact::Instructions;
use plica::line::{Enclosure, Trace, Tracer};
use plica::network::{Bit, Network, Pattern, Selection};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngSeed, TestRunner};
use rug::Rational;
use std::collections::BTreeMap;
use std::sync::Arc;

fn line(case: &Case) -> PlainLine {
    PlainLine::new(&case.network, &case.from, &case.to)
}

proptest! {
    #![proptest_config(config(1600))]

    #[test]
    fn the_filter_and_the_integers_agree(case in case()) {
        for selection in [Selection::Hidden, Selection::All, Words(case.seed).layers(&case.network)] {
            let exact = case.exact(&selection);
            for (exact_times, large) in [(false, false), (true, false), (false, true), (true, true)] {
                let filtered =
                    if large { case.filtered_as_if_large(&selection, exact_times) } else { case.filtered(&selection, exact_times) };
                require(compare(&filtered, &exact))?;
                prop_assert_eq!(filtered.pieces(), exact.pieces());
                if exact_times {
                    prop_assert_eq!(times(&filtered), times(&exact));
                }
                for (crossing, t) in filtered.crossings().zip(times(&exact)) {
                    prop_assert!(crossing.t.contains(&t), "{:?} does not enclose {}", crossing.t, t);
                    prop_assert!(crossing.t.lo >= 0.0 && crossing.t.hi <= 1.0, "{:?} reaches out of the segment", crossing.t);
                    // With exact times the enclosure is the tightest one.
                    prop_assert!(!exact_times || crossing.t == Enclosure::of(&t), "{:?} is not tight around {}", crossing.t, t);
                }
            }
        }
    }

    /// Also if the narrow walk took the decisions.
    #[test]
    fn the_flips_are_those_of_the_exact_trace(case in case()) {
        let points = Points::from_points(&[case.to.clone(), case.from.clone()]).unwrap();
        for selection in [Selection::Hidden, Selection::All] {
            let units = case.units(&selection);
            let exact = case.exact(&selection);
            let expected: Vec<&[Bit]> = exact.crossings().map(|crossing| crossing.flips).collect();
            for instructions in Instructions::available() {
                let mut tracer = Tracer::new(&case.network).units(&units).instructions(instructions);
                let mut found: Vec<Vec<Bit>> = Vec::new();
                tracer.over(&points).unwrap().flips_of_pairs([(1, 0)], |_, flips, _| flips.unwrap().for_each(|units| found.push(units.to_vec()))).unwrap();
                prop_assert_eq!(&found, &expected);
            }
        }
    }

    #[test]
    fn the_exact_only_mode_is_the_reference(case in case()) {
        for selection in [Selection::Hidden, Selection::All] {
            let mut tracer = Tracer::new(&case.network).units(&case.units(&selection)).exact_only(true).exact_times(true);
            let found = tracer.trace(&case.from, &case.to).unwrap();
            require(compare(&found, &case.exact(&selection)))?;
            prop_assert_eq!(times(&found), times(&case.exact(&selection)));
            prop_assert_eq!(found.decisions().filtered, 0);
        }
        let without = Tracer::new(&case.network).pieces(false).trace(&case.from, &case.to).unwrap();
        require(compare(&without, &case.exact(&Selection::Hidden)))?;
    }

    /// Everything in a trace: the patterns in the middle, at the crossings and at the ends, with none left out between.
    #[test]
    fn the_plain_forward_pass_certifies_every_trace(case in case()) {
        let line = line(&case);
        require(line.certify(&case.exact(&Selection::All)))?;
        require(line.certify(&case.filtered(&Selection::Hidden, true)))?;
    }

    #[test]
    fn patterns_at_rational_points_occur_in_order(case in case()) {
        require(patterns_occur_in_order(&case, 20))?;
    }

    #[test]
    fn crossings_and_ends_have_the_patterns_of_the_closed_sequence(case in case()) {
        let line = line(&case);
        let trace = case.filtered(&Selection::Hidden, true);
        let closed = trace.closed_sequence();
        let open: Vec<Pattern> = trace.patterns().collect();
        prop_assert_eq!(closed.len(), 2 * trace.regions() + 1);
        prop_assert_eq!(&closed[0], &plain::pattern_at(&case.network, &case.from, false));
        prop_assert_eq!(&closed[closed.len() - 1], &plain::pattern_at(&case.network, &case.to, false));
        for (k, t) in times(&trace).iter().enumerate() {
            prop_assert_eq!(&closed[2 * k + 2], &line.pattern(t, false), "at crossing {}, t = {}", k, t);
        }
        for (k, pattern) in open.iter().enumerate() {
            prop_assert_eq!(&closed[2 * k + 1], pattern);
        }
    }

    #[test]
    fn the_reversed_segment_has_the_reversed_trace(case in case()) {
        let mirror = Case { from: case.to.clone(), to: case.from.clone(), ..case.clone() };
        for selection in [Selection::Hidden, Selection::All, Words(case.seed).layers(&case.network)] {
            for exact_times in [false, true] {
                let (there, back) = (case.filtered(&selection, exact_times), mirror.filtered(&selection, exact_times));
                require(compare(&there.reversed(), &back))?;
                require(compare(&back.reversed(), &there))?;
                require(compare(&there.reversed().reversed(), &there))?;
                let mut patterns: Vec<Pattern> = back.patterns().collect();
                patterns.reverse();
                prop_assert_eq!(patterns, there.patterns().collect::<Vec<_>>());
                let mut closed = back.closed_sequence();
                closed.reverse();
                prop_assert_eq!(closed, there.closed_sequence());
            }
        }
    }

    /// Three parts, joined from the left and from the right.
    #[test]
    fn joining_is_associative(case in case()) {
        let mut words = Words(case.seed);
        let whole = case.filtered(&Selection::Hidden, true);
        let mut cuts = [words.time(), words.time()];
        let crossings = times(&whole);
        if !crossings.is_empty() {
            cuts[0] = crossings[words.below(crossings.len())].clone();
        }
        cuts.sort();
        let [s, t] = cuts;
        prop_assume!(s < t);
        let at = |t: &Rational| Point::between(&case.from, &case.to, t);
        let part = |from: Point, to: Point| Case { from, to, ..case.clone() }.filtered(&Selection::Hidden, true);
        let parts = [part(case.from.clone(), at(&s)), part(at(&s), at(&t)), part(at(&t), case.to.clone())];
        let left = Trace::join(&Trace::join(&parts[0], &parts[1], &Rational::from(&s / &t)), &parts[2], &t);
        let rest = Rational::from(1 - &s);
        let right = Trace::join(&parts[0], &Trace::join(&parts[1], &parts[2], &(Rational::from(&t - &s) / rest)), &s);
        require(compare(&left, &whole))?;
        require(compare(&right, &whole))?;
    }

    #[test]
    fn a_selection_shows_some_bits_and_changes_nothing_else(case in case()) {
        let all = case.exact(&Selection::All);
        let mut words = Words(case.seed);
        for selection in [Selection::Hidden, words.layers(&case.network), words.layers(&case.network)] {
            let units = Arc::new(case.units(&selection));
            let (narrowed, direct) = (all.select(&units), case.filtered(&selection, true));
            require(compare(&direct, &narrowed))?;
            prop_assert_eq!(times(&direct), times(&narrowed));
            prop_assert_eq!(direct.units(), &*units);
            // The patterns are those of all units, without the other bits and without repetitions.
            let mut projected: Vec<Pattern> = all.patterns().map(|p| units.project(all.units(), &p)).collect();
            projected.dedup();
            prop_assert_eq!(direct.patterns().collect::<Vec<_>>(), projected);
        }
        require(compare(&all.select(&Arc::new(all.units().clone())), &all))?;
    }

    /// Also if products of doubles underflow or overflow.
    #[test]
    fn units_of_measure_do_not_matter(case in prop_oneof![crate::support::generic_case(), crate::support::any_case()], (weights, points) in exponents()) {
        let expected = case.exact(&Selection::All);
        let found = rescaled(&case, weights, points).filtered(&Selection::All, true);
        require(compare(&found, &expected))?;
        prop_assert_eq!(times(&found), times(&expected));
    }

    #[test]
    fn one_hidden_layer_never_folds(
        (network, recipe, seed) in (networks::one_hidden_layer(), segments::any(), any::<u64>())
    ) {
        let case = Case::new(network.clone(), recipe.build(&network), seed);
        let trace = case.filtered(&Selection::Hidden, false);
        let (r1, r2) = plain::ranges(&trace);
        prop_assert_eq!(r1, r2);
        prop_assert_eq!(r2, trace.start().hamming(trace.end()), "each unit flips at most once");
    }

    #[test]
    fn a_report_says_what_the_trace_says(case in generic_or_any()) {
        let trace = case.filtered(&Selection::All, true);
        let json = serde_json::to_value(&trace).unwrap();
        prop_assert_eq!(&json["start"], &serde_json::json!(trace.start().to_string()));
        prop_assert_eq!(&json["end"], &serde_json::json!(trace.end().to_string()));
        prop_assert_eq!(&json["regions"], &serde_json::json!(trace.regions()));
        prop_assert_eq!(&json["pieces"], &serde_json::json!(trace.pieces()));
        let crossings = json["crossings"].as_array().unwrap();
        prop_assert_eq!(crossings.len(), trace.crossing_count());
        for (written, crossing) in crossings.iter().zip(trace.crossings()) {
            let flips: Vec<Bit> = serde_json::from_value(written["flips"].clone()).unwrap();
            let t: Enclosure = serde_json::from_value(written["t"].clone()).unwrap();
            prop_assert_eq!(flips, crossing.flips);
            prop_assert_eq!(t, crossing.t);
            prop_assert_eq!(written["t_exact"].as_str().unwrap(), crossing.t_exact.unwrap().to_string());
        }
    }
}

proptest! {
    #![proptest_config(config(800))]

    #[test]
    fn cutting_and_joining_is_the_identity(case in case()) {
        let mut words = Words(case.seed);
        let selection = if words.below(2) == 0 { Selection::Hidden } else { Selection::All };
        let whole = case.filtered(&selection, true);
        let mut cuts = times(&whole);
        if cuts.len() > 4 {
            let kept = words.below(cuts.len() - 3);
            cuts = cuts[kept..kept + 4].to_vec();
        }
        cuts.extend([words.time(), words.time(), Rational::from((1, 2))]);
        for cut in &cuts {
            for exact_times in [false, true] {
                let halves = halves(&case, &selection, cut, exact_times);
                let joined = Trace::join(&halves.0, &halves.1, cut);
                require(compare(&joined, &whole)).map_err(|e| TestCaseError::fail(format!("cut at {cut}: {e}")))?;
                prop_assert_eq!(joined.closed_sequence(), whole.closed_sequence());
                if exact_times {
                    prop_assert_eq!(times(&joined), times(&whole));
                }
                let (r2, parts) = (plain::ranges(&whole).1, plain::ranges(&halves.0).1 + plain::ranges(&halves.1).1);
                prop_assert_eq!(r2, parts + halves.0.end().hamming(halves.1.start()), "r2 counts the jump at the cut {}", cut);
            }
        }
    }

    #[test]
    fn pieces_are_those_of_the_output(case in case()) {
        let pieces = line(&case).pieces(&case.exact(&Selection::Hidden)).map_err(TestCaseError::fail)?;
        for selection in [Selection::Hidden, Selection::All, Words(case.seed).layers(&case.network)] {
            prop_assert_eq!(case.exact(&selection).pieces(), Some(pieces));
            prop_assert_eq!(case.filtered(&selection, false).pieces(), Some(pieces));
            prop_assert_eq!(case.filtered(&selection, false).reversed().pieces(), Some(pieces));
        }
    }
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn many_segments_at_once_are_as_one_by_one(
        network in prop_oneof![networks::generic(), networks::any()],
        rows in proptest::collection::vec(proptest::collection::vec(-20i32..=275, 5), 1..=9),
        pairs in proptest::collection::vec((0usize..9, 0usize..9), 0..=40),
        kinds in proptest::collection::vec(0usize..5, 2..=3),
        selection in prop_oneof![Just(Selection::Hidden), Just(Selection::All)],
        exact_times: bool,
    ) {
        let units = network.units(&selection).unwrap();
        let pairs: Vec<(usize, usize)> = pairs.into_iter().map(|(i, j)| (i % rows.len(), j % rows.len())).collect();
        // One tracer for several sets of points in turn, to find errors from data of an earlier set.
        let mut tracer = Tracer::new(&network).units(&units).exact_times(exact_times);
        for kind in kinds {
            let points = points(&rows, network.inputs(), kind);
            let mut visited = Vec::new();
            let mut outcome = Ok(());
            tracer.trace_pairs(&points, pairs.iter().copied(), |(i, j), trace| {
                visited.push((i, j));
                let single = Trace::exact_only(&network, &points.point(i), &points.point(j), &units).unwrap();
                let trace = trace.unwrap();
                let same = compare(trace, &single).map_err(|e| format!("pair ({i}, {j}) of {points:?}: {e}"));
                if outcome.is_ok() {
                    outcome = same;
                }
                if exact_times {
                    assert_eq!(times(trace), times(&single));
                }
            }).unwrap();
            require(outcome)?;
            prop_assert_eq!(&visited, &pairs);
            let single = tracer.trace(&points.point(0), &points.point(rows.len() - 1)).unwrap();
            require(compare(&single, &Trace::exact_only(&network, &points.point(0), &points.point(rows.len() - 1), &units).unwrap()))?;
        }
    }
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn a_thousand_rational_points_occur_in_order(case in case()) {
        require(patterns_occur_in_order(&case, 1000))?;
    }

    /// Patterns of several words, blocks of many units, ties in wide layers.
    #[test]
    fn wide_networks_keep_the_contract(seed: u64, family in 0usize..4, shape in 0usize..5) {
        let (network, points) = wide(seed, family, shape);
        let units = network.units(&Selection::All).unwrap();
        let pairs = [(0, 1), (1, 2), (2, 0), (1, 0), (1, 1), (0, 1)];
        let exact = pairs.map(|(i, j)| Trace::exact_only(&network, &points.point(i), &points.point(j), &units).unwrap());
        let mut tracer = Tracer::new(&network).units(&units).exact_times(true);
        for large in [false, true] {
            tracer = if large { tracer.as_if_large() } else { tracer };
            let mut outcome = Ok(());
            let mut exact = exact.iter();
            tracer.trace_pairs(&points, pairs, |_, trace| {
                outcome = std::mem::replace(&mut outcome, Ok(())).and(compare(trace.unwrap(), exact.next().unwrap()));
            }).unwrap();
            require(outcome)?;
        }
        let trace = tracer.trace(&points.point(0), &points.point(1)).unwrap();
        require(PlainLine::new(&network, &points.point(0), &points.point(1)).certify(&trace))?;
    }
}

/// The random cases are useful: every kind of difficulty occurs often.
#[test]
fn the_random_cases_are_awkward() {
    let strategy = case();
    let mut runner = TestRunner::new(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..config(1) });
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    const CASES: usize = 2000;
    for _ in 0..CASES {
        let case = strategy.new_tree(&mut runner).unwrap().current();
        let trace = case.exact(&Selection::Hidden);
        let closed = trace.closed_sequence();
        let (r1, r2) = plain::ranges(&trace);
        let mut count = |what, yes: bool| *seen.entry(what).or_default() += usize::from(yes);
        count("crossings", trace.crossing_count() > 0);
        count("more than five crossings", trace.crossing_count() > 5);
        count("several flips at one crossing", trace.crossings().any(|c| c.flips.len() > 1));
        count("touches", trace.crossings().any(|c| !c.touches.is_empty()));
        count(
            "a crossing whose pattern is that of no side",
            trace.patterns().zip(trace.patterns().skip(1)).enumerate().any(|(k, (p, q))| closed[2 * k + 2] != p && closed[2 * k + 2] != q),
        );
        count("a start on a boundary", closed[0] != closed[1]);
        count("an end on a boundary", closed[closed.len() - 1] != closed[closed.len() - 2]);
        count("folding", r1 < r2);
        count("length 0", case.from == case.to);
        count("ends that are not doubles", !case.from.as_points().is_double());
        count("weights that are not doubles", case.network.layers().unwrap().iter().any(|l| !l.is_double()));
        count("a time that is not a double", times(&trace).iter().any(|t| Rational::from_f64(t.to_f64()).as_ref() != Some(t)));
        count("fewer pieces than regions", trace.pieces() < Some(trace.regions()));
        count("three pieces or more", trace.pieces() > Some(2));
        count("no hidden layer", case.network.depth() == 0);
        count("five hidden layers", case.network.depth() == 5);
        let line = line(&case);
        let still = |pair: &[Rational]| {
            let (z, x) = (
                line.plain.pre_activations(&line.point(&plain::middle(&pair[0], &pair[1]))),
                line.plain.pre_activations(&line.point(&pair[0])),
            );
            let live = |layer: usize, i: usize| z[layer][i].is_zero() && x[layer][i].is_zero();
            (0..z.len() - 1).any(|l| (0..z[l].len()).any(|i| live(l, i)))
        };
        let mut ends = times(&trace);
        ends.insert(0, Rational::new());
        ends.push(Rational::from(1));
        count("a unit that is 0 along a stretch", ends.windows(2).any(still));
    }
    eprintln!("{seen:#?}");
    for (what, times) in seen {
        assert!(times >= CASES / 50, "only {times} of {CASES} cases have {what}");
    }
}

/// Reports are quick to check; both kinds of networks are taken equally often.
fn generic_or_any() -> impl Strategy<Value = Case> {
    prop_oneof![crate::support::generic_case(), crate::support::any_case()]
}

/// The traces of the two parts of a segment.
fn halves(case: &Case, selection: &Selection, cut: &Rational, exact_times: bool) -> (Trace, Trace) {
    let middle = Point::between(&case.from, &case.to, cut);
    let first = Case { to: middle.clone(), ..case.clone() };
    let second = Case { from: middle, ..case.clone() };
    (first.filtered(selection, exact_times), second.filtered(selection, exact_times))
}

/// Rational points of the segment from a seed, none of them a crossing: their patterns, in order of time, are those of the
/// regions they lie in, and so occur in the trace in order.
fn patterns_occur_in_order(case: &Case, points: usize) -> Result<(), String> {
    let line = line(case);
    let trace = case.filtered(&Selection::All, true);
    let crossings = times(&trace);
    let regions: Vec<Pattern> = trace.patterns().collect();
    let mut words = Words(case.seed);
    let mut sample: Vec<Rational> = (0..points).map(|_| words.time_other_than(&crossings)).collect();
    sample.sort();
    let mut reached = 0;
    for t in &sample {
        let pattern = line.pattern(t, true);
        reached += regions[reached..]
            .iter()
            .position(|p| *p == pattern)
            .ok_or_else(|| format!("at t = {t} the pattern is {pattern}, which does not follow in the trace"))?;
        let region = crossings.iter().filter(|c| *c < t).count();
        if regions[region] != pattern {
            return Err(format!("at t = {t} the pattern is {pattern}, but region {region} has {}", regions[region]));
        }
    }
    Ok(())
}

/// The rows as points of one of the kinds: doubles, eighths, pixels, thirds, doubles far apart in size.
fn points(rows: &[Vec<i32>], dimension: usize, kind: usize) -> Points {
    let numbers = || rows.iter().flat_map(|row| row[..dimension].iter().copied());
    match kind {
        0 => Points::from_f64(numbers().map(|n| f64::from(n) / 100.0).collect(), dimension),
        1 => Points::from_f64(numbers().map(|n| f64::from(n / 8) / 8.0).collect(), dimension),
        2 => Points::over(numbers().collect(), dimension, 255),
        3 => Points::from_rationals(numbers().map(|n| Rational::from((n, 90))).collect(), dimension),
        _ => Points::from_f64(numbers().map(|n| f64::from(n) * (f64::from(n % 7) * 40.0).exp2()).collect(), dimension),
    }
    .unwrap()
}

/// A wide network and three points: doubles, small whole numbers, doubles with every other unit doubled, no biases.
fn wide(seed: u64, family: usize, shape: usize) -> (Network, Points) {
    let widths: &[usize] =
        [&[20usize, 40, 40, 10][..], &[7, 70, 9, 2], &[3, 9, 9, 9, 9, 9, 9, 2], &[30, 18, 18, 18, 3], &[2, 40, 40, 30, 20, 2]][shape];
    let mut words = Words(seed);
    let mut number = || match family {
        1 => Rational::from(words.below(5) as i32 - 2),
        _ => Rational::from_f64(words.double()).unwrap(),
    };
    let mut layers: Vec<Vec<Vec<Rational>>> =
        widths.windows(2).map(|pair| (0..pair[1]).map(|_| (0..=pair[0]).map(|_| number()).collect()).collect()).collect();
    for rows in &mut layers {
        for i in (1..rows.len()).step_by(2).filter(|_| family == 2) {
            rows[i] = rows[i - 1].iter().map(|w| Rational::from(-w)).collect();
        }
        for row in rows.iter_mut().filter(|_| family == 3) {
            *row.last_mut().unwrap() = Rational::new();
        }
    }
    let coordinates = (0..3 * widths[0]).map(|_| number()).map(|q| q.to_f64()).collect();
    (networks::from_rows(&layers), Points::from_f64(coordinates, widths[0]).unwrap())
}
