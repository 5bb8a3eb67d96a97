//! Slices of trained and of wide networks.

use super::{file, json};
use plica::complex::{Builder, Complex, Domain, Plane};
use plica::data::Point;
use plica::network::{Coefficients, ConvolutionOptions, Layer, Network, NetworkBuilder, Piecewise, load};
use rug::Rational;

/// Pseudo-random numbers by xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A float of single precision in [-1, 1).
    fn number(&mut self) -> f64 {
        f64::from((self.next() >> 40) as f32 / (1u64 << 23) as f32 - 1.0)
    }

    /// A power of two, down to 2^least.
    fn power(&mut self, least: i32) -> f64 {
        let exponent = (self.next() >> 20) % u64::from((1 - least).unsigned_abs());
        2f64.powi(-(exponent as i32))
    }
}

/// A network of these widths whose rows are scaled by random powers of two down to 2^`rows`, and then each weight by one down to 2^`weights`.
fn decayed(widths: &[usize], rows: i32, weights: i32, seed: u64) -> Network {
    let mut random = Random(seed * 0x9e37_79b9 + 1);
    let mut layers = Vec::new();
    for (l, ends) in widths.windows(2).enumerate() {
        let (n, m) = (ends[0], ends[1]);
        let scales: Vec<f64> = (0..m).map(|_| if l + 2 < widths.len() { random.power(rows) } else { 1.0 }).collect();
        let mut weight = |i: usize| f64::from((scales[i] * random.power(weights) * random.number()) as f32);
        let w = nalgebra::DMatrix::from_fn(m, n, |i, _| weight(i));
        let b = nalgebra::DVector::from_fn(m, |i, _| weight(i) / 4.0);
        layers.push(Layer::from_f64(w, b));
    }
    Network::new(layers).unwrap()
}

fn points(dimension: usize, seed: u64) -> [Point; 3] {
    let mut random = Random(seed * 77 + 5);
    std::array::from_fn(|_| Point::from_f64(&(0..dimension).map(|_| random.number()).collect::<Vec<_>>()).unwrap())
}

fn slice(network: &Network, seed: u64, exact_only: bool) -> Complex {
    let [p, q, r] = points(network.inputs(), seed);
    let domain = Domain::parse_box("-2,2", 2).unwrap();
    Builder::new(network).exact_only(exact_only).build_slice(&Plane::new(&p, &q, &r).unwrap(), &domain).unwrap()
}

/// Patterns, and the vertices of each cell in exact coordinates.
fn cells(complex: &Complex) -> Vec<(String, Vec<Vec<Rational>>)> {
    let vertices = |cell: plica::complex::Cell<'_>| {
        let mut all: Vec<_> = cell.vertices().into_iter().map(|v| complex.vertex(v)).collect();
        all.sort();
        all
    };
    let mut all: Vec<_> = complex.cells().map(|cell| (cell.pattern().to_string(), vertices(cell))).collect();
    all.sort();
    all
}

#[test]
fn slices_of_decayed_networks_are_decided_in_doubles() {
    // Whole units decay, single weights, or both; down to the smallest floats of single precision.
    for (seed, rows, weights) in [(1, -60, 0), (2, -140, 0), (3, 0, -60), (4, -20, -140), (5, -149, -149)] {
        let complex = slice(&decayed(&[20, 30, 20, 10, 5], rows, weights, seed), seed, false);
        let decisions = complex.decisions();
        assert!(complex.activation_regions() > 20, "{seed}: {}", complex.activation_regions());
        assert_eq!(decisions.exact, 0, "{seed}: {} are decided in doubles", decisions.filtered);
    }
}

#[test]
fn decayed_networks_have_the_cells_that_integers_alone_give() {
    for seed in 10..22 {
        let (rows, weights) = [(-150, 0), (0, -150), (-80, -80), (-5, -20)][seed as usize % 4];
        let network = decayed(&[4, 7, 6, 5, 2], rows, weights, seed);
        assert_eq!(cells(&slice(&network, seed, false)), cells(&slice(&network, seed, true)), "{seed}");
        let network = decayed(&[2, 7, 6, 2], rows, weights, seed);
        for domain in [Domain::parse_box("-1/10..3;1/3..2", 2).unwrap(), Domain::Space] {
            let [doubles, integers] = [false, true].map(|exact| Builder::new(&network).exact_only(exact).build(&domain).unwrap());
            assert_eq!(cells(&doubles), cells(&integers), "{seed}");
        }
    }
}

#[test]
fn affine_maps_of_decayed_networks_are_told_apart() {
    // The maps of all cells differ, most of them in tiny coefficients alone.
    let network = decayed(&[20, 30, 20, 5], -140, 0, 7);
    let complex = slice(&network, 7, false);
    let mut maps: Vec<_> = complex.cells().map(|cell| cell.affine_map()).collect();
    maps.sort();
    maps.dedup();
    assert_eq!(complex.counts().affine_maps, maps.len() as u64);
}

