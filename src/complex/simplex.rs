//! Points as integers, their mean, and volumes and orientations of simplices by determinants.

use crate::exact::{Fraction, over_common_denominator};
use rug::{Integer, Rational};
use std::cmp::Ordering;

/// A point as integers: its coordinates times their least common denominator.
#[derive(Clone, Debug, Default)]
pub(super) struct WholePoint {
    pub denominator: Integer,
    pub numerators: Vec<Integer>,
}

impl WholePoint {
    pub(super) fn new(point: &[Rational]) -> Self {
        let (numerators, denominator) = over_common_denominator(point);
        Self { denominator, numerators }
    }
}

/// The mean of some points; without points it has no coordinates.
pub(super) fn mean(points: &[WholePoint]) -> Vec<Fraction> {
    let Some(WholePoint { denominator, numerators }) = sum(points) else { return Vec::new() };
    Fraction::all(numerators, &(denominator * points.len() as u64))
}

/// The sum of some points over a common denominator, by recursive halving, so that most additions are of short numbers.
fn sum(points: &[WholePoint]) -> Option<WholePoint> {
    if points.len() < 2 {
        return points.first().cloned();
    }
    let (left, right) = points.split_at(points.len() / 2);
    let (mut p, q) = (sum(left)?, sum(right)?);
    let common = Integer::from(p.denominator.gcd_ref(&q.denominator));
    let [of_q, of_p] = [&p, &q].map(|other| Integer::from(other.denominator.div_exact_ref(&common)));
    for (x, y) in p.numerators.iter_mut().zip(&q.numerators) {
        *x *= &of_p;
        *x += y * &of_q;
    }
    p.denominator *= of_p;
    Some(p)
}

/// The volume of a simplex: |det (q_i, p_i)| / (d! q_0 ... q_d) for corners p_i / q_i.
pub(super) fn simplex_volume(corners: &[&WholePoint]) -> Rational {
    let factorial: u64 = (1..corners.len() as u64).product();
    let denominator = corners.iter().fold(Integer::from(factorial), |product, corner| product * &corner.denominator);
    Rational::from((determinant(rows(corners)).abs(), denominator))
}

/// The orientation of a simplex: the sign of its volume for this order of the corners.
pub(super) fn orientation(corners: &[&WholePoint]) -> Ordering {
    determinant(rows(corners)).cmp0()
}

fn rows(corners: &[&WholePoint]) -> Vec<Vec<Integer>> {
    corners.iter().map(|corner| std::iter::once(&corner.denominator).chain(&corner.numerators).cloned().collect()).collect()
}

/// The determinant of a square matrix, by elimination without fractions: all entries are minors of the matrix (Bareiss 1968, Math. Comp.
/// 22).
fn determinant(mut rows: Vec<Vec<Integer>>) -> Integer {
    let n = rows.len();
    let (mut previous, mut negative) = (Integer::from(1), false);
    for k in 0..n {
        let Some(pivot) = (k..n).find(|&i| !rows[i][k].is_zero()) else { return Integer::new() };
        if pivot != k {
            rows.swap(pivot, k);
            negative = !negative;
        }
        let (above, below) = rows.split_at_mut(k + 1);
        let top = &above[k];
        for row in below {
            let (head, tail) = row.split_at_mut(k + 1);
            for (x, y) in tail.iter_mut().zip(&top[k + 1..]) {
                *x *= &top[k];
                *x -= &head[k] * y;
                x.div_exact_mut(&previous);
            }
        }
        previous = std::mem::take(&mut rows[k][k]);
    }
    if negative { -previous } else { previous }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn determinants_are_sums_over_permutations() {
        // Some rows have zeros at the pivots, and some are dependent.
        for seed in 0..500u64 {
            let n = 1 + (seed % 4) as usize;
            let entry = |i: usize, j: usize| {
                let word = (seed * 31 + (i * 7 + j) as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                Integer::from((word >> 40) % 5) - 2u32
            };
            let matrix: Vec<Vec<Integer>> = (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect();
            assert_eq!(determinant(matrix.clone()), expanded(&matrix), "{matrix:?}");
        }
    }

    /// The determinant, expanded along the first row.
    fn expanded(matrix: &[Vec<Integer>]) -> Integer {
        let Some((first, rest)) = matrix.split_first() else { return Integer::from(1) };
        let mut sum = Integer::new();
        for (j, x) in first.iter().enumerate() {
            let minor: Vec<Vec<Integer>> =
                rest.iter().map(|row| row.iter().enumerate().filter(|&(k, _)| k != j).map(|(_, x)| x.clone()).collect()).collect();
            let part = expanded(&minor) * x;
            if j % 2 == 0 { sum += part } else { sum -= part }
        }
        sum
    }
}
