//! Rounds in which the programs take turns, and their results.

use super::cases::Case;
use super::contenders::{Kind, Sampler, hidden, run};
use plica::fold::Tally;
use plica::sweep::Sweep;
use plica_compare::setup::median;
use std::time::Instant;

const ROUNDS: usize = 7;

/// The approximate time of a run.
const SECONDS: f64 = 0.5;

/// The number of segments of the first try, and the largest number.
const SEGMENTS: std::ops::RangeInclusive<u64> = 1 << 15..=1 << 22;

/// The target in segments per second on one thread.
const RATE: f64 = 1e6;
/// The largest ratio of the sweep's time to the time without the filter.
const FILTER: f64 = 1.15;
/// The target ratio of two threads to one.
const THREADS: f64 = 1.7;

/// One number for each round.
pub struct Series {
    rounds: Vec<f64>,
    target: f64,
    at_most: bool,
}

impl Series {
    fn median(&self) -> f64 {
        median(self.rounds.clone())
    }

    fn met(&self) -> bool {
        if self.at_most { self.median() <= self.target } else { self.median() >= self.target }
    }
}

/// Segments per second, then the ratios: over Algorithm 1 in one batch and in blocks, over the sharing sampler, to the
/// time without filter, of two threads over one.
pub type Outcome = [Series; 6];

/// Measures a case and prints its rows.
pub fn measure(case: &Case) -> Outcome {
    let units = hidden(&case.network);
    let (points, groups) = enough(case);
    let sweep = Sweep::new(&case.network, &units, &points, &groups).expect("points of the right dimension");
    let unchecked = Sweep::new(&case.network, &units, &points, &groups).expect("points of the right dimension").without_filter();
    let mut sampler = |kind| Sampler::fastest(&case.network, &points, &groups, kind, SECONDS);
    let mut samplers = [Kind::Batch, Kind::Blocks, Kind::Sharing].map(&mut sampler);
    let paths = sweep.paths() as f64;

    // Seconds per segment, in the order of the programs.
    let mut times = [const { vec![] }; 6];
    let mut means = [0.0; 6];
    let mut decisions = Default::default();
    for round in 0..=ROUNDS {
        let [batch, blocks, sharing] = &mut samplers;
        let mut contenders: [&mut dyn FnMut() -> f64; 6] = [
            &mut || {
                let state = run(&sweep, 1);
                decisions = state.decisions();
                mean_chi(state.tallies())
            },
            &mut || mean_chi(run(&unchecked, 1).tallies()),
            &mut || batch.run(),
            &mut || blocks.run(),
            &mut || sharing.run(),
            &mut || mean_chi(run(&sweep, 2).tallies()),
        ];
        for ((contender, times), mean) in contenders.iter_mut().zip(&mut times).zip(&mut means) {
            let start = Instant::now();
            *mean = contender();
            // The first round is a warm-up.
            if round > 0 {
                times.push(start.elapsed().as_secs_f64());
            }
        }
    }
    let [batch, blocks, sharing] = &samplers;
    let counts = [paths, paths, batch.segments(), blocks.segments(), sharing.segments(), paths];
    for (times, count) in times.iter_mut().zip(counts) {
        times.iter_mut().for_each(|time| *time /= count);
    }
    let [ours, unchecked, by_batch, by_block, by_sharing, two] = &times;
    let ratio = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a / b).collect();
    let least = |rounds, target| Series { rounds, target, at_most: false };
    let outcome = [
        least(ours.iter().map(|time| 1.0 / time).collect(), RATE),
        least(ratio(by_batch, ours), case.over_algorithm_1),
        least(ratio(by_block, ours), case.over_algorithm_1),
        least(ratio(by_sharing, ours), case.over_sharing),
        Series { rounds: ratio(ours, unchecked), target: FILTER, at_most: true },
        least(ratio(ours, two), THREADS),
    ];
    print_rows(&outcome);
    println!("  {:22} {:>8} {:>11} {:>9}  way", "", "segments", "segments/s", "mean chi");
    let sweeps = ["certified", "without filter", "two threads"].map(|label| (label, String::new()));
    let samplers =
        ["Algorithm 1, one batch", "Algorithm 1, in blocks", "sharing sampler"].into_iter().zip(samplers.each_ref().map(Sampler::way));
    let [certified, plain, threads] = sweeps;
    for (i, (label, way)) in [certified, plain].into_iter().chain(samplers).chain([threads]).enumerate() {
        let rate = 1.0 / median(times[i].clone());
        let row = format!("  {label:22} {:>8} {rate:>11.0} {:>9.6}  {way}", counts[i], means[i]);
        println!("{}", row.trim_end());
    }
    println!("  decisions: {} filtered, {} exact\n", decisions.filtered, decisions.exact);
    outcome
}

