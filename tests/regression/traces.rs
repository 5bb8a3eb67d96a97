//! Deep and wide networks.

use super::support::graphs::as_graph;
use super::support::plain::PlainLine;
use super::{json, stdout};
use nalgebra::{DMatrix, DVector};
use plica::data::{Point, Points};
use plica::line::{Trace, Tracer};
use plica::network::{Layer, Network, Selection};
use plica::report::LayerReport;
use rug::{Integer, Rational};

/// Pseudo-random numbers from a seed.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// In (-1, 1).
    fn unit(&mut self) -> f64 {
        (self.next() as f64 + 0.5) / f64::from(1u32 << 30) - 1.0
    }

    /// A whole number from -n to n.
    fn whole(&mut self, n: u64) -> f64 {
        (self.next() % (2 * n + 1)) as f64 - n as f64
    }
}

/// A layer from its weights and its bias, a function of (output, input) each.
fn layer(outputs: usize, inputs: usize, mut weight: impl FnMut(usize, usize) -> f64, bias: impl FnMut(usize) -> f64) -> Layer {
    let rows: Vec<f64> = (0..outputs).flat_map(|i| (0..inputs).map(|j| weight(i, j)).collect::<Vec<_>>()).collect();
    Layer::from_f64(DMatrix::from_row_slice(outputs, inputs, &rows), DVector::from_iterator(outputs, (0..outputs).map(bias)))
}

fn point(numbers: &mut Numbers, d: usize) -> Point {
    Point::from_f64(&(0..d).map(|_| numbers.unit() * 2.0).collect::<Vec<_>>()).unwrap()
}

/// All data of a trace, except for the counts of decisions.
fn same(found: &Trace, exact: &Trace, what: &str) {
    assert_eq!((found.start(), found.end()), (exact.start(), exact.end()), "{what}");
    assert_eq!((found.regions(), found.pieces()), (exact.regions(), exact.pieces()), "{what}");
    for (found, exact) in found.crossings().zip(exact.crossings()) {
        assert_eq!((found.flips, found.touches), (exact.flips, exact.touches), "{what}");
        assert!(found.t.contains(exact.t_exact.unwrap()), "{what}");
    }
    assert_eq!(found.closed_sequence(), exact.closed_sequence(), "{what}");
}

/// Checks that traces of both modes, and the flips of the narrow walk, agree; returns the decisions of the default mode.
fn agree(network: &Network, from: &Point, to: &Point, what: &str) -> plica::line::Decisions {
    let units = network.units(&Selection::Hidden).unwrap();
    let exact = Trace::exact_only(network, from, to, &units).unwrap();
    let found = Tracer::new(network).trace(from, to).unwrap();
    same(&found, &exact, what);
    let with_times = Tracer::new(network).exact_times(true).trace(from, to).unwrap();
    assert!(with_times.crossings().zip(exact.crossings()).all(|(x, y)| x.t_exact == y.t_exact), "{what}");
    same(&Tracer::new(network).as_if_large().trace(from, to).unwrap(), &exact, what);
    let coordinates = [from, to].map(Point::to_rationals).concat();
    let points = Points::from_rationals(coordinates, network.inputs()).unwrap();
    let mut flips = Vec::new();
    let visit = |_, found: Result<plica::line::Flips<'_>, &plica::line::EnclosedTrace>, _| {
        found.unwrap().for_each(|units| flips.push(units.to_vec()))
    };
    Tracer::new(network).over(&points).unwrap().flips_of_pairs([(0, 1)], visit).unwrap();
    assert_eq!(flips, exact.crossings().map(|crossing| crossing.flips.to_vec()).collect::<Vec<_>>(), "{what}");
    found.decisions()
}

#[test]
fn a_hundred_layers_need_no_integers() {
    let shape = |depth: usize| format!("random-kaiming:2-{}1@3", "16-".repeat(depth));
    for depth in [30, 100] {
        let trace = json(&["trace", &shape(depth), "--from", "0,0", "--to", "1,1"]);
        let count = |key: &str| trace["decisions"][key].as_u64().unwrap();
        assert!(count("exact") * 1000 < count("filtered"), "{depth} layers: {}", trace["decisions"]);
    }
}

