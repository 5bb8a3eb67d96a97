//! A network of either kind: a chain of fully connected ReLU layers, or a graph.

use super::graph::{Graph, GraphError, Operation, Piecewise};
use super::{Layer, Network, Selection, SelectionError, UnitSet};
use nalgebra::{DMatrix, DVector};
use rug::Rational;

/// A network of either kind. Chains have the faster walks; a graph that is one becomes one.
#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    /// Fully connected layers with ReLU between them.
    Chain(Network),
    /// Any other layers.
    Graph(Graph),
}

/// A network of either kind, by reference.
#[derive(Clone, Copy, Debug)]
pub enum ModelRef<'a> {
    /// Fully connected layers with ReLU between them.
    Chain(&'a Network),
    /// Any other layers.
    Graph(&'a Graph),
}

impl<'a> From<&'a Network> for ModelRef<'a> {
    fn from(network: &'a Network) -> Self {
        Self::Chain(network)
    }
}

impl<'a> From<&'a Graph> for ModelRef<'a> {
    fn from(graph: &'a Graph) -> Self {
        Self::Graph(graph)
    }
}

impl<'a> From<&'a Model> for ModelRef<'a> {
    fn from(model: &'a Model) -> Self {
        match model {
            Model::Chain(network) => Self::Chain(network),
            Model::Graph(graph) => Self::Graph(graph),
        }
    }
}

impl From<Graph> for Model {
    fn from(graph: Graph) -> Self {
        match graph.to_chain() {
            Some(network) => Self::Chain(network),
            None => Self::Graph(graph),
        }
    }
}

impl ModelRef<'_> {
    /// A copy of it.
    pub fn to_model(self) -> Model {
        match self {
            Self::Chain(network) => Model::Chain(network.clone()),
            Self::Graph(graph) => Model::Graph(graph.clone()),
        }
    }

    /// The dimension of the input space.
    pub fn inputs(self) -> usize {
        match self {
            Self::Chain(network) => network.inputs(),
            Self::Graph(graph) => graph.inputs(),
        }
    }

    /// As [`Model::shape`].
    pub fn shape(self) -> String {
        match self {
            Self::Chain(network) => network.shape(),
            Self::Graph(graph) => graph.shape(),
        }
    }

    /// The units that a selection names.
    ///
    /// # Errors
    /// A layer that the network does not have.
    pub fn units(self, selection: &Selection) -> Result<UnitSet, SelectionError> {
        match self {
            Self::Chain(network) => selection.resolve(network),
            Self::Graph(graph) => graph.units(selection),
        }
    }

    /// The number of multiplications by weights that one evaluation takes, above the first layer.
    pub(crate) fn work(self) -> u64 {
        match self {
            Self::Chain(network) => network.layers().iter().skip(1).map(|layer| (layer.inputs() * layer.outputs()) as u64).sum(),
            // A graph is walked by sparse updates and fresh evaluations, some dozen a segment.
            Self::Graph(graph) => (graph.multiplications() as u64).saturating_mul(64),
        }
    }
}

impl Model {
    /// The dimension of the input space.
    pub fn inputs(&self) -> usize {
        ModelRef::from(self).inputs()
    }

