//! The time of complexes, on one thread unless noted: against `regioncam` in the plane, against one forward pass over all vertices of the result,
//! degenerate and decayed networks against generic ones, the whole space against a box, a first layer of low rank against its reduction, units that never switch
//! against no such units, and the growth with the number of regions.
//!
//! `cargo run --release -p plica-compare --bin complexes`, with `-- passes`, `degenerate`, `domains` or `growth` for one part of it

use gemm::{Parallelism, gemm};
use nalgebra::{DMatrix, DVector};
use ndarray::{Array1, Array2};
use plica::complex::{Builder, Complex, Domain};
use plica::network::{Layer, Network, load};
use plica_compare::setup::median;
use regioncam::nn::Linear;
use regioncam::{NNBuilder, Regioncam};
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 7;
/// The number of vertices that go through the network together, so that their activations stay in the caches.
const BLOCK: usize = 256;

fn main() {
    println!("one thread, medians of {ROUNDS} rounds; seeds 0 to 2 of PyTorch's default initialisation; domain [-10,10]^d");
    println!("regions: the complex, its three counts, f-vector and facets of each cell, without volumes and simplices\n");
    let part = std::env::args().nth(1);
    let asked = |name: &str| part.as_deref().is_none_or(|part| part == name);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a thread");
    one.install(|| {
        if asked("passes") {
            against_others();
        }
        if asked("degenerate") {
            degenerate();
        }
        if asked("domains") {
            domains();
        }
    });
    if asked("growth") {
        growth(&one);
    }
}

/// The result of a computation and its time in seconds.
fn time<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let result = black_box(work());
    (start.elapsed().as_secs_f64(), result)
}

fn complex(network: &Network) -> Complex {
    complex_of(network, &Domain::parse_box("-10,10", network.inputs()).expect("a box"))
}

fn complex_of(network: &Network, domain: &Domain) -> Complex {
    let complex = Builder::new(network).build(domain).expect("few regions");
    black_box((complex.counts().linear_regions, complex.f_vector(), complex.cells().map(|cell| cell.facets().count()).max()));
    complex
}

fn against_others() {
    println!("{:22} {:>8} {:>9} {:>9} {:>14} {:>12}", "", "regions", "time", "a region", "forward passes", "regioncam");
    for shape in ["2-64-64-64-1", "3-32-32-1", "4-16-16-1", "5-10-10-1"] {
        for seed in 0..3 {
            let name = format!("random:{shape}@{seed}");
            let network = load(&name).expect("a built-in network");
            let vertices = vertices(&complex(&network));
            let (mut own, mut passes, mut others) = (Vec::new(), Vec::new(), Vec::new());
            let mut regions = 0;
            for _ in 0..ROUNDS {
                let (seconds, found) = time(|| complex(&network));
                regions = found.activation_regions();
                drop(found);
                own.push(seconds);
                passes.push(seconds / time(|| forward(&network, &vertices)).0);
                if network.inputs() == 2 {
                    let (theirs, found) = time(|| regioncam(&network));
                    assert!(found.abs_diff(regions) * 50 < regions, "regioncam finds {found} regions, expected about {regions}");
                    others.push(theirs / seconds);
                }
            }
            let (own, passes) = (median(own), median(passes));
            let other = if others.is_empty() { "-".to_string() } else { format!("{:.1} x", median(others)) };
            println!("{name:22} {regions:>8} {:>6.1} ms {:>6.2} us {passes:>14.1} {other:>12}", 1e3 * own, 1e6 * own / regions as f64);
        }
    }
    println!("\nforward passes: our time in passes of all vertices through the network in f64, in blocks of {BLOCK}, with the crate gemm");
    println!("regioncam: its time (float32, no certificate) against ours\n");
}

/// All vertices, coordinate by coordinate within blocks.
fn vertices(complex: &Complex) -> Vec<f64> {
    let d = complex.dimension();
    let all: Vec<Vec<f64>> =
        (0..complex.f_vector()[0] as usize).map(|v| complex.vertex_enclosure(v).iter().map(|x| x.lo).collect()).collect();
    all.chunks(BLOCK).flat_map(|block| (0..d).flat_map(move |axis| block.iter().map(move |x| x[axis]))).collect()
}

