//! Reads the JSON of a network as a stream and keeps only its numbers, so that their memory is counted.

use super::assemble::NamedLayer;
use crate::data::ReadProblem;
use crate::data::array::{Array, ArrayError, Collector};
use crate::data::budget::{Budget, NoRoom};
use crate::exact::{ParseError, parse_rational};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::cell::RefCell;
use std::fmt;

/// The approximate number of bytes of a layer without its numbers.
const LAYER: usize = 1024;

/// The state of one load: its budget, and the problem that ended it, if it belongs to an array.
#[derive(Default)]
pub(super) struct Reading {
    budget: Budget,
    problem: RefCell<Option<ReadProblem>>,
}

impl Reading {
    /// The layers of a document.
    pub fn layers<'de, D: Deserializer<'de>>(&self, deserializer: D) -> Result<Vec<NamedLayer>, D::Error> {
        Document(self).deserialize(deserializer)
    }

    /// The problem that caused the error of the format, if there is one.
    pub fn problem(&self) -> Option<ReadProblem> {
        self.problem.take()
    }

    fn ended<E: Error>(&self, array: &str, problem: ArrayError) -> E {
        *self.problem.borrow_mut() = Some(ReadProblem::of_array(array, problem));
        E::custom("see there")
    }
}

/// The object `{"layers": [...]}`.
#[derive(Clone, Copy)]
struct Document<'r>(&'r Reading);

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = Vec<NamedLayer>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = Vec<NamedLayer>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object: {\"layers\":[{\"W\":[[...]],\"b\":[...]},...]}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut layers = None;
        while let Some(key) = map.next_key::<String>()? {
            match (key.as_str(), &layers) {
                ("layers", None) => layers = Some(map.next_value_seed(Layers(self.0))?),
                ("layers", Some(_)) => return Err(A::Error::duplicate_field("layers")),
                (other, _) => return Err(A::Error::unknown_field(other, &["layers"])),
            }
        }
        layers.ok_or_else(|| A::Error::missing_field("layers"))
    }
}

/// The list of layers.
struct Layers<'r>(&'r Reading);

impl<'de> DeserializeSeed<'de> for Layers<'_> {
    type Value = Vec<NamedLayer>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Layers<'_> {
    type Value = Vec<NamedLayer>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a sequence of layers")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut layers = Vec::new();
        while let Some(layer) = list.next_element_seed(LayerAt(self.0, layers.len()))? {
            self.0.budget.take(1, LAYER).map_err(A::Error::custom)?;
            layers.push(layer);
        }
        Ok(layers)
    }
}

/// The object `{"W": [[...], ...], "b": [...]}` of the layer with this index.
struct LayerAt<'r>(&'r Reading, usize);

impl<'de> DeserializeSeed<'de> for LayerAt<'_> {
    type Value = NamedLayer;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<NamedLayer, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for LayerAt<'_> {
    type Value = NamedLayer;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object with W and b")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NamedLayer, A::Error> {
        let Self(reading, layer) = self;
        let (weights_name, bias_name) = (format!("layers[{layer}].W"), format!("layers[{layer}].b"));
        let (mut weights, mut bias) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "W" if weights.is_none() => weights = Some(map.next_value_seed(List { reading, array: &weights_name, depth: 2 })?),
                "b" if bias.is_none() => bias = Some(map.next_value_seed(List { reading, array: &bias_name, depth: 1 })?),
                "W" => return Err(A::Error::duplicate_field("W")),
                "b" => return Err(A::Error::duplicate_field("b")),
                other => return Err(A::Error::unknown_field(other, &["W", "b"])),
            }
        }
        let weights = weights.ok_or_else(|| A::Error::missing_field("W"))?;
        Ok(NamedLayer { weights: (weights_name, weights), bias: bias.map(|bias| (bias_name, bias)) })
    }
}

/// A list of numbers, or a list of rows.
struct List<'a> {
    reading: &'a Reading,
    array: &'a str,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = Array;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Array, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = Array;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Array, A::Error> {
        let Self { reading, array, depth } = self;
        let mut into = Collector::new(&reading.budget, 0);
        if depth == 1 {
            let length = Row { reading, array, row: None, into: &mut into }.visit_seq(list)?;
            return Ok(Array { shape: vec![length], numbers: into.finish() });
        }
        let (mut rows, mut expected) = (0, 0);
        while let Some(found) = list.next_element_seed(Row { reading, array, row: Some(rows), into: &mut into })? {
            if rows == 0 {
                expected = found;
            } else if found != expected {
                return Err(reading.ended(array, ArrayError::Ragged { row: rows, expected, found }));
            }
            rows += 1;
        }
        Ok(Array { shape: vec![rows, expected], numbers: into.finish() })
    }
}

/// A list of numbers that are appended to a collector; `row` is the index of the row in a matrix. The result is the length of the list.
struct Row<'a, 'b> {
    reading: &'a Reading,
    array: &'a str,
    row: Option<usize>,
    into: &'a mut Collector<'b>,
}

impl<'de> DeserializeSeed<'de> for Row<'_, '_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Row<'_, '_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<usize, A::Error> {
        let mut length = 0;
        while let Some(taken) = list.next_element_seed(Number(&mut *self.into))? {
            let index = || self.row.into_iter().chain([length]).collect();
            taken.map_err(|problem| self.reading.ended(self.array, problem.at(index())))?;
            length += 1;
        }
        Ok(length)
    }
}

/// A number in JSON: a double, or a string.
struct Number<'a, 'b>(&'a mut Collector<'b>);

/// The errors of a number.
enum NumberProblem {
    NotFinite(f64),
    Text(ParseError),
    NoRoom(NoRoom),
}

impl NumberProblem {
    fn at(self, index: Vec<usize>) -> ArrayError {
        match self {
            Self::NotFinite(value) => ArrayError::NotFinite { index, value },
            Self::Text(problem) => ArrayError::Number { index, problem },
            Self::NoRoom(error) => error.into(),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Number<'_, '_> {
    type Value = Result<(), NumberProblem>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Number<'_, '_> {
    type Value = Result<(), NumberProblem>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a number, or a string such as \"1/3\"")
    }

    fn visit_f64<E>(self, x: f64) -> Result<Self::Value, E> {
        Ok(if x.is_finite() { self.0.push_f64(x).map_err(NumberProblem::NoRoom) } else { Err(NumberProblem::NotFinite(x)) })
    }

    fn visit_u64<E: Error>(self, n: u64) -> Result<Self::Value, E> {
        self.visit_f64(n as f64) // rounds to the nearest, ties to even
    }

    fn visit_i64<E: Error>(self, n: i64) -> Result<Self::Value, E> {
        self.visit_f64(n as f64)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(parse_rational(text).map_err(NumberProblem::Text).and_then(|q| self.0.push_rational(q).map_err(NumberProblem::NoRoom)))
    }
}
