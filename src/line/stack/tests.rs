//! Tests that compare the bounds of the walks with the truth, computed in rationals.

use super::*;
use crate::exact::double_double::DoubleDouble;
use crate::exact::rational;
use crate::line::double_double::DoubleDoubleForms;
use crate::line::walk::blocks::is_inactive;
use crate::network::Layer;
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rug::Rational;

/// The pre-activations of the layers up to `last` at a point, in plain rational arithmetic.
fn pre_activations(network: &Arc<Stack>, x: Vec<Rational>, last: usize) -> Vec<Vec<Rational>> {
    let mut h = x;
    let mut all = Vec::new();
    for layer in &network.layers()[..=last] {
        let z: Vec<Rational> =
            (0..layer.outputs()).map(|i| h.iter().enumerate().fold(layer.bias_of(i), |sum, (j, x)| sum + layer.weight(i, j) * x)).collect();
        h = z.iter().map(|z| if *z > 0 { z.clone() } else { Rational::new() }).collect();
        all.push(z);
    }
    all
}

fn network(widths: &[usize], seed: u64, exponents: &[i32]) -> Arc<Stack> {
    let mut state = seed;
    let mut unit = move || {
        state = crate::exact::random::next(state);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    let layers = widths.windows(2).zip(exponents.iter().cycle()).map(|(w, &e)| {
        let scale = 2f64.powi(e);
        let weights = DMatrix::from_fn(w[1], w[0], |_, _| unit() * scale);
        Layer::from_f64(weights, DVector::from_fn(w[1], |_, _| unit() * scale))
    });
    Arc::new(Stack::new(layers.collect()).unwrap())
}

/// Traces a random segment and returns the largest quotient of true error and bound, over all units and breakpoints.
fn worst_ratio(network: &Arc<Stack>, seed: u64, instructions: Instructions) -> f64 {
    let small = worst_ratio_of(StackTracer::new(Arc::clone(network)), network, seed, instructions, false);
    small.max(worst_ratio_of(StackTracer::new(Arc::clone(network)).treated_as_large(), network, seed, instructions, false))
}

/// As [`worst_ratio`], for the narrow walk.
fn worst_narrow_ratio(network: &Arc<Stack>, seed: u64, instructions: Instructions) -> f64 {
    worst_ratio_of(StackTracer::new(Arc::clone(network)), network, seed, instructions, true)
}

fn worst_ratio_of(tracer: StackTracer, network: &Arc<Stack>, seed: u64, instructions: Instructions, narrow: bool) -> f64 {
    let d = network.inputs();
    let point = |s: u64| -> Vec<f64> { (0..d as u64).map(|j| ((seed ^ s).wrapping_mul(2 * j + 77) % 1013) as f64 / 512.0 - 1.0).collect() };
    worst_ratio_on(&mut tracer.instructions(instructions), network, [point(3), point(91)], narrow)
}

/// As [`worst_ratio`], on one segment.
fn worst_ratio_on(tracer: &mut StackTracer, network: &Arc<Stack>, [a, b]: [Vec<f64>; 2], narrow: bool) -> f64 {
    let d = network.inputs();
    if narrow {
        let points = Points::from_f64([&a[..], &b[..]].concat(), d).unwrap();
        tracer.bind(&points).unwrap();
        tracer.flips_over(&points, [(0, 1)], |_, _, _| ()).unwrap();
    } else {
        tracer.trace(&Point::from_f64(&a).unwrap(), &Point::from_f64(&b).unwrap()).unwrap();
    }
    let recorded = if narrow { &tracer.narrow.recorded } else { &tracer.walk.recorded };
    let mut worst = 0.0f64;
    // The exact computation is slow in deep networks, so some of the breakpoints are tested.
    let step = network.depth().div_ceil(8) * 2 - 1;
    for record in recorded.iter().step_by(step) {
        let t = rational(record.at).unwrap();
        let x = a.iter().zip(&b).map(|(&a, &b)| rational(a).unwrap() + (rational(b).unwrap() - rational(a).unwrap()) * &t).collect();
        let truth = pre_activations(network, x, record.layer);
        for (i, z) in truth[record.layer].iter().enumerate() {
            if is_inactive(record.values[i]) {
                assert!(*z < 0, "layer {} unit {i} is {} at {}, but is thought inactive", record.layer, z.to_f64(), record.at);
                continue;
            }
            let bound = rational(tracer.plan.layers[record.layer].rho[i]).unwrap() * rational(record.error).unwrap();
            let error = (rational(record.values[i]).unwrap() - z).abs();
            assert!(
                error <= bound,
                "layer {} unit {i}: the model is off by {}, its bound is {}",
                record.layer,
                error.to_f64(),
                bound.to_f64()
            );
            worst = worst.max((error / bound).to_f64());
        }
    }
    worst
}

proptest! {
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(60) })]
    #[test]
    fn the_bound_holds_over_many_orders_of_magnitude(
        seed: u64,
        exponents in proptest::collection::vec(prop_oneof![Just(0), -3i32..3, -160i32..160], 1..4),
        widths in proptest::sample::select(vec![vec![1, 3, 1], vec![2, 5, 4, 1], vec![3, 17, 9, 8, 2], vec![2, 40, 20, 10, 1], vec![5, 6, 6, 6, 6, 6, 1]]),
    ) {
        let network = network(&widths, seed, &exponents);
        for instructions in Instructions::available() {
            worst_ratio(&network, seed, instructions);
            worst_narrow_ratio(&network, seed, instructions);
        }
    }
}

