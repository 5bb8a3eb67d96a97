//! Bounds on the folding of a path that follow from its ends and its length.

use super::{Measure, Path};
use rug::Rational;

/// Bounds on chi from the distance D = d_H(p_1, p_n) of the two ends and the length L = r2 of the path.
///
/// (1 - D/L)/2 <= chi <= 1 - D/L, and |chi(Gamma) - chi(-Gamma)| <= min(D/L, (1 - D/L)/2) <= 1/3. All bounds are 0 if L = 0. (The first
/// three are from the authors' post on paper 3; the combined one follows from r1 >= D and L >= r1 + (r1 - D).)
///
/// ```
/// use plica::{fold::Bounds, network::Pattern};
/// let path: Vec<Pattern> = ["1000", "1100", "1000", "1001"].map(|p| p.parse().unwrap()).to_vec();
/// let bounds = Bounds::of(&path);
/// assert_eq!((bounds.displacement, bounds.length), (1, 3));
/// assert_eq!((bounds.lower().to_string(), bounds.upper().to_string()), ("1/3".into(), "2/3".into()));
/// assert_eq!(bounds.asymmetry().to_string(), "1/3");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// D, the Hamming distance between the first and the last pattern.
    pub displacement: u64,
    /// L = r2, the length of the path.
    pub length: u64,
}

impl Bounds {
    /// The bounds of a path.
    pub fn of<P: Path + ?Sized>(path: &P) -> Self {
        Measure::of(path).into()
    }

    /// The lower bound (1 - D/L)/2 on chi.
    pub fn lower(&self) -> Rational {
        self.upper() / 2u32
    }

    /// The upper bound 1 - D/L on chi.
    pub fn upper(&self) -> Rational {
        if self.length == 0 { Rational::new() } else { 1 - self.straightness() }
    }

    /// The bound min(D/L, (1 - D/L)/2) on the change of chi when the path is reversed.
    pub fn asymmetry(&self) -> Rational {
        self.straightness().min(self.lower())
    }

    /// D/L, or 0 if L = 0.
    fn straightness(&self) -> Rational {
        if self.length == 0 { Rational::new() } else { Rational::from((self.displacement, self.length)) }
    }
}

impl From<Measure> for Bounds {
    fn from(measure: Measure) -> Self {
        Self { displacement: measure.distance(), length: measure.folding().r2 }
    }
}
