//! Files: they are written whole or not at all, and those that are read back have a seal.

mod replace;
mod seal;

/// The bytes of a regular file. Pipes and devices are refused, so that no call waits for them.
///
/// # Errors
/// An error of the file system, or a path that is not a regular file.
pub fn read_regular(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("not a regular file, but a folder, a pipe or a device"));
    }
    std::fs::read(path)
}

pub use replace::{discard_unfinished, is_temporary, remove_leftovers, replace};
pub(crate) use seal::digest_of;
pub use seal::{SealError, digest, sealed, unsealed};