/// Where products of the norms of layers would leave nothing certain, ellipsoids follow the errors.
#[test]
fn the_bound_holds_in_deep_networks_and_stays_small() {
    for (seed, width, depth) in [(1, 4, 60), (2, 5, 45), (3, 6, 40), (4, 3, 90)] {
        let mut widths = vec![2];
        widths.resize(depth + 1, width);
        widths.push(1);
        let network = network(&widths, seed, &[[0, 1], [0, 0], [0, 0], [1, 0]][seed as usize - 1]);
        for instructions in Instructions::available() {
            let ratio = worst_ratio_of(StackTracer::new(Arc::clone(&network)), &network, seed, instructions, false);
            assert!(ratio > 0.0);
        }
        let mut tracer = StackTracer::new(Arc::clone(&network));
        let trace = tracer.trace(&Point::from_f64(&[-1.0, 0.5]).unwrap(), &Point::from_f64(&[1.0, 0.25]).unwrap()).unwrap();
        let last = &tracer.walk.layers[depth - 1];
        // Bounds by norms alone would be many times larger than the values.
        assert!(last.error < 1e-8 * last.value_norm, "{depth} layers: {last:?}");
        assert!(trace.decisions().exact * 20 <= trace.decisions().filtered, "{:?}", trace.decisions());
    }
}

/// A one-sided kink makes the bound an equality, so that every missing term is detected.
#[test]
fn outputs_stay_as_near_to_straight_lines_as_blocks_say() {
    let mut closest = 0.0f64;
    for seed in 0..200 {
        let network = network(&[1, 2, 2, 3, 3, 1], seed, &[0]);
        let mut tracer = StackTracer::new(Arc::clone(&network)).treated_as_large();
        tracer.trace(&Point::from_f64(&[-2.0]).unwrap(), &Point::from_f64(&[2.0]).unwrap()).unwrap();
        let outputs = |layer: usize, t: f64| -> Vec<Rational> {
            let values = pre_activations(&network, vec![Rational::from(4) * rational(t).unwrap() - 2], layer).swap_remove(layer);
            values.into_iter().map(|z| if z > 0 { z } else { Rational::new() }).collect()
        };
        for block in &tracer.walk.recorded_blocks {
            let [from, to] = [block.from, block.to].map(|t| outputs(block.layer - 1, t));
            for mark in tracer.walk.marks.iter().filter(|mark| mark.at > block.from && mark.at < block.to) {
                let part = (rational(mark.at).unwrap() - rational(block.from).unwrap())
                    / (rational(block.to).unwrap() - rational(block.from).unwrap());
                let line = from.iter().zip(&to).map(|(x, y)| x + Rational::from(y - x) * &part);
                let square: Rational = outputs(block.layer - 1, mark.at).iter().zip(line).map(|(h, line)| (h - line).square()).sum();
                // The distance of the model from its line is at most the spread; the truth is near the model here and at both ends.
                let bound: Rational = rational(block.spread).unwrap() + rational(block.output_error).unwrap() * 2;
                assert!(square <= bound.clone().square(), "seed {seed}: {} leaves a line by more than {block:?}", square.to_f64().sqrt());
                let square = square.to_f64();
                closest = closest.max(square.sqrt() / block.spread);
            }
        }
    }
    assert!(closest > 0.999, "{closest}");
}

