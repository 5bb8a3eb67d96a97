//! The coordinates of vertices as doubles with error bounds, for ordering and for pictures.

use super::balls::LOOSE;
use super::exact::Place;
use super::far::{Row, Weights};
use super::layer::largest;
use super::signs::{Signs, nearest_row};
use crate::exact::bound::{TINY, U, round_up};
use std::collections::HashMap;

/// The coordinates of all vertices as doubles, each with a bound on its error.
#[derive(Debug)]
pub(super) struct Approximate {
    dimension: usize,
    coordinates: Vec<f64>,
    errors: Vec<f64>,
    /// The approximate slopes of the coordinates of vertices at infinity.
    slopes: HashMap<u32, Vec<f64>>,
}

impl Approximate {
    /// Computes the coordinates. Vertices at infinity have unknown coordinates in the result. `corners` are the slopes of corners at
    /// infinity.
    pub(super) fn of(signs: &mut Signs, dimension: usize, corners: Option<&[Vec<f64>]>) -> Self {
        let (coordinates, errors) = (Vec::with_capacity(signs.len() * dimension), Vec::with_capacity(signs.len()));
        let mut all = Self { dimension, coordinates, errors, slopes: HashMap::new() };
        let corners = corners.unwrap_or_default();
        // For each vertex at infinity the slopes of its coordinates, and a bound on their error.
        let mut slopes: HashMap<u32, (Vec<f64>, f64)> = (0..).zip(corners.iter().map(|corner| (corner.clone(), 0.0))).collect();
        for vertex in 0..signs.len() as u32 {
            let weights = signs.weights[vertex as usize];
            let between = match signs.exact.places[vertex as usize] {
                Place::Corner(_) if !corners.is_empty() => Some((vec![0.0; dimension], 0.0)),
                Place::Corner(_) => None,
                Place::Cut { p, q, .. } if corners.is_empty() => all.between(p, q, weights),
                Place::Cut { p, q, .. } => all.between_at_infinity(vertex, [p, q], weights, signs, &mut slopes),
            };
            let (row, error) = between.unwrap_or_else(|| nearest_row(&signs.exact.point(vertex)));
            all.coordinates.extend(row);
            all.errors.push(error);
        }
        slopes.keys().for_each(|&vertex| all.errors[vertex as usize] = f64::INFINITY);
        let known = slopes.into_iter().filter(|(_, (slopes, error))| *error < LOOSE * largest(slopes));
        all.slopes = known.map(|(vertex, (slopes, _))| (vertex, slopes)).collect();
        all
    }

    /// The constants of a point between two others, at least one of them at infinity, and its slopes if it is at infinity too.
    fn between_at_infinity(
        &self,
        vertex: u32,
        ends: [u32; 2],
        weights: Weights,
        signs: &Signs,
        slopes: &mut HashMap<u32, (Vec<f64>, f64)>,
    ) -> Option<(Vec<f64>, f64)> {
        let row = |values, error| Row { values, size: largest(values), error };
        let [p, q] = ends
            .map(|v| [row(self.point(v), self.error(v)), slopes.get(&v).map(|(slopes, error)| row(slopes, *error)).unwrap_or_default()]);
        let (constants, error) = weights.constants(p, q);
        if signs.is_at_infinity(vertex) {
            slopes.insert(vertex, weights.mix(p[1], q[1]));
            return Some((constants, error));
        }
        (error < LOOSE * largest(&constants)).then_some((constants, error))
    }

    /// The point between two others; `None` if its bound is too large.
    ///
    /// As for pre-activations, the bound consists of the errors of both points, the error of the weights times the distance, and 8 u for
    /// rounding.
    fn between(&self, p: u32, q: u32, weights: Weights) -> Option<(Vec<f64>, f64)> {
        let Weights { of_p, of_q, error, .. } = weights;
        let (e, f) = (self.error(p), self.error(q));
        let pairs = || self.point(p).iter().zip(self.point(q));
        let size = pairs().fold(0.0, |size: f64, (x, y)| size.max(of_p * x.abs() + of_q * y.abs()));
        let range = pairs().fold(0.0, |range: f64, (x, y)| range.max((y - x).abs()));
        let error = round_up(of_p * e + of_q * f + error * (range + e + f) + 8.0 * U * size + TINY);
        let tight = of_p > TINY && of_q > TINY && error < LOOSE * size;
        tight.then(|| (pairs().map(|(x, y)| of_p * x + of_q * y).collect(), error))
    }

    /// The coordinates of some vertices only, in this order.
    pub(super) fn only(&self, vertices: &[u32]) -> Self {
        let coordinates = vertices.iter().flat_map(|&v| self.point(v).iter().copied()).collect();
        let slopes = (0..).zip(vertices).filter_map(|(new, v)| Some((new, self.slopes.get(v)?.clone()))).collect();
        Self { dimension: self.dimension, coordinates, errors: vertices.iter().map(|&v| self.error(v)).collect(), slopes }
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

    /// The approximate slopes of the coordinates of a vertex at infinity.
    pub(super) fn slopes(&self, vertex: u32) -> Option<&[f64]> {
        self.slopes.get(&vertex).map(Vec::as_slice)
    }
}
