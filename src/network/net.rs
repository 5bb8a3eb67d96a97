//! The one type of networks, with any piecewise linear layers.

use super::graph::{Graph, Node};
use super::stack::Stack;
use super::{Layer, NetworkError, Selection, SelectionError, UnitSet};
use rug::Rational;
use std::fmt;
use std::sync::Arc;

/// A network of piecewise linear or smooth layers.
///
/// Affine layers with ReLU between them are given to [`Network::new`], other layers are added by a
/// [`NetworkBuilder`](super::NetworkBuilder), and [`load`](super::load()) reads files. Copies share the weights.
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
#[must_use]
pub struct Network {
    kind: Kind,
    notes: Vec<String>,
}

/// The two kinds of networks inside the library: stacks of layers have faster walks.
#[derive(Clone)]
enum Kind {
    Stack(Arc<Stack>),
    Nodes(Arc<Graph>),
}

impl Network {
    /// A network of affine layers with a ReLU after each but the last. The first layer is that at the input.
    ///
    /// All layers but the last are *hidden*, and their outputs are the [units](super::Unit).
    ///
    /// # Errors
    /// There are no layers, a layer is empty, the sizes of consecutive layers differ, or coefficients are not finite.
    pub fn new(layers: Vec<Layer>) -> Result<Self, NetworkError> {
        Ok(Stack::new(layers)?.into())
    }

    pub(crate) fn with_notes(self, notes: Vec<String>) -> Self {
        Self { notes, ..self }
    }

    /// The network as a stack of layers, if it is one.
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

    /// The widths of the hidden layers, if all of them are a ReLU of an affine map of the layer below.
    pub(crate) fn hidden_widths(&self) -> Option<Vec<usize>> {
        if let Some(stack) = self.stack() {
            return Some(stack.layers()[..stack.depth()].iter().map(Layer::outputs).collect());
        }
        self.graph().hidden_widths()
    }

    /// The affine layers with ReLU between them, the output layer last; `None` if the network has other layers.
    pub fn layers(&self) -> Option<&[Layer]> {
        self.stack().map(|stack| stack.layers())
    }

    /// All tensors, in the order in which they are computed. The first one is the input.
    ///
    /// ```
    /// use plica::network::{Operation, load};
    /// let network = load("sawtooth:1").unwrap();
    /// assert!(matches!(network.nodes()[2].operation, Operation::Activation { from: 1, .. }));
    /// ```
    pub fn nodes(&self) -> &[Node] {
        self.graph().nodes()
    }

    /// The index of the output node.
    pub fn output_node(&self) -> usize {
        self.graph().output()
    }

    /// Notes of the reader: operators that were omitted because they change no region, and facts that the file does not state.
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

    /// The number of hidden layers L. The output is layer L.
    pub fn depth(&self) -> usize {
        self.stack().map_or_else(|| self.graph().depth(), |stack| stack.depth())
    }

    /// The number of hidden units m.
    pub fn hidden_units(&self) -> usize {
        self.stack().map_or_else(|| self.graph().hidden_units(), |stack| stack.hidden_units())
    }

    /// The widths from the input to the output, such as `2-16-16-1`. An input with several axes is written as `1x28x28`.
    pub fn shape(&self) -> String {
        self.stack().map_or_else(|| self.graph().shape(), |stack| stack.shape())
    }

    /// Whether all layers are piecewise affine, so that there are linear regions. [`Operation::Smooth`](super::Operation::Smooth),
    /// [`Operation::Product`](super::Operation::Product), [`Operation::Quotient`](super::Operation::Quotient) and
    /// [`Operation::MatrixProduct`](super::Operation::MatrixProduct) are not.
    #[must_use]
    pub fn is_piecewise_affine(&self) -> bool {
        self.first_smooth().is_none()
    }

    /// The first node that is not piecewise affine, if there is one.
    pub(crate) fn first_smooth(&self) -> Option<usize> {
        match &self.kind {
            Kind::Stack(_) => None,
            Kind::Nodes(graph) => graph.first_smooth(),
        }
    }

    /// The units that a selection names.
    ///
    /// # Errors
    /// The network does not have such a layer.
    pub fn units(&self, selection: &Selection) -> Result<UnitSet, SelectionError> {
        self.stack().map_or_else(|| self.graph().units(selection), |stack| stack.units(selection))
    }

    /// The exact outputs at a point, computed directly from the definitions of the layers.
    ///
    /// ```
    /// let network = plica::network::load("sawtooth:1").unwrap(); // 0 to 1 and back
    /// assert_eq!(network.evaluate(&[(1, 3).into()]), network.evaluate(&[(2, 3).into()]));
    /// ```
    ///
    /// # Errors
    /// The point has the wrong dimension, a layer is smooth, so that its values are not rational, or a divisor is 0 at the point.
    pub fn evaluate(&self, point: &[Rational]) -> Result<Vec<Rational>, NetworkError> {
        self.stack().map_or_else(|| self.graph().evaluate(point), |stack| stack.evaluate(point))
    }

    /// The exact elements of all [nodes](Self::nodes) at a point.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn evaluate_all(&self, point: &[Rational]) -> Result<Vec<Vec<Rational>>, NetworkError> {
        self.graph().evaluate_all(point)
    }

    /// The same network with one bit for each unit: whether the output of the unit is positive. This is the rule of the first paper for
    /// every kind of unit.
    ///
    /// Layers of ReLU are unchanged, since the output of a ReLU is positive exactly where its pre-activation is.
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

    /// The number of multiplications by weights of one evaluation.
    pub fn multiplications(&self) -> usize {
        let of_layer = |layer: &Layer| layer.inputs() * layer.outputs();
        self.layers().map_or_else(|| self.graph().multiplications(), |layers| layers.iter().map(of_layer).sum())
    }

    /// The approximate cost of a segment above the first layer, in multiplications.
    pub(crate) fn work(&self) -> u64 {
        match self.layers() {
            Some(layers) => layers.iter().skip(1).map(|layer| (layer.inputs() * layer.outputs()) as u64).sum(),
            // The walk of a graph uses sparse updates and fresh evaluations, some dozen for each segment.
            None if self.is_piecewise_affine() => (self.multiplications() as u64).saturating_mul(64),
            // A smooth network is enclosed on some hundred intervals, at several times the cost of an evaluation.
            None => (self.multiplications() as u64).saturating_mul(1024),
        }
    }

    /// The same network without its form as a stack, for tests that compare the two walks.
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

/// Networks are equal if their layers and their names are. Notes are not compared.
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
