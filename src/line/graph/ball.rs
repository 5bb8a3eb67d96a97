//! Doubles with a bound of their error, and the forms b + a t made of them: proofs/filter.md, section 13.
//!
//! An error of 0 says that the double is exact. Errors are summed in doubles, and every sum is finished by [`Ball::settled`], which makes up for
//! the rounding of fewer than 2^30 additions and for what underflow loses.

use super::plan::SMALL;
use crate::exact::bound::{U, gamma, round_up};
use std::cmp::Ordering;

/// A number within `e` of `x`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ball {
    pub x: f64,
    pub e: f64,
}

impl Ball {
    pub const fn exact(x: f64) -> Self {
        Self { x, e: 0.0 }
    }

    /// The sign, if it is certain.
    #[inline]
    pub fn sign(self) -> Option<Ordering> {
        if self.x > self.e {
            Some(Ordering::Greater)
        } else if -self.x > self.e {
            Some(Ordering::Less)
        } else if self.x == 0.0 && self.e == 0.0 {
            Some(Ordering::Equal)
        } else {
            None
        }
    }

    /// What a sum of `terms` products takes of it: with |w| `margin` for each, the bound covers its error, that of a weight that is
    /// only the nearest double of its number, and the rounding of the product and of the sum.
    #[inline(always)]
    pub fn margin(self, dyadic: bool, terms: usize) -> f64 {
        let near = if dyadic { 0.0 } else { 2.0 * U };
        if self.x == 0.0 && self.e == 0.0 { 0.0 } else { self.e + (gamma(terms + 4) + near) * (self.x.abs() + self.e) }
    }

    /// The product with a number.
    pub fn times(self, w: f64, dyadic: bool) -> Self {
        Self { x: w * self.x, e: w.abs() * self.margin(dyadic, 1) }.settled()
    }

    /// The bound of a sum, made a bound again.
    #[inline(always)]
    pub fn settled(self) -> Self {
        let e = if self.e == 0.0 { 0.0 } else { round_up(self.e) + SMALL };
        Self { x: self.x, e }
    }

    pub fn minus(self, other: Self) -> Self {
        let x = self.x - other.x;
        Self { x, e: self.e + other.e + if self.e + other.e == 0.0 && x == 0.0 { 0.0 } else { U * x.abs() } }.settled()
    }
}

/// A form b + a t.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct BallForm {
    pub b: Ball,
    pub a: Ball,
}

/// A time within `half` of `at`, in [0, 1].
#[derive(Clone, Copy, Debug)]
pub(super) struct BallTime {
    pub at: f64,
    pub half: f64,
}

impl BallForm {
    /// The value at a time.
    #[inline]
    pub fn at(&self, t: BallTime) -> Ball {
        let step = self.a.x * t.at;
        let x = self.b.x + step;
        if self.a == Ball::default() {
            return self.b;
        }
        Ball { x, e: self.b.e + t.at * self.a.e + t.half * (self.a.x.abs() + self.a.e) + U * (step.abs() + x.abs()) }.settled()
    }

    /// Where the form has a value, for a slope whose sign is certain and not 0: the two ends of an enclosure.
    #[inline]
    pub fn time_of(&self, value: Ball) -> (f64, f64) {
        let rise = value.minus(self.b);
        let at = rise.x / self.a.x;
        // |r/a - r'/a'| <= (|r - r'| + |r/a| |a - a'|) / |a'|, and the rounding of the quotient.
        let half = (rise.e + at.abs() * self.a.e) / (self.a.x.abs() - self.a.e);
        let half = round_up(half + 4.0 * U * at.abs()) + SMALL;
        (at - half, at + half)
    }
}