#[test]
fn the_bound_is_close_to_true_errors() {
    let largest = |ratio: fn(&Arc<Stack>, u64, Instructions) -> f64| {
        (0..10).map(|seed| ratio(&network(&[3, 17, 9, 8, 2], seed, &[0]), seed, Instructions::detect())).fold(0.0, f64::max)
    };
    for ratio in [largest(worst_ratio), largest(worst_narrow_ratio)] {
        assert!(ratio > 1e-4, "the bound exceeds every true error ten thousand times: {ratio}");
    }
}

/// In general position the narrow walk takes all decisions, and every crossing is in its window.
#[test]
fn windows_of_the_narrow_walk_hold_the_crossings() {
    let mut segments = 0;
    for seed in 0..60 {
        let widths = [vec![2, 5, 4, 1], vec![5, 6, 6, 6, 6, 6, 1], vec![3, 32, 25, 17, 8, 1]];
        let network = network(&widths[seed as usize % widths.len()], seed, &[0]);
        let coordinates =
            (0..2 * network.inputs() as u64).map(|k| ((seed * 97 + k * k * 31 + 7 * k) % 1009) as f64 / 504.0 - 1.0).collect();
        let points = Points::from_f64(coordinates, network.inputs()).unwrap();
        let mut exact = StackTracer::new(Arc::clone(&network));
        exact.options.exact_times = true;
        let exact = exact.trace(&points.point(0), &points.point(1)).unwrap();
        for instructions in Instructions::available() {
            let mut tracer = StackTracer::new(Arc::clone(&network)).instructions(instructions);
            let mut decisions = Default::default();
            tracer.bind(&points).unwrap();
            tracer.flips_over(&points, [(0, 1)], |_, _, taken| decisions = taken).unwrap();
            if decisions.exact > 0 || tracer.narrow.filtered == 0 {
                continue;
            }
            segments += 1;
            assert_eq!(tracer.narrow.crossings().len(), exact.crossing_count());
            for (window, crossing) in tracer.narrow.crossings().iter().zip(exact.crossings()) {
                let distance = (rational(window.at).unwrap() - crossing.t_exact.unwrap()).abs();
                assert!(distance <= window.half, "seed {seed}: {window:?} is {} from its crossing", distance.to_f64());
                assert_eq!([window.bit], crossing.flips);
            }
        }
    }
    let sets = Instructions::available().len();
    assert!(segments > 50 * sets, "{segments} of {sets} sets of instructions");
}

