//! Compares sampling with exact traces.

mod nodes;
mod sampler;
mod sequence;
mod smooth;
mod tally;

pub use sequence::{Fault, SequenceAudit};
pub use tally::{Audit, Precision, SamplerTally, Sampling};

use super::PairGroup;
use crate::data::Points;
use crate::fold::Meter;
use crate::line::{TraceError, Tracer};
use crate::network::{Network, Selection, UnitSet};
use rayon::prelude::*;
use sampler::Sampler;

/// The number of segments that a thread takes at once.
const CHUNK: usize = 16;

/// The number of segments for each thread after which the audit checks whether to continue.
const SLICE: u64 = 64;

/// The errors of an audit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    /// The dimension of the points is not that of the network's input, or a segment cannot be traced.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The number of sampling points is below 2, so that they cannot include both ends.
    #[error("{0} points on a segment, expected at least 2")]
    TooFewPoints(usize),
    /// There are more sampling points than single precision can distinguish.
    #[error("{0} points on a segment, expected at most {most}: more are not distinct in single precision", most = Sampling::MOST_POINTS)]
    TooManyPoints(usize),
}

/// Compares ways of sampling segments, in both precisions, with the exact traces of all hidden units.
///
/// The segments of smooth networks that have windows are counted and not compared.
///
/// ```
/// use plica::{data::Points, network::zoo, sweep::{Auditor, Precision, Sampling}};
/// let network = zoo::parse("sawtooth:3").unwrap().unwrap();
/// let points = Points::from_f64(vec![0.0, 1.0], 1).unwrap();
/// let audit = Auditor::new(&network, &points, &[Sampling::Points(5), Sampling::Points(101)]).unwrap().audit(&[(0, 1)]).unwrap();
/// assert_eq!(audit.regions, 8);
/// assert!(audit.samplers[&(Sampling::Points(5), Precision::F64)].missed > 0);
/// assert_eq!(audit.samplers[&(Sampling::Points(101), Precision::F64)].missed, 0);
/// ```
#[must_use]
pub struct Auditor<'a> {
    tracer: Tracer,
    units: UnitSet,
    points: &'a Points,
    ways: &'a [Sampling],
    single: Sampler<f32>,
    double: Sampler<f64>,
}

impl<'a> Auditor<'a> {
    /// An audit of these ways of sampling, for segments between these points.
    ///
    /// # Errors
    /// The points have the wrong dimension, the network cannot be traced, or a way of sampling has fewer than two points or more than
    /// [`Sampling::MOST_POINTS`].
    pub fn new(network: &Network, points: &'a Points, ways: &'a [Sampling]) -> Result<Self, AuditError> {
        let mut tracer = Tracer::new(network).pieces(false);
        tracer.over(points)?;
        for way in ways {
            match *way {
                Sampling::Points(n @ 0..2) => return Err(AuditError::TooFewPoints(n)),
                Sampling::Points(n) if n > Sampling::MOST_POINTS => return Err(AuditError::TooManyPoints(n)),
                _ => {}
            }
        }
        let units = network.units(&Selection::Hidden).expect("hidden units can always be selected");
        Ok(Self { tracer, units, points, ways, single: Sampler::new(network), double: Sampler::new(network) })
    }

    /// Sets the largest precision for smooth networks, as [`Tracer::precision`].
    pub fn precision(self, bits: u32) -> Self {
        Self { tracer: self.tracer.precision(bits), ..self }
    }

    /// The results of each way of sampling on the segments between pairs of the points, on the threads of the current rayon pool. They do
    /// not depend on the number of threads.
    ///
    /// # Errors
    /// A smooth network is not defined on a whole segment.
    ///
    /// # Panics
    /// If a pair has a row that the points do not have.
    pub fn audit(&self, pairs: &[(usize, usize)]) -> Result<Audit, AuditError> {
        pairs.par_chunks(CHUNK).map(|chunk| self.chunk(chunk)).try_reduce(Audit::default, |x, y| Ok(x.merge(y)))
    }

    /// The results of each way of sampling on the segments of some groups of pairs. Every few dozen segments for each thread, `watch` gets
    /// the results so far; if it returns false, the audit ends, and the results so far are returned.
    ///
    /// # Errors
    /// As [`Auditor::audit`].
    pub fn audit_groups(&self, groups: &[PairGroup], mut watch: impl FnMut(&Audit) -> bool) -> Result<Audit, AuditError> {
        let slice = SLICE * rayon::current_num_threads() as u64;
        let mut found = Audit::default();
        for group in groups {
            for start in (0..group.count()).step_by(slice as usize) {
                let pairs: Vec<(usize, usize)> = group.range(start..(start + slice).min(group.count())).collect();
                found = found.merge(self.audit(&pairs)?);
                if !watch(&found) {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    fn chunk(&self, pairs: &[(usize, usize)]) -> Result<Audit, AuditError> {
        let mut audit = Audit::default();
        let mut meter = Meter::new(&self.units);
        self.tracer.fork().trace_pairs(self.points, pairs.iter().copied(), |(i, j), trace| {
            let Ok(trace) = trace else {
                audit.windows += 1;
                return;
            };
            audit.segments += 1;
            audit.regions += trace.regions() as u64;
            audit.decisions += trace.decisions();
            let chi = meter.measure(trace).folding().chi();
            let (from, to) = (self.points.nearest(i), self.points.nearest(j));
            for &way in self.ways {
                let found = match way {
                    Sampling::Points(n) => [self.single.patterns(from, to, n), self.double.patterns(from, to, n)],
                    Sampling::Adaptive => [self.single.adaptive_patterns(from, to), self.double.adaptive_patterns(from, to)],
                };
                for (precision, patterns) in [Precision::F32, Precision::F64].into_iter().zip(found) {
                    audit.samplers.entry((way, precision)).or_default().add(trace, &chi, &patterns);
                }
            }
        })?;
        Ok(audit)
    }
}
