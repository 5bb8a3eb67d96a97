//! Results as types that serialise to the JSON of the command line, as tables for other programs, and as pictures.

mod audit;
mod bounds;
mod cells;
mod convexity;
mod convexity_sets;
mod digits;
mod enclosed;
mod fold;
mod fold_csv;
mod net;
mod nodes;
mod number;
#[cfg(feature = "parquet")]
mod paths;
pub mod picture;
mod regions;
mod trace;

pub use audit::{AuditReport, ChiError, SamplerReport};
pub use bounds::BoundsReport;
pub use cells::CellsReport;
pub use convexity::{ConvexityReport, FindingReport, RandomReport, SetReport, SmallestReport};
pub use convexity_sets::SetError;
pub use enclosed::EnclosedReport;
pub use fold::{FoldReport, PairReport};
pub use fold_csv::fold_csv;
pub use net::{LayerReport, NetDetail, NetReport};
pub use nodes::NodeReport;
pub use number::{decimal, percent, places, scientific, share};
#[cfg(feature = "parquet")]
pub use paths::paths_parquet;
pub use regions::{ClassReport, DecisionReport, Means, RegionsReport, Volumes};
pub use trace::TraceReport;

pub use crate::words::plain;
