//! Exact volumes and centroids of cells, over integers, each face once.
//!
//! A face of dimension k is the cone from its lowest vertex v over its facets G that do not hold v. Let corners be homogeneous integers (q, p) for
//! p / q, and let I be k axes onto which the hull of the face projects one to one. In these coordinates k! times the volume, times the q of all
//! vertices, is an integer. It is the sum over the facets of |det_I(v, S)| / D times the same integer of G, times the q of the vertices that G and v leave
//! out, where S is a simplex of G and D its own determinant. The quotient of determinants is that of the volumes of the cone over G and of G, so the axes of
//! G need not be among I, and the division leaves no rest (proofs/complex.md, section 9). No fraction is reduced before the last one.

use super::cells::Complex;
use super::shape::Pulling;
use super::simplex::{WholePoint, determinant_on};
use crate::exact::ExactNumber;
use rayon::prelude::*;
use rug::{Integer, Rational};
use serde::Serialize;

/// Cells whose faces are computed together: those of more of them would take much memory, those of fewer would have few in common.
const TOGETHER: usize = 4096;

/// The exact volume of a cell, and its centroid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Volume {
    /// The volume; of a slice, in coordinates (u, v).
    pub volume: ExactNumber,
    /// The centroid.
    pub centroid: Vec<ExactNumber>,
}

impl Complex {
    /// The exact volume and centroid of each cell, `None` of those that are not bounded; on all threads of the current `rayon` pool.
    pub fn volumes(&self) -> Vec<Option<Volume>> {
        self.of_bounded(true, |_| true, |cone| Volume { volume: ExactNumber(cone.volume()), centroid: cone.centroid() })
    }

    /// The exact volume of each cell, `None` of those that are not bounded.
    pub(crate) fn volumes_alone(&self) -> Vec<Option<Rational>> {
        self.volumes_of(|_| true)
    }

    /// The exact volume of each cell that is wanted, `None` of the others and of those that are not bounded.
    pub(super) fn volumes_of(&self, is_wanted: impl Fn(usize) -> bool) -> Vec<Option<Rational>> {
        self.of_bounded(false, is_wanted, Cone::volume)
    }

    /// What follows from each bounded cell that is wanted.
    fn of_bounded<T: Send>(&self, moments: bool, is_wanted: impl Fn(usize) -> bool, of: impl Fn(&Cone) -> T + Sync) -> Vec<Option<T>> {
        let mut all: Vec<Option<T>> = (0..self.activation_regions()).map(|_| None).collect();
        let bounded: Vec<u32> =
            (0..all.len()).filter(|&cell| is_wanted(cell) && self.cell(cell).bounded()).map(|cell| cell as u32).collect();
        if bounded.is_empty() {
            return all;
        }
        let points = self.whole_points(&bounded);
        let cones = Cones { complex: self, pulling: &Pulling::of(self), points: &points, moments };
        let mut places: Vec<Vec<u32>> = self.levels.iter().map(|level| vec![0; level.len()]).collect();
        places[0] = vec![0; points.len()];
        for bounded in bounded.chunk_by(|&a, &b| a as usize / TOGETHER == b as usize / TOGETHER) {
            let found: Vec<T> = cones.of_cells(bounded, &mut places).par_iter().map(&of).collect();
            bounded.iter().zip(found).for_each(|(&cell, found)| all[cell as usize] = Some(found));
        }
        all
    }

    /// All vertices as integers, of which those matter that some cells have.
    fn whole_points(&self, cells: &[u32]) -> Vec<WholePoint> {
        let mut is_needed = vec![cells.len() == self.activation_regions(); self.vertices()];
        if !is_needed[0] {
            cells.iter().for_each(|&cell| self.vertices_of(self.rank(), cell).into_iter().for_each(|v| is_needed[v as usize] = true));
        }
        let point = |(v, needed)| WholePoint::new(&if needed { self.vertex(v) } else { Vec::new() });
        is_needed.into_iter().enumerate().map(point).collect()
    }
}

/// A face as a cone.
struct Cone {
    /// Its vertices, ascending.
    vertices: Vec<u32>,
    /// The corners of one simplex of its triangulation.
    simplex: Vec<u32>,
    /// Axes onto which its hull projects one to one, ascending; all numbers are those of the projection.
    axes: Vec<usize>,
    /// The determinant of the simplex.
    unit: Integer,
    /// The product of the denominators of all vertices.
    denominators: Integer,
    /// The volume times k! and the denominators.
    whole: Integer,
    /// The integrals of all coordinates times (k + 1)! and the denominators squared, where they are wanted.
    moments: Vec<Integer>,
}

impl Cone {
    fn volume(&self) -> Rational {
        let factorial: u64 = (1..self.simplex.len() as u64).product();
        Rational::from((self.whole.clone(), Integer::from(&self.denominators * factorial)))
    }

    fn centroid(&self) -> Vec<ExactNumber> {
        let over = Integer::from(&self.denominators * &self.whole) * Integer::from(self.simplex.len());
        self.moments.iter().map(|moment| ExactNumber(Rational::from((moment, &over)))).collect()
    }
}

/// What the cones of faces are computed from.
struct Cones<'a> {
    complex: &'a Complex,
    pulling: &'a Pulling,
    points: &'a [WholePoint],
    moments: bool,
}

