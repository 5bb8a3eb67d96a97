//! Folding against depth, for several networks.

use super::colours::LINES;
use super::svg::{Anchor, Drawing, GUIDE, INK, label, ticks, width_of};
use crate::report::FoldReport;

/// What is drawn: its name, its dashes, and its value in a report.
type Series = (&'static str, &'static str, fn(&FoldReport) -> Option<f64>);

const SERIES: [Series; 3] = [
    ("pairs' medians of positive peaks, mean", "2 4", |report| {
        report.global.pair_medians_of_positive_peaks.mean.as_ref().map(|x| x.value())
    }),
    ("median chi of the segments that fold", "8 4", |report| report.global.median_of_positive.as_ref().map(|x| x.value())),
    ("mean chi", "", |report| report.global.mean.as_ref().map(|x| x.value())),
];

/// Three measures against the number of hidden layers, one dot a network, as SVG; networks of one depth stand above each other.
pub fn against_depth(reports: &[(&str, usize, &FoldReport)]) -> String {
    let mut order: Vec<_> = reports.iter().collect();
    order.sort_by_key(|(_, depth, _)| *depth);
    let deepest = order.last().map_or(1, |(_, depth, _)| *depth).max(1);
    let (left, top, width, height) = (66.0, 56.0, 560.0, 300.0);
    let legend = SERIES.iter().map(|(name, ..)| width_of(name, 13.0)).fold(0.0, f64::max);
    let mut drawing = Drawing::new((left + width + legend + 72.0).ceil(), top + height + 60.0);
    drawing.text((16.0, 20.0), Anchor::Start, 16.0, INK, "chi against depth");
    let values = order.iter().flat_map(|(_, _, report)| SERIES.iter().filter_map(|series| series.2(report)));
    let scale = ticks(values.fold(0.0, f64::max));
    let largest = scale.last().copied().unwrap_or(1.0);
    let y = |value: f64| top + height * (1.0 - value / largest);
    let x = |depth: usize| left + width * (depth as f64 - 0.5) / deepest as f64;
    for tick in &scale {
        drawing.line([left, y(*tick), left + width, y(*tick)], GUIDE, 1.0);
        drawing.text((left - 8.0, y(*tick)), Anchor::End, 12.0, INK, &label(*tick));
    }
    drawing.line([left, top + height, left + width, top + height], INK, 1.0);
    for depth in (1..=deepest).step_by(deepest.div_ceil(20)) {
        drawing.text((x(depth), top + height + 16.0), Anchor::Middle, 12.0, INK, &depth.to_string());
    }
    drawing.text((left + width / 2.0, top + height + 40.0), Anchor::Middle, 13.0, INK, "hidden layers");
    for (k, (name, dashes, value)) in SERIES.iter().enumerate() {
        let seen = order.iter().filter_map(|(network, depth, report)| Some((network, *depth, value(report)?)));
        let seen: Vec<_> = seen.collect();
        let points: Vec<_> = seen.iter().map(|(_, depth, value)| (x(*depth), y(*value))).collect();
        drawing.path(&points, LINES[k], dashes);
        for (point, (network, _, value)) in points.iter().zip(&seen) {
            drawing.dot(*point, LINES[k], &format!("{network}: {name} {value:.6}"));
        }
        let at = top + 14.0 + 26.0 * k as f64;
        let from = left + width + 20.0;
        drawing.path(&[(from, at), (from + 34.0, at)], LINES[k], dashes);
        drawing.dot((from + 17.0, at), LINES[k], name);
        drawing.text((from + 42.0, at), Anchor::Start, 13.0, INK, name);
    }
    drawing.finish()
}
