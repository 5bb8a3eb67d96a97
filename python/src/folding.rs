//! The folding measure of any list of patterns.

use crate::exact::{fraction, fractions};
use crate::job::here;
use crate::trace::patterns;
use numpy::PyReadonlyArray2;
use plica::fold::{Folding, Measure};
use pyo3::prelude::*;
use pyo3::types::PyList;

/// r1, r2, chi, the largest chi of a prefix, the symmetrised chi, and chi of every prefix.
type Measures<'py> = (u64, u64, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyList>);

/// The measures of a path, given by its patterns, one per row.
#[pyfunction]
pub fn folding<'py>(py: Python<'py>, rows: PyReadonlyArray2<'py, bool>) -> PyResult<Measures<'py>> {
    let path = patterns(&rows);
    let (measure, symmetrised, prefixes) =
        here(py, || Ok((Measure::of(&path), Folding::symmetrised_chi(&path), Measure::prefix_chi(&path))))?;
    let (folding, peak) = (measure.folding(), measure.peak().chi());
    let chi = fraction(py, &folding.chi())?;
    Ok((folding.r1, folding.r2, chi, fraction(py, &peak)?, fraction(py, &symmetrised)?, fractions(py, &prefixes)?))
}
