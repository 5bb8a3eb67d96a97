//! Many segments between points of one set: each point goes through the first layer once.

use super::Tracer;
use crate::data::Points;
use crate::line::first_layer::FirstLayer;
use crate::line::narrow::{is_narrow, walk_narrow, walk_narrow_unchecked};
use crate::line::{Decisions, Flips, Trace, TraceError};
use std::sync::Arc;

/// Pairs whose points go through the first layer together.
const BLOCK: usize = 512;

/// A [`Tracer`] bound to a set of points, by [`Tracer::over`].
pub struct PointTracer<'t, 'n, 'p> {
    tracer: &'t mut Tracer<'n>,
    points: &'p Points,
}

impl PointTracer<'_, '_, '_> {
    /// The traces of the segments between pairs of the points, as [`Tracer::trace_pairs`] gives them.
    ///
    /// # Errors
    /// None that the points have not passed already.
    ///
    /// # Panics
    /// Where a pair names a row that the set does not have.
    pub fn trace_pairs(
        &mut self,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        visit: impl FnMut((usize, usize), &Trace),
    ) -> Result<(), TraceError> {
        self.tracer.traces_over(self.points, pairs, visit)
    }

    /// The flips of the segments between pairs of the points, and how the decisions were taken: all that a folding measure needs,
    /// and several times faster than the traces where the layers are narrow.
    ///
    /// ```
    /// use plica::{data::Points, line::Tracer, network::zoo};
    /// let network = zoo::parse("cantor:1").unwrap().unwrap();
    /// let points = Points::from_f64(vec![0.0, 0.75, 1.0, 0.75], 2).unwrap();
    /// let mut tracer = Tracer::new(&network);
    /// let mut count = 0;
    /// tracer.over(&points).unwrap().flips_of_pairs([(0, 1)], |_, flips, _| flips.for_each(|units| count += units.len())).unwrap();
    /// assert_eq!(count, 4);
    /// ```
    ///
    /// # Errors
    /// None that the points have not passed already.
    ///
    /// # Panics
    /// Where a pair names a row that the set does not have.
    pub fn flips_of_pairs(
        &mut self,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        visit: impl FnMut((usize, usize), Flips<'_>, Decisions),
    ) -> Result<(), TraceError> {
        self.tracer.flips_over(self.points, pairs, visit)
    }
}

/// Whether the narrow walk is tried first: not where it has failed so many times, and more often than not.
#[derive(Default)]
struct Attempts {
    made: u64,
    failed: u64,
}

impl Attempts {
    const FAILURES: u64 = 16;

    fn never() -> Self {
        Self { made: 0, failed: u64::MAX }
    }

    fn pay(&self) -> bool {
        self.failed < Self::FAILURES || self.failed <= self.made / 2
    }

    fn count(&mut self, walked: bool) {
        self.made += 1;
        self.failed += u64::from(!walked);
    }
}

impl<'n> Tracer<'n> {
    /// The traces of the segments between pairs of points of one set, one after the other, in order.
    ///
    /// Each point goes through the first layer once, however many segments end in it.
    ///
    /// # Errors
    /// Points of the wrong dimension.
    ///
    /// # Panics
    /// Where a pair names a row that the set does not have.
    pub fn trace_pairs(
        &mut self,
        points: &Points,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        visit: impl FnMut((usize, usize), &Trace),
    ) -> Result<(), TraceError> {
        self.over(points)?.trace_pairs(pairs, visit)
    }

    /// The tracer bound to a set of points: what it computes of them is kept from call to call.
    ///
    /// # Errors
    /// Points of the wrong dimension.
    pub fn over<'t, 'p>(&'t mut self, points: &'p Points) -> Result<PointTracer<'t, 'n, 'p>, TraceError> {
        self.check(points.dimension())?;
        self.first_layer.clear(points.len());
        Ok(PointTracer { tracer: self, points })
    }

    /// Takes the pairs block by block, each point through the first layer before `each` sees the segment.
    fn blocks_of(
        &mut self,
        points: &Points,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        mut each: impl FnMut(&mut Self, &FirstLayer, (usize, usize)) -> Result<(), TraceError>,
    ) -> Result<(), TraceError> {
        let mut pairs = pairs.into_iter();
        let mut first_layer = std::mem::take(&mut self.first_layer);
        let mut block = Vec::with_capacity(BLOCK);
        loop {
            block.clear();
            block.extend(pairs.by_ref().take(BLOCK));
            if block.is_empty() {
                break;
            }
            if !self.exact_only {
                let rows = block.iter().flat_map(|&(i, j)| [i, j]);
                first_layer.prepare(self.instructions, &self.plan.layers[0], points, rows);
            }
            for &pair in &block {
                each(self, &first_layer, pair)?;
            }
        }
        self.first_layer = first_layer;
        Ok(())
    }

    fn traces_over(
        &mut self,
        points: &Points,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        mut visit: impl FnMut((usize, usize), &Trace),
    ) -> Result<(), TraceError> {
        let mut trace = Trace::begin(Arc::clone(&self.full));
        self.blocks_of(points, pairs, |tracer, first_layer, (i, j)| {
            if tracer.exact_only {
                visit((i, j), &tracer.trace_with_integers(&points.point(i), &points.point(j), &tracer.units)?);
                return Ok(());
            }
            tracer.run(first_layer.ends(&tracer.plan.layers[0], i, j), (points, i), (points, j), &mut trace)?;
            if tracer.units == tracer.full {
                visit((i, j), &trace);
            } else {
                visit((i, j), &trace.select(&tracer.units));
            }
            Ok(())
        })
    }

    fn flips_over(
        &mut self,
        points: &Points,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        mut visit: impl FnMut((usize, usize), Flips<'_>, Decisions),
    ) -> Result<(), TraceError> {
        let depth = self.network.depth() + usize::from(self.full.has_output());
        let mut narrow = if self.exact_only || !is_narrow(&self.plan, depth) { Attempts::never() } else { Attempts::default() };
        let mut trace = Trace::begin(Arc::clone(&self.full));
        self.blocks_of(points, pairs, |tracer, first_layer, (i, j)| {
            if tracer.exact_only {
                trace = tracer.trace_with_integers(&points.point(i), &points.point(j), &tracer.full)?;
                visit((i, j), Flips::of(&trace), trace.decisions());
                return Ok(());
            }
            let ends = first_layer.ends(&tracer.plan.layers[0], i, j);
            if narrow.pay() {
                let walk = if tracer.certify { walk_narrow } else { walk_narrow_unchecked };
                let walked = walk(tracer.instructions, &mut tracer.narrow, &tracer.plan, depth, ends).is_ok();
                narrow.count(walked);
                if walked {
                    let decisions = Decisions { filtered: tracer.narrow.filtered, exact: 0 };
                    visit((i, j), Flips::single(tracer.narrow.crossings()), decisions);
                    return Ok(());
                }
            }
            tracer.run(ends, (points, i), (points, j), &mut trace)?;
            visit((i, j), Flips::of(&trace), trace.decisions());
            Ok(())
        })
    }
}
