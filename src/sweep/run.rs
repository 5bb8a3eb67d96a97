//! The sweep itself: chunks of segments, traced on all threads, added up as they come.

use super::state::{Chunk, chunks};
use super::{PairGroup, PathRow, RowSink, SweepState};
use crate::data::Points;
use crate::fold::{Counter, Meter, Tally};
use crate::line::{Decisions, PointTracer, TraceError, Tracer};
use crate::network::{Network, UnitSet};
use std::error::Error;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

/// Work of a chunk, in multiplications by weights above the first layer, as far as one may guess: some tens of milliseconds.
const WORK: u64 = 1 << 25;

/// Segments in a chunk: more would make an interrupt wait, fewer would not pay for the hand-over.
const SEGMENTS: std::ops::RangeInclusive<u64> = 16..=16384;

/// Chunks of a sweep, about: each is an entry of a list, so that those of long sweeps are larger.
const CHUNKS: u64 = 1 << 22;

/// Segments in a part, where each is handed over as a row.
const ROWS: u64 = 1 << 18;

/// Why a sweep cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The segments do not fit the network.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The rows are not taken.
    #[error(transparent)]
    Rows(Box<dyn Error + Send + Sync>),
    /// The system gives no threads.
    #[error("threads: {0}")]
    Threads(#[source] rayon::ThreadPoolBuildError),
}

/// All segments of some groups of pairs of points, to be traced and tallied.
///
/// A segment and its reverse cross the same regions: where the groups have both, one trace is measured from both its ends, and its
/// decisions count once.
///
/// ```
/// use plica::{data::{DataSet, Points}, network::{Selection, zoo}, sweep::{Pairs, Sweep}};
/// let network = zoo::parse("cantor:3").unwrap().unwrap();
/// let units = network.units(&Selection::Hidden).unwrap();
/// let points = Points::from_f64(vec![0.0, 0.75, 1.0, 0.75, 0.5, 0.5], 2).unwrap();
/// let data = DataSet { name: "three".into(), points, labels: None };
/// let groups = Pairs::All.groups(&data).unwrap();
/// let sweep = Sweep::new(&network, &units, &data.points, &groups).unwrap();
/// let state = sweep.run(sweep.begin(), 2, |_| true).unwrap();
/// assert_eq!(state.paths(), 6);
/// ```
#[must_use]
pub struct Sweep<'a> {
    tracer: Tracer,
    units: &'a UnitSet,
    points: &'a Points,
    groups: &'a [PairGroup],
    chunks: Vec<Chunk>,
    rows: Option<&'a dyn RowSink>,
}

impl<'a> Sweep<'a> {
    /// The sweep of a network over the pairs of some points, comparing the bits of these units.
    ///
    /// # Errors
    /// Points of the wrong dimension.
    pub fn new(network: &Network, units: &'a UnitSet, points: &'a Points, groups: &'a [PairGroup]) -> Result<Self, TraceError> {
        let size = (WORK / network.work().max(1)).clamp(*SEGMENTS.start(), *SEGMENTS.end());
        let all: u64 = groups.iter().map(PairGroup::count).sum();
        let size = size.max(all / CHUNKS);
        let mut tracer = Tracer::new(network).units(units).pieces(false);
        tracer.over(points)?;
        Ok(Self { tracer, units, points, groups, chunks: chunks(groups, size, true), rows: None })
    }

