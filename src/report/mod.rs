//! Reports: what the command line prints, as types that serialise to its JSON contract and as text for 80 columns; pictures.

mod audit;
mod bounds;
mod cells;
mod convexity;
mod convexity_sets;
mod convexity_text;
mod digits;
mod fold;
mod fold_csv;
mod fold_text;
mod heading;
mod net;
mod net_text;
mod nodes;
mod number;
#[cfg(feature = "parquet")]
mod paths;
pub mod picture;
mod regions;
mod regions_text;
mod table;
mod trace;
mod trace_text;

pub use audit::{AuditReport, ChiError, SamplerReport, audit_text};
pub use bounds::{BoundsReport, bounds_text};
pub use cells::CellsReport;
pub use convexity::{
    ConvexityReport, FindingReport, HammingGapReport, PassageReport, RandomReport, RegionReport, SetReport, SmallestReport, VertexReport,
};
pub use convexity_sets::{SetError, parse_sets, sets_from_path};
pub use convexity_text::convexity_text;
pub use fold::{FoldReport, PairReport};
pub use fold_csv::fold_csv;
pub use fold_text::fold_text;
pub use heading::{cost_of_dimensions, data_heading, network_heading};
pub use net::{LayerReport, NetDetail, NetReport};
pub use net_text::net_text;
pub use nodes::NodeReport;
#[cfg(feature = "parquet")]
pub use paths::paths_parquet;
pub use regions::{ClassReport, DecisionReport, Means, RegionsReport, Volumes};
pub use regions_text::regions_text;
pub use trace::TraceReport;
pub use trace_text::{SEGMENT_HEAD, segment_row, trace_text};

pub use crate::words::plain;
