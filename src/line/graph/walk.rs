//! The sweep along one segment through a graph: from one change of a unit's state to the next.
//!
//! Between two changes every element is a form b + a t. A change turns some forms, and what depends on them is turned by sparse updates. Each form
//! is kept in doubles with a bound of its error; a sign, an order or a tie that these do not decide is decided by the exact forms of
//! the elements concerned. Fresh forms replace the running ones every so often, so that their bounds stay small.

use super::ball::{Ball, BallForm, BallTime, turn};
use super::exact::{ExactForm, ExactForms, Time, breakpoint};
use super::plan::{Function, GraphPlan, Kind, SMALL};
use super::schedule::Schedule;
use crate::data::Points;
use crate::exact::bound::U;
use crate::exact::nearest_f64;
use crate::network::graph::{Maximum, Operation};
use std::cmp::Ordering;

/// Changes between two fresh evaluations.
const REFRESH: usize = 64;

/// A segment whose coordinates are out of the range in which the bounds hold.
#[derive(Debug)]
pub(super) struct OutOfRange;

/// A form that an event turned.
#[derive(Clone, Copy, Debug)]
struct Turned {
    element: u32,
    change: Ball,
    /// The slope before.
    old: Ball,
}

/// A form whose zero is the time of an event.
#[derive(Clone, Copy, Debug)]
enum Lead {
    /// What the element of an activation is applied to, minus a breakpoint.
    Above { node: usize, from: usize, local: usize, index: usize },
    /// One element of a node minus another.
    Difference { from: usize, rival: usize, winner: usize },
}

/// A bit of a layer: the layer and the bit's index in it.
pub(super) type Bit = (u32, u32);

/// What happens at one time.
#[derive(Clone, Debug, Default)]
pub(super) struct Event {
    pub at: f64,
    pub half: f64,
    pub exact: Option<rug::Rational>,
    pub flips: Vec<Bit>,
    pub touches: Vec<Bit>,
    pub held: Vec<Bit>,
    /// Whether the output is another function after it.
    pub output_turns: bool,
}

/// The memory of a sweep, kept from segment to segment.
#[derive(Default)]
pub(super) struct GraphWalk {
    forms: Vec<BallForm>,
    /// For an activation's element the breakpoints below it, for a maximum's the place of the winner.
    states: Vec<u32>,
    /// For a maximum's element the rival that wins next, and whether others may win at the same time.
    rivals: Vec<(u32, bool)>,
    /// Whether an element's state would change at the very end of the segment.
    at_end: Vec<bool>,
    schedule: Schedule,
    /// For each node the forms that the present event turned.
    turned: Vec<Vec<Turned>>,
    /// For each element its place in that list, if it is there.
    turned_at: Vec<u32>,
    sums: Vec<Ball>,
    is_touched: Vec<bool>,
    touched: Vec<u32>,
    due: Vec<bool>,
    candidates: Vec<u32>,
    /// The states before the present event of what it changed.
    old_states: Vec<(u32, u32)>,
    pub filtered: u64,
    pub decided: u64,
}

