//! The text of the two kinds of convexity.

use crate::number::{count, cut, grouped};
use crate::table::{Left, Right, Table};
use plica::convexity::Vertex;
use plica::network::Pattern;
use plica::report::{ConvexityReport, FindingReport, RandomReport, SetReport, SmallestReport, decimal};
use rug::Rational;

/// The most patterns that are shown.
const SHOWN: usize = 24;
/// The width of a pattern, and of a point.
const BITS: usize = 28;
const POINT: usize = 42;
/// The width of a line.
const LINE: usize = 80;

/// The text of a report: the patterns with a point each, then what was asked.
pub fn convexity(report: &ConvexityReport) -> String {
    let layers = count(report.hidden_layers as u64, "hidden layer");
    let units = count(report.units as u64, "unit");
    let mut text = cut(&format!("{}: {units} in {layers}, {}", report.network, count(report.inputs as u64, "input")), LINE);
    text += &match report.cells {
        "closed" => format!("\n{} with interior; regions are closed\n", count(report.regions as u64, "region")),
        _ => format!("\n{} of all points, lower-dimensional regions included\n", count(report.regions as u64, "pattern")),
    };
    if report.sets.is_none() && report.random.is_none() {
        text += &format!("\n{}", patterns(report));
    }
    if report.hidden_layers == 1 && report.cells == "closed" {
        text += "\nOne hidden layer: a union of regions is convex if and only if its set of\npatterns is Hamming-convex, whatever the weights.\n";
    }
    for (index, set) in report.sets.iter().flatten().enumerate() {
        text += &format!("\nset {} of {}\n{}", index + 1, report.sets.iter().flatten().count(), set_text(set));
    }
    if let Some(random) = &report.random {
        text += &format!("\n{}", random_text(random));
    }
    if let Some(smallest) = &report.smallest {
        text += &smallest_text(smallest);
    }
    text
}

fn patterns(report: &ConvexityReport) -> String {
    let mut table = Table::new([Left, Left, Left], ["pattern", "at the point", ""]);
    for region in report.patterns.iter().take(SHOWN) {
        let note = if region.has_interior() { "" } else { "no interior" };
        table.push([pattern(region.pattern()), point(region.witness()), note.to_string()]);
    }
    let more = report.patterns.len().saturating_sub(SHOWN);
    let rest = if more == 0 { String::new() } else { format!("  .. and {} more; --format json gives all\n", grouped(more as u64)) };
    format!("{table}{rest}")
}

fn set_text(set: &SetReport) -> String {
    let answer = |yes: bool| if yes { "yes" } else { "no" };
    let mut text = facts("patterns", &list(&set.patterns));
    text += &facts("Hamming-convex", answer(set.hamming_convex));
    if let Some(gap) = &set.hamming_counterexample {
        text += &format!("      {} and {}\n      have {} between them\n", pattern(&gap.from), pattern(&gap.to), pattern(&gap.between));
    }
    text += &facts("union convex", answer(set.convex));
    if let Some(passage) = &set.counterexample {
        let mut table = Table::new([Left, Left, Left], ["", "", ""]);
        let row = |name: String, vertex: &Vertex| [name, pattern(&vertex.pattern), point(&vertex.point)];
        table.push(row("from".into(), &passage.from));
        table.push(row("to".into(), &passage.to));
        table.push(row(format!("at t = {}", cut(&number(&passage.t), 12)), &passage.between));
        let lines = table.to_string();
        text += &lines.lines().skip(1).map(|line| format!("    {line}\n")).collect::<String>();
    }
    let around = |set: &[Pattern], hull: &[Pattern]| if set == hull { "the set itself".to_string() } else { list(hull) };
    if !set.hamming_convex {
        text += &facts("Hamming hull", &around(&set.patterns, &set.hamming_hull));
    }
    if !set.convex {
        text += &facts("convex union", &around(&set.patterns, &set.least_convex_union));
    }
    text
}

fn random_text(random: &RandomReport) -> String {
    let mut table = Table::new([Left, Right, Right], ["", "union convex", "not convex"]);
    table.push(["Hamming-convex".into(), grouped(random.both), grouped(random.hamming_only)]);
    table.push(["not Hamming-convex".into(), grouped(random.euclidean_only), grouped(random.neither)]);
    let mut text = format!("{} from seed {}\n\n{table}", count(random.sets, "random set"), random.seed);
    if let Some(set) = &random.first_disagreement {
        text += &format!("\nthe first on which the two differ\n{}", set_text(set));
    }
    text
}

fn smallest_text(smallest: &SmallestReport) -> String {
    let part = |title: &str, finding: &FindingReport| match (&finding.set, finding.none_up_to) {
        (Some(set), _) => format!("\n{title}: the smallest set\n{}", set_text(set)),
        (None, Some(size)) => format!("\n{title}: no set of up to {}; larger ones\nwere not all tried\n", count(size as u64, "pattern")),
        (None, None) => format!("\n{title}: no set at all\n"),
    };
    part("Hamming-convex, the union of regions not convex", &smallest.hamming_only)
        + &part("the union of regions convex, not Hamming-convex", &smallest.euclidean_only)
}

fn facts(name: &str, value: &str) -> String {
    format!("  {name:<16}{value}\n")
}

fn pattern(pattern: &Pattern) -> String {
    cut(&pattern.to_string(), BITS)
}

/// As many patterns as a line holds.
fn list(patterns: &[Pattern]) -> String {
    let width = LINE - 18;
    let number = format!("{}: ", grouped(patterns.len() as u64));
    let mut text = number;
    for (index, one) in patterns.iter().enumerate() {
        let next = format!("{}{}", if index == 0 { "" } else { " " }, pattern(one));
        let is_last = index + 1 == patterns.len();
        if text.len() + next.len() + if is_last { 0 } else { 3 } > width {
            return text + " ..";
        }
        text += &next;
    }
    text
}

fn point(point: &[Rational]) -> String {
    let numbers: Vec<String> = point.iter().map(number).collect();
    cut(&numbers.join(", "), POINT)
}

fn number(q: &Rational) -> String {
    let is_short = q.numer().significant_bits().max(q.denom().significant_bits()) <= 64;
    let exact = if is_short { q.to_string() } else { String::new() };
    if (1..=10).contains(&exact.len()) { exact } else { decimal(q) }
}
