//! Traces of smooth networks, against an oracle that shares nothing with the library: a plain forward pass in 200 bits, at many points.

use super::support::Words;
use plica::data::Point;
use plica::line::{EnclosedTrace, Enclosure, Event, Tracer};
use plica::network::{Bit, Coefficients, Network, NetworkBuilder, Operation, Piecewise, Smooth, Value};
use rug::float::Constant;
use rug::ops::Pow;
use rug::{Float, Rational};
use std::cmp::Ordering;

/// The precisions of the oracle. A sign is certain if two precisions agree on it.
const BITS: [u32; 3] = [200, 400, 2400];
/// The number of sampled points of a segment, before signs change.
const POINTS: i64 = 120;

/// The textbook definition of each function.
fn textbook(function: &Smooth, x: &Float) -> Float {
    let p = x.prec();
    let of = |q: &Rational| Float::with_val(p, q);
    let logistic = |y: Float| 1 / (1 + (-y).exp());
    match function {
        Smooth::Tanh => x.clone().tanh(),
        Smooth::Erf => x.clone().erf(),
        Smooth::Sigmoid => logistic(x.clone()),
        Smooth::Softplus { beta } => {
            let y = x * of(beta);
            // The exponential of a large number is infinite.
            let sum = if y > 1e6 { y } else { y.exp().ln_1p() };
            sum / of(beta)
        }
        Smooth::Gelu => {
            let y = x / Float::with_val(p + 64, 2).sqrt();
            // 1 + erf(y) cancels on the left.
            let twice = if y > -2 { 1 + y.erf() } else { (-y).erfc() };
            Float::with_val(p, x * twice) / 2
        }
        Smooth::GeluTanh => {
            let k = Float::with_val(p, 2 / Float::with_val(p, Constant::Pi)).sqrt();
            let c = Float::with_val(p, Rational::from((44_715, 1_000_000)));
            let inner = k * (x + c * x.clone().pow(3));
            // (1 + tanh(y)) / 2 is the logistic function of 2 y.
            x * logistic(2 * inner)
        }
        Smooth::Silu { beta } => x * logistic(x * of(beta)),
        Smooth::Elu { scale, alpha, width } => {
            if *x > 0 {
                of(scale) * x
            } else {
                of(scale) * of(alpha) * Float::with_val(p, x / of(width)).exp_m1()
            }
        }
        Smooth::Mish => {
            let plus = if *x > 1e6 { x.clone() } else { x.clone().exp().ln_1p() };
            x * plus.tanh()
        }
        Smooth::Softsign => x / (1 + x.clone().abs()),
        Smooth::HardSwish => {
            let gate = Float::with_val(p, x + 3).max(&Float::new(p)).min(&Float::with_val(p, 6));
            x * gate / 6
        }
        Smooth::Exp => x.clone().exp(),
        Smooth::Power { exponent } if exponent.is_integer() => x.clone().pow(exponent.numer().to_i32().unwrap()),
        Smooth::Power { exponent } => x.clone().pow(of(exponent)),
        _ => unreachable!("all functions are here"),
    }
}

fn at(function: &Piecewise, x: &Float) -> Float {
    let part = function.breakpoints().iter().filter(|b| *x > **b).count();
    let of = |q: &Rational| Float::with_val(x.prec(), q);
    of(&function.slopes()[part]) * x + of(&function.constants()[part])
}

