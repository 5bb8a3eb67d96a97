//! Vertices at which units are 0 on edges: their pre-activations are interpolated between those of two others.

use super::super::balls::{LOOSE, Mixture};
use super::super::exact::Place;
use super::super::far::{Weights, certain_sign};
use super::super::layer::{Values, largest_lane};
use super::super::topology::{Mask, units_of};
use super::{Signs, balls};
use crate::exact::bound::{TINY, U, round_up};
use crate::exact::lanes::{Lanes, dispatch};
use crate::exact::nearest_f64;
use crate::network::lowered::STAGE;
use rug::Rational;
use std::cmp::Ordering;

impl Signs {
    /// Adds the vertex at which a unit is 0 on an edge.
    ///
    /// The base is a segment that contains the edge, on which all units of the layer are affine; `mixed` are the units that cut the edge.
    pub(in super::super) fn cut(&mut self, ends: [u32; 2], base: [u32; 2], unit: u32, mixed: u64) -> u32 {
        let [p, q] = ends.map(|v| self.masks[v as usize]);
        let index = self.stage * STAGE + unit as usize;
        let vertex = self.len() as u32;
        // The base may have the direction of the edge or the opposite one.
        let base = if self.masks[base[0] as usize].pos >> unit & 1 == 1 { base } else { [base[1], base[0]] };
        self.exact.push(Place::Cut { layer: self.layer, p: base[0], q: base[1], unit: self.kept.results[index] });
        self.interpolate(vertex, base, index);
        // Inside the edge a unit has the sign that it has at either end, unless it cuts the edge.
        let pure = Mask { pos: (p.pos | q.pos) & !mixed, neg: (p.neg | q.neg) & !mixed };
        let (mut mask, mut doubtful) = (pure, 0);
        let (error, first) = (self.error(vertex as usize), self.stage * STAGE);
        let row = &self.rows.row(vertex as usize)[first..];
        let at_infinity = self.is_at_infinity(vertex);
        for i in units_of(mixed & !(1 << unit)) {
            let known = if at_infinity { self.value(vertex as usize, first + i).sign() } else { certain_sign(row[i], error) };
            match known {
                Some(Ordering::Greater) => mask.pos |= 1 << i,
                Some(Ordering::Less) => mask.neg |= 1 << i,
                Some(Ordering::Equal) => {}
                None => {
                    doubtful |= 1 << i;
                    continue;
                }
            }
            self.decisions.filtered += 1;
        }
        self.settle(vertex, doubtful, &mut mask);
        self.masks.push(mask);
        // A result that is constant at both ends of an edge on which it is affine is constant on the edge.
        let words = self.constant_words(0).len();
        for word in 0..words {
            let [p, q] = ends.map(|v| self.constant_results[v as usize * words + word]);
            self.constant_results.push(p & q);
        }
        for word in &mut self.active {
            // Units of finished words do not cut the edge any more.
            let bits = word[ends[0] as usize] | word[ends[1] as usize];
            word.push(bits);
        }
        vertex
    }

    /// The pre-activations at the zero of a unit between two vertices, between which they are affine.
    fn interpolate(&mut self, vertex: u32, [p, q]: [u32; 2], unit: usize) {
        if self.exact_only {
            self.push_unknown();
            self.weights.push(Weights { error: f64::INFINITY, ..Weights::default() });
        } else if self.is_at_infinity(p) || self.is_at_infinity(q) {
            return self.interpolate_at_infinity(vertex, [p, q], unit);
        } else if !self.interpolate_in_doubles(p as usize, q as usize, unit) && !self.interpolate_in_balls(vertex) {
            self.push_exact(vertex);
            let of_unit = self.kept.results[unit] as usize;
            let (a, b) = (self.exact.value(p, self.layer, of_unit), self.exact.value(q, self.layer, of_unit));
            let gap = Rational::from(&a - &b);
            let (of_p, of_q) = (nearest_f64(&(-b / &gap)), nearest_f64(&(a / gap)));
            self.weights.push(Weights { of_p, of_q, error: 8.0 * U, ..Weights::default() });
        }
        if let Some(far) = &mut self.far {
            far.push(0, None);
        }
    }

    /// The pre-activations at a vertex, computed in integers.
    pub(super) fn push_exact(&mut self, vertex: u32) {
        let (results, all) = (&self.kept.results, &self.exponents[self.layer + 1]);
        let exponents: Vec<i32> = results.iter().map(|&i| all[i as usize]).collect();
        let row = balls(&self.exact.values(vertex, self.layer, results), &exponents);
        if let Some(balls) = &mut self.balls {
            results.iter().zip(&row).for_each(|(&i, ball)| balls.learn(vertex, self.layer, i as usize, *ball));
        }
        self.rows.push_balls(&row);
    }

