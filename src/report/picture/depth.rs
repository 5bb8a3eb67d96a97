//! Folding against depth, for several networks.

use super::chart::{Chart, Line};
use crate::exact::ExactNumber;
use crate::report::FoldReport;
use crate::report::number::decimal;

/// What is drawn, and its value in a report.
type Series = (Line, fn(&FoldReport) -> &Option<ExactNumber>);

const SERIES: [Series; 3] = [
    (("pairs' medians of positive peaks, mean", "2 4"), |report| &report.global.pair_medians_of_positive_peaks.mean),
    (("median chi of the segments that fold", "8 4"), |report| &report.global.median_of_positive),
    (("mean chi", ""), |report| &report.global.mean),
];

/// Three measures against the number of hidden layers, one dot a network, as SVG; networks of one depth stand above each other.
pub fn against_depth(reports: &[(&str, usize, &FoldReport)]) -> String {
    let mut order: Vec<_> = reports.iter().collect();
    order.sort_by_key(|(_, depth, _)| *depth);
    let deepest = order.last().map_or(1, |(_, depth, _)| *depth).max(1);
    let x = |depth: usize| (depth as f64 - 0.5) / deepest as f64;
    let values = order.iter().flat_map(|(_, _, report)| SERIES.iter().filter_map(|(_, number)| number(report).as_ref()));
    let largest = values.map(ExactNumber::value).fold(0.0, f64::max);
    let mut chart = Chart::new("chi against depth", "hidden layers", &SERIES.map(|(line, _)| line), largest);
    for depth in (1..=deepest).step_by(deepest.div_ceil(20)) {
        chart.tick(x(depth), &depth.to_string());
    }
    for (k, (line, number)) in SERIES.into_iter().enumerate() {
        let mut points = Vec::new();
        for (network, depth, report) in &order {
            let Some(exact) = number(report) else { continue };
            let value = exact.value();
            chart.dot(k, (x(*depth), value), &format!("{network}: {} {}", line.0, decimal(&exact.0)));
            points.push((x(*depth), value));
        }
        chart.path(k, line, &points);
    }
    chart.finish()
}