/// The distances of all bits from their thresholds at a point, and the outputs.
pub(super) fn forward(network: &Network, x: &[Rational], p: u32) -> (Vec<Float>, Vec<Float>) {
    let mut values: Vec<Vec<Float>> = Vec::new();
    let mut bits = Vec::new();
    for node in network.nodes() {
        let next = match &node.operation {
            Operation::Input => x.iter().map(|q| Float::with_val(p, q)).collect(),
            Operation::Affine(affine) => {
                let element = |i: usize| {
                    let mut sum = Float::new(p);
                    if !affine.bias.is_empty() {
                        sum += affine.bias.get(i);
                    }
                    for term in &affine.terms {
                        term.map.for_row(i, |j, w| {
                            let w = term.map.weights().get(w);
                            if w.cmp0() != Ordering::Equal {
                                sum += Float::with_val(p, &w) * &values[term.from][j];
                            }
                        });
                    }
                    sum
                };
                (0..node.len()).map(element).collect()
            }
            Operation::Smooth { from, function, is_layer } => {
                if *is_layer {
                    bits.extend(values[*from].iter().cloned());
                }
                values[*from].iter().map(|z| textbook(function, z)).collect()
            }
            Operation::Activation { from, functions, function_of, is_layer } => {
                let function = |i: usize| &functions[function_of.get(i).map_or(0, |&f| f as usize)];
                if *is_layer {
                    for (i, z) in values[*from].iter().enumerate() {
                        bits.extend(function(i).breakpoints().iter().map(|b| Float::with_val(p, z - Float::with_val(p, b))));
                    }
                }
                values[*from].iter().enumerate().map(|(i, z)| at(function(i), z)).collect()
            }
            Operation::Product([x, y]) => values[*x].iter().zip(&values[*y]).map(|(x, y)| Float::with_val(p, x * y)).collect(),
            Operation::Quotient([x, y]) => values[*x].iter().zip(&values[*y]).map(|(x, y)| Float::with_val(p, x / y)).collect(),
            Operation::MatrixProduct(product) => {
                let [x, y] = product.factors.map(|factor| &values[factor]);
                let (rows, inner, columns) = (product.rows, product.inner, product.columns);
                let mut list = Vec::new();
                for (batch, row, column) in
                    (0..product.batch).flat_map(|b| (0..rows).flat_map(move |i| (0..columns).map(move |j| (b, i, j))))
                {
                    let mut sum = Float::new(p);
                    for k in 0..inner {
                        sum += Float::with_val(p, &x[(batch * rows + row) * inner + k] * &y[(batch * inner + k) * columns + column]);
                    }
                    list.push(sum);
                }
                list
            }
            Operation::Maximum(_) => unreachable!("smooth networks here have no maxima"),
        };
        values.push(next);
    }
    (bits, values.swap_remove(network.output_node()))
}

/// Whether two results of different precision have the same sign and about the same size.
fn agree(coarse: &Float, fine: &Float) -> bool {
    coarse.cmp0() == fine.cmp0() && Float::with_val(64, coarse - fine).abs() <= Float::with_val(64, fine / 4).abs()
}

struct Oracle<'a> {
    network: &'a Network,
    a: Vec<Rational>,
    b: Vec<Rational>,
}

impl Oracle<'_> {
    fn point(&self, t: &Rational) -> Vec<Rational> {
        self.a.iter().zip(&self.b).map(|(a, b)| Rational::from(b - a) * t + a).collect()
    }

    /// Whether each bit is active at a time, where that is certain.
    fn bits(&self, t: &Rational) -> Vec<Option<bool>> {
        let x = self.point(t);
        let [mut coarse, mut fine] = [0, 0].map(|_| forward(self.network, &x, BITS[0]).0);
        let small = |v: &Float| v.is_zero() || v.get_exp().is_some_and(|e| e < -90);
        if !coarse.iter().any(small) {
            return coarse.iter().map(|v| Some(*v > 0)).collect();
        }
        // Values that are 0 by all precisions are slow to confirm: a few times are enough.
        let most = if *t.denom() <= 10 { BITS.len() } else { BITS.len() - 1 };
        for pair in BITS[..most].windows(2) {
            (coarse, fine) = (fine, forward(self.network, &x, pair[1]).0);
            if coarse.iter().zip(&fine).all(|(c, f)| agree(c, f) && !f.is_zero()) {
                break;
            }
        }
        let is_certain = |c: &Float, f: &Float| agree(c, f) && (most == BITS.len() || !f.is_zero());
        coarse.iter().zip(&fine).map(|(c, f)| is_certain(c, f).then_some(*f > 0)).collect()
    }
}

/// The bits of an event.
fn bits_of(event: &Event) -> Vec<Bit> {
    match event {
        Event::Crossing { flips, .. } => flips.clone(),
        Event::Window { once, undecided, .. } => once.iter().copied().chain(undecided.iter().map(|u| u.bit)).collect(),
    }
}

fn exact(x: f64) -> Rational {
    Rational::from_f64(x).expect("times are finite")
}

fn is_in(t: Enclosure, lo: &Rational, hi: &Rational) -> bool {
    exact(t.lo) <= *hi && exact(t.hi) >= *lo
}

