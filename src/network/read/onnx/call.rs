//! One operator with its inputs.

use super::attributes::Attributes;
use super::tensor::Constant;
use crate::network::graph::{BuildError, Value};
use std::rc::Rc;

/// The tensor of a name.
#[derive(Clone, Debug)]
pub(super) enum Known {
    /// A tensor that depends on the input of the network.
    Value(Value),
    /// A constant tensor.
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
    /// The number of its outputs, used or not.
    pub outputs: usize,
    /// The number in the format of the type of the elements of those inputs that depend on the input of the network.
    pub elements: i32,
}

impl Call<'_> {
    /// A required input.
    pub fn input(&self, k: usize) -> Result<&Known, String> {
        self.optional(k).ok_or_else(|| format!("input {k} is missing"))
    }

    pub fn optional(&self, k: usize) -> Option<&Known> {
        self.inputs.get(k).and_then(Option::as_ref)
    }

    /// A required input that depends on the input of the network.
    pub fn value(&self, k: usize) -> Result<&Value, String> {
        match self.input(k)? {
            Known::Value(value) => Ok(value),
            Known::Constant(_) => Err(format!("input {k} is constant, expected a tensor that depends on the input of the network")),
        }
    }

    /// A required input that is constant.
    pub fn constant(&self, k: usize) -> Result<&Constant, String> {
        match self.input(k)? {
            Known::Constant(constant) => Ok(constant),
            Known::Value(_) => Err(format!("input {k} depends on the input of the network, expected a constant")),
        }
    }

    pub fn optional_constant(&self, k: usize) -> Result<Option<&Constant>, String> {
        if self.optional(k).is_some() { self.constant(k).map(Some) } else { Ok(None) }
    }
}

/// The text of an error in building the graph.
pub(super) fn text(error: BuildError) -> String {
    error.to_string()
}
