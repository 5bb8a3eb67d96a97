//! A network as steps: affine maps, of whose results some are rectified and the others go on as they are.
//!
//! A stack has one step a layer, of which all is rectified; how other networks become steps is told in [`lower`](super::lower).

use super::memory::of_terms;
use crate::exact::Coefficient;
use crate::network::graph::{Coefficients, Graph};
use crate::network::{Layer, LayerBits, Pattern, Selection, Stack, UnitSet};
use nalgebra::{DMatrix, DVector};
use rug::Rational;
use std::sync::Arc;

/// Units whose signs are at hand at once: the bits of a word.
pub(super) const STAGE: usize = 64;

/// An affine form: terms (column, coefficient) with ascending columns, and a constant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Form {
    pub terms: Vec<(u32, Coefficient)>,
    pub constant: Coefficient,
}

impl Default for Form {
    fn default() -> Self {
        Self { terms: Vec::new(), constant: Coefficient::ZERO }
    }
}

impl Form {
    /// The form of one column.
    pub(super) fn column(column: u32) -> Self {
        Self { terms: vec![(column, Coefficient::ONE)], constant: Coefficient::ZERO }
    }

    /// The sum of some forms, each times a factor, and a constant.
    pub(super) fn sum<'a>(parts: impl Iterator<Item = (Coefficient, &'a Form)>, mut constant: Coefficient) -> Self {
        let mut terms: Vec<(u32, Coefficient)> = Vec::new();
        for (factor, form) in parts {
            if !form.constant.is_zero() {
                constant = constant.plus(&factor.times(&form.constant));
            }
            terms.extend(form.terms.iter().map(|(column, x)| (*column, factor.times(x))));
        }
        terms.sort_by_key(|&(column, _)| column);
        terms.dedup_by(|(column, x), (last, sum)| {
            let is_same = column == last;
            if is_same {
                *sum = sum.plus(x);
            }
            is_same
        });
        terms.retain(|(_, x)| !x.is_zero());
        Self { terms, constant }
    }

    /// The difference of two forms.
    pub(super) fn minus(&self, other: &Self) -> Self {
        Self::sum([(Coefficient::ONE, self), (Coefficient::of(-1.0), other)].into_iter(), Coefficient::ZERO)
    }
}

/// An affine map of which the first `units` results are rectified, max(z, 0), and the others are not.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub map: StepMap,
    /// How many results are units: they cut, and are rectified.
    pub units: usize,
    /// The hidden layer that it is part of; of the output the last one.
    pub layer: usize,
}

/// How the map is stored.
#[derive(Clone, Debug)]
pub(super) enum StepMap {
    Dense(Layer),
    Sparse(SparseMap),
}

/// An affine map by its entries that are not 0, row by row.
#[derive(Clone, Debug)]
pub(super) struct SparseMap {
    pub inputs: usize,
    /// The first entry of each row, and the end.
    pub starts: Vec<usize>,
    pub columns: Vec<u32>,
    pub weights: Coefficients,
    pub bias: Coefficients,
}

impl SparseMap {
    /// The entries of a row.
    pub(super) fn row(&self, output: usize) -> std::ops::Range<usize> {
        self.starts[output]..self.starts[output + 1]
    }
}

impl Step {
    fn of_layer(layer: Layer, units: usize, at: usize) -> Self {
        Self { map: StepMap::Dense(layer), units, layer: at }
    }

    /// The step of these forms, of which the first are units.
    pub(super) fn of_forms(inputs: usize, forms: Vec<Form>, units: usize, layer: usize) -> Self {
        let entries: usize = forms.iter().map(|form| form.terms.len()).sum();
        // A product of dense rows takes 8 entries at a time.
        if 4 * entries >= inputs * forms.len() {
            return Self::of_layer(dense(inputs, &forms), units, layer);
        }
        let (mut starts, mut columns, mut weights, mut bias) =
            (vec![0], Vec::with_capacity(entries), Vec::with_capacity(entries), Vec::new());
        for form in forms {
            for (column, x) in form.terms {
                columns.push(column);
                weights.push(x);
            }
            starts.push(columns.len());
            bias.push(form.constant);
        }
        let (weights, bias) = (Coefficients::of(&weights), Coefficients::of(&bias));
        Self { map: StepMap::Sparse(SparseMap { inputs, starts, columns, weights, bias }), units, layer }
    }

