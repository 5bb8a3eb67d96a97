//! The `.npy` format: a header in Python's notation, then the values.

use super::array::{Array, ArrayError, Collector, Numbers};
use super::budget::{Budget, NoRoom};
use super::dtype::Dtype;
use std::io::Read;

/// The limit for the length of a header. That of NumPy is 10,000 bytes.
const MAX_HEADER: usize = 1 << 16;
const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Reads an array of `size` bytes including the header, if the source states that size. Memory grows only as bytes arrive.
pub(crate) fn read(reader: &mut dyn Read, size: u64, budget: &Budget) -> Result<Array, ArrayError> {
    let start = take(reader, 8)?;
    if start[..6] != *MAGIC {
        return Err(bad_header("it does not begin with \\x93NUMPY"));
    }
    let (length, prefix) = match start[6] {
        1 => (usize::from(u16::from_le_bytes(array_of(&take(reader, 2)?))), 10),
        2 | 3 => (u32::from_le_bytes(array_of(&take(reader, 4)?)) as usize, 12),
        version => return Err(bad_header(&format!("version {version} is unknown"))),
    };
    if length > MAX_HEADER {
        return Err(bad_header(&format!("the header states a length of {length} bytes")));
    }
    let text = take(reader, length)?;
    let header = Header::parse(&text)?;
    let dtype = Dtype::from_numpy(&header.descr)?;

    let values = header.shape.iter().try_fold(1u128, |n, &length| n.checked_mul(length as u128));
    let values = values.unwrap_or(u128::MAX);
    let needed = values.saturating_mul(dtype.width() as u128);
    let found = size.saturating_sub(prefix + length as u64);
    if needed != u128::from(found) {
        return Err(ArrayError::Length { shape: header.shape, dtype: header.descr, needed, found });
    }
    budget.check(values, size_of::<f64>())?;
    let mut into = Collector::new(budget, values as usize);
    let mut left = found;
    while left > 0 {
        // The length is a multiple of every width.
        let bytes = take(reader, left.min(1 << 16) as usize)?;
        dtype.decode(&bytes, &mut into)?;
        left -= bytes.len() as u64;
    }
    let numbers = into.finish();
    let numbers = if header.fortran_order { transposed(&header.shape, numbers, budget)? } else { numbers };
    Ok(Array { shape: header.shape, numbers })
}

/// The bytes of a `.npy` file of doubles, or of single-precision numbers if `single`, in C order.
pub(crate) fn write(shape: &[usize], values: &[f64], single: bool) -> Vec<u8> {
    let shape_text = match shape {
        [n] => format!("({n},)"),
        many => format!("({})", many.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    };
    let descr = if single { "<f4" } else { "<f8" };
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape_text}, }}");
    // As in NumPy, the values are aligned to 64 bytes and the header ends with a new line.
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend([1, 0]);
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    for &x in values {
        if single {
            bytes.extend((x as f32).to_le_bytes());
        } else {
            bytes.extend(x.to_le_bytes());
        }
    }
    bytes
}

/// Reads exactly `count` bytes. Memory is allocated only as they arrive.
pub(crate) fn take(reader: &mut dyn Read, count: usize) -> Result<Vec<u8>, ArrayError> {
    let mut bytes = Vec::with_capacity(count.min(1 << 16));
    reader.take(count as u64).read_to_end(&mut bytes).map_err(|e| match e.kind() {
        std::io::ErrorKind::OutOfMemory => ArrayError::Memory,
        _ => ArrayError::Damaged(e.to_string()),
    })?;
    if bytes.len() < count {
        return Err(ArrayError::Damaged(format!("missing bytes at the end: {}", count - bytes.len())));
    }
    Ok(bytes)
}

fn array_of<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("as many bytes as were taken")
}

fn bad_header(problem: &str) -> ArrayError {
    ArrayError::Format(format!("not in .npy format: {problem}"))
}

/// Reorders numbers from Fortran's order (first index fastest) to C order (last index fastest).
fn transposed(shape: &[usize], numbers: Numbers, budget: &Budget) -> Result<Numbers, NoRoom> {
    Ok(match numbers {
        Numbers::Doubles(mut values) => Numbers::Doubles(in_c_order(shape, &mut values, budget)?),
        Numbers::Rationals(mut values) => Numbers::Rationals(in_c_order(shape, &mut values, budget)?),
    })
}

