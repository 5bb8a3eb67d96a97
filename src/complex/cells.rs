//! The complex: its faces and vertices, and the cells on both sides of a facet.

use super::cell::{Cell, Facet};
use super::coordinates::Approximate;
use super::counts::Counts;
use super::domain::{Domain, Polytope};
use super::exact::{ExactRows, Place};
use super::memory::of_complex;
use super::merge::{Merged, merge};
use super::signs::Signs;
use super::simplex::WholePoint;
use super::slice::Plane;
use super::topology::{Faces, Topology};
use crate::line::{Decisions, Enclosure};
use crate::network::UnitSet;
use crate::network::lowered::{Lowered, STAGE};
use rug::{Integer, Rational};
use std::cmp::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

/// Marks that there is no cell.
pub(super) const NONE: u32 = u32::MAX;

/// The cells of a domain: the closures of the sets with interior on which the pattern of all hidden units is constant.
///
/// The topology consists of integers: the facets of each cell, the facets of these, and so on down to vertices. Exact coordinates are
/// computed when they are used. For the whole space, the cells are cut off at a simplex that contains all bounded faces; faces on this
/// simplex are at infinity and are not counted.
#[derive(Debug)]
pub struct Complex {
    pub(super) steps: Arc<Lowered>,
    pub(super) units: UnitSet,
    domain: Domain,
    plane: Option<Plane>,
    /// The inputs in which the complex was cut. The others are 0 at all computed points, and have no influence on units.
    inputs: Vec<u32>,
    /// The faces in the subspace where all other inputs are 0. The dimension of a face of the complex is larger by the number of these
    /// inputs.
    pub(super) levels: Vec<Faces>,
    /// For each face of each dimension below d, the sides of the domain that contain it, one bit for each side.
    sides: Vec<Vec<u32>>,
    /// The cells on both sides of each face of dimension d - 1.
    facet_cells: Vec<[u32; 2]>,
    words_per_cell: usize,
    patterns: Vec<u64>,
    finer: Option<Finer>,
    pub(super) points: Approximate,
    pub(super) exact: Mutex<ExactRows>,
    /// The network of all inputs, if the complex was cut in some of them.
    exact_of_all: Option<Mutex<ExactRows>>,
    decisions: Decisions,
    pub(super) counts: OnceLock<Counts>,
    /// The limit for the memory in bytes, including the exact volumes.
    pub(super) allowed: u64,
}

/// The cells that the steps cut, if they are finer than the cells of the complex.
#[derive(Debug)]
struct Finer {
    /// The vertices of the cells, by their numbers among all vertices.
    vertices: Vec<u32>,
    /// The bits of all finer cells, and the cell of the complex that contains each.
    patterns: Vec<u64>,
    cell_of: Vec<u32>,
}

impl Complex {
    pub(super) fn new(
        (steps, inputs): (Arc<Lowered>, Vec<u32>),
        domain: Domain,
        plane: Option<Plane>,
        topology: Topology,
        polytope: &Polytope,
        mut signs: Signs,
        patterns: Vec<u64>,
    ) -> Self {
        let d = topology.dimension();
        let mut levels = topology.levels;
        let mut sides: Vec<Vec<u32>> = Vec::with_capacity(d);
        let mut of_vertices = polytope.sides.clone();
        for place in &signs.exact.places[polytope.sides.len()..] {
            if let Place::Cut { p, q, .. } = place {
                of_vertices.push(of_vertices[*p as usize] & of_vertices[*q as usize]);
            }
        }
        sides.push(of_vertices);
        for level in &levels[1..d] {
            let below = &sides[sides.len() - 1];
            let of = |face: u32| level.facets(face).iter().fold(u32::MAX, |all, &g| all & below[g as usize]);
            sides.push((0..level.len() as u32).map(of).collect());
        }
        let words_per_cell = patterns.len() / levels[d].len().max(1);
        let mut points = Approximate::of(&mut signs, d, polytope.slopes.as_deref());
        let (mut patterns, mut finer) = (patterns, None);
        if steps.cut_further() {
            let bits = |cell: usize| &patterns[cell * words_per_cell..][..words_per_cell];
            let merged = merge(&levels, &sides, |cell| steps.name(bits(cell)));
            let Merged { vertices, cell_of, .. } = merged;
            let mut of_first = Vec::new();
            for (cell, &merged) in cell_of.iter().enumerate() {
                if merged as usize * words_per_cell == of_first.len() {
                    of_first.extend_from_slice(bits(cell));
                }
            }
            points = points.only(&vertices);
            finer = Some(Finer { vertices, patterns: std::mem::replace(&mut patterns, of_first), cell_of });
            (levels, sides) = (merged.levels, merged.sides);
        }
        let mut facet_cells = vec![[NONE; 2]; sides[d - 1].len()];
        for cell in 0..levels[d].len() as u32 {
            for &facet in levels[d].facets(cell) {
                let cells = &mut facet_cells[facet as usize];
                cells[usize::from(cells[0] != NONE)] = cell;
            }
        }
        Self {
            units: steps.units(),
            exact_of_all: (inputs.len() < steps.inputs()).then(|| Mutex::new(ExactRows::new(steps.clone(), &[]))),
            inputs,
            steps,
            domain,
            plane,
            sides,
            facet_cells,
            words_per_cell,
            patterns,
            finer,
            points,
            decisions: signs.decisions,
            exact: Mutex::new(signs.exact),
            levels,
            counts: OnceLock::new(),
            allowed: u64::MAX,
        }
    }

