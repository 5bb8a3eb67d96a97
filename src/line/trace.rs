//! The trace of a segment: its regions in order, the crossings between them, and the units that flip there.

use super::options::Options;
use crate::exact::{nearest_f64, rational};
use crate::network::{Bit, LayerBits, Pattern, Unit, UnitSet};
use rug::Rational;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The errors of a segment, or of a path of several.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The dimension of a point is not that of the input space.
    #[error("the point has {found} coordinates, expected {expected}")]
    Dimension {
        /// The dimension of the input space.
        expected: usize,
        /// The number of coordinates of the point.
        found: usize,
    },
    /// The order of some crossings of a smooth network, or their number, is not decided.
    #[error("in the window [{}, {}] of the segment the crossings of {units} units are not decided: the trace is not certified", .t.lo, .t.hi)]
    Window {
        /// The first window.
        t: Enclosure,
        /// The number of units in it.
        units: usize,
    },
    /// Exact times, or decisions in integers only, of a smooth network.
    #[error("the crossings of a smooth network have no rational times and cannot be decided with integers only")]
    NoExactTimes,
    /// A smooth network with a maximum.
    #[error("node {node} is a maximum, expected activations: maxima are not supported in smooth networks")]
    Maximum {
        /// The index of the node, counted from 0.
        node: usize,
    },
    /// A smooth network divides by a number that may be 0, or takes a root or a power of one that is not proved to be in its domain.
    #[error(
        "element {element} of node {node}{} is not defined everywhere: its {} at times in [{}, {}], expected {} on the whole segment",
        if name.is_empty() { String::new() } else { format!(" ({name})") },
        if *is_positive { "argument may be 0 or below" } else { "divisor may be 0" },
        .t.lo,
        .t.hi,
        if *is_positive { "numbers above 0" } else { "numbers other than 0" }
    )]
    Undefined {
        /// The index of the node, counted from 0.
        node: usize,
        /// The name of the node in the file, if it has one.
        name: String,
        /// The index of its element.
        element: usize,
        /// The first such times of this node, or times that contain them.
        t: Enclosure,
        /// Whether numbers above 0 are expected, and not only numbers other than 0.
        is_positive: bool,
    },
    /// A segment of many cannot be traced.
    #[error("from row {from} to row {to}: {source}")]
    Segment {
        /// The row of its start.
        from: usize,
        /// The row of its end.
        to: usize,
        /// The reason.
        source: Box<TraceError>,
    },
    /// The rows of a smooth network's affine maps have too many entries.
    #[error("the affine maps of the smooth network have too many entries")]
    TooLarge,
    /// The traces of a polygonal path show different units.
    #[error("part {part} has other units than the first part")]
    UnitsDiffer {
        /// The index of the first part with other units, counted from 0.
        part: usize,
    },
}

/// Two doubles that enclose an exact number x: lo <= x <= hi, proven. Written as `[lo, hi]`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(from = "(f64, f64)", into = "(f64, f64)")]
pub struct Enclosure {
    /// The lower end.
    pub lo: f64,
    /// The upper end.
    pub hi: f64,
}

impl From<(f64, f64)> for Enclosure {
    fn from((lo, hi): (f64, f64)) -> Self {
        Self { lo, hi }
    }
}

impl From<Enclosure> for (f64, f64) {
    fn from(e: Enclosure) -> Self {
        (e.lo, e.hi)
    }
}

impl Enclosure {
    /// The tightest enclosure of a rational. Both ends are equal if it is a double.
    ///
    /// ```
    /// use plica::line::Enclosure;
    /// let third = Enclosure::of(&rug::Rational::from((1, 3)));
    /// assert_eq!(third.hi, third.lo.next_up());
    /// ```
    pub fn of(q: &Rational) -> Self {
        let x = nearest_f64(q);
        match rational(x) {
            Some(r) if r == *q => Self { lo: x, hi: x },
            Some(r) if r < *q => Self { lo: x, hi: x.next_up() },
            Some(_) => Self { lo: x.next_down(), hi: x },
            None if x > 0.0 => Self { lo: f64::MAX, hi: x },
            None => Self { lo: x, hi: f64::MIN },
        }
    }

