//! The interaction effect: the difference between chi of a whole path and the sum over two parts.

use super::{Folding, Measure, Path};
use rug::Rational;

/// The interaction of the two parts into which a path is divided at a pattern.
///
/// With Gamma_1 = (p_1..p_k) and Gamma_2 = (p_k..p_n) it is I(k) = chi(Gamma_1 + Gamma_2) - chi(Gamma_1) - chi(Gamma_2), always in (-1, 1).
/// The slides of paper 2 (arXiv 2503.08502) show its absolute value; it is uncertain whether the paper uses it, so both versions are here.
///
/// ```
/// use plica::{fold::Interaction, network::Pattern};
/// let path: Vec<Pattern> = ["0", "1", "0"].map(|p| p.parse().unwrap()).to_vec();
/// assert_eq!(Interaction::at(&path, 1).unwrap().signed().to_string(), "1/2");
/// assert!(Interaction::at(&path, 3).is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interaction {
    /// The folding of the whole path.
    pub whole: Folding,
    /// The folding of (p_1, ..., p_k).
    pub first: Folding,
    /// The folding of (p_k, ..., p_n).
    pub second: Folding,
}

impl Interaction {
    /// The interaction at pattern k, counted from 0; `None` if the path has no such pattern.
    pub fn at<P: Path + ?Sized>(path: &P, k: usize) -> Option<Self> {
        let mut first = Measure::default();
        let mut steps = path.steps();
        for _ in 0..k {
            first.push(steps.next()?);
        }
        let mut whole = first;
        steps.for_each(|step| whole.push(step));
        let mut second = Measure::default();
        path.steps_from(k).for_each(|step| second.push(step));
        Some(Self { whole: whole.folding(), first: first.folding(), second: second.folding() })
    }

    /// The interactions at all n patterns of a path, in order. The time is proportional to n^2.
    ///
    /// ```
    /// use plica::{fold::Interaction, network::Pattern};
    /// let path: Vec<Pattern> = ["0", "1", "0"].map(|p| p.parse().unwrap()).to_vec();
    /// let values: Vec<String> = Interaction::all(&path).map(|i| i.absolute().to_string()).collect();
    /// assert_eq!(values, ["0", "1/2", "0"]);
    /// ```
    pub fn all<P: Path + ?Sized>(path: &P) -> impl Iterator<Item = Self> {
        (0..).map_while(|k| Self::at(path, k))
    }

    /// I(k), between -1 and 1.
    pub fn signed(&self) -> Rational {
        self.whole.chi() - self.first.chi() - self.second.chi()
    }

    /// |I(k)|, in [0, 1).
    pub fn absolute(&self) -> Rational {
        self.signed().abs()
    }
}
