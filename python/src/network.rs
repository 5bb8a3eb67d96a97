//! Networks of both kinds.

use crate::error::Failure;
use crate::exact::fractions;
use crate::job::{here, run};
use crate::points::Points;
use nalgebra::{DMatrix, DVector};
use plica::bounds::Shape;
use plica::network::{self, Layer, LoadError, Loaded, Model, Selection, UnitSet, load_model, read, zoo};
use plica::report::{BoundsReport, GraphReport, NetReport, bounds_text, graph_text, net_text};
use pyo3::prelude::*;
use pyo3::types::PyList;
use std::path::Path;
use std::sync::Arc;

/// A network, and what makes the same one elsewhere.
#[pyclass(frozen, module = "plica._plica")]
pub struct Network {
    pub name: String,
    pub model: Arc<Model>,
    notes: Vec<String>,
    /// The `.onnx` file of a graph.
    onnx: Option<Vec<u8>>,
}

/// A network and the units whose bits are compared.
pub struct Subject {
    pub model: Arc<Model>,
    pub units: Arc<UnitSet>,
}

impl Network {
    /// The network with a selection of its bits.
    pub fn subject(&self, units: &str, output_bits: bool) -> Result<Subject, Failure> {
        let selection: Selection = units.parse().map_err(|error| Failure::value(format!("units: {error}")))?;
        let model = match &*self.model {
            Model::Graph(graph) if output_bits => Arc::new(Model::Graph(graph.with_output_bits())),
            // The output of a ReLU is positive where its pre-activation is.
            _ => self.model.clone(),
        };
        let units = model.units(&selection).map_err(|error| Failure::value(format!("units: {}: {error}", self.name)))?;
        Ok(Subject { model, units: Arc::new(units) })
    }

    /// The network, where a chain is needed.
    pub fn chain(&self) -> Result<&network::Network, Failure> {
        match &*self.model {
            Model::Chain(network) => Ok(network),
            Model::Graph(_) => Err(LoadError::NotAChain(self.name.clone()).into()),
        }
    }

    fn of_onnx(name: &str, bytes: Vec<u8>) -> Result<Self, Failure> {
        let read::OnnxNetwork { graph, notes } =
            read::onnx_from_bytes(&bytes).map_err(|problem| Failure::value(format!("{name}: {problem}")))?;
        Ok(Self::new(name, graph.into(), notes, Some(bytes)))
    }

    fn new(name: &str, model: Model, notes: Vec<String>, onnx: Option<Vec<u8>>) -> Self {
        let onnx = onnx.filter(|_| matches!(model, Model::Graph(_)));
        Self { name: name.to_string(), model: Arc::new(model), notes, onnx }
    }
}

#[pymethods]
impl Network {
    /// A network by the name that the command line takes.
    #[staticmethod]
    fn load(py: Python<'_>, spec: &str) -> PyResult<Self> {
        here(py, || {
            let Loaded { model, notes } = load_model(spec)?;
            let is_graph = matches!(model, Model::Graph(_)) && zoo::parse(spec).is_none();
            let onnx = is_graph.then(|| read::onnx_in_one_piece(Path::new(spec))).transpose()?;
            Ok(Self::new(spec, model, notes, onnx))
        })
    }

    /// A network of an `.onnx` file that holds its numbers itself.
    #[staticmethod]
    fn from_onnx(py: Python<'_>, name: &str, bytes: Vec<u8>) -> PyResult<Self> {
        here(py, || Self::of_onnx(name, bytes))
    }

