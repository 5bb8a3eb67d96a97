//! Fractions in lowest terms as two integers.

use super::number::nearest_quotient;
use rug::{Integer, Rational};
use serde::Serialize;

/// A fraction in lowest terms. A [`Rational`] cannot be built from lowest terms without a search for a common factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fraction {
    pub(crate) numerator: Integer,
    /// Positive.
    pub(crate) denominator: Integer,
}

impl Fraction {
    /// The quotients of numerators by one positive denominator.
    ///
    /// A common factor of a numerator and the denominator divides their common factor with the product of all numerators, which is mostly
    /// short.
    pub(crate) fn all(numerators: Vec<Integer>, denominator: &Integer) -> Vec<Self> {
        let product = numerators.iter().filter(|x| !x.is_zero()).cloned().reduce(|product, x| product * x % denominator);
        let of_product = product.unwrap_or_default().gcd(denominator);
        let quotient = |mut numerator: Integer| {
            if numerator.is_zero() {
                return Rational::new().into();
            }
            let common = Integer::from(of_product.gcd_ref(&numerator));
            numerator.div_exact_mut(&common);
            Self { numerator, denominator: Integer::from(denominator.div_exact_ref(&common)) }
        };
        numerators.into_iter().map(quotient).collect()
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

/// A number as all reports write it, see [`ExactNumber`](super::ExactNumber), with its digits computed in advance.
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
            let denominator = Integer::from(1 + seed * seed % 210);
            let expected: Vec<Rational> = numerators.iter().map(|x| Rational::from((x, &denominator))).collect();
            for (found, expected) in Fraction::all(numerators, &denominator).into_iter().zip(expected) {
                assert_eq!(found, expected.clone().into());
                assert_eq!(serde_json::to_string(&Written::from(&found)).unwrap(), serde_json::to_string(&ExactNumber(expected)).unwrap());
            }
        }
    }
}
