//! The positions of the bits of a network's hidden layers among the bits of its steps.

use crate::network::LayerBits;

/// A hidden layer of the network, with the positions of its bits among those of the steps.
#[derive(Clone, Debug)]
pub(crate) struct Hidden {
    pub width: usize,
    pub bits: LayerBits,
    pub code: Code,
}

/// The positions of the bits of a hidden layer.
#[derive(Clone, Debug)]
pub(crate) enum Code {
    /// The bits are those of the units of a step, in order.
    Step(usize),
    /// Each bit has its own position.
    Bits(Vec<Bit>),
    /// The bits are winners of maxima, see [`Tournaments`].
    Winners(Tournaments),
}

/// The position of a bit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bit {
    /// The bit is constant.
    Constant(bool),
    /// The bit is that of a unit of a step.
    Unit { step: u32, unit: u32 },
}

/// Maxima as tournaments, with one round for each step: neighbours among the remaining candidates are compared, and the unit of a match is
/// active if the second one is larger.
///
/// The order is preserved, so ties go to the lowest index. The number of rounds is logarithmic, which limits the growth of bounds: each
/// round doubles them.
#[derive(Clone, Debug)]
pub(crate) struct Tournaments {
    /// For each window the positions of its candidates in the tournament: those that may be the maximum somewhere.
    pub places: Vec<Vec<u32>>,
    /// For each window the bits of its matches, round after round.
    pub bits: Vec<Vec<Bit>>,
}

impl Tournaments {
    /// The winner of a window, as an index among the candidates of its tournament.
    pub(super) fn winner(&self, window: usize, is_active: impl Fn(Bit) -> bool) -> usize {
        let bits = &self.bits[window];
        // For each round, the number of remaining candidates and the index of the first match. There are fewer than 2^32 candidates.
        let mut rounds = [(0, 0); 33];
        let (mut left, mut first, mut round) = (bits.len() + 1, 0, 0);
        while left > 1 {
            rounds[round] = (left, first);
            (left, first, round) = (left.div_ceil(2), first + left / 2, round + 1);
        }
        rounds[..round].iter().rev().fold(0, |at, &(left, first)| {
            let meets = 2 * at + 1 < left;
            2 * at + usize::from(meets && is_active(bits[first + at]))
        })
    }
}
