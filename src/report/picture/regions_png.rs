//! A complex of the plane as PNG.

use super::colours::Rgb;
use super::scene::Scene;
use tiny_skia::{Color, FillRule, LineCap, Paint, Path, PathBuilder, Pixmap, Stroke, Transform};

/// The longer side in pixels, its margin included.
const SIDE: f64 = 1600.0;
const MARGIN: f64 = 8.0;

/// Why a picture cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PngError {
    /// A side has no pixels, or too many.
    #[error("the picture has no size")]
    NoSize,
    /// The pixels are not encoded.
    #[error("the picture is not encoded: {0}")]
    Encoding(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Scene {
    /// The picture as PNG, 1600 pixels at its longer side: cells, edges and points, without words, as papers take it.
    ///
    /// # Errors
    /// A picture without size, or one that is not encoded.
    pub fn png(&self) -> Result<Vec<u8>, PngError> {
        let [lo, hi] = self.view;
        let scale = (SIDE - 2.0 * MARGIN) / (hi[0] - lo[0]).max(hi[1] - lo[1]);
        let pixels = |axis: usize| ((scale * (hi[axis] - lo[axis]) + 2.0 * MARGIN).ceil() as u32).max(1);
        let mut picture = Pixmap::new(pixels(0), pixels(1)).ok_or(PngError::NoSize)?;
        picture.fill(Color::WHITE);
        let place = |x: [f64; 2]| ((MARGIN + scale * (x[0] - lo[0])) as f32, (MARGIN + scale * (hi[1] - x[1])) as f32);
        let here = Transform::identity();
        for polygon in &self.polygons {
            let corners = polygon.corners.iter().map(|&corner| place(self.corners[corner as usize]));
            if let Some(path) = line(corners, true) {
                // Without anti-aliasing no seam is left between neighbours.
                picture.fill_path(&path, &paint(polygon.fill, false), FillRule::Winding, here, None);
            }
        }
        for edge in &self.edges {
            if let Some(path) = line(edge.ends.iter().map(|&corner| place(self.corners[corner as usize])), false) {
                let stroke = Stroke { width: 1.6 * edge.width as f32, line_cap: LineCap::Round, ..Stroke::default() };
                picture.stroke_path(&path, &paint(edge.colour, true), &stroke, here, None);
            }
        }
        for &(x, colour) in &self.points {
            let (x, y) = place(x);
            for (radius, colour) in [(8.5, [255; 3]), (6.5, colour)] {
                if let Some(path) = PathBuilder::from_circle(x, y, radius) {
                    picture.fill_path(&path, &paint(colour, true), FillRule::Winding, here, None);
                }
            }
        }
        picture.encode_png().map_err(|error| PngError::Encoding(Box::new(error)))
    }
}

fn line(corners: impl Iterator<Item = (f32, f32)>, closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    for (k, (x, y)) in corners.enumerate() {
        if k == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    if closed {
        path.close();
    }
    path.finish()
}

fn paint([r, g, b]: Rgb, anti_alias: bool) -> Paint<'static> {
    let mut paint = Paint { anti_alias, ..Paint::default() };
    paint.set_color_rgba8(r, g, b, 255);
    paint
}
