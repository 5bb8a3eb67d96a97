//! Numbers between which elements are for every input of the network, by their operations alone: an exponential is above 0, and a mean of squares plus an
//! epsilon is at least the epsilon (proofs/smooth.md, section 2.4).

use super::ball::Ball;
use super::number::{Number, TINY};
use super::plan::{NodePlan, Rows};
use crate::network::Smooth;
use crate::network::graph::{Domain, Node, Operation};
use rug::Rational;

/// All numbers between two doubles, which may be infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    pub lo: f64,
    pub hi: f64,
    /// Whether the lower end is not one of them.
    pub is_open: bool,
}

impl Range {
    pub const ALL: Self = Self { lo: f64::NEG_INFINITY, hi: f64::INFINITY, is_open: true };
    const POSITIVE: Self = Self { lo: 0.0, ..Self::ALL };
    const NOT_NEGATIVE: Self = Self { is_open: false, ..Self::POSITIVE };

    pub fn is_positive(&self) -> bool {
        self.lo > 0.0 || (self.lo == 0.0 && self.is_open)
    }

    pub fn is_in(&self, domain: Domain) -> bool {
        match domain {
            Domain::All => true,
            Domain::NotZero => self.is_positive() || self.hi < 0.0,
            Domain::Positive => self.is_positive(),
        }
    }

    /// The ranges of the elements of a node; an empty list if nothing is known of any.
    pub fn of_node(node: &Node, rows: Option<&Rows>, nodes: &[NodePlan]) -> Vec<Self> {
        let of = |from: usize, i: usize| nodes[from].range(i);
        let elements = 0..node.len();
        let ranges: Vec<Self> = match &node.operation {
            Operation::Affine(affine) if affine.terms.iter().any(|term| !nodes[term.from].ranges.is_empty()) => {
                let rows = rows.expect("affine nodes have rows");
                // The elements of all nodes below, by their numbers.
                let below = |column: usize| {
                    let n = nodes.partition_point(|node| node.offset <= column) - 1;
                    nodes[n].range(column - nodes[n].offset)
                };
                elements.map(|i| Self::of_row(rows, i, below)).collect()
            }
            Operation::Smooth { from, function, .. } => elements.map(|i| Self::of_function(function, of(*from, i))).collect(),
            Operation::Product([x, y]) if x == y => elements.map(|_| Self::NOT_NEGATIVE).collect(),
            Operation::Product([x, y]) => elements.map(|i| Self::of_product(of(*x, i), of(*y, i))).collect(),
            Operation::Quotient([x, y]) => elements.map(|i| Self::of_quotient(of(*x, i), of(*y, i))).collect(),
            _ => Vec::new(),
        };
        if ranges.iter().all(|range| *range == Self::ALL) { Vec::new() } else { ranges }
    }

    /// The range of a sum of products of weights with elements, and a constant. Sums and products of doubles are rounded outward by a step.
    fn of_row(rows: &Rows, i: usize, below: impl Fn(usize) -> Self) -> Self {
        let row = rows.row(i);
        let bias = if row.bias_is_double { [row.bias_double; 2] } else { [row.bias_double.next_down(), row.bias_double.next_up()] };
        let mut sum = Self { lo: bias[0], hi: bias[1], is_open: false };
        // A sum with 0 is exact.
        let add = |x: f64, y: f64, step: fn(f64) -> f64| if x == 0.0 || y == 0.0 { x + y } else { step(x + y) };
        let times = |w: f64, x: f64, step: fn(f64) -> f64| if x == 0.0 { 0.0 } else { step(w * x) };
        for (&j, &w) in row.columns.iter().zip(row.weights) {
            if w == 0.0 {
                if !rows.has_doubles() {
                    return Self::ALL; // It may be the nearest double of another number.
                }
                continue;
            }
            let Self { lo, hi, is_open } = below(j as usize);
            let ends = if w > 0.0 { [lo, hi] } else { [hi, lo] };
            // Of a rational weight, the double is the nearest one.
            let weights = if rows.has_doubles() { [w, w] } else { [w.next_down(), w.next_up()] };
            let low = weights.map(|w| times(w, ends[0], f64::next_down)).into_iter().fold(f64::INFINITY, f64::min);
            let high = weights.map(|w| times(w, ends[1], f64::next_up)).into_iter().fold(f64::NEG_INFINITY, f64::max);
            sum = Self {
                lo: add(sum.lo, low, f64::next_down),
                hi: add(sum.hi, high, f64::next_up),
                is_open: sum.is_open || (w > 0.0 && is_open),
            };
        }
        if sum.lo.is_nan() || sum.hi.is_nan() { Self::ALL } else { sum }
    }

