//! Every cell of a complex, as JSON.

use crate::complex::{Complex, ComplexError, Counts, Decided, Facet, VolumeFractions};
use crate::exact::{Fraction, Written};
use crate::network::Unit;
use rayon::prelude::*;
use serde::ser::{SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};

/// What `plica regions --cells` writes: all vertices, facets and cells, each with its exact numbers.
///
/// Cells are computed a few at a time, on all threads of the current `rayon` pool, and written; none are kept.
///
/// ```
/// use plica::{complex::{Builder, Domain}, network::load, report::CellsReport};
/// let complex = Builder::new(&load("zigzag:1:2:1").unwrap()).build(&Domain::parse_box("0,1", 1).unwrap()).unwrap();
/// let json = serde_json::to_value(CellsReport::of(&complex, None).unwrap()).unwrap();
/// assert_eq!(json["vertices"][0][0]["exact"], "0");
/// assert_eq!(json["cells"][0]["neighbours"], serde_json::json!([1]));
/// ```
#[derive(Debug)]
pub struct CellsReport<'a> {
    complex: &'a Complex,
    decided: Option<&'a Decided>,
    volumes: Vec<Option<VolumeFractions>>,
    simplices: Vec<Option<u64>>,
}

impl<'a> CellsReport<'a> {
    /// The cells of a complex, with the classes that are decided on each where `decided` is given.
    ///
    /// # Errors
    /// Volumes that take more memory than is allowed.
    pub fn of(complex: &'a Complex, decided: Option<&'a Decided>) -> Result<Self, ComplexError> {
        Ok(Self { complex, decided, volumes: complex.volume_fractions()?, simplices: complex.simplex_counts() })
    }
}

fn written(numbers: &[Fraction]) -> Vec<Written> {
    numbers.iter().map(Written::from).collect()
}

fn written_rationals(numbers: Vec<rug::Rational>) -> Vec<Written> {
    numbers.into_iter().map(|x| Written::from(&Fraction::from(x))).collect()
}

/// One facet; cells name it by its `index`.
#[derive(Serialize)]
struct FacetEntry {
    index: usize,
    cells: Vec<usize>,
    /// The side of the domain that it lies on.
    side: Option<usize>,
    units: Vec<Unit>,
    vertices: Vec<usize>,
}

impl FacetEntry {
    fn of(facet: Facet<'_>) -> Self {
        Self { index: facet.index(), cells: facet.cells(), side: facet.side(), units: facet.units(), vertices: facet.vertices() }
    }
}

/// One cell. A cell that is not bounded has no simplices, volume or centroid.
#[derive(Serialize)]
struct CellEntry {
    index: usize,
    pattern: String,
    bounded: bool,
    facets: Vec<usize>,
    neighbours: Vec<usize>,
    vertices: Vec<usize>,
    simplices: Option<u64>,
    volume: Option<Written>,
    centroid: Option<Vec<Written>>,
    /// The numbers of its affine map and of its linear region.
    affine_map: u32,
    linear_region: u32,
    /// For each output the coefficients, the constant last.
    map: Vec<Vec<Written>>,
    interior_point: Vec<Written>,
    /// The classes that are decided on it, null where that was not asked.
    classes: Option<Vec<i64>>,
}

impl Serialize for CellsReport<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let counts: &Counts = self.complex.counts();
        let classes = self.decided.map(|decided| {
            let mut classes = vec![Vec::new(); self.complex.activation_regions()];
            decided.parent_of.iter().zip(&decided.class_of).for_each(|(&parent, &class)| classes[parent as usize].push(class));
            classes.iter_mut().for_each(|classes| classes.sort_unstable());
            classes
        });
        let entry = |index: usize| {
            let cell = self.complex.cell(index);
            let volume = self.volumes[index].as_ref();
            CellEntry {
                index,
                pattern: cell.pattern().to_string(),
                bounded: cell.bounded(),
                facets: cell.facets().map(|facet| facet.index()).collect(),
                neighbours: cell.neighbours(),
                vertices: cell.vertices(),
                simplices: self.simplices[index],
                volume: volume.map(|volume| Written::from(&volume.volume)),
                centroid: volume.map(|volume| written(&volume.centroid)),
                affine_map: counts.map_of[index],
                linear_region: counts.linear_region_of[index],
                map: cell.affine_map().into_iter().map(written_rationals).collect(),
                interior_point: written(&cell.interior_fractions()),
                classes: classes.as_ref().map(|classes| classes[index].clone()),
            }
        };
        let vertex = |index: usize| self.complex.finite_vertex(index).map(written_rationals);
        let facets: Vec<Facet<'_>> = self.complex.facets().collect();
        let mut all = serializer.serialize_struct("CellsReport", 3)?;
        all.serialize_field("vertices", &Sequence(self.complex.vertices(), vertex))?;
        all.serialize_field("facets", &Sequence(facets.len(), |index: usize| FacetEntry::of(facets[index])))?;
        all.serialize_field("cells", &Sequence(self.complex.activation_regions(), entry))?;
        all.end()
    }
}

/// The entries that are computed together before they are written.
const TOGETHER: usize = 256;

/// A list of entries, each computed from its number when it is written.
struct Sequence<F>(usize, F);

impl<T: Serialize + Send, F: Fn(usize) -> T + Sync> Serialize for Sequence<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(len, entry) = self;
        let mut all = serializer.serialize_seq(Some(*len))?;
        for first in (0..*len).step_by(TOGETHER) {
            let entries: Vec<T> = (first..(first + TOGETHER).min(*len)).into_par_iter().map(entry).collect();
            entries.iter().try_for_each(|entry| all.serialize_element(entry))?;
        }
        all.end()
    }
}
