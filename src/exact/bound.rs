//! The constants of the filter, each with its section in proofs/filter.md.

use super::product::depth;
use nalgebra::DMatrix;

/// The unit roundoff u = 2^-53 of binary64.
pub(crate) const U: f64 = 1.0 / 9_007_199_254_740_992.0;

/// Added to every row norm, so that a margin also covers the loss by underflow (section 3).
pub(crate) const TINY: f64 = f64::from_bits((1023 - 500) << 52); // 2^-500

/// If all magnitudes are below this, no intermediate result of the kernel overflows (section 3).
pub(crate) const HUGE: f64 = f64::from_bits((1023 + 1000) << 52); // 2^1000

/// Corrects a bound that was computed with fewer than 2^32 rounded operations on positive numbers, so that it is an upper bound (section
/// 1).
pub(crate) fn round_up(x: f64) -> f64 {
    x * (1.0 + 1.0 / 1_048_576.0)
}

/// gamma(n) = n u / (1 - n u), rounded up; n below 2^30.
pub(crate) fn gamma(n: usize) -> f64 {
    round_up(n as f64 * U)
}

/// The error of a product with n inputs, relative to the norms of its two factors (section 2).
///
/// Six roundings are added to the depth of the sum: of rational weights and of rational inputs to doubles, of the difference of two
/// products, and room for underflow.
pub(crate) fn product(n: usize) -> f64 {
    gamma(depth(n) + 6)
}

/// As [`product`], for a sum that adds one term after another.
pub(crate) fn sequential(n: usize) -> f64 {
    gamma(n + 7)
}

/// An upper bound of the spectral norm of a matrix (section 4).
///
/// With A = W^T W (or W W^T), the Frobenius norm of A^(2^k) to the power 2^-(k+1) decreases towards the spectral norm of W as k grows. The
/// rounding error of each square is added.
pub(crate) fn spectral_norm(w: &DMatrix<f64>) -> f64 {
    let frobenius = |m: &DMatrix<f64>| round_up(m.iter().map(|x| x * x).sum::<f64>().sqrt());
    let scale = frobenius(w);
    if !(scale > TINY && scale < HUGE) {
        return f64::INFINITY;
    }
    let w = w.map(|x| x / scale);
    let (n, inner) = (w.nrows().min(w.ncols()), w.nrows().max(w.ncols()));
    let mut square = symmetric(if w.nrows() < w.ncols() { &w * w.transpose() } else { w.transpose() * &w });
    let squarings = if n > 512 { 2 } else { 3 };
    // The error of each square, which is added to its norm when the roots are taken.
    let mut errors = Vec::with_capacity(squarings);
    // |fl(A) - A| for the first product, whose terms have norm at most 1; the scaling adds two roundings and 2^-1000 of underflow.
    let first_error = gamma(inner + 6) + TINY;
    for _ in 0..squarings {
        let norm = frobenius(&square);
        errors.push(gamma(n + 2) * norm * norm + TINY);
        square = symmetric(&square * &square);
    }
    let mut norm = frobenius(&square);
    for error in errors.iter().rev() {
        norm = round_up((norm + error).sqrt());
    }
    round_up(scale * round_up((norm + first_error).sqrt()))
}

