//! Affine maps at one point modulo a prime: where these values differ, the maps do.

use super::steps::{Step, StepMap, Steps};
use crate::exact::dyadic_parts;
use crate::network::graph::Coefficients;
use rug::Rational;
use rug::integer::IntegerExt64;

/// The prime 2^61 - 1. Modulo it 2^61 is 1, so that powers of two are shifts.
const PRIME: u64 = (1 << 61) - 1;

/// A number below 2^122 modulo the prime.
#[inline]
fn reduced(x: u128) -> u64 {
    let sum = (x as u64 & PRIME) + (x >> 61) as u64;
    if sum >= PRIME { sum - PRIME } else { sum }
}

#[inline]
fn product(x: u64, y: u64) -> u64 {
    reduced(u128::from(x) * u128::from(y))
}

/// A finite double: m 2^e.
fn of_double(x: f64) -> u64 {
    let (m, e) = dyadic_parts(x);
    let size = product(m.unsigned_abs(), 1 << e.rem_euclid(61));
    if m < 0 && size != 0 { PRIME - size } else { size }
}

/// A rational number; `None` where the prime divides its denominator.
fn of_rational(q: &Rational) -> Option<u64> {
    let denominator = q.denom().mod_u64(PRIME);
    // By Fermat the inverse is the power of PRIME - 2.
    let (mut inverse, mut square, mut rest) = (1, denominator, PRIME - 2);
    while rest > 0 {
        if rest & 1 == 1 {
            inverse = product(inverse, square);
        }
        square = product(square, square);
        rest >>= 1;
    }
    (denominator != 0).then(|| product(q.numer().mod_u64(PRIME), inverse))
}

/// Steps modulo the prime.
pub(super) struct Residues<'a> {
    steps: &'a Steps,
    /// For each step its weights, row by row as they are stored, and its constants.
    all: Vec<(Vec<u64>, Vec<u64>)>,
}

impl<'a> Residues<'a> {
    /// `None` where the prime divides a denominator, or a coefficient is beyond the doubles.
    pub(super) fn new(steps: &'a Steps) -> Option<Self> {
        Some(Self { steps, all: steps.steps.iter().map(|step| of_step(step)).collect::<Option<_>>()? })
    }

    /// The outputs at one point, the same for all cells, by the affine map of a cell.
    pub(super) fn outputs(&self, is_active: impl Fn(usize, usize) -> bool) -> Vec<u64> {
        // Any point will do.
        let mut values: Vec<u64> = (1..=self.steps.inputs() as u64).map(|k| k.wrapping_mul(0x9e37_79b9_7f4a_7c15) % PRIME).collect();
        let mut rectified = 0;
        for (l, (step, (weights, constants))) in self.steps.steps.iter().zip(&self.all).enumerate() {
            let alive: Vec<u32> = (0..step.inputs()).filter(|&j| j >= rectified || is_active(l - 1, j)).map(|j| j as u32).collect();
            values.iter_mut().enumerate().filter(|(j, _)| *j < rectified && !is_active(l - 1, *j)).for_each(|(_, x)| *x = 0);
            let sum = |i: usize| -> u64 {
                let terms = match &step.map {
                    StepMap::Dense(_) => sum_of(alive.iter().map(|&j| (weights[i * step.inputs() + j as usize], values[j as usize]))),
                    StepMap::Sparse(map) => sum_of(map.row(i).map(|k| (weights[k], values[map.columns[k] as usize]))),
                };
                reduced(u128::from(terms) + u128::from(constants[i]))
            };
            values = (0..step.outputs()).map(sum).collect();
            rectified = step.units;
        }
        values
    }
}

fn sum_of(terms: impl Iterator<Item = (u64, u64)>) -> u64 {
    let mut sum = 0;
    for (w, x) in terms {
        // Below 2^61 + 2^61 before it is reduced again.
        sum = reduced(u128::from(sum) + u128::from(w) * u128::from(x));
    }
    sum
}

fn of_step(step: &Step) -> Option<(Vec<u64>, Vec<u64>)> {
    let exact = |is_dyadic: bool, x: f64, q: &dyn Fn() -> Rational| match is_dyadic {
        true => x.is_finite().then(|| of_double(x)),
        false => of_rational(&q()),
    };
    let of_coefficients = |all: &Coefficients| -> Option<Vec<u64>> {
        all.doubles().iter().enumerate().map(|(k, &x)| exact(all.is_dyadic(), x, &|| all.get(k))).collect()
    };
    match &step.map {
        StepMap::Dense(layer) => {
            let (n, m) = (layer.inputs(), layer.outputs());
            let weight = |k: usize| exact(layer.is_dyadic(), layer.weights()[(k / n, k % n)], &|| layer.weight(k / n, k % n));
            let constant = |i: usize| exact(layer.is_dyadic(), layer.bias()[i], &|| layer.bias_of(i));
            Some(((0..n * m).map(weight).collect::<Option<_>>()?, (0..m).map(constant).collect::<Option<_>>()?))
        }
        StepMap::Sparse(map) => Some((of_coefficients(&map.weights)?, of_coefficients(&map.bias)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::rational;

    #[test]
    fn residues_follow_sums_and_products() {
        let q = |x: f64| rational(x).unwrap();
        for (x, y) in [(0.75, -3.0), (1e-44, 1e300), (f64::from_bits(1), f64::MAX), (-0.1, 0.0)] {
            assert_eq!(of_rational(&q(x)), Some(of_double(x)));
            assert_eq!(of_rational(&(q(x) * q(y))), Some(product(of_double(x), of_double(y))));
            let sum = reduced(u128::from(of_double(x)) + u128::from(of_double(y)));
            assert_eq!(of_rational(&(q(x) + q(y))), Some(sum));
        }
        let third = of_rational(&Rational::from((1, 3))).unwrap();
        assert_eq!(product(third, 3), 1);
        assert_eq!(of_rational(&Rational::from((1, PRIME))), None);
        assert_eq!(of_rational(&Rational::from(PRIME)), Some(0));
    }
}
