//! Fractions in lowest terms as two integers.

use super::number::nearest_quotient;
use rug::{Integer, Rational};
use serde::Serialize;

/// A fraction in lowest terms. A [`Rational`] cannot be told that its terms are lowest, and looks for a common factor again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fraction {
    numerator: Integer,
    /// Positive.
    denominator: Integer,
}

impl Fraction {
    /// Quotients by one number, the product of some positive factors.
    ///
    /// What a numerator has in common with the denominator divides the product of what all numerators together have in common with each factor. That product is
    /// short as a rule, and factors are shorter than the denominator.
    pub(crate) fn all(numerators: Vec<Integer>, factors: &[&Integer]) -> Vec<Self> {
        let denominator = product(factors);
        let mut candidate = Integer::from(1);
        for &factor in factors {
            let of_all =
                numerators.iter().filter(|x| !x.is_zero()).fold(Integer::from(1), |of_all, x| of_all * Integer::from(x % factor) % factor);
            candidate *= of_all.gcd(factor);
        }
        let quotient = |mut numerator: Integer| {
            if numerator.is_zero() {
                return Rational::new().into();
            }
            let common = Integer::from(candidate.gcd_ref(&numerator)).gcd(&denominator);
            numerator.div_exact_mut(&common);
            Self { numerator, denominator: Integer::from(denominator.div_exact_ref(&common)) }
        };
        numerators.into_iter().map(quotient).collect()
    }
}

/// The product of many numbers, by halves, so that factors are about as long as each other.
pub(crate) fn product(numbers: &[&Integer]) -> Integer {
    match numbers {
        [] => Integer::from(1),
        [one] => (*one).clone(),
        [one, other] => Integer::from(*one * *other),
        _ => {
            let (left, right) = numbers.split_at(numbers.len() / 2);
            product(left) * product(right)
        }
    }
}

impl From<Rational> for Fraction {
    fn from(rational: Rational) -> Self {
        let (numerator, denominator) = rational.into_numer_denom();
        Self { numerator, denominator }
    }
}

impl From<Fraction> for Rational {
    fn from(Fraction { numerator, denominator }: Fraction) -> Self {
        Self::from((numerator, denominator))
    }
}

/// A number as all reports write it, see [`ExactNumber`](super::ExactNumber), with its digits already made.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Written {
    exact: String,
    value: f64,
}

impl From<&Fraction> for Written {
    fn from(Fraction { numerator, denominator }: &Fraction) -> Self {
        let mut exact = numerator.to_string_radix(10);
        if *denominator != 1 {
            exact.push('/');
            exact += &denominator.to_string_radix(10);
        }
        Self { exact, value: nearest_quotient(numerator, denominator) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ExactNumber;
    use super::*;

    #[test]
    fn fractions_are_the_rationals_and_are_written_as_they_are() {
        for seed in 0..500i64 {
            let number = |k: i64| Integer::from((seed + 7 * k).pow(3) % 61 - 30) * (seed % 5);
            let numerators: Vec<Integer> = (0..4).map(number).collect();
            let factors = [1 + seed * seed % 210, 1 + seed % 7, 1 + seed % 12].map(Integer::from);
            let factors: Vec<&Integer> = factors.iter().collect();
            let denominator = product(&factors);
            let expected: Vec<Rational> = numerators.iter().map(|x| Rational::from((x, &denominator))).collect();
            for (found, expected) in Fraction::all(numerators, &factors).into_iter().zip(expected) {
                assert_eq!(found, expected.clone().into());
                assert_eq!(serde_json::to_string(&Written::from(&found)).unwrap(), serde_json::to_string(&ExactNumber(expected)).unwrap());
            }
        }
    }
}
