//! The units of a layer as affine forms on a region of the layers below.

use super::ConvexityError;
use crate::exact::lp::Row;
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

/// The two sides of a unit's hyperplane: where the unit is positive, and where it is not.
pub(super) struct Sides {
    pub active: Arc<Row>,
    pub inactive: Arc<Row>,
}

/// The form of a unit on a region of the layers below.
pub(super) enum UnitForm {
    /// It is constant, and the unit is active or not.
    Fixed(bool),
    /// It is not constant.
    Varies(Sides),
}

/// The forms of all results of a step, for one pattern of the steps below.
pub(super) struct Forms {
    /// The coefficients of the inputs and then the constant, over a common positive scale.
    forms: Vec<Vec<Integer>>,
    scale: Integer,
    pub units: Vec<UnitForm>,
}

impl Forms {
    /// The forms of the first step; `None` if there are no units.
    pub fn first(layers: &Layers) -> Option<Self> {
        let d = layers.inputs();
        let coordinate = |j: usize| (0..=d).map(|k| Integer::from(u8::from(j == k))).collect();
        let inputs = Self { forms: (0..d).map(coordinate).collect(), scale: Integer::from(1), units: Vec::new() };
        Some(inputs.next(d, layers.steps.first()?, &[]))
    }

    /// The forms of the next step. Units of this step that are not in `active` are 0 there.
    pub fn next(&self, d: usize, step: &WholeStep, active: &[usize]) -> Self {
        let inputs: Vec<usize> = active.iter().copied().chain(self.units.len()..self.forms.len()).collect();
        let column = |k: usize| {
            let mut column = step.product(&inputs, &inputs.iter().map(|&j| &self.forms[j][k]).collect::<Vec<_>>());
            if k == d {
                column.iter_mut().enumerate().for_each(|(i, sum)| *sum += step.bias(i) * &self.scale);
            }
            column
        };
        let mut columns: Vec<Vec<Integer>> = (0..=d).map(column).collect();
        let take = |i: usize, columns: &mut [Vec<Integer>]| columns.iter_mut().map(|column| std::mem::take(&mut column[i])).collect();
        let forms: Vec<Vec<Integer>> = (0..step.outputs).map(|i| take(i, &mut columns)).collect();
        let units = forms[..step.units].iter().map(|form| UnitForm::of(form)).collect();
        Self { forms, scale: Integer::from(&self.scale * &step.factor), units }
    }
}

impl UnitForm {
    fn of(form: &[Integer]) -> Self {
        let (constant, slopes) = form.split_last().expect("a form has a constant");
        if slopes.iter().all(Integer::is_zero) {
            return Self::Fixed(constant.cmp0().is_gt());
        }
        // z <= 0 is a.x <= -c, and z > 0 is -a.x < c.
        let right = Integer::from(-constant);
        let inactive = Row::of_integers(slopes.iter().cloned().chain([right]).collect());
        Self::Varies(Sides { active: Arc::new(inactive.opposite()), inactive: Arc::new(inactive) })
    }
}
