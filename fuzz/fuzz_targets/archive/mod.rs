//! Archives with right checksums, which no fuzzer finds by itself.

use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;

/// An archive of arrays with these names: the bytes are cut wherever a `.npy` file begins.
pub fn of_pieces(names: &[&str], bytes: &[u8]) -> Vec<u8> {
    let starts: Vec<usize> = (0..bytes.len()).filter(|&i| bytes[i..].starts_with(b"\x93NUMPY")).collect();
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (k, name) in names.iter().enumerate().take(starts.len()) {
        let end = starts.get(k + 1).copied().unwrap_or(bytes.len());
        archive.start_file(format!("{name}.npy"), SimpleFileOptions::default()).expect("names differ");
        archive.write_all(&bytes[starts[k]..end]).expect("memory takes every byte");
    }
    archive.finish().expect("memory takes every byte").into_inner()
}
