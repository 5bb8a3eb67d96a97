//! Traces of networks with quotients, powers, exponentials and products of matrices, against the oracle of `smooth.rs`; and where they are not defined.

use super::smooth::{check, forward, point, rational};
use super::support::Words;
use plica::data::Point;
use plica::line::{Enclosure, Event, TraceError, Tracer};
use plica::network::{Coefficients, Network, NetworkBuilder, Smooth, Value};
use rug::Rational;

fn coefficients(words: &mut Words, n: usize, gain: f64) -> Coefficients {
    Coefficients::from_f64((0..n).map(|_| gain * words.double()).collect())
}

fn linear(builder: &mut NetworkBuilder, words: &mut Words, x: &Value, outputs: usize, gain: f64) -> Value {
    let inputs = *x.shape().last().unwrap();
    let (weights, bias) = (coefficients(words, inputs * outputs, gain), coefficients(words, outputs, gain));
    builder.linear(x, outputs, weights, Some(bias)).unwrap()
}

/// A network whose outputs are units too, so that every value has a sign that is followed.
fn finished(mut builder: NetworkBuilder, words: &mut Words, x: &Value) -> Network {
    let y = linear(&mut builder, words, x, 3, 1.0);
    let y = builder.smooth(&y, Smooth::Tanh).unwrap();
    builder.finish(&y).unwrap()
}

fn ends(words: &mut Words, n: usize) -> [Point; 2] {
    [0, 1].map(|_| point(&(0..n).map(|_| 2.0 * words.double()).collect::<Vec<_>>()))
}

#[test]
fn networks_of_each_operation_have_the_traces_of_the_oracle() {
    let mut undefined = 0;
    for seed in 0..160u64 {
        let mut words = Words(seed);
        let mut builder = NetworkBuilder::new(&[3, 2]).unwrap();
        let x = builder.input();
        let z = linear(&mut builder, &mut words, &x, 2, 1.5);
        let h = builder.smooth(&z, Smooth::Gelu).unwrap();
        let other = linear(&mut builder, &mut words, &x, 2, 1.5);
        let positive = |builder: &mut NetworkBuilder, x: &Value| {
            let square = builder.product(x, x).unwrap();
            builder.scale_and_shift(&square, None, Some(Coefficients::from_f64(vec![0.25; 6]))).unwrap()
        };
        let y = match seed % 16 {
            0 => {
                let divisor = positive(&mut builder, &other);
                builder.quotient(&h, &divisor).unwrap()
            }
            // These may be undefined.
            1 => builder.quotient(&h, &other).unwrap(),
            2 => builder.power(&other, (-1).into()).unwrap(),
            3 => builder.power(&other, rational(1, 2)).unwrap(),
            4 => builder.smooth(&h, Smooth::Exp).unwrap(),
            5 => {
                let base = positive(&mut builder, &h);
                builder
                    .power(
                        &base,
                        [rational(1, 2), rational(-1, 2), rational(1, 3), rational(-5, 2), rational(-7, 3)][words.below(5)].clone(),
                    )
                    .unwrap()
            }
            6 => builder.power(&h, [4, 5, 6, 7][words.below(4)].into()).unwrap(),
            7 => {
                let base = positive(&mut builder, &other);
                builder.power(&base, [-1, -2, -3, -4][words.below(4)].into()).unwrap()
            }
            8 | 9 => {
                let turned = builder.transpose(&other, &[1, 0]).unwrap();
                let scores = builder.matrix_product(&h, &turned).unwrap();
                let weights = builder.softmax(&scores, 1).unwrap();
                builder.matrix_product(&weights, &h).unwrap()
            }
            10 => builder.softmax(&h, words.below(2)).unwrap(),
            11 => builder.layer_norm(&h, words.below(2), rational(1, 1 << 10)).unwrap(),
            12 => builder.rms_norm(&h, words.below(2), rational(1, 1 << 20)).unwrap(),
            13 => builder.layer_norm(&h, 0, Rational::new()).unwrap(),
            14 => {
                let e = builder.smooth(&h, Smooth::Exp).unwrap();
                let sum = builder.sum_along(&e, &[1]).unwrap();
                builder.quotient(&e, &sum).unwrap()
            }
            _ => {
                let inverse = builder.power(&other, (-2).into()).unwrap();
                builder.product(&inverse, &h).unwrap()
            }
        };
        let network = finished(builder, &mut words, &y);
        let [a, b] = ends(&mut words, 6);
        match Tracer::new(&network).enclose(&a, &b) {
            Ok(_) => drop(check(&network, &a, &b)),
            Err(TraceError::Undefined { .. }) => undefined += 1,
            Err(error) => panic!("{seed}: {error}"),
        }
    }
    assert!((20..40).contains(&undefined), "{undefined}");
}

