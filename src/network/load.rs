//! Loads networks by the names that the command line takes.

use super::zoo::{self, ZooError};
use super::{Network, read};
use crate::data::ReadError;
use std::path::Path;

/// The errors of loading a network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The text is neither a built-in network nor a file of a known format.
    #[error("`{0}` is neither a .npz, .json, .safetensors or .onnx file nor a built-in network ({forms})", forms = zoo::FORMS)]
    UnknownFormat(String),
    /// The text begins like the name of a built-in network, but is not one.
    #[error(transparent)]
    Zoo(#[from] ZooError),
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl LoadError {
    /// Whether the error is in the arguments of the call, which is known before a file is opened. The exit status is then 2, otherwise 1.
    pub fn is_call_error(&self) -> bool {
        !matches!(self, Self::Read(_) | Self::Zoo(ZooError::Memory { .. }))
    }
}

/// The formats of network files.
#[derive(Clone, Copy)]
pub(super) enum Format {
    Npz,
    Json,
    Safetensors,
    Onnx,
}

impl Format {
    /// The format that the end of a file's name indicates.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "npz" => Some(Self::Npz),
            "json" => Some(Self::Json),
            "safetensors" => Some(Self::Safetensors),
            "onnx" => Some(Self::Onnx),
            _ => None,
        }
    }
}

/// Loads a network: a `.npz`, `.json`, `.safetensors` or `.onnx` file, or a network of the [zoo].
///
/// # Errors
/// The text is not the name of a network, or a file is missing or malformed; the error names the file, the array and the index.
///
/// ```
/// assert_eq!(plica::network::load("cantor:2").unwrap().shape(), "2-3-2-3-2-1");
/// assert!(plica::network::load("cantor:0").unwrap_err().is_call_error());
/// assert!(!plica::network::load("missing.npz").unwrap_err().is_call_error());
/// ```
pub fn load(spec: &str) -> Result<Network, LoadError> {
    match zoo::parse(spec) {
        Some(network) => Ok(network?),
        None => read::network_from_path(Path::new(spec)),
    }
}
