//! Windows that move over an image. A graph has the elements of each window; a file has the steps by which it moves.
//!
//! The steps are guessed from the elements. The window is then built as the reader builds it, and used only if the result is the same.

use super::Refusal;
use super::file::{File, Tensor, integer, integers};
use super::sparse::{Rows, chosen};
use crate::network::graph::{Coefficients, Maximum, NetworkBuilder, Operation, Window};
use crate::network::read::onnx::proto::Attribute;
use rug::Rational;

/// The number of steps that are tried if the elements do not determine them.
const MOST_STEPS: usize = 64;

/// The number of steps that are kept of those that fit an axis.
const MOST_FITS: usize = 16;

/// The channels, rows and columns of a tensor; the axes before them have size 1.
fn image(shape: &[usize]) -> Option<[usize; 3]> {
    let (leading, &last) = shape.split_last_chunk::<3>()?;
    leading.iter().all(|&n| n == 1).then_some(last)
}

fn divisors(n: usize) -> impl Iterator<Item = usize> {
    (1..=n).filter(move |k| n.is_multiple_of(*k))
}

/// The movement of windows along one axis.
#[derive(Clone, Copy, Debug)]
struct Steps {
    kernel: usize,
    stride: usize,
    dilation: usize,
    before: usize,
}

/// The windows of both axes, the more likely ones first. The padding at the end is what the last position needs. Runtimes want it to be
/// smaller than the kernel; if it is larger, the last position begins inside and ends beyond the padding.
fn windows(steps: [Steps; 2], size: [usize; 2], out: [usize; 2]) -> Vec<Window> {
    let behind = [0, 1].map(|axis| {
        let Steps { kernel, stride, dilation, before } = steps[axis];
        ((out[axis] - 1) * stride + (kernel - 1) * dilation + 1).saturating_sub(size[axis] + before)
    });
    let window = |behind: [usize; 2], ceil: bool| Window {
        kernel: steps.map(|steps| steps.kernel),
        stride: steps.map(|steps| steps.stride),
        dilation: steps.map(|steps| steps.dilation),
        padding: [steps.map(|steps| steps.before), behind],
        ceil,
    };
    let less = [0, 1].map(|axis| behind[axis].min(steps[axis].kernel - 1));
    if less == behind { vec![window(behind, false)] } else { vec![window(less, true), window([0, 0], true), window(behind, false)] }
}

fn options(window: &Window) -> Vec<Attribute> {
    let [[top, left], [bottom, right]] = window.padding;
    let mut options =
        vec![integers("kernel_shape", &window.kernel), integers("pads", &[top, left, bottom, right]), integers("strides", &window.stride)];
    if window.ceil {
        options.push(integer("ceil_mode", 1));
    }
    if window.dilation != [1, 1] {
        options.push(integers("dilations", &window.dilation));
    }
    options
}

// ------------------------------------------------------------------------------------------------------------------- maxima

pub(super) fn maximum(file: &mut File, maximum: &Maximum, shape: &[usize], x: &Tensor) -> Result<Tensor, Refusal> {
    let (size, windows) = (maximum.size, maximum.candidates.len() / maximum.size);
    let largest = |file: &mut File, x: &Tensor, axis: usize| file.reduced("ReduceMax", x, axis);
    if let Some(inner) = inner(maximum, windows, x.len()) {
        let x = file.reshaped(x, &[windows / inner, size, inner])?;
        return largest(file, &x, 1);
    }
    if let Some((size, window)) = max_pool(maximum, shape, x.len()) {
        let [channels, rows, columns] = image(shape).expect("a pool gives an image");
        let x = file.reshaped(x, &[1, channels, size[0], size[1]])?;
        return Ok(file.operator("MaxPool", &[&x], options(&window), vec![1, channels, rows, columns]));
    }
    let elements =
        without_padding(maximum).ok_or_else(|| Refusal::Node("no operator has windows with the padding of its maxima".to_string()))?;
    let x = chosen(file, x, &elements, &[windows, size])?;
    largest(file, &x, 1)
}

