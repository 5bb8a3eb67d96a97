//! `plica fold`: the folding of many segments between the points of a data set.

use super::error::Failure;
use super::inputs::{PixelOptions, Subject};
use super::output::Output;
use super::progress::Progress;
use clap::Args;
use plica::data::{DataSet, load};
use plica::fold::Meter;
use plica::line::{Decisions, Tracer};
use plica::network::Selection;
use plica::report::{FoldReport, PairReport, fold_text};
use plica::sweep::{self, PairGroup, Pairs};

const EXAMPLES: &str = "\
Examples:
  plica fold digits:3x20 digits --pairs random:10000@0
  plica fold a.npz b.npz data.npz --format json
  plica fold net.npz images-idx3-ubyte.gz --labels labels-idx1-ubyte.gz";

/// How much networks fold the segments between the points of a data set
///
/// Measures chi = 1 - r1/r2 of the segment from every point to every other, class by class, and gives the exact statistics and every reading of
/// the global folding measure.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", super::FORMS), override_usage = "plica fold [OPTIONS] <NET>... <DATA>")]
pub struct Arguments {
    /// One network or several
    #[arg(value_name = "NET", required = true, num_args = 1..)]
    networks: Vec<String>,

    /// The points
    #[arg(value_name = "DATA")]
    data: String,

    /// Which pairs: classes, all or random:N@SEED; classes where there are labels, else all
    #[arg(long, value_name = "PAIRS")]
    pairs: Option<Pairs>,

    /// Whose bits are compared
    #[arg(long, value_name = "SEL", default_value = "hidden")]
    units: Selection,

    /// Labels that stand apart: a file, or a column of a .csv by name or index
    #[arg(long, value_name = "FILE|COLUMN")]
    labels: Option<String>,

    #[command(flatten)]
    pixels: PixelOptions,

    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
}

pub fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let networks: Vec<&String> = arguments.networks.iter().collect();
    let subjects = networks.iter().map(|name| Subject::load(name, &arguments.units)).collect::<Result<Vec<_>, _>>()?;
    let data = load(&arguments.data, &arguments.pixels.with_labels(arguments.labels.as_deref()))?;
    for subject in &subjects {
        subject.check_dimension(data.points.dimension(), &data.name, data.name == "digits")?;
    }
    let pairs = arguments.pairs.unwrap_or_else(|| Pairs::default_for(&data));
    let groups = pairs.groups(&data).map_err(|error| Failure::Data(error.to_string()))?;
    for subject in &subjects {
        let report = fold(subject, &data, &groups, arguments.quiet)?;
        output.report(&report, || fold_text(&heading(subject, &data, pairs), &report))?;
        output.finish()?;
    }
    Ok(())
}

fn fold(subject: &Subject, data: &DataSet, groups: &[PairGroup], quiet: bool) -> Result<FoldReport, Failure> {
    let mut tracer = Tracer::new(&subject.network).units(&subject.units).pieces(false);
    let mut meter = Meter::new(&subject.units);
    let mut progress = Progress::new(&subject.name, groups.iter().map(PairGroup::count).sum(), quiet);
    let mut decisions = Decisions::default();
    let mut reports = Vec::with_capacity(groups.len());
    for group in groups {
        let (tally, taken) = sweep::fold(&mut tracer, &mut meter, &data.points, group.iter(), || progress.step())
            .map_err(|error| Failure::Data(format!("{}: {error}", data.name)))?;
        decisions += taken;
        reports.push(PairReport::new(group.from, group.to, tally));
    }
    Ok(FoldReport::new(reports, decisions))
}

fn heading(subject: &Subject, data: &DataSet, pairs: Pairs) -> String {
    let classes = match data.classes().len() {
        0 => String::new(),
        n => format!(", {n} classes"),
    };
    format!("{}\n{}: {} points{classes}; pairs: {pairs}", subject.heading(), data.name, data.points.len())
}
