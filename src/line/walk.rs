//! The certified walk along one segment, layer by layer, in floating point.
//!
//! On a *piece* of layer l, an interval between two breakpoints of the layers below, every pre-activation of layer l is affine.
//! The walk carries a model of it, value v at the piece's left end and slope a, and one scalar a layer that bounds the error of the
//! model: |model - truth| <= rho_i T for unit i, rho_i the norm of its row of (W, b). A breakpoint carries a window, `at` - `half` to
//! `at` + `half`, that holds the true one. The sign of unit i at a breakpoint is certain where |v_i| > rho_i (T + half * slopes). Equal
//! certain signs at both ends of a piece leave nothing between them, opposite ones exactly one crossing. Whatever is not certain is
//! asked of [`Escalation`](super::escalate) and comes back as exact signs. The proofs are in proofs/filter.md, sections 5 to 8.

use super::plan::{LayerPlan, Plan};
use crate::exact::bound::{HUGE, TINY, U, round_up};
use crate::exact::lanes::{Lanes, dispatch};
use crate::exact::product::{Active, Rows, Scratch, product_in};
use std::cmp::Ordering;

/// A parent piece starts from a fresh evaluation of the values, not from the running ones, every so often.
const REFRESH: usize = 16;

/// The half window of a time that was computed exactly and rounded to the nearest double in [0, 1], and then compared in doubles.
pub(super) const ROUNDED: f64 = 4.0 * U;

/// A breakpoint: an end of the segment, or a time at which units of one layer flip together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub at: f64,
    pub half: f64,
    /// The layer whose units flip here; [`END`] for the two ends of the segment.
    pub layer: u32,
    /// The piece of that layer in which they flip.
    pub piece: u32,
    /// A unit that flips here, a leader.
    pub unit: u32,
    /// The flips of that layer here, a range of [`Walk::flips`].
    pub flips: (u32, u32),
}

/// Up to so many inputs a plain sum in 32 parts is no deeper than a product.
const SHORT: usize = 4096;

pub(super) const END: u32 = u32::MAX;

/// A unit that flips, and the change of its output's slope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flip {
    pub unit: u32,
    slope_change: f64,
}

/// A unit that is 0 at a breakpoint of the layers below: found by escalation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zero {
    pub mark: u32,
    pub layer: u32,
    pub unit: u32,
    pub before: bool,
    pub after: bool,
}

/// What the walk knows of one layer.
#[derive(Clone, Debug, Default)]
pub(super) struct LayerState {
    /// The breakpoints of the layers below, by time, with both ends: marks.
    pub order: Vec<u32>,
    /// For each of them, by how much the model of the layer below jumps there.
    jumps: Vec<f64>,
    /// The pattern on the first piece.
    pub start: Vec<u64>,
    /// The length of a row of the layer's outputs.
    width: usize,
    /// For each piece: a bound of the norm of the slopes.
    slope_norms: Vec<f64>,
    /// How far in all the model's bits may disagree with the signs of the model's values.
    mismatch: f64,
    /// A bound of the norm of the outputs of this layer and 1.
    value_norm: f64,
    /// The largest of `slope_norms`.
    slope_norm: f64,
    /// |model - truth| <= rho_i `error` for the pre-activations of this layer, and of it what arises in this layer.
    error: f64,
    local_error: f64,
    /// The norm of model - truth of the outputs of this layer.
    output_error: f64,
    /// |slope of the model - true slope| <= rho_i `slope_error`, and of it what arises in this layer.
    slope_error: f64,
    local_slope_error: f64,
    /// The norm of the error of the outputs' slopes.
    output_slope_error: f64,
}

/// A crossing that was seen in a piece, before the crossings of the piece are in order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub unit: u32,
    pub at: f64,
    pub half: f64,
    /// Flips at the same time as the candidate before it: known exactly.
    pub with_previous: bool,
}

/// An exact answer about the sign of a unit just left and just right of a breakpoint, and at it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resolved {
    pub unit: u32,
    pub before: Ordering,
    pub after: Ordering,
    pub zero: bool,
}

/// The k-th breakpoint of a layer, or the piece to its right.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub layer: usize,
    pub k: usize,
    /// The breakpoints of the layer: marks, by time.
    pub order: &'a [u32],
}

