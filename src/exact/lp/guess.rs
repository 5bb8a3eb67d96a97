//! A dense simplex method in doubles. Its results are guesses; no decision depends on them.

use super::basis::Basis;
use super::closed::{Closed, ClosedRow};
use crate::exact::bound::U;

/// The guess of how a program ends.
pub(super) enum Guess {
    /// It has an optimum at this basis.
    Optimal(Basis),
    /// It has no point.
    Infeasible,
    /// It is unbounded, or the arithmetic failed; this basis may be feasible.
    Unknown(Basis),
}

/// The deepest point of rows that all have the variable t: its basis, and the point with t.
pub(super) fn deepest(closed: &Closed<'_>) -> (Basis, Vec<f64>) {
    let mut dictionary = Dictionary::new(closed, closed.n, closed.n - 1, 1.0);
    dictionary.enter_depth();
    dictionary.climb();
    (dictionary.basis(), dictionary.point())
}

/// The maximum of any program of rows without t.
pub(super) fn maximum(closed: &Closed<'_>) -> Guess {
    let n = closed.n;
    // One more variable, t <= 0, occurs in every row: the program has a point if t can reach 0.
    let mut dictionary = Dictionary::new(closed, n + 1, n, 0.0);
    dictionary.enter_depth();
    dictionary.climb();
    let cap = n + 1 + closed.rows.len();
    let Some(column) = dictionary.nonbasic.iter().position(|&variable| variable == cap) else {
        return Guess::Infeasible;
    };
    dictionary.forbid(column);
    dictionary.aim(closed);
    let ended = dictionary.climb();
    let mut basis = dictionary.basis();
    basis.tight.retain(|&row| row < closed.rows.len());
    basis.zero.retain(|&variable| variable < n);
    if ended { Guess::Optimal(basis) } else { Guess::Unknown(basis) }
}

/// Each row says: basic variable = constant + sum of coefficients times the nonbasic variables. The variables are the free ones, then the
/// slack of each row, then that of the cap if this solver added one.
struct Dictionary {
    free: usize,
    /// The index of the variable t.
    depth: usize,
    width: usize,
    /// The entries row by row; the last row is that of the objective.
    entries: Vec<f64>,
    basic: Vec<usize>,
    nonbasic: Vec<usize>,
    forbidden: Option<usize>,
}

impl Dictionary {
    fn new(closed: &Closed<'_>, free: usize, depth: usize, cap: f64) -> Self {
        let width = free + 1;
        let m = closed.rows.len();
        let own_cap = free > closed.n;
        let mut entries = Vec::with_capacity((m + 2) * width);
        for row in 0..m {
            entries.extend(closed.near(row));
            if own_cap {
                entries.push(-1.0);
            }
        }
        debug_assert!(own_cap || matches!(closed.rows[m - 1], ClosedRow::Cap));
        if own_cap {
            entries.push(cap);
            entries.extend((0..free).map(|j| if j == depth { -1.0 } else { 0.0 }));
        }
        entries.extend((0..width).map(|j| f64::from(u8::from(j == depth + 1))));
        let rows = m + usize::from(own_cap);
        Self { free, depth, width, entries, basic: (free..free + rows).collect(), nonbasic: (0..free).collect(), forbidden: None }
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.entries[row * self.width + 1 + column]
    }

    fn constant(&self, row: usize) -> f64 {
        self.entries[row * self.width]
    }

    fn pivot(&mut self, r: usize, s: usize) {
        let width = self.width;
        let mut top = self.entries[r * width..][..width].to_vec();
        let inverse = 1.0 / top[1 + s];
        top[1 + s] = -1.0;
        top.iter_mut().for_each(|x| *x *= -inverse);
        for (i, row) in self.entries.chunks_exact_mut(width).enumerate() {
            let factor = std::mem::replace(&mut row[1 + s], 0.0);
            if i != r && factor != 0.0 {
                row.iter_mut().zip(&top).for_each(|(x, y)| *x = sum(*x, factor * y));
            }
        }
        self.entries[r * width..][..width].copy_from_slice(&top);
        std::mem::swap(&mut self.basic[r], &mut self.nonbasic[s]);
    }

