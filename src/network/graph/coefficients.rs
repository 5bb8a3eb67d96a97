//! Exact coefficients and their nearest doubles.

use crate::exact::{Coefficient, as_f64, nearest_f64, rational};
use rug::Rational;

/// A list of exact numbers: doubles, or rationals with their nearest doubles.
///
/// ```
/// use plica::network::Coefficients;
/// let third = Coefficients::from_rationals(vec![rug::Rational::from((1, 3))]);
/// assert!(!third.is_double());
/// assert_eq!(third.doubles(), [1.0 / 3.0]);
/// assert_eq!(third.get(0).to_string(), "1/3");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coefficients {
    doubles: Vec<f64>,
    exact: Option<Vec<Rational>>,
}

impl Coefficients {
    /// A list of doubles. A [`NetworkBuilder`](super::NetworkBuilder) checks that they are finite.
    pub fn from_f64(doubles: Vec<f64>) -> Self {
        Self { doubles, exact: None }
    }

    /// A list of rationals.
    pub fn from_rationals(exact: Vec<Rational>) -> Self {
        let doubles: Vec<f64> = exact.iter().map(nearest_f64).collect();
        let is_double = exact.iter().all(|q| as_f64(q).is_some());
        Self { doubles, exact: (!is_double).then_some(exact) }
    }

    /// A list of these numbers.
    pub(crate) fn of(numbers: &[Coefficient]) -> Self {
        match numbers.iter().map(Coefficient::as_f64).collect() {
            Some(doubles) => Self::from_f64(doubles),
            None => Self::from_rationals(numbers.iter().map(Coefficient::to_rational).collect()),
        }
    }

    /// The number of coefficients.
    pub fn len(&self) -> usize {
        self.doubles.len()
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.doubles.is_empty()
    }

    /// The nearest doubles.
    pub fn doubles(&self) -> &[f64] {
        &self.doubles
    }

    /// Whether every coefficient is exactly its nearest double.
    pub fn is_double(&self) -> bool {
        self.exact.is_none()
    }

    /// The exact value of one coefficient.
    ///
    /// # Panics
    /// If the index is not below [`len`](Self::len), or the coefficient is a double that is not finite.
    pub fn get(&self, index: usize) -> Rational {
        match &self.exact {
            Some(exact) => exact[index].clone(),
            None => rational(self.doubles[index]).expect("the coefficients of a graph are finite"),
        }
    }

    /// The exact value of one coefficient, as a double if it is one.
    pub(crate) fn number(&self, index: usize) -> Coefficient {
        match &self.exact {
            Some(exact) => exact[index].clone().into(),
            None => Coefficient::of(self.doubles[index]),
        }
    }

    /// The exact values of all coefficients.
    ///
    /// # Panics
    /// If one is a double that is not finite.
    pub fn to_rationals(&self) -> Vec<Rational> {
        (0..self.len()).map(|i| self.get(i)).collect()
    }

    /// The number of bytes that they take.
    pub(super) fn bytes(&self) -> usize {
        let exact = |q: &Rational| size_of::<Rational>() + 32 + (q.numer().significant_bits() + q.denom().significant_bits()) as usize / 8;
        self.len() * size_of::<f64>() + self.exact.iter().flatten().map(exact).sum::<usize>()
    }

    /// The index of the first coefficient that is not finite. A rational is finite even if its nearest double is not.
    pub(super) fn first_not_finite(&self) -> Option<usize> {
        if self.exact.is_some() { None } else { self.doubles.iter().position(|x| !x.is_finite()) }
    }
}
