//! `.onnx`: smooth functions, products and powers.

use crate::protobuf::{float, int, model, operator, singles, whole, words};
use plica::data::Point;
use plica::line::{Enclosure, Tracer};
use plica::network::{Network, Operation, Smooth};
use rug::Rational;

fn exact(x: f32) -> Rational {
    Rational::from_f32(x).unwrap()
}

fn one() -> Rational {
    Rational::from(1)
}

/// A file with one operator on x.
fn single(version: u64, name: &str, attributes: &[Vec<u8>]) -> Vec<u8> {
    model(version, &[1, 2], &[operator(name, &["x"], "y", attributes)])
}

#[track_caller]
fn refused(bytes: &[u8], message: &str) {
    let found = Network::from_onnx(bytes).unwrap_err().to_string();
    assert!(found.ends_with(message) && !found.contains('\n'), "{found}");
}

/// What the nodes behind the input compute, by a word each, with the nodes that they take.
fn words_of(network: &Network) -> Vec<String> {
    let word = |operation: &Operation| match operation {
        Operation::Affine(affine) => format!("affine of {:?}", affine.terms.iter().map(|term| term.from).collect::<Vec<_>>()),
        Operation::Smooth { from, function, .. } => format!("{function} of {from}"),
        Operation::Product(factors) => format!("product of {factors:?}"),
        other => format!("{other:?}"),
    };
    network.nodes()[1..].iter().map(|node| word(&node.operation)).collect()
}

fn at(bytes: &[u8], x: &[i32]) -> String {
    let x: Vec<Rational> = x.iter().map(|&x| x.into()).collect();
    let y = Network::from_onnx(bytes).unwrap().evaluate(&x).unwrap();
    y.iter().map(Rational::to_string).collect::<Vec<_>>().join(" ")
}

#[test]
fn each_operator_is_its_function_from_its_first_version_on() {
    // The defaults of the format, by their bits.
    let (alpha, gamma) = (exact(f32::from_bits(0x3fd6_2d7d)), exact(f32::from_bits(0x3f86_7d5f)));
    let elu = |alpha: Rational| Smooth::elu(alpha).unwrap();
    let cases: Vec<(u64, &str, Vec<Vec<u8>>, Smooth)> = vec![
        (6, "Tanh", vec![], Smooth::Tanh),
        (6, "Sigmoid", vec![], Smooth::Sigmoid),
        (9, "Erf", vec![], Smooth::Erf),
        (6, "Softplus", vec![], Smooth::softplus(one()).unwrap()),
        (6, "Softsign", vec![], Smooth::Softsign),
        (14, "HardSwish", vec![], Smooth::HardSwish),
        (18, "Mish", vec![], Smooth::Mish),
        (20, "Gelu", vec![], Smooth::Gelu),
        (20, "Gelu", vec![words("approximate", "none")], Smooth::Gelu),
        (20, "Gelu", vec![words("approximate", "tanh")], Smooth::GeluTanh),
        (24, "Swish", vec![], Smooth::silu(one()).unwrap()),
        (24, "Swish", vec![float("alpha", 0.1)], Smooth::silu(exact(0.1)).unwrap()),
        (6, "Elu", vec![], elu(one())),
        (6, "Elu", vec![float("alpha", 0.1)], elu(exact(0.1))),
        (12, "Celu", vec![], elu(one())),
        (12, "Celu", vec![float("alpha", 0.1)], Smooth::celu(exact(0.1)).unwrap()),
        (6, "Selu", vec![], Smooth::selu(alpha.clone(), gamma.clone()).unwrap()),
        (6, "Selu", vec![float("alpha", 0.1)], Smooth::selu(exact(0.1), gamma).unwrap()),
        (6, "Selu", vec![float("gamma", 0.7)], Smooth::selu(alpha, exact(0.7)).unwrap()),
    ];
    for (first, name, attributes, expected) in cases {
        for version in [first, 28] {
            let network = Network::from_onnx(&single(version, name, &attributes)).unwrap();
            assert_eq!(network.nodes()[1].operation, Operation::Smooth { from: 0, function: expected.clone(), is_layer: true }, "{name}");
            assert_eq!((network.nodes().len(), network.hidden_units(), network.is_piecewise_affine()), (2, 2, false), "{name}");
        }
        if first > 6 {
            let older = first - 1;
            let message = format!("version {older} of the operators does not have it, expected at least version {first}");
            refused(&single(older, name, &attributes), &format!("node 0, operator {name}: {message}"));
        }
    }
}

