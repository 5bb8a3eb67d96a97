//! Layers and steps as integers, for the computation of exact values and forms.

use super::{Step, StepMap};
use crate::exact::Lists;
use crate::exact::evaluator::Weight;
use crate::exact::{common_denominator, dyadic_parts, scaled};
use crate::network::Layer;
use crate::network::graph::Coefficients;
use rug::{Integer, Rational};

/// Integers, most of which fit into a machine word.
#[derive(Clone, Debug)]
pub(crate) enum Whole {
    Small(Vec<i64>),
    Big(Vec<Integer>),
}

impl Whole {
    pub(super) fn new(values: impl Iterator<Item = Integer>) -> Self {
        let mut small = Vec::new();
        let mut values = values.peekable();
        while let Some(x) = values.next_if(|x| x.to_i64().is_some()) {
            small.push(x.to_i64().expect("just tested"));
        }
        if values.peek().is_none() {
            return Self::Small(small);
        }
        Self::Big(small.into_iter().map(Integer::from).chain(values).collect())
    }

    /// total += self[k] * x
    pub(crate) fn add_product(&self, k: usize, x: &Integer, total: &mut Integer) {
        match self {
            Self::Small(w) => *total += x * w[k],
            Self::Big(w) => *total += x * &w[k],
        }
    }

    /// The k-th of them, as it is stored.
    #[inline]
    pub(crate) fn weight(&self, k: usize) -> Weight<'_> {
        match self {
            Self::Small(w) => Weight::Word(w[k]),
            Self::Big(w) => Weight::Long(&w[k]),
        }
    }

    pub(super) fn is_zero(&self, k: usize) -> bool {
        match self {
            Self::Small(w) => w[k] == 0,
            Self::Big(w) => w[k].is_zero(),
        }
    }

    /// Bits of the largest magnitude in all of these, where all are words.
    pub(super) fn bits_of_all<'a>(mut all: impl Iterator<Item = &'a Self>) -> Option<u32> {
        all.try_fold(0, |most, numbers| numbers.bits().map(|bits| bits.max(most)))
    }

    /// The number of bits of the largest magnitude, if all are words.
    fn bits(&self) -> Option<u32> {
        match self {
            Self::Small(w) => Some(w.iter().map(|x| u64::BITS - x.unsigned_abs().leading_zeros()).max().unwrap_or(0)),
            Self::Big(_) => None,
        }
    }

    pub(crate) fn get(&self, k: usize) -> Integer {
        match self {
            Self::Small(w) => Integer::from(w[k]),
            Self::Big(w) => w[k].clone(),
        }
    }
}

/// The least power of two, at least 1, that times some doubles gives integers.
struct PowerOfTwo {
    exponent: u32,
}

impl PowerOfTwo {
    fn of(doubles: impl Iterator<Item = f64>) -> Self {
        let least = doubles.map(|x| dyadic_parts(x).1).min().unwrap_or(0).min(0);
        Self { exponent: least.unsigned_abs() }
    }

    fn factor(&self) -> Integer {
        Integer::from(1) << self.exponent
    }

    /// One of the doubles times the power of two.
    fn whole(&self, x: f64) -> Integer {
        let (m, e) = dyadic_parts(x);
        Integer::from(m) << if m == 0 { 0 } else { (e + self.exponent as i32) as u32 }
    }
}

/// A layer scaled to integers: weights and bias times `factor`, the least positive integer for which all products are integers.
#[derive(Clone, Debug)]
pub(crate) struct WholeLayer {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    pub(crate) weights: Whole,
    pub(crate) bias: Whole,
    pub(crate) factor: Integer,
    /// The number of bits of the largest weight or bias, if all are words.
    pub(crate) bits: Option<u32>,
}

