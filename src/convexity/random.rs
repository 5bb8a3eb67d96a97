//! Random sets of patterns, of several kinds so that both results occur for both kinds of convexity.

use super::{Judge, PatternSet};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Random sets of realisable patterns. The same seed gives the same sets.
///
/// The kinds alternate: a random set; the relative Hamming hull of a few patterns; the least convex union that contains two regions; a set
/// that is connected through facets. (Half-open regions have no facets here, so a random set replaces the last kind.)
///
/// ```
/// use plica::convexity::{Judge, RandomSets, Regions};
/// let regions = Regions::of(&plica::network::load("random:2-5-1@0").unwrap()).unwrap();
/// let mut judge = Judge::new(&regions);
/// let mut sets = RandomSets::new(7);
/// for _ in 0..100 {
///     let set = sets.draw(&mut judge);
///     assert_eq!(judge.is_hamming_convex(&set), judge.is_convex(&set)); // one hidden layer
/// }
/// ```
pub struct RandomSets {
    random: ChaCha8Rng,
    drawn: usize,
}

impl RandomSets {
    /// The largest number of random patterns in a set, before others are added.
    const LARGEST: usize = 12;

    /// The sets for a seed.
    pub fn new(seed: u64) -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(seed), drawn: 0 }
    }

    /// Draws the next set.
    pub fn draw(&mut self, judge: &mut Judge<'_>) -> PatternSet {
        let n = judge.regions().len();
        let kind = self.drawn % 4;
        self.drawn += 1;
        let size = self.below(Self::LARGEST.min(n)) + 1;
        match kind {
            1 => {
                let few = self.any(n, size.min(3));
                judge.hamming_hull(&few)
            }
            2 => {
                let two = self.any(n, 2.min(n));
                judge.least_convex_union(&two)
            }
            3 if judge.regions().cells() == super::Cells::Closed => self.connected(judge, n, size),
            _ => self.any(n, size),
        }
    }

    fn below(&mut self, n: usize) -> usize {
        // By the remainder, small numbers are more likely by less than n / 2^64.
        (self.random.next_u64() % n as u64) as usize
    }

    fn any(&mut self, n: usize, size: usize) -> PatternSet {
        let mut set = PatternSet::default();
        while set.len() < size {
            set.insert(self.below(n));
        }
        set
    }

    fn connected(&mut self, judge: &mut Judge<'_>, n: usize, size: usize) -> PatternSet {
        let mut members = vec![self.below(n)];
        let mut set: PatternSet = members.iter().copied().collect();
        for _ in 0..2 * size {
            let neighbours = judge.neighbours(members[self.below(members.len())]);
            if set.len() == size || neighbours.is_empty() {
                break;
            }
            let neighbour = neighbours[self.below(neighbours.len())];
            if set.insert(neighbour) {
                members.push(neighbour);
            }
        }
        set
    }
}
