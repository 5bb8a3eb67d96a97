//! The signs of pre-activations at vertices: in doubles with one error bound for each vertex, else with one for each value, else with
//! integers.
//!
//! The bounds are derived in proofs/complex.md.

mod candidates;
mod cut;
mod infinity;
mod kept;

use super::balls::{Ball, Balls};
use super::domain::Polytope;
use super::exact::ExactRows;
use super::far::{Far, Weights};
use super::layer::{FloatStep, Values};
use super::scale;
use super::topology::{Mask, units_of};
use super::words::words_from;
use crate::exact::bound::{TINY, U, round_up};
use crate::exact::lanes::{Lanes, dispatch};
use crate::exact::{Instructions, nearest_f64, rational};
use crate::line::Decisions;
use crate::network::lowered::{Lowered, STAGE};
use kept::Kept;
use rug::Rational;
use std::cmp::Ordering;
use std::sync::Arc;

/// The vertices, and the pre-activations of one layer there.
pub(super) struct Signs {
    steps: Arc<Lowered>,
    /// For the inputs and for the results of each step, the exponents of the powers of two by which they are multiplied in doubles.
    exponents: Arc<Vec<Vec<i32>>>,
    /// The results of the present step that are in the rows.
    kept: Kept,
    /// `None` for the whole space, whose corners are not doubles, and if everything is left to integers.
    balls: Option<Balls>,
    pub exact: ExactRows,
    instructions: Instructions,
    exact_only: bool,
    /// The present layer, counted from 0, and the present word of its units.
    layer: usize,
    stage: usize,
    /// For each vertex, the pre-activations of the present layer.
    rows: Values,
    /// The vertices at infinity, for the whole space; `None` if everything is left to integers.
    pub far: Option<Far>,
    masks: Vec<Mask>,
    /// For each finished word of the layer, the units that are positive at each vertex.
    active: Vec<Vec<u64>>,
    /// For each vertex, as words, the results of the present step that equal the constants of their rows because all inputs are exactly 0;
    /// empty if this is unknown.
    constant_results: Vec<u64>,
    /// The results with a positive constant, and those with a negative one, as words.
    constants: [Vec<u64>; 2],
    pub weights: Vec<Weights>,
    pub decisions: Decisions,
    /// The number of bytes of the steps.
    of_steps: u64,
}

impl Signs {
    /// The signs at the corners of a domain.
    pub(super) fn new(steps: &Arc<Lowered>, domain: &Polytope, exact_only: bool) -> Self {
        let (corners, slopes) = (&domain.corners, domain.slopes.as_ref().filter(|_| !exact_only));
        // Corners of the whole space are at infinity, with slopes of about 1.
        let of_inputs = if domain.slopes.is_some() { vec![0; steps.inputs()] } else { exponents_of_inputs(corners, steps.inputs()) };
        let exponents = Arc::new(scale::of_steps(steps, &of_inputs));
        let of_corners: Vec<Vec<Ball>> = corners.iter().map(|corner| balls(corner, &of_inputs)).collect();
        let has_balls = domain.slopes.is_none() && !exact_only;
        let mut signs = Self {
            balls: has_balls.then(|| Balls::new(steps.clone(), exponents.clone(), of_corners.clone())),
            exponents,
            kept: Kept::all(0, steps.inputs()),
            exact: ExactRows::new(steps.clone(), corners),
            steps: steps.clone(),
            instructions: Instructions::detect(),
            exact_only,
            layer: 0,
            stage: 0,
            rows: Values { stride: steps.inputs(), ..Values::default() },
            far: slopes.map(|slopes| Far::new(&domain.sides, slopes, steps.inputs())),
            masks: Vec::new(),
            active: Vec::new(),
            constant_results: Vec::new(),
            constants: [Vec::new(), Vec::new()],
            weights: vec![Weights::default(); corners.len()],
            decisions: Decisions::default(),
            of_steps: steps.steps.iter().map(|step| step.bytes()).sum(),
        };
        for row in &of_corners {
            // A corner at infinity is a multiple of the size, with constant 0.
            if signs.far.is_some() { signs.rows.push(&vec![0.0; row.len()], 0.0) } else { signs.rows.push_balls(row) }
        }
        signs
    }

