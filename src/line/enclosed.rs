//! Traces that may have windows: short intervals in which the order of some crossings, or their number, is not known.

use super::{Decisions, Enclosure, Trace, TraceError};
use crate::network::{Bit, Pattern, UnitSet};
use std::sync::Arc;

/// A bit of which nothing is known in a window but its state after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Undecided {
    /// The bit.
    pub bit: Bit,
    /// Its state just after the window, if it is certain.
    pub after: Option<bool>,
}

/// What happens at one time of a trace.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The bits that flip at one crossing, sorted.
    Crossing {
        /// A proven enclosure of the time.
        t: Enclosure,
        /// The bits that flip.
        flips: Vec<Bit>,
    },
    /// An interval in which not everything is decided.
    Window {
        /// The interval.
        t: Enclosure,
        /// The bits that flip exactly once in the window, in an order that is not known, sorted.
        once: Vec<Bit>,
        /// The bits that may flip any number of times, or touch 0, sorted.
        undecided: Vec<Undecided>,
    },
}

impl Event {
    pub(super) fn window(t: Enclosure, mut once: Vec<Bit>, mut undecided: Vec<Undecided>) -> Self {
        once.sort_unstable();
        undecided.sort_unstable_by_key(|undecided| undecided.bit);
        Self::Window { t, once, undecided }
    }

    /// A proven enclosure of the times.
    pub fn t(&self) -> Enclosure {
        match self {
            Self::Crossing { t, .. } | Self::Window { t, .. } => *t,
        }
    }
}

/// The trace of a segment through a network of any layers: everything outside its windows is proven.
///
/// A trace without windows is *certified*: it is a [`Trace`]. Traces of piecewise affine networks always are.
///
/// ```
/// use plica::{data::Point, line::Tracer, network::{NetworkBuilder, Smooth}};
/// let mut builder = NetworkBuilder::new(&[1]).unwrap();
/// let x = builder.input();
/// let hidden = builder.smooth(&x, Smooth::Tanh).unwrap();
/// let network = builder.finish(&hidden).unwrap();
/// let (a, b) = (Point::from_f64(&[-1.0]).unwrap(), Point::from_f64(&[1.0]).unwrap());
/// let trace = Tracer::new(&network).enclose(&a, &b).unwrap();
/// assert!(trace.is_certified());
/// let t = trace.to_trace().unwrap().crossing(0).t;
/// assert!(t.lo <= 0.5 && 0.5 <= t.hi && t.hi - t.lo < 1e-15);
/// ```
#[derive(Clone, Debug)]
pub struct EnclosedTrace {
    units: Arc<UnitSet>,
    start: Vec<Option<bool>>,
    events: Vec<Event>,
    /// The bits that are not active at the start and at the end themselves, but may be next to them.
    zero: [Vec<Bit>; 2],
    decisions: Decisions,
    /// The trace, if it is that of a piecewise affine network.
    exact: Option<Trace>,
}

impl EnclosedTrace {
    pub(crate) fn new(
        units: Arc<UnitSet>,
        start: Vec<Option<bool>>,
        events: Vec<Event>,
        zero: [Vec<Bit>; 2],
        decisions: Decisions,
    ) -> Self {
        Self { units, start, events, zero, decisions, exact: None }
    }

    /// The units whose bits are followed.
    pub fn units(&self) -> &UnitSet {
        &self.units
    }

    /// The bits just after the start, in the order of patterns; `None` where a window begins there.
    pub fn start(&self) -> &[Option<bool>] {
        &self.start
    }

    /// The crossings and windows, in order of time.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The bits just before the end, in the order of patterns; `None` where they are not certain.
    #[must_use]
    pub fn end(&self) -> Vec<Option<bool>> {
        let mut now = self.start.clone();
        self.events.iter().for_each(|event| self.step(event, &mut now));
        now
    }