/// A unit with large errors becomes active: the true value may be positive a little before the model is. The bound of the next layer covers
/// this.
#[test]
fn a_unit_that_turns_early_is_among_the_errors_of_the_next_layer() {
    let mut early = 0.0f64;
    for seed in 0..60u64 {
        let mut state = seed;
        let mut random = move || {
            state = crate::exact::random::next(state);
            0.5 + (state >> 12) as f64 / (1u64 << 53) as f64
        };
        // The first unit of the second layer is 2^20 times the small difference of numbers that cancel. It is 0 near 1/4, and steep.
        let (slope, factor) = (random(), random());
        let weights = [factor, -factor / slope * (1.0 - 2f64.powi(-20))];
        let large = 2f64.powi(20);
        let bias = -(weights[0] * (3.0 + 0.25) + weights[1] * (5.0 + 0.25 * slope));
        let network = Stack::new(vec![
            Layer::from_f64(DMatrix::from_column_slice(2, 1, &[1.0, slope]), DVector::from_column_slice(&[3.0, 5.0])),
            Layer::from_f64(
                DMatrix::from_row_slice(2, 2, &[large * weights[0], large * weights[1], 0.0, 1.0]),
                DVector::from_column_slice(&[large * bias, 0.0]),
            ),
            Layer::from_f64(DMatrix::from_row_slice(2, 2, &[1.0, random(), -random(), 1.0]), DVector::from_column_slice(&[0.0, 0.5])),
            Layer::from_f64(DMatrix::from_row_slice(2, 2, &[1.0, random(), random(), 1.0]), DVector::from_column_slice(&[0.0, 0.5])),
            Layer::from_f64(DMatrix::from_element(1, 2, 1.0), DVector::zeros(1)),
        ]);
        let network = Arc::new(network.unwrap());
        for instructions in Instructions::available() {
            let mut tracer = StackTracer::new(Arc::clone(&network)).instructions(instructions);
            worst_ratio_on(&mut tracer, &network, [vec![-1.0], vec![1.0]], false);
            assert!(!tracer.walk.layers[2].errors().is_empty(), "seed {seed}: errors are followed by direction");
            // The true value of the unit where the model becomes active, relative to the bound of the next layer.
            for record in tracer.walk.recorded.iter().filter(|record| record.layer == 2 && record.at < 1.0) {
                let x = rational(record.at).unwrap() * 2u32 - 1u32;
                let truth = pre_activations(&network, vec![x], 1)[1][0].to_f64();
                early = early.max(truth / (tracer.plan.layers[2].rho[0] * record.error));
            }
        }
    }
    assert!(early > 0.01, "{early}");
}

/// Where fresh values replace running ones, a sign that was not escalated is certain by both of them: they may differ by as much as the
/// error.
#[test]
fn signs_that_were_not_asked_for_are_certain_by_fresh_values_too() {
    let (mut asked, mut near) = (0, 0);
    for seed in 0..12u64 {
        let build = |bias: f64| {
            let mut layers = network(&[1, 24, 5, 3, 1], seed, &[0]).layers().to_vec();
            // All units of the second layer are active everywhere, so that the third one is computed anew where the first one flips.
            let bounds = DVector::from_element(5, 40.0);
            layers[1] = Layer::from_f64(layers[1].weights().clone(), bounds);
            let mut last = layers[2].bias().clone();
            last[0] += bias;
            layers[2] = Layer::from_f64(layers[2].weights().clone(), last);
            Arc::new(Stack::new(layers).unwrap())
        };
        let refresh = |bias: f64| {
            let network = build(bias);
            let mut tracer = StackTracer::new(Arc::clone(&network));
            tracer.trace(&Point::from_f64(&[-4.0]).unwrap(), &Point::from_f64(&[4.0]).unwrap()).unwrap();
            let record = tracer.walk.recorded_refreshes.iter().find(|record| record.layer == 2).cloned();
            record.map(|record| (record, tracer.plan.layers[2].rho.to_vec()))
        };
        let Some((first, rho)) = refresh(0.0) else { continue };
        let certain = rho[0] * (first.error + first.by_time);
        // The value of the first unit there, moved to a little less and a little more than the certain magnitude, with both signs.
        for step in 0..120 {
            let value = certain * (0.6 + 0.03 * f64::from(step)) * if step % 2 == 0 { 1.0 } else { -1.0 };
            let Some((record, rho)) = refresh(value - first.running[0]) else { continue };
            asked += record.asked.len();
            for i in (0..3).filter(|i| !record.asked.contains(i)) {
                let certain = rho[i as usize] * (record.error + record.by_time);
                let [running, fresh] = [&record.running, &record.fresh].map(|values| values[i as usize]);
                assert!(running.abs() > certain && fresh.abs() > certain && (running > 0.0) == (fresh > 0.0), "seed {seed}: {record:?}");
                near += usize::from(running.abs() < 4.0 * certain);
            }
        }
    }
    assert!(asked > 100 && near > 100, "{asked} {near}");
}

