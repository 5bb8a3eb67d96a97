//! `plica fold`: the folding of many segments between the points of a data set.

use super::directory::Directory;
use super::error::Failure;
use super::inputs::{PixelOptions, Subject, whole};
use super::interrupt;
use super::output::Output;
use super::paths::{self, PathFiles};
use super::progress::Progress;
use clap::Args;
use plica::data::DataSet;
use plica::line::Tracer;
use plica::network::Selection;
use plica::report::{FoldReport, PairReport};
use plica::sweep::{Checkpoint, Fingerprint, PairGroup, Pairs, Sweep, SweepError, SweepState};
use plica_text as text;
use std::path::PathBuf;
use std::time::Instant;

const EXAMPLES: &str = "\
Examples:
  plica fold digits:3x20 digits --pairs random:10000@0
  plica fold a.npz b.npz data.npz --format json
  plica fold digits:2x30 digits:6x10 digits --out results
  plica fold digits:3x20 digits --out results --paths
  plica fold net.npz images-idx3-ubyte.gz --labels labels-idx1-ubyte.gz";

/// Measure how much networks fold the segments between the points of a data set
///
/// Measures chi = 1 - r1/r2 of the segment from every point to every other point, class by class. Prints the exact statistics, and the global folding
/// measure in every definition of the papers.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", super::FORMS), override_usage = "plica fold [OPTIONS] <NET>... <DATA>")]
pub struct Arguments {
    /// One network or several
    #[arg(value_name = "NET", required = true, num_args = 1..)]
    networks: Vec<String>,

    /// The points
    #[arg(value_name = "DATA")]
    data: String,

    /// The pairs of points: classes, all or random:N@SEED; by default classes if there are labels, else all
    #[arg(long, value_name = "PAIRS")]
    pairs: Option<Pairs>,

    /// The units whose bits are compared
    #[arg(long, value_name = "SEL", default_value = "hidden")]
    units: Selection,

    /// Compare one bit per unit, whether its output is positive; without this, one bit per breakpoint, and the winner of each maximum
    #[arg(long)]
    output_bits: bool,

    /// Separate labels: a file, or a column of a .csv by name or index
    #[arg(long, value_name = "FILE|COLUMN")]
    labels: Option<String>,

    #[command(flatten)]
    pixels: PixelOptions,

    /// Number of threads, by default one per core
    #[arg(long, value_name = "N", value_parser = whole(1_u16, 1024))]
    threads: Option<u16>,

    /// Write summary.json, tally.csv and pictures into this directory; continue an interrupted run from its checkpoint there
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Seconds between checkpoints in --out; a killed process loses at most this time
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds, requires = "out")]
    checkpoint: f64,

    /// Write one row per segment into --out: paths-K/part-N.parquet, for the K-th network
    #[arg(long, requires = "out")]
    #[cfg_attr(not(feature = "parquet"), arg(hide = true))]
    paths: bool,

    /// The largest precision for smooth networks, in bits; what it does not decide is a window [default: 256]
    #[arg(long, value_name = "BITS", value_parser = whole(*Tracer::PRECISIONS.start(), *Tracer::PRECISIONS.end()))]
    precision: Option<u32>,

    /// Show no progress on standard error
    #[arg(long)]
    quiet: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|seconds: &f64| *seconds >= 0.0);
    number.ok_or_else(|| "expected a number of seconds, 0 or more".to_string())
}

/// The files of a sweep while it runs.
struct Files {
    checkpoint: Checkpoint,
    rows: Option<PathFiles>,
}

impl Files {
    fn new(out: &Directory, k: usize, subject: &Subject, data: &DataSet, pairs: Pairs, arguments: &Arguments) -> Self {
        let fingerprint = Fingerprint::new(&subject.network, &subject.units, data, pairs).with_rows(arguments.paths);
        let fingerprint = fingerprint.with_precision(arguments.precision.unwrap_or(Tracer::PRECISION));
        let about = || {
            let (units, pairs) = (subject.units.selection().to_string(), pairs.to_string());
            vec![("network", subject.name.clone()), ("data", data.name.clone()), ("pairs", pairs), ("units", units)]
        };
        let rows = arguments.paths.then(|| PathFiles::new(out.paths(k), &fingerprint, about(), !subject.network.is_piecewise_affine()));
        Self { checkpoint: out.checkpoint(k, fingerprint), rows }
    }

    /// Saves a state as the checkpoint, after the rows that it counts.
    fn save(&self, state: &SweepState) -> Result<(), Failure> {
        self.rows.as_ref().map_or(Ok(()), PathFiles::save)?;
        Ok(self.checkpoint.save(state)?)
    }
}