    /// Makes t so small that all slacks are nonnegative.
    fn enter_depth(&mut self) {
        let rows = 0..self.basic.len();
        let lowest = rows.filter(|&r| self.at(r, self.depth) < 0.0).min_by(|&a, &b| self.constant(a).total_cmp(&self.constant(b)));
        if let Some(r) = lowest {
            self.pivot(r, self.depth);
        }
    }

    /// Increases the objective until no column increases it; false if no end is found.
    fn climb(&mut self) -> bool {
        let objective = self.basic.len();
        for _ in 0..20 + 10 * (self.basic.len() + self.free) {
            let Some((s, up)) = self.entering(objective) else { return true };
            let Some(r) = self.leaving(s, up) else { return false };
            self.pivot(r, s);
        }
        false
    }

    /// The variable that enters: free variables before slacks, and among either the steepest.
    fn entering(&self, objective: usize) -> Option<(usize, bool)> {
        let mut best = (0.0, false, None);
        for (s, &variable) in self.nonbasic.iter().enumerate() {
            let slope = self.at(objective, s);
            let free = variable < self.free;
            let gain = if free { slope.abs() } else { slope };
            if gain > 0.0 && Some(s) != self.forbidden && (free, gain) > (best.1, best.0) {
                best = (gain, free, Some((s, slope > 0.0)));
            }
        }
        best.2
    }

    /// The slack that reaches 0 first. Among ties, that of the cap, so that t ends at the cap; else the one that decreases fastest.
    fn leaving(&self, s: usize, up: bool) -> Option<usize> {
        let cap = self.free + self.basic.len() - 1;
        let mut best: Option<(f64, f64, usize)> = None;
        for (r, &variable) in self.basic.iter().enumerate().filter(|&(_, &variable)| variable >= self.free) {
            let fall = if up { -self.at(r, s) } else { self.at(r, s) };
            if fall > 0.0 {
                let time = self.constant(r).max(0.0) / fall;
                let speed = if variable == cap { f64::INFINITY } else { fall };
                if best.is_none_or(|(first, fastest, _)| time < first || (time == first && speed > fastest)) {
                    best = Some((time, speed, r));
                }
            }
        }
        best.map(|(_, _, r)| r)
    }

    /// Keeps a column nonbasic, and its variable 0, from now on.
    fn forbid(&mut self, column: usize) {
        self.forbidden = Some(column);
    }

    /// Replaces the objective t by the program's own objective.
    fn aim(&mut self, closed: &Closed<'_>) {
        let mut row = vec![0.0; self.width];
        for (j, c) in closed.near_objective().into_iter().enumerate().filter(|&(_, c)| c != 0.0) {
            match self.basic.iter().position(|&variable| variable == j) {
                Some(r) => row.iter_mut().zip(&self.entries[r * self.width..]).for_each(|(x, y)| *x += c * y),
                None => {
                    let s = self.nonbasic.iter().position(|&variable| variable == j);
                    s.into_iter().for_each(|s| row[1 + s] += c);
                }
            }
        }
        let last = self.entries.len() - self.width;
        self.entries[last..].copy_from_slice(&row);
    }

    fn basis(&self) -> Basis {
        let (zero, slacks): (Vec<usize>, Vec<usize>) = self.nonbasic.iter().partition(|&&variable| variable < self.free);
        Basis { tight: slacks.into_iter().map(|variable| variable - self.free).collect(), zero }
    }

    fn point(&self) -> Vec<f64> {
        let mut point = vec![0.0; self.free];
        for (r, &variable) in self.basic.iter().enumerate().filter(|&(_, &variable)| variable < self.free) {
            point[variable] = self.constant(r);
        }
        point
    }
}

/// x + y, or 0 if the sum is not larger than the rounding errors of the sum and of y, which are both within 2 u (|x| + |y|).
fn sum(x: f64, y: f64) -> f64 {
    let sum = x + y;
    if sum.abs() > 2.0 * U * (x.abs() + y.abs()) { sum } else { 0.0 }
}
