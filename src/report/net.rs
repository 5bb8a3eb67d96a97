//! The report of a network.

use super::NodesReport;
use crate::network::{Hyperplanes, Layer, Network};
use serde::Serialize;

/// What `plica net` says of a network: its layers, or its nodes where it has any other layers than affine ones with ReLU between them.
///
/// ```
/// use plica::{network::load, report::NetReport};
/// let NetReport::Layers(report) = NetReport::of("cantor:1", &load("cantor:1").unwrap()) else { panic!("it has layers") };
/// assert_eq!((report.shape.as_str(), report.weights, report.biases), ("2-3-2-1", 14, 6));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum NetReport {
    /// Affine layers with ReLU between them.
    Layers(LayersReport),
    /// Any others.
    Nodes(NodesReport),
}

impl NetReport {
    /// The report of a network under this name.
    pub fn of(name: &str, network: &Network) -> Self {
        match network.layers() {
            Some(layers) => Self::Layers(LayersReport::of(name, network, layers)),
            None => Self::Nodes(NodesReport::of(name, network)),
        }
    }
}

/// What is said of a network of affine layers with ReLU between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayersReport {
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
            dyadic: layer.is_double(),
            zero_weights: places.filter(zero).count(),
            constant,
            duplicated,
            parallel,
        }
    }
}

impl LayersReport {
    fn of(name: &str, network: &Network, layers: &[Layer]) -> Self {
        Self {
            network: name.to_string(),
            shape: network.shape(),
            inputs: network.inputs(),
            outputs: network.outputs(),
            depth: network.depth(),
            hidden_units: network.hidden_units(),
            weights: layers.iter().map(|layer| layer.outputs() * layer.inputs()).sum(),
            biases: layers.iter().map(Layer::outputs).sum(),
            dyadic: layers.iter().all(Layer::is_double),
            layers: layers.iter().map(LayerReport::of).collect(),
        }
    }
}
