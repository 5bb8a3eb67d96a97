//! Networks as graphs: convolutions, normalisation, pooling, residual connections, and any piecewise linear activation.
//!
//! A network computes tensors one after the other: the input; *affine* nodes, sums of linear maps of earlier ones; *activations*, a
//! continuous piecewise affine function of each element; and *maxima* over windows of elements. Everything that a file holds is
//! one of these: batch normalisation, average pooling, flattening and concatenation are affine.
//!
//! An activation has one bit a breakpoint, active above it, so that a pattern stays a string of bits. A maximum has its *winner* as its
//! state, the lowest index on ties: one bit a candidate, of which one is 1, and two different winners are at distance 1.

mod build;
mod coefficients;
mod error;
mod evaluate;
mod map;
mod node;
mod piecewise;
mod shape;
mod stages;

pub use build::{ConvolutionOptions, NetworkBuilder, Value};
pub use coefficients::Coefficients;
pub use error::BuildError;
pub use map::LinearMap;
pub(crate) use node::Graph;
pub use node::{Affine, Maximum, Node, Operation, Term};
pub use piecewise::Piecewise;
pub use shape::Window;
pub(crate) use shape::{MOST_AXES, broadcast, elements, entries, repeated, strided};
