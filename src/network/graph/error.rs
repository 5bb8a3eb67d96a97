//! The errors of building a graph.

/// The errors of building a graph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A tensor has no elements, or more than the limit.
    #[error("a tensor of shape {} has {}", sizes(.shape), if shape.contains(&0) { "no elements" } else { "too many elements" })]
    Size {
        /// The shape.
        shape: Vec<usize>,
    },
    /// All tensors and maps together exceed the limit.
    #[error("the network is too large: expected at most {} elements and entries of maps, and at most 4 GiB", super::shape::MOST_ENTRIES)]
    TooLarge,
    /// The shape of a tensor is not the one that the operation needs.
    #[error("a tensor of shape {found:?}, expected {expected}")]
    Shape {
        /// The shape found.
        found: Vec<usize>,
        /// The shape that the operation needs.
        expected: String,
    },
    /// Two shapes cannot be broadcast to one.
    #[error("shapes {0:?} and {1:?} do not broadcast to one shape")]
    Broadcast(Vec<usize>, Vec<usize>),
    /// The number of coefficients is not the one that the operation needs.
    #[error("{found} coefficients, expected {expected}")]
    Coefficients {
        /// The number that the operation needs.
        expected: usize,
        /// The number found.
        found: usize,
    },
    /// A coefficient is NaN or infinite.
    #[error("coefficient {index} is {value}, not a finite number")]
    NotFinite {
        /// The index of the coefficient.
        index: usize,
        /// The value of the coefficient, as text.
        value: String,
    },
    /// A stride, a dilation, a number of groups or a window that is impossible.
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
