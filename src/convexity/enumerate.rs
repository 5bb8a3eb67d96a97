//! Enumerates the realisable patterns unit by unit, with one linear program for each side of a hyperplane that the present point is not on.

use super::forms::{Forms, UnitForm};
use super::layers::Layers;
use super::place::Place;
use super::region::Side;
use super::{Cells, ConvexityError, Region, Regions};
use crate::exact::lp::{Feasibility, Interior, Program, Row, Sense, Solver, interior};
use crate::network::Network;
use rug::Rational;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Finds the [`Regions`] of a network.
///
/// The search is depth first over the units, layer by layer. On a part of the space where all previous units have one side, the next unit
/// is an affine form. A point of the part is on one of its sides; a linear program ([`lp`](crate::exact::lp)) decides whether the other
/// side is empty, or finds a point on it. So each region costs at most one program for each unit, and every part that is entered contains a
/// region.
///
/// ```
/// use plica::convexity::{Cells, Enumerator};
/// use plica::network::{Layer, Network};
/// use nalgebra::{dmatrix, dvector};
/// // Units x and -x: at 0 both are inactive, elsewhere exactly one is active.
/// let network = Network::new(vec![
///     Layer::from_f64(dmatrix![1.0; -1.0], dvector![0.0, 0.0]),
///     Layer::from_f64(dmatrix![1.0, 1.0], dvector![0.0]),
/// ]).unwrap();
/// assert_eq!(Enumerator::new(&network).run().unwrap().len(), 2);
/// assert_eq!(Enumerator::new(&network).cells(Cells::HalfOpen).run().unwrap().len(), 3);
/// ```
#[derive(Clone)]
#[must_use]
pub struct Enumerator {
    network: Network,
    cells: Cells,
    limit: usize,
    solver: Solver,
    progress: Option<Arc<dyn Fn(usize, usize) + Send + Sync>>,
    stop: Option<Arc<AtomicBool>>,
}

/// A part of the space on which the previous units have one side each.
struct Part {
    step: usize,
    unit: usize,
    bits: Vec<bool>,
    sides: Vec<Side>,
    forms: Option<Arc<Forms>>,
    point: Place,
}

impl Enumerator {
    /// The default limit for the number of regions.
    pub const MOST_REGIONS: usize = 1_000_000;

    /// An enumeration of the regions with interior.
    pub fn new(network: &Network) -> Self {
        Self {
            network: network.clone(),
            cells: Cells::default(),
            limit: Self::MOST_REGIONS,
            solver: Solver::default(),
            progress: None,
            stop: None,
        }
    }

    /// Sets which sets count as regions.
    pub fn cells(self, cells: Cells) -> Self {
        Self { cells, ..self }
    }

    /// Sets the limit for the number of regions.
    pub fn max_regions(self, limit: usize) -> Self {
        Self { limit, ..self }
    }

    /// Sets the solver that guesses in linear programs. The regions are the same with all solvers, but their witnesses can differ.
    pub fn solver(self, solver: Solver) -> Self {
        Self { solver, ..self }
    }

    /// Calls a function after every thousand regions, with the number of regions found and of parts of the space that wait, each with at least one region.
    pub fn on_progress(self, progress: impl Fn(usize, usize) + Send + Sync + 'static) -> Self {
        Self { progress: Some(Arc::new(progress)), ..self }
    }

    /// Ends with [`ConvexityError::Stopped`] soon after `stop` is set to true, for example by another thread.
    ///
    /// ```
    /// use plica::{convexity::{ConvexityError, Enumerator}, network::load};
    /// use std::sync::{Arc, atomic::AtomicBool};
    /// let network = load("sawtooth:2").unwrap();
    /// let stopped = Enumerator::new(&network).stop_when(Arc::new(AtomicBool::new(true))).run();
    /// assert!(matches!(stopped, Err(ConvexityError::Stopped)));
    /// ```
    pub fn stop_when(self, stop: Arc<AtomicBool>) -> Self {
        Self { stop: Some(stop), ..self }
    }

