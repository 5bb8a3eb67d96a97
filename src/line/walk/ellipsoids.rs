//! Bounds on errors by direction, for deep networks: proofs/filter.md, section 6b.
//!
//! The product of the norms of many layers is large, while the map of all these layers together hardly expands. If the errors from the
//! layers below are much larger than those that arise in a layer, an ellipsoid for each piece bounds them: the error of the pre-activations
//! of the layer is some x with x x^T <= Q, Q a symmetric matrix, and so |x_i| <= sqrt(Q_ii). The errors of the slopes are in the same
//! ellipsoid, stretched.

use super::{LayerPlan, Plan, Walk};
use crate::exact::bound::{gamma, round_up};
use crate::line::bits::{set_bit, set_bits};

/// The largest width of a layer with ellipsoids, since the work for a piece grows with the third power of the width.
const WIDEST: usize = 64;

/// The limit for the doubles of the ellipsoids of one layer.
const LARGEST: usize = 1 << 23;

/// If the error of the outputs of a layer is larger than this part of their norm, ellipsoids are used.
///
/// Ellipsoids do not amplify errors from layer to layer. Fewer than one decision in a million should be left to integers, since after such
/// a decision model and truth differ by the uncertainty. If errors are smaller than this, the norms of section 6 cost less.
const LOOSE: f64 = 1.0 / (1u64 << 36) as f64;

/// In networks with more layers than this, ellipsoids are used from the beginning if the norms of the layers above predict too large
/// errors.
const DEEP: usize = 16;

/// The predicted error, relative to the norm, that is too large.
const USELESS: f64 = 1.0 / 1024.0;

/// The limit for the pieces, per breakpoint, that are searched for units that change. If windows meet more pieces, there are no ellipsoids.
const MOST_MET: usize = 256;

/// The largest factor by which the ellipsoids are stretched for the slopes: 2^40.
const STRETCH: f64 = (1u64 << 40) as f64;

/// The range of the traces of ellipsoids, in which nothing under- or overflows: 2^-800 and 2^800.
const RANGE: [f64; 2] = [f64::from_bits((1023 - 800) << 52), f64::from_bits((1023 + 800) << 52)];

/// The ellipsoids of one layer, and buffers that are kept from layer to layer.
#[derive(Clone, Debug, Default)]
pub(super) struct Ellipsoids {
    /// The layer whose pre-activations the ellipsoids bound.
    layer: Option<usize>,
    /// A matrix for each piece of that layer.
    shapes: Vec<f64>,
    /// The factor, at least 1, by which the ellipsoids of the slopes' errors are longer.
    stretch: f64,
    next: Vec<f64>,
    /// The units of the layer below whose bit may differ from the true one somewhere in a piece, by piece and unit.
    turning: Vec<Turn>,
    /// For each piece of a layer, the piece of the layer below that contains it.
    parents: Vec<u32>,
    bits: Vec<u64>,
    inputs: Vec<u32>,
    outputs: Vec<f64>,
    half: Vec<f64>,
}

/// A unit that flips at a time that may be in a piece.
#[derive(Clone, Copy, Debug)]
struct Turn {
    piece: u32,
    unit: u32,
    /// An upper bound on its distance from 0 where its bit is not the true one.
    distance: f64,
}

impl Walk {
    /// Reduces the bounds on the errors of layer l and of its inputs, if those are too large; `local` is the error that arises in layer l
    /// itself.
    #[inline(never)]
    pub(super) fn sharpen(&mut self, plan: &Plan, l: usize, local: f64, local_slope: f64) {
        let mut ellipsoids = std::mem::take(&mut self.ellipsoids);
        let known = ellipsoids.layer.take() == Some(l - 1);
        self.layers[l].errors.clear();
        let (from, to, below) = (&plan.layers[l - 1], &plan.layers[l], &self.layers[l - 1]);
        let width = from.outputs.max(to.outputs);
        let small =
            width <= WIDEST && (self.layers[l].order.len() - 1) * width * width <= LARGEST && to.rows.is_none() && from.rows.is_none();
        let growth = |layers: &[LayerPlan]| layers.iter().map(|layer| layer.sigma).product::<f64>();
        let above = |part: f64, error: f64| error > part * below.value_norm;
        let foreseen = || plan.layers.len() > DEEP && above(USELESS, below.output_error * growth(&plan.layers[l..]));
        if small && (known || above(LOOSE, below.output_error) || foreseen()) {
            if !known {
                ellipsoids.start(from, [below.error, below.slope_error]);
            }
            let mut errors = std::mem::take(&mut self.layers[l].errors);
            match ellipsoids.propagate(self, from, to, l, known, [local, local_slope], &mut errors) {
                Some(output_error) => {
                    ellipsoids.layer = Some(l);
                    let below = &mut self.layers[l - 1];
                    below.output_error = below.output_error.min(output_error);
                    below.output_slope_error = below.output_slope_error.min(round_up(ellipsoids.stretch * output_error));
                }
                None => errors.clear(),
            }
            (self.layers[l].errors, self.layers[l].stretch) = (errors, ellipsoids.stretch);
        }
        self.ellipsoids = ellipsoids;
    }
}

