//! One network as a stack of layers and as a graph: all answers are the same.
//!
//! The comparison leaves out only what may differ: the counts of decisions, the width of enclosures that are not
//! the tightest, the order of cells and vertices, bounds (known only for stacks), and the fingerprints of sweeps.

use super::*;
use crate::support::{config, graphs::Numbers, graphs::as_graph, graphs::rebuilt, networks};
use plica::complex::{Builder, Complex, Decided, Domain, Plane, Progress, Rule};
use plica::data::{DataSet, Point, Points};
use plica::fold::{Folding, Meter, Tally};
use plica::line::{Trace, Tracer};
use plica::network::{Bit, Coefficients, Network, NetworkBuilder, Piecewise, Selection, Unit, UnitSet};
use plica::report::RegionsReport;
use plica::sweep::{PairGroup, Pairs, PathRow, RowSink, Sweep};
use proptest::prelude::*;
use rug::Rational;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// A network of both kinds, with the data for both.
struct Both {
    chain: Network,
    graph: Network,
}

impl Both {
    fn new(chain: Network) -> Self {
        Self { graph: as_graph(&chain), chain }
    }

    fn both(&self) -> [&Network; 2] {
        [&self.chain, &self.graph]
    }

    /// Every form of a selection: all hidden units, all units, one layer, the output, lists and ranges.
    fn selections(&self) -> Vec<Selection> {
        let depth = self.chain.depth();
        let mut all = vec!["hidden".to_string(), "all".to_string(), format!("0-{depth}"), format!("{}-{depth}", depth / 2)];
        all.extend((0..=depth).map(|layer| layer.to_string()));
        all.extend((2..=depth).map(|layer| format!("0,{layer}")));
        all.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn units(&self, selection: &Selection) -> UnitSet {
        self.chain.units(selection).unwrap()
    }
}

/// Points with small coordinates, one of them twice.
fn points(inputs: usize, count: usize, seed: u64) -> Vec<Point> {
    let mut numbers = Numbers::new(seed, (seed % 4) as u8);
    let mut point = |_| Point::from_rationals((0..inputs).map(|_| numbers.coefficient()).collect()).unwrap();
    let mut all: Vec<Point> = (0..count).map(&mut point).collect();
    all.push(all[0].clone());
    all
}

// ---------------------------------------------------------------------------------------------------------------- overflow

/// Products of 2^1024 and more become infinite in doubles, while the errors of their factors stay finite. All weights are in the range of the filter.
#[test]
fn sums_that_overflow_decide_nothing() {
    let diagonal = |x: f64| (0..9).map(|k| if k % 4 == 0 { x } else { 0.0 }).collect::<Vec<_>>();
    let large = 2f64.powi(24);
    for exponents in [vec![500, 500], vec![60; 17]] {
        let mut builder = NetworkBuilder::new(&[3]).unwrap();
        let mut x = builder.input();
        for e in exponents {
            let y = builder.linear(&x, 3, Coefficients::from_f64(diagonal(2f64.powi(e))), None).unwrap();
            x = builder.activation(&y, Piecewise::leaky_relu((1, 4).into())).unwrap();
        }
        // Its slope is negative: the two other terms are larger than the first.
        let weights = Coefficients::from_f64(vec![large, -0.95 * large, -0.95 * large]);
        let y = builder.linear(&x, 1, weights, Some(Coefficients::from_f64(vec![1.0]))).unwrap();
        let z = builder.activation(&y, Piecewise::relu()).unwrap();
        let network = builder.finish(&z).unwrap();
        let units = network.units(&Selection::Hidden).unwrap();
        let [from, to] = [0, 1].map(|t| Point::from_rationals(vec![Rational::from(t); 3]).unwrap());
        let trace = Tracer::new(&network).trace(&from, &to).unwrap();
        let exact = Trace::exact_only(&network, &from, &to, &units).unwrap();
        assert_eq!((trace.regions(), trace.pieces()), (2, Some(2)));
        assert_eq!((trace.start(), trace.end(), trace.regions()), (exact.start(), exact.end(), exact.regions()));
        let flips = |trace: &Trace| trace.crossing(0).flips.to_vec();
        assert_eq!(flips(&trace), flips(&exact));
    }
}

// ------------------------------------------------------------------------------------------------------------------ traces

#[derive(Clone, Copy, Debug)]
struct Asked {
    exact_times: bool,
    exact_only: bool,
    pieces: bool,
}

impl Asked {
    fn all() -> impl Iterator<Item = Self> {
        (0..8).map(|k| Self { exact_times: k & 1 > 0, exact_only: k & 2 > 0, pieces: k & 4 > 0 })
    }

