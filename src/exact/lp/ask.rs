//! The questions about a linear program.

use super::closed::{Closed, ClosedRow, Solution};
use super::solve::{Interior, interior, maximum};
use super::{Feasibility, LpError, Multipliers, Optimum, Program, Redundancy, RelativeInterior, Row, Sense};
use crate::exact::over_common_denominator;
use rug::{Integer, Rational};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The rows of a program as inequalities: each equation becomes two.
struct Inequalities<'a> {
    rows: Vec<Cow<'a, Row>>,
    /// For each inequality, the index of its row in the program, and whether its sign is reversed.
    origin: Vec<(usize, bool)>,
}

impl<'a> Inequalities<'a> {
    fn of(program: &'a Program) -> Self {
        let (mut rows, mut origin) = (Vec::with_capacity(program.len()), Vec::with_capacity(program.len()));
        for (index, (row, sense)) in program.rows.iter().enumerate() {
            rows.push(Cow::Borrowed(row));
            origin.push((index, false));
            if *sense == Sense::Equal {
                rows.push(Cow::Owned(row.opposite()));
                origin.push((index, true));
            }
        }
        Self { rows, origin }
    }

    /// Whether multipliers with sum y a = 0 and sum y b <= 0 prove that the program is infeasible: the sum is negative, or the multiplier
    /// of a strict row is positive.
    fn prove_infeasible(&self, program: &Program, multipliers: &Multipliers) -> bool {
        let right: Rational = multipliers.iter().map(|(row, y)| Rational::from(&self.rows[*row].whole[program.dimension] * y)).sum();
        right < 0 || multipliers.iter().any(|(row, _)| program.rows[self.origin[*row].0].1 == Sense::Below)
    }

    /// Turns multipliers of these inequalities into multipliers of the given rows of the program.
    fn given(&self, multipliers: &[(usize, Rational)]) -> Multipliers {
        let mut sums: BTreeMap<usize, Rational> = BTreeMap::new();
        for (row, y) in multipliers {
            let (index, opposite) = self.origin[*row];
            let y = Rational::from(y * &self.rows[*row].factor);
            *sums.entry(index).or_default() += if opposite { -y } else { y };
        }
        sums.into_iter().filter(|(_, y)| *y != 0).collect()
    }
}

impl Program {
    /// Whether some point satisfies all rows: with such a point, or with multipliers that prove that there is none.
    pub fn feasible(&self) -> Feasibility {
        let inequalities = Inequalities::of(self);
        let sense = |row: usize| self.rows[inequalities.origin[row].0].1;
        if self.rows.iter().all(|(_, sense)| *sense != Sense::Equal) {
            // In most cases there is a point that satisfies all rows strictly, or no point at all.
            let rows: Vec<&Row> = inequalities.rows.iter().map(AsRef::as_ref).collect();
            match interior(self.dimension, &rows, self.solver) {
                Interior::Point(point) => return Feasibility::Feasible { point },
                Interior::Empty(multipliers) if inequalities.prove_infeasible(self, &multipliers) => {
                    return Feasibility::Infeasible { multipliers: inequalities.given(&multipliers) };
                }
                // The closed rows may still have a point where not all of them are strict.
                Interior::Empty(_) => {}
            }
        }
        let strict = |row: &usize| sense(*row) == Sense::Below;
        match self.depth(&inequalities, strict) {
            Depth::Positive(point) | Depth::OfNothing(point) => Feasibility::Feasible { point },
            Depth::NotPositive(multipliers) | Depth::Nowhere(multipliers) => {
                Feasibility::Infeasible { multipliers: inequalities.given(&multipliers) }
            }
        }
    }

    /// By how much the selected rows can be tightened while all rows stay satisfiable.
    fn depth(&self, inequalities: &Inequalities<'_>, lifted: impl Fn(&usize) -> bool) -> Depth {
        let all = 0..inequalities.rows.len();
        if !all.clone().any(|row| lifted(&row)) {
            let rows = inequalities.rows.iter().map(|row| ClosedRow::Plain(row)).collect();
            let closed = Closed { n: self.dimension, rows, objective: vec![Integer::new(); self.dimension] };
            return match maximum(&closed, self.solver) {
                Solution::Optimal { point, .. } | Solution::Unbounded { point, .. } => Depth::OfNothing(point),
                Solution::Infeasible { multipliers } => Depth::Nowhere(multipliers),
            };
        }
        let row =
            |row: usize| if lifted(&row) { ClosedRow::Lifted(&inequalities.rows[row]) } else { ClosedRow::Plain(&inequalities.rows[row]) };
        match maximum(&Closed::deepest(self.dimension, all.map(row)), self.solver) {
            Solution::Infeasible { multipliers } => Depth::Nowhere(multipliers),
            // These multipliers belong to a depth below the cap of 1, so the multiplier of the cap is 0.
            Solution::Optimal { mut point, multipliers } => match point.pop() {
                Some(depth) if depth > 0 => Depth::Positive(point),
                _ => Depth::NotPositive(multipliers),
            },
            Solution::Unbounded { .. } => unreachable!("the depth is at most 1"),
        }
    }

