//! Balls: real numbers enclosed by a midpoint and a radius.

use super::number::{Number, TINY};
use rug::Rational;
use std::cmp::Ordering;
use std::ops::{Add, Mul, Neg, Sub};

/// All real numbers within `rad` of `mid`. Where either is not finite or NaN, the ball says nothing.
///
/// Every operation gives a ball that contains the result for all numbers in its operands (proofs/smooth.md, section 1). A ball of radius 0
/// is exact.
#[derive(Clone, Debug)]
pub(super) struct Ball<N> {
    pub mid: N,
    pub rad: f64,
}

/// An upper bound, from a result that was computed from nonnegative numbers with at most 64 rounded operations; 0 stays 0.
pub(super) fn up(x: f64) -> f64 {
    if x == 0.0 { 0.0 } else { x * (1.0 + 1.0 / 35_184_372_088_832.0) + TINY } // 2^-45
}

/// The exponential of a nonnegative number, from above.
pub(super) fn exp_up(x: f64) -> f64 {
    // exp(x) <= 1 + x + x^2 for 0 <= x <= 1.79.
    if x <= 0.5 { up(1.0 + x + x * x) } else { up(core_math::exp(x).next_up()) }
}

impl<N: Number> Ball<N> {
    pub fn exact(mid: N) -> Self {
        Self { mid, rad: 0.0 }
    }

    pub fn of_rational(like: &N, q: &Rational) -> Self {
        let mid = like.nearest(q);
        if mid.to_rational().is_some_and(|r| r == *q) { Self::exact(mid) } else { Self::rounded(mid, 0.0) }
    }

    /// A ball around a result that was rounded once, with a radius that was known before.
    pub fn rounded(mid: N, rad: f64) -> Self {
        let rad = up(rad + mid.size() * mid.roundoff() + TINY);
        Self { mid, rad }
    }

    /// The ball around everything that says nothing.
    pub fn unknown(like: &N) -> Self {
        Self { mid: like.like(0.0), rad: f64::INFINITY }
    }

    pub fn constant(&self, x: f64) -> Self {
        Self::exact(self.mid.like(x))
    }

    /// The same midpoint with a radius that is larger.
    pub fn widened(&self, by: f64) -> Self {
        Self { mid: self.mid.clone(), rad: up(self.rad + by) }
    }

    pub fn is_zero(&self) -> bool {
        self.rad == 0.0 && self.mid.size() == 0.0
    }

    pub fn is_finite(&self) -> bool {
        self.rad.is_finite() && self.mid.size().is_finite()
    }

    /// An upper bound of the magnitude.
    pub fn size(&self) -> f64 {
        up(self.mid.size() + self.rad)
    }

    /// Whether all numbers are above 0.
    pub fn is_positive(&self) -> bool {
        // Rounded down, a positive midpoint of MPFR below the doubles is 0.
        !self.mid.is_negative() && self.is_finite() && self.mid.below() > self.rad
    }

    pub fn is_negative(&self) -> bool {
        self.mid.is_negative() && self.is_finite() && -self.mid.above() > self.rad
    }

    /// Doubles around the ball.
    pub fn bounds(&self) -> (f64, f64) {
        if self.rad == 0.0 {
            return (self.mid.below(), self.mid.above());
        }
        ((self.mid.below() - self.rad).next_down(), (self.mid.above() + self.rad).next_up())
    }

    /// Numbers of the same precision at or outside the ends of the ball.
    pub fn ends(&self) -> [N; 2] {
        let reach = up(self.rad + 4.0 * self.mid.roundoff() * (self.mid.size() + self.rad) + TINY);
        [-reach, reach].map(|by| self.mid.add(&self.mid.like(by)))
    }

    /// The sign of all numbers, if it is the same. It is 0 only for the number 0 itself.
    pub fn sign(&self) -> Option<Ordering> {
        match self {
            _ if self.is_zero() => Some(Ordering::Equal),
            _ if self.is_positive() => Some(Ordering::Greater),
            _ if self.is_negative() => Some(Ordering::Less),
            _ => None,
        }
    }

    /// The ball around an interval of doubles.
    pub fn around(like: &N, lo: f64, hi: f64) -> Self {
        let mid = 0.5 * lo + 0.5 * hi;
        Self { rad: up((hi - mid).max(mid - lo).max(0.0)), mid: like.like(mid) }
    }

    /// The numbers that are also between two doubles, of which there is at least one.
    pub fn clipped(self, lo: f64, hi: f64) -> Self {
        if !self.is_finite() {
            return Self::around(&self.mid, lo, hi);
        }
        let (low, high) = self.bounds();
        if low >= lo && high <= hi {
            return self;
        }
        // A ball of more bits than doubles have may be narrower than doubles around it.
        let clipped = Self::around(&self.mid, low.max(lo).min(hi), high.min(hi).max(lo));
        if clipped.rad < self.rad { clipped } else { self }
    }

    /// The smallest ball of doubles around two balls.
    pub fn hull(&self, other: &Self) -> Self {
        if !self.is_finite() || !other.is_finite() {
            return Self::unknown(&self.mid);
        }
        let ((a, b), (c, d)) = (self.bounds(), other.bounds());
        Self::around(&self.mid, a.min(c), b.max(d))
    }

    /// The quotient; says nothing where the divisor may be 0.
    pub fn over(self, divisor: &Self) -> Self {
        let (low, high) = divisor.bounds();
        if !(low > 0.0 || high < 0.0) || !divisor.is_finite() {
            return Self::unknown(&self.mid);
        }
        if self.is_zero() {
            return self;
        }
        let least = if low > 0.0 { low } else { -high };
        // |a/b - m/n| <= (r + |m/n| s) / |b| for |a - m| <= r, |b - n| <= s.
        let mid = self.mid.div(&divisor.mid);
        let rad = if self.rad == 0.0 && divisor.rad == 0.0 {
            0.0
        } else {
            up(up(self.rad + up(mid.size() * (1.0 + 1e-9) + TINY) * divisor.rad + TINY) / least + TINY)
        };
        Self::rounded(mid, rad)
    }
}

impl<N: Number> Add for Ball<N> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        if self.is_zero() {
            return other;
        }
        if other.is_zero() {
            return self;
        }
        Self::rounded(self.mid.add(&other.mid), self.rad + other.rad)
    }
}

impl<N: Number> Sub for Ball<N> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl<N: Number> Neg for Ball<N> {
    type Output = Self;
    fn neg(self) -> Self {
        Self { mid: self.mid.neg(), rad: self.rad }
    }
}

impl<N: Number> Mul for Ball<N> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        if self.is_zero() {
            return self;
        }
        if other.is_zero() {
            return other;
        }
        let rad = self.mid.size() * other.rad + other.mid.size() * self.rad + self.rad * other.rad;
        Self::rounded(self.mid.mul(&other.mid), rad + TINY)
    }
}
