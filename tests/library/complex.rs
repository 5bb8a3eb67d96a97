//! Complexes of boxes, of simplices, of slices and of the whole space: the self-checks, and the filter against integers.

use crate::support::cells;
use crate::support::plain::Plain;
use crate::support::{Words, config, networks, rescaled_case};
use nalgebra::{DMatrix, DVector};
use plica::complex::{Builder, Complex, Domain, Histograms, Plane};
use plica::data::Point;
use plica::network::{Layer, Network, Pattern, load};
use proptest::prelude::*;
use rug::Rational;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn closed_forms_of_the_zoo() {
    for (name, regions) in [("zigzag:2:3:1", 9), ("zigzag:2:2:2", 16), ("zigzag:3:2:2", 64), ("cantor:3", 15)] {
        let network = load(name).unwrap();
        let complex = Builder::new(&network).build(&Domain::parse_box("0,1", network.inputs()).unwrap()).unwrap();
        assert_eq!(complex.activation_regions(), regions, "{name}");
        complex.check().unwrap();
        assert_eq!(complex.check_volumes().unwrap().unwrap(), 1);
    }
}

/// One hidden layer of n units in general position: Zaslavsky's number, and the mean number of facets in closed form.
#[test]
fn one_layer_in_general_position() {
    let binomial = |n: u64, k: u64| (0..k).fold(1, |product, i| product * (n - i) / (i + 1));
    for (d, n) in [(1, 7), (2, 8), (2, 16), (3, 8), (4, 8)] {
        let network = load(&format!("random:{d}-{n}-1@3")).unwrap();
        let complex = Builder::new(&network).build(&Domain::Space).unwrap();
        complex.check().unwrap();
        let regions: u64 = (0..=d).map(|j| binomial(n, j)).sum();
        assert_eq!(complex.activation_regions() as u64, regions, "{d}, {n}");
        let facets = 2 * n * (0..d).map(|j| binomial(n - 1, j)).sum::<u64>();
        assert_eq!(Histograms::mean(&complex.histograms().facets).unwrap(), Rational::from((facets, regions)));
        // Those that n hyperplanes bound are C(n - 1, d).
        assert_eq!(complex.histograms().bounded, binomial(n - 1, d));
    }
}

/// In a rectangle a generic network of any depth has on average four sides per cell, hence two triangles.
#[test]
fn generic_cells_of_a_rectangle_have_four_sides_on_average() {
    for name in ["random:2-10-1@1", "random:2-10-10-1@2", "random:2-8-8-8-1@3"] {
        let network = load(name).unwrap();
        let shape = Builder::new(&network).build(&Domain::parse_box("-3..2;-1..4", 2).unwrap()).unwrap().histograms();
        assert_eq!(Histograms::mean(&shape.facets).unwrap(), 4, "{name}");
        assert_eq!(Histograms::mean(&shape.simplices).unwrap(), 2, "{name}");
    }
}

/// A cube without its highest corner: pulled from its lowest vertex, three pentagons of three triangles each and the cut; another vertex would
/// give another number.
#[test]
fn triangulations_are_pulled_from_the_lowest_vertex() {
    let row = |text: &str| text.split(' ').map(|x| x.parse().unwrap()).collect::<Vec<Rational>>();
    let network = networks::from_rows(&[vec![row("1 1 1 -5/2")], vec![row("1 0")]]);
    let complex = Builder::new(&network).build(&Domain::parse_box("0,1", 3).unwrap()).unwrap();
    assert_eq!(complex.histograms().simplices, [(1, 1), (10, 1)].into_iter().collect());
    assert_eq!(complex.histograms().facets, [(4, 1), (7, 1)].into_iter().collect());
    let volumes: Vec<_> = complex.volumes().unwrap().into_iter().flatten().map(|volume| volume.volume.0).collect();
    assert!(volumes.contains(&Rational::from((1, 48))) && volumes.contains(&Rational::from((47, 48))));
}

