//! The segments of a sweep one by one, where the tallies are not enough.

use super::PairGroup;
use crate::fold::Measure;
use std::error::Error;

/// A segment of a sweep: the indices of its points, and its measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathRow {
    /// The index of the first point.
    pub from: usize,
    /// The index of the last point.
    pub to: usize,
    /// What was measured along it.
    pub measure: Measure,
}

/// Takes the segments of a sweep, part by part, from the threads that measured them: see [`Sweep::with_rows`](super::Sweep::with_rows).
pub trait RowSink: Sync {
    /// Takes the rows of a part, in the order of its group of pairs.
    ///
    /// Parts are counted from 0 over all groups and come in any order. A part counts as done when this returns; where a run was
    /// interrupted before, it comes again, with the same rows.
    ///
    /// # Errors
    /// What is wrong, in one line; the sweep then ends with [`SweepError::Rows`](super::SweepError::Rows).
    fn take(&self, part: usize, group: &PairGroup, rows: &[PathRow]) -> Result<(), Box<dyn Error + Send + Sync>>;
}
