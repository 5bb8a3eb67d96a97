//! The exact-only mode for graphs: every decision with rationals, written to be believed by reading it.
//!
//! It goes through the graph node by node. A piece is an open interval of t on which all nodes so far are affine. Wherever an element
//! passes a breakpoint, or two candidates of a maximum are equal, the piece is cut; on each part every unit has one state.

use crate::data::Point;
use crate::line::{Enclosure, Trace, TraceError};
use crate::network::graph::{Graph, Maximum, Node, Operation};
use crate::network::{Pattern, UnitSet};
use rug::Rational;
use std::sync::Arc;

/// The form b + a t.
#[derive(Clone, PartialEq)]
struct Form {
    b: Rational,
    a: Rational,
}

impl Form {
    fn constant(b: Rational) -> Self {
        Self { b, a: Rational::new() }
    }

    fn at(&self, t: &Rational) -> Rational {
        Rational::from(&self.a * t) + &self.b
    }

    /// Where the form has a value, if it is not constant.
    fn time_of(&self, value: &Rational) -> Option<Rational> {
        (!self.a.is_zero()).then(|| Rational::from(value - &self.b) / &self.a)
    }

    fn add(&mut self, weight: &Rational, x: &Form) {
        self.b += Rational::from(weight * &x.b);
        self.a += Rational::from(weight * &x.a);
    }
}

#[derive(Clone)]
struct Piece {
    lo: Rational,
    hi: Rational,
    /// The forms of all nodes so far, and the bits of all layers so far.
    nodes: Vec<Vec<Form>>,
    bits: Vec<bool>,
}

/// The trace of a segment through any nodes with every decision taken in rationals.
pub(crate) fn graph_exact_only(graph: &Arc<Graph>, from: &Point, to: &Point, units: &UnitSet) -> Result<Trace, TraceError> {
    for point in [from, to] {
        if point.dimension() != graph.inputs() {
            return Err(TraceError::Dimension { expected: graph.inputs(), found: point.dimension() });
        }
    }
    let (from, to) = (from.to_rationals(), to.to_rationals());
    let input = from.iter().zip(&to).map(|(a, b)| Form { b: a.clone(), a: Rational::from(b - a) }).collect();
    let probed = graph.with_probed_outputs(units.has_output());
    let mut pieces = vec![Piece { lo: Rational::new(), hi: Rational::from(1), nodes: vec![input], bits: Vec::new() }];
    let mut decisions = 0;
    for node in &probed.nodes()[1..] {
        pieces = pieces.iter().flat_map(|piece| step(node, piece)).collect();
        decisions += (pieces.len() * node.len()) as u64;
    }

    let all = Arc::new(units.full());
    let names: Vec<_> = all.bits().collect();
    let choose = |test: &dyn Fn(usize) -> bool| -> Vec<_> { (0..names.len()).filter(|&i| test(i)).map(|i| names[i]).collect() };
    let at = |t: &Rational| -> Vec<bool> {
        let point: Vec<Rational> = from.iter().zip(&to).map(|(a, b)| Rational::from(b - a) * t + a).collect();
        bits_at(&probed, &probed.evaluate_all(&point).expect("of the dimension of the input"))
    };
    let mut trace = Trace::begin_at(Arc::clone(&all), pieces[0].bits.iter().copied().collect::<Pattern>());
    let outputs = |piece: &Piece| piece.nodes[graph.output()].clone();
    let mut count = 1;
    for pair in pieces.windows(2) {
        let (left, right) = (&pair[0], &pair[1]);
        count += usize::from(outputs(left) != outputs(right));
        if left.bits == right.bits {
            continue;
        }
        let here = at(&right.lo);
        let both = |i: usize| left.bits[i] && right.bits[i];
        trace.push(Enclosure::of(&right.lo), &choose(&|i| left.bits[i] != right.bits[i]), &choose(&|i| both(i) && !here[i]));
        trace.hold(&choose(&|i| here[i] && !both(i)));
        trace.push_time(right.lo.clone());
    }
    let (first, last) = (&pieces[0].bits, &pieces[pieces.len() - 1].bits);
    let (start, end) = (at(&Rational::new()), at(&Rational::from(1)));
    trace.set_zero_at_start(&choose(&|i| first[i] && !start[i]));
    trace.set_zero_at_end(&choose(&|i| last[i] && !end[i]));
    trace.set_held_at_start(&choose(&|i| start[i] && !first[i]));
    trace.set_held_at_end(&choose(&|i| end[i] && !last[i]));
    trace.set_pieces(count);
    trace.decisions_mut().exact = decisions;
    Ok(trace.select(&Arc::new(units.clone())))
}

