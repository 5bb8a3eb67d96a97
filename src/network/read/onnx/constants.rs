//! Operators whose inputs are constant. Most of them compute shapes.
//!
//! A single sum, difference, product, quotient or root of floats is rounded as the runtime rounds it. All other operators are exact
//! arithmetic, as on tensors that depend on the input.

use super::call::{Call, Known, text};
use super::external::External;
use super::shapes::{axes_of, normalised, slices, split, squeezed, unsqueezed};
use super::smooth;
use super::tensor::{Constant, Numbers, Precision};
use crate::network::graph::{NetworkBuilder, Value, broadcast, elements, repeated, strided};
use std::ops::Range;
use std::rc::Rc;

/// The results of a node, if they are constant.
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
    let is_exact = |constant: &&Rc<Constant>| matches!(constant.numbers, Numbers::Exact(_));
    let rounds = matches!(call.operator, "Sqrt" | "Add" | "Sub" | "Mul" | "Div");
    if rounds && inputs.iter().any(is_exact) {
        return exactly(call, first).map(Some);
    }
    if rounds && inputs.iter().any(|c| matches!(c.precision(), Precision::Half | Precision::Brain)) {
        return Err("arithmetic on constants of half precision is not supported".to_string());
    }
    let result = match call.operator {
        "Identity" => (***first).clone(),
        "Dropout" => {
            super::operators::check_dropout(call)?;
            (***first).clone()
        }
        "Cast" => cast(first, super::operators::cast_to(call)?.into())?,
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
        "Split" => return Ok(Some(split(call, &first.shape)?.into_iter().map(|part| first.select(&part.of, part.shape)).collect())),
        "Concat" => concatenated(&inputs.iter().map(|c| &***c).collect::<Vec<_>>(), call)?,
        "Neg" => match &first.numbers {
            Numbers::Floats(x, precision) => floats(&first.shape, x.iter().map(|x| -x).collect(), *precision),
            Numbers::Integers(x) => {
                let negative = x.iter().map(|x| x.checked_neg().filter(fits_32_bits)).collect::<Option<_>>();
                Constant::integers(first.shape.clone(), negative.ok_or("integers beyond 32 bits")?)
            }
            Numbers::Exact(x) => Constant { shape: first.shape.clone(), numbers: Numbers::Exact(x.iter().map(|x| (-x).into()).collect()) },
        },
        "Sqrt" => floats(&first.shape, first.floats()?.iter().map(|x| first.precision().round(x.sqrt())).collect(), first.precision()),
        "Add" | "Sub" | "Mul" | "Div" | "Mod" if call.version >= 7 => arithmetic(call.operator, first, call.constant(1)?)?,
        _ => return exactly(call, first).map(Some),
    };
    Ok(Some(vec![result]))
}

/// The limits for the number of exact numbers, and for the bits of each: products in a chain double the bits each time.
const MOST_EXACT: usize = 1 << 20;
const MOST_BITS: u32 = 1 << 15;

/// Any other operator: a graph with this single node, evaluated exactly, since the order of the sums in a runtime is not defined.
fn exactly(call: &Call<'_>, first: &Constant) -> Result<Vec<Constant>, String> {
    if smooth::function(call)?.is_some() {
        return Err("its argument is constant, where its value is irrational: expected a tensor that depends on the input".to_string());
    }
    let mut builder = NetworkBuilder::new(&first.shape).map_err(text)?;
    let mut call = call.clone();
    call.inputs[0] = Some(Known::Value(builder.input()));
    let values = super::operators::apply(&call, &mut builder)?;
    let most = values.iter().map(Value::len).max().unwrap_or(0).max(first.len());
    if most > MOST_EXACT {
        return Err(format!("{most} exact constants, expected at most {MOST_EXACT}"));
    }
    let point = first.rationals()?;
    let constant = |value: &Value| {
        let graph = builder.clone().finish(value).map_err(text)?;
        let numbers = graph.evaluate(&point).map_err(|error| error.to_string())?;
        if numbers.iter().any(|q| q.numer().significant_bits().max(q.denom().significant_bits()) > MOST_BITS) {
            return Err(format!("a constant of more than {MOST_BITS} bits"));
        }
        Ok(Constant { shape: value.shape().to_vec(), numbers: Numbers::Exact(numbers) })
    };
    values.iter().map(constant).collect()
}

fn floats(shape: &[usize], x: Vec<f64>, precision: Precision) -> Constant {
    Constant { shape: shape.to_vec(), numbers: Numbers::Floats(x, precision) }
}

