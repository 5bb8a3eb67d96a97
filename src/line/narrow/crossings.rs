//! The crossings of a layer, once all its pieces are known: their times, and their order in each piece.

use super::bounds::WINDOW;
use super::{Break, UNITS, Uncertain};
use crate::exact::lanes::Lanes;
use crate::network::Unit;

/// A unit that crosses in a piece.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hit {
    pub piece: u32,
    pub unit: u32,
}

/// What the crossings of a layer follow from, besides its values and slopes.
pub(super) struct Crossings<'a> {
    pub layer: u32,
    pub error: f64,
    pub rho: &'a [f64],
    /// The length of a row of values and slopes.
    pub width: usize,
    /// The ends of the pieces.
    pub breaks: &'a [Break],
}

impl Crossings<'_> {
    /// Puts the crossings, given by piece, behind the left ends of their pieces in `next`, by time.
    #[inline(always)]
    pub(super) fn of_pieces<const CERTIFY: bool>(
        &self,
        hits: &[Hit],
        values: &[f64],
        slopes: &[f64],
        next: &mut [Break],
    ) -> Result<(), Uncertain> {
        let (mut last_piece, mut reach) = (u32::MAX, 0.0);
        for (j, hit) in hits.iter().enumerate() {
            let crossing = self.crossing::<CERTIFY>(*hit, values, slopes)?;
            let place = hit.piece as usize + 1 + j;
            next[place] = crossing;
            let (from, to) = (crossing.at - crossing.half, crossing.at + crossing.half);
            if (hit.piece == last_piece) & (from <= reach) {
                // Before some that were put there already; or too near one.
                let mut k = place;
                while k > hit.piece as usize + 1 && next[k - 1].unit.layer == self.layer && next[k - 1].at > next[k].at {
                    next.swap(k - 1, k);
                    k -= 1;
                }
                let first = hits[..j].iter().rev().take_while(|other| other.piece == hit.piece).count();
                if CERTIFY && !are_apart(&next[place - first..=place]) {
                    return Err(Uncertain);
                }
                reach = next[place].at + next[place].half;
            } else {
                reach = to;
            }
            last_piece = hit.piece;
        }
        Ok(())
    }

    /// The same of a layer of one piece, where many cross: each is put in the place of the number of those before it.
    #[inline(always)]
    pub(super) fn of_one_piece<L: Lanes, const CERTIFY: bool>(
        &self,
        hits: &[Hit],
        values: &[f64],
        slopes: &[f64],
        next: &mut [Break],
    ) -> Result<(), Uncertain> {
        let (mut times, mut places) = ([[f64::INFINITY; 8]; UNITS / 8], [0; UNITS]);
        for (j, hit) in hits.iter().enumerate() {
            next[j] = self.crossing::<CERTIFY>(*hit, values, slopes)?;
            times.as_flattened_mut()[j] = next[j].at;
        }
        let chunks = hits.len().div_ceil(8);
        let mut taken = 0u64;
        for (time, place) in times.as_flattened()[..hits.len()].iter().zip(&mut places) {
            for chunk in &times[..chunks] {
                *place += L::bits(L::splat(*time).gt(L::load(chunk))).count_ones();
            }
            taken |= 1 << *place;
        }
        // Two at one time leave a place free.
        if taken.count_ones() as usize != hits.len() {
            return Err(Uncertain);
        }
        let mut unordered = [Break::end(0.0); UNITS];
        unordered[..hits.len()].copy_from_slice(&next[..hits.len()]);
        for (crossing, place) in unordered[..hits.len()].iter().zip(places) {
            next[place as usize] = *crossing;
        }
        if CERTIFY && !are_apart(&next[..hits.len()]) { Err(Uncertain) } else { Ok(()) }
    }

    /// The crossing of a unit that is known to cross in a piece.
    #[inline(always)]
    fn crossing<const CERTIFY: bool>(&self, hit: Hit, values: &[f64], slopes: &[f64]) -> Result<Break, Uncertain> {
        let (i, place) = (hit.unit as usize, hit.piece as usize * self.width + hit.unit as usize);
        let (from, to) = (self.breaks[hit.piece as usize].at, self.breaks[hit.piece as usize + 1].at);
        let (v, a) = (values[place], slopes[place]);
        let inverse = 1.0 / a;
        let mut at = to - v * inverse;
        let mut half = 0.0;
        if CERTIFY {
            // As `clamp` does it, in two instructions; where it is not a number, neither is `half`.
            at = if at > from { at } else { from };
            at = if at < to { at } else { to };
            half = self.rho[i] * self.error * inverse.abs() + WINDOW;
            if half.is_nan() || half >= 1.0 {
                return Err(Uncertain);
            }
        }
        Ok(Break { at, half, change: a.abs(), unit: Unit { layer: self.layer, index: hit.unit } })
    }
}

/// Whether the windows of crossings by time are disjoint.
fn are_apart(crossings: &[Break]) -> bool {
    crossings.windows(2).all(|pair| pair[0].at + pair[0].half < pair[1].at - pair[1].half)
}
