//! The exact forms along one segment through a stack of layers, for the patterns below that are asked for.

use super::bits::{is_set, set_bits};
use crate::data::Points;
use crate::exact::evaluator::{Evaluator, Rows, Size, Weight};
use crate::exact::forms::Form;
use crate::exact::{common_denominator, scaled};
use crate::network::lowered::WholeLayer;
use rug::{Integer, Rational};

/// The layers as integers: layer l is node l + 1. A state is the patterns of the layers below, words of 64 bits a layer.
struct StackRows<'a> {
    layers: Vec<&'a WholeLayer>,
    /// The product of the factors below each layer.
    scales: Vec<Integer>,
}

impl<'a> StackRows<'a> {
    fn new(layers: Vec<&'a WholeLayer>) -> Self {
        let scales = layers.iter().scan(Integer::from(1), |scale, layer| {
            let next = Integer::from(&*scale * &layer.factor);
            Some(std::mem::replace(scale, next))
        });
        Self { scales: scales.collect(), layers }
    }
}

impl Rows for StackRows<'_> {
    type State = [Vec<u64>];

    fn nodes(&self) -> usize {
        self.layers.len() + 1
    }

    fn size(&self, node: usize) -> Size<'_> {
        let layer = self.layers[node - 1];
        Size { len: layer.outputs, below: vec![node - 1], bits: layer.bits, terms: layer.inputs, scale: &self.scales[node - 1] }
    }

    #[inline]
    fn for_terms<'a>(&'a self, node: usize, unit: usize, below: &[Vec<u64>], mut visit: impl FnMut(usize, usize, Weight<'a>)) {
        let layer = self.layers[node - 1];
        let row = unit * layer.inputs;
        match node {
            1 => (0..layer.inputs).for_each(|j| visit(0, j, layer.weights.weight(row + j))),
            _ => set_bits(&below[node - 2]).for_each(|j| visit(node - 1, j as usize, layer.weights.weight(row + j as usize))),
        }
    }

    fn constant(&self, node: usize, unit: usize, _: &[Vec<u64>]) -> Weight<'_> {
        self.layers[node - 1].bias.weight(unit)
    }
}

/// The exact forms along one segment, computed when asked for and kept while the pattern below stays the same.
pub(super) struct ForwardForms<'a> {
    rows: StackRows<'a>,
    forms: Evaluator,
    /// The patterns for which the forms hold: those of a layer for the patterns below it.
    below: Vec<Vec<u64>>,
}

impl<'a> ForwardForms<'a> {
    /// The forms along the segment from a row of one set of points to a row of another, of one dimension, with the first layer's
    /// pre-activations at the ends as doubles.
    pub(super) fn new(from: (&Points, usize), to: (&Points, usize), layers: Vec<&'a WholeLayer>, ends: (&[f64], &[f64])) -> Self {
        let rows = StackRows::new(layers);
        let forms = from_exact_doubles(from.0, to.0, &rows, ends).unwrap_or_else(|| {
            let (input, scale, bits) = input_forms(from, to);
            Evaluator::new(&rows, input, &scale, bits)
        });
        Self { rows, forms, below: Vec::new() }
    }

    /// The exact form of a unit where the layers below have the patterns `below`, words of 64 bits a layer.
    pub(super) fn form(&mut self, layer: usize, unit: usize, below: &[Vec<u64>]) -> Form {
        let same = self.below.iter().zip(below).take_while(|(old, new)| old == new).count();
        if same < below.len() {
            // The forms of layer `same` hold still; those above it were for another pattern.
            let old = if same < self.below.len() { std::mem::take(&mut self.below[same]) } else { Vec::new() };
            self.below.truncate(same);
            self.below.extend_from_slice(&below[same..]);
            self.forms.forget_from(same + 3);
            self.turn(same, &old, below);
        }
        self.forms.form(&self.rows, layer + 1, unit, below).clone()
    }

    /// The forms of the layer above `layer` for another pattern of `layer`: by what its units that flip add or take away, where these are few.
    fn turn(&mut self, layer: usize, old: &[u64], below: &[Vec<u64>]) {
        let new = &below[layer];
        let flipped: Vec<u64> = old.iter().zip(new).map(|(old, new)| old ^ new).collect();
        let count = |words: &[u64]| words.iter().map(|word| word.count_ones()).sum::<u32>();
        let (node, above) = (layer + 1, self.rows.layers[layer + 1]);
        if old.is_empty() || count(&flipped) >= count(new) {
            (0..above.outputs).for_each(|unit| self.forms.forget(node + 1, unit));
            return;
        }
        let changes: Vec<(usize, bool)> = set_bits(&flipped).map(|j| (j as usize, is_set(new, j))).collect();
        for &(unit, _) in &changes {
            self.forms.form(&self.rows, node, unit, below);
        }
        self.forms.turn(node + 1, node, &changes, |unit, j| above.weights.weight(unit * above.inputs + j));
    }
}

/// Where the sums of the first layer are integers below 2^53 of one unit, the doubles are exact, in whatever order they were summed.
fn from_exact_doubles(from: &Points, to: &Points, rows: &StackRows<'_>, ends: (&[f64], &[f64])) -> Option<Evaluator> {
    let ((least, most), (other_least, other_most)) = (from.grain()?, to.grain()?);
    let (least, most) = (least.min(other_least).min(0), most.max(other_most));
    let scale = Integer::from(1) << least.unsigned_abs();
    // One bit more for the difference of two coordinates.
    let bits = u32::try_from(most - least + 1).ok()?.max(scale.significant_bits());
    let first = rows.layers.first().filter(|layer| layer.factor.is_power_of_two())?;
    if bits + first.bits? + usize::BITS - first.inputs.leading_zeros() + 1 > 52 {
        return None;
    }
    let unit = Integer::from(&scale * &first.factor).to_f64();
    // The coordinates are not needed: the first layer's forms are known.
    let mut forms = Evaluator::new(rows, Vec::new(), &scale, Some(bits));
    for (i, (from, to)) in ends.0.iter().zip(ends.1).enumerate().take(first.outputs) {
        forms.set(1, i, Form::Word { b: (from * unit) as i128, a: ((to - from) * unit) as i128 });
    }
    Some(forms)
}

/// x(t) = a + (b - a) t as integer forms over a common scale, with that scale, and bits that hold all of these, where they are words.
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