fn constant(call: &Call<'_>, external: &External<'_>) -> Result<Constant, String> {
    let attributes = call.attributes;
    if attributes.count() != 1 {
        return Err(format!("{} attributes, and one is expected", attributes.count()));
    }
    if let Some(tensor) = attributes.tensor("value") {
        return Constant::read(tensor, external);
    }
    if let Some(x) = attributes.any_float("value_float") {
        return Ok(floats(&[], vec![x.into()], Precision::Single));
    }
    if let Ok(n) = attributes.required("value_int") {
        return Ok(Constant::integers(vec![], vec![n]));
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
    let fits = |x: &f64| x.abs() < if to == 6 { 2f64.powi(31) } else { 2f64.powi(63) };
    let numbers = match (to, &x.numbers) {
        (6, Numbers::Integers(x)) if x.iter().any(|&x| i32::try_from(x).is_err()) => return Err("integers that overflow".to_string()),
        (6 | 7, Numbers::Floats(x, _)) if !x.iter().all(fits) => return Err("integers that overflow".to_string()),
        (6 | 7, Numbers::Integers(x)) => Numbers::Integers(x.clone()),
        (6 | 7, Numbers::Floats(x, _)) => Numbers::Integers(x.iter().map(|&x| x as i64).collect()),
        (1, Numbers::Integers(x)) => Numbers::Floats(x.iter().map(|&x| f64::from(x as f32)).collect(), Precision::Single),
        (11, Numbers::Integers(x)) => Numbers::Floats(x.iter().map(|&x| x as f64).collect(), Precision::Double),
        (1, Numbers::Floats(x, _)) => Numbers::Floats(x.iter().map(|&x| Precision::Single.round(x)).collect(), Precision::Single),
        (11, Numbers::Floats(x, _)) => Numbers::Floats(x.clone(), Precision::Double),
        (10, Numbers::Floats(..)) if precision == Precision::Half => x.numbers.clone(),
        (16, Numbers::Floats(..)) if precision == Precision::Brain => x.numbers.clone(),
        _ => return Err(format!("a cast of a constant to type {to}")),
    };
    Ok(Constant { shape, numbers })
}

fn concatenated(inputs: &[&Constant], call: &Call<'_>) -> Result<Constant, String> {
    let rank = inputs[0].shape.len();
    let axis = normalised(call.attributes.required("axis")?, rank)?;
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
    fn joined<T: Clone>(lists: &[&[T]], outer: usize, part: impl Fn(usize, usize) -> Range<usize> + Copy) -> Vec<T> {
        (0..outer).flat_map(|k| lists.iter().enumerate().flat_map(move |(i, list)| list[part(i, k)].to_vec())).collect()
    }
    let part = |i: usize, k: usize| k * inputs[i].shape[axis] * inner..(k + 1) * inputs[i].shape[axis] * inner;
    let numbers = match inputs[0].numbers {
        Numbers::Integers(_) => {
            let lists = inputs.iter().map(|input| input.whole()).collect::<Result<Vec<_>, _>>()?;
            Numbers::Integers(joined(&lists, outer, part))
        }
        Numbers::Floats(_, precision) if inputs.iter().all(|input| input.floats().is_ok()) => {
            let lists = inputs.iter().map(|input| input.floats()).collect::<Result<Vec<_>, _>>()?;
            Numbers::Floats(joined(&lists, outer, part), precision)
        }
        _ if inputs.iter().any(|input| matches!(input.numbers, Numbers::Integers(_))) => {
            return Err("integers together with floats, expected one type".to_string());
        }
        _ => {
            let lists = inputs.iter().map(|input| input.rationals()).collect::<Result<Vec<_>, _>>()?;
            Numbers::Exact(joined(&lists.iter().map(Vec::as_slice).collect::<Vec<_>>(), outer, part))
        }
    };
    Ok(Constant { shape, numbers })
}

/// The types of 32 and of 64 bits are not distinguished, and runtimes wrap around at different sizes.
fn fits_32_bits(n: &i64) -> bool {
    i32::try_from(*n).is_ok()
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
                // The remainder has the sign of the divisor.
                "Mod" if y == -1 => Some(0),
                "Mod" => x.checked_rem(y).map(|r| if r != 0 && (r < 0) != (y < 0) { r + y } else { r }),
                _ => x.checked_div(y),
            };
            let fitting = |pair| of(pair).filter(fits_32_bits);
            Numbers::Integers(x.iter().zip(y).map(fitting).collect::<Option<_>>().ok_or("integers beyond 32 bits, or divided by 0")?)
        }
        _ if operator == "Mod" => return Err("floats, expected integers".to_string()),
        _ => {
            let precision = x.precision();
            let of = |(x, y): (f64, f64)| {
                precision.round(match operator {
                    "Add" => x + y,
                    "Sub" => x - y,
                    "Mul" => x * y,
                    _ => x / y,
                })
            };
            Numbers::Floats(x.floats()?.iter().copied().zip(y.floats()?.iter().copied()).map(of).collect(), precision)
        }
    };
    Ok(Constant { shape, numbers })
}
