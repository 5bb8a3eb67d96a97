//! Both sides of the equivalence between convex unions of regions and convex sets of patterns, decided exactly.
//!
//! A set B of patterns is *Hamming-convex* relative to the realisable patterns Omega if it contains, for all its patterns p and q, every
//! pattern of Omega in the interval I(p, q) = {r : d(p, r) + d(r, q) = d(p, q)} (Definition 2 of "On Space Folds of ReLU Neural Networks").
//! Its union of regions R_B is convex or not in the input space. For closed regions of one hidden layer the two properties are equivalent
//! (Lemma 1 there; the form below is proved in `proofs/coq/Convexity.v`); for deeper networks neither implies the other. Half-open regions
//! contain only a part of their boundary. For these, Hamming-convex sets of one hidden layer have convex unions, and the converse is true
//! if all patterns of Omega have interior (`proofs/coq/HalfOpen.v`).
//!
//! [`Regions`] finds Omega, with a point of each region. A [`Judge`] decides both kinds of convexity of a [`PatternSet`], with a
//! counter-example if it is not convex, and computes the least convex set of either kind that contains it. [`Smallest`] has the smallest
//! sets on which they differ.
//!
//! ```
//! use plica::convexity::{Judge, Regions};
//! let regions = Regions::of(&plica::network::load("sawtooth:2").unwrap()).unwrap();
//! let mut judge = Judge::new(&regions);
//! let set = regions.set(["1010", "1110"].map(|text| text.parse().unwrap())).unwrap();
//! // No realisable pattern is between the two patterns, but two regions are between the two regions.
//! assert!(judge.hamming(&set).is_none());
//! let between = judge.euclidean(&set).unwrap().between;
//! assert!(["1011", "1111"].contains(&between.pattern.to_string().as_str()));
//! ```

mod enumerate;
mod error;
mod facet;
mod forms;
mod judge;
mod layers;
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
