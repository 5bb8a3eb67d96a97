//! The candidates of a maximum that must be compared: all except those that on every cell are certain to lose (proofs/complex.md, section
//! 7).

use super::super::scale::exponent;
use super::super::topology::Topology;
use super::Signs;
use crate::exact::Lists;
use crate::exact::bound::{TINY, round_up, sequential};
use crate::network::lowered::Lowered;
use rayon::prelude::*;

/// The number of cells or vertices in a parallel task.
const BLOCK: usize = 256;

impl Signs {
    /// For each window the positions of its candidates that may be the maximum on some cell, ascending. The outputs of `steps` are the
    /// elements, and a window lists its candidates among them.
    ///
    /// On a cell all elements are affine. A candidate does not win on the cell if some other candidate is at least as large at all of its
    /// vertices, and either precedes it or is larger at one of the vertices.
    pub(in super::super) fn candidates(&self, steps: &Lowered, windows: &[Vec<u32>], cells: &Topology) -> Vec<Vec<u32>> {
        let elements = Elements::new(self, steps);
        let sets = Sets::new(windows);
        let mut of_vertices = vec![0; sets.words * self.len()];
        let rows = of_vertices.par_chunks_mut(sets.words.max(1)).enumerate().with_min_len(BLOCK);
        rows.for_each_init(Vec::new, |values: &mut Vec<Range>, (vertex, found)| {
            values.clear();
            values.extend((0..elements.constants.len() as u32).map(|element| elements.one(self, vertex, element)));
            sets.add_certain_winners(windows, values, found);
        });
        let blocks = (0..cells.cells() as u32).into_par_iter().with_min_len(BLOCK);
        let none = || vec![0; sets.words];
        let found = blocks.fold(none, |mut found, cell| {
            sets.add_cell(windows, &cells.vertices_of(cell), &of_vertices, &mut found, |v, e| elements.one(self, v as usize, e));
            found
        });
        let union = |mut a: Vec<u64>, b: Vec<u64>| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a |= b);
            a
        };
        let found = found.reduce(none, union);
        (0..windows.len()).map(|window| sets.listed(window, &found)).collect()
    }
}

/// A number between two doubles.
type Range = [f64; 2];

/// Forms of the results of the present step in doubles, all multiplied by one power of two.
struct Elements {
    /// For each form its terms: the position of the result in the rows, and the weight.
    terms: Lists<(u32, f64)>,
    constants: Vec<f64>,
    /// Whether the constants are exact.
    is_exact: Vec<bool>,
    gamma: f64,
    /// For each vertex, as words, the results that may be nonzero; empty if there is no ReLU.
    nonzero: Vec<u64>,
    words: usize,
}

impl Elements {
    fn new(signs: &Signs, steps: &Lowered) -> Self {
        let (depth, forms) = (steps.depth(), &steps.steps[steps.depth()]);
        let below = &signs.exponents[depth];
        let mut place_of = vec![None; forms.inputs()];
        signs.kept.results.iter().zip(0..).for_each(|(&j, place)| place_of[j as usize] = Some(place));
        let mut most = i32::MIN;
        for i in 0..forms.outputs() {
            // Results that are not in the rows are 0.
            let constant = forms.rounded_row(i, |j, w| {
                if place_of[j].is_some() && w != 0.0 {
                    most = most.max(exponent(w) - below[j]);
                }
            });
            most = if constant == 0.0 { most } else { most.max(exponent(constant)) };
        }
        let scale = if most == i32::MIN { 0 } else { -most };
        let (mut terms, mut constants, mut is_exact) = (Lists::with_capacity(0), Vec::new(), Vec::new());
        for i in 0..forms.outputs() {
            forms.scaled_row(i, |j| scale - below[j], |j, w| place_of[j].into_iter().for_each(|place| terms.push((place, w))));
            terms.end_list();
            constants.push(forms.scaled_constant(i, scale));
            is_exact.push(forms.has_exact_constant(i, scale));
        }
        let nonzero = if depth == 0 { Vec::new() } else { signs.nonzero(depth - 1) };
        Self { gamma: sequential(terms.longest()), terms, constants, is_exact, words: nonzero.len() / signs.len(), nonzero }
    }

