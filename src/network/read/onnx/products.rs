//! Sums and products: matrix products with constants, elementwise arithmetic, powers, normalisation.

use super::call::{Call, Known, text};
use super::operators::exact;
use super::shapes::{normalised, to_shape};
use super::tensor::{Constant, Numbers, Precision};
use crate::network::graph::{Coefficients, NetworkBuilder, Value, broadcast, repeated};
use rug::Rational;
use std::rc::Rc;

/// The rows of a constant matrix, or of its transpose if `transposed`, times a factor.
fn matrix(constant: &Constant, transposed: bool, factor: f64) -> Result<(usize, usize, Coefficients), String> {
    let &[rows, columns] = &constant.shape[..] else {
        return Err(format!("a matrix of shape {:?}", constant.shape));
    };
    let of = |i: usize, j: usize| if transposed { j * columns + i } else { i * columns + j };
    let (rows, columns) = if transposed { (columns, rows) } else { (rows, columns) };
    let places = (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))).map(|(i, j)| of(i, j));
    let coefficients = match &constant.numbers {
        Numbers::Floats(x, _) if factor == 1.0 => Coefficients::from_f64(places.map(|k| x[k]).collect()),
        _ => {
            let (x, factor) = (constant.rationals()?, exact(factor));
            Coefficients::from_rationals(places.map(|k| Rational::from(&x[k] * &factor)).collect())
        }
    };
    Ok((rows, columns, coefficients))
}

/// The tensor with its last two axes exchanged; a vector is unchanged.
fn turned(builder: &mut NetworkBuilder, x: &Value) -> Result<Value, String> {
    let rank = x.shape().len();
    let mut order: Vec<usize> = (0..rank).collect();
    if rank >= 2 {
        order.swap(rank - 2, rank - 1);
        return builder.transpose(x, &order).map_err(text);
    }
    Ok(x.clone())
}

/// Weights times a tensor, along the last axis of the tensor.
fn weighted(builder: &mut NetworkBuilder, x: &Value, weights: (usize, usize, Coefficients)) -> Result<Value, String> {
    let (outputs, inputs, weights) = weights;
    if x.shape().last() != Some(&inputs) {
        return Err(format!("a tensor of shape {:?} times weights of {inputs} inputs", x.shape()));
    }
    builder.linear(x, outputs, weights, None).map_err(text)
}

