//! From a guess of the tight rows to a proof in integers.

use super::closed::Closed;
use rug::{Integer, Rational};

/// A guess of which rows are tight and which variables are 0, as many in total as there are variables.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Basis {
    pub tight: Vec<usize>,
    pub zero: Vec<usize>,
}

impl Basis {
    /// The variables that are not fixed at 0.
    fn variables(&self, n: usize) -> Option<Vec<usize>> {
        let variables: Vec<usize> = (0..n).filter(|j| !self.zero.contains(j)).collect();
        (variables.len() == self.tight.len()).then_some(variables)
    }

    /// The point that the basis determines, as numerators and a positive denominator, if it is unique.
    pub(super) fn point(&self, closed: &Closed<'_>) -> Option<(Vec<Integer>, Integer)> {
        let variables = self.variables(closed.n)?;
        let row = |&i: &usize| -> Vec<Integer> {
            variables.iter().map(|&j| closed.coefficient(i, j).clone()).chain([closed.right(i).clone()]).collect()
        };
        let (numerators, denominator) = solve(self.tight.iter().map(row).collect())?;
        let mut point = vec![Integer::new(); closed.n];
        variables.into_iter().zip(numerators).for_each(|(j, x)| point[j] = x);
        Some((point, denominator))
    }

    /// The multipliers of the tight rows with sum y a = c, as numerators and a positive denominator, if they exist and none is negative.
    pub(super) fn multipliers(&self, closed: &Closed<'_>) -> Option<(Vec<Integer>, Integer)> {
        let variables = self.variables(closed.n)?;
        let column = |&j: &usize| -> Vec<Integer> {
            self.tight.iter().map(|&i| closed.coefficient(i, j).clone()).chain([closed.objective[j].clone()]).collect()
        };
        let (numerators, denominator) = solve(variables.iter().map(column).collect())?;
        let balanced = |&j: &usize| {
            let mut rest = Integer::from(&closed.objective[j] * &denominator);
            self.tight.iter().zip(&numerators).for_each(|(&i, y)| rest -= closed.coefficient(i, j) * y);
            rest.is_zero()
        };
        let sound = numerators.iter().all(|y| y.cmp0().is_ge()) && self.zero.iter().all(balanced);
        sound.then_some((numerators, denominator))
    }

    /// The multipliers with the indices of their rows, without those that are 0.
    pub(super) fn by_row(&self, (numerators, denominator): (Vec<Integer>, Integer)) -> Vec<(usize, Rational)> {
        let positive = self.tight.iter().zip(numerators).filter(|(_, y)| !y.is_zero());
        let mut multipliers: Vec<_> = positive.map(|(&i, y)| (i, Rational::from((y, denominator.clone())))).collect();
        multipliers.sort_by_key(|&(row, _)| row);
        multipliers
    }
}

/// Numerators over a denominator, as fractions.
pub(super) fn fractions((numerators, denominator): (Vec<Integer>, Integer)) -> Vec<Rational> {
    numerators.into_iter().map(|x| Rational::from((x, denominator.clone()))).collect()
}

/// Solves n equations in n unknowns; each row has the coefficients and then the right side. Returns numerators and a positive denominator,
/// or `None` if the rows are dependent. The elimination has no fractions: all entries are minors of the rows (Bareiss 1968, Math. Comp.
/// 22), and the unknowns times the last pivot are integers (Cramer).
fn solve(mut rows: Vec<Vec<Integer>>) -> Option<(Vec<Integer>, Integer)> {
    let n = rows.len();
    let (mut previous, mut product) = (Integer::from(1), Integer::new());
    for k in 0..n {
        let pivot = (k..n).find(|&i| !rows[i][k].is_zero())?;
        rows.swap(pivot, k);
        let (above, below) = rows.split_at_mut(k + 1);
        let top = &above[k];
        for row in below {
            let (head, tail) = row.split_at_mut(k + 1);
            let head = &head[k];
            for (x, y) in tail.iter_mut().zip(&top[k + 1..]) {
                *x *= &top[k];
                product.clone_from(y);
                product *= head;
                *x -= &product;
                x.div_exact_mut(&previous);
            }
        }
        previous.clone_from(&rows[k][k]);
    }
    let mut denominator = previous;
    let mut unknowns = vec![Integer::new(); n];
    for i in (0..n).rev() {
        let (done, rest) = unknowns.split_at_mut(i + 1);
        let x = &mut done[i];
        x.clone_from(&rows[i][n]);
        *x *= &denominator;
        rows[i][i + 1..n].iter().zip(&*rest).for_each(|(u, y)| *x -= u * y);
        x.div_exact_mut(&rows[i][i]);
    }
    if denominator < 0 {
        denominator = -denominator;
        unknowns.iter_mut().for_each(|x| *x = Integer::from(-&*x));
    }
    Some((unknowns, denominator))
}

#[cfg(test)]
mod tests {
    use super::super::Row;
    use super::super::closed::ClosedRow;
    use super::*;

    #[test]
    fn equations_are_solved_exactly() {
        for seed in 0..300u64 {
            let n = (seed % 5) as usize;
            let entry = |i: usize, j: usize| {
                let word = (seed * 37 + (i * 11 + j) as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                Integer::from((word >> 40) % 7) - 3u32
            };
            let rows: Vec<Vec<Integer>> = (0..n).map(|i| (0..=n).map(|j| entry(i, j)).collect()).collect();
            if let Some((x, q)) = solve(rows.clone()) {
                assert!(q > 0);
                for row in &rows {
                    let left: Integer = row[..n].iter().zip(&x).map(|(a, x)| Integer::from(a * x)).sum();
                    assert_eq!(left, Integer::from(&row[n] * &q), "{rows:?}");
                }
            }
        }
        let dependent = [[1, 2, 3], [2, 4, 6]].map(|row| row.map(Integer::from).to_vec()).to_vec();
        assert!(solve(dependent).is_none());
    }
    /// max x + y with x <= 1: no multiplier of that row balances y, which a wrong guess fixes at 0.
    #[test]
    fn multipliers_balance_the_variables_at_0_too() {
        let row = Row::new(&[1.into(), 0.into()], &1.into());
        let of = |objective: [i32; 2]| {
            let closed = Closed { n: 2, rows: vec![ClosedRow::Plain(&row)], objective: objective.map(Integer::from).to_vec() };
            Basis { tight: vec![0], zero: vec![1] }.multipliers(&closed)
        };
        assert_eq!(of([1, 1]), None);
        assert_eq!(of([3, 0]), Some((vec![Integer::from(3)], Integer::from(1))));
        assert_eq!(of([-3, 0]), None);
    }
}
