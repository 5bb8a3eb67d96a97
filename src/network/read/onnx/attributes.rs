//! The attributes of a node, each asked for by its name; what nobody asks for is an error.

use super::proto;
use std::cell::RefCell;
use std::collections::HashSet;

pub(super) struct Attributes<'a> {
    node: &'a proto::Node,
    asked: RefCell<HashSet<&'static str>>,
}

impl<'a> Attributes<'a> {
    pub fn of(node: &'a proto::Node) -> Self {
        Self { node, asked: RefCell::default() }
    }

    fn get(&self, name: &'static str) -> Option<&'a proto::Attribute> {
        self.asked.borrow_mut().insert(name);
        self.node.attribute.iter().find(|attribute| attribute.name == name)
    }

    pub fn has(&self, name: &'static str) -> bool {
        self.get(name).is_some()
    }

    pub fn integer(&self, name: &'static str, default: i64) -> i64 {
        self.get(name).map_or(default, |attribute| attribute.i)
    }

    pub fn float(&self, name: &'static str, default: f32) -> Result<f64, String> {
        let x = self.get(name).map_or(default, |attribute| attribute.f);
        if x.is_finite() { Ok(f64::from(x)) } else { Err(format!("{name} is {x}, not a finite number")) }
    }

    pub fn integers(&self, name: &'static str) -> Option<&'a [i64]> {
        self.get(name).map(|attribute| &attribute.ints[..])
    }

    pub fn floats(&self, name: &'static str) -> Option<&'a [f32]> {
        self.get(name).map(|attribute| &attribute.floats[..])
    }

    pub fn text(&self, name: &'static str, default: &'static str) -> String {
        self.get(name).map_or_else(|| default.to_string(), |attribute| String::from_utf8_lossy(&attribute.s).into_owned())
    }

    pub fn tensor(&self, name: &'static str) -> Option<&'a proto::Tensor> {
        self.get(name).and_then(|attribute| attribute.t.as_ref())
    }

    /// Sizes: integers that are not negative.
    pub fn sizes(&self, name: &'static str) -> Result<Option<Vec<usize>>, String> {
        let size = |&n: &i64| usize::try_from(n).map_err(|_| format!("{name} holds {n}"));
        self.integers(name).map(|list| list.iter().map(size).collect()).transpose()
    }

    /// An attribute that nobody has asked for.
    pub fn left_over(&self) -> Option<&'a str> {
        let asked = self.asked.borrow();
        self.node.attribute.iter().map(|attribute| &attribute.name[..]).find(|name| !asked.contains(name))
    }
}
