//! How simple are the polytopes? Exact facets and simplices of all cells of random networks.
//!
//! The claim (Fan et al., "Deep ReLU Networks Have Surprisingly Simple Polytopes", arXiv 2305.09145): at initialisation the polytopes of
//! a network are much simpler than the worst case, counted in simplices (version 1) or in facets (version 2), for the usual
//! initialisations, with biases that are zero or small. Its bounds on the mean number of facets, 2 d + 1 for one wide layer and 3 d - 1
//! for zero biases above a wide first layer, are taken from quotations. Gaines and Bi ("Characterizing the Discrete
//! Geometry of ReLU Networks", arXiv 2606.07728, Theorem 3.4) prove 2 d for generic weights, at any width and depth.
//!
//! The published histograms are of regions that sampled points fall into, and sampling finds large regions more often.
//! Here every region of the box counts once. Simplices are those of the pulling triangulation from the lowest vertex; another rule
//! gives other numbers. The settings here are not those of the paper, because we do not have its full text.
//!
//! Results: as claimed, most cells are simple under every scheme, and the largest have less than half of the simplices that a proved
//! bound allows. But the means say little about a network:
//!
//! - In the whole space they lie just below 2 d, as proved. In a box, whose sides are facets too, they can lie above.
//! - For d = 2 they are exactly 4 sides and 2 triangles in a rectangle, for every network, by Euler's relation.
//! - Without biases all cells are cones from 0. For d = 3 they cut a sphere, here with four at each corner, and Euler's relation says
//!   4 - 8 / cells facets in the whole space: less than 4, where the quoted bound is 8.
//! - A common factor of all biases only scales the space, so the complex of the whole space is the same for biases of 0.01 and of 1.
//!
//! ```text
//! cargo run --release --example simple_polytopes
//! ```

use nalgebra::{DMatrix, DVector};
use plica::bounds::Shape;
use plica::complex::{Builder, Domain, Histograms};
use plica::exact::nearest_f64;
use plica::network::zoo::{Scheme, random};
use plica::network::{Layer, Network};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rug::{Integer, Rational};
use std::collections::BTreeMap;

/// How many cells have so many of something.
type Histogram = BTreeMap<u64, u64>;

/// The number of networks of each configuration.
const SEEDS: u64 = 3;

/// The distribution of the weights.
#[derive(Clone, Copy)]
enum Init {
    /// Uniform in +-1/sqrt(fan-in), PyTorch's default.
    Torch,
    /// Uniform in +-sqrt(6/fan-in).
    Kaiming,
    /// Uniform in +-sqrt(6/(fan-in + fan-out)).
    XavierUniform,
    /// Normal with variance 2/(fan-in + fan-out).
    XavierNormal,
    /// Normal with this standard deviation.
    Normal(f64),
}

/// The biases.
#[derive(Clone, Copy)]
enum Bias {
    /// Uniform in +-1/sqrt(fan-in), PyTorch's default.
    Torch,
    /// All equal.
    Constant(f64),
}

/// Some random networks of one shape.
struct Configuration {
    init: Init,
    bias: Bias,
    widths: &'static [u64],
}

impl Configuration {
    fn init(&self) -> String {
        match self.init {
            Init::Torch => "PyTorch".into(),
            Init::Kaiming => "Kaiming".into(),
            Init::XavierUniform => "Xavier u.".into(),
            Init::XavierNormal => "Xavier n.".into(),
            Init::Normal(deviation) => format!("N, {deviation}"),
        }
    }

    fn bias(&self) -> String {
        match self.bias {
            Bias::Torch => "PyT.".into(),
            Bias::Constant(b) => b.to_string(),
        }
    }

    fn shape(&self) -> String {
        self.widths.iter().map(u64::to_string).collect::<Vec<_>>().join("-")
    }

    fn inputs(&self) -> usize {
        self.widths[0] as usize
    }

    /// Weights and biases are almost surely generic, except for cones: without biases all hyperplanes meet in 0.
    fn is_generic(&self) -> bool {
        !matches!(self.bias, Bias::Constant(0.0))
    }

    fn network(&self, seed: u64) -> Result<Network, Box<dyn std::error::Error>> {
        let scheme = if matches!(self.init, Init::Kaiming) { Scheme::Kaiming } else { Scheme::Torch };
        let mut draws = Draws(ChaCha8Rng::seed_from_u64(seed));
        let layer = |layer: &Layer| {
            let (rows, columns) = (layer.outputs(), layer.inputs());
            let both = (rows + columns) as f64;
            let weights = match self.init {
                Init::Torch | Init::Kaiming => layer.weights().clone(),
                Init::XavierUniform => draws.matrix(rows, columns, |draws| (6.0 / both).sqrt() * draws.uniform()),
                Init::XavierNormal => draws.matrix(rows, columns, |draws| (2.0 / both).sqrt() * draws.normal()),
                Init::Normal(deviation) => draws.matrix(rows, columns, |draws| deviation * draws.normal()),
            };
            let bias = match self.bias {
                Bias::Torch => layer.bias().clone(),
                Bias::Constant(b) => DVector::from_element(rows, b),
            };
            Layer::from_f64(weights, bias)
        };
        Ok(Network::new(random(self.widths, scheme, seed)?.layers().expect("a stack of layers").iter().map(layer).collect())?)
    }
}

