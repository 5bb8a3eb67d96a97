//! Errors of the library as Python exceptions, with the same messages.

use plica::complex::{CheckError, ComplexError};
use plica::convexity::ConvexityError;
use plica::data::{ReadError, ReadProblem};
use plica::network::WriteError;
use plica::sweep::CheckpointError;
use pyo3::exceptions::{PyFileNotFoundError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::{PyErr, create_exception};

create_exception!(plica, LimitError, PyRuntimeError, "A limit was reached, or a self-check failed; there is no partial result.");
create_exception!(plica, InternalError, PyRuntimeError, "A bug in plica; please report it.");

/// Why a computation ended without a result.
pub enum Failure {
    /// The arguments, or the content of a file, are wrong.
    Value(String),
    /// A file cannot be read or written.
    File(std::io::ErrorKind, String),
    /// A limit was reached, or a self-check failed.
    Limit(String),
    /// The caller stopped it.
    Stopped,
    /// A bug in the library.
    Internal(String),
}

impl Failure {
    /// Wrong arguments or data.
    pub fn value(message: impl ToString) -> Self {
        Self::Value(message.to_string())
    }

    fn reading(error: &ReadError) -> Self {
        match &*error.problem {
            ReadProblem::Io(io) => Self::File(io.kind(), error.to_string()),
            _ => Self::value(error),
        }
    }
}

/// Escapes control characters in text from files.
impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        let plain = |message: String| plica::report::plain(&message).into_owned();
        match failure {
            Failure::Value(message) => PyValueError::new_err(plain(message)),
            Failure::File(std::io::ErrorKind::NotFound, message) => PyFileNotFoundError::new_err(plain(message)),
            Failure::File(_, message) => PyOSError::new_err(plain(message)),
            Failure::Limit(message) => LimitError::new_err(plain(message)),
            Failure::Stopped => InternalError::new_err("stopped without a request"),
            Failure::Internal(message) => InternalError::new_err(message),
        }
    }
}

impl From<plica::network::LoadError> for Failure {
    fn from(error: plica::network::LoadError) -> Self {
        match &error {
            plica::network::LoadError::Read(read) => Self::reading(read),
            _ => Self::value(error),
        }
    }
}

impl From<plica::data::DataError> for Failure {
    fn from(error: plica::data::DataError) -> Self {
        match &error {
            plica::data::DataError::Read(read) => Self::reading(read),
            _ => Self::value(error),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::reading(&error)
    }
}

impl From<CheckpointError> for Failure {
    fn from(error: CheckpointError) -> Self {
        match &error {
            CheckpointError::Io { source, .. } => Self::File(source.kind(), format!("checkpoint: {error}")),
            _ => Self::Value(format!("checkpoint: {error}")),
        }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        match &error {
            WriteError::Io { source, .. } => Self::File(source.kind(), error.to_string()),
            _ => Self::value(error),
        }
    }
}

impl From<ComplexError> for Failure {
    fn from(error: ComplexError) -> Self {
        match error {
            ComplexError::Stopped => Self::Stopped,
            ComplexError::TooManyRegions { .. } => Self::Limit(format!("{error}; max_regions allows more")),
            ComplexError::TooMuchMemory { .. } | ComplexError::VolumesTooLarge { .. } => {
                Self::Limit(format!("{error}; a smaller box takes less, max_memory allows more"))
            }
            ComplexError::TooManyFaces { .. } => Self::Limit(error.to_string()),
            error => Self::value(error),
        }
    }
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Self {
        match error {
            CheckError::Volumes(error) => error.into(),
            error => Self::Limit(error.to_string()),
        }
    }
}

impl From<ConvexityError> for Failure {
    fn from(error: ConvexityError) -> Self {
        match error {
            ConvexityError::Stopped => Self::Stopped,
            ConvexityError::TooManyRegions { .. } => Self::Limit(error.to_string()),
            error => Self::value(error),
        }
    }
}
