//! From a network and a domain to its complex: layer by layer, every face is cut by the units that change sign on it.

use super::cells::Complex;
use super::cut::{Cut, cut};
use super::domain::{Domain, DomainError};
use super::essential::Essential;
use super::lower::lower;
use super::memory::{Bytes, Memory, default_limit, of_merging, of_search};
use super::parts::{Excess, Limits};
use super::signs::Signs;
use super::slice::Plane;
use super::steps::Steps;
use super::topology::Topology;
use crate::network::{Model, ModelRef};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// More cells than this are refused unless another limit is given.
const MOST_REGIONS: usize = 10_000_000;

/// Why there is no complex.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ComplexError {
    /// The domain does not fit.
    #[error(transparent)]
    Domain(#[from] DomainError),
    /// There are more cells than allowed.
    #[error("there are more than {limit} regions, found up to layer {layer}; nothing is known of the rest")]
    TooManyRegions {
        /// The limit.
        limit: usize,
        /// The layer at which it was passed, from 0.
        layer: usize,
    },
    /// The bits of a graph say only which outputs are positive.
    #[error("the network has one bit a unit, whether its output is positive, and such patterns need not be those of convex cells")]
    OutputBits,
    /// The output cannot decide in this way.
    #[error("{0}")]
    Rule(String),
    /// There are more faces than can be numbered.
    #[error("there are more faces than fit in memory, found up to layer {layer}; nothing is known of the rest")]
    TooManyFaces {
        /// The layer at which it was seen, from 0.
        layer: usize,
    },
    /// It takes more memory than allowed.
    #[error(
        "about {} of memory are needed at layer {layer}, and {} are allowed; the regions up to there are {cells}, and nothing is known of the rest",
        Bytes(*needed), Bytes(*limit)
    )]
    TooMuchMemory {
        /// The most bytes.
        limit: u64,
        /// About how many bytes are needed, at the least.
        needed: u64,
        /// The layer at which it was seen, from 0.
        layer: usize,
        /// The cells up to there.
        cells: usize,
    },
    /// The caller stopped it, by [`Builder::stop_when`].
    #[error("stopped")]
    Stopped,
}

/// Finds the complex of a network: all cells of its pattern partition of a domain.
///
/// Time and memory grow with the number of faces, of all dimensions, of the result.
///
/// ```
/// use plica::{complex::{Builder, Domain}, network::load};
/// let network = load("zigzag:2:3:1").unwrap();
/// let unit = Domain::parse_box("0,1", 2).unwrap();
/// let complex = Builder::new(&network).build(&unit).unwrap();
/// assert_eq!(complex.activation_regions(), 9);
/// assert_eq!(complex.f_vector(), [16, 24, 9]);
/// ```
#[derive(Clone)]
pub struct Builder {
    model: Arc<Model>,
    limit: usize,
    memory: Option<u64>,
    held: u64,
    exact_only: bool,
    progress: Option<Arc<dyn Fn(Progress) + Send + Sync>>,
    stop: Option<Arc<AtomicBool>>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { model, limit, memory, exact_only, .. } = self;
        let mut all = f.debug_struct("Builder");
        all.field("model", model).field("limit", limit).field("memory", memory).field("exact_only", exact_only).finish_non_exhaustive()
    }
}

/// How far the search for cells is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The layers that have cut the domain, entirely or in part.
    pub layers: usize,
    /// All layers.
    pub all_layers: usize,
    /// The cells so far.
    pub cells: usize,
    /// The most bytes that all of it took so far, counted from the lengths of the arrays.
    pub memory: u64,
}

