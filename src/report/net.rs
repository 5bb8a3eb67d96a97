//! The report of a network.

use crate::network::{Hyperplanes, Layer, Network};
use serde::Serialize;

/// What `plica net` says of a network.
///
/// ```
/// use plica::{network::{Layer, Network}, report::NetReport};
/// use nalgebra::{dmatrix, dvector};
/// let network = Network::new(vec![
///     Layer::from_f64(dmatrix![1.0; 2.0], dvector![0.0, -0.5]),
///     Layer::from_f64(dmatrix![2.0, -4.0], dvector![0.0]),
/// ]).unwrap();
/// let report = NetReport::of("tent", &network);
/// assert_eq!((report.shape.as_str(), report.weights, report.biases), ("1-2-1", 4, 3));
/// assert_eq!(report.layers[0].parallel, [[0, 1]]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NetReport {
    /// The network as it was named.
    pub network: String,
    /// The widths from input to output, such as `2-16-16-1`.
    pub shape: String,
    /// The dimension of the input space.
    pub inputs: usize,
    /// The number of outputs.
    pub outputs: usize,
    /// The number of hidden layers.
    pub depth: usize,
    /// The number of hidden units.
    pub hidden_units: usize,
    /// The number of weights, biases apart.
    pub weights: usize,
    /// The number of biases.
    pub biases: usize,
    /// Whether every coefficient is exactly its nearest double.
    pub dyadic: bool,
    /// The layers, the output layer last.
    pub layers: Vec<LayerReport>,
}

/// What is said of one layer; units are named by their index in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerReport {
    /// The number of its outputs.
    pub outputs: usize,
    /// The number of its inputs.
    pub inputs: usize,
    /// Whether every coefficient is exactly its nearest double.
    pub dyadic: bool,
    /// The number of weights that are 0.
    pub zero_weights: usize,
    /// Units whose weights are all 0.
    pub constant: Vec<usize>,
    /// Groups of units whose weights and biases are positive multiples of each other.
    pub duplicated: Vec<Vec<usize>>,
    /// Groups of units whose weights are multiples of each other.
    pub parallel: Vec<Vec<usize>>,
}

impl LayerReport {
    /// The report of a layer.
    pub fn of(layer: &Layer) -> Self {
        let Hyperplanes { constant, duplicated, parallel } = Hyperplanes::of(layer);
        let weights = layer.weights();
        let zero = |&(i, j): &(usize, usize)| weights[(i, j)] == 0.0 && layer.weight(i, j).is_zero();
        let places = (0..layer.outputs()).flat_map(|i| (0..layer.inputs()).map(move |j| (i, j)));
        Self {
            outputs: layer.outputs(),
            inputs: layer.inputs(),
            dyadic: layer.is_dyadic(),
            zero_weights: places.filter(zero).count(),
            constant,
            duplicated,
            parallel,
        }
    }
}

impl NetReport {
    /// The report of a network under this name.
    pub fn of(name: &str, network: &Network) -> Self {
        let layers = network.layers();
        Self {
            network: name.to_string(),
            shape: network.shape(),
            inputs: network.inputs(),
            outputs: network.outputs(),
            depth: network.depth(),
            hidden_units: network.hidden_units(),
            weights: layers.iter().map(|layer| layer.outputs() * layer.inputs()).sum(),
            biases: layers.iter().map(Layer::outputs).sum(),
            dyadic: layers.iter().all(Layer::is_dyadic),
            layers: layers.iter().map(LayerReport::of).collect(),
        }
    }
}
