//! Points and segments by the names that the command line takes.

use super::array::Array;
use super::error::{ReadError, ReadProblem, read_file};
use super::{DataSet, Pixels, Point, Points, csv, idx, npy, npz};
use crate::exact::parse_rational;
use std::path::Path;

/// The 1797 images of 8 x 8 pixels 0 to 16, and their labels in the last column.
const DIGITS: &[u8] = include_bytes!("../../data/digits.csv.gz");

/// How points are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// What number a pixel of an IDX file is, or of the built-in digits.
    pub pixels: Pixels,
    /// Where the labels stand, if apart: a file (`.npy`, `.csv` or IDX), or the index or name of a column of a `.csv`.
    pub labels: Option<String>,
}

/// Why points cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The text names no kind of data.
    #[error("`{0}` is not data: a .npz, .npy, .csv or IDX file (.csv.gz and IDX .gz too), or the built-in `digits`")]
    UnknownData(String),
    /// The text is no point.
    #[error("`{text}` is not a point: coordinates such as 0,3/4, a .npy file, or a row such as data.npz#17{}", .problem.as_ref().map(|p| format!(" ({p})")).unwrap_or_default())]
    PointSyntax {
        /// The text.
        text: String,
        /// What is wrong with it, where it looks like coordinates.
        problem: Option<String>,
    },
    /// The file of segments is of another format.
    #[error("`{0}` is not a .npz file of segments")]
    UnknownSegments(String),
    /// Labels apart cannot go with this data.
    #[error("labels `{labels}` cannot go with `{data}`: {problem}")]
    Labels {
        /// The labels asked for.
        labels: String,
        /// The data.
        data: String,
        /// Why not.
        problem: &'static str,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl LoadError {
    /// Whether the call itself is wrong, which can be said without opening a file: exit status 2 and not 1.
    pub fn is_call_error(&self) -> bool {
        !matches!(self, Self::Read(_))
    }
}

/// The formats that points or labels can have.
#[derive(Clone, Copy, PartialEq)]
enum Format {
    Npz,
    Npy,
    Csv,
    Idx,
}

