//! Points of the input space, prepared for comparison with many rows.

use crate::exact::lp::Row;
use crate::exact::{nearest_f64, over_common_denominator};
use rug::{Integer, Rational};
use std::cell::OnceCell;
use std::cmp::Ordering;

/// A point, its nearest doubles, and its coordinates over their common denominator, computed when they are first used.
pub(super) struct Place {
    pub exact: Vec<Rational>,
    near: Vec<f64>,
    whole: OnceCell<(Vec<Integer>, Integer)>,
}

impl Place {
    pub fn new(exact: Vec<Rational>) -> Self {
        Self { near: exact.iter().map(nearest_f64).collect(), exact, whole: OnceCell::new() }
    }

    /// The sign of b - a.x.
    pub fn slack_sign(&self, row: &Row) -> Ordering {
        row.certain_slack_sign(&self.near).unwrap_or_else(|| {
            let (p, q) = self.whole.get_or_init(|| over_common_denominator(&self.exact));
            row.slack_sign(p, q)
        })
    }

    /// The point with its coordinates rounded to multiples of 2^-bits.
    pub fn rounded(&self, bits: u32) -> Self {
        let round = |x: &Rational| Rational::from(x << bits).round() >> bits;
        Self::new(self.exact.iter().map(round).collect())
    }
}
