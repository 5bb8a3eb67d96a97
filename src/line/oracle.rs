//! The exact-only mode: every decision with integers, written to be believed by reading it.
//!
//! It goes through the network layer by layer. A piece is an open interval of t on which the layers below have one
//! pattern, so that every pre-activation there is one affine form (b + a t) / scale with integers a, b and scale > 0.
//! The zeros of the forms inside the piece cut it, and on each part every form has one sign.

use super::{Enclosure, Trace, TraceError};
use crate::data::Point;
use crate::network::{Bit, Layer, Stack, UnitSet};
use rug::{Integer, Rational};
use std::sync::Arc;

/// The form b + a t, up to a positive scale that all forms of a layer share.
#[derive(Clone, PartialEq)]
struct Form {
    b: Integer,
    a: Integer,
}

impl Form {
    fn zero() -> Self {
        Self { b: Integer::new(), a: Integer::new() }
    }

    fn sign_at(&self, t: &Rational) -> std::cmp::Ordering {
        (Integer::from(&self.b * t.denom()) + Integer::from(&self.a * t.numer())).cmp0()
    }

    fn root(&self) -> Option<Rational> {
        (!self.a.is_zero()).then(|| Rational::from((Integer::from(-&self.b), self.a.clone())))
    }
}

/// An open interval of t, the forms of the units below on it, and what the next layer takes in.
#[derive(Clone)]
struct Piece {
    lo: Rational,
    hi: Rational,
    forms: Vec<Form>,
    bits: Vec<bool>,
    into_next: Vec<Form>,
}

/// The trace of a segment through a stack of layers with every decision taken in integers.
pub(super) fn stack_exact_only(network: &Stack, from: &Point, to: &Point, units: &UnitSet) -> Result<Trace, TraceError> {
    for point in [from, to] {
        if point.dimension() != network.inputs() {
            return Err(TraceError::Dimension { expected: network.inputs(), found: point.dimension() });
        }
    }
    let mut exact_decisions = 0;
    let (inputs, mut scale) = input_forms(from, to);
    let whole = Piece { lo: Rational::new(), hi: Rational::from(1), forms: Vec::new(), bits: Vec::new(), into_next: inputs };
    let mut pieces = vec![whole];
    let depth = network.depth();
    for layer in &network.layers()[..depth] {
        let (factor, whole) = whole_layer(layer);
        pieces = pieces.iter().flat_map(|piece| split(piece, forms_of(&whole, &scale, &piece.into_next), &mut exact_decisions)).collect();
        scale *= factor;
    }

    // The output: its forms say which pieces of the output are one, and its signs are bits where asked for.
    let layer = &network.layers()[depth];
    let (_, whole) = whole_layer(layer);
    let mut outputs: Vec<Vec<Form>> = Vec::new();
    let mut regions = Vec::new();
    for piece in &pieces {
        let forms = forms_of(&whole, &scale, &piece.into_next);
        if outputs.last() != Some(&forms) {
            outputs.push(forms.clone());
        }
        exact_decisions += 1;
        if units.has_output() {
            regions.extend(split(piece, forms, &mut exact_decisions));
        } else {
            regions.push(piece.clone());
        }
    }

    // Each boundary is a zero of a unit that changes its sign there. Read the trace off the regions.
    let all = Arc::new(units.full());
    let names: Vec<Bit> = all.bits().collect();
    let zero_and_active = |piece: &Piece, t: &Rational, i: usize| piece.bits[i] && piece.forms[i].sign_at(t).is_eq();
    let choose = |test: &dyn Fn(usize) -> bool| -> Vec<Bit> { (0..names.len()).filter(|&i| test(i)).map(|i| names[i]).collect() };
    let mut trace = Trace::begin_at(Arc::clone(&all), regions[0].bits.iter().copied().collect());
    for pair in regions.windows(2) {
        let (left, right) = (&pair[0], &pair[1]);
        let t = &right.lo;
        let flips = choose(&|i| left.bits[i] != right.bits[i]);
        let touches = choose(&|i| left.bits[i] && right.bits[i] && zero_and_active(left, t, i));
        trace.push(Enclosure::of(t), &flips, &touches);
        trace.push_time(t.clone());
    }
    let (first, last) = (&regions[0], &regions[regions.len() - 1]);
    trace.set_zero_at_start(&choose(&|i| zero_and_active(first, &first.lo, i)));
    trace.set_zero_at_end(&choose(&|i| zero_and_active(last, &last.hi, i)));
    trace.set_pieces(outputs.len());
    trace.decisions_mut().exact = exact_decisions;
    Ok(trace.select(&Arc::new(units.clone())))
}

