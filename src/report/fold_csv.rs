//! The tallies of many segments as a table for other programs.

use super::FoldReport;
use std::fmt::Write;

/// One row for each network, pair of classes and (r1, r2) that occurs: `network,from,to,r1,r2,count`, as CSV; the classes are empty
/// if the pairs are not by class. The segments with windows have a row with empty r1 and r2.
///
/// ```
/// use plica::{fold::{Measure, Tally}, line::Decisions, report::{FoldReport, PairReport, fold_csv}};
/// let mut tally = Tally::default();
/// tally.add(&Measure::default());
/// let report = FoldReport::new(vec![PairReport::new(Some(3), Some(8), tally)], Decisions::default());
/// assert_eq!(fold_csv(&[("a \"b\", c", &report)]), "network,from,to,r1,r2,count\n\"a \"\"b\"\", c\",3,8,0,0,1\n");
/// ```
pub fn fold_csv(reports: &[(&str, &FoldReport)]) -> String {
    let mut text = String::from("network,from,to,r1,r2,count\n");
    let class = |class: Option<i64>| class.map_or(String::new(), |class| class.to_string());
    for (network, report) in reports {
        for pair in &report.pairs {
            let head = format!("{},{},{}", field(network), class(pair.from), class(pair.to));
            for (folding, count) in pair.tally.foldings() {
                let _ = writeln!(text, "{head},{},{},{count}", folding.r1, folding.r2); // a string takes all
            }
            if pair.windows > 0 {
                let _ = writeln!(text, "{head},,,{}", pair.windows);
            }
        }
    }
    text
}

/// A name as a field, in quotes if it needs them.
fn field(name: &str) -> String {
    if name.contains([',', '"', '\n', '\r']) { format!("\"{}\"", name.replace('"', "\"\"")) } else { name.to_string() }
}
