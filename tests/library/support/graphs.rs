//! Random graphs: any layers, generic coefficients and ones full of ties.

use plica::network::{Coefficients, ConvolutionOptions, Network, NetworkBuilder, Piecewise, Value, Window};
use proptest::prelude::*;
use rug::Rational;

/// A stream of small numbers from a seed.
#[derive(Clone, Debug)]
pub struct Numbers {
    state: u64,
    kind: u8,
}

impl Numbers {
    pub fn new(seed: u64, kind: u8) -> Self {
        Self { state: seed, kind }
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.state = self.state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.state >> 33) as usize % n
    }

    /// A coefficient: small integers with many zeros, eighths, thirds, or doubles with all their bits.
    pub fn coefficient(&mut self) -> Rational {
        match self.kind % 4 {
            0 => Rational::from(self.below(5) as i64 - 2),
            1 => Rational::from((self.below(33) as i64 - 16, 8)),
            2 => Rational::from((self.below(13) as i64 - 6, 3)),
            _ => Rational::from_f64((self.below(1 << 30) as f64 / (1u64 << 29) as f64 - 1.0) / 3.0).unwrap(),
        }
    }

    fn coefficients(&mut self, n: usize) -> Coefficients {
        Coefficients::from_rationals((0..n).map(|_| self.coefficient()).collect())
    }
}

/// The description of a random graph; it shrinks to fewer steps.
#[derive(Clone, Debug)]
pub struct Recipe {
    pub steps: Vec<u8>,
    pub seed: u64,
    pub kind: u8,
}

pub fn recipe(steps: usize) -> impl Strategy<Value = Recipe> {
    (proptest::collection::vec(any::<u8>(), 1..=steps), any::<u64>(), 0u8..4).prop_map(|(steps, seed, kind)| Recipe { steps, seed, kind })
}

/// A few of these layers have many regions.
const MOST: usize = 48;

impl Recipe {
    pub fn numbers(&self) -> Numbers {
        Numbers::new(self.seed, self.kind)
    }

    pub fn graph(&self) -> Network {
        let mut numbers = self.numbers();
        let mut builder = NetworkBuilder::new(&[1 + numbers.below(2), 3, 1 + numbers.below(3)]).unwrap();
        let mut values = vec![builder.input()];
        for &step in &self.steps {
            let x = values[values.len() - 1 - numbers.below(values.len().min(2))].clone();
            if let Some(value) = self.step(step, &mut builder, &mut numbers, &x, &values)
                && value.len() <= MOST
            {
                values.push(value);
            }
        }
        // A dense layer at the end, so that every element has an effect.
        let flat: Vec<Value> = values[1..].iter().map(|x| builder.reshape(x, &[x.len()]).unwrap()).collect();
        let flat = if flat.is_empty() { vec![builder.reshape(&values[0], &[values[0].len()]).unwrap()] } else { flat };
        let all = builder.concatenate(&flat, 0).unwrap();
        let weights = numbers.coefficients(2 * all.len());
        let output = builder.linear(&all, 2, weights, None).unwrap();
        builder.finish(&output).unwrap()
    }

    fn step(&self, step: u8, builder: &mut NetworkBuilder, numbers: &mut Numbers, x: &Value, values: &[Value]) -> Option<Value> {
        let shape = x.shape().to_vec();
        let [c, h, w]: [usize; 3] = shape.clone().try_into().ok()?;
        match step % 16 {
            0 => {
                let out = 1 + numbers.below(4);
                let flat = builder.reshape(x, &[x.len()]).unwrap();
                let weights = numbers.coefficients(out * x.len());
                let bias = numbers.coefficients(out);
                let y = builder.linear(&flat, out, weights, Some(bias)).unwrap();
                Some(builder.reshape(&y, &[1, out, 1]).unwrap())
            }
            1 | 2 => {
                let groups = if c % 2 == 0 { 1 + numbers.below(2) } else { 1 };
                let out = groups * (1 + numbers.below(2));
                let kernel = [1 + numbers.below(2), 1 + numbers.below(2)];
                let options = ConvolutionOptions {
                    stride: [1 + numbers.below(2), 1 + numbers.below(2)],
                    dilation: [1 + numbers.below(2), 1],
                    padding: [[numbers.below(2), numbers.below(2)], [numbers.below(2), numbers.below(2)]],
                    groups,
                };
                let weights = numbers.coefficients(out * (c / groups) * kernel[0] * kernel[1]);
                let bias = numbers.coefficients(out);
                builder.convolution(x, weights, kernel, Some(bias), options).ok()
            }
            3 => builder.average_pool(x, &self.window(numbers), numbers.below(2) == 0).ok(),
            4 => {
                let scale = numbers.coefficients(2);
                let of: Vec<u32> = (0..x.len()).map(|i| (i % 2) as u32).collect();
                let shift = numbers.coefficients(x.len());
                Some(builder.scale_and_shift(x, Some((&scale, &of)), Some(shift)).unwrap())
            }
            5 => builder.add(x, &values[numbers.below(values.len())]).ok(),
            6 => builder.concatenate(&[x.clone(), values[numbers.below(values.len())].clone()], numbers.below(3)).ok(),
            7 => Some(builder.transpose(x, &[[0, 2, 1], [2, 1, 0], [1, 0, 2]][numbers.below(3)]).unwrap()),
            8 | 9 => Some(builder.activation(x, Piecewise::relu()).unwrap()),
            10 => Some(builder.activation(x, Piecewise::leaky_relu(numbers.coefficient())).unwrap()),
            11 => {
                let functions = (0..2).map(|_| Piecewise::leaky_relu(numbers.coefficient())).collect();
                let of = (0..x.len()).map(|i| (i / (h * w) % 2) as u32).collect();
                Some(builder.activations(x, functions, of).unwrap())
            }
            12 => {
                let lo = numbers.coefficient();
                let hi = Rational::from(&lo + 1);
                let sigmoid = || Piecewise::hard_sigmoid(&Rational::from((1, 5)), &Rational::from((1, 2))).unwrap();
                let function = match numbers.below(3) {
                    0 => Piecewise::clip(Some(lo), Some(hi)),
                    1 => Piecewise::absolute(),
                    _ => sigmoid(),
                };
                Some(builder.activation(x, function).unwrap())
            }
            13 | 14 => builder.max_pool(x, &self.window(numbers)).ok(),
            _ => {
                let other = &values[numbers.below(values.len())];
                builder.maximum(&[x.clone(), other.clone()]).ok()
            }
        }
    }