#[test]
fn attributes_out_of_range_are_refused() {
    for x in [0.0, -0.0, -1.5] {
        for (name, attribute) in [("Elu", "alpha"), ("Celu", "alpha"), ("Selu", "alpha"), ("Selu", "gamma"), ("Swish", "alpha")] {
            let message = format!("operator {name}: {attribute} is {x}, expected a number above 0");
            refused(&single(24, name, &[float(attribute, x)]), &message);
        }
    }
    refused(&single(24, "Elu", &[float("alpha", f32::NAN)]), "operator Elu: alpha is NaN, not a finite number");
    refused(&single(24, "Swish", &[float("alpha", f32::INFINITY)]), "operator Swish: alpha is inf, not a finite number");
    refused(&single(24, "Gelu", &[words("approximate", "erf")]), "operator Gelu: approximate is erf, expected none or tanh");
    refused(&single(24, "Gelu", &[float("approximate", 1.0)]), "operator Gelu: the attribute approximate is not a text");
    refused(&single(24, "Elu", &[words("alpha", "1")]), "operator Elu: the attribute alpha is not a float");
    refused(&single(24, "Elu", &[float("gamma", 1.0)]), "the attribute gamma is not supported in version 24 of the operators");
    refused(&single(24, "Tanh", &[float("alpha", 1.0)]), "the attribute alpha is not supported in version 24 of the operators");
    let constant = [singles("c", &[1, 2], &[0.5, 1.0]), operator("Tanh", &["c"], "t", &[]), operator("Add", &["x", "t"], "y", &[])];
    let message = "operator Tanh: its argument is constant, where its value is irrational: expected a tensor that depends on the input";
    refused(&model(17, &[1, 2], &constant), message);
}

#[test]
fn tensors_that_depend_on_the_input_are_multiplied() {
    let square = model(17, &[1, 2], &[operator("Mul", &["x", "x"], "y", &[])]);
    assert_eq!(at(&square, &[-3, 5]), "9 25");
    // One factor is broadcast to the other.
    let column = |version, attributes: &[Vec<u8>]| {
        let split = [whole("s", &[2], &[2, 1]), operator("Reshape", &["x", "s"], "r", &[]), operator("Mul", &["r", "x"], "y", attributes)];
        model(version, &[1, 2], &split)
    };
    assert_eq!(at(&column(17, &[]), &[-3, 5]), "9 -15 -15 25");
    refused(&column(6, &[]), "operator Mul: shapes [2, 1] and [1, 2] without broadcast");
    let unequal = [whole("s", &[2], &[1, 6]), operator("Reshape", &["x", "s"], "r", &[]), operator("Mul", &["r", "x"], "y", &[])];
    assert!(Network::from_onnx(&model(17, &[2, 3], &unequal)).is_err());
    assert_eq!(at(&model(17, &[2, 2], &[operator("MatMul", &["x", "x"], "y", &[])]), &[1, 2, 3, 4]), "7 10 15 22");
    refused(&model(17, &[2, 3], &[operator("MatMul", &["x", "x"], "y", &[])]), "a matrix of 3 rows, to multiply a tensor of shape [2, 3]");
}

