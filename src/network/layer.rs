//! Affine layers: weights that are finite and exact.

use crate::exact::{as_f64, nearest_f64, rational};
use nalgebra::{DMatrix, DVector};
use rug::Rational;
use std::sync::Arc;

/// What can be wrong with a network.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// There are no layers.
    #[error("a network has at least one layer")]
    NoLayers,
    /// A layer has no inputs or no outputs.
    #[error("layer {layer} is {outputs} x {inputs}, and neither may be 0")]
    EmptyLayer {
        /// The layer, from 0.
        layer: usize,
        /// Its outputs.
        outputs: usize,
        /// Its inputs.
        inputs: usize,
    },
    /// A layer takes another number of inputs than the layer below it gives.
    #[error("layer {layer} takes {found} inputs, but the layer below gives {expected}")]
    DoesNotChain {
        /// The layer, from 0.
        layer: usize,
        /// What the layer below gives.
        expected: usize,
        /// What this layer takes.
        found: usize,
    },
    /// A bias has another length than its layer has outputs.
    #[error("the bias of layer {layer} has length {found}, but the layer has {expected} outputs")]
    BiasLength {
        /// The layer, from 0.
        layer: usize,
        /// The outputs of the layer.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// A weight is NaN or infinite.
    #[error("weight [{row}, {column}] of layer {layer} is {value}, not a finite number")]
    WeightNotFinite {
        /// The layer, from 0.
        layer: usize,
        /// The output.
        row: usize,
        /// The input.
        column: usize,
        /// The value found.
        value: f64,
    },
    /// A bias is NaN or infinite.
    #[error("bias [{index}] of layer {layer} is {value}, not a finite number")]
    BiasNotFinite {
        /// The layer, from 0.
        layer: usize,
        /// The output.
        index: usize,
        /// The value found.
        value: f64,
    },
    /// A point has another dimension than the input.
    #[error("the network takes {expected} inputs, but the point has {found} coordinates")]
    Dimension {
        /// The dimension of the input space.
        expected: usize,
        /// The coordinates of the point.
        found: usize,
    },
}

/// An affine map x -> W x + b with exact coefficients; W is outputs x inputs.
///
/// The doubles are the nearest to the exact coefficients, and equal to them where the layer [holds doubles](Self::is_double). Copies share them.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    weights: Arc<DMatrix<f64>>,
    bias: Arc<DVector<f64>>,
    exact: Option<Arc<(DMatrix<Rational>, DVector<Rational>)>>,
}

impl Layer {
    /// A layer whose coefficients are the given doubles. They are checked when the layer joins a [`Network`](super::Network).
    pub fn from_f64(weights: DMatrix<f64>, bias: DVector<f64>) -> Self {
        Self { weights: Arc::new(weights), bias: Arc::new(bias), exact: None }
    }

    /// A layer with rational coefficients.
    ///
    /// ```
    /// use plica::network::Layer;
    /// use nalgebra::{DMatrix, DVector};
    /// use rug::Rational;
    /// let third = Layer::from_rationals(DMatrix::from_element(1, 1, Rational::from((1, 3))), DVector::from_element(1, Rational::new()));
    /// assert!(!third.is_double());
    /// ```
    pub fn from_rationals(weights: DMatrix<Rational>, bias: DVector<Rational>) -> Self {
        let dyadic = |q: &Rational| as_f64(q).is_some();
        let is_double = weights.iter().all(dyadic) && bias.iter().all(dyadic);
        Self {
            weights: Arc::new(weights.map(|q| nearest_f64(&q))),
            bias: Arc::new(bias.map(|q| nearest_f64(&q))),
            exact: (!is_double).then(|| Arc::new((weights, bias))),
        }
    }

    /// The number of inputs.
    pub fn inputs(&self) -> usize {
        self.weights.ncols()
    }

    /// The number of outputs, which are units where a ReLU follows.
    pub fn outputs(&self) -> usize {
        self.weights.nrows()
    }

    /// The nearest doubles of the weights, outputs x inputs; infinite where a weight lies beyond the doubles.
    pub fn weights(&self) -> &DMatrix<f64> {
        &self.weights
    }

    /// The nearest doubles of the bias.
    pub fn bias(&self) -> &DVector<f64> {
        &self.bias
    }

    /// Whether every coefficient is exactly its nearest double.
    pub fn is_double(&self) -> bool {
        self.exact.is_none()
    }

    /// The exact weight from an input to an output.
    pub fn weight(&self, output: usize, input: usize) -> Rational {
        match &self.exact {
            Some(exact) => exact.0[(output, input)].clone(),
            None => rational(self.weights[(output, input)]).expect("the layers of a network are finite"),
        }
    }

    /// The exact bias of an output.
    pub fn bias_of(&self, output: usize) -> Rational {
        match &self.exact {
            Some(exact) => exact.1[output].clone(),
            None => rational(self.bias[output]).expect("the layers of a network are finite"),
        }
    }

    /// The exact weights and bias as dense rational matrices.
    pub fn to_rationals(&self) -> (DMatrix<Rational>, DVector<Rational>) {
        (
            DMatrix::from_fn(self.outputs(), self.inputs(), |i, j| self.weight(i, j)),
            DVector::from_fn(self.outputs(), |i, _| self.bias_of(i)),
        )
    }

    pub(super) fn check(&self, layer: usize) -> Result<(), NetworkError> {
        let (outputs, inputs) = self.weights.shape();
        if outputs == 0 || inputs == 0 {
            return Err(NetworkError::EmptyLayer { layer, outputs, inputs });
        }
        if self.bias.len() != outputs {
            return Err(NetworkError::BiasLength { layer, expected: outputs, found: self.bias.len() });
        }
        if self.exact.is_some() {
            return Ok(()); // rationals are finite, though their nearest doubles may not be
        }
        for row in 0..outputs {
            for column in 0..inputs {
                let value = self.weights[(row, column)];
                if !value.is_finite() {
                    return Err(NetworkError::WeightNotFinite { layer, row, column, value });
                }
            }
        }
        match self.bias.iter().position(|b| !b.is_finite()) {
            Some(index) => Err(NetworkError::BiasNotFinite { layer, index, value: self.bias[index] }),
            None => Ok(()),
        }
    }
}