/// What a trace says of the bits at a time: nothing of those that are in an event there.
fn said(trace: &EnclosedTrace, t: &Rational) -> Vec<Option<bool>> {
    let mut state = trace.start().to_vec();
    let mut silent = vec![false; state.len()];
    for event in trace.events() {
        let Enclosure { lo, hi } = event.t();
        if exact(hi) < *t {
            let position = |bit: Bit| trace.units().position(bit);
            match event {
                Event::Crossing { flips, .. } => flips.iter().for_each(|&bit| state[position(bit)] = state[position(bit)].map(|b| !b)),
                Event::Window { once, undecided, .. } => {
                    once.iter().for_each(|&bit| state[position(bit)] = state[position(bit)].map(|b| !b));
                    undecided.iter().for_each(|u| state[position(u.bit)] = u.after);
                }
            }
        } else if exact(lo) <= *t {
            bits_of(event).into_iter().for_each(|bit| silent[trace.units().position(bit)] = true);
        }
    }
    state.into_iter().zip(silent).map(|(state, silent)| state.filter(|_| !silent)).collect()
}

/// Compares a trace with the oracle, and returns it.
pub(super) fn check(network: &Network, a: &Point, b: &Point) -> EnclosedTrace {
    let trace = Tracer::new(network).enclose(a, b).expect("the network can be traced");
    if let Err(problem) = compare(network, a, b, &trace) {
        let show = |p: &Point| p.to_rationals().iter().map(Rational::to_string).collect::<Vec<_>>().join(" ");
        panic!("{problem}\nfrom {} to {}\n{trace:?}\n{:?}", show(a), show(b), network.nodes());
    }
    trace
}

fn compare(network: &Network, a: &Point, b: &Point, trace: &EnclosedTrace) -> Result<(), String> {
    let oracle = Oracle { network, a: a.to_rationals(), b: b.to_rationals() };
    let mut times: Vec<Rational> = (1..POINTS).map(|k| Rational::from((k, POINTS))).collect();
    times.extend([10u32, 20, 30, 40].map(|k| Rational::from((1, 1u64 << k))));
    times.extend([10u32, 20, 30, 40].map(|k| 1 - Rational::from((1, 1u64 << k))));
    // Between neighbouring events, and between neighbouring events of one bit.
    let ends: Vec<(Rational, Rational)> = trace.events().iter().map(|e| (exact(e.t().lo), exact(e.t().hi))).collect();
    for pair in ends.windows(2) {
        times.push(Rational::from(&pair[0].1 + &pair[1].0) / 2);
    }
    for pair in trace.events().windows(2) {
        if pair[0].t().lo > pair[1].t().lo {
            return Err("the events are not in order".to_string());
        }
    }
    for bit in trace.units().bits() {
        let of: Vec<&Event> = trace.events().iter().filter(|e| bits_of(e).contains(&bit)).collect();
        for pair in of.windows(2) {
            times.push((exact(pair[0].t().hi) + exact(pair[1].t().lo)) / 2);
        }
    }
    for event in trace.events() {
        let mut bits = bits_of(event);
        bits.sort_unstable();
        if bits.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(format!("a bit is twice in {event:?}"));
        }
    }
    times.retain(|t| *t > 0 && *t < 1);
    times.sort();
    times.dedup();
    let mut samples: Vec<(Rational, Vec<Option<bool>>)> = times.into_iter().map(|t| (t.clone(), oracle.bits(&t))).collect();
    let count = trace.units().count();
    // Each change of a sign, to 2^-60.
    let tiny = Rational::from((1, 1u64 << 60));
    let mut changes: Vec<(usize, Rational, Rational)> = Vec::new();
    let mut more = Vec::new();
    for bit in 0..count {
        let certain: Vec<&(Rational, Vec<Option<bool>>)> = samples.iter().filter(|(_, bits)| bits[bit].is_some()).collect();
        for pair in certain.windows(2) {
            if pair[0].1[bit] == pair[1].1[bit] {
                continue;
            }
            let (mut lo, mut hi, before) = (pair[0].0.clone(), pair[1].0.clone(), pair[0].1[bit]);
            while Rational::from(&hi - &lo) > tiny {
                let middle = Rational::from(&lo + &hi) / 2;
                let bits = oracle.bits(&middle);
                match bits[bit] {
                    None => break,
                    state if state == before => lo = middle.clone(),
                    _ => hi = middle.clone(),
                }
                more.push((middle, bits));
            }
            changes.push((bit, lo, hi));
        }
    }
    samples.extend(more);
    for (t, bits) in &samples {
        for (bit, (found, expected)) in said(trace, t).iter().zip(bits).enumerate() {
            if let (Some(found), Some(expected)) = (found, expected)
                && found != expected
            {
                return Err(format!("bit {bit} is {expected} at {}", t.to_f64()));
            }
        }
    }
    let all: Vec<Bit> = trace.units().bits().collect();
    for (bit, lo, hi) in &changes {
        if !trace.events().iter().any(|event| is_in(event.t(), lo, hi) && bits_of(event).contains(&all[*bit])) {
            return Err(format!("bit {bit} changes at {}", lo.to_f64()));
        }
    }
    for (position, bit) in all.iter().enumerate() {
        let of = |event: &&Event| bits_of(event).contains(bit);
        if trace.windows().any(|event| bits_of(event).contains(bit)) {
            continue;
        }
        let (found, expected) = (trace.events().iter().filter(of).count(), changes.iter().filter(|(b, ..)| *b == position).count());
        // Two crossings that no double separates are not between samples.
        let close = |x: &&Event, y: &&Event| y.t().lo <= x.t().hi.next_up();
        let events: Vec<&Event> = trace.events().iter().filter(of).collect();
        if found != expected && !events.windows(2).any(|pair| close(&pair[0], &pair[1])) {
            return Err(format!("bit {position} changes {expected} times, and {found} times by the trace"));
        }
    }
    Ok(())
}

