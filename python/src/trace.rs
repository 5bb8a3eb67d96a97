//! Exact traces.

use crate::error::Failure;
use crate::exact::{fraction, fractions};
use crate::job::{here, run};
use crate::network::{Network, Subject, json};
use crate::points::Points;
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use plica::data::{self, Point};
use plica::fold::{Folding, Measure};
use plica::line::{self, Tracer};
use plica::network::Pattern;
use plica::report::TraceReport;
use plica::report::picture::ribbon;
use plica_text as text;
use pyo3::prelude::*;
use pyo3::types::PyList;

/// The trace of one segment.
#[pyclass(frozen, module = "plica._plica")]
pub struct Trace {
    pub trace: line::Trace,
    folding: Folding,
    /// The name of the network, and the heading.
    network: [String; 2],
}

/// The compared bits, and the options of traces.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Options {
    units: String,
    output_bits: bool,
    exact: bool,
    exact_only: bool,
}

impl Options {
    fn tracer(&self, subject: &Subject) -> Tracer {
        Tracer::new(&subject.network).units(&subject.units).exact_times(self.exact).exact_only(self.exact_only)
    }
}

impl Trace {
    fn new(trace: &line::Trace, subject: &Subject, network: &str) -> Self {
        let trace = trace.select(&subject.units);
        Self {
            folding: Folding::of(&trace),
            trace,
            network: [network.to_string(), text::network_heading(network, &subject.network, &subject.units)],
        }
    }
}

/// The trace of the segment from one point to another.
#[pyfunction]
pub fn trace(py: Python<'_>, network: &Network, start: &Points, end: &Points, options: Options) -> PyResult<Trace> {
    let subject = network.subject(&options.units, options.output_bits)?;
    let (name, a, b) = (network.name.clone(), start.single(), end.single());
    let quick = network.network.inputs() <= 64 && network.network.layers().is_some() && !options.exact_only;
    let work = move || {
        let trace = options.tracer(&subject).trace(&a, &b).map_err(Failure::value)?;
        Ok(Trace::new(&trace, &subject, &name))
    };
    // Only a trace that can take long runs on another thread, where it can be interrupted.
    if quick { here(py, work) } else { run(py, None, move |_| work()) }
}

/// The traces of many segments, from the rows of one list to those of another of the same length.
#[pyfunction]
pub fn traces(
    py: Python<'_>,
    network: &Network,
    starts: &Points,
    ends: &Points,
    options: Options,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<Vec<Trace>> {
    /// The number of segments between two checks for an interrupt.
    const BLOCK: usize = 64;
    let subject = network.subject(&options.units, options.output_bits)?;
    let name = network.name.clone();
    let (p, q) = (starts.points.clone(), ends.points.clone());
    run(py, progress, move |control| {
        let mut tracer = options.tracer(&subject);
        let mut found = Vec::with_capacity(p.len());
        for first in (0..p.len()).step_by(BLOCK) {
            if control.stopped() {
                return Err(Failure::Stopped);
            }
            let rows = first..p.len().min(first + BLOCK);
            let ends: Vec<Point> = rows.clone().map(|i| p.point(i)).chain(rows.clone().map(|i| q.point(i))).collect();
            let points = data::Points::from_points(&ends).map_err(Failure::value)?;
            let pairs = (0..rows.len()).map(|i| (i, i + rows.len()));
            let mut refused = None;
            let visit = |_, trace: Result<&line::Trace, &line::EnclosedTrace>| match trace {
                Ok(trace) => found.push(Trace::new(trace, &subject, &name)),
                Err(enclosed) => refused = refused.take().or(enclosed.refusal()),
            };
            tracer.over(&points).and_then(|mut tracer| tracer.trace_pairs(pairs, visit)).map_err(Failure::value)?;
            if let Some(error) = refused {
                return Err(Failure::value(error));
            }
            control.at(rows.end as u64, p.len() as u64);
        }
        Ok(found)
    })
}

#[pymethods]
impl Trace {
    #[getter]
    fn r1(&self) -> u64 {
        self.folding.r1
    }

    #[getter]
    fn r2(&self) -> u64 {
        self.folding.r2
    }

    #[getter]
    fn chi<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        fraction(py, &self.folding.chi())
    }

    /// The largest chi of a prefix.
    #[getter]
    fn peak<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        fraction(py, &Measure::of(&self.trace).peak().chi())
    }

    /// The mean of chi of the path and of the reversed path.
    #[getter]
    fn symmetrised_chi<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        fraction(py, &Folding::symmetrised_chi(&self.trace))
    }

    /// chi of every prefix.
    #[getter]
    fn prefix_chi<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        fractions(py, &Measure::prefix_chi(&self.trace))
    }

    #[getter]
    fn regions(&self) -> usize {
        self.trace.regions()
    }

    #[getter]
    fn pieces(&self) -> Option<usize> {
        self.trace.pieces()
    }

    #[getter]
    fn start(&self) -> String {
        self.trace.start().to_string()
    }

    #[getter]
    fn end(&self) -> String {
        self.trace.end().to_string()
    }

    /// Enclosures of the times of the crossings, n - 1 x 2.
    fn times<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let times: Vec<f64> = self.trace.crossings().flat_map(|crossing| [crossing.t.lo, crossing.t.hi]).collect();
        PyArray1::from_vec(py, times).reshape([self.trace.crossing_count(), 2])
    }

    /// The patterns of the regions, n x units.
    fn patterns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<bool>>> {
        bits(py, self.trace.patterns(), self.trace.units().count())
    }

    fn to_json(&self) -> PyResult<String> {
        Ok(json(&TraceReport::of(&self.trace))?)
    }

    /// The text of `plica trace`; the ends are shown as given.
    fn text(&self, start: &str, end: &str) -> String {
        text::trace(&format!("{}\nfrom {start}\nto   {end}", self.network[1]), &self.trace)
    }

    /// The regions along the segment, as SVG.
    fn picture(&self, py: Python<'_>) -> PyResult<String> {
        here(py, || Ok(ribbon(&self.network[0], &self.trace)))
    }
}

/// Patterns as an array, one per row.
pub fn bits(py: Python<'_>, patterns: impl Iterator<Item = Pattern>, units: usize) -> PyResult<Bound<'_, PyArray2<bool>>> {
    let (mut all, mut rows) = (Vec::new(), 0);
    for pattern in patterns {
        all.extend(pattern.iter());
        rows += 1;
    }
    PyArray1::from_vec(py, all).reshape([rows, units])
}

/// Patterns from the rows of an array.
pub fn patterns(rows: &numpy::PyReadonlyArray2<'_, bool>) -> Vec<Pattern> {
    let pattern = |row: numpy::ndarray::ArrayView1<'_, bool>| {
        let mut pattern = Pattern::zeros(row.len());
        row.iter().enumerate().filter(|(_, bit)| **bit).for_each(|(i, _)| pattern.set(i, true));
        pattern
    };
    rows.as_array().outer_iter().map(pattern).collect()
}
