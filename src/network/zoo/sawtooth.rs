//! Telgarsky's sawtooth.

use super::ZooError;
use super::size::check_range;
use crate::network::{Layer, Network};
use nalgebra::{dmatrix, dvector};

/// The sawtooth of K layers, 1 to 1024: 1-2-2-...-1, with 2^K activation regions and 2^K linear pieces on [0, 1].
///
/// With the tent m(x) = 2 relu(x) - 4 relu(x - 1/2), layer l has the units m^l(x) and m^l(x) - 1/2, l = 0, ..., K-1, and the output is
/// m^K(x).
///
/// # Errors
/// The number of layers is not 1 to 1024.
pub(super) fn sawtooth(layers: u64) -> Result<Network, ZooError> {
    check_range("sawtooth:K", "K", layers, 1, 1024)?;
    let mut stack = vec![Layer::from_f64(dmatrix![1.0; 1.0], dvector![0.0, -0.5])];
    for _ in 1..layers {
        stack.push(Layer::from_f64(dmatrix![2.0, -4.0; 2.0, -4.0], dvector![0.0, -0.5]));
    }
    stack.push(Layer::from_f64(dmatrix![2.0, -4.0], dvector![0.0]));
    Ok(Network::new(stack).expect("1-2-...-2-1 chains"))
}
