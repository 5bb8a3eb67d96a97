//! The rows of `plica fold --paths`: a directory of Parquet files, one a part of the sweep.

use super::error::Failure;
use plica::sweep::{Fingerprint, PairGroup, PathRow, RowSink, replace};
use std::fs;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// Says whose rows a directory has; tools that read tables pass over names with an underscore.
const WHOSE: &str = "_sweep.json";

/// The rows of one network.
///
/// While the sweep runs, its files gather in a directory with another name, so that those of an earlier sweep stay whole until the end.
pub struct PathFiles {
    gathered: PathBuf,
    kept: PathBuf,
    fingerprint: String,
    about: Vec<(&'static str, String)>,
}

impl PathFiles {
    /// The rows of a sweep that are to be kept in a directory, and what the metadata of each file say.
    pub fn new(kept: PathBuf, fingerprint: &Fingerprint, about: Vec<(&'static str, String)>) -> Self {
        let mut name = kept.file_name().unwrap_or_default().to_os_string();
        name.push(".tmp");
        let fingerprint = serde_json::to_string(fingerprint).expect("words and flags are JSON");
        Self { gathered: kept.with_file_name(name), kept, fingerprint, about }
    }

    /// Makes ready for a sweep that has these parts already, each of which must be there.
    pub fn begin(&self, parts: impl Iterator<Item = usize>) -> Result<(), Failure> {
        [&self.gathered, &self.kept].into_iter().try_for_each(|directory| only_rows(directory))?;
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            // What a sweep left that was never taken up again.
            absent(fs::remove_dir_all(&self.gathered)).map_err(|error| failure(&self.gathered, &error))?;
            fs::create_dir_all(&self.gathered).map_err(|error| failure(&self.gathered, &error))?;
            let whose = self.gathered.join(WHOSE);
            return replace(&whose, |file| file.write_all(self.fingerprint.as_bytes())).map_err(|error| failure(&whose, &error));
        }
        // A sweep that was killed at its very end has its files where they are kept.
        let whose = |directory: &&PathBuf| fs::read_to_string(directory.join(WHOSE)).is_ok_and(|text| text == self.fingerprint);
        let lost = |path: PathBuf, what: &str| {
            Err(Failure::Data(format!(
                "{}: {what}, though the checkpoint counts its segments: put it back, or remove the checkpoint",
                path.display()
            )))
        };
        let Some(directory) = [&self.gathered, &self.kept].into_iter().find(whose) else {
            return lost(self.gathered.join(WHOSE), "missing, or of another sweep");
        };
        match parts.map(|part| directory.join(file_name(part))).find(|path| !is_whole(path)) {
            None => Ok(()),
            Some(path) if path.exists() => lost(path, "not a whole file of rows"),
            Some(path) => lost(path, "missing"),
        }
    }

    /// Puts the files where they are kept, in place of those of an earlier sweep.
    pub fn keep(&self) -> Result<(), Failure> {
        if !self.gathered.exists() {
            return Ok(());
        }
        only_rows(&self.kept)?;
        absent(fs::remove_dir_all(&self.kept)).map_err(|error| failure(&self.kept, &error))?;
        fs::rename(&self.gathered, &self.kept).map_err(|error| failure(&self.kept, &error))
    }
}

impl RowSink for PathFiles {
    fn take(&self, part: usize, group: &PairGroup, rows: &[PathRow]) -> Result<(), String> {
        let path = self.gathered.join(file_name(part));
        let about: Vec<(&str, &str)> = self.about.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let file = encoded(group, rows, &about).map_err(|error| format!("{}: {error}", path.display()))?;
        replace(&path, |out| out.write_all(&file)).map_err(|error| format!("{}: {error}", path.display()))
    }
}

/// Why there cannot be rows, if there cannot.
pub fn refusal() -> Option<Failure> {
    let message = "--paths needs a plica that was built with the feature `parquet`";
    (!cfg!(feature = "parquet")).then(|| Failure::Call(message.to_string()))
}

#[cfg(feature = "parquet")]
fn encoded(group: &PairGroup, rows: &[PathRow], about: &[(&str, &str)]) -> Result<Vec<u8>, String> {
    plica::report::paths_parquet(group, rows, about).map_err(|error| error.to_string())
}

#[cfg(not(feature = "parquet"))]
fn encoded(_: &PairGroup, _: &[PathRow], _: &[(&str, &str)]) -> Result<Vec<u8>, String> {
    Err("there is no Parquet in this build".to_string())
}

fn file_name(part: usize) -> String {
    format!("part-{part:06}.parquet")
}

/// Refuses a directory with files that no sweep wrote, because it is to be replaced as a whole.
fn only_rows(directory: &Path) -> Result<(), Failure> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| failure(directory, &error))?,
    };
    for entry in entries {
        let name = entry.map_err(|error| failure(directory, &error))?.file_name();
        let text = name.to_string_lossy();
        let text = text.strip_suffix(".tmp").unwrap_or(&text);
        if text != WHOSE && !(text.starts_with("part-") && text.ends_with(".parquet")) {
            let path = directory.join(&name);
            return Err(Failure::Data(format!("{}: not a file of rows, and its directory would be replaced", path.display())));
        }
    }
    Ok(())
}

/// Whether a file begins and ends as the format wants.
fn is_whole(path: &Path) -> bool {
    const MAGIC: &[u8; 4] = b"PAR1";
    let ends = || {
        let (mut file, mut first, mut last) = (fs::File::open(path)?, [0; 4], [0; 4]);
        file.read_exact(&mut first)?;
        file.seek(io::SeekFrom::End(-4))?;
        file.read_exact(&mut last)?;
        io::Result::Ok([first, last])
    };
    ends().is_ok_and(|ends| ends == [*MAGIC; 2])
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::Data(format!("{}: {error}", path.display()))
}

/// That a file is not there is as good as its removal.
fn absent(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
