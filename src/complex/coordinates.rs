//! The coordinates of vertices as doubles: for order and pictures, where a bound says how far they can be trusted.

use super::exact::Place;
use super::signs::{LOOSE, Signs, Weights, nearest_row};
use crate::exact::bound::{TINY, U, round_up};

/// The coordinates of all vertices as doubles, each within its bound of the true one.
#[derive(Debug)]
pub(super) struct Approximate {
    dimension: usize,
    coordinates: Vec<f64>,
    errors: Vec<f64>,
}

impl Approximate {
    pub(super) fn of(signs: &mut Signs, dimension: usize) -> Self {
        let mut all = Self { dimension, coordinates: Vec::with_capacity(signs.len() * dimension), errors: Vec::with_capacity(signs.len()) };
        for vertex in 0..signs.len() {
            let place = signs.exact.places[vertex];
            let between = if let Place::Cut { p, q, .. } = place { all.between(p, q, signs.weights[vertex]) } else { None };
            let (row, error) = between.unwrap_or_else(|| nearest_row(&signs.exact.point(vertex as u32)));
            all.coordinates.extend(row);
            all.errors.push(error);
        }
        all
    }

    /// The point between two others, `None` where its bound says too little.
    ///
    /// As for pre-activations: the errors of both, that of the weights times the distance, and 8 u for rounding.
    fn between(&self, p: u32, q: u32, weights: Weights) -> Option<(Vec<f64>, f64)> {
        let Weights { of_p, of_q, error } = weights;
        let (e, f) = (self.error(p), self.error(q));
        let pairs = || self.point(p).iter().zip(self.point(q));
        let size = pairs().fold(0.0, |size: f64, (x, y)| size.max(of_p * x.abs() + of_q * y.abs()));
        let range = pairs().fold(0.0, |range: f64, (x, y)| range.max((y - x).abs()));
        let error = round_up(of_p * e + of_q * f + error * (range + e + f) + 8.0 * U * size + TINY);
        let tight = of_p > TINY && of_q > TINY && error < LOOSE * size;
        tight.then(|| (pairs().map(|(x, y)| of_p * x + of_q * y).collect(), error))
    }

    /// Those of some vertices only, in this order.
    pub(super) fn only(&self, vertices: &[u32]) -> Self {
        let coordinates = vertices.iter().flat_map(|&v| self.point(v).iter().copied()).collect();
        Self { dimension: self.dimension, coordinates, errors: vertices.iter().map(|&v| self.error(v)).collect() }
    }

    pub(super) fn len(&self) -> usize {
        self.errors.len()
    }

    pub(super) fn point(&self, vertex: u32) -> &[f64] {
        &self.coordinates[vertex as usize * self.dimension..][..self.dimension]
    }

    pub(super) fn error(&self, vertex: u32) -> f64 {
        self.errors[vertex as usize]
    }
}
