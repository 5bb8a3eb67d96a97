//! Points with exact coordinates: doubles, integers over one denominator, or rationals.

use crate::exact::bound::round_up;
use crate::exact::double_double::DoubleDouble;
use crate::exact::{dyadic_parts, nearest_f64, rational};
use rug::{Integer, Rational};
use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

/// The errors of coordinates.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PointsError {
    /// A coordinate is NaN or infinite.
    #[error("row {row}, coordinate {column} is {value}, not a finite number")]
    NotFinite {
        /// The index of the point, counted from 0.
        row: usize,
        /// The index of the coordinate, counted from 0.
        column: usize,
        /// The value found.
        value: f64,
    },
    /// The number of values is not rows times dimension.
    #[error("{values} values do not fill rows of {dimension} coordinates")]
    Ragged {
        /// The number of values.
        values: usize,
        /// The given dimension.
        dimension: usize,
    },
    /// There are no points, or the points have no coordinates.
    #[error("no points")]
    Empty,
}

/// The relation between a coordinate and its double.
#[derive(Clone, Debug, PartialEq)]
enum Exactness {
    /// The coordinate is the double.
    Dyadic,
    /// The coordinate is an integer over this denominator, and the double is the nearest one.
    Over(u32),
    /// The coordinates, row by row.
    Rational(Arc<Vec<Rational>>),
}

/// n points of dimension d with exact coordinates, stored row by row as their nearest doubles. Clones share the coordinates.
///
/// ```
/// use plica::data::Points;
/// let pixels = Points::over(vec![0, 255, 51], 3, 255).unwrap();
/// assert_eq!(pixels.coordinate(0, 2).to_string(), "1/5");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Points {
    dimension: usize,
    nearest: Arc<Vec<f64>>,
    /// For each point x an upper bound on the norm of (x, 1), to which errors along segments are relative.
    norms: Arc<Vec<f64>>,
    exactness: Exactness,
    /// Computed when it is first used.
    grain: OnceLock<Option<(i32, i32)>>,
}

impl PartialEq for Points {
    fn eq(&self, other: &Self) -> bool {
        self.dimension == other.dimension && self.nearest == other.nearest && self.exactness == other.exactness
    }
}

/// One point: [`Points`] of a single row.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Point(Points);

impl Points {
    /// Points with these doubles as coordinates, row by row.
    ///
    /// # Errors
    /// A coordinate is not finite, the last row is not full, or there are no values.
    pub fn from_f64(values: Vec<f64>, dimension: usize) -> Result<Self, PointsError> {
        check_shape(values.len(), dimension)?;
        if let Some(i) = values.iter().position(|x| !x.is_finite()) {
            return Err(PointsError::NotFinite { row: i / dimension, column: i % dimension, value: values[i] });
        }
        Ok(Self::of(dimension, values, Exactness::Dyadic))
    }

    /// Points with integers over one denominator as coordinates, such as pixels over 255.
    ///
    /// # Errors
    /// The last row is not full, or there are no values.
    pub fn over(numerators: Vec<i32>, dimension: usize, denominator: u32) -> Result<Self, PointsError> {
        check_shape(numerators.len(), dimension)?;
        assert!(denominator > 0, "a denominator is positive");
        let nearest = numerators.iter().map(|&n| f64::from(n) / f64::from(denominator)).collect();
        let exactness = if denominator.is_power_of_two() { Exactness::Dyadic } else { Exactness::Over(denominator) };
        Ok(Self::of(dimension, nearest, exactness))
    }

    /// Points with these rationals as coordinates, row by row.
    ///
    /// # Errors
    /// The last row is not full, or there are no values.
    pub fn from_rationals(values: Vec<Rational>, dimension: usize) -> Result<Self, PointsError> {
        check_shape(values.len(), dimension)?;
        let nearest: Vec<f64> = values.iter().map(nearest_f64).collect();
        let dyadic = nearest.iter().zip(&values).all(|(&x, q)| rational(x).as_ref() == Some(q));
        let exactness = if dyadic { Exactness::Dyadic } else { Exactness::Rational(Arc::new(values)) };
        Ok(Self::of(dimension, nearest, exactness))
    }

    fn of(dimension: usize, nearest: Vec<f64>, exactness: Exactness) -> Self {
        let norms = Arc::new(nearest.chunks_exact(dimension).map(norm_with_one).collect());
        Self { dimension, nearest: Arc::new(nearest), norms, exactness, grain: OnceLock::new() }
    }

    /// The number of points.
    pub fn len(&self) -> usize {
        self.nearest.len() / self.dimension
    }

