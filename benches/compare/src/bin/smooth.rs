//! The time of a certified trace of a smooth network against sampling 1,000 points of the segment in single precision.
//!
//! `cargo run --release -p plica-compare --bin smooth`, and with the argument `block` for a transformer block alone.

use nalgebra::DMatrix;
use plica::data::Point;
use plica::line::Tracer;
use plica::network::{Coefficients, Network, NetworkBuilder, Smooth, Value};
use plica_compare::setup::{Rng, median};
use std::time::Instant;

const SEGMENTS: usize = 20;
const POINTS: usize = 1_000;

/// The affine layers of one network, as single floats: weights outputs x inputs, with the bias as the last column.
type Layers = Vec<DMatrix<f32>>;

/// Weights with the bounds of Kaiming's uniform initialisation, and constants with those of PyTorch's default.
fn layers(rng: &mut Rng, widths: &[usize]) -> Layers {
    let layer = |pair: &[usize]| {
        let (inputs, outputs) = (pair[0], pair[1]);
        let bounds = [(6.0 / inputs as f32).sqrt(), (1.0 / inputs as f32).sqrt()];
        let numbers = rng.units(outputs * (inputs + 1));
        DMatrix::from_fn(outputs, inputs + 1, |i, j| bounds[usize::from(j == inputs)] * (2.0 * numbers[i * (inputs + 1) + j] - 1.0))
    };
    widths.windows(2).map(layer).collect()
}

fn network(layers: &Layers, function: &Smooth) -> Network {
    let mut builder = NetworkBuilder::new(&[layers[0].ncols() - 1]).expect("a small shape");
    let mut x = builder.input();
    for (k, layer) in layers.iter().enumerate() {
        let inputs = layer.ncols() - 1;
        let weights = (0..layer.nrows()).flat_map(|i| (0..inputs).map(move |j| f64::from(layer[(i, j)]))).collect();
        let bias = (0..layer.nrows()).map(|i| f64::from(layer[(i, inputs)])).collect();
        let bias = Some(Coefficients::from_f64(bias));
        x = builder.linear(&x, layer.nrows(), Coefficients::from_f64(weights), bias).expect("it fits");
        if k + 1 < layers.len() {
            x = builder.smooth(&x, function.clone()).expect("it fits");
        }
    }
    builder.finish(&x).expect("a network")
}

/// The number of changes of sign of units between neighbouring points.
fn sampled(layers: &Layers, function: fn(f32) -> f32, a: &[f32], b: &[f32]) -> usize {
    let mut x = DMatrix::from_fn(a.len() + 1, POINTS, |i, k| {
        let t = k as f32 / (POINTS - 1) as f32;
        if i < a.len() { (1.0 - t) * a[i] + t * b[i] } else { 1.0 }
    });
    let mut changes = 0;
    for layer in &layers[..layers.len() - 1] {
        let y = layer * &x;
        changes += (1..POINTS)
            .map(|k| y.column(k).iter().zip(y.column(k - 1).iter()).filter(|(p, q)| (**p > 0.0) != (**q > 0.0)).count())
            .sum::<usize>();
        x = DMatrix::from_element(y.nrows() + 1, POINTS, 1.0);
        x.rows_mut(0, y.nrows()).copy_from(&y.map(function));
    }
    changes
}

fn tanh(x: f32) -> f32 {
    x.tanh()
}

/// GELU by tanh, which is faster than erf.
fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + (0.797_884_6 * (x + 0.044_715 * x * x * x)).tanh())
}

