//! Deep wide layers, walked in blocks of neighbouring pieces. A unit that is certain to be inactive throughout a block is marked as
//! *inactive* there. If it is inactive in all blocks of a strip, its slopes are not computed. In short blocks nearly all units with output
//! 0 are found: proofs/filter.md, section 8.

use super::{LayerPlan, Mark, Plan, Walk};
use crate::exact::aligned::Aligned;
use crate::exact::bound::{TINY, U, round_up};
use crate::exact::lanes::Lanes;
use crate::exact::strips::{STRIP, Strip, strip_in};
use std::ops::Range;

/// The model value of an inactive unit. It is far below 0, also after slopes are added to it on the way.
pub(super) const INACTIVE: f64 = -f64::from_bits((1023 + 1020) << 52); // -2^1020

/// Whether a value is that of an inactive unit, possibly with slopes added.
pub(in crate::line) fn is_inactive(value: f64) -> bool {
    value < 0.5 * INACTIVE
}

/// The number of strips that are computed with one panel of weights in the cache.
const TOGETHER: usize = 4;

/// The number of outputs of a panel: their weights fit into the second-level cache.
const PANEL: usize = 128;

/// The number of blocks of a strip: shorter blocks have more inactive units, and longer strips reuse weights more often.
const BLOCKS: usize = STRIP / LONGEST;

/// The largest number of pieces of the layer below in a block.
const LONGEST: usize = 24;

/// The number of pieces of the layer below that form a block, chosen so that strips have similar sizes and blocks are whole vectors.
pub(super) fn block_length(pieces: usize) -> usize {
    pieces.div_ceil(pieces.div_ceil(STRIP).max(1) * BLOCKS).next_multiple_of(8)
}

/// Buffers of the walk in blocks.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    strips: Vec<Strip>,
    /// The first breakpoint of each block of the layer, and the end of the last block.
    bounds: Vec<usize>,
    /// For each strip, the units that are not inactive in all of it, as words of 64 bits.
    active: Vec<u64>,
    masks: Vec<u64>,
    /// For each row of a strip, the distance of its slopes from the mean slopes over its block.
    distances: Vec<f64>,
    outputs: Vec<u32>,
    out: Aligned,
}

impl Walk {
    /// The fresh slopes and values of layer l, without those of inactive units.
    #[inline(always)]
    pub(super) fn start_blocks<L: Lanes>(&mut self, plan: &Plan, l: usize, weights: &[f64]) {
        let (below, this) = (&plan.layers[l - 1], &plan.layers[l]);
        let (n, length) = (this.padded, BLOCKS * self.layers[l].refresh);
        let parents = self.layers[l - 1].order.len() - 1;
        let values = parents.div_ceil(self.layers[l].refresh) + 1;
        self.fresh.at_least((parents + values) * n);
        self.multiply::<L>(below, this, parents, values);
        self.add_bias(this, parents, values);

        let mut blocks = std::mem::take(&mut self.blocks);
        self.find_bounds(&mut blocks.bounds, l);
        blocks.strips.resize_with(TOGETHER, Strip::default);
        blocks.active.clear();
        let strips = parents.div_ceil(length);
        for first in (0..strips).step_by(TOGETHER) {
            let group = first..(first + TOGETHER).min(strips);
            for s in group.clone() {
                let rows = s * length..((s + 1) * length).min(parents);
                self.pack::<L>(&mut blocks, below, l, s, rows);
                self.find_inactive(&mut blocks, this, l, s);
            }
            for panel in (0..this.outputs).step_by(PANEL) {
                let end = (panel + PANEL).min(this.outputs);
                for s in group.clone() {
                    let strip = &blocks.strips[s - first];
                    let active = &blocks.active[s * this.words..][..this.words];
                    blocks.outputs.clear();
                    blocks.outputs.extend((panel..end).filter(|i| active[i / 64] >> (i % 64) & 1 == 1).map(|i| i as u32));
                    blocks.out.at_least(PANEL * STRIP);
                    strip_in::<L>(strip, weights, weights.len() / this.outputs, &blocks.outputs, &mut blocks.out);
                    let rows = &mut self.fresh[s * length * n..((s + 1) * length).min(parents) * n];
                    spread::<L>(&blocks.out, strip.lanes, active, panel..end, rows, n);
                }
            }
        }
        for row in self.fresh[..parents * n].chunks_exact_mut(n) {
            row[this.outputs..].fill(0.0);
        }
        self.blocks = blocks;
    }

    /// Computes where the blocks of layer l begin, and where the last one ends.
    fn find_bounds(&self, bounds: &mut Vec<usize>, l: usize) {
        let state = &self.layers[l];
        let last = state.order.len() - 1;
        let parents = (0..last).filter(|&k| self.marks[state.order[k] as usize].layer as usize + 1 != l);
        bounds.clear();
        bounds.extend(parents.step_by(state.refresh));
        bounds.push(last);
    }

    /// The breakpoints at the two ends of block b.
    fn ends_of(&self, bounds: &[usize], l: usize, b: usize) -> [&Mark; 2] {
        [b, b + 1].map(|b| &self.marks[self.layers[l].order[bounds[b]] as usize])
    }