/// The sum of the outputs at all vertices.
fn forward(network: &Network, vertices: &[f64]) -> f64 {
    let layers = network.layers().expect("a stack of layers");
    // Weights column by column; activations have a column for each vertex.
    let weights: Vec<Vec<f64>> = layers.iter().map(|layer| layer.weights().as_slice().to_vec()).collect();
    let d = network.inputs();
    let mut sum = 0.0;
    let (mut below, mut above) = (Vec::new(), Vec::new());
    for block in vertices.chunks(BLOCK * d) {
        let n = block.len() / d;
        below.clear();
        below.extend_from_slice(block);
        for (l, (layer, weights)) in layers.iter().zip(&weights).enumerate() {
            let (outputs, inputs) = (layer.outputs(), layer.inputs());
            above.clear();
            layer.bias().iter().for_each(|&bias| above.resize(above.len() + n, bias));
            assert!(weights.len() == outputs * inputs && below.len() == inputs * n && above.len() == outputs * n);
            // SAFETY: above is outputs x n and below inputs x n, row by row, weights is outputs x inputs, column by column; the lengths are asserted.
            unsafe {
                gemm(
                    outputs,
                    n,
                    inputs,
                    above.as_mut_ptr(),
                    1,
                    n as isize,
                    true,
                    weights.as_ptr(),
                    outputs as isize,
                    1,
                    below.as_ptr(),
                    1,
                    n as isize,
                    1.0,
                    1.0,
                    false,
                    false,
                    false,
                    Parallelism::None,
                );
            }
            if l + 1 < layers.len() {
                above.iter_mut().for_each(|x: &mut f64| *x = x.max(0.0));
            }
            std::mem::swap(&mut below, &mut above);
        }
        sum += below.iter().sum::<f64>();
    }
    sum
}

/// The number of regions that `regioncam` finds.
fn regioncam(network: &Network) -> usize {
    let mut camera = Regioncam::square(10.0);
    let (_, hidden) = network.layers().expect("a stack of layers").split_last().expect("a network has layers");
    for layer in hidden {
        let weight = Array2::from_shape_fn((layer.inputs(), layer.outputs()), |(j, i)| layer.weights()[(i, j)] as f32);
        let bias = Array1::from_shape_fn(layer.outputs(), |i| layer.bias()[i] as f32);
        camera.add(&Linear::new(weight, bias));
        camera.relu();
    }
    camera.num_faces()
}

fn degenerate() {
    println!("{:22} {:28} {:>8} {:>9} {:>10} {:>10}", "", "", "regions", "a region", "to generic", "integers");
    for shape in ["2-64-64-64-1", "3-32-32-1", "4-16-16-1", "5-10-10-1"] {
        let generic = load(&format!("random:{shape}@0")).expect("a built-in network");
        let zero_bias = map(&generic, |_, w| w, |_| 0.0);
        let integers = map(&generic, |seed, _| small(seed), |seed| small(seed / 7));
        let both = map(&generic, |seed, _| small(seed), |_| 0.0);
        let decayed = decayed(&generic);
        let mut of_generic = None;
        for (label, network) in [
            ("generic", &generic),
            ("zero biases", &zero_bias),
            ("weights in -2..2", &integers),
            ("same, zero biases", &both),
            ("units decayed to 2^-140", &decayed),
        ] {
            let (mut seconds, mut regions, mut share) = (Vec::new(), 0, 0.0);
            for _ in 0..3 {
                let (one, found) = time(|| complex(network));
                seconds.push(one);
                regions = found.activation_regions();
                let decisions = found.decisions();
                share = decisions.exact as f64 / (decisions.exact + decisions.filtered) as f64;
            }
            let each = median(seconds) / regions as f64;
            let ratio = each / *of_generic.get_or_insert(each);
            println!("{shape:22} {label:28} {regions:>8} {:>6.2} us {ratio:>10.1} {:>8.2} %", 1e6 * each, 100.0 * share);
        }
    }
    println!();
}

/// Pairs of complexes with the same cells, except for their border.
fn domains() {
    println!("{:34} {:>8} {:>9} {:>8}", "", "regions", "time", "ratio");
    for shape in ["2-200-1", "2-64-64-1", "3-32-1", "4-10-10-1", "2-8-8-8-8-8-8-1"] {
        let network = load(&format!("random:{shape}@1")).expect("a built-in network");
        let around = complex_of(&network, &Domain::Space).bounding_box();
        compare(&format!("{shape}, space to a box around it"), (&network, &Domain::Space), (&network, &around));
    }
    for (inputs, rank, units) in [(12, 4, 8), (7, 5, 12), (784, 3, 30)] {
        // The first inputs, and multiples of them.
        let reduced = load(&format!("random:{rank}-{units}-1@1")).expect("a built-in network");
        let first = &reduced.layers().expect("a stack of layers")[0];
        let weights = DMatrix::from_fn(units, inputs, |i, j| first.weights()[(i, j % rank)] * [1.0, -2.0, 0.5][j / rank % 3]);
        let wide =
            Network::new(vec![Layer::from_f64(weights, first.bias().clone()), reduced.layers().expect("a stack of layers")[1].clone()])
                .expect("shapes that chain");
        compare(&format!("{inputs} inputs, rank {rank}, to {rank} inputs"), (&wide, &Domain::Space), (&reduced, &Domain::Space));
    }
    for (units, range) in [(20_000, "0,1/100"), (20_000, "0,1/1000")] {
        let network = load(&format!("random:2-{units}-1@1")).expect("a built-in network");
        let domain = Domain::parse_box(range, 2).expect("a box");
        let layers = network.layers().expect("a stack of layers");
        let end: f64 = 1.0 / range[4..].parse::<f64>().expect("a number");
        let at = |i: usize, x: f64, y: f64| layers[0].weights()[(i, 0)] * x + layers[0].weights()[(i, 1)] * y + layers[0].bias()[i];
        let signs = |i: usize| [at(i, 0.0, 0.0), at(i, end, 0.0), at(i, 0.0, end), at(i, end, end)].map(|z| z > 0.0);
        let active: Vec<usize> = (0..units).filter(|&i| signs(i).iter().any(|&sign| sign != signs(i)[0])).collect();
        let alone = Network::new(vec![
            Layer::from_f64(layers[0].weights().select_rows(&active), layers[0].bias().select_rows(&active)),
            Layer::from_f64(layers[1].weights().select_columns(&active), layers[1].bias().clone()),
        ]);
        compare(
            &format!("{units} units, to {} that switch", active.len()),
            (&network, &domain),
            (&alone.expect("shapes that chain"), &domain),
        );
    }
    println!();
}

