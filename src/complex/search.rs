//! The search for cells: step by step, every face is cut by the units that change sign on it.

use super::build::{Builder, Progress};
use super::cells::Complex;
use super::cut::{Cut, cut};
use super::domain::{Domain, Polytope};
use super::error::ComplexError;
use super::essential::Essential;
use super::memory::{Memory, of_candidates, of_merging, of_search};
use super::parts::{Limit, Limits};
use super::signs::Signs;
use super::slice::Plane;
use super::topology::Topology;
use crate::network::lowered::Lowered;
use std::sync::Arc;

/// A domain that has been cut by the first steps of a network.
pub(super) struct Search<'a> {
    builder: &'a Builder,
    domain: &'a Domain,
    polytope: Polytope,
    /// The inputs in which the domain is cut, and the steps as functions of these inputs if they are not all inputs.
    inputs: Vec<u32>,
    fewer: Option<Arc<Lowered>>,
    signs: Signs,
    topology: Topology,
    /// For each cell the bits of the units, step by step.
    patterns: Vec<u64>,
    memory: Memory,
    /// The number of steps that have cut the domain.
    done: usize,
    /// The number of hidden layers, for progress reports.
    layers: usize,
}

impl<'a> Search<'a> {
    /// A domain that has not been cut. For the whole space all steps must be known, otherwise the first ones are sufficient.
    pub(super) fn new(builder: &'a Builder, domain: &'a Domain, steps: &Arc<Lowered>, layers: usize) -> Result<Self, ComplexError> {
        let Essential { steps: essential, inputs } = domain.essential(steps)?;
        let mut polytope = domain.polytope(&essential);
        let signs = Signs::new(&essential, &polytope, builder.is_exact_only());
        let topology = std::mem::take(&mut polytope.topology);
        let memory = Memory { limit: builder.memory(), peak: 0 };
        let fewer = (inputs.len() < steps.inputs()).then_some(essential);
        Ok(Self { builder, domain, polytope, inputs, fewer, signs, topology, patterns: Vec::new(), memory, done: 0, layers })
    }

    /// Cuts by the steps that have not cut yet.
    pub(super) fn follow(&mut self, steps: &Arc<Lowered>) -> Result<(), ComplexError> {
        let steps = self.fewer.clone().unwrap_or_else(|| steps.clone());
        self.signs.follow(&steps);
        while self.done < steps.depth() {
            self.cut_by(self.done, steps.steps[self.done].layer)?;
            self.done += 1;
        }
        Ok(())
    }

    /// For each window of candidates, the elements that must be compared. The candidates are outputs of the steps so far.
    pub(super) fn candidates(&mut self, steps: &Lowered, windows: &[Vec<u32>]) -> Result<Vec<Vec<u32>>, ComplexError> {
        let layer = steps.steps[steps.depth()].layer;
        let needed = of_search(&self.topology, &self.signs, &self.patterns) + of_candidates(windows, self.signs.len());
        self.memory.check(needed, layer, self.topology.cells())?;
        Ok(self.signs.candidates(steps, windows, &self.topology))
    }

    /// Cuts all faces by the units of one step of a hidden layer.
    fn cut_by(&mut self, step: usize, layer: usize) -> Result<(), ComplexError> {
        let needed = of_search(&self.topology, &self.signs, &self.patterns) + self.signs.bytes_of(step);
        self.memory.check(needed, layer, self.topology.cells())?;
        self.signs.enter(step);
        self.topology.reset_bases();
        let before = self.patterns.len() / self.topology.cells();
        for stage in 0..self.signs.stages() {
            self.signs.begin_stage(stage);
            let (limit, cells) = (self.memory.limit, self.topology.cells());
            let of_patterns = size_of_val(&self.patterns[..]) as u64;
            let excess = |excess| match excess {
                Limit::Cells => ComplexError::TooManyRegions { limit: self.builder.limit(), layer },
                Limit::Faces => ComplexError::TooManyFaces { layer },
                Limit::Memory(bytes) => ComplexError::TooMuchMemory { limit, needed: bytes + of_patterns, layer, cells },
                Limit::Stopped => ComplexError::Stopped,
            };
            let words = self.patterns.len() / cells;
            let limits = Limits { cells: self.builder.limit(), bytes: limit.saturating_sub(of_patterns), stop: self.builder.stop() };
            let Cut { topology, parents, patterns: bits, bytes } = cut(&self.topology, &mut self.signs, limits).map_err(excess)?;
            self.memory.check(bytes + of_patterns, layer, cells)?;
            self.signs.end_stage();
            let mut longer = Vec::with_capacity(bits.len() * (words + 1));
            for (&parent, bits) in parents.iter().zip(bits) {
                longer.extend_from_slice(&self.patterns[parent as usize * words..][..words]);
                longer.push(bits);
            }
            (self.patterns, self.topology) = (longer, topology);
            self.report(layer);
        }
        self.patterns = self.signs.bits_of_all(std::mem::take(&mut self.patterns), before, self.topology.cells());
        self.report(layer);
        Ok(())
    }

    /// The complex, after all steps.
    pub(super) fn finish(mut self, steps: Arc<Lowered>, plane: Option<&Plane>) -> Result<Complex, ComplexError> {
        self.follow(&steps)?;
        let last = steps.hidden.len().saturating_sub(1);
        if steps.cut_further() {
            let needed = of_search(&self.topology, &self.signs, &self.patterns) + of_merging(&self.topology.levels);
            self.memory.check(needed, last, self.topology.cells())?;
        }
        // Layers with only constants have no step.
        let cut = steps.steps[..steps.depth()].last().map_or(0, |step| step.layer + 1);
        if cut < steps.hidden.len() {
            self.report(last);
        }
        let Self { domain, polytope, inputs, signs, topology, patterns, memory, .. } = self;
        Ok(Complex::new((steps, inputs), domain.clone(), plane.cloned(), topology, &polytope, signs, patterns).allowed(memory.limit))
    }

    fn report(&self, layer: usize) {
        let (cells, memory) = (self.topology.cells(), self.memory.peak);
        self.builder.report(Progress { layers: layer + 1, all_layers: self.layers, cells, memory });
    }
}