/// Where fresh values replace running ones, the outputs jump by their difference, and the signs of escalated units need not be those of the
/// fresh values. The bounds of the next layer have both.
#[test]
fn fresh_values_are_among_the_jumps_and_the_disagreements() {
    let (mut disagree, mut moved) = (0, 0.0f64);
    for seed in 0..12u64 {
        let refresh = |bias: f64| {
            let mut layers = network(&[1, 24, 5, 3, 1], seed, &[0]).layers().to_vec();
            layers[1] = Layer::from_f64(layers[1].weights().clone(), DVector::from_element(5, 40.0));
            let mut last = layers[2].bias().clone();
            last[0] += bias;
            layers[2] = Layer::from_f64(layers[2].weights().clone(), last);
            let mut tracer = StackTracer::new(Arc::new(Stack::new(layers).unwrap()));
            tracer.trace(&Point::from_f64(&[-4.0]).unwrap(), &Point::from_f64(&[4.0]).unwrap()).unwrap();
            tracer.walk.recorded_refreshes.iter().find(|record| record.layer == 2).cloned()
        };
        let Some(first) = refresh(0.0) else { continue };
        // The value of the first unit there is moved to multiples of a rounding, on both sides of 0.
        for step in -60..60 {
            let Some(record) = refresh(f64::from(step) * 2f64.powi(-52) - first.running[0]) else { continue };
            let is_active =
                |i: usize| if record.asked.contains(&(i as u32)) { record.active.contains(&(i as u32)) } else { record.fresh[i] > 0.0 };
            let exact = |x: f64| rational(x).unwrap();
            let square: Rational =
                (0..3).filter(|&i| is_active(i)).map(|i| (exact(record.fresh[i]) - exact(record.running[i])).square()).sum();
            assert!(square <= exact(record.jump).square(), "seed {seed}: {record:?}");
            moved = moved.max(square.to_f64());
            for &unit in &record.asked {
                let value = record.fresh[unit as usize];
                if (value > 0.0) != is_active(unit as usize) {
                    assert!(value.abs() <= record.disagreement, "seed {seed}: {record:?}");
                    disagree += usize::from(value != 0.0);
                }
            }
        }
    }
    assert!(disagree > 10 && moved > 0.0, "{disagree} {moved}");
}

