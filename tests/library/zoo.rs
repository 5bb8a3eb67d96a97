//! The built-in networks: they must reproduce closed forms and published tables.

use plica::data::Point;
use plica::exact::parse_rational;
use plica::line::Trace;
use plica::network::zoo::{self, Scheme};
use plica::network::{Network, Pattern, Selection, load};
use rug::{Integer, Rational, ops::Pow};

fn point(text: &str) -> Point {
    plica::data::Point::load(text, &Default::default()).unwrap()
}

fn trace(network: &Network, from: &str, to: &str, selection: &Selection) -> Trace {
    Trace::exact_only(network, &point(from), &point(to), &network.units(selection).unwrap()).unwrap()
}

/// (r1, r2) of a path of patterns.
fn folding(patterns: &[Pattern]) -> (u64, u64) {
    let r1 = patterns.iter().map(|p| p.hamming(&patterns[0])).max().unwrap();
    let r2: usize = patterns.windows(2).map(|w| w[0].hamming(&w[1])).sum();
    (r1 as u64, r2 as u64)
}

/// The sign bits of all pre-activations at a point, by a plain forward pass in rationals; those of the output are last.
fn bits(network: &Network, x: &[Rational]) -> Vec<Vec<bool>> {
    let mut h = x.to_vec();
    let mut bits = Vec::new();
    for layer in network.layers().unwrap() {
        let pre: Vec<Rational> =
            (0..layer.outputs()).map(|i| h.iter().enumerate().fold(layer.bias_of(i), |z, (j, x)| z + layer.weight(i, j) * x)).collect();
        bits.push(pre.iter().map(|z| z.is_positive()).collect());
        h = pre.into_iter().map(|z| if z.is_positive() { z } else { Rational::new() }).collect();
    }
    bits
}

/// The output at a point, without a ReLU.
fn output(network: &Network, x: &[Rational]) -> Rational {
    let mut h = x.to_vec();
    for (l, layer) in network.layers().unwrap().iter().enumerate() {
        let pre = (0..layer.outputs()).map(|i| h.iter().enumerate().fold(layer.bias_of(i), |z, (j, x)| z + layer.weight(i, j) * x));
        let hidden = l < network.depth();
        h = pre.map(|z| if hidden && !z.is_positive() { Rational::new() } else { z }).collect();
    }
    h[0].clone()
}

/// chi of the prefixes at t = 0.1, ..., 1.0 of the path (0, 3/4) to (1, 3/4), in eleven points.
fn eleven_points(network: &Network, selection: &Selection) -> Vec<Rational> {
    let units = network.units(selection).unwrap();
    let at = |i: u32| [Rational::from((i, 10)), Rational::from((3, 4))];
    let pattern = |i: u32| {
        let bits = bits(network, &at(i));
        units.bits().map(|u| bits[u.layer as usize][u.index as usize]).collect::<Pattern>()
    };
    let patterns: Vec<Pattern> = (0..=10).map(pattern).collect();
    let chi = |end: usize| {
        let (r1, r2) = folding(&patterns[..=end]);
        if r2 == 0 { Rational::new() } else { Rational::from(1) - Rational::from((r1, r2)) }
    };
    (1..=10).map(chi).collect()
}

#[test]
fn cantor_has_its_closed_forms() {
    for k in 1..=6u64 {
        let network = load(&format!("cantor:{k}")).unwrap();
        assert_eq!(network.hidden_units() as u64, 5 * k);
        let power = 1 << k;
        for (selection, count, expected) in [
            (Selection::All, 5 * k + 1, (2 * k + 1, 5 * power - 4)),
            (Selection::Hidden, 5 * k, (2 * k, 4 * (power - 1))),
            (zoo::cantor_first_maps(k).unwrap(), 3 * k, (2 * k, 2 * (power - 1))),
        ] {
            assert_eq!(network.units(&selection).unwrap().count() as u64, count);
            for (from, to) in [("0,3/4", "1,3/4"), ("1,3/4", "0,3/4")] {
                let patterns: Vec<Pattern> = trace(&network, from, to, &selection).patterns().collect();
                assert_eq!(folding(&patterns), expected, "K = {k}, {selection}, from {from}");
                assert_eq!(patterns[0].hamming(patterns.last().unwrap()), 2);
            }
        }
    }
}

/// The eleven-point values of representations A, B and C, rounded to four digits.
const TABLE: [(char, u64, [&str; 10]); 11] = [
    ('A', 1, ["0", "0", "0", "0", "0", "0", ".4", ".4", ".5", ".5"]),
    ('A', 2, ["0", "0", ".5", ".5", ".5", ".5", ".6", ".6154", ".6667", ".6875"]),
    ('A', 3, ["0", "0", ".5556", ".6667", ".6667", ".6667", ".6667", ".7", ".7273", ".75"]),
    ('A', 4, ["0", ".3333", ".6667", ".75", ".75", ".75", ".70", ".7692", ".7931", ".8125"]),
    ('A', 5, ["0", ".5", ".6667", ".75", ".75", ".75", ".72", ".7812", ".8056", ".825"]),
    ('B', 1, ["0", "0", "0", "0", "0", "0", "0", "0", ".25", ".25"]),
    ('B', 2, ["0", "0", ".25", ".25", ".25", ".25", ".25", ".5385", ".6", ".6667"]),
    ('B', 3, ["0", "0", ".5", ".625", ".625", ".625", ".7143", ".6667", ".6667", ".7429"]),
    ('C', 1, ["0", "0", "0", "0", "0", "0", "0", "0", ".2222", ".2222"]),
    ('C', 2, ["0", "0", ".25", ".25", ".25", ".25", ".25", ".5", ".5", ".5556"]),
    ('C', 3, ["0", "0", ".5", ".5333", ".5333", ".5333", ".6", ".56", ".56", ".6562"]),
];