    /// The windows, in order of time.
    pub fn windows(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(|event| matches!(event, Event::Window { .. }))
    }

    /// Whether there are no windows.
    pub fn is_certified(&self) -> bool {
        self.windows().next().is_none()
    }

    /// The error that names the first window; `None` if the trace is certified.
    pub fn refusal(&self) -> Option<TraceError> {
        self.windows().next().map(|window| TraceError::Window { t: window.t(), units: window.size() })
    }

    /// The numbers of decisions: intervals that were decided in doubles, and those that took more bits.
    pub fn decisions(&self) -> Decisions {
        self.decisions
    }

    /// The trace of the segment from its end to its start, if it has windows.
    #[must_use]
    pub(crate) fn reversed(&self) -> Self {
        debug_assert!(self.exact.is_none(), "a trace with windows is that of a smooth network");
        let mut now = self.start.clone();
        let mut events = Vec::with_capacity(self.events.len());
        for event in &self.events {
            let before = now.clone();
            self.step(event, &mut now);
            let t = event.t().reversed();
            events.push(match event {
                Event::Crossing { flips, .. } => Event::Crossing { t, flips: flips.clone() },
                Event::Window { once, undecided, .. } => {
                    let state_before = |one: &Undecided| Undecided { bit: one.bit, after: before[self.units.position(one.bit)] };
                    Event::Window { t, once: once.clone(), undecided: undecided.iter().map(state_before).collect() }
                }
            });
        }
        events.reverse();
        let [first, last] = self.zero.clone();
        Self { units: Arc::clone(&self.units), start: now, events, zero: [last, first], decisions: self.decisions, exact: None }
    }

    /// Changes the states from those before an event to those after it.
    fn step(&self, event: &Event, now: &mut [Option<bool>]) {
        for &bit in event.flips() {
            let state = &mut now[self.units.position(bit)];
            *state = state.map(|active| !active);
        }
        if let Event::Window { undecided, .. } = event {
            undecided.iter().for_each(|one| now[self.units.position(one.bit)] = one.after);
        }
    }

    /// The trace, if it is certified.
    pub fn to_trace(&self) -> Option<Trace> {
        if self.exact.is_some() || !self.is_certified() {
            return self.exact.clone();
        }
        let start: Pattern = self.start.iter().copied().collect::<Option<Vec<bool>>>()?.into_iter().collect();
        let mut trace = Trace::begin_at(Arc::clone(&self.units), start);
        for event in &self.events {
            trace.push(event.t(), event.flips(), &[]);
        }
        let active = |pattern: &Pattern, bits: &[Bit]| -> Vec<Bit> {
            bits.iter().copied().filter(|&bit| pattern.get(self.units.position(bit))).collect()
        };
        let (first, last) = (active(trace.start(), &self.zero[0]), active(trace.end(), &self.zero[1]));
        trace.set_zero_at_start(&first);
        trace.set_zero_at_end(&last);
        *trace.decisions_mut() = self.decisions;
        Some(trace)
    }
}

impl Event {
    /// The number of bits that flip, or may flip.
    fn size(&self) -> usize {
        self.flips().len() + if let Self::Window { undecided, .. } = self { undecided.len() } else { 0 }
    }

    /// The bits that flip exactly once, sorted.
    pub(crate) fn flips(&self) -> &[Bit] {
        match self {
            Self::Crossing { flips, .. } => flips,
            Self::Window { once, .. } => once,
        }
    }
}

impl From<Trace> for EnclosedTrace {
    fn from(trace: Trace) -> Self {
        let events = trace.crossings().map(|crossing| Event::Crossing { t: crossing.t, flips: crossing.flips.to_vec() }).collect();
        Self {
            units: Arc::new(trace.units().clone()),
            start: trace.start().iter().map(Some).collect(),
            events,
            zero: [Vec::new(), Vec::new()],
            decisions: trace.decisions(),
            exact: Some(trace),
        }
    }
}
