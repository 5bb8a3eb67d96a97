//! Loads points by the names that the command line takes.

use super::array::Numbers;
use super::budget::Budget;
use super::error::{ReadError, ReadProblem};
use super::file::read_file;
use super::format::{Format, PointsAndLabels, labels_from_bytes, points_and_labels};
use super::{DataSet, Pixels, csv};
use crate::exact::ParseError;
use crate::words::quoted;
use std::path::Path;

/// The 1797 images of 8 x 8 pixels with values 0 to 16, with their labels in the last column.
const DIGITS: &[u8] = include_bytes!("../../data/digits.csv.gz");

/// Options for loading points.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// The numbers that pixels of an IDX file, or of the built-in digits, represent.
    pub pixels: Pixels,
    /// The source of the labels, if they are separate: a file (`.npy`, `.csv` or IDX), or the index or name of a column of a `.csv`.
    pub labels: Option<String>,
}

/// The errors of loading points.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The text is not the name of data.
    #[error("`{0}` is not data: expected a .npz, .npy, .csv or IDX file (also .csv.gz and gzipped IDX), or the built-in `digits`")]
    UnknownData(String),
    /// The text is not a point.
    #[error("{} is not a point: expected coordinates such as 0,3/4, a .npy file, or a row such as data.npz#17{}", quoted(.text), .problem.as_ref().map(|p| format!(" ({p})")).unwrap_or_default())]
    PointSyntax {
        /// The text.
        text: String,
        /// The problem, if the text looks like coordinates.
        #[source]
        problem: Option<ParseError>,
    },
    /// The file of segments is not a `.npz` file.
    #[error("`{0}` is not a .npz file of segments")]
    UnknownSegments(String),
    /// Separate labels cannot be used with this data.
    #[error("labels `{labels}` cannot be used with `{data}`: {problem}")]
    Labels {
        /// The labels that were given.
        labels: String,
        /// The data.
        data: String,
        /// The reason.
        problem: &'static str,
    },
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl DataError {
    /// Whether the error is in the arguments of the call, which is known before a file is opened. The exit status is then 2, otherwise 1.
    pub fn is_call_error(&self) -> bool {
        !matches!(self, Self::Read(_))
    }
}

impl DataSet {
    /// Loads data: a `.npz` file (`X` n x d, optional `y`), a `.npy`, `.csv` or IDX file, or the built-in `digits`.
    ///
    /// # Errors
    /// The text is not the name of data, or a file is missing or malformed; the error names the file, the array and the index.
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

/// The source of labels, other than `y` in the file of the data.
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
            (Some(Format::Npz), _) => Err(problem("a .npz file contains several arrays: expected .npy, .csv or IDX")),
            (Some(format), _) => Ok(Self::File(labels, format)),
            (None, Some(Format::Csv)) => Ok(Self::Column(labels)),
            (None, _) => Err(problem("expected a .npy, .csv or IDX file, or a column of a .csv")),
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
