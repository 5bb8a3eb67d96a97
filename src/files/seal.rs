//! Seals: JSON files that begin with the digest of all bytes after it, so that every change is detected.

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::io::{self, Write};

/// The errors of reading sealed bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The bytes do not begin with a seal.
    #[error("no seal at the beginning, expected one: the file is damaged, or made by an older version of plica")]
    Missing,
    /// The bytes differ from those that were sealed.
    #[error("damaged: the bytes differ from those that were written")]
    Broken,
    /// The bytes are those that were sealed, but they are not a value of the expected type.
    #[error("{0}")]
    Content(String),
}

const BEGIN: &[u8] = br#"{"seal":""#;
const END: &[u8] = br#"","#;
/// The number of digits of a digest.
const DIGITS: usize = 64;

/// Writes a value that is an object in JSON, with a seal as its first field: `{"seal":"5891b5...","a":1}` and a line feed. The seal is the
/// SHA-256 of all bytes after the comma that follows it.
///
/// ```
/// use plica::files::{sealed, unsealed};
/// use std::collections::BTreeMap;
/// let value = BTreeMap::from([("a".to_string(), 1)]);
/// let bytes = sealed(&value);
/// assert_eq!(unsealed::<BTreeMap<String, i32>>(&bytes), Ok(value));
/// assert!(unsealed::<BTreeMap<String, i32>>(&bytes[1..]).is_err());
/// ```
///
/// # Panics
/// If the value is not an object with fields.
pub fn sealed(value: &impl Serialize) -> Vec<u8> {
    let mut json = serde_json::to_vec(value).expect("fields, words and numbers are JSON");
    json.push(b'\n');
    assert!(json.starts_with(br#"{""#), "an object with fields");
    let seal = digest(&json[1..]);
    [BEGIN, seal.as_bytes(), END, &json[1..]].concat()
}

/// Reads a value that was written by [`sealed`].
///
/// # Errors
/// The bytes differ from those that were written, or they are not a value of this type.
pub fn unsealed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, SealError> {
    let rest = bytes.strip_prefix(BEGIN).ok_or(SealError::Missing)?;
    let (seal, rest) = rest.split_at_checked(DIGITS).ok_or(SealError::Broken)?;
    let rest = rest.strip_prefix(END).ok_or(SealError::Broken)?;
    if digest(rest).as_bytes() != seal {
        return Err(SealError::Broken);
    }
    serde_json::from_slice(&[b"{", rest].concat()).map_err(|error| SealError::Content(error.to_string()))
}

/// The SHA-256 of some bytes, as 64 hexadecimal digits.
///
/// ```
/// assert!(plica::files::digest(b"").starts_with("e3b0c44298fc1c14"));
/// ```
pub fn digest(bytes: &[u8]) -> String {
    digest_of(|hash| hash.write_all(bytes))
}

/// The SHA-256 of the bytes that `write` writes.
pub(crate) fn digest_of(write: impl FnOnce(&mut Hashing) -> io::Result<()>) -> String {
    let mut hash = Hashing(Sha256::new());
    write(&mut hash).expect("a hash takes all bytes");
    hash.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A hash, as a writer that never fails.
pub(crate) struct Hashing(Sha256);

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn no_byte_changes_unseen() {
        let bytes = sealed(&BTreeMap::from([("a", 1), ("b", 22)]));
        let read = |bytes: &[u8]| unsealed::<BTreeMap<String, u32>>(bytes);
        assert_eq!(read(&bytes).unwrap().len(), 2);
        for at in 0..bytes.len() {
            for change in 1..=255 {
                let mut other = bytes.clone();
                other[at] ^= change;
                assert!(read(&other).is_err(), "byte {at} ^ {change}");
            }
            assert!(read(&bytes[..at]).is_err(), "the first {at} bytes");
        }
        assert!(read(&[&bytes[..], b"\n"].concat()).is_err());
        assert_eq!(read(br#"{"a":1,"b":22}"#), Err(SealError::Missing));
    }
}
