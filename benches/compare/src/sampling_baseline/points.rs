//! Where the points of a block of columns lie on their segments.

use super::buffer::Buffer;
use super::kernels::{Isa, LANES, Run};
use std::ops::Range;

/// Ends of segments: rows of a matrix, and for each segment the rows of its two ends.
#[derive(Clone, Copy)]
pub struct Ends<'a> {
    pub rows: &'a [f32],
    pub dim: usize,
    pub pairs: &'a [(usize, usize)],
}

impl<'a> Ends<'a> {
    fn row(&self, row: usize) -> &'a [f32] {
        &self.rows[row * self.dim..][..self.dim]
    }
}

/// The columns of a group of segments of `n` points that lie end to end, in blocks.
pub struct Columns {
    isa: Isa,
    /// Columns of a block: whole words of bits.
    pub block: usize,
    /// The stretches of each block that belong to one segment.
    blocks: Vec<Vec<Stretch>>,
    /// The weights 1 - t and t of the ends of each stretch, one after the other, in whole vectors: 0 outside the stretch.
    s: Buffer,
    t: Buffer,
}

/// The vectors of a block that a segment reaches into.
struct Stretch {
    segment: usize,
    /// The first column, a multiple of [`LANES`].
    column: usize,
    /// The weights of this stretch.
    weights: Range<usize>,
    /// The first vector holds columns of the segment before.
    shared: bool,
}

impl Columns {
    pub fn new(n: usize, segments: usize, block: usize, isa: Isa) -> Self {
        assert!(n >= 2, "a segment has two ends");
        assert!(block.is_multiple_of(64));
        let columns = n * segments;
        let (mut blocks, mut s, mut t) = (vec![], vec![], vec![]);
        for start in (0..columns).step_by(block) {
            let end = (start + block).min(columns);
            let mut stretches = vec![];
            let mut column = start;
            while column < end {
                let (segment, first) = (column / n, column % n);
                let stop = (column - first + n).min(end);
                let lane = (column - start) % LANES;
                let weights = s.len()..s.len() + (lane + stop - column).next_multiple_of(LANES);
                s.resize(weights.end, 0.0);
                t.resize(weights.end, 0.0);
                for i in 0..stop - column {
                    let at = weights.start + lane + i;
                    t[at] = (first + i) as f32 / (n - 1) as f32;
                    s[at] = 1.0 - t[at];
                }
                stretches.push(Stretch { segment, column: column - start - lane, weights, shared: lane > 0 });
                column = stop;
            }
            blocks.push(stretches);
        }
        Self { isa, block, blocks, s: Buffer::of(&s), t: Buffer::of(&t) }
    }

    /// Interpolates the points of a block between the ends, a coordinate a row.
    pub fn interpolate(&self, block: usize, ends: Ends, out: &mut [f32]) {
        for stretch in &self.blocks[block] {
            let Some(&(from, to)) = ends.pairs.get(stretch.segment) else { break };
            let run = Run {
                from: ends.row(from),
                to: ends.row(to),
                s: &self.s[stretch.weights.clone()],
                t: &self.t[stretch.weights.clone()],
                shared: stretch.shared,
            };
            self.isa.interpolate(run, &mut out[stretch.column..], self.block);
        }
    }
}
