//! The numbers of enclosures: doubles, and MPFR's floats of any precision.

use super::ball::Ball;
use crate::exact::{nearest_f64, rational};
use rug::{Float, Rational, float::Round};

/// 2^-1070. Added wherever a result may be below the normal doubles: it exceeds what a few operations lose there.
pub(super) const TINY: f64 = f64::from_bits(1 << 4);

/// A floating-point number that knows its precision. Each operation is rounded to nearest: its error is at most [`roundoff`](Self::roundoff)
/// times the result, plus 2^-1075.
pub(super) trait Number: Clone + PartialOrd + std::fmt::Debug {
    /// The number of the same precision that is a double; exact.
    fn like(&self, x: f64) -> Self;
    /// The nearest number of the same precision.
    fn nearest(&self, q: &Rational) -> Self;
    fn add(&self, other: &Self) -> Self;
    fn mul(&self, other: &Self) -> Self;
    fn div(&self, other: &Self) -> Self;
    fn neg(&self) -> Self;
    /// A double that is at least the magnitude. NaN stays NaN.
    fn size(&self) -> f64;
    /// The tightest doubles around the number.
    fn below(&self) -> f64;
    fn above(&self) -> f64;
    fn exp(&self) -> Self;
    /// The natural logarithm of a number above 0.
    fn ln(&self) -> Self;
    /// exp(x) - 1.
    fn exp_m1(&self) -> Self;
    /// ln(1 + x).
    fn ln_1p(&self) -> Self;
    fn tanh(&self) -> Self;
    /// The error function.
    fn erf(&self) -> Self;
    /// The complementary error function.
    fn erfc(&self) -> Self;
    fn sqrt(&self) -> Self;
    fn pi(&self) -> Self;
    /// The unit roundoff: 2^-p for p bits.
    fn roundoff(&self) -> f64;
    fn is_negative(&self) -> bool;
    fn to_rational(&self) -> Option<Rational>;

    /// The sum of the products of some weights with balls, and a constant.
    fn row(like: &Self, row: Row<'_>, x: &[Ball<Self>]) -> Ball<Self>;

    /// The sum of the products of pairs of balls.
    fn dot<'a>(like: &Self, pairs: impl Iterator<Item = (&'a Ball<Self>, &'a Ball<Self>)>) -> Ball<Self>
    where
        Self: 'a,
    {
        pairs.fold(Ball::exact(like.like(0.0)), |sum, (x, y)| sum + x.clone() * y.clone())
    }
}

/// A row of an affine map: for each term the indices of its inputs with the weights as doubles and, if these are not exact, as rationals.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub columns: &'a [u32],
    pub weights: &'a [f64],
    /// Empty if all weights are doubles.
    pub exact: &'a [Rational],
    pub bias: &'a Rational,
    pub bias_double: f64,
    /// Whether the constant is a double.
    pub bias_is_double: bool,
}

impl Number for f64 {
    fn like(&self, x: f64) -> Self {
        x
    }
    fn nearest(&self, q: &Rational) -> Self {
        nearest_f64(q)
    }
    fn add(&self, other: &Self) -> Self {
        self + other
    }
    fn mul(&self, other: &Self) -> Self {
        self * other
    }
    fn div(&self, other: &Self) -> Self {
        self / other
    }
    fn neg(&self) -> Self {
        -self
    }
    fn size(&self) -> f64 {
        self.abs()
    }
    fn below(&self) -> f64 {
        *self
    }
    fn above(&self) -> f64 {
        *self
    }
    fn exp(&self) -> Self {
        core_math::exp(*self)
    }
    fn ln(&self) -> Self {
        core_math::log(*self)
    }
    fn exp_m1(&self) -> Self {
        core_math::expm1(*self)
    }
    fn ln_1p(&self) -> Self {
        core_math::log1p(*self)
    }
    fn tanh(&self) -> Self {
        core_math::tanh(*self)
    }
    fn erf(&self) -> Self {
        core_math::erf(*self)
    }
    fn erfc(&self) -> Self {
        core_math::erfc(*self)
    }
    fn sqrt(&self) -> Self {
        f64::sqrt(*self)
    }
    fn pi(&self) -> Self {
        std::f64::consts::PI
    }
    fn roundoff(&self) -> f64 {
        crate::exact::bound::U
    }
    fn is_negative(&self) -> bool {
        *self < 0.0
    }
    fn to_rational(&self) -> Option<Rational> {
        rational(*self)
    }

