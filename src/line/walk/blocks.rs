//! Deep wide layers, in blocks of neighbouring pieces: a unit that is sure to be inactive throughout a block is *idle* there, and
//! its slopes are not computed. In a short block nearly every inactive unit is idle: proofs/filter.md, section 8.

use super::super::plan::row_stride;
use super::{LayerPlan, Plan, Walk};
use crate::exact::aligned::Aligned;
use crate::exact::bound::{TINY, U, round_up};
use crate::exact::lanes::Lanes;
use crate::exact::product::union_of_bits;
use crate::exact::strips::{STRIP, Strip, strip_in};
use std::ops::Range;

/// The value of the model of an idle unit: far below 0, whatever slope is added to it on the way.
pub(super) const IDLE: f64 = -f64::from_bits((1023 + 1020) << 52); // -2^1020

/// Whether a value is that of an idle unit, or has been.
pub(in crate::line) fn is_idle(value: f64) -> bool {
    value < 0.5 * IDLE
}

/// Blocks that are worked on while a panel of weights is at hand.
const TOGETHER: usize = 4;

/// Outputs of a panel: their weights fit the second-level cache.
const PANEL: usize = 128;

/// How many pieces of the layer below make a block, where there are so many: blocks of about one size, whole vectors.
pub(super) fn block_length(pieces: usize) -> usize {
    pieces.div_ceil(pieces.div_ceil(STRIP).max(1)).next_multiple_of(8)
}

/// What the blocks of a layer need for themselves.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    strips: Vec<Strip>,
    /// For each block, words of the units that are not idle.
    awake: Vec<u64>,
    masks: Vec<u64>,
    distances: Vec<f64>,
    outputs: Vec<u32>,
    out: Aligned,
}

impl Walk {
    /// The fresh slopes and values of layer l, without those of idle units.
    #[inline(always)]
    pub(super) fn start_blocks<L: Lanes>(&mut self, plan: &Plan, l: usize, weights: &[f64]) {
        let (below, this) = (&plan.layers[l - 1], &plan.layers[l]);
        let (n, length) = (this.padded, self.layers[l].refresh);
        let parents = self.layers[l - 1].order.len() - 1;
        let count = parents.div_ceil(length);
        self.fresh.at_least((parents + count + 1) * n);
        self.multiply::<L>(below, this, parents, count + 1);
        self.add_bias(this, parents, count + 1);

        let mut blocks = std::mem::take(&mut self.blocks);
        blocks.strips.resize_with(TOGETHER.max(blocks.strips.len()), Strip::default);
        blocks.awake.clear();
        let mut k = 0;
        for first in (0..count).step_by(TOGETHER) {
            let group = first..(first + TOGETHER).min(count);
            for b in group.clone() {
                k = self.find_idle::<L>(&mut blocks, [below, this], l, b, k);
            }
            for panel in (0..this.outputs).step_by(PANEL) {
                let end = (panel + PANEL).min(this.outputs);
                for b in group.clone() {
                    let strip = &blocks.strips[b - first];
                    let awake = &blocks.awake[b * this.words..][..this.words];
                    blocks.outputs.clear();
                    blocks.outputs.extend((panel..end).filter(|i| awake[i / 64] >> (i % 64) & 1 == 1).map(|i| i as u32));
                    blocks.out.at_least(PANEL * STRIP);
                    strip_in::<L>(strip, weights, row_stride(below.outputs), &blocks.outputs, &mut blocks.out);
                    let rows = &mut self.fresh[b * length * n..((b + 1) * length).min(parents) * n];
                    spread::<L>(&blocks.out, strip.lanes, awake, panel..end, rows, n);
                }
            }
        }
        for row in self.fresh[..parents * n].chunks_exact_mut(n) {
            row[this.outputs..].fill(0.0);
        }
        self.blocks = blocks;
    }

