//! `plica convexity`: sets of patterns and their unions of regions.

use super::error::Failure;
use super::inputs::Subject;
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
The file of --patterns has one pattern a line, such as 1010; a blank line begins
the next set, and a line that begins with # is a remark. Or it is JSON: a list
of patterns, or of lists of them.";

/// Which sets of patterns, and which unions of their regions, are convex
///
/// A set of patterns is Hamming-convex if every realisable pattern on a shortest path of one-bit flips between two of them is in it. With one hidden
/// layer that is so if and only if the union of its closed regions is convex; with more, neither implies the other. Alone, the command lists the realisable
/// patterns with a point each, and for deeper networks the smallest sets on which the two differ. All is decided exactly.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{SETS}\n\n{}", super::FORMS))]
pub struct Arguments {
    /// The network
    #[arg(value_name = "NET")]
    network: String,

    /// Judge the sets of this file
    #[arg(long, value_name = "FILE", conflicts_with = "random")]
    patterns: Option<String>,

    /// Judge N random sets, half of them convex in one sense by their making
    #[arg(long, value_name = "N[@SEED]", value_parser = random)]
    random: Option<(u64, u64)>,

    /// Regions as they are, lower-dimensional ones too: active where positive, inactive where not
    #[arg(long)]
    half_open: bool,

    /// Give up at more regions than this
    #[arg(long, value_name = "N", default_value = "100000", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    max_regions: u64,

    /// No progress on standard error
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
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("`{text}` is not a whole number"));
    Ok((number(sets)?, number(seed)?))
}

/// A line of progress on standard error.
fn show(regions: usize, waiting: usize) {
    let _ = write!(stderr(), "\r\x1b[K{regions} regions, {waiting} parts to go\r");
}
