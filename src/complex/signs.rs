//! The signs of pre-activations at vertices: in doubles with a bound of their error, else with integers.
//!
//! Each bound is derived where it is computed.

use super::exact::{ExactRows, Place};
use super::topology::Mask;
use crate::exact::bound::{TINY, U, gamma, product as product_error, round_up};
use crate::exact::lanes::{Lanes, dispatch};
use crate::exact::product::{Active, Packed, Rows, Scratch, product};
use crate::exact::{Instructions, nearest_f64};
use crate::line::Decisions;
use crate::network::{Layer, Network};
use rug::Rational;
use std::cmp::Ordering;
use std::sync::Arc;

/// Units whose signs are at hand at once: the bits of a word.
pub(super) const STAGE: usize = 64;

/// A layer as doubles, and what bounds the error of a step through it.
pub(super) struct FloatLayer {
    pub outputs: usize,
    pub packed: Packed,
    pub bias: Vec<f64>,
    /// The largest sum of the magnitudes of a row of weights.
    row_sum: f64,
    /// The largest magnitude of a bias.
    bias_size: f64,
    gamma: f64,
    dyadic: bool,
}

impl FloatLayer {
    /// A bound of the error of each output, where the inputs are at most `size` and each has an error of at most `error`.
    pub(super) fn error(&self, error: f64, size: f64) -> f64 {
        round_up(self.row_sum * error + self.gamma * (self.row_sum * size + self.bias_size) + TINY)
    }

    pub(super) fn new(layer: &Layer) -> Self {
        let w = layer.weights();
        let row_sum = |i: usize| round_up(w.row(i).iter().map(|x| x.abs()).sum::<f64>());
        Self {
            outputs: layer.outputs(),
            packed: Packed::new(layer.inputs(), layer.outputs(), |i, j| w[(i, j)]),
            bias: layer.bias().iter().copied().collect(),
            row_sum: (0..layer.outputs()).map(row_sum).fold(0.0, f64::max),
            bias_size: layer.bias().iter().fold(0.0, |size: f64, b| size.max(b.abs())),
            gamma: product_error(layer.inputs()),
            dyadic: layer.is_dyadic(),
        }
    }
}

/// How a vertex came to be cut off a segment: the weights of its two ends, and how wrong they can be at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    pub of_p: f64,
    pub of_q: f64,
    pub error: f64,
}

/// The vertices, and the pre-activations of one layer there.
pub(super) struct Signs {
    layers: Vec<FloatLayer>,
    pub exact: ExactRows,
    instructions: Instructions,
    exact_only: bool,
    /// The layer at hand, from 0, and the word of its units.
    layer: usize,
    stage: usize,
    /// The length of a row of `values`.
    stride: usize,
    /// For each vertex its pre-activations, a bound of the error of each, and a bound of their magnitudes.
    values: Vec<f64>,
    errors: Vec<f64>,
    sizes: Vec<f64>,
    masks: Vec<Mask>,
    /// For each word of the layer, those already passed, the units that are positive at each vertex.
    active: Vec<Vec<u64>>,
    pub weights: Vec<Weights>,
    pub decisions: Decisions,
    scratch: Scratch,
}

impl Signs {
    /// The signs at the corners of a domain.
    pub(super) fn new(network: &Arc<Network>, corners: &[Vec<Rational>], exact_only: bool) -> Self {
        let d = network.inputs();
        let mut signs = Self {
            layers: network.layers().iter().map(FloatLayer::new).collect(),
            exact: ExactRows::new(network.clone(), corners),
            instructions: Instructions::detect(),
            exact_only,
            layer: 0,
            stage: 0,
            stride: d,
            values: Vec::with_capacity(corners.len() * d),
            errors: Vec::new(),
            sizes: Vec::new(),
            masks: Vec::new(),
            active: Vec::new(),
            weights: corners.iter().map(|_| Weights { of_p: 0.0, of_q: 0.0, error: 0.0 }).collect(),
            decisions: Decisions::default(),
            scratch: Scratch::default(),
        };
        for corner in corners {
            let (row, error) = nearest_row(corner);
            signs.sizes.push(row.iter().fold(0.0, |size: f64, x| size.max(x.abs())));
            signs.values.extend(row);
            signs.errors.push(error);
        }
        signs
    }

    /// The number of vertices.
    pub(super) fn len(&self) -> usize {
        self.weights.len()
    }

    #[inline]
    pub(super) fn mask(&self, vertex: u32) -> Mask {
        self.masks[vertex as usize]
    }

