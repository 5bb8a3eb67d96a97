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
    /// All readings of the global measure. A reading that windows leave open is null.
    pub global: Global,
    /// The lower and the upper bounds of all readings, if there are windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub global_range: Option<[Global; 2]>,
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
    /// The number of segments with windows; written if there are any.
    #[serde(skip_serializing_if = "is_zero")]
    pub windows: u64,
    /// The number of segments with chi > 0, null if windows leave several numbers open.
    pub folded: Option<u64>,
    /// The smallest and the largest number of segments with chi > 0, if there are windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folded_range: Option<[u64; 2]>,
    /// The tallies, from which all other fields follow.
    #[serde(flatten)]
    pub tally: Tally,
    /// The statistics of chi. A number that windows leave open is null.
    pub chi: Statistics,
    /// The lower and the upper bounds of the statistics of chi, if there are windows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chi_range: Option<[Statistics; 2]>,
}

impl PairReport {
    /// The report of a pair of classes with this tally.
    pub fn new(from: Option<i64>, to: Option<i64>, tally: Tally) -> Self {
        let (paths, windows) = (tally.paths(), tally.windows());
        let (folded, chi) = ([tally.folded(), tally.folded_at_most()], tally.chi_bounds());
        Self {
            from,
            to,
            paths,
            windows,
            folded: (folded[0] == folded[1]).then_some(folded[0]),
            folded_range: (windows > 0).then_some(folded),
            tally,
            chi: Statistics::common(&chi),
            chi_range: (windows > 0).then_some(chi),
        }
    }
}

impl FoldReport {
    /// The report of these pairs, sorted by their classes.
    pub fn new(mut pairs: Vec<PairReport>, decisions: Decisions) -> Self {
        pairs.sort_by_key(|pair| (pair.from, pair.to));
        let global = Global::bounds(pairs.iter().map(|pair| &pair.tally));
        let has_windows = pairs.iter().any(|pair| pair.windows > 0);
        Self { pairs, global: Global::common(&global), global_range: has_windows.then_some(global), decisions }
    }

    /// The number of segments with windows.
    pub fn windows(&self) -> u64 {
        self.pairs.iter().map(|pair| pair.windows).sum()
    }

    /// The tally of all segments.
    pub fn whole(&self) -> Tally {
        let mut whole = Tally::default();
        self.pairs.iter().for_each(|pair| whole.merge(&pair.tally));
        whole
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(super) fn is_zero(n: &u64) -> bool {
    *n == 0
}
