//! Exact volumes and centroids of cells, simplex by simplex of the pulling triangulation.

use super::cells::Complex;
use super::shape::Pulling;
use super::simplex::{WholePoint, simplex_volume};
use crate::exact::ExactNumber;
use rayon::prelude::*;
use rug::{Integer, Rational};
use serde::Serialize;

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
        let with_centroid = |(mut simplices, face): (Simplices<'_>, u32)| {
            let d = self.dimension();
            simplices.moment = Some(vec![Rational::new(); d]);
            simplices.add(d, face);
            let total = Rational::from(&simplices.volume * Integer::from(d + 1));
            let centroid = simplices.moment.into_iter().flatten().map(|sum| ExactNumber(sum / &total)).collect();
            Volume { volume: ExactNumber(simplices.volume), centroid }
        };
        self.of_bounded(with_centroid)
    }

    /// The exact volume of each cell, `None` of those that are not bounded.
    pub(crate) fn volumes_alone(&self) -> Vec<Option<Rational>> {
        let volume = |(mut simplices, face): (Simplices<'_>, u32)| {
            simplices.add(self.dimension(), face);
            simplices.volume
        };
        self.of_bounded(volume)
    }

    /// What is computed from the simplices of each bounded cell.
    fn of_bounded<T: Send>(&self, of: impl Fn((Simplices<'_>, u32)) -> T + Sync) -> Vec<Option<T>> {
        let pulling = Pulling::of(self);
        let points: Vec<WholePoint> = self.all_vertices().map(|point| WholePoint::new(&point.unwrap_or_default())).collect();
        let cell = |index: usize| {
            let simplices = || Simplices {
                complex: self,
                pulling: &pulling,
                points: &points,
                corners: Vec::new(),
                volume: Rational::new(),
                moment: None,
            };
            self.cell(index).bounded().then(|| of((simplices(), index as u32)))
        };
        (0..self.activation_regions()).into_par_iter().map(cell).collect()
    }
}

/// The simplices of one cell, one after the other.
struct Simplices<'a> {
    pulling: &'a Pulling,
    complex: &'a Complex,
    points: &'a [WholePoint],
    /// The lowest vertices of the faces from the cell down to the one at hand.
    corners: Vec<&'a WholePoint>,
    volume: Rational,
    /// d + 1 times the integral of the coordinates, where that is wanted.
    moment: Option<Vec<Rational>>,
}

impl Simplices<'_> {
    /// Adds the simplices whose last corners triangulate a face.
    fn add(&mut self, k: usize, face: u32) {
        let (pulling, complex) = (self.pulling, self.complex);
        let low = pulling.lowest[k][face as usize];
        self.corners.push(&self.points[low as usize]);
        if k == 0 {
            let part = simplex_volume(&self.corners);
            for (axis, sum) in self.moment.iter_mut().flatten().enumerate() {
                let coordinate = |corner: &&WholePoint| corner.coordinate(axis);
                *sum += self.corners.iter().map(coordinate).sum::<Rational>() * &part;
            }
            self.volume += part;
        } else {
            let opposite = complex.facets_of(k, face).iter().filter(|&&g| pulling.lowest[k - 1][g as usize] != low);
            opposite.for_each(|&g| self.add(k - 1, g));
        }
        self.corners.pop();
    }
}
