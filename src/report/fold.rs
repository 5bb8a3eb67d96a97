//! The report of many segments.

use crate::fold::{Global, Statistics, Tally};
use crate::line::Decisions;
use serde::Serialize;

/// The result of `plica fold` for a network: the tallies of its pairs of classes, and the readings of the global measure.
///
/// ```
/// use plica::{fold::{Measure, Tally}, line::Decisions, report::{FoldReport, PairReport}};
/// let mut tally = Tally::default();
/// tally.add(&Measure::default());
/// let report = FoldReport::new(vec![PairReport::new(Some(3), Some(8), tally)], Decisions::default());
/// let json = serde_json::to_value(&report).unwrap();
/// assert_eq!(json["pairs"][0]["tally"], serde_json::json!([[0, 0, 1]]));
/// assert!(json["global"]["median_of_positive"].is_null());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FoldReport {
    /// One entry for each ordered pair of classes, ascending; or a single one.
    pub pairs: Vec<PairReport>,
    /// All readings of the global measure.
    pub global: Global,
    /// The counts of filtered and exact decisions.
    pub decisions: Decisions,
}

/// The result for one pair of classes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PairReport {
    /// The class of the first points, `None` if the pairs are not by class.
    pub from: Option<i64>,
    /// The class of the second points, `None` if the pairs are not by class.
    pub to: Option<i64>,
    /// The number of segments.
    pub paths: u64,
    /// The number of segments with chi > 0.
    pub folded: u64,
    /// The tallies, from which all other fields follow.
    #[serde(flatten)]
    pub tally: Tally,
    /// The statistics of chi.
    pub chi: Statistics,
}

impl PairReport {
    /// The report of a pair of classes with this tally.
    pub fn new(from: Option<i64>, to: Option<i64>, tally: Tally) -> Self {
        Self { from, to, paths: tally.paths(), folded: tally.folded(), chi: Statistics::from(&tally.chi()), tally }
    }
}

impl FoldReport {
    /// The report of these pairs, sorted by their classes.
    pub fn new(mut pairs: Vec<PairReport>, decisions: Decisions) -> Self {
        pairs.sort_by_key(|pair| (pair.from, pair.to));
        let global = Global::of(pairs.iter().map(|pair| &pair.tally));
        Self { pairs, global, decisions }
    }

    /// The tally of all segments.
    pub fn whole(&self) -> Tally {
        let mut whole = Tally::default();
        self.pairs.iter().for_each(|pair| whole.merge(&pair.tally));
        whole
    }
}
