//! The essential part of the whole space, which has as many inputs as the rank of the first layer. Along all other directions no unit
//! changes.
//!
//! With d inputs and rank r, the columns of some r inputs span all columns. Every point is the sum of a point at which the other inputs are
//! 0, and a vector on which the units do not depend. So every cell is a cell of the network of these r inputs times a space of dimension
//! d - r (proofs/complex.md, section 4).

use crate::exact::Coefficient;
use crate::network::lowered::{Form, Lowered, Step};
use rug::Rational;
use std::sync::Arc;

/// A network as a function of some of its inputs; the others are 0.
pub(super) struct Essential {
    pub steps: Arc<Lowered>,
    /// The remaining inputs, in order.
    pub inputs: Vec<u32>,
}

impl Essential {
    /// The network as a function of all inputs.
    pub(super) fn all(steps: &Arc<Lowered>) -> Self {
        Self { steps: steps.clone(), inputs: (0..steps.inputs() as u32).collect() }
    }

    /// The essential part for all units that cut; `None` if it has more than `most` inputs.
    pub(super) fn of(steps: &Arc<Lowered>, most: usize) -> Option<Self> {
        let inputs = spanning_inputs(steps, most)?;
        if inputs.len() == steps.inputs() {
            return Some(Self::all(steps));
        }
        let mut fewer = Lowered::clone(steps);
        let first = &steps.steps[0];
        let forms = (0..first.outputs()).map(|i| first.form(i).restricted(&inputs)).collect();
        fewer.steps[0] = Arc::new(Step::of_forms(inputs.len(), forms, first.units, first.layer));
        Some(Self { steps: Arc::new(fewer), inputs })
    }
}

/// Inputs whose columns in the first step are a basis of all columns, restricted to the rows on which units depend; a single input if there
/// are no such rows. `None` if there are more than `most`.
///
/// The elimination goes row by row and ends as soon as there are too many: O(n d r) products for n rows of rank r.
fn spanning_inputs(steps: &Lowered, most: usize) -> Option<Vec<u32>> {
    let (first, d) = (&steps.steps[0], steps.inputs());
    // The rows have 1 at their own pivot and 0 at all others.
    let mut basis: Vec<(usize, Vec<Rational>)> = Vec::new();
    for i in rows_that_cut(steps) {
        if basis.len() == d {
            break;
        }
        let mut row = vec![Rational::new(); d];
        first.form(i).terms.into_iter().for_each(|(j, x)| row[j as usize] = x.to_rational());
        for (pivot, of_pivot) in &basis {
            subtract(&mut row, of_pivot, *pivot);
        }
        // Any nonzero entry can be the pivot; a large one keeps numbers small.
        let Some(pivot) = (0..d).filter(|&j| !row[j].is_zero()).max_by(|&j, &k| row[j].cmp_abs(&row[k]).then(k.cmp(&j))) else { continue };
        if basis.len() == most {
            return None;
        }
        let leading = row[pivot].clone();
        row.iter_mut().filter(|x| !x.is_zero()).for_each(|x| *x /= &leading);
        basis.iter_mut().for_each(|(_, other)| subtract(other, &row, pivot));
        basis.push((pivot, row));
    }
    let mut inputs: Vec<u32> = basis.into_iter().map(|(pivot, _)| pivot as u32).collect();
    if inputs.is_empty() {
        inputs.push(0);
    }
    inputs.sort_unstable();
    Some(inputs)
}

/// Subtracts a multiple of another row, so that the entry at the pivot of that row is 0.
fn subtract(row: &mut [Rational], other: &[Rational], pivot: usize) {
    let factor = row[pivot].clone();
    if !factor.is_zero() {
        row.iter_mut().zip(other).filter(|(_, y)| !y.is_zero()).for_each(|(x, y)| *x -= Rational::from(&factor * y));
    }
}

/// The results of the first step that cut, or on which units of later steps depend.
fn rows_that_cut(steps: &Lowered) -> Vec<usize> {
    let below = &steps.steps[..steps.depth()];
    let mut carried_needed = vec![false; below.last().map_or(0, |step| step.outputs())];
    for pair in below.windows(2).rev() {
        let [step, above] = pair else { unreachable!("windows of two") };
        let mut needed = vec![false; step.outputs()];
        if step.units < step.outputs() {
            for i in (0..above.outputs()).filter(|&i| i < above.units || carried_needed[i]) {
                above.for_entries(i, |_, j| needed[j] = true);
            }
        }
        carried_needed = needed;
    }
    let first = &steps.steps[0];
    (0..carried_needed.len()).filter(|&i| i < first.units || carried_needed[i]).collect()
}

impl Form {
    /// The form restricted to some columns; the others are 0.
    fn restricted(self, columns: &[u32]) -> Self {
        let place = |(column, x): (u32, Coefficient)| columns.binary_search(&column).ok().map(|place| (place as u32, x));
        Self { terms: self.terms.into_iter().filter_map(place).collect(), constant: self.constant }
    }
}
