//! Lists of different lengths in one array: the rows of sparse matrices.

use std::ops::Range;

/// Lists of entries, stored one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lists<T> {
    /// The index of the first entry of each list, and the number of all entries.
    starts: Vec<usize>,
    entries: Vec<T>,
}

impl<T> Lists<T> {
    /// No lists, with memory for so many entries.
    pub(crate) fn with_capacity(entries: usize) -> Self {
        Self { starts: vec![0], entries: Vec::with_capacity(entries) }
    }

    /// Adds an entry to the list that the next [`end_list`](Self::end_list) ends.
    pub(crate) fn push(&mut self, entry: T) {
        self.entries.push(entry);
    }

    /// Ends a list: the entries since the end of the last one.
    pub(crate) fn end_list(&mut self) {
        self.starts.push(self.entries.len());
    }

    /// The number of lists.
    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The list with an index.
    #[inline]
    pub(crate) fn get(&self, list: usize) -> &[T] {
        &self.entries[self.range(list)]
    }

    /// The indices of the entries of a list among all entries.
    #[inline]
    pub(crate) fn range(&self, list: usize) -> Range<usize> {
        self.starts[list]..self.starts[list + 1]
    }

    /// The lists in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[T]> {
        self.starts.windows(2).map(|ends| &self.entries[ends[0]..ends[1]])
    }

    /// The entries of all lists.
    pub(crate) fn entries(&self) -> &[T] {
        &self.entries
    }

    /// The length of the longest list.
    pub(crate) fn longest(&self) -> usize {
        self.iter().map(<[T]>::len).max().unwrap_or(0)
    }

    /// The number of bytes of the arrays.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&self.starts[..]) + size_of_val(&self.entries[..])
    }

    /// Lists of the same lengths with other entries, given for all lists in order.
    pub(crate) fn with_entries<U>(&self, entries: Vec<U>) -> Lists<U> {
        debug_assert_eq!(entries.len(), self.entries.len());
        Lists { starts: self.starts.clone(), entries }
    }
}

impl<T: Clone + Default> Lists<T> {
    /// `lists` lists with the entries (list, entry), in their order.
    pub(crate) fn grouped(lists: usize, entries: impl Iterator<Item = (usize, T)> + Clone) -> Self {
        let mut starts = vec![0; lists + 1];
        entries.clone().for_each(|(list, _)| starts[list + 1] += 1);
        (0..lists).for_each(|list| starts[list + 1] += starts[list]);
        let (mut next, mut sorted) = (starts.clone(), vec![T::default(); starts[lists]]);
        for (list, entry) in entries {
            sorted[next[list]] = entry;
            next[list] += 1;
        }
        Self { starts, entries: sorted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_grouped_in_their_order() {
        let entries = [(2, 'a'), (0, 'b'), (2, 'c'), (3, 'd'), (0, 'e')];
        let grouped = Lists::grouped(5, entries.into_iter());
        let mut pushed = Lists::with_capacity(0);
        for list in 0..5 {
            entries.iter().filter(|(of, _)| *of == list).for_each(|&(_, entry)| pushed.push(entry));
            pushed.end_list();
        }
        assert_eq!(grouped, pushed);
        assert_eq!(grouped.iter().map(<[char]>::len).collect::<Vec<_>>(), [2, 0, 2, 1, 0]);
        assert_eq!((grouped.len(), grouped.longest(), grouped.get(2), grouped.range(3)), (5, 2, &['a', 'c'][..], 4..5));
        assert_eq!(grouped.with_entries(vec![1, 2, 3, 4, 5]).get(0), [1, 2]);
    }
}
