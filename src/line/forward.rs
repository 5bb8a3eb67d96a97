//! The exact forms along one segment: layers as integers, and a forward pass that computes only what is asked for.

use crate::data::Points;
use crate::exact::{
    dyadic_parts,
    forms::{Form, WideSum},
};
use crate::network::Layer;
use rug::{Integer, Rational};

/// Integers that mostly fit a machine word.
#[derive(Clone, Debug)]
enum Whole {
    Small(Vec<i64>),
    Big(Vec<Integer>),
}

impl Whole {
    fn new(values: impl Iterator<Item = Integer>) -> Self {
        let mut small = Vec::new();
        let mut values = values.peekable();
        while let Some(x) = values.next_if(|x| x.to_i64().is_some()) {
            small.push(x.to_i64().expect("just tested"));
        }
        if values.peek().is_none() {
            return Self::Small(small);
        }
        Self::Big(small.into_iter().map(Integer::from).chain(values).collect())
    }

    /// total += self[k] * x
    fn add_product(&self, k: usize, x: &Integer, total: &mut Integer) {
        match self {
            Self::Small(w) => *total += x * w[k],
            Self::Big(w) => *total += x * &w[k],
        }
    }

    fn get(&self, k: usize) -> Integer {
        match self {
            Self::Small(w) => Integer::from(w[k]),
            Self::Big(w) => w[k].clone(),
        }
    }
}

/// A layer scaled to integers: weights and bias times `factor`, the least positive integer that makes them whole.
#[derive(Clone, Debug)]
pub(crate) struct WholeLayer {
    inputs: usize,
    outputs: usize,
    weights: Whole,
    bias: Whole,
    factor: Integer,
}

impl WholeLayer {
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    pub(crate) fn new(layer: &Layer) -> Self {
        let (inputs, outputs) = (layer.inputs(), layer.outputs());
        if layer.is_dyadic() {
            let weights = (0..inputs * outputs).map(|k| layer.weights()[(k / inputs, k % inputs)]);
            let exponent = |x: f64| dyadic_parts(x).1;
            let least = weights.clone().chain(layer.bias().iter().copied()).map(exponent).min().unwrap_or(0).min(0);
            let whole = |x: f64| {
                let (m, e) = dyadic_parts(x);
                Integer::from(m) << if m == 0 { 0 } else { (e - least) as u32 }
            };
            let (weights, bias) = (Whole::new(weights.map(whole)), Whole::new(layer.bias().iter().copied().map(whole)));
            return Self { inputs, outputs, weights, bias, factor: Integer::from(1) << least.unsigned_abs() };
        }
        let weights = || (0..inputs * outputs).map(|k| layer.weight(k / inputs, k % inputs));
        let bias = || (0..outputs).map(|i| layer.bias_of(i));
        let factor = common_denominator(weights().chain(bias()));
        let whole = |q: Rational| scaled(q, &factor);
        let (weights, bias) = (Whole::new(weights().map(whole)), Whole::new(bias().map(whole)));
        Self { inputs, outputs, weights, bias, factor }
    }
}

/// The least common multiple of the denominators.
fn common_denominator(values: impl Iterator<Item = Rational>) -> Integer {
    let mut factor = Integer::from(1);
    for q in values {
        if !factor.is_divisible(q.denom()) {
            factor.lcm_mut(q.denom());
        }
    }
    factor
}

/// q times a multiple of its denominator.
fn scaled(q: Rational, factor: &Integer) -> Integer {
    let (numerator, denominator) = q.into_numer_denom();
    numerator * Integer::from(factor.div_exact_ref(&denominator))
}

/// The exact forms along one segment, computed when asked for and kept while the pattern below stays the same.
#[derive(Debug)]
pub(crate) struct ForwardForms {
    input: Vec<Form>,
    small_input: Option<Vec<(i64, i64)>>,
    /// The scale of the inputs of each layer.
    scales: Vec<Integer>,
    layers: Vec<CachedLayer>,
}

