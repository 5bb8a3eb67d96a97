//! Networks in `.safetensors` files: the state of a PyTorch stack of Linear layers.

use super::assemble::{NamedLayer, assemble};
use super::order::in_order;
use crate::data::ReadProblem;
use crate::data::array::{Array, ArrayError, Collector};
use crate::data::budget::Budget;
use crate::data::dtype::Dtype;
use crate::network::Network;
use safetensors::tensor::{Metadata, SafeTensors, TensorView};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// The name of the object with texts in the header.
const METADATA: &str = "__metadata__";

impl Network {
    /// Reads a network from the bytes of a `.safetensors` file with the names of a PyTorch stack: `0.weight`, `0.bias`, `2.weight`, ...
    ///
    /// The file does not contain the connections of its layers. They are taken in the order of the one number in which their names differ, with
    /// ReLU between them: `0`, `2`, `4` of a `Sequential` with an activation in each gap, or `fc1`, `fc2`, `fc3`. Weights are outputs x inputs;
    /// a missing bias means zeros, as with `nn.Linear(bias=False)`. The metadata may name a tensor under which another one is stored, as
    /// `safetensors.torch.save_model` does for shared tensors. The types are F64, F32, F16 and BF16.
    ///
    /// # Errors
    /// The bytes are not a valid or complete file, names do not determine an order, or tensors are unknown, occur twice, have a wrong shape or
    /// type, or are not finite.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Network, ReadProblem> {
        let not_whole = |e: &dyn std::fmt::Display| ReadProblem::Format(format!("not a whole .safetensors file: {e}"));
        let file = SafeTensors::deserialize(bytes).map_err(|e| not_whole(&e))?;
        if let Some(array) = duplicate_name(bytes, "") {
            return Err(ReadProblem::DuplicateArray { array });
        }
        if let Some(name) = duplicate_name(bytes, METADATA) {
            return Err(ReadProblem::Format(format!("{METADATA} holds `{name}` twice")));
        }
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| not_whole(&e))?;
        let mut tensors: BTreeMap<String, TensorView<'_>> = file.tensors().into_iter().collect();
        for (name, kept) in shared(&header, &tensors)? {
            let view = tensors[&kept].clone();
            tensors.insert(name, view);
        }
        let budget = Budget::default();
        let (mut weights, mut biases) = (Vec::new(), BTreeMap::new());
        for (name, view) in tensors {
            let array = || decode(&view, &budget).map_err(|problem| ReadProblem::of_array(&name, problem));
            match name.rsplit_once('.').unwrap_or(("", &name)) {
                (layer, "weight") => {
                    let array = array()?;
                    array.matrix_shape("outputs x inputs").map_err(|problem| ReadProblem::of_array(&name, problem))?;
                    weights.push((layer.to_string(), array));
                }
                (layer, "bias") => {
                    let array = array()?;
                    if biases.insert(layer.to_string(), array).is_some() {
                        return Err(ReadProblem::DuplicateArray { array: name });
                    }
                }
                (_, "running_mean" | "running_var" | "num_batches_tracked") => {
                    let expected = "batch normalisation is supported in .onnx files and in modules of Python";
                    return Err(ReadProblem::UnknownArray { array: name, expected });
                }
                _ => {
                    let expected = "expected 0.weight, 0.bias, 2.weight, ...";
                    return Err(ReadProblem::UnknownArray { array: name, expected });
                }
            }
        }
        let full_name = |layer: &str, kind: &str| if layer.is_empty() { kind.to_string() } else { format!("{layer}.{kind}") };
        let mut layers = Vec::with_capacity(weights.len());
        for (layer, array) in in_order(weights).map_err(ReadProblem::Format)? {
            let bias = biases.remove(&layer).map(|b| (full_name(&layer, "bias"), b));
            layers.push(NamedLayer { weights: (full_name(&layer, "weight"), array), bias });
        }
        if let Some(layer) = biases.keys().next() {
            return Err(ReadProblem::MissingArray { array: full_name(layer, "weight") });
        }
        let network = assemble(layers)?;
        let note = "the layers are taken in the order of their numbers, with ReLU between them: a .safetensors file says neither";
        let notes = if network.depth() > 0 { vec![note.to_string()] } else { Vec::new() };
        Ok(network.with_notes(notes))
    }
}

/// Checks that the name is not that of one of several parts of a state, such as `model-00001-of-00002.safetensors`.
pub(super) fn check_whole(path: &Path) -> Result<(), ReadProblem> {
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let numbers = name.rsplit_once("-of-").and_then(|(before, of)| Some((before.rsplit_once('-')?.1, of)));
    match numbers.filter(|(part, of)| is_number(part) && is_number(of) && of.trim_start_matches('0') != "1") {
        Some((part, of)) => Err(ReadProblem::Format(format!("part {part} of {of} of a state: expected a file that contains all of it"))),
        None => Ok(()),
    }
}

/// The pairs of a shared tensor and the name under which it is stored, from the metadata. All other texts of the metadata are ignored.
fn shared(header: &Metadata, tensors: &BTreeMap<String, TensorView<'_>>) -> Result<Vec<(String, String)>, ReadProblem> {
    let is_of_layer = |name: &str| name.ends_with(".weight") || name.ends_with(".bias");
    let mut found = Vec::new();
    for (name, kept) in header.metadata().iter().flatten() {
        let wrong = |what: &str| ReadProblem::Format(format!("the metadata says that {name} is {kept}, {what}"));
        match (tensors.contains_key(name), tensors.contains_key(kept)) {
            (false, true) => found.push((name.clone(), kept.clone())),
            (true, true) if name != kept => return Err(wrong("but the file has both")),
            (false, false) if is_of_layer(name) && is_of_layer(kept) => return Err(wrong("which is missing")),
            _ => {}
        }
    }
    Ok(found)
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

/// The first name that occurs twice in the header, or in an object of it. The reader of the format keeps only one of the two entries.
fn duplicate_name(bytes: &[u8], object: &str) -> Option<String> {
    let length = u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?);
    let header = bytes.get(8..usize::try_from(length).ok()?.checked_add(8)?)?;
    let mut found = None;
    let names = Names { object, found: &mut found };
    // Text that is not JSON was refused before.
    let _ = serde_json::Deserializer::from_slice(header).deserialize_map(names);
    found
}

/// Searches for a name that occurs twice in the object of this name, or in the outermost one.
struct Names<'a> {
    object: &'a str,
    found: &'a mut Option<String>,
}

impl<'de> DeserializeSeed<'de> for Names<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Names<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !self.object.is_empty() && name == self.object {
                map.next_value_seed(Names { object: "", found: &mut *self.found })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
            if self.object.is_empty() && self.found.is_none() && seen.contains(&name) {
                *self.found = Some(name.clone());
            }
            seen.insert(name);
        }
        Ok(())
    }
}
