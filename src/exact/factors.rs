//! Exact sums of products of doubles with fixed numbers, computed in machine words.

use super::over_common_denominator;
use rug::{Integer, Rational};

/// Bits of a limb: with the 53 bits of a double and the terms of a chunk, a sum of products stays below 2^127.
const LIMB: u32 = 56;

/// The number of terms that are summed in machine words.
const CHUNK: usize = 1 << 17;

/// Numbers as integers over one denominator, split into limbs, for exact sums of products with doubles.
#[derive(Clone, Debug)]
pub(crate) struct Factors {
    /// The limbs of each number, lowest first: its numerator is the sum of limb k times 2^(56 k).
    limbs: Vec<Vec<i64>>,
    denominator: Integer,
}

impl Factors {
    pub(crate) fn new(numbers: &[Rational]) -> Self {
        let (mut numerators, denominator) = over_common_denominator(numbers);
        let mut limbs = Vec::new();
        while numerators.iter().any(|x| !x.is_zero()) {
            // The remainder of a division that rounds towards zero has the sign of the number.
            let lowest = |x: &mut Integer| {
                let high = &*x / (Integer::from(1) << LIMB);
                let rest = std::mem::replace(x, high.clone()) - (high << LIMB);
                rest.to_i64().expect("a rest is shorter than a word")
            };
            limbs.push(numerators.iter_mut().map(lowest).collect());
        }
        Self { limbs, denominator }
    }

    /// The sum over the terms (k, x) of the k-th number times the finite double x.
    pub(crate) fn dot(&self, terms: &[(u32, f64)]) -> Rational {
        let exponents = || terms.iter().filter(|(_, w)| *w != 0.0).map(|&(_, w)| parts(w).1);
        let (Some(least), Some(most)) = (exponents().min(), exponents().max()) else { return Rational::new() };
        let mut sums = vec![0i128; (most - least + 1) as usize];
        let mut total = Integer::new();
        for (limb, place) in self.limbs.iter().zip(0..) {
            for chunk in terms.chunks(CHUNK) {
                for &(j, w) in chunk.iter().filter(|(_, w)| *w != 0.0) {
                    let (m, e) = parts(w);
                    sums[(e - least) as usize] += i128::from(m) * i128::from(limb[j as usize]);
                }
                for (sum, shift) in sums.iter_mut().zip(0..).filter(|(sum, _)| **sum != 0) {
                    total += Integer::from(std::mem::take(sum)) << (shift + LIMB * place);
                }
            }
        }
        Rational::from((total, self.denominator.clone())) << (least as i32 - 1075)
    }
}

/// The integers (m, e) of a finite double x = m 2^(e - 1075), with |m| < 2^53.
#[inline]
fn parts(x: f64) -> (i64, u32) {
    let bits = x.to_bits();
    let (fraction, biased) = ((bits & ((1 << 52) - 1)) as i64, (bits >> 52 & 0x7ff) as u32);
    let m = if biased == 0 { fraction } else { fraction | 1 << 52 };
    (if x.is_sign_negative() { -m } else { m }, biased.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::rational;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    /// Doubles of all exponents, with few and with many bits.
    fn double() -> impl Strategy<Value = f64> {
        prop_oneof![(-1000i64..1000).prop_map(|x| x as f64), any::<f64>().prop_filter("finite", |x| x.is_finite())]
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(64) })]
        #[test]
        fn sums_of_products_are_exact(terms in prop::collection::vec((double(), double(), 1u32..50), 0..20)) {
            let numbers: Vec<Rational> = terms.iter().map(|&(_, x, q)| rational(x).unwrap() / q).collect();
            let weights: Vec<(u32, f64)> = terms.iter().zip(0..).map(|(&(w, ..), j)| (j, w)).collect();
            let plain: Rational = numbers.iter().zip(&weights).map(|(x, (_, w))| rational(*w).unwrap() * x).sum();
            prop_assert_eq!(Factors::new(&numbers).dot(&weights), plain);
        }
    }
}
