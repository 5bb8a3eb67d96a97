//! A file that a long sweep can be taken up from: written as a whole or not at all.

use super::{Fingerprint, Sweep, SweepState};
use crate::files::{read_regular, replace, sealed, unsealed};
use serde::{Deserialize, Serialize};
use std::error::Error;
use std::io;
use std::path::PathBuf;

/// Why a checkpoint cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The file system refuses.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// It is not as it was written, or holds something else.
    #[error("{path} is not a checkpoint of this version: {reason}; start anew in another directory, or remove the file")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong.
        #[source]
        reason: Box<dyn Error + Send + Sync>,
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
    /// The checkpoint of a sweep in a file, which need not be there.
    pub fn new(path: impl Into<PathBuf>, fingerprint: Fingerprint) -> Self {
        Self { path: path.into(), fingerprint }
    }

    /// The state in the file, `None` where there is no file.
    ///
    /// # Errors
    /// A file that cannot be read, is not as it was written, or is one of another sweep.
    pub fn load(&self, sweep: &Sweep<'_>) -> Result<Option<SweepState>, CheckpointError> {
        let bytes = match read_regular(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(|source| CheckpointError::Io { path: self.name(), source })?,
        };
        let state = self.from_bytes(&bytes)?;
        if !sweep.fits(&state) {
            return Err(self.malformed("its tallies do not have the segments that it says are done"));
        }
        Ok(Some(state))
    }

    /// Puts a state into the file, in place of the one before.
    ///
    /// # Errors
    /// A file that cannot be written; the one before is then still there.
    pub fn save(&self, state: &SweepState) -> Result<(), CheckpointError> {
        let written = replace(&self.path, |file| file.write_all(&self.to_bytes(state)));
        written.map_err(|source| CheckpointError::Io { path: self.name(), source })
    }

    /// What the file of a state holds: the state and whose it is, under a [seal](crate::files::sealed).
    pub fn to_bytes(&self, state: &SweepState) -> Vec<u8> {
        sealed(&Content { sweep: &self.fingerprint, state })
    }

    /// The state in the bytes of a file; that it has the segments of its chunks is seen by [`Sweep::fits`].
    ///
    /// # Errors
    /// Bytes that are not as they were written, each of them; a state of another sweep.
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
