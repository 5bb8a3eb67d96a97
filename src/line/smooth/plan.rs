//! The data of a smooth network that are computed once: rows of affine maps, and the elements whose signs are the bits.

use super::ball::Ball;
use super::number::{Number, Row};
use super::range::Range;
use crate::exact::{as_f64, nearest_f64};
use crate::network::graph::{Affine, Domain, Graph, Node, Operation};
use crate::network::{Bit, UnitSet};
use rug::Rational;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The limit for the number of entries of all rows together.
const MOST_ENTRIES: usize = 1 << 28;

/// Elements of nodes are numbered across the whole network: element i of node n is `offset(n) + i`.
pub(super) struct Plan {
    pub graph: Arc<Graph>,
    pub nodes: Vec<NodePlan>,
    /// The bits, in the order of patterns.
    pub bits: Vec<Bit>,
    /// The elements whose signs are wanted: those of the bits, and then those of the guards.
    pub signs: Vec<SignPlan>,
    /// The arguments that have to stay in the domain of an operation, in the order of nodes.
    pub guards: Vec<Guard>,
}

/// An element that an operation divides by, or takes a power of. What is in the domain for every input of the network has no guard.
pub(super) struct Guard {
    /// The position of its sign.
    pub sign: usize,
    /// The operation, and the element of its result.
    pub node: usize,
    pub element: usize,
    /// The domain, which is not everything.
    pub domain: Domain,
}

pub(super) struct NodePlan {
    pub offset: usize,
    pub len: usize,
    /// The rows, if the node is affine.
    pub rows: Option<Rows>,
    /// Whether all elements are affine functions of the input.
    pub is_linear: bool,
    /// The numbers between which the elements are for every input; empty if nothing is known.
    pub ranges: Vec<Range>,
}

/// The rows of an affine node, over the elements of all nodes.
pub(super) struct Rows {
    /// Where the entries of each row begin.
    starts: Vec<usize>,
    columns: Vec<u32>,
    weights: Vec<f64>,
    /// All weights as rationals; empty if all are doubles.
    exact: Vec<Rational>,
    bias: Vec<Rational>,
    /// The nearest doubles, and whether they are the constants.
    bias_doubles: Vec<(f64, bool)>,
}

/// A sign: whether an element is above a threshold.
pub(super) struct SignPlan {
    pub element: u32,
    pub threshold: Rational,
    /// The node of the element.
    pub node: usize,
    /// An earlier sign whose element is the same number, or its opposite.
    pub twin: Option<Twin>,
}

#[derive(Clone, Copy)]
pub(super) struct Twin {
    /// The position of the earlier sign.
    pub of: usize,
    pub is_opposite: bool,
}

/// A network that has no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PlanError {
    /// Node `node` is a maximum.
    Maximum {
        node: usize,
    },
    TooLarge,
}

impl Plan {
    /// The plan of a network for these units.
    pub fn new(graph: Arc<Graph>, units: &UnitSet) -> Result<Self, PlanError> {
        if let Some(node) = graph.nodes().iter().position(|node| matches!(node.operation, Operation::Maximum(_))) {
            return Err(PlanError::Maximum { node });
        }
        let (mut nodes, mut total, mut entries): (Vec<NodePlan>, _, _) = (Vec::new(), 0, 0);
        for node in graph.nodes() {
            let rows = match &node.operation {
                Operation::Affine(affine) => Some(Rows::new(affine, node.len(), &nodes)),
                _ => None,
            };
            entries += rows.as_ref().map_or(0, |rows| rows.columns.len());
            if entries > MOST_ENTRIES {
                return Err(PlanError::TooLarge);
            }
            let is_linear = match &node.operation {
                Operation::Input => true,
                Operation::Affine(affine) => affine.terms.iter().all(|term| nodes[term.from].is_linear),
                _ => false,
            };
            let ranges = Range::of_node(node, rows.as_ref(), &nodes);
            nodes.push(NodePlan { offset: total, len: node.len(), rows, is_linear, ranges });
            total += node.len();
        }
        let mut plan = Self { graph, nodes, bits: units.bits().collect(), signs: Vec::new(), guards: Vec::new() };
        plan.signs = plan.signs_of(units);
        plan.find_twins(0);
        plan.add_guards();
        Ok(plan)
    }

