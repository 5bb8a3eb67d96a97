//! The rows of `plica fold --paths`: a directory of Parquet files, one for each part of the sweep.

use super::error::Failure;
use super::output;
use plica::files::{digest, is_temporary, read_regular, remove_leftovers, replace, sealed, unsealed};
use plica::sweep::{Fingerprint, PairGroup, PathRow, RowSink};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The file that names the sweep of a directory's rows. Tools that read tables skip names with an underscore.
const WHOSE: &str = "_sweep.json";

/// The content of this file, with a checksum.
#[derive(Serialize, Deserialize)]
struct Whose {
    sweep: Fingerprint,
    parts: Digests,
}

/// The SHA-256 of each part.
type Digests = BTreeMap<usize, String>;

/// The rows of one network.
///
/// While the sweep runs, its files are in a directory with another name, so that the files of an earlier sweep stay complete until the end.
pub struct PathFiles {
    gathered: PathBuf,
    kept: PathBuf,
    fingerprint: Fingerprint,
    about: Vec<(&'static str, String)>,
    /// Whether segments may have windows.
    windows: bool,
    written: Mutex<Written>,
}

/// The parts that are written, and whether the file [`WHOSE`] lists them.
#[derive(Default)]
struct Written {
    parts: Digests,
    said: bool,
}

impl PathFiles {
    /// The rows of a sweep, to be kept in a directory, with the metadata for each file. Its segments may have windows, or may not.
    pub fn new(kept: PathBuf, fingerprint: &Fingerprint, about: Vec<(&'static str, String)>, windows: bool) -> Self {
        let mut name = kept.file_name().unwrap_or_default().to_os_string();
        name.push(".tmp");
        Self { gathered: kept.with_file_name(name), kept, fingerprint: fingerprint.clone(), about, windows, written: Mutex::default() }
    }

    /// Prepares a sweep that has these parts already. The file of each must exist.
    pub fn begin(&self, parts: impl Iterator<Item = usize>) -> Result<(), Failure> {
        [&self.gathered, &self.kept].into_iter().try_for_each(|directory| only_rows(directory))?;
        let mut parts = parts.peekable();
        if parts.peek().is_none() {
            // Files of an interrupted sweep that was not continued.
            absent(fs::remove_dir_all(&self.gathered)).map_err(|error| failure(&self.gathered, &error))?;
            fs::create_dir_all(&self.gathered).map_err(|error| failure(&self.gathered, &error))?;
            return self.save();
        }
        let lost = |path: &Path, what: &str| {
            Failure::Data(format!(
                "{}: {what}, but the checkpoint counts its segments: restore it, or remove the checkpoint",
                path.display()
            ))
        };
        // A sweep that was killed at its end may have its files in the final directory.
        let found = [&self.gathered, &self.kept].into_iter().find_map(|directory| Some((directory, self.whose(directory)?)));
        let (directory, whose) = found.ok_or_else(|| lost(&self.gathered.join(WHOSE), "missing, damaged, or of another sweep"))?;
        remove_leftovers(directory).map_err(|error| failure(directory, &error))?;
        let mut written = self.written();
        for part in parts {
            let path = directory.join(file_name(part));
            let bytes = match read_regular(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(lost(&path, "missing")),
                bytes => bytes.map_err(|error| failure(&path, &error))?,
            };
            let digest = digest(&bytes);
            if whose.parts.get(&part) != Some(&digest) {
                return Err(lost(&path, "damaged, its SHA-256 is not the recorded one"));
            }
            written.parts.insert(part, digest);
        }
        written.said = true;
        Ok(())
    }

    /// The record in a directory, if it is of this sweep.
    fn whose(&self, directory: &Path) -> Option<Whose> {
        let whose: Whose = unsealed(&read_regular(&directory.join(WHOSE)).ok()?).ok()?;
        (whose.sweep == self.fingerprint).then_some(whose)
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the parts, before a checkpoint counts them.
    pub fn save(&self) -> Result<(), Failure> {
        let mut written = self.written();
        if !written.said {
            let whose = Whose { sweep: self.fingerprint.clone(), parts: written.parts.clone() };
            output::file(&self.gathered.join(WHOSE), |file| file.write_all(&sealed(&whose)))?;
            written.said = true;
        }
        Ok(())
    }

    /// Moves the files to the final directory, in place of those of an earlier sweep.
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
    fn take(&self, part: usize, group: &PairGroup, rows: &[PathRow]) -> Result<(), Box<dyn Error + Send + Sync>> {
        let path = self.gathered.join(file_name(part));
        let about: Vec<(&str, &str)> = self.about.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let file = encoded(group, rows, self.windows, &about).map_err(|error| format!("{}: {error}", path.display()))?;
        replace(&path, |out| out.write_all(&file)).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut written = self.written();
        written.parts.insert(part, digest(&file));
        written.said = false;
        Ok(())
    }
}

/// The error of a build that cannot write rows.
pub fn refusal() -> Option<Failure> {
    let message = "--paths: this build has no Parquet, expected the feature `parquet`";
    (!cfg!(feature = "parquet")).then(|| Failure::Call(message.to_string()))
}

#[cfg(feature = "parquet")]
fn encoded(group: &PairGroup, rows: &[PathRow], windows: bool, about: &[(&str, &str)]) -> Result<Vec<u8>, String> {
    plica::report::paths_parquet(group, rows, windows, about).map_err(|error| error.to_string())
}

#[cfg(not(feature = "parquet"))]
fn encoded(_: &PairGroup, _: &[PathRow], _: bool, _: &[(&str, &str)]) -> Result<Vec<u8>, String> {
    Err("this build has no Parquet".to_string())
}

fn file_name(part: usize) -> String {
    format!("part-{part:06}.parquet")
}

/// Refuses a directory with other files than those of a sweep, because the whole directory will be replaced.
fn only_rows(directory: &Path) -> Result<(), Failure> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| failure(directory, &error))?,
    };
    for entry in entries {
        let name = entry.map_err(|error| failure(directory, &error))?.file_name();
        let text = name.to_string_lossy();
        if text != WHOSE && !(text.starts_with("part-") && text.ends_with(".parquet")) && !is_temporary(&name) {
            let path = directory.join(&name);
            return Err(Failure::Data(format!("{}: not a file of rows, but its directory would be replaced: move it", path.display())));
        }
    }
    Ok(())
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::Data(format!("{}: {error}", path.display()))
}

/// Removing a file that does not exist is no error.
fn absent(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
