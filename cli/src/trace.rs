//! `plica trace`: one segment, or many from a file.

use super::error::Failure;
use super::inputs::{PixelOptions, Subject, is_built_in, whole};
use super::output::Output;
use clap::Args;
use plica::data::{Point, Points};
use plica::line::Tracer;
use plica::network::Selection;
use plica::report::{EnclosedReport, TraceReport, plain};
use plica_text as text;
use std::sync::Arc;

/// The number of segments that are traced together. Output appears after each block.
const BLOCK: usize = 1024;

const USAGE: &str = "\
plica trace [OPTIONS] <NET> --from <POINT> --to <POINT>
       plica trace [OPTIONS] <NET> --segments <FILE.npz>";

const EXAMPLES: &str = "\
Examples:
  plica trace cantor:2 --from 0,3/4 --to 1,3/4
  plica trace digits:3x20 --from digits#0 --to digits#17 --format json
  plica trace net.npz --segments ends.npz --units 0-1 --exact --format json";

/// List the regions that a segment crosses, in order, and measure its folding
///
/// Finds every activation region on the straight segment between two points, and the units that flip from one to the next. Every decision is
/// exact: it is taken in doubles if a proven error bound allows it, else in integers. Crossings of smooth networks are enclosed; where their
/// order or their number is not decided there is a window, and chi has a range.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", super::FORMS), override_usage = USAGE)]
pub struct Arguments {
    /// The network
    #[arg(value_name = "NET")]
    network: String,

    /// The start of the segment
    #[arg(long, value_name = "POINT", allow_hyphen_values = true, requires = "to", required_unless_present = "segments")]
    from: Option<String>,

    /// The end of the segment
    #[arg(long, value_name = "POINT", allow_hyphen_values = true, requires = "from", required_unless_present = "segments")]
    to: Option<String>,

    /// Trace many segments instead, from row i of P to row i of Q
    #[arg(long, value_name = "FILE.npz", conflicts_with_all = ["from", "to", "pixels"])]
    segments: Option<String>,

    /// The units whose bits are compared
    #[arg(long, value_name = "SEL", default_value = "hidden")]
    units: Selection,

    /// Compare one bit per unit, whether its output is positive; without this, one bit per breakpoint, and the winner of each maximum
    #[arg(long)]
    output_bits: bool,

    /// Also give the exact time of each crossing
    #[arg(long)]
    exact: bool,

    /// Take every decision in integers: slow
    #[arg(long)]
    exact_only: bool,

    /// The largest precision for smooth networks, in bits; what it does not decide is a window [default: 256]
    #[arg(long, value_name = "BITS", value_parser = whole(*Tracer::PRECISIONS.start(), *Tracer::PRECISIONS.end()))]
    precision: Option<u32>,

    #[command(flatten)]
    pixels: PixelOptions,
}

pub fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let mut subject = Subject::load(&arguments.network, &arguments.units)?;
    if arguments.output_bits {
        subject = subject.with_output_bits()?;
    }
    match (&arguments.segments, &arguments.from, &arguments.to) {
        (Some(file), _, _) => many(arguments, &subject, file, output),
        (None, Some(from), Some(to)) => one(arguments, &subject, from, to, output),
        (None, _, _) => Err(Failure::Call("a segment: expected --from and --to".to_string())),
    }
}

fn tracer(arguments: &Arguments, subject: &Subject) -> Result<Tracer, Failure> {
    let tracer = Tracer::new(&subject.network).units(&subject.units).exact_times(arguments.exact).exact_only(arguments.exact_only);
    Ok(tracer.precision(subject.precision(arguments.precision)?))
}

fn one(arguments: &Arguments, subject: &Subject, from: &str, to: &str, output: &mut Output) -> Result<(), Failure> {
    let options = arguments.pixels.with_labels(None);
    let end = |spec: &str| -> Result<Point, Failure> {
        let point = Point::load(spec, &options)?;
        subject.check_dimension(point.dimension(), spec, is_built_in(spec))?;
        Ok(point)
    };
    let (a, b) = (end(from)?, end(to)?);
    let heading = format!("{}\nfrom {}\nto   {}", subject.heading(), plain(from.trim()), plain(to.trim()));
    if !subject.network.is_piecewise_affine() {
        let trace = tracer(arguments, subject)?.enclose(&a, &b).map_err(|error| Failure::Data(error.to_string()))?;
        return output.report(&EnclosedReport::of(&trace, trace.to_trace().as_ref()), || text::enclosed(&heading, &trace));
    }
    let trace = tracer(arguments, subject)?.trace(&a, &b).map_err(|error| Failure::Data(error.to_string()))?;
    let trace = trace.select(&Arc::new(subject.units.clone()));
    output.report(&TraceReport::of(&trace), || text::trace(&heading, &trace))
}

fn many(arguments: &Arguments, subject: &Subject, file: &str, output: &mut Output) -> Result<(), Failure> {
    let (p, q) = Points::load_segments(file)?;
    subject.check_dimension(p.dimension(), file, false)?;
    let units = Arc::new(subject.units.clone());
    let mut tracer = tracer(arguments, subject)?;
    if !subject.network.is_piecewise_affine() {
        for i in 0..p.len() {
            let failed = |error| Failure::Data(format!("{file}: row {i}: {error}"));
            let trace = tracer.enclose(&p.point(i), &q.point(i)).map_err(failed)?;
            let certified = trace.to_trace();
            output.row(&EnclosedReport::of(&trace, certified.as_ref()), text::SEGMENT_HEAD, || text::enclosed_row(i, &trace))?;
            output.finish()?;
        }
        return Ok(());
    }
    for first in (0..p.len()).step_by(BLOCK) {
        let rows = first..p.len().min(first + BLOCK);
        let ends: Vec<Point> = rows.clone().map(|i| p.point(i)).chain(rows.clone().map(|i| q.point(i))).collect();
        let data_error = |error: &dyn std::fmt::Display| Failure::Data(format!("{file}: {error}"));
        let points = Points::from_points(&ends).map_err(|error| data_error(&error))?;
        let mut written = Ok(());
        let pairs = (0..rows.len()).map(|i| (i, i + rows.len()));
        let visit = |(i, _): (usize, usize), trace: Result<&plica::line::Trace, &plica::line::EnclosedTrace>| {
            let trace = trace.expect("a piecewise affine network has no windows");
            if written.is_ok() {
                let trace = trace.select(&units);
                written = output.row(&TraceReport::of(&trace), text::SEGMENT_HEAD, || text::segment_row(first + i, &trace));
            }
        };
        tracer.over(&points).and_then(|mut tracer| tracer.trace_pairs(pairs, visit)).map_err(|error| data_error(&error))?;
        written.and_then(|()| output.finish())?;
    }
    Ok(())
}
