//! Sweeps, [`plica::sweep::Sweep`], from points to tallies, against sampling, on the same pairs in one run.
//!
//! `cargo run --release -p plica-compare --bin sweeps` measures every case; words as arguments select some, for example
//! `random 2x30` or `digits:6x10` or `memory`.
//!
//! The cases are the six shapes of 60 hidden units: with 784 inputs, Kaiming initialisation, and points uniform in the
//! unit cube; and the trained `digits` networks, with some digits. The segments are those of all ordered pairs of
//! points, as in the papers: the sweep traces a segment once and measures it from both ends. The programs take
//! turns, and ratios are taken within a round; the median and the range over the rounds are printed.
//!
//! - *The sweep* is the complete sweep on one thread: first layers, traces, measures, tallies.
//! - *Algorithm 1* is that of the space-folding papers: 100 points of each segment, ends included, each through the
//!   whole network in f32, by the fastest product crate of those tried. *In one batch* of 64 segments is the simple
//!   form: one product per layer. *In blocks* a batch of 81 is cut so that its activations stay in the cache.
//! - *The sharing sampler* interpolates the first layer's pre-activations instead. Those of all points are not
//!   timed: they are computed before the clock starts. The layers above are products, or a loop of our own.
//! - The samplers compute r1, r2 and chi, not tallies. Several sizes of blocks are tried before, and the fastest is measured.
//!   They get an even selection of the pairs, enough for the time of a run.
//! - *Without filter* is the same sweep with the error bounds switched off.
//! - *Two threads* is the same sweep, on two.
//!
//! A missed target is reported, but is no error: the times depend on the machine.

mod cases;
mod contenders;
mod memory;
mod rounds;

use cases::Case;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, points, segments] = &words[..]
        && flag == memory::CHILD
    {
        memory::child(points.parse().expect("a number"), segments.parse().expect("a number"));
        return;
    }
    let wanted = |name: &str| words.is_empty() || words.iter().any(|word| word == name);
    let mut summary = vec![];
    for case in Case::all().filter(|case| wanted(&case.name)) {
        println!("{}", case.heading());
        summary.push((case.name.clone(), rounds::measure(&case)));
    }
    if !summary.is_empty() {
        rounds::print_summary(&summary);
    }
    if wanted("memory") {
        memory::print();
    }
}