/// The number of elements after the axis along which the maxima are, if they are along one axis.
fn inner(maximum: &Maximum, windows: usize, elements: usize) -> Option<usize> {
    let (size, candidates) = (maximum.size, &maximum.candidates);
    let inner = if size == 1 { 1 } else { (candidates[1] as usize).checked_sub(candidates[0] as usize)? };
    let is_axis = inner > 0 && windows.is_multiple_of(inner) && elements == windows * size;
    let at = |place: usize| (place / size / inner * size + place % size) * inner + place / size % inner;
    (is_axis && candidates.iter().enumerate().all(|(place, &element)| element as usize == at(place))).then_some(inner)
}

/// The candidates in which the padding at the end of a window is replaced by its first candidate, where it does not change the maximum.
fn without_padding(maximum: &Maximum) -> Option<Vec<u32>> {
    let mut elements = maximum.candidates.clone();
    for window in elements.chunks_exact_mut(maximum.size) {
        let first = window[0];
        if first == Maximum::ABSENT {
            return None;
        }
        window.iter_mut().filter(|element| **element == Maximum::ABSENT).for_each(|element| *element = first);
    }
    Some(elements)
}

/// The rows and columns of the image, and the window over it, if the maxima are those of a pool. If several windows fit, the result is the
/// first one with less padding than the kernel has rows and columns, which runtimes accept.
fn max_pool(maximum: &Maximum, shape: &[usize], elements: usize) -> Option<([usize; 2], Window)> {
    let [channels, rows, columns] = image(shape).filter(|[channels, ..]| elements.is_multiple_of(*channels))?;
    let (area, mut with_more_padding) = (elements / channels, None);
    for size in divisors(area).map(|n| [n, area / n]) {
        for kernel in divisors(maximum.size).map(|n| [n, maximum.size / n]) {
            let Some(places) = places(maximum, size, kernel, [rows, columns]) else { continue };
            let [vertical, horizontal] = [0, 1].map(|axis| steps(&places[axis], size[axis]));
            let pairs = vertical.iter().flat_map(|&down| horizontal.iter().map(move |&right| [down, right]));
            let all: Vec<Window> = pairs.flat_map(|steps| windows(steps, size, [rows, columns])).collect();
            let is_found = |window: &&Window| is_max_pool(maximum, channels, size, window) == Some(true);
            let (few, many): (Vec<&Window>, Vec<&Window>) = all.iter().partition(|window| is_padded_less(window));
            if let Some(&window) = few.iter().take(MOST_FITS).find(|window| is_found(window)) {
                return Some((size, window.clone()));
            }
            if with_more_padding.is_none() {
                with_more_padding = many.iter().take(MOST_FITS).find(|window| is_found(window)).map(|&window| (size, window.clone()));
            }
        }
    }
    with_more_padding
}

/// Whether the padding is smaller than the kernel.
fn is_padded_less(window: &Window) -> bool {
    window.padding.iter().all(|padding| (0..2).all(|axis| padding[axis] < window.kernel[axis]))
}

fn is_max_pool(maximum: &Maximum, channels: usize, size: [usize; 2], window: &Window) -> Option<bool> {
    let mut builder = NetworkBuilder::new(&[1, channels, size[0], size[1]]).ok()?;
    let pool = builder.max_pool(&builder.input(), window).ok()?;
    let graph = builder.finish(&pool).ok()?;
    Some(matches!(&graph.nodes()[1].operation, Operation::Maximum(found) if found.candidates == maximum.candidates))
}

/// For each position of the window along an axis, the row or column at each place of the kernel, if it is not padding.
type Places = Vec<Vec<Option<usize>>>;

