//! Networks in `.npz` files: W0, b0, W1, b1, ...

use super::assemble::{NamedLayer, assemble};
use crate::data::budget::Budget;
use crate::data::{ReadProblem, npz};
use crate::network::Network;
use std::collections::BTreeMap;

impl Network {
    /// Reads a network from the bytes of a `.npz` file with `W0`, `b0`, `W1`, `b1` and so on. Each W is outputs x inputs; a missing b means
    /// zeros.
    ///
    /// # Errors
    /// The bytes are not a valid or complete file, or arrays are missing, unknown, of a wrong shape, or not finite.
    pub fn from_npz(bytes: &[u8]) -> Result<Network, ReadProblem> {
        let mut arrays = BTreeMap::new();
        for (name, array) in npz::read(bytes, &Budget::default())? {
            if !is_known(&name) {
                return Err(ReadProblem::UnknownArray { array: name, expected: "expected W0, b0, W1, b1, ..." });
            }
            arrays.insert(name, array);
        }
        let mut layers = Vec::new();
        while !arrays.is_empty() {
            let (weights, bias) = (format!("W{}", layers.len()), format!("b{}", layers.len()));
            let Some(array) = arrays.remove(&weights) else { return Err(ReadProblem::MissingArray { array: weights }) };
            let bias = arrays.remove(&bias).map(|array| (bias, array));
            layers.push(NamedLayer { weights: (weights, array), bias });
        }
        assemble(layers)
    }
}

/// Whether a name is W or b followed by a number in the usual notation.
fn is_known(name: &str) -> bool {
    let Some(number) = name.strip_prefix(['W', 'b']) else { return false };
    number.bytes().all(|b| b.is_ascii_digit()) && (number == "0" || number.starts_with(|c: char| c != '0'))
}
