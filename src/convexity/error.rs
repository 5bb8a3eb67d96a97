//! What can be wrong.

use crate::network::Pattern;

/// Why regions or a set of them cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConvexityError {
    /// There are more regions than allowed.
    #[error("there are more than {limit} regions, the limit: the search is incomplete")]
    TooManyRegions {
        /// The limit.
        limit: usize,
    },
    /// A pattern has another length than the network has units.
    #[error("the pattern {pattern} has {found} bits, but the network has {expected} hidden units")]
    Length {
        /// The pattern.
        pattern: Pattern,
        /// The number of hidden units.
        expected: usize,
        /// The number of its bits.
        found: usize,
    },
    /// A pattern that no point has, or none of a region with interior where only those count.
    #[error("the pattern {pattern} is not realised{}", if *.closed { " by a region with interior" } else { "" })]
    NotRealised {
        /// The pattern.
        pattern: Pattern,
        /// Whether only regions with interior count.
        closed: bool,
    },
    /// The patterns are not those of units that are affine on the regions of the layers below.
    #[error(
        "the network has layers that are not affine with ReLU, or are too large: convexity is decided for affine layers with ReLU between them"
    )]
    NotAStack,
    /// The caller stopped it, by [`Enumerator::stop_when`](super::Enumerator::stop_when).
    #[error("stopped")]
    Stopped,
}
