//! Steps as integers.

use super::steps::{Step, StepMap};
use crate::exact::{common_denominator, scaled};
use crate::network::graph::Coefficients;
use crate::network::whole::{PowerOfTwo, WholeLayer};
use rug::Integer;

/// A step scaled to integers: weights and constants times `factor`, the least positive integer that makes them whole.
#[derive(Debug)]
pub(super) struct WholeStep {
    pub inputs: usize,
    pub outputs: usize,
    /// The first results are units, which are rectified.
    pub units: usize,
    pub factor: Integer,
    weights: Weights,
}

#[derive(Debug)]
enum Weights {
    Dense(WholeLayer),
    Sparse { starts: Vec<usize>, entries: Vec<(u32, Integer)>, bias: Vec<Integer> },
}

impl WholeStep {
    pub(super) fn new(step: &Step) -> Self {
        let (weights, factor) = match &step.map {
            StepMap::Dense(layer) => {
                let layer = WholeLayer::new(layer);
                let factor = layer.factor.clone();
                (Weights::Dense(layer), factor)
            }
            StepMap::Sparse(map) => {
                let (weights, bias, factor) = whole(&map.weights, &map.bias);
                let entries = map.columns.iter().copied().zip(weights).collect();
                (Weights::Sparse { starts: map.starts.clone(), entries, bias }, factor)
            }
        };
        Self { inputs: step.inputs(), outputs: step.outputs(), units: step.units, factor, weights }
    }

    /// W x, where only some inputs are not 0: those of `inputs`, ascending, with the values x.
    pub(super) fn product(&self, inputs: &[usize], x: &[&Integer]) -> Vec<Integer> {
        match &self.weights {
            Weights::Dense(layer) => layer.product(inputs, x),
            Weights::Sparse { starts, entries, .. } => {
                let mut of_column: Vec<Option<&Integer>> = vec![None; self.inputs];
                inputs.iter().zip(x).for_each(|(&j, &x)| of_column[j] = Some(x));
                let row = |ends: &[usize]| {
                    let mut sum = Integer::new();
                    for (j, w) in &entries[ends[0]..ends[1]] {
                        if let Some(x) = of_column[*j as usize] {
                            sum += w * x;
                        }
                    }
                    sum
                };
                starts.windows(2).map(row).collect()
            }
        }
    }

    /// The entries of a row of a sparse step.
    pub(super) fn row(&self, output: usize) -> Option<&[(u32, Integer)]> {
        match &self.weights {
            Weights::Dense(_) => None,
            Weights::Sparse { starts, entries, .. } => Some(&entries[starts[output]..starts[output + 1]]),
        }
    }

    /// One row of [`WholeStep::product`]; the values also as machine words, where all of them are.
    pub(super) fn row_product(&self, output: usize, inputs: &[usize], x: &[Integer], words: Option<&[i64]>) -> Integer {
        match &self.weights {
            Weights::Dense(layer) => layer.row_product(output, inputs, x, words),
            Weights::Sparse { starts, entries, .. } => {
                let row = &entries[starts[output]..starts[output + 1]];
                let mut sum = Integer::new();
                for (j, w) in row {
                    if let Ok(place) = inputs.binary_search(&(*j as usize)) {
                        sum += w * &x[place];
                    }
                }
                sum
            }
        }
    }

    /// The constant of a row.
    pub(super) fn bias(&self, output: usize) -> Integer {
        match &self.weights {
            Weights::Dense(layer) => layer.bias.get(output),
            Weights::Sparse { bias, .. } => bias[output].clone(),
        }
    }

    /// The sum of the magnitudes of a row of weights.
    pub(super) fn row_sum(&self, output: usize) -> Integer {
        match &self.weights {
            Weights::Dense(layer) => (0..self.inputs).map(|j| layer.weights.get(output * self.inputs + j).abs()).sum(),
            Weights::Sparse { starts, entries, .. } => {
                entries[starts[output]..starts[output + 1]].iter().map(|(_, w)| Integer::from(w.abs_ref())).sum()
            }
        }
    }
}

/// Weights and constants times the least integer that makes all of them whole, and this integer.
fn whole(weights: &Coefficients, bias: &Coefficients) -> (Vec<Integer>, Vec<Integer>, Integer) {
    if weights.is_double() && bias.is_double() {
        let power = PowerOfTwo::of(weights.doubles().iter().chain(bias.doubles()).copied());
        let [weights, bias] = [weights, bias].map(|all| all.doubles().iter().map(|&x| power.whole(x)).collect());
        return (weights, bias, power.factor());
    }
    let [weights, bias] = [weights, bias].map(Coefficients::to_rationals);
    let factor = common_denominator(weights.iter().chain(&bias).cloned());
    let [weights, bias] = [weights, bias].map(|all| all.into_iter().map(|q| scaled(q, &factor)).collect());
    (weights, bias, factor)
}