    /// Packs some rows of the layer below into strip s, and computes the distances of their slopes from the mean slopes over their blocks.
    #[inline(always)]
    fn pack<L: Lanes>(&self, blocks: &mut Blocks, below: &LayerPlan, l: usize, s: usize, rows: Range<usize>) {
        let parents = self.layers[l - 1].order.len() - 1;
        // The inputs that are active somewhere in the strip: on a piece, or at an end of a block.
        let block_ends = parents + s * BLOCKS..parents + ((s + 1) * BLOCKS).min(blocks.bounds.len() - 1) + 1;
        let words = below.words;
        blocks.masks.clear();
        for range in [rows.clone(), block_ends.clone()] {
            blocks.masks.extend_from_slice(&self.masks[range.start * words..range.end * words]);
        }
        let strip = &mut blocks.strips[s % TOGETHER];
        strip.inputs.set_to_union(&blocks.masks, words, 0..rows.len() + block_ends.len(), below.outputs);
        strip.reset(rows.len());
        let row = |r: usize| &self.rows[r * below.padded..][..below.padded];
        blocks.distances.clear();
        for first in (0..rows.len()).step_by(8) {
            let b = (rows.start + first) / self.layers[l].refresh;
            let (from, to) = (row(parents + b), row(parents + b + 1));
            let [start, end] = self.ends_of(&blocks.bounds, l, b);
            let scale = 1.0 / (end.at - start.at);
            let eight: [&[f64]; 8] = std::array::from_fn(|r| row((rows.start + first + r).min(rows.end - 1)));
            let mut squares = L::splat(0.0);
            let mut place = 0;
            while place < strip.inputs.len() {
                let start = strip.inputs[place] as usize / 8 * 8;
                let mut chunk = [L::splat(0.0); 8];
                for (chunk, row) in chunk.iter_mut().zip(&eight) {
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
            blocks.distances.extend(lanes.map(f64::sqrt));
        }
    }

    /// A bound on the distance of the outputs of the layer below from the straight line between the ends of block b: half their variation
    /// around it. `distances` are those of the rows of the block.
    fn spread_of(&self, bounds: &[usize], l: usize, b: usize, distances: &[f64]) -> f64 {
        let (state, lower) = (&self.layers[l], &self.layers[l - 1]);
        let (mut variation, mut distances, mut distance) = (0.0, distances.iter(), 0.0);
        for k in bounds[b]..bounds[b + 1] {
            let (mark, next) = (&self.marks[state.order[k] as usize], &self.marks[state.order[k + 1] as usize]);
            if mark.layer as usize + 1 == l {
                let flips = &self.flips[mark.flips.0 as usize..mark.flips.1 as usize];
                distance += flips.iter().map(|flip| flip.slope_change.abs()).sum::<f64>();
            } else {
                distance = distances.next().copied().unwrap_or(f64::INFINITY) + TINY;
            }
            let dt = next.at - mark.at;
            variation += distance * dt + state.jumps[k + 1] + U * (3.0 * lower.value_norm + 6.0 * lower.slope_norm * dt);
        }
        round_up(0.5 * variation) + 8.0 * U * lower.value_norm
    }

    /// Finds the units that are inactive in all blocks of strip s, and marks them by their values where the blocks begin.
    fn find_inactive(&mut self, blocks: &mut Blocks, this: &LayerPlan, l: usize, s: usize) {
        let (n, length) = (this.padded, self.layers[l].refresh);
        let parents = self.layers[l - 1].order.len() - 1;
        let first = blocks.active.len();
        blocks.active.resize(first + this.words, 0);
        let strip = s * BLOCKS..((s + 1) * BLOCKS).min(blocks.bounds.len() - 1);
        for b in strip.clone() {
            let distances = &blocks.distances[(b - strip.start) * length..];
            let spread = self.spread_of(&blocks.bounds, l, b, &distances[..length.min(distances.len())]);
            let [start, end] = self.ends_of(&blocks.bounds, l, b);
            let reach = self.layers[l - 1].slope_norm + self.layers[l - 1].output_slope_error;
            let margin = round_up(spread + self.layers[l].error + start.half.max(end.half) * reach);
            #[cfg(test)]
            self.recorded_blocks.push(super::RecordedBlock {
                layer: l,
                from: start.at,
                to: end.at,
                spread,
                output_error: self.layers[l - 1].output_error,
            });
            let (from, to) = self.fresh[(parents + b) * n..][..2 * n].split_at(n);
            for (w, active) in blocks.active[first..].iter_mut().enumerate() {
                for i in w * 64..(w * 64 + 64).min(this.outputs) {
                    // If a value or a margin is NaN, the unit counts as active.
                    let inactive = from[i].max(to[i]) < -(this.rho[i] * margin);
                    *active |= u64::from(!inactive) << (i % 64);
                }
            }
        }
        for (i, b) in strip.flat_map(|b| (0..this.outputs).map(move |i| (i, b))) {
            if blocks.active[first + i / 64] >> (i % 64) & 1 == 0 {
                self.fresh[(parents + b) * n + i] = INACTIVE;
            }
        }
    }
}

/// Writes the outputs of a panel, for the units that are not inactive and `lanes` rows each, to their positions in the rows, and 0 to the
/// others.
#[inline(always)]
fn spread<L: Lanes>(out: &[f64], lanes: usize, active: &[u64], units: Range<usize>, rows: &mut [f64], width: usize) {
    let mut place = 0;
    for start in units.step_by(8) {
        let bits = (active[start / 64] >> (start % 64)) as u8;
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
