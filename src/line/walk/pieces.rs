//! The pieces of one layer, one after the other: values, signs, and the rows from which the next layer is computed.

use super::blocks::{block_length, is_inactive};
use super::crossings::Piece;
use super::structure::NextSlopes;
use super::{END, Escalate, Flip, Place, Plan, REFRESH, Resolved, Walk};
use crate::exact::bound::{TINY, round_up};
use crate::exact::lanes::Lanes;
use crate::line::bits::set_bit;

impl Walk {
    /// Goes through the pieces of layer l: computes signs, crossings, and the rows from which the slopes of the next layer are computed.
    #[inline(always)]
    pub(super) fn pieces<L: Lanes, const CERTIFY: bool>(&mut self, plan: &Plan, l: usize, input_norm: f64, escalate: &mut dyn Escalate) {
        let this = &plan.layers[l];
        let (n, words) = (this.padded, this.words);
        let last = l + 1 == plan.layers.len();
        let order = std::mem::take(&mut self.layers[l].order);
        let pieces = order.len() - 1;
        let parents = if l == 0 { 1 } else { self.layers[l - 1].order.len() - 1 };
        // How often the next layer takes fresh values, and whether it needs them at the end, too.
        let in_blocks = plan.layers.get(l + 1).is_some_and(|next| next.rows.is_some());
        let every = if in_blocks { block_length(pieces) } else { REFRESH };
        let value_rows = pieces.div_ceil(every) + usize::from(in_blocks);
        self.layers[l + 1].refresh = every;
        let mut next = Merge {
            order: std::mem::take(&mut self.layers[l + 1].order),
            jumps: std::mem::take(&mut self.layers[l + 1].jumps),
            disagreements: std::mem::take(&mut self.layers[l + 1].disagreements),
            here: 0.0,
            mismatch: 0.0,
        };
        next.clear();
        self.inputs.start_layer(&mut self.masks, &self.zeros);
        let (mut value_buffer, mut slope_buffer) = (std::mem::take(&mut self.v), std::mem::take(&mut self.a));
        let (mut left, mut right) = (std::mem::take(&mut self.left), std::mem::take(&mut self.right));
        let mut uncertain = std::mem::take(&mut self.uncertain);
        for list in [&mut left, &mut right, &mut uncertain] {
            list.clear();
            list.resize(words, 0);
        }
        value_buffer.at_least(n);
        slope_buffer.at_least(n);
        self.unread.at_least(n);
        let (v, a) = (&mut value_buffer[..n], &mut slope_buffer[..n]);
        v.copy_from_slice(&self.fresh[parents * n..][..n]);
        if !last {
            self.rows.at_least((pieces + value_rows) * n);
            self.masks.resize(((pieces + value_rows) * words).max(self.masks.len()), 0);
        }
        let slope_reach = if l == 0 { 2.0 * input_norm } else { self.layers[l - 1].slope_norm + self.layers[l - 1].output_slope_error };
        let state = &mut self.layers[l];
        state.width = n;
        let (local_error, refresh) = (state.local_error, state.refresh);
        let (mut slope_norms, mut start) = (std::mem::take(&mut state.slope_norms), std::mem::take(&mut state.start));
        slope_norms.clear();
        start.clear();
        let (mut parent, mut value_square, mut slope_norm) = (0, 0.0f64, 0.0f64);
        // The next piece of the layer below that starts from fresh values, and the row of these; the next piece whose values the next layer
        // uses, and the row of these.
        let (mut next_refresh, mut fresh_values) = (refresh, parents);
        let (mut next_emit, mut emitted) = (0, pieces);
        self.after.clear();
        if CERTIFY {
            let margin = L::splat(round_up(self.layers[l].error_in(0)));
            for (w, word) in uncertain.iter_mut().enumerate() {
                *word = !gather(w, n, |c| L::bits(L::load(lane(v, c)).abs().gt(L::load(lane(&this.rho, c)).mul(margin))));
            }
            if uncertain.iter().zip(&this.varying).any(|(u, k)| u & k != 0) {
                let next = NextSlopes { fresh: Some(0), a, error: self.layers[l].slope_error_in(0, self.layers[l].slope_error) };
                self.resolve(this, Place { layer: l, k: 0, order: &order }, &uncertain, v, &left, &next, escalate);
            }
        }
        next.add_resolved(&self.after, v, |_| 0.0);
        for k in 0..pieces {
            let error = self.layers[l].error_in(k);
            let (mark, end) = (self.marks[order[k] as usize], self.marks[order[k + 1] as usize]);
            let fresh = k == 0 || mark.layer == END || mark.layer as usize + 1 != l;
            let flips: &[Flip] = if fresh { &[] } else { &self.flips[mark.flips.0 as usize..mark.flips.1 as usize] };
            if fresh {
                if parent == next_refresh {
                    next_refresh += refresh;
                    fresh_values += 1;
                    let values = &self.fresh[fresh_values * n..][..n];
                    if CERTIFY {
                        // The model of the outputs of this layer jumps here, by the difference of two evaluations.
                        let moved = values.iter().zip(&*v).filter(|&(&x, &y)| !is_inactive(x) && !is_inactive(y));
                        let square: f64 = moved.map(|(x, y)| (x - y) * (x - y)).sum();
                        *next.jumps.last_mut().expect("a jump for each breakpoint so far") += round_up(square.sqrt()) + TINY;
                    }
                    #[cfg(test)]
                    self.recorded_refreshes.push(super::RecordedRefresh {
                        layer: l,
                        error,
                        by_time: mark.half * slope_reach,
                        running: v.to_vec(),
                        fresh: values.to_vec(),
                        asked: self.after.iter().map(|answer| answer.unit).collect(),
                        active: self.after.iter().filter(|answer| answer.after.is_gt()).map(|answer| answer.unit).collect(),
                        jump: next.jumps.last().copied().unwrap_or(0.0),
                        disagreement: next.disagreements.last().copied().unwrap_or(0.0),
                    });
                    v.copy_from_slice(values);
                }
                parent += 1;
            }
            let fresh_row = if fresh { &self.fresh[(parent - 1) * n..][..n] } else { &[][..] };
            let dt = end.at - mark.at;
            // If the next values are fresh ones, both they and the running ones must be certain.
            let refreshed = end.layer as usize + 1 != l && parent == next_refresh;
            let margin = round_up(if refreshed { 3.0 * error } else { error } + end.half * slope_reach);

            // At some of the pieces the values are stored, for the fresh values of the next layer.
            if !last && k == next_emit {
                next_emit += every;
                let row = &mut self.rows[emitted * n..][..n];
                value_square = value_square.max(active_values::<L>(v, row, &mut left));
                for r in &self.after {
                    set_bit(&mut left, r.unit, r.after.is_gt());
                    row[r.unit as usize] = if r.after.is_gt() { v[r.unit as usize] } else { 0.0 };
                }
                self.masks[emitted * words..][..words].copy_from_slice(&left);
                emitted += 1;
            }

            let row = if last { &mut self.unread[..n] } else { &mut self.rows[k * n..][..n] };
            let step = Step { dt, margin, rho: &this.rho, v: &mut *v, a: &mut *a, row };
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
                flips => step.take::<L, CERTIFY>(masks, |c, mut slope| {
                    for flip in flips {
                        let column = &columns[flip.unit as usize * n..][..n];
                        slope = L::splat(flip.slope_change).mul_add(L::load(lane(column, c)), slope);
                    }
                    slope
                }),
            };
            for r in &self.after {
                let (i, active) = (r.unit as usize, r.after.is_gt());
                set_bit(&mut left, r.unit, active);
                if !last {
                    self.rows[k * n + i] = if active { a[i] } else { 0.0 };
                }
            }
            if !last {
                self.masks[k * words..][..words].copy_from_slice(&left);
            }
            if k == 0 {
                start.extend_from_slice(&left);
            }
            if CERTIFY {
                let norm = round_up(slope_square.sqrt()) + TINY;
                slope_norm = slope_norm.max(norm);
                slope_norms.push(norm);
                value_square = value_square.max(square);
            }

            #[cfg(test)]
            self.recorded.push(super::Recorded { layer: l, at: end.at, error, values: v.to_vec() });

            // The signs that are not certain at the right end are replaced by exact ones.
            std::mem::swap(&mut self.before, &mut self.after);
            self.after.clear();
            if CERTIFY && uncertain.iter().zip(&this.varying).any(|(u, k)| u & k != 0) {
                let next = NextSlopes {
                    fresh: (end.layer as usize + 1 != l).then_some(parent),
                    a,
                    error: self.layers[l].slope_error_in(k + 1, self.layers[l].slope_error),
                };
                self.resolve(this, Place { layer: l, k: k + 1, order: &order }, &uncertain, v, &left, &next, escalate);
                for r in &self.after {
                    set_bit(&mut right, r.unit, r.before.is_gt());
                }
            }

            next.order.push(order[k]);
            if (0..words).any(|w| (left[w] ^ right[w]) & this.representatives[w] != 0) {
                let piece = Piece { place: Place { layer: l, k, order: &order }, from: mark.at, to: end.at, error };
                self.find_crossings::<CERTIFY>(this, &piece, [&left, &right], [v, a], &mut next, escalate);
            }
            // If the values are refreshed, the distance of fresh and running values is at most this.
            let spread = if refreshed { 4.0 * local_error } else { 0.0 };
            next.add_resolved(&self.after, v, |unit| this.rho[unit] * spread);
        }
        next.order.push(order[pieces]);
        if in_blocks {
            let row = &mut self.rows[emitted * n..][..n];
            active_values::<L>(v, row, &mut left);
            for r in &self.after {
                set_bit(&mut left, r.unit, r.before.is_gt());
                row[r.unit as usize] = if r.before.is_gt() { v[r.unit as usize] } else { 0.0 };
            }
            self.masks[emitted * words..][..words].copy_from_slice(&left);
        }
        self.filtered += (pieces * this.outputs) as u64;
        let unit = plan.layers.get(l + 1).map_or(1.0, |next| next.unit);
        let state = &mut self.layers[l];
        state.value_norm = round_up((unit * unit + value_square).sqrt());
        (state.slope_norm, state.mismatch) = (slope_norm, next.mismatch);
        state.jump = next.jumps.iter().sum();
        (state.order, state.slope_norms, state.start) = (order, slope_norms, start);
        let above = &mut self.layers[l + 1];
        (above.order, above.jumps, above.disagreements) = (next.order, next.jumps, next.disagreements);
        (self.v, self.a, self.left, self.right, self.uncertain) = (value_buffer, slope_buffer, left, right, uncertain);
    }
}