/// Decides exactly what the walk cannot.
pub(super) trait Escalate {
    /// The signs of units at a breakpoint, one answer each, in order.
    fn signs(&mut self, walk: &Walk, at: Place<'_>, units: &[u32], answers: &mut Vec<Resolved>);
    /// The crossing of a unit in a piece, as the nearest double.
    fn time(&mut self, walk: &Walk, at: Place<'_>, unit: u32) -> f64;
    /// Puts crossings in one piece in their order, with the nearest doubles as times, and says which are equal.
    fn sort(&mut self, walk: &Walk, at: Place<'_>, crossings: &mut [Candidate]);
    /// Whether the outputs on a piece of the output layer and on the piece before are different functions.
    fn outputs_differ(&mut self, walk: &Walk, at: Place<'_>) -> bool;
}

/// The model of a layer at a breakpoint, and its error: for the test that holds them against the truth.
#[cfg(test)]
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub layer: usize,
    pub at: f64,
    pub error: f64,
    pub values: Vec<f64>,
}

/// The state of a walk, kept from segment to segment for its memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    pub marks: Vec<Mark>,
    pub flips: Vec<Flip>,
    pub zeros: Vec<Zero>,
    pub layers: Vec<LayerState>,
    pub filtered: u64,
    v: Vec<f64>,
    a: Vec<f64>,
    /// Slopes of the next layer, one row a piece of this one; values, one row for every sixteenth.
    fresh_slopes: Vec<f64>,
    fresh_values: Vec<f64>,
    /// The outputs' slopes and values that they are computed from, with the masks of the active units.
    slopes: Vec<f64>,
    masks: Vec<u64>,
    values: Vec<f64>,
    value_masks: Vec<u64>,
    /// Slopes that nobody reads: those of the output layer.
    unread: Vec<f64>,
    left: Vec<u64>,
    right: Vec<u64>,
    uncertain: Vec<u64>,
    before: Vec<Resolved>,
    after: Vec<Resolved>,
    candidates: Vec<Candidate>,
    scratch: Scratch,
    #[cfg(test)]
    pub recorded: Vec<Recorded>,
}

/// The first layer's pre-activations at the two ends, and a bound of the norms of (x, 1) there.
#[derive(Clone, Copy)]
pub(super) struct Ends<'a> {
    pub from: &'a [f64],
    pub to: &'a [f64],
    pub norm: f64,
}

/// The walk left the range in which its bounds hold: the segment is to be traced with integers.
#[derive(Debug)]
pub(super) struct OutOfRange;

dispatch! {
    /// Walks the segment through the first `depth` layers; every decision is right.
    pub(super) fn walk_certified(walk: &mut Walk, plan: &Plan, depth: usize, ends: Ends<'_>, escalate: &mut dyn Escalate) -> Result<(), OutOfRange> = certified
}

dispatch! {
    /// The same walk without the filter, for measuring what the filter costs.
    pub(super) fn walk_unchecked(walk: &mut Walk, plan: &Plan, depth: usize, ends: Ends<'_>, escalate: &mut dyn Escalate) -> Result<(), OutOfRange> = unchecked
}

dispatch! {
    /// The number of pieces of the output, after a walk through the hidden layers.
    pub(super) fn count_pieces(walk: &mut Walk, plan: &Plan, walked: usize, certify: bool, escalate: &mut dyn Escalate) -> usize = pieces_in
}

#[inline(always)]
fn certified<L: Lanes>(walk: &mut Walk, plan: &Plan, depth: usize, ends: Ends<'_>, escalate: &mut dyn Escalate) -> Result<(), OutOfRange> {
    walk_in::<L, true>(walk, plan, depth, ends, escalate)
}

#[inline(always)]
fn unchecked<L: Lanes>(walk: &mut Walk, plan: &Plan, depth: usize, ends: Ends<'_>, escalate: &mut dyn Escalate) -> Result<(), OutOfRange> {
    walk_in::<L, false>(walk, plan, depth, ends, escalate)
}

#[inline(always)]
fn walk_in<L: Lanes, const CERTIFY: bool>(
    walk: &mut Walk,
    plan: &Plan,
    depth: usize,
    ends: Ends<'_>,
    escalate: &mut dyn Escalate,
) -> Result<(), OutOfRange> {
    walk.restart(plan);
    for l in 0..depth {
        if l == 0 {
            walk.start_first_layer(&plan.layers[0], ends);
        } else {
            walk.start_layer::<L>(plan, l);
        }
        if CERTIFY {
            walk.bound_errors(plan, l, ends.norm)?;
        }
        walk.pieces::<L, CERTIFY>(plan, l, ends.norm, escalate);
        if CERTIFY {
            walk.bound_outputs(&plan.layers[l], l);
        }
    }
    Ok(())
}

impl Walk {
    fn restart(&mut self, plan: &Plan) {
        self.marks.clear();
        self.flips.clear();
        self.zeros.clear();
        #[cfg(test)]
        self.recorded.clear();
        self.filtered = 0;
        self.layers.resize_with(plan.layers.len() + 1, LayerState::default);
        let end = |at| Mark { at, half: 0.0, layer: END, piece: 0, unit: 0, flips: (0, 0) };
        self.marks.extend([end(0.0), end(1.0)]);
        self.layers[0].order.clear();
        self.layers[0].order.extend([0, 1]);
        self.layers[0].jumps.clear();
        self.layers[0].jumps.extend([0.0, 0.0]);
    }

    fn start_first_layer(&mut self, plan: &LayerPlan, ends: Ends<'_>) {
        self.fresh_values.clear();
        self.fresh_values.extend_from_slice(&ends.from[..plan.padded]);
        self.fresh_slopes.clear();
        self.fresh_slopes.extend(ends.from[..plan.padded].iter().zip(ends.to).map(|(from, to)| to - from));
    }

    /// The fresh slopes and values of layer l, from the slopes and values of the layer below.
    #[inline(always)]
    fn start_layer<L: Lanes>(&mut self, plan: &Plan, l: usize) {
        let (below, this) = (&plan.layers[l - 1], &plan.layers[l]);
        let pieces = self.layers[l - 1].order.len() - 1;
        let rows = Rows { values: &self.slopes, stride: below.padded, count: pieces };
        let active = Active::Masks { words_per_row: below.words, words: &self.masks };
        self.fresh_slopes.resize((pieces * this.padded).max(self.fresh_slopes.len()), 0.0);
        product_in::<L>(rows, active, &this.packed, &mut self.fresh_slopes, &mut self.scratch);
        let count = pieces.div_ceil(REFRESH);
        let rows = Rows { values: &self.values, stride: below.padded, count };
        let active = Active::Masks { words_per_row: below.words, words: &self.value_masks };
        self.fresh_values.resize((count * this.padded).max(self.fresh_values.len()), 0.0);
        product_in::<L>(rows, active, &this.packed, &mut self.fresh_values, &mut self.scratch);
        for row in self.fresh_values[..count * this.padded].chunks_exact_mut(this.padded) {
            for (x, b) in row.iter_mut().zip(&this.bias) {
                *x += b;
            }
        }
    }

    /// The error of layer l's model, from the norms of the layer below (proofs/filter.md, section 6).
    fn bound_errors(&mut self, plan: &Plan, l: usize, input_norm: f64) -> Result<(), OutOfRange> {
        let this = &plan.layers[l];
        let (local, local_slope, error, slope_error, reach) = if l == 0 {
            let error = round_up(this.gamma * input_norm);
            (error, 3.0 * error, error, 3.0 * error, 4.0 * input_norm)
        } else {
            let (below, state) = (&self.layers[l - 1], &self.layers[l]);
            let value = below.value_norm;
            let (mut s, mut g, mut worst, mut worst_slope) = (0.0f64, 0.0f64, 0.0f64, 0.0f64);
            let mut slopes = 0.0;
            let mut parent = 0;
            for k in 0..state.order.len() - 1 {
                let (mark, next) = (&self.marks[state.order[k] as usize], &self.marks[state.order[k + 1] as usize]);
                let dt = next.at - mark.at;
                s += state.jumps[k];
                if mark.layer as usize == l - 1 {
                    g += f64::from(4 * (mark.flips.1 - mark.flips.0)) * U * slopes;
                } else {
                    slopes = below.slope_norms[parent];
                    g = this.gamma * slopes;
                    if parent % REFRESH == 0 {
                        s = this.gamma * value;
                    }
                    parent += 1;
                }
                s += g * dt + U * (6.0 * value + 6.0 * slopes * dt);
                worst = worst.max(s);
                worst_slope = worst_slope.max(g);
            }
            let (worst, worst_slope) = (round_up(worst), round_up(worst_slope));
            let error = round_up(worst + below.output_error);
            (worst, worst_slope, error, round_up(worst_slope + below.output_slope_error), value + below.slope_norm)
        };
        let state = &mut self.layers[l];
        (state.local_error, state.local_slope_error, state.error, state.slope_error) = (local, local_slope, error, slope_error);
        // Nothing that follows can overflow, and no bound is NaN: the comparison is false where one is.
        if this.rho_max.max(this.rho_norm) * (reach + error + slope_error) < HUGE { Ok(()) } else { Err(OutOfRange) }
    }

    /// The error of what layer l hands on: proofs/filter.md, section 6.
    fn bound_outputs(&mut self, plan: &LayerPlan, l: usize) {
        let (below, below_slope) =
            if l == 0 { (0.0, 0.0) } else { (self.layers[l - 1].output_error, self.layers[l - 1].output_slope_error) };
        let state = &mut self.layers[l];
        let mismatch = state.mismatch;
        // The first layer's slopes are the exact ones but for their rounding, which its own error holds.
        state.output_error = round_up(plan.rho_norm * state.local_error + plan.sigma * below + mismatch);
        state.output_slope_error = round_up(plan.rho_norm * state.local_slope_error + plan.sigma * below_slope);
        state.value_norm = round_up(state.value_norm + mismatch);
    }

    /// Goes through the pieces of layer l: signs, crossings, and the rows that the next layer's slopes are computed from.
    #[inline(always)]
    fn pieces<L: Lanes, const CERTIFY: bool>(&mut self, plan: &Plan, l: usize, input_norm: f64, escalate: &mut dyn Escalate) {
        let this = &plan.layers[l];
        let (n, words) = (this.padded, this.words);
        let last = l + 1 == plan.layers.len();
        let order = std::mem::take(&mut self.layers[l].order);
        let pieces = order.len() - 1;
        let mut next = Merge {
            order: std::mem::take(&mut self.layers[l + 1].order),
            jumps: std::mem::take(&mut self.layers[l + 1].jumps),
            mismatch: 0.0,
        };
        next.order.clear();
        next.jumps.clear();
        let (mut v, mut a) = (std::mem::take(&mut self.v), std::mem::take(&mut self.a));
        let (mut left, mut right) = (std::mem::take(&mut self.left), std::mem::take(&mut self.right));
        let mut uncertain = std::mem::take(&mut self.uncertain);
        for list in [&mut left, &mut right, &mut uncertain] {
            list.clear();
            list.resize(words, 0);
        }
        v.clear();
        v.extend_from_slice(&self.fresh_values[..n]);
        a.resize(n.max(a.len()), 0.0);
        self.unread.resize(n.max(self.unread.len()), 0.0);
        if !last {
            self.slopes.resize((pieces * n).max(self.slopes.len()), 0.0);
            self.masks.resize((pieces * words).max(self.masks.len()), 0);
            self.values.resize((pieces.div_ceil(REFRESH) * n).max(self.values.len()), 0.0);
            self.value_masks.resize((pieces.div_ceil(REFRESH) * words).max(self.value_masks.len()), 0);
        }
        let slope_reach = if l == 0 { 2.0 * input_norm } else { self.layers[l - 1].slope_norm + self.layers[l - 1].output_slope_error };
        let mut state = std::mem::take(&mut self.layers[l]);
        state.slope_norms.clear();
        state.start.clear();
        state.width = n;
        let (mut parent, mut value_square, mut slope_norm) = (0, 0.0f64, 0.0f64);
        self.after.clear();
        if CERTIFY {
            let margin = L::splat(round_up(state.error));
            for (w, word) in uncertain.iter_mut().enumerate() {
                *word = !gather(w, n, |c| L::bits(L::load(lane(&v, c)).abs().gt(L::load(lane(&this.rho, c)).mul(margin))));
            }
            if uncertain.iter().zip(&this.varying).any(|(u, k)| u & k != 0) {
                self.resolve(this, Place { layer: l, k: 0, order: &order }, &uncertain, &v, escalate);
            }
        }
        next.add_resolved(this, &self.after, &v, state.local_error);
        for k in 0..pieces {
            let (mark, end) = (self.marks[order[k] as usize], self.marks[order[k + 1] as usize]);
            let fresh = k == 0 || mark.layer == END || mark.layer as usize + 1 != l;
            let flips: &[Flip] = if fresh { &[] } else { &self.flips[mark.flips.0 as usize..mark.flips.1 as usize] };
            if fresh {
                if parent > 0 && parent % REFRESH == 0 {
                    let values = &self.fresh_values[parent / REFRESH * n..][..n];
                    if CERTIFY {
                        // The model of this layer's outputs jumps here, by the difference of two evaluations.
                        let square: f64 = values.iter().zip(&v).map(|(x, y)| (x - y) * (x - y)).sum();
                        *next.jumps.last_mut().expect("a jump for each breakpoint so far") += round_up(square.sqrt()) + TINY;
                    }
                    v.copy_from_slice(values);
                }
                parent += 1;
            }
            let fresh_row = if fresh { &self.fresh_slopes[(parent - 1) * n..][..n] } else { &[][..] };
            let dt = end.at - mark.at;
            // Where the next values are fresh ones, both they and the running ones must be certain.
            let refreshed = end.layer as usize + 1 != l && parent % REFRESH == 0;
            let margin = round_up(if refreshed { 3.0 * state.error } else { state.error } + end.half * slope_reach);

            // The values of every sixteenth piece, for the fresh values of the next layer.
            if !last && k % REFRESH == 0 {
                let row = &mut self.values[k / REFRESH * n..][..n];
                value_square = value_square.max(active_values::<L>(&v, row, &mut left));
                for r in &self.after {
                    set_bit(&mut left, r.unit, r.after.is_gt());
                    row[r.unit as usize] = if r.after.is_gt() { v[r.unit as usize] } else { 0.0 };
                }
                self.value_masks[k / REFRESH * words..][..words].copy_from_slice(&left);
            }

            let row = if last { &mut self.unread[..n] } else { &mut self.slopes[k * n..][..n] };
            let step = Step { dt, margin, rho: &this.rho, v: &mut v, a: &mut a[..n], row };
            let masks = [&mut left[..], &mut right[..], &mut uncertain[..]];
            let columns = &plan.layers[l].columns;
            let (slope_square, square) = match flips {
                [] => {
                    let fresh = fresh_row.as_chunks::<8>().0;
                    step.take::<L, CERTIFY>(masks, |c, _| L::load(&fresh[c]))
                }
                [flip] => {
                    let column = columns[flip.unit as usize * n..][..n].as_chunks::<8>().0;
                    let change = L::splat(flip.slope_change);
                    step.take::<L, CERTIFY>(masks, |c, slope| change.mul_add(L::load(&column[c]), slope))
                }
                flips => step.take::<L, CERTIFY>(masks, |c, slope| {
                    flips.iter().fold(slope, |slope, flip| {
                        let column = &columns[flip.unit as usize * n..][..n];
                        L::splat(flip.slope_change).mul_add(L::load(lane(column, c)), slope)
                    })
                }),
            };
            for r in &self.after {
                let (i, active) = (r.unit as usize, r.after.is_gt());
                set_bit(&mut left, r.unit, active);
                if !last {
                    self.slopes[k * n + i] = if active { a[i] } else { 0.0 };
                }
            }
            if !last {
                self.masks[k * words..][..words].copy_from_slice(&left);
            }
            if k == 0 {
                state.start.extend_from_slice(&left);
            }
            if CERTIFY {
                let norm = round_up(slope_square.sqrt()) + TINY;
                slope_norm = slope_norm.max(norm);
                state.slope_norms.push(norm);
                value_square = value_square.max(square);
            }

            #[cfg(test)]
            self.recorded.push(Recorded { layer: l, at: end.at, error: state.error, values: v.clone() });

            // Signs that are not certain at the right end: exact ones take their places.
            std::mem::swap(&mut self.before, &mut self.after);
            self.after.clear();
            if CERTIFY && uncertain.iter().zip(&this.varying).any(|(u, k)| u & k != 0) {
                self.resolve(this, Place { layer: l, k: k + 1, order: &order }, &uncertain, &v, escalate);
                for r in &self.after {
                    set_bit(&mut right, r.unit, r.before.is_gt());
                }
            }

            next.order.push(order[k]);
            if (0..words).any(|w| (left[w] ^ right[w]) & this.leaders[w] != 0) {
                let piece = Piece { place: Place { layer: l, k, order: &order }, from: mark.at, to: end.at, error: state.error };
                self.find_crossings::<CERTIFY>(this, &piece, [&left, &right], [&v, &a], &mut next, escalate);
            }
            next.add_resolved(this, &self.after, &v, state.local_error);
        }
        next.order.push(order[pieces]);
        self.filtered += (pieces * this.outputs) as u64;
        state.value_norm = round_up((1.0 + value_square).sqrt());
        state.slope_norm = slope_norm;
        state.mismatch = next.mismatch;
        state.order = order;
        self.layers[l] = state;
        (self.layers[l + 1].order, self.layers[l + 1].jumps) = (next.order, next.jumps);
        (self.v, self.a, self.left, self.right, self.uncertain) = (v, a, left, right, uncertain);
    }
}

/// One piece of one layer: from the values at its left end to those at its right end.
struct Step<'a> {
    dt: f64,
    margin: f64,
    rho: &'a [f64],
    v: &'a mut [f64],
    a: &'a mut [f64],
    /// The slopes of the active units, for the next layer.
    row: &'a mut [f64],
}

impl Step<'_> {
    /// Moves the values on, with slopes computed from the old ones, and says which units are active at the left and at the right end,
    /// and which are not certain there. Returns the squares of the norms of the slopes and of the outputs at the right end.
    #[inline(always)]
    fn take<L: Lanes, const CERTIFY: bool>(
        self,
        [left, right, uncertain]: [&mut [u64]; 3],
        slope_of: impl Fn(usize, L) -> L,
    ) -> (f64, f64) {
        let (v, a, row) = (self.v.as_chunks_mut::<8>().0, self.a.as_chunks_mut::<8>().0, self.row.as_chunks_mut::<8>().0);
        let rho = self.rho.as_chunks::<8>().0;
        let chunks = v.len();
        assert!(a.len() == chunks && row.len() == chunks && rho.len() == chunks);
        let (mut slope_squares, mut squares) = (L::splat(0.0), L::splat(0.0));
        let (dt, margin, zero) = (L::splat(self.dt), L::splat(self.margin), L::splat(0.0));
        let (mut lefts, mut rights, mut certains) = (0, 0, 0);
        for c in 0..chunks {
            let slope = slope_of(c, L::load(&a[c]));
            let value = L::load(&v[c]);
            let next = slope.mul_add(dt, value);
            let (positive, next_positive) = (value.gt(zero), next.gt(zero));
            slope.store(&mut a[c]);
            next.store(&mut v[c]);
            slope.keep(positive).store(&mut row[c]);
            let shift = 8 * (c % 8);
            lefts |= u64::from(L::bits(positive)) << shift;
            rights |= u64::from(L::bits(next_positive)) << shift;
            if CERTIFY {
                slope_squares = slope.mul_add(slope, slope_squares);
                let active = next.keep(next_positive);
                squares = active.mul_add(active, squares);
                certains |= u64::from(L::bits(next.abs().gt(L::load(&rho[c]).mul(margin)))) << shift;
            }
            if c % 8 == 7 || c + 1 == chunks {
                (left[c / 8], right[c / 8], uncertain[c / 8]) = (lefts, rights, !certains);
                (lefts, rights, certains) = (0, 0, 0);
            }
        }
        (slope_squares.sum(), squares.sum())
    }
}

/// The breakpoints of the next layer, as they come.
struct Merge {
    order: Vec<u32>,
    /// For each of them, a bound of the norm of the jump of this layer's outputs there, in the model.
    jumps: Vec<f64>,
    /// How far in all the model's bits may disagree with the signs of the model's values.
    mismatch: f64,
}

impl Merge {
    /// The jump at a breakpoint of the layers below: the units whose signs were resolved there may have any small value.
    fn add_resolved(&mut self, plan: &LayerPlan, resolved: &[Resolved], v: &[f64], local_error: f64) {
        let value = |r: &Resolved| v[r.unit as usize].abs() + 4.0 * plan.rho[r.unit as usize] * local_error;
        let jump = resolved.iter().map(value).sum();
        self.jumps.push(jump);
        self.mismatch += jump;
    }
}

/// A piece, and the error of its layer's model.
struct Piece<'a> {
    place: Place<'a>,
    from: f64,
    to: f64,
    error: f64,
}