#[test]
fn wide_first_layers_are_restricted_to_a_plane_exactly() {
    // The maps of the slice, at a point of the plane, against a plain forward pass.
    let network = load("random:50-200-3@1").unwrap();
    let [p, q, r] = points(50, 3);
    let plane = Plane::new(&p, &q, &r).unwrap();
    let complex = slice(&network, 3, false);
    let cell = complex.cell(complex.activation_regions() / 2);
    let at = cell.interior_point();
    let mut x = plane.point(&at[0], &at[1]);
    for (l, layer) in network.layers().unwrap().iter().enumerate() {
        let z = |i: usize| (0..layer.inputs()).map(|j| layer.weight(i, j) * &x[j]).sum::<Rational>() + layer.bias_of(i);
        let above: Vec<Rational> = (0..layer.outputs()).map(z).collect();
        x = if l + 1 < network.layers().unwrap().len() { above.into_iter().map(|z| z.max(Rational::new())).collect() } else { above };
    }
    let values: Vec<Rational> =
        cell.affine_map().iter().map(|f| Rational::from(&f[0] * &at[0]) + Rational::from(&f[1] * &at[1]) + &f[2]).collect();
    assert_eq!(values, x);
}

#[test]
fn a_slice_of_a_very_wide_network_takes_no_rational_products() {
    let row = |seed: u64| {
        let mut random = Random(seed);
        (0..784).map(|_| ((random.number() + 1.0) / 2.0).to_string()).collect::<Vec<_>>().join(",")
    };
    let rows = file("wide_plane.csv", (1..4).map(row).collect::<Vec<_>>().join("\n"));
    let point = |k: usize| format!("{rows}#{k}");
    let report = json(&["regions", "random:784-4096-10@1", "--plane", &point(0), &point(1), &point(2), "--box", "0,1/1000"]);
    assert_eq!(report["volume"]["exact"], "1/1000000");
}

/// Two convolutions, a dense layer and the outputs, with ReLU between: weights of single precision, each decayed by a power of two down to 2^-140, or
/// thirds of them, and slopes that are doubles, or fractions that are not doubles.
fn convolutions(thirds: bool, slope: Rational, seed: u64) -> Network {
    let mut random = Random(seed * 0x9e37_79b9 + 3);
    let mut numbers = |count: usize| {
        let numbers: Vec<f64> = (0..count).map(|_| f64::from((random.power(-140) * random.number()) as f32)).collect();
        match thirds {
            true => Coefficients::from_rationals(numbers.into_iter().map(|x| Rational::from_f64(x).unwrap() / 3u32).collect()),
            false => Coefficients::from_f64(numbers),
        }
    };
    let mut builder = NetworkBuilder::new(&[1, 7, 7]).unwrap();
    let bend = Piecewise::leaky_relu(slope);
    let (mut x, stride) = (builder.input(), ConvolutionOptions { stride: [2, 2], ..Default::default() });
    for (weights, bias) in [(4 * 9, 4), (6 * 4 * 4, 6)] {
        let kernel = if bias == 4 { [3, 3] } else { [2, 2] };
        let z = builder.convolution(&x, numbers(weights), kernel, Some(numbers(bias)), stride.clone()).unwrap();
        x = builder.activation(&z, bend.clone()).unwrap();
    }
    let x = builder.reshape(&x, &[6]).unwrap();
    let z = builder.linear(&x, 10, numbers(60), Some(numbers(10))).unwrap();
    let x = builder.activation(&z, Piecewise::relu()).unwrap();
    let y = builder.linear(&x, 3, numbers(30), None).unwrap();
    builder.finish(&y).unwrap()
}

#[test]
fn slices_of_decayed_convolutions_are_what_integers_alone_give() {
    for (seed, thirds, slope) in [(1, false, (0, 1)), (2, false, (1, 4)), (3, false, (1, 3)), (4, true, (0, 1)), (5, true, (1, 2))] {
        let network = convolutions(thirds, slope.into(), seed);
        let [doubles, integers] = [false, true].map(|exact| slice(&network, seed, exact));
        assert!(doubles.activation_regions() > 15, "{seed}: {}", doubles.activation_regions());
        assert_eq!(cells(&doubles), cells(&integers), "{seed}");
        let maps: std::collections::BTreeSet<_> = doubles.cells().map(|cell| cell.affine_map()).collect();
        assert_eq!(doubles.counts().affine_maps, maps.len() as u64, "{seed}");
        let volumes: Rational = doubles.volumes().unwrap().into_iter().map(|volume| volume.unwrap().volume.0).sum();
        assert_eq!(volumes, 16, "{seed}");
    }
}