    /// The options before the units: these must not undo them.
    fn tracer(self, network: &Network, units: &UnitSet) -> Tracer {
        let Self { exact_times, exact_only, pieces } = self;
        Tracer::new(network).exact_times(exact_times).exact_only(exact_only).pieces(pieces).units(units)
    }

    /// Whether a trace equals the reference, and has only what was requested.
    fn fits(self, trace: &Trace, reference: &Trace) -> Result<(), TestCaseError> {
        prop_assert!(trace.agrees_with(reference), "{self:?}: {trace:#?}\nagainst\n{reference:#?}");
        prop_assert_eq!(trace.pieces(), reference.pieces().filter(|_| self.pieces), "{:?}", self);
        prop_assert_eq!(trace.closed_sequence(), reference.closed_sequence());
        prop_assert_eq!(trace.patterns().collect::<Vec<_>>(), reference.patterns().collect::<Vec<_>>());
        prop_assert_eq!(trace.changes().collect::<Vec<_>>(), reference.changes().collect::<Vec<_>>());
        prop_assert_eq!(Folding::of(trace), Folding::of(reference));
        prop_assert!(!self.exact_only || trace.decisions().filtered == 0);
        for (crossing, expected) in trace.crossings().zip(reference.crossings()) {
            prop_assert_eq!(crossing.t_exact, expected.t_exact.filter(|_| self.exact_times), "{:?}", self);
            prop_assert!(crossing.t.contains(expected.t_exact.unwrap()));
            prop_assert!(!self.exact_times || crossing.t == expected.t);
        }
        Ok(())
    }
}

/// All methods for the traces between pairs of points, and for their flips.
fn traces_of(mut tracer: Tracer, points: &[Point], pairs: &[(usize, usize)]) -> (Vec<Vec<Trace>>, Vec<Vec<Vec<Bit>>>) {
    let set = Points::from_points(points).unwrap();
    let mut fork = tracer.fork();
    let one = |tracer: &mut Tracer| -> Vec<Trace> { pairs.iter().map(|&(i, j)| tracer.trace(&points[i], &points[j]).unwrap()).collect() };
    let (mut of_pairs, mut flips_of_pairs) = (Vec::new(), Vec::new());
    let singly = one(&mut tracer);
    let mut bound = tracer.over(&set).unwrap();
    bound.trace_pairs(pairs.iter().copied(), |_, trace| of_pairs.push(trace.unwrap().clone())).unwrap();
    let visit = |_, flips: Result<plica::line::Flips<'_>, &plica::line::EnclosedTrace>, _| {
        let mut all = Vec::new();
        flips.unwrap().for_each(|units| all.push(units.to_vec()));
        flips_of_pairs.push(all);
    };
    bound.flips_of_pairs(pairs.iter().copied(), visit).unwrap();
    (vec![singly, one(&mut fork), of_pairs], flips_of_pairs)
}

fn any_network() -> impl Strategy<Value = Network> {
    prop_oneof![2 => networks::few_units(3), 1 => networks::any()]
}

proptest! {
    #![proptest_config(config(72))]

    #[test]
    fn traces_of_a_chain_and_of_its_graph_are_the_same(network in any_network(), seed: u64) {
        let both = Both::new(network);
        let points = points(both.chain.inputs(), 2, seed);
        let pairs = [(0, 1), (1, 0), (1, 1)];
        for selection in both.selections() {
            let units = both.units(&selection);
            let reference: Vec<Trace> =
                pairs.iter().map(|&(i, j)| Trace::exact_only(&both.chain, &points[i], &points[j], &units).unwrap()).collect();
            let full: Vec<Trace> =
                pairs.iter().map(|&(i, j)| Trace::exact_only(&both.chain, &points[i], &points[j], &units.full()).unwrap()).collect();
            let every = Asked { exact_times: true, exact_only: true, pieces: true };
            for (&(i, j), expected) in pairs.iter().zip(&reference) {
                every.fits(&Trace::exact_only(&both.graph, &points[i], &points[j], &units).unwrap(), expected)?;
            }
            for asked in Asked::all() {
                for network in both.both() {
                    let (ways, flips) = traces_of(asked.tracer(network, &units), &points, &pairs);
                    for (trace, expected) in ways.iter().flat_map(|way| way.iter().zip(&reference)) {
                        asked.fits(trace, expected)?;
                    }
                    // The flips are those of all units that a trace follows; a meter skips units that are not selected.
                    let followed: Vec<Vec<Vec<Bit>>> =
                        full.iter().map(|trace| trace.crossings().map(|crossing| crossing.flips.to_vec()).collect()).collect();
                    prop_assert_eq!(flips, followed);
                }
            }
            let mut meter = Meter::new(&units);
            prop_assert!(reference.iter().zip(&full).all(|(selected, full)| meter.measure(selected) == meter.measure(full)));
        }
    }
}

