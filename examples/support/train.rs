//! Shared by the examples on training: a small network in doubles, its training, and two moons as data.
//!
//! It is simple on purpose: it has no options and does not depend on a training library. Equal seeds give equal networks.

use nalgebra::{DMatrix, DVector};
use plica::network::{Layer, Network, NetworkError};
use std::f64::consts::{PI, TAU};

/// Random numbers by SplitMix64 (S. Vigna, public domain).
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ x >> 31
    }

    /// Uniform in [-1, 1).
    pub fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// Normal, by the method of Box and Muller.
    pub fn normal(&mut self) -> f64 {
        let (u, v) = ((self.uniform() + 1.0) / 2.0, self.uniform());
        (-2.0 * (1.0 - u).ln()).sqrt() * (TAU * v).cos()
    }
}

/// Points of the plane, and a label for each.
pub struct Labelled {
    /// The points, one per column.
    pub points: DMatrix<f64>,
    /// -1 or 1.
    pub labels: Vec<f64>,
}

impl Labelled {
    /// The same points in [-1, 1]^2: each coordinate is shifted and scaled to mean 0 and variance 1, then all are divided by the largest.
    pub fn scaled(mut self) -> Self {
        for mut row in self.points.row_iter_mut() {
            let (mean, deviation) = (row.mean(), row.variance().sqrt());
            row.apply(|x| *x = (*x - mean) / deviation);
        }
        let largest = self.points.amax();
        self.points.apply(|x| *x /= largest);
        self
    }
}

/// Two interleaved half circles with normal noise, as in scikit-learn's `make_moons`.
pub fn moons(count: usize, noise: f64, random: &mut Random) -> Labelled {
    let half = count / 2;
    let place = |i: usize| {
        let (sin, cos) = (PI * (i % half) as f64 / (half - 1) as f64).sin_cos();
        if i < half { [cos, sin] } else { [1.0 - cos, 0.5 - sin] }
    };
    let points = DMatrix::from_fn(2, 2 * half, |axis, i| place(i)[axis] + noise * random.normal());
    Labelled { points, labels: (0..2 * half).map(|i| if i < half { -1.0 } else { 1.0 }).collect() }.scaled()
}

/// A network with one output, in doubles: for each layer its weights, with the bias as the last column.
#[derive(Clone)]
pub struct Mlp(Vec<DMatrix<f64>>);

impl Mlp {
    /// Weights and biases uniform within 1 / sqrt(inputs), as in PyTorch's linear layers.
    pub fn new(widths: &[usize], random: &mut Random) -> Self {
        let layer = |pair: &[usize]| {
            let bound = 1.0 / (pair[0] as f64).sqrt();
            DMatrix::from_fn(pair[1], pair[0] + 1, |_, _| bound * random.uniform())
        };
        Self(widths.windows(2).map(layer).collect())
    }

    /// The network that has these doubles as its exact coefficients.
    pub fn network(&self) -> Result<Network, NetworkError> {
        let layer = |all: &DMatrix<f64>| {
            let inputs = all.ncols() - 1;
            Layer::from_f64(all.columns(0, inputs).into_owned(), DVector::from_column_slice(all.column(inputs).as_slice()))
        };
        Network::new(self.0.iter().map(layer).collect())
    }

    /// The input of each layer, with a last row of ones for the bias; and the output.
    fn forward(&self, points: &DMatrix<f64>) -> (Vec<DMatrix<f64>>, DMatrix<f64>) {
        let (last, hidden) = self.0.split_last().expect("a network has a layer");
        let mut inputs = vec![with_ones(points.clone())];
        for weights in hidden {
            let values = weights * &inputs[inputs.len() - 1];
            inputs.push(with_ones(values.map(|x| x.max(0.0))));
        }
        let output = last * &inputs[hidden.len()];
        (inputs, output)
    }

    /// The mean logistic loss ln(1 + exp(-label * output)), and the share of labels that equal the sign of the output.
    pub fn loss_and_accuracy(&self, data: &Labelled) -> (f64, f64) {
        let (_, output) = self.forward(&data.points);
        let margins: Vec<f64> = output.iter().zip(&data.labels).map(|(y, label)| y * label).collect();
        let loss = margins.iter().map(|m| (-m).max(0.0) + (-m.abs()).exp().ln_1p()).sum::<f64>();
        let right = margins.iter().filter(|&&m| m > 0.0).count();
        (loss / margins.len() as f64, right as f64 / margins.len() as f64)
    }

    /// The gradient of the mean loss, layer by layer.
    fn gradient(&self, data: &Labelled) -> Vec<DMatrix<f64>> {
        let (inputs, output) = self.forward(&data.points);
        let count = data.labels.len() as f64;
        let mut delta = DMatrix::from_fn(1, data.labels.len(), |_, i| -data.labels[i] / (1.0 + (data.labels[i] * output[i]).exp()) / count);
        let mut gradient = Vec::new();
        for (weights, input) in self.0.iter().zip(&inputs).rev() {
            gradient.push(&delta * input.transpose());
            let below = weights.columns(0, weights.ncols() - 1).transpose() * delta;
            // An inactive ReLU has gradient 0; for the input layer the result is not used.
            delta = below.zip_map(&input.rows(0, input.nrows() - 1), |slope, x| if x > 0.0 { slope } else { 0.0 });
        }
        gradient.reverse();
        gradient
    }
}

impl From<&Network> for Mlp {
    /// The nearest doubles.
    fn from(network: &Network) -> Self {
        let layer = |layer: &Layer| {
            let mut all = layer.weights().clone().insert_column(layer.inputs(), 0.0);
            all.set_column(layer.inputs(), layer.bias());
            all
        };
        Self(network.layers().expect("a stack of layers").iter().map(layer).collect())
    }
}

fn with_ones(values: DMatrix<f64>) -> DMatrix<f64> {
    let rows = values.nrows();
    values.insert_row(rows, 1.0)
}

/// Full batches with Adam (D. Kingma and J. Ba) at a constant rate.
pub struct Trainer {
    /// The network so far.
    pub mlp: Mlp,
    rate: f64,
    steps: i32,
    /// Running means of the gradient, and of its square.
    means: Vec<[DMatrix<f64>; 2]>,
}

impl Trainer {
    pub fn new(mlp: Mlp, rate: f64) -> Self {
        let zeros = |layer: &DMatrix<f64>| DMatrix::zeros(layer.nrows(), layer.ncols());
        let means = mlp.0.iter().map(|layer| [zeros(layer), zeros(layer)]).collect();
        Self { mlp, rate, steps: 0, means }
    }

    /// Trains until the total number of steps is this.
    pub fn train_to(&mut self, steps: i32, data: &Labelled) {
        while self.steps < steps {
            self.step(data);
        }
    }

    fn step(&mut self, data: &Labelled) {
        const DECAY: [f64; 2] = [0.9, 0.999];
        self.steps += 1;
        let unbiased = DECAY.map(|decay| 1.0 / (1.0 - decay.powi(self.steps)));
        let gradient = self.mlp.gradient(data);
        for ((layer, [first, second]), gradient) in self.mlp.0.iter_mut().zip(&mut self.means).zip(&gradient) {
            for (((x, m), v), g) in layer.iter_mut().zip(first.iter_mut()).zip(second.iter_mut()).zip(gradient) {
                *m += (1.0 - DECAY[0]) * (g - *m);
                *v += (1.0 - DECAY[1]) * (g * g - *v);
                *x -= self.rate * *m * unbiased[0] / ((*v * unbiased[1]).sqrt() + 1e-8);
            }
        }
    }
}
