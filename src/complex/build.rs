//! Builds the complex of a network and a domain, within limits.

use super::cells::Complex;
use super::decide::Rule;
use super::domain::{Domain, DomainError};
use super::error::ComplexError;
use super::memory::default_limit;
use super::search::Search;
use super::slice::Plane;
use crate::network::Network;
use crate::network::lowered::{Judge, Lowered, lower};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The default limit for the number of cells.
const MOST_REGIONS: usize = 10_000_000;

/// Builds the complex of a network: all cells of its pattern partition of a domain.
///
/// Time and memory grow with the total number of faces of all dimensions.
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
#[must_use]
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

/// The progress of the search for cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The number of layers that have cut the domain, completely or in part.
    pub layers: usize,
    /// The number of all layers.
    pub all_layers: usize,
    /// The number of cells so far.
    pub cells: usize,
    /// The largest number of bytes so far, counted from the lengths of the arrays.
    pub memory: u64,
}

impl Builder {
    /// A builder for the complexes of a network.
    pub fn new(network: &Network) -> Self {
        Self { network: network.clone(), limit: MOST_REGIONS, memory: None, held: 0, exact_only: false, progress: None, stop: None }
    }

    /// Sets the limit for the memory of the search, as counted from the lengths of its arrays, and for that of exact volumes together with
    /// the complex. The default is half of the available memory, or 4 GiB if that is unknown.
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

    /// Counts bytes that are in use already, such as [`Complex::memory`] of another complex, towards the limit.
    pub fn holding(self, bytes: u64) -> Self {
        Self { held: bytes, ..self }
    }

    /// Sets the limit for the number of cells. The default is 10,000,000.
    pub fn max_regions(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// Takes every decision with integers and cuts every face unit by unit, which is slow and simple. Cells may be in another order.
    pub fn exact_only(self, exact_only: bool) -> Self {
        Self { exact_only, ..self }
    }

    /// Calls a function whenever a layer, or a part of a wide layer, has cut all faces.
    pub fn on_progress(self, progress: impl Fn(Progress) + Send + Sync + 'static) -> Self {
        Self { progress: Some(Arc::new(progress)), ..self }
    }

    /// Ends the search with [`ComplexError::Stopped`] soon after `stop` is set to true, for example by another thread.
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

    /// Builds the complex of a domain.
    ///
    /// # Errors
    /// The dimension of the domain is not that of the input, a limit is exceeded, or the bits of the network do not determine its affine
    /// maps.
    pub fn build(&self, domain: &Domain) -> Result<Complex, ComplexError> {
        Ok(self.cells(domain, None, None)?.0)
    }

    /// Builds the complex of a plane slice: that of the network restricted to the plane, in the coordinates (u, v).
    ///
    /// # Errors
    /// As [`Builder::build`]. The domain must have two dimensions.
    pub fn build_slice(&self, plane: &Plane, domain: &Domain) -> Result<Complex, ComplexError> {
        Ok(self.cells(domain, Some(plane), None)?.0)
    }

    /// The limit for the memory in bytes.
    pub(super) fn memory(&self) -> u64 {
        self.memory.unwrap_or_else(default_limit).saturating_sub(self.held)
    }

    /// The number of dimensions in which a domain is cut: its own dimension; for the whole space at most the rank of the first layer.
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

    /// The steps of the network; for a slice, as functions of (u, v).
    fn steps(&self, plane: Option<&Plane>, judge: Option<&mut Judge<'_, ComplexError>>) -> Result<Lowered, ComplexError> {
        if let Some(plane) = plane.filter(|plane| plane.dimension() != self.network.inputs()) {
            return Err(DomainError::Dimension { expected: self.network.inputs(), found: plane.dimension() }.into());
        }
        lower(&self.network, plane.map(Plane::inputs), self.memory(), judge)
    }

    /// The complex of a domain, cut further by the decisions of the output if a rule is given, and the number of steps before those that
    /// decide.
    ///
    /// Maxima compare only the candidates that the search so far leaves. If all steps must be known before the search, as for the whole
    /// space, they compare all candidates.
    pub(super) fn cells(&self, domain: &Domain, plane: Option<&Plane>, rule: Option<Rule>) -> Result<(Complex, usize), ComplexError> {
        let layers = self.network.depth() + usize::from(rule.is_some());
        let mut search: Option<Search<'_>> = None;
        let mut judge = |steps: Lowered, windows: &[Vec<u32>]| {
            let steps = Arc::new(steps);
            if search.is_none() {
                search = Some(Search::new(self, domain, &steps, layers)?);
            }
            let search = search.as_mut().expect("the search has begun");
            search.follow(&steps)?;
            search.candidates(&steps, windows)
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