    /// Hands every segment over as a row, in parts of 262,144 segments of one group.
    ///
    /// A state of a sweep with rows is none of the same sweep without.
    ///
    /// ```
    /// use plica::{data::{DataSet, Points}, network::{Selection, zoo}, sweep::{PairGroup, Pairs, PathRow, RowSink, Sweep}};
    /// use std::sync::Mutex;
    ///
    /// struct List(Mutex<Vec<PathRow>>);
    /// impl RowSink for List {
    ///     fn take(&self, _part: usize, _group: &PairGroup, rows: &[PathRow]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    ///         self.0.lock().unwrap().extend(rows);
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let network = zoo::parse("cantor:1").unwrap().unwrap();
    /// let units = network.units(&Selection::Hidden).unwrap();
    /// let points = Points::from_f64(vec![0.0, 0.75, 1.0, 0.75], 2).unwrap();
    /// let groups = Pairs::All.groups(&DataSet { name: "two".into(), points: points.clone(), labels: None }).unwrap();
    /// let list = List(Mutex::default());
    /// let sweep = Sweep::new(&network, &units, &points, &groups).unwrap().with_rows(&list);
    /// sweep.run(sweep.begin(), 1, |_| true).unwrap();
    /// let rows = list.0.into_inner().unwrap();
    /// assert_eq!((rows[0].from, rows[0].to, rows[0].measure.regions()), (0, 1, 3));
    /// ```
    pub fn with_rows(mut self, sink: &'a dyn RowSink) -> Self {
        self.chunks = chunks(self.groups, ROWS, false);
        self.rows = Some(sink);
        self
    }

