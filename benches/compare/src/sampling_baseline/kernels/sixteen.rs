//! Sixteen numbers side by side, written with intrinsics because the compiler does not find the masks and the loops to unroll.

use super::LANES;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Sixteen numbers, with the operations of the loops.
///
/// Values of the vector types exist only in functions that may use the instructions. These are called only after a check of the
/// processor, so the methods are sound.
pub trait Sixteen: Copy {
    fn splat(x: f32) -> Self;
    fn load(from: &[f32; LANES]) -> Self;
    fn store(self, to: &mut [f32; LANES]);
    /// self * b + c, rounded once or twice.
    fn mul_add(self, b: Self, c: Self) -> Self;
    fn add(self, other: Self) -> Self;
    /// max(self, 0), and a bit for each lane that is > 0.
    fn rectify(self) -> (Self, u16);
}

/// Plain Rust.
#[derive(Clone, Copy)]
pub struct Portable([f32; LANES]);

impl Sixteen for Portable {
    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self([x; LANES])
    }

    #[inline(always)]
    fn load(from: &[f32; LANES]) -> Self {
        Self(*from)
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        *to = self.0;
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * b.0[i] + c.0[i]))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }

    #[inline(always)]
    fn rectify(self) -> (Self, u16) {
        let mask = self.0.iter().enumerate().map(|(i, &x)| u16::from(x > 0.0) << i).sum();
        (Self(self.0.map(|x| x.max(0.0))), mask)
    }
}

#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub struct Avx2([__m256; 2]);

#[cfg(target_arch = "x86_64")]
impl Sixteen for Avx2 {
    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: the processor has the instructions, see `Sixteen`; so below.
        unsafe { Self([_mm256_set1_ps(x); 2]) }
    }

    #[inline(always)]
    fn load(from: &[f32; LANES]) -> Self {
        // SAFETY: sixteen numbers are read.
        unsafe { Self([_mm256_loadu_ps(from.as_ptr()), _mm256_loadu_ps(from.as_ptr().add(8))]) }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        // SAFETY: sixteen numbers are written.
        unsafe {
            _mm256_storeu_ps(to.as_mut_ptr(), self.0[0]);
            _mm256_storeu_ps(to.as_mut_ptr().add(8), self.0[1]);
        }
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self([_mm256_fmadd_ps(self.0[0], b.0[0], c.0[0]), _mm256_fmadd_ps(self.0[1], b.0[1], c.0[1])]) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self([_mm256_add_ps(self.0[0], other.0[0]), _mm256_add_ps(self.0[1], other.0[1])]) }
    }

    #[inline(always)]
    fn rectify(self) -> (Self, u16) {
        // SAFETY: as above.
        unsafe {
            let zero = _mm256_setzero_ps();
            let bits = |x| _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_GT_OQ>(x, zero)) as u16;
            let [low, high] = self.0;
            (Self([_mm256_max_ps(low, zero), _mm256_max_ps(high, zero)]), bits(low) | bits(high) << 8)
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub struct Avx512(__m512);

#[cfg(target_arch = "x86_64")]
impl Sixteen for Avx512 {
    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: the processor has the instructions, see `Sixteen`; so below.
        unsafe { Self(_mm512_set1_ps(x)) }
    }

    #[inline(always)]
    fn load(from: &[f32; LANES]) -> Self {
        // SAFETY: sixteen numbers are read.
        unsafe { Self(_mm512_loadu_ps(from.as_ptr())) }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        // SAFETY: sixteen numbers are written.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) }
    }

    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm512_fmadd_ps(self.0, b.0, c.0)) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm512_add_ps(self.0, other.0)) }
    }

    #[inline(always)]
    fn rectify(self) -> (Self, u16) {
        // SAFETY: as above.
        unsafe {
            let zero = _mm512_setzero_ps();
            (Self(_mm512_max_ps(self.0, zero)), _mm512_cmp_ps_mask::<_CMP_GT_OQ>(self.0, zero))
        }
    }
}
