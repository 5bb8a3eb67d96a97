//! The decisions that the filter leaves, taken with integers for the forms concerned.

use super::forward::{ForwardForms, WholeLayer};
use super::walk::{Candidate, END, Escalate, Place, Resolved, Walk};
use crate::data::Points;
use crate::exact::forms::{Form, Root};
use crate::exact::nearest_f64;
use std::collections::HashMap;

/// Half a unit in the last place of the doubles below 1: the window of a time that was computed exactly.
const ROUNDED: f64 = crate::exact::bound::U;

/// The exact side of one segment: nothing is computed until it is asked for.
pub(super) struct Escalation<'a, F: Fn() -> Vec<&'a WholeLayer>> {
    layers: F,
    from: (&'a Points, usize),
    to: (&'a Points, usize),
    forms: Option<(Vec<&'a WholeLayer>, ForwardForms)>,
    /// The exact times of marks.
    times: HashMap<u32, Root>,
    /// How many signs were taken.
    pub decisions: u64,
}

impl<'a, F: Fn() -> Vec<&'a WholeLayer>> Escalation<'a, F> {
    pub(super) fn new(layers: F, from: (&'a Points, usize), to: (&'a Points, usize)) -> Self {
        Self { layers, from, to, forms: None, times: HashMap::new(), decisions: 0 }
    }

    fn form(&mut self, layer: usize, unit: u32, below: &[Vec<u64>]) -> Form {
        let (layers, forms) = self.forms.get_or_insert_with(|| {
            let layers = (self.layers)();
            let forms = ForwardForms::new(self.from, self.to, &layers);
            (layers, forms)
        });
        forms.form(layers, layer, unit as usize, below)
    }

    /// The exact time of a mark.
    pub(super) fn time_of(&mut self, walk: &Walk, mark: u32) -> Root {
        let m = walk.marks[mark as usize];
        if m.layer == END {
            return Root::whole(i32::from(m.at > 0.5));
        }
        if let Some(root) = self.times.get(&mark) {
            return root.clone();
        }
        let layer = m.layer as usize;
        let below = pattern_below(walk, layer, &walk.layers[layer].order, m.piece as usize);
        let root = self.form(layer, m.unit, &below).root();
        self.times.insert(mark, root.clone());
        root
    }
}

impl<'a, F: Fn() -> Vec<&'a WholeLayer>> Escalate for Escalation<'a, F> {
    fn signs(&mut self, walk: &Walk, at: Place<'_>, units: &[u32], answers: &mut Vec<Resolved>) {
        let time = self.time_of(walk, at.order[at.k]);
        let pieces = at.order.len() - 1;
        let left = (at.k > 0).then(|| pattern_below(walk, at.layer, at.order, at.k - 1));
        let right = (at.k < pieces).then(|| pattern_below(walk, at.layer, at.order, at.k));
        for &unit in units {
            self.decisions += 1;
            // The sign at the breakpoint; where it is 0, just right of it the slope's, just left of it minus the slope's.
            let mut sign = |below: &Option<Vec<Vec<u64>>>, leftwards: bool| {
                let form = self.form(at.layer, unit, below.as_ref()?);
                let here = form.sign_at(&time);
                let slope = form.a.cmp0();
                let beside = if here.is_ne() {
                    here
                } else if leftwards {
                    slope.reverse()
                } else {
                    slope
                };
                Some((here, beside))
            };
            let (before, after) = (sign(&left, true), sign(&right, false));
            let both = before.or(after).zip(after.or(before));
            let ((here, before), (_, after)) = both.expect("a breakpoint has a piece on one side at least");
            answers.push(Resolved { unit, before, after, zero: here.is_eq() });
        }
    }

    fn time(&mut self, walk: &Walk, at: Place<'_>, unit: u32) -> f64 {
        self.decisions += 1;
        let below = pattern_below(walk, at.layer, at.order, at.k);
        nearest_f64(&self.form(at.layer, unit, &below).root().to_rational())
    }

    fn sort(&mut self, walk: &Walk, at: Place<'_>, crossings: &mut [Candidate]) {
        let below = pattern_below(walk, at.layer, at.order, at.k);
        let mut exact: Vec<(Root, Candidate)> = crossings.iter().map(|&c| (self.form(at.layer, c.unit, &below).root(), c)).collect();
        self.decisions += crossings.len() as u64 - 1;
        exact.sort_by(|x, y| x.0.compare(&y.0));
        for i in 0..exact.len() {
            crossings[i] = Candidate {
                at: nearest_f64(&exact[i].0.to_rational()),
                half: ROUNDED,
                with_previous: i > 0 && exact[i - 1].0.compare(&exact[i].0).is_eq(),
                ..exact[i].1
            };
        }
    }

    fn outputs_differ(&mut self, walk: &Walk, at: Place<'_>) -> bool {
        let left = pattern_below(walk, at.layer, at.order, at.k - 1);
        let right = pattern_below(walk, at.layer, at.order, at.k);
        // Where no unit of some layer is active on either side, the outputs are constant on both, and continuous.
        let silent = |below: &[Vec<u64>]| below.iter().any(|words| words.iter().all(|&w| w == 0));
        if silent(&left) && silent(&right) {
            return false;
        }
        self.decisions += 1;
        let outputs = (self.layers)()[at.layer].outputs();
        (0..outputs as u32).any(|unit| self.form(at.layer, unit, &left) != self.form(at.layer, unit, &right))
    }
}

/// The pattern of the layers below `layer` on its k-th piece: that of the first piece, and the flips up to there.
fn pattern_below(walk: &Walk, layer: usize, order: &[u32], k: usize) -> Vec<Vec<u64>> {
    let mut below: Vec<Vec<u64>> = walk.layers[..layer].iter().map(|state| state.start.clone()).collect();
    let mut turn = |layer: u32, unit: u32| below[layer as usize][unit as usize / 64] ^= 1 << (unit % 64);
    for &mark in &order[1..=k] {
        let m = &walk.marks[mark as usize];
        for flip in &walk.flips[m.flips.0 as usize..m.flips.1 as usize] {
            turn(m.layer, flip.unit);
        }
        for zero in walk.zeros.iter().filter(|z| z.mark == mark && (z.layer as usize) < layer && z.before != z.after) {
            turn(zero.layer, zero.unit);
        }
    }
    below
}
