//! The lowered form of a network: steps, which are affine maps with some of their results rectified, and coefficients as integers. Complexes,
//! convexity and exact traces read it.
//!
//! A stack of layers has one step for each layer, and all results of a hidden layer are rectified. [`lower`] converts other networks to steps.

mod code;
mod form;
mod inputs;
mod layers;
mod lower;
mod nodes;
mod step;
mod whole;

pub(crate) use code::Bit;
use code::{Code, Hidden, Tournaments};
pub(crate) use form::Form;
pub(crate) use inputs::Inputs;
pub(crate) use layers::WholeStack;
pub(crate) use lower::{Judge, LowerError, bytes_of_terms, lower, with_winner};
pub(crate) use nodes::WholeNodes;
pub(crate) use step::{Step, StepMap};
pub(crate) use whole::{WholeLayer, WholeStep};

use super::graph::Graph;
use super::{Layer, LayerBits, Pattern, Selection, Stack, UnitSet};
use std::sync::Arc;

/// The number of units whose signs are computed together: the bits of a word.
pub(crate) const STAGE: usize = 64;

/// A network as steps. The last step is the output.
#[derive(Clone, Debug)]
pub(crate) struct Lowered {
    pub steps: Vec<Arc<Step>>,
    pub hidden: Vec<Hidden>,
    /// For each step, the position of its first word among the words of a cell.
    pub first_words: Vec<usize>,
    /// The graph of these steps; `None` for stacks, and if a decision by the output is one more layer.
    pub graph: Option<Arc<Graph>>,
    /// Whether these are only the first steps of a network.
    pub go_on: bool,
}

impl Lowered {
    pub(crate) fn new(steps: Vec<Arc<Step>>, hidden: Vec<Hidden>) -> Self {
        let first_words = steps.iter().scan(0, |at, step| {
            *at += step.words();
            Some(*at - step.words())
        });
        Self { first_words: first_words.collect(), steps, hidden, graph: None, go_on: false }
    }

    pub(crate) fn of_stack(stack: &Stack) -> Self {
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

    pub(crate) fn inputs(&self) -> usize {
        self.steps[0].inputs()
    }

    pub(crate) fn outputs(&self) -> usize {
        self.steps[self.depth()].outputs()
    }

    /// Whether a step is the last one before the output.
    pub(crate) fn is_last(&self, step: usize) -> bool {
        step + 1 == self.depth() && !self.go_on
    }

    /// The number of steps before the output.
    pub(crate) fn depth(&self) -> usize {
        self.steps.len() - 1
    }

    /// Whether the steps cut cells further than the hidden layers do, so that cells must be merged afterwards.
    pub(crate) fn cut_further(&self) -> bool {
        let several = |tournaments: &Tournaments| tournaments.bits.iter().any(|bits| bits.len() > 1);
        self.hidden.iter().any(|layer| matches!(&layer.code, Code::Winners(tournaments) if several(tournaments)))
    }

    /// The bit of a unit of a step, given the words of a cell.
    pub(crate) fn is_active(&self, words: &[u64], step: usize, unit: usize) -> bool {
        words[self.first_words[step] + unit / STAGE] >> (unit % STAGE) & 1 == 1
    }

    fn is_on(&self, words: &[u64], bit: Bit) -> bool {
        match bit {
            Bit::Constant(on) => on,
            Bit::Unit { step, unit } => self.is_active(words, step as usize, unit as usize),
        }
    }

    /// The units of a pattern.
    pub(crate) fn units(&self) -> UnitSet {
        let layers = self.hidden.iter().map(|layer| (layer.width, layer.bits)).chain([(self.outputs(), LayerBits::Breakpoints(1))]);
        Selection::Hidden.resolve_in(layers.collect()).expect("there are hidden layers, however few")
    }

    /// The pattern of all hidden layers, given the words of a cell.
    pub(crate) fn pattern(&self, words: &[u64]) -> Pattern {
        self.pattern_below(self.hidden.len(), words)
    }

    /// Words that are equal for two cells if and only if their patterns are equal, and fewer than those of a pattern: the words of all units but
    /// those of tournaments, and the winners of windows with several candidates.
    pub(crate) fn name(&self, words: &[u64]) -> Vec<u64> {
        let mut name = Vec::with_capacity(words.len());
        for Hidden { code, .. } in &self.hidden {
            match code {
                Code::Step(step) => name.extend_from_slice(&words[self.first_words[*step]..][..self.steps[*step].words()]),
                Code::Bits(bits) => {
                    let step = |bit: &Bit| if let Bit::Unit { step, .. } = bit { Some(*step as usize) } else { None };
                    // All units of a layer of activations belong to one step.
                    let step = bits.iter().find_map(step);
                    name.extend(step.into_iter().flat_map(|step| &words[self.first_words[step]..][..self.steps[step].words()]));
                }
                Code::Winners(tournaments) => {
                    let open = (0..tournaments.bits.len()).filter(|&window| !tournaments.bits[window].is_empty());
                    name.extend(open.map(|window| tournaments.winner(window, |bit| self.is_on(words, bit)) as u64));
                }
            }
        }
        name
    }

    /// The pattern of the first hidden layers, given the words of a cell.
    pub(crate) fn pattern_below(&self, layers: usize, words: &[u64]) -> Pattern {
        let layers = &self.hidden[..layers];
        let mut pattern = Pattern::zeros(layers.iter().map(|layer| layer.width * layer.bits.count()).sum());
        let mut at = 0;
        for Hidden { width, bits, code } in layers {
            match code {
                Code::Step(step) => pattern.put(at, width * bits.count(), &words[self.first_words[*step]..]),
                Code::Bits(all) => all.iter().enumerate().for_each(|(k, &bit)| pattern.set(at + k, self.is_on(words, bit))),
                Code::Winners(tournaments) => {
                    for (window, places) in tournaments.places.iter().enumerate() {
                        let winner = places[tournaments.winner(window, |bit| self.is_on(words, bit))];
                        pattern.set(at + window * bits.count() + winner as usize, true);
                    }
                }
            }
            at += width * bits.count();
        }
        pattern
    }

    /// These steps with one more hidden layer of two units: the first output and its negative.
    pub(crate) fn with_sign(mut self) -> Self {
        let last = self.steps.pop().expect("there is the output");
        let form = last.form(0);
        let units = vec![form.clone(), Form::default().minus(&form)];
        let (layer, step) = (self.hidden.len(), self.steps.len());
        self.steps.push(Arc::new(Step::of_forms(last.inputs(), units, 2, layer)));
        // The output of the longer network is not used.
        self.steps.push(Arc::new(Step::of_forms(2, vec![Form::default()], 0, layer)));
        self.hidden.push(Hidden { width: 2, bits: LayerBits::Breakpoints(1), code: Code::Step(step) });
        Self::new(self.steps, self.hidden)
    }

    /// The position of the winner in the last hidden layer, which must be one maximum.
    pub(crate) fn last_winner(&self, words: &[u64]) -> usize {
        match self.hidden.last() {
            Some(Hidden { code: Code::Winners(tournaments), .. }) => {
                tournaments.places[0][tournaments.winner(0, |bit| self.is_on(words, bit))] as usize
            }
            _ => unreachable!("the last layer is a maximum"),
        }
    }
}
