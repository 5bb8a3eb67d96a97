//! The domain of a complex: a box, a simplex, or the whole space.

use super::essential::Essential;
use super::simplex::{WholePoint, orientation, simplex_volume};
use super::topology::{Faces, Topology};
use crate::exact::{ParseError, parse_rational};
use crate::network::lowered::Lowered;
use crate::words::{message, quoted};
use rug::{Integer, Rational};
use std::sync::Arc;

/// The limit for the dimension: a box of a higher one has more than 3^12 faces before it is cut. For the whole space, it applies to the
/// rank of the first layer.
const LARGEST_DIMENSION: usize = 12;

/// The errors of a domain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DomainError {
    /// A box has no dimension.
    #[error("the box has no dimension, expected at least one")]
    NoDimension,
    /// A side of a box is empty.
    #[error("the box is empty in dimension {axis}: its range {}..{} must ascend", message(.lo), message(.hi))]
    EmptyRange {
        /// The dimension, counted from 0.
        axis: usize,
        /// The lower end of its range.
        lo: String,
        /// The upper end of its range.
        hi: String,
    },
    /// The text is not a box.
    #[error("{} is not a box: {reason}", quoted(.text))]
    Malformed {
        /// The text.
        text: String,
        /// The reason.
        #[source]
        reason: ParseError,
    },
    /// The corners of a simplex are in one hyperplane.
    #[error("the corners lie in one hyperplane: the simplex has no interior")]
    Flat,
    /// The corners are not d + 1 points with d coordinates.
    #[error("{corners} corners of dimension {dimension}, expected one more than the dimension")]
    Corners {
        /// The number of corners.
        corners: usize,
        /// The dimension of the first corner.
        dimension: usize,
    },
    /// The dimension is not that of the network's input.
    #[error("the domain has dimension {found}, expected {expected}: the number of inputs of the network")]
    Dimension {
        /// The number of inputs of the network.
        expected: usize,
        /// The dimension of the domain.
        found: usize,
    },
    /// The domain has too many dimensions.
    #[error("{dimension} dimensions are too many, since a box alone has 3^{dimension} faces: expected at most {LARGEST_DIMENSION}")]
    TooLarge {
        /// The dimension.
        dimension: usize,
    },
    /// The rank of the first layer is too large.
    #[error(
        "the rank of the first layer is too large, since its units alone cut the space into more than 3^{LARGEST_DIMENSION} faces: expected at most {LARGEST_DIMENSION}"
    )]
    HighRank,
}

/// The part of the input space that a [`Complex`](super::Complex) cuts into cells.
///
/// ```
/// use plica::complex::Domain;
/// let unit: Domain = Domain::parse_box("0,1", 2).unwrap();
/// assert_eq!(unit, Domain::parse_box("0..1;0..1", 2).unwrap());
/// assert!(Domain::parse_box("1,0", 2).unwrap_err().to_string().contains("ascend"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Domain {
    /// The box with these ranges, one for each dimension.
    Box(Vec<(Rational, Rational)>),
    /// The simplex with these corners, one more than its dimension.
    Simplex(Vec<Vec<Rational>>),
    /// The whole space.
    Space,
}

impl Domain {
    /// The box with these ranges.
    ///
    /// # Errors
    /// There are no dimensions, or more than a complex can have, or a range does not ascend.
    pub fn boxed(ranges: Vec<(Rational, Rational)>) -> Result<Self, DomainError> {
        let domain = Self::Box(ranges);
        domain.check().map(|()| domain)
    }

    /// The cube \[lo, hi\]^d.
    ///
    /// # Errors
    /// As [`Domain::boxed`].
    pub fn cube(lo: Rational, hi: Rational, dimension: usize) -> Result<Self, DomainError> {
        if dimension > LARGEST_DIMENSION {
            return Err(DomainError::TooLarge { dimension }); // checked before the ranges are allocated
        }
        Self::boxed(vec![(lo, hi); dimension])
    }

    /// The simplex with these corners.
    ///
    /// # Errors
    /// The number of corners is not the dimension plus one, or the corners are in one hyperplane.
    pub fn simplex(corners: Vec<Vec<Rational>>) -> Result<Self, DomainError> {
        let domain = Self::Simplex(corners);
        domain.check().map(|()| domain)
    }

