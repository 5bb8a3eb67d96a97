//! The pieces of the output: whether neighbouring regions have the same output function.

use super::{Escalate, Flip, LayerPlan, Mark, Place, Plan, Walk};
use crate::exact::bound::round_up;
use crate::exact::lanes::Lanes;

/// The largest number of inputs for which a plain sum in 32 parts is not deeper than a product.
const SHORT: usize = 4096;

/// Counts the pieces by the slopes of the first output alone. If these do not decide all boundaries, it uses the slopes of all outputs.
#[inline(always)]
pub(super) fn pieces_in<L: Lanes>(walk: &mut Walk, plan: &Plan, walked: usize, certify: bool, escalate: &mut dyn Escalate) -> usize {
    let l = plan.layers.len() - 1;
    if l == 0 {
        return 1;
    }
    let scalar = match certify {
        true if walked > l || walk.bound_errors(plan, l, 0.0).is_ok() => walk.layers[l].slope_error,
        true => f64::INFINITY,
        false => 0.0,
    };
    let order = std::mem::take(&mut walk.layers[l].order);
    let state = &walk.layers[l];
    let error_in = |k: usize| if scalar.is_finite() { state.slope_error_in(k, scalar) } else { scalar };
    let errors: Vec<f64> = (0..order.len() - 1).map(error_in).collect();
    let pieces = match pieces_by_first_output::<L>(walk, &plan.layers[l], l, &order, &errors) {
        Some(pieces) => pieces,
        // This is no closure, because a closure would not be compiled with the instructions of the product.
        None => {
            if walked <= l {
                walk.start_layer::<L>(plan, l);
            }
            pieces_by_all_outputs(walk, &plan.layers[l], l, &order, &errors, certify, escalate)
        }
    };
    walk.layers[l].order = order;
    pieces
}

/// Whether the output is another function after a mark at which a single unit of the last hidden layer flips. The output changes by the
/// weights of that unit times its form, which is not 0.
fn single_flip(plan: &LayerPlan, l: usize, mark: &Mark, flips: &[Flip]) -> Option<bool> {
    match flips[mark.flips.0 as usize..mark.flips.1 as usize] {
        [flip] if mark.layer as usize + 1 == l => Some(!plan.without_effect[flip.unit as usize]),
        _ => None,
    }
}

#[inline(always)]
fn pieces_by_first_output<L: Lanes>(walk: &mut Walk, plan: &LayerPlan, l: usize, order: &[u32], errors: &[f64]) -> Option<usize> {
    let stride = walk.layers[l - 1].width;
    if stride > SHORT {
        return None;
    }
    let weights = plan.first_row.as_chunks::<8>().0;
    let (mut pieces, mut parent, mut slope) = (1, 0, 0.0);
    for (k, &mark) in order[..order.len() - 1].iter().enumerate() {
        let mark = &walk.marks[mark as usize];
        let old = slope;
        if k > 0 && mark.layer as usize + 1 == l {
            for flip in &walk.flips[mark.flips.0 as usize..mark.flips.1 as usize] {
                slope += flip.slope_change * plan.first_row[flip.unit as usize];
            }
        } else {
            let row = walk.rows[parent * stride..][..stride].as_chunks::<8>().0;
            let mut sums = [L::splat(0.0); 4];
            for (i, (x, w)) in row.iter().zip(weights).enumerate() {
                sums[i % 4] = L::load(x).mul_add(L::load(w), sums[i % 4]);
            }
            slope = sums[0].add(sums[1]).add(sums[2].add(sums[3])).sum();
            parent += 1;
        }
        if k > 0 {
            let differ = match single_flip(plan, l, mark, &walk.flips) {
                Some(differ) => differ,
                None if (slope - old).abs() > plan.rho[0] * round_up(errors[k - 1] + errors[k]) => true,
                None => return None,
            };
            pieces += usize::from(differ);
        }
    }
    walk.filtered += order.len() as u64 - 2;
    Some(pieces)
}

#[cold]
#[inline(never)]
fn pieces_by_all_outputs(
    walk: &mut Walk,
    plan: &LayerPlan,
    l: usize,
    order: &[u32],
    errors: &[f64],
    certify: bool,
    escalate: &mut dyn Escalate,
) -> usize {
    let n = plan.outputs;
    let mut slopes = walk.fresh[..n].to_vec();
    let mut old = slopes.clone();
    let (mut pieces, mut parent) = (1, 1);
    for (k, &mark) in order.iter().enumerate().take(order.len() - 1).skip(1) {
        let mark = walk.marks[mark as usize];
        old.copy_from_slice(&slopes);
        if mark.layer as usize + 1 == l {
            for flip in &walk.flips[mark.flips.0 as usize..mark.flips.1 as usize] {
                for (slope, w) in slopes.iter_mut().zip(plan.column(flip.unit as usize)) {
                    *slope += flip.slope_change * w;
                }
            }
        } else {
            slopes.copy_from_slice(&walk.fresh[parent * plan.padded..][..n]);
            parent += 1;
        }
        let error = round_up(errors[k - 1] + errors[k]);
        let certain = || (0..n).any(|i| (slopes[i] - old[i]).abs() > plan.rho[i] * error);
        let differ = match single_flip(plan, l, &mark, &walk.flips) {
            Some(differ) => differ,
            None if certain() => true,
            None if !certify => false,
            None => escalate.outputs_differ(walk, Place { layer: l, k, order }),
        };
        walk.filtered += 1;
        pieces += usize::from(differ);
    }
    pieces
}
