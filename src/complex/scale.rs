//! Powers of two by which the results of steps are multiplied in doubles, so that all results of a step are of about the same size.
//!
//! Scaling changes no sign, and rounds only numbers that become subnormal. It makes one error bound sufficient for a whole row: without it,
//! the bound of a unit with small weights would be that of the unit with the largest ones. The sizes are guesses, and no result depends on
//! them.

use crate::exact::{nearest_f64, rational};
use crate::network::lowered::{Lowered, Step};
use rug::Rational;

/// The exponent e of a nonzero number: 2^e <= |x| < 2^(e + 1); 1024 for infinity.
pub(super) fn exponent(x: f64) -> i32 {
    let magnitude = x.to_bits() << 1 >> 1;
    match magnitude >> 52 {
        0 => magnitude.max(1).ilog2() as i32 - 1074,
        biased => biased as i32 - 1023,
    }
}

/// x 2^e: exact or infinite, or, if it is subnormal, with an error below 2^-1073.
pub(super) fn shifted(mut x: f64, mut e: i32) -> f64 {
    let power = |e: i32| f64::from_bits(((e + 1023) as u64) << 52);
    while e.abs() > 1000 {
        let part = e.signum() * 1000;
        x *= power(part);
        if x == 0.0 || x.is_infinite() {
            return x;
        }
        e -= part;
    }
    x * power(e)
}

/// The exponents of the inputs, followed by those of the results of every step.
pub(super) fn of_steps(steps: &Lowered, of_inputs: &[i32]) -> Vec<Vec<i32>> {
    of_more_steps(steps, vec![of_inputs.to_vec()])
}

/// As [`of_steps`], if the exponents of the inputs and of the results of the first steps are known.
pub(super) fn of_more_steps(steps: &Lowered, mut all: Vec<Vec<i32>>) -> Vec<Vec<i32>> {
    for step in &steps.steps[all.len() - 1..] {
        all.push(exponents(step, &all[all.len() - 1]));
    }
    all
}

/// For each result of a step, the exponent of the power of two by which it becomes about 1, if the inputs times `below` are about 1.
///
/// The size of a result is the root of the sum of the squares of its terms, including its constant.
fn exponents(step: &Step, below: &[i32]) -> Vec<i32> {
    let mut terms: Vec<(f64, i32)> = Vec::new();
    let of_result = |i: usize| {
        terms.clear();
        let constant = step.rounded_row(i, |j, w| terms.push((w, -below[j])));
        terms.push((constant, 0));
        terms.retain(|&(w, _)| w != 0.0);
        let most = terms.iter().map(|&(w, e)| exponent(w) + e).max()?;
        let sum: f64 = terms.iter().map(|&(w, e)| shifted(w, e - most)).map(|w| w * w).sum();
        Some(-most - exponent(sum.sqrt()))
    };
    (0..step.outputs()).map(of_result).map(Option::unwrap_or_default).collect()
}

impl Step {
    /// Calls `visit` for the nonzero entries of a row, each times the power of two of its input, as in
    /// [`scaled_weight`](Self::scaled_weight).
    pub(super) fn scaled_row(&self, output: usize, exponent: impl Fn(usize) -> i32, mut visit: impl FnMut(usize, f64)) {
        self.for_entries(output, |k, j| visit(j, self.scaled_weight(output, k, exponent(j))));
    }

    /// An entry times 2^e as a double: the nearest one, with one more rounding if it is subnormal.
    ///
    /// A double that is subnormal or 0 is a poor approximation of its number; in this case the number is scaled, not the double.
    pub(super) fn scaled_weight(&self, output: usize, k: usize, e: i32) -> f64 {
        scaled(self.weight(output, k), e)
    }

    /// The constant of a row times 2^e, as [`scaled_weight`](Self::scaled_weight).
    pub(super) fn scaled_constant(&self, output: usize, e: i32) -> f64 {
        scaled(self.constant(output), e)
    }

    /// Whether the constant of a row times 2^e is exactly the double of [`scaled_constant`](Self::scaled_constant).
    pub(super) fn has_exact_constant(&self, output: usize, e: i32) -> bool {
        let (double, exact) = self.constant(output);
        shifted(shifted(double, e), -e) == double && exact.is_none_or(|exact| rational(double).as_ref() == Some(&exact()))
    }
}

/// A number times 2^e. It is given as a double and, if the number is not that double, a function that returns the number.
fn scaled((double, exact): (f64, Option<impl FnOnce() -> Rational>), e: i32) -> f64 {
    match exact {
        Some(exact) if double.abs() < f64::MIN_POSITIVE => nearest_f64(&(exact() << e)),
        _ => shifted(double, e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_bracket_and_shifts_are_exact() {
        for x in [1.0, 1.5, -3.0, f64::MAX, f64::MIN_POSITIVE, f64::from_bits(1), f64::from_bits(7), 1e-44, 0.1] {
            let e = exponent(x);
            let one = shifted(x, -e).abs();
            assert!((1.0..2.0).contains(&one), "{x:e}: {one:e}");
            assert_eq!(shifted(shifted(x, -e), e), x);
        }
        assert_eq!(shifted(f64::from_bits(1), 2097), shifted(1.0, 1023));
        assert_eq!(shifted(1.0, 1024), f64::INFINITY);
        assert_eq!(shifted(1.0, -3000), 0.0);
        assert_eq!(shifted(0.0, 5000), 0.0);
    }
    #[test]
    fn numbers_are_scaled_before_they_are_rounded() {
        use crate::exact::Coefficient;
        use crate::network::lowered::Form;
        // 7/5 2^-1074 and 1/3 2^-1100: the nearest doubles are 2^-1074 and 0. Both the dense and the sparse form are tested.
        let number = |n: i32, d: i32, e: i32| Coefficient::from(Rational::from((n, d)) << e);
        let terms = vec![(0, number(7, 5, -1074)), (1, number(1, 3, -1100)), (2, Coefficient::of(-3.0))];
        for inputs in [3, 3000] {
            let forms = vec![Form { terms: terms.clone(), constant: number(7, 5, -1074) }, Form::default()];
            let step = Step::of_forms(inputs, forms, 2, 0);
            let mut row = Vec::new();
            step.scaled_row(0, |j| [1074, 1100, -1][j], |j, w| row.push((j, w)));
            assert_eq!(row, [(0, 1.4), (1, 1.0 / 3.0), (2, -1.5)]);
            assert_eq!(step.scaled_constant(0, 1075), 2.8);
            assert_eq!([0, 1].map(|i| step.has_exact_constant(i, 1074)), [false, true]);
            assert_eq!([0, 1].map(|i| step.is_constant(i)), [false, true]);
        }
    }

    #[test]
    fn a_constant_that_loses_bits_by_scaling_is_not_exact() {
        use crate::exact::Coefficient;
        use crate::network::lowered::Form;
        for inputs in [3, 3000] {
            let form = |x: f64| Form { terms: vec![(0, Coefficient::ONE)], constant: Coefficient::of(x) };
            let step = Step::of_forms(inputs, vec![form(3.0), form(4.0)], 2, 0);
            assert_eq!([0, 1].map(|i| step.has_exact_constant(i, -1075)), [false, true]);
            assert_eq!([0, 1].map(|i| step.has_exact_constant(i, -1074)), [true, true]);
        }
    }
}