impl Cones<'_> {
    /// The cones of some cells, by those of all their faces; `places` is room for a number for each face.
    fn of_cells(&self, cells: &[u32], places: &mut [Vec<u32>]) -> Vec<Cone> {
        let d = self.complex.dimension();
        let mut faces = vec![cells.to_vec()];
        for k in (1..=d).rev() {
            let mut below: Vec<u32> = faces[d - k].iter().flat_map(|&face| self.opposite(k, face)).collect();
            below.sort_unstable();
            below.dedup();
            faces.push(below);
        }
        faces.reverse();
        let mut below: Vec<Cone> = Vec::new();
        for (k, faces) in faces.iter().enumerate() {
            let cone = |&face: &u32| match k {
                0 => self.vertex(face),
                _ => self.cone(k, face, |facet| &below[places[k - 1][facet as usize] as usize]),
            };
            let here = faces.par_iter().map(cone).collect();
            faces.iter().zip(0..).for_each(|(&face, place)| places[k][face as usize] = place);
            below = here;
        }
        below
    }

    /// The facets of a face that do not hold its lowest vertex: where it is the lowest of a facet it lies in it, else not.
    fn opposite(&self, k: usize, face: u32) -> impl Iterator<Item = u32> {
        let (below, low) = (&self.pulling.lowest[k - 1], self.pulling.lowest[k][face as usize]);
        self.complex.facets_of(k, face).iter().copied().filter(move |&facet| below[facet as usize] != low)
    }

    fn vertex(&self, vertex: u32) -> Cone {
        let WholePoint { denominator, numerators } = &self.points[vertex as usize];
        let moments = if self.moments { numerators.iter().map(|p| Integer::from(p * denominator)).collect() } else { Vec::new() };
        let [unit, denominators, whole] = [denominator; 3].map(Integer::clone);
        Cone { vertices: vec![vertex], simplex: vec![vertex], axes: Vec::new(), unit, denominators, whole, moments }
    }

    fn cone<'b>(&self, k: usize, face: u32, of: impl Fn(u32) -> &'b Cone) -> Cone {
        let apex = self.pulling.lowest[k][face as usize];
        let facets: Vec<&Cone> = self.opposite(k, face).map(of).collect();
        let first = facets[0];
        let (axes, unit) = self.axes_with(apex, first);
        // Every vertex but the apex lies in a facet that does not hold the apex.
        let mut vertices: Vec<u32> = facets.iter().flat_map(|facet| facet.vertices.iter().copied()).chain([apex]).collect();
        vertices.sort_unstable();
        vertices.dedup();
        let WholePoint { denominator, numerators } = &self.points[apex as usize];
        let (mut whole, mut moments) = (Integer::new(), vec![Integer::new(); if self.moments { numerators.len() } else { 0 }]);
        for &facet in &facets {
            let others: Vec<&Integer> = vertices
                .iter()
                .filter(|vertex| **vertex != apex && facet.vertices.binary_search(vertex).is_err())
                .map(|&vertex| &self.points[vertex as usize].denominator)
                .collect();
            let others = product(&others);
            let height = self.determinant(&axes, apex, &facet.simplex);
            let part = |whole: &Integer| Integer::from(whole * &height).div_exact(&facet.unit) * &others;
            let own = part(&facet.whole);
            if self.moments {
                let (of_apex, of_facet) = (Integer::from(&facet.denominators * &others) * &own, Integer::from(&others * denominator));
                for ((sum, moment), coordinate) in moments.iter_mut().zip(&facet.moments).zip(numerators) {
                    *sum += part(moment) * &of_facet;
                    *sum += &of_apex * coordinate;
                }
            }
            whole += own;
        }
        let simplex = [&[apex], &first.simplex[..]].concat();
        let denominators = product(&vertices.iter().map(|&vertex| &self.points[vertex as usize].denominator).collect::<Vec<_>>());
        Cone { vertices, simplex, axes, unit, denominators, whole, moments }
    }

    /// Axes for the cone over a facet, one more than its own, and the determinant of the simplex over the facet's.
    fn axes_with(&self, apex: u32, facet: &Cone) -> (Vec<usize>, Integer) {
        let with = |axis: usize| {
            let mut axes = facet.axes.clone();
            axes.insert(axes.partition_point(|&other| other < axis), axis);
            let unit = self.determinant(&axes, apex, &facet.simplex);
            (!unit.is_zero()).then_some((axes, unit))
        };
        let free = (0..self.complex.dimension()).filter(|axis| !facet.axes.contains(axis));
        free.into_iter().find_map(with).expect("the apex is not in the hull of the facet")
    }

    /// The magnitude of the determinant of a simplex on some axes.
    fn determinant(&self, axes: &[usize], apex: u32, others: &[u32]) -> Integer {
        let corners: Vec<&WholePoint> = [apex].iter().chain(others).map(|&vertex| &self.points[vertex as usize]).collect();
        determinant_on(axes, &corners).abs()
    }
}

/// The product of many numbers, by halves, so that factors are about as long as each other.
fn product(numbers: &[&Integer]) -> Integer {
    match numbers {
        [] => Integer::from(1),
        [one] => (*one).clone(),
        [one, other] => Integer::from(*one * *other),
        _ => {
            let (left, right) = numbers.split_at(numbers.len() / 2);
            product(left) * product(right)
        }
    }
}
