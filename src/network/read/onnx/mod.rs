//! Networks in `.onnx`: the graph of operators as exporters write it.
//!
//! What an operator computes is read as exact arithmetic on the numbers of the file, with one exception: batch normalisation divides by a square
//! root, and what the network's own runtime multiplies by is a float. That float is used: scale / sqrt(variance + epsilon), each of
//! the three operations rounded to nearest in the precision of the tensors.

mod attributes;
mod call;
mod constants;
mod external;
mod import;
mod operators;
mod proto;
mod schema;
mod shapes;
mod spatial;
mod tensor;

use crate::data::{ReadError, ReadProblem, error::read_file};
use crate::network::graph::Graph;
use external::External;
use prost::Message;
use std::path::Path;

/// A graph from a file, and what its reader has to say of it.
#[derive(Clone, Debug)]
pub struct OnnxNetwork {
    /// The graph.
    pub graph: Graph,
    /// Remarks: an operator that was left out because it changes no region.
    pub notes: Vec<String>,
}

/// Reads a network from the bytes of an `.onnx` file that holds its numbers itself.
///
/// # Errors
/// Bytes that are no such file, numbers that stand in another file, and operators or options that are not read, with the node's name.
pub fn onnx_from_bytes(bytes: &[u8]) -> Result<OnnxNetwork, ReadProblem> {
    read(bytes, &External { folder: None })
}

/// Reads a network from an `.onnx` file; numbers that stand in another file are looked for beside it.
///
/// # Errors
/// A file that is missing or malformed, and operators or options that are not read, with the node's name.
pub fn onnx_from_path(path: &Path) -> Result<OnnxNetwork, ReadError> {
    let external = External { folder: Some(path.parent().unwrap_or(Path::new(""))) };
    read_file(path).and_then(|bytes| read(&bytes, &external)).map_err(|problem| problem.of(path))
}

/// The bytes of an `.onnx` file that holds its numbers itself, of one whose numbers may stand in another file: what can be sent elsewhere.
///
/// Only what [`onnx_from_bytes`] reads is kept.
///
/// # Errors
/// A file that is missing or malformed, here or beside it.
pub fn onnx_in_one_piece(path: &Path) -> Result<Vec<u8>, ReadError> {
    let external = External { folder: Some(path.parent().unwrap_or(Path::new(""))) };
    let gather = |bytes: &[u8]| {
        let mut model = decode(bytes)?;
        external.gather(&mut model).map_err(ReadProblem::Format)?;
        Ok(model.encode_to_vec())
    };
    read_file(path).and_then(|bytes| gather(&bytes)).map_err(|problem: ReadProblem| problem.of(path))
}

fn read(bytes: &[u8], external: &External<'_>) -> Result<OnnxNetwork, ReadProblem> {
    import::import(&decode(bytes)?, external).map_err(ReadProblem::Format)
}

fn decode(bytes: &[u8]) -> Result<proto::Model, ReadProblem> {
    proto::Model::decode(bytes).map_err(|error| ReadProblem::Format(format!("not a whole .onnx file: {error}")))
}
