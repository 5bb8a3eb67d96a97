//! The exact-only mode: every decision is taken with integers, in code simple enough to be checked by reading.
//!
//! The oracle goes through the network node by node. A piece is an open interval of t on which all nodes so far are affine: every element is
//! one form (b + a t) / scale with integers a and b, where all elements of a node have the same scale > 0. A piece is cut where an element
//! passes a breakpoint and where two candidates of a maximum are equal. On each part every unit has one state.

use super::{Enclosure, Trace, TraceError};
use crate::data::Point;
use crate::network::graph::{Affine, Graph, Maximum, Node, Operation};
use crate::network::{Pattern, UnitSet};
use rug::{Integer, Rational};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

/// The form b + a t, times the positive scale of its node.
#[derive(Clone, PartialEq)]
struct Form {
    b: Integer,
    a: Integer,
}

impl Form {
    fn constant(b: Integer) -> Self {
        Self { b, a: Integer::new() }
    }

    fn is_zero(&self) -> bool {
        self.b.is_zero() && self.a.is_zero()
    }

    fn add(&mut self, weight: &Integer, x: &Self) {
        self.b += weight * &x.b;
        self.a += weight * &x.a;
    }

    fn minus(&self, other: &Self) -> Self {
        Self { b: Integer::from(&self.b - &other.b), a: Integer::from(&self.a - &other.a) }
    }

    /// The value at t, times the denominator of t.
    fn at(&self, t: &Rational) -> Integer {
        Integer::from(&self.b * t.denom()) + Integer::from(&self.a * t.numer())
    }

    fn sign_at(&self, t: &Rational) -> Ordering {
        self.at(t).cmp0()
    }

    fn root(&self) -> Option<Rational> {
        (!self.a.is_zero()).then(|| Rational::from((Integer::from(-&self.b), self.a.clone())))
    }
}

/// An open interval of t, with the forms of all nodes so far and the bits of all layers so far.
#[derive(Clone)]
struct Piece {
    lo: Rational,
    hi: Rational,
    nodes: Vec<Arc<Vec<Form>>>,
    bits: Vec<bool>,
}

/// A node with integer coefficients. The scale of its forms is `factor` times the scale of the input.
struct WholeNode {
    factor: Integer,
    whole: Whole,
}

enum Whole {
    /// The weights of each term, and the constants.
    Affine(Vec<Vec<Integer>>, Vec<Integer>),
    /// The slopes and the constants of each function.
    Functions(Vec<[Vec<Integer>; 2]>),
    /// There are no coefficients: the elements are coordinates, or elements of an earlier node.
    Unchanged,
}

/// A network with integer coefficients.
pub(super) struct Oracle {
    /// The nodes of the network, and one more node whose bits are the signs of the outputs.
    graph: Arc<Graph>,
    whole: Vec<WholeNode>,
    output: usize,
}

impl Oracle {
    pub(super) fn new(graph: &Arc<Graph>) -> Self {
        let output = graph.output();
        let graph = graph.with_probed_outputs(true);
        let mut whole = Vec::with_capacity(graph.nodes().len());
        for node in graph.nodes() {
            whole.push(WholeNode::new(node, &whole));
        }
        Self { graph, whole, output }
    }

    /// The trace of the segment from one point to another.
    pub(super) fn trace(&self, from: &Point, to: &Point, units: &UnitSet) -> Result<Trace, TraceError> {
        for point in [from, to] {
            if point.dimension() != self.graph.inputs() {
                return Err(TraceError::Dimension { expected: self.graph.inputs(), found: point.dimension() });
            }
        }
        let (input, scale) = input_forms(from, to);
        let mut pieces = vec![Piece { lo: Rational::new(), hi: Rational::from(1), nodes: vec![Arc::new(input)], bits: Vec::new() }];
        let mut decisions = 0;
        let end = self.graph.nodes().len() - usize::from(!units.has_output());
        for n in 1..end {
            pieces = pieces.iter().flat_map(|piece| self.parts(n, piece, &scale)).collect();
            if !matches!(self.graph.nodes()[n].operation, Operation::Affine(_)) {
                decisions += pieces.len() * self.graph.nodes()[n].len();
            }
            if n == self.output {
                // One comparison with the forms of the piece before.
                decisions += pieces.len();
            }
        }
        let mut trace = self.read(&pieces, &self.graph.nodes()[..end], &scale, Arc::new(units.full()));
        trace.decisions_mut().exact = decisions as u64;
        Ok(trace.select(&Arc::new(units.clone())))
    }

