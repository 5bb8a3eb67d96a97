//! The representation of numbers in bytes: kind, width and byte order, and their exact values.

use super::array::{ArrayError, Collector};
use super::budget::NoRoom;

/// A kind of number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Float,
    BFloat,
    Signed,
    Unsigned,
}

/// A kind of number, the number of bytes of each, and the byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dtype {
    kind: Kind,
    width: usize,
    big_endian: bool,
}

impl Dtype {
    pub const F64: Self = Self { kind: Kind::Float, width: 8, big_endian: false };
    pub const F32: Self = Self { kind: Kind::Float, width: 4, big_endian: false };
    pub const F16: Self = Self { kind: Kind::Float, width: 2, big_endian: false };
    pub const BF16: Self = Self { kind: Kind::BFloat, width: 2, big_endian: false };

    /// A dtype in the big-endian order of IDX files.
    pub const fn big_endian(kind: Kind, width: usize) -> Self {
        Self { kind, width, big_endian: true }
    }

    /// Reads the description of a dtype in a `.npy` header, such as `<f8`.
    pub fn from_numpy(text: &str) -> Result<Self, ArrayError> {
        let bad = || ArrayError::Dtype(text.to_string());
        let (order, rest) = text.split_at_checked(1).ok_or_else(bad)?;
        let (kind, width) = rest.split_at_checked(1).ok_or_else(bad)?;
        let width: usize = width.parse().map_err(|_| bad())?;
        let big_endian = match order {
            "<" => false,
            ">" => true,
            "|" if width == 1 => false,
            _ => return Err(bad()),
        };
        let kind = match (kind, width) {
            ("f", 2 | 4 | 8) => Kind::Float,
            ("i", 1 | 2 | 4 | 8) => Kind::Signed,
            ("u", 1 | 2 | 4 | 8) => Kind::Unsigned,
            _ => return Err(bad()),
        };
        Ok(Self { kind, width, big_endian })
    }

    /// The number of bytes of one number.
    pub fn width(self) -> usize {
        self.width
    }

    /// Decodes all complete numbers from bytes. Remaining bytes are ignored.
    pub fn decode(self, bytes: &[u8], into: &mut Collector<'_>) -> Result<(), NoRoom> {
        for number in bytes.chunks_exact(self.width) {
            let mut word = [0u8; 8];
            word[..self.width].copy_from_slice(number);
            if self.big_endian {
                word[..self.width].reverse();
            }
            let bits = u64::from_le_bytes(word);
            match (self.kind, self.width) {
                (Kind::Float, 2) => into.push_f64(from_f16(bits as u16)),
                (Kind::Float, 4) => into.push_f64(f64::from(f32::from_bits(bits as u32))),
                (Kind::Float, _) => into.push_f64(f64::from_bits(bits)),
                (Kind::BFloat, _) => into.push_f64(f64::from(f32::from_bits((bits as u32) << 16))),
                (Kind::Unsigned, _) => into.push_integer(i128::from(bits)),
                (Kind::Signed, width) => {
                    let unused = 64 - 8 * width as u32;
                    into.push_integer(i128::from((bits << unused) as i64 >> unused))
                }
            }?;
        }
        Ok(())
    }
}

/// The double that a half-precision number denotes.
fn from_f16(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let fraction = f64::from(bits & 0x3ff);
    let power = |e: u64| f64::from_bits((e + 1023 - 25) << 52); // 2^(e - 25)
    match u64::from(bits >> 10 & 0x1f) {
        0 => sign * fraction * power(1),
        31 if fraction == 0.0 => sign * f64::INFINITY,
        31 => f64::NAN,
        e => sign * (1024.0 + fraction) * power(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::array::Numbers;
    use crate::data::budget::Budget;

    fn decode(dtype: &str, bytes: &[u8]) -> Numbers {
        let budget = Budget::default();
        let mut into = Collector::new(&budget, 0);
        Dtype::from_numpy(dtype).unwrap().decode(bytes, &mut into).unwrap();
        into.finish()
    }

    #[test]
    fn half_precision_has_its_known_values() {
        let known = [
            (0x0000, 0.0),
            (0x0001, 2f64.powi(-24)),
            (0x03ff, 1023.0 * 2f64.powi(-24)),
            (0x0400, 2f64.powi(-14)),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0xfc00, f64::NEG_INFINITY),
        ];
        for (bits, value) in known {
            assert_eq!(from_f16(bits), value, "{bits:#06x}");
        }
        assert!(from_f16(0x7c01).is_nan());
        assert!(from_f16(0x8000).is_sign_negative());
    }

    #[test]
    fn both_byte_orders_and_all_widths() {
        assert_eq!(decode("<f8", &1.5f64.to_le_bytes()), Numbers::Doubles(vec![1.5]));
        assert_eq!(decode(">f8", &1.5f64.to_be_bytes()), Numbers::Doubles(vec![1.5]));
        assert_eq!(decode(">f4", &(-0.1f32).to_be_bytes()), Numbers::Doubles(vec![f64::from(-0.1f32)]));
        assert_eq!(decode("|i1", &[0xff, 0x7f]), Numbers::Doubles(vec![-1.0, 127.0]));
        assert_eq!(decode("|u1", &[0xff]), Numbers::Doubles(vec![255.0]));
        assert_eq!(decode("<i2", &(-2i16).to_le_bytes()), Numbers::Doubles(vec![-2.0]));
        assert_eq!(decode(">i4", &(-2i32).to_be_bytes()), Numbers::Doubles(vec![-2.0]));
        assert_eq!(decode("<i8", &i64::MIN.to_le_bytes()), Numbers::Doubles(vec![-(2f64.powi(63))]));
        let Numbers::Rationals(wide) = decode("<u8", &u64::MAX.to_le_bytes()) else { panic!("2^64 - 1 is no double") };
        assert_eq!(wide[0], u64::MAX);
    }

    #[test]
    fn other_kinds_are_refused() {
        for text in ["<c16", "|b1", "<U3", "|O", "=f8", "f8", "<f16", "<i3", "", "<", "<f", "é4", "<é", "<M8[ns]", "|f8"] {
            assert!(matches!(Dtype::from_numpy(text), Err(ArrayError::Dtype(_))), "{text}");
        }
    }
}