/// Random numbers from a seed.
struct Draws(ChaCha8Rng);

impl Draws {
    /// Uniform in (-1, 1).
    fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 12) as f64 + 0.5) / (1u64 << 51) as f64 - 1.0
    }

    /// Standard normal, by Marsaglia's polar method.
    fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (self.uniform(), self.uniform());
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * (-2.0 * square.ln() / square).sqrt();
            }
        }
    }

    /// Single precision, as in frameworks, row by row.
    fn matrix(&mut self, rows: usize, columns: usize, mut draw: impl FnMut(&mut Self) -> f64) -> DMatrix<f64> {
        let all: Vec<f64> = (0..rows * columns).map(|_| f64::from(draw(self) as f32)).collect();
        DMatrix::from_row_slice(rows, columns, &all)
    }
}

/// The results for all networks of a configuration together.
#[derive(Default)]
struct Found {
    facets: Histogram,
    simplices: Histogram,
    /// The same for the whole space, which has no sides of a box.
    facets_in_space: Histogram,
    most_simplices: String,
}

/// The configuration's networks, all cells of the box and of the whole space.
fn find(configuration: &Configuration) -> Result<Found, Box<dyn std::error::Error>> {
    let d = configuration.inputs();
    let cube = Domain::parse_box("-10,10", d)?;
    let mut found = Found::default();
    for seed in 0..SEEDS {
        let network = configuration.network(seed)?;
        let builder = Builder::new(&network);
        let in_box = builder.build(&cube)?.histograms();
        let in_space = builder.build(&Domain::Space)?.histograms();
        check(configuration, &network, [&in_box.facets, &in_box.simplices, &in_space.facets])?;
        add(&mut found.facets, &in_box.facets);
        add(&mut found.simplices, &in_box.simplices);
        add(&mut found.facets_in_space, &in_space.facets);
    }
    found.most_simplices = most_simplices(&configuration.shape().parse()?, d).map_or_else(|| "-".into(), |most| most.to_string());
    Ok(found)
}

/// A bound on the number of simplices of a cell in a box.
///
/// For d = 3 there is a better bound than the one for all d. A cell has m <= N + 6 facets, and e <= 3 m - 6 edges, as the graph of neighbouring
/// facets is planar. A facet of s sides has s - 2 triangles: all have 2 e - 2 m <= 4 m - 12, of which at least 3 are at the lowest
/// vertex.
fn most_simplices(shape: &Shape, d: usize) -> Option<Integer> {
    if d == 3 { Some(Integer::from(4 * (shape.units() + 6) - 15)) } else { shape.most_simplices(2 * d) }
}

/// Checks the proved statements: a failure would be an error of the library.
fn check(
    configuration: &Configuration,
    network: &Network,
    [facets, simplices, in_space]: [&Histogram; 3],
) -> Result<(), Box<dyn std::error::Error>> {
    let shape = Shape::of(network).expect("affine layers with ReLU between them");
    let d = configuration.inputs();
    if let (Some(most), Some((&largest, _))) = (most_simplices(&shape, d), simplices.last_key_value()) {
        assert!(most >= largest, "no cell has more simplices than the bound");
    }
    if d == 3 && !configuration.is_generic() {
        let cells: u64 = in_space.values().sum();
        assert_eq!(Histograms::mean(in_space), Some(4 - Rational::from((8, cells))), "Euler's relation on the sphere");
    }
    if configuration.is_generic() {
        assert!(Histograms::mean(in_space).is_some_and(|mean| mean <= 2 * d), "the mean of the whole space is at most 2 d");
        if let Some(exactly) = shape.mean_facets_of_one_layer() {
            assert_eq!(Histograms::mean(in_space), Some(exactly), "hyperplanes in general position");
        }
        if d == 2 {
            assert_eq!(
                (Histograms::mean(facets), Histograms::mean(simplices)),
                (Some(Rational::from(4)), Some(Rational::from(2))),
                "Euler's relation"
            );
        }
    }
    Ok(())
}

fn add(all: &mut Histogram, more: &Histogram) {
    more.iter().for_each(|(&k, &n)| *all.entry(k).or_default() += n);
}

fn decimal(histogram: &Histogram) -> String {
    Histograms::mean(histogram).map_or_else(|| "-".into(), |mean| format!("{:.3}", nearest_f64(&mean)))
}

