//! A complex of the plane as one page, to pan, zoom and ask.

use super::colours::hex;
use super::scene::Scene;
use serde::Serialize;

/// The page around the data.
const PAGE: &str = include_str!("regions.html");

/// What the page draws; corners and cells by their numbers.
#[derive(Serialize)]
struct Data<'a> {
    title: &'a str,
    axes: [&'a str; 2],
    view: [[f64; 2]; 2],
    corners: &'a [[f64; 2]],
    cells: Vec<&'a [u32]>,
    fills: Vec<String>,
    words: Vec<&'a str>,
    /// Two corners, a colour and a width.
    edges: Vec<(u32, u32, String, f64)>,
    points: Vec<(f64, f64, String)>,
    legend: Vec<(String, &'a str)>,
}

impl Scene {
    /// The picture as one HTML file that needs nothing else: drag to move, wheel or keys to zoom, and the pointer asks for pattern and map.
    pub fn html(&self) -> String {
        let data = Data {
            title: &self.title,
            axes: self.axes,
            view: self.view,
            corners: &self.corners,
            cells: self.polygons.iter().map(|polygon| polygon.corners.as_slice()).collect(),
            fills: self.polygons.iter().map(|polygon| hex(polygon.fill)).collect(),
            words: self.polygons.iter().map(|polygon| polygon.words.as_str()).collect(),
            edges: self.edges.iter().map(|edge| (edge.ends[0], edge.ends[1], hex(edge.colour), edge.width)).collect(),
            points: self.points.iter().map(|&([x, y], colour)| (x, y, hex(colour))).collect(),
            legend: self.legend.iter().map(|(colour, text)| (hex(*colour), text.as_str())).collect(),
        };
        // No tag and no comment inside the data, whatever the title says: `<` is only found inside strings.
        let json = serde_json::to_string(&data).unwrap_or_default().replace('<', "\\u003c");
        PAGE.replace("\"DATA\"", &json)
    }
}
