//! One step in doubles with a bound on its error, for many rows at once.

use super::balls::Ball;
use crate::exact::bound::{TINY, U, product as product_error, round_up, sequential as sequential_error};
use crate::exact::lanes::{Lanes, dispatch};
use crate::exact::product::{Active, Packed, Rows, Scratch, TILE, product};
use crate::exact::{Instructions, Lists};
use crate::network::lowered::{Step, StepMap};
use rayon::prelude::*;

/// Marks that there is no column.
const NONE: u32 = u32::MAX;

/// The number of rows that go through a layer together. It does not depend on the number of threads.
const BLOCK: usize = 128;

/// Rows of values, one for each vertex or cell, with one bound on the error of all values of a row.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    /// The length of a row, including padding.
    pub stride: usize,
    pub values: Vec<f64>,
    pub errors: Vec<f64>,
    /// The largest magnitude in each row.
    pub sizes: Vec<f64>,
}

impl Values {
    /// The row at a position.
    #[inline]
    pub(super) fn row(&self, place: usize) -> &[f64] {
        &self.values[place * self.stride..][..self.stride]
    }

    /// The number of bytes of the rows.
    pub(super) fn bytes(&self) -> u64 {
        8 * (self.values.capacity() + self.errors.capacity() + self.sizes.capacity()) as u64
    }

    /// Adds the row `values`, padded with zeros.
    pub(super) fn push(&mut self, values: &[f64], error: f64) {
        let end = self.values.len() + self.stride;
        self.values.extend_from_slice(values);
        self.values.resize(end, 0.0);
        self.errors.push(error);
        self.sizes.push(largest(values));
    }

    /// Adds a row of numbers with individual bounds.
    pub(super) fn push_balls(&mut self, row: &[Ball]) {
        let values: Vec<f64> = row.iter().map(|ball| ball.x).collect();
        self.push(&values, Ball::error_of_all(row));
    }

    /// Some columns of all rows, padded with zeros.
    pub(super) fn select(&self, columns: &[u32]) -> Self {
        let stride = columns.len().max(1).next_multiple_of(TILE);
        let mut new = Self { stride, errors: self.errors.clone(), ..Self::default() };
        new.values = vec![0.0; stride * self.errors.len()];
        for (place, row) in new.values.chunks_exact_mut(stride).enumerate() {
            row.iter_mut().zip(columns).for_each(|(x, &column)| *x = self.row(place)[column as usize]);
            new.sizes.push(largest(row));
        }
        new
    }

    /// The rows at these positions.
    pub(super) fn rows(&self, places: &[usize]) -> Self {
        let mut new = Self { stride: self.stride, ..Self::default() };
        for &place in places {
            new.values.extend_from_slice(self.row(place));
            new.errors.push(self.errors[place]);
            new.sizes.push(self.sizes[place]);
        }
        new
    }

    /// Adds a row of `other` to the row at `place`.
    pub(super) fn add_to(&mut self, place: usize, other: &Self, of_other: usize) {
        let row = &mut self.values[place * self.stride..][..self.stride];
        row.iter_mut().zip(other.row(of_other)).for_each(|(x, y)| *x += y);
        self.sizes[place] = largest(row);
        let error = self.errors[place] + other.errors[of_other];
        self.errors[place] = round_up(error + 2.0 * U * self.sizes[place]);
    }

    /// Keeps the first rows only.
    pub(super) fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows * self.stride);
        self.errors.truncate(rows);
        self.sizes.truncate(rows);
    }
}

/// The largest magnitude. NaN is ignored, since no decision is taken from it.
pub(super) fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |size: f64, x| size.max(x.abs()))
}

/// A step in doubles, with the constants of its error bound; scaled as in [`scale`](super::scale).
pub(super) struct FloatStep {
    weights: Weights,
    /// The constants, padded with zeros to the length of a row of outputs.
    bias: Vec<f64>,
    /// An upper bound on the sum of the magnitudes of each row of weights.
    row_sum: f64,
    /// The largest magnitude of a bias.
    bias_size: f64,
    /// The rounding error of one product, relative to the row sum and the inputs. It includes the rounding of rational weights to doubles.
    gamma: f64,
    dyadic: bool,
    /// The rows with a positive constant, and those with a negative one, as words.
    pub constants: [Vec<u64>; 2],
}

