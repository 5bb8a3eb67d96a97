//! Pre-activations at vertices at infinity: slopes and constants (proofs/complex.md, section 4).

use super::super::balls::LOOSE;
use super::super::far::{Affine, Row, Weights};
use super::super::layer::largest;
use super::Signs;

impl Signs {
    /// Whether a vertex is known to be at infinity. If everything is left to integers, none is.
    pub(in super::super) fn is_at_infinity(&self, vertex: u32) -> bool {
        self.far.as_ref().is_some_and(|far| far.place(vertex as usize).is_some())
    }

    /// A result of the present step at a vertex.
    pub(super) fn value(&self, vertex: usize, i: usize) -> Affine {
        let (constant, error) = (self.rows.row(vertex)[i], self.rows.errors[vertex]);
        let (slope, slope_error) = match self.far.as_ref().and_then(|far| Some((far, far.place(vertex)?))) {
            Some((far, place)) => (far.slopes.row(place)[i], far.slopes.errors[place]),
            None => (0.0, 0.0),
        };
        Affine { slope, slope_error, constant, error }
    }

    /// The pre-activations at the zero of a unit between two vertices, at least one of them at infinity.
    ///
    /// If the bounds in doubles are too large, the pre-activations at a vertex at infinity stay unknown; those at other vertices are
    /// computed in integers.
    pub(super) fn interpolate_at_infinity(&mut self, vertex: u32, [p, q]: [u32; 2], unit: usize) {
        let weights = Weights::between(self.value(p as usize, unit), self.value(q as usize, unit));
        self.weights.push(weights.unwrap_or(Weights { error: f64::INFINITY, ..Weights::default() }));
        let far = self.far.as_mut().expect("a vertex is at infinity");
        let sides = far.shared_sides(p, q);
        let constants = [p, q].map(|v| Row::of(&self.rows, v as usize));
        let slopes = [p, q].map(|v| far.place(v as usize).map(|place| Row::of(&far.slopes, place)).unwrap_or_default());
        let is_still = sides == 0;
        let of_slopes = match weights {
            _ if is_still => None,
            Some(_) if slopes.iter().all(Row::vanishes) => Some((vec![0.0; self.rows.stride], 0.0)),
            Some(weights) => Some(weights.mix(slopes[0], slopes[1])).filter(|(row, error)| *error < LOOSE * largest(row)),
            None => None,
        };
        let of_constants = weights.map(|weights| weights.constants([constants[0], slopes[0]], [constants[1], slopes[1]]));
        match (of_constants, of_slopes) {
            (Some((mut row, error)), None) if is_still && error < LOOSE * largest(&row) => {
                row[unit] = 0.0;
                far.push(0, None);
                self.rows.push(&row, error);
            }
            (Some((mut row, error)), Some((mut slopes, slope_error))) => {
                (row[unit], slopes[unit]) = (0.0, 0.0);
                far.push(sides, Some((&slopes, slope_error)));
                self.rows.push(&row, error);
            }
            _ if is_still => {
                far.push(0, None);
                self.push_exact(vertex);
            }
            _ => {
                far.push(sides, Some((&[], f64::INFINITY)));
                self.push_unknown();
            }
        }
    }
}
