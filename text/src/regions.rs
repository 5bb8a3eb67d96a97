//! The text of a complex.

use crate::bounds;
use crate::number::{self, exact_and_decimal, exact_or_undefined, four, grouped};
use crate::table::{Left, Right, Table};
use plica::exact::ExactNumber;
use plica::report::{DecisionReport, RegionsReport, decimal, percent};
use rug::Rational;
use std::collections::BTreeMap;

/// The most columns of a histogram; larger numbers share the last.
const COLUMNS: usize = 9;
/// The most classes that have a row each.
const CLASSES: usize = 20;

/// The text of a report of regions: counts, shape, volumes, and bounds.
pub fn regions(heading: &str, report: &RegionsReport) -> String {
    let mut text = number::heading(heading);
    text += &lines(&facts(report));
    let histograms =
        [("facets", &report.facets), ("  inside", &report.inner_facets), ("vertices", &report.vertices), ("simplices", &report.simplices)];
    text += "\n  how many cells have so many of what\n\n";
    for (name, histogram) in histograms {
        text += &row(name, histogram);
    }
    if let Some(decision) = &report.decision {
        text += &decisions(decision);
    }
    if !report.bounds.is_empty() {
        text += &format!("\n  what is known of every network of this shape\n\n{}", bounds::table(&report.bounds));
    }
    text
}

fn lines(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    facts.iter().map(|(name, value)| format!("  {name:<width$}  {value}\n")).collect()
}

fn facts(report: &RegionsReport) -> Vec<(&'static str, String)> {
    let cells = report.counts.activation_regions;
    let mut facts = vec![
        ("activation regions", grouped(cells)),
        ("affine maps", grouped(report.counts.affine_maps)),
        ("linear regions", grouped(report.counts.linear_regions)),
        ("f-vector", f_vector(&report.f_vector)),
    ];
    if report.bounded < cells {
        facts.push(("bounded regions", grouped(report.bounded)));
    }
    let of = |number: &Option<ExactNumber>| exact_or_undefined(number.as_ref().map(|number| &number.0));
    facts.extend([
        ("mean facets", of(&report.means.facets)),
        ("mean facets inside", of(&report.means.inner_facets)),
        ("mean simplices", of(&report.means.simplices)),
    ]);
    let is_slice = report.gram.is_some();
    match &report.volume {
        Some(volume) => facts.push((if is_slice { "area in (u, v)" } else { "volume" }, exact_and_decimal(&volume.0))),
        None => facts.push(("volume", "not bounded".to_string())),
    }
    if let Some(gram) = &report.gram {
        facts.push(("Gram determinant", exact_and_decimal(&gram.0)));
    }
    if let Some(volumes) = &report.volumes {
        let short = |number: &ExactNumber| four(&number.0);
        facts.push(("volumes of cells", format!("{} to {}", short(&volumes.least), short(&volumes.largest))));
        facts.push(("  median, mean", format!("{}, {}", short(&volumes.median), short(&volumes.mean))));
    }
    let checks = &report.checks;
    let held = [(checks.euler, "Euler's relation"), (checks.facets, "two cells a facet"), (checks.volumes, "volumes add up")];
    facts.push(("checked", held.iter().filter(|(held, _)| *held).map(|&(_, name)| name).collect::<Vec<_>>().join(", ")));
    facts.push(("decisions", format!("{} filtered, {} exact", grouped(report.decisions.filtered), grouped(report.decisions.exact))));
    facts
}

/// The f-vector. More than twelve zeros at its beginning, of faces that contain lines, are written as their number.
fn f_vector(all: &[u64]) -> String {
    let zeros = all.iter().take_while(|&&n| n == 0).count();
    let shown = |all: &[u64]| all.iter().map(|&n| grouped(n)).collect::<Vec<_>>().join("  ");
    if zeros <= 12 { shown(all) } else { format!("{zeros} zeros, {}", shown(&all[zeros..])) }
}

/// Two lines of a histogram: the numbers, and how many cells have them.
fn row(name: &str, histogram: &BTreeMap<u64, u64>) -> String {
    if histogram.is_empty() {
        return format!("  {name:<10} no bounded cells\n");
    }
    let mut columns: Vec<(String, u64)> = histogram.iter().take(COLUMNS).map(|(k, &n)| (k.to_string(), n)).collect();
    let rest: Vec<_> = histogram.iter().skip(COLUMNS - 1).collect();
    if let [(first, _), .., (last, _)] = rest[..] {
        columns.truncate(COLUMNS - 1);
        columns.push((format!("{first}-{last}"), rest.iter().map(|&(_, n)| n).sum()));
    }
    let (mut above, mut below) = (format!("  {name:<10}"), " ".repeat(12));
    for (number, count) in columns {
        let count = grouped(count);
        let width = number.len().max(count.len()) + 2;
        if above.len() + width > 79 {
            break;
        }
        above += &format!("{number:>width$}");
        below += &format!("{count:>width$}");
    }
    format!("{above}\n{below}\n")
}

fn decisions(report: &DecisionReport) -> String {
    let mut text = format!("\n  decisions by {}\n\n", report.rule);
    text += &lines(&[
        ("decision regions", grouped(report.regions)),
        ("boundary pieces", grouped(report.boundary_pieces)),
        ("cells, cut by decision", grouped(report.cells)),
    ]);
    let whole: Option<Vec<&Rational>> = report.classes.iter().map(|class| class.volume.as_ref().map(|volume| &volume.0)).collect();
    let whole: Option<Rational> = whole.map(|all| all.into_iter().sum());
    let mut table = Table::new([Right, Right, Right, Left, Right], ["class", "cells", "regions", "volume", "share"]);
    for class in report.classes.iter().take(CLASSES) {
        let share = match (&class.volume, &whole) {
            (Some(part), Some(whole)) => percent(&Rational::from(&part.0 / whole), 2),
            _ => "-".to_string(),
        };
        let volume = class.volume.as_ref().map_or_else(|| "not bounded".to_string(), |volume| decimal(&volume.0));
        table.push([class.class.to_string(), grouped(class.cells), grouped(class.regions), volume, share]);
    }
    text += &format!("\n{table}");
    if report.classes.len() > CLASSES {
        text += "  All classes: --format json.\n";
    }
    text
}
