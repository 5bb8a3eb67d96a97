//! Networks into `.onnx`: each node of a graph as the operators that are read as that node again.
//!
//! An activation and a maximum are one operator each, so that units and their bits are those of the network; where none has the same bits, the
//! network is refused. Affine nodes may become several operators, whose exact product is the same map. Every number is in the
//! file as it is, as a float of 4 bytes where all are such, else of 8.

mod activation;
mod affine;
mod file;
mod sparse;
mod window;

use crate::network::graph::{Coefficients, Graph, Node, Operation};
use file::{File, LIMIT, Tensor};

/// Why a graph is not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A number that no float is.
    Number {
        /// Which: `weight 3`, `bias 0`.
        place: String,
        /// Its value.
        value: String,
    },
    /// A node that no operator is read as.
    Node(String),
    /// More bytes than a file holds.
    TooLarge,
}

/// The refusal, and the node that it is about.
pub(super) type Refused = (usize, Refusal);

/// The bytes of a file with a graph. The numbers are singles if that is exact, else doubles.
pub(super) fn graph(graph: &Graph) -> Result<Vec<u8>, Refused> {
    written(graph, true).or_else(|_| written(graph, false))
}

fn written(graph: &Graph, single: bool) -> Result<Vec<u8>, Refused> {
    let mut file = File::new(single, graph.input_shape(), LIMIT);
    let mut tensors = vec![file.input()];
    for (n, node) in graph.nodes().iter().enumerate().skip(1) {
        file.begin_layer(n - 1);
        tensors.push(tensor(&mut file, node, &tensors).map_err(|refusal| (n, refusal))?);
    }
    file.finish(&tensors[graph.output()], graph.output_shape()).map_err(|refusal| (graph.output(), refusal))
}

/// The tensor of a node, of those of the nodes before it. Its shape may differ from the node's; its elements are in the same order.
fn tensor(file: &mut File, node: &Node, tensors: &[Tensor]) -> Result<Tensor, Refusal> {
    match &node.operation {
        Operation::Input => Ok(tensors[0].clone()),
        Operation::Affine(affine) => affine::write(file, affine, &node.shape, tensors),
        Operation::Activation { is_layer: false, .. } => not_a_layer(),
        Operation::Activation { from, functions, function_of, .. } => {
            activation::write(file, &tensors[*from], &node.shape, functions, function_of)
        }
        Operation::Maximum(maximum) if !maximum.is_layer => not_a_layer(),
        Operation::Maximum(maximum) => window::maximum(file, maximum, &node.shape, &tensors[maximum.from]),
    }
}

/// A file does not say whose bits count: what is read has those of every activation.
fn not_a_layer() -> Result<Tensor, Refusal> {
    Err(Refusal::Node("its bits are not those of a hidden layer, which an .onnx file does not say".to_string()))
}

/// All coefficients as floats of the file.
fn floats(file: &File, what: &str, coefficients: &Coefficients) -> Result<Vec<f64>, Refusal> {
    let float = |i: usize| {
        let found = file.float(coefficients, i);
        found.ok_or_else(|| Refusal::Number { place: format!("{what} {i}"), value: coefficients.get(i).to_string() })
    };
    (0..coefficients.len()).map(float).collect()
}
