//! The next change: for each element the time at which its state changes if its form stays the same.

use super::{Segment, maximum, winner_of};
use crate::exact::bound::U;
use crate::exact::forms::Root;
use crate::exact::nearest_f64;
use crate::line::graph::ball::{Ball, BallForm};
use crate::line::graph::plan::Kind;
use crate::network::graph::Node;
use std::cmp::Ordering;

impl Segment<'_> {
    pub(super) fn reschedule_all(&mut self) {
        let plan = self.plan;
        for n in 1..plan.nodes.len() {
            if matches!(plan.nodes[n].kind, Kind::Activation { .. } | Kind::Maximum { .. }) {
                (0..plan.nodes[n].len).for_each(|local| self.reschedule(n, local));
            }
        }
    }

    /// The breakpoint that an element of an activation meets next, if there is one.
    pub(super) fn next_breakpoint(&mut self, n: usize, from: usize, local: usize) -> Option<usize> {
        let Kind::Activation { functions, function_of, .. } = &self.plan.nodes[n].kind else { unreachable!() };
        let count = Node::function_of(functions, function_of, local).breakpoints.len();
        let state = self.walk.states[self.plan.nodes[n].offset + local] as usize;
        match self.slope_sign(from, self.plan.nodes[from].offset + local) {
            Ordering::Greater => (state < count).then_some(state),
            Ordering::Less => state.checked_sub(1),
            Ordering::Equal => None,
        }
    }

    /// Computes the time at which the state of an element changes next.
    pub(super) fn reschedule(&mut self, n: usize, local: usize) {
        let element = self.plan.nodes[n].offset + local;
        self.walk.at_end[element] = false;
        let time = match &self.plan.nodes[n].kind {
            Kind::Activation { from, functions, function_of } => self.next_breakpoint(n, *from, local).and_then(|index| {
                let function = Node::function_of(functions, function_of, local);
                let form = self.walk.forms[self.plan.nodes[*from].offset + local];
                self.time_in_doubles(form, function.breakpoint(index))
            }),
            Kind::Maximum { from, .. } => self.next_rival(n, *from, local),
            _ => unreachable!("only activations and maxima have states"),
        };
        let Some((lo, hi)) = time else { return self.walk.schedule.set(element, NEVER) };
        self.walk.filtered += 1;
        if hi < 1.0 {
            return self.walk.schedule.set(element, (lo.max(0.0), hi));
        }
        // Near the end of the segment the crossing is inside, at the end, or beyond it.
        let time = self.exact_time_of(element);
        match time.compare(&Root::whole(1)) {
            Ordering::Less => self.schedule_exactly(element, &time),
            order => {
                self.walk.at_end[element] = order.is_eq();
                self.walk.schedule.set(element, NEVER);
            }
        }
    }

    pub(super) fn schedule_exactly(&mut self, element: usize, time: &Root) {
        let near = nearest_f64(&time.to_rational());
        self.walk.schedule.set(element, ((near - 4.0 * U).max(0.0), near + 4.0 * U));
    }

    /// An enclosure of the time at which a form has a value, if the time can be on the segment. If doubles do not decide, it is [0,
    /// infinity).
    pub(super) fn time_in_doubles(&self, form: BallForm, value: Ball) -> Option<(f64, f64)> {
        if form.a.sign().is_none() {
            return Some((0.0, f64::INFINITY));
        }
        let (lo, hi) = form.time_of(value);
        if lo.is_nan() || hi.is_nan() {
            return Some((0.0, f64::INFINITY));
        }
        (lo <= 1.0).then_some((lo, hi))
    }

    /// The time at which another candidate overtakes the winner of a maximum; stores that candidate.
    pub(super) fn next_rival(&mut self, n: usize, from: usize, local: usize) -> Option<(f64, f64)> {
        let (element, offset) = (self.plan.nodes[n].offset + local, self.plan.nodes[from].offset);
        let maximum = maximum(self.plan, n);
        let winner = winner_of(maximum, local, self.walk.states[element]);
        let best = self.walk.forms[offset + winner];
        let mut next: Option<((f64, f64), u32)> = None;
        let mut others = f64::INFINITY; // the least lower end of the other enclosures
        for (_, candidate) in maximum.window(local).filter(|&(_, candidate)| candidate != winner) {
            let form = self.walk.forms[offset + candidate];
            let difference = BallForm { b: form.b.minus(best.b), a: form.a.minus(best.a) };
            let rises = match difference.a.sign() {
                Some(sign) => sign,
                None => self.exact_difference(from, offset + candidate, offset + winner).slope_sign(),
            };
            if !rises.is_gt() {
                continue;
            }
            let Some(time) = self.time_in_doubles(difference, Ball::exact(0.0)) else { continue };
            match &mut next {
                Some((best, rival)) if time.1 < best.1 => {
                    others = others.min(best.0);
                    (*best, *rival) = (time, candidate as u32);
                }
                Some(_) => others = others.min(time.0),
                None => next = Some((time, candidate as u32)),
            }
        }
        let ((lo, hi), rival) = next?;
        let ambiguous = others <= hi;
        self.walk.rivals[element] = (rival, ambiguous);
        if ambiguous {
            self.settle_rivals(n, from, local);
            let time = self.exact_time_of(element);
            let near = nearest_f64(&time.to_rational());
            return Some((near - 4.0 * U, near + 4.0 * U));
        }
        Some((lo, hi))
    }

    /// Finds exactly the first candidate that overtakes the winner.
    pub(super) fn settle_rivals(&mut self, n: usize, from: usize, local: usize) {
        let (element, offset) = (self.plan.nodes[n].offset + local, self.plan.nodes[from].offset);
        let maximum = maximum(self.plan, n);
        let winner = winner_of(maximum, local, self.walk.states[element]);
        let mut first: Option<(Root, u32)> = None;
        for (_, candidate) in maximum.window(local).filter(|&(_, candidate)| candidate != winner) {
            let difference = self.exact_difference(from, offset + candidate, offset + winner);
            if !difference.slope_sign().is_gt() {
                continue;
            }
            let time = difference.root();
            if first.as_ref().is_none_or(|(best, _)| time.compare(best).is_lt()) {
                first = Some((time, candidate as u32));
            }
        }
        let (_, rival) = first.expect("a candidate rises above the winner");
        self.walk.rivals[element] = (rival, true);
    }
}

const NEVER: (f64, f64) = (f64::INFINITY, f64::INFINITY);
