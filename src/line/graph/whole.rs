//! The coefficients of a graph as integers.

use crate::exact::{common_denominator, scaled};
use crate::network::graph::{Graph, Operation};
use rug::{Integer, Rational};

/// The coefficients of a graph as integers.
pub(super) struct WholeGraph {
    pub nodes: Vec<Whole>,
}

/// Those of one node.
pub(super) struct Whole {
    /// Values of the node are integers over this, times the scale of the input.
    pub factor: Integer,
    pub coefficients: Coefficients,
}

/// Integers, by the kind of a node.
pub(super) enum Coefficients {
    None,
    /// The weights of each term, and the constants.
    Affine(Vec<Vec<Integer>>, Vec<Integer>),
    /// For each function the slopes, and the constants.
    Functions(Vec<(Vec<Integer>, Vec<Integer>)>),
}

impl WholeGraph {
    pub fn new(graph: &Graph) -> Self {
        let mut nodes: Vec<Whole> = Vec::new();
        for node in graph.nodes() {
            let next = match &node.operation {
                Operation::Input => Whole { factor: Integer::from(1), coefficients: Coefficients::None },
                Operation::Affine(affine) => {
                    let mut factor = common_denominator(affine.bias.to_rationals().into_iter());
                    let weights: Vec<Vec<Rational>> = affine.terms.iter().map(|term| term.map.weights().to_rationals()).collect();
                    for (term, weights) in affine.terms.iter().zip(&weights) {
                        factor.lcm_mut(&(common_denominator(weights.iter().cloned()) * &nodes[term.from].factor));
                    }
                    let whole = affine.terms.iter().zip(weights).map(|(term, weights)| {
                        let ratio = Integer::from(factor.div_exact_ref(&nodes[term.from].factor));
                        weights.into_iter().map(|w| scaled(w, &ratio)).collect()
                    });
                    let bias = affine.bias.to_rationals().into_iter().map(|b| scaled(b, &factor)).collect();
                    let coefficients = Coefficients::Affine(whole.collect(), bias);
                    Whole { factor, coefficients }
                }
                Operation::Activation { from, functions, .. } => {
                    let below = &nodes[*from].factor;
                    let mut factor = common_denominator(functions.iter().flat_map(|f| f.slopes().iter().cloned())) * below;
                    factor.lcm_mut(&common_denominator(functions.iter().flat_map(|f| f.constants().iter().cloned())));
                    let ratio = Integer::from(factor.div_exact_ref(below));
                    let whole = |list: &[Rational], by: &Integer| list.iter().map(|q| scaled(q.clone(), by)).collect();
                    let functions = functions.iter().map(|f| (whole(f.slopes(), &ratio), whole(f.constants(), &factor))).collect();
                    Whole { factor, coefficients: Coefficients::Functions(functions) }
                }
                Operation::Maximum(maximum) => Whole { factor: nodes[maximum.from].factor.clone(), coefficients: Coefficients::None },
            };
            nodes.push(next);
        }
        Self { nodes }
    }
}
