//! The inputs of a network as forms of other variables, such as the coordinates of a plane.

use super::Form;
use crate::exact::Factors;
use crate::network::{Layer, Stack};
use nalgebra::{DMatrix, DVector};
use rayon::prelude::*;
use rug::Rational;

/// The inputs of a network as forms of other variables.
pub(crate) struct Inputs {
    /// The number of these variables.
    pub width: usize,
    pub forms: Vec<Form>,
}

impl Inputs {
    /// The inputs as forms of themselves.
    pub(crate) fn all(inputs: usize) -> Self {
        Self { width: inputs, forms: (0..inputs as u32).map(Form::column).collect() }
    }

    /// The stack as a function of the variables.
    pub(super) fn restrict(&self, stack: &Stack) -> Stack {
        let first = &stack.layers()[0];
        let columns = columns(&self.forms, self.width);
        let factors: Vec<Factors> = columns.iter().map(|column| Factors::new(column)).collect();
        let row = |i: usize| -> Vec<Rational> {
            if first.is_double() {
                let row: Vec<(u32, f64)> = first.weights().row(i).iter().copied().zip(0..).map(|(w, j)| (j, w)).collect();
                return factors.iter().map(|factors| factors.dot(&row)).collect();
            }
            columns.iter().map(|x| x.iter().enumerate().map(|(j, x)| first.weight(i, j) * x).sum()).collect()
        };
        let mut rows: Vec<Vec<Rational>> = (0..first.outputs()).into_par_iter().map(row).collect();
        let bias = DVector::from_fn(first.outputs(), |i, _| std::mem::take(&mut rows[i][self.width]) + first.bias_of(i));
        let weights = DMatrix::from_fn(first.outputs(), self.width, |i, k| std::mem::take(&mut rows[i][k]));
        let layers = std::iter::once(Layer::from_rationals(weights, bias)).chain(stack.layers()[1..].iter().cloned());
        Stack::new(layers.collect()).expect("the shapes still chain")
    }
}

/// The coefficients of forms, column by column. The last column has the constants.
pub(super) fn columns(forms: &[Form], width: usize) -> Vec<Vec<Rational>> {
    let coefficient = |form: &Form, column: usize| match form.terms.iter().find(|(at, _)| *at as usize == column) {
        Some((_, x)) => x.to_rational(),
        None if column == width => form.constant.to_rational(),
        None => Rational::new(),
    };
    (0..=width).map(|column| forms.iter().map(|form| coefficient(form, column)).collect()).collect()
}
