//! The text of many segments.

use crate::number::{self, between, grouped};
use plica::exact::ExactNumber;
use plica::fold::{Distribution, PairMedians, Tally};
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
    let (chi, peaks) = (whole.chi_bounds(), whole.peak_bounds());
    let global = report.global_range.clone().unwrap_or_else(|| [report.global.clone(), report.global.clone()]);
    let mut lines = vec![("segments", grouped(whole.paths()))];
    if whole.windows() > 0 {
        lines.push(("with windows", grouped(whole.windows())));
    }
    lines.extend([
        ("folded (chi > 0)", folded(&whole, report)),
        ("chi: mean", of(&chi, |chi| &chi.mean)),
        ("     median", of(&chi, |chi| &chi.median)),
        ("     median where chi > 0", of(&global, |global| &global.median_of_positive)),
        ("     largest (sup)", of(&global, |global| &global.sup)),
        ("peak of a prefix: mean", of(&peaks, |peaks| &peaks.mean)),
        ("                  median where > 0", of(&peaks, |peaks| &peaks.median_of_positive)),
        ("                  largest", of(&peaks, |peaks| &peaks.max)),
    ]);
    if report.pairs.len() > 1 {
        let medians = |number: fn(&PairMedians) -> &Option<ExactNumber>| {
            between([0, 1].map(|end| number(&global[end].pair_medians_of_positive_peaks).as_ref().map(|number| &number.0)))
        };
        lines.extend([
            ("over class pairs, median of the largest chi", of(&global, |global| &global.median_of_pair_maxima)),
            ("over class pairs, medians of peaks > 0: mean", medians(|medians| &medians.mean)),
            ("                                        median", medians(|medians| &medians.median)),
            ("                                        largest", medians(|medians| &medians.max)),
        ]);
    }
    lines.push(("regions of a segment", regions(&whole)));
    lines.push(("decisions", format!("{} filtered, {} exact", grouped(report.decisions.filtered), grouped(report.decisions.exact))));
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    lines.iter().map(|(name, value)| format!("  {name:<width$}  {value}\n")).collect()
}

/// A number of a report, by its two bounds.
fn of<T>([low, high]: &[T; 2], number: fn(&T) -> &Option<ExactNumber>) -> String {
    between([low, high].map(|report| number(report).as_ref().map(|number| &number.0)))
}

/// The number of segments with chi > 0, and their share.
fn folded(whole: &Tally, report: &FoldReport) -> String {
    let (least, most) = (whole.folded(), whole.folded_at_most());
    match &report.global.folded_fraction {
        Some(share) => format!("{}, {}", grouped(least), percent(&share.0, 2)),
        None if least < most => format!("{} to {}", grouped(least), grouped(most)),
        None => "0".to_string(),
    }
}

/// The least, the mean and the largest number of regions, of the segments without windows.
fn regions(whole: &Tally) -> String {
    let regions: Distribution = whole.regions().map(|(n, count)| (n.into(), count)).collect();
    match (regions.iter().next(), regions.mean(), regions.max()) {
        (Some((least, _)), Some(mean), Some(most)) => format!("{least} to {most}, mean {}", decimal(&mean)),
        _ => "undefined".to_string(),
    }
}
