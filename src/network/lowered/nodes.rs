//! The nodes of a network with integer coefficients, for exact forms along segments.

use super::whole::{Whole, whole_numbers};
use crate::exact::evaluator::{Rows, Size, Weight};
use crate::network::graph::{Coefficients, Graph, Maximum, Node, Operation, Piecewise};
use rug::Integer;
use std::sync::Arc;

/// A network's nodes with integer coefficients.
pub(crate) struct WholeNodes {
    graph: Arc<Graph>,
    nodes: Vec<WholeNode>,
    /// For each node, the index of its first element among all elements.
    offsets: Vec<usize>,
}

struct WholeNode {
    /// The denominator of the forms of the node, divided by the scale of the input.
    factor: Integer,
    /// The factor of the constants, divided by the scale of the input.
    scale: Integer,
    bits: Option<u32>,
    numbers: Numbers,
}

/// The coefficients of a node, by its kind.
enum Numbers {
    None,
    /// The weights of each term, and the constants.
    Affine(Vec<Whole>, Whole),
    /// The slopes and the constants of each function.
    Functions(Vec<[Whole; 2]>),
}

impl WholeNodes {
    pub(crate) fn new(graph: &Arc<Graph>) -> Self {
        let mut nodes: Vec<WholeNode> = Vec::with_capacity(graph.nodes().len());
        for node in graph.nodes() {
            nodes.push(WholeNode::new(&node.operation, &nodes));
        }
        let offsets = graph.nodes().iter().scan(0, |next, node| {
            *next += node.len();
            Some(*next - node.len())
        });
        Self { offsets: offsets.collect(), nodes, graph: Arc::clone(graph) }
    }

    /// The denominator of the forms of a node, divided by the scale of the input.
    pub(crate) fn factor(&self, node: usize) -> &Integer {
        &self.nodes[node].factor
    }
}

impl WholeNode {
    fn new(operation: &Operation, below: &[Self]) -> Self {
        match operation {
            Operation::Input => Self { factor: Integer::from(1), scale: Integer::from(1), bits: None, numbers: Numbers::None },
            Operation::Affine(affine) => {
                // All terms get a common scale.
                let mut scale = Integer::from(1);
                affine.terms.iter().for_each(|term| scale.lcm_mut(&below[term.from].factor));
                let all: Vec<&Coefficients> = affine.terms.iter().map(|term| term.map.weights()).chain([&affine.bias]).collect();
                let (mut whole, own) = whole_numbers(&all);
                let bias = Whole::new(whole.pop().expect("the constants are the last").into_iter());
                let weights = affine.terms.iter().zip(whole).map(|(term, weights)| {
                    let ratio = Integer::from(scale.div_exact_ref(&below[term.from].factor));
                    Whole::new(weights.into_iter().map(|w| if ratio == 1 { w } else { w * &ratio }))
                });
                let weights: Vec<Whole> = weights.collect();
                Self {
                    factor: own * &scale,
                    scale,
                    bits: Whole::bits_of_all(weights.iter().chain([&bias])),
                    numbers: Numbers::Affine(weights, bias),
                }
            }
            Operation::Activation { from, functions, .. } => {
                let scale = below[*from].factor.clone();
                let lists = |f: &Piecewise| [f.slopes(), f.constants()].map(|list| Coefficients::from_rationals(list.to_vec()));
                let all: Vec<[Coefficients; 2]> = functions.iter().map(lists).collect();
                let (whole, own) = whole_numbers(&all.iter().flatten().collect::<Vec<_>>());
                let mut whole = whole.into_iter().map(|list| Whole::new(list.into_iter()));
                let mut next = || whole.next().expect("two lists a function");
                let functions: Vec<[Whole; 2]> = functions.iter().map(|_| [next(), next()]).collect();
                Self {
                    factor: own * &scale,
                    scale,
                    bits: Whole::bits_of_all(functions.iter().flatten()),
                    numbers: Numbers::Functions(functions),
                }
            }
            Operation::Smooth { .. } | Operation::Product(_) | Operation::Quotient(_) | Operation::MatrixProduct(_) => {
                unreachable!("the network is piecewise affine")
            }
            Operation::Maximum(maximum) => {
                let factor = below[maximum.from].factor.clone();
                Self { scale: factor.clone(), factor, bits: Some(1), numbers: Numbers::None }
            }
        }
    }
}

/// A state has, for each element of an activation, the part of its function on which it is, and for each element of a maximum the position of
/// its winner.
impl Rows for WholeNodes {
    type State = [u32];

    fn nodes(&self) -> usize {
        self.nodes.len()
    }

    fn size(&self, node: usize) -> Size<'_> {
        let (this, whole) = (&self.graph.nodes()[node], &self.nodes[node]);
        let terms = match &this.operation {
            Operation::Affine(affine) => affine.terms.iter().map(|term| term.map.longest_row()).sum(),
            _ => 1,
        };
        Size { len: this.len(), bits: whole.bits, terms, scale: &whole.scale }
    }

    fn for_nodes_below(&self, node: usize, visit: impl FnMut(usize)) {
        self.graph.nodes()[node].parents().into_iter().for_each(visit);
    }

    #[inline]
    fn for_terms<'a>(&'a self, node: usize, element: usize, states: &[u32], mut visit: impl FnMut(usize, usize, Weight<'a>)) {
        let state = states[self.offsets[node] + element] as usize;
        match (&self.graph.nodes()[node].operation, &self.nodes[node].numbers) {
            (Operation::Affine(affine), Numbers::Affine(weights, _)) => {
                for (term, weights) in affine.terms.iter().zip(weights) {
                    term.map.for_row(element, |j, w| visit(term.from, j, weights.weight(w)));
                }
            }
            (Operation::Activation { from, function_of, .. }, Numbers::Functions(functions)) => {
                let [slopes, _] = Node::function_of(functions, function_of, element);
                if !slopes.is_zero(state) {
                    visit(*from, element, slopes.weight(state));
                }
            }
            (Operation::Maximum(maximum), _) => visit(maximum.from, winner(maximum, element, state), Weight::Word(1)),
            _ => unreachable!("the input's forms are known"),
        }
    }

    fn constant(&self, node: usize, element: usize, states: &[u32]) -> Weight<'_> {
        match (&self.graph.nodes()[node].operation, &self.nodes[node].numbers) {
            (Operation::Affine(affine), Numbers::Affine(_, bias)) if !affine.bias.is_empty() => bias.weight(element),
            (Operation::Activation { function_of, .. }, Numbers::Functions(functions)) => {
                let [_, constants] = Node::function_of(functions, function_of, element);
                constants.weight(states[self.offsets[node] + element] as usize)
            }
            _ => Weight::Word(0),
        }
    }
}

/// The element that wins a window, given its position in the window.
fn winner(maximum: &Maximum, window: usize, place: usize) -> usize {
    maximum.candidates[window * maximum.size + place] as usize
}
