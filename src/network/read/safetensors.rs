//! Networks in `.safetensors`: the state of a PyTorch stack of Linear layers.

use super::assemble::{NamedLayer, assemble};
use crate::data::ReadProblem;
use crate::data::array::{Array, ArrayError, Collector};
use crate::data::budget::Budget;
use crate::data::dtype::Dtype;
use crate::network::Network;
use safetensors::tensor::{SafeTensors, TensorView};
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

/// Reads a network from the bytes of a `.safetensors` file with the names of a PyTorch stack: `0.weight`, `0.bias`, `2.weight`, ...
///
/// The layers stand in natural order of their names, so that 10 follows 9. Weights are outputs x inputs; a missing bias is zero, as
/// with `nn.Linear(bias=False)`. F64, F32, F16 and BF16 are read.
///
/// # Errors
/// Bytes that are no such file or not all of it; tensors that are left over, twice there, of a wrong shape or type, or not finite.
pub fn safetensors_from_bytes(bytes: &[u8]) -> Result<Network, ReadProblem> {
    let not_whole = |e: &dyn std::fmt::Display| ReadProblem::Format(format!("not a whole .safetensors file: {e}"));
    let file = SafeTensors::deserialize(bytes).map_err(|e| not_whole(&e))?;
    if let Some(array) = duplicate_name(bytes) {
        return Err(ReadProblem::DuplicateArray { array });
    }
    let budget = Budget::default();
    let (mut weights, mut biases) = (Vec::new(), BTreeMap::new());
    for (name, view) in file.tensors() {
        let array = || decode(&view, &budget).map_err(|problem| ReadProblem::of_array(&name, problem));
        match name.rsplit_once('.').unwrap_or(("", &name)) {
            (layer, "weight") => weights.push((layer.to_string(), array()?)),
            (layer, "bias") => drop(biases.insert(layer.to_string(), array()?)),
            _ => {
                let expected = "a network is 0.weight, 0.bias, 2.weight, ...";
                return Err(ReadProblem::UnknownArray { array: name, expected });
            }
        }
    }
    weights.sort_by(|a, b| natural_order(&a.0, &b.0));
    let full_name = |layer: &str, kind: &str| if layer.is_empty() { kind.to_string() } else { format!("{layer}.{kind}") };
    let mut layers = Vec::with_capacity(weights.len());
    for (layer, array) in weights {
        let bias = biases.remove(&layer).map(|b| (full_name(&layer, "bias"), b));
        layers.push(NamedLayer { weights: (full_name(&layer, "weight"), array), bias });
    }
    if let Some(layer) = biases.keys().next() {
        return Err(ReadProblem::MissingArray { array: full_name(layer, "weight") });
    }
    assemble(layers)
}

fn decode(view: &TensorView, budget: &Budget) -> Result<Array, ArrayError> {
    let dtype = match view.dtype() {
        safetensors::Dtype::F64 => Dtype::F64,
        safetensors::Dtype::F32 => Dtype::F32,
        safetensors::Dtype::F16 => Dtype::F16,
        safetensors::Dtype::BF16 => Dtype::BF16,
        other => return Err(ArrayError::Dtype(format!("{other:?}"))),
    };
    let mut into = Collector::new(budget, view.data().len() / dtype.width());
    dtype.decode(view.data(), &mut into)?;
    Ok(Array { shape: view.shape().to_vec(), numbers: into.finish() })
}

/// Orders runs of digits as the numbers that they are, and everything else by its characters.
fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let digits = |s: &str| s.bytes().take_while(u8::is_ascii_digit).count();
        let (m, n) = (digits(a), digits(b));
        if m > 0 && n > 0 {
            let (x, y) = (a[..m].trim_start_matches('0'), b[..n].trim_start_matches('0'));
            // Of two numbers without leading zeros the longer is the larger.
            let order = x.len().cmp(&y.len()).then(x.cmp(y)).then(m.cmp(&n));
            if order.is_ne() {
                return order;
            }
            (a, b) = (&a[m..], &b[n..]);
            continue;
        }
        let (mut x, mut y) = (a.chars(), b.chars());
        match (x.next(), y.next()) {
            (Some(c), Some(d)) if c == d => (a, b) = (x.as_str(), y.as_str()),
            (c, d) => return c.cmp(&d),
        }
    }
}

/// The first name that the header has twice: the reader behind it keeps only one of them.
fn duplicate_name(bytes: &[u8]) -> Option<String> {
    struct Names;
    impl<'de> Visitor<'de> for Names {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            let mut seen = HashSet::new();
            while let Some((name, _)) = map.next_entry::<String, IgnoredAny>()? {
                if !seen.insert(name.clone()) {
                    return Err(A::Error::custom(name));
                }
            }
            Ok(())
        }
    }
    let length = u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?);
    let header = bytes.get(8..usize::try_from(length).ok()?.checked_add(8)?)?;
    let mut seen = serde_json::Deserializer::from_slice(header);
    let error = seen.deserialize_map(Names).err()?.to_string();
    // serde_json puts the place behind the message.
    Some(error.rsplit_once(" at line ").map_or(error.clone(), |(name, _)| name.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_follows_nine() {
        let mut names = ["10", "9", "2", "0", "", "a10", "a9b", "a9", "02", "layers.10.linear", "layers.2.linear"];
        names.sort_by(|a, b| natural_order(a, b));
        assert_eq!(names, ["", "0", "2", "02", "9", "10", "a9", "a9b", "a10", "layers.2.linear", "layers.10.linear"]);
    }
}
