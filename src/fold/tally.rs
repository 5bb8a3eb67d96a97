//! Tallies: counts over many paths, which can be merged in any order with the same result.

use super::uncertain::Uncertain;
use super::{Distribution, Folding, FoldingRange, Measure, Statistics};
use crate::exact::parse_rational;
use rug::Rational;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::SerializeStruct};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The numbers of paths with each (r1, r2), with each peak, and with each number of regions.
///
/// Every statistic of a report is computed from these three tallies of integers, and from the bounds for paths with windows. Merging is
/// commutative and associative, so any split of the work gives the same result. The JSON form is `{"tally": [[r1, r2, count], ...],
/// "peaks": [["p/q", count], ...], "regions": [[n, count], ...]}`, with each list ascending. If some paths have windows, there is a further
/// list, `"ranges": [{"chi": ["p/q", "p/q"], "peak": ["p/q", "p/q"], "count": n}, ...]`, with the bounds of chi and of the peak.
///
/// ```
/// use plica::{fold::{Measure, Tally}, network::Pattern};
/// let path: Vec<Pattern> = ["00", "01", "00"].map(|p| p.parse().unwrap()).to_vec();
/// let mut tally = Tally::default();
/// tally.add(&Measure::of(&path));
/// tally.add(&Measure::of(&path[..2]));
/// assert_eq!((tally.paths(), tally.folded()), (2, 1));
/// assert_eq!(tally.chi().mean().unwrap().to_string(), "1/4");
/// assert_eq!(serde_json::to_string(&tally).unwrap(), r#"{"tally":[[1,1,1],[1,2,1]],"peaks":[["0",1],["1/2",1]],"regions":[[2,1],[3,1]]}"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Tally {
    foldings: BTreeMap<Folding, u64>,
    /// The keys are foldings in lowest terms, (0, 0) for the peak 0, so that each value of chi has one key.
    peaks: BTreeMap<Folding, u64>,
    regions: BTreeMap<u64, u64>,
    /// The paths with windows, which are not in the other lists.
    ranges: BTreeMap<Range, u64>,
    paths: u64,
}

/// The bounds of a path with windows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Range {
    chi: (Rational, Rational),
    peak: (Rational, Rational),
}

impl Tally {
    /// Counts one path.
    pub fn add(&mut self, measure: &Measure) {
        self.count_folding(measure.folding(), 1);
        self.count_peak(measure.peak(), 1);
        self.count_regions(measure.regions(), 1);
    }

    /// Counts one path with windows.
    ///
    /// ```
    /// use plica::fold::{FoldingRange, Tally};
    /// use rug::Rational;
    /// let half = Rational::from((1, 2));
    /// let mut tally = Tally::default();
    /// tally.add_range(&FoldingRange { r1: (1, 1), r2: (1, Some(2)), chi: (Rational::new(), half.clone()), peak: (Rational::new(), half) });
    /// assert_eq!((tally.paths(), tally.windows(), tally.folded(), tally.folded_at_most()), (1, 1, 0, 1));
    /// assert_eq!(tally.chi_bounds()[1].mean.as_ref().unwrap().to_string(), "1/2");
    /// ```
    pub fn add_range(&mut self, range: &FoldingRange) {
        let FoldingRange { chi, peak, .. } = range.clone();
        *self.ranges.entry(Range { chi, peak }).or_default() += 1;
        self.paths += 1;
    }

    pub(super) fn count_folding(&mut self, folding: Folding, count: u64) {
        *self.foldings.entry(folding).or_default() += count;
        self.paths += count;
    }

    pub(super) fn count_peak(&mut self, peak: Folding, count: u64) {
        *self.peaks.entry(lowest_terms(peak)).or_default() += count;
    }

    pub(super) fn count_regions(&mut self, regions: u64, count: u64) {
        *self.regions.entry(regions).or_default() += count;
    }

    /// Adds the counts of another tally.
    pub fn merge(&mut self, other: &Self) {
        merge(&mut self.foldings, &other.foldings);
        merge(&mut self.peaks, &other.peaks);
        merge(&mut self.regions, &other.regions);
        merge(&mut self.ranges, &other.ranges);
        self.paths += other.paths;
    }

    /// The number of paths.
    pub fn paths(&self) -> u64 {
        self.paths
    }

    /// The number of paths with windows.
    pub fn windows(&self) -> u64 {
        self.ranges.values().sum()
    }

