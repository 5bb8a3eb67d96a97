//! The report of a network by its nodes.

use super::number::{count, cut, grouped};
use super::table::{Left, Right, Table, facts};
use crate::network::{Maximum, Network, Node, Operation, Piecewise};
use serde::Serialize;

/// What is said of a network with other layers.
///
/// ```
/// use plica::{network::{NetworkBuilder, Piecewise, Window}, report::NetReport};
/// let mut builder = NetworkBuilder::new(&[1, 4, 4]).unwrap();
/// let x = builder.input();
/// let y = builder.activation(&x, Piecewise::relu()).unwrap();
/// let z = builder.max_pool(&y, &Window { stride: [2, 2], ..Window::new([2, 2]) }).unwrap();
/// let NetReport::Nodes(report) = NetReport::of("pool", &builder.finish(&z).unwrap()) else { panic!("it has a maximum") };
/// assert_eq!((report.shape.as_str(), report.hidden_units), ("4x4-16-4-4", 20));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodesReport {
    /// The network as it was named.
    pub network: String,
    /// The shape of the input, the units of the hidden layers and the outputs, such as `28x28-3456-864-10`.
    pub shape: String,
    /// The dimension of the input space.
    pub inputs: usize,
    /// The number of outputs.
    pub outputs: usize,
    /// The number of hidden layers.
    pub depth: usize,
    /// The number of hidden units.
    pub hidden_units: usize,
    /// The number of multiplications that one evaluation takes.
    pub multiplications: usize,
    /// Whether every coefficient is exactly its nearest double.
    pub dyadic: bool,
    /// All nodes, in the order in which they are computed.
    pub nodes: Vec<NodeReport>,
}

/// What is said of one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeReport {
    /// Its name in the file, empty where it has none.
    pub name: String,
    /// What it computes: `input`, `affine`, `activation` or `maximum`.
    pub kind: &'static str,
    /// Its shape.
    pub shape: Vec<usize>,
    /// The hidden layer that it is, null where it is none.
    pub layer: Option<usize>,
    /// The bits of a unit: one a breakpoint, or one a candidate of a maximum; null where it is no layer.
    pub bits: Option<usize>,
    /// The number of multiplications.
    pub multiplications: usize,
    /// What it does: `dense`, `convolution`, `relu`, `clip`, `max of 4`; empty for the input.
    pub function: String,
}

impl NodesReport {
    pub(super) fn of(name: &str, network: &Network) -> Self {
        let is_layer = |node: &Node| {
            matches!(&node.operation, Operation::Activation { is_layer: true, .. } | Operation::Maximum(Maximum { is_layer: true, .. }))
        };
        let layers: Vec<usize> = (0..network.nodes().len()).filter(|&n| is_layer(&network.nodes()[n])).collect();
        let node = |(n, node): (usize, &Node)| NodeReport {
            name: node.name.clone(),
            kind: match &node.operation {
                Operation::Input => "input",
                Operation::Affine(_) => "affine",
                Operation::Activation { .. } => "activation",
                Operation::Maximum(_) => "maximum",
            },
            shape: node.shape.clone(),
            layer: layers.iter().position(|&layer| layer == n),
            bits: match &node.operation {
                Operation::Activation { functions, .. } => Some(functions[0].breakpoints().len()),
                Operation::Maximum(Maximum { size, .. }) => Some(*size),
                _ => None,
            },
            multiplications: match &node.operation {
                Operation::Affine(affine) => affine.terms.iter().map(|term| term.map.multiplications()).fold(0, usize::saturating_add),
                _ => 0,
            },
            function: function(node),
        };
        let is_double = |node: &Node| match &node.operation {
            Operation::Affine(affine) => affine.bias.is_double() && affine.terms.iter().all(|term| term.map.weights().is_double()),
            _ => true,
        };
        Self {
            network: name.to_string(),
            shape: network.shape(),
            inputs: network.inputs(),
            outputs: network.outputs(),
            depth: layers.len(),
            hidden_units: network.hidden_units(),
            multiplications: network.multiplications(),
            dyadic: network.nodes().iter().all(is_double),
            nodes: network.nodes().iter().enumerate().map(node).collect(),
        }
    }
}

/// What a node does, in a word.
fn function(node: &Node) -> String {
    match &node.operation {
        Operation::Input => String::new(),
        Operation::Affine(affine) => match &affine.terms[..] {
            [] => "constant".to_string(),
            [term] => term.map.kind().to_string(),
            terms => format!("sum of {}", terms.len()),
        },
        Operation::Activation { functions, .. } => match &functions[..] {
            [f] => activation(f).to_string(),
            functions if functions.iter().all(is_leaky) => "prelu".to_string(),
            functions => format!("{} functions", functions.len()),
        },
        Operation::Maximum(maximum) => format!("max of {}", maximum.size),
    }
}

/// Whether a function bends at 0 alone, and is z above it.
fn is_leaky(function: &Piecewise) -> bool {
    matches!((function.breakpoints(), function.slopes(), function.constants()), ([b], [_, s], [c, _]) if b.is_zero() && *s == 1 && c.is_zero())
}

/// The name of a function.
fn activation(function: &Piecewise) -> &'static str {
    match function.slopes() {
        [] | [_] => "affine",
        [s, _] if is_leaky(function) && s.is_zero() => "relu",
        [s, _] if is_leaky(function) && *s == -1 => "absolute value",
        _ if is_leaky(function) => "leaky relu",
        [a, b, c] if a.is_zero() && *b == 1 && c.is_zero() => "clip",
        [a, _, c] if a.is_zero() && c.is_zero() && function.constants()[0].is_zero() && function.constants()[2] == 1 => "hard sigmoid",
        _ => "piecewise affine",
    }
}

/// Its size, and a row for each node.
pub(super) fn nodes_text(report: &NodesReport) -> String {
    let arithmetic = if report.dyadic { "doubles, exactly" } else { "rationals" };
    let mut text = format!("{}\n\n", cut(&report.network, 80));
    text += &facts(&[
        (
            "shape",
            cut(&report.shape, 27),
            "hidden",
            format!("{} in {}", count(report.hidden_units as u64, "unit"), count(report.depth as u64, "layer")),
        ),
        ("numbers", arithmetic.to_string(), "products", grouped(report.multiplications as u64)),
    ]);
    let mut table = Table::new([Left, Left, Left, Right, Right, Right], ["node", "kind", "shape", "products", "layer", "bits"]);
    for node in &report.nodes {
        let shape = node.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
        let kind = if node.function.is_empty() { node.kind } else { &node.function };
        table.push([
            cut(&node.name, 18),
            cut(kind, 24),
            cut(&shape, 14),
            if node.multiplications > 0 { grouped(node.multiplications as u64) } else { String::new() },
            node.layer.map(|layer| layer.to_string()).unwrap_or_default(),
            node.layer.and(node.bits).map(|bits| bits.to_string()).unwrap_or_default(),
        ]);
    }
    text + &format!("\n{table}")
}
