//! Eight doubles side by side: AVX-512, AVX2 or plain Rust, chosen when the program runs.
//!
//! A kernel is written once, generic over [`Lanes`], and marked `#[inline(always)]`. [`dispatch!`] compiles it three times, each time in a
//! function with other instructions enabled, and calls the one that suits the processor.

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "vector instructions, after the processor was asked for them")]
mod x86;

/// Eight doubles, with the few operations that the kernels need.
///
/// Kernels get the vector types as a parameter, from [`run`]; no other code can name them.
pub(crate) trait Lanes: Copy {
    /// The number of rows of a product that are computed at once; their accumulators stay in registers.
    const ROWS: usize;
    /// The result of a comparison, one value for each lane.
    type Mask: Copy;
    fn splat(x: f64) -> Self;
    fn load(from: &[f64; 8]) -> Self;
    fn store(self, to: &mut [f64; 8]);
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// self * b + c, with one or two roundings.
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// self * b - c, with one rounding.
    fn fused_mul_sub(self, b: Self, c: Self) -> Self;
    fn abs(self) -> Self;
    /// The larger one of the two; `other` if either is NaN.
    fn max(self, other: Self) -> Self;
    /// The lanes in which self > other; false if either is NaN.
    fn gt(self, other: Self) -> Self::Mask;
    /// The values in the lanes of the mask, and 0 in the others.
    fn keep(self, mask: Self::Mask) -> Self;
    fn bits(mask: Self::Mask) -> u8;
    fn sum(self) -> f64;
    /// The transpose: the j-th lane of the i-th vector becomes the i-th lane of the j-th vector.
    #[inline(always)]
    fn transpose(rows: [Self; 8]) -> [Self; 8] {
        let mut lanes = [[0.0; 8]; 8];
        for (row, lanes) in rows.into_iter().zip(&mut lanes) {
            row.store(lanes);
        }
        std::array::from_fn(|j| Self::load(&std::array::from_fn(|i| lanes[i][j])))
    }
    /// Prefetches the cache line of element `at` of the slice, if there is such an element.
    #[inline(always)]
    fn prefetch(values: &[f64], at: usize) {
        let _ = (values, at);
    }
}

/// The portable implementation. Tests give it as many rows as other instructions have.
#[derive(Clone, Copy)]
pub(crate) struct Portable<const ROWS: usize = 2>([f64; 8]);

impl<const ROWS: usize> Lanes for Portable<ROWS> {
    const ROWS: usize = ROWS;
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

/// The instructions that the kernels use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instructions {
    /// AVX-512 F and DQ: eight doubles in a register.
    Avx512,
    /// AVX2 with fused multiply-add: four doubles in a register.
    Avx2,
    /// The instructions that the compilation target always has.
    Portable,
}

impl Instructions {
    /// The best instructions that this processor has.
    pub fn detect() -> Self {
        *Self::available().first().expect("the portable path is always available")
    }

    /// All instructions that this processor has, the best ones first.
    ///
    /// ```
    /// use plica::exact::Instructions;
    /// assert!(Instructions::available().contains(&Instructions::Portable));
    /// ```
    pub fn available() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        let has = x86::available;
        #[cfg(not(target_arch = "x86_64"))]
        let has = |instructions| instructions == Self::Portable;
        [Self::Avx512, Self::Avx2, Self::Portable].into_iter().filter(|&instructions| has(instructions)).collect()
    }
}

/// A kernel together with its arguments.
pub(crate) trait Kernel {
    type Out;
    /// Must be `#[inline(always)]`, and so must every function that it calls with the type parameter, so that they are compiled with the
    /// instructions.
    fn run<L: Lanes>(self) -> Self::Out;
}

/// Runs a kernel with the given instructions, or with the portable ones if the processor lacks them.
pub(crate) fn run<K: Kernel>(instructions: Instructions, kernel: K) -> K::Out {
    #[cfg(target_arch = "x86_64")]
    return x86::run(instructions, kernel);
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = instructions;
        kernel.run::<Portable>()
    }
}

/// Defines a function that runs a kernel, generic over [`Lanes`], with the given [`Instructions`].
///
/// The kernel must be `#[inline(always)]`. If the processor lacks the instructions, the portable path runs.
macro_rules! dispatch {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $out:ty)? = $kernel:ident) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments, reason = "the arguments are the kernel's")]
        $visibility fn $name(instructions: $crate::exact::Instructions, $($arg: $type),*) $(-> $out)? {
            struct Arguments<T>(T);
            impl $crate::exact::lanes::Kernel for Arguments<($($type,)*)> {
                type Out = $crate::exact::lanes::dispatch!(@ $($out)?);
                #[inline(always)]
                fn run<L: $crate::exact::lanes::Lanes>(self) -> Self::Out {
                    let Self(($($arg,)*)) = self;
                    $kernel::<L>($($arg),*)
                }
            }
            $crate::exact::lanes::run(instructions, Arguments(($($arg,)*)))
        }
    };
    (@ $out:ty) => { $out };
    (@) => { () };
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
        // If the processor lacks the instructions, the portable path runs.
        for instructions in [Instructions::Avx512, Instructions::Avx2, Instructions::Portable] {
            let expected: [[f64; 8]; 8] = std::array::from_fn(|i| std::array::from_fn(|j| (8 * j + i) as f64));
            assert_eq!(transposed(instructions, &lanes), expected, "{instructions:?}");
        }
    }
}
