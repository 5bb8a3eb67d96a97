//! The decisions that the filter leaves, taken with integers for the forms concerned.

use super::forward::{ForwardForms, WholeLayer};
use super::walk::{Candidate, END, Escalate, Place, ROUNDED, Resolved, Walk};
use crate::data::Points;
use crate::exact::forms::{Form, Root};
use crate::exact::nearest_f64;
use std::cmp::Ordering;
use std::collections::HashMap;

/// The exact side of one segment: nothing is computed until it is asked for.
pub(super) struct Escalation<'a, F: Fn() -> Vec<&'a WholeLayer>> {
    layers: F,
    from: (&'a Points, usize),
    to: (&'a Points, usize),
    forms: Option<(Vec<&'a WholeLayer>, ForwardForms)>,
    /// The exact times of marks.
    times: HashMap<u32, Root>,
    /// For each layer, the pattern below it on the piece that was asked for last.
    cursors: Vec<Option<Cursor>>,
    /// The units, by mark, that flip there though no unit of their own layer crosses between: the first `seen` of the walk's zeros.
    turned: HashMap<u32, Vec<(u32, u32)>>,
    seen: usize,
    /// How many signs were taken.
    pub decisions: u64,
}

/// The pattern of the layers below on the k-th piece of a layer.
struct Cursor {
    k: usize,
    below: Vec<Vec<u64>>,
}

impl<'a, F: Fn() -> Vec<&'a WholeLayer>> Escalation<'a, F> {
    pub(super) fn new(layers: F, from: (&'a Points, usize), to: (&'a Points, usize)) -> Self {
        Self { layers, from, to, forms: None, times: HashMap::new(), cursors: Vec::new(), turned: HashMap::new(), seen: 0, decisions: 0 }
    }

    /// The exact form of a unit on the k-th piece of its layer.
    fn form(&mut self, walk: &Walk, at: Place<'_>, unit: u32) -> Form {
        self.move_to(walk, at);
        let (layers, forms) = self.forms.get_or_insert_with(|| {
            let layers = (self.layers)();
            let forms = ForwardForms::new(self.from, self.to, &layers);
            (layers, forms)
        });
        let cursor = self.cursors[at.layer].as_ref().expect("just moved there");
        forms.form(layers, at.layer, unit as usize, &cursor.below)
    }

    /// Moves the layer's cursor to a piece: every flip between is turned, in either direction.
    fn move_to(&mut self, walk: &Walk, at: Place<'_>) {
        for zero in &walk.zeros[self.seen..] {
            if zero.before != zero.after {
                self.turned.entry(zero.mark).or_default().push((zero.layer, zero.unit));
            }
        }
        self.seen = walk.zeros.len();
        self.cursors.resize_with(self.cursors.len().max(at.layer + 1), || None);
        let start = || Cursor { k: 0, below: walk.layers[..at.layer].iter().map(|state| state.start.clone()).collect() };
        let cursor = self.cursors[at.layer].get_or_insert_with(start);
        let (from, to) = (cursor.k.min(at.k), cursor.k.max(at.k));
        let mut turn = |layer: u32, unit: u32| cursor.below[layer as usize][unit as usize / 64] ^= 1 << (unit % 64);
        for &mark in &at.order[from + 1..=to] {
            let m = &walk.marks[mark as usize];
            for flip in &walk.flips[m.flips.0 as usize..m.flips.1 as usize] {
                turn(m.layer, flip.unit);
            }
            for &(layer, unit) in self.turned.get(&mark).into_iter().flatten() {
                if (layer as usize) < at.layer {
                    turn(layer, unit);
                }
            }
        }
        cursor.k = at.k;
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
        let at = Place { layer, k: m.piece as usize, order: &walk.layers[layer].order };
        let root = self.form(walk, at, m.unit).root();
        self.times.insert(mark, root.clone());
        root
    }
}

impl<'a, F: Fn() -> Vec<&'a WholeLayer>> Escalate for Escalation<'a, F> {
    fn signs(&mut self, walk: &Walk, at: Place<'_>, units: &[u32], answers: &mut Vec<Resolved>) {
        let time = self.time_of(walk, at.order[at.k]);
        let pieces = at.order.len() - 1;
        // Piece by piece, so that the pattern moves once; the sign just left of the breakpoint first.
        let sides = [(at.k > 0).then(|| Place { k: at.k - 1, ..at }), (at.k < pieces).then_some(at)];
        let mut signs: [Vec<(Ordering, Ordering)>; 2] = [Vec::new(), Vec::new()];
        for (side, place) in sides.iter().enumerate() {
            let Some(place) = place else { continue };
            for &unit in units {
                let form = self.form(walk, *place, unit);
                let here = form.sign_at(&time);
                // Where it is 0, the sign just right of the breakpoint is the slope's, just left of it minus the slope's.
                let slope = form.a.cmp0();
                let beside = if here.is_ne() {
                    here
                } else if side == 0 {
                    slope.reverse()
                } else {
                    slope
                };
                signs[side].push((here, beside));
            }
        }
        self.decisions += units.len() as u64;
        for (i, &unit) in units.iter().enumerate() {
            let (before, after) = (signs[0].get(i), signs[1].get(i));
            let (&(here, before), &(_, after)) = before.or(after).zip(after.or(before)).expect("a breakpoint has a piece on one side");
            answers.push(Resolved { unit, before, after, zero: here.is_eq() });
        }
    }

    fn time(&mut self, walk: &Walk, at: Place<'_>, unit: u32) -> f64 {
        self.decisions += 1;
        nearest_f64(&self.form(walk, at, unit).root().to_rational())
    }

    fn sort(&mut self, walk: &Walk, at: Place<'_>, crossings: &mut [Candidate]) {
        let mut exact: Vec<(Root, Candidate)> = crossings.iter().map(|&c| (self.form(walk, at, c.unit).root(), c)).collect();
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
        // Where no unit of some layer is active on either side, the outputs are constant on both, and continuous.
        let mut silent = |k: usize| {
            self.move_to(walk, Place { k, ..at });
            let below = self.cursors[at.layer].as_ref().map(|cursor| &cursor.below);
            below.is_some_and(|below| below.iter().any(|words| words.iter().all(|&w| w == 0)))
        };
        if silent(at.k - 1) && silent(at.k) {
            return false;
        }
        self.decisions += 1;
        let outputs = (self.layers)()[at.layer].outputs() as u32;
        let left: Vec<Form> = (0..outputs).map(|unit| self.form(walk, Place { k: at.k - 1, ..at }, unit)).collect();
        (0..outputs).any(|unit| self.form(walk, at, unit) != left[unit as usize])
    }
}
