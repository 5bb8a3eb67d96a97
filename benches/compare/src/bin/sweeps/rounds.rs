//! Contenders taking turns, and what comes out of it.

use super::cases::Case;
use super::contenders::{Sampler, hidden, run};
use plica::fold::Tally;
use plica::sweep::Sweep;
use plica_compare::setup::median;
use std::time::Instant;

const ROUNDS: usize = 7;

/// The time that a run should take about.
const SECONDS: f64 = 0.5;

/// Segments of the first try, and the most that are taken.
const SEGMENTS: std::ops::RangeInclusive<u64> = 1 << 15..=1 << 22;

/// Segments a second that are aimed at on one thread.
const RATE: f64 = 1e6;
/// The most that the sweep may take of the time without the filter.
const FILTER: f64 = 1.15;
/// What two threads should bring.
const THREADS: f64 = 1.7;

/// One number of each round.
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

/// Segments a second, then the ratios: over Algorithm 1, over the sharing sampler, to the time without filter, of two
/// threads over one.
pub type Outcome = [Series; 5];

/// Measures a case and prints its rows.
pub fn measure(case: &Case) -> Outcome {
    let units = hidden(&case.network);
    let (points, groups) = enough(case);
    let sweep = Sweep::new(&case.network, &units, &points, &groups).expect("points of the right dimension");
    let unchecked = Sweep::new(&case.network, &units, &points, &groups).expect("points of the right dimension").without_filter();
    let mut plain = Sampler::fastest(&case.network, &points, &groups, false, SECONDS);
    let mut sharing = Sampler::fastest(&case.network, &points, &groups, true, SECONDS);
    let paths = sweep.paths() as f64;

    // Seconds a segment, in the order of the contenders.
    let mut times = [const { vec![] }; 5];
    let mut means = [0.0; 5];
    let mut decisions = Default::default();
    for round in 0..=ROUNDS {
        let mut contenders: [&mut dyn FnMut() -> f64; 5] = [
            &mut || {
                let state = run(&sweep, 1);
                decisions = state.decisions();
                mean_chi(state.tallies())
            },
            &mut || mean_chi(run(&unchecked, 1).tallies()),
            &mut || plain.run() / plain.segments() as f64,
            &mut || sharing.run() / sharing.segments() as f64,
            &mut || mean_chi(run(&sweep, 2).tallies()),
        ];
        for ((contender, times), mean) in contenders.iter_mut().zip(&mut times).zip(&mut means) {
            let start = Instant::now();
            *mean = contender();
            // The first round only warms up.
            if round > 0 {
                times.push(start.elapsed().as_secs_f64());
            }
        }
    }
    let counts = [paths, paths, plain.segments() as f64, sharing.segments() as f64, paths];
    for (times, count) in times.iter_mut().zip(counts) {
        times.iter_mut().for_each(|time| *time /= count);
    }
    let [ours, unchecked, algorithm_1, shared, two] = &times;
    let ratio = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a / b).collect();
    let least = |rounds, target| Series { rounds, target, at_most: false };
    let outcome = [
        least(ours.iter().map(|time| 1.0 / time).collect(), RATE),
        least(ratio(algorithm_1, ours), case.over_algorithm_1),
        least(ratio(shared, ours), case.over_sharing),
        Series { rounds: ratio(ours, unchecked), target: FILTER, at_most: true },
        least(ratio(ours, two), THREADS),
    ];
    print_rows(&outcome);
    println!("  segments: {paths} swept, {} and {} sampled", plain.segments(), sharing.segments());
    println!("  Algorithm 1: {}; {:.0} segments/s", plain.way, 1.0 / median(algorithm_1.clone()));
    println!("  sharing:     {}; {:.0} segments/s", sharing.way, 1.0 / median(shared.clone()));
    println!("  mean chi {:.6} exact, {:.6} unfiltered, {:.6} and {:.6} sampled", means[0], means[1], means[2], means[3]);
    println!("  decisions: {} filtered, {} exact\n", decisions.filtered, decisions.exact);
    outcome
}

fn print_rows(outcome: &Outcome) {
    let labels = [
        "certified segments/s",
        "rate over Algorithm 1 at 100 points",
        "rate over the sharing sampler at 100",
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

/// The medians of all cases, a row each; what misses its target is marked.
pub fn print_summary(cases: &[(String, Outcome)]) {
    println!("medians; ! misses its target");
    println!("  {:14} {:>12} {:>12} {:>10} {:>10} {:>12}", "", "segments/s", "Algorithm 1", "sharing", "no filter", "two threads");
    for (name, outcome) in cases {
        let [rate, algorithm_1, sharing, filter, threads] = outcome.each_ref().map(|series| {
            let mark = if series.met() { ' ' } else { '!' };
            let digits = if series.target == RATE { 0 } else { 2 };
            format!("{:.digits$}{mark}", series.median())
        });
        println!("  {name:14} {rate:>12} {algorithm_1:>12} {sharing:>10} {filter:>10} {threads:>12}");
    }
    let all = cases.iter().flat_map(|(_, outcome)| outcome);
    println!("  targets: {} met of {}\n", all.clone().filter(|series| series.met()).count(), all.count());
}

/// Points and pairs that take the time of a run.
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
