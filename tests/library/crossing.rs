//! Traces inside complexes: a segment runs through the cells that contain it, and from one to the next through facets at the crossing.
//!
//! Two tests decide whether a cell contains a point: the signs of the units, and the half-spaces of the cell's facets.

use crate::support::cells::{Form, value};
use crate::support::plain::{Plain, middle, on_segment};
use crate::support::{Case, Words, any_case, config, generic_case, networks, segments, times};
use plica::complex::{Builder, Cell, Complex, Domain};
use plica::line::Crossing;
use plica::network::{Network, Pattern, Selection};
use proptest::prelude::*;
use rug::Rational;
use std::collections::BTreeSet;

type Vector = Vec<Rational>;

/// The hyperplane through points that span one: coefficients, with the constant last.
fn hyperplane(points: &[Vector]) -> Form {
    let n = points[0].len() + 1;
    let mut rows: Vec<Form> = points.iter().map(|x| [x.as_slice(), &[Rational::from(1)]].concat()).collect();
    let mut pivots = Vec::new();
    for column in 0..n {
        let top = pivots.len();
        let Some(found) = (top..rows.len()).find(|&i| !rows[i][column].is_zero()) else { continue };
        rows.swap(top, found);
        let inverse = Rational::from(rows[top][column].recip_ref());
        rows[top].iter_mut().for_each(|x| *x *= &inverse);
        let pivot = rows[top].clone();
        for (_, row) in rows.iter_mut().enumerate().filter(|(i, row)| *i != top && !row[column].is_zero()) {
            let factor = row[column].clone();
            row.iter_mut().zip(&pivot).for_each(|(x, p)| *x -= Rational::from(p * &factor));
        }
        pivots.push(column);
    }
    assert_eq!(pivots.len(), n - 1, "the vertices of a facet span a hyperplane");
    let free = (0..n).find(|column| !pivots.contains(column)).expect("one column has no pivot");
    let mut form = vec![Rational::new(); n];
    form[free] = Rational::from(1);
    rows.iter().zip(&pivots).for_each(|(row, &column)| form[column] = Rational::from(-&row[free]));
    form
}

/// The forms that vanish on the facets of a bounded cell and are positive inside it.
fn half_spaces(complex: &Complex, cell: Cell<'_>) -> Vec<Form> {
    let inside = cell.interior_point();
    let form = |vertices: Vec<usize>| {
        let form = hyperplane(&vertices.into_iter().map(|v| complex.vertex(v)).collect::<Vec<_>>());
        if value(&form, &inside) > 0 { form } else { form.into_iter().map(|c| -c).collect() }
    };
    cell.facets().map(|facet| form(facet.vertices())).collect()
}

/// A complex, and its cells as half-spaces if it has a border.
struct Ground<'a> {
    complex: &'a Complex,
    plain: Plain,
    cells: Option<Vec<Vec<Form>>>,
}

impl<'a> Ground<'a> {
    fn new(network: &Network, complex: &'a Complex) -> Self {
        let bounded = *complex.domain() != Domain::Space;
        let cells = bounded.then(|| complex.cells().map(|cell| half_spaces(complex, cell)).collect());
        Self { complex, plain: Plain::new(network), cells }
    }

    /// The cells that contain a point of the domain.
    fn around(&self, x: &Vector) -> Result<BTreeSet<usize>, TestCaseError> {
        let found = self.complex.cells_with(x);
        if let Some(cells) = &self.cells {
            let holds = |cell: &usize| cells[*cell].iter().all(|form| value(form, x) >= 0);
            prop_assert_eq!(&found, &(0..cells.len()).filter(holds).collect::<Vec<_>>());
        }
        let found: BTreeSet<usize> = found.into_iter().collect();
        prop_assert!(!found.is_empty() && self.connected(&found), "{:?} around {:?}", found, x);
        Ok(found)
    }

    /// Whether each of these cells is connected to each other one through facets between these cells.
    fn connected(&self, cells: &BTreeSet<usize>) -> bool {
        let mut seen = BTreeSet::new();
        let mut next: Vec<usize> = cells.first().copied().into_iter().collect();
        while let Some(cell) = next.pop() {
            if seen.insert(cell) {
                next.extend(self.complex.cell(cell).neighbours().into_iter().filter(|other| cells.contains(other)));
            }
        }
        seen == *cells
    }

    fn inside(&self, x: &Vector) -> bool {
        match self.complex.domain() {
            Domain::Box(ranges) => ranges.iter().zip(x).all(|((lo, hi), x)| lo < x && x < hi),
            _ => true,
        }
    }

    /// The cells around a point inside a region of a trace.
    fn at_middle(&self, x: &Vector, pattern: &Pattern) -> Result<BTreeSet<usize>, TestCaseError> {
        let around = self.around(x)?;
        let signs: Vec<_> = self.plain.pre_activations(x).into_iter().flatten().map(|z| z.cmp0()).take(pattern.len()).collect();
        for &cell in &around {
            let of_cell = self.complex.cell(cell).pattern();
            let differs = |i: &usize| of_cell.get(*i) != pattern.get(*i);
            // A unit that is 0 along a part of the segment is inactive there, and active on some neighbouring cells.
            prop_assert!((0..pattern.len()).filter(differs).all(|i| signs[i].is_eq() && !pattern.get(i)), "{} {}", of_cell, pattern);
        }
        // Along a side of the box all of these neighbours may be missing.
        if around.len() == 1 && self.inside(x) {
            prop_assert_eq!(&self.complex.cell(around.first().copied().unwrap()).pattern(), pattern);
        }
        if signs.iter().all(|sign| sign.is_ne()) {
            prop_assert_eq!(around.len(), 1);
        }
        Ok(around)
    }