    /// The number of outputs.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Chain(network) => network.outputs(),
            Self::Graph(graph) => graph.outputs(),
        }
    }

    /// The number of hidden layers.
    pub fn depth(&self) -> usize {
        match self {
            Self::Chain(network) => network.depth(),
            Self::Graph(graph) => graph.depth(),
        }
    }

    /// The exact outputs at a point, by the definitions of the layers.
    ///
    /// ```
    /// use plica::{data::load_point, network::load_model};
    /// let model = load_model("sawtooth:1").unwrap().model; // x, then back again
    /// let outputs = |x: &str| model.evaluate(&load_point(x, &Default::default()).unwrap().to_rationals()).unwrap();
    /// assert_eq!(outputs("1/3"), outputs("2/3"));
    /// ```
    ///
    /// # Errors
    /// A point of the wrong dimension.
    pub fn evaluate(&self, point: &[Rational]) -> Result<Vec<Rational>, GraphError> {
        let network = match self {
            Self::Chain(network) => network,
            Self::Graph(graph) => return graph.evaluate(point),
        };
        if point.len() != network.inputs() {
            return Err(GraphError::Dimension { expected: network.inputs(), found: point.len() });
        }
        let mut values = point.to_vec();
        for (at, layer) in network.layers().iter().enumerate() {
            let mut next: Vec<Rational> = (0..layer.outputs()).map(|i| layer.bias_of(i)).collect();
            for (i, sum) in next.iter_mut().enumerate() {
                values.iter().enumerate().filter(|(_, x)| !x.is_zero()).for_each(|(j, x)| *sum += layer.weight(i, j) * x);
                if at < network.depth() && *sum < 0 {
                    *sum = Rational::new();
                }
            }
            values = next;
        }
        Ok(values)
    }

    /// The widths from the input to the output: of a graph the shape of the input, the units of the hidden layers, and the outputs, such as
    /// `1x28x28-3456-864-10`.
    pub fn shape(&self) -> String {
        ModelRef::from(self).shape()
    }

    /// The units that a selection names.
    ///
    /// # Errors
    /// A layer that the network does not have.
    pub fn units(&self, selection: &Selection) -> Result<UnitSet, SelectionError> {
        ModelRef::from(self).units(selection)
    }
}

impl Graph {
    /// The shape of the input, the units of the hidden layers, and the outputs.
    pub fn shape(&self) -> String {
        let sizes: Vec<String> = self.input_shape().iter().skip_while(|&&n| n == 1).map(usize::to_string).collect();
        let input = if sizes.is_empty() { "1".to_string() } else { sizes.join("x") };
        let layers = self.layers().into_iter().map(|n| self.nodes()[n].len().to_string());
        std::iter::once(input).chain(layers).chain([self.outputs().to_string()]).collect::<Vec<_>>().join("-")
    }

    /// The same network as a chain, where it is one: fully connected layers with a ReLU after each but the last.
    ///
    /// ```
    /// use plica::network::graph::{Coefficients, GraphBuilder, Piecewise};
    /// let mut builder = GraphBuilder::new(&[1]).unwrap();
    /// let x = builder.input();
    /// let z = builder.linear(&x, 2, Coefficients::from_f64(vec![1.0, -1.0]), None).unwrap();
    /// let y = builder.activation(&z, Piecewise::relu()).unwrap();
    /// let sum = builder.linear(&y, 1, Coefficients::from_f64(vec![1.0, 1.0]), None).unwrap();
    /// assert_eq!(builder.finish(&sum).unwrap().to_chain().unwrap().shape(), "1-2-1");
    /// ```
    pub fn to_chain(&self) -> Option<Network> {
        let (mut layers, mut last) = (Vec::new(), 0);
        let mut nodes = self.nodes().iter().enumerate().skip(1);
        while let Some((n, node)) = nodes.next() {
            let Operation::Affine(affine) = &node.operation else { return None };
            let [term] = &affine.terms[..] else { return None };
            if term.from != last || !term.map.is_dense() {
                return None;
            }
            let (outputs, inputs, weights) = (term.map.outputs(), term.map.inputs(), term.map.weights());
            let layer = if weights.is_dyadic() && affine.bias.is_dyadic() {
                let bias = if affine.bias.is_empty() { vec![0.0; outputs] } else { affine.bias.doubles().to_vec() };
                Layer::from_f64(DMatrix::from_row_slice(outputs, inputs, weights.doubles()), DVector::from_vec(bias))
            } else {
                let bias = DVector::from_fn(outputs, |i, _| Self::bias(affine, i));
                Layer::from_rationals(DMatrix::from_row_slice(outputs, inputs, &weights.to_rationals()), bias)
            };
            layers.push(layer);
            last = n;
            if n == self.output() {
                return if nodes.next().is_none() { Network::new(layers).ok() } else { None };
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
