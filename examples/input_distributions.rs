//! Data complexity and linear regions: all regions of a box, the regions that contain data, and a measure of the data's complexity.
//!
//! How do the distribution of the inputs and linear regions depend on each other? Paper 4 (arXiv 2310.18725) asks this, and its abstract says that, for one
//! network, complex inputs hinder its capacity to express linear regions. Here networks of one shape are trained with the same number of steps on
//! three kinds of data, from simple to complex: moons with noise, rings of a normal distribution, and random labels. All regions of the box
//! around the data are counted exactly, and so are the regions that contain data: a region contains a point if its closure does, so that a point on a
//! border would count for all regions there (there was no such point).
//!
//! Results: the moons have the fewest regions without noise and the most with the strongest noise, with no trend in between. Among the rings, three
//! have the most regions; four and six, which the network does not learn completely, have half as many. With random labels the number hardly
//! depends on the number of points. So the rings from three on agree with the abstract, and the moons and random labels do not. The number of
//! regions that contain data depends mostly on the number of points; training changes it little, except for two rings.
//!
//! The settings differ from the paper: no batch normalisation, no weight decay, full batches, one output, and rings that share two labels.
//!
//! ```text
//! cargo run --release --example input_distributions
//! ```

#[path = "support/train.rs"]
mod train;

use nalgebra::DMatrix;
use plica::complex::{Builder, Complex, Domain};
use rayon::prelude::*;
use rug::Rational;
use std::error::Error;
use train::{Labelled, Mlp, Random, Trainer, moons};

/// An error that threads can pass on.
type Failure = Box<dyn Error + Send + Sync>;

const WIDTHS: [usize; 4] = [2, 24, 24, 1];
const STEPS: i32 = 2000;
const SEEDS: u64 = 12;
const POINTS: usize = 256;

/// The kinds of points, from simple to complex.
#[derive(Clone, Copy)]
enum Source {
    /// Two moons with this standard deviation of the noise.
    Moons(f64),
    /// A normal distribution in this number of rings with equally many points, and alternating labels.
    Rings(usize),
    /// This number of uniform points with random labels.
    Uniform(usize),
}

const SOURCES: [Source; 14] = [
    Source::Moons(0.0),
    Source::Moons(0.1),
    Source::Moons(0.2),
    Source::Moons(0.4),
    Source::Moons(0.8),
    Source::Rings(2),
    Source::Rings(3),
    Source::Rings(4),
    Source::Rings(6),
    Source::Uniform(16),
    Source::Uniform(32),
    Source::Uniform(64),
    Source::Uniform(128),
    Source::Uniform(256),
];

impl Source {
    fn name(self) -> String {
        match self {
            Self::Moons(noise) => format!("moons, noise {noise:.1}"),
            Self::Rings(count) => format!("{count} rings"),
            Self::Uniform(count) => format!("{count} at random"),
        }
    }

    fn draw(self, random: &mut Random) -> Labelled {
        match self {
            Self::Moons(noise) => moons(POINTS, noise, random),
            Self::Rings(count) => rings(POINTS, count, random),
            Self::Uniform(count) => {
                let points = DMatrix::from_fn(2, count, |_, _| random.uniform());
                let labels = (0..count).map(|_| random.uniform().signum()).collect();
                Labelled { points, labels }.scaled()
            }
        }
    }
}

/// Quantiles of the distance from the centre of a normal distribution, as in scikit-learn's `make_gaussian_quantiles`; every other one is
/// labelled 1.
fn rings(count: usize, rings: usize, random: &mut Random) -> Labelled {
    let mut points: Vec<[f64; 2]> = (0..count).map(|_| [random.normal(), random.normal()]).collect();
    points.sort_by(|x, y| x[0].hypot(x[1]).total_cmp(&y[0].hypot(y[1])));
    let labels = (0..count).map(|i| if (i * rings / count).is_multiple_of(2) { -1.0 } else { 1.0 }).collect();
    Labelled { points: DMatrix::from_fn(2, count, |axis, i| points[i][axis]), labels }.scaled()
}

/// The share of points whose nearest other point has the other label: 0 for separate classes, about 1/2 for random labels.
fn mixed(data: &Labelled) -> f64 {
    let count = data.labels.len();
    let distance = |i: usize, j: usize| (data.points.column(i) - data.points.column(j)).norm_squared();
    let nearest = |i: usize| (0..count).filter(|&j| j != i).min_by(|&j, &k| distance(i, j).total_cmp(&distance(i, k)));
    let mixed = (0..count).filter(|&i| nearest(i).is_some_and(|j| data.labels[i] != data.labels[j])).count();
    mixed as f64 / count as f64
}

