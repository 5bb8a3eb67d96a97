//! Units of a layer whose bits are constant, and units with equal or parallel hyperplanes.

use super::Layer;
use crate::exact::{dyadic_parts, over_common_denominator};
use rug::{Integer, Rational};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// The relations between the hyperplanes w.x + b = 0 of the units of one layer, decided exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hyperplanes {
    /// Units whose weights are all 0: their bit never changes.
    pub constant: Vec<usize>,
    /// Groups of two or more units whose (w, b) are positive multiples of each other: their bits are always equal.
    pub duplicated: Vec<Vec<usize>>,
    /// Groups of two or more units whose w are multiples of each other, of either sign. They include duplicated units.
    pub parallel: Vec<Vec<usize>>,
}

impl Hyperplanes {
    /// The relations of a layer, in one pass over its rows.
    pub fn of(layer: &Layer) -> Self {
        let groups = |rows: Rows| Proportional::of(layer, rows).groups();
        let units = |group: &[Member]| group.iter().map(|member| member.unit).collect::<Vec<_>>();
        let constant: Vec<usize> = (0..layer.outputs()).filter(|&unit| is_constant(layer, unit)).collect();
        let parallel = groups(Rows::Weights).iter().map(|group| units(group)).filter(|group| group.len() > 1).collect();
        let mut duplicated: Vec<Vec<usize>> = Vec::new();
        for group in groups(Rows::WeightsAndBias) {
            let (opposite, alike): (Vec<Member>, Vec<Member>) = group.into_iter().partition(|member| member.opposite);
            let varies = |group: &Vec<usize>| group.len() > 1 && constant.binary_search(&group[0]).is_err();
            duplicated.extend([units(&alike), units(&opposite)].into_iter().filter(varies));
        }
        duplicated.sort();
        Self { constant, duplicated, parallel }
    }
}

/// Whether all weights of a unit are 0.
pub(crate) fn is_constant(layer: &Layer, unit: usize) -> bool {
    (0..layer.inputs()).all(|input| is_zero(layer, unit, input))
}

/// Whether a weight is exactly 0. The nearest double of a weight other than 0 may be 0 too.
pub(crate) fn is_zero(layer: &Layer, unit: usize, input: usize) -> bool {
    layer.weights()[(unit, input)] == 0.0 && (layer.is_double() || layer.weight(unit, input).is_zero())
}

/// The part of the rows that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    Weights,
    WeightsAndBias,
}

/// A unit of a group whose rows are multiples of each other, and whether its row is a negative multiple of the first row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub unit: usize,
    pub opposite: bool,
}

/// The units of a layer, grouped by rows that are exact multiples of each other. Rows of zeros belong to no group.
///
/// Each row has a *primitive* form, which is equal for all multiples of the row up to the sign. Groups are found by its hash, and rows with
/// equal hashes are compared number by number, so that the time is linear in the number of weights, also in degenerate layers.
pub(crate) struct Proportional {
    groups: Vec<Vec<Member>>,
}

impl Proportional {
    pub(crate) fn of(layer: &Layer, rows: Rows) -> Self {
        let mut found = Self { groups: Vec::new() };
        // The groups by the hash of their primitive row. The key of the hash is random, so that no layer causes collisions.
        let hasher = RandomState::new();
        let mut by_hash: HashMap<u64, Vec<usize>> = HashMap::new();
        for unit in 0..layer.outputs() {
            let Some(row) = Primitive::of(layer, rows, unit) else { continue };
            let candidates = by_hash.entry(hasher.hash_one(&row.terms)).or_default();
            let multiple = |&group: &usize| {
                let first = Primitive::of(layer, rows, found.groups[group][0].unit)?;
                (first.terms == row.terms).then_some((group, first.negative != row.negative))
            };
            match candidates.iter().find_map(multiple) {
                Some((group, opposite)) => found.groups[group].push(Member { unit, opposite }),
                None => {
                    candidates.push(found.groups.len());
                    found.groups.push(vec![Member { unit, opposite: false }]);
                }
            }
        }
        found
    }

    /// The groups in the order of their first units, each in ascending order. A unit that is proportional to no other is a group of its
    /// own.
    pub(crate) fn groups(self) -> Vec<Vec<Member>> {
        self.groups
    }
}

/// The primitive form of a row: equal for rows that are multiples of each other, and for no others.
struct Primitive {
    /// Whether the first nonzero number is negative. The terms are those of the row with the sign that makes this number positive.
    negative: bool,
    terms: Terms,
}

#[derive(PartialEq, Eq, Hash)]
enum Terms {
    /// For each nonzero number: its index, its odd part divided by the greatest common divisor of all odd parts, and its exponent minus
    /// that of the first nonzero number.
    ///
    /// A double is m 2^e, m odd. Two rows are multiples of each other, by a factor +-(a / b) 2^c with odd a and b, if and only if their m
    /// differ by the factor +-a / b and their e by the summand c for all numbers.
    Dyadic(Vec<(usize, i64, i32)>),
    /// Coprime integers.
    Whole(Vec<Integer>),
}