    fn window(&self, numbers: &mut Numbers) -> Window {
        Window {
            stride: [1 + numbers.below(2), 1],
            padding: [[numbers.below(2), 0], [0, 0]],
            ceil: numbers.below(2) == 0,
            ..Window::new([1 + numbers.below(3), 1 + numbers.below(2)])
        }
    }
}

/// A small network of two layers of any activations, with skip connections: every bit is the sign of an affine form on the cells of the layers below.
pub fn bent(most_inputs: usize) -> impl Strategy<Value = Network> {
    (any::<u64>(), 0u8..4).prop_map(move |(seed, kind)| {
        let mut numbers = Numbers::new(seed, kind);
        let mut builder = NetworkBuilder::new(&[1 + numbers.below(most_inputs)]).unwrap();
        let input = builder.input();
        let mut x = input.clone();
        for _ in 0..2 {
            let width = 1 + numbers.below(3);
            let (weights, bias) = (numbers.coefficients(width * x.len()), numbers.coefficients(width));
            let y = builder.linear(&x, width, weights, Some(bias)).unwrap();
            let lo = numbers.coefficient();
            let bent = match numbers.below(5) {
                0 => builder.activation(&y, Piecewise::relu()),
                1 => builder.activation(&y, Piecewise::absolute()),
                2 => builder.activation(&y, Piecewise::clip(Some(lo.clone()), Some(lo + 1u32))),
                3 => builder.activation(&y, Piecewise::leaky_relu(lo)),
                _ => {
                    let functions = (0..2).map(|_| Piecewise::leaky_relu(numbers.coefficient())).collect();
                    builder.activations(&y, functions, (0..width).map(|i| (i % 2) as u32).collect())
                }
            };
            let bent = bent.unwrap();
            x = match numbers.below(3) {
                0 => bent,
                1 => builder.add(&bent, &y).unwrap(),
                _ => builder.concatenate(&[bent, input.clone()], 0).unwrap(),
            };
        }
        let weights = numbers.coefficients(x.len());
        let output = builder.linear(&x, 1, weights, None).unwrap();
        builder.finish(&output).unwrap()
    })
}

/// The same network, built so that the library does not find that it is a stack of layers.
pub fn as_graph(network: &Network) -> Network {
    rebuilt(network).as_nodes()
}

/// The same network, built node by node.
pub fn rebuilt(network: &Network) -> Network {
    let mut builder = NetworkBuilder::new(&[network.inputs()]).unwrap();
    let mut x = builder.input();
    for (l, layer) in network.layers().unwrap().iter().enumerate() {
        if l > 0 {
            x = builder.activation(&x, Piecewise::relu()).unwrap();
        }
        let weights = (0..layer.outputs()).flat_map(|i| (0..layer.inputs()).map(move |j| layer.weight(i, j))).collect();
        let bias = (0..layer.outputs()).map(|i| layer.bias_of(i)).collect();
        let bias = Some(Coefficients::from_rationals(bias));
        x = builder.linear(&x, layer.outputs(), Coefficients::from_rationals(weights), bias).unwrap();
    }
    builder.finish(&x).unwrap()
}
