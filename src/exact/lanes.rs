//! Eight doubles side by side: AVX-512, AVX2 or plain Rust, chosen when the program runs.
//!
//! A kernel is written once, generic over [`Lanes`], and marked `#[inline(always)]`; [`dispatch!`] compiles it three times,
//! each time inside a function that may use the instructions, and calls the one that the processor has.

/// Eight doubles, and the few operations that the kernels need.
///
/// The values of the vector types exist only inside [`dispatch!`], after the processor was asked for the instructions:
/// that is what makes their methods sound.
pub(crate) trait Lanes: Copy {
    /// Rows of a product that are worked on at once, so that the accumulators stay in registers.
    const ROWS: usize;
    /// The outcome of a comparison, a lane each.
    type Mask: Copy;
    fn splat(x: f64) -> Self;
    fn load(from: &[f64; 8]) -> Self;
    fn store(self, to: &mut [f64; 8]);
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// self * b + c, rounded once or twice.
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// self * b - c, rounded once.
    fn fused_mul_sub(self, b: Self, c: Self) -> Self;
    fn abs(self) -> Self;
    /// The larger of the two, and `other` where either is NaN.
    fn max(self, other: Self) -> Self;
    /// Lanes where self > other; false where either is NaN.
    fn gt(self, other: Self) -> Self::Mask;
    /// The lanes of the mask, 0 elsewhere.
    fn keep(self, mask: Self::Mask) -> Self;
    fn bits(mask: Self::Mask) -> u8;
    fn sum(self) -> f64;
    /// The j-th lane of the i-th becomes the i-th lane of the j-th.
    #[inline(always)]
    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        let mut lanes = [[0.0; 8]; 8];
        for (row, lanes) in rows.into_iter().zip(&mut lanes) {
            row.store(lanes);
        }
        std::array::from_fn(|j| Self::load(&std::array::from_fn(|i| lanes[i][j])))
    }
    /// Asks for the cache line that holds the place `at` of the slice, if there is one.
    #[inline(always)]
    fn prefetch(values: &[f64], at: usize) {
        let _ = (values, at);
    }
}

/// Asks for a cache line ahead of its use. It reads nothing, so any place will do.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch_line(values: &[f64], at: usize) {
    // SAFETY: SSE is part of the target, and a prefetch of any address has no effect but on the caches.
    unsafe { std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(values.as_ptr().wrapping_add(at).cast()) }
}

/// The portable path.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f64; 8]);

impl Lanes for Portable {
    const ROWS: usize = 2;
    type Mask = [bool; 8];

