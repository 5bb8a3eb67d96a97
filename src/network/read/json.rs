//! Networks in JSON: `{"layers":[{"W":[[...]],"b":[...]},...]}`, read and written without loss.

use super::assemble::{NamedLayer, assemble};
use crate::data::ReadProblem;
use crate::data::array::{Array, ArrayError, Collector};
use crate::exact::{nearest_f64, parse_rational, rational};
use crate::network::{Layer, Network};
use rug::Rational;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use std::marker::PhantomData;

/// Reads a network from JSON: `{"layers":[{"W":[[1,-1]],"b":["1/3"]}]}`, each W a list of rows, outputs x inputs.
///
/// A number is the double that it denotes; a string such as `"1/3"` or `"0.1"` is exactly that rational. A missing b is 0.
///
/// # Errors
/// Text that is not such JSON; numbers beyond the doubles; rows of different lengths; shapes that do not chain.
///
/// ```
/// let network = plica::network::read::json_from_bytes(br#"{"layers":[{"W":[[1,-1]],"b":["1/3"]}]}"#).unwrap();
/// assert_eq!(network.layers()[0].bias_of(0).to_string(), "1/3");
/// ```
pub fn json_from_bytes(bytes: &[u8]) -> Result<Network, ReadProblem> {
    let Object(form) = serde_json::from_slice::<Object<Form>>(bytes).map_err(|e| {
        let word = unquoted_word(bytes, e.line(), e.column());
        let hint = word.map(|w| format!("; `{w}` is not a finite number")).unwrap_or_default();
        ReadProblem::Format(format!("not the JSON of a network: {e}{hint}"))
    })?;
    form.into_network()
}

/// NaN or Infinity, which Python writes without quotes, at the place of a syntax error.
fn unquoted_word(bytes: &[u8], line: usize, column: usize) -> Option<&'static str> {
    let line = bytes.split(|&b| b == b'\n').nth(line.checked_sub(1)?)?;
    // The column is that of the word's first or second character, counted from 1.
    let at = |word: &str| (column.saturating_sub(3)..=column).any(|c| line.get(c..).is_some_and(|rest| rest.starts_with(word.as_bytes())));
    ["-Infinity", "Infinity", "NaN"].into_iter().find(|word| at(word))
}

/// What is written as an object; a derived struct alone would take a list of its fields too.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Map<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("an object: {\"layers\":[{\"W\":[[...]],\"b\":[...]},...]}")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Map(PhantomData))
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    layers: Vec<Object<LayerForm>>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerForm {
    #[serde(rename = "W")]
    weights: Vec<Vec<Number>>,
    #[serde(rename = "b")]
    bias: Option<Vec<Number>>,
}

/// A number as JSON has it: a double, or text that is still to be read.
enum Number {
    Double(f64),
    Text(String),
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Numbers;
        impl Visitor<'_> for Numbers {
            type Value = Number;

            fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
                f.write_str("a number, or a string such as \"1/3\"")
            }

            fn visit_f64<E>(self, x: f64) -> Result<Number, E> {
                Ok(Number::Double(x))
            }

            fn visit_u64<E>(self, n: u64) -> Result<Number, E> {
                Ok(Number::Double(n as f64)) // rounds to the nearest, ties to even
            }

            fn visit_i64<E>(self, n: i64) -> Result<Number, E> {
                Ok(Number::Double(n as f64))
            }

            fn visit_str<E>(self, text: &str) -> Result<Number, E> {
                Ok(Number::Text(text.to_string()))
            }
        }
        deserializer.deserialize_any(Numbers)
    }
}

impl Form {
    fn into_network(self) -> Result<Network, ReadProblem> {
        let mut layers = Vec::with_capacity(self.layers.len());
        for (i, Object(LayerForm { weights, bias })) in self.layers.into_iter().enumerate() {
            let (weights_name, bias_name) = (format!("layers[{i}].W"), format!("layers[{i}].b"));
            let weights = matrix(weights).map_err(|problem| ReadProblem::of_array(&weights_name, problem))?;
            let bias = bias.map(vector).transpose().map_err(|problem| ReadProblem::of_array(&bias_name, problem))?;
            layers.push(NamedLayer { weights: (weights_name, weights), bias: bias.map(|bias| (bias_name, bias)) });
        }
        assemble(layers)
    }
}

fn push(number: Number, into: &mut Collector, index: impl Fn() -> Vec<usize>) -> Result<(), ArrayError> {
    match number {
        Number::Double(value) if !value.is_finite() => return Err(ArrayError::NotFinite { index: index(), value }),
        Number::Double(x) => into.push_f64(x),
        Number::Text(text) => into.push_rational(parse_rational(&text).map_err(|problem| ArrayError::Number { index: index(), problem })?),
    }
    Ok(())
}

fn matrix(rows: Vec<Vec<Number>>) -> Result<Array, ArrayError> {
    let shape = vec![rows.len(), rows.first().map_or(0, Vec::len)];
    let mut into = Collector::default();
    for (row, numbers) in rows.into_iter().enumerate() {
        if numbers.len() != shape[1] {
            return Err(ArrayError::Ragged { row, expected: shape[1], found: numbers.len() });
        }
        for (column, number) in numbers.into_iter().enumerate() {
            push(number, &mut into, || vec![row, column])?;
        }
    }
    Ok(Array { shape, numbers: into.finish() })
}

fn vector(numbers: Vec<Number>) -> Result<Array, ArrayError> {
    let shape = vec![numbers.len()];
    let mut into = Collector::default();
    for (i, number) in numbers.into_iter().enumerate() {
        push(number, &mut into, || vec![i])?;
    }
    Ok(Array { shape, numbers: into.finish() })
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Object(form) = Object::<Form>::deserialize(deserializer)?;
        form.into_network().map_err(D::Error::custom)
    }
}

/// An exact coefficient: a number where it is a double, and otherwise a string.
struct Coefficient(Rational);

impl Serialize for Coefficient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let x = nearest_f64(&self.0);
        if rational(x).as_ref() == Some(&self.0) { serializer.serialize_f64(x) } else { serializer.collect_str(&self.0) }
    }
}

/// The rows of a layer's weights, written one by one.
struct Rows<'l>(&'l Layer);

/// One of these rows.
struct Row<'l>(&'l Layer, usize);

/// A layer's bias.
struct Bias<'l>(&'l Layer);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.0.outputs()).map(|i| Row(self.0, i)))
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_dyadic() {
            return serializer.collect_seq(self.0.weights().row(self.1).iter());
        }
        serializer.collect_seq((0..self.0.inputs()).map(|j| Coefficient(self.0.weight(self.1, j))))
    }
}

impl Serialize for Bias<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.0.outputs()).map(|i| Coefficient(self.0.bias_of(i))))
    }
}

#[derive(serde::Serialize)]
struct LayerOut<'l> {
    #[serde(rename = "W")]
    weights: Rows<'l>,
    #[serde(rename = "b")]
    bias: Bias<'l>,
}

#[derive(serde::Serialize)]
struct Out<'n> {
    layers: Vec<LayerOut<'n>>,
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let layers = self.layers().iter().map(|layer| LayerOut { weights: Rows(layer), bias: Bias(layer) }).collect();
        Out { layers }.serialize(serializer)
    }
}