impl Walk {
    /// Asks for the exact signs of the uncertain units at a breakpoint; the answers are in `after`, by unit.
    #[cold]
    #[inline(never)]
    fn resolve(&mut self, plan: &LayerPlan, at: Place<'_>, uncertain: &[u64], v: &[f64], escalate: &mut dyn Escalate) {
        let suspects: Vec<u32> = set_bits(uncertain, &plan.varying).collect();
        let leaders: Vec<u32> = set_bits(uncertain, &plan.varying).filter(|&i| is_set(&plan.leaders, i)).collect();
        let mut answers = Vec::with_capacity(leaders.len());
        if !leaders.is_empty() {
            escalate.signs(self, at, &leaders, &mut answers);
        }
        let mark = at.order[at.k];
        self.after.clear();
        for unit in suspects {
            let leader = plan.leader_of[unit as usize];
            // A leader that is certain answers for its twins.
            let sign = v[leader.unit as usize].partial_cmp(&0.0).unwrap_or(Ordering::Equal);
            let certain = Resolved { unit: leader.unit, before: sign, after: sign, zero: false };
            let answer = answers.iter().find(|r| r.unit == leader.unit).copied().unwrap_or(certain);
            let turn = |sign: Ordering| if leader.opposite { sign.reverse() } else { sign };
            let answer = Resolved { unit, before: turn(answer.before), after: turn(answer.after), zero: answer.zero };
            if answer.zero {
                let (before, after) = (answer.before.is_gt(), answer.after.is_gt());
                self.zeros.push(Zero { mark, layer: at.layer as u32, unit, before, after });
            }
            self.after.push(answer);
        }
    }

