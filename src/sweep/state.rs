//! The state of a sweep, from which it can be continued, and which is the result at the end.

use super::PairGroup;
use crate::fold::Tally;
use crate::line::Decisions;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::ops::Range;

/// The reasons for which two states are not parts of one sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// They have different numbers of groups of pairs.
    #[error("one part has {mine} groups of pairs, the other {theirs}: expected the same number")]
    Groups {
        /// The number of groups of this state.
        mine: usize,
        /// The number of groups of the other state.
        theirs: usize,
    },
    /// The sum of the counts exceeds 64 bits.
    #[error("the sum of the counts of both parts exceeds 64 bits")]
    Overflow,
    /// Both states contain a chunk.
    #[error("chunk {chunk} is in both parts, expected disjoint parts")]
    Twice {
        /// The number of the chunk.
        chunk: u64,
    },
}

/// The tallies of a sweep, and the chunks that they contain.
///
/// Chunks arrive in any order, from any number of threads. The tallies are sums of integers, so the same chunks give the same state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepState {
    /// One tally for each group of pairs.
    tallies: Vec<Tally>,
    decisions: Decisions,
    /// The finished chunks, as ranges in ascending order with gaps between them.
    done: Vec<Range<u64>>,
}

impl SweepState {
    /// The initial state of a sweep over this number of groups of pairs.
    pub(super) fn new(groups: usize) -> Self {
        Self { tallies: vec![Tally::default(); groups], decisions: Decisions::default(), done: Vec::new() }
    }

    /// The tallies, one for each group of pairs.
    pub fn tallies(&self) -> &[Tally] {
        &self.tallies
    }

    /// The numbers of decisions.
    pub fn decisions(&self) -> Decisions {
        self.decisions
    }

    /// The number of segments in the tallies.
    pub fn paths(&self) -> u64 {
        self.tallies.iter().map(Tally::paths).sum()
    }

    /// Adds another part of the same sweep. In case of an error, nothing is added.
    ///
    /// States of one sweep can be merged in any order: the tallies are sums of integers.
    ///
    /// # Errors
    /// Both states contain a chunk, or they are not parts of the same sweep.
    pub fn merge(&mut self, other: &Self) -> Result<(), StateError> {
        if self.tallies.len() != other.tallies.len() {
            return Err(StateError::Groups { mine: self.tallies.len(), theirs: other.tallies.len() });
        }
        let mut done: Vec<Range<u64>> = Vec::new();
        let mut all: Vec<&Range<u64>> = self.done.iter().chain(&other.done).collect();
        all.sort_unstable_by_key(|range| range.start);
        for range in all {
            match done.last_mut() {
                Some(last) if range.start < last.end => return Err(StateError::Twice { chunk: range.start }),
                Some(last) if range.start == last.end => last.end = range.end,
                _ => done.push(range.clone()),
            }
        }
        let fits = |sum: Option<u64>| sum.ok_or(StateError::Overflow).map(drop);
        let paths = |state: &Self| state.tallies.iter().try_fold(0u64, |sum, tally| sum.checked_add(tally.paths()));
        fits(paths(self).zip(paths(other)).and_then(|(mine, theirs)| mine.checked_add(theirs)))?;
        fits(self.decisions.filtered.checked_add(other.decisions.filtered))?;
        fits(self.decisions.exact.checked_add(other.decisions.exact))?;
        self.tallies.iter_mut().zip(&other.tallies).for_each(|(mine, theirs)| mine.merge(theirs));
        self.decisions += other.decisions;
        self.done = done;
        Ok(())
    }

    /// Whether a chunk is finished.
    pub(super) fn has(&self, chunk: u64) -> bool {
        let after = self.done.partition_point(|range| range.end <= chunk);
        self.done.get(after).is_some_and(|range| range.contains(&chunk))
    }

