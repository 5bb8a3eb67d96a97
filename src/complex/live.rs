//! The parts and winners on which the output of a graph depends on one cell. If they are equal for two cells, so are the affine maps.

use crate::network::Pattern;
use crate::network::graph::{Graph, Node, Operation};

/// A graph, with the positions of the bits of its nodes in a pattern of all hidden layers.
#[derive(Debug)]
pub(super) struct Live<'a> {
    graph: &'a Graph,
    first_bits: Vec<usize>,
}

impl<'a> Live<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        let mut next = 0;
        let first = |n: &usize| {
            let bits = match &graph.nodes()[*n].operation {
                Operation::Activation { functions, .. } => functions[0].breakpoints().len(),
                Operation::Maximum(maximum) => maximum.size,
                _ => 0,
            };
            next += bits * graph.nodes()[*n].len();
            next - bits * graph.nodes()[*n].len()
        };
        Self { graph, first_bits: (0..graph.nodes().len()).collect::<Vec<_>>().iter().map(first).collect() }
    }

    /// The parts of all activations, and the winners of all maxima, on which the output depends: triples of node, element and part.
    ///
    /// Dependencies are followed from the output down: through nonzero weights of a row, through an activation whose slope is not 0, and to
    /// the winner of a window.
    pub(super) fn key(&self, pattern: &Pattern) -> Vec<u32> {
        let nodes = self.graph.nodes();
        let mut live: Vec<Vec<bool>> = nodes.iter().map(|_| Vec::new()).collect();
        live[self.graph.output()] = vec![true; nodes[self.graph.output()].len()];
        let mut key = Vec::new();
        for n in (1..nodes.len()).rev() {
            let here = std::mem::take(&mut live[n]);
            let elements = || here.iter().enumerate().filter(|(_, live)| **live).map(|(element, _)| element);
            let mut mark = |node: usize, element: usize| {
                let list = &mut live[node];
                if list.is_empty() {
                    list.resize(nodes[node].len(), false);
                }
                !std::mem::replace(&mut list[element], true)
            };
            match &nodes[n].operation {
                Operation::Input => {}
                Operation::Affine(affine) => {
                    for term in &affine.terms {
                        let (weights, all) = (term.map.weights(), nodes[term.from].len());
                        let mut marked = 0;
                        for element in elements() {
                            if marked == all {
                                break;
                            }
                            term.map.for_row(element, |input, weight| {
                                if weights.doubles()[weight] != 0.0 || !weights.is_double() {
                                    marked += usize::from(mark(term.from, input));
                                }
                            });
                        }
                    }
                }
                Operation::Activation { from, functions, function_of, .. } => {
                    let bits = functions[0].breakpoints().len();
                    for element in elements() {
                        let function = Node::function_of(functions, function_of, element);
                        let first = self.first_bits[n] + element * bits;
                        let part = (first..first + bits).filter(|&bit| pattern.get(bit)).count();
                        key.extend([n as u32, element as u32, part as u32]);
                        if !function.slopes()[part].is_zero() {
                            mark(*from, element);
                        }
                    }
                }
                Operation::Smooth { .. } | Operation::Product(_) | Operation::Quotient(_) | Operation::MatrixProduct(_) => {
                    unreachable!("the network is piecewise affine")
                }
                Operation::Maximum(maximum) => {
                    for element in elements() {
                        let first = self.first_bits[n] + element * maximum.size;
                        let winner = maximum.window(element).find(|(place, _)| pattern.get(first + place));
                        let (place, winner) = winner.expect("a window has a winner");
                        key.extend([n as u32, element as u32, place as u32]);
                        mark(maximum.from, winner);
                    }
                }
            }
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complex::{Builder, Domain};
    use crate::network::{Coefficients, NetworkBuilder, Piecewise, Window};
    use std::collections::HashMap;

    /// The test has slopes other than 0 and 1, a maximum, and units on which the output depends on some cells only.
    #[test]
    fn equal_keys_are_those_of_equal_maps() {
        let mut builder = NetworkBuilder::new(&[2]).unwrap();
        let x = builder.input();
        let weights = vec![1.0, 0.0, 0.0, 1.0, 1.0, -1.0, 2.0, 1.0];
        let z = builder.linear(&x, 4, Coefficients::from_f64(weights), None).unwrap();
        let y = builder.activation(&z, Piecewise::relu()).unwrap();
        let sums = vec![1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 1.0, 0.0, 3.0, 0.0];
        let bias = Coefficients::from_f64(vec![-1.0, -0.5, -1.5]);
        let sums = builder.linear(&y, 3, Coefficients::from_f64(sums), Some(bias)).unwrap();
        let leaky = builder.activation(&sums, Piecewise::leaky_relu((1, 2).into())).unwrap();
        let image = builder.reshape(&leaky, &[1, 1, 3]).unwrap();
        let largest = builder.max_pool(&image, &Window::new([1, 3])).unwrap();
        let graph = builder.finish(&largest).unwrap();
        let complex = Builder::new(&graph).build(&Domain::parse_box("-3,3", 2).unwrap()).unwrap();
        let live = Live::new(graph.graph());
        let mut map_of = HashMap::new();
        for cell in complex.cells() {
            let map = cell.affine_map();
            assert_eq!(map_of.entry(live.key(&cell.pattern())).or_insert_with(|| map.clone()), &map);
        }
        assert!(map_of.len() > 10 && map_of.len() < complex.activation_regions());
    }
}
