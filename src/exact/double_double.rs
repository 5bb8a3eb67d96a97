//! Numbers as sums of two doubles, with about 106 bits and proven errors: the stage between the filter and the integers.
//!
//! The error-free sum and product are Knuth's and Dekker's; the product of a row is the compensated one of Ogita, Rump and Oishi,
//! "Accurate sum and dot product" (SIAM J. Sci. Comput. 26, 2005), whose correction is kept apart. Bounds: proofs/filter.md, section 9.

use super::aligned::Aligned;
use super::bound::{U, round_up};
use super::lanes::{Lanes, dispatch};
use super::product::{Packed, TILE};
use std::cmp::Ordering;

/// The number hi + lo, with |lo| <= u |hi|.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct DoubleDouble {
    pub hi: f64,
    pub lo: f64,
}

impl DoubleDouble {
    /// x + y, without error.
    pub(crate) fn sum(x: f64, y: f64) -> Self {
        let hi = x + y;
        let z = hi - x;
        Self { hi, lo: (x - (hi - z)) + (y - z) }
    }

    /// x - y, with an error below 4 u^2 (|x| + |y|).
    pub(crate) fn minus(self, other: Self) -> Self {
        let high = Self::sum(self.hi, -other.hi);
        Self::sum(high.hi, high.lo + (self.lo - other.lo))
    }

    /// x y, with an error below 9 u^2 |x y|, plus 2^-1060 in case of underflow.
    fn times(self, other: Self) -> Self {
        let hi = self.hi * other.hi;
        let lo = self.hi.mul_add(other.hi, -hi) + (self.hi * other.lo + self.lo * other.hi);
        Self::sum(hi, lo)
    }
}

/// The form b + a t, with one bound on the errors of both b and a.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DoubleDoubleForm {
    pub b: DoubleDouble,
    pub a: DoubleDouble,
    pub error: f64,
}

impl DoubleDoubleForm {
    /// The form t - 0 or t - 1, whose root is an end of the segment.
    pub(crate) fn end(at_one: bool) -> Self {
        let number = |hi| DoubleDouble { hi, lo: 0.0 };
        Self { b: number(if at_one { -1.0 } else { 0.0 }), a: number(1.0), error: 0.0 }
    }

    /// The sign of the slope, if it is certain.
    fn slope_sign(&self) -> Option<Ordering> {
        sign(self.a, self.error)
    }

    /// The sign of this form at the root of another form, if it is certain.
    pub(crate) fn sign_at_root_of(&self, other: &Self) -> Option<Ordering> {
        Some(product(self.cross(other)?, other.slope_sign()?))
    }

    /// The order of the roots of two forms, if it is certain that the roots differ.
    pub(crate) fn compare_roots(&self, other: &Self) -> Option<Ordering> {
        Some(product(self.cross(other)?, product(self.slope_sign()?, other.slope_sign()?)).reverse())
    }

    /// A double near the root, and a bound on its distance from the root; `None` if the slope may be 0.
    pub(crate) fn root(&self) -> Option<(f64, f64)> {
        self.slope_sign()?;
        let (b, a) = (self.b.hi, self.a.hi);
        let at = -b / a;
        let off = |x: f64| self.error + 2.0 * U * x.abs();
        let least = a.abs() - round_up(off(a));
        let half = round_up(round_up(off(b) + at.abs() * off(a)) / least) + 4.0 * U * at.abs() + 4.0 * U;
        (least > 0.0 && at.is_finite() && half.is_finite()).then_some((at, half))
    }

    /// Whether it is certain that two forms are different functions.
    pub(crate) fn surely_differs(&self, other: &Self) -> bool {
        let apart = |x: DoubleDouble, y: DoubleDouble| {
            let rounding = 8.0 * U * U * (x.hi.abs() + y.hi.abs());
            sign(x.minus(y), self.error + other.error + rounding).is_some()
        };
        apart(self.b, other.b) || apart(self.a, other.a)
    }

    /// The sign of the determinant b a' - a b', if it is certain.
    fn cross(&self, other: &Self) -> Option<Ordering> {
        let difference = self.b.times(other.a).minus(self.a.times(other.b));
        let [b, a, other_b, other_a] = [self.b, self.a, other.b, other.a].map(|x| x.hi.abs());
        let inherited = (b + a) * other.error + (other_a + other_b) * self.error + 2.0 * self.error * other.error;
        let rounding = 32.0 * U * U * (b * other_a + a * other_b);
        sign(difference, round_up(inherited + rounding) + f64::MIN_POSITIVE)
    }
}

/// The sign of a number that is known up to `error`, if it is certain; `None` if either is NaN.
fn sign(x: DoubleDouble, error: f64) -> Option<Ordering> {
    if x.hi.abs() > round_up(error) { x.hi.partial_cmp(&0.0) } else { None }
}

fn product(x: Ordering, y: Ordering) -> Ordering {
    if y.is_lt() { x.reverse() } else { x }
}

