//! The folding measures: every property that the papers state, on random paths, and every closed form, on real traces.
//!
//! The sections: the properties of chi, its bounds, the interaction, CantorNet, and tallies.

use crate::support::{Case, case, config};
use plica::data::Point;
use plica::fold::{
    Bounds, Distribution, Folding, Global, Interaction, Measure, Meter, Path, Polyline, Reversed, Statistics, Step, Tally, concatenate,
};
use plica::line::{Trace, Tracer};
use plica::network::{Network, Pattern, Selection, load, zoo};
use proptest::prelude::*;
use rug::Rational;
use std::collections::BTreeMap;
use std::sync::Arc;

fn list(text: &str) -> Vec<Pattern> {
    text.split_whitespace().map(|pattern| pattern.parse().unwrap()).collect()
}

fn q(p: u64, q: u64) -> Rational {
    Rational::from((p, q))
}

fn chi<P: Path + ?Sized>(path: &P) -> Rational {
    Folding::of(path).chi()
}

/// 1 to 20 patterns of up to 70 units; most steps are small, some repeat a pattern, some change many bits.
fn paths() -> impl Strategy<Value = Vec<Pattern>> {
    let step = prop_oneof![
        2 => Just(Vec::new()),
        6 => prop::collection::vec(any::<prop::sample::Index>(), 1..3),
        1 => prop::collection::vec(any::<prop::sample::Index>(), 1..70),
    ];
    (1..70usize, any::<u128>(), prop::collection::vec(step, 0..20)).prop_map(|(units, start, steps)| {
        let mut pattern: Pattern = (0..units).map(|i| start >> i & 1 == 1).collect();
        let mut path = vec![pattern.clone()];
        for flips in steps {
            flips.iter().for_each(|i| pattern.flip(i.index(units)));
            path.push(pattern.clone());
        }
        path
    })
}

/// r1 and r2 directly from the definition, bit by bit.
fn plain_folding(path: &[Pattern]) -> (u64, u64) {
    let distance = |p: &Pattern, q: &Pattern| p.iter().zip(q.iter()).filter(|(a, b)| a != b).count() as u64;
    let r1 = path.iter().map(|p| distance(&path[0], p)).max().unwrap();
    (r1, path.windows(2).map(|pair| distance(&pair[0], &pair[1])).sum())
}

fn plain_chi(path: &[Pattern]) -> Rational {
    match plain_folding(path) {
        (_, 0) => Rational::new(),
        (r1, r2) => q(r2 - r1, r2),
    }
}

fn plain_peak(path: &[Pattern]) -> Rational {
    (1..=path.len()).map(|n| plain_chi(&path[..n])).max().unwrap()
}

fn plain_regions(path: &[Pattern]) -> u64 {
    1 + path.windows(2).filter(|pair| pair[0] != pair[1]).count() as u64
}