#[test]
fn deep_networks_are_traced_as_with_integers_alone() {
    for (seed, depth) in [(1, 20), (2, 30), (3, 45), (4, 60), (5, 90), (6, 120)] {
        let mut numbers = Numbers(seed);
        let width = 3 + seed as usize % 3;
        let mut widths = vec![2];
        widths.resize(depth + 1, width);
        widths.push(1);
        let bound = (6.0 / width as f64).sqrt();
        let layers = |numbers: &mut Numbers, kind: usize| -> Vec<Layer> {
            let pairs: Vec<(usize, usize)> = widths.windows(2).map(|w| (w[0], w[1])).collect();
            let layers = pairs.into_iter().enumerate().map(|(l, (inputs, outputs))| {
                // In kind 2 every second unit is like the one before it; in kind 3 layers are scaled up and down by powers of two.
                let rows: Vec<Vec<f64>> = (0..outputs).map(|_| (0..=inputs).map(|_| numbers.unit() * bound).collect()).collect();
                let row = |i: usize| &rows[if kind == 2 { i / 2 * 2 } else { i }];
                let scale = if kind == 3 { 2f64.powi(if l % 2 == 0 { 300 } else { -300 }) } else { 1.0 };
                let bias_scale = if kind == 3 && l % 2 == 1 { 1.0 } else { scale };
                layer(outputs, inputs, |i, j| row(i)[j] * scale, |i| if kind == 1 { 0.0 } else { row(i)[inputs] * bias_scale })
            });
            layers.collect()
        };
        for (kind, name) in ["generic", "zero biases", "duplicated units", "scaled layers"].into_iter().enumerate() {
            if kind == 3 && depth > 45 {
                continue; // The integers alone would take seconds.
            }
            let network = Network::new(layers(&mut numbers, kind)).unwrap();
            let (from, to) = (point(&mut numbers, 2), point(&mut numbers, 2));
            agree(&network, &from, &to, &format!("{depth} layers, {name}"));
        }
    }
}

/// Layers of one width without biases, with weights that keep the size of values about constant; all weights of the dead layer are negative.
fn without_biases(seed: u64, width: usize, depth: usize, dead: Option<usize>) -> Network {
    let mut numbers = Numbers(seed);
    let mut widths = vec![2];
    widths.resize(depth + 1, width);
    widths.push(1);
    let layers = widths.windows(2).enumerate().map(|(l, w)| {
        let bound = (6.0 / w[0] as f64).sqrt();
        let sign = |x: f64| if dead == Some(l) { -x.abs() } else { x };
        let weights: Vec<f64> = (0..w[0] * w[1]).map(|_| sign(numbers.unit() * bound)).collect();
        layer(w[1], w[0], |i, j| weights[i * w[0] + j], |_| 0.0)
    });
    Network::new(layers.collect()).unwrap()
}

/// If all units are inactive on a piece, all units above are 0 on it; if only one unit is active, all units above are 0 where it is 0.
#[test]
fn deep_networks_without_biases_need_few_integers() {
    let ends = [[0.3, -0.7], [-0.9, 0.4]].map(|x| Point::from_f64(&x).unwrap());
    let mut deaths = 0;
    for seed in 0..6 {
        for (depth, dead) in [(100, None), (200, None), (200, Some(100)), (100, Some(99))] {
            let network = without_biases(seed, 8, depth, dead);
            let trace = Tracer::new(&network).trace(&ends[0], &ends[1]).unwrap();
            let decisions = trace.decisions();
            assert!(decisions.exact * 50 <= decisions.filtered, "seed {seed}, {depth} layers: {decisions:?}");
            deaths += usize::from(trace.pieces() == Some(1));
        }
    }
    assert!(deaths >= 12, "{deaths} constant outputs");
}

/// Weights of few bits keep the integers short; ends that are not doubles, and segments through 0, where all units vanish at one time.
#[test]
fn networks_that_die_are_traced_as_with_integers_alone() {
    let mut constant = 0;
    for seed in 0..60 {
        let mut numbers = Numbers(seed + 1000);
        let depth = 12 + seed as usize % 17;
        let width = 2 + seed as usize % 4;
        let mut widths = vec![2];
        widths.resize(depth + 1, width);
        widths.push(1 + seed as usize % 2);
        let dead = [None, Some(depth / 2), Some(depth - 1)][seed as usize % 3];
        let layers = widths.windows(2).enumerate().map(|(l, w)| {
            let mut entry = |kind: u64| if numbers.next() % 3 < kind { 0.0 } else { numbers.whole(8) / 4.0 };
            let mut row = || (0..=w[0]).map(|j| entry(if j < w[0] { seed / 3 % 2 } else { seed % 4 })).collect::<Vec<_>>();
            let mut rows: Vec<_> = (0..w[1]).map(|_| row()).collect();
            if seed % 5 == 0 && w[1] > 1 {
                rows[1] = rows[0].iter().map(|x| -2.0 * x).collect();
            }
            if dead == Some(l) {
                rows.iter_mut().flatten().for_each(|x| *x = -x.abs());
            }
            layer(w[1], w[0], |i, j| rows[i][j], |i| rows[i][w[0]])
        });
        let network = Network::new(layers.collect()).unwrap();
        let denominator = [1u64, 7, 8][seed as usize / 2 % 3];
        let mut end = || (0..2).map(|_| Rational::from((numbers.whole(20) as i64, denominator))).collect::<Vec<_>>();
        let from = end();
        let to = if seed % 4 == 0 { from.iter().map(|x| Rational::from(-x)).collect() } else { end() };
        let [from, to] = [from, to].map(|x| Point::from_rationals(x).unwrap());
        agree(&network, &from, &to, &format!("seed {seed}"));
        let trace = Tracer::new(&network).exact_times(true).trace(&from, &to).unwrap();
        PlainLine::new(&network, &from, &to).certify(&trace).unwrap();
        let graph = Tracer::new(&as_graph(&network)).exact_times(true).trace(&from, &to).unwrap();
        same(&graph, &trace, &format!("seed {seed}, as a graph"));
        constant += usize::from(trace.pieces() == Some(1) && trace.regions() > 1);
    }
    assert!(constant > 15, "{constant} networks that die");
}