    pub(super) fn inputs(&self) -> usize {
        match &self.map {
            StepMap::Dense(layer) => layer.inputs(),
            StepMap::Sparse(map) => map.inputs,
        }
    }

    pub(super) fn outputs(&self) -> usize {
        match &self.map {
            StepMap::Dense(layer) => layer.outputs(),
            StepMap::Sparse(map) => map.bias.len(),
        }
    }

    /// The bytes of its coefficients: as doubles twice, and as fractions where they are no doubles.
    pub(super) fn bytes(&self) -> u64 {
        let (entries, is_double) = match &self.map {
            StepMap::Dense(layer) => (layer.inputs() * layer.outputs(), layer.is_double()),
            StepMap::Sparse(map) => (map.columns.len(), map.weights.is_double()),
        };
        if is_double { 20 * entries as u64 } else { 20 * entries as u64 + of_terms(entries as u64) }
    }

    /// Words for the bits of the units.
    pub(super) fn words(&self) -> usize {
        self.units.div_ceil(STAGE)
    }

    /// Visits the entries of a row that are not 0, each by its place among the weights, in a dense map the input, and the input.
    pub(super) fn for_entries(&self, output: usize, mut visit: impl FnMut(usize, usize)) {
        match &self.map {
            StepMap::Dense(layer) => (0..layer.inputs()).filter(|&j| self.has_weight(output, j)).for_each(|j| visit(j, j)),
            StepMap::Sparse(map) => map.row(output).for_each(|k| visit(k, map.columns[k] as usize)),
        }
    }

    /// Visits the entries of a row that are not 0, rounded to doubles, and gives the rounded constant.
    pub(super) fn rounded_row(&self, output: usize, mut visit: impl FnMut(usize, f64)) -> f64 {
        self.for_entries(output, |k, j| visit(j, self.weight(output, k).0));
        self.constant(output).0
    }

    /// Whether an entry is not 0.
    pub(super) fn has_weight(&self, output: usize, k: usize) -> bool {
        let (double, exact) = self.weight(output, k);
        double != 0.0 || exact.is_some_and(|exact| !exact().is_zero())
    }

    /// An entry as a double, and how to get the number where that may be another one.
    pub(super) fn weight(&self, output: usize, k: usize) -> (f64, Option<impl FnOnce() -> Rational + '_>) {
        let (double, is_double) = match &self.map {
            StepMap::Dense(layer) => (layer.weights()[(output, k)], layer.is_double()),
            StepMap::Sparse(map) => (map.weights.doubles()[k], map.weights.is_double()),
        };
        let exact = move || match &self.map {
            StepMap::Dense(layer) => layer.weight(output, k),
            StepMap::Sparse(map) => map.weights.get(k),
        };
        (double, (!is_double).then_some(exact))
    }

    /// The constant of a row, the same way.
    pub(super) fn constant(&self, output: usize) -> (f64, Option<impl FnOnce() -> Rational + '_>) {
        let (double, is_double) = match &self.map {
            StepMap::Dense(layer) => (layer.bias()[output], layer.is_double()),
            StepMap::Sparse(map) => (map.bias.doubles()[output], map.bias.is_double()),
        };
        let exact = move || match &self.map {
            StepMap::Dense(layer) => layer.bias_of(output),
            StepMap::Sparse(map) => map.bias.get(output),
        };
        (double, (!is_double).then_some(exact))
    }

    /// A row as a form.
    pub(super) fn form(&self, output: usize) -> Form {
        match &self.map {
            StepMap::Dense(layer) => {
                let weight = |j: usize| match layer.is_double() {
                    true => Coefficient::of(layer.weights()[(output, j)]),
                    false => layer.weight(output, j).into(),
                };
                let terms = (0..layer.inputs()).map(|j| (j as u32, weight(j))).filter(|(_, x)| !x.is_zero());
                Form { terms: terms.collect(), constant: layer.bias_of(output).into() }
            }
            StepMap::Sparse(map) => {
                let terms = map.row(output).map(|k| (map.columns[k], map.weights.number(k)));
                Form { terms: terms.collect(), constant: map.bias.number(output) }
            }
        }
    }

