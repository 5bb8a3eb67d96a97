//! Convex sets of patterns, and convex unions of regions.

use crate::error::Failure;
use crate::job::run;
use crate::network::{Network, json};
use plica::convexity::search::smallest;
use plica::convexity::{Cells, ConvexityError, Enumerator, Judge, PatternSet};
use plica::network::{Model, Pattern};
use plica::report::{ConvexityReport, RandomReport, SetReport, SmallestReport, convexity_text};
use pyo3::prelude::*;

/// How many sets the search tries in each direction.
const TRIED: usize = 100_000;

/// Which sets are judged, and what counts as a region.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Options {
    sets: Option<Vec<Vec<String>>>,
    random: Option<(u64, u64)>,
    half_open: bool,
    max_regions: usize,
}

/// What `plica convexity` says: as JSON and as text.
#[pyfunction]
pub fn convexity(py: Python<'_>, network: &Network, options: Options, progress: Option<&Bound<'_, PyAny>>) -> PyResult<(String, String)> {
    let Options { sets, random, half_open, max_regions } = options;
    network.chain()?;
    let sets = sets.map(parsed).transpose()?;
    let (model, name) = (network.model.clone(), network.name.clone());
    run(py, progress, move |control| {
        let Model::Chain(chain) = &*model else { return Err(Failure::Internal("a chain is a chain".into())) };
        let cells = if half_open { Cells::HalfOpen } else { Cells::Closed };
        let regions =
            Enumerator::new(chain).cells(cells).max_regions(max_regions).stop_when(control.stop()).run().map_err(|error| match error {
                ConvexityError::TooManyRegions { .. } => Failure::Limit(format!("{name}: {error}; max_regions allows more")),
                error => error.into(),
            })?;
        let mut judge = Judge::new(&regions);
        let mut report = ConvexityReport::of(&name, &mut judge);
        if let Some(sets) = sets {
            report.sets = Some(judged(sets, &mut judge)?);
        } else if let Some((sets, seed)) = random {
            report.random = Some(RandomReport::of(&mut judge, sets, seed));
        } else if regions.depth() > 1 || regions.cells() == Cells::HalfOpen {
            let smallest = smallest(&mut judge, TRIED);
            report.smallest = Some(SmallestReport::of(&mut judge, &smallest));
        }
        Ok((json(&report)?, convexity_text(&report)))
    })
}

fn place(set: usize, pattern: usize, error: impl std::fmt::Display) -> Failure {
    Failure::value(format!("sets: set {set}, pattern {pattern}: {error}"))
}

fn parsed(sets: Vec<Vec<String>>) -> Result<Vec<Vec<Pattern>>, Failure> {
    let set =
        |(i, set): (usize, Vec<String>)| set.iter().enumerate().map(|(j, text)| text.parse().map_err(|error| place(i, j, error))).collect();
    sets.into_iter().enumerate().map(set).collect()
}

fn judged(sets: Vec<Vec<Pattern>>, judge: &mut Judge<'_>) -> Result<Vec<SetReport>, Failure> {
    let regions = judge.regions();
    let mut reports = Vec::with_capacity(sets.len());
    for (i, set) in sets.into_iter().enumerate() {
        let mut places = PatternSet::default();
        for (j, pattern) in set.into_iter().enumerate() {
            let one = regions.set([pattern]).map_err(|error| place(i, j, error))?;
            one.iter().for_each(|place| {
                places.insert(place);
            });
        }
        reports.push(SetReport::of(judge, &places));
    }
    Ok(reports)
}
