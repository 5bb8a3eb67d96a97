//! Networks and segments for the measurements.

use crate::F32Layer;
use plica::network::{Layer, Network};

/// The shapes of the benchmark: input, hidden layers, output.
pub const SHAPES: [(&str, &[usize]); 4] = [
    ("784-30-30-10", &[784, 30, 30, 10]),
    ("784-(6x10)-10", &[784, 10, 10, 10, 10, 10, 10, 10]),
    ("784-256-256-256-10", &[784, 256, 256, 256, 10]),
    ("784-(5x1024)-10", &[784, 1024, 1024, 1024, 1024, 1024, 10]),
];

/// A fixed-seed generator (splitmix64).
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Uniform in [0, 1), with 24 bits.
    pub fn unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1 << 24) as f32
    }

    /// `len` numbers, uniform in [0, 1).
    pub fn units(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| self.unit()).collect()
    }
}

/// A network as PyTorch initialises it: weights and biases uniform in +-1/sqrt(inputs).
pub fn random_network(sizes: &[usize], rng: &mut Rng) -> Vec<F32Layer> {
    sizes
        .windows(2)
        .map(|s| {
            let (cols, rows) = (s[0], s[1]);
            let bound = 1.0 / (cols as f32).sqrt();
            let mut draw = |len| (0..len).map(|_| bound * (2.0 * rng.unit() - 1.0)).collect();
            F32Layer { rows, cols, w: draw(rows * cols), b: draw(rows) }
        })
        .collect()
}

/// The layers of a network in single precision.
pub fn to_f32(network: &Network) -> Vec<F32Layer> {
    let layer = |layer: &Layer| F32Layer {
        rows: layer.outputs(),
        cols: layer.inputs(),
        w: layer.weights().transpose().iter().map(|&x| x as f32).collect(),
        b: layer.bias().iter().map(|&x| x as f32).collect(),
    };
    network.layers().expect("a stack of layers").iter().map(layer).collect()
}

/// The median of some values; the upper one if there are two in the middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
