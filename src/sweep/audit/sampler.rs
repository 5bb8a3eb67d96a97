//! Sampling as in common practice: points on the segment go through the network in floating point.

use super::nodes::FloatNodes;
use crate::network::{Layer, Network, Pattern};
use num_traits::{AsPrimitive, Float};

/// The patterns at points of a segment, in order.
#[derive(Default)]
pub(super) struct Sampled {
    /// The number of points.
    pub points: u64,
    /// Their patterns without consecutive repetitions; these are far fewer than the points.
    pub patterns: Vec<Pattern>,
}

impl Sampled {
    fn push(&mut self, pattern: Pattern) {
        self.points += 1;
        if self.patterns.last() != Some(&pattern) {
            self.patterns.push(pattern);
        }
    }
}

/// A network in floating point of one precision, with rounded coefficients.
pub(super) struct Sampler<F>(Forward<F>);

enum Forward<F> {
    /// The weights row by row, and the biases, of each hidden layer.
    Layers(Vec<(Vec<F>, Vec<F>)>),
    Nodes(FloatNodes<F>),
}

impl<F: Float + AsPrimitive<f64>> Sampler<F>
where
    f64: AsPrimitive<F>,
    usize: AsPrimitive<F>,
{
    pub(super) fn new(network: &Network) -> Self {
        let Some(layers) = network.layers() else { return Self(Forward::Nodes(FloatNodes::new(network))) };
        let layer = |layer: &Layer| {
            let rows = layer.weights().transpose();
            (rows.iter().map(|&x| x.as_()).collect(), layer.bias().iter().map(|&x| x.as_()).collect())
        };
        Self(Forward::Layers(layers[..network.depth()].iter().map(layer).collect()))
    }

    /// The patterns of all hidden units at n points t = 0, 1/(n-1), ..., 1 of x(t) = (1-t) a + t b; n at least 2.
    pub(super) fn patterns(&self, from: &[f64], to: &[f64], n: usize) -> Sampled {
        let mut sampled = Sampled::default();
        (0..n).for_each(|k| sampled.push(self.pattern(from, to, k.as_() / (n - 1).as_())));
        sampled
    }

    /// The patterns of adaptive sampling: both ends first, and then the middle between two neighbouring points whose patterns differ in
    /// more than one bit, as long as there are such points and the precision has a number between them. This is the class-adaptive sampling
    /// of arXiv 2503.08502.
    pub(super) fn adaptive_patterns(&self, from: &[f64], to: &[f64]) -> Sampled {
        let [left, right] = [F::zero(), F::one()].map(|t| (t, self.pattern(from, to, t)));
        let mut found = Sampled::default();
        found.push(left.1.clone());
        // The search is depth first from the left, so that the patterns are in order.
        let mut stack = vec![(left, right)];
        while let Some((left, right)) = stack.pop() {
            match if left.1.hamming(&right.1) > 1 { between(left.0, right.0) } else { None } {
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
        let mut x: Vec<F> = from.iter().zip(to).map(|(&a, &b)| (F::one() - t) * a.as_() + t * b.as_()).collect();
        let layers = match &self.0 {
            Forward::Layers(layers) => layers,
            Forward::Nodes(nodes) => return nodes.pattern(x),
        };
        let mut bits = Vec::new();
        for (weights, bias) in layers {
            let z = weights.chunks_exact(x.len()).zip(bias).map(|(row, &b)| dot(row, &x) + b);
            let h: Vec<F> = z.map(|z| if z > F::zero() { z } else { F::zero() }).collect();
            bits.extend(h.iter().map(|h| *h > F::zero()));
            x = h;
        }
        bits.into_iter().collect()
    }
}

/// A dot product as eight partial sums, as in vectorised code.
fn dot<F: Float>(row: &[F], x: &[F]) -> F {
    let (rows, xs) = (row.as_chunks::<8>(), x.as_chunks::<8>());
    let mut sums = [F::zero(); 8];
    for (row, x) in rows.0.iter().zip(xs.0) {
        for i in 0..8 {
            sums[i] = sums[i] + row[i] * x[i];
        }
    }
    let rest = rows.1.iter().zip(xs.1).fold(F::zero(), |sum, (&w, &x)| sum + w * x);
    sums.into_iter().fold(rest, |sum, x| sum + x)
}

/// The mean of two numbers; `None` if there is no number between them.
fn between<F: Float>(x: F, y: F) -> Option<F> {
    let half = F::one() / (F::one() + F::one());
    let middle = half * x + half * y;
    (middle > x && middle < y).then_some(middle)
}