    /// The crossings inside a piece, in order, become breakpoints of the next layer.
    #[inline(never)]
    fn find_crossings<const CERTIFY: bool>(
        &mut self,
        plan: &LayerPlan,
        piece: &Piece<'_>,
        [left, right]: [&[u64]; 2],
        [v, a]: [&[f64]; 2],
        next: &mut Merge,
        escalate: &mut dyn Escalate,
    ) {
        let mut candidates = std::mem::take(&mut self.candidates);
        candidates.clear();
        let dt = piece.to - piece.from;
        // The model's value at a time of the piece is off by no more than the second term.
        let residual = |i: usize, at: f64| (a[i] * (at - piece.to) + v[i]).abs() + 8.0 * U * (v[i].abs() + a[i].abs() * dt);
        for w in 0..plan.words {
            let mut bits = (left[w] ^ right[w]) & plan.leaders[w];
            while bits != 0 {
                let i = w * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let unit = i as u32;
                let inverse = 1.0 / a[i];
                let mut at = piece.to - v[i] * inverse;
                let mut half = 0.0;
                if CERTIFY {
                    let escalated = |list: &[Resolved]| list.iter().any(|r| r.unit == unit);
                    at = at.max(piece.from).min(piece.to);
                    half = round_up((plan.rho[i] * piece.error + residual(i, at)) * inverse.abs()) + 4.0 * U;
                    if half >= 1.0 || half.is_nan() || escalated(&self.before) || escalated(&self.after) {
                        at = escalate.time(self, piece.place, unit);
                        half = ROUNDED;
                    }
                }
                candidates.push(Candidate { unit, at, half, with_previous: false });
            }
        }
        if candidates.len() > 1 {
            self.filtered += candidates.len() as u64 - 1;
            candidates.sort_unstable_by(|x, y| x.at.total_cmp(&y.at));
            if CERTIFY {
                let mut first = 0;
                let mut reach = candidates[0].at + candidates[0].half;
                for i in 1..=candidates.len() {
                    if i < candidates.len() && candidates[i].at - candidates[i].half <= reach {
                        reach = reach.max(candidates[i].at + candidates[i].half);
                        continue;
                    }
                    if i - first > 1 {
                        escalate.sort(self, piece.place, &mut candidates[first..i]);
                    }
                    if i < candidates.len() {
                        (first, reach) = (i, candidates[i].at + candidates[i].half);
                    }
                }
            }
        }
        let mut i = 0;
        while i < candidates.len() {
            let group = 1 + candidates[i + 1..].iter().take_while(|c| c.with_previous).count();
            let lead = candidates[i];
            let at = lead.at.max(piece.from).min(piece.to);
            let start = self.flips.len() as u32;
            let mut jump = 0.0;
            for candidate in &candidates[i..i + group] {
                let twins = plan.twins[candidate.unit as usize].iter().map(|twin| twin.unit);
                for unit in std::iter::once(candidate.unit).chain(twins) {
                    let slope = a[unit as usize];
                    let on = is_set(right, candidate.unit) != plan.leader_of[unit as usize].opposite;
                    self.flips.push(Flip { unit, slope_change: if on { slope } else { -slope } });
                    jump += residual(unit as usize, at);
                }
            }
            next.order.push(self.marks.len() as u32);
            next.jumps.push(jump);
            next.mismatch += jump;
            self.marks.push(Mark {
                at,
                half: lead.half + (lead.at - at).abs(),
                layer: piece.place.layer as u32,
                piece: piece.place.k as u32,
                unit: lead.unit,
                flips: (start, self.flips.len() as u32),
            });
            i += group;
        }
        self.candidates = candidates;
    }
}

