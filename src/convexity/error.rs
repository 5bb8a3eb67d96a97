//! The errors of regions and of sets of patterns.

use crate::network::Pattern;
use crate::network::lowered::LowerError;
use crate::words::Bytes;

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
    /// The length of a pattern is not the number of bits of the hidden units.
    #[error("the pattern {pattern} has {found} bits, expected {expected}: those of the hidden units")]
    Length {
        /// The pattern.
        pattern: Pattern,
        /// The number of bits of the hidden units.
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
    /// The bits of a layer are winners of maxima, which are no signs of affine forms.
    #[error("layer {layer} consists of maxima, whose bits are no signs of affine forms: expected layers of activations such as ReLU")]
    Maximum {
        /// The layer, counted from 0.
        layer: usize,
    },
    /// The bits of the network are the signs of the outputs of its units.
    #[error("the network has one bit for each unit, whether its output is positive: expected one for each breakpoint of an activation")]
    OutputBits,
    /// A node is not piecewise affine.
    #[error(
        "node {node} is not piecewise affine, and the patterns of a smooth network belong to curved sets: expected piecewise affine layers"
    )]
    Smooth {
        /// The index of the node, counted from 0.
        node: usize,
    },
    /// The affine forms of the units take more memory than allowed.
    #[error("about {} of memory are needed at layer {layer}, expected at most {}", Bytes(*needed), Bytes(*limit))]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
        /// The approximate number of bytes needed, a lower bound.
        needed: u64,
        /// The layer at which this is known, counted from 0.
        layer: usize,
    },
    /// The caller stopped it, by [`Enumerator::stop_when`](super::Enumerator::stop_when).
    #[error("stopped")]
    Stopped,
}

impl From<LowerError> for ConvexityError {
    fn from(error: LowerError) -> Self {
        match error {
            LowerError::OutputBits => Self::OutputBits,
            LowerError::Smooth { node } => Self::Smooth { node },
            LowerError::TooLarge { limit, needed, layer } => Self::TooLarge { limit, needed, layer },
        }
    }
}
