//! The memory of exact volumes, and its limit.

use super::cells::Complex;
use super::error::ComplexError;
use super::simplex::WholePoint;
use rug::{Integer, Rational};

/// The memory that the computation of volumes has taken so far.
pub(super) struct Spent {
    limit: u64,
    bytes: u64,
    /// The number of cells whose volumes are known.
    pub cells: usize,
}

impl Spent {
    /// Starts with the complex, arrays with a number for each vertex and face, and the results of all cells, of `result` bytes each.
    pub(super) fn new(complex: &Complex, result: usize) -> Self {
        let faces: usize = complex.levels.iter().map(|level| level.len()).sum();
        let arrays =
            16 * (faces + complex.vertices()) + size_of::<WholePoint>() * complex.vertices() + result * complex.activation_regions();
        Self { limit: complex.allowed, bytes: complex.memory() + arrays as u64, cells: 0 }
    }

    /// Counts bytes that stay in use.
    pub(super) fn take(&mut self, bytes: u64) -> Result<(), ComplexError> {
        self.bytes += bytes;
        self.allow(0)
    }

    /// Checks that this number of additional bytes, for a limited time, is allowed.
    pub(super) fn allow(&self, bytes: u64) -> Result<(), ComplexError> {
        let Self { limit, cells, .. } = *self;
        let needed = self.bytes + bytes;
        if needed <= limit { Ok(()) } else { Err(ComplexError::VolumesTooLarge { limit, needed, cells }) }
    }
}

/// The number of bytes of a value on the heap.
pub(super) trait OnHeap {
    fn on_heap(&self) -> u64;
}

impl OnHeap for Integer {
    fn on_heap(&self) -> u64 {
        // The limbs have 64 bits; an allocation costs about two more.
        if self.capacity() == 0 { 0 } else { self.capacity() as u64 / 8 + 16 }
    }
}

impl OnHeap for Rational {
    fn on_heap(&self) -> u64 {
        self.numer().on_heap() + self.denom().on_heap()
    }
}

impl OnHeap for [Integer] {
    fn on_heap(&self) -> u64 {
        size_of_val(self) as u64 + self.iter().map(OnHeap::on_heap).sum::<u64>()
    }
}

impl OnHeap for WholePoint {
    fn on_heap(&self) -> u64 {
        self.denominator.on_heap() + self.numerators.on_heap()
    }
}
