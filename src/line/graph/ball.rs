//! Doubles with a bound of their error, and the forms b + a t made of them: proofs/filter.md, section 13.
//!
//! An error of 0 says that the double is exact. Errors are summed in doubles, and every sum is finished by [`Ball::settled`], which makes up for
//! the rounding of fewer than 2^30 additions and for what underflow loses.

use super::plan::SMALL;
use crate::exact::bound::{U, gamma, round_up};
use std::cmp::Ordering;

/// A number within `e` of `x`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ball {
    pub x: f64,
    pub e: f64,
}

impl Ball {
    pub const fn exact(x: f64) -> Self {
        Self { x, e: 0.0 }
    }

    /// The sign, if it is certain.
    #[inline]
    pub fn sign(self) -> Option<Ordering> {
        if self.x > self.e {
            Some(Ordering::Greater)
        } else if -self.x > self.e {
            Some(Ordering::Less)
        } else if self.x == 0.0 && self.e == 0.0 {
            Some(Ordering::Equal)
        } else {
            None
        }
    }

    /// What a sum of `terms` products takes of it: with |w| `margin` for each, the bound covers its error, that of a weight that is
    /// only the nearest double of its number, and the rounding of the product and of the sum.
    #[inline(always)]
    pub fn margin(self, dyadic: bool, terms: usize) -> f64 {
        let near = if dyadic { 0.0 } else { 2.0 * U };
        if self.x == 0.0 && self.e == 0.0 { 0.0 } else { self.e + (gamma(terms + 4) + near) * (self.x.abs() + self.e) }
    }

    /// The product with a number.
    pub fn times(self, w: f64, dyadic: bool) -> Self {
        Self { x: w * self.x, e: w.abs() * self.margin(dyadic, 1) }.settled()
    }

    /// The bound of a sum, made a bound again.
    #[inline(always)]
    pub fn settled(self) -> Self {
        let e = if self.e == 0.0 { 0.0 } else { round_up(self.e) + SMALL };
        Self { x: self.x, e }
    }

    pub fn minus(self, other: Self) -> Self {
        let x = self.x - other.x;
        Self { x, e: self.e + other.e + if self.e + other.e == 0.0 && x == 0.0 { 0.0 } else { U * x.abs() } }.settled()
    }
}

/// A form b + a t.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct BallForm {
    pub b: Ball,
    pub a: Ball,
}

/// A time within `half` of `at`, in [0, 1].
#[derive(Clone, Copy, Debug)]
pub(super) struct BallTime {
    pub at: f64,
    pub half: f64,
}

impl BallForm {
    /// The value at a time.
    #[inline]
    pub fn at(&self, t: BallTime) -> Ball {
        let step = self.a.x * t.at;
        let x = self.b.x + step;
        if self.a == Ball::default() {
            return self.b;
        }
        Ball { x, e: self.b.e + t.at * self.a.e + t.half * (self.a.x.abs() + self.a.e) + U * (step.abs() + x.abs()) }.settled()
    }

    /// Where the form has a value, for a slope whose sign is certain and not 0: the two ends of an enclosure.
    #[inline]
    pub fn time_of(&self, value: Ball) -> (f64, f64) {
        let rise = value.minus(self.b);
        let at = rise.x / self.a.x;
        // |r/a - r'/a'| <= (|r - r'| + |r/a| |a - a'|) / |a'|, and the rounding of the quotient.
        let half = (rise.e + at.abs() * self.a.e) / (self.a.x.abs() - self.a.e);
        let half = round_up(half + 4.0 * U * at.abs()) + SMALL;
        (at - half, at + half)
    }
}

/// (a - a0) where the slope of a form turned from a0 to a at a time: the constant turns the other way.
#[inline(always)]
pub(super) fn turn(form: &mut BallForm, change: Ball, t: BallTime) {
    let a = form.a.x + change.x;
    form.a = Ball { x: a, e: form.a.e + change.e + U * a.abs() }.settled();
    let step = t.at * change.x;
    let b = form.b.x - step;
    form.b = Ball { x: b, e: form.b.e + t.at * change.e + t.half * (change.x.abs() + change.e) + U * (step.abs() + b.abs()) }.settled();
}
