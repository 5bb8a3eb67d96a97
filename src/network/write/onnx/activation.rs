//! Activations. Each is written as one operator with the same breakpoints.

use super::Refusal;
use super::file::{Absent, File, Tensor, compact, float};
use crate::network::graph::{Node, Piecewise};
use rug::Rational;

pub(super) fn write(file: &mut File, x: &Tensor, shape: &[usize], functions: &[Piecewise], function_of: &[u32]) -> Result<Tensor, Refusal> {
    let of = |element: usize| Node::function_of(functions, function_of, element);
    if (1..x.len()).all(|element| of(element) == of(0)) {
        return one(file, x, of(0));
    }
    // One function for each element: all of one kind, each with its own constant.
    type Constant = fn(&Piecewise) -> Option<Rational>;
    let kinds: [(&str, &str, Constant); 3] = [("PRelu", "slope", slope), ("Max", "min", lower), ("Min", "max", upper)];
    for (operator, what, constant) in kinds {
        let Some(constants) = (0..x.len()).map(|element| constant(of(element))).collect::<Option<Vec<_>>>() else { continue };
        let numbers = constants.iter().map(|q| number(file, what, q)).collect::<Result<Vec<_>, _>>()?;
        let x = file.reshaped(x, shape)?;
        let (of, numbers) = compact(shape, numbers);
        let constants = file.floats(what, &of, &numbers)?;
        return Ok(file.operator(operator, &[&x, &constants], vec![], shape.to_vec()));
    }
    Err(Refusal::Node(
        "no operator has the activations of its elements: expected functions that differ only in slopes below 0, or only in bounds on one side".to_string(),
    ))
}

/// The slope below 0 of a function that is z above 0.
fn slope(function: &Piecewise) -> Option<Rational> {
    let slope = function.slopes().first()?.clone();
    (*function == Piecewise::leaky_relu(slope.clone())).then_some(slope)
}

/// The bound of a function that is the maximum of z and a bound.
fn lower(function: &Piecewise) -> Option<Rational> {
    let bound = function.breakpoints().first()?.clone();
    (*function == Piecewise::clip(Some(bound.clone()), None)).then_some(bound)
}

/// The bound of a function that is the minimum of z and a bound.
fn upper(function: &Piecewise) -> Option<Rational> {
    let bound = function.breakpoints().first()?.clone();
    (*function == Piecewise::clip(None, Some(bound.clone()))).then_some(bound)
}

/// A number as a float of the file, if it is one.
pub(super) fn number(file: &File, what: &str, q: &Rational) -> Result<f64, Refusal> {
    file.float_of(q).ok_or_else(|| Refusal::Number { place: what.to_string(), value: q.to_string() })
}

/// A number as a single, the type of attributes, if it is one.
pub(super) fn single(q: &Rational) -> Option<f32> {
    let x = crate::exact::as_f64(q)? as f32;
    (Rational::from_f32(x).as_ref() == Some(q)).then_some(x)
}

/// One function for all elements.
fn one(file: &mut File, x: &Tensor, function: &Piecewise) -> Result<Tensor, Refusal> {
    let shape = x.shape.clone();
    if *function == Piecewise::relu() {
        return Ok(file.operator("Relu", &[x], vec![], shape));
    }
    if *function == Piecewise::absolute() {
        return Ok(file.operator("Abs", &[x], vec![], shape));
    }
    if let Some(slope) = slope(function) {
        if let Some(alpha) = single(&slope) {
            return Ok(file.operator("LeakyRelu", &[x], vec![float("alpha", alpha)], shape));
        }
        let slope = number(file, "slope", &slope)?;
        let slope = file.floats("slope", &vec![1; shape.len()], &[slope])?;
        return Ok(file.operator("PRelu", &[x, &slope], vec![], shape));
    }
    if let Some(bounds) = bounds(function) {
        return clip(file, x, bounds);
    }
    if let Some([alpha, beta]) = sigmoid(function) {
        return match [single(&alpha), single(&beta)] {
            [Some(alpha), Some(beta)] => Ok(file.operator("HardSigmoid", &[x], vec![float("alpha", alpha), float("beta", beta)], shape)),
            [None, _] => Err(Refusal::Number { place: "alpha".to_string(), value: alpha.to_string() }),
            _ => Err(Refusal::Number { place: "beta".to_string(), value: beta.to_string() }),
        };
    }
    Err(Refusal::Node("no operator has its activation: expected a ReLU, leaky ReLU, absolute value, clip or hard sigmoid".to_string()))
}

/// The bounds between which a function is z.
fn bounds(function: &Piecewise) -> Option<[Option<Rational>; 2]> {
    let bounds = match function.breakpoints() {
        // A constant function is a clip with equal bounds.
        [] => [Some(function.constants()[0].clone()), Some(function.constants()[0].clone())],
        [bound] if function.slopes()[1] == 1 => [Some(bound.clone()), None],
        [bound] => [None, Some(bound.clone())],
        [lo, hi] => [Some(lo.clone()), Some(hi.clone())],
        _ => return None,
    };
    let [lo, hi] = bounds.clone();
    (*function == Piecewise::clip(lo, hi)).then_some(bounds)
}

fn clip(file: &mut File, x: &Tensor, bounds: [Option<Rational>; 2]) -> Result<Tensor, Refusal> {
    let mut constants = Vec::new();
    for (what, bound) in ["min", "max"].into_iter().zip(&bounds) {
        let Some(bound) = bound else {
            constants.push(None);
            continue;
        };
        let bound = number(file, what, bound)?;
        if bound.abs() >= file.largest() {
            return Err(Refusal::Node(format!("{what} is {bound:e}, which an .onnx file cannot have as a bound")));
        }
        constants.push(Some(file.floats(what, &[], &[bound])?));
    }
    let shape = x.shape.clone();
    Ok(match &constants[..] {
        [Some(lo), Some(hi)] => file.operator("Clip", &[x, lo, hi], vec![], shape),
        [Some(lo), None] => file.operator("Clip", &[x, lo], vec![], shape),
        [None, Some(hi)] => file.operator("Clip", &[x, &Absent, hi], vec![], shape),
        _ => unreachable!("a clip without bounds has no breakpoint and slope 1, and is no constant"),
    })
}

/// The numbers alpha and beta of max(0, min(1, alpha z + beta)).
fn sigmoid(function: &Piecewise) -> Option<[Rational; 2]> {
    let ([first, _], [_, alpha, _]) = (function.breakpoints(), function.slopes()) else { return None };
    let beta = -Rational::from(first * alpha);
    (Piecewise::hard_sigmoid(alpha, &beta).as_ref() == Some(function)).then(|| [alpha.clone(), beta])
}
