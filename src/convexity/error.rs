//! The errors of regions and of sets of patterns.

use crate::network::Pattern;

/// The errors of regions and of sets of patterns.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvexityError {
    /// There are more regions than allowed.
    #[error("there are more than {limit} regions, the limit: the search is incomplete")]
    TooManyRegions {
        /// The limit.
        limit: usize,
    },
    /// The length of a pattern is not the number of hidden units.
    #[error("the pattern {pattern} has {found} bits, expected {expected}: one for each hidden unit")]
    Length {
        /// The pattern.
        pattern: Pattern,
        /// The number of hidden units.
        expected: usize,
        /// The number of bits of the pattern.
        found: usize,
    },
    /// No point has this pattern; or no region with interior has it, if only those count.
    #[error("the pattern {pattern} is not realised{}", if *.closed { " by a region with interior" } else { "" })]
    NotRealised {
        /// The pattern.
        pattern: Pattern,
        /// Whether only regions with interior count.
        closed: bool,
    },
    /// The network is not a sequence of affine layers with ReLU between them, or its matrices are too large.
    #[error("the layers of the network are not affine with ReLU between them, or too large: expected affine layers with ReLU between them")]
    NotAStack,
    /// The caller stopped it, by [`Enumerator::stop_when`](super::Enumerator::stop_when).
    #[error("stopped")]
    Stopped,
}
