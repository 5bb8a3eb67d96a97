//! Tallies: counts over many paths, which can be merged in any order with the same result.

use super::{Distribution, Folding, Measure};
use crate::exact::parse_rational;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::SerializeStruct};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The numbers of paths with each (r1, r2), with each peak, and with each number of regions.
///
/// Every statistic of a report is computed from these three tallies of integers. Merging is commutative and associative, so any split of
/// the work gives the same result. The JSON form is `{"tally": [[r1, r2, count], ...], "peaks": [["p/q", count], ...], "regions": [[n,
/// count], ...]}`, with each list ascending.
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
    paths: u64,
}

impl Tally {
    /// Counts one path.
    pub fn add(&mut self, measure: &Measure) {
        self.count_folding(measure.folding(), 1);
        self.count_peak(measure.peak(), 1);
        self.count_regions(measure.regions(), 1);
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
        self.paths += other.paths;
    }

    /// The number of paths.
    pub fn paths(&self) -> u64 {
        self.paths
    }

    /// The number of paths with chi > 0.
    pub fn folded(&self) -> u64 {
        self.foldings.iter().filter(|(folding, _)| !folding.is_flat()).map(|(_, count)| count).sum()
    }

    /// The pairs (r1, r2) that occur, with their counts, ascending.
    pub fn foldings(&self) -> impl ExactSizeIterator<Item = (Folding, u64)> {
        self.foldings.iter().map(|(folding, count)| (*folding, *count))
    }

    /// The numbers of regions that occur, with their counts, ascending.
    pub fn regions(&self) -> impl ExactSizeIterator<Item = (u64, u64)> {
        self.regions.iter().map(|(regions, count)| (*regions, *count))
    }

    /// The values of chi.
    pub fn chi(&self) -> Distribution {
        self.foldings.iter().map(|(folding, count)| (folding.chi(), *count)).collect()
    }

    /// The peaks: for each path, the largest chi of a prefix.
    pub fn peaks(&self) -> Distribution {
        self.peaks.iter().map(|(folding, count)| (folding.chi(), *count)).collect()
    }
}

fn merge<K: Copy + Ord>(counts: &mut BTreeMap<K, u64>, others: &BTreeMap<K, u64>) {
    for (key, count) in others {
        *counts.entry(*key).or_default() += count;
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

impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tally: Vec<_> = self.foldings().map(|(folding, count)| (folding.r1, folding.r2, count)).collect();
        let peaks: Vec<_> = self.peaks().iter().map(|(chi, count)| (chi.to_string(), count)).collect();
        let regions: Vec<_> = self.regions().collect();
        let mut s = serializer.serialize_struct("Tally", 3)?;
        s.serialize_field("tally", &tally)?;
        s.serialize_field("peaks", &peaks)?;
        s.serialize_field("regions", &regions)?;
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
        }
        let Lists { tally, peaks, regions } = Lists::deserialize(deserializer)?;
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
            Ok(Self { foldings, peaks, regions, paths })
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

/// Reads counts with their keys, and computes their sum. The keys must ascend, and all counts must be positive.
fn counts<K: Copy + Ord>(
    list: &str,
    entries: impl Iterator<Item = Result<(K, u64), String>>,
    order: impl Fn(&K, &K) -> Ordering,
) -> Result<(BTreeMap<K, u64>, u64), String> {
    let (mut counts, mut sum, mut last): (_, u64, Option<K>) = (BTreeMap::new(), 0, None);
    for entry in entries {
        let (key, count) = entry?;
        if count == 0 || last.is_some_and(|last| order(&last, &key).is_ge()) {
            return Err(format!("{list} is not ascending, or has a count of 0"));
        }
        sum = sum.checked_add(count).ok_or_else(|| format!("the sum of the counts of {list} exceeds 64 bits"))?;
        last = Some(key);
        counts.insert(key, count);
    }
    Ok((counts, sum))
}
