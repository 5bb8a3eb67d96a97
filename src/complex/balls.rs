//! Pre-activations at vertices in doubles, with one bound for each value. They decide where the single bound of a row is too large.
//!
//! The bounds are derived in proofs/complex.md, section 10. All numbers are scaled as in [`scale`](super::scale).

use super::exact::{ENTRY, Place};
use super::pages::Pages;
use crate::exact::bound::{TINY, U, round_up, sequential};
use crate::exact::{nearest_f64, rational};
use crate::network::lowered::{Lowered, StepMap};
use rug::Rational;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

/// A number whose distance from `x` is at most `e`. With e = 0 it is x; if e is infinite or NaN, nothing is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ball {
    pub x: f64,
    pub e: f64,
}

impl Ball {
    pub(super) const ZERO: Self = Self { x: 0.0, e: 0.0 };
    const UNKNOWN: Self = Self { x: 0.0, e: f64::INFINITY };

    /// The ball around the double nearest to a number.
    pub(super) fn near(q: &Rational) -> Self {
        let x = nearest_f64(q);
        let is_exact = rational(x).as_ref() == Some(q);
        Self { x, e: if is_exact { 0.0 } else { round_up(2.0 * U * x.abs() + TINY) } }
    }

    /// The sign, if it is certain.
    fn sign(self) -> Option<Ordering> {
        if self.x > self.e {
            Some(Ordering::Greater)
        } else if self.x < -self.e {
            Some(Ordering::Less)
        } else {
            (self.x == 0.0 && self.e == 0.0).then_some(Ordering::Equal)
        }
    }

    /// An upper bound on the errors of all balls.
    pub(super) fn error_of_all(balls: &[Self]) -> f64 {
        balls.iter().map(|ball| if ball.e.is_nan() { f64::INFINITY } else { ball.e }).fold(0.0, f64::max)
    }

    /// The ball of max(z, 0) for the number z.
    fn rectified(self) -> Self {
        match self.sign() {
            Some(Ordering::Greater) => self,
            Some(_) => Self::ZERO,
            None => {
                let most = round_up(0.5 * (self.x + self.e) + TINY);
                Self { x: most, e: most }
            }
        }
    }
}

/// The position of a vertex between two others, p and q: `of_p` p + `of_q` q, where the error of the weights, apart from their rounding, is
/// at most `error`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mixture {
    pub of_p: f64,
    pub of_q: f64,
    pub error: f64,
}

impl Mixture {
    /// The zero between the values a > 0 > b of a unit, if their bounds are small enough.
    fn between(a: Ball, b: Ball) -> Option<Self> {
        let gap = a.x - b.x;
        let (of_p, of_q) = (-b.x / gap, a.x / gap);
        let certain = a.x > a.e && b.x < -b.e && gap > 4.0 * (a.e + b.e) && of_p > TINY && of_q > TINY;
        let error = round_up((of_p * a.e + of_q * b.e + f64::MIN_POSITIVE) / (gap - a.e - b.e));
        certain.then_some(Self { of_p, of_q, error })
    }

    /// The value at the vertex of an affine function with the values y at p and z at q.
    fn of(self, y: Ball, z: Ball) -> Ball {
        if [y, z] == [Ball::ZERO; 2] {
            return Ball::ZERO;
        }
        let (of_p, of_q) = (self.of_p * y.x, self.of_q * z.x);
        let inherited = self.of_p * y.e + self.of_q * z.e + self.error * ((z.x - y.x).abs() + y.e + z.e);
        Ball { x: of_p + of_q, e: round_up(inherited + 8.0 * U * (of_p.abs() + of_q.abs()) + TINY) }
    }
}

/// If the bound of a row, relative to its size, is larger than this, the row is computed again from integers.
///
/// The choice affects no result: the bounds hold in any case, and undecided signs are left to integers. It prevents the growth of bounds.
pub(super) const LOOSE: f64 = 1.0 / 1024.0;

/// The terms of the sums of a row: the inputs that may be nonzero, each with its value and its margin.
type Nonzero = Arc<Vec<(u32, f64, f64)>>;

