//! The walk along one segment through a graph, from one change of a unit's state to the next.
//!
//! Between two changes every element is a form b + a t. A change of a state changes the slopes of some forms; the forms that depend on them
//! are changed by sparse updates. Each form is stored in doubles with a bound on its error. A sign, an order or a tie that the bounds do
//! not decide is decided by the exact forms of the elements concerned. After some events all forms are computed anew, so that the bounds
//! stay small.

mod memory;
mod next;
mod start;
mod turn;

pub use memory::GraphWalk;

use super::ball::{Ball, BallForm, BallTime};
use super::exact::ExactForms;
use super::plan::{Function, GraphPlan, Kind, SMALL};
use crate::data::Points;
use crate::exact::bound::{U, gamma};
use crate::exact::forms::{Form, Root};
use crate::network::Bit;
use crate::network::graph::{Affine, Maximum, Node, Operation};
use rug::Rational;
use std::cmp::Ordering;

/// The coordinates of the segment are outside the range in which the bounds hold.
#[derive(Debug)]
pub(super) struct OutOfRange;

/// A form whose slope an event changed.
#[derive(Clone, Copy, Debug)]
struct Turned {
    element: u32,
    change: Ball,
    /// The slope before the event.
    old: Ball,
}

/// A form whose zero is the time of an event.
#[derive(Clone, Copy, Debug)]
enum Lead {
    /// The input of an element of an activation, minus a breakpoint.
    Above { node: usize, from: usize, local: usize, index: usize },
    /// One element of a node minus another.
    Difference { from: usize, rival: usize, winner: usize },
}

/// The changes at one time.
#[derive(Clone, Debug, Default)]
pub(super) struct Event {
    pub at: f64,
    pub half: f64,
    pub exact: Option<Rational>,
    pub flips: Vec<Bit>,
    pub touches: Vec<Bit>,
    pub held: Vec<Bit>,
    /// Whether the output is another function after the event; false if pieces are not counted.
    pub output_turns: bool,
}

