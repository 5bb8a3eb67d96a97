//! The loops around the products, compiled for what the processor offers.

use super::Sampled;

/// Numbers that are worked on at once.
pub const LANES: usize = 16;

/// Neighbouring points of one segment, in whole vectors.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    /// The ends of the segment.
    pub from: &'a [f32],
    pub to: &'a [f32],
    /// The weight of each end at each point.
    pub s: &'a [f32],
    pub t: &'a [f32],
    /// Whether the first vector is added to what is there.
    pub shared: bool,
}

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

macro_rules! dispatch {
    ($isa:expr, $name:ident($($arg:expr),*)) => {
        match $isa {
            // SAFETY: `Isa` is private to this crate, and comes only from `available`, which has asked the processor.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => unsafe { avx512::$name($($arg),*) },
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => unsafe { avx2::$name($($arg),*) },
            Isa::Portable => $name($($arg),*),
        }
    };
}

impl Isa {
    /// Every instruction set of this processor, best first.
    pub fn available() -> impl Iterator<Item = Self> {
        let mut list = vec![];
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("popcnt")
        {
            if is_x86_feature_detected!("avx512f") {
                list.push(Isa::Avx512);
            }
            list.push(Isa::Avx2);
        }
        list.push(Isa::Portable);
        list.into_iter()
    }

    /// The best instruction set of this processor.
    pub fn detect() -> Self {
        Self::available().next().unwrap_or(Isa::Portable)
    }

    /// The points of a run, one a column; a coordinate a row, `pitch` apart.
    pub fn interpolate(self, run: Run, out: &mut [f32], pitch: usize) {
        dispatch!(self, interpolate(run, out, pitch));
    }

    /// Adds the biases, takes the bits and rectifies. One unit a row, `pitch` numbers and `bits_pitch` words apart, of
    /// which the first `words` words, 64 columns each, are done.
    pub fn rectify(self, z: &mut [f32], pitch: usize, words: usize, biases: &[f32], bits: &mut [u64], bits_pitch: usize) {
        dispatch!(self, rectify(z, pitch, words, biases, bits, bits_pitch));
    }

    /// The measures of the `n` patterns from column `start` on; the bits of a unit are `pitch` words.
    pub fn measure(self, bits: &[u64], pitch: usize, start: usize, n: usize) -> Sampled {
        dispatch!(self, measure(bits, pitch, start, n))
    }
}

#[inline(always)]
fn interpolate_with(
    run: Run,
    out: &mut [f32],
    pitch: usize,
    interpolate_16: impl Fn(&mut [f32; LANES], (f32, f32), &[f32; LANES], &[f32; LANES], bool),
) {
    let (s, _) = run.s.as_chunks();
    let (t, _) = run.t.as_chunks();
    for ((row, &from), &to) in out.chunks_mut(pitch).zip(run.from).zip(run.to) {
        let mut vectors = row.as_chunks_mut().0.iter_mut().zip(s).zip(t);
        if run.shared
            && let Some(((out, s), t)) = vectors.next()
        {
            interpolate_16(out, (from, to), s, t, true);
        }
        for ((out, s), t) in vectors {
            interpolate_16(out, (from, to), s, t, false);
        }
    }
}

#[inline(always)]
fn rectify_with(
    z: &mut [f32],
    pitch: usize,
    words: usize,
    biases: &[f32],
    bits: &mut [u64],
    bits_pitch: usize,
    rectify_16: impl Fn(&mut [f32; LANES], f32) -> u16,
) {
    for ((row, bits), &bias) in z.chunks_mut(pitch).zip(bits.chunks_mut(bits_pitch)).zip(biases) {
        let (vectors, _) = row.as_chunks_mut::<LANES>();
        for (four, word) in vectors.chunks_exact_mut(4).zip(&mut bits[..words]) {
            let [a, b, c, d] = four else { unreachable!() };
            *word = u64::from(rectify_16(a, bias))
                | u64::from(rectify_16(b, bias)) << 16
                | u64::from(rectify_16(c, bias)) << 32
                | u64::from(rectify_16(d, bias)) << 48;
        }
    }
}

/// Planes of a bit-sliced counter: as many as the number of units has bits.
const PLANES: usize = 24;

