//! Algorithm 1: evaluate the network at n evenly spaced points of each segment, both ends included, and compare
//! patterns.
//!
//! Activations stand a unit a row and a point a column, so that interpolation, bias and ReLU run along vectors of
//! points, and the bits of one unit at 64 neighbouring points are one word: Hamming distances are then word operations.
//! Segments lie end to end; the columns are cut into blocks whose activations stay in the cache.

mod buffer;
mod kernels;

use std::ops::Range;

use crate::F32Layer;
use crate::product::{Strides, product};
use buffer::Buffer;
use kernels::{Isa, LANES, Run};

/// Columns of a block: whole words of bits.
const BLOCK: usize = 128;

/// Columns, roughly, that are evaluated before their patterns are compared.
const GROUP: usize = 8192;

/// What n points tell about one segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sampled {
    /// The greatest Hamming distance of a pattern from the first one.
    pub r1: u32,
    /// The sum of the Hamming distances of consecutive patterns.
    pub r2: u32,
    /// The length of the sequence of patterns when equal neighbours are merged.
    pub patterns: u32,
}

/// Ends of segments, a point a row.
#[derive(Clone, Copy)]
struct Ends<'a> {
    from: &'a [f32],
    to: &'a [f32],
    dim: usize,
}

/// The points of a block of columns.
struct Points {
    isa: Isa,
    /// How many a segment has.
    n: usize,
    /// The columns of the block.
    width: usize,
    /// The stretches of the block that belong to one segment.
    stretches: Vec<Stretch>,
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

impl Points {
    fn new(n: usize, isa: Isa) -> Self {
        assert!(n >= 2, "a segment has two ends");
        // A vector for each boundary at most, which may be at every second column.
        let len = BLOCK + (BLOCK / 2 + 1) * LANES;
        Self { isa, n, width: 0, stretches: vec![], s: Buffer::new(len), t: Buffer::new(len) }
    }

    /// Makes the weights of a block.
    fn prepare(&mut self, block: Range<usize>) {
        self.width = block.len();
        self.stretches.clear();
        let mut used = 0;
        let mut column = block.start;
        while column < block.end {
            let (segment, first) = (column / self.n, column % self.n);
            let end = (column - first + self.n).min(block.end);
            let lane = (column - block.start) % LANES;
            let weights = used..used + (lane + end - column).next_multiple_of(LANES);
            let (s, t) = (&mut self.s[weights.clone()], &mut self.t[weights.clone()]);
            s.fill(0.0);
            t.fill(0.0);
            for (i, (s, t)) in s[lane..].iter_mut().zip(&mut t[lane..]).take(end - column).enumerate() {
                *t = (first + i) as f32 / (self.n - 1) as f32;
                *s = 1.0 - *t;
            }
            used = weights.end;
            self.stretches.push(Stretch { segment, column: column - block.start - lane, weights, shared: lane > 0 });
            column = end;
        }
    }

    /// Interpolates between the ends, a coordinate a row.
    fn interpolate(&self, ends: Ends, out: &mut [f32]) {
        for stretch in &self.stretches {
            let row = stretch.segment * ends.dim..(stretch.segment + 1) * ends.dim;
            let run = Run {
                from: &ends.from[row.clone()],
                to: &ends.to[row],
                s: &self.s[stretch.weights.clone()],
                t: &self.t[stretch.weights.clone()],
                shared: stretch.shared,
            };
            self.isa.interpolate(run, &mut out[stretch.column..], BLOCK);
        }
    }
}

/// A network and the buffers to sample it with.
pub struct Sampling {
    layers: Vec<F32Layer>,
    points: Points,
    /// Segments in a group.
    group: usize,
    /// Words that hold the bits of one unit in a group, and one spare word.
    words: usize,
    /// Activations of a block before and after a layer, a unit a row.
    x: Buffer,
    z: Buffer,
    /// The bits of a group, a unit a row.
    bits: Vec<u64>,
    /// First-layer products of the ends of a group, a point a row.
    from: Vec<f32>,
    to: Vec<f32>,
}

impl Sampling {
    /// Prepares the hidden layers of a network for `n` points a segment.
    pub fn new(layers: &[F32Layer], n: usize) -> Self {
        Self::with_isa(layers, n, Isa::detect())
    }