/// Linear regions are joined by facets, not by points: relu(min(x, y)) + relu(min(-x, -y)), with min(a, b) = b - relu(b - a).
#[test]
fn linear_regions_are_joined_by_facets() {
    let q = |text: &str| text.split(' ').map(|x| x.parse().unwrap()).collect::<Vec<Rational>>();
    let rows = |rows: &[&str]| rows.iter().map(|row| q(row)).collect::<Vec<_>>();
    // Rows of weights, the bias last.
    let network =
        networks::from_rows(&[rows(&["0 1 0", "0 -1 0", "-1 1 0", "1 -1 0"]), rows(&["1 -1 -1 0 0", "-1 1 0 -1 0"]), rows(&["1 1 0"])]);
    for domain in [Domain::parse_box("-1,1", 2).unwrap(), Domain::Space] {
        let complex = Builder::new(&network).build(&domain).unwrap();
        assert_eq!(complex.counts().linear_regions, 6);
        assert_eq!(complex.counts().affine_maps, 5, "0, x, y, -x and -y");
    }
}

/// Units of whole numbers that cross: sides of a cut that are cut themselves.
#[test]
fn a_cut_has_all_sides_of_a_facet_that_ends_on_it() {
    let seed = |l: u64, i: u64, j: u64| (l * 1_000_003 + i * 1009 + j).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    let row = |l: u64, i: u64, n: u64| {
        (0..n).map(|j| Rational::from(seed(l, i, j) % 5) - 2u32).chain([Rational::from(seed(l, i, 999) / 7 % 5) - 2u32]).collect()
    };
    let network = networks::from_rows(&[(0..8).map(|i| row(0, i, 4)).collect(), vec![row(1, 0, 8)]]);
    let complex = Builder::new(&network).build(&Domain::parse_box("-10,10", 4).unwrap()).unwrap();
    assert_eq!(complex.f_vector(), [238, 733, 812, 374, 58]);
    complex.check().unwrap();
    assert_eq!(complex.check_volumes().unwrap().unwrap(), 160_000);
}

/// Three planes through the line x = 1/3, y = 1/5, which meets no edge of the box: six wedges.
#[test]
fn planes_that_share_a_line() {
    let row = |text: &str| text.split(' ').map(|x| x.parse().unwrap()).collect::<Vec<Rational>>();
    let network = networks::from_rows(&[vec![row("1 0 0 -1/3"), row("0 1 0 -1/5"), row("1 2 0 -11/15")], vec![row("1 1 1 0")]]);
    let complex = Builder::new(&network).build(&Domain::parse_box("-1,1", 3).unwrap()).unwrap();
    assert_eq!(complex.f_vector(), [22, 43, 28, 6]);
    assert_eq!(complex.histograms().facets, [(5, 2), (6, 4)].into_iter().collect());
    complex.check().unwrap();
}

/// The first layer alone cuts one cell into nine.
#[test]
fn a_limit_is_an_error() {
    let network = load("zigzag:2:3:1").unwrap();
    let unit = Domain::parse_box("0,1", 2).unwrap();
    let error = Builder::new(&network).max_regions(8).build(&unit).unwrap_err();
    assert!(error.to_string().contains("more than 8 regions"));
    assert_eq!(Builder::new(&network).max_regions(9).build(&unit).unwrap().activation_regions(), 9);
}

