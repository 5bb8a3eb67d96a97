//! The answers about linear programs, each with a certificate.

use rug::Rational;
use thiserror::Error;

/// Multipliers of some rows, by index in increasing order; all others are 0.
pub(crate) type Multipliers = Vec<(usize, Rational)>;

/// The errors of questions about a linear program.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LpError {
    /// A row or an objective has the wrong length.
    #[error("row {row} has {found} coefficients, expected {expected}: one for each variable")]
    Dimension {
        /// The index of the row; for an objective, the number of rows.
        row: usize,
        /// The number of variables.
        expected: usize,
        /// The number of coefficients.
        found: usize,
    },
    /// The program has a strict row, so the optimum need not be attained.
    #[error("row {0} is strict, so the optimum need not be attained: expected <= or =")]
    Strict(usize),
    /// A number of a row is NaN or infinite.
    #[error("number {index} of row {row} is not finite")]
    NotFinite {
        /// The index of the row.
        row: usize,
        /// The index of the coefficient; for the right side, the number of variables.
        index: usize,
    },
    /// There is no row with this index.
    #[error("there is no row {row}: the program has {rows} rows, counted from 0")]
    Row {
        /// The index that was given.
        row: usize,
        /// The number of rows.
        rows: usize,
    },
}

/// Whether a program is feasible, with the certificate.
#[derive(Clone, Debug, PartialEq)]
pub enum Feasibility {
    /// A point that satisfies all rows.
    Feasible {
        /// The point.
        point: Vec<Rational>,
    },
    /// Multipliers y, not negative except on equations, with sum y a = 0 and one of: sum y b < 0; or sum y b = 0 and y > 0 on some strict
    /// row (the theorems of Farkas and Motzkin).
    Infeasible {
        /// The multipliers.
        multipliers: Multipliers,
    },
}

/// The maximum of c.x, with the certificate.
#[derive(Clone, Debug, PartialEq)]
pub enum Optimum {
    /// A point that satisfies all rows, and multipliers y, not negative except on equations, with sum y a = c and sum y b = c.x.
    Optimal {
        /// The point.
        point: Vec<Rational>,
        /// The dual solution.
        multipliers: Multipliers,
    },
    /// A point and a ray r with a.r <= 0 for every row, = 0 for equations, and c.r > 0.
    Unbounded {
        /// The point.
        point: Vec<Rational>,
        /// The ray.
        ray: Vec<Rational>,
    },
    /// There is no point; see [`Feasibility::Infeasible`].
    Infeasible {
        /// The multipliers.
        multipliers: Multipliers,
    },
}

/// Whether a row follows from the others, with the certificate.
#[derive(Clone, Debug, PartialEq)]
pub enum Redundancy {
    /// Every point of the other rows satisfies this row. The negation of an inequality is one row; an equation has two negations, first
    /// a.x > b, then a.x < b. For each negation, the multipliers prove that the program with the negation in place of the row is infeasible.
    Redundant {
        /// The multipliers for each negation.
        multipliers: Vec<Multipliers>,
    },
    /// A point that satisfies all other rows and violates this one.
    Needed {
        /// The point.
        point: Vec<Rational>,
    },
}

/// A point in the relative interior, with the certificate.
#[derive(Clone, Debug, PartialEq)]
pub enum RelativeInterior {
    /// A point that satisfies all rows, and strictly every row that can be strict. The multipliers y prove which rows cannot: they are not
    /// negative, with sum y a = 0 and sum y b = 0, so that rows with y > 0 hold with equality everywhere.
    Point {
        /// The point.
        point: Vec<Rational>,
        /// The multipliers.
        multipliers: Multipliers,
    },
    /// There is no point; see [`Feasibility::Infeasible`].
    Infeasible {
        /// The multipliers.
        multipliers: Multipliers,
    },
}