    /// Goes from the inputs of a layer, or the pre-activations of the layer below, to those of the layer.
    pub(super) fn enter(&mut self, layer: usize) {
        let count = self.len();
        let float = &self.layers[layer];
        let width = float.packed.padded_outputs();
        let words = self.active.len();
        let active: Vec<u64> = (0..count).flat_map(|v| self.active.iter().map(move |word| word[v])).collect();
        let (mut below, stride) = (std::mem::take(&mut self.values), self.stride);
        if layer > 0 {
            // What is inactive is 0, whatever a double says of it.
            for (v, row) in below.chunks_exact_mut(stride).enumerate() {
                let bits = &active[v * words..][..words];
                let mut size: f64 = 0.0;
                for (j, x) in row.iter_mut().enumerate() {
                    *x = if bits[j / 64] >> (j % 64) & 1 == 1 { *x } else { 0.0 };
                    size = size.max(x.abs());
                }
                self.sizes[v] = size;
            }
        }
        self.values = vec![0.0; count * width];
        let rows = Rows { values: &below, stride, count };
        let masks = if layer == 0 { Active::All } else { Active::Masks { words_per_row: words, words: &active } };
        product(self.instructions, rows, masks, &float.packed, &mut self.values, &mut self.scratch);
        for (v, row) in self.values.chunks_exact_mut(width).enumerate() {
            let mut size: f64 = 0.0;
            for (x, b) in row.iter_mut().zip(&float.bias) {
                *x += b;
                size = size.max(x.abs());
            }
            let silent = layer > 0 && active[v * words..][..words].iter().all(|&word| word == 0);
            self.errors[v] = if silent && float.dyadic {
                0.0 // the biases themselves
            } else {
                float.error(self.errors[v], self.sizes[v])
            };
            self.sizes[v] = size + self.errors[v];
        }
        self.stride = width;
        self.layer = layer;
        self.active.clear();
        self.exact.enter(layer);
    }

    /// How many words the units of the layer at hand fill.
    pub(super) fn stages(&self) -> usize {
        self.layers[self.layer].outputs.div_ceil(STAGE)
    }

    /// Finds the signs of a word of units at all vertices.
    pub(super) fn begin_stage(&mut self, stage: usize) {
        self.stage = stage;
        let first = stage * STAGE;
        let units = (self.layers[self.layer].outputs - first).min(STAGE);
        self.masks.clear();
        for v in 0..self.len() {
            let mut mask = Mask::default();
            let mut doubtful = 0u64;
            let row = &self.values[v * self.stride + first..][..units];
            let error = if self.exact_only { f64::INFINITY } else { self.errors[v] };
            for (i, &x) in row.iter().enumerate() {
                mask.pos |= u64::from(x > error) << i;
                mask.neg |= u64::from(x < -error) << i;
                doubtful |= u64::from(!(x > error || x < -error || (x == 0.0 && error == 0.0))) << i;
            }
            self.decisions.filtered += (units as u64) - u64::from(doubtful.count_ones());
            self.settle(v as u32, doubtful, &mut mask);
            self.masks.push(mask);
        }
    }

    /// Keeps the signs of a word of units, once all faces are cut by them.
    pub(super) fn end_stage(&mut self) {
        self.active.push(self.masks.iter().map(|mask| mask.pos).collect());
    }

    /// Decides what the filter left open, with integers.
    fn settle(&mut self, vertex: u32, mut doubtful: u64, mask: &mut Mask) {
        while doubtful != 0 {
            let unit = doubtful.trailing_zeros();
            doubtful &= doubtful - 1;
            self.decisions.exact += 1;
            match self.exact.sign(vertex, self.layer, self.stage * STAGE + unit as usize) {
                Ordering::Greater => mask.pos |= 1 << unit,
                Ordering::Less => mask.neg |= 1 << unit,
                Ordering::Equal => {}
            }
        }
    }

    /// The vertex where a unit vanishes on an edge; its ends are given with the positive one first.
    ///
    /// The base is a segment around the edge on which all units of the layer are affine, and `mixed` the units that cut the edge.
    pub(super) fn cut(&mut self, ends: [u32; 2], base: [u32; 2], unit: u32, mixed: u64) -> u32 {
        let [p, q] = ends.map(|v| self.masks[v as usize]);
        let index = self.stage * STAGE + unit as usize;
        let vertex = self.len() as u32;
        // The base points the same way as the edge, or the other.
        let base = if self.masks[base[0] as usize].pos >> unit & 1 == 1 { base } else { [base[1], base[0]] };
        self.exact.push(Place::Cut { layer: self.layer, p: base[0], q: base[1], unit: index as u32 });
        self.interpolate(vertex, base, index);
        // Inside the edge a unit has the sign that it has at either end, unless it cuts the edge.
        let pure = Mask { pos: (p.pos | q.pos) & !mixed, neg: (p.neg | q.neg) & !mixed };
        let (mut mask, mut open, mut doubtful) = (pure, mixed & !(1 << unit), 0);
        let error = if self.exact_only { f64::INFINITY } else { self.errors[vertex as usize] };
        while open != 0 {
            let i = open.trailing_zeros() as usize;
            open &= open - 1;
            let x = self.values[vertex as usize * self.stride + self.stage * STAGE + i];
            if x > error {
                mask.pos |= 1 << i;
            } else if x < -error {
                mask.neg |= 1 << i;
            } else {
                doubtful |= 1 << i;
                continue;
            }
            self.decisions.filtered += 1;
        }
        self.settle(vertex, doubtful, &mut mask);
        self.masks.push(mask);
        for word in &mut self.active {
            // Units of words passed do not cut the edge any more.
            let bits = word[ends[0] as usize] | word[ends[1] as usize];
            word.push(bits);
        }
        vertex
    }