/// One segment, while it is walked.
pub(super) struct Segment<'a> {
    plan: &'a GraphPlan,
    walk: &'a mut GraphWalk,
    from: (&'a Points, usize),
    to: (&'a Points, usize),
    exact: Option<ExactForms<'a>>,
    now: BallTime,
    exact_now: Option<Time>,
    /// What is 0 now: a form below which nothing changes now.
    lead: Lead,
    exact_times: bool,
    events_since_refresh: usize,
}

/// Bits that are off, and on, at an end of the segment, though not on the region next to it.
#[derive(Clone, Debug, Default)]
pub(super) struct EndBits {
    pub zero: Vec<Bit>,
    pub held: Vec<Bit>,
}

impl<'a> Segment<'a> {
    /// The segment at its start: the states on its first region.
    pub fn start(
        plan: &'a GraphPlan,
        walk: &'a mut GraphWalk,
        from: (&'a Points, usize),
        to: (&'a Points, usize),
        exact_times: bool,
    ) -> Result<(Self, EndBits), OutOfRange> {
        walk.restart(plan);
        walk.set_input(from, to)?;
        let zero = Time { numerator: 0.into(), denominator: 1.into() };
        let now = BallTime { at: 0.0, half: 0.0 };
        let lead = Lead::Difference { from: 0, rival: 0, winner: 0 };
        let mut segment =
            Self { plan, walk, from, to, exact: None, now, exact_now: Some(zero), lead, exact_times, events_since_refresh: 0 };
        let mut ends = EndBits::default();
        for n in 1..plan.nodes.len() {
            match &plan.nodes[n].kind {
                Kind::Input => {}
                Kind::Affine { .. } => segment.evaluate_affine(n),
                Kind::Activation { from, functions, function_of } => {
                    for local in 0..plan.nodes[n].len {
                        let function = &functions[function_of.get(local).map_or(0, |&f| f as usize)];
                        segment.start_activation(n, *from, local, function, &mut ends);
                    }
                }
                Kind::Maximum { from, .. } => {
                    for local in 0..plan.nodes[n].len {
                        segment.start_maximum(n, *from, local, &mut ends);
                    }
                }
            }
        }
        segment.reschedule_all();
        Ok((segment, ends))
    }

    /// The state of an element.
    pub fn state(&self, element: usize) -> u32 {
        self.walk.states[element]
    }

    // ------------------------------------------------------------------------------------------------- exact answers

    fn exact(&mut self) -> (&mut ExactForms<'a>, &[u32]) {
        self.walk.decided += 1;
        let (plan, from, to) = (self.plan, self.from, self.to);
        (self.exact.get_or_insert_with(|| ExactForms::new(plan, from, to)), &self.walk.states)
    }

    fn exact_form(&mut self, node: usize, element: usize) -> ExactForm {
        let (forms, states) = self.exact();
        forms.form(node, element, states).clone()
    }

    /// The exact form of what an activation is applied to, minus a breakpoint.
    fn exact_above(&mut self, n: usize, from: usize, local: usize, index: usize) -> ExactForm {
        let plan = self.plan;
        let (forms, states) = self.exact();
        forms.above(from, plan.nodes[from].offset + local, breakpoint(&plan.graph, n, local, index), states)
    }

    /// The exact difference of two elements of one node.
    fn exact_difference(&mut self, node: usize, x: usize, y: usize) -> ExactForm {
        let (forms, states) = self.exact();
        let x = forms.form(node, x, states).clone();
        x.minus(forms.form(node, y, states))
    }

    /// The present time, exactly: the zero of the form that leads.
    fn exact_now(&mut self) -> Time {
        if self.exact_now.is_none() {
            self.exact_now = Some(self.zero_of(self.lead));
        }
        self.exact_now.clone().expect("just set")
    }

    /// The time at which an element's state changes next, by its present form; exactly.
    fn exact_time_of(&mut self, element: usize) -> Time {
        let lead = self.lead_of(element);
        self.zero_of(lead)
    }

    fn zero_of(&mut self, lead: Lead) -> Time {
        match lead {
            Lead::Above { node, from, local, index } => self.exact_above(node, from, local, index).root(),
            Lead::Difference { from, rival, winner } => self.exact_difference(from, rival, winner).root(),
        }
    }

    /// The form that is 0 where an element's state changes next.
    fn lead_of(&mut self, element: usize) -> Lead {
        let n = self.node_of(element);
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

    fn node_of(&self, element: usize) -> usize {
        self.plan.nodes.partition_point(|node| node.offset <= element) - 1
    }

    /// Forgets what was known exactly of an element.
    #[inline]
    fn forget(&mut self, element: usize) {
        if let Some(exact) = &mut self.exact {
            exact.forget(element);
        }
    }

    /// The sign of the slope of an element.
    fn slope_sign(&mut self, node: usize, element: usize) -> Ordering {
        match self.walk.forms[element].a.sign() {
            Some(sign) => sign,
            None => self.exact_form(node, element).a.cmp0(),
        }
    }

    // ------------------------------------------------------------------------------------------------- fresh forms

    fn evaluate_affine(&mut self, n: usize) {
        let (plan, walk) = (self.plan, &mut *self.walk);
        let node = &plan.nodes[n];
        let (Operation::Affine(affine), Kind::Affine { dyadic }) = (&plan.graph.nodes()[n].operation, &node.kind) else { unreachable!() };
        for local in 0..node.len {
            let mut form = BallForm::default();
            if let Some(&bias) = affine.bias.doubles().get(local) {
                form.b = Ball { x: bias, e: if affine.bias.is_dyadic() { 0.0 } else { 2.0 * U * bias.abs() } };
            }
            for (term, &dyadic) in affine.terms.iter().zip(dyadic) {
                let (first, weights) = (plan.nodes[term.from].offset, term.map.weights().doubles());
                let forms = &walk.forms[first..];
                term.map.for_row(local, |j, w| {
                    let x = &forms[j];
                    if x.is_zero() || weights[w] == 0.0 {
                        return;
                    }
                    if dyadic {
                        form.b.add_product(weights[w], x.b);
                        form.a.add_product(weights[w], x.a);
                    } else {
                        form.b.add_near_product(weights[w], x.b);
                        form.a.add_near_product(weights[w], x.a);
                    }
                });
            }
            walk.forms[node.offset + local] = BallForm { b: form.b.settled(), a: form.a.settled() };
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

    /// Fresh forms for all elements, and fresh times.
    fn refresh(&mut self) {
        let plan = self.plan;
        for n in 1..plan.nodes.len() {
            match &plan.nodes[n].kind {
                Kind::Input => {}
                Kind::Affine { .. } => self.evaluate_affine(n),
                Kind::Activation { from, functions, function_of } => {
                    for local in 0..plan.nodes[n].len {
                        let function = &functions[function_of.get(local).map_or(0, |&f| f as usize)];
                        self.evaluate_activation(n, *from, local, function);
                    }
                }
                Kind::Maximum { from, .. } => (0..plan.nodes[n].len).for_each(|local| self.evaluate_maximum(n, *from, local)),
            }
        }
        self.events_since_refresh = 0;
    }

    // ------------------------------------------------------------------------------------------------- the start

    fn start_activation(&mut self, n: usize, from: usize, local: usize, function: &Function, ends: &mut EndBits) {
        let element = self.plan.nodes[n].offset + local;
        let below = self.plan.nodes[from].offset + local;
        let value = self.walk.forms[below].b;
        let mut state = 0;
        for index in 0..function.breakpoints.len() {
            self.walk.filtered += 1;
            let height = function.breakpoint(index).minus(value);
            let sign = match height.sign() {
                Some(sign) => sign.reverse(),
                None => self.exact_above(n, from, local, index).b.cmp0(),
            };
            let above = match sign {
                Ordering::Equal => {
                    let rises = self.slope_sign(from, below).is_gt();
                    if rises {
                        ends.zero.extend(self.bit(n, local, index));
                    }
                    rises
                }
                sign => sign.is_gt(),
            };
            if !above {
                break;
            }
            state = index as u32 + 1;
        }
        self.walk.states[element] = state;
        self.evaluate_activation(n, from, local, function);
    }

    fn start_maximum(&mut self, n: usize, from: usize, local: usize, ends: &mut EndBits) {
        let element = self.plan.nodes[n].offset + local;
        let offset = self.plan.nodes[from].offset;
        let maximum = maximum(self.plan, n);
        // Several passes over few candidates: the largest value, those that share it, of them the largest slope.
        let (mut ties, mut best): (Vec<(usize, usize)>, _) = (Vec::new(), None);
        for (place, candidate) in maximum.window(local) {
            let Some(other) = best else {
                (best, ties) = (Some(candidate), vec![(place, candidate)]);
                continue;
            };
            self.walk.filtered += 1;
            match self.compare_values(from, offset + candidate, offset + other) {
                Ordering::Less => {}
                Ordering::Equal => ties.push((place, candidate)),
                Ordering::Greater => (best, ties) = (Some(candidate), vec![(place, candidate)]),
            }
        }
        let here = ties[0].0;
        let winner = self.steepest(from, &ties);
        self.walk.states[element] = winner as u32;
        if winner != here {
            ends.zero.extend(self.bit(n, local, winner));
            ends.held.extend(self.bit(n, local, here));
        }
        self.evaluate_maximum(n, from, local);
    }

    /// Compares two elements of a node now.
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

    /// The place of the candidate that wins just after now, of some that are equal now: the steepest, the first of several.
    fn steepest(&mut self, from: usize, ties: &[(usize, usize)]) -> usize {
        let offset = self.plan.nodes[from].offset;
        let mut best = ties[0];
        for &(place, candidate) in &ties[1..] {
            let (x, y) = (offset + candidate, offset + best.1);
            let steeper = match self.walk.forms[x].a.minus(self.walk.forms[y].a).sign() {
                Some(sign) => sign,
                None => self.exact_difference(from, x, y).a.cmp0(),
            };
            if steeper.is_gt() {
                best = (place, candidate);
            }
        }
        best.0
    }

    /// The name of a bit, if its node is a layer.
    fn bit(&self, n: usize, local: usize, index: usize) -> Option<Bit> {
        let bits = match &self.plan.nodes[n].kind {
            Kind::Activation { functions, .. } => functions[0].breakpoints.len(),
            _ => maximum(self.plan, n).size,
        };
        self.plan.nodes[n].layer.map(|layer| (layer, (local * bits + index) as u32))
    }

    // ------------------------------------------------------------------------------------------------- what is next

    fn reschedule_all(&mut self) {
        let plan = self.plan;
        for n in 1..plan.nodes.len() {
            if matches!(plan.nodes[n].kind, Kind::Activation { .. } | Kind::Maximum { .. }) {
                (0..plan.nodes[n].len).for_each(|local| self.reschedule(n, local));
            }
        }
    }

    /// The breakpoint that an activation's element meets next as it goes on, if there is one.
    fn next_breakpoint(&mut self, n: usize, from: usize, local: usize) -> Option<usize> {
        let Kind::Activation { functions, function_of, .. } = &self.plan.nodes[n].kind else { unreachable!() };
        let count = functions[function_of.get(local).map_or(0, |&f| f as usize)].breakpoints.len();
        let state = self.walk.states[self.plan.nodes[n].offset + local] as usize;
        match self.slope_sign(from, self.plan.nodes[from].offset + local) {
            Ordering::Greater => (state < count).then_some(state),
            Ordering::Less => state.checked_sub(1),
            Ordering::Equal => None,
        }
    }

    /// Finds out when an element's state changes next.
    fn reschedule(&mut self, n: usize, local: usize) {
        let element = self.plan.nodes[n].offset + local;
        self.walk.at_end[element] = false;
        let time = match &self.plan.nodes[n].kind {
            Kind::Activation { from, functions, function_of } => self.next_breakpoint(n, *from, local).and_then(|index| {
                let function = &functions[function_of.get(local).map_or(0, |&f| f as usize)];
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
        // Near the end of the segment: the crossing is inside, at the end, or beyond.
        let time = self.exact_time_of(element);
        match time.compare_one() {
            Ordering::Less => self.schedule_exactly(element, &time),
            order => {
                self.walk.at_end[element] = order.is_eq();
                self.walk.schedule.set(element, NEVER);
            }
        }
    }

    fn schedule_exactly(&mut self, element: usize, time: &Time) {
        let near = nearest_f64(&time.to_rational());
        self.walk.schedule.set(element, ((near - 4.0 * U).max(0.0), near + 4.0 * U));
    }

    /// Where a form has a value: an enclosure, if it can lie on the segment. One that is no use is [0, infinity).
    fn time_in_doubles(&self, form: BallForm, value: Ball) -> Option<(f64, f64)> {
        if form.a.sign().is_none() {
            return Some((0.0, f64::INFINITY));
        }
        let (lo, hi) = form.time_of(value);
        if lo.is_nan() || hi.is_nan() {
            return Some((0.0, f64::INFINITY));
        }
        (lo <= 1.0).then_some((lo, hi))
    }

    /// When the winner of a maximum is overtaken, and by whom.
    fn next_rival(&mut self, n: usize, from: usize, local: usize) -> Option<(f64, f64)> {
        let (element, offset) = (self.plan.nodes[n].offset + local, self.plan.nodes[from].offset);
        let maximum = maximum(self.plan, n);
        let winner = winner_of(maximum, local, self.walk.states[element]);
        let best = self.walk.forms[offset + winner];
        let mut next: Option<((f64, f64), u32)> = None;
        let mut others = f64::INFINITY; // the least lower end of the others
        for (_, candidate) in maximum.window(local).filter(|&(_, candidate)| candidate != winner) {
            let form = self.walk.forms[offset + candidate];
            let difference = BallForm { b: form.b.minus(best.b), a: form.a.minus(best.a) };
            let rises = match difference.a.sign() {
                Some(sign) => sign,
                None => self.exact_difference(from, offset + candidate, offset + winner).a.cmp0(),
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

    /// Finds the first rival exactly.
    fn settle_rivals(&mut self, n: usize, from: usize, local: usize) {
        let (element, offset) = (self.plan.nodes[n].offset + local, self.plan.nodes[from].offset);
        let maximum = maximum(self.plan, n);
        let winner = winner_of(maximum, local, self.walk.states[element]);
        let mut first: Option<(Time, u32)> = None;
        for (_, candidate) in maximum.window(local).filter(|&(_, candidate)| candidate != winner) {
            let difference = self.exact_difference(from, offset + candidate, offset + winner);
            if !difference.a.cmp0().is_gt() {
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

    // ------------------------------------------------------------------------------------------------- events

    /// Goes on to the next time at which some state changes; `false` where there is none.
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

    /// Keeps those that change first, all at one time.
    fn keep_first(&mut self, due: &mut Vec<u32>) {
        let mut times: Vec<(u32, Time)> = due.iter().map(|&element| (element, self.exact_time_of(element as usize))).collect();
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
        let first = self.node_of(due[0] as usize);
        let mut next_due = due.iter().map(|&element| element as usize).peekable();
        for n in first..plan.nodes.len() {
            match &plan.nodes[n].kind {
                Kind::Input => {}
                Kind::Affine { .. } => self.turn_affine(n),
                Kind::Activation { from, functions, function_of } => {
                    let (offset, len) = (plan.nodes[n].offset, plan.nodes[n].len);
                    let turned = std::mem::take(&mut self.walk.turned[*from]);
                    let below = plan.nodes[*from].offset;
                    let function = |local: usize| &functions[function_of.get(local).map_or(0, |&f| f as usize)];
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
        event.output_turns = self.output_turns();
        (event.at, event.half) = (self.now.at, self.now.half);
        event.exact = self.exact_times.then(|| self.exact_now().to_rational());
        self.walk.forget_turned();
        self.walk.filtered += 1;
        self.events_since_refresh += 1;
    }

    /// Turns the forms of an affine node.
    fn turn_affine(&mut self, n: usize) {
        let plan = self.plan;
        let (Operation::Affine(affine), Kind::Affine { dyadic }) = (&plan.graph.nodes()[n].operation, &plan.nodes[n].kind) else {
            unreachable!()
        };
        let walk = &mut *self.walk;
        let offset = plan.nodes[n].offset;
        for (term, &dyadic) in affine.terms.iter().zip(dyadic) {
            let (first, weights) = (plan.nodes[term.from].offset, term.map.weights().doubles());
            let GraphWalk { turned, sums, is_touched, touched, .. } = walk;
            for t in &turned[term.from] {
                term.map.for_column(t.element as usize - first, |i, w| {
                    let weight = weights[w];
                    if weight == 0.0 {
                        return;
                    }
                    let element = offset + i;
                    if dyadic {
                        sums[element].add_product(weight, t.change);
                    } else {
                        sums[element].add_near_product(weight, t.change);
                    }
                    if !is_touched[element] {
                        is_touched[element] = true;
                        touched.push(element as u32);
                    }
                });
            }
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

    /// Turns one form of a node by a change of its slope.
    #[inline]
    fn turn_element(&mut self, n: usize, element: usize, change: Ball) {
        self.forget(element);
        let form = &mut self.walk.forms[element];
        let old = form.a;
        turn(form, change, self.now);
        self.walk.note_turned(n, Turned { element: element as u32, change, old });
    }

    /// The new state of an activation's element whose form was turned, or that is due, or both.
    fn turn_activation(&mut self, n: usize, from: usize, local: usize, function: &Function, turned: Option<Turned>, event: &mut Event) {
        let (element, below) = (self.plan.nodes[n].offset + local, self.plan.nodes[from].offset + local);
        let old = self.walk.states[element];
        let due = std::mem::take(&mut self.walk.due[element]);
        let slope_before = turned.map_or(self.walk.forms[below].a, |t| t.old);
        // The breakpoint at which the element is now, if it is at one.
        let at = match (due, turned) {
            // A crossing was foreseen by the form before it was turned.
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
        // The output: its slope was old_slope * slope_before.
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
            self.forget(element);
            let old_slope = self.walk.forms[element].a;
            self.evaluate_activation(n, from, local, function);
            if change != Ball::default() {
                self.walk.note_turned(n, Turned { element: element as u32, change, old: old_slope });
            }
            self.reschedule(n, local);
        }
    }

    /// The breakpoint that was ahead of an element in a state, by the slope that it had.
    fn breakpoint_ahead(&mut self, state: u32, slope: Ball, n: usize, from: usize, local: usize, turned: bool) -> usize {
        let rises = match slope.sign() {
            Some(sign) => sign.is_gt(),
            // Its exact form is known unless it was turned; then the breakpoint is the one at which it is now.
            None if !turned => self.exact_form(from, self.plan.nodes[from].offset + local).a.cmp0().is_gt(),
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
        functions[function_of.get(local).map_or(0, |&f| f as usize)].breakpoints.len()
    }

    /// The breakpoint at which an element is now, by its value: one of the two around its state.
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

    /// The windows that hold a candidate whose form was turned.
    fn turn_maxima(&mut self, n: usize, from: usize, event: &mut Event) {
        let plan = self.plan;
        if self.walk.turned[from].is_empty() {
            return;
        }
        let Kind::Maximum { windows, .. } = &plan.nodes[n].kind else { unreachable!() };
        let first = plan.nodes[from].offset;
        let mut locals: Vec<u32> = Vec::new();
        for t in &self.walk.turned[from] {
            locals.extend_from_slice(windows.of(t.element as usize - first));
        }
        locals.sort_unstable();
        locals.dedup();
        for local in locals {
            self.turn_maximum(n, from, local as usize, event);
        }
    }

    /// The new winner of a window in which a form was turned, or that is due, or both.
    fn turn_maximum(&mut self, n: usize, from: usize, local: usize, event: &mut Event) {
        let (element, offset) = (self.plan.nodes[n].offset + local, self.plan.nodes[from].offset);
        let maximum = maximum(self.plan, n);
        let old = self.walk.states[element];
        let winner = winner_of(maximum, local, old);
        let due = std::mem::take(&mut self.walk.due[element]);
        let (rival, ambiguous) = self.walk.rivals[element];
        // Which candidates share the largest value now.
        let mut ties: Vec<(usize, usize)> = Vec::new();
        for (place, candidate) in maximum.window(local) {
            let tied = if candidate == winner || due && candidate == rival as usize {
                true
            } else if due
                && !ambiguous
                && self.turned_of(from, offset + candidate).is_none()
                && self.turned_of(from, offset + winner).is_none()
            {
                // Neither it nor the winner was turned, and it would have been a second rival.
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
        self.forget(element);
        let old_slope = self.walk.forms[element].a;
        self.evaluate_maximum(n, from, local);
        if change != Ball::default() {
            self.walk.note_turned(n, Turned { element: element as u32, change, old: old_slope });
        }
        self.reschedule(n, local);
    }

    /// What happened to an element of a node at this event.
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
        // The exact slopes after it, and before it with the states of before.
        let elements: Vec<usize> = turned.iter().map(|t| t.element as usize).collect();
        let after: Vec<ExactForm> = elements.iter().map(|&element| self.exact_form(output, element)).collect();
        self.swap_states();
        let before: Vec<ExactForm> = elements.iter().map(|&element| self.exact_form(output, element)).collect();
        self.swap_states();
        debug_assert!(plan.nodes[output].len >= elements.len());
        before != after
    }

    /// Exchanges the states before and after this event, and forgets all exact forms that differ between them.
    fn swap_states(&mut self) {
        for (element, state) in &mut self.walk.old_states {
            std::mem::swap(&mut self.walk.states[*element as usize], state);
        }
        if let Some(exact) = &mut self.exact {
            for (element, _) in &self.walk.old_states {
                exact.forget(*element as usize);
            }
            for t in self.walk.turned.iter().flatten() {
                exact.forget(t.element as usize);
            }
        }
    }

    /// The bits that differ at the end of the segment from those of its last region.
    pub fn end(&mut self) -> EndBits {
        let (plan, mut ends) = (self.plan, EndBits::default());
        self.now = BallTime { at: 1.0, half: 0.0 };
        self.exact_now = Some(Time { numerator: 1.into(), denominator: 1.into() });
        for n in 1..plan.nodes.len() {
            for local in 0..plan.nodes[n].len {
                if !self.walk.at_end[plan.nodes[n].offset + local] {
                    continue;
                }
                match &plan.nodes[n].kind {
                    Kind::Activation { from, .. } => {
                        // It falls to its breakpoint: one that rises is inactive at it as before.
                        let falls = self.slope_sign(*from, plan.nodes[*from].offset + local).is_lt();
                        let index = self.walk.states[plan.nodes[n].offset + local] as usize;
                        ends.zero.extend(falls.then(|| self.bit(n, local, index - 1)).flatten());
                    }
                    Kind::Maximum { from, .. } => {
                        let (state, offset) = (self.walk.states[plan.nodes[n].offset + local], plan.nodes[*from].offset);
                        let maximum = maximum(plan, n);
                        let winner = winner_of(maximum, local, state);
                        let tied = |(_, candidate): &(usize, usize)| {
                            *candidate == winner || self.compare_values(*from, offset + candidate, offset + winner).is_eq()
                        };
                        let here = maximum.window(local).find(tied).expect("the winner is one").0;
                        if here != state as usize {
                            ends.zero.extend(self.bit(n, local, state as usize));
                            ends.held.extend(self.bit(n, local, here));
                        }
                    }
                    _ => {}
                }
            }
        }
        ends
    }
}

/// What stands for "not in the list".
const ABSENT: u32 = u32::MAX;

const NEVER: (f64, f64) = (f64::INFINITY, f64::INFINITY);

fn maximum(plan: &GraphPlan, n: usize) -> &Maximum {
    match &plan.graph.nodes()[n].operation {
        Operation::Maximum(maximum) => maximum,
        _ => unreachable!("the node is a maximum"),
    }
}

/// The element that wins a window, by its place.
fn winner_of(maximum: &Maximum, window: usize, place: u32) -> usize {
    maximum.candidates[window * maximum.size + place as usize] as usize
}

/// A slope times a factor.
fn times(factor: f64, slope: Ball, dyadic: bool) -> Ball {
    if factor == 0.0 && dyadic || slope == Ball::default() {
        return Ball::default();
    }
    if factor == 1.0 && dyadic {
        return slope;
    }
    let mut product = Ball::default();
    product.add_near_product(factor, slope);
    product.settled()
}

/// An activation applied to a form.
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

impl GraphWalk {
    fn restart(&mut self, plan: &GraphPlan) {
        let n = plan.total;
        self.forms.clear();
        self.forms.resize(n, BallForm::default());
        self.states.clear();
        self.states.resize(n, 0);
        self.rivals.clear();
        self.rivals.resize(n, (0, false));
        self.sums.clear();
        self.sums.resize(n, Ball::default());
        for list in [&mut self.at_end, &mut self.is_touched, &mut self.due] {
            list.clear();
            list.resize(n, false);
        }
        self.touched.clear();
        self.turned.resize_with(plan.nodes.len(), Vec::new);
        self.turned.iter_mut().for_each(Vec::clear);
        self.turned_at.clear();
        self.turned_at.resize(n, ABSENT);
        self.schedule.reset(n);
        (self.filtered, self.decided) = (0, 0);
    }

    fn note_turned(&mut self, node: usize, turned: Turned) {
        self.turned_at[turned.element as usize] = self.turned[node].len() as u32;
        self.turned[node].push(turned);
    }

    fn forget_turned(&mut self) {
        for list in &mut self.turned {
            list.drain(..).for_each(|t| self.turned_at[t.element as usize] = ABSENT);
        }
    }

    fn set_input(&mut self, from: (&Points, usize), to: (&Points, usize)) -> Result<(), OutOfRange> {
        let (x, y) = (from.0.nearest(from.1), to.0.nearest(to.1));
        let exact = from.0.is_dyadic() && to.0.is_dyadic();
        for (j, (&x, &y)) in x.iter().zip(y).enumerate() {
            let ball = |points: (&Points, usize), x: f64| match points.0.is_dyadic() {
                _ if x.abs() > 1.0 / SMALL || x != 0.0 && x.abs() < SMALL => Err(OutOfRange),
                true => Ok(Ball::exact(x)),
                false if x == 0.0 && !points.0.coordinate(points.1, j).is_zero() => Err(OutOfRange),
                false if x == 0.0 => Ok(Ball::exact(x)),
                false => Ok(Ball { x, e: 2.0 * U * x.abs() + SMALL }),
            };
            let (b, end) = (ball(from, x)?, ball(to, y)?);
            let same = x == y && (exact || from.0.coordinate(from.1, j) == to.0.coordinate(to.1, j));
            let slope = y - x;
            let a = if same { Ball::default() } else { Ball { x: slope, e: b.e + end.e + U * slope.abs() }.settled() };
            self.forms[j] = BallForm { b, a };
        }
        Ok(())
    }
}
