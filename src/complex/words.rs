//! Bits as words.

use crate::network::lowered::STAGE;

/// Words in which the bits from `first` on are set, below `end`.
pub(super) fn words_from(first: usize, end: usize) -> impl Iterator<Item = u64> {
    let below = |end: usize, word: usize| u64::MAX.checked_shr((STAGE * (word + 1)).saturating_sub(end) as u32).unwrap_or(0);
    (0..end.div_ceil(STAGE)).map(move |word| below(end, word) & !below(first, word))
}

/// The bits at some places, as words.
pub(super) fn gather(words: &[u64], places: &[u32]) -> Vec<u64> {
    let bit = |place: u32| words[place as usize / STAGE] >> (place as usize % STAGE) & 1;
    places.chunks(STAGE).map(|places| places.iter().zip(0..).fold(0, |word, (&place, i)| word | bit(place) << i)).collect()
}
