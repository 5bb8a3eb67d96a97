//! The text of a network.

use crate::number::{count, cut, grouped};
use crate::table::{Left, Right, Table, facts};
use plica::report::{LayerReport, NetDetail, NetReport, NodeReport};

/// The text of a network report: its size, and a row for each layer or node.
pub fn net(report: &NetReport) -> String {
    let (dyadic, (what, how_many), table) = match &report.detail {
        NetDetail::Layers { weights, biases, dyadic, layers } => {
            let biases = count(*biases as u64, "bias").replace("biass", "biases");
            (*dyadic, ("weights", format!("{}, {biases}", grouped(*weights as u64))), layers_text(layers))
        }
        NetDetail::Nodes { multiplications, dyadic, nodes } => (*dyadic, ("products", grouped(*multiplications as u64)), nodes_text(nodes)),
    };
    let hidden = format!("{} in {}", count(report.hidden_units as u64, "unit"), count(report.depth as u64, "layer"));
    let arithmetic = if dyadic { "doubles, exactly" } else { "rationals" };
    let facts = facts(&[("shape", cut(&report.shape, 27), "hidden", hidden), ("numbers", arithmetic.to_string(), what, how_many)]);
    format!("{}\n\n{facts}\n{table}", cut(&report.network, 80))
}

fn layers_text(layers: &[LayerReport]) -> String {
    let head = ["layer", "outputs", "inputs", "zero weights", "constant", "duplicated", "parallel"];
    let mut table = Table::new([Right; 7], head);
    for (i, layer) in layers.iter().enumerate() {
        let units = |groups: &[Vec<usize>]| groups.iter().map(Vec::len).sum::<usize>();
        let LayerReport { outputs, inputs, zero_weights, constant, duplicated, parallel, .. } = layer;
        let numbers = [i, *outputs, *inputs, *zero_weights, constant.len(), units(duplicated), units(parallel)];
        table.push(numbers.map(|n| grouped(n as u64)));
    }
    let mut text = table.to_string();
    if layers.iter().any(|layer| !layer.constant.is_empty() || !layer.parallel.is_empty()) {
        text += "\n  Constant units have no weights, duplicated ones switch together, parallel ones\n";
        text += "  have parallel or equal hyperplanes. Which they are: --format json.\n";
    }
    text
}

fn nodes_text(nodes: &[NodeReport]) -> String {
    let mut table = Table::new([Left, Left, Left, Right, Right, Right], ["node", "kind", "shape", "products", "layer", "bits"]);
    for node in nodes {
        let shape = node.shape.iter().map(usize::to_string).collect::<Vec<_>>().join("x");
        let kind = if node.function.is_empty() { node.kind } else { &node.function };
        table.push([
            cut(&node.name, 18),
            cut(kind, 24),
            cut(&shape, 14),
            if node.multiplications > 0 { grouped(node.multiplications as u64) } else { String::new() },
            node.layer.map(|layer| layer.to_string()).unwrap_or_default(),
            node.layer.and(node.bits).map(|bits| bits.to_string()).unwrap_or_default(),
        ]);
    }
    table.to_string()
}