fn print_rows(outcome: &Outcome) {
    let labels = [
        "certified segments/s",
        "rate over Algorithm 1, one batch",
        "rate over Algorithm 1, in blocks",
        "rate over the sharing sampler",
        "time over that without filter",
        "rate of two threads over one",
    ];
    println!("  {:36} {:>9} {:>9} {:>9} {:>11}", "", "median", "min", "max", "target");
    for (label, series) in labels.iter().zip(outcome) {
        let min = series.rounds.iter().copied().fold(f64::INFINITY, f64::min);
        let max = series.rounds.iter().copied().fold(0.0, f64::max);
        let digits = if series.target == RATE { 0 } else { 2 };
        let target = if series.target == RATE { "1e6".to_string() } else { series.target.to_string() };
        let verdict = if series.met() { "met" } else { "missed" };
        let target = format!("{target} {verdict}");
        println!("  {label:36} {:>9.digits$} {min:>9.digits$} {max:>9.digits$} {target:>11}", series.median());
    }
}

/// The medians of all cases, one row each; missed targets are marked.
pub fn print_summary(cases: &[(String, Outcome)]) {
    println!("medians; ! misses its target");
    println!(
        "  {:12} {:>11} {:>10} {:>10} {:>9} {:>10} {:>8}",
        "", "segments/s", "one batch", "in blocks", "sharing", "no filter", "threads"
    );
    for (name, outcome) in cases {
        let [rate, batch, blocks, sharing, filter, threads] = outcome.each_ref().map(|series| {
            let mark = if series.met() { ' ' } else { '!' };
            let digits = if series.target == RATE { 0 } else { 2 };
            format!("{:.digits$}{mark}", series.median())
        });
        println!("  {name:12} {rate:>11} {batch:>10} {blocks:>10} {sharing:>9} {filter:>10} {threads:>8}");
    }
    let all = cases.iter().flat_map(|(_, outcome)| outcome);
    println!("  targets: {} met of {}\n", all.clone().filter(|series| series.met()).count(), all.count());
}

/// Points and pairs for about the time of a run.
fn enough(case: &Case) -> (plica::data::Points, Vec<plica::sweep::PairGroup>) {
    let units = hidden(&case.network);
    let mut count = *SEGMENTS.start();
    loop {
        let (points, groups) = case.segments(count);
        let sweep = Sweep::new(&case.network, &units, &points, &groups).expect("points of the right dimension");
        let start = Instant::now();
        run(&sweep, 1);
        let seconds = start.elapsed().as_secs_f64();
        if seconds > 0.7 * SECONDS || count == *SEGMENTS.end() {
            drop(sweep);
            return (points, groups);
        }
        count = ((count as f64 * (SECONDS / seconds).clamp(1.5, 16.0)) as u64).min(*SEGMENTS.end());
    }
}

fn mean_chi(tallies: &[Tally]) -> f64 {
    let (mut sum, mut count) = (0.0, 0);
    for (folding, paths) in tallies.iter().flat_map(Tally::foldings) {
        sum += folding.chi().to_f64() * paths as f64;
        count += paths;
    }
    sum / count as f64
}
