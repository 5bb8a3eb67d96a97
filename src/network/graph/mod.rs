//! Networks as graphs: convolutions, normalisation, pooling, residual connections, and any piecewise linear activation.
//!
//! A [`Graph`] computes tensors one after the other: the input; *affine* nodes, sums of linear maps of earlier ones; *activations*, a
//! continuous piecewise affine function of each element; and *maxima* over windows of elements. Everything that a file holds is
//! one of these: batch normalisation, average pooling, flattening and concatenation are affine.
//!
//! An activation has one bit a breakpoint, active above it, so that a pattern stays a string of bits. A maximum has its *winner* as its
//! state, the lowest index on ties: one bit a candidate, of which one is 1, and two different winners are at distance 1.
//!
//! ```
//! use plica::network::graph::{Coefficients, GraphBuilder, Piecewise};
//! // |x| + x, from a network with a residual connection.
//! let mut builder = GraphBuilder::new(&[1]).unwrap();
//! let x = builder.input();
//! let absolute = builder.activation(&x, Piecewise::absolute()).unwrap();
//! let sum = builder.add(&absolute, &x).unwrap();
//! let graph = builder.finish(&sum).unwrap();
//! assert_eq!(graph.evaluate(&[(-3).into()]).unwrap(), [0]);
//! assert_eq!(graph.evaluate(&[3.into()]).unwrap(), [6]);
//! ```

mod build;
mod coefficients;
mod error;
mod evaluate;
mod map;
mod node;
mod piecewise;
mod shape;

pub use build::{ConvolutionOptions, GraphBuilder, Value};
pub use coefficients::Coefficients;
pub use error::GraphError;
pub use map::LinearMap;
pub use node::{Affine, Graph, Maximum, Node, Operation, Term};
pub use piecewise::Piecewise;
pub use shape::Window;
pub(crate) use shape::{MOST_AXES, broadcast, elements, entries, repeated, strided};
