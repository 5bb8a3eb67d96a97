//! The samplers against exact traces: 100 points find many regions of a segment, 10,000 nearly all.

use plica::data::{self, Points};
use plica::fold::Folding;
use plica::line::Tracer;
use plica::network;
use plica_compare::sampling_baseline::{Cut, Method, Sampled, Sampling, Settings};
use plica_compare::setup::{Rng, to_f32};

const SEGMENTS: usize = 200;

/// The number of segments with the exact (r1, r2), the number with a larger r2, and the mean error of chi.
fn agreement(exact: &[Folding], sampled: &[Sampled]) -> (usize, usize, f64) {
    let pairs = || exact.iter().zip(sampled);
    let equal = pairs().filter(|(e, s)| (e.r1, e.r2) == (s.r1.into(), s.r2.into())).count();
    let above = pairs().filter(|(e, s)| u64::from(s.r2) > e.r2).count();
    let off: f64 = pairs().map(|(e, s)| (s.chi() - e.chi().to_f64()).abs()).sum();
    (equal, above, off / exact.len() as f64)
}

#[test]
fn samplers_approach_the_exact_foldings() {
    let digits = data::DataSet::load("digits", &Default::default()).unwrap().points;
    for name in ["random-kaiming:784-30-30-10@1", "digits:3x20", "digits:10x6"] {
        let network = network::load(name).unwrap();
        let floats = to_f32(&network);
        let ends: Vec<f32> = match network.inputs() {
            64 => (0..2 * SEGMENTS).flat_map(|row| digits.nearest(row).iter().map(|&x| x as f32)).collect(),
            inputs => Rng::new(2).units(2 * SEGMENTS * inputs),
        };
        let points = Points::from_f64(ends.iter().map(|&x| x.into()).collect(), network.inputs()).unwrap();
        let pairs: Vec<_> = (0..SEGMENTS).map(|i| (i, 2 * SEGMENTS - 1 - i)).collect();
        let mut exact = vec![];
        Tracer::new(&network).trace_pairs(&points, pairs.iter().copied(), |_, trace| exact.push(Folding::of(trace.unwrap()))).unwrap();

        for (n, equal_at_least, off_at_most) in [(100, SEGMENTS * 9 / 10, 0.01), (10_000, SEGMENTS * 98 / 100, 0.0005)] {
            for (cut, method) in [(Cut::Blocks(128), Method::Fused), (Cut::Whole, Method::Product)] {
                let mut sampling = Sampling::new(&floats, Settings { n, cut, method });
                let first = sampling.first_layer(&ends);
                let mut out = [Sampled::default(); SEGMENTS];
                for shares in [false, true] {
                    if shares {
                        sampling.sample_shared(&first, &pairs, &mut out);
                    } else {
                        sampling.sample(&ends, &pairs, &mut out);
                    }
                    let (equal, above, off) = agreement(&exact, &out);
                    let what = format!("{name}, {n} points, {method:?}, shared {shares}: {equal} equal, {above} above, chi off by {off}");
                    assert!(equal >= equal_at_least && off <= off_at_most, "{what}");
                    // A sequence of samples is part of the exact one: only rounding can add flips.
                    assert!(above <= SEGMENTS / 50, "{what}");
                }
            }
        }
    }
}
