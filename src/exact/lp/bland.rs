//! The exact simplex method in integers, with Bland's rule, so that it terminates.

use super::basis::Basis;
use super::closed::{Closed, Solution};
use rug::{Integer, Rational};

/// A variable of the dictionary: free ones first, then the slack of each row.
type Variable = usize;

/// A row of the dictionary: basic variable = (constant + sum of coefficients times the nonbasic variables) / denominator, with one positive
/// denominator for all rows. The entries are minors of the first rows (Edmonds 1967), so every division is exact.
struct Dictionary {
    /// The number of free variables.
    free: usize,
    denominator: Integer,
    /// For each row, the constant and then the coefficients; the last row is that of the objective.
    rows: Vec<Vec<Integer>>,
    basic: Vec<Variable>,
    nonbasic: Vec<Variable>,
}

/// Solves a program, starting from a basis that may be close to the optimal one.
///
/// First the free variables enter the basis. Then the dual simplex method with objective 0 finds a feasible basis, and the primal one finds
/// the optimum. Of all variables that may leave or enter, the first one is taken; with this rule no basis returns (Bland 1977), so both
/// methods terminate.
pub(super) fn solve(closed: &Closed<'_>, near: &Basis) -> Solution {
    let mut dictionary = Dictionary::new(closed);
    dictionary.enter_free_variables(near);
    if let Some(multipliers) = dictionary.find_feasible() {
        return Solution::Infeasible { multipliers };
    }
    match dictionary.find_best() {
        None => Solution::Optimal { point: dictionary.point(), multipliers: dictionary.multipliers() },
        Some(ray) => Solution::Unbounded { point: dictionary.point(), ray },
    }
}

impl Dictionary {
    fn new(closed: &Closed<'_>) -> Self {
        let (n, m) = (closed.n, closed.rows.len());
        let slack = |i: usize| -> Vec<Integer> {
            std::iter::once(closed.right(i).clone()).chain((0..n).map(|j| Integer::from(-closed.coefficient(i, j)))).collect()
        };
        let objective = std::iter::once(Integer::new()).chain(closed.objective.iter().cloned()).collect();
        Self {
            free: n,
            denominator: Integer::from(1),
            rows: (0..m).map(slack).chain([objective]).collect(),
            basic: (n..n + m).collect(),
            nonbasic: (0..n).collect(),
        }
    }

    fn is_slack(&self, variable: Variable) -> bool {
        variable >= self.free
    }

    /// Exchanges the basic variable of row `r` and the nonbasic variable of column `s`.
    fn pivot(&mut self, r: usize, s: usize) {
        let mut top = std::mem::take(&mut self.rows[r]);
        let pivot = std::mem::take(&mut top[1 + s]);
        let mut product = Integer::new();
        for row in self.rows.iter_mut().filter(|row| !row.is_empty()) {
            let factor = std::mem::take(&mut row[1 + s]);
            for (j, (x, y)) in row.iter_mut().zip(&top).enumerate() {
                if j == 1 + s {
                    continue;
                }
                *x *= &pivot;
                product.clone_from(y);
                product *= &factor;
                *x -= &product;
                x.div_exact_mut(&self.denominator);
            }
            row[1 + s] = factor;
        }
        top.iter_mut().for_each(|x| *x = Integer::from(-&*x));
        top[1 + s] = std::mem::replace(&mut self.denominator, pivot);
        self.rows[r] = top;
        std::mem::swap(&mut self.basic[r], &mut self.nonbasic[s]);
        if self.denominator < 0 {
            self.denominator = Integer::from(-&self.denominator);
            self.rows.iter_mut().flatten().for_each(|x| *x = Integer::from(-&*x));
        }
    }

    /// Makes as many free variables basic as possible. The others occur in no row, and stay 0. Rows that the guess calls tight leave the
    /// basis first.
    fn enter_free_variables(&mut self, near: &Basis) {
        let order: Vec<usize> = near.tight.iter().copied().chain(0..self.basic.len()).collect();
        for s in 0..self.free {
            let may_leave = |&&r: &&usize| self.is_slack(self.basic[r]) && !self.rows[r][1 + s].is_zero();
            if !near.zero.contains(&s)
                && let Some(&r) = order.iter().find(may_leave)
            {
                self.pivot(r, s);
            }
        }
        let free = self.free;
        for &s in near.zero.iter().filter(|&&s| s < free) {
            let may_leave = |&r: &usize| self.is_slack(self.basic[r]) && !self.rows[r][1 + s].is_zero();
            if let Some(r) = (0..self.basic.len()).find(may_leave) {
                self.pivot(r, s);
            }
        }
    }

