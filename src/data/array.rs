//! Arrays as files hold them: a shape, and numbers that are doubles or rationals.

use super::budget::{Budget, NoRoom};
use super::{Points, PointsError};
use crate::exact::{ParseError, nearest_f64, rational};
use rug::Rational;

/// What can be wrong with one array of a file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// The bytes are not in the format of the file; the text says which and why.
    #[error("{0}")]
    Format(String),
    /// The values are of a kind that has no numbers, or none that is read here.
    #[error("dtype {0} is not read: floats (f2, f4, f8; in safetensors BF16 too) and integers (i1 to i8, u1 to u8) are")]
    Dtype(String),
    /// Shape and dtype ask for another number of bytes than there are.
    #[error("{found} bytes of values, but shape {} and dtype {dtype} need {needed}", shape_text(.shape))]
    Length {
        /// The shape that the header states.
        shape: Vec<usize>,
        /// The dtype that the header states.
        dtype: String,
        /// The bytes that they need.
        needed: u128,
        /// The bytes that there are.
        found: u64,
    },
    /// The compressed bytes are damaged, or too few for what they claim to hold.
    #[error("damaged: {0}")]
    Damaged(String),
    /// More than one reading takes: 4 GiB of numbers and text, all arrays together.
    #[error("{}", NoRoom::Budget)]
    TooLarge,
    /// The system gives no memory.
    #[error("{}", NoRoom::Memory)]
    Memory,
    /// Another shape than the array's place asks for.
    #[error("shape {}, but {expected} is expected", shape_text(.shape))]
    Shape {
        /// The shape found.
        shape: Vec<usize>,
        /// What is expected, in words such as `n x d`.
        expected: String,
    },
    /// No values.
    #[error("shape {} holds no values", shape_text(.shape))]
    Empty {
        /// The shape found.
        shape: Vec<usize>,
    },
    /// A value is NaN or infinite.
    #[error("{} is {value}, not a finite number", index_text(.index))]
    NotFinite {
        /// Where it stands, one index a dimension, from 0.
        index: Vec<usize>,
        /// The value found.
        value: f64,
    },
    /// A label is not an integer of 64 bits.
    #[error("{} is {value}, and a label is an integer of 64 bits", index_text(.index))]
    NotInteger {
        /// Where it stands, one index a dimension, from 0.
        index: Vec<usize>,
        /// The value found.
        value: String,
    },
    /// A value written as text is not a number.
    #[error("{}: {problem}", index_text(.index))]
    Number {
        /// Where it stands, one index a dimension, from 0.
        index: Vec<usize>,
        /// What is wrong with the text.
        #[source]
        problem: ParseError,
    },
    /// A row has another length than the first.
    #[error("row {row} has length {found}, but row 0 has length {expected}")]
    Ragged {
        /// The row, from 0.
        row: usize,
        /// The length of row 0.
        expected: usize,
        /// The length of this row.
        found: usize,
    },
    /// A layer takes another number of inputs than the layer below it gives.
    #[error("shape {outputs} x {inputs}, but the layer below gives {below}")]
    DoesNotChain {
        /// The outputs of this layer.
        outputs: usize,
        /// The inputs that it takes.
        inputs: usize,
        /// What the layer below gives.
        below: usize,
    },
    /// A bias has another length than its layer has outputs.
    #[error("length {found}, but the layer has {expected} outputs")]
    BiasLength {
        /// The outputs of the layer.
        expected: usize,
        /// The length found.
        found: usize,
    },
}

/// `3 x 5`, `7`, or `()` for a scalar.
pub(crate) fn shape_text(shape: &[usize]) -> String {
    if shape.is_empty() { "()".to_string() } else { shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ") }
}

fn index_text(index: &[usize]) -> String {
    format!("[{}]", index.iter().map(usize::to_string).collect::<Vec<_>>().join(", "))
}

/// The values of an array, row by row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Numbers {
    /// Each value is a double, possibly not finite.
    Doubles(Vec<f64>),
    /// At least one value is no double.
    Rationals(Vec<Rational>),
}

impl Numbers {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Doubles(values) => values.len(),
            Self::Rationals(values) => values.len(),
        }
    }
}

/// Collects values: as doubles for as long as that is exact.
pub(crate) struct Collector<'b> {
    budget: &'b Budget,
    /// How many there will be; 0 where that is not known.
    expected: usize,
    doubles: Vec<f64>,
    rationals: Vec<Rational>,
}

impl<'b> Collector<'b> {
    /// None yet, of so many that are expected; 0 where that is not known.
    pub fn new(budget: &'b Budget, expected: usize) -> Self {
        Self { budget, expected, doubles: Vec::new(), rationals: Vec::new() }
    }

    /// Takes a double as it is; a finite one where rationals that are no doubles are collected beside it.
    pub fn push_f64(&mut self, x: f64) -> Result<(), NoRoom> {
        if self.rationals.is_empty() {
            self.budget.push(&mut self.doubles, self.expected, x)
        } else {
            self.push_exact(rational(x).expect("rationals are collected beside finite doubles only"))
        }
    }

