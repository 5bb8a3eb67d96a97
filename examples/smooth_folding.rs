//! The folding of networks with GELU, tanh and ReLU side by side, and how wrong it is from 100 samples a segment.
//!
//! Paper 2 (arXiv 2503.08502) carries the measure over from ReLU to smooth activations, by the signs of pre-activations. Published
//! values are sampled. Here eighteen networks, six shapes of 60 hidden units with each of three activations, trained on the built-in
//! digits in the same way, are followed along the same segments between digits of different classes. The columns `exact` are proven: a
//! trace with a window, in which a crossing is not decided, is counted under `open` and left out. The samples are the patterns at 100
//! equidistant points, ends included, in single precision.
//!
//! What is seen: no trace has a window. Networks with tanh fold least in every shape; GELU is close to ReLU in two layers, and close to
//! tanh in ten. Up to 6 % of the sampled values are wrong, single ones by 0.05 to 0.2. With ReLU the samples miss flips. With GELU and
//! tanh they miss almost none, but they do not see the order of flips that fall between two of them, and chi is too large.
//!
//! ```text
//! cargo run --release --example smooth_folding -- [SEGMENTS [SEED]]
//! ```
//!
//! By default there are 1000 segments, which take about half a minute on two cores.

use plica::data::{DataSet, LoadOptions, Point};
use plica::fold::{Distribution, Folding, FoldingRange};
use plica::line::Tracer;
use plica::network::{self, Network, Operation, Pattern, Smooth};
use plica::sweep::Pairs;
use rug::Rational;
use std::error::Error;

const SHAPES: [&str; 6] = ["2x30", "3x20", "4x15", "5x12", "6x10", "10x6"];
const ACTIVATIONS: [(&str, &str); 3] = [("relu", "digits:"), ("gelu", "digits:gelu:"), ("tanh", "digits:tanh:")];
const SAMPLES: usize = 100;

/// The folding of one segment.
struct Measured {
    /// The proven one; `None` if windows leave several open.
    exact: Option<Folding>,
    sampled: Folding,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().map_or(Ok(1000), |count| count.parse()).map_err(|e| format!("SEGMENTS: {e}"))?;
    let seed: u64 = arguments.next().map_or(Ok(0), |seed| seed.parse()).map_err(|e| format!("SEED: {e}"))?;
    let digits = DataSet::load("digits", &LoadOptions::default())?;
    let segments = segments(&digits, count, seed)?;
    println!("{count} segments between digits of different classes; {SAMPLES} samples a segment\n");
    println!("{:27}exact{:24}{SAMPLES} samples", "", "");
    println!(
        "{:6}{:6}{:>4}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}",
        "shape", "", "open", "mean", "median", "folded", "mean", "wrong", "missed", "off", "at most"
    );
    for shape in SHAPES {
        for (activation, prefix) in ACTIVATIONS {
            let network = network::load(&format!("{prefix}{shape}"))?;
            let row = Row::of(&measured(&network, &segments)?);
            println!("{shape:6}{activation:6}{row}");
        }
    }
    println!("\nmean, median: of chi, and of the positive ones; folded: segments with chi > 0");
    println!("wrong: segments whose sampled chi is not chi; missed: flips that no sample shows");
    println!("off, at most: the mean and the largest distance of sampled chi from chi");
    Ok(())
}

/// Random segments between points of different classes.
fn segments(digits: &DataSet, count: usize, seed: u64) -> Result<Vec<[Point; 2]>, Box<dyn Error>> {
    let labels = digits.labels.as_ref().ok_or("the digits have labels")?;
    // About one pair in ten has one class.
    let drawn = Pairs::Random { count: 2 * count as u64 + 64, seed }.groups(digits)?;
    let pairs = drawn[0].iter().filter(|&(i, j)| labels[i] != labels[j]).take(count);
    Ok(pairs.map(|(i, j)| [digits.points.point(i), digits.points.point(j)]).collect())
}

/// All segments, on all threads.
fn measured(network: &Network, segments: &[[Point; 2]]) -> Result<Vec<Measured>, Box<dyn Error>> {
    let (tracer, sampler) = (Tracer::new(network), Sampler::new(network)?);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let parts = segments.chunks(segments.len().div_ceil(threads).max(1)).map(|part| (part, tracer.fork()));
    let measure = |(part, mut tracer): (&[[Point; 2]], Tracer)| {
        let one = |[a, b]: &[Point; 2]| {
            let exact = FoldingRange::of(&tracer.enclose(a, b)?).folding();
            Ok(Measured { exact, sampled: Folding::of(&sampler.path(a, b)) })
        };
        part.iter().map(one).collect::<Result<Vec<_>, plica::line::TraceError>>()
    };
    let found: Result<Vec<_>, _> = std::thread::scope(|scope| {
        let running: Vec<_> = parts.map(|part| scope.spawn(move || measure(part))).collect();
        running.into_iter().map(|part| part.join().expect("a thread of this program does not panic")).collect()
    });
    Ok(found?.into_iter().flatten().collect())
}

