//! The operators that are supported, from the published schemas of ONNX: the numbers of inputs and outputs, and the names and types of
//! attributes.
//!
//! There is a row for each version in which one of these or its meaning changed. Each node is checked against its row before it is read.

use super::proto;
use std::ops::RangeInclusive;

/// The versions of the standard operators that are supported.
pub(super) const VERSIONS: RangeInclusive<i64> = 6..=28;

/// The types of attributes that are supported, with their numbers in the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Float = 1,
    Integer = 2,
    Text = 3,
    Tensor = 4,
    Floats = 6,
    Integers = 7,
}

use Kind::{Float, Floats, Integer, Integers, Tensor, Text};

/// The inputs, outputs and attributes that a node of an operator may have, from some version on.
pub(super) struct Schema {
    operator: &'static str,
    since: i64,
    /// The number of required inputs, and the largest number of inputs.
    inputs: (usize, usize),
    /// The largest number of outputs.
    outputs: usize,
    attributes: &'static [(&'static str, Kind)],
}

/// Stands for any number of inputs or outputs.
const ANY: usize = usize::MAX;

const fn row(
    operator: &'static str,
    since: i64,
    inputs: (usize, usize),
    outputs: usize,
    attributes: &'static [(&'static str, Kind)],
) -> Schema {
    Schema { operator, since, inputs, outputs, attributes }
}

const OLD_BROADCAST: &[(&str, Kind)] = &[("axis", Integer), ("broadcast", Integer)];
const AXIS: &[(&str, Kind)] = &[("axis", Integer)];
const AXES: &[(&str, Kind)] = &[("axes", Integers)];
const NORMALISATION: &[(&str, Kind)] = &[("axis", Integer), ("epsilon", Float), ("stash_type", Integer)];
const ALPHA: &[(&str, Kind)] = &[("alpha", Float)];