    /// Makes all slacks nonnegative; if this is impossible, returns the multipliers that prove it.
    fn find_feasible(&mut self) -> Option<Vec<(usize, Rational)>> {
        loop {
            let negative = (0..self.basic.len()).filter(|&r| self.is_slack(self.basic[r]) && self.rows[r][0] < 0);
            let r = negative.min_by_key(|&r| self.basic[r])?;
            let raises = (0..self.nonbasic.len()).filter(|&s| self.rows[r][1 + s] > 0);
            match raises.min_by_key(|&s| self.nonbasic[s]) {
                Some(s) => self.pivot(r, s),
                None => {
                    // slack_r + sum of -coefficients times slacks is a negative constant.
                    let own = (self.basic[r] - self.free, Rational::from(1));
                    return Some(self.slack_terms(r).chain([own]).collect::<std::collections::BTreeMap<_, _>>().into_iter().collect());
                }
            }
        }
    }

    /// The slacks in a row, as indices of their rows, with the negated coefficients.
    fn slack_terms(&self, r: usize) -> impl Iterator<Item = (usize, Rational)> + '_ {
        let columns = (0..self.nonbasic.len()).filter(move |&s| self.is_slack(self.nonbasic[s]) && !self.rows[r][1 + s].is_zero());
        columns.map(move |s| {
            let y = Rational::from((Integer::from(-&self.rows[r][1 + s]), self.denominator.clone()));
            (self.nonbasic[s] - self.free, y)
        })
    }

    /// Increases the objective to its maximum, from a feasible basis; if it is unbounded, returns the ray.
    fn find_best(&mut self) -> Option<Vec<Rational>> {
        let objective = self.basic.len();
        loop {
            let raises = |&s: &usize| {
                let coefficient = &self.rows[objective][1 + s];
                *coefficient > 0 || (*coefficient < 0 && !self.is_slack(self.nonbasic[s]))
            };
            let s = (0..self.nonbasic.len()).filter(raises).min_by_key(|&s| self.nonbasic[s])?;
            // A free variable that is still nonbasic occurs in no slack, so nothing limits it in either direction.
            let falls = |&r: &usize| self.is_slack(self.basic[r]) && self.rows[r][1 + s] < 0;
            let first = (0..self.basic.len()).filter(falls).min_by(|&r, &other| {
                // Compares the quotients constant / -coefficient by cross-multiplication.
                let (a, b) = (&self.rows[r], &self.rows[other]);
                let order = Integer::from(&b[0] * &a[1 + s]).cmp(&Integer::from(&a[0] * &b[1 + s]));
                order.then(self.basic[r].cmp(&self.basic[other]))
            });
            match first {
                Some(r) => self.pivot(r, s),
                None => return Some(self.ray(s, self.rows[objective][1 + s] < 0)),
            }
        }
    }

    /// The direction of the free variables as a nonbasic variable increases, or decreases.
    fn ray(&self, s: usize, down: bool) -> Vec<Rational> {
        let mut ray = vec![Rational::new(); self.free];
        let sign = if down { -1 } else { 1 };
        if !self.is_slack(self.nonbasic[s]) {
            ray[self.nonbasic[s]] = Rational::from(sign);
        }
        for (r, &variable) in self.basic.iter().enumerate().filter(|&(_, &variable)| !self.is_slack(variable)) {
            ray[variable] = Rational::from((Integer::from(&self.rows[r][1 + s] * sign), self.denominator.clone()));
        }
        ray
    }

    fn point(&self) -> Vec<Rational> {
        let mut point = vec![Rational::new(); self.free];
        for (r, &variable) in self.basic.iter().enumerate().filter(|&(_, &variable)| !self.is_slack(variable)) {
            point[variable] = Rational::from((self.rows[r][0].clone(), self.denominator.clone()));
        }
        point
    }

    fn multipliers(&self) -> Vec<(usize, Rational)> {
        let mut multipliers: Vec<_> = self.slack_terms(self.basic.len()).collect();
        multipliers.sort_by_key(|&(row, _)| row);
        multipliers
    }
}