impl Builder {
    /// A builder for the complexes of a network of either kind.
    pub fn new<'a>(network: impl Into<ModelRef<'a>>) -> Self {
        Self {
            model: Arc::new(network.into().to_model()),
            limit: MOST_REGIONS,
            memory: None,
            held: 0,
            exact_only: false,
            progress: None,
            stop: None,
        }
    }

    /// Refuses complexes whose search takes more memory, as counted from the lengths of its arrays; half of what is available where nothing is said, or
    /// 4 GiB where the machine does not say.
    ///
    /// ```
    /// use plica::{complex::{Builder, ComplexError, Domain}, network::load};
    /// let builder = Builder::new(&load("random:3-20-20-1@1").unwrap()).max_memory(100_000);
    /// let refused = builder.build(&Domain::parse_box("-1,1", 3).unwrap()).unwrap_err();
    /// assert!(matches!(refused, ComplexError::TooMuchMemory { limit: 100_000, needed: 100_001.., .. }));
    /// ```
    pub fn max_memory(self, bytes: u64) -> Self {
        Self { memory: Some(bytes), ..self }
    }

    /// Counts what is held already, such as [`Complex::memory`] of another complex, as part of the memory that is allowed.
    pub fn holding(self, bytes: u64) -> Self {
        Self { held: bytes, ..self }
    }

    /// Refuses complexes of more cells; 10,000,000 where nothing is said.
    pub fn max_regions(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// Takes every decision with integers, and cuts every face unit after unit: slow and simple. Cells can be in another order.
    pub fn exact_only(self, exact_only: bool) -> Self {
        Self { exact_only, ..self }
    }

    /// Calls a function whenever a layer, or a part of a wide one, has cut all faces.
    pub fn on_progress(self, progress: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self { progress: Some(Arc::new(progress)), ..self }
    }

    /// Ends with [`ComplexError::Stopped`] soon after this is set to true, for example by another thread.
    ///
    /// ```
    /// use plica::{complex::{Builder, ComplexError, Domain}, network::load};
    /// use std::sync::{Arc, atomic::AtomicBool};
    /// let builder = Builder::new(&load("cantor:2").unwrap()).stop_when(Arc::new(AtomicBool::new(true)));
    /// assert_eq!(builder.build(&Domain::parse_box("0,1", 2).unwrap()).unwrap_err(), ComplexError::Stopped);
    /// ```
    pub fn stop_when(self, stop: Arc<AtomicBool>) -> Self {
        Self { stop: Some(stop), ..self }
    }

    /// The complex of a domain.
    ///
    /// # Errors
    /// A domain of another dimension than the network's input, more cells than allowed, or a graph whose bits do not tell its affine maps.
    pub fn build(&self, domain: &Domain) -> Result<Complex, ComplexError> {
        self.cells(self.steps(None)?, domain, None)
    }

    /// The complex of a plane slice: that of the network restricted to the plane, in its coordinates (u, v).
    ///
    /// # Errors
    /// As [`Builder::build`]; here the domain has two dimensions.
    pub fn build_slice(&self, plane: &Plane, domain: &Domain) -> Result<Complex, ComplexError> {
        self.cells(self.steps(Some(plane))?, domain, Some(plane))
    }

    /// How much memory is allowed.
    pub(super) fn memory(&self) -> u64 {
        self.memory.unwrap_or_else(default_limit).saturating_sub(self.held)
    }

    /// In how many dimensions a domain is cut: its own, of the whole space no more than the rank of the first layer.
    ///
    /// ```
    /// use plica::{complex::{Builder, Domain}, network::load};
    /// let network = load("random:784-3-10@1").unwrap();
    /// assert_eq!(Builder::new(&network).dimensions_to_cut(&Domain::Space, None).unwrap(), 3);
    /// ```
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub fn dimensions_to_cut(&self, domain: &Domain, plane: Option<&Plane>) -> Result<usize, ComplexError> {
        Ok(domain.essential(&Arc::new(self.steps(plane)?))?.inputs.len())
    }

    /// The number of outputs of the network.
    pub(super) fn outputs(&self) -> usize {
        self.model.outputs()
    }

    /// The network as steps, of a slice as a function of (u, v).
    pub(super) fn steps(&self, plane: Option<&Plane>) -> Result<Steps, ComplexError> {
        if let Some(plane) = plane.filter(|plane| plane.dimension() != self.model.inputs()) {
            return Err(DomainError::Dimension { expected: self.model.inputs(), found: plane.dimension() }.into());
        }
        match (&*self.model, plane) {
            (Model::Graph(graph), plane) => lower(graph, plane, self.memory()),
            (Model::Chain(network), Some(plane)) => Ok(Steps::of_network(&plane.restrict(network))),
            (Model::Chain(network), None) => Ok(Steps::of_network(network)),
        }
    }

    pub(super) fn cells(&self, steps: Steps, domain: &Domain, plane: Option<&Plane>) -> Result<Complex, ComplexError> {
        let all = Arc::new(steps);
        let Essential { steps, inputs } = domain.essential(&all)?;
        let mut polytope = domain.polytope(&steps);
        let mut signs = Signs::new(&steps, &polytope, self.exact_only);
        let mut topology = std::mem::take(&mut polytope.topology);
        let mut patterns: Vec<u64> = Vec::new();
        let mut memory = Memory { limit: self.memory(), peak: 0 };
        for (at, step) in steps.steps[..steps.depth()].iter().enumerate() {
            let layer = step.layer;
            memory.check(of_search(&topology, &signs, &patterns) + signs.bytes_of(at), layer, topology.cells())?;
            signs.enter(at);
            topology.reset_bases();
            let before = patterns.len() / topology.cells();
            for stage in 0..signs.stages() {
                signs.begin_stage(stage);
                let of_patterns = size_of_val(&patterns[..]) as u64;
                let excess = |excess| match excess {
                    Excess::Cells => ComplexError::TooManyRegions { limit: self.limit, layer },
                    Excess::Faces => ComplexError::TooManyFaces { layer },
                    Excess::Memory(bytes) => {
                        ComplexError::TooMuchMemory { limit: memory.limit, needed: bytes + of_patterns, layer, cells: topology.cells() }
                    }
                    Excess::Stopped => ComplexError::Stopped,
                };
                let words = patterns.len() / topology.cells();
                let limits = Limits { cells: self.limit, bytes: memory.limit.saturating_sub(of_patterns), stop: self.stop.as_deref() };
                let Cut { topology: next, parents, patterns: bits, bytes } = cut(&topology, &mut signs, limits).map_err(excess)?;
                memory.check(bytes + of_patterns, layer, topology.cells())?;
                signs.end_stage();
                let mut longer = Vec::with_capacity(bits.len() * (words + 1));
                for (&parent, bits) in parents.iter().zip(bits) {
                    longer.extend_from_slice(&patterns[parent as usize * words..][..words]);
                    longer.push(bits);
                }
                patterns = longer;
                topology = next;
                self.report(&steps, layer, &topology, memory.peak);
            }
            patterns = signs.bits_of_all(patterns, before, topology.cells());
            self.report(&steps, layer, &topology, memory.peak);
        }
        if steps.cut_further() {
            let layer = steps.hidden.len() - 1;
            memory.check(of_search(&topology, &signs, &patterns) + of_merging(&topology.levels), layer, topology.cells())?;
        }
        // Layers of constants alone have no step.
        let cut = steps.steps[..steps.depth()].last().map_or(0, |step| step.layer + 1);
        if cut < steps.hidden.len() {
            self.report(&steps, steps.hidden.len() - 1, &topology, memory.peak);
        }
        Ok(Complex::new((all, inputs), domain.clone(), plane.cloned(), topology, &polytope, signs, patterns))
    }

    fn report(&self, steps: &Steps, layer: usize, topology: &Topology, memory: u64) {
        if let Some(progress) = &self.progress {
            progress(Progress { layers: layer + 1, all_layers: steps.hidden.len(), cells: topology.cells(), memory });
        }
    }
}
