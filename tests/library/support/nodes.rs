//! The bits of any network, and the inequalities of a pattern, node by node from their definitions.

use super::cells::Form;
use plica::network::{Network, Operation, Pattern};
use rug::Rational;

/// The bits of all hidden layers at a point, by their definition.
pub fn pattern_at(graph: &Network, x: &[Rational]) -> Pattern {
    let values = graph.evaluate_all(x).unwrap();
    let mut bits = Vec::new();
    for (n, node) in graph.nodes().iter().enumerate() {
        match &node.operation {
            Operation::Activation { from, functions, function_of, .. } => {
                for (e, z) in values[*from].iter().enumerate() {
                    let function = &functions[function_of.get(e).map_or(0, |&f| f as usize)];
                    bits.extend(function.breakpoints().iter().map(|b| z > b));
                }
            }
            Operation::Maximum(maximum) => {
                for window in 0..node.len() {
                    let winner = maximum.window(window).find(|&(_, element)| values[maximum.from][element] == values[n][window]).unwrap().0;
                    bits.extend((0..maximum.size).map(|place| place == winner));
                }
            }
            _ => {}
        }
    }
    bits.into_iter().collect()
}

/// The forms that are not negative on the closure of a cell with this pattern, and the output.
pub fn inequalities(graph: &Network, inputs: Vec<Form>, pattern: &Pattern) -> (Vec<Form>, Vec<Form>) {
    let d = inputs[0].len() - 1;
    let constant = |q: &Rational| -> Form { (0..=d).map(|k| if k == d { q.clone() } else { Rational::new() }).collect() };
    let plus = |a: &Form, factor: &Rational, b: &Form| -> Form { a.iter().zip(b).map(|(a, b)| Rational::from(b * factor) + a).collect() };
    let (one, minus_one) = (Rational::from(1), Rational::from(-1));
    let (mut forms, mut conditions, mut at): (Vec<Vec<Form>>, Vec<Form>, usize) = (Vec::new(), Vec::new(), 0);
    for node in graph.nodes() {
        let here = match &node.operation {
            Operation::Input => inputs.clone(),
            Operation::Affine(affine) => {
                let element = |i: usize| {
                    let mut sum = constant(&if affine.bias.is_empty() { Rational::new() } else { affine.bias.get(i) });
                    for term in &affine.terms {
                        term.map.for_row(i, |j, w| sum = plus(&sum, &term.map.weights().get(w), &forms[term.from][j]));
                    }
                    sum
                };
                (0..node.len()).map(element).collect()
            }
            Operation::Activation { from, functions, function_of, .. } => {
                let mut all = Vec::new();
                for (e, z) in forms[*from].iter().enumerate() {
                    let function = &functions[function_of.get(e).map_or(0, |&f| f as usize)];
                    let mut part = 0;
                    for b in function.breakpoints() {
                        let above = plus(z, &minus_one, &constant(b));
                        let is_above = pattern.get(at);
                        conditions.push(if is_above { above } else { plus(&constant(&Rational::new()), &minus_one, &above) });
                        part += usize::from(is_above);
                        at += 1;
                    }
                    all.push(plus(&constant(&function.constants()[part]), &function.slopes()[part], z));
                }
                all
            }
            Operation::Maximum(maximum) => {
                let mut all = Vec::new();
                for window in 0..node.len() {
                    let winner = maximum.window(window).find(|&(place, _)| pattern.get(at + place)).unwrap().1;
                    let winner = &forms[maximum.from][winner];
                    for (_, element) in maximum.window(window) {
                        conditions.push(plus(winner, &minus_one, &forms[maximum.from][element]));
                    }
                    at += maximum.size;
                    all.push(plus(winner, &Rational::new(), &constant(&one)));
                }
                all
            }
            Operation::Smooth { .. } | Operation::Product(_) | Operation::Quotient(_) | Operation::MatrixProduct(_) => {
                unreachable!("the network is piecewise affine")
            }
        };
        forms.push(here);
    }
    (conditions, forms[graph.output_node()].clone())
}
