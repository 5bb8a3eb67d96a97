//! Every cell of a complex, as JSON.

use crate::complex::{Cell, Complex, Counts, Decided, Facet, Volume};
use crate::exact::ExactNumber;
use crate::network::Unit;
use serde::{Serialize, Serializer, ser::SerializeStruct};

/// What `plica regions --cells` writes: all vertices, facets and cells, each with its exact numbers.
///
/// Nothing is kept of it: a cell is computed when it is written.
///
/// ```
/// use plica::{complex::{Builder, Domain}, network::load, report::CellsReport};
/// let complex = Builder::new(&load("zigzag:1:2:1").unwrap()).build(&Domain::parse_box("0,1", 1).unwrap()).unwrap();
/// let json = serde_json::to_value(CellsReport::of(&complex, None)).unwrap();
/// assert_eq!(json["vertices"][0][0]["exact"], "0");
/// assert_eq!(json["cells"][0]["neighbours"], serde_json::json!([1]));
/// ```
#[derive(Debug)]
pub struct CellsReport<'a> {
    complex: &'a Complex,
    decided: Option<&'a Decided>,
    volumes: Vec<Option<Volume>>,
    simplices: Vec<Option<u64>>,
}

impl<'a> CellsReport<'a> {
    /// The cells of a complex; and of the finer one what is decided, where it is given.
    pub fn of(complex: &'a Complex, decided: Option<&'a Decided>) -> Self {
        Self { complex, decided, volumes: complex.volumes(), simplices: complex.simplex_counts() }
    }
}

fn exact(numbers: Vec<rug::Rational>) -> Vec<ExactNumber> {
    numbers.into_iter().map(ExactNumber).collect()
}

/// One facet; `index` is what cells call it by.
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
        Self {
            index: facet.index(),
            cells: facet.cells(),
            side: facet.side().map(|side| side.0),
            units: facet.units(),
            vertices: facet.vertices(),
        }
    }
}

/// One cell; what is not bounded has no simplices, volume and centroid.
#[derive(Serialize)]
struct CellEntry {
    index: usize,
    pattern: String,
    bounded: bool,
    facets: Vec<usize>,
    neighbours: Vec<usize>,
    vertices: Vec<usize>,
    simplices: Option<u64>,
    volume: Option<ExactNumber>,
    centroid: Option<Vec<ExactNumber>>,
    /// The numbers of its affine map and of its linear region.
    affine_map: u32,
    linear_region: u32,
    /// For each output the coefficients, the constant last.
    map: Vec<Vec<ExactNumber>>,
    interior_point: Vec<ExactNumber>,
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
        let entry = |cell: Cell<'_>| {
            let index = cell.index();
            let volume = self.volumes[index].as_ref();
            CellEntry {
                index,
                pattern: cell.pattern().to_string(),
                bounded: cell.bounded(),
                facets: cell.facets().map(|facet| facet.index()).collect(),
                neighbours: cell.neighbours(),
                vertices: cell.vertices(),
                simplices: self.simplices[index],
                volume: volume.map(|volume| volume.volume.clone()),
                centroid: volume.map(|volume| volume.centroid.clone()),
                affine_map: counts.map_of[index],
                linear_region: counts.linear_region_of[index],
                map: cell.affine_map().into_iter().map(exact).collect(),
                interior_point: exact(cell.interior_point()),
                classes: classes.as_ref().map(|classes| classes[index].clone()),
            }
        };
        let mut all = serializer.serialize_struct("CellsReport", 3)?;
        all.serialize_field("vertices", &Sequence(|| self.complex.all_vertices().map(|vertex| vertex.map(exact))))?;
        all.serialize_field("facets", &Sequence(|| self.complex.facets().map(FacetEntry::of)))?;
        all.serialize_field("cells", &Sequence(|| self.complex.cells().map(entry)))?;
        all.end()
    }
}

/// A list whose entries are made when they are written.
struct Sequence<F>(F);

impl<I: Iterator<Item: Serialize>, F: Fn() -> I> Serialize for Sequence<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}
