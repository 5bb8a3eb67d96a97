//! Sampling compared with exact traces.

use crate::error::Failure;
use crate::job::{here, run};
use crate::network::{Network, json};
use crate::points::Points;
use crate::trace::{Trace, patterns};
use numpy::PyReadonlyArray2;
use plica::data::DataSet;
use plica::network::Selection;
use plica::report::{AuditReport, picture};
use plica::sweep::{Audit, Auditor, Fault, PairGroup, Pairs, Sampling, SequenceAudit};
use plica_text as text;
use pyo3::prelude::*;

/// What is sampled: the name of the points, the numbers of points on a segment, the pairs, and the number of threads.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Options {
    name: String,
    counts: Vec<usize>,
    pairs: String,
    threads: usize,
    precision: Option<u32>,
}

/// The report of `plica audit`, as JSON, as text and as SVG.
#[pyfunction]
pub fn audit(
    py: Python<'_>,
    network: &Network,
    points: &Points,
    options: Options,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<(String, String, String)> {
    let Options { name: of_points, counts, pairs, threads, precision } = options;
    let precision = network.precision(precision)?;
    let pairs: Pairs = pairs.parse().map_err(|error| Failure::value(format!("pairs: {error}")))?;
    if pairs == Pairs::Classes {
        return Err(Failure::value("pairs: classes, expected all or random:N@SEED").into());
    }
    let data = DataSet { name: of_points, points: (*points.points).clone(), labels: None };
    let (name, network) = (network.name.clone(), network.network.clone());
    let mut ways: Vec<Sampling> = counts.into_iter().map(Sampling::Points).collect();
    ways.push(Sampling::Adaptive);
    ways.sort_unstable();
    ways.dedup();
    run(py, progress, move |control| {
        let groups = pairs.groups(&data).map_err(Failure::value)?;
        let all: u64 = groups.iter().map(PairGroup::count).sum();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| Failure::value(format!("threads: {error}")))?;
        let auditor =
            Auditor::new(&network, &data.points, &ways).map_err(|error| Failure::value(format!("points: {error}")))?.precision(precision);
        let watch = |found: &Audit| {
            control.at(found.segments + found.windows, all);
            !control.stopped()
        };
        let found = pool.install(|| auditor.audit_groups(&groups, watch)).map_err(Failure::value)?;
        if control.stopped() {
            return Err(Failure::Stopped);
        }
        let report = AuditReport::new(&found);
        let units = network.units(&Selection::Hidden).map_err(Failure::value)?;
        let heading = format!("{}\n{}", text::network_heading(&name, &network, &units), text::data_heading(&data, pairs));
        Ok((json(&report)?, text::audit(&heading, &report), picture::missed_by_sampling(&name, &report)))
    })
}

/// The number of regions that a list of patterns misses, the number of patterns of crossings and ends, and the patterns that do not fit, by index.
type Findings = (usize, usize, Vec<(usize, &'static str)>);

/// Compares a list of patterns along a segment, one for each sampled point, with its trace.
#[pyfunction]
pub fn audit_sequence(py: Python<'_>, trace: &Trace, rows: PyReadonlyArray2<'_, bool>) -> PyResult<Findings> {
    let patterns = patterns(&rows);
    let found = here(py, || Ok(SequenceAudit::of(&trace.trace, &patterns)))?;
    let word = |fault: Fault| match fault {
        Fault::Unknown => "unknown",
        Fault::OutOfOrder => "out of order",
    };
    Ok((found.missed, found.boundary, found.faults.into_iter().map(|(index, fault)| (index, word(fault))).collect()))
}