impl Ellipsoids {
    /// Sets the ellipsoid around |x_i| <= rho_i error, for all pieces.
    fn start(&mut self, plan: &LayerPlan, errors: [f64; 2]) {
        let n = plan.outputs;
        self.stretch = 1.0;
        let error = self.stretched(errors);
        self.shapes.clear();
        self.shapes.resize(n * n, 0.0);
        for i in 0..n {
            self.shapes[i * n + i] = round_up(n as f64 * (plan.rho[i] * error) * (plan.rho[i] * error));
        }
    }

    /// Increases the stretch for the slopes as their error requires. Returns the error that is valid for values and slopes.
    fn stretched(&mut self, [error, slope_error]: [f64; 2]) -> f64 {
        // An undefined quotient has no effect.
        self.stretch = self.stretch.max(round_up(slope_error / error)).min(STRETCH);
        error.max(round_up(slope_error / self.stretch))
    }

    /// Goes from the ellipsoids of layer l - 1 to those of layer l. Stores the errors of layer l for each piece, relative to rho, and
    /// returns the norm of the error of its inputs; `None` if numbers are out of range, or if windows meet too many pieces.
    #[expect(clippy::too_many_arguments, reason = "two layers and their walk")]
    fn propagate(
        &mut self,
        walk: &Walk,
        from: &LayerPlan,
        to: &LayerPlan,
        l: usize,
        known: bool,
        locals: [f64; 2],
        errors: &mut Vec<f64>,
    ) -> Option<f64> {
        let (n, m) = (from.outputs, to.outputs);
        let order = &walk.layers[l].order;
        let pieces = order.len() - 1;
        if !self.find_turning(walk, from, l) {
            return None;
        }
        let (local, noise) = (locals[0], self.stretched(locals));
        // The rounding of two products and of the weights, for m outputs: proofs/filter.md, section 6b.
        let ridge = m as f64 * gamma(2 * n + 12);
        let least = to.rho[..m].iter().copied().fold(f64::INFINITY, f64::min);
        let noise_trace = m as f64 * to.rho[..m].iter().map(|rho| (rho * noise) * (rho * noise)).sum::<f64>();
        self.next.clear();
        self.next.resize(pieces * m * m, 0.0);
        let (mut parent, mut turning, mut mismatch, mut output_error) = (0, 0, 0.0, 0.0f64);
        for k in 0..pieces {
            let mark = walk.marks[order[k] as usize];
            if mark.layer as usize + 1 == l {
                for flip in &walk.flips[mark.flips.0 as usize..mark.flips.1 as usize] {
                    self.bits[flip.unit as usize / 64] ^= 1 << (flip.unit % 64);
                }
            } else {
                parent += usize::from(k > 0);
                self.bits.clear();
                self.bits.extend_from_slice(&walk.masks[parent * from.words..][..from.words]);
                // The largest value at which a bit disagrees with the sign of its model. It is attained at the ends, where the bit was
                // resolved exactly or crosses.
                let end = (k + 1..=pieces).find(|&end| walk.marks[order[end] as usize].layer as usize + 1 != l).unwrap_or(pieces);
                mismatch = round_up(walk.layers[l].disagreements[k..=end].iter().sum());
            }
            let first = turning;
            turning += self.turning[first..].iter().take_while(|turn| turn.piece as usize == k).count();
            let shape = &self.shapes[if known { parent * n * n } else { 0 }..][..n * n];
            let trace = outputs_of(shape, n, &self.bits, &self.turning[first..turning], mismatch, &mut self.inputs, &mut self.outputs);
            // Without inputs the layer below contributes no error. The test fails if a value is NaN.
            let in_range = self.inputs.is_empty()
                || (RANGE[0]..=RANGE[1]).contains(&trace)
                    && trace * least * least >= RANGE[0]
                    && trace * to.rho_norm * to.rho_norm <= RANGE[1];
            if !in_range {
                return None;
            }
            output_error = output_error.max(round_up(trace.sqrt()));

            let next = &mut self.next[k * m * m..][..m * m];
            image(&self.inputs, &self.outputs, to, &mut self.half, next);
            let (mut worst, mut image_trace) = (0.0f64, 0.0);
            for i in 0..m {
                let rho = to.rho[i];
                let diagonal = &mut next[i * m + i];
                *diagonal = round_up(diagonal.max(0.0) + ridge * trace * (rho * rho));
                image_trace += *diagonal;
                worst = worst.max(diagonal.sqrt() / rho);
            }
            errors.push(round_up(local + round_up(worst)));
            let [image, noise_part] = weights(image_trace, noise_trace);
            next.iter_mut().for_each(|x| *x *= image);
            for i in 0..m {
                let own = m as f64 * (to.rho[i] * noise) * (to.rho[i] * noise);
                next[i * m + i] = round_up(next[i * m + i] + noise_part * own);
            }
        }
        std::mem::swap(&mut self.shapes, &mut self.next);
        output_error.is_finite().then_some(output_error)
    }

