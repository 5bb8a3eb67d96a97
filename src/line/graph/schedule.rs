//! Enclosures of the times at which units change their state next, and the least of these times.

/// The number of times in a block. The least time of each block is stored.
const BLOCK: usize = 64;

/// For each element an enclosure of the time at which its state changes next; infinite if it does not change.
#[derive(Clone, Debug, Default)]
pub(super) struct Schedule {
    lo: Vec<f64>,
    hi: Vec<f64>,
    least_lo: Vec<f64>,
    least_hi: Vec<f64>,
    dirty: Vec<u32>,
    is_dirty: Vec<bool>,
}

impl Schedule {
    /// Resets all times to infinity.
    pub fn reset(&mut self, elements: usize) {
        let blocks = elements.div_ceil(BLOCK);
        for list in [&mut self.lo, &mut self.hi] {
            list.clear();
            list.resize(blocks * BLOCK, f64::INFINITY);
        }
        for list in [&mut self.least_lo, &mut self.least_hi] {
            list.clear();
            list.resize(blocks, f64::INFINITY);
        }
        self.dirty.clear();
        self.is_dirty.clear();
        self.is_dirty.resize(blocks, false);
    }

    #[inline]
    pub fn set(&mut self, element: usize, (lo, hi): (f64, f64)) {
        (self.lo[element], self.hi[element]) = (lo, hi);
        let block = element / BLOCK;
        if !self.is_dirty[block] {
            self.is_dirty[block] = true;
            self.dirty.push(block as u32);
        }
    }

    pub fn get(&self, element: usize) -> (f64, f64) {
        (self.lo[element], self.hi[element])
    }

    /// All elements that may be the next to change; empty if no element changes.
    pub fn next(&mut self, candidates: &mut Vec<u32>) {
        candidates.clear();
        let least = |list: &[f64], block: usize| list[block * BLOCK..][..BLOCK].iter().copied().fold(f64::INFINITY, f64::min);
        for block in self.dirty.drain(..).map(|block| block as usize) {
            self.is_dirty[block] = false;
            self.least_lo[block] = least(&self.lo, block);
            self.least_hi[block] = least(&self.hi, block);
        }
        let first = self.least_hi.iter().copied().fold(f64::INFINITY, f64::min);
        if first == f64::INFINITY {
            return;
        }
        for block in (0..self.least_lo.len()).filter(|&block| self.least_lo[block] <= first) {
            let elements = block * BLOCK..(block + 1) * BLOCK;
            candidates.extend(elements.filter(|&e| self.lo[e] <= first).map(|e| e as u32));
        }
    }
}
