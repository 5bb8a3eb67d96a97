//! Which units of a layer never switch, and which switch on equal or parallel hyperplanes.

use super::Layer;
use rug::Rational;
use std::cmp::Ordering;
use std::collections::HashMap;

/// How the hyperplanes w.x + b = 0 of the units of one layer lie to each other, decided exactly.
///
/// ```
/// use plica::network::{Hyperplanes, Layer};
/// use nalgebra::{dmatrix, dvector};
/// let layer = Layer::from_f64(dmatrix![1.0, 2.0; 2.0, 4.0; 0.0, 0.0; -1.0, -2.0], dvector![1.0, 2.0, 5.0, 3.0]);
/// let found = Hyperplanes::of(&layer);
/// assert_eq!(found.constant, [2]);
/// assert_eq!(found.duplicated, [[0, 1]]);
/// assert_eq!(found.parallel, [[0, 1, 3]]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hyperplanes {
    /// Units whose weights are all 0: their bit never changes.
    pub constant: Vec<usize>,
    /// Groups of two and more units whose (w, b) are positive multiples of each other: their bits are always equal.
    pub duplicated: Vec<Vec<usize>>,
    /// Groups of two and more units whose w are multiples of each other, of either sign: duplicated units are among them.
    pub parallel: Vec<Vec<usize>>,
}

impl Hyperplanes {
    /// The hyperplanes of a layer.
    pub fn of(layer: &Layer) -> Self {
        let mut constant = Vec::new();
        // Multiples have the same signs, up to one sign for all: only such rows need be compared.
        let mut by_signs: HashMap<Vec<Ordering>, Vec<Vec<usize>>> = HashMap::new();
        for unit in 0..layer.outputs() {
            let mut signs: Vec<Ordering> = (0..layer.inputs()).map(|input| sign(layer, unit, input)).collect();
            let Some(&leading) = signs.iter().find(|sign| sign.is_ne()) else {
                constant.push(unit);
                continue;
            };
            if leading.is_lt() {
                signs.iter_mut().for_each(|sign| *sign = sign.reverse());
            }
            let groups = by_signs.entry(signs).or_default();
            match groups.iter_mut().find(|group| are_parallel(layer, group[0], unit)) {
                Some(group) => group.push(unit),
                None => groups.push(vec![unit]),
            }
        }
        let mut parallel: Vec<Vec<usize>> = by_signs.into_values().flatten().filter(|group| group.len() > 1).collect();
        parallel.sort();
        let mut duplicated: Vec<Vec<usize>> = parallel.iter().flat_map(|group| duplicates(layer, group)).collect();
        duplicated.sort();
        Self { constant, duplicated, parallel }
    }
}

fn sign(layer: &Layer, unit: usize, input: usize) -> Ordering {
    match layer.is_dyadic() {
        true => layer.weights()[(unit, input)].partial_cmp(&0.0).unwrap_or(Ordering::Equal),
        false => layer.weight(unit, input).cmp0(),
    }
}

/// The first weights of two units with the same zeros that are not 0.
fn leading(layer: &Layer, a: usize, b: usize) -> Option<(Rational, Rational)> {
    let input = (0..layer.inputs()).find(|&input| sign(layer, a, input).is_ne())?;
    Some((layer.weight(a, input), layer.weight(b, input)))
}

fn are_parallel(layer: &Layer, a: usize, b: usize) -> bool {
    leading(layer, a, b).is_some_and(|(first_a, first_b)| {
        (0..layer.inputs()).all(|input| layer.weight(a, input) * &first_b == layer.weight(b, input) * &first_a)
    })
}

fn are_duplicates(layer: &Layer, a: usize, b: usize) -> bool {
    leading(layer, a, b)
        .is_some_and(|(first_a, first_b)| first_a.cmp0() == first_b.cmp0() && layer.bias_of(a) * &first_b == layer.bias_of(b) * &first_a)
}

/// The groups of duplicates among parallel units.
fn duplicates(layer: &Layer, parallel: &[usize]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for &unit in parallel {
        match groups.iter_mut().find(|group| are_duplicates(layer, group[0], unit)) {
            Some(group) => group.push(unit),
            None => groups.push(vec![unit]),
        }
    }
    groups.retain(|group| group.len() > 1);
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{DMatrix, DVector};

    #[test]
    fn rational_rows_are_compared_exactly() {
        let q = |p: i64, q: i64| Rational::from((p, q));
        let layer = |third: Rational| {
            let weights = vec![q(1, 3), q(1, 7), q(7, 1), q(3, 1), q(-1, 3), third];
            Layer::from_rationals(DMatrix::from_row_slice(3, 2, &weights), DVector::from_element(3, q(0, 1)))
        };
        let equal = Hyperplanes::of(&layer(q(-1, 7)));
        assert_eq!((equal.duplicated, equal.parallel), (vec![vec![0, 1]], vec![vec![0, 1, 2]]));
        let near = Hyperplanes::of(&layer(q(-1, 7) + q(1, i64::MAX)));
        assert_eq!(near.parallel, [[0, 1]]);
    }
}