#[test]
fn a_tracer_of_a_graph_selects_units_for_many_segments_as_for_one() {
    let both = Both::new(plica::network::load("cantor:2").unwrap());
    let points = Points::from_points(&["0,3/4", "1,3/4"].map(|text| plica::data::Point::load(text, &Default::default()).unwrap())).unwrap();
    let units = both.units(&"0,2".parse().unwrap());
    for network in both.both() {
        let mut found = Vec::new();
        let mut tracer = Tracer::new(network).units(&units).pieces(false);
        let visit = |_, trace: Result<&Trace, &plica::line::EnclosedTrace>| {
            let trace = trace.unwrap();
            found.push((trace.units().count(), trace.regions(), trace.pieces()));
        };
        tracer.over(&points).unwrap().trace_pairs([(0, 1)], visit).unwrap();
        assert_eq!(found, [(6, 7, None)]);
    }
}

#[test]
fn exact_times_and_pieces_come_only_where_they_are_asked_for() {
    // Numbers beyond the doubles are left to the exact-only mode, which gives both.
    let large = || {
        let rows = |rows: &[&[f64]]| rows.iter().map(|row| row.iter().map(|&x| Rational::from_f64(x).unwrap()).collect()).collect();
        networks::from_rows(&[
            rows(&[&[1e300, 0.0], &[1e300, -5e299]]),
            rows(&[&[1e300, 0.0, 0.0], &[0.0, 1e300, 0.0]]),
            rows(&[&[1.0, 1.0, 0.0]]),
        ])
    };
    let sawtooth = || plica::network::load("sawtooth:2").unwrap();
    for (chain, exact_only) in [(sawtooth(), true), (sawtooth(), false), (large(), false)] {
        let both = Both::new(chain);
        let [from, to] = [-1.0, 1.0].map(|x| Point::from_f64(&vec![x; both.chain.inputs()]).unwrap());
        for network in both.both() {
            let trace = Tracer::new(network).exact_only(exact_only).pieces(false).trace(&from, &to).unwrap();
            assert!(trace.regions() > 1 && trace.pieces().is_none() && trace.crossings().all(|crossing| crossing.t_exact.is_none()));
        }
    }
}

#[test]
fn points_of_another_dimension_are_refused_alike() {
    let both = Both::new(plica::network::load("cantor:1").unwrap());
    let [two, three] = [2, 3].map(|d| Point::from_f64(&vec![0.5; d]).unwrap());
    let set = Points::from_points(std::slice::from_ref(&three)).unwrap();
    let groups: Vec<PairGroup> = Vec::new();
    let units = both.units(&Selection::Hidden);
    let errors = both.both().map(|network| {
        let mut tracer = Tracer::new(network);
        let first = tracer.trace(&three, &two).unwrap_err();
        let second = tracer.trace(&two, &three).unwrap_err();
        let over = tracer.over(&set).err().unwrap();
        [first, second, over, Sweep::new(network, &units, &set, &groups).err().unwrap()]
    });
    assert_eq!(errors[0], errors[1]);
    assert_eq!(Trace::exact_only(&both.chain, &two, &three, &units).err(), Trace::exact_only(&both.graph, &two, &three, &units).err());
    assert_eq!(Tracer::new(&both.chain).trace(&three, &two).err(), Tracer::new(&both.graph).trace(&three, &two).err());
}

