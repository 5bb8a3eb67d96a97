//! Doubles aligned to cache lines, so that no vector of eight doubles crosses a cache line.

use std::ops::{Deref, DerefMut};

/// The number of doubles in a cache line of 64 bytes.
const LINE: usize = 8;

/// A slice of doubles whose first element is at the beginning of a cache line, until it is cloned or moved into a new allocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aligned {
    buffer: Vec<f64>,
    start: usize,
    len: usize,
}

impl Aligned {
    /// A slice of `len` zeros.
    pub(crate) fn zeros(len: usize) -> Self {
        let mut new = Self::default();
        new.at_least(len);
        new
    }

    /// Makes room for `len` doubles. If it has to grow, the old content is lost and all elements become 0.
    pub(crate) fn at_least(&mut self, len: usize) {
        if len > self.len {
            self.buffer = vec![0.0; len + LINE - 1];
            // Any offset is correct; `align_offset` need not find the best one.
            self.start = self.buffer.as_ptr().align_offset(64).min(LINE - 1);
            self.len = len;
        }
    }
}

impl FromIterator<f64> for Aligned {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let values: Vec<f64> = values.into_iter().collect();
        let mut new = Self::zeros(values.len());
        new.copy_from_slice(&values);
        new
    }
}

impl Deref for Aligned {
    type Target = [f64];
    fn deref(&self) -> &[f64] {
        &self.buffer[self.start..self.start + self.len]
    }
}

impl DerefMut for Aligned {
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.buffer[self.start..self.start + self.len]
    }
}