pub fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    if arguments.paths
        && let Some(refusal) = paths::refusal()
    {
        return Err(refusal);
    }
    let networks: Vec<&String> = arguments.networks.iter().collect();
    let subject = |name: &&String| {
        let subject = Subject::load(name, &arguments.units)?;
        if arguments.output_bits { subject.with_output_bits() } else { Ok(subject) }
    };
    let subjects = networks.iter().map(subject).collect::<Result<Vec<_>, _>>()?;
    let data = DataSet::load(&arguments.data, &arguments.pixels.with_labels(arguments.labels.as_deref()))?;
    for subject in &subjects {
        subject.check_dimension(data.points.dimension(), &data.name, data.name == "digits")?;
        subject.precision(arguments.precision)?;
    }
    let pairs = arguments.pairs.unwrap_or_else(|| Pairs::default_for(&data));
    let groups = pairs.groups(&data).map_err(|error| Failure::Data(error.to_string()))?;
    let directory = arguments.out.as_deref().map(Directory::open).transpose()?;
    let files = |(k, subject)| directory.as_ref().map(|out| Files::new(out, k, subject, &data, pairs, arguments));
    let files: Vec<Option<Files>> = subjects.iter().enumerate().map(files).collect();
    let mut reports = Vec::with_capacity(subjects.len());
    let mut printed = Ok(());
    for (subject, files) in subjects.iter().zip(&files) {
        let report = fold(subject, &data, &groups, files.as_ref(), arguments)?;
        if printed.is_ok() {
            printed = output
                .report(&report, || text::fold(&format!("{}\n{}", subject.heading(), text::data_heading(&data, pairs)), &report))
                .and_then(|()| output.finish());
        }
        if directory.is_none() && printed.is_err() {
            return printed; // with a directory, go on and write the files
        }
        reports.push(report);
    }
    if let Some(directory) = directory {
        directory.write(&subjects, &reports)?;
        files.iter().flatten().filter_map(|files| files.rows.as_ref()).try_for_each(PathFiles::keep)?;
        directory.clear(subjects.len())?;
        for older in directory.older_paths(if arguments.paths { subjects.len() } else { 0 }) {
            super::error::say(&format!("note: {} holds rows of an earlier sweep", older.display()));
        }
    }
    printed
}

fn fold(
    subject: &Subject,
    data: &DataSet,
    groups: &[PairGroup],
    files: Option<&Files>,
    arguments: &Arguments,
) -> Result<FoldReport, Failure> {
    let failed = |error: SweepError| match error {
        SweepError::Rows(reason) => Failure::Data(reason.to_string()),
        error => Failure::Data(format!("{}: {error}", data.name)),
    };
    let mut sweep = Sweep::new(&subject.network, &subject.units, &data.points, groups).map_err(|error| failed(error.into()))?;
    sweep = sweep.precision(arguments.precision.unwrap_or(Tracer::PRECISION));
    let rows = files.and_then(|files| files.rows.as_ref());
    if let Some(rows) = rows {
        sweep = sweep.with_rows(rows);
    }
    let begun = files.map(|files| files.checkpoint.load(&sweep)).transpose()?.flatten();
    let state = begun.unwrap_or_else(|| sweep.begin());
    let threads = super::inputs::threads(arguments.threads);
    let mut progress = Progress::new(&subject.name, state.paths(), sweep.paths(), arguments.quiet);
    if let Some(rows) = rows {
        rows.begin(sweep.parts_of(&state))?;
    }
    // Finds out at once, not after the sweep, whether the directory is writable.
    files.map_or(Ok(()), |files| files.save(&state))?;
    let stop = interrupt::catch(files.is_some());
    let mut saved = (Instant::now(), Ok(()));
    let state = sweep
        .run(state, threads, |state| {
            progress.at(state.paths());
            if let Some(files) = files
                && saved.0.elapsed().as_secs_f64() >= arguments.checkpoint
            {
                saved = (Instant::now(), files.save(state));
            }
            saved.1.is_ok() && !stop.asked()
        })
        .map_err(failed)?;
    drop(progress);
    saved.1?;
    files.map_or(Ok(()), |files| files.save(&state))?;
    if !sweep.is_done(&state) {
        return Err(Failure::Interrupted(format!(
            "{} of {} segments of {} are done; the same command continues from there",
            state.paths(),
            sweep.paths(),
            subject.name
        )));
    }
    let reports = groups.iter().zip(state.tallies()).map(|(group, tally)| PairReport::new(group.from, group.to, tally.clone()));
    Ok(FoldReport::new(reports.collect(), state.decisions()))
}
