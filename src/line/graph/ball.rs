//! Doubles with a bound on their error, and forms b + a t with such coefficients: proofs/filter.md, section 13.
//!
//! An error of 0 means that the double is exact. Errors are summed in doubles. Every sum is finished by [`Ball::settled`], which covers the
//! rounding of fewer than 2^30 additions and the loss by underflow.

use super::plan::SMALL;
use crate::exact::bound::{U, gamma, round_up};
use std::cmp::Ordering;

/// A number whose distance from `x` is at most `e`.
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

    /// The part of the error of a sum of `terms` products that belongs to this factor. If |w| times `margin` is added for each product, the
    /// bound covers the error of the factor, the rounding of a weight to its nearest double, and the rounding of the product and of the
    /// sum.
    #[inline(always)]
    pub fn margin(self, dyadic: bool, terms: usize) -> f64 {
        let near = if dyadic { 0.0 } else { 2.0 * U };
        if self.x == 0.0 && self.e == 0.0 { 0.0 } else { self.e + (gamma(terms + 4) + near) * (self.x.abs() + self.e) }
    }

    /// The product with a number.
    pub fn times(self, w: f64, dyadic: bool) -> Self {
        Self { x: w * self.x, e: w.abs() * self.margin(dyadic, 1) }.settled()
    }

    /// The ball of a sum with its error rounded up to an upper bound; infinite if the sum or one of its products overflowed, which the errors
    /// of the terms do not show.
    #[inline(always)]
    pub fn settled(self) -> Self {
        let e = match self.e {
            _ if !self.x.is_finite() => f64::INFINITY,
            0.0 => 0.0,
            e => round_up(e) + SMALL,
        };
        Self { x: self.x, e }
    }

    pub fn minus(self, other: Self) -> Self {
        let x = self.x - other.x;
        Self { x, e: self.e + other.e + if self.e + other.e == 0.0 && x == 0.0 { 0.0 } else { U * x.abs() } }.settled()
    }
}

/// The form b + a t.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct BallForm {
    pub b: Ball,
    pub a: Ball,
}

/// A time in [0, 1] whose distance from `at` is at most `half`.
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

    /// An enclosure of the time at which the form has a value. The sign of the slope must be certain and not 0.
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

