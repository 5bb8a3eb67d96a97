//! Points of the input space with exact coordinates, and the readers that bring them in.

pub(crate) mod array;
mod csv;
mod dataset;
pub(crate) mod dtype;
pub(crate) mod error;
mod gzip;
mod idx;
mod load;
pub(crate) mod npy;
pub(crate) mod npz;
mod pixels;
mod points;

pub use array::ArrayError;
pub use dataset::DataSet;
pub use error::{ReadError, ReadProblem};
pub use load::{
    LoadError, LoadOptions, csv_from_bytes, idx_from_bytes, load, load_point, load_segments, npy_from_bytes, npz_from_bytes,
    segments_from_bytes,
};
pub use pixels::Pixels;
pub use points::{Point, Points, PointsError};