    /// Sets the limit for the memory.
    pub(super) fn allowed(self, allowed: u64) -> Self {
        Self { allowed, ..self }
    }

    /// The approximate number of bytes of the complex.
    pub fn memory(&self) -> u64 {
        let exact = self.exact.lock().expect("no thread panics while it has the lock");
        let finer = self.finer.as_ref().map_or(0, |finer| 4 * (finer.vertices.len() + finer.cell_of.len() + 2 * finer.patterns.len()));
        of_complex(&self.levels, &self.sides, &self.patterns, &exact) + finer as u64
    }

    /// The dimension d of the cells.
    pub fn dimension(&self) -> usize {
        self.steps.inputs()
    }

    /// The dimension in which the cells are cut: d, or for the whole space the rank of the first layer if it is smaller.
    pub(super) fn rank(&self) -> usize {
        self.levels.len() - 1
    }

    /// Whether every face contains a line, and so has no vertex.
    pub(super) fn has_lines(&self) -> bool {
        self.rank() < self.dimension()
    }

    /// The domain.
    pub fn domain(&self) -> &Domain {
        &self.domain
    }

    /// The plane, if the complex is that of a slice.
    pub fn plane(&self) -> Option<&Plane> {
        self.plane.as_ref()
    }

    /// The units whose bits the pattern of a cell has. If decisions cut the complex, these include the units of one more layer.
    pub fn units(&self) -> &UnitSet {
        &self.units
    }

    /// The number of signs that the filter decided, and of those that were left to integers.
    pub fn decisions(&self) -> Decisions {
        self.decisions
    }

    /// The number of activation regions, which are the cells.
    pub fn activation_regions(&self) -> usize {
        self.levels[self.rank()].len()
    }

    /// The f-vector: the number of faces of each dimension, vertices first, cells last.
    ///
    /// For the whole space, faces at infinity are not counted. If the rank of the first layer is below d, all faces contain lines, and the
    /// first numbers are 0.
    pub fn f_vector(&self) -> Vec<u64> {
        let count = |k: usize| {
            let all = if k == 0 { self.vertices() } else { self.levels[k].len() };
            (0..all as u32).filter(|&face| !self.is_at_infinity(k, face)).count() as u64
        };
        let lines = self.dimension() - self.rank();
        std::iter::repeat_n(0, lines).chain((0..=self.rank()).map(count)).collect()
    }

    /// The number of vertices, including those at infinity.
    pub(crate) fn vertices(&self) -> usize {
        self.points.len()
    }

    /// Whether a face of dimension k is at infinity.
    pub(super) fn is_at_infinity(&self, k: usize, face: u32) -> bool {
        self.domain == Domain::Space && k < self.rank() && self.sides[k][face as usize] != 0
    }

    /// Whether a vertex of the topology is a vertex of cells: it is not at infinity, and the cells have vertices.
    pub(super) fn is_vertex(&self, vertex: u32) -> bool {
        !self.has_lines() && !self.is_at_infinity(0, vertex)
    }

    /// The sides of the domain that contain a face of a dimension below d.
    pub(super) fn sides_of(&self, k: usize, face: u32) -> u32 {
        self.sides[k][face as usize]
    }

