//! The `.npz` format: a zip archive of `.npy` files.

use super::array::{Array, ArrayError};
use super::budget::Budget;
use super::error::ReadProblem;
use super::npy;
use std::io::{Cursor, Read};
use zip::{CompressionMethod, ZipArchive};

/// Deflate expands a byte to at most 1032 bytes.
const MOST_OF_ONE_BYTE: u64 = 1032;

/// All arrays of an archive in their order, by name without `.npy`.
pub(crate) fn read(bytes: &[u8], budget: &Budget) -> Result<Vec<(String, Array)>, ReadProblem> {
    let not_zip = |e: zip::result::ZipError| ReadProblem::Format(format!("not a whole .npz archive: {e}"));
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(not_zip)?;
    if let Some(name) = duplicate_name(bytes, archive.central_directory_start()) {
        return Err(ReadProblem::DuplicateArray { array: array_name(&name).to_string() });
    }
    let (mut arrays, mut packed) = (Vec::new(), 0u64);
    for i in 0..archive.len() {
        let mut entry = archive.by_index(i).map_err(not_zip)?;
        let name = array_name(entry.name()).to_string();
        let in_array = |problem| ReadProblem::Array { array: name.clone(), problem };
        let damaged = |problem: &str| in_array(ArrayError::Damaged(problem.to_string()));
        if !entry.name().ends_with(".npy") {
            return Err(ReadProblem::Format(format!("`{}` in the archive is not a .npy file", entry.name().escape_debug())));
        }
        // Small files could otherwise fill the memory, by entries that share bytes or state sizes that their bytes cannot have.
        packed = packed.saturating_add(entry.compressed_size());
        if packed > bytes.len() as u64 {
            return Err(damaged("the archive's entries overlap"));
        }
        let most = match entry.compression() {
            CompressionMethod::Stored => entry.compressed_size(),
            _ => (entry.compressed_size() + 1).saturating_mul(MOST_OF_ONE_BYTE),
        };
        if entry.size() > most {
            return Err(damaged(&format!("{} compressed bytes cannot contain the stated {} bytes", entry.compressed_size(), entry.size())));
        }
        let size = entry.size();
        let array = npy::read(&mut entry, size, budget).map_err(in_array)?;
        // One more read finds the end, where the checksum is checked.
        match entry.read(&mut [0]) {
            Ok(0) => {}
            Ok(_) => return Err(damaged("it is longer than the directory of the archive says")),
            Err(e) => return Err(damaged(&e.to_string())),
        }
        drop(entry);
        arrays.push((name, array));
    }
    Ok(arrays)
}

fn array_name(entry: &str) -> &str {
    entry.strip_suffix(".npy").unwrap_or(entry)
}

/// The first name that occurs twice in the central directory; the index of the archive has only one of the two entries.
fn duplicate_name(bytes: &[u8], start: u64) -> Option<String> {
    let mut rest = bytes.get(usize::try_from(start).ok()?..)?;
    let mut names = std::collections::HashSet::new();
    while rest.starts_with(b"PK\x01\x02") {
        let length = |at: usize| Some(usize::from(u16::from_le_bytes([*rest.get(at)?, *rest.get(at + 1)?])));
        let (name, extra, comment) = (length(28)?, length(30)?, length(32)?);
        let bytes = rest.get(46..46 + name)?;
        if !names.insert(bytes) {
            return Some(String::from_utf8_lossy(bytes).into_owned());
        }
        rest = rest.get(46 + name + extra + comment..)?;
    }
    None
}
