//! Checks certificates against programs, by plain rational arithmetic on the given rows. It shares no code with the solvers.

use super::{Feasibility, Multipliers, Optimum, Program, Redundancy, Relation, RelativeInterior};
use rug::Rational;

type GivenRow<'a> = (&'a [Rational], Relation, &'a Rational);

fn dot(a: &[Rational], x: &[Rational]) -> Rational {
    let mut sum = Rational::new();
    for (a, x) in a.iter().zip(x) {
        sum += Rational::from(a * x);
    }
    sum
}

fn satisfied(row: GivenRow<'_>, x: &[Rational]) -> bool {
    let (a, relation, b) = row;
    match relation {
        Relation::AtMost => dot(a, x) <= *b,
        Relation::Below => dot(a, x) < *b,
        Relation::Equal => dot(a, x) == *b,
    }
}

/// Whether a point satisfies all rows.
pub fn satisfies(program: &Program, x: &[Rational]) -> bool {
    x.len() == program.dimension() && program.rows().all(|row| satisfied(row, x))
}

/// sum y a and sum y b, if the indices are in order and the multipliers are nonnegative except on equations.
fn combination(rows: &[GivenRow<'_>], dimension: usize, multipliers: &Multipliers) -> Option<(Vec<Rational>, Rational)> {
    let (mut left, mut right) = (vec![Rational::new(); dimension], Rational::new());
    let mut previous = None;
    for (row, y) in multipliers {
        let &(a, relation, b) = rows.get(*row)?;
        if previous >= Some(*row) || (*y < 0 && relation != Relation::Equal) {
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
    let strict = multipliers.iter().any(|(row, y)| *y > 0 && rows[*row].1 == Relation::Below);
    left.iter().all(|x| *x == 0) && (right < 0 || (right == 0 && strict))
}

/// Whether the certificate of an answer about feasibility proves it.
pub fn feasibility(program: &Program, answer: &Feasibility) -> bool {
    match answer {
        Feasibility::Feasible { point } => satisfies(program, point),
        Feasibility::Infeasible { multipliers } => proves_infeasible(&program.rows().collect::<Vec<_>>(), program.dimension(), multipliers),
    }
}

/// Whether the certificate of an answer about the maximum of c.x proves it.
pub fn optimum(program: &Program, objective: &[Rational], answer: &Optimum) -> bool {
    let rows: Vec<_> = program.rows().collect();
    match answer {
        Optimum::Optimal { point, multipliers } => {
            let Some((left, right)) = combination(&rows, program.dimension(), multipliers) else { return false };
            satisfies(program, point) && left == objective && right == dot(objective, point)
        }
        Optimum::Unbounded { point, ray } => {
            let along = |&(a, relation, _): &GivenRow<'_>| match relation {
                Relation::Equal => dot(a, ray) == 0,
                _ => dot(a, ray) <= 0,
            };
            satisfies(program, point) && ray.len() == program.dimension() && rows.iter().all(along) && dot(objective, ray) > 0
        }
        Optimum::Infeasible { multipliers } => proves_infeasible(&rows, program.dimension(), multipliers),
    }
}

/// Whether the certificate of an answer about the redundancy of a row proves it.
pub fn redundancy(program: &Program, row: usize, answer: &Redundancy) -> bool {
    let rows: Vec<_> = program.rows().collect();
    match answer {
        Redundancy::Needed { point } => {
            let others = rows.iter().enumerate().filter(|&(index, _)| index != row);
            point.len() == program.dimension() && others.clone().all(|(_, &r)| satisfied(r, point)) && !satisfied(rows[row], point)
        }
        Redundancy::Redundant { multipliers } => {
            let (a, relation, b) = rows[row];
            let (negative, minus_b): (Vec<_>, _) = (a.iter().map(|x| Rational::from(-x)).collect(), Rational::from(-b));
            let negations: Vec<GivenRow<'_>> = match relation {
                Relation::AtMost => vec![(&negative, Relation::Below, &minus_b)],
                Relation::Below => vec![(&negative, Relation::AtMost, &minus_b)],
                Relation::Equal => vec![(&negative, Relation::Below, &minus_b), (a, Relation::Below, b)],
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

/// Whether the certificate of an answer about the relative interior proves it.
pub fn relative_interior(program: &Program, answer: &RelativeInterior) -> bool {
    let rows: Vec<_> = program.rows().collect();
    match answer {
        RelativeInterior::Point { point, multipliers } => {
            let Some((left, right)) = combination(&rows, program.dimension(), multipliers) else { return false };
            let equation = |index: usize| multipliers.iter().any(|(row, y)| *row == index && *y > 0);
            let strict =
                |(index, &(a, relation, b)): (usize, &GivenRow<'_>)| relation == Relation::Equal || equation(index) || dot(a, point) < *b;
            satisfies(program, point) && left.iter().all(|x| *x == 0) && right == 0 && rows.iter().enumerate().all(strict)
        }
        RelativeInterior::Infeasible { multipliers } => proves_infeasible(&rows, program.dimension(), multipliers),
    }
}
