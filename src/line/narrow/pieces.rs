//! The pieces of one narrow layer, one after the other, and the crossings in each.

use super::super::plan::LayerPlan;
use super::bounds::{Bounds, Extent, WINDOW};
use super::{Break, NarrowWalk, Uncertain};
use crate::exact::bound::round_up;
use crate::exact::lanes::Lanes;
use crate::network::Unit;

/// So many crossings of a piece are put in order one by one.
const FEW: usize = 4;

impl NarrowWalk {
    /// Goes through the pieces of layer l: signs, crossings, and the rows that the next layer is computed from.
    #[inline(always)]
    pub(super) fn pieces<L: Lanes, const C: usize, const CERTIFY: bool>(
        &mut self,
        this: &LayerPlan,
        l: usize,
        bounds: &Bounds,
    ) -> Result<Extent, Uncertain> {
        let width = 8 * C;
        let pieces = self.count - 1;
        self.rows.at_least((pieces + 1) * width);
        if self.masks.len() <= pieces {
            self.masks.resize(pieces + 1, 0);
        }
        // Room for a crossing of every unit on every piece: then nothing below allocates.
        let most = pieces * (this.outputs + 1) + 1;
        if self.next.len() < most {
            self.next.resize(most.next_power_of_two(), Break::end(0.0));
        }
        let (breaks, next) = (&self.breaks[..pieces + 1], &mut self.next[..most]);
        let mut count = 0;
        let below = (l as u32).wrapping_sub(1);
        // One row more than pieces: the values at the start stand behind the slopes of the parents.
        let fresh = self.fresh.as_chunks::<8>().0;
        let rows = self.rows[..(pieces + 1) * width].as_chunks_mut::<8>().0;
        let masks = &mut self.masks[..pieces + 1];
        let (columns, step) = (this.columns.as_chunks::<8>().0, this.padded / 8);
        let parents = self.parents;
        let varying = this.varying[0];
        let zero = L::splat(0.0);
        let (error, reach) = (round_up(bounds.error), round_up(bounds.reach));

        let (mut v, mut a, mut rho) = ([zero; C], [zero; C], [zero; C]);
        let (mut largest_slopes, mut largest_values) = ([zero; C], [zero; C]);
        let mut active = [zero.gt(zero); C];
        let (mut left, mut certain) = (0u64, 0u64);
        let (start, norms) = (&fresh[parents * C..][..C], this.rho.as_chunks::<8>().0);
        for c in 0..C {
            v[c] = L::load(&start[c]);
            rho[c] = L::load(&norms[c]);
            active[c] = v[c].gt(zero);
            left |= u64::from(L::bits(active[c])) << (8 * c);
            let positive = v[c].keep(active[c]);
            largest_values[c] = positive;
            positive.store(&mut rows[pieces * C + c]);
            if CERTIFY {
                certain |= u64::from(L::bits(v[c].abs().gt(rho[c].mul(L::splat(error))))) << (8 * c);
            }
        }
        masks[pieces] = left;
        if CERTIFY && !certain & varying != 0 {
            return Err(Uncertain);
        }
        let mut parent = 0;
        for k in 0..pieces {
            let (mark, end) = (breaks[k], breaks[k + 1]);
            if mark.unit.layer == below && k > 0 {
                let column = &columns[mark.unit.index as usize * step..][..C];
                let change = L::splat(mark.change);
                for c in 0..C {
                    a[c] = change.mul_add(L::load(&column[c]), a[c]);
                }
            } else {
                let row = &fresh[parent * C..][..C];
                for c in 0..C {
                    a[c] = L::load(&row[c]);
                }
                parent += 1;
            }
            let (dt, margin) = (L::splat(end.at - mark.at), L::splat(error + end.half * reach));
            let row = &mut rows[k * C..][..C];
            let (mut right, mut certain) = (0u64, 0u64);
            masks[k] = left;
            for c in 0..C {
                a[c].keep(active[c]).store(&mut row[c]);
                v[c] = a[c].mul_add(dt, v[c]);
                active[c] = v[c].gt(zero);
                right |= u64::from(L::bits(active[c])) << (8 * c);
                if CERTIFY {
                    certain |= u64::from(L::bits(v[c].abs().gt(rho[c].mul(margin)))) << (8 * c);
                    largest_slopes[c] = a[c].abs().max(largest_slopes[c]);
                    largest_values[c] = v[c].max(largest_values[c]);
                }
            }
            if CERTIFY && !certain & varying != 0 {
                return Err(Uncertain);
            }
            #[cfg(test)]
            {
                let mut values = vec![[0.0; 8]; C];
                v.iter().zip(&mut values).for_each(|(v, values)| v.store(values));
                self.recorded.push(super::Recorded { layer: l, at: end.at, error: bounds.error, values: values.concat() });
            }
            next[count] = mark;
            count += 1;
            let crossing = (left ^ right) & varying;
            left = right;
            if crossing != 0 {
                let piece = Piece { layer: l as u32, from: mark.at, to: end.at, error };
                count += piece.find_crossings::<L, C, CERTIFY>(crossing, v, a, norms, &mut next[count..])?;
            }
        }
        next[count] = breaks[pieces];
        let crossings = count - pieces;
        self.filtered += (pieces * this.outputs + crossings) as u64;
        std::mem::swap(&mut self.breaks, &mut self.next);
        (self.parents, self.count) = (pieces, count + 1);
        let (mut slope_squares, mut value_squares) = (zero, zero);
        for c in 0..C {
            slope_squares = largest_slopes[c].mul_add(largest_slopes[c], slope_squares);
            value_squares = largest_values[c].mul_add(largest_values[c], value_squares);
        }
        Ok(Extent { slope_square: slope_squares.sum(), value_square: value_squares.sum(), crossings })
    }
}

