//! Sets of patterns from files and JSON documents.

use super::SetReport;
use crate::data::file::read_file;
use crate::data::{ReadError, ReadProblem};
use crate::exact::ParseError;
use crate::network::Pattern;
use std::path::Path;

/// The largest file of patterns that is read: in memory they take about sixty times its bytes.
const MOST_BYTES: usize = 1 << 26;

/// The error of a pattern, with the place where it is written.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {source}")]
pub struct SetError {
    place: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl SetError {
    pub(super) fn new(place: &str, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { place: place.to_string(), source: Box::new(source) }
    }
}

impl SetReport {
    /// Reads sets of patterns from a file, each pattern with its place: a JSON list of patterns or of lists of patterns, or text with one pattern per line.
    /// In text a blank line ends a set, and `#` begins a comment.
    ///
    /// # Errors
    /// The file is missing or has no patterns, or a text is not a pattern; the error gives its place.
    pub fn read_sets(path: &Path) -> Result<Vec<Vec<(String, Pattern)>>, ReadError> {
        let read = || {
            let bytes = read_file(path)?;
            if bytes.len() > MOST_BYTES {
                return Err(ReadProblem::Format("more than 64 MiB of patterns, the most that are read".to_string()));
            }
            let text =
                str::from_utf8(&bytes).map_err(|e| ReadProblem::Format(format!("not text: byte {} is not UTF-8", e.valid_up_to())))?;
            let sets = if text.trim_start().starts_with('[') { json(text) } else { lines(text) }.map_err(ReadProblem::Format)?;
            if sets.is_empty() { Err(ReadProblem::Format("no patterns".to_string())) } else { Ok(sets) }
        };
        read().map_err(|problem| problem.of(path))
    }
}

fn lines(text: &str) -> Result<Vec<Vec<(String, Pattern)>>, String> {
    let mut sets = vec![Vec::new()];
    for (index, line) in text.lines().enumerate() {
        let (line, place) = (line.trim(), format!("line {}", index + 1));
        match sets.last_mut() {
            Some(set) if line.is_empty() && !set.is_empty() => sets.push(Vec::new()),
            Some(set) if !line.is_empty() && !line.starts_with('#') => {
                set.push((place.clone(), line.parse().map_err(|error: ParseError| format!("{place}: {error}"))?));
            }
            _ => {}
        }
    }
    sets.retain(|set| !set.is_empty());
    Ok(sets)
}

fn json(text: &str) -> Result<Vec<Vec<(String, Pattern)>>, String> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Sets {
        One(Vec<String>),
        Many(Vec<Vec<String>>),
    }
    let sets = match serde_json::from_str(text).map_err(|error| error.to_string())? {
        Sets::One(set) => vec![set],
        Sets::Many(sets) => sets,
    };
    SetReport::parse_sets(sets).map_err(|error| error.to_string())
}

impl SetReport {
    /// Reads sets of patterns from the lists of a JSON document, each pattern with its place.
    ///
    /// # Errors
    /// A text is not a pattern; the error gives its place.
    pub fn parse_sets(sets: Vec<Vec<String>>) -> Result<Vec<Vec<(String, Pattern)>>, SetError> {
        let parsed = |(i, set): (usize, Vec<String>)| {
            let pattern = |(j, text): (usize, String)| {
                let place = format!("set {i}, pattern {j}");
                text.parse().map(|pattern| (place.clone(), pattern)).map_err(|error: ParseError| SetError::new(&place, error))
            };
            set.into_iter().enumerate().map(pattern).collect()
        };
        sets.into_iter().enumerate().map(parsed).collect()
    }
}