/// The last breakpoint of a strip of blocks is a crossing of a small difference of large numbers, so it is not where the model has it. In
/// between, a unit of a layer in blocks crosses. By its values in the model it is inactive in the strip.
#[test]
fn strips_end_at_the_true_time_of_their_last_breakpoint() {
    for seed in 0..20u64 {
        let mut state = seed;
        let mut random = || {
            state = crate::exact::random::next(state);
            0.5 + (state >> 12) as f64 / (1u64 << 52) as f64
        };
        let (x, y, w) = (random(), random(), random());
        let [from, to] = [1.0, 2.0].map(|t| Point::from_f64(&[t * x, t * y]).unwrap());
        // Of the 50 pieces of the first layer, 32 are in a strip: 31 units cross before the time 1/2, and 17 after it.
        let (shallow, copied, small) = (48, 49, 2f64.powi(-30));
        let mut weights = DMatrix::from_fn(50, 2, |_, j| [1.0, 0.0][j]);
        let mut bias = DVector::from_fn(50, |k, _| -x * (1.0 + if k < 31 { k + 1 } else { k + 30 } as f64 / 100.0));
        (weights[(shallow, 0)], weights[(shallow, 1)]) = (w, -w * x / y * (1.0 - small));
        (bias[shallow], bias[copied]) = (-1.5 * small * w * x, 0.0);
        let build = |sign: f64, bound: f64| {
            let first = Layer::from_f64(weights.clone(), bias.clone());
            let copy = Layer::from_f64(DMatrix::from_fn(1, 50, |_, j| f64::from(u8::from(j == copied))), DVector::zeros(1));
            let of_copy = |weight: f64, bias: f64| Layer::from_f64(DMatrix::from_element(1, 1, weight), DVector::from_element(1, bias));
            Arc::new(Stack::new(vec![first, copy, of_copy(sign, -sign * bound), of_copy(1.0, 0.0)]).unwrap())
        };
        // The crossing in the model, and in truth.
        let mut tracer = StackTracer::new(build(1.0, 0.0));
        tracer.trace(&from, &to).unwrap();
        let exact = |x: f64| rational(x).unwrap();
        let at = tracer.walk.marks.iter().find(|mark| (mark.layer, mark.unit) == (0, shallow as u32)).unwrap().at;
        let slope = exact(w) * exact(x) + exact(weights[(shallow, 1)]) * exact(y);
        let truth = -exact(bias[shallow]) / slope - 1u32;
        assert!((exact(at) - &truth).abs() > 2f64.powi(-40), "seed {seed}");
        let middle = (exact(at) + &truth) / 2u32;
        let network = build(if truth > at { 1.0 } else { -1.0 }, ((middle + 1u32) * exact(x)).to_f64());
        let mut tracer = StackTracer::new(network).treated_as_large();
        let found = tracer.trace(&from, &to).unwrap();
        tracer.options.exact_only = true;
        assert!(found.agrees_with(&tracer.trace(&from, &to).unwrap()), "seed {seed}");
    }
}

/// A unit whose sign is that of the error of the layer below: it is not inactive in a block.
#[test]
fn errors_from_below_count_in_blocks() {
    let mut most = 0.0f64;
    for seed in 0..20 {
        let large = 2f64.powi(20);
        // The first unit of the second layer is 2^20 times the small difference of numbers that cancel.
        let build = |sign: f64, bound: f64| {
            let random = network(&[2, 3], seed, &[0]).layers()[0].weights().clone();
            let (p, q, r) = (1.0 + random[(0, 0)].abs(), 1.0 + random[(1, 0)].abs(), 1.0 + random[(2, 0)].abs());
            let layers = vec![
                Layer::from_f64(DMatrix::from_column_slice(3, 1, &[0.0, 0.0, 1.0]), DVector::from_column_slice(&[p, q, 0.0])),
                Layer::from_f64(
                    DMatrix::from_row_slice(2, 3, &[large * r, -large * r * p / q, 0.0, 0.0, 0.0, 1.0]),
                    DVector::from_column_slice(&[1.0, 0.0]),
                ),
                Layer::from_f64(DMatrix::from_row_slice(1, 2, &[sign, 0.0]), DVector::from_element(1, -sign * bound)),
                Layer::from_f64(DMatrix::from_element(1, 1, 1.0), DVector::zeros(1)),
            ];
            Arc::new(Stack::new(layers).unwrap())
        };
        let [from, to] = [1.0, 2.0].map(|x| Point::from_f64(&[x]).unwrap());
        let network = build(1.0, 0.0);
        let mut tracer = StackTracer::new(Arc::clone(&network)).treated_as_large();
        tracer.trace(&from, &to).unwrap();
        let model = tracer.walk.recorded.iter().find(|record| record.layer == 1).unwrap().values[0];
        let truth = pre_activations(&network, vec![Rational::from(1)], 1)[1][0].clone();
        let off = truth.to_f64() - model;
        most = most.max(off.abs());
        // The unit is positive in truth, and negative in the model.
        let network = build(off.signum(), model + 0.5 * off);
        let mut tracer = StackTracer::new(Arc::clone(&network)).treated_as_large();
        let found = tracer.trace(&from, &to).unwrap();
        tracer.options.exact_only = true;
        assert!(found.agrees_with(&tracer.trace(&from, &to).unwrap()), "seed {seed}: off by {off}");
    }
    assert!(most > 2f64.powi(-36), "{most}");
}

