//! Operators on shapes: the resulting shapes, and the elements that are selected.

use super::call::Call;
use crate::network::graph::{MOST_AXES, broadcast, entries, repeated};

/// Checks that a constant has elements, or is an empty list. In other shapes with a size of 0 the other sizes are arbitrary, and their
/// products have no meaning.
pub(super) fn check_elements(shape: &[usize]) -> Result<(), String> {
    if shape.contains(&0) && shape.len() > 1 { Err(format!("a constant of shape {shape:?}, which has no elements")) } else { Ok(()) }
}

/// Checks that the number of axes is within the limit.
pub(super) fn check_rank(rank: usize) -> Result<(), String> {
    if rank <= MOST_AXES { Ok(()) } else { Err(format!("a tensor of {rank} axes, expected at most {MOST_AXES}")) }
}

fn axis_beyond(axis: i64, rank: usize) -> String {
    match rank {
        0 => format!("axis {axis} of a tensor without axes"),
        _ => format!("axis {axis} of a tensor of {rank} axes: expected -{rank} to {}", rank - 1),
    }
}

/// An axis counted from 0. A negative axis is counted from the end.
pub(super) fn normalised(axis: i64, rank: usize) -> Result<usize, String> {
    let place = if axis < 0 { axis + rank as i64 } else { axis };
    usize::try_from(place).ok().filter(|&place| place < rank).ok_or_else(|| axis_beyond(axis, rank))
}

/// The axes of a node: its second input, or an attribute in older versions.
pub(super) fn axes_of(call: &Call<'_>) -> Result<Option<Vec<i64>>, String> {
    match call.optional_constant(1)? {
        Some(axes) => Ok(Some(axes.whole()?.to_vec())),
        None => Ok(call.attributes.integers("axes").map(<[i64]>::to_vec)),
    }
}

/// The axes, counted from 0, which must be distinct.
pub(super) fn distinct(axes: &[i64], rank: usize) -> Result<Vec<usize>, String> {
    let axes = axes.iter().map(|&axis| normalised(axis, rank)).collect::<Result<Vec<_>, _>>()?;
    if (1..axes.len()).any(|k| axes[..k].contains(&axes[k])) { Err("an axis occurs twice".to_string()) } else { Ok(axes) }
}

pub(super) fn flatten_axis(call: &Call<'_>, rank: usize) -> Result<usize, String> {
    let axis = call.attributes.integer("axis", 1);
    if axis == rank as i64 { Ok(rank) } else { normalised(axis, rank) }
}

pub(super) fn order_of(call: &Call<'_>, rank: usize) -> Result<Vec<usize>, String> {
    let Some(order) = call.attributes.sizes("perm")? else { return Ok((0..rank).rev().collect()) };
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if sorted.into_iter().eq(0..rank) { Ok(order) } else { Err(format!("axes {order:?} of {rank}")) }
}

/// The result of a reshape: 0 keeps a size, and -1 is determined by the number of elements.
pub(super) fn reshaped(shape: &[usize], asked: &[i64], zero_is_zero: bool) -> Result<Vec<usize>, String> {
    check_rank(asked.len())?;
    let count: usize = shape.iter().product();
    let mut open = None;
    let mut result = Vec::with_capacity(asked.len());
    for (axis, &n) in asked.iter().enumerate() {
        result.push(match n {
            0 if !zero_is_zero => *shape.get(axis).ok_or_else(|| format!("shape {asked:?} keeps axis {axis} of {}", shape.len()))?,
            -1 if open.is_none() => {
                open = Some(axis);
                1
            }
            n => usize::try_from(n).map_err(|_| format!("shape {asked:?}"))?,
        });
    }
    let known = result.iter().try_fold(1usize, |product, &n| product.checked_mul(n)).ok_or_else(|| format!("shape {asked:?}"))?;
    if let Some(axis) = open {
        result[axis] = count.checked_div(known).unwrap_or(0);
    }
    let fits = result.iter().try_fold(1usize, |product, &n| product.checked_mul(n)) == Some(count);
    if fits { Ok(result) } else { Err(format!("shape {asked:?} for {count} elements")) }
}

pub(super) fn squeezed(shape: &[usize], axes: Option<&[i64]>) -> Result<Vec<usize>, String> {
    let Some(axes) = axes else { return Ok(shape.iter().copied().filter(|&n| n != 1).collect()) };
    if axes.is_empty() {
        return Err("no axes, for which runtimes differ".to_string());
    }
    let axes = distinct(axes, shape.len())?;
    match axes.iter().find(|&&axis| shape[axis] != 1) {
        Some(axis) => Err(format!("axis {axis} of shape {shape:?}, expected size 1")),
        None => Ok((0..shape.len()).filter(|axis| !axes.contains(axis)).map(|axis| shape[axis]).collect()),
    }
}

pub(super) fn unsqueezed(shape: &[usize], axes: &[i64]) -> Result<Vec<usize>, String> {
    let rank = shape.len() + axes.len();
    check_rank(rank)?;
    let axes = distinct(axes, rank)?;
    let mut rest = shape.iter();
    Ok((0..rank).map(|axis| if axes.contains(&axis) { 1 } else { *rest.next().expect("as many as axes of the tensor") }).collect())
}

/// The elements of a shape with these indices on each axis.
pub(super) fn grid(shape: &[usize], places: &[Vec<usize>]) -> Result<(Vec<u32>, Vec<usize>), String> {
    let result: Vec<usize> = places.iter().map(Vec::len).collect();
    if result.contains(&0) {
        return Err(format!("no elements remain of shape {shape:?}, expected at least one"));
    }
    let count = entries(&result).map_err(|error| error.to_string())?;
    let element = |place: usize| {
        let (mut rest, mut element, mut stride) = (place, 0, 1);
        for axis in (0..shape.len()).rev() {
            element += places[axis][rest % result[axis]] * stride;
            rest /= result[axis];
            stride *= shape[axis];
        }
        element as u32
    };
    Ok(((0..count).map(element).collect(), result))
}

