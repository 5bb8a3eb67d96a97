//! Graphs: nodes in the order in which they are computed.

use super::{Coefficients, LinearMap, Piecewise, Smooth};
use crate::network::selection::{LayerBits, UnitSet};
use crate::network::{Selection, SelectionError};
use rug::Rational;
use std::sync::Arc;

/// A network as a graph of affine maps, activations and maxima. A [`Network`](crate::network::Network) is stored in this form.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) output: usize,
    pub(super) output_shape: Vec<usize>,
}

/// One tensor, with the operation that computes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The name of the node in the file, if it has one.
    pub name: String,
    /// The shape of the tensor.
    pub shape: Vec<usize>,
    /// The operation that computes it from earlier nodes.
    pub operation: Operation,
}

/// The operation of a node.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// The input of the network.
    Input,
    /// A sum of linear maps and a constant.
    Affine(Affine),
    /// A piecewise affine function of each element.
    Activation {
        /// The node that it is applied to.
        from: usize,
        /// The functions, all with the same number of breakpoints.
        functions: Vec<Piecewise>,
        /// The index of the function for each element; empty if one function applies to all.
        function_of: Vec<u32>,
        /// Whether the bits are those of a hidden layer. If not, they only record the affine part of each output.
        is_layer: bool,
    },
    /// The largest element of each window.
    Maximum(Maximum),
    /// A smooth function of each element. A unit of an activation has one bit: whether its pre-activation is positive.
    Smooth {
        /// The node that it is applied to.
        from: usize,
        /// The function.
        function: Smooth,
        /// Whether the bits are those of a hidden layer. Those of [arithmetic](Smooth::is_activation) never are.
        is_layer: bool,
    },
    /// The products of the elements of two nodes, element by element.
    Product([usize; 2]),
    /// The quotients of the elements of two nodes, element by element. They are defined where the divisor is not 0.
    Quotient([usize; 2]),
    /// The products of pairs of matrices.
    MatrixProduct(MatrixProduct),
}

/// Products of pairs of matrices, whose elements stand row by row: the first node has `batch` matrices of `rows` x `inner`, the second one `batch` matrices of
/// `inner` x `columns`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixProduct {
    /// The nodes.
    pub factors: [usize; 2],
    /// The number of pairs.
    pub batch: usize,
    /// The rows of the first matrix of a pair.
    pub rows: usize,
    /// The columns of the first matrix and the rows of the second one.
    pub inner: usize,
    /// The columns of the second matrix.
    pub columns: usize,
}

impl MatrixProduct {
    /// The pairs of elements of the two nodes whose products are added in an element of the result.
    pub fn pairs(&self, element: usize) -> impl Iterator<Item = (usize, usize)> + Clone + use<> {
        let &Self { rows, inner, columns, .. } = self;
        let (row, column) = (element / columns, element % columns);
        let (left, right) = (row * inner, row / rows * inner * columns + column);
        (0..inner).map(move |k| (left + k, right + k * columns))
    }
}

/// A sum of linear maps of earlier nodes, and a constant.
#[derive(Clone, Debug, PartialEq)]
pub struct Affine {
    /// The maps.
    pub terms: Vec<Term>,
    /// The constants, one for each element.
    pub bias: Coefficients,
}

/// One linear map of an affine node.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// The node that it is applied to.
    pub from: usize,
    /// The map.
    pub map: LinearMap,
}

/// Maxima over windows that all have the same number of candidates.
#[derive(Clone, Debug, PartialEq)]
pub struct Maximum {
    /// The node whose elements are compared.
    pub from: usize,
    /// The number of candidates in a window.
    pub size: usize,
    /// For each window `size` candidates: indices of elements of the node, or [`Maximum::ABSENT`] for padding.
    pub candidates: Vec<u32>,
    /// Whether the winners are the states of a hidden layer.
    pub is_layer: bool,
}

impl Maximum {
    /// Marks padding in the list of candidates.
    pub const ABSENT: u32 = u32::MAX;

