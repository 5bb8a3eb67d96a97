//! The network: one type, of any layers.

use super::graph::{Graph, Node};
use super::stack::Stack;
use super::{Layer, NetworkError, Selection, SelectionError, UnitSet};
use rug::Rational;
use std::fmt;
use std::sync::Arc;

/// A network of piecewise linear layers.
///
/// It is made of affine layers with ReLU between them ([`Network::new`]), of any other layers by a [`NetworkBuilder`](super::NetworkBuilder), or loaded
/// ([`load`](super::load())). Copies share the weights.
///
/// ```
/// use plica::network::{Layer, Network};
/// use nalgebra::{dmatrix, dvector};
/// let tent = Network::new(vec![
///     Layer::from_f64(dmatrix![1.0; 1.0], dvector![0.0, -0.5]),
///     Layer::from_f64(dmatrix![2.0, -4.0], dvector![0.0]),
/// ]).unwrap();
/// assert_eq!((tent.inputs(), tent.hidden_units(), tent.outputs()), (1, 2, 1));
/// assert_eq!(tent.evaluate(&[(3, 4).into()]).unwrap()[0].to_string(), "1/2");
/// ```
#[derive(Clone)]
pub struct Network {
    kind: Kind,
    notes: Vec<String>,
}

/// What the library uses of a network's kind: stacks have walks of their own, which are faster.
#[derive(Clone)]
enum Kind {
    Stack(Arc<Stack>),
    Nodes(Arc<Graph>),
}

impl Network {
    /// A network of affine layers with a ReLU after each but the last, the input's side first.
    ///
    /// The layers but the last are *hidden*, and their outputs are the [units](super::Unit).
    ///
    /// # Errors
    /// No layers, an empty layer, shapes that do not chain, coefficients that are not finite.
    pub fn new(layers: Vec<Layer>) -> Result<Self, NetworkError> {
        Ok(Stack::new(layers)?.into())
    }

    pub(crate) fn with_notes(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }

    /// The network as a stack of layers, where it is one.
    pub(crate) fn stack(&self) -> Option<&Arc<Stack>> {
        match &self.kind {
            Kind::Stack(stack) => Some(stack),
            Kind::Nodes(_) => None,
        }
    }

    /// The network as nodes.
    pub(crate) fn graph(&self) -> &Arc<Graph> {
        match &self.kind {
            Kind::Stack(stack) => stack.graph(),
            Kind::Nodes(graph) => graph,
        }
    }

    /// The widths of the hidden layers, where all are ReLU of affine maps of the layer below; `None` elsewhere.
    pub(crate) fn hidden_widths(&self) -> Option<Vec<usize>> {
        if let Some(stack) = self.stack() {
            return Some(stack.layers()[..stack.depth()].iter().map(Layer::outputs).collect());
        }
        let mut widths = self.graph().widths(&self.graph().stages()?);
        widths.pop();
        Some(widths)
    }

    /// The network as a stack of dense layers, where it can be written as one that is not too large.
    pub(crate) fn to_stack(&self) -> Option<Arc<Stack>> {
        self.stack().cloned().or_else(|| Stack::unrolled(self.graph()).map(Arc::new))
    }

    /// The affine layers with ReLU between them, the output layer last; `None` where the network has any other layers.
    pub fn layers(&self) -> Option<&[Layer]> {
        self.stack().map(|stack| stack.layers())
    }

    /// All tensors, in the order in which they are computed; the first is the input.
    ///
    /// ```
    /// use plica::network::{Operation, load};
    /// let network = load("sawtooth:1").unwrap();
    /// assert!(matches!(network.nodes()[2].operation, Operation::Activation { from: 1, .. }));
    /// ```
    pub fn nodes(&self) -> &[Node] {
        self.graph().nodes()
    }

    /// The node that holds the outputs.
    pub fn output_node(&self) -> usize {
        self.graph().output()
    }

    /// What is to be said of its reading: an operator that was left out because it changes no region, what a file does not say.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The dimension of the input space.
    pub fn inputs(&self) -> usize {
        self.stack().map_or_else(|| self.graph().inputs(), |stack| stack.inputs())
    }

    /// The number of outputs.
    pub fn outputs(&self) -> usize {
        self.stack().map_or_else(|| self.graph().outputs(), |stack| stack.outputs())
    }

    /// The number of hidden layers L; the output is layer L.
    pub fn depth(&self) -> usize {
        self.stack().map_or_else(|| self.graph().depth(), |stack| stack.depth())
    }