// --------------------------------------------------------------------------------------------- units, shapes, output bits

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn units_shapes_and_outputs_are_the_same(network in any_network(), seed: u64) {
        let both = Both::new(network);
        let depth = both.chain.depth();
        let [chain, graph] = both.both();
        prop_assert!(chain.layers().is_some() && graph.layers().is_none());
        prop_assert_eq!((chain.inputs(), chain.outputs(), chain.depth(), chain.shape()), (graph.inputs(), graph.outputs(), graph.depth(), graph.shape()));
        let beyond = [depth + 1, depth + 7].map(|layer| Selection::Layers(vec![(0, layer)]));
        for selection in both.selections().iter().chain(&beyond) {
            prop_assert_eq!(chain.units(selection), graph.units(selection));
        }
        for point in points(chain.inputs(), 2, seed).iter().map(Point::to_rationals) {
            prop_assert_eq!(chain.evaluate(&point), graph.evaluate(&point));
        }
        prop_assert_eq!(chain.evaluate(&[]), graph.evaluate(&[]));
        // A stack that is built node by node is recognised.
        let rebuilt = rebuilt(chain);
        prop_assert_eq!(rebuilt.layers(), chain.layers());
        prop_assert_eq!(graph, chain);
    }

    /// The output of a ReLU is positive where its pre-activation is: in networks of ReLU, output bits equal the usual bits.
    #[test]
    fn output_bits_of_a_chain_are_its_bits(network in networks::few_units(2), seed: u64) {
        let both = Both::new(network);
        let output_bits = both.graph.with_output_bits().as_nodes();
        let points = points(both.chain.inputs(), 2, seed);
        for selection in both.selections() {
            let units = both.units(&selection);
            prop_assert_eq!(output_bits.units(&selection), Ok(units.clone()));
            let [a, b] = [&both.graph, &output_bits].map(|graph| Tracer::new(graph).units(&units).trace(&points[0], &points[1]).unwrap());
            prop_assert!(a.agrees_with(&b));
        }
        let domain = Domain::cube((-1).into(), 1.into(), both.chain.inputs()).unwrap();
        let [a, b] = [&both.graph, &output_bits].map(|graph| Builder::new(graph).build(&domain).map(|complex| complex.f_vector()));
        prop_assert_eq!(a.unwrap(), b.unwrap());
    }
}

// ------------------------------------------------------------------------------------------------------------------ sweeps

struct Rows(Mutex<Vec<PathRow>>);

impl RowSink for Rows {
    fn take(&self, _part: usize, _group: &PairGroup, rows: &[PathRow]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.0.lock().unwrap().extend(rows);
        Ok(())
    }
}

/// The tallies of a sweep: at once, in two parts, and of all its rows.
fn tallies(network: &Network, units: &UnitSet, data: &DataSet, groups: &[PairGroup]) -> (u64, [Vec<Tally>; 2], Vec<PathRow>) {
    let sweep = Sweep::new(network, units, &data.points, groups).unwrap();
    let whole = sweep.run(sweep.begin(), 2, |_| true).unwrap();
    let parts = Sweep::new(network, units, &data.points, groups).unwrap().chunks_of(5);
    let half = parts.chunks() / 2;
    let mut joined = parts.run_chunks(half..parts.chunks(), parts.begin(), 1, |_| true).unwrap();
    joined.merge(&parts.run_chunks(0..half, parts.begin(), 1, |_| true).unwrap()).unwrap();
    let rows = Rows(Mutex::default());
    let listed = Sweep::new(network, units, &data.points, groups).unwrap().with_rows(&rows);
    listed.run(listed.begin(), 2, |_| true).unwrap();
    let mut rows = rows.0.into_inner().unwrap();
    rows.sort_unstable_by_key(|row| (row.from, row.to));
    (sweep.paths(), [whole.tallies().to_vec(), joined.tallies().to_vec()], rows)
}

proptest! {
    #![proptest_config(config(32))]

    #[test]
    fn sweeps_of_a_chain_and_of_its_graph_are_the_same(network in any_network(), seed: u64, by_class: bool) {
        let both = Both::new(network);
        let points = Points::from_points(&points(both.chain.inputs(), 4, seed)).unwrap();
        let labels = by_class.then(|| (0..points.len() as i64).map(|k| k % 2).collect());
        let data = DataSet { name: "points".into(), points, labels };
        let groups = Pairs::default_for(&data).groups(&data).unwrap();
        for selection in both.selections() {
            let units = both.units(&selection);
            let [chain, graph] = both.both().map(|network| tallies(network, &units, &data, &groups));
            prop_assert_eq!(&chain.1[0], &chain.1[1]);
            prop_assert_eq!(&chain, &graph);
            // The row of each segment is the measure of its trace.
            let mut tracer = Tracer::new(&both.graph).units(&units);
            for row in &graph.2 {
                let trace = tracer.trace(&data.points.point(row.from), &data.points.point(row.to)).unwrap();
                prop_assert_eq!(row.measure, Some(Meter::new(&units).measure(&trace)));
            }
        }
    }
}

