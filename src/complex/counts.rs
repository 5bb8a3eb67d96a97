//! Three counts that are easily confused.

use serde::{Deserialize, Serialize};

/// Activation regions, affine maps and linear regions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The cells: sets with interior on which the pattern is one.
    pub activation_regions: u64,
    /// Distinct affine maps of the output.
    pub affine_maps: u64,
    /// Connected unions of cells with one affine map, where cells are connected by a common facet.
    pub linear_regions: u64,
    /// For each cell the number of its affine map, numbered as they first occur.
    #[serde(skip)]
    pub map_of: Vec<u32>,
    /// For each cell the number of its linear region, numbered as they first occur.
    #[serde(skip)]
    pub linear_region_of: Vec<u32>,
}
