//! Smooth functions, products and quotients. A function is written as one operator; only the gain of a softplus stands outside of its operator.

use super::Refusal;
use super::activation::{number, single};
use super::file::{File, OPERATORS, Tensor, float, words};
use crate::network::graph::{MatrixProduct, Smooth};
use crate::network::read::onnx::proto::Attribute;
use rug::Rational;

/// The first version of the operators, from 17 on, that has the operator of a function, on singles or on doubles.
pub(super) fn version(function: &Smooth, single: bool) -> i64 {
    match function {
        Smooth::Mish => 18,
        Smooth::Gelu | Smooth::GeluTanh => 20,
        Smooth::Silu { .. } => 24,
        // Before, Celu takes singles only.
        Smooth::Elu { scale, alpha, width } if !single && is_celu(scale, alpha, width) => 28,
        _ => OPERATORS,
    }
}

/// Whether the functions of these parameters are CELU, and not ELU.
fn is_celu(scale: &Rational, alpha: &Rational, width: &Rational) -> bool {
    *scale == 1 && width == alpha && *width != 1
}

pub(super) fn write(file: &mut File, x: &Tensor, function: &Smooth) -> Result<Tensor, Refusal> {
    let (operator, attributes) = match function {
        Smooth::Tanh => ("Tanh", vec![]),
        Smooth::Sigmoid => ("Sigmoid", vec![]),
        Smooth::Erf => ("Erf", vec![]),
        Smooth::Softplus { beta } if *beta == 1 => ("Softplus", vec![]),
        Smooth::Softplus { beta } => return softplus(file, x, beta),
        Smooth::Gelu => ("Gelu", vec![]),
        Smooth::GeluTanh => ("Gelu", vec![words("approximate", "tanh")]),
        Smooth::Silu { beta } => ("Swish", vec![parameter("alpha", beta)?]),
        Smooth::Elu { scale, alpha, width } if *width == 1 && *scale == 1 => ("Elu", vec![parameter("alpha", alpha)?]),
        Smooth::Elu { scale, alpha, width } if *width == 1 => ("Selu", vec![parameter("alpha", alpha)?, parameter("gamma", scale)?]),
        Smooth::Elu { scale, alpha, width } if is_celu(scale, alpha, width) => ("Celu", vec![parameter("alpha", alpha)?]),
        Smooth::Elu { scale, alpha, width } => {
            let problem = format!("no operator has its exponential of scale {scale}, alpha {alpha} and width {width}");
            return Err(Refusal::Node(format!("{problem}: expected width 1, or scale 1 and width equal to alpha")));
        }
        Smooth::Mish => ("Mish", vec![]),
        Smooth::Softsign => ("Softsign", vec![]),
        Smooth::HardSwish => ("HardSwish", vec![]),
        Smooth::Exp => ("Exp", vec![]),
        Smooth::Power { exponent } if *exponent == -1 => ("Reciprocal", vec![]),
        Smooth::Power { exponent } if *exponent == Rational::from((1, 2)) => ("Sqrt", vec![]),
        Smooth::Power { exponent } => return power(file, x, exponent),
    };
    Ok(file.operator(operator, &[x], attributes, x.shape.clone()))
}

/// ln(1 + exp(beta z)) / beta. The operator has no gain: its argument is multiplied by beta, and its value divided. The argument has the
/// sign of z, so the bits are the same.
fn softplus(file: &mut File, x: &Tensor, beta: &Rational) -> Result<Tensor, Refusal> {
    let gain = number(file, "beta", beta)?;
    let gain = file.floats("beta", &[], &[gain])?;
    let z = file.operator("Mul", &[x, &gain], vec![], x.shape.clone());
    let y = file.operator("Softplus", &[&z], vec![], x.shape.clone());
    Ok(file.operator("Div", &[&y, &gain], vec![], x.shape.clone()))
}

fn power(file: &mut File, x: &Tensor, exponent: &Rational) -> Result<Tensor, Refusal> {
    let exponent = number(file, "exponent", exponent)?;
    let exponent = file.floats("exponent", &[], &[exponent])?;
    Ok(file.operator("Pow", &[x, &exponent], vec![], x.shape.clone()))
}

/// The product or the quotient of two tensors, element by element.
pub(super) fn pair(file: &mut File, operator: &str, parts: [&Tensor; 2], shape: &[usize]) -> Result<Tensor, Refusal> {
    let [x, y] = [file.reshaped(parts[0], shape)?, file.reshaped(parts[1], shape)?];
    Ok(file.operator(operator, &[&x, &y], vec![], shape.to_vec()))
}

pub(super) fn matrix_product(file: &mut File, product: &MatrixProduct, factors: [&Tensor; 2]) -> Result<Tensor, Refusal> {
    let &MatrixProduct { batch, rows, inner, columns, .. } = product;
    let (x, y) = (file.reshaped(factors[0], &[batch, rows, inner])?, file.reshaped(factors[1], &[batch, inner, columns])?);
    Ok(file.operator("MatMul", &[&x, &y], vec![], vec![batch, rows, columns]))
}

/// A parameter as an attribute, which is a single.
fn parameter(name: &str, q: &Rational) -> Result<Attribute, Refusal> {
    let refused = || Refusal::Node(format!("{name} is {q}, expected a number of single precision, as the attributes of an .onnx file are"));
    Ok(float(name, single(q).ok_or_else(refused)?))
}
