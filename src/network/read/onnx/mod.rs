//! Networks in `.onnx` files: graphs of operators, as exporters write them.
//!
//! Operators are exact arithmetic on the numbers of the file, with one exception. Batch normalisation divides by a square root, and the
//! factor that the runtime of the network uses is a float. The reader uses that float: scale / sqrt(variance + epsilon), with each of the
//! three operations rounded to nearest in the precision of the tensors.

mod activations;
mod attributes;
mod call;
mod constants;
mod external;
mod import;
mod normalisation;
mod operators;
mod products;
pub(in crate::network) mod proto;
mod schema;
mod shapes;
mod smooth;
mod spatial;
mod tensor;
mod weight;

use crate::data::budget::Budget;
use crate::data::file::read_file;
use crate::data::{ReadError, ReadProblem};
use crate::network::Network;
use external::External;
use prost::Message;
use std::path::Path;

impl Network {
    /// Reads a network from the bytes of an `.onnx` file that contains its numbers.
    ///
    /// # Errors
    /// The bytes are not a valid file, numbers are in another file, or operators or options are not supported; the error names the node.
    pub fn from_onnx(bytes: &[u8]) -> Result<Network, ReadProblem> {
        read(bytes, &External::default())
    }
}

/// Reads a network from an `.onnx` file. Numbers in other files are read from the same folder.
///
/// # Errors
/// The file is missing or malformed, or operators or options are not supported; the error names the node.
pub(super) fn from_path(path: &Path) -> Result<Network, ReadError> {
    let external = External { file: Some(path), ..External::default() };
    read_file(path).and_then(|bytes| read(&bytes, &external)).map_err(|problem| problem.of(path))
}

/// The bytes of an `.onnx` file that contains its numbers, from a file whose numbers may be in other files. The result can be sent to
/// another machine.
///
/// It contains only what [`Network::from_onnx`] reads.
///
/// # Errors
/// The file, or one that it names, is missing or malformed.
pub fn onnx_in_one_piece(path: &Path) -> Result<Vec<u8>, ReadError> {
    let external = External { file: Some(path), ..External::default() };
    let gather = |bytes: &[u8]| {
        let mut model = decode(bytes, &external.budget)?;
        external.gather(&mut model).map_err(ReadProblem::Format)?;
        Ok(model.encode_to_vec())
    };
    read_file(path).and_then(|bytes| gather(&bytes)).map_err(|problem: ReadProblem| problem.of(path))
}

fn read(bytes: &[u8], external: &External<'_>) -> Result<Network, ReadProblem> {
    import::import(&decode(bytes, &external.budget)?, external).map_err(ReadProblem::Format)
}

fn decode(bytes: &[u8], budget: &Budget) -> Result<proto::Model, ReadProblem> {
    budget.take(weight::of(bytes), 1).map_err(|error| ReadProblem::Format(error.to_string()))?;
    proto::Model::decode(bytes).map_err(|error| ReadProblem::Format(format!("not a whole .onnx file: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::{Graph, Model, OperatorSet, Tensor};

    #[test]
    fn all_constants_of_a_file_share_one_budget() {
        let constant = Tensor { dims: vec![100], data_type: 1, raw_data: vec![0; 400], ..Tensor::default() };
        let graph = Graph { initializer: vec![constant.clone(), Tensor { name: "b".to_string(), ..constant }], ..Graph::default() };
        let model =
            Model { graph: Some(graph), opset_import: vec![OperatorSet { domain: String::new(), version: 13 }], ..Model::default() };
        let error = |bytes| import::import(&model, &External { budget: Budget::of(bytes), ..External::default() }).unwrap_err();
        assert!(error(1599).contains("more than 4 GiB of numbers and text"));
        assert!(error(1600).contains("a network has one input"));
    }
}
