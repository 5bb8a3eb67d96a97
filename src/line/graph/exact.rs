//! The exact forms of a graph's elements along one segment, for the states that its units have now.
//!
//! A form is (b + a t) / scale with integers b and a; the scale of a node is that of the input times a factor of the node's own. A form is
//! computed when it is asked for, with the forms that it needs, and kept until it is marked as changed.

use super::plan::{GraphPlan, Kind};
use super::whole::{Coefficients, WholeGraph};
use crate::data::Points;
use crate::exact::{common_denominator, scaled};
use crate::network::graph::{Graph, Node, Operation};
use rug::{Integer, Rational};
use std::cmp::Ordering;

/// A form up to the scale of its node.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ExactForm {
    pub b: Integer,
    pub a: Integer,
}

/// A time, not in lowest terms, with a denominator above 0.
#[derive(Clone, Debug)]
pub(super) struct Time {
    pub numerator: Integer,
    pub denominator: Integer,
}

impl Time {
    pub fn compare(&self, other: &Self) -> Ordering {
        Integer::from(&self.numerator * &other.denominator).cmp(&Integer::from(&other.numerator * &self.denominator))
    }

    pub fn compare_one(&self) -> Ordering {
        self.numerator.cmp(&self.denominator)
    }

    pub fn to_rational(&self) -> Rational {
        Rational::from((self.numerator.clone(), self.denominator.clone()))
    }
}

impl ExactForm {
    /// The sign at a time.
    pub fn sign_at(&self, t: &Time) -> Ordering {
        (Integer::from(&self.b * &t.denominator) + Integer::from(&self.a * &t.numerator)).cmp0()
    }

    /// The zero of a form that is not constant.
    pub fn root(&self) -> Time {
        if self.a.cmp0().is_gt() {
            Time { numerator: Integer::from(-&self.b), denominator: self.a.clone() }
        } else {
            Time { numerator: self.b.clone(), denominator: Integer::from(-&self.a) }
        }
    }

    pub fn minus(&self, other: &Self) -> Self {
        Self { b: Integer::from(&self.b - &other.b), a: Integer::from(&self.a - &other.a) }
    }
}

/// The exact forms along one segment.
pub(super) struct ExactForms<'a> {
    plan: &'a GraphPlan,
    whole: &'a WholeGraph,
    scale: Integer,
    forms: Vec<Option<ExactForm>>,
    /// For each node the elements that are wanted.
    wanted: Vec<Vec<u32>>,
}

impl<'a> ExactForms<'a> {
    pub fn new(plan: &'a GraphPlan, from: (&Points, usize), to: (&Points, usize)) -> Self {
        let coordinates: Vec<[Rational; 2]> =
            (0..from.0.dimension()).map(|j| [from.0.coordinate(from.1, j), to.0.coordinate(to.1, j)]).collect();
        let scale = common_denominator(coordinates.iter().flatten().cloned());
        let mut forms = vec![None; plan.total];
        for (form, [a, b]) in forms.iter_mut().zip(coordinates) {
            let (a, b) = (scaled(a, &scale), scaled(b, &scale));
            *form = Some(ExactForm { a: b - &a, b: a });
        }
        Self { plan, whole: plan.whole(), scale, forms, wanted: vec![Vec::new(); plan.nodes.len()] }
    }

    /// Forgets the form of an element.
    #[inline]
    pub fn forget(&mut self, element: usize) {
        self.forms[element] = None;
    }

    /// The form of an element of a node, by its number among all elements.
    pub fn form(&mut self, node: usize, element: usize, states: &[u32]) -> &ExactForm {
        if self.forms[element].is_none() {
            self.compute(node, element, states);
        }
        self.forms[element].as_ref().expect("just computed")
    }

    /// The form of an element of a node, minus a breakpoint.
    pub fn above(&mut self, node: usize, element: usize, breakpoint: &Rational, states: &[u32]) -> ExactForm {
        let height = Integer::from(breakpoint.numer() * &self.whole.nodes[node].factor) * &self.scale;
        let form = self.form(node, element, states);
        ExactForm { b: Integer::from(&form.b * breakpoint.denom()) - height, a: Integer::from(&form.a * breakpoint.denom()) }
    }