/// Later versions of an operator come after earlier ones.
#[rustfmt::skip]
const OPERATORS: &[Schema] = &[
    row("Abs", 6, (1, 1), 1, &[]),
    row("Add", 6, (2, 2), 1, OLD_BROADCAST),
    row("Add", 7, (2, 2), 1, &[]),
    row("AveragePool", 1, (1, 1), 1, &[("auto_pad", Text), ("kernel_shape", Integers), ("pads", Integers), ("strides", Integers)]),
    row("AveragePool", 7, (1, 1), 1, &[("auto_pad", Text), ("kernel_shape", Integers), ("pads", Integers), ("strides", Integers), ("count_include_pad", Integer)]),
    row("AveragePool", 10, (1, 1), 1, &[("auto_pad", Text), ("kernel_shape", Integers), ("pads", Integers), ("strides", Integers), ("count_include_pad", Integer), ("ceil_mode", Integer)]),
    row("AveragePool", 19, (1, 1), 1, &[("auto_pad", Text), ("kernel_shape", Integers), ("pads", Integers), ("strides", Integers), ("count_include_pad", Integer), ("ceil_mode", Integer), ("dilations", Integers)]),
    row("BatchNormalization", 6, (5, 5), 5, &[("epsilon", Float), ("momentum", Float), ("spatial", Integer), ("is_test", Integer)]),
    row("BatchNormalization", 7, (5, 5), 5, &[("epsilon", Float), ("momentum", Float), ("spatial", Integer)]),
    row("BatchNormalization", 9, (5, 5), 5, &[("epsilon", Float), ("momentum", Float)]),
    row("BatchNormalization", 14, (5, 5), 3, &[("epsilon", Float), ("momentum", Float), ("training_mode", Integer)]),
    row("Cast", 6, (1, 1), 1, &[("to", Integer)]),
    row("Cast", 19, (1, 1), 1, &[("to", Integer), ("saturate", Integer)]),
    row("Cast", 24, (1, 1), 1, &[("to", Integer), ("saturate", Integer), ("round_mode", Text)]),
    row("Celu", 12, (1, 1), 1, ALPHA),
    row("Clip", 6, (1, 1), 1, &[("min", Float), ("max", Float)]),
    row("Clip", 11, (1, 3), 1, &[]),
    row("Concat", 4, (1, ANY), 1, AXIS),
    row("Constant", 1, (0, 0), 1, &[("value", Tensor)]),
    row("Constant", 12, (0, 0), 1, &[("value", Tensor), ("value_float", Float), ("value_floats", Floats), ("value_int", Integer), ("value_ints", Integers)]),
    row("Conv", 1, (2, 3), 1, &[("auto_pad", Text), ("dilations", Integers), ("group", Integer), ("kernel_shape", Integers), ("pads", Integers), ("strides", Integers)]),
    row("Div", 6, (2, 2), 1, OLD_BROADCAST),
    row("Div", 7, (2, 2), 1, &[]),
    row("Dropout", 6, (1, 1), 2, &[("ratio", Float), ("is_test", Integer)]),
    row("Dropout", 7, (1, 1), 2, &[("ratio", Float)]),
    row("Dropout", 12, (1, 3), 2, &[("seed", Integer)]),
    row("Elu", 6, (1, 1), 1, ALPHA),
    row("Erf", 9, (1, 1), 1, &[]),
    row("Exp", 6, (1, 1), 1, &[]),
    row("Flatten", 1, (1, 1), 1, AXIS),
    row("Gather", 1, (2, 2), 1, AXIS),
    row("Gelu", 20, (1, 1), 1, &[("approximate", Text)]),
    row("Gemm", 6, (3, 3), 1, &[("alpha", Float), ("beta", Float), ("transA", Integer), ("transB", Integer), ("broadcast", Integer)]),
    row("Gemm", 7, (3, 3), 1, &[("alpha", Float), ("beta", Float), ("transA", Integer), ("transB", Integer)]),
    row("Gemm", 11, (2, 3), 1, &[("alpha", Float), ("beta", Float), ("transA", Integer), ("transB", Integer)]),
    row("GlobalAveragePool", 1, (1, 1), 1, &[]),
    row("GlobalMaxPool", 1, (1, 1), 1, &[]),
    row("HardSigmoid", 6, (1, 1), 1, &[("alpha", Float), ("beta", Float)]),
    row("HardSwish", 14, (1, 1), 1, &[]),
    row("Identity", 1, (1, 1), 1, &[]),
    row("LayerNormalization", 17, (2, 3), 3, NORMALISATION),
    row("LeakyRelu", 6, (1, 1), 1, ALPHA),
    row("LogSoftmax", 1, (1, 1), 1, AXIS),
    row("MatMul", 1, (2, 2), 1, &[]),
    row("Max", 6, (1, ANY), 1, &[]),
    row("MaxPool", 1, (1, 1), 1, &[("auto_pad", Text), ("kernel_shape", Integers), ("pads", Integers), ("strides", Integers)]),
    row("MaxPool", 8, (1, 1), 2, &[("auto_pad", Text), ("kernel_shape", Integers), ("pads", Integers), ("strides", Integers), ("storage_order", Integer)]),
    row("MaxPool", 10, (1, 1), 2, &[("auto_pad", Text), ("kernel_shape", Integers), ("pads", Integers), ("strides", Integers), ("storage_order", Integer), ("ceil_mode", Integer), ("dilations", Integers)]),
    row("Min", 6, (1, ANY), 1, &[]),
    row("Mish", 18, (1, 1), 1, &[]),
    row("Mod", 10, (2, 2), 1, &[]),
    row("Mul", 6, (2, 2), 1, OLD_BROADCAST),
    row("Mul", 7, (2, 2), 1, &[]),
    row("Neg", 6, (1, 1), 1, &[]),
    row("PRelu", 6, (2, 2), 1, &[]),
    row("Pow", 1, (2, 2), 1, OLD_BROADCAST),
    row("Pow", 7, (2, 2), 1, &[]),
    row("RMSNormalization", 23, (2, 2), 1, NORMALISATION),
    row("Reciprocal", 6, (1, 1), 1, &[]),
    row("ReduceMax", 1, (1, 1), 1, &[("axes", Integers), ("keepdims", Integer)]),
    row("ReduceMax", 18, (1, 2), 1, &[("keepdims", Integer), ("noop_with_empty_axes", Integer)]),
    row("ReduceMean", 1, (1, 1), 1, &[("axes", Integers), ("keepdims", Integer)]),
    row("ReduceMean", 18, (1, 2), 1, &[("keepdims", Integer), ("noop_with_empty_axes", Integer)]),
    row("ReduceSum", 1, (1, 1), 1, &[("axes", Integers), ("keepdims", Integer)]),
    row("ReduceSum", 13, (1, 2), 1, &[("keepdims", Integer), ("noop_with_empty_axes", Integer)]),
    row("Relu", 6, (1, 1), 1, &[]),
    row("Reshape", 5, (2, 2), 1, &[]),
    row("Reshape", 14, (2, 2), 1, &[("allowzero", Integer)]),
    row("Selu", 6, (1, 1), 1, &[("alpha", Float), ("gamma", Float)]),
    row("Shape", 1, (1, 1), 1, &[]),
    row("Shape", 15, (1, 1), 1, &[("start", Integer), ("end", Integer)]),
    row("Sigmoid", 6, (1, 1), 1, &[]),
    row("Slice", 1, (1, 1), 1, &[("starts", Integers), ("ends", Integers), ("axes", Integers)]),
    row("Slice", 10, (3, 5), 1, &[]),
    row("Softmax", 1, (1, 1), 1, AXIS),
    row("Softplus", 1, (1, 1), 1, &[]),
    row("Softsign", 1, (1, 1), 1, &[]),
    row("Split", 2, (1, 1), ANY, &[("axis", Integer), ("split", Integers)]),
    row("Split", 13, (1, 2), ANY, AXIS),
    row("Split", 18, (1, 2), ANY, &[("axis", Integer), ("num_outputs", Integer)]),
    row("Sqrt", 6, (1, 1), 1, &[]),
    row("Squeeze", 1, (1, 1), 1, AXES),
    row("Squeeze", 13, (1, 2), 1, &[]),
    row("Sub", 6, (2, 2), 1, OLD_BROADCAST),
    row("Sub", 7, (2, 2), 1, &[]),
    row("Swish", 24, (1, 1), 1, ALPHA),
    row("Tanh", 6, (1, 1), 1, &[]),
    row("Transpose", 1, (1, 1), 1, &[("perm", Integers)]),
    row("Unsqueeze", 1, (1, 1), 1, AXES),
    row("Unsqueeze", 13, (2, 2), 1, &[]),
];

