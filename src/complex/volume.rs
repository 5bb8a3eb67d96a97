//! Exact volumes and centroids of cells in integers; each face is computed once.
//!
//! A face of dimension k is the cone from its lowest vertex v over its facets G that do not contain v. Let corners be homogeneous integers
//! (q, p) for p / q, and let I be k axes onto which the hull of the face projects one to one. In these coordinates k! times the volume,
//! times a multiple of the product of the q of each simplex, is an integer. It is the sum over the facets of the height of v over the hull
//! of G, times the integer of G, times the quotient of the two multiples. The denominator of the hull (`hull.rs`) divides the integer of
//! its face, so heights need no division, and only the last fraction is reduced (proofs/complex.md, section 9).

use super::cells::Complex;
use super::error::ComplexError;
use super::heap::{OnHeap, Spent};
use super::hull::Hull;
use super::shape::Pulling;
use super::simplex::WholePoint;
use crate::exact::{ExactNumber, Fraction};
use rayon::prelude::*;
use rug::{Integer, Rational};
use serde::Serialize;

/// The number of cells whose faces are computed together: more cells need much memory, and fewer have few faces in common.
const TOGETHER: usize = 4096;

/// The exact volume of a cell, and its centroid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Volume {
    /// The volume; for a slice, in the coordinates (u, v).
    pub volume: ExactNumber,
    /// The centroid.
    pub centroid: Vec<ExactNumber>,
}

/// The volume and the centroid as fractions of integers.
#[derive(Debug)]
pub(crate) struct VolumeFractions {
    pub volume: Fraction,
    pub centroid: Vec<Fraction>,
}

impl Complex {
    /// The exact volume and centroid of each cell, `None` for unbounded cells; on all threads of the current `rayon` pool.
    ///
    /// # Errors
    /// The volumes together with the complex take more memory than [`Builder::max_memory`](super::Builder::max_memory) allows.
    pub fn volumes(&self) -> Result<Vec<Option<Volume>>, ComplexError> {
        let exact = |fraction: Fraction| ExactNumber(fraction.into());
        let volume =
            |VolumeFractions { volume, centroid }| Volume { volume: exact(volume), centroid: centroid.into_iter().map(exact).collect() };
        Ok(self.volume_fractions()?.into_iter().map(|found| found.map(volume)).collect())
    }

    /// The volumes and centroids as fractions of integers.
    pub(crate) fn volume_fractions(&self) -> Result<Vec<Option<VolumeFractions>>, ComplexError> {
        self.of_bounded(true, |_| true, Cone::fractions)
    }

    /// The exact volume of each cell, `None` for unbounded cells.
    pub(crate) fn volumes_alone(&self) -> Result<Vec<Option<Rational>>, ComplexError> {
        self.volumes_of(|_| true)
    }

    /// The exact volume of each selected cell, `None` for the others and for unbounded cells.
    pub(super) fn volumes_of(&self, is_wanted: impl Fn(usize) -> bool) -> Result<Vec<Option<Rational>>, ComplexError> {
        self.of_bounded(false, is_wanted, |cone| Rational::from(cone.volume()))
    }

    /// The result of `of` for the cone of each selected bounded cell.
    fn of_bounded<T: Send + OnHeap>(
        &self,
        moments: bool,
        is_wanted: impl Fn(usize) -> bool,
        of: impl Fn(Cone) -> T + Sync,
    ) -> Result<Vec<Option<T>>, ComplexError> {
        let cells = self.activation_regions();
        let bounded: Vec<u32> = (0..cells).filter(|&cell| is_wanted(cell) && self.cell(cell).bounded()).map(|cell| cell as u32).collect();
        let mut all: Vec<Option<T>> = (0..cells).map(|_| None).collect();
        if bounded.is_empty() {
            return Ok(all);
        }
        let mut spent = Spent::new(self, size_of::<Option<T>>());
        let points = self.whole_points(&bounded, &mut spent)?;
        let cones =
            Cones { complex: self, pulling: &Pulling::of(self), points: &points, moments, sharing: self.denominators_share(&points) };
        let mut places: Vec<Vec<u32>> = self.levels.iter().map(|level| vec![0; level.len()]).collect();
        places[0] = vec![0; points.len()];
        for bounded in bounded.chunk_by(|&a, &b| a as usize / TOGETHER == b as usize / TOGETHER) {
            let found: Vec<T> = cones.of_cells(bounded, &mut places, &spent)?.into_par_iter().map(&of).collect();
            spent.cells += found.len();
            spent.take(found.iter().map(OnHeap::on_heap).sum())?;
            bounded.iter().zip(found).for_each(|(&cell, found)| all[cell as usize] = Some(found));
        }
        Ok(all)
    }

