//! The exact geometry of ReLU networks: no sampling, no tolerance.
//!
//! A [`Network`](network::Network) and two [`Point`](data::Point)s make a [`Trace`](line::Trace), found by a
//! [`Tracer`](line::Tracer): the activation regions that the segment crosses, in order, and the units that flip in between. A
//! trace makes a [`Folding`](fold::Folding): r1, r2 and chi. Every decision on the way is the sign of a number, and each is
//! certain: by a proven bound on the rounding error, or else by integers.
//!
//! ```
//! use plica::{data::Point, fold::Folding, line::Tracer, network::load};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (from, to) = (Point::load("0,3/4", &Default::default())?, Point::load("1,3/4", &Default::default())?);
//! let network = load("cantor:2")?;
//! let trace = Tracer::new(&network).trace(&from, &to)?;
//! assert_eq!(trace.regions(), 7);
//! assert_eq!(Folding::of(&trace).chi().to_string(), "2/3");
//! # Ok(())
//! # }
//! ```
//!
//! The modules use the ones before them in this list, never the ones after: [`files`], [`exact`], [`data`], [`network`], [`mod@line`],
//! [`fold`], [`complex`], [`bounds`], [`convexity`], then [`sweep`] and [`report`].

#![deny(missing_docs, unsafe_code)]

pub mod bounds;
pub mod complex;
pub mod convexity;
pub mod data;
pub mod exact;
pub mod files;
pub mod fold;
pub mod line;
pub mod network;
pub mod report;
pub mod sweep;
mod words;

/// The examples of README.md, as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The examples of the book's first pages, as tests.
#[cfg(doctest)]
#[doc = include_str!("../docs/src/start.md")]
struct Start;