/// The flips of a trace in order, window by window.
fn flips(trace: &EnclosedTrace) -> Vec<Vec<Bit>> {
    let sorted = |event: &Event| {
        let mut bits = bits_of(event);
        bits.sort_unstable();
        bits
    };
    trace.events().iter().map(sorted).collect()
}

pub(super) fn rational(n: i64, d: i64) -> Rational {
    Rational::from((n, d))
}

pub(super) fn point(x: &[f64]) -> Point {
    Point::from_f64(x).unwrap()
}

/// One function of each kind, with usual parameters.
fn usual() -> Vec<Smooth> {
    let one = || Rational::from(1);
    vec![
        Smooth::Tanh,
        Smooth::Sigmoid,
        Smooth::softplus(one()).unwrap(),
        Smooth::Gelu,
        Smooth::GeluTanh,
        Smooth::silu(one()).unwrap(),
        Smooth::elu(one()).unwrap(),
        Smooth::selu(rational(1_673_263_242, 1_000_000_000), rational(1_050_700_987, 1_000_000_000)).unwrap(),
        Smooth::Mish,
        Smooth::Softsign,
        Smooth::HardSwish,
    ]
}

/// More functions, with unusual parameters.
fn functions() -> Vec<Smooth> {
    let mut functions = usual();
    functions.extend([
        Smooth::softplus(rational(1, 3)).unwrap(),
        Smooth::softplus(rational(1 << 20, 1)).unwrap(),
        Smooth::silu(rational(1702, 1000)).unwrap(),
        Smooth::silu(rational(1 << 20, 1)).unwrap(),
        Smooth::celu(rational(1, 3)).unwrap(),
        Smooth::celu(rational(7, 2)).unwrap(),
        Smooth::elu(rational(1, 10)).unwrap(),
    ]);
    functions
}

/// A random network of one input or a few, and a segment.
struct Recipe {
    words: Words,
    functions: Vec<Smooth>,
    /// Weights are multiples of 1/4, or thirds, or any doubles.
    grid: usize,
    gain: f64,
    bias: bool,
    piecewise: bool,
    products: bool,
    skips: bool,
}

impl Recipe {
    fn new(seed: u64, functions: Vec<Smooth>) -> Self {
        Self { words: Words(seed), functions, grid: 2, gain: 1.5, bias: true, piecewise: false, products: false, skips: false }
    }

    fn number(&mut self) -> Rational {
        match self.grid {
            0 => rational(self.words.below(17) as i64 - 8, 4),
            1 => rational(self.words.below(13) as i64 - 6, 3),
            _ => exact(self.words.double()) * exact(self.gain),
        }
    }

    fn linear(&mut self, builder: &mut NetworkBuilder, x: &Value, outputs: usize) -> Value {
        let inputs = x.shape()[0];
        let weights = (0..inputs * outputs).map(|_| self.number()).collect();
        let bias: Vec<Rational> = (0..outputs).map(|_| self.number()).collect();
        let bias = self.bias.then(|| Coefficients::from_rationals(bias));
        builder.linear(x, outputs, Coefficients::from_rationals(weights), bias).unwrap()
    }

