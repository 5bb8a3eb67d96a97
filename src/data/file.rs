//! Opens files. Only regular ones are allowed, because reading a pipe or a device may never end.

use super::ReadProblem;
use std::fs::{File, FileType, metadata};
use std::io::{self, Read};
use std::path::Path;

/// The limit for the size of a file: text can be twice as long as its numbers.
const MOST_BYTES: u64 = 1 << 33;

/// Opens a regular file, or a link to one.
///
/// # Errors
/// The file does not exist or may not be read; it is a directory, a pipe, a socket or a device.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    // The first check is before the call of `open`, because opening a pipe waits for its writer; the second one is after it, in case the
    // file has changed.
    regular(metadata(path)?.file_type())?;
    let file = File::open(path)?;
    regular(file.metadata()?.file_type())?;
    Ok(file)
}

/// The bytes of a regular file of up to 8 GiB.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, ReadProblem> {
    let file = open(path)?;
    let length = file.metadata()?.len();
    if length > MOST_BYTES {
        return Err(ReadProblem::Format("more than 8 GiB, the limit".to_string()));
    }
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(length as usize).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn regular(kind: FileType) -> io::Result<()> {
    if kind.is_file() {
        return Ok(());
    }
    let (error, what) =
        if kind.is_dir() { (io::ErrorKind::IsADirectory, "a directory") } else { (io::ErrorKind::InvalidInput, special(kind)) };
    Err(io::Error::new(error, format!("it is {what}, expected a regular file")))
}

#[cfg(unix)]
fn special(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn special(_: FileType) -> &'static str {
    "a special file"
}