    /// Packs the rows of block b, finds which units are idle in it, and marks these by their values; k and the returned number
    /// are the places of the block's first breakpoint and of the next block's among those of layer l.
    #[inline(always)]
    fn find_idle<L: Lanes>(&mut self, blocks: &mut Blocks, [below, this]: [&LayerPlan; 2], l: usize, b: usize, k: usize) -> usize {
        let (state, lower) = (&self.layers[l], &self.layers[l - 1]);
        let parents = lower.order.len() - 1;
        let rows = b * state.refresh..((b + 1) * state.refresh).min(parents);
        // The block's last breakpoint: where the next block's first parent begins, or the end.
        let (mut last, mut seen) = (k, 0);
        while last + 1 < state.order.len() {
            last += 1;
            seen += usize::from(self.marks[state.order[last] as usize].layer as usize + 1 != l);
            if seen == rows.len() {
                break;
            }
        }
        let (start, end) = (&self.marks[state.order[k] as usize], &self.marks[state.order[last] as usize]);

        // The inputs that are active somewhere in the block.
        let words = below.words;
        blocks.masks.clear();
        blocks.masks.extend_from_slice(&self.masks[rows.start * words..rows.end * words]);
        blocks.masks.extend_from_slice(&self.masks[(parents + b + 1) * words..][..words]);
        let strip = &mut blocks.strips[b % TOGETHER];
        union_of_bits(&blocks.masks, words, 0..rows.len() + 1, below.outputs, &mut strip.inputs);
        strip.reset(rows.len());

        // Their slopes, and how far those are from the mean slopes over the block.
        let values = |b: usize| &self.rows[(parents + b) * below.padded..][..below.padded];
        let (from, to) = (values(b), values(b + 1));
        let scale = 1.0 / (end.at - start.at);
        blocks.distances.clear();
        for first in (0..rows.len()).step_by(8) {
            let row = |r: usize| &self.rows[(rows.start + (first + r).min(rows.len() - 1)) * below.padded..][..below.padded];
            let rows: [&[f64]; 8] = std::array::from_fn(row);
            let mut squares = L::splat(0.0);
            let mut place = 0;
            while place < strip.inputs.len() {
                let start = strip.inputs[place] as usize / 8 * 8;
                let mut chunk = [L::splat(0.0); 8];
                for (chunk, row) in chunk.iter_mut().zip(&rows) {
                    *chunk = L::load(row[start..start + 8].try_into().expect("eight"));
                }
                let columns = L::transpose(chunk);
                while place < strip.inputs.len() && (strip.inputs[place] as usize) < start + 8 {
                    let j = strip.inputs[place] as usize;
                    let lanes = &mut strip.values[place * strip.lanes + first..][..8];
                    columns[j - start].store(lanes.try_into().expect("eight"));
                    let distance = columns[j - start].add(L::splat((from[j] - to[j]) * scale));
                    squares = distance.mul_add(distance, squares);
                    place += 1;
                }
            }
            let mut lanes = [0.0; 8];
            squares.store(&mut lanes);
            blocks.distances.extend(lanes.map(|square| square.sqrt()));
        }

        // Half the variation of the layer below around the straight line between the block's ends.
        let (mut variation, mut parent, mut distance) = (0.0, 0, 0.0);
        for (k, pair) in state.order[k..=last].windows(2).enumerate().map(|(i, pair)| (k + i, pair)) {
            let (mark, next) = (&self.marks[pair[0] as usize], &self.marks[pair[1] as usize]);
            if mark.layer as usize + 1 == l {
                let flips = &self.flips[mark.flips.0 as usize..mark.flips.1 as usize];
                distance += flips.iter().map(|flip| flip.slope_change.abs()).sum::<f64>();
            } else {
                distance = blocks.distances[parent] + TINY;
                parent += 1;
            }
            let dt = next.at - mark.at;
            variation += distance * dt + state.jumps[k + 1] + U * (3.0 * lower.value_norm + 6.0 * lower.slope_norm * dt);
        }
        let spread = round_up(0.5 * variation) + 8.0 * U * lower.value_norm;
        #[cfg(test)]
        self.recorded_blocks.push(super::RecordedBlock { layer: l, from: start.at, to: end.at, spread });
        let reach = lower.slope_norm + lower.output_slope_error;
        let margin = round_up(spread + state.error + start.half.max(end.half) * reach);

        // A value that is NaN, or a margin, leaves the unit awake.
        let n = this.padded;
        let (from, to) = self.fresh[(parents + b) * n..][..2 * n].split_at_mut(n);
        for w in 0..this.words {
            let mut awake = 0;
            for i in w * 64..(w * 64 + 64).min(this.outputs) {
                if from[i].max(to[i]) < -(this.rho[i] * margin) {
                    from[i] = IDLE;
                } else {
                    awake |= 1 << (i % 64);
                }
            }
            blocks.awake.push(awake);
        }
        last
    }
}

/// Takes the outputs of a panel, those of the units that are awake, `lanes` rows each, to their places in the rows; 0 elsewhere.
#[inline(always)]
fn spread<L: Lanes>(out: &[f64], lanes: usize, awake: &[u64], units: Range<usize>, rows: &mut [f64], width: usize) {
    let mut place = 0;
    for start in units.step_by(8) {
        let bits = (awake[start / 64] >> (start % 64)) as u8;
        let mut next = place;
        for first in (0..rows.len() / width).step_by(8) {
            next = place;
            let mut columns = [L::splat(0.0); 8];
            for (i, column) in columns.iter_mut().enumerate() {
                if bits >> i & 1 == 1 {
                    *column = L::load(out[next * lanes + first..][..8].try_into().expect("eight"));
                    next += 1;
                }
            }
            for (row, values) in rows[first * width..].chunks_exact_mut(width).zip(L::transpose(columns)) {
                values.store((&mut row[start..start + 8]).try_into().expect("eight"));
            }
        }
        place = next;
    }
}