    /// All vertices as integers. Only the vertices of the given cells are computed.
    fn whole_points(&self, cells: &[u32], spent: &mut Spent) -> Result<Vec<WholePoint>, ComplexError> {
        let mut is_needed = vec![cells.len() == self.activation_regions(); self.vertices()];
        if !is_needed[0] {
            cells.iter().for_each(|&cell| self.vertices_of(self.rank(), cell).into_iter().for_each(|v| is_needed[v as usize] = true));
        }
        let point = |(v, needed)| {
            let point = if needed && self.is_vertex(v) { self.whole_vertex(v) } else { WholePoint::default() };
            spent.take(point.on_heap())?;
            Ok(point)
        };
        (0..self.vertices() as u32).zip(is_needed).map(point).collect()
    }

    /// Whether the denominators of vertices have large factors in common with those of their neighbours, estimated from some edges. If few
    /// units of a first layer are active, the vertices of a cell have a minor of its weights in common.
    fn denominators_share(&self, points: &[WholePoint]) -> bool {
        let edges = &self.levels[1];
        let (mut shared, mut all) = (0u64, 0u64);
        for edge in (0..edges.len() as u32).step_by(1 + edges.len() / 256) {
            if let [p, q] = *edges.facets(edge)
                && self.is_vertex(p)
                && self.is_vertex(q)
            {
                let [p, q] = [p, q].map(|vertex| &points[vertex as usize].denominator);
                shared += u64::from(Integer::from(p.gcd_ref(q)).significant_bits());
                all += u64::from(p.significant_bits().min(q.significant_bits()));
            }
        }
        4 * shared > all
    }
}

/// A face as a cone.
struct Cone {
    /// Its vertices, ascending; only used if their denominators have little in common.
    vertices: Vec<u32>,
    /// Its hull: it has the axes on which volumes are measured, and the denominator that divides the numbers below.
    hull: Hull,
    /// A multiple of the product of the denominators of all corners, for each simplex.
    over: Integer,
    /// A multiple of the denominator of each vertex, if moments are computed.
    common: Integer,
    /// The volume times k! and `over`, divided by the denominator of the hull.
    whole: Integer,
    /// The integrals of all coordinates times (k + 1)!, `over` and `common`, divided by the denominator of the hull, if moments are
    /// computed.
    moments: Vec<Integer>,
}

impl Cone {
    /// The volume of a cell. Its hull is the whole space, and has the denominator 1.
    fn volume(&self) -> (&Integer, Integer) {
        (&self.whole, Integer::from(&self.over * factorial(self.hull.axes.len())))
    }

    /// The volume in lowest terms, and the centroid.
    fn fractions(self) -> VolumeFractions {
        let (whole, over) = self.volume();
        let volume = Fraction::all(vec![whole.clone()], &over).remove(0);
        let over = self.common * self.whole * (self.hull.axes.len() as u64 + 1);
        VolumeFractions { volume, centroid: Fraction::all(self.moments, &over) }
    }
}

impl OnHeap for VolumeFractions {
    fn on_heap(&self) -> u64 {
        let of = |fraction: &Fraction| fraction.numerator.on_heap() + fraction.denominator.on_heap();
        of(&self.volume) + self.centroid.iter().map(|x| size_of::<Fraction>() as u64 + of(x)).sum::<u64>()
    }
}

impl OnHeap for Cone {
    fn on_heap(&self) -> u64 {
        let Self { vertices, hull, over, common, whole, moments } = self;
        let numbers =
            over.on_heap() + common.on_heap() + whole.on_heap() + moments.on_heap() + hull.numbers().map(OnHeap::on_heap).sum::<u64>();
        numbers + (size_of_val(&vertices[..]) + size_of_val(&hull.axes[..])) as u64
    }
}

fn factorial(k: usize) -> u64 {
    (1..=k as u64).product()
}

