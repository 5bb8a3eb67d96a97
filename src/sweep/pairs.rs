//! The pairs of points that a sweep connects by segments.

use crate::data::DataSet;
use crate::exact::ParseError;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::ops::Range;
use std::str::FromStr;

/// The choice of ordered pairs of different points of a data set.
///
/// Its text is `classes`, `all` or `random:N@SEED`.
///
/// ```
/// use plica::sweep::Pairs;
/// assert_eq!("random:100@7".parse(), Ok(Pairs::Random { count: 100, seed: 7 }));
/// assert_eq!(Pairs::Classes.to_string(), "classes");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairs {
    /// All pairs, grouped by the ordered pair of their classes.
    Classes,
    /// All pairs, as one group.
    All,
    /// Pairs drawn uniformly and independently, as one group.
    Random {
        /// The number of pairs.
        count: u64,
        /// The seed of the ChaCha8 generator that draws them.
        seed: u64,
    },
}

impl FromStr for Pairs {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let bad = || ParseError::new(format!("`{text}` is not a choice of pairs: expected `classes`, `all` or `random:N@SEED`"));
        match text {
            "classes" => Ok(Self::Classes),
            "all" => Ok(Self::All),
            _ => {
                let (count, seed) = text.strip_prefix("random:").and_then(|rest| rest.split_once('@')).ok_or_else(bad)?;
                let number = |digits: &str| digits.parse::<u64>().map_err(|_| bad());
                Ok(Self::Random { count: number(count)?, seed: number(seed)? })
            }
        }
    }
}

impl std::fmt::Display for Pairs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Classes => f.write_str("classes"),
            Self::All => f.write_str("all"),
            Self::Random { count, seed } => write!(f, "random:{count}@{seed}"),
        }
    }
}

/// The errors of choosing pairs from a data set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PairsError {
    /// Pairs by class need labels, but there are none.
    #[error("{data}: pairs by class need labels, but there are none")]
    NoLabels {
        /// The name of the data.
        data: String,
    },
    /// There is only one point, so that no pair can be drawn.
    #[error("{data}: there is only one point, expected at least two to draw pairs")]
    OnePoint {
        /// The name of the data.
        data: String,
    },
    /// There are more segments than the limit of a sweep.
    #[error("{data}: {count} segments, expected at most {MOST}")]
    TooMany {
        /// The name of the data.
        data: String,
        /// The number of segments.
        count: u64,
    },
    /// There are more classes than the limit for pairs by class.
    #[error("{data}: {classes} classes, expected at most {MOST_CLASSES} for pairs by class: use all pairs or random ones")]
    TooManyClasses {
        /// The name of the data.
        data: String,
        /// The number of classes.
        classes: usize,
    },
}

/// The limit for the number of classes of pairs by class, since each pair of classes has a tally.
const MOST_CLASSES: usize = 1024;

/// The limit for the segments of a sweep, 2^44. At a million segments a second they take half a year.
const MOST: u64 = 1 << 44;

impl Pairs {
    /// The default choice: by class if there are labels, otherwise all pairs.
    pub fn default_for(data: &DataSet) -> Self {
        if data.labels.is_some() { Self::Classes } else { Self::All }
    }

