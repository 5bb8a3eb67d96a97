//! Activation patterns: bit strings with one bit for each unit.

use crate::exact::ParseError;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::{fmt, str::FromStr};

/// An activation pattern: the bit string of the units, layer by layer, with 1 where the pre-activation is strictly positive.
///
/// Its text is a string of 0 and 1.
///
/// ```
/// use plica::network::Pattern;
/// let p: Pattern = "0101".parse().unwrap();
/// let q: Pattern = "1100".parse().unwrap();
/// assert_eq!(p.hamming(&q), 2);
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[must_use]
pub struct Pattern {
    len: usize,
    words: Vec<u64>,
}

impl Pattern {
    /// The pattern of `len` units, all of them inactive.
    pub fn zeros(len: usize) -> Self {
        Self { len, words: vec![0; len.div_ceil(64)] }
    }

    /// The number of units.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no units.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether a unit is active.
    ///
    /// # Panics
    /// If the index is not below the length.
    pub fn get(&self, index: usize) -> bool {
        assert!(index < self.len, "unit {index} of {}", self.len);
        self.words[index / 64] >> (index % 64) & 1 == 1
    }

    /// Makes a unit active or inactive.
    ///
    /// # Panics
    /// If the index is not below the length.
    pub fn set(&mut self, index: usize, active: bool) {
        assert!(index < self.len, "unit {index} of {}", self.len);
        let bit = 1 << (index % 64);
        if active {
            self.words[index / 64] |= bit;
        } else {
            self.words[index / 64] &= !bit;
        }
    }

    /// Inverts the bit of a unit.
    ///
    /// # Panics
    /// If the index is not below the length.
    pub fn flip(&mut self, index: usize) {
        assert!(index < self.len, "unit {index} of {}", self.len);
        self.words[index / 64] ^= 1 << (index % 64);
    }

    /// Overwrites `count` bits, from bit `at` on, with the lowest bits of the words.
    pub(crate) fn put(&mut self, at: usize, count: usize, words: &[u64]) {
        assert!(at + count <= self.len, "bits {at}..{} of {}", at + count, self.len);
        for (k, &word) in words.iter().enumerate() {
            let bits = count.saturating_sub(64 * k).min(64);
            if bits == 0 {
                break;
            }
            let mask = u64::MAX >> (64 - bits);
            let (place, shift) = ((at + 64 * k) / 64, (at + 64 * k) % 64);
            self.words[place] = self.words[place] & !(mask << shift) | (word & mask) << shift;
            if shift + bits > 64 {
                let rest = 64 - shift;
                self.words[place + 1] = self.words[place + 1] & !(mask >> rest) | (word & mask) >> rest;
            }
        }
    }

    /// The Hamming distance d_H(p, q) = |{k : p_k != q_k}|.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn hamming(&self, other: &Pattern) -> usize {
        assert_eq!(self.len, other.len, "patterns of the same units");
        self.words.iter().zip(&other.words).map(|(a, b)| (a ^ b).count_ones() as usize).sum()
    }

    /// Whether the pattern is in the interval I(p, q): on a shortest path of one-bit flips from p to q. This is the case if and only if it
    /// agrees with p and q on every bit on which they agree.
    ///
    /// ```
    /// use plica::network::Pattern;
    /// let [p, q, r]: [Pattern; 3] = ["0011", "0110", "0010"].map(|text| text.parse().unwrap());
    /// assert!(r.is_between(&p, &q) && !q.is_between(&p, &r));
    /// ```
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn is_between(&self, p: &Pattern, q: &Pattern) -> bool {
        assert!(self.len == p.len && self.len == q.len, "patterns of the same units");
        self.words.iter().zip(&p.words).zip(&q.words).all(|((r, p), q)| (p ^ r) & (q ^ r) == 0)
    }

    /// Sets the bits on which p and q differ.
    pub(crate) fn mark_differences(&mut self, p: &Pattern, q: &Pattern) {
        self.words.iter_mut().zip(p.words.iter().zip(&q.words)).for_each(|(mark, (p, q))| *mark |= p ^ q);
    }

    /// Whether two patterns differ only on marked bits.
    pub(crate) fn allows_differences(&self, p: &Pattern, q: &Pattern) -> bool {
        self.words.iter().zip(p.words.iter().zip(&q.words)).all(|(mark, (p, q))| (p ^ q) & !mark == 0)
    }

    /// The number of active units.
    pub fn count_ones(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    /// The bits in order.
    pub fn iter(&self) -> impl Iterator<Item = bool> + '_ {
        (0..self.len).map(|i| self.get(i))
    }
}

impl FromIterator<bool> for Pattern {
    fn from_iter<I: IntoIterator<Item = bool>>(bits: I) -> Self {
        let mut pattern = Self::default();
        for bit in bits {
            if pattern.len % 64 == 0 {
                pattern.words.push(0);
            }
            pattern.len += 1;
            pattern.set(pattern.len - 1, bit);
        }
        pattern
    }
}

impl FromStr for Pattern {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let bit = |(i, c)| match c {
            '0' => Ok(false),
            '1' => Ok(true),
            other => Err(ParseError::new(format!("character {i} of the pattern is `{other}`, expected 0 or 1"))),
        };
        text.chars().enumerate().map(bit).collect()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text: String = self.iter().map(|b| if b { '1' } else { '0' }).collect();
        f.pad(&text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pattern({self})")
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn put_writes_across_words() {
        for (at, count) in [(0, 1), (60, 10), (3, 130), (64, 64), (1, 63), (63, 64)] {
            let words = [0x0123_4567_89ab_cdef, u64::MAX, 0x5555_5555_5555_5555];
            for background in [false, true] {
                let mut p: Pattern = (0..200).map(|_| background).collect();
                p.put(at, count, &words);
                for i in 0..200 {
                    let expected =
                        if (at..at + count).contains(&i) { words[(i - at) / 64] >> ((i - at) % 64) & 1 == 1 } else { background };
                    assert_eq!(p.get(i), expected, "bit {i} of put({at}, {count})");
                }
            }
        }
    }
}
