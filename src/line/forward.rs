//! The exact forms along one segment, by a forward pass that computes only the forms that are needed.

use super::bits::{is_set, set_bits};
use crate::data::Points;
use crate::exact::forms::{Form, WideSum};
use crate::exact::{common_denominator, scaled};
use crate::network::lowered::{Whole, WholeLayer};
use rug::{Integer, Rational};

/// The limit for the bits of a sum in 128-bit integers, with a reserve.
const WORD_BITS: u32 = 120;

/// The exact forms along one segment. They are computed when they are first used, and kept while the pattern of the layers below is the
/// same.
///
/// A layer whose forms are known to fit is computed in 128-bit integers, the others in integers of any length.
#[derive(Debug)]
pub(crate) struct ForwardForms {
    input: Input,
    layers: Vec<CachedLayer>,
    /// For each layer, the pattern for which the forms of the layers above it were computed.
    below: Vec<Vec<u64>>,
}

/// The coordinates as forms over a common scale.
#[derive(Debug)]
enum Input {
    Small(Vec<(i64, i64)>),
    Big(Vec<(Integer, Integer)>),
    /// The coordinates are not needed, since the forms of the first layer are known.
    Known,
}

#[derive(Debug)]
struct CachedLayer {
    /// The scale of the inputs of the layer, and the same as a word if the forms of the layer fit into words.
    scale: Integer,
    word_scale: Option<i128>,
    forms: Vec<Option<Form>>,
}

impl ForwardForms {
    /// The forms along the segment from a row of one set of points to a row of another set of the same dimension; `ends` are the first
    /// layer's pre-activations at the two ends, as doubles.
    pub(crate) fn new(from: (&Points, usize), to: (&Points, usize), layers: &[&WholeLayer], ends: (&[f64], &[f64])) -> Self {
        if let Some(forms) = Self::from_exact_doubles(from.0, to.0, layers, ends) {
            return forms;
        }
        let (input, scale) = input_forms(from, to);
        let bits = match &input {
            Input::Small(forms) => {
                let largest = forms.iter().map(|(b, a)| b.unsigned_abs().max(a.unsigned_abs())).max().unwrap_or(0);
                Some((u64::BITS - largest.leading_zeros()).max(scale.significant_bits()))
            }
            Input::Big(_) | Input::Known => None,
        };
        Self { layers: cached_layers(layers, scale, bits), input, below: Vec::new() }
    }

    /// If the sums of the first layer are integers below 2^53 times one unit, the doubles are exact for every order of summation.
    fn from_exact_doubles(from: &Points, to: &Points, layers: &[&WholeLayer], ends: (&[f64], &[f64])) -> Option<Self> {
        let ((least, most), (other_least, other_most)) = (from.grain()?, to.grain()?);
        let (least, most) = (least.min(other_least).min(0), most.max(other_most));
        let scale = Integer::from(1) << least.unsigned_abs();
        // The difference of two coordinates needs one bit more.
        let bits = u32::try_from(most - least + 1).ok()?.max(scale.significant_bits());
        let first = layers.first().filter(|layer| layer.factor.is_power_of_two())?;
        if bits + first.bits? + usize::BITS - first.inputs.leading_zeros() + 1 > 52 {
            return None;
        }
        let unit = Integer::from(&scale * &first.factor).to_f64();
        let mut layers = cached_layers(layers, scale, Some(bits));
        for ((form, from), to) in layers[0].forms.iter_mut().zip(ends.0).zip(ends.1) {
            *form = Some(Form::Word { b: (from * unit) as i128, a: ((to - from) * unit) as i128 });
        }
        Some(Self { layers, input: Input::Known, below: Vec::new() })
    }

    /// The exact form of a unit for the patterns `below` of the layers below, as words of 64 bits.
    pub(crate) fn form(&mut self, layers: &[&WholeLayer], layer: usize, unit: usize, below: &[Vec<u64>]) -> Form {
        let same = self.below.iter().zip(below).take_while(|(old, new)| old == new).count();
        if same < below.len() {
            // The forms of layer `same` are still valid; those above it belong to another pattern.
            let old = if same < self.below.len() { std::mem::take(&mut self.below[same]) } else { Vec::new() };
            self.below.truncate(same);
            self.below.extend_from_slice(&below[same..]);
            for layer in &mut self.layers[same + 2..] {
                layer.forms.fill(None);
            }
            self.turn(layers, same, &old, below);
        }
        self.fill(layers, layer, unit, below);
        self.layers[layer].forms[unit].clone().expect("just filled")
    }

    /// Updates the forms of the layer above `layer` to another pattern of `layer`: adds or subtracts the contributions of the units that
    /// flip, if these are few.
    fn turn(&mut self, layers: &[&WholeLayer], layer: usize, old: &[u64], below: &[Vec<u64>]) {
        let new = &below[layer];
        let changed: Vec<u64> = old.iter().zip(new).map(|(old, new)| old ^ new).collect();
        let count = |words: &[u64]| words.iter().map(|word| word.count_ones()).sum::<u32>();
        if old.is_empty() || count(&changed) >= count(new) {
            self.layers[layer + 1].forms.fill(None);
            return;
        }
        set_bits(&changed).for_each(|j| self.fill(layers, layer, j as usize, below));
        let (inputs, above) = self.layers.split_at_mut(layer + 1);
        let whole = layers[layer + 1];
        for (unit, form) in above[0].forms.iter_mut().enumerate() {
            let Some(form) = form else { continue };
            for j in set_bits(&changed) {
                let input = inputs[layer].forms[j as usize].as_ref().expect("just filled");
                whole.add_form(unit * whole.inputs + j as usize, is_set(new, j), input, form);
            }
        }
    }

