//! Operators on tensors that depend on the input: each becomes nodes of the graph.

use super::call::{Call, Known, text};
use super::shapes::{axes_of, flatten_axis, gathered, normalised, order_of, reshaped, slices, squeezed, unsqueezed};
use super::spatial;
use super::tensor::Constant;
use crate::network::graph::{Coefficients, GraphBuilder, Piecewise, Value, broadcast, repeated};
use rug::Rational;

pub(super) fn apply(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Vec<Value>, String> {
    let one = |value: Result<Value, String>| value.map(|value| vec![value]);
    match call.operator {
        "Identity" => one(call.value(0).cloned()),
        "Dropout" => {
            if let Some(training) = call.optional_constant(2)?
                && training.doubles().iter().any(|&x| x != 0.0)
            {
                return Err("a dropout that drops".to_string());
            }
            call.attributes.float("ratio", 0.5)?;
            call.attributes.integer("seed", 0);
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
        "Split" => split(call, builder),
        "Concat" => {
            let values = (0..call.inputs.len()).map(|k| as_value(call.input(k)?, builder)).collect::<Result<Vec<_>, _>>()?;
            let first = values.first().ok_or("nothing to concatenate")?;
            let axis = normalised(call.attributes.integer("axis", 0), first.shape().len())?;
            one(builder.concatenate(&values, axis).map_err(text))
        }
        "Cast" => Err("a cast of a tensor that depends on the input".to_string()),
        _ => Err("the operator is not read".to_string()),
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
    let coefficients = if factor == 1.0 {
        let x = constant.doubles();
        Coefficients::from_f64(places.map(|k| x[k]).collect())
    } else {
        let (x, factor) = (constant.rationals()?, exact(factor));
        Coefficients::from_rationals(places.map(|k| Rational::from(&x[k] * &factor)).collect())
    };
    Ok((rows, columns, coefficients))
}

fn gemm(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
    let a = &call.attributes;
    let (alpha, beta) = (a.float("alpha", 1.0)?, a.float("beta", 1.0)?);
    let (trans_a, trans_b) = (a.integer("transA", 0) != 0, a.integer("transB", 0) != 0);
    let x = call.value(0)?;
    let x = if trans_a { builder.transpose(x, &[1, 0]).map_err(text)? } else { x.clone() };
    // Y = alpha X B + beta C: the rows of the weights are the columns of B.
    let (outputs, inputs, weights) = matrix(call.constant(1)?, !trans_b, alpha)?;
    if x.shape().len() != 2 || x.shape()[1] != inputs {
        return Err(format!("a tensor of shape {:?} times weights of {inputs} inputs", x.shape()));
    }
    let bias = call.optional_constant(2)?;
    if let Some(c) = bias
        && beta == 1.0
        && c.shape == [outputs]
    {
        return builder.linear(&x, outputs, weights, Some(c.coefficients())).map_err(text);
    }
    let y = builder.linear(&x, outputs, weights, None).map_err(text)?;
    match bias {
        None => Ok(y),
        Some(c) => {
            let values = c.rationals()?;
            let of = to_shape(&c.shape, y.shape())?;
            let shift = of.iter().map(|&k| &values[k as usize] * exact(beta)).collect();
            builder.scale_and_shift(&y, None, Some(Coefficients::from_rationals(shift))).map_err(text)
        }
    }
}

fn matmul(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
    match (call.input(0)?, call.input(1)?) {
        (Known::Value(x), Known::Constant(w)) => {
            let (outputs, inputs, weights) = matrix(w, true, 1.0)?;
            if x.shape().last() != Some(&inputs) {
                return Err(format!("a tensor of shape {:?} times a matrix of shape {:?}", x.shape(), w.shape));
            }
            builder.linear(x, outputs, weights, None).map_err(text)
        }
        (Known::Constant(w), Known::Value(x)) if x.shape().len() == 2 => {
            let (outputs, inputs, weights) = matrix(w, false, 1.0)?;
            if x.shape()[0] != inputs {
                return Err(format!("a matrix of shape {:?} times a tensor of shape {:?}", w.shape, x.shape()));
            }
            let turned = builder.transpose(x, &[1, 0]).map_err(text)?;
            let y = builder.linear(&turned, outputs, weights, None).map_err(text)?;
            builder.transpose(&y, &[1, 0]).map_err(text)
        }
        (Known::Constant(_), Known::Value(x)) => Err(format!("a constant matrix times a tensor of shape {:?}", x.shape())),
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

/// The first tensor, plus or minus the second.
fn sum(call: &Call<'_>, builder: &mut GraphBuilder, sign: i8) -> Result<Value, String> {
    let (x, y) = match (call.input(0)?, call.input(1)?) {
        (Known::Value(x), Known::Constant(c)) => return shifted(builder, x, c, 1, sign),
        (Known::Constant(c), Known::Value(x)) => return shifted(builder, x, c, sign, 1),
        (Known::Value(x), Known::Value(y)) => (x, y),
        (Known::Constant(_), Known::Constant(_)) => return Err("a sum of constants".to_string()),
    };
    builder.combine(&[(x, 1), (y, sign)]).map_err(text)
}

/// A tensor times 1 or -1, plus a constant times 1 or -1.
fn shifted(builder: &mut GraphBuilder, x: &Value, c: &Constant, of_x: i8, of_c: i8) -> Result<Value, String> {
    let shape = broadcast(x.shape(), &c.shape).map_err(text)?;
    let x = if x.shape() == shape { x.clone() } else { builder.select(x, &repeated(x.shape(), &shape), &shape).map_err(text)? };
    let (of, doubles) = (repeated(&c.shape, &shape), c.doubles());
    let shift = Coefficients::from_f64(of.iter().map(|&k| doubles[k as usize] * f64::from(of_c)).collect());
    let scale = Coefficients::from_f64(vec![f64::from(of_x)]);
    builder.scale_and_shift(&x, Some((&scale, &vec![0; x.len()])), Some(shift)).map_err(text)
}

fn scaled(builder: &mut GraphBuilder, x: &Value, shape: &[usize], scale: &Coefficients) -> Result<Value, String> {
    let whole = broadcast(x.shape(), shape).map_err(text)?;
    let x = if x.shape() == whole { x.clone() } else { builder.select(x, &repeated(x.shape(), &whole), &whole).map_err(text)? };
    builder.scale_and_shift(&x, Some((scale, &repeated(shape, &whole))), None).map_err(text)
}

fn product(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
    match (call.input(0)?, call.input(1)?) {
        (Known::Value(x), Known::Constant(c)) | (Known::Constant(c), Known::Value(x)) => scaled(builder, x, &c.shape, &c.coefficients()),
        _ => Err("a product of two tensors that depend on the input is not piecewise linear".to_string()),
    }
}

fn quotient(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
    let (Known::Value(x), Known::Constant(c)) = (call.input(0)?, call.input(1)?) else {
        return Err("a division by a tensor that depends on the input is not piecewise linear".to_string());
    };
    let inverse = |(i, q): (usize, Rational)| if q.is_zero() { Err(format!("number {i} of the divisor is 0")) } else { Ok(q.recip()) };
    let inverses = c.rationals()?.into_iter().enumerate().map(inverse).collect::<Result<Vec<_>, _>>()?;
    scaled(builder, x, &c.shape, &Coefficients::from_rationals(inverses))
}

fn batch_normalisation(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
    if call.attributes.integer("training_mode", 0) != 0 || call.attributes.integer("is_test", 1) == 0 {
        return Err("normalisation by the batch, as in training".to_string());
    }
    call.attributes.float("momentum", 0.9)?;
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
    let (scale, variance) = (inputs[0].doubles(), inputs[3].doubles());
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
        Some(axes) if !axes.is_empty() => axes.iter().map(|&axis| normalised(axis, x.shape().len())).collect::<Result<Vec<_>, _>>()?,
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

/// The largest along one axis, as exporters write a maxout.
fn largest(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
    let x = call.value(0)?;
    let keep = call.attributes.integer("keepdims", 1) != 0;
    call.attributes.integer("noop_with_empty_axes", 0);
    let &[axis] = &axes_of(call)?.unwrap_or_default()[..] else {
        return Err("a maximum along several axes".to_string());
    };
    let axis = normalised(axis, x.shape().len())?;
    let y = builder.maximum_along(x, axis).map_err(text)?;
    let mut shape = x.shape().to_vec();
    shape[axis] = 1;
    if keep { builder.reshape(&y, &shape).map_err(text) } else { Ok(y) }
}

// ------------------------------------------------------------------------------------------------------- activations

fn prelu(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
    let (x, slope) = (call.value(0)?, call.constant(1)?);
    let functions = slope.functions(Piecewise::leaky_relu)?;
    builder.activations(x, functions, to_shape(&slope.shape, x.shape())?).map_err(text)
}

fn clip(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
    let bound = |k: usize, name: &'static str| -> Result<Option<Rational>, String> {
        let x = match call.optional_constant(k)? {
            Some(c) => match c.doubles()[..] {
                [x] => x,
                _ => return Err(format!("{} bounds", c.len())),
            },
            None if call.attributes.has(name) => call.attributes.float(name, 0.0)?,
            None => return Ok(None),
        };
        match x {
            x if x.is_nan() => Err("a bound that is NaN".to_string()),
            // The largest finite number is how exporters write that there is no bound.
            x if x.abs() >= f64::from(f32::MAX) => Ok(None),
            x => Ok(Some(exact(x))),
        }
    };
    let (lo, hi) = (bound(1, "min")?, bound(2, "max")?);
    if lo.is_none() && hi.is_none() {
        return call.value(0).cloned();
    }
    activation(call, builder, Piecewise::clip(lo, hi))
}

/// The largest, or the smallest, of several tensors.
fn extreme(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Value, String> {
    let largest = call.operator == "Max";
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

fn split(call: &Call<'_>, builder: &mut GraphBuilder) -> Result<Vec<Value>, String> {
    let x = call.value(0)?;
    let axis = normalised(call.attributes.integer("axis", 0), x.shape().len())?;
    let asked = call.attributes.integer("num_outputs", call.outputs as i64);
    let sizes: Vec<i64> = match (call.optional_constant(1)?, call.attributes.integers("split")) {
        (Some(sizes), _) => sizes.whole()?.to_vec(),
        (None, Some(sizes)) => sizes.to_vec(),
        (None, None) => {
            let (n, parts) = (x.shape()[axis] as i64, asked.max(1));
            if parts > n {
                return Err(format!("{parts} parts of {n} elements"));
            }
            let each = (n + parts - 1) / parts;
            (0..parts).map(|k| each.min(n - k * each)).collect()
        }
    };
    if sizes.iter().any(|&n| n <= 0) || sizes.iter().try_fold(0i64, |sum, &n| sum.checked_add(n)) != Some(x.shape()[axis] as i64) {
        return Err(format!("parts {sizes:?} of {} elements", x.shape()[axis]));
    }
    let (outer, inner): (usize, usize) = (x.shape()[..axis].iter().product(), x.shape()[axis + 1..].iter().product());
    let whole = x.shape()[axis] * inner;
    let mut start = 0;
    let mut parts = Vec::new();
    for n in sizes {
        let mut shape = x.shape().to_vec();
        shape[axis] = n as usize;
        let part = n as usize * inner;
        let of: Vec<u32> = (0..outer).flat_map(|k| (k * whole + start..k * whole + start + part).map(|e| e as u32)).collect();
        start += part;
        parts.push(builder.select(x, &of, &shape).map_err(text)?);
    }
    Ok(parts)
}
