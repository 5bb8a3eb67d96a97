//! The form that the solvers take: the maximum of c.x over rows a.x + lift t <= b, without strict ones.

use super::Row;
use rug::{Integer, Rational};
use std::sync::LazyLock;

static ZERO: Integer = Integer::ZERO;
/// t <= 1, or t <= 0, in no other variable.
static ONE: LazyLock<Integer> = LazyLock::new(|| Integer::from(1));

/// A row, and whether the variable t stands in it.
#[derive(Clone, Copy)]
pub(super) enum ClosedRow<'a> {
    /// a.x <= b.
    Plain(&'a Row),
    /// a.x + lift t <= b.
    Lifted(&'a Row),
    /// t <= 1.
    Cap,
}

/// The maximum of a linear form over closed rows in free variables, the last of which is t where there is one.
pub(super) struct Closed<'a> {
    /// The number of variables, t included.
    pub n: usize,
    pub rows: Vec<ClosedRow<'a>>,
    /// c, of length n.
    pub objective: Vec<Integer>,
}

impl<'a> Closed<'a> {
    /// The largest t by which all rows can be tightened, no more than 1: positive where and only where a point satisfies all strictly.
    pub(super) fn deepest(dimension: usize, rows: impl Iterator<Item = ClosedRow<'a>>) -> Self {
        let objective = (0..=dimension).map(|j| Integer::from(u8::from(j == dimension))).collect();
        Self { n: dimension + 1, rows: rows.chain([ClosedRow::Cap]).collect(), objective }
    }

    pub(super) fn coefficient(&self, row: usize, variable: usize) -> &Integer {
        match self.rows[row] {
            ClosedRow::Plain(row) => row.whole[..row.dimension()].get(variable).unwrap_or(&ZERO),
            ClosedRow::Lifted(row) if variable + 1 == self.n => &row.lift,
            ClosedRow::Lifted(row) => &row.whole[variable],
            ClosedRow::Cap if variable + 1 == self.n => &ONE,
            ClosedRow::Cap => &ZERO,
        }
    }

    pub(super) fn right(&self, row: usize) -> &Integer {
        match self.rows[row] {
            ClosedRow::Plain(row) | ClosedRow::Lifted(row) => &row.whole[row.dimension()],
            ClosedRow::Cap => &ONE,
        }
    }

    /// The row as doubles: b, then -a and minus the coefficient of t. A row may be scaled.
    pub(super) fn near(&self, row: usize) -> impl Iterator<Item = f64> + '_ {
        let (near, t): (&[f64], f64) = match self.rows[row] {
            ClosedRow::Plain(row) => (&row.near, 0.0),
            ClosedRow::Lifted(row) => (&row.near, 1.0),
            ClosedRow::Cap => (&[1.0], 1.0),
        };
        let (right, left) = near.split_last().map_or((0.0, near), |(b, a)| (*b, a));
        let left = (0..self.n).map(move |j| left.get(j).copied().unwrap_or(if j + 1 == self.n { t } else { 0.0 }));
        std::iter::once(right).chain(left.map(|x| -x))
    }

    /// Whether a point, p over a positive q, satisfies a row.
    pub(super) fn satisfied(&self, row: usize, p: &[Integer], q: &Integer) -> bool {
        let mut slack = Integer::from(self.right(row) * q);
        (0..self.n).for_each(|j| slack -= self.coefficient(row, j) * &p[j]);
        slack.cmp0().is_ge()
    }
}

/// What the solvers say: points and multipliers as numerators, all over one denominator.
pub(super) enum Solution {
    Optimal { point: Vec<Rational>, multipliers: Vec<(usize, Rational)> },
    Unbounded { point: Vec<Rational>, ray: Vec<Rational> },
    Infeasible { multipliers: Vec<(usize, Rational)> },
}
