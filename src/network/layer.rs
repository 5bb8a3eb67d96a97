//! Layers and networks: shapes that chain, and weights that are finite and exact.

use crate::exact::{as_f64, nearest_f64, rational};
use nalgebra::{DMatrix, DVector};
use rug::Rational;

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
}

/// An affine map x -> W x + b with exact coefficients; W is outputs x inputs.
///
/// The doubles are the nearest to the exact coefficients, and equal to them where the layer [is dyadic](Self::is_dyadic).
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    weights: DMatrix<f64>,
    bias: DVector<f64>,
    exact: Option<Box<(DMatrix<Rational>, DVector<Rational>)>>,
}

impl Layer {
    /// A layer whose coefficients are the given doubles. They are checked when the layer joins a [`Network`].
    pub fn from_f64(weights: DMatrix<f64>, bias: DVector<f64>) -> Self {
        Self { weights, bias, exact: None }
    }

    /// A layer with rational coefficients.
    ///
    /// ```
    /// use plica::network::Layer;
    /// use nalgebra::{DMatrix, DVector};
    /// use rug::Rational;
    /// let third = Layer::from_rationals(DMatrix::from_element(1, 1, Rational::from((1, 3))), DVector::from_element(1, Rational::new()));
    /// assert!(!third.is_dyadic());
    /// ```
    pub fn from_rationals(weights: DMatrix<Rational>, bias: DVector<Rational>) -> Self {
        let dyadic = |q: &Rational| as_f64(q).is_some();
        let is_dyadic = weights.iter().all(dyadic) && bias.iter().all(dyadic);
        Self {
            weights: weights.map(|q| nearest_f64(&q)),
            bias: bias.map(|q| nearest_f64(&q)),
            exact: (!is_dyadic).then(|| Box::new((weights, bias))),
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
    pub fn is_dyadic(&self) -> bool {
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

    fn check(&self, layer: usize) -> Result<(), NetworkError> {
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

/// A network: affine layers with a ReLU after each but the last.
///
/// The layers but the last are *hidden*, and their outputs are the [units](crate::network::Unit).
///
/// ```
/// use plica::network::{Layer, Network};
/// use nalgebra::{dmatrix, dvector};
/// let tent = Network::new(vec![
///     Layer::from_f64(dmatrix![1.0; 1.0], dvector![0.0, -0.5]),
///     Layer::from_f64(dmatrix![2.0, -4.0], dvector![0.0]),
/// ]).unwrap();
/// assert_eq!((tent.inputs(), tent.hidden_units(), tent.outputs()), (1, 2, 1));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    layers: Vec<Layer>,
}

impl Network {
    /// A network of these layers, the input's side first.
    ///
    /// # Errors
    /// No layers, an empty layer, shapes that do not chain, coefficients that are not finite.
    pub fn new(layers: Vec<Layer>) -> Result<Self, NetworkError> {
        if layers.is_empty() {
            return Err(NetworkError::NoLayers);
        }
        for (i, layer) in layers.iter().enumerate() {
            layer.check(i)?;
            if i > 0 && layers[i - 1].outputs() != layer.inputs() {
                return Err(NetworkError::DoesNotChain { layer: i, expected: layers[i - 1].outputs(), found: layer.inputs() });
            }
        }
        Ok(Self { layers })
    }

    /// All layers, the output layer last.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The number of hidden layers L; the output is layer L.
    pub fn depth(&self) -> usize {
        self.layers.len() - 1
    }

    /// The dimension of the input space.
    pub fn inputs(&self) -> usize {
        self.layers[0].inputs()
    }

    /// The number of outputs.
    pub fn outputs(&self) -> usize {
        self.layers[self.depth()].outputs()
    }

    /// The number of hidden units m.
    pub fn hidden_units(&self) -> usize {
        self.layers[..self.depth()].iter().map(Layer::outputs).sum()
    }

    /// The widths, from the input to the output: `2-16-16-1`.
    pub fn shape(&self) -> String {
        let widths = std::iter::once(self.inputs()).chain(self.layers.iter().map(Layer::outputs));
        widths.map(|w| w.to_string()).collect::<Vec<_>>().join("-")
    }
}
