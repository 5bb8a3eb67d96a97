//! The buffers of a walk, kept from segment to segment.

use super::{OutOfRange, Turned};
use crate::data::Points;
use crate::exact::bound::U;
use crate::line::graph::ball::{Ball, BallForm};
use crate::line::graph::plan::{GraphPlan, SMALL};
use crate::line::graph::schedule::Schedule;

/// The buffers of a walk, kept from segment to segment.
#[derive(Default)]
pub struct GraphWalk {
    pub(super) forms: Vec<BallForm>,
    /// For an element of an activation, the number of breakpoints below it; for one of a maximum, the position of the winner.
    pub(super) states: Vec<u32>,
    /// For an element of a maximum, the candidate that wins next, and whether others may win at the same time.
    pub(super) rivals: Vec<(u32, bool)>,
    /// Whether the state of an element would change exactly at the end of the segment.
    pub(super) at_end: Vec<bool>,
    pub(super) schedule: Schedule,
    /// For each node, the forms whose slope the present event changed.
    pub(super) turned: Vec<Vec<Turned>>,
    /// For each element, its position in that list, if it is in the list.
    pub(super) turned_at: Vec<u32>,
    pub(super) sums: Vec<Ball>,
    /// Values and slopes with their margins, for the inputs of an affine node and for its elements.
    pub(super) inputs: Vec<[f64; 4]>,
    pub(super) row_sums: Vec<[f64; 4]>,
    /// The changed inputs of an affine node: the element, the change of the slope, and its margin.
    pub(super) changes: Vec<(u32, f64, f64)>,
    pub(super) is_touched: Vec<bool>,
    pub(super) touched: Vec<u32>,
    pub(super) due: Vec<bool>,
    pub(super) candidates: Vec<u32>,
    /// For each element that the present event changed, its state before the event.
    pub(super) old_states: Vec<(u32, u32)>,
    pub filtered: u64,
    pub decided: u64,
}

impl GraphWalk {
    pub(super) fn restart(&mut self, plan: &GraphPlan) {
        let n = plan.total;
        self.forms.clear();
        self.forms.resize(n, BallForm::default());
        self.states.clear();
        self.states.resize(n, 0);
        self.rivals.clear();
        self.rivals.resize(n, (0, false));
        self.sums.clear();
        self.sums.resize(n, Ball::default());
        for list in [&mut self.at_end, &mut self.is_touched, &mut self.due] {
            list.clear();
            list.resize(n, false);
        }
        self.touched.clear();
        self.turned.resize_with(plan.nodes.len(), Vec::new);
        self.turned.iter_mut().for_each(Vec::clear);
        self.turned_at.clear();
        self.turned_at.resize(n, ABSENT);
        self.schedule.reset(n);
        (self.filtered, self.decided) = (0, 0);
    }

    pub(super) fn note_turned(&mut self, node: usize, turned: Turned) {
        self.turned_at[turned.element as usize] = self.turned[node].len() as u32;
        self.turned[node].push(turned);
    }

    pub(super) fn forget_turned(&mut self) {
        for list in &mut self.turned {
            list.drain(..).for_each(|t| self.turned_at[t.element as usize] = ABSENT);
        }
    }

    pub(super) fn set_input(&mut self, from: (&Points, usize), to: (&Points, usize)) -> Result<(), OutOfRange> {
        let (x, y) = (from.0.nearest(from.1), to.0.nearest(to.1));
        let exact = from.0.is_double() && to.0.is_double();
        for (j, (&x, &y)) in x.iter().zip(y).enumerate() {
            let ball = |points: (&Points, usize), x: f64| match points.0.is_double() {
                _ if x.abs() > 1.0 / SMALL || x != 0.0 && x.abs() < SMALL => Err(OutOfRange),
                true => Ok(Ball::exact(x)),
                false if x == 0.0 && !points.0.coordinate(points.1, j).is_zero() => Err(OutOfRange),
                false if x == 0.0 => Ok(Ball::exact(x)),
                false => Ok(Ball { x, e: 2.0 * U * x.abs() + SMALL }),
            };
            let (b, end) = (ball(from, x)?, ball(to, y)?);
            let same = x == y && (exact || from.0.coordinate(from.1, j) == to.0.coordinate(to.1, j));
            let slope = y - x;
            let a = if same { Ball::default() } else { Ball { x: slope, e: b.e + end.e + U * slope.abs() }.settled() };
            self.forms[j] = BallForm { b, a };
        }
        Ok(())
    }
}

/// Marks elements that are not in the list.
const ABSENT: u32 = u32::MAX;