    /// Finds the units of layer l - 1 that flip at a time that may be in a piece: their windows meet the piece. Returns whether the number
    /// of pieces is within the limit for short windows.
    fn find_turning(&mut self, walk: &Walk, from: &LayerPlan, l: usize) -> bool {
        let order = &walk.layers[l].order;
        let pieces = order.len() - 1;
        let mark_at = |k: usize| &walk.marks[order[k] as usize];
        let at = |k: usize| mark_at(k).at;
        self.parents.clear();
        let mut parent = 0;
        self.parents.extend((0..pieces).map(|k| {
            parent += u32::from(k > 0 && mark_at(k).layer as usize + 1 != l);
            parent
        }));
        // An upper bound on the true slope of a unit on a piece.
        let below = &walk.layers[l - 1];
        let parents = &self.parents;
        let slope = |k: usize, unit: u32| {
            let parent = parents[k] as usize;
            below.slope_norms[parent] + from.rho[unit as usize] * below.slope_error_in(parent, below.slope_error)
        };
        self.turning.clear();
        let mut left = MOST_MET * order.len();
        let mut turn = |k: usize, unit: u32| {
            if left == 0 {
                return;
            }
            let mark = *mark_at(k);
            let (lo, hi) = ((mark.at - mark.half).next_down(), (mark.at + mark.half).next_up());
            let first = (0..k).rev().take_while(|&piece| piece + 1 == k || at(piece + 1) >= lo).last();
            let last = (k..pieces).take_while(|&piece| piece == k || at(piece) <= hi).last();
            let (first, last) = (first.unwrap_or(k), last.unwrap_or(k.saturating_sub(1)));
            // The true pieces that meet the window. If a true breakpoint is before the window, so are all pieces before it.
            let before = (0..k).rev().take_while(|&piece| piece + 1 == k || at(piece + 1) + mark_at(piece + 1).half >= lo);
            let after = (k..pieces).take_while(|&piece| piece == k || at(piece) - mark_at(piece).half <= hi);
            let mut met = last.saturating_sub(first);
            let steepest = before.chain(after).inspect(|_| met += 1).map(|piece| slope(piece, unit)).fold(0.0, f64::max);
            left = left.saturating_sub(met);
            let distance = round_up(steepest * mark.half);
            self.turning.extend((first..=last).map(|piece| Turn { piece: piece as u32, unit, distance }));
        };
        for (k, &mark) in order.iter().enumerate() {
            let mark = walk.marks[mark as usize];
            if mark.layer as usize + 1 == l {
                walk.flips[mark.flips.0 as usize..mark.flips.1 as usize].iter().for_each(|flip| turn(k, flip.unit));
            }
        }
        // The units that change at a breakpoint of the layers below, found by escalation.
        let mut zeros: Vec<(u32, u32)> = Vec::new();
        zeros.extend(walk.zeros.iter().filter(|z| z.layer as usize + 1 == l && z.before != z.after).map(|z| (z.mark, z.unit)));
        if !zeros.is_empty() {
            zeros.sort_unstable();
            for (k, mark) in order.iter().enumerate() {
                let first = zeros.partition_point(|zero| zero.0 < *mark);
                zeros[first..].iter().take_while(|zero| zero.0 == *mark).for_each(|zero| turn(k, zero.1));
            }
        }
        self.turning.sort_unstable_by(|x, y| (x.piece, x.unit).cmp(&(y.piece, y.unit)).then(y.distance.total_cmp(&x.distance)));
        self.turning.dedup_by_key(|turn| (turn.piece, turn.unit));
        left > 0
    }
}

