//! Tables of exact numbers as text: CSV with commas, semicolons or tabs.

use super::array::{Array, Collector};
use super::budget::Budget;
use super::error::ReadProblem;
use super::gzip;
use crate::exact::parse_rational;
use std::error::Error;

/// Reads a table, compressed with gzip or not. If a column of labels is given, it is returned separately.
///
/// The first line is a header if none of its cells is a number. Blank lines are skipped.
pub(crate) fn read(bytes: &[u8], label: Option<&str>, budget: &Budget) -> Result<(Array, Option<Array>), ReadProblem> {
    let content = gzip::text(bytes, budget).map_err(ReadProblem::Format)?;
    let text = str::from_utf8(&content).map_err(|e| ReadProblem::Format(format!("not text: byte {} is not UTF-8", e.valid_up_to())))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).peekable();
    let first = lines.peek().map(|(_, line)| *line).ok_or(ReadProblem::Empty("rows"))?;
    let separator = ['\t', ';', ','].into_iter().find(|&c| first.contains(c)).unwrap_or(',');
    let cells = |line| str::split(line, separator).map(cell);
    let width = cells(first).count();
    budget.take(width, size_of::<&str>()).map_err(|error| ReadProblem::Format(error.into()))?;
    let is_header = cells(first).all(|c| !looks_like_number(c)) && cells(first).any(begins_with_a_letter);
    let header: Option<Vec<&str>> = is_header.then(|| cells(first).collect());
    if header.is_some() {
        lines.next();
    }
    let label = label.map(|name| column_of(name, header.as_deref(), width)).transpose()?;
    if label.is_some() && width == 1 {
        return Err(ReadProblem::Empty("columns except the labels"));
    }

    let (mut rows, mut values, mut labels) = (0, Collector::new(budget, 0), Collector::new(budget, 0));
    for (line_index, line) in lines {
        let (row, line_number) = (rows, line_index + 1);
        let found = cells(line).count();
        if found != width {
            return Err(ReadProblem::Ragged { row, line: line_number, expected: width, found });
        }
        for (column, text) in cells(line).enumerate() {
            let into = if label == Some(column) { &mut labels } else { &mut values };
            push(text, into).map_err(|problem| ReadProblem::Cell { row, column, line: line_number, problem })?;
        }
        rows += 1;
    }
    if rows == 0 {
        return Err(ReadProblem::Empty("rows"));
    }
    let columns = width - usize::from(label.is_some());
    let labels = label.map(|_| Array { shape: vec![rows], numbers: labels.finish() });
    Ok((Array { shape: vec![rows, columns], numbers: values.finish() }, labels))
}

/// A cell without the surrounding space and double quotes.
fn cell(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text).trim()
}

/// Whether a cell is meant as a number, valid or not. A header has no such cell.
fn looks_like_number(text: &str) -> bool {
    let word = text.trim_start_matches(['-', '+']).to_ascii_lowercase();
    let of_a_number = |b: u8| b.is_ascii_digit() || b"+-.,/eE ".contains(&b);
    let number = text.bytes().all(of_a_number) && text.bytes().any(|b| b.is_ascii_digit());
    text.is_empty() || number || matches!(word.as_str(), "nan" | "inf" | "infinity" | "na" | "n/a" | "none" | "null" | "true" | "false")
}

/// Whether a cell can be a name. A line of numbers in a form that is not supported, such as `$1`, must not be taken for a header.
fn begins_with_a_letter(text: &str) -> bool {
    text.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '_').starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn push(text: &str, into: &mut Collector<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
    // Most cells are small integers.
    match text.parse::<i32>() {
        Ok(n) => into.push_f64(f64::from(n))?,
        Err(_) => into.push_rational(parse_rational(text)?)?,
    }
    Ok(())
}

/// The column with this name in the header, or else with this index.
fn column_of(name: &str, header: Option<&[&str]>, width: usize) -> Result<usize, ReadProblem> {
    let named = header.and_then(|h| h.iter().position(|&c| c == name));
    if header.is_some_and(|h| h.iter().filter(|&&c| c == name).count() > 1) {
        return Err(ReadProblem::Format(format!("several columns are named {name}: give the index of one of them")));
    }
    let indexed = || name.parse::<usize>().ok().filter(|&i| i < width);
    named.or_else(indexed).ok_or_else(|| {
        let indices = format!("the columns are 0 to {}", width - 1);
        let known = header.map_or(indices.clone(), |h| format!("{indices}, named {}", h.join(", ")));
        ReadProblem::NoColumn { column: name.to_string(), known }
    })
}
