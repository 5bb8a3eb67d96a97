//! The exact signs at a breakpoint, and the crossings inside a piece in their order.

use super::pieces::Merge;
use super::structure::NextSlopes;
use super::{Candidate, Escalate, Flip, LayerPlan, Mark, Place, Resolved, Walk, Zero};
use crate::exact::bound::{U, round_up};
use crate::line::bits::{is_set, set_bits};
use std::cmp::Ordering;

/// A piece, and the error of the model of its layer.
pub(super) struct Piece<'a> {
    pub place: Place<'a>,
    pub from: f64,
    pub to: f64,
    pub error: f64,
}

impl Walk {
    /// Determines the exact signs of the uncertain units at a breakpoint. The results are in `after`, by unit.
    #[cold]
    #[inline(never)]
    #[expect(clippy::too_many_arguments, reason = "the state of a layer on two pieces")]
    pub(super) fn resolve(
        &mut self,
        plan: &LayerPlan,
        at: Place<'_>,
        uncertain: &[u64],
        v: &[f64],
        left: &[u64],
        next: &NextSlopes<'_>,
        escalate: &mut dyn Escalate,
    ) {
        let suspects: Vec<u32> = set_bits(uncertain).filter(|&i| is_set(&plan.varying, i)).collect();
        let mut representatives: Vec<u32> = suspects.iter().copied().filter(|&i| is_set(&plan.representatives, i)).collect();
        let mut answers = Vec::with_capacity(representatives.len());
        self.signs_by_inputs(plan, at, left, next, &mut representatives, &mut answers);
        if !representatives.is_empty() {
            escalate.signs(self, at, &representatives, &mut answers);
        }
        answers.sort_unstable_by_key(|answer| answer.unit);
        let mark = at.order[at.k];
        self.after.clear();
        for unit in suspects {
            let representative = plan.representative_of[unit as usize];
            // The certain sign of a representative gives the signs of its duplicates.
            let sign = v[representative.unit as usize].partial_cmp(&0.0).unwrap_or(Ordering::Equal);
            let certain = Resolved { unit: representative.unit, before: sign, after: sign, zero: false };
            let answer = answers.binary_search_by_key(&representative.unit, |answer| answer.unit).map_or(certain, |found| answers[found]);
            let turn = |sign: Ordering| if representative.opposite { sign.reverse() } else { sign };
            let answer = Resolved { unit, before: turn(answer.before), after: turn(answer.after), zero: answer.zero };
            let (before, after) = (answer.before.is_gt(), answer.after.is_gt());
            if answer.zero && (before || after) {
                self.zeros.push(Zero { mark, layer: at.layer as u32, unit, before, after });
            }
            self.after.push(answer);
        }
    }