enum Weights {
    Packed(Packed),
    Sparse(Lists<(u32, f64)>),
}

impl FloatStep {
    /// The step as a function of some inputs, in this order; all others are 0. Inputs and results are scaled by these exponents, one for
    /// every input and result of the step.
    pub(super) fn of_inputs(step: &Step, inputs: &[u32], [below, above]: [&[i32]; 2]) -> Self {
        let outputs = step.outputs();
        let mut place_of = vec![NONE; step.inputs()];
        inputs.iter().zip(0..).for_each(|(&j, place)| place_of[j as usize] = place);
        let (weights, mut is_double, gamma) = match &step.map {
            StepMap::Dense(layer) => {
                let weight = |i: usize, j: usize| step.scaled_weight(i, j, above[i] - below[j]);
                let weights = Packed::new(inputs.len(), outputs, |i, place| weight(i, inputs[place] as usize));
                (Weights::Packed(weights), layer.is_double(), product_error(inputs.len()))
            }
            StepMap::Sparse(map) => {
                let mut rows = Lists::with_capacity(map.columns.entries().len());
                for (i, exponent) in above.iter().enumerate().take(outputs) {
                    let entry = |(k, j): (usize, usize)| (place_of[j], step.scaled_weight(i, k, exponent - below[j]));
                    map.row(i).map(entry).filter(|&(place, _)| place != NONE).for_each(|entry| rows.push(entry));
                    rows.end_list();
                }
                let is_double = map.weights.is_double() && map.bias.is_double();
                let gamma = sequential_error(rows.longest());
                (Weights::Sparse(rows), is_double, gamma)
            }
        };
        let mut bias = vec![0.0; outputs.next_multiple_of(TILE)];
        let mut row_sum: f64 = 0.0;
        for (i, bias) in bias[..outputs].iter_mut().enumerate() {
            let mut sum = 0.0;
            step.scaled_row(i, |j| above[i] - below[j], |j, w| sum += if place_of[j] == NONE { 0.0 } else { w.abs() });
            *bias = step.scaled_constant(i, above[i]);
            is_double = is_double && step.has_exact_constant(i, above[i]);
            // TINY is added so that a margin also covers weights that round to subnormal doubles.
            row_sum = row_sum.max(round_up(sum) + TINY);
        }
        Self { weights, row_sum, bias_size: largest(&bias), bias, gamma, dyadic: is_double, constants: step.signs_of_constants() }
    }

    /// For every row, the results that are constants because all their inputs are 0; empty for a dense step.
    pub(super) fn constant_results(&self, nonzero: &[u64], rows: usize) -> Vec<u64> {
        let Weights::Sparse(of_results) = &self.weights else { return Vec::new() };
        let (outputs, words) = (of_results.len(), nonzero.len() / rows.max(1));
        let mut constant_results = vec![0u64; rows * outputs.div_ceil(64)];
        if words == 0 {
            return Vec::new();
        }
        let is_constant = |nonzero: &[u64], i: usize| of_results.get(i).iter().all(|&(j, _)| nonzero[j as usize / 64] >> (j % 64) & 1 == 0);
        for (constant_results, nonzero) in constant_results.chunks_exact_mut(outputs.div_ceil(64)).zip(nonzero.chunks_exact(words)) {
            (0..outputs).filter(|&i| is_constant(nonzero, i)).for_each(|i| constant_results[i / 64] |= 1 << (i % 64));
        }
        constant_results
    }

    /// W x + b for every row x. Only the inputs whose bits are set are used; in the first layer, where there are no bits, all are. Many
    /// rows go block by block over the threads of the current `rayon` pool.
    ///
    /// The bits are right, so the other inputs are exactly 0. If the error of each input is at most e and its magnitude at most s, the
    /// error of a result is below R e + gamma (R s + B), where R is the row sum and B the largest bias; TINY covers underflow.
    pub(super) fn forward(&self, instructions: Instructions, below: Values, active: &[u64]) -> Values {
        self.forward_with(instructions, below, active, false)
    }

    /// W x without the bias, as [`forward`](Self::forward).
    pub(super) fn forward_linear(&self, instructions: Instructions, below: Values, active: &[u64]) -> Values {
        self.forward_with(instructions, below, active, true)
    }

