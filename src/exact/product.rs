//! Rows times weights: the one dense product of the kernel, over the active inputs only.

use super::aligned::Aligned;
use super::lanes::{Lanes, dispatch};

/// Outputs that are worked on at once: two vectors.
pub(crate) const TILE: usize = 16;

/// Inputs that are summed before the sum joins the total; see [`depth`].
pub(super) const BLOCK: usize = 112;

/// Row tiles that are worked on while a tile of weights is at hand.
const ROW_TILES: usize = 16;

/// How many terms ahead weights are asked for by a full tile, more by a smaller one: the list of active inputs skips, so that the
/// processor cannot foresee the next.
const AHEAD: usize = 10;

/// How many additions a term passes at most in a product of n inputs: those of its block, those of the blocks, the bias.
///
/// The error of each output is below gamma(depth) times the sum of the absolute values; proofs/filter.md, section 2.
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

    /// The length of a row of outputs: whole tiles.
    pub(crate) fn padded_outputs(&self) -> usize {
        self.tiles * TILE
    }
}

/// Which inputs are not zero: all, or those whose bits are set in words of 64, row by row.
#[derive(Clone, Copy)]
pub(crate) enum Active<'a> {
    All,
    Masks { words_per_row: usize, words: &'a [u64] },
}

/// What a product keeps between calls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    lists: Vec<Vec<u32>>,
    packed: Vec<f64>,
}

/// Rows to be multiplied: `count` rows, `stride` doubles apart.
#[derive(Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub values: &'a [f64],
    pub stride: usize,
    pub count: usize,
}

dispatch! {
    /// out\[r\] = W rows\[r\] for every row, padded outputs a row; only inputs that are active in some row of a tile are read.
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
    // Packing the active inputs of a row tile pays where many tiles of outputs read them.
    let pack = matches!(active, Active::Masks { .. }) && weights.tiles >= 8;
    let mut first = 0;
    while first < rows.count {
        let block = (rows.count - first).min(step * ROW_TILES);
        let row_tiles = block.div_ceil(step);
        if let Active::Masks { words_per_row, words } = active {
            scratch.lists.resize(scratch.lists.len().max(row_tiles), Vec::new());
            scratch.packed.resize(scratch.packed.len().max(if pack { row_tiles * step * inputs } else { 0 }), 0.0);
            for tile in 0..row_tiles {
                let list = &mut scratch.lists[tile];
                let range = first + tile * step..(first + block).min(first + (tile + 1) * step);
                union_of_bits(words, words_per_row, range.clone(), inputs, list);
                if pack {
                    let packed = &mut scratch.packed[tile * step * inputs..];
                    let count = range.len();
                    for (r, row) in range.enumerate() {
                        let values = &rows.values[row * rows.stride..][..inputs];
                        for (place, &j) in list.iter().enumerate() {
                            packed[place * count + r] = values[j as usize];
                        }
                    }
                }
            }
        }
        for column in 0..weights.tiles {
            let tile_weights = weights.tile(column);
            for tile in 0..row_tiles {
                let start = first + tile * step;
                let count = (first + block - start).min(step);
                let out = &mut out[start * width + column * TILE..];
                let values = &rows.values[start * rows.stride..];
                match active {
                    Active::All => by_count::<L, Dense>(count, values, rows.stride, &Dense(inputs), tile_weights, out, width),
                    Active::Masks { .. } if pack => {
                        let packed = &scratch.packed[tile * step * inputs..];
                        by_count::<L, List<'_, true>>(count, packed, count, &List(&scratch.lists[tile]), tile_weights, out, width);
                    }
                    Active::Masks { .. } => {
                        by_count::<L, List<'_, false>>(count, values, rows.stride, &List(&scratch.lists[tile]), tile_weights, out, width);
                    }
                }
            }
        }
        first += block;
    }
}

/// Narrow layers, of at most 64 inputs: row by row, Z vectors of outputs at once.
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

pub(crate) fn union_of_bits(words: &[u64], words_per_row: usize, rows: std::ops::Range<usize>, inputs: usize, list: &mut Vec<u32>) {
    list.clear();
    for w in 0..words_per_row {
        let mut union = rows.clone().fold(0, |union, row| union | words[row * words_per_row + w]);
        while union != 0 {
            let j = w * 64 + union.trailing_zeros() as usize;
            if j < inputs {
                list.push(j as u32);
            }
            union &= union - 1;
        }
    }
}

/// Where the k-th term of a sum takes its input and its weights.
trait Terms {
    /// Whether some inputs are left out.
    const SKIPS: bool = true;
    fn len(&self) -> usize;
    /// The input of the term, as an index into the weights.
    fn input(&self, k: usize) -> usize;
    /// The place of the term's value for one row.
    fn place(&self, k: usize, row: usize, stride: usize) -> usize;
}

