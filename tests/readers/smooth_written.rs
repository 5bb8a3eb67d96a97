//! Networks with smooth functions and products, written as `.onnx` and read again.

use crate::files::Folder;
use plica::network::{Coefficients, MatrixProduct, Network, NetworkBuilder, Node, Operation, Piecewise, Smooth, Value, load};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rug::Rational;

fn rewritten(network: &Network) -> Result<Network, String> {
    let folder = Folder::new();
    let path = folder.0.join("net.onnx");
    network.save(&path).map_err(|error| error.to_string())?;
    Ok(load(path.to_str().unwrap()).unwrap())
}

fn single(x: f32) -> Rational {
    Rational::from_f32(x).unwrap()
}

/// Functions that one operator has.
fn functions() -> Vec<Smooth> {
    let (one, two, tenth) = (Rational::from(1), Rational::from(2), single(0.1));
    let some = |function: Option<Smooth>| function.unwrap();
    vec![
        Smooth::Tanh,
        Smooth::Sigmoid,
        Smooth::Erf,
        some(Smooth::softplus(one.clone())),
        Smooth::Gelu,
        Smooth::GeluTanh,
        some(Smooth::silu(one.clone())),
        some(Smooth::silu(tenth.clone())),
        some(Smooth::elu(one.clone())),
        some(Smooth::elu(tenth.clone())),
        some(Smooth::celu(two.clone())),
        some(Smooth::celu(tenth.clone())),
        some(Smooth::selu(tenth.clone(), two)),
        some(Smooth::selu(one, tenth)),
        Smooth::Mish,
        Smooth::Softsign,
        Smooth::HardSwish,
    ]
}

/// A stream of small numbers from a seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % n
    }

    /// Eighths, which are singles, or doubles with all their bits.
    fn coefficients(&mut self, n: usize, double: bool) -> Coefficients {
        let by = if double { 0.3 } else { 0.125 };
        Coefficients::from_f64((0..n).map(|_| (self.below(33) as f64 - 16.0) * by).collect())
    }
}

/// A random network; each number of `steps` is a node or some nodes.
fn network(steps: &[u8], seed: u64, double: bool) -> Network {
    let mut numbers = Numbers(seed);
    let mut builder = NetworkBuilder::new(&[1, 4]).unwrap();
    let mut values = vec![builder.input()];
    for &step in steps {
        let [x, y] = [0; 2].map(|_| values[numbers.below(values.len())].clone());
        let next = match step % 12 {
            0 => {
                let (weights, bias) = (numbers.coefficients(16, double), numbers.coefficients(4, double));
                builder.linear(&x, 4, weights, Some(bias)).unwrap()
            }
            1 => builder.add(&x, &y).unwrap(),
            2 => builder.activation(&x, Piecewise::relu()).unwrap(),
            3 => builder.product(&x, &y).unwrap(),
            4 => {
                // The largest, or the mean, of two and two.
                let pairs = builder.reshape(&x, &[1, 2, 2]).unwrap();
                let half = if step < 128 { builder.maximum_along(&pairs, 2).unwrap() } else { builder.mean_along(&pairs, &[2]).unwrap() };
                let half = builder.reshape(&half, &[1, 2]).unwrap();
                builder.concatenate(&[half.clone(), half], 1).unwrap()
            }
            8 => builder.quotient(&x, &y).unwrap(),
            9 => {
                let rows = builder.reshape(&x, &[2, 2, 1]).unwrap();
                let columns = builder.reshape(&y, &[2, 1, 2]).unwrap();
                let pairs = builder.matrix_product(&rows, &columns).unwrap();
                let half = builder.sum_along(&pairs, &[0]).unwrap();
                builder.reshape(&half, &[1, 4]).unwrap()
            }
            10 => match step {
                ..64 => builder.softmax(&x, 1).unwrap(),
                64..128 => builder.layer_norm(&x, 1, Rational::from((1, 8))).unwrap(),
                _ => {
                    let exponents = [(-1, 1), (1, 2), (-1, 2), (4, 1), (-5, 4)];
                    builder.power(&x, Rational::from(exponents[numbers.below(exponents.len())])).unwrap()
                }
            },
            _ => {
                let all = functions();
                builder.smooth(&x, all[numbers.below(all.len())].clone()).unwrap()
            }
        };
        values.push(next);
    }
    let weights = numbers.coefficients(2 * 4 * values.len(), double);
    let all = builder.concatenate(&values, 1).unwrap();
    let output = builder.linear(&all, 2, weights, None).unwrap();
    builder.finish(&output).unwrap()
}