proptest! {
    #![proptest_config(config(4000))]

    #[test]
    fn measures_follow_the_definitions(path in paths()) {
        let measure = Measure::of(&path);
        prop_assert_eq!((measure.folding().r1, measure.folding().r2), plain_folding(&path));
        prop_assert_eq!(measure.folding().chi(), plain_chi(&path));
        prop_assert_eq!(measure.peak().chi(), plain_peak(&path));
        prop_assert_eq!(Measure::of(&path).peak().chi(), plain_peak(&path));
        prop_assert_eq!(measure.regions(), plain_regions(&path));
        prop_assert_eq!(measure.distance(), path[0].hamming(path.last().unwrap()) as u64);
        let prefixes: Vec<Rational> = (1..=path.len()).map(|n| plain_chi(&path[..n])).collect();
        prop_assert_eq!(Measure::prefix_chi(&path), prefixes);
    }

    #[test]
    fn chi_lies_between_0_and_1_and_is_0_where_r1_is_r2(path in paths()) {
        let folding = Folding::of(&path);
        prop_assert!(folding.r1 <= folding.r2);
        prop_assert!(folding.r2 == 0 || folding.r1 >= 1);
        prop_assert!(folding.chi() >= 0 && folding.chi() < 1);
        prop_assert_eq!(folding.chi() == 0, folding.r1 == folding.r2);
        prop_assert_eq!(folding.chi() == 0, folding.is_flat());
    }

    /// Paper 2, stability: several steps in one region do not matter.
    #[test]
    fn repeats_change_nothing(path in paths(), repeats in prop::collection::vec(1..4usize, 20)) {
        let repeated: Vec<Pattern> = path.iter().zip(&repeats).flat_map(|(p, &n)| vec![p.clone(); n]).collect();
        let path = &path[..path.len().min(repeats.len())];
        prop_assert_eq!(Measure::of(&repeated), Measure::of(path));
    }

    /// Paper 2, flatness: the distance to the start grows by the full length of every step.
    #[test]
    fn flat_is_a_shortest_way_out(path in paths()) {
        let mut before = 0;
        let shortest = path.steps().all(|step| {
            let grows = step.distance == before + step.size;
            before = step.distance;
            grows
        });
        prop_assert_eq!(Folding::of(&path).is_flat(), shortest);
        prop_assert_eq!(Folding::of(&path).is_flat(), Folding::of(&Reversed(&path)).is_flat());
    }

    #[test]
    fn the_reversed_path_is_the_list_backwards(path in paths(), k in 0..25usize) {
        let backwards: Vec<Pattern> = path.iter().rev().cloned().collect();
        prop_assert_eq!(Measure::of(&Reversed(&path)), Measure::of(&backwards));
        prop_assert_eq!(Measure::of(&Reversed(&Reversed(&path))), Measure::of(&path));
        let steps: Vec<_> = Reversed(&path).steps_from(k).collect();
        prop_assert_eq!(steps, backwards.steps_from(k).collect::<Vec<_>>());
        prop_assert_eq!(Folding::symmetrised_chi(&path), (plain_chi(&path) + plain_chi(&backwards)) / 2u32);
        prop_assert_eq!(Folding::symmetrised_chi(&path), Folding::symmetrised_chi(&backwards));
    }

    #[test]
    fn the_ends_and_the_length_bound_chi(path in paths()) {
        let (forward, backward) = (chi(&path), chi(&Reversed(&path)));
        let bounds = Bounds::of(&path);
        prop_assert!(bounds.lower() <= forward && forward <= bounds.upper());
        let difference = Rational::from(&forward - &backward).abs();
        prop_assert!(difference <= bounds.asymmetry());
        prop_assert!(bounds.asymmetry() <= q(1, 3));
        prop_assert!(bounds.asymmetry() * bounds.length <= bounds.displacement);
        prop_assert!(bounds.asymmetry() <= bounds.lower());
    }

    #[test]
    fn a_closed_path_folds_by_half_at_least(path in paths()) {
        let closed = concatenate(&path, &path[..1]);
        prop_assume!(Folding::of(&closed).r2 > 0);
        prop_assert!(chi(&closed) >= q(1, 2));
        prop_assert_eq!(Bounds::of(&closed).displacement, 0);
    }

    #[test]
    fn concatenation_shares_the_joint_and_interaction_stays_below_1(path in paths(), cut in any::<prop::sample::Index>()) {
        let k = cut.index(path.len());
        let (first, second) = (&path[..=k], &path[k..]);
        prop_assert_eq!(&concatenate(first, second), &path);
        let signed = plain_chi(&path) - plain_chi(first) - plain_chi(second);
        prop_assert!(signed > -1 && signed < 1);
        let interaction = Interaction::at(&path, k).unwrap();
        prop_assert_eq!(interaction.signed(), signed.clone());
        prop_assert_eq!(interaction.absolute(), signed.abs());
        prop_assert_eq!(Interaction::at(&path, path.len()), None);
        let all: Vec<Interaction> = Interaction::all(&path).collect();
        prop_assert_eq!(all.len(), path.len());
        prop_assert_eq!(all[k], interaction);
    }

    #[test]
    fn foldings_compare_by_chi(a in paths(), b in paths()) {
        let (a, b) = (Folding::of(&a), Folding::of(&b));
        prop_assert_eq!(a.cmp_chi(&b), a.chi().cmp(&b.chi()));
    }
}

