//! What sampling misses, against the number of points.

use super::colours::LINES;
use super::svg::{Anchor, Drawing, GUIDE, INK, label, ticks, width_of};
use crate::exact::ExactNumber;
use crate::report::audit::ADAPTIVE;
use crate::report::{AuditReport, SamplerReport};

/// What is drawn: its name, its dashes, and its value in a report.
type Series = (&'static str, &'static str, fn(&SamplerReport) -> &Option<ExactNumber>);

const SERIES: [Series; 2] =
    [("segments not found exactly", "", |report| &report.incomplete), ("regions missed", "8 4", |report| &report.missed)];

/// The shares of incomplete segments and of missed regions against the points a segment, in double precision, as SVG.
///
/// The adaptive sampling stands at its average number of points, apart from the line.
pub fn missed_by_sampling(name: &str, report: &AuditReport) -> String {
    let (left, top, width, height) = (66.0, 56.0, 560.0, 300.0);
    let legend = SERIES.iter().map(|(name, ..)| width_of(name, 13.0)).fold(0.0, f64::max);
    let title = format!("{name}: what sampling misses of {} segments, in per cent", report.segments);
    let mut drawing = Drawing::new((left + width + legend + 72.0).max(width_of(&title, 16.0) + 32.0).ceil(), top + height + 60.0);
    drawing.text((16.0, 20.0), Anchor::Start, 16.0, INK, &title);
    let double: Vec<&SamplerReport> = report.samplers.iter().filter(|sampler| sampler.precision == "f64").collect();
    let points = |sampler: &SamplerReport| sampler.points.as_ref().map(ExactNumber::value);
    let powers = double.iter().filter_map(|sampler| points(sampler)).map(f64::log10);
    let (first, last) = powers.fold((f64::INFINITY, 1.0f64), |(low, high), x| (low.min(x.floor()), high.max(x + 0.05)));
    let first = if first.is_finite() { first.min(last - 1.0) } else { 0.0 };
    let x = |points: f64| left + width * (points.log10() - first) / (last - first);
    let percent = |value: &Option<ExactNumber>| value.as_ref().map(|value| 100.0 * value.value());
    let values = double.iter().flat_map(|sampler| SERIES.iter().filter_map(|series| percent(series.2(sampler))));
    let scale = ticks(values.fold(0.0, f64::max));
    let largest = scale.last().copied().unwrap_or(1.0);
    let y = |value: f64| top + height * (1.0 - value / largest);
    for tick in &scale {
        drawing.line([left, y(*tick), left + width, y(*tick)], GUIDE, 1.0);
        drawing.text((left - 8.0, y(*tick)), Anchor::End, 12.0, INK, &label(*tick));
    }
    drawing.line([left, top + height, left + width, top + height], INK, 1.0);
    for power in first as i32..=last.floor() as i32 {
        let points = 10f64.powi(power);
        drawing.line([x(points), top + height, x(points), top + height + 4.0], INK, 1.0);
        drawing.text((x(points), top + height + 16.0), Anchor::Middle, 12.0, INK, &label(points));
    }
    drawing.text((left + width / 2.0, top + height + 40.0), Anchor::Middle, 13.0, INK, "points a segment");
    for (k, (name, dashes, value)) in SERIES.iter().enumerate() {
        let mut line = Vec::new();
        for sampler in &double {
            let (Some(points), Some(value)) = (points(sampler), percent(value(sampler))) else { continue };
            let at = (x(points), y(value));
            drawing.dot(at, LINES[k], &format!("{}: {name} {value:.4} %", sampler.sampler));
            if sampler.sampler == ADAPTIVE {
                if k == 0 {
                    drawing.text((at.0 + 8.0, at.1 - 10.0), Anchor::Start, 12.0, INK, ADAPTIVE);
                }
            } else {
                line.push(at);
            }
        }
        drawing.path(&line, LINES[k], dashes);
        let (from, at) = (left + width + 20.0, top + 14.0 + 26.0 * k as f64);
        drawing.path(&[(from, at), (from + 34.0, at)], LINES[k], dashes);
        drawing.text((from + 42.0, at), Anchor::Start, 13.0, INK, name);
    }
    drawing.finish()
}