    #[inline(always)]
    fn splat(x: f64) -> Self {
        Self([x; 8])
    }
    #[inline(always)]
    fn load(from: &[f64; 8]) -> Self {
        Self(*from)
    }
    #[inline(always)]
    fn store(self, to: &mut [f64; 8]) {
        *to = self.0;
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + other.0[i]))
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] - other.0[i]))
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * other.0[i]))
    }
    #[inline(always)]
    fn fused_mul_sub(self, b: Self, c: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].mul_add(b.0[i], -c.0[i])))
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] * b.0[i] + c.0[i]))
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].abs()))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| if self.0[i] > other.0[i] { self.0[i] } else { other.0[i] }))
    }
    #[inline(always)]
    fn gt(self, other: Self) -> [bool; 8] {
        std::array::from_fn(|i| self.0[i] > other.0[i])
    }
    #[inline(always)]
    fn keep(self, mask: [bool; 8]) -> Self {
        Self(std::array::from_fn(|i| if mask[i] { self.0[i] } else { 0.0 }))
    }
    #[inline(always)]
    fn bits(mask: [bool; 8]) -> u8 {
        (0..8).fold(0, |bits, i| bits | u8::from(mask[i]) << i)
    }
    #[inline(always)]
    fn sum(self) -> f64 {
        self.0.iter().sum()
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Lanes;
    use std::arch::x86_64::*;

    #[derive(Clone, Copy)]
    pub(crate) struct Avx512(__m512d);

    // SAFETY of every block below: a value of this type is only made inside `dispatch!`, behind the test for AVX-512 F and DQ;
    // loads and stores go through references to eight doubles.
    #[allow(clippy::undocumented_unsafe_blocks, reason = "one reason for all, above")]
    impl Lanes for Avx512 {
        const ROWS: usize = 12;
        type Mask = __mmask8;

        #[inline(always)]
        fn splat(x: f64) -> Self {
            Self(unsafe { _mm512_set1_pd(x) })
        }
        #[inline(always)]
        fn load(from: &[f64; 8]) -> Self {
            Self(unsafe { _mm512_loadu_pd(from.as_ptr()) })
        }
        #[inline(always)]
        fn store(self, to: &mut [f64; 8]) {
            unsafe { _mm512_storeu_pd(to.as_mut_ptr(), self.0) }
        }
        #[inline(always)]
        fn add(self, other: Self) -> Self {
            Self(unsafe { _mm512_add_pd(self.0, other.0) })
        }
        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            Self(unsafe { _mm512_sub_pd(self.0, other.0) })
        }
        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            Self(unsafe { _mm512_mul_pd(self.0, other.0) })
        }
        #[inline(always)]
        fn fused_mul_sub(self, b: Self, c: Self) -> Self {
            Self(unsafe { _mm512_fmsub_pd(self.0, b.0, c.0) })
        }
        #[inline(always)]
        fn mul_add(self, b: Self, c: Self) -> Self {
            Self(unsafe { _mm512_fmadd_pd(self.0, b.0, c.0) })
        }
        #[inline(always)]
        fn abs(self) -> Self {
            Self(unsafe { _mm512_abs_pd(self.0) })
        }
        #[inline(always)]
        fn max(self, other: Self) -> Self {
            Self(unsafe { _mm512_max_pd(self.0, other.0) })
        }
        #[inline(always)]
        fn gt(self, other: Self) -> __mmask8 {
            unsafe { _mm512_cmp_pd_mask::<_CMP_GT_OQ>(self.0, other.0) }
        }
        #[inline(always)]
        fn keep(self, mask: __mmask8) -> Self {
            Self(unsafe { _mm512_maskz_mov_pd(mask, self.0) })
        }
        #[inline(always)]
        fn bits(mask: __mmask8) -> u8 {
            mask
        }
        #[inline(always)]
        fn sum(self) -> f64 {
            unsafe { _mm512_reduce_add_pd(self.0) }
        }
        #[inline(always)]
        fn transpose(rows: [Self; 8]) -> [Self; 8] {
            // Pairs of lanes first, then pairs of pairs, then halves. No closures: they would not have the instructions.
            let [r0, r1, r2, r3, r4, r5, r6, r7] = rows;
            let even = unsafe {
                [
                    _mm512_unpacklo_pd(r0.0, r1.0),
                    _mm512_unpacklo_pd(r2.0, r3.0),
                    _mm512_unpacklo_pd(r4.0, r5.0),
                    _mm512_unpacklo_pd(r6.0, r7.0),
                ]
            };
            let odd = unsafe {
                [
                    _mm512_unpackhi_pd(r0.0, r1.0),
                    _mm512_unpackhi_pd(r2.0, r3.0),
                    _mm512_unpackhi_pd(r4.0, r5.0),
                    _mm512_unpackhi_pd(r6.0, r7.0),
                ]
            };
            let ([c0, c2, c4, c6], [c1, c3, c5, c7]) = (gather_pairs(even), gather_pairs(odd));
            [Self(c0), Self(c1), Self(c2), Self(c3), Self(c4), Self(c5), Self(c6), Self(c7)]
        }
        #[inline(always)]
        fn prefetch(values: &[f64], at: usize) {
            super::prefetch_line(values, at);
        }
    }

    /// Of four vectors of four pairs: the first pairs of all, the second ones, and so on.
    #[inline(always)]
    #[allow(clippy::undocumented_unsafe_blocks, reason = "as above: called only there")]
    fn gather_pairs([a, b, c, d]: [__m512d; 4]) -> [__m512d; 4] {
        unsafe {
            let (low, high) = (_mm512_shuffle_f64x2::<0x88>(a, b), _mm512_shuffle_f64x2::<0xdd>(a, b));
            let (lower, higher) = (_mm512_shuffle_f64x2::<0x88>(c, d), _mm512_shuffle_f64x2::<0xdd>(c, d));
            [
                _mm512_shuffle_f64x2::<0x88>(low, lower),
                _mm512_shuffle_f64x2::<0x88>(high, higher),
                _mm512_shuffle_f64x2::<0xdd>(low, lower),
                _mm512_shuffle_f64x2::<0xdd>(high, higher),
            ]
        }
    }

    #[derive(Clone, Copy)]
    pub(crate) struct Avx2(__m256d, __m256d);

    // SAFETY of every block below: a value of this type is only made inside `dispatch!`, behind the test for AVX2 and FMA;
    // loads and stores go through references to eight doubles, four at each end.
    #[allow(clippy::undocumented_unsafe_blocks, reason = "one reason for all, above")]
    impl Lanes for Avx2 {
        const ROWS: usize = 2;
        type Mask = (__m256d, __m256d);

        #[inline(always)]
        fn splat(x: f64) -> Self {
            let x = unsafe { _mm256_set1_pd(x) };
            Self(x, x)
        }
        #[inline(always)]
        fn load(from: &[f64; 8]) -> Self {
            unsafe { Self(_mm256_loadu_pd(from.as_ptr()), _mm256_loadu_pd(from.as_ptr().add(4))) }
        }
        #[inline(always)]
        fn store(self, to: &mut [f64; 8]) {
            unsafe {
                _mm256_storeu_pd(to.as_mut_ptr(), self.0);
                _mm256_storeu_pd(to.as_mut_ptr().add(4), self.1);
            }
        }
        #[inline(always)]
        fn add(self, other: Self) -> Self {
            unsafe { Self(_mm256_add_pd(self.0, other.0), _mm256_add_pd(self.1, other.1)) }
        }
        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            unsafe { Self(_mm256_sub_pd(self.0, other.0), _mm256_sub_pd(self.1, other.1)) }
        }
        #[inline(always)]
        fn fused_mul_sub(self, b: Self, c: Self) -> Self {
            unsafe { Self(_mm256_fmsub_pd(self.0, b.0, c.0), _mm256_fmsub_pd(self.1, b.1, c.1)) }
        }
        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            unsafe { Self(_mm256_mul_pd(self.0, other.0), _mm256_mul_pd(self.1, other.1)) }
        }
        #[inline(always)]
        fn mul_add(self, b: Self, c: Self) -> Self {
            unsafe { Self(_mm256_fmadd_pd(self.0, b.0, c.0), _mm256_fmadd_pd(self.1, b.1, c.1)) }
        }
        #[inline(always)]
        fn abs(self) -> Self {
            unsafe {
                let sign = _mm256_set1_pd(-0.0);
                Self(_mm256_andnot_pd(sign, self.0), _mm256_andnot_pd(sign, self.1))
            }
        }
        #[inline(always)]
        fn max(self, other: Self) -> Self {
            unsafe { Self(_mm256_max_pd(self.0, other.0), _mm256_max_pd(self.1, other.1)) }
        }
        #[inline(always)]
        fn gt(self, other: Self) -> (__m256d, __m256d) {
            unsafe { (_mm256_cmp_pd::<_CMP_GT_OQ>(self.0, other.0), _mm256_cmp_pd::<_CMP_GT_OQ>(self.1, other.1)) }
        }
        #[inline(always)]
        fn keep(self, mask: (__m256d, __m256d)) -> Self {
            unsafe { Self(_mm256_and_pd(mask.0, self.0), _mm256_and_pd(mask.1, self.1)) }
        }
        #[inline(always)]
        fn bits(mask: (__m256d, __m256d)) -> u8 {
            unsafe { _mm256_movemask_pd(mask.0) as u8 | (_mm256_movemask_pd(mask.1) as u8) << 4 }
        }
        #[inline(always)]
        fn sum(self) -> f64 {
            let mut lanes = [0.0; 8];
            self.store(&mut lanes);
            lanes.iter().sum()
        }
        #[inline(always)]
        fn prefetch(values: &[f64], at: usize) {
            super::prefetch_line(values, at);
        }
    }
}

