//! What is computed once for a network: weights laid out for products, norms, and units that share their hyperplane.

use super::bits::is_set;
use crate::exact::aligned::Aligned;
use crate::exact::bound::{self, round_up};
use crate::exact::product::{Packed, TILE};
use crate::network::hyperplanes::{Member, Proportional, Rows, is_constant, is_zero};
use crate::network::{Layer, Stack};

/// A unit whose form is `factor` > 0 or < 0 times that of another unit of its layer, whatever the input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Twin {
    pub unit: u32,
    pub opposite: bool,
}

/// From which sizes on the means for large networks are used; below, they cost more than they save.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thresholds {
    /// Layers of so many units are walked in blocks.
    pub wide: usize,
    /// Networks of so many weights have their forms computed in doubled precision first.
    pub doubled: usize,
    /// And networks of more layers than that: their integers are long.
    pub deep: usize,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { wide: 512, doubled: 1 << 17, deep: 8 }
    }
}

pub(super) struct LayerPlan {
    pub outputs: usize,
    /// The outputs rounded up to whole tiles: the length of every row below.
    pub padded: usize,
    pub packed: Packed,
    /// For each input the weights to all outputs, padded.
    pub columns: Aligned,
    /// The weights row by row, rows of one length, where the layer is walked in blocks: a wide layer above the second.
    pub rows: Option<Aligned>,
    /// The weights of the first output, padded like the inputs' rows.
    pub first_row: Aligned,
    pub bias: Aligned,
    /// What stands beside the inputs x for the bias, a power of two: W x + b = (W, b / unit) (x, unit). Near the size of the biases over that of the
    /// weights, so that no norm is larger than the numbers are; 1 in the first layer.
    pub unit: f64,
    /// A bound of the norm of each row of (W, b / unit), above 0.
    pub rho: Aligned,
    pub rho_norm: f64,
    pub rho_max: f64,
    /// A bound of the spectral norm of W.
    pub sigma: f64,
    /// The rounding of one product of this layer, relative to the norms of its factors.
    pub gamma: f64,
    /// One bit a unit whose form is not constant.
    pub varying: Vec<u64>,
    /// One bit a unit that stands for itself and its duplicates.
    pub representatives: Vec<u64>,
    /// For each unit its leader, and whether it is opposite to it.
    pub leader_of: Vec<Twin>,
    /// The other units of a leader's class.
    pub duplicates: Vec<Vec<Twin>>,
    pub words: usize,
    /// For each input: whether all its weights are 0.
    pub without_effect: Vec<bool>,
    /// Whether each weight and bias that is 0 as a double is 0.
    pub has_exact_zeros: bool,
}

pub(super) struct Plan {
    pub layers: Vec<LayerPlan>,
    /// Whether forms are first computed in doubled precision.
    pub has_doubled: bool,
}

impl Plan {
    pub(super) fn new(network: &Stack, thresholds: Thresholds) -> Self {
        let hidden = network.depth();
        let in_blocks = |l: usize, layer: &Layer| l >= 2 && l < hidden && layer.outputs() >= thresholds.wide;
        let layers: Vec<_> =
            network.layers().iter().enumerate().map(|(l, layer)| LayerPlan::new(layer, l == 0, in_blocks(l, layer))).collect();
        let weights = network.layers().iter().map(|layer| layer.inputs() * layer.outputs()).sum::<usize>();
        let is_large = weights >= thresholds.doubled || layers.len() > thresholds.deep;
        let has_doubled = is_large && network.layers().iter().all(Layer::is_double);
        Self { layers, has_doubled }
    }
}

