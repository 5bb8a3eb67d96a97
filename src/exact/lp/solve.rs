//! Guess and verify; if the verification fails, use the exact simplex method.

use super::basis::{Basis, fractions};
use super::closed::{Closed, ClosedRow, Solution};
use super::guess::Guess;
use super::{Multipliers, Row, Solver};
use super::{bland, good, guess};
use crate::exact::{nearest_f64, over_common_denominator, rational};
use rug::{Integer, Rational};

/// Whether some point satisfies all rows a.x < b.
pub(crate) enum Interior {
    /// A point that satisfies all rows strictly.
    Point(Vec<Rational>),
    /// Multipliers of the integer rows, nonnegative and not all 0, with sum y a = 0 and sum y b <= 0.
    Empty(Multipliers),
}

/// Decides whether rows, all taken as strict, have a point.
pub(crate) fn interior(dimension: usize, rows: &[&Row], solver: Solver) -> Interior {
    let closed = Closed::deepest(dimension, rows.iter().map(|row| ClosedRow::Lifted(row)));
    let (basis, point) = deepest(&closed, solver);
    if let Some(point) = strictly_inside(rows, &point[..dimension]) {
        return Interior::Point(point);
    }
    if let Some(multipliers) = empty(&closed, &basis) {
        return Interior::Empty(multipliers);
    }
    match bland::solve(&closed, &basis) {
        Solution::Optimal { mut point, multipliers } => match point.pop() {
            Some(depth) if depth > 0 => Interior::Point(point),
            _ => Interior::Empty(multipliers),
        },
        // A sufficiently small t satisfies all rows, and t <= 1.
        Solution::Unbounded { .. } | Solution::Infeasible { .. } => unreachable!("the depth has a maximum"),
    }
}

/// The point as fractions, if it satisfies all rows strictly; decided by a bound on the rounding error, or else by integers.
fn strictly_inside(rows: &[&Row], point: &[f64]) -> Option<Vec<Rational>> {
    let exact: Vec<Rational> = point.iter().map(|&x| rational(x)).collect::<Option<_>>()?;
    let mut whole = None;
    let inside = rows.iter().all(|row| {
        let sign = row.certain_slack_sign(point).unwrap_or_else(|| {
            let (p, q) = whole.get_or_insert_with(|| over_common_denominator(&exact));
            row.slack_sign(p, q)
        });
        sign.is_gt()
    });
    inside.then_some(exact)
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
    let basis = match guess {
        Guess::Optimal(basis) => match optimal(closed, &basis) {
            Some(solution) => return solution,
            None => basis,
        },
        Guess::Infeasible => match without_point(closed, solver) {
            Some(solution) => return solution,
            None => Basis::default(),
        },
        Guess::Unknown(basis) => basis,
    };
    bland::solve(closed, &basis)
}

/// The solution at a basis, if the basis is optimal.
fn optimal(closed: &Closed<'_>, basis: &Basis) -> Option<Solution> {
    let (numerators, denominator) = basis.point(closed)?;
    let point = fractions((numerators.clone(), denominator.clone()));
    let near: Vec<f64> = point.iter().map(nearest_f64).collect();
    let satisfied = |row: usize| {
        let sign = match closed.rows[row] {
            ClosedRow::Plain(row) => row.certain_slack_sign(&near[..row.dimension()]),
            // The filter does not handle t.
            ClosedRow::Lifted(_) | ClosedRow::Cap => None,
        };
        sign.map_or_else(|| closed.satisfied(row, &numerators, &denominator), std::cmp::Ordering::is_gt)
    };
    // The tight rows hold with equality at the point.
    let satisfied = (0..closed.rows.len()).all(|row| basis.tight.contains(&row) || satisfied(row));
    let multipliers = satisfied.then(|| basis.multipliers(closed)).flatten()?;
    Some(Solution::Optimal { point, multipliers: basis.by_row(multipliers) })
}

/// The proof that there is no point, if a guess finds it. It needs the plain rows only: a sufficiently small t satisfies the others.
fn without_point(closed: &Closed<'_>, solver: Solver) -> Option<Solution> {
    let plain = |(index, row): (usize, &ClosedRow<'_>)| matches!(row, ClosedRow::Plain(_)).then_some(index);
    let rows: Vec<usize> = closed.rows.iter().enumerate().filter_map(plain).collect();
    let lifted = Closed::deepest(closed.dimension(), rows.iter().map(|&row| closed.rows[row].lifted()));
    let (basis, _) = deepest(&lifted, solver);
    let multipliers: Multipliers = empty(&lifted, &basis)?.into_iter().map(|(row, y)| (rows[row], y)).collect();
    let right: Rational = multipliers.iter().map(|(row, y)| Rational::from(closed.right(*row) * y)).sum();
    (right < 0).then_some(Solution::Infeasible { multipliers })
}

/// The guess of a solver for the deepest point: a basis, and the point with t.
fn deepest(closed: &Closed<'_>, solver: Solver) -> (Basis, Vec<f64>) {
    match solver {
        Solver::Simplex => guess::deepest(closed),
        Solver::GoodLp => good::deepest(closed),
        Solver::Exact => (Basis::default(), vec![f64::NAN; closed.n]),
    }
}