#[test]
fn domains_that_are_none_are_errors_however_they_were_made() {
    let network = load("zigzag:2:3:1").unwrap();
    let q = |x: i32| Rational::from(x);
    let corner = |x: i32, y: i32| vec![q(x), q(y)];
    for (domain, word) in [
        (Domain::Box(vec![(q(1), q(0)), (q(0), q(1))]), "ascend"),
        (Domain::Box(vec![(q(0), q(1)), (q(1), q(1))]), "ascend"),
        (Domain::Box(vec![]), "expected at least one"),
        (Domain::Box(vec![(q(0), q(1)); 3]), "expected 2: the number of inputs"),
        (Domain::Simplex(vec![corner(0, 0), corner(1, 1), corner(2, 2)]), "hyperplane"),
        (Domain::Simplex(vec![corner(0, 0), corner(1, 1)]), "expected one more than the dimension"),
        (Domain::Simplex(vec![corner(0, 0), corner(1, 1), vec![q(1)]]), "expected one more than the dimension"),
    ] {
        let error = Builder::new(&network).build(&domain).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
}

/// Nine vertical strips, cut by the triangle below the diagonal: the counts are those of the square's upper left half.
#[test]
fn a_triangle_of_the_zigzag() {
    let network = load("zigzag:2:3:1").unwrap();
    let corner = |x: i32, y: i32| vec![Rational::from(x), Rational::from(y)];
    let complex = Builder::new(&network).build(&Domain::simplex(vec![corner(0, 0), corner(1, 1), corner(0, 1)]).unwrap()).unwrap();
    assert_eq!(complex.activation_regions(), 6);
    assert_eq!(complex.histograms().facets, [(3, 3), (4, 3)].into_iter().collect());
    assert_eq!(complex.check_volumes().unwrap().unwrap(), Rational::from((1, 2)));
}

fn patterns(complex: &Complex) -> Vec<String> {
    let mut patterns: Vec<_> = complex.cells().map(|cell| cell.pattern().to_string()).collect();
    patterns.sort();
    patterns
}

/// The patterns of each linear region.
fn linear_regions(complex: &Complex) -> BTreeSet<BTreeSet<String>> {
    let mut regions = BTreeMap::<_, BTreeSet<_>>::new();
    for (cell, region) in complex.cells().zip(&complex.counts().linear_region_of) {
        regions.entry(region).or_default().insert(cell.pattern().to_string());
    }
    regions.into_values().collect()
}

/// The filter and integers agree, and so do the two methods to cut a face: all at once, and unit after unit. Every relation holds, and each cell's interior point lies in no other cell.
fn hold(network: &Network, domain: &Domain) -> Result<Complex, TestCaseError> {
    let build = |exact_only| Builder::new(network).exact_only(exact_only).build(domain).unwrap();
    let (found, exact) = (build(false), build(true));
    found.check().unwrap();
    found.check_volumes().unwrap();
    prop_assert_eq!(found.f_vector(), exact.f_vector());
    prop_assert_eq!(patterns(&found), patterns(&exact));
    prop_assert_eq!(linear_regions(&found), linear_regions(&exact));
    prop_assert_eq!(found.counts().affine_maps, exact.counts().affine_maps);
    prop_assert_eq!(found.histograms(), exact.histograms());
    let plain = Plain::new(network);
    let mut maps = BTreeSet::new();
    for cell in found.cells() {
        let x = cell.interior_point();
        prop_assert_eq!(found.cells_with(&x), vec![cell.index()]);
        prop_assert_eq!(cell.pattern(), plain.pattern(&x, false));
        let map = cell.affine_map();
        let value = |form: &Vec<Rational>| form.iter().zip(&x).map(|(c, x)| Rational::from(c * x)).sum::<Rational>() + &form[x.len()];
        prop_assert_eq!(map.iter().map(value).collect::<Vec<_>>(), plain.output(&x));
        maps.insert(map);
        for v in cell.vertices() {
            let enclosed = found.vertex_enclosure(v);
            prop_assert!(enclosed.iter().zip(found.vertex(v)).all(|(t, x)| t.contains(&x)));
        }
    }
    prop_assert_eq!(found.counts().affine_maps, maps.len() as u64);
    prop_assert_eq!(patterns(&found).into_iter().collect::<BTreeSet<_>>().len(), found.activation_regions());
    Ok(found)
}

fn small(network: &Network) -> bool {
    network.inputs() <= 3 && network.hidden_units() <= 12
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: u32::MAX, ..config(100) })]

    #[test]
    fn complexes_satisfy_their_relations(network in prop_oneof![3 => networks::any(), 1 => networks::generic()]) {
        prop_assume!(small(&network));
        for domain in [Domain::parse_box("-1,1", network.inputs()).unwrap(), Domain::Space] {
            hold(&network, &domain)?;
        }
    }

    /// Faces inside which many hyperplanes share a line or a plane.
    #[test]
    fn complexes_of_pencils(network in networks::pencils()) {
        hold(&network, &Domain::parse_box("-1,1", network.inputs()).unwrap())?;
    }

    /// Cells whose sides in old faces are cut by units that are processed later inside; this needs four dimensions.
    #[test]
    fn complexes_in_four_dimensions(network in networks::four_dimensional()) {
        hold(&network, &Domain::parse_box("-3,3", 4).unwrap())?;
    }

    /// The cells are those of a plain enumeration, pattern by pattern and vertex by vertex.
    #[test]
    fn cells_are_those_of_a_plain_enumeration(network in prop_oneof![3 => networks::any(), 1 => networks::four_dimensional(), 1 => networks::pencils()]) {
        let d = network.inputs();
        prop_assume!(d <= 4 && network.hidden_units() <= [0, 20, 12, 9, 6][d]);
        let complex = Builder::new(&network).build(&Domain::parse_box("-1,2", d).unwrap()).unwrap();
        let found: BTreeMap<_, BTreeSet<_>> = complex.cells().map(|cell| (cell.pattern().to_string(), cell.vertices().into_iter().map(|v| complex.vertex(v)).collect())).collect();
        let bits = |pattern: Vec<bool>| pattern.into_iter().collect::<Pattern>().to_string();
        let expected: BTreeMap<_, _> = cells::cells(&Plain::new(&network), d, -1, 2).into_iter().map(|cell| (bits(cell.pattern), cell.vertices)).collect();
        prop_assert_eq!(found, expected);
    }

    /// Where doubles underflow or overflow on the way.
    #[test]
    fn complexes_at_the_edge_of_the_doubles(case in rescaled_case()) {
        prop_assume!(small(&case.network));
        let range = |(a, b): (Rational, Rational)| if a < b { (a, b) } else if a > b { (b, a) } else { (a.clone(), a + 1) };
        let ranges = case.from.to_rationals().into_iter().zip(case.to.to_rationals()).map(range).collect();
        hold(&case.network, &Domain::boxed(ranges).unwrap())?;
    }

    /// A slice has the cells of the network restricted by hand: at a point of the plane the patterns are the same.
    #[test]
    fn slices_are_the_network_on_the_plane(network in networks::any(), seed: u64) {
        prop_assume!(network.hidden_units() <= 12);
        let mut words = Words(seed);
        let mut point = || Point::from_rationals((0..network.inputs()).map(|_| Rational::from((words.below(9) as i32 - 4, 3))).collect()).unwrap();
        let Ok(plane) = Plane::new(&point(), &point(), &point()) else { return Ok(()) };
        let corner = |u: i32, v: i32| vec![Rational::from(u), Rational::from(v)];
        let triangle = Domain::simplex(vec![corner(0, 0), corner(1, 0), corner(0, 1)]).unwrap();
        let found = Builder::new(&network).build_slice(&plane, &triangle).unwrap();
        found.check().unwrap();
        prop_assert_eq!(found.check_volumes().unwrap().unwrap(), Rational::from((1, 2)));
        for cell in found.cells() {
            let at = cell.interior_point();
            let x = plane.point(&at[0], &at[1]);
            prop_assert_eq!(cell.pattern(), Plain::new(&network).pattern(&x, false));
        }
    }
}

