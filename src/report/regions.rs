//! The report of a complex.

use crate::bounds::{Bound, Shape};
use crate::complex::{Check, CheckError, Complex, Counts, Decided, Domain, Histogram, Histograms, Rule};
use crate::exact::{ExactNumber, nearest_f64};
use crate::line::Decisions;
use crate::network::Network;
use rug::Rational;
use serde::Serialize;
use std::collections::BTreeMap;

/// Exact volumes are computed and checked without a request up to this number of simplices.
const CHEAP: u64 = 5_000;

/// The result of `plica regions` for a complex.
///
/// ```
/// use plica::{complex::{Builder, Domain}, network::load, report::RegionsReport};
/// let complex = Builder::new(&load("zigzag:2:3:1").unwrap()).build(&Domain::parse_box("0,1", 2).unwrap()).unwrap();
/// let json = serde_json::to_value(RegionsReport::of(&complex, true).unwrap()).unwrap();
/// assert_eq!((json["activation_regions"].as_u64(), json["facets"]["4"].as_u64()), (Some(9), Some(9)));
/// assert_eq!(json["volume"]["exact"], "1");
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct RegionsReport {
    /// The three counts.
    #[serde(flatten)]
    pub counts: Counts,
    /// The number of faces of each dimension, vertices first.
    pub f_vector: Vec<u64>,
    /// Cells by the number of their facets, the sides of the domain included.
    pub facets: Histogram,
    /// Bounded cells by the number of simplices of their pulling triangulation.
    pub simplices: Histogram,
    /// The volume, `None` if it is not bounded: the sum over the cells if `checks.volumes` is true, else that of the domain.
    pub volume: Option<ExactNumber>,
    /// The Gram determinant of a slice.
    pub gram: Option<ExactNumber>,
    /// The number of bounded cells.
    pub bounded: u64,
    /// The numbers of signs that the filter decided and that integers decided.
    pub decisions: Decisions,
    /// Cells by the number of their facets inside the domain.
    pub inner_facets: Histogram,
    /// Bounded cells by the number of their vertices.
    pub vertices: Histogram,
    /// The means of what the histograms count.
    pub means: Means,
    /// The volumes of single cells, `None` if they were not computed or there is no bounded cell.
    pub volumes: Option<Volumes>,
    /// The relations that were checked and hold.
    pub checks: Check,
    /// The decisions by the output, if requested.
    pub decision: Option<DecisionReport>,
    /// What is known of every network of this shape, for comparison.
    pub bounds: Vec<Bound>,
}

/// The means over the cells, or over the bounded cells if only these have the number; `None` if there are none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Means {
    /// Of facets, the sides of the domain included.
    pub facets: Option<ExactNumber>,
    /// Of facets inside the domain.
    pub inner_facets: Option<ExactNumber>,
    /// Of vertices.
    pub vertices: Option<ExactNumber>,
    /// Of simplices.
    pub simplices: Option<ExactNumber>,
}

/// Volumes over the bounded cells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Volumes {
    /// The volume of the smallest cell.
    pub least: ExactNumber,
    /// The median: of an even number of cells, the mean of the two in the middle.
    pub median: ExactNumber,
    /// The mean.
    pub mean: ExactNumber,
    /// The volume of the largest cell.
    pub largest: ExactNumber,
    /// Cells by their volume as a power of two: k counts those with 2^k <= volume < 2^(k + 1).
    pub by_power_of_two: BTreeMap<i64, u64>,
}

/// The decisions by the output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DecisionReport {
    /// By sign or by argmax.
    pub rule: Rule,
    /// The parts of activation regions on which one class is decided: each region counts once for each class that it has on a set with interior.
    pub cells: u64,
    /// Maximal connected sets of one class.
    pub regions: u64,
    /// The convex pieces of the boundaries between classes.
    pub boundary_pieces: u64,
    /// For each class that occurs, in order.
    pub classes: Vec<ClassReport>,
}

/// One class of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassReport {
    /// The class: of a sign 1, -1 or 0, else the index of the output.
    pub class: i64,
    /// The parts of activation regions on which it is decided.
    pub cells: u64,
    /// Its decision regions.
    pub regions: u64,
    /// Their exact volumes, largest first; `None` for regions that are not bounded, which come first.
    pub volumes: Vec<Option<ExactNumber>>,
    /// The sum of the volumes, `None` if a region is not bounded.
    pub volume: Option<ExactNumber>,
}

impl RegionsReport {
    /// The report of a complex, checked; `volumes` says whether the volumes of cells are computed, and checked, too.
    ///
    /// # Errors
    /// A check fails.
    pub fn of(complex: &Complex, volumes: bool) -> Result<Self, CheckError> {
        let mut checks = complex.check()?;
        let mut of_cells = None;
        if volumes {
            let all: Vec<Rational> = complex.volumes_alone()?.into_iter().flatten().collect();
            let (sum, compared) = complex.checked_sum(&all)?;
            checks.volumes = compared;
            of_cells = Volumes::of(all, sum);
        }
        let Histograms { facets, inner_facets, vertices, simplices, bounded } = complex.histograms();
        let exact = |histogram: &Histogram| Histograms::mean(histogram).map(ExactNumber);
        let means =
            Means { facets: exact(&facets), inner_facets: exact(&inner_facets), vertices: exact(&vertices), simplices: exact(&simplices) };
        Ok(Self {
            counts: complex.counts().clone(),
            f_vector: complex.f_vector(),
            facets,
            simplices,
            volume: complex.domain().volume().map(ExactNumber),
            gram: complex.plane().map(|plane| ExactNumber(plane.gram())),
            bounded,
            decisions: complex.decisions(),
            inner_facets,
            vertices,
            means,
            volumes: of_cells,
            checks,
            decision: None,
            bounds: Vec::new(),
        })
    }

