//! What can be wrong with a graph.

/// What can be wrong with a graph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A tensor has no elements, or more than a graph may have.
    #[error("a tensor of shape {} has {}", sizes(.shape), if shape.contains(&0) { "no elements" } else { "too many elements" })]
    Size {
        /// The shape.
        shape: Vec<usize>,
    },
    /// All tensors and maps together are more than a graph may have.
    #[error("the network is too large: at most {} elements and entries of maps, in 4 GiB, are read", super::shape::MOST_ENTRIES)]
    TooLarge,
    /// A tensor has not the shape that the operation needs.
    #[error("a tensor of shape {found:?} where {expected} is expected")]
    Shape {
        /// The shape found.
        found: Vec<usize>,
        /// What the operation needs.
        expected: String,
    },
    /// Two shapes cannot be broadcast to one.
    #[error("shapes {0:?} and {1:?} do not broadcast to one shape")]
    Broadcast(Vec<usize>, Vec<usize>),
    /// Coefficients have another number than the operation needs.
    #[error("{found} coefficients where {expected} are expected")]
    Coefficients {
        /// How many are needed.
        expected: usize,
        /// How many there are.
        found: usize,
    },
    /// A coefficient is NaN or infinite.
    #[error("coefficient {index} is {value}, not a finite number")]
    NotFinite {
        /// Its index.
        index: usize,
        /// Its value, as text.
        value: String,
    },
    /// A stride, a dilation, a group count or a window that is impossible.
    #[error("{0}")]
    Option(String),
}

/// A shape, of which a message shows no more than the first sizes.
fn sizes(shape: &[usize]) -> String {
    match shape {
        [first @ .., _] if shape.len() > 33 => format!("{:?} and {} more", &first[..32], shape.len() - 32),
        shape => format!("{shape:?}"),
    }
}
