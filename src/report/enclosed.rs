//! The report of a segment through a smooth network.

use super::TraceReport;
use crate::exact::ExactNumber;
use crate::fold::FoldingRange;
use crate::line::{Decisions, EnclosedTrace, Enclosure, Event, Trace};
use crate::network::{Pattern, Unit, UnitSet};
use serde::Serialize;

/// The result of `plica trace` for a segment through a smooth network.
///
/// Without windows it has the fields of a [`TraceReport`], and `certified` and `windows`. With windows, what is not the same for all that
/// may happen in them is null, and `r1_range`, `r2_range` and `chi_range` have the smallest and the largest values.
///
/// ```
/// use plica::{data::Point, line::Tracer, network::{NetworkBuilder, Smooth}, report::EnclosedReport};
/// let mut builder = NetworkBuilder::new(&[1]).unwrap();
/// let x = builder.input();
/// let hidden = builder.smooth(&x, Smooth::Gelu).unwrap();
/// let network = builder.finish(&hidden).unwrap();
/// let (a, b) = (Point::from_f64(&[-1.0]).unwrap(), Point::from_f64(&[2.0]).unwrap());
/// let trace = Tracer::new(&network).enclose(&a, &b).unwrap();
/// let certified = trace.to_trace();
/// let json = serde_json::to_value(EnclosedReport::of(&trace, certified.as_ref())).unwrap();
/// assert_eq!((json["certified"].as_bool(), json["r2"].as_u64()), (Some(true), Some(1)));
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct EnclosedReport<'a> {
    /// What is known.
    #[serde(flatten)]
    known: Known<'a>,
    /// Whether there are no windows.
    certified: bool,
    /// The intervals in which not everything is decided, with their units, in order.
    windows: Vec<WindowReport>,
}

/// What is known of a trace.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Known<'a> {
    /// Everything.
    All(TraceReport<'a>),
    /// What is outside the windows.
    Part(Box<PartReport<'a>>),
}

/// A window.
#[derive(Clone, Debug, Serialize)]
struct WindowReport {
    /// The interval.
    t: Enclosure,
    /// The units that may flip in it, sorted.
    units: Vec<Unit>,
}

/// A crossing outside the windows.
#[derive(Clone, Debug, Serialize)]
struct CrossingReport {
    /// A proven enclosure of the time.
    t: Enclosure,
    /// The units that flip, sorted.
    flips: Vec<Unit>,
}

/// The report of a trace with windows.
#[derive(Clone, Debug, Serialize)]
struct PartReport<'a> {
    /// The units.
    units: &'a UnitSet,
    /// The pattern of the first region, null if a window begins at the start.
    start: Option<Pattern>,
    /// The pattern of the last region, null if it is not known.
    end: Option<Pattern>,
    /// The number of regions: null.
    regions: Option<usize>,
    /// The number of pieces: null.
    pieces: Option<usize>,
    /// The crossings outside the windows.
    crossings: Vec<CrossingReport>,
    /// The numbers of decisions.
    decisions: Decisions,
    /// r1, null if several values are possible.
    r1: Option<u64>,
    /// r2, null if several values are possible.
    r2: Option<u64>,
    /// chi, null if several values are possible.
    chi: Option<ExactNumber>,
    /// The smallest and the largest r1.
    r1_range: [ExactNumber; 2],
    /// The smallest and the largest r2; the latter is null if there is none.
    r2_range: [Option<ExactNumber>; 2],
    /// The smallest and the largest chi, or the limit of the largest ones.
    chi_range: [ExactNumber; 2],
}

impl<'a> EnclosedReport<'a> {
    /// The report of a trace; `certified` is the same trace if it has no windows.
    pub fn of(trace: &'a EnclosedTrace, certified: Option<&'a Trace>) -> Self {
        let known = match certified {
            Some(trace) => Known::All(TraceReport::of(trace)),
            None => Known::Part(Box::new(PartReport::of(trace))),
        };
        let unit = |bit| trace.units().unit_of(bit).0;
        let window = |event: &Event| match event {
            Event::Crossing { .. } => None,
            Event::Window { t, once, undecided } => {
                let bits = once.iter().copied().chain(undecided.iter().map(|undecided| undecided.bit));
                let mut units: Vec<Unit> = bits.map(unit).collect();
                units.sort_unstable();
                units.dedup();
                Some(WindowReport { t: *t, units })
            }
        };
        Self { known, certified: certified.is_some(), windows: trace.events().iter().filter_map(window).collect() }
    }
}

impl<'a> PartReport<'a> {
    fn of(trace: &'a EnclosedTrace) -> Self {
        let pattern = |states: Vec<Option<bool>>| Some(states.into_iter().collect::<Option<Vec<bool>>>()?.into_iter().collect());
        let crossing = |event: &Event| match event {
            Event::Crossing { t, flips } => {
                Some(CrossingReport { t: *t, flips: flips.iter().map(|&bit| trace.units().unit_of(bit).0).collect() })
            }
            Event::Window { .. } => None,
        };
        let FoldingRange { r1, r2, chi, .. } = FoldingRange::of(trace);
        let whole = |n: u64| ExactNumber(n.into());
        Self {
            units: trace.units(),
            start: pattern(trace.start().to_vec()),
            end: pattern(trace.end()),
            regions: None,
            pieces: None,
            crossings: trace.events().iter().filter_map(crossing).collect(),
            decisions: trace.decisions(),
            r1: (r1.0 == r1.1).then_some(r1.0),
            r2: r2.1.filter(|&most| most == r2.0),
            chi: (chi.0 == chi.1).then(|| ExactNumber(chi.0.clone())),
            r1_range: [whole(r1.0), whole(r1.1)],
            r2_range: [Some(whole(r2.0)), r2.1.map(whole)],
            chi_range: [ExactNumber(chi.0), ExactNumber(chi.1)],
        }
    }
}
