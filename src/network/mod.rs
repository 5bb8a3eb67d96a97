//! Networks of affine layers with ReLU between them: layers, units, patterns, selections, files, and the zoo.

mod layer;
mod pattern;
mod selection;

pub use layer::{Layer, Network, NetworkError};
pub use pattern::Pattern;
pub use selection::{Selection, SelectionError, Unit, UnitSet};
