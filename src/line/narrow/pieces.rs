//! The pieces of one narrow layer, one after the other.

use super::super::plan::LayerPlan;
use super::bounds::{Bounds, Extent};
use super::crossings::{Crossings, Hit};
use super::{Break, NarrowWalk, Uncertain};
use crate::exact::bound::round_up;
use crate::exact::lanes::Lanes;

impl NarrowWalk {
    /// Goes through the pieces of layer l: computes signs, crossings, and the rows from which the next layer is computed.
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
        self.values.at_least(pieces * width);
        self.slopes.at_least(pieces * width);
        if self.masks.len() <= pieces {
            self.masks.resize(pieces + 1, 0);
        }
        // This is room for a crossing of every unit on every piece, so that nothing below allocates.
        let most = pieces * (this.outputs + 1) + 1;
        if self.next.len() < most {
            self.next.resize(most.next_power_of_two(), Break::end(0.0));
        }
        if self.hits.len() < most + 1 {
            self.hits.resize(most.next_power_of_two() + 1, Hit::default());
        }
        let (breaks, next, hits) = (&self.breaks[..pieces + 1], &mut self.next[..most], &mut self.hits[..most + 1]);
        let below = (l as u32).wrapping_sub(1);
        // There is one row more than there are pieces: the values at the start follow after the slopes.
        let fresh = self.fresh.as_chunks::<8>().0;
        let rows = self.rows[..(pieces + 1) * width].as_chunks_mut::<8>().0;
        let masks = &mut self.masks[..pieces + 1];
        let values = self.values[..pieces * width].as_chunks_mut::<8>().0;
        let slopes = self.slopes[..pieces * width].as_chunks_mut::<8>().0;
        let (columns, step) = (this.columns.as_chunks::<8>().0, this.padded / 8);
        let parents = self.parents;
        let varying = this.varying[0];
        let zero = L::splat(0.0);
        let (error, reach) = (round_up(bounds.error), round_up(bounds.reach));

        let (mut v, mut a, mut rho) = ([zero; C], [zero; C], [zero; C]);
        let (mut slope_squares, mut largest_values) = ([zero; C], [zero; C]);
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
        let (mut parent, mut crossings) = (0, 0);
        for k in 0..pieces {
            let (mark, end) = (breaks[k], breaks[k + 1]);
            if mark.bit.layer == below && k > 0 {
                let column = &columns[mark.bit.index as usize * step..][..C];
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
            let place = k * C..(k + 1) * C;
            let (row, values, slopes) = (&mut rows[place.clone()], &mut values[place.clone()], &mut slopes[place]);
            let (mut right, mut certain) = (0u64, 0u64);
            masks[k] = left;
            for c in 0..C {
                a[c].keep(active[c]).store(&mut row[c]);
                a[c].store(&mut slopes[c]);
                v[c] = a[c].mul_add(dt, v[c]);
                v[c].store(&mut values[c]);
                active[c] = v[c].gt(zero);
                right |= u64::from(L::bits(active[c])) << (8 * c);
                if CERTIFY {
                    certain |= u64::from(L::bits(v[c].abs().gt(rho[c].mul(margin)))) << (8 * c);
                    slope_squares[c] = a[c].mul_add(a[c], slope_squares[c]);
                    largest_values[c] = v[c].max(largest_values[c]);
                }
            }
            if CERTIFY && !certain & varying != 0 {
                return Err(Uncertain);
            }
            #[cfg(test)]
            {
                let values = values.as_flattened().to_vec();
                self.recorded.push(super::Recorded { layer: l, at: end.at, error: bounds.error, values });
            }
            next[k + crossings] = mark;
            let crossing = (left ^ right) & varying;
            left = right;
            // Mostly there are no crossings, one or two; these cases need no branches.
            let others = crossing & crossing.wrapping_sub(1);
            let place = &mut hits[crossings..crossings + 2];
            place[0] = Hit { piece: k as u32, unit: crossing.trailing_zeros() };
            place[1] = Hit { piece: k as u32, unit: others.trailing_zeros() };
            let mut rest = others & others.wrapping_sub(1);
            let mut count = crossings + 2;
            crossings += crossing.count_ones() as usize;
            while rest != 0 {
                hits[count] = Hit { piece: k as u32, unit: rest.trailing_zeros() };
                count += 1;
                rest &= rest - 1;
            }
        }
        next[pieces + crossings] = breaks[pieces];
        let layer = Crossings { layer: l as u32, error, rho: norms[..C].as_flattened(), width, breaks };
        let (values, slopes) = (values.as_flattened(), slopes.as_flattened());
        match pieces {
            1 => layer.of_one_piece::<L, CERTIFY>(&hits[..crossings], values, slopes, &mut next[1..])?,
            _ => layer.of_pieces::<CERTIFY>(&hits[..crossings], values, slopes, next)?,
        }
        self.filtered += (pieces * this.outputs + crossings) as u64;
        std::mem::swap(&mut self.breaks, &mut self.next);
        (self.parents, self.count) = (pieces, pieces + crossings + 1);
        let (mut slope_square, mut value_square) = (zero, zero);
        for c in 0..C {
            slope_square = slope_square.add(slope_squares[c]);
            value_square = largest_values[c].mul_add(largest_values[c], value_square);
        }
        Ok(Extent { slope_square: slope_square.sum(), value_square: value_square.sum(), crossings })
    }
}