// --------------------------------------------------------------------------------------------------------------- complexes

type Vertices = BTreeSet<Vec<Rational>>;

/// All data of a cell, except for numbers that depend on an order.
#[derive(Debug, PartialEq)]
struct CellFacts {
    vertices: Vertices,
    affine_map: Vec<Vec<Rational>>,
    bounded: bool,
    neighbours: BTreeSet<String>,
    simplices: Option<u64>,
    volume: Option<plica::complex::Volume>,
}

/// The regions beside a facet, the side or the units that it lies on, and its vertices.
type FacetFacts = (BTreeSet<String>, Option<usize>, Vec<Unit>, Vertices);

#[derive(Debug, PartialEq)]
struct Facts {
    units: UnitSet,
    around: (usize, Domain, Option<Plane>, Domain),
    counts: plica::complex::Counts,
    f_vector: Vec<u64>,
    histograms: plica::complex::Histograms,
    cells: BTreeMap<String, Vec<CellFacts>>,
    facets: Vec<FacetFacts>,
    held: Vec<Vec<String>>,
}

fn facts(complex: &Complex) -> Facts {
    complex.check().unwrap();
    complex.check_volumes().unwrap();
    let name = |cell: usize| complex.cell(cell).pattern().to_string();
    let all: Vec<Option<Vec<Rational>>> = complex.all_vertices().collect();
    let at = |vertices: Vec<usize>| vertices.into_iter().map(|v| all[v].clone().unwrap()).collect::<Vertices>();
    let (simplices, volumes) = (complex.simplex_counts(), complex.volumes().unwrap());
    let mut cells: BTreeMap<String, Vec<CellFacts>> = BTreeMap::new();
    for cell in complex.cells() {
        assert_eq!(complex.cells_with(&cell.interior_point()), [cell.index()]);
        let facts = CellFacts {
            vertices: at(cell.vertices()),
            affine_map: cell.affine_map(),
            bounded: cell.bounded(),
            neighbours: cell.neighbours().into_iter().map(name).collect(),
            simplices: simplices[cell.index()],
            volume: volumes[cell.index()].clone(),
        };
        cells.entry(name(cell.index())).or_default().push(facts);
    }
    cells.values_mut().for_each(|parts| parts.sort_unstable_by(|a, b| a.vertices.cmp(&b.vertices)));
    let side = |facet: &plica::complex::Facet<'_>| facet.side();
    let facet = |facet: plica::complex::Facet<'_>| {
        (facet.cells().into_iter().map(name).collect(), side(&facet), facet.units(), at(facet.vertices()))
    };
    let mut facets: Vec<_> = complex.facets().map(facet).collect();
    facets.sort_unstable();
    let mut held: Vec<(&Vec<Rational>, Vec<String>)> = all
        .iter()
        .flatten()
        .map(|x| {
            let mut names: Vec<String> = complex.cells_with(x).into_iter().map(name).collect();
            names.sort_unstable();
            (x, names)
        })
        .collect();
    held.sort_unstable();
    Facts {
        units: complex.units().clone(),
        around: (complex.dimension(), complex.domain().clone(), complex.plane().cloned(), complex.bounding_box()),
        counts: complex.counts().clone(),
        f_vector: complex.f_vector(),
        histograms: complex.histograms(),
        held: held.into_iter().map(|(_, names)| names).collect(),
        cells,
        facets,
    }
}

/// The classes and their volumes, and the boundaries between them by the patterns on both sides.
fn decision_facts(decided: &Decided) -> impl PartialEq + std::fmt::Debug + use<> {
    let name = |cell: usize| (decided.class_of[cell], decided.complex.cell(cell).pattern().to_string());
    let mut parents: BTreeMap<u32, BTreeSet<(i64, String)>> = BTreeMap::new();
    decided.parent_of.iter().enumerate().for_each(|(cell, &parent)| {
        parents.entry(parent).or_default().insert(name(cell));
    });
    let mut regions: Vec<_> = decided
        .regions()
        .unwrap()
        .into_iter()
        .map(|region| (region.class, region.volume, region.cells.into_iter().map(name).collect::<BTreeSet<_>>()))
        .collect();
    regions.sort_unstable();
    let mut boundary: Vec<_> = decided
        .boundary()
        .into_iter()
        .map(|piece| {
            (
                piece.classes,
                piece.within.iter().map(|parent| parents[&(*parent as u32)].clone()).collect::<BTreeSet<_>>(),
                piece.facets.len(),
            )
        })
        .collect();
    boundary.sort_unstable();
    (parents.into_values().collect::<BTreeSet<_>>(), regions, boundary)
}