    /// The number of paths that certainly have chi > 0.
    pub fn folded(&self) -> u64 {
        let known: u64 = self.foldings.iter().filter(|(folding, _)| !folding.is_flat()).map(|(_, count)| count).sum();
        known + self.ranges.iter().filter(|(range, _)| range.chi.0 > 0).map(|(_, count)| count).sum::<u64>()
    }

    /// The number of paths that may have chi > 0; without windows, that of the paths that have.
    pub fn folded_at_most(&self) -> u64 {
        let may_fold = |(range, _): &(&Range, &u64)| range.chi.0 <= 0 && range.chi.1 > 0;
        self.folded() + self.ranges.iter().filter(may_fold).map(|(_, count)| count).sum::<u64>()
    }

    /// The pairs (r1, r2) of the paths without windows, with their counts, ascending.
    pub fn foldings(&self) -> impl ExactSizeIterator<Item = (Folding, u64)> {
        self.foldings.iter().map(|(folding, count)| (*folding, *count))
    }

    /// The numbers of regions of the paths without windows, with their counts, ascending.
    pub fn regions(&self) -> impl ExactSizeIterator<Item = (u64, u64)> {
        self.regions.iter().map(|(regions, count)| (*regions, *count))
    }

    /// The values of chi of the paths without windows.
    pub fn chi(&self) -> Distribution {
        self.foldings.iter().map(|(folding, count)| (folding.chi(), *count)).collect()
    }

    /// The peaks of the paths without windows: for each path, the largest chi of a prefix.
    pub fn peaks(&self) -> Distribution {
        self.peaks.iter().map(|(folding, count)| (folding.chi(), *count)).collect()
    }

    /// The lower and the upper bounds of the statistics of chi over all paths. Without windows, both are the statistics.
    #[must_use]
    pub fn chi_bounds(&self) -> [Statistics; 2] {
        Statistics::bounds(&self.all_chi())
    }

    /// The lower and the upper bounds of the statistics of the peaks of all paths.
    #[must_use]
    pub fn peak_bounds(&self) -> [Statistics; 2] {
        Statistics::bounds(&self.all_peaks())
    }

    /// chi of all paths.
    pub(super) fn all_chi(&self) -> Uncertain {
        self.all(&self.foldings, |range| &range.chi)
    }

    /// The peaks of all paths.
    pub(super) fn all_peaks(&self) -> Uncertain {
        self.all(&self.peaks, |range| &range.peak)
    }

    fn all(&self, known: &BTreeMap<Folding, u64>, bounds: fn(&Range) -> &(Rational, Rational)) -> Uncertain {
        let mut values = Uncertain::default();
        known.iter().for_each(|(folding, &count)| values.add_exact(folding.chi(), count));
        self.ranges.iter().for_each(|(range, &count)| values.add(bounds(range).clone(), count, false));
        values
    }
}

fn merge<K: Clone + Ord>(counts: &mut BTreeMap<K, u64>, others: &BTreeMap<K, u64>) {
    for (key, count) in others {
        *counts.entry(key.clone()).or_default() += count;
    }
}

fn lowest_terms(folding: Folding) -> Folding {
    if folding.is_flat() {
        return Folding::default();
    }
    let (mut a, mut b) = (folding.r1, folding.r2);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    Folding { r1: folding.r1 / a, r2: folding.r2 / a }
}

/// The form of a [`Range`] in JSON.
#[derive(Serialize, Deserialize)]
struct RangeRecord {
    chi: [String; 2],
    peak: [String; 2],
    count: u64,
}

impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tally: Vec<_> = self.foldings().map(|(folding, count)| (folding.r1, folding.r2, count)).collect();
        let peaks: Vec<_> = self.peaks().iter().map(|(chi, count)| (chi.to_string(), count)).collect();
        let regions: Vec<_> = self.regions().collect();
        let text = |(low, high): &(Rational, Rational)| [low.to_string(), high.to_string()];
        let range = |(range, &count): (&Range, &u64)| RangeRecord { chi: text(&range.chi), peak: text(&range.peak), count };
        let ranges: Vec<_> = self.ranges.iter().map(range).collect();
        let mut s = serializer.serialize_struct("Tally", if ranges.is_empty() { 3 } else { 4 })?;
        s.serialize_field("tally", &tally)?;
        s.serialize_field("peaks", &peaks)?;
        s.serialize_field("regions", &regions)?;
        if ranges.is_empty() {
            s.skip_field("ranges")?;
        } else {
            s.serialize_field("ranges", &ranges)?;
        }
        s.end()
    }
}

