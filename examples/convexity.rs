//! Convex sets of patterns and convex unions of regions: the smallest networks and sets on which the two differ.
//!
//! For one hidden layer a union of activation regions is convex if and only if its set of patterns is Hamming-convex (Lemma 1 of "On Space
//! Folds of ReLU Neural Networks"; proofs/coq/Convexity.v). The paper says that this does not hold for deeper networks. This program looks for
//! the smallest counter-example. It tries all networks of one input with weights and biases in {-2, ..., 2}: (1, 1) units, then (2, 1).
//!
//! *By hand.* Units a = relu(x) and b = relu(x - 1), and above them the sign of 2a - 4b - 1. On the line:
//!
//! ```text
//!     x < 0    0 < x < 1/2    1/2 < x < 1    1 < x < 3/2    3/2 < x
//!     000      100            101            111            110
//! ```
//!
//! 100 and 110 differ in one bit, so no pattern is between them; but from 1/4 to 2 the line passes through 101 and 111. The union of 100, 101 and 111 is convex,
//! from 0 to 3/2; but 110 is between 100 and 111. No network with one unit in each layer has a set like these.
//!
//! ```text
//! cargo run --release --example convexity
//! ```

use nalgebra::{DMatrix, DVector};
use plica::convexity::{Finding, Judge, PatternSet, Regions, Smallest};
use plica::network::{Layer, Network, Pattern};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// More than the number of sets of any of these networks.
const ALL: usize = 1_000_000;

fn main() -> Result<()> {
    let tent = network(&[&[1, 0], &[1, -1]], &[2, -4, -1])?;
    println!("units x, x - 1 and 2 relu(x) - 4 relu(x - 1) - 1, one input\n");
    let regions = Regions::of(&tent)?;
    for region in &regions {
        println!("  {}  at x = {}", region.pattern(), region.witness()[0]);
    }
    let mut judge = Judge::new(&regions);
    let found = Smallest::of(&mut judge, ALL);
    if let (Finding::Found(apart), Finding::Found(interval)) = (found.hamming_only, found.euclidean_only) {
        let passage = judge.euclidean(&apart).ok_or("the union is not convex")?;
        println!("\n{} is Hamming-convex, its union of regions is not convex:", words(&regions, &apart));
        println!(
            "  from {} ({}) to {} ({}) through {} ({})",
            passage.from.point[0],
            passage.from.pattern,
            passage.to.point[0],
            passage.to.pattern,
            passage.between.point[0],
            passage.between.pattern
        );
        let gap = judge.hamming(&interval).ok_or("the set is not Hamming-convex")?;
        println!("{} has a convex union, but is not Hamming-convex:", words(&regions, &interval));
        println!("  {} lies between {} and {}", gap.between, gap.from, gap.to);
    }

    println!("\nall networks of one input with weights and biases in -2..2");
    for first in [1, 2] {
        let (mut networks, mut breaking) = (0u32, 0u32);
        let mut numbers = vec![-2; 3 * first + 1];
        loop {
            let rows: Vec<&[i32]> = numbers[..2 * first].chunks(2).collect();
            let regions = Regions::of(&network(&rows, &numbers[2 * first..])?)?;
            let found = Smallest::of(&mut Judge::new(&regions), ALL);
            networks += 1;
            breaking += u32::from(found.hamming_only != Finding::None || found.euclidean_only != Finding::None);
            // The next choice of numbers.
            let Some(k) = numbers.iter().rposition(|&x| x < 2) else { break };
            numbers[k] += 1;
            numbers[k + 1..].fill(-2);
        }
        println!("  {first} + 1 units: {breaking} of {networks} break the equivalence");
    }
    Ok(())
}

/// Two hidden layers, the second with one unit; rows are weights, then the bias.
fn network(first: &[&[i32]], second: &[i32]) -> Result<Network> {
    let layer = |rows: &[&[i32]]| {
        let inputs = rows[0].len() - 1;
        let weights = DMatrix::from_fn(rows.len(), inputs, |i, j| f64::from(rows[i][j]));
        Layer::from_f64(weights, DVector::from_fn(rows.len(), |i, _| f64::from(rows[i][inputs])))
    };
    Ok(Network::new(vec![layer(first), layer(&[second]), layer(&[&[1, 0]])])?)
}

fn words(regions: &Regions, set: &PatternSet) -> String {
    let patterns: Vec<String> = regions.patterns(set).map(Pattern::to_string).collect();
    format!("{{{}}}", patterns.join(", "))
}