/// The regions of a network on a box.
struct Regions {
    activation: usize,
    linear: u64,
    /// The regions whose closure contains a point.
    held: usize,
    /// Points on a facet, which are in several closures.
    between: usize,
}

fn regions(mlp: &Mlp, domain: &Domain, data: &Labelled) -> Result<Regions, Failure> {
    let complex = Builder::new(&mlp.network()?).build(domain)?;
    let (mut is_held, mut between) = (vec![false; complex.activation_regions()], 0);
    for point in data.points.column_iter() {
        let cells = cells_with(&complex, point.as_slice());
        between += usize::from(cells.len() > 1);
        cells.into_iter().for_each(|cell| is_held[cell] = true);
    }
    let held = is_held.iter().filter(|&&held| held).count();
    Ok(Regions { activation: complex.activation_regions(), linear: complex.counts().linear_regions, held, between })
}

/// The cells of a point whose coordinates are exactly these doubles.
fn cells_with(complex: &Complex, point: &[f64]) -> Vec<usize> {
    let exact: Vec<Rational> = point.iter().map(|&x| Rational::from_f64(x).expect("points are finite")).collect();
    let cells = complex.cells_with(&exact);
    assert!(!cells.is_empty(), "the box contains the data");
    cells
}

/// The results for one source and one seed.
struct Run {
    points: usize,
    mixed: f64,
    right: f64,
    before: Regions,
    after: Regions,
}

fn run(source: Source, seed: u64) -> Result<Run, Failure> {
    // All sources have the same initial networks, independent of the random numbers for the points.
    let mlp = Mlp::new(&WIDTHS, &mut Random(seed));
    let data = source.draw(&mut Random(1000 + seed));
    let domain = Domain::cube(Rational::from(-1), Rational::from(1), 2)?;
    let before = regions(&mlp, &domain, &data)?;
    let mut trainer = Trainer::new(mlp, 0.01);
    trainer.train_to(STEPS, &data);
    let (_, right) = trainer.mlp.loss_and_accuracy(&data);
    let after = regions(&trainer.mlp, &domain, &data)?;
    Ok(Run { points: data.labels.len(), mixed: mixed(&data), right, before, after })
}

fn main() -> Result<(), Failure> {
    let runs: Vec<(usize, u64)> = (0..SOURCES.len()).flat_map(|source| (0..SEEDS).map(move |seed| (source, seed))).collect();
    let runs: Vec<Run> = runs.into_par_iter().map(|(source, seed)| run(SOURCES[source], seed)).collect::<Result<_, Failure>>()?;
    let shape = WIDTHS.map(|width| width.to_string()).join("-");
    println!("{shape}, {STEPS} steps, box [-1, 1]^2, means of {SEEDS} seeds and a standard error");
    // All sources have the same initial networks.
    let before: Vec<usize> = runs[..SEEDS as usize].iter().map(|run| run.before.activation).collect();
    let average = before.iter().sum::<usize>() as f64 / SEEDS as f64;
    let [least, most] = [before.iter().min(), before.iter().max()].map(|x| x.copied().unwrap_or_default());
    println!("before training: {least} to {most} regions, mean {average:.0}\n");
    println!("{:16}                          regions        that hold data   points", "");
    println!("{:16}points  mixed   right   mean   +- linear before after for each", "data");
    for (source, runs) in SOURCES.iter().zip(runs.chunks(SEEDS as usize)) {
        println!("{}", row(&source.name(), runs));
    }
    let between: usize = runs.iter().map(|run| run.before.between + run.after.between).sum();
    println!("\npoints on a border between regions: {between}");
    Ok(())
}

/// One row of the table.
fn row(name: &str, runs: &[Run]) -> String {
    let mean = |of: &dyn Fn(&Run) -> f64| runs.iter().map(of).sum::<f64>() / runs.len() as f64;
    let regions = |run: &Run| run.after.activation as f64;
    let average = mean(&regions);
    let error = (mean(&|run| (regions(run) - average).powi(2)) / (runs.len() - 1) as f64).sqrt();
    format!(
        "{name:16}{:>6}{:>5.1} %{:>6.1} %{average:>7.0}{error:>5.0}{:>7.0}{:>7.0}{:>6.0}{:>9.1}",
        runs[0].points,
        100.0 * mean(&|run| run.mixed),
        100.0 * mean(&|run| run.right),
        mean(&|run| run.after.linear as f64),
        mean(&|run| run.before.held as f64),
        mean(&|run| run.after.held as f64),
        mean(&|run| run.points as f64 / run.after.held as f64),
    )
}
