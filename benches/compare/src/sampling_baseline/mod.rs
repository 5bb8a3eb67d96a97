//! Algorithm 1: evaluate the network at n evenly spaced points of each segment, both ends included, and compare
//! patterns.
//!
//! Activations have one unit per row and one point per column, so that interpolation, bias and ReLU run along vectors of
//! points, and the bits of one unit at 64 neighbouring points are one word: Hamming distances are then word operations.
//! The segments of a group lie end to end; their columns are cut into blocks whose activations stay in the cache.

mod buffer;
mod kernels;
mod points;
#[cfg(test)]
mod tests;

use crate::F32Layer;
use crate::product::{Strides, product};
use buffer::Buffer;
use kernels::{Isa, Shape, TiledLayer};
use points::{Columns, Ends};

/// The approximate number of columns that are evaluated before their patterns are compared: 81 segments of 100 points.
const GROUP: usize = 8192;

/// The number of segments in a group that is not cut into blocks.
const BATCH: usize = 64;

/// The measures of one segment from n points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sampled {
    /// The greatest Hamming distance of a pattern from the first one.
    pub r1: u32,
    /// The sum of the Hamming distances of consecutive patterns.
    pub r2: u32,
    /// The length of the sequence of patterns when equal neighbours are merged.
    pub patterns: u32,
}

impl Sampled {
    /// The folding measure.
    pub fn chi(&self) -> f64 {
        if self.r2 == 0 { 0.0 } else { 1.0 - f64::from(self.r1) / f64::from(self.r2) }
    }
}

/// The method of multiplying the layers above the first by the points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// By the product crate, like the first layer; then bias, bits and ReLU.
    Product,
    /// By one loop for narrow layers, which keeps the sums in registers.
    Fused,
}

/// The division of the columns of a group of segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Into blocks of this number of columns, a multiple of 64, which go through the network one after the other.
    Blocks(usize),
    /// No division: one product per layer, with one point per row.
    Whole,
}

/// The options of sampling. Only the number of points changes the result.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Points of each segment.
    pub n: usize,
    pub cut: Cut,
    pub method: Method,
}

impl Settings {
    pub fn points(n: usize) -> Self {
        Self { n, cut: Cut::Blocks(128), method: Method::Product }
    }
}

/// A network and the buffers to sample it with.
pub struct Sampling {
    layers: Vec<F32Layer>,
    /// The layers above the first, if they are fused.
    tiled: Vec<TiledLayer>,
    isa: Isa,
    n: usize,
    whole: bool,
    columns: Columns,
    /// Segments in a group.
    group: usize,
    /// The number of words for the bits of one unit in a group, and one spare word.
    words: usize,
    /// Activations of a block before and after a layer, one unit per row.
    x: Buffer,
    z: Buffer,
    /// The bits of a group, one unit per row.
    bits: Vec<u64>,
}

impl Sampling {
    /// Prepares the hidden layers of a network.
    pub fn new(layers: &[F32Layer], settings: Settings) -> Self {
        Self::with_isa(layers, settings, Isa::detect())
    }

    fn with_isa(layers: &[F32Layer], Settings { n, cut, method }: Settings, isa: Isa) -> Self {
        let layers = crate::hidden(layers).to_vec();
        let group = if cut == Cut::Whole { BATCH } else { (GROUP / n).max(1) };
        let block = match cut {
            Cut::Blocks(block) => block,
            Cut::Whole => (group * n).next_multiple_of(64),
        };
        let words = (group * n).div_ceil(block) * (block / 64) + 1;
        let widest = layers.iter().map(|l| l.rows.max(l.cols)).max().unwrap_or(0);
        let units: usize = layers.iter().map(|l| l.rows).sum();
        let fused = layers[1..].iter().filter(|_| method == Method::Fused);
        Self {
            tiled: fused.map(TiledLayer::new).collect(),
            isa,
            n,
            whole: cut == Cut::Whole,
            columns: Columns::new(n, group, block, isa),
            group,
            words,
            x: Buffer::new(widest * block),
            z: Buffer::new(widest * block),
            bits: vec![0; units * words],
            layers,
        }
    }

