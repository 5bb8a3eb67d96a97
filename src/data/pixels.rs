//! The numbers that pixels represent.

use super::Points;
use crate::exact::ParseError;
use std::str::FromStr;

/// The number that an unsigned byte n of an image file represents.
///
/// ```
/// use plica::data::Pixels;
/// let pixels: Pixels = "f32".parse().unwrap();
/// assert_eq!(pixels, Pixels::F32);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Pixels {
    /// The rational n/255.
    #[default]
    Exact,
    /// The double nearest to n/255.
    F64,
    /// The single-precision number nearest to n/255, as in PyTorch's `ToTensor`.
    F32,
    /// The integer n.
    Raw,
}

impl FromStr for Pixels {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "exact" => Ok(Self::Exact),
            "f64" => Ok(Self::F64),
            "f32" => Ok(Self::F32),
            "raw" => Ok(Self::Raw),
            _ => Err(ParseError::new(format!("`{text}` is not a kind of pixels: expected exact, f64, f32 or raw"))),
        }
    }
}

impl Pixels {
    /// Points with these pixels as coordinates, where n = `white` is white.
    pub(crate) fn points(self, values: Vec<u8>, dimension: usize, white: u8) -> Points {
        let whole = |values: Vec<u8>| values.into_iter().map(i32::from).collect();
        let each = |f: &dyn Fn(u8) -> f64| Points::from_f64(values.iter().map(|&n| f(n)).collect(), dimension);
        match self {
            Self::Exact => Points::over(whole(values), dimension, u32::from(white)),
            Self::F64 => each(&|n| f64::from(n) / f64::from(white)),
            Self::F32 => each(&|n| f64::from(f32::from(n) / f32::from(white))),
            Self::Raw => each(&|n| f64::from(n)),
        }
        .expect("rows of pixels that the reader has checked to be full")
    }
}
