//! The signs of pre-activations at vertices: in doubles with one bound of the error a vertex, else with one a value, else with integers.
//!
//! The bounds are derived in proofs/complex.md.

use super::balls::{Ball, Balls, Mixture};
use super::exact::{ExactRows, Place};
use super::layer::{FloatStep, Values, largest_lane};
use super::scale::exponent;
use super::steps::{STAGE, Steps, words_from};
use super::topology::{Mask, units_of};
use crate::exact::bound::{TINY, U, round_up};
use crate::exact::lanes::{Lanes, dispatch};
use crate::exact::{Instructions, nearest_f64, rational};
use crate::line::Decisions;
use rug::Rational;
use std::cmp::Ordering;
use std::sync::Arc;

/// Where the bound of a row is above this part of its size, the row is computed again from integers.
///
/// It decides nothing: bounds hold whatever it is, and a sign that they leave open goes to integers. It keeps bounds from growing on.
pub(super) const LOOSE: f64 = 1.0 / 1024.0;

/// How a vertex came to be cut off a segment: the weights of its two ends, and how wrong they can be at most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    pub of_p: f64,
    pub of_q: f64,
    pub error: f64,
}

/// The vertices, and the pre-activations of one layer there.
pub(super) struct Signs {
    steps: Arc<Steps>,
    floats: Vec<FloatStep>,
    balls: Balls,
    pub exact: ExactRows,
    instructions: Instructions,
    exact_only: bool,
    /// The layer at hand, from 0, and the word of its units.
    layer: usize,
    stage: usize,
    /// For each vertex its pre-activations, of the layer at hand.
    rows: Values,
    masks: Vec<Mask>,
    /// For each word of the layer, those already passed, the units that are positive at each vertex.
    active: Vec<Vec<u64>>,
    /// For each vertex, in words, which results of the step at hand are their rows' constants, because all inputs are exactly 0; empty where
    /// that is not known.
    quiet: Vec<u64>,
    pub weights: Vec<Weights>,
    pub decisions: Decisions,
}

impl Signs {
    /// The signs at the corners of a domain.
    pub(super) fn new(steps: &Arc<Steps>, corners: &[Vec<Rational>], exact_only: bool) -> Self {
        let inputs = exponents_of_inputs(corners, steps.inputs());
        let floats = FloatStep::all(steps, &inputs);
        let exponents: Vec<Vec<i32>> = std::iter::once(inputs).chain(floats.iter().map(|step| step.exponents.clone())).collect();
        let corner_balls: Vec<Vec<Ball>> = corners.iter().map(|corner| balls(corner, &exponents[0])).collect();
        let mut signs = Self {
            floats,
            balls: Balls::new(steps.clone(), exponents, corner_balls.clone()),
            exact: ExactRows::new(steps.clone(), corners),
            steps: steps.clone(),
            instructions: Instructions::detect(),
            exact_only,
            layer: 0,
            stage: 0,
            rows: Values { stride: steps.inputs(), ..Values::default() },
            masks: Vec::new(),
            active: Vec::new(),
            quiet: Vec::new(),
            weights: corners.iter().map(|_| Weights { of_p: 0.0, of_q: 0.0, error: 0.0 }).collect(),
            decisions: Decisions::default(),
        };
        corner_balls.iter().for_each(|row| signs.rows.push_balls(row));
        signs
    }

    /// Whether every decision is left to integers.
    pub(super) fn exact_only(&self) -> bool {
        self.exact_only
    }

    /// The number of vertices.
    pub(super) fn len(&self) -> usize {
        self.weights.len()
    }

    #[inline]
    pub(super) fn mask(&self, vertex: u32) -> Mask {
        self.masks[vertex as usize]
    }

    /// Goes from the inputs of a layer, or the pre-activations of the layer below, to those of the layer.
    pub(super) fn enter(&mut self, layer: usize) {
        let active = if layer == 0 { Vec::new() } else { self.alive(layer - 1) };
        let below = std::mem::take(&mut self.rows);
        self.rows = self.floats[layer].forward(self.instructions, below, &active);
        self.quiet = if self.exact_only { Vec::new() } else { self.floats[layer].quiet(&active, self.len()) };
        self.layer = layer;
        self.active.clear();
        self.exact.enter(layer);
    }

