//! The two ends of a segment: the states on its first region, and the bits that differ exactly at the ends.

use super::{EndBits, GraphWalk, Lead, OutOfRange, Segment, maximum, winner_of};
use crate::data::Points;
use crate::exact::forms::Root;
use crate::line::graph::ball::BallTime;
use crate::line::graph::plan::{Function, GraphPlan, Kind};
use crate::network::graph::Node;
use std::cmp::Ordering;

impl<'a> Segment<'a> {
    /// Begins the walk of a segment with the states on its first region.
    pub fn start(
        plan: &'a GraphPlan,
        walk: &'a mut GraphWalk,
        from: (&'a Points, usize),
        to: (&'a Points, usize),
        exact_times: bool,
        pieces: bool,
    ) -> Result<(Self, EndBits), OutOfRange> {
        walk.restart(plan);
        walk.set_input(from, to)?;
        let zero = Root::whole(0);
        let now = BallTime { at: 0.0, half: 0.0 };
        let lead = Lead::Difference { from: 0, rival: 0, winner: 0 };
        let mut segment =
            Self { plan, walk, from, to, exact: None, now, exact_now: Some(zero), lead, exact_times, pieces, events_since_refresh: 0 };
        let mut ends = EndBits::default();
        for n in 1..plan.nodes.len() {
            match &plan.nodes[n].kind {
                Kind::Input => {}
                Kind::Affine { .. } => segment.evaluate_affine(n),
                Kind::Activation { from, functions, function_of } => {
                    for local in 0..plan.nodes[n].len {
                        let function = Node::function_of(functions, function_of, local);
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
                None => self.exact_above(n, from, local, index).sign_at_start(),
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
        // Several passes over the few candidates: find the largest value, then those that have it, and among them the largest slope.
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

    /// The bits at the end of the segment that differ from those of its last region.
    pub fn end(&mut self) -> EndBits {
        let (plan, mut ends) = (self.plan, EndBits::default());
        self.now = BallTime { at: 1.0, half: 0.0 };
        self.exact_now = Some(Root::whole(1));
        for n in 1..plan.nodes.len() {
            for local in 0..plan.nodes[n].len {
                if !self.walk.at_end[plan.nodes[n].offset + local] {
                    continue;
                }
                match &plan.nodes[n].kind {
                    Kind::Activation { from, .. } => {
                        // An element that decreases to its breakpoint is inactive at the end. One that increases to it is inactive before
                        // the end, too.
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
