//! Operators whose inputs are constant: shapes that are computed, mostly. What the runtime would round is rounded.

use super::call::{Call, Known};
use super::external::External;
use super::shapes::{axes_of, normalised, slices, squeezed, unsqueezed};
use super::tensor::{Constant, Numbers, Precision};
use crate::network::graph::{broadcast, elements, repeated, strided};

/// The constant results of a node, if they are constant.
pub(super) fn fold(call: &Call<'_>, external: &External<'_>) -> Result<Option<Vec<Constant>>, String> {
    match call.operator {
        "Constant" => return constant(call, external).map(|constant| Some(vec![constant])),
        "Shape" => {
            let shape: Vec<i64> = call.input(0)?.shape().iter().map(|&n| n as i64).collect();
            let end = |name, default: i64| call.attributes.integer(name, default);
            let place = |n: i64| if n < 0 { (n + shape.len() as i64).max(0) as usize } else { (n as usize).min(shape.len()) };
            let (start, end) = (place(end("start", 0)), place(end("end", shape.len() as i64)));
            let part = shape.get(start..end.max(start)).unwrap_or(&[]).to_vec();
            return Ok(Some(vec![Constant::integers(vec![part.len()], part)]));
        }
        _ => {}
    }
    let mut inputs = Vec::new();
    for input in &call.inputs {
        match input {
            Some(Known::Constant(constant)) => inputs.push(constant),
            Some(Known::Value(_)) => return Ok(None),
            None => {}
        }
    }
    let Some(first) = inputs.first() else { return Ok(None) };
    let rounds = matches!(call.operator, "Sqrt" | "Add" | "Sub" | "Mul" | "Div");
    if rounds && inputs.iter().any(|c| matches!(c.precision(), Precision::Half | Precision::Brain)) {
        return Err("arithmetic on constants of half precision is not read".to_string());
    }
    let result = match call.operator {
        "Identity" | "Dropout" => {
            call.attributes.float("ratio", 0.5)?;
            call.attributes.integer("seed", 0);
            (***first).clone()
        }
        "Cast" => {
            call.attributes.integer("saturate", 1);
            cast(first, call.attributes.integer("to", 0))?
        }
        "Reshape" => {
            let shape = super::shapes::reshaped(&first.shape, call.constant(1)?.whole()?, call.attributes.integer("allowzero", 0) != 0)?;
            Constant { shape, numbers: first.numbers.clone() }
        }
        "Flatten" => {
            let axis = super::shapes::flatten_axis(call, first.shape.len())?;
            let size = |part: &[usize]| part.iter().product();
            Constant { shape: vec![size(&first.shape[..axis]), size(&first.shape[axis..])], numbers: first.numbers.clone() }
        }
        "Unsqueeze" => {
            Constant { shape: unsqueezed(&first.shape, &axes_of(call)?.ok_or("its axes are missing")?)?, numbers: first.numbers.clone() }
        }
        "Squeeze" => Constant { shape: squeezed(&first.shape, axes_of(call)?.as_deref())?, numbers: first.numbers.clone() },
        "Transpose" => {
            let order = super::shapes::order_of(call, first.shape.len())?;
            let shape: Vec<usize> = order.iter().map(|&axis| first.shape[axis]).collect();
            first.select(&strided(&first.shape, &order, &shape), shape)
        }
        "Gather" => {
            let (of, shape) = super::shapes::gathered(call, &first.shape)?;
            first.select(&of, shape)
        }
        "Slice" => {
            let (of, shape) = slices(call, &first.shape)?;
            first.select(&of, shape)
        }
        "Concat" => concatenated(&inputs.iter().map(|c| &***c).collect::<Vec<_>>(), call)?,
        "Neg" => match &first.numbers {
            Numbers::Floats(x, precision) => floats(&first.shape, x.iter().map(|x| -x).collect(), *precision),
            Numbers::Integers(x) => Constant::integers(first.shape.clone(), x.iter().map(|x| x.wrapping_neg()).collect()),
        },
        "Sqrt" => floats(&first.shape, first.doubles().iter().map(|x| first.precision().round(x.sqrt())).collect(), first.precision()),
        "Add" | "Sub" | "Mul" | "Div" => arithmetic(call.operator, first, call.constant(1)?)?,
        _ => return Ok(None),
    };
    Ok(Some(vec![result]))
}

fn floats(shape: &[usize], x: Vec<f64>, precision: Precision) -> Constant {
    Constant { shape: shape.to_vec(), numbers: Numbers::Floats(x, precision) }
}