    fn with_isa(layers: &[F32Layer], n: usize, isa: Isa) -> Self {
        let points = Points::new(n, isa);
        let layers = crate::hidden(layers).to_vec();
        let group = (GROUP / n).max(1);
        let words = (group * n).div_ceil(BLOCK) * (BLOCK / 64) + 1;
        let widest = layers.iter().map(|l| l.rows.max(l.cols)).max().unwrap_or(0);
        let units: usize = layers.iter().map(|l| l.rows).sum();
        Self {
            points,
            group,
            words,
            x: Buffer::new(widest * BLOCK),
            z: Buffer::new(widest * BLOCK),
            bits: vec![0; units * words],
            from: vec![0.0; group * layers[0].rows],
            to: vec![0.0; group * layers[0].rows],
            layers,
        }
    }

    /// Samples segments whose ends stand in `from` and `to`, a point a row: Algorithm 1 as published, which interpolates
    /// in the input space.
    pub fn sample(&mut self, from: &[f32], to: &[f32], out: &mut [Sampled]) {
        let dim = self.layers[0].cols;
        assert_eq!((from.len(), to.len()), (out.len() * dim, out.len() * dim));
        let batch = self.group * dim;
        for ((from, to), out) in from.chunks(batch).zip(to.chunks(batch)).zip(out.chunks_mut(self.group)) {
            self.evaluate(out.len(), |points, first, x, z| {
                points.interpolate(Ends { from, to, dim }, x);
                multiply(first, points.width, x, z);
            });
            self.compare(out);
        }
    }

    /// The same, cheaper: the first layer is applied to the ends alone, and its pre-activations are interpolated.
    pub fn sample_shared_first_layer(&mut self, from: &[f32], to: &[f32], out: &mut [Sampled]) {
        let (inputs, dim) = (self.layers[0].cols, self.layers[0].rows);
        assert_eq!((from.len(), to.len()), (out.len() * inputs, out.len() * inputs));
        let batch = self.group * inputs;
        let (mut first_from, mut first_to) = (std::mem::take(&mut self.from), std::mem::take(&mut self.to));
        for ((from, to), out) in from.chunks(batch).zip(to.chunks(batch)).zip(out.chunks_mut(self.group)) {
            first_products(&self.layers[0], from, &mut first_from);
            first_products(&self.layers[0], to, &mut first_to);
            let ends = Ends { from: &first_from, to: &first_to, dim };
            self.evaluate(out.len(), |points, _, _, z| points.interpolate(ends, z));
            self.compare(out);
        }
        (self.from, self.to) = (first_from, first_to);
    }

    /// Fills in the bits of a group of segments. `first` puts the products of the first layer with the points into the
    /// second buffer, and may use the first one.
    fn evaluate(&mut self, segments: usize, first: impl Fn(&Points, &F32Layer, &mut [f32], &mut [f32])) {
        let columns = segments * self.points.n;
        for start in (0..columns).step_by(BLOCK) {
            let width = BLOCK.min(columns - start);
            self.points.prepare(start..start + width);
            let mut unit = 0;
            for (index, layer) in self.layers.iter().enumerate() {
                if index == 0 {
                    first(&self.points, layer, &mut self.x, &mut self.z);
                } else {
                    multiply(layer, width, &self.x, &mut self.z);
                }
                let bits = &mut self.bits[unit * self.words + start / 64..];
                self.points.isa.rectify(&mut self.z, BLOCK, width.div_ceil(64), &layer.b, bits, self.words);
                unit += layer.rows;
                std::mem::swap(&mut self.x, &mut self.z);
            }
        }
    }