    /// Takes a rational.
    pub fn push_rational(&mut self, q: Rational) -> Result<(), NoRoom> {
        if self.rationals.is_empty() {
            let x = nearest_f64(&q);
            if rational(x).as_ref() == Some(&q) {
                return self.push_f64(x);
            }
            for x in std::mem::take(&mut self.doubles) {
                self.push_exact(rational(x).expect("rationals are collected beside finite doubles only"))?;
            }
        }
        self.push_exact(q)
    }

    fn push_exact(&mut self, q: Rational) -> Result<(), NoRoom> {
        self.budget.take_rational(&q)?;
        self.budget.push(&mut self.rationals, self.expected, q)
    }

    /// Takes an integer.
    pub fn push_integer(&mut self, n: i128) -> Result<(), NoRoom> {
        if self.rationals.is_empty() && n.unsigned_abs() <= 1 << 53 {
            self.push_f64(n as f64)
        } else {
            self.push_rational(Rational::from(n))
        }
    }

    /// The values.
    pub fn finish(mut self) -> Numbers {
        if self.rationals.is_empty() {
            self.budget.finish(&mut self.doubles);
            Numbers::Doubles(self.doubles)
        } else {
            self.budget.finish(&mut self.rationals);
            Numbers::Rationals(self.rationals)
        }
    }
}

/// An array: as many values as its shape says, in C order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Array {
    pub shape: Vec<usize>,
    pub numbers: Numbers,
}

impl Array {
    /// The rows and columns of a matrix that holds values.
    pub fn matrix_shape(&self, expected: &str) -> Result<(usize, usize), ArrayError> {
        let &[rows, columns] = &self.shape[..] else {
            return Err(ArrayError::Shape { shape: self.shape.clone(), expected: expected.to_string() });
        };
        if rows == 0 || columns == 0 {
            return Err(ArrayError::Empty { shape: self.shape.clone() });
        }
        Ok((rows, columns))
    }

    /// That every value is finite; otherwise where the first stands that is not.
    pub fn check_finite(&self) -> Result<(), ArrayError> {
        let Numbers::Doubles(values) = &self.numbers else { return Ok(()) };
        match values.iter().position(|x| !x.is_finite()) {
            Some(place) => Err(ArrayError::NotFinite { index: self.index_of(place), value: values[place] }),
            None => Ok(()),
        }
    }

    /// The index, one a dimension, of a place in C order.
    pub fn index_of(&self, mut place: usize) -> Vec<usize> {
        let mut index = vec![0; self.shape.len()];
        for (i, &length) in self.shape.iter().enumerate().rev() {
            index[i] = place % length.max(1);
            place /= length.max(1);
        }
        index
    }

    /// The points of an n x ... array: one for each first index, its numbers in C order, as an image's are by channels, rows and columns.
    pub fn into_points(self) -> Result<Points, ArrayError> {
        if self.shape.len() < 2 {
            return Err(ArrayError::Shape { shape: self.shape, expected: "n x d".to_string() });
        }
        if self.numbers.len() == 0 {
            return Err(ArrayError::Empty { shape: self.shape });
        }
        let dimension = self.shape[1..].iter().product();
        self.check_finite()?;
        Ok(match self.numbers {
            Numbers::Doubles(values) => Points::from_f64(values, dimension),
            Numbers::Rationals(values) => Points::from_rationals(values, dimension),
        }
        .expect("finite values that fill a shape without zeros"))
    }

    /// The labels of an array of n, or n x 1, integers.
    pub fn into_labels(self) -> Result<Vec<i64>, ArrayError> {
        if !matches!(self.shape[..], [_] | [_, 1]) {
            return Err(ArrayError::Shape { shape: self.shape, expected: "one label a row".to_string() });
        }
        if self.shape[0] == 0 {
            return Err(ArrayError::Empty { shape: self.shape });
        }
        let not_integer = |place: usize, value: String| ArrayError::NotInteger { index: self.index_of(place), value };
        match &self.numbers {
            Numbers::Doubles(values) => {
                let digits = |x: f64| rational(x).filter(Rational::is_integer).map_or(x.to_string(), |q| q.to_string());
                let label = |(place, &x): (usize, &f64)| integer_of(x).ok_or_else(|| not_integer(place, digits(x)));
                values.iter().enumerate().map(label).collect()
            }
            Numbers::Rationals(values) => {
                let integer = |q: &Rational| if q.is_integer() { q.numer().to_i64() } else { None };
                let label = |(place, q): (usize, &Rational)| integer(q).ok_or_else(|| not_integer(place, q.to_string()));
                values.iter().enumerate().map(label).collect()
            }
        }
    }
}

/// The integer of 64 bits that a double is, if it is one.
fn integer_of(x: f64) -> Option<i64> {
    // -2^63 is a double and an i64; 2^63 is a double and the first that is no i64.
    let inside = x.fract() == 0.0 && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&x);
    inside.then_some(x as i64)
}

impl From<PointsError> for ArrayError {
    fn from(error: PointsError) -> Self {
        match error {
            PointsError::NotFinite { row, column, value } => Self::NotFinite { index: vec![row, column], value },
            PointsError::Ragged { values, dimension } => Self::Ragged { row: 0, expected: dimension, found: values },
            PointsError::Empty => Self::Empty { shape: vec![0] },
        }
    }
}