    /// Samples the segments between pairs of points, one point per row: Algorithm 1 as published, which
    /// interpolates in the input space.
    pub fn sample(&mut self, points: &[f32], pairs: &[(usize, usize)], out: &mut [Sampled]) {
        let (dim, whole) = (self.layers[0].cols, self.whole);
        self.groups(points, dim, pairs, out, |columns, block, width, ends, first, x, z| {
            let by_column = Strides { row: 1, col: columns.block };
            if whole {
                columns.interpolate_rows(ends, x);
                multiply(first, width, (x, Strides { row: dim, col: 1 }), (z, by_column));
            } else {
                columns.interpolate(block, ends, x);
                multiply(first, width, (x, by_column), (z, by_column));
            }
        });
    }

    /// The argument of [`Sampling::sample_shared`] in place of points: their first layer, without the bias.
    pub fn first_layer(&self, points: &[f32]) -> Vec<f32> {
        let layer = &self.layers[0];
        let (inputs, outputs) = (layer.cols, layer.rows);
        let rows = points.len() / inputs;
        let mut out = vec![0.0; rows * outputs];
        let shape = (outputs, inputs, rows);
        let by_output = Strides { row: 1, col: outputs };
        product(shape, (&mut out, by_output), (&layer.w, Strides { row: inputs, col: 1 }), (points, Strides { row: 1, col: inputs }));
        out
    }

    /// The same as [`Sampling::sample`] with less work: the first layer is applied only to the points, and its
    /// pre-activations are interpolated.
    pub fn sample_shared(&mut self, first: &[f32], pairs: &[(usize, usize)], out: &mut [Sampled]) {
        let dim = self.layers[0].rows;
        self.groups(first, dim, pairs, out, |columns, block, _, ends, _, _, z| columns.interpolate(block, ends, z));
    }

    /// Samples the segments group by group. `first` puts the products of the first layer with the points of a
    /// block into the last buffer, and may use the one before.
    fn groups(
        &mut self,
        rows: &[f32],
        dim: usize,
        pairs: &[(usize, usize)],
        out: &mut [Sampled],
        first: impl Fn(&Columns, usize, usize, Ends, &F32Layer, &mut [f32], &mut [f32]),
    ) {
        assert_eq!(pairs.len(), out.len());
        for (pairs, out) in pairs.chunks(self.group).zip(out.chunks_mut(self.group)) {
            let columns = pairs.len() * self.n;
            for (block, start) in (0..columns).step_by(self.columns.block).enumerate() {
                let width = self.columns.block.min(columns - start);
                first(&self.columns, block, width, Ends { rows, dim, pairs }, &self.layers[0], &mut self.x, &mut self.z);
                self.evaluate(start / 64, width);
            }
            for (segment, out) in out.iter_mut().enumerate() {
                *out = self.isa.measure(&self.bits, self.words, segment * self.n, self.n);
            }
        }
    }

    /// Fills in the bits of a block, which begins at a word, from the products of the first layer.
    fn evaluate(&mut self, word: usize, width: usize) {
        let shape = Shape { pitch: self.columns.block, bits_pitch: self.words, words: width.div_ceil(64) };
        let mut unit = 0;
        for (index, layer) in self.layers.iter().enumerate() {
            let bits = &mut self.bits[unit * self.words + word..];
            match index.checked_sub(1).map(|above| self.tiled.get(above)) {
                Some(Some(tiled)) => self.isa.layer(tiled, &self.x, &mut self.z, bits, shape),
                plain => {
                    if plain.is_some() {
                        let by_column = Strides { row: 1, col: shape.pitch };
                        multiply(layer, width, (&self.x, by_column), (&mut self.z, by_column));
                    }
                    self.isa.rectify(&layer.b, &mut self.z, bits, shape);
                }
            }
            unit += layer.rows;
            std::mem::swap(&mut self.x, &mut self.z);
        }
    }
}

/// The weights of a layer times the first `width` points of `x`, without the bias.
fn multiply(layer: &F32Layer, width: usize, x: (&[f32], Strides), z: (&mut [f32], Strides)) {
    product((width, layer.cols, layer.rows), z, x, (&layer.w, Strides { row: 1, col: layer.cols }));
}
