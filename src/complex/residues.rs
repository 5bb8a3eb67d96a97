//! Affine maps at one point modulo a prime: if these values differ, the maps do.

use crate::exact::dyadic_parts;
use crate::network::graph::Coefficients;
use crate::network::lowered::{Lowered, Step, StepMap};
use rayon::prelude::*;
use rug::Rational;
use rug::integer::IntegerExt64;

/// The prime 2^61 - 1. Modulo it 2^61 is 1, so that powers of two are shifts.
const PRIME: u64 = (1 << 61) - 1;

/// The number of cells that are computed one after another. It does not depend on the number of threads.
const TOGETHER: usize = 256;

/// A number modulo the prime.
#[inline]
fn reduced(x: u128) -> u64 {
    // The sum is below 2^61 + 2^67, and after the second step below 2^61 + 2^7.
    let sum = (x & u128::from(PRIME)) + (x >> 61);
    let sum = (sum as u64 & PRIME) + (sum >> 61) as u64;
    if sum >= PRIME { sum - PRIME } else { sum }
}

#[inline]
fn product(x: u64, y: u64) -> u64 {
    reduced(u128::from(x) * u128::from(y))
}

/// The residue of a finite double m 2^e.
fn of_double(x: f64) -> u64 {
    let (m, e) = dyadic_parts(x);
    let size = product(m.unsigned_abs(), 1 << e.rem_euclid(61));
    if m < 0 && size != 0 { PRIME - size } else { size }
}

/// The residue of a rational number; `None` if the prime divides its denominator.
fn of_rational(q: &Rational) -> Option<u64> {
    let denominator = q.denom().mod_u64(PRIME);
    // By Fermat's theorem the inverse is the power with exponent PRIME - 2.
    let (mut inverse, mut square, mut rest) = (1, denominator, PRIME - 2);
    while rest > 0 {
        if rest & 1 == 1 {
            inverse = product(inverse, square);
        }
        square = product(square, square);
        rest >>= 1;
    }
    (denominator != 0).then(|| product(q.numer().mod_u64(PRIME), inverse))
}

/// A coordinate of the point at which maps are evaluated. The point is arbitrary.
fn coordinate(input: usize) -> u64 {
    (input as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) % PRIME
}

/// The number of products of two numbers below the prime whose sum fits: 32 of them are below 2^127.
const ROOM: usize = 32;

/// The steps of a network modulo the prime.
pub(super) struct Residues<'a> {
    steps: &'a Lowered,
    all: Vec<StepResidues>,
}

/// A step: for each input its nonzero weights, with their rows, and the constants.
struct StepResidues {
    columns: Vec<Vec<(u32, u64)>>,
    constants: Vec<u64>,
}

/// The inputs of a step on a cell, and its results.
struct Row {
    inputs: Vec<u64>,
    results: Vec<u64>,
}

impl<'a> Residues<'a> {
    /// `None` if the prime divides a denominator, or a coefficient rounds beyond the largest double.
    pub(super) fn new(steps: &'a Lowered) -> Option<Self> {
        Some(Self { steps, all: steps.steps.iter().map(|step| StepResidues::new(step)).collect::<Option<_>>()? })
    }

    /// The outputs at one point, the same for all cells, of the affine maps of cells with these bits; on all threads of the current `rayon`
    /// pool.
    pub(super) fn outputs(&self, cells: &[&[u64]]) -> Vec<Vec<u64>> {
        cells.par_chunks(TOGETHER).flat_map_iter(|cells| self.outputs_of_some(cells)).collect()
    }

    /// The outputs for some cells, each computed from the one before it by the changes of its inputs.
    fn outputs_of_some(&self, cells: &[&[u64]]) -> Vec<Vec<u64>> {
        let mut rows: Vec<Row> = self.all.iter().map(StepResidues::at_zero).collect();
        let point = (0..self.steps.inputs()).map(coordinate).collect::<Vec<_>>();
        let of_cell = |words: &&[u64]| {
            let mut inputs = point.clone();
            for (l, (step, row)) in self.all.iter().zip(&mut rows).enumerate() {
                step.move_to(inputs, row);
                inputs = row.results.clone();
                let units = inputs[..self.steps.steps[l].units].iter_mut().enumerate();
                units.filter(|(i, _)| !self.steps.is_active(words, l, *i)).for_each(|(_, x)| *x = 0);
            }
            inputs
        };
        cells.iter().map(of_cell).collect()
    }
}

