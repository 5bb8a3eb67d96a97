//! The units of a layer as affine forms on a region of the layers below.

use crate::exact::lp::Row;
use crate::network::Stack;
use crate::network::lowered::WholeStep;
use rug::Integer;
use std::sync::Arc;

/// The hidden layers as integers.
pub(super) struct Layers {
    pub inputs: usize,
    pub hidden: Vec<Arc<WholeStep>>,
}

impl Layers {
    pub fn of(stack: &Stack) -> Self {
        Self {
            inputs: stack.inputs(),
            hidden: stack.lowered().steps[..stack.depth()].iter().map(|step| Arc::clone(step.whole())).collect(),
        }
    }

    /// The pattern just after a point in a direction; without a direction, at the point.
    ///
    /// It is a forward pass of values and of their derivatives along the direction. A unit that is 0 and stays 0 is inactive.
    pub fn pattern_after(&self, point: &(Vec<Integer>, Integer), direction: Option<&[Integer]>) -> crate::network::Pattern {
        let (mut values, mut scale) = point.clone();
        let mut slopes = direction.map_or_else(|| vec![Integer::new(); values.len()], <[Integer]>::to_vec);
        let mut bits = Vec::new();
        for layer in &self.hidden {
            let all: Vec<usize> = (0..layer.inputs).collect();
            let product = |x: &[Integer]| layer.product(&all, &x.iter().collect::<Vec<_>>());
            let (mut next, mut next_slopes) = (product(&values), product(&slopes));
            for (i, value) in next.iter_mut().enumerate() {
                *value += layer.bias(i) * &scale;
                let active = value.cmp0().then(next_slopes[i].cmp0()).is_gt();
                bits.push(active);
                if !active {
                    *value = Integer::new();
                    next_slopes[i] = Integer::new();
                }
            }
            (values, slopes) = (next, next_slopes);
            scale *= &layer.factor;
        }
        bits.into_iter().collect()
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

/// The forms of all units of a layer, for one pattern of the layers below.
pub(super) struct Forms {
    /// The coefficients of the inputs and then the constant, over a common positive scale.
    forms: Vec<Vec<Integer>>,
    scale: Integer,
    pub units: Vec<UnitForm>,
}

impl Forms {
    /// The forms of the first layer.
    pub fn first(layers: &Layers) -> Self {
        let d = layers.inputs;
        let coordinate = |j: usize| (0..=d).map(|k| Integer::from(u8::from(j == k))).collect();
        let inputs = Self { forms: (0..d).map(coordinate).collect(), scale: Integer::from(1), units: Vec::new() };
        let all: Vec<usize> = (0..d).collect();
        inputs.next(d, &layers.hidden[0], &all)
    }

    /// The forms of the next layer, if the given inputs of it are active and the others are 0.
    pub fn next(&self, d: usize, layer: &WholeStep, active: &[usize]) -> Self {
        let column = |k: usize| {
            let mut column = layer.product(active, &active.iter().map(|&j| &self.forms[j][k]).collect::<Vec<_>>());
            if k == d {
                column.iter_mut().enumerate().for_each(|(i, sum)| *sum += layer.bias(i) * &self.scale);
            }
            column
        };
        let mut columns: Vec<Vec<Integer>> = (0..=d).map(column).collect();
        let take = |i: usize, columns: &mut [Vec<Integer>]| columns.iter_mut().map(|column| std::mem::take(&mut column[i])).collect();
        let forms: Vec<Vec<Integer>> = (0..layer.outputs).map(|i| take(i, &mut columns)).collect();
        let units = forms.iter().map(|form| UnitForm::of(form)).collect();
        Self { forms, scale: Integer::from(&self.scale * &layer.factor), units }
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
