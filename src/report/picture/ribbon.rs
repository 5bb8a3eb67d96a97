//! One segment: its regions side by side, and the way from the first pattern.

use super::colours::{LINES, hex, light};
use super::svg::{Anchor, Drawing, GUIDE, INK, label, ticks};
use crate::fold::Path;
use crate::line::Trace;

const LEFT: f64 = 50.0;
const TOP: f64 = 44.0;
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 110.0;
const BAND: f64 = 16.0;

/// The regions of a segment as a band from t = 0 to t = 1, and above it their Hamming distance to the first region, as SVG.
///
/// ```
/// use plica::{data::Point, line::Tracer, network::load, report::picture::ribbon};
/// let [from, to] = ["0", "1"].map(|x| Point::load(x, &Default::default()).unwrap());
/// let trace = Tracer::new(&load("sawtooth:2").unwrap()).trace(&from, &to).unwrap();
/// let picture = ribbon("sawtooth:2", &trace);
/// assert!(picture.contains("4 regions") && picture.matches("<rect").count() >= 4);
/// ```
pub fn ribbon(name: &str, trace: &Trace) -> String {
    let distances: Vec<u64> = std::iter::once(0).chain(trace.steps().map(|step| step.distance)).collect();
    let between = trace.crossings().map(|crossing| f64::midpoint(crossing.t.lo, crossing.t.hi));
    let times: Vec<f64> = std::iter::once(0.0).chain(between).chain([1.0]).collect();
    let scale = ticks(distances.iter().copied().max().unwrap_or(0).max(1) as f64);
    let largest = scale.last().copied().unwrap_or(1.0);
    let (x, y) = (|t: f64| LEFT + WIDTH * t, |distance: f64| TOP + HEIGHT * (1.0 - distance / largest));
    let band = TOP + HEIGHT + 10.0;
    let mut drawing = Drawing::new(LEFT + WIDTH + 24.0, band + BAND + 28.0);
    let title = format!("{name}: {} regions, and their Hamming distance to the first", distances.len());
    drawing.text((16.0, 20.0), Anchor::Start, 14.0, INK, &title);
    for tick in scale {
        drawing.line([LEFT, y(tick), LEFT + WIDTH, y(tick)], GUIDE, 1.0);
        drawing.text((LEFT - 8.0, y(tick)), Anchor::End, 12.0, INK, &label(tick));
    }
    let mut way = Vec::with_capacity(2 * distances.len());
    for (k, (distance, ends)) in distances.iter().zip(times.windows(2)).enumerate() {
        way.extend([(x(ends[0]), y(*distance as f64)), (x(ends[1]), y(*distance as f64))]);
        let said = format!("region {k}: {distance} bits from the first");
        drawing.rectangle([x(ends[0]), band, x(ends[1]) - x(ends[0]), BAND], &hex(light(k as u64)), &said);
    }
    drawing.path(&way, LINES[0], "");
    for (t, text) in [(0.0, "t = 0"), (1.0, "1")] {
        drawing.text((x(t), band + BAND + 14.0), Anchor::Middle, 12.0, INK, text);
    }
    drawing.finish()
}
