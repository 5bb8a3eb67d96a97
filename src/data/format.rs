//! The formats of data, and the readers of points and labels from bytes.

use super::array::Array;
use super::budget::Budget;
use super::error::ReadProblem;
use super::{Pixels, Points, csv, idx, npy, npz};

/// The formats that points or labels can have.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Format {
    Npz,
    Npy,
    Csv,
    Idx,
}

impl Format {
    /// The format that the end of a file's name indicates.
    pub fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let plain = name.strip_suffix(".gz").unwrap_or(&name);
        let ends_with = |ends: &[&str]| ends.iter().any(|e| plain.ends_with(e));
        if ends_with(&[".csv", ".tsv"]) {
            Some(Self::Csv)
        } else if ends_with(&["ubyte", ".idx", ".idx1", ".idx2", ".idx3", ".idx4"]) {
            Some(Self::Idx)
        } else if name.ends_with(".npz") {
            Some(Self::Npz)
        } else if name.ends_with(".npy") {
            Some(Self::Npy)
        } else {
            None
        }
    }
}

/// Points with optional labels.
pub(super) type PointsAndLabels = (Points, Option<Vec<i64>>);

pub(super) fn points_and_labels(
    format: Format,
    bytes: &[u8],
    column: Option<&str>,
    pixels: Pixels,
    budget: &Budget,
) -> Result<PointsAndLabels, ReadProblem> {
    match format {
        Format::Npz => read_npz(bytes, budget),
        Format::Npy => Ok((read_npy(bytes, budget)?, None)),
        Format::Csv => read_csv(bytes, column, budget),
        Format::Idx => Ok((read_idx(bytes, pixels, budget)?, None)),
    }
}

impl Points {
    /// Reads points and labels from the bytes of a `.npz` file: `X`, n x d, and optionally `y` with n integers.
    ///
    /// # Errors
    /// The bytes are not a valid file, or arrays are missing, unknown or malformed.
    pub fn from_npz(bytes: &[u8]) -> Result<(Points, Option<Vec<i64>>), ReadProblem> {
        read_npz(bytes, &Budget::default())
    }

    /// Reads points from the bytes of a `.npy` file of shape n x d.
    ///
    /// # Errors
    /// The bytes are not a valid file, the shape is another one, there are no values, or values are not finite.
    pub fn from_npy(bytes: &[u8]) -> Result<Points, ReadProblem> {
        read_npy(bytes, &Budget::default())
    }

    /// Reads points from the bytes of a `.csv` file, and labels if `label_column` gives the index or name of a column.
    ///
    /// Cells are integers, decimals or p/q, all read exactly, and separated by commas, semicolons or tabs. The first line is a header if none
    /// of its cells is a number. Blank lines are skipped. Files compressed with gzip are recognised.
    ///
    /// # Errors
    /// Cells are not numbers, rows have different lengths, there are no rows, there is no such column, or labels are not integers.
    ///
    /// ```
    /// let (points, labels) = plica::data::Points::from_csv(b"x,class\n1/3,7\n0.1,8\n", Some("class")).unwrap();
    /// assert_eq!(points.coordinate(0, 0).to_string(), "1/3");
    /// assert_eq!(labels, Some(vec![7, 8]));
    /// ```
    pub fn from_csv(bytes: &[u8], label_column: Option<&str>) -> Result<(Points, Option<Vec<i64>>), ReadProblem> {
        read_csv(bytes, label_column, &Budget::default())
    }

    /// Reads points from the bytes of an IDX file, one for each index of its first dimension. Files compressed with gzip are recognised.
    ///
    /// `pixels` says which numbers unsigned bytes represent; values of the other types of IDX are taken unchanged.
    ///
    /// # Errors
    /// The bytes are not a valid or complete file, there are fewer than two dimensions, there are no values, or values are not finite.
    pub fn from_idx(bytes: &[u8], pixels: Pixels) -> Result<Points, ReadProblem> {
        read_idx(bytes, pixels, &Budget::default())
    }
}

fn read_npz(bytes: &[u8], budget: &Budget) -> Result<PointsAndLabels, ReadProblem> {
    let (mut points, mut labels) = (None, None);
    for (name, array) in npz::read(bytes, budget)? {
        let in_array = |problem| ReadProblem::of_array(&name, problem);
        match name.as_str() {
            "X" => points = Some(array.into_points().map_err(in_array)?),
            "y" => labels = Some(array.into_labels().map_err(in_array)?),
            _ => return Err(ReadProblem::UnknownArray { array: name, expected: "expected X (n x d) and optionally y (n labels)" }),
        }
    }
    let points = points.ok_or(ReadProblem::MissingArray { array: "X".to_string() })?;
    if let Some(labels) = labels.as_ref().filter(|y| y.len() != points.len()) {
        return Err(ReadProblem::LabelCount { labels: labels.len(), points: points.len() });
    }
    Ok((points, labels))
}

fn read_npy(bytes: &[u8], budget: &Budget) -> Result<Points, ReadProblem> {
    let array = npy::read(&mut &bytes[..], bytes.len() as u64, budget).and_then(Array::into_points);
    array.map_err(|problem| ReadProblem::of_array("X", problem))
}

fn read_csv(bytes: &[u8], label_column: Option<&str>, budget: &Budget) -> Result<PointsAndLabels, ReadProblem> {
    let (values, labels) = csv::read(bytes, label_column, budget)?;
    let points = values.into_points().map_err(|p| ReadProblem::of_array("cells", p))?;
    let labels = labels.map(Array::into_labels).transpose().map_err(|p| ReadProblem::of_array("labels", p))?;
    Ok((points, labels))
}

fn read_idx(bytes: &[u8], pixels: Pixels, budget: &Budget) -> Result<Points, ReadProblem> {
    idx::read(bytes, budget)?.into_points(pixels).map_err(|p| ReadProblem::of_array("values", p))
}

pub(super) fn labels_from_bytes(format: Format, bytes: &[u8], budget: &Budget) -> Result<Vec<i64>, ReadProblem> {
    let labels = match format {
        Format::Npy => npy::read(&mut &bytes[..], bytes.len() as u64, budget).and_then(Array::into_labels),
        Format::Csv => csv::read(bytes, None, budget)?.0.into_labels(),
        Format::Idx => idx::read(bytes, budget)?.into_labels(),
        Format::Npz => unreachable!("labels in .npz files are refused before they are opened"),
    };
    labels.map_err(|p| ReadProblem::of_array("y", p))
}