/// A transformer block: attention of some heads and a perceptron, each behind a normalisation and with a residual connection.
fn block(words: &mut Words, tokens: usize, width: usize, heads: usize) -> Network {
    let mut builder = NetworkBuilder::new(&[tokens, width]).unwrap();
    let x = builder.input();
    let normal = |builder: &mut NetworkBuilder, x: &Value| builder.layer_norm(x, 1, rational(1, 100_000)).unwrap();
    let y = normal(&mut builder, &x);
    let each = width / heads;
    let [q, k, v] = [0, 1, 2].map(|_| {
        let y = linear(&mut builder, words, &y, width, 1.0);
        let y = builder.reshape(&y, &[tokens, heads, each]).unwrap();
        builder.transpose(&y, &[1, 0, 2]).unwrap()
    });
    let k = builder.transpose(&k, &[0, 2, 1]).unwrap();
    let scores = builder.matrix_product(&q, &k).unwrap();
    let weights = builder.softmax(&scores, 2).unwrap();
    let heads = builder.matrix_product(&weights, &v).unwrap();
    let heads = builder.transpose(&heads, &[1, 0, 2]).unwrap();
    let heads = builder.reshape(&heads, &[tokens, width]).unwrap();
    let y = linear(&mut builder, words, &heads, width, 1.0);
    let x = builder.add(&x, &y).unwrap();
    let y = normal(&mut builder, &x);
    let y = linear(&mut builder, words, &y, 2 * width, 1.0);
    let y = builder.smooth(&y, Smooth::Gelu).unwrap();
    let y = linear(&mut builder, words, &y, width, 1.0);
    let y = builder.add(&x, &y).unwrap();
    let y = normal(&mut builder, &y);
    let y = builder.smooth(&y, Smooth::Tanh).unwrap();
    builder.finish(&y).unwrap()
}

#[test]
fn a_transformer_block_has_the_trace_of_the_oracle() {
    for (seed, tokens, width, heads) in [(1, 2, 4, 2), (2, 3, 4, 1), (3, 2, 6, 3)] {
        let mut words = Words(seed);
        let network = block(&mut words, tokens, width, heads);
        let [a, b] = ends(&mut words, tokens * width);
        let trace = check(&network, &a, &b);
        assert!(trace.is_certified() && !trace.events().is_empty(), "{trace:?}");
        // Bits belong to activations only.
        assert_eq!(network.hidden_units(), tokens * width * 3);
    }
}

#[test]
fn the_outputs_of_a_transformer_block_are_enclosed() {
    let mut words = Words(9);
    let network = block(&mut words, 3, 6, 3);
    for scale in [1.0, 1e-6, 1e3] {
        let x: Vec<f64> = (0..18).map(|_| scale * words.double()).collect();
        let outputs = Tracer::new(&network).outputs(&point(&x)).unwrap();
        let (_, expected) = forward(&network, &point(&x).to_rationals(), 400);
        for (y, Enclosure { lo, hi }) in expected.iter().zip(outputs) {
            assert!(lo <= *y && *y <= hi && hi - lo < 1e-12, "{y} is not in {lo} .. {hi}");
        }
    }
}

#[test]
fn a_softmax_of_large_arguments_does_not_overflow() {
    let mut builder = NetworkBuilder::new(&[3]).unwrap();
    let x = builder.input();
    let y = builder.softmax(&x, 0).unwrap();
    let weights = Coefficients::from_f64(vec![1.0, -1.0, 0.0, 0.0, 1.0, -1.0, 1.0, 0.0, -1.0]);
    let z = builder.linear(&y, 3, weights, Some(Coefficients::from_f64(vec![0.01, -0.5, 0.25]))).unwrap();
    let y = builder.smooth(&z, Smooth::Tanh).unwrap();
    let network = builder.finish(&y).unwrap();
    for size in [1.0, 30.0, 300.0, 350.0] {
        let trace = check(&network, &point(&[size, 0.3 * size, -size]), &point(&[-size, -0.2 * size, 0.9 * size]));
        assert!(trace.is_certified() && trace.events().len() >= 2, "{size}: {trace:?}");
    }
    // Where an exponential is not in the doubles that radii are, there are windows, here almost everywhere.
    let size = 1e4;
    check(&network, &point(&[size, 0.3 * size, -size]), &point(&[-size, -0.2 * size, 0.9 * size]));
    let size = 600.0;
    let trace = check(&network, &point(&[size, 0.3 * size, -size]), &point(&[-size, -0.2 * size, 0.9 * size]));
    assert!(trace.events().iter().any(|event| matches!(event, Event::Crossing { .. })), "{trace:?}");
}

/// The network of one operation on the input, and a unit above it.
fn single(build: impl Fn(&mut NetworkBuilder, &Value) -> Value) -> Network {
    let mut builder = NetworkBuilder::new(&[1]).unwrap();
    let x = builder.input();
    builder.set_name("below");
    let y = build(&mut builder, &x);
    builder.set_name("");
    let y = builder.smooth(&y, Smooth::Tanh).unwrap();
    builder.finish(&y).unwrap()
}

