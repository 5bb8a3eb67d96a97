//! Limits on built-in networks, checked before anything is built.

use super::ZooError;
use nalgebra::DMatrix;

/// The most weights and biases of a built-in network: 800 MB as doubles.
const MOST: u128 = 100_000_000;

/// The matrix of a layer, or an error where there is no memory for it.
pub(super) fn matrix(
    what: impl FnOnce() -> String,
    rows: usize,
    columns: usize,
    mut weight: impl FnMut(usize, usize) -> f64,
) -> Result<DMatrix<f64>, ZooError> {
    let mut weights = Vec::new();
    if weights.try_reserve_exact(rows * columns).is_err() {
        return Err(ZooError::Memory { what: what() });
    }
    weights.resize(rows * columns, 0.0);
    let mut matrix = DMatrix::from_vec(rows, columns, weights);
    for i in 0..rows {
        (0..columns).for_each(|j| matrix[(i, j)] = weight(i, j));
    }
    Ok(matrix)
}

/// That a parameter is between two values.
pub(super) fn check_range(form: &'static str, name: &'static str, value: u64, least: u64, most: u64) -> Result<(), ZooError> {
    if (least..=most).contains(&value) { Ok(()) } else { Err(ZooError::Range { form, name, value, least, most }) }
}

/// That a network of these widths, from the input to the output, is not too large.
pub(super) fn check_widths(what: impl FnOnce() -> String, widths: impl IntoIterator<Item = u64>) -> Result<(), ZooError> {
    let mut coefficients = 0u128;
    let mut below = None;
    for width in widths.into_iter().map(u128::from) {
        if let Some(below) = below.replace(width) {
            let inputs: u128 = below;
            // Widths are below 2^64 each: (2^64 - 1) 2^64 is a u128.
            coefficients = coefficients.saturating_add(width * (inputs + 1));
        }
    }
    if coefficients > MOST { Err(ZooError::TooLarge { what: what(), coefficients, most: MOST }) } else { Ok(()) }
}
