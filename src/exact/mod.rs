//! Exact decisions of signs: exact numbers, the proven filter, integer forms and their determinants.

pub(crate) mod aligned;
#[allow(unsafe_code, reason = "kernels rely on indices that were checked before")]
pub(crate) mod ascending;
pub(crate) mod bound;
mod coefficient;
pub(crate) mod double_double;
pub(crate) mod evaluator;
mod factors;
pub(crate) mod forms;
mod fraction;
pub(crate) mod lanes;
mod lists;
#[cfg(test)]
pub(crate) mod lossy;
pub mod lp;
mod number;
pub(crate) mod product;
#[cfg(test)]
pub(crate) mod random;
pub(crate) mod strips;

pub(crate) use coefficient::Coefficient;
pub(crate) use factors::Factors;
pub(crate) use fraction::{Fraction, Written};
pub use lanes::Instructions;
pub(crate) use lists::Lists;
pub use number::{ExactNumber, ParseError, nearest_f64, parse_rational};
pub(crate) use number::{as_f64, common_denominator, dyadic_parts, exact_number, exact_numbers, over_common_denominator, rational, scaled};
