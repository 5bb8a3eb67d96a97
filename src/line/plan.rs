//! What is computed once for a network: weights laid out for products, norms, and units that share their hyperplane.

use crate::exact::aligned::Aligned;
use crate::exact::bound::{self, round_up};
use crate::exact::product::{Packed, TILE};
use crate::network::whole::WholeLayer;
use crate::network::{Layer, Network};
use std::collections::HashMap;
use std::sync::OnceLock;

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
    /// Forms that depend on so many weights are first computed in doubled precision.
    pub doubled: usize,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { wide: 512, doubled: 1 << 17 }
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
    /// A bound of the norm of each row of (W, b), above 0.
    pub rho: Aligned,
    pub rho_norm: f64,
    pub rho_max: f64,
    /// A bound of the spectral norm of W.
    pub sigma: f64,
    /// The rounding of one product of this layer, relative to the norms of its factors.
    pub gamma: f64,
    /// One bit a unit whose form is not constant.
    pub varying: Vec<u64>,
    /// One bit a unit that stands for itself and its twins.
    pub leaders: Vec<u64>,
    /// For each unit its leader, and whether it is opposite to it.
    pub leader_of: Vec<Twin>,
    /// The other units of a leader's class.
    pub twins: Vec<Vec<Twin>>,
    pub words: usize,
    /// Whether the doubles above are the weights, and not only near them.
    pub dyadic: bool,
    /// For each input: whether all its weights are 0.
    pub silent: Vec<bool>,
    whole: OnceLock<WholeLayer>,
}

pub(super) struct Plan {
    pub layers: Vec<LayerPlan>,
    thresholds: Thresholds,
}

impl Plan {
    pub(super) fn new(network: &Network, thresholds: Thresholds) -> Self {
        let hidden = network.depth();
        let in_blocks = |l: usize, layer: &Layer| l >= 2 && l < hidden && layer.outputs() >= thresholds.wide;
        let layers = network.layers().iter().enumerate().map(|(l, layer)| LayerPlan::new(layer, in_blocks(l, layer))).collect();
        Self { layers, thresholds }
    }

    /// Whether the forms of a layer are first computed in doubled precision.
    pub(super) fn has_doubled(&self, layer: usize) -> bool {
        let below = &self.layers[..=layer];
        below.iter().all(|layer| layer.dyadic)
            && below.iter().map(|layer| layer.packed.inputs() * layer.outputs).sum::<usize>() >= self.thresholds.doubled
    }

    /// The layers as integers, made at the first escalation.
    pub(super) fn whole(&self, network: &Network) -> Vec<&WholeLayer> {
        self.layers.iter().zip(network.layers()).map(|(plan, layer)| plan.whole.get_or_init(|| WholeLayer::new(layer))).collect()
    }
}

impl LayerPlan {
    fn new(layer: &Layer, in_blocks: bool) -> Self {
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
        let rho = pad(&mut (0..outputs).map(|i| {
            let row = w.row(i).iter().map(|x| x * x).sum::<f64>() + bias[i] * bias[i];
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
            rho,
            rho_norm,
            rho_max,
            sigma: bound::spectral_norm(w).min(rho_norm),
            gamma: bound::product(inputs),
            varying: classes.varying,
            leaders: classes.leaders,
            leader_of: classes.leader_of,
            twins: classes.twins,
            words: outputs.div_ceil(64),
            dyadic: layer.is_dyadic(),
            silent: (0..inputs).map(|j| (0..outputs).all(|i| is_zero(layer, i, j))).collect(),
            whole: OnceLock::new(),
        }
    }

    pub(super) fn column(&self, input: usize) -> &[f64] {
        &self.columns[input * self.padded..][..self.padded]
    }
}

/// Units of a layer grouped by hyperplane: rows (w, b) that are multiples of each other.
struct Classes {
    varying: Vec<u64>,
    leaders: Vec<u64>,
    leader_of: Vec<Twin>,
    twins: Vec<Vec<Twin>>,
}

impl Classes {
    fn of(layer: &Layer) -> Self {
        let (outputs, words) = (layer.outputs(), layer.outputs().div_ceil(64));
        let mut classes = Self {
            varying: vec![0; words],
            leaders: vec![0; words],
            leader_of: (0..outputs).map(|i| Twin { unit: i as u32, opposite: false }).collect(),
            twins: vec![Vec::new(); outputs],
        };
        // Multiples of a row have equal quotients by their first non-zero weight, also when the quotients are rounded.
        let mut alike: HashMap<Vec<u64>, Vec<usize>> = HashMap::new();
        for i in 0..outputs {
            let weights = layer.weights().row(i);
            // A constant unit has the sign of its bias, unless the bias is too small for a double: then it is not certain.
            let constant = (0..layer.inputs()).all(|j| is_zero(layer, i, j));
            if constant && layer.bias_of(i).is_zero() == (layer.bias()[i] == 0.0) {
                continue;
            }
            classes.varying[i / 64] |= 1 << (i % 64);
            let first = weights.iter().copied().find(|&x| x != 0.0).unwrap_or(1.0);
            // A quotient that over- or underflows only makes the key coarser or finer: see the exact test below.
            let key = weights.iter().chain([&layer.bias()[i]]).map(|x| (x / first + 0.0).to_bits()).collect();
            let candidates = alike.entry(key).or_default();
            let leader = candidates.iter().find_map(|&k| multiple(layer, k, i).map(|opposite| (k, opposite)));
            match leader {
                Some((k, opposite)) => {
                    classes.leader_of[i] = Twin { unit: k as u32, opposite };
                    classes.twins[k].push(Twin { unit: i as u32, opposite });
                }
                None => {
                    candidates.push(i);
                    classes.leaders[i / 64] |= 1 << (i % 64);
                }
            }
        }
        classes
    }
}

fn is_zero(layer: &Layer, i: usize, j: usize) -> bool {
    layer.weights()[(i, j)] == 0.0 && (layer.is_dyadic() || layer.weight(i, j).is_zero())
}

/// Whether row i is exactly a multiple of row k, and then whether a negative one.
fn multiple(layer: &Layer, k: usize, i: usize) -> Option<bool> {
    let row = |i: usize| (0..layer.inputs()).map(move |j| layer.weight(i, j)).chain([layer.bias_of(i)]);
    let (x, y) = row(k).zip(row(i)).find(|(x, y)| !x.is_zero() || !y.is_zero())?;
    if x.is_zero() || y.is_zero() {
        return None;
    }
    let factor = y / x;
    row(k).zip(row(i)).all(|(x, y)| x * &factor == y).then(|| factor < 0)
}
