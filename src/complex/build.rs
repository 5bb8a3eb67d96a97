//! From a network and a domain to its complex: what is asked for, and within which limits.

use super::cells::Complex;
use super::decide::Rule;
use super::decide::RuleError;
use super::domain::{Domain, DomainError};
use super::memory::{Bytes, default_limit};
use super::search::Search;
use super::slice::Plane;
use crate::network::Network;
use crate::network::lowered::{Inputs, Judge, LowerError, Lowered, lower};
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
    #[error(transparent)]
    Rule(#[from] RuleError),
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
    /// Exact volumes take more memory than allowed.
    #[error("about {} of memory are needed with the exact volumes of {cells} cells, and {} are allowed", Bytes(*needed), Bytes(*limit))]
    VolumesTooLarge {
        /// The most bytes.
        limit: u64,
        /// About how many bytes are needed, at the least: the complex is part of them.
        needed: u64,
        /// The cells whose volumes were found by then.
        cells: usize,
    },
    /// The caller stopped it, by [`Builder::stop_when`].
    #[error("stopped")]
    Stopped,
}

impl From<LowerError> for ComplexError {
    fn from(error: LowerError) -> Self {
        match error {
            LowerError::OutputBits => Self::OutputBits,
            LowerError::TooLarge { limit, needed, layer } => Self::TooMuchMemory { limit, needed, layer, cells: 1 },
        }
    }
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
    network: Network,
    limit: usize,
    memory: Option<u64>,
    held: u64,
    exact_only: bool,
    progress: Option<Arc<dyn Fn(Progress) + Send + Sync>>,
    stop: Option<Arc<AtomicBool>>,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { network, limit, memory, exact_only, .. } = self;
        let mut all = f.debug_struct("Builder");
        all.field("network", network).field("limit", limit).field("memory", memory).field("exact_only", exact_only).finish_non_exhaustive()
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
    /// A builder for the complexes of a network.
    pub fn new(network: &Network) -> Self {
        Self { network: network.clone(), limit: MOST_REGIONS, memory: None, held: 0, exact_only: false, progress: None, stop: None }
    }

    /// Refuses complexes whose search takes more memory, as counted from the lengths of its arrays, and exact volumes that do so beside the complex; half of
    /// what is available where nothing is said, or 4 GiB where the machine does not say.
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
    /// A domain of another dimension than the network's input, more cells than allowed, or a network whose bits do not tell its affine maps.
    pub fn build(&self, domain: &Domain) -> Result<Complex, ComplexError> {
        Ok(self.cells(domain, None, None)?.0)
    }

    /// The complex of a plane slice: that of the network restricted to the plane, in its coordinates (u, v).
    ///
    /// # Errors
    /// As [`Builder::build`]; here the domain has two dimensions.
    pub fn build_slice(&self, plane: &Plane, domain: &Domain) -> Result<Complex, ComplexError> {
        Ok(self.cells(domain, Some(plane), None)?.0)
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
        Ok(domain.essential(&Arc::new(self.steps(plane, None)?))?.inputs.len())
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn is_exact_only(&self) -> bool {
        self.exact_only
    }

    pub(super) fn stop(&self) -> Option<&AtomicBool> {
        self.stop.as_deref()
    }

    pub(super) fn report(&self, so_far: Progress) {
        if let Some(progress) = &self.progress {
            progress(so_far);
        }
    }

    /// The number of outputs of the network.
    pub(super) fn outputs(&self) -> usize {
        self.network.outputs()
    }

    /// The network as steps, of a slice as a function of (u, v).
    fn steps(&self, plane: Option<&Plane>, judge: Option<&mut Judge<'_, ComplexError>>) -> Result<Lowered, ComplexError> {
        if let Some(plane) = plane.filter(|plane| plane.dimension() != self.network.inputs()) {
            return Err(DomainError::Dimension { expected: self.network.inputs(), found: plane.dimension() }.into());
        }
        match (self.network.stack(), plane) {
            (None, plane) => {
                let inputs = plane.map_or_else(|| Inputs::all(self.network.inputs()), Plane::inputs);
                lower(self.network.graph(), inputs, self.memory(), judge)
            }
            (Some(stack), Some(plane)) => Ok(Lowered::of_stack(&plane.restrict(stack))),
            (Some(stack), None) => Ok(Lowered::clone(stack.lowered())),
        }
    }

    /// The complex of a domain, cut further by what the output decides where a rule is given, and the number of steps before those that decide.
    ///
    /// Maxima compare no more candidates than the search so far says, except where all steps must be known before it, as in the whole space.
    pub(super) fn cells(&self, domain: &Domain, plane: Option<&Plane>, rule: Option<Rule>) -> Result<(Complex, usize), ComplexError> {
        let layers = self.network.depth() + usize::from(rule.is_some());
        let mut search: Option<Search<'_>> = None;
        let mut judge = |steps: Lowered, windows: &[Vec<u32>]| {
            let steps = Arc::new(steps);
            if search.is_none() {
                search = Some(Search::new(self, domain, &steps, layers)?);
            }
            let search = search.as_mut().expect("it is there by now");
            search.follow(&steps)?;
            search.contenders(&steps, windows)
        };
        let judged = *domain != Domain::Space && !self.exact_only;
        let mut steps = self.steps(plane, if judged { Some(&mut judge) } else { None })?;
        let before = steps.depth();
        if let Some(rule) = rule {
            steps = rule.after(steps, self.memory(), if judged { Some(&mut judge) } else { None })?;
        }
        let steps = Arc::new(steps);
        let search = search.map_or_else(|| Search::new(self, domain, &steps, layers), Ok)?;
        Ok((search.finish(steps, plane)?, before))
    }
}
