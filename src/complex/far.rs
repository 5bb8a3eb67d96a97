//! Vertices at infinity: of the whole space, the domain is a simplex of a size beyond all bounds, and what lies on its sides moves with it.
//!
//! A vertex on a side is affine in the size M, and so is every pre-activation there: a slope times M, plus a constant. Its sign is that of the slope, and of the
//! constant where the slope is 0. In doubles both are known with bounds (proofs/complex.md, section 4); integers take the size as a number that is large enough.

use super::layer::Values;
use crate::exact::bound::{TINY, U, round_up};
use std::cmp::Ordering;

/// No place.
const NONE: u32 = u32::MAX;

/// Quotients by less than this are left to integers, so that nothing overflows or underflows that matters.
const SMALL: f64 = f64::from_bits((1023 - 300) << 52); // 2^-300

/// The vertices at infinity, and the slopes of the pre-activations there.
#[derive(Default)]
pub(super) struct Far {
    /// For each vertex the sides of the domain that it lies on.
    sides: Vec<u32>,
    /// For each vertex the place of its row of slopes.
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

    /// One vertex more; one that lies on sides has slopes, with a bound of their errors.
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

    /// The place of the slopes of a vertex at infinity.
    #[inline]
    pub(super) fn place(&self, vertex: usize) -> Option<usize> {
        let place = self.places[vertex];
        (place != NONE).then_some(place as usize)
    }

    /// The sides that the segment between two vertices lies on.
    pub(super) fn shared_sides(&self, p: u32, q: u32) -> u32 {
        self.sides[p as usize] & self.sides[q as usize]
    }

    /// The words of the vertices at infinity, of some words a vertex.
    pub(super) fn words(&self, all: &[u64]) -> Vec<u64> {
        let words = all.len() / self.places.len().max(1);
        (0..self.places.len()).filter(|&v| self.places[v] != NONE).flat_map(|v| &all[v * words..][..words]).copied().collect()
    }
}

/// One value in doubles: a slope times the size and a constant, each with a bound of its error.
#[derive(Clone, Copy, Debug)]
pub(super) struct Affine {
    pub slope: f64,
    pub slope_error: f64,
    pub constant: f64,
    pub error: f64,
}

impl Affine {
    /// The sign, `None` where the bounds leave it open.
    #[inline]
    pub(super) fn sign(self) -> Option<Ordering> {
        match certain_sign(self.slope, self.slope_error) {
            Some(Ordering::Equal) => certain_sign(self.constant, self.error),
            known_or_not => known_or_not,
        }
    }
}

/// The sign of a number that is known with a bound of its error, `None` where that leaves it open.
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

/// How a vertex came to be cut off a segment pq: it is `of_p` p + `of_q` q, where both ends or none move; if one or both move and it does not, plus
/// `shift` times the difference of the slopes, q's minus p's.
///
/// `error` bounds how wrong either weight is, `shift_error` how wrong the shift is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weights {
    pub of_p: f64,
    pub of_q: f64,
    pub error: f64,
    pub shift: f64,
    pub shift_error: f64,
}

impl Weights {
    /// Where a unit vanishes that has the value a at p and b at q, one of which is at infinity; a is positive and b negative.
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
        // A weight of 0 that is known to be 0 is exact, and so is the other.
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

    /// What is affine on the segment, at the vertex: its constants there and a bound of their errors, from constants and slopes at both ends.
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

    /// The mean of two rows by the weights, and a bound of the error.
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

/// A row of doubles, the largest magnitude in it, and a bound of the error of each. An empty row is one of zeros.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row<'a> {
    pub values: &'a [f64],
    pub size: f64,
    pub error: f64,
}

impl<'a> Row<'a> {
    /// A row of many.
    pub(super) fn of(all: &'a Values, place: usize) -> Self {
        Self { values: all.row(place), size: all.sizes[place], error: all.errors[place] }
    }

    /// Whether it is 0 and known to be.
    pub(super) fn vanishes(&self) -> bool {
        self.size == 0.0 && self.error == 0.0
    }
}
