//! Lists of indices that are ascending and below a limit.

use std::hint::assert_unchecked;
use std::ops::{Deref, Range};

/// A list of indices in ascending order, all below its limit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ascending {
    list: Vec<u32>,
    limit: usize,
}

impl Ascending {
    /// The list, or `None` if the indices do not ascend or one of them reaches the limit.
    pub(crate) fn new(list: Vec<u32>, limit: usize) -> Option<Self> {
        let ascends = list.windows(2).all(|pair| pair[0] < pair[1]);
        let below = list.last().is_none_or(|&last| (last as usize) < limit);
        (ascends && below).then_some(Self { list, limit })
    }

    /// Sets the list to the positions below the limit at which a bit is set in one of the rows. A row is `words_per_row` words of 64 bits.
    pub(crate) fn set_to_union(&mut self, words: &[u64], words_per_row: usize, rows: Range<usize>, limit: usize) {
        let mut list = std::mem::take(&mut self.list);
        list.clear();
        for w in 0..words_per_row {
            let mut union = rows.clone().fold(0, |union, row| union | words[row * words_per_row + w]);
            while union != 0 {
                let j = w * 64 + union.trailing_zeros() as usize;
                if j < limit {
                    list.push(j as u32);
                }
                union &= union - 1;
            }
        }
        *self = Self::new(list, limit).expect("bits are taken in ascending order");
    }

    pub(crate) fn indices(&self) -> Indices<'_> {
        Indices { list: &self.list, limit: self.limit }
    }
}

impl Deref for Ascending {
    type Target = [u32];
    fn deref(&self) -> &[u32] {
        &self.list
    }
}

/// The indices of an [`Ascending`] list, for kernels. The compiler knows that each is below the limit: a loop that reads slices of at
/// least that length by them needs no bounds checks.
#[derive(Clone, Copy)]
pub(crate) struct Indices<'a> {
    list: &'a [u32],
    limit: usize,
}

impl<'a> Indices<'a> {
    #[inline(always)]
    pub(crate) fn len(self) -> usize {
        self.list.len()
    }

    #[inline(always)]
    pub(crate) fn limit(self) -> usize {
        self.limit
    }

    /// The k-th index.
    #[inline(always)]
    pub(crate) fn at(self, k: usize) -> usize {
        let index = self.list[k] as usize;
        // SAFETY: this is the list of an `Ascending`, which was checked when it was made: its last index is its largest one and is below
        // the limit.
        unsafe { assert_unchecked(index < self.limit) };
        index
    }

    /// The indices at the positions in `range`, in their order.
    #[inline(always)]
    pub(crate) fn range(self, range: Range<usize>) -> impl Iterator<Item = usize> + use<'a> {
        self.list[range].iter().map(move |&index| {
            // SAFETY: as above.
            unsafe { assert_unchecked((index as usize) < self.limit) };
            index as usize
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_indices_that_ascend_below_the_limit_are_taken() {
        let taken = |indices: &[u32], limit| Ascending::new(indices.to_vec(), limit).is_some();
        assert!(taken(&[], 0) && taken(&[0], 1) && taken(&[0, 3, 4], 5));
        assert!(!taken(&[0], 0) && !taken(&[0, 3, 4], 4) && !taken(&[u32::MAX], 5));
        assert!(!taken(&[1, 1], 5) && !taken(&[2, 1], 5) && !taken(&[0, 7, 2], 5));
    }

    #[test]
    fn a_union_has_the_bits_of_its_rows_below_the_limit() {
        let words = [u64::MAX, u64::MAX, 1 << 3 | 1 << 63, 1, 1 << 5, 1 << 2 | 1 << 1];
        let mut list = Ascending::default();
        for (limit, expected) in [(67, &[3, 5, 63, 64, 65, 66][..]), (66, &[3, 5, 63, 64, 65]), (5, &[3]), (0, &[])] {
            list.set_to_union(&words, 2, 1..3, limit);
            assert_eq!((&*list, list.indices().limit()), (expected, limit));
            assert!(list.indices().range(0..list.len()).eq((0..list.len()).map(|k| list.indices().at(k))));
        }
    }
}
