//! Runs a sweep: chunks of segments are traced on all threads, and their tallies are added in the order in which they finish.

use super::state::{Chunk, chunks};
use super::{PairGroup, PathRow, RowSink, SweepState};
use crate::data::Points;
use crate::fold::{Counter, FoldingRange, Meter, Tally};
use crate::line::{Decisions, PointTracer, TraceError, Tracer};
use crate::network::{Network, UnitSet};
use std::error::Error;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

/// The estimated work of a chunk, in multiplications by weights above the first layer: some tens of milliseconds.
const WORK: u64 = 1 << 25;

/// The range of the number of segments in a chunk. With larger chunks an interruption waits longer; smaller ones do not pay for the
/// transfer between threads.
const SEGMENTS: std::ops::RangeInclusive<u64> = 16..=16384;

/// The approximate limit for the chunks of a sweep. Each is an entry of a list, so long sweeps have larger chunks.
const CHUNKS: u64 = 1 << 22;

/// The number of segments in a part, if each segment is given out as a row.
const ROWS: u64 = 1 << 18;

/// The errors of running a sweep.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SweepError {
    /// The dimension of the points is not that of the network's input, or a segment cannot be traced.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// The receiver of the rows returned an error.
    #[error(transparent)]
    Rows(Box<dyn Error + Send + Sync>),
    /// The system cannot start the threads.
    #[error("threads: {0}")]
    Threads(#[source] rayon::ThreadPoolBuildError),
}

/// All segments of some groups of pairs of points, to be traced and tallied.
///
/// A segment and its reverse cross the same regions. If the groups contain both, one trace is measured from both its ends, and its
/// decisions are counted once.
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
    /// A sweep of a network over the pairs of some points, with the bits of these units.
    ///
    /// # Errors
    /// The points have the wrong dimension, or the network cannot be traced.
    pub fn new(network: &Network, units: &'a UnitSet, points: &'a Points, groups: &'a [PairGroup]) -> Result<Self, TraceError> {
        let size = (WORK / network.work().max(1)).clamp(*SEGMENTS.start(), *SEGMENTS.end());
        let all: u64 = groups.iter().map(PairGroup::count).sum();
        let size = size.max(all / CHUNKS);
        let mut tracer = Tracer::new(network).units(units).pieces(false);
        tracer.over(points)?;
        Ok(Self { tracer, units, points, groups, chunks: chunks(groups, size, true), rows: None })
    }

    /// Sets the largest precision for smooth networks, as [`Tracer::precision`].
    pub fn precision(self, bits: u32) -> Self {
        Self { tracer: self.tracer.precision(bits), ..self }
    }

    /// Gives out every segment as a row, in parts of 262,144 segments of one group.
    ///
    /// The states of a sweep with rows and of the same sweep without rows are not compatible.
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
    /// assert_eq!((rows[0].from, rows[0].to, rows[0].measure.unwrap().regions()), (0, 1, 3));
    /// ```
    pub fn with_rows(mut self, sink: &'a dyn RowSink) -> Self {
        self.chunks = chunks(self.groups, ROWS, false);
        self.rows = Some(sink);
        self
    }

    /// The parts that a state contains, by number.
    pub fn parts_of<'s>(&self, state: &'s SweepState) -> impl Iterator<Item = usize> + use<'s> {
        state.chunks()
    }

    /// Limits the number of segments in a chunk, so that tests have many chunks.
    #[doc(hidden)]
    pub fn chunks_of(mut self, size: u64) -> Self {
        self.chunks = chunks(self.groups, size.max(1), self.rows.is_none());
        self
    }

    /// Omits the filter, so that a benchmark can measure its cost. The tallies may then be wrong.
    #[cfg(feature = "unfiltered")]
    #[doc(hidden)]
    pub fn without_filter(self) -> Self {
        Self { tracer: self.tracer.without_filter(), ..self }
    }

    /// The number of segments.
    pub fn paths(&self) -> u64 {
        self.groups.iter().map(PairGroup::count).sum()
    }

    /// The initial state.
    pub fn begin(&self) -> SweepState {
        SweepState::new(self.groups.len())
    }

    /// Whether a state may be one of this sweep: it has the right groups, the number of segments of its chunks, and no distance above the
    /// number of bits.
    pub fn fits(&self, state: &SweepState) -> bool {
        state.fits(self.groups, &self.chunks, self.units.count() as u64)
    }

    /// Whether a state contains all segments.
    pub fn is_done(&self, state: &SweepState) -> bool {
        state.paths() == self.paths()
    }

    /// Continues from a state on this number of threads. After every chunk `watch` gets the state, and returns whether to continue.
    ///
    /// The result is the same to the last bit for any number of threads, and wherever the sweep was interrupted before. If `watch` ends the
    /// sweep, chunks that have begun are finished, and the returned state contains some of the segments.
    ///
    /// # Errors
    /// The system cannot start the threads, the receiver of rows returned an error, or a smooth network is not defined on a whole segment.
    ///
    /// # Panics
    /// If the state is that of another sweep: see [`Sweep::fits`].
    pub fn run(&self, state: SweepState, threads: usize, watch: impl FnMut(&SweepState) -> bool) -> Result<SweepState, SweepError> {
        self.run_chunks(0..self.chunks(), state, threads, watch)
    }

    /// The number of chunks into which the work is split, of some tens of milliseconds each. [`Sweep::run_chunks`] takes ranges of them.
    ///
    /// It depends only on the network, the pairs and the version of Plica.
    pub fn chunks(&self) -> u64 {
        self.chunks.len() as u64
    }

    /// As [`Sweep::run`], for some chunks only, for example on one of several machines. [`SweepState::merge`] merges the states.
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
    /// If the state is that of another sweep, or there are no such chunks.
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
        // There are no more threads than chunks, since the others would have no work.
        let threads = threads.clamp(1, left.len().max(1));
        // The channel is bounded, so that threads wait instead of running far ahead of the thread that adds the tallies and may stop them.
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

    /// The tallies of a chunk, by group. Its rows go to the receiver, if there is one.
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
        // If a pair and its reverse are in one group, one of them is traced.
        let wanted = |&(from, to): &(usize, usize)| *mirror != Some(*group) || from < to;
        tracer.flips_of_pairs(pairs.range(places.clone()).filter(wanted), |(from, to), flips, taken| {
            decisions += taken;
            let measure = match flips {
                Ok(flips) => {
                    let measure = meter.measure_flips(flips);
                    there.add(&measure);
                    if mirror.is_some() {
                        back.add(&meter.measure_reversed_flips(flips));
                    }
                    Some(measure)
                }
                Err(enclosed) => {
                    there.add_range(&FoldingRange::of(enclosed));
                    if mirror.is_some() {
                        back.add_range(&FoldingRange::of(&enclosed.reversed()));
                    }
                    None
                }
            };
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

/// The measuring state of a thread.
struct Measuring {
    meter: Meter,
    /// The counters of the segments, and of their reverses.
    there: Counter,
    back: Counter,
}

impl Measuring {
    fn new(units: &UnitSet) -> Self {
        Self { meter: Meter::new(units), there: Counter::default(), back: Counter::default() }
    }
}
