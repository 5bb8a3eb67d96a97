//! The identity of a sweep in a few words, so that no other sweep continues from its state.

use super::Pairs;
use crate::data::DataSet;
use crate::files::digest_of;
use crate::line::Tracer;
use crate::network::{Network, UnitSet};
use serde::{Deserialize, Serialize};
use std::io::{self, Write};

/// The network, the data and the options of a sweep: digests of the first two (SHA-256), and the options as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[must_use]
pub struct Fingerprint {
    /// The digest of the weights and biases.
    pub network: String,
    /// The digest of the points and the labels.
    pub data: String,
    /// The choice of pairs.
    pub pairs: String,
    /// The selection of units.
    pub units: String,
    /// Whether each segment is written as a row.
    pub rows: bool,
    /// The largest precision for smooth networks, if it is not the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precision: Option<u32>,
    /// The version of Plica, since another one may split the work in another way.
    pub version: String,
}

impl Fingerprint {
    /// The fingerprint of a sweep.
    pub fn new(network: &Network, units: &UnitSet, data: &DataSet, pairs: Pairs) -> Self {
        let network = digest_of(|hash| match network.layers() {
            Some(_) => serde_json::to_writer(hash, network).map_err(io::Error::from),
            // The text for debugging contains everything; its floats determine the numbers exactly.
            None => write!(hash, "{network:?}"),
        });
        let data = digest_of(|hash| {
            data.points.write_exactly(hash)?;
            data.labels.iter().flatten().try_for_each(|label| hash.write_all(&label.to_le_bytes()))
        });
        let version = env!("CARGO_PKG_VERSION").to_string();
        Self { network, data, pairs: pairs.to_string(), units: units.selection().to_string(), rows: false, precision: None, version }
    }

    /// The same fingerprint for a sweep with or without rows.
    pub fn with_rows(mut self, yes: bool) -> Self {
        self.rows = yes;
        self
    }

    /// The same fingerprint for a sweep with another [precision](super::Sweep::precision).
    pub fn with_precision(mut self, bits: u32) -> Self {
        self.precision = (bits != Tracer::PRECISION).then_some(bits);
        self
    }

    /// The first difference from another sweep, as a word; `None` if there is none.
    pub fn difference(&self, other: &Self) -> Option<&'static str> {
        let parts = [
            ("networks", &self.network, &other.network),
            ("data", &self.data, &other.data),
            ("pairs", &self.pairs, &other.pairs),
            ("units", &self.units, &other.units),
            ("versions of plica", &self.version, &other.version),
        ];
        let part = parts.into_iter().find(|(_, mine, theirs)| mine != theirs).map(|(part, _, _)| part);
        part.or((self.rows != other.rows).then_some("rows (--paths)"))
            .or((self.precision != other.precision).then_some("precisions (--precision)"))
    }
}
