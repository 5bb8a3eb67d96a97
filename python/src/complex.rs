//! All regions of a box, a plane slice or the whole space.

use crate::error::Failure;
use crate::exact::fractions;
use crate::job::{here, run};
use crate::network::{Network, json};
use crate::points::Points;
use crate::trace::bits;
use numpy::{PyArray1, PyArray2, PyArrayMethods};
use plica::complex::{Builder, Complex as Cells, ComplexError, Decided, Domain, DomainError, Plane, Rule, parse_bytes};
use plica::data::DataSet;
use plica::exact::nearest_f64;
use plica::report::picture::{Colouring, Scene, SceneError};
use plica::report::{CellsReport, RegionsReport};
use plica_text as text;
use pyo3::prelude::*;
use pyo3::types::PyList;
use rug::Rational;
use std::sync::{Arc, OnceLock};

/// A complex, its decision regions, and its report.
#[pyclass(frozen, module = "plica._plica")]
pub struct Complex {
    name: String,
    builder: Builder,
    found: Arc<Found>,
    json: String,
    text: String,
}

/// A complex and its decision regions.
struct Found {
    complex: Cells,
    decided: Option<Decided>,
    /// Computed on first use.
    vertices: OnceLock<Vec<Option<Vec<Rational>>>>,
}

impl Found {
    fn of(builder: &Builder, domain: &Domain, plane: Option<&Plane>, rule: Option<Rule>) -> Result<Self, Failure> {
        let complex = plane.map_or_else(|| builder.build(domain), |plane| builder.build_slice(plane, domain))?;
        let decided = rule.map(|rule| builder.clone().holding(complex.memory()).decide(rule, domain, plane)).transpose()?;
        Ok(Self { complex, decided, vertices: OnceLock::new() })
    }

    /// The exact coordinates of all vertices; None at infinity.
    fn vertices(&self) -> &[Option<Vec<Rational>>] {
        self.vertices.get_or_init(|| self.complex.all_vertices().collect())
    }
}

/// The domain, and the options of its complex.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct Options<'py> {
    plane: Option<(PyRef<'py, Points>, PyRef<'py, Points>, PyRef<'py, Points>)>,
    ranges: Option<PyRef<'py, Points>>,
    text: Option<String>,
    space: bool,
    decide: Option<String>,
    exact_only: bool,
    max_regions: usize,
    max_memory: Option<String>,
    threads: usize,
    volumes: bool,
    force: bool,
}

/// The complex of a domain: ranges (d x 2), a text such as `0,1`, the triangle of a slice where both are None, or all of the space.
#[pyfunction]
pub fn complex(py: Python<'_>, network: &Network, options: Options<'_>, progress: Option<&Bound<'_, PyAny>>) -> PyResult<Complex> {
    let Options { plane, ranges, text, space, decide, exact_only, max_regions, max_memory, threads, volumes, force } = options;
    let max_memory = max_memory.map(|text| parse_bytes(&text).map_err(|error| Failure::value(format!("max_memory: {error}"))));
    let max_memory = max_memory.transpose()?;
    let rule = decide.map(|rule| {
        let rule: Rule = rule.parse().map_err(|error| Failure::value(format!("decide: {error}")))?;
        rule.fits(network.network.outputs()).map_err(|error| Failure::value(format!("decide: {}: {error}", network.name)))?;
        Ok::<_, Failure>(rule)
    });
    let rule = rule.transpose()?;
    let plane = plane.map(|(p0, p1, p2)| Plane::new(&p0.single(), &p1.single(), &p2.single()));
    let plane = plane.transpose().map_err(|error| Failure::value(format!("plane: {error}")))?;
    let dimension = if plane.is_some() { 2 } else { network.network.inputs() };
    let domain = domain(dimension, ranges.as_deref(), text.as_deref(), space);
    let domain = domain.map_err(|error| Failure::value(format!("box: {}", with_advice(&error))))?;
    // In the whole space only the rank of the first layer counts.
    let to_cut = if space { Builder::new(&network.network).dimensions_to_cut(&domain, plane.as_ref()) } else { Ok(dimension) };
    let to_cut = to_cut.map_err(|error| match error {
        ComplexError::Domain(error) => Failure::value(with_advice(&error)),
        error => error.into(),
    })?;
    if !force && let Some(cost) = text::cost_of_dimensions(&network.name, &network.network, to_cut) {
        return Err(Failure::Value(format!("{cost}; slice() takes a plane of them, force=True tries all")).into());
    }
    let (name, network) = (network.name.clone(), network.network.clone());
    run(py, progress, move |control| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| Failure::value(format!("threads: {error}")))?;
        let builder = Builder::new(&network).max_regions(max_regions).exact_only(exact_only);
        let builder = max_memory.map_or(builder.clone(), |bytes| builder.max_memory(bytes));
        let shown = control.clone();
        let watched = builder.clone().stop_when(control.stop()).on_progress(move |progress| shown.at(progress.cells as u64, 0));
        pool.install(|| {
            let found = Found::of(&watched, &domain, plane.as_ref(), rule)?;
            control.at(found.complex.activation_regions() as u64, 0);
            let report = RegionsReport::whole(&network, &found.complex, found.decided.as_ref(), volumes)?;
            let heading = format!("{name}, {}\n{}", network.shape(), place(&domain, plane.is_some()));
            Ok(Complex { json: json(&report)?, text: text::regions(&heading, &report), name, builder, found: Arc::new(found) })
        })
    })
}

/// The error of a domain, with advice if it has too many dimensions: no option allows more.
fn with_advice(error: &DomainError) -> String {
    match error {
        DomainError::TooLarge { .. } | DomainError::HighRank => format!("{error}; slice() takes a plane"),
        _ => error.to_string(),
    }
}

