//! Signs that are never wrong: exact numbers, the proven filter, integer forms and their determinants.

mod number;

pub use number::{ExactNumber, dyadic_parts, nearest_f64, parse_rational, rational};
