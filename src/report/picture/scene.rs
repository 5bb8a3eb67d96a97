//! What a picture of a complex of the plane shows: polygons, edges, points, and what their colours mean.

use super::colours::{Rgb, class, light, viridis_rgb};
use super::svg::label_among;
use crate::complex::{Cell, Complex, Decided, Domain, Rule};
use crate::data::DataSet;
use crate::exact::{ParseError, nearest_f64};
use crate::report::number::scientific;
use crate::words::plain;
use std::cell::LazyCell;
use std::collections::HashMap;
use std::str::FromStr;

/// What the colours of a picture say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Colouring {
    /// A cell by its activation pattern.
    #[default]
    Pattern,
    /// A cell by its affine map.
    Map,
    /// A cell by its linear region.
    Region,
    /// A cell by the Euclidean norm of the gradient of its outputs.
    Gradient,
    /// An edge by the deepest layer of a unit that it lies on.
    Depth,
    /// A cell by what is decided on it.
    Decision,
}

impl FromStr for Colouring {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Ok(match text {
            "pattern" => Self::Pattern,
            "map" => Self::Map,
            "region" => Self::Region,
            "gradient" => Self::Gradient,
            "depth" => Self::Depth,
            "decision" => Self::Decision,
            _ => return Err(ParseError::new(format!("`{text}` is no colouring: pattern, map, region, gradient, depth or decision"))),
        })
    }
}

/// The longest side of a picture, in pixels.
const PAGE: f64 = 65_536.0;

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SceneError {
    /// The complex is not of the plane.
    #[error("a picture has two dimensions, and this complex has {0}: take a plane slice")]
    Dimension(usize),
    /// The whole plane does not fit.
    #[error("a picture needs a bounded domain: a box")]
    Unbounded,
    /// Colours by decision need one.
    #[error("colours by decision need a decision: sign or argmax")]
    NoDecision,
    /// Coordinates that doubles do not tell apart.
    #[error("the domain is too large or too small to be drawn: its coordinates do not fit doubles")]
    Range,
    /// Points of another dimension.
    #[error("points have dimension {found}, and the picture takes {expected}")]
    Points {
        /// What fits.
        expected: String,
        /// The points' dimension.
        found: usize,
    },
}

/// One cell.
#[derive(Clone, Debug)]
pub(super) struct Polygon {
    /// Its corners in order, by their number.
    pub corners: Vec<u32>,
    pub fill: Rgb,
    /// What is said of it where a pointer rests.
    pub words: String,
}

/// One edge between two corners.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub ends: [u32; 2],
    pub colour: Rgb,
    pub width: f64,
}

/// A picture of a complex of the plane, before it is a file; coordinates are rounded to doubles.
#[derive(Clone, Debug)]
#[must_use]
pub struct Scene {
    pub(super) title: String,
    pub(super) axes: [&'static str; 2],
    /// The least and the largest coordinates.
    pub(super) view: [[f64; 2]; 2],
    pub(super) corners: Vec<[f64; 2]>,
    pub(super) polygons: Vec<Polygon>,
    pub(super) edges: Vec<Edge>,
    pub(super) points: Vec<([f64; 2], Rgb)>,
    /// Colours and what they mean; none where they only tell neighbours apart.
    pub(super) legend: Vec<(Rgb, String)>,
}

const GREY: Rgb = [70, 70, 70];
const BLACK: Rgb = [0, 0, 0];
const WHITE: Rgb = [255, 255, 255];

impl Scene {
    /// The picture of a complex of a box of the plane, or of a slice.
    ///
    /// Colours by decision are those of `decided`, which is then drawn in place of the complex.
    ///
    /// # Errors
    /// A complex of another dimension, or of the whole plane; colours by decision without one.
    pub fn new(title: &str, complex: &Complex, decided: Option<&Decided>, colouring: Colouring) -> Result<Self, SceneError> {
        if complex.dimension() != 2 {
            return Err(SceneError::Dimension(complex.dimension()));
        }
        if *complex.domain() == Domain::Space {
            return Err(SceneError::Unbounded);
        }
        let by_decision = if colouring == Colouring::Decision { Some(decided.ok_or(SceneError::NoDecision)?) } else { None };
        let drawn = by_decision.map_or(complex, |decided| &decided.complex);
        // Exact, and then rounded: an enclosure may be wide where a box is small.
        let corners: Vec<[f64; 2]> = (0..drawn.f_vector()[0] as usize)
            .map(|v| {
                let x = drawn.vertex(v);
                [0, 1].map(|axis| nearest_f64(&x[axis]))
            })
            .collect();
        let of = |fold: fn(f64, f64) -> f64| [0, 1].map(|axis| corners.iter().map(|x| x[axis]).reduce(fold).unwrap_or_default());
        let view = [of(f64::min), of(f64::max)];
        // What every picture computes: how many pixels a unit takes, of a width that is a positive double.
        let widths = [0, 1].map(|axis| view[1][axis] - view[0][axis]);
        let scale = PAGE / widths[0].max(widths[1]);
        if !(widths.iter().all(|width| *width > 0.0 && width.is_finite()) && scale.is_finite()) {
            return Err(SceneError::Range);
        }
        let mut scene = Self {
            title: plain(title).into_owned(),
            axes: if complex.plane().is_some() { ["u", "v"] } else { ["x0", "x1"] },
            view,
            corners,
            polygons: Vec::new(),
            edges: Vec::new(),
            points: Vec::new(),
            legend: Vec::new(),
        };
        scene.add_polygons(complex, by_decision, colouring);
        scene.add_edges(drawn, by_decision, colouring);
        Ok(scene)
    }