    /// Whether all weights of a row are 0.
    pub(super) fn is_constant(&self, output: usize) -> bool {
        match &self.map {
            StepMap::Dense(layer) => (0..layer.inputs()).all(|k| !self.has_weight(output, k)),
            StepMap::Sparse(map) => map.row(output).is_empty(),
        }
    }

    /// Which rows have a constant that is positive, or negative, as words.
    pub(super) fn signs_of_constants(&self) -> [Vec<u64>; 2] {
        let mut signs = [true, false].map(|_| vec![0u64; self.outputs().div_ceil(STAGE)]);
        for i in 0..self.outputs() {
            // The nearest double of another number is 0 or has its sign.
            let sign = match self.constant(i) {
                (0.0, Some(exact)) => exact().cmp0(),
                (double, _) => double.partial_cmp(&0.0).expect("constants are numbers"),
            };
            if sign.is_ne() {
                signs[usize::from(sign.is_lt())][i / STAGE] |= 1 << (i % STAGE);
            }
        }
        signs
    }
}

/// Forms of so many columns as a layer.
fn dense(inputs: usize, forms: &[Form]) -> Layer {
    let numbers = |form: &Form| form.terms.iter().map(|(_, x)| x).chain([&form.constant]).all(|x| x.as_f64().is_some());
    if forms.iter().all(numbers) {
        let value = |x: &Coefficient| x.as_f64().expect("all are doubles");
        let mut weights = DMatrix::zeros(forms.len(), inputs);
        forms.iter().enumerate().for_each(|(i, form)| form.terms.iter().for_each(|(j, x)| weights[(i, *j as usize)] = value(x)));
        return Layer::from_f64(weights, DVector::from_iterator(forms.len(), forms.iter().map(|form| value(&form.constant))));
    }
    let mut weights = DMatrix::from_element(forms.len(), inputs, Rational::new());
    forms.iter().enumerate().for_each(|(i, form)| form.terms.iter().for_each(|(j, x)| weights[(i, *j as usize)] = x.to_rational()));
    Layer::from_rationals(weights, DVector::from_iterator(forms.len(), forms.iter().map(|form| form.constant.to_rational())))
}

/// Words in which the bits from `first` on are set, below `end`.
pub(super) fn words_from(first: usize, end: usize) -> impl Iterator<Item = u64> {
    let below = |end: usize, word: usize| u64::MAX.checked_shr((STAGE * (word + 1)).saturating_sub(end) as u32).unwrap_or(0);
    (0..end.div_ceil(STAGE)).map(move |word| below(end, word) & !below(first, word))
}

/// The bits at some places, as words.
pub(super) fn gather(words: &[u64], places: &[u32]) -> Vec<u64> {
    let bit = |place: u32| words[place as usize / STAGE] >> (place as usize % STAGE) & 1;
    places.chunks(STAGE).map(|places| places.iter().zip(0..).fold(0, |word, (&place, i)| word | bit(place) << i)).collect()
}

/// A hidden layer of the network, and where its bits are among those of the steps.
#[derive(Clone, Debug)]
pub(super) struct Hidden {
    pub width: usize,
    pub bits: LayerBits,
    pub code: Code,
}

/// Where the bits of a hidden layer are.
#[derive(Clone, Debug)]
pub(super) enum Code {
    /// They are the units of a step, in order.
    Step(usize),
    /// Each is somewhere.
    Bits(Vec<Bit>),
    /// Winners of maxima, see [`Duels`].
    Duels(Duels),
}

/// Where a bit is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bit {
    /// It is the same everywhere.
    Constant(bool),
    /// It is that of a unit of a step.
    Unit { step: u32, unit: u32 },
}

/// Maxima in rounds, one a step: of the contenders that are left neighbours meet, and the unit of a duel is active where the second is larger.
///
/// The order is kept, so ties go to the lowest index. As many rounds as the logarithm keep bounds from growing: a round doubles them.
#[derive(Clone, Debug)]
pub(super) struct Duels {
    /// For each window the places of its contenders: those of its candidates that are the largest somewhere, or may be.
    pub places: Vec<Vec<u32>>,
    /// For each window the bits of its duels, round after round.
    pub bits: Vec<Vec<Bit>>,
}