/// The rows and columns in the windows of the first channel, if rows and columns are independent of each other.
fn places(maximum: &Maximum, size: [usize; 2], kernel: [usize; 2], out: [usize; 2]) -> Option<[Places; 2]> {
    let mut places = [0, 1].map(|axis| vec![vec![None; kernel[axis]]; out[axis]]);
    for position in 0..out[0] * out[1] {
        for (place, element) in maximum.window(position) {
            let pairs =
                [(position / out[1], place / kernel[1], element / size[1]), (position % out[1], place % kernel[1], element % size[1])];
            for (axis, (o, k, at)) in pairs.into_iter().enumerate() {
                if *places[axis][o][k].get_or_insert(at) != at {
                    return None;
                }
            }
        }
    }
    Some(places)
}

/// The steps of windows that contain these places of an axis of this size.
fn steps(places: &Places, size: usize) -> Vec<Steps> {
    let (out, kernel) = (places.len(), places[0].len());
    let known = || (0..out).flat_map(|o| (0..kernel).map(move |k| (o, k))).filter_map(|(o, k)| places[o][k].map(|at| (o, k, at)));
    let Some((o, k, at)) = known().next() else { return Vec::new() };
    // Two neighbours determine a step. If there are no two, steps are tried. After a single position there is none within the image.
    let tried = |alone: Option<usize>, neighbours: Option<(usize, usize)>| match (neighbours, alone) {
        (Some((a, b)), _) => b.saturating_sub(a)..=b.saturating_sub(a),
        (None, Some(step)) => step..=step,
        (None, None) => 1..=MOST_STEPS,
    };
    let stride = known().find_map(|(o, k, at)| Some((at, (*places.get(o + 1)?)[k]?)));
    let dilation = known().find_map(|(o, k, at)| Some((at, (*places[o].get(k + 1)?)?)));
    let mut found = Vec::new();
    for dilation in tried((kernel == 1).then_some(1), dilation) {
        for stride in tried((out == 1).then_some(size), stride) {
            let Some(before) = (o * stride + k * dilation).checked_sub(at) else { continue };
            let at = |o: usize, k: usize| (o * stride + k * dilation).checked_sub(before).filter(|&at| at < size);
            if stride > 0 && dilation > 0 && (0..out).all(|o| (0..kernel).all(|k| at(o, k) == places[o][k])) {
                found.push(Steps { kernel, stride, dilation, before });
            }
        }
    }
    found.sort_by_key(|steps: &Steps| steps.before);
    found.truncate(MOST_FITS);
    found
}

// ---------------------------------------------------------------------------------------------------------------- averages

/// Writes a map as means over the windows of an image, if it is one.
pub(super) fn average_pool(
    file: &mut File,
    weights: &Coefficients,
    rows: &Rows,
    shape: &[usize],
    x: &Tensor,
) -> Result<Option<Tensor>, Refusal> {
    let Some((size, window, count_padding)) = found_average(weights, rows, shape, x.len()) else { return Ok(None) };
    let [channels, height, width] = image(shape).expect("a pool gives an image");
    let x = file.reshaped(x, &[1, channels, size[0], size[1]])?;
    let mut options = options(&window);
    options.push(integer("count_include_pad", usize::from(count_padding)));
    Ok(Some(file.operator("AveragePool", &[&x], options, vec![1, channels, height, width])))
}

