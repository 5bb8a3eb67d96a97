//! Sweeps: their tallies are those of single traces, for all threads, chunks and interrupts.

use crate::support::plain::PlainLine;
use crate::support::{Words, case, config, networks};
use plica::data::{DataSet, Point, Points};
use plica::exact::Instructions;
use plica::fold::{Meter, Tally};
use plica::line::{Trace, Tracer};
use plica::network::{Bit, Layer, Network, Pattern, Selection, zoo};
use plica::sweep::{
    Audit, AuditError, Auditor, Checkpoint, CheckpointError, Fault, Fingerprint, Pairs, Precision, Sampling, SequenceAudit, StateError,
    Sweep, SweepState,
};
use proptest::prelude::*;
use rug::Rational;
use std::path::PathBuf;

/// Points on a coarse grid, so that ties are common, with labels; a class may have a single point.
fn data(network: &Network, seed: u64, points: usize) -> DataSet {
    let mut words = Words(seed);
    let mut below = |n| words.below(n) as u32;
    let coordinates = (0..points * network.inputs()).map(|_| f64::from(below(9)) / 4.0 - 1.0).collect();
    let labels = (0..points).map(|_| i64::from(below(3))).collect();
    DataSet { name: "random".into(), points: Points::from_f64(coordinates, network.inputs()).unwrap(), labels: Some(labels) }
}

/// The tallies by the exact-only mode, one segment after the other.
fn plainly(network: &Network, data: &DataSet, pairs: Pairs) -> Vec<Tally> {
    let units = network.units(&Selection::Hidden).unwrap();
    let mut meter = Meter::new(&units);
    let tally = |group: &plica::sweep::PairGroup| {
        let mut tally = Tally::default();
        for (i, j) in group.iter() {
            tally.add(&meter.measure(&Trace::exact_only(network, &data.points.point(i), &data.points.point(j), &units).unwrap()));
        }
        tally
    };
    pairs.groups(data).unwrap().iter().map(tally).collect()
}

/// Runs a sweep that is interrupted after every few chunks; in between, its state is written and read back.
fn in_pieces(sweep: &Sweep<'_>, threads: usize, words: &mut Words) -> SweepState {
    let mut state = sweep.begin();
    while !sweep.is_done(&state) {
        let mut left = 1 + words.below(4);
        state = sweep
            .run(state, threads, |_| {
                left -= usize::from(left > 0);
                left > 0
            })
            .unwrap();
        state = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
        assert!(sweep.fits(&state));
    }
    state
}

/// Runs a sweep in parts, like several machines, and merges their states in any order.
fn in_parts(sweep: &Sweep<'_>, words: &mut Words) -> SweepState {
    let mut ends = vec![0, sweep.chunks()];
    ends.extend((0..words.below(5)).map(|_| words.below(sweep.chunks() as usize + 1) as u64));
    ends.sort_unstable();
    let part = |w: &[u64]| sweep.run_chunks(w[0]..w[1], sweep.begin(), 1, |_| true).unwrap();
    let mut parts: Vec<SweepState> = ends.windows(2).map(part).collect();
    let mut state = sweep.begin();
    while !parts.is_empty() {
        let next = parts.swap_remove(words.below(parts.len()));
        state.merge(&next).unwrap();
        assert!(sweep.fits(&state));
        let before = state.clone();
        if next != sweep.begin() {
            assert!(matches!(state.merge(&next), Err(StateError::Twice { .. })));
        }
        assert_eq!(state, before);
    }
    state
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn a_sweep_is_the_sum_of_its_exact_traces(network in networks::any(), seed: u64, choice in 0usize..3) {
        let data = data(&network, seed, 9);
        let pairs = [Pairs::Classes, Pairs::All, Pairs::Random { count: 40, seed }][choice];
        let expected = plainly(&network, &data, pairs);
        let units = network.units(&Selection::Hidden).unwrap();
        let groups = pairs.groups(&data).unwrap();
        let mut words = Words(seed);
        for (threads, size) in [(1, 1000), (2, 3), (7, 1)] {
            let sweep = Sweep::new(&network, &units, &data.points, &groups).unwrap().chunks_of(size);
            let state = sweep.run(sweep.begin(), threads, |_| true).unwrap();
            prop_assert_eq!(state.tallies(), &expected[..]);
            prop_assert_eq!(&in_pieces(&sweep, threads, &mut words), &state);
            prop_assert_eq!(in_parts(&sweep, &mut words), state);
        }
    }
}

/// A network of layers of up to 32 units, of any depth up to 6: real weights of some scale, or small integers, which make ties.
fn narrow_network(words: &mut Words) -> Network {
    let depth = words.below(7);
    let widest = [4, 9, 17, 32][words.below(4)];
    let widths: Vec<usize> = (0..depth + 2).map(|_| 1 + words.below(widest)).collect();
    let (real, exponent) = (words.below(3) > 0, words.below(9) as i32 - 4);
    let mut number = || match real {
        true => (words.below(1 << 20) as f64 / f64::from(1 << 19) - 1.0) * 2f64.powi(exponent),
        false => words.below(5) as f64 - 2.0,
    };
    let layers = widths.windows(2).map(|w| {
        let weights = nalgebra::DMatrix::from_fn(w[1], w[0], |_, _| number());
        Layer::from_f64(weights, nalgebra::DVector::from_fn(w[1], |_, _| number()))
    });
    Network::new(layers.collect()).unwrap()
}