/// The error of a segment: the node, the element and the place.
fn undefined(network: &Network, a: f64, b: f64) -> Option<(usize, usize, Enclosure)> {
    match Tracer::new(network).enclose(&point(&[a]), &point(&[b])) {
        Err(TraceError::Undefined { node, element, t, name, .. }) => {
            assert_eq!(name, "below");
            Some((node, element, t))
        }
        Ok(_) => {
            check(network, &point(&[a]), &point(&[b]));
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn what_is_not_defined_on_the_segment_is_refused_with_the_place() {
    let inverse = single(|b, x| b.power(x, (-1).into()).unwrap());
    let root = single(|b, x| b.power(x, rational(1, 2)).unwrap());
    // The argument is linear: inside, at the ends, along the whole segment, and nowhere.
    for (a, b, place) in [(-1.0, 1.0, 0.5), (1.0, -3.0, 0.25), (0.0, 1.0, 0.0), (1.0, 0.0, 1.0), (0.0, 0.0, 0.0)] {
        for network in [&inverse, &root] {
            let (node, element, t) = undefined(network, a, b).expect("the argument is 0 somewhere");
            assert_eq!((node, element), (1, 0));
            // A root of negative numbers is refused from the start.
            let place = if a < 0.0 && std::ptr::eq(network, &root) { 0.0 } else { place };
            assert_eq!((t.lo, t.hi), (place, place), "{a} to {b}");
        }
    }
    for (a, b) in [(1.0, 2.0), (1e-300, 1.0), (3.0, f64::from_bits(1)), (2.0, 2.0)] {
        assert_eq!((undefined(&inverse, a, b), undefined(&root, a, b)), (None, None));
    }
    assert_eq!(undefined(&inverse, -1.0, -2.0), None);
    assert_eq!(undefined(&root, -1.0, -2.0).unwrap().2.lo, 0.0);
    let message = Tracer::new(&root).enclose(&point(&[1.0]), &point(&[-3.0])).unwrap_err().to_string();
    let expected = "element 0 of node 1 (below) is not defined everywhere: its argument may be 0 or below at times in [0.25, 0.25], expected numbers above 0 on the whole segment";
    assert_eq!(message, expected);
    let message = Tracer::new(&inverse).outputs(&point(&[0.0])).unwrap_err().to_string();
    assert!(message.contains("its divisor may be 0 at times in [0, 0], expected numbers other than 0"), "{message}");
}

#[test]
fn divisors_that_are_not_linear_are_proved_or_refused_with_the_place() {
    // The square of tanh(x - 1/4) plus a constant: it touches 0 at x = 1/4 if the constant is 0.
    let touching = |by: Rational, exponent: Rational| {
        single(move |b, x| {
            let shift = |b: &mut NetworkBuilder, x: &Value, by: Rational| {
                b.scale_and_shift(x, None, Some(Coefficients::from_rationals(vec![by]))).unwrap()
            };
            let z = shift(b, x, rational(-1, 4));
            let t = b.smooth(&z, Smooth::Tanh).unwrap();
            let square = b.product(&t, &t).unwrap();
            let y = shift(b, &square, by.clone());
            b.power(&y, exponent.clone()).unwrap()
        })
    };
    for exponent in [rational(-1, 1), rational(1, 2), rational(-1, 2)] {
        for (a, b, place) in [(0.0, 1.0, 0.25), (0.25, 1.0, 0.0), (-1.0, 0.25, 1.0)] {
            let (.., t) = undefined(&touching(Rational::new(), exponent.clone()), a, b).unwrap();
            assert!(t.lo <= place && place <= t.hi && t.hi - t.lo < 1e-8, "{t:?} of {a} to {b}");
            // It is below 0 around this place.
            let (.., t) = undefined(&touching(-rational(1, 1 << 40), exponent.clone()), a, b).unwrap();
            assert!((t.lo - place).abs() < 1e-5, "{t:?} of {a} to {b}");
            for exponent_of_two in [10u32, 40, 100, 200] {
                assert_eq!(undefined(&touching(Rational::from(1) >> exponent_of_two, exponent.clone()), a, b), None);
            }
        }
        assert_eq!(undefined(&touching(Rational::new(), exponent), 0.5, 1.0), None);
    }
    // A divisor that changes its sign.
    let crossing = single(|b, x| {
        let t = b.smooth(x, Smooth::Tanh).unwrap();
        b.quotient(x, &t).unwrap()
    });
    for (a, b, place) in [(-1.0, 1.0, 0.5), (-1.0, 3.0, 0.25), (0.0, 1.0, 0.0), (1.0, 0.0, 1.0), (0.0, 0.0, 0.0)] {
        let (.., t) = undefined(&crossing, a, b).unwrap();
        assert!(t.lo <= place && place <= t.hi && t.hi - t.lo < 1e-8, "{t:?} of {a} to {b}");
    }
    assert_eq!(undefined(&crossing, 0.5, 2.0), None);
    // Behind an operation that is not defined itself, the first node is named.
    let twice = single(|b, x| {
        let y = b.power(x, (-1).into()).unwrap();
        b.power(&y, rational(1, 2)).unwrap()
    });
    assert_eq!(undefined(&twice, -1.0, 1.0).unwrap().0, 1);
    assert_eq!(undefined(&twice, -1.0, -2.0).unwrap().0, 2);
    assert_eq!(undefined(&twice, 1.0, 2.0), None);
}