impl WholeLayer {
    pub(crate) fn new(layer: &Layer) -> Self {
        let (inputs, outputs) = (layer.inputs(), layer.outputs());
        if layer.is_double() {
            let weights = (0..inputs * outputs).map(|k| layer.weights()[(k / inputs, k % inputs)]);
            let power = PowerOfTwo::of(weights.clone().chain(layer.bias().iter().copied()));
            let whole = |x: f64| power.whole(x);
            let (weights, bias) = (Whole::new(weights.map(whole)), Whole::new(layer.bias().iter().copied().map(whole)));
            return Self::of(inputs, outputs, weights, bias, power.factor());
        }
        let weights = || (0..inputs * outputs).map(|k| layer.weight(k / inputs, k % inputs));
        let bias = || (0..outputs).map(|i| layer.bias_of(i));
        let factor = common_denominator(weights().chain(bias()));
        let whole = |q: Rational| scaled(q, &factor);
        let (weights, bias) = (Whole::new(weights().map(whole)), Whole::new(bias().map(whole)));
        Self::of(inputs, outputs, weights, bias, factor)
    }

    fn of(inputs: usize, outputs: usize, weights: Whole, bias: Whole, factor: Integer) -> Self {
        let bits = weights.bits().zip(bias.bits()).map(|(w, b)| w.max(b).max(factor.significant_bits()));
        Self { inputs, outputs, weights, bias, factor, bits }
    }

    /// One output of W x. All inputs that are not 0 are in `inputs`, with the values x; `words` has the same values if all of them are
    /// machine words.
    pub(crate) fn row_product(&self, output: usize, inputs: &[usize], x: &[Integer], words: Option<&[i64]>) -> Integer {
        let row = output * self.inputs;
        if let (Whole::Small(weights), Some(bits), Some(words)) = (&self.weights, self.bits, words) {
            // The bound of `product`.
            if bits + 63 + (usize::BITS - inputs.len().leading_zeros()) <= 127 {
                return Integer::from(inputs.iter().zip(words).map(|(&j, &x)| i128::from(weights[row + j]) * i128::from(x)).sum::<i128>());
            }
        }
        let mut sum = Integer::new();
        inputs.iter().zip(x).for_each(|(&j, x)| self.weights.add_product(row + j, x, &mut sum));
        sum
    }

    /// W x. All inputs that are not 0 are in `inputs`, with the values x. The sums are computed in machine words if these are long enough.
    pub(crate) fn product(&self, inputs: &[usize], x: &[&Integer]) -> Vec<Integer> {
        let rows = (0..self.outputs).map(|i| i * self.inputs);
        if let (Whole::Small(weights), Some(bits), Some(words)) = (&self.weights, self.bits, words_of(x)) {
            // |w| < 2^bits and |x| <= 2^63, so a sum of n products is below 2^(bits + 63) n.
            if bits + 63 + (usize::BITS - inputs.len().leading_zeros()) <= 127 {
                let term = |row: usize, (&j, &x): (&usize, &i64)| i128::from(weights[row + j]) * i128::from(x);
                return rows.map(|row| Integer::from(inputs.iter().zip(&words).map(|pair| term(row, pair)).sum::<i128>())).collect();
            }
        }
        let sum = |row: usize| {
            let mut sum = Integer::new();
            inputs.iter().zip(x).for_each(|(&j, x)| self.weights.add_product(row + j, x, &mut sum));
            sum
        };
        rows.map(sum).collect()
    }
}

/// Integers as machine words, if all of them are.
fn words_of(x: &[&Integer]) -> Option<Vec<i64>> {
    x.iter().map(|x| x.to_i64()).collect()
}

/// A step scaled to integers: weights and constants times `factor`, the least positive integer that makes them whole.
#[derive(Debug)]
pub(crate) struct WholeStep {
    pub(crate) inputs: usize,
    pub(crate) outputs: usize,
    /// The first results are units, which are rectified.
    pub(crate) units: usize,
    pub(crate) factor: Integer,
    weights: Weights,
}

#[derive(Debug)]
enum Weights {
    Dense(WholeLayer),
    Sparse { rows: Lists<(u32, Integer)>, bias: Vec<Integer> },
}