/// A piece on which some units cross.
struct Piece {
    layer: u32,
    from: f64,
    to: f64,
    error: f64,
}

impl Piece {
    /// The crossings of these units in their order, from their values at the piece's end and their slopes; how many they are.
    #[inline(always)]
    fn find_crossings<L: Lanes, const C: usize, const CERTIFY: bool>(
        &self,
        units: u64,
        v: [L; C],
        a: [L; C],
        rho: &[[f64; 8]],
        breaks: &mut [Break],
    ) -> Result<usize, Uncertain> {
        let (mut values, mut slopes) = ([[0.0; 8]; C], [[0.0; 8]; C]);
        for c in 0..C {
            v[c].store(&mut values[c]);
            a[c].store(&mut slopes[c]);
        }
        let (v, a, rho) = (values.as_flattened(), slopes.as_flattened(), rho[..C].as_flattened());
        let breaks = &mut breaks[..units.count_ones() as usize];
        let mut rest = units;
        if breaks.len() <= FEW {
            let mut count = 0;
            while rest != 0 {
                let i = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                breaks[count] = self.crossing::<CERTIFY>(i, v[i], a[i], rho[i])?;
                let mut j = count;
                while j > 0 && breaks[j - 1].at > breaks[j].at {
                    breaks.swap(j - 1, j);
                    j -= 1;
                }
                count += 1;
            }
        } else {
            let mut times = [[f64::INFINITY; 8]; C];
            while rest != 0 {
                let i = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                times.as_flattened_mut()[i] = self.crossing::<CERTIFY>(i, v[i], a[i], rho[i])?.at;
            }
            rest = units;
            let mut taken = 0u64;
            while rest != 0 {
                let i = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                // So many come before it.
                let mut place = 0;
                for time in &times {
                    place += L::bits(L::splat(times.as_flattened()[i]).gt(L::load(time))).count_ones();
                }
                taken |= 1 << place;
                breaks[place as usize] = self.crossing::<CERTIFY>(i, v[i], a[i], rho[i])?;
            }
            // Two at one time leave a place free.
            if taken.count_ones() < units.count_ones() {
                return Err(Uncertain);
            }
        }
        if CERTIFY {
            for k in 1..breaks.len() {
                if !(breaks[k - 1].at + breaks[k - 1].half < breaks[k].at - breaks[k].half) {
                    return Err(Uncertain);
                }
            }
        }
        Ok(breaks.len())
    }

    /// The crossing of a unit with this slope, this value at the piece's end, and this row norm.
    #[inline(always)]
    fn crossing<const CERTIFY: bool>(&self, i: usize, v: f64, a: f64, rho: f64) -> Result<Break, Uncertain> {
        let inverse = 1.0 / a;
        let mut at = self.to - v * inverse;
        let mut half = 0.0;
        if CERTIFY {
            at = at.max(self.from).min(self.to);
            half = rho * self.error * inverse.abs() + WINDOW;
            // False where it is not a number.
            if !(half < 1.0) {
                return Err(Uncertain);
            }
        }
        Ok(Break { at, half, change: a.abs(), unit: Unit { layer: self.layer, index: i as u32 } })
    }
}
