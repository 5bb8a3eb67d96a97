//! Many segments: a sweep, its parts, and their sum.

use crate::error::Failure;
use crate::job::{Control, here, run};
use crate::network::{Network, json};
use crate::points::Points;
use numpy::PyArray1;
use plica::data::DataSet;
use plica::network::UnitSet;
use plica::report::{FoldReport, PairReport, picture};
use plica::sweep::{self, Checkpoint, Fingerprint, PairGroup, Pairs, PathRow, RowSink, SweepError};
use plica_text as text;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// A network and the pairs of some points.
struct Task {
    name: String,
    network: plica::network::Network,
    units: Arc<UnitSet>,
    data: DataSet,
    pairs: Pairs,
    groups: Vec<PairGroup>,
    precision: u32,
    fingerprint: OnceLock<Fingerprint>,
}

/// The segments, and the compared bits.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Options {
    labels: Option<Vec<i64>>,
    name: String,
    pairs: Option<String>,
    units: String,
    output_bits: bool,
    precision: Option<u32>,
}

/// The report of `plica fold` for a sweep.
#[pyclass(frozen, module = "plica._plica", name = "FoldReport")]
pub struct Report {
    name: String,
    heading: String,
    report: FoldReport,
}

/// A sweep.
#[pyclass(frozen, module = "plica._plica")]
pub struct Sweep {
    task: Arc<Task>,
    chunks: u64,
}

/// The tallies of some chunks of a sweep.
#[pyclass(module = "plica._plica")]
pub struct SweepState {
    state: sweep::SweepState,
}

impl Task {
    fn sweep(&self) -> Result<sweep::Sweep<'_>, Failure> {
        let sweep = sweep::Sweep::new(&self.network, &self.units, &self.data.points, &self.groups);
        Ok(sweep.map_err(|error| self.failed(error.into()))?.precision(self.precision))
    }

    /// The checkpoint file of this sweep.
    fn checkpoint(&self, path: impl Into<PathBuf>) -> Checkpoint {
        let fingerprint = || Fingerprint::new(&self.network, &self.units, &self.data, self.pairs).with_precision(self.precision);
        Checkpoint::new(path, self.fingerprint.get_or_init(fingerprint).clone())
    }

    fn report(&self, state: &sweep::SweepState) -> Report {
        let pair = |(group, tally): (&PairGroup, &plica::fold::Tally)| PairReport::new(group.from, group.to, tally.clone());
        let report = FoldReport::new(self.groups.iter().zip(state.tallies()).map(pair).collect(), state.decisions());
        let heading =
            format!("{}\n{}", text::network_heading(&self.name, &self.network, &self.units), text::data_heading(&self.data, self.pairs));
        Report { name: self.name.clone(), heading, report }
    }

    fn failed(&self, error: SweepError) -> Failure {
        Failure::value(format!("{}: {error}", self.data.name))
    }

    fn run(
        &self,
        chunks: (u64, u64),
        threads: usize,
        saved: Option<(PathBuf, f64)>,
        control: &Control,
    ) -> Result<sweep::SweepState, Failure> {
        let sweep = self.sweep()?;
        if chunks.0 > chunks.1 || chunks.1 > sweep.chunks() {
            return Err(Failure::value(format!("chunks {} to {} of a sweep of {}", chunks.0, chunks.1, sweep.chunks())));
        }
        let checkpoint = saved.map(|(path, seconds)| (self.checkpoint(path), Duration::from_secs_f64(seconds)));
        let begun = checkpoint.as_ref().map(|(checkpoint, _)| checkpoint.load(&sweep)).transpose()?.flatten();
        let save =
            |state: &sweep::SweepState| checkpoint.as_ref().map_or(Ok(()), |(checkpoint, _)| checkpoint.save(state)).map_err(Failure::from);
        let (mut last, mut written) = (Instant::now(), Ok(()));
        let state = sweep.run_chunks(chunks.0..chunks.1, begun.unwrap_or_else(|| sweep.begin()), threads, |state| {
            control.at(state.paths(), sweep.paths());
            if checkpoint.as_ref().is_some_and(|(_, every)| last.elapsed() >= *every) {
                (last, written) = (Instant::now(), save(state));
            }
            written.is_ok() && !control.stopped()
        });
        let state = state.map_err(|error| self.failed(error))?;
        written?;
        save(&state)?;
        if control.stopped() { Err(Failure::Stopped) } else { Ok(state) }
    }
}

