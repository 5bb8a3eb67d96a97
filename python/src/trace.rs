//! Exact traces, and traces that may have windows.

use crate::error::Failure;
use crate::exact::{fraction, fractions};
use crate::job::{here, run};
use crate::network::{Network, Subject, json};
use crate::points::Points;
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use plica::data::{self, Point};
use plica::fold::{Folding, FoldingRange, Measure};
use plica::line::{self, EnclosedTrace, TraceError, Tracer};
use plica::network::Pattern;
use plica::report::picture::ribbon;
use plica::report::{EnclosedReport, TraceReport};
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
    /// Whether the network is smooth, so that its report says that it is certified.
    is_smooth: bool,
}

/// The trace of one segment, with windows where a smooth network is not decided.
#[pyclass(frozen, module = "plica._plica")]
pub struct Enclosed {
    trace: EnclosedTrace,
    /// The trace, if it is certified.
    certified: Option<line::Trace>,
    range: FoldingRange,
    network: [String; 2],
    is_smooth: bool,
}

/// The compared bits, and the options of traces.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Options {
    units: String,
    output_bits: bool,
    exact: bool,
    exact_only: bool,
    precision: Option<u32>,
}

impl Options {
    /// The tracer of a subject, with a precision that the network has checked.
    fn tracer(&self, subject: &Subject, precision: u32) -> Tracer {
        let tracer = Tracer::new(&subject.network).units(&subject.units).exact_times(self.exact).exact_only(self.exact_only);
        tracer.precision(precision)
    }
}

impl Trace {
    fn new(trace: &line::Trace, subject: &Subject, network: &str) -> Self {
        let trace = trace.select(&subject.units);
        let is_smooth = !subject.network.is_piecewise_affine();
        Self { folding: Folding::of(&trace), trace, network: names(subject, network), is_smooth }
    }

    /// The trace in the form that may have windows, for reports of smooth networks.
    fn enclosed(&self) -> Option<EnclosedTrace> {
        self.is_smooth.then(|| EnclosedTrace::from(self.trace.clone()))
    }
}

/// The name of a network, and its heading.
fn names(subject: &Subject, network: &str) -> [String; 2] {
    [network.to_string(), text::network_heading(network, &subject.network, &subject.units)]
}

/// The error of a row or of a single segment, and for windows the method that has them in its result.
fn failure(row: &str, error: &TraceError) -> Failure {
    let more = if matches!(error, TraceError::Window { .. }) { "; enclose() gives its windows" } else { "" };
    Failure::value(format!("{row}{error}{more}"))
}

/// The trace of the segment from one point to another.
#[pyfunction]
pub fn trace(py: Python<'_>, network: &Network, start: &Points, end: &Points, options: Options) -> PyResult<Trace> {
    let subject = network.subject(&options.units, options.output_bits)?;
    let precision = network.precision(options.precision)?;
    let (name, a, b) = (network.name.clone(), start.single(), end.single());
    let quick = network.network.inputs() <= 64 && network.network.layers().is_some() && !options.exact_only;
    let work = move || {
        let trace = options.tracer(&subject, precision).trace(&a, &b).map_err(|error| failure("", &error))?;
        Ok(Trace::new(&trace, &subject, &name))
    };
    // Only a trace that can take long runs on another thread, where it can be interrupted.
    if quick { here(py, work) } else { run(py, None, move |_| work()) }
}

/// The trace of the segment from one point to another, with windows where a smooth network is not decided.
#[pyfunction]
pub fn enclose(py: Python<'_>, network: &Network, start: &Points, end: &Points, options: Options) -> PyResult<Enclosed> {
    let subject = network.subject(&options.units, options.output_bits)?;
    let precision = network.precision(options.precision)?;
    let (name, a, b) = (network.name.clone(), start.single(), end.single());
    run(py, None, move |_| {
        let is_smooth = !subject.network.is_piecewise_affine();
        let trace = options.tracer(&subject, precision).enclose(&a, &b).map_err(|error| failure("", &error))?;
        let trace = match trace.to_trace() {
            Some(exact) if !is_smooth => EnclosedTrace::from(exact.select(&subject.units)),
            _ => trace,
        };
        let (certified, range) = (trace.to_trace(), FoldingRange::of(&trace));
        Ok(Enclosed { trace, certified, range, network: names(&subject, &name), is_smooth })
    })
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
    let precision = network.precision(options.precision)?;
    let name = network.name.clone();
    let (p, q) = (starts.points.clone(), ends.points.clone());
    run(py, progress, move |control| {
        let mut tracer = options.tracer(&subject, precision);
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
            let of_row = |row: usize, error: &TraceError| failure(&format!("row {}: ", first + row), error);
            let visit = |(row, _): (usize, usize), trace: Result<&line::Trace, &EnclosedTrace>| match trace {
                Ok(trace) => found.push(Trace::new(trace, &subject, &name)),
                Err(enclosed) => refused = refused.take().or_else(|| Some(of_row(row, &enclosed.refusal()?))),
            };
            let traced = tracer.over(&points).and_then(|mut tracer| tracer.trace_pairs(pairs, visit));
            traced.map_err(|error| match &error {
                TraceError::Segment { from, source, .. } => of_row(*from, source),
                error => failure("", error),
            })?;
            if let Some(error) = refused {
                return Err(error);
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
        match self.enclosed() {
            Some(trace) => Ok(json(&EnclosedReport::of(&trace, Some(&self.trace)))?),
            None => Ok(json(&TraceReport::of(&self.trace))?),
        }
    }

    /// The text of `plica trace`; the ends are shown as given.
    fn text(&self, start: &str, end: &str) -> String {
        let heading = heading(&self.network[1], start, end);
        self.enclosed().map_or_else(|| text::trace(&heading, &self.trace), |trace| text::enclosed(&heading, &trace))
    }

    /// The regions along the segment, as SVG.
    fn picture(&self, py: Python<'_>) -> PyResult<String> {
        here(py, || Ok(ribbon(&self.network[0], &self.trace)))
    }
}

#[pymethods]
impl Enclosed {
    #[getter]
    fn certified(&self) -> bool {
        self.certified.is_some()
    }

    /// The trace, if it is certified.
    #[getter]
    fn trace(&self) -> Option<Trace> {
        let trace = self.certified.clone()?;
        Some(Trace { folding: Folding::of(&trace), trace, network: self.network.clone(), is_smooth: self.is_smooth })
    }

    /// The number of windows.
    #[getter]
    fn windows(&self) -> usize {
        self.trace.windows().count()
    }

    #[getter]
    fn r1_range(&self) -> (u64, u64) {
        self.range.r1
    }

    #[getter]
    fn r2_range(&self) -> (u64, Option<u64>) {
        self.range.r2
    }

    #[getter]
    fn chi_range<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
        Ok((fraction(py, &self.range.chi.0)?, fraction(py, &self.range.chi.1)?))
    }

    fn to_json(&self) -> PyResult<String> {
        Ok(json(&EnclosedReport::of(&self.trace, self.certified.as_ref()))?)
    }

    /// The text of `plica trace`; the ends are shown as given.
    fn text(&self, start: &str, end: &str) -> String {
        let heading = heading(&self.network[1], start, end);
        match &self.certified {
            Some(trace) if !self.is_smooth => text::trace(&heading, trace),
            _ => text::enclosed(&heading, &self.trace),
        }
    }
}

fn heading(network: &str, start: &str, end: &str) -> String {
    format!("{network}\nfrom {start}\nto   {end}")
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
