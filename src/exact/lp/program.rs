//! Linear programs: their rows.

use super::{LpError, Row};
use rug::Rational;
use std::sync::OnceLock;

/// The relation between the two sides of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sense {
    /// a.x <= b.
    AtMost,
    /// a.x < b.
    Below,
    /// a.x = b.
    Equal,
}

/// The solver that guesses the tight rows, before the guess is verified. The answer is right with any of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Solver {
    /// A dense simplex method in doubles, which returns a basis.
    #[default]
    Simplex,
    /// The crate `good_lp` with its solver `minilp`, which returns a point; the rows that are nearly tight there are the guess. Its time
    /// limit is half a second, because it can cycle in degenerate programs; after that the exact simplex method decides alone.
    GoodLp,
    /// No guess: the exact simplex method decides alone.
    Exact,
}

/// A system of rows that x in Q^d must satisfy; the variables are free (of any sign).
#[derive(Clone, Debug)]
#[must_use]
pub struct Program {
    pub(super) dimension: usize,
    pub(super) rows: Vec<(Row, Sense)>,
    /// The rows as they were given, a then b, which certificates refer to. They are computed when they are first used.
    given: Vec<OnceLock<(Vec<Rational>, Rational)>>,
    pub(super) solver: Solver,
}

impl Program {
    /// A program with `dimension` variables and no rows.
    pub fn new(dimension: usize) -> Self {
        Self { dimension, rows: Vec::new(), given: Vec::new(), solver: Solver::default() }
    }

    /// A program of the given rows (a, relation, b).
    ///
    /// # Errors
    /// The length of a row is not the dimension.
    pub fn from_rows<const D: usize, T: Into<Rational>>(
        dimension: usize,
        rows: impl IntoIterator<Item = ([T; D], Sense, T)>,
    ) -> Result<Self, LpError> {
        let mut program = Self::new(dimension);
        for (coefficients, sense, right) in rows {
            program.push(coefficients.map(Into::into).to_vec(), sense, right.into())?;
        }
        Ok(program)
    }

    /// Sets the solver that guesses.
    pub fn solver(self, solver: Solver) -> Self {
        Self { solver, ..self }
    }

    /// Adds one row.
    ///
    /// # Errors
    /// The length of the row is not the dimension.
    pub fn push(&mut self, coefficients: Vec<Rational>, sense: Sense, right: Rational) -> Result<(), LpError> {
        if coefficients.len() != self.dimension {
            return Err(LpError::Dimension { row: self.rows.len(), expected: self.dimension, found: coefficients.len() });
        }
        self.rows.push((Row::new(&coefficients, &right), sense));
        self.given.push(OnceLock::from((coefficients, right)));
        Ok(())
    }

    /// Adds one row of doubles, each denoting its exact value; this is faster than [`push`](Self::push).
    ///
    /// # Errors
    /// The length of the row is not the dimension, or a number is not finite.
    ///
    /// ```
    /// use plica::exact::lp::{Program, Sense};
    /// let mut program = Program::new(1);
    /// program.push_f64(&[0.1], Sense::AtMost, 1.5).unwrap();
    /// assert_eq!(program.row(0).0[0], rug::Rational::from((3602879701896397u64, 1u64 << 55)));
    /// assert!(program.push_f64(&[f64::NAN], Sense::AtMost, 1.5).is_err());
    /// ```
    pub fn push_f64(&mut self, coefficients: &[f64], sense: Sense, right: f64) -> Result<(), LpError> {
        if coefficients.len() != self.dimension {
            return Err(LpError::Dimension { row: self.rows.len(), expected: self.dimension, found: coefficients.len() });
        }
        if let Some(index) = coefficients.iter().chain([&right]).position(|x| !x.is_finite()) {
            return Err(LpError::NotFinite { row: self.rows.len(), index });
        }
        self.rows.push((Row::of_doubles(coefficients, right), sense));
        self.given.push(OnceLock::new());
        Ok(())
    }

    /// Adds one row of integers.
    pub(crate) fn push_row(&mut self, row: &Row, sense: Sense) {
        self.rows.push((row.clone(), sense));
        self.given.push(OnceLock::new());
    }

    /// The number of variables.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row with this index: a, the relation, b.
    ///
    /// # Panics
    /// If the index is not below [`len`](Self::len).
    pub fn row(&self, index: usize) -> (&[Rational], Sense, &Rational) {
        let (coefficients, right) = self.given[index].get_or_init(|| self.rows[index].0.given());
        (coefficients, self.rows[index].1, right)
    }

    /// All rows: a, the relation, b.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (&[Rational], Sense, &Rational)> {
        (0..self.len()).map(|index| self.row(index))
    }

    /// The program with the row `index` replaced by another.
    pub(super) fn with(&self, index: usize, negated: (Vec<Rational>, Sense, Rational)) -> Self {
        let (coefficients, sense, right) = negated;
        let mut program = self.clone();
        program.rows[index] = (Row::new(&coefficients, &right), sense);
        program.given[index] = OnceLock::from((coefficients, right));
        program
    }
}
