//! What a segment's folding is measured by: the bits that flip, crossing by crossing, and nothing else of its trace.

use super::Trace;
use super::narrow::Break;
use crate::network::Bit;

/// The bits that flip along a segment, crossing by crossing.
///
/// All hidden units are followed, and the outputs where the selection has them, as a fresh [`Trace`] does.
#[derive(Clone, Copy, Debug)]
pub struct Flips<'a>(Source<'a>);

#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    /// One bit a crossing.
    Single(&'a [Break]),
    Trace(&'a Trace),
}

impl<'a> Flips<'a> {
    pub(super) fn single(crossings: &'a [Break]) -> Self {
        Self(Source::Single(crossings))
    }

    pub(super) fn of(trace: &'a Trace) -> Self {
        Self(Source::Trace(trace))
    }

    /// Visits the crossings in order, each with the bits that differ on its two sides, sorted.
    #[inline]
    pub fn for_each(&self, mut visit: impl FnMut(&[Bit])) {
        match self.0 {
            Source::Single(crossings) => crossings.iter().for_each(|crossing| visit(std::slice::from_ref(&crossing.bit))),
            Source::Trace(trace) => trace.crossings().for_each(|crossing| visit(crossing.flips)),
        }
    }

    /// Visits the crossings as the reversed segment has them.
    #[inline]
    pub fn for_each_reversed(&self, mut visit: impl FnMut(&[Bit])) {
        match self.0 {
            Source::Single(crossings) => crossings.iter().rev().for_each(|crossing| visit(std::slice::from_ref(&crossing.bit))),
            Source::Trace(trace) => trace.crossings().rev().for_each(|crossing| visit(crossing.flips)),
        }
    }
}
