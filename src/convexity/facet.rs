//! The facets of a region with interior, and the regions beyond them.

use super::place::Place;
use super::{Region, Regions};
use crate::exact::lp::{Feasibility, Program, Row, Sense};
use crate::exact::over_common_denominator;
use crate::network::Pattern;
use rug::Rational;
use std::sync::Arc;

/// A facet, (d-1)-dimensional, of a closed region.
pub(super) struct Facet {
    /// The row that is tight on the facet; the region satisfies it.
    pub row: Arc<Row>,
    /// The pattern of the region on the other side.
    ///
    /// It is unique. A unit that is not 0 in the interior of the facet has the same sign on both sides. A unit that is 0 at some interior
    /// point is 0 on the whole facet, since the region is on one side of its hyperplane; on the other side of the facet it is then a
    /// multiple of the facet's own form, by induction over the layers.
    pub beyond: Pattern,
}

/// The facets: the sides with a point at which all other rows are strict.
pub(super) fn facets(regions: &Regions, region: &Region) -> Vec<Facet> {
    let dimension = regions.dimension();
    let mut rows: Vec<&Arc<Row>> = Vec::with_capacity(region.sides.len());
    for side in &region.sides {
        if rows.iter().all(|row| row.whole != side.row.whole) {
            rows.push(&side.row);
        }
    }
    let facet = |row: &&Arc<Row>| {
        let mut program = Program::new(dimension);
        for other in &rows {
            program.push_row(other, if Arc::ptr_eq(other, row) { Sense::Equal } else { Sense::Below });
        }
        match program.feasible() {
            Feasibility::Feasible { point } => Some(Facet { row: (*row).clone(), beyond: beyond(regions, region, &point) }),
            Feasibility::Infeasible { .. } => None,
        }
    };
    rows.iter().filter_map(facet).collect()
}

/// The pattern just beyond a point of a facet, in the direction from the witness to the point.
fn beyond(regions: &Regions, region: &Region, point: &[Rational]) -> Pattern {
    let direction: Vec<Rational> = point.iter().zip(&region.witness).map(|(x, w)| Rational::from(x - w)).collect();
    let (direction, _) = over_common_denominator(&direction);
    regions.layers.pattern_after(&over_common_denominator(point), Some(&direction))
}

/// Whether a region with interior has points strictly on the other side of a row.
pub(super) fn reaches_beyond(dimension: usize, region: &Region, row: &Row) -> bool {
    let rows = || region.sides.iter().map(|side| &*side.row);
    if rows().any(|own| own.whole == row.whole) {
        return false;
    }
    if Place::new(region.witness.clone()).slack_sign(row).is_lt() {
        return true;
    }
    let opposite = row.opposite();
    super::enumerate::inside(dimension, rows().chain([&opposite]), Default::default()).is_some()
}
