//! The report of sampling held against exact traces.

use super::number::{self, grouped, percent, places};
use super::table::{Left, Right, Table};
use crate::exact::ExactNumber;
use crate::fold::Distribution;
use crate::line::Decisions;
use crate::sweep::Audit;
use rug::Rational;
use serde::Serialize;
use std::cmp::Ordering;

/// What `plica audit` says of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// The segments.
    pub segments: u64,
    /// Their regions.
    pub regions: u64,
    /// What each way of sampling has found.
    pub samplers: Vec<SamplerReport>,
    /// How the decisions of the exact traces were taken.
    pub decisions: Decisions,
}

/// What one way of sampling has found, in one precision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SamplerReport {
    /// Such as `101 points` or `adaptive`.
    pub sampler: String,
    /// `f32` or `f64`.
    pub precision: String,
    /// Points a segment, on average.
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

/// How sampled chi differs from exact chi.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChiError {
    /// The mean.
    pub bias: Option<ExactNumber>,
    /// The largest, without its sign.
    pub largest: Option<ExactNumber>,
    /// On how many segments the sampled value is too large.
    pub above: u64,
    /// On how many segments the sampled value is too small.
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
        Self { segments: audit.segments, regions: audit.regions, samplers: samplers.collect(), decisions: audit.decisions }
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

/// The text of an audit: a row for each way of sampling.
pub fn audit_text(heading: &str, report: &AuditReport) -> String {
    let head = ["sampling", "inexact", "missed", "wrong", "bias", "max", "above", "below"];
    let mut table = Table::new([Left, Right, Right, Right, Right, Right, Right, Right], head);
    let per_cent = |number: &Option<ExactNumber>| number.as_ref().map_or("-".to_string(), |x| percent(&x.0, 1));
    let plain = |number: &Option<ExactNumber>, count: u32| number.as_ref().map_or("-".to_string(), |x| places(&x.0, count));
    for sampler in &report.samplers {
        let error = &sampler.chi_error;
        let sampling =
            if sampler.sampler == ADAPTIVE { format!("{ADAPTIVE} ({})", plain(&sampler.points, 0)) } else { sampler.sampler.clone() };
        table.push([
            format!("{sampling}, {}", sampler.precision),
            per_cent(&sampler.incomplete),
            per_cent(&sampler.missed),
            (sampler.unknown_patterns + sampler.out_of_order_patterns).to_string(),
            plain(&error.bias, 4),
            plain(&error.largest, 3),
            per_cent(&share(error.above, report.segments)),
            per_cent(&share(error.below, report.segments)),
        ]);
    }
    let (segments, regions) = (grouped(report.segments), grouped(report.regions));
    format!("{}  {segments} segments, {regions} regions\n\n{table}\n{LEGEND}", number::heading(heading))
}

/// The name of the adaptive sampling.
pub(in crate::report) const ADAPTIVE: &str = "adaptive";

const LEGEND: &str = "  inexact  segments whose sequence of regions is not found exactly
  missed   regions that no point fell into
  wrong    patterns that occur nowhere on their segment, or in another order
  bias, max, above, below: sampled chi against exact chi, its mean error, its
           largest, and on how many segments it is too large and too small
";
