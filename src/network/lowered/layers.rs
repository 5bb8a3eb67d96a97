//! The layers of a stack with integer coefficients, for exact forms along segments.

use super::{Lowered, WholeLayer, WholeStep};
use crate::exact::evaluator::{Rows, Size, Weight};
use rug::Integer;
use std::sync::Arc;

/// The layers of a stack with integer coefficients. Layer l is node l + 1. A state is the patterns of the layers, each in words of 64 bits.
#[derive(Debug)]
pub(crate) struct WholeStack {
    steps: Vec<Arc<WholeStep>>,
    /// For each layer, the product of the factors of the layers below.
    scales: Vec<Integer>,
}

impl WholeStack {
    pub(crate) fn new(lowered: &Lowered) -> Self {
        let steps: Vec<Arc<WholeStep>> = lowered.steps.iter().map(|step| Arc::clone(step.whole())).collect();
        let scales = steps.iter().scan(Integer::from(1), |scale, step| {
            let next = Integer::from(&*scale * &step.factor);
            Some(std::mem::replace(scale, next))
        });
        Self { scales: scales.collect(), steps }
    }

    pub(crate) fn layer(&self, layer: usize) -> &WholeLayer {
        self.steps[layer].layer().expect("the steps of a stack are dense")
    }
}

impl Rows for WholeStack {
    type State = [Vec<u64>];

    fn nodes(&self) -> usize {
        self.steps.len() + 1
    }

    fn size(&self, node: usize) -> Size<'_> {
        let layer = self.layer(node - 1);
        Size { len: layer.outputs, bits: layer.bits, terms: layer.inputs, scale: &self.scales[node - 1] }
    }

    fn for_nodes_below(&self, node: usize, mut visit: impl FnMut(usize)) {
        visit(node - 1);
    }

    #[inline]
    fn for_terms<'a>(&'a self, node: usize, unit: usize, below: &[Vec<u64>], mut visit: impl FnMut(usize, usize, Weight<'a>)) {
        let layer = self.layer(node - 1);
        let row = unit * layer.inputs;
        if node == 1 {
            for j in 0..layer.inputs {
                visit(0, j, layer.weights.weight(row + j));
            }
            return;
        }
        for (w, &word) in below[node - 2].iter().enumerate() {
            let mut rest = word;
            while rest != 0 {
                let j = 64 * w + rest.trailing_zeros() as usize;
                visit(node - 1, j, layer.weights.weight(row + j));
                rest &= rest - 1;
            }
        }
    }

    fn constant(&self, node: usize, unit: usize, _: &[Vec<u64>]) -> Weight<'_> {
        self.layer(node - 1).bias.weight(unit)
    }
}