fn constant(call: &Call<'_>, external: &External<'_>) -> Result<Constant, String> {
    let attributes = &call.attributes;
    if let Some(tensor) = attributes.tensor("value") {
        return Constant::read(tensor, external);
    }
    if attributes.has("value_float") {
        return Ok(floats(&[], vec![attributes.float("value_float", 0.0)?], Precision::Single));
    }
    if attributes.has("value_int") {
        return Ok(Constant::integers(vec![], vec![attributes.integer("value_int", 0)]));
    }
    if let Some(x) = attributes.floats("value_floats") {
        return Ok(floats(&[x.len()], x.iter().map(|&x| x.into()).collect(), Precision::Single));
    }
    if let Some(x) = attributes.integers("value_ints") {
        return Ok(Constant::integers(vec![x.len()], x.to_vec()));
    }
    Err("a constant that is neither numbers nor a tensor of numbers".to_string())
}

fn cast(x: &Constant, to: i64) -> Result<Constant, String> {
    let (shape, precision) = (x.shape.clone(), x.precision());
    let numbers = match (to, &x.numbers) {
        (6 | 7, Numbers::Integers(x)) => Numbers::Integers(x.clone()),
        (6 | 7, Numbers::Floats(x, _)) => Numbers::Integers(x.iter().map(|&x| x as i64).collect()),
        (1, _) => Numbers::Floats(x.doubles().into_iter().map(|x| Precision::Single.round(x)).collect(), Precision::Single),
        (11, _) => Numbers::Floats(x.doubles(), Precision::Double),
        (10, Numbers::Floats(..)) if precision == Precision::Half => x.numbers.clone(),
        (16, Numbers::Floats(..)) if precision == Precision::Brain => x.numbers.clone(),
        _ => return Err(format!("a cast of a constant to type {to}")),
    };
    Ok(Constant { shape, numbers })
}

fn concatenated(inputs: &[&Constant], call: &Call<'_>) -> Result<Constant, String> {
    let rank = inputs[0].shape.len();
    let axis = normalised(call.attributes.integer("axis", 0), rank)?;
    let mut shape = inputs[0].shape.clone();
    shape[axis] = 0;
    for input in inputs {
        let fits = input.shape.len() == rank && (0..rank).all(|k| k == axis || input.shape[k] == shape[k]);
        if !fits {
            return Err(format!("shapes {:?} and {:?}", inputs[0].shape, input.shape));
        }
        shape[axis] = shape[axis].checked_add(input.shape[axis]).ok_or("too many elements")?;
    }
    if !shape.contains(&0) {
        elements(&shape).map_err(|error| error.to_string())?;
    }
    let (outer, inner): (usize, usize) = (shape[..axis].iter().product(), shape[axis + 1..].iter().product());
    let part = |input: &Constant, k: usize| k * input.shape[axis] * inner..(k + 1) * input.shape[axis] * inner;
    let integers: Option<Vec<&[i64]>> = inputs.iter().map(|input| input.whole().ok()).collect();
    let numbers = match integers {
        Some(lists) => {
            let all = (0..outer).flat_map(|k| inputs.iter().zip(&lists).flat_map(move |(input, list)| list[part(input, k)].to_vec()));
            Numbers::Integers(all.collect())
        }
        None => {
            let lists: Vec<Vec<f64>> = inputs.iter().map(|input| input.doubles()).collect();
            let all = (0..outer).flat_map(|k| inputs.iter().zip(&lists).flat_map(move |(input, list)| list[part(input, k)].to_vec()));
            Numbers::Floats(all.collect(), inputs[0].precision())
        }
    };
    Ok(Constant { shape, numbers })
}

fn arithmetic(operator: &str, x: &Constant, y: &Constant) -> Result<Constant, String> {
    let shape = broadcast(&x.shape, &y.shape).map_err(|error| error.to_string())?;
    let (x, y) = (x.select(&repeated(&x.shape, &shape), shape.clone()), y.select(&repeated(&y.shape, &shape), shape.clone()));
    let numbers = match (&x.numbers, &y.numbers) {
        (Numbers::Integers(x), Numbers::Integers(y)) => {
            let of = |(&x, &y): (&i64, &i64)| match operator {
                "Add" => x.checked_add(y),
                "Sub" => x.checked_sub(y),
                "Mul" => x.checked_mul(y),
                _ => x.checked_div(y),
            };
            Numbers::Integers(x.iter().zip(y).map(of).collect::<Option<_>>().ok_or("integers that overflow")?)
        }
        _ => {
            let precision = if matches!(x.numbers, Numbers::Integers(_)) { y.precision() } else { x.precision() };
            let of = |(x, y): (f64, f64)| {
                precision.round(match operator {
                    "Add" => x + y,
                    "Sub" => x - y,
                    "Mul" => x * y,
                    _ => x / y,
                })
            };
            Numbers::Floats(x.doubles().into_iter().zip(y.doubles()).map(of).collect(), precision)
        }
    };
    Ok(Constant { shape, numbers })
}