/// Matrix products broadcast the axes before the last two, and take vectors as rows and columns.
#[test]
fn matrices_that_depend_on_the_input_are_multiplied_in_batches() {
    let product = |shapes: [&[i64]; 2], left: i64, right: i64| {
        let parts = [
            whole("first", &[1], &[left]),
            whole("zero", &[1], &[0]),
            whole("last", &[1], &[left + right]),
            whole("axes", &[1], &[1]),
            whole("a", &[shapes[0].len() as u64], shapes[0]),
            whole("b", &[shapes[1].len() as u64], shapes[1]),
            operator("Slice", &["x", "zero", "first", "axes"], "s", &[]),
            operator("Slice", &["x", "first", "last", "axes"], "t", &[]),
            operator("Reshape", &["s", "a"], "u", &[]),
            operator("Reshape", &["t", "b"], "v", &[]),
            operator("MatMul", &["u", "v"], "y", &[]),
        ];
        let network = Network::from_onnx(&model(17, &[1, (left + right) as u64], &parts)).unwrap();
        let x: Vec<Rational> = (1..=left + right).map(Rational::from).collect();
        let y = network.evaluate(&x).unwrap();
        y.iter().map(Rational::to_string).collect::<Vec<_>>().join(" ")
    };
    // [[1, 2], [3, 4]] times [[5, 6], [7, 8]] and [[9, 10], [11, 12]].
    assert_eq!(product([&[2, 2], &[2, 2, 2]], 4, 8), "19 22 43 50 31 34 71 78");
    assert_eq!(product([&[2, 1, 2, 1], &[1, 2, 1, 2]], 4, 4), "5 6 10 12 7 8 14 16 15 18 20 24 21 24 28 32");
    assert_eq!(product([&[2], &[2, 2]], 2, 4), "13 16");
    assert_eq!(product([&[2, 2], &[2]], 4, 2), "17 39");
    assert_eq!(product([&[3], &[3]], 3, 3), "32");
}

#[test]
fn tensors_that_depend_on_the_input_are_divided() {
    let turned = |shape: &[u64]| model(17, shape, &[operator("Transpose", &["x"], "t", &[]), operator("Div", &["x", "t"], "y", &[])]);
    assert_eq!(at(&turned(&[1, 2]), &[3, 4]), "1 4/3 3/4 1");
    let network = Network::from_onnx(&turned(&[1, 2])).unwrap();
    assert!(!network.is_piecewise_affine() && network.hidden_units() == 0);
    let error = network.evaluate(&[1.into(), 0.into()]).unwrap_err().to_string();
    assert!(error.ends_with("is divided by 0: the network is not defined at the point"), "{error}");
    // A constant over a tensor.
    let inverse = |c: Vec<u8>| model(17, &[1, 2], &[c, operator("Div", &["c", "x"], "y", &[])]);
    assert_eq!(at(&inverse(singles("c", &[], &[1.0])), &[3, -4]), "1/3 -1/4");
    assert_eq!(at(&inverse(singles("c", &[2, 1], &[6.0, -1.0])), &[3, -4]), "2 -3/2 -1/3 1/4");
    assert_eq!(at(&single(6, "Reciprocal", &[]), &[3, -4]), "1/3 -1/4");
}

