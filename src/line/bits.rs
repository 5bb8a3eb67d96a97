//! Sets of units as words of 64 bits.

/// Whether a unit is in the set.
pub(super) fn is_set(words: &[u64], unit: u32) -> bool {
    words[unit as usize / 64] >> (unit % 64) & 1 == 1
}

/// Adds a unit to the set if `on`, and else removes it.
pub(super) fn set_bit(words: &mut [u64], unit: u32, on: bool) {
    let bit = 1 << (unit % 64);
    if on {
        words[unit as usize / 64] |= bit;
    } else {
        words[unit as usize / 64] &= !bit;
    }
}

/// The units in the set, ascending.
pub(super) fn set_bits(words: &[u64]) -> impl Iterator<Item = u32> + '_ {
    words.iter().enumerate().flat_map(|(w, &word)| {
        let mut rest = word;
        std::iter::from_fn(move || {
            let bit = (rest != 0).then(|| rest.trailing_zeros())?;
            rest &= rest - 1;
            Some(w as u32 * 64 + bit)
        })
    })
}
