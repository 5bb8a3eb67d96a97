//! Points of the input space with exact coordinates, and the readers that bring them in.

mod points;

pub use points::{Point, Points, PointsError};