    fn row(_: &Self, row: Row<'_>, x: &[Ball<Self>]) -> Ball<Self> {
        // Two sums side by side, since each addition waits for the one before.
        let mut sums = [[row.bias_double, row.bias_double.abs(), 0.0], [0.0; 3]];
        let add = |[mid, size, rad]: &mut [f64; 3], j: u32, w: f64| {
            let ball = &x[j as usize];
            let product = w * ball.mid;
            *mid += product;
            *size += product.abs();
            *rad += w.abs() * ball.rad;
        };
        let ((columns, last), (weights, weight)) = (row.columns.as_chunks::<2>(), row.weights.as_chunks::<2>());
        for (&[j, k], &[v, w]) in columns.iter().zip(weights) {
            add(&mut sums[0], j, v);
            add(&mut sums[1], k, w);
        }
        last.iter().zip(weight).for_each(|(&j, &w)| add(&mut sums[0], j, w));
        let [mid, size, rad] = std::array::from_fn(|k| sums[0][k] + sums[1][k]);
        // A rational weight near 0 loses up to 2^-1075, whatever it is multiplied with.
        let lost: f64 =
            if row.exact.is_empty() { 0.0 } else { row.columns.iter().map(|&j| x[j as usize].mid.abs() + x[j as usize].rad).sum() };
        if size == 0.0 && rad == 0.0 && row.exact.is_empty() && row.bias_is_double && row.is_all_zero(x) {
            return Ball { mid: 0.0, rad: 0.0 };
        }
        // Each term has a rounding of its weight, one of its product, and those of the sum; the constant has one of its own.
        let n = row.columns.len();
        let gamma = crate::exact::bound::gamma(n + 4);
        Ball { mid, rad: crate::exact::bound::round_up(gamma * size + rad * (1.0 + gamma)) + (n + 2) as f64 * TINY + 2.0 * lost * TINY }
    }

    fn dot<'a>(_: &Self, pairs: impl Iterator<Item = (&'a Ball<Self>, &'a Ball<Self>)>) -> Ball<Self> {
        let (mut mid, mut size, mut rad, mut n) = (0.0, 0.0, 0.0, 0usize);
        for (x, y) in pairs {
            // A factor that is exactly 0 makes the product 0, also if nothing is known of the other one.
            if !x.is_zero() && !y.is_zero() {
                let product = x.mid * y.mid;
                mid += product;
                size += product.abs();
                rad += x.mid.abs() * y.rad + y.mid.abs() * x.rad + x.rad * y.rad;
                n += 1;
            }
        }
        if n == 0 {
            return Ball { mid: 0.0, rad: 0.0 };
        }
        // Each product has a rounding of its own and those of the sum; a term of the radius has four, and three products that may underflow.
        let gamma = crate::exact::bound::gamma(n + 4);
        Ball { mid, rad: crate::exact::bound::round_up(gamma * size + rad * (1.0 + gamma)) + (n + 2) as f64 * TINY }
    }
}

impl Row<'_> {
    /// Whether every product is exactly 0: of a weight, or of an input.
    fn is_all_zero<N: Number>(&self, x: &[Ball<N>]) -> bool {
        self.columns.iter().zip(self.weights).all(|(&j, &w)| w == 0.0 || x[j as usize].is_zero())
    }
}

impl Number for Float {
    fn like(&self, x: f64) -> Self {
        Float::with_val(self.prec(), x)
    }
    fn nearest(&self, q: &Rational) -> Self {
        Float::with_val(self.prec(), q)
    }
    fn add(&self, other: &Self) -> Self {
        Float::with_val(self.prec(), self + other)
    }
    fn mul(&self, other: &Self) -> Self {
        Float::with_val(self.prec(), self * other)
    }
    fn div(&self, other: &Self) -> Self {
        Float::with_val(self.prec(), self / other)
    }
    fn neg(&self) -> Self {
        -self.clone()
    }
    fn size(&self) -> f64 {
        self.clone().abs().to_f64_round(Round::Up)
    }
    fn below(&self) -> f64 {
        self.to_f64_round(Round::Down)
    }
    fn above(&self) -> f64 {
        self.to_f64_round(Round::Up)
    }
    fn exp(&self) -> Self {
        self.clone().exp()
    }
    fn ln(&self) -> Self {
        self.clone().ln()
    }
    fn exp_m1(&self) -> Self {
        self.clone().exp_m1()
    }
    fn ln_1p(&self) -> Self {
        self.clone().ln_1p()
    }
    fn tanh(&self) -> Self {
        self.clone().tanh()
    }
    fn erf(&self) -> Self {
        self.clone().erf()
    }
    fn erfc(&self) -> Self {
        self.clone().erfc()
    }
    fn sqrt(&self) -> Self {
        self.clone().sqrt()
    }
    fn pi(&self) -> Self {
        Float::with_val(self.prec(), rug::float::Constant::Pi)
    }
    fn roundoff(&self) -> f64 {
        2f64.powi(-(self.prec() as i32))
    }
    fn is_negative(&self) -> bool {
        self.is_sign_negative() && !self.is_zero()
    }
    fn to_rational(&self) -> Option<Rational> {
        Float::to_rational(self)
    }

