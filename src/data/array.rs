//! Arrays of files: a shape, and numbers that are doubles or rationals.

use super::budget::{Budget, NoRoom};
use super::{Points, PointsError};
use crate::exact::{ParseError, nearest_f64, rational};
use rug::Rational;

/// The errors of one array of a file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// The bytes are not in the format of the file. The text says what is wrong.
    #[error("{0}")]
    Format(String),
    /// The dtype is not one of numbers that are supported.
    #[error("dtype {0} is not supported: expected floats (f2, f4, f8; in safetensors also BF16) or integers (i1 to i8, u1 to u8)")]
    Dtype(String),
    /// Shape and dtype need another number of bytes than there are.
    #[error("{found} bytes of values, but shape {} and dtype {dtype} need {needed}", shape_text(.shape))]
    Length {
        /// The shape that the header states.
        shape: Vec<usize>,
        /// The dtype that the header states.
        dtype: String,
        /// The number of bytes that they need.
        needed: u128,
        /// The number of bytes found.
        found: u64,
    },
    /// The compressed bytes are damaged, or fewer than their header states.
    #[error("damaged: {0}")]
    Damaged(String),
    /// The numbers and text of all arrays together exceed 4 GiB, the limit for one load.
    #[error("{}", NoRoom::Budget)]
    TooLarge,
    /// The system has not enough memory.
    #[error("{}", NoRoom::Memory)]
    Memory,
    /// The array has another shape than expected.
    #[error("shape {}, expected {expected}", shape_text(.shape))]
    Shape {
        /// The shape found.
        shape: Vec<usize>,
        /// The expected shape, in words such as `n x d`.
        expected: String,
    },
    /// The array has no values.
    #[error("shape {} has no values", shape_text(.shape))]
    Empty {
        /// The shape found.
        shape: Vec<usize>,
    },
    /// A value is NaN or infinite.
    #[error("{} is {value}, not a finite number", index_text(.index))]
    NotFinite {
        /// The index of the value, one number for each dimension, counted from 0.
        index: Vec<usize>,
        /// The value found.
        value: f64,
    },
    /// A label is not an integer of 64 bits.
    #[error("{} is {value}, expected an integer of 64 bits as a label", index_text(.index))]
    NotInteger {
        /// The index of the value, one number for each dimension, counted from 0.
        index: Vec<usize>,
        /// The value found.
        value: String,
    },
    /// A value written as text is not a number.
    #[error("{}: {problem}", index_text(.index))]
    Number {
        /// The index of the value, one number for each dimension, counted from 0.
        index: Vec<usize>,
        /// What is wrong with the text.
        #[source]
        problem: ParseError,
    },
    /// A row has another length than row 0.
    #[error("row {row} has length {found}, but row 0 has length {expected}")]
    Ragged {
        /// The index of the row, counted from 0.
        row: usize,
        /// The length of row 0.
        expected: usize,
        /// The length of this row.
        found: usize,
    },
    /// A layer has another number of inputs than the layer below it has outputs.
    #[error("shape {outputs} x {inputs}, but the layer below has {below} outputs")]
    DoesNotChain {
        /// The number of outputs of this layer.
        outputs: usize,
        /// The number of inputs of this layer.
        inputs: usize,
        /// The number of outputs of the layer below.
        below: usize,
    },
    /// A bias has another length than its layer has outputs.
    #[error("length {found}, but the layer has {expected} outputs")]
    BiasLength {
        /// The number of outputs of the layer.
        expected: usize,
        /// The length found.
        found: usize,
    },
}

/// A shape as text: `3 x 5`, `7`, or `()` for a scalar.
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
    /// At least one value is not a double.
    Rationals(Vec<Rational>),
}

impl Numbers {
    /// The number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Doubles(values) => values.len(),
            Self::Rationals(values) => values.len(),
        }
    }
}

/// Collects values: as doubles for as long as that is exact, then as rationals.
pub(crate) struct Collector<'b> {
    budget: &'b Budget,
    /// The number of values to come; 0 if it is unknown.
    expected: usize,
    doubles: Vec<f64>,
    rationals: Vec<Rational>,
}

impl<'b> Collector<'b> {
    /// An empty collector. `expected` is the number of values to come, 0 if it is unknown.
    pub fn new(budget: &'b Budget, expected: usize) -> Self {
        Self { budget, expected, doubles: Vec::new(), rationals: Vec::new() }
    }

    /// Adds a double. It must be finite if rationals that are not doubles were added before.
    pub fn push_f64(&mut self, x: f64) -> Result<(), NoRoom> {
        if self.rationals.is_empty() {
            self.budget.push(&mut self.doubles, self.expected, x)
        } else {
            self.push_exact(rational(x).expect("rationals are collected beside finite doubles only"))
        }
    }

    /// Adds a rational.
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

    /// Adds an integer.
    pub fn push_integer(&mut self, n: i128) -> Result<(), NoRoom> {
        if self.rationals.is_empty() && n.unsigned_abs() <= 1 << 53 {
            self.push_f64(n as f64)
        } else {
            self.push_rational(Rational::from(n))
        }
    }

    /// The values that were added.
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

/// An array in C order. The number of values is the product of the shape.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Array {
    pub shape: Vec<usize>,
    pub numbers: Numbers,
}

impl Array {
    /// The numbers of rows and of columns of a matrix that is not empty.
    pub fn matrix_shape(&self, expected: &str) -> Result<(usize, usize), ArrayError> {
        let &[rows, columns] = &self.shape[..] else {
            return Err(ArrayError::Shape { shape: self.shape.clone(), expected: expected.to_string() });
        };
        if rows == 0 || columns == 0 {
            return Err(ArrayError::Empty { shape: self.shape.clone() });
        }
        Ok((rows, columns))
    }

    /// Checks that every value is finite; the error has the index of the first one that is not.
    pub fn check_finite(&self) -> Result<(), ArrayError> {
        let Numbers::Doubles(values) = &self.numbers else { return Ok(()) };
        match values.iter().position(|x| !x.is_finite()) {
            Some(place) => Err(ArrayError::NotFinite { index: self.index_of(place), value: values[place] }),
            None => Ok(()),
        }
    }

    /// The index, one number for each dimension, of the element at a place in C order.
    pub fn index_of(&self, mut place: usize) -> Vec<usize> {
        let mut index = vec![0; self.shape.len()];
        for (i, &length) in self.shape.iter().enumerate().rev() {
            index[i] = place % length.max(1);
            place /= length.max(1);
        }
        index
    }

    /// The points of an n x ... array. Each first index gives one point with the remaining values in C order: for an image, channels, rows
    /// and columns.
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

    /// The labels of an array of n integers, of shape n or n x 1.
    pub fn into_labels(self) -> Result<Vec<i64>, ArrayError> {
        if !matches!(self.shape[..], [_] | [_, 1]) {
            return Err(ArrayError::Shape { shape: self.shape, expected: "one label for each row".to_string() });
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

/// A double as an integer of 64 bits, if it is one.
fn integer_of(x: f64) -> Option<i64> {
    // -2^63 is a double and an i64; 2^63 is a double, and the first one that is too large for an i64.
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