/// Results of one step at one vertex, as far as they have been computed.
#[derive(Debug, Default)]
struct Row {
    known: Pages<Ball>,
    nonzero: Option<Nonzero>,
}

impl Row {
    fn bytes(&self) -> u64 {
        self.known.bytes() + self.nonzero.as_ref().map_or(0, |nonzero| size_of_val(&nonzero[..]) as u64)
    }
}

/// If the rows take more bytes than this, they are discarded, and computed again when they are used.
const MOST_BYTES: u64 = 96 << 20;

/// Pre-activations at vertices, computed when they are first used.
#[derive(Debug)]
pub(super) struct Balls {
    steps: Arc<Lowered>,
    /// For the inputs and for the results of each step, the exponents of the powers of two by which they are multiplied.
    exponents: Arc<Vec<Vec<i32>>>,
    corners: Vec<Vec<Ball>>,
    rows: HashMap<(u32, usize), Row>,
    mixtures: HashMap<u32, Option<Mixture>>,
    /// The number of bytes of all rows.
    stored: u64,
}

impl Balls {
    pub(super) fn new(steps: Arc<Lowered>, exponents: Arc<Vec<Vec<i32>>>, corners: Vec<Vec<Ball>>) -> Self {
        Self { steps, exponents, corners, rows: HashMap::new(), mixtures: HashMap::new(), stored: 0 }
    }

    /// Continues with more steps. The first of them are those that are there already.
    pub(super) fn follow(&mut self, steps: &Arc<Lowered>, exponents: &Arc<Vec<Vec<i32>>>) {
        (self.steps, self.exponents) = (steps.clone(), exponents.clone());
    }

    /// The sign of a unit of a step at a vertex, if it is certain.
    pub(super) fn sign(&mut self, places: &[Place], vertex: u32, step: usize, unit: usize) -> Option<Ordering> {
        self.make_room();
        self.value(places, vertex, step, unit).sign()
    }

    /// Some results of a step at a vertex that this step has cut, and the position of the vertex; `None` if they are unknown, or a common
    /// bound would be too large.
    pub(super) fn cut_row(&mut self, places: &[Place], vertex: u32, step: usize, results: &[u32]) -> Option<(Vec<Ball>, Mixture)> {
        self.make_room();
        let mixture = self.mixture(places, vertex)?;
        let row: Vec<Ball> = results.iter().map(|&i| self.value(places, vertex, step, i as usize)).collect();
        let size = row.iter().map(|ball| ball.x.abs()).fold(0.0, f64::max);
        (Ball::error_of_all(&row) < LOOSE * size).then_some((row, mixture))
    }

    /// Stores a result.
    pub(super) fn learn(&mut self, vertex: u32, step: usize, i: usize, ball: Ball) {
        let outputs = self.steps.steps[step].outputs();
        let row = self.rows.entry((vertex, step)).or_default();
        self.stored += row.known.set(i, outputs, ball);
    }

    /// Removes the last vertices.
    pub(super) fn truncate(&mut self, len: usize) {
        self.rows.retain(|&(vertex, _), _| (vertex as usize) < len);
        self.mixtures.retain(|&vertex, _| (vertex as usize) < len);
        self.stored = self.rows.values().map(Row::bytes).sum();
    }

    /// The number of bytes of all parts.
    pub(super) fn bytes(&self) -> u64 {
        self.stored + ENTRY * (self.rows.len() + self.mixtures.len()) as u64
    }

    fn make_room(&mut self) {
        if self.stored > MOST_BYTES {
            self.rows.clear();
            self.mixtures.clear();
            self.stored = 0;
        }
    }

    fn mixture(&mut self, places: &[Place], vertex: u32) -> Option<Mixture> {
        let Place::Cut { layer, p, q, unit } = places[vertex as usize] else { return None };
        if let Some(mixture) = self.mixtures.get(&vertex) {
            return *mixture;
        }
        let [a, b] = [p, q].map(|end| self.value(places, end, layer, unit as usize));
        let mixture = Mixture::between(a, b);
        self.mixtures.insert(vertex, mixture);
        mixture
    }