#[pymethods]
impl Sweep {
    #[new]
    fn new(py: Python<'_>, network: &Network, points: &Points, options: Options) -> PyResult<Self> {
        let Options { labels, name, pairs, units, output_bits, precision } = options;
        let precision = network.precision(precision)?;
        let subject = network.subject(&units, output_bits)?;
        let data = DataSet { name, points: (*points.points).clone(), labels };
        let pairs = pairs.as_deref().map(str::parse).transpose().map_err(|error| Failure::value(format!("pairs: {error}")))?;
        let pairs = pairs.unwrap_or_else(|| Pairs::default_for(&data));
        here(py, || {
            let groups = pairs.groups(&data).map_err(|error| Failure::value(format!("pairs: {error}")))?;
            let task = Task {
                name: network.name.clone(),
                network: subject.network,
                units: subject.units,
                data,
                pairs,
                groups,
                precision,
                fingerprint: OnceLock::new(),
            };
            let chunks = task.sweep()?.chunks();
            Ok(Self { task: Arc::new(task), chunks })
        })
    }

    /// The number of segments.
    #[getter]
    fn segments(&self) -> u64 {
        self.task.groups.iter().map(PairGroup::count).sum()
    }

    /// The number of chunks of the work.
    #[getter]
    fn chunks(&self) -> u64 {
        self.chunks
    }

    /// The choice of pairs, as text.
    #[getter]
    fn pairs(&self) -> String {
        self.task.pairs.to_string()
    }

    /// Runs the chunks from one number to below another.
    ///
    /// A checkpoint is a file, and the seconds between two writes.
    #[pyo3(signature = (chunks, threads, progress, checkpoint))]
    fn run(
        &self,
        py: Python<'_>,
        chunks: (u64, u64),
        threads: usize,
        progress: Option<&Bound<'_, PyAny>>,
        checkpoint: Option<(PathBuf, f64)>,
    ) -> PyResult<SweepState> {
        let task = self.task.clone();
        let state = run(py, progress, move |control| task.run(chunks, threads, checkpoint, control))?;
        Ok(SweepState { state })
    }

