//! CantorNet, representations B and C: a minimum of maxima of half-planes.

use super::ZooError;
use super::size::{check_range, check_widths};
use crate::network::{Layer, Network, Selection};
use nalgebra::{DMatrix, DVector};
use rug::{Integer, Rational, ops::Pow};

/// An affine function of (x, y): the coefficients of x and y, and the constant.
type Line = [Rational; 3];

/// CantorNet B of recursion depth K, 1 to 12: a tree of minima, min(a, b) = b - max(0, b - a).
///
/// The function is the minimum of the 2^(K-1) + 2 clauses, each the maximum of up to three lines through the segments of the boundary.
/// Layers: for K > 1 two that build the maxima; the ReLU of the clauses; one for each stage of the tree.
/// [`cantor_min_max_units`] selects the bits of the published experiments.
///
/// # Errors
/// The depth is not 1 to 12.
pub(super) fn cantor_b(depth: u64) -> Result<Network, ZooError> {
    let pair = DMatrix::from_row_slice(3, 2, &[0.0, 1.0, 0.0, -1.0, -1.0, 1.0]);
    build("cantor-b:K", depth, &pair, &[1.0, -1.0, -1.0])
}

/// CantorNet C of recursion depth K, 1 to 12: as [`cantor_b`], with min(a, b) = (a + b - |a - b|) / 2.
///
/// # Errors
/// The depth is not 1 to 12.
pub(super) fn cantor_c(depth: u64) -> Result<Network, ZooError> {
    let pair = DMatrix::from_row_slice(4, 2, &[1.0, 1.0, -1.0, -1.0, -1.0, 1.0, 1.0, -1.0]);
    build("cantor-c:K", depth, &pair, &[0.5, -0.5, -0.5, -0.5])
}

/// The bits of CantorNet B and C in the published experiments: from the ReLU of the clauses to the output.
///
/// For K = 1 these are all layers including the output. For K > 1 they are all but the first two, which build the maxima.
///
/// # Errors
/// The depth is not 1 to 12.
///
/// ```
/// use plica::network::{load, zoo::cantor_min_max_units};
/// assert_eq!(load("cantor-c:2").unwrap().shape(), "2-11-9-4-8-4-1");
/// assert_eq!(cantor_min_max_units(2).unwrap().to_string(), "2-5");
/// ```
pub fn cantor_min_max_units(depth: u64) -> Result<Selection, ZooError> {
    check_range("cantor-b:K and cantor-c:K", "K", depth, 1, 12)?;
    let stages = (clause_count(depth)).next_power_of_two().trailing_zeros() as usize;
    let first = if depth == 1 { 0 } else { 2 };
    Ok(Selection::Layers(vec![(first, first + stages + 1)]))
}

fn clause_count(depth: u64) -> usize {
    (1 << (depth - 1)) + 2
}

fn build(form: &'static str, depth: u64, pair: &DMatrix<f64>, signs: &[f64]) -> Result<Network, ZooError> {
    check_range(form, "K", depth, 1, 12)?;
    let clauses = clause_count(depth) as u64;
    let triples = clauses - 3;
    check_widths(|| form.replace('K', &depth.to_string()), [2, 5 * triples + 6, 3 * triples + 6, clauses])?;
    let lines = boundary_lines(depth);
    let mut layers = if depth == 1 { vec![layer_of_lines(&lines)] } else { maxima(&lines) };
    let mut combine = DMatrix::identity(clauses as usize, clauses as usize);
    while combine.nrows() > 1 {
        let (apart, together) = stage(combine.nrows(), pair, signs);
        layers.push(without_bias(apart * combine));
        combine = together;
    }
    layers.push(without_bias(combine));
    Ok(Network::new(layers).expect("each stage has the outputs of the stage below as inputs"))
}

/// The lines through the 2^(K+1) - 1 segments of the boundary from left to right, positive above.
fn boundary_lines(depth: u64) -> Vec<Line> {
    // The left ends of the level-K intervals in units of 3^-K, ascending.
    let mut starts = vec![Integer::new()];
    for _ in 0..depth {
        let right = |s: &Integer| Integer::from(s * 3u32) + 2u32;
        starts = starts.iter().flat_map(|s| [Integer::from(s * 3u32), right(s)]).collect();
    }
    let unit = Integer::from(3).pow(depth as u32);
    let mut vertices = Vec::with_capacity(2 * starts.len());
    for (i, start) in starts.into_iter().enumerate() {
        let height = |odd: usize| Rational::from((if i % 2 == odd { 2 } else { 1 }, 2));
        let end = Integer::from(&start + 1u32);
        vertices.push((Rational::from((start, unit.clone())), height(0)));
        vertices.push((Rational::from((end, unit.clone())), height(1)));
    }
    let line = |v: &[(Rational, Rational)]| {
        let [(x1, y1), (x2, y2)] = v else { unreachable!("windows of two") };
        [Rational::from(y1 - y2), Rational::from(x2 - x1), Rational::from(x1 * y2) - Rational::from(x2 * y1)]
    };
    vertices.windows(2).map(line).collect()
}

