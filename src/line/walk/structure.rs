//! Signs that follow from the active inputs of a unit, without numerical values: proofs/filter.md, section 7.
//!
//! The value of a unit without active inputs is its bias; the same is true at a breakpoint at which all its inputs are 0. In deep networks
//! without biases, all units above a layer are 0 if no unit of that layer is active.

use super::{END, Flip, LayerPlan, Mark, Place, Resolved, Walk, Zero};
use crate::line::bits::{is_set, set_bit, set_bits};
use std::cmp::Ordering;

/// The units of the layer below that are active on the pieces of a layer, piece after piece.
#[derive(Clone, Debug, Default)]
pub(super) struct Inputs {
    /// The active units on each piece of the layer below.
    masks: Vec<u64>,
    /// The units of the layer below that are active on both sides of a breakpoint and 0 at it: (mark, unit), sorted.
    touched: Vec<(u32, u32)>,
    /// The number of zeros of the walk that belong to finished layers.
    seen: usize,
    /// The present piece, the piece of the layer below that contains it, and the active units there.
    piece: usize,
    parent: usize,
    active: Vec<u64>,
    /// The active units on the pieces before and after a breakpoint, and those that are positive at the breakpoint itself.
    left: Vec<u64>,
    right: Vec<u64>,
    positive: Vec<u64>,
}

/// The data from which the slopes on the piece after a breakpoint are computed.
pub(super) struct NextSlopes<'a> {
    /// The row of fresh slopes; `None` if units of the layer below flip at the breakpoint.
    pub fresh: Option<usize>,
    /// The slopes before the breakpoint.
    pub a: &'a [f64],
    /// Their error, relative to rho.
    pub error: f64,
}

impl Inputs {
    pub(super) fn restart(&mut self) {
        self.seen = 0;
    }

    /// Takes the rows of active units of layer l - 1 from `masks`, and leaves a buffer for those of layer l.
    pub(super) fn start_layer(&mut self, masks: &mut Vec<u64>, zeros: &[Zero]) {
        std::mem::swap(&mut self.masks, masks);
        self.touched.clear();
        self.touched.extend(zeros[self.seen..].iter().filter(|zero| zero.before && zero.after).map(|zero| (zero.mark, zero.unit)));
        self.touched.sort_unstable();
        self.seen = zeros.len();
        self.active.clear();
    }

    /// Moves to a breakpoint that is not before the last one.
    fn move_to(&mut self, words: usize, at: Place<'_>, marks: &[Mark], flips: &[Flip]) {
        let pieces = at.order.len() - 1;
        if self.active.is_empty() {
            (self.piece, self.parent) = (0, 0);
            self.active.extend_from_slice(&self.masks[..words]);
        }
        self.advance(words, at, at.k.saturating_sub(1), marks, flips);
        self.left.clone_from(&self.active);
        self.advance(words, at, at.k.min(pieces - 1), marks, flips);
        self.right.clone_from(&self.active);
        self.positive.clear();
        self.positive.extend(self.left.iter().zip(&self.right).map(|(left, right)| left & right));
        let mark = at.order[at.k];
        let first = self.touched.partition_point(|touched| touched.0 < mark);
        for &(_, unit) in self.touched[first..].iter().take_while(|touched| touched.0 == mark) {
            set_bit(&mut self.positive, unit, false);
        }
    }

    fn advance(&mut self, words: usize, at: Place<'_>, piece: usize, marks: &[Mark], flips: &[Flip]) {
        while self.piece < piece {
            self.piece += 1;
            let mark = &marks[at.order[self.piece] as usize];
            if mark.layer != END && mark.layer as usize + 1 == at.layer {
                for flip in &flips[mark.flips.0 as usize..mark.flips.1 as usize] {
                    let active = is_set(&self.active, flip.unit);
                    set_bit(&mut self.active, flip.unit, !active);
                }
            } else {
                self.parent += 1;
                self.active.copy_from_slice(&self.masks[self.parent * words..][..words]);
            }
        }
    }
}

impl Walk {
    /// Resolves the signs of units at a breakpoint that follow from their inputs, and keeps the other units. `left` are the units that are
    /// active just before it.
    pub(super) fn signs_by_inputs(
        &mut self,
        plan: &LayerPlan,
        at: Place<'_>,
        left: &[u64],
        next: &NextSlopes<'_>,
        units: &mut Vec<u32>,
        answers: &mut Vec<Resolved>,
    ) {
        if at.layer == 0 || !plan.has_exact_zeros {
            return;
        }
        let mut inputs = std::mem::take(&mut self.inputs);
        inputs.move_to(plan.without_effect.len().div_ceil(64), at, &self.marks, &self.flips);
        units.retain(|&unit| match self.sign_by_inputs(plan, at, left, next, &inputs, unit) {
            Some(answer) => {
                answers.push(answer);
                false
            }
            None => true,
        });
        self.inputs = inputs;
    }

    fn sign_by_inputs(
        &self,
        plan: &LayerPlan,
        at: Place<'_>,
        left: &[u64],
        next: &NextSlopes<'_>,
        inputs: &Inputs,
        unit: u32,
    ) -> Option<Resolved> {
        let i = unit as usize;
        let takes = |words: &[u64]| set_bits(words).any(|j| plan.column(j as usize)[i] != 0.0);
        if takes(&inputs.positive) {
            return None;
        }
        // The pre-activation at the breakpoint is the bias.
        let bias = plan.bias[i].partial_cmp(&0.0)?;
        if bias.is_ne() {
            return Some(Resolved { unit, before: bias, after: bias, zero: false });
        }
        let [takes_left, takes_right] = [takes(&inputs.left), takes(&inputs.right)];
        let before = if takes_left { self.sign_before_zero(plan, left, unit) } else { Ordering::Equal };
        let after = if takes_right && at.k + 1 < at.order.len() { self.sign_after_zero(plan, at, next, i)? } else { Ordering::Equal };
        let [before, after] = match at.k {
            0 => [after, after],
            k if k + 1 == at.order.len() => [before, before],
            _ => [before, after],
        };
        Some(Resolved { unit, before, after, zero: true })
    }

    /// The sign on the piece before a breakpoint at which the unit is 0: the sign just after the previous breakpoint.
    fn sign_before_zero(&self, plan: &LayerPlan, left: &[u64], unit: u32) -> Ordering {
        let is_opposite = plan.duplicates[unit as usize].iter().any(|duplicate| duplicate.opposite && is_set(left, duplicate.unit));
        if is_set(left, unit) {
            Ordering::Greater
        } else if is_opposite {
            Ordering::Less
        } else {
            // Or it is below 0: then neither the unit nor a duplicate is active, as at a zero.
            Ordering::Equal
        }
    }

    /// The sign on the piece after a breakpoint at which the unit is 0: that of its slope, if it is certain.
    fn sign_after_zero(&self, plan: &LayerPlan, at: Place<'_>, next: &NextSlopes<'_>, i: usize) -> Option<Ordering> {
        let slope = match next.fresh {
            Some(row) => self.fresh[row * plan.padded + i],
            None => {
                let mark = &self.marks[at.order[at.k] as usize];
                let flips = &self.flips[mark.flips.0 as usize..mark.flips.1 as usize];
                flips.iter().fold(next.a[i], |slope, flip| flip.slope_change.mul_add(plan.column(flip.unit as usize)[i], slope))
            }
        };
        if slope.abs() > plan.rho[i] * next.error { slope.partial_cmp(&0.0) } else { None }
    }
}
