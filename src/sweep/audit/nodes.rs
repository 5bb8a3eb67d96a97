//! The forward pass of networks with any layers in floating point.

use super::smooth::{Function, in_doubles};
use crate::exact::nearest_f64;
use crate::network::{Coefficients, Maximum, Network, Node, Operation, Pattern, Piecewise};
use num_traits::{AsPrimitive, Float};

/// The nodes of a network with rounded coefficients.
pub(super) struct FloatNodes<F> {
    network: Network,
    nodes: Vec<Rounded<F>>,
}

enum Rounded<F> {
    Input,
    /// The weights of each term, and a constant for each element.
    Affine(Vec<Vec<F>>, Vec<F>),
    /// For each function its breakpoints, and the slope and constant of each part.
    Activation(Vec<(Vec<F>, Vec<[F; 2]>)>),
    Maximum,
    Smooth(Function),
    Arithmetic,
}

impl<F: Float + AsPrimitive<f64>> FloatNodes<F>
where
    f64: AsPrimitive<F>,
{
    pub(super) fn new(network: &Network) -> Self {
        let all = |coefficients: &Coefficients| coefficients.doubles().iter().map(|&x| x.as_()).collect::<Vec<F>>();
        let function = |f: &Piecewise| {
            let float = |q| nearest_f64(q).as_();
            let parts = f.slopes().iter().zip(f.constants()).map(|(s, c)| [float(s), float(c)]);
            (f.breakpoints().iter().map(float).collect(), parts.collect())
        };
        let rounded = |node: &Node| match &node.operation {
            Operation::Input => Rounded::Input,
            Operation::Affine(affine) => {
                Rounded::Affine(affine.terms.iter().map(|term| all(term.map.weights())).collect(), all(&affine.bias))
            }
            Operation::Activation { functions, .. } => Rounded::Activation(functions.iter().map(function).collect()),
            Operation::Maximum(_) => Rounded::Maximum,
            Operation::Smooth { function, .. } => Rounded::Smooth(in_doubles(function)),
            Operation::Product(_) | Operation::Quotient(_) | Operation::MatrixProduct(_) => Rounded::Arithmetic,
        };
        Self { nodes: network.nodes().iter().map(rounded).collect(), network: network.clone() }
    }

    /// The bits of all hidden units at a point.
    pub(super) fn pattern(&self, x: Vec<F>) -> Pattern {
        let mut values: Vec<Vec<F>> = Vec::with_capacity(self.nodes.len());
        let mut bits = Vec::new();
        for (node, rounded) in self.network.nodes().iter().zip(&self.nodes) {
            let next = match (&node.operation, rounded) {
                (Operation::Affine(affine), Rounded::Affine(weights, constants)) => {
                    let element = |i: usize| {
                        let mut sum = constants.get(i).copied().unwrap_or_else(F::zero);
                        for (term, weights) in affine.terms.iter().zip(weights) {
                            let from = &values[term.from];
                            term.map.for_row(i, |j, w| sum = sum + weights[w] * from[j]);
                        }
                        sum
                    };
                    (0..node.len()).map(element).collect()
                }
                (Operation::Activation { from, function_of, is_layer, .. }, Rounded::Activation(functions)) => {
                    let element = |(i, &z): (usize, &F)| {
                        let (breakpoints, parts) = Node::function_of(functions, function_of, i);
                        if *is_layer {
                            bits.extend(breakpoints.iter().map(|&b| z > b));
                        }
                        let [slope, constant] = parts[breakpoints.partition_point(|&b| b < z)];
                        slope * z + constant
                    };
                    values[*from].iter().enumerate().map(element).collect()
                }
                (Operation::Smooth { from, is_layer, .. }, Rounded::Smooth(function)) => {
                    let from = &values[*from];
                    if *is_layer {
                        bits.extend(from.iter().map(|&z| z > F::zero()));
                    }
                    from.iter().map(|&z| function(z.as_()).as_()).collect()
                }
                (Operation::MatrixProduct(product), _) => {
                    let [left, right] = product.factors.map(|factor| &values[factor]);
                    (0..node.len()).map(|i| product.pairs(i).fold(F::zero(), |sum, (x, y)| sum + left[x] * right[y])).collect()
                }
                (&Operation::Quotient([a, b]), _) => values[a].iter().zip(&values[b]).map(|(&x, &y)| x / y).collect(),
                (&Operation::Product([a, b]), _) => values[a].iter().zip(&values[b]).map(|(&x, &y)| x * y).collect(),
                (Operation::Maximum(maximum), _) => {
                    let from = &values[maximum.from];
                    let winner = |window| {
                        let mut all = maximum.window(window);
                        let first = all.next().expect("a window has a candidate");
                        all.fold(first, |best, next| if from[next.1] > from[best.1] { next } else { best })
                    };
                    let winners: Vec<(usize, usize)> = (0..node.len()).map(winner).collect();
                    if let Maximum { is_layer: true, size, .. } = *maximum {
                        bits.extend(winners.iter().flat_map(|&(place, _)| (0..size).map(move |k| k == place)));
                    }
                    winners.into_iter().map(|(_, element)| from[element]).collect()
                }
                _ => x.clone(),
            };
            values.push(next);
        }
        bits.into_iter().collect()
    }
}
