//! CantorNet, recursive representation A.

use super::ZooError;
use super::size::check_range;
use crate::network::{Layer, Network, Selection};
use nalgebra::{dmatrix, dvector};

const FORM: &str = "cantor:K";

/// CantorNet A of recursion depth K, 1 to 64: 2-3-2-3-2-...-1, with 2K hidden layers of 5K units.
///
/// K times h <- relu(W1 h + b1), h <- relu(W2 h), where the first maps (x, y) to (3x - 2, 1 - 3x, y) and the second adds the first two:
/// after j of these h = (A^j(x), y) with A(x) = max(3x - 2, 0, 1 - 3x). The output is y - (A^K(x) + 1) / 2.
///
/// All units, the output included, are the 5K+1 bits of the published experiments.
///
/// # Errors
/// The depth is not 1 to 64.
pub(super) fn cantor(depth: u64) -> Result<Network, ZooError> {
    check_range(FORM, "K", depth, 1, 64)?;
    let first = || Layer::from_f64(dmatrix![3.0, 0.0; -3.0, 0.0; 0.0, 1.0], dvector![-2.0, 1.0, 0.0]);
    let second = || Layer::from_f64(dmatrix![1.0, 1.0, 0.0; 0.0, 0.0, 1.0], dvector![0.0, 0.0]);
    let mut layers: Vec<Layer> = (0..depth).flat_map(|_| [first(), second()]).collect();
    layers.push(Layer::from_f64(dmatrix![-0.5, 1.0], dvector![-0.5]));
    Ok(Network::new(layers).expect("2-3-2-...-1 chains"))
}

/// The 3K bits of the W1 layers of CantorNet A: layers 0, 2, 4, ...
///
/// # Errors
/// The depth is not 1 to 64.
///
/// ```
/// assert_eq!(plica::network::zoo::cantor_first_maps(3).unwrap().to_string(), "0,2,4");
/// ```
pub fn cantor_first_maps(depth: u64) -> Result<Selection, ZooError> {
    check_range(FORM, "K", depth, 1, 64)?;
    Ok(Selection::Layers((0..depth as usize).map(|j| (2 * j, 2 * j)).collect()))
}