/// (a - a0) where the slope of a form turned from a0 to a at a time: the constant turns the other way.
#[inline(always)]
pub(super) fn turn(form: &mut BallForm, change: Ball, t: BallTime) {
    let a = form.a.x + change.x;
    form.a = Ball { x: a, e: form.a.e + change.e + U * a.abs() }.settled();
    let step = t.at * change.x;
    let b = form.b.x - step;
    form.b = Ball { x: b, e: form.b.e + t.at * change.e + t.half * (change.x.abs() + change.e) + U * (step.abs() + b.abs()) }.settled();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Coefficients, ConvolutionOptions, LinearMap, NetworkBuilder, Operation};
    use rug::Rational;

    /// Numbers in (-1, 1) with all their bits.
    struct Numbers(u64);

    impl Numbers {
        fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        }

        fn some(&mut self, count: usize) -> Vec<f64> {
            (0..count).map(|_| self.next()).collect()
        }
    }

    /// A dense map and a convolution of 36 inputs.
    fn maps(numbers: &mut Numbers) -> Vec<LinearMap> {
        let mut builder = NetworkBuilder::new(&[1, 6, 6]).unwrap();
        let x = builder.input();
        let kernel = Coefficients::from_f64(numbers.some(18));
        let y = builder.convolution(&x, kernel, [3, 3], None, ConvolutionOptions::default()).unwrap();
        let flat = builder.reshape(&y, &[32]).unwrap();
        let dense = builder.linear(&flat, 7, Coefficients::from_f64(numbers.some(7 * 32)), None).unwrap();
        let graph = builder.finish(&dense).unwrap();
        let map = |operation: &Operation| match operation {
            Operation::Affine(affine) => affine.terms.first().map(|term| term.map.clone()),
            _ => None,
        };
        graph.nodes().iter().filter_map(|node| map(&node.operation)).collect()
    }

    /// The bounds hold where every input is as wrong as its own bound lets it be, in the direction that hurts.
    #[test]
    fn margins_cover_the_worst_inputs_and_all_rounding() {
        let mut numbers = Numbers(7);
        let exact = |x: f64| Rational::from_f64(x).unwrap();
        for round in 0..50 {
            for map in maps(&mut numbers) {
                // Errors that are far below rounding, like it, and far above it.
                let size = 2.0f64.powi(-70 + round);
                let balls: Vec<Ball> = (0..map.inputs()).map(|_| Ball { x: numbers.next(), e: size * numbers.next().abs() }).collect();
                let weights = map.weights().doubles();
                let mut rows = vec![[0.0; 4]; map.outputs()];
                let margin = |ball: &Ball, terms: usize| ball.margin(true, terms);
                let longest = map.longest_row();
                map.add_products(&balls.iter().map(|b| [b.x, b.x, margin(b, longest), margin(b, longest)]).collect::<Vec<_>>(), &mut rows);
                let mut columns = vec![Ball::default(); map.outputs()];
                let changes: Vec<(u32, f64, f64)> = (0..).zip(&balls).map(|(j, b)| (j, b.x, margin(b, balls.len()))).collect();
                map.add_columns(&changes, |output, x, margin| {
                    columns[output].x += x;
                    columns[output].e += margin;
                });
                for output in 0..map.outputs() {
                    let mut worst = [Rational::new(), Rational::new()];
                    map.for_row(output, |j, w| {
                        for (sum, sign) in worst.iter_mut().zip([1.0, -1.0]) {
                            let off = exact(balls[j].e) * exact(sign * weights[w].signum());
                            *sum += exact(weights[w]) * (exact(balls[j].x) + off);
                        }
                    });
                    let [x, y, of_x, of_y] = rows[output];
                    for ball in [Ball { x, e: of_x }, Ball { x: y, e: of_y }, columns[output]] {
                        let ball = ball.settled();
                        assert!(worst.iter().all(|sum| (sum.clone() - exact(ball.x)).abs() <= exact(ball.e)), "{ball:?} and {worst:?}");
                        assert!(ball.e < 100.0 * (size + 2.0 * U) * map.inputs() as f64, "a bound that says nothing: {ball:?}");
                    }
                }
            }
        }
    }
}
