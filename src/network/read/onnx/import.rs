//! The walk through the nodes of a file, in order: what is constant is computed, the rest becomes a graph.

use super::attributes::Attributes;
use super::call::{Call, Known};
use super::external::External;
use super::tensor::Constant;
use super::{OnnxNetwork, constants, operators, proto};
use crate::network::graph::GraphBuilder;
use std::collections::HashMap;
use std::rc::Rc;

/// The graph of a model.
pub(super) fn import(model: &proto::Model, external: &External<'_>) -> Result<OnnxNetwork, String> {
    let graph = model.graph.as_ref().ok_or("not an .onnx file: it holds no graph")?;
    if !graph.sparse_initializer.is_empty() {
        return Err("sparse initializers are not read".to_string());
    }
    let standard = |domain: &str| domain.is_empty() || domain == "ai.onnx";
    if !model.opset_import.iter().any(|set| standard(&set.domain)) {
        let others: Vec<&str> = model.opset_import.iter().map(|set| &set.domain[..]).collect();
        return Err(match others[..] {
            [] => "it does not name a version of the standard operators; it may be cut off".to_string(),
            _ => format!("its operators are of the domain {}; only the standard ones, of ai.onnx, are read", others.join(", ")),
        });
    }
    let mut known: HashMap<&str, Known> = HashMap::new();
    for tensor in &graph.initializer {
        let constant = Constant::read(tensor, external).map_err(|problem| format!("initializer {}: {problem}", tensor.name))?;
        known.insert(&tensor.name, Known::Constant(Rc::new(constant)));
    }
    let inputs: Vec<&proto::ValueInfo> = graph.input.iter().filter(|input| !known.contains_key(&input.name[..])).collect();
    let &[input] = &inputs[..] else {
        let names: Vec<&str> = inputs.iter().map(|input| &input.name[..]).collect();
        return Err(format!("a network has one input, but this one has {}: {}", names.len(), names.join(", ")));
    };
    let mut notes = Vec::new();
    let shape = input_shape(input, &mut notes).map_err(|problem| format!("input {}: {problem}", input.name))?;
    let mut builder = GraphBuilder::new(&shape).map_err(|error| format!("input {}: {error}", input.name))?;
    known.insert(&input.name, Known::Value(builder.input()));
    let &[output] = &graph.output.iter().map(|output| &output.name[..]).collect::<Vec<_>>()[..] else {
        return Err(format!("a network has one output, but this one has {}", graph.output.len()));
    };
    for (k, node) in graph.node.iter().enumerate() {
        let name = if node.name.is_empty() { format!("node {k}") } else { format!("node {k} ({})", node.name) };
        let failed = |problem: String| format!("{name}, operator {}: {problem}", node.op_type);
        if !standard(&node.domain) {
            return Err(failed(format!("operators of domain {} are not read", node.domain)));
        }
        let of = |input: &String| match &input[..] {
            "" => Ok(None),
            input => known.get(input).cloned().map(Some).ok_or_else(|| failed(format!("its input {input} is not computed before it"))),
        };
        let inputs = node.input.iter().map(of).collect::<Result<Vec<_>, _>>()?;
        let outputs = node.output.iter().filter(|name| !name.is_empty()).count();
        let call = Call { operator: &node.op_type, inputs, attributes: Attributes::of(node), outputs };
        builder.set_name(if node.name.is_empty() { &node.op_type } else { &node.name });
        let results = if matches!(&node.op_type[..], "Softmax" | "LogSoftmax") {
            leave_out(&call, node, graph, output, &mut notes).map_err(failed)?
        } else if let Some(constants) = constants::fold(&call, external).map_err(failed)? {
            constants.iter().try_for_each(|c| external.budget.take(c.len(), size_of::<f64>())).map_err(|error| failed(error.into()))?;
            constants.into_iter().map(|constant| Known::Constant(Rc::new(constant))).collect()
        } else {
            operators::apply(&call, &mut builder).map_err(failed)?.into_iter().map(Known::Value).collect()
        };
        if let Some(name) = call.attributes.left_over() {
            return Err(failed(format!("the attribute {name} is not read")));
        }
        if results.len() < outputs {
            return Err(failed(format!("{outputs} outputs, of which {} are read", results.len())));
        }
        for (name, result) in node.output.iter().zip(results).filter(|(name, _)| !name.is_empty()) {
            if known.insert(name, result).is_some() {
                return Err(failed(format!("its output {name} is computed twice")));
            }
        }
    }
    match known.get(output) {
        Some(Known::Value(value)) => {
            let graph = builder.finish(value).map_err(|error| error.to_string())?;
            Ok(OnnxNetwork { graph, notes })
        }
        Some(Known::Constant(_)) => Err(format!("the output {output} does not depend on the input")),
        None => Err(format!("the output {output} is not computed")),
    }
}

/// A softmax at the end, which changes no region: its input goes on in its place.
fn leave_out(
    call: &Call<'_>,
    node: &proto::Node,
    graph: &proto::Graph,
    output: &str,
    notes: &mut Vec<String>,
) -> Result<Vec<Known>, String> {
    let (axis, shape) = (call.attributes.integer("axis", -1), call.value(0)?.shape());
    let axis = usize::try_from(if axis < 0 { axis + shape.len() as i64 } else { axis });
    if axis.ok().and_then(|axis| shape.get(axis)).copied() != Some(shape.iter().product()) {
        return Err("it is taken over a part of the outputs; it is left out only over all of them".to_string());
    }
    let is_last =
        node.output.first().is_some_and(|name| name == output) && !graph.node.iter().any(|other| other.input.contains(&node.output[0]));
    if !is_last {
        return Err("it is not piecewise linear; it is left out only as the last operator".to_string());
    }
    notes.push(format!("the last operator, {}, is left out: the outputs are those before it", node.op_type));
    Ok(vec![Known::Value(call.value(0)?.clone())])
}

/// The shape of the input; an open size before the others is that of a batch, which is 1.
fn input_shape(input: &proto::ValueInfo, notes: &mut Vec<String>) -> Result<Vec<usize>, String> {
    let tensor = input.r#type.as_ref().and_then(|t| t.tensor_type.as_ref()).ok_or("it is not a tensor")?;
    if !matches!(tensor.elem_type, 1 | 10 | 11 | 16) {
        return Err(format!("a tensor of type {}, not of floats", tensor.elem_type));
    }
    let shape = tensor.shape.as_ref().ok_or("its shape is not given")?;
    let size = |(axis, dimension): (usize, &proto::Dimension)| match dimension.dim_value {
        Some(n) if n > 0 => usize::try_from(n).map_err(|_| format!("a size of {n}")),
        None | Some(_) if axis == 0 => Ok(1),
        _ => Err(format!("axis {axis} has no fixed size; export the network with one")),
    };
    let shape = shape.dim.iter().enumerate().map(size).collect::<Result<Vec<_>, _>>()?;
    if shape.len() > 1 && shape[0] > 1 {
        notes.push(format!(
            "the input is a batch of {}, all of which is one point here; export with a batch of 1 for single points",
            shape[0]
        ));
    }
    Ok(shape)
}
