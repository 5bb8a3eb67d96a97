//! Mean chi by pair of classes.

use super::colours::{ink_on, viridis};
use super::svg::{Anchor, Drawing, INK, label, ticks, width_of};
use crate::report::FoldReport;
use crate::report::number::{decimal, share};

/// The side of a cell where there are few classes, and of the whole where there are many.
const CELL: f64 = 44.0;
const LARGEST: f64 = 880.0;

/// Up to so many classes the cells hold their numbers, and every class has its label.
const WRITTEN: usize = 20;

/// The heat map of mean chi, from the class of the row to that of the column, as SVG; `None` where the pairs are not by class.
///
/// Pairs without segments are grey, and so are those whose mean windows leave open.
pub fn heat_map(name: &str, report: &FoldReport) -> Option<String> {
    let mut classes: Vec<i64> = report.pairs.iter().filter_map(|pair| pair.from).collect();
    classes.dedup();
    if classes.is_empty() {
        return None;
    }
    let n = classes.len();
    let cell = CELL.min(LARGEST / n as f64);
    let means = report.pairs.iter().filter_map(|pair| pair.chi.mean.as_ref()).map(|mean| mean.value());
    let scale = ticks(means.fold(0.0, f64::max));
    let largest = *scale.last()?;
    let labels: Vec<String> = classes.iter().map(i64::to_string).collect();
    let label_width = labels.iter().map(|text| width_of(text, 13.0)).fold(0.0, f64::max);
    let title = format!("{name}: mean chi of the segments between two classes");
    let (left, top, side) = (46.0 + label_width, 76.0, cell * n as f64);
    let width = (left + side + 110.0).max(width_of(&title, 16.0) + 32.0);
    let mut drawing = Drawing::new(width.ceil(), (top + side.max(160.0) + 24.0).ceil());
    drawing.text((16.0, 20.0), Anchor::Start, 16.0, INK, &title);
    drawing.text((left + side / 2.0, 44.0), Anchor::Middle, 13.0, INK, "to class");
    drawing.upward((18.0, top + side / 2.0), 13.0, "from class");
    let every = n.div_ceil(WRITTEN);
    for (k, text) in labels.iter().enumerate().step_by(every) {
        let middle = (k as f64 + 0.5) * cell;
        drawing.text((left + middle, top - 12.0), Anchor::Middle, 13.0, INK, text);
        drawing.text((left - 8.0, top + middle), Anchor::End, 13.0, INK, text);
    }
    for pair in &report.pairs {
        let place = |class: Option<i64>| class.and_then(|class| classes.binary_search(&class).ok());
        let (Some(row), Some(column)) = (place(pair.from), place(pair.to)) else { continue };
        let (x, y) = (left + column as f64 * cell, top + row as f64 * cell);
        let gap = if n <= WRITTEN { 1.0 } else { 0.0 };
        let area = [x, y, cell - gap, cell - gap];
        let Some(mean) = &pair.chi.mean else {
            let why = if pair.paths == 0 {
                "no segments".to_string()
            } else {
                format!("{} of {} segments have windows", pair.windows, pair.paths)
            };
            drawing.rectangle(area, "#cccccc", &format!("from {} to {}: {why}", classes[row], classes[column]));
            continue;
        };
        let place = mean.value() / largest;
        let (from, to) = (classes[row], classes[column]);
        let title = format!("from {from} to {to}: mean chi {} of {} segments", decimal(&mean.0), pair.paths);
        drawing.rectangle(area, &viridis(place), &title);
        if n <= WRITTEN {
            drawing.text((x + cell / 2.0, y + cell / 2.0), Anchor::Middle, 12.0, ink_on(place), &share(&mean.0, 3));
        }
    }
    let (x, height) = (left + side + 24.0, side.max(160.0));
    for k in 0..100 {
        let y = top + height * (1.0 - (f64::from(k) + 1.0) / 100.0);
        drawing.rectangle([x, y, 16.0, height / 100.0 + 0.5], &viridis((f64::from(k) + 0.5) / 100.0), "");
    }
    for tick in scale {
        let y = top + height * (1.0 - tick / largest);
        drawing.line([x + 16.0, y, x + 20.0, y], INK, 1.0);
        drawing.text((x + 25.0, y), Anchor::Start, 12.0, INK, &label(tick));
    }
    Some(drawing.finish())
}