/// The report, without what differs for a reason.
fn report(network: &Network, complex: &Complex, decided: Option<&Decided>) -> serde_json::Value {
    let mut report = serde_json::to_value(RegionsReport::whole(network, complex, decided, true).unwrap()).unwrap();
    ["decisions", "bounds"].iter().for_each(|key| drop(report.as_object_mut().unwrap().remove(*key)));
    report
}

/// All results of a builder, for both.
fn complexes_are_the_same(both: &Both, domain: &Domain, plane: Option<&Plane>) -> Result<(), TestCaseError> {
    let build = |builder: &Builder| match plane {
        Some(plane) => builder.build_slice(plane, domain),
        None => builder.build(domain),
    };
    let seen: [Arc<Mutex<Vec<_>>>; 2] = Default::default();
    let builders = [0, 1].map(|k| {
        let seen = seen[k].clone();
        // The memory may differ.
        let far = |Progress { layers, all_layers, cells, .. }| (layers, all_layers, cells);
        Builder::new(both.both()[k]).on_progress(move |progress| seen.lock().unwrap().push(far(progress)))
    });
    let complexes = [0, 1].map(|k| build(&builders[k]).unwrap());
    let [chain, graph] = &complexes;
    prop_assert_eq!(facts(chain), facts(graph));
    let last = seen.map(|seen| seen.lock().unwrap().last().copied());
    prop_assert_eq!(last[0], last[1]);
    let exact = [0, 1].map(|k| build(&builders[k].clone().exact_only(true)).unwrap());
    prop_assert_eq!(facts(&exact[0]), facts(&exact[1]));
    let reports = [0, 1].map(|k| report(both.both()[k], &complexes[k], None));
    prop_assert_eq!(&reports[0], &reports[1]);
    // A limit is checked where a layer cuts.
    let few = chain.activation_regions() - 1;
    let refused = [0, 1].map(|k| build(&builders[k].clone().max_regions(few)).err());
    prop_assert!(few == 0 || refused[0].is_some());
    prop_assert_eq!(&refused[0], &refused[1]);
    for rule in [Rule::Sign, Rule::Argmax] {
        let decided = [0, 1].map(|k| builders[k].decide(rule, domain, plane));
        match &decided {
            [Ok(chain), Ok(graph)] => {
                prop_assert!(
                    decision_facts(chain) == decision_facts(graph),
                    "{:?}\nagainst\n{:?}",
                    decision_facts(chain),
                    decision_facts(graph)
                );
                let reports = [0, 1].map(|k| report(both.both()[k], &complexes[k], Some([chain, graph][k])));
                prop_assert_eq!(&reports[0], &reports[1]);
            }
            [Err(chain), Err(graph)] => prop_assert_eq!(chain, graph),
            decided => prop_assert!(false, "{:?}", decided),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(100))]

    #[test]
    fn complexes_of_a_chain_and_of_its_graph_are_the_same(network in networks::few_units(2), kind in 0u8..3) {
        let both = Both::new(network);
        let d = both.chain.inputs();
        let domain = match kind {
            0 => Domain::Space,
            1 => Domain::cube((-1).into(), 1.into(), d).unwrap(),
            _ => Domain::simplex((0..=d).map(|k| (0..d).map(|i| Rational::from(u32::from(i == k)) * 2u32 - 1u32).collect()).collect()).unwrap(),
        };
        complexes_are_the_same(&both, &domain, None)?;
    }

    #[test]
    fn slices_of_a_chain_and_of_its_graph_are_the_same(network in networks::few_units(4), seed: u64, space: bool) {
        let both = Both::new(network);
        let [p, q, r] = &points(both.chain.inputs(), 3, seed)[..3] else { unreachable!() };
        let Ok(plane) = Plane::new(p, q, r) else { return Ok(()) };
        let domain = if space { Domain::Space } else { Domain::cube((-1).into(), 2.into(), 2).unwrap() };
        complexes_are_the_same(&both, &domain, Some(&plane))?;
    }
}

