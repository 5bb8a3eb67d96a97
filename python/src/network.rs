//! Networks.

use crate::error::Failure;
use crate::exact::fractions;
use crate::job::{here, run};
use crate::points::{Points, array};
use nalgebra::{DMatrix, DVector};
use numpy::PyArray2;
use plica::bounds::Shape;
use plica::exact::ParseError;
use plica::line::Tracer;
use plica::network::{self, Layer, Selection, UnitSet, zoo};
use plica::report::{BoundsReport, NetReport};
use plica_text as text;
use pyo3::prelude::*;
use pyo3::types::PyList;
use std::path::Path;
use std::sync::Arc;

/// A network, and the data to rebuild it in another process.
#[pyclass(frozen, module = "plica._plica")]
pub struct Network {
    pub name: String,
    pub network: network::Network,
    /// Where it comes from, if JSON cannot represent it.
    source: Option<Source>,
}

/// Where a network comes from that is no stack of layers.
#[derive(Clone)]
enum Source {
    /// The bytes of an `.onnx` file.
    Onnx(Vec<u8>),
    /// The library: its name is enough.
    BuiltIn,
}

/// A network and the units whose bits are compared.
pub struct Subject {
    pub network: network::Network,
    pub units: Arc<UnitSet>,
}

impl Network {
    /// The network with a selection of its bits.
    pub fn subject(&self, units: &str, output_bits: bool) -> Result<Subject, Failure> {
        let selection: Selection = units.parse().map_err(|error| Failure::value(format!("units: {error}")))?;
        let network = if output_bits { self.network.with_output_bits() } else { self.network.clone() };
        let units = network.units(&selection).map_err(|error| Failure::value(format!("units: {}: {error}", self.name)))?;
        Ok(Subject { network, units: Arc::new(units) })
    }

    /// The largest precision for a smooth network; other networks have none, since they are exact.
    pub fn precision(&self, asked: Option<u32>) -> Result<u32, Failure> {
        match asked {
            Some(_) if self.network.is_piecewise_affine() => {
                Err(Failure::value(format!("precision: {} is piecewise affine and traced exactly, expected a smooth network", self.name)))
            }
            Some(bits) if !Tracer::PRECISIONS.contains(&bits) => {
                let (least, most) = (Tracer::PRECISIONS.start(), Tracer::PRECISIONS.end());
                Err(Failure::value(format!("precision: {bits}, expected {least} to {most}")))
            }
            asked => Ok(asked.unwrap_or(Tracer::PRECISION)),
        }
    }

    fn of_onnx(name: &str, bytes: Vec<u8>) -> Result<Self, Failure> {
        let network = network::Network::from_onnx(&bytes).map_err(|problem| Failure::value(format!("{name}: {problem}")))?;
        Ok(Self::new(name, network, Some(Source::Onnx(bytes))))
    }

    fn new(name: &str, network: network::Network, source: Option<Source>) -> Self {
        let source = source.filter(|_| network.layers().is_none());
        Self { name: name.to_string(), network, source }
    }
}

#[pymethods]
impl Network {
    /// Loads a network by its name on the command line.
    #[staticmethod]
    fn load(py: Python<'_>, spec: &str) -> PyResult<Self> {
        here(py, || {
            let network = network::load(spec)?;
            let source = match (network.layers(), zoo::parse(spec)) {
                (Some(_), _) => None,
                (None, Some(_)) => Some(Source::BuiltIn),
                (None, None) => Some(Source::Onnx(network::onnx_in_one_piece(Path::new(spec))?)),
            };
            Ok(Self::new(spec, network, source))
        })
    }

    /// A built-in network by its name. The bytes of its state say no more.
    #[staticmethod]
    fn built_in(py: Python<'_>, name: &str, _bytes: Vec<u8>) -> PyResult<Self> {
        Self::load(py, name)
    }

    /// A network from an `.onnx` file that contains its numbers.
    #[staticmethod]
    fn from_onnx(py: Python<'_>, name: &str, bytes: Vec<u8>) -> PyResult<Self> {
        here(py, || Self::of_onnx(name, bytes))
    }