/// The elements that a slice selects, and their shape.
pub(super) fn slices(call: &Call<'_>, shape: &[usize]) -> Result<(Vec<u32>, Vec<usize>), String> {
    let list = |k: usize, name: &'static str| -> Result<Option<Vec<i64>>, String> {
        match call.optional_constant(k)? {
            Some(constant) => Ok(Some(constant.whole()?.to_vec())),
            None => Ok(call.attributes.integers(name).map(<[i64]>::to_vec)),
        }
    };
    let (starts, ends) = (list(1, "starts")?.ok_or("its starts are missing")?, list(2, "ends")?.ok_or("its ends are missing")?);
    let axes = list(3, "axes")?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = list(4, "steps")?.unwrap_or_else(|| vec![1; starts.len()]);
    if ends.len() != starts.len() || axes.len() != starts.len() || steps.len() != starts.len() {
        return Err("starts, ends, axes and steps of different lengths".to_string());
    }
    let axes = distinct(&axes, shape.len())?;
    let mut places: Vec<Vec<usize>> = shape.iter().map(|&n| (0..n).collect()).collect();
    for (k, axis) in axes.into_iter().enumerate() {
        let (n, step) = (shape[axis] as i64, steps[k]);
        let from_front = |at: i64| if at < 0 { at.saturating_add(n) } else { at };
        places[axis] = match step {
            0 => return Err("a step of 0".to_string()),
            1.. => {
                let (start, end) = (from_front(starts[k]).clamp(0, n), from_front(ends[k]).clamp(0, n));
                (start..end).step_by(usize::try_from(step).unwrap_or(usize::MAX)).map(|at| at as usize).collect()
            }
            _ => {
                let (start, end) = (from_front(starts[k]).clamp(0.min(n - 1), n - 1), from_front(ends[k]).clamp(-1, n - 1));
                let step = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
                (end + 1..=start).rev().step_by(step).map(|at| at as usize).collect()
            }
        };
    }
    grid(shape, &places)
}

/// The elements that a gather selects along an axis, and their shape.
pub(super) fn gathered(call: &Call<'_>, shape: &[usize]) -> Result<(Vec<u32>, Vec<usize>), String> {
    let indices = call.constant(1)?;
    let axis = normalised(call.attributes.integer("axis", 0), shape.len())?;
    let mut places: Vec<Vec<usize>> = shape.iter().map(|&n| (0..n).collect()).collect();
    places[axis] = indices.whole()?.iter().map(|&at| normalised(at, shape[axis])).collect::<Result<_, _>>()?;
    let (of, _) = grid(shape, &places)?;
    Ok((of, [&shape[..axis], &indices.shape, &shape[axis + 1..]].concat()))
}

/// A part of a split: its elements and its shape.
pub(super) struct Part {
    pub of: Vec<u32>,
    pub shape: Vec<usize>,
}

/// The parts of a split.
pub(super) fn split(call: &Call<'_>, whole: &[usize]) -> Result<Vec<Part>, String> {
    let axis = normalised(call.attributes.integer("axis", 0), whole.len())?;
    let length = whole[axis];
    let parts = call.outputs as i64;
    let asked = call.attributes.required("num_outputs");
    let sizes: Vec<i64> = match (call.optional_constant(1)?, call.attributes.integers("split")) {
        (Some(_), _) if asked.is_ok() => return Err("both num_outputs and the sizes of the parts, expected one of them".to_string()),
        (Some(sizes), _) => sizes.whole()?.to_vec(),
        (None, Some(sizes)) => sizes.to_vec(),
        (None, None) if call.version >= 18 && asked != Ok(parts) => {
            return Err(format!("num_outputs differs from the number of outputs, {parts}"));
        }
        (None, None) => {
            let n = length as i64;
            if parts > n {
                return Err(format!("{parts} parts of {n} elements"));
            }
            // From version 18 on the last part may be smaller than the others.
            if call.version < 18 && n % parts != 0 {
                return Err(format!("{parts} equal parts of {n} elements"));
            }
            let each = (n + parts - 1) / parts;
            (0..parts).map(|k| each.min(n - k * each)).collect()
        }
    };
    if sizes.len() as i64 != parts {
        return Err(format!("{} parts for {parts} outputs", sizes.len()));
    }
    if sizes.iter().any(|&n| n <= 0) || sizes.iter().try_fold(0i64, |sum, &n| sum.checked_add(n)) != Some(length as i64) {
        return Err(format!("parts {sizes:?} of {length} elements"));
    }
    let (outer, inner): (usize, usize) = (whole[..axis].iter().product(), whole[axis + 1..].iter().product());
    let mut start = 0;
    let mut parts = Vec::new();
    for n in sizes {
        let mut shape = whole.to_vec();
        shape[axis] = n as usize;
        let part = start..start + n as usize * inner;
        start = part.end;
        let of = (0..outer).flat_map(|k| part.clone().map(move |e| (k * length * inner + e) as u32)).collect();
        parts.push(Part { of, shape });
    }
    Ok(parts)
}

/// For each element of the larger shape, the element of a constant that broadcasting repeats there.
pub(super) fn to_shape(shape: &[usize], larger: &[usize]) -> Result<Vec<u32>, String> {
    match broadcast(shape, larger).map_err(|error| error.to_string())? {
        found if found == larger => Ok(repeated(shape, larger)),
        found => Err(format!("a tensor of shape {larger:?} that grows to {found:?}")),
    }
}