    /// Continues with more steps. The first of them are those that are there already.
    pub(super) fn follow(&mut self, steps: &Arc<Lowered>) {
        // The exponents of the last step are dropped, since that step only stands for an output.
        let mut known = Vec::clone(&self.exponents);
        known.truncate(self.steps.depth() + 1);
        self.exponents = Arc::new(scale::of_more_steps(steps, known));
        self.of_steps = steps.steps.iter().map(|step| step.bytes()).sum();
        self.exact.follow(steps);
        if let Some(balls) = &mut self.balls {
            balls.follow(steps, &self.exponents);
        }
        self.steps = steps.clone();
    }

    /// Whether every decision is left to integers.
    pub(super) fn exact_only(&self) -> bool {
        self.exact_only
    }

    /// The number of vertices.
    pub(super) fn len(&self) -> usize {
        self.weights.len()
    }

    /// The number of bytes of the vertices and their values.
    pub(super) fn bytes(&self) -> u64 {
        let words = self.constant_results.capacity() + self.active.iter().map(Vec::capacity).sum::<usize>();
        let of_vertices = size_of::<Mask>() * self.masks.capacity() + size_of::<Weights>() * self.weights.capacity();
        let of_balls = self.balls.as_ref().map_or(0, Balls::bytes);
        self.rows.bytes() + (8 * words + of_vertices) as u64 + self.exact.bytes() + of_balls + self.of_steps
    }

    /// The number of additional bytes for entering a layer.
    pub(super) fn bytes_of(&self, layer: usize) -> u64 {
        let step = &self.steps.steps[layer];
        8 * (self.len() * (step.outputs() + step.inputs().div_ceil(STAGE) + step.outputs().div_ceil(STAGE))) as u64
    }

    #[inline]
    pub(super) fn mask(&self, vertex: u32) -> Mask {
        self.masks[vertex as usize]
    }

    /// Goes from the inputs or the layer below to the pre-activations of the layer.
    pub(super) fn enter(&mut self, layer: usize) {
        let active = if layer == 0 { Vec::new() } else { self.nonzero(layer - 1) };
        let (steps, below) = (self.steps.clone(), std::mem::take(&mut self.rows));
        let step = &steps.steps[layer];
        let float = FloatStep::of_inputs(step, &self.kept.results, [&self.exponents[layer], &self.exponents[layer + 1]]);
        self.rows = float.forward(self.instructions, below, &active);
        if let Some(far) = &mut self.far {
            let (slopes, active) = (std::mem::take(&mut far.slopes), far.words(&active));
            far.slopes = float.forward_linear(self.instructions, slopes, &active);
        }
        self.constant_results = if self.exact_only { Vec::new() } else { float.constant_results(&active, self.len()) };
        self.constants = float.constants;
        self.kept = Kept::all(step.units, step.outputs());
        self.layer = layer;
        self.active.clear();
        self.exact.enter(layer);
        if !self.exact_only {
            self.keep_what_matters();
        }
    }

    /// For each vertex, as words, the results of the present step that may be nonzero.
    fn nonzero(&self, at: usize) -> Vec<u64> {
        let mut nonzero = Vec::with_capacity(self.len() * self.active.len());
        let (cutting, outputs) = (self.kept.cutting, self.kept.results.len());
        debug_assert_eq!(at, self.layer);
        if cutting == outputs {
            match &self.active[..] {
                [word] => nonzero.extend_from_slice(word),
                words => (0..self.weights.len()).for_each(|v| nonzero.extend(words.iter().map(|word| word[v]))),
            }
            return nonzero;
        }
        let words = outputs.div_ceil(STAGE);
        let [positive, negative] = &self.constants;
        for v in 0..self.len() {
            nonzero.extend(self.active.iter().map(|word| word[v]));
            nonzero.resize((v + 1) * words, 0);
            nonzero[v * words..].iter_mut().zip(words_from(cutting, outputs)).for_each(|(word, carried)| *word |= carried);
            if let Some(constant_results) = self.constant_results.get(v * words..(v + 1) * words) {
                let carried = words_from(cutting, outputs);
                let all = nonzero[v * words..].iter_mut().zip(constant_results).zip(positive.iter().zip(negative)).zip(carried);
                all.for_each(|(((nonzero, constant_results), (pos, neg)), carried)| {
                    *nonzero &= !(constant_results & carried & !pos & !neg)
                });
            }
        }
        nonzero
    }