    /// Adds a vertex without pre-activations: every decision is left to integers.
    pub(super) fn push_unknown(&mut self) {
        self.rows.push(&[], f64::INFINITY);
    }

    /// Interpolates with one bound for each value; `false` if the bounds would be too large.
    fn interpolate_in_balls(&mut self, vertex: u32) -> bool {
        let Some(balls) = &mut self.balls else { return false };
        let found = balls.cut_row(&self.exact.places, vertex, self.layer, &self.kept.results);
        let Some((row, Mixture { of_p, of_q, error })) = found else { return false };
        self.rows.push_balls(&row);
        self.weights.push(Weights { of_p, of_q, error: round_up(error + 8.0 * U), ..Weights::default() });
        true
    }

    /// Interpolates in doubles with one bound for the row; `false` if it would be too large.
    ///
    /// Let a > 0 > b be the unit's values at p and q, e and f the bounds on the errors there, s = -b / (a - b) and t = a / (a - b). The true t
    /// differs by at most (s e + t f) / (true a - b), and the true a - b is at least a - b - e - f. So the error of s z(p) + t z(q) is at most
    /// w + w (r + e + f) / (a - b - e - f), where w = s e + t f and r is the largest |z(q) - z(p)|, plus the rounding of s and t (2 u each), of
    /// the products and of the sum, for which 8 u (s |z(p)| + t |z(q)|) is sufficient. Since r is at least a - b, the quotient does not
    /// underflow; the smallest normal number covers an underflow of w. If s and t are above TINY, they have not underflowed.
    fn interpolate_in_doubles(&mut self, p: usize, q: usize, unit: usize) -> bool {
        let Values { stride, values, errors, sizes } = &mut self.rows;
        let (e, f) = (errors[p], errors[q]);
        let (a, b) = (values[p * *stride + unit], values[q * *stride + unit]);
        let gap = a - b;
        let (of_p, of_q) = (-b / gap, a / gap);
        if !(a > e && b < -f && gap > 4.0 * (e + f) && of_p > TINY && of_q > TINY) {
            return false;
        }
        let end = values.len();
        values.resize(end + *stride, 0.0);
        let (old, new) = values.split_at_mut(end);
        let (size, range) = combine(self.instructions, &old[p * *stride..][..*stride], &old[q * *stride..][..*stride], of_p, of_q, new);
        let inherited = of_p * e + of_q * f + f64::MIN_POSITIVE;
        let rest = gap - e - f;
        let error = round_up(inherited + inherited * ((range + e + f) / rest) + 8.0 * U * (of_p * sizes[p] + of_q * sizes[q]) + TINY);
        let tight = error < LOOSE * size;
        if tight {
            new[unit] = 0.0;
            errors.push(error);
            sizes.push(size);
            self.weights.push(Weights { of_p, of_q, error: round_up(inherited / rest + 8.0 * U), ..Weights::default() });
        } else {
            values.truncate(end);
        }
        tight
    }
}

dispatch! {
    /// Computes out = `of_p` p + `of_q` q, and returns the largest magnitude of it and of q - p.
    fn combine(p: &[f64], q: &[f64], of_p: f64, of_q: f64, out: &mut [f64]) -> (f64, f64) = combine_in
}

#[inline(always)]
fn combine_in<L: Lanes>(p: &[f64], q: &[f64], of_p: f64, of_q: f64, out: &mut [f64]) -> (f64, f64) {
    let (mut size, mut range) = (L::splat(0.0), L::splat(0.0));
    let (s, t) = (L::splat(of_p), L::splat(of_q));
    let vectors = p.as_chunks::<8>().0.iter().zip(q.as_chunks::<8>().0).zip(out.as_chunks_mut::<8>().0);
    for ((p, q), out) in vectors {
        let (p, q) = (L::load(p), L::load(q));
        let x = s.mul_add(p, t.mul(q));
        size = x.abs().max(size);
        range = q.sub(p).abs().max(range);
        x.store(out);
    }
    (largest_lane(size), largest_lane(range))
}

#[cfg(test)]
mod tests {
    use super::super::super::domain::Domain;
    use super::*;
    use crate::exact::rational;
    use crate::network::lowered::Lowered;
    use crate::network::{Layer, Network};
    use nalgebra::{dmatrix, dvector};
    use std::sync::Arc;