    /// The trace of these pieces. Adjacent pieces with equal bits belong to one region.
    fn read(&self, pieces: &[Piece], nodes: &[Node], scale: &Integer, all: Arc<UnitSet>) -> Trace {
        let names: Vec<_> = all.bits().collect();
        let choose = |test: &dyn Fn(usize) -> bool| -> Vec<_> { (0..names.len()).filter(|&i| test(i)).map(|i| names[i]).collect() };
        // The forms of a piece are valid at its ends too, by continuity.
        let bits_at = |piece: &Piece, t: &Rational| -> Vec<bool> {
            (1..nodes.len()).flat_map(|n| self.states(n, piece, t, scale).into_iter().flat_map(|state| state.bits)).collect()
        };
        let mut trace = Trace::begin_at(Arc::clone(&all), pieces[0].bits.iter().copied().collect::<Pattern>());
        let mut output_pieces = 1;
        for pair in pieces.windows(2) {
            let (left, right, t) = (&pair[0], &pair[1], &pair[1].lo);
            output_pieces += usize::from(left.nodes[self.output] != right.nodes[self.output]);
            if left.bits == right.bits {
                continue;
            }
            let here = bits_at(left, t);
            let both = |i: usize| left.bits[i] && right.bits[i];
            trace.push(Enclosure::of(t), &choose(&|i| left.bits[i] != right.bits[i]), &choose(&|i| both(i) && !here[i]));
            trace.hold(&choose(&|i| here[i] && !both(i)));
            trace.push_time(t.clone());
        }
        let (first, last) = (&pieces[0], &pieces[pieces.len() - 1]);
        let (start, end) = (bits_at(first, &first.lo), bits_at(last, &last.hi));
        trace.set_zero_at_start(&choose(&|i| first.bits[i] && !start[i]));
        trace.set_zero_at_end(&choose(&|i| last.bits[i] && !end[i]));
        trace.set_held_at_start(&choose(&|i| start[i] && !first.bits[i]));
        trace.set_held_at_end(&choose(&|i| end[i] && !last.bits[i]));
        trace.set_pieces(output_pieces);
        trace
    }

    /// The parts of a piece on which node n is affine too, with its forms and its bits.
    fn parts(&self, n: usize, piece: &Piece, scale: &Integer) -> Vec<Piece> {
        let node = &self.graph.nodes()[n];
        let part = |lo: &Rational, hi: &Rational, forms: Vec<Form>, bits: Vec<bool>| Piece {
            lo: lo.clone(),
            hi: hi.clone(),
            nodes: [&piece.nodes[..], &[Arc::new(forms)]].concat(),
            bits: [&piece.bits[..], &bits].concat(),
        };
        let zeros: Vec<Form> = match &node.operation {
            Operation::Input => unreachable!("the input is the first node"),
            Operation::Affine(affine) => return vec![part(&piece.lo, &piece.hi, self.affine(n, affine, piece, scale), Vec::new())],
            Operation::Activation { from, functions, function_of, .. } => {
                let breakpoints = |i: usize| Node::function_of(functions, function_of, i).breakpoints().iter();
                let forms = piece.nodes[*from].iter().enumerate();
                let scale = Integer::from(scale * &self.whole[*from].factor);
                forms.flat_map(|(i, z)| breakpoints(i).map(|b| above(z, b, &scale).into_owned()).collect::<Vec<_>>()).collect()
            }
            Operation::Smooth { .. } | Operation::Product(_) | Operation::Quotient(_) | Operation::MatrixProduct(_) => {
                unreachable!("the network is piecewise affine")
            }
            Operation::Maximum(maximum) => {
                let forms = &piece.nodes[maximum.from];
                (0..node.len()).flat_map(|window| pairs(maximum, window)).map(|(x, y)| forms[x].minus(&forms[y])).collect()
            }
        };
        let mut times: Vec<Rational> = zeros.iter().filter_map(Form::root).filter(|t| piece.lo < *t && *t < piece.hi).collect();
        times.sort();
        times.dedup();
        times.insert(0, piece.lo.clone());
        times.push(piece.hi.clone());
        let part = |ends: &[Rational]| {
            let middle = Rational::from(&ends[0] + &ends[1]) / 2u32;
            let states = self.states(n, piece, &middle, scale);
            let forms = (0..node.len()).map(|i| self.applied(n, i, states[i].part, piece, scale)).collect();
            part(&ends[0], &ends[1], forms, states.into_iter().flat_map(|state| state.bits).collect())
        };
        times.windows(2).map(part).collect()
    }

