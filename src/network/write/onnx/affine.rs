//! Sums of linear maps and constants.

use super::file::{File, Tensor, compact, integer, integers};
use super::{Refusal, floats, sparse};
use crate::network::graph::{Affine, Coefficients, LinearMap, Term};
use std::collections::VecDeque;

/// Constants that are still to be added: lists with one float for each element. Their exact sum is the bias.
pub(super) type Shift = VecDeque<Vec<f64>>;

pub(super) fn write(file: &mut File, affine: &Affine, shape: &[usize], tensors: &[Tensor]) -> Result<Tensor, Refusal> {
    let is_product = affine.terms.iter().any(|term| term.map.is_dense() || term.map.convolution().is_some());
    let mut shift = shift(file, &affine.bias, is_product)?;
    let mut y = match &affine.terms[..] {
        [] => nothing(file, &tensors[0], shape)?,
        [Term { from, map }] => mapped(file, map, &tensors[*from], shape, &mut shift)?,
        terms => match joined(file, terms, shape, tensors)? {
            Some(y) => y,
            None => sum(file, terms, shape, tensors)?,
        },
    };
    for constants in shift {
        y = file.reshaped(&y, shape)?;
        let (of, constants) = compact(shape, constants);
        let constants = file.floats("bias", &of, &constants)?;
        y = file.operator("Add", &[&y, &constants], vec![], shape.to_vec());
    }
    Ok(y)
}

/// The constants of a node. Those of a normalisation have more digits than the floats from which they are computed, so they are added in
/// parts. A constant of a layer with weights that is not a single is written as one double.
fn shift(file: &File, bias: &Coefficients, is_product: bool) -> Result<Shift, Refusal> {
    if bias.is_empty() {
        return Ok(Shift::new());
    }
    if is_product && file.is_single() {
        return Ok(Shift::from([floats(file, "bias", bias)?]));
    }
    let mut shift = Shift::from([vec![0.0; bias.len()]]);
    for i in 0..bias.len() {
        let parts = file.float(bias, i).map(|x| vec![x]).or_else(|| file.parts(bias.get(i)));
        let parts = parts.ok_or_else(|| Refusal::Number { place: format!("bias {i}"), value: bias.get(i).to_string() })?;
        for (k, x) in parts.into_iter().enumerate() {
            if k == shift.len() {
                shift.push_back(vec![0.0; bias.len()]);
            }
            shift[k][i] = x;
        }
    }
    Ok(shift)
}

/// Zeros that depend on the input. The reader would compute an operator on constants alone, and its units would be lost.
fn nothing(file: &mut File, input: &Tensor, shape: &[usize]) -> Result<Tensor, Refusal> {
    let x = sparse::chosen(file, input, &vec![0; shape.iter().product()], shape)?;
    let zero = file.floats("weight", &[], &[0.0])?;
    Ok(file.operator("Mul", &[&x, &zero], vec![], shape.to_vec()))
}

/// One linear map. It takes from `shift` the constants that its operator can add.
fn mapped(file: &mut File, map: &LinearMap, x: &Tensor, shape: &[usize], shift: &mut Shift) -> Result<Tensor, Refusal> {
    if map.is_dense() {
        let (weights, bias) = (floats(file, "weight", map.weights())?, shift.pop_front());
        return gemm(file, x, &weights, [1, map.outputs(), map.inputs()], bias.as_deref());
    }
    if map.convolution().is_some() { convolved(file, map, x, shift) } else { sparse::write(file, map, x, shape, shift) }
}

/// The product of weights, outputs x inputs, with each of some rows.
pub(super) fn gemm(
    file: &mut File,
    x: &Tensor,
    weights: &[f64],
    [rows, outputs, inputs]: [usize; 3],
    bias: Option<&[f64]>,
) -> Result<Tensor, Refusal> {
    let x = file.reshaped(x, &[rows, inputs])?;
    let weights = file.floats("weight", &[outputs, inputs], weights)?;
    let (turned, shape) = (vec![integer("transB", 1)], vec![rows, outputs]);
    Ok(match bias {
        Some(bias) => {
            let bias = file.floats("bias", &[outputs], bias)?;
            file.operator("Gemm", &[&x, &weights, &bias], turned, shape)
        }
        None => file.operator("Gemm", &[&x, &weights], turned, shape),
    })
}

/// The next constants, if they are constant along one of two axes; `axis` is the other one, and one constant for each of its indices is
/// returned.
pub(super) fn along(shift: &mut Shift, shape: [usize; 2], axis: usize) -> Option<Vec<f64>> {
    let (of, values) = compact(&shape, shift.front()?.clone());
    if of[1 - axis] > 1 {
        return None;
    }
    shift.pop_front();
    Some(if values.len() == 1 { vec![values[0]; shape[axis]] } else { values })
}