/// The data from which the cones of faces are computed.
struct Cones<'a> {
    complex: &'a Complex,
    pulling: &'a Pulling,
    points: &'a [WholePoint],
    /// Whether moments are computed.
    moments: bool,
    /// Whether least common multiples of denominators are much shorter than products. The results are the same in both cases.
    sharing: bool,
}

impl Cones<'_> {
    /// The cones of some cells, computed from those of all their faces; `places` is a buffer with a number for each face.
    fn of_cells(&self, cells: &[u32], places: &mut [Vec<u32>], spent: &Spent) -> Result<Vec<Cone>, ComplexError> {
        let d = self.complex.dimension();
        let mut faces = vec![cells.to_vec()];
        for k in (1..=d).rev() {
            let mut below: Vec<u32> = faces[d - k].iter().flat_map(|&face| self.opposite(k, face)).collect();
            below.sort_unstable();
            below.dedup();
            faces.push(below);
        }
        faces.reverse();
        let (mut below, mut of_below): (Vec<Cone>, u64) = (Vec::new(), 0);
        for (k, faces) in faces.iter().enumerate() {
            let cone = |&face: &u32| match k {
                0 => self.vertex(face),
                _ => self.cone(k, face, |facet| &below[places[k - 1][facet as usize] as usize]),
            };
            let here: Vec<Cone> = faces.par_iter().map(cone).collect();
            faces.iter().zip(0..).for_each(|(&face, place)| places[k][face as usize] = place);
            let of_here = here.iter().map(|cone| size_of::<Cone>() as u64 + cone.on_heap()).sum();
            spent.allow(of_below + of_here)?;
            (below, of_below) = (here, of_here);
        }
        Ok(below)
    }

    /// The facets of a face that do not contain its lowest vertex. A facet contains it if and only if it is the lowest vertex of the facet.
    fn opposite(&self, k: usize, face: u32) -> impl Iterator<Item = u32> {
        let (below, low) = (&self.pulling.lowest[k - 1], self.pulling.lowest[k][face as usize]);
        self.complex.facets_of(k, face).iter().copied().filter(move |&facet| below[facet as usize] != low)
    }

    fn vertex(&self, vertex: u32) -> Cone {
        let point = &self.points[vertex as usize];
        let moments = if self.moments { point.numerators.clone() } else { Vec::new() };
        let [over, common] = [&point.denominator; 2].map(Integer::clone);
        let vertices = if self.sharing { Vec::new() } else { vec![vertex] };
        Cone { vertices, hull: Hull::of_point(point), over, common, whole: Integer::from(1), moments }
    }

    fn cone<'b>(&self, k: usize, face: u32, of: impl Fn(u32) -> &'b Cone) -> Cone {
        let lowest = self.pulling.lowest[k][face as usize];
        let apex = &self.points[lowest as usize];
        let facets: Vec<&Cone> = self.opposite(k, face).map(of).collect();
        let hull = facets[0].hull.with(apex);
        let (vertices, over, common) = self.denominators(lowest, &facets);
        let (mut whole, mut moments) = (Integer::new(), vec![Integer::new(); if self.moments { self.complex.dimension() } else { 0 }]);
        for facet in facets {
            let height = facet.hull.height(hull.axis_beyond(&facet.hull), apex).abs();
            let factor = height * Integer::from(over.div_exact_ref(&Integer::from(&facet.over * &apex.denominator)));
            whole += &factor * &facet.whole;
            if self.moments {
                let factor = factor * Integer::from(common.div_exact_ref(&facet.common));
                hull.axes.iter().for_each(|&axis| moments[axis] += &factor * &facet.moments[axis]);
            }
        }
        whole.div_exact_mut(&hull.scale);
        if self.moments {
            let of_apex = Integer::from(common.div_exact_ref(&apex.denominator)) * &whole;
            for &axis in &hull.axes {
                moments[axis].div_exact_mut(&hull.scale);
                moments[axis] += &of_apex * &apex.numerators[axis];
            }
            // On the other axes, coordinates are affine functions of these.
            let measure = Integer::from(&common * &whole) * (k as u64 + 1);
            for axis in hull.other_axes() {
                moments[axis] = hull.value(axis, &measure, &moments).div_exact(&hull.scale);
            }
        }
        Cone { vertices, hull, over, common, whole, moments }
    }

    /// The vertices of a face and its multiples of denominators, from its apex and the facets that do not contain it.
    fn denominators(&self, apex: u32, facets: &[&Cone]) -> (Vec<u32>, Integer, Integer) {
        let denominator = |vertex: u32| &self.points[vertex as usize].denominator;
        let multiple = |of: fn(&Cone) -> &Integer| facets[1..].iter().fold(of(facets[0]).clone(), |all, facet| all.lcm(of(facet)));
        if self.sharing {
            let common = if self.moments { multiple(|cone| &cone.common).lcm(denominator(apex)) } else { Integer::new() };
            return (Vec::new(), multiple(|cone| &cone.over) * denominator(apex), common);
        }
        // Every vertex except the apex is in a facet that does not contain the apex.
        let mut vertices: Vec<u32> = facets.iter().flat_map(|facet| facet.vertices.iter().copied()).chain([apex]).collect();
        vertices.sort_unstable();
        vertices.dedup();
        let over = product(&vertices.iter().map(|&vertex| denominator(vertex)).collect::<Vec<_>>());
        let common = if self.moments { over.clone() } else { Integer::new() };
        (vertices, over, common)
    }
}

