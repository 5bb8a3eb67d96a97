//! The certified walk along one segment, layer by layer, in floating point.
//!
//! On a *piece* of layer l, which is an interval between two breakpoints of the layers below, every pre-activation of layer l is affine.
//! The walk has a model of it: the value v at the left end of the piece and the slope a. One scalar for each layer bounds the error of the
//! model: |model - truth| <= rho_i T for unit i, where rho_i is the norm of its row of (W, b). In deep networks there is one scalar for
//! each piece (`ellipsoids`). A breakpoint has a window, `at` - `half` to `at` + `half`, that contains the true one. The sign of unit i at
//! a breakpoint is certain if |v_i| > rho_i (T + half * slopes). If the certain signs at both ends of a piece are equal, there is no
//! crossing between them; if they are opposite, there is exactly one. All other decisions are left to [`Escalation`](super::escalate),
//! which returns exact signs. The proofs are in proofs/filter.md, sections 5 to 8 and 11.

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

/// The number of pieces of the layer below after which the values are computed anew.
const REFRESH: usize = 16;

/// A breakpoint: an end of the segment, or a time at which units of one layer flip together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub at: f64,
    pub half: f64,
    /// The layer whose units flip here, or [`END`] for the two ends of the segment.
    pub layer: u32,
    /// The piece of that layer in which they flip.
    pub piece: u32,
    /// A unit that flips here; it is a representative.
    pub unit: u32,
    /// The flips of that layer here, as a range of [`Walk::flips`].
    pub flips: (u32, u32),
}

pub(super) const END: u32 = u32::MAX;

/// A unit that flips, and the change of the slope of its output.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flip {
    pub unit: u32,
    slope_change: f64,
}

/// A unit that is 0 at a breakpoint of the layers below, found by escalation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Zero {
    pub mark: u32,
    pub layer: u32,
    pub unit: u32,
    pub before: bool,
    pub after: bool,
}

/// The state of one layer in the walk.
#[derive(Clone, Debug, Default)]
pub(super) struct LayerState {
    /// The marks of the breakpoints of the layers below with both ends, ordered by time.
    pub order: Vec<u32>,
    /// For each of them, the jump of the model of the layer below.
    jumps: Vec<f64>,
    /// For each of them, the disagreement between bits of the layer below and the signs of its model.
    disagreements: Vec<f64>,
    /// The pattern on the first piece.
    pub start: Vec<u64>,
    /// The length of a row of outputs of the layer.
    width: usize,
    /// The number of pieces of the layer below after which the values are computed anew.
    refresh: usize,
    /// For each piece, an upper bound on the norm of the slopes.
    slope_norms: Vec<f64>,
    /// An upper bound, at all times, on the disagreement between the bits and the signs of the model's values.
    mismatch: f64,
    /// The sum of the jumps of the outputs.
    jump: f64,
    /// An upper bound on the norm of (outputs of this layer, unit of the next layer).
    pub value_norm: f64,
    /// The largest of `slope_norms`.
    slope_norm: f64,
    /// |model - truth| <= rho_i `error` for the pre-activations of this layer, and the part that arises in this layer.
    pub error: f64,
    local_error: f64,
    /// The same bound for each piece, if it was reduced by ellipsoids.
    errors: Vec<f64>,
    /// In that case, the factor by which the errors from the layers below are larger for slopes than for values.
    stretch: f64,
    /// The norm of model - truth for the outputs of this layer.
    output_error: f64,
    /// |slope of the model - true slope| <= rho_i `slope_error`, and the part that arises in this layer.
    slope_error: f64,
    local_slope_error: f64,
    /// The norm of the error of the slopes of the outputs.
    output_slope_error: f64,
}

/// A crossing that was found in a piece, before the crossings of the piece are ordered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub unit: u32,
    pub at: f64,
    pub half: f64,
    /// Whether it is known exactly that it flips at the same time as the candidate before it.
    pub with_previous: bool,
}

/// The exact sign of a unit just left and just right of a breakpoint, and whether it is 0 there.
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
    /// The marks of the breakpoints of the layer, ordered by time.
    pub order: &'a [u32],
}

