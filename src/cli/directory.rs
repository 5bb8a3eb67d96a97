//! The directory of `plica fold --out`: results as files, and what an interrupted run goes on from.

use super::error::Failure;
use super::inputs::Subject;
use plica::report::{FoldReport, fold_csv, picture};
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
        self.path.join(numbered("checkpoint", k, "json"))
    }

    /// The checkpoint of the k-th network.
    pub fn checkpoint(&self, k: usize, fingerprint: Fingerprint) -> Checkpoint {
        Checkpoint::new(self.checkpoint_path(k), fingerprint)
    }

    /// The directory of the rows of the k-th network.
    pub fn paths(&self, k: usize) -> PathBuf {
        self.path.join(format!("paths-{k}"))
    }

    /// Writes the results and their pictures, each file as a whole or not at all.
    pub fn write(&self, subjects: &[Subject], reports: &[FoldReport]) -> Result<(), Failure> {
        let named: Vec<(&str, &FoldReport)> = subjects.iter().map(|subject| subject.name.as_str()).zip(reports).collect();
        let entries: Vec<Entry<'_>> = named.iter().map(|&(network, report)| Entry { network, report }).collect();
        self.file("summary.json", |file| {
            serde_json::to_writer(&mut *file, &entries)?;
            writeln!(file)
        })?;
        self.text("tally.csv", &fold_csv(&named))?;
        for (k, (name, report)) in named.iter().enumerate() {
            if let Some(picture) = picture::heat_map(name, report) {
                self.text(&numbered("chi-by-class", k, "svg"), &picture)?;
            }
        }
        self.text("chi-distribution.svg", &picture::distribution(&named))?;
        if let [_, _, ..] = named[..] {
            let deep: Vec<_> = subjects.iter().zip(reports).map(|(s, report)| (s.name.as_str(), s.network.depth(), report)).collect();
            self.text("chi-by-depth.svg", &picture::against_depth(&deep))?;
        }
        Ok(())
    }

    /// Removes the checkpoints of so many networks, now that their results are written.
    pub fn clear(&self, networks: usize) -> Result<(), Failure> {
        (0..networks).try_for_each(|k| match fs::remove_file(self.checkpoint_path(k)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Failure::Data(format!("{}: {error}", self.checkpoint_path(k).display())))
            }
            _ => Ok(()),
        })
    }

    fn text(&self, name: &str, text: &str) -> Result<(), Failure> {
        self.file(name, |file| file.write_all(text.as_bytes()))
    }

    fn file(&self, name: &str, write: impl FnOnce(&mut io::BufWriter<fs::File>) -> io::Result<()>) -> Result<(), Failure> {
        let path = self.path.join(name);
        replace(&path, write).map_err(|error| Failure::Data(format!("{}: {error}", path.display())))
    }
}

/// The file of the k-th network, from 0.
fn numbered(name: &str, k: usize, extension: &str) -> String {
    format!("{name}-{k}.{extension}")
}
