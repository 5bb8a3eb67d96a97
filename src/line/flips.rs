//! The bits that flip along a segment, crossing by crossing: the part of a trace that folding measures need.

use super::Trace;
use super::narrow::Break;
use crate::network::Bit;

/// The bits that flip along a segment, crossing by crossing.
///
/// All hidden units are followed, and the outputs if they are selected, as in a [`Trace`] before [`Trace::select`].
#[derive(Clone, Copy, Debug)]
pub struct Flips<'a>(Source<'a>);

#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    /// Crossings with one bit each.
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

    /// Calls `visit` for the crossings in order, each with the sorted list of the bits that differ on its two sides.
    #[inline]
    pub fn for_each(&self, mut visit: impl FnMut(&[Bit])) {
        match self.0 {
            Source::Single(crossings) => crossings.iter().for_each(|crossing| visit(std::slice::from_ref(&crossing.bit))),
            Source::Trace(trace) => trace.crossings().for_each(|crossing| visit(crossing.flips)),
        }
    }

    /// Calls `visit` for the crossings in the order of the reversed segment.
    #[inline]
    pub fn for_each_reversed(&self, mut visit: impl FnMut(&[Bit])) {
        match self.0 {
            Source::Single(crossings) => crossings.iter().rev().for_each(|crossing| visit(std::slice::from_ref(&crossing.bit))),
            Source::Trace(trace) => trace.crossings().rev().for_each(|crossing| visit(crossing.flips)),
        }
    }
}