    fn activation(&mut self, builder: &mut NetworkBuilder, x: &Value) -> Value {
        if self.piecewise && self.words.below(2) == 0 {
            let functions = [
                Piecewise::relu(),
                Piecewise::leaky_relu(rational(1, 10)),
                Piecewise::clip(Some(Rational::from(-1)), Some(rational(1, 2))),
                Piecewise::absolute(),
            ];
            return builder.activation(x, functions[self.words.below(4)].clone()).unwrap();
        }
        let function = self.functions[self.words.below(self.functions.len())].clone();
        builder.smooth(x, function).unwrap()
    }

    fn network(&mut self) -> Network {
        let inputs = 1 + self.words.below(3);
        let mut builder = NetworkBuilder::new(&[inputs]).unwrap();
        let mut x = builder.input();
        for _ in 0..1 + self.words.below(3) {
            let width = 1 + self.words.below(4);
            let z = self.linear(&mut builder, &x, width);
            let mut y = self.activation(&mut builder, &z);
            if self.products && self.words.below(2) == 0 {
                let other = if self.words.below(2) == 0 { self.linear(&mut builder, &x, width) } else { z.clone() };
                y = builder.product(&y, &other).unwrap();
            }
            if self.skips && self.words.below(2) == 0 {
                y = builder.add(&y, &z).unwrap();
            }
            x = y;
        }
        // The last layer is hidden too, so that its input has bits.
        let z = self.linear(&mut builder, &x, 2);
        let y = builder.smooth(&z, Smooth::Tanh).unwrap();
        builder.finish(&y).unwrap()
    }

    fn segment(&mut self, network: &Network) -> (Point, Point) {
        let n = network.inputs();
        let mut end = |scale: f64| -> Vec<f64> { (0..n).map(|_| scale * self.words.double()).collect() };
        let (a, b) = (end(3.0), end(3.0));
        (point(&a), point(&b))
    }
}

fn check_all(seeds: u64, functions: &[Smooth], change: impl Fn(&mut Recipe, u64)) {
    for seed in 0..seeds {
        let mut recipe = Recipe::new(seed, functions.to_vec());
        change(&mut recipe, seed);
        let network = recipe.network();
        let (a, b) = recipe.segment(&network);
        check(&network, &a, &b);
    }
}

#[test]
fn networks_of_each_function_have_the_traces_of_the_oracle() {
    for (k, function) in functions().into_iter().enumerate() {
        check_all(3, &[function], |recipe, seed| recipe.words = Words(1000 * k as u64 + seed));
    }
}

#[test]
fn networks_of_several_functions_have_the_traces_of_the_oracle() {
    check_all(30, &functions(), |recipe, seed| {
        recipe.piecewise = seed % 2 == 0;
        recipe.products = seed % 3 == 0;
        recipe.skips = seed % 4 < 2;
    });
}

#[test]
fn networks_of_small_numbers_have_the_traces_of_the_oracle() {
    check_all(40, &usual(), |recipe, seed| {
        recipe.grid = (seed % 2) as usize;
        recipe.piecewise = seed % 3 == 0;
        recipe.products = seed % 4 == 0;
        recipe.skips = seed % 5 < 2;
    });
}

#[test]
fn segments_from_the_origin_without_biases_start_with_units_that_are_zero() {
    for seed in 0..24 {
        let mut recipe = Recipe::new(seed, usual());
        recipe.functions.retain(|f| !f.is_positive());
        recipe.bias = false;
        recipe.skips = true;
        let network = recipe.network();
        let (a, b) = recipe.segment(&network);
        let zero = point(&vec![0.0; network.inputs()]);
        check(&network, &zero, &b);
        check(&network, &a, &zero);
        check(&network, &a, &a);
        check(&network, &zero, &zero);
    }
}

#[test]
fn tails_and_large_gains_have_the_traces_of_the_oracle() {
    for (k, gain) in [16.0, 300.0, 1e6, 1e-8].into_iter().enumerate() {
        check_all(10, &functions(), |recipe, seed| {
            recipe.words = Words(77 * k as u64 + seed);
            recipe.gain = gain;
        });
    }
}

#[test]
fn the_reversed_segment_has_the_reversed_trace() {
    for seed in 500..520 {
        let mut recipe = Recipe::new(seed, usual());
        recipe.products = true;
        recipe.skips = true;
        let network = recipe.network();
        let (a, b) = recipe.segment(&network);
        let mut tracer = Tracer::new(&network);
        let (there, back) = (tracer.enclose(&a, &b).unwrap(), tracer.enclose(&b, &a).unwrap());
        let mut reversed = flips(&back);
        reversed.reverse();
        assert_eq!(flips(&there), reversed, "{seed}");
    }
}