    /// A crossing at x, from one set of cells to another.
    fn at_crossing(
        &self,
        x: &Vector,
        crossing: &Crossing<'_>,
        before: &BTreeSet<usize>,
        after: &BTreeSet<usize>,
    ) -> Result<(), TestCaseError> {
        let around = self.around(x)?;
        // Cells are closed and convex; a cell on both sides would contain the part between, where no unit could flip.
        prop_assert!(before.is_subset(&around) && after.is_subset(&around) && before.is_disjoint(after));
        if around.len() == 2 {
            let (left, right) = (*before.first().unwrap(), *after.first().unwrap());
            let facets: Vec<_> = self.complex.cell(left).facets().filter(|facet| facet.other(left) == Some(right)).collect();
            prop_assert_eq!(facets.len(), 1);
            prop_assert_eq!(facets[0].cells().into_iter().collect::<BTreeSet<_>>(), around);
            if self.inside(x) {
                // One bit a unit.
                let units: Vec<(u32, u32)> = facets[0].units().into_iter().map(Into::into).collect();
                prop_assert_eq!(units, crossing.flips.iter().map(|&bit| bit.into()).collect::<Vec<_>>());
            }
        }
        Ok(())
    }
}

/// Walks along a segment inside a domain.
fn walk(case: &Case, domain: &Domain) -> Result<(), TestCaseError> {
    let complex = Builder::new(&case.network).build(domain).unwrap();
    let ground = Ground::new(&case.network, &complex);
    let (from, to) = (case.from.to_rationals(), case.to.to_rationals());
    let trace = case.filtered(&Selection::Hidden, true);
    let ends = [vec![Rational::new()], times(&trace), vec![Rational::from(1)]].concat();
    let mut before = None;
    for (k, pattern) in trace.patterns().enumerate() {
        let cells = ground.at_middle(&on_segment(&from, &to, &middle(&ends[k], &ends[k + 1])), &pattern)?;
        if let Some(before) = before {
            ground.at_crossing(&on_segment(&from, &to, &ends[k]), &trace.crossing(k - 1), &before, &cells)?;
        }
        before = Some(cells);
    }
    Ok(())
}

/// A box around a segment, wider than the segment in some directions only: the segment may begin and end on sides, or lie in one.
fn boxed(case: &Case) -> Domain {
    let mut words = Words(case.seed);
    let mut range = |(a, b): (Rational, Rational)| {
        let (below, above) = (words.below(3) as u32 / 2, words.below(3) as u32 / 2);
        let (lo, hi) = if a < b { (a - below, b + above) } else { (b - below, a + above) };
        if lo < hi { (lo, hi) } else { (lo.clone(), lo + 1u32) }
    };
    Domain::boxed(case.from.to_rationals().into_iter().zip(case.to.to_rationals()).map(&mut range).collect()).unwrap()
}

/// A number of cells that is small enough to test each of them.
fn small(network: &Network) -> bool {
    network.inputs() <= 4 && network.hidden_units() <= [0, 24, 14, 11, 8][network.inputs()]
}

fn four_dimensional_case() -> impl Strategy<Value = Case> {
    (networks::four_dimensional(), segments::any(), any::<u64>())
        .prop_map(|(network, recipe, seed)| Case::new(network.clone(), recipe.build(&network), seed))
}

/// A cross of two hyperplanes: a segment along one of them, and others through their common point.
#[test]
fn along_a_hyperplane_there_are_two_cells_and_at_a_point_of_two_four() {
    let q = |text: &str| text.split(' ').map(|x| x.parse().unwrap()).collect::<Vector>();
    let network = networks::from_rows(&[vec![q("1 0 0"), q("0 1 0")], vec![q("1 1 0")]]);
    let point = |x: i32, y: i32| plica::data::Point::from_rationals(vec![Rational::from(x), Rational::from(y)]).unwrap();
    let domain = Domain::parse_box("-1,1", 2).unwrap();
    let complex = Builder::new(&network).build(&domain).unwrap();
    for (x, cells) in [("-1/2 0", 2), ("0 0", 4), ("-1/2 1/2", 1), ("1 0", 2), ("0 2", 0)] {
        assert_eq!(complex.cells_with(&q(x)).len(), cells, "{x}");
    }
    for (from, to) in [(point(-1, 0), point(1, 0)), (point(-1, -1), point(1, 1)), (point(0, 0), point(0, 0)), (point(1, -1), point(1, 1))] {
        let case = Case::new(network.clone(), (from, to), 0);
        walk(&case, &domain).unwrap();
        walk(&case, &Domain::Space).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: u32::MAX, ..config(400) })]

    #[test]
    fn traces_run_through_cells_of_a_box(case in prop_oneof![4 => any_case(), 1 => generic_case(), 1 => four_dimensional_case()]) {
        prop_assume!(small(&case.network));
        walk(&case, &boxed(&case))?;
    }

    #[test]
    fn traces_run_through_cells_of_the_whole_space(case in prop_oneof![4 => any_case(), 1 => generic_case(), 1 => four_dimensional_case()]) {
        prop_assume!(small(&case.network));
        walk(&case, &Domain::Space)?;
    }
}
