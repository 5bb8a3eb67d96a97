//! Walking flips: which units differ from the start, and how many.

use super::Step;
use crate::network::{Pattern, Unit, UnitSet};

/// The units that differ from the start of a path, of a selection of units; all others are passed over.
#[derive(Clone, Debug)]
pub(super) struct Difference {
    /// The place of the first bit of each layer, `None` where the layer is not selected.
    offsets: Vec<Option<usize>>,
    none: Pattern,
    differs: Pattern,
    distance: u64,
}

impl Difference {
    pub fn new(units: &UnitSet) -> Self {
        let mut offsets = Vec::new();
        for &layer in units.layers() {
            offsets.resize(layer, None);
            offsets.push(Some(units.position(Unit { layer: layer as u32, index: 0 })));
        }
        let none = Pattern::zeros(units.count());
        Self { offsets, differs: none.clone(), none, distance: 0 }
    }

    /// Makes the present pattern the start.
    pub fn restart(&mut self) {
        self.differs.clone_from(&self.none);
        self.distance = 0;
    }

    /// Flips these units.
    pub fn step(&mut self, flips: &[Unit]) -> Step {
        let mut size = 0;
        for unit in flips {
            let Some(&Some(offset)) = self.offsets.get(unit.layer as usize) else { continue };
            let place = offset + unit.index as usize;
            self.differs.flip(place);
            self.distance = if self.differs.get(place) { self.distance + 1 } else { self.distance - 1 };
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