/// A coordinate of 1/3, minus the double near it, through layers that copy: the error of the coordinate in double-double arithmetic stays,
/// while all values are small.
#[test]
fn double_double_forms_of_small_numbers_have_the_errors_of_large_ones() {
    let third = 1.0 / 3.0;
    let layer = |bias: f64| Layer::from_f64(DMatrix::from_element(1, 1, 1.0), DVector::from_element(1, bias));
    let network = Arc::new(Stack::new(vec![layer(0.0), layer(-third), layer(0.0), layer(0.0), layer(0.0)]).unwrap());
    let ends = [Rational::from((1, 3)), Rational::from((1, 3))];
    let points = Points::from_points(&ends.map(|x| Point::from_rationals(vec![x]).unwrap())).unwrap();
    let tracer = StackTracer::new(network);
    let mut forms = DoubleDoubleForms::new(tracer.instructions, (&points, 0), (&points, 1));
    let below = vec![vec![1u64]; 4];
    let truth = Rational::from((1, 3)) - rational(third).unwrap();
    for layer in 1..5 {
        let form = forms.form(&tracer.plan, layer, 0, &below[..layer]);
        let off = (rational(form.b.hi).unwrap() + rational(form.b.lo).unwrap() - &truth).abs();
        assert!(off > 0 && off <= rational(form.error).unwrap(), "layer {layer}: {} {}", off.to_f64(), form.error);
    }
}

/// Double-double forms above a layer that amplifies errors: the bounds of the next layers include the errors from below.
#[test]
fn double_double_forms_inherit_the_errors_of_the_layers_below() {
    let mut most = 0.0f64;
    for seed in 0..40 {
        // The second layer is 2^20 times the small difference of numbers that cancel. All units are treated as active.
        let network = network(&[3, 4, 4, 4, 1], seed, &[0, 20, 0]);
        let coordinate = |k: u64| Rational::from((((seed * 31 + k * k * 17 + 5) % 97) as i64 - 48, 29 + k));
        let ends = [0, 3].map(|first| (first..first + 3).map(coordinate).collect::<Vec<_>>());
        let points = Points::from_points(&ends.clone().map(|end| Point::from_rationals(end).unwrap())).unwrap();
        let tracer = StackTracer::new(Arc::clone(&network));
        let below = vec![vec![0b1111u64]; 3];
        let mut forms = DoubleDoubleForms::new(tracer.instructions, (&points, 0), (&points, 1));
        // There is no ReLU, since all units are treated as active.
        let mut truth = ends;
        for (l, layer) in network.layers()[..4].iter().enumerate() {
            let step = |x: &Vec<Rational>| -> Vec<Rational> {
                (0..layer.outputs())
                    .map(|i| x.iter().enumerate().fold(layer.bias_of(i), |sum, (j, x)| sum + layer.weight(i, j) * x))
                    .collect()
            };
            truth = [step(&truth[0]), step(&truth[1])];
            for (i, (from, to)) in truth[0].iter().zip(&truth[1]).enumerate() {
                let form = forms.form(&tracer.plan, l, i, &below[..l]);
                let exact = |x: DoubleDouble| rational(x.hi).unwrap() + rational(x.lo).unwrap();
                let slope = Rational::from(to - from);
                let off = (exact(form.b) - from).abs().max((exact(form.a) - slope).abs()) / rational(form.error).unwrap();
                assert!(off <= 1, "seed {seed}: layer {l}, unit {i}: {}", off.to_f64());
                most = most.max(off.to_f64());
            }
        }
    }
    assert!(most > 0.001, "{most}");
}
