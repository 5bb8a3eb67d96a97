//! Files that are written: whole or not at all, and those that are read back under a seal.

mod replace;
mod seal;

/// The bytes of a regular file: a pipe is not waited for, and no device is read.
///
/// # Errors
/// What the file system says; a path that is no regular file.
pub fn read_regular(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a regular file"));
    }
    std::fs::read(path)
}

pub use replace::{discard_unfinished, is_temporary, remove_leftovers, replace};
pub(crate) use seal::digest_of;
pub use seal::{SealError, digest, sealed, unsealed};