/// The error of a product with n inputs, relative to the product of the norms of its factors.
pub(crate) fn double_double_product(n: usize) -> f64 {
    let n = n as f64 + 4.0;
    round_up(4.0 * n * n * U * U)
}

/// The inputs of a layer as sums of two doubles: for each index of `inputs`, the values b high, b low, a high, a low.
#[derive(Clone, Debug, Default)]
pub(crate) struct DoubleDoubleRows {
    pub inputs: Vec<u32>,
    pub parts: Vec<[f64; 4]>,
}

/// How many terms ahead weights are prefetched.
const AHEAD: usize = 12;

dispatch! {
    /// The products of both rows with the weights of the given tiles of outputs; the bias is added to the first row. `out` receives b high,
    /// b low, a high, a low, each with the padded outputs of the layer.
    pub(crate) fn multiply_tiles(rows: &DoubleDoubleRows, weights: &Packed, bias: &[f64], tiles: &[usize], out: &mut [Aligned; 4]) = multiply_in
}

#[inline(always)]
fn multiply_in<L: Lanes>(rows: &DoubleDoubleRows, weights: &Packed, bias: &[f64], tiles: &[usize], out: &mut [Aligned; 4]) {
    for &tile in tiles {
        let all_weights = weights.tile(tile);
        let tile_weights = all_weights.as_chunks::<8>().0;
        let bias = bias[tile * TILE..][..TILE].as_chunks::<8>().0;
        // The sum and its correction, for each half of the tile and each row.
        let zero = L::splat(0.0);
        let mut sums = [[[L::load(&bias[0]), zero], [zero, zero]], [[L::load(&bias[1]), zero], [zero, zero]]];
        for (k, (&j, parts)) in rows.inputs.iter().zip(&rows.parts).enumerate() {
            if let Some(&ahead) = rows.inputs.get(k + AHEAD) {
                L::prefetch(all_weights, ahead as usize * TILE);
                L::prefetch(all_weights, ahead as usize * TILE + 8);
            }
            for (half, sums) in sums.iter_mut().enumerate() {
                let w = L::load(&tile_weights[2 * j as usize + half]);
                for (row, [sum, correction]) in sums.iter_mut().enumerate() {
                    let (high, low) = (L::splat(parts[2 * row]), L::splat(parts[2 * row + 1]));
                    let p = w.mul(high);
                    let product_error = w.fused_mul_sub(high, p);
                    let total = sum.add(p);
                    let z = total.sub(*sum);
                    let sum_error = sum.sub(total.sub(z)).add(p.sub(z));
                    *sum = total;
                    *correction = w.mul_add(low, *correction).add(product_error).add(sum_error);
                }
            }
        }
        for (half, sums) in sums.iter().enumerate() {
            for (row, [sum, correction]) in sums.iter().enumerate() {
                let place = tile * TILE + half * 8;
                let high = sum.add(*correction);
                let z = high.sub(*sum);
                let low = sum.sub(high.sub(z)).add(correction.sub(z));
                high.store((&mut out[2 * row][place..place + 8]).try_into().expect("eight"));
                low.store((&mut out[2 * row + 1][place..place + 8]).try_into().expect("eight"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::{Instructions, rational};
    use rug::Rational;

    struct Random(u64);

    impl Random {
        /// A pseudorandom double in (1, 2).
        fn next(&mut self) -> f64 {
            self.0 = crate::exact::random::next(self.0);
            1.0 + (self.0 >> 12) as f64 / (1u64 << 52) as f64
        }

        /// A sum of two doubles whose second one is as large as it can be.
        fn double_double(&mut self, sign: f64) -> DoubleDouble {
            let hi = sign * self.next();
            DoubleDouble::sum(hi, self.next() * 2f64.powi(-54))
        }
    }

    fn exact(x: DoubleDouble) -> Rational {
        rational(x.hi).unwrap() + rational(x.lo).unwrap()
    }

    fn square_of_u() -> f64 {
        U * U
    }

    #[test]
    fn differences_and_products_are_within_a_few_squares_of_the_unit_roundoff() {
        let (mut random, mut most) = (Random(1), [0.0f64; 2]);
        for round in 0..4000 {
            let (x, y) = (random.double_double(1.0), random.double_double(if round % 2 == 0 { 1.0 } else { -1.0 }));
            let truths = [exact(x) - exact(y), exact(x) * exact(y)];
            let sizes = [x.hi.abs() + y.hi.abs(), (x.hi * y.hi).abs()];
            for (k, found) in [x.minus(y), x.times(y)].into_iter().enumerate() {
                assert!(found.lo.abs() <= U * found.hi.abs());
                let off = (exact(found) - &truths[k]).abs().to_f64() / (sizes[k] * square_of_u());
                assert!(off < [4.0, 9.0][k], "{x:?} {y:?}: {off}");
                most[k] = most[k].max(off);
            }
        }
        assert!(most[0] > 0.4 && most[1] > 0.9, "{most:?}");
    }

    /// The numbers with the largest errors that the form allows.
    fn ends(form: DoubleDoubleForm) -> impl Iterator<Item = (Rational, Rational)> {
        [(-1, -1), (-1, 1), (1, -1), (1, 1)].into_iter().map(move |(b, a)| {
            let error = rational(form.error).unwrap();
            (exact(form.b) + Rational::from(&error * b), exact(form.a) + error * a)
        })
    }

    #[test]
    fn roots_are_where_the_worst_numbers_have_them() {
        let (mut random, mut most) = (Random(2), [0.0f64; 2]);
        for round in 0..2000 {
            let (b, a) = (random.double_double(1.0), random.double_double(-1.0));
            let error = if round % 2 == 0 { 2f64.powi(-40) } else { 0.0 };
            let form = DoubleDoubleForm { b, a, error };
            let (at, half) = form.root().unwrap();
            for (b, a) in ends(form) {
                let off = (-b / a - rational(at).unwrap()).abs() / rational(half).unwrap();
                assert!(off <= 1, "{form:?}: the root is not within {half} of {at}");
                most[round % 2] = most[round % 2].max(off.to_f64());
            }
        }
        assert!(most[0] > 0.9 && most[1] > 0.1, "{most:?}");
    }

    /// Roots whose distance is below, or close to, the uncertainty of the forms: an order that is reported is right for all numbers that
    /// the forms allow.
    #[test]
    fn an_order_that_is_told_is_right_for_the_worst_numbers() {
        let (mut random, mut told) = (Random(3), [0, 0]);
        for round in 0..3000 {
            let large = round % 2 == 0;
            let size = if large { 2f64.powi(-40) } else { square_of_u() };
            let (b, a) = (random.double_double(1.0), random.double_double(-1.0));
            let factor = random.next();
            let nudge = size * (random.next() - 1.5) * 2f64.powi(round % 7);
            let scaled = |x: DoubleDouble| x.times(DoubleDouble { hi: factor, lo: 0.0 });
            let errors = [[size, 0.0], [0.0, size], [size, size], [0.0, 0.0]][round as usize / 2 % 4].map(|e| if large { e } else { 0.0 });
            let other = DoubleDoubleForm { b: scaled(b).minus(DoubleDouble { hi: nudge, lo: 0.0 }), a: scaled(a), error: errors[1] };
            let form = DoubleDoubleForm { b, a, error: errors[0] };
            let Some(order) = form.compare_roots(&other) else {
                told[1] += 1;
                continue;
            };
            told[0] += 1;
            assert_eq!(form.sign_at_root_of(&other), Some(order), "the form falls");
            for (b, a) in ends(form) {
                for (d, c) in ends(other) {
                    assert_eq!((-b.clone() / &a).cmp(&(-d / c)), order, "{form:?} {other:?}");
                }
            }
        }
        assert!(told.iter().all(|&count| count > 300), "{told:?}");
    }

    #[test]
    fn products_of_rows_are_within_their_bound() {
        let mut most = 0.0f64;
        for (n, seed) in [1usize, 2, 5, 40].into_iter().flat_map(|n| (0..40).map(move |seed| (n, seed))) {
            let mut random = Random(seed);
            let w: Vec<f64> = (0..n).map(|j| random.next() * if j % 2 == 0 { 1.0 } else { -1.0 }).collect();
            let weights = Packed::new(n, 1, |_, j| w[j]);
            let inputs: Vec<[DoubleDouble; 2]> = (0..n).map(|_| [random.double_double(1.0), random.double_double(1.0)]).collect();
            let parts = inputs.iter().map(|[b, a]| [b.hi, b.lo, a.hi, a.lo]).collect();
            let rows = DoubleDoubleRows { inputs: (0..n as u32).collect(), parts };
            let mut bias = vec![0.0; TILE];
            bias[0] = random.next();
            for instructions in Instructions::available() {
                let mut out: [Aligned; 4] = std::array::from_fn(|_| Aligned::zeros(TILE));
                multiply_tiles(instructions, &rows, &weights, &bias, &[0], &mut out);
                for row in 0..2 {
                    let found = DoubleDouble { hi: out[2 * row][0], lo: out[2 * row + 1][0] };
                    let start = if row == 0 { rational(bias[0]).unwrap() } else { Rational::new() };
                    let truth = w.iter().zip(&inputs).fold(start, |sum, (&w, x)| sum + rational(w).unwrap() * exact(x[row]));
                    let squares = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|x| x * x).sum::<f64>();
                    let norms =
                        (squares(&mut w.iter().copied().chain([bias[0]])) * (squares(&mut inputs.iter().map(|x| x[row].hi)) + 1.0)).sqrt();
                    let off = (exact(found) - truth).abs().to_f64() / (double_double_product(n) * norms);
                    assert!(off <= 1.0, "{n}: {off}");
                    most = most.max(off);
                }
            }
        }
        // The bound counts all roundings of a sum of n terms at their largest, n^2 of them; the roundings of this test reach a hundredth of
        // it.
        assert!(most > 0.002, "{most}");
    }
}
