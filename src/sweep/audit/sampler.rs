//! Sampling as it is usually done: points on the segment, through the network in floating point.

use crate::network::{Network, Pattern};
use std::ops::{Add, Mul, Sub};

/// The floating-point numbers that networks are usually evaluated in.
pub trait Float: Copy + PartialOrd + Send + Sync + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    /// 0 and 1.
    const ZERO: Self;
    /// See [`Float::ZERO`].
    const ONE: Self;
    /// The nearest such number.
    fn nearest(x: f64) -> Self;
    /// k / n, rounded.
    fn ratio(k: usize, n: usize) -> Self;
    /// The mean of two, and `None` where none lies between.
    fn between(self, other: Self) -> Option<Self>;
}

macro_rules! float {
    ($float:ty) => {
        impl Float for $float {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            fn nearest(x: f64) -> Self {
                x as Self
            }
            fn ratio(k: usize, n: usize) -> Self {
                k as Self / n as Self
            }
            fn between(self, other: Self) -> Option<Self> {
                let middle = 0.5 * self + 0.5 * other;
                (middle > self && middle < other).then_some(middle)
            }
        }
    };
}
float!(f32);
float!(f64);

/// A network in floating point of one precision.
pub struct Sampler<F> {
    layers: Vec<(Vec<F>, Vec<F>)>,
}

impl<F: Float> Sampler<F> {
    /// The network with its coefficients rounded.
    pub fn new(network: &Network) -> Self {
        let layer = |layer: &crate::network::Layer| {
            let rows = layer.weights().transpose();
            (rows.iter().map(|&x| F::nearest(x)).collect(), layer.bias().iter().map(|&x| F::nearest(x)).collect())
        };
        Self { layers: network.layers()[..network.depth()].iter().map(layer).collect() }
    }

    /// The patterns of all hidden units at n points t = 0, 1/(n-1), ..., 1 of x(t) = (1-t) a + t b; n at least 2.
    pub fn patterns(&self, from: &[f64], to: &[f64], n: usize) -> Vec<Pattern> {
        (0..n).map(|k| self.pattern(from, to, F::ratio(k, n - 1))).collect()
    }

    /// The patterns at the points where neighbouring patterns differ in more than one bit until none do: both ends first, then the
    /// middle between two such points, as long as the precision has one; the class-adaptive sampling of arXiv 2503.08502.
    pub fn adaptive_patterns(&self, from: &[f64], to: &[f64]) -> Vec<Pattern> {
        let [left, right] = [F::ZERO, F::ONE].map(|t| (t, self.pattern(from, to, t)));
        let mut found = vec![left.1.clone()];
        // Depth first, from the left, so that they come in order.
        let mut stack = vec![(left, right)];
        while let Some((left, right)) = stack.pop() {
            match if left.1.hamming(&right.1) > 1 { left.0.between(right.0) } else { None } {
                Some(t) => {
                    let middle = (t, self.pattern(from, to, t));
                    stack.push((middle.clone(), right));
                    stack.push((left, middle));
                }
                None => found.push(right.1),
            }
        }
        found
    }

    fn pattern(&self, from: &[f64], to: &[f64], t: F) -> Pattern {
        let mut x: Vec<F> = from.iter().zip(to).map(|(&a, &b)| (F::ONE - t) * F::nearest(a) + t * F::nearest(b)).collect();
        let mut bits = Vec::new();
        for (weights, bias) in &self.layers {
            let z = weights.chunks_exact(x.len()).zip(bias).map(|(row, &b)| dot(row, &x) + b);
            let h: Vec<F> = z.map(|z| if z > F::ZERO { z } else { F::ZERO }).collect();
            bits.extend(h.iter().map(|h| *h > F::ZERO));
            x = h;
        }
        bits.into_iter().collect()
    }
}

/// A sum in eight parts, as vectorised products take it.
fn dot<F: Float>(row: &[F], x: &[F]) -> F {
    let (rows, xs) = (row.as_chunks::<8>(), x.as_chunks::<8>());
    let mut sums = [F::ZERO; 8];
    for (row, x) in rows.0.iter().zip(xs.0) {
        for i in 0..8 {
            sums[i] = sums[i] + row[i] * x[i];
        }
    }
    let rest = rows.1.iter().zip(xs.1).fold(F::ZERO, |sum, (&w, &x)| sum + w * x);
    sums.into_iter().fold(rest, |sum, x| sum + x)
}