/// Weights and ends of small whole numbers: many units are 0 at one time, in deep layers too.
#[test]
fn ties_in_deep_networks_are_found() {
    for seed in 0..12 {
        let mut numbers = Numbers(seed);
        let depth = 15 + seed as usize;
        let mut widths = vec![2, 4];
        widths.resize(depth + 1, 4);
        widths.push(1);
        let layers = widths.windows(2).map(|w| {
            let weights: Vec<f64> = (0..w[0] * w[1]).map(|_| numbers.whole(2)).collect();
            let bias: Vec<f64> = (0..w[1]).map(|_| if seed % 2 == 0 { 0.0 } else { numbers.whole(1) }).collect();
            layer(w[1], w[0], |i, j| weights[i * w[0] + j], |i| bias[i])
        });
        let network = Network::new(layers.collect()).unwrap();
        let end = |numbers: &mut Numbers| Point::from_f64(&[numbers.whole(3), numbers.whole(3)]).unwrap();
        let mut numbers = Numbers(seed + 100);
        let (from, to) = (end(&mut numbers), end(&mut numbers));
        agree(&network, &from, &to, &format!("seed {seed}"));
    }
}

/// All crossings of the first layer lie within 1e-12: doubles cannot order them, but double-double precision can.
#[test]
fn crossings_that_crowd_in_a_wide_layer_need_few_integers() {
    let ends = ["--from", "1/3,1/7,1/11,1/13,1000000000000/17", "--to", "2/3,5/7,3/11,4/13,6/17"];
    // The second takes ten seconds if the forms are computed again for each unit at each crossing.
    for shape in ["random:5-1000-130-1@1", "random:5-3000-200-1@1"] {
        let trace = json(&[&["trace", shape], &ends[..]].concat());
        let count = |key: &str| trace["decisions"][key].as_u64().unwrap();
        assert!(count("exact") * 100 < count("filtered"), "{}", trace["decisions"]);
    }
}

#[test]
fn crossings_that_crowd_are_in_the_order_of_the_integers() {
    for seed in 0..4 {
        let mut numbers = Numbers(seed);
        let widths = [3, 24, 10, 1];
        let layers: Vec<Layer> = widths
            .windows(2)
            .map(|w| {
                let rows: Vec<f64> =
                    (0..w[1] * (w[0] + 1)).map(|_| if seed % 2 == 0 { numbers.unit() } else { numbers.whole(3) }).collect();
                layer(w[1], w[0], |i, j| rows[i * (w[0] + 1) + j], |i| rows[i * (w[0] + 1) + w[0]])
            })
            .collect();
        let network = Network::new(layers).unwrap();
        let q = |p: u64, q: u64| Rational::from((p, q));
        let from = Point::from_rationals(vec![q(1, 3), q(1, 7), Rational::from((10u64.pow(15), 17u64))]).unwrap();
        let to = Point::from_rationals(vec![q(2, 3), q(5, 7), q(6, 17)]).unwrap();
        agree(&network, &from, &to, &format!("seed {seed}"));
    }
}

