//! Affine forms b + a t with integer coefficients, by which uncertain signs are decided.

use super::bound::U;
use super::nearest_f64;
use rug::{Integer, Rational};
use std::cmp::Ordering;

/// The form (b + a t) / scale on one linear piece of a segment, for some scale > 0 that is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Coefficients below 2^121.
    Word { b: i128, a: i128 },
    /// Coefficients of any length.
    Long { b: Integer, a: Integer },
}

impl Form {
    /// The sign of the slope.
    pub(crate) fn slope_sign(&self) -> Ordering {
        match self {
            Self::Word { a, .. } => a.cmp(&0),
            Self::Long { a, .. } => a.cmp0(),
        }
    }

    /// The sign of the form at the start of the segment, t = 0.
    pub(crate) fn sign_at_start(&self) -> Ordering {
        match self {
            Self::Word { b, .. } => b.cmp(&0),
            Self::Long { b, .. } => b.cmp0(),
        }
    }

    /// The difference of two forms with the same scale.
    pub(crate) fn minus(&self, other: &Self) -> Self {
        match (self, other) {
            // Both are below 2^120, so the difference is below 2^121.
            (Self::Word { b, a }, Self::Word { b: y, a: x }) => Self::Word { b: b - y, a: a - x },
            _ => {
                let ((b, a), (y, x)) = (self.long(), other.long());
                Self::Long { b: b - y, a: a - x }
            }
        }
    }

    /// The form minus numerator / denominator, times the denominator; the numerator includes the scale of the form.
    pub(crate) fn above(&self, numerator: &Integer, denominator: &Integer) -> Self {
        if numerator.is_zero() {
            return self.clone();
        }
        let (b, a) = self.long();
        Self::Long { b: b * denominator - numerator, a: a * denominator }
    }

    /// The sign of the form at time t, by one 2x2 determinant.
    pub(crate) fn sign_at(&self, t: &Root) -> Ordering {
        if let (Self::Word { b, a }, Root::Word { numerator, denominator }) = (self, t) {
            let sum = b.checked_mul(*denominator).zip(a.checked_mul(*numerator)).and_then(|(x, y)| x.checked_add(y));
            if let Some(sum) = sum {
                return sum.cmp(&0);
            }
        }
        let (b, a) = self.long();
        let (numerator, denominator) = t.long();
        (b * denominator + a * numerator).cmp0()
    }

    /// The zero of the form. The slope must not be 0.
    pub(crate) fn root(&self) -> Root {
        match self {
            Self::Word { b, a } if *a > 0 => Root::Word { numerator: -b, denominator: *a },
            Self::Word { b, a } => Root::Word { numerator: *b, denominator: -a },
            Self::Long { b, a } if a.cmp0().is_gt() => Root::Long { numerator: Integer::from(-b), denominator: a.clone() },
            Self::Long { b, a } => Root::Long { numerator: b.clone(), denominator: Integer::from(-a) },
        }
    }

    /// b and a as integers of any length, without a copy.
    pub(crate) fn into_long(self) -> (Integer, Integer) {
        match self {
            Self::Word { b, a } => (Integer::from(b), Integer::from(a)),
            Self::Long { b, a } => (b, a),
        }
    }

    /// b and a as integers of any length.
    pub(crate) fn long(&self) -> (Integer, Integer) {
        match self {
            Self::Word { b, a } => (Integer::from(*b), Integer::from(*a)),
            Self::Long { b, a } => (b.clone(), a.clone()),
        }
    }
}

/// A time t = numerator / denominator, not in lowest terms, denominator > 0.
#[derive(Clone, Debug)]
pub(crate) enum Root {
    /// Both numbers are below 2^121.
    Word { numerator: i128, denominator: i128 },
    /// Numbers of any length.
    Long { numerator: Integer, denominator: Integer },
}

impl Root {
    pub(crate) fn whole(t: i32) -> Self {
        Self::Word { numerator: t.into(), denominator: 1 }
    }

    /// Compares two times by one 2x2 determinant.
    pub(crate) fn compare(&self, other: &Root) -> Ordering {
        if let (Self::Word { numerator, denominator }, Self::Word { numerator: n, denominator: d }) = (self, other)
            && let Some((x, y)) = numerator.checked_mul(*d).zip(n.checked_mul(*denominator))
        {
            return x.cmp(&y);
        }
        let ((numerator, denominator), (n, d)) = (self.long(), other.long());
        (numerator * d).cmp(&(n * denominator))
    }

    /// For a time in \[0, 1\], a double near it and a bound on their distance, which leaves 3 u for comparisons.
    pub(crate) fn near(&self) -> (f64, f64) {
        match self {
            // The error consists of the rounding of both numbers and of the quotient.
            Self::Word { numerator, denominator } => (*numerator as f64 / *denominator as f64, 8.0 * U),
            Self::Long { .. } => (nearest_f64(&self.to_rational()), 4.0 * U),
        }
    }

    pub(crate) fn to_rational(&self) -> Rational {
        Rational::from(self.long())
    }

    fn long(&self) -> (Integer, Integer) {
        match self {
            Self::Word { numerator, denominator } => (Integer::from(*numerator), Integer::from(*denominator)),
            Self::Long { numerator, denominator } => (numerator.clone(), denominator.clone()),
        }
    }
}

/// An exact sum of products of machine words. The low 64 bits of the products and their high parts are summed separately.
#[derive(Default)]
pub(crate) struct WideSum {
    low: u128,
    high: i128,
}

impl WideSum {
    #[inline]
    pub(crate) fn add(&mut self, x: i64, y: i64) {
        let product = i128::from(x) * i128::from(y);
        self.low += product as u128 & u128::from(u64::MAX);
        self.high += product >> 64;
    }

    pub(crate) fn total(self) -> Integer {
        (Integer::from(self.high) << 64) + Integer::from(self.low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::rational;

    /// The distance of a time from its double is below the bound, by 3 u at least.
    #[test]
    fn times_are_near_their_doubles() {
        let (mut state, mut most) = (1u64, 0.0f64);
        let mut random = |bits: u32| {
            state = crate::exact::random::next(state);
            (i128::from(state | 1 << 63) << 56 | i128::from(state >> 8)) >> (120 - bits)
        };
        for round in 0..2000 {
            let denominator = random(70 + round % 50);
            let numerator = random(69 + round % 50);
            let short = Root::Word { numerator, denominator };
            let long = Root::Long { numerator: Integer::from(numerator), denominator: Integer::from(denominator) };
            for root in [short, long] {
                let (at, half) = root.near();
                let off = (rational(at).unwrap() - root.to_rational()).abs().to_f64();
                assert!(off + 3.0 * U <= half, "{root:?}: {off:e}");
                most = most.max(off / U);
            }
        }
        assert!(most > 0.8, "{most} of 5 u");
    }
}