    /// The facets of a face; for an edge, its two ends.
    pub(super) fn facets_of(&self, k: usize, face: u32) -> &[u32] {
        self.levels[k].facets(face)
    }

    pub(super) fn cells_at(&self, facet: u32) -> [u32; 2] {
        self.facet_cells[facet as usize]
    }

    /// The cell with this number.
    ///
    /// # Panics
    /// If the number is not below [`Complex::activation_regions`].
    pub fn cell(&self, index: usize) -> Cell<'_> {
        assert!(index < self.activation_regions(), "cell {index} of {}", self.activation_regions());
        Cell { complex: self, index: index as u32 }
    }

    /// All cells, in order.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = Cell<'_>> {
        (0..self.activation_regions()).map(|index| self.cell(index))
    }

    /// The facets of all cells, each once, without those at infinity.
    pub fn facets(&self) -> impl Iterator<Item = Facet<'_>> {
        let d = self.rank();
        (0..self.facet_cells.len() as u32).filter(move |&f| !self.is_at_infinity(d - 1, f)).map(|index| Facet { complex: self, index })
    }

    /// The exact coordinates of a vertex; for a slice (u, v). If faces contain lines and have no vertices, a point on one of the lowest
    /// faces.
    ///
    /// # Panics
    /// If there is no such vertex.
    pub fn vertex(&self, vertex: usize) -> Vec<Rational> {
        let point = self.exact.lock().expect("no thread panics while it has the lock").point(self.among_finer(vertex as u32));
        self.among_all_inputs(point, Rational::new())
    }

    /// The coordinates of a vertex over their least common denominator.
    pub(super) fn whole_vertex(&self, vertex: u32) -> WholePoint {
        let WholePoint { denominator, numerators } =
            self.exact.lock().expect("no thread panics while it has the lock").whole_vertex(self.among_finer(vertex));
        WholePoint { denominator, numerators: self.among_all_inputs(numerators, Integer::new()) }
    }

    /// The number of a vertex among all vertices that the steps cut.
    fn among_finer(&self, vertex: u32) -> u32 {
        self.finer.as_ref().map_or(vertex, |finer| finer.vertices[vertex as usize])
    }

    /// Extends a list for the inputs in which the complex was cut to all inputs, with `zero` for the others.
    pub(super) fn among_all_inputs<T: Clone>(&self, of_inputs: Vec<T>, zero: T) -> Vec<T> {
        if !self.has_lines() {
            return of_inputs;
        }
        let mut all = vec![zero; self.dimension()];
        self.inputs.iter().zip(of_inputs).for_each(|(&i, x)| all[i as usize] = x);
        all
    }

    /// The network of all inputs, in integers.
    pub(super) fn exact_of_all(&self) -> MutexGuard<'_, ExactRows> {
        self.exact_of_all.as_ref().unwrap_or(&self.exact).lock().expect("no thread panics while it has the lock")
    }

    /// The exact coordinates of all vertices by their numbers; `None` for those at infinity, and for all if faces contain lines.
    pub fn all_vertices(&self) -> impl Iterator<Item = Option<Vec<Rational>>> {
        (0..self.vertices()).map(|v| self.finite_vertex(v))
    }

    /// The exact coordinates of a vertex; `None` if it is at infinity, or if faces contain lines.
    pub(crate) fn finite_vertex(&self, vertex: usize) -> Option<Vec<Rational>> {
        self.is_vertex(vertex as u32).then(|| self.vertex(vertex))
    }

    /// A box around all vertices with a margin, which a picture of a complex of the whole space can show. If faces contain lines, the box
    /// is around one point on each of the lowest faces.
    ///
    /// ```
    /// use plica::{complex::{Builder, Domain}, network::load};
    /// let complex = Builder::new(&load("sawtooth:1").unwrap()).build(&Domain::Space).unwrap();
    /// assert_eq!(complex.bounding_box().volume().unwrap().to_string(), "3/4"); // [-1/8, 5/8]
    /// ```
    pub fn bounding_box(&self) -> Domain {
        let here = (0..self.vertices()).filter(|&v| !self.is_at_infinity(0, v as u32));
        let vertices: Vec<Vec<Rational>> = here.map(|v| self.vertex(v)).collect();
        let range = |axis: usize| {
            let of = |fold: fn(Rational, Rational) -> Rational| vertices.iter().map(|x| x[axis].clone()).reduce(fold).unwrap_or_default();
            let (lo, hi) = (of(Ord::min), of(Ord::max));
            let margin = Rational::from(&hi - &lo) / 4u32;
            let margin = if margin.is_zero() { Rational::from(1) } else { margin };
            (lo - &margin, hi + margin)
        };
        Domain::boxed((0..self.dimension()).map(range).collect()).expect("the margin is positive")
    }

    /// Enclosures of the coordinates of a vertex by doubles.
    ///
    /// # Panics
    /// If there is no such vertex.
    pub fn vertex_enclosure(&self, vertex: usize) -> Vec<Enclosure> {
        let error = self.points.error(vertex as u32);
        let around = |&x: &f64| match x {
            _ if error == f64::INFINITY => Enclosure { lo: f64::NEG_INFINITY, hi: f64::INFINITY },
            f64::INFINITY => Enclosure { lo: f64::MAX, hi: x },
            f64::NEG_INFINITY => Enclosure { lo: x, hi: f64::MIN },
            _ if error == 0.0 => Enclosure { lo: x, hi: x },
            _ => Enclosure { lo: (x - error).next_down(), hi: (x + error).next_up() },
        };
        let known = self.points.point(vertex as u32).iter().map(around).collect();
        self.among_all_inputs(known, Enclosure { lo: 0.0, hi: 0.0 })
    }

    /// The cells whose closure contains a point, in order; none if the point is not in the domain.
    ///
    /// A point is in a closed cell if and only if each unit that is not 0 there has the sign that it has on the cell.
    ///
    /// # Panics
    /// If the dimension of the point is not that of the complex.
    pub fn cells_with(&self, point: &[Rational]) -> Vec<usize> {
        assert_eq!(point.len(), self.dimension(), "a point of the complex's dimension");
        if !self.domain.contains(point) {
            return Vec::new();
        }
        let signs = self.signs_at(point);
        let fits = |bits: &[u64]| fits(bits, &signs);
        let Some(finer) = &self.finer else {
            return (0..self.activation_regions()).filter(|&cell| fits(self.words(cell))).collect();
        };
        let parts = finer
            .cell_of
            .iter()
            .enumerate()
            .filter(|&(part, _)| fits(&finer.patterns[part * self.words_per_cell..][..self.words_per_cell]));
        let mut cells: Vec<usize> = parts.map(|(_, &cell)| cell as usize).collect();
        cells.sort_unstable();
        cells.dedup();
        cells
    }

    /// The units that are positive at a point, and those that are negative there, as words in the order of the bits of cells.
    pub(super) fn signs_at(&self, point: &[Rational]) -> Vec<(u64, u64)> {
        let signs = self.exact_of_all().signs_at(point);
        let word = |signs: &[Ordering], wanted: Ordering| (0..signs.len()).fold(0u64, |word, i| word | u64::from(signs[i] == wanted) << i);
        let part = |part: &[Ordering]| (word(part, Ordering::Greater), word(part, Ordering::Less));
        signs.iter().flat_map(|layer| layer.chunks(STAGE).map(part)).collect()
    }

    /// Whether cells are unions of the cells that the steps cut.
    pub(super) fn is_merged(&self) -> bool {
        self.finer.is_some()
    }

    /// The bits of a cell as words of 64 units; each step begins a new word. If cells were merged, those of the first part.
    pub(super) fn words(&self, cell: usize) -> &[u64] {
        &self.patterns[cell * self.words_per_cell..][..self.words_per_cell]
    }
}

/// Whether a closed cell with these bits contains a point at which units have these signs.
pub(super) fn fits(bits: &[u64], signs: &[(u64, u64)]) -> bool {
    bits.iter().zip(signs).all(|(&bits, &(pos, neg))| pos & !bits == 0 && neg & bits == 0)
}

impl Complex {
    /// The vertices of a face, in order.
    pub(super) fn vertices_of(&self, k: usize, face: u32) -> Vec<u32> {
        let mut faces = vec![face];
        for level in (1..=k).rev() {
            faces = faces.iter().flat_map(|&f| self.facets_of(level, f).iter().copied()).collect();
            faces.sort_unstable();
            faces.dedup();
        }
        faces
    }
}
