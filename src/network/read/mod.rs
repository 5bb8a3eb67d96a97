//! Reads networks from files, with one module for each format.

mod assemble;
mod document;
pub(super) mod json;
mod npz;
pub(super) mod onnx;
mod order;
mod safetensors;

pub use onnx::onnx_in_one_piece;

use super::Network;
use super::load::{Format, LoadError};
use crate::data::ReadProblem;
use crate::data::file::read_file;
use std::path::Path;

/// Reads a network from a `.npz`, `.json`, `.safetensors` or `.onnx` file. The end of the name determines the format.
///
/// # Errors
/// The name has another end, or the file is missing or malformed; the error names the file, the array and the index.
pub(super) fn network_from_path(path: &Path) -> Result<Network, LoadError> {
    let format = Format::of(path).ok_or_else(|| LoadError::UnknownFormat(path.display().to_string()))?;
    let read: fn(&[u8]) -> Result<Network, ReadProblem> = match format {
        Format::Npz => Network::from_npz,
        Format::Json => Network::from_json,
        Format::Safetensors => {
            safetensors::check_whole(path).map_err(|problem| problem.of(path))?;
            Network::from_safetensors
        }
        Format::Onnx => return Ok(onnx::from_path(path)?),
    };
    Ok(read_file(path).and_then(|bytes| read(&bytes)).map_err(|problem| problem.of(path))?)
}
