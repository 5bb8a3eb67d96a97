//! The exact forms along one segment through a stack of layers.

use super::bits::{is_set, set_bits};
use crate::data::Points;
use crate::exact::evaluator::Evaluator;
use crate::exact::forms::Form;
use crate::exact::{common_denominator, scaled};
use crate::network::lowered::WholeStack;
use rug::{Integer, Rational};

/// The exact forms along one segment. They are computed on demand, and kept while the pattern of the layers below is the same.
pub(super) struct ForwardForms<'a> {
    rows: &'a WholeStack,
    forms: Evaluator,
    /// For each layer, the pattern for which the forms of the layers above it were computed.
    below: Vec<Vec<u64>>,
}

impl<'a> ForwardForms<'a> {
    /// The forms along the segment from a row of one set of points to a row of another set of the same dimension; `ends` are the first
    /// layer's pre-activations at the two ends, as doubles.
    pub(super) fn new(from: (&Points, usize), to: (&Points, usize), rows: &'a WholeStack, ends: (&[f64], &[f64])) -> Self {
        let forms = from_exact_doubles(from.0, to.0, rows, ends).unwrap_or_else(|| {
            let (input, scale, bits) = input_forms(from, to);
            Evaluator::new(rows, input, &scale, bits)
        });
        Self { rows, forms, below: Vec::new() }
    }

    /// The exact form of a unit for the patterns `below` of the layers below it, each in words of 64 bits.
    pub(super) fn form(&mut self, layer: usize, unit: usize, below: &[Vec<u64>]) -> Form {
        let same = self.below.iter().zip(below).take_while(|(old, new)| old == new).count();
        if same < below.len() {
            // The forms of layer `same` are still valid; those above it were computed for another pattern.
            let old = if same < self.below.len() { std::mem::take(&mut self.below[same]) } else { Vec::new() };
            self.below.truncate(same);
            self.below.extend_from_slice(&below[same..]);
            self.forms.forget_from(same + 3);
            self.turn(same, &old, below);
        }
        self.forms.form(self.rows, layer + 1, unit, below).clone()
    }

    /// Updates the forms of the layer above `layer` for another pattern of `layer`: by the terms of the units that flipped if these are few,
    /// else by discarding the forms.
    fn turn(&mut self, layer: usize, old: &[u64], below: &[Vec<u64>]) {
        let new = &below[layer];
        let flipped: Vec<u64> = old.iter().zip(new).map(|(old, new)| old ^ new).collect();
        let count = |words: &[u64]| words.iter().map(|word| word.count_ones()).sum::<u32>();
        let (node, above) = (layer + 1, self.rows.layer(layer + 1));
        if old.is_empty() || count(&flipped) >= count(new) {
            (0..above.outputs).for_each(|unit| self.forms.forget(node + 1, unit));
            return;
        }
        let changes: Vec<(usize, bool)> = set_bits(&flipped).map(|j| (j as usize, is_set(new, j))).collect();
        for &(unit, _) in &changes {
            self.forms.form(self.rows, node, unit, below);
        }
        self.forms.turn(node + 1, node, &changes, |unit, j| above.weights.weight(unit * above.inputs + j));
    }
}

/// An evaluator with the forms of the first layer, if its sums are integers below 2^53 times one unit: then the doubles are exact for every
/// order of summation.
fn from_exact_doubles(from: &Points, to: &Points, rows: &WholeStack, ends: (&[f64], &[f64])) -> Option<Evaluator> {
    let ((least, most), (other_least, other_most)) = (from.grain()?, to.grain()?);
    let (least, most) = (least.min(other_least).min(0), most.max(other_most));
    let scale = Integer::from(1) << least.unsigned_abs();
    // The difference of two coordinates takes one bit more.
    let bits = u32::try_from(most - least + 1).ok()?.max(scale.significant_bits());
    let first = Some(rows.layer(0)).filter(|layer| layer.factor.is_power_of_two())?;
    if bits + first.bits? + usize::BITS - first.inputs.leading_zeros() + 1 > 52 {
        return None;
    }
    let unit = Integer::from(&scale * &first.factor).to_f64();
    // The coordinates are not needed, since the forms of the first layer are known.
    let mut forms = Evaluator::new(rows, Vec::new(), &scale, Some(bits));
    for (i, (from, to)) in ends.0.iter().zip(ends.1).enumerate().take(first.outputs) {
        forms.set(1, i, Form::Word { b: (from * unit) as i128, a: ((to - from) * unit) as i128 });
    }
    Some(forms)
}

/// The coordinates x(t) = a + (b - a) t as integer forms, their common scale, and the largest number of bits of all of these if they are words.
pub(super) fn input_forms(from: (&Points, usize), to: (&Points, usize)) -> (Vec<Option<Form>>, Integer, Option<u32>) {
    if let Some((words, scale)) = from.0.whole_pair(from.1, to.0, to.1) {
        let words: Vec<(i64, i64)> = words.into_iter().map(|(a, b)| (a, b - a)).collect();
        let largest = words.iter().map(|(b, a)| b.unsigned_abs().max(a.unsigned_abs())).max().unwrap_or(0);
        let bits = (u64::BITS - largest.leading_zeros()).max(scale.significant_bits());
        return (words.into_iter().map(|(b, a)| Some(Form::Word { b: b.into(), a: a.into() })).collect(), scale, Some(bits));
    }
    let coordinates: Vec<(Rational, Rational)> =
        (0..from.0.dimension()).map(|j| (from.0.coordinate(from.1, j), to.0.coordinate(to.1, j))).collect();
    let scale = common_denominator(coordinates.iter().flat_map(|(a, b)| [a.clone(), b.clone()]));
    let form = |(a, b): (Rational, Rational)| {
        let (a, b) = (scaled(a, &scale), scaled(b, &scale));
        Some(Form::Long { a: b - &a, b: a })
    };
    (coordinates.into_iter().map(form).collect(), scale, None)
}