/// One piece of one layer, from the values at its left end to those at its right end.
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
    /// Advances the values to the right end, with slopes computed from the old ones. Determines the units that are active at the left and
    /// at the right end, and those that are not certain there. Returns the squared norms of the slopes, and of the outputs at the right
    /// end.
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

/// The breakpoints of the next layer, in the order in which they are found.
#[derive(Default)]
pub(super) struct Merge {
    pub order: Vec<u32>,
    /// For each of them, an upper bound on the norm of the jump of the model's outputs of this layer.
    pub jumps: Vec<f64>,
    /// For each of them, the disagreement between the bits and the signs of the model's values.
    pub disagreements: Vec<f64>,
    /// The sum of the disagreements at and after the last breakpoint of the layers below.
    here: f64,
    /// The largest sum on a piece including both ends.
    mismatch: f64,
}

impl Merge {
    fn clear(&mut self) {
        self.order.clear();
        self.jumps.clear();
        self.disagreements.clear();
    }

    /// Adds a breakpoint of the layers below, given the units whose signs were resolved there, since their model may have any small value.
    /// After the breakpoint, the values are those of the model up to `spread` of the unit.
    #[inline(always)]
    fn add_resolved(&mut self, resolved: &[Resolved], v: &[f64], spread: impl Fn(usize) -> f64) {
        let (mut jump, mut disagreement) = (0.0, 0.0);
        for r in resolved {
            let unit = r.unit as usize;
            let value = v[unit].abs();
            let active = v[unit] > 0.0;
            if r.before.is_gt() != r.after.is_gt() {
                jump += value;
            }
            if r.before.is_gt() != active || r.after.is_gt() != active {
                disagreement += value;
            }
            disagreement += spread(unit);
        }
        self.jumps.push(jump);
        self.disagreements.push(disagreement);
        self.mismatch = self.mismatch.max(self.here + disagreement);
        self.here = disagreement;
    }

    /// Adds a crossing of this layer, at which the model of the units that cross has the value `residual` instead of 0.
    #[inline(always)]
    pub(super) fn add_crossing(&mut self, mark: u32, residual: f64) {
        self.order.push(mark);
        self.jumps.push(residual);
        self.disagreements.push(residual);
        self.here += residual;
    }
}

/// Stores the values of the active units and their mask; returns the square of their norm.
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

/// The word w of a row of n lanes, assembled from bytes.
#[inline(always)]
fn gather(w: usize, n: usize, mut byte: impl FnMut(usize) -> u8) -> u64 {
    (w * 8..(w * 8 + 8).min(n / 8)).fold(0, |word, c| word | u64::from(byte(c)) << (8 * (c % 8)))
}