    /// Computes what is missing for one form: downwards which forms it needs, upwards these forms.
    fn compute(&mut self, node: usize, element: usize, states: &[u32]) {
        self.wanted[node].push(element as u32);
        for n in (1..=node).rev() {
            let wanted = std::mem::take(&mut self.wanted[n]);
            let offset = self.plan.nodes[n].offset;
            let below = &mut self.wanted[..n];
            let forms = &mut self.forms;
            // A form that is wanted twice is marked as present at the first time, so that it is not wanted again.
            let mut want = |node: usize, element: usize| {
                if forms[element].is_none() {
                    forms[element] = Some(ExactForm { b: Integer::new(), a: Integer::new() });
                    below[node].push(element as u32);
                }
            };
            for &element in &wanted {
                let local = element as usize - offset;
                match (&self.plan.nodes[n].kind, &self.plan.graph.nodes()[n].operation) {
                    (_, Operation::Affine(affine)) => {
                        for term in &affine.terms {
                            let first = self.plan.nodes[term.from].offset;
                            term.map.for_row(local, |j, _| want(term.from, first + j));
                        }
                    }
                    (Kind::Activation { from, functions, function_of }, _) => {
                        let function = Node::function_of(functions, function_of, local);
                        if function.slopes[states[element as usize] as usize] != 0.0 || !function.dyadic {
                            want(*from, self.plan.nodes[*from].offset + local);
                        }
                    }
                    (Kind::Maximum { from, .. }, Operation::Maximum(maximum)) => {
                        let winner = maximum.candidates[local * maximum.size + states[element as usize] as usize];
                        want(*from, self.plan.nodes[*from].offset + winner as usize);
                    }
                    _ => unreachable!("the input's forms are known"),
                }
            }
            self.wanted[n] = wanted;
        }
        for n in 1..=node {
            let wanted = std::mem::take(&mut self.wanted[n]);
            for &element in &wanted {
                let form = self.evaluate(n, element as usize, states);
                self.forms[element as usize] = Some(form);
            }
            let mut wanted = wanted;
            wanted.clear();
            self.wanted[n] = wanted;
        }
    }

    fn evaluate(&self, n: usize, element: usize, states: &[u32]) -> ExactForm {
        let local = element - self.plan.nodes[n].offset;
        let node = &self.plan.graph.nodes()[n];
        let below = |node: usize, j: usize| self.forms[self.plan.nodes[node].offset + j].as_ref().expect("computed before");
        match (&node.operation, &self.whole.nodes[n].coefficients) {
            (Operation::Affine(affine), Coefficients::Affine(weights, bias)) => {
                let b = bias.get(local).map_or_else(Integer::new, |b| Integer::from(b * &self.scale));
                let mut form = ExactForm { b, a: Integer::new() };
                for (term, weights) in affine.terms.iter().zip(weights) {
                    term.map.for_row(local, |j, w| {
                        let x = below(term.from, j);
                        if !x.b.is_zero() {
                            form.b += &weights[w] * &x.b;
                        }
                        if !x.a.is_zero() {
                            form.a += &weights[w] * &x.a;
                        }
                    });
                }
                form
            }
            (Operation::Activation { from, function_of, .. }, Coefficients::Functions(functions)) => {
                let (slopes, constants) = Node::function_of(functions, function_of, local);
                let part = states[element] as usize;
                let mut form = ExactForm { b: Integer::from(&constants[part] * &self.scale), a: Integer::new() };
                if !slopes[part].is_zero() {
                    let z = below(*from, local);
                    form.b += &slopes[part] * &z.b;
                    form.a += &slopes[part] * &z.a;
                }
                form
            }
            (Operation::Maximum(maximum), _) => {
                below(maximum.from, maximum.candidates[local * maximum.size + states[element] as usize] as usize).clone()
            }
            _ => unreachable!("the input's forms are known"),
        }
    }
}

/// The breakpoint of an activation's element.
pub(super) fn breakpoint(graph: &Graph, node: usize, local: usize, index: usize) -> &Rational {
    match &graph.nodes()[node].operation {
        Operation::Activation { functions, function_of, .. } => &Node::function_of(functions, function_of, local).breakpoints()[index],
        _ => unreachable!("only activations have breakpoints"),
    }
}
