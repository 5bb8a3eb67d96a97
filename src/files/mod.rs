//! Files that are written: whole or not at all, and those that are read back under a seal.

mod replace;
mod seal;

pub use replace::{discard_unfinished, is_temporary, remove_leftovers, replace};
pub(crate) use seal::digest_of;
pub use seal::{SealError, digest, sealed, unsealed};