    /// A chain by the rows of its weights (outputs x inputs) and its biases (1 x outputs).
    #[staticmethod]
    fn from_layers(name: &str, layers: Vec<(PyRef<'_, Points>, PyRef<'_, Points>)>) -> PyResult<Self> {
        let layer = |(weights, bias): &(PyRef<'_, Points>, PyRef<'_, Points>)| {
            let (w, b) = (&weights.points, &bias.points);
            if w.is_dyadic() && b.is_dyadic() {
                let weights = DMatrix::from_fn(w.len(), w.dimension(), |i, j| w.nearest(i)[j]);
                return Layer::from_f64(weights, DVector::from_fn(b.dimension(), |i, _| b.nearest(0)[i]));
            }
            let weights = DMatrix::from_fn(w.len(), w.dimension(), |i, j| w.coordinate(i, j));
            Layer::from_rationals(weights, DVector::from_fn(b.dimension(), |i, _| b.coordinate(0, i)))
        };
        let network = network::Network::new(layers.iter().map(layer).collect());
        let network = network.map_err(|error| Failure::value(format!("{name}: {error}")))?;
        Ok(Self::new(name, Model::Chain(network), Vec::new(), None))
    }

    /// A chain by what `state` gave.
    #[staticmethod]
    fn from_json(name: &str, bytes: &[u8]) -> PyResult<Self> {
        let network = read::json_from_bytes(bytes).map_err(|problem| Failure::value(format!("{name}: {problem}")))?;
        Ok(Self::new(name, Model::Chain(network), Vec::new(), None))
    }

    /// What makes the same network elsewhere: the name of a constructor, and its second argument.
    fn state(&self) -> PyResult<(&'static str, Vec<u8>)> {
        match (&*self.model, &self.onnx) {
            (Model::Chain(network), _) => {
                let json = serde_json::to_vec(network).map_err(|error| Failure::Internal(error.to_string()))?;
                Ok(("from_json", json))
            }
            (Model::Graph(_), Some(bytes)) => Ok(("from_onnx", bytes.clone())),
            (Model::Graph(_), None) => Err(Failure::Internal(format!("{} has no file", self.name)).into()),
        }
    }

    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    #[getter]
    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    #[getter]
    fn inputs(&self) -> usize {
        self.model.inputs()
    }

    #[getter]
    fn outputs(&self) -> usize {
        self.model.outputs()
    }

    #[getter]
    fn depth(&self) -> usize {
        self.model.depth()
    }

    #[getter]
    fn shape(&self) -> String {
        self.model.shape()
    }

    #[getter]
    fn is_chain(&self) -> bool {
        matches!(&*self.model, Model::Chain(_))
    }

    /// What `plica net` says: as JSON and as text.
    fn describe(&self, py: Python<'_>) -> PyResult<(String, String)> {
        here(py, || match &*self.model {
            Model::Chain(network) => {
                let report = NetReport::of(&self.name, network);
                Ok((json(&report)?, net_text(&report)))
            }
            Model::Graph(graph) => {
                let report = GraphReport::of(&self.name, graph);
                Ok((json(&report)?, graph_text(&report)))
            }
        })
    }

    /// The exact outputs at a point.
    fn evaluate<'py>(&self, py: Python<'py>, point: &Points) -> PyResult<Bound<'py, PyList>> {
        let (model, point) = (self.model.clone(), point.single().to_rationals());
        let outputs = run(py, None, move |_| model.evaluate(&point).map_err(Failure::value))?;
        fractions(py, &outputs)
    }

    /// Writes it to a file, without loss.
    fn save(&self, py: Python<'_>, path: &str) -> PyResult<()> {
        here(py, || Ok(network::write::network_to_path(&*self.model, Path::new(path))?))
    }
}

/// What `plica bounds` says of a chain, or of widths such as `2-16-16-1`: as JSON and as text.
#[pyfunction]
pub fn bounds(network: Option<PyRef<'_, Network>>, widths: &str) -> PyResult<(String, String)> {
    let (name, shape) = match &network {
        Some(network) => (network.name.as_str(), Shape::of(network.chain()?)),
        None => (widths, widths.parse().map_err(|error: String| Failure::value(error))?),
    };
    let report = BoundsReport::of(name, &shape);
    Ok((json(&report)?, bounds_text(&report)))
}

/// A report as the command line prints it with `--format json`.
pub fn json(report: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string(report).map_err(|error| Failure::Internal(error.to_string()))
}