    fn fill(&mut self, layers: &[&WholeLayer], layer: usize, unit: usize, below: &[Vec<u64>]) {
        if self.layers[layer].forms[unit].is_some() {
            return;
        }
        if layer > 0 {
            for j in set_bits(&below[layer - 1]) {
                self.fill(layers, layer - 1, j as usize, below);
            }
        }
        let whole = layers[layer];
        let form = match (&whole.weights, self.layers[layer].word_scale) {
            (Whole::Small(weights), Some(scale)) => {
                self.sum_of_words(&weights[unit * whole.inputs..][..whole.inputs], whole.bias.word(unit), scale, layer, below)
            }
            _ => self.long_sum(whole, unit, layer, below),
        };
        self.layers[layer].forms[unit] = Some(form);
    }

    fn sum_of_words(&self, weights: &[i64], bias: i64, scale: i128, layer: usize, below: &[Vec<u64>]) -> Form {
        let (mut b, mut a) = (i128::from(bias) * scale, 0);
        let mut add = |w: i64, x: i128, d: i128| {
            b += i128::from(w) * x;
            a += i128::from(w) * d;
        };
        match &self.input {
            Input::Small(input) if layer == 0 => {
                for (&w, &(x, d)) in weights.iter().zip(input) {
                    add(w, x.into(), d.into());
                }
            }
            _ => {
                for j in set_bits(&below[layer - 1]).map(|j| j as usize) {
                    match &self.layers[layer - 1].forms[j] {
                        Some(Form::Word { b, a }) => add(weights[j], *b, *a),
                        _ => unreachable!("below a layer of words there are only words"),
                    }
                }
            }
        }
        Form::Word { b, a }
    }

    fn long_sum(&self, whole: &WholeLayer, unit: usize, layer: usize, below: &[Vec<u64>]) -> Form {
        let row = unit * whole.inputs;
        let (mut b, mut a) = (whole.bias.get(unit) * &self.layers[layer].scale, Integer::new());
        let mut add = |j: usize, x: &Integer, d: &Integer| {
            whole.weights.add_product(row + j, x, &mut b);
            whole.weights.add_product(row + j, d, &mut a);
        };
        if layer > 0 {
            for j in set_bits(&below[layer - 1]).map(|j| j as usize) {
                match &self.layers[layer - 1].forms[j] {
                    Some(Form::Long { b, a }) => add(j, b, a),
                    Some(Form::Word { b, a }) => add(j, &Integer::from(*b), &Integer::from(*a)),
                    None => unreachable!("a form is filled before it is read"),
                }
            }
            return Form::Long { b, a };
        }
        match (&self.input, &whole.weights) {
            (Input::Small(input), Whole::Small(w)) => {
                // Products of words of 64 bits may be too large for a sum of 128 bits.
                let (mut sum, mut slope) = (WideSum::default(), WideSum::default());
                for (&(x, d), &w) in input.iter().zip(&w[row..row + whole.inputs]) {
                    sum.add(x, w);
                    slope.add(d, w);
                }
                b += sum.total();
                a += slope.total();
            }
            (Input::Small(input), Whole::Big(_)) => {
                for (j, &(x, d)) in input.iter().enumerate() {
                    add(j, &x.into(), &d.into());
                }
            }
            (Input::Big(input), _) => input.iter().enumerate().for_each(|(j, (x, d))| add(j, x, d)),
            (Input::Known, _) => unreachable!("the forms of the first layer are known"),
        }
        Form::Long { b, a }
    }
}

/// The layers with their scales and without forms, from the scale of the coordinates and the bits of coordinates and scale.
fn cached_layers(layers: &[&WholeLayer], mut scale: Integer, mut bits: Option<u32>) -> Vec<CachedLayer> {
    let layers = layers.iter().map(|layer| {
        // |b|, |a| and the scale are below 2^bits, so the sums of the next layer are below 2^(bits + weights + inputs + 1).
        bits = bits.zip(layer.bits).map(|(bits, weights)| bits + weights + usize::BITS - layer.inputs.leading_zeros() + 1);
        bits = bits.filter(|&bits| bits <= WORD_BITS);
        let next = Integer::from(&scale * &layer.factor);
        let scale = std::mem::replace(&mut scale, next);
        let word_scale = bits.and_then(|_| scale.to_i128());
        CachedLayer { scale, word_scale, forms: vec![None; layer.outputs] }
    });
    layers.collect()
}

/// The coordinates of x(t) = a + (b - a) t as integer forms over a common scale.
fn input_forms(from: (&Points, usize), to: (&Points, usize)) -> (Input, Integer) {
    if let Some((words, scale)) = from.0.whole_pair(from.1, to.0, to.1) {
        return (Input::Small(words.into_iter().map(|(a, b)| (a, b - a)).collect()), scale);
    }
    let coordinates: Vec<(Rational, Rational)> =
        (0..from.0.dimension()).map(|j| (from.0.coordinate(from.1, j), to.0.coordinate(to.1, j))).collect();
    let scale = common_denominator(coordinates.iter().flat_map(|(a, b)| [a.clone(), b.clone()]));
    let form = |(a, b): (Rational, Rational)| {
        let (b, a) = (scaled(b, &scale), scaled(a, &scale));
        (a.clone(), b - a)
    };
    (Input::Big(coordinates.into_iter().map(form).collect()), scale)
}