fn largest(histogram: &Histogram) -> u64 {
    histogram.last_key_value().map_or(0, |(&k, _)| k)
}

/// Bars with the share of the cells for each number; neighbouring numbers are combined if there are more than rows.
fn bars(name: &str, histogram: &Histogram) {
    const ROWS: u64 = 12;
    let all: u64 = histogram.values().sum();
    let least = histogram.first_key_value().map_or(0, |(&k, _)| k);
    let step = (largest(histogram) + 1 - least).div_ceil(ROWS);
    println!("\n  {name:>9}  share of {all} cells");
    for from in (least..=largest(histogram)).step_by(step as usize) {
        let share = histogram.range(from..from + step).map(|(_, &n)| n).sum::<u64>() as f64 / all as f64;
        let range = if step == 1 { from.to_string() } else { format!("{from}-{}", from + step - 1) };
        let line = format!("  {range:>9}  {:>7.3} %  {}", 100.0 * share, "#".repeat((share * 50.0).round() as usize));
        println!("{}", line.trim_end());
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    use Bias::Constant;
    use Init::{Kaiming, Normal, Torch, XavierNormal, XavierUniform};
    let of = |init, bias, widths| Configuration { init, bias, widths };
    let all = [
        // Schemes, with the biases that frameworks leave in place.
        of(Torch, Bias::Torch, &[3, 16, 16, 1]),
        of(Kaiming, Bias::Torch, &[3, 16, 16, 1]),
        of(XavierUniform, Bias::Torch, &[3, 16, 16, 1]),
        of(XavierNormal, Bias::Torch, &[3, 16, 16, 1]),
        of(Normal(0.1), Bias::Torch, &[3, 16, 16, 1]),
        // Biases.
        of(XavierUniform, Constant(0.0), &[3, 16, 16, 1]),
        of(XavierUniform, Constant(0.01), &[3, 16, 16, 1]),
        of(XavierUniform, Constant(1.0), &[3, 16, 16, 1]),
        of(XavierNormal, Constant(0.0), &[3, 16, 16, 1]),
        of(Kaiming, Constant(0.0), &[3, 16, 16, 1]),
        // Width and depth.
        of(Torch, Bias::Torch, &[3, 16, 1]),
        of(Torch, Bias::Torch, &[3, 40, 1]),
        of(Torch, Bias::Torch, &[3, 40, 20, 1]),
        of(Torch, Bias::Torch, &[3, 8, 8, 8, 8, 1]),
        // Dimension.
        of(Torch, Bias::Torch, &[2, 16, 16, 1]),
        of(Kaiming, Bias::Torch, &[2, 16, 16, 16, 1]),
        of(Torch, Constant(0.0), &[2, 16, 16, 1]),
        of(Torch, Bias::Torch, &[4, 16, 1]),
        of(Torch, Bias::Torch, &[4, 10, 10, 1]),
        of(Kaiming, Bias::Torch, &[4, 10, 10, 1]),
    ];
    println!("All cells of [-10, 10]^d. Each row combines {SEEDS} networks, seeds 0 to {};", SEEDS - 1);
    println!("regions are the mean per network. The sides of the box are facets. At most:");
    println!("4 (N + 6) - 15 for d = 3, else (N + d)^(d - 1), for N units. Biases PyT. are");
    println!("PyTorch's, uniform. Whole space: the mean there, and its bound 2 d.\n");
    println!("{:52}in the box   whole space", "");
    println!(
        "{:<9} {:>4} {:<13} {:>7} {:>6} {:>4} {:>6} {:>5} {:>7} {:>6} {:>2}",
        "weights", "bias", "shape", "regions", "facets", "most", "simpl.", "most", "at most", "facets", "2d"
    );
    let mut found = Vec::new();
    for configuration in &all {
        let here = find(configuration)?;
        println!(
            "{:<9} {:>4} {:<13} {:>7} {:>6} {:>4} {:>6} {:>5} {:>7} {:>6} {:>2}",
            configuration.init(),
            configuration.bias(),
            configuration.shape(),
            here.facets.values().sum::<u64>() / SEEDS,
            decimal(&here.facets),
            largest(&here.facets),
            decimal(&here.simplices),
            largest(&here.simplices),
            here.most_simplices,
            decimal(&here.facets_in_space),
            2 * configuration.inputs(),
        );
        found.push(here);
    }
    // A common factor of all biases only scales the space.
    assert_eq!(found[6].facets_in_space, found[7].facets_in_space);
    for (row, what) in [(0, ""), (5, ": cones from 0"), (17, "")] {
        let configuration = &all[row];
        println!("\n{}, bias {}, {}{what}", configuration.init(), configuration.bias(), configuration.shape());
        bars("facets", &found[row].facets);
        bars("simplices", &found[row].simplices);
    }
    Ok(())
}
