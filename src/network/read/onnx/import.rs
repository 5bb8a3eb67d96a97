//! Goes through the nodes of a file in order. Constant nodes are computed, all others become nodes of a graph.

use super::attributes::Attributes;
use super::call::{Call, Known};
use super::external::External;
use super::normalisation::softmax_axes;
use super::schema::{self, VERSIONS};
use super::shapes::check_elements;
use super::tensor::Constant;
use super::{constants, operators, proto};
use crate::network::Network;
use crate::network::graph::NetworkBuilder;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Checks that the floats of a node have one type, if its operator requires this.
fn one_type_of_floats(node: &proto::Node, version: i64, inputs: &[Option<Known>], types: &HashMap<&str, i32>) -> Result<(), String> {
    // The groups of inputs that must have one type. The ratio of a dropout is a group, and so is an exponent; so are scale and bias of a normalisation, and mean
    // and variance.
    let group = |k: usize| match &node.op_type[..] {
        "Dropout" => k,
        "Pow" if version >= 12 => k,
        "BatchNormalization" if version >= 15 => k.div_ceil(2),
        "BatchNormalization" if version >= 14 => k / 3,
        _ => 0,
    };
    let type_of = |(known, name): (&Option<Known>, &String)| match known {
        Some(Known::Value(_)) => types.get(&name[..]).copied(),
        Some(Known::Constant(c)) => c.element_type(),
        None => None,
    };
    let mut first: HashMap<usize, i32> = HashMap::new();
    for (k, pair) in inputs.iter().zip(&node.input).enumerate() {
        let Some(found) = type_of(pair) else { continue };
        let expected = *first.entry(group(k)).or_insert(found);
        if found != expected {
            return Err(format!("floats of type {expected} together with floats of type {found}: expected one type"));
        }
    }
    Ok(())
}

/// The graph of a model.
pub(super) fn import(model: &proto::Model, external: &External<'_>) -> Result<Network, String> {
    let graph = model.graph.as_ref().ok_or("not an .onnx file: it contains no graph")?;
    if !graph.sparse_initializer.is_empty() {
        return Err("sparse initializers are not supported".to_string());
    }
    let version = version(model)?;
    let mut known: HashMap<&str, Known> = HashMap::new();
    for tensor in &graph.initializer {
        let constant = Constant::read(tensor, external).map_err(|problem| format!("initializer {}: {problem}", tensor.name))?;
        if known.insert(&tensor.name, Known::Constant(Rc::new(constant))).is_some() {
            return Err(format!("initializer {} occurs twice", tensor.name));
        }
    }
    let inputs: Vec<&proto::ValueInfo> = graph.input.iter().filter(|input| !known.contains_key(&input.name[..])).collect();
    let &[input] = &inputs[..] else {
        let names: Vec<&str> = inputs.iter().map(|input| &input.name[..]).collect();
        return Err(format!("a network has one input, but this one has {}: {}", names.len(), names.join(", ")));
    };
    let mut notes = Vec::new();
    let (elements, shape) = input_type(input, &mut notes).map_err(|problem| format!("input {}: {problem}", input.name))?;
    let mut builder = NetworkBuilder::new(&shape).map_err(|error| format!("input {}: {error}", input.name))?;
    known.insert(&input.name, Known::Value(builder.input()));
    let &[output] = &graph.output.iter().map(|output| &output.name[..]).collect::<Vec<_>>()[..] else {
        return Err(format!("a network has one output, but this one has {}", graph.output.len()));
    };
    let used: HashSet<&str> = graph.node.iter().flat_map(|node| &node.input).map(String::as_str).chain([output]).collect();
    // The types of the elements of tensors that depend on the input of the network.
    let mut types = HashMap::from([(&input.name[..], elements)]);
    for (k, node) in graph.node.iter().enumerate() {
        let name = if node.name.is_empty() { format!("node {k}") } else { format!("node {k} ({})", node.name) };
        let failed = |problem: String| format!("{name}, operator {}: {problem}", node.op_type);
        if !is_standard(&node.domain) {
            return Err(failed(format!("operators of domain {} are not supported", node.domain)));
        }
        schema::check(node, version).map_err(failed)?;
        let of = |input: &String| match &input[..] {
            "" => Ok(None),
            input => known.get(input).cloned().map(Some).ok_or_else(|| failed(format!("its input {input} is not computed before it"))),
        };
        let inputs = node.input.iter().map(of).collect::<Result<Vec<_>, _>>()?;
        let elements = node.input.iter().find_map(|name| types.get(&name[..]).copied()).unwrap_or(0);
        inputs.iter().flatten().try_for_each(|known| check_elements(known.shape())).map_err(failed)?;
        one_type_of_floats(node, version, &inputs, &types).map_err(failed)?;
        let call =
            Call { operator: &node.op_type, version, inputs, attributes: Attributes::of(node), outputs: node.output.len(), elements };
        builder.set_name(if node.name.is_empty() { &node.op_type } else { &node.name });
        let results = if matches!(&node.op_type[..], "Softmax" | "LogSoftmax")
            && let Some(results) = leave_out(&call, node, graph, output, &mut notes).map_err(failed)?
        {
            results
        } else if let Some(constants) = constants::fold(&call, external).map_err(failed)? {
            constants.iter().try_for_each(|c| check_elements(&c.shape)).map_err(failed)?;
            constants.iter().try_for_each(|c| c.take_from(&external.budget)).map_err(|error| failed(error.into()))?;
            constants.into_iter().map(|constant| Known::Constant(Rc::new(constant))).collect()
        } else {
            operators::apply(&call, &mut builder).map_err(failed)?.into_iter().map(Known::Value).collect()
        };
        if let Some(name) = node.output.iter().skip(results.len()).find(|name| !name.is_empty() && used.contains(&name[..])) {
            return Err(failed(format!("its output {name} is used, which is not supported")));
        }
        for (name, result) in node.output.iter().zip(results).filter(|(name, _)| !name.is_empty()) {
            if matches!(result, Known::Value(_)) {
                types.insert(name, if node.op_type == "Cast" { operators::cast_to(&call).map_err(failed)? } else { elements });
            }
            if known.insert(name, result).is_some() {
                return Err(failed(format!("its output {name} is computed twice")));
            }
        }
    }
    match known.get(output) {
        Some(Known::Value(value)) => Ok(builder.finish(value).map_err(|error| error.to_string())?.with_notes(notes)),
        Some(Known::Constant(_)) => Err(format!("the output {output} does not depend on the input")),
        None => Err(format!("the output {output} is not computed")),
    }
}

