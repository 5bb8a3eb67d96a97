//! One step of a lowered network: an affine map, some of whose results are rectified.

use super::STAGE;
use super::form::Form;
use super::lower::bytes_of_terms;
use super::whole::WholeStep;
use crate::exact::{Coefficient, Lists};
use crate::network::Layer;
use crate::network::graph::Coefficients;
use nalgebra::{DMatrix, DVector};
use rug::Rational;
use std::sync::{Arc, OnceLock};

/// An affine map. The first `units` results are rectified, max(z, 0), and the others are not.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub map: StepMap,
    whole: OnceLock<Arc<WholeStep>>,
    /// The number of results that are units: they cut, and are rectified.
    pub units: usize,
    /// The hidden layer of the step; for the output, the last one.
    pub layer: usize,
}

/// The representation of the map.
#[derive(Clone, Debug)]
pub(crate) enum StepMap {
    Dense(Layer),
    Sparse(SparseMap),
}

/// An affine map by its nonzero entries, row by row.
#[derive(Clone, Debug)]
pub(crate) struct SparseMap {
    pub inputs: usize,
    /// The columns of the entries of each row.
    pub columns: Lists<u32>,
    /// The weights of all entries.
    pub weights: Coefficients,
    pub bias: Coefficients,
}

impl SparseMap {
    /// The entries of a row: the index among the weights, and the column.
    pub(crate) fn row(&self, output: usize) -> impl Iterator<Item = (usize, usize)> {
        self.columns.range(output).zip(self.columns.get(output).iter().map(|&column| column as usize))
    }
}

impl Step {
    pub(crate) fn of_layer(layer: Layer, units: usize, at: usize) -> Self {
        Self { map: StepMap::Dense(layer), whole: OnceLock::new(), units, layer: at }
    }

    /// The step with these forms; the first `units` of them are units.
    pub(crate) fn of_forms(inputs: usize, forms: Vec<Form>, units: usize, layer: usize) -> Self {
        let entries: usize = forms.iter().map(|form| form.terms.len()).sum();
        // A product of dense rows takes 8 entries at a time.
        if 4 * entries >= inputs * forms.len() {
            return Self::of_layer(dense(inputs, &forms), units, layer);
        }
        let (mut columns, mut weights, mut bias) = (Lists::with_capacity(entries), Vec::with_capacity(entries), Vec::new());
        for form in forms {
            for (column, x) in form.terms {
                columns.push(column);
                weights.push(x);
            }
            columns.end_list();
            bias.push(form.constant);
        }
        let (weights, bias) = (Coefficients::of(&weights), Coefficients::of(&bias));
        Self { map: StepMap::Sparse(SparseMap { inputs, columns, weights, bias }), whole: OnceLock::new(), units, layer }
    }

    /// The step as integers, computed when they are first used.
    pub(crate) fn whole(&self) -> &Arc<WholeStep> {
        self.whole.get_or_init(|| Arc::new(WholeStep::new(self)))
    }

    pub(crate) fn inputs(&self) -> usize {
        match &self.map {
            StepMap::Dense(layer) => layer.inputs(),
            StepMap::Sparse(map) => map.inputs,
        }
    }

    pub(crate) fn outputs(&self) -> usize {
        match &self.map {
            StepMap::Dense(layer) => layer.outputs(),
            StepMap::Sparse(map) => map.bias.len(),
        }
    }

    /// The number of bytes of its coefficients: as doubles twice, and as fractions if they are not doubles.
    pub(crate) fn bytes(&self) -> u64 {
        let (entries, is_double) = match &self.map {
            StepMap::Dense(layer) => (layer.inputs() * layer.outputs(), layer.is_double()),
            StepMap::Sparse(map) => (map.columns.entries().len(), map.weights.is_double()),
        };
        if is_double { 20 * entries as u64 } else { 20 * entries as u64 + bytes_of_terms(entries as u64) }
    }

    /// The number of words for the bits of the units.
    pub(crate) fn words(&self) -> usize {
        self.units.div_ceil(STAGE)
    }

    /// Calls `visit` for the nonzero entries of a row, each with its index among the weights (in a dense map that of the input), and the
    /// input.
    pub(crate) fn for_entries(&self, output: usize, mut visit: impl FnMut(usize, usize)) {
        match &self.map {
            StepMap::Dense(layer) => (0..layer.inputs()).filter(|&j| self.has_weight(output, j)).for_each(|j| visit(j, j)),
            StepMap::Sparse(map) => map.row(output).for_each(|(k, j)| visit(k, j)),
        }
    }

    /// Calls `visit` for the nonzero entries of a row, rounded to doubles; returns the rounded constant.
    pub(crate) fn rounded_row(&self, output: usize, mut visit: impl FnMut(usize, f64)) -> f64 {
        self.for_entries(output, |k, j| visit(j, self.weight(output, k).0));
        self.constant(output).0
    }

    /// Whether an entry is not 0.
    pub(crate) fn has_weight(&self, output: usize, k: usize) -> bool {
        let (double, exact) = self.weight(output, k);
        double != 0.0 || exact.is_some_and(|exact| !exact().is_zero())
    }

