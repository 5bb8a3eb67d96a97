//! Vertices at infinity. The whole space is represented by a simplex of unbounded size M, and its faces move with M.
//!
//! A vertex on a side is affine in M, and so is every pre-activation there: a slope times M plus a constant. Its sign is that of the slope,
//! or of the constant if the slope is 0. In doubles both have bounds (proofs/complex.md, section 4); in integers M is a number that is
//! large enough.

use super::layer::Values;
use crate::exact::bound::{TINY, U, round_up};
use std::cmp::Ordering;

/// Marks that there is no row of slopes.
const NONE: u32 = u32::MAX;

/// Quotients with smaller divisors are left to integers, so that no relevant overflow or underflow occurs.
const SMALL: f64 = f64::from_bits((1023 - 300) << 52); // 2^-300

/// The vertices at infinity, and the slopes of the pre-activations there.
#[derive(Default)]
pub(super) struct Far {
    /// For each vertex, the sides of the domain that contain it.
    sides: Vec<u32>,
    /// For each vertex, the position of its row of slopes.
    places: Vec<u32>,
    pub slopes: Values,
}

impl Far {
    /// The corners of the domain, each with the slopes of its coordinates.
    pub(super) fn new(sides: &[u32], slopes: &[Vec<f64>], dimension: usize) -> Self {
        let mut far = Self { slopes: Values { stride: dimension, ..Values::default() }, ..Self::default() };
        sides.iter().zip(slopes).for_each(|(&sides, slopes)| far.push(sides, Some((slopes, 0.0))));
        far
    }

    /// Adds a vertex. A vertex on sides has slopes, with a bound on their errors.
    pub(super) fn push(&mut self, sides: u32, slopes: Option<(&[f64], f64)>) {
        self.sides.push(sides);
        self.places.push(if slopes.is_some() { self.slopes.errors.len() as u32 } else { NONE });
        if let Some((slopes, error)) = slopes {
            self.slopes.push(slopes, error);
        }
    }

    pub(super) fn truncate(&mut self, vertices: usize) {
        let gone = self.places[vertices..].iter().filter(|&&place| place != NONE).count();
        self.slopes.truncate(self.slopes.errors.len() - gone);
        self.sides.truncate(vertices);
        self.places.truncate(vertices);
    }

    /// The position of the slopes of a vertex at infinity.
    #[inline]
    pub(super) fn place(&self, vertex: usize) -> Option<usize> {
        let place = self.places[vertex];
        (place != NONE).then_some(place as usize)
    }

    /// The sides that contain the segment between two vertices.
    pub(super) fn shared_sides(&self, p: u32, q: u32) -> u32 {
        self.sides[p as usize] & self.sides[q as usize]
    }

    /// The words of the vertices at infinity, from the words of all vertices.
    pub(super) fn words(&self, all: &[u64]) -> Vec<u64> {
        let words = all.len() / self.places.len().max(1);
        (0..self.places.len()).filter(|&v| self.places[v] != NONE).flat_map(|v| &all[v * words..][..words]).copied().collect()
    }
}

/// A value in doubles: a slope times the size plus a constant, each with a bound on its error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Affine {
    pub slope: f64,
    pub slope_error: f64,
    pub constant: f64,
    pub error: f64,
}

impl Affine {
    /// The sign, `None` if the bounds do not determine it.
    #[inline]
    pub(super) fn sign(self) -> Option<Ordering> {
        match certain_sign(self.slope, self.slope_error) {
            Some(Ordering::Equal) => certain_sign(self.constant, self.error),
            known_or_not => known_or_not,
        }
    }
}

/// The sign of a number with a bound on its error, `None` if the bound does not determine it.
#[inline]
pub(super) fn certain_sign(x: f64, error: f64) -> Option<Ordering> {
    if x > error {
        Some(Ordering::Greater)
    } else if x < -error {
        Some(Ordering::Less)
    } else {
        (x == 0.0 && error == 0.0).then_some(Ordering::Equal)
    }
}

/// The position of a vertex that was cut off a segment pq: it is `of_p` p + `of_q` q if both ends or none are at infinity. If one or both
/// of them are and the vertex is not, `shift` times the difference of the slopes, those of q minus those of p, is added.
///
/// `error` bounds the error of either weight, `shift_error` that of the shift.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weights {
    pub of_p: f64,
    pub of_q: f64,
    pub error: f64,
    pub shift: f64,
    pub shift_error: f64,
}

