//! The lines that stand above a report as text.

use crate::data::DataSet;
use crate::network::{ModelRef, UnitSet};
use crate::sweep::Pairs;

/// The network and the units compared, in a line.
///
/// ```
/// use plica::{network::{Selection, load}, report::network_heading};
/// let network = load("cantor:2").unwrap();
/// let units = Selection::Hidden.resolve(&network).unwrap();
/// assert_eq!(network_heading("cantor:2", &network, &units), "cantor:2, 2-3-2-3-2-1: 10 units compared (hidden)");
/// ```
pub fn network_heading<'a>(name: &str, network: impl Into<ModelRef<'a>>, units: &UnitSet) -> String {
    let (count, selection) = (units.count(), units.selection());
    let what = if units.layers().iter().all(|&layer| units.layer_bits(layer).count() == 1) { "units" } else { "bits" };
    format!("{name}, {}: {count} {what} compared ({selection})", network.into().shape())
}

/// The points and their pairs, in a line.
pub fn data_heading(data: &DataSet, pairs: Pairs) -> String {
    let classes = match data.classes().len() {
        0 => String::new(),
        n => format!(", {n} classes"),
    };
    format!("{}: {} points{classes}; pairs: {pairs}", data.name, data.points.len())
}