/// Counts the pieces by the slopes of the first output alone, and where these do not tell all boundaries, by those of all outputs.
#[inline(always)]
fn pieces_in<L: Lanes>(walk: &mut Walk, plan: &Plan, walked: usize, certify: bool, escalate: &mut dyn Escalate) -> usize {
    let l = plan.layers.len() - 1;
    if l == 0 {
        return 1;
    }
    let error = match certify {
        true if walked > l || walk.bound_errors(plan, l, 0.0).is_ok() => walk.layers[l].slope_error,
        true => f64::INFINITY,
        false => 0.0,
    };
    let order = std::mem::take(&mut walk.layers[l].order);
    let by_first_output = pieces_by_first_output::<L>(walk, &plan.layers[l], l, &order, error);
    let pieces = by_first_output.unwrap_or_else(|| {
        if walked <= l {
            walk.start_layer::<L>(plan, l);
        }
        pieces_by_all_outputs(walk, &plan.layers[l], l, &order, error, certify, escalate)
    });
    walk.layers[l].order = order;
    pieces
}

/// Whether the output is another function after a mark at which one single unit of the last hidden layer flips: the output changes
/// by that unit's weights times its form, which is not 0.
fn single_flip(plan: &LayerPlan, l: usize, mark: &Mark, flips: &[Flip]) -> Option<bool> {
    match flips[mark.flips.0 as usize..mark.flips.1 as usize] {
        [flip] if mark.layer as usize + 1 == l => Some(!plan.silent[flip.unit as usize]),
        _ => None,
    }
}

