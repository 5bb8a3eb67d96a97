//! Counts many paths for a tally: frequent values in tables, the others in the tally itself.

use super::{Folding, FoldingRange, Measure, Tally};

/// The ranges of r1 and r2 in the tables.
const SIDE: (usize, usize) = (128, 256);

/// Counts paths for a [`Tally`], faster than the tally itself.
#[derive(Clone, Debug)]
pub(crate) struct Counter {
    foldings: Vec<u64>,
    peaks: Vec<u64>,
    regions: Vec<u64>,
    others: Tally,
}

impl Default for Counter {
    fn default() -> Self {
        let table = vec![0; SIDE.0 * SIDE.1];
        Self { foldings: table.clone(), peaks: table, regions: vec![0; SIDE.1], others: Tally::default() }
    }
}

impl Counter {
    /// Counts one path.
    #[inline]
    pub fn add(&mut self, measure: &Measure) {
        // The peak is that of a prefix, so none of its numbers exceeds that of the path.
        let (folding, peak, regions) = (measure.folding(), measure.peak(), measure.regions() as usize);
        if folding.r1 < SIDE.0 as u64 && folding.r2 < SIDE.1 as u64 && regions < SIDE.1 {
            self.foldings[place(folding)] += 1;
            self.peaks[place(peak)] += 1;
            self.regions[regions] += 1;
        } else {
            self.others.add(measure);
        }
    }

    /// Counts one path with windows.
    pub fn add_range(&mut self, range: &FoldingRange) {
        self.others.add_range(range);
    }

    /// The tally of all paths counted since the last call; the counter is then empty.
    pub fn take(&mut self) -> Tally {
        let mut tally = std::mem::take(&mut self.others);
        for (table, peaks) in [(&mut self.foldings, false), (&mut self.peaks, true)] {
            for (place, count) in table.iter_mut().enumerate().filter(|(_, count)| **count > 0) {
                let folding = Folding { r1: (place / SIDE.1) as u64, r2: (place % SIDE.1) as u64 };
                if peaks {
                    tally.count_peak(folding, *count)
                } else {
                    tally.count_folding(folding, *count)
                }
                *count = 0;
            }
        }
        for (regions, count) in self.regions.iter_mut().enumerate().filter(|(_, count)| **count > 0) {
            tally.count_regions(regions as u64, *count);
            *count = 0;
        }
        tally
    }
}

fn place(folding: Folding) -> usize {
    folding.r1 as usize * SIDE.1 + folding.r2 as usize
}
