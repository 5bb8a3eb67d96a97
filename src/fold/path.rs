//! Paths: sequences of patterns, given by the sizes of their steps and the distances to their start.

use super::walk::Walk;
use crate::line::Trace;
use crate::network::Pattern;

/// One step of a path, from a pattern p_(i-1) to the next one p_i.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The Hamming distance d_H(p_(i-1), p_i).
    pub size: u64,
    /// The Hamming distance to the start, d_H(p_1, p_i).
    pub distance: u64,
}

/// A path Gamma = (p_1, ..., p_n) of at least one activation pattern, all of the same units.
///
/// Lists of patterns are paths, and so are [traces](crate::line::Trace), whose patterns are not computed one by one. An empty list is
/// treated as a path with one pattern. (Paper 1, section on paths; Lewandowski et al., arXiv 2502.09954.)
///
/// ```
/// use plica::{fold::Path, network::Pattern};
/// let path: Vec<Pattern> = ["00", "01", "00"].map(|p| p.parse().unwrap()).to_vec();
/// let distances: Vec<u64> = path.steps().map(|step| step.distance).collect();
/// assert_eq!(distances, [1, 0]);
/// ```
pub trait Path {
    /// The steps of the path (p_k, ..., p_n), k counted from 0, with distances to p_k; none if k is the last index or larger.
    fn steps_from(&self, k: usize) -> impl Iterator<Item = Step>;

    /// As [`steps_from`](Self::steps_from), for the reversed path (p_n, ..., p_1): its steps from its k-th pattern on, with distances to
    /// that pattern.
    fn steps_back_from(&self, k: usize) -> impl Iterator<Item = Step>;

    /// The n - 1 steps of the path.
    fn steps(&self) -> impl Iterator<Item = Step> {
        self.steps_from(0)
    }
}

/// Lists of patterns, for example sampled ones.
///
/// # Panics
/// The iterator over the steps panics if two patterns differ in length.
impl<T: AsRef<[Pattern]> + ?Sized> Path for T {
    fn steps_from(&self, k: usize) -> impl Iterator<Item = Step> {
        steps_between(self.as_ref().iter().skip(k))
    }

    fn steps_back_from(&self, k: usize) -> impl Iterator<Item = Step> {
        steps_between(self.as_ref().iter().rev().skip(k))
    }
}

fn steps_between<'a>(mut patterns: impl Iterator<Item = &'a Pattern>) -> impl Iterator<Item = Step> {
    let mut ends = patterns.next().map(|first| (first, first));
    std::iter::from_fn(move || {
        let (start, last) = ends.as_mut()?;
        let next = patterns.next()?;
        let step = Step { size: last.hamming(next) as u64, distance: start.hamming(next) as u64 };
        *last = next;
        Some(step)
    })
}

impl Path for Trace {
    fn steps_from(&self, k: usize) -> impl Iterator<Item = Step> {
        Walk::new(self.units(), self.crossings().skip(k).map(|crossing| crossing.flips))
    }

    fn steps_back_from(&self, k: usize) -> impl Iterator<Item = Step> {
        Walk::new(self.units(), self.crossings().rev().skip(k).map(|crossing| crossing.flips))
    }
}

/// The reversed path -Gamma = (p_n, ..., p_1).
///
/// ```
/// use plica::{fold::{Folding, Reversed}, network::Pattern};
/// let path: Vec<Pattern> = ["1000", "1100", "1000", "1001"].map(|p| p.parse().unwrap()).to_vec();
/// assert_eq!(Folding::of(&path).chi().to_string(), "2/3");
/// assert_eq!(Folding::of(&Reversed(&path)).chi().to_string(), "1/3");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Reversed<'a, P: ?Sized>(pub &'a P);

impl<P: Path + ?Sized> Path for Reversed<'_, P> {
    fn steps_from(&self, k: usize) -> impl Iterator<Item = Step> {
        self.0.steps_back_from(k)
    }

    fn steps_back_from(&self, k: usize) -> impl Iterator<Item = Step> {
        self.0.steps_from(k)
    }
}

/// The concatenation of two lists of patterns. If the last pattern of the first list is the first pattern of the second, it occurs once in
/// the result.
///
/// Otherwise the jump between them is a step like any other, and counts in r2. Traces are joined by
/// [`Polyline`](super::Polyline).
///
/// ```
/// use plica::{fold::concatenate, network::Pattern};
/// let list = |text: &str| text.split(' ').map(|p| p.parse().unwrap()).collect::<Vec<Pattern>>();
/// assert_eq!(concatenate(&list("00 01"), &list("01 11")), list("00 01 11"));
/// assert_eq!(concatenate(&list("00 01"), &list("10 11")), list("00 01 10 11"));
/// ```
pub fn concatenate(first: &[Pattern], second: &[Pattern]) -> Vec<Pattern> {
    let shared = usize::from(!first.is_empty() && first.last() == second.first());
    [first, &second[shared..]].concat()
}
