//! The directory of `plica fold --out`: results as files, and the checkpoint of an interrupted run.

use super::error::{Failure, say};
use super::inputs::Subject;
use super::output;
use plica::files::remove_leftovers;
use plica::report::{FoldReport, fold_csv, picture};
use plica::sweep::{Checkpoint, Fingerprint};
use serde::Serialize;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A directory for results.
pub struct Directory {
    path: PathBuf,
    /// Held while this process writes there; the system releases it when the process ends, even if it is killed.
    _lock: Option<fs::File>,
}

/// A network in summary.json: its name, and its report as in the JSON of standard output.
#[derive(Serialize)]
struct Entry<'a> {
    network: &'a str,
    #[serde(flatten)]
    report: &'a FoldReport,
}

impl Directory {
    /// Opens the directory, and creates it if it does not exist.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let failed = |error| Failure::Data(format!("{}: {error}", path.display()));
        fs::create_dir_all(path).map_err(failed)?;
        let lock = lock(path)?;
        remove_leftovers(path).map_err(failed)?;
        Ok(Self { path: path.to_path_buf(), _lock: lock })
    }

    fn checkpoint_path(&self, k: usize) -> PathBuf {
        self.path.join(numbered("checkpoint", k, "json"))
    }

    /// The checkpoint of the k-th network.
    pub fn checkpoint(&self, k: usize, fingerprint: Fingerprint) -> Checkpoint {
        Checkpoint::new(self.checkpoint_path(k), fingerprint)
    }

    /// The directory for the rows of the k-th network.
    pub fn paths(&self, k: usize) -> PathBuf {
        self.path.join(format!("paths-{k}"))
    }

    /// Writes the results and their pictures, each file as a whole or not at all.
    pub fn write(&self, subjects: &[Subject], reports: &[FoldReport]) -> Result<(), Failure> {
        let named: Vec<(&str, &FoldReport)> = subjects.iter().map(|subject| subject.name.as_str()).zip(reports).collect();
        let entries: Vec<Entry<'_>> = named.iter().map(|&(network, report)| Entry { network, report }).collect();
        output::file(&self.path.join("summary.json"), |file| {
            serde_json::to_writer(&mut *file, &entries)?;
            writeln!(file)
        })?;
        self.text("tally.csv", &fold_csv(&named))?;
        for (k, (name, report)) in named.iter().enumerate() {
            self.picture(&numbered("chi-by-class", k, "svg"), picture::heat_map(name, report))?;
        }
        for k in (named.len()..).take_while(|&k| self.path.join(numbered("chi-by-class", k, "svg")).exists()) {
            self.picture(&numbered("chi-by-class", k, "svg"), None)?;
        }
        self.picture("chi-distribution.svg", Some(picture::distribution(&named)))?;
        let deep: Vec<_> = subjects.iter().zip(reports).map(|(s, report)| (s.name.as_str(), s.network.depth(), report)).collect();
        self.picture("chi-by-depth.svg", (deep.len() > 1).then(|| picture::against_depth(&deep)))
    }

    /// Writes a picture; without one, removes the picture of an earlier sweep, which would be mistaken for one of this sweep.
    fn picture(&self, name: &str, picture: Option<String>) -> Result<(), Failure> {
        match picture {
            Some(picture) => self.text(name, &picture),
            None => self.remove(&self.path.join(name)),
        }
    }

    fn remove(&self, path: &Path) -> Result<(), Failure> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::Data(format!("{}: {error}", path.display()))),
            _ => Ok(()),
        }
    }

    /// The directories with rows of an earlier sweep, if this one has rows for the first `networks`.
    pub fn older_paths(&self, networks: usize) -> impl Iterator<Item = PathBuf> {
        (networks..).map(|k| self.paths(k)).take_while(|path| path.exists())
    }

    /// Removes the checkpoints of the first `networks` networks, after their results are written.
    pub fn clear(&self, networks: usize) -> Result<(), Failure> {
        (0..networks).try_for_each(|k| self.remove(&self.checkpoint_path(k)))
    }

    fn text(&self, name: &str, text: &str) -> Result<(), Failure> {
        output::file(&self.path.join(name), |file| file.write_all(text.as_bytes()))
    }
}

/// Locks a directory against a second process, if the system can lock directories.
fn lock(path: &Path) -> Result<Option<fs::File>, Failure> {
    let Ok(directory) = fs::File::open(path) else { return Ok(None) };
    match directory.try_lock() {
        Ok(()) => Ok(Some(directory)),
        Err(fs::TryLockError::WouldBlock) => Err(Failure::Data(format!("{}: another plica is writing there", path.display()))),
        Err(fs::TryLockError::Error(error)) => {
            say(&format!("note: {} cannot be locked ({error}): make sure that no other plica writes there", path.display()));
            Ok(None)
        }
    }
}

/// The file of the k-th network, from 0.
fn numbered(name: &str, k: usize, extension: &str) -> String {
    format!("{name}-{k}.{extension}")
}