    fn of_function(function: &Smooth, x: Self) -> Self {
        let unit = Self { lo: -1.0, hi: 1.0, is_open: true };
        match function {
            Smooth::Exp | Smooth::Softplus { .. } => Self::POSITIVE,
            Smooth::Sigmoid => Self { hi: 1.0, ..Self::POSITIVE },
            Smooth::Tanh | Smooth::Erf | Smooth::Softsign => unit,
            Smooth::Power { exponent } => Self::of_power(exponent, x),
            _ => Self::ALL,
        }
    }

    fn of_power(exponent: &Rational, x: Self) -> Self {
        let is_even = exponent.is_integer() && exponent.numer().is_even();
        if x.is_positive() || !exponent.is_integer() {
            // Where the least argument is known, the usual powers have the ends of their values.
            let end = |x: f64| {
                if *exponent == -1 {
                    Some(1.0 / x)
                } else if *exponent == Rational::from((1, 2)) {
                    Some(x.sqrt())
                } else if *exponent == Rational::from((-1, 2)) {
                    Some(1.0 / x.sqrt())
                } else {
                    None
                }
            };
            return match end(x.lo).filter(|_| x.lo > 0.0) {
                // Two roundings are less than three steps, below the normal numbers too.
                Some(y) if *exponent < 0 => Self { hi: y.next_up().next_up().next_up(), ..Self::POSITIVE },
                Some(y) => Self { lo: y.next_down().next_down().next_down(), ..Self::POSITIVE },
                None => Self::POSITIVE,
            };
        }
        match (is_even, *exponent > 0) {
            (true, true) => Self::NOT_NEGATIVE,
            (true, false) => Self::POSITIVE,
            (false, _) => Self::ALL,
        }
    }

    fn of_product(x: Self, y: Self) -> Self {
        if x.lo < 0.0 || y.lo < 0.0 {
            return Self::ALL;
        }
        let hi = (x.hi * y.hi).next_up();
        Self { lo: 0.0, hi: if hi.is_nan() { f64::INFINITY } else { hi }, is_open: x.is_positive() && y.is_positive() }
    }

    fn of_quotient(x: Self, y: Self) -> Self {
        if x.lo < 0.0 || !y.is_positive() {
            return Self::ALL;
        }
        Self { is_open: x.is_positive(), ..Self::POSITIVE }
    }
}

impl Range {
    /// The numbers of a ball that are also in the range.
    pub fn of<N: Number>(&self, ball: Ball<N>) -> Ball<N> {
        if *self == Self::ALL {
            return ball;
        }
        let inexact = ball.rad != 0.0;
        let clipped = ball.clipped(self.lo, self.hi);
        // If a single number is left, it is not exact as those of section 3.3 are: it says nothing of other times.
        if inexact && clipped.rad == 0.0 { clipped.widened(TINY) } else { clipped }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1/x, sqrt x and 1/sqrt x of the least argument against the ranges, down to results below the normal doubles.
    #[test]
    fn ends_of_powers_are_rounded_outward() {
        let mut state = 3;
        for case in 0..3000 {
            state = crate::exact::random::next(state);
            // Any positive double; every other one is large, so that 1/x is below the normal doubles.
            let bits = if case % 2 == 0 { state >> 2 } else { f64::MAX.to_bits() - (state >> 13) };
            let x = f64::from_bits(bits);
            if !x.is_finite() || x == 0.0 {
                continue;
            }
            let of = |exponent: (i32, i32)| Range::of_power(&Rational::from(exponent), Range { lo: x, ..Range::ALL });
            let exact = crate::exact::rational(x).unwrap();
            let square = |y: f64| crate::exact::rational(y).map(|y| y.square());
            assert!(crate::exact::rational(of((-1, 1)).hi).is_none_or(|hi| hi >= exact.clone().recip()), "1/{x:e}");
            assert!(square(of((1, 2)).lo).unwrap() <= exact, "sqrt {x:e}");
            assert!(square(of((-1, 2)).hi).is_none_or(|hi| hi >= exact.recip()), "1/sqrt {x:e}");
        }
    }
}
