//! One cell of a complex, and one facet.

use super::cells::{Complex, NONE};
use super::exact::affine_map;
use crate::network::{Pattern, Unit};
use rug::Rational;

/// One cell of a [`Complex`].
#[derive(Clone, Copy, Debug)]
pub struct Cell<'a> {
    pub(super) complex: &'a Complex,
    pub(super) index: u32,
}

impl<'a> Cell<'a> {
    /// The number of the cell.
    pub fn index(&self) -> usize {
        self.index as usize
    }

    /// The activation pattern of the interior, with the bits of all hidden units.
    pub fn pattern(&self) -> Pattern {
        self.complex.steps.pattern(self.complex.words(self.index()))
    }

    /// The facets of the cell, including those on sides of the domain, but not those at infinity.
    pub fn facets(&self) -> impl Iterator<Item = Facet<'a>> {
        let (complex, d) = (self.complex, self.complex.rank());
        complex.facets_of(d, self.index).iter().filter(move |&&f| !complex.is_at_infinity(d - 1, f)).map(|&index| Facet { complex, index })
    }

    /// The cells that share a facet with this cell, in order.
    pub fn neighbours(&self) -> Vec<usize> {
        let mut all: Vec<usize> = self.facets().filter_map(|facet| facet.other(self.index())).collect();
        all.sort_unstable();
        all
    }

    /// Whether the cell is bounded.
    pub fn bounded(&self) -> bool {
        let (complex, d) = (self.complex, self.complex.rank());
        !complex.has_lines() && !complex.facets_of(d, self.index).iter().any(|&f| complex.is_at_infinity(d - 1, f))
    }

    /// The numbers of the vertices of the cell, in order, without those at infinity.
    pub fn vertices(&self) -> Vec<usize> {
        let all = self.complex.vertices_of(self.complex.rank(), self.index);
        all.into_iter().filter(|&v| self.complex.is_vertex(v)).map(|v| v as usize).collect()
    }

    /// The affine map of the output on the cell: for each output its coefficients, the constant last.
    pub fn affine_map(&self) -> Vec<Vec<Rational>> {
        let (words, steps) = (self.complex.words(self.index()), &self.complex.steps);
        let whole = self.complex.exact_of_all().whole_steps();
        affine_map(&whole, self.complex.dimension(), |step, unit| steps.is_active(words, step, unit))
    }

    /// The affine map as a function of the inputs in which the complex was cut; the others are 0.
    pub(super) fn essential_map(&self) -> Vec<Vec<Rational>> {
        let (words, steps) = (self.complex.words(self.index()), &self.complex.steps);
        let whole = self.complex.exact.lock().expect("no thread panics while it has the lock").whole_steps();
        affine_map(&whole, whole[0].inputs, |step, unit| steps.is_active(words, step, unit))
    }

    /// The affine map in doubles, rounded in every step and without a bound, for pictures.
    pub fn rounded_map(&self) -> Vec<Vec<f64>> {
        let (words, steps, d) = (self.complex.words(self.index()), &self.complex.steps, self.complex.dimension());
        let mut forms: Vec<Vec<f64>> = (0..d).map(|i| (0..=d).map(|j| f64::from(u8::from(i == j))).collect()).collect();
        let mut rectified = 0;
        for (l, step) in steps.steps.iter().enumerate() {
            let is_active: Vec<bool> = (0..step.inputs()).map(|j| j >= rectified || steps.is_active(words, l - 1, j)).collect();
            let form = |i: usize| {
                let mut sum = vec![0.0; d + 1];
                let constant = step.rounded_row(i, |j, w| {
                    if is_active[j] {
                        sum.iter_mut().zip(&forms[j]).for_each(|(sum, x)| *sum += w * x);
                    }
                });
                sum[d] += constant;
                sum
            };
            forms = (0..step.outputs()).map(form).collect();
            rectified = step.units;
        }
        forms
    }
}

/// A facet of one cell, or of the two cells that it separates.
#[derive(Clone, Copy, Debug)]
pub struct Facet<'a> {
    pub(super) complex: &'a Complex,
    pub(super) index: u32,
}

impl Facet<'_> {
    /// The number of the facet.
    pub fn index(&self) -> usize {
        self.index as usize
    }

    /// The cells that have this facet: two, or one if it is on a side of the domain.
    pub fn cells(&self) -> Vec<usize> {
        let cells = self.complex.cells_at(self.index);
        cells.into_iter().filter(|&cell| cell != NONE).map(|cell| cell as usize).collect()
    }

    /// The two cells that the facet separates.
    pub(super) fn between(&self) -> Option<[usize; 2]> {
        let [a, b] = self.complex.cells_at(self.index);
        (b != NONE).then_some([a as usize, b as usize])
    }

    /// The cell on the other side of the facet.
    pub fn other(&self, cell: usize) -> Option<usize> {
        self.cells().into_iter().find(|&other| other != cell)
    }

    /// The side of the domain that contains the facet. For a box it is `2 axis` at the lower and `2 axis + 1` at the upper end; for a simplex, the number of
    /// the opposite corner.
    pub fn side(&self) -> Option<usize> {
        let sides = self.complex.sides_of(self.complex.rank() - 1, self.index);
        (sides != 0).then(|| sides.trailing_zeros() as usize)
    }

    /// The units whose hyperplanes contain the facet: those whose bits differ between its two cells.
    pub fn units(&self) -> Vec<Unit> {
        let Some([a, b]) = self.between() else { return Vec::new() };
        let [a, b] = [a, b].map(|cell| self.complex.cell(cell).pattern());
        let units = &self.complex.units;
        let differing = units.bits().enumerate().filter(|&(k, _)| a.get(k) != b.get(k));
        let mut all: Vec<Unit> = differing.map(|(_, bit)| units.unit_of(bit).0).collect();
        all.dedup();
        all
    }

    /// The numbers of the vertices of the facet, in order, without those at infinity.
    pub fn vertices(&self) -> Vec<usize> {
        let all = self.complex.vertices_of(self.complex.rank() - 1, self.index);
        all.into_iter().filter(|&v| self.complex.is_vertex(v)).map(|v| v as usize).collect()
    }
}