    /// The forms of an affine node on a piece.
    fn affine(&self, n: usize, affine: &Affine, piece: &Piece, scale: &Integer) -> Vec<Form> {
        let Whole::Affine(weights, constants) = &self.whole[n].whole else { unreachable!("the node is affine") };
        let form = |i: usize| {
            let mut sum = Form::constant(constants.get(i).map_or_else(Integer::new, |constant| Integer::from(constant * scale)));
            for (term, weights) in affine.terms.iter().zip(weights) {
                let from = &piece.nodes[term.from];
                term.map.for_row(i, |j, w| {
                    if !from[j].is_zero() {
                        sum.add(&weights[w], &from[j]);
                    }
                });
            }
            sum
        };
        (0..self.graph.nodes()[n].len()).map(form).collect()
    }

    /// The form of an element of an activation or of a maximum on a part of a piece.
    fn applied(&self, n: usize, element: usize, part: usize, piece: &Piece, scale: &Integer) -> Form {
        match (&self.graph.nodes()[n].operation, &self.whole[n].whole) {
            (Operation::Activation { from, function_of, .. }, Whole::Functions(functions)) => {
                let [slopes, constants] = Node::function_of(functions, function_of, element);
                let mut form = Form::constant(Integer::from(&constants[part] * scale));
                if !slopes[part].is_zero() {
                    form.add(&slopes[part], &piece.nodes[*from][element]);
                }
                form
            }
            (Operation::Maximum(maximum), _) => piece.nodes[maximum.from][part].clone(),
            _ => unreachable!("affine nodes have no parts"),
        }
    }

    /// The states of the elements of a node at a time in a piece or at one of its ends; affine nodes have none.
    fn states(&self, n: usize, piece: &Piece, t: &Rational, scale: &Integer) -> Vec<State> {
        match &self.graph.nodes()[n].operation {
            Operation::Input | Operation::Affine(_) => Vec::new(),
            Operation::Activation { from, functions, function_of, is_layer } => {
                let scale = Integer::from(scale * &self.whole[*from].factor);
                let state = |(i, z): (usize, &Form)| {
                    let breakpoints = Node::function_of(functions, function_of, i).breakpoints().iter();
                    let bits: Vec<bool> = breakpoints.map(|b| above(z, b, &scale).sign_at(t).is_gt()).collect();
                    State { part: bits.iter().filter(|&&bit| bit).count(), bits: if *is_layer { bits } else { Vec::new() } }
                };
                piece.nodes[*from].iter().enumerate().map(state).collect()
            }
            Operation::Smooth { .. } | Operation::Product(_) | Operation::Quotient(_) | Operation::MatrixProduct(_) => {
                unreachable!("the network is piecewise affine")
            }
            Operation::Maximum(maximum) => {
                let value = |element: usize| piece.nodes[maximum.from][element].at(t);
                let state = |window: usize| {
                    let most = maximum.window(window).map(|(_, e)| value(e)).max().expect("a window has a candidate");
                    let (winner, part) = maximum.window(window).find(|&(_, e)| value(e) == most).expect("one is the largest");
                    let bits = if maximum.is_layer { (0..maximum.size).map(|place| place == winner).collect() } else { Vec::new() };
                    State { part, bits }
                };
                (0..self.graph.nodes()[n].len()).map(state).collect()
            }
        }
    }
}

