//! How chi is distributed over the segments.

use super::colours::LINES;
use super::svg::{Anchor, Drawing, GUIDE, INK, label, ticks, width_of};
use crate::exact::nearest_f64;
use crate::report::FoldReport;
use crate::report::number::{percent, share};
use rug::{Integer, Rational};

/// Bars between 0 and 1; the segments that do not fold have one of their own.
const BARS: usize = 40;

/// The distribution of chi over all segments, one panel a network, as SVG.
///
/// Bar k counts (k-1)/40 < chi <= k/40, bar 0 chi = 0: exactly, since chi is rational. Segments with windows are left out; the heading says
/// how many they are.
pub fn distribution(reports: &[(&str, &FoldReport)]) -> String {
    let (left, width, panel) = (66.0, 640.0, 190.0);
    let (bar, right) = (width / (BARS + 1) as f64, 24.0);
    let names = reports.iter().map(|(name, report)| heading(name, report)).collect::<Vec<_>>();
    let widest = names.iter().map(|name| width_of(name, 14.0)).fold(width, f64::max);
    let mut drawing = Drawing::new((left + widest + right).ceil(), 56.0 + panel * reports.len() as f64 + 12.0);
    drawing.text((16.0, 20.0), Anchor::Start, 16.0, INK, "chi of the segments: share of the segments, in per cent");
    for (k, (_, report)) in reports.iter().enumerate() {
        let shares = shares(report);
        let (top, height) = (64.0 + panel * k as f64, panel - 66.0);
        let scale = ticks(shares.iter().map(nearest_f64).fold(0.0, f64::max) * 100.0);
        let largest = scale.last().copied().unwrap_or(1.0);
        drawing.text((left, top - 14.0), Anchor::Start, 14.0, INK, &names[k]);
        for tick in &scale {
            let y = top + height * (1.0 - tick / largest);
            drawing.line([left, y, left + width, y], GUIDE, 1.0);
            drawing.text((left - 8.0, y), Anchor::End, 12.0, INK, &label(*tick));
        }
        for (i, share) in shares.iter().enumerate() {
            let tall = height * nearest_f64(share) * 100.0 / largest;
            let [from, to] = [i as f64 - 1.0, i as f64].map(|x| label(x / BARS as f64));
            let range = if i == 0 { "chi = 0".to_string() } else { format!("{from} < chi <= {to}") };
            let colour = if i == 0 { LINES[1] } else { LINES[0] };
            let area = [left + bar * i as f64 + 0.5, top + height - tall, bar - 1.0, tall];
            drawing.rectangle(area, colour, &format!("{range}: {}", percent(share, 4)));
        }
        drawing.line([left, top + height, left + width, top + height], INK, 1.0);
        drawing.text((left + bar / 2.0, top + height + 14.0), Anchor::Middle, 12.0, LINES[1], "= 0");
        for tenth in (2..=10).step_by(2) {
            let x = left + bar * (1.0 + (BARS * tenth) as f64 / 10.0);
            drawing.line([x, top + height, x, top + height + 4.0], INK, 1.0);
            drawing.text((x, top + height + 14.0), Anchor::Middle, 12.0, INK, &label(tenth as f64 / 10.0));
        }
    }
    drawing.finish()
}

fn heading(name: &str, report: &FoldReport) -> String {
    let segments = report.pairs.iter().map(|pair| pair.paths).sum::<u64>();
    if report.windows() > 0 {
        return format!("{name}: {segments} segments, without the {} with windows", report.windows());
    }
    let mean = report.global.mean.as_ref().map_or("none".to_string(), |mean| share(&mean.0, 4));
    format!("{name}: {segments} segments, mean chi {mean}")
}

/// The share of the segments in each bar.
fn shares(report: &FoldReport) -> Vec<Rational> {
    let chi = report.whole().chi();
    let mut counts = vec![0u64; BARS + 1];
    for (value, count) in chi.iter() {
        let place = Integer::from(Rational::from(value * BARS as u32).ceil().numer());
        counts[place.to_usize().unwrap_or(BARS).min(BARS)] += count;
    }
    let all = chi.count().max(1);
    counts.into_iter().map(|count| Rational::from((count, all))).collect()
}