    /// The range of an element at a vertex, by the bound of section 1 for this row: R e + gamma (R s + |c|), where R is the sum over the
    /// inputs that may be nonzero.
    fn one(&self, signs: &Signs, vertex: usize, element: u32) -> Range {
        let (row, nonzero) = (signs.rows.row(vertex), &self.nonzero[vertex * self.words..][..self.words]);
        let constant = self.constants[element as usize];
        let (mut sum, mut weights, mut is_constant) = (constant, 0.0, true);
        for &(place, w) in self.terms.get(element as usize) {
            if nonzero.is_empty() || nonzero[place as usize / 64] >> (place % 64) & 1 == 1 {
                sum += w * row[place as usize];
                // A weight that has become 0 is below TINY.
                weights += w.abs();
                is_constant = false;
            }
        }
        if is_constant && self.is_exact[element as usize] {
            return [constant; 2];
        }
        let weights = round_up(weights) + TINY;
        let (error, size) = (signs.error(vertex), signs.rows.sizes[vertex]);
        let error = round_up(weights * error + self.gamma * (weights * size + constant.abs()) + TINY);
        [(sum - error).next_down(), (sum + error).next_up()]
    }
}

/// Sets of candidates for every window, as bits. Each window begins a new word.
struct Sets {
    /// The first word of each window.
    firsts: Vec<usize>,
    words: usize,
}

impl Sets {
    fn new(windows: &[Vec<u32>]) -> Self {
        let mut words = 0;
        let firsts = windows.iter().map(|candidates| {
            words += candidates.len().div_ceil(64);
            words - candidates.len().div_ceil(64)
        });
        Self { firsts: firsts.collect(), words }
    }

    /// Adds the candidates that are certain to be at least as large as all others of their window.
    fn add_certain_winners(&self, windows: &[Vec<u32>], values: &[Range], sets: &mut [u64]) {
        for (candidates, &first) in windows.iter().zip(&self.firsts) {
            // The two largest upper ends.
            let (mut top, mut next) = ((f64::NEG_INFINITY, usize::MAX), f64::NEG_INFINITY);
            for (place, &element) in candidates.iter().enumerate() {
                let [_, hi] = values[element as usize];
                // NaN counts as larger than all numbers.
                let hi = if hi.is_nan() { f64::INFINITY } else { hi };
                if hi > top.0 || top.1 == usize::MAX {
                    next = top.0;
                    top = (hi, place);
                } else {
                    next = next.max(hi);
                }
            }
            for (place, &element) in candidates.iter().enumerate() {
                let others = if place == top.1 { next } else { top.0 };
                if values[element as usize][0] >= others {
                    sets[first + place / 64] |= 1 << (place % 64);
                }
            }
        }
    }

    /// Adds the candidates that may win on a cell with these vertices to the sets.
    fn add_cell(&self, windows: &[Vec<u32>], vertices: &[u32], of_vertices: &[u64], sets: &mut [u64], value: impl Fn(u32, u32) -> Range) {
        for (candidates, &first) in windows.iter().zip(&self.firsts) {
            let words = first..first + candidates.len().div_ceil(64);
            let everywhere = |word: usize| vertices.iter().fold(u64::MAX, |all, &v| all & of_vertices[v as usize * self.words + word]);
            // Candidates that win at all vertices are equal on the cell, and the first of them is the winner.
            let winner = words.clone().map(|word| (word, everywhere(word))).find(|&(_, word)| word != 0);
            if let Some((word, winners)) = winner {
                sets[word] |= winners & winners.wrapping_neg();
                continue;
            }
            let is_known = |place: usize| sets[first + place / 64] >> (place % 64) & 1 == 1;
            if (0..candidates.len()).all(is_known) {
                continue;
            }
            let rows: Vec<Vec<Range>> = vertices.iter().map(|&v| candidates.iter().map(|&element| value(v, element)).collect()).collect();
            for place in undominated(&rows) {
                sets[first + place / 64] |= 1 << (place % 64);
            }
        }
    }

    /// The elements of the set of a window, ascending.
    fn listed(&self, window: usize, sets: &[u64]) -> Vec<u32> {
        let end = self.firsts.get(window + 1).copied().unwrap_or(self.words);
        let word = |(k, word): (usize, &u64)| super::units_of(*word).map(move |bit| (64 * k + bit) as u32).collect::<Vec<_>>();
        sets[self.firsts[window]..end].iter().enumerate().flat_map(word).collect()
    }
}

