//! Units, and selections of the units whose bits a pattern has.

use super::Pattern;
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// A unit: a hidden neuron, or an output if the outputs are selected, named (layer, index), both counted from 0. Written as `[layer, index]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(u32, u32)", into = "(u32, u32)")]
pub struct Unit {
    /// The layer, counted from 0. The output is layer L.
    pub layer: u32,
    /// The index of the neuron in its layer, counted from 0.
    pub index: u32,
}

impl From<(u32, u32)> for Unit {
    fn from((layer, index): (u32, u32)) -> Self {
        Self { layer, index }
    }
}

impl From<Unit> for (u32, u32) {
    fn from(unit: Unit) -> Self {
        (unit.layer, unit.index)
    }
}

/// A bit of the pattern of a layer, named (layer, index), both from 0. Written as `[layer, index]`.
///
/// A unit of ReLU has one bit, whose index is the unit's. Other units have several, one after the other: [`UnitSet::unit_of`] says which unit it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "(u32, u32)", into = "(u32, u32)")]
pub struct Bit {
    /// The layer, from 0; the output is layer L.
    pub layer: u32,
    /// The bit among those of its layer, from 0.
    pub index: u32,
}

impl From<(u32, u32)> for Bit {
    fn from((layer, index): (u32, u32)) -> Self {
        Self { layer, index }
    }
}

impl From<Bit> for (u32, u32) {
    fn from(bit: Bit) -> Self {
        (bit.layer, bit.index)
    }
}

/// The errors of a selection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SelectionError {
    /// The text is not a selection.
    #[error("`{0}` is not a selection of units: expected `hidden`, `all`, or layers and ranges such as `0,2,4` or `0-3`")]
    Syntax(String),
    /// The network does not have such a layer.
    #[error("there is no layer {layer}: the network has the hidden layers 0 to {} and the output, layer {depth}", .depth.saturating_sub(1))]
    NoSuchLayer {
        /// The layer that was given.
        layer: usize,
        /// The number of hidden layers.
        depth: usize,
    },
}

/// The units whose bits are compared. A selection never changes the network.
///
/// Its text is `hidden` (the default), `all` (with the outputs as layer L), or layers and ranges: `0,2,4`, `0-3`.
///
/// ```
/// use plica::network::Selection;
/// let odd: Selection = "1,3-4".parse().unwrap();
/// assert_eq!(odd.to_string(), "1,3-4");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// All hidden units.
    #[default]
    Hidden,
    /// All hidden units, and the outputs as layer L.
    All,
    /// The units of some layers, given as ranges that include both ends.
    Layers(Vec<(usize, usize)>),
}

impl FromStr for Selection {
    type Err = SelectionError;

    fn from_str(text: &str) -> Result<Self, SelectionError> {
        let bad = || SelectionError::Syntax(text.to_string());
        match text.trim() {
            "hidden" => Ok(Self::Hidden),
            "all" => Ok(Self::All),
            list => list
                .split(',')
                .map(|part| {
                    let (lo, hi) = part.split_once('-').unwrap_or((part, part));
                    let number = |s: &str| s.trim().parse::<usize>().map_err(|_| bad());
                    let (lo, hi) = (number(lo)?, number(hi)?);
                    if lo <= hi { Ok((lo, hi)) } else { Err(bad()) }
                })
                .collect::<Result<_, _>>()
                .map(Self::Layers),
        }
    }
}

impl std::fmt::Display for Selection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Hidden => f.write_str("hidden"),
            Self::All => f.write_str("all"),
            Self::Layers(ranges) => {
                let part = |&(lo, hi): &(usize, usize)| if lo == hi { lo.to_string() } else { format!("{lo}-{hi}") };
                f.write_str(&ranges.iter().map(part).collect::<Vec<_>>().join(","))
            }
        }
    }
}

impl Selection {
    /// The units that this selection names. The layers are given by their numbers of units and the bits of a unit, the output last.
    pub(crate) fn resolve_in(&self, all: Vec<(usize, LayerBits)>) -> Result<UnitSet, SelectionError> {
        let depth = all.len() - 1;
        let layers: Vec<usize> = match self {
            Self::Hidden => (0..depth).collect(),
            Self::All => (0..=depth).collect(),
            Self::Layers(ranges) => {
                if let Some(&(_, layer)) = ranges.iter().find(|&&(_, hi)| hi > depth) {
                    return Err(SelectionError::NoSuchLayer { layer, depth });
                }
                (0..=depth).filter(|l| ranges.iter().any(|(lo, hi)| lo <= l && l <= hi)).collect()
            }
        };
        let (widths, bits) = all.into_iter().map(|(units, bits)| (units * bits.count(), bits)).unzip();
        Ok(UnitSet::new(self.clone(), layers, widths, bits))
    }
}

