//! Checkpoint files from which a long sweep can be continued. They are written whole or not at all.

use super::{Fingerprint, Sweep, SweepState};
use crate::files::{read_regular, replace, sealed, unsealed};
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::io;
use std::path::PathBuf;

/// The errors of reading or writing a checkpoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// An error of the file system.
    #[error("{path}: {source}")]
    Io {
        /// The path of the file.
        path: String,
        /// The error of the system.
        source: io::Error,
    },
    /// The file differs from what was written, or is not a checkpoint.
    #[error("{path} is not a checkpoint of this version: {reason}; use another directory, or remove the file")]
    Malformed {
        /// The path of the file.
        path: String,
        /// The reason.
        #[source]
        reason: Box<dyn Error + Send + Sync>,
    },
    /// The checkpoint is that of another sweep.
    #[error("{path} is of a sweep with other {what}: expected the same; use another directory, or remove the file")]
    Different {
        /// The path of the file.
        path: String,
        /// The part that differs.
        what: &'static str,
    },
}

/// The file with the state of a sweep.
///
/// It is replaced as a whole: however the process ends, the file has this state or the previous one.
#[derive(Clone, Debug)]
#[must_use]
pub struct Checkpoint {
    path: PathBuf,
    fingerprint: Fingerprint,
}

#[derive(Serialize, Deserialize)]
struct Content<F, S> {
    sweep: F,
    state: S,
}

impl Checkpoint {
    /// The checkpoint of a sweep in a file, which need not exist.
    pub fn new(path: impl Into<PathBuf>, fingerprint: Fingerprint) -> Self {
        Self { path: path.into(), fingerprint }
    }

    /// The state in the file, `None` if there is no file.
    ///
    /// # Errors
    /// The file cannot be read, differs from what was written, or is that of another sweep.
    pub fn load(&self, sweep: &Sweep<'_>) -> Result<Option<SweepState>, CheckpointError> {
        let bytes = match read_regular(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(|source| CheckpointError::Io { path: self.name(), source })?,
        };
        let state = self.from_bytes(&bytes)?;
        if !sweep.fits(&state) {
            return Err(self.malformed("its tallies do not match the chunks that are done"));
        }
        Ok(Some(state))
    }

    /// Writes a state to the file, in place of the previous one.
    ///
    /// # Errors
    /// The file cannot be written. The previous one then still exists.
    pub fn save(&self, state: &SweepState) -> Result<(), CheckpointError> {
        let written = replace(&self.path, |file| file.write_all(&self.to_bytes(state)));
        written.map_err(|source| CheckpointError::Io { path: self.name(), source })
    }

    /// The content of the file for a state: the state and the fingerprint of its sweep, with a [seal](crate::files::sealed).
    pub fn to_bytes(&self, state: &SweepState) -> Vec<u8> {
        sealed(&Content { sweep: &self.fingerprint, state })
    }

    /// The state in the bytes of a file. Whether it has the segments of its chunks is checked by [`Sweep::fits`].
    ///
    /// # Errors
    /// The bytes differ from what was written, or the state is that of another sweep.
    pub fn from_bytes(&self, bytes: &[u8]) -> Result<SweepState, CheckpointError> {
        let content: Content<Fingerprint, SweepState> = unsealed(bytes).map_err(|error| self.malformed(error))?;
        match self.fingerprint.difference(&content.sweep) {
            Some(what) => Err(CheckpointError::Different { path: self.name(), what }),
            None => Ok(content.state),
        }
    }

    fn malformed(&self, reason: impl Into<Box<dyn Error + Send + Sync>>) -> CheckpointError {
        CheckpointError::Malformed { path: self.name(), reason: reason.into() }
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}
