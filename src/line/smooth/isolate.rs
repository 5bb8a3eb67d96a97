//! Isolates the crossings of each bit: intervals with exactly one, and intervals with none.

use super::ball::Ball;
use super::forward::{Line, Pass};
use super::number::Number;
use super::plan::Plan;
use std::cmp::Ordering;
use std::collections::VecDeque;

/// A bit that is 0 along the whole segment, but for rounding, is not decided anywhere: so often are its intervals split, in doubles and in
/// each higher precision.
const MOST_SPLITS: u32 = 4096;
const MOST_FINE_SPLITS: u32 = 2048;

/// What is known of an element on an interval.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    /// It has this sign everywhere.
    Sign(Ordering),
    /// Its slope is positive everywhere, or negative everywhere.
    Monotone {
        rises: bool,
    },
    Unknown,
}

/// An interval, with what is known there. The leaves of a bit cover the segment in order.
#[derive(Debug)]
struct Leaf<N> {
    lo: N,
    hi: N,
    kind: Kind,
    /// If the element is monotone: where it can be 0, if anywhere.
    root: Option<[N; 2]>,
}

/// What happens to a bit, in order of time.
#[derive(Clone, Debug)]
pub(super) enum Found<N> {
    /// Exactly one crossing, with monotone values around it.
    Crossing { lo: N, hi: N, rises: bool },
    /// Nothing is known but the signs just before and just after, where these are certain.
    Unknown { lo: N, hi: N, before: Option<Ordering>, after: Option<Ordering> },
}

impl<N: Clone> Found<N> {
    /// The interval.
    pub fn ends(&self) -> [N; 2] {
        match self {
            Self::Crossing { lo, hi, .. } | Self::Unknown { lo, hi, .. } => [lo.clone(), hi.clone()],
        }
    }
}

/// What happens to a bit on an interval. The signs at its ends are those of the open interval next to them.
#[derive(Debug)]
pub(super) struct History<N> {
    pub start: Option<Ordering>,
    pub end: Option<Ordering>,
    pub found: Vec<Found<N>>,
    /// Whether the element is exactly 0 at the ends.
    pub zero: [bool; 2],
}

/// A search in numbers of one precision.
pub(super) struct Search<'a, N> {
    pub plan: &'a Plan,
    pub line: &'a Line<N>,
    pub pass: Pass<N>,
    /// Intervals are not split below this width.
    pub narrowest: f64,
    leaves: Vec<Vec<Leaf<N>>>,
    /// For each bit, how often its intervals may still be split.
    splits: Vec<u32>,
    /// The number of intervals that were decided.
    pub decided: u64,
}

impl<'a, N: Number> Search<'a, N> {
    pub fn new(plan: &'a Plan, line: &'a Line<N>, narrowest: f64) -> Self {
        let leaves = plan.signs.iter().map(|_| Vec::new()).collect();
        let most = if line.like.roundoff() >= f64::EPSILON / 2.0 { MOST_SPLITS } else { MOST_FINE_SPLITS };
        Self { plan, line, pass: Pass::new(plan, line), narrowest, leaves, splits: vec![most; plan.signs.len()], decided: 0 }
    }

    /// The histories of some bits on an interval.
    pub fn run(&mut self, lo: &N, hi: &N, bits: &[usize]) -> Vec<History<N>> {
        self.leaves.iter_mut().for_each(Vec::clear);
        // By width, so that a bit that is not decided anywhere spends its splits evenly.
        let mut queue = VecDeque::from([(lo.clone(), hi.clone(), bits.to_vec())]);
        while let Some((lo, hi, bits)) = queue.pop_front() {
            self.visit(lo, hi, &bits, &mut queue);
        }
        let order = |x: &Leaf<N>, y: &Leaf<N>| x.lo.partial_cmp(&y.lo).expect("times are numbers");
        self.leaves.iter_mut().for_each(|leaves| leaves.sort_by(order));
        bits.iter().map(|&bit| self.history(bit)).collect()
    }

