//! Convex sets of patterns, and convex unions of regions.

use crate::error::Failure;
use crate::job::run;
use crate::network::{Network, json};
use plica::convexity::{Cells, ConvexityError, Enumerator, Judge};
use plica::report::{ConvexityReport, RandomReport, SetReport};
use plica_text as text;
use pyo3::prelude::*;

/// The sets, and the kind of regions.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Options {
    sets: Option<Vec<Vec<String>>>,
    random: Option<(u64, u64)>,
    half_open: bool,
    max_regions: usize,
}

/// The report of `plica convexity`, as JSON and as text.
#[pyfunction]
pub fn convexity(py: Python<'_>, network: &Network, options: Options, progress: Option<&Bound<'_, PyAny>>) -> PyResult<(String, String)> {
    let Options { sets, random, half_open, max_regions } = options;
    let sets = sets.map(SetReport::parse_sets).transpose().map_err(|error| Failure::Value(format!("sets: {error}")))?;
    let (network, name) = (network.network.clone(), network.name.clone());
    run(py, progress, move |control| {
        let cells = if half_open { Cells::HalfOpen } else { Cells::Closed };
        let regions =
            Enumerator::new(&network).cells(cells).max_regions(max_regions).stop_when(control.stop()).run().map_err(
                |error| match error {
                    ConvexityError::TooManyRegions { .. } => Failure::Limit(format!("{name}: {error}; max_regions allows more")),
                    error => error.into(),
                },
            )?;
        let mut judge = Judge::new(&regions);
        let mut report = ConvexityReport::of(&name, &mut judge);
        if let Some(sets) = sets {
            report = report.with_sets(&mut judge, sets).map_err(|error| Failure::Value(format!("sets: {error}")))?;
        } else if let Some((sets, seed)) = random {
            report.random = Some(RandomReport::of(&mut judge, sets, seed));
        } else {
            report = report.with_smallest(&mut judge);
        }
        Ok((json(&report)?, text::convexity(&report)))
    })
}