    fn add_polygons(&mut self, complex: &Complex, decided: Option<&Decided>, colouring: Colouring) {
        let maps: Vec<Vec<Vec<f64>>> = complex.cells().map(|cell| cell.rounded_map()).collect();
        let d = complex.dimension();
        let norm = |map: &Vec<Vec<f64>>| map.iter().flat_map(|form| &form[..d]).copied().fold(0.0, f64::hypot);
        let steepest = maps.iter().map(norm).fold(0.0, f64::max);
        let counts = complex.counts();
        let words = |cell: Cell<'_>, map: &[Vec<f64>]| {
            let exact = LazyCell::new(|| cell.affine_map());
            // Five places say enough of most numbers; the others, 0 among them, are looked at exactly.
            let number = |k: usize, i: usize| match map[k][i] {
                x if (1e-3..1e9).contains(&x.abs()) => format!("{x:+.5}"),
                _ if exact[k][i].is_negative() => scientific(&exact[k][i], 4),
                _ => format!("+{}", scientific(&exact[k][i], 4)),
            };
            let form = |(k, form): (usize, &Vec<f64>)| {
                let terms: String = (0..d).zip(self.axes).map(|(i, axis)| format!(" {} {axis}", number(k, i))).collect();
                format!("y{k} ={terms} {}", number(k, form.len() - 1))
            };
            let forms: Vec<String> = map.iter().enumerate().take(10).map(form).collect();
            let pattern = cell.pattern().to_string();
            format!("cell {}\n{pattern}\n{}", cell.index(), forms.join("\n"))
        };
        let mut polygons = Vec::new();
        let drawn = decided.map_or(complex, |decided| &decided.complex);
        for part in drawn.cells() {
            let index = decided.map_or(part.index(), |decided| decided.parent_of[part.index()] as usize);
            let (cell, map) = (complex.cell(index), &maps[index]);
            let fill = match colouring {
                Colouring::Pattern => light(hash(&cell)),
                Colouring::Map => light(u64::from(counts.map_of[index]) + 1),
                Colouring::Region => light(u64::from(counts.linear_region_of[index]) + 1),
                Colouring::Gradient => viridis_rgb(if steepest > 0.0 { norm(map) / steepest } else { 0.0 }),
                Colouring::Depth => WHITE,
                Colouring::Decision => decided.map_or(WHITE, |decided| of_decision(decided.rule, decided.class_of[part.index()])),
            };
            let mut words = words(cell, map);
            if let Some(decided) = decided {
                words += &format!("\ndecision {}", decided.class_of[part.index()]);
            }
            polygons.push(Polygon { corners: around(&part), fill, words });
        }
        self.polygons = polygons;
        if colouring == Colouring::Gradient {
            let steps = (0..=4).rev().map(|k| f64::from(k) / 4.0);
            self.legend
                .extend(steps.map(|share| (viridis_rgb(share), format!("|gradient| {}", label_among(share * steepest, 0.01 * steepest)))));
        }
        if let Some(decided) = decided {
            let mut classes = decided.class_of.clone();
            classes.sort_unstable();
            classes.dedup();
            self.legend.extend(classes.into_iter().map(|class| (of_decision(decided.rule, class), format!("decision {class}"))));
        }
    }