    /// The groups of pairs, by class in ascending order of the first class and then the second.
    ///
    /// # Errors
    /// The data have no labels or more than 1024 classes for pairs by class, there is a single point for random pairs, or there are more
    /// than 2^44 pairs.
    ///
    /// ```
    /// use plica::{data::{DataSet, Points}, sweep::Pairs};
    /// let points = Points::from_f64(vec![0.0, 1.0, 2.0], 1).unwrap();
    /// let data = DataSet { name: "three".into(), points, labels: Some(vec![5, 4, 5]) };
    /// let groups = Pairs::Classes.groups(&data).unwrap();
    /// assert_eq!((groups[1].from, groups[1].to), (Some(4), Some(5)));
    /// assert_eq!(groups[1].iter().collect::<Vec<_>>(), [(1, 0), (1, 2)]);
    /// assert_eq!(groups[3].iter().collect::<Vec<_>>(), [(0, 2), (2, 0)]);
    /// ```
    pub fn groups(&self, data: &DataSet) -> Result<Vec<PairGroup>, PairsError> {
        let name = || data.name.clone();
        let all = (data.points.len() as u64).saturating_mul(data.points.len() as u64 - 1);
        let count = if let Self::Random { count, .. } = *self { count } else { all };
        if count > MOST {
            return Err(PairsError::TooMany { data: name(), count });
        }
        match *self {
            Self::Classes if data.labels.is_none() => Err(PairsError::NoLabels { data: name() }),
            Self::Classes => {
                let count = data.classes().len();
                if count > MOST_CLASSES {
                    return Err(PairsError::TooManyClasses { data: name(), classes: count });
                }
                let classes: Vec<(i64, Vec<usize>)> = data.classes().into_iter().map(|class| (class, data.rows_of(class))).collect();
                let group = |(a, from): &(i64, Vec<usize>), (b, to): &(i64, Vec<usize>)| PairGroup {
                    from: Some(*a),
                    to: Some(*b),
                    members: Members::Product(from.clone(), to.clone()),
                };
                Ok(classes.iter().flat_map(|a| classes.iter().map(move |b| group(a, b))).collect())
            }
            Self::All => Ok(vec![PairGroup { from: None, to: None, members: Members::All(data.points.len()) }]),
            Self::Random { .. } if data.points.len() < 2 => Err(PairsError::OnePoint { data: name() }),
            Self::Random { count, seed } => {
                Ok(vec![PairGroup { from: None, to: None, members: Members::Random { points: data.points.len(), count, seed } }])
            }
        }
    }
}

/// Pairs of points that share a tally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairGroup {
    /// The class of the first points, `None` if the pairs are not by class.
    pub from: Option<i64>,
    /// The class of the second points, `None` if the pairs are not by class.
    pub to: Option<i64>,
    members: Members,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Members {
    Product(Vec<usize>, Vec<usize>),
    All(usize),
    Random { points: usize, count: u64, seed: u64 },
}

impl PairGroup {
    /// The number of pairs.
    pub fn count(&self) -> u64 {
        match &self.members {
            // Two classes have either all points in common or none.
            Members::Product(from, to) if self.from == self.to => from.len() as u64 * (to.len() as u64).saturating_sub(1),
            Members::Product(from, to) => from.len() as u64 * to.len() as u64,
            Members::All(n) => *n as u64 * (*n as u64).saturating_sub(1),
            Members::Random { count, .. } => *count,
        }
    }

    /// The pairs in order, without those of a point with itself.
    pub fn iter(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.range(0..self.count())
    }

    /// The pairs at some positions of that order, without computing those before.
    ///
    /// ```
    /// use plica::{data::{DataSet, Points}, sweep::Pairs};
    /// let points = Points::from_f64(vec![0.0, 1.0, 2.0], 1).unwrap();
    /// let groups = Pairs::All.groups(&DataSet { name: "three".into(), points, labels: None }).unwrap();
    /// assert_eq!(groups[0].range(1..4).collect::<Vec<_>>(), [(0, 2), (1, 0), (1, 2)]);
    /// ```
    pub fn range(&self, places: Range<u64>) -> impl Iterator<Item = (usize, usize)> + '_ {
        let mut generator = match self.members {
            Members::Random { seed, .. } => Some(ChaCha8Rng::seed_from_u64(seed)),
            _ => None,
        };
        places.map(move |place| match &self.members {
            Members::Product(from, to) => {
                let (i, j) = self.split(place, to.len());
                (from[i], to[j])
            }
            Members::All(n) => self.split(place, *n),
            &Members::Random { points, .. } => {
                let generator = generator.as_mut().expect("random pairs have a generator");
                generator.set_word_pos(u128::from(place) * WORDS);
                let i = below(generator, points as u64) as usize;
                let j = below(generator, points as u64 - 1) as usize;
                (i, j + usize::from(j >= i))
            }
        })
    }

    /// Whether the group contains the reverse of every pair.
    pub(super) fn is_symmetric(&self) -> bool {
        matches!(&self.members, Members::Product(..) if self.from == self.to) || matches!(self.members, Members::All(_))
    }

    /// Whether another group consists of the reverses of the pairs.
    pub(super) fn mirrors(&self, other: &Self) -> bool {
        match (&self.members, &other.members) {
            (Members::Product(from, to), Members::Product(other_from, other_to)) => {
                (self.from, self.to) == (other.to, other.from) && from == other_to && to == other_from
            }
            _ => false,
        }
    }

    /// The number of pairs (i, j) with i < j at some positions of a symmetric group, whose points are in ascending order.
    pub(super) fn ascending(&self, places: Range<u64>) -> u64 {
        let points = match &self.members {
            Members::Product(from, _) => from.len() as u64,
            Members::All(n) => *n as u64,
            Members::Random { .. } => 0,
        };
        let columns = points.saturating_sub(1).max(1);
        let in_row = |row: u64| {
            let (start, end) = (places.start.max(row * columns), places.end.min((row + 1) * columns));
            // Row i has the columns 0, ..., i - 1 before its diagonal.
            end.saturating_sub(start.max(row * columns + row))
        };
        (places.start / columns..places.end.div_ceil(columns)).map(in_row).sum()
    }

    /// The indices of a position in the order, row by row. If a group connects points among themselves, the diagonal is omitted.
    fn split(&self, place: u64, columns: usize) -> (usize, usize) {
        if self.from != self.to {
            return ((place / columns as u64) as usize, (place % columns as u64) as usize);
        }
        let columns = columns as u64 - 1;
        let (i, j) = ((place / columns) as usize, (place % columns) as usize);
        (i, j + usize::from(j >= i))
    }
}

