//! `.onnx`: smooth functions, products and powers.

use crate::protobuf::{float, int, model, operator, singles, whole, words};
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
    // Quotients and matrix products have one factor that depends on the input.
    let message = "operator Div: a division by a tensor that depends on the input, expected a constant divisor";
    refused(&model(17, &[1, 2], &[operator("Div", &["x", "x"], "y", &[])]), message);
    let message = "operator MatMul: a matrix product of two tensors that depend on the input, expected one constant factor";
    refused(&model(17, &[2, 2], &[operator("MatMul", &["x", "x"], "y", &[])]), message);
}

#[test]
fn powers_are_products() {
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
    for (x, found) in [(0.5, "0.5"), (-1.0, "-1"), (4.0, "4"), (1.0, "1"), (0.0, "0")] {
        refused(&power(17, singles("c", &[], &[x])), &format!("operator Pow: the exponent is {found}, expected 2 or 3"));
    }
    refused(&power(17, singles("c", &[2], &[2.0, 3.0])), "operator Pow: 2 exponents, expected one");
    refused(&power(17, singles("c", &[], &[f32::NAN])), "operator Pow: number 0 is NaN, not a finite number");
    let message = "operator Pow: an exponent that depends on the input, expected the constant 2 or 3";
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