impl Weights {
    /// The zero of a unit with the values a > 0 at p and b < 0 at q, where p or q is at infinity.
    pub(super) fn between(a: Affine, b: Affine) -> Option<Self> {
        let still = |x: Affine| x.slope == 0.0 && x.slope_error == 0.0;
        let parallel = still(a) && still(b);
        let [(x, e), (y, f)] = [a, b].map(|x| if parallel { (x.constant, x.error) } else { (x.slope, x.slope_error) });
        let gap = x - y;
        let rest = gap - e - f;
        if !(gap > 4.0 * (e + f) && gap > SMALL) {
            return None;
        }
        let mut weights = Self { of_p: -y / gap, of_q: x / gap, ..Self::default() };
        let [of_p, of_q] = [weights.of_p.abs(), weights.of_q.abs()];
        // A weight that is exactly 0 has no error, and neither has the other weight.
        let is_exact = !parallel && (still(a) || still(b));
        weights.error = if is_exact { 0.0 } else { round_up((of_p * e + of_q * f) / rest + 8.0 * U) };
        if !parallel {
            let sum = weights.of_p * a.constant + weights.of_q * b.constant;
            let size = of_p * a.constant.abs() + of_q * b.constant.abs();
            let of_weights = weights.error * (a.constant.abs() + b.constant.abs() + a.error + b.error);
            let error = of_p * a.error + of_q * b.error + of_weights + 8.0 * U * size + TINY;
            weights.shift = sum / gap;
            weights.shift_error = round_up((error + weights.shift.abs() * (e + f)) / rest + 8.0 * U * weights.shift.abs() + TINY);
        }
        Some(weights)
    }

    /// The constants at the vertex of functions that are affine on the segment, with a bound on their errors, from constants and slopes at
    /// both ends.
    pub(super) fn constants(&self, p: [Row<'_>; 2], q: [Row<'_>; 2]) -> (Vec<f64>, f64) {
        let ([p, of_p], [q, of_q]) = (p, q);
        let (mut row, error) = self.mix(p, q);
        let range = of_p.size + of_q.size;
        if self.shift != 0.0 {
            row.iter_mut().zip(of_q.values).for_each(|(x, y)| *x += self.shift * y);
            row.iter_mut().zip(of_p.values).for_each(|(x, y)| *x -= self.shift * y);
        }
        let of_slopes = of_p.error + of_q.error;
        let of_shift = self.shift_error * (range + of_slopes) + self.shift.abs() * of_slopes;
        let rounding = 8.0 * U * (self.of_p.abs() * p.size + self.of_q.abs() * q.size + 2.0 * self.shift.abs() * range);
        (row, round_up(error + of_shift + rounding))
    }

    /// The weighted mean of two rows, and a bound on its error.
    pub(super) fn mix(&self, p: Row<'_>, q: Row<'_>) -> (Vec<f64>, f64) {
        let len = p.values.len().max(q.values.len());
        let mut row = vec![0.0; len];
        row.iter_mut().zip(p.values).for_each(|(x, y)| *x = self.of_p * y);
        row.iter_mut().zip(q.values).for_each(|(x, y)| *x += self.of_q * y);
        let (of_p, of_q) = (self.of_p.abs(), self.of_q.abs());
        let of_weights = self.error * (p.size + q.size + p.error + q.error);
        let rounding = 8.0 * U * (of_p * p.size + of_q * q.size) + TINY;
        (row, round_up(of_p * p.error + of_q * q.error + of_weights + rounding))
    }
}

/// A row of doubles, the largest magnitude in it, and a bound on the error of each. An empty row means zeros.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row<'a> {
    pub values: &'a [f64],
    pub size: f64,
    pub error: f64,
}

impl<'a> Row<'a> {
    /// The row at a position among many.
    pub(super) fn of(all: &'a Values, place: usize) -> Self {
        Self { values: all.row(place), size: all.sizes[place], error: all.errors[place] }
    }

    /// Whether all values of the row are exactly 0.
    pub(super) fn vanishes(&self) -> bool {
        self.size == 0.0 && self.error == 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::rational;
    use rug::Rational;

    /// A number moved by its error in one direction or the other.
    fn moved(x: f64, error: f64, up: bool) -> Rational {
        rational(x).unwrap() + rational(if up { error } else { -error }).unwrap()
    }

    fn row((values, size, error): &([f64; 1], f64, f64)) -> Row<'_> {
        Row { values: &values[..], size: *size, error: *error }
    }

