//! Many segments between points of one set. The first layer is computed once for each point.

use super::StackTracer;
use crate::data::Points;
use crate::line::first_layer::FirstLayer;
#[cfg(feature = "unfiltered")]
use crate::line::narrow::walk_narrow_unchecked;
use crate::line::narrow::{is_narrow, walk_narrow};
use crate::line::{Decisions, Flips, Trace, TraceError};
use std::sync::Arc;

/// The number of pairs whose points go through the first layer together.
const BLOCK: usize = 512;

/// Counts whether the narrow walk succeeds. It is not tried first if it has failed many times, and more often than not.
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

impl StackTracer {
    /// Discards the results for other points. From now on pairs are rows of these points.
    pub(in crate::line) fn bind(&mut self, points: &Points) -> Result<(), TraceError> {
        self.check(points.dimension())?;
        self.first_layer.clear(points.len());
        Ok(())
    }

    /// Takes the pairs block by block: computes the first layer of their points, then calls `each` for the segments.
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
            if !self.options.exact_only {
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

    /// The traces of the segments between pairs of the points that the tracer is bound to.
    pub(in crate::line) fn traces_over(
        &mut self,
        points: &Points,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        mut visit: impl FnMut((usize, usize), &Trace),
    ) -> Result<(), TraceError> {
        let mut trace = Trace::begin(Arc::clone(&self.full));
        self.blocks_of(points, pairs, |tracer, first_layer, (i, j)| {
            if tracer.options.exact_only {
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

    /// The flips of these segments, and the numbers of decisions.
    pub(in crate::line) fn flips_over(
        &mut self,
        points: &Points,
        pairs: impl IntoIterator<Item = (usize, usize)>,
        mut visit: impl FnMut((usize, usize), Flips<'_>, Decisions),
    ) -> Result<(), TraceError> {
        let depth = self.network.depth() + usize::from(self.full.has_output());
        let mut narrow = if self.options.exact_only || !is_narrow(&self.plan, depth) { Attempts::never() } else { Attempts::default() };
        let mut trace = Trace::begin(Arc::clone(&self.full));
        self.blocks_of(points, pairs, |tracer, first_layer, (i, j)| {
            if tracer.options.exact_only {
                trace = tracer.trace_with_integers(&points.point(i), &points.point(j), &tracer.full)?;
                visit((i, j), Flips::of(&trace), trace.decisions());
                return Ok(());
            }
            let ends = first_layer.ends(&tracer.plan.layers[0], i, j);
            if narrow.pay() {
                let walk = match tracer.certify {
                    #[cfg(feature = "unfiltered")]
                    false => walk_narrow_unchecked,
                    _ => walk_narrow,
                };
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