    fn value(&mut self, places: &[Place], vertex: u32, step: usize, i: usize) -> Ball {
        if let Some(ball) = self.rows.get(&(vertex, step)).and_then(|row| row.known.get(i)) {
            return *ball;
        }
        let ball = match places[vertex as usize] {
            Place::Cut { layer, unit, .. } if layer == step && unit as usize == i => Ball::ZERO,
            Place::Cut { layer, p, q, .. } if layer == step => match self.mixture(places, vertex) {
                Some(mixture) => mixture.of(self.value(places, p, step, i), self.value(places, q, step, i)),
                None => Ball::UNKNOWN,
            },
            _ => self.forward(places, vertex, step, i),
        };
        self.learn(vertex, step, i, ball);
        ball
    }

    /// The result, computed from the results of the step below.
    fn forward(&mut self, places: &[Place], vertex: u32, step: usize, i: usize) -> Ball {
        let steps = self.steps.clone();
        let this = &steps.steps[step];
        let terms = match &this.map {
            StepMap::Dense(layer) => layer.inputs(),
            StepMap::Sparse(map) => map.columns.get(i).len(),
        };
        let g = sequential(terms);
        let margin = |ball: Ball| ball.e + g * (ball.x.abs() + ball.e);
        let mut sum = Sum { x: 0.0, e: 0.0, has_terms: false };
        match &this.map {
            StepMap::Dense(_) => {
                let nonzero = self.nonzero(places, vertex, step, margin);
                let [below, above] = [&self.exponents[step], &self.exponents[step + 1]];
                for &(j, x, margin) in nonzero.iter() {
                    let j = j as usize;
                    if this.has_weight(i, j) {
                        sum.add(this.scaled_weight(i, j, above[i] - below[j]), x, margin);
                    }
                }
            }
            StepMap::Sparse(map) => {
                for (k, j) in map.row(i) {
                    let ball = self.input(places, vertex, step, j);
                    if ball != Ball::ZERO {
                        let w = this.scaled_weight(i, k, self.exponents[step + 1][i] - self.exponents[step][j]);
                        sum.add(w, ball.x, margin(ball));
                    }
                }
            }
        }
        let exponent = self.exponents[step + 1][i];
        let bias = this.scaled_constant(i, exponent);
        if !sum.has_terms && this.has_exact_constant(i, exponent) {
            return Ball { x: bias, e: 0.0 };
        }
        let x = sum.x + bias;
        // A product that overflows leaves its margin finite.
        let e = if x.is_finite() { round_up(sum.e + g * bias.abs() + TINY) } else { f64::INFINITY };
        Ball { x, e }
    }

    /// An input of a step at a vertex: a coordinate or a result of the step below, after the ReLU if it is a unit.
    fn input(&mut self, places: &[Place], vertex: u32, step: usize, j: usize) -> Ball {
        if step == 0 {
            let Place::Corner(corner) = places[vertex as usize] else { unreachable!("a vertex that no step cut is a corner") };
            return self.corners[corner as usize][j];
        }
        let ball = self.value(places, vertex, step - 1, j);
        if j < self.steps.steps[step - 1].units { ball.rectified() } else { ball }
    }

    /// The inputs of a step at a vertex that may be nonzero.
    fn nonzero(&mut self, places: &[Place], vertex: u32, step: usize, margin: impl Fn(Ball) -> f64) -> Nonzero {
        if let Some(nonzero) = self.rows.get(&(vertex, step)).and_then(|row| row.nonzero.clone()) {
            return nonzero;
        }
        let all = (0..self.steps.steps[step].inputs()).map(|j| (j as u32, self.input(places, vertex, step, j)));
        let nonzero = all.filter(|(_, ball)| *ball != Ball::ZERO).map(|(j, ball)| (j, ball.x, margin(ball)));
        let nonzero = Arc::new(nonzero.collect::<Vec<_>>());
        self.stored += size_of_val(&nonzero[..]) as u64;
        self.rows.entry((vertex, step)).or_default().nonzero = Some(nonzero.clone());
        nonzero
    }
}

/// A sum of products, and an upper bound on its error.
struct Sum {
    x: f64,
    e: f64,
    has_terms: bool,
}