    fn add_edges(&mut self, drawn: &Complex, decided: Option<&Decided>, colouring: Colouring) {
        let hidden = drawn.units().layers().len() - usize::from(decided.is_some());
        let shade = |layer: u32| viridis_rgb(0.85 * f64::from(layer) / (hidden.max(2) - 1) as f64);
        for facet in drawn.facets() {
            let [a, b] = facet.vertices()[..] else { continue };
            let divides = || match (decided, &facet.cells()[..]) {
                (Some(decided), &[x, y]) => decided.class_of[x] != decided.class_of[y],
                _ => false,
            };
            let deepest = facet.units().iter().map(|unit| unit.layer).max();
            let (colour, width) = match (colouring, deepest) {
                (_, None) => (BLACK, 1.0),
                (Colouring::Depth, Some(layer)) => (shade(layer), 1.2),
                (Colouring::Decision, _) if divides() => (BLACK, 2.2),
                _ => (GREY, 0.4),
            };
            self.edges.push(Edge { ends: [a as u32, b as u32], colour, width });
        }
        // The wide ones on top.
        self.edges.sort_by(|x, y| x.width.total_cmp(&y.width));
        if colouring == Colouring::Depth {
            self.legend.extend((0..hidden as u32).map(|layer| (shade(layer), format!("layer {layer}"))));
        }
    }

    /// The same with points on top, coloured by their labels: of the plane itself, in its coordinates; around a slice, as they project
    /// onto it orthogonally. Points outside are left out.
    ///
    /// # Errors
    /// Points of another dimension.
    pub fn with_points(mut self, complex: &Complex, data: &DataSet) -> Result<Self, SceneError> {
        let found = data.points.dimension();
        let plane = complex.plane().filter(|plane| plane.dimension() == found && found != 2);
        if plane.is_none() && found != 2 {
            let expected = complex.plane().map_or("2".to_string(), |plane| format!("2 or {}", plane.dimension()));
            return Err(SceneError::Points { expected, found });
        }
        for row in 0..data.points.len() {
            let x = data.points.point(row).to_rationals();
            let place = plane.map_or_else(|| [x[0].clone(), x[1].clone()], |plane| plane.project(&x));
            if complex.domain().contains(&place) {
                self.points.push((place.each_ref().map(nearest_f64), data.labels.as_ref().map_or(BLACK, |labels| class(labels[row]))));
            }
        }
        self.legend.extend(data.classes().into_iter().take(20).map(|label| (class(label), format!("label {label}"))));
        Ok(self)
    }

    /// Round numbers along an axis, inside the view.
    pub(super) fn ticks(&self, axis: usize) -> Vec<(f64, String)> {
        let (lo, hi) = (self.view[0][axis], self.view[1][axis]);
        let power = 10f64.powf(((hi - lo) / 5.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| (hi - lo) / step <= 6.0);
        let step = step.unwrap_or(hi - lo);
        let first = (lo / step).ceil();
        let last = ((hi / step).floor() - first).clamp(0.0, 20.0) as u32;
        (0..=last).map(|k| (first + f64::from(k)) * step).map(|x| (x, label_among(x, step))).collect()
    }
}

/// The colour of a decision; grey where the output vanishes.
fn of_decision(rule: Rule, decision: i64) -> Rgb {
    if rule == Rule::Sign && decision == 0 { [200; 3] } else { class(decision) }
}

/// A number for the pattern of a cell, the same whenever it occurs.
fn hash(cell: &Cell<'_>) -> u64 {
    let text = cell.pattern().to_string();
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The corners of a polygon in the order in which they follow each other.
fn around(cell: &Cell<'_>) -> Vec<u32> {
    let mut next: HashMap<usize, [usize; 2]> = HashMap::new();
    const NONE: usize = usize::MAX;
    for facet in cell.facets() {
        let [a, b] = facet.vertices()[..] else { continue };
        for (from, to) in [(a, b), (b, a)] {
            let ends = next.entry(from).or_insert([NONE; 2]);
            ends[usize::from(ends[0] != NONE)] = to;
        }
    }
    let Some(&start) = next.keys().min() else { return Vec::new() };
    let (mut before, mut at, mut corners) = (NONE, start, Vec::with_capacity(next.len()));
    while corners.len() < next.len() && at != NONE {
        corners.push(at as u32);
        let [x, y] = next.get(&at).copied().unwrap_or([NONE; 2]);
        (before, at) = (at, if x == before { y } else { x });
    }
    corners
}