/// Softmax and normalisation have no units; they are composed of arithmetic.
#[test]
fn softmax_and_normalisation_are_arithmetic() {
    let softmax = |version, shape: &[u64], attributes: &[Vec<u8>]| {
        model(version, shape, &[operator("Softmax", &["x"], "s", attributes), operator("Neg", &["s"], "y", &[])])
    };
    let outputs = |bytes: &[u8], x: &[f64]| {
        let network = Network::from_onnx(bytes).unwrap();
        assert_eq!(network.hidden_units(), 0);
        Tracer::new(&network).outputs(&Point::from_f64(x).unwrap()).unwrap()
    };
    let holds = |found: &[Enclosure], expected: &[f64]| {
        let near = |(found, &y): (&Enclosure, &f64)| found.lo <= y + 1e-15 && y - 1e-15 <= found.hi && found.hi - found.lo < 1e-14;
        assert!(found.len() == expected.len() && found.iter().zip(expected).all(near), "{found:?}, expected {expected:?}");
    };
    let logistic = |x: f64| 1.0 / (1.0 + (-x).exp());
    // Along the last axis, along the first one, and along all from the second on.
    holds(&outputs(&softmax(13, &[2, 2], &[]), &[0.5, 1.0, 2.0, -1.0]), &[-0.5, 0.5, 3.0, -3.0].map(|x| -logistic(x)));
    holds(&outputs(&softmax(13, &[2, 2], &[int("axis", 0)]), &[0.5, 1.0, 2.0, -1.0]), &[-1.5, 2.0, 1.5, -2.0].map(|x| -logistic(x)));
    holds(&outputs(&softmax(11, &[1, 2, 2], &[]), &[0.5; 4]), &[-0.25; 4]);
    holds(&outputs(&softmax(11, &[2, 2, 1], &[int("axis", 2)]), &[0.5; 4]), &[-1.0; 4]);
    let normal = |version, name: &str, inputs: &[&str], attributes: &[Vec<u8>]| {
        let constants = [singles("scale", &[2], &[2.0, 3.0]), singles("shift", &[2], &[1.0, -1.0])];
        model(version, &[2, 2], &[constants.concat(), operator(name, inputs, "y", attributes)])
    };
    let layer = |inputs: &[&str], attributes: &[Vec<u8>]| normal(17, "LayerNormalization", inputs, attributes);
    holds(&outputs(&layer(&["x", "scale", "shift"], &[float("epsilon", 0.0)]), &[1.0, 5.0, 4.0, 1.0]), &[-1.0, 2.0, 3.0, -4.0]);
    holds(&outputs(&layer(&["x", "scale"], &[float("epsilon", 3.0)]), &[0.0, 2.0, 3.0, 3.0]), &[-1.0, 1.5, 0.0, 0.0]);
    let all = outputs(&layer(&["x", "scale"], &[float("epsilon", 0.0), int("axis", 0)]), &[1.0, 1.0, -1.0, -1.0]);
    holds(&all, &[2.0, 3.0, -2.0, -3.0]);
    let rms = normal(23, "RMSNormalization", &["x", "scale"], &[float("epsilon", 0.0)]);
    holds(&outputs(&rms, &[1.0, 7.0, -5.0, 5.0]), &[0.4, 4.2, -2.0, 3.0]);
    refused(&layer(&["x", "scale"], &[float("epsilon", -1.0)]), "epsilon is -1, expected a number of at least 0");
    refused(&layer(&["x", "x"], &[]), "input 1 depends on the input of the network, expected a constant");
    refused(&normal(16, "LayerNormalization", &["x", "scale"], &[]), "expected at least version 17");
    let sum = |version, parts: &[Vec<u8>]| model(version, &[2, 2], parts);
    let axes = whole("a", &[1], &[0]);
    assert_eq!(at(&sum(13, &[axes, operator("ReduceSum", &["x", "a"], "y", &[int("keepdims", 0)])]), &[1, 2, 3, 4]), "4 6");
    assert_eq!(at(&sum(11, &[operator("ReduceSum", &["x"], "y", &[])]), &[1, 2, 3, 4]), "10");
}