/// The last of these for greater depths.
const FINAL: [(char, u64, &str); 4] = [('B', 4, ".7381"), ('B', 5, ".6415"), ('C', 4, ".6190"), ('C', 5, ".4231")];

fn representation(name: char, k: u64) -> (Network, Selection) {
    match name {
        'A' => (load(&format!("cantor:{k}")).unwrap(), Selection::All),
        'B' => (load(&format!("cantor-b:{k}")).unwrap(), zoo::cantor_min_max_units(k).unwrap()),
        _ => (load(&format!("cantor-c:{k}")).unwrap(), zoo::cantor_min_max_units(k).unwrap()),
    }
}

fn rounds_to(exact: &Rational, rounded: &str) -> bool {
    (exact - parse_rational(rounded).unwrap()).abs() <= Rational::from((1, 20_000))
}

#[test]
fn the_published_eleven_points_come_out() {
    for (name, k, row) in TABLE {
        let (network, selection) = representation(name, k);
        let found = eleven_points(&network, &selection);
        for (i, (exact, rounded)) in found.iter().zip(row).enumerate() {
            assert!(rounds_to(exact, rounded), "{name}, K = {k}, step {}: {exact} is not {rounded}", i + 1);
        }
    }
    for (name, k, rounded) in FINAL {
        let (network, selection) = representation(name, k);
        let found = eleven_points(&network, &selection);
        assert!(rounds_to(&found[9], rounded), "{name}, K = {k}: {} is not {rounded}", found[9]);
    }
}

#[test]
fn the_three_representations_have_one_zero_set() {
    // On a grid: points in the set y <= (A^K(x) + 1) / 2, where A's output is not positive and the minimum is zero.
    for k in 1..=3 {
        let a = load(&format!("cantor:{k}")).unwrap();
        let others = [load(&format!("cantor-b:{k}")).unwrap(), load(&format!("cantor-c:{k}")).unwrap()];
        for (i, j) in (0..=27).flat_map(|i| (0..=16).map(move |j| (i, j))) {
            let x = [Rational::from((i, 27)), Rational::from((j, 16))];
            let inside = !output(&a, &x).is_positive();
            for other in &others {
                assert_eq!(output(other, &x).is_zero(), inside, "K = {k} at {x:?}");
            }
        }
    }
}

#[test]
fn sawtooth_has_two_to_the_k_regions_and_pieces() {
    for k in 1..=9u64 {
        let trace = trace(&load(&format!("sawtooth:{k}")).unwrap(), "0", "1", &Selection::Hidden);
        assert_eq!((trace.regions(), trace.pieces()), (1 << k, Some(1 << k)), "K = {k}");
    }
}

#[test]
fn zigzag_has_p_to_the_l_regions_in_one_dimension() {
    for (p, l) in [(1, 1), (1, 4), (2, 1), (2, 5), (3, 1), (3, 4), (4, 3), (5, 3), (7, 2), (12, 1)] {
        let network = load(&format!("zigzag:1:{p}:{l}")).unwrap();
        let expected = (p as usize).pow(l as u32);
        let trace = trace(&network, "0", "1", &Selection::Hidden);
        assert_eq!((trace.regions(), trace.pieces()), (expected, Some(expected)), "P = {p}, L = {l}");
    }
}

#[test]
fn zigzag_folds_each_coordinate_by_itself() {
    let (one, three) = (load("zigzag:1:3:2").unwrap(), load("zigzag:3:3:2").unwrap());
    assert_eq!(three.shape(), "3-9-9-3");
    for i in 0..=20 {
        let x = Rational::from((i, 20));
        let at = |network: &Network, x: &[Rational]| bits(network, x).concat();
        let alone = bits(&one, std::slice::from_ref(&x));
        let zero = bits(&one, &[Rational::new()]);
        let together = bits(&three, &[Rational::new(), x.clone(), Rational::new()]);
        for l in 0..2 {
            assert_eq!(together[l], [zero[l].clone(), alone[l].clone(), zero[l].clone()].concat());
        }
        assert_eq!(at(&three, &[x.clone(), x.clone(), x.clone()]).iter().filter(|&&b| b).count() % 3, 0);
    }
}

