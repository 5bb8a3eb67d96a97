//! The measures of sampled patterns, from their bits.

use super::Sampled;

/// The planes of a bit-sliced counter, one for each bit of the number of units.
const PLANES: usize = 24;

/// Measures sixty-four points at a time: one word has the bits of one unit, and distances from the first pattern are counters with
/// one bit per plane.
#[inline(always)]
pub fn measure(bits: &[u64], pitch: usize, start: usize, n: usize) -> Sampled {
    let units = bits.len() / pitch;
    let planes_used = (usize::BITS - units.leading_zeros()) as usize;
    assert!(planes_used <= PLANES);
    let (first_word, shift) = (start / 64, start % 64);
    let mut out = Sampled { r1: 0, r2: 0, patterns: 1 };
    for chunk in 0..n.div_ceil(64) {
        let here = (n - 64 * chunk).min(64);
        let points = u64::MAX >> (64 - here);
        // The last point of the segment has no successor.
        let steps = if 64 * chunk + here == n { points >> 1 } else { points };
        let at = first_word + chunk;
        // The changes at each step, and the differences from the first pattern, of one unit.
        let unit = |row: &[u64]| {
            let (low, high) = (row[at], row[at + 1]);
            let bits = low >> shift | high << 1 << (63 - shift);
            let next = bits >> 1 | high >> shift << 63;
            let first = (row[first_word] >> shift & 1).wrapping_neg();
            ((bits ^ next) & steps, bits ^ first)
        };
        let mut planes = [0u64; PLANES];
        let mut changed = 0;
        let mut rows = bits.chunks_exact(pitch);
        while let Some(row) = rows.next() {
            let (steps_a, a) = unit(row);
            let (steps_b, b) = rows.next().map_or((0, 0), unit);
            changed |= steps_a | steps_b;
            out.r2 += steps_a.count_ones() + steps_b.count_ones();
            // Two bits are added to the lowest plane at once, then the carry to the higher planes.
            let sum = planes[0] ^ a;
            let mut carry = (planes[0] & a) | (sum & b);
            planes[0] = sum ^ b;
            for plane in &mut planes[1..] {
                if carry == 0 {
                    break;
                }
                (*plane, carry) = (*plane ^ carry, *plane & carry);
            }
        }
        out.patterns += changed.count_ones();
        // The greatest counter, from the highest bit down.
        let mut greatest = points;
        let mut r1 = 0;
        for (exponent, plane) in planes.iter().enumerate().take(planes_used).rev() {
            if greatest & plane != 0 {
                greatest &= plane;
                r1 |= 1 << exponent;
            }
        }
        out.r1 = out.r1.max(r1);
    }
    out
}