/// The bits of all layers at a point, from the elements of all nodes there.
fn bits_at(graph: &Arc<Graph>, values: &[Vec<Rational>]) -> Vec<bool> {
    let mut bits = Vec::new();
    for node in graph.nodes() {
        match &node.operation {
            Operation::Activation { from, functions, function_of, is_layer: true } => {
                for (i, z) in values[*from].iter().enumerate() {
                    bits.extend(Node::function_of(functions, function_of, i).breakpoints().iter().map(|b| z > b));
                }
            }
            Operation::Maximum(maximum) if maximum.is_layer => {
                for window in 0..node.len() {
                    let value = |element: usize| &values[maximum.from][element];
                    let most = maximum.window(window).map(|(_, e)| value(e)).max().expect("a window has a candidate");
                    let winner = maximum.window(window).find(|&(_, e)| value(e) == most).expect("one is the largest").0;
                    bits.extend((0..maximum.size).map(|place| place == winner));
                }
            }
            _ => {}
        }
    }
    bits
}

/// The parts of a piece on which the next node is affine too.
fn step(node: &Node, piece: &Piece) -> Vec<Piece> {
    let part = |lo: &Rational, hi: &Rational, forms: Vec<Form>, bits: Vec<bool>| Piece {
        lo: lo.clone(),
        hi: hi.clone(),
        nodes: [piece.nodes.clone(), vec![forms]].concat(),
        bits: [piece.bits.clone(), bits].concat(),
    };
    match &node.operation {
        Operation::Input => unreachable!("the input is the first node"),
        Operation::Affine(affine) => {
            let form = |i| {
                let mut sum = Form::constant(Graph::bias(affine, i));
                for term in &affine.terms {
                    term.map.for_row(i, |j, w| sum.add(&term.map.weights().get(w), &piece.nodes[term.from][j]));
                }
                sum
            };
            vec![part(&piece.lo, &piece.hi, (0..node.len()).map(form).collect(), Vec::new())]
        }
        Operation::Activation { from, functions, function_of, is_layer } => {
            let forms = &piece.nodes[*from];
            let function = |i: usize| Node::function_of(functions, function_of, i);
            let times = forms.iter().enumerate().flat_map(|(i, z)| function(i).breakpoints().iter().filter_map(|b| z.time_of(b)));
            let on = |middle: &Rational| {
                let (mut outputs, mut bits) = (Vec::new(), Vec::new());
                for (i, z) in forms.iter().enumerate() {
                    let (function, value) = (function(i), z.at(middle));
                    let k = function.part(&value);
                    let mut output = Form::constant(function.constants()[k].clone());
                    output.add(&function.slopes()[k], z);
                    outputs.push(output);
                    bits.extend(function.breakpoints().iter().map(|b| value > *b));
                }
                (outputs, if *is_layer { bits } else { Vec::new() })
            };
            cut(piece, times)
                .iter()
                .map(|(lo, hi, middle)| {
                    let (forms, bits) = on(middle);
                    part(lo, hi, forms, bits)
                })
                .collect()
        }
        Operation::Maximum(maximum) => {
            let forms = &piece.nodes[maximum.from];
            let windows = 0..node.len();
            let times = windows.clone().flat_map(|window| meetings(maximum, window, forms));
            let on = |middle: &Rational| {
                let (mut outputs, mut bits) = (Vec::new(), Vec::new());
                for window in windows.clone() {
                    let value = |element: usize| forms[element].at(middle);
                    let most = maximum.window(window).map(|(_, e)| value(e)).max().expect("a window has a candidate");
                    let (winner, element) = maximum.window(window).find(|&(_, e)| value(e) == most).expect("one is the largest");
                    outputs.push(forms[element].clone());
                    bits.extend((0..maximum.size).map(|place| place == winner));
                }
                (outputs, if maximum.is_layer { bits } else { Vec::new() })
            };
            cut(piece, times)
                .iter()
                .map(|(lo, hi, middle)| {
                    let (forms, bits) = on(middle);
                    part(lo, hi, forms, bits)
                })
                .collect()
        }
    }
}

/// The times at which two candidates of a window are equal.
fn meetings<'a>(maximum: &'a Maximum, window: usize, forms: &'a [Form]) -> impl Iterator<Item = Rational> + 'a {
    let pairs = maximum.window(window).flat_map(move |(_, x)| maximum.window(window).map(move |(_, y)| (x, y)));
    pairs.filter(|(x, y)| x < y).filter_map(|(x, y)| {
        let difference = Form { b: Rational::from(&forms[x].b - &forms[y].b), a: Rational::from(&forms[x].a - &forms[y].a) };
        difference.time_of(&Rational::new())
    })
}

/// The parts of a piece between the times that lie in it, each with its middle.
fn cut(piece: &Piece, times: impl Iterator<Item = Rational>) -> Vec<(Rational, Rational, Rational)> {
    let mut times: Vec<Rational> = times.filter(|t| piece.lo < *t && *t < piece.hi).collect();
    times.sort();
    times.dedup();
    times.insert(0, piece.lo.clone());
    times.push(piece.hi.clone());
    times.windows(2).map(|ends| (ends[0].clone(), ends[1].clone(), Rational::from(&ends[0] + &ends[1]) / 2u32)).collect()
}
