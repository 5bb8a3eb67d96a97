//! The single segments of a sweep, for uses in which the tallies are not sufficient.

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
    /// The measures of the segment; `None` if it has windows, see [`EnclosedTrace`](crate::line::EnclosedTrace).
    pub measure: Option<Measure>,
}

/// Receives the segments of a sweep, part by part, from the threads that measured them: see [`Sweep::with_rows`](super::Sweep::with_rows).
pub trait RowSink: Sync {
    /// Receives the rows of a part, in the order of its group of pairs.
    ///
    /// Parts are numbered from 0 over all groups, and arrive in any order. A part is done when this function returns. If a run was
    /// interrupted before that, the part arrives again, with the same rows.
    ///
    /// # Errors
    /// A description of the error, in one line; the sweep then ends with [`SweepError::Rows`](super::SweepError::Rows).
    fn take(&self, part: usize, group: &PairGroup, rows: &[PathRow]) -> Result<(), Box<dyn Error + Send + Sync>>;
}