    fn exact(x: f64) -> Rational {
        rational(x).unwrap()
    }

    /// Two vertices with these values, the first of which is that of the unit, and with bounds on their errors.
    fn signs(p: ([f64; 2], f64), q: ([f64; 2], f64)) -> Signs {
        let network = Network::new(vec![Layer::from_f64(dmatrix![1.0], dvector![0.0])]).unwrap();
        let steps = Arc::new(Lowered::of_stack(network.stack().unwrap()));
        let mut signs = Signs::new(&steps, &Domain::parse_box("0,1", 1).unwrap().polytope(&steps), false);
        signs.rows = Values { stride: 8, ..Values::default() };
        [p, q].iter().for_each(|(values, error)| signs.rows.push(values, *error));
        signs
    }

    /// The largest error of the value between two vertices, and of its weights, relative to their bounds, if the values at the ends have
    /// the largest errors that are allowed.
    fn worst(p: ([f64; 2], f64), q: ([f64; 2], f64)) -> [f64; 2] {
        let mut signs = signs(p, q);
        assert!(signs.interpolate_in_doubles(0, 1, 0), "{p:?} {q:?}");
        let (value, bound, weights) = (signs.rows.row(2)[1], signs.rows.errors[2], *signs.weights.last().unwrap());
        let mut worst = [0.0f64; 2];
        for signs in 0..16 {
            let moved = |x: f64, e: f64, k: i32| exact(x) + exact(if signs >> k & 1 == 1 { e } else { -e });
            let (a, b) = (moved(p.0[0], p.1, 0), moved(q.0[0], q.1, 1));
            let (y, z) = (moved(p.0[1], p.1, 2), moved(q.0[1], q.1, 3));
            let of_q = &a / (a.clone() - b);
            let truth = &y + (z - y.clone()) * &of_q;
            let ratios = [(truth - exact(value)).abs() / exact(bound), (of_q - exact(weights.of_q)).abs() / exact(weights.error)];
            worst.iter_mut().zip(ratios).for_each(|(worst, ratio)| *worst = worst.max(ratio.to_f64()));
        }
        assert!(worst.iter().all(|&ratio| ratio <= 1.0), "{p:?} {q:?}: {worst:?}");
        worst
    }

    #[test]
    fn a_vertex_inherits_the_errors_of_both_its_neighbours() {
        let small = 2f64.powi(-26);
        for (gap, reach) in [(1.0, 1.0), (1.0, 20.0), (0.25, -8.0), (3.0, 3.0)] {
            for part in [0.5, 0.25, 0.875] {
                for errors in [[small, small], [small, 0.0], [0.0, small]] {
                    let (a, b) = (gap * part, gap * (part - 1.0));
                    let ratios = worst(([a, reach], errors[0]), ([b, -0.5 * reach], errors[1]));
                    assert!(ratios.iter().all(|&ratio| ratio > 0.5), "{gap} {reach} {part} {errors:?}: {ratios:?}");
                }
            }
        }
    }

    #[test]
    fn a_vertex_is_rounded_by_less_than_its_bound_says() {
        let (mut state, mut most) = (1u64, [0.0f64; 2]);
        let mut random = || {
            state = crate::exact::random::next(state);
            1.0 + (state >> 12) as f64 / (1u64 << 52) as f64
        };
        for _ in 0..2000 {
            let ratios = worst(([random(), random()], 0.0), ([-random(), random()], 0.0));
            most.iter_mut().zip(ratios).for_each(|(most, ratio)| *most = most.max(ratio));
        }
        assert!(most.iter().all(|&ratio| ratio > 0.1), "{most:?}");
    }

    #[test]
    fn nearest_rows_are_as_near_as_they_say() {
        let half_a_place: Rational = Rational::from(1) + (Rational::from(1) << -53) - (Rational::from(1) << -80);
        for numbers in [vec![half_a_place.clone(), Rational::from(-3)], vec![Rational::from((1, 3)); 2], vec![half_a_place << -1060]] {
            let (row, error) = super::super::nearest_row(&numbers);
            for (x, number) in row.iter().zip(&numbers) {
                assert!((exact(*x) - number).abs() <= exact(error), "{x}: {error}");
            }
        }
        assert_eq!(super::super::nearest_row(&[Rational::from((5, 8))]), (vec![0.625], 0.0));
    }
}