proptest! {
    #![proptest_config(config(400))]

    /// A trace is measured without writing out its patterns, with the same result.
    #[test]
    fn a_trace_is_measured_as_its_list_of_patterns(case in case(), k in 0..8usize) {
        let trace = case.filtered(&Selection::All, false);
        let patterns: Vec<Pattern> = trace.patterns().collect();
        prop_assert_eq!(Measure::of(&trace), Measure::of(&patterns));
        prop_assert_eq!(Measure::of(&Reversed(&trace)), Measure::of(&Reversed(&patterns)));
        prop_assert_eq!(Measure::of(&trace).regions(), trace.regions() as u64);
        prop_assert_eq!(Folding::of(&trace.reversed()), Folding::of(&Reversed(&trace)));
        prop_assert_eq!(trace.steps_from(k).collect::<Vec<_>>(), patterns.steps_from(k).collect::<Vec<_>>());
        prop_assert_eq!(trace.steps_back_from(k).collect::<Vec<_>>(), patterns.steps_back_from(k).collect::<Vec<_>>());
        prop_assert_eq!(Interaction::at(&trace, k), Interaction::at(&patterns, k));
        prop_assert_eq!(Measure::prefix_chi(&trace), Measure::prefix_chi(&patterns));

        let mut words = crate::support::Words(case.seed);
        for selection in [Selection::All, Selection::Hidden, words.layers(&case.network)] {
            let units = case.units(&selection);
            let narrowed = trace.select(&Arc::new(units.clone()));
            prop_assert_eq!(Meter::new(&units).measure(&trace), Measure::of(&narrowed));
        }
    }

    /// The traces of a polygonal path are joined like the lists of their patterns.
    #[test]
    fn a_polyline_is_the_concatenation_of_its_traces(case in case(), third in any::<u64>()) {
        let mut words = crate::support::Words(third);
        let corner = Point::between(&case.from, &case.to, &words.time());
        let parts: Vec<Trace> = [(&case.from, &case.to), (&case.to, &corner), (&corner, &case.from)]
            .map(|(from, to)| Case::new(case.network.clone(), (from.clone(), to.clone()), case.seed).filtered(&Selection::Hidden, false))
            .into();
        let polyline = Polyline::new(&parts).unwrap();
        let patterns = parts.iter().fold(Vec::new(), |joined, part| concatenate(&joined, &part.patterns().collect::<Vec<_>>()));
        prop_assert_eq!(Measure::of(&polyline), Measure::of(&patterns));
        prop_assert_eq!(Measure::of(&Reversed(&polyline)), Measure::of(&Reversed(&patterns)));
        prop_assert_eq!(polyline.steps_from(2).collect::<Vec<_>>(), patterns.steps_from(2).collect::<Vec<_>>());
        prop_assert_eq!(Folding::of(&Polyline::new(&parts[..1]).unwrap()), Folding::of(&parts[0]));
    }
}

#[test]
fn traces_of_different_units_are_not_joined() {
    let [hidden, all] = [Selection::Hidden, Selection::All].map(|selection| cantor_trace(1, &selection));
    assert_eq!(Polyline::new([&hidden, &hidden, &all]).unwrap_err().to_string(), "part 2 has other units than the first part");
    assert_eq!(Folding::of(&Polyline::new([]).unwrap()), Folding::default());
}

#[test]
fn single_paths_of_the_papers() {
    let chi_of = |text: &str| chi(&list(text)).to_string();
    assert_eq!(chi_of("0110"), "0", "one pattern");
    assert_eq!(chi_of("0110 0110"), "0", "one region");
    assert_eq!(chi(&Vec::<Pattern>::new()), 0, "no pattern");
    assert_eq!(chi_of("0000 1100 0011"), "2/3", "distances 0, 2, 2 never decrease, and still it folds");
    assert_eq!(chi_of("1000 1100 1000 1001"), "2/3");
    assert_eq!(chi_of("1001 1000 1100 1000"), "1/3");
    let extreme = list("1000 1100 1000 1001");
    assert_eq!(Bounds::of(&extreme).asymmetry(), q(1, 3), "the bound 1/3 is attained");
}

