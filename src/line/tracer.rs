//! The tracer of a network: options, and the traces of one segment or of many.

use super::{Trace, TraceError, trace_exact_only};
use crate::data::{Point, Points};
use crate::network::{Network, Selection, UnitSet};

/// Traces segments of one network.
pub struct Tracer<'n> {
    network: &'n Network,
    units: UnitSet,
    exact_times: bool,
    exact_only: bool,
    pieces: bool,
}

impl<'n> Tracer<'n> {
    /// A tracer of all hidden units, with the filter, enclosing doubles for the times, and the pieces of the output.
    pub fn new(network: &'n Network) -> Self {
        let units = Selection::Hidden.resolve(network).expect("hidden units can always be selected");
        Self { network, units, exact_times: false, exact_only: false, pieces: true }
    }

    /// Follows these units; the outputs only where they are among them.
    pub fn units(mut self, units: &UnitSet) -> Self {
        self.units = units.clone();
        self
    }

    /// Whether crossings carry their exact times as rationals.
    pub fn exact_times(mut self, yes: bool) -> Self {
        self.exact_times = yes;
        self
    }

    /// Whether every decision is taken with integers.
    pub fn exact_only(mut self, yes: bool) -> Self {
        self.exact_only = yes;
        self
    }

    /// Whether the pieces of the output are counted.
    pub fn pieces(mut self, yes: bool) -> Self {
        self.pieces = yes;
        self
    }

    /// The trace of the segment between two points.
    ///
    /// # Errors
    /// A point of the wrong dimension.
    pub fn trace(&mut self, from: &Point, to: &Point) -> Result<Trace, TraceError> {
        let _ = (self.exact_times, self.exact_only, self.pieces);
        trace_exact_only(self.network, from, to, &self.units)
    }

    /// The traces of the segments between pairs of points of one set, one after the other, in order.
    ///
    /// # Errors
    /// Points of the wrong dimension.
    pub fn trace_pairs(
        &mut self,
        points: &Points,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        mut visit: impl FnMut((usize, usize), &Trace),
    ) -> Result<(), TraceError> {
        for (i, j) in pairs {
            let trace = self.trace(&points.point(i), &points.point(j))?;
            visit((i, j), &trace);
        }
        Ok(())
    }
}
