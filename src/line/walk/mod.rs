//! The certified walk along one segment, layer by layer, in floating point.
//!
//! On a *piece* of layer l, an interval between two breakpoints of the layers below, every pre-activation of layer l is affine.
//! The walk carries a model of it, value v at the piece's left end and slope a, and one scalar a layer that bounds the error of the
//! model: |model - truth| <= rho_i T for unit i, rho_i the norm of its row of (W, b); in deep networks one for each piece (`ellipsoids`). A breakpoint carries a window, `at` - `half` to
//! `at` + `half`, that holds the true one. The sign of unit i at a breakpoint is certain where |v_i| > rho_i (T + half * slopes). Equal
//! certain signs at both ends of a piece leave nothing between them, opposite ones exactly one crossing. Whatever is not certain is
//! asked of [`Escalation`](super::escalate) and comes back as exact signs. The proofs are in proofs/filter.md, sections 5 to 8 and 11.

pub(super) mod blocks;
mod crossings;
mod ellipsoids;
mod errors;
mod outputs;
mod pieces;
mod structure;

use super::plan::{LayerPlan, Plan};
use crate::exact::aligned::Aligned;
use crate::exact::bound::round_up;
use crate::exact::lanes::{Lanes, dispatch};
use crate::exact::product::{Active, Rows, Scratch, product_in};
use blocks::Blocks;
use ellipsoids::Ellipsoids;
use outputs::pieces_in;
use std::cmp::Ordering;
use structure::Inputs;

/// A parent piece starts from a fresh evaluation of the values, not from the running ones, every so often.
const REFRESH: usize = 16;

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
    /// For each of them, how far bits of the layer below disagree there with the signs of its model.
    disagreements: Vec<f64>,
    /// The pattern on the first piece.
    pub start: Vec<u64>,
    /// The length of a row of the layer's outputs.
    width: usize,
    /// So many pieces of the layer below start from one fresh evaluation of the values.
    refresh: usize,
    /// For each piece: a bound of the norm of the slopes.
    slope_norms: Vec<f64>,
    /// How far at any time the model's bits may disagree with the signs of the model's values.
    mismatch: f64,
    /// The jumps of the outputs, in all.
    jump: f64,
    /// A bound of the norm of the outputs of this layer and the next one's unit.
    pub value_norm: f64,
    /// The largest of `slope_norms`.
    slope_norm: f64,
    /// |model - truth| <= rho_i `error` for the pre-activations of this layer, and of it what arises in this layer.
    pub error: f64,
    local_error: f64,
    /// The same bound for each piece, where it was sharpened.
    errors: Vec<f64>,
    /// There, what comes from the layers below is by no more than this larger for slopes than for values.
    stretch: f64,
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
    /// The crossing of a unit in a piece: a double near it, and how far from it at most.
    fn time(&mut self, walk: &Walk, at: Place<'_>, unit: u32) -> (f64, f64);
    /// Puts crossings in one piece in their order, with times near them, and says which are equal.
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

/// The values of a layer where fresh ones take the places of running ones: the error of either, what the time of the breakpoint may change, and the units
/// whose signs were asked for. For a test as well.
#[cfg(test)]
#[derive(Clone, Debug)]
pub(super) struct RecordedRefresh {
    pub layer: usize,
    pub error: f64,
    pub by_time: f64,
    pub running: Vec<f64>,
    pub fresh: Vec<f64>,
    pub asked: Vec<u32>,
}

/// A block of layer `layer` and how far the outputs of the layer below leave the straight line between its ends: for a test as well.
#[cfg(test)]
#[derive(Clone, Debug)]
pub(super) struct RecordedBlock {
    pub layer: usize,
    pub from: f64,
    pub to: f64,
    pub spread: f64,
    /// The error of those outputs.
    pub output_error: f64,
}

/// The state of a walk, kept from segment to segment for its memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    pub marks: Vec<Mark>,
    pub flips: Vec<Flip>,
    pub zeros: Vec<Zero>,
    pub layers: Vec<LayerState>,
    pub filtered: u64,
    v: Aligned,
    a: Aligned,
    /// The slopes of a layer's outputs, one row a piece, then its values, a row now and then; with the masks of the active units.
    rows: Aligned,
    masks: Vec<u64>,
    /// The active units of the layer below the present one.
    inputs: Inputs,
    /// The slopes and the values of the next layer, computed from each of these rows.
    fresh: Aligned,
    /// Slopes that are not read: those of the output layer.
    unread: Aligned,
    left: Vec<u64>,
    right: Vec<u64>,
    uncertain: Vec<u64>,
    before: Vec<Resolved>,
    after: Vec<Resolved>,
    candidates: Vec<Candidate>,
    scratch: Scratch,
    blocks: Blocks,
    ellipsoids: Ellipsoids,
    #[cfg(test)]
    pub recorded: Vec<Recorded>,
    #[cfg(test)]
    pub recorded_blocks: Vec<RecordedBlock>,
    #[cfg(test)]
    pub recorded_refreshes: Vec<RecordedRefresh>,
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

#[cfg(feature = "unfiltered")]
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

#[cfg(feature = "unfiltered")]
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
        if CERTIFY {
            walk.bound_errors(plan, l, ends.norm)?;
        }
        match &plan.layers[l].rows {
            _ if l == 0 => walk.start_first_layer(&plan.layers[0], ends),
            Some(weights) => walk.start_blocks::<L>(plan, l, weights),
            None => walk.start_layer::<L>(plan, l),
        }
        walk.pieces::<L, CERTIFY>(plan, l, ends.norm, escalate);
        if CERTIFY {
            walk.bound_outputs(&plan.layers[l], l);
        }
    }
    Ok(())
}