#[inline(always)]
fn pieces_by_first_output<L: Lanes>(walk: &mut Walk, plan: &LayerPlan, l: usize, order: &[u32], error: f64) -> Option<usize> {
    let bound = 2.0 * plan.rho[0] * round_up(error);
    let stride = walk.layers[l - 1].width;
    if stride > SHORT {
        return None;
    }
    let weights = plan.first_row.as_chunks::<8>().0;
    let (mut pieces, mut parent, mut slope) = (1, 0, 0.0);
    for (k, &mark) in order[..order.len() - 1].iter().enumerate() {
        let mark = &walk.marks[mark as usize];
        let old = slope;
        if k > 0 && mark.layer as usize + 1 == l {
            for flip in &walk.flips[mark.flips.0 as usize..mark.flips.1 as usize] {
                slope += flip.slope_change * plan.first_row[flip.unit as usize];
            }
        } else {
            let row = walk.slopes[parent * stride..][..stride].as_chunks::<8>().0;
            let mut sums = [L::splat(0.0); 4];
            for (i, (x, w)) in row.iter().zip(weights).enumerate() {
                sums[i % 4] = L::load(x).mul_add(L::load(w), sums[i % 4]);
            }
            slope = sums[0].add(sums[1]).add(sums[2].add(sums[3])).sum();
            parent += 1;
        }
        if k > 0 {
            let differ = match single_flip(plan, l, mark, &walk.flips) {
                Some(differ) => differ,
                None if (slope - old).abs() > bound => true,
                None => return None,
            };
            pieces += usize::from(differ);
        }
    }
    walk.filtered += order.len() as u64 - 2;
    Some(pieces)
}

