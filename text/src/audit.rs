//! The text of an audit.

use crate::number::{self, grouped};
use crate::table::{Left, Right, Table};
use plica::exact::ExactNumber;
use plica::report::{AuditReport, percent, places};
use plica::sweep::Sampling;
use rug::Rational;

/// The text of an audit: a row for each way of sampling.
pub fn audit(heading: &str, report: &AuditReport) -> String {
    let adaptive = Sampling::Adaptive.to_string();
    let head = ["sampling", "inexact", "missed", "wrong", "bias", "max", "above", "below"];
    let mut table = Table::new([Left, Right, Right, Right, Right, Right, Right, Right], head);
    let per_cent = |number: &Option<ExactNumber>| number.as_ref().map_or("-".to_string(), |x| percent(&x.0, 1));
    let plain = |number: &Option<ExactNumber>, count: u32| number.as_ref().map_or("-".to_string(), |x| places(&x.0, count));
    let share = |part: u64| (report.segments > 0).then(|| ExactNumber(Rational::from((part, report.segments))));
    for sampler in &report.samplers {
        let error = &sampler.chi_error;
        let sampling =
            if sampler.sampler == adaptive { format!("{adaptive} ({})", plain(&sampler.points, 0)) } else { sampler.sampler.clone() };
        table.push([
            format!("{sampling}, {}", sampler.precision),
            per_cent(&sampler.incomplete),
            per_cent(&sampler.missed),
            (sampler.unknown_patterns + sampler.out_of_order_patterns).to_string(),
            plain(&error.bias, 4),
            plain(&error.largest, 3),
            per_cent(&share(error.above)),
            per_cent(&share(error.below)),
        ]);
    }
    let (segments, regions) = (grouped(report.segments), grouped(report.regions));
    let windows =
        if report.windows > 0 { format!("; {} more have windows, and are not compared", grouped(report.windows)) } else { String::new() };
    format!("{}  {segments} segments, {regions} regions{windows}\n\n{table}\n{LEGEND}", number::heading(heading))
}

const LEGEND: &str = "  inexact  segments whose sequence of regions is not found exactly
  missed   regions that no point fell into
  wrong    patterns that occur nowhere on their segment, or in another order
  bias, max, above, below: sampled chi against exact chi, its mean error, its
           largest, and on how many segments it is too large and too small
";
