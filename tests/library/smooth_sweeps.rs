//! Sweeps and audits of smooth networks: their tallies are those of single traces, windows included.

use crate::support::Words;
use plica::data::{DataSet, Points};
use plica::fold::{Folding, FoldingRange, Tally};
use plica::line::Tracer;
use plica::network::{Coefficients, Network, NetworkBuilder, Selection, Smooth, Value};
use plica::sweep::{Auditor, PairGroup, Pairs, PathRow, Precision, RowSink, Sampling, Sweep};
use rug::Rational;
use std::error::Error;
use std::sync::Mutex;

fn functions() -> Vec<Smooth> {
    let q = |p: u32, q: u32| Rational::from((p, q));
    vec![
        Smooth::Tanh,
        Smooth::Sigmoid,
        Smooth::Erf,
        Smooth::softplus(q(3, 1)).unwrap(),
        Smooth::Gelu,
        Smooth::GeluTanh,
        Smooth::silu(q(3, 2)).unwrap(),
        Smooth::elu(q(1, 2)).unwrap(),
        Smooth::celu(q(1, 2)).unwrap(),
        Smooth::selu(q(5, 3), q(21, 20)).unwrap(),
        Smooth::Mish,
        Smooth::Softsign,
        Smooth::HardSwish,
    ]
}

fn linear(builder: &mut NetworkBuilder, words: &mut Words, x: &Value, outputs: usize) -> Value {
    let mut numbers = |n: usize| Coefficients::from_f64((0..n).map(|_| words.double()).collect());
    let (weights, bias) = (numbers(x.shape()[0] * outputs), numbers(outputs));
    builder.linear(x, outputs, weights, Some(bias)).unwrap()
}

/// Two inputs and three layers of six units; between the last two there are a product, softmax, a normalisation, a quotient and a product of
/// matrices.
fn random(function: &Smooth, seed: u64) -> Network {
    let mut words = Words(seed);
    let mut builder = NetworkBuilder::new(&[2]).unwrap();
    let x = builder.input();
    let z = linear(&mut builder, &mut words, &x, 6);
    let first = builder.smooth(&z, function.clone()).unwrap();
    let z = linear(&mut builder, &mut words, &first, 6);
    let second = builder.smooth(&z, function.clone()).unwrap();
    let gated = builder.product(&second, &first).unwrap();
    let shares = builder.softmax(&second, 0).unwrap();
    let scaled = builder.quotient(&gated, &shares).unwrap();
    let normal = builder.layer_norm(&scaled, 0, Rational::from((1, 10))).unwrap();
    let [left, right] = [builder.reshape(&normal, &[2, 3]).unwrap(), builder.reshape(&first, &[3, 2]).unwrap()];
    let small = builder.matrix_product(&left, &right).unwrap();
    let small = builder.reshape(&small, &[4]).unwrap();
    let z = linear(&mut builder, &mut words, &small, 6);
    let third = builder.smooth(&z, function.clone()).unwrap();
    let y = linear(&mut builder, &mut words, &third, 1);
    builder.finish(&y).unwrap()
}

/// tanh(x), and units of its square and of its multiples, which cross 0 with it or touch it.
fn touching() -> Network {
    let mut builder = NetworkBuilder::new(&[1]).unwrap();
    let x = builder.input();
    let y = builder.smooth(&x, Smooth::Tanh).unwrap();
    let square = builder.product(&y, &y).unwrap();
    let z = builder.smooth(&square, Smooth::Tanh).unwrap();
    let sum = builder.concatenate(&[y, z], 0).unwrap();
    let all = builder.smooth(&sum, Smooth::Gelu).unwrap();
    builder.finish(&all).unwrap()
}

fn data(inputs: usize, points: usize, seed: u64) -> DataSet {
    let mut words = Words(seed);
    let coordinates = (0..points * inputs).map(|_| 3.0 * words.double()).collect();
    let labels = (0..points).map(|k| k as i64 % 3).collect();
    DataSet { name: "random".into(), points: Points::from_f64(coordinates, inputs).unwrap(), labels: Some(labels) }
}

/// The tallies by single traces, each segment by itself.
fn plainly(network: &Network, data: &DataSet, groups: &[PairGroup]) -> Vec<Tally> {
    let mut tracer = Tracer::new(network);
    let mut tally = |group: &PairGroup| {
        let mut tally = Tally::default();
        for (i, j) in group.iter() {
            let trace = tracer.enclose(&data.points.point(i), &data.points.point(j)).unwrap();
            match trace.to_trace() {
                Some(trace) => tally.add(&plica::fold::Measure::of(&trace)),
                None => tally.add_range(&FoldingRange::of(&trace)),
            }
        }
        tally
    };
    groups.iter().map(&mut tally).collect()
}