#[test]
fn a_builder_refuses_what_does_not_fit_alike() {
    let both = Both::new(plica::network::load("cantor:1").unwrap());
    let square = Domain::parse_box("0,1", 2).unwrap();
    let plane = |d: usize| {
        let corner = |k: usize| Point::from_f64(&(0..d).map(|i| f64::from(u8::from(i == k))).collect::<Vec<_>>()).unwrap();
        Plane::new(&corner(0), &corner(1), &corner(2)).unwrap()
    };
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(true));
    let errors = both.both().map(|network| {
        let builder = Builder::new(network);
        [
            builder.build(&Domain::parse_box("0,1", 3).unwrap()).unwrap_err(),
            builder.build_slice(&plane(3), &square).unwrap_err(),
            builder.decide(Rule::Argmax, &square, None).unwrap_err(),
            builder.stop_when(stop.clone()).build(&square).unwrap_err(),
        ]
    });
    assert_eq!(errors[0], errors[1]);
}

// -------------------------------------------------------------------------------------------------------- the command line

/// Fields of a protobuf message: a number, or bytes.
fn number(tag: u8, mut value: u64) -> Vec<u8> {
    let mut bytes = vec![tag << 3];
    while value > 127 {
        bytes.push(value as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn bytes(tag: u8, content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut all = number(tag, content.as_ref().len() as u64);
    all[0] |= 2;
    all.extend_from_slice(content.as_ref());
    all
}

/// A network as `.json`, and as an `.onnx` file that is not a stack of layers: its output is a sum of two multiples of the last layer.
fn files(name: &str, network: &Network) -> [String; 2] {
    let chain = file(&format!("{name}.json"), serde_json::to_vec(network).unwrap());
    let shape = |sizes: &[usize]| sizes.iter().flat_map(|&n| number(1, n as u64)).collect::<Vec<u8>>();
    let tensor = |name: &str, sizes: &[usize], values: Vec<f64>| {
        let raw: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        bytes(5, [shape(sizes), number(2, 11), bytes(8, name), bytes(9, raw)].concat())
    };
    let node = |operator: &str, inputs: &[&str], output: &str, attribute: Vec<u8>| {
        let inputs = inputs.iter().flat_map(|input| bytes(1, input)).collect::<Vec<u8>>();
        bytes(1, [inputs, bytes(2, output), bytes(4, operator), attribute].concat())
    };
    let transposed = bytes(5, [bytes(1, "transB"), number(3, 1), vec![0xa0, 1, 2]].concat());
    let value = |tag: u8, name: &str, size: usize| {
        let sizes: Vec<u8> = [1, size].iter().flat_map(|&n| bytes(1, number(1, n as u64))).collect();
        bytes(tag, [bytes(1, name), bytes(2, bytes(1, [number(1, 11), bytes(2, sizes)].concat()))].concat())
    };
    let (mut graph, mut x) = (Vec::new(), "x".to_string());
    for (l, layer) in network.layers().unwrap().iter().enumerate() {
        let (rows, columns) = (layer.outputs(), layer.inputs());
        // 1/4 and 3/4 of the last layer.
        let last = l == network.depth();
        for (part, factor) in [("", 0.25), ("'", 0.75)].into_iter().take(if last { 2 } else { 1 }) {
            let factor = if last { factor } else { 1.0 };
            let weights = (0..rows * columns).map(|k| layer.weight(k / columns, k % columns).to_f64() * factor).collect();
            let bias = (0..rows).map(|i| layer.bias_of(i).to_f64() * factor).collect();
            graph.push(tensor(&format!("w{l}{part}"), &[rows, columns], weights));
            graph.push(tensor(&format!("b{l}{part}"), &[rows], bias));
            graph.push(node("Gemm", &[&x, &format!("w{l}{part}"), &format!("b{l}{part}")], &format!("z{l}{part}"), transposed.clone()));
        }
        if !last {
            graph.push(node("Relu", &[&format!("z{l}")], &format!("x{l}"), Vec::new()));
            x = format!("x{l}");
        }
    }
    let l = network.depth();
    graph.push(node("Add", &[&format!("z{l}"), &format!("z{l}'")], "y", Vec::new()));
    graph.extend([value(11, "x", network.inputs()), value(12, "y", network.outputs())]);
    let model = [number(1, 8), bytes(7, graph.concat()), bytes(8, number(2, 13))].concat();
    [chain, file(&format!("{name}.onnx"), model)]
}

/// Two points each, as arrays of a `.npz` file.
fn npz(name: &str, arrays: &[(&str, [f64; 4])]) -> String {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (array, values) in arrays {
        archive.start_file(format!("{array}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
        let header = format!("{:<117}\n", "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }");
        let raw: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
        let npy = [b"\x93NUMPY\x01\x00".to_vec(), (header.len() as u16).to_le_bytes().to_vec(), header.into_bytes(), raw].concat();
        std::io::Write::write_all(&mut archive, &npy).unwrap();
    }
    file(name, archive.finish().unwrap().into_inner())
}

/// A report without the data that may differ: the kinds of decisions, bounds, and enclosures that are not the tightest.
fn comparable(mut value: serde_json::Value) -> serde_json::Value {
    match &mut value {
        serde_json::Value::Object(fields) => {
            let tightest = fields.contains_key("t_exact");
            fields.retain(|key, _| !["decisions", "bounds"].contains(&key.as_str()) && (key != "t" || tightest));
            fields.values_mut().for_each(|field| *field = comparable(field.take()));
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(|item| *item = comparable(item.take())),
        _ => {}
    }
    value
}

/// The objects that a call writes, one per line.
fn lines(call: &[&str]) -> Vec<serde_json::Value> {
    let text = stdout(&[call, &["--format", "json"]].concat());
    text.lines().map(|line| comparable(serde_json::from_str(line).unwrap())).collect()
}

#[test]
fn the_command_line_says_the_same_of_a_chain_and_of_its_graph() {
    let nets = files("same", &plica::network::load("zigzag:2:2:2").unwrap());
    let is_graph = nets.each_ref().map(|net| !json(&["net", net])["nodes"].is_null());
    assert_eq!(is_graph, [false, true]);
    let [from, to, third] = ["-1/3,1/7", "5/4,9/8", "1/2,-1"];
    let data = file("same.csv", format!("0,0,0\n1,1/3,1\n{from},0\n{to},1\n"));
    let segments = npz("same.npz", &[("P", [0.0, 0.0, 1.0, 0.125]), ("Q", [1.0, 0.5, -0.5, 2.0])]);
    let words = |call: &str, net: &str| -> Vec<String> {
        let place = |word: &str| match word {
            "NET" => net.to_string(),
            "DATA" => data.clone(),
            "SEGMENTS" => segments.clone(),
            word => word.to_string(),
        };
        call.split_whitespace().map(place).collect()
    };

    let (trace, fold) = (format!("trace NET --from={from} --to={to}"), "fold NET DATA --labels 2 --quiet");
    let plane = format!("--plane {from} {to} {third}");
    let mut calls: Vec<String> = Vec::new();
    for units in ["hidden", "all", "0", "1", "2", "0,2", "0-1", "1-2"] {
        calls.extend(
            [format!("{trace} --exact"), "trace NET --segments SEGMENTS".into(), fold.into()].map(|call| format!("{call} --units {units}")),
        );
    }
    for more in ["", "--exact-only", "--exact --exact-only", "--output-bits", "--units 0,2 --exact-only", "--units 0,2 --output-bits"] {
        calls.push(format!("{trace} {more}"));
    }
    for more in ["--units 0,2 --output-bits", "--units 0,2 --pairs all", "--pairs random:5@3", "--threads 1"] {
        calls.push(format!("{fold} {more}"));
    }
    for domain in ["--box=-1,2", "--box=0..1;0..1/2", "--space", &plane, &format!("{plane} --space")] {
        calls.extend(["", "--decide argmax", "--check", "--exact-only"].map(|more| format!("regions NET {domain} --quiet {more}")));
    }
    for call in &calls {
        let [chain, graph] = nets.each_ref().map(|net| lines(&words(call, net).iter().map(String::as_str).collect::<Vec<_>>()));
        assert_eq!(chain, graph, "{call}");
    }

    // Refusals have the same messages.
    for call in [
        &format!("{trace} --units 3"),
        "trace NET --from=0 --to=1",
        "regions NET --space --decide sign",
        "regions NET --box=0..1",
        "regions NET --space --max-regions 2",
    ] {
        let [chain, graph] = nets.each_ref().map(|net| {
            let output = run(&words(call, net).iter().map(String::as_str).collect::<Vec<_>>());
            (output.status.code(), String::from_utf8(output.stderr).unwrap().replace(net, "NET"))
        });
        assert!(chain.0 != Some(0) && !chain.1.is_empty());
        assert_eq!(chain, graph, "{call}");
    }
}
