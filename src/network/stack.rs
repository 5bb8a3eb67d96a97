//! Stacks of affine layers with ReLU between them. Most networks are stacks, and stacks have faster walks.

use super::graph::{Affine, Coefficients, Graph, LinearMap, Node, Operation, Piecewise, Term};
use super::lowered::{Lowered, WholeStack};
use super::{Layer, LayerBits, NetworkError, Selection, SelectionError, UnitSet};
use nalgebra::{DMatrix, DVector};
use rug::Rational;
use std::fmt;
use std::sync::{Arc, OnceLock};

/// Affine layers with a ReLU after each but the last.
pub(crate) struct Stack {
    layers: Vec<Layer>,
    graph: OnceLock<Arc<Graph>>,
    lowered: OnceLock<Arc<Lowered>>,
    whole: OnceLock<WholeStack>,
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").field("layers", &self.layers).finish()
    }
}

impl PartialEq for Stack {
    fn eq(&self, other: &Self) -> bool {
        self.layers == other.layers
    }
}

impl Stack {
    /// A stack of these layers, the first one at the input.
    pub(crate) fn new(layers: Vec<Layer>) -> Result<Self, NetworkError> {
        if layers.is_empty() {
            return Err(NetworkError::NoLayers);
        }
        for (i, layer) in layers.iter().enumerate() {
            layer.check(i)?;
            if i > 0 && layers[i - 1].outputs() != layer.inputs() {
                return Err(NetworkError::DoesNotChain { layer: i, expected: layers[i - 1].outputs(), found: layer.inputs() });
            }
        }
        Ok(Self { layers, graph: OnceLock::new(), lowered: OnceLock::new(), whole: OnceLock::new() })
    }

    /// All layers, the output layer last.
    pub(crate) fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// The network as nodes, built on first use.
    pub(crate) fn graph(&self) -> &Arc<Graph> {
        self.graph.get_or_init(|| Arc::new(self.to_graph()))
    }

    /// The network as steps, built on first use. They share the weights.
    pub(crate) fn lowered(&self) -> &Arc<Lowered> {
        self.lowered.get_or_init(|| Arc::new(Lowered::of_stack(self)))
    }

    /// The layers with integer coefficients, computed on first use.
    pub(crate) fn whole(&self) -> &WholeStack {
        self.whole.get_or_init(|| WholeStack::new(self.lowered()))
    }

    pub(crate) fn depth(&self) -> usize {
        self.layers.len() - 1
    }

    pub(crate) fn inputs(&self) -> usize {
        self.layers[0].inputs()
    }

    pub(crate) fn outputs(&self) -> usize {
        self.layers[self.depth()].outputs()
    }

    pub(crate) fn hidden_units(&self) -> usize {
        self.layers[..self.depth()].iter().map(Layer::outputs).sum()
    }

    /// The widths from the input to the output, such as `2-16-16-1`.
    pub(crate) fn shape(&self) -> String {
        let widths = std::iter::once(self.inputs()).chain(self.layers.iter().map(Layer::outputs));
        widths.map(|w| w.to_string()).collect::<Vec<_>>().join("-")
    }

    pub(crate) fn units(&self, selection: &Selection) -> Result<UnitSet, SelectionError> {
        selection.resolve_in(self.layers.iter().map(|layer| (layer.outputs(), LayerBits::Breakpoints(1))).collect())
    }

    /// The exact outputs at a point.
    pub(crate) fn evaluate(&self, point: &[Rational]) -> Result<Vec<Rational>, NetworkError> {
        if point.len() != self.inputs() {
            return Err(NetworkError::Dimension { expected: self.inputs(), found: point.len() });
        }
        let mut values = point.to_vec();
        for (at, layer) in self.layers.iter().enumerate() {
            let mut next: Vec<Rational> = (0..layer.outputs()).map(|i| layer.bias_of(i)).collect();
            for (i, sum) in next.iter_mut().enumerate() {
                values.iter().enumerate().filter(|(_, x)| !x.is_zero()).for_each(|(j, x)| *sum += layer.weight(i, j) * x);
                if at < self.depth() && *sum < 0 {
                    *sum = Rational::new();
                }
            }
            values = next;
        }
        Ok(values)
    }

    fn to_graph(&self) -> Graph {
        // The input is one row of numbers, as in files.
        let mut nodes = vec![Node { name: String::new(), shape: vec![1, self.inputs()], operation: Operation::Input }];
        for (at, layer) in self.layers.iter().enumerate() {
            let from = nodes.len() - 1;
            let mut push = |operation| nodes.push(Node { name: String::new(), shape: vec![1, layer.outputs()], operation });
            push(Operation::Affine(affine_of(layer, from)));
            if at < self.depth() {
                push(Operation::Activation { from: from + 1, functions: vec![Piecewise::relu()], function_of: Vec::new(), is_layer: true });
            }
        }
        Graph::of_nodes(nodes)
    }

    /// A graph as a stack, if it is one: dense maps with a ReLU after each but the last.
    pub(crate) fn of_graph(graph: &Graph) -> Option<Self> {
        let (mut layers, mut last) = (Vec::new(), 0);
        let mut nodes = graph.nodes().iter().enumerate().skip(1);
        while let Some((n, node)) = nodes.next() {
            let Operation::Affine(affine) = &node.operation else { return None };
            layers.push(layer_of(affine, last)?);
            last = n;
            if n == graph.output() {
                return if nodes.next().is_none() { Self::new(layers).ok() } else { None };
            }
            let (n, node) = nodes.next()?;
            match &node.operation {
                Operation::Activation { from, functions, is_layer: true, .. }
                    if *from == last && functions.iter().all(|f| *f == Piecewise::relu()) => {}
                _ => return None,
            }
            last = n;
        }
        None
    }
}

/// The affine node of a layer, applied to the node `from`.
fn affine_of(layer: &Layer, from: usize) -> Affine {
    let (inputs, outputs) = (layer.inputs(), layer.outputs());
    let places = || (0..outputs).flat_map(|i| (0..inputs).map(move |j| (i, j)));
    let (weights, bias) = if layer.is_double() {
        (
            Coefficients::from_f64(places().map(|place| layer.weights()[place]).collect()),
            Coefficients::from_f64(layer.bias().as_slice().to_vec()),
        )
    } else {
        let weights = Coefficients::from_rationals(places().map(|(i, j)| layer.weight(i, j)).collect());
        (weights, Coefficients::from_rationals((0..outputs).map(|i| layer.bias_of(i)).collect()))
    };
    Affine { terms: vec![Term { from, map: LinearMap::dense(inputs, outputs, weights) }], bias }
}

/// An affine node as a layer, if it is one dense map of the node `of`.
fn layer_of(affine: &Affine, of: usize) -> Option<Layer> {
    let [term] = &affine.terms[..] else { return None };
    if term.from != of || !term.map.is_dense() {
        return None;
    }
    let (outputs, inputs, weights) = (term.map.outputs(), term.map.inputs(), term.map.weights());
    Some(if weights.is_double() && affine.bias.is_double() {
        let bias = if affine.bias.is_empty() { vec![0.0; outputs] } else { affine.bias.doubles().to_vec() };
        Layer::from_f64(DMatrix::from_row_slice(outputs, inputs, weights.doubles()), DVector::from_vec(bias))
    } else {
        let bias = DVector::from_fn(outputs, |i, _| Graph::bias(affine, i));
        Layer::from_rationals(DMatrix::from_row_slice(outputs, inputs, &weights.to_rationals()), bias)
    })
}