    /// The enclosure of 1 - x, for x in [0, 1].
    pub(super) fn reversed(self) -> Self {
        Self { lo: (1.0 - self.hi).next_down().max(0.0), hi: (1.0 - self.lo).next_up().min(1.0) }
    }

    /// Whether the rational is between the ends.
    pub fn contains(&self, q: &Rational) -> bool {
        let below = self.lo == f64::NEG_INFINITY || rational(self.lo).is_some_and(|lo| lo <= *q);
        let above = self.hi == f64::INFINITY || rational(self.hi).is_some_and(|hi| *q <= hi);
        below && above
    }
}

/// The number of decisions that the filter took, and of those that were taken with integers.
///
/// A decision is one of the following: the sign of a unit at a breakpoint of the layers below or at an end of the segment, the position of
/// a crossing in the order of those of its piece, or whether the output changes at a crossing. The signs of constant units and of
/// duplicates are counted, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decisions {
    /// Decided in floating point, in double or double-double arithmetic with a proven error bound, or by the active inputs of a unit.
    pub filtered: u64,
    /// Decided with integers.
    pub exact: u64,
}

impl std::ops::AddAssign for Decisions {
    fn add_assign(&mut self, other: Self) {
        self.filtered += other.filtered;
        self.exact += other.exact;
    }
}

/// A crossing: a time t in (0,1) at which the pattern just left of t differs from the pattern just right of t.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing<'a> {
    /// A proven enclosure of the time.
    pub t: Enclosure,
    /// The exact time, if [`Tracer::exact_times`](super::Tracer::exact_times) is set.
    pub t_exact: Option<&'a Rational>,
    /// The bits that differ on the two sides, sorted.
    pub flips: &'a [Bit],
    /// The bits that are active on both sides, and not at the crossing itself, where their units are 0, sorted.
    pub touches: &'a [Bit],
    /// For maxima in which several candidates are equal here: the bits that are active at the crossing itself, but not on both sides,
    /// sorted.
    pub held: &'a [Bit],
}

/// A change at a crossing, in the form of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Change {
    /// \[layer, index\]: the bit of a unit with one bit.
    Unit([u32; 2]),
    /// \[layer, index, bit\]: one of several bits of a unit.
    Bit([u32; 3]),
    /// \[layer, index, from, to\]: the old and the new winner of a maximum.
    Winner([u32; 4]),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Mark {
    t: Enclosure,
    flips_end: u32,
    touches_end: u32,
    held_end: u32,
}

/// The exact trace of a segment x(t) = (1-t) a + t b, 0 <= t <= 1: the patterns of the open intervals between crossings.
///
/// A tracer's trace has the bits of all hidden units, and of the outputs if they are selected. [`select`](Self::select) restricts it to the
/// units of a selection, [`reversed`](Self::reversed) reverses it.
#[derive(Clone, Debug)]
pub struct Trace {
    units: Arc<UnitSet>,
    start: Pattern,
    end: Pattern,
    marks: Vec<Mark>,
    flips: Vec<Bit>,
    touches: Vec<Bit>,
    held: Vec<Bit>,
    times: Vec<Rational>,
    zero_at_start: Vec<Bit>,
    zero_at_end: Vec<Bit>,
    held_at_start: Vec<Bit>,
    held_at_end: Vec<Bit>,
    pieces: Option<usize>,
    decisions: Decisions,
}

impl Trace {
    /// A trace with one region, to which crossings are added in order.
    pub(super) fn begin(units: Arc<UnitSet>) -> Self {
        let zeros = Pattern::zeros(units.count());
        Self::begin_at(units, zeros)
    }

