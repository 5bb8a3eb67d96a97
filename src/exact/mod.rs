//! Signs that are never wrong: exact numbers, the proven filter, integer forms and their determinants.

pub(crate) mod bound;
pub(crate) mod forms;
pub(crate) mod lanes;
mod number;
pub(crate) mod product;

pub use lanes::Instructions;
pub use number::{ExactNumber, dyadic_parts, nearest_f64, parse_rational, rational};