    /// Whether there are no points. Values that can be built always have points.
    pub fn is_empty(&self) -> bool {
        self.nearest.is_empty()
    }

    /// The number of coordinates of each point.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The doubles nearest to the coordinates of one point; infinite if a coordinate rounds beyond the largest double.
    pub fn nearest(&self, row: usize) -> &[f64] {
        &self.nearest[row * self.dimension..(row + 1) * self.dimension]
    }

    /// The doubles nearest to the coordinates of the points `start` to `end - 1`, row by row.
    pub(crate) fn nearest_rows(&self, start: usize, end: usize) -> &[f64] {
        &self.nearest[start * self.dimension..end * self.dimension]
    }

    /// An upper bound on the norm of (x, 1) for one point x.
    pub(crate) fn norm_with_one(&self, row: usize) -> f64 {
        self.norms[row]
    }

    /// Whether every coordinate is exactly its nearest double.
    pub fn is_double(&self) -> bool {
        self.exactness == Exactness::Dyadic
    }

    /// The coordinates as integers over one denominator, row by row, if the points were built by [`Points::over`] and are not all doubles.
    ///
    /// ```
    /// use plica::data::Points;
    /// let pixels = Points::over(vec![0, 255, 51], 3, 255).unwrap();
    /// assert_eq!(pixels.over_one_denominator(), Some((vec![0, 255, 51], 255)));
    /// assert_eq!(Points::from_f64(vec![0.5], 1).unwrap().over_one_denominator(), None);
    /// ```
    pub fn over_one_denominator(&self) -> Option<(Vec<i32>, u32)> {
        match self.exactness {
            Exactness::Over(q) => Some((self.nearest.iter().map(|x| (x * f64::from(q)).round() as i32).collect(), q)),
            _ => None,
        }
    }

    /// The exact value of one coordinate.
    pub fn coordinate(&self, row: usize, column: usize) -> Rational {
        let x = self.nearest[row * self.dimension + column];
        match &self.exactness {
            Exactness::Dyadic => rational(x).expect("dyadic coordinates are finite"),
            // |n| < 2^31 and the denominator below 2^32: the rounding of n/q moves x q by far less than 1/2.
            Exactness::Over(q) => Rational::from(((x * f64::from(*q)).round() as i64, *q)),
            Exactness::Rational(values) => values[row * self.dimension + column].clone(),
        }
    }

    /// If the coordinates are doubles: (e, f) such that all are multiples of 2^e and below 2^f.
    pub(crate) fn grain(&self) -> Option<(i32, i32)> {
        *self.grain.get_or_init(|| {
            let parts = || self.nearest.iter().map(|&x| dyadic_parts(x)).filter(|&(m, _)| m != 0);
            let least = parts().map(|(_, e)| e).min().unwrap_or(0);
            let most = parts().map(|(m, e)| e + (u64::BITS - m.unsigned_abs().leading_zeros()) as i32).max().unwrap_or(0);
            self.is_double().then_some((least, most))
        })
    }

    /// A coordinate as the sum of two doubles, with a relative error below 2 u^2.
    pub(crate) fn double_double(&self, row: usize, column: usize) -> DoubleDouble {
        let hi = self.nearest[row * self.dimension + column];
        let lo = match &self.exactness {
            Exactness::Dyadic => 0.0,
            // The remainder of a rounded quotient is a double, so only the division rounds.
            Exactness::Over(q) => (-hi).mul_add(f64::from(*q), (hi * f64::from(*q)).round()) / f64::from(*q),
            Exactness::Rational(_) => rational(hi).map_or(f64::NAN, |x| nearest_f64(&(self.coordinate(row, column) - x))),
        };
        DoubleDouble { hi, lo }
    }

    /// The coordinates of two points as integers over one scale, if all of them are below 2^62.
    pub(crate) fn whole_pair(&self, row: usize, other: &Points, other_row: usize) -> Option<(Vec<(i64, i64)>, Integer)> {
        let (x, y) = (self.nearest(row), other.nearest(other_row));
        match (&self.exactness, &other.exactness) {
            (Exactness::Dyadic, Exactness::Dyadic) => {
                let least = x.iter().chain(y).map(|&x| dyadic_parts(x).1).min().unwrap_or(0).min(0);
                let whole = |x: f64| {
                    let (m, e) = dyadic_parts(x);
                    let shift = (e - least) as u32;
                    (m == 0 || shift < 62 && m.unsigned_abs() < 1 << (62 - shift)).then(|| if m == 0 { 0 } else { m << shift })
                };
                let words = x.iter().zip(y).map(|(&x, &y)| Some((whole(x)?, whole(y)?))).collect::<Option<_>>()?;
                Some((words, Integer::from(1) << least.unsigned_abs()))
            }
            (Exactness::Over(p), Exactness::Over(q)) if p == q => {
                let whole = |x: f64| (x * f64::from(*q)).round() as i64;
                Some((x.iter().zip(y).map(|(&x, &y)| (whole(x), whole(y))).collect(), Integer::from(*q)))
            }
            _ => None,
        }
    }

