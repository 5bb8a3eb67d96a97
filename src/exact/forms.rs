//! Affine forms b + a t with integer coefficients: what an uncertain sign is decided with.

use rug::{Integer, Rational};
use std::cmp::Ordering;

/// The form (b + a t) / scale on one linear piece of a segment, for some scale > 0 that is not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    pub b: Integer,
    pub a: Integer,
}

impl Form {
    /// The sign at t = numerator / denominator, denominator > 0: one 2x2 determinant.
    pub(crate) fn sign_at(&self, t: &Root) -> Ordering {
        (Integer::from(&self.b * &t.denominator) + Integer::from(&self.a * &t.numerator)).cmp0()
    }

    /// The zero of a form whose slope is not 0.
    pub(crate) fn root(&self) -> Root {
        if self.a.cmp0().is_gt() {
            Root { numerator: Integer::from(-&self.b), denominator: self.a.clone() }
        } else {
            Root { numerator: self.b.clone(), denominator: Integer::from(-&self.a) }
        }
    }
}

/// A time t = numerator / denominator, not in lowest terms, denominator > 0.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    pub numerator: Integer,
    pub denominator: Integer,
}

impl Root {
    pub(crate) fn whole(t: i32) -> Self {
        Self { numerator: Integer::from(t), denominator: Integer::from(1) }
    }

    /// Compares two times by one 2x2 determinant.
    pub(crate) fn compare(&self, other: &Root) -> Ordering {
        Integer::from(&self.numerator * &other.denominator).cmp(&Integer::from(&other.numerator * &self.denominator))
    }

    pub(crate) fn to_rational(&self) -> Rational {
        Rational::from((self.numerator.clone(), self.denominator.clone()))
    }
}

/// An exact sum of products of machine words: the products' low 64 bits and the rest are summed apart.
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
