//! Affine layers with finite, exact weights.

use crate::exact::{as_f64, nearest_f64, rational};
use nalgebra::{DMatrix, DVector};
use rug::Rational;
use std::sync::Arc;

/// The errors of a network, and of a point that is given to it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// There are no layers.
    #[error("no layers, expected at least one")]
    NoLayers,
    /// A layer has no inputs or no outputs.
    #[error("layer {layer} has shape {outputs} x {inputs}, expected sizes above 0")]
    EmptyLayer {
        /// The index of the layer, counted from 0.
        layer: usize,
        /// The number of its outputs.
        outputs: usize,
        /// The number of its inputs.
        inputs: usize,
    },
    /// A layer has another number of inputs than the layer below it has outputs.
    #[error("layer {layer} has {found} inputs, expected {expected}: the number of outputs of the layer below")]
    DoesNotChain {
        /// The index of the layer, counted from 0.
        layer: usize,
        /// The number of outputs of the layer below.
        expected: usize,
        /// The number of inputs of this layer.
        found: usize,
    },
    /// A bias has another length than its layer has outputs.
    #[error("the bias of layer {layer} has length {found}, expected {expected}: the number of outputs")]
    BiasLength {
        /// The index of the layer, counted from 0.
        layer: usize,
        /// The number of outputs of the layer.
        expected: usize,
        /// The length of the bias.
        found: usize,
    },
    /// A weight is NaN or infinite.
    #[error("weight [{row}, {column}] of layer {layer} is {value}, not a finite number")]
    WeightNotFinite {
        /// The index of the layer, counted from 0.
        layer: usize,
        /// The index of the output.
        row: usize,
        /// The index of the input.
        column: usize,
        /// The value found.
        value: f64,
    },
    /// A bias is NaN or infinite.
    #[error("bias [{index}] of layer {layer} is {value}, not a finite number")]
    BiasNotFinite {
        /// The index of the layer, counted from 0.
        layer: usize,
        /// The index of the output.
        index: usize,
        /// The value found.
        value: f64,
    },
    /// The dimension of a point is not that of the input.
    #[error("the point has {found} coordinates, expected {expected}")]
    Dimension {
        /// The dimension of the input space.
        expected: usize,
        /// The number of coordinates of the point.
        found: usize,
    },
    /// The network has a smooth function, whose values are not rational.
    #[error("node {node} is a smooth function, whose values are not rational: expected piecewise affine layers")]
    Smooth {
        /// The index of the node, counted from 0.
        node: usize,
    },
    /// A divisor is 0 at the point.
    #[error("element {element} of node {node} is divided by 0: the network is not defined at the point")]
    Undefined {
        /// The index of the node, counted from 0.
        node: usize,
        /// The index of its element.
        element: usize,
    },
}

/// An affine map x -> W x + b with exact coefficients; W is outputs x inputs.
///
/// The doubles are the nearest to the exact coefficients. They are equal to them if [`is_double`](Self::is_double). Copies
/// share them.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Layer {
    weights: Arc<DMatrix<f64>>,
    bias: Arc<DVector<f64>>,
    exact: Option<Arc<(DMatrix<Rational>, DVector<Rational>)>>,
}

impl Layer {
    /// A layer with these doubles as coefficients. A [`Network`](super::Network) checks that they are finite.
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

    /// The number of outputs. They are units if a ReLU follows.
    pub fn outputs(&self) -> usize {
        self.weights.nrows()
    }

    /// The doubles nearest to the weights, outputs x inputs; infinite if a weight rounds beyond the largest double.
    pub fn weights(&self) -> &DMatrix<f64> {
        &self.weights
    }

    /// The doubles nearest to the bias.
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
            return Ok(()); // rationals are finite, even if their nearest doubles are not
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