impl Duels {
    /// The winner of a window, among its contenders.
    fn winner(&self, window: usize, is_active: impl Fn(Bit) -> bool) -> usize {
        let bits = &self.bits[window];
        // How many are left before each round, and its first duel; there are less than 2^32 contenders.
        let mut rounds = [(0, 0); 33];
        let (mut left, mut duel, mut round) = (bits.len() + 1, 0, 0);
        while left > 1 {
            rounds[round] = (left, duel);
            (left, duel, round) = (left.div_ceil(2), duel + left / 2, round + 1);
        }
        rounds[..round].iter().rev().fold(0, |at, &(left, duel)| {
            let meets = 2 * at + 1 < left;
            2 * at + usize::from(meets && is_active(bits[duel + at]))
        })
    }
}

/// A network as steps, the output last.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    pub steps: Vec<Arc<Step>>,
    pub hidden: Vec<Hidden>,
    /// For each step the place of its first word in the bits of a cell.
    pub first_words: Vec<usize>,
    /// The graph that these are the steps of, unless they decide too.
    pub graph: Option<Arc<Graph>>,
    /// Whether these are the first steps of a network, followed by others that are not known yet.
    pub go_on: bool,
}

impl Steps {
    pub(super) fn new(steps: Vec<Arc<Step>>, hidden: Vec<Hidden>) -> Self {
        let first_words = steps.iter().scan(0, |at, step| {
            *at += step.words();
            Some(*at - step.words())
        });
        Self { first_words: first_words.collect(), steps, hidden, graph: None, go_on: false }
    }

    pub(super) fn of_stack(stack: &Stack) -> Self {
        let depth = stack.depth();
        let step = |(l, layer): (usize, &Layer)| match l < depth {
            true => Step::of_layer(layer.clone(), layer.outputs(), l),
            false => Step::of_layer(layer.clone(), 0, depth.saturating_sub(1)),
        };
        let hidden = |(l, layer): (usize, &Layer)| Hidden { width: layer.outputs(), bits: LayerBits::Breakpoints(1), code: Code::Step(l) };
        Self::new(
            stack.layers().iter().enumerate().map(step).map(Arc::new).collect(),
            stack.layers()[..depth].iter().enumerate().map(hidden).collect(),
        )
    }

    pub(super) fn inputs(&self) -> usize {
        self.steps[0].inputs()
    }

    pub(super) fn outputs(&self) -> usize {
        self.steps[self.depth()].outputs()
    }

    /// Whether a step is the last below the output.
    pub(super) fn is_last(&self, step: usize) -> bool {
        step + 1 == self.depth() && !self.go_on
    }

    /// The number of steps below the output.
    pub(super) fn depth(&self) -> usize {
        self.steps.len() - 1
    }

    /// Whether steps cut the cells further than the hidden layers do, so that they must be merged again.
    pub(super) fn cut_further(&self) -> bool {
        let several = |duels: &Duels| duels.bits.iter().any(|bits| bits.len() > 1);
        self.hidden.iter().any(|layer| matches!(&layer.code, Code::Duels(duels) if several(duels)))
    }

    /// The bit of a unit of a step, in the bits of a cell.
    pub(super) fn is_active(&self, words: &[u64], step: usize, unit: usize) -> bool {
        words[self.first_words[step] + unit / STAGE] >> (unit % STAGE) & 1 == 1
    }

    fn is_on(&self, words: &[u64], bit: Bit) -> bool {
        match bit {
            Bit::Constant(on) => on,
            Bit::Unit { step, unit } => self.is_active(words, step as usize, unit as usize),
        }
    }

    /// The units whose bits a pattern has.
    pub(super) fn units(&self) -> UnitSet {
        let layers = self.hidden.iter().map(|layer| (layer.width, layer.bits)).chain([(self.outputs(), LayerBits::Breakpoints(1))]);
        Selection::Hidden.resolve_in(layers.collect()).expect("there are hidden layers, however few")
    }

    /// The pattern of all hidden layers, by the bits of a cell.
    pub(super) fn pattern(&self, words: &[u64]) -> Pattern {
        self.pattern_below(self.hidden.len(), words)
    }

