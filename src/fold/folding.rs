//! The folding measure of one path.

use super::{Measure, Path, Reversed};
use crate::exact::ExactNumber;
use rug::Rational;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};
use std::cmp::Ordering;

/// The range measures of a path, r1 = max_i d_H(p_1, p_i) and r2 = sum_i d_H(p_i, p_(i+1)), and the folding measure chi = 1 - r1/r2.
///
/// Always r1 <= r2, and r1 >= 1 if r2 > 0. The JSON form is `{"r1", "r2", "chi": {"exact", "value"}}`. (Paper 1, Eq. 4; Lewandowski et al.,
/// arXiv 2502.09954.)
///
/// ```
/// use plica::{fold::Folding, network::Pattern};
/// let path: Vec<Pattern> = ["0000", "1100", "0011"].map(|p| p.parse().unwrap()).to_vec();
/// let folding = Folding::of(&path);
/// assert_eq!((folding.r1, folding.r2), (2, 6));
/// assert_eq!(folding.chi().to_string(), "2/3");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[must_use]
pub struct Folding {
    /// The largest distance to the start.
    pub r1: u64,
    /// The length of the path.
    pub r2: u64,
}

impl Folding {
    /// The folding of a path.
    pub fn of<P: Path + ?Sized>(path: &P) -> Self {
        Measure::of(path).folding()
    }

    /// The folding measure chi = 1 - r1/r2, in [0, 1), and 0 if r2 = 0.
    ///
    /// The value 0 for a path inside one region is the convention of the authors' code.
    pub fn chi(&self) -> Rational {
        if self.r2 == 0 { Rational::new() } else { Rational::from(1) - Rational::from((self.r1, self.r2)) }
    }

    /// The symmetrised folding (chi(Gamma) + chi(-Gamma)) / 2, where -Gamma is the reversed path.
    ///
    /// Paper 2 (arXiv 2503.08502) proposes it as a pseudo-metric d_chi on the points of the input space. Its triangle inequality is not
    /// satisfied, see `tests/library/measure.rs`.
    ///
    /// ```
    /// use plica::{fold::Folding, network::Pattern};
    /// let path: Vec<Pattern> = ["1000", "1100", "1000", "1001"].map(|p| p.parse().unwrap()).to_vec();
    /// assert_eq!(Folding::symmetrised_chi(&path).to_string(), "1/2");
    /// ```
    pub fn symmetrised_chi<P: Path + ?Sized>(path: &P) -> Rational {
        (Folding::of(path).chi() + Folding::of(&Reversed(path)).chi()) / 2u32
    }

    /// Whether chi = 0, which is equivalent to r1 = r2.
    pub fn is_flat(&self) -> bool {
        self.r1 == self.r2
    }

    /// The folding with the larger chi.
    pub(super) fn max_by_chi(self, other: Self) -> Self {
        if self.cmp_chi(&other).is_lt() { other } else { self }
    }

    /// Compares the values of chi exactly, without computing a rational.
    #[inline]
    pub fn cmp_chi(&self, other: &Self) -> Ordering {
        match (self.is_flat(), other.is_flat()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            // 1 - a/b < 1 - c/d if and only if c b < a d; both products are below 2^128.
            (false, false) => {
                let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
                product(other.r1, self.r2).cmp(&product(self.r1, other.r2))
            }
        }
    }
}

impl Serialize for Folding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut s = serializer.serialize_struct("Folding", 3)?;
        s.serialize_field("r1", &self.r1)?;
        s.serialize_field("r2", &self.r2)?;
        s.serialize_field("chi", &ExactNumber(self.chi()))?;
        s.end()
    }
}