fn found_average(weights: &Coefficients, rows: &Rows, shape: &[usize], elements: usize) -> Option<([usize; 2], Window, bool)> {
    let [channels, height, width] = image(shape).filter(|[channels, ..]| elements.is_multiple_of(*channels))?;
    let area = elements / channels;
    // The divisors, which are integers.
    let divisors_of: Vec<usize> =
        (0..weights.len()).map(|w| Some(weights.get(w)).filter(|q| *q.numer() == 1)?.denom().to_usize()).collect::<Option<_>>()?;
    let divisor = |row: &[(u32, u32)]| row.first().map(|&(_, w)| divisors_of[w as usize]);
    let counts_elements = rows.iter().all(|row| divisor(row) == Some(row.len()));
    for size in divisors(area).map(|n| [n, area / n]) {
        let vertical = (0..height).map(|y| span(rows.get(y * width).iter().map(|&(e, _)| e as usize / size[1])));
        let horizontal = (0..width).map(|x| span(rows.get(x).iter().map(|&(e, _)| e as usize % size[1])));
        let (Some(vertical), Some(horizontal)) = (vertical.collect::<Option<Vec<_>>>(), horizontal.collect::<Option<Vec<_>>>()) else {
            continue;
        };
        for down in spans_of(&vertical, size[0]) {
            for right in spans_of(&horizontal, size[1]) {
                if !counts_elements && divisor(rows.get(0)) != Some(down.kernel * right.kernel) {
                    continue;
                }
                let same = |window: &Window| is_average_pool(weights, rows, channels, size, window, !counts_elements) == Some(true);
                if let Some(window) = windows([down, right], size, [height, width]).into_iter().find(same) {
                    return Some((size, window, !counts_elements));
                }
                if counts_elements {
                    break; // larger kernels contain the same elements
                }
            }
        }
    }
    None
}

fn is_average_pool(
    weights: &Coefficients,
    rows: &Rows,
    channels: usize,
    size: [usize; 2],
    window: &Window,
    count_padding: bool,
) -> Option<bool> {
    let mut builder = NetworkBuilder::new(&[1, channels, size[0], size[1]]).ok()?;
    let pool = builder.average_pool(&builder.input(), window, count_padding).ok()?;
    let graph = builder.finish(&pool).ok()?;
    let Operation::Affine(affine) = &graph.nodes()[1].operation else { return None };
    let map = &affine.terms.first()?.map;
    let mut same = map.outputs() == rows.len();
    let (found, expected): (Vec<Rational>, Vec<Rational>) = (map.weights().to_rationals(), weights.to_rationals());
    for (output, row) in rows.iter().enumerate().take(map.outputs()) {
        let mut entries = row.iter();
        map.for_row(output, |input, w| {
            same &= entries.next().is_some_and(|&(e, v)| e as usize == input && expected[v as usize] == found[w]);
        });
        same &= entries.next().is_none();
    }
    Some(same)
}

/// The first index and the one after the last, if the indices are consecutive; `None` if there are none.
fn span(places: impl Iterator<Item = usize> + Clone) -> Option<[usize; 2]> {
    Some([places.clone().min()?, places.max()? + 1])
}

/// The steps, for kernels of several sizes, of windows without dilation that contain these spans.
fn spans_of(spans: &[[usize; 2]], size: usize) -> Vec<Steps> {
    let widest = spans.iter().map(|[first, end]| end - first).max().unwrap_or(1);
    let mut strides: Vec<usize> = spans.windows(2).flat_map(|pair| [0, 1].map(|end| pair[1][end].saturating_sub(pair[0][end]))).collect();
    strides.sort_unstable();
    strides.dedup();
    strides.retain(|&stride| stride > 0);
    if strides.is_empty() {
        strides.push(if spans.len() == 1 { size } else { 1 });
    }
    let mut found = Vec::new();
    for kernel in widest..=2 * widest {
        for &stride in &strides {
            // A span whose end is not at the edge of the image determines the padding.
            let told = spans.iter().enumerate().find_map(|(o, &[first, end])| match () {
                () if first > 0 => Some((o * stride).checked_sub(first)),
                () if end < size => Some((o * stride + kernel).checked_sub(end)),
                () => None,
            });
            let tried = match told {
                Some(Some(before)) => before..=before,
                Some(None) => continue,
                None => 0..=kernel - 1,
            };
            let fits = |before: usize| {
                let at = |o: usize| [(o * stride).saturating_sub(before), (o * stride + kernel).saturating_sub(before).min(size)];
                spans.iter().enumerate().all(|(o, span)| *span == at(o))
            };
            found.extend(tried.filter(|&before| before < kernel && fits(before)).map(|before| Steps {
                kernel,
                stride,
                dilation: 1,
                before,
            }));
        }
    }
    found
}