    /// Compares the patterns of a group.
    fn compare(&self, out: &mut [Sampled]) {
        let n = self.points.n;
        for (segment, out) in out.iter_mut().enumerate() {
            *out = self.points.isa.measure(&self.bits, self.words, segment * n, n);
        }
    }
}

/// The weights of a layer times the columns of a block `x`, without the bias.
fn multiply(layer: &F32Layer, columns: usize, x: &[f32], z: &mut [f32]) {
    let by_column = Strides { row: 1, col: BLOCK };
    let weights = (&layer.w[..], Strides { row: 1, col: layer.cols });
    product((columns, layer.cols, layer.rows), (z, by_column), (x, by_column), weights);
}

/// The first layer of points, one a row, without the bias.
fn first_products(layer: &F32Layer, points: &[f32], out: &mut [f32]) {
    let (inputs, outputs) = (layer.cols, layer.rows);
    product(
        (outputs, inputs, points.len() / inputs),
        (out, Strides { row: 1, col: outputs }),
        (&layer.w, Strides { row: inputs, col: 1 }),
        (points, Strides { row: 1, col: inputs }),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::Rng;

    /// Small integers, on which f32 is exact when t has few bits.
    fn integers(len: usize, rng: &mut Rng) -> Vec<f32> {
        (0..len).map(|_| (rng.unit() * 5.0).floor() - 2.0).collect()
    }

    fn pattern(layers: &[F32Layer], mut x: Vec<f32>) -> Vec<bool> {
        let mut bits = vec![];
        for l in crate::hidden(layers) {
            let dot = |r: usize| -> f32 { (0..l.cols).map(|c| l.w[r * l.cols + c] * x[c]).sum::<f32>() + l.b[r] };
            let z: Vec<f32> = (0..l.rows).map(dot).collect();
            bits.extend(z.iter().map(|&z| z > 0.0));
            x = z.iter().map(|z| z.max(0.0)).collect();
        }
        bits
    }

    fn one_by_one(layers: &[F32Layer], p: &[f32], q: &[f32], n: usize) -> Sampled {
        let at = |i: usize| {
            let t = i as f32 / (n - 1) as f32;
            pattern(layers, p.iter().zip(q).map(|(p, q)| (1.0 - t) * p + t * q).collect())
        };
        let patterns: Vec<_> = (0..n).map(at).collect();
        let distance = |a: &[bool], b: &[bool]| a.iter().zip(b).filter(|(a, b)| a != b).count() as u32;
        let steps: Vec<u32> = patterns.windows(2).map(|w| distance(&w[0], &w[1])).collect();
        Sampled {
            r1: patterns.iter().map(|p| distance(&patterns[0], p)).max().unwrap(),
            r2: steps.iter().sum(),
            patterns: 1 + steps.iter().filter(|&&d| d > 0).count() as u32,
        }
    }

    #[test]
    fn both_variants_agree_with_one_point_at_a_time() {
        let mut rng = Rng::new(7);
        for sizes in [&[2, 3, 1][..], &[5, 9, 8, 1], &[3, 70, 40, 1], &[20, 7, 7, 7, 7, 2]] {
            let net: Vec<F32Layer> = sizes
                .windows(2)
                .map(|s| F32Layer { rows: s[1], cols: s[0], w: integers(s[0] * s[1], &mut rng), b: integers(s[1], &mut rng) })
                .collect();
            for n in [2, 3, 17, 33, 65, 129, 257, 1025] {
                let segments = 300;
                let (p, q) = (integers(segments * sizes[0], &mut rng), integers(segments * sizes[0], &mut rng));
                let ends = p.chunks(sizes[0]).zip(q.chunks(sizes[0]));
                let expected: Vec<_> = ends.map(|(p, q)| one_by_one(&net, p, q, n)).collect();
                for isa in Isa::available() {
                    let mut sampling = Sampling::with_isa(&net, n, isa);
                    let mut out = vec![Sampled::default(); segments];
                    sampling.sample(&p, &q, &mut out);
                    assert_eq!(out, expected, "{sizes:?}, {n} points, {isa:?}");
                    sampling.sample_shared_first_layer(&p, &q, &mut out);
                    assert_eq!(out, expected, "{sizes:?}, {n} points, {isa:?}, shared");
                }
            }
        }
    }
}
