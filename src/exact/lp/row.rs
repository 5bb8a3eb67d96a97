//! One row of a program, as integers and as doubles.

use crate::exact::bound::{HUGE, TINY, gamma, round_up};
use crate::exact::{dyadic_parts, nearest_f64, over_common_denominator};
use rug::{Integer, Rational};
use std::cmp::Ordering;

/// A row a.x <= b or a.x < b, times a positive number. The user of the row knows which of the two relations it has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// a, then b: integers without a common divisor.
    pub whole: Vec<Integer>,
    /// The same divided by [`lift`](Self::lift), as doubles: the relative error of each is below 2 u, plus 2^-1074.
    pub near: Vec<f64>,
    /// The least power of two above all |a|: the coefficient of the slack t in a.x + lift t <= b.
    pub lift: Integer,
    /// The number by which the row was multiplied.
    pub factor: Rational,
}

impl Row {
    pub(crate) fn new(coefficients: &[Rational], right: &Rational) -> Self {
        let (whole, denominator) = over_common_denominator(coefficients.iter().chain([right]));
        let mut row = Self::of_integers(whole);
        row.factor *= denominator;
        row
    }

    /// The row with these integers: a, then b.
    pub(crate) fn of_integers(mut whole: Vec<Integer>) -> Self {
        let mut divisor = Integer::new();
        for x in whole.iter().rev() {
            divisor.gcd_mut(x);
            if divisor == 1 {
                break;
            }
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

    /// The row with these finite doubles a and b.
    pub(crate) fn of_doubles(coefficients: &[f64], right: f64) -> Self {
        let all = || coefficients.iter().chain([&right]).map(|&x| dyadic_parts(x));
        let least = all().filter(|(m, _)| *m != 0).map(|(_, e)| e).min().unwrap_or(0);
        let whole = all().map(|(m, e)| if m == 0 { Integer::new() } else { Integer::from(m) << (e - least).unsigned_abs() });
        let mut row = Self::of_integers(whole.collect());
        if least >= 0 {
            row.factor >>= least.unsigned_abs()
        } else {
            row.factor <<= least.unsigned_abs()
        }
        row
    }

    /// The given row, before it was multiplied by the factor: a, and b.
    pub(crate) fn given(&self) -> (Vec<Rational>, Rational) {
        let mut given: Vec<Rational> = self.whole.iter().map(|x| Rational::from(x / &self.factor)).collect();
        let right = given.pop().unwrap_or_default();
        (given, right)
    }

    /// The number of variables.
    pub(crate) fn dimension(&self) -> usize {
        self.whole.len() - 1
    }

    /// The opposite row: -a.x <= -b.
    pub(crate) fn opposite(&self) -> Self {
        let negated = |x: &Integer| Integer::from(-x);
        Self {
            whole: self.whole.iter().map(negated).collect(),
            near: self.near.iter().map(|x| -x).collect(),
            lift: self.lift.clone(),
            factor: self.factor.clone(),
        }
    }

    /// The sign of b - a.x, if doubles are certain of it. Each x is a double with a relative error of at most 2^-53.
    pub(crate) fn certain_slack_sign(&self, x: &[f64]) -> Option<Ordering> {
        // A term a x goes through n + 1 additions and a multiplication; the error of a is 2 u and that of x is u; the sum of the magnitudes
        // has as many roundings again. Underflow, in a or in a x, loses less than TINY times 1 and |x| (proofs/filter.md, section 3).
        let (b, a) = self.near.split_last()?;
        let (mut slack, mut size, mut reach) = (*b, b.abs(), 1.0);
        for (a, x) in a.iter().zip(x) {
            slack -= a * x;
            size += (a * x).abs();
            reach += x.abs();
        }
        let error = round_up(gamma(2 * x.len() + 10) * size + TINY * reach);
        // After overflow or with NaN no sign is certain.
        (slack.abs() > error && size < HUGE).then_some(if slack > 0.0 { Ordering::Greater } else { Ordering::Less })
    }

    /// The sign of b - a.x at the point x = p / q, q > 0.
    pub(crate) fn slack_sign(&self, p: &[Integer], q: &Integer) -> Ordering {
        let (b, a) = self.whole.split_last().expect("a row has a right side");
        let mut sum = Integer::from(b * q);
        a.iter().zip(p).for_each(|(a, p)| sum -= a * p);
        sum.cmp0()
    }
}

/// x / 2^bits, rounded.
fn scaled_down(x: &Integer, bits: u32) -> f64 {
    // Below 2^1000 both the double and the quotient are normal numbers.
    if bits < 1000 && x.significant_bits() < 1000 {
        return x.to_f64() / f64::from_bits(u64::from(1023 + bits) << 52);
    }
    nearest_f64(&(Rational::from(x) >> bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coefficient_that_underflows_is_not_forgotten() {
        // x + 2^-1080 y < 2^-90: at (0, 2^1000) the left side is 2^-80, but the double nearest to 2^-1080 is 0.
        let tiny = |bits: u32| Rational::from(1) >> bits;
        let row = Row::new(&[Rational::from(1), tiny(1080)], &tiny(90));
        let far = f64::from_bits((1023 + 1000) << 52);
        assert_eq!(row.near[1], 0.0);
        assert_eq!(row.certain_slack_sign(&[0.0, far]), None);
        assert_eq!(row.certain_slack_sign(&[0.0, 1.0]), Some(Ordering::Greater));
        assert_eq!(row.certain_slack_sign(&[1.0, far]), None);
        assert_eq!(row.certain_slack_sign(&[1.0, 1.0]), Some(Ordering::Less));
        assert_eq!(row.certain_slack_sign(&[f64::NAN, 1.0]), None);
    }

    #[test]
    fn rows_of_doubles_are_those_of_their_rationals() {
        let smallest = f64::from_bits(1);
        for numbers in [[0.0, 0.0, 0.0], [0.1, -2.5, 1.0], [f64::MAX, smallest, -smallest], [8.0, 0.0, -24.0], [0.0, -0.0, 0.375]] {
            let exact: Vec<Rational> = numbers.iter().map(|&x| crate::exact::rational(x).unwrap()).collect();
            let (row, expected) = (Row::of_doubles(&numbers[..2], numbers[2]), Row::new(&exact[..2], &exact[2]));
            assert_eq!(row, expected, "{numbers:?}");
            assert_eq!(row.given(), (exact[..2].to_vec(), exact[2].clone()));
        }
    }

    #[test]
    fn certain_signs_are_those_of_integers() {
        for seed in 0..2000u64 {
            let mut state = seed;
            let mut draw = || {
                state = (state + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31);
                ((state >> 40) as f64 / 1024.0 - 8192.0) / 3.0
            };
            let a: Vec<f64> = (0..5).map(|_| draw()).collect();
            let x: Vec<f64> = (0..5).map(|_| draw()).collect();
            let exact = |x: &f64| crate::exact::rational(*x).unwrap();
            let left: Rational = a.iter().zip(&x).map(|(a, x)| exact(a) * exact(x)).sum();
            // Right sides that are equal to the left side, or very close to it.
            for nudge in [0i32, 1, -1, 1 << 20, -(1 << 20)] {
                let row = Row::new(&a.iter().map(exact).collect::<Vec<_>>(), &(left.clone() + (Rational::from(nudge) >> 50u32)));
                if let Some(sign) = row.certain_slack_sign(&x) {
                    assert_eq!(sign, nudge.cmp(&0), "{a:?} {x:?} {nudge}");
                }
            }
        }
    }
}
