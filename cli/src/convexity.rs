//! `plica convexity`: sets of patterns and their unions of regions.

use super::error::Failure;
use super::inputs::{Subject, whole};
use super::output::Output;
use clap::Args;
use plica::convexity::{Cells, ConvexityError, Enumerator, Judge};
use plica::network::Selection;
use plica::report::{ConvexityReport, RandomReport, SetReport};
use plica_text as text;
use std::io::{IsTerminal, Write, stderr};
use std::path::Path;

const EXAMPLES: &str = "\
Examples:
  plica convexity sawtooth:2
  plica convexity net.json --patterns sets.txt
  plica convexity random:3-8-1@1 --random 1000@7 --format json";

const SETS: &str = "\
The file of --patterns has one pattern per line, for example 1010. A blank line
begins the next set, and a line that begins with # is a comment. A JSON file has
a list of patterns, or a list of lists of patterns.";

/// Decide which sets of patterns, and which unions of their regions, are convex
///
/// A set of patterns is Hamming-convex if it contains every realisable pattern on each shortest path of one-bit flips between two of its patterns. With one
/// hidden layer this holds if and only if the union of its closed regions is convex; with more layers, neither implies the other. Without --patterns and
/// --random, the command lists the realisable patterns with a point each, and for deeper networks the smallest sets on which the two properties differ. All
/// decisions are exact. Networks may have any activations and skip connections, but no maxima.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{SETS}\n\n{}", super::FORMS))]
pub struct Arguments {
    /// The network
    #[arg(value_name = "NET")]
    network: String,

    /// Decide the sets of this file
    #[arg(long, value_name = "FILE", conflicts_with = "random")]
    patterns: Option<String>,

    /// Decide N random sets, half of them constructed to be convex in one sense
    #[arg(long, value_name = "N[@SEED]", value_parser = random)]
    random: Option<(u64, u64)>,

    /// Use half-open regions, lower-dimensional ones too: a unit is active if it is positive, else inactive
    #[arg(long)]
    half_open: bool,

    /// Stop with an error at more regions than this
    #[arg(long, value_name = "N", default_value = "100000", value_parser = whole(1_u64, 1_000_000_000))]
    max_regions: u64,

    /// Show no progress on standard error
    #[arg(long)]
    quiet: bool,
}

pub fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let subject = Subject::load(&arguments.network, &Selection::Hidden)?;
    let sets = arguments.patterns.as_deref().map(|file| SetReport::read_sets(Path::new(file))).transpose();
    let sets = sets.map_err(|error| Failure::Data(error.to_string()))?;
    let progress: fn(usize, usize) = if arguments.quiet || !stderr().is_terminal() { |_, _| () } else { show };
    let regions = Enumerator::new(&subject.network)
        .cells(if arguments.half_open { Cells::HalfOpen } else { Cells::Closed })
        .max_regions(usize::try_from(arguments.max_regions).unwrap_or(usize::MAX))
        .on_progress(progress)
        .run();
    let regions = regions.map_err(|error| match error {
        ConvexityError::TooManyRegions { .. } => Failure::Limit(format!("{}: {error}; --max-regions allows more", subject.name)),
        error => Failure::new(format!("{}: {error}", subject.name), subject.built_in),
    })?;
    let mut judge = Judge::new(&regions);
    let mut report = ConvexityReport::of(&subject.name, &mut judge);
    if let Some(sets) = sets {
        let file = arguments.patterns.as_deref().unwrap_or_default();
        report = report.with_sets(&mut judge, sets).map_err(|error| Failure::Data(format!("{file}, {error}")))?;
    } else if let Some((sets, seed)) = arguments.random {
        report.random = Some(RandomReport::of(&mut judge, sets, seed));
    } else {
        report = report.with_smallest(&mut judge);
    }
    output.report(&report, || text::convexity(&report))
}

fn random(text: &str) -> Result<(u64, u64), String> {
    let (sets, seed) = text.split_once('@').unwrap_or((text, "0"));
    let number = |text: &str| text.parse::<u64>().map_err(|_| "expected N or N@SEED, whole numbers".to_string());
    Ok((number(sets)?, number(seed)?))
}

/// A line of progress on standard error.
fn show(regions: usize, waiting: usize) {
    let _ = write!(stderr(), "\r\x1b[K{regions} regions, {waiting} parts left\r");
}
