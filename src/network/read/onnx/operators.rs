//! Operators on tensors that depend on the input: each becomes nodes of the graph.

use super::call::{Call, Known, text};
use super::shapes::{axes_of, distinct, flatten_axis, gathered, normalised, order_of, reshaped, slices, split, squeezed, unsqueezed};
use super::spatial;
use super::tensor::{Constant, Numbers};
use crate::network::graph::{Coefficients, GraphBuilder, Piecewise, Value, broadcast, repeated};
use rug::Rational;
use std::rc::Rc;

pub(super) fn apply(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Vec<Value>, String> {
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
        "Gemm" => one(gemm(call, builder)),
        "MatMul" => one(matmul(call, builder)),
        "Add" => one(sum(call, builder, 1)),
        "Sub" => one(sum(call, builder, -1)),
        "Mul" => one(product(call, builder)),
        "Div" => one(quotient(call, builder)),
        "Neg" => {
            let x = call.value(0)?;
            one(builder.combine(&[(x, -1)]).map_err(text))
        }
        "Relu" => one(activation(call, builder, Piecewise::relu())),
        "LeakyRelu" => {
            let slope = exact(call.attributes.float("alpha", 0.01)?);
            one(activation(call, builder, Piecewise::leaky_relu(slope)))
        }
        "PRelu" => one(prelu(call, builder)),
        "Abs" => one(activation(call, builder, Piecewise::absolute())),
        "Clip" => one(clip(call, builder)),
        "HardSigmoid" => {
            let (alpha, beta) = (call.attributes.float("alpha", 0.2)?, call.attributes.float("beta", 0.5)?);
            let function =
                Piecewise::hard_sigmoid(&exact(alpha), &exact(beta)).ok_or_else(|| format!("alpha is {alpha}, which is not above 0"))?;
            one(activation(call, builder, function))
        }
        "Max" | "Min" => one(extreme(call, builder)),
        "Conv" => one(spatial::convolution(call, builder)),
        "AveragePool" | "MaxPool" => one(spatial::pool(call, builder)),
        "GlobalAveragePool" | "GlobalMaxPool" => one(spatial::global_pool(call, builder)),
        "ReduceMean" => one(mean(call, builder)),
        "ReduceMax" => one(largest(call, builder)),
        "BatchNormalization" => one(batch_normalisation(call, builder)),
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
            split(call, x.shape())?.iter().map(|(of, shape)| builder.select(x, of, shape).map_err(text)).collect()
        }
        "Concat" => {
            let values = (0..call.inputs.len()).map(|k| as_value(call.input(k)?, builder)).collect::<Result<Vec<_>, _>>()?;
            let first = values.first().ok_or("nothing to concatenate")?;
            let axis = normalised(call.attributes.required("axis")?, first.shape().len())?;
            one(builder.concatenate(&values, axis).map_err(text))
        }
        _ => Err("the operator is not read".to_string()),
    }
}

/// That constants are of floats, but for those that say places and sizes.
fn check_types(call: &Call<'_>) -> Result<(), String> {
    let of_integers = ["Reshape", "Squeeze", "Unsqueeze", "Slice", "Gather", "Split", "ReduceMean", "ReduceMax", "Dropout"];
    let is_integer = |known: &Option<Known>| matches!(known, Some(Known::Constant(c)) if matches!(c.numbers, Numbers::Integers(_)));
    match call.inputs.iter().position(is_integer) {
        Some(k) if !of_integers.contains(&call.operator) => Err(format!("input {k} is of integers, and floats are expected")),
        _ => Ok(()),
    }
}

/// That a dropout drops nothing.
pub(super) fn check_dropout(call: &Call<'_>) -> Result<(), String> {
    call.optional_constant(1)?;
    let drops = match call.version {
        ..7 => call.attributes.integer("is_test", 0) == 0,
        _ => match call.optional_constant(2)? {
            Some(training) => training.rationals()?.iter().any(|x| !x.is_zero()),
            None => false,
        },
    };
    if drops { Err("a dropout that drops, as in training".to_string()) } else { Ok(()) }
}

