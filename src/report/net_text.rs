//! The report of a network as text.

use super::nodes::nodes_text;
use super::number::{count, cut, grouped};
use super::table::{Right, Table, facts};
use super::{LayerReport, LayersReport, NetReport};

/// The text of a network report: its size, and a row for each layer or node.
pub fn net_text(report: &NetReport) -> String {
    match report {
        NetReport::Layers(report) => layers_text(report),
        NetReport::Nodes(report) => nodes_text(report),
    }
}

fn layers_text(report: &LayersReport) -> String {
    let arithmetic = if report.dyadic { "doubles, exactly" } else { "rationals" };
    let mut text = format!("{}\n\n", cut(&report.network, 80));
    text += &facts(&[
        (
            "shape",
            cut(&report.shape, 27),
            "hidden",
            format!("{} in {}", count(report.hidden_units as u64, "unit"), count(report.depth as u64, "layer")),
        ),
        (
            "numbers",
            arithmetic.to_string(),
            "weights",
            format!("{}, {}", grouped(report.weights as u64), count(report.biases as u64, "bias").replace("biass", "biases")),
        ),
    ]);
    let head = ["layer", "outputs", "inputs", "zero weights", "constant", "duplicated", "parallel"];
    let mut table = Table::new([Right; 7], head);
    for (i, layer) in report.layers.iter().enumerate() {
        let units = |groups: &[Vec<usize>]| groups.iter().map(Vec::len).sum::<usize>();
        let LayerReport { outputs, inputs, zero_weights, constant, duplicated, parallel, .. } = layer;
        let numbers = [i, *outputs, *inputs, *zero_weights, constant.len(), units(duplicated), units(parallel)];
        table.push(numbers.map(|n| grouped(n as u64)));
    }
    text += &format!("\n{table}");
    if report.layers.iter().any(|layer| !layer.constant.is_empty() || !layer.parallel.is_empty()) {
        text += "\n  Constant units have no weights, duplicated ones switch together, parallel ones\n";
        text += "  have parallel or equal hyperplanes. Which they are: --format json.\n";
    }
    text
}
