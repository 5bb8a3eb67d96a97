//! The units of a layer as affine forms on a region of the layers below.

use super::layers::Layers;
use crate::exact::lp::Row;
use crate::network::lowered::WholeStep;
use rug::Integer;
use std::sync::Arc;

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
