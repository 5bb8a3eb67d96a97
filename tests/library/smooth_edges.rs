//! Traces of smooth networks where doubles do not suffice: weights below the doubles, and crossings that are closer than doubles.

use plica::data::Point;
use plica::line::{EnclosedTrace, Event, Tracer};
use plica::network::{Coefficients, Network, NetworkBuilder, Selection, Smooth, Value};
use rug::Rational;

fn power(exponent: i32) -> Rational {
    if exponent >= 0 { Rational::from(1) << exponent as u32 } else { Rational::from(1) >> exponent.unsigned_abs() }
}

/// Bits whose pre-activations are products of t - r, with roots r at so many tenths of an ulp above 0.3.
fn with_roots(roots: &[&[i32]]) -> Network {
    let base = Rational::from_f64(0.3).unwrap();
    let mut builder = NetworkBuilder::new(&[1]).unwrap();
    let x = builder.input();
    let mut bits = Vec::new();
    for roots in roots {
        let mut factor = |tenths: i32| {
            let root = power(-54) * Rational::from((tenths, 10)) + &base;
            builder.linear(&x, 1, Coefficients::from_f64(vec![1.0]), Some(Coefficients::from_rationals(vec![-root]))).unwrap()
        };
        let factors: Vec<Value> = roots.iter().map(|&tenths| factor(tenths)).collect();
        let mut product = factors[0].clone();
        for factor in &factors[1..] {
            product = builder.product(&product, factor).unwrap();
        }
        bits.push(builder.smooth(&product, Smooth::Tanh).unwrap());
    }
    let all = builder.concatenate(&bits, 0).unwrap();
    builder.finish(&all).unwrap()
}

fn trace(network: &Network) -> EnclosedTrace {
    let [a, b] = [0.0, 1.0].map(|t| Point::from_f64(&[t]).unwrap());
    Tracer::new(network).enclose(&a, &b).unwrap()
}

/// The layers of the bits that flip, in order.
fn flips(trace: &EnclosedTrace) -> Vec<u32> {
    let layers = |event: &Event| match event {
        Event::Crossing { flips, .. } => flips.iter().map(|bit| bit.layer).collect(),
        Event::Window { .. } => vec![u32::MAX],
    };
    trace.events().iter().flat_map(layers).collect()
}

#[test]
fn a_weight_below_the_doubles_counts() {
    let mut builder = NetworkBuilder::new(&[1]).unwrap();
    let x = builder.input();
    let coefficients = |q: Rational| Coefficients::from_rationals(vec![q]);
    let z = builder.linear(&x, 1, coefficients(power(-1074) / 3), Some(coefficients(-power(-80)))).unwrap();
    // Not linear, so that no exact times are used.
    let one = builder.smooth(&x, Smooth::Softsign).unwrap();
    let z = builder.combine(&[(&z, 1), (&one, 1), (&one, -1)]).unwrap();
    let y = builder.smooth(&z, Smooth::Tanh).unwrap();
    let network = builder.finish(&y).unwrap();
    let [a, b] = [Rational::new(), power(1000)].map(|x| Point::from_rationals(vec![x]).unwrap());
    let units = network.units(&Selection::Layers(vec![(1, 1)])).unwrap();
    let trace = Tracer::new(&network).units(&units).enclose(&a, &b).unwrap();
    // One crossing at 3/64, certified or in a window.
    assert!(trace.events().iter().any(|event| event.t().lo <= 3.0 / 64.0 && 3.0 / 64.0 <= event.t().hi), "{trace:?}");
}

#[test]
fn crossings_of_one_bit_that_are_closer_than_doubles_stay_in_order() {
    for (roots, expected) in [([2, 3, 7], [0, 0, 1]), ([2, 3, 1], [1, 0, 0]), ([7, 8, 9], [0, 0, 1]), ([2, 8, 5], [0, 1, 0])] {
        let [first, second, other] = roots;
        let trace = trace(&with_roots(&[&[first, second], &[other]]));
        assert!(trace.is_certified(), "{roots:?}: {trace:?}");
        assert_eq!(flips(&trace), expected, "{roots:?}: {trace:?}");
    }
}

#[test]
fn a_window_tells_the_state_after_it() {
    // The first bit touches 0, and crosses it closer than doubles are.
    let trace = trace(&with_roots(&[&[2, 2, 6]]));
    assert_eq!((trace.start(), trace.end()), (&[Some(false)][..], vec![Some(true)]), "{trace:?}");
    // The second bit touches 0 between the two crossings of the first.
    let trace = self::trace(&with_roots(&[&[3, 7], &[5, 5]]));
    assert_eq!((trace.start(), trace.end()), (&[Some(true); 2][..], vec![Some(true); 2]), "{trace:?}");
    for window in trace.windows() {
        let Event::Window { once, undecided, .. } = window else { unreachable!() };
        assert!(once.is_sorted_by(|x, y| x < y) && undecided.iter().all(|one| !once.contains(&one.bit)), "{window:?}");
    }
}