    fn check(&self) -> Result<(), DomainError> {
        match self {
            Self::Box(ranges) if ranges.is_empty() => Err(DomainError::NoDimension),
            Self::Box(ranges) if ranges.len() > LARGEST_DIMENSION => Err(DomainError::TooLarge { dimension: ranges.len() }),
            Self::Box(ranges) => match ranges.iter().position(|(lo, hi)| lo >= hi) {
                Some(axis) => Err(DomainError::EmptyRange { axis, lo: ranges[axis].0.to_string(), hi: ranges[axis].1.to_string() }),
                None => Ok(()),
            },
            Self::Simplex(corners) => {
                let dimension = corners.first().map_or(0, Vec::len);
                if dimension == 0 || corners.len() != dimension + 1 || corners.iter().any(|corner| corner.len() != dimension) {
                    return Err(DomainError::Corners { corners: corners.len(), dimension });
                }
                let corners: Vec<WholePoint> = corners.iter().map(|corner| WholePoint::new(corner)).collect();
                if orientation(&corners.iter().collect::<Vec<_>>()).is_eq() { Err(DomainError::Flat) } else { Ok(()) }
            }
            Self::Space => Ok(()),
        }
    }

    /// Reads `LO,HI`, a cube of this dimension, or `LO..HI;LO..HI`, one range for each dimension.
    ///
    /// # Errors
    /// The text has neither form, the number of ranges is not the dimension, or [`Domain::boxed`] refuses the ranges.
    pub fn parse_box(text: &str, dimension: usize) -> Result<Self, DomainError> {
        let malformed = |reason: ParseError| DomainError::Malformed { text: text.to_string(), reason };
        let range = |part: &str, separator: &str| {
            let (lo, hi) =
                part.split_once(separator).ok_or_else(|| malformed(ParseError::new(format!("{} has no `{separator}`", quoted(part)))))?;
            let number = |text| parse_rational(text).map_err(malformed);
            Ok((number(lo)?, number(hi)?))
        };
        if !text.contains("..") {
            let (lo, hi) = range(text, ",")?;
            return Self::cube(lo, hi, dimension);
        }
        let ranges = text.split(';').map(|part| range(part, "..")).collect::<Result<Vec<_>, _>>()?;
        if ranges.len() != dimension {
            return Err(malformed(ParseError::new(format!(
                "it has {} ranges, expected {dimension}: one for each dimension",
                ranges.len()
            ))));
        }
        Self::boxed(ranges)
    }

    /// The volume; `None` for the whole space.
    pub fn volume(&self) -> Option<Rational> {
        match self {
            Self::Box(ranges) => Some(ranges.iter().fold(Rational::from(1), |product, (lo, hi)| product * Rational::from(hi - lo))),
            Self::Simplex(corners) => {
                let corners: Vec<WholePoint> = corners.iter().map(|corner| WholePoint::new(corner)).collect();
                Some(simplex_volume(&corners.iter().collect::<Vec<_>>()))
            }
            Self::Space => None,
        }
    }

    /// Whether the domain contains a point of the same dimension.
    pub fn contains(&self, point: &[Rational]) -> bool {
        match self {
            Self::Box(ranges) => ranges.iter().zip(point).all(|((lo, hi), x)| lo <= x && x <= hi),
            Self::Simplex(corners) => {
                let (corners, point): (Vec<WholePoint>, _) =
                    (corners.iter().map(|corner| WholePoint::new(corner)).collect(), WholePoint::new(point));
                let mut all: Vec<&WholePoint> = corners.iter().collect();
                let whole = orientation(&all);
                (0..all.len()).all(|i| {
                    let corner = std::mem::replace(&mut all[i], &point);
                    let part = orientation(&all);
                    all[i] = corner;
                    part.is_eq() || part == whole
                })
            }
            Self::Space => true,
        }
    }

    /// The network as a function of the inputs in which the domain is cut. For the whole space these are only the inputs of the essential
    /// part.
    ///
    /// # Errors
    /// The domain is not valid, its dimension is not that of the network's input, or there are too many dimensions.
    pub(super) fn essential(&self, steps: &Arc<Lowered>) -> Result<Essential, DomainError> {
        self.check()?;
        let expected = steps.inputs();
        let dimension = match self {
            Self::Box(ranges) => ranges.len(),
            Self::Simplex(corners) => corners.len() - 1,
            Self::Space => expected,
        };
        if dimension != expected {
            return Err(DomainError::Dimension { expected, found: dimension });
        }
        if *self == Self::Space {
            return Essential::of(steps, LARGEST_DIMENSION).ok_or(DomainError::HighRank);
        }
        if dimension > LARGEST_DIMENSION {
            return Err(DomainError::TooLarge { dimension });
        }
        Ok(Essential::all(steps))
    }

    /// The polytope that represents the domain of a network: its corners and faces.
    pub(super) fn polytope(&self, steps: &Lowered) -> Polytope {
        match self {
            Self::Box(ranges) => cuboid(ranges),
            Self::Simplex(corners) => simplex(corners),
            Self::Space => {
                // The sides are x_i >= -size and x_1 + ... + x_d <= size.
                let (d, size) = (steps.inputs(), beyond_all_vertices(steps));
                let slope = |corner: usize, axis: usize| if corner == axis { d as i32 } else { -1 };
                let slopes: Vec<Vec<f64>> = (0..=d).map(|i| (0..d).map(|axis| slope(i, axis).into()).collect()).collect();
                let corner = |i: usize| (0..d).map(|axis| Rational::from(&size * slope(i, axis))).collect();
                Polytope { slopes: Some(slopes), ..simplex(&(0..=d).map(corner).collect::<Vec<_>>()) }
            }
        }
    }
}

