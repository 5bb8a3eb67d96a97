//! Sums of products whose roundings all lose as much as they can, in one direction. Tests compare the bounds of sums with them.

use super::nearest_f64;
use rug::Rational;

/// A sum of products of fractions, and a bias. Its computed value is too small by (1 - 2^-20) u times the first product for each rounding.
pub(crate) struct LossySum {
    pub weights: Vec<Rational>,
    pub inputs: Vec<Rational>,
    pub bias: Rational,
    /// The number of roundings that lose something.
    pub roundings: usize,
}

impl LossySum {
    /// The sum of n products, added in blocks of `block` terms one after the other, and then the blocks.
    ///
    /// The first weight and the first input are almost half a unit in the last place above a double, and so is the product of these
    /// doubles. Every other term, and the bias, is half a unit in the last place of the partial sum, whose last bit is 0, so it is lost. Of
    /// every block after the first, only its total is lost.
    pub(crate) fn new(n: usize, block: usize) -> Self {
        let power = |e: i32| Rational::from(1) << e;
        let almost_half = power(-53) - power(-80);
        let is_lost = |j: usize| j < block || j.is_multiple_of(block);
        let term = |j: usize, x: i32| if is_lost(j) { power(x) } else { Rational::new() };
        let mut weights: Vec<Rational> = (0..n).map(|j| term(j, -33)).collect();
        let mut inputs: Vec<Rational> = (0..n).map(|j| term(j, 20)).collect();
        weights[0] = power(-26) + 1 + &almost_half;
        inputs[0] = (power(-27) + 1 + almost_half) << 40;
        let terms = (1..n).filter(|&j| is_lost(j)).count();
        Self { weights, inputs, bias: power(-13), roundings: 3 + terms + 1 }
    }

    /// The nearest doubles of the weights, of the inputs and of the bias.
    pub(crate) fn doubles(&self) -> (Vec<f64>, Vec<f64>, f64) {
        let all = |numbers: &[Rational]| numbers.iter().map(nearest_f64).collect();
        (all(&self.weights), all(&self.inputs), nearest_f64(&self.bias))
    }

    /// The exact sum.
    pub(crate) fn exact(&self) -> Rational {
        self.weights.iter().zip(&self.inputs).map(|(w, x)| Rational::from(w * x)).sum::<Rational>() + &self.bias
    }
}