    /// Writes the content for a digest that distinguishes these points from all others.
    pub(crate) fn write_exactly(&self, to: &mut impl Write) -> io::Result<()> {
        writeln!(to, "{} points of {}", self.len(), self.dimension)?;
        match &self.exactness {
            Exactness::Rational(values) => values.iter().try_for_each(|x| writeln!(to, "{x}")),
            other => {
                writeln!(to, "{other:?}")?;
                self.nearest.iter().try_for_each(|x| to.write_all(&x.to_le_bytes()))
            }
        }
    }

    /// A copy of one point.
    pub fn point(&self, row: usize) -> Point {
        let range = row * self.dimension..(row + 1) * self.dimension;
        let exactness = match &self.exactness {
            Exactness::Rational(values) => Exactness::Rational(Arc::new(values[range.clone()].to_vec())),
            other => other.clone(),
        };
        Point(Points {
            dimension: self.dimension,
            nearest: Arc::new(self.nearest[range].to_vec()),
            norms: Arc::new(vec![self.norms[row]]),
            exactness,
            grain: OnceLock::new(),
        })
    }

    /// Points with the given ones as rows, in order. They must have the same dimension.
    ///
    /// # Errors
    /// There are no points, or their dimensions differ.
    pub fn from_points(points: &[Point]) -> Result<Self, PointsError> {
        let dimension = points.first().ok_or(PointsError::Empty)?.dimension();
        if let Some(p) = points.iter().find(|p| p.dimension() != dimension) {
            return Err(PointsError::Ragged { values: p.dimension(), dimension });
        }
        if points.iter().all(|p| p.0.is_double()) {
            let nearest = points.iter().flat_map(|p| p.0.nearest.iter().copied()).collect();
            return Ok(Self::of(dimension, nearest, Exactness::Dyadic));
        }
        Self::from_rationals(points.iter().flat_map(|p| p.to_rationals()).collect(), dimension)
    }
}

/// An upper bound on the norm of (x, 1); infinite if a coordinate is infinite.
fn norm_with_one(x: &[f64]) -> f64 {
    let (chunks, rest) = x.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += x * x;
        }
    }
    let rest: f64 = rest.iter().map(|x| x * x).sum();
    round_up((1.0 + rest + sums.iter().sum::<f64>()).sqrt())
}

fn check_shape(values: usize, dimension: usize) -> Result<(), PointsError> {
    if values == 0 || dimension == 0 {
        Err(PointsError::Empty)
    } else if !values.is_multiple_of(dimension) {
        Err(PointsError::Ragged { values, dimension })
    } else {
        Ok(())
    }
}

impl Point {
    /// The point with these doubles as coordinates.
    ///
    /// # Errors
    /// A coordinate is not finite, or there are no coordinates.
    pub fn from_f64(coordinates: &[f64]) -> Result<Self, PointsError> {
        Points::from_f64(coordinates.to_vec(), coordinates.len()).map(Self)
    }

    /// The point with these rational coordinates.
    ///
    /// # Errors
    /// There are no coordinates.
    pub fn from_rationals(coordinates: Vec<Rational>) -> Result<Self, PointsError> {
        let dimension = coordinates.len();
        Points::from_rationals(coordinates, dimension).map(Self)
    }

    /// The number of coordinates.
    pub fn dimension(&self) -> usize {
        self.0.dimension
    }

    /// The exact coordinates.
    pub fn to_rationals(&self) -> Vec<Rational> {
        (0..self.dimension()).map(|j| self.0.coordinate(0, j)).collect()
    }

    /// The point as a set with one row.
    pub fn as_points(&self) -> &Points {
        &self.0
    }

    /// The exact point (1-t) a + t b.
    ///
    /// # Panics
    /// If the dimensions of the two points differ.
    pub fn between(a: &Point, b: &Point, t: &Rational) -> Point {
        assert_eq!(a.dimension(), b.dimension(), "points of one space");
        let one = Rational::from(1) - t;
        let mix = |(x, y): (Rational, Rational)| x * &one + y * t;
        let coordinates = a.to_rationals().into_iter().zip(b.to_rationals()).map(mix).collect();
        Point::from_rationals(coordinates).expect("as many coordinates as the two points have")
    }
}
