//! The data of a graph that are computed once: offsets of elements, functions as doubles, and the windows of each candidate of a maximum.

use crate::exact::rational;
use crate::exact::{Lists, nearest_f64};
use crate::network::graph::{Coefficients, Graph, Operation, Piecewise};
use crate::network::lowered::WholeNodes;
use rug::Rational;
use std::sync::{Arc, OnceLock};

/// The filter is used only if all coefficients and coordinates that are not 0 lie between this and its inverse in magnitude (proofs/filter.md, section 13).
pub(super) const SMALL: f64 = f64::from_bits((1023 - 500) << 52); // 2^-500
pub(super) const LARGE: f64 = f64::from_bits((1023 + 500) << 52);

pub(super) struct GraphPlan {
    pub graph: Arc<Graph>,
    pub nodes: Vec<NodePlan>,
    /// The number of elements of all nodes.
    pub total: usize,
    /// The index of the node of the outputs.
    pub output: usize,
    /// Whether all coefficients are in the range of the filter.
    pub in_range: bool,
    whole: OnceLock<WholeNodes>,
}

pub(super) struct NodePlan {
    /// The index of the first element among all elements.
    pub offset: usize,
    pub len: usize,
    /// The index of the layer, if the node is one.
    pub layer: Option<u32>,
    pub kind: Kind,
}

pub(super) enum Kind {
    Input,
    Affine {
        /// For each term, whether all weights are doubles.
        dyadic: Vec<bool>,
    },
    Activation {
        from: usize,
        functions: Vec<Function>,
        function_of: Vec<u32>,
    },
    Maximum {
        from: usize,
        /// For each element of this node, the windows that contain it.
        windows: Lists<u32>,
    },
}

/// A piecewise affine function in doubles.
pub(super) struct Function {
    pub breakpoints: Vec<f64>,
    pub slopes: Vec<f64>,
    pub constants: Vec<f64>,
    /// Whether all numbers of the function are doubles.
    pub dyadic: bool,
}

impl Function {
    fn new(function: &Piecewise) -> Self {
        let lists = [function.breakpoints(), function.slopes(), function.constants()];
        let dyadic = lists.iter().all(|list| list.iter().all(|q| rational(nearest_f64(q)).as_ref() == Some(q)));
        let [breakpoints, slopes, constants] = lists.map(|list| list.iter().map(nearest_f64).collect());
        Self { breakpoints, slopes, constants, dyadic }
    }
}

fn fits(x: f64) -> bool {
    x == 0.0 || (SMALL..=LARGE).contains(&x.abs())
}

/// Whether a rational is 0 or its nearest double is in range.
fn fits_exactly(q: &Rational) -> bool {
    q.is_zero() || (SMALL..=LARGE).contains(&nearest_f64(q).abs())
}

impl GraphPlan {
    pub fn new(graph: Arc<Graph>, output: usize) -> Self {
        let (mut nodes, mut total, mut layers, mut in_range): (Vec<NodePlan>, _, _, _) = (Vec::new(), 0, 0, true);
        for node in graph.nodes() {
            let mut check = |coefficients: &Coefficients| {
                in_range &= match coefficients.is_double() {
                    true => coefficients.doubles().iter().all(|&x| fits(x)),
                    false => coefficients.to_rationals().iter().all(fits_exactly),
                };
            };
            let (kind, is_layer) = match &node.operation {
                Operation::Input => (Kind::Input, false),
                Operation::Affine(affine) => {
                    affine.terms.iter().for_each(|term| check(term.map.weights()));
                    check(&affine.bias);
                    let dyadic = affine.terms.iter().map(|term| term.map.weights().is_double()).collect();
                    (Kind::Affine { dyadic }, false)
                }
                Operation::Activation { from, functions, function_of, is_layer } => {
                    let lists = functions.iter().flat_map(|f| [f.breakpoints(), f.slopes(), f.constants()]);
                    in_range &= lists.flatten().all(fits_exactly);
                    let functions = functions.iter().map(Function::new).collect();
                    (Kind::Activation { from: *from, functions, function_of: function_of.clone() }, *is_layer)
                }
                Operation::Smooth { .. } | Operation::Product(_) | Operation::Quotient(_) | Operation::MatrixProduct(_) => {
                    unreachable!("the network is piecewise affine")
                }
                Operation::Maximum(maximum) => {
                    let elements = |window| maximum.window(window).map(move |(_, element)| (element, window as u32));
                    let windows = Lists::grouped(nodes[maximum.from].len, (0..node.len()).flat_map(elements));
                    (Kind::Maximum { from: maximum.from, windows }, maximum.is_layer)
                }
            };
            let layer = is_layer.then_some(layers);
            layers += u32::from(is_layer);
            nodes.push(NodePlan { offset: total, len: node.len(), layer, kind });
            total += node.len();
        }
        Self { graph, nodes, total, output, in_range, whole: OnceLock::new() }
    }

    /// The node of an element, given its index among all elements.
    pub fn node_of(&self, element: usize) -> usize {
        self.nodes.partition_point(|node| node.offset <= element) - 1
    }

    /// The coefficients as integers, computed at the first escalation.
    pub fn whole(&self) -> &WholeNodes {
        self.whole.get_or_init(|| WholeNodes::new(&self.graph))
    }
}
