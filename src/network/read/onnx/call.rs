//! One operator with what it is applied to.

use super::attributes::Attributes;
use super::tensor::Constant;
use crate::network::graph::{BuildError, Value};
use std::rc::Rc;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Known {
    /// A tensor that depends on the input.
    Value(Value),
    /// A tensor that does not.
    Constant(Rc<Constant>),
}

impl Known {
    pub fn shape(&self) -> &[usize] {
        match self {
            Self::Value(value) => value.shape(),
            Self::Constant(constant) => &constant.shape,
        }
    }
}

/// One node with its inputs.
#[derive(Clone)]
pub(super) struct Call<'a> {
    pub operator: &'a str,
    /// The version of the standard operators.
    pub version: i64,
    pub inputs: Vec<Option<Known>>,
    pub attributes: Attributes<'a>,
    /// How many outputs it has, whether or not they are used.
    pub outputs: usize,
    /// The type of the elements of its inputs that depend on the network's input, by the format's number.
    pub elements: i32,
}

impl Call<'_> {
    /// An input that must be there.
    pub fn input(&self, k: usize) -> Result<&Known, String> {
        self.optional(k).ok_or_else(|| format!("input {k} is missing"))
    }

    pub fn optional(&self, k: usize) -> Option<&Known> {
        self.inputs.get(k).and_then(Option::as_ref)
    }

    /// An input that depends on the network's input.
    pub fn value(&self, k: usize) -> Result<&Value, String> {
        match self.input(k)? {
            Known::Value(value) => Ok(value),
            Known::Constant(_) => Err(format!("input {k} is constant")),
        }
    }

    /// An input that is constant.
    pub fn constant(&self, k: usize) -> Result<&Constant, String> {
        match self.input(k)? {
            Known::Constant(constant) => Ok(constant),
            Known::Value(_) => Err(format!("input {k} depends on the input of the network, which is not read here")),
        }
    }

    pub fn optional_constant(&self, k: usize) -> Result<Option<&Constant>, String> {
        if self.optional(k).is_some() { self.constant(k).map(Some) } else { Ok(None) }
    }
}

/// An error of the graph's, in words.
pub(super) fn text(error: BuildError) -> String {
    error.to_string()
}
