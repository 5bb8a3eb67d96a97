//! Gzip, without trust in what the compressed bytes claim.

use super::budget::Budget;
use flate2::read::MultiGzDecoder;
use std::io::Read;

/// The most text that a compressed file may hold.
const MAX_TEXT: u64 = 1 << 30;

/// Whether the bytes begin as gzip does.
pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x1f, 0x8b])
}

/// A reader of the content.
pub(crate) fn decoder(bytes: &[u8]) -> impl Read + '_ {
    MultiGzDecoder::new(bytes)
}

/// No more bytes than this are in it: deflate makes at most 1032 of one.
pub(crate) fn most_bytes(bytes: &[u8]) -> u64 {
    (bytes.len() as u64).saturating_mul(1032)
}

/// The whole content, compressed or not.
///
/// # Errors
/// Damaged or truncated bytes, more than 1 GiB of content.
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