    /// The guards of all operations that are not defined everywhere.
    fn add_guards(&mut self) {
        let first = self.signs.len();
        for (n, node) in self.graph.nodes().iter().enumerate() {
            let (from, domain) = match &node.operation {
                Operation::Quotient([_, divisor]) => (*divisor, Domain::NotZero),
                Operation::Smooth { from, function, .. } => (*from, function.domain()),
                _ => continue,
            };
            let argument = &self.nodes[from];
            for element in (0..node.len()).filter(|&i| !argument.range(i).is_in(domain)) {
                self.guards.push(Guard { sign: self.signs.len(), node: n, element, domain });
                self.signs.push(SignPlan {
                    element: (argument.offset + element) as u32,
                    threshold: Rational::new(),
                    node: from,
                    twin: None,
                });
            }
        }
        // One guard is enough for elements that are equal, as those that are broadcast. An opposite element has a guard of its own.
        self.find_twins(first);
        let signs = &self.signs;
        let mut kept: HashMap<usize, Domain> = HashMap::new();
        self.guards.retain(|guard| match signs[guard.sign].twin {
            Some(Twin { of, is_opposite: false }) if kept.get(&of) == Some(&guard.domain) => false,
            _ => {
                kept.insert(guard.sign, guard.domain);
                true
            }
        });
    }

    fn signs_of(&self, units: &UnitSet) -> Vec<SignPlan> {
        let layers = self.graph.layers();
        let element = |node: usize, of: usize, threshold: Rational| SignPlan {
            element: (self.nodes[node].offset + of) as u32,
            threshold,
            node,
            twin: None,
        };
        let plan = |bit: Bit| {
            let index = bit.index as usize;
            // The layer above the last hidden one is the output.
            let Some(&layer) = layers.get(bit.layer as usize) else { return element(self.graph.output(), index, Rational::new()) };
            match &self.graph.nodes()[layer].operation {
                Operation::Activation { from, functions, function_of, .. } => {
                    let count = functions[0].breakpoints().len();
                    let function = Node::function_of(functions, function_of, index / count);
                    element(*from, index / count, function.breakpoints()[index % count].clone())
                }
                Operation::Smooth { from, .. } => element(*from, index, Rational::new()),
                _ => unreachable!("layers are activations"),
            }
        };
        units.bits().map(plan).collect()
    }