    pub(super) fn begin_at(units: Arc<UnitSet>, start: Pattern) -> Self {
        Self {
            units,
            end: start.clone(),
            start,
            marks: Vec::new(),
            flips: Vec::new(),
            touches: Vec::new(),
            held: Vec::new(),
            times: Vec::new(),
            zero_at_start: Vec::new(),
            zero_at_end: Vec::new(),
            held_at_start: Vec::new(),
            held_at_end: Vec::new(),
            pieces: None,
            decisions: Decisions::default(),
        }
    }

    /// Clears the trace for another segment with the same units, and keeps its memory.
    pub(super) fn restart(&mut self) {
        for list in [&mut self.flips, &mut self.touches, &mut self.held] {
            list.clear();
        }
        for list in [&mut self.zero_at_start, &mut self.zero_at_end, &mut self.held_at_start, &mut self.held_at_end] {
            list.clear();
        }
        self.marks.clear();
        self.times.clear();
        self.pieces = None;
        self.decisions = Decisions::default();
    }

    /// Sets the bits of one layer on the first region, before any crossing is added.
    pub(super) fn set_start(&mut self, layer: usize, width: usize, words: &[u64]) {
        let offset = self.units.offset(layer);
        for pattern in [&mut self.start, &mut self.end] {
            pattern.put(offset, width, words);
        }
    }

    pub(super) fn push(&mut self, t: Enclosure, flips: &[Bit], touches: &[Bit]) {
        debug_assert!(!flips.is_empty() && flips.is_sorted() && touches.is_sorted());
        for &unit in flips {
            self.end.flip(self.units.position(unit));
        }
        self.flips.extend_from_slice(flips);
        self.touches.extend_from_slice(touches);
        let [flips_end, touches_end, held_end] = [&self.flips, &self.touches, &self.held].map(|list| list.len() as u32);
        self.marks.push(Mark { t, flips_end, touches_end, held_end });
    }

    /// Adds bits that are active at the last crossing itself.
    pub(super) fn hold(&mut self, bits: &[Bit]) {
        self.held.extend_from_slice(bits);
        if let Some(mark) = self.marks.last_mut() {
            mark.held_end = self.held.len() as u32;
        }
    }

    pub(super) fn set_held_at_start(&mut self, bits: &[Bit]) {
        self.held_at_start.extend_from_slice(bits);
    }

    pub(super) fn set_held_at_end(&mut self, bits: &[Bit]) {
        self.held_at_end.extend_from_slice(bits);
    }

    pub(super) fn push_time(&mut self, t: Rational) {
        self.times.push(t);
    }

    pub(super) fn set_zero_at_start(&mut self, bits: &[Bit]) {
        self.zero_at_start.extend_from_slice(bits);
    }

    pub(super) fn set_zero_at_end(&mut self, bits: &[Bit]) {
        self.zero_at_end.extend_from_slice(bits);
    }

    pub(super) fn set_pieces(&mut self, pieces: usize) {
        self.pieces = Some(pieces);
    }

    /// The same trace without exact times and without pieces, unless the options ask for them. The exact-only modes compute both.
    pub(super) fn reduced_to_what_is_asked(mut self, options: Options) -> Self {
        if !options.exact_times {
            self.times.clear();
        }
        self.pieces = self.pieces.filter(|_| options.pieces);
        self
    }

    pub(super) fn decisions_mut(&mut self) -> &mut Decisions {
        &mut self.decisions
    }

    /// The units whose bits the patterns have.
    pub fn units(&self) -> &UnitSet {
        &self.units
    }

    /// The pattern of the first region.
    pub fn start(&self) -> &Pattern {
        &self.start
    }

    /// The pattern of the last region.
    pub fn end(&self) -> &Pattern {
        &self.end
    }

    /// The number of regions: the number of crossings plus one.
    pub fn regions(&self) -> usize {
        self.marks.len() + 1
    }