#[test]
fn random_networks_have_the_same_bits_everywhere() {
    // The two values come from another implementation of ChaCha, in Python, written from the documentation of `random` alone.
    let first = |name: &str| zoo::parse(name).unwrap().unwrap().layers().unwrap()[0].weights()[(0, 0)];
    let network = zoo::parse("random:3-2-1@7").unwrap().unwrap();
    let all: Vec<u32> = network
        .layers()
        .unwrap()
        .iter()
        .flat_map(|l| l.weights().transpose().iter().chain(l.bias().iter()).map(|&x| (x as f32).to_bits()).collect::<Vec<_>>())
        .collect();
    let fold = |h: u64, b: &u32| (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3);
    assert_eq!(all.iter().fold(0xcbf2_9ce4_8422_2325, fold), RANDOM_HASH);
    assert_eq!(all[0], RANDOM_FIRST);
    assert_eq!(first("random:3-2-1"), first("random:3-2-1@0"));
    assert_ne!(first("random:3-2-1@0"), first("random:3-2-1@1"));
    assert_eq!(first("random:4-2-1@5"), first("random:4-9-3@5"));
}

const RANDOM_HASH: u64 = 3937952410994676211;
const RANDOM_FIRST: u32 = 0x3e9c_249e;

#[test]
fn random_networks_keep_their_bounds_and_fill_them() {
    for (scheme, bound) in [(Scheme::Torch, 0.1), (Scheme::Kaiming, 0.06f64.sqrt())] {
        let network = zoo::random(&[100, 200, 1], scheme, 3).unwrap();
        let layer = &network.layers().unwrap()[0];
        let largest = layer.weights().iter().fold(0.0, |m: f64, w| m.max(w.abs()));
        assert!(largest <= bound * (1.0 + 1e-7) && largest > 0.999 * bound, "{largest}");
        let mean = layer.weights().mean();
        assert!(mean.abs() < 0.01 * bound, "{mean}");
        let bias = layer.bias().iter().fold(0.0, |m: f64, w| m.max(w.abs()));
        assert!(bias <= 0.1 * (1.0 + 1e-7) && bias > 0.09, "{bias}");
        assert!(layer.weights().iter().all(|&w| f64::from(w as f32) == w && w != 0.0));
    }
}

#[test]
fn names_are_refused_with_their_reason() {
    for (name, message) in [
        ("cantor:0", "K = 0 is not in the range 1 to 64 of cantor:K"),
        ("cantor:65", "K = 65 is not in the range 1 to 64 of cantor:K"),
        ("cantor", "`cantor` is not a built-in network of the form cantor:K"),
        ("cantor:", "`cantor:` is not a built-in network of the form cantor:K"),
        ("cantor:1:2", "`cantor:1:2` is not a built-in network of the form cantor:K"),
        ("cantor:+1", "`cantor:+1` is not a built-in network of the form cantor:K"),
        ("cantor-b:13", "K = 13 is not in the range 1 to 12 of cantor-b:K"),
        ("cantor-c:99999999999999999999", "`cantor-c:99999999999999999999` is not a built-in network of the form cantor-c:K"),
        ("sawtooth:18446744073709551615", "K = 18446744073709551615 is not in the range 1 to 1024 of sawtooth:K"),
        ("zigzag:2:0:1", "P = 0 is not in the range 1 to 1000000 of zigzag:N:P:L"),
        ("zigzag:1000:1000:2", "zigzag:1000:1000:2 would have 1002002001000 weights and biases, expected at most 100000000"),
        ("zigzag:2:2", "`zigzag:2:2` is not a built-in network of the form zigzag:N:P:L"),
        ("random:5", "`random:5` is not a built-in network of the form random:784-30-30-10@SEED"),
        ("random:5-0-1", "`random:5-0-1` is not a built-in network of the form random:784-30-30-10@SEED"),
        ("random:5-1@", "`random:5-1@` is not a built-in network of the form random:784-30-30-10@SEED"),
        ("random:5-1@-1", "`random:5-1@-1` is not a built-in network of the form random:784-30-30-10@SEED"),
        ("random:18446744073709551615-18446744073709551615", "random:18446744073709551615-18446744073709551615 would have"),
        ("random-kaiming:1-2-", "`random-kaiming:1-2-` is not a built-in network of the form random-kaiming:784-30-30-10@SEED"),
        ("digits:7x7", "`digits:7x7` is not a built-in network of the form digits:2x30, 3x20, 4x15, 5x12, 6x10 or 10x6"),
    ] {
        let error = plica::network::load(name).unwrap_err();
        assert!(error.is_call_error(), "{name}");
        assert!(error.to_string().starts_with(message), "{name}: {error}");
    }
}

#[test]
fn cantor_min_max_grows_to_its_limit() {
    for k in 1..=6 {
        let network = load(&format!("cantor-b:{k}")).unwrap();
        let clauses = network.layers().unwrap()[if k == 1 { 0 } else { 2 }].outputs();
        assert_eq!(clauses as u64, if k == 1 { 3 } else { (1 << (k - 1)) + 2 });
        assert_eq!(network.units(&zoo::cantor_min_max_units(k).unwrap()).unwrap().layers().last(), Some(&network.depth()));
    }
    let denominator = load("cantor-b:4").unwrap().layers().unwrap()[0].weight(0, 1).denom().clone();
    assert_eq!(denominator, Integer::from(3).pow(4));
}
