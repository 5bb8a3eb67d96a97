//! The exact forward pass, directly from the definitions.

use super::{Graph, Maximum, Node, Operation};
use crate::network::NetworkError;
use rug::Rational;
use rug::ops::Pow;

impl Graph {
    /// The exact outputs at a point.
    ///
    /// # Errors
    /// A point of the wrong dimension, a smooth function whose values are not rational, or a division by 0.
    pub fn evaluate(&self, point: &[Rational]) -> Result<Vec<Rational>, NetworkError> {
        Ok(self.evaluate_all(point)?.swap_remove(self.output))
    }

    /// The exact elements of all nodes at a point.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn evaluate_all(&self, point: &[Rational]) -> Result<Vec<Vec<Rational>>, NetworkError> {
        if point.len() != self.inputs() {
            return Err(NetworkError::Dimension { expected: self.inputs(), found: point.len() });
        }
        let is_irrational =
            |node: &Node| matches!(&node.operation, Operation::Smooth { function, .. } if function.whole_exponent().is_none());
        if let Some(node) = self.nodes.iter().position(is_irrational) {
            return Err(NetworkError::Smooth { node });
        }
        let mut values: Vec<Vec<Rational>> = Vec::with_capacity(self.nodes.len());
        for (n, node) in self.nodes.iter().enumerate() {
            let undefined = |element: usize| NetworkError::Undefined { node: n, element };
            let next =
                if matches!(node.operation, Operation::Input) { point.to_vec() } else { self.applied(node, &values).map_err(undefined)? };
            values.push(next);
        }
        Ok(values)
    }

    /// The elements of a node other than the input, computed from the elements of its parents; the index of an element that is divided by 0.
    fn applied(&self, node: &Node, values: &[Vec<Rational>]) -> Result<Vec<Rational>, usize> {
        Ok(match &node.operation {
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
            Operation::Smooth { from, function, .. } => {
                let exponent = function.whole_exponent().expect("the values of other smooth functions are not rational");
                let power = |(i, z): (usize, &Rational)| if exponent < 0 && z.is_zero() { Err(i) } else { Ok(z.clone().pow(exponent)) };
                values[*from].iter().enumerate().map(power).collect::<Result<_, _>>()?
            }
            Operation::Product([x, y]) => values[*x].iter().zip(&values[*y]).map(|(x, y)| Rational::from(x * y)).collect(),
            Operation::Quotient([x, y]) => {
                let quotient = |(i, (x, y)): (usize, (&Rational, &Rational))| if y.is_zero() { Err(i) } else { Ok(Rational::from(x / y)) };
                values[*x].iter().zip(&values[*y]).enumerate().map(quotient).collect::<Result<_, _>>()?
            }
            Operation::MatrixProduct(product) => {
                let [x, y] = product.factors.map(|factor| &values[factor]);
                (0..node.len()).map(|i| product.pairs(i).map(|(j, k)| Rational::from(&x[j] * &y[k])).sum()).collect()
            }
            Operation::Maximum(maximum) => {
                let from = &values[maximum.from];
                (0..node.len()).map(|window| from[winner(maximum, window, from)].clone()).collect()
            }
        })
    }
}

/// The candidate with the largest value in a window, the first one in case of ties.
fn winner(maximum: &Maximum, window: usize, values: &[Rational]) -> usize {
    let mut elements = maximum.window(window).map(|(_, element)| element);
    let first = elements.next().expect("a window has a candidate");
    elements.fold(first, |best, element| if values[element] > values[best] { element } else { best })
}