struct Dense(usize);
impl Terms for Dense {
    const SKIPS: bool = false;
    #[inline(always)]
    fn len(&self) -> usize {
        self.0
    }
    #[inline(always)]
    fn input(&self, k: usize) -> usize {
        k
    }
    #[inline(always)]
    fn place(&self, k: usize, row: usize, stride: usize) -> usize {
        row * stride + k
    }
}

/// The inputs of a list, ascending, from rows as they are, or packed term by term.
struct List<'a, const PACKED: bool>(&'a [u32]);
impl<const PACKED: bool> Terms for List<'_, PACKED> {
    #[inline(always)]
    fn len(&self) -> usize {
        self.0.len()
    }
    #[inline(always)]
    fn input(&self, k: usize) -> usize {
        self.0[k] as usize
    }
    #[inline(always)]
    fn place(&self, k: usize, row: usize, stride: usize) -> usize {
        if PACKED { k * stride + row } else { row * stride + self.0[k] as usize }
    }
}

#[inline(always)]
fn by_count<L: Lanes, T: Terms>(count: usize, values: &[f64], stride: usize, terms: &T, weights: &[f64], out: &mut [f64], width: usize) {
    let (mut done, mut left) = (0, count);
    // With packed terms a row is one place further, else one stride.
    let shift = if terms.len() == 0 { 0 } else { terms.place(0, 1, stride) - terms.place(0, 0, stride) };
    while left > 0 {
        let (values, out) = (&values[done * shift..], &mut out[done * width..]);
        let now = if left >= 12 && L::ROWS >= 12 {
            sum_tile::<L, T, 12>(values, stride, terms, weights, out, width);
            12
        } else if left >= 6 && L::ROWS >= 6 {
            sum_tile::<L, T, 6>(values, stride, terms, weights, out, width);
            6
        } else if left >= 3 && L::ROWS >= 3 {
            sum_tile::<L, T, 3>(values, stride, terms, weights, out, width);
            3
        } else if left >= 2 {
            sum_tile::<L, T, 2>(values, stride, terms, weights, out, width);
            2
        } else {
            sum_tile::<L, T, 1>(values, stride, terms, weights, out, width);
            1
        };
        done += now;
        left -= now;
    }
}

/// The innermost loop: R rows times 16 outputs, in blocks of [`BLOCK`] terms.
#[inline(always)]
fn sum_tile<L: Lanes, T: Terms, const R: usize>(values: &[f64], stride: usize, terms: &T, weights: &[f64], out: &mut [f64], width: usize) {
    let n = terms.len();
    assert!(out.len() >= (R - 1) * width + TILE);
    // The largest place and the largest input bound all others: the loop below reads within both slices.
    assert!(n == 0 || (terms.place(n - 1, R - 1, stride) < values.len() && (terms.input(n - 1) + 1) * TILE <= weights.len()));
    let ahead = (AHEAD * L::ROWS).div_ceil(R);
    let mut totals = [[L::splat(0.0); 2]; R];
    let mut k = 0;
    while k < n {
        let end = (k + BLOCK).min(n);
        let mut sums = [[L::splat(0.0); 2]; R];
        while k < end {
            let at = terms.input(k) * TILE;
            if T::SKIPS && k + ahead < n {
                let ahead = terms.input(k + ahead) * TILE;
                L::prefetch(weights, ahead);
                L::prefetch(weights, ahead + 8);
            }
            // SAFETY: inputs ascend, and the assertion above holds the last of them against the length.
            let (low, high) = unsafe {
                let from = weights.as_ptr().add(at);
                (L::load(&*from.cast::<[f64; 8]>()), L::load(&*from.add(8).cast::<[f64; 8]>()))
            };
            for (r, sum) in sums.iter_mut().enumerate() {
                // SAFETY: places ascend with the term and the row, and the last of them was held against the length.
                let x = L::splat(unsafe { *values.get_unchecked(terms.place(k, r, stride)) });
                sum[0] = x.mul_add(low, sum[0]);
                sum[1] = x.mul_add(high, sum[1]);
            }
            k += 1;
        }
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = [total[0].add(sum[0]), total[1].add(sum[1])];
        }
    }
    for (r, total) in totals.iter().enumerate() {
        let (low, high) = out[r * width..][..TILE].split_at_mut(8);
        total[0].store(low.try_into().expect("eight"));
        total[1].store(high.try_into().expect("eight"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::Instructions;

    #[test]
    fn every_path_gives_the_product_of_small_integers() {
        for instructions in Instructions::available() {
            for (inputs, outputs, count) in [(1, 1, 1), (30, 10, 7), (130, 33, 29), (5, 200, 13), (785, 16, 2)] {
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
                    product(instructions, rows, active, &weights, &mut out, &mut Scratch::default());
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
