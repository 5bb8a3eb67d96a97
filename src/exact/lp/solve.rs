//! Guess, verify, and where that fails the exact simplex.

use super::basis::{Basis, fractions};
use super::closed::{Closed, ClosedRow, Solution};
use super::guess::Guess;
use super::{Multipliers, Row, Solver};
use super::{bland, good, guess};
use crate::exact::bound::U;
use crate::exact::rational;
use rug::{Integer, Rational};
use std::cmp::Ordering;

/// Whether rows a.x < b have a point.
pub(super) enum Interior {
    /// A point that satisfies all strictly.
    Point(Vec<Rational>),
    /// Multipliers of the integer rows, not negative and not all 0, with sum y a = 0 and sum y b <= 0.
    Empty(Multipliers),
}

/// Whether rows, all taken as strict, have a point.
pub(super) fn interior(dimension: usize, rows: &[&Row], solver: Solver) -> Interior {
    let closed = Closed::deepest(dimension, rows.iter().map(|row| ClosedRow::Lifted(row)));
    let basis = match solver {
        Solver::Exact => Basis::default(),
        _ => {
            let (basis, point) = if solver == Solver::GoodLp { good::deepest(&closed) } else { guess::deepest(&closed) };
            if let Some(point) = strictly_inside(rows, &point[..dimension]) {
                return Interior::Point(point);
            }
            if let Some(multipliers) = empty(&closed, &basis) {
                return Interior::Empty(multipliers);
            }
            basis
        }
    };
    match bland::solve(&closed, &basis) {
        Solution::Optimal { mut point, multipliers } => match point.pop() {
            Some(depth) if depth > 0 => Interior::Point(point),
            _ => Interior::Empty(multipliers),
        },
        // A very negative t satisfies all rows, and t <= 1.
        Solution::Unbounded { .. } | Solution::Infeasible { .. } => unreachable!("the depth has a maximum"),
    }
}

/// The point as fractions, if it satisfies all rows strictly: by a bound on the rounding error, or else by integers.
fn strictly_inside(rows: &[&Row], point: &[f64]) -> Option<Vec<Rational>> {
    let exact: Vec<Rational> = point.iter().map(|&x| rational(x)).collect::<Option<_>>()?;
    // Each term w x passes fewer than n + 3 roundings, the rounding of w to a double included; 2^-900 is for underflow.
    let error = (point.len() + 4) as f64 * U * (1.0 + 1e-6);
    let mut whole = None;
    let inside = rows.iter().all(|row| {
        let (b, a) = row.near.split_last().expect("a row has a right side");
        let (mut slack, mut size) = (*b, b.abs());
        for (a, x) in a.iter().zip(point) {
            slack -= a * x;
            size += (a * x).abs();
        }
        let bound = size * error + f64::from_bits((1023 - 900) << 52);
        if slack > bound && size < f64::MAX {
            return true;
        }
        if slack < -bound && size < f64::MAX {
            return false;
        }
        let (p, q) = whole.get_or_insert_with(|| over_common_denominator(&exact));
        row.slack_sign(p, q) == Ordering::Greater
    });
    inside.then_some(exact)
}

/// A point as numerators over one positive denominator.
fn over_common_denominator(point: &[Rational]) -> (Vec<Integer>, Integer) {
    let denominator = crate::exact::common_denominator(point.iter().cloned());
    (point.iter().map(|x| crate::exact::scaled(x.clone(), &denominator)).collect(), denominator)
}

/// The multipliers of a basis of [`Closed::deepest`], if they prove that no point satisfies all rows strictly.
fn empty(closed: &Closed<'_>, basis: &Basis) -> Option<Multipliers> {
    let (numerators, denominator) = basis.multipliers(closed)?;
    let mut right = Integer::new();
    for (&row, y) in basis.tight.iter().zip(&numerators) {
        if matches!(closed.rows[row], ClosedRow::Cap) && !y.is_zero() {
            return None;
        }
        right += closed.right(row) * y;
    }
    (right <= 0).then(|| basis.by_row((numerators, denominator)))
}

/// The maximum over closed rows.
pub(super) fn maximum(closed: &Closed<'_>, solver: Solver) -> Solution {
    let guess = match solver {
        Solver::Simplex => guess::maximum(closed),
        Solver::GoodLp => good::maximum(closed),
        Solver::Exact => Guess::Unknown(Basis::default()),
    };
    let near = match guess {
        Guess::Optimal(basis) => match optimal(closed, &basis) {
            Some(solution) => return solution,
            None => basis,
        },
        Guess::Infeasible(basis) => match without_point(closed, &basis) {
            Some(solution) => return solution,
            None => Basis::default(),
        },
        Guess::Unknown(basis) => basis,
    };
    bland::solve(closed, &Basis { tight: near.tight.into_iter().filter(|&row| row < closed.rows.len()).collect(), ..near })
}

/// The solution that a basis says, if it is one.
fn optimal(closed: &Closed<'_>, basis: &Basis) -> Option<Solution> {
    let (numerators, denominator) = basis.point(closed)?;
    let satisfied = (0..closed.rows.len()).all(|row| closed.satisfied(row, &numerators, &denominator));
    let multipliers = satisfied.then(|| basis.multipliers(closed)).flatten()?;
    Some(Solution::Optimal { point: fractions((numerators, denominator)), multipliers: basis.by_row(multipliers) })
}

/// The proof that there is no point which a basis of the lifted rows says, if it is one.
fn without_point<'a>(closed: &Closed<'a>, basis: &Basis) -> Option<Solution> {
    let lift = |row: &ClosedRow<'a>| match row {
        ClosedRow::Plain(row) => Some(ClosedRow::Lifted(row)),
        ClosedRow::Lifted(_) | ClosedRow::Cap => None,
    };
    let rows: Vec<ClosedRow<'a>> = closed.rows.iter().map(lift).collect::<Option<_>>()?;
    let lifted = Closed::deepest(closed.n, rows.into_iter());
    let multipliers = empty(&lifted, basis)?;
    let right: Rational = multipliers.iter().map(|(row, y)| Rational::from(closed.right(*row) * y)).sum();
    (right < 0).then_some(Solution::Infeasible { multipliers })
}