/// The layers up to relu(clauses): the first, second and last line, then the maximum of each triple of lines.
fn maxima(lines: &[Line]) -> Vec<Layer> {
    let triples: Vec<&[Line]> = lines[2..].chunks_exact(4).map(|four| &four[..3]).collect();
    let minus = |l: &Line| l.each_ref().map(|q| Rational::from(-q));
    let difference = |l: &Line, m: &Line| std::array::from_fn(|i| Rational::from(&l[i] - &m[i]));
    // max(a, b) = relu(a - b) + relu(b) - relu(-b), and c = relu(c) - relu(-c), for a clause max(a, b, c).
    let mut first = Vec::new();
    for line in [&lines[0], &lines[1], &lines[lines.len() - 1]] {
        first.extend([line.clone(), minus(line)]);
    }
    for triple in &triples {
        let [a, b, c] = triple else { unreachable!("chunks of three") };
        first.extend([difference(a, b), b.clone(), minus(b), c.clone(), minus(c)]);
    }
    // Then max(m, c) = relu(m - c) + relu(c) - relu(-c) for m = max(a, b).
    let (n, singles) = (triples.len(), 6);
    let mut second = DMatrix::zeros(singles + 3 * n, singles + 5 * n);
    let mut third = DMatrix::zeros(3 + n, singles + 3 * n);
    for i in 0..3 {
        second.view_mut((2 * i, 2 * i), (2, 2)).copy_from_slice(&[1.0, -1.0, -1.0, 1.0]);
        third.view_mut((i, 2 * i), (1, 2)).copy_from_slice(&[1.0, -1.0]);
    }
    for q in 0..n {
        #[rustfmt::skip]
        let step = DMatrix::from_row_slice(3, 5, &[
            1.0, 1.0, -1.0, -1.0, 1.0,
            0.0, 0.0, 0.0, 1.0, -1.0,
            0.0, 0.0, 0.0, -1.0, 1.0,
        ]);
        second.view_mut((singles + 3 * q, singles + 5 * q), (3, 5)).copy_from(&step);
        third.view_mut((3 + q, singles + 3 * q), (1, 3)).copy_from_slice(&[1.0, 1.0, -1.0]);
    }
    vec![layer_of_lines(&first), without_bias(second), without_bias(third)]
}

/// One stage of the tree over n values: the matrix before the ReLU, and the matrix from its results to the minima of neighbours.
///
/// If n is odd, the last value is passed on as the difference of two ReLUs.
fn stage(n: usize, pair: &DMatrix<f64>, signs: &[f64]) -> (DMatrix<f64>, DMatrix<f64>) {
    let (pairs, rows, odd) = (n / 2, pair.nrows(), n % 2);
    let mut apart = DMatrix::zeros(pairs * rows + 2 * odd, n);
    let mut together = DMatrix::zeros(pairs + odd, pairs * rows + 2 * odd);
    for i in 0..pairs {
        apart.view_mut((i * rows, 2 * i), (rows, 2)).copy_from(pair);
        together.view_mut((i, i * rows), (1, rows)).copy_from_slice(signs);
    }
    if odd == 1 {
        apart.view_mut((pairs * rows, n - 1), (2, 1)).copy_from_slice(&[1.0, -1.0]);
        together.view_mut((pairs, pairs * rows), (1, 2)).copy_from_slice(&[1.0, -1.0]);
    }
    (apart, together)
}

fn layer_of_lines(lines: &[Line]) -> Layer {
    let weights = DMatrix::from_fn(lines.len(), 2, |i, j| lines[i][j].clone());
    Layer::from_rationals(weights, DVector::from_fn(lines.len(), |i, _| lines[i][2].clone()))
}

fn without_bias(weights: DMatrix<f64>) -> Layer {
    let bias = DVector::zeros(weights.nrows());
    Layer::from_f64(weights, bias)
}
