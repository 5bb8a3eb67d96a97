//! Random sets of patterns, of kinds that make both verdicts occur.

use super::{Judge, PatternSet};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// Random sets of realisable patterns, the same for the same seed.
///
/// In turn: any patterns; the relative Hamming hull of a few; the least convex union around two; a set that hangs together through facets. (Half-open
/// regions have no facets here: any patterns instead.)
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
    /// The most patterns that a set is drawn of, before anything is added to it.
    const LARGEST: usize = 12;

    /// The sets of a seed.
    pub fn new(seed: u64) -> Self {
        Self { random: ChaCha8Rng::seed_from_u64(seed), drawn: 0 }
    }

    /// The next set.
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
        // The remainder favours small numbers by less than n / 2^64.
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