#[cold]
#[inline(never)]
fn pieces_by_all_outputs(
    walk: &mut Walk,
    plan: &LayerPlan,
    l: usize,
    order: &[u32],
    error: f64,
    certify: bool,
    escalate: &mut dyn Escalate,
) -> usize {
    let n = plan.outputs;
    let mut slopes = walk.fresh_slopes[..n].to_vec();
    let mut old = slopes.clone();
    let (mut pieces, mut parent) = (1, 1);
    for (k, &mark) in order.iter().enumerate().take(order.len() - 1).skip(1) {
        let mark = walk.marks[mark as usize];
        old.copy_from_slice(&slopes);
        if mark.layer as usize + 1 == l {
            for flip in &walk.flips[mark.flips.0 as usize..mark.flips.1 as usize] {
                for (slope, w) in slopes.iter_mut().zip(plan.column(flip.unit as usize)) {
                    *slope += flip.slope_change * w;
                }
            }
        } else {
            slopes.copy_from_slice(&walk.fresh_slopes[parent * plan.padded..][..n]);
            parent += 1;
        }
        let certain = || (0..n).any(|i| (slopes[i] - old[i]).abs() > 2.0 * plan.rho[i] * round_up(error));
        let differ = match single_flip(plan, l, &mark, &walk.flips) {
            Some(differ) => differ,
            None if certain() => true,
            None if !certify => false,
            None => escalate.outputs_differ(walk, Place { layer: l, k, order }),
        };
        walk.filtered += 1;
        pieces += usize::from(differ);
    }
    pieces
}