/// A plain forward pass in single precision.
struct Sampler {
    /// The weights by rows, and the bias.
    layers: Vec<(Vec<Vec<f32>>, Vec<f32>)>,
    activation: fn(f32) -> f32,
}

impl Sampler {
    fn new(network: &Network) -> Result<Self, Box<dyn Error>> {
        let (mut layers, mut activation): (_, fn(f32) -> f32) = (Vec::new(), |z| z.max(0.0));
        for node in network.nodes() {
            match &node.operation {
                Operation::Affine(affine) if affine.terms.len() == 1 => {
                    let map = &affine.terms[0].map;
                    let mut rows = vec![vec![0.0; map.inputs()]; map.outputs()];
                    for (row, weights) in rows.iter_mut().enumerate() {
                        map.for_row(row, |input, weight| weights[input] = map.weights().doubles()[weight] as f32);
                    }
                    layers.push((rows, affine.bias.doubles().iter().map(|&b| b as f32).collect()));
                }
                Operation::Smooth { function: Smooth::Tanh, .. } => activation = f32::tanh,
                Operation::Smooth { function: Smooth::Gelu, .. } => activation = gelu,
                Operation::Input | Operation::Activation { .. } => {}
                other => return Err(format!("{other:?}: expected dense layers with ReLU, GELU or tanh").into()),
            }
        }
        layers.pop(); // the outputs have no units
        Ok(Self { layers, activation })
    }

    /// The patterns at equidistant points of a segment, ends included.
    fn path(&self, a: &Point, b: &Point) -> Vec<Pattern> {
        let at = |t: f32| {
            let ends = a.as_points().nearest(0).iter().zip(b.as_points().nearest(0));
            self.pattern(ends.map(|(&a, &b)| (1.0 - t) * a as f32 + t * b as f32).collect())
        };
        (0..SAMPLES).map(|k| at(k as f32 / (SAMPLES - 1) as f32)).collect()
    }

    fn pattern(&self, mut values: Vec<f32>) -> Pattern {
        let mut bits = Vec::new();
        for (rows, bias) in &self.layers {
            let sum = |(row, b): (&Vec<f32>, &f32)| b + row.iter().zip(&values).map(|(w, x)| w * x).sum::<f32>();
            let sums: Vec<f32> = rows.iter().zip(bias).map(sum).collect();
            bits.extend(sums.iter().map(|z| *z > 0.0));
            values = sums.into_iter().map(self.activation).collect();
        }
        bits.into_iter().collect()
    }
}

fn gelu(z: f32) -> f32 {
    0.5 * z * (1.0 + core_math::erff(z * std::f32::consts::FRAC_1_SQRT_2))
}

/// The readings of one network.
struct Row {
    open: usize,
    exact: Distribution,
    sampled: Distribution,
    /// The distances of sampled chi from chi.
    errors: Distribution,
    /// All flips, and those that the samples show.
    flips: [u64; 2],
}

impl Row {
    fn of(all: &[Measured]) -> Self {
        let pairs: Vec<(Folding, Folding)> = all.iter().filter_map(|one| Some((one.exact?, one.sampled))).collect();
        let count = |chi: Rational| (chi, 1);
        Self {
            open: all.len() - pairs.len(),
            exact: pairs.iter().map(|(exact, _)| count(exact.chi())).collect(),
            sampled: pairs.iter().map(|(_, sampled)| count(sampled.chi())).collect(),
            errors: pairs.iter().map(|(exact, sampled)| count((exact.chi() - sampled.chi()).abs())).collect(),
            flips: pairs.iter().fold([0, 0], |[all, shown], (exact, sampled)| [all + exact.r2, shown + sampled.r2]),
        }
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = |number: Option<Rational>| number.map_or(f64::NAN, |q| q.to_f64());
        let share = |part: u64, all: u64| 100.0 * part as f64 / all as f64;
        let positive = |all: &Distribution| share(all.positive().count(), all.count());
        write!(f, "{:>4}{:>8.4}{:>8.4}", self.open, value(self.exact.mean()), value(self.exact.positive().median()))?;
        write!(f, "{:>6.1} %{:>8.4}{:>6.1} %", positive(&self.exact), value(self.sampled.mean()), positive(&self.errors))?;
        let missed = share(self.flips[0].saturating_sub(self.flips[1]), self.flips[0]);
        write!(f, "{missed:>6.2} %{:>8.4}{:>8.4}", value(self.errors.mean()), value(self.errors.max().cloned()))
    }
}