fn domain(dimension: usize, ranges: Option<&Points>, text: Option<&str>, space: bool) -> Result<Domain, DomainError> {
    match (ranges, text) {
        _ if space => Ok(Domain::Space),
        (Some(ranges), _) => {
            let range = |i: usize| (ranges.points.coordinate(i, 0), ranges.points.coordinate(i, 1));
            Domain::boxed((0..ranges.points.len()).map(range).collect())
        }
        (None, Some(text)) => Domain::parse_box(text, dimension),
        (None, None) => {
            let corner = |u: u32, v: u32| vec![Rational::from(u), Rational::from(v)];
            Domain::simplex(vec![corner(0, 0), corner(1, 0), corner(0, 1)])
        }
    }
}

fn place(domain: &Domain, is_slice: bool) -> String {
    let of = if is_slice { " of the plane through three points" } else { "" };
    match domain {
        Domain::Space if is_slice => "all of the plane through three points".to_string(),
        Domain::Space => "the whole space".to_string(),
        Domain::Simplex(_) => format!("the triangle{of}"),
        Domain::Box(ranges) => {
            let ranges: Vec<String> = ranges.iter().map(|(lo, hi)| format!("{lo}..{hi}")).collect();
            format!("box {}{of}", ranges.join(";"))
        }
    }
}

#[pymethods]
impl Complex {
    #[getter]
    fn dimension(&self) -> usize {
        self.found.complex.dimension()
    }

    fn to_json(&self) -> &str {
        &self.json
    }

    fn text(&self) -> &str {
        &self.text
    }

    /// The content of the file of `plica regions --cells`, as JSON.
    fn cells(&self, py: Python<'_>) -> PyResult<String> {
        let found = self.found.clone();
        run(py, None, move |_| json(&CellsReport::of(&found.complex, found.decided.as_ref())?))
    }

    /// The patterns of the cells, n x units.
    fn patterns<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<bool>>> {
        let complex = &self.found.complex;
        let patterns = here(py, || Ok(complex.cells().map(|cell| cell.pattern()).collect::<Vec<_>>()))?;
        bits(py, patterns.into_iter(), complex.units().count())
    }

    /// The vertices, each coordinate as nearest double; NaN for vertices at infinity.
    fn vertices<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f64>>> {
        let found = self.found.clone();
        let nearest = run(py, None, move |_| {
            let d = found.complex.dimension();
            let point = |x: &Option<Vec<Rational>>| x.as_ref().map_or_else(|| vec![f64::NAN; d], |x| x.iter().map(nearest_f64).collect());
            Ok(found.vertices().iter().flat_map(point).collect::<Vec<f64>>())
        })?;
        let d = self.found.complex.dimension();
        let count = nearest.len() / d;
        PyArray1::from_vec(py, nearest).reshape([count, d])
    }

    /// The exact coordinates of one vertex.
    fn vertex<'py>(&self, py: Python<'py>, number: usize) -> PyResult<Bound<'py, PyList>> {
        let found = self.found.clone();
        match run(py, None, move |_| Ok(found.vertices().get(number).cloned()))? {
            None => Err(pyo3::exceptions::PyIndexError::new_err(format!("no vertex {number}"))),
            Some(None) => Err(Failure::value(format!("vertex {number} lies at infinity")).into()),
            Some(Some(x)) => fractions(py, &x),
        }
    }

    /// The cells whose closure contains a point.
    fn cells_with(&self, py: Python<'_>, point: &Points) -> PyResult<Vec<usize>> {
        here(py, || Ok(self.found.complex.cells_with(&point.single().to_rationals())))
    }

    /// A picture: `svg`, `html` or `png`, as bytes.
    fn picture(
        &self,
        py: Python<'_>,
        format: &str,
        color: Option<&str>,
        points: Option<(PyRef<'_, Points>, Option<Vec<i64>>)>,
    ) -> PyResult<Vec<u8>> {
        let color: Option<Colouring> = color.map(str::parse).transpose().map_err(|error| Failure::value(format!("color: {error}")))?;
        let data = points.map(|(points, labels)| DataSet { name: "points".into(), points: (*points.points).clone(), labels });
        let (found, builder, name, format) = (self.found.clone(), self.builder.clone(), self.name.clone(), format.to_string());
        run(py, None, move |control| {
            let found = if found.complex.dimension() == 2 && *found.complex.domain() == Domain::Space {
                // In the whole plane, the part around the vertices.
                let rule = found.decided.as_ref().map(|decided| decided.rule);
                let builder = builder.stop_when(control.stop());
                Arc::new(Found::of(&builder, &found.complex.bounding_box(), found.complex.plane(), rule)?)
            } else {
                found
            };
            let (complex, decided) = (&found.complex, found.decided.as_ref());
            let color = color.unwrap_or(if decided.is_some() { Colouring::Decision } else { Colouring::Pattern });
            let title = format!("{name}: {} linear regions", complex.counts().linear_regions);
            let mut scene = Scene::new(&title, complex, decided, color).map_err(|error| match error {
                SceneError::NoDecision => Failure::value(format!("color: {error}")),
                error => Failure::value(error),
            })?;
            if let Some(data) = &data {
                scene = scene.with_points(complex, data).map_err(|error| Failure::value(format!("points: {error}")))?;
            }
            match format.as_str() {
                "svg" => Ok(scene.svg().into_bytes()),
                "html" => Ok(scene.html().into_bytes()),
                "png" => scene.png().map_err(Failure::value),
                other => Err(Failure::value(format!("`{other}`: expected svg, html or png"))),
            }
        })
    }
}