#[derive(Debug, Default)]
struct CachedLayer {
    /// The patterns of the layers below for which the forms hold.
    below: Vec<Vec<u64>>,
    forms: Vec<Option<Form>>,
}

impl ForwardForms {
    /// The forms along the segment from a row of one set of points to a row of another, of one dimension.
    pub(crate) fn new(from: (&Points, usize), to: (&Points, usize), layers: &[&WholeLayer]) -> Self {
        let coordinates: Vec<(Rational, Rational)> =
            (0..from.0.dimension()).map(|j| (from.0.coordinate(from.1, j), to.0.coordinate(to.1, j))).collect();
        let scale = common_denominator(coordinates.iter().flat_map(|(a, b)| [a.clone(), b.clone()]));
        let form = |(a, b): (Rational, Rational)| {
            let (b, a) = (scaled(b, &scale), scaled(a, &scale));
            Form { a: b - &a, b: a }
        };
        let input: Vec<Form> = coordinates.into_iter().map(form).collect();
        let small_input = input.iter().map(|f| Some((f.b.to_i64()?, f.a.to_i64()?))).collect();
        let mut scales = vec![scale];
        for layer in layers {
            let next = Integer::from(&scales[scales.len() - 1] * &layer.factor);
            scales.push(next);
        }
        let empty = |layer: &&WholeLayer| CachedLayer { below: Vec::new(), forms: vec![None; layer.outputs] };
        Self { input, small_input, scales, layers: layers.iter().map(empty).collect() }
    }

    /// The exact form of a unit where the layers below have the patterns `below`, words of 64 bits a layer.
    pub(crate) fn form(&mut self, layers: &[&WholeLayer], layer: usize, unit: usize, below: &[Vec<u64>]) -> Form {
        for l in 0..=layer {
            if self.layers[l].below[..] != below[..l] {
                self.layers[l].below = below[..l].to_vec();
                self.layers[l].forms.fill(None);
            }
        }
        self.fill(layers, layer, unit, below);
        self.layers[layer].forms[unit].clone().expect("just filled")
    }

    fn fill(&mut self, layers: &[&WholeLayer], layer: usize, unit: usize, below: &[Vec<u64>]) {
        if self.layers[layer].forms[unit].is_some() {
            return;
        }
        let whole = layers[layer];
        let row = unit * whole.inputs;
        let mut form = Form { b: whole.bias.get(unit) * &self.scales[layer], a: Integer::new() };
        if layer == 0 {
            match (&self.small_input, &whole.weights) {
                (Some(input), Whole::Small(w)) => {
                    // |x|, |w| < 2^63, so a sum of up to 2^20 products needs 146 bits: two halves, each exact in 128.
                    let (mut b, mut a) = (WideSum::default(), WideSum::default());
                    for (&(x, d), &w) in input.iter().zip(&w[row..row + whole.inputs]) {
                        b.add(x, w);
                        a.add(d, w);
                    }
                    form.b += b.total();
                    form.a += a.total();
                }
                _ => {
                    for (j, x) in self.input.iter().enumerate() {
                        whole.weights.add_product(row + j, &x.b, &mut form.b);
                        whole.weights.add_product(row + j, &x.a, &mut form.a);
                    }
                }
            }
        } else {
            for j in set_bits(&below[layer - 1]) {
                self.fill(layers, layer - 1, j, below);
                let x = self.layers[layer - 1].forms[j].as_ref().expect("just filled");
                whole.weights.add_product(row + j, &x.b, &mut form.b);
                whole.weights.add_product(row + j, &x.a, &mut form.a);
            }
        }
        self.layers[layer].forms[unit] = Some(form);
    }
}

/// The places of the set bits, ascending.
pub(crate) fn set_bits(words: &[u64]) -> impl Iterator<Item = usize> + '_ {
    words.iter().enumerate().flat_map(|(w, &word)| {
        let mut rest = word;
        std::iter::from_fn(move || {
            let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
            rest &= rest - 1;
            Some(w * 64 + bit)
        })
    })
}
