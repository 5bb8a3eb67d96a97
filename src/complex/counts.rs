//! Three counts that are easily confused: activation regions, affine maps and linear regions.

use serde::{Deserialize, Serialize};

/// The numbers of activation regions, affine maps and linear regions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// The number of cells: sets with interior on which the pattern is constant.
    pub activation_regions: u64,
    /// The number of distinct affine maps of the output.
    pub affine_maps: u64,
    /// The number of connected unions of cells with one affine map, where cells with a common facet are connected.
    pub linear_regions: u64,
    /// For each cell the number of its affine map, numbered in the order of first occurrence.
    #[serde(skip)]
    pub map_of: Vec<u32>,
    /// For each cell the number of its linear region, numbered in the order of first occurrence.
    #[serde(skip)]
    pub linear_region_of: Vec<u32>,
}
