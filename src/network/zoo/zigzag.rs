//! The zig-zag network of Montufar, Pascanu, Cho and Bengio.

use super::ZooError;
use super::size::{check_range, check_widths, matrix};
use crate::network::{Layer, Network};
use nalgebra::DVector;

/// The zig-zag network of N inputs and L layers of N P units, with P^(N L) activation regions in the unit cube.
///
/// Each layer folds each coordinate by the zig-zag z(x) = P x - 2 relu(P x - 1) + 2 relu(P x - 2) - ... of P pieces from [0, 1] onto
/// [0, 1]. Unit w P + j of layer l is P z^l(x_w) - j, j = 0, ..., P-1, and the N outputs are z^L(x_w). All coefficients are integers.
///
/// # Errors
/// A parameter is 0, there are more than 1024 layers or 100 million weights and biases, or the memory is not enough.
pub(super) fn zigzag(inputs: u64, pieces: u64, layers: u64) -> Result<Network, ZooError> {
    const FORM: &str = "zigzag:N:P:L";
    check_range(FORM, "N", inputs, 1, 1_000_000)?;
    check_range(FORM, "P", pieces, 1, 1_000_000)?;
    check_range(FORM, "L", layers, 1, 1024)?;
    let width = inputs * pieces;
    let hidden = std::iter::repeat_n(width, layers as usize);
    let widths = std::iter::once(inputs).chain(hidden).chain([inputs]);
    let name = || format!("zigzag:{inputs}:{pieces}:{layers}");
    check_widths(name, widths)?;

    let (n, p) = (inputs as usize, pieces as usize);
    let steep = pieces as f64;
    // The coefficients of z in terms of the units: 1, -2, 2, -2, ...
    let fold = |j: usize| {
        if j == 0 {
            1.0
        } else if j % 2 == 1 {
            -2.0
        } else {
            2.0
        }
    };
    let bias = || DVector::from_fn(n * p, |i, _| -((i % p) as f64));
    let same = |w: usize, v: usize, x: f64| if w == v { x } else { 0.0 };
    let mut stack = vec![Layer::from_f64(matrix(name, n * p, n, |i, w| same(i / p, w, steep))?, bias())];
    for _ in 1..layers {
        stack.push(Layer::from_f64(matrix(name, n * p, n * p, |i, j| same(i / p, j / p, steep * fold(j % p)))?, bias()));
    }
    stack.push(Layer::from_f64(matrix(name, n, n * p, |w, j| same(w, j / p, fold(j % p)))?, DVector::zeros(n)));
    Ok(Network::new(stack).expect("N-NP-...-NP-N chains"))
}