impl StepResidues {
    fn new(step: &Step) -> Option<Self> {
        let exact = |is_double: bool, x: f64, q: &dyn Fn() -> Rational| match is_double {
            true => x.is_finite().then(|| of_double(x)),
            false => of_rational(&q()),
        };
        let number = |all: &Coefficients, k: usize| exact(all.is_double(), all.doubles()[k], &|| all.get(k));
        let mut columns = vec![Vec::new(); step.inputs()];
        let mut constants = Vec::with_capacity(step.outputs());
        for i in 0..step.outputs() {
            let mut push = |j: usize, w: u64| {
                if w != 0 {
                    columns[j].push((i as u32, w));
                }
            };
            match &step.map {
                StepMap::Dense(layer) => {
                    let is_double = layer.is_double();
                    for j in 0..layer.inputs() {
                        push(j, exact(is_double, layer.weights()[(i, j)], &|| layer.weight(i, j))?);
                    }
                    constants.push(exact(is_double, layer.bias()[i], &|| layer.bias_of(i))?);
                }
                StepMap::Sparse(map) => {
                    for (k, j) in map.row(i) {
                        push(j, number(&map.weights, k)?);
                    }
                    constants.push(number(&map.bias, i)?);
                }
            }
        }
        Some(Self { columns, constants })
    }

    /// The row for inputs that are all 0.
    fn at_zero(&self) -> Row {
        Row { inputs: vec![0; self.columns.len()], results: self.constants.clone() }
    }

    /// Changes the inputs of a row: by the differences, or from zero if that is less work.
    fn move_to(&self, inputs: Vec<u64>, row: &mut Row) {
        let changed = row.inputs.iter().zip(&inputs).filter(|(old, new)| old != new).count();
        if changed > inputs.iter().filter(|x| **x != 0).count() {
            *row = self.at_zero();
        }
        let mut sums: Vec<u128> = row.results.iter().map(|&x| u128::from(x)).collect();
        let differs = row.inputs.iter().zip(&inputs).zip(&self.columns).filter(|((old, new), _)| old != new);
        for (k, ((old, new), column)) in differs.enumerate() {
            if k % ROOM == ROOM - 1 {
                sums.iter_mut().for_each(|sum| *sum = u128::from(reduced(*sum)));
            }
            let difference = if new >= old { new - old } else { new + (PRIME - old) };
            column.iter().for_each(|&(i, w)| sums[i as usize] += u128::from(w) * u128::from(difference));
        }
        *row = Row { inputs, results: sums.into_iter().map(reduced).collect() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complex::{Builder, Domain};
    use crate::exact::rational;
    use crate::network::load;

    #[test]
    fn residues_follow_sums_and_products() {
        let q = |x: f64| rational(x).unwrap();
        for (x, y) in [(0.75, -3.0), (1e-44, 1e300), (f64::from_bits(1), f64::MAX), (-0.1, 0.0)] {
            assert_eq!(of_rational(&q(x)), Some(of_double(x)));
            assert_eq!(of_rational(&(q(x) * q(y))), Some(product(of_double(x), of_double(y))));
            let sum = reduced(u128::from(of_double(x)) + u128::from(of_double(y)));
            assert_eq!(of_rational(&(q(x) + q(y))), Some(sum));
        }
        let third = of_rational(&Rational::from((1, 3))).unwrap();
        assert_eq!(product(third, 3), 1);
        assert_eq!(of_rational(&Rational::from((1, PRIME))), None);
        assert_eq!(of_rational(&Rational::from(PRIME)), Some(0));
    }

    #[test]
    fn outputs_are_those_of_the_affine_maps_in_any_order_of_cells() {
        let network = load("random:3-10-9-2@3").unwrap();
        let complex = Builder::new(&network).build(&Domain::parse_box("-3,3", 3).unwrap()).unwrap();
        let steps = Lowered::of_stack(network.stack().unwrap());
        let residues = Residues::new(&steps).unwrap();
        let cells = complex.activation_regions();
        assert!(cells > TOGETHER, "{cells}");
        for order in [(0..cells).collect::<Vec<_>>(), (0..cells).rev().collect(), (0..cells).map(|k| 7 * k % cells).collect()] {
            let found = residues.outputs(&order.iter().map(|&cell| complex.words(cell)).collect::<Vec<_>>());
            for (outputs, &cell) in found.iter().zip(&order) {
                let of_form = |form: &Vec<Rational>| {
                    let terms =
                        form.iter().enumerate().map(|(j, q)| product(of_rational(q).unwrap(), if j < 3 { coordinate(j) } else { 1 }));
                    terms.fold(0, |sum, x| reduced(u128::from(sum) + u128::from(x)))
                };
                assert_eq!(outputs, &complex.cell(cell).affine_map().iter().map(of_form).collect::<Vec<_>>(), "{cell}");
            }
        }
        assert_eq!(reduced(u128::MAX), (u128::MAX % u128::from(PRIME)) as u64);
    }
}