impl Primitive {
    /// The primitive form of the row of a unit; `None` if all its numbers are 0.
    fn of(layer: &Layer, rows: Rows, unit: usize) -> Option<Self> {
        let bias = rows == Rows::WeightsAndBias;
        if layer.is_double() {
            let bias = bias.then(|| layer.bias()[unit]);
            let row = (0..layer.inputs()).map(|input| layer.weights()[(unit, input)]).chain(bias).enumerate();
            let row: Vec<_> = row.filter(|&(_, x)| x != 0.0).map(|(place, x)| (place, dyadic_parts(x))).collect();
            let &(_, (leading, first)) = row.first()?;
            let mut divisor = 0;
            for (_, (m, _)) in &row {
                divisor = gcd(divisor, m.unsigned_abs());
                if divisor == 1 {
                    break;
                }
            }
            // The odd parts have at most 53 bits.
            let divisor = divisor as i64 * leading.signum();
            let term = |(place, (m, e)): (usize, (i64, i32))| (place, m / divisor, e - first);
            return Some(Self { negative: leading < 0, terms: Terms::Dyadic(row.into_iter().map(term).collect()) });
        }
        let row: Vec<Rational> =
            (0..layer.inputs()).map(|input| layer.weight(unit, input)).chain(bias.then(|| layer.bias_of(unit))).collect();
        let (mut whole, _) = over_common_denominator(&row);
        let negative = whole.iter().find(|x| !x.is_zero())?.is_negative();
        let divisor = whole.iter().fold(Integer::new(), |divisor, x| divisor.gcd(x)) * if negative { -1 } else { 1 };
        whole.iter_mut().for_each(|x| x.div_exact_mut(&divisor));
        Some(Self { negative, terms: Terms::Whole(whole) })
    }
}

/// The greatest common divisor; gcd(x, 0) = x.
fn gcd(mut x: u64, mut y: u64) -> u64 {
    while y != 0 {
        (x, y) = (y, x % y);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use nalgebra::{DMatrix, DVector};

    /// Groups by comparison of all pairs, as in the definitions.
    fn by_pairs(rows: &[Vec<Rational>]) -> Hyperplanes {
        let multiple = |x: &[Rational], y: &[Rational]| -> Option<Rational> {
            let first = x.iter().position(|x| !x.is_zero())?;
            let factor = Rational::from(&y[first] / &x[first]);
            (!factor.is_zero() && x.iter().zip(y).all(|(x, y)| Rational::from(x * &factor) == *y)).then_some(factor)
        };
        let weights = |i: usize| &rows[i][..rows[i].len() - 1];
        let group = |related: &dyn Fn(usize, usize) -> bool| -> Vec<Vec<usize>> {
            let firsts = (0..rows.len()).filter(|&i| (0..i).all(|k| !related(k, i)));
            firsts
                .map(|i| (i..rows.len()).filter(|&k| k == i || related(i, k)).collect())
                .filter(|group: &Vec<_>| group.len() > 1)
                .collect()
        };
        Hyperplanes {
            constant: (0..rows.len()).filter(|&i| weights(i).iter().all(|x| x.is_zero())).collect(),
            duplicated: group(&|i, k| {
                multiple(weights(i), weights(k)).is_some() && multiple(&rows[i], &rows[k]).is_some_and(|factor| factor > 0)
            }),
            parallel: group(&|i, k| multiple(weights(i), weights(k)).is_some()),
        }
    }

    #[test]
    fn groups_are_those_of_all_pairs() {
        let mut state = 7u64;
        let mut below = |n: u64| {
            state = crate::exact::random::next(state);
            (state >> 33) % n
        };
        for case in 0..200 {
            let (units, inputs) = (1 + below(12) as usize, 1 + below(3) as usize);
            let rows: Vec<Vec<Rational>> = (0..units)
                .map(|_| {
                    let scale = Rational::from([1, 3, -2, 6][below(4) as usize]) * (Rational::from(2) << (60 * below(3)) as i32);
                    let denominator = if case % 2 == 0 { 1 } else { [1, 3, 7][below(3) as usize] };
                    (0..=inputs).map(|_| Rational::from((below(3) as i64 - 1, denominator)) * &scale).collect()
                })
                .collect();
            let weights = DMatrix::from_fn(units, inputs, |i, j| rows[i][j].clone());
            let layer = Layer::from_rationals(weights, DVector::from_fn(units, |i, _| rows[i][inputs].clone()));
            assert_eq!(Hyperplanes::of(&layer), by_pairs(&rows), "{rows:?}");
        }
    }

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
