//! The smallest sets on which the two kinds of convexity differ.

use super::{Cells, Judge, PatternSet};
use std::collections::BTreeSet;

/// The smallest sets of patterns on which the two kinds of convexity differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Smallest {
    /// The smallest sets that are Hamming-convex but whose union of regions is not convex; the first one of the smallest size.
    pub hamming_only: Finding,
    /// The smallest sets whose union of regions is convex but that are not Hamming-convex.
    pub euclidean_only: Finding,
}

/// The result of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The first set of the smallest size.
    Found(PatternSet),
    /// There is no such set.
    None,
    /// There is no such set of at most this number of patterns. Larger sets were not all tried.
    NoneUpTo(usize),
}

impl Smallest {
    /// Searches for the smallest counter-examples to the equivalence, in both directions, among at most `most_sets` sets for each.
    ///
    /// Sets are tried in the order of their size, and sets of one size in the order of their patterns. A convex union of closed regions is
    /// connected through facets, so for the second direction only such sets of closed regions are tried.
    ///
    /// ```
    /// use plica::convexity::{Judge, Regions, Finding, Smallest};
    /// let shallow = Regions::of(&plica::network::load("sawtooth:1").unwrap()).unwrap();
    /// assert_eq!(Smallest::of(&mut Judge::new(&shallow), 1000).hamming_only, Finding::None);
    /// let deep = Regions::of(&plica::network::load("sawtooth:2").unwrap()).unwrap();
    /// assert!(matches!(Smallest::of(&mut Judge::new(&deep), 1000).hamming_only, Finding::Found(set) if set.len() == 2));
    /// ```
    pub fn of(judge: &mut Judge<'_>, most_sets: usize) -> Self {
        let hamming_only = |judge: &mut Judge<'_>, set: &PatternSet| judge.is_hamming_convex(set) && !judge.is_convex(set);
        let euclidean_only = |judge: &mut Judge<'_>, set: &PatternSet| !judge.is_hamming_convex(set) && judge.is_convex(set);
        Self {
            hamming_only: among_all(judge, most_sets, hamming_only),
            euclidean_only: match judge.regions().cells() {
                Cells::Closed => among_connected(judge, most_sets, euclidean_only),
                Cells::HalfOpen => among_all(judge, most_sets, euclidean_only),
            },
        }
    }
}

fn among_all(judge: &mut Judge<'_>, most_sets: usize, wanted: impl Fn(&mut Judge<'_>, &PatternSet) -> bool) -> Finding {
    let n = judge.regions().len();
    let mut tried = 0;
    for size in 2..=n {
        let mut chosen: Vec<usize> = (0..size).collect();
        loop {
            if tried == most_sets {
                return Finding::NoneUpTo(size - 1);
            }
            tried += 1;
            let set: PatternSet = chosen.iter().copied().collect();
            if wanted(judge, &set) {
                return Finding::Found(set);
            }
            // The next combination of `size` among n.
            let Some(k) = (0..size).rfind(|&k| chosen[k] < n - size + k) else { break };
            let next = chosen[k] + 1;
            (k..size).for_each(|i| chosen[i] = next + i - k);
        }
    }
    Finding::None
}

fn among_connected(judge: &mut Judge<'_>, most_sets: usize, wanted: impl Fn(&mut Judge<'_>, &PatternSet) -> bool) -> Finding {
    let n = judge.regions().len();
    let mut connected: BTreeSet<PatternSet> = (0..n).map(|place| [place].into_iter().collect()).collect();
    let mut tried = 0;
    for size in 2..=n {
        let mut larger = BTreeSet::new();
        for set in &connected {
            for place in set.iter() {
                for neighbour in judge.neighbours(place).into_iter().filter(|&neighbour| !set.contains(neighbour)) {
                    let mut next = set.clone();
                    next.insert(neighbour);
                    larger.insert(next);
                }
            }
            if tried + larger.len() > most_sets {
                return Finding::NoneUpTo(size - 1);
            }
        }
        tried += larger.len();
        connected = larger;
        if let Some(set) = connected.iter().find(|set| wanted(judge, set)) {
            return Finding::Found(set.clone());
        }
    }
    Finding::None
}