/// Changes the slope of a form by `change` = a - a0 at a time, where the value stays the same, so that the constant changes the other way.
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

    /// Pseudorandom numbers in (-1, 1) with 53 bits.
    struct Numbers(u64);

    impl Numbers {
        fn next(&mut self) -> f64 {
            self.0 = crate::exact::random::next(self.0);
            (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        }

        fn some(&mut self, count: usize) -> Vec<f64> {
            (0..count).map(|_| self.next()).collect()
        }
    }

    /// The product is beyond 2^1024 and its error below, so that the product is infinite though its margin is finite.
    #[test]
    fn what_overflows_has_no_certain_sign() {
        let large = Ball { x: 2f64.powi(600), e: 2f64.powi(500) };
        for w in [2f64.powi(440), -2f64.powi(440)] {
            assert!((w.abs() * large.margin(true, 1)).is_finite());
            let ball = large.times(w, true);
            assert_eq!((ball.x.is_infinite(), ball.sign()), (true, None));
        }
        assert_eq!(large.times(2f64.powi(400), true).sign(), Some(Ordering::Greater));
    }

    /// A dense map and a convolution with 36 inputs each.
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

    /// The bounds hold if every input has the largest error that its bound allows, in the direction that is worst for the sum.
    #[test]
    fn margins_cover_the_worst_inputs_and_all_rounding() {
        let mut numbers = Numbers(7);
        let exact = |x: f64| Rational::from_f64(x).unwrap();
        for round in 0..50 {
            for map in maps(&mut numbers) {
                // The errors are far below rounding, of its size, and far above it.
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
                        assert!(ball.e < 100.0 * (size + 2.0 * U) * map.inputs() as f64, "the bound is far too large: {ball:?}");
                    }
                }
            }
        }
    }

    /// The number at one end of a ball.
    fn end(ball: Ball, up: bool) -> Rational {
        Rational::from_f64(ball.x).unwrap() + Rational::from_f64(if up { ball.e } else { -ball.e }).unwrap()
    }

    /// The distance of a number from the centre of a ball, relative to the radius.
    fn part(ball: Ball, number: &Rational) -> f64 {
        let (off, e) = ((Rational::from_f64(ball.x).unwrap() - number).abs(), Rational::from_f64(ball.e).unwrap());
        assert!(off <= e, "{} is {} from {ball:?}", number.to_f64(), off.to_f64());
        if off.is_zero() { 0.0 } else { (off / e).to_f64() }
    }

    /// Values, times, changes of slope, differences and products of numbers with the largest errors that are allowed. In each round one of
    /// the errors is far above all others, so that its part of the bound is tested; without any error, only rounding remains.
    #[test]
    fn values_and_times_and_turns_hold_what_the_worst_numbers_become() {
        let mut numbers = Numbers(3);
        let mut rounding = [0.0f64; 5];
        for round in 0..400usize {
            let only = round % 5;
            let size = |k: usize| if only == k { 2.0f64.powi(-30) } else { 0.0 };
            let mut ball = |k: usize| Ball { x: 1.5 + 0.5 * numbers.next(), e: size(k) };
            let (b, a, change) = (ball(0), ball(1), ball(2));
            let now = BallTime { at: 0.75 + 0.25 * numbers.next(), half: size(3) };
            let form = BallForm { b, a };
            let value = Ball { x: b.x + 0.75 * a.x, e: size(2) };
            let mut turned = form;
            turn(&mut turned, change, now);
            let (lo, hi) = form.time_of(value);
            let enclosure = Ball { x: 0.5 * (lo + hi), e: 0.5 * (hi - lo) * (1.0 + 4.0 * U) + 2.0 * U };
            let weight = 1.5 + 0.5 * numbers.next();
            let mut closest = [0.0f64; 5];
            for k in 0..16 {
                let is_up = |bit: i32| k >> bit & 1 == 1;
                let (b, a, d) = (end(b, is_up(0)), end(a, is_up(1)), end(change, is_up(2)));
                let t = end(Ball { x: now.at, e: now.half }, is_up(3));
                let found = [
                    part(form.at(now), &(b.clone() + Rational::from(&a * &t))),
                    part(turned.a, &Rational::from(&a + &d)).max(part(turned.b, &(b.clone() - Rational::from(&d * &t)))),
                    part(enclosure, &((end(value, is_up(2)) - &b) / &a)),
                    part(form.b.minus(Ball { x: -form.a.x, ..form.a }), &Rational::from(&b + &a)),
                    part(form.b.times(weight, true), &(b * Rational::from_f64(weight).unwrap())),
                ];
                closest.iter_mut().zip(found).for_each(|(closest, found)| *closest = closest.max(found));
            }
            // The results that depend on the large error.
            let depends = [
                [true, true, true, true, true],
                [true, true, true, true, false],
                [false, true, true, false, false],
                [true, true, false, false, false],
            ];
            match depends.get(only) {
                Some(depends) => assert!(closest.iter().zip(depends).all(|(&part, &on)| !on || part > 0.4), "{only}: {closest:?}"),
                None => rounding.iter_mut().zip(closest).for_each(|(most, part)| *most = most.max(part)),
            }
        }
        assert!(rounding.iter().zip([0.5, 0.5, 0.05, 0.5, 0.1]).all(|(&part, least)| part > least), "{rounding:?}");
    }

    /// A weight that is half a unit in the last place from its double, and a product with the same rounding error.
    #[test]
    fn margins_have_room_for_weights_that_are_no_doubles() {
        let power = |e: i32| Rational::from(1) << e;
        let weight: Rational = power(-26) + 1 + power(-53) - power(-80);
        let near = 1.0 + 2.0f64.powi(-26);
        let x = Ball::exact(1.0 + 2.0f64.powi(-27));
        let found = x.times(near, false);
        let closest = part(found, &(Rational::from_f64(x.x).unwrap() * weight));
        assert!(closest > 0.2, "{closest}");
        // The margin without the rounding of products, for a sum of no terms.
        assert!(x.margin(false, 0) - x.margin(true, 0) >= U * x.x);
        assert!(x.margin(true, 3) >= gamma(7) * x.x);
    }

    #[test]
    fn a_number_at_its_bound_has_no_certain_sign() {
        assert_eq!([1.0, -1.0, 0.0].map(|x| Ball { x, e: 1.0 }.sign()), [None; 3]);
        assert_eq!([2.0, -2.0].map(|x| Ball { x, e: 1.0 }.sign()), [Some(Ordering::Greater), Some(Ordering::Less)]);
    }
}
