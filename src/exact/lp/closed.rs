//! The form of programs that the solvers take: maximise c.x over rows a.x + lift t <= b, none of them strict.

use super::{Multipliers, Row};
use crate::exact::nearest_f64;
use rug::{Integer, Rational};

static ZERO: Integer = Integer::ZERO;

/// A row, with or without the variable t.
#[derive(Clone, Copy)]
pub(super) enum ClosedRow<'a> {
    /// a.x <= b.
    Plain(&'a Row),
    /// a.x + lift t <= b.
    Lifted(&'a Row),
    /// t <= 1.
    Cap,
}

impl<'a> ClosedRow<'a> {
    /// The row with the variable t.
    pub(super) fn lifted(self) -> Self {
        match self {
            Self::Plain(row) | Self::Lifted(row) => Self::Lifted(row),
            Self::Cap => Self::Cap,
        }
    }
}

/// The maximum of a linear form over closed rows in free variables; if there is a variable t, it is the last one.
pub(super) struct Closed<'a> {
    /// The number of variables, including t.
    pub n: usize,
    pub rows: Vec<ClosedRow<'a>>,
    /// c, of length n.
    pub objective: Vec<Integer>,
}

impl<'a> Closed<'a> {
    /// The program of the largest t, at most 1, by which all rows can be tightened. It is positive if and only if some point satisfies all
    /// rows strictly.
    pub(super) fn deepest(dimension: usize, rows: impl Iterator<Item = ClosedRow<'a>>) -> Self {
        let objective = (0..=dimension).map(|j| Integer::from(u8::from(j == dimension))).collect();
        Self { n: dimension + 1, rows: rows.chain([ClosedRow::Cap]).collect(), objective }
    }

    /// The number of variables, not including t.
    pub(super) fn dimension(&self) -> usize {
        self.n - usize::from(self.rows.iter().any(|row| !matches!(row, ClosedRow::Plain(_))))
    }

    pub(super) fn coefficient(&self, row: usize, variable: usize) -> &Integer {
        match self.rows[row] {
            ClosedRow::Plain(row) => row.whole[..row.dimension()].get(variable).unwrap_or(&ZERO),
            ClosedRow::Lifted(row) if variable + 1 == self.n => &row.lift,
            ClosedRow::Lifted(row) => &row.whole[variable],
            ClosedRow::Cap if variable + 1 == self.n => Integer::ONE,
            ClosedRow::Cap => &ZERO,
        }
    }

    pub(super) fn right(&self, row: usize) -> &Integer {
        match self.rows[row] {
            ClosedRow::Plain(row) | ClosedRow::Lifted(row) => &row.whole[row.dimension()],
            ClosedRow::Cap => Integer::ONE,
        }
    }

    /// The row as doubles: b, then -a, then the negated coefficient of t. The row may be scaled.
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

    /// The objective as doubles, scaled.
    pub(super) fn near_objective(&self) -> Vec<f64> {
        let bits = self.objective.iter().map(Integer::significant_bits).max().unwrap_or(0);
        self.objective.iter().map(|c| nearest_f64(&(Rational::from(c) >> bits))).collect()
    }

    /// Whether the point p / q, q > 0, satisfies a row.
    pub(super) fn satisfied(&self, row: usize, p: &[Integer], q: &Integer) -> bool {
        let mut slack = Integer::from(self.right(row) * q);
        (0..self.n).for_each(|j| slack -= self.coefficient(row, j) * &p[j]);
        slack.cmp0().is_ge()
    }
}

/// The result of a solver, as [`Optimum`](super::Optimum), with multipliers of the integer rows.
pub(super) enum Solution {
    Optimal { point: Vec<Rational>, multipliers: Multipliers },
    Unbounded { point: Vec<Rational>, ray: Vec<Rational> },
    Infeasible { multipliers: Multipliers },
}
