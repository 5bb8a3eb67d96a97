//! The errors of building a complex, and of deciding by its outputs.

use super::domain::DomainError;
use crate::network::lowered::LowerError;
use crate::words::Bytes;

/// The limit for the outputs of a decision, which takes a tournament among them.
pub(super) const MOST_OUTPUTS: usize = 64;

/// The reasons for which a rule does not fit the outputs of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RuleError {
    /// The rule is the sign, but there are several outputs.
    #[error("the network has {0} outputs, expected one for the rule sign: use argmax")]
    Several(usize),
    /// The rule is the largest output, but there is only one.
    #[error("the network has one output, expected several for the rule argmax: use sign")]
    One,
    /// The rule is the largest output, but there are too many.
    #[error("{0} outputs are too many to compare: expected at most {MOST_OUTPUTS}")]
    TooMany(usize),
}

/// The errors of building a complex.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComplexError {
    /// The domain is not valid for the network.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// There are more cells than allowed.
    #[error("there are more than {limit} regions up to layer {layer}, the limit: the search is incomplete")]
    TooManyRegions {
        /// The limit.
        limit: usize,
        /// The layer at which the limit was exceeded, counted from 0.
        layer: usize,
    },
    /// The bits of the network are the signs of the outputs of its units.
    #[error("the network has one bit for each unit, whether its output is positive, and such patterns need not determine convex cells")]
    OutputBits,
    /// A node is not piecewise affine.
    #[error("node {node} is not piecewise affine, and regions of a smooth network are curved: expected piecewise affine layers")]
    Smooth {
        /// The index of the node, counted from 0.
        node: usize,
    },
    /// The rule does not fit the outputs of the network.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// There are more faces than can be numbered.
    #[error("there are more faces than can be numbered up to layer {layer}: the search is incomplete")]
    TooManyFaces {
        /// The layer at which this happened, counted from 0.
        layer: usize,
    },
    /// The search takes more memory than allowed.
    #[error(
        "about {} of memory are needed at layer {layer}, expected at most {}: the search is incomplete, with {cells} regions so far",
        Bytes(*needed), Bytes(*limit)
    )]
    TooMuchMemory {
        /// The limit in bytes.
        limit: u64,
        /// The approximate number of bytes needed, a lower bound.
        needed: u64,
        /// The layer at which this happened, counted from 0.
        layer: usize,
        /// The number of cells up to there.
        cells: usize,
    },
    /// The exact volumes take more memory than allowed.
    #[error("about {} of memory are needed with the exact volumes of {cells} cells, expected at most {}", Bytes(*needed), Bytes(*limit))]
    VolumesTooLarge {
        /// The limit in bytes.
        limit: u64,
        /// The approximate number of bytes needed, a lower bound. It includes the complex.
        needed: u64,
        /// The number of cells whose volumes had been computed.
        cells: usize,
    },
    /// The caller stopped it, by [`Builder::stop_when`](super::Builder::stop_when).
    #[error("stopped")]
    Stopped,
}

impl From<LowerError> for ComplexError {
    fn from(error: LowerError) -> Self {
        match error {
            LowerError::OutputBits => Self::OutputBits,
            LowerError::Smooth { node } => Self::Smooth { node },
            LowerError::TooLarge { limit, needed, layer } => Self::TooMuchMemory { limit, needed, layer, cells: 1 },
        }
    }
}
