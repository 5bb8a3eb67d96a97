//! The attributes of a node, after the check of their types.

use super::proto;

#[derive(Clone, Copy)]
pub(super) struct Attributes<'a> {
    node: &'a proto::Node,
}

impl<'a> Attributes<'a> {
    /// The attributes of a node that [`check`](super::schema::check) has accepted.
    pub fn of(node: &'a proto::Node) -> Self {
        Self { node }
    }

    fn get(self, name: &str) -> Option<&'a proto::Attribute> {
        self.node.attribute.iter().find(|attribute| attribute.name == name)
    }

    pub fn count(self) -> usize {
        self.node.attribute.len()
    }

    pub fn integer(self, name: &str, default: i64) -> i64 {
        self.get(name).map_or(default, |attribute| attribute.i())
    }

    /// A required integer.
    pub fn required(self, name: &str) -> Result<i64, String> {
        self.get(name).map(|attribute| attribute.i()).ok_or_else(|| format!("the attribute {name} is missing"))
    }

    pub fn float(self, name: &str, default: f32) -> Result<f64, String> {
        let x = self.any_float(name).unwrap_or(default);
        if x.is_finite() { Ok(f64::from(x)) } else { Err(format!("{name} is {x}, not a finite number")) }
    }

    /// A float, which need not be finite.
    pub fn any_float(self, name: &str) -> Option<f32> {
        self.get(name).map(|attribute| attribute.f())
    }

    pub fn integers(self, name: &str) -> Option<&'a [i64]> {
        self.get(name).map(|attribute| &attribute.ints[..])
    }

    pub fn floats(self, name: &str) -> Option<&'a [f32]> {
        self.get(name).map(|attribute| &attribute.floats[..])
    }

    pub fn text(self, name: &str, default: &str) -> String {
        self.get(name).map_or_else(|| default.to_string(), |attribute| String::from_utf8_lossy(attribute.s()).into_owned())
    }

    pub fn tensor(self, name: &str) -> Option<&'a proto::Tensor> {
        self.get(name).and_then(|attribute| attribute.t.as_ref())
    }

    /// Sizes: a list of nonnegative integers.
    pub fn sizes(self, name: &str) -> Result<Option<Vec<usize>>, String> {
        let size = |&n: &i64| usize::try_from(n).map_err(|_| format!("{name} contains {n}, expected integers of at least 0"));
        self.integers(name).map(|list| list.iter().map(size).collect()).transpose()
    }
}
