//! Products of weights with strips of rows: neighbouring rows side by side in the lanes, for selected outputs only.

use super::aligned::Aligned;
use super::ascending::{Ascending, Indices};
use super::lanes::Lanes;
use super::product::BLOCK;
use std::ops::Range;

/// The largest number of rows in a strip: six vectors.
pub(crate) const STRIP: usize = 48;

/// How far ahead in a row weights are prefetched. The list of active inputs is irregular, so that the processor cannot predict the next
/// one.
const AHEAD: usize = 64;

/// Up to 48 rows with few nonzero inputs, stored input by input.
#[derive(Clone, Debug, Default)]
pub(crate) struct Strip {
    /// The inputs that are nonzero in some row, ascending.
    pub inputs: Ascending,
    /// The number of rows, rounded up to whole vectors.
    pub lanes: usize,
    /// For each of the inputs, its value in each row. Lanes beyond the rows have arbitrary values.
    pub values: Aligned,
}

impl Strip {
    /// Makes room for `rows` rows of the strip's inputs. The caller writes every lane.
    pub(crate) fn reset(&mut self, rows: usize) {
        debug_assert!(rows <= STRIP);
        self.lanes = rows.next_multiple_of(8);
        self.values.at_least(self.inputs.len() * self.lanes);
    }
}

/// out\[k\] = the output `outputs[k]` for every row of the strip, `lanes` doubles for each output. The rows of `weights` begin `stride`
/// apart.
///
/// The sums are taken as in [`super::product`], and have the same error.
#[inline(always)]
pub(crate) fn strip_in<L: Lanes>(strip: &Strip, weights: &[f64], stride: usize, outputs: &[u32], out: &mut [f64]) {
    match (L::ROWS >= 12, strip.lanes / 8) {
        (true, 1) => groups::<L, 8, 1>(strip, weights, stride, outputs, out),
        (true, 2) => groups::<L, 8, 2>(strip, weights, stride, outputs, out),
        (true, 3) => groups::<L, 8, 3>(strip, weights, stride, outputs, out),
        (true, 4) => groups::<L, 6, 4>(strip, weights, stride, outputs, out),
        (true, 5) => groups::<L, 4, 5>(strip, weights, stride, outputs, out),
        (true, 6) => groups::<L, 4, 6>(strip, weights, stride, outputs, out),
        _ => groups::<L, 2, 2>(strip, weights, stride, outputs, out),
    }
}

/// Computes O outputs at once; the last group repeats its last output. It goes block by block of terms, so that the part of the strip stays
/// in the first-level cache.
#[inline(always)]
fn groups<L: Lanes, const O: usize, const Z: usize>(strip: &Strip, weights: &[f64], stride: usize, outputs: &[u32], out: &mut [f64]) {
    let (inputs, lanes) = (strip.inputs.indices(), strip.lanes);
    let n = inputs.len();
    assert!(inputs.limit() <= stride);
    out[..outputs.len() * lanes].fill(0.0);
    for start in (0..n).step_by(BLOCK) {
        let terms = start..(start + BLOCK).min(n);
        let mut first = 0;
        while first < outputs.len() {
            let places: [usize; O] = std::array::from_fn(|o| (first + o).min(outputs.len() - 1));
            let rows: [&[f64]; O] = std::array::from_fn(|o| &weights[outputs[places[o]] as usize * stride..][..inputs.limit()]);
            let new = O.min(outputs.len() - first);
            let mut lane = 0;
            while lane + 8 * Z <= lanes {
                add_block::<L, O, Z>(strip, inputs, terms.clone(), rows, lane, new, &mut out[first * lanes..]);
                lane += 8 * Z;
            }
            // The vectors that remain if Z does not divide their number.
            while lane < lanes {
                add_block::<L, O, 1>(strip, inputs, terms.clone(), rows, lane, new, &mut out[first * lanes..]);
                lane += 8;
            }
            first += O;
        }
    }
}

/// The innermost loop: O outputs times Z vectors of rows, for a block of terms. The first `new` outputs are added to `out`.
#[inline(always)]
fn add_block<L: Lanes, const O: usize, const Z: usize>(
    strip: &Strip,
    inputs: Indices<'_>,
    terms: Range<usize>,
    rows: [&[f64]; O],
    lane: usize,
    new: usize,
    out: &mut [f64],
) {
    let lanes = strip.lanes;
    let mut sums = [[L::splat(0.0); Z]; O];
    let values = strip.values[terms.start * lanes..terms.end * lanes].chunks_exact(lanes);
    for (j, values) in inputs.range(terms).zip(values) {
        let x = &values[lane..].as_chunks::<8>().0[..Z];
        for (sum, row) in sums.iter_mut().zip(&rows) {
            L::prefetch(row, j + AHEAD);
            let w = L::splat(row[j]);
            for (sum, x) in sum.iter_mut().zip(x) {
                *sum = w.mul_add(L::load(x), *sum);
            }
        }
    }
    for (o, sum) in sums.iter().enumerate() {
        if o < new {
            for (sum, to) in sum.iter().zip(out[o * lanes + lane..].as_chunks_mut::<8>().0) {
                L::load(to).add(*sum).store(to);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::Instructions;
    use crate::exact::lanes::{Portable, dispatch};

    dispatch! {
        fn multiply(strip: &Strip, weights: &[f64], stride: usize, outputs: &[u32], out: &mut [f64]) = strip_in
    }

    #[test]
    fn every_path_gives_the_products_of_small_integers() {
        // The last is the portable implementation with as many rows as AVX-512 has; it runs on every machine.
        for instructions in Instructions::available().into_iter().map(Some).chain([None]) {
            // Miri is slow.
            for &rows in if cfg!(miri) { &[9][..] } else { &[1, 8, 9, 17, 31, 40, 48] } {
                for (stride, outputs) in [(1usize, vec![0u32]), (300, vec![0, 3, 4, 9, 10, 11, 12, 13, 20]), (40, vec![])] {
                    let weights: Vec<f64> = (0..21 * stride).map(|k| ((k * 7) % 13) as f64 - 6.0).collect();
                    let inputs = Ascending::new((0..stride as u32).filter(|j| j % 3 != 1).collect(), stride).expect("ascending");
                    let mut strip = Strip { inputs, ..Strip::default() };
                    strip.reset(rows);
                    let value = |k: usize, r: usize| ((k * 5 + r * 3) % 9) as f64 - 4.0;
                    for k in 0..strip.inputs.len() {
                        for r in 0..rows {
                            strip.values[k * strip.lanes + r] = value(k, r);
                        }
                    }
                    let mut out = vec![f64::NAN; outputs.len() * strip.lanes];
                    match instructions {
                        Some(instructions) => multiply(instructions, &strip, &weights, stride, &outputs, &mut out),
                        None => strip_in::<Portable<12>>(&strip, &weights, stride, &outputs, &mut out),
                    }
                    for (place, &i) in outputs.iter().enumerate() {
                        for r in 0..rows {
                            let terms = strip.inputs.iter().enumerate();
                            let expected: f64 = terms.map(|(k, &j)| weights[i as usize * stride + j as usize] * value(k, r)).sum();
                            assert_eq!(out[place * strip.lanes + r], expected);
                        }
                    }
                }
            }
        }
    }
}