    fn visit(&mut self, lo: N, hi: N, bits: &[usize], queue: &mut VecDeque<(N, N, Vec<usize>)>) {
        if bits.is_empty() {
            return;
        }
        let elements = bits.iter().map(|&bit| self.plan.signs[bit].element as usize);
        self.pass.run(self.plan, self.line, [&lo, &hi], elements);
        let middle = self.pass.middle().clone();
        let can_split = hi.add(&lo.neg()).size() > self.narrowest && lo < middle && middle < hi;
        let mut rest = Vec::new();
        for &bit in bits {
            let (kind, root) = self.judge(bit, &lo, &hi);
            if kind == Kind::Unknown && can_split && self.splits[bit] > 0 && !self.is_rounding(bit) {
                self.splits[bit] -= 1;
                rest.push(bit);
            } else {
                self.decided += u64::from(kind != Kind::Unknown);
                self.leaves[bit].push(Leaf { lo: lo.clone(), hi: hi.clone(), kind, root });
            }
        }
        if !rest.is_empty() {
            queue.push_back((lo, middle.clone(), rest.clone()));
            queue.push_back((middle, hi, rest));
        }
    }

    /// Whether the value of a bit varies less on the interval of the last pass than the rounding at its middle, so that splitting is in vain.
    fn is_rounding(&self, bit: usize) -> bool {
        let element = self.plan.signs[bit].element as usize;
        let value = &self.pass.value[element];
        // A value wider than the narrowest interval comes from an overflow, and may be narrow elsewhere.
        value.rad <= self.narrowest && self.over(bit).rad <= 2.0 * value.rad
    }

    /// All values of a bit's element on the interval of the last pass.
    fn over(&self, bit: usize) -> Ball<N> {
        let BitPlace { node, element } = self.place(bit);
        self.pass.over(self.plan, node, element)
    }

    /// What the last pass proves of a bit.
    fn judge(&self, bit: usize, lo: &N, hi: &N) -> (Kind, Option<[N; 2]>) {
        let plan = &self.plan.signs[bit];
        let element = plan.element as usize;
        if let Some(sign) = plan.above(&self.over(bit)).sign() {
            return (Kind::Sign(sign), None);
        }
        let slope = &self.pass.slope[element];
        if !slope.is_positive() && !slope.is_negative() {
            return (Kind::Unknown, None);
        }
        (Kind::Monotone { rises: slope.is_positive() }, self.root(bit, lo, hi))
    }

    /// The part of the interval of the last pass where a monotone element can be 0: m - v(m) / v' (proofs/smooth.md, section 3).
    pub fn root(&self, bit: usize, lo: &N, hi: &N) -> Option<[N; 2]> {
        let plan = &self.plan.signs[bit];
        let element = plan.element as usize;
        let step = plan.above(&self.pass.value[element]).over(&self.pass.slope[element]);
        let root = Ball::exact(self.pass.middle().clone()) - step;
        if !root.is_finite() {
            return Some([lo.clone(), hi.clone()]);
        }
        let [first, last] = root.ends();
        let first = if first < *lo { lo.clone() } else { first };
        let last = if last > *hi { hi.clone() } else { last };
        (first <= last).then_some([first, last])
    }

    /// The part of an interval where an element can be 0, if its slope has a sign there.
    pub fn zeros(&mut self, bit: usize, lo: &N, hi: &N) -> Option<[N; 2]> {
        let BitPlace { element, .. } = self.place(bit);
        self.pass.run(self.plan, self.line, [lo, hi], std::iter::once(element));
        let slope = &self.pass.slope[element];
        if slope.is_positive() || slope.is_negative() { self.root(bit, lo, hi) } else { None }
    }

    /// The sign of a bit's element at a time, if it is certain.
    fn sign_at(&mut self, bit: usize, t: &N) -> Option<Ordering> {
        let BitPlace { element, .. } = self.place(bit);
        self.pass.run(self.plan, self.line, [t, t], std::iter::once(element));
        self.plan.signs[bit].above(&self.pass.value[element]).sign()
    }

    fn place(&self, bit: usize) -> BitPlace {
        let plan = &self.plan.signs[bit];
        BitPlace { node: plan.node, element: plan.element as usize }
    }

    /// Puts the leaves of a bit together.
    fn history(&mut self, bit: usize) -> History<N> {
        let leaves = std::mem::take(&mut self.leaves[bit]);
        let mut history = History { start: None, end: None, found: Vec::new(), zero: [false; 2] };
        let mut i = 0;
        while i < leaves.len() {
            if let Kind::Sign(sign) = leaves[i].kind {
                if i == 0 {
                    history.start = Some(sign);
                }
                history.end = Some(sign);
                i += 1;
                continue;
            }
            let end = (i..leaves.len()).find(|&j| matches!(leaves[j].kind, Kind::Sign(_))).unwrap_or(leaves.len());
            self.resolve(bit, &leaves, i..end, &mut history);
            i = end;
        }
        self.leaves[bit] = leaves;
        history
    }

