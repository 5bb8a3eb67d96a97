//! Output of results: standard output as text or JSON lines, and files.

use super::error::Failure;
use plica::files::replace;
use plica::report::plain;
use serde::Serialize;
use std::io::{self, BufWriter, Stdout, Write};
use std::path::Path;

/// Writes a file as a whole or not at all.
pub fn file(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    replace(path, write).map_err(|error| Failure::Data(format!("{}: {error}", path.display())))
}

/// The format of results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    #[default]
    Text,
    Json,
}

/// JSON with control characters in strings written as `\u` escapes, which denote the same strings.
struct Escaped;

impl serde_json::ser::Formatter for Escaped {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> std::io::Result<()> {
        if fragment.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
            return writer.write_all(fragment.as_bytes());
        }
        let is_obeyed = |c: char| matches!(plain(c.encode_utf8(&mut [0; 4])), std::borrow::Cow::Owned(_));
        let mut rest = fragment;
        while let Some(at) = rest.find(is_obeyed) {
            let (before, from) = rest.split_at(at);
            let mut characters = from.chars();
            writer.write_all(before.as_bytes())?;
            for unit in characters.next().into_iter().flat_map(|c| c.encode_utf16(&mut [0; 2]).to_vec()) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = characters.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Standard output in one format.
pub struct Output {
    format: Format,
    stream: BufWriter<Stdout>,
    empty: bool,
}

impl Output {
    /// Opens standard output in a format.
    pub fn new(format: Format) -> Self {
        Self { format, stream: BufWriter::new(std::io::stdout()), empty: true }
    }

    /// Writes a report as a line of JSON or as text, with a blank line between texts.
    pub fn report(&mut self, report: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
        match self.format {
            Format::Json => self.json(report),
            Format::Text => {
                let gap = if self.empty { "" } else { "\n" };
                self.text(&format!("{gap}{}", text()))
            }
        }
    }

    /// Writes a report as a line of JSON, or as one row of text below a head that is written once.
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
        let mut serializer = serde_json::Serializer::with_formatter(&mut self.stream, Escaped);
        report.serialize(&mut serializer).map_err(std::io::Error::from)?;
        self.text("\n")
    }

    fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.empty = false;
        Ok(self.stream.write_all(text.as_bytes())?)
    }

    /// Flushes the buffer.
    pub fn finish(&mut self) -> Result<(), Failure> {
        Ok(self.stream.flush()?)
    }
}