impl<'de> Deserialize<'de> for Tally {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Lists {
            tally: Vec<(u64, u64, u64)>,
            peaks: Vec<(String, u64)>,
            regions: Vec<(u64, u64)>,
            #[serde(default)]
            ranges: Vec<RangeRecord>,
        }
        let Lists { tally, peaks, regions, ranges } = Lists::deserialize(deserializer)?;
        let peak = |(text, count): (String, u64)| peak_of(&text).map(|peak| (peak, count));
        let foldings = tally.into_iter().map(|(r1, r2, count)| folding_of(r1, r2).map(|folding| (folding, count)));
        let regions = regions.into_iter().map(|(n, count)| if n > 0 { Ok((n, count)) } else { Err("0 regions".to_string()) });
        let read = || {
            let (foldings, paths) = counts("tally", foldings, Ord::cmp)?;
            let (peaks, of_peaks) = counts("peaks", peaks.into_iter().map(peak), Folding::cmp_chi)?;
            let (regions, of_regions) = counts("regions", regions, Ord::cmp)?;
            if of_peaks != paths || of_regions != paths {
                return Err(format!("{paths} paths have {of_peaks} peaks and {of_regions} numbers of regions"));
            }
            let largest = |keys: &BTreeMap<Folding, u64>| keys.keys().copied().max_by(Folding::cmp_chi).unwrap_or_default();
            if largest(&peaks).cmp_chi(&largest(&foldings)).is_lt() {
                return Err("the largest peak is below the largest chi".to_string());
            }
            let ranges = ranges.into_iter().map(|record| Ok((range_of(&record)?, record.count)));
            let (ranges, windows) = counts("ranges", ranges, Ord::cmp)?;
            let paths = paths.checked_add(windows).ok_or("the sum of all counts exceeds 64 bits")?;
            Ok(Self { foldings, peaks, regions, ranges, paths })
        };
        read().map_err(D::Error::custom)
    }
}

/// The folding (r1, r2), if a path can have it.
fn folding_of(r1: u64, r2: u64) -> Result<Folding, String> {
    let possible = r1 <= r2 && (r1 > 0 || r2 == 0);
    if possible { Ok(Folding { r1, r2 }) } else { Err(format!("no path has r1 = {r1} and r2 = {r2}")) }
}

/// The folding in lowest terms for a value of chi given as text.
fn peak_of(text: &str) -> Result<Folding, String> {
    let chi = parse_rational(text).map_err(|error| error.to_string())?;
    match (chi.numer().to_u64(), chi.denom().to_u64()) {
        (Some(0), Some(_)) => Ok(Folding::default()),
        (Some(p), Some(q)) if p < q => Ok(Folding { r1: q - p, r2: q }),
        _ => Err(format!("`{text}` is not a value of chi")),
    }
}

/// The bounds of a path with windows, given as text.
fn range_of(record: &RangeRecord) -> Result<Range, String> {
    let bounds = |[low, high]: &[String; 2]| {
        let [low, high] = [parse_rational(low), parse_rational(high)].map(|number| number.map_err(|error| error.to_string()));
        let (low, high) = (low?, high?);
        if low < 0 || low > high || high > 1 { Err(format!("{low} and {high} are not bounds of chi")) } else { Ok((low, high)) }
    };
    let (chi, peak) = (bounds(&record.chi)?, bounds(&record.peak)?);
    if peak.0 < chi.0 || peak.1 < chi.1 {
        return Err("the bounds of a peak are below those of chi".to_string());
    }
    Ok(Range { chi, peak })
}

/// Reads counts with their keys, and computes their sum. The keys must ascend, and all counts must be positive.
fn counts<K: Clone + Ord>(
    list: &str,
    entries: impl Iterator<Item = Result<(K, u64), String>>,
    order: impl Fn(&K, &K) -> Ordering,
) -> Result<(BTreeMap<K, u64>, u64), String> {
    let (mut counts, mut sum, mut last): (_, u64, Option<K>) = (BTreeMap::new(), 0, None);
    for entry in entries {
        let (key, count) = entry?;
        if count == 0 || last.as_ref().is_some_and(|last| order(last, &key).is_ge()) {
            return Err(format!("{list} is not ascending, or has a count of 0"));
        }
        sum = sum.checked_add(count).ok_or_else(|| format!("the sum of the counts of {list} exceeds 64 bits"))?;
        last = Some(key.clone());
        counts.insert(key, count);
    }
    Ok((counts, sum))
}