    fn forward_with(&self, instructions: Instructions, mut below: Values, active: &[u64], linear: bool) -> Values {
        let none = vec![0.0; if linear { self.bias.len() } else { 0 }];
        let (bias, bias_size) = if linear { (&none, 0.0) } else { (&self.bias, self.bias_size) };
        let count = below.errors.len();
        let words = active.len() / count.max(1);
        let stride = self.bias.len();
        let mut values = vec![0.0; count * stride];
        let blocks = values
            .par_chunks_mut(BLOCK * stride)
            .zip(below.values.par_chunks_mut(BLOCK * below.stride.max(1)))
            .zip(below.errors.par_chunks_mut(BLOCK).zip(below.sizes.par_chunks_mut(BLOCK)))
            .enumerate();
        blocks.for_each_init(Scratch::default, |scratch, (block, ((above, below), (errors, sizes)))| {
            let active = &active[block * BLOCK * words..][..sizes.len() * words];
            if words > 0 {
                clear_inactive(instructions, below, active, words, sizes);
            }
            let rows = Rows { values: below, stride: below.len() / sizes.len(), count: sizes.len() };
            let masks = if words == 0 { Active::All } else { Active::Masks { words_per_row: words, words: active } };
            match &self.weights {
                Weights::Packed(packed) => product(instructions, rows, masks, packed, above, scratch),
                Weights::Sparse(entries) => sparse_product(rows, entries, above),
            }
            for (place, (error, size)) in errors.iter_mut().zip(&*sizes).enumerate() {
                let inactive = words > 0 && active[place * words..][..words].iter().all(|&word| word == 0);
                // If no input is active, the values are the biases themselves.
                let exact = inactive && (self.dyadic || linear);
                *error = if exact { 0.0 } else { round_up(self.row_sum * *error + self.gamma * (self.row_sum * *size + bias_size) + TINY) };
            }
            add_bias(instructions, above, bias, sizes);
        });
        Values { stride, values, errors: below.errors, sizes: below.sizes }
    }
}

/// W x for every row x, in which inactive inputs are 0.
fn sparse_product(rows: Rows, entries: &Lists<(u32, f64)>, above: &mut [f64]) {
    let stride = above.len() / rows.count;
    for (row, above) in rows.values.chunks_exact(rows.stride).zip(above.chunks_exact_mut(stride)) {
        for (y, entries) in above.iter_mut().zip(entries.iter()) {
            *y = entries.iter().map(|&(j, w)| w * row[j as usize]).sum();
        }
    }
}

dispatch! {
    /// Sets inactive values to 0, row by row, and finds the largest magnitude of each row.
    fn clear_inactive(values: &mut [f64], active: &[u64], words: usize, sizes: &mut [f64]) = clear_inactive_in
}

#[inline(always)]
fn clear_inactive_in<L: Lanes>(values: &mut [f64], active: &[u64], words: usize, sizes: &mut [f64]) {
    let stride = values.len() / sizes.len().max(1);
    for ((row, bits), size) in values.chunks_exact_mut(stride.max(1)).zip(active.chunks_exact(words)).zip(sizes) {
        let mut most = L::splat(0.0);
        for (at, lanes) in row.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            let byte = bits[at / 8] >> (at % 8 * 8);
            // The mask has all bits set for an active value.
            *lanes = std::array::from_fn(|i| f64::from_bits(lanes[i].to_bits() & 0u64.wrapping_sub(byte >> i & 1)));
            most = L::load(lanes).abs().max(most);
        }
        *size = largest_lane(most);
    }
}

dispatch! {
    /// Adds the bias to every row, and finds the largest magnitude of each row.
    fn add_bias(values: &mut [f64], bias: &[f64], sizes: &mut [f64]) = add_bias_in
}

#[inline(always)]
fn add_bias_in<L: Lanes>(values: &mut [f64], bias: &[f64], sizes: &mut [f64]) {
    for (row, size) in values.chunks_exact_mut(bias.len()).zip(sizes) {
        let mut most = L::splat(0.0);
        for (lanes, bias) in row.as_chunks_mut::<8>().0.iter_mut().zip(bias.as_chunks::<8>().0) {
            let sum = L::load(lanes).add(L::load(bias));
            sum.store(lanes);
            most = sum.abs().max(most);
        }
        *size = largest_lane(most);
    }
}

