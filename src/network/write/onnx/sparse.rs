//! Maps with sparse rows: the structure of their entries is recognised, and written as the operator that has it.

use super::affine::{Shift, along, gemm};
use super::file::{File, Tensor, compact, integer};
use super::{Refusal, floats, window};
use crate::exact::Lists;
use crate::network::graph::{Coefficients, LinearMap};
use rug::Rational;

/// The entries (input, weight) of each row.
pub(super) type Rows = Lists<(u32, u32)>;

fn rows_of(map: &LinearMap) -> Rows {
    let mut rows = Lists::with_capacity(0);
    for row in 0..map.outputs() {
        map.for_row(row, |input, weight| rows.push((input as u32, weight as u32)));
        rows.end_list();
    }
    rows
}

/// The length of the rows, if all rows have the same length.
fn width(rows: &Rows) -> Option<usize> {
    let width = rows.get(0).len();
    rows.iter().all(|row| row.len() == width).then_some(width)
}

/// The inputs of all entries.
fn inputs(rows: &Rows) -> impl Iterator<Item = u32> + '_ {
    rows.entries().iter().map(|&(input, _)| input)
}

pub(super) fn write(file: &mut File, map: &LinearMap, x: &Tensor, shape: &[usize], shift: &mut Shift) -> Result<Tensor, Refusal> {
    let rows = rows_of(map);
    let width = width(&rows);
    if width == Some(1) {
        let elements: Vec<u32> = inputs(&rows).collect();
        let y = chosen(file, x, &elements, shape)?;
        let factors = factors(file, map.weights())?;
        return scaled(file, &y, shape, rows.entries().iter().map(|&(_, w)| factors[w as usize]).collect());
    }
    if let Some([blocks, outputs, inputs]) = blocks(map, &rows) {
        let weights = floats(file, "weight", map.weights())?;
        let bias = along(shift, [blocks, outputs], 1);
        return gemm(file, x, &weights, [blocks, outputs, inputs], bias.as_deref());
    }
    let mean = width.filter(|&width| is_mean(map.weights(), width));
    let in_order = inputs(&rows).eq(0..x.len() as u32);
    if (mean.is_none() || !in_order)
        && let Some(y) = window::average_pool(file, map.weights(), &rows, shape, x)?
    {
        return Ok(y);
    }
    if let Some(width) = mean {
        let elements: Vec<u32> = inputs(&rows).collect();
        let y = chosen(file, x, &elements, &[rows.len(), width])?;
        return file.reduced("ReduceMean", &y, 1);
    }
    any(file, map, &rows, x, shape)
}

/// The selected elements, in this shape. If these are all elements in their order, the tensor is only reshaped.
pub(super) fn chosen(file: &mut File, x: &Tensor, elements: &[u32], shape: &[usize]) -> Result<Tensor, Refusal> {
    if elements.iter().copied().eq(0..x.len() as u32) {
        return file.reshaped(x, shape);
    }
    let flat = file.reshaped(x, &[x.len()])?;
    let places = file.places(shape, elements.iter().copied())?;
    Ok(file.operator("Gather", &[&flat, &places], vec![integer("axis", 0)], shape.to_vec()))
}

/// For each row the element that a map takes, if it takes all of them times -1.
pub(super) fn subtracted(map: &LinearMap) -> Option<Vec<u32>> {
    let is_negative = !map.is_dense() && map.convolution().is_none() && map.weights().len() == 1 && map.weights().get(0) == -1;
    let rows = is_negative.then(|| rows_of(map))?;
    (width(&rows) == Some(1)).then(|| inputs(&rows).collect())
}

/// A factor, as a float to multiply by and a float to divide by.
type Factor = [f64; 2];

fn factor(file: &File, weights: &Coefficients, index: usize) -> Result<Factor, Refusal> {
    if let Some(x) = file.float(weights, index) {
        return Ok([x, 1.0]);
    }
    let q = weights.get(index);
    match [q.numer(), q.denom()].map(|n| file.float_of(&Rational::from(n))) {
        [Some(numerator), Some(denominator)] => Ok([numerator, denominator]),
        _ => Err(Refusal::Number { place: format!("weight {index}"), value: q.to_string() }),
    }
}

fn factors(file: &File, weights: &Coefficients) -> Result<Vec<Factor>, Refusal> {
    (0..weights.len()).map(|index| factor(file, weights, index)).collect()
}

/// Multiplies each element by its own factor.
fn scaled(file: &mut File, x: &Tensor, shape: &[usize], factors: Vec<Factor>) -> Result<Tensor, Refusal> {
    if factors.iter().all(|&factor| factor == [-1.0, 1.0]) {
        return Ok(file.operator("Neg", &[x], vec![], shape.to_vec()));
    }
    let mut y = x.clone();
    for (k, operator) in ["Mul", "Div"].into_iter().enumerate() {
        if factors.iter().any(|factor| factor[k] != 1.0) {
            let (of, values) = compact(shape, factors.iter().map(|factor| factor[k]).collect());
            let values = file.floats("weight", &of, &values)?;
            y = file.operator(operator, &[&y, &values], vec![], shape.to_vec());
        }
    }
    Ok(y)
}

/// The numbers of blocks, outputs and inputs, if a map applies one matrix to each block of the inputs.
fn blocks(map: &LinearMap, rows: &Rows) -> Option<[usize; 3]> {
    let inputs = width(rows).filter(|&width| width > 0 && map.inputs().is_multiple_of(width))?;
    let blocks = map.inputs() / inputs;
    let outputs = Some(map.outputs() / blocks).filter(|outputs| outputs * blocks == map.outputs())?;
    let entry = |(k, &found): (usize, &(u32, u32))| {
        let (row, j) = (k / inputs, k % inputs);
        found == ((row / outputs * inputs + j) as u32, (row % outputs * inputs + j) as u32)
    };
    let found = map.weights().len() == outputs * inputs && rows.entries().iter().enumerate().all(entry);
    found.then_some([blocks, outputs, inputs])
}

/// Whether the only weight is that of a mean of `width` elements.
fn is_mean(weights: &Coefficients, width: usize) -> bool {
    weights.len() == 1 && width > 0 && weights.get(0) == Rational::from((1, width as u64))
}

/// Any other map: its entries as a table of rows, padded with zeros, times weights, and then summed. A weight that is not a float is
/// divided by a float.
fn any(file: &mut File, map: &LinearMap, rows: &Rows, x: &Tensor, shape: &[usize]) -> Result<Tensor, Refusal> {
    let factors = factors(file, map.weights())?;
    let width = rows.iter().map(<[_]>::len).max().unwrap_or(0).max(1);
    let size = rows.len() * width;
    let (mut elements, mut table) = (Vec::with_capacity(size), Vec::with_capacity(size));
    for row in rows.iter() {
        let padding = || std::iter::repeat_n((0, [0.0, 1.0]), width - row.len());
        for (element, factor) in row.iter().map(|&(input, w)| (input, factors[w as usize])).chain(padding()) {
            elements.push(element);
            table.push(factor);
        }
    }
    let table_shape = [rows.len(), width];
    let y = chosen(file, x, &elements, &table_shape)?;
    let y = scaled(file, &y, &table_shape, table)?;
    let ones = file.floats("weight", &[width], &vec![1.0; width])?;
    let y = file.operator("MatMul", &[&y, &ones], vec![], vec![rows.len()]);
    file.reshaped(&y, shape)
}
