//! The growth of the work with the size of a network: the ratios should be near those of the sizes.
//!
//! `cargo run --release -p plica-compare --bin size`

use plica::bounds::Shape;
use plica::data::Point;
use plica::line::Tracer;
use plica::network::{self, Network};
use plica::report::LayerReport;
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 5;

fn main() {
    println!("medians of {ROUNDS} rounds, both sizes in turn\n");
    let load = |shape: &str| network::load(shape).expect("a built-in network");

    let [few, many] = [10_000, 100_000].map(|units| load(&format!("random:2-{units}-1@1")));
    let find = |network: &Network| drop(black_box(LayerReport::of(&network.layers().expect("a stack of layers")[0])));
    report("parallel hyperplanes, 100,000 units over 10,000", || find(&few), || find(&many));

    let [shallow, deep] = [20, 100].map(|layers| load(&format!("random-kaiming:2-{}1@3", "16-".repeat(layers))));
    let (from, to) = (Point::from_f64(&[0.0, 0.0]).expect("finite"), Point::from_f64(&[1.0, 1.0]).expect("finite"));
    let trace = |network: &Network| drop(black_box(Tracer::new(network).trace(&from, &to)));
    report("a trace, 100 layers of 16 units over 20", || trace(&shallow), || trace(&deep));

    let shapes = ["2000-2000-2000-1", "8000-8000-8000-1"].map(|shape| shape.parse::<Shape>().expect("a shape"));
    let bounds = |shape: &Shape| drop(black_box(shape.all(0)));
    report("bounds, two layers of 8,000 units over two of 2,000", || bounds(&shapes[0]), || bounds(&shapes[1]));
}

/// Prints the time of the second over the time of the first.
fn report(what: &str, mut one: impl FnMut(), mut other: impl FnMut()) {
    let seconds = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    let mut rounds: Vec<(f64, f64)> = (0..ROUNDS).map(|_| (seconds(&mut one), seconds(&mut other))).collect();
    rounds.sort_by(|x, y| (x.1 / x.0).total_cmp(&(y.1 / y.0)));
    let (one, other) = rounds[ROUNDS / 2];
    println!("  {what:52} {:>7.1}x   {:.1} ms over {:.1} ms", other / one, 1e3 * other, 1e3 * one);
}