/// The largest of eight lanes.
#[inline(always)]
pub(super) fn largest_lane<L: Lanes>(lanes: L) -> f64 {
    let mut all = [0.0; 8];
    lanes.store(&mut all);
    all.into_iter().fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::lossy::LossySum;
    use crate::exact::{Coefficient, rational};
    use crate::network::lowered::Form;
    use rug::Rational;

    /// The number of terms that a product adds one after the other.
    const TERMS: usize = 112;

    /// A step with one result: dense, or sparse among many inputs.
    fn step(sum: &LossySum, inputs: usize) -> Step {
        let terms = sum.weights.iter().zip(0..).filter(|(w, _)| !w.is_zero());
        let terms = terms.map(|(w, j)| (j, Coefficient::from(w.clone()))).collect();
        Step::of_forms(inputs, vec![Form { terms, constant: Coefficient::from(sum.bias.clone()) }], 1, 0)
    }

    /// The error of the result for inputs that are too large by `error`, relative to its bound.
    fn ratio(sum: &LossySum, inputs: usize, error: f64, instructions: Instructions) -> f64 {
        let step = step(sum, inputs);
        let all: Vec<u32> = (0..inputs as u32).collect();
        let float = FloatStep::of_inputs(&step, &all, [&vec![0; inputs], &[0]]);
        assert_eq!(matches!(float.weights, Weights::Sparse(_)), inputs > sum.weights.len());
        let (_, x, _) = sum.doubles();
        let mut row: Vec<f64> = x.iter().map(|x| x + error).collect();
        row.resize(inputs, 0.0);
        let mut below = Values { stride: inputs, ..Values::default() };
        below.push(&row, error);
        let values = float.forward(instructions, below, &[]);
        let products = sum.weights.iter().zip(&x).map(|(w, &x)| w * rational(x).unwrap());
        let truth = products.sum::<Rational>() + &sum.bias;
        let (off, bound) = ((truth - rational(values.values[0]).unwrap()).abs(), rational(values.errors[0]).unwrap());
        assert!(off <= bound, "{inputs} inputs, {error}: off by {} of {}", off.to_f64(), bound.to_f64());
        (off / bound).to_f64()
    }

    #[test]
    fn a_layer_has_room_for_all_its_roundings_and_for_the_errors_of_its_inputs() {
        for instructions in Instructions::available() {
            for n in [1, 2, 8, 100, TERMS] {
                let (dense, sparse) = (LossySum::new(n, TERMS), LossySum::new(n, usize::MAX));
                for (sum, inputs) in [(&dense, n), (&sparse, 3000)] {
                    let ratios = [0.0, 2f64.powi(10)].map(|error| ratio(sum, inputs, error, instructions));
                    assert!(ratios[0] > 0.3 && ratios[1] > 0.9, "{n} of {inputs}: {ratios:?}");
                }
            }
        }
    }

    /// The values of a row without active inputs are the biases: only these can be rounded.
    #[test]
    fn an_inactive_row_is_as_exact_as_the_biases() {
        for (bias, is_double) in [(Rational::from((3, 8)), true), (Rational::from((1, 3)), false)] {
            let sum = LossySum { weights: vec![Rational::from(2); 2], inputs: vec![Rational::new(); 2], bias: bias.clone(), roundings: 0 };
            let float = FloatStep::of_inputs(&step(&sum, 2), &[0, 1], [&[0, 0], &[0]]);
            let below = || {
                let mut below = Values { stride: 16, ..Values::default() };
                below.push(&[5.0, 7.0], 1.0);
                below
            };
            let values = float.forward(Instructions::detect(), below(), &[0]);
            let off = (bias - rational(values.values[0]).unwrap()).abs();
            assert!(off <= rational(values.errors[0]).unwrap());
            assert_eq!(values.errors[0] == 0.0, is_double);
            let linear = float.forward_linear(Instructions::detect(), below(), &[0]);
            assert_eq!((linear.values[0], linear.errors[0]), (0.0, 0.0));
        }
    }
}
