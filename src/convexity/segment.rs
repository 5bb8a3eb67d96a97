//! Segments from one region to another that pass through a third.

use super::place::Place;
use super::{Cells, Region, Regions};
use crate::exact::lp::{Feasibility, Interior, Program, Row, Sense, interior};
use crate::exact::{exact_number, exact_numbers};
use crate::network::Pattern;
use rug::{Integer, Rational};
use serde::Serialize;
use std::sync::Arc;

/// A point and its pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Vertex {
    /// The pattern.
    pub pattern: Pattern,
    /// The point: in the interior of a closed region, or in a half-open region, possibly on its boundary.
    #[serde(serialize_with = "exact_numbers")]
    pub point: Vec<Rational>,
}

/// Two points of a union of regions, and a point between them that is not in the union.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EuclideanCounterexample {
    /// A point of the union.
    pub from: Vertex,
    /// Another point of the union.
    pub to: Vertex,
    /// The point (1-t) from + t to, in a region that is not in the union.
    pub between: Vertex,
    /// The position of that point, 0 < t < 1.
    #[serde(serialize_with = "exact_number")]
    pub t: Rational,
}

/// A segment from one region to another that has a point in a third region between them, if there is one; with short coordinates if these
/// are found.
///
/// In u = (1-t) x, v = t y and t, for the ends x and y, all conditions are linear for 0 < t < 1.
pub(super) fn through(regions: &Regions, [from, between, to]: [&Region; 3]) -> Option<EuclideanCounterexample> {
    let d = regions.dimension();
    let side = |row: &Row, parts: [bool; 2], constant: i32, of_t: i32| {
        let (b, a) = row.whole.split_last().expect("a row has a right side");
        let part = |takes: bool| a.iter().map(move |x| if takes { x.clone() } else { Integer::new() });
        let t = Integer::from(b * of_t);
        Row::of_integers(part(parts[0]).chain(part(parts[1])).chain([t, Integer::from(b * constant)]).collect())
    };
    let t = |sign: i32, right: i32| {
        let zeros = std::iter::repeat_n(Integer::new(), 2 * d);
        Row::of_integers(zeros.chain([Integer::from(sign), Integer::from(right)]).collect())
    };
    // a.u <= b (1 - t), a.v <= b t, a.(u + v) <= b; each of them is strict if a.x <= b is.
    let of = |region: &Region, parts: [bool; 2], constant: i32, of_t: i32| -> Vec<(Row, bool)> {
        region.sides.iter().map(|s| (side(&s.row, parts, constant, of_t), s.is_strict(regions.cells))).collect()
    };
    let mut rows = of(from, [true, false], 1, 1);
    rows.extend(of(to, [false, true], 0, -1));
    rows.extend(of(between, [true, true], 1, 0));
    rows.extend([(t(-1, 0), true), (t(1, 1), true)]);
    let point = match regions.cells {
        Cells::Closed => match interior(2 * d + 1, &rows.iter().map(|(row, _)| row).collect::<Vec<_>>(), Default::default()) {
            Interior::Point(point) => Some(point),
            Interior::Empty(_) => None,
        },
        Cells::HalfOpen => {
            let mut program = Program::new(2 * d + 1);
            rows.iter().for_each(|(row, strict)| program.push_row(row, if *strict { Sense::Below } else { Sense::AtMost }));
            match program.feasible() {
                Feasibility::Feasible { point } => Some(point),
                Feasibility::Infeasible { .. } => None,
            }
        }
    }?;
    let t = &point[2 * d];
    let rest = Rational::from(1 - t);
    let x = Place::new(point[..d].iter().map(|u| Rational::from(u / &rest)).collect());
    let y = Place::new(point[d..2 * d].iter().map(|v| Rational::from(v / t)).collect());
    let passage = |x, y| passage([from, between, to], x, y, regions.cells);
    (0..=24).find_map(|bits| passage(x.rounded(bits), y.rounded(bits))).or_else(|| passage(x, y))
}

/// The segment from x to y, if these are in their regions and it passes through the region between.
fn passage([from, between, to]: [&Region; 3], x: Place, y: Place, cells: Cells) -> Option<EuclideanCounterexample> {
    if !from.contains(&x, cells) || !to.contains(&y, cells) {
        return None;
    }
    let t = time_in(between, &x.exact, &y.exact, cells)?;
    let point = x.exact.iter().zip(&y.exact).map(|(x, y)| x + Rational::from(y - x) * &t).collect();
    let vertex = |region: &Region, point| Vertex { pattern: region.pattern.clone(), point };
    Some(EuclideanCounterexample { from: vertex(from, x.exact), to: vertex(to, y.exact), between: vertex(between, point), t })
}

/// A short fraction t in (0, 1) such that x + t (y - x) is in a region, if there is one.
fn time_in(region: &Region, x: &[Rational], y: &[Rational], cells: Cells) -> Option<Rational> {
    let slack = |row: &Arc<Row>, x: &[Rational]| {
        let (b, a) = row.whole.split_last().expect("a row has a right side");
        a.iter().zip(x).fold(Rational::from(b), |slack, (a, x)| slack - Rational::from(x * a))
    };
    // The ends of the interval, and whether each belongs to it.
    let (mut lo, mut hi) = ((Rational::new(), false), (Rational::from(1), false));
    for side in &region.sides {
        let (at_x, at_y) = (slack(&side.row, x), slack(&side.row, y));
        let closed = !side.is_strict(cells);
        if at_x == at_y {
            if !side.allows(at_x.cmp0(), cells) {
                return None;
            }
            continue;
        }
        let root = &at_x / Rational::from(&at_x - &at_y);
        let end = if at_y > at_x { &mut lo } else { &mut hi };
        let tighter = if at_y > at_x { root > end.0 } else { root < end.0 };
        if tighter {
            *end = (root, closed);
        } else if root == end.0 {
            end.1 &= closed;
        }
    }
    let inside = |t: &Rational| (*t > lo.0 || lo.1 && *t == lo.0) && (*t < hi.0 || hi.1 && *t == hi.0);
    let multiple = |q: u32| {
        let p = Rational::from(&lo.0 * q).floor();
        [p.clone(), p + 1u32].into_iter().map(|p| p / q).find(&inside)
    };
    (2..=64).find_map(multiple).or_else(|| Some(Rational::from(&lo.0 + &hi.0) / 2u32).filter(&inside))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convexity::Enumerator;
    use crate::network::Network;

    #[test]
    fn a_segment_past_the_open_end_of_a_thin_region_does_not_meet_it() {
        // For the units x, -x and y: the upper half of the axis x = 0, without the origin.
        let network = Network::from_json(br#"{"layers":[{"W":[[1,0],[-1,0],[0,1]],"b":[0,0,0]},{"W":[[1,1,1]],"b":[0]}]}"#).unwrap();
        let regions = Enumerator::new(&network).cells(Cells::HalfOpen).run().unwrap();
        let axis = regions.get(&"001".parse().unwrap()).unwrap();
        let point = |x: [i32; 2]| x.map(Rational::from);
        let time = |x: [i32; 2], y: [i32; 2]| time_in(axis, &point(x), &point(y), Cells::HalfOpen);
        assert_eq!(time([-1, -1], [1, 1]), None);
        assert_eq!(time([1, 1], [-1, -1]), None);
        assert_eq!(time([-1, 1], [1, 1]), Some(Rational::from((1, 2))));
        assert_eq!(time([0, -1], [0, 1]), Some(Rational::from((2, 3))));
    }
}
