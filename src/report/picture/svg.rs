//! A drawing as SVG text: shapes and words, no more than the pictures need.

use crate::words::plain;
use std::fmt::{Display, Write};

/// Where a text stands with respect to its point.
#[derive(Clone, Copy, Debug)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A drawing of a width and a height in pixels, on white.
#[derive(Debug)]
pub(super) struct Drawing {
    body: String,
    width: f64,
    height: f64,
}

impl Drawing {
    pub(super) fn new(width: f64, height: f64) -> Self {
        Self { body: String::new(), width, height }
    }

    fn push(&mut self, element: impl Display) {
        let _ = writeln!(self.body, "{element}"); // a string takes all
    }

    /// A rectangle; its title is shown where the pointer rests on it.
    pub(super) fn rectangle(&mut self, [x, y, width, height]: [f64; 4], fill: &str, title: &str) {
        let title = if title.is_empty() { String::new() } else { format!("<title>{}</title>", escaped(title)) };
        self.push(format_args!(r#"<rect x="{x:.2}" y="{y:.2}" width="{width:.2}" height="{height:.2}" fill="{fill}">{title}</rect>"#));
    }

    pub(super) fn line(&mut self, [x0, y0, x1, y1]: [f64; 4], stroke: &str, width: f64) {
        self.push(format_args!(r#"<line x1="{x0:.2}" y1="{y0:.2}" x2="{x1:.2}" y2="{y1:.2}" stroke="{stroke}" stroke-width="{width}"/>"#));
    }

    pub(super) fn path(&mut self, points: &[(f64, f64)], stroke: &str, dashes: &str) {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.2},{y:.2}")).collect();
        let dashes = if dashes.is_empty() { String::new() } else { format!(r#" stroke-dasharray="{dashes}""#) };
        self.push(format_args!(r#"<polyline points="{}" fill="none" stroke="{stroke}" stroke-width="2"{dashes}/>"#, points.join(" ")));
    }

    /// A filled polygon; its title is shown where the pointer rests on it.
    pub(super) fn polygon(&mut self, corners: impl Iterator<Item = (f64, f64)>, fill: &str, title: &str) {
        let points: Vec<String> = corners.map(|(x, y)| format!("{x:.2},{y:.2}")).collect();
        let points = points.join(" ");
        // A line of the same colour closes the seam between neighbours.
        let look = format_args!(r#"fill="{fill}" stroke="{fill}" stroke-width="0.5""#).to_string();
        if title.is_empty() {
            self.push(format_args!(r#"<polygon points="{points}" {look}/>"#));
        } else {
            let title = escaped(title);
            self.push(format_args!(r#"<polygon points="{points}" {look}><title>{title}</title></polygon>"#));
        }
    }

    /// Many lines of one look.
    pub(super) fn segments(&mut self, ends: impl Iterator<Item = [(f64, f64); 2]>, stroke: &str, width: f64) {
        let path: String = ends.map(|[(x0, y0), (x1, y1)]| format!("M{x0:.2} {y0:.2}L{x1:.2} {y1:.2}")).collect();
        self.push(format_args!(
            r#"<path d="{path}" fill="none" stroke="{stroke}" stroke-width="{width}" stroke-linecap="round" pointer-events="none"/>"#
        ));
    }

    /// A dot; its title is shown where the pointer rests on it.
    pub(super) fn dot(&mut self, (x, y): (f64, f64), fill: &str, title: &str) {
        let title = escaped(title);
        self.push(format_args!(
            r#"<circle cx="{x:.2}" cy="{y:.2}" r="4.5" fill="{fill}" stroke="white" stroke-width="1"><title>{title}</title></circle>"#
        ));
    }

    pub(super) fn text(&mut self, (x, y): (f64, f64), anchor: Anchor, size: f64, fill: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escaped(text);
        self.push(format_args!(
            r#"<text x="{x:.2}" y="{y:.2}" text-anchor="{anchor}" font-size="{size}" fill="{fill}" dy="0.35em">{text}</text>"#
        ));
    }

    /// A text that runs upwards, around its middle.
    pub(super) fn upward(&mut self, (x, y): (f64, f64), size: f64, text: &str) {
        let text = escaped(text);
        self.push(format_args!(
            r#"<text transform="translate({x:.2} {y:.2}) rotate(-90)" text-anchor="middle" font-size="{size}" fill="{INK}" dy="0.35em">{text}</text>"#
        ));
    }

    /// The whole as a file.
    pub(super) fn finish(self) -> String {
        let Self { body, width, height } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
             font-family=\"Helvetica, Arial, sans-serif\">\n<rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n{body}</svg>\n"
        )
    }
}

/// The colour of words and axes.
pub(super) const INK: &str = "#222222";

/// The colour of lines that only guide the eye.
pub(super) const GUIDE: &str = "#dddddd";

/// Text for a document, without characters that end it or that XML forbids.
fn escaped(text: &str) -> String {
    plain(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// An upper estimate of the width of a text in pixels; no font is read.
pub(super) fn width_of(text: &str, size: f64) -> f64 {
    0.62 * size * text.chars().count() as f64
}

/// Round numbers from 0 to at least `largest`, about five of them.
pub(super) fn ticks(largest: f64) -> Vec<f64> {
    if !(largest > 0.0 && largest.is_finite()) {
        return vec![0.0, 1.0];
    }
    let power = 10f64.powf((largest / 5.0).log10().floor());
    let step =
        [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| largest / step <= 5.0).unwrap_or(10.0 * power);
    let mut ticks = vec![0.0];
    while ticks[ticks.len() - 1] < largest {
        ticks.push(ticks.len() as f64 * step);
    }
    ticks
}

/// A number for a label: at most six digits, without zeros at the end.
pub(super) fn label(x: f64) -> String {
    label_among(x, 1e-5 * x.abs())
}

/// A number for a label, with as many digits as tell it from others that are a step away.
pub(super) fn label_among(x: f64, step: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return if x == 0.0 { "0".to_string() } else { "beyond doubles".to_string() };
    }
    let power_of = |x: f64| (x.abs().log10() + 1e-9).floor();
    let digits = (power_of(x) - power_of(step)).clamp(0.0, 16.0) as usize;
    let scientific = format!("{x:.digits$e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i32 = exponent.parse().unwrap_or_default();
    let trimmed =
        |text: &str| if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text.to_string() };
    match power {
        -4..6 => trimmed(&format!("{x:.*}", usize::try_from(digits as i32 - power).unwrap_or(0))),
        _ => format!("{}e{exponent}", trimmed(mantissa)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_reach_the_largest() {
        assert_eq!(ticks(1.0), [0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        assert_eq!(ticks(0.37).last().map(|&x| label(x)), Some("0.4".to_string()));
        for largest in [0.000_001, 0.013, 0.5, 0.99, 7.0, 100.0, 12345.0] {
            let ticks = ticks(largest);
            assert!((3..=7).contains(&ticks.len()) && *ticks.last().unwrap() >= largest, "{largest}: {ticks:?}");
        }
        assert_eq!(ticks(0.0), [0.0, 1.0]);
    }

    #[test]
    fn labels_differ_where_numbers_do() {
        for (x, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (0.025, "0.025"),
            (2.5e-9, "2.5e-9"),
            (1e6, "1e6"),
            (100_000.0, "100000"),
            (-0.3, "-0.3"),
            (0.1 + 0.2, "0.3"),
        ] {
            assert_eq!(label(x), text);
        }
        assert_eq!([5e9, 1e10, 1.5e10].map(|x| label_among(x, 5e9)), ["5e9", "1e10", "1.5e10"]);
        assert_eq!([1e6, 1e6 + 0.2].map(|x| label_among(x, 0.2)), ["1e6", "1.0000002e6"]);
        assert_eq!([5000.0, 5000.02].map(|x| label_among(x, 0.02)), ["5000", "5000.02"]);
    }

    #[test]
    fn words_are_escaped() {
        let mut drawing = Drawing::new(10.0, 10.0);
        drawing.text((1.0, 1.0), Anchor::Start, 10.0, INK, "a<b & \"c\"");
        drawing.rectangle([0.0; 4], INK, "W\u{1b}[31m\u{202e}\u{fffe}é");
        let picture = drawing.finish();
        assert!(picture.contains("a&lt;b &amp; &quot;c&quot;"));
        assert!(picture.contains("<title>W\\u{1b}[31m\\u{202e}\\u{fffe}é</title>"));
    }
}