/// Sixty-four points at a time: one word is the bits of one unit, distances from the first pattern are counters with
/// one bit a plane.
#[inline(always)]
fn measure_with(bits: &[u64], pitch: usize, start: usize, n: usize) -> Sampled {
    let units = bits.len() / pitch;
    let planes_used = (usize::BITS - units.leading_zeros()) as usize;
    assert!(planes_used <= PLANES);
    let (first_word, shift) = (start / 64, start % 64);
    let mut out = Sampled { r1: 0, r2: 0, patterns: 1 };
    for chunk in 0..n.div_ceil(64) {
        let here = (n - 64 * chunk).min(64);
        let points = u64::MAX >> (64 - here);
        // The last point of the segment has no next one.
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
            // Two bits go into the lowest plane at once; the carry ripples on.
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

fn interpolate(run: Run, out: &mut [f32], pitch: usize) {
    interpolate_with(run, out, pitch, |out, (from, to), s, t, add| {
        for ((out, s), t) in out.iter_mut().zip(s).zip(t) {
            let before = if add { *out } else { 0.0 };
            *out = before + (s * from + t * to);
        }
    });
}

fn rectify(z: &mut [f32], pitch: usize, words: usize, biases: &[f32], bits: &mut [u64], bits_pitch: usize) {
    rectify_with(z, pitch, words, biases, bits, bits_pitch, |z, bias| {
        let mut mask = 0;
        for (i, z) in z.iter_mut().enumerate() {
            *z += bias;
            mask |= u16::from(*z > 0.0) << i;
            *z = z.max(0.0);
        }
        mask
    });
}

fn measure(bits: &[u64], pitch: usize, start: usize, n: usize) -> Sampled {
    measure_with(bits, pitch, start, n)
}

#[cfg(target_arch = "x86_64")]
macro_rules! compile_for {
    ($name:ident, $features:literal) => {
        mod $name {
            use super::{Run, Sampled};

            #[target_feature(enable = $features)]
            pub fn interpolate(run: Run, out: &mut [f32], pitch: usize) {
                super::interpolate_with(run, out, pitch, |out, ends, s, t, add| {
                    super::vectors::$name::interpolate_16(out, ends, s, t, add)
                });
            }

            #[target_feature(enable = $features)]
            pub fn rectify(z: &mut [f32], pitch: usize, words: usize, biases: &[f32], bits: &mut [u64], bits_pitch: usize) {
                super::rectify_with(z, pitch, words, biases, bits, bits_pitch, |z, bias| super::vectors::$name::rectify_16(z, bias));
            }

            #[target_feature(enable = $features)]
            pub fn measure(bits: &[u64], pitch: usize, start: usize, n: usize) -> Sampled {
                super::measure_with(bits, pitch, start, n)
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
compile_for!(avx512, "avx512f,avx2,fma,bmi2,popcnt");
#[cfg(target_arch = "x86_64")]
compile_for!(avx2, "avx2,fma,bmi2,popcnt");

/// Sixteen points at a time. Explicit, because the compiler finds neither the masks nor the loop to unroll.
#[cfg(target_arch = "x86_64")]
mod vectors {
    pub mod avx512 {
        use super::super::LANES;
        use std::arch::x86_64::*;

        #[inline]
        #[target_feature(enable = "avx512f")]
        pub fn interpolate_16(out: &mut [f32; LANES], ends: (f32, f32), s: &[f32; LANES], t: &[f32; LANES], add: bool) {
            // SAFETY: sixteen numbers are read and written.
            unsafe {
                let before = if add { _mm512_loadu_ps(out.as_ptr()) } else { _mm512_setzero_ps() };
                let from = _mm512_fmadd_ps(_mm512_loadu_ps(s.as_ptr()), _mm512_set1_ps(ends.0), before);
                let sum = _mm512_fmadd_ps(_mm512_loadu_ps(t.as_ptr()), _mm512_set1_ps(ends.1), from);
                _mm512_storeu_ps(out.as_mut_ptr(), sum);
            }
        }

        #[inline]
        #[target_feature(enable = "avx512f")]
        pub fn rectify_16(z: &mut [f32; LANES], bias: f32) -> u16 {
            // SAFETY: sixteen numbers are read and written.
            unsafe {
                let zero = _mm512_setzero_ps();
                let sum = _mm512_add_ps(_mm512_loadu_ps(z.as_ptr()), _mm512_set1_ps(bias));
                _mm512_storeu_ps(z.as_mut_ptr(), _mm512_max_ps(sum, zero));
                _mm512_cmp_ps_mask::<_CMP_GT_OQ>(sum, zero)
            }
        }
    }

    pub mod avx2 {
        use super::super::LANES;
        use std::arch::x86_64::*;

        #[inline]
        #[target_feature(enable = "avx2,fma")]
        pub fn interpolate_16(out: &mut [f32; LANES], ends: (f32, f32), s: &[f32; LANES], t: &[f32; LANES], add: bool) {
            for at in [0, 8] {
                // SAFETY: eight numbers are read and written, of sixteen.
                unsafe {
                    let out = out.as_mut_ptr().add(at);
                    let before = if add { _mm256_loadu_ps(out) } else { _mm256_setzero_ps() };
                    let from = _mm256_fmadd_ps(_mm256_loadu_ps(s.as_ptr().add(at)), _mm256_set1_ps(ends.0), before);
                    let sum = _mm256_fmadd_ps(_mm256_loadu_ps(t.as_ptr().add(at)), _mm256_set1_ps(ends.1), from);
                    _mm256_storeu_ps(out, sum);
                }
            }
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        pub fn rectify_16(z: &mut [f32; LANES], bias: f32) -> u16 {
            let mut mask = 0;
            for at in [0, 8] {
                // SAFETY: eight numbers are read and written, of sixteen.
                unsafe {
                    let z = z.as_mut_ptr().add(at);
                    let zero = _mm256_setzero_ps();
                    let sum = _mm256_add_ps(_mm256_loadu_ps(z), _mm256_set1_ps(bias));
                    _mm256_storeu_ps(z, _mm256_max_ps(sum, zero));
                    mask |= (_mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(sum, zero)) as u16) << at;
                }
            }
            mask
        }
    }
}
