//! Points by the names that the command line takes.

use super::array::Numbers;
use super::budget::Budget;
use super::error::{ReadError, ReadProblem};
use super::file::read_file;
use super::format::{Format, PointsAndLabels, labels_from_bytes, points_and_labels};
use super::{DataSet, Pixels, csv};
use crate::exact::ParseError;
use crate::words::quoted;
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
pub enum DataError {
    /// The text names no kind of data.
    #[error("`{0}` is not data: a .npz, .npy, .csv or IDX file (.csv.gz and IDX .gz too), or the built-in `digits`")]
    UnknownData(String),
    /// The text is no point.
    #[error("{} is not a point: coordinates such as 0,3/4, a .npy file, or a row such as data.npz#17{}", quoted(.text), .problem.as_ref().map(|p| format!(" ({p})")).unwrap_or_default())]
    PointSyntax {
        /// The text.
        text: String,
        /// What is wrong with it, where it looks like coordinates.
        #[source]
        problem: Option<ParseError>,
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

impl DataError {
    /// Whether the call itself is wrong, which can be said without opening a file: exit status 2 and not 1.
    pub fn is_call_error(&self) -> bool {
        !matches!(self, Self::Read(_))
    }
}

impl DataSet {
    /// Loads `DATA`: a `.npz` (`X` n x d, optional `y`), `.npy`, `.csv` or IDX file, or the built-in `digits`.
    ///
    /// # Errors
    /// Text that names no data; a file that is missing or malformed, with the file, the array and the index.
    ///
    /// ```
    /// use plica::data::{DataSet, LoadOptions, Pixels};
    /// let raw = DataSet::load("digits", &LoadOptions { pixels: Pixels::Raw, ..Default::default() }).unwrap();
    /// assert_eq!(raw.points.nearest(0)[2], 5.0);
    /// assert!(DataSet::load("points.txt", &LoadOptions::default()).unwrap_err().is_call_error());
    /// ```
    pub fn load(spec: &str, options: &LoadOptions) -> Result<Self, DataError> {
        let labels = LabelSource::of(spec, options)?;
        let budget = Budget::default();
        let (points, own_labels) = if spec == "digits" {
            digits(options.pixels)
        } else {
            let format = Format::of(spec).ok_or_else(|| DataError::UnknownData(spec.to_string()))?;
            let column = if let LabelSource::Column(name) = labels { Some(name) } else { None };
            let read = |bytes: &[u8]| points_and_labels(format, bytes, column, options.pixels, &budget);
            read_file(Path::new(spec)).and_then(|bytes| read(&bytes)).map_err(|p| p.of(spec))?
        };
        let labels = match labels {
            LabelSource::File(file, format) => {
                let read = || labels_from_bytes(format, &read_file(Path::new(file))?, &budget);
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
}

/// Where labels come from that do not stand in the data's own `y`.
#[derive(Clone, Copy)]
enum LabelSource<'o> {
    None,
    File(&'o str, Format),
    Column(&'o str),
}

impl<'o> LabelSource<'o> {
    fn of(data: &str, options: &'o LoadOptions) -> Result<Self, DataError> {
        let Some(labels) = options.labels.as_deref() else { return Ok(Self::None) };
        let problem = |problem| DataError::Labels { labels: labels.to_string(), data: data.to_string(), problem };
        match (Format::of(labels), Format::of(data)) {
            (Some(Format::Npz), _) => Err(problem("a .npz file holds several arrays; use .npy, .csv or IDX")),
            (Some(format), _) => Ok(Self::File(labels, format)),
            (None, Some(Format::Csv)) => Ok(Self::Column(labels)),
            (None, _) => Err(problem("neither a .npy, .csv or IDX file, nor a column of a .csv")),
        }
    }
}

fn digits(pixels: Pixels) -> PointsAndLabels {
    let table = csv::read(DIGITS, Some("64"), &Budget::default()).expect("the embedded table is well-formed");
    let (values, labels) = (table.0, table.1.expect("a column of labels was asked for"));
    let Numbers::Doubles(numbers) = values.numbers else { unreachable!("pixels are small integers") };
    let points = pixels.points(numbers.into_iter().map(|n| n as u8).collect(), values.shape[1], 16);
    (points, Some(labels.into_labels().expect("the embedded labels are integers")))
}
