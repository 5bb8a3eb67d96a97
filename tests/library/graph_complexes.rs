//! Complexes of graphs: every relation that complexes satisfy, and each cell against the inequalities of its pattern.

use crate::support::cells::{Form, value, vertices};
use crate::support::config;
use crate::support::graphs::{Recipe, as_graph, recipe};
use crate::support::nodes::{inequalities, pattern_at};
use plica::complex::{Builder, Complex, ComplexError, Domain, Plane, Rule};
use plica::data::Point;
use plica::network::{Coefficients, Network, NetworkBuilder, Piecewise, Selection, Window, load};
use proptest::prelude::*;
use rug::Rational;
use std::collections::{BTreeMap, BTreeSet};

/// Checks every relation of the complex of a graph, on a box or on a plane in a box. `inputs` are the coordinates as forms in those of the complex.
fn hold(graph: &Network, complex: &Complex, inputs: &[Form], sides: &[Form]) -> Result<(), TestCaseError> {
    complex.check().unwrap();
    complex.check_volumes().unwrap();
    let mut seen = BTreeSet::new();
    let mut maps = BTreeSet::new();
    for cell in complex.cells() {
        let at = cell.interior_point();
        let x: Vec<Rational> = inputs.iter().map(|form| value(form, &at)).collect();
        let pattern = cell.pattern();
        prop_assert_eq!(&pattern, &pattern_at(graph, &x));
        prop_assert_eq!(complex.cells_with(&at), vec![cell.index()]);
        prop_assert!(seen.insert(pattern.to_string()), "{pattern} has two cells");
        let (mut conditions, output) = inequalities(graph, inputs.to_vec(), &pattern);
        prop_assert_eq!(&cell.affine_map(), &output);
        conditions.extend_from_slice(sides);
        conditions.sort();
        conditions.dedup();
        let found: BTreeSet<Vec<Rational>> = cell.vertices().into_iter().map(|v| complex.vertex(v)).collect();
        prop_assert_eq!(found, vertices(&conditions));
        maps.insert(output);
    }
    prop_assert_eq!(complex.counts().affine_maps, maps.len() as u64);
    for facet in complex.facets() {
        if let [a, b] = facet.cells()[..] {
            let (a, b) = (complex.cell(a).pattern(), complex.cell(b).pattern());
            let units = complex.units();
            let differing: BTreeSet<_> =
                units.bits().enumerate().filter(|&(k, _)| a.get(k) != b.get(k)).map(|(_, bit)| units.unit_of(bit).0.into()).collect();
            prop_assert_eq!(facet.units().into_iter().map(|unit| (unit.layer, unit.index)).collect::<BTreeSet<_>>(), differing);
        }
    }
    Ok(())
}

fn unit_forms(d: usize) -> Vec<Form> {
    (0..d).map(|i| (0..=d).map(|k| Rational::from(u32::from(i == k))).collect()).collect()
}

/// The sides of the cube [-1, 1]^d as forms that are not negative inside.
fn cube_sides(d: usize) -> Vec<Form> {
    let side = |i: usize, sign: i32| (0..=d).map(|k| Rational::from(if k == i { sign } else { i32::from(k == d) })).collect();
    (0..d).flat_map(|i| [side(i, 1), side(i, -1)]).collect()
}

/// A plane in the input space of a graph, and the inputs as forms of (u, v).
fn plane(recipe: &Recipe, graph: &Network) -> Option<(Plane, Vec<Form>)> {
    let mut numbers = recipe.numbers();
    let mut point = || Point::from_rationals((0..graph.inputs()).map(|_| numbers.coefficient()).collect()).unwrap();
    let points = [point(), point(), point()];
    let plane = Plane::new(&points[0], &points[1], &points[2]).ok()?;
    let [p, q, r] = points.map(|point| point.to_rationals());
    let form = |i: usize| vec![Rational::from(&q[i] - &p[i]), Rational::from(&r[i] - &p[i]), p[i].clone()];
    Some((plane, (0..graph.inputs()).map(form).collect()))
}

