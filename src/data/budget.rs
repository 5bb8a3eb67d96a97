//! The limit of memory for one load. Compressed files, computed constants and numbers in text can need far more memory than the file is
//! long.

use super::ArrayError;
use rug::Rational;
use std::cell::Cell;

/// The limit for all numbers and texts of one load together, without the files themselves: 4 GiB.
const MOST_BYTES: u64 = 1 << 32;

/// The errors of a lack of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoRoom {
    /// The budget is used up.
    #[error("more than 4 GiB of numbers and text, the limit for one load")]
    Budget,
    /// The system has not enough memory.
    #[error("there is not enough memory for the numbers")]
    Memory,
}

impl From<NoRoom> for ArrayError {
    fn from(error: NoRoom) -> Self {
        match error {
            NoRoom::Budget => Self::TooLarge,
            NoRoom::Memory => Self::Memory,
        }
    }
}

impl From<NoRoom> for String {
    fn from(error: NoRoom) -> Self {
        error.to_string()
    }
}

/// The remaining bytes for one load, for all its files and arrays together.
#[derive(Debug)]
pub(crate) struct Budget {
    left: Cell<u64>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: Cell::new(MOST_BYTES) }
    }
}

impl Budget {
    /// A budget of this number of bytes.
    #[cfg(test)]
    pub fn of(bytes: u64) -> Self {
        Self { left: Cell::new(bytes) }
    }

    /// Checks that there is room for `count` elements of `size` bytes.
    pub fn check(&self, count: u128, size: usize) -> Result<(), NoRoom> {
        if count.saturating_mul(size as u128) <= u128::from(self.left.get()) { Ok(()) } else { Err(NoRoom::Budget) }
    }

    /// Takes the bytes of `count` elements of `size` bytes.
    pub fn take(&self, count: usize, size: usize) -> Result<(), NoRoom> {
        self.check(count as u128, size)?;
        self.left.set(self.left.get() - (count * size) as u64);
        Ok(())
    }

    /// Takes the bytes of a rational number beyond its place in a list, including the overhead of two allocations.
    pub fn take_rational(&self, q: &Rational) -> Result<(), NoRoom> {
        self.take(1, 32 + (q.numer().significant_bits() + q.denom().significant_bits()) as usize / 8)
    }

    /// Returns bytes that were taken and are not used.
    fn give(&self, count: usize, size: usize) {
        self.left.set(self.left.get() + (count * size) as u64);
    }

    /// Appends an element to a list. The list grows to the expected length, or by doubling.
    #[inline]
    pub fn push<T>(&self, list: &mut Vec<T>, expected: usize, element: T) -> Result<(), NoRoom> {
        if list.len() == list.capacity() {
            self.grow(list, expected)?;
        }
        list.push(element);
        Ok(())
    }

    #[cold]
    fn grow<T>(&self, list: &mut Vec<T>, expected: usize) -> Result<(), NoRoom> {
        let (length, before) = (list.len(), list.capacity());
        let doubled = length.saturating_mul(2).max(64);
        let more = if expected > length { doubled.min(expected) } else { doubled } - length;
        self.take(more, size_of::<T>())?;
        list.try_reserve_exact(more).map_err(|_| NoRoom::Memory)?;
        debug_assert!(before == length);
        Ok(())
    }

    /// Finishes a list: returns the bytes of its unused capacity.
    pub fn finish<T>(&self, list: &mut Vec<T>) {
        let before = list.capacity();
        list.shrink_to_fit();
        self.give(before - list.capacity(), size_of::<T>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_gone_and_what_is_not_used_comes_back() {
        let budget = Budget::default();
        let mut list = Vec::new();
        (0..1000u64).for_each(|i| budget.push(&mut list, 0, i).unwrap());
        assert_eq!(budget.left.get(), MOST_BYTES - 8 * 1024);
        budget.finish(&mut list);
        assert_eq!(budget.left.get(), MOST_BYTES - 8 * 1000);
        let mut expected = Vec::new();
        (0..1000u64).for_each(|i| budget.push(&mut expected, 1000, i).unwrap());
        assert_eq!(budget.left.get(), MOST_BYTES - 8 * 2000);
    }

    #[test]
    fn the_last_byte_is_the_last() {
        let budget = Budget::default();
        assert_eq!(budget.take(1 << 29, 8), Ok(()));
        assert_eq!(budget.take(1, 1), Err(NoRoom::Budget));
        assert_eq!(Budget::default().take((1 << 29) + 1, 8), Err(NoRoom::Budget));
        assert_eq!(Budget::default().check(u128::MAX, usize::MAX), Err(NoRoom::Budget));
    }

    #[test]
    fn memory_that_cannot_be_had_is_an_error() {
        let budget = Budget::of(u64::MAX);
        assert_eq!(budget.grow(&mut Vec::<[u8; 1 << 46]>::new(), 0), Err(NoRoom::Memory));
    }

    /// Checks that a reader succeeds with this budget, and fails for lack of room with one byte less.
    fn needs<E: std::fmt::Display>(bytes: u64, read: impl Fn(&Budget) -> Result<(), E>) {
        assert!(read(&Budget::of(bytes)).is_ok());
        let error = read(&Budget::of(bytes - 1)).unwrap_err().to_string();
        assert!(error.contains("more than 4 GiB of numbers and text"), "{error}");
    }

    #[test]
    fn every_reader_takes_the_bytes_of_its_numbers_from_the_budget() {
        use crate::data::{csv, idx, npy, npz};
        use std::io::Write;
        let array = npy::write(&[1000], &[0.5; 1000], false);
        needs(8000, |budget| npy::read(&mut &array[..], array.len() as u64, budget).map(drop));
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for name in ["P.npy", "Q.npy"] {
            archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(&array).unwrap();
        }
        let archive = archive.finish().unwrap().into_inner();
        needs(16000, |budget| npz::read(&archive, budget).map(drop));
        let images = [&[0, 0, 8, 2, 0, 0, 0, 10, 0, 0, 0, 10][..], &[7; 100]].concat();
        needs(1300, |budget| idx::read(&images, budget).map(drop));
        // A list grows by doubling if its length is unknown; the header is read as a list of cells.
        needs(8 * 1024 + 16, |budget| csv::read(&b"1\n".repeat(1000), None, budget).map(drop));
        let tenths = 32 * 128 + 100 * 32 + 16;
        needs(tenths, |budget| csv::read(&b"0.1\n".repeat(100), None, budget).map(drop));
    }
}
