//! The first layer's pre-activations of points, which are computed once for each point and not for each segment.

use super::plan::LayerPlan;
use super::walk::Ends;
use crate::data::Points;
use crate::exact::Instructions;
use crate::exact::product::{Active, Rows, Scratch, product};

/// The limit for the stored doubles, 256 MiB, after which all are discarded.
const LIMIT: usize = 1 << 25;

/// The largest number of points that are multiplied together: they fit into the second-level cache.
const RUN: usize = 48;

const ABSENT: u32 = u32::MAX;

/// The first layer's pre-activations of some rows of a point set.
#[derive(Debug, Default)]
pub(super) struct FirstLayer {
    slot_of: Vec<u32>,
    slots: u32,
    values: Vec<f64>,
    norms: Vec<f64>,
    scratch: Scratch,
}

impl FirstLayer {
    /// Discards all rows, and prepares for another set of `rows` points.
    pub(super) fn clear(&mut self, rows: usize) {
        self.slot_of.clear();
        self.slot_of.resize(rows, ABSENT);
        self.slots = 0;
        self.values.clear();
        self.norms.clear();
    }

    /// Computes these rows if they are missing. Other rows may be discarded.
    pub(super) fn prepare(
        &mut self,
        instructions: Instructions,
        plan: &LayerPlan,
        points: &Points,
        rows: impl Iterator<Item = usize> + Clone,
    ) {
        if self.values.len() > LIMIT {
            self.clear(points.len());
        }
        let mut run: Option<(usize, usize)> = None;
        for row in rows {
            if self.slot_of[row] != ABSENT {
                continue;
            }
            self.slot_of[row] = self.slots;
            self.slots += 1;
            run = match run {
                Some((start, end)) if end == row && end - start < RUN => Some((start, row + 1)),
                other => {
                    self.multiply(instructions, plan, points, other);
                    Some((row, row + 1))
                }
            };
        }
        self.multiply(instructions, plan, points, run);
    }

    fn multiply(&mut self, instructions: Instructions, plan: &LayerPlan, points: &Points, run: Option<(usize, usize)>) {
        let Some((start, end)) = run else { return };
        let old = self.values.len();
        self.values.resize(old + (end - start) * plan.padded, 0.0);
        let rows = Rows { values: points.nearest_rows(start, end), stride: points.dimension(), count: end - start };
        product(instructions, rows, Active::All, &plan.packed, &mut self.values[old..], &mut self.scratch);
        for row in self.values[old..].chunks_exact_mut(plan.padded) {
            for (x, b) in row.iter_mut().zip(&*plan.bias) {
                *x += b;
            }
        }
        self.norms.extend((start..end).map(|row| points.norm_with_one(row)));
    }

    /// The ends of a segment between two computed rows.
    pub(super) fn ends(&self, plan: &LayerPlan, from: usize, to: usize) -> Ends<'_> {
        let row = |slot: usize| &self.values[slot * plan.padded..][..plan.padded];
        let (i, j) = (self.slot_of[from] as usize, self.slot_of[to] as usize);
        Ends { from: row(i), to: row(j), norm: self.norms[i].max(self.norms[j]) }
    }
}
