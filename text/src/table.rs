//! Tables of text: columns as wide as their widest cell.

use std::fmt;

/// How the cells of a column are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}
pub(crate) use Align::{Left, Right};

/// Rows of cells under a head; two blanks before each column.
pub(crate) struct Table<const N: usize> {
    align: [Align; N],
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub fn new(align: [Align; N], head: [&str; N]) -> Self {
        Self { align, rows: vec![head.map(str::to_string)] }
    }

    pub fn push(&mut self, row: [String; N]) {
        self.rows.push(row);
    }
}

impl<const N: usize> fmt::Display for Table<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..N).map(width).collect();
        for row in &self.rows {
            let cells = row.iter().zip(&widths).zip(self.align).map(|((cell, &width), align)| match align {
                Left => format!("  {cell:<width$}"),
                Right => format!("  {cell:>width$}"),
            });
            writeln!(f, "{}", cells.collect::<String>().trim_end())?;
        }
        Ok(())
    }
}

/// Lines of names and values, up to two pairs a line.
pub(crate) fn facts(rows: &[(&str, String, &str, String)]) -> String {
    let mut text = String::new();
    for (name, value, second_name, second_value) in rows {
        let line = format!("  {name:<10}{value:<28}{second_name:<11}{second_value}");
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_lines_end_without_blanks() {
        let mut table = Table::new([Right, Left], ["n", "name"]);
        table.push(["12".into(), "a".into()]);
        assert_eq!(table.to_string(), "   n  name\n  12  a\n");
    }
}