    /// The parts that a state holds, by number.
    pub fn parts_of<'s>(&self, state: &'s SweepState) -> impl Iterator<Item = usize> + use<'s> {
        state.chunks()
    }

    /// Chunks of this many segments at most, so that tests have many of them.
    #[doc(hidden)]
    pub fn chunks_of(mut self, size: u64) -> Self {
        self.chunks = chunks(self.groups, size.max(1), self.rows.is_none());
        self
    }

    /// Leaves the filter out, so that a benchmark can say what it costs. The tallies may then be wrong.
    #[cfg(feature = "unfiltered")]
    #[doc(hidden)]
    pub fn without_filter(self) -> Self {
        Self { tracer: self.tracer.without_filter(), ..self }
    }

    /// The number of segments.
    pub fn paths(&self) -> u64 {
        self.groups.iter().map(PairGroup::count).sum()
    }

    /// The state before anything is done.
    pub fn begin(&self) -> SweepState {
        SweepState::new(self.groups.len())
    }

    /// Whether a state can be one of this sweep: the right groups, as many segments as its chunks have, no distance above the number of bits.
    pub fn fits(&self, state: &SweepState) -> bool {
        state.fits(self.groups, &self.chunks, self.units.count() as u64)
    }

    /// Whether a state holds all segments.
    pub fn is_done(&self, state: &SweepState) -> bool {
        state.paths() == self.paths()
    }

    /// Goes on from a state on so many threads; `watch` sees the state after every chunk and says whether to go on.
    ///
    /// The result depends neither on the threads nor on where the sweep was interrupted before: it is the same bits.
    /// Where `watch` ends it, what was begun is finished, and the state returned holds some of the segments.
    ///
    /// # Errors
    /// Threads that the system refuses.
    ///
    /// # Panics
    /// Where the state is of another sweep: see [`Sweep::fits`].
    pub fn run(&self, state: SweepState, threads: usize, watch: impl FnMut(&SweepState) -> bool) -> Result<SweepState, SweepError> {
        self.run_chunks(0..self.chunks(), state, threads, watch)
    }

    /// The number of chunks that the work is split into: the parts that [`Sweep::run_chunks`] takes, some tens of milliseconds each.
    ///
    /// It depends on the network, the pairs and the version of Plica only.
    pub fn chunks(&self) -> u64 {
        self.chunks.len() as u64
    }

    /// As [`Sweep::run`], of some chunks only: what one of several machines does. Their states merge by [`SweepState::merge`].
    ///
    /// ```
    /// use plica::{data::DataSet, network::{Selection, load as network}, sweep::{Pairs, Sweep}};
    /// let (network, data) = (network("digits:3x20").unwrap(), DataSet::load("digits", &Default::default()).unwrap());
    /// let units = network.units(&Selection::Hidden).unwrap();
    /// let groups = "random:40000@0".parse::<Pairs>().unwrap().groups(&data).unwrap();
    /// let sweep = Sweep::new(&network, &units, &data.points, &groups).unwrap();
    /// let half = sweep.chunks() / 2;
    /// let mut state = sweep.run_chunks(half..sweep.chunks(), sweep.begin(), 1, |_| true).unwrap();
    /// state.merge(&sweep.run_chunks(0..half, sweep.begin(), 1, |_| true).unwrap()).unwrap();
    /// assert_eq!(state, sweep.run(sweep.begin(), 2, |_| true).unwrap());
    /// ```
    ///
    /// # Errors
    /// As [`Sweep::run`].
    ///
    /// # Panics
    /// Where the state is of another sweep, or there are no such chunks.
    pub fn run_chunks(
        &self,
        chunks: Range<u64>,
        mut state: SweepState,
        threads: usize,
        mut watch: impl FnMut(&SweepState) -> bool,
    ) -> Result<SweepState, SweepError> {
        assert!(self.fits(&state), "a state of this sweep");
        assert!(chunks.end <= self.chunks(), "chunks of this sweep");
        let left: Vec<usize> = chunks.filter(|&chunk| !state.has(chunk)).map(|chunk| chunk as usize).collect();
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        // No more threads than chunks: the others would only be begun and ended.
        let threads = threads.clamp(1, left.len().max(1));
        // Threads wait rather than run far ahead of the thread that adds up and may stop them.
        let (sender, receiver) = mpsc::sync_channel(threads);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(SweepError::Threads)?;
        let mut failure = None;
        pool.in_place_scope(|scope| {
            for _ in 0..threads {
                let (sender, left, next, stop) = (sender.clone(), &left, &next, &stop);
                scope.spawn(move |_| {
                    let mut tracer = self.tracer.fork();
                    let mut measuring = Measuring::new(self.units);
                    let mut tracer = tracer.over(self.points);
                    while !stop.load(Ordering::Relaxed)
                        && let Some(&chunk) = left.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        let outcome = match &mut tracer {
                            Ok(tracer) => self.measure(chunk, tracer, &mut measuring),
                            Err(error) => Err(error.clone().into()),
                        };
                        if sender.send((chunk, outcome)).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(sender);
            for (chunk, outcome) in receiver {
                match outcome {
                    Ok((tallies, decisions)) => {
                        state.add(chunk as u64, &tallies, decisions);
                        if !watch(&state) {
                            stop.store(true, Ordering::Relaxed);
                        }
                    }
                    Err(error) => {
                        stop.store(true, Ordering::Relaxed);
                        failure = Some(error);
                    }
                }
            }
        });
        failure.map_or(Ok(state), Err)
    }

    /// One chunk's tallies by group; its rows are handed over where a sink takes them.
    fn measure(
        &self,
        number: usize,
        tracer: &mut PointTracer<'_, '_>,
        measuring: &mut Measuring,
    ) -> Result<(Vec<(usize, Tally)>, Decisions), SweepError> {
        let Chunk { group, places, mirror } = &self.chunks[number];
        let pairs = &self.groups[*group];
        let (mut decisions, mut rows) = (Decisions::default(), Vec::new());
        let Measuring { meter, there, back } = measuring;
        // Of a pair and its reverse in one group, one is traced.
        let wanted = |&(from, to): &(usize, usize)| *mirror != Some(*group) || from < to;
        tracer.flips_of_pairs(pairs.range(places.clone()).filter(wanted), |(from, to), flips, taken| {
            let measure = meter.measure_flips(flips);
            there.add(&measure);
            decisions += taken;
            if mirror.is_some() {
                back.add(&meter.measure_reversed_flips(flips));
            }
            if self.rows.is_some() {
                rows.push(PathRow { from, to, measure });
            }
        })?;
        if let Some(sink) = self.rows {
            sink.take(number, pairs, &rows).map_err(SweepError::Rows)?;
        }
        let mut tallies = vec![(*group, there.take())];
        tallies.extend(mirror.map(|mirror| (mirror, back.take())));
        Ok((tallies, decisions))
    }
}

/// What a thread measures with.
struct Measuring {
    meter: Meter,
    /// The segments, and their reverses.
    there: Counter,
    back: Counter,
}

impl Measuring {
    fn new(units: &UnitSet) -> Self {
        Self { meter: Meter::new(units), there: Counter::default(), back: Counter::default() }
    }
}
