//! The report of a network with any layers, by its nodes.

use crate::network::{Maximum, Network, Node, Operation, Piecewise};
use serde::Serialize;

/// The result for one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NodeReport {
    /// Its name in the file, empty if it has none.
    pub name: String,
    /// What it computes: `input`, `affine`, `activation`, `maximum`, `smooth`, `product` or `quotient`.
    pub kind: &'static str,
    /// Its shape.
    pub shape: Vec<usize>,
    /// The index of the hidden layer, null if it is none.
    pub layer: Option<usize>,
    /// The bits of a unit: one a breakpoint, or one a candidate of a maximum; null if it is no layer.
    pub bits: Option<usize>,
    /// The number of multiplications.
    pub multiplications: usize,
    /// What it does: `dense`, `convolution`, `relu`, `clip`, `max of 4`; empty for the input.
    pub function: String,
}

/// The reports of all nodes.
pub(super) fn reports(network: &Network) -> Vec<NodeReport> {
    let mut layers = 0..;
    let mut report = |node: &Node| {
        let (kind, is_layer, bits) = match &node.operation {
            Operation::Input => ("input", false, None),
            Operation::Affine(_) => ("affine", false, None),
            Operation::Activation { functions, is_layer, .. } => ("activation", *is_layer, Some(functions[0].breakpoints().len())),
            Operation::Maximum(Maximum { size, is_layer, .. }) => ("maximum", *is_layer, Some(*size)),
            Operation::Smooth { is_layer, function, .. } => ("smooth", *is_layer, function.is_activation().then_some(1)),
            Operation::Product(_) | Operation::MatrixProduct(_) => ("product", false, None),
            Operation::Quotient(_) => ("quotient", false, None),
        };
        let multiplications = match &node.operation {
            Operation::Affine(affine) => affine.terms.iter().map(|term| term.map.multiplications()).fold(0, usize::saturating_add),
            _ => 0,
        };
        let layer = if is_layer { layers.next() } else { None };
        NodeReport { name: node.name.clone(), kind, shape: node.shape.clone(), layer, bits, multiplications, function: function(node) }
    };
    network.nodes().iter().map(&mut report).collect()
}

/// Whether every coefficient of a node is a double.
pub(super) fn is_double(node: &Node) -> bool {
    match &node.operation {
        Operation::Affine(affine) => affine.bias.is_double() && affine.terms.iter().all(|term| term.map.weights().is_double()),
        _ => true,
    }
}

/// A word for the function of a node.
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
        Operation::Smooth { function, .. } => function.to_string(),
        Operation::Product(_) => "product of 2".to_string(),
        Operation::Quotient(_) => "quotient of 2".to_string(),
        Operation::MatrixProduct(_) => "product of 2 matrices".to_string(),
    }
}

/// Whether a function has its only breakpoint at 0 and is z above it.
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
