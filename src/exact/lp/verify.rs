//! Checks certificates against programs, by plain rational arithmetic on the given rows. It shares no code with the solvers.

use super::{Feasibility, Multipliers, Optimum, Program, Redundancy, RelativeInterior, Sense};
use rug::Rational;

type GivenRow<'a> = (&'a [Rational], Sense, &'a Rational);

fn dot(a: &[Rational], x: &[Rational]) -> Rational {
    let mut sum = Rational::new();
    for (a, x) in a.iter().zip(x) {
        sum += Rational::from(a * x);
    }
    sum
}

fn satisfied(row: GivenRow<'_>, x: &[Rational]) -> bool {
    let (a, sense, b) = row;
    match sense {
        Sense::AtMost => dot(a, x) <= *b,
        Sense::Below => dot(a, x) < *b,
        Sense::Equal => dot(a, x) == *b,
    }
}

impl Program {
    /// Whether a point satisfies all rows.
    pub fn is_satisfied_by(&self, x: &[Rational]) -> bool {
        x.len() == self.dimension() && self.rows().all(|row| satisfied(row, x))
    }
}

/// sum y a and sum y b, if the indices are in order and the multipliers are nonnegative except on equations.
fn combination(rows: &[GivenRow<'_>], dimension: usize, multipliers: &Multipliers) -> Option<(Vec<Rational>, Rational)> {
    let (mut left, mut right) = (vec![Rational::new(); dimension], Rational::new());
    let mut previous = None;
    for (row, y) in multipliers {
        let &(a, sense, b) = rows.get(*row)?;
        if previous >= Some(*row) || (*y < 0 && sense != Sense::Equal) {
            return None;
        }
        previous = Some(*row);
        for (left, a) in left.iter_mut().zip(a) {
            *left += Rational::from(y * a);
        }
        right += Rational::from(y * b);
    }
    Some((left, right))
}

fn proves_infeasible(rows: &[GivenRow<'_>], dimension: usize, multipliers: &Multipliers) -> bool {
    let Some((left, right)) = combination(rows, dimension, multipliers) else { return false };
    let strict = multipliers.iter().any(|(row, y)| *y > 0 && rows[*row].1 == Sense::Below);
    left.iter().all(|x| *x == 0) && (right < 0 || (right == 0 && strict))
}

impl Feasibility {
    /// Whether the certificate proves the answer for this program.
    pub fn verify(&self, program: &Program) -> bool {
        match self {
            Feasibility::Feasible { point } => program.is_satisfied_by(point),
            Feasibility::Infeasible { multipliers } => {
                proves_infeasible(&program.rows().collect::<Vec<_>>(), program.dimension(), multipliers)
            }
        }
    }
}

impl Optimum {
    /// Whether the certificate proves the answer for this program and the maximum of c.x.
    pub fn verify(&self, program: &Program, objective: &[Rational]) -> bool {
        let rows: Vec<_> = program.rows().collect();
        match self {
            Optimum::Optimal { point, multipliers } => {
                let Some((left, right)) = combination(&rows, program.dimension(), multipliers) else { return false };
                program.is_satisfied_by(point) && left == objective && right == dot(objective, point)
            }
            Optimum::Unbounded { point, ray } => {
                let along = |&(a, sense, _): &GivenRow<'_>| match sense {
                    Sense::Equal => dot(a, ray) == 0,
                    _ => dot(a, ray) <= 0,
                };
                program.is_satisfied_by(point) && ray.len() == program.dimension() && rows.iter().all(along) && dot(objective, ray) > 0
            }
            Optimum::Infeasible { multipliers } => proves_infeasible(&rows, program.dimension(), multipliers),
        }
    }
}

impl Redundancy {
    /// Whether the certificate proves the answer for this row of this program.
    pub fn verify(&self, program: &Program, row: usize) -> bool {
        let rows: Vec<_> = program.rows().collect();
        match self {
            Redundancy::Needed { point } => {
                let others = rows.iter().enumerate().filter(|&(index, _)| index != row);
                point.len() == program.dimension() && others.clone().all(|(_, &r)| satisfied(r, point)) && !satisfied(rows[row], point)
            }
            Redundancy::Redundant { multipliers } => {
                let (a, sense, b) = rows[row];
                let (negative, minus_b): (Vec<_>, _) = (a.iter().map(|x| Rational::from(-x)).collect(), Rational::from(-b));
                let negations: Vec<GivenRow<'_>> = match sense {
                    Sense::AtMost => vec![(&negative, Sense::Below, &minus_b)],
                    Sense::Below => vec![(&negative, Sense::AtMost, &minus_b)],
                    Sense::Equal => vec![(&negative, Sense::Below, &minus_b), (a, Sense::Below, b)],
                };
                let proved = |(&negation, multipliers): (&GivenRow<'_>, &Multipliers)| {
                    let mut rows = rows.clone();
                    rows[row] = negation;
                    proves_infeasible(&rows, program.dimension(), multipliers)
                };
                negations.len() == multipliers.len() && negations.iter().zip(multipliers).all(proved)
            }
        }
    }
}

impl RelativeInterior {
    /// Whether the certificate proves the answer for this program.
    pub fn verify(&self, program: &Program) -> bool {
        let rows: Vec<_> = program.rows().collect();
        match self {
            RelativeInterior::Point { point, multipliers } => {
                let Some((left, right)) = combination(&rows, program.dimension(), multipliers) else { return false };
                let equation = |index: usize| multipliers.iter().any(|(row, y)| *row == index && *y > 0);
                let strict =
                    |(index, &(a, sense, b)): (usize, &GivenRow<'_>)| sense == Sense::Equal || equation(index) || dot(a, point) < *b;
                program.is_satisfied_by(point) && left.iter().all(|x| *x == 0) && right == 0 && rows.iter().enumerate().all(strict)
            }
            RelativeInterior::Infeasible { multipliers } => proves_infeasible(&rows, program.dimension(), multipliers),
        }
    }
}
