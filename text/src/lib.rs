//! The reports of Plica as text for 80 columns: what the command line prints, and `str()` in Python.
//!
//! Each function takes a report, and most take the lines above it. Numbers are rounded from the exact ones; only 0 is written as 0.

#![deny(missing_docs)]

mod audit;
mod bounds;
mod convexity;
mod fold;
mod heading;
mod net;
mod number;
mod regions;
mod table;
mod trace;

pub use audit::audit;
pub use bounds::bounds;
pub use convexity::convexity;
pub use fold::fold;
pub use heading::{cost_of_dimensions, data_heading, network_heading};
pub use net::net;
pub use regions::regions;
pub use trace::{SEGMENT_HEAD, enclosed, enclosed_row, segment_row, trace};
