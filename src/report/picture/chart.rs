//! The frame of a line chart: a vertical scale with guides, a base line, and a legend to the right.

use super::colours::LINES;
use super::svg::{Anchor, Drawing, GUIDE, INK, label, ticks, width_of};

const LEFT: f64 = 66.0;
const TOP: f64 = 56.0;
const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 300.0;

/// A line of the chart: its name and its dashes; its colour goes by its place.
pub(super) type Line = (&'static str, &'static str);

/// A chart whose points are placed by a share of the width and a value.
pub(super) struct Chart {
    drawing: Drawing,
    largest: f64,
}

impl Chart {
    /// A chart for values from 0 to the largest, with its lines named to the right.
    pub(super) fn new(title: &str, axis: &str, lines: &[Line], largest: f64) -> Self {
        let legend = lines.iter().map(|(name, _)| width_of(name, 13.0)).fold(0.0, f64::max);
        let width = (LEFT + WIDTH + legend + 72.0).max(width_of(title, 16.0) + 32.0);
        let scale = ticks(largest);
        let mut chart = Self { drawing: Drawing::new(width.ceil(), TOP + HEIGHT + 60.0), largest: scale[scale.len() - 1] };
        chart.drawing.text((16.0, 20.0), Anchor::Start, 16.0, INK, title);
        for tick in scale {
            let (_, y) = chart.at(0.0, tick);
            chart.drawing.line([LEFT, y, LEFT + WIDTH, y], GUIDE, 1.0);
            chart.drawing.text((LEFT - 8.0, y), Anchor::End, 12.0, INK, &label(tick));
        }
        chart.drawing.line([LEFT, TOP + HEIGHT, LEFT + WIDTH, TOP + HEIGHT], INK, 1.0);
        chart.drawing.text((LEFT + WIDTH / 2.0, TOP + HEIGHT + 40.0), Anchor::Middle, 13.0, INK, axis);
        for (k, (name, dashes)) in lines.iter().enumerate() {
            let (x, y) = (LEFT + WIDTH + 20.0, TOP + 14.0 + 26.0 * k as f64);
            chart.drawing.path(&[(x, y), (x + 34.0, y)], LINES[k], dashes);
            chart.drawing.text((x + 42.0, y), Anchor::Start, 13.0, INK, name);
        }
        chart
    }

    fn at(&self, share: f64, value: f64) -> (f64, f64) {
        (LEFT + WIDTH * share, TOP + HEIGHT * (1.0 - value / self.largest))
    }

    /// A label below the base line.
    pub(super) fn tick(&mut self, share: f64, text: &str) {
        let (x, y) = self.at(share, 0.0);
        self.drawing.line([x, y, x, y + 4.0], INK, 1.0);
        self.drawing.text((x, y + 16.0), Anchor::Middle, 12.0, INK, text);
    }

    /// The k-th line through some points.
    pub(super) fn path(&mut self, k: usize, (_, dashes): Line, points: &[(f64, f64)]) {
        let points: Vec<_> = points.iter().map(|&(share, value)| self.at(share, value)).collect();
        self.drawing.path(&points, LINES[k], dashes);
    }

    /// A dot in the colour of the k-th line; its title is shown where the pointer rests on it.
    pub(super) fn dot(&mut self, k: usize, (share, value): (f64, f64), title: &str) {
        self.drawing.dot(self.at(share, value), LINES[k], title);
    }

    /// A word to the right of a point, above it.
    pub(super) fn word(&mut self, (share, value): (f64, f64), text: &str) {
        let (x, y) = self.at(share, value);
        self.drawing.text((x + 8.0, y - 10.0), Anchor::Start, 12.0, INK, text);
    }

    pub(super) fn finish(self) -> String {
        self.drawing.finish()
    }
}