/// The values of the active units, and which these are; the square of their norm.
#[inline(always)]
fn active_values<L: Lanes>(v: &[f64], row: &mut [f64], active: &mut [u64]) -> f64 {
    let (v, row) = (v.as_chunks::<8>().0, row.as_chunks_mut::<8>().0);
    assert!(v.len() == row.len());
    let mut squares = L::splat(0.0);
    let mut bits = 0;
    for c in 0..v.len() {
        let x = L::load(&v[c]);
        let positive = x.gt(L::splat(0.0));
        let x = x.keep(positive);
        squares = x.mul_add(x, squares);
        x.store(&mut row[c]);
        bits |= u64::from(L::bits(positive)) << (8 * (c % 8));
        if c % 8 == 7 || c + 1 == v.len() {
            active[c / 8] = bits;
            bits = 0;
        }
    }
    squares.sum()
}

#[inline(always)]
fn lane(values: &[f64], chunk: usize) -> &[f64; 8] {
    values[chunk * 8..chunk * 8 + 8].try_into().expect("eight")
}

#[inline(always)]
fn lane_mut(values: &mut [f64], chunk: usize) -> &mut [f64; 8] {
    (&mut values[chunk * 8..chunk * 8 + 8]).try_into().expect("eight")
}

/// The word w of a row of n lanes, from its bytes.
#[inline(always)]
fn gather(w: usize, n: usize, mut byte: impl FnMut(usize) -> u8) -> u64 {
    (w * 8..(w * 8 + 8).min(n / 8)).fold(0, |word, c| word | u64::from(byte(c)) << (8 * (c % 8)))
}

fn is_set(words: &[u64], unit: u32) -> bool {
    words[unit as usize / 64] >> (unit % 64) & 1 == 1
}

fn set_bit(words: &mut [u64], unit: u32, on: bool) {
    let bit = 1 << (unit % 64);
    if on {
        words[unit as usize / 64] |= bit;
    } else {
        words[unit as usize / 64] &= !bit;
    }
}

/// The units in both sets.
fn set_bits<'a>(words: &'a [u64], among: &'a [u64]) -> impl Iterator<Item = u32> + 'a {
    words.iter().zip(among).enumerate().flat_map(|(w, (x, y))| {
        let mut rest = x & y;
        std::iter::from_fn(move || {
            let bit = (rest != 0).then(|| rest.trailing_zeros())?;
            rest &= rest - 1;
            Some(w as u32 * 64 + bit)
        })
    })
}
