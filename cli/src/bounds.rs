//! `plica bounds`: bounds for every network of a shape.

use super::error::Failure;
use super::inputs::load_with_notes;
use super::output::Output;
use clap::Args;
use plica::bounds::Shape;
use plica::exact::ParseError;
use plica::report::BoundsReport;
use plica_text as text;

const EXAMPLES: &str = "\
Examples:
  plica bounds 2-16-16-1
  plica bounds model.safetensors --format json";

/// List closed-form bounds on the number of regions, facets and simplices of a shape
///
/// Each bound has its source and its evidence: proved in the documentation or a textbook, published as a theorem that we read, or quoted
/// elsewhere. The bounds are for the whole space; plica regions gives the true numbers of one network.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", super::FORMS))]
pub struct Arguments {
    /// A network, or widths from the inputs to the outputs
    #[arg(value_name = "NET|WIDTHS")]
    network: String,
}

pub fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let name = &arguments.network;
    let is_shape = name.contains('-') && name.chars().all(|c| c.is_ascii_digit() || c == '-');
    let shape = if is_shape { name.parse().map_err(|error: ParseError| Failure::Call(error.to_string()))? } else { shape_of(name)? };
    let report = BoundsReport::of(name, &shape);
    output.report(&report, || text::bounds(&report))
}

fn shape_of(name: &str) -> Result<Shape, Failure> {
    let what = "no bounds for its layers, expected affine layers with ReLU between them";
    Shape::of(&load_with_notes(name)?).ok_or_else(|| Failure::Data(format!("{name}: {what}")))
}
