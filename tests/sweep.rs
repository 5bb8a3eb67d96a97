//! Sweeps: the tallies of single traces, whatever the threads, the chunks, the interrupts.

mod support;

use plica::data::{DataSet, Points};
use plica::fold::{Meter, Tally};
use plica::line::trace_exact_only;
use plica::network::{Network, Selection, zoo};
use plica::sweep::{Checkpoint, CheckpointError, Fingerprint, Pairs, Sweep, SweepState};
use proptest::prelude::*;
use std::path::PathBuf;
use support::{Words, config, networks};

/// Points on a coarse grid, so that ties are common, with labels of which one class may have a single point.
fn data(network: &Network, seed: u64, points: usize) -> DataSet {
    let mut words = Words(seed);
    let mut below = |n| words.below(n) as u32;
    let coordinates = (0..points * network.inputs()).map(|_| f64::from(below(9)) / 4.0 - 1.0).collect();
    let labels = (0..points).map(|_| i64::from(below(3))).collect();
    DataSet { name: "random".into(), points: Points::from_f64(coordinates, network.inputs()).unwrap(), labels: Some(labels) }
}

/// The tallies by the exact-only mode, one segment after the other.
fn plainly(network: &Network, data: &DataSet, pairs: Pairs) -> Vec<Tally> {
    let units = Selection::Hidden.resolve(network).unwrap();
    let mut meter = Meter::new(&units);
    let tally = |group: &plica::sweep::PairGroup| {
        let mut tally = Tally::default();
        for (i, j) in group.iter() {
            tally.add(&meter.measure(&trace_exact_only(network, &data.points.point(i), &data.points.point(j), &units).unwrap()));
        }
        tally
    };
    pairs.groups(data).unwrap().iter().map(tally).collect()
}

/// Runs a sweep that is interrupted after every few chunks, its state written out and read back in between.
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

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn a_sweep_is_the_sum_of_its_exact_traces(network in networks::any(), seed: u64, choice in 0usize..3) {
        let data = data(&network, seed, 9);
        let pairs = [Pairs::Classes, Pairs::All, Pairs::Random { count: 40, seed }][choice];
        let expected = plainly(&network, &data, pairs);
        let units = Selection::Hidden.resolve(&network).unwrap();
        let groups = pairs.groups(&data).unwrap();
        let mut words = Words(seed);
        for (threads, size) in [(1, 1000), (2, 3), (7, 1)] {
            let sweep = Sweep::new(&network, &units, &data.points, &groups).unwrap().chunks_of(size);
            let state = sweep.run(sweep.begin(), threads, |_| true).unwrap();
            prop_assert_eq!(state.tallies(), &expected[..]);
            prop_assert_eq!(in_pieces(&sweep, threads, &mut words), state);
        }
    }
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
    let (units, output) = (Selection::Hidden.resolve(&network).unwrap(), Selection::All.resolve(&network).unwrap());
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
        (Fingerprint::new(&other, &Selection::Hidden.resolve(&other).unwrap(), &set, Pairs::All), "networks"),
        (Fingerprint::new(&network, &output, &set, Pairs::All), "units"),
        (Fingerprint::new(&network, &units, &moved, Pairs::All), "data"),
        (Fingerprint::new(&network, &units, &relabelled, Pairs::All), "data"),
        (Fingerprint::new(&network, &units, &set, Pairs::Classes), "pairs"),
    ];
    for (fingerprint, expected) in others {
        match of(fingerprint).load(&sweep) {
            Err(CheckpointError::Different { what, .. }) => assert_eq!(what, expected),
            outcome => panic!("{expected}: {outcome:?}"),
        }
    }

    // A file that was cut, and one whose counts do not belong to its chunks.
    let text = std::fs::read_to_string(&path).unwrap();
    let miscounted = text.replacen("\"done\":[{\"start\":0,\"end\":4}]", "\"done\":[{\"start\":0,\"end\":3}]", 1);
    assert_ne!(text, miscounted);
    for content in [&text[..text.len() / 2], &miscounted, ""] {
        std::fs::write(&path, content).unwrap();
        assert!(matches!(checkpoint.load(&sweep), Err(CheckpointError::Malformed { .. })), "{content}");
    }
    let nowhere = Checkpoint::new(file("no-such-directory/state.json"), Fingerprint::new(&network, &units, &set, Pairs::All));
    assert!(matches!(nowhere.save(&state), Err(CheckpointError::Io { .. })));
}