    /// The finished chunks, ascending.
    pub(super) fn chunks(&self) -> impl Iterator<Item = usize> + use<'_> {
        self.done.iter().flat_map(|range| range.start as usize..range.end as usize)
    }

    /// Adds the results of a chunk, by group, once.
    pub(super) fn add(&mut self, chunk: u64, tallies: &[(usize, Tally)], decisions: Decisions) {
        debug_assert!(!self.has(chunk));
        for (group, tally) in tallies {
            self.tallies[*group].merge(tally);
        }
        self.decisions += decisions;
        let at = self.done.partition_point(|range| range.end < chunk);
        match self.done.get_mut(at) {
            Some(range) if range.end == chunk => {
                range.end += 1;
                if self.done.get(at + 1).is_some_and(|next| next.start == chunk + 1) {
                    self.done[at].end = self.done.remove(at + 1).end;
                }
            }
            Some(range) if range.start == chunk + 1 => range.start = chunk,
            _ => self.done.insert(at, chunk..chunk + 1),
        }
    }

    /// Whether the state may be one of this sweep: it has these groups, chunks below the number of chunks, the number of segments of these
    /// chunks, and no distance above the number of bits.
    pub(super) fn fits(&self, groups: &[PairGroup], chunks: &[Chunk], bits: u64) -> bool {
        let ordered = self.done.windows(2).all(|pair| pair[0].end < pair[1].start);
        let known = self.done.iter().all(|range| range.start < range.end && range.end <= chunks.len() as u64);
        if self.tallies.len() != groups.len() || !ordered || !known {
            return false;
        }
        let mut paths = vec![0; groups.len()];
        for chunk in self.done.iter().flat_map(|range| &chunks[range.start as usize..range.end as usize]) {
            let count = chunk.places.end - chunk.places.start;
            match chunk.mirror {
                Some(mirror) if mirror == chunk.group => paths[mirror] += 2 * groups[mirror].ascending(chunk.places.clone()),
                mirror => [Some(chunk.group), mirror].into_iter().flatten().for_each(|group| paths[group] += count),
            }
        }
        let near = |tally: &Tally| tally.foldings().all(|(folding, _)| folding.r1 <= bits);
        self.tallies.iter().map(Tally::paths).eq(paths) && self.tallies.iter().all(near)
    }
}

/// A part of the work: a range of positions in a group of pairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub group: usize,
    pub places: Range<u64>,
    /// The group of the reverse pairs, if these are measured together with the pairs: another group, or the same group. In the latter case,
    /// of a pair and its reverse the one with the smaller index first represents both.
    pub mirror: Option<usize>,
}

/// The pairs of all groups, in chunks of a size. A chunk has pairs of one group, and their reverses if `mirrored`.
pub(super) fn chunks(groups: &[PairGroup], size: u64, mirrored: bool) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut done = vec![false; groups.len()];
    let by_classes: HashMap<_, usize> = groups.iter().enumerate().map(|(group, pairs)| ((pairs.from, pairs.to), group)).collect();
    for (group, pairs) in groups.iter().enumerate() {
        if done[group] {
            continue;
        }
        let other = |m: &usize| *m > group && !done[*m] && groups[*m].mirrors(pairs);
        let mirror = match mirrored {
            true if pairs.is_symmetric() => Some(group),
            true => by_classes.get(&(pairs.to, pairs.from)).copied().filter(other),
            false => None,
        };
        if let Some(mirror) = mirror {
            done[mirror] = true;
        }
        let count = pairs.count();
        let chunk = |k: u64| Chunk { group, places: k * size..((k + 1) * size).min(count), mirror };
        // There are no chunks without segments, so that all chunks are finished if and only if all segments are.
        let is_empty = |chunk: &Chunk| mirror == Some(group) && pairs.ascending(chunk.places.clone()) == 0;
        chunks.extend((0..count.div_ceil(size)).map(chunk).filter(|chunk| !is_empty(chunk)));
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::default() })]
        #[test]
        fn chunks_in_any_order_make_one_range(order in Just((0..40u64).collect::<Vec<_>>()).prop_shuffle()) {
            let mut state = SweepState::new(1);
            for (k, &chunk) in order.iter().enumerate() {
                prop_assert!(!state.has(chunk));
                state.add(chunk, &[], Decisions::default());
                prop_assert!(order[..=k].iter().all(|&chunk| state.has(chunk)));
                prop_assert!(order[k + 1..].iter().all(|&chunk| !state.has(chunk)));
                prop_assert!(state.done.windows(2).all(|pair| pair[0].end < pair[1].start));
            }
            prop_assert_eq!(state.done, vec![0..40]);
        }
    }
}
