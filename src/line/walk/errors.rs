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

#[cfg(test)]
mod tests {
    use super::super::{END, Flip, LayerState, Mark};
    use super::*;
    use crate::exact::rational;
    use crate::line::plan::Thresholds;
    use crate::network::{Layer, Stack};
    use nalgebra::{DMatrix, DVector};
    use rug::Rational;

    fn exact(x: f64) -> Rational {
        rational(x).unwrap()
    }

    fn power(e: i32) -> f64 {
        2f64.powi(e)
    }

    /// A layer of one unit that copies its only input. Its products are off by at most `gamma`.
    fn copy(gamma: f64) -> LayerPlan {
        let layer = || Layer::from_f64(DMatrix::from_element(1, 1, 1.0), DVector::zeros(1));
        let mut plan = Plan::new(&Stack::new(vec![layer(), layer()]).unwrap(), Thresholds::default());
        LayerPlan { gamma, ..plan.layers.swap_remove(1) }
    }

    /// What happens to the model of the input: its slope is a fresh one, or changes by a flip of the layer below; after a jump.
    enum Change {
        Fresh(f64),
        Flip(f64),
    }

    /// The largest errors of the model of a copy, in values and in slopes, and their bounds. The input is `start` at first; its breakpoints
    /// are equally spaced, and it jumps by `jump` at each but the first. Fresh slopes of the copy are as much too large as `gamma` allows.
    fn errors_of_a_copy(gamma: f64, start: f64, jump: f64, changes: &[Change]) -> [(Rational, f64); 2] {
        let mut walk = Walk { layers: vec![LayerState::default(); 2], ..Walk::default() };
        let dt = 1.0 / changes.len() as f64;
        let (mut value, mut slope, mut largest) = (exact(start), Rational::new(), start);
        let (mut v, mut a) = (start, 0.0);
        let (mut worst, mut worst_slope) = (Rational::new(), Rational::new());
        for (k, change) in changes.iter().enumerate() {
            let mut mark = Mark { at: k as f64 * dt, half: 0.0, layer: END, piece: 0, unit: 0, flips: (0, 0) };
            let jump = if k > 0 { jump } else { 0.0 };
            value += exact(jump);
            match *change {
                Change::Fresh(fresh) => {
                    (slope, a) = (exact(fresh), fresh + gamma * fresh.abs());
                    walk.layers[0].slope_norms.push(fresh.abs());
                }
                Change::Flip(slope_change) => {
                    (mark.layer, mark.flips) = (0, (walk.flips.len() as u32, walk.flips.len() as u32 + 1));
                    walk.flips.push(Flip { unit: 0, slope_change });
                    slope += exact(slope_change);
                    a += slope_change;
                }
            }
            walk.marks.push(mark);
            walk.layers[1].jumps.push(jump);
            worst = worst.max((&value - exact(v)).abs());
            worst_slope = worst_slope.max((&slope - exact(a)).abs());
            v = f64::mul_add(a, dt, v);
            value += &slope * exact(dt);
            worst = worst.max((&value - exact(v)).abs());
            largest = largest.max(value.to_f64());
        }
        walk.marks.push(Mark { at: 1.0, half: 0.0, layer: END, piece: 0, unit: 0, flips: (0, 0) });
        let (below, state) = walk.layers.split_at_mut(1);
        (state[0].order, state[0].refresh) = ((0..=changes.len() as u32).collect(), usize::MAX);
        below[0].order = (0..=below[0].slope_norms.len() as u32).collect();
        below[0].slope_norm = below[0].slope_norms.iter().copied().fold(0.0, f64::max);
        below[0].value_norm = largest;
        let (local, local_slope) = walk.local_errors(&copy(gamma), 1);
        [(worst, local), (worst_slope, local_slope)]
    }

    /// One of these errors is within its bound, and not far below it.
    fn check((error, bound): &(Rational, f64), share: f64) {
        assert!(*error <= exact(*bound) && *error >= exact(share * bound), "{} of {bound}", error.to_f64());
    }

    /// Each source of errors alone, below a layer with few pieces and below one with many.
    #[test]
    fn the_error_of_a_layer_has_room_for_each_source_of_errors() {
        for pieces in [SHORT, 2 * SHORT] {
            let all = |change: fn(usize) -> Change| (0..pieces).map(change).collect::<Vec<_>>();
            // The input is constant, but for its jumps.
            check(&errors_of_a_copy(0.0, 1.0, power(-20), &all(|_| Change::Fresh(0.0)))[0], 0.9);
            // The input goes up and down, and the copy is always too steep.
            check(&errors_of_a_copy(power(-20), 0.0, 0.0, &all(|k| Change::Fresh(if k % 2 == 0 { 1.0 } else { -1.0 })))[0], 0.9);
            // What each step adds to 1 is lost.
            let slope = U * pieces as f64;
            let lost: Vec<_> = (0..pieces).map(|_| Change::Fresh(slope)).collect();
            check(&errors_of_a_copy(0.0, 1.0, 0.0, &lost)[0], 0.3);
            // What each flip adds to a slope of 1 is lost. There are 63 on a piece of the layer below.
            let steep = |k: usize| if k.is_multiple_of(64) { Change::Fresh(1.0) } else { Change::Flip(U) };
            let lost: Vec<_> = (0..if pieces > SHORT { 64 * pieces } else { 64 }).map(steep).collect();
            check(&errors_of_a_copy(0.0, 0.0, 0.0, &lost)[1], 0.1);
        }
    }

    /// A unit is active where its model is negative, or the other way round: its output in the model is off by the value of the model.
    #[test]
    fn outputs_are_off_by_what_bits_and_models_disagree() {
        let (plan, mismatch, jump) = (copy(0.0), power(-20), power(-10));
        let mut walk = Walk { layers: vec![LayerState { mismatch, jump, ..LayerState::default() }], ..Walk::default() };
        walk.bound_outputs(&plan, 0);
        let state = &walk.layers[0];
        assert!(state.output_error >= mismatch);
        // All values are 0, except for these. The error of the next layer, which has the jumps, is below a quarter of the norm.
        assert!(0.25 * state.value_norm >= mismatch + jump);
    }
}
