//! The crossings of a layer, after all its pieces are known: their times, and their order in each piece.

use super::bounds::WINDOW;
use super::{Break, UNITS, Uncertain};
use crate::exact::lanes::Lanes;
use crate::network::Bit;

/// A unit that crosses in a piece.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hit {
    pub piece: u32,
    pub unit: u32,
}

/// The data besides values and slopes from which the crossings of a layer are computed.
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
    /// Inserts the crossings, given by piece, after the left ends of their pieces in `next`, ordered by time.
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
                // The crossing may be before some that are already there, or too close to one.
                let mut k = place;
                while k > hit.piece as usize + 1 && next[k - 1].bit.layer == self.layer && next[k - 1].at > next[k].at {
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

    /// As [`of_pieces`](Self::of_pieces), for a layer of one piece with many crossings: the position of each crossing is the number of
    /// those before it.
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
        // Two crossings at one time leave a position empty.
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
            // As in `clamp`, in two instructions. If it is NaN, `half` is NaN too.
            at = if at > from { at } else { from };
            at = if at < to { at } else { to };
            half = self.rho[i] * self.error * inverse.abs() + WINDOW;
            if half.is_nan() || half >= 1.0 {
                return Err(Uncertain);
            }
        }
        Ok(Break { at, half, change: a.abs(), bit: Bit { layer: self.layer, index: hit.unit } })
    }
}

/// Whether the windows of crossings, ordered by time, are disjoint.
fn are_apart(crossings: &[Break]) -> bool {
    crossings.windows(2).all(|pair| pair[0].at + pair[0].half < pair[1].at - pair[1].half)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::bound::U;
    use crate::exact::{Instructions, rational};
    use rug::Rational;

    fn exact(x: f64) -> Rational {
        rational(x).unwrap()
    }

    /// A pseudorandom double in (0, 1) with 53 bits.
    fn random(state: &mut u64) -> f64 {
        *state = crate::exact::random::next(*state);
        ((*state >> 11) | 1) as f64 / (1u64 << 53) as f64
    }

    /// The truth is a line whose distance from the model is at most the error. The window contains its zero.
    #[test]
    fn windows_hold_the_zeros_of_all_lines_near_the_model() {
        let (mut state, mut rounding) = (1, 0.0f64);
        for round in 0..20_000 {
            let from = if round % 2 == 0 { 0.0 } else { random(&mut state) * 2f64.powi(-8) };
            let to = 1.0 - random(&mut state) * 2f64.powi(-1 - round % 9);
            let slope = 2f64.powi(round % 5) * (1.0 + random(&mut state)) * if round % 3 == 0 { -1.0 } else { 1.0 };
            // The zero is near the left end, where the effect of rounding is largest, or anywhere.
            let zero = from + (to - from) * random(&mut state) * 2f64.powi(-(round % 20));
            let start = slope * (from - zero);
            let error = if round % 4 == 0 { 0.0 } else { 2f64.powi(-45) * slope.abs() };
            let end = if round % 7 < 4 { slope.mul_add(to - from, start) } else { slope * (to - from) + start };
            if !(start.abs() > error && end.abs() > error && (start > 0.0) != (end > 0.0)) {
                continue;
            }
            let breaks = [Break::end(from), Break::end(to)];
            let crossings = Crossings { layer: 0, error, rho: &[1.0], width: 1, breaks: &breaks };
            let window = crossings.crossing::<true>(Hit::default(), &[end], &[slope]).unwrap();
            for moved in [-error, error] {
                let zero = exact(from) - (exact(start) + exact(moved)) / exact(slope);
                let distance = (exact(window.at) - zero).abs();
                assert!(distance <= window.half, "{start} + {slope} (t - {from}): {window:?}");
                rounding = rounding.max((distance - exact(error) / exact(slope).abs()).to_f64());
            }
        }
        // About five of the 27 roundings that are counted can have the same sign.
        assert!(rounding > 2.0 * U, "{:.2} u of {:.0} u", rounding / U, WINDOW / U);
    }

    /// Zeros whose distance is a few roundings: if windows are disjoint, their order is that of the zeros.
    #[test]
    fn the_order_of_crossings_is_certain_or_not_said() {
        let (mut state, mut near) = (1, 0);
        for round in 0..4000 {
            let slopes = [(); 2].map(|()| 1.0 + random(&mut state));
            let zero = random(&mut state);
            let zeros = [zero, zero + f64::from(round % 200) * U];
            let starts = [0, 1].map(|i| -slopes[i] * zeros[i]);
            let ends = [0, 1].map(|i| slopes[i] + starts[i]);
            let exact_zero = |i: usize| -exact(starts[i]) / exact(slopes[i]);
            let breaks = [Break::end(0.0), Break::end(1.0)];
            let crossings = Crossings { layer: 0, error: 0.0, rho: &[1.0, 1.0], width: 2, breaks: &breaks };
            let hits = [0, 1].map(|unit| Hit { piece: 0, unit });
            for instructions in [None].into_iter().chain(Instructions::available().into_iter().map(Some)) {
                let mut next = vec![Break::end(0.0); 4];
                let order = match instructions {
                    None => crossings.of_pieces::<true>(&hits, &ends, &slopes, &mut next).map(|()| [next[1], next[2]]),
                    Some(instructions) => {
                        one_piece(instructions, &crossings, &hits, [&ends, &slopes], &mut next).map(|()| [next[0], next[1]])
                    }
                };
                match order {
                    Ok(order) => assert!(exact_zero(order[0].bit.index as usize) < exact_zero(order[1].bit.index as usize), "{order:?}"),
                    Err(Uncertain) => near += 1,
                }
            }
        }
        assert!(near > 0);
    }

    crate::exact::lanes::dispatch! {
        fn one_piece(crossings: &Crossings<'_>, hits: &[Hit], of: [&[f64]; 2], next: &mut [Break]) -> Result<(), Uncertain> = one_piece_in
    }

    #[inline(always)]
    fn one_piece_in<L: Lanes>(crossings: &Crossings<'_>, hits: &[Hit], of: [&[f64]; 2], next: &mut [Break]) -> Result<(), Uncertain> {
        crossings.of_one_piece::<L, true>(hits, of[0], of[1], next)
    }
}
