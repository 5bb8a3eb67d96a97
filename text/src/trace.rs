//! The text of one segment.

use crate::number::{self, cut, exact_and_decimal, grouped, time};
use crate::table::{Left, Right, Table, facts};
use plica::fold::{FoldingRange, Measure, Path};
use plica::line::{Change, Crossing, EnclosedTrace, Event, Trace};
use plica::network::{Bit, Pattern, UnitSet};
use plica::report::decimal;

/// The most crossings that are shown in full; of more, the first and the last are shown.
const SHOWN: usize = 40;
const FIRST: usize = 24;
const LAST: usize = 8;
/// The bits of a pattern in one line, and the most lines of a layer.
const BITS: usize = 20;
const LINES: usize = 3;
const FLIPS_HEAD: &str = "flips: +(layer,unit) on, - off";
/// The width of the list of flips.
const FLIPS: usize = 30;

/// The text of a trace: its measures, the patterns of its ends by layer, and its crossings.
///
/// Long patterns and long lists are shown in part, and a last line says so.
pub fn trace(heading: &str, trace: &Trace) -> String {
    trace_of(heading, trace, "")
}

fn trace_of(heading: &str, trace: &Trace, note: &str) -> String {
    let measure = Measure::of(trace);
    let folding = measure.folding();
    let flips: usize = trace.crossings().map(|crossing| crossing.flips.len()).sum();
    let is_smooth = !note.is_empty();
    let none = if is_smooth { "none: curved" } else { "not counted" };
    let pieces = trace.pieces().map_or_else(|| none.to_string(), |pieces| grouped(pieces as u64));
    let decisions = trace.decisions();
    let mut text = number::heading(heading);
    if is_smooth {
        text += &format!("{note}\n\n");
    }
    text += &facts(&[
        ("chi", exact_and_decimal(&folding.chi()), "regions", grouped(trace.regions() as u64)),
        ("r1", grouped(folding.r1), "pieces", pieces),
        ("r2", grouped(folding.r2), "crossings", grouped(trace.crossing_count() as u64)),
        ("peak chi", exact_and_decimal(&measure.peak().chi()), "flips", grouped(flips as u64)),
        (
            "d(ends)",
            grouped(measure.distance()),
            "decisions",
            format!("{} filtered, {} exact", grouped(decisions.filtered), grouped(decisions.exact)),
        ),
    ]);
    let (patterns, patterns_cut) = patterns_by_layer(trace);
    let (crossings, crossings_cut) = crossings(trace);
    text += &format!("\n{patterns}");
    if trace.crossing_count() > 0 {
        text += &format!("\n{crossings}");
    }
    if patterns_cut || crossings_cut {
        text += "\n  Shown in part (..); --format json gives everything.\n";
    }
    text
}

/// The text of a trace of a smooth network: that of a trace if it is certified, and else the ranges of its measures and its windows.
pub fn enclosed(heading: &str, enclosed: &EnclosedTrace) -> String {
    let Some(trace) = enclosed.to_trace() else { return windowed(heading, enclosed) };
    trace_of(heading, &trace, "certified: each crossing is proven")
}

fn windowed(heading: &str, trace: &EnclosedTrace) -> String {
    let FoldingRange { r1, r2, chi, .. } = FoldingRange::of(trace);
    let windows = trace.windows().count();
    let crossings = trace.events().len() - windows;
    let whole = |(lo, hi): (u64, Option<u64>)| match hi {
        Some(hi) if hi == lo => grouped(lo),
        Some(hi) => format!("{} to {}", grouped(lo), grouped(hi)),
        None => format!("{} or more", grouped(lo)),
    };
    let ratio = if chi.0 == chi.1 { exact_and_decimal(&chi.0) } else { format!("{} to {}", decimal(&chi.0), decimal(&chi.1)) };
    let mut text = number::heading(heading);
    text += &facts(&[
        ("chi", ratio, "certified", "no".to_string()),
        ("r1", whole((r1.0, Some(r1.1))), "crossings", grouped(crossings as u64)),
        ("r2", whole(r2), "windows", grouped(windows as u64)),
    ]);
    let mut table = Table::new([Right, Left, Left, Left], ["#", "t", "units (layer,unit)", ""]);
    let mut is_cut = windows > SHOWN;
    let listed = |bits: &mut dyn Iterator<Item = Bit>| {
        let names: Vec<String> = bits.map(|bit| format!("({},{})", bit.layer, trace.units().unit_of(bit).0.index)).collect();
        names.join(" ")
    };
    for (k, event) in trace.windows().enumerate().take(SHOWN) {
        let Event::Window { t, once, undecided } = event else { continue };
        let parts = [(listed(&mut once.iter().copied()), "once each"), (listed(&mut undecided.iter().map(|one| one.bit)), "undecided")];
        for (units, what) in parts.into_iter().filter(|(units, _)| !units.is_empty()) {
            is_cut |= units.len() > FLIPS;
            table.push([(k + 1).to_string(), time(*t), cut(&units, FLIPS), what.to_string()]);
        }
    }
    text += &format!("\n  In a window the order or the number of crossings is not decided:\n{table}");
    if is_cut {
        text += "\n  Shown in part (..); --format json gives everything.\n";
    }
    text
}