/// The distance, in words of the generator, between the beginnings of two consecutive random pairs. It is room for eight draws; a pair that
/// needs more reads on.
const WORDS: u128 = 16;

/// A uniform integer in 0..n, n > 0. A draw that would make some values more likely is repeated.
fn below(generator: &mut ChaCha8Rng, n: u64) -> u64 {
    let excess = (u64::MAX % n + 1) % n; // 2^64 mod n
    loop {
        let x = generator.next_u64();
        if x <= u64::MAX - excess {
            return x % n;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Points;

    fn data(points: usize, labels: Option<Vec<i64>>) -> DataSet {
        let points = Points::from_f64((0..points).map(|i| i as f64).collect(), 1).unwrap();
        DataSet { name: "line".into(), points, labels }
    }

    #[test]
    fn random_pairs_are_different_points_and_the_same_every_time() {
        let groups = Pairs::Random { count: 600, seed: 1 }.groups(&data(3, None)).unwrap();
        let pairs: Vec<_> = groups[0].iter().collect();
        assert_eq!(pairs, groups[0].iter().collect::<Vec<_>>());
        assert_eq!(pairs.len() as u64, groups[0].count());
        for pair in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
            let n = pairs.iter().filter(|p| **p == pair).count();
            assert!((60..140).contains(&n), "{pair:?} was drawn {n} times of 600");
        }
    }

    #[test]
    fn groups_count_what_they_list() {
        for (pairs, labels) in [(Pairs::Classes, Some(vec![1, 2, 1, 3, 1])), (Pairs::All, None)] {
            let groups = pairs.groups(&data(5, labels)).unwrap();
            assert!(groups.iter().all(|group| group.count() == group.iter().count() as u64));
            assert_eq!(groups.iter().map(PairGroup::count).sum::<u64>(), 20);
        }
        assert_eq!(Pairs::All.groups(&data(1, None)).unwrap()[0].count(), 0);
    }

    #[test]
    fn ascending_pairs_are_counted() {
        for (pairs, labels) in [(Pairs::Classes, Some(vec![1, 2, 1, 3, 1, 1, 2])), (Pairs::All, None)] {
            for group in pairs.groups(&data(7, labels)).unwrap().iter().filter(|group| group.is_symmetric()) {
                for (start, end) in (0..=group.count()).flat_map(|start| (start..=group.count()).map(move |end| (start, end))) {
                    let expected = group.range(start..end).filter(|(i, j)| i < j).count() as u64;
                    assert_eq!(group.ascending(start..end), expected, "{start}..{end}");
                }
            }
        }
    }

    #[test]
    fn more_segments_than_a_sweep_takes_are_refused() {
        let many = |count| Pairs::Random { count, seed: 0 }.groups(&data(2, None));
        assert!(many(MOST).is_ok());
        for count in [MOST + 1, u64::MAX] {
            assert!(matches!(many(count), Err(PairsError::TooMany { .. })));
        }
    }

    #[test]
    fn what_cannot_be_chosen_is_refused() {
        assert!(matches!(Pairs::Classes.groups(&data(2, None)), Err(PairsError::NoLabels { .. })));
        assert!(matches!(Pairs::Random { count: 1, seed: 0 }.groups(&data(1, None)), Err(PairsError::OnePoint { .. })));
        for text in ["", "class", "random", "random:5", "random:x@1", "random:-1@1"] {
            assert!(text.parse::<Pairs>().is_err(), "{text}");
        }
    }
}
