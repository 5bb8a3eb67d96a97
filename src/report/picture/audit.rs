//! What sampling misses, against the number of points.

use super::chart::{Chart, Line};
use super::svg::label;
use crate::exact::ExactNumber;
use crate::report::number::percent;
use crate::report::{AuditReport, SamplerReport};
use crate::sweep::Sampling;

/// What is drawn, and its value in a report.
type Series = (Line, fn(&SamplerReport) -> &Option<ExactNumber>);

const SERIES: [Series; 2] =
    [(("segments not found exactly", ""), |report| &report.incomplete), (("regions missed", "8 4"), |report| &report.missed)];

/// The shares of incomplete segments and of missed regions against the points a segment, in double precision, as SVG.
///
/// The adaptive sampling stands at its average number of points, apart from the line.
pub fn missed_by_sampling(name: &str, report: &AuditReport) -> String {
    let adaptive = Sampling::Adaptive.to_string();
    let double: Vec<&SamplerReport> = report.samplers.iter().filter(|sampler| sampler.precision == "f64").collect();
    let power = |sampler: &SamplerReport| sampler.points.as_ref().map(|points| points.value().log10());
    let powers = || double.iter().filter_map(|sampler| power(sampler));
    let last = powers().fold(1.0, f64::max) + 0.05;
    let first = powers().map(f64::floor).fold(last.floor() - 1.0, f64::min);
    let x = |power: f64| (power - first) / (last - first);
    let values = double.iter().flat_map(|sampler| SERIES.iter().filter_map(|(_, number)| number(sampler).as_ref()));
    let largest = values.map(|share| 100.0 * share.value()).fold(0.0, f64::max);
    let title = format!("{name}: what sampling misses of {} segments, in per cent", report.segments);
    let mut chart = Chart::new(&title, "points a segment", &SERIES.map(|(line, _)| line), largest);
    for power in first as i32..=last.floor() as i32 {
        chart.tick(x(power.into()), &label(10f64.powi(power)));
    }
    for (k, (line, number)) in SERIES.into_iter().enumerate() {
        let mut points = Vec::new();
        for sampler in &double {
            let (Some(power), Some(exact)) = (power(sampler), number(sampler)) else { continue };
            let point = (x(power), 100.0 * exact.value());
            chart.dot(k, point, &format!("{}: {} {}", sampler.sampler, line.0, percent(&exact.0, 4)));
            match (sampler.sampler == adaptive, k) {
                (true, 0) => chart.word(point, &adaptive),
                (true, _) => (),
                (false, _) => points.push(point),
            }
        }
        chart.path(k, line, &points);
    }
    chart.finish()
}
