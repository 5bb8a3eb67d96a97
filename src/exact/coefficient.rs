//! One exact number, stored as a double if it is one. Most weights are doubles, and often their sums and products are too.

use super::double_double::DoubleDouble;
use super::number::{as_f64, rational};
use rug::Rational;
use std::hash::{Hash, Hasher};

/// An exact number. Equal numbers have equal representations: a double wherever the number is one, and never the negative zero.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Coefficient {
    Double(f64),
    Rational(Box<Rational>),
}

/// The rounding error of a product of at least this magnitude is a double too: it is a multiple of 2^-106 of the product, and doubles go
/// down to 2^-1074.
const LEAST_PRODUCT: f64 = f64::MIN_POSITIVE * (1u64 << 60) as f64;

impl Coefficient {
    pub(crate) const ZERO: Self = Self::Double(0.0);
    pub(crate) const ONE: Self = Self::Double(1.0);

    /// The number that a finite double denotes.
    ///
    /// # Panics
    /// If the double is not finite.
    pub(crate) fn of(x: f64) -> Self {
        assert!(x.is_finite(), "coefficients are finite");
        // The sum of the two zeros is the positive one.
        Self::Double(x + 0.0)
    }

    pub(crate) fn is_zero(&self) -> bool {
        *self == Self::ZERO
    }

    /// The number as a double, if it is one.
    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Double(x) => Some(*x),
            Self::Rational(_) => None,
        }
    }

    pub(crate) fn to_rational(&self) -> Rational {
        match self {
            Self::Double(x) => rational(*x).expect("coefficients are finite"),
            Self::Rational(q) => (**q).clone(),
        }
    }

    pub(crate) fn is_positive(&self) -> bool {
        match self {
            Self::Double(x) => *x > 0.0,
            Self::Rational(q) => q.is_positive(),
        }
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        if let (Self::Double(x), Self::Double(y)) = (self, other) {
            let product = x * y;
            let is_exact = product.is_finite() && product.abs() >= LEAST_PRODUCT && x.mul_add(*y, -product) == 0.0;
            if is_exact || *x == 1.0 || *y == 1.0 || *x == 0.0 || *y == 0.0 {
                return Self::of(product);
            }
        }
        Self::from(self.to_rational() * other.to_rational())
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        if let (Self::Double(x), Self::Double(y)) = (self, other) {
            let DoubleDouble { hi, lo } = DoubleDouble::sum(*x, *y);
            if hi.is_finite() && lo == 0.0 {
                return Self::of(hi);
            }
        }
        Self::from(self.to_rational() + other.to_rational())
    }
}

impl From<Rational> for Coefficient {
    fn from(q: Rational) -> Self {
        as_f64(&q).map_or_else(|| Self::Rational(Box::new(q)), Self::of)
    }
}

// Neither NaN nor the negative zero is a value of this type.
impl Eq for Coefficient {}

impl Hash for Coefficient {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Double(x) => x.to_bits().hash(state),
            Self::Rational(q) => q.hash(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    /// Doubles with few and with many bits, of all exponents, and fractions.
    fn number() -> impl Strategy<Value = Rational> {
        prop_oneof![
            (-9i64..10).prop_map(Rational::from),
            (-9i64..10, 1u64..10).prop_map(Rational::from),
            (-9i64..10, -1074i32..1020).prop_map(|(m, e)| Rational::from(m) << e),
            any::<f64>().prop_filter("finite", |x| x.is_finite()).prop_map(|x| rational(x).unwrap()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]
        #[test]
        fn sums_and_products_are_exact_and_stored_alike(x in number(), y in number()) {
            let [a, b] = [&x, &y].map(|q| Coefficient::from(q.clone()));
            prop_assert_eq!(a.to_rational(), x.clone());
            prop_assert_eq!((a.is_zero(), a.is_positive()), (x.is_zero(), x.is_positive()));
            prop_assert_eq!(a.plus(&b), Coefficient::from(Rational::from(&x + &y)));
            prop_assert_eq!(a.times(&b), Coefficient::from(Rational::from(&x * &y)));
            prop_assert!(Coefficient::from(x - &y).plus(&b) == a);
        }
    }

    #[test]
    fn there_is_one_zero_and_products_that_underflow_are_fractions() {
        assert_eq!(Coefficient::of(-0.0).as_f64().map(f64::to_bits), Some(0));
        let [tiny, half, most] = [f64::from_bits(1), 0.5, f64::MAX].map(Coefficient::of);
        assert_eq!(tiny.times(&half).as_f64(), None);
        assert_eq!(tiny.times(&half).to_rational(), Rational::from(1) << -1075);
        assert_eq!(most.plus(&most).to_rational(), rational(f64::MAX).unwrap() * 2u32);
        assert_eq!(most.times(&tiny).times(&half).as_f64(), Some(f64::MAX * f64::from_bits(1) * 0.5));
    }
}