/// Networks with ten elements and more. Each layer scales, shifts and bends every element, or takes the largest or the mean of neighbours.
fn sparse(recipe: &Recipe) -> Network {
    let mut numbers = recipe.numbers();
    let n = 10 + numbers.below(8);
    let mut builder = NetworkBuilder::new(&[1, n, 1]).unwrap();
    let mut x = builder.input();
    for &layer in &recipe.steps {
        let mut coefficients = |count: usize| Coefficients::from_rationals((0..count).map(|_| numbers.coefficient()).collect());
        let (scale, shift, slope) = (coefficients(x.len()), coefficients(x.len()), coefficients(1).get(0));
        let of: Vec<u32> = (0..x.len() as u32).collect();
        x = builder.scale_and_shift(&x, Some((&scale, &of)), Some(shift)).unwrap();
        x = match layer {
            0 | 1 => builder.activation(&x, Piecewise::relu()).unwrap(),
            2 => builder.activation(&x, Piecewise::leaky_relu(slope)).unwrap(),
            3 => builder.activation(&x, Piecewise::clip(Some(slope.clone()), Some(slope + 1))).unwrap(),
            4 => builder.max_pool(&x, &Window::new([3, 1])).unwrap(),
            _ => {
                let bent = builder.activation(&x, Piecewise::relu()).unwrap();
                builder.average_pool(&bent, &Window::new([2, 1]), false).unwrap()
            }
        };
    }
    builder.finish(&x).unwrap()
}

/// The largest number of regions, so that the plain enumeration ends.
const FEW: usize = 400;

fn few(built: Result<Complex, ComplexError>) -> Option<Complex> {
    match built {
        Ok(complex) => Some(complex),
        Err(ComplexError::TooManyRegions { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: u32::MAX, ..config(150) })]

    #[test]
    fn slices_of_graphs(recipe in recipe(6)) {
        let graph = recipe.graph();
        let Some((plane, inputs)) = plane(&recipe, &graph) else { return Ok(()) };
        let square = Domain::parse_box("-1,1", 2).unwrap();
        let build = |exact_only| few(Builder::new(&graph).max_regions(FEW).exact_only(exact_only).build_slice(&plane, &square));
        let (Some(found), Some(exact)) = (build(false), build(true)) else { return Ok(()) };
        prop_assert_eq!(found.f_vector(), exact.f_vector());
        prop_assert_eq!(found.histograms(), exact.histograms());
        hold(&graph, &found, &inputs, &cube_sides(2))?;
    }

    /// Long rows of elements, each computed from a few others: if these are 0, it is a constant.
    #[test]
    fn slices_of_sparse_graphs(seed: u64, kind in 0u8..4, layers in proptest::collection::vec(0u8..6, 2..5)) {
        let recipe = Recipe { steps: layers.clone(), seed, kind };
        let graph = sparse(&recipe);
        let Some((plane, inputs)) = plane(&recipe, &graph) else { return Ok(()) };
        let square = Domain::parse_box("-1/4,1/4", 2).unwrap();
        let build = |exact_only| few(Builder::new(&graph).max_regions(60).exact_only(exact_only).build_slice(&plane, &square));
        let (Some(found), Some(exact)) = (build(false), build(true)) else { return Ok(()) };
        prop_assert_eq!(found.f_vector(), exact.f_vector());
        let sides: Vec<Form> = cube_sides(2).into_iter().map(|mut side| { side[2] /= 4; side }).collect();
        hold(&graph, &found, &inputs, &sides)?;
    }

    /// In three dimensions faces of all dimensions are merged.
    #[test]
    fn boxes_of_graphs(recipe in recipe(4)) {
        let graph = recipe.graph();
        prop_assume!(graph.inputs() == 3 && graph.hidden_units() > 0 && graph.units(&Selection::Hidden).unwrap().count() <= 24);
        let cube = Domain::parse_box("-1,1", 3).unwrap();
        let Some(found) = few(Builder::new(&graph).max_regions(100).build(&cube)) else { return Ok(()) };
        hold(&graph, &found, &unit_forms(3), &cube_sides(3))?;
    }

    /// The whole plane has the same cells as a box that contains a point of each.
    #[test]
    fn whole_planes_of_graphs(recipe in recipe(4)) {
        let graph = recipe.graph();
        let Some((plane, inputs)) = plane(&recipe, &graph) else { return Ok(()) };
        let build = |domain: &Domain| few(Builder::new(&graph).max_regions(FEW).build_slice(&plane, domain));
        let Some(found) = build(&Domain::Space) else { return Ok(()) };
        found.check().unwrap();
        for cell in found.cells() {
            let at = cell.interior_point();
            let x: Vec<Rational> = inputs.iter().map(|form| value(form, &at)).collect();
            prop_assert_eq!(cell.pattern(), pattern_at(&graph, &x));
        }
        let points = found.cells().flat_map(|cell| cell.interior_point());
        let largest: Rational = points.map(|x| x.abs()).max().unwrap_or_default() + 1;
        let Some(boxed) = build(&Domain::cube(-largest.clone(), largest, 2).unwrap()) else { return Ok(()) };
        let patterns = |complex: &Complex| complex.cells().map(|cell| cell.pattern().to_string()).collect::<BTreeSet<_>>();
        prop_assert_eq!(patterns(&found), patterns(&boxed));
    }

    /// Decisions cut cells that were merged, and their parts are merged too.
    #[test]
    fn decisions_of_graphs(recipe in recipe(5)) {
        let graph = recipe.graph();
        let Some((plane, inputs)) = plane(&recipe, &graph) else { return Ok(()) };
        let square = Domain::parse_box("-1,1", 2).unwrap();
        let builder = Builder::new(&graph).max_regions(FEW);
        let Some(coarse) = few(builder.build_slice(&plane, &square)) else { return Ok(()) };
        let Ok(decided) = builder.decide(Rule::Argmax, &square, Some(&plane)) else { return Ok(()) };
        decided.complex.check().unwrap();
        decided.complex.check_volumes().unwrap();
        let mut parents: BTreeMap<u32, String> = BTreeMap::new();
        for cell in decided.complex.cells() {
            let at = cell.interior_point();
            let x: Vec<Rational> = inputs.iter().map(|form| value(form, &at)).collect();
            let output = graph.evaluate(&x).unwrap();
            prop_assert_eq!(decided.class_of[cell.index()], i64::from(output[1] > output[0]));
            let pattern = pattern_at(&graph, &x).to_string();
            prop_assert_eq!(parents.entry(decided.parent_of[cell.index()]).or_insert_with(|| pattern.clone()), &pattern);
        }
        prop_assert_eq!(parents.len(), coarse.activation_regions());
    }
}