/// Comparing all pairs would take minutes.
#[test]
fn hyperplanes_of_many_units_are_compared_in_one_pass() {
    let units = 40_000;
    // Unit k has the direction (k, 1), scaled by 2 for every other one; the last ten are opposite to the first ten, with other biases.
    let fresh = units - 10;
    let length = |i: usize| if i >= fresh { -3.0 } else { 1.0 + (i % 2) as f64 };
    let direction = |i: usize, j: usize| if j == 0 { (i % fresh) as f64 } else { 1.0 };
    let found = LayerReport::of(&layer(units, 2, |i, j| direction(i, j) * length(i), |i| i as f64));
    assert_eq!(found.parallel, (0..10).map(|i| vec![i, fresh + i]).collect::<Vec<_>>());
    assert_eq!((found.constant.len(), found.duplicated.len()), (0, 0));
    // One input: all are parallel, in pairs equal.
    let found = LayerReport::of(&layer(units, 1, |i, _| (i / 2 + 1) as f64, |i| ((i / 2 + 1) * (i / 2)) as f64));
    assert_eq!((found.parallel.len(), found.parallel[0].len(), found.duplicated.len()), (1, units, units / 2));
    // Powers of two far apart, for which hashes by a modulus or by rounded quotients are mostly equal.
    let far = |i: usize, j: usize| if j == 0 { 1.0 } else { 2f64.powi((i % 2000) as i32 - 1000) };
    let found = LayerReport::of(&layer(units, 2, far, |_| 0.0));
    assert_eq!((found.parallel.len(), found.duplicated.len()), (2000, 2000));
}

#[test]
fn a_trace_of_many_equal_hyperplanes_takes_one_pass() {
    let units = 4000;
    let wide = layer(units, 2, |i, j| if j == 0 { 1.0 } else { 2f64.powi((i % 200) as i32 - 100) }, |_| 0.0);
    let network = Network::new(vec![wide, layer(1, units, |_, _| 1.0, |_| 0.0)]).unwrap();
    let (from, to) = (Point::from_f64(&[-1.0, 1.0]).unwrap(), Point::from_f64(&[1.0, 1.0]).unwrap());
    let trace = Tracer::new(&network).trace(&from, &to).unwrap();
    let twenty = trace.crossings().filter(|crossing| crossing.flips.len().is_multiple_of(20)).count();
    // x + 2^e is 0 inside the segment for e < 0 alone, each for twenty units.
    assert_eq!((trace.crossing_count(), twenty), (100, 100));
}

#[test]
fn parallel_rows_are_found_by_their_exact_numbers() {
    let tiny = f64::from_bits(1);
    let rows =
        [[1.0, 3.0, 0.0], [-tiny, -3.0 * tiny, 0.0], [3e300, 9e300, 0.0], [0.0; 3], [3.0, 9.0, tiny], [0.0, 0.0, 5.0], [0.0, 0.0, -1e-300]];
    let found = LayerReport::of(&layer(rows.len(), 3, |i, j| rows[i][j], |i| [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0][i]));
    let thirds = 9e300 == 3.0 * 3e300;
    assert_eq!(found.constant, [3]);
    assert_eq!(found.parallel, if thirds { vec![vec![0, 1, 2], vec![5, 6]] } else { vec![vec![0, 1], vec![5, 6]] });
    assert_eq!(found.duplicated, if thirds { vec![vec![0, 2]] } else { vec![] });
}

/// The text of the number of regions by Serra et al.
fn serra(shape: &str) -> Option<Integer> {
    let report = json(&["bounds", shape]);
    let bounds = report["bounds"].as_array().unwrap();
    let bound = bounds.iter().find(|bound| bound["source"] == "Serra et al. 2018, Thm 1").unwrap();
    bound["value"]["exact"].as_str().map(|digits| digits.parse().unwrap())
}

#[test]
fn bounds_of_wide_layers_are_exact() {
    // Two layers as wide as the input: sum_j C(n, j) sum_{i <= n - j} C(n, i), the pairs of i + j <= n among 2 n, is sum_{m <= n} C(2 n, m).
    let n = 3000u32;
    let all = Integer::from(1) << (2 * n);
    let middle = Integer::from(2 * n).binomial(n);
    assert_eq!(serra(&format!("{n}-{n}-{n}-1")), Some((all + middle) / 2));
    // With r^2 products this would take hours instead of seconds.
    assert!(serra("20000-20000-20000-1").is_some());
}

#[test]
fn bounds_that_are_too_large_are_null() {
    let shape = format!("20000{}-1", "-20000".repeat(200));
    let report = json(&["bounds", &shape]);
    let values: Vec<_> = report["bounds"].as_array().unwrap().iter().map(|bound| &bound["value"]).collect();
    assert!(values[0].is_null() && values.iter().any(|value| !value.is_null()));
    assert!(stdout(&["bounds", &shape]).contains("too large"));
    assert_eq!(serra(&format!("20000{}-1", "-20000".repeat(6))), None);
}

#[test]
fn crossings_that_all_lie_within_the_rounding_of_one_time_are_not_paired() {
    // 32,768 pieces of [0, 1] and those beyond it, between times that are about 2^-75 apart: every window meets every piece.
    let report = json(&["trace", "sawtooth:15", "--from=-1000000000000000000", "--to", "1000000000000000000"]);
    assert_eq!(report["regions"].as_u64(), Some((1 << 15) + 2), "{}", report["regions"]);
}
