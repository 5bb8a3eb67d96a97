//! The text of many segments.

use crate::number::{self, exact_or_undefined, grouped};
use plica::exact::ExactNumber;
use plica::fold::{Distribution, Statistics, Tally};
use plica::report::{FoldReport, decimal, percent, share};
use std::collections::BTreeSet;

/// The width of the table of classes, without its margin.
const WIDTH: usize = 78;
/// The table is shown for at most this many classes.
const CLASSES: usize = 30;

/// The text of a fold report: the table of mean chi by class, and every reading of the global measure.
pub fn fold(heading: &str, report: &FoldReport) -> String {
    let mut text = number::heading(heading);
    let classes: BTreeSet<i64> = report.pairs.iter().filter_map(|pair| pair.from).collect();
    match classes.len() {
        0 => (),
        1..=CLASSES => text += &class_table(report, &classes.into_iter().collect::<Vec<_>>()),
        n => text += &format!("  {n} classes: the table by class is in the output of --format json.\n\n"),
    }
    text + &measures(report)
}

/// Mean chi, from the class of the row to the class of the column.
fn class_table(report: &FoldReport, classes: &[i64]) -> String {
    let mut text = "mean chi from class (row) to class (column)\n".to_string();
    let width = classes.iter().map(|class| class.to_string().len()).max().unwrap_or(0).max(6);
    for columns in classes.chunks((WIDTH - width) / (width + 1)) {
        text += &format!("\n  {:width$}{}\n", "", columns.iter().map(|class| format!(" {class:>width$}")).collect::<String>());
        for from in classes {
            let cell = |to: &i64| {
                let pair = report.pairs.iter().find(|pair| (pair.from, pair.to) == (Some(*from), Some(*to)));
                let mean = pair.and_then(|pair| pair.chi.mean.as_ref());
                format!(" {:>width$}", mean.map_or_else(|| "-".to_string(), |mean| share(&mean.0, 3)))
            };
            text += &format!("  {from:>width$}{}\n", columns.iter().map(cell).collect::<String>());
        }
    }
    text + "\n"
}

fn measures(report: &FoldReport) -> String {
    let whole = report.whole();
    let chi = Statistics::from(&whole.chi());
    let peaks = Statistics::from(&whole.peaks());
    let global = &report.global;
    let over_pairs = &global.pair_medians_of_positive_peaks;
    let of = |number: &Option<ExactNumber>| exact_or_undefined(number.as_ref().map(|number| &number.0));
    let mut lines = vec![
        ("segments", grouped(whole.paths())),
        (
            "folded (chi > 0)",
            match &global.folded_fraction {
                Some(share) => format!("{}, {}", grouped(whole.folded()), percent(&share.0, 2)),
                None => "0".to_string(),
            },
        ),
        ("chi: mean", of(&chi.mean)),
        ("     median", of(&chi.median)),
        ("     median where chi > 0", of(&global.median_of_positive)),
        ("     largest (sup)", of(&global.sup)),
        ("peak of a prefix: mean", of(&peaks.mean)),
        ("                  median where > 0", of(&peaks.median_of_positive)),
        ("                  largest", of(&peaks.max)),
    ];
    if report.pairs.len() > 1 {
        lines.extend([
            ("over class pairs, median of the largest chi", of(&global.median_of_pair_maxima)),
            ("over class pairs, medians of peaks > 0: mean", of(&over_pairs.mean)),
            ("                                        median", of(&over_pairs.median)),
            ("                                        largest", of(&over_pairs.max)),
        ]);
    }
    lines.push(("regions of a segment", regions(&whole)));
    lines.push(("decisions", format!("{} filtered, {} exact", grouped(report.decisions.filtered), grouped(report.decisions.exact))));
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    lines.iter().map(|(name, value)| format!("  {name:<width$}  {value}\n")).collect()
}

/// The least, the mean and the largest number of regions.
fn regions(whole: &Tally) -> String {
    let regions: Distribution = whole.regions().map(|(n, count)| (n.into(), count)).collect();
    match (regions.iter().next(), regions.mean(), regions.max()) {
        (Some((least, _)), Some(mean), Some(most)) => format!("{least} to {most}, mean {}", decimal(&mean)),
        _ => "undefined".to_string(),
    }
}
