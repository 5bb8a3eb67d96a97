//! What exact volumes take, and whether they may.

use super::build::ComplexError;
use super::cells::Complex;
use super::simplex::WholePoint;
use rug::{Integer, Rational};

/// What computing volumes has taken so far.
pub(super) struct Spent {
    limit: u64,
    bytes: u64,
    /// The cells whose volumes are known.
    pub cells: usize,
}

impl Spent {
    /// The complex; arrays with a number for each vertex and face; and room for each cell's result, itself of so many bytes.
    pub(super) fn new(complex: &Complex, result: usize) -> Self {
        let faces: usize = complex.levels.iter().map(|level| level.len()).sum();
        let arrays =
            16 * (faces + complex.vertices()) + size_of::<WholePoint>() * complex.vertices() + result * complex.activation_regions();
        Self { limit: complex.allowed, bytes: complex.memory() + arrays as u64, cells: 0 }
    }

    /// Counts what stays.
    pub(super) fn take(&mut self, bytes: u64) -> Result<(), ComplexError> {
        self.bytes += bytes;
        self.allow(0)
    }

    /// Whether so much more, for a time, is allowed.
    pub(super) fn allow(&self, bytes: u64) -> Result<(), ComplexError> {
        let Self { limit, cells, .. } = *self;
        let needed = self.bytes + bytes;
        if needed <= limit { Ok(()) } else { Err(ComplexError::VolumesTooLarge { limit, needed, cells }) }
    }
}

/// What a value takes on the heap.
pub(super) trait OnHeap {
    fn on_heap(&self) -> u64;
}

impl OnHeap for Integer {
    fn on_heap(&self) -> u64 {
        // In limbs of 64 bits; an allocation costs about two more.
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
