//! The dense product of the kernel: rows times weights, over the active inputs only.

use super::aligned::Aligned;
use super::ascending::Ascending;
use super::lanes::{Lanes, dispatch};
use std::ops::Range;
use tile::{Terms, pack_tile, sum_rows};

mod tile;

/// The number of outputs that are computed at once: two vectors.
pub(crate) const TILE: usize = 16;

/// The number of inputs that are summed before the sum is added to the total; see [`depth`].
pub(super) const BLOCK: usize = 112;

/// The number of row tiles that are computed with one tile of weights in the cache.
const ROW_TILES: usize = 16;

/// The largest number of additions that a term goes through in a product with n inputs: those of its block, those of the blocks, and the
/// bias.
///
/// The error of each output is below gamma(depth) times the sum of the absolute values of its terms; proofs/filter.md, section 2.
pub(crate) fn depth(n: usize) -> usize {
    n.min(BLOCK) + n.div_ceil(BLOCK) + 1
}

/// Weights laid out for products: for each tile of 16 outputs, for each input, 16 weights.
#[derive(Clone, Debug)]
pub(crate) struct Packed {
    inputs: usize,
    tiles: usize,
    weights: Aligned,
}

impl Packed {
    pub(crate) fn new(inputs: usize, outputs: usize, weight: impl Fn(usize, usize) -> f64) -> Self {
        let tiles = outputs.div_ceil(TILE);
        let mut weights = Aligned::zeros(tiles * inputs * TILE);
        for tile in 0..tiles {
            for j in 0..inputs {
                for lane in 0..TILE.min(outputs - tile * TILE) {
                    weights[(tile * inputs + j) * TILE + lane] = weight(tile * TILE + lane, j);
                }
            }
        }
        Self { inputs, tiles, weights }
    }

    /// The weights of a tile of outputs: for each input, 16 weights.
    pub(crate) fn tile(&self, tile: usize) -> &[f64] {
        &self.weights[tile * self.inputs * TILE..][..self.inputs * TILE]
    }

    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    /// The length of a row of outputs, rounded up to whole tiles.
    pub(crate) fn padded_outputs(&self) -> usize {
        self.tiles * TILE
    }
}

/// Which inputs may be nonzero: all, or those whose bits are set in words of 64 bits, row by row.
#[derive(Clone, Copy)]
pub(crate) enum Active<'a> {
    All,
    Masks { words_per_row: usize, words: &'a [u64] },
}

/// Buffers that a product keeps between calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    lists: Vec<Ascending>,
    packed: Vec<f64>,
}

/// The rows of a product: `count` rows, which begin `stride` doubles apart.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub values: &'a [f64],
    pub stride: usize,
    pub count: usize,
}

impl Rows<'_> {
    #[inline(always)]
    fn part(self, rows: Range<usize>) -> Self {
        Self { values: &self.values[rows.start * self.stride..], count: rows.len(), ..self }
    }
}

dispatch! {
    /// out\[r\] = W rows\[r\] for every row, with the padded outputs. Only inputs that are active in some row of a tile are read.
    pub(crate) fn product(rows: Rows<'_>, active: Active<'_>, weights: &Packed, out: &mut [f64], scratch: &mut Scratch) = product_in
}

#[inline(always)]
pub(crate) fn product_in<L: Lanes>(rows: Rows<'_>, active: Active<'_>, weights: &Packed, out: &mut [f64], scratch: &mut Scratch) {
    let width = weights.padded_outputs();
    assert!(rows.stride >= weights.inputs && out.len() >= rows.count * width);
    assert!(rows.count == 0 || rows.values.len() >= (rows.count - 1) * rows.stride + weights.inputs);
    if let Active::Masks { words_per_row: 1, words } = active
        && weights.tiles <= 2
    {
        return match weights.tiles {
            1 => by_bits::<L, 2>(rows, words, weights, out),
            _ => by_bits::<L, 4>(rows, words, weights, out),
        };
    }
    let (step, inputs) = (L::ROWS, weights.inputs);
    // Packing the active inputs of a row tile is worth its cost if many tiles of outputs read them.
    let pack = matches!(active, Active::Masks { .. }) && weights.tiles >= 8;
    let mut first = 0;
    while first < rows.count {
        let block = (rows.count - first).min(step * ROW_TILES);
        let row_tiles = block.div_ceil(step);
        if let Active::Masks { words_per_row, words } = active {
            scratch.lists.resize(scratch.lists.len().max(row_tiles), Ascending::default());
            scratch.packed.resize(scratch.packed.len().max(if pack { row_tiles * step * inputs } else { 0 }), 0.0);
            for tile in 0..row_tiles {
                let range = first + tile * step..(first + block).min(first + (tile + 1) * step);
                scratch.lists[tile].set_to_union(words, words_per_row, range.clone(), inputs);
                if pack {
                    let list = scratch.lists[tile].indices();
                    pack_tile::<L>(rows.part(range), list, &mut scratch.packed[tile * step * inputs..]);
                }
            }
        }
        for column in 0..weights.tiles {
            for tile in 0..row_tiles {
                let start = first + tile * step;
                let part = rows.part(start..(first + block).min(start + step));
                let terms = match active {
                    Active::All => Terms::All(inputs),
                    Active::Masks { .. } if pack => Terms::Packed(scratch.lists[tile].indices(), &scratch.packed[tile * step * inputs..]),
                    Active::Masks { .. } => Terms::Listed(scratch.lists[tile].indices()),
                };
                sum_rows::<L>(part, terms, weights.tile(column), &mut out[start * width + column * TILE..], width);
            }
        }
        first += block;
    }
}

