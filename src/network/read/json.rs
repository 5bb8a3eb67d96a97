//! Networks in JSON: `{"layers":[{"W":[[...]],"b":[...]},...]}`, read and written without loss.

use super::assemble::assemble;
use super::document::Reading;
use crate::data::ReadProblem;
use crate::exact::{nearest_f64, rational};
use crate::network::{Layer, Network};
use rug::Rational;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Error as _, Serialize, Serializer};

impl Network {
    /// Reads a network from JSON: `{"layers":[{"W":[[1,-1]],"b":["1/3"]}]}`, each W a list of rows, outputs x inputs.
    ///
    /// A number without quotes is the double that it denotes. A string such as `"1/3"` or `"0.1"` is exactly that rational. A missing b means
    /// zeros.
    ///
    /// # Errors
    /// The text is not such JSON, a number rounds beyond the largest double, rows have different lengths, or the sizes of consecutive layers
    /// differ.
    ///
    /// ```
    /// let network = plica::network::Network::from_json(br#"{"layers":[{"W":[[1,-1]],"b":["1/3"]}]}"#).unwrap();
    /// assert_eq!(network.layers().unwrap()[0].bias_of(0).to_string(), "1/3");
    /// ```
    pub fn from_json(bytes: &[u8]) -> Result<Network, ReadProblem> {
        let reading = Reading::default();
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        let layers = reading.layers(&mut deserializer).and_then(|layers| deserializer.end().map(|()| layers));
        let malformed = |e: serde_json::Error| {
            let word = unquoted_word(bytes, e.line(), e.column());
            let hint = word.map(|w| format!("; `{w}` is not a finite number")).unwrap_or_default();
            ReadProblem::Format(format!("not the JSON of a network: {e}{hint}"))
        };
        assemble(layers.map_err(|e| reading.problem().unwrap_or_else(|| malformed(e)))?)
    }
}

/// The word NaN or Infinity at the place of a syntax error. Python writes these without quotes.
fn unquoted_word(bytes: &[u8], line: usize, column: usize) -> Option<&'static str> {
    let line = bytes.split(|&b| b == b'\n').nth(line.checked_sub(1)?)?;
    // The column, counted from 1, is that of the first or second character of the word.
    let at = |word: &str| (column.saturating_sub(3)..=column).any(|c| line.get(c..).is_some_and(|rest| rest.starts_with(word.as_bytes())));
    ["-Infinity", "Infinity", "NaN"].into_iter().find(|word| at(word))
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let reading = Reading::default();
        let layers = reading.layers(deserializer).map_err(|e| reading.problem().map_or(e, D::Error::custom))?;
        assemble(layers).map_err(D::Error::custom)
    }
}

/// An exact coefficient: a number if it is a double, otherwise a string.
struct Coefficient(Rational);

impl Serialize for Coefficient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let x = nearest_f64(&self.0);
        if rational(x).as_ref() == Some(&self.0) { serializer.serialize_f64(x) } else { serializer.collect_str(&self.0) }
    }
}

/// The rows of the weights of a layer, which are written one by one.
struct Rows<'l>(&'l Layer);

/// The row with this index.
struct Row<'l>(&'l Layer, usize);

/// The bias of a layer.
struct Bias<'l>(&'l Layer);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..self.0.outputs()).map(|i| Row(self.0, i)))
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_double() {
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
        let layers = self.layers().ok_or_else(|| S::Error::custom("only affine layers with ReLU between them are written as JSON"))?;
        let layers = layers.iter().map(|layer| LayerOut { weights: Rows(layer), bias: Bias(layer) }).collect();
        Out { layers }.serialize(serializer)
    }
}
