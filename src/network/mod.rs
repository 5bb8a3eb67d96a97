//! Networks: chains of affine layers with ReLU between them, graphs of any layers, units, patterns, selections, files, and the zoo.

pub mod graph;
pub(crate) mod hyperplanes;
mod layer;
mod load;
mod model;
mod pattern;
pub mod read;
mod selection;
pub(crate) mod whole;
pub mod write;
pub mod zoo;

pub use hyperplanes::Hyperplanes;
pub use layer::{Layer, Network, NetworkError};
pub use load::{LoadError, Loaded, load, load_model};
pub use model::{Model, ModelRef};
pub use pattern::Pattern;
pub use selection::{LayerBits, Selection, SelectionError, Unit, UnitSet};