    /// Runs all segments: the report, and one array for each column of `plica fold --paths`.
    fn paths<'py>(&self, py: Python<'py>, threads: usize, progress: Option<&Bound<'py, PyAny>>) -> PyResult<(Report, Bound<'py, PyDict>)> {
        let task = self.task.clone();
        let (report, groups) = run(py, progress, move |control| {
            let rows = Rows::default();
            let sweep = task.sweep()?.with_rows(&rows);
            let state = sweep.run(sweep.begin(), threads, |state| {
                control.at(state.paths(), sweep.paths());
                !control.stopped()
            });
            let state = state.map_err(|error| task.failed(error))?;
            if control.stopped() {
                return Err(Failure::Stopped);
            }
            drop(sweep);
            Ok((task.report(&state), rows.in_order()?))
        })?;
        let columns = PyDict::new(py);
        let classes = self.task.pairs == Pairs::Classes;
        for (name, k) in [("from_class", 0), ("to_class", 1)].into_iter().filter(|_| classes) {
            let values = groups.iter().flat_map(|part| vec![part.classes[k].unwrap_or_default(); part.rows.len()]).collect();
            columns.set_item(name, PyArray1::<i64>::from_vec(py, values))?;
        }
        let wholes: [Column; 7] = [
            ("from", |row| Some(row.from as u64)),
            ("to", |row| Some(row.to as u64)),
            ("regions", |row| row.measure.map(|measure| measure.regions())),
            ("r1", |row| row.measure.map(|measure| measure.folding().r1)),
            ("r2", |row| row.measure.map(|measure| measure.folding().r2)),
            ("peak_r1", |row| row.measure.map(|measure| measure.peak().r1)),
            ("peak_r2", |row| row.measure.map(|measure| measure.peak().r2)),
        ];
        for (name, of) in wholes {
            let values = groups.iter().flat_map(|part| &part.rows).map(|row| of(row).map_or(-1, |n| n as i64)).collect();
            columns.set_item(name, PyArray1::<i64>::from_vec(py, values))?;
        }
        Ok((report, columns))
    }

    /// A state of this sweep for another process, with a checksum and the fingerprint of the sweep.
    fn to_bytes(&self, py: Python<'_>, state: &SweepState) -> PyResult<Vec<u8>> {
        here(py, || Ok(self.task.checkpoint(PART).to_bytes(&state.state)))
    }

    /// The state that another process wrote. Raises ValueError if the bytes are damaged, or of another sweep.
    #[pyo3(name = "from_bytes")]
    fn state_of(&self, py: Python<'_>, bytes: &[u8]) -> PyResult<SweepState> {
        let state = here(py, || Ok(self.task.checkpoint(PART).from_bytes(bytes)?))?;
        Ok(SweepState { state })
    }

    /// The report of `plica fold` for a state with all segments.
    fn report(&self, py: Python<'_>, state: &SweepState) -> PyResult<Report> {
        let (task, state) = (&self.task, &state.state);
        here(py, || {
            let sweep = task.sweep()?;
            if !sweep.fits(state) || !sweep.is_done(state) {
                return Err(Failure::value("the state does not have all segments of this sweep"));
            }
            Ok(task.report(state))
        })
    }
}

#[pymethods]
impl Report {
    /// The number of segments, of those with windows, and of those with chi > 0, at least and at most.
    fn counts(&self) -> (u64, u64, u64, u64) {
        let whole = self.report.whole();
        (whole.paths(), whole.windows(), whole.folded(), whole.folded_at_most())
    }

    /// The global measure in every definition, as JSON.
    fn readings(&self) -> PyResult<String> {
        Ok(json(&self.report.global)?)
    }

    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        here(py, || json(&self.report))
    }

    fn text(&self, py: Python<'_>) -> PyResult<String> {
        here(py, || Ok(text::fold(&self.heading, &self.report)))
    }

    /// The heat map by class, if pairs are by class, and the distribution of chi, as SVG.
    fn pictures(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        here(py, || {
            let heat_map = picture::heat_map(&self.name, &self.report);
            Ok(heat_map.into_iter().chain([picture::distribution(&[(&self.name, &self.report)])]).collect())
        })
    }
}

#[pymethods]
impl SweepState {
    /// Adds the tallies of other chunks of the same sweep.
    fn merge(&mut self, other: &SweepState) -> PyResult<()> {
        self.state.merge(&other.state).map_err(|error| Failure::value(error).into())
    }

    /// The number of segments in it.
    #[getter]
    fn segments(&self) -> u64 {
        self.state.paths()
    }
}

/// The name of a state of another process in errors.
const PART: &str = "a part of the sweep";

/// The name of a column, and its value for a row; there is none, written as -1, if the segment has windows.
type Column = (&'static str, fn(&PathRow) -> Option<u64>);

/// The rows of one part.
struct Part {
    number: usize,
    classes: [Option<i64>; 2],
    rows: Vec<PathRow>,
}

/// Keeps all rows.
#[derive(Default)]
struct Rows(Mutex<Vec<Part>>);

impl RowSink for Rows {
    fn take(&self, part: usize, group: &PairGroup, rows: &[PathRow]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let part = Part { number: part, classes: [group.from, group.to], rows: rows.to_vec() };
        self.0.lock().map_err(|error| error.to_string())?.push(part);
        Ok(())
    }
}

impl Rows {
    fn in_order(self) -> Result<Vec<Part>, Failure> {
        let mut parts = self.0.into_inner().map_err(|error| Failure::Internal(error.to_string()))?;
        parts.sort_unstable_by_key(|part| part.number);
        Ok(parts)
    }
}
