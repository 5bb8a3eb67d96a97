//! The constants of the filter, each with its place in proofs/filter.md.

use super::product::depth;
use nalgebra::DMatrix;

/// The unit roundoff u = 2^-53 of binary64.
pub(crate) const U: f64 = 1.0 / 9_007_199_254_740_992.0;

/// Added to every row norm, so that a margin also covers what underflow loses (section 3).
pub(crate) const TINY: f64 = f64::from_bits((1023 - 500) << 52); // 2^-500

/// Above this no intermediate result of the kernel can overflow (section 3).
pub(crate) const HUGE: f64 = f64::from_bits((1023 + 1000) << 52); // 2^1000

/// Makes a bound that was computed with fewer than 2^32 rounded operations on positive numbers a bound again (section 1).
pub(crate) fn round_up(x: f64) -> f64 {
    x * (1.0 + 1.0 / 1_048_576.0)
}

/// gamma(n) = n u / (1 - n u), rounded up; n below 2^30.
pub(crate) fn gamma(n: usize) -> f64 {
    round_up(n as f64 * U)
}

/// The error of a product with n inputs, relative to the norms of its two factors (section 2).
///
/// Six roundings beyond the depth of the sum: the nearest doubles of rational weights and of rational inputs, the difference of two
/// products, and room for underflow.
pub(crate) fn product(n: usize) -> f64 {
    gamma(depth(n) + 6)
}

/// The same of a sum that takes one term after another.
pub(crate) fn sequential(n: usize) -> f64 {
    gamma(n + 7)
}

/// An upper bound of the spectral norm of a matrix (section 4).
///
/// With A = W^T W (or W W^T), |A^(2^k)| in the Frobenius norm to the power 2^-(k+1) falls towards it; the rounding of each square is added.
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
    // Before each squaring: the error of the square, to be added to its norm on the way back.
    let mut errors = Vec::with_capacity(squarings);
    // |fl(A) - A| for the first product, of terms at most 1 in the norm; the scaling adds two roundings and 2^-1000 of underflow.
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

/// The matrix with its upper triangle mirrored: what would be symmetric without rounding is so again.
fn symmetric(mut m: DMatrix<f64>) -> DMatrix<f64> {
    m.fill_lower_triangle_with_upper_triangle();
    m
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spectral_norm_bounds_and_is_close() {
        let diagonal = DMatrix::from_diagonal(&nalgebra::dvector![3.0, -5.0, 1.0]);
        let bound = spectral_norm(&diagonal);
        assert!((5.0..5.5).contains(&bound), "{bound}");
        let one = DMatrix::from_element(7, 3, 1.0);
        let bound = spectral_norm(&one);
        assert!(bound >= 21f64.sqrt() && bound < 1.01 * 21f64.sqrt(), "{bound}");
        assert!(spectral_norm(&DMatrix::from_element(2, 2, 0.0)) >= 0.0);
    }
}
