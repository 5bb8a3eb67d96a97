//! The walk of narrow networks, for many segments: values and slopes of a layer stay in registers, and the bounds are a few numbers for
//! each layer.
//!
//! It takes the decisions of the [certified walk](super::walk) with coarser bounds, proofs/filter.md, section 12. At the first decision
//! that is not certain it stops, and the certified walk traces the segment from the beginning. The result is the list of flips in their
//! order.

mod bounds;
mod crossings;
mod pieces;
mod product;

use super::plan::Plan;
#[cfg(test)]
use super::walk::Recorded;
use super::walk::{END, Ends};
use crate::exact::aligned::Aligned;
use crate::exact::lanes::{Lanes, dispatch};
use crate::network::Bit;
use bounds::Bounds;
use crossings::Hit;

/// The largest number of units in a narrow layer: four vectors.
const UNITS: usize = 32;

/// The largest number of breakpoints of a layer. With more of them the certified walk is as fast.
const BREAKS: usize = 4096;

/// A breakpoint: an end of the segment, or the crossing of one unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Break {
    pub at: f64,
    /// The distance of the true crossing from `at` is at most this.
    pub half: f64,
    /// The change of the slope of the unit's output.
    change: f64,
    pub bit: Bit,
}

impl Break {
    fn end(at: f64) -> Self {
        Self { at, half: 0.0, change: 0.0, bit: Bit { layer: END, index: 0 } }
    }
}

/// The buffers of a walk, kept from segment to segment.
#[derive(Debug, Default)]
pub(super) struct NarrowWalk {
    /// The breakpoints of the layers below with both ends, ordered by time; then the same with the crossings of the present layer.
    breaks: Vec<Break>,
    next: Vec<Break>,
    /// The number of breakpoints. The rest of the list is spare room.
    count: usize,
    /// For each piece a row with the slopes of the outputs of the layer, and a last row with their values at the start. The masks have the
    /// active units.
    rows: Aligned,
    masks: Vec<u64>,
    /// For each piece, the values at its right end and the slopes of all units, and the units that cross in it.
    values: Aligned,
    slopes: Aligned,
    hits: Vec<Hit>,
    /// The slopes and the values of the next layer, computed from these rows.
    fresh: Aligned,
    /// The number of rows of slopes in `fresh`; the values follow after them.
    parents: usize,
    pub filtered: u64,
    #[cfg(test)]
    pub recorded: Vec<Recorded>,
}

/// A decision on the segment is not certain.
#[derive(Debug)]
pub(super) struct Uncertain;

/// Whether the first `depth` layers can be walked here: they are narrow, and no two units of a layer have the same hyperplane.
pub(super) fn is_narrow(plan: &Plan, depth: usize) -> bool {
    plan.layers[..depth].iter().all(|layer| layer.outputs <= UNITS && layer.representatives == layer.varying)
}

dispatch! {
    /// Walks the segment through the first `depth` layers. Every decision is right.
    pub(super) fn walk_narrow(walk: &mut NarrowWalk, plan: &Plan, depth: usize, ends: Ends<'_>) -> Result<(), Uncertain> = certified
}

#[cfg(feature = "unfiltered")]
dispatch! {
    /// The same walk without the filter, to measure the cost of the filter.
    pub(super) fn walk_narrow_unchecked(walk: &mut NarrowWalk, plan: &Plan, depth: usize, ends: Ends<'_>) -> Result<(), Uncertain> = unchecked
}

#[inline(always)]
fn certified<L: Lanes>(walk: &mut NarrowWalk, plan: &Plan, depth: usize, ends: Ends<'_>) -> Result<(), Uncertain> {
    walk.walk_in::<L, true>(plan, depth, ends)
}

#[cfg(feature = "unfiltered")]
#[inline(always)]
fn unchecked<L: Lanes>(walk: &mut NarrowWalk, plan: &Plan, depth: usize, ends: Ends<'_>) -> Result<(), Uncertain> {
    walk.walk_in::<L, false>(plan, depth, ends)
}

impl NarrowWalk {
    /// The crossings, in their order.
    pub(super) fn crossings(&self) -> &[Break] {
        &self.breaks[1..self.count - 1]
    }

    #[inline(always)]
    fn walk_in<L: Lanes, const CERTIFY: bool>(&mut self, plan: &Plan, depth: usize, ends: Ends<'_>) -> Result<(), Uncertain> {
        if self.breaks.len() < 2 {
            self.breaks.resize(2, Break::end(0.0));
        }
        (self.breaks[0], self.breaks[1], self.count) = (Break::end(0.0), Break::end(1.0), 2);
        self.filtered = 0;
        #[cfg(test)]
        self.recorded.clear();
        let mut below = Bounds::input(ends.norm);
        for (l, this) in plan.layers[..depth].iter().enumerate() {
            let chunks = this.outputs.div_ceil(8);
            if self.count > BREAKS {
                return Err(Uncertain);
            }
            if l == 0 {
                self.start(ends, 8 * chunks);
            } else {
                let rows = self.parents + 1;
                let lower = &plan.layers[l - 1];
                match chunks {
                    1 => self.multiply::<L, 1>(lower, this, rows),
                    2 => self.multiply::<L, 2>(lower, this, rows),
                    3 => self.multiply::<L, 3>(lower, this, rows),
                    _ => self.multiply::<L, 4>(lower, this, rows),
                }
            }
            let bounds = if CERTIFY { below.of_layer(this, l, self.count - 1)? } else { below };
            let extent = match chunks {
                1 => self.pieces::<L, 1, CERTIFY>(this, l, &bounds)?,
                2 => self.pieces::<L, 2, CERTIFY>(this, l, &bounds)?,
                3 => self.pieces::<L, 3, CERTIFY>(this, l, &bounds)?,
                _ => self.pieces::<L, 4, CERTIFY>(this, l, &bounds)?,
            };
            if CERTIFY {
                let next_unit = plan.layers.get(l + 1).map_or(1.0, |next| next.unit);
                below = bounds.with_outputs(this, next_unit, &extent);
            }
        }
        Ok(())
    }

    /// The slopes of the first layer, and its values at the start.
    #[inline(always)]
    fn start(&mut self, ends: Ends<'_>, width: usize) {
        self.fresh.at_least(2 * width);
        self.parents = 1;
        let (slopes, values) = self.fresh[..2 * width].split_at_mut(width);
        let (from, to) = (&ends.from[..width], &ends.to[..width]);
        values.copy_from_slice(from);
        for ((slope, from), to) in slopes.iter_mut().zip(from).zip(to) {
            *slope = to - from;
        }
    }
}