impl Sum {
    /// TINY covers weights that have become subnormal.
    fn add(&mut self, w: f64, x: f64, margin: f64) {
        self.x += w * x;
        self.e += (w.abs() + TINY) * margin;
        self.has_terms = true;
    }
}

#[cfg(test)]
mod tests {
    use super::super::exact::ExactRows;
    use super::super::scale::of_steps;
    use super::*;
    use crate::network::{Layer, Stack};
    use nalgebra::{DMatrix, DVector};

    /// Doubles of very different sizes, derived from a seed.
    fn weight(seed: u64) -> f64 {
        let word = (seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let word = (word ^ word >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((word >> 11) as f64 / (1u64 << 52) as f64 - 1.0) * 2f64.powi(-((word % 5 * 40) as i32))
    }

    /// The vertices of a triangle that is cut by the units of the first layer, twice. The balls of all results of all steps contain the
    /// true numbers. Rows that are unknown or have large bounds are computed from integers, as in a complex. Although terms cancel, nine of
    /// ten balls are accurate to six digits, and half of the radii are at most 2^10 times the true error.
    #[test]
    fn balls_hold_the_true_numbers() {
        let (mut good, mut all, mut too_wide) = (0, 0, Vec::new());
        for seed in 0..12u64 {
            let network = network(seed);
            let steps = Arc::new(Lowered::of_stack(&network));
            let corners: Vec<Vec<Rational>> =
                [[(-7, 3), (1, 5)], [(2, 1), (3, 7)], [(0, 1), (-5, 3)]].iter().map(|x| x.map(Rational::from).to_vec()).collect();
            let inputs = vec![1, -1];
            let exponents = Arc::new(of_steps(&steps, &inputs));
            let scaled = |corner: &Vec<Rational>| corner.iter().zip(&inputs).map(|(q, e)| Ball::near(&Rational::from(q << *e))).collect();
            let mut balls = Balls::new(steps.clone(), exponents.clone(), corners.iter().map(scaled).collect());
            let mut exact = ExactRows::new(steps.clone(), &corners);
            let results: Vec<Vec<u32>> = steps.steps.iter().map(|step| (0..step.outputs() as u32).collect()).collect();
            let numbers = |exact: &mut ExactRows, vertex: u32, step: usize| -> Vec<Rational> {
                exact
                    .values(vertex, step, &results[step])
                    .iter()
                    .zip(&exponents[step + 1])
                    .map(|(value, e)| Rational::from(value << *e))
                    .collect()
            };
            // All units of the first layer are affine on the triangle.
            for unit in (0..9).chain(0..9) {
                let vertices = exact.places.len() as u32;
                let with = |exact: &mut ExactRows, sign| (0..vertices).rev().find(|&v| exact.sign(v, 0, unit) == sign);
                if let (Some(p), Some(q)) = (with(&mut exact, Ordering::Greater), with(&mut exact, Ordering::Less)) {
                    exact.push(Place::Cut { layer: 0, p, q, unit: unit as u32 });
                    if balls.cut_row(&exact.places, vertices, 0, &results[0]).is_none() {
                        let row = numbers(&mut exact, vertices, 0);
                        row.iter().enumerate().for_each(|(i, number)| balls.learn(vertices, 0, i, Ball::near(number)));
                    }
                }
            }
            let places = exact.places.clone();
            assert!(places.len() > 5, "{seed}: some units cut the triangle");
            for (vertex, step) in (0..places.len() as u32).flat_map(|vertex| (0..4).map(move |step| (vertex, step))) {
                for (i, number) in numbers(&mut exact, vertex, step).into_iter().enumerate() {
                    let ball = balls.value(&places, vertex, step, i);
                    let off = (rational(ball.x).unwrap() - &number).abs();
                    assert!(off <= rational(ball.e).unwrap(), "{seed}: {vertex}, {step}, {i}: {} and {ball:?}", number.to_f64());
                    if let Some(sign) = ball.sign() {
                        assert_eq!(sign, number.cmp0());
                    }
                    all += 1;
                    good += usize::from(ball.e <= 1e-6 * ball.x.abs());
                    if ball.e > 0.0 {
                        too_wide.push(if off.is_zero() { f64::INFINITY } else { (rational(ball.e).unwrap() / off).to_f64() });
                    }
                }
            }
        }
        assert!(good * 10 > all * 9, "{good} of {all} are accurate to six digits");
        too_wide.sort_by(f64::total_cmp);
        assert!(too_wide.len() > 1000 && too_wide[too_wide.len() / 2] < 1024.0, "{:?}", too_wide[too_wide.len() / 2]);
    }

    /// A network whose weights differ by factors up to 2^160; a third of its layers have fractions that are not doubles.
    fn network(seed: u64) -> Stack {
        let widths = [2usize, 9, 8, 7, 3];
        let entry = |l: usize, i: usize, j: usize| weight(seed * 1_000_003 + (l * 10_007 + i * 101 + j) as u64);
        let rational_layer = |l: usize, n: usize, m: usize| {
            let third = |x: f64| rational(x).unwrap() / 3u32;
            Layer::from_rationals(DMatrix::from_fn(m, n, |i, j| third(entry(l, i, j))), DVector::from_fn(m, |i, _| third(entry(l, i, 99))))
        };
        let layer = |(l, ends): (usize, &[usize])| match (l + seed as usize) % 3 {
            0 => rational_layer(l, ends[0], ends[1]),
            _ => Layer::from_f64(
                DMatrix::from_fn(ends[1], ends[0], |i, j| entry(l, i, j)),
                DVector::from_fn(ends[1], |i, _| entry(l, i, 99)),
            ),
        };
        Stack::new(widths.windows(2).enumerate().map(layer).collect()).unwrap()
    }

    #[test]
    fn what_is_not_known_is_never_certain() {
        let undefined = Ball { x: f64::NAN, e: f64::INFINITY };
        assert_eq!([Ball::UNKNOWN, undefined, undefined.rectified()].map(Ball::sign), [None; 3]);
        assert_eq!(Ball::error_of_all(&[Ball { x: 1.0, e: f64::NAN }, Ball::ZERO]), f64::INFINITY);
        assert_eq!(Ball { x: 1.0, e: 2.0 }.rectified().sign(), None);
        assert_eq!(Ball { x: -3.0, e: 2.0 }.rectified(), Ball::ZERO);
    }

    /// The distance of a number from the centre of a ball, relative to the radius.
    fn part(ball: Ball, number: &Rational) -> f64 {
        let off = (rational(ball.x).unwrap() - number).abs();
        assert!(off <= rational(ball.e).unwrap(), "{} and {ball:?}", number.to_f64());
        if ball.e == 0.0 { 0.0 } else { (off / rational(ball.e).unwrap()).to_f64() }
    }

    /// The numbers at both ends of a ball.
    fn ends(ball: Ball) -> [Rational; 2] {
        [-1, 1].map(|sign| rational(ball.x).unwrap() + rational(ball.e).unwrap() * sign)
    }

    #[test]
    fn balls_of_mixtures_hold_what_the_worst_numbers_become() {
        let small = 2f64.powi(-26);
        let ball = |x: f64, e: f64| Ball { x, e };
        for (gap, reach) in [(1.0, 1.0), (1.0, 20.0), (0.25, -8.0)] {
            for fraction in [0.5, 0.25, 0.875] {
                for [e, f] in [[small, small], [small, 0.0], [0.0, small]] {
                    let [a, b, y, z] = [ball(gap * fraction, e), ball(gap * (fraction - 1.0), f), ball(reach, e), ball(-reach, f)];
                    let mixture = Mixture::between(a, b).unwrap();
                    let found = mixture.of(y, z);
                    let mut closest = 0.0f64;
                    for k in 0..16 {
                        let end = |ball: Ball, bit: i32| ends(ball)[k >> bit & 1].clone();
                        let of_q = end(a, 0) / (end(a, 0) - end(b, 1));
                        closest = closest.max(part(found, &(end(y, 2) + (end(z, 3) - end(y, 2)) * &of_q)));
                        part(Ball { x: mixture.of_q, e: mixture.error + 8.0 * U }, &of_q);
                    }
                    assert!(closest > 0.5, "{closest}");
                }
            }
        }
        let mut closest = 0.0f64;
        for k in 0..500 {
            let [a, b, y, z] = [0, 1, 2, 3].map(|i| 1.0 + weight(4 * k + i).abs().fract());
            let mixture = Mixture::between(ball(a, 0.0), ball(-b, 0.0)).unwrap();
            let [p, q, r, s] = [a, b, y, z].map(|x| rational(x).unwrap());
            closest = closest.max(part(mixture.of(ball(y, 0.0), ball(z, 0.0)), &((r * &q + s * &p) / (p + q))));
        }
        assert!(closest > 0.1, "{closest}");
    }

    #[test]
    fn rectified_and_nearest_balls_hold_what_their_numbers_become() {
        for (x, e) in [(1.0, 2.0), (-1.0, 2.0), (0.0, 1.0), (1.0, 1.0), (-1.0, 1.0), (3.0, 2.0), (-3.0, 2.0)] {
            let ball = Ball { x, e };
            let parts = ends(ball).map(|z| part(ball.rectified(), &if z > 0 { z } else { Rational::new() }));
            assert!(parts.iter().all(|&part| part > 0.999) || ball.rectified() == Ball::ZERO, "{ball:?}: {parts:?}");
        }
        let half_a_place: Rational = Rational::from(1) + (Rational::from(1) << -53) - (Rational::from(1) << -80);
        for exponent in [0, 700, -400, -1060] {
            let closest = part(Ball::near(&(half_a_place.clone() << exponent)), &(half_a_place.clone() << exponent));
            assert!(exponent < -400 || closest > 0.1, "{closest}");
        }
    }

    /// Every rounding of a sum loses something. The bias is as far from its double as possible, while the rest of the sum is lost.
    #[test]
    fn no_rounding_of_a_sum_is_missing_from_its_ball() {
        use crate::exact::lossy::LossySum;
        let value = |sum: &LossySum| {
            let n = sum.weights.len();
            let layer =
                Layer::from_rationals(DMatrix::from_fn(1, n, |_, j| sum.weights[j].clone()), DVector::from_element(1, sum.bias.clone()));
            let steps = Arc::new(Lowered::of_stack(&Stack::new(vec![layer]).unwrap()));
            let corner: Vec<Ball> = sum.inputs.iter().map(Ball::near).collect();
            let mut balls = Balls::new(steps, Arc::new(vec![vec![0; n], vec![0]]), vec![corner]);
            part(balls.value(&[Place::Corner(0)], 0, 0, 0), &sum.exact())
        };
        for n in [1, 2, 8, 50] {
            let closest = value(&LossySum::new(n, usize::MAX));
            assert!(closest > 0.3, "{n}: {closest}");
        }
        let power = |e: i32| Rational::from(1) << e;
        let bias = power(-26) + 1 + power(-53) - power(-80);
        let closest = value(&LossySum { weights: vec![power(-33)], inputs: vec![power(-20)], bias, roundings: 2 });
        assert!(closest > 0.2, "{closest}");
    }

    /// The products are beyond 2^1024 and their errors below, so that the sum is infinite though the margins are finite.
    #[test]
    fn what_overflows_has_no_certain_sign() {
        let diagonal = |x: f64| Layer::from_f64(DMatrix::from_diagonal_element(2, 2, x), DVector::zeros(2));
        let network = Stack::new(vec![diagonal(2f64.powi(600)), diagonal(2f64.powi(440)), diagonal(1.0)]).unwrap();
        let steps = Arc::new(Lowered::of_stack(&network));
        // Without scaling, so that it overflows.
        let exponents = Arc::new(vec![vec![0; 2]; 4]);
        let near = Ball::near(&Rational::from((1, 3)));
        let mut balls = Balls::new(steps, exponents, vec![vec![near; 2]]);
        assert_eq!(balls.sign(&[Place::Corner(0)], 0, 0, 0), Some(Ordering::Greater));
        assert!(balls.value(&[Place::Corner(0)], 0, 1, 0).x.is_infinite());
        assert_eq!(balls.sign(&[Place::Corner(0)], 0, 1, 0), None);
    }
}