    /// What two cells have in common exactly if their patterns are equal, and shorter than these: the words of what is no duel, and the winners where there is
    /// a choice.
    pub(super) fn name(&self, words: &[u64]) -> Vec<u64> {
        let mut name = Vec::with_capacity(words.len());
        for Hidden { code, .. } in &self.hidden {
            match code {
                Code::Step(step) => name.extend_from_slice(&words[self.first_words[*step]..][..self.steps[*step].words()]),
                Code::Bits(bits) => {
                    let step = |bit: &Bit| if let Bit::Unit { step, .. } = bit { Some(*step as usize) } else { None };
                    // All units of a layer of activations are those of one step.
                    let step = bits.iter().find_map(step);
                    name.extend(step.into_iter().flat_map(|step| &words[self.first_words[step]..][..self.steps[step].words()]));
                }
                Code::Duels(duels) => {
                    let open = (0..duels.bits.len()).filter(|&window| !duels.bits[window].is_empty());
                    name.extend(open.map(|window| duels.winner(window, |bit| self.is_on(words, bit)) as u64));
                }
            }
        }
        name
    }

    /// The pattern of the first hidden layers, by the bits of a cell.
    pub(super) fn pattern_below(&self, layers: usize, words: &[u64]) -> Pattern {
        let layers = &self.hidden[..layers];
        let mut pattern = Pattern::zeros(layers.iter().map(|layer| layer.width * layer.bits.count()).sum());
        let mut at = 0;
        for Hidden { width, bits, code } in layers {
            match code {
                Code::Step(step) => pattern.put(at, width * bits.count(), &words[self.first_words[*step]..]),
                Code::Bits(all) => all.iter().enumerate().for_each(|(k, &bit)| pattern.set(at + k, self.is_on(words, bit))),
                Code::Duels(duels) => {
                    for (window, places) in duels.places.iter().enumerate() {
                        let winner = places[duels.winner(window, |bit| self.is_on(words, bit))];
                        pattern.set(at + window * bits.count() + winner as usize, true);
                    }
                }
            }
            at += width * bits.count();
        }
        pattern
    }

    /// The same with one more hidden layer of two units: the first output, and minus it.
    pub(super) fn with_sign(mut self) -> Self {
        let last = self.steps.pop().expect("there is the output");
        let form = last.form(0);
        let units = vec![form.clone(), Form::default().minus(&form)];
        let (layer, step) = (self.hidden.len(), self.steps.len());
        self.steps.push(Arc::new(Step::of_forms(last.inputs(), units, 2, layer)));
        // The output of the longer network is of no interest.
        self.steps.push(Arc::new(Step::of_forms(2, vec![Form::default()], 0, layer)));
        self.hidden.push(Hidden { width: 2, bits: LayerBits::Breakpoints(1), code: Code::Step(step) });
        Self::new(self.steps, self.hidden)
    }

    /// The place of the winner of the last hidden layer, which is one maximum.
    pub(super) fn last_winner(&self, words: &[u64]) -> usize {
        match self.hidden.last() {
            Some(Hidden { code: Code::Duels(duels), .. }) => duels.places[0][duels.winner(0, |bit| self.is_on(words, bit))] as usize,
            _ => unreachable!("the last layer is a maximum"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{DMatrix, DVector};

    /// Of doubles, -0 among them, and of fractions whose nearest doubles are 0 and infinite.
    #[test]
    fn constants_have_the_signs_of_their_numbers() {
        let doubles = [1.5, -1.5, 0.0, -0.0, f64::from_bits(1), -f64::from_bits(1)];
        let layer = Layer::from_f64(DMatrix::zeros(6, 1), DVector::from_row_slice(&doubles));
        assert_eq!(Step::of_layer(layer, 6, 0).signs_of_constants(), [vec![0b01_0001], vec![0b10_0010]]);
        let third = |e: i32| Rational::from((1, 3)) << e;
        let fractions = vec![third(0), -third(-1100), third(-1100), Rational::new(), third(2000), -third(2000)];
        let form = |x: &Rational| Form { terms: Vec::new(), constant: Coefficient::from(x.clone()) };
        let sparse = Step::of_forms(3000, fractions.iter().map(form).collect(), 6, 0);
        let layer = Layer::from_rationals(DMatrix::from_element(6, 1, Rational::new()), DVector::from_vec(fractions));
        for step in [sparse, Step::of_layer(layer, 6, 0)] {
            assert_eq!(step.signs_of_constants(), [vec![0b01_0101], vec![0b10_0010]]);
        }
    }
}
