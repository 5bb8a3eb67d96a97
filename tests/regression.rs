//! Every bug that was found in a release, one named test each: the right value, or the right refusal.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

#[allow(dead_code, reason = "the other tests of the library use the rest")]
#[path = "library/support/mod.rs"]
mod support;

#[path = "regression/convexity.rs"]
mod convexity;
#[path = "regression/decisions.rs"]
mod decisions;
#[path = "regression/domains.rs"]
mod domains;
#[path = "regression/files.rs"]
mod files;
#[path = "regression/graphs.rs"]
mod graphs;
#[path = "regression/hostile.rs"]
mod hostile;
#[path = "regression/memory.rs"]
mod memory;
#[path = "regression/readers.rs"]
mod readers;
#[path = "regression/slices.rs"]
mod slices;
#[path = "regression/text.rs"]
mod text;
#[path = "regression/traces.rs"]
mod traces;
#[path = "regression/volumes.rs"]
mod volumes;

/// The command line with these arguments.
fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plica"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// Standard output of a call that succeeds.
fn stdout(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The one JSON object that a call writes.
fn json(arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&stdout(&[arguments, &["--format", "json"]].concat())).unwrap()
}

/// The error of a call that fails with this exit status.
fn error(status: i32, arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).unwrap()
}

/// A path for a file among the tests' own.
fn path(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("regression");
    std::fs::create_dir_all(&directory).unwrap();
    directory.join(name)
}

/// A file among the tests' own.
fn file(name: &str, bytes: impl AsRef<[u8]>) -> String {
    std::fs::write(path(name), bytes).unwrap();
    path(name).to_str().unwrap().to_string()
}