    /// For each vertex, in words, which results of the step at hand need not be 0.
    fn alive(&mut self, at: usize) -> Vec<u64> {
        let mut alive = Vec::with_capacity(self.len() * self.active.len());
        let step = &self.steps.steps[at];
        if step.units == step.outputs() {
            match &mut self.active[..] {
                [word] => alive.append(word),
                words => (0..self.weights.len()).for_each(|v| alive.extend(words.iter().map(|word| word[v]))),
            }
            return alive;
        }
        let words = step.outputs().div_ceil(STAGE);
        let [positive, negative] = &self.floats[at].constants;
        let mut of_units = Vec::with_capacity(self.active.len());
        for v in 0..self.len() {
            of_units.clear();
            of_units.extend(self.active.iter().map(|word| word[v]));
            step.push_alive(&of_units, &mut alive);
            if let Some(quiet) = self.quiet.get(v * words..(v + 1) * words) {
                let carried = words_from(step.units, step.outputs());
                let all = alive[v * words..].iter_mut().zip(quiet).zip(positive.iter().zip(negative)).zip(carried);
                all.for_each(|(((alive, quiet), (pos, neg)), carried)| *alive &= !(quiet & carried & !pos & !neg));
            }
        }
        alive
    }

    /// The bound of the errors at a vertex: none where everything is left to integers.
    fn error(&self, vertex: usize) -> f64 {
        if self.exact_only { f64::INFINITY } else { self.rows.errors[vertex] }
    }

    /// How many words the units of the layer at hand fill.
    pub(super) fn stages(&self) -> usize {
        self.floats[self.layer].units.div_ceil(STAGE)
    }

    /// Finds the signs of a word of units at all vertices.
    pub(super) fn begin_stage(&mut self, stage: usize) {
        self.stage = stage;
        let first = stage * STAGE;
        let units = (self.floats[self.layer].units - first).min(STAGE);
        let of_units = u64::MAX >> (STAGE - units);
        let Values { stride, values, errors, .. } = &self.rows;
        self.masks.clear();
        if self.exact_only {
            self.masks.resize(errors.len(), Mask::default());
        } else {
            certain_signs(self.instructions, values, *stride, first, errors, &mut self.masks);
        }
        for v in 0..self.len() {
            let mut mask = self.masks[v];
            // Results that are no units follow the last of them.
            mask.pos &= of_units;
            mask.neg &= of_units;
            let quiet = self.quiet_words(v).get(stage).map_or(0, |quiet| quiet & of_units);
            if quiet != 0 {
                let [pos, neg] = &self.floats[self.layer].constants;
                mask.pos = mask.pos & !quiet | pos[stage] & quiet;
                mask.neg = mask.neg & !quiet | neg[stage] & quiet;
            }
            self.masks[v] = mask;
            let mut doubtful = mask.vanish(of_units) & !quiet;
            if self.error(v) == 0.0 {
                doubtful = units_of(doubtful).filter(|&i| self.rows.row(v)[first + i] != 0.0).fold(0, |word, i| word | 1 << i);
            }
            self.decisions.filtered += units as u64 - u64::from(doubtful.count_ones());
            if doubtful != 0 {
                self.settle(v as u32, doubtful, &mut mask);
                self.masks[v] = mask;
            }
        }
    }

    /// The words of a vertex that say which results are constants there; none where that is not known.
    fn quiet_words(&self, vertex: usize) -> &[u64] {
        let words = if self.quiet.is_empty() { 0 } else { self.steps.steps[self.layer].outputs().div_ceil(STAGE) };
        &self.quiet[vertex * words..][..words]
    }

    /// Forgets the last vertices.
    pub(super) fn truncate(&mut self, len: usize) {
        self.rows.truncate(len);
        self.masks.truncate(len);
        self.active.iter_mut().for_each(|word| word.truncate(len));
        if !self.quiet.is_empty() {
            self.quiet.truncate(len * self.steps.steps[self.layer].outputs().div_ceil(STAGE));
        }
        self.weights.truncate(len);
        self.exact.truncate(len);
        self.balls.truncate(len);
    }

    /// Keeps the signs of a word of units, once all faces are cut by them.
    pub(super) fn end_stage(&mut self) {
        self.active.push(self.masks.iter().map(|mask| mask.pos).collect());
    }

    /// Decides what the bound of a whole row left open: in doubles with one bound a value, else with integers.
    fn settle(&mut self, vertex: u32, doubtful: u64, mask: &mut Mask) {
        for unit in units_of(doubtful) {
            let index = self.stage * STAGE + unit;
            let in_doubles = if self.exact_only { None } else { self.balls.sign(&self.exact.places, vertex, self.layer, index) };
            self.decisions.filtered += u64::from(in_doubles.is_some());
            self.decisions.exact += u64::from(in_doubles.is_none());
            let sign = in_doubles.unwrap_or_else(|| self.exact.sign(vertex, self.layer, index));
            if in_doubles.is_none() && sign.is_eq() {
                self.balls.learn(vertex, self.layer, index, Ball::ZERO);
            }
            match sign {
                Ordering::Greater => mask.pos |= 1 << unit,
                Ordering::Less => mask.neg |= 1 << unit,
                Ordering::Equal => {}
            }
        }
    }

