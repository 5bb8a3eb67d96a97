//! Writing of files for Python, with the library's writer.

use crate::error::Failure;
use crate::job::here;
use pyo3::prelude::*;
use std::path::PathBuf;

/// Writes a file as a whole or not at all.
#[pyfunction]
pub fn write_file(py: Python<'_>, path: PathBuf, bytes: &[u8]) -> PyResult<()> {
    let failed = |error: std::io::Error| Failure::File(error.kind(), format!("{}: {error}", path.display()));
    here(py, || plica::files::replace(&path, |file| file.write_all(bytes)).map_err(failed))
}
