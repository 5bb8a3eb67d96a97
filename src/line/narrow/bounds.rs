//! Bounds on the error of the model of a layer, as a few numbers for each layer: proofs/filter.md, section 12.

use super::super::plan::LayerPlan;
use super::Uncertain;
use crate::exact::bound::{HUGE, TINY, U, round_up};

/// An upper bound on the residual of a crossing, relative to the slope: section 12 counts 27 roundings.
const RESIDUAL: f64 = 27.0 * U;

/// The part of a crossing's window that is due to rounding: the residual, and four roundings of its comparison with another crossing.
pub(super) const WINDOW: f64 = 32.0 * U;

/// The magnitudes of the numbers of a layer, measured by the walk.
pub(super) struct Extent {
    /// The sum of the squared norms of the slopes of all pieces, and the squared norm of the largest outputs.
    pub slope_square: f64,
    pub value_square: f64,
    /// The number of crossings of the layer.
    pub crossings: usize,
}

/// The bounds of a layer. Before [`with_outputs`](Self::with_outputs), norms and errors of outputs are those of the layer below.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// The norms of (outputs, unit of the next layer) and of the slopes of the outputs.
    value_norm: f64,
    slope_norm: f64,
    /// The norms of the errors of the outputs and of their slopes.
    output_error: f64,
    output_slope_error: f64,
    /// The sum of the jumps of the outputs at crossings.
    jumps: f64,
    /// |model - truth| <= rho_i (`local` + the error of the outputs below); the same for slopes.
    local: f64,
    local_slope: f64,
    /// |model - truth| <= rho_i `error`; the true pre-activations change by at most rho_i `reach` per unit of time.
    pub error: f64,
    pub reach: f64,
}

impl Bounds {
    /// The bounds of the input, treated as the outputs of a layer.
    pub(super) fn input(norm: f64) -> Self {
        Self {
            value_norm: norm,
            slope_norm: 2.0 * norm,
            output_error: 0.0,
            output_slope_error: 0.0,
            jumps: 0.0,
            local: 0.0,
            local_slope: 0.0,
            error: 0.0,
            reach: 0.0,
        }
    }

    /// The bounds of layer l with this number of pieces, from those of the layer below.
    #[inline(always)]
    pub(super) fn of_layer(&self, this: &LayerPlan, l: usize, pieces: usize) -> Result<Self, Uncertain> {
        let (value, slope, pieces) = (self.value_norm, self.slope_norm, pieces as f64);
        let (local, local_slope) = if l == 0 {
            // The values at both ends are products; the slopes are their difference.
            (this.gamma * value, 3.0 * this.gamma * value)
        } else {
            let local_slope = (this.gamma + 8.0 * U * pieces) * slope;
            (this.gamma * value + local_slope + U * (3.0 * value * pieces + 6.0 * slope) + self.jumps, local_slope)
        };
        let (local, local_slope) = (round_up(local), round_up(local_slope));
        let error = round_up(local + self.output_error);
        let reach = round_up(slope + self.output_slope_error);
        // The walk uses model values in place of true ones, and no later result can overflow. The test fails if a bound is NaN.
        let large = this.rho_max.max(this.rho_norm) * (2.0 * value + reach + error + local_slope);
        if local <= 0.25 * value && large < HUGE { Ok(Self { local, local_slope, error, reach, ..*self }) } else { Err(Uncertain) }
    }

    /// The bounds of the outputs of the layer; the norm of their values includes the unit of the next layer.
    #[inline(always)]
    pub(super) fn with_outputs(&self, this: &LayerPlan, next_unit: f64, extent: &Extent) -> Self {
        let slope_norm = round_up(extent.slope_square.sqrt()) + TINY;
        let jumps = RESIDUAL * extent.crossings as f64 * slope_norm;
        let spread = this.rho_norm * self.local;
        Self {
            value_norm: round_up((next_unit * next_unit + extent.value_square).sqrt() + jumps + 3.0 * spread),
            slope_norm,
            output_error: round_up(spread + this.sigma * self.output_error + jumps),
            output_slope_error: round_up(this.rho_norm * self.local_slope + this.sigma * self.output_slope_error),
            jumps: round_up(jumps),
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::rational;
    use crate::line::plan::{Plan, Thresholds};
    use crate::network::{Layer, Stack};
    use nalgebra::{DMatrix, DVector};
    use rug::Rational;

    fn exact(x: f64) -> Rational {
        rational(x).unwrap()
    }

    /// A layer of one unit that copies its only input, whose products are exact.
    fn copy() -> LayerPlan {
        let layer = Layer::from_f64(DMatrix::from_element(1, 1, 1.0), DVector::zeros(1));
        let mut plan = Plan::new(&Stack::new(vec![layer]).unwrap(), Thresholds::default());
        LayerPlan { gamma: 0.0, ..plan.layers.swap_remove(0) }
    }

    /// A layer without errors of its own: what its model is at crossings instead of 0 is a jump of its outputs, and an error.
    #[test]
    fn residuals_of_crossings_are_jumps_and_errors_of_the_outputs() {
        let (this, below) = (copy(), Bounds::input(0.0));
        let mut state = 1u64;
        let mut random = || {
            state = crate::exact::random::next(state);
            ((state >> 11) | 1) as f64 / (1u64 << 53) as f64
        };
        let mut most = 0.0f64;
        for _ in 0..2000 {
            let (slope, zero) = (1.0 + random(), random());
            let start = -slope * zero;
            let end = slope + start;
            // The crossing as the walk computes it.
            let at = 1.0 - end * (1.0 / slope);
            let residual = (exact(start) + exact(slope) * exact(at)).abs();
            let extent = Extent { slope_square: slope * slope, value_square: end * end, crossings: 1 };
            let bounds = below.with_outputs(&this, 0.0, &extent);
            assert!(residual <= exact(bounds.jumps) && residual <= exact(bounds.output_error), "{start} + {slope} t");
            most = most.max((residual / exact(bounds.jumps)).to_f64());
        }
        assert!(most > 0.03, "{most}");
    }

    /// What each flip adds to a slope of 1 is lost.
    #[test]
    fn slopes_have_room_for_the_rounding_of_every_flip() {
        let below = Bounds { slope_norm: 1.0, ..Bounds::input(1.0) };
        for flips in [1, 16, 1000] {
            let (change, mut slope) = (U, 1.0);
            (0..flips).for_each(|_| slope += change);
            let lost: Rational = exact(1.0) + exact(change) * flips as u64 - exact(slope);
            let bound = below.of_layer(&copy(), 1, flips + 1).unwrap().local_slope;
            assert!(lost <= exact(bound) && lost > exact(0.05 * bound), "{flips} flips: {} of {bound}", lost.to_f64());
        }
    }
}
