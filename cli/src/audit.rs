//! `plica audit`: sampling compared with the exact traces.

use super::error::Failure;
use super::inputs::{PixelOptions, Subject, whole};
use super::output::{self, Output};
use super::progress::Progress;
use clap::Args;
use plica::data::DataSet;
use plica::line::Tracer;
use plica::network::Selection;
use plica::report::{AuditReport, picture, plain};
use plica::sweep::{Auditor, PairGroup, Pairs, Sampling};
use plica_text as text;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  plica audit digits:3x20 digits --pairs random:200@0
  plica audit net.npz data.npz --points 11,101,1001 --plot missed.svg";

/// Count the regions that sampling misses, and measure its errors
///
/// Samples segments at n points in single and double precision, as it is usually done, and by bisection until neighbouring patterns
/// differ in at most one bit. Compares the samples with the exact trace of all hidden units: segments whose sequence of regions
/// is not found exactly, missed regions, wrong patterns, and the error of chi.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", super::FORMS))]
pub struct Arguments {
    /// The network
    #[arg(value_name = "NET")]
    network: String,

    /// The end points of the segments
    #[arg(value_name = "DATA")]
    data: String,

    /// Numbers of points on a segment, ends included
    #[arg(long, value_name = "N,...", value_delimiter = ',', default_value = "11,101,1001", value_parser = whole(2, Sampling::MOST_POINTS as u32))]
    points: Vec<u32>,

    /// The pairs of points: all or random:N@SEED
    #[arg(long, value_name = "PAIRS", default_value = "random:1000@0")]
    pairs: Pairs,

    /// Number of threads, by default one per core
    #[arg(long, value_name = "N", value_parser = whole(1_u16, 1024))]
    threads: Option<u16>,

    /// Draw the missed shares as SVG
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,

    /// A column of labels in the data, to be left out: a column of a .csv by name or index
    #[arg(long, value_name = "FILE|COLUMN")]
    labels: Option<String>,

    #[command(flatten)]
    pixels: PixelOptions,

    /// The largest precision for smooth networks, in bits; what it does not decide is a window [default: 256]
    #[arg(long, value_name = "BITS", value_parser = whole(*Tracer::PRECISIONS.start(), *Tracer::PRECISIONS.end()))]
    precision: Option<u32>,

    /// Show no progress on standard error
    #[arg(long)]
    quiet: bool,
}

pub fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    if arguments.pairs == Pairs::Classes {
        return Err(Failure::Call("--pairs classes: expected all or random:N@SEED".to_string()));
    }
    let subject = Subject::load(&arguments.network, &Selection::Hidden)?;
    let data = DataSet::load(&arguments.data, &arguments.pixels.with_labels(arguments.labels.as_deref()))?;
    subject.check_dimension(data.points.dimension(), &data.name, data.name == "digits")?;
    let groups = arguments.pairs.groups(&data).map_err(|error| Failure::Data(error.to_string()))?;
    let mut ways: Vec<Sampling> = arguments.points.iter().map(|&n| Sampling::Points(n as usize)).collect();
    ways.push(Sampling::Adaptive);
    ways.sort_unstable();
    ways.dedup();
    let all: u64 = groups.iter().map(PairGroup::count).sum();
    let threads = super::inputs::threads(arguments.threads).min(all.max(1) as usize);
    let pool = super::inputs::pool(threads)?;
    let failed = |error| Failure::Data(format!("{}: {error}", data.name));
    let auditor = Auditor::new(&subject.network, &data.points, &ways).map_err(failed)?;
    let auditor = auditor.precision(subject.precision(arguments.precision)?);
    let mut progress = Progress::new(&subject.name, 0, all, arguments.quiet);
    let found = pool.install(|| {
        auditor.audit_groups(&groups, |found| {
            progress.at(found.segments + found.windows);
            true
        })
    });
    let found = found.map_err(failed)?;
    drop(progress);
    let report = AuditReport::new(&found);
    if let Some(path) = &arguments.plot {
        let picture = picture::missed_by_sampling(&subject.name, &report);
        output::file(path, |file| file.write_all(picture.as_bytes()))?;
    }
    let heading = format!("{}\n{}: {} points; pairs: {}", subject.heading(), plain(&data.name), data.points.len(), arguments.pairs);
    output.report(&report, || text::audit(&heading, &report))
}