/// The network of one function.
fn single(function: Smooth) -> Network {
    let mut builder = NetworkBuilder::new(&[1]).unwrap();
    let x = builder.input();
    let y = builder.smooth(&x, function).unwrap();
    builder.finish(&y).unwrap()
}

#[test]
fn the_enclosures_of_outputs_hold_the_outputs() {
    let mut arguments = vec![0.0, 3.0, 3f64.next_up(), 3f64.next_down(), 38.6, 38.6f64.next_up(), 38.5, 39.0, 745.0, 746.0, 1e4];
    arguments.extend((0..40).map(|k| 0.25 * f64::from(k)));
    arguments.extend((-300..=300).step_by(25).map(|k| format!("1e{k}").parse::<f64>().unwrap()));
    let mut words = Words(5);
    arguments.extend((0..40).map(|_| 10.0 * words.double()));
    let negative: Vec<f64> = arguments.iter().map(|x| -x).collect();
    arguments.extend(negative);
    for function in functions() {
        let network = single(function.clone());
        let tracer = Tracer::new(&network);
        for &x in &arguments {
            let Enclosure { lo, hi } = tracer.outputs(&point(&[x])).unwrap()[0];
            let y = textbook(&function, &Float::with_val(400, x));
            assert!(lo <= y && y <= hi, "{function} at {x:e}: {y:e} is not in {lo:e} .. {hi:e}");
            if x.abs() <= 10.0 {
                let width = hi - lo;
                assert!(width <= 1e-12 * y.to_f64().abs() + 1e-300, "{function} at {x:e}: {lo:e} .. {hi:e} is wide");
            }
        }
    }
}

#[test]
fn the_enclosures_of_outputs_of_deep_networks_hold_the_outputs() {
    for seed in 0..40 {
        let mut recipe = Recipe::new(900 + seed, functions());
        recipe.gain = [1.0, 20.0, 1e5, 1e-9][seed as usize % 4];
        (recipe.piecewise, recipe.products, recipe.skips) = (true, true, true);
        let network = recipe.network();
        let (a, _) = recipe.segment(&network);
        let outputs = Tracer::new(&network).outputs(&a).unwrap();
        let (_, expected) = forward(&network, &a.to_rationals(), 400);
        for (y, Enclosure { lo, hi }) in expected.iter().zip(outputs) {
            assert!(lo <= *y && *y <= hi, "{seed}: {y} is not in {lo} .. {hi}");
        }
    }
}

/// An affine function of the input, as a value of one element.
fn form(builder: &mut NetworkBuilder, x: &Value, weights: &[Rational], bias: Rational) -> Value {
    let coefficients = |list: &[Rational]| Coefficients::from_rationals(list.to_vec());
    builder.linear(x, 1, coefficients(weights), Some(coefficients(&[bias]))).unwrap()
}

/// A network whose only smooth layer above a construction has one unit: w y + bias.
fn probed(build: impl Fn(&mut NetworkBuilder, &Value) -> Value, bias: Rational) -> Network {
    let mut builder = NetworkBuilder::new(&[1]).unwrap();
    let x = builder.input();
    let y = build(&mut builder, &x);
    let z = form(&mut builder, &y, &[Rational::from(1)], bias);
    let y = builder.smooth(&z, Smooth::Tanh).unwrap();
    builder.finish(&y).unwrap()
}

fn tanh_of(builder: &mut NetworkBuilder, x: &Value, w: Rational, b: Rational) -> Value {
    let z = form(builder, x, &[w], b);
    builder.smooth(&z, Smooth::Tanh).unwrap()
}

