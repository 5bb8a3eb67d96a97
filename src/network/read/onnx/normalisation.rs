//! Softmax and normalisation, which are composed of arithmetic: they have no units.

use super::call::{Call, text};
use super::operators::exact;
use super::products::{scaled, shifted};
use super::shapes::{normalised, to_shape};
use crate::network::graph::{NetworkBuilder, Value};

/// The axes over which a softmax is taken: from one on, up to another. Before version 13 all axes from the given one on are treated as one.
pub(super) fn softmax_axes(call: &Call<'_>) -> Result<std::ops::Range<usize>, String> {
    let rank = call.input(0)?.shape().len();
    let axis = normalised(call.attributes.integer("axis", if call.version < 13 { 1 } else { -1 }), rank)?;
    Ok(axis..if call.version < 13 { rank } else { axis + 1 })
}

pub(super) fn softmax(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Value, String> {
    let (x, axes) = (call.value(0)?, softmax_axes(call)?);
    let shape = x.shape();
    let joined = [&shape[..axes.start], &[shape[axes.clone()].iter().product()], &shape[axes.end..]].concat();
    let rows = builder.reshape(x, &joined).map_err(text)?;
    let y = builder.softmax(&rows, axes.start).map_err(text)?;
    builder.reshape(&y, shape).map_err(text)
}

/// The normalisation of the axes from one on, by mean and variance or by the mean of the squares, with a scale and a shift of each element.
pub(super) fn over_last_axes(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Value, String> {
    let (x, scale, shift) = (call.value(0)?, call.constant(1)?, call.optional_constant(2)?);
    let axis = normalised(call.attributes.integer("axis", -1), x.shape().len())?;
    let epsilon = exact(call.attributes.float("epsilon", 1e-5)?);
    let y = match call.operator {
        "LayerNormalization" => builder.layer_norm(x, axis, epsilon),
        _ => builder.rms_norm(x, axis, epsilon),
    };
    let mut y = y.map_err(text)?;
    for constant in [Some(scale), shift].into_iter().flatten() {
        to_shape(&constant.shape, y.shape())?;
    }
    y = scaled(builder, &y, &scale.shape, &scale.coefficients())?;
    shift.map_or(Ok(y.clone()), |shift| shifted(builder, &y, shift, 1, 1))
}