/// Outputs that are the same function on both sides of 0: on one side two large terms are added that cancel up to rounding. Maps are first
/// told apart by the sum of all outputs with the weights 1/(1 + k).
#[test]
fn maps_that_differ_by_roundings_are_one_map() {
    for (outputs, size) in [(1, 2f64.powi(20)), (2000, 2.0)] {
        for seed in 1..=3 {
            let mut words = Words(seed);
            let mut number = || 1.0 + (words.next() >> 14) as f64 / (1u64 << 50) as f64;
            let scale = number();
            let below = Layer::from_f64(DMatrix::from_column_slice(2, 1, &[scale, 3.0 * scale]), DVector::zeros(2));
            let factors: Vec<f64> = (0..outputs).map(|_| size * number()).collect();
            let weights = DMatrix::from_fn(outputs, 2, |i, j| factors[i] * [3.0, -1.0][j]);
            // Without the terms, what is added to the sum is a little more than half a unit in its last place, so it is rounded up; with
            // them it may be rounded down.
            let mut sum = 0.0f64;
            let bias = DVector::from_fn(outputs, |k, _| {
                let weight = 1.0 / (1.0 + k as f64);
                let place = 2f64.powi(((sum + weight) * f64::EPSILON).log2().floor() as i32);
                let half = ((1.5 * weight / place).floor() + 0.5) * place;
                let mut bias = half / weight;
                while weight * bias <= half {
                    bias = bias.next_up();
                }
                sum += weight * bias;
                bias
            });
            let above = Layer::from_f64(weights, bias);
            let complex = Builder::new(&Network::new(vec![below, above]).unwrap()).build(&Domain::parse_box("-1..1", 1).unwrap()).unwrap();
            assert_eq!((complex.counts().activation_regions, complex.counts().affine_maps), (2, 1), "{outputs} outputs, seed {seed}");
        }
    }
}