#[test]
fn chi_is_neither_sub_nor_super_additive() {
    let (there, back) = (list("0 1"), list("1 0"));
    assert!(chi(&concatenate(&there, &back)) > chi(&there) + chi(&back), "1/2 > 0 + 0");
    let loop_ = list("0 1 0");
    assert!(chi(&concatenate(&loop_, &loop_)) < chi(&loop_) + chi(&loop_), "3/4 < 1/2 + 1/2");
    assert_eq!(Interaction::at(&list("0 1 0"), 1).unwrap().signed(), q(1, 2));
    assert_eq!(Interaction::at(&list("0 1 0 1 0"), 2).unwrap().signed(), Rational::from((-1, 4)));
    assert_eq!(Interaction::at(&list("0 1 0 1 0"), 2).unwrap().absolute(), q(1, 4));
}

#[test]
fn a_closed_path_can_fold_as_much_as_one_likes() {
    let loops: Vec<Pattern> = list("0 1").into_iter().cycle().take(101).collect();
    assert_eq!(chi(&loops), q(99, 100));
}

#[test]
fn a_folding_is_written_with_its_exact_value() {
    let folding = Folding { r1: 1, r2: 3 };
    let json = r#"{"r1":1,"r2":3,"chi":{"exact":"2/3","value":0.6666666666666666}}"#;
    assert_eq!(serde_json::to_string(&folding).unwrap(), json);
    assert_eq!(serde_json::from_str::<Folding>(json).unwrap(), folding);
    assert_eq!(serde_json::to_string(&Folding::default()).unwrap(), r#"{"r1":0,"r2":0,"chi":{"exact":"0","value":0.0}}"#);
}

// ---------------------------------------------------------------------------------------------------------- CantorNet

fn network(spec: &str) -> Network {
    load(spec).unwrap()
}

fn at(x: Rational) -> Point {
    Point::from_rationals(vec![x, q(3, 4)]).unwrap()
}

fn trace_between(network: &Network, selection: &Selection, from: &Point, to: &Point) -> Trace {
    Tracer::new(network).units(&network.units(selection).unwrap()).trace(from, to).unwrap()
}

fn cantor_trace(k: usize, selection: &Selection) -> Trace {
    trace_between(&network(&format!("cantor:{k}")), selection, &at(q(0, 1)), &at(q(1, 1)))
}

#[test]
fn cantornet_folds_as_its_closed_forms_say() {
    for k in 1..=12 {
        let network = network(&format!("cantor:{k}"));
        let all = network.units(&Selection::All).unwrap();
        let mut tracer = Tracer::new(&network).units(&all).exact_only(k > FILTERED);
        let trace = tracer.trace(&at(q(0, 1)), &at(q(1, 1))).unwrap();
        let power = 1u64 << k;
        for (selection, bits, r1, r2) in [
            (Selection::All, 5 * k + 1, 2 * k + 1, 5 * power - 4),
            (Selection::Hidden, 5 * k, 2 * k, 4 * (power - 1)),
            (zoo::cantor_first_maps(k).unwrap(), 3 * k, 2 * k, 2 * (power - 1)),
        ] {
            let units = network.units(&selection).unwrap();
            assert_eq!(units.count() as u64, bits);
            let selected = trace.select(&Arc::new(units));
            let folding = Folding::of(&selected);
            assert_eq!(folding, Folding { r1, r2 }, "k = {k}, {selection}");
            assert_eq!(folding.chi(), 1 - q(r1, r2));
            assert_eq!(Folding::of(&Reversed(&selected)), folding, "forward is reverse");
            assert_eq!(Bounds::of(&selected).displacement, 2);
        }
    }
}

/// The largest depth of CantorNet for which the filtered trace is fast enough for a test; ties make it escalate at every crossing.
const FILTERED: u64 = 8;

#[test]
fn cantornet_traced_by_a_selection_is_the_selected_trace() {
    let network = network("cantor:4");
    let [from, to] = [q(0, 1), q(1, 1)].map(at);
    let all = trace_between(&network, &Selection::All, &from, &to);
    for selection in [Selection::Hidden, zoo::cantor_first_maps(4).unwrap()] {
        let units = Arc::new(network.units(&selection).unwrap());
        let traced = trace_between(&network, &selection, &from, &to);
        assert_eq!(Folding::of(&traced.select(&units)), Folding::of(&all.select(&units)));
    }
}

/// Paper 2 claims that the symmetrised folding is a pseudo-metric; its triangle inequality fails here.
#[test]
fn symmetrised_folding_violates_the_triangle_inequality() {
    let network = network("cantor:2");
    let [a, b, c] = [q(1, 36), q(5, 36), q(11, 36)].map(at);
    for selection in [Selection::Hidden, Selection::All] {
        let d = |from, to| Folding::symmetrised_chi(&trace_between(&network, &selection, from, to));
        assert_eq!([d(&a, &b), d(&b, &c), d(&a, &c)], [q(0, 1), q(0, 1), q(1, 2)]);
    }
    let d = |from, to| Folding::symmetrised_chi(&trace_between(&network, &zoo::cantor_first_maps(2).unwrap(), from, to));
    assert!(d(&a, &c) <= d(&a, &b) + d(&b, &c), "not with the bits of W1 alone");
}

/// The prefix values at t = 0.1, ..., 1.0 of 11 sampled points, from the authors' published code.
const ELEVEN_POINTS: [(&str, [f64; 10]); 11] = [
    ("cantor:1", [0., 0., 0., 0., 0., 0., 0.4, 0.4, 0.5, 0.5]),
    ("cantor:2", [0., 0., 0.5, 0.5, 0.5, 0.5, 0.6, 0.6154, 0.6667, 0.6875]),
    ("cantor:3", [0., 0., 0.5556, 0.6667, 0.6667, 0.6667, 0.6667, 0.7, 0.7273, 0.75]),
    ("cantor:4", [0., 0.3333, 0.6667, 0.75, 0.75, 0.75, 0.70, 0.7692, 0.7931, 0.8125]),
    ("cantor:5", [0., 0.5, 0.6667, 0.75, 0.75, 0.75, 0.72, 0.7812, 0.8056, 0.825]),
    ("cantor-b:1", [0., 0., 0., 0., 0., 0., 0., 0., 0.25, 0.25]),
    ("cantor-b:2", [0., 0., 0.25, 0.25, 0.25, 0.25, 0.25, 0.5385, 0.6, 0.6667]),
    ("cantor-b:3", [0., 0., 0.5, 0.625, 0.625, 0.625, 0.7143, 0.6667, 0.6667, 0.7429]),
    ("cantor-c:1", [0., 0., 0., 0., 0., 0., 0., 0., 0.2222, 0.2222]),
    ("cantor-c:2", [0., 0., 0.25, 0.25, 0.25, 0.25, 0.25, 0.5, 0.5, 0.5556]),
    ("cantor-c:3", [0., 0., 0.5, 0.5333, 0.5333, 0.5333, 0.6, 0.56, 0.56, 0.6562]),
];

/// The last values alone, for k = 4 and 5.
const ELEVEN_POINTS_END: [(&str, f64); 4] =
    [("cantor-b:4", 0.7381), ("cantor-b:5", 0.6415), ("cantor-c:4", 0.6190), ("cantor-c:5", 0.4231)];

/// The patterns at the 11 points x = 0, 1/10, ..., 1, with the bits of the published code: the output is included, and in the
/// networks B and C the units that build the clauses are left out.
fn eleven_patterns(spec: &str) -> Vec<Pattern> {
    let network = network(spec);
    let (family, k) = spec.split_once(':').unwrap();
    let selection = match family {
        "cantor" => Selection::All,
        _ => zoo::cantor_min_max_units(k.parse().unwrap()).unwrap(),
    };
    let [all, units] = [Selection::All, selection].map(|selection| network.units(&selection).unwrap());
    (0..=10).map(|i| units.project(&all, &crate::support::plain::pattern_at(&network, &at(q(i, 10)), true))).collect()
}

fn to_four_places(chi: &Rational) -> f64 {
    (plica::exact::nearest_f64(chi) * 1e4).round_ties_even() / 1e4
}

#[test]
fn eleven_sampled_points_give_the_published_table() {
    for (spec, expected) in ELEVEN_POINTS {
        let sampled = eleven_patterns(spec);
        let values: Vec<f64> = Measure::prefix_chi(&sampled)[1..].iter().map(to_four_places).collect();
        assert_eq!(values, expected, "{spec}");
    }
    for (spec, expected) in ELEVEN_POINTS_END {
        assert_eq!(to_four_places(&chi(&eleven_patterns(spec))), expected, "{spec}");
    }
}

#[test]
fn eleven_points_are_exact_up_to_depth_2_and_too_low_beyond() {
    for k in 1..=5 {
        let exact = chi(&cantor_trace(k, &Selection::All));
        let sampled = chi(&eleven_patterns(&format!("cantor:{k}")));
        assert_eq!(exact == sampled, k <= 2, "k = {k}");
        assert!(sampled <= exact);
    }
}

// ------------------------------------------------------------------------------------------------------------ tallies

/// The statistics of plain lists, directly from their definitions.
mod plain_statistics {
    use super::*;

    pub fn mean(values: &[Rational]) -> Option<Rational> {
        (!values.is_empty()).then(|| values.iter().sum::<Rational>() / values.len() as u64)
    }

    pub fn median(values: &[Rational]) -> Option<Rational> {
        let mut sorted = values.to_vec();
        sorted.sort();
        let n = sorted.len();
        match n {
            0 => None,
            _ if n % 2 == 1 => Some(sorted[n / 2].clone()),
            _ => Some(Rational::from(&sorted[n / 2 - 1] + &sorted[n / 2]) / 2u32),
        }
    }

    pub fn positive(values: &[Rational]) -> Vec<Rational> {
        values.iter().filter(|value| **value > 0).cloned().collect()
    }
}
use plain_statistics::{mean, median, positive};

fn tally_of(paths: &[Vec<Pattern>]) -> Tally {
    let mut tally = Tally::default();
    paths.iter().for_each(|path| tally.add(&Measure::of(path)));
    tally
}

fn value(number: Option<plica::exact::ExactNumber>) -> Option<Rational> {
    number.map(|number| number.0)
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn tallies_give_the_statistics_of_the_plain_lists(pairs in prop::collection::vec(prop::collection::vec(paths(), 0..9), 0..6)) {
        let tallies: Vec<Tally> = pairs.iter().map(|paths| tally_of(paths)).collect();
        let chis: Vec<Vec<Rational>> = pairs.iter().map(|paths| paths.iter().map(|p| plain_chi(p)).collect()).collect();
        let peaks: Vec<Vec<Rational>> = pairs.iter().map(|paths| paths.iter().map(|p| plain_peak(p)).collect()).collect();
        for ((tally, chis), peaks) in tallies.iter().zip(&chis).zip(&peaks) {
            prop_assert_eq!(tally.paths(), chis.len() as u64);
            prop_assert_eq!(tally.folded(), positive(chis).len() as u64);
            let statistics = Statistics::from(&tally.chi());
            prop_assert_eq!(value(statistics.mean), mean(chis));
            prop_assert_eq!(value(statistics.median), median(chis));
            prop_assert_eq!(value(statistics.median_of_positive), median(&positive(chis)));
            prop_assert_eq!(value(statistics.max), chis.iter().max().cloned());
            prop_assert_eq!(tally.peaks().mean(), mean(peaks));
            prop_assert_eq!(tally.peaks().median(), median(peaks));
        }

        let global = Global::of(&tallies);
        let all: Vec<Rational> = chis.concat();
        prop_assert_eq!(value(global.sup), all.iter().max().cloned());
        prop_assert_eq!(value(global.mean), mean(&all));
        prop_assert_eq!(value(global.median_of_positive), median(&positive(&all)));
        prop_assert_eq!(value(global.folded_fraction), (!all.is_empty()).then(|| q(positive(&all).len() as u64, all.len() as u64)));
        let maxima: Vec<Rational> = chis.iter().filter_map(|chis| chis.iter().max().cloned()).collect();
        prop_assert_eq!(value(global.median_of_pair_maxima), median(&maxima));
        let medians: Vec<Rational> = peaks.iter().filter_map(|peaks| median(&positive(peaks))).collect();
        let over_pairs = global.pair_medians_of_positive_peaks;
        prop_assert_eq!(value(over_pairs.mean), mean(&medians));
        prop_assert_eq!(value(over_pairs.median), median(&medians));
        prop_assert_eq!(value(over_pairs.max), medians.iter().max().cloned());
    }

    #[test]
    fn tallies_count_and_are_written_in_order(paths in prop::collection::vec(paths(), 0..20)) {
        let tally = tally_of(&paths);
        let (mut foldings, mut peaks, mut regions) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for path in &paths {
            *foldings.entry(plain_folding(path)).or_insert(0u64) += 1;
            *peaks.entry(plain_peak(path)).or_insert(0u64) += 1;
            *regions.entry(plain_regions(path)).or_insert(0u64) += 1;
        }
        let expected = serde_json::json!({
            "tally": foldings.iter().map(|((r1, r2), n)| (r1, r2, n)).collect::<Vec<_>>(),
            "peaks": peaks.iter().map(|(chi, n)| (chi.to_string(), n)).collect::<Vec<_>>(),
            "regions": regions.iter().collect::<Vec<_>>(),
        });
        prop_assert_eq!(serde_json::to_value(&tally).unwrap(), expected);
        let text = serde_json::to_string(&tally).unwrap();
        prop_assert_eq!(serde_json::from_str::<Tally>(&text).unwrap(), tally);
    }

    #[test]
    fn any_split_and_any_order_of_merging_gives_the_same_tally(paths in prop::collection::vec((paths(), 0..4usize), 0..20), order in Just(vec![0, 1, 2, 3]).prop_shuffle()) {
        let whole = tally_of(&paths.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>());
        let mut merged = Tally::default();
        for part in order {
            let part: Vec<Vec<Pattern>> = paths.iter().rev().filter(|(_, p)| *p == part).map(|(path, _)| path.clone()).collect();
            merged.merge(&tally_of(&part));
        }
        prop_assert_eq!(serde_json::to_string(&merged).unwrap(), serde_json::to_string(&whole).unwrap());
        prop_assert_eq!(merged, whole);
    }
}

#[test]
fn what_is_undefined_is_null() {
    let statistics = serde_json::to_string(&Statistics::from(&Distribution::default())).unwrap();
    assert_eq!(statistics, r#"{"mean":null,"median":null,"median_of_positive":null,"max":null}"#);
    let global = serde_json::to_value(Global::of([])).unwrap();
    let keys = ["sup", "mean", "median_of_positive", "folded_fraction", "median_of_pair_maxima"];
    keys.iter().for_each(|key| assert_eq!(global.get(key), Some(&serde_json::Value::Null), "{key}"));
    assert_eq!(global["pair_medians_of_positive_peaks"], serde_json::json!({"mean": null, "median": null, "max": null}));
}

/// (1, 2) and (2, 4) have the same chi.
#[test]
fn the_peak_is_the_first_of_equal_ones() {
    let mut measure = Measure::default();
    for (size, distance) in [(1, 1), (1, 0), (2, 2)] {
        measure.push(Step { size, distance });
    }
    assert_eq!((measure.folding(), measure.peak()), (Folding { r1: 2, r2: 4 }, Folding { r1: 1, r2: 2 }));
}

#[test]
fn a_tally_that_cannot_be_is_refused() {
    for peak in ["1", "-1/2", "x", "3/2"] {
        let text = format!(r#"{{"tally":[],"peaks":[["{peak}",1]],"regions":[]}}"#);
        assert!(serde_json::from_str::<Tally>(&text).is_err(), "{peak}");
    }
}

#[test]
fn tallies_whose_lists_are_of_different_numbers_of_paths_are_refused() {
    let read = |paths: u64, peaks: u64, regions: u64| {
        let text = format!(r#"{{"tally": [[1, 2, {paths}]], "peaks": [["1/2", {peaks}]], "regions": [[3, {regions}]]}}"#);
        serde_json::from_str::<Tally>(&text).is_ok()
    };
    assert!(read(2, 2, 2));
    for [paths, peaks, regions] in [[2, 3, 2], [2, 2, 3], [3, 2, 2], [2, 3, 3]] {
        assert!(!read(paths, peaks, regions), "{paths} {peaks} {regions}");
    }
}
