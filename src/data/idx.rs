//! The IDX format of MNIST: two zeros, a type, the lengths, then the values, all big-endian.

use super::array::{Array, ArrayError, Collector, Numbers};
use super::budget::Budget;
use super::dtype::{Dtype, Kind};
use super::error::ReadProblem;
use super::gzip;
use super::npy::take;
use super::{Pixels, Points};
use std::io::Read;

/// The content of an IDX file: its shape and its values.
pub(crate) struct Idx {
    shape: Vec<usize>,
    values: Values,
}

/// The values of an IDX file.
enum Values {
    /// Unsigned bytes, such as pixels. They are stored as bytes, since there may be many.
    Bytes(Vec<u8>),
    /// Numbers of another type.
    Numbers(Numbers),
}

/// The number of bytes of memory for a pixel: one as a byte, 4 as an integer and 8 as a double.
const PIXEL: usize = 13;

const BYTE: Dtype = Dtype::big_endian(Kind::Unsigned, 1);

/// Reads IDX, compressed with gzip or not.
pub(crate) fn read(bytes: &[u8], budget: &Budget) -> Result<Idx, ReadProblem> {
    let problem = |problem| ReadProblem::of_array("values", problem);
    if gzip::is_gzip(bytes) {
        read_stream(&mut gzip::decoder(bytes), gzip::most_bytes(bytes), false, budget).map_err(problem)
    } else {
        read_stream(&mut &bytes[..], bytes.len() as u64, true, budget).map_err(problem)
    }
}

/// Reads from a stream of `bytes` bytes, or of at most that many if not `exact`.
fn read_stream(reader: &mut dyn Read, bytes: u64, exact: bool, budget: &Budget) -> Result<Idx, ArrayError> {
    let start = take(reader, 4)?;
    let dtype = match (&start[..2], start[2]) {
        ([0, 0], 0x08) => BYTE,
        ([0, 0], 0x09) => Dtype::big_endian(Kind::Signed, 1),
        ([0, 0], 0x0b) => Dtype::big_endian(Kind::Signed, 2),
        ([0, 0], 0x0c) => Dtype::big_endian(Kind::Signed, 4),
        ([0, 0], 0x0d) => Dtype::big_endian(Kind::Float, 4),
        ([0, 0], 0x0e) => Dtype::big_endian(Kind::Float, 8),
        ([0, 0], other) => return Err(ArrayError::Dtype(format!("{other:#04x} of IDX"))),
        _ => return Err(ArrayError::Format("not in IDX format: it does not begin with two zero bytes".to_string())),
    };
    let mut shape = Vec::new();
    for length in take(reader, 4 * usize::from(start[3]))?.chunks_exact(4) {
        shape.push(u32::from_be_bytes([length[0], length[1], length[2], length[3]]) as usize);
    }
    let values = shape.iter().try_fold(1u128, |n, &length| n.checked_mul(length as u128)).unwrap_or(u128::MAX);
    let needed = values.saturating_mul(dtype.width() as u128);
    let found = bytes.saturating_sub(4 + 4 * shape.len() as u64);
    if needed > u128::from(found) || (exact && needed != u128::from(found)) {
        return Err(ArrayError::Length { shape, dtype: "IDX".to_string(), needed, found });
    }
    let values = if dtype == BYTE {
        budget.check(values, PIXEL)?;
        budget.take(values as usize, PIXEL)?;
        Values::Bytes(take(reader, needed as usize)?)
    } else {
        budget.check(values, size_of::<f64>())?;
        Values::Numbers(numbers(reader, dtype, needed as u64, budget)?)
    };
    // One more read finds the end, where gzip checks its checksum.
    if !is_at_end(reader)? {
        return Err(ArrayError::Format(format!("bytes follow the values of shape {}", super::array::shape_text(&shape))));
    }
    Ok(Idx { shape, values })
}

fn numbers(reader: &mut dyn Read, dtype: Dtype, mut left: u64, budget: &Budget) -> Result<Numbers, ArrayError> {
    let mut into = Collector::new(budget, left as usize / dtype.width());
    while left > 0 {
        let bytes = take(reader, left.min(1 << 16) as usize)?;
        dtype.decode(&bytes, &mut into)?;
        left -= bytes.len() as u64;
    }
    Ok(into.finish())
}

/// Whether the reader is at its end.
fn is_at_end(reader: &mut dyn Read) -> Result<bool, ArrayError> {
    match reader.read(&mut [0]) {
        Ok(n) => Ok(n == 0),
        Err(e) => Err(ArrayError::Damaged(e.to_string())),
    }
}

impl Idx {
    /// The points: one for each index of the first dimension, with the remaining values in C order.
    pub fn into_points(self, pixels: Pixels) -> Result<Points, ArrayError> {
        let Self { shape, values } = self;
        if shape.len() < 2 {
            return Err(ArrayError::Shape { shape, expected: "n x d, or n images".to_string() });
        }
        if shape.contains(&0) {
            return Err(ArrayError::Empty { shape });
        }
        match values {
            Values::Bytes(bytes) => {
                let dimension = bytes.len() / shape[0];
                Ok(pixels.points(bytes, dimension, 255))
            }
            Values::Numbers(numbers) => {
                let dimension = numbers.len() / shape[0];
                Array { shape: vec![shape[0], dimension], numbers }.into_points()
            }
        }
    }

    /// The labels of a file with one dimension.
    pub fn into_labels(self) -> Result<Vec<i64>, ArrayError> {
        let numbers = match self.values {
            Values::Bytes(bytes) => Numbers::Doubles(bytes.into_iter().map(f64::from).collect()),
            Values::Numbers(numbers) => numbers,
        };
        Array { shape: self.shape, numbers }.into_labels()
    }
}