/// The product of many numbers, by recursive halving, so that the factors have about the same length.
fn product(numbers: &[&Integer]) -> Integer {
    match numbers {
        [] => Integer::from(1),
        [one] => (*one).clone(),
        [one, other] => Integer::from(*one * *other),
        _ => {
            let (left, right) = numbers.split_at(numbers.len() / 2);
            product(left) * product(right)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::complex::{Builder, Domain};
    use crate::network::{Layer, Network, load};
    use nalgebra::{DMatrix, DVector};

    /// The results for all cells, by products of denominators or by least common multiples, and the number of bits of all multiples.
    fn cells(complex: &Complex, sharing: bool) -> (Vec<VolumeFractions>, u32) {
        let points: Vec<WholePoint> = (0..complex.vertices() as u32).map(|v| complex.whole_vertex(v)).collect();
        let cones = Cones { complex, pulling: &Pulling::of(complex), points: &points, moments: true, sharing };
        let mut places: Vec<Vec<u32>> = complex.levels.iter().map(|level| vec![0; level.len().max(points.len())]).collect();
        let all: Vec<u32> = (0..complex.activation_regions() as u32).collect();
        let cells = cones.of_cells(&all, &mut places, &Spent::new(complex, 0)).unwrap();
        let bits = cells.iter().map(|cell| cell.over.significant_bits() + cell.common.significant_bits()).sum();
        (cells.into_iter().map(Cone::fractions).collect(), bits)
    }

    #[test]
    fn multiples_of_denominators_may_be_products_or_not() {
        for (network, domain) in
            [("random:2-7-5-1@1", "-1,1"), ("random:3-6-4-1@2", "-1,1"), ("random:4-5-3-1@3", "0,1/3"), ("zigzag:4:2:1", "-1/3,1")]
        {
            let network = load(network).unwrap();
            let complex = Builder::new(&network).build(&Domain::parse_box(domain, network.inputs()).unwrap()).unwrap();
            let ((products, _), (multiples, _)) = (cells(&complex, false), cells(&complex, true));
            for (cell, (product, multiple)) in products.into_iter().zip(multiples).enumerate() {
                assert_eq!((&product.volume, &product.centroid), (&multiple.volume, &multiple.centroid), "cell {cell}");
            }
        }
    }

    /// The units of a second layer cut three planes through the origin. Where few units are active, the denominators of vertices have the
    /// minor of these in common.
    #[test]
    fn denominators_that_vertices_have_in_common_count_once() {
        let entry =
            |i: usize, j: usize| f64::from((((i * 7919 + j * 104_729 + 17) * 2_654_435_761 % 4_294_967_296) >> 8) as u32) - 8_388_608.0;
        let layer = |rows: usize, columns: usize, bias: f64| {
            Layer::from_f64(DMatrix::from_fn(rows, columns, entry), DVector::from_fn(rows, |i, _| bias * entry(i, 99)))
        };
        let network = Network::new(vec![layer(3, 3, 0.0), layer(4, 3, 262_144.0), layer(1, 4, 0.0)]).unwrap();
        let complex = Builder::new(&network).build(&Domain::parse_box("-1,1", 3).unwrap()).unwrap();
        let ((_, products), (_, multiples)) = (cells(&complex, false), cells(&complex, true));
        assert!(10 * multiples < 9 * products, "{multiples} and {products} bits in {} cells", complex.activation_regions());
    }
}
