//! Exact volumes and centroids of cells, over integers, each face once.
//!
//! A face of dimension k is the cone from its lowest vertex v over its facets G that do not hold v. Let corners be homogeneous integers (q, p) for
//! p / q, and let I be k axes onto which the hull of the face projects one to one. In these coordinates k! times the volume, times the q of all
//! vertices, is an integer. It is the sum over the facets of the height of v over the hull of G, times the same integer of G, times the q of the vertices
//! that G and v leave out. Hulls are known by one denominator each, that of `hull.rs`; it divides the integer of its face, so heights need no division, and no
//! fraction is reduced before the last one (proofs/complex.md, section 9).

use super::cells::Complex;
use super::hull::Hull;
use super::shape::Pulling;
use super::simplex::WholePoint;
use crate::exact::{ExactNumber, Fraction, product};
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

/// The same as integers.
#[derive(Debug)]
pub(crate) struct VolumeFractions {
    pub volume: Fraction,
    pub centroid: Vec<Fraction>,
}

impl Complex {
    /// The exact volume and centroid of each cell, `None` of those that are not bounded; on all threads of the current `rayon` pool.
    pub fn volumes(&self) -> Vec<Option<Volume>> {
        let exact = |fraction: Fraction| ExactNumber(fraction.into());
        let volume =
            |VolumeFractions { volume, centroid }| Volume { volume: exact(volume), centroid: centroid.into_iter().map(exact).collect() };
        self.volume_fractions().into_iter().map(|found| found.map(volume)).collect()
    }

    /// The same as integers.
    pub(crate) fn volume_fractions(&self) -> Vec<Option<VolumeFractions>> {
        self.of_bounded(true, Cone::fractions)
    }

    /// The exact volume of each cell, `None` of those that are not bounded.
    pub(crate) fn volumes_alone(&self) -> Vec<Option<Rational>> {
        self.of_bounded(false, |cone, _| Rational::from((cone.whole, cone.denominators * factorial(cone.hull.axes.len()))))
    }

    /// What follows from each bounded cell.
    fn of_bounded<T: Send>(&self, moments: bool, of: impl Fn(Cone, &[WholePoint]) -> T + Sync) -> Vec<Option<T>> {
        let vertices = 0..self.vertices() as u32;
        let of_vertex = |v: u32| if self.is_vertex(v) { self.whole_vertex(v) } else { WholePoint::default() };
        let points: Vec<WholePoint> = vertices.map(of_vertex).collect();
        let cones = Cones { complex: self, pulling: &Pulling::of(self), points: &points, moments };
        let mut places: Vec<Vec<u32>> = self.levels.iter().map(|level| vec![0; level.len()]).collect();
        places[0] = vec![0; points.len()];
        let mut all: Vec<Option<T>> = Vec::with_capacity(self.activation_regions());
        for first in (0..self.activation_regions()).step_by(TOGETHER) {
            let cells = first..(first + TOGETHER).min(self.activation_regions());
            all.extend(cells.clone().map(|_| None));
            let bounded: Vec<u32> = cells.filter(|&cell| self.cell(cell).bounded()).map(|cell| cell as u32).collect();
            let found: Vec<T> = cones.of_cells(&bounded, &mut places).into_par_iter().map(|cone| of(cone, &points)).collect();
            bounded.into_iter().zip(found).for_each(|(cell, found)| all[cell as usize] = Some(found));
        }
        all
    }
}

/// A face as a cone.
struct Cone {
    /// Its vertices, ascending.
    vertices: Vec<u32>,
    /// Its hull, which has the axes that volumes are measured on, and the denominator that divides the numbers below.
    hull: Hull,
    /// The product of the denominators of all vertices.
    denominators: Integer,
    /// The volume times k! and the denominators, over that of the hull.
    whole: Integer,
    /// The integrals of all coordinates times (k + 1)! and the denominators squared, over that of the hull, where they are wanted.
    moments: Vec<Integer>,
}

impl Cone {
    /// What is said of a cell: its hull is all there is, and has the denominator 1.
    fn fractions(self, points: &[WholePoint]) -> VolumeFractions {
        let d = self.hull.axes.len();
        let [factorial, corners] = [factorial(d), Integer::from(d + 1)];
        let mut factors: Vec<&Integer> = self.vertices.iter().map(|&vertex| &points[vertex as usize].denominator).collect();
        factors.push(&factorial);
        let volume = Fraction::all(vec![self.whole.clone()], &factors).remove(0);
        factors.pop();
        factors.extend([&corners, &self.whole]);
        let centroid = Fraction::all(self.moments, &factors);
        VolumeFractions { volume, centroid }
    }
}

fn factorial(k: usize) -> Integer {
    Integer::from(Integer::factorial(k as u32))
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
        let point = &self.points[vertex as usize];
        let moments = if self.moments { point.numerators.clone() } else { Vec::new() };
        let (hull, denominators) = (Hull::of_point(point), point.denominator.clone());
        Cone { vertices: vec![vertex], hull, denominators, whole: Integer::from(1), moments }
    }

    fn cone<'b>(&self, k: usize, face: u32, of: impl Fn(u32) -> &'b Cone) -> Cone {
        let lowest = self.pulling.lowest[k][face as usize];
        let apex = &self.points[lowest as usize];
        let facets: Vec<&Cone> = self.opposite(k, face).map(of).collect();
        let hull = facets[0].hull.with(apex);
        // Every vertex but the apex lies in a facet that does not hold the apex.
        let mut vertices: Vec<u32> = facets.iter().flat_map(|facet| facet.vertices.iter().copied()).chain([lowest]).collect();
        vertices.sort_unstable();
        vertices.dedup();
        let denominators = product(&vertices.iter().map(|&vertex| &self.points[vertex as usize].denominator).collect::<Vec<_>>());
        let (mut whole, mut moments) = (Integer::new(), vec![Integer::new(); if self.moments { self.complex.dimension() } else { 0 }]);
        for facet in facets {
            let height = facet.hull.height(hull.axis_beyond(&facet.hull), apex).abs();
            let others = Integer::from(denominators.div_exact_ref(&Integer::from(&facet.denominators * &apex.denominator)));
            let factor = height * &others;
            whole += &factor * &facet.whole;
            if self.moments {
                let factor = factor * &others;
                hull.axes.iter().for_each(|&axis| moments[axis] += &factor * &facet.moments[axis]);
            }
        }
        whole.div_exact_mut(&hull.scale);
        if self.moments {
            let of_apex = Integer::from(denominators.div_exact_ref(&apex.denominator)) * &whole;
            for &axis in &hull.axes {
                let moment = &mut moments[axis];
                moment.div_exact_mut(&hull.scale);
                *moment *= &apex.denominator;
                *moment += &of_apex * &apex.numerators[axis];
            }
            // On other axes, coordinates are affine functions of these.
            let measure = Integer::from(&denominators * &whole) * (k as u64 + 1);
            for axis in hull.other_axes() {
                moments[axis] = hull.value(axis, &measure, &moments).div_exact(&hull.scale);
            }
        }
        Cone { vertices, hull, denominators, whole, moments }
    }
}
