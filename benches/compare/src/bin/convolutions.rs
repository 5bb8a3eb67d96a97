//! The time of a convolutional network against a fully connected one with as many products, and against itself with its convolutions unrolled.
//!
//! `cargo run --release -p plica-compare --bin convolutions`

use plica::data::Point;
use plica::line::Tracer;
use plica::network::{self, Coefficients, ConvolutionOptions, Network, NetworkBuilder, Piecewise, Value, Window};
use plica_compare::setup::{Rng, median};
use std::time::Instant;

const ROUNDS: usize = 5;
const SEGMENTS: usize = 4;

/// Uniform weights with the bounds of PyTorch's default initialisation.
fn weights(rng: &mut Rng, count: usize, inputs: usize) -> Vec<f64> {
    let bound = 1.0 / (inputs as f64).sqrt();
    rng.units(count).into_iter().map(|x| bound * (2.0 * f64::from(x) - 1.0)).collect()
}

/// A convolution, as a convolution or as the equal dense matrix.
fn convolution(
    builder: &mut NetworkBuilder,
    x: &Value,
    (channels, kernel, padding): (usize, usize, usize),
    rng: &mut Rng,
    unrolled: bool,
) -> Value {
    let [c, h, w]: [usize; 3] = x.shape().try_into().expect("an image");
    let inputs = c * kernel * kernel;
    let (weights, bias) = (weights(rng, channels * inputs, inputs), weights(rng, channels, inputs));
    if !unrolled {
        let options = ConvolutionOptions { padding: [[padding; 2]; 2], ..ConvolutionOptions::default() };
        let (weights, bias) = (Coefficients::from_f64(weights), Coefficients::from_f64(bias));
        return builder.convolution(x, weights, [kernel; 2], Some(bias), options).expect("it fits");
    }
    let out = [h, w].map(|n| n + 2 * padding + 1 - kernel);
    let mut dense = vec![0.0; channels * out[0] * out[1] * c * h * w];
    for (place, &weight) in weights.iter().enumerate() {
        let (o, k, ky, kx) = (place / inputs, place / (kernel * kernel) % c, place / kernel % kernel, place % kernel);
        for y in 0..out[0] {
            for x in 0..out[1] {
                let (row, column) = (y + ky, x + kx);
                if (padding..h + padding).contains(&row) && (padding..w + padding).contains(&column) {
                    let input = (k * h + row - padding) * w + column - padding;
                    dense[((o * out[0] + y) * out[1] + x) * c * h * w + input] = weight;
                }
            }
        }
    }
    let bias: Vec<f64> = bias.iter().flat_map(|&b| std::iter::repeat_n(b, out[0] * out[1])).collect();
    let flat = builder.reshape(x, &[c * h * w]).expect("all elements");
    let y = builder.linear(&flat, bias.len(), Coefficients::from_f64(dense), Some(Coefficients::from_f64(bias))).expect("it fits");
    builder.reshape(&y, &[channels, out[0], out[1]]).expect("all elements")
}

/// Two convolutions with max-pooling and three dense layers, for 28 x 28 images.
fn lenet(unrolled: bool) -> Network {
    let mut rng = Rng::new(7);
    let mut builder = NetworkBuilder::new(&[1, 28, 28]).expect("a small shape");
    let mut x = builder.input();
    for layer in [(6, 5, 2), (16, 5, 0)] {
        x = convolution(&mut builder, &x, layer, &mut rng, unrolled);
        x = builder.activation(&x, Piecewise::relu()).expect("it fits");
        x = builder.max_pool(&x, &Window { stride: [2, 2], ..Window::new([2, 2]) }).expect("it fits");
    }
    x = builder.reshape(&x, &[400]).expect("all elements");
    for (layer, outputs) in [120, 84, 10].into_iter().enumerate() {
        if layer > 0 {
            x = builder.activation(&x, Piecewise::relu()).expect("it fits");
        }
        let (inputs, count) = (x.len(), x.len() * outputs);
        let [weights, bias] = [count, outputs].map(|n| Coefficients::from_f64(weights(&mut rng, n, inputs)));
        x = builder.linear(&x, outputs, weights, Some(bias)).expect("it fits");
    }
    builder.finish(&x).expect("a network")
}

/// The same network, built so that the library does not find that it is a stack of layers.
fn as_graph(network: &Network) -> Network {
    let mut builder = NetworkBuilder::new(&[network.inputs()]).expect("a small shape");
    let mut x = builder.input();
    for (l, layer) in network.layers().expect("a stack of layers").iter().enumerate() {
        if l > 0 {
            x = builder.activation(&x, Piecewise::relu()).expect("it fits");
        }
        let weights = layer.weights().transpose().as_slice().to_vec();
        let [weights, bias] = [weights, layer.bias().as_slice().to_vec()].map(Coefficients::from_f64);
        x = builder.linear(&x, layer.outputs(), weights, Some(bias)).expect("it fits");
    }
    builder.finish(&x).expect("a network").as_nodes()
}

fn main() {
    let (lenet, unrolled) = (lenet(false), lenet(true));
    let chain = network::load("random:784-400-200-60-10@7").expect("a built-in network");
    let graph = as_graph(&chain);
    let mut cases = [
        ("LeNet", lenet.multiplications(), Tracer::new(&lenet)),
        ("LeNet, convolutions unrolled", unrolled.multiplications(), Tracer::new(&unrolled)),
        ("fully connected", chain.multiplications(), Tracer::new(&chain)),
        ("fully connected, as nodes", graph.multiplications(), Tracer::new(&graph)),
    ];
    let mut rng = Rng::new(3);
    let mut point = || Point::from_f64(&rng.units(784).into_iter().map(f64::from).collect::<Vec<_>>()).expect("finite");
    let ends: Vec<(Point, Point)> = (0..SEGMENTS).map(|_| (point(), point())).collect();
    let mut seconds = vec![Vec::new(); cases.len()];
    let mut regions = vec![0; cases.len()];
    for _ in 0..ROUNDS {
        for (i, (_, _, tracer)) in cases.iter_mut().enumerate() {
            let start = Instant::now();
            regions[i] = ends.iter().map(|(from, to)| tracer.trace(from, to).expect("points of 784").regions()).sum();
            seconds[i].push(start.elapsed().as_secs_f64() / SEGMENTS as f64);
        }
    }
    println!("one thread, {SEGMENTS} segments between uniform points of [0,1]^784, medians of {ROUNDS} rounds\n");
    println!("  {:30} {:>10} {:>9} {:>10} {:>14} {:>10}", "", "products", "regions", "ms", "us a region", "over LeNet");
    let base = median(seconds[0].clone());
    for (i, (label, products, _)) in cases.iter().enumerate() {
        let (own, regions) = (median(seconds[i].clone()), regions[i] as f64 / SEGMENTS as f64);
        println!("  {label:30} {products:>10} {regions:>9.0} {:>10.2} {:>14.1} {:>9.2}x", 1e3 * own, 1e6 * own / regions, own / base);
    }
}
