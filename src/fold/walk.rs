//! Walking flips: which units differ from the start, and how many.

use super::Step;
use crate::network::{Unit, UnitSet};

/// The units that differ from the start of a path, of a selection of units; all others are passed over.
#[derive(Clone, Debug)]
pub(super) struct Difference {
    /// The place of the first bit of each layer, [`ABSENT`] where the layer is not selected.
    offsets: Vec<usize>,
    differs: Vec<u64>,
    distance: u64,
}

const ABSENT: usize = usize::MAX;

impl Difference {
    pub fn new(units: &UnitSet) -> Self {
        let mut offsets = Vec::new();
        for &layer in units.layers() {
            offsets.resize(layer, ABSENT);
            offsets.push(units.position(Unit { layer: layer as u32, index: 0 }));
        }
        Self { offsets, differs: vec![0; units.count().div_ceil(64)], distance: 0 }
    }

    /// Makes the present pattern the start.
    #[inline]
    pub fn restart(&mut self) {
        self.differs.fill(0);
        self.distance = 0;
    }

    /// Flips these units.
    #[inline]
    pub fn step(&mut self, flips: &[Unit]) -> Step {
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
}

/// The steps of a path that is given by the units that flip at each step.
pub(super) struct Walk<I> {
    difference: Difference,
    flips: I,
}

impl<I> Walk<I> {
    pub fn new(units: &UnitSet, flips: I) -> Self {
        Self { difference: Difference::new(units), flips }
    }
}

impl<I: Iterator<Item: AsRef<[Unit]>>> Iterator for Walk<I> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let flips = self.flips.next()?;
        Some(self.difference.step(flips.as_ref()))
    }
}