/// The state of the walk along one segment.
pub(super) struct Segment<'a> {
    plan: &'a GraphPlan,
    walk: &'a mut GraphWalk,
    from: (&'a Points, usize),
    to: (&'a Points, usize),
    exact: Option<ExactForms<'a>>,
    now: BallTime,
    exact_now: Option<Root>,
    /// A form whose zero is the present time. The nodes below it do not change now.
    lead: Lead,
    exact_times: bool,
    pieces: bool,
    events_since_refresh: usize,
}

/// The bits that are inactive, or active, at an end of the segment, but not on the region next to it.
#[derive(Clone, Debug, Default)]
pub(super) struct EndBits {
    pub zero: Vec<Bit>,
    pub held: Vec<Bit>,
}

impl<'a> Segment<'a> {
    /// The state of an element.
    pub fn state(&self, element: usize) -> u32 {
        self.walk.states[element]
    }

    fn exact(&mut self) -> (&mut ExactForms<'a>, &[u32]) {
        self.walk.decided += 1;
        let (plan, from, to) = (self.plan, self.from, self.to);
        (self.exact.get_or_insert_with(|| ExactForms::new(plan, from, to)), &self.walk.states)
    }

    fn exact_form(&mut self, node: usize, element: usize) -> Form {
        let (forms, states) = self.exact();
        forms.form(node, element, states).clone()
    }

    /// The exact form of the input of an activation, minus a breakpoint.
    fn exact_above(&mut self, n: usize, from: usize, local: usize, index: usize) -> Form {
        let plan = self.plan;
        let (forms, states) = self.exact();
        forms.above(from, plan.nodes[from].offset + local, breakpoint(plan, n, local, index), states)
    }

    /// The exact difference of two elements of one node.
    fn exact_difference(&mut self, node: usize, x: usize, y: usize) -> Form {
        let (forms, states) = self.exact();
        let x = forms.form(node, x, states).clone();
        x.minus(forms.form(node, y, states))
    }

    /// The exact present time: the zero of the leading form.
    fn exact_now(&mut self) -> Root {
        if self.exact_now.is_none() {
            self.exact_now = Some(self.zero_of(self.lead));
        }
        self.exact_now.clone().expect("just set")
    }

    /// The exact time at which the state of an element changes next, by its present form.
    fn exact_time_of(&mut self, element: usize) -> Root {
        let lead = self.lead_of(element);
        self.zero_of(lead)
    }

    fn zero_of(&mut self, lead: Lead) -> Root {
        match lead {
            Lead::Above { node, from, local, index } => self.exact_above(node, from, local, index).root(),
            Lead::Difference { from, rival, winner } => self.exact_difference(from, rival, winner).root(),
        }
    }

    /// The form whose zero is the time at which the state of an element changes next.
    fn lead_of(&mut self, element: usize) -> Lead {
        let n = self.plan.node_of(element);
        let local = element - self.plan.nodes[n].offset;
        match &self.plan.nodes[n].kind {
            Kind::Activation { from, .. } => {
                let index = self.next_breakpoint(n, *from, local).expect("it has a breakpoint before it");
                Lead::Above { node: n, from: *from, local, index }
            }
            Kind::Maximum { from, .. } => {
                let (offset, rival) = (self.plan.nodes[*from].offset, self.walk.rivals[element].0 as usize);
                let winner = winner_of(maximum(self.plan, n), local, self.walk.states[element]);
                Lead::Difference { from: *from, rival: offset + rival, winner: offset + winner }
            }
            _ => unreachable!("only activations and maxima have states"),
        }
    }

    /// Discards the exact forms of an element.
    #[inline]
    fn forget(&mut self, node: usize, element: usize) {
        if let Some(exact) = &mut self.exact {
            exact.forget(node, element);
        }
    }

    /// The sign of the slope of an element.
    fn slope_sign(&mut self, node: usize, element: usize) -> Ordering {
        match self.walk.forms[element].a.sign() {
            Some(sign) => sign,
            None => self.exact_form(node, element).slope_sign(),
        }
    }

    fn evaluate_affine(&mut self, n: usize) {
        let (plan, walk) = (self.plan, &mut *self.walk);
        let node = &plan.nodes[n];
        let (Operation::Affine(affine), Kind::Affine { dyadic }) = (&plan.graph.nodes()[n].operation, &node.kind) else { unreachable!() };
        let terms = terms_of(affine);
        let sums = &mut walk.row_sums;
        sums.clear();
        let bias = |local: usize| affine.bias.doubles().get(local).copied().unwrap_or(0.0);
        sums.extend((0..node.len).map(|local| [bias(local), 0.0, 0.0, 0.0]));
        for (term, &dyadic) in affine.terms.iter().zip(dyadic) {
            let forms = &walk.forms[plan.nodes[term.from].offset..][..plan.nodes[term.from].len];
            walk.inputs.clear();
            walk.inputs.extend(forms.iter().map(|form| [form.b.x, form.a.x, form.b.margin(dyadic, terms), form.a.margin(dyadic, terms)]));
            term.map.add_products(&walk.inputs, sums);
        }
        for (local, &[b, a, of_b, of_a]) in sums.iter().enumerate() {
            let rounded = if affine.bias.is_double() { 0.0 } else { 2.0 * U };
            // A bias to which nothing is added is not rounded.
            let joined = if of_b == 0.0 { 0.0 } else { gamma(terms + 4) };
            let of_b = of_b + (rounded + joined) * bias(local).abs();
            walk.forms[node.offset + local] = BallForm { b: Ball { x: b, e: of_b }.settled(), a: Ball { x: a, e: of_a }.settled() };
        }
    }

    fn evaluate_activation(&mut self, n: usize, from: usize, local: usize, function: &Function) {
        let (plan, walk) = (self.plan, &mut *self.walk);
        let element = plan.nodes[n].offset + local;
        let z = walk.forms[plan.nodes[from].offset + local];
        walk.forms[element] = apply(function, walk.states[element], z);
    }

    fn evaluate_maximum(&mut self, n: usize, from: usize, local: usize) {
        let element = self.plan.nodes[n].offset + local;
        let winner = winner_of(maximum(self.plan, n), local, self.walk.states[element]);
        self.walk.forms[element] = self.walk.forms[self.plan.nodes[from].offset + winner];
    }

    /// Computes all forms and all times anew.
    fn refresh(&mut self) {
        let plan = self.plan;
        for n in 1..plan.nodes.len() {
            match &plan.nodes[n].kind {
                Kind::Input => {}
                Kind::Affine { .. } => self.evaluate_affine(n),
                Kind::Activation { from, functions, function_of } => {
                    for local in 0..plan.nodes[n].len {
                        let function = Node::function_of(functions, function_of, local);
                        self.evaluate_activation(n, *from, local, function);
                    }
                }
                Kind::Maximum { from, .. } => (0..plan.nodes[n].len).for_each(|local| self.evaluate_maximum(n, *from, local)),
            }
        }
        self.events_since_refresh = 0;
    }

    /// Compares the values of two elements of a node at the present time.
    fn compare_values(&mut self, node: usize, x: usize, y: usize) -> Ordering {
        let (f, g) = (&self.walk.forms[x], &self.walk.forms[y]);
        let difference = f.at(self.now).minus(g.at(self.now));
        match difference.sign() {
            Some(sign) => sign,
            None => {
                let now = self.exact_now();
                self.exact_difference(node, x, y).sign_at(&now)
            }
        }
    }

    /// The position of the candidate that wins just after the present time, among some that are equal now: the one with the largest slope,
    /// the first one in case of ties.
    fn steepest(&mut self, from: usize, ties: &[(usize, usize)]) -> usize {
        let offset = self.plan.nodes[from].offset;
        let mut best = ties[0];
        for &(place, candidate) in &ties[1..] {
            let (x, y) = (offset + candidate, offset + best.1);
            let steeper = match self.walk.forms[x].a.minus(self.walk.forms[y].a).sign() {
                Some(sign) => sign,
                None => self.exact_difference(from, x, y).slope_sign(),
            };
            if steeper.is_gt() {
                best = (place, candidate);
            }
        }
        best.0
    }

    /// The bit of a unit, if its node is a layer.
    fn bit(&self, n: usize, local: usize, index: usize) -> Option<Bit> {
        let bits = match &self.plan.nodes[n].kind {
            Kind::Activation { functions, .. } => functions[0].breakpoints.len(),
            _ => maximum(self.plan, n).size,
        };
        self.plan.nodes[n].layer.map(|layer| Bit { layer, index: (local * bits + index) as u32 })
    }
}

fn maximum(plan: &GraphPlan, n: usize) -> &Maximum {
    match &plan.graph.nodes()[n].operation {
        Operation::Maximum(maximum) => maximum,
        _ => unreachable!("the node is a maximum"),
    }
}

/// The breakpoint of an activation's element.
fn breakpoint(plan: &GraphPlan, n: usize, local: usize, index: usize) -> &Rational {
    match &plan.graph.nodes()[n].operation {
        Operation::Activation { functions, function_of, .. } => &Node::function_of(functions, function_of, local).breakpoints()[index],
        _ => unreachable!("only activations have breakpoints"),
    }
}

/// The element that wins a window, given its position in the window.
fn winner_of(maximum: &Maximum, window: usize, place: u32) -> usize {
    maximum.candidates[window * maximum.size + place as usize] as usize
}

/// The largest number of products in the sum of an element of an affine node.
fn terms_of(affine: &Affine) -> usize {
    affine.terms.iter().map(|term| term.map.longest_row()).sum()
}

/// The product of a factor and a slope.
fn times(factor: f64, slope: Ball, dyadic: bool) -> Ball {
    if factor == 0.0 && dyadic || slope == Ball::default() {
        return Ball::default();
    }
    if factor == 1.0 && dyadic {
        return slope;
    }
    slope.times(factor, false)
}

/// The form of an activation applied to a form.
fn apply(function: &Function, state: u32, z: BallForm) -> BallForm {
    let (slope, constant) = (function.slopes[state as usize], function.constants[state as usize]);
    let mut b = times(slope, z.b, function.dyadic);
    if constant != 0.0 || !function.dyadic {
        let exact = b == Ball::default() && function.dyadic;
        b.x += constant;
        b.e += if exact { 0.0 } else { 2.0 * U * (constant.abs() + b.x.abs()) };
        b = b.settled();
    }
    BallForm { b, a: times(slope, z.a, function.dyadic) }
}

impl Function {
    fn breakpoint(&self, index: usize) -> Ball {
        let x = self.breakpoints[index];
        Ball { x, e: if self.dyadic { 0.0 } else { 2.0 * U * x.abs() + SMALL } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of an activation are half a unit in the last place from their doubles; the value is near 1, and the constant is far
    /// larger or far smaller.
    #[test]
    fn activations_have_room_for_numbers_that_are_no_doubles() {
        let power = |e: i32| Rational::from(1) << e;
        let half_a_place: Rational = power(-26) + 1 + power(-53) - power(-80);
        let near = 1.0 + 2f64.powi(-26);
        for exponent in [-30, 0, 30] {
            let scale = 2f64.powi(exponent);
            let numbers = || vec![near * scale];
            let function = Function { breakpoints: numbers(), slopes: vec![near; 2], constants: vec![near * scale; 2], dyadic: false };
            let z = Ball::exact(1.0 + 2f64.powi(-27));
            let form = apply(&function, 1, BallForm { b: z, a: z });
            let exact = |x: f64| Rational::from_f64(x).unwrap();
            let product = &half_a_place * exact(z.x);
            let constant = half_a_place.clone() << exponent;
            let truths = [Rational::from(&product + &constant), product, constant];
            for (ball, truth) in [form.b, form.a, function.breakpoint(0)].into_iter().zip(truths) {
                let off = (exact(ball.x) - truth).abs();
                assert!(off <= exact(ball.e), "{exponent}: {ball:?} is off by {}", off.to_f64());
                assert!(off.to_f64() > 0.05 * ball.e, "{exponent}: {ball:?}");
            }
        }
    }
}