fn in_c_order<T: Default>(shape: &[usize], values: &mut [T], budget: &Budget) -> Result<Vec<T>, NoRoom> {
    let mut ordered = Vec::new();
    let mut index = vec![0; shape.len()];
    for _ in 0..values.len() {
        // The position in Fortran's order of the value at this place in C order.
        let place = index.iter().zip(shape).rev().fold(0, |place, (i, length)| place * length + i);
        budget.push(&mut ordered, values.len(), std::mem::take(&mut values[place]))?;
        for (i, length) in index.iter_mut().zip(shape).rev() {
            *i += 1;
            if *i < *length {
                break;
            }
            *i = 0;
        }
    }
    Ok(ordered)
}

/// The dictionary in a header.
struct Header {
    descr: String,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Header {
    fn parse(text: &[u8]) -> Result<Self, ArrayError> {
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        let mut p = Python { rest: text };
        p.expect(b'{')?;
        while !p.accept(b'}') {
            let key = p.string()?;
            p.expect(b':')?;
            let fresh = match key.as_str() {
                "descr" if p.peek() == Some(b'[') => return Err(ArrayError::Dtype("with fields".to_string())),
                "descr" => descr.replace(p.string()?).is_none(),
                "fortran_order" => fortran_order.replace(p.boolean()?).is_none(),
                "shape" => shape.replace(p.tuple()?).is_none(),
                _ => return Err(bad_header(&format!("unknown key `{}` in the header", key.escape_default()))),
            };
            if !fresh {
                return Err(bad_header(&format!("the header has `{key}` twice")));
            }
            if !p.accept(b',') {
                p.expect(b'}')?;
                break;
            }
        }
        if p.peek().is_some() {
            return Err(bad_header("something follows the header's dictionary"));
        }
        let missing = |key: &str| bad_header(&format!("the header lacks `{key}`"));
        Ok(Self {
            descr: descr.ok_or_else(|| missing("descr"))?,
            fortran_order: fortran_order.ok_or_else(|| missing("fortran_order"))?,
            shape: shape.ok_or_else(|| missing("shape"))?,
        })
    }
}

/// A parser for the part of Python's notation that headers use.
struct Python<'t> {
    rest: &'t [u8],
}

impl Python<'_> {
    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_ascii_start();
        self.rest.first().copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let yes = self.peek() == Some(byte);
        if yes {
            self.rest = &self.rest[1..];
        }
        yes
    }

    fn expect(&mut self, byte: u8) -> Result<(), ArrayError> {
        if self.accept(byte) {
            return Ok(());
        }
        let found = self.peek().map_or("its end".to_string(), |b| format!("`{}`", b.escape_ascii()));
        Err(bad_header(&format!("expected `{}` in the header, found {found}", byte as char)))
    }

    fn string(&mut self) -> Result<String, ArrayError> {
        let quote = match self.peek() {
            Some(quote @ (b'\'' | b'"')) => quote,
            _ => return Err(bad_header("expected a quoted string in the header")),
        };
        let end = self.rest[1..].iter().position(|&b| b == quote);
        let end = end.ok_or_else(|| bad_header("a quote is not closed in the header"))?;
        let text = self.rest[1..=end].escape_ascii().to_string();
        self.rest = &self.rest[end + 2..];
        Ok(text)
    }

    fn boolean(&mut self) -> Result<bool, ArrayError> {
        self.peek();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.strip_prefix(word.as_bytes()) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(bad_header("expected True or False for `fortran_order`"))
    }

    fn tuple(&mut self) -> Result<Vec<usize>, ArrayError> {
        self.expect(b'(')?;
        let mut shape = Vec::new();
        while !self.accept(b')') {
            self.peek();
            let digits = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
            let text = str::from_utf8(&self.rest[..digits]).expect("digits are text");
            shape.push(text.parse().map_err(|_| bad_header("the shape is not a tuple of lengths"))?);
            self.rest = &self.rest[digits..];
            self.rest = self.rest.strip_prefix(b"L").unwrap_or(self.rest); // Python 2 wrote long integers with this suffix
            if !self.accept(b',') {
                self.expect(b')')?;
                break;
            }
        }
        if shape.len() > 32 {
            return Err(bad_header("the shape has more than 32 dimensions"));
        }
        Ok(shape)
    }
}
