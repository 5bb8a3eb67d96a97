//! Exact values with counts, and their exact statistics.

use super::uncertain::Uncertain;
use crate::exact::ExactNumber;
use rug::Rational;
use serde::Serialize;

/// Rational values with their counts, ascending.
///
/// ```
/// use plica::fold::Distribution;
/// let halves: Distribution = [(1, 2), (0, 1), (1, 1)].map(|(p, q)| (rug::Rational::from((p, q)), 1)).into_iter().collect();
/// assert_eq!(halves.mean().unwrap().to_string(), "1/2");
/// assert_eq!(halves.positive().median().unwrap().to_string(), "3/4");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Distribution {
    values: Vec<(Rational, u64)>,
}

impl FromIterator<(Rational, u64)> for Distribution {
    fn from_iter<I: IntoIterator<Item = (Rational, u64)>>(values: I) -> Self {
        let mut values: Vec<(Rational, u64)> = values.into_iter().filter(|(_, count)| *count > 0).collect();
        values.sort();
        values.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            earlier.1 += if same { later.1 } else { 0 };
            same
        });
        Self { values }
    }
}

impl Distribution {
    /// The values that occur, with their counts, ascending.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Rational, u64)> + DoubleEndedIterator {
        self.values.iter().map(|(value, count)| (value, *count))
    }

    /// The number of values, including repetitions.
    pub fn count(&self) -> u64 {
        self.values.iter().map(|(_, count)| count).sum()
    }

    /// The mean; `None` if there are no values.
    pub fn mean(&self) -> Option<Rational> {
        let count = self.count();
        let sum: Rational = self.values.iter().map(|(value, count)| Rational::from(value * count)).sum();
        (count > 0).then(|| sum / count)
    }

    /// The variance about the mean, of all values and not as an estimate from a sample; `None` if there are no values.
    ///
    /// ```
    /// use plica::fold::Distribution;
    /// let values: Distribution = [(0, 3), (1, 1)].map(|(x, n)| (rug::Rational::from(x), n)).into_iter().collect();
    /// assert_eq!(values.variance().unwrap().to_string(), "3/16");
    /// ```
    pub fn variance(&self) -> Option<Rational> {
        let mean = self.mean()?;
        let squares: Rational = self.values.iter().map(|(value, count)| Rational::from(value * value) * count).sum();
        Some(squares / self.count() - Rational::from(&mean * &mean))
    }

    /// The least value x such that at least the share `q` of the values is at most x, 0 <= q <= 1; `None` if there are no values.
    ///
    /// ```
    /// use plica::fold::Distribution;
    /// use rug::Rational;
    /// let values: Distribution = (1..=4).map(|x| (Rational::from(x), 1)).collect();
    /// assert_eq!(values.quantile(&Rational::from((1, 2))), Some(&Rational::from(2)));
    /// assert_eq!(values.quantile(&Rational::from((3, 5))), Some(&Rational::from(3)));
    /// ```
    pub fn quantile(&self, q: &Rational) -> Option<&Rational> {
        let rank = Rational::from(q * self.count()).ceil().numer().to_u64().unwrap_or(0);
        self.at(rank.clamp(1, self.count().max(1)) - 1)
    }

    /// The median; for an even number of values, the mean of the two in the middle. `None` if there are no values.
    pub fn median(&self) -> Option<Rational> {
        let last = self.count().checked_sub(1)?;
        Some(Rational::from(self.at(last / 2)? + self.at(last - last / 2)?) / 2u32)
    }

    /// The largest value; `None` if there are no values.
    pub fn max(&self) -> Option<&Rational> {
        self.values.last().map(|(value, _)| value)
    }

    /// The values above 0.
    pub fn positive(&self) -> Self {
        let first = self.values.partition_point(|(value, _)| *value <= 0);
        Self { values: self.values[first..].to_vec() }
    }

    /// The value with this rank, counted from 0.
    fn at(&self, rank: u64) -> Option<&Rational> {
        let mut below = 0;
        self.values.iter().find_map(|(value, count)| {
            below += count;
            (rank < below).then_some(value)
        })
    }
}

/// The statistics of values in reports. Each is `None`, written as null, if it is undefined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Statistics {
    /// The mean.
    pub mean: Option<ExactNumber>,
    /// The median; for an even number of values, the mean of the two in the middle.
    pub median: Option<ExactNumber>,
    /// The median of the values above 0.
    pub median_of_positive: Option<ExactNumber>,
    /// The largest value.
    pub max: Option<ExactNumber>,
}

impl From<&Distribution> for Statistics {
    fn from(values: &Distribution) -> Self {
        Self {
            mean: values.mean().map(ExactNumber),
            median: values.median().map(ExactNumber),
            median_of_positive: values.positive().median().map(ExactNumber),
            max: values.max().cloned().map(ExactNumber),
        }
    }
}

impl Statistics {
    /// The lower and the upper bounds for values of which some are known by bounds only.
    pub(super) fn bounds(values: &Uncertain) -> [Self; 2] {
        let [mean, median] = [Distribution::mean, Distribution::median].map(|statistic| values.bounds(statistic));
        let median_of_positive = values.positive().bounds(Distribution::median);
        let max = values.bounds(|values| values.max().cloned());
        [0, 1].map(|end| {
            let of = |bounds: &Option<[Rational; 2]>| bounds.as_ref().map(|bounds| ExactNumber(bounds[end].clone()));
            Self { mean: of(&mean), median: of(&median), median_of_positive: of(&median_of_positive), max: of(&max) }
        })
    }

    /// The numbers that are equal in both.
    pub(crate) fn common([low, high]: &[Self; 2]) -> Self {
        Self {
            mean: common(&low.mean, &high.mean),
            median: common(&low.median, &high.median),
            median_of_positive: common(&low.median_of_positive, &high.median_of_positive),
            max: common(&low.max, &high.max),
        }
    }
}

/// A number that has only one value: its two bounds, if they are equal.
pub(super) fn common(low: &Option<ExactNumber>, high: &Option<ExactNumber>) -> Option<ExactNumber> {
    if low == high { low.clone() } else { None }
}