    /// Resolves neighbouring leaves none of which has one sign.
    fn resolve(&mut self, bit: usize, leaves: &[Leaf<N>], range: std::ops::Range<usize>, history: &mut History<N>) {
        // The places where the sign is known: the ends, and every change of direction where the value is certain.
        let sign_of = |leaf: &Leaf<N>| match leaf.kind {
            Kind::Sign(sign) => Some(sign),
            _ => None,
        };
        let first = match range.start.checked_sub(1) {
            Some(before) => sign_of(&leaves[before]),
            None => self.sign_at(bit, &leaves[0].lo),
        };
        let last = match leaves.get(range.end) {
            Some(after) => sign_of(after),
            None => self.sign_at(bit, &leaves[range.end - 1].hi),
        };
        let mut cuts = vec![(range.start, first)];
        for k in range.start + 1..range.end {
            let turns = leaves[k].kind != leaves[k - 1].kind || leaves[k].kind == Kind::Unknown;
            if turns && let Some(sign) = self.sign_at(bit, &leaves[k].lo).filter(|sign| sign.is_ne()) {
                cuts.push((k, Some(sign)));
            }
        }
        cuts.push((range.end, last));
        for pair in cuts.windows(2) {
            let ((from, left), (to, right)) = (pair[0], pair[1]);
            let part = &leaves[from..to];
            let kind = part[0].kind;
            let rises = match kind {
                Kind::Monotone { rises } if part.iter().all(|leaf| leaf.kind == kind) => rises,
                _ => {
                    unknown(part, from == 0, left, right, history);
                    continue;
                }
            };
            let at_start = from == 0;
            let at_end = to == leaves.len();
            // Elsewhere than at the ends of the segment, a 0 may end an interval in which the element is 0.
            let begins = at_start && part[0].lo.size() == 0.0;
            let ends = at_end && part[part.len() - 1].hi == self.line.like.like(1.0);
            // What falls is the opposite of what rises.
            let turn = |sign: Option<Ordering>| if rises { sign } else { sign.map(Ordering::reverse) };
            use Ordering::{Equal, Greater, Less};
            let (before, after, crosses) = match (turn(left), turn(right)) {
                (Some(Greater), _) => (Greater, Greater, false),
                (_, Some(Less)) => (Less, Less, false),
                (Some(Less), Some(Greater)) => (Less, Greater, true),
                (Some(Equal), Some(Greater)) if begins => (Greater, Greater, false),
                (Some(Less) | None, Some(Equal)) if ends => (Less, Less, false),
                _ => {
                    unknown(part, at_start, left, right, history);
                    continue;
                }
            };
            if at_start {
                history.start = turn(Some(before));
                history.zero[0] = left == Some(Equal);
            }
            history.end = turn(Some(after));
            if at_end {
                history.zero[1] = right == Some(Equal);
            }
            if crosses {
                let mut roots = part.iter().filter_map(|leaf| leaf.root.as_ref());
                let whole = [part[0].lo.clone(), part[part.len() - 1].hi.clone()];
                let [lo, hi] = match (roots.next(), roots.next_back()) {
                    (Some([lo, hi]), None) => [lo.clone(), hi.clone()],
                    (Some([lo, _]), Some([_, hi])) => [lo.clone(), hi.clone()],
                    _ => whole,
                };
                history.found.push(Found::Crossing { lo, hi, rises });
            }
        }
    }
}

struct BitPlace {
    node: usize,
    element: usize,
}

/// Records that nothing is known of a part.
fn unknown<N: Number>(part: &[Leaf<N>], at_start: bool, left: Option<Ordering>, right: Option<Ordering>, history: &mut History<N>) {
    let certain = |sign: Option<Ordering>| sign.filter(|sign| sign.is_ne());
    if at_start {
        history.start = certain(left);
    }
    history.end = certain(right);
    let (lo, hi) = (part[0].lo.clone(), part[part.len() - 1].hi.clone());
    history.found.push(Found::Unknown { lo, hi, before: certain(left), after: certain(right) });
}
