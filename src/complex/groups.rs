//! A map from pairs of words, numbered in the order of first occurrence, to lists of entries.

/// A hash table with open addressing: the numbers of pairs, or `FREE`.
#[derive(Default)]
pub(super) struct Groups {
    table: Vec<u32>,
    shift: u32,
    /// The pairs, by number.
    pub keys: Vec<[u64; 2]>,
    /// The number of entries of each pair.
    pub lengths: Vec<u32>,
    /// All entries, each with the number of its pair.
    pub entries: Vec<(u32, u32)>,
}

const FREE: u32 = u32::MAX;

impl Groups {
    /// Removes everything, and makes room for about this number of pairs.
    pub(super) fn clear(&mut self, pairs: usize) {
        self.keys.clear();
        self.lengths.clear();
        self.entries.clear();
        self.make_table(pairs);
    }

    fn make_table(&mut self, pairs: usize) {
        let bits = (2 * pairs).next_power_of_two().trailing_zeros().max(2);
        self.shift = 64 - bits;
        self.table.clear();
        self.table.resize(1 << bits, FREE);
        for number in 0..self.keys.len() {
            let place = self.place(self.keys[number]);
            self.table[place] = number as u32;
        }
    }

    /// The position of a pair in the table, or a free one for it.
    #[inline]
    fn place(&self, key: [u64; 2]) -> usize {
        let mixed = (key[0].wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32) ^ key[1]).wrapping_mul(0xd6e8_feb8_6659_fd93);
        let mut place = (mixed >> self.shift) as usize;
        while self.table[place] != FREE && self.keys[self.table[place] as usize] != key {
            place = (place + 1) & (self.table.len() - 1);
        }
        place
    }

    /// The number of a pair, which may be a new one.
    #[inline]
    pub(super) fn number(&mut self, key: [u64; 2]) -> u32 {
        let place = self.place(key);
        if self.table[place] != FREE {
            return self.table[place];
        }
        let new = self.keys.len() as u32;
        self.table[place] = new;
        self.keys.push(key);
        self.lengths.push(0);
        if 4 * self.keys.len() > 3 * self.table.len() {
            self.make_table(2 * self.keys.len());
        }
        new
    }

    /// Adds an entry to a pair.
    #[inline]
    pub(super) fn add(&mut self, key: [u64; 2], entry: u32) {
        let number = self.number(key);
        self.lengths[number as usize] += 1;
        self.entries.push((number, entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_keep_their_numbers_when_the_table_grows() {
        let mut groups = Groups::default();
        groups.clear(1);
        for round in 0..3 {
            (0..1000).for_each(|i| groups.add([i % 7, i * i], (1000 * round + i) as u32));
        }
        assert_eq!(groups.keys.len(), 1000);
        assert!(groups.keys.iter().enumerate().all(|(k, &key)| key == [k as u64 % 7, (k * k) as u64]));
        assert!(groups.lengths.iter().all(|&length| length == 3));
        assert!(groups.entries.iter().all(|&(number, entry)| entry % 1000 == number));
    }
}
