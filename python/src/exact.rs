//! Rational numbers as `fractions.Fraction`.

use crate::error::Failure;
use plica::exact::{ExactNumber, parse_rational};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyType};
use rug::Rational;

/// A rational number as a `Fraction`.
pub fn fraction<'py>(py: Python<'py>, q: &Rational) -> PyResult<Bound<'py, PyAny>> {
    static FRACTION: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = FRACTION.import(py, "fractions", "Fraction")?;
    class.call1((integer(py, q.numer())?, integer(py, q.denom())?))
}

/// The number that a report writes as an integer or `p/q`, of any length, as a `Fraction`.
#[pyfunction]
pub fn reported_fraction<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    fraction(py, &text.parse::<ExactNumber>().map_err(Failure::value)?.0)
}

/// The number that a text such as `1/3` or `0.1` denotes, as a `Fraction`.
#[pyfunction]
pub fn parse_fraction<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    fraction(py, &parse_rational(text).map_err(Failure::value)?)
}

/// A list of fractions.
pub fn fractions<'py>(py: Python<'py>, numbers: &[Rational]) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for q in numbers {
        list.append(fraction(py, q)?)?;
    }
    Ok(list)
}

fn integer<'py>(py: Python<'py>, n: &rug::Integer) -> PyResult<Bound<'py, PyAny>> {
    if let Some(n) = n.to_i64() {
        return Ok(n.into_pyobject(py)?.into_any());
    }
    // Base 16: Python limits the length of decimal numbers, and takes these in linear time.
    py.get_type::<pyo3::types::PyInt>().call1((n.to_string_radix(16), 16))
}