/// The ellipsoid of the outputs of a layer on a piece, over those outputs that may be nonzero there; returns its trace.
fn outputs_of(
    shape: &[f64],
    n: usize,
    bits: &[u64],
    turning: &[Turn],
    mismatch: f64,
    inputs: &mut Vec<u32>,
    outputs: &mut Vec<f64>,
) -> f64 {
    let mut active = [0u64; WIDEST.div_ceil(64)];
    active[..bits.len()].copy_from_slice(bits);
    let mut all = active;
    turning.iter().for_each(|turn| set_bit(&mut all, turn.unit, true));
    inputs.clear();
    inputs.extend(set_bits(&all));
    // For a unit that changes near the piece, the error may lack the error of its value or the value of its model, and both are small.
    let own = |turn: &Turn| {
        let x = (round_up(shape[turn.unit as usize * (n + 1)].sqrt()) + mismatch).min(turn.distance);
        turning.len() as f64 * x * x
    };
    let turning_trace: f64 = turning.iter().map(own).sum();
    let shape_trace: f64 = set_bits(&active).map(|unit| shape[unit as usize * (n + 1)]).sum();
    let [whole, part] = weights(shape_trace, turning_trace);
    let is_active = |unit: u32| active[unit as usize / 64] >> (unit % 64) & 1 == 1;
    outputs.clear();
    let mut trace = 0.0;
    for &i in &*inputs {
        for &j in &*inputs {
            let mut x = if is_active(i) && is_active(j) { whole * shape[i as usize * n + j as usize] } else { 0.0 };
            if i == j {
                if let Some(turn) = turning.iter().find(|turn| turn.unit == i) {
                    x += part * own(turn);
                }
                x = round_up(x);
                trace += x;
            }
            outputs.push(x);
        }
    }
    round_up(trace)
}

/// W Q W^T for the matrix Q over some of the inputs, without a bound on the rounding.
fn image(inputs: &[u32], q: &[f64], to: &LayerPlan, half: &mut Vec<f64>, out: &mut [f64]) {
    let (a, m) = (inputs.len(), to.outputs);
    half.clear();
    half.resize(a * m, 0.0);
    for (p, &input) in inputs.iter().enumerate() {
        let column = &to.column(input as usize)[..m];
        for (row, &x) in half.chunks_exact_mut(m).zip(&q[p * a..][..a]) {
            row.iter_mut().zip(column).for_each(|(sum, w)| *sum += x * w);
        }
    }
    for (row, &input) in half.chunks_exact(m).zip(inputs) {
        for (i, &w) in to.column(input as usize)[..m].iter().enumerate() {
            out[i * m..][..=i].iter_mut().zip(row).for_each(|(sum, x)| *sum += w * x);
        }
    }
    for i in 0..m {
        for j in 0..i {
            out[j * m + i] = out[i * m + j];
        }
    }
}

/// If x x^T <= A and y y^T <= B, then (x + y) (x + y)^T <= (1 + p) A + (1 + 1/p) B for any p > 0. These are the two factors for the least
/// trace.
fn weights(a: f64, b: f64) -> [f64; 2] {
    if b == 0.0 {
        return [1.0, 0.0];
    }
    // Every p > 0 is valid; the limits keep both factors finite. An empty sum is -0, and the quotient by it would be NaN.
    let p = if a > 0.0 { (b / a).sqrt().clamp(1e-12, 1e12) } else { 1e12 };
    [1.0 + p, 1.0 + 1.0 / p]
}

#[cfg(test)]
mod tests {
    use super::super::{END, Flip, LayerState, Mark};
    use super::*;
    use crate::line::plan::Thresholds;
    use crate::network::{Layer, Stack};
    use nalgebra::{DMatrix, DVector};

    /// A unit flips at the time 1/2, and is active before, where its model is negative: its output in the model is the value of the model.
    /// All other errors are much smaller.
    #[test]
    fn a_unit_that_turns_adds_what_its_bit_and_its_model_disagree() {
        let layer = || Layer::from_f64(DMatrix::from_element(1, 1, 1.0), DVector::zeros(1));
        let plan = Plan::new(&Stack::new(vec![layer(), layer()]).unwrap(), Thresholds::default());
        for mismatch in [2f64.powi(-10), 2f64.powi(-40)] {
            let mark = |at: f64, half: f64, layer: u32| Mark { at, half, layer, piece: 0, unit: 0, flips: (0, 1) };
            let below = LayerState { slope_norms: vec![1.0], ..LayerState::default() };
            let above = LayerState { order: vec![0, 1, 2], disagreements: vec![0.0, mismatch, 0.0], ..LayerState::default() };
            let walk = Walk {
                marks: vec![mark(0.0, 0.0, END), mark(0.5, 0.25, 0), mark(1.0, 0.0, END)],
                flips: vec![Flip { unit: 0, slope_change: -1.0 }],
                layers: vec![below, above],
                masks: vec![1],
                ..Walk::default()
            };
            let mut ellipsoids = Ellipsoids { shapes: vec![2f64.powi(-120)], stretch: 1.0, ..Ellipsoids::default() };
            let mut errors = Vec::new();
            ellipsoids.propagate(&walk, &plan.layers[0], &plan.layers[1], 1, false, [0.0, 0.0], &mut errors).unwrap();
            let bound = plan.layers[1].rho[0] * errors[0];
            assert!(bound >= mismatch && bound <= 2.0 * mismatch, "{bound} {mismatch}");
        }
    }
}
