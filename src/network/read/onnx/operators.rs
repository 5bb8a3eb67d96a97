//! Operators on tensors that depend on the input. Each becomes one or several nodes of the graph.

use super::call::{Call, Known, text};
use super::shapes::{axes_of, distinct, flatten_axis, gathered, normalised, order_of, reshaped, slices, split, squeezed, unsqueezed};
use super::tensor::Numbers;
use super::{activations, normalisation, products, smooth, spatial};
use crate::network::graph::{NetworkBuilder, Piecewise, Value};
use rug::Rational;

pub(super) fn apply(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Vec<Value>, String> {
    let one = |value: Result<Value, String>| value.map(|value| vec![value]);
    check_types(call)?;
    match call.operator {
        "Identity" => one(call.value(0).cloned()),
        "Dropout" => {
            check_dropout(call)?;
            one(call.value(0).cloned())
        }
        "Cast" => {
            cast_to(call)?;
            one(call.value(0).cloned())
        }
        "Gemm" => one(products::gemm(call, builder)),
        "MatMul" => one(products::matmul(call, builder)),
        "Add" => one(products::sum(call, builder, 1)),
        "Sub" => one(products::sum(call, builder, -1)),
        "Mul" => one(products::product(call, builder)),
        "Div" => one(products::quotient(call, builder)),
        "Pow" => one(products::power(call, builder)),
        "Sqrt" => one(builder.power(call.value(0)?, Rational::from((1, 2))).map_err(text)),
        "Reciprocal" => one(builder.power(call.value(0)?, Rational::from(-1)).map_err(text)),
        "Softmax" => one(normalisation::softmax(call, builder)),
        "LayerNormalization" | "RMSNormalization" => one(normalisation::over_last_axes(call, builder)),
        "Neg" => {
            let x = call.value(0)?;
            one(builder.combine(&[(x, -1)]).map_err(text))
        }
        "Relu" => one(activation(call, builder, Piecewise::relu())),
        "LeakyRelu" => {
            let slope = exact(call.attributes.float("alpha", 0.01)?);
            one(activation(call, builder, Piecewise::leaky_relu(slope)))
        }
        "PRelu" => one(activations::prelu(call, builder)),
        "Abs" => one(activation(call, builder, Piecewise::absolute())),
        "Clip" => one(activations::clip(call, builder)),
        "HardSigmoid" => {
            let (alpha, beta) = (call.attributes.float("alpha", 0.2)?, call.attributes.float("beta", 0.5)?);
            let function = Piecewise::hard_sigmoid(&exact(alpha), &exact(beta))
                .ok_or_else(|| format!("alpha is {alpha}, expected a number above 0"))?;
            one(activation(call, builder, function))
        }
        "Max" | "Min" => one(activations::extreme(call, builder)),
        "Conv" => one(spatial::convolution(call, builder)),
        "AveragePool" | "MaxPool" => one(spatial::pool(call, builder)),
        "GlobalAveragePool" | "GlobalMaxPool" => one(spatial::global_pool(call, builder)),
        "ReduceMean" | "ReduceSum" => one(mean_or_sum(call, builder)),
        "ReduceMax" => one(largest(call, builder)),
        "BatchNormalization" => one(products::batch_normalisation(call, builder)),
        "Flatten" => {
            let x = call.value(0)?;
            let axis = flatten_axis(call, x.shape().len())?;
            let size = |part: &[usize]| part.iter().product();
            one(builder.reshape(x, &[size(&x.shape()[..axis]), size(&x.shape()[axis..])]).map_err(text))
        }
        "Reshape" => {
            let x = call.value(0)?;
            let shape = reshaped(x.shape(), call.constant(1)?.whole()?, call.attributes.integer("allowzero", 0) != 0)?;
            one(builder.reshape(x, &shape).map_err(text))
        }
        "Squeeze" => {
            let x = call.value(0)?;
            one(builder.reshape(x, &squeezed(x.shape(), axes_of(call)?.as_deref())?).map_err(text))
        }
        "Unsqueeze" => {
            let x = call.value(0)?;
            let axes = axes_of(call)?.ok_or("its axes are missing")?;
            one(builder.reshape(x, &unsqueezed(x.shape(), &axes)?).map_err(text))
        }
        "Transpose" => {
            let x = call.value(0)?;
            one(builder.transpose(x, &order_of(call, x.shape().len())?).map_err(text))
        }
        "Slice" => {
            let x = call.value(0)?;
            let (of, shape) = slices(call, x.shape())?;
            one(builder.select(x, &of, &shape).map_err(text))
        }
        "Gather" => {
            let x = call.value(0)?;
            let (of, shape) = gathered(call, x.shape())?;
            one(builder.select(x, &of, &shape).map_err(text))
        }
        "Split" => {
            let x = call.value(0)?;
            split(call, x.shape())?.iter().map(|part| builder.select(x, &part.of, &part.shape).map_err(text)).collect()
        }
        "Concat" => {
            let values = (0..call.inputs.len()).map(|k| as_value(call.input(k)?, builder)).collect::<Result<Vec<_>, _>>()?;
            let first = values.first().ok_or("nothing to concatenate")?;
            let axis = normalised(call.attributes.required("axis")?, first.shape().len())?;
            one(builder.concatenate(&values, axis).map_err(text))
        }
        _ => {
            let function = smooth::function(call)?.ok_or("the operator is not supported")?;
            one(builder.smooth(call.value(0)?, function).map_err(text))
        }
    }
}

/// Checks that constants are floats, except for those that are indices, sizes or exponents.
fn check_types(call: &Call<'_>) -> Result<(), String> {
    let of_integers =
        ["Reshape", "Squeeze", "Unsqueeze", "Slice", "Gather", "Split", "ReduceMean", "ReduceSum", "ReduceMax", "Dropout", "Pow"];
    let is_integer = |known: &Option<Known>| matches!(known, Some(Known::Constant(c)) if matches!(c.numbers, Numbers::Integers(_)));
    match call.inputs.iter().position(is_integer) {
        Some(k) if !of_integers.contains(&call.operator) => Err(format!("input {k} has integers, expected floats")),
        _ => Ok(()),
    }
}

/// Checks that a dropout is in inference mode, where it is the identity.
pub(super) fn check_dropout(call: &Call<'_>) -> Result<(), String> {
    call.optional_constant(1)?;
    let drops = match call.version {
        ..7 => call.attributes.integer("is_test", 0) == 0,
        _ => match call.optional_constant(2)? {
            Some(training) => training.rationals()?.iter().any(|x| !x.is_zero()),
            None => false,
        },
    };
    if drops { Err("a dropout in training mode, expected inference mode".to_string()) } else { Ok(()) }
}

/// The type of the result of a cast, as its number in the format. A cast of a tensor that depends on the input must preserve the values.
pub(super) fn cast_to(call: &Call<'_>) -> Result<i32, String> {
    let to = call.attributes.required("to")?;
    let widens = matches!((call.elements, to), (10 | 16, 1 | 11) | (1, 11));
    match i32::try_from(to) {
        Ok(to) if call.elements == 0 || call.elements == to || widens => Ok(to),
        _ if matches!(to, 1 | 10 | 11 | 16) => Err(format!("a cast of floats of type {} to type {to} rounds", call.elements)),
        _ => Err(format!("a cast of a tensor that depends on the input to type {to}, expected a type of floats")),
    }
}

/// A finite double as a rational.
pub(super) fn exact(x: f64) -> Rational {
    Rational::from_f64(x).expect("attributes are checked to be finite")
}

pub(super) fn as_value(known: &Known, builder: &mut NetworkBuilder) -> Result<Value, String> {
    match known {
        Known::Value(value) => Ok(value.clone()),
        Known::Constant(constant) => builder.constant(&constant.shape, constant.coefficients()).map_err(text),
    }
}

pub(super) fn activation(call: &Call<'_>, builder: &mut NetworkBuilder, function: Piecewise) -> Result<Value, String> {
    builder.activation(call.value(0)?, function).map_err(text)
}

fn mean_or_sum(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Value, String> {
    let x = call.value(0)?;
    let (keep, empty) = (call.attributes.integer("keepdims", 1) != 0, call.attributes.integer("noop_with_empty_axes", 0) != 0);
    let axes = match axes_of(call)? {
        Some(axes) if !axes.is_empty() => distinct(&axes, x.shape().len())?,
        _ if empty => return Ok(x.clone()),
        _ => (0..x.shape().len()).collect(),
    };
    let y = if call.operator == "ReduceMean" { builder.mean_along(x, &axes) } else { builder.sum_along(x, &axes) }.map_err(text)?;
    if keep {
        return Ok(y);
    }
    let kept: Vec<usize> = (0..x.shape().len()).filter(|axis| !axes.contains(axis)).map(|axis| x.shape()[axis]).collect();
    builder.reshape(&y, &kept).map_err(text)
}

/// The maximum along axes. That along a single axis, as exporters write a maxout, needs no other node.
fn largest(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Value, String> {
    let x = call.value(0)?;
    let (keep, empty) = (call.attributes.integer("keepdims", 1) != 0, call.attributes.integer("noop_with_empty_axes", 0) != 0);
    let rank = x.shape().len();
    let axes = match axes_of(call)? {
        Some(axes) if !axes.is_empty() => distinct(&axes, rank)?,
        _ if empty => return Ok(x.clone()),
        _ => (0..rank).collect(),
    };
    let kept: Vec<usize> = (0..rank).filter(|axis| !axes.contains(axis)).collect();
    let y = match axes[..] {
        [axis] => builder.maximum_along(x, axis).map_err(text)?,
        _ => {
            let order: Vec<usize> = kept.iter().copied().chain((0..rank).filter(|axis| axes.contains(axis))).collect();
            let turned = if order.is_sorted() { x.clone() } else { builder.transpose(x, &order).map_err(text)? };
            let mut shape: Vec<usize> = kept.iter().map(|&axis| x.shape()[axis]).collect();
            shape.push(axes.iter().map(|&axis| x.shape()[axis]).product());
            let rows = builder.reshape(&turned, &shape).map_err(text)?;
            builder.maximum_along(&rows, kept.len()).map_err(text)?
        }
    };
    let shape: Vec<usize> = (0..rank).map(|axis| if axes.contains(&axis) { 1 } else { x.shape()[axis] }).collect();
    if keep { builder.reshape(&y, &shape).map_err(text) } else { Ok(y) }
}
