//! Points of the input space with exact coordinates, and their readers.

pub(crate) mod array;
pub(crate) mod budget;
mod csv;
mod dataset;
pub(crate) mod dtype;
mod error;
pub(crate) mod file;
mod format;
mod gzip;
mod idx;
mod load;
pub(crate) mod npy;
pub(crate) mod npz;
mod pixels;
mod point;
mod points;
mod segments;

pub use array::ArrayError;
pub use dataset::DataSet;
pub use error::{ReadError, ReadProblem};
pub use load::{DataError, LoadOptions};
pub use pixels::Pixels;
pub use points::{Point, Points, PointsError};
