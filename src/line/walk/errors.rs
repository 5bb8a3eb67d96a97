//! Bounds on the error of the model of a layer: proofs/filter.md, section 6.

use super::{LayerPlan, OutOfRange, Plan, Walk};
use crate::exact::bound::{HUGE, U, round_up};

/// The largest number of pieces of the layer below that are few.
const SHORT: usize = 16;

impl Walk {
    /// Computes the error of the model of layer l, from the norms of the layer below (proofs/filter.md, section 6).
    #[inline(always)]
    pub(super) fn bound_errors(&mut self, plan: &Plan, l: usize, input_norm: f64) -> Result<(), OutOfRange> {
        let this = &plan.layers[l];
        self.layers[l].errors.clear();
        let (local, local_slope, error, slope_error, reach) = if l == 0 {
            let error = round_up(this.gamma * input_norm);
            (error, 3.0 * error, error, 3.0 * error, 4.0 * input_norm)
        } else {
            let below = &self.layers[l - 1];
            let value = below.value_norm;
            let (worst, worst_slope) = self.local_errors(this, l);
            // The walk uses model values in place of true ones. This is valid as long as they are close.
            if worst.is_nan() || worst > 0.25 * value {
                return Err(OutOfRange);
            }
            let reach = value + below.slope_norm;
            self.sharpen(plan, l, worst, worst_slope);
            let below = &self.layers[l - 1];
            let error = round_up(worst + below.output_error);
            (worst, worst_slope, error, round_up(worst_slope + below.output_slope_error), reach)
        };
        let state = &mut self.layers[l];
        (state.local_error, state.local_slope_error, state.error, state.slope_error) = (local, local_slope, error, slope_error);
        // No later result can overflow. The comparison is false if a bound is NaN.
        if this.rho_max.max(this.rho_norm) * (reach + error + slope_error) < HUGE { Ok(()) } else { Err(OutOfRange) }
    }

    /// The errors of values and slopes that arise in layer l itself: the largest S and g.
    #[inline(always)]
    fn local_errors(&self, this: &LayerPlan, l: usize) -> (f64, f64) {
        let (below, state) = (&self.layers[l - 1], &self.layers[l]);
        let value = below.value_norm;
        let pieces = state.order.len() - 1;
        if below.order.len() - 1 <= state.refresh.min(SHORT) {
            // The sums below with each term replaced by its largest value; for few terms the loss is small.
            let flips = 4.0 * U * (pieces + self.flips.len()) as f64;
            let slope = (this.gamma + flips) * below.slope_norm;
            let steps = U * (3.0 * value * pieces as f64 + 6.0 * below.slope_norm);
            return (round_up(this.gamma * value + slope + steps + state.jumps.iter().sum::<f64>()), round_up(slope));
        }
        let (mut s, mut g, mut worst, mut worst_slope) = (0.0f64, 0.0f64, 0.0f64, 0.0f64);
        let (mut slopes, mut parent) = (0.0, 0);
        for k in 0..pieces {
            let (mark, next) = (&self.marks[state.order[k] as usize], &self.marks[state.order[k + 1] as usize]);
            let dt = next.at - mark.at;
            s += state.jumps[k];
            if mark.layer as usize == l - 1 {
                g += f64::from(4 * (mark.flips.1 - mark.flips.0)) * U * slopes;
            } else {
                slopes = below.slope_norms[parent];
                g = this.gamma * slopes;
                if parent % state.refresh == 0 {
                    s = this.gamma * value;
                }
                parent += 1;
            }
            s += g * dt + U * (3.0 * value + 6.0 * slopes * dt);
            worst = worst.max(s);
            worst_slope = worst_slope.max(g);
        }
        (round_up(worst), round_up(worst_slope))
    }

    /// Computes the error of the outputs of layer l: proofs/filter.md, section 6.
    #[inline(always)]
    pub(super) fn bound_outputs(&mut self, plan: &LayerPlan, l: usize) {
        let (below, below_slope) =
            if l == 0 { (0.0, 0.0) } else { (self.layers[l - 1].output_error, self.layers[l - 1].output_slope_error) };
        let state = &mut self.layers[l];
        let mismatch = state.mismatch;
        // The slopes of the first layer are exact apart from rounding, which is part of the local error.
        state.output_error = round_up(plan.rho_norm * state.local_error + plan.sigma * below + mismatch);
        state.output_slope_error = round_up(plan.rho_norm * state.local_slope_error + plan.sigma * below_slope);
        // The norm was computed from running values. Fresh values differ from them, and both differ from the product that they approximate.
        // The bound has room, so that the next layer's error, which contains the mismatches, is small relative to the norm even if all
        // values are 0.
        state.value_norm = round_up(state.value_norm + 8.0 * (mismatch + state.jump) + 16.0 * plan.rho_norm * state.local_error);
    }
}