    fn row(like: &Self, row: Row<'_>, x: &[Ball<Self>]) -> Ball<Self> {
        let constant = |i: usize| match row.exact.get(i) {
            Some(q) => Ball::of_rational(like, q),
            None => Ball::exact(like.like(row.weights[i])),
        };
        let mut sum = if row.bias_is_double { Ball::exact(like.like(row.bias_double)) } else { Ball::of_rational(like, row.bias) };
        for (i, &j) in row.columns.iter().enumerate() {
            if row.weights[i] != 0.0 || !row.exact.is_empty() {
                sum = sum + constant(i) * x[j as usize].clone();
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(x: f64) -> Rational {
        rational(x).unwrap()
    }

    fn holds(ball: &Ball<f64>, x: &Rational) -> bool {
        Rational::from(&exact(ball.mid) - x).abs() <= exact(ball.rad)
    }

    fn row<'a>(columns: &'a [u32], weights: &'a [f64], zero: &'a Rational) -> Row<'a> {
        Row { columns, weights, exact: &[], bias: zero, bias_double: 0.0, bias_is_double: true }
    }

    /// Every addition of 2^-53 to 1 is lost, so that the error of a sum is half of its bound or more: a smaller bound does not hold.
    #[test]
    fn sums_that_lose_every_small_term_are_in_their_balls() {
        let zero = Rational::new();
        for n in [3usize, 10, 100, 1001] {
            // A row has two sums side by side.
            let weights: Vec<f64> = (0..n).map(|k| if k < 2 { 1.0 } else { 2f64.powi(-53) }).collect();
            let columns: Vec<u32> = (0..n as u32).collect();
            let ones = vec![Ball::exact(1.0); n];
            let sum: Rational = weights.iter().map(|&w| exact(w)).sum();
            let found = f64::row(&0.0, row(&columns, &weights, &zero), &ones);
            assert!(holds(&found, &sum), "a row of {n}: {found:?}");
            assert!(found.rad <= 4.0 * (n + 4) as f64 * 2f64.powi(-53), "{found:?}");
            let factors: Vec<Ball<f64>> = weights.iter().map(|&w| Ball::exact(w)).collect();
            let once: Vec<_> = factors.iter().zip(&ones).enumerate().filter(|(k, _)| *k != 1).map(|(_, pair)| pair).collect();
            let sum: Rational = once.iter().map(|(x, _)| exact(x.mid)).sum();
            let found = f64::dot(&0.0, once.iter().copied());
            assert!(holds(&found, &sum), "a product of {n}: {found:?}");
            assert!(found.rad <= 2.0 * (n + 4) as f64 * 2f64.powi(-53), "{found:?}");
        }
    }

    /// The same for radii: the balls at the far ends of their radii, with radii that lose every small term, and with products below the
    /// doubles.
    #[test]
    fn radii_of_sums_hold_the_far_ends() {
        let zero = Rational::new();
        for n in [3usize, 100, 1001] {
            let columns: Vec<u32> = (0..n as u32).collect();
            let ones = vec![1.0; n];
            for tiny in [2f64.powi(-53), f64::from_bits(1)] {
                let balls: Vec<Ball<f64>> = (0..n).map(|k| Ball { mid: 0.0, rad: if k < 2 { 1.0 } else { tiny } }).collect();
                let far: Rational = balls.iter().map(|ball| exact(ball.rad)).sum();
                assert!(holds(&f64::row(&0.0, row(&columns, &ones, &zero), &balls), &far));
                let units = vec![Ball::exact(1.0); n];
                assert!(holds(&f64::dot(&0.0, balls.iter().zip(&units)), &far));
            }
            // The product of two halves of the least double is lost.
            let small = Ball { mid: f64::from_bits(1), rad: f64::from_bits(1) };
            let halves = vec![Ball { mid: 0.5, rad: 0.25 }; n];
            let balls = vec![small; n];
            let far = Rational::from(n as u64) * exact(f64::from_bits(2)) * exact(0.75);
            assert!(holds(&f64::dot(&0.0, balls.iter().zip(&halves)), &far));
        }
    }
}