    /// The error bound at a vertex; infinite if everything is left to integers.
    fn error(&self, vertex: usize) -> f64 {
        if self.exact_only { f64::INFINITY } else { self.rows.errors[vertex] }
    }

    /// The number of words of the units of the present layer.
    pub(super) fn stages(&self) -> usize {
        self.kept.cutting.div_ceil(STAGE)
    }

    /// Determines the signs of a word of units at all vertices.
    pub(super) fn begin_stage(&mut self, stage: usize) {
        self.stage = stage;
        let first = stage * STAGE;
        let units = (self.kept.cutting - first).min(STAGE);
        let of_units = u64::MAX >> (STAGE - units);
        self.certain_signs(stage);
        for v in 0..self.len() {
            let mut mask = self.masks[v];
            let constant_results = self.constant_words(v).get(stage).map_or(0, |constant_results| constant_results & of_units);
            let mut doubtful = mask.vanish(of_units) & !constant_results;
            if doubtful != 0 && !self.exact_only {
                let vanishes = |i: &usize| self.value(v, first + i).sign() == Some(Ordering::Equal);
                doubtful &= !units_of(doubtful).filter(vanishes).fold(0, |word, i| word | 1 << i);
            }
            self.decisions.filtered += units as u64 - u64::from(doubtful.count_ones());
            if doubtful != 0 {
                self.settle(v as u32, doubtful, &mut mask);
                self.masks[v] = mask;
            }
        }
    }

    /// Determines the signs of a word of units at all vertices, as far as doubles are certain.
    fn certain_signs(&mut self, stage: usize) {
        let first = stage * STAGE;
        let units = (self.kept.cutting - first).min(STAGE);
        let of_units = u64::MAX >> (STAGE - units);
        let Values { stride, values, errors, .. } = &self.rows;
        let mut masks = std::mem::take(&mut self.masks);
        masks.clear();
        if self.exact_only {
            masks.resize(errors.len(), Mask::default());
        } else {
            certain_signs(self.instructions, values, *stride, first, errors, &mut masks);
        }
        for (v, mask) in masks.iter_mut().enumerate() {
            // Results that are not units follow after the last unit.
            mask.pos &= of_units;
            mask.neg &= of_units;
            if self.is_at_infinity(v as u32) {
                *mask = Mask::default();
                for i in 0..units {
                    match self.value(v, first + i).sign() {
                        Some(Ordering::Greater) => mask.pos |= 1 << i,
                        Some(Ordering::Less) => mask.neg |= 1 << i,
                        _ => {}
                    }
                }
            }
            let constant_results = self.constant_words(v).get(stage).map_or(0, |constant_results| constant_results & of_units);
            if constant_results != 0 {
                let [pos, neg] = &self.constants;
                mask.pos = mask.pos & !constant_results | pos[stage] & constant_results;
                mask.neg = mask.neg & !constant_results | neg[stage] & constant_results;
            }
        }
        self.masks = masks;
    }

    /// The number of words of a vertex that mark constant results.
    fn constant_len(&self) -> usize {
        if self.constant_results.is_empty() { 0 } else { self.kept.results.len().div_ceil(STAGE) }
    }

    /// The words of a vertex that mark constant results; empty if this is unknown.
    fn constant_words(&self, vertex: usize) -> &[u64] {
        let words = self.constant_len();
        &self.constant_results[vertex * words..][..words]
    }

