//! A file that a long sweep can be taken up from: written as a whole or not at all.

use super::{Fingerprint, Sweep, SweepState};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Why a checkpoint cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file system refuses.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// It holds something else.
    #[error("{path} is not a checkpoint: {reason}")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// It is of another sweep.
    #[error("{path} is of a sweep with other {what}: give the same, or another directory, or remove the file")]
    Different {
        /// The file.
        path: String,
        /// What differs.
        what: &'static str,
    },
}

/// The file of a sweep's state.
///
/// It is replaced as a whole: whatever ends the process, the file holds this state or the one before.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    path: PathBuf,
    fingerprint: Fingerprint,
}

#[derive(Serialize, Deserialize)]
struct Content<S> {
    sweep: Fingerprint,
    state: S,
}

impl Checkpoint {
    /// The checkpoint of a sweep in a file, which need not be there.
    pub fn new(path: impl Into<PathBuf>, fingerprint: Fingerprint) -> Self {
        Self { path: path.into(), fingerprint }
    }

    /// The state in the file, `None` where there is no file.
    ///
    /// # Errors
    /// A file that cannot be read, is no checkpoint, or is one of another sweep.
    pub fn load(&self, sweep: &Sweep<'_>) -> Result<Option<SweepState>, CheckpointError> {
        let path = || self.path.display().to_string();
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(CheckpointError::Io { path: path(), error }),
        };
        let malformed = |reason: String| CheckpointError::Malformed { path: path(), reason };
        let content: Content<SweepState> = serde_json::from_reader(BufReader::new(file)).map_err(|error| malformed(error.to_string()))?;
        if let Some(what) = self.fingerprint.difference(&content.sweep) {
            return Err(CheckpointError::Different { path: path(), what });
        }
        if !sweep.fits(&content.state) {
            return Err(malformed("its tallies do not have the segments that it says are done".to_string()));
        }
        Ok(Some(content.state))
    }

    /// Puts a state into the file, in place of the one before.
    ///
    /// # Errors
    /// A file that cannot be written; the one before is then still there.
    pub fn save(&self, state: &SweepState) -> Result<(), CheckpointError> {
        let content = Content { sweep: self.fingerprint.clone(), state };
        replace(&self.path, |file| serde_json::to_writer(file, &content).map_err(io::Error::from))
            .map_err(|error| CheckpointError::Io { path: self.path.display().to_string(), error })
    }
}

/// Writes a file beside the old one and then takes its name: a reader sees the old content or the new one, never a part.
///
/// # Errors
/// What the file system says; the old content, or all of the new, is then there.
pub fn replace(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".tmp");
    let beside = path.with_file_name(name);
    let written = (|| {
        let mut file = BufWriter::new(File::create(&beside)?);
        write(&mut file)?;
        file.flush()?;
        // On the disk before the name is: after a loss of power the name must not stand for an empty file.
        file.get_ref().sync_all()?;
        fs::rename(&beside, path)?;
        sync_directory(path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&beside); // the first error says more
    }
    written
}

/// Puts the name on the disk too, so that files reach it in the order in which they are written.
fn sync_directory(path: &Path) -> io::Result<()> {
    if !cfg!(unix) {
        return Ok(()); // elsewhere a directory is no file that can be opened
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}