/// Whether a domain is that of the standard operators.
fn is_standard(domain: &str) -> bool {
    domain.is_empty() || domain == "ai.onnx"
}

/// The version of the standard operators.
fn version(model: &proto::Model) -> Result<i64, String> {
    let mut versions: Vec<i64> = model.opset_import.iter().filter(|set| is_standard(&set.domain)).map(|set| set.version).collect();
    versions.dedup();
    if let Some(function) = model.functions.iter().find(|function| is_standard(&function.domain)) {
        return Err(format!("the file defines its own operator {}, which has the name of a standard one", function.name));
    }
    match versions[..] {
        [version] if VERSIONS.contains(&version) => Ok(version),
        [version] => Err(format!("version {version} of the standard operators, expected {} to {}", VERSIONS.start(), VERSIONS.end())),
        [] => {
            let others: Vec<&str> = model.opset_import.iter().map(|set| &set.domain[..]).collect();
            Err(match others[..] {
                [] => "no version of the standard operators: the file may be truncated".to_string(),
                _ => format!("operators of the domain {}, expected the standard ones of ai.onnx", others.join(", ")),
            })
        }
        _ => Err(format!("several versions of the standard operators, expected one: {versions:?}")),
    }
}

/// Omits a softmax at the end over all outputs, which changes no region: its input becomes the output. `None` for any other softmax; its logarithm is omitted
/// or refused.
fn leave_out(
    call: &Call<'_>,
    node: &proto::Node,
    graph: &proto::Graph,
    output: &str,
    notes: &mut Vec<String>,
) -> Result<Option<Vec<Known>>, String> {
    let is_logarithm = node.op_type == "LogSoftmax";
    let shape = call.value(0)?.shape();
    let over = &shape[softmax_axes(call)?];
    if over.iter().product::<usize>() != shape.iter().product::<usize>() {
        return if is_logarithm {
            Err("it is taken over a part of the outputs: it can be omitted only over all of them".to_string())
        } else {
            Ok(None)
        };
    }
    let is_last =
        node.output.first().is_some_and(|name| name == output) && !graph.node.iter().any(|other| other.input.contains(&node.output[0]));
    if !is_last {
        return if is_logarithm { Err("it can be omitted only as the last operator".to_string()) } else { Ok(None) };
    }
    notes.push(format!("the last operator, {}, is left out: the outputs are those before it", node.op_type));
    Ok(Some(vec![Known::Value(call.value(0)?.clone())]))
}

/// The type of the elements of the input, and its shape. A first size that is not fixed is that of a batch, and is taken as 1.
fn input_type(input: &proto::ValueInfo, notes: &mut Vec<String>) -> Result<(i32, Vec<usize>), String> {
    let tensor = input.r#type.as_ref().and_then(|t| t.tensor_type.as_ref()).ok_or("it is not a tensor")?;
    if !matches!(tensor.elem_type, 1 | 10 | 11 | 16) {
        return Err(format!("a tensor of type {}, expected a type of floats", tensor.elem_type));
    }
    let shape = tensor.shape.as_ref().ok_or("its shape is not given")?;
    let rank = shape.dim.len();
    let size = |(axis, dimension): (usize, &proto::Dimension)| match dimension.dim_value {
        Some(n) if n > 0 => usize::try_from(n).map_err(|_| format!("a size of {n}")),
        None | Some(_) if axis == 0 && rank > 1 => Ok(1),
        _ => Err(format!("axis {axis} has no fixed size; export the network with one")),
    };
    let shape = shape.dim.iter().enumerate().map(size).collect::<Result<Vec<_>, _>>()?;
    if shape.len() > 1 && shape[0] > 1 {
        notes.push(format!("the input is a batch of {}, which is one point here; export with a batch of 1 for single points", shape[0]));
    }
    Ok((tensor.elem_type, shape))
}
