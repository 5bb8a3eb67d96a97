//! Counts, flip by flip, the units that differ from the start of a path.

use super::Step;
use crate::network::{Bit, LayerBits, UnitSet};

/// The units of a selection whose bits differ from the start of a path. All other units are ignored.
#[derive(Clone, Debug)]
pub(super) struct Difference {
    /// The position of the first bit of each layer, [`ABSENT`] if the layer is not selected.
    offsets: Vec<usize>,
    /// Whether the flips of a layer come in pairs, from one winner of a maximum to another. Such a pair counts once.
    in_pairs: Vec<bool>,
    has_pairs: bool,
    differs: Vec<u64>,
    distance: u64,
}

const ABSENT: usize = usize::MAX;

impl Difference {
    pub fn new(units: &UnitSet) -> Self {
        let (mut offsets, mut in_pairs) = (Vec::new(), Vec::new());
        for &layer in units.layers() {
            offsets.resize(layer, ABSENT);
            in_pairs.resize(layer, false);
            offsets.push(units.offset(layer));
            in_pairs.push(matches!(units.layer_bits(layer), LayerBits::Winner(_)));
        }
        let has_pairs = in_pairs.contains(&true);
        Self { offsets, in_pairs, has_pairs, differs: vec![0; units.count().div_ceil(64)], distance: 0 }
    }

    /// Makes the present pattern the start.
    #[inline]
    pub fn restart(&mut self) {
        self.differs.fill(0);
        self.distance = 0;
    }

    /// Flips the bits of these units.
    #[inline]
    pub fn step(&mut self, flips: &[Bit]) -> Step {
        if self.has_pairs {
            return self.step_with_pairs(flips);
        }
        let mut size = 0;
        for unit in flips {
            let offset = self.offsets.get(unit.layer as usize).copied().unwrap_or(ABSENT);
            if offset == ABSENT {
                continue;
            }
            let place = offset + unit.index as usize;
            let word = &mut self.differs[place / 64];
            *word ^= 1 << (place % 64);
            let differs = *word >> (place % 64) & 1;
            self.distance = self.distance + 2 * differs - 1;
            size += 1;
        }
        Step { size, distance: self.distance }
    }

    /// As [`step`](Self::step), if some layers have winners: each of their bits is half a step. `distance` is then twice the distance.
    fn step_with_pairs(&mut self, flips: &[Bit]) -> Step {
        let mut size = 0;
        for unit in flips {
            let layer = unit.layer as usize;
            let offset = self.offsets.get(layer).copied().unwrap_or(ABSENT);
            if offset == ABSENT {
                continue;
            }
            let (place, weight) = (offset + unit.index as usize, if self.in_pairs[layer] { 1 } else { 2 });
            let word = &mut self.differs[place / 64];
            *word ^= 1 << (place % 64);
            let differs = *word >> (place % 64) & 1;
            self.distance = self.distance + 2 * weight * differs - weight;
            size += weight;
        }
        Step { size: size / 2, distance: self.distance / 2 }
    }
}

/// The steps of a path, given by the units that flip at each step.
pub(super) struct Walk<I> {
    difference: Difference,
    flips: I,
}

impl<I> Walk<I> {
    pub fn new(units: &UnitSet, flips: I) -> Self {
        Self { difference: Difference::new(units), flips }
    }
}

impl<I: Iterator<Item: AsRef<[Bit]>>> Iterator for Walk<I> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let flips = self.flips.next()?;
        Some(self.difference.step(flips.as_ref()))
    }
}