/// The patterns of the first and the last region, a layer a row, and whether any was cut.
fn patterns_by_layer(trace: &Trace) -> (String, bool) {
    let mut table =
        Table::new([Right, Right, Right, Right, Right, Left, Left], ["layer", "units", "on", "at end", "differ", "start", "end"]);
    let mut any_cut = false;
    for &layer in trace.units().layers() {
        let [start, end] = [trace.start(), trace.end()].map(|pattern| bits_of_layer(trace.units(), layer, pattern));
        let active = |bits: &str| bits.bytes().filter(|b| *b == b'1').count();
        let differ = start.bytes().zip(end.bytes()).filter(|(a, b)| a != b).count();
        let whole = start.len() <= BITS * LINES;
        any_cut |= !whole;
        let lines = |bits: &str| -> Vec<String> {
            if whole {
                bits.as_bytes().chunks(BITS).map(|bits| String::from_utf8_lossy(bits).into_owned()).collect()
            } else {
                vec![cut(bits, BITS)]
            }
        };
        for (i, (start_line, end_line)) in lines(&start).into_iter().zip(lines(&end)).enumerate() {
            let number = |n: usize| if i == 0 { n.to_string() } else { String::new() };
            table.push([
                number(layer),
                number(start.len()),
                number(active(&start)),
                number(active(&end)),
                number(differ),
                start_line,
                end_line,
            ]);
        }
    }
    (table.to_string(), any_cut)
}

fn bits_of_layer(units: &UnitSet, layer: usize, pattern: &Pattern) -> String {
    let of_layer = units.bits().zip(pattern.iter()).filter(|(unit, _)| unit.layer as usize == layer);
    of_layer.map(|(_, bit)| if bit { '1' } else { '0' }).collect()
}

/// The crossings in order of time, and whether any flips or crossings were cut.
fn crossings(trace: &Trace) -> (String, bool) {
    let all = trace.crossing_count();
    let (first, last) = if all <= SHOWN { (all, 0) } else { (FIRST, LAST) };
    let mut table = Table::new([Right, Left, Left, Right, Right, Right], ["#", "t", FLIPS_HEAD, "dist", "r2", "chi"]);
    let mut any_cut = all > SHOWN;
    let mut pattern = trace.start().clone();
    let mut measure = Measure::default();
    for (k, ((crossing, step), changes)) in trace.crossings().zip(trace.steps()).zip(trace.changes()).enumerate() {
        measure.push(step);
        crossing.flips.iter().for_each(|&unit| pattern.flip(trace.units().position(unit)));
        if k == first {
            let gap = format!("{} more crossings", grouped((all - first - last) as u64));
            table.push(["..".into(), "..".into(), gap, String::new(), String::new(), String::new()]);
        }
        if k < first || k >= all - last {
            let (flips, cut) = flips_text(trace.units(), &changes, &pattern);
            any_cut |= cut;
            let [distance, length] = [step.distance, measure.folding().r2].map(|n| n.to_string());
            table.push([(k + 1).to_string(), time_text(&crossing), flips, distance, length, decimal(&measure.folding().chi())]);
        }
    }
    (table.to_string(), any_cut)
}

fn time_text(crossing: &Crossing<'_>) -> String {
    let exact = crossing.t_exact.map(ToString::to_string).filter(|text| text.len() <= 14);
    exact.unwrap_or_else(|| time(crossing.t))
}

/// The bits that flip, each with its value after the crossing, as many as fit; and whether any was left out.
fn flips_text(units: &UnitSet, flips: &[Change], after: &Pattern) -> (String, bool) {
    let mut text = String::new();
    let sign = |layer: u32, index: u32| if after.get(units.position(Bit { layer, index })) { '+' } else { '-' };
    for (i, change) in flips.iter().enumerate() {
        let name = match *change {
            Change::Unit([layer, unit]) => format!("{}({layer},{unit})", sign(layer, unit)),
            Change::Bit([layer, unit, bit]) => {
                let bits = units.layer_bits(layer as usize).count() as u32;
                format!("{}({layer},{unit},{bit})", sign(layer, unit * bits + bit))
            }
            Change::Winner([layer, unit, from, to]) => format!("({layer},{unit}:{from}>{to})"),
        };
        let rest = format!(" .. {} more", flips.len() - i - 1);
        let reserve = if i + 1 < flips.len() { rest.len() } else { 0 };
        if i > 0 && text.len() + 1 + name.len() + reserve > FLIPS {
            return (format!("{text} .. {} more", flips.len() - i), true);
        }
        text += if i > 0 { " " } else { "" };
        text += &name;
    }
    (text, false)
}

/// The line above the rows of many segments.
pub const SEGMENT_HEAD: &str = "   segment   regions    pieces        r1        r2        chi   peak chi\n";

/// One of many segments as a line under [`SEGMENT_HEAD`].
pub fn segment_row(index: usize, trace: &Trace) -> String {
    let measure = Measure::of(trace);
    let folding = measure.folding();
    let pieces = trace.pieces().map_or_else(String::new, |pieces| pieces.to_string());
    let [chi, peak] = [folding.chi(), measure.peak().chi()].map(|chi| decimal(&chi));
    format!("{index:>10}{:>10}{pieces:>10}{:>10}{:>10}{chi:>11}{peak:>11}\n", trace.regions(), folding.r1, folding.r2)
}

/// As [`segment_row`], for a smooth network.
pub fn enclosed_row(index: usize, trace: &EnclosedTrace) -> String {
    match trace.to_trace() {
        Some(trace) => segment_row(index, &trace),
        None => format!("{index:>10}  not certified, windows: {}\n", trace.windows().count()),
    }
}
