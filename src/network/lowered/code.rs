//! Where the bits of a network's hidden layers are among those of its steps.

use crate::network::LayerBits;

/// A hidden layer of the network, and where its bits are among those of the steps.
#[derive(Clone, Debug)]
pub(crate) struct Hidden {
    pub width: usize,
    pub bits: LayerBits,
    pub code: Code,
}

/// Where the bits of a hidden layer are.
#[derive(Clone, Debug)]
pub(crate) enum Code {
    /// They are the units of a step, in order.
    Step(usize),
    /// Each is somewhere.
    Bits(Vec<Bit>),
    /// Winners of maxima, see [`Tournaments`].
    Winners(Tournaments),
}

/// Where a bit is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bit {
    /// It is the same everywhere.
    Constant(bool),
    /// It is that of a unit of a step.
    Unit { step: u32, unit: u32 },
}

/// Maxima in rounds, one a step: of the contenders that are left neighbours meet, and the unit of a duel is active where the second is larger.
///
/// The order is kept, so ties go to the lowest index. As many rounds as the logarithm keep bounds from growing: a round doubles them.
#[derive(Clone, Debug)]
pub(crate) struct Tournaments {
    /// For each window the places of its contenders: those of its candidates that are the largest somewhere, or may be.
    pub places: Vec<Vec<u32>>,
    /// For each window the bits of its duels, round after round.
    pub bits: Vec<Vec<Bit>>,
}

impl Tournaments {
    /// The winner of a window, among its contenders.
    pub(super) fn winner(&self, window: usize, is_active: impl Fn(Bit) -> bool) -> usize {
        let bits = &self.bits[window];
        // How many are left before each round, and its first duel; there are less than 2^32 contenders.
        let mut rounds = [(0, 0); 33];
        let (mut left, mut duel, mut round) = (bits.len() + 1, 0, 0);
        while left > 1 {
            rounds[round] = (left, duel);
            (left, duel, round) = (left.div_ceil(2), duel + left / 2, round + 1);
        }
        rounds[..round].iter().rev().fold(0, |at, &(left, duel)| {
            let meets = 2 * at + 1 < left;
            2 * at + usize::from(meets && is_active(bits[duel + at]))
        })
    }
}
