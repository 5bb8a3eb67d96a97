//! The faces of a complex that is being cut: those of the old complex, and their parts so far.

use super::signs::Signs;
use super::topology::{Mask, Topology};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

/// Lists of faces are addressed by words of 32 bits.
const MOST_ENTRIES: usize = 1 << 31;
/// The number of checks after which memory is counted again. It is also counted if this number of entries is added at once.
const EVERY: u32 = 1 << 12;
const MANY: usize = 1 << 16;

/// The reasons for which the cutting ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// More cells than allowed.
    Cells,
    /// More faces than can be numbered.
    Faces,
    /// More memory than allowed, with the number of bytes.
    Memory(u64),
    /// The caller stopped it.
    Stopped,
}

/// The conditions that end the cutting early.
#[derive(Clone, Copy)]
pub(super) struct Limits<'a> {
    /// The limit for the number of cells.
    pub cells: usize,
    /// The limit for the number of bytes.
    pub bytes: u64,
    /// Set to true by the caller to stop.
    pub stop: Option<&'a AtomicBool>,
}

/// The new faces, which grow while those of the old complex are cut.
pub(super) struct Parts<'a, 's> {
    pub old: &'a Topology,
    pub signs: &'s mut Signs,
    pub new: Topology,
    /// For each new face the signs of the units on it.
    pub masks: Vec<Vec<Mask>>,
    /// For each old face of dimension k, and once more at the end, the numbers of the first new faces inside it, of dimension 0 to k.
    pub starts: Vec<Vec<u32>>,
    /// The conditions that end the cutting early.
    pub limits: Limits<'a>,
    /// The number of checks so far.
    pub checks: Cell<u32>,
}

impl Parts<'_, '_> {
    /// The number of new faces of a dimension.
    pub(super) fn len(&self, k: usize) -> u32 {
        if k == 0 { self.signs.len() as u32 } else { self.new.levels[k].len() as u32 }
    }

    /// The number of bytes of the old complex, and of the new one so far.
    pub(super) fn bytes(&self) -> u64 {
        let masks: usize = self.masks.iter().map(|masks| size_of::<Mask>() * masks.capacity()).sum();
        let starts: usize = self.starts.iter().map(|starts| size_of::<u32>() * starts.capacity()).sum();
        self.old.bytes() + self.new.bytes() + self.signs.bytes() + (masks + starts) as u64
    }

    /// The new faces of dimension j inside an old one of dimension k.
    #[inline]
    pub(super) fn inside(&self, k: usize, face: u32, j: usize) -> std::ops::Range<u32> {
        let starts = &self.starts[k];
        let at = face as usize * (k + 1) + j;
        starts[at]..starts.get(at + k + 1).copied().unwrap_or_else(|| self.len(j))
    }

    /// Checks that the faces of a dimension remain within the limits, with this number of additional faces and facets.
    pub(super) fn check(&self, k: usize, faces: usize, entries: usize) -> Result<(), Limit> {
        let level = &self.new.levels[k];
        if level.entries() + entries > MOST_ENTRIES {
            return Err(Limit::Faces);
        }
        let checks = self.checks.replace(self.checks.get().wrapping_add(1));
        if checks.is_multiple_of(EVERY) || entries > MANY {
            // An entry is added to a list of pairs, and then to a level.
            let bytes = self.bytes() + 12 * entries as u64;
            if bytes > self.limits.bytes {
                return Err(Limit::Memory(bytes));
            }
        }
        if self.limits.stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
            return Err(Limit::Stopped);
        }
        if k == self.old.dimension() && level.len() + faces > self.limits.cells { Err(Limit::Cells) } else { Ok(()) }
    }
}
