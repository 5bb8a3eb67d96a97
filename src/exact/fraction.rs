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
    /// A quotient by a positive number.
    pub(crate) fn new(numerator: Integer, denominator: &Integer) -> Self {
        let common = Integer::from(denominator.gcd_ref(&numerator));
        Self::over(numerator, denominator, &common)
    }

    /// Quotients by one positive number. Their common factors with it divide that of their product, so one is looked for among long numbers.
    pub(crate) fn all(numerators: &[Integer], denominator: &Integer) -> Vec<Self> {
        let mut nonzero = numerators.iter().filter(|x| !x.is_zero());
        let Some(first) = nonzero.next() else { return numerators.iter().map(|_| Rational::new().into()).collect() };
        let product = nonzero.fold(first.clone(), |product, x| product * x % denominator);
        let of_product = product.gcd(denominator);
        let quotient = |x: &Integer| match x.is_zero() {
            true => Rational::new().into(),
            false => Self::over(x.clone(), denominator, &Integer::from(of_product.gcd_ref(x))),
        };
        numerators.iter().map(quotient).collect()
    }

    /// A quotient, by the greatest common factor of both.
    fn over(mut numerator: Integer, denominator: &Integer, common: &Integer) -> Self {
        numerator.div_exact_mut(common);
        Self { numerator, denominator: Integer::from(denominator.div_exact_ref(common)) }
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
            let denominator = Integer::from(1 + seed * seed % 210);
            let expected: Vec<Rational> = numerators.iter().map(|x| Rational::from((x, &denominator))).collect();
            let found = Fraction::all(&numerators, &denominator);
            let alone = numerators.iter().map(|x| Fraction::new(x.clone(), &denominator));
            for ((found, alone), expected) in found.into_iter().zip(alone).zip(expected) {
                assert_eq!((&found, &alone), (&expected.clone().into(), &found));
                assert_eq!(serde_json::to_string(&Written::from(&found)).unwrap(), serde_json::to_string(&ExactNumber(expected)).unwrap());
            }
        }
    }
}