/// The nodes that are not affine, in order: what they compute, of which of each other. Affine nodes may be written as several.
fn essence(network: &Network) -> Vec<String> {
    let nodes = network.nodes();
    let is_affine = |n: &usize| matches!(nodes[*n].operation, Operation::Affine(_));
    /// The nodes below that are not affine.
    fn roots(nodes: &[Node], n: usize, found: &mut Vec<usize>) {
        match &nodes[n].operation {
            Operation::Affine(affine) => affine.terms.iter().for_each(|term| roots(nodes, term.from, found)),
            _ => found.push(n),
        }
    }
    let kept: Vec<usize> = (0..nodes.len()).filter(|n| !is_affine(n)).collect();
    let of = |n: usize| {
        let mut found = Vec::new();
        roots(nodes, n, &mut found);
        let mut places: Vec<usize> = found.iter().map(|n| kept.binary_search(n).unwrap()).collect();
        places.sort_unstable();
        places.dedup();
        format!("{places:?}")
    };
    let word = |&n: &usize| {
        let what = match &nodes[n].operation {
            Operation::Smooth { from, function, .. } => format!("{function:?} of {}", of(*from)),
            Operation::Product([x, y]) => format!("product of {} and {}", of(*x), of(*y)),
            Operation::Quotient([x, y]) => format!("quotient of {} and {}", of(*x), of(*y)),
            Operation::MatrixProduct(product) => {
                format!("{:?} of {:?}", MatrixProduct { factors: [0; 2], ..product.clone() }, product.factors.map(of))
            }
            Operation::Activation { from, functions, .. } => format!("{functions:?} of {}", of(*from)),
            Operation::Maximum(maximum) => format!("{:?} of {}", maximum.candidates, of(maximum.from)),
            other => format!("{other:?}"),
        };
        format!("{} of {what}", nodes[n].len())
    };
    kept.iter().map(word).chain([of(network.output_node())]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_as_the_same_network(steps in prop::collection::vec(any::<u8>(), 1..12), seed in any::<u64>(), double in any::<bool>()) {
        let network = network(&steps, seed, double);
        let read = rewritten(&network).unwrap();
        prop_assert_eq!(essence(&read), essence(&network));
        prop_assert_eq!(read.hidden_units(), network.hidden_units());
        let point: Vec<Rational> = [(1, 3), (-2, 5), (7, 4), (-1, 1)].map(Rational::from).to_vec();
        // Networks with irrational values have none, and a division by 0 is found in both.
        prop_assert_eq!(read.evaluate(&point).ok(), network.evaluate(&point).ok());
        // What was read is written and read as it is.
        let again = rewritten(&read).unwrap();
        prop_assert_eq!(essence(&again), essence(&network));
    }
}

fn network_of(build: impl Fn(&mut NetworkBuilder, &Value) -> Value) -> Network {
    let mut builder = NetworkBuilder::new(&[1, 2]).unwrap();
    let x = builder.input();
    let y = build(&mut builder, &x);
    builder.finish(&y).unwrap()
}

fn operations(network: &Network) -> Vec<&Operation> {
    network.nodes().iter().map(|node| &node.operation).collect()
}

#[test]
fn each_function_is_one_operator() {
    for function in functions() {
        // In singles, and in doubles.
        for factor in [1.5, 0.1] {
            let network = network_of(|b, x| {
                let x = b.linear(x, 2, Coefficients::from_f64(vec![factor, 1.0, 2.0, -1.0]), None).unwrap();
                let y = b.smooth(&x, function.clone()).unwrap();
                let z = b.product(&y, &x).unwrap();
                b.product(&z, &z).unwrap()
            });
            assert_eq!(operations(&rewritten(&network).unwrap()), operations(&network), "{function}");
        }
    }
}

#[test]
fn a_file_has_the_first_version_that_has_its_operators() {
    let version = |function: Smooth, factor: f64| {
        let network = network_of(|b, x| {
            let x = b.linear(x, 2, Coefficients::from_f64(vec![factor, 1.0, 2.0, -1.0]), None).unwrap();
            b.smooth(&x, function.clone()).unwrap()
        });
        let folder = Folder::new();
        let path = folder.0.join("net.onnx");
        network.save(&path).unwrap();
        // The versions of the operators and of the format: a field 8 with a field 2, and the field 1.
        let bytes = std::fs::read(&path).unwrap();
        let place = bytes.windows(3).rposition(|window| window == [0x42, 2, 0x10]).unwrap();
        (bytes[place + 3], bytes[1])
    };
    let celu = || Smooth::celu(2.into()).unwrap();
    let expected = [
        (Smooth::Tanh, 1.0, (17, 8)),
        (Smooth::Mish, 1.0, (18, 8)),
        (Smooth::Gelu, 1.0, (20, 9)),
        (Smooth::silu(1.into()).unwrap(), 1.0, (24, 12)),
        (celu(), 1.0, (17, 8)),
        // On doubles.
        (celu(), 0.1, (28, 14)),
    ];
    for (function, factor, versions) in expected {
        assert_eq!(version(function.clone(), factor), versions, "{function}");
    }
}

/// The gain of a softplus stands around the operator, and is exact.
#[test]
fn a_softplus_with_a_gain_is_written_with_factors() {
    let softplus = |beta: Rational| network_of(|b, x| b.smooth(x, Smooth::Softplus { beta: beta.clone() }).unwrap());
    for beta in [Rational::from(3), single(0.1), Rational::from_f64(0.1).unwrap()] {
        let read = rewritten(&softplus(beta.clone())).unwrap();
        let [_, Operation::Affine(before), Operation::Smooth { function, .. }, Operation::Affine(after)] = operations(&read)[..] else {
            panic!("{read:?}");
        };
        assert_eq!(*function, Smooth::softplus(1.into()).unwrap());
        let factors = [before, after].map(|affine| affine.terms[0].map.weights().get(0));
        assert_eq!(factors, [beta.clone(), beta.recip()]);
    }
    let message = |beta: Rational| rewritten(&softplus(beta)).unwrap_err();
    assert!(message((1, 3).into()).ends_with("beta of node 1 is 1/3: expected a double"));
}

#[test]
fn parameters_that_a_file_cannot_have_are_refused() {
    let message = |function: Smooth| rewritten(&network_of(|b, x| b.smooth(x, function.clone()).unwrap())).unwrap_err();
    let third = || Rational::from((1, 3));
    let elu = |[scale, alpha, width]: [Rational; 3]| Smooth::Elu { scale, alpha, width };
    let alpha = "node 1 cannot be written: alpha is 1/3, expected a number of single precision, as the attributes of an .onnx file are";
    for function in [Smooth::elu(third()), Smooth::celu(third()), Smooth::selu(third(), 1.into()), Smooth::silu(third())] {
        let found = message(function.unwrap());
        assert!(found.ends_with(alpha), "{found}");
    }
    let found = message(Smooth::selu(1.into(), third()).unwrap());
    assert!(found.contains("gamma is 1/3, expected a number of single precision"), "{found}");
    // A double that is no single.
    let found = message(Smooth::elu(Rational::from_f64(0.1).unwrap()).unwrap());
    assert!(found.contains("alpha is 3602879701896397/36028797018963968, expected a number of single precision"), "{found}");
    let found = message(elu([2.into(), 3.into(), 3.into()]));
    let expected = "no operator has its exponential of scale 2, alpha 3 and width 3: expected width 1, or scale 1 and width equal to alpha";
    assert!(found.ends_with(expected), "{found}");
}

#[test]
fn parameters_that_are_not_above_zero_are_refused_when_a_network_is_built() {
    let [zero, one, minus] = [0, 1, -1].map(Rational::from);
    let elu = |scale: &Rational, alpha: &Rational, width: &Rational| Smooth::Elu {
        scale: scale.clone(),
        alpha: alpha.clone(),
        width: width.clone(),
    };
    let wrong = [
        Smooth::Softplus { beta: minus.clone() },
        Smooth::Silu { beta: zero.clone() },
        elu(&zero, &one, &one),
        elu(&one, &minus, &one),
        elu(&one, &one, &zero),
    ];
    for function in wrong {
        let mut builder = NetworkBuilder::new(&[1]).unwrap();
        let x = builder.input();
        let message = builder.smooth(&x, function.clone()).unwrap_err().to_string();
        assert!(message.ends_with("expected numbers above 0"), "{function:?}: {message}");
    }
}

/// Random networks are left in a directory that `PLICA_ONNX_SMOOTH` names, for a check by other readers.
#[test]
fn files_for_other_readers() {
    let Ok(directory) = std::env::var("PLICA_ONNX_SMOOTH") else { return };
    for seed in 0..200u64 {
        let mut numbers = Numbers(seed);
        let steps: Vec<u8> = (0..1 + seed % 9).map(|_| numbers.below(256) as u8).collect();
        network(&steps, seed, seed % 2 == 1).save(&std::path::Path::new(&directory).join(format!("smooth-{seed}.onnx"))).unwrap();
    }
}
