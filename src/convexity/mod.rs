//! Both sides of the equivalence between convex unions of regions and convex sets of patterns, decided exactly.
//!
//! A set B of patterns is *Hamming-convex* relative to the realisable patterns Omega where with p and q it holds every pattern of Omega in
//! the interval I(p, q) = {r : d(p, r) + d(r, q) = d(p, q)} (Definition 2 of "On Space Folds of ReLU Neural Networks"). Its union of
//! regions R_B is convex or not in the input space. For one hidden layer the two are the same (Lemma 1 there; in the form below
//! `proofs/coq/Convexity.v`); for deeper networks neither implies the other. That is of closed regions. Of half-open ones, which hold only a part of
//! their boundary, Hamming-convex sets of one hidden layer have convex unions, and the converse holds where all of Omega has interior
//! (`proofs/coq/HalfOpen.v`).
//!
//! [`Regions`] finds Omega, with a point of each region. A [`Judge`] decides both sides for a [`PatternSet`], with a counter-example where
//! it is not convex, and finds the least convex set around it on either side. [`Smallest`] has the smallest sets on which they differ.
//!
//! ```
//! use plica::convexity::{Judge, Regions};
//! let regions = Regions::of(&plica::network::load("sawtooth:2").unwrap()).unwrap();
//! let mut judge = Judge::new(&regions);
//! let set = regions.set(["1010", "1110"].map(|text| text.parse().unwrap())).unwrap();
//! // Nothing lies between the two patterns, but two regions lie between the two regions.
//! assert!(judge.hamming(&set).is_none());
//! let between = judge.euclidean(&set).unwrap().between;
//! assert!(["1011", "1111"].contains(&between.pattern.to_string().as_str()));
//! ```

mod enumerate;
mod error;
mod facet;
mod forms;
mod judge;
mod place;
mod random;
mod region;
mod search;
mod segment;
mod set;

pub use enumerate::Enumerator;
pub use error::ConvexityError;
pub use judge::{HammingCounterexample, Judge};
pub use random::RandomSets;
pub use region::{Cells, Region, Regions};
pub use search::{Finding, Smallest};
pub use segment::{EuclideanCounterexample, Vertex};
pub use set::PatternSet;
