//! Proves that the arguments of quotients and powers stay in their domains on the whole segment, or says where they may leave it.

use super::forward::Line;
use super::isolate::{Found, History, Search};
use super::number::Number;
use super::order::{ROUNDS, narrower};
use super::plan::Guard;
use super::{FIRST, Segment, narrowest};
use crate::line::{Enclosure, TraceError};
use crate::network::graph::Domain;
use rug::{Float, Rational};
use std::cmp::Ordering;

impl Segment<'_> {
    /// Checks all guards, node by node: what is above an operation is a number only if its own argument is in the domain.
    ///
    /// # Errors
    /// The first node with a guard that is not proved, with the first such time.
    pub(super) fn check_domains(&self, line: &Line<f64>) -> Result<(), TraceError> {
        self.plan.guards.chunk_by(|x, y| x.node == y.node).try_for_each(|guards| {
            let (linear, curved): (Vec<&Guard>, Vec<&Guard>) =
                guards.iter().partition(|guard| self.plan.nodes[self.plan.signs[guard.sign].node].is_linear);
            let mut open: Vec<(Enclosure, &Guard)> = linear.into_iter().filter_map(|guard| Some((self.outside(guard)?, guard))).collect();
            open.extend(self.unproved(&curved, line));
            match open.into_iter().min_by(|(x, _), (y, _)| x.lo.total_cmp(&y.lo)) {
                Some((t, guard)) => Err(self.undefined(guard, t)),
                None => Ok(()),
            }
        })
    }

    fn undefined(&self, guard: &Guard, t: Enclosure) -> TraceError {
        let name = self.plan.graph.nodes()[guard.node].name.clone();
        TraceError::Undefined { node: guard.node, name, element: guard.element, t, is_positive: guard.domain == Domain::Positive }
    }

    /// Where a linear argument is outside of the domain, if it is anywhere.
    fn outside(&self, guard: &Guard) -> Option<Enclosure> {
        let [p, q] = self.exact(guard.sign);
        let end = Rational::from(&p + &q);
        let is_wrong = |sign: Ordering| sign == Ordering::Equal || (guard.domain == Domain::Positive && sign == Ordering::Less);
        let at = |t: f64| Some(Enclosure { lo: t, hi: t });
        match (p.cmp0(), end.cmp0()) {
            (first, _) if is_wrong(first) => at(0.0),
            (first, last) if first == last => None,
            (_, Ordering::Equal) => at(1.0),
            _ => Some(Enclosure::of(&(-p / q))),
        }
    }

    /// The arguments that are not proved to be in their domains, each with a place: in doubles, and what is left in higher precision.
    fn unproved<'g>(&self, guards: &[&'g Guard], line: &Line<f64>) -> Vec<(Enclosure, &'g Guard)> {
        let signs: Vec<usize> = guards.iter().map(|guard| guard.sign).collect();
        let mut search = Search::new(self.plan, line, narrowest(53));
        let histories = search.run(&0.0, &1.0, &signs);
        let (mut outside, mut left) = (Vec::new(), Vec::new());
        let mut take = |guard: &'g Guard, verdict: Verdict<Float>, left: &mut Vec<(&'g Guard, [Float; 2])>| match verdict {
            Verdict::Outside(t) => outside.push((t, guard)),
            Verdict::Open(intervals) => left.extend(intervals.into_iter().map(|ends| (guard, ends))),
        };
        let whole = [0.0, 1.0];
        for (guard, history) in guards.iter().zip(&histories) {
            let verdict = judged(&mut search, guard, history, &whole).map(|ends| ends.map(|end| Float::with_val(FIRST, end)));
            take(guard, verdict, &mut left);
        }
        for &precision in &self.precisions {
            if left.is_empty() {
                break;
            }
            let line = self.line(precision);
            let mut search = Search::new(self.plan, &line, narrowest(precision));
            for (guard, ends) in std::mem::take(&mut left) {
                let [lo, hi] = ends.map(|end| Float::with_val(precision, end));
                let history = search.run(&lo, &hi, &[guard.sign]).pop().expect("one history for one sign");
                let verdict = judged(&mut search, guard, &history, &[lo, hi]).map(|ends| zeros(&mut search, guard, ends));
                take(guard, verdict, &mut left);
            }
        }
        outside.extend(left.into_iter().map(|(guard, [lo, hi])| (enclosure(&lo, &hi), guard)));
        outside
    }
}

/// What a history says of an argument.
enum Verdict<N> {
    /// It leaves the domain in this interval.
    Outside(Enclosure),
    /// It is in the domain, but for these intervals, where that is not certain.
    Open(Vec<[N; 2]>),
}

impl<N> Verdict<N> {
    fn map<M>(self, of: impl FnMut([N; 2]) -> [M; 2]) -> Verdict<M> {
        match self {
            Self::Outside(t) => Verdict::Outside(t),
            Self::Open(intervals) => Verdict::Open(intervals.into_iter().map(of).collect()),
        }
    }
}

/// The part of an interval where the argument can be 0: Newton's steps, as long as its slope has a sign.
fn zeros<N: Number>(search: &mut Search<'_, N>, guard: &Guard, ends: [N; 2]) -> [N; 2] {
    (0..ROUNDS).fold(ends, |[lo, hi], _| search.zeros(guard.sign, &lo, &hi).unwrap_or([lo, hi]))
}

fn judged<N: Number>(search: &mut Search<'_, N>, guard: &Guard, history: &History<N>, [lo, hi]: &[N; 2]) -> Verdict<N> {
    let is_wrong = |sign: Ordering| sign == Ordering::Equal || (guard.domain == Domain::Positive && sign == Ordering::Less);
    if history.zero[0] || history.start.is_some_and(is_wrong) {
        return Verdict::Outside(enclosure(lo, lo));
    }
    let crossing = history.found.iter().find_map(|found| match found {
        Found::Crossing { rises, .. } => Some((*rises, found.ends())),
        Found::Unknown { .. } => None,
    });
    match crossing {
        Some((rises, mut ends)) => {
            for _ in 0..ROUNDS {
                ends = narrower(search, guard.sign, rises, ends);
            }
            Verdict::Outside(enclosure(&ends[0], &ends[1]))
        }
        None if history.zero[1] => Verdict::Outside(enclosure(hi, hi)),
        // Without a crossing the sign at the start is that of the whole interval, where it is known.
        None if history.start.is_none() && history.found.is_empty() => Verdict::Open(vec![[lo.clone(), hi.clone()]]),
        None => Verdict::Open(history.found.iter().map(Found::ends).collect()),
    }
}

/// Doubles around an interval of times.
fn enclosure<N: Number>(lo: &N, hi: &N) -> Enclosure {
    Enclosure { lo: lo.below().max(0.0), hi: hi.above().min(1.0) }
}
