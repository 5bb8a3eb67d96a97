//! The cases of sweeps: networks, points, and target ratios.

use plica::data::{self, DataSet, Points};
use plica::network::{self, Network};
use plica::sweep::{PairGroup, Pairs};
use plica_compare::setup::Rng;

/// The number of hidden layers, and their width.
const SHAPES: [(usize, usize); 6] = [(2, 30), (3, 20), (4, 15), (5, 12), (6, 10), (10, 6)];

pub const DIMENSION: usize = 784;

pub struct Case {
    pub name: String,
    pub network: Network,
    pub random: bool,
    /// The target ratio to the rate of each sampler.
    pub over_algorithm_1: f64,
    pub over_sharing: f64,
}

impl Case {
    pub fn all() -> impl Iterator<Item = Self> {
        let random = SHAPES.into_iter().map(|shape| Self::new(shape, true));
        random.chain(SHAPES.into_iter().map(|shape| Self::new(shape, false)))
    }

    fn new((depth, width): (usize, usize), random: bool) -> Self {
        let source = if random { random_network(depth, width) } else { format!("digits:{depth}x{width}") };
        Self {
            name: format!("{}:{depth}x{width}", if random { "random" } else { "digits" }),
            network: network::load(&source).expect("a built-in network"),
            random,
            over_algorithm_1: if depth <= 3 { 50.0 } else { 20.0 },
            over_sharing: if depth <= 3 { 4.0 } else { 2.0 },
        }
    }

    pub fn heading(&self) -> String {
        let ends = if self.random { "all pairs of uniform points" } else { "all pairs of some digits" };
        format!("{}, {}, {ends}", self.name, self.network.shape())
    }

    /// Points and all pairs of them, about the given number.
    pub fn segments(&self, count: u64) -> (Points, Vec<PairGroup>) {
        let rows = ((count as f64).sqrt().ceil() as usize).max(2);
        let points = if self.random { uniform(rows) } else { digits(rows) };
        let groups = groups(&points, Pairs::All);
        (points, groups)
    }
}

/// Some of the built-in digits.
fn digits(rows: usize) -> Points {
    let digits = data::DataSet::load("digits", &Default::default()).expect("built-in data").points;
    // Multiples of 1/16, exact in doubles.
    let values = (0..rows.min(digits.len())).flat_map(|row| digits.nearest(row).to_vec()).collect();
    Points::from_f64(values, digits.dimension()).expect("finite")
}

pub fn random_network(depth: usize, width: usize) -> String {
    format!("random-kaiming:{DIMENSION}-{}10@1", format!("{width}-").repeat(depth))
}

/// Points uniform in the unit cube.
pub fn uniform(count: usize) -> Points {
    let mut rng = Rng::new(11);
    let values = (0..count * DIMENSION).map(|_| f64::from(rng.unit())).collect();
    Points::from_f64(values, DIMENSION).expect("finite")
}

pub fn random_pairs(points: &Points, count: u64) -> Vec<PairGroup> {
    groups(points, Pairs::Random { count, seed: 5 })
}

fn groups(points: &Points, pairs: Pairs) -> Vec<PairGroup> {
    // Only the number of points matters here; copies of the points of the cube would be large.
    let counted = Points::from_f64(vec![0.0; points.len()], 1).expect("finite");
    pairs.groups(&DataSet { name: "points".into(), points: counted, labels: None }).expect("two points at least")
}
