//! The data that are computed once for a network: weights laid out for products, norms, and units with equal hyperplanes.

use super::bits::is_set;
use crate::exact::aligned::Aligned;
use crate::exact::bound::{self, round_up};
use crate::exact::product::{Packed, TILE};
use crate::network::hyperplanes::{Member, Proportional, Rows, is_constant, is_zero};
use crate::network::{Layer, Stack};

/// A unit whose (w, b) is a multiple of that of another unit of its layer, and whether the factor is negative.
#[derive(Clone, Copy, Debug)]
pub(super) struct Duplicate {
    pub unit: u32,
    pub opposite: bool,
}

/// The sizes from which on the methods for large networks are used. For smaller ones they cost more than they save.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thresholds {
    /// The number of units from which on a layer is walked in blocks.
    pub wide: usize,
    /// The number of weights from which on forms are first computed in double-double arithmetic.
    pub double_double: usize,
    /// The number of layers from which on they are too, because the integers are long.
    pub deep: usize,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { wide: 512, double_double: 1 << 17, deep: 8 }
    }
}

pub(super) struct LayerPlan {
    pub outputs: usize,
    /// The number of outputs, rounded up to whole tiles: the length of the rows below.
    pub padded: usize,
    pub packed: Packed,
    /// For each input the weights to all outputs, padded.
    pub columns: Aligned,
    /// The weights row by row, with rows of equal length, if the layer is walked in blocks: a wide layer above the second one.
    pub rows: Option<Aligned>,
    /// The weights of the first output, padded as the rows of the inputs are.
    pub first_row: Aligned,
    pub bias: Aligned,
    /// The entry for the bias that is appended to the inputs x, a power of two: W x + b = (W, b / unit) (x, unit). It is close to the size of
    /// the biases divided by that of the weights, so that no norm is much larger than the numbers; 1 in the first layer.
    pub unit: f64,
    /// An upper bound on the norm of each row of (W, b / unit), above 0.
    pub rho: Aligned,
    pub rho_norm: f64,
    pub rho_max: f64,
    /// An upper bound on the spectral norm of W.
    pub sigma: f64,
    /// The rounding error of one product of this layer, relative to the norms of its factors.
    pub gamma: f64,
    /// The units whose form is not constant, one bit for each unit.
    pub varying: Vec<u64>,
    /// The units that represent themselves and their duplicates, one bit for each unit.
    pub representatives: Vec<u64>,
    /// For each unit its representative, and whether their signs are opposite.
    pub representative_of: Vec<Duplicate>,
    /// For each representative, the other units of its class.
    pub duplicates: Vec<Vec<Duplicate>>,
    pub words: usize,
    /// For each input, whether all its weights are 0.
    pub without_effect: Vec<bool>,
    /// Whether each weight or bias whose double is 0 is exactly 0.
    pub has_exact_zeros: bool,
}

pub(super) struct Plan {
    pub layers: Vec<LayerPlan>,
    /// Whether forms are first computed in double-double arithmetic.
    pub has_double_double: bool,
}

impl Plan {
    pub(super) fn new(network: &Stack, thresholds: Thresholds) -> Self {
        let hidden = network.depth();
        let in_blocks = |l: usize, layer: &Layer| l >= 2 && l < hidden && layer.outputs() >= thresholds.wide;
        let layers: Vec<_> =
            network.layers().iter().enumerate().map(|(l, layer)| LayerPlan::new(layer, l == 0, in_blocks(l, layer))).collect();
        let weights = network.layers().iter().map(|layer| layer.inputs() * layer.outputs()).sum::<usize>();
        let is_large = weights >= thresholds.double_double || layers.len() > thresholds.deep;
        let has_double_double = is_large && network.layers().iter().all(Layer::is_double);
        Self { layers, has_double_double }
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
                // The stride has an additional cache line, so that neighbouring rows do not use the same cache set.
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
            representative_of: classes.representative_of,
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

/// Whether each weight or bias whose double is 0 is exactly 0.
fn has_exact_zeros(layer: &Layer) -> bool {
    let (inputs, outputs) = (layer.inputs(), layer.outputs());
    let weight = |i: usize, j: usize| layer.weights()[(i, j)] != 0.0 || is_zero(layer, i, j);
    layer.is_double() || (0..outputs).all(|i| (layer.bias()[i] != 0.0 || layer.bias_of(i).is_zero()) && (0..inputs).all(|j| weight(i, j)))
}

/// The power of two nearest to the quotient of the largest bias and the largest weight, between 2^-300 and 2^300.
fn unit_of(layer: &Layer) -> f64 {
    let largest = |values: &[f64]| values.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    let (weight, bias) = (largest(layer.weights().as_slice()), largest(layer.bias().as_slice()));
    if weight == 0.0 { 1.0 } else { 2f64.powi((bias.log2() - weight.log2()).clamp(-300.0, 300.0).round() as i32) }
}

/// The units of a layer grouped by hyperplane: their rows (w, b) are multiples of each other.
struct Classes {
    varying: Vec<u64>,
    representatives: Vec<u64>,
    representative_of: Vec<Duplicate>,
    duplicates: Vec<Vec<Duplicate>>,
}

impl Classes {
    fn of(layer: &Layer) -> Self {
        let (outputs, words) = (layer.outputs(), layer.outputs().div_ceil(64));
        let mut classes = Self {
            varying: vec![0; words],
            representatives: vec![0; words],
            representative_of: (0..outputs).map(|i| Duplicate { unit: i as u32, opposite: false }).collect(),
            duplicates: vec![Vec::new(); outputs],
        };
        for i in 0..outputs {
            // A constant unit has the sign of its bias. If the bias is not 0 but its double is, the sign is not certain.
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
                classes.representative_of[unit] = Duplicate { unit: first.unit as u32, opposite };
                classes.duplicates[first.unit].push(Duplicate { unit: unit as u32, opposite });
            }
        }
        classes
    }
}