/// Checks that a node has the inputs, outputs and attributes of its operator in this version.
pub(super) fn check(node: &proto::Node, version: i64) -> Result<(), String> {
    let mut rows = OPERATORS.iter().filter(|row| row.operator == node.op_type);
    let first = rows.clone().next().ok_or("the operator is not supported")?.since;
    let schema = rows.rfind(|row| row.since <= version);
    let schema = schema.ok_or_else(|| format!("version {version} of the operators does not have it, expected at least version {first}"))?;
    let (required, most) = schema.inputs;
    let found = node.input.len();
    let at_least = if most == ANY { found.max(required) } else { required };
    if let Some(k) = (0..at_least).find(|&k| node.input.get(k).is_none_or(String::is_empty)) {
        return Err(format!("input {k} is missing"));
    }
    if found > most {
        return Err(format!("{found} inputs, expected at most {most} in version {version} of the operators"));
    }
    match node.output.len() {
        0 => return Err("no output, expected at least one".to_string()),
        n if n > schema.outputs => {
            return Err(format!("{n} outputs, expected at most {} in version {version} of the operators", schema.outputs));
        }
        _ => {}
    }
    for (k, attribute) in node.attribute.iter().enumerate() {
        let name = &attribute.name;
        if node.attribute[..k].iter().any(|other| other.name == *name) {
            return Err(format!("the attribute {name} occurs twice"));
        }
        match schema.attributes.iter().find(|(known, _)| known == name) {
            Some((_, kind)) => check_kind(attribute, *kind)?,
            None => return Err(format!("the attribute {name} is not supported in version {version} of the operators")),
        }
    }
    Ok(())
}

/// Checks the type of an attribute. An attribute of another type would be read as 0.
fn check_kind(attribute: &proto::Attribute, kind: Kind) -> Result<(), String> {
    let name = &attribute.name;
    if !attribute.ref_attr_name.is_empty() {
        return Err(format!("the attribute {name} refers to an attribute of a function"));
    }
    let there = [
        (Float, attribute.f.is_some()),
        (Integer, attribute.i.is_some()),
        (Text, attribute.s.is_some()),
        (Tensor, attribute.t.is_some()),
        (Floats, !attribute.floats.is_empty()),
        (Integers, !attribute.ints.is_empty()),
    ];
    let others = there.iter().any(|&(other, there)| there && other != kind);
    // If the type is given, a number that is 0 or an empty list may be omitted. If there is a value, the type may be omitted.
    let said = match attribute.r#type {
        0 => there.contains(&(kind, true)),
        said => said == kind as i32 && (kind != Tensor || attribute.t.is_some()),
    };
    let expected = match kind {
        Float => "a float",
        Integer => "an integer",
        Text => "a text",
        Tensor => "a tensor",
        Floats => "a list of floats",
        Integers => "a list of integers",
    };
    if said && !others { Ok(()) } else { Err(format!("the attribute {name} is not {expected}")) }
}