/// Narrow layers, with at most 64 inputs: row by row, Z vectors of outputs at once.
#[inline(always)]
fn by_bits<L: Lanes, const Z: usize>(rows: Rows<'_>, words: &[u64], weights: &Packed, out: &mut [f64]) {
    let (inputs, width) = (weights.inputs, 8 * Z);
    let vectors = weights.weights.as_chunks::<8>().0;
    let place = |z: usize, j: usize| 2 * (z / 2 * inputs + j) + z % 2;
    for (r, &word) in words[..rows.count].iter().enumerate() {
        let row = &rows.values[r * rows.stride..][..inputs];
        let mut sums = [L::splat(0.0); Z];
        let mut rest = word;
        while rest != 0 {
            let j = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            let x = L::splat(row[j]);
            for (z, sum) in sums.iter_mut().enumerate() {
                *sum = x.mul_add(L::load(&vectors[place(z, j)]), *sum);
            }
        }
        for (sum, to) in sums.iter().zip(out[r * width..][..width].as_chunks_mut::<8>().0) {
            sum.store(to);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::Instructions;
    use crate::exact::lanes::Portable;

    #[test]
    fn every_path_gives_the_product_of_small_integers() {
        let small = [(1, 1, 1), (30, 10, 3), (113, 3, 2), (3, 113, 11)];
        let large = [(30, 10, 7), (130, 33, 29), (5, 200, 23), (785, 16, 2)];
        // The last is the portable implementation with as many rows as AVX-512 has; it runs on every machine.
        for instructions in Instructions::available().into_iter().map(Some).chain([None]) {
            // Miri is slow.
            for (inputs, outputs, count) in small.into_iter().chain(large).take(if cfg!(miri) { small.len() } else { usize::MAX }) {
                let weight = |i: usize, j: usize| ((i * 7 + j * 3) % 11) as f64 - 5.0;
                let value = |r: usize, j: usize| if (r + j).is_multiple_of(3) { 0.0 } else { ((r * 5 + j) % 9) as f64 - 4.0 };
                let weights = Packed::new(inputs, outputs, weight);
                let values: Vec<f64> = (0..count * inputs).map(|k| value(k / inputs, k % inputs)).collect();
                let words_per_row = inputs.div_ceil(64);
                let mut words = vec![0u64; count * words_per_row];
                for r in 0..count {
                    for j in (0..inputs).filter(|&j| value(r, j) != 0.0) {
                        words[r * words_per_row + j / 64] |= 1 << (j % 64);
                    }
                }
                let rows = Rows { values: &values, stride: inputs, count };
                for active in [Active::All, Active::Masks { words_per_row, words: &words }] {
                    let mut out = vec![f64::NAN; count * weights.padded_outputs()];
                    match instructions {
                        Some(instructions) => product(instructions, rows, active, &weights, &mut out, &mut Scratch::default()),
                        None => product_in::<Portable<12>>(rows, active, &weights, &mut out, &mut Scratch::default()),
                    }
                    for r in 0..count {
                        for i in 0..outputs {
                            let expected: f64 = (0..inputs).map(|j| weight(i, j) * value(r, j)).sum();
                            assert_eq!(out[r * weights.padded_outputs() + i], expected);
                        }
                    }
                }
            }
        }
    }
}
