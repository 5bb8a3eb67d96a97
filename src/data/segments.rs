//! Segments, each given by its two ends.

use super::array::ArrayError;
use super::budget::Budget;
use super::error::ReadProblem;
use super::file::read_file;
use super::format::Format;
use super::{DataError, Points, npz};
use std::path::Path;

impl Points {
    /// Loads the ends of n segments from a `.npz` file: `P` and `Q`, each n x d.
    ///
    /// # Errors
    /// The file is not a `.npz` file, is missing or is malformed; the error names the file, the array and the index.
    pub fn load_segments(path: &str) -> Result<(Points, Points), DataError> {
        if Format::of(path) != Some(Format::Npz) {
            return Err(DataError::UnknownSegments(path.to_string()));
        }
        let read = || Points::segments_from_npz(&read_file(Path::new(path))?);
        Ok(read().map_err(|p| p.of(path))?)
    }
}

impl Points {
    /// Reads the ends `P` and `Q` of segments, each n x d, from the bytes of a `.npz` file.
    ///
    /// # Errors
    /// The bytes are not a valid file, or arrays are missing, unknown, malformed or of different shapes.
    pub fn segments_from_npz(bytes: &[u8]) -> Result<(Points, Points), ReadProblem> {
        let (mut p, mut q) = (None, None);
        for (name, array) in npz::read(bytes, &Budget::default())? {
            let place = match name.as_str() {
                "P" => &mut p,
                "Q" => &mut q,
                _ => return Err(ReadProblem::UnknownArray { array: name, expected: "expected P and Q, each n x d" }),
            };
            *place = Some(array.into_points().map_err(|problem| ReadProblem::of_array(&name, problem))?);
        }
        let missing = |name: &str| ReadProblem::MissingArray { array: name.to_string() };
        let (p, q) = (p.ok_or_else(|| missing("P"))?, q.ok_or_else(|| missing("Q"))?);
        if (p.len(), p.dimension()) != (q.len(), q.dimension()) {
            let (shape, expected) = (vec![q.len(), q.dimension()], format!("{} x {}, the shape of P", p.len(), p.dimension()));
            return Err(ReadProblem::of_array("Q", ArrayError::Shape { shape, expected }));
        }
        Ok((p, q))
    }
}
