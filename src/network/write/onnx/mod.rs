//! Writes networks to `.onnx` files: each node of a graph becomes operators that are read as the same node.
//!
//! An activation or a maximum becomes one operator, so that units and their bits are preserved. If no operator has the same bits, the
//! network is refused. An affine node may become several operators, whose exact product is the same map. Every number is stored exactly: as
//! floats of 4 bytes if all numbers are such floats, and else of 8 bytes. A file declares the first version of the operators, from 17 on,
//! that has all of its operators.

mod activation;
mod affine;
mod file;
mod smooth;
mod sparse;
mod window;

use crate::network::graph::{Coefficients, Graph, Node, Operation};
use file::{File, LIMIT, OPERATORS, Tensor};

/// The reasons for which a graph is not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A number that is not a float of the file.
    Number {
        /// The coefficient, such as `weight 3` or `bias 0`.
        place: String,
        /// The value of the coefficient.
        value: String,
    },
    /// A node for which there is no operator.
    Node(String),
    /// The network needs more bytes than a file can have.
    TooLarge,
}

/// A refusal, with the index of its node.
pub(super) type Refused = (usize, Refusal);

/// The bytes of a file for a graph. The numbers are singles if that is exact, and else doubles.
pub(super) fn graph(graph: &Graph) -> Result<Vec<u8>, Refused> {
    written(graph, true).or_else(|_| written(graph, false))
}

fn written(graph: &Graph, single: bool) -> Result<Vec<u8>, Refused> {
    let needed = |node: &Node| match &node.operation {
        Operation::Smooth { function, .. } => smooth::version(function, single),
        _ => OPERATORS,
    };
    let version = graph.nodes().iter().map(needed).fold(OPERATORS, i64::max);
    let mut file = File::new(version, single, graph.input_shape(), LIMIT);
    let mut tensors = vec![file.input()];
    for (n, node) in graph.nodes().iter().enumerate().skip(1) {
        file.begin_layer(n - 1);
        tensors.push(tensor(&mut file, node, &tensors).map_err(|refusal| (n, refusal))?);
    }
    file.finish(&tensors[graph.output()], graph.output_shape()).map_err(|refusal| (graph.output(), refusal))
}

/// The tensor of a node, computed from those of the nodes before it. Its shape may differ from that of the node; its elements are in the
/// same order.
fn tensor(file: &mut File, node: &Node, tensors: &[Tensor]) -> Result<Tensor, Refusal> {
    match &node.operation {
        Operation::Input => Ok(tensors[0].clone()),
        Operation::Affine(affine) => affine::write(file, affine, &node.shape, tensors),
        Operation::Activation { is_layer: false, .. } => not_a_layer(),
        Operation::Activation { from, functions, function_of, .. } => {
            activation::write(file, &tensors[*from], &node.shape, functions, function_of)
        }
        Operation::Smooth { is_layer: false, function, .. } if function.is_activation() => not_a_layer(),
        Operation::Smooth { from, function, .. } => smooth::write(file, &tensors[*from], function),
        Operation::Product(factors) => smooth::pair(file, "Mul", factors.map(|factor| &tensors[factor]), &node.shape),
        Operation::Quotient(parts) => smooth::pair(file, "Div", parts.map(|part| &tensors[part]), &node.shape),
        Operation::MatrixProduct(product) => smooth::matrix_product(file, product, product.factors.map(|factor| &tensors[factor])),
        Operation::Maximum(maximum) if !maximum.is_layer => not_a_layer(),
        Operation::Maximum(maximum) => window::maximum(file, maximum, &node.shape, &tensors[maximum.from]),
    }
}

/// A file does not record whose bits count: all activations that are read have bits.
fn not_a_layer() -> Result<Tensor, Refusal> {
    Err(Refusal::Node("its bits are not those of a hidden layer, which an .onnx file cannot express".to_string()))
}

/// All coefficients as floats of the file.
fn floats(file: &File, what: &str, coefficients: &Coefficients) -> Result<Vec<f64>, Refusal> {
    let float = |i: usize| {
        let found = file.float(coefficients, i);
        found.ok_or_else(|| Refusal::Number { place: format!("{what} {i}"), value: coefficients.get(i).to_string() })
    };
    (0..coefficients.len()).map(float).collect()
}
