//! Forms along one segment in double-double arithmetic: a forward pass of two rows, slopes and values at the start, over the active units.

use super::bits::set_bits;
use super::plan::{LayerPlan, Plan};
use crate::data::Points;
use crate::exact::Instructions;
use crate::exact::aligned::Aligned;
use crate::exact::bound::{U, round_up};
use crate::exact::double_double::{DoubleDouble, DoubleDoubleForm, DoubleDoubleRows, double_double_product, multiply_tiles};
use crate::exact::product::TILE;

/// The forms along one segment. They are computed when they are first used, and kept while the pattern of the layers below is the same.
#[derive(Debug)]
pub(super) struct DoubleDoubleForms {
    instructions: Instructions,
    /// The inputs of the layers, as far as they have been computed.
    layers: Vec<Input>,
    /// For each of these layers, the pattern for which its input was computed.
    below: Vec<Vec<u64>>,
    /// All forms of the first layer, which depend on no pattern.
    first: [Aligned; 4],
    out: [Aligned; 4],
    /// The layer whose forms are in `out` for the present pattern, and its tiles that are there.
    held: Option<usize>,
    done: Vec<bool>,
    tiles: Vec<usize>,
}

/// The inputs of a layer.
#[derive(Debug, Default)]
struct Input {
    rows: DoubleDoubleRows,
    /// An upper bound on the norms of (b, unit of the layer) and of a.
    norm: f64,
    /// An upper bound on the norm of the error of either row.
    error: f64,
}

impl DoubleDoubleForms {
    /// The forms along the segment from a row of one set of points to a row of another.
    pub(super) fn new(instructions: Instructions, from: (&Points, usize), to: (&Points, usize)) -> Self {
        let norm = from.0.norm_with_one(from.1).max(to.0.norm_with_one(to.1));
        let dimension = from.0.dimension();
        let part = |j: usize| {
            let (b, end) = (from.0.double_double(from.1, j), to.0.double_double(to.1, j));
            let a = end.minus(b);
            [b.hi, b.lo, a.hi, a.lo]
        };
        let rows = DoubleDoubleRows { inputs: (0..dimension as u32).collect(), parts: (0..dimension).map(part).collect() };
        // The relative error of a coordinate is at most 2 u^2, and that of a difference 4 u^2 more; the rest covers underflow.
        let input = Input { rows, norm: 2.0 * norm, error: round_up(16.0 * U * U * norm) };
        Self {
            instructions,
            layers: vec![input],
            below: Vec::new(),
            first: Default::default(),
            out: Default::default(),
            held: None,
            done: Vec::new(),
            tiles: Vec::new(),
        }
    }

    /// The form of a unit for the patterns `below` of the layers below, as words of 64 bits. The weights must be doubles.
    pub(super) fn form(&mut self, plan: &Plan, layer: usize, unit: usize, below: &[Vec<u64>]) -> DoubleDoubleForm {
        let same = self.below.iter().zip(below).take_while(|(old, new)| old == new).count();
        if same < below.len() {
            self.below.truncate(same);
            self.layers.truncate(same + 1);
            self.held = None;
        }
        while self.layers.len() <= layer {
            let l = self.layers.len() - 1;
            self.held = None;
            let input = self.next(&plan.layers[l], plan.layers[l + 1].unit, &below[l]);
            self.layers.push(input);
            self.below.push(below[l].clone());
        }
        let this = &plan.layers[layer];
        let is_first = layer == 0 && !self.first[0].is_empty();
        if is_first {
            return self.read(&self.first, this, layer, unit);
        }
        if self.held != Some(layer) {
            self.held = Some(layer);
            self.done.clear();
            self.done.resize(this.padded / TILE, false);
        }
        if !std::mem::replace(&mut self.done[unit / TILE], true) {
            self.tiles.clear();
            self.tiles.push(unit / TILE);
            self.multiply(this, layer);
        }
        self.read(&self.out, this, layer, unit)
    }

    fn read(&self, out: &[Aligned; 4], this: &LayerPlan, layer: usize, unit: usize) -> DoubleDoubleForm {
        let [b, lower_b, a, lower_a] = [0, 1, 2, 3].map(|part| out[part][unit]);
        let (b, a) = (DoubleDouble { hi: b, lo: lower_b }, DoubleDouble { hi: a, lo: lower_a });
        DoubleDoubleForm { b, a, error: round_up(this.rho[unit] * self.local_error(this, layer)) }
    }

    /// The active outputs of the last computed layer, which are the inputs of the next one; `unit` is that of the next layer.
    fn next(&mut self, this: &LayerPlan, unit: f64, pattern: &[u64]) -> Input {
        let l = self.layers.len() - 1;
        let inputs: Vec<u32> = set_bits(pattern).collect();
        self.tiles.clear();
        if l > 0 {
            self.tiles.extend(inputs.iter().map(|&i| i as usize / TILE));
            self.tiles.dedup();
            self.multiply(this, l);
        } else if self.first[0].is_empty() {
            self.tiles.extend(0..this.padded / TILE);
            self.multiply(this, l);
            std::mem::swap(&mut self.first, &mut self.out);
        }
        let out = if l > 0 { &self.out } else { &self.first };
        let parts: Vec<[f64; 4]> = inputs.iter().map(|&i| [0, 1, 2, 3].map(|part| out[part][i as usize])).collect();
        let square = |part: usize| parts.iter().map(|x| x[part] * x[part]).sum::<f64>();
        let input = &self.layers[l];
        Input {
            norm: round_up((unit * unit + square(0).max(square(2))).sqrt()),
            error: round_up(this.rho_norm * double_double_product(this.packed.inputs()) * input.norm + this.sigma * input.error),
            rows: DoubleDoubleRows { inputs, parts },
        }
    }

    /// The error of the forms of layer l, relative to the norms of the rows of its weights.
    fn local_error(&self, this: &LayerPlan, l: usize) -> f64 {
        round_up(double_double_product(this.packed.inputs()) * self.layers[l].norm + self.layers[l].error)
    }

    fn multiply(&mut self, this: &LayerPlan, l: usize) {
        for out in &mut self.out {
            out.at_least(this.padded);
        }
        multiply_tiles(self.instructions, &self.layers[l].rows, &this.packed, &this.bias, &self.tiles, &mut self.out);
    }
}