/// A domain as a polytope: corners, faces, and for each corner the sides that contain it, one bit for each side.
pub(super) struct Polytope {
    pub corners: Vec<Vec<Rational>>,
    pub topology: Topology,
    pub sides: Vec<u32>,
    /// For the whole space, whose corners are at infinity: their coordinates as multiples of the size.
    pub slopes: Option<Vec<Vec<f64>>>,
}

/// A box. A face is a word over the letters low (0), high (1) and free (2), one for each dimension. The sides are 2 axis + letter.
fn cuboid(ranges: &[(Rational, Rational)]) -> Polytope {
    let d = ranges.len();
    let words = 3usize.pow(d as u32);
    let letter = |word: usize, axis: usize| word / 3usize.pow(axis as u32) % 3;
    let mut number = vec![0u32; words];
    let mut levels = vec![Faces::default(); d + 1];
    let (mut corners, mut sides) = (Vec::new(), Vec::new());
    for (k, level) in levels.iter_mut().enumerate() {
        for word in (0..words).filter(|&word| (0..d).filter(|&axis| letter(word, axis) == 2).count() == k) {
            if k == 0 {
                number[word] = corners.len() as u32;
                let end = |axis: usize| if letter(word, axis) == 0 { &ranges[axis].0 } else { &ranges[axis].1 };
                corners.push((0..d).map(|axis| end(axis).clone()).collect());
                sides.push((0..d).fold(0, |sides, axis| sides | 1 << (2 * axis + letter(word, axis))));
                continue;
            }
            let free = (0..d).filter(|&axis| letter(word, axis) == 2);
            let facets: Vec<u32> = free.flat_map(|axis| [2, 1].map(|less| number[word - less * 3usize.pow(axis as u32)])).collect();
            number[word] = level.push(&facets);
        }
    }
    polytope(corners, levels, sides)
}

/// A simplex. A face is a set of corners. The number of a side is that of the opposite corner.
fn simplex(corners: &[Vec<Rational>]) -> Polytope {
    let d = corners.len() - 1;
    let sets = 1usize << (d + 1);
    let mut number = vec![0u32; sets];
    let mut levels = vec![Faces::default(); d + 1];
    for (k, level) in levels.iter_mut().enumerate() {
        for set in (1..sets).filter(|set| set.count_ones() as usize == k + 1) {
            number[set] = match k {
                0 => set.trailing_zeros(),
                _ => {
                    let facets: Vec<u32> = (0..=d).filter(|i| set >> i & 1 == 1).map(|i| number[set & !(1 << i)]).collect();
                    level.push(&facets)
                }
            };
        }
    }
    let sides = (0..=d).map(|i| ((1u32 << (d + 1)) - 1) & !(1 << i)).collect();
    polytope(corners.to_vec(), levels, sides)
}

fn polytope(corners: Vec<Vec<Rational>>, levels: Vec<Faces>, sides: Vec<u32>) -> Polytope {
    Polytope { corners, topology: Topology { levels, bases: Vec::new() }, sides, slopes: None }
}

/// A size from which on nothing changes as the domain grows: the simplex that represents the whole space meets every face of the network's
/// complex, and the sign of a unit at a vertex on its sides is that of the leading coefficient.
///
/// The form of a unit, for any pattern of the layers below, multiplied by the layers' common denominators, has integer coefficients of
/// magnitude at most A. With the size as one more coordinate, the last change as the size grows is at a point on d + 1 hyperplanes of forms
/// and sides. So this size is a quotient of two determinants of order d + 1, and such a determinant is at most (A (d + 1))^(d + 1);
/// proofs/complex.md, section 4.
fn beyond_all_vertices(steps: &Lowered) -> Integer {
    let (mut scale, mut largest) = (Integer::from(1), Integer::from(1));
    let mut over_all = Integer::from(1);
    for step in steps.steps.iter().map(|step| step.whole()) {
        let row_sum = (0..step.outputs).map(|i| step.row_sum(i)).max().unwrap_or_default();
        let bias = (0..step.outputs).map(|i| step.bias(i).abs()).max().unwrap_or_default();
        largest = row_sum * &largest + bias * &scale;
        scale *= &step.factor;
        over_all = over_all.max(largest.clone());
    }
    let order = steps.inputs() as u32 + 1;
    // The difference of two outputs is a form, too.
    let bits = (over_all * 2u32 * order).significant_bits() * order + 1;
    Integer::from(1) << bits
}