    /// An entry as a double and, if the number is not that double, a function that returns the number.
    pub(crate) fn weight(&self, output: usize, k: usize) -> (f64, Option<impl FnOnce() -> Rational + '_>) {
        let (double, is_double) = match &self.map {
            StepMap::Dense(layer) => (layer.weights()[(output, k)], layer.is_double()),
            StepMap::Sparse(map) => (map.weights.doubles()[k], map.weights.is_double()),
        };
        let exact = move || match &self.map {
            StepMap::Dense(layer) => layer.weight(output, k),
            StepMap::Sparse(map) => map.weights.get(k),
        };
        (double, (!is_double).then_some(exact))
    }

    /// The constant of a row, as [`weight`](Self::weight).
    pub(crate) fn constant(&self, output: usize) -> (f64, Option<impl FnOnce() -> Rational + '_>) {
        let (double, is_double) = match &self.map {
            StepMap::Dense(layer) => (layer.bias()[output], layer.is_double()),
            StepMap::Sparse(map) => (map.bias.doubles()[output], map.bias.is_double()),
        };
        let exact = move || match &self.map {
            StepMap::Dense(layer) => layer.bias_of(output),
            StepMap::Sparse(map) => map.bias.get(output),
        };
        (double, (!is_double).then_some(exact))
    }

    /// A row as a form.
    pub(crate) fn form(&self, output: usize) -> Form {
        match &self.map {
            StepMap::Dense(layer) => {
                let weight = |j: usize| match layer.is_double() {
                    true => Coefficient::of(layer.weights()[(output, j)]),
                    false => layer.weight(output, j).into(),
                };
                let terms = (0..layer.inputs()).map(|j| (j as u32, weight(j))).filter(|(_, x)| !x.is_zero());
                Form { terms: terms.collect(), constant: layer.bias_of(output).into() }
            }
            StepMap::Sparse(map) => {
                let terms = map.row(output).map(|(k, j)| (j as u32, map.weights.number(k)));
                Form { terms: terms.collect(), constant: map.bias.number(output) }
            }
        }
    }

    /// Whether all weights of a row are 0.
    pub(crate) fn is_constant(&self, output: usize) -> bool {
        match &self.map {
            StepMap::Dense(layer) => (0..layer.inputs()).all(|k| !self.has_weight(output, k)),
            StepMap::Sparse(map) => map.columns.get(output).is_empty(),
        }
    }

    /// The rows with a positive constant, and those with a negative one, as words.
    pub(crate) fn signs_of_constants(&self) -> [Vec<u64>; 2] {
        let mut signs = [true, false].map(|_| vec![0u64; self.outputs().div_ceil(STAGE)]);
        for i in 0..self.outputs() {
            // If a number is not a double, its nearest double is 0 or has its sign.
            let sign = match self.constant(i) {
                (0.0, Some(exact)) => exact().cmp0(),
                (double, _) => double.partial_cmp(&0.0).expect("constants are numbers"),
            };
            if sign.is_ne() {
                signs[usize::from(sign.is_lt())][i / STAGE] |= 1 << (i % STAGE);
            }
        }
        signs
    }
}

/// Forms of this number of columns as a layer.
fn dense(inputs: usize, forms: &[Form]) -> Layer {
    let numbers = |form: &Form| form.terms.iter().map(|(_, x)| x).chain([&form.constant]).all(|x| x.as_f64().is_some());
    if forms.iter().all(numbers) {
        let value = |x: &Coefficient| x.as_f64().expect("all are doubles");
        let mut weights = DMatrix::zeros(forms.len(), inputs);
        forms.iter().enumerate().for_each(|(i, form)| form.terms.iter().for_each(|(j, x)| weights[(i, *j as usize)] = value(x)));
        return Layer::from_f64(weights, DVector::from_iterator(forms.len(), forms.iter().map(|form| value(&form.constant))));
    }
    let mut weights = DMatrix::from_element(forms.len(), inputs, Rational::new());
    forms.iter().enumerate().for_each(|(i, form)| form.terms.iter().for_each(|(j, x)| weights[(i, *j as usize)] = x.to_rational()));
    Layer::from_rationals(weights, DVector::from_iterator(forms.len(), forms.iter().map(|form| form.constant.to_rational())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{DMatrix, DVector};

    /// The test has doubles, including -0, and fractions whose nearest doubles are 0 and infinite.
    #[test]
    fn constants_have_the_signs_of_their_numbers() {
        let doubles = [1.5, -1.5, 0.0, -0.0, f64::from_bits(1), -f64::from_bits(1)];
        let layer = Layer::from_f64(DMatrix::zeros(6, 1), DVector::from_row_slice(&doubles));
        assert_eq!(Step::of_layer(layer, 6, 0).signs_of_constants(), [vec![0b01_0001], vec![0b10_0010]]);
        let third = |e: i32| Rational::from((1, 3)) << e;
        let fractions = vec![third(0), -third(-1100), third(-1100), Rational::new(), third(2000), -third(2000)];
        let form = |x: &Rational| Form { terms: Vec::new(), constant: Coefficient::from(x.clone()) };
        let sparse = Step::of_forms(3000, fractions.iter().map(form).collect(), 6, 0);
        let layer = Layer::from_rationals(DMatrix::from_element(6, 1, Rational::new()), DVector::from_vec(fractions));
        for step in [sparse, Step::of_layer(layer, 6, 0)] {
            assert_eq!(step.signs_of_constants(), [vec![0b01_0101], vec![0b10_0010]]);
        }
    }
}
