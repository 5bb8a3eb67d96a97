//! Limits of built-in networks, which are checked before anything is built.

use super::ZooError;
use nalgebra::DMatrix;

/// The limit for the weights and biases of a built-in network: 800 MB as doubles.
const MOST: u128 = 100_000_000;

/// The matrix of a layer; an error if there is not enough memory.
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

/// Checks that a parameter is in its range.
pub(super) fn check_range(form: &'static str, name: &'static str, value: u64, least: u64, most: u64) -> Result<(), ZooError> {
    if (least..=most).contains(&value) { Ok(()) } else { Err(ZooError::Range { form, name, value, least, most }) }
}

/// Checks that a network of these widths, from the input to the output, is within the limit.
pub(super) fn check_widths(what: impl FnOnce() -> String, widths: impl IntoIterator<Item = u64>) -> Result<(), ZooError> {
    let mut coefficients = 0u128;
    let mut below = None;
    for width in widths.into_iter().map(u128::from) {
        if let Some(below) = below.replace(width) {
            let inputs: u128 = below;
            // Widths are below 2^64, so the product is below 2^128.
            coefficients = coefficients.saturating_add(width * (inputs + 1));
        }
    }
    if coefficients > MOST { Err(ZooError::TooLarge { what: what(), coefficients, most: MOST }) } else { Ok(()) }
}
