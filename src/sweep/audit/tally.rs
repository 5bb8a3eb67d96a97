//! The results of ways of sampling on many segments, as counts that can be merged.

use super::sampler::Sampled;
use super::sequence::{Fault, SequenceAudit};
use crate::fold::{Distribution, Folding};
use crate::line::{Decisions, Trace};
use rug::Rational;
use std::collections::BTreeMap;

/// The choice of points on a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sampling {
    /// This number of points at equal distances, including both ends.
    Points(usize),
    /// Repeatedly the middle between two neighbouring points whose patterns differ in more than one bit.
    Adaptive,
}

/// The precision in which points and networks are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

/// The results of one way of sampling on many segments, as counts that can be merged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SamplerTally {
    /// The number of segments whose sequence of regions was not found exactly.
    pub incomplete: u64,
    /// The number of regions that contain no sampled point.
    pub missed: u64,
    /// The number of patterns of crossings and ends.
    pub boundary: u64,
    /// The number of patterns that occur nowhere on their segment.
    pub unknown: u64,
    /// The number of patterns in the wrong order.
    pub out_of_order: u64,
    /// The number of points that were evaluated.
    pub points: u64,
    /// The differences of sampled chi and exact chi, with their counts.
    errors: BTreeMap<Rational, u64>,
}

impl Sampling {
    /// The limit for the number of sampling points on a segment: in single precision, 1 - 2^-24 is the number before 1.
    pub const MOST_POINTS: usize = 1 << 24;
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
    /// The differences of sampled chi and exact chi, over the segments.
    pub fn errors(&self) -> Distribution {
        self.errors.iter().map(|(error, count)| (error.clone(), *count)).collect()
    }

    pub(super) fn add(&mut self, trace: &Trace, chi: &Rational, sampled: &Sampled) {
        let patterns = &sampled.patterns[..];
        let audit = SequenceAudit::of(trace, patterns);
        self.incomplete += u64::from(!audit.is_complete());
        self.missed += audit.missed as u64;
        self.boundary += audit.boundary as u64;
        for (_, fault) in audit.faults {
            match fault {
                Fault::Unknown => self.unknown += 1,
                Fault::OutOfOrder => self.out_of_order += 1,
            }
        }
        self.points += sampled.points;
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

/// The results of the ways of sampling on the same segments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Audit {
    /// The number of segments that are compared.
    pub segments: u64,
    /// The number of segments with windows, which are not compared.
    pub windows: u64,
    /// The number of their regions.
    pub regions: u64,
    /// The results for each way of sampling and each precision.
    pub samplers: BTreeMap<(Sampling, Precision), SamplerTally>,
    /// The numbers of decisions of the exact traces.
    pub decisions: Decisions,
}

impl Audit {
    /// The results of this audit and of another one, for other segments.
    pub fn merge(mut self, other: Self) -> Self {
        self.segments += other.segments;
        self.windows += other.windows;
        self.regions += other.regions;
        self.decisions += other.decisions;
        for (sampler, tally) in other.samplers {
            self.samplers.entry(sampler).or_default().merge(tally);
        }
        self
    }
}