    /// The candidates of a window, each with its position in the window.
    pub fn window(&self, window: usize) -> impl Iterator<Item = (usize, usize)> + Clone + '_ {
        let places = self.candidates[window * self.size..][..self.size].iter().enumerate();
        places.filter(|(_, element)| **element != Self::ABSENT).map(|(place, &element)| (place, element as usize))
    }
}

impl Node {
    /// The number of elements of the result.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether the result has no elements. This is always false.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bits of the units, if the node is a layer.
    fn bits(&self) -> Option<LayerBits> {
        match &self.operation {
            Operation::Activation { functions, is_layer: true, .. } => Some(LayerBits::Breakpoints(functions[0].breakpoints().len())),
            Operation::Maximum(Maximum { size, is_layer: true, .. }) => Some(LayerBits::Winner(*size)),
            Operation::Smooth { is_layer: true, .. } => Some(LayerBits::Breakpoints(1)),
            _ => None,
        }
    }

    /// Whether the node is a ReLU of every element.
    pub(crate) fn is_relu(&self) -> bool {
        matches!(&self.operation, Operation::Activation { functions, .. } if functions.iter().all(|f| *f == Piecewise::relu()))
    }

    /// The nodes from which this node is computed.
    pub(crate) fn parents(&self) -> Vec<usize> {
        match &self.operation {
            Operation::Input => Vec::new(),
            Operation::Affine(affine) => affine.terms.iter().map(|term| term.from).collect(),
            Operation::Activation { from, .. } | Operation::Maximum(Maximum { from, .. }) | Operation::Smooth { from, .. } => vec![*from],
            Operation::Product(factors) | Operation::Quotient(factors) | Operation::MatrixProduct(MatrixProduct { factors, .. }) => {
                factors.to_vec()
            }
        }
    }

    /// Replaces the indices of the nodes from which this node is computed.
    pub(super) fn rename_parents(&mut self, name: impl Fn(usize) -> usize) {
        match &mut self.operation {
            Operation::Input => {}
            Operation::Affine(affine) => affine.terms.iter_mut().for_each(|term| term.from = name(term.from)),
            Operation::Activation { from, .. } | Operation::Maximum(Maximum { from, .. }) | Operation::Smooth { from, .. } => {
                *from = name(*from)
            }
            Operation::Product(factors) | Operation::Quotient(factors) | Operation::MatrixProduct(MatrixProduct { factors, .. }) => {
                *factors = factors.map(name);
            }
        }
    }

    /// The function of an element of an activation, for any representation of the functions.
    pub(crate) fn function_of<'a, F>(functions: &'a [F], function_of: &[u32], element: usize) -> &'a F {
        &functions[function_of.get(element).map_or(0, |&f| f as usize)]
    }
}

impl Graph {
    /// A graph of these nodes; the last one is the output.
    pub fn of_nodes(nodes: Vec<Node>) -> Self {
        let output = nodes.len() - 1;
        Self { output_shape: nodes[output].shape.clone(), nodes, output }
    }

    /// All nodes, the input first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The index of the output node.
    pub fn output(&self) -> usize {
        self.output
    }

    /// The shape of the input.
    pub fn input_shape(&self) -> &[usize] {
        &self.nodes[0].shape
    }

    /// The shape of the output.
    pub fn output_shape(&self) -> &[usize] {
        &self.output_shape
    }

    /// The dimension of the input space.
    pub fn inputs(&self) -> usize {
        self.nodes[0].len()
    }

    /// The number of outputs.
    pub fn outputs(&self) -> usize {
        self.nodes[self.output].len()
    }