    /// The pre-activations at the zero of a unit between two vertices, where they are affine.
    fn interpolate(&mut self, vertex: u32, [p, q]: [u32; 2], unit: usize) {
        let (p, q, stride) = (p as usize, q as usize, self.stride);
        let at = self.values.len();
        debug_assert_eq!(at, vertex as usize * stride);
        self.values.resize(at + stride, 0.0);
        let (ep, eq) = (self.errors[p], self.errors[q]);
        let (a, b) = (self.values[p * stride + unit], self.values[q * stride + unit]);
        let gap = a - b;
        let certain = a > ep && b < -eq && gap > 4.0 * (ep + eq) && gap > TINY;
        if certain && !self.exact_only {
            let (of_p, of_q) = (-b / gap, a / gap);
            let (old, new) = self.values.split_at_mut(at);
            let (size, range) = combine(self.instructions, &old[p * stride..][..stride], &old[q * stride..][..stride], of_p, of_q, new);
            let inherited = of_p * ep + of_q * eq;
            let of_weights = inherited / (gap - ep - eq);
            let error = inherited + of_weights * (range + ep + eq) + 8.0 * U * (of_p * self.sizes[p] + of_q * self.sizes[q]) + TINY;
            let error = round_up(error);
            if error <= 1e-6 * size {
                new[unit] = 0.0;
                self.errors.push(error);
                self.sizes.push(size + error);
                self.weights.push(Weights { of_p, of_q, error: round_up(of_weights + 8.0 * U) });
                return;
            }
        }
        // Too near for doubles: what they say of this vertex comes from integers.
        if self.exact_only {
            self.errors.push(f64::INFINITY);
            self.sizes.push(f64::INFINITY);
            self.weights.push(Weights { of_p: 0.5, of_q: 0.5, error: f64::INFINITY });
            return;
        }
        let (row, error) = nearest_row(&self.exact.values(vertex, self.layer));
        let size = row.iter().fold(0.0, |size: f64, x| size.max(x.abs()));
        self.values[at..][..row.len()].copy_from_slice(&row);
        self.errors.push(error);
        self.sizes.push(size);
        let (a, b) = (self.exact.value(p as u32, self.layer, unit), self.exact.value(q as u32, self.layer, unit));
        let (of_p, of_q) =
            (nearest_f64(&(Rational::from(-&b) / Rational::from(&a - &b))), nearest_f64(&(Rational::from(&a) / Rational::from(&a - &b))));
        self.weights.push(Weights { of_p, of_q, error: 8.0 * U });
    }
}

/// The doubles nearest to some numbers, and a bound of the error of each.
fn nearest_row(exact: &[Rational]) -> (Vec<f64>, f64) {
    let row: Vec<f64> = exact.iter().map(nearest_f64).collect();
    let off = |(x, q): (&f64, &Rational)| if crate::exact::rational(*x).as_ref() == Some(q) { 0.0 } else { gamma(2) * x.abs() + TINY };
    let error = row.iter().zip(exact).map(off).fold(0.0, |error: f64, e| if e > error || e.is_nan() { e } else { error });
    (row, error)
}

dispatch! {
    /// out = `of_p` p + `of_q` q; the largest magnitude of it, and of q - p.
    fn combine(p: &[f64], q: &[f64], of_p: f64, of_q: f64, out: &mut [f64]) -> (f64, f64) = combine_in
}

#[inline(always)]
fn combine_in<L: Lanes>(p: &[f64], q: &[f64], of_p: f64, of_q: f64, out: &mut [f64]) -> (f64, f64) {
    let (mut size, mut range) = (L::splat(0.0), L::splat(0.0));
    let (s, t) = (L::splat(of_p), L::splat(of_q));
    let vectors = p.as_chunks::<8>().0.iter().zip(q.as_chunks::<8>().0).zip(out.as_chunks_mut::<8>().0);
    for ((p, q), out) in vectors {
        let (p, q) = (L::load(p), L::load(q));
        let x = s.mul_add(p, t.mul(q));
        size = x.abs().max(size);
        range = q.sub(p).abs().max(range);
        x.store(out);
    }
    let largest = |lanes: L| {
        let mut all = [0.0; 8];
        lanes.store(&mut all);
        all.into_iter().fold(0.0, f64::max)
    };
    (largest(size), largest(range))
}
