//! The inner loops of the product: the sums of a tile of rows for a tile of outputs.

use super::{BLOCK, Rows, TILE};
use crate::exact::ascending::Indices;
use crate::exact::lanes::Lanes;

/// How many terms ahead a full tile prefetches weights; a smaller tile prefetches further ahead. The list of active inputs is irregular, so
/// that the processor cannot predict the next one.
const AHEAD: usize = 10;

/// The terms of the sums of a tile of rows.
#[derive(Clone, Copy)]
pub(super) enum Terms<'a> {
    /// All inputs, as many as given.
    All(usize),
    /// The inputs of a list.
    Listed(Indices<'a>),
    /// The inputs of a list, with their values as [`pack_tile`] writes them.
    Packed(Indices<'a>, &'a [f64]),
}

/// The parts in which the rows of a tile are summed: the first row and the number of rows of each.
#[inline(always)]
fn parts<L: Lanes>(count: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let first = next;
        let rows = [12, 6, 3, 2, 1].into_iter().find(|&rows| rows <= L::ROWS.min(count - first))?;
        next += rows;
        Some((first, rows))
    })
}

/// Writes the values of the listed inputs, part after part, and within each part input by input.
#[inline(always)]
pub(super) fn pack_tile<L: Lanes>(rows: Rows<'_>, list: Indices<'_>, packed: &mut [f64]) {
    for (first, count) in parts::<L>(rows.count) {
        let packed = &mut packed[first * list.len()..];
        for r in 0..count {
            let row = &rows.values[(first + r) * rows.stride..][..list.limit()];
            for k in 0..list.len() {
                packed[k * count + r] = row[list.at(k)];
            }
        }
    }
}

/// The sums of a tile of rows, for a tile of outputs.
#[inline(always)]
pub(super) fn sum_rows<L: Lanes>(rows: Rows<'_>, terms: Terms<'_>, weights: &[f64], out: &mut [f64], width: usize) {
    for (first, count) in parts::<L>(rows.count) {
        let out = &mut out[first * width..];
        match count {
            12 if L::ROWS >= 12 => sum_part::<L, 12>(rows, first, terms, weights, out, width),
            6 if L::ROWS >= 6 => sum_part::<L, 6>(rows, first, terms, weights, out, width),
            3 if L::ROWS >= 3 => sum_part::<L, 3>(rows, first, terms, weights, out, width),
            2 => sum_part::<L, 2>(rows, first, terms, weights, out, width),
            _ => sum_part::<L, 1>(rows, first, terms, weights, out, width),
        }
    }
}

/// The first `len` values of R rows, beginning with row `first`.
#[inline(always)]
fn heads<'a, const R: usize>(rows: Rows<'a>, first: usize, len: usize) -> [&'a [f64]; R] {
    // This is no closure, so that the compiler knows that all lengths are equal in the loop that reads.
    let mut heads = [&rows.values[..len]; R];
    for (r, head) in heads.iter_mut().enumerate() {
        *head = &rows.values[(first + r) * rows.stride..][..len];
    }
    heads
}

#[inline(always)]
fn sum_part<L: Lanes, const R: usize>(rows: Rows<'_>, first: usize, terms: Terms<'_>, weights: &[f64], out: &mut [f64], width: usize) {
    match terms {
        Terms::All(inputs) => sum_tile::<L, _, R>(All(inputs), heads(rows, first, inputs), weights, out, width),
        Terms::Listed(list) => sum_tile::<L, _, R>(list, heads(rows, first, list.limit()), weights, out, width),
        Terms::Packed(list, packed) => {
            let values = packed[first * list.len()..].as_chunks().0;
            sum_tile::<L, _, R>(list, &values[..list.len()], weights, out, width);
        }
    }
}

/// The inputs that are summed.
trait Inputs: Copy {
    /// Whether some inputs are skipped.
    const SKIPS: bool;
    fn len(self) -> usize;
    /// A number that is above all inputs.
    fn limit(self) -> usize;
    fn at(self, k: usize) -> usize;
}

impl Inputs for Indices<'_> {
    const SKIPS: bool = true;
    #[inline(always)]
    fn len(self) -> usize {
        self.len()
    }
    #[inline(always)]
    fn limit(self) -> usize {
        self.limit()
    }
    #[inline(always)]
    fn at(self, k: usize) -> usize {
        self.at(k)
    }
}

/// All inputs, as many as given.
#[derive(Clone, Copy)]
struct All(usize);

impl Inputs for All {
    const SKIPS: bool = false;
    #[inline(always)]
    fn len(self) -> usize {
        self.0
    }
    #[inline(always)]
    fn limit(self) -> usize {
        self.0
    }
    #[inline(always)]
    fn at(self, k: usize) -> usize {
        k
    }
}

/// The values of the inputs in R rows.
trait Values<const R: usize> {
    /// The value in row r of the k-th input of the sum, whose index is j.
    fn value(&self, k: usize, j: usize, r: usize) -> f64;
}

/// Rows that are not packed.
impl<const R: usize> Values<R> for [&[f64]; R] {
    #[inline(always)]
    fn value(&self, _: usize, j: usize, r: usize) -> f64 {
        self[r][j]
    }
}

/// Packed values.
impl<const R: usize> Values<R> for &[[f64; R]] {
    #[inline(always)]
    fn value(&self, k: usize, _: usize, r: usize) -> f64 {
        self[k][r]
    }
}

/// The innermost loop: R rows times 16 outputs, in blocks of [`BLOCK`] terms.
#[inline(always)]
fn sum_tile<L: Lanes, I: Inputs, const R: usize>(inputs: I, values: impl Values<R>, weights: &[f64], out: &mut [f64], width: usize) {
    let n = inputs.len();
    // All inputs are below this length and below those of the values, so that the compiler omits nearly all bounds checks of the loop.
    let vectors = &weights.as_chunks::<8>().0.as_chunks::<2>().0[..inputs.limit()];
    let ahead = (AHEAD * L::ROWS).div_ceil(R);
    let mut totals = [[L::splat(0.0); 2]; R];
    let mut k = 0;
    while k < n {
        let end = (k + BLOCK).min(n);
        let mut sums = [[L::splat(0.0); 2]; R];
        while k < end {
            let j = inputs.at(k);
            if I::SKIPS && k + ahead < n {
                let ahead = inputs.at(k + ahead) * TILE;
                L::prefetch(weights, ahead);
                L::prefetch(weights, ahead + 8);
            }
            let (low, high) = (L::load(&vectors[j][0]), L::load(&vectors[j][1]));
            for (r, sum) in sums.iter_mut().enumerate() {
                let x = L::splat(values.value(k, j, r));
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
