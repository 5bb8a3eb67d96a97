//! Sampling held against the exact traces.

mod sampler;
mod sequence;

pub use sampler::{Float, Sampler};
pub use sequence::{Fault, SequenceAudit, audit_sequence};

use crate::data::Points;
use crate::fold::{Distribution, Folding, Meter};
use crate::line::{Decisions, Trace, TraceError, Tracer};
use crate::network::{Network, Pattern, Selection};
use rayon::prelude::*;
use rug::Rational;
use std::collections::BTreeMap;

/// How points are chosen on a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sampling {
    /// So many points at equal distances, both ends among them.
    Points(usize),
    /// The middle between two points whose patterns differ in more than one bit, again and again.
    Adaptive,
}

/// A precision in which points and networks are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

/// What one way of sampling has found on many segments, in counts that merge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SamplerTally {
    /// Segments whose sequence of regions is not found exactly.
    pub incomplete: u64,
    /// Regions that no point fell into.
    pub missed: u64,
    /// Patterns of crossings and ends.
    pub boundary: u64,
    /// Patterns that occur nowhere on their segment.
    pub unknown: u64,
    /// Patterns in the wrong order.
    pub out_of_order: u64,
    /// Points that were evaluated.
    pub points: u64,
    /// Sampled chi minus exact chi, with its counts.
    errors: BTreeMap<Rational, u64>,
}

impl std::fmt::Display for Sampling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Points(n) => write!(f, "{n} points"),
            Self::Adaptive => f.write_str("adaptive"),
        }
    }
}

impl std::fmt::Display for Precision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        })
    }
}

impl SamplerTally {
    /// Sampled chi minus exact chi over the segments.
    pub fn errors(&self) -> Distribution {
        self.errors.iter().map(|(error, count)| (error.clone(), *count)).collect()
    }

    fn add(&mut self, trace: &Trace, chi: &Rational, patterns: &[Pattern]) {
        let audit = audit_sequence(trace, patterns);
        self.incomplete += u64::from(!audit.is_complete());
        self.missed += audit.missed as u64;
        self.boundary += audit.boundary as u64;
        for (_, fault) in audit.faults {
            match fault {
                Fault::Unknown => self.unknown += 1,
                Fault::OutOfOrder => self.out_of_order += 1,
            }
        }
        self.points += patterns.len() as u64;
        *self.errors.entry(Folding::of(patterns).chi() - chi).or_default() += 1;
    }

    fn merge(&mut self, other: Self) {
        self.incomplete += other.incomplete;
        self.missed += other.missed;
        self.boundary += other.boundary;
        self.unknown += other.unknown;
        self.out_of_order += other.out_of_order;
        self.points += other.points;
        for (error, count) in other.errors {
            *self.errors.entry(error).or_default() += count;
        }
    }
}

/// What the ways of sampling have found on the same segments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// The segments.
    pub segments: u64,
    /// Their regions.
    pub regions: u64,
    /// For each way of sampling and each precision what it has found.
    pub samplers: BTreeMap<(Sampling, Precision), SamplerTally>,
    /// How the decisions of the exact traces were taken.
    pub decisions: Decisions,
}

impl Audit {
    /// This and what was found on other segments.
    pub fn merge(mut self, other: Self) -> Self {
        self.segments += other.segments;
        self.regions += other.regions;
        self.decisions += other.decisions;
        for (sampler, tally) in other.samplers {
            self.samplers.entry(sampler).or_default().merge(tally);
        }
        self
    }
}

/// Segments that a thread takes at once.
const CHUNK: usize = 16;

/// Samples the segments between pairs of points in each way and in both precisions, and holds what is found against the exact traces of
/// all hidden units.
///
/// The result is the same for any number of threads.
///
/// # Errors
/// Points of the wrong dimension.
///
/// # Panics
/// Where a way has fewer than two points.
///
/// ```
/// use plica::{data::Points, network::zoo, sweep::{Precision, Sampling, audit}};
/// let network = zoo::parse("sawtooth:3").unwrap().unwrap();
/// let points = Points::from_f64(vec![0.0, 1.0], 1).unwrap();
/// let audit = audit(&network, &points, &[(0, 1)], &[Sampling::Points(5), Sampling::Points(101)]).unwrap();
/// assert_eq!(audit.regions, 8);
/// assert!(audit.samplers[&(Sampling::Points(5), Precision::F64)].missed > 0);
/// assert_eq!(audit.samplers[&(Sampling::Points(101), Precision::F64)].missed, 0);
/// ```
pub fn audit(network: &Network, points: &Points, pairs: &[(usize, usize)], ways: &[Sampling]) -> Result<Audit, TraceError> {
    let (expected, found) = (network.inputs(), points.dimension());
    if expected != found {
        return Err(TraceError::Dimension { expected, found });
    }
    let tracer = Tracer::new(network).pieces(false);
    let units = Selection::Hidden.resolve(network).expect("hidden units can always be selected");
    let (single, double) = (Sampler::<f32>::new(network), Sampler::<f64>::new(network));
    let of_chunk = |chunk: &[(usize, usize)]| {
        let mut audit = Audit::default();
        let mut meter = Meter::new(&units);
        tracer.fork().trace_pairs(points, chunk.iter().copied(), |(i, j), trace| {
            audit.segments += 1;
            audit.regions += trace.regions() as u64;
            audit.decisions += trace.decisions();
            let chi = meter.measure(trace).folding().chi();
            let (from, to) = (points.nearest(i), points.nearest(j));
            for &way in ways {
                let (narrow, wide) = match way {
                    Sampling::Points(n) => (single.patterns(from, to, n), double.patterns(from, to, n)),
                    Sampling::Adaptive => (single.adaptive_patterns(from, to), double.adaptive_patterns(from, to)),
                };
                for (precision, patterns) in [(Precision::F32, narrow), (Precision::F64, wide)] {
                    audit.samplers.entry((way, precision)).or_default().add(trace, &chi, &patterns);
                }
            }
        })?;
        Ok(audit)
    };
    pairs.par_chunks(CHUNK).map(of_chunk).try_reduce(Audit::default, |x, y| Ok(x.merge(y)))
}