proptest! {
    #![proptest_config(config(150))]

    /// One tracer for all segments, to find errors from memory that an earlier segment has left.
    #[test]
    fn flips_of_many_segments_are_those_of_exact_traces(seed: u64, outputs: bool) {
        let mut words = Words(seed);
        let network = narrow_network(&mut words);
        let points = data(&network, seed, 5).points;
        let units = network.units(if outputs { &Selection::All } else { &Selection::Hidden }).unwrap();
        let pairs = || (0..5).flat_map(|i| (0..5).map(move |j| (i, j)));
        let exact: Vec<Vec<Vec<Bit>>> = pairs()
            .map(|(i, j)| {
                let trace = Trace::exact_only(&network, &points.point(i), &points.point(j), &units).unwrap();
                trace.crossings().map(|crossing| crossing.flips.to_vec()).collect()
            })
            .collect();
        for instructions in Instructions::available() {
            let mut tracer = Tracer::new(&network).units(&units).instructions(instructions);
            let mut found = exact.iter();
            tracer
                .over(&points)
                .unwrap()
                .flips_of_pairs(pairs(), |pair, flips, _| {
                    let flips = flips.unwrap();
                    let mut there: Vec<Vec<Bit>> = Vec::new();
                    flips.for_each(|units| there.push(units.to_vec()));
                    assert_eq!(Some(&there), found.next(), "{pair:?}");
                    let mut back: Vec<Vec<Bit>> = Vec::new();
                    flips.for_each_reversed(|units| back.push(units.to_vec()));
                    back.reverse();
                    assert_eq!(back, there, "{pair:?}");
                })
                .unwrap();
        }
    }
}

/// Sampling in exact arithmetic at the same points, one rational forward pass each.
fn patterns_at(network: &Network, from: &Point, to: &Point, n: u32) -> Vec<Pattern> {
    let line = PlainLine::new(network, from, to);
    (0..n).map(|k| line.pattern(&Rational::from((k, n - 1)), false)).collect()
}

proptest! {
    #![proptest_config(config(300))]

    /// Samples without rounding are always a subsequence of the closed sequence, and wrong patterns in a list are found.
    #[test]
    fn exact_samples_have_no_faults(case in case(), n in 2u32..40) {
        let trace = case.exact(&Selection::Hidden);
        let mut patterns = patterns_at(&case.network, &case.from, &case.to, n);
        let audit = SequenceAudit::of(&trace, &patterns);
        prop_assert_eq!(&audit.faults, &[]);
        let seen = trace.patterns().filter(|region| patterns.contains(region)).count();
        prop_assert_eq!(audit.missed, trace.regions() - seen);
        let closed = trace.closed_sequence();
        prop_assert!(SequenceAudit::of(&trace, &closed).is_complete());
        prop_assert_eq!(SequenceAudit::of(&trace, &closed).missed, 0);

        // A pattern of no region, and a list that goes back.
        if !patterns[0].is_empty() {
            let mut strange = patterns[0].clone();
            let unit = (0..strange.len()).find(|&unit| {
                let mut other = strange.clone();
                other.flip(unit);
                !closed.contains(&other)
            });
            if let Some(unit) = unit {
                strange.flip(unit);
                patterns.push(strange);
                prop_assert_eq!(SequenceAudit::of(&trace, &patterns).faults, vec![(patterns.len() - 1, Fault::Unknown)]);
                patterns.pop();
            }
        }
        if patterns.first() != patterns.last() {
            let first = patterns[0].clone();
            patterns.push(first);
            let faults = SequenceAudit::of(&trace, &patterns).faults;
            // The pattern of an end may equal that of a later crossing if units vanish there: then it is in order.
            let again = closed.iter().rposition(|pattern| *pattern == patterns[0]) >= closed.iter().position(|p| *p == patterns[patterns.len() - 2]);
            prop_assert_eq!(faults.is_empty(), again);
        }
    }
}

/// Counts by hand, on a segment where single precision is exact.
#[test]
fn an_audit_counts_what_sampling_misses() {
    let network = zoo::parse("sawtooth:4").unwrap().unwrap();
    let points = Points::from_f64(vec![0.0, 1.0], 1).unwrap();
    let ways = [Sampling::Points(2), Sampling::Points(9), Sampling::Points(1025), Sampling::Adaptive];
    let audit = Auditor::new(&network, &points, &ways).unwrap().audit(&[(0, 1), (1, 0)]).unwrap();
    assert_eq!((audit.segments, audit.regions), (2, 32));
    for precision in [Precision::F32, Precision::F64] {
        let of = |way| &audit.samplers[&(way, precision)];
        assert_eq!((of(Sampling::Points(1025)).missed, of(Sampling::Points(1025)).incomplete), (0, 0));
        assert_eq!(of(Sampling::Points(2)).incomplete, 2);
        assert!(of(Sampling::Points(9)).missed >= 14);
        assert_eq!(of(Sampling::Points(9)).points, 18);
        for way in ways {
            assert_eq!((of(way).unknown, of(way).out_of_order), (0, 0));
            assert_eq!(of(way).errors().count(), 2);
        }
    }
}