/// The largest of three coordinates of a plane: three sectors, although the tournament cuts one of them in two.
#[test]
fn a_maximum_has_a_cell_a_winner() {
    let mut builder = NetworkBuilder::new(&[1, 1, 3]).unwrap();
    let x = builder.input();
    let y = builder.max_pool(&x, &Window::new([1, 3])).unwrap();
    let graph = builder.finish(&y).unwrap();
    let point = |x: [i32; 3]| Point::from_rationals(x.map(Rational::from).to_vec()).unwrap();
    let plane = Plane::new(&point([0, 0, 0]), &point([1, 0, -1]), &point([0, 1, -1])).unwrap();
    let complex = Builder::new(&graph).build_slice(&plane, &Domain::parse_box("-1,1", 2).unwrap()).unwrap();
    assert_eq!(complex.f_vector(), [4 + 2 + 1, 4 + 2 + 3, 3]);
    let mut patterns: Vec<String> = complex.cells().map(|cell| cell.pattern().to_string()).collect();
    patterns.sort();
    assert_eq!(patterns, ["001", "010", "100"]);
    let units: BTreeSet<_> = complex.facets().flat_map(|facet| facet.units()).map(|unit| (unit.layer, unit.index)).collect();
    assert_eq!(units, [(0, 0)].into());
}

/// A hard tanh of one input: three regions on a line, and two bits per unit.
#[test]
fn a_unit_with_two_breakpoints_has_three_regions() {
    let mut builder = NetworkBuilder::new(&[1]).unwrap();
    let x = builder.input();
    let y = builder.activation(&x, Piecewise::clip(Some((-1).into()), Some(1.into()))).unwrap();
    let graph = builder.finish(&y).unwrap();
    let complex = Builder::new(&graph).build(&Domain::Space).unwrap();
    let mut patterns: Vec<String> = complex.cells().map(|cell| cell.pattern().to_string()).collect();
    patterns.sort();
    assert_eq!(patterns, ["00", "10", "11"]);
    assert_eq!((complex.counts().affine_maps, complex.counts().linear_regions), (3, 3));
    assert_eq!(Builder::new(&graph.with_output_bits()).build(&Domain::Space).unwrap_err(), ComplexError::OutputBits);
}

/// A stack of layers, built as a graph, has the same complex.
#[test]
fn a_chain_as_a_graph_has_the_same_complex() {
    let network = load("zigzag:2:2:2").unwrap();
    let graph = as_graph(&network);
    let unit = Domain::parse_box("0,1", 2).unwrap();
    let (a, b) = (Builder::new(&graph).build(&unit).unwrap(), Builder::new(&network).build(&unit).unwrap());
    assert_eq!((a.f_vector(), a.histograms(), a.counts()), (b.f_vector(), b.histograms(), b.counts()));
}
