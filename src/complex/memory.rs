//! The memory of the search for cells, counted from the lengths of its arrays, and its limit.

use super::error::ComplexError;
use super::exact::ExactRows;
use super::signs::Signs;
use super::topology::{Faces, Topology};
use crate::exact::ParseError;

/// The limit if the memory of the machine is unknown: 4 GiB.
const ELSEWHERE: u64 = 4 << 30;

/// The limit of a search, and the bytes that it has taken.
#[derive(Debug)]
pub(super) struct Memory {
    pub limit: u64,
    /// The largest number of bytes so far.
    pub peak: u64,
}

impl Memory {
    /// Counts bytes that are taken or needed next; `false` if they exceed the limit.
    pub(super) fn take(&mut self, bytes: u64) -> bool {
        self.peak = self.peak.max(bytes);
        bytes <= self.limit
    }

    /// As [`take`](Self::take), with an error that says how far the search has come.
    pub(super) fn check(&mut self, bytes: u64, layer: usize, cells: usize) -> Result<(), ComplexError> {
        let limit = self.limit;
        if self.take(bytes) { Ok(()) } else { Err(ComplexError::TooMuchMemory { limit, needed: bytes, layer, cells }) }
    }
}

/// Half of the memory that is available to this process: that of the machine, or of its control group if that has a limit. If it is
/// unknown, 4 GiB.
pub(super) fn default_limit() -> u64 {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let number = |path: &str| read(path)?.trim().parse::<u64>().ok();
    let available = read("/proc/meminfo").and_then(|text| available(&text));
    let group = |limit: &str, used: &str| Some(number(limit)?.saturating_sub(number(used)?));
    let groups = [
        group("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        group("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes"),
    ];
    groups.into_iter().chain([available]).flatten().min().map_or(ELSEWHERE, |bytes| bytes / 2)
}

/// The available bytes according to `/proc/meminfo`.
fn available(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Reads a number of bytes: a whole number, with K, M, G or T for powers of 1024.
///
/// ```
/// use plica::complex::parse_bytes;
/// assert_eq!(parse_bytes("4G").unwrap(), 4 << 30);
/// assert!(parse_bytes("0").is_err() && parse_bytes("4X").is_err() && parse_bytes("99999999T").is_err());
/// ```
///
/// # Errors
/// The text has another form, or the number is 0 or above 2^64 - 1.
pub fn parse_bytes(text: &str) -> Result<u64, ParseError> {
    let wrong = || ParseError::new(format!("`{text}` is not a size: expected a whole number of bytes above 0, such as 500M or 4G"));
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return Err(wrong()),
    };
    let number: u64 = if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().map_err(|_| wrong())? } else { 0 };
    number.checked_mul(1 << shift).filter(|&bytes| bytes > 0).ok_or_else(wrong)
}

/// The number of bytes of cells: their faces, the vertices with the values of the present layer, and the bits of their units.
pub(super) fn of_search(topology: &Topology, signs: &Signs, patterns: &[u64]) -> u64 {
    topology.bytes() + signs.bytes() + size_of_val(patterns) as u64
}

/// The number of bytes for the candidates of windows: a set for each window at each vertex.
pub(super) fn of_candidates(windows: &[Vec<u32>], vertices: usize) -> u64 {
    let words: usize = windows.iter().map(|candidates| candidates.len().div_ceil(64)).sum();
    8 * (words * vertices) as u64
}

/// The number of bytes for the faces of merged cells: for each finer face a list of the cells that contain it, about 2^(d - k) of them.
pub(super) fn of_merging(levels: &[Faces]) -> u64 {
    let d = levels.len() - 1;
    let list = |k: usize| 128 + (12u64 << (d - k).min(32));
    levels.iter().enumerate().map(|(k, level)| level.len() as u64 * list(k)).sum()
}

/// The number of bytes of a finished complex.
pub(super) fn of_complex(levels: &[Faces], sides: &[Vec<u32>], patterns: &[u64], exact: &ExactRows) -> u64 {
    let (d, vertices) = (levels.len() - 1, sides[0].len());
    let faces: u64 = levels.iter().map(Faces::bytes).sum();
    let of_sides: usize = sides.iter().map(|sides| 4 * sides.len()).sum();
    let facets = 8 * sides[d - 1].len();
    faces + (of_sides + facets + 8 * vertices * (d + 1) + size_of_val(patterns)) as u64 + exact.bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_available_is_read_in_bytes() {
        assert_eq!(available("MemTotal: 8 kB\nMemAvailable:    19898096 kB\n"), Some(19_898_096 * 1024));
        assert_eq!(available("MemAvailable: many kB\n"), None);
        assert_eq!(available("MemAvailable: 99999999999999999999 kB\n"), None);
        assert!(default_limit() > 0);
    }
}