/// The coordinates of x(t) = a + (b - a) t as integer forms over a common scale.
fn input_forms(from: &Point, to: &Point) -> (Vec<Form>, Integer) {
    let (a, b) = (from.to_rationals(), to.to_rationals());
    let mut scale = Integer::from(1);
    for q in a.iter().chain(&b) {
        scale.lcm_mut(q.denom());
    }
    let whole = |q: Rational| (q * &scale).into_numer_denom().0;
    let forms = a.into_iter().zip(b).map(|(a, b)| Form { a: whole(b - &a), b: whole(a) }).collect();
    (forms, scale)
}

/// The least positive integer that makes all coefficients of a layer whole, and for each unit its weights and its bias times that.
fn whole_layer(layer: &Layer) -> (Integer, Vec<(Vec<Integer>, Integer)>) {
    let (weights, bias) = layer.to_rationals();
    let mut factor = Integer::from(1);
    for q in weights.iter().chain(bias.iter()) {
        factor.lcm_mut(q.denom());
    }
    let whole = |q: &Rational| Rational::from(q * &factor).into_numer_denom().0;
    let unit = |i: usize| (weights.row(i).iter().map(whole).collect(), whole(&bias[i]));
    let units = (0..layer.outputs()).map(unit).collect();
    (factor, units)
}

/// The forms of a layer's outputs, over the scale `factor * scale`.
fn forms_of(units: &[(Vec<Integer>, Integer)], scale: &Integer, inputs: &[Form]) -> Vec<Form> {
    let active: Vec<(usize, &Form)> = inputs.iter().enumerate().filter(|(_, x)| **x != Form::zero()).collect();
    let form = |(weights, bias): &(Vec<Integer>, Integer)| {
        let mut z = Form { b: Integer::from(bias * scale), a: Integer::new() };
        for &(j, x) in &active {
            z.b += &weights[j] * &x.b;
            z.a += &weights[j] * &x.a;
        }
        z
    };
    units.iter().map(form).collect()
}

/// Cuts a piece at the zeros of a layer's forms inside it, and says on each part which units are active.
fn split(piece: &Piece, forms: Vec<Form>, exact_decisions: &mut u64) -> Vec<Piece> {
    let inside = |t: &Rational| piece.lo < *t && *t < piece.hi;
    let mut times: Vec<Rational> = forms.iter().filter_map(Form::root).filter(inside).collect();
    times.sort();
    times.dedup();
    times.insert(0, piece.lo.clone());
    times.push(piece.hi.clone());
    times
        .windows(2)
        .map(|ends| {
            let middle = Rational::from(&ends[0] + &ends[1]) / 2u32;
            let bits: Vec<bool> = forms.iter().map(|z| z.sign_at(&middle).is_gt()).collect();
            *exact_decisions += bits.len() as u64;
            Piece {
                lo: ends[0].clone(),
                hi: ends[1].clone(),
                into_next: forms.iter().zip(&bits).map(|(z, &bit)| if bit { z.clone() } else { Form::zero() }).collect(),
                forms: [piece.forms.clone(), forms.clone()].concat(),
                bits: [piece.bits.clone(), bits].concat(),
            }
        })
        .collect()
}
