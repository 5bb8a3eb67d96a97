//! The vectors of x86-64.
//!
//! The types are private to this file. Other code sees them only as the type parameter of a [`Kernel`], which [`run`] calls after it has
//! checked the instructions of the processor. So a function that has one of them as its type parameter runs on a processor with its
//! instructions.

use super::{Instructions, Kernel, Lanes, Portable};
use std::arch::x86_64::*;
use std::mem::transmute;

/// Runs a kernel with the given instructions, or with the portable ones if the processor lacks them.
pub(super) fn run<K: Kernel>(instructions: Instructions, kernel: K) -> K::Out {
    match instructions {
        // SAFETY: the processor has just been checked for every feature that the function enables.
        Instructions::Avx512 if Avx512::available() => unsafe { Avx512::run(kernel) },
        // SAFETY: as above.
        Instructions::Avx2 if Avx2::available() => unsafe { Avx2::run(kernel) },
        _ => kernel.run::<Portable>(),
    }
}

/// Whether the processor has the instructions.
pub(super) fn available(instructions: Instructions) -> bool {
    match instructions {
        Instructions::Avx512 => Avx512::available(),
        Instructions::Avx2 => Avx2::available(),
        Instructions::Portable => true,
    }
}

/// Whether the processor has some features, and a function that enables them.
macro_rules! with {
    (($($feature:tt),+)) => { $(is_x86_feature_detected!($feature))&&+ };
    (($($feature:tt),+) $($function:tt)+) => { #[target_feature($(enable = $feature),+)] $($function)+ };
}

/// Defines a vector type with the features that its instructions need. Its methods are functions that enable these features, so that the
/// instructions are safe in them; the methods of the trait call these functions.
macro_rules! vector {
    (
        struct $vector:ident($($register:ty),+);
        features $features:tt;
        const ROWS: usize = $rows:literal;
        type Mask = $mask:ty;
        $(fn $method:ident($($argument:ident $(: $type:ty)?),*) $(-> $out:ty)? $body:block)+
    ) => {
        #[derive(Clone, Copy)]
        #[repr(C)]
        struct $vector($($register),+);

        impl $vector {
            fn available() -> bool {
                with!($features)
            }

            with! {
                $features fn run<K: Kernel>(kernel: K) -> K::Out {
                    kernel.run::<Self>()
                }
            }

            $(with! { $features #[inline] fn $method($($argument $(: $type)?),*) $(-> $out)? $body })+
        }

        impl Lanes for $vector {
            const ROWS: usize = $rows;
            type Mask = $mask;
            #[inline(always)]
            fn load(from: &[f64; 8]) -> Self {
                // SAFETY: both types are eight doubles in the same order, with any bit pattern allowed.
                unsafe { transmute::<[f64; 8], Self>(*from) }
            }
            #[inline(always)]
            fn store(self, to: &mut [f64; 8]) {
                // SAFETY: as above.
                *to = unsafe { transmute::<Self, [f64; 8]>(self) };
            }
            #[inline(always)]
            fn prefetch(values: &[f64], at: usize) {
                // SAFETY: any address may be prefetched, since nothing is read or written.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(values.as_ptr().wrapping_add(at).cast()) }
            }
            $(
                #[inline(always)]
                fn $method($($argument $(: $type)?),*) $(-> $out)? {
                    // SAFETY: the type reaches the callers only through `run`, which has checked the features of the processor.
                    unsafe { $vector::$method($($argument),*) }
                }
            )+
        }
    };
}

vector! {
    struct Avx512(__m512d);
    features ("avx512f", "avx512dq", "avx2", "fma", "bmi1", "bmi2", "popcnt", "lzcnt");
    const ROWS: usize = 12;
    type Mask = __mmask8;

    fn splat(x: f64) -> Self {
        Self(_mm512_set1_pd(x))
    }
    fn add(self, other: Self) -> Self {
        Self(_mm512_add_pd(self.0, other.0))
    }
    fn sub(self, other: Self) -> Self {
        Self(_mm512_sub_pd(self.0, other.0))
    }
    fn mul(self, other: Self) -> Self {
        Self(_mm512_mul_pd(self.0, other.0))
    }
    fn mul_add(self, b: Self, c: Self) -> Self {
        Self(_mm512_fmadd_pd(self.0, b.0, c.0))
    }
    fn fused_mul_sub(self, b: Self, c: Self) -> Self {
        Self(_mm512_fmsub_pd(self.0, b.0, c.0))
    }
    fn abs(self) -> Self {
        Self(_mm512_abs_pd(self.0))
    }
    fn max(self, other: Self) -> Self {
        Self(_mm512_max_pd(self.0, other.0))
    }
    fn gt(self, other: Self) -> __mmask8 {
        _mm512_cmp_pd_mask::<_CMP_GT_OQ>(self.0, other.0)
    }
    fn keep(self, mask: __mmask8) -> Self {
        Self(_mm512_maskz_mov_pd(mask, self.0))
    }
    fn bits(mask: __mmask8) -> u8 {
        mask
    }
    fn sum(self) -> f64 {
        _mm512_reduce_add_pd(self.0)
    }
    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        // Pairs of lanes first, then pairs of pairs, then halves.
        let [r0, r1, r2, r3, r4, r5, r6, r7] = rows;
        let even = [
            _mm512_unpacklo_pd(r0.0, r1.0),
            _mm512_unpacklo_pd(r2.0, r3.0),
            _mm512_unpacklo_pd(r4.0, r5.0),
            _mm512_unpacklo_pd(r6.0, r7.0),
        ];
        let odd = [
            _mm512_unpackhi_pd(r0.0, r1.0),
            _mm512_unpackhi_pd(r2.0, r3.0),
            _mm512_unpackhi_pd(r4.0, r5.0),
            _mm512_unpackhi_pd(r6.0, r7.0),
        ];
        let ([c0, c2, c4, c6], [c1, c3, c5, c7]) = (gather_pairs(even), gather_pairs(odd));
        [Self(c0), Self(c1), Self(c2), Self(c3), Self(c4), Self(c5), Self(c6), Self(c7)]
    }
}

/// From four vectors of four pairs each: the first pairs of all, the second pairs of all, and so on.
#[inline]
#[target_feature(enable = "avx512f")]
fn gather_pairs([a, b, c, d]: [__m512d; 4]) -> [__m512d; 4] {
    let (low, high) = (_mm512_shuffle_f64x2::<0x88>(a, b), _mm512_shuffle_f64x2::<0xdd>(a, b));
    let (lower, higher) = (_mm512_shuffle_f64x2::<0x88>(c, d), _mm512_shuffle_f64x2::<0xdd>(c, d));
    [
        _mm512_shuffle_f64x2::<0x88>(low, lower),
        _mm512_shuffle_f64x2::<0x88>(high, higher),
        _mm512_shuffle_f64x2::<0xdd>(low, lower),
        _mm512_shuffle_f64x2::<0xdd>(high, higher),
    ]
}

vector! {
    struct Avx2(__m256d, __m256d);
    features ("avx2", "fma", "bmi1", "bmi2", "popcnt", "lzcnt");
    const ROWS: usize = 2;
    type Mask = (__m256d, __m256d);

    fn splat(x: f64) -> Self {
        let x = _mm256_set1_pd(x);
        Self(x, x)
    }
    fn add(self, other: Self) -> Self {
        Self(_mm256_add_pd(self.0, other.0), _mm256_add_pd(self.1, other.1))
    }
    fn sub(self, other: Self) -> Self {
        Self(_mm256_sub_pd(self.0, other.0), _mm256_sub_pd(self.1, other.1))
    }
    fn mul(self, other: Self) -> Self {
        Self(_mm256_mul_pd(self.0, other.0), _mm256_mul_pd(self.1, other.1))
    }
    fn mul_add(self, b: Self, c: Self) -> Self {
        Self(_mm256_fmadd_pd(self.0, b.0, c.0), _mm256_fmadd_pd(self.1, b.1, c.1))
    }
    fn fused_mul_sub(self, b: Self, c: Self) -> Self {
        Self(_mm256_fmsub_pd(self.0, b.0, c.0), _mm256_fmsub_pd(self.1, b.1, c.1))
    }
    fn abs(self) -> Self {
        let sign = _mm256_set1_pd(-0.0);
        Self(_mm256_andnot_pd(sign, self.0), _mm256_andnot_pd(sign, self.1))
    }
    fn max(self, other: Self) -> Self {
        Self(_mm256_max_pd(self.0, other.0), _mm256_max_pd(self.1, other.1))
    }
    fn gt(self, other: Self) -> (__m256d, __m256d) {
        (_mm256_cmp_pd::<_CMP_GT_OQ>(self.0, other.0), _mm256_cmp_pd::<_CMP_GT_OQ>(self.1, other.1))
    }
    fn keep(self, mask: (__m256d, __m256d)) -> Self {
        Self(_mm256_and_pd(mask.0, self.0), _mm256_and_pd(mask.1, self.1))
    }
    fn bits(mask: (__m256d, __m256d)) -> u8 {
        _mm256_movemask_pd(mask.0) as u8 | (_mm256_movemask_pd(mask.1) as u8) << 4
    }
    fn sum(self) -> f64 {
        let mut lanes = [0.0; 8];
        self.store(&mut lanes);
        lanes.iter().sum()
    }
}
