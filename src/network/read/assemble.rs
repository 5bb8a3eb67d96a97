//! Builds a network from named arrays, so that every error has the name of the array in the file.

use crate::data::ReadProblem;
use crate::data::array::{Array, ArrayError, Numbers};
use crate::exact::rational;
use crate::network::{Layer, Network};
use nalgebra::{DMatrix, DVector, Scalar};
use rug::Rational;

/// The arrays of one layer and their names in the file. A missing bias means zeros.
pub(super) struct NamedLayer {
    pub weights: (String, Array),
    pub bias: Option<(String, Array)>,
}

/// The network of these layers, the first one at the input.
pub(super) fn assemble(layers: Vec<NamedLayer>) -> Result<Network, ReadProblem> {
    let mut below = None;
    let mut built = Vec::with_capacity(layers.len());
    for NamedLayer { weights: (name, weights), bias } in layers {
        let in_weights = |problem| ReadProblem::of_array(&name, problem);
        let (outputs, inputs) = weights.matrix_shape("outputs x inputs").map_err(in_weights)?;
        weights.check_finite().map_err(in_weights)?;
        if let Some(below) = below.replace(outputs).filter(|&below| below != inputs) {
            return Err(in_weights(ArrayError::DoesNotChain { outputs, inputs, below }));
        }
        let bias = match bias {
            None => Numbers::Doubles(vec![0.0; outputs]),
            Some((name, bias)) => checked_bias(bias, outputs).map_err(|problem| ReadProblem::of_array(&name, problem))?,
        };
        built.push(match (weights.numbers, bias) {
            (Numbers::Doubles(w), Numbers::Doubles(b)) => {
                Layer::from_f64(matrix(outputs, inputs, w).map_err(in_weights)?, DVector::from_vec(b))
            }
            (w, b) => {
                let (w, b) = (rationals(w), rationals(b));
                Layer::from_rationals(matrix(outputs, inputs, w).map_err(in_weights)?, DVector::from_vec(b))
            }
        });
    }
    if built.is_empty() {
        return Err(ReadProblem::Empty("layers"));
    }
    Ok(Network::new(built).expect("shapes and values have been checked, array by array"))
}

/// A matrix with these values, given row by row.
fn matrix<T: Scalar + Default>(rows: usize, columns: usize, mut values: Vec<T>) -> Result<DMatrix<T>, ArrayError> {
    if rows > 1 && columns > 1 {
        let mut turned = Vec::new();
        turned.try_reserve_exact(values.len()).map_err(|_| ArrayError::Memory)?;
        turned.extend((0..columns).flat_map(|j| (0..rows).map(move |i| i * columns + j)).map(|k| std::mem::take(&mut values[k])));
        values = turned;
    }
    Ok(DMatrix::from_vec(rows, columns, values))
}

fn checked_bias(bias: Array, outputs: usize) -> Result<Numbers, ArrayError> {
    let &[found] = &bias.shape[..] else {
        return Err(ArrayError::Shape { shape: bias.shape, expected: outputs.to_string() });
    };
    if found != outputs {
        return Err(ArrayError::BiasLength { expected: outputs, found });
    }
    bias.check_finite()?;
    Ok(bias.numbers)
}

fn rationals(numbers: Numbers) -> Vec<Rational> {
    match numbers {
        Numbers::Doubles(values) => values.into_iter().map(|x| rational(x).expect("the values have been checked to be finite")).collect(),
        Numbers::Rationals(values) => values,
    }
}