    /// The number of pieces, which are the maximal intervals on which the output is one affine function of t; `None` if they were not
    /// counted.
    pub fn pieces(&self) -> Option<usize> {
        self.pieces
    }

    /// The numbers of decisions of this trace.
    pub fn decisions(&self) -> Decisions {
        self.decisions
    }

    /// The number of crossings.
    pub fn crossing_count(&self) -> usize {
        self.marks.len()
    }

    /// The k-th crossing in order of time, counted from 0.
    ///
    /// # Panics
    /// If k is not below [`crossing_count`](Self::crossing_count).
    pub fn crossing(&self, k: usize) -> Crossing<'_> {
        let from = k.checked_sub(1).map_or((0, 0, 0), |k| (self.marks[k].flips_end, self.marks[k].touches_end, self.marks[k].held_end));
        let mark = &self.marks[k];
        Crossing {
            t: mark.t,
            t_exact: self.times.get(k),
            flips: &self.flips[from.0 as usize..mark.flips_end as usize],
            touches: &self.touches[from.1 as usize..mark.touches_end as usize],
            held: &self.held[from.2 as usize..mark.held_end as usize],
        }
    }

    /// The crossings in order of time.
    pub fn crossings(&self) -> impl ExactSizeIterator<Item = Crossing<'_>> + DoubleEndedIterator {
        (0..self.marks.len()).map(|k| self.crossing(k))
    }

    /// The patterns of the regions in order.
    pub fn patterns(&self) -> impl Iterator<Item = Pattern> + '_ {
        let mut pattern = self.start.clone();
        (0..self.regions()).map(move |k| {
            if k > 0 {
                self.flip_all(&mut pattern, self.crossing(k - 1).flips);
            }
            pattern.clone()
        })
    }

    fn flip_all(&self, pattern: &mut Pattern, bits: &[Bit]) {
        for &bit in bits {
            pattern.flip(self.units.position(bit));
        }
    }

    /// The closed sequence: the patterns of the regions, with the patterns at the crossings and at the two ends inserted in their order.
    ///
    /// The sequence of patterns at sampled points of a path is a subsequence of it, apart from repetitions. Compute it for a trace of all
    /// hidden units and restrict its patterns afterwards, since a selection has only the crossings of its own units.
    pub fn closed_sequence(&self) -> Vec<Pattern> {
        let mut sequence = Vec::with_capacity(2 * self.regions() + 1);
        let mut pattern = self.start.clone();
        let without = |mut p: Pattern, bits: &[Bit]| {
            for &bit in bits {
                p.set(self.units.position(bit), false);
            }
            p
        };
        let with = |mut p: Pattern, bits: &[Bit]| {
            for &bit in bits {
                p.set(self.units.position(bit), true);
            }
            p
        };
        sequence.push(with(without(pattern.clone(), &self.zero_at_start), &self.held_at_start));
        for crossing in self.crossings() {
            sequence.push(pattern.clone());
            // At the crossing the units that flip are 0, and so inactive; but a maximum has a winner there, too.
            sequence.push(with(without(without(pattern.clone(), crossing.flips), crossing.touches), crossing.held));
            self.flip_all(&mut pattern, crossing.flips);
        }
        sequence.push(pattern.clone());
        sequence.push(with(without(pattern, &self.zero_at_end), &self.held_at_end));
        sequence
    }

    /// The changes at each crossing, in order.
    pub fn changes(&self) -> impl Iterator<Item = Vec<Change>> + '_ {
        let mut pattern = self.start.clone();
        self.crossings().map(move |crossing| {
            let mut changes = Vec::with_capacity(crossing.flips.len());
            let mut flips = crossing.flips.iter().copied().peekable();
            while let Some(flip) = flips.next() {
                let (Unit { layer, index }, bit) = self.units.unit_of(flip);
                let bit = bit as u32;
                changes.push(match self.units.layer_bits(layer as usize) {
                    LayerBits::Breakpoints(1) => Change::Unit([layer, index]),
                    LayerBits::Breakpoints(_) => Change::Bit([layer, index, bit]),
                    LayerBits::Winner(_) => {
                        let other = flips.next_if(|&next| self.units.unit_of(next).0 == Unit { layer, index });
                        let other = other.map_or(bit, |other| self.units.unit_of(other).1 as u32);
                        let (from, to) = if pattern.get(self.units.position(flip)) { (bit, other) } else { (other, bit) };
                        Change::Winner([layer, index, from, to])
                    }
                });
            }
            self.flip_all(&mut pattern, crossing.flips);
            changes
        })
    }

    /// The trace of the same segment from b to a.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let mut reversed = Self::begin_at(Arc::clone(&self.units), self.end.clone());
        for crossing in self.crossings().rev() {
            let t = match crossing.t_exact {
                Some(t) => Enclosure::of(&Rational::from(1 - t)),
                None => Enclosure { lo: (1.0 - crossing.t.hi).next_down().max(0.0), hi: (1.0 - crossing.t.lo).next_up().min(1.0) },
            };
            reversed.push(t, crossing.flips, crossing.touches);
            reversed.hold(crossing.held);
            reversed.times.extend(crossing.t_exact.map(|t| Rational::from(1 - t)));
        }
        reversed.zero_at_start.clone_from(&self.zero_at_end);
        reversed.zero_at_end.clone_from(&self.zero_at_start);
        reversed.held_at_start.clone_from(&self.held_at_end);
        reversed.held_at_end.clone_from(&self.held_at_start);
        reversed.pieces = self.pieces;
        reversed.decisions = self.decisions;
        reversed
    }

    /// The trace with the bits of a selection only, and without the crossings at which none of them flips.
    ///
    /// The units must be among those of this trace.
    #[must_use]
    pub fn select(&self, units: &Arc<UnitSet>) -> Self {
        if *self.units == **units {
            return self.clone();
        }
        let within = |list: &[Bit]| -> Vec<Bit> { list.iter().copied().filter(|&u| units.contains(u)).collect() };
        let mut selected = Self::begin_at(Arc::clone(units), units.project(&self.units, &self.start));
        for crossing in self.crossings() {
            let flips = within(crossing.flips);
            if !flips.is_empty() {
                selected.push(crossing.t, &flips, &within(crossing.touches));
                selected.hold(&within(crossing.held));
                selected.times.extend(crossing.t_exact.cloned());
            }
        }
        selected.zero_at_start = within(&self.zero_at_start);
        selected.zero_at_end = within(&self.zero_at_end);
        selected.held_at_start = within(&self.held_at_start);
        selected.held_at_end = within(&self.held_at_end);
        selected.pieces = self.pieces;
        selected.decisions = self.decisions;
        selected
    }

    /// Joins the traces of two parts of one segment, cut at the rational time `cut`.
    ///
    /// The result has a crossing at the cut if the patterns on its two sides differ; its flips are the difference. The number of pieces of
    /// the whole does not follow from those of the parts: it is `None`.
    ///
    /// # Panics
    /// If the parts have different units, or the cut is not in (0,1).
    pub fn join(first: &Trace, second: &Trace, cut: &Rational) -> Trace {
        assert_eq!(first.units, second.units, "both halves show the same units");
        assert!(*cut > 0 && *cut < 1, "a cut lies strictly between the ends");
        let mut whole = Self::begin_at(Arc::clone(&first.units), first.start.clone());
        let exact = first.times.len() == first.marks.len() && second.times.len() == second.marks.len();
        let rest = Rational::from(1 - cut);
        let append = |whole: &mut Trace, half: &Trace, scale: &Rational, shift: &Rational| {
            for crossing in half.crossings() {
                let place = |t: &Rational| Rational::from(t * scale) + shift;
                let t = match crossing.t_exact {
                    Some(t) => Enclosure::of(&place(t)),
                    None => {
                        let end = |x: f64| Enclosure::of(&place(&rational(x).expect("times are finite")));
                        Enclosure { lo: end(crossing.t.lo).lo, hi: end(crossing.t.hi).hi }
                    }
                };
                whole.push(t, crossing.flips, crossing.touches);
                whole.hold(crossing.held);
                if exact {
                    whole.times.extend(crossing.t_exact.map(place));
                }
            }
        };
        append(&mut whole, first, cut, &Rational::new());
        let flips: Vec<Bit> =
            first.units.bits().filter(|&u| first.end.get(first.units.position(u)) != second.start.get(first.units.position(u))).collect();
        if !flips.is_empty() {
            let touches: Vec<Bit> = first.zero_at_end.iter().copied().filter(|u| !flips.contains(u)).collect();
            whole.push(Enclosure::of(cut), &flips, &touches);
            // A candidate that wins at the cut itself, but not on both sides.
            let here = |u: &Bit| first.held_at_end.contains(u) || first.end.get(first.units.position(*u)) && !first.zero_at_end.contains(u);
            let mut held: Vec<Bit> = flips.iter().copied().filter(here).chain(first.held_at_end.iter().copied()).collect();
            held.sort_unstable();
            held.dedup();
            whole.hold(&held);
            if exact {
                whole.times.push(cut.clone());
            }
        }
        append(&mut whole, second, &rest, cut);
        whole.zero_at_start.clone_from(&first.zero_at_start);
        whole.zero_at_end.clone_from(&second.zero_at_end);
        whole.held_at_start.clone_from(&first.held_at_start);
        whole.held_at_end.clone_from(&second.held_at_end);
        whole.decisions = first.decisions;
        whole.decisions += second.decisions;
        whole
    }

    /// Whether two traces agree: they have the same units, patterns, flips, touched units and ends, and the same number of pieces if both
    /// have counted them.
    ///
    /// Enclosures of times may differ in width, but they must overlap.
    pub fn agrees_with(&self, other: &Trace) -> bool {
        let same = |a: Crossing<'_>, b: Crossing<'_>| {
            (a.flips, a.touches, a.held) == (b.flips, b.touches, b.held) && a.t.lo <= b.t.hi && b.t.lo <= a.t.hi
        };
        self.units == other.units
            && self.start == other.start
            && self.end == other.end
            && self.zero_at_start == other.zero_at_start
            && self.zero_at_end == other.zero_at_end
            && self.held_at_start == other.held_at_start
            && self.held_at_end == other.held_at_end
            && self.marks.len() == other.marks.len()
            && self.crossings().zip(other.crossings()).all(|(a, b)| same(a, b))
            && (self.pieces.is_none() || other.pieces.is_none() || self.pieces == other.pieces)
    }
}

#[derive(Serialize)]
struct CrossingReport {
    t: Enclosure,
    #[serde(skip_serializing_if = "Option::is_none")]
    t_exact: Option<String>,
    flips: Vec<Change>,
}

impl Serialize for Trace {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let report = |(c, flips): (Crossing<'_>, _)| CrossingReport { t: c.t, t_exact: c.t_exact.map(Rational::to_string), flips };
        let crossings: Vec<CrossingReport> = self.crossings().zip(self.changes()).map(report).collect();
        let mut s = serializer.serialize_struct("Trace", 7)?;
        s.serialize_field("units", &*self.units)?;
        s.serialize_field("start", &self.start)?;
        s.serialize_field("end", &self.end)?;
        s.serialize_field("regions", &self.regions())?;
        s.serialize_field("pieces", &self.pieces)?;
        s.serialize_field("crossings", &crossings)?;
        s.serialize_field("decisions", &self.decisions)?;
        s.end()
    }
}