#[test]
fn a_unit_that_touches_zero_is_in_a_window() {
    let third = || rational(1, 3);
    let square = |builder: &mut NetworkBuilder, x: &Value| {
        let t = tanh_of(builder, x, Rational::from(1), -rational(1, 3));
        builder.product(&t, &t).unwrap()
    };
    let ends = [(-1.0, 2.0), (2.0, -1.0), (-1.0, 1.0), (-1.5, 1.25)];
    for (a, b) in ends {
        let trace = check(&probed(square, Rational::new()), &point(&[a]), &point(&[b]));
        let windows: Vec<&Event> = trace.windows().collect();
        assert!(!windows.is_empty(), "{trace:?}");
        for window in windows {
            assert!(window.t().hi - window.t().lo < 1e-9, "{trace:?}");
        }
        // Two crossings at distances from far to none that any precision sees.
        for exponent in [4u32, 20, 50, 60, 80, 100, 107, 110, 130, 200, 230, 260, 400, 1100] {
            let epsilon = Rational::from(1) >> exponent;
            check(&probed(square, Rational::from(-&epsilon)), &point(&[a]), &point(&[b]));
            check(&probed(square, epsilon), &point(&[a]), &point(&[b]));
        }
    }
    // A square of a linear form, which has its root at a time that is not a double, or at one that is.
    for root in [third(), rational(1, 2), Rational::new(), rational(1, 1024)] {
        let square = |builder: &mut NetworkBuilder, x: &Value| {
            let z = form(builder, x, &[Rational::from(1)], Rational::from(-&root));
            builder.product(&z, &z).unwrap()
        };
        for exponent in [0u32, 60, 120, 180, 240] {
            for sign in [-1, 0, 1] {
                let bias = (Rational::from(1) >> exponent) * sign / 16;
                check(&probed(square, bias), &point(&[-1.0]), &point(&[1.0]));
                check(&probed(square, rational(0, 1)), &point(&[0.0]), &point(&[1.0]));
            }
        }
    }
}

#[test]
fn a_root_of_order_three_has_a_proven_answer_or_a_window() {
    for shift in [Rational::new(), rational(1, 3), rational(1, 4)] {
        let cube = |builder: &mut NetworkBuilder, x: &Value| {
            let t = tanh_of(builder, x, Rational::from(1), Rational::from(-&shift));
            let square = builder.product(&t, &t).unwrap();
            builder.product(&square, &t).unwrap()
        };
        for (a, b) in [(-1.0, 1.0), (-1.0, 2.0), (0.0, 1.0), (1.5, -0.75)] {
            check(&probed(cube, Rational::new()), &point(&[a]), &point(&[b]));
            check(&probed(cube, Rational::from(1) >> 90), &point(&[a]), &point(&[b]));
        }
    }
}

#[test]
fn units_that_cross_at_one_time_are_in_one_window() {
    for (shift, a, b) in [(rational(1, 2), -1.0, 2.0), (rational(1, 3), -1.0, 2.0), (rational(1, 3), 0.0, 1.0)] {
        let mut builder = NetworkBuilder::new(&[1]).unwrap();
        let x = builder.input();
        let z = form(&mut builder, &x, &[Rational::from(1)], Rational::from(-&shift));
        let [t, g] = [Smooth::Tanh, Smooth::Gelu].map(|f| builder.smooth(&z, f).unwrap());
        let first = builder.smooth(&t, Smooth::Mish).unwrap();
        let second = builder.smooth(&g, Smooth::Softsign).unwrap();
        let y = builder.add(&first, &second).unwrap();
        let network = builder.finish(&y).unwrap();
        let trace = check(&network, &point(&[a]), &point(&[b]));
        assert!(trace.events().iter().any(|event| bits_of(event).len() >= 2), "{trace:?}");
    }
}

#[test]
fn duplicated_opposite_and_dead_units_have_the_traces_of_the_oracle() {
    let rows = [1.5, -0.5, 1.5, -0.5, -1.5, 0.5, 0.0, 0.0, 3.0, -1.0];
    let biases = [0.25, 0.25, -0.25, 0.0, 0.5];
    for function in usual() {
        let mut builder = NetworkBuilder::new(&[2]).unwrap();
        let x = builder.input();
        let coefficients = |list: &[f64]| Coefficients::from_f64(list.to_vec());
        let z = builder.linear(&x, 5, coefficients(&rows), Some(coefficients(&biases))).unwrap();
        let y = builder.smooth(&z, function.clone()).unwrap();
        let weights = [
            1.0, 0.5, 2.0, 1.0, -1.0, 1.0, 0.5, 2.0, 1.0, -1.0, -1.0, -0.5, -2.0, -1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0,
            0.0,
        ];
        let z = builder.linear(&y, 5, coefficients(&weights), Some(coefficients(&[-0.5, -0.5, 0.5, 0.0, 0.0]))).unwrap();
        let y = builder.smooth(&z, function).unwrap();
        let network = builder.finish(&y).unwrap();
        check(&network, &point(&[-2.0, 0.3]), &point(&[2.0, -1.0]));
        check(&network, &point(&[0.0, 0.0]), &point(&[1.0, 3.0]));
    }
}