/// The matrix with its upper triangle mirrored, which is symmetric in spite of rounding.
fn symmetric(mut m: DMatrix<f64>) -> DMatrix<f64> {
    m.fill_lower_triangle_with_upper_triangle();
    m
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::lossy::LossySum;
    use crate::exact::product::{Active, BLOCK, Packed, Rows, Scratch};
    use crate::exact::{Instructions, rational};
    use rug::Rational;

    /// A pseudorandom double in (-1, 1).
    fn random(state: &mut u64) -> f64 {
        *state = crate::exact::random::next(*state);
        (*state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn exact(x: f64) -> Rational {
        rational(x).unwrap()
    }

    /// The square, with the sign of the error, of an error divided by the product of the norms of (w, b) and (x, 1). It is exact.
    fn measured(error: &Rational, sum: &LossySum) -> Rational {
        let square = |numbers: &[f64], last: f64| numbers.iter().chain([&last]).map(|&x| exact(x).square()).sum::<Rational>();
        let (w, x, b) = sum.doubles();
        error * Rational::from(error.abs_ref()) / (square(&w, b) * square(&x, 1.0))
    }

    fn square(x: f64) -> Rational {
        exact(x).square()
    }

    /// If all roundings have one sign, the error exceeds a bound in which one of them is missing.
    #[test]
    fn no_rounding_of_a_product_is_missing_from_its_bound() {
        for n in [1, 2, 3, 8, 64, BLOCK, BLOCK + 1, 2 * BLOCK + 1, 1000] {
            let sum = LossySum::new(n, BLOCK);
            let (w, x, b) = sum.doubles();
            let weights = Packed::new(n, 1, |_, j| w[j]);
            for instructions in Instructions::available() {
                let mut out = vec![0.0; weights.padded_outputs()];
                let rows = Rows { values: &x, stride: n, count: 1 };
                crate::exact::product::product(instructions, rows, Active::All, &weights, &mut out, &mut Scratch::default());
                let error = measured(&(sum.exact() - exact(out[0] + b)), &sum);
                assert!(error <= square(product(n)), "{n}: {}", error.to_f64());
                // The depth, and three more: a multiplication, the rounding of a weight and that of an input. Two of the additions add 0.
                assert_eq!(sum.roundings, depth(n) + 1);
                assert!(error > square(gamma(depth(n))), "{n}: {} is not an error at the edge", error.to_f64());
                assert!(error > square(0.4 * product(n)), "{n}: {} is far from the bound", error.to_f64());
            }
        }
    }

    #[test]
    fn no_rounding_of_a_plain_sum_is_missing_from_its_bound() {
        for n in [1, 2, 3, 8, 64, 1000] {
            let sum = LossySum::new(n, usize::MAX);
            let (w, x, b) = sum.doubles();
            let computed = w.iter().zip(&x).map(|(w, x)| w * x).sum::<f64>() + b;
            let error = measured(&(sum.exact() - exact(computed)), &sum);
            assert!(error <= square(sequential(n)), "{n}: {}", error.to_f64());
            assert_eq!(sum.roundings, n + 3);
            assert!(error > square(gamma(n + 2)), "{n}: {} is not an error at the edge", error.to_f64());
        }
    }

    /// The proofs have the constants in one file, which Coq reads too.
    #[test]
    fn the_constants_are_those_of_the_proofs() {
        let proofs = include_str!("../../proofs/coq/Constants.v");
        let constant = |name: &str| -> i32 {
            let line = proofs.lines().find(|line| line.split_whitespace().nth(1) == Some(name)).expect(name);
            let number: String = line.split(":=").nth(1).expect(name).chars().take_while(|c| *c != '%').collect();
            number.trim().trim_matches(['(', ')']).parse().expect(name)
        };
        let power = |e: i32| 2f64.powi(e);
        assert_eq!(U, power(-constant("precision")));
        assert_eq!(f64::MANTISSA_DIGITS as i32, constant("precision"));
        assert_eq!(f64::MIN_EXP - f64::MANTISSA_DIGITS as i32, constant("least_exponent"));
        assert_eq!(TINY, power(constant("tiny_exponent")));
        assert_eq!(round_up(1.0), 1.0 + 1.0 / f64::from(constant("round_up_inverse")));
        assert_eq!(BLOCK as i32, constant("block"));
        for n in [0, 1, 2, 50, 111, 112, 113, 224, 225, 5000, 1 << 20] {
            let block = constant("block") as usize;
            let blocked = n.min(block) + n.div_ceil(block) + 1;
            assert_eq!(depth(n), blocked);
            assert_eq!(product(n), gamma(blocked + constant("product_spare") as usize));
            assert_eq!(sequential(n), gamma(n + constant("sequential_spare") as usize));
        }
    }

    #[test]
    fn what_is_rounded_up_has_room_for_as_many_roundings_as_are_allowed() {
        // Each of 2^32 roundings loses a factor of at most 1 - u, in total 1 - 2^-21.
        for x in [1.0, 1.5, f64::MIN_POSITIVE * 4.0, 1e300] {
            assert!(round_up(x * (1.0 - 1.0 / 2_097_152.0)) >= x);
            assert!(round_up(x) <= x * (1.0 + 1.0 / 1_048_576.0));
        }
        for n in [1, 2, 100, 1 << 20] {
            let u = Rational::from((1, 1u64 << 53)) * n as u64;
            assert!(exact(gamma(n)) >= (&u / (1 - u.clone())));
            assert!(gamma(n) <= 1.000_001 * n as f64 * U);
        }
    }

    /// |W| is at least |W x| / |x| for every x, with equality for a singular vector, which some steps of the power method approximate.
    #[test]
    fn spectral_norm_bounds_and_is_close() {
        let mut state = 1;
        for (rows, columns) in [(1, 1), (3, 3), (7, 3), (3, 7), (20, 20), (1, 30)] {
            for exponent in [0, -200, 200] {
                let scale = 2f64.powi(exponent);
                let w = DMatrix::from_fn(rows, columns, |_, _| scale * random(&mut state));
                let bound = spectral_norm(&w);
                let mut x = nalgebra::DVector::from_element(columns, 1.0);
                for _ in 0..200 {
                    x = w.transpose() * (&w * x / scale);
                    x /= x.norm();
                }
                let y: Vec<Rational> = (0..rows).map(|i| (0..columns).map(|j| exact(w[(i, j)]) * exact(x[j])).sum()).collect();
                let square = |numbers: &mut dyn Iterator<Item = Rational>| numbers.map(Rational::square).sum::<Rational>();
                let stretched = square(&mut y.into_iter());
                let length = square(&mut x.iter().map(|&x| exact(x)));
                let truth = (stretched.clone() / &length).to_f64().sqrt();
                assert!(exact(bound).square() * length >= stretched, "{bound} is below {truth}");
                // The norm of the last square has some 20 rows, and its excess is taken to the power 1/16.
                assert!(bound <= 1.25 * truth, "{bound} is far above {truth}");
            }
        }
    }

    #[test]
    fn spectral_norm_says_nothing_out_of_range() {
        for x in [0.0, 0.25 * TINY, HUGE, f64::INFINITY, f64::NAN] {
            assert_eq!(spectral_norm(&DMatrix::from_element(2, 2, x)), f64::INFINITY, "{x}");
        }
    }
}
