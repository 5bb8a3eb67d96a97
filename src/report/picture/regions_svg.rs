//! A complex of the plane as SVG.

use super::colours::hex;
use super::scene::Scene;
use super::svg::{Anchor, Drawing, INK, width_of};

/// The longer side of the picture itself.
const SIDE: f64 = 800.0;
const LEFT: f64 = 70.0;
const TOP: f64 = 48.0;
/// Up to so many cells, each says its pattern and map where the pointer rests.
const SAID: usize = 5_000;

impl Scene {
    /// The picture as SVG, with axes and a legend; up to 5,000 cells say their pattern and map where the pointer rests.
    pub fn svg(&self) -> String {
        let [lo, hi] = self.view;
        let scale = SIDE / (hi[0] - lo[0]).max(hi[1] - lo[1]);
        let (width, height) = (scale * (hi[0] - lo[0]), scale * (hi[1] - lo[1]));
        let place = |x: [f64; 2]| (LEFT + scale * (x[0] - lo[0]), TOP + scale * (hi[1] - x[1]));
        let legend = self.legend.iter().map(|(_, text)| width_of(text, 13.0) + 60.0).fold(24.0, f64::max);
        let total = (LEFT + width + legend).max(width_of(&self.title, 16.0) + 32.0);
        let mut drawing = Drawing::new(total.ceil(), (TOP + height + 56.0).max(TOP + 22.0 * self.legend.len() as f64 + 20.0).ceil());
        drawing.text((16.0, 20.0), Anchor::Start, 16.0, INK, &self.title);
        let says = self.polygons.len() <= SAID;
        for polygon in &self.polygons {
            let corners = polygon.corners.iter().map(|&corner| place(self.corners[corner as usize]));
            drawing.polygon(corners, &hex(polygon.fill), if says { &polygon.words } else { "" });
        }
        // Edges of one look are one path.
        for edges in self.edges.chunk_by(|x, y| (x.colour, x.width.to_bits()) == (y.colour, y.width.to_bits())) {
            let ends = edges.iter().map(|edge| edge.ends.map(|corner| place(self.corners[corner as usize])));
            drawing.segments(ends, &hex(edges[0].colour), edges[0].width);
        }
        for (x, colour) in &self.points {
            drawing.dot(place(*x), &hex(*colour), "");
        }
        for (x, text) in self.ticks(0) {
            let (x, y) = place([x, lo[1]]);
            drawing.line([x, y, x, y + 5.0], INK, 1.0);
            drawing.text((x, y + 16.0), Anchor::Middle, 12.0, INK, &text);
        }
        for (y, text) in self.ticks(1) {
            let (x, y) = place([lo[0], y]);
            drawing.line([x - 5.0, y, x, y], INK, 1.0);
            drawing.text((x - 9.0, y), Anchor::End, 12.0, INK, &text);
        }
        drawing.text((LEFT + width / 2.0, TOP + height + 38.0), Anchor::Middle, 13.0, INK, self.axes[0]);
        drawing.upward((16.0, TOP + height / 2.0), 13.0, self.axes[1]);
        for (k, (colour, text)) in self.legend.iter().enumerate() {
            let (x, y) = (LEFT + width + 20.0, TOP + 22.0 * k as f64);
            drawing.rectangle([x, y, 16.0, 16.0], &hex(*colour), "");
            drawing.text((x + 24.0, y + 8.0), Anchor::Start, 13.0, INK, text);
        }
        drawing.finish()
    }
}
