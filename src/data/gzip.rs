//! Gzip, with checks that do not trust the lengths in the file.

use super::budget::Budget;
use flate2::read::MultiGzDecoder;
use std::io::Read;

/// The limit for the uncompressed size of a file.
const MAX_TEXT: u64 = 1 << 30;

/// Whether the bytes begin with the magic number of gzip.
pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// A reader of the uncompressed content.
pub(crate) fn decoder(bytes: &[u8]) -> impl Read + '_ {
    MultiGzDecoder::new(bytes)
}

/// An upper bound on the uncompressed size: deflate expands a byte to at most 1032.
pub(crate) fn most_bytes(bytes: &[u8]) -> u64 {
    (bytes.len() as u64).saturating_mul(1032)
}

/// The whole content, uncompressed.
///
/// # Errors
/// The bytes are damaged or truncated, or the content exceeds 1 GiB.
pub(crate) fn text<'b>(bytes: &'b [u8], budget: &Budget) -> Result<std::borrow::Cow<'b, [u8]>, String> {
    if !is_gzip(bytes) {
        return Ok(bytes.into());
    }
    let mut content = Vec::new();
    decoder(bytes).take(MAX_TEXT + 1).read_to_end(&mut content).map_err(|e| format!("damaged gzip: {e}"))?;
    if content.len() as u64 > MAX_TEXT {
        return Err("more than 1 GiB of compressed text".to_string());
    }
    budget.take(content.len(), 1)?;
    Ok(content.into())
}