    /// The number of hidden units m.
    pub fn hidden_units(&self) -> usize {
        self.stack().map_or_else(|| self.graph().hidden_units(), |stack| stack.hidden_units())
    }

    /// The widths from the input to the output, such as `2-16-16-1`; an input with several axes as `1x28x28`.
    pub fn shape(&self) -> String {
        self.stack().map_or_else(|| self.graph().shape(), |stack| stack.shape())
    }

    /// The units that a selection names.
    ///
    /// # Errors
    /// A layer that the network does not have.
    pub fn units(&self, selection: &Selection) -> Result<UnitSet, SelectionError> {
        self.stack().map_or_else(|| self.graph().units(selection), |stack| stack.units(selection))
    }

    /// The exact outputs at a point, by the definitions of the layers.
    ///
    /// ```
    /// let network = plica::network::load("sawtooth:1").unwrap(); // x, then back again
    /// assert_eq!(network.evaluate(&[(1, 3).into()]), network.evaluate(&[(2, 3).into()]));
    /// ```
    ///
    /// # Errors
    /// A point of the wrong dimension.
    pub fn evaluate(&self, point: &[Rational]) -> Result<Vec<Rational>, NetworkError> {
        self.stack().map_or_else(|| self.graph().evaluate(point), |stack| stack.evaluate(point))
    }

    /// The exact elements of all [nodes](Self::nodes) at a point.
    ///
    /// # Errors
    /// A point of the wrong dimension.
    pub fn evaluate_all(&self, point: &[Rational]) -> Result<Vec<Vec<Rational>>, NetworkError> {
        self.graph().evaluate_all(point)
    }

    /// The same network with one bit a unit, whether its output is positive: the rule of the first paper for every kind of unit.
    ///
    /// Layers of ReLU stay as they are: the output of a ReLU is positive where its pre-activation is.
    ///
    /// ```
    /// use plica::network::{NetworkBuilder, Piecewise, Selection};
    /// let mut builder = NetworkBuilder::new(&[2]).unwrap();
    /// let x = builder.input();
    /// let clipped = builder.activation(&x, Piecewise::clip(Some(0.into()), Some(6.into()))).unwrap();
    /// let network = builder.finish(&clipped).unwrap();
    /// assert_eq!(network.units(&Selection::Hidden).unwrap().count(), 4);
    /// assert_eq!(network.with_output_bits().units(&Selection::Hidden).unwrap().count(), 2);
    /// ```
    pub fn with_output_bits(&self) -> Self {
        match &self.kind {
            Kind::Nodes(graph) => Self::from(graph.with_output_bits()).with_notes(self.notes.clone()),
            Kind::Stack(_) => self.clone(),
        }
    }

    /// The number of multiplications by weights that one evaluation takes.
    pub fn multiplications(&self) -> usize {
        let of_layer = |layer: &Layer| layer.inputs() * layer.outputs();
        self.layers().map_or_else(|| self.graph().multiplications(), |layers| layers.iter().map(of_layer).sum())
    }

    /// What a segment costs above the first layer, about, in multiplications.
    pub(crate) fn work(&self) -> u64 {
        match self.layers() {
            Some(layers) => layers.iter().skip(1).map(|layer| (layer.inputs() * layer.outputs()) as u64).sum(),
            // Nodes are walked by sparse updates and fresh evaluations, some dozen a segment.
            None => (self.multiplications() as u64).saturating_mul(64),
        }
    }

    /// The same network, of which is not seen that it is a stack: tests hold the walks of both kinds against each other.
    #[doc(hidden)]
    pub fn as_nodes(&self) -> Self {
        Self { kind: Kind::Nodes(Arc::clone(self.graph())), notes: self.notes.clone() }
    }
}

impl From<Stack> for Network {
    fn from(stack: Stack) -> Self {
        Self { kind: Kind::Stack(Arc::new(stack)), notes: Vec::new() }
    }
}

impl From<Graph> for Network {
    fn from(graph: Graph) -> Self {
        match Stack::of_graph(&graph) {
            Some(stack) => stack.into(),
            None => Self { kind: Kind::Nodes(Arc::new(graph)), notes: Vec::new() },
        }
    }
}

/// Networks are equal where their layers are, and their names; notes do not count.
impl PartialEq for Network {
    fn eq(&self, other: &Self) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Stack(stack), Kind::Stack(other)) => stack == other,
            _ => self.graph() == other.graph(),
        }
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Stack(stack) => stack.fmt(f),
            Kind::Nodes(graph) => graph.fmt(f),
        }
    }
}
