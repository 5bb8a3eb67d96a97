//! The hidden layers as steps, and patterns from the bits of their units.

use super::ConvexityError;
use crate::network::lowered::{Lowered, STAGE, WholeStep, bytes_of_terms, lower};
use crate::network::{LayerBits, Network, Pattern, Selection};
use rug::Integer;
use std::sync::Arc;

/// The limit for the bytes of the steps of a network that is not a stack of layers.
const MOST_BYTES: u64 = bytes_of_terms(1 << 22);

/// The hidden layers as steps with integer coefficients.
pub(super) struct Layers {
    lowered: Lowered,
    /// The steps before the output. The first results of each are units; the others are carried to the next step.
    pub steps: Vec<Arc<WholeStep>>,
}

impl Layers {
    pub fn of(network: &Network) -> Result<Self, ConvexityError> {
        let units = network.units(&Selection::Hidden).expect("there are hidden layers, however few");
        let is_maximum = |layer: &usize| matches!(units.layer_bits(*layer), LayerBits::Winner(_));
        if let Some(&layer) = units.layers().iter().find(|layer| is_maximum(layer)) {
            return Err(ConvexityError::Maximum { layer });
        }
        let lowered = lower::<ConvexityError>(network, None, MOST_BYTES, None)?;
        let steps = lowered.steps[..lowered.depth()].iter().map(|step| Arc::clone(step.whole())).collect();
        Ok(Self { lowered, steps })
    }

    /// The dimension of the input space.
    pub fn inputs(&self) -> usize {
        self.lowered.inputs()
    }

    /// The number of hidden layers.
    pub fn depth(&self) -> usize {
        self.lowered.hidden.len()
    }

    /// The number of hidden units.
    pub fn units(&self) -> usize {
        self.lowered.hidden.iter().map(|layer| layer.width).sum()
    }

    /// The number of bits of the first layers.
    pub fn bits(&self, layers: usize) -> usize {
        self.lowered.hidden.iter().take(layers).map(|layer| layer.width * layer.bits.count()).sum()
    }

    /// The pattern with these bits of the units of all steps, step by step.
    pub fn pattern(&self, bits: &[bool]) -> Pattern {
        let (mut words, mut bits) = (Vec::new(), bits.iter());
        for step in &self.lowered.steps[..self.lowered.depth()] {
            let first = words.len();
            words.resize(first + step.words(), 0);
            for (unit, _) in bits.by_ref().take(step.units).enumerate().filter(|(_, active)| **active) {
                words[first + unit / STAGE] |= 1 << (unit % STAGE);
            }
        }
        self.lowered.pattern(&words)
    }

    /// The pattern just after a point in a direction; without a direction, at the point.
    ///
    /// It is a forward pass of values and of their derivatives along the direction. A unit that is 0 and stays 0 is inactive.
    pub fn pattern_after(&self, point: &(Vec<Integer>, Integer), direction: Option<&[Integer]>) -> Pattern {
        let (mut values, mut scale) = point.clone();
        let mut slopes = direction.map_or_else(|| vec![Integer::new(); values.len()], <[Integer]>::to_vec);
        let mut bits = Vec::new();
        for step in &self.steps {
            let all: Vec<usize> = (0..step.inputs).collect();
            let product = |x: &[Integer]| step.product(&all, &x.iter().collect::<Vec<_>>());
            let (mut next, next_slopes) = (product(&values), product(&slopes));
            next.iter_mut().enumerate().for_each(|(i, value)| *value += step.bias(i) * &scale);
            (values, slopes) = (next, next_slopes);
            for (value, slope) in values.iter_mut().zip(&mut slopes).take(step.units) {
                let active = value.cmp0().then(slope.cmp0()).is_gt();
                bits.push(active);
                if !active {
                    (*value, *slope) = (Integer::new(), Integer::new());
                }
            }
            scale *= &step.factor;
        }
        self.pattern(&bits)
    }
}