    /// Adds the crossings inside a piece, in order, to the breakpoints of the next layer.
    #[inline(always)]
    pub(super) fn find_crossings<const CERTIFY: bool>(
        &mut self,
        plan: &LayerPlan,
        piece: &Piece<'_>,
        [left, right]: [&[u64]; 2],
        [v, a]: [&[f64]; 2],
        next: &mut Merge,
        escalate: &mut dyn Escalate,
    ) {
        let mut candidates = std::mem::take(&mut self.candidates);
        candidates.clear();
        let dt = piece.to - piece.from;
        // The computed value of the model at a time of the piece has an error of at most the second term.
        let residual = |i: usize, at: f64| (a[i] * (at - piece.to) + v[i]).abs() + 8.0 * U * (v[i].abs() + a[i].abs() * dt);
        for w in 0..plan.words {
            let mut bits = (left[w] ^ right[w]) & plan.representatives[w];
            while bits != 0 {
                let i = w * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let unit = i as u32;
                let inverse = 1.0 / a[i];
                let mut at = piece.to - v[i] * inverse;
                let mut half = 0.0;
                if CERTIFY {
                    let escalated = |list: &[Resolved]| list.iter().any(|r| r.unit == unit);
                    at = at.max(piece.from).min(piece.to);
                    half = round_up((plan.rho[i] * piece.error + residual(i, at)) * inverse.abs()) + 4.0 * U;
                    if half >= 1.0 || half.is_nan() || escalated(&self.before) || escalated(&self.after) {
                        (at, half) = escalate.time(self, piece.place, unit);
                    }
                }
                candidates.push(Candidate { unit, at, half, with_previous: false });
            }
        }
        if candidates.len() > 1 {
            self.filtered += candidates.len() as u64 - 1;
            // The order is by the left ends of the windows. If a window meets any before it, it also meets the one among them with the
            // largest right end.
            candidates.sort_unstable_by(|x, y| (x.at - x.half).total_cmp(&(y.at - y.half)));
            if CERTIFY {
                let mut first = 0;
                let mut reach = candidates[0].at + candidates[0].half;
                for i in 1..=candidates.len() {
                    if i < candidates.len() && candidates[i].at - candidates[i].half <= reach {
                        reach = reach.max(candidates[i].at + candidates[i].half);
                        continue;
                    }
                    if i - first > 1 {
                        escalate.sort(self, piece.place, &mut candidates[first..i]);
                    }
                    if i < candidates.len() {
                        (first, reach) = (i, candidates[i].at + candidates[i].half);
                    }
                }
            }
        }
        let mut i = 0;
        while i < candidates.len() {
            let group = 1 + candidates[i + 1..].iter().take_while(|c| c.with_previous).count();
            let lead = candidates[i];
            let at = lead.at.max(piece.from).min(piece.to);
            let start = self.flips.len() as u32;
            let mut jump = 0.0;
            for candidate in &candidates[i..i + group] {
                let duplicates = plan.duplicates[candidate.unit as usize].iter().map(|duplicate| duplicate.unit);
                for unit in std::iter::once(candidate.unit).chain(duplicates) {
                    let slope = a[unit as usize];
                    let on = is_set(right, candidate.unit) != plan.representative_of[unit as usize].opposite;
                    self.flips.push(Flip { unit, slope_change: if on { slope } else { -slope } });
                    jump += residual(unit as usize, at);
                }
            }
            next.add_crossing(self.marks.len() as u32, jump);
            self.marks.push(Mark {
                at,
                half: lead.half + (lead.at - at).abs(),
                layer: piece.place.layer as u32,
                piece: piece.place.k as u32,
                unit: lead.unit,
                flips: (start, self.flips.len() as u32),
            });
            i += group;
        }
        self.candidates = candidates;
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

    /// An escalation that is not needed.
    struct Unasked;

    impl Escalate for Unasked {
        fn signs(&mut self, _: &Walk, _: Place<'_>, _: &[u32], _: &mut Vec<Resolved>) {
            unreachable!()
        }
        fn time(&mut self, _: &Walk, _: Place<'_>, _: u32) -> (f64, f64) {
            unreachable!()
        }
        fn sort(&mut self, _: &Walk, _: Place<'_>, _: &mut [Candidate]) {
            unreachable!()
        }
        fn outputs_differ(&mut self, _: &Walk, _: Place<'_>) -> bool {
            unreachable!()
        }
    }

    fn exact(x: f64) -> Rational {
        rational(x).unwrap()
    }

    /// A pseudorandom double in (0, 1) with 53 bits.
    fn random(state: &mut u64) -> f64 {
        *state = crate::exact::random::next(*state);
        ((*state >> 11) | 1) as f64 / (1u64 << 53) as f64
    }

    /// The truth is a line whose distance from the model is at most the error. The window contains its zero, with room for the four
    /// roundings of a comparison, and the jump is at least the model's value where the crossing is.
    #[test]
    fn windows_and_jumps_have_room_for_all_roundings() {
        let layer = Layer::from_f64(DMatrix::from_element(1, 1, 1.0), DVector::zeros(1));
        let plan = Plan::new(&Stack::new(vec![layer]).unwrap(), Thresholds::default());
        let (mut state, mut rounding, mut residual) = (1, 0.0f64, 0.0f64);
        for round in 0..20_000 {
            let from = if round % 2 == 0 { 0.0 } else { random(&mut state) * 2f64.powi(-8) };
            let to = 1.0 - random(&mut state) * 2f64.powi(-1 - round % 9);
            let slope = 2f64.powi(round % 5) * (1.0 + random(&mut state)) * if round % 3 == 0 { -1.0 } else { 1.0 };
            let start = -slope * (to - from) * random(&mut state) * 2f64.powi(-(round % 20));
            let error = if round % 4 == 0 { 0.0 } else { 2f64.powi(-45) * slope.abs() };
            let end = slope.mul_add(to - from, start);
            if !(start.abs() > error && end.abs() > error && (start > 0.0) != (end > 0.0)) {
                continue;
            }
            let signs = |value: f64| [u64::from(value > 0.0)];
            let (mut walk, mut next) = (Walk::default(), Merge::default());
            let piece = Piece { place: Place { layer: 0, k: 0, order: &[0, 1] }, from, to, error };
            walk.find_crossings::<true>(&plan.layers[0], &piece, [&signs(start), &signs(end)], [&[end], &[slope]], &mut next, &mut Unasked);
            let (mark, jump) = (walk.marks[0], next.jumps[0]);
            for moved in [-error, error] {
                let zero = exact(from) - (exact(start) + exact(moved)) / exact(slope);
                let distance = (exact(mark.at) - zero).abs();
                assert!(distance.clone() + exact(4.0 * U) <= exact(mark.half), "{start} + {slope} (t - {from}): {mark:?}");
                rounding = rounding.max((distance - exact(error) / exact(slope).abs()).to_f64());
            }
            let value = (exact(start) + exact(slope) * (exact(mark.at) - exact(from))).abs();
            assert!(value <= exact(jump), "{start} + {slope} (t - {from}): {mark:?} {jump}");
            residual = residual.max((value / exact(jump)).to_f64());
        }
        assert!(rounding > 2.0 * U && residual > 0.1, "{:.2} u, {residual}", rounding / U);
    }
}
