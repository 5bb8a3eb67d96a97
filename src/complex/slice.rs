//! Planes through three points of the input space.

use crate::data::Point;
use crate::exact::Coefficient;
use crate::network::lowered::{Form, Inputs};
use rug::Rational;

/// The errors of the points of a plane.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaneError {
    /// The points have different dimensions.
    #[error("the points of a plane have dimensions {0}, {1} and {2}, expected equal ones")]
    Dimensions(usize, usize, usize),
    /// The points are on one line.
    #[error("the three points are on one line, expected points that span a plane")]
    Collinear,
}

/// The plane x = p0 + u (p1 - p0) + v (p2 - p0), with coordinates (u, v).
///
/// ```
/// use plica::{complex::Plane, data::Point};
/// let point = |x: [f64; 3]| Point::from_f64(&x).unwrap();
/// let plane = Plane::new(&point([0.0, 0.0, 0.0]), &point([3.0, 0.0, 0.0]), &point([0.0, 0.0, 2.0])).unwrap();
/// assert_eq!(plane.gram(), 36);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plane {
    origin: Vec<Rational>,
    directions: [Vec<Rational>; 2],
}

impl Plane {
    /// The plane through three points.
    ///
    /// # Errors
    /// The points have different dimensions, or are on one line.
    pub fn new(p0: &Point, p1: &Point, p2: &Point) -> Result<Self, PlaneError> {
        let dimensions = [p0, p1, p2].map(Point::dimension);
        if dimensions.iter().any(|&d| d != dimensions[0]) {
            return Err(PlaneError::Dimensions(dimensions[0], dimensions[1], dimensions[2]));
        }
        let origin = p0.to_rationals();
        let direction = |p: &Point| p.to_rationals().into_iter().zip(&origin).map(|(x, o)| x - o).collect();
        let plane = Self { directions: [direction(p1), direction(p2)], origin };
        if plane.gram().is_zero() { Err(PlaneError::Collinear) } else { Ok(plane) }
    }

    /// The dimension of the surrounding space.
    pub fn dimension(&self) -> usize {
        self.origin.len()
    }

    /// The Gram determinant G of p1 - p0 and p2 - p0. The Euclidean area is the area in (u, v) times sqrt(G).
    pub fn gram(&self) -> Rational {
        let [u, v] = &self.directions;
        dot(u, u) * dot(v, v) - dot(u, v) * dot(u, v)
    }

    /// The coordinates (u, v) of the point of the plane that is nearest to a point of the surrounding space.
    ///
    /// ```
    /// use plica::{complex::Plane, data::Point};
    /// let [a, b, c] = ["0,0,0", "2,0,0", "1,1,0"].map(|p| Point::load(p, &Default::default()).unwrap());
    /// let [u, v] = Plane::new(&a, &b, &c).unwrap().project(&Point::load("2,1/3,5", &Default::default()).unwrap().to_rationals());
    /// assert_eq!((u.to_string(), v.to_string()), ("5/6".to_string(), "1/3".to_string()));
    /// ```
    ///
    /// # Panics
    /// If the dimension of the point is not that of the surrounding space.
    pub fn project(&self, x: &[Rational]) -> [Rational; 2] {
        assert_eq!(x.len(), self.dimension(), "a point of the space around the plane");
        let [d, e] = &self.directions;
        let offset: Vec<Rational> = x.iter().zip(&self.origin).map(|(x, o)| Rational::from(x - o)).collect();
        let (a, b, c) = (dot(d, d), dot(d, e), dot(e, e));
        let (p, q) = (dot(d, &offset), dot(e, &offset));
        let gram = Rational::from(&a * &c) - Rational::from(&b * &b);
        [(Rational::from(&c * &p) - Rational::from(&b * &q)) / &gram, (a * q - b * p) / gram]
    }

    /// The point with the coordinates (u, v).
    pub fn point(&self, u: &Rational, v: &Rational) -> Vec<Rational> {
        let along = |((o, d), e): ((&Rational, &Rational), &Rational)| Rational::from(d * u) + Rational::from(e * v) + o;
        self.origin.iter().zip(&self.directions[0]).zip(&self.directions[1]).map(along).collect()
    }

    /// The coordinates of the surrounding space as forms of (u, v).
    pub(super) fn inputs(&self) -> Inputs {
        let coordinate = |i: usize| {
            let terms = [0, 1].map(|k| (k as u32, Coefficient::from(self.directions[k][i].clone())));
            Form { terms: terms.into_iter().filter(|(_, x)| !x.is_zero()).collect(), constant: self.origin[i].clone().into() }
        };
        Inputs { width: 2, forms: (0..self.dimension()).map(coordinate).collect() }
    }
}

fn dot(x: &[Rational], y: &[Rational]) -> Rational {
    x.iter().zip(y).map(|(x, y)| Rational::from(x * y)).sum()
}