#[test]
fn an_audit_refuses_what_it_cannot_sample() {
    let network = zoo::parse("sawtooth:2").unwrap().unwrap();
    let (line, plane) = (Points::from_f64(vec![0.0, 1.0], 1).unwrap(), Points::from_f64(vec![0.0, 1.0], 2).unwrap());
    for n in [0, 1] {
        let refused = Auditor::new(&network, &line, &[Sampling::Points(2), Sampling::Points(n)]).err();
        assert_eq!(refused, Some(AuditError::TooFewPoints(n)));
    }
    assert!(matches!(Auditor::new(&network, &plane, &[]).err(), Some(AuditError::Trace(_))));
}

/// The audit of many segments is the sum of the audits of its parts.
#[test]
fn audits_merge() {
    let network = zoo::parse("random:3-9-7-2@5").unwrap().unwrap();
    let set = data(&network, 8, 40);
    let pairs: Vec<_> = Pairs::Random { count: 90, seed: 3 }.groups(&set).unwrap()[0].iter().collect();
    let ways = [Sampling::Points(33), Sampling::Adaptive];
    let auditor = Auditor::new(&network, &set.points, &ways).unwrap();
    let whole = auditor.audit(&pairs).unwrap();
    let parts = pairs.chunks(7).map(|part| auditor.audit(part).unwrap());
    assert_eq!(parts.reduce(Audit::merge).unwrap(), whole);
}

fn file(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sweep");
    std::fs::create_dir_all(&directory).unwrap();
    directory.join(name)
}

#[test]
fn a_checkpoint_is_taken_up_by_the_same_sweep_only() {
    let network = zoo::parse("cantor:2").unwrap().unwrap();
    let other = zoo::parse("cantor-b:2").unwrap().unwrap();
    let (units, output) = (network.units(&Selection::Hidden).unwrap(), network.units(&Selection::All).unwrap());
    let (set, moved) = (data(&network, 1, 12), data(&network, 2, 12));
    let mut relabelled = set.clone();
    relabelled.labels.as_mut().unwrap()[3] += 1;
    let groups = Pairs::All.groups(&set).unwrap();
    let sweep = Sweep::new(&network, &units, &set.points, &groups).unwrap().chunks_of(10);
    let path = file("state.json");
    let of = |fingerprint| Checkpoint::new(&path, fingerprint);
    let checkpoint = of(Fingerprint::new(&network, &units, &set, Pairs::All));
    let _ = std::fs::remove_file(&path);
    assert_eq!(checkpoint.load(&sweep).unwrap(), None);
    let mut chunks = 0;
    let state = sweep
        .run(sweep.begin(), 1, |_| {
            chunks += 1;
            chunks < 4
        })
        .unwrap();
    checkpoint.save(&state).unwrap();
    assert_eq!(checkpoint.load(&sweep).unwrap(), Some(state.clone()));

    let others = [
        (Fingerprint::new(&other, &other.units(&Selection::Hidden).unwrap(), &set, Pairs::All), "networks"),
        (Fingerprint::new(&network, &output, &set, Pairs::All), "units"),
        (Fingerprint::new(&network, &units, &moved, Pairs::All), "data"),
        (Fingerprint::new(&network, &units, &relabelled, Pairs::All), "data"),
        (Fingerprint::new(&network, &units, &set, Pairs::Classes), "pairs"),
        (Fingerprint::new(&network, &units, &set, Pairs::All).with_precision(128), "precisions (--precision)"),
    ];
    for (fingerprint, expected) in others {
        match of(fingerprint).load(&sweep) {
            Err(CheckpointError::Different { what, .. }) => assert_eq!(what, expected),
            outcome => panic!("{expected}: {outcome:?}"),
        }
    }

    // A truncated file, and one whose counts do not match its chunks.
    let text = std::fs::read_to_string(&path).unwrap();
    // The progress of the threads before they were stopped is not known.
    let mut miscounted: serde_json::Value = serde_json::from_str(&text).unwrap();
    let end = &mut miscounted["state"]["done"][0]["end"];
    *end = (end.as_u64().unwrap() - 1).into();
    let miscounted = miscounted.to_string();
    for content in [&text[..text.len() / 2], &miscounted, ""] {
        std::fs::write(&path, content).unwrap();
        assert!(matches!(checkpoint.load(&sweep), Err(CheckpointError::Malformed { .. })), "{content}");
    }
    let nowhere = Checkpoint::new(file("no-such-directory/state.json"), Fingerprint::new(&network, &units, &set, Pairs::All));
    assert!(matches!(nowhere.save(&state), Err(CheckpointError::Io { .. })));
}
