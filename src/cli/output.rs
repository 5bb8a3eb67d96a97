//! Where results go: standard output as text or JSON lines, and files.

use super::error::Failure;
use plica::files::replace;
use serde::Serialize;
use std::io::{self, BufWriter, Stdout, Write};
use std::path::Path;

/// Writes a file as a whole or not at all.
pub fn file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    replace(path, write).map_err(|error| Failure::Data(format!("{}: {error}", path.display())))
}

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}

/// Where results go.
pub struct Output {
    format: Format,
    stream: BufWriter<Stdout>,
    empty: bool,
}

impl Output {
    /// Standard output in a format.
    pub fn new(format: Format) -> Self {
        Self { format, stream: BufWriter::new(std::io::stdout()), empty: true }
    }

    /// Writes a report in the format that was asked for: as a line of JSON, or as its text; a blank line stands between texts.
    pub fn report(&mut self, report: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
        match self.format {
            Format::Json => self.json(report),
            Format::Text => {
                let gap = if self.empty { "" } else { "\n" };
                self.text(&format!("{gap}{}", text()))
            }
        }
    }

    /// The same of one of many reports that are a line each, under a head that is written once.
    pub fn row(&mut self, report: &impl Serialize, head: &str, row: impl FnOnce() -> String) -> Result<(), Failure> {
        match self.format {
            Format::Json => self.json(report),
            Format::Text => {
                let head = if self.empty { head } else { "" };
                self.text(&format!("{head}{}", row()))
            }
        }
    }

    fn json(&mut self, report: &impl Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.stream, report).map_err(std::io::Error::from)?;
        self.text("\n")
    }

    fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.empty = false;
        Ok(self.stream.write_all(text.as_bytes())?)
    }

    /// Sends on what is buffered.
    pub fn finish(&mut self) -> Result<(), Failure> {
        Ok(self.stream.flush()?)
    }
}