/// The candidates that may win inside a cell, from their values at its vertices. Each is compared with those that are the first of the
/// largest at some vertex.
fn undominated(rows: &[Vec<Range>]) -> impl Iterator<Item = usize> + '_ {
    let largest = |row: &Vec<Range>| (0..row.len()).rev().max_by(|&a, &b| row[a][0].total_cmp(&row[b][0])).unwrap_or_default();
    let mut largest: Vec<usize> = rows.iter().map(largest).collect();
    largest.sort_unstable();
    largest.dedup();
    let loses = move |place: usize| {
        largest.iter().any(|&other| {
            let never_less = rows.iter().all(|row| row[other][0] >= row[place][1]);
            other != place && never_less && (other < place || rows.iter().any(|row| row[other][0] > row[place][1]))
        })
    };
    (0..rows.first().map_or(0, Vec::len)).filter(move |&place| !loses(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exactly(rows: &[&[f64]]) -> Vec<Vec<Range>> {
        rows.iter().map(|row| row.iter().map(|&x| [x, x]).collect()).collect()
    }

    #[test]
    fn the_first_of_equal_candidates_is_left() {
        assert_eq!(undominated(&exactly(&[&[1.0, 1.0], &[2.0, 2.0]])).collect::<Vec<_>>(), [0]);
        assert_eq!(undominated(&exactly(&[&[1.0, 1.0], &[2.0, 3.0]])).collect::<Vec<_>>(), [1]);
        // It is the largest inside the cell, but at no vertex.
        assert_eq!(undominated(&exactly(&[&[4.0, 3.0, 0.0], &[0.0, 3.0, 4.0]])).collect::<Vec<_>>(), [0, 1, 2]);
    }

    #[test]
    fn what_is_not_certain_is_left() {
        let rows = vec![vec![[0.0, 2.0], [1.0, 3.0]], vec![[f64::NAN, f64::NAN], [5.0, 6.0]]];
        assert_eq!(undominated(&rows).collect::<Vec<_>>(), [0, 1]);
        let sets = Sets::new(&[vec![0, 1], vec![1]]);
        let winners = |values: &[Range]| {
            let mut found = vec![0; 2];
            sets.add_certain_winners(&[vec![0, 1], vec![1]], values, &mut found);
            found
        };
        assert_eq!((winners(&rows[0]), winners(&rows[1])), (vec![0, 1], vec![0, 1]));
        assert_eq!(winners(&[[1.0, 1.0], [1.0, 1.0]]), [3, 1]);
    }

    /// Sums in which every rounding loses something, with inputs that have the largest errors that their bound allows.
    #[test]
    fn ranges_hold_the_worst_elements() {
        use super::super::super::domain::Domain;
        use crate::exact::lossy::LossySum;
        use crate::exact::rational;
        use crate::network::{Layer, Stack};
        use nalgebra::{DMatrix, DVector};
        use rug::Rational;
        use std::sync::Arc;
        for n in [1, 2, 3] {
            let sum = LossySum::new(n, usize::MAX);
            let layer =
                Layer::from_rationals(DMatrix::from_fn(1, n, |_, j| sum.weights[j].clone()), DVector::from_element(1, sum.bias.clone()));
            let steps = Arc::new(Lowered::of_stack(&Stack::new(vec![layer]).unwrap()));
            let cube = Domain::cube(0.into(), 1.into(), n).unwrap();
            let (_, inputs, _) = sum.doubles();
            for error in [0.0, 1.0, 2f64.powi(-10)] {
                for direction in [-1.0, 1.0] {
                    let mut signs = Signs::new(&steps, &cube.polytope(&steps), false);
                    signs.exponents = Arc::new(vec![vec![0; n]; 2]);
                    signs.rows.truncate(0);
                    let row: Vec<f64> = inputs.iter().map(|x| x + direction * error).collect();
                    signs.rows.push(&row, error);
                    let elements = Elements::new(&signs, &steps);
                    let [lo, hi] = elements.one(&signs, 0, 0).map(|x| rational(x).unwrap());
                    let true_inputs = inputs.iter().map(|&x| rational(x).unwrap());
                    let truth = sum.weights.iter().zip(true_inputs).map(|(w, x)| w * x).sum::<Rational>() + &sum.bias;
                    assert!(lo <= truth && truth <= hi, "{n}, {error}: {} is not in {} to {}", truth.to_f64(), lo.to_f64(), hi.to_f64());
                    // For large errors the bound is nearly attained in both directions, for small ones in one.
                    let off = (truth - Rational::from(&lo + &hi) / 2u32).abs() * 2u32 / (hi - lo);
                    assert!(off.to_f64() > if error > 0.5 { 0.5 } else { 0.1 }, "{n}, {error}: {}", off.to_f64());
                }
            }
        }
    }

    /// A candidate that is at least as large as an earlier one may be equal to it everywhere; then the earlier one wins.
    #[test]
    fn a_later_candidate_that_may_be_equal_rules_nothing_out() {
        let rows = vec![vec![[0.0, 1.0], [1.0, 1.0]]; 2];
        assert_eq!(undominated(&rows).collect::<Vec<_>>(), [0, 1]);
        let rows = vec![vec![[0.0, 1.0], [1.0, 1.0]], vec![[0.0, 1.0], [1.5, 2.0]]];
        assert_eq!(undominated(&rows).collect::<Vec<_>>(), [1]);
    }
}
