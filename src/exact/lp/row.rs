//! One row of a program, as integers and as doubles.

use crate::exact::nearest_f64;
use crate::exact::{common_denominator, scaled};
use rug::{Integer, Rational};

/// A row a.x <= b, or a.x < b, times a positive number: which of the two is said where it is used.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// a, then b: integers without a common divisor.
    pub whole: Vec<Integer>,
    /// The same over [`lift`](Self::lift), rounded to doubles: what guesses are made of.
    pub near: Vec<f64>,
    /// The power of two that is the least above all |a|: the coefficient of the slack t in a.x + lift t <= b.
    pub lift: Integer,
    /// What the row was multiplied by.
    pub factor: Rational,
}

impl Row {
    pub(crate) fn new(coefficients: &[Rational], right: &Rational) -> Self {
        let entries = || coefficients.iter().chain([right]).cloned();
        let denominator = common_denominator(entries());
        let mut row = Self::of_integers(entries().map(|q| scaled(q, &denominator)).collect());
        row.factor *= denominator;
        row
    }

    /// The row of integers a, then b.
    pub(crate) fn of_integers(mut whole: Vec<Integer>) -> Self {
        let mut divisor = Integer::new();
        for x in &whole {
            if divisor == 1 {
                break;
            }
            divisor.gcd_mut(x);
        }
        if divisor > 1 {
            whole.iter_mut().for_each(|x| x.div_exact_mut(&divisor));
        }
        let factor = if divisor > 1 { Rational::from((1, divisor)) } else { Rational::from(1) };
        let last = whole.len() - 1;
        let bits = whole[..last].iter().map(Integer::significant_bits).max().unwrap_or(0);
        let near = whole.iter().map(|x| scaled_down(x, bits)).collect();
        Self { whole, near, lift: Integer::from(1) << bits, factor }
    }

    /// The number of variables.
    pub(crate) fn dimension(&self) -> usize {
        self.whole.len() - 1
    }

    /// The other side: -a.x <= -b.
    pub(crate) fn opposite(&self) -> Self {
        let negated = |x: &Integer| Integer::from(-x);
        Self {
            whole: self.whole.iter().map(negated).collect(),
            near: self.near.iter().map(|x| -x).collect(),
            lift: self.lift.clone(),
            factor: self.factor.clone(),
        }
    }

    /// The sign of b - a.x, where x is p over a positive q.
    pub(crate) fn slack_sign(&self, p: &[Integer], q: &Integer) -> std::cmp::Ordering {
        let (b, a) = self.whole.split_last().expect("a row has a right side");
        let mut sum = Integer::from(b * q);
        a.iter().zip(p).for_each(|(a, p)| sum -= a * p);
        sum.cmp0()
    }
}

/// x / 2^bits, rounded.
fn scaled_down(x: &Integer, bits: u32) -> f64 {
    // Below 2^1000 both the double and the quotient are ordinary numbers.
    if bits < 1000 && x.significant_bits() < 1000 {
        return x.to_f64() / f64::from_bits(u64::from(1023 + bits) << 52);
    }
    nearest_f64(&(Rational::from(x) >> bits))
}
