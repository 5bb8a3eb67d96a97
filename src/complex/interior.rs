//! Points in the interior of cells.

use super::cell::Cell;
use super::cells::fits;
use super::simplex::mean;
use crate::exact::{Fraction, nearest_f64, rational};
use rug::Rational;

impl Cell<'_> {
    /// A point in the interior of the cell: the mean of its vertices. For an unbounded cell it is some point, with short coordinates if
    /// possible.
    pub fn interior_point(&self) -> Vec<Rational> {
        self.interior_fractions().into_iter().map(Rational::from).collect()
    }

    /// The same point as fractions of integers.
    pub(crate) fn interior_fractions(&self) -> Vec<Fraction> {
        let complex = self.complex;
        let vertices = complex.vertices_of(complex.rank(), self.index);
        if !self.bounded()
            && let Some(point) = self.short_point(&vertices)
        {
            return point.into_iter().map(Fraction::from).collect();
        }
        mean(&vertices.into_iter().map(|v| complex.whole_vertex(v)).collect::<Vec<_>>())
    }

    /// A point inside an unbounded cell: a mean of its vertices, moved along all its rays. It is computed in doubles, and used only if
    /// integers show that it is inside.
    fn short_point(&self, vertices: &[u32]) -> Option<Vec<Rational>> {
        if self.complex.is_merged() {
            return None;
        }
        let points = &self.complex.points;
        let mut sum = vec![0.0; self.complex.rank()];
        let mut rays = sum.clone();
        let (mut count, mut size) = (0u32, 1.0f64);
        for &v in vertices {
            if self.complex.is_at_infinity(0, v) {
                rays.iter_mut().zip(self.ray(v)).for_each(|(sum, x)| *sum += x);
            } else {
                sum.iter_mut().zip(points.point(v)).for_each(|(sum, x)| *sum += x);
                size = points.point(v).iter().fold(size, |size, x| size.max(x.abs()));
                count += 1;
            }
        }
        let along = |(sum, ray): (&f64, &f64)| sum / f64::from(count.max(1)) + size * ray;
        let point: Vec<f64> = sum.iter().zip(&rays).map(along).collect();
        // Shorter numbers are tried first.
        let roundings: [fn(f64) -> f64; 2] = [|x| f64::from(x as f32), |x| x];
        roundings.into_iter().find_map(|round| {
            let point: Option<Vec<Rational>> = point.iter().map(|&x| rational(round(x))).collect();
            let point = self.complex.among_all_inputs(point?, Rational::new());
            self.is_inside(&point).then_some(point)
        })
    }

    /// The approximate direction of a vertex at infinity: that of its slopes, or of its coordinates if the slopes are unknown.
    fn ray(&self, vertex: u32) -> Vec<f64> {
        let slopes = self.complex.points.slopes(vertex).map_or_else(
            || {
                let point = self.complex.exact.lock().expect("no thread panics while it has the lock").point(vertex);
                let largest = point.iter().map(|x| x.clone().abs()).max().unwrap_or_default();
                point.into_iter().map(|x| nearest_f64(&(x / &largest))).collect()
            },
            <[f64]>::to_vec,
        );
        let largest = slopes.iter().fold(0.0, |size: f64, x| size.max(x.abs()));
        slopes.into_iter().map(|x| x / largest).collect()
    }

    /// Whether a point of the whole space is in the interior: the closed cell contains it, and no cell that shares a facet with it does.
    fn is_inside(&self, point: &[Rational]) -> bool {
        let signs = self.complex.signs_at(point);
        let holds = |cell: usize| fits(self.complex.words(cell), &signs);
        holds(self.index()) && !self.neighbours().into_iter().any(holds)
    }
}
