//! Segments per second: Plica with and without its filter, regioncam, and sampling, on the same segments in one run.
//!
//! `cargo run --release -p plica-compare` measures all networks; names as arguments select some, for example `784-30-30-10 kaiming:784-30-30-10`.

use plica::data::Points;
use plica::line::{Decisions, Tracer};
use plica::network;
use plica_compare::regioncam_baseline::Regioncam;
use plica_compare::sampling_baseline::{Sampled, Sampling, Settings};
use plica_compare::setup::{Rng, SHAPES, median, to_f32};
use std::time::Instant;

/// The number of rounds for the median; in each, the programs take turns on the same segments.
const ROUNDS: usize = 5;

/// The least time for Plica's part of a round.
const ROUND_SECONDS: f64 = 0.004;

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    println!("one thread, uniform ends in the unit cube, medians of {ROUNDS} rounds; ratios are Plica's rate over the other's\n");
    for kind in ["random", "random-kaiming"] {
        for (_, sizes) in SHAPES {
            let shape = sizes.iter().map(usize::to_string).collect::<Vec<_>>().join("-");
            let name = format!("{kind}:{shape}");
            if wanted.is_empty() || wanted.contains(&name) {
                compare(&name);
            }
        }
    }
}

/// A program: traces all segments and returns the number of regions that it found.
type Contender<'a> = (&'static str, Box<dyn FnMut() -> usize + 'a>);

fn compare(name: &str) {
    let network = network::load(&format!("{name}@1")).expect("a built-in network");
    let floats = to_f32(&network);
    let inputs = network.inputs();
    let mut certified = Tracer::new(&network);
    let mut unchecked = Tracer::new(&network).without_filter();
    let segments = enough_segments(&mut certified, inputs);
    let ends = Rng::new(7).units(2 * segments * inputs);
    // Plica uses doubles, the others the same numbers in single precision.
    let points = Points::from_f64(ends.iter().map(|&x| f64::from(x)).collect(), inputs).expect("finite points");
    let row = |i: usize| &ends[i * inputs..(i + 1) * inputs];
    let from: Vec<f32> = (0..segments).flat_map(|i| row(2 * i).to_vec()).collect();
    let to: Vec<f32> = (0..segments).flat_map(|i| row(2 * i + 1).to_vec()).collect();
    let mut decisions = Decisions::default();
    trace(&mut certified, &points, Some(&mut decisions));

    let mut regioncam = Regioncam::new(&floats);
    let regioncam_plain = Regioncam::new(&floats);
    let pairs: Vec<(usize, usize)> = (0..segments).map(|i| (2 * i, 2 * i + 1)).collect();
    let mut sampling = Sampling::new(&floats, Settings::points(100));
    let mut dense = Sampling::new(&floats, Settings::points(1000));
    let mut contenders: Vec<Contender<'_>> = vec![
        ("Plica, certified", Box::new(|| trace(&mut certified, &points, None))),
        ("Plica without its filter", Box::new(|| trace(&mut unchecked, &points, None))),
        (
            "regioncam, plain use",
            Box::new(|| from.chunks(inputs).zip(to.chunks(inputs)).map(|(a, b)| regioncam_plain.regions_plain(a, b)).sum()),
        ),
        (
            "regioncam, first layer batched",
            Box::new(|| {
                let mut counts = vec![0; segments];
                regioncam.regions(&from, &to, &mut counts);
                counts.iter().sum()
            }),
        ),
        ("Algorithm 1, 100 points", Box::new(|| sample(&mut sampling, &ends, &pairs))),
        ("Algorithm 1, 1000 points", Box::new(|| sample(&mut dense, &ends, &pairs))),
    ];
    let mut seconds = vec![Vec::new(); contenders.len()];
    let mut regions = vec![0; contenders.len()];
    for _ in 0..ROUNDS {
        for (i, (_, run)) in contenders.iter_mut().enumerate() {
            // One run before the clock starts, so that every program has the points in the cache.
            run();
            let start = Instant::now();
            regions[i] = run();
            seconds[i].push(start.elapsed().as_secs_f64());
        }
    }
    println!("{name}, {segments} segments");
    println!("  {:32} {:>12} {:>8} {:>16}", "", "segments/s", "ratio", "regions/segment");
    for (i, (label, _)) in contenders.iter().enumerate() {
        let rate = segments as f64 / median(seconds[i].clone());
        let ratio = median(seconds[i].iter().zip(&seconds[0]).map(|(other, ours)| other / ours).collect());
        println!("  {label:32} {rate:>12.1} {ratio:>8.2} {:>16.2}", regions[i] as f64 / segments as f64);
    }
    let all = decisions.filtered + decisions.exact;
    println!("  decided with integers: {} of {all} decisions on {segments} segments\n", decisions.exact);
}

fn enough_segments(tracer: &mut Tracer, inputs: usize) -> usize {
    let mut segments = 2;
    loop {
        let ends = Rng::new(3).units(2 * segments * inputs);
        let points = Points::from_f64(ends.into_iter().map(f64::from).collect(), inputs).expect("finite points");
        let start = Instant::now();
        trace(tracer, &points, None);
        if start.elapsed().as_secs_f64() > ROUND_SECONDS || segments >= 1 << 12 {
            return segments;
        }
        segments *= 4;
    }
}

fn trace(tracer: &mut Tracer, points: &Points, mut decisions: Option<&mut Decisions>) -> usize {
    let mut regions = 0;
    let visit = |_: (usize, usize), trace: Result<&plica::line::Trace, &plica::line::EnclosedTrace>| {
        let trace = trace.expect("the network is piecewise affine");
        regions += trace.regions();
        if let Some(decisions) = decisions.as_deref_mut() {
            *decisions += trace.decisions();
        }
    };
    tracer.trace_pairs(points, (0..points.len() / 2).map(|i| (2 * i, 2 * i + 1)), visit).expect("points of the right dimension");
    regions
}

fn sample(sampling: &mut Sampling, points: &[f32], pairs: &[(usize, usize)]) -> usize {
    let mut out = vec![Sampled::default(); pairs.len()];
    sampling.sample(points, pairs, &mut out);
    out.iter().map(|s| s.patterns as usize).sum()
}
