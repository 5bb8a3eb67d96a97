//! The ways a command can fail, with their exit statuses.

use plica::complex::{CheckError, ComplexError};
use plica::report::plain;
use std::io::{self, Write};
use std::process::ExitCode;

/// Why a command ends early.
#[derive(Debug)]
pub enum Failure {
    /// The call is wrong; no file is needed to see this.
    Call(String),
    /// The data are wrong, or the result cannot be written.
    Data(String),
    /// A limit was reached, or a self-check failed.
    Limit(String),
    /// An interrupt of a computation that can be resumed.
    Interrupted(String),
    /// The reader of the output has closed it.
    Closed,
}

impl Failure {
    /// A wrong call if the error is visible without opening a file, else wrong data.
    pub fn new(message: impl ToString, is_call_error: bool) -> Self {
        if is_call_error { Self::Call(message.to_string()) } else { Self::Data(message.to_string()) }
    }

    /// Prints the error as one line, and returns the exit status.
    pub fn report(self) -> ExitCode {
        let (message, status) = match self {
            Self::Call(message) => (message, 2),
            Self::Data(message) => (message, 1),
            Self::Limit(message) => (message, 3),
            Self::Interrupted(message) => {
                say(&format!("interrupted: {message}"));
                return ExitCode::from(130);
            }
            Self::Closed => return ExitCode::SUCCESS,
        };
        say(&format!("error: {}", message.lines().collect::<Vec<_>>().join(" ")));
        ExitCode::from(status)
    }
}

/// Prints a line on standard error with control characters escaped. If that fails, only the exit status reports the error.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{}", plain(line));
}

impl From<plica::network::LoadError> for Failure {
    fn from(error: plica::network::LoadError) -> Self {
        Self::new(&error, error.is_call_error())
    }
}

impl From<plica::data::DataError> for Failure {
    fn from(error: plica::data::DataError) -> Self {
        Self::new(&error, error.is_call_error())
    }
}

impl From<plica::sweep::CheckpointError> for Failure {
    fn from(error: plica::sweep::CheckpointError) -> Self {
        Self::Data(error.to_string())
    }
}

impl From<plica::network::WriteError> for Failure {
    fn from(error: plica::network::WriteError) -> Self {
        Self::new(&error, error.is_call_error())
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

impl From<ComplexError> for Failure {
    fn from(error: ComplexError) -> Self {
        match error {
            ComplexError::TooMuchMemory { .. } | ComplexError::VolumesTooLarge { .. } => {
                Self::Limit(format!("{error}; a smaller --box takes less, --max-memory allows more"))
            }
            error => Self::Limit(error.to_string()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Data(format!("standard output: {error}")),
        }
    }
}
