//! The exact forward pass, directly from the definitions.

use super::{Graph, Maximum, Node, Operation};
use crate::network::NetworkError;
use rug::Rational;

impl Graph {
    /// The exact outputs at a point.
    ///
    /// # Errors
    /// A point of the wrong dimension.
    pub fn evaluate(&self, point: &[Rational]) -> Result<Vec<Rational>, NetworkError> {
        Ok(self.evaluate_all(point)?.swap_remove(self.output))
    }

    /// The exact elements of all nodes at a point.
    ///
    /// # Errors
    /// A point of the wrong dimension.
    pub fn evaluate_all(&self, point: &[Rational]) -> Result<Vec<Vec<Rational>>, NetworkError> {
        if point.len() != self.inputs() {
            return Err(NetworkError::Dimension { expected: self.inputs(), found: point.len() });
        }
        if let Some(node) = self.nodes.iter().position(|node| matches!(node.operation, Operation::Smooth { .. })) {
            return Err(NetworkError::Smooth { node });
        }
        let mut values: Vec<Vec<Rational>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let next = if matches!(node.operation, Operation::Input) { point.to_vec() } else { self.applied(node, &values) };
            values.push(next);
        }
        Ok(values)
    }

    /// The elements of a node other than the input, computed from the elements of its parents.
    fn applied(&self, node: &Node, values: &[Vec<Rational>]) -> Vec<Rational> {
        match &node.operation {
            Operation::Input => values[0].clone(),
            Operation::Affine(affine) => {
                let element = |i| {
                    let mut sum = Self::bias(affine, i);
                    for term in &affine.terms {
                        let from = &values[term.from];
                        term.map.for_row(i, |j, w| {
                            if !from[j].is_zero() {
                                sum += term.map.weights().get(w) * &from[j];
                            }
                        });
                    }
                    sum
                };
                (0..node.len()).map(element).collect()
            }
            Operation::Activation { from, functions, function_of, .. } => {
                let element = |(i, z)| Node::function_of(functions, function_of, i).at(z);
                values[*from].iter().enumerate().map(element).collect()
            }
            Operation::Smooth { .. } => unreachable!("the values of smooth functions are not rational"),
            Operation::Product([x, y]) => values[*x].iter().zip(&values[*y]).map(|(x, y)| Rational::from(x * y)).collect(),
            Operation::Maximum(maximum) => {
                let from = &values[maximum.from];
                (0..node.len()).map(|window| from[winner(maximum, window, from)].clone()).collect()
            }
        }
    }
}

/// The candidate with the largest value in a window, the first one in case of ties.
fn winner(maximum: &Maximum, window: usize, values: &[Rational]) -> usize {
    let mut elements = maximum.window(window).map(|(_, element)| element);
    let first = elements.next().expect("a window has a candidate");
    elements.fold(first, |best, element| if values[element] > values[best] { element } else { best })
}
