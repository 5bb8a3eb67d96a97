//! Constant tensors: their numbers, and the arithmetic of the network's runtime on them.

use super::external::{External, OUTSIDE};
use super::proto;
use crate::data::array::{Collector, Numbers as Collected};
use crate::data::budget::{Budget, NoRoom};
use crate::data::dtype::Dtype;
use crate::network::graph::{Coefficients, Piecewise};
use rug::Rational;

/// The limit for the numbers of a constant as rationals, which take some hundred bytes each.
const MOST_RATIONALS: usize = 1 << 24;

/// The limit for the functions of an activation, which take some hundred bytes each.
const MOST_FUNCTIONS: usize = 1 << 22;

/// A constant tensor.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Constant {
    pub shape: Vec<usize>,
    pub numbers: Numbers,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Numbers {
    /// Floats of any precision, stored as the doubles that they denote.
    Floats(Vec<f64>, Precision),
    /// Integers and truth values.
    Integers(Vec<i64>),
    /// Numbers that were computed exactly from constants.
    Exact(Vec<Rational>),
}

/// The precision to which the runtime rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    /// IEEE half.
    Half,
    /// The upper 16 bits of a single.
    Brain,
    /// IEEE single.
    Single,
    /// IEEE double.
    Double,
}

impl Precision {
    /// The number of this precision in the format.
    pub fn element_type(self) -> i32 {
        match self {
            Self::Single => 1,
            Self::Half => 10,
            Self::Double => 11,
            Self::Brain => 16,
        }
    }

    /// Rounds the result of one operation in doubles to this precision.
    ///
    /// A sum, product, quotient or root of two singles that is rounded to a double first is correctly rounded.
    pub fn round(self, x: f64) -> f64 {
        match self {
            Self::Double => x,
            // Runtimes compute the normalisation of half-precision tensors in single precision.
            Self::Single | Self::Half | Self::Brain => f64::from(x as f32),
        }
    }

    /// The magnitude from which on exporters mean that there is no bound.
    pub fn no_bound(self) -> f64 {
        match self {
            Self::Single => f64::from(f32::MAX),
            Self::Double => f64::MAX,
            Self::Half | Self::Brain => f64::INFINITY,
        }
    }
}

impl Constant {
    /// Reads a tensor of a file.
    pub fn read(tensor: &proto::Tensor, external: &External<'_>) -> Result<Self, String> {
        let size = |&n: &i64| usize::try_from(n).map_err(|_| format!("a size of {n}"));
        let shape = tensor.dims.iter().map(size).collect::<Result<Vec<_>, _>>()?;
        super::shapes::check_rank(shape.len())?;
        let count = shape.iter().try_fold(1usize, |count, &n| count.checked_mul(n)).ok_or("more elements than memory has")?;
        if tensor.data_location == OUTSIDE && !tensor.raw_data.is_empty() {
            return Err("the numbers occur twice: in another file and in the .onnx file".to_string());
        }
        let outside;
        let raw: &[u8] = if tensor.data_location == OUTSIDE {
            outside = external.read(&tensor.external_data)?;
            &outside
        } else {
            &tensor.raw_data
        };
        let is_raw = !raw.is_empty();
        let budget = &external.budget;
        let typed = tensor.float_data.len() + tensor.double_data.len() + tensor.int32_data.len() + tensor.int64_data.len();
        if is_raw && typed > 0 {
            return Err(format!("the numbers occur twice: {} raw bytes and {typed} typed numbers", raw.len()));
        }
        // The typed numbers have been decoded, so they are in memory.
        budget.take(typed, size_of::<f64>())?;
        let numbers = match tensor.data_type {
            1 => floats(raw, is_raw, budget, Dtype::F32, Precision::Single, || tensor.float_data.iter().map(|&x| f64::from(x)).collect()),
            11 => floats(raw, is_raw, budget, Dtype::F64, Precision::Double, || tensor.double_data.clone()),
            10 | 16 => {
                let (dtype, precision) =
                    if tensor.data_type == 10 { (Dtype::F16, Precision::Half) } else { (Dtype::BF16, Precision::Brain) };
                let mut bytes = Vec::new();
                let raw = if is_raw {
                    raw
                } else {
                    for (i, &x) in tensor.int32_data.iter().enumerate() {
                        let bits = u16::try_from(x).map_err(|_| format!("number {i} is {x}: expected the 16 bits of a float"))?;
                        bytes.extend(bits.to_le_bytes());
                    }
                    &bytes
                };
                floats(raw, true, budget, dtype, precision, Vec::new)
            }
            7 => integers::<8>(raw, is_raw, budget, i64::from_le_bytes, || tensor.int64_data.clone()),
            6 => integers::<4>(
                raw,
                is_raw,
                budget,
                |b| i32::from_le_bytes(b).into(),
                || tensor.int32_data.iter().map(|&x| x.into()).collect(),
            ),
            9 => integers::<1>(raw, is_raw, budget, |[b]| b.into(), || tensor.int32_data.iter().map(|&x| x.into()).collect()),
            other => {
                return Err(format!("numbers of type {other}, expected 1 (f32), 10 (f16), 11 (f64), 16 (bf16), 6 or 7 (integers)"));
            }
        }?;
        let found = numbers.len();
        if found != count {
            return Err(format!("{found} numbers for shape {shape:?}"));
        }
        if !is_raw && typed != found {
            return Err(format!("{typed} numbers, only {found} of them of the type of the tensor"));
        }
        Ok(Self { shape, numbers })
    }

