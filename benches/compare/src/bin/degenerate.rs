//! Degenerate networks: the share of decisions taken with integers, and the time against a generic network of the same shape.
//!
//! `cargo run --release -p plica-compare --bin degenerate`

use nalgebra::{DMatrix, DVector};
use plica::data::Points;
use plica::line::{Decisions, Tracer};
use plica::network::{self, Layer, Network};
use plica_compare::setup::Rng;
use std::time::Instant;

const ROUNDS: usize = 5;

fn main() {
    println!("one thread, medians of {ROUNDS} rounds; time is against the generic network on generic ends\n");
    for shape in ["2-16-16-1", "784-30-30-10", "784-10-10-10-10-10-10-10", "784-256-256-256-10"] {
        let generic = network::load(&format!("random-kaiming:{shape}@1")).expect("a built-in network");
        let d = generic.inputs();
        let uniform = |n: usize| Points::from_f64(Rng::new(5).units(n * d).into_iter().map(f64::from).collect(), d).expect("finite");
        let grid = |n: usize| {
            Points::from_f64(Rng::new(5).units(n * d).into_iter().map(|x| (x * 9.0).floor().into()).map(|x: f64| x - 4.0).collect(), d)
                .expect("finite")
        };
        let segments = if d == 2 { 4096 } else { 512 };
        let (uniform, grid) = (uniform(2 * segments), grid(2 * segments));
        let zero_bias = map(&generic, |_, w, _| (w, 0.0));
        let duplicated = map_rows(&generic, |i| i / 2 * 2);
        let integers = map(&generic, |seed, _, _| (small(seed), small(seed / 7)));
        let integers_zero_bias = map(&generic, |seed, _, _| (small(seed), 0.0));
        let cases = [
            ("generic", &generic, &uniform),
            ("zero biases", &zero_bias, &uniform),
            ("units duplicated in pairs", &duplicated, &uniform),
            ("weights in -2..2", &integers, &uniform),
            ("weights in -2..2, grid ends", &integers, &grid),
            ("same, zero biases", &integers_zero_bias, &grid),
        ];
        println!("{shape}\n  {:30} {:>8} {:>10} {:>12} {:>10}", "", "time", "regions", "decisions", "integers");
        let mut tracers: Vec<Tracer> = cases.iter().map(|(_, network, _)| Tracer::new(network)).collect();
        let mut seconds = vec![Vec::new(); cases.len()];
        let mut seen = vec![(0, Decisions::default()); cases.len()];
        for _ in 0..ROUNDS {
            for (i, (_, _, points)) in cases.iter().enumerate() {
                seen[i] = (0, Decisions::default());
                let start = Instant::now();
                tracers[i]
                    .trace_pairs(points, (0..segments).map(|k| (2 * k, 2 * k + 1)), |_, trace| {
                        let trace = trace.expect("the network is piecewise affine");
                        seen[i].0 += trace.regions();
                        seen[i].1 += trace.decisions();
                    })
                    .expect("points of the right dimension");
                seconds[i].push(start.elapsed().as_secs_f64());
            }
        }
        for (i, (label, _, _)) in cases.iter().enumerate() {
            let mut ratios: Vec<f64> = seconds[i].iter().zip(&seconds[0]).map(|(own, generic)| own / generic).collect();
            ratios.sort_by(f64::total_cmp);
            let (regions, decisions) = seen[i];
            let all = (decisions.filtered + decisions.exact) as f64;
            println!(
                "  {label:30} {:>7.2}x {:>10.2} {:>12.1} {:>9.4}%",
                ratios[ROUNDS / 2],
                regions as f64 / segments as f64,
                all / segments as f64,
                100.0 * decisions.exact as f64 / all,
            );
        }
        println!();
    }
}

/// A whole number from -2 to 2, from a seed.
fn small(seed: usize) -> f64 {
    (f64::from(Rng::new(seed as u64 * 1_000_003).unit()) * 5.0).floor() - 2.0
}

/// The network with each weight and its unit's bias changed; the seed differs from weight to weight and from layer to layer.
fn map(network: &Network, change: impl Fn(usize, f64, f64) -> (f64, f64)) -> Network {
    let layers = network.layers().expect("a stack of layers").iter().enumerate().map(|(l, layer)| {
        let seed = |i: usize, j: usize| 1 + (l * 2048 + i) * 2048 + j;
        let weights = DMatrix::from_fn(layer.outputs(), layer.inputs(), |i, j| change(seed(i, j), layer.weights()[(i, j)], 0.0).0);
        let bias = DVector::from_fn(layer.outputs(), |i, _| change(seed(i, 2047), 0.0, layer.bias()[i]).1);
        Layer::from_f64(weights, bias)
    });
    Network::new(layers.collect()).expect("the shapes still chain")
}

/// The network with each hidden unit replaced by another of its layer.
fn map_rows(network: &Network, source: impl Fn(usize) -> usize) -> Network {
    let depth = network.depth();
    let layers = network.layers().expect("a stack of layers").iter().enumerate().map(|(l, layer)| {
        let source = |i: usize| if l < depth { source(i) } else { i };
        let weights = DMatrix::from_fn(layer.outputs(), layer.inputs(), |i, j| layer.weights()[(source(i), j)]);
        let bias = DVector::from_fn(layer.outputs(), |i, _| layer.bias()[source(i)]);
        Layer::from_f64(weights, bias)
    });
    Network::new(layers.collect()).expect("the shapes still chain")
}