impl WholeStep {
    pub(crate) fn new(step: &Step) -> Self {
        let (weights, factor) = match &step.map {
            StepMap::Dense(layer) => {
                let layer = WholeLayer::new(layer);
                let factor = layer.factor.clone();
                (Weights::Dense(layer), factor)
            }
            StepMap::Sparse(map) => {
                let (mut whole, factor) = whole_numbers(&[&map.weights, &map.bias]);
                let bias = whole.pop().expect("two lists");
                let entries = map.columns.entries().iter().copied().zip(whole.swap_remove(0)).collect();
                (Weights::Sparse { rows: map.columns.with_entries(entries), bias }, factor)
            }
        };
        Self { inputs: step.inputs(), outputs: step.outputs(), units: step.units, factor, weights }
    }

    /// The layer that a dense step is.
    pub(crate) fn layer(&self) -> Option<&WholeLayer> {
        match &self.weights {
            Weights::Dense(layer) => Some(layer),
            Weights::Sparse { .. } => None,
        }
    }

    /// W x, where only some inputs are not 0: those of `inputs`, ascending, with the values x.
    pub(crate) fn product(&self, inputs: &[usize], x: &[&Integer]) -> Vec<Integer> {
        match &self.weights {
            Weights::Dense(layer) => layer.product(inputs, x),
            Weights::Sparse { rows, .. } => {
                let mut of_column: Vec<Option<&Integer>> = vec![None; self.inputs];
                inputs.iter().zip(x).for_each(|(&j, &x)| of_column[j] = Some(x));
                let sum = |row: &[(u32, Integer)]| {
                    let mut sum = Integer::new();
                    for (j, w) in row {
                        if let Some(x) = of_column[*j as usize] {
                            sum += w * x;
                        }
                    }
                    sum
                };
                rows.iter().map(sum).collect()
            }
        }
    }

    /// The entries of a row of a sparse step.
    pub(crate) fn row(&self, output: usize) -> Option<&[(u32, Integer)]> {
        match &self.weights {
            Weights::Dense(_) => None,
            Weights::Sparse { rows, .. } => Some(rows.get(output)),
        }
    }

    /// One row of [`WholeStep::product`]; the values also as machine words, where all of them are.
    pub(crate) fn row_product(&self, output: usize, inputs: &[usize], x: &[Integer], words: Option<&[i64]>) -> Integer {
        match &self.weights {
            Weights::Dense(layer) => layer.row_product(output, inputs, x, words),
            Weights::Sparse { rows, .. } => {
                let mut sum = Integer::new();
                for (j, w) in rows.get(output) {
                    if let Ok(place) = inputs.binary_search(&(*j as usize)) {
                        sum += w * &x[place];
                    }
                }
                sum
            }
        }
    }

    /// The constant of a row.
    pub(crate) fn bias(&self, output: usize) -> Integer {
        match &self.weights {
            Weights::Dense(layer) => layer.bias.get(output),
            Weights::Sparse { bias, .. } => bias[output].clone(),
        }
    }

    /// The sum of the magnitudes of a row of weights.
    pub(crate) fn row_sum(&self, output: usize) -> Integer {
        match &self.weights {
            Weights::Dense(layer) => (0..self.inputs).map(|j| layer.weights.get(output * self.inputs + j).abs()).sum(),
            Weights::Sparse { rows, .. } => rows.get(output).iter().map(|(_, w)| Integer::from(w.abs_ref())).sum(),
        }
    }
}

/// Lists of numbers times the least positive integer that makes all of them integers, and this integer.
pub(super) fn whole_numbers(lists: &[&Coefficients]) -> (Vec<Vec<Integer>>, Integer) {
    if lists.iter().all(|list| list.is_double()) {
        let power = PowerOfTwo::of(lists.iter().flat_map(|list| list.doubles()).copied());
        return (lists.iter().map(|list| list.doubles().iter().map(|&x| power.whole(x)).collect()).collect(), power.factor());
    }
    let lists: Vec<Vec<Rational>> = lists.iter().map(|list| list.to_rationals()).collect();
    let factor = common_denominator(lists.iter().flatten().cloned());
    (lists.into_iter().map(|list| list.into_iter().map(|q| scaled(q, &factor)).collect()).collect(), factor)
}
