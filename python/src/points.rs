//! Points with exact coordinates.

use crate::error::Failure;
use crate::exact::fractions;
use crate::job::here;
use numpy::{PyArray2, PyReadonlyArray2, PyUntypedArrayMethods};
use plica::data::{self, LoadOptions};
use pyo3::prelude::*;
use pyo3::types::PyList;
use rug::Rational;
use std::sync::Arc;

/// n points of dimension d, exactly.
#[pyclass(frozen, module = "plica._plica")]
pub struct Points {
    pub points: Arc<data::Points>,
}

impl Points {
    fn new(points: data::Points) -> Self {
        Self { points: Arc::new(points) }
    }

    /// The only point of this list; the constructor has checked that there is one.
    pub fn single(&self) -> data::Point {
        self.points.point(0)
    }
}

#[pymethods]
impl Points {
    /// Points whose coordinates are doubles: n x d, finite.
    #[staticmethod]
    fn from_doubles(values: PyReadonlyArray2<'_, f64>) -> PyResult<Self> {
        let dimension = values.shape()[1];
        let values = values.as_array().iter().copied().collect();
        data::Points::from_f64(values, dimension).map(Self::new).map_err(|error| Failure::value(error).into())
    }

    /// Points whose coordinates are written as `numerator/denominator` in base 16, row by row.
    #[staticmethod]
    fn from_ratios(texts: Vec<String>, dimension: usize) -> PyResult<Self> {
        let number = |text: &String| Rational::from_str_radix(text, 16).map_err(|error| Failure::value(format!("`{text}`: {error}")));
        let numbers = texts.iter().map(number).collect::<Result<Vec<Rational>, _>>()?;
        data::Points::from_rationals(numbers, dimension).map(Self::new).map_err(|error| Failure::value(error).into())
    }

    /// Points whose coordinates are integers over one denominator: n x d.
    #[staticmethod]
    fn from_numerators(numerators: PyReadonlyArray2<'_, i32>, denominator: u32) -> PyResult<Self> {
        if denominator == 0 {
            return Err(Failure::value("denominator 0, expected a positive number").into());
        }
        let dimension = numerators.shape()[1];
        let numerators = numerators.as_array().iter().copied().collect();
        data::Points::over(numerators, dimension, denominator).map(Self::new).map_err(|error| Failure::value(error).into())
    }

    /// One point by its name on the command line.
    #[staticmethod]
    fn load(py: Python<'_>, spec: &str, pixels: &str) -> PyResult<Self> {
        let options = options(pixels, None)?;
        let point = here(py, || data::Point::load(spec, &options).map_err(Failure::from))?;
        Ok(Self::new(point.as_points().clone()))
    }

    fn __len__(&self) -> usize {
        self.points.len()
    }

    #[getter]
    fn dimension(&self) -> usize {
        self.points.dimension()
    }

    /// The nearest doubles, n x d.
    fn nearest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let rows: Vec<f64> = (0..self.points.len()).flat_map(|row| self.points.nearest(row)).copied().collect();
        array(py, rows, self.points.dimension())
    }

    /// The exact coordinates of one point.
    fn row<'py>(&self, py: Python<'py>, row: usize) -> PyResult<Bound<'py, PyList>> {
        if row >= self.points.len() {
            return Err(pyo3::exceptions::PyIndexError::new_err(format!("no row {row}: there are {} points", self.points.len())));
        }
        fractions(py, &self.points.point(row).to_rationals())
    }

    /// The data to rebuild the points: the name of a constructor, and its arguments.
    fn state<'py>(&self, py: Python<'py>) -> PyResult<(&'static str, Bound<'py, PyAny>)> {
        let (points, dimension) = (&self.points, self.points.dimension());
        if points.is_double() {
            return Ok(("from_doubles", (self.nearest(py)?,).into_pyobject(py)?.into_any()));
        }
        if let Some((numerators, denominator)) = points.over_one_denominator() {
            return Ok(("from_numerators", (array(py, numerators, dimension)?, denominator).into_pyobject(py)?.into_any()));
        }
        let text = |i: usize| points.coordinate(i / dimension, i % dimension).to_string_radix(16);
        let texts: Vec<String> = (0..points.len() * dimension).map(text).collect();
        Ok(("from_ratios", (texts, dimension).into_pyobject(py)?.into_any()))
    }
}

/// Rows of this length as an array.
pub fn array<'py, T: numpy::Element>(py: Python<'py>, values: Vec<T>, dimension: usize) -> PyResult<Bound<'py, PyArray2<T>>> {
    use numpy::{PyArray1, PyArrayMethods};
    let rows = values.len() / dimension.max(1);
    PyArray1::from_vec(py, values).reshape([rows, dimension])
}

/// Data by its name on the command line: the points, and their labels.
#[pyfunction]
pub fn load_data(py: Python<'_>, spec: &str, labels: Option<&str>, pixels: &str) -> PyResult<(Points, Option<Vec<i64>>)> {
    let options = options(pixels, labels)?;
    let data = here(py, || data::DataSet::load(spec, &options).map_err(Failure::from))?;
    Ok((Points::new(data.points), data.labels))
}

fn options(pixels: &str, labels: Option<&str>) -> Result<LoadOptions, Failure> {
    let pixels = pixels.parse().map_err(|error| Failure::value(format!("pixels: {error}")))?;
    Ok(LoadOptions { pixels, labels: labels.map(str::to_string) })
}