    /// Finds the regions.
    ///
    /// # Errors
    /// There are more regions than allowed, the caller stopped the search, or the network has maxima or output bits, or is too large to be
    /// written as sums of affine forms and ReLU.
    pub fn run(&self) -> Result<Regions, ConvexityError> {
        let layers = Layers::of(&self.network)?;
        let forms = Forms::first(&layers).map(Arc::new);
        let origin = Place::new(vec![Rational::new(); layers.inputs()]);
        let mut waiting = vec![Part { step: 0, unit: 0, bits: Vec::new(), sides: Vec::new(), forms, point: origin }];
        let mut found = Vec::new();
        while let Some(part) = waiting.pop() {
            let region = self.descend(&layers, part, &mut waiting);
            found.push(region);
            if found.len() + waiting.len() > self.limit {
                return Err(ConvexityError::TooManyRegions { limit: self.limit });
            }
            if self.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                return Err(ConvexityError::Stopped);
            }
            if let Some(progress) = self.progress.as_ref().filter(|_| found.len() % 1000 == 0) {
                progress(found.len(), waiting.len());
            }
        }
        Ok(Regions::new(layers, self.cells, found))
    }

    /// Follows a part to one region, and adds the parts on the other sides to the list.
    fn descend(&self, layers: &Layers, mut part: Part, waiting: &mut Vec<Part>) -> Region {
        while let Some(forms) = part.forms.clone() {
            if part.unit == forms.units.len() {
                part.enter_next_step(layers, &forms);
                continue;
            }
            match &forms.units[part.unit] {
                UnitForm::Fixed(active) => part.bits.push(*active),
                UnitForm::Varies(sides) => {
                    // The slack of z <= 0 is -z.
                    let slack = part.point.slack_sign(&sides.inactive);
                    let side = |active: bool| Side { row: if active { &sides.active } else { &sides.inactive }.clone(), active };
                    let here = slack.is_lt();
                    if let Some(point) = self.point(layers.inputs(), &part.sides, side(!here)) {
                        waiting.push(part.beside(side(!here), point));
                    }
                    if slack.is_eq() && self.cells == Cells::Closed {
                        // The point is inside the part, so the hyperplane cuts the part.
                        let point = self.point(layers.inputs(), &part.sides, side(here));
                        part.point = point.expect("a part is open, so it has points on both sides of a hyperplane through it");
                    }
                    part.sides.push(side(here));
                    part.bits.push(here);
                }
            }
            part.unit += 1;
        }
        self.region(layers, part)
    }

    /// A point of a part that is also on another side, if there is one.
    fn point(&self, dimension: usize, sides: &[Side], side: Side) -> Option<Place> {
        let sides = sides.iter().chain([&side]);
        match self.cells {
            Cells::Closed => inside(dimension, sides.map(|side| &*side.row), self.solver),
            Cells::HalfOpen => half_open(dimension, sides, self.solver),
        }
    }

    fn region(&self, layers: &Layers, part: Part) -> Region {
        let Part { bits, sides, point, .. } = part;
        let mut region = Region { pattern: layers.pattern(&bits), witness: Vec::new(), has_interior: true, sides };
        let mut point = point;
        // The witness is in the interior, if there is one.
        if self.cells == Cells::HalfOpen && !region.contains(&point, Cells::Closed) {
            match inside(layers.inputs(), region.sides.iter().map(|side| &*side.row), self.solver) {
                Some(interior) => point = interior,
                None => region.has_interior = false,
            }
        }
        let within = if region.has_interior { Cells::Closed } else { Cells::HalfOpen };
        region.witness = region.shortened(point, within).exact;
        region
    }
}

impl Part {
    /// Goes to the next step, after all units of the present one have their sides.
    fn enter_next_step(&mut self, layers: &Layers, forms: &Forms) {
        self.step += 1;
        let active: Vec<usize> = (0..self.unit).filter(|&unit| self.bits[self.bits.len() - self.unit + unit]).collect();
        self.forms = layers.steps.get(self.step).map(|step| Arc::new(forms.next(layers.inputs(), step, &active)));
        self.unit = 0;
    }

    /// The part with the next unit on this side, and a point in it.
    fn beside(&self, side: Side, point: Place) -> Self {
        let mut bits = self.bits.clone();
        bits.push(side.active);
        let mut sides = self.sides.clone();
        sides.push(side);
        Self { step: self.step, unit: self.unit + 1, bits, sides, forms: self.forms.clone(), point }
    }
}

/// A point that satisfies all rows strictly.
pub(super) fn inside<'r>(dimension: usize, rows: impl Iterator<Item = &'r Row>, solver: Solver) -> Option<Place> {
    match interior(dimension, &rows.collect::<Vec<_>>(), solver) {
        Interior::Point(point) => Some(Place::new(point)),
        Interior::Empty(_) => None,
    }
}

/// A point on all sides; the sides of active units are open, and those of inactive ones closed.
fn half_open<'s>(dimension: usize, sides: impl Iterator<Item = &'s Side>, solver: Solver) -> Option<Place> {
    let mut program = Program::new(dimension).solver(solver);
    for side in sides {
        program.push_row(&side.row, if side.active { Sense::Below } else { Sense::AtMost });
    }
    match program.feasible() {
        Feasibility::Feasible { point } => Some(Place::new(point)),
        Feasibility::Infeasible { .. } => None,
    }
}
