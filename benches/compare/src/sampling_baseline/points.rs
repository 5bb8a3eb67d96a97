//! The positions of the points of a block of columns on their segments.

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
    /// The weights of a whole segment.
    whole: (Vec<f32>, Vec<f32>),
}

/// The vectors of a block with points of a segment.
struct Stretch {
    segment: usize,
    /// The first column, a multiple of [`LANES`].
    column: usize,
    /// The weights of this stretch.
    weights: Range<usize>,
    /// Whether the first vector contains columns of the previous segment.
    shared: bool,
}

impl Columns {
    pub fn new(n: usize, segments: usize, block: usize, isa: Isa) -> Self {
        assert!(n >= 2, "a segment has two ends");
        assert!(block.is_multiple_of(64));
        let columns = n * segments;
        let to: Vec<f32> = (0..n).map(|i| i as f32 / (n - 1) as f32).collect();
        let from: Vec<f32> = to.iter().map(|t| 1.0 - t).collect();
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
                let (points, at) = (first..first + stop - column, weights.start + lane);
                s[at..at + points.len()].copy_from_slice(&from[points.clone()]);
                t[at..at + points.len()].copy_from_slice(&to[points]);
                stretches.push(Stretch { segment, column: column - start - lane, weights, shared: lane > 0 });
                column = stop;
            }
            blocks.push(stretches);
        }
        Self { isa, block, blocks, s: Buffer::of(&s), t: Buffer::of(&t), whole: (from, to) }
    }

    /// Interpolates the points of a block between the ends, one coordinate per row.
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

    /// Interpolates the points of all segments, one point per row.
    pub fn interpolate_rows(&self, ends: Ends, out: &mut [f32]) {
        let (s, t) = (&self.whole.0[..], &self.whole.1[..]);
        for (&(from, to), out) in ends.pairs.iter().zip(out.chunks_exact_mut(s.len() * ends.dim)) {
            self.isa.interpolate_rows(ends.row(from), ends.row(to), s, t, out);
        }
    }
}
