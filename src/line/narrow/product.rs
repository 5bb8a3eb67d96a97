//! The product of a narrow layer: its slopes on the pieces of the layer below, and its values at the start.

use super::super::plan::LayerPlan;
use super::NarrowWalk;
use crate::exact::lanes::Lanes;

/// The number of rows that are computed together and share the loads of the weights.
const TOGETHER: usize = 2;

impl NarrowWalk {
    /// The products of `this` layer with the rows of the layer below. The last row has values, to which the bias is added.
    #[inline(always)]
    pub(super) fn multiply<L: Lanes, const C: usize>(&mut self, below: &LayerPlan, this: &LayerPlan, rows: usize) {
        let (width, stride) = (8 * C, 8 * below.outputs.div_ceil(8));
        self.fresh.at_least((rows + 1) * width);
        let weights = this.columns.as_chunks::<8>().0;
        let (columns, step) = (this.packed.inputs(), this.padded / 8);
        assert!(weights.len() >= columns * step && step >= C && stride >= columns);
        let (inputs, masks) = (&self.rows[..rows * stride], &self.masks[..rows]);
        let out = self.fresh[..rows * width].as_chunks_mut::<8>().0;
        for first in (0..rows).step_by(TOGETHER) {
            // A single row is computed twice.
            let second = (first + 1).min(rows - 1);
            let (x, y) = (&inputs[first * stride..][..stride], &inputs[second * stride..][..stride]);
            let mut sums = [[L::splat(0.0); C]; TOGETHER];
            // If a step is cheap, steps for inactive units cost less than a loop of unknown length.
            let mut active = if C <= 2 { (1u64 << columns) - 1 } else { masks[first] | masks[second] };
            while active != 0 {
                let j = active.trailing_zeros() as usize;
                active &= active - 1;
                let (x, y) = (L::splat(x[j]), L::splat(y[j]));
                let column = &weights[j * step..][..C];
                for c in 0..C {
                    let w = L::load(&column[c]);
                    sums[0][c] = x.mul_add(w, sums[0][c]);
                    sums[1][c] = y.mul_add(w, sums[1][c]);
                }
            }
            for (row, sums) in [first, second].into_iter().zip(&sums) {
                for c in 0..C {
                    sums[c].store(&mut out[row * C + c]);
                }
            }
        }
        let values = &mut out[(rows - 1) * C..];
        let bias = this.bias.as_chunks::<8>().0;
        for c in 0..C {
            L::load(&values[c]).add(L::load(&bias[c])).store(&mut values[c]);
        }
    }
}
