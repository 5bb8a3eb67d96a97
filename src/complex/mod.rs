//! Every linear region of a box, a plane or the whole space: cells, faces, neighbours, volumes, triangulation.

mod build;
mod cells;
mod check;
mod coordinates;
mod counts;
mod cut;
mod decide;
mod domain;
mod exact;
mod groups;
mod layer;
mod live;
mod lower;
mod maps;
mod merge;
mod parts;
mod shape;
mod signs;
mod simplex;
mod slice;
mod split;
mod steps;
mod topology;
mod volume;
mod whole;

pub use build::{Builder, ComplexError, Progress};
pub use cells::{Cell, Complex, Facet, Side};
pub(crate) use check::exact_sum;
pub use check::{Check, CheckError};
pub use counts::Counts;
pub use decide::{BoundaryPiece, Decided, DecisionRegion, Rule};
pub use domain::{Domain, DomainError};
pub use shape::{Histogram, Shape, mean};
pub use slice::{Plane, PlaneError};
pub use volume::Volume;
