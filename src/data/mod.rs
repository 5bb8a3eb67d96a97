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
pub use format::{csv_from_bytes, idx_from_bytes, npy_from_bytes, npz_from_bytes};
pub use load::{LoadError, LoadOptions, load};
pub use pixels::Pixels;
pub use point::load_point;
pub use points::{Point, Points, PointsError};
pub use segments::{load_segments, segments_from_bytes};