fn compare(label: &str, first: (&Network, &Domain), second: (&Network, &Domain)) {
    let (mut seconds, mut ratios, mut regions) = (Vec::new(), Vec::new(), [0; 2]);
    for _ in 0..ROUNDS {
        let [(a, x), (b, y)] = [first, second].map(|(network, domain)| time(|| complex_of(network, domain)));
        regions = [x.activation_regions(), y.activation_regions()];
        seconds.push(a);
        ratios.push(a / b);
    }
    assert_eq!(regions[0], regions[1], "{label}");
    println!("{label:34} {:>8} {:>6.1} ms {:>6.1} x", regions[0], 1e3 * median(seconds), median(ratios));
}

/// The network with other weights and biases, the same shape.
fn map(network: &Network, weight: impl Fn(usize, f64) -> f64, bias: impl Fn(usize) -> f64) -> Network {
    let layer = |(l, layer): (usize, &Layer)| {
        let w = layer.weights();
        let seed = |i: usize, j: usize| (l * 1_000_003 + i * 1009 + j).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        Layer::from_f64(
            DMatrix::from_fn(w.nrows(), w.ncols(), |i, j| weight(seed(i, j), w[(i, j)])),
            DVector::from_fn(w.nrows(), |i, _| bias(seed(i, 999))),
        )
    };
    Network::new(network.layers().expect("a stack of layers").iter().enumerate().map(layer).collect()).expect("the shapes still chain")
}

/// The network with hidden units that have decayed, each by a power of two down to 2^-140.
fn decayed(network: &Network) -> Network {
    let layer = |(l, layer): (usize, &Layer)| {
        let factor = |i: usize| if l < network.depth() { 0.5f64.powi((i * 61 % 141) as i32) } else { 1.0 };
        let (w, b) = (layer.weights(), layer.bias());
        Layer::from_f64(
            DMatrix::from_fn(w.nrows(), w.ncols(), |i, j| factor(i) * w[(i, j)]),
            DVector::from_fn(w.nrows(), |i, _| factor(i) * b[i]),
        )
    };
    Network::new(network.layers().expect("a stack of layers").iter().enumerate().map(layer).collect()).expect("the shapes still chain")
}

/// An integer from -2 to 2.
fn small(seed: usize) -> f64 {
    (seed % 5) as f64 - 2.0
}

fn growth(one: &rayon::ThreadPool) {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    println!("{:24} {:>9} {:>9} {:>9} {:>12} {:>12}", "", "regions", "time", "a region", "memory", format!("{threads} threads"));
    for widths in
        [["2-64-64-64-1", "2-128-128-128-1", "2-256-256-256-1", "2-512-512-512-1"], ["3-32-32-1", "3-48-48-1", "3-64-64-1", "3-96-96-1"]]
    {
        let mut ends = Vec::new();
        for shape in widths {
            let network = load(&format!("random:{shape}@0")).expect("a built-in network");
            let (seconds, found) = one.install(|| time(|| complex(&network)));
            let (regions, memory) = (found.activation_regions(), peak_megabytes());
            drop(found);
            // Not for the largest, whose memory would count twice.
            let on_all = if regions < 500_000 { format!("{:.2} x", seconds / time(|| complex(&network)).0) } else { "-".to_string() };
            let each = 1e6 * seconds / regions as f64;
            println!("random:{shape:17} {regions:>9} {seconds:>7.2} s {each:>6.2} us {memory:>9} MB {on_all:>12}");
            ends.push(((regions as f64).ln(), seconds.ln()));
        }
        let (first, last) = (ends[0], ends[ends.len() - 1]);
        println!("time grows with the regions to the power {:.2}\n", (last.1 - first.1) / (last.0 - first.0));
    }
    println!("memory: the largest so far; {threads} threads: how much faster");
}

/// The largest memory of this process so far, if the system reports it.
fn peak_megabytes() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or("?".to_string(), |kb| (kb / 1024).to_string())
}