    /// The hidden layers: the nodes that have bits, in order.
    pub fn layers(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|&n| self.nodes[n].bits().is_some()).collect()
    }

    /// The first node that is not piecewise affine, if there is one.
    pub fn first_smooth(&self) -> Option<usize> {
        let is_smooth = |operation: &Operation| match operation {
            Operation::Input | Operation::Affine(_) | Operation::Activation { .. } | Operation::Maximum(_) => false,
            Operation::Smooth { .. } | Operation::Product(_) | Operation::Quotient(_) | Operation::MatrixProduct(_) => true,
        };
        self.nodes.iter().position(|node| is_smooth(&node.operation))
    }

    /// The number of hidden layers.
    pub fn depth(&self) -> usize {
        self.layers().len()
    }

    /// The number of hidden units.
    pub fn hidden_units(&self) -> usize {
        self.layers().iter().map(|&n| self.nodes[n].len()).sum()
    }

    /// The shape of the input, the numbers of units of the hidden layers, and the number of outputs.
    pub fn shape(&self) -> String {
        let sizes: Vec<String> = self.input_shape().iter().skip_while(|&&n| n == 1).map(usize::to_string).collect();
        let input = if sizes.is_empty() { "1".to_string() } else { sizes.join("x") };
        let layers = self.layers().into_iter().map(|n| self.nodes()[n].len().to_string());
        std::iter::once(input).chain(layers).chain([self.outputs().to_string()]).collect::<Vec<_>>().join("-")
    }

    /// The number of multiplications of one evaluation.
    pub fn multiplications(&self) -> usize {
        let of = |node: &Node| match &node.operation {
            Operation::Affine(affine) => affine.terms.iter().map(|term| term.map.multiplications()).fold(0, usize::saturating_add),
            _ => 0,
        };
        self.nodes.iter().map(of).fold(0, usize::saturating_add)
    }

    /// The units that a selection names. The outputs are the layer above the last hidden one, with one bit each.
    ///
    /// # Errors
    /// The graph does not have such a layer.
    pub fn units(&self, selection: &Selection) -> Result<UnitSet, SelectionError> {
        let layers = self.layers().into_iter().map(|n| (self.nodes[n].len(), self.nodes[n].bits().expect("a layer has bits")));
        selection.resolve_in(layers.chain([(self.outputs(), LayerBits::Breakpoints(1))]).collect())
    }

    /// As [`Network::with_output_bits`](crate::network::Network::with_output_bits).
    pub fn with_output_bits(&self) -> Self {
        let (mut nodes, mut place) = (Vec::new(), Vec::with_capacity(self.nodes.len()));
        for node in &self.nodes {
            let mut node = node.clone();
            // The output of a smooth function that is not positive everywhere has the sign of its input.
            let keeps_sign = matches!(&node.operation, Operation::Smooth { function, .. } if !function.is_positive());
            let layer = node.bits().is_some() && !node.is_relu() && !keeps_sign;
            node.rename_parents(|parent| place[parent]);
            if layer
                && let Operation::Activation { is_layer, .. }
                | Operation::Maximum(Maximum { is_layer, .. })
                | Operation::Smooth { is_layer, .. } = &mut node.operation
            {
                *is_layer = false;
            }
            let shape = node.shape.clone();
            nodes.push(node);
            if layer {
                nodes.push(probe(nodes.len() - 1, shape, true));
            }
            place.push(nodes.len() - 1);
        }
        Self { nodes, output: place[self.output], output_shape: self.output_shape.clone() }
    }

    /// The same network; if `outputs`, with one more node whose bits are the signs of the outputs.
    pub(crate) fn with_probed_outputs(self: &Arc<Self>, outputs: bool) -> Arc<Self> {
        if !outputs {
            return Arc::clone(self);
        }
        let mut graph = Self::clone(self);
        graph.nodes.push(probe(self.output, self.nodes[self.output].shape.clone(), true));
        Arc::new(graph)
    }

    /// The exact constant of an element of an affine node.
    pub(crate) fn bias(affine: &Affine, element: usize) -> Rational {
        if affine.bias.is_empty() { Rational::new() } else { affine.bias.get(element) }
    }
}

fn probe(from: usize, shape: Vec<usize>, is_layer: bool) -> Node {
    let operation = Operation::Activation { from, functions: vec![Piecewise::probe()], function_of: Vec::new(), is_layer };
    Node { name: String::new(), shape, operation }
}
