//! Networks in `.npz`: W0, b0, W1, b1, ...

use super::assemble::{NamedLayer, assemble};
use crate::data::budget::Budget;
use crate::data::{ReadProblem, npz};
use crate::network::Network;
use std::collections::BTreeMap;

/// Reads a network from the bytes of a `.npz` file: `W0`, `b0`, `W1`, `b1` and so on, all present, each W outputs x inputs.
///
/// # Errors
/// Bytes that are no such file or not all of it; arrays that are missing, unknown, of a wrong shape, or not finite.
pub fn npz_from_bytes(bytes: &[u8]) -> Result<Network, ReadProblem> {
    let mut arrays = BTreeMap::new();
    for (name, array) in npz::read(bytes, &Budget::default())? {
        if !is_known(&name) {
            return Err(ReadProblem::UnknownArray { array: name, expected: "a network is W0, b0, W1, b1, ..." });
        }
        arrays.insert(name, array);
    }
    let mut layers = Vec::new();
    while !arrays.is_empty() {
        let mut take = |kind: char| {
            let name = format!("{kind}{}", layers.len());
            let array = arrays.remove(&name).ok_or_else(|| ReadProblem::MissingArray { array: name.clone() })?;
            Ok::<_, ReadProblem>((name, array))
        };
        let (weights, bias) = (take('W')?, take('b')?);
        layers.push(NamedLayer { weights, bias: Some(bias) });
    }
    assemble(layers)
}

/// Whether a name is W or b and a number as it is usually written.
fn is_known(name: &str) -> bool {
    let Some(number) = name.strip_prefix(['W', 'b']) else { return false };
    number.bytes().all(|b| b.is_ascii_digit()) && (number == "0" || number.starts_with(|c: char| c != '0'))
}