/// The type that a cast gives, by the format's number; a tensor that depends on the input keeps its values or is refused.
pub(super) fn cast_to(call: &Call<'_>) -> Result<i32, String> {
    let to = call.attributes.required("to")?;
    let widens = matches!((call.elements, to), (10 | 16, 1 | 11) | (1, 11));
    match i32::try_from(to) {
        Ok(to) if call.elements == 0 || call.elements == to || widens => Ok(to),
        _ if matches!(to, 1 | 10 | 11 | 16) => Err(format!("a cast of floats of type {} to type {to} rounds", call.elements)),
        _ => Err(format!("a cast of a tensor that depends on the input to type {to}, which is not of floats")),
    }
}

/// A finite double as a rational.
fn exact(x: f64) -> Rational {
    Rational::from_f64(x).expect("attributes are checked to be finite")
}

fn as_value(known: &Known, builder: &mut GraphBuilder) -> Result<Value, String> {
    match known {
        Known::Value(value) => Ok(value.clone()),
        Known::Constant(constant) => builder.constant(&constant.shape, constant.coefficients()).map_err(text),
    }
}

fn activation(call: &Call<'_>, builder: &mut GraphBuilder, function: Piecewise) -> Result<Value, String> {
    builder.activation(call.value(0)?, function).map_err(text)
}

// ------------------------------------------------------------------------------------------------------- linear

/// Rows of a constant matrix, the transposed one if asked for, times a factor.
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

/// The last two axes exchanged; a vector stays as it is.
fn turned(builder: &mut GraphBuilder, x: &Value) -> Result<Value, String> {
    let rank = x.shape().len();
    let mut order: Vec<usize> = (0..rank).collect();
    if rank >= 2 {
        order.swap(rank - 2, rank - 1);
        return builder.transpose(x, &order).map_err(text);
    }
    Ok(x.clone())
}

/// Weights times a tensor, along its last axis.
fn weighted(builder: &mut GraphBuilder, x: &Value, weights: (usize, usize, Coefficients)) -> Result<Value, String> {
    let (outputs, inputs, weights) = weights;
    if x.shape().last() != Some(&inputs) {
        return Err(format!("a tensor of shape {:?} times weights of {inputs} inputs", x.shape()));
    }
    builder.linear(x, outputs, weights, None).map_err(text)
}

fn gemm(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
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
        _ => return Err("a product of two tensors that depend on the input is not piecewise linear".to_string()),
    };
    let Some(c) = bias else { return Ok(y) };
    if call.version < 7 && a.integer("broadcast", 0) == 0 && c.shape != y.shape() {
        return Err(format!("a constant of shape {:?} without broadcast, and {:?} is expected", c.shape, y.shape()));
    }
    let values = c.rationals()?;
    let of = to_shape(&c.shape, y.shape())?;
    let shift = of.iter().map(|&k| &values[k as usize] * exact(beta)).collect();
    builder.scale_and_shift(&y, None, Some(Coefficients::from_rationals(shift))).map_err(text)
}

/// A product with constants of one or two axes; one axis is that of the sum alone.
fn matmul(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
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
        _ => Err("a product of two tensors that depend on the input is not piecewise linear".to_string()),
    }
}

/// For each element of a shape the element of a constant that is repeated there.
fn to_shape(shape: &[usize], larger: &[usize]) -> Result<Vec<u32>, String> {
    match broadcast(shape, larger).map_err(text)? {
        found if found == larger => Ok(repeated(shape, larger)),
        found => Err(format!("a tensor of shape {larger:?} that grows to {found:?}")),
    }
}

