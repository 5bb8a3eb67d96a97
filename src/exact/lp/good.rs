//! Guesses by `good_lp`: its solver returns a point, and the rows that are nearly tight there form a basis.

use super::basis::Basis;
use super::closed::Closed;
use super::guess::Guess;
use good_lp::{Expression, Solution as _, SolverModel as _, Variable, WithTimeLimit as _, default_solver, variable, variables};
use rug::Rational;

/// The time limit of a guess in seconds. The solver can cycle at degenerate points.
const PATIENCE: f64 = 0.5;

/// The deepest point of rows that all have the variable t: its basis, and the point with t.
pub(super) fn deepest(closed: &Closed<'_>) -> (Basis, Vec<f64>) {
    point(closed).map_or_else(|| (Basis::default(), vec![f64::NAN; closed.n]), |point| (active(closed, &point), point))
}

/// The maximum of any program of rows without t.
pub(super) fn maximum(closed: &Closed<'_>) -> Guess {
    match point(closed) {
        Some(point) => Guess::Optimal(active(closed, &point)),
        None => Guess::Unknown(Basis::default()),
    }
}

/// The point that the solver returns, if it finds one.
fn point(closed: &Closed<'_>) -> Option<Vec<f64>> {
    let mut unknowns = variables!();
    let x: Vec<Variable> = (0..closed.n).map(|_| unknowns.add(variable())).collect();
    let objective: Expression = x.iter().zip(closed.near_objective()).map(|(&x, c)| c * x).sum();
    let mut model = unknowns.maximise(objective).using(default_solver).with_time_limit(PATIENCE);
    for row in 0..closed.rows.len() {
        let entries: Vec<f64> = closed.near(row).collect();
        if !entries.iter().all(|x| x.is_finite()) {
            return None;
        }
        let left: Expression = x.iter().zip(&entries[1..]).map(|(&x, a)| -a * x).sum();
        model.add_constraint(left.leq(entries[0]));
    }
    let solution = model.solve().ok()?;
    Some(x.into_iter().map(|x| solution.value(x)).collect())
}

/// The independent rows with the least slack, as many as there are, and the variables that they do not determine.
fn active(closed: &Closed<'_>, point: &[f64]) -> Basis {
    let rows: Vec<Vec<f64>> = (0..closed.rows.len()).map(|row| closed.near(row).collect()).collect();
    let slack = |row: &[f64]| row[0] + row[1..].iter().zip(point).map(|(a, x)| a * x).sum::<f64>();
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|&a, &b| slack(&rows[a]).abs().total_cmp(&slack(&rows[b]).abs()));
    // Eliminates each row exactly by the rows taken before it: a dependent row becomes 0.
    let mut taken: Vec<(usize, Vec<Rational>, usize)> = Vec::new();
    for index in order {
        let mut rest: Vec<Rational> = (0..closed.n).map(|j| Rational::from(closed.coefficient(index, j))).collect();
        for (_, row, pivot) in &taken {
            let factor = Rational::from(&rest[*pivot] / &row[*pivot]);
            rest.iter_mut().zip(row).for_each(|(x, y)| *x -= Rational::from(&factor * y));
        }
        if let Some(pivot) = rest.iter().position(|x| *x != 0) {
            taken.push((index, rest, pivot));
        }
    }
    let zero = (0..closed.n).filter(|&j| taken.iter().all(|&(_, _, pivot)| pivot != j)).collect();
    Basis { tight: taken.into_iter().map(|(index, _, _)| index).collect(), zero }
}
