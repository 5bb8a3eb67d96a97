//! The global folding of a network, in all interpretations.

use super::{Distribution, Tally};
use crate::exact::ExactNumber;
use rug::Rational;
use serde::Serialize;

/// The interpretations of the global folding measure Phi of a network, computed from tallies, one for each pair of classes.
///
/// The papers do not determine which interpretation they mean, so each has its own name here. Each is `None`, written as null, if it is
/// undefined. (Paper 1, arXiv 2502.09954.)
///
/// ```
/// use plica::{fold::{Global, Measure, Tally}, network::Pattern};
/// let path: Vec<Pattern> = ["00", "01", "00"].map(|p| p.parse().unwrap()).to_vec();
/// let (mut folded, mut flat) = (Tally::default(), Tally::default());
/// folded.add(&Measure::of(&path));
/// flat.add(&Measure::of(&path[..2]));
/// let global = Global::of([&folded, &flat]);
/// assert_eq!(global.sup.unwrap().to_string(), "1/2");
/// assert_eq!(global.median_of_pair_maxima.unwrap().to_string(), "1/4");
/// assert_eq!(global.pair_medians_of_positive_peaks.median.unwrap().to_string(), "1/2");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Global {
    /// The supremum of chi over all paths: the bound Phi of paper 1.
    pub sup: Option<ExactNumber>,
    /// The mean of chi over all paths.
    pub mean: Option<ExactNumber>,
    /// The median of chi over the paths with chi > 0: Phi in the authors' slides of 2026.
    pub median_of_positive: Option<ExactNumber>,
    /// The fraction of the paths with chi > 0.
    pub folded_fraction: Option<ExactNumber>,
    /// The largest chi of each pair of classes that has paths, and the median of these over the pairs: one interpretation of the
    /// experiments of paper 1.
    pub median_of_pair_maxima: Option<ExactNumber>,
    /// The median of the positive peaks of each pair of classes that has a folded path, summarised over the pairs: the other interpretation
    /// of the experiments of paper 1.
    pub pair_medians_of_positive_peaks: PairMedians,
}

/// Summaries over the pairs of classes, of one number for each pair.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PairMedians {
    /// The mean over the pairs.
    pub mean: Option<ExactNumber>,
    /// The median over the pairs.
    pub median: Option<ExactNumber>,
    /// The largest number over the pairs.
    pub max: Option<ExactNumber>,
}

impl Global {
    /// The values for these tallies, one for each pair of classes, in any order.
    pub fn of<'a>(pairs: impl IntoIterator<Item = &'a Tally>) -> Self {
        let pairs: Vec<&Tally> = pairs.into_iter().collect();
        let mut whole = Tally::default();
        pairs.iter().for_each(|tally| whole.merge(tally));
        let chi = whole.chi();
        let over_pairs = |number: &dyn Fn(&Tally) -> Option<Rational>| -> Distribution {
            pairs.iter().filter_map(|tally| Some((number(tally)?, 1))).collect()
        };
        let maxima = over_pairs(&|tally| tally.chi().max().cloned());
        let medians = over_pairs(&|tally| tally.peaks().positive().median());
        Self {
            sup: chi.max().cloned().map(ExactNumber),
            mean: chi.mean().map(ExactNumber),
            median_of_positive: chi.positive().median().map(ExactNumber),
            folded_fraction: (whole.paths() > 0).then(|| ExactNumber(Rational::from((whole.folded(), whole.paths())))),
            median_of_pair_maxima: maxima.median().map(ExactNumber),
            pair_medians_of_positive_peaks: PairMedians {
                mean: medians.mean().map(ExactNumber),
                median: medians.median().map(ExactNumber),
                max: medians.max().cloned().map(ExactNumber),
            },
        }
    }
}