/// Takes the decisions that the walk cannot take, exactly.
pub(super) trait Escalate {
    /// The signs of units at a breakpoint: one answer for each unit, in order.
    fn signs(&mut self, walk: &Walk, at: Place<'_>, units: &[u32], answers: &mut Vec<Resolved>);
    /// The crossing of a unit in a piece: a double near it, and a bound on their distance.
    fn time(&mut self, walk: &Walk, at: Place<'_>, unit: u32) -> (f64, f64);
    /// Orders the crossings in one piece, with times near them, and determines which are equal.
    fn sort(&mut self, walk: &Walk, at: Place<'_>, crossings: &mut [Candidate]);
    /// Whether the outputs on a piece of the output layer and on the piece before it are different functions.
    fn outputs_differ(&mut self, walk: &Walk, at: Place<'_>) -> bool;
}

/// The model of a layer at a breakpoint and its error, for the test that compares them with the truth.
#[cfg(test)]
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub layer: usize,
    pub at: f64,
    pub error: f64,
    pub values: Vec<f64>,
}

/// The values of a layer where fresh ones replace running ones, for a test: the error of either, the change that the uncertainty of the
/// breakpoint allows, and the units whose signs were escalated.
#[cfg(test)]
#[derive(Clone, Debug)]
pub(super) struct RecordedRefresh {
    pub layer: usize,
    pub error: f64,
    pub by_time: f64,
    pub running: Vec<f64>,
    pub fresh: Vec<f64>,
    pub asked: Vec<u32>,
    /// Those of them that are active after the breakpoint.
    pub active: Vec<u32>,
    /// The bounds on the jump of the outputs, and on the disagreement of bits and values.
    pub jump: f64,
    pub disagreement: f64,
}

/// A block of layer `layer`, for a test: the distance of the outputs of the layer below from the straight line between its ends.
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

/// The state of a walk and its buffers, which are kept from segment to segment.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    pub marks: Vec<Mark>,
    pub flips: Vec<Flip>,
    pub zeros: Vec<Zero>,
    pub layers: Vec<LayerState>,
    pub filtered: u64,
    v: Aligned,
    a: Aligned,
    /// The slopes of the outputs of a layer, one row for each piece, and then its values, one row for some of the pieces; with the masks of
    /// the active units.
    rows: Aligned,
    masks: Vec<u64>,
    /// The active units of the layer below the present one.
    inputs: Inputs,
    /// The slopes and the values of the next layer, computed from these rows.
    fresh: Aligned,
    /// Slopes that are not used: those of the output layer.
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

/// The pre-activations of the first layer at the two ends, and an upper bound on the norms of (x, 1) there.
#[derive(Clone, Copy)]
pub(super) struct Ends<'a> {
    pub from: &'a [f64],
    pub to: &'a [f64],
    pub norm: f64,
}

/// The walk left the range in which its bounds hold. The segment must be traced with integers.
#[derive(Debug)]
pub(super) struct OutOfRange;

dispatch! {
    /// Walks the segment through the first `depth` layers. Every decision is right.
    pub(super) fn walk_certified(walk: &mut Walk, plan: &Plan, depth: usize, ends: Ends<'_>, escalate: &mut dyn Escalate) -> Result<(), OutOfRange> = certified
}

#[cfg(feature = "unfiltered")]
dispatch! {
    /// The same walk without the filter, to measure the cost of the filter.
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
    /// The errors for each piece, if ellipsoids computed them.
    #[cfg(test)]
    pub(super) fn errors(&self) -> &[f64] {
        &self.errors
    }

    /// The error of the model on a piece, relative to rho.
    fn error_in(&self, piece: usize) -> f64 {
        self.errors.get(piece).map_or(self.error, |&error| error.min(self.error))
    }

    /// The error of the slopes on a piece, relative to rho; `scalar` is the error for all pieces.
    fn slope_error_in(&self, piece: usize, scalar: f64) -> f64 {
        // The errors of the slopes are in the stretched ellipsoid of the errors of the values, apart from the error that arises in the
        // layer itself.
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

    /// Computes the fresh slopes and values of layer l from those of the layer below.
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
