//! Lines above a text, or in its place.

use plica::bounds::Shape;
use plica::data::DataSet;
use plica::network::{Network, UnitSet};
use plica::report::plain;
use plica::sweep::Pairs;

/// The network and the units compared, in a line.
///
/// ```
/// use plica::network::{Selection, load};
/// use plica_text::network_heading;
/// let network = load("cantor:2").unwrap();
/// let units = network.units(&Selection::Hidden).unwrap();
/// assert_eq!(network_heading("cantor:2", &network, &units), "cantor:2, 2-3-2-3-2-1: 10 units compared (hidden)");
/// ```
pub fn network_heading(name: &str, network: &Network, units: &UnitSet) -> String {
    let (count, selection) = (units.count(), units.selection());
    let what = if units.layers().iter().all(|&layer| units.layer_bits(layer).count() == 1) { "units" } else { "bits" };
    format!("{}, {}: {count} {what} compared ({selection})", plain(name), network.shape())
}

/// The largest dimension whose regions are found without a further request.
const LARGE: usize = 6;

/// Says in a line what the regions of so many dimensions cost; `None` for up to six dimensions.
///
/// ```
/// use plica::network::load;
/// use plica_text::cost_of_dimensions;
/// let network = load("digits:3x20").unwrap();
/// assert!(cost_of_dimensions("digits:3x20", &network, 64).unwrap().starts_with("64 dimensions are many: a box alone has 3^64 faces, and "));
/// assert_eq!(cost_of_dimensions("digits:3x20", &network, 2), None);
/// ```
pub fn cost_of_dimensions(name: &str, network: &Network, dimension: usize) -> Option<String> {
    if dimension <= LARGE {
        return None;
    }
    let digits = |shape: Shape| shape.serra_upper().to_string().len() - 1;
    let shape = Shape::of(network).filter(|_| network.depth() > 0);
    let many = shape.map(|shape| format!(", and {name} can have 10^{} regions", digits(shape))).unwrap_or_default();
    Some(format!("{dimension} dimensions are many: a box alone has 3^{dimension} faces{many}"))
}

/// The points and their pairs, in a line.
pub fn data_heading(data: &DataSet, pairs: Pairs) -> String {
    let classes = match data.classes().len() {
        0 => String::new(),
        n => format!(", {n} classes"),
    };
    format!("{}: {} points{classes}; pairs: {pairs}", plain(&data.name), data.points.len())
}