    /// The vertex where a unit vanishes on an edge.
    ///
    /// The base is a segment around the edge on which all units of the layer are affine, and `mixed` the units that cut the edge.
    pub(super) fn cut(&mut self, ends: [u32; 2], base: [u32; 2], unit: u32, mixed: u64) -> u32 {
        let [p, q] = ends.map(|v| self.masks[v as usize]);
        let index = self.stage * STAGE + unit as usize;
        let vertex = self.len() as u32;
        // The base points the same way as the edge, or the other.
        let base = if self.masks[base[0] as usize].pos >> unit & 1 == 1 { base } else { [base[1], base[0]] };
        self.exact.push(Place::Cut { layer: self.layer, p: base[0], q: base[1], unit: index as u32 });
        self.interpolate(vertex, base, index);
        // Inside the edge a unit has the sign that it has at either end, unless it cuts the edge.
        let pure = Mask { pos: (p.pos | q.pos) & !mixed, neg: (p.neg | q.neg) & !mixed };
        let (mut mask, mut doubtful) = (pure, 0);
        let error = self.error(vertex as usize);
        let row = &self.rows.row(vertex as usize)[self.stage * STAGE..];
        for i in units_of(mixed & !(1 << unit)) {
            let x = row[i];
            if x > error {
                mask.pos |= 1 << i;
            } else if x < -error {
                mask.neg |= 1 << i;
            } else {
                doubtful |= 1 << i;
                continue;
            }
            self.decisions.filtered += 1;
        }
        self.settle(vertex, doubtful, &mut mask);
        self.masks.push(mask);
        // What is constant at both ends of an edge on which it is affine is constant on it.
        let words = self.quiet_words(0).len();
        for word in 0..words {
            let [p, q] = ends.map(|v| self.quiet[v as usize * words + word]);
            self.quiet.push(p & q);
        }
        for word in &mut self.active {
            // Units of words passed do not cut the edge any more.
            let bits = word[ends[0] as usize] | word[ends[1] as usize];
            word.push(bits);
        }
        vertex
    }

    /// The pre-activations at the zero of a unit between two vertices, where they are affine.
    fn interpolate(&mut self, vertex: u32, [p, q]: [u32; 2], unit: usize) {
        if self.exact_only {
            self.rows.push(&[], f64::INFINITY);
            self.weights.push(Weights { of_p: 0.0, of_q: 0.0, error: f64::INFINITY });
        } else if !self.interpolate_in_doubles(p as usize, q as usize, unit) && !self.interpolate_in_balls(vertex) {
            let row = balls(&self.exact.values(vertex, self.layer), &self.floats[self.layer].exponents);
            row.iter().enumerate().for_each(|(i, ball)| self.balls.learn(vertex, self.layer, i, *ball));
            self.rows.push_balls(&row);
            let (a, b) = (self.exact.value(p, self.layer, unit), self.exact.value(q, self.layer, unit));
            let gap = Rational::from(&a - &b);
            self.weights.push(Weights { of_p: nearest_f64(&(-b / &gap)), of_q: nearest_f64(&(a / gap)), error: 8.0 * U });
        }
    }

    /// The same with one bound a value, `false` where the largest of them would say too little.
    fn interpolate_in_balls(&mut self, vertex: u32) -> bool {
        let Some((row, Mixture { of_p, of_q, error })) = self.balls.cut_row(&self.exact.places, vertex, self.layer) else {
            return false;
        };
        let size = row.iter().map(|ball| ball.x.abs()).fold(0.0, f64::max);
        let tight = Ball::error_of_all(&row) < LOOSE * size;
        if tight {
            self.rows.push_balls(&row);
            self.weights.push(Weights { of_p, of_q, error: round_up(error + 8.0 * U) });
        }
        tight
    }