    /// Removes the last vertices.
    pub(super) fn truncate(&mut self, len: usize) {
        self.rows.truncate(len);
        self.masks.truncate(len);
        self.active.iter_mut().for_each(|word| word.truncate(len));
        self.constant_results.truncate(len * self.constant_len());
        self.weights.truncate(len);
        if let Some(far) = &mut self.far {
            far.truncate(len);
        }
        self.exact.truncate(len);
        if let Some(balls) = &mut self.balls {
            balls.truncate(len);
        }
    }

    /// Keeps the signs of a word of units, after all faces have been cut by them.
    pub(super) fn end_stage(&mut self) {
        self.active.push(self.masks.iter().map(|mask| mask.pos).collect());
    }

    /// Decides the signs that the bound of a row does not: in doubles with one bound for each value, else with integers.
    fn settle(&mut self, vertex: u32, doubtful: u64, mask: &mut Mask) {
        for unit in units_of(doubtful) {
            let index = self.kept.results[self.stage * STAGE + unit];
            let in_doubles = self.balls.as_mut().and_then(|balls| balls.sign(&self.exact.places, vertex, self.layer, index as usize));
            self.decisions.filtered += u64::from(in_doubles.is_some());
            self.decisions.exact += u64::from(in_doubles.is_none());
            let sign = in_doubles.unwrap_or_else(|| self.exact.sign(vertex, self.layer, index as usize));
            if let Some(balls) = self.balls.as_mut().filter(|_| in_doubles.is_none() && sign.is_eq()) {
                balls.learn(vertex, self.layer, index as usize, Ball::ZERO);
            }
            match sign {
                Ordering::Greater => mask.pos |= 1 << unit,
                Ordering::Less => mask.neg |= 1 << unit,
                Ordering::Equal => {}
            }
        }
    }
}

/// The exponents of the powers of two by which the coordinates of a domain's corners become about 1.
fn exponents_of_inputs(corners: &[Vec<Rational>], inputs: usize) -> Vec<i32> {
    let of_axis = |axis: usize| {
        let size = corners.iter().map(|corner| nearest_f64(&corner[axis]).abs()).fold(0.0, f64::max);
        Some(-scale::exponent(size)).filter(|e| size > 0.0 && e.abs() < 64).unwrap_or_default()
    };
    (0..inputs).map(of_axis).collect()
}

/// The balls of numbers times powers of two.
fn balls(numbers: &[Rational], exponents: &[i32]) -> Vec<Ball> {
    numbers.iter().zip(exponents).map(|(q, e)| Ball::near(&Rational::from(q << *e))).collect()
}

/// The doubles nearest to some numbers, and a bound on the error of each.
pub(super) fn nearest_row(exact: &[Rational]) -> (Vec<f64>, f64) {
    let row: Vec<f64> = exact.iter().map(nearest_f64).collect();
    let off = |(x, q): (&f64, &Rational)| if rational(*x).as_ref() == Some(q) { 0.0 } else { round_up(2.0 * U * x.abs() + TINY) };
    let error = row.iter().zip(exact).map(off).fold(0.0, f64::max);
    (row, error)
}

dispatch! {
    /// Determines which of at most 64 units, from `first` on, exceed the error bound at each vertex.
    fn certain_signs(values: &[f64], stride: usize, first: usize, errors: &[f64], masks: &mut Vec<Mask>) = certain_signs_in
}

#[inline(always)]
fn certain_signs_in<L: Lanes>(values: &[f64], stride: usize, first: usize, errors: &[f64], masks: &mut Vec<Mask>) {
    let zero = L::splat(0.0);
    masks.reserve(errors.len());
    // There are no closures here, because they would be compiled without the instructions of the surrounding function.
    for (row, &error) in values.chunks_exact(stride).zip(errors) {
        let (mut mask, error) = (Mask::default(), L::splat(error));
        // The padding of a row is 0 and has no sign.
        for (at, lanes) in row[first..].as_chunks::<8>().0.iter().take(STAGE / 8).enumerate() {
            let x = L::load(lanes);
            mask.pos |= u64::from(L::bits(x.gt(error))) << (8 * at);
            mask.neg |= u64::from(L::bits(zero.sub(x).gt(error))) << (8 * at);
        }
        masks.push(mask);
    }
}
