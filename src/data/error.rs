//! The errors of reading a file of points or of a network.

use super::ArrayError;
use crate::words::{message, plain};
use std::path::Path;

/// The error of a file that cannot be read: its name and the problem.
///
/// The text is one line such as `net.npz: array W1: shape 3 x 5, but the layer below has 4 outputs`.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", plain(.file))]
#[non_exhaustive]
pub struct ReadError {
    /// The file, as the caller named it.
    pub file: String,
    /// What is wrong with it.
    #[source]
    pub problem: Box<ReadProblem>,
}

/// A problem with the content of a file. The text repeats names and cells of the file with control characters escaped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadProblem {
    /// The file cannot be opened or read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The file as a whole is not of the format that its name says.
    #[error("{}", message(.0))]
    Format(String),
    /// One of its arrays is wrong.
    #[error("array {}: {}", message(.array), message(&.problem.to_string()))]
    Array {
        /// The array, as the file names it.
        array: String,
        /// What is wrong with it.
        #[source]
        problem: ArrayError,
    },
    /// An array is missing.
    #[error("array {} is missing", message(.array))]
    MissingArray {
        /// The array's name.
        array: String,
    },
    /// An array is not one of those expected.
    #[error("array {} is unknown: {expected}", message(.array))]
    UnknownArray {
        /// The array, as the file names it.
        array: String,
        /// The arrays that are expected.
        expected: &'static str,
    },
    /// Two arrays have one name.
    #[error("array {} occurs twice", message(.array))]
    DuplicateArray {
        /// The name.
        array: String,
    },
    /// The file has no rows or no layers.
    #[error("the file has no {0}")]
    Empty(&'static str),
    /// A cell of a table is wrong.
    #[error("row {row}, column {column} (line {line}): {}", message(&.problem.to_string()))]
    Cell {
        /// The row of data, counted from 0 without the header and blank lines.
        row: usize,
        /// The column, counted from 0.
        column: usize,
        /// The line of the file, counted from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        problem: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A row of a table has another number of cells than the first row.
    #[error("row {row} (line {line}) has {found} cells, but the first has {expected}")]
    Ragged {
        /// The row of data, counted from 0.
        row: usize,
        /// The line of the file, counted from 1.
        line: usize,
        /// The number of cells in the first row.
        expected: usize,
        /// The number of cells found.
        found: usize,
    },
    /// A table has no such column.
    #[error("there is no column `{}`: {}", plain(.column), message(.known))]
    NoColumn {
        /// The name or index that was given.
        column: String,
        /// The columns of the table.
        known: String,
    },
    /// There is no row with this index.
    #[error("there is no row {row}: the rows are 0 to {}", .rows.saturating_sub(1))]
    NoRow {
        /// The index that was given, counted from 0.
        row: usize,
        /// The number of rows.
        rows: usize,
    },
    /// The numbers of labels and of points differ.
    #[error("{labels} labels, but {points} points")]
    LabelCount {
        /// The number of labels.
        labels: usize,
        /// The number of points.
        points: usize,
    },
}

impl ReadProblem {
    /// The error of a file with this problem.
    pub fn of(self, file: impl AsRef<Path>) -> ReadError {
        ReadError { file: file.as_ref().display().to_string(), problem: Box::new(self) }
    }

    pub(crate) fn of_array(array: &str, problem: ArrayError) -> Self {
        Self::Array { array: array.to_string(), problem }
    }
}

#[cfg(test)]
mod tests {
    use crate::data::{DataSet, Point, Points};
    use std::error::Error;

    /// The texts of an error and of all below it.
    fn chain(error: &(dyn Error + 'static)) -> Vec<String> {
        std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string).collect()
    }

    #[test]
    fn errors_carry_their_causes() {
        let not_a_number = "`a` is not a number (an integer, a decimal or p/q)";
        let cell = Points::from_csv(b"1\na\n", None).unwrap_err();
        assert_eq!(
            chain(&cell.of("x.csv")),
            [
                &format!("x.csv: row 1, column 0 (line 2): {not_a_number}"),
                &format!("row 1, column 0 (line 2): {not_a_number}"),
                not_a_number
            ]
        );
        let point = Point::load("0,a", &Default::default()).unwrap_err();
        assert_eq!(chain(&point)[1..], [not_a_number]);
        let missing = DataSet::load("missing/x.csv", &Default::default()).unwrap_err();
        assert!(chain(&missing).len() >= 3, "the file, what is wrong with it, and what the system says");
    }
}
