//! The compiled part of the Python package `plica`: handles for networks, points, traces, sweeps and complexes.
//!
//! The Python code in `plica/` is the interface for users: it checks arguments, and turns JSON into objects.

mod audit;
mod complex;
mod convexity;
mod error;
mod exact;
mod files;
mod folding;
mod job;
mod network;
mod points;
mod sweep;
mod trace;

use pyo3::prelude::*;

/// The compiled part of `plica`.
#[pymodule]
mod _plica {
    #[pymodule_export]
    use super::audit::{audit, audit_sequence};
    #[pymodule_export]
    use super::complex::{Complex, complex};
    #[pymodule_export]
    use super::convexity::convexity;
    #[pymodule_export]
    use super::error::{InternalError, LimitError};
    #[pymodule_export]
    use super::exact::{parse_fraction, reported_fraction};
    #[pymodule_export]
    use super::files::write_file;
    #[pymodule_export]
    use super::folding::folding;
    #[pymodule_export]
    use super::network::{Network, bounds};
    #[pymodule_export]
    use super::points::{Points, load_data};
    #[pymodule_export]
    use super::sweep::{Report, Sweep, SweepState};
    #[pymodule_export]
    use super::trace::{Enclosed, Trace, enclose, trace, traces};

    use pyo3::prelude::*;

    /// The version of the library.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
