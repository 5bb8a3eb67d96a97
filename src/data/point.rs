//! Loads one point by the name that the command line takes.

use super::array::ArrayError;
use super::budget::Budget;
use super::error::ReadProblem;
use super::file::read_file;
use super::format::Format;
use super::{DataError, DataSet, LoadOptions, Point, npy};
use crate::exact::{ParseError, parse_rational};
use std::path::Path;

impl Point {
    /// Loads a point: coordinates such as `0,3/4`, a `.npy` file, or a row of data such as `data.npz#17`.
    ///
    /// All numbers of a `.npy` file are one point, in C order for any shape: 784, 28 x 28 and 1 x 1 x 28 x 28 are one image of 784 pixels. A
    /// point of an array of several points is given with its row, such as `points.npy#0`.
    ///
    /// # Errors
    /// The text is not a point, a file is missing or malformed, or the row does not exist.
    ///
    /// ```
    /// let p = plica::data::Point::load("0,3/4", &Default::default()).unwrap();
    /// assert_eq!(p.to_rationals()[1].to_string(), "3/4");
    /// let q = plica::data::Point::load("digits#17", &Default::default()).unwrap();
    /// assert_eq!(q.dimension(), 64);
    /// ```
    pub fn load(spec: &str, options: &LoadOptions) -> Result<Point, DataError> {
        let bad = |problem| DataError::PointSyntax { text: spec.to_string(), problem };
        if let Some((data, row)) = spec.rsplit_once('#') {
            let row: usize = row.parse().map_err(|_| bad(Some(ParseError::new(format!("`{row}` is not a row, counted from 0")))))?;
            let data = DataSet::load(data, options)?;
            if row >= data.points.len() {
                return Err(ReadProblem::NoRow { row, rows: data.points.len() }.of(data.name).into());
            }
            Ok(data.points.point(row))
        } else if Format::of(spec) == Some(Format::Npy) {
            let read = || point_from_npy(&read_file(Path::new(spec))?);
            Ok(read().map_err(|p| p.of(spec))?)
        } else if Format::of(spec).is_some() || spec == "digits" {
            Err(bad(Some(ParseError::new("the row is missing".to_string()))))
        } else {
            let coordinates: Result<Vec<_>, _> = spec.split(',').map(parse_rational).collect();
            Ok(Point::from_rationals(coordinates.map_err(|e| bad(Some(e)))?).expect("a split has at least one part"))
        }
    }
}

fn point_from_npy(bytes: &[u8]) -> Result<Point, ReadProblem> {
    let point = || {
        let mut array = npy::read(&mut &bytes[..], bytes.len() as u64, &Budget::default())?;
        if array.shape.is_empty() {
            return Err(ArrayError::Shape { shape: array.shape, expected: "d, or an image".to_string() });
        }
        array.check_finite()?;
        array.shape.insert(0, 1);
        Ok(array.into_points()?.point(0))
    };
    point().map_err(|problem| ReadProblem::of_array("point", problem))
}
