//! Traces that may have windows: short intervals in which the order of some crossings, or their number, is not known.

use super::{Decisions, Enclosure, Trace};
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
/// assert_eq!(trace.to_trace().unwrap().crossing(0).t.lo, 0.5);
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
    pub(super) fn new(
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
        for event in &self.events {
            for &bit in event.flips() {
                let state = &mut now[self.units.position(bit)];
                *state = state.map(|active| !active);
            }
            if let Event::Window { undecided, .. } = event {
                undecided.iter().for_each(|one| now[self.units.position(one.bit)] = one.after);
            }
        }
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

    /// The numbers of decisions: intervals that were decided in doubles, and those that took more bits.
    pub fn decisions(&self) -> Decisions {
        self.decisions
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
    pub(super) fn size(&self) -> usize {
        self.flips().len() + if let Self::Window { undecided, .. } = self { undecided.len() } else { 0 }
    }

    /// The bits that flip exactly once.
    fn flips(&self) -> &[Bit] {
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