#[test]
fn powers_have_constant_exponents() {
    let power = |version, c: Vec<u8>| model(version, &[1, 2], &[c, operator("Pow", &["x", "c"], "y", &[])]);
    for version in [7, 11, 12, 28] {
        assert_eq!(at(&power(version, singles("c", &[], &[2.0])), &[-3, 5]), "9 25");
        assert_eq!(at(&power(version, singles("c", &[], &[3.0])), &[-3, 5]), "-27 125");
    }
    // Version 6 broadcasts on request.
    let old = |attributes: &[Vec<u8>]| model(6, &[1, 2], &[singles("c", &[1], &[2.0]), operator("Pow", &["x", "c"], "y", attributes)]);
    refused(&old(&[]), "operator Pow: shapes [1, 2] and [1] without broadcast");
    // From version 12 on the exponent may have another type.
    assert_eq!(at(&power(13, whole("c", &[1], &[3])), &[-3, 5]), "-27 125");
    assert_eq!(at(&old(&[int("broadcast", 1)]), &[-3, 5]), "9 25");
    let network = Network::from_onnx(&power(13, singles("c", &[1, 1, 1], &[3.0]))).unwrap();
    assert_eq!((words_of(&network), network.hidden_units()), (vec!["product of [0, 0]".into(), "product of [1, 0]".into()], 0));
    for (x, expected) in [(4.0, "81 625"), (-1.0, "-1/3 1/5"), (-2.0, "1/9 1/25"), (1.0, "-3 5"), (0.0, "1 1")] {
        assert_eq!(at(&power(17, singles("c", &[], &[x])), &[-3, 5]), expected);
    }
    let root = Network::from_onnx(&power(17, singles("c", &[], &[0.5]))).unwrap();
    assert_eq!((words_of(&root), root.hidden_units()), (vec!["square root of 0".into()], 0));
    assert_eq!(words_of(&Network::from_onnx(&single(6, "Sqrt", &[])).unwrap()), ["square root of 0"]);
    assert_eq!(words_of(&Network::from_onnx(&single(6, "Exp", &[])).unwrap()), ["exp of 0"]);
    refused(&power(17, singles("c", &[], &[2000.0])), "the exponent 2000, expected one other than 0 and 1, of magnitude at most 1024");
    refused(&power(17, singles("c", &[2], &[2.0, 3.0])), "operator Pow: 2 exponents, expected one");
    refused(&power(17, singles("c", &[], &[f32::NAN])), "operator Pow: number 0 is NaN, not a finite number");
    let message = "operator Pow: an exponent that depends on the input, expected a constant";
    refused(&model(17, &[1, 2], &[operator("Pow", &["x", "x"], "y", &[])]), message);
    refused(&model(17, &[1, 2], &[singles("c", &[], &[2.0]), operator("Pow", &["c", "x"], "y", &[])]), message);
}

/// The operators into which PyTorch exports activations that the version of the file does not have.
#[test]
fn activations_in_parts_have_one_layer_of_units_for_each_smooth_part() {
    let scalar = |name: &str, x: f32| singles(name, &[], &[x]);
    let gelu = [
        [scalar("root", std::f32::consts::SQRT_2), scalar("one", 1.0), scalar("half", 0.5)].concat(),
        operator("Div", &["x", "root"], "a", &[]),
        operator("Erf", &["a"], "b", &[]),
        operator("Add", &["b", "one"], "c", &[]),
        operator("Mul", &["x", "c"], "d", &[]),
        operator("Mul", &["d", "half"], "y", &[]),
    ];
    let silu = [operator("Sigmoid", &["x"], "a", &[]), operator("Mul", &["x", "a"], "y", &[])];
    let mish = [operator("Softplus", &["x"], "a", &[]), operator("Tanh", &["a"], "b", &[]), operator("Mul", &["x", "b"], "y", &[])];
    type Case<'a> = (&'a [Vec<u8>], &'a [&'a str], usize);
    let cases: [Case<'_>; 3] = [
        (&gelu, &["affine of [0]", "erf of 1", "affine of [2]", "product of [0, 3]", "affine of [4]"], 1),
        (&silu, &["sigmoid of 0", "product of [0, 1]"], 1),
        // The tanh of a softplus is a second layer.
        (&mish, &["softplus of 0", "tanh of 1", "product of [0, 2]"], 2),
    ];
    for (parts, expected, layers) in cases {
        let network = Network::from_onnx(&model(17, &[1, 2], parts)).unwrap();
        assert_eq!(
            (words_of(&network), network.depth(), network.hidden_units()),
            (expected.iter().map(|s| s.to_string()).collect(), layers, 2 * layers)
        );
    }
}
