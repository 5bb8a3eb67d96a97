//! The event at one time: states change, the slopes of forms change, and so do the forms that depend on them.

use super::{Event, GraphWalk, Segment, Turned, maximum, times, winner_of};
use crate::exact::bound::U;
use crate::exact::forms::{Form, Root};
use crate::line::graph::ball::{Ball, BallTime, turn};
use crate::line::graph::plan::{Function, Kind};
use crate::network::graph::{Node, Operation};
use std::cmp::Ordering;

/// The number of events between two fresh evaluations.
const REFRESH: usize = 256;

impl Segment<'_> {
    /// Goes to the next time at which a state changes; `false` if there is none.
    pub fn next(&mut self, event: &mut Event) -> bool {
        if self.events_since_refresh >= REFRESH {
            self.refresh();
            self.reschedule_all();
        }
        let mut due = std::mem::take(&mut self.walk.candidates);
        self.walk.schedule.next(&mut due);
        self.exact_now = None;
        if due.len() > 1 {
            self.keep_first(&mut due);
        }
        let found = !due.is_empty();
        if found {
            self.happen(&due, event);
        }
        self.walk.candidates = due;
        found
    }

    /// Keeps the elements that change first, all at one time.
    fn keep_first(&mut self, due: &mut Vec<u32>) {
        let mut times: Vec<(u32, Root)> = due.iter().map(|&element| (element, self.exact_time_of(element as usize))).collect();
        let least = times.iter().map(|(_, time)| time.clone()).reduce(|x, y| if y.compare(&x).is_lt() { y } else { x });
        let Some(least) = least else { return };
        for (element, time) in &times {
            self.schedule_exactly(*element as usize, time);
        }
        times.retain(|(_, time)| time.compare(&least).is_eq());
        due.clear();
        due.extend(times.iter().map(|(element, _)| *element));
        self.exact_now = Some(least);
    }

    fn happen(&mut self, due: &[u32], event: &mut Event) {
        let plan = self.plan;
        self.lead = self.lead_of(due[0] as usize);
        let (lo, hi) = self.walk.schedule.get(due[0] as usize);
        let hi = hi.min(1.0);
        self.now = BallTime { at: 0.5 * (lo + hi), half: 0.5 * (hi - lo) * (1.0 + 4.0 * U) + 2.0 * U };
        for list in [&mut event.flips, &mut event.touches, &mut event.held] {
            list.clear();
        }
        for &element in due {
            self.walk.due[element as usize] = true;
        }
        self.walk.old_states.clear();
        let first = self.plan.node_of(due[0] as usize);
        let mut next_due = due.iter().map(|&element| element as usize).peekable();
        for n in first..plan.nodes.len() {
            match &plan.nodes[n].kind {
                Kind::Input => {}
                Kind::Affine { .. } => self.turn_affine(n),
                Kind::Activation { from, functions, function_of } => {
                    let (offset, len) = (plan.nodes[n].offset, plan.nodes[n].len);
                    let turned = std::mem::take(&mut self.walk.turned[*from]);
                    let below = plan.nodes[*from].offset;
                    let function = |local: usize| Node::function_of(functions, function_of, local);
                    for t in &turned {
                        let local = t.element as usize - below;
                        self.turn_activation(n, *from, local, function(local), Some(*t), event);
                    }
                    self.walk.turned[*from] = turned;
                    while let Some(element) = next_due.next_if(|&element| element < offset + len) {
                        if self.walk.due[element] {
                            self.turn_activation(n, *from, element - offset, function(element - offset), None, event);
                        }
                    }
                }
                Kind::Maximum { from, .. } => {
                    let (offset, len) = (plan.nodes[n].offset, plan.nodes[n].len);
                    self.turn_maxima(n, *from, event);
                    while let Some(element) = next_due.next_if(|&element| element < offset + len) {
                        if self.walk.due[element] {
                            self.turn_maximum(n, *from, element - offset, event);
                        }
                    }
                }
            }
        }
        event.output_turns = self.pieces && self.output_turns();
        (event.at, event.half) = (self.now.at, self.now.half);
        event.exact = self.exact_times.then(|| self.exact_now().to_rational());
        self.walk.forget_turned();
        self.walk.filtered += 1;
        self.events_since_refresh += 1;
    }

    /// Changes the slopes of the forms of an affine node.
    fn turn_affine(&mut self, n: usize) {
        let plan = self.plan;
        let (Operation::Affine(affine), Kind::Affine { dyadic }) = (&plan.graph.nodes()[n].operation, &plan.nodes[n].kind) else {
            unreachable!()
        };
        let walk = &mut *self.walk;
        let offset = plan.nodes[n].offset;
        let terms = affine.terms.iter().map(|term| walk.turned[term.from].len()).sum();
        for (term, &dyadic) in affine.terms.iter().zip(dyadic) {
            let first = plan.nodes[term.from].offset;
            let GraphWalk { turned, sums, is_touched, touched, changes, .. } = walk;
            changes.clear();
            let change = |t: &Turned| ((t.element as usize - first) as u32, t.change.x, t.change.margin(dyadic, terms));
            changes.extend(turned[term.from].iter().map(change));
            term.map.add_columns(changes, |output, x, margin| {
                let element = offset + output;
                sums[element].x += x;
                sums[element].e += margin;
                if !is_touched[element] {
                    is_touched[element] = true;
                    touched.push(element as u32);
                }
            });
        }
        let mut touched = std::mem::take(&mut walk.touched);
        for &element in &touched {
            let e = element as usize;
            self.walk.is_touched[e] = false;
            let change = std::mem::take(&mut self.walk.sums[e]).settled();
            if change != Ball::default() {
                self.turn_element(n, e, change);
            }
        }
        touched.clear();
        self.walk.touched = touched;
    }

    /// Changes the slope of one form of a node.
    #[inline]
    fn turn_element(&mut self, n: usize, element: usize, change: Ball) {
        self.forget(n, element);
        let form = &mut self.walk.forms[element];
        let old = form.a;
        turn(form, change, self.now);
        self.walk.note_turned(n, Turned { element: element as u32, change, old });
    }

    /// The new state of an element of an activation whose input changed its slope, or which is due, or both.
    fn turn_activation(&mut self, n: usize, from: usize, local: usize, function: &Function, turned: Option<Turned>, event: &mut Event) {
        let (element, below) = (self.plan.nodes[n].offset + local, self.plan.nodes[from].offset + local);
        let old = self.walk.states[element];
        let due = std::mem::take(&mut self.walk.due[element]);
        let slope_before = turned.map_or(self.walk.forms[below].a, |t| t.old);
        // The breakpoint at which the element is now, if it is at one.
        let at = match (due, turned) {
            // The crossing was predicted from the form before its slope changed.
            (true, _) => Some(self.breakpoint_ahead(old, slope_before, n, from, local, turned.is_some())),
            (false, Some(_)) => self.breakpoint_here(n, from, local, function, old),
            (false, None) => None,
        };
        let new = match at {
            None => old,
            Some(index) => {
                let rises = match turned {
                    None => old as usize == index,
                    Some(_) => self.slope_sign(from, below).is_gt(),
                };
                let new = index as u32 + u32::from(rises);
                if old == new && rises {
                    event.touches.extend(self.bit(n, local, index));
                }
                new
            }
        };
        if old != new {
            self.walk.states[element] = new;
            self.walk.old_states.push((element as u32, old));
            event.flips.extend(self.bit(n, local, old.min(new) as usize));
        }
        // The slope of the output was old_slope * slope_before.
        let (s_old, s_new) = (function.slopes[old as usize], function.slopes[new as usize]);
        let slope_now = self.walk.forms[below].a;
        let change = if old == new || function.dyadic && s_old == s_new {
            match turned {
                Some(t) if s_new != 0.0 => times(s_new, t.change, function.dyadic),
                _ => Ball::default(),
            }
        } else {
            times(s_new, slope_now, function.dyadic).minus(times(s_old, slope_before, function.dyadic))
        };
        if turned.is_some() || old != new {
            self.forget(n, element);
            let old_slope = self.walk.forms[element].a;
            self.evaluate_activation(n, from, local, function);
            if change != Ball::default() {
                self.walk.note_turned(n, Turned { element: element as u32, change, old: old_slope });
            }
            self.reschedule(n, local);
        }
    }

    /// The next breakpoint of an element in a state, in the direction of the slope that it had.
    fn breakpoint_ahead(&mut self, state: u32, slope: Ball, n: usize, from: usize, local: usize, turned: bool) -> usize {
        let rises = match slope.sign() {
            Some(sign) => sign.is_gt(),
            // The exact form is known unless its slope has changed; in that case the breakpoint is the one at which the element is now.
            None if !turned => self.exact_form(from, self.plan.nodes[from].offset + local).slope_sign().is_gt(),
            None => {
                let now = self.exact_now();
                let count = self.breakpoints(n, local);
                (state as usize) < count && self.exact_above(n, from, local, state as usize).sign_at(&now).is_eq()
            }
        };
        if rises { state as usize } else { state as usize - 1 }
    }

    fn breakpoints(&self, n: usize, local: usize) -> usize {
        let Kind::Activation { functions, function_of, .. } = &self.plan.nodes[n].kind else { unreachable!() };
        Node::function_of(functions, function_of, local).breakpoints.len()
    }

    /// The breakpoint at which an element is now, decided by its value: one of the two next to its state.
    fn breakpoint_here(&mut self, n: usize, from: usize, local: usize, function: &Function, state: u32) -> Option<usize> {
        let below = self.plan.nodes[from].offset + local;
        let value = self.walk.forms[below].at(self.now);
        let state = state as usize;
        for index in [state.checked_sub(1), (state < function.breakpoints.len()).then_some(state)].into_iter().flatten() {
            self.walk.filtered += 1;
            let here = match value.minus(function.breakpoint(index)).sign() {
                Some(sign) => sign.is_eq(),
                None => {
                    let now = self.exact_now();
                    self.exact_above(n, from, local, index).sign_at(&now).is_eq()
                }
            };
            if here {
                return Some(index);
            }
        }
        None
    }

    /// Updates the windows that contain a candidate whose slope changed.
    fn turn_maxima(&mut self, n: usize, from: usize, event: &mut Event) {
        let plan = self.plan;
        if self.walk.turned[from].is_empty() {
            return;
        }
        let Kind::Maximum { windows, .. } = &plan.nodes[n].kind else { unreachable!() };
        let first = plan.nodes[from].offset;
        let mut locals: Vec<u32> = Vec::new();
        for t in &self.walk.turned[from] {
            locals.extend_from_slice(windows.get(t.element as usize - first));
        }
        locals.sort_unstable();
        locals.dedup();
        for local in locals {
            self.turn_maximum(n, from, local as usize, event);
        }
    }

    /// The new winner of a window in which the slope of a candidate changed, or which is due, or both.
    fn turn_maximum(&mut self, n: usize, from: usize, local: usize, event: &mut Event) {
        let (element, offset) = (self.plan.nodes[n].offset + local, self.plan.nodes[from].offset);
        let maximum = maximum(self.plan, n);
        let old = self.walk.states[element];
        let winner = winner_of(maximum, local, old);
        let due = std::mem::take(&mut self.walk.due[element]);
        let (rival, ambiguous) = self.walk.rivals[element];
        // The candidates that have the largest value now.
        let mut ties: Vec<(usize, usize)> = Vec::new();
        for (place, candidate) in maximum.window(local) {
            let tied = if candidate == winner || due && candidate == rival as usize {
                true
            } else if due
                && !ambiguous
                && self.turned_of(from, offset + candidate).is_none()
                && self.turned_of(from, offset + winner).is_none()
            {
                // Neither this candidate nor the winner changed its slope, so it would have been found as another rival.
                false
            } else {
                self.walk.filtered += 1;
                self.compare_values(from, offset + candidate, offset + winner).is_eq()
            };
            if tied {
                ties.push((place, candidate));
            }
        }
        let (here, new) = (ties[0].0, self.steepest(from, &ties) as u32);
        if new != old {
            self.walk.states[element] = new;
            self.walk.old_states.push((element as u32, old));
            event.flips.extend(self.bit(n, local, old.min(new) as usize));
            event.flips.extend(self.bit(n, local, old.max(new) as usize));
            event.held.extend(self.bit(n, local, here));
        } else if here != old as usize {
            event.touches.extend(self.bit(n, local, old as usize));
            event.held.extend(self.bit(n, local, here));
        }
        let wins = winner_of(maximum, local, new);
        let before = self.turned_of(from, offset + winner);
        let change = match (new == old, before) {
            (true, Some(t)) => t.change,
            (true, None) => Ball::default(),
            (false, _) => {
                let slope = before.map_or(self.walk.forms[offset + winner].a, |t| t.old);
                self.walk.forms[offset + wins].a.minus(slope)
            }
        };
        self.forget(n, element);
        let old_slope = self.walk.forms[element].a;
        self.evaluate_maximum(n, from, local);
        if change != Ball::default() {
            self.walk.note_turned(n, Turned { element: element as u32, change, old: old_slope });
        }
        self.reschedule(n, local);
    }

    /// The change of an element of a node at this event.
    fn turned_of(&self, node: usize, element: usize) -> Option<Turned> {
        self.walk.turned[node].get(self.walk.turned_at[element] as usize).copied()
    }

    /// Whether the output is another function after this event.
    fn output_turns(&mut self) -> bool {
        let (plan, output) = (self.plan, self.plan.output);
        let turned = &self.walk.turned[output];
        if turned.iter().any(|t| t.change.sign().is_some_and(|sign| sign.is_ne())) {
            return true;
        }
        if turned.iter().all(|t| t.change.sign() == Some(Ordering::Equal)) {
            return false;
        }
        // The exact slopes after the event, and those before it, by the states before it.
        let elements: Vec<usize> = turned.iter().map(|t| t.element as usize).collect();
        let after: Vec<Form> = elements.iter().map(|&element| self.exact_form(output, element)).collect();
        self.swap_states();
        let before: Vec<Form> = elements.iter().map(|&element| self.exact_form(output, element)).collect();
        self.swap_states();
        debug_assert!(plan.nodes[output].len >= elements.len());
        before != after
    }

    /// Exchanges the states before and after this event, and discards all exact forms that differ between them.
    fn swap_states(&mut self) {
        for (element, state) in &mut self.walk.old_states {
            std::mem::swap(&mut self.walk.states[*element as usize], state);
        }
        if let Some(exact) = &mut self.exact {
            for (element, _) in &self.walk.old_states {
                exact.forget(self.plan.node_of(*element as usize), *element as usize);
            }
            for (node, turned) in self.walk.turned.iter().enumerate() {
                turned.iter().for_each(|t| exact.forget(node, t.element as usize));
            }
        }
    }
}
