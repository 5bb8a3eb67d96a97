//! The report of a network.

use super::NodeReport;
use super::nodes;
use crate::network::{Hyperplanes, Layer, Network};
use serde::Serialize;

/// The result of `plica net` for a network.
///
/// ```
/// use plica::{network::load, report::{NetDetail, NetReport}};
/// let report = NetReport::of("cantor:1", &load("cantor:1").unwrap());
/// assert_eq!((report.shape.as_str(), report.hidden_units), ("2-3-2-1", 5));
/// assert!(matches!(report.detail, NetDetail::Layers { weights: 14, biases: 6, .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NetReport {
    /// The name of the network.
    pub network: String,
    /// The widths from input to output, such as `2-16-16-1`; an input with several axes as in `28x28-3456-864-10`.
    pub shape: String,
    /// The dimension of the input space.
    pub inputs: usize,
    /// The number of outputs.
    pub outputs: usize,
    /// The number of hidden layers.
    pub depth: usize,
    /// The number of hidden units.
    pub hidden_units: usize,
    /// Its layers, or its nodes.
    #[serde(flatten)]
    pub detail: NetDetail,
}

/// The parts of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum NetDetail {
    /// Affine layers with ReLU between them.
    Layers {
        /// The number of weights, without biases.
        weights: usize,
        /// The number of biases.
        biases: usize,
        /// Whether every coefficient is exactly its nearest double.
        dyadic: bool,
        /// The layers, the output layer last.
        layers: Vec<LayerReport>,
    },
    /// Other layers.
    Nodes {
        /// The number of multiplications that one evaluation takes.
        multiplications: usize,
        /// Whether every coefficient is exactly its nearest double.
        dyadic: bool,
        /// All nodes, in the order in which they are computed.
        nodes: Vec<NodeReport>,
    },
}

impl NetReport {
    /// The report of a network under this name.
    pub fn of(name: &str, network: &Network) -> Self {
        let detail = match network.layers() {
            Some(layers) => NetDetail::Layers {
                weights: layers.iter().map(|layer| layer.outputs() * layer.inputs()).sum(),
                biases: layers.iter().map(Layer::outputs).sum(),
                dyadic: layers.iter().all(Layer::is_double),
                layers: layers.iter().map(LayerReport::of).collect(),
            },
            None => NetDetail::Nodes {
                multiplications: network.multiplications(),
                dyadic: network.nodes().iter().all(nodes::is_double),
                nodes: nodes::reports(network),
            },
        };
        Self {
            network: name.to_string(),
            shape: network.shape(),
            inputs: network.inputs(),
            outputs: network.outputs(),
            depth: network.depth(),
            hidden_units: network.hidden_units(),
            detail,
        }
    }
}

/// The result for one layer: its size, and the units that never switch, or switch on equal or parallel hyperplanes. Units are given by their index in it.
///
/// ```
/// use plica::{network::Layer, report::LayerReport};
/// use nalgebra::{dmatrix, dvector};
/// let layer = Layer::from_f64(dmatrix![1.0, 2.0; 2.0, 4.0; 0.0, 0.0; -1.0, -2.0], dvector![1.0, 2.0, 5.0, 3.0]);
/// let found = LayerReport::of(&layer);
/// assert_eq!(found.constant, [2]);
/// assert_eq!(found.duplicated, [[0, 1]]);
/// assert_eq!(found.parallel, [[0, 1, 3]]);
/// ```
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
