//! The directory of `plica fold --out`: results as files, and what an interrupted run goes on from.

use super::error::Failure;
use plica::report::{FoldReport, fold_csv};
use plica::sweep::{Checkpoint, Fingerprint, replace};
use serde::Serialize;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A directory for results.
pub struct Directory {
    path: PathBuf,
}

/// What summary.json says of a network: its name, and what standard output says in JSON.
#[derive(Serialize)]
struct Entry<'a> {
    network: &'a str,
    #[serde(flatten)]
    report: &'a FoldReport,
}

impl Directory {
    /// The directory, made where it is not there.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(path).map_err(|error| Failure::Data(format!("{}: {error}", path.display())))?;
        Ok(Self { path: path.to_path_buf() })
    }

    fn checkpoint_path(&self, k: usize) -> PathBuf {
        self.path.join(format!("checkpoint-{k}.json"))
    }

    /// The checkpoint of the k-th network.
    pub fn checkpoint(&self, k: usize, fingerprint: Fingerprint) -> Checkpoint {
        Checkpoint::new(self.checkpoint_path(k), fingerprint)
    }

    /// Writes summary.json and tally.csv, each as a whole or not at all.
    pub fn write(&self, reports: &[(&str, FoldReport)]) -> Result<(), Failure> {
        let entries: Vec<Entry<'_>> = reports.iter().map(|(network, report)| Entry { network, report }).collect();
        self.file("summary.json", |file| {
            serde_json::to_writer(&mut *file, &entries)?;
            writeln!(file)
        })?;
        self.file("tally.csv", |file| file.write_all(fold_csv(reports).as_bytes()))
    }

    /// Removes the checkpoints of so many networks, now that their results are written.
    pub fn clear(&self, networks: usize) -> Result<(), Failure> {
        (0..networks).try_for_each(|k| match fs::remove_file(self.checkpoint_path(k)) {
            Err(error) => Err(Failure::Data(format!("{}: {error}", self.checkpoint_path(k).display()))),
            Ok(()) => Ok(()),
        })
    }

    fn file(&self, name: &str, write: impl FnOnce(&mut io::BufWriter<fs::File>) -> io::Result<()>) -> Result<(), Failure> {
        let path = self.path.join(name);
        replace(&path, write).map_err(|error| Failure::Data(format!("{}: {error}", path.display())))
    }
}