impl LayerState {
    /// The errors that are known for each piece.
    #[cfg(test)]
    pub(super) fn errors(&self) -> &[f64] {
        &self.errors
    }

    /// The error of the model on a piece, relative to rho.
    fn error_in(&self, piece: usize) -> f64 {
        self.errors.get(piece).map_or(self.error, |&error| error.min(self.error))
    }

    /// The error of the slopes on a piece, relative to rho, where that of all pieces is `scalar`.
    fn slope_error_in(&self, piece: usize, scalar: f64) -> f64 {
        // The ellipsoid of the values' errors, stretched, is one of the slopes' errors, but for what arises in the layer itself.
        self.errors.get(piece).map_or(scalar, |&error| scalar.min(round_up(self.stretch * error + self.local_slope_error)))
    }
}

impl Walk {
    fn restart(&mut self, plan: &Plan) {
        self.marks.clear();
        self.flips.clear();
        self.zeros.clear();
        #[cfg(test)]
        self.recorded.clear();
        #[cfg(test)]
        self.recorded_blocks.clear();
        #[cfg(test)]
        self.recorded_refreshes.clear();
        self.filtered = 0;
        self.layers.resize_with(plan.layers.len() + 1, LayerState::default);
        let end = |at| Mark { at, half: 0.0, layer: END, piece: 0, unit: 0, flips: (0, 0) };
        self.marks.extend([end(0.0), end(1.0)]);
        self.layers[0].refresh = REFRESH;
        self.layers[0].order.clear();
        self.layers[0].order.extend([0, 1]);
        self.layers[0].jumps.clear();
        self.layers[0].jumps.extend([0.0, 0.0]);
        self.inputs.restart();
    }

    fn start_first_layer(&mut self, plan: &LayerPlan, ends: Ends<'_>) {
        let n = plan.padded;
        self.fresh.at_least(2 * n);
        let (slopes, values) = self.fresh[..2 * n].split_at_mut(n);
        let (from, to) = (&ends.from[..n], &ends.to[..n]);
        values.copy_from_slice(from);
        for ((slope, from), to) in slopes.iter_mut().zip(from).zip(to) {
            *slope = to - from;
        }
    }

    /// The fresh slopes and values of layer l, from the slopes and values of the layer below.
    #[inline(always)]
    fn start_layer<L: Lanes>(&mut self, plan: &Plan, l: usize) {
        let (below, this) = (&plan.layers[l - 1], &plan.layers[l]);
        let pieces = self.layers[l - 1].order.len() - 1;
        let values = pieces.div_ceil(self.layers[l].refresh);
        self.fresh.at_least((pieces + values) * this.padded);
        self.multiply::<L>(below, this, 0, pieces + values);
        self.add_bias(this, pieces, values);
    }

    /// The products of this layer with some of the rows of the layer below.
    #[inline(always)]
    fn multiply<L: Lanes>(&mut self, below: &LayerPlan, this: &LayerPlan, first: usize, count: usize) {
        let rows = Rows { values: &self.rows[first * below.padded..], stride: below.padded, count };
        let active = Active::Masks { words_per_row: below.words, words: &self.masks[first * below.words..] };
        product_in::<L>(rows, active, &this.packed, &mut self.fresh[first * this.padded..], &mut self.scratch);
    }

    fn add_bias(&mut self, this: &LayerPlan, first: usize, count: usize) {
        for row in self.fresh[first * this.padded..][..count * this.padded].chunks_exact_mut(this.padded) {
            for (x, b) in row.iter_mut().zip(&*this.bias) {
                *x += b;
            }
        }
    }
}
