//! `plica net`: the layers of a network, and its conversion.

use super::error::Failure;
use super::inputs::load_with_notes;
use super::output::Output;
use clap::Args;
use plica::report::NetReport;
use plica_text as text;
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  plica net cantor:3
  plica net model.safetensors --to model.json
  plica net model.npz --to model.onnx";

/// Show the layers of a network, or convert it
///
/// Shows the shape, the kind of numbers, and constant, duplicated or parallel units; for networks with other layers than affine ones and ReLU, the nodes.
#[derive(Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{}", super::FORMS))]
pub struct Arguments {
    /// The network
    #[arg(value_name = "NET")]
    network: String,

    /// Write the network without loss to a .onnx file; dense layers with ReLU between them also to a .json, .npz or .safetensors file
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, output: &mut Output) -> Result<(), Failure> {
    let network = load_with_notes(&arguments.network)?;
    if let Some(path) = &arguments.to {
        network.save(path)?;
    }
    let report = NetReport::of(&arguments.network, &network);
    output.report(&report, || text::net(&report))
}