impl LayerPlan {
    fn new(layer: &Layer, is_first: bool, in_blocks: bool) -> Self {
        let (inputs, outputs, w) = (layer.inputs(), layer.outputs(), layer.weights());
        let packed = Packed::new(inputs, outputs, |i, j| w[(i, j)]);
        let padded = packed.padded_outputs();
        let mut columns = Aligned::zeros(inputs * padded);
        for j in 0..inputs {
            for i in 0..outputs {
                columns[j * padded + i] = w[(i, j)];
            }
        }
        let pad = |values: &mut dyn Iterator<Item = f64>| -> Aligned {
            let mut row = Aligned::zeros(padded);
            row.iter_mut().zip(values).for_each(|(to, x)| *to = x);
            row
        };
        let bias = pad(&mut layer.bias().iter().copied());
        let unit = if is_first { 1.0 } else { unit_of(layer) };
        let rho = pad(&mut (0..outputs).map(|i| {
            let bias = bias[i] / unit;
            let row = w.row(i).iter().map(|x| x * x).sum::<f64>() + bias * bias;
            round_up(row.sqrt()) + bound::TINY
        }));
        let rho_norm = round_up(rho.iter().map(|x| x * x).sum::<f64>().sqrt());
        let rho_max = rho.iter().copied().fold(0.0, f64::max);
        let classes = Classes::of(layer);
        Self {
            outputs,
            padded,
            packed,
            columns,
            rows: in_blocks.then(|| {
                // A cache line more than the weights, so that neighbouring rows do not compete for one cache set.
                let stride = inputs.next_multiple_of(8) + 8;
                let mut rows = Aligned::zeros(outputs * stride);
                for (i, row) in rows.chunks_exact_mut(stride).enumerate() {
                    row.iter_mut().zip(w.row(i).iter()).for_each(|(to, &x)| *to = x);
                }
                rows
            }),
            first_row: (0..inputs.next_multiple_of(TILE)).map(|j| if j < inputs { w[(0, j)] } else { 0.0 }).collect(),
            bias,
            unit,
            rho,
            rho_norm,
            rho_max,
            sigma: bound::spectral_norm(w).min(rho_norm),
            gamma: bound::product(inputs),
            varying: classes.varying,
            representatives: classes.representatives,
            leader_of: classes.leader_of,
            duplicates: classes.duplicates,
            words: outputs.div_ceil(64),
            without_effect: (0..inputs).map(|j| (0..outputs).all(|i| is_zero(layer, i, j))).collect(),
            has_exact_zeros: has_exact_zeros(layer),
        }
    }

    pub(super) fn column(&self, input: usize) -> &[f64] {
        &self.columns[input * self.padded..][..self.padded]
    }
}

/// Whether no weight and no bias is a number too small for a double.
fn has_exact_zeros(layer: &Layer) -> bool {
    let (inputs, outputs) = (layer.inputs(), layer.outputs());
    let weight = |i: usize, j: usize| layer.weights()[(i, j)] != 0.0 || is_zero(layer, i, j);
    layer.is_double() || (0..outputs).all(|i| (layer.bias()[i] != 0.0 || layer.bias_of(i).is_zero()) && (0..inputs).all(|j| weight(i, j)))
}

/// The power of two nearest to the largest bias over the largest weight, between 2^-300 and 2^300.
fn unit_of(layer: &Layer) -> f64 {
    let largest = |values: &[f64]| values.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    let (weight, bias) = (largest(layer.weights().as_slice()), largest(layer.bias().as_slice()));
    if weight == 0.0 { 1.0 } else { 2f64.powi((bias.log2() - weight.log2()).clamp(-300.0, 300.0).round() as i32) }
}

/// Units of a layer grouped by hyperplane: rows (w, b) that are multiples of each other.
struct Classes {
    varying: Vec<u64>,
    representatives: Vec<u64>,
    leader_of: Vec<Twin>,
    duplicates: Vec<Vec<Twin>>,
}

impl Classes {
    fn of(layer: &Layer) -> Self {
        let (outputs, words) = (layer.outputs(), layer.outputs().div_ceil(64));
        let mut classes = Self {
            varying: vec![0; words],
            representatives: vec![0; words],
            leader_of: (0..outputs).map(|i| Twin { unit: i as u32, opposite: false }).collect(),
            duplicates: vec![Vec::new(); outputs],
        };
        for i in 0..outputs {
            // A constant unit has the sign of its bias, unless the bias is too small for a double: then it is not certain.
            if is_constant(layer, i) && layer.bias_of(i).is_zero() == (layer.bias()[i] == 0.0) {
                continue;
            }
            classes.varying[i / 64] |= 1 << (i % 64);
        }
        for group in Proportional::of(layer, Rows::WeightsAndBias).groups() {
            let mut group = group.into_iter().filter(|member| is_set(&classes.varying, member.unit as u32));
            let Some(first) = group.next() else { continue };
            classes.representatives[first.unit / 64] |= 1 << (first.unit % 64);
            for Member { unit, opposite } in group {
                let opposite = opposite != first.opposite;
                classes.leader_of[unit] = Twin { unit: first.unit as u32, opposite };
                classes.duplicates[first.unit].push(Twin { unit: unit as u32, opposite });
            }
        }
        classes
    }
}