/// The two tensors of an elementwise operator. Before version 7 the second is broadcast to the first only where that is asked for, from
/// some axis on.
fn operands(call: &Call<'_>, builder: &GraphBuilder) -> Result<(Known, Known), String> {
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

/// The first tensor, plus or minus the second.
fn sum(call: &Call<'_>, builder: &mut GraphBuilder, sign: i8) -> Result<Value, String> {
    match operands(call, builder)? {
        (Known::Value(x), Known::Constant(c)) => shifted(builder, &x, &c, 1, sign),
        (Known::Constant(c), Known::Value(x)) => shifted(builder, &x, &c, sign, 1),
        (Known::Value(x), Known::Value(y)) => builder.combine(&[(&x, 1), (&y, sign)]).map_err(text),
        (Known::Constant(_), Known::Constant(_)) => Err("a sum of constants".to_string()),
    }
}

/// A tensor times 1 or -1, plus a constant times 1 or -1.
fn shifted(builder: &mut GraphBuilder, x: &Value, c: &Constant, of_x: i8, of_c: i8) -> Result<Value, String> {
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

fn scaled(builder: &mut GraphBuilder, x: &Value, shape: &[usize], scale: &Coefficients) -> Result<Value, String> {
    let whole = broadcast(x.shape(), shape).map_err(text)?;
    let x = if x.shape() == whole { x.clone() } else { builder.select(x, &repeated(x.shape(), &whole), &whole).map_err(text)? };
    builder.scale_and_shift(&x, Some((scale, &repeated(shape, &whole))), None).map_err(text)
}

fn product(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
    match operands(call, builder)? {
        (Known::Value(x), Known::Constant(c)) | (Known::Constant(c), Known::Value(x)) => scaled(builder, &x, &c.shape, &c.coefficients()),
        _ => Err("a product of two tensors that depend on the input is not piecewise linear".to_string()),
    }
}

fn quotient(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
    let (Known::Value(x), Known::Constant(c)) = operands(call, builder)? else {
        return Err("a division by a tensor that depends on the input is not piecewise linear".to_string());
    };
    let inverse = |(i, q): (usize, Rational)| if q.is_zero() { Err(format!("number {i} of the divisor is 0")) } else { Ok(q.recip()) };
    let inverses = c.rationals()?.into_iter().enumerate().map(inverse).collect::<Result<Vec<_>, _>>()?;
    scaled(builder, &x, &c.shape, &Coefficients::from_rationals(inverses))
}

fn batch_normalisation(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
    // Before version 14 the number of outputs says it too.
    let is_test = call.attributes.integer("is_test", i64::from(call.version >= 7)) != 0;
    if !is_test || call.attributes.integer("training_mode", 0) != 0 || call.outputs > 1 {
        return Err("normalisation by the batch, as in training".to_string());
    }
    if call.attributes.integer("spatial", 1) == 0 {
        return Err("normalisation element by element".to_string());
    }
    let epsilon = call.attributes.float("epsilon", 1e-5)?;
    let x = call.value(0)?.clone();
    let channels = *x.shape().get(1).ok_or("a tensor without channels")?;
    let inputs = (1..5).map(|k| call.constant(k)).collect::<Result<Vec<_>, _>>()?;
    if let Some(wrong) = inputs.iter().find(|c| c.shape != [channels]) {
        return Err(format!("shape {:?} for {channels} channels", wrong.shape));
    }
    let precision = inputs[0].precision();
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

fn mean(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
    let x = call.value(0)?;
    let (keep, empty) = (call.attributes.integer("keepdims", 1) != 0, call.attributes.integer("noop_with_empty_axes", 0) != 0);
    let axes = match axes_of(call)? {
        Some(axes) if !axes.is_empty() => distinct(&axes, x.shape().len())?,
        _ if empty => return Ok(x.clone()),
        _ => (0..x.shape().len()).collect(),
    };
    let y = builder.mean_along(x, &axes).map_err(text)?;
    if keep {
        return Ok(y);
    }
    let kept: Vec<usize> = (0..x.shape().len()).filter(|axis| !axes.contains(axis)).map(|axis| x.shape()[axis]).collect();
    builder.reshape(&y, &kept).map_err(text)
}

/// The largest along axes; along one, as exporters write a maxout, without another node.
fn largest(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
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

// ------------------------------------------------------------------------------------------------------- activations

fn prelu(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
    let (x, slope) = (call.value(0)?, call.constant(1)?);
    let mut shape = slope.shape.clone();
    if call.version < 7 {
        // One slope, or one for each channel, whatever follows the channels.
        let axes = x.shape().len();
        shape = match slope.len() {
            1 => Vec::new(),
            n if axes >= 2 && shape == [x.shape()[1]] => [vec![n], vec![1; axes - 2]].concat(),
            _ => return Err(format!("slopes of shape {shape:?} for a tensor of shape {:?}", x.shape())),
        };
    }
    let functions = slope.functions(Piecewise::leaky_relu)?;
    builder.activations(x, functions, to_shape(&shape, x.shape())?).map_err(text)
}

/// A bound of a clip.
enum Bound {
    /// None, or one that every number keeps.
    Open,
    At(Rational),
    /// Beyond all numbers, on the side where none keeps it.
    Beyond,
}

fn clip(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
    // How far a bound lies on the side where it excludes nothing is its sign times it.
    let bound = |k: usize, name: &str, sign: f64| -> Result<Bound, String> {
        let constant = call.optional_constant(k)?;
        if let Some(c) = constant.filter(|c| c.len() != 1) {
            return Err(format!("{} bounds", c.len()));
        }
        let (x, no_bound) = match (constant, call.attributes.any_float(name)) {
            (Some(c), _) => match &c.numbers {
                Numbers::Exact(q) => return Ok(Bound::At(q[0].clone())),
                _ => (c.floats()?[0], c.precision().no_bound()),
            },
            (None, Some(x)) => (f64::from(x), f64::from(f32::MAX)),
            (None, None) => return Ok(Bound::Open),
        };
        match x * sign {
            far if far.is_nan() => Err(format!("{name} is NaN")),
            far if far >= no_bound => Ok(Bound::Open),
            f64::NEG_INFINITY => Ok(Bound::Beyond),
            _ => Ok(Bound::At(exact(x))),
        }
    };
    let (lo, hi) = match (bound(1, "min", -1.0)?, bound(2, "max", 1.0)?) {
        (Bound::Open, Bound::Open) => return call.value(0).cloned(),
        (Bound::At(lo), Bound::Open) => (Some(lo), None),
        (Bound::Open, Bound::At(hi)) => (None, Some(hi)),
        (Bound::At(lo), Bound::At(hi)) => (Some(lo), Some(hi)),
        // min(max(x, inf), hi) is hi.
        (Bound::Beyond, Bound::At(hi)) => (Some(hi.clone()), Some(hi)),
        _ => return Err("bounds between which there is no finite number".to_string()),
    };
    if call.version < 13 && lo > hi && hi.is_some() {
        return Err("min is greater than max, of which runtimes make different things before version 13".to_string());
    }
    activation(call, builder, Piecewise::clip(lo, hi))
}

/// The largest, or the smallest, of several tensors.
fn extreme(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
    let largest = call.operator == "Max";
    if call.version < 8
        && let Some(other) = call.inputs.iter().flatten().find(|other| Some(other.shape()) != call.optional(0).map(Known::shape))
    {
        return Err(format!("shape {:?} beside others, which is not broadcast before version 8", other.shape()));
    }
    if let [Some(x), Some(y)] = &call.inputs[..] {
        // Against a constant it is an activation.
        if let (Known::Value(x), Known::Constant(c)) | (Known::Constant(c), Known::Value(x)) = (x, y) {
            let shape = broadcast(x.shape(), &c.shape).map_err(text)?;
            let x = if x.shape() == shape { x.clone() } else { builder.select(x, &repeated(x.shape(), &shape), &shape).map_err(text)? };
            let clip = |bound| if largest { Piecewise::clip(Some(bound), None) } else { Piecewise::clip(None, Some(bound)) };
            let functions = c.functions(clip)?;
            return builder.activations(&x, functions, repeated(&c.shape, &shape)).map_err(text);
        }
    }
    let mut values = Vec::new();
    for k in 0..call.inputs.len() {
        let value = as_value(call.input(k)?, builder)?;
        values.push(if largest { value } else { builder.combine(&[(&value, -1)]).map_err(text)? });
    }
    let y = builder.maximum(&values).map_err(text)?;
    if largest { Ok(y) } else { builder.combine(&[(&y, -1)]).map_err(text) }
}
