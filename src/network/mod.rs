//! Networks of any piecewise linear layers: units, patterns, selections, readers and writers of files, and the zoo.

pub(crate) mod graph;
pub(crate) mod hyperplanes;
mod layer;
mod load;
pub(crate) mod lowered;
mod net;
mod pattern;
mod read;
mod selection;
mod stack;
mod write;
pub mod zoo;

pub use graph::{
    Affine, BuildError, Coefficients, ConvolutionOptions, LinearMap, MatrixProduct, Maximum, NetworkBuilder, Node, Operation, Piecewise,
    Smooth, Term, Value, Window,
};
pub(crate) use hyperplanes::Hyperplanes;
pub use layer::{Layer, NetworkError};
pub use load::{LoadError, load};
pub use net::Network;
pub use pattern::Pattern;
pub use read::onnx_in_one_piece;
pub use selection::{Bit, LayerBits, Selection, SelectionError, Unit, UnitSet};
pub(crate) use stack::Stack;
pub use write::WriteError;