    /// A network of affine layers with ReLU between them, by the rows of its weights (outputs x inputs) and its biases (1 x outputs).
    #[staticmethod]
    fn from_layers(name: &str, layers: Vec<(PyRef<'_, Points>, PyRef<'_, Points>)>) -> PyResult<Self> {
        let layer = |(weights, bias): &(PyRef<'_, Points>, PyRef<'_, Points>)| {
            let (w, b) = (&weights.points, &bias.points);
            if w.is_double() && b.is_double() {
                let weights = DMatrix::from_fn(w.len(), w.dimension(), |i, j| w.nearest(i)[j]);
                return Layer::from_f64(weights, DVector::from_fn(b.dimension(), |i, _| b.nearest(0)[i]));
            }
            let weights = DMatrix::from_fn(w.len(), w.dimension(), |i, j| w.coordinate(i, j));
            Layer::from_rationals(weights, DVector::from_fn(b.dimension(), |i, _| b.coordinate(0, i)))
        };
        let network = network::Network::new(layers.iter().map(layer).collect());
        let network = network.map_err(|error| Failure::value(format!("{name}: {error}")))?;
        Ok(Self::new(name, network, None))
    }

    /// A network from the result of `state`.
    #[staticmethod]
    fn from_json(name: &str, bytes: &[u8]) -> PyResult<Self> {
        let network = network::Network::from_json(bytes).map_err(|problem| Failure::value(format!("{name}: {problem}")))?;
        Ok(Self::new(name, network, None))
    }

    /// The data to rebuild the network: the name of a constructor, and its second argument.
    fn state(&self) -> PyResult<(&'static str, Vec<u8>)> {
        match &self.source {
            Some(Source::Onnx(bytes)) => Ok(("from_onnx", bytes.clone())),
            Some(Source::BuiltIn) => Ok(("built_in", Vec::new())),
            None => Ok(("from_json", json(&self.network)?.into_bytes())),
        }
    }

    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.network.notes().to_vec()
    }

    #[getter]
    fn inputs(&self) -> usize {
        self.network.inputs()
    }

    #[getter]
    fn outputs(&self) -> usize {
        self.network.outputs()
    }

    #[getter]
    fn depth(&self) -> usize {
        self.network.depth()
    }

    #[getter]
    fn shape(&self) -> String {
        self.network.shape()
    }

    #[getter]
    fn is_stack(&self) -> bool {
        self.network.layers().is_some()
    }

    #[getter]
    fn is_piecewise_affine(&self) -> bool {
        self.network.is_piecewise_affine()
    }

    /// The report of `plica net`, as JSON and as text.
    fn describe(&self, py: Python<'_>) -> PyResult<(String, String)> {
        here(py, || {
            let report = NetReport::of(&self.name, &self.network);
            Ok((json(&report)?, text::net(&report)))
        })
    }

    /// The exact outputs at a point.
    fn evaluate<'py>(&self, py: Python<'py>, point: &Points) -> PyResult<Bound<'py, PyList>> {
        let (network, point) = (self.network.clone(), point.single().to_rationals());
        let outputs = run(py, None, move |_| network.evaluate(&point).map_err(Failure::value))?;
        fractions(py, &outputs)
    }

    /// Proven enclosures of the outputs at a point, outputs x 2.
    fn output_enclosures<'py>(&self, py: Python<'py>, point: &Points) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let (network, point) = (self.network.clone(), point.single());
        let outputs = run(py, None, move |_| Tracer::new(&network).outputs(&point).map_err(Failure::value))?;
        array(py, outputs.into_iter().flat_map(|y| [y.lo, y.hi]).collect(), 2)
    }

    /// Writes it to a file, without loss.
    fn save(&self, py: Python<'_>, path: &str) -> PyResult<()> {
        here(py, || Ok(self.network.save(Path::new(path))?))
    }
}

/// The report of `plica bounds` for a network, or for widths such as `2-16-16-1`, as JSON and as text.
#[pyfunction]
pub fn bounds(network: Option<PyRef<'_, Network>>, widths: &str) -> PyResult<(String, String)> {
    let (name, shape) = match &network {
        Some(network) => {
            let what = "no bounds for its layers, expected affine layers with ReLU between them";
            let shape = Shape::of(&network.network).ok_or_else(|| Failure::value(format!("{}: {what}", network.name)))?;
            (network.name.as_str(), shape)
        }
        None => (widths, widths.parse().map_err(|error: ParseError| Failure::value(error))?),
    };
    let report = BoundsReport::of(name, &shape);
    Ok((json(&report)?, text::bounds(&report)))
}

/// A report as the command line prints it with `--format json`.
pub fn json(report: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string(report).map_err(|error| Failure::Internal(error.to_string()))
}