    /// Finds signs from a position on whose elements have equal or opposite rows, or are one element.
    fn find_twins(&mut self, first: usize) {
        let mut seen: HashMap<(Vec<u32>, Vec<u64>, Rational, Rational), usize> = HashMap::new();
        for position in first..self.signs.len() {
            let SignPlan { element, node, ref threshold, .. } = self.signs[position];
            let row = self.nodes[node].rows.as_ref().map(|rows| rows.row(element as usize - self.nodes[node].offset));
            let twin = match row {
                // What is linear is exact anyway.
                _ if self.nodes[node].is_linear => None,
                Some(row) if row.exact.is_empty() => {
                    let kept: Vec<usize> = (0..row.columns.len()).filter(|&i| row.weights[i] != 0.0).collect();
                    let columns: Vec<u32> = kept.iter().map(|&i| row.columns[i]).collect();
                    let sign = match kept.first() {
                        Some(&i) if row.weights[i] < 0.0 => -1.0,
                        _ => 1.0,
                    };
                    let weights = kept.iter().map(|&i| (row.weights[i] * sign).to_bits()).collect();
                    let signed = |q: &Rational| if sign < 0.0 { Rational::from(-q) } else { q.clone() };
                    Some(((columns, weights, signed(row.bias), signed(threshold)), sign < 0.0))
                }
                _ => Some(((vec![element], Vec::new(), Rational::new(), threshold.clone()), false)),
            };
            let Some((key, flipped)) = twin else { continue };
            match seen.entry(key) {
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(position << 1 | usize::from(flipped));
                }
                std::collections::hash_map::Entry::Occupied(entry) => {
                    let (of, first) = (entry.get() >> 1, entry.get() & 1 == 1);
                    self.signs[position].twin = Some(Twin { of, is_opposite: first != flipped });
                }
            }
        }
    }

    /// The affine function p + q t of an element that is linear, on the segment from a to a + d.
    pub fn line(&self, element: usize, a: &[Rational], d: &[Rational]) -> [Rational; 2] {
        // The weights of the elements of each node in the element, from the last node down.
        let mut weights: BTreeMap<usize, Rational> = BTreeMap::from([(element, Rational::from(1))]);
        let [mut p, mut q] = [Rational::new(), Rational::new()];
        while let Some((element, weight)) = weights.pop_last() {
            if weight.is_zero() {
                continue;
            }
            let node = self.node_of(element);
            let NodePlan { offset, rows, .. } = &self.nodes[node];
            let Some(rows) = rows else {
                p += Rational::from(&weight * &a[element]);
                q += weight * &d[element];
                continue;
            };
            let row = rows.row(element - offset);
            p += Rational::from(&weight * row.bias);
            for (i, &j) in row.columns.iter().enumerate() {
                let own = row.exact.get(i).cloned().or_else(|| crate::exact::rational(row.weights[i])).expect("coefficients are finite");
                *weights.entry(j as usize).or_default() += own * &weight;
            }
        }
        [p, q]
    }

    /// The number of elements of all nodes.
    pub fn elements(&self) -> usize {
        self.nodes.last().map_or(0, |node| node.offset + node.len)
    }

    pub fn node_of(&self, element: usize) -> usize {
        self.nodes.partition_point(|node| node.offset <= element) - 1
    }
}

impl NodePlan {
    /// The numbers between which an element is for every input.
    pub fn range(&self, element: usize) -> Range {
        self.ranges.get(element).copied().unwrap_or(Range::ALL)
    }
}

impl Rows {
    fn new(affine: &Affine, len: usize, below: &[NodePlan]) -> Self {
        let doubles = affine.terms.iter().all(|term| term.map.weights().is_double());
        let mut rows = Self {
            starts: vec![0],
            columns: Vec::new(),
            weights: Vec::new(),
            exact: Vec::new(),
            bias: (0..len).map(|i| Graph::bias(affine, i)).collect(),
            bias_doubles: Vec::new(),
        };
        rows.bias_doubles = rows.bias.iter().map(|q| (nearest_f64(q), as_f64(q).is_some())).collect();
        for i in 0..len {
            for term in &affine.terms {
                let weights = term.map.weights();
                term.map.for_row(i, |j, w| {
                    rows.columns.push((below[term.from].offset + j) as u32);
                    rows.weights.push(weights.doubles()[w]);
                    if !doubles {
                        rows.exact.push(weights.get(w));
                    }
                });
            }
            rows.starts.push(rows.columns.len());
        }
        rows
    }

    /// Whether all weights are doubles.
    pub fn has_doubles(&self) -> bool {
        self.exact.is_empty()
    }

    pub fn row(&self, i: usize) -> Row<'_> {
        let range = self.starts[i]..self.starts[i + 1];
        Row {
            columns: &self.columns[range.clone()],
            weights: &self.weights[range.clone()],
            exact: if self.exact.is_empty() { &[] } else { &self.exact[range] },
            bias: &self.bias[i],
            bias_double: self.bias_doubles[i].0,
            bias_is_double: self.bias_doubles[i].1,
        }
    }

    /// The row with the constant 0, for slopes.
    pub fn slopes<'a>(&'a self, i: usize, zero: &'a Rational) -> Row<'a> {
        Row { bias: zero, bias_double: 0.0, bias_is_double: true, ..self.row(i) }
    }
}

impl SignPlan {
    /// The distance of the element from the threshold.
    pub fn above<N: Number>(&self, value: &Ball<N>) -> Ball<N> {
        if self.threshold.is_zero() { value.clone() } else { value.clone() - Ball::of_rational(&value.mid, &self.threshold) }
    }
}
