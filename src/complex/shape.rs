//! Shapes of cells: the numbers of facets, of vertices, and of simplices of the pulling triangulation.

use super::cells::Complex;
use rayon::prelude::*;
use rug::Rational;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// A histogram: the number of cells for each value that occurs, sorted.
pub(crate) type Histogram = BTreeMap<u64, u64>;

/// How many cells have so many facets, vertices and simplices; only numbers that occur.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histograms {
    /// Cells by the number of their facets, including those on sides of the domain.
    pub facets: Histogram,
    /// Cells by the number of their facets inside the domain, which is that of their neighbours.
    pub inner_facets: Histogram,
    /// Bounded cells by the number of their vertices.
    pub vertices: Histogram,
    /// Bounded cells by the number of simplices of their pulling triangulation.
    pub simplices: Histogram,
    /// The number of bounded cells.
    pub bounded: u64,
}

impl Histograms {
    /// The mean of the values that a histogram counts, `None` if it is empty.
    ///
    /// ```
    /// use plica::complex::Histograms;
    /// assert_eq!(Histograms::mean(&[(3, 2), (5, 2)].into_iter().collect()).unwrap(), 4);
    /// ```
    pub fn mean(histogram: &Histogram) -> Option<Rational> {
        let count: u64 = histogram.values().sum();
        let sum = histogram.iter().map(|(&value, &count)| Rational::from(value) * Rational::from(count)).sum::<Rational>();
        (count > 0).then(|| sum / count)
    }
}

impl Complex {
    /// Histograms of facets, vertices and simplices over the cells.
    ///
    /// The pulling triangulation of a face joins its lowest vertex with the triangulations of the facets that do not contain it. The lowest
    /// vertex is the lexicographically smallest one in exact coordinates.
    pub fn histograms(&self) -> Histograms {
        let d = self.rank();
        let pulling = Pulling::of(self);
        let mut histograms = Histograms {
            facets: Histogram::new(),
            inner_facets: Histogram::new(),
            vertices: Histogram::new(),
            simplices: Histogram::new(),
            bounded: 0,
        };
        for cell in self.cells() {
            let facets: Vec<_> = cell.facets().collect();
            *histograms.facets.entry(facets.len() as u64).or_default() += 1;
            let inner = facets.iter().filter(|facet| facet.side().is_none()).count();
            *histograms.inner_facets.entry(inner as u64).or_default() += 1;
            if cell.bounded() {
                histograms.bounded += 1;
                *histograms.vertices.entry(cell.vertices().len() as u64).or_default() += 1;
                *histograms.simplices.entry(pulling.simplices[d][cell.index()]).or_default() += 1;
            }
        }
        histograms
    }

    /// The number of simplices of the pulling triangulation of each bounded cell.
    pub fn simplex_counts(&self) -> Vec<Option<u64>> {
        let pulling = Pulling::of(self);
        self.cells().map(|cell| cell.bounded().then(|| pulling.simplices[self.rank()][cell.index()])).collect()
    }
}

/// The lowest vertex of each face, and the number of simplices of its triangulation, by dimension and face.
pub(super) struct Pulling {
    pub lowest: Vec<Vec<u32>>,
    simplices: Vec<Vec<u64>>,
}

impl Pulling {
    /// The result is empty if all cells contain lines, so that none is bounded.
    pub(super) fn of(complex: &Complex) -> Self {
        if complex.has_lines() {
            return Self { lowest: Vec::new(), simplices: Vec::new() };
        }
        let vertices = complex.vertices() as u32;
        let (mut lowest, mut simplices) = (vec![(0..vertices).collect::<Vec<_>>()], vec![vec![1; vertices as usize]]);
        for k in 1..=complex.rank() {
            let faces = 0..complex.levels[k].len() as u32;
            let lower = |a: u32, b: u32| if compare(complex, a, b).is_gt() { b } else { a };
            let low = |face: u32| complex.facets_of(k, face).iter().map(|&g| lowest[k - 1][g as usize]).reduce(lower).unwrap_or_default();
            let level: Vec<u32> = faces.clone().into_par_iter().map(low).collect();
            // The lowest vertex of a face is in a facet if and only if it is also the lowest vertex of the facet.
            let number = |face: u32| {
                let opposite = complex.facets_of(k, face).iter().filter(|&&g| lowest[k - 1][g as usize] != level[face as usize]);
                opposite.map(|&g| simplices[k - 1][g as usize]).sum()
            };
            let numbers = faces.into_par_iter().map(number).collect();
            lowest.push(level);
            simplices.push(numbers);
        }
        Self { lowest, simplices }
    }
}

/// Compares two vertices by their exact coordinates.
fn compare(complex: &Complex, a: u32, b: u32) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    if complex.is_at_infinity(0, a) || complex.is_at_infinity(0, b) {
        // No bounded face has this vertex.
        return a.cmp(&b);
    }
    let (x, y) = (complex.points.point(a), complex.points.point(b));
    let error = complex.points.error(a) + complex.points.error(b);
    let shared = complex.sides_of(0, a) & complex.sides_of(0, b);
    let is_box = matches!(complex.domain(), super::Domain::Box(_));
    for axis in 0..complex.rank() {
        if is_box && shared >> (2 * axis) & 3 != 0 {
            continue; // both vertices are on one side of the box
        }
        let difference = x[axis] - y[axis];
        if difference.abs() > 2.0 * error && difference.is_finite() {
            return difference.total_cmp(&0.0);
        }
        let (p, q) = (complex.vertex(a as usize), complex.vertex(b as usize));
        match p[axis].cmp(&q[axis]) {
            Ordering::Equal => {}
            unequal => return unequal,
        }
    }
    Ordering::Equal
}