    /// The largest error of slope and constant between two vertices, relative to their bounds. `a` and `b` are the values of the unit at
    /// the two vertices, `p` and `q` those of another function.
    fn worst(a: Affine, b: Affine, p: Affine, q: Affine) -> [f64; 2] {
        let weights = Weights::between(a, b).unwrap();
        let slope = |x: &Affine| ([x.slope], x.slope.abs(), x.slope_error);
        let constant = |x: &Affine| ([x.constant], x.constant.abs(), x.error);
        let [slopes, constants] = [[slope(&p), slope(&q)], [constant(&p), constant(&q)]];
        let mixed = weights.mix(row(&slopes[0]), row(&slopes[1]));
        let joined = weights.constants([row(&constants[0]), row(&slopes[0])], [row(&constants[1]), row(&slopes[1])]);
        let mut worst = [0.0f64; 2];
        for k in 0..256 {
            let number = |x: &Affine, bit: i32| {
                (moved(x.slope, x.slope_error, k >> bit & 1 == 1), moved(x.constant, x.error, k >> (bit + 1) & 1 == 1))
            };
            let [(a1, a0), (b1, b0), (p1, p0), (q1, q0)] = [number(&a, 0), number(&b, 2), number(&p, 4), number(&q, 6)];
            let parallel = a1 == 0 && b1 == 0;
            let gap = if parallel { Rational::from(&a0 - &b0) } else { Rational::from(&a1 - &b1) };
            let of_q = Rational::from(if parallel { &a0 } else { &a1 } / &gap);
            let of_p = Rational::from(1 - &of_q);
            let shift = if parallel { Rational::new() } else { (of_p.clone() * a0 + of_q.clone() * b0) / gap };
            let truth = [of_p.clone() * &p1 + of_q.clone() * &q1, of_p * p0 + of_q * q0 + shift * (q1 - p1)];
            for ((worst, truth), (found, bound)) in worst.iter_mut().zip(truth).zip([&mixed, &joined]) {
                let off = (truth - rational(found[0]).unwrap()).abs();
                assert!(off <= rational(*bound).unwrap(), "{a:?} {b:?} {p:?} {q:?}: off by {} of {bound}", off.to_f64());
                *worst = worst.max((off / rational(*bound).unwrap()).to_f64());
            }
        }
        worst
    }

    #[test]
    fn vertices_at_infinity_inherit_the_errors_of_slopes_and_constants() {
        let affine = |slope: f64, slope_error: f64, constant: f64, error: f64| Affine { slope, slope_error, constant, error };
        let small = 2f64.powi(-26);
        for [e, f] in [[small, 0.0], [0.0, small], [small, small]] {
            for [shift, reach] in [[1.0, 1.0], [8.0, 1.0], [1.0, 8.0], [-8.0, -8.0]] {
                let [a, b] = [affine(1.0, e, shift, f), affine(-1.0, e, shift, f)];
                let [p, q] = [affine(reach, e, reach, f), affine(-reach, e, 2.0 * reach, f)];
                let ratios = worst(a, b, p, q);
                assert!((e == 0.0 || ratios[0] > 0.4) && ratios[1] > 0.25, "{e} {f} {shift} {reach}: {ratios:?}");
            }
            // The position is 0 up to the errors of the slopes, which decide between constants of opposite signs.
            let [a, b] = [affine(1.0, e, 4.0, f), affine(-1.0, e, -4.0, f)];
            let ratios = worst(a, b, affine(8.0, e, 0.0, f), affine(-8.0, e, 0.0, f));
            assert!(ratios[1] > 0.25, "{e} {f}: {ratios:?}");
            // One vertex is not at infinity; or both are, on a line along which the unit has no slope.
            let ratios = worst(affine(0.0, 0.0, 3.0, f), affine(-1.0, e, 1.0, f), affine(0.0, 0.0, 2.0, f), affine(4.0, e, 1.0, f));
            assert!(ratios[1] > 0.25, "{ratios:?}");
            let ratios = worst(affine(0.0, 0.0, 3.0, f), affine(0.0, 0.0, -1.0, f), affine(5.0, e, 2.0, f), affine(-4.0, e, 20.0, f));
            assert!(ratios[1] > 0.25 || f == 0.0, "{ratios:?}");
        }
    }

    #[test]
    fn vertices_at_infinity_are_rounded_by_less_than_their_bounds_say() {
        let mut state = 1u64;
        let mut random = || {
            state = crate::exact::random::next(state);
            1.0 + (state >> 12) as f64 / (1u64 << 52) as f64
        };
        let mut most = [0.0f64; 2];
        for _ in 0..200 {
            let mut number = |sign: f64| Affine { slope: sign * random(), slope_error: 0.0, constant: random(), error: 0.0 };
            let ratios = worst(number(1.0), number(-1.0), number(1.0), number(1.0));
            most.iter_mut().zip(ratios).for_each(|(most, ratio)| *most = most.max(ratio));
        }
        assert!(most.iter().all(|&ratio| ratio > 0.03), "{most:?}");
    }

    #[test]
    fn a_number_at_its_bound_has_no_certain_sign() {
        assert_eq!([1.0, -1.0, 0.0].map(|x| certain_sign(x, 1.0)), [None; 3]);
        assert_eq!([2.0, -2.0].map(|x| certain_sign(x, 1.0)), [Some(Ordering::Greater), Some(Ordering::Less)]);
        assert_eq!([0.0, f64::NAN].map(|x| certain_sign(x, 0.0)), [Some(Ordering::Equal), None]);
    }
}