#[test]
fn sweeps_of_smooth_networks_have_the_tallies_of_single_traces() {
    let networks = functions().into_iter().enumerate().map(|(k, function)| random(&function, k as u64));
    for (k, network) in networks.chain([touching()]).enumerate() {
        let data = data(network.inputs(), 7, k as u64);
        let units = network.units(&Selection::Hidden).unwrap();
        for pairs in [Pairs::All, Pairs::Classes] {
            let groups = pairs.groups(&data).unwrap();
            let sweep = Sweep::new(&network, &units, &data.points, &groups).unwrap().chunks_of(5);
            let expected = plainly(&network, &data, &groups);
            let state = sweep.run(sweep.begin(), 2, |_| true).unwrap();
            assert_eq!(state.tallies(), expected, "network {k}, {pairs}");
            let read = serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
            assert_eq!(state, read);
            assert!(sweep.fits(&read) && sweep.is_done(&read));
            let windows: u64 = expected.iter().map(Tally::windows).sum();
            assert_eq!(windows > 0, k == functions().len(), "network {k} has {windows} segments with windows");
        }
    }
}

struct List(Mutex<Vec<PathRow>>);

impl RowSink for List {
    fn take(&self, _: usize, _: &PairGroup, rows: &[PathRow]) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.0.lock().unwrap().extend(rows);
        Ok(())
    }
}

#[test]
fn rows_of_segments_with_windows_have_no_measures() {
    let network = touching();
    let data = data(1, 5, 3);
    let units = network.units(&Selection::Hidden).unwrap();
    let groups = Pairs::All.groups(&data).unwrap();
    let list = List(Mutex::default());
    let sweep = Sweep::new(&network, &units, &data.points, &groups).unwrap().with_rows(&list);
    let state = sweep.run(sweep.begin(), 1, |_| true).unwrap();
    let rows = list.0.into_inner().unwrap();
    let crosses_zero = |row: &PathRow| {
        let ends = [row.from, row.to].map(|k| data.points.nearest(k)[0] > 0.0);
        ends[0] != ends[1]
    };
    assert!(rows.iter().all(|row| row.measure.is_none() == crosses_zero(row)), "{rows:?}");
    assert_eq!(rows.iter().filter(|row| row.measure.is_none()).count() as u64, state.tallies()[0].windows());
    #[cfg(feature = "parquet")]
    {
        use plica::report::paths_parquet;
        assert!(paths_parquet(&groups[0], &rows, false, &[]).unwrap_err().to_string().contains("windows, expected none"));
        assert!(paths_parquet(&groups[0], &rows, true, &[]).unwrap().starts_with(b"PAR1"));
    }
}

/// Every pattern that a sampler in doubles finds between certified crossings is that of a class: the samplers compute the functions that
/// the traces enclose.
#[test]
fn samplers_in_doubles_find_only_classes_of_the_certified_traces() {
    for (k, function) in functions().iter().enumerate() {
        let network = random(function, 100 + k as u64);
        let data = data(2, 8, k as u64);
        let pairs: Vec<(usize, usize)> = (0..8).flat_map(|i| (0..8).map(move |j| (i, j))).filter(|(i, j)| i != j).collect();
        let ways = [Sampling::Points(3), Sampling::Points(401)];
        let audit = Auditor::new(&network, &data.points, &ways).unwrap().audit(&pairs).unwrap();
        assert_eq!((audit.segments, audit.windows), (56, 0), "{function}");
        let of = |points: usize| &audit.samplers[&(Sampling::Points(points), Precision::F64)];
        assert_eq!((of(401).unknown, of(401).out_of_order), (0, 0), "{function}");
        assert!(of(401).missed * 20 < audit.regions, "{function}: {} of {} missed", of(401).missed, audit.regions);
        assert!(of(3).missed > of(401).missed || audit.regions < 80, "{function}");
    }
}

#[test]
fn an_audit_counts_the_segments_with_windows() {
    let network = touching();
    let data = data(1, 5, 3);
    let pairs: Vec<(usize, usize)> = (0..5).flat_map(|i| (0..5).map(move |j| (i, j))).filter(|(i, j)| i != j).collect();
    let audit = Auditor::new(&network, &data.points, &[Sampling::Adaptive]).unwrap().audit(&pairs).unwrap();
    let windows = plainly(&network, &data, &Pairs::All.groups(&data).unwrap())[0].windows();
    assert!(windows > 0);
    assert_eq!((audit.segments, audit.windows), (20 - windows, windows));
    let single = Tracer::new(&network).trace(&data.points.point(0), &data.points.point(0)).unwrap();
    assert_eq!(Folding::of(&single), Folding::default());
}
