//! Takes the decisions that the filter leaves open, for the forms concerned: in double-double arithmetic if that is worth its cost, else
//! with integers.

use super::double_double::DoubleDoubleForms;
use super::forward::ForwardForms;
use super::plan::Plan;
use super::walk::{Candidate, END, Ends, Escalate, Place, Resolved, Walk};
use crate::data::Points;
use crate::exact::Instructions;
use crate::exact::double_double::DoubleDoubleForm;
use crate::exact::forms::{Form, Root};
use crate::network::Stack;
use std::cmp::Ordering;
use std::collections::HashMap;

/// The exact computations along one segment. Everything is computed when it is first used.
pub(super) struct Escalation<'a> {
    plan: &'a Plan,
    network: &'a Stack,
    instructions: Instructions,
    from: (&'a Points, usize),
    to: (&'a Points, usize),
    forms: Option<ForwardForms<'a>>,
    double_double: Option<DoubleDoubleForms>,
    ends: Ends<'a>,
    /// The numbers of decisions that double-double arithmetic took, and that it could not take.
    double_double_hits: u64,
    double_double_misses: u64,
    /// The exact times of breakpoints, by mark.
    times: HashMap<u32, Root>,
    /// For each layer, the pattern of the layers below on the piece that was used last.
    cursors: Vec<Option<Cursor>>,
    /// By mark, the units that change there without a crossing of their own layer. Of the walk's zeros the first `seen` are included.
    turned: HashMap<u32, Vec<(u32, u32)>>,
    seen: usize,
    /// The number of decisions that were taken with integers.
    pub decisions: u64,
}

/// The pattern of the layers below on the k-th piece of a layer.
struct Cursor {
    k: usize,
    below: Vec<Vec<u64>>,
}

/// If double-double arithmetic has failed this many times, and more often than not, there are ties, and integers decide at once.
const MISSES: u64 = 4;

impl<'a> Escalation<'a> {
    pub(super) fn new(
        plan: &'a Plan,
        network: &'a Stack,
        instructions: Instructions,
        from: (&'a Points, usize),
        to: (&'a Points, usize),
        ends: Ends<'a>,
    ) -> Self {
        Self {
            plan,
            network,
            instructions,
            from,
            to,
            forms: None,
            double_double: None,
            ends,
            double_double_hits: 0,
            double_double_misses: 0,
            times: HashMap::new(),
            cursors: Vec::new(),
            turned: HashMap::new(),
            seen: 0,
            decisions: 0,
        }
    }

    /// The exact form of a unit on the k-th piece of its layer.
    fn form(&mut self, walk: &Walk, at: Place<'_>, unit: u32) -> Form {
        self.move_to(walk, at);
        let ends = (self.ends.from, self.ends.to);
        let forms = self.forms.get_or_insert_with(|| ForwardForms::new(self.from, self.to, self.network.whole(), ends));
        let cursor = self.cursors[at.layer].as_ref().expect("just moved there");
        forms.form(at.layer, unit as usize, &cursor.below)
    }

    /// The same form in double-double arithmetic, if that is worth a try.
    fn double_double_form(&mut self, walk: &Walk, at: Place<'_>, unit: u32) -> Option<DoubleDoubleForm> {
        let ties = self.double_double_misses >= MISSES && self.double_double_misses > self.double_double_hits;
        if ties || !self.plan.has_double_double {
            return None;
        }
        self.move_to(walk, at);
        let forms = self.double_double.get_or_insert_with(|| DoubleDoubleForms::new(self.instructions, self.from, self.to));
        let cursor = self.cursors[at.layer].as_ref().expect("just moved there");
        Some(forms.form(self.plan, at.layer, unit as usize, &cursor.below))
    }

    /// A form whose root is the time of a mark, in double-double arithmetic.
    fn double_double_time_of(&mut self, walk: &Walk, mark: u32) -> Option<DoubleDoubleForm> {
        let m = walk.marks[mark as usize];
        if m.layer == END {
            return Some(DoubleDoubleForm::end(m.at > 0.5));
        }
        let layer = m.layer as usize;
        self.double_double_form(walk, Place { layer, k: m.piece as usize, order: &walk.layers[layer].order }, m.unit)
    }

    /// Counts whether double-double arithmetic took a decision.
    fn note<T>(&mut self, decision: Option<T>) -> Option<T> {
        *(if decision.is_some() { &mut self.double_double_hits } else { &mut self.double_double_misses }) += 1;
        decision
    }

    /// Decides signs of units at a breakpoint in double-double arithmetic; a sign other than 0 is the same on both sides. Returns the units
    /// that remain undecided.
    fn double_double_signs(&mut self, walk: &Walk, at: Place<'_>, units: &[u32], answers: &mut Vec<Resolved>) -> Vec<u32> {
        if !self.plan.has_double_double {
            return units.to_vec();
        }
        let time = self.double_double_time_of(walk, at.order[at.k]);
        let side = if at.k > 0 { Place { k: at.k - 1, ..at } } else { at };
        let mut left = Vec::new();
        for &unit in units {
            let sign = time.and_then(|time| self.double_double_form(walk, side, unit)?.sign_at_root_of(&time));
            match self.note(sign) {
                Some(sign) => answers.push(Resolved { unit, before: sign, after: sign, zero: false }),
                None => left.push(unit),
            }
        }
        left
    }

    /// Orders crossings in double-double arithmetic; `None` if it cannot decide.
    fn double_double_sort(&mut self, walk: &Walk, at: Place<'_>, crossings: &mut [Candidate]) -> Option<()> {
        if !self.plan.has_double_double {
            return None;
        }
        let mut sorted = Vec::with_capacity(crossings.len());
        for &crossing in &*crossings {
            let form = self.double_double_form(walk, at, crossing.unit);
            let root = form.and_then(|form| form.root());
            sorted.push(form.zip(self.note(root)).map(|(form, root)| (form, root, crossing)));
        }
        let mut sorted: Vec<_> = sorted.into_iter().collect::<Option<_>>()?;
        sorted.sort_by(|x, y| x.1.0.total_cmp(&y.1.0));
        let certain = sorted.windows(2).all(|pair| pair[0].0.compare_roots(&pair[1].0).is_some_and(Ordering::is_lt));
        self.note(certain.then_some(()))?;
        let mut least = f64::NEG_INFINITY;
        for (crossing, (_, (at, half), from)) in crossings.iter_mut().zip(sorted) {
            // The doubles must be in the order of the roots, too.
            let moved = at.max(least);
            least = moved;
            *crossing = Candidate { at: moved, half: half + (moved - at), with_previous: false, ..from };
        }
        Some(())
    }

    /// Moves the cursor of the layer to a piece: inverts the bit of every flip on the way, in either direction.
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

impl Escalate for Escalation<'_> {
    fn signs(&mut self, walk: &Walk, at: Place<'_>, units: &[u32], answers: &mut Vec<Resolved>) {
        let units = &self.double_double_signs(walk, at, units, answers)[..];
        if units.is_empty() {
            return;
        }
        let time = self.time_of(walk, at.order[at.k]);
        let pieces = at.order.len() - 1;
        // The order is piece by piece, so that the pattern changes once: first the sign just left of the breakpoint.
        let sides = [(at.k > 0).then(|| Place { k: at.k - 1, ..at }), (at.k < pieces).then_some(at)];
        let mut signs: [Vec<(Ordering, Ordering)>; 2] = [Vec::new(), Vec::new()];
        for (side, place) in sides.iter().enumerate() {
            let Some(place) = place else { continue };
            for &unit in units {
                let form = self.form(walk, *place, unit);
                let here = form.sign_at(&time);
                // If the form is 0 at the breakpoint, its sign just right of it is that of the slope, and its sign just left of it the
                // opposite one.
                let slope = form.slope_sign();
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

    fn time(&mut self, walk: &Walk, at: Place<'_>, unit: u32) -> (f64, f64) {
        let root = self.double_double_form(walk, at, unit).and_then(|form| form.root());
        root.unwrap_or_else(|| {
            self.decisions += 1;
            self.form(walk, at, unit).root().near()
        })
    }

    fn sort(&mut self, walk: &Walk, at: Place<'_>, crossings: &mut [Candidate]) {
        if self.double_double_sort(walk, at, crossings).is_some() {
            return;
        }
        let mut exact: Vec<(Root, Candidate)> = crossings.iter().map(|&c| (self.form(walk, at, c.unit).root(), c)).collect();
        self.decisions += crossings.len() as u64 - 1;
        exact.sort_by(|x, y| x.0.compare(&y.0));
        let mut least = f64::NEG_INFINITY;
        for i in 0..exact.len() {
            let (at, half) = exact[i].0.near();
            // The doubles must be in the order of the times, too.
            let moved = at.max(least);
            least = moved;
            let with_previous = i > 0 && exact[i - 1].0.compare(&exact[i].0).is_eq();
            crossings[i] = Candidate { at: moved, half: half + (moved - at), with_previous, ..exact[i].1 };
        }
    }

    fn outputs_differ(&mut self, walk: &Walk, at: Place<'_>) -> bool {
        // If on both sides no unit of some layer is active, the outputs are constant on both sides, and continuous.
        let mut without_effect = |k: usize| {
            self.move_to(walk, Place { k, ..at });
            let below = self.cursors[at.layer].as_ref().map(|cursor| &cursor.below);
            below.is_some_and(|below| below.iter().any(|words| words.iter().all(|&w| w == 0)))
        };
        if without_effect(at.k - 1) && without_effect(at.k) {
            return false;
        }
        let outputs = self.plan.layers[at.layer].outputs as u32;
        if self.plan.has_double_double {
            let sides = [Place { k: at.k - 1, ..at }, at];
            let [left, right] =
                sides.map(|side| (0..outputs).map_while(|unit| self.double_double_form(walk, side, unit)).collect::<Vec<_>>());
            let differ = left.iter().zip(&right).any(|(left, right)| left.surely_differs(right));
            if self.note(differ.then_some(true)).is_some() {
                return true;
            }
        }
        self.decisions += 1;
        let left: Vec<Form> = (0..outputs).map(|unit| self.form(walk, Place { k: at.k - 1, ..at }, unit)).collect();
        (0..outputs).any(|unit| self.form(walk, at, unit) != left[unit as usize])
    }
}
