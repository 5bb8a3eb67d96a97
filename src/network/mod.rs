//! Networks of affine layers with ReLU between them: layers, units, patterns, selections, files, and the zoo.

mod hyperplanes;
mod layer;
mod load;
mod pattern;
pub mod read;
mod selection;
pub(crate) mod whole;
pub mod write;
pub mod zoo;

pub use hyperplanes::Hyperplanes;
pub use layer::{Layer, Network, NetworkError};
pub use load::{LoadError, load};
pub use pattern::Pattern;
pub use selection::{Selection, SelectionError, Unit, UnitSet};