pub(super) fn gemm(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Value, String> {
    let a = call.attributes;
    let (alpha, beta) = (a.float("alpha", 1.0)?, a.float("beta", 1.0)?);
    let (trans_a, trans_b) = (a.integer("transA", 0) != 0, a.integer("transB", 0) != 0);
    let as_matrix = |x: &Value| if x.shape().len() == 2 { Ok(()) } else { Err(format!("a tensor of shape {:?}, not a matrix", x.shape())) };
    let bias = call.optional_constant(2)?;
    let y = match (call.input(0)?, call.input(1)?) {
        (Known::Value(x), Known::Constant(b)) => {
            as_matrix(x)?;
            let x = if trans_a { turned(builder, x)? } else { x.clone() };
            // Y = alpha X B + beta C: the rows of the weights are the columns of B.
            let (outputs, inputs, weights) = matrix(b, !trans_b, alpha)?;
            if let Some(c) = bias
                && (beta == 1.0 && c.shape == [outputs] && x.shape()[1] == inputs && call.version >= 7)
            {
                return builder.linear(&x, outputs, weights, Some(c.coefficients())).map_err(text);
            }
            weighted(builder, &x, (outputs, inputs, weights))?
        }
        (Known::Constant(a), Known::Value(x)) => {
            as_matrix(x)?;
            let x = if trans_b { x.clone() } else { turned(builder, x)? };
            let y = weighted(builder, &x, matrix(a, trans_a, alpha)?)?;
            turned(builder, &y)?
        }
        (Known::Value(x), Known::Value(y)) => {
            as_matrix(x)?;
            as_matrix(y)?;
            let [x, y] = [(x, trans_a), (y, trans_b)].map(|(x, turns)| if turns { turned(builder, x) } else { Ok(x.clone()) });
            let product = builder.matrix_product(&x?, &y?).map_err(text)?;
            if alpha == 1.0 { product } else { scaled(builder, &product, &[], &Coefficients::from_f64(vec![alpha]))? }
        }
        (Known::Constant(_), Known::Constant(_)) => return Err("a product of constants".to_string()),
    };
    let Some(c) = bias else { return Ok(y) };
    if call.version < 7 && a.integer("broadcast", 0) == 0 && c.shape != y.shape() {
        return Err(format!("a constant of shape {:?} without broadcast, expected {:?}", c.shape, y.shape()));
    }
    let values = c.rationals()?;
    let of = to_shape(&c.shape, y.shape())?;
    let shift = of.iter().map(|&k| &values[k as usize] * exact(beta)).collect();
    builder.scale_and_shift(&y, None, Some(Coefficients::from_rationals(shift))).map_err(text)
}

/// A product with constants of one or two axes, where a single axis is the one that is summed; or of two tensors that depend on the input.
pub(super) fn matmul(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Value, String> {
    let as_matrix = |w: &Constant, shape: [usize; 2]| {
        let shape = if w.shape.len() == 1 { shape.to_vec() } else { w.shape.clone() };
        Constant { shape, numbers: w.numbers.clone() }
    };
    match (call.input(0)?, call.input(1)?) {
        (Known::Value(x), Known::Constant(w)) => {
            let y = weighted(builder, x, matrix(&as_matrix(w, [w.len(), 1]), true, 1.0)?)?;
            let kept = y.shape().len() - usize::from(w.shape.len() == 1);
            let shape = y.shape()[..kept].to_vec();
            builder.reshape(&y, &shape).map_err(text)
        }
        (Known::Constant(w), Known::Value(x)) => {
            let x = turned(builder, x)?;
            let y = weighted(builder, &x, matrix(&as_matrix(w, [1, w.len()]), false, 1.0)?)?;
            if w.shape.len() > 1 {
                return turned(builder, &y);
            }
            let shape = y.shape()[..y.shape().len() - 1].to_vec();
            builder.reshape(&y, &shape).map_err(text)
        }
        (Known::Value(x), Known::Value(y)) => builder.matrix_product(x, y).map_err(text),
        (Known::Constant(_), Known::Constant(_)) => Err("a product of constants".to_string()),
    }
}

/// The two tensors of an elementwise operator. Before version 7 an attribute says whether the second one is broadcast to the first, and
/// from which axis on.
fn operands(call: &Call<'_>, builder: &NetworkBuilder) -> Result<(Known, Known), String> {
    let (x, y) = (call.input(0)?.clone(), call.input(1)?.clone());
    if call.version >= 7 || x.shape() == y.shape() {
        return Ok((x, y));
    }
    let (larger, mut shape) = (x.shape().to_vec(), y.shape().to_vec());
    if call.attributes.integer("broadcast", 0) == 0 {
        return Err(format!("shapes {larger:?} and {shape:?} without broadcast"));
    }
    if let Ok(axis) = call.attributes.required("axis") {
        let behind = larger.len().checked_sub(normalised(axis, larger.len())? + shape.len());
        shape.extend(vec![1; behind.ok_or_else(|| format!("shape {shape:?} from axis {axis} of shape {larger:?} on"))?]);
    }
    to_shape(&shape, &larger)?;
    let y = match y {
        Known::Value(y) => Known::Value(builder.reshape(&y, &shape).map_err(text)?),
        Known::Constant(c) => Known::Constant(Rc::new(Constant { shape, numbers: c.numbers.clone() })),
    };
    Ok((x, y))
}

/// The first tensor plus `sign` times the second one.
pub(super) fn sum(call: &Call<'_>, builder: &mut NetworkBuilder, sign: i8) -> Result<Value, String> {
    match operands(call, builder)? {
        (Known::Value(x), Known::Constant(c)) => shifted(builder, &x, &c, 1, sign),
        (Known::Constant(c), Known::Value(x)) => shifted(builder, &x, &c, sign, 1),
        (Known::Value(x), Known::Value(y)) => builder.combine(&[(&x, 1), (&y, sign)]).map_err(text),
        (Known::Constant(_), Known::Constant(_)) => Err("a sum of constants".to_string()),
    }
}

/// A tensor times 1 or -1, plus a constant times 1 or -1.
pub(super) fn shifted(builder: &mut NetworkBuilder, x: &Value, c: &Constant, of_x: i8, of_c: i8) -> Result<Value, String> {
    let shape = broadcast(x.shape(), &c.shape).map_err(text)?;
    let x = if x.shape() == shape { x.clone() } else { builder.select(x, &repeated(x.shape(), &shape), &shape).map_err(text)? };
    let of = repeated(&c.shape, &shape);
    let shift = match &c.numbers {
        Numbers::Floats(c, _) => Coefficients::from_f64(of.iter().map(|&k| c[k as usize] * f64::from(of_c)).collect()),
        _ => {
            let c = c.rationals()?;
            Coefficients::from_rationals(of.iter().map(|&k| Rational::from(&c[k as usize] * i32::from(of_c))).collect())
        }
    };
    let scale = Coefficients::from_f64(vec![f64::from(of_x)]);
    builder.scale_and_shift(&x, Some((&scale, &vec![0; x.len()])), Some(shift)).map_err(text)
}

pub(super) fn scaled(builder: &mut NetworkBuilder, x: &Value, shape: &[usize], scale: &Coefficients) -> Result<Value, String> {
    let whole = broadcast(x.shape(), shape).map_err(text)?;
    let x = if x.shape() == whole { x.clone() } else { builder.select(x, &repeated(x.shape(), &whole), &whole).map_err(text)? };
    builder.scale_and_shift(&x, Some((scale, &repeated(shape, &whole))), None).map_err(text)
}

pub(super) fn product(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Value, String> {
    match operands(call, builder)? {
        (Known::Value(x), Known::Constant(c)) | (Known::Constant(c), Known::Value(x)) => scaled(builder, &x, &c.shape, &c.coefficients()),
        (Known::Value(x), Known::Value(y)) => builder.product(&x, &y).map_err(text),
        (Known::Constant(_), Known::Constant(_)) => Err("a product of constants".to_string()),
    }
}

/// A tensor to a constant power.
pub(super) fn power(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Value, String> {
    let (Known::Value(x), Known::Constant(c)) = operands(call, builder)? else {
        return Err("an exponent that depends on the input, expected a constant".to_string());
    };
    if c.len() != 1 {
        return Err(format!("{} exponents, expected one", c.len()));
    }
    let y = builder.power(&x, c.rationals()?.swap_remove(0)).map_err(text)?;
    // An exponent with more axes than the tensor adds axes of size 1.
    let shape = broadcast(x.shape(), &c.shape).map_err(text)?;
    if y.shape() == shape { Ok(y) } else { builder.reshape(&y, &shape).map_err(text) }
}

pub(super) fn quotient(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Value, String> {
    let (x, c) = match operands(call, builder)? {
        (Known::Value(x), Known::Constant(c)) => (x, c),
        (Known::Value(x), Known::Value(y)) => return builder.quotient(&x, &y).map_err(text),
        (Known::Constant(c), Known::Value(x)) => {
            let inverse = builder.power(&x, Rational::from(-1)).map_err(text)?;
            let is_one = c.shape.is_empty() && c.rationals()?[0] == 1;
            return if is_one { Ok(inverse) } else { scaled(builder, &inverse, &c.shape, &c.coefficients()) };
        }
        (Known::Constant(_), Known::Constant(_)) => return Err("a quotient of constants".to_string()),
    };
    let inverse = |(i, q): (usize, Rational)| if q.is_zero() { Err(format!("number {i} of the divisor is 0")) } else { Ok(q.recip()) };
    let inverses = c.rationals()?.into_iter().enumerate().map(inverse).collect::<Result<Vec<_>, _>>()?;
    scaled(builder, &x, &c.shape, &Coefficients::from_rationals(inverses))
}

pub(super) fn batch_normalisation(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Value, String> {
    // Before version 14 the number of outputs also determines the mode.
    let is_test = call.attributes.integer("is_test", i64::from(call.version >= 7)) != 0;
    if !is_test || call.attributes.integer("training_mode", 0) != 0 || call.outputs > 1 {
        return Err("normalisation in training mode, expected inference mode".to_string());
    }
    if call.attributes.integer("spatial", 1) == 0 {
        return Err("normalisation of single elements, expected one of channels".to_string());
    }
    let epsilon = call.attributes.float("epsilon", 1e-5)?;
    let x = call.value(0)?.clone();
    let channels = *x.shape().get(1).ok_or("a tensor without channels")?;
    let inputs = (1..5).map(|k| call.constant(k)).collect::<Result<Vec<_>, _>>()?;
    if let Some(wrong) = inputs.iter().find(|c| c.shape != [channels]) {
        return Err(format!("shape {:?} for {channels} channels", wrong.shape));
    }
    let precision = inputs[0].precision();
    if (precision == Precision::Double) != (inputs[3].precision() == Precision::Double) {
        return Err("a scale and a variance, only one of them in doubles: the rounding of their quotient is not defined".to_string());
    }
    let (scale, variance) = (inputs[0].floats()?, inputs[3].floats()?);
    let factor = |c: usize| {
        let root = precision.round(precision.round(variance[c] + precision.round(epsilon)).sqrt());
        let factor = precision.round(scale[c] / root);
        if factor.is_finite() { Ok(factor) } else { Err(format!("channel {c}: scale {} and variance {}", scale[c], variance[c])) }
    };
    let factors = (0..channels).map(factor).collect::<Result<Vec<_>, _>>()?;
    let (bias, mean) = (inputs[1].rationals()?, inputs[2].rationals()?);
    let inner: usize = x.shape()[2..].iter().product();
    let channel = |i: usize| i / inner % channels;
    let of: Vec<u32> = (0..x.len()).map(|i| channel(i) as u32).collect();
    let shifts: Vec<Rational> = (0..channels).map(|c| &bias[c] - &mean[c] * exact(factors[c])).collect();
    let shift = Coefficients::from_rationals(of.iter().map(|&c| shifts[c as usize].clone()).collect());
    builder.scale_and_shift(&x, Some((&Coefficients::from_f64(factors), &of)), Some(shift)).map_err(text)
}
