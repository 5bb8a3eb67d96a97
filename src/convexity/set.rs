//! Sets of realisable patterns.

use std::collections::BTreeSet;

/// A set of realisable patterns, as the indices of their regions in [`Regions`](super::Regions).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatternSet {
    places: BTreeSet<usize>,
}

impl PatternSet {
    /// The number of patterns.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether the set is empty.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether the set contains the region with this index.
    pub fn contains(&self, place: usize) -> bool {
        self.places.contains(&place)
    }

    /// Adds the region with this index; returns whether it was new.
    pub fn insert(&mut self, place: usize) -> bool {
        self.places.insert(place)
    }

    /// The indices, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.places.iter().copied()
    }

    /// Whether every pattern is also in the other set.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.places.is_subset(&other.places)
    }
}

impl FromIterator<usize> for PatternSet {
    fn from_iter<I: IntoIterator<Item = usize>>(places: I) -> Self {
        Self { places: places.into_iter().collect() }
    }
}
