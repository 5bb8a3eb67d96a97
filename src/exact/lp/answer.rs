//! Answers, each with what proves it.

use rug::Rational;
use thiserror::Error;

/// Multipliers of some rows, by index in increasing order; all others are 0.
pub(crate) type Multipliers = Vec<(usize, Rational)>;

/// Why a question about a program cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LpError {
    /// A row or an objective of the wrong length.
    #[error("row {row} has {found} coefficients, but the program has {expected} variables")]
    Dimension {
        /// Which row; of an objective, the number of rows.
        row: usize,
        /// The number of variables.
        expected: usize,
        /// The number of coefficients.
        found: usize,
    },
    /// A strict row where an optimum is asked for: it need not be attained.
    #[error("row {0} is strict, and an optimum over an open set need not be attained: ask with <= instead")]
    Strict(usize),
    /// A number of a row is NaN or infinite.
    #[error("number {index} of row {row} is not finite")]
    NotFinite {
        /// Which row.
        row: usize,
        /// Which coefficient; of the right side, the number of variables.
        index: usize,
    },
    /// There is no such row.
    #[error("there is no row {row} among {rows}")]
    Row {
        /// Which row.
        row: usize,
        /// How many there are.
        rows: usize,
    },
}

/// Whether a program has a point.
#[derive(Clone, Debug, PartialEq)]
pub enum Feasibility {
    /// A point that satisfies all rows.
    Feasible {
        /// The point.
        point: Vec<Rational>,
    },
    /// Multipliers y, not negative except on equations, with sum y a = 0, and either sum y b < 0, or sum y b = 0 and y > 0 on some
    /// strict row (Farkas; Motzkin).
    Infeasible {
        /// The multipliers.
        multipliers: Multipliers,
    },
}

/// The maximum of c.x.
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
    /// No point; see [`Feasibility::Infeasible`].
    Infeasible {
        /// The multipliers.
        multipliers: Multipliers,
    },
}

/// Whether a row follows from the others.
#[derive(Clone, Debug, PartialEq)]
pub enum Redundancy {
    /// Without the row there is no point that violates it: for each of its negations (two for an equation: first beyond b, then below
    /// it) the multipliers that prove the program with the negation in the row's place infeasible.
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

/// A point in the relative interior.
#[derive(Clone, Debug, PartialEq)]
pub enum RelativeInterior {
    /// A point that satisfies all rows, strictly where that is possible, and multipliers y that prove where it is not: not negative, with
    /// sum y a = 0 and sum y b = 0, so that rows with y > 0 are equations.
    Point {
        /// The point.
        point: Vec<Rational>,
        /// The multipliers.
        multipliers: Multipliers,
    },
    /// No point; see [`Feasibility::Infeasible`].
    Infeasible {
        /// The multipliers.
        multipliers: Multipliers,
    },
}