/// The bits of the units of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayerBits {
    /// One bit for each breakpoint, active above it: a ReLU has one, a hard tanh two.
    Breakpoints(usize),
    /// One bit for each candidate of a maximum. Exactly the bit of the winner is active; two different winners have distance 1.
    Winner(usize),
}

impl LayerBits {
    /// The number of bits of one unit.
    pub fn count(self) -> usize {
        match self {
            Self::Breakpoints(bits) | Self::Winner(bits) => bits,
        }
    }
}

/// The units of a network that a [`Selection`] names: whole layers, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct UnitSet {
    selection: Selection,
    layers: Vec<usize>,
    /// For each layer of the network, its number of bits, and that of one unit.
    widths: Vec<usize>,
    bits: Vec<LayerBits>,
    /// For each layer of the network, the position of its first bit, or `ABSENT`.
    offsets: Vec<usize>,
}

const ABSENT: usize = usize::MAX;

impl UnitSet {
    fn new(selection: Selection, layers: Vec<usize>, widths: Vec<usize>, bits: Vec<LayerBits>) -> Self {
        let mut offsets = vec![ABSENT; widths.len()];
        let mut next = 0;
        for &layer in &layers {
            offsets[layer] = next;
            next += widths[layer];
        }
        Self { selection, layers, widths, bits, offsets }
    }

    /// The bits of the units of a layer.
    pub fn layer_bits(&self, layer: usize) -> LayerBits {
        self.bits[layer]
    }

    /// The unit of a bit, and the index of the bit among those of the unit.
    ///
    /// ```
    /// use plica::network::{Bit, NetworkBuilder, Piecewise, Selection, Unit};
    /// let mut builder = NetworkBuilder::new(&[3]).unwrap();
    /// let x = builder.input();
    /// let y = builder.activation(&x, Piecewise::clip(Some(0.into()), Some(6.into()))).unwrap();
    /// let units = builder.finish(&y).unwrap().units(&Selection::Hidden).unwrap();
    /// assert_eq!(units.unit_of(Bit { layer: 0, index: 5 }), (Unit { layer: 0, index: 2 }, 1));
    /// ```
    pub fn unit_of(&self, Bit { layer, index }: Bit) -> (Unit, usize) {
        let bits = self.bits[layer as usize].count().max(1) as u32;
        (Unit { layer, index: index / bits }, (index % bits) as usize)
    }

    /// The position of the first bit of a selected layer.
    pub(crate) fn offset(&self, layer: usize) -> usize {
        self.offsets[layer]
    }

    /// The selection from which the set was made.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// The number of bits of a pattern. It is the number of units if each has one bit.
    pub fn count(&self) -> usize {
        self.layers.iter().map(|&l| self.widths[l]).sum()
    }

    /// The selected layers, ascending.
    pub fn layers(&self) -> &[usize] {
        &self.layers
    }

    /// Whether the output layer is selected.
    pub fn has_output(&self) -> bool {
        self.layers.last() == Some(&(self.widths.len() - 1))
    }

    /// Whether the unit of a bit is selected.
    pub fn contains(&self, bit: Bit) -> bool {
        self.offsets.get(bit.layer as usize).is_some_and(|&offset| offset != ABSENT)
    }

    /// All hidden units, and the outputs if they are selected: the units that a trace must follow.
    pub fn full(&self) -> UnitSet {
        let depth = self.widths.len() - 1;
        let (selection, last) = if self.has_output() { (Selection::All, depth + 1) } else { (Selection::Hidden, depth) };
        UnitSet::new(selection, (0..last).collect(), self.widths.clone(), self.bits.clone())
    }

    /// Their bits, in the order of a pattern.
    pub fn bits(&self) -> impl Iterator<Item = Bit> + '_ {
        let of_layer = |&l: &usize| (0..self.widths[l]).map(move |i| Bit { layer: l as u32, index: i as u32 });
        self.layers.iter().flat_map(of_layer)
    }

    /// The position of a bit in a pattern of these units.
    ///
    /// # Panics
    /// If the unit of the bit is not selected.
    pub fn position(&self, bit: Bit) -> usize {
        let (layer, index) = (bit.layer as usize, bit.index as usize);
        assert!(self.contains(bit) && index < self.widths[layer], "no {bit:?} in the selection");
        self.offsets[layer] + index
    }

    /// The bits of these units in a pattern of a larger set.
    ///
    /// # Panics
    /// If one of these units is not in the larger set.
    pub fn project(&self, larger: &UnitSet, pattern: &Pattern) -> Pattern {
        self.bits().map(|bit| pattern.get(larger.position(bit))).collect()
    }
}

impl Serialize for UnitSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut s = serializer.serialize_struct("UnitSet", 2)?;
        s.serialize_field("selection", &self.selection.to_string())?;
        s.serialize_field("count", &self.count())?;
        s.end()
    }
}
