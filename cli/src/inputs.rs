//! Inputs of several commands: networks, and the options of data.

use super::error::Failure;
use plica::data::{LoadOptions, Pixels};
use plica::line::Tracer;
use plica::network::{LoadError, Network, Selection, UnitSet, load, zoo};
use plica_text as text;
use std::num::NonZero;

/// A network, its name in the call, and the units whose bits are compared.
pub struct Subject {
    pub name: String,
    pub network: Network,
    pub units: UnitSet,
    /// Whether it is built in, so that no file was opened.
    pub built_in: bool,
}

impl Subject {
    /// Loads a network and finds the units of a selection in it.
    pub fn load(name: &str, selection: &Selection) -> Result<Self, Failure> {
        let (network, built_in) = match zoo::parse(name) {
            Some(network) => (network.map_err(LoadError::from)?, true),
            None => (load_with_notes(name)?, false),
        };
        Self::of(name, network, built_in, selection)
    }

    /// The same network with another rule for its bits: one per unit, whether its output is positive.
    pub fn with_output_bits(self) -> Result<Self, Failure> {
        Self::of(&self.name, self.network.with_output_bits(), self.built_in, self.units.selection())
    }

    fn of(name: &str, network: Network, built_in: bool, selection: &Selection) -> Result<Self, Failure> {
        let units = network.units(selection).map_err(|error| Failure::new(format!("{name}: {error}"), built_in))?;
        Ok(Self { name: name.to_string(), network, units, built_in })
    }

    /// Refuses points of another dimension than the network's. `what` names the points; `built_in` says that no file was opened for them.
    pub fn check_dimension(&self, dimension: usize, what: &str, built_in: bool) -> Result<(), Failure> {
        let inputs = self.network.inputs();
        if dimension == inputs {
            return Ok(());
        }
        let message = format!("{what}: dimension {dimension}, but {} takes {inputs} inputs", self.name);
        Err(Failure::new(message, built_in && self.built_in))
    }

    /// The largest precision for a smooth network; other networks have none, since they are exact.
    pub fn precision(&self, asked: Option<u32>) -> Result<u32, Failure> {
        if asked.is_some() && self.network.is_piecewise_affine() {
            let message = format!("--precision: {} is piecewise affine and traced exactly, expected a smooth network", self.name);
            return Err(Failure::new(message, self.built_in));
        }
        Ok(asked.unwrap_or(Tracer::PRECISION))
    }

    /// One line with the network and the selection.
    pub fn heading(&self) -> String {
        text::network_heading(&self.name, &self.network, &self.units)
    }
}

/// Loads a network, and prints the notes of its reader on standard error.
pub fn load_with_notes(name: &str) -> Result<Network, Failure> {
    let network = load(name)?;
    network.notes().iter().for_each(|note| super::error::say(&format!("note: {name}: {note}")));
    Ok(network)
}

/// The number that a pixel stands for.
#[derive(clap::Args)]
pub struct PixelOptions {
    /// The number for a byte n of an IDX image: exact (n/255), f64, f32 or raw
    #[arg(long, value_name = "KIND", default_value = "exact")]
    pixels: Pixels,
}

impl PixelOptions {
    /// Options for reading data with separate labels.
    pub fn with_labels(&self, labels: Option<&str>) -> LoadOptions {
        LoadOptions { pixels: self.pixels, labels: labels.map(str::to_string) }
    }
}

/// Whether a POINT is loaded without opening a file.
pub fn is_built_in(point: &str) -> bool {
    match point.rsplit_once('#') {
        Some((data, _)) => data == "digits",
        None => !point.to_ascii_lowercase().ends_with(".npy"),
    }
}

/// Reads a whole number from `least` to `most`.
pub fn whole<T>(least: T, most: T) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static
where
    T: Copy + PartialOrd + std::fmt::Display + std::str::FromStr + Send + Sync + 'static,
{
    move |text: &str| {
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| format!("expected {least} to {most}"))
    }
}

/// The number of threads: the requested one, else one per core.
pub fn threads(asked: Option<u16>) -> usize {
    asked.map_or_else(|| std::thread::available_parallelism().map_or(1, NonZero::get), usize::from)
}

/// A pool with this number of threads.
pub fn pool(threads: usize) -> Result<rayon::ThreadPool, Failure> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Failure::Data(format!("threads: {error}")))
}
