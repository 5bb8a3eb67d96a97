//! The report of sampling compared with exact traces.

use super::fold::is_zero;
use crate::exact::ExactNumber;
use crate::fold::Distribution;
use crate::line::Decisions;
use crate::sweep::Audit;
use rug::Rational;
use serde::Serialize;
use std::cmp::Ordering;

/// The result of `plica audit` for a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// The number of segments that are compared.
    pub segments: u64,
    /// The number of segments with windows, which are not compared; written if there are any.
    #[serde(skip_serializing_if = "is_zero")]
    pub windows: u64,
    /// The number of their regions.
    pub regions: u64,
    /// The result of each way of sampling.
    pub samplers: Vec<SamplerReport>,
    /// The counts of filtered and exact decisions of the exact traces.
    pub decisions: Decisions,
}

/// The result of one way of sampling in one precision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SamplerReport {
    /// Such as `101 points` or `adaptive`.
    pub sampler: String,
    /// `f32` or `f64`.
    pub precision: String,
    /// Points per segment, on average.
    pub points: Option<ExactNumber>,
    /// The share of the segments whose sequence of regions is not found exactly.
    pub incomplete: Option<ExactNumber>,
    /// The share of the regions that no point fell into.
    pub missed: Option<ExactNumber>,
    /// Patterns of crossings and ends, which are no error.
    pub boundary_patterns: u64,
    /// Patterns that occur nowhere on their segment.
    pub unknown_patterns: u64,
    /// Patterns in the wrong order.
    pub out_of_order_patterns: u64,
    /// Sampled chi minus exact chi.
    pub chi_error: ChiError,
}

/// The difference of sampled chi from exact chi.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChiError {
    /// The mean.
    pub bias: Option<ExactNumber>,
    /// The largest absolute value.
    pub largest: Option<ExactNumber>,
    /// The number of segments with a sampled value that is too large.
    pub above: u64,
    /// The number of segments with a sampled value that is too small.
    pub below: u64,
}

impl AuditReport {
    /// The report of an audit.
    ///
    /// ```
    /// use plica::{data::Points, network::zoo, report::AuditReport, sweep::{Auditor, Sampling}};
    /// let network = zoo::parse("sawtooth:3").unwrap().unwrap();
    /// let points = Points::from_f64(vec![0.0, 1.0], 1).unwrap();
    /// let auditor = Auditor::new(&network, &points, &[Sampling::Points(5)]).unwrap();
    /// let report = AuditReport::new(&auditor.audit(&[(0, 1)]).unwrap());
    /// let json = serde_json::to_value(&report).unwrap();
    /// assert_eq!(json["samplers"][0]["incomplete"]["exact"], "1");
    /// ```
    pub fn new(audit: &Audit) -> Self {
        let samplers = audit.samplers.iter().map(|((sampling, precision), tally)| SamplerReport {
            sampler: sampling.to_string(),
            precision: precision.to_string(),
            points: share(tally.points, audit.segments),
            incomplete: share(tally.incomplete, audit.segments),
            missed: share(tally.missed, audit.regions),
            boundary_patterns: tally.boundary,
            unknown_patterns: tally.unknown,
            out_of_order_patterns: tally.out_of_order,
            chi_error: ChiError::of(&tally.errors()),
        });
        Self {
            segments: audit.segments,
            windows: audit.windows,
            regions: audit.regions,
            samplers: samplers.collect(),
            decisions: audit.decisions,
        }
    }
}

fn share(part: u64, of: u64) -> Option<ExactNumber> {
    (of > 0).then(|| ExactNumber(Rational::from((part, of))))
}

impl ChiError {
    fn of(errors: &Distribution) -> Self {
        let count = |sign: Ordering| errors.iter().filter(|(error, _)| error.cmp0() == sign).map(|(_, count)| count).sum();
        Self {
            bias: errors.mean().map(ExactNumber),
            largest: errors.iter().map(|(error, _)| error.clone().abs()).max().map(ExactNumber),
            above: count(Ordering::Greater),
            below: count(Ordering::Less),
        }
    }
}