/// Which instructions the kernels use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instructions {
    /// AVX-512 F and DQ: eight doubles a register.
    Avx512,
    /// AVX2 with fused multiply-add: four doubles a register.
    Avx2,
    /// Whatever the target has.
    Portable,
}

impl Instructions {
    /// The best that this processor has.
    pub fn detect() -> Self {
        *Self::available().first().expect("the portable path is always there")
    }

    /// All that this processor has, the best first.
    ///
    /// ```
    /// use plica::exact::Instructions;
    /// assert!(Instructions::available().contains(&Instructions::Portable));
    /// ```
    pub fn available() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") && std::arch::is_x86_feature_detected!("avx512dq") {
                all.push(Self::Avx512);
            }
            if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                all.push(Self::Avx2);
            }
        }
        all.push(Self::Portable);
        all
    }
}

/// Defines a function that runs a kernel, generic over [`Lanes`], with the given [`Instructions`].
///
/// The kernel must be `#[inline(always)]`. Asking for instructions that the processor lacks runs the portable path.
macro_rules! dispatch {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $out:ty)? = $kernel:ident) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments, reason = "the arguments are the kernel's")]
        #[allow(unsafe_code, reason = "the calls below, after the processor was asked for the instructions")]
        $visibility fn $name(instructions: $crate::exact::Instructions, $($arg: $type),*) $(-> $out)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512dq,avx2,fma,bmi1,bmi2,popcnt,lzcnt")]
                #[allow(clippy::too_many_arguments, reason = "the arguments are the kernel's")]
                fn avx512($($arg: $type),*) $(-> $out)? {
                    $kernel::<$crate::exact::lanes::Avx512>($($arg),*)
                }
                #[target_feature(enable = "avx2,fma,bmi1,bmi2,popcnt,lzcnt")]
                #[allow(clippy::too_many_arguments, reason = "the arguments are the kernel's")]
                fn avx2($($arg: $type),*) $(-> $out)? {
                    $kernel::<$crate::exact::lanes::Avx2>($($arg),*)
                }
                use std::arch::is_x86_feature_detected as has;
                let common = has!("avx2") && has!("fma") && has!("bmi1") && has!("bmi2") && has!("popcnt") && has!("lzcnt");
                if instructions == $crate::exact::Instructions::Avx512 && common && has!("avx512f") && has!("avx512dq") {
                    // SAFETY: the processor was just asked for every feature that the function enables.
                    return unsafe { avx512($($arg),*) };
                }
                if instructions == $crate::exact::Instructions::Avx2 && common {
                    // SAFETY: the processor was just asked for every feature that the function enables.
                    return unsafe { avx2($($arg),*) };
                }
            }
            let _ = instructions;
            $kernel::<$crate::exact::lanes::Portable>($($arg),*)
        }
    };
}
pub(crate) use dispatch;

#[cfg(test)]
mod tests {
    use super::*;

    dispatch! {
        fn transposed(lanes: &[[f64; 8]; 8]) -> [[f64; 8]; 8] = transposed_in
    }

    #[inline(always)]
    fn transposed_in<L: Lanes>(lanes: &[[f64; 8]; 8]) -> [[f64; 8]; 8] {
        let mut rows = [L::splat(0.0); 8];
        for (row, lanes) in rows.iter_mut().zip(lanes) {
            *row = L::load(lanes);
        }
        let mut out = [[0.0; 8]; 8];
        for (row, out) in L::transpose(rows).into_iter().zip(&mut out) {
            row.store(out);
        }
        out
    }

    #[test]
    fn every_path_transposes() {
        let lanes = std::array::from_fn(|i| std::array::from_fn(|j| (8 * i + j) as f64));
        for instructions in Instructions::available() {
            let expected: [[f64; 8]; 8] = std::array::from_fn(|i| std::array::from_fn(|j| (8 * j + i) as f64));
            assert_eq!(transposed(instructions, &lanes), expected, "{instructions:?}");
        }
    }
}