    /// The report of a complex with volumes, if they are requested or cheap (up to 5,000 simplices, and within the memory limit), with the decisions by the output,
    /// if given, and with the bounds for networks of the shape.
    ///
    /// # Errors
    /// A check fails.
    pub fn whole(network: &Network, complex: &Complex, decided: Option<&Decided>, volumes: bool) -> Result<Self, CheckError> {
        let mut report = match Self::of(complex, volumes || complex.simplex_counts().into_iter().flatten().sum::<u64>() <= CHEAP) {
            // The volumes were not asked for.
            Err(CheckError::Volumes(_)) if !volumes => Self::of(complex, false)?,
            report => report?,
        };
        if let Some(decided) = decided {
            report = report.with_decision(decided)?;
        }
        if let Some(shape) = Shape::of(network).filter(|_| network.depth() > 0) {
            let d = complex.dimension();
            let sides = match complex.domain() {
                Domain::Space => 0,
                Domain::Box(_) => 2 * d,
                Domain::Simplex(_) => d + 1,
            };
            report.bounds = shape.restricted(d).all(sides);
        }
        Ok(report)
    }

    /// Adds the decisions by the output.
    ///
    /// # Errors
    /// A check of the finer complex fails: its volumes add up, and it refines the coarser one.
    pub fn with_decision(self, decided: &Decided) -> Result<Self, CheckError> {
        let report = DecisionReport::of(decided)?;
        let parts = decided.parent_of.iter().max().map_or(0, |&last| u64::from(last) + 1);
        if parts != self.counts.activation_regions {
            return Err(CheckError::Refinement { expected: self.counts.activation_regions, found: parts });
        }
        Ok(Self { decision: Some(report), ..self })
    }
}

impl Volumes {
    /// Of the volumes of cells, and their sum.
    fn of(all: Vec<Rational>, sum: Rational) -> Option<Self> {
        // Rounding keeps the order, so exact numbers are compared only where they round to one double.
        let mut rounded: Vec<(f64, Rational)> = all.into_iter().map(|volume| (nearest_f64(&volume), volume)).collect();
        rounded.sort_unstable_by(|x, y| x.0.total_cmp(&y.0).then_with(|| x.1.cmp(&y.1)));
        let all: Vec<Rational> = rounded.into_iter().map(|(_, volume)| volume).collect();
        let (least, largest) = (ExactNumber(all.first()?.clone()), ExactNumber(all.last()?.clone()));
        let middle = (&all[(all.len() - 1) / 2], &all[all.len() / 2]);
        let median = ExactNumber(Rational::from(middle.0 + middle.1) / 2u32);
        let mut by_power_of_two = BTreeMap::new();
        all.iter().for_each(|volume| *by_power_of_two.entry(logarithm(volume)).or_default() += 1);
        let mean = ExactNumber(sum / all.len() as u64);
        Some(Self { least, median, mean, largest, by_power_of_two })
    }
}

/// The largest k with 2^k <= q, of a positive q.
fn logarithm(q: &Rational) -> i64 {
    let k = i64::from(q.numer().significant_bits()) - i64::from(q.denom().significant_bits());
    let (mut numerator, mut denominator) = (q.numer().clone(), q.denom().clone());
    if k >= 0 {
        denominator <<= k as u32
    } else {
        numerator <<= (-k) as u32
    }
    if numerator >= denominator { k } else { k - 1 }
}

impl DecisionReport {
    /// The report of a complex cut by decisions, checked.
    ///
    /// # Errors
    /// A check fails.
    pub fn of(decided: &Decided) -> Result<Self, CheckError> {
        decided.complex.check()?;
        let regions = decided.regions()?;
        if regions.iter().all(|region| region.volume.is_some()) {
            let all: Vec<Rational> = regions.iter().filter_map(|region| region.volume.clone()).collect();
            decided.complex.checked_sum(&all)?;
        }
        let mut classes: BTreeMap<i64, ClassReport> = BTreeMap::new();
        for region in &regions {
            let empty = || ClassReport { class: region.class, cells: 0, regions: 0, volumes: Vec::new(), volume: None };
            let class = classes.entry(region.class).or_insert_with(empty);
            class.cells += region.cells.len() as u64;
            class.regions += 1;
            class.volumes.push(region.volume.clone().map(ExactNumber));
        }
        for class in classes.values_mut() {
            class.volumes.sort_unstable_by(|x, y| match (x, y) {
                (Some(x), Some(y)) => y.cmp(x),
                (x, y) => x.is_some().cmp(&y.is_some()),
            });
            let all: Option<Vec<Rational>> = class.volumes.iter().map(|volume| volume.as_ref().map(|volume| volume.0.clone())).collect();
            class.volume = all.map(|all| ExactNumber(crate::complex::exact_sum(&all)));
        }
        Ok(Self {
            rule: decided.rule,
            cells: decided.complex.activation_regions() as u64,
            regions: regions.len() as u64,
            boundary_pieces: decided.boundary().len() as u64,
            classes: classes.into_values().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_two_are_exact() {
        for (p, q, k) in [(1, 1, 0), (1, 2, -1), (1, 3, -2), (3, 4, -1), (4, 1, 2), (7, 1, 2), (8, 9, -1), (9, 8, 0)] {
            assert_eq!(logarithm(&Rational::from((p, q))), k, "{p}/{q}");
        }
    }
}