    /// The same in doubles, `false` where their bound would say too little.
    ///
    /// Write a > 0 > b for the unit's values at p and q, e and f for the bounds of the errors there, s = -b / (a - b) and t = a / (a - b). The true
    /// t differs by at most (s e + t f) / (true a - b), and the true a - b is at least a - b - e - f. So s z(p) + t z(q) is off by at most
    /// w + w (r + e + f) / (a - b - e - f), where w = s e + t f and r is the largest |z(q) - z(p)|; and by its own rounding,
    /// of s and t (2 u each), the products and the sum: 8 u (s |z(p)| + t |z(q)|) is more. r is at least a - b, so the quotient does not
    /// underflow; the smallest normal number covers an underflow of w. s and t above TINY have not underflown.
    fn interpolate_in_doubles(&mut self, p: usize, q: usize, unit: usize) -> bool {
        let Values { stride, values, errors, sizes } = &mut self.rows;
        let (e, f) = (errors[p], errors[q]);
        let (a, b) = (values[p * *stride + unit], values[q * *stride + unit]);
        let gap = a - b;
        let (of_p, of_q) = (-b / gap, a / gap);
        if !(a > e && b < -f && gap > 4.0 * (e + f) && of_p > TINY && of_q > TINY) {
            return false;
        }
        let end = values.len();
        values.resize(end + *stride, 0.0);
        let (old, new) = values.split_at_mut(end);
        let (size, range) = combine(self.instructions, &old[p * *stride..][..*stride], &old[q * *stride..][..*stride], of_p, of_q, new);
        let inherited = of_p * e + of_q * f + f64::MIN_POSITIVE;
        let rest = gap - e - f;
        let error = round_up(inherited + inherited * ((range + e + f) / rest) + 8.0 * U * (of_p * sizes[p] + of_q * sizes[q]) + TINY);
        let tight = error < LOOSE * size;
        if tight {
            new[unit] = 0.0;
            errors.push(error);
            sizes.push(size);
            self.weights.push(Weights { of_p, of_q, error: round_up(inherited / rest + 8.0 * U) });
        } else {
            values.truncate(end);
        }
        tight
    }
}

/// The exponents of the powers of two that bring the coordinates of a domain's corners to about 1.
///
/// Those of the box that stands for the whole space say nothing of the coordinates of other vertices.
fn exponents_of_inputs(corners: &[Vec<Rational>], inputs: usize) -> Vec<i32> {
    let of_axis = |axis: usize| {
        let size = corners.iter().map(|corner| nearest_f64(&corner[axis]).abs()).fold(0.0, f64::max);
        Some(-exponent(size)).filter(|e| size > 0.0 && e.abs() < 64).unwrap_or_default()
    };
    (0..inputs).map(of_axis).collect()
}

/// Numbers times powers of two, as doubles.
fn balls(numbers: &[Rational], exponents: &[i32]) -> Vec<Ball> {
    numbers.iter().zip(exponents).map(|(q, e)| Ball::near(&Rational::from(q << *e))).collect()
}

/// The doubles nearest to some numbers, and a bound of the error of each.
pub(super) fn nearest_row(exact: &[Rational]) -> (Vec<f64>, f64) {
    let row: Vec<f64> = exact.iter().map(nearest_f64).collect();
    let off = |(x, q): (&f64, &Rational)| if rational(*x).as_ref() == Some(q) { 0.0 } else { round_up(2.0 * U * x.abs() + TINY) };
    let error = row.iter().zip(exact).map(off).fold(0.0, f64::max);
    (row, error)
}

dispatch! {
    /// Which of at most 64 units, from the first on, exceed the bound of the error at each vertex.
    fn certain_signs(values: &[f64], stride: usize, first: usize, errors: &[f64], masks: &mut Vec<Mask>) = certain_signs_in
}

#[inline(always)]
fn certain_signs_in<L: Lanes>(values: &[f64], stride: usize, first: usize, errors: &[f64], masks: &mut Vec<Mask>) {
    let zero = L::splat(0.0);
    masks.reserve(errors.len());
    // No closures here: they are compiled without the instructions of the function around them.
    for (row, &error) in values.chunks_exact(stride).zip(errors) {
        let (mut mask, error) = (Mask::default(), L::splat(error));
        // What pads a row is 0, and of no sign.
        for (at, lanes) in row[first..].as_chunks::<8>().0.iter().take(STAGE / 8).enumerate() {
            let x = L::load(lanes);
            mask.pos |= u64::from(L::bits(x.gt(error))) << (8 * at);
            mask.neg |= u64::from(L::bits(zero.sub(x).gt(error))) << (8 * at);
        }
        masks.push(mask);
    }
}

dispatch! {
    /// out = `of_p` p + `of_q` q; the largest magnitude of it, and of q - p.
    fn combine(p: &[f64], q: &[f64], of_p: f64, of_q: f64, out: &mut [f64]) -> (f64, f64) = combine_in
}

#[inline(always)]
fn combine_in<L: Lanes>(p: &[f64], q: &[f64], of_p: f64, of_q: f64, out: &mut [f64]) -> (f64, f64) {
    let (mut size, mut range) = (L::splat(0.0), L::splat(0.0));
    let (s, t) = (L::splat(of_p), L::splat(of_q));
    let vectors = p.as_chunks::<8>().0.iter().zip(q.as_chunks::<8>().0).zip(out.as_chunks_mut::<8>().0);
    for ((p, q), out) in vectors {
        let (p, q) = (L::load(p), L::load(q));
        let x = s.mul_add(p, t.mul(q));
        size = x.abs().max(size);
        range = q.sub(p).abs().max(range);
        x.store(out);
    }
    (largest_lane(size), largest_lane(range))
}