    /// The maximum of c.x with a point that attains it, and the multipliers that prove it.
    ///
    /// # Errors
    /// The length of the objective is not the dimension, or a row is strict.
    pub fn maximise(&self, objective: &[Rational]) -> Result<Optimum, LpError> {
        if objective.len() != self.dimension {
            return Err(LpError::Dimension { row: self.len(), expected: self.dimension, found: objective.len() });
        }
        if let Some(row) = self.rows.iter().position(|(_, sense)| *sense == Sense::Below) {
            return Err(LpError::Strict(row));
        }
        let inequalities = Inequalities::of(self);
        let (whole, denominator) = over_common_denominator(objective);
        let rows = inequalities.rows.iter().map(|row| ClosedRow::Plain(row)).collect();
        Ok(match maximum(&Closed { n: self.dimension, rows, objective: whole }, self.solver) {
            Solution::Optimal { point, mut multipliers } => {
                multipliers.iter_mut().for_each(|(_, y)| *y /= &denominator);
                Optimum::Optimal { point, multipliers: inequalities.given(&multipliers) }
            }
            Solution::Unbounded { point, ray } => Optimum::Unbounded { point, ray },
            Solution::Infeasible { multipliers } => Optimum::Infeasible { multipliers: inequalities.given(&multipliers) },
        })
    }

    /// Whether a row follows from the others.
    ///
    /// # Errors
    /// The index is not below [`len`](Self::len).
    pub fn redundancy(&self, row: usize) -> Result<Redundancy, LpError> {
        if row >= self.len() {
            return Err(LpError::Row { row, rows: self.len() });
        }
        let (coefficients, _, right) = self.row(row);
        let (coefficients, right) = (coefficients.to_vec(), right.clone());
        let negative = || (coefficients.iter().map(|x| Rational::from(-x)).collect(), Rational::from(-&right));
        let beyond = |sense| {
            let (coefficients, right) = negative();
            self.with(row, (coefficients, sense, right))
        };
        let negations = match self.rows[row].1 {
            Sense::AtMost => vec![beyond(Sense::Below)],
            Sense::Below => vec![beyond(Sense::AtMost)],
            Sense::Equal => vec![beyond(Sense::Below), self.with(row, (coefficients.clone(), Sense::Below, right.clone()))],
        };
        let mut proofs = Vec::new();
        for negation in negations {
            match negation.feasible() {
                Feasibility::Feasible { point } => return Ok(Redundancy::Needed { point }),
                Feasibility::Infeasible { multipliers } => proofs.push(multipliers),
            }
        }
        Ok(Redundancy::Redundant { multipliers: proofs })
    }

    /// A point in the relative interior, and multipliers that prove which rows hold with equality everywhere.
    ///
    /// Each round tightens all rows that are not known to be equations by the largest common amount. If this amount is 0, the dual solution
    /// shows which of these rows are equations.
    pub fn relative_interior(&self) -> RelativeInterior {
        let inequalities = Inequalities::of(self);
        let sense = |row: usize| self.rows[inequalities.origin[row].0].1;
        let mut equation: Vec<bool> = (0..inequalities.rows.len()).map(|row| sense(row) == Sense::Equal).collect();
        let mut proof: BTreeMap<usize, Rational> = BTreeMap::new();
        loop {
            match self.depth(&inequalities, |&row| !equation[row]) {
                Depth::Nowhere(multipliers) => return RelativeInterior::Infeasible { multipliers: inequalities.given(&multipliers) },
                Depth::Positive(point) | Depth::OfNothing(point) => {
                    let multipliers = inequalities.given(&proof.into_iter().collect::<Vec<_>>());
                    return RelativeInterior::Point { point, multipliers };
                }
                Depth::NotPositive(multipliers) => {
                    if inequalities.prove_infeasible(self, &multipliers) {
                        return RelativeInterior::Infeasible { multipliers: inequalities.given(&multipliers) };
                    }
                    for (row, y) in multipliers {
                        equation[row] = true;
                        *proof.entry(row).or_default() += y;
                    }
                }
            }
        }
    }
}

/// The result of tightening rows.
enum Depth {
    /// A point that satisfies the tightened rows strictly.
    Positive(Vec<Rational>),
    /// No rows were to be tightened; this point satisfies all rows.
    OfNothing(Vec<Rational>),
    /// Multipliers, some of them of tightened rows, with sum y a = 0 and sum y b <= 0.
    NotPositive(Multipliers),
    /// Multipliers that prove all rows infeasible.
    Nowhere(Multipliers),
}
