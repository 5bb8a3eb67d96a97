//! Networks as graphs: convolutions, normalisation, pooling, residual connections, and any piecewise linear activation.
//!
//! A network computes tensors one after the other: the input; *affine* nodes, which are sums of linear maps of earlier nodes;
//! *activations*, which apply a continuous piecewise affine function to each element; and *maxima* over windows of elements. All layers of
//! files are expressed by these: batch normalisation, average pooling, flattening and concatenation are affine.
//!
//! Smooth networks have more: *smooth* nodes apply a function to each element, and *products*, *quotients* and *matrix products* take two
//! nodes. Bits belong to activations only. Arithmetic has none, and so neither have softmax and normalisation, which are composed of it.
//!
//! An activation has one bit for each breakpoint, active above it, so that a pattern is a string of bits. The state of a maximum is its
//! *winner*, the candidate with the largest value and among ties the lowest index. It has one bit for each candidate, and exactly one of
//! them is 1; two different winners have distance 1.

mod arithmetic;
mod build;
mod coefficients;
mod error;
mod evaluate;
mod map;
mod node;
mod piecewise;
mod shape;
mod smooth;
mod stages;

pub use build::{ConvolutionOptions, NetworkBuilder, Value};
pub use coefficients::Coefficients;
pub use error::BuildError;
pub use map::LinearMap;
pub(crate) use node::Graph;
pub use node::{Affine, MatrixProduct, Maximum, Node, Operation, Term};
pub use piecewise::Piecewise;
pub use shape::Window;
pub(crate) use shape::{MOST_AXES, broadcast, elements, entries, repeated, strided};
pub(crate) use smooth::Domain;
pub use smooth::Smooth;