#[test]
fn units_that_cancel_end_in_windows_soon() {
    let mut builder = NetworkBuilder::new(&[1]).unwrap();
    let x = builder.input();
    let coefficients = |list: &[f64]| Coefficients::from_f64(list.to_vec());
    let z = builder.linear(&x, 2, coefficients(&[1.0, 1.0]), None).unwrap();
    let y = builder.smooth(&z, Smooth::Tanh).unwrap();
    let z = builder.linear(&y, 2, coefficients(&[1.0, -1.0, 1.0, 1.0]), None).unwrap();
    let y = builder.smooth(&z, Smooth::Tanh).unwrap();
    let network = builder.finish(&y).unwrap();
    check(&network, &point(&[-1.0]), &point(&[2.0]));
}

#[test]
fn softplus_of_large_gain_has_the_trace_of_relu() {
    let mut compared = 0;
    for seed in 0..20 {
        let build = |function: Option<Smooth>| {
            let mut words = Words(3000 + seed);
            let mut builder = NetworkBuilder::new(&[2]).unwrap();
            let mut x = builder.input();
            for _ in 0..3 {
                let inputs = x.shape()[0];
                let weights = (0..3 * inputs).map(|_| words.double()).collect();
                let bias = (0..3).map(|_| 0.5 * words.double()).collect();
                let z = builder.linear(&x, 3, Coefficients::from_f64(weights), Some(Coefficients::from_f64(bias))).unwrap();
                x = match &function {
                    Some(function) => builder.smooth(&z, function.clone()).unwrap(),
                    None => builder.activation(&z, Piecewise::relu()).unwrap(),
                };
            }
            builder.finish(&x).unwrap()
        };
        let (a, b) = (point(&[-2.0, 0.7]), point(&[2.0, -0.4]));
        let relu = Tracer::new(&build(None)).enclose(&a, &b).unwrap();
        let network = build(Smooth::softplus(Rational::from(1) << 40));
        let soft = if seed < 4 { check(&network, &a, &b) } else { Tracer::new(&network).enclose(&a, &b).unwrap() };
        // A dead unit of a ReLU is 0, and its softplus is not; then the signs above may differ.
        assert_eq!(relu.start().len(), soft.start().len());
        assert_eq!(flips(&relu), flips(&soft), "{seed}");
        compared += flips(&relu).len();
    }
    assert!(compared > 40);
}

#[test]
fn the_enclosed_trace_of_a_piecewise_affine_network_is_its_trace() {
    for seed in 0..20 {
        let mut words = Words(seed);
        let mut builder = NetworkBuilder::new(&[2]).unwrap();
        let mut x = builder.input();
        for _ in 0..2 {
            let inputs = x.shape()[0];
            let weights = Coefficients::from_f64((0..4 * inputs).map(|_| words.double()).collect());
            let z = builder.linear(&x, 4, weights, Some(Coefficients::from_f64((0..4).map(|_| words.double()).collect()))).unwrap();
            x = builder.activation(&z, Piecewise::clip(Some(Rational::from(-1)), Some(rational(1, 2)))).unwrap();
        }
        let network = builder.finish(&x).unwrap();
        let (a, b) = (point(&[-3.0, words.double()]), point(&[3.0, words.double()]));
        let mut tracer = Tracer::new(&network);
        let (enclosed, trace) = (tracer.enclose(&a, &b).unwrap(), tracer.trace(&a, &b).unwrap());
        assert!(enclosed.is_certified());
        assert!(enclosed.to_trace().unwrap().agrees_with(&trace));
        check(&network, &a, &b);
    }
}

#[test]
fn weights_below_and_above_the_doubles_have_the_traces_of_the_oracle() {
    let tiny = || Rational::from(1) >> 1400;
    let huge = || Rational::from(1) << 1400;
    for (small, large) in [(tiny(), huge()), (rational(1, 3) >> 1060, rational(1, 3) << 1060)] {
        let mut builder = NetworkBuilder::new(&[1]).unwrap();
        let x = builder.input();
        let t = tanh_of(&mut builder, &x, rational(1, 1), rational(1, 3));
        let z = form(&mut builder, &t, &[large], Rational::new());
        let s = builder.smooth(&z, Smooth::elu(Rational::from(1)).unwrap()).unwrap();
        let z = form(&mut builder, &s, &[small], rational(-1, 7));
        let y = builder.smooth(&z, Smooth::Tanh).unwrap();
        check(&builder.finish(&y).unwrap(), &point(&[-2.0]), &point(&[1.0]));
    }
}
