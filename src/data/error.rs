//! What can be wrong with a file of points or of a network.

use super::ArrayError;
use crate::words::{message, plain};
use std::path::Path;

/// A file that cannot be read: its name, and what is wrong with it.
///
/// Its text is one line such as `net.npz: array W1: shape 3 x 5, but the layer below gives 4`.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", plain(.file))]
#[non_exhaustive]
pub struct ReadError {
    /// The file, as it was given.
    pub file: String,
    /// What is wrong with it.
    #[source]
    pub problem: Box<ReadProblem>,
}

/// What is wrong with the content of a file. Its text repeats names and cells of the file with control characters escaped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadProblem {
    /// The file cannot be opened or read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The file as a whole is not what its name says.
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
    /// An array is not there.
    #[error("array {} is missing", message(.array))]
    MissingArray {
        /// The array's name.
        array: String,
    },
    /// An array has no meaning here.
    #[error("array {} is unknown: {expected}", message(.array))]
    UnknownArray {
        /// The array, as the file names it.
        array: String,
        /// What would be known.
        expected: &'static str,
    },
    /// Two arrays have one name.
    #[error("array {} is there twice", message(.array))]
    DuplicateArray {
        /// The name.
        array: String,
    },
    /// There is nothing in it.
    #[error("it holds no {0}")]
    Empty(&'static str),
    /// A cell of a table is wrong.
    #[error("row {row}, column {column} (line {line}): {}", message(&.problem.to_string()))]
    Cell {
        /// The row of data, from 0; a header and blank lines do not count.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The line of the file, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        problem: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A row of a table has another number of cells than the first.
    #[error("row {row} (line {line}) has {found} cells, but the first has {expected}")]
    Ragged {
        /// The row of data, from 0.
        row: usize,
        /// The line of the file, from 1.
        line: usize,
        /// The cells of the first line.
        expected: usize,
        /// The cells found.
        found: usize,
    },
    /// A table has no such column.
    #[error("there is no column `{}`: {}", plain(.column), message(.known))]
    NoColumn {
        /// The column asked for.
        column: String,
        /// The columns that there are.
        known: String,
    },
    /// There is no such row.
    #[error("there is no row {row}: it has the rows 0 to {}", .rows.saturating_sub(1))]
    NoRow {
        /// The row asked for, from 0.
        row: usize,
        /// The number of rows.
        rows: usize,
    },
    /// There are not as many labels as points.
    #[error("{labels} labels, but {points} points")]
    LabelCount {
        /// The number of labels.
        labels: usize,
        /// The number of points.
        points: usize,
    },
}

impl ReadProblem {
    /// The problem as that of a file.
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