/// A transformer block over some tokens: attention of some heads and a perceptron of GELU, each behind a normalisation and with a residual connection.
fn block(rng: &mut Rng, tokens: usize, width: usize, heads: usize) -> Network {
    let mut builder = NetworkBuilder::new(&[tokens, width]).expect("a small shape");
    let x = builder.input();
    let mut linear = |builder: &mut NetworkBuilder, x: &Value, outputs: usize| {
        let layer = &layers(rng, &[*x.shape().last().expect("an axis"), outputs])[0];
        let inputs = layer.ncols() - 1;
        let weights = (0..outputs).flat_map(|i| (0..inputs).map(move |j| f64::from(layer[(i, j)]))).collect();
        let bias = (0..outputs).map(|i| f64::from(layer[(i, inputs)])).collect();
        builder.linear(x, outputs, Coefficients::from_f64(weights), Some(Coefficients::from_f64(bias))).expect("it fits")
    };
    let each = width / heads;
    let mut build = || {
        let normal = builder.layer_norm(&x, 1, (1, 100_000).into())?;
        let mut split = |builder: &mut NetworkBuilder, order: [usize; 3]| {
            let y = linear(builder, &normal, width);
            let y = builder.reshape(&y, &[tokens, heads, each])?;
            builder.transpose(&y, &order)
        };
        let (q, k, v) = (split(&mut builder, [1, 0, 2])?, split(&mut builder, [1, 2, 0])?, split(&mut builder, [1, 0, 2])?);
        let scores = builder.matrix_product(&q, &k)?;
        let root = Coefficients::from_f64(vec![1.0 / (each as f64).sqrt()]);
        let scores = builder.scale_and_shift(&scores, Some((&root, &vec![0; scores.len()])), None)?;
        let weights = builder.softmax(&scores, 2)?;
        let mixed = builder.matrix_product(&weights, &v)?;
        let mixed = builder.transpose(&mixed, &[1, 0, 2])?;
        let mixed = builder.reshape(&mixed, &[tokens, width])?;
        let mixed = linear(&mut builder, &mixed, width);
        let x = builder.add(&x, &mixed)?;
        let normal = builder.layer_norm(&x, 1, (1, 100_000).into())?;
        let y = linear(&mut builder, &normal, 4 * width);
        let y = builder.smooth(&y, Smooth::Gelu)?;
        let y = linear(&mut builder, &y, width);
        builder.add(&x, &y)
    };
    let y = build().expect("it fits");
    builder.finish(&y).expect("a network")
}

/// Traces of a transformer block of width 32 over 8 tokens.
fn blocks(segments: usize) {
    println!("\na transformer block of width 32 with 4 heads, over 8 tokens: s a segment of one thread");
    let mut rng = Rng::new(12);
    let network = block(&mut rng, 8, 32, 4);
    let mut tracer = Tracer::new(&network);
    for _ in 0..segments {
        let [a, b] = [0, 1].map(|_| {
            let x: Vec<f64> = rng.units(256).into_iter().map(|x| 4.0 * f64::from(x) - 2.0).collect();
            Point::from_f64(&x).expect("finite")
        });
        let start = Instant::now();
        let trace = tracer.enclose(&a, &b).expect("it is defined everywhere");
        let (crossings, windows) = (trace.events().len(), trace.windows().count());
        println!(
            "{:>8.2} s, {} units, {crossings} crossings, {windows} windows, {:?}",
            start.elapsed().as_secs_f64(),
            network.hidden_units(),
            trace.decisions()
        );
    }
}

fn main() {
    if std::env::args().nth(1).as_deref() == Some("block") {
        return blocks(3);
    }
    println!("median ms a segment of one thread; uniform ends in the unit cube\n");
    println!(
        "{:<12}{:<8}{:>10}{:>12}{:>9}{:>12}{:>10}{:>9}",
        "hidden", "", "certified", "1,000 f32", "ratio", "crossings", "sampled", "windows"
    );
    for (count, width) in [(2, 30), (3, 20), (4, 15), (5, 12), (6, 10), (10, 6)] {
        for (name, function, single) in [("gelu", Smooth::Gelu, gelu as fn(f32) -> f32), ("tanh", Smooth::Tanh, tanh as fn(f32) -> f32)] {
            let mut rng = Rng::new(11);
            let widths = [&[784][..], &vec![width; count], &[10]].concat();
            let layers = layers(&mut rng, &widths);
            let mut tracer = Tracer::new(&network(&layers, &function));
            let (mut times, mut crossings, mut changes, mut windows) = ([Vec::new(), Vec::new()], 0, 0, 0);
            for _ in 0..SEGMENTS {
                let ends = [rng.units(784), rng.units(784)];
                let points =
                    ends.each_ref().map(|x| Point::from_f64(&x.iter().map(|&x| f64::from(x)).collect::<Vec<_>>()).expect("finite"));
                let start = Instant::now();
                let trace = tracer.enclose(&points[0], &points[1]).expect("a small network");
                times[0].push(start.elapsed().as_secs_f64());
                windows += trace.windows().count();
                crossings += trace.events().len();
                let start = Instant::now();
                changes += sampled(&layers, single, &ends[0], &ends[1]);
                times[1].push(start.elapsed().as_secs_f64());
            }
            let [certified, sampled] = times.map(|times| 1e3 * median(times));
            let ratio = sampled / certified;
            let shape = format!("{count}x{width}");
            println!("{shape:<12}{name:<8}{certified:>10.3}{sampled:>12.3}{ratio:>9.2}{crossings:>12}{changes:>10}{windows:>9}");
        }
    }
    blocks(5);
}