/// The state of an element: the part of its function or the winner of its window, and its bits if the node is a layer.
struct State {
    part: usize,
    bits: Vec<bool>,
}

impl WholeNode {
    /// The integers of a node, given those of all earlier nodes.
    fn new(node: &Node, below: &[Self]) -> Self {
        match &node.operation {
            Operation::Input => Self { factor: Integer::from(1), whole: Whole::Unchanged },
            Operation::Affine(affine) => {
                let constants = affine.bias.to_rationals();
                let weights: Vec<Vec<Rational>> = affine.terms.iter().map(|term| term.map.weights().to_rationals()).collect();
                // The forms of a term already have a factor.
                let over = |term: usize| &below[affine.terms[term].from].factor;
                let mut factor = Integer::from(1);
                constants.iter().for_each(|constant| factor.lcm_mut(constant.denom()));
                for (term, weights) in weights.iter().enumerate() {
                    let mut own = Integer::from(1);
                    weights.iter().for_each(|w| own.lcm_mut(w.denom()));
                    factor.lcm_mut(&(own * over(term)));
                }
                let weights = weights.iter().enumerate().map(|(term, weights)| whole(weights, &Integer::from(&factor / over(term))));
                Self { whole: Whole::Affine(weights.collect(), whole(&constants, &factor)), factor }
            }
            Operation::Activation { from, functions, .. } => {
                let over = &below[*from].factor;
                let mut factor = Integer::from(1);
                functions.iter().flat_map(|f| f.slopes()).for_each(|slope| factor.lcm_mut(slope.denom()));
                factor *= over;
                functions.iter().flat_map(|f| f.constants()).for_each(|constant| factor.lcm_mut(constant.denom()));
                let of_slopes = Integer::from(&factor / over);
                let functions = functions.iter().map(|f| [whole(f.slopes(), &of_slopes), whole(f.constants(), &factor)]).collect();
                Self { whole: Whole::Functions(functions), factor }
            }
            Operation::Smooth { .. } | Operation::Product(_) | Operation::Quotient(_) | Operation::MatrixProduct(_) => {
                unreachable!("the network is piecewise affine")
            }
            Operation::Maximum(maximum) => Self { factor: below[maximum.from].factor.clone(), whole: Whole::Unchanged },
        }
    }
}

/// Rationals times a multiple of their denominators.
fn whole(numbers: &[Rational], factor: &Integer) -> Vec<Integer> {
    numbers.iter().map(|q| Rational::from(q * factor).into_numer_denom().0).collect()
}

/// A form of this scale minus a breakpoint, up to a positive factor.
fn above<'a>(form: &'a Form, breakpoint: &Rational, scale: &Integer) -> Cow<'a, Form> {
    if breakpoint.is_zero() {
        return Cow::Borrowed(form);
    }
    let b = Integer::from(&form.b * breakpoint.denom()) - Integer::from(scale * breakpoint.numer());
    Cow::Owned(Form { b, a: Integer::from(&form.a * breakpoint.denom()) })
}

/// The pairs of candidates of a window.
fn pairs(maximum: &Maximum, window: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
    let all = maximum.window(window).flat_map(move |(_, x)| maximum.window(window).map(move |(_, y)| (x, y)));
    all.filter(|(x, y)| x < y)
}

/// The coordinates of x(t) = a + (b - a) t as forms, and their scale.
fn input_forms(from: &Point, to: &Point) -> (Vec<Form>, Integer) {
    let (a, b) = (from.to_rationals(), to.to_rationals());
    let mut scale = Integer::from(1);
    a.iter().chain(&b).for_each(|q| scale.lcm_mut(q.denom()));
    let forms = whole(&a, &scale).into_iter().zip(whole(&b, &scale)).map(|(a, b)| Form { a: b - &a, b: a });
    (forms.collect(), scale)
}
