//! The global folding of a network, in all interpretations.

use super::distribution::common;
use super::uncertain::Uncertain;
use super::{Distribution, Statistics, Tally};
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
    /// The values for these tallies, one for each pair of classes, in any order. Each is `None` if it is undefined, or if windows of the
    /// paths leave several values open.
    pub fn of<'a>(pairs: impl IntoIterator<Item = &'a Tally>) -> Self {
        Self::common(&Self::bounds(pairs))
    }

    /// The lower and the upper bounds of the values for these tallies, over all that may happen in the windows of the paths. Each is `None`
    /// if the value is undefined in all these cases. Without windows, both are the values.
    ///
    /// The bounds of sup, the means, the medians over all paths and the fraction hold with the largest and the smallest chi of each path. In
    /// the medians of positive values, a path whose chi may be 0 is counted if it makes the bound wider.
    pub fn bounds<'a>(pairs: impl IntoIterator<Item = &'a Tally>) -> [Self; 2] {
        let pairs: Vec<&Tally> = pairs.into_iter().collect();
        let mut whole = Tally::default();
        pairs.iter().for_each(|tally| whole.merge(tally));
        let mut maxima = Uncertain::default();
        let mut medians = Uncertain::default();
        for tally in &pairs {
            if let Some([low, high]) = tally.all_chi().bounds(largest) {
                maxima.add((low, high), 1, false);
            }
            let positive = tally.all_peaks().positive();
            if let Some([low, high]) = positive.bounds(Distribution::median) {
                medians.add((low, high), 1, !positive.is_certain());
            }
        }
        let chi = Statistics::bounds(&whole.all_chi());
        let maxima = Statistics::bounds(&maxima);
        let medians = Statistics::bounds(&medians);
        let folded = [whole.folded(), whole.folded_at_most()];
        [0, 1].map(|end| {
            let Statistics { mean, median_of_positive, max: sup, .. } = chi[end].clone();
            let Statistics { mean: mean_of_medians, median, max, .. } = medians[end].clone();
            Self {
                sup,
                mean,
                median_of_positive,
                folded_fraction: (whole.paths() > 0).then(|| ExactNumber(Rational::from((folded[end], whole.paths())))),
                median_of_pair_maxima: maxima[end].median.clone(),
                pair_medians_of_positive_peaks: PairMedians { mean: mean_of_medians, median, max },
            }
        })
    }

    /// The values that are equal in both.
    pub(crate) fn common([low, high]: &[Self; 2]) -> Self {
        let of = |number: fn(&Self) -> &Option<ExactNumber>| common(number(low), number(high));
        Self {
            sup: of(|global| &global.sup),
            mean: of(|global| &global.mean),
            median_of_positive: of(|global| &global.median_of_positive),
            folded_fraction: of(|global| &global.folded_fraction),
            median_of_pair_maxima: of(|global| &global.median_of_pair_maxima),
            pair_medians_of_positive_peaks: PairMedians {
                mean: of(|global| &global.pair_medians_of_positive_peaks.mean),
                median: of(|global| &global.pair_medians_of_positive_peaks.median),
                max: of(|global| &global.pair_medians_of_positive_peaks.max),
            },
        }
    }
}

fn largest(values: &Distribution) -> Option<Rational> {
    values.max().cloned()
}