fn convolved(file: &mut File, map: &LinearMap, x: &Tensor, shift: &mut Shift) -> Result<Tensor, Refusal> {
    let c = map.convolution().expect("the caller has seen that it is one");
    let x = file.reshaped(x, &[1, c.channels[0], c.size[0], c.size[1]])?;
    let weights = floats(file, "weight", map.weights())?;
    let weights = file.floats("weight", &[c.channels[1], c.channels[0] / c.groups, c.kernel[0], c.kernel[1]], &weights)?;
    // The padding at the end is what the last window needs.
    let behind = |axis: usize| {
        let end = (c.out[axis] - 1) * c.stride[axis] + (c.kernel[axis] - 1) * c.dilation[axis] + 1;
        end.saturating_sub(c.size[axis] + c.padding[axis])
    };
    let options = vec![
        integers("dilations", &c.dilation),
        integer("group", c.groups),
        integers("kernel_shape", &c.kernel),
        integers("pads", &[c.padding[0], c.padding[1], behind(0), behind(1)]),
        integers("strides", &c.stride),
    ];
    let shape = vec![1, c.channels[1], c.out[0], c.out[1]];
    Ok(match along(shift, [c.channels[1], c.out[0] * c.out[1]], 0) {
        Some(bias) => {
            let bias = file.floats("bias", &[c.channels[1]], &bias)?;
            file.operator("Conv", &[&x, &weights, &bias], options, shape)
        }
        None => file.operator("Conv", &[&x, &weights], options, shape),
    })
}

fn sum(file: &mut File, terms: &[Term], shape: &[usize], tensors: &[Tensor]) -> Result<Tensor, Refusal> {
    let mut sum: Option<Tensor> = None;
    for Term { from, map } in terms {
        let x = &tensors[*from];
        sum = Some(match (sum, sparse::subtracted(map)) {
            (Some(sum), Some(elements)) => {
                let y = sparse::chosen(file, x, &elements, shape)?;
                file.operator("Sub", &[&sum, &y], vec![], shape.to_vec())
            }
            (sum, _) => {
                let y = mapped(file, map, x, shape, &mut Shift::new())?;
                let y = file.reshaped(&y, shape)?;
                match sum {
                    Some(sum) => file.operator("Add", &[&sum, &y], vec![], shape.to_vec()),
                    None => y,
                }
            }
        });
    }
    Ok(sum.expect("a sum has terms"))
}

/// The concatenation of tensors along an axis, if the terms are one.
fn joined(file: &mut File, terms: &[Term], shape: &[usize], tensors: &[Tensor]) -> Result<Option<Tensor>, Refusal> {
    let total: usize = shape.iter().product();
    let is_unit = |map: &LinearMap| map.weights().len() == 1 && map.weights().get(0) == 1;
    if !terms.iter().all(|term| is_unit(&term.map) && term.map.outputs() == total) {
        return Ok(None);
    }
    'axes: for (axis, &whole) in shape.iter().enumerate() {
        let inner: usize = shape[axis + 1..].iter().product();
        let (mut before, mut sizes) = (0, Vec::new());
        for Term { map, .. } in terms {
            let size = map.inputs() * whole / total;
            if size == 0 || size * (total / whole) != map.inputs() || !is_placed(map, whole, inner, size, before) {
                continue 'axes;
            }
            before += size;
            sizes.push(size);
        }
        if before != whole {
            continue;
        }
        let mut parts = Vec::new();
        for (Term { from, .. }, size) in terms.iter().zip(sizes) {
            let mut part = shape.to_vec();
            part[axis] = size;
            parts.push(file.reshaped(&tensors[*from], &part)?);
        }
        let inputs: Vec<_> = parts.iter().map(|part| part as _).collect();
        return Ok(Some(file.operator("Concat", &inputs, vec![integer("axis", axis)], shape.to_vec())));
    }
    Ok(None)
}

/// Whether a map places the elements of a tensor with `size` elements along an axis into one with `whole` elements, after `before` others.
fn is_placed(map: &LinearMap, whole: usize, inner: usize, size: usize, before: usize) -> bool {
    let mut placed = true;
    for output in 0..map.outputs() {
        let at = output / inner % whole;
        let is_own = (before..before + size).contains(&at);
        let own = (output / inner / whole * size + at - if is_own { before } else { at }) * inner + output % inner;
        let mut entries = 0;
        map.for_row(output, |input, _| {
            entries += 1;
            placed &= is_own && input == own;
        });
        placed &= entries == usize::from(is_own);
    }
    placed
}