impl Format {
    /// Tells the format by the end of a file's name.
    fn of(name: &str) -> Option<Self> {
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

/// Loads `DATA`: a `.npz` (`X` n x d, optional `y`), `.npy`, `.csv` or IDX file, or the built-in `digits`.
///
/// # Errors
/// Text that names no data; a file that is missing or malformed, with the file, the array and the index.
///
/// ```
/// use plica::data::{LoadOptions, Pixels, load};
/// let raw = load("digits", &LoadOptions { pixels: Pixels::Raw, ..Default::default() }).unwrap();
/// assert_eq!(raw.points.nearest(0)[2], 5.0);
/// assert!(load("points.txt", &LoadOptions::default()).unwrap_err().is_call_error());
/// ```
pub fn load(spec: &str, options: &LoadOptions) -> Result<DataSet, LoadError> {
    let labels = LabelSource::of(spec, options)?;
    let (points, own_labels) = if spec == "digits" {
        digits(options.pixels)
    } else {
        let format = Format::of(spec).ok_or_else(|| LoadError::UnknownData(spec.to_string()))?;
        let column = if let LabelSource::Column(name) = labels { Some(name) } else { None };
        let read = |bytes: &[u8]| points_and_labels(format, bytes, column, options.pixels);
        read_file(Path::new(spec)).and_then(|bytes| read(&bytes)).map_err(|p| p.of(spec))?
    };
    let labels = match labels {
        LabelSource::File(file, format) => {
            let read = || labels_from_bytes(format, &read_file(Path::new(file))?);
            let labels = read().map_err(|p| p.of(file))?;
            if labels.len() != points.len() {
                return Err(ReadProblem::LabelCount { labels: labels.len(), points: points.len() }.of(file).into());
            }
            Some(labels)
        }
        _ => own_labels,
    };
    Ok(DataSet { name: spec.to_string(), points, labels })
}

/// Where labels come from that do not stand in the data's own `y`.
#[derive(Clone, Copy)]
enum LabelSource<'o> {
    None,
    File(&'o str, Format),
    Column(&'o str),
}

impl<'o> LabelSource<'o> {
    fn of(data: &str, options: &'o LoadOptions) -> Result<Self, LoadError> {
        let Some(labels) = options.labels.as_deref() else { return Ok(Self::None) };
        let problem = |problem| LoadError::Labels { labels: labels.to_string(), data: data.to_string(), problem };
        match (Format::of(labels), Format::of(data)) {
            (Some(Format::Npz), _) => Err(problem("a .npz file holds several arrays; use .npy, .csv or IDX")),
            (Some(format), _) => Ok(Self::File(labels, format)),
            (None, Some(Format::Csv)) => Ok(Self::Column(labels)),
            (None, _) => Err(problem("neither a .npy, .csv or IDX file, nor a column of a .csv")),
        }
    }
}

type PointsAndLabels = (Points, Option<Vec<i64>>);

fn digits(pixels: Pixels) -> PointsAndLabels {
    let table = csv::read(DIGITS, Some("64")).expect("the embedded table is well-formed");
    let (values, labels) = (table.0, table.1.expect("a column of labels was asked for"));
    let super::array::Numbers::Doubles(numbers) = values.numbers else { unreachable!("pixels are small integers") };
    let points = pixels.points(numbers.into_iter().map(|n| n as u8).collect(), values.shape[1], 16);
    (points, Some(labels.into_labels().expect("the embedded labels are integers")))
}

fn points_and_labels(format: Format, bytes: &[u8], column: Option<&str>, pixels: Pixels) -> Result<PointsAndLabels, ReadProblem> {
    match format {
        Format::Npz => npz_from_bytes(bytes),
        Format::Npy => Ok((npy_from_bytes(bytes)?, None)),
        Format::Csv => csv_from_bytes(bytes, column),
        Format::Idx => Ok((idx_from_bytes(bytes, pixels)?, None)),
    }
}

/// Points and labels from the bytes of a `.npz` file: `X` is n x d, and `y`, which may be absent, holds n integers.
///
/// # Errors
/// Bytes that are no such file, arrays that are missing, unknown or malformed.
pub fn npz_from_bytes(bytes: &[u8]) -> Result<(Points, Option<Vec<i64>>), ReadProblem> {
    let (mut points, mut labels) = (None, None);
    for (name, array) in npz::read(bytes)? {
        let in_array = |problem| ReadProblem::of_array(&name, problem);
        match name.as_str() {
            "X" => points = Some(array.into_points().map_err(in_array)?),
            "y" => labels = Some(array.into_labels().map_err(in_array)?),
            _ => return Err(ReadProblem::UnknownArray { array: name, expected: "data are X, n x d, and y, n labels or none" }),
        }
    }
    let points = points.ok_or(ReadProblem::MissingArray { array: "X".to_string() })?;
    if let Some(labels) = labels.as_ref().filter(|y| y.len() != points.len()) {
        return Err(ReadProblem::LabelCount { labels: labels.len(), points: points.len() });
    }
    Ok((points, labels))
}

/// Points from the bytes of a `.npy` file, n x d.
///
/// # Errors
/// Bytes that are no such file, another shape, no values, values that are not finite.
pub fn npy_from_bytes(bytes: &[u8]) -> Result<Points, ReadProblem> {
    let array = npy::read(&mut &bytes[..], bytes.len() as u64).and_then(Array::into_points);
    array.map_err(|problem| ReadProblem::of_array("X", problem))
}

/// Points, and labels from one column where it is given by index or name, from the bytes of a `.csv` file.
///
/// Cells are integers, decimals or p/q, and exactly these; commas, semicolons or tabs stand between them.
/// The first line is a header where none of its cells is a number. Blank lines are skipped. Gzip is recognised.
///
/// # Errors
/// Cells that are no numbers, rows of different lengths, no rows, no such column, labels that are no integers.
///
/// ```
/// let (points, labels) = plica::data::csv_from_bytes(b"x,class\n1/3,7\n0.1,8\n", Some("class")).unwrap();
/// assert_eq!(points.coordinate(0, 0).to_string(), "1/3");
/// assert_eq!(labels, Some(vec![7, 8]));
/// ```
pub fn csv_from_bytes(bytes: &[u8], label_column: Option<&str>) -> Result<(Points, Option<Vec<i64>>), ReadProblem> {
    let (values, labels) = csv::read(bytes, label_column)?;
    let points = values.into_points().map_err(|p| ReadProblem::of_array("cells", p))?;
    let labels = labels.map(Array::into_labels).transpose().map_err(|p| ReadProblem::of_array("labels", p))?;
    Ok((points, labels))
}

/// Points from the bytes of an IDX file, one a row of its first dimension. Gzip is recognised.
///
/// `pixels` says what unsigned bytes are; values of the other types of IDX are themselves.
///
/// # Errors
/// Bytes that are no such file or not all of it, fewer than two dimensions, no values, values that are not finite.
pub fn idx_from_bytes(bytes: &[u8], pixels: Pixels) -> Result<Points, ReadProblem> {
    idx::read(bytes)?.into_points(pixels).map_err(|p| ReadProblem::of_array("values", p))
}

fn labels_from_bytes(format: Format, bytes: &[u8]) -> Result<Vec<i64>, ReadProblem> {
    let labels = match format {
        Format::Npy => npy::read(&mut &bytes[..], bytes.len() as u64).and_then(Array::into_labels),
        Format::Csv => csv::read(bytes, None)?.0.into_labels(),
        Format::Idx => idx::read(bytes)?.into_labels(),
        Format::Npz => unreachable!("labels in .npz files are refused before they are opened"),
    };
    labels.map_err(|p| ReadProblem::of_array("y", p))
}

/// Loads a `POINT`: coordinates such as `0,3/4`, a `.npy` file (d, or 1 x d), or a row of data such as `data.npz#17`.
///
/// # Errors
/// Text that is no point; a file that is missing or malformed, a row that is not there.
///
/// ```
/// let p = plica::data::load_point("0,3/4", &Default::default()).unwrap();
/// assert_eq!(p.to_rationals()[1].to_string(), "3/4");
/// let q = plica::data::load_point("digits#17", &Default::default()).unwrap();
/// assert_eq!(q.dimension(), 64);
/// ```
pub fn load_point(spec: &str, options: &LoadOptions) -> Result<Point, LoadError> {
    let bad = |problem| LoadError::PointSyntax { text: spec.to_string(), problem };
    if let Some((data, row)) = spec.rsplit_once('#') {
        let row: usize = row.parse().map_err(|_| bad(Some(format!("`{row}` is not a row, counted from 0"))))?;
        let data = load(data, options)?;
        if row >= data.points.len() {
            return Err(ReadProblem::NoRow { row, rows: data.points.len() }.of(data.name).into());
        }
        Ok(data.points.point(row))
    } else if Format::of(spec) == Some(Format::Npy) {
        let read = || point_from_npy(&read_file(Path::new(spec))?);
        Ok(read().map_err(|p| p.of(spec))?)
    } else if Format::of(spec).is_some() || spec == "digits" {
        Err(bad(Some("a row must be named".to_string())))
    } else {
        let coordinates: Result<Vec<_>, _> = spec.split(',').map(parse_rational).collect();
        Ok(Point::from_rationals(coordinates.map_err(|e| bad(Some(e)))?).expect("a split has at least one part"))
    }
}

fn point_from_npy(bytes: &[u8]) -> Result<Point, ReadProblem> {
    let point = || {
        let mut array = npy::read(&mut &bytes[..], bytes.len() as u64)?;
        let dimension = match array.shape[..] {
            [d] | [1, d] => d,
            _ => return Err(super::ArrayError::Shape { shape: array.shape, expected: "d, or 1 x d".to_string() }),
        };
        array.shape = vec![1, dimension];
        Ok(array.into_points()?.point(0))
    };
    point().map_err(|problem| ReadProblem::of_array("point", problem))
}

/// Loads the ends of n segments from a `.npz` file: `P` and `Q`, each n x d.
///
/// # Errors
/// A file that is no `.npz`; one that is missing or malformed, with the file, the array and the index.
pub fn load_segments(path: &str) -> Result<(Points, Points), LoadError> {
    if Format::of(path) != Some(Format::Npz) {
        return Err(LoadError::UnknownSegments(path.to_string()));
    }
    let read = || segments_from_bytes(&read_file(Path::new(path))?);
    Ok(read().map_err(|p| p.of(path))?)
}

/// The ends `P` and `Q` of segments, each n x d, from the bytes of a `.npz` file.
///
/// # Errors
/// Bytes that are no such file, arrays that are missing, unknown, malformed, or of different shapes.
pub fn segments_from_bytes(bytes: &[u8]) -> Result<(Points, Points), ReadProblem> {
    let (mut p, mut q) = (None, None);
    for (name, array) in npz::read(bytes)? {
        let place = match name.as_str() {
            "P" => &mut p,
            "Q" => &mut q,
            _ => return Err(ReadProblem::UnknownArray { array: name, expected: "segments are P and Q, each n x d" }),
        };
        *place = Some(array.into_points().map_err(|problem| ReadProblem::of_array(&name, problem))?);
    }
    let missing = |name: &str| ReadProblem::MissingArray { array: name.to_string() };
    let (p, q) = (p.ok_or_else(|| missing("P"))?, q.ok_or_else(|| missing("Q"))?);
    if (p.len(), p.dimension()) != (q.len(), q.dimension()) {
        let (shape, expected) = (vec![q.len(), q.dimension()], format!("{} x {}, the shape of P,", p.len(), p.dimension()));
        return Err(ReadProblem::of_array("Q", super::ArrayError::Shape { shape, expected }));
    }
    Ok((p, q))
}
