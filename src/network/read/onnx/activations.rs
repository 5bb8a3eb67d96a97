//! Activations, and operators that become activations: the maximum or minimum of a tensor and a constant.

use super::call::{Call, Known, text};
use super::operators::{activation, as_value, exact};
use super::shapes::to_shape;
use super::tensor::Numbers;
use crate::network::graph::{NetworkBuilder, Piecewise, Value, broadcast, repeated};
use rug::Rational;

pub(super) fn prelu(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Value, String> {
    let (x, slope) = (call.value(0)?, call.constant(1)?);
    let mut shape = slope.shape.clone();
    if call.version < 7 {
        // One slope, or one for each channel; the axes after the channels may have any size.
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
    /// No bound, or one that every number satisfies.
    Open,
    At(Rational),
    /// A bound that no number satisfies.
    Beyond,
}

pub(super) fn clip(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Value, String> {
    // `sign` times a bound is large where the bound excludes nothing.
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
        _ => return Err("no finite number between the bounds, expected at least one".to_string()),
    };
    if call.version < 13 && lo > hi && hi.is_some() {
        return Err("min is greater than max, for which runtimes differ before version 13".to_string());
    }
    activation(call, builder, Piecewise::clip(lo, hi))
}

/// The elementwise maximum or minimum of several tensors.
pub(super) fn extreme(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Value, String> {
    let largest = call.operator == "Max";
    if call.version < 8
        && let Some(other) = call.inputs.iter().flatten().find(|other| Some(other.shape()) != call.optional(0).map(Known::shape))
    {
        return Err(format!("shape {:?} differs from the others, which is not broadcast before version 8", other.shape()));
    }
    if let [Some(x), Some(y)] = &call.inputs[..] {
        // The maximum or minimum with a constant is an activation.
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