    pub fn integers(shape: Vec<usize>, numbers: Vec<i64>) -> Self {
        Self { shape, numbers: Numbers::Integers(numbers) }
    }

    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The numbers as coefficients.
    pub fn coefficients(&self) -> Coefficients {
        match &self.numbers {
            Numbers::Floats(x, _) => Coefficients::from_f64(x.clone()),
            Numbers::Integers(x) => Coefficients::from_rationals(x.iter().map(|&x| x.into()).collect()),
            Numbers::Exact(x) => Coefficients::from_rationals(x.clone()),
        }
    }

    /// The numbers, if they are floats of the file.
    pub fn floats(&self) -> Result<&[f64], String> {
        match &self.numbers {
            Numbers::Floats(x, _) => Ok(x),
            Numbers::Integers(_) => Err("integers, expected floats".to_string()),
            Numbers::Exact(_) => Err("computed numbers, expected numbers of the file".to_string()),
        }
    }

    /// The number of the type of its floats in the format; `None` for numbers that were computed exactly.
    pub fn element_type(&self) -> Option<i32> {
        match &self.numbers {
            Numbers::Floats(_, precision) => Some(precision.element_type()),
            Numbers::Integers(_) | Numbers::Exact(_) => None,
        }
    }

    pub fn precision(&self) -> Precision {
        match &self.numbers {
            Numbers::Floats(_, precision) => *precision,
            Numbers::Integers(_) | Numbers::Exact(_) => Precision::Double,
        }
    }

    /// Takes the memory of the numbers from the budget.
    pub fn take_from(&self, budget: &Budget) -> Result<(), NoRoom> {
        match &self.numbers {
            Numbers::Floats(x, _) => budget.take(x.len(), size_of::<f64>()),
            Numbers::Integers(x) => budget.take(x.len(), size_of::<i64>()),
            Numbers::Exact(x) => {
                budget.take(x.len(), size_of::<Rational>())?;
                x.iter().try_for_each(|q| budget.take_rational(q))
            }
        }
    }

    /// The exact numbers, if they are finite.
    pub fn rationals(&self) -> Result<Vec<Rational>, String> {
        if self.len() > MOST_RATIONALS {
            return Err(format!("{} exact constants, expected at most {MOST_RATIONALS}", self.len()));
        }
        let exact = |(i, &x): (usize, &f64)| Rational::from_f64(x).ok_or_else(|| format!("number {i} is {x}, not a finite number"));
        match &self.numbers {
            Numbers::Floats(x, _) => x.iter().enumerate().map(exact).collect(),
            Numbers::Integers(x) => Ok(x.iter().map(|&x| x.into()).collect()),
            Numbers::Exact(x) => Ok(x.clone()),
        }
    }

    /// One function for each number.
    pub fn functions(&self, of: impl Fn(Rational) -> Piecewise) -> Result<Vec<Piecewise>, String> {
        if self.len() > MOST_FUNCTIONS {
            return Err(format!("{} functions of an activation, expected at most {MOST_FUNCTIONS}", self.len()));
        }
        Ok(self.rationals()?.into_iter().map(of).collect())
    }

    /// The numbers as integers.
    pub fn whole(&self) -> Result<&[i64], String> {
        match &self.numbers {
            Numbers::Integers(x) => Ok(x),
            Numbers::Floats(..) | Numbers::Exact(_) => Err("floats, expected integers".to_string()),
        }
    }

    /// The selected numbers, in this shape.
    pub fn select(&self, of: &[u32], shape: Vec<usize>) -> Self {
        let numbers = match &self.numbers {
            Numbers::Floats(x, precision) => Numbers::Floats(of.iter().map(|&i| x[i as usize]).collect(), *precision),
            Numbers::Integers(x) => Numbers::Integers(of.iter().map(|&i| x[i as usize]).collect()),
            Numbers::Exact(x) => Numbers::Exact(of.iter().map(|&i| x[i as usize].clone()).collect()),
        };
        Self { shape, numbers }
    }
}

impl Numbers {
    pub fn len(&self) -> usize {
        match self {
            Self::Floats(x, _) => x.len(),
            Self::Integers(x) => x.len(),
            Self::Exact(x) => x.len(),
        }
    }
}

fn floats(
    raw: &[u8],
    is_raw: bool,
    budget: &Budget,
    dtype: Dtype,
    precision: Precision,
    typed: impl Fn() -> Vec<f64>,
) -> Result<Numbers, String> {
    if !is_raw {
        return Ok(Numbers::Floats(typed(), precision));
    }
    let size = dtype.width();
    if !raw.len().is_multiple_of(size) {
        return Err(format!("{} bytes, expected a multiple of {size}, the size of a number", raw.len()));
    }
    let mut into = Collector::new(budget, raw.len() / size);
    dtype.decode(raw, &mut into)?;
    match into.finish() {
        Collected::Doubles(x) => Ok(Numbers::Floats(x, precision)),
        Collected::Rationals(_) => Err("numbers that are not floats".to_string()),
    }
}

fn integers<const N: usize>(
    raw: &[u8],
    is_raw: bool,
    budget: &Budget,
    of: impl Fn([u8; N]) -> i64,
    typed: impl Fn() -> Vec<i64>,
) -> Result<Numbers, String> {
    if !is_raw {
        return Ok(Numbers::Integers(typed()));
    }
    let (numbers, rest) = raw.as_chunks::<N>();
    if !rest.is_empty() {
        return Err(format!("{} bytes, expected a multiple of {N}, the size of a number", raw.len()));
    }
    let mut list = Vec::new();
    numbers.iter().try_for_each(|&bytes| budget.push(&mut list, numbers.len(), of(bytes)))?;
    Ok(Numbers::Integers(list))
}
