//! Domains that are the whole space, first layers of low rank, units that never switch.

use super::{error, json, path, stdout};
use plica::complex::{Builder, Complex, Domain, Plane, Rule};
use plica::data::Point;
use plica::network::{Coefficients, Layer, Network, NetworkBuilder, Piecewise, load};
use rug::Rational;
use std::collections::{BTreeMap, BTreeSet};

/// A row of weights with the bias last, for each unit of each layer.
fn network(layers: &[&[&[i32]]]) -> Network {
    let layer = |rows: &&[&[i32]]| {
        let inputs = rows[0].len() - 1;
        let weights = nalgebra::DMatrix::from_fn(rows.len(), inputs, |i, j| f64::from(rows[i][j]));
        Layer::from_f64(weights, nalgebra::DVector::from_fn(rows.len(), |i, _| f64::from(rows[i][inputs])))
    };
    Network::new(layers.iter().map(layer).collect()).unwrap()
}

/// The complex, checked.
fn build(network: &Network, domain: &Domain) -> Complex {
    let complex = Builder::new(network).build(domain).unwrap();
    complex.check().unwrap();
    complex
}

fn patterns(complex: &Complex) -> BTreeSet<String> {
    complex.cells().map(|cell| cell.pattern().to_string()).collect()
}

/// All data of a complex, by patterns instead of numbers of cells.
fn said(complex: &Complex) -> impl PartialEq + std::fmt::Debug {
    let pattern = |cell: usize| complex.cell(cell).pattern().to_string();
    let vertices = |all: Vec<usize>| all.into_iter().map(|v| complex.vertex(v)).collect::<BTreeSet<_>>();
    let cell = |cell: plica::complex::Cell<'_>| {
        let neighbours: BTreeSet<String> = cell.neighbours().into_iter().map(pattern).collect();
        (pattern(cell.index()), (neighbours, vertices(cell.vertices()), cell.bounded(), cell.affine_map()))
    };
    let facet = |facet: plica::complex::Facet<'_>| {
        (facet.cells().into_iter().map(pattern).collect::<BTreeSet<_>>(), facet.units(), vertices(facet.vertices()))
    };
    (
        complex.f_vector(),
        complex.histograms(),
        (complex.counts().affine_maps, complex.counts().linear_regions),
        complex.cells().map(cell).collect::<BTreeMap<_, _>>(),
        complex.facets().map(facet).collect::<BTreeSet<_>>(),
    )
}

/// Random rows of small whole numbers: many are parallel, concurrent, equal or 0.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }

    fn layer(&mut self, inputs: usize, outputs: usize, biased: bool) -> Layer {
        let mut number = || self.below(5) as f64 - 2.0;
        let weights = nalgebra::DMatrix::from_fn(outputs, inputs, |_, _| number());
        let bias = nalgebra::DVector::from_fn(outputs, |_, _| if biased { number() } else { 0.0 });
        Layer::from_f64(weights, bias)
    }
}

/// Doubles treat vertices at infinity by leading coefficients; integers put them on a simplex that is larger than all vertices.
#[test]
fn the_whole_space_is_the_same_by_leading_coefficients_and_by_a_simplex_beyond_all_vertices() {
    let mut numbers = Numbers(12);
    for case in 0..60 {
        let d = 1 + case % 4;
        let widths = [4, 1 + numbers.below(4) as usize];
        let biased = case % 3 > 0;
        let layers =
            vec![numbers.layer(d, widths[0], biased), numbers.layer(widths[0], widths[1], biased), numbers.layer(widths[1], 2, true)];
        let network = Network::new(layers).unwrap();
        let builder = Builder::new(&network);
        let [found, exact] = [false, true].map(|exact_only| builder.clone().exact_only(exact_only).build(&Domain::Space).unwrap());
        found.check().unwrap();
        assert_eq!(said(&found), said(&exact), "case {case}");
    }
}

/// The far ends of lines need no integers, which would take a minute for this number of lines.
#[test]
fn the_whole_space_costs_what_a_box_costs() {
    let report = json(&["regions", "random:2-400-1@1", "--space", "--quiet"]);
    assert_eq!(report["f_vector"], serde_json::json!([79_800, 160_000, 80_201]));
    assert!(report["decisions"]["exact"].as_u64().unwrap() < 100, "{}", report["decisions"]);
}

/// A point inside an unbounded cell is not a point of the far simplex, whose numbers have hundreds of digits.
#[test]
fn points_inside_unbounded_cells_are_short() {
    for name in ["random:3-7-5-1@1", "random:8-4-3-1@2", "zigzag:2:2:2"] {
        let complex = build(&load(name).unwrap(), &Domain::Space);
        for cell in complex.cells().filter(|cell| !cell.bounded()) {
            let x = cell.interior_point();
            assert!(x.iter().all(|x| x.to_string().len() < 60), "{name}, cell {}", cell.index());
            assert_eq!(complex.cells_with(&x), [cell.index()], "{name}");
        }
    }
}

/// Twelve inputs of rank four, and 784 of rank three.
#[test]
fn a_first_layer_of_low_rank_costs_what_its_reduction_costs() {
    let report = json(&["regions", "random:12-4-1@1", "--space"]);
    assert_eq!(report["f_vector"], serde_json::json!([0, 0, 0, 0, 0, 0, 0, 0, 1, 8, 24, 32, 16]));
    assert_eq!((report["bounded"].as_u64(), &report["volume"]), (Some(0), &serde_json::Value::Null));
    let report = json(&["regions", "random:784-3-10@1", "--space"]);
    let f_vector: Vec<u64> = report["f_vector"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
    assert_eq!((f_vector.len(), &f_vector[781..]), (785, &[1, 6, 12, 8][..]));
    assert!(f_vector[..781].iter().all(|&n| n == 0));
    assert_eq!(report["facets"], serde_json::json!({"3": 8}));
    assert!(stdout(&["regions", "random:784-3-10@1", "--space"]).contains("781 zeros, 1  6  12  8"));
}

/// Rows (1, 2, 3) - 1, (2, 4, 6) - 1, (0, 1, 1) and (1, 3, 4) of rank 2: every face is a face in the plane x2 = 0, or in another coordinate plane, times a line.
#[test]
fn faces_of_a_first_layer_of_low_rank_are_those_of_its_reduction_times_lines() {
    let above: [&[i32]; 2] = [&[1, 1, -1, 2, -1], &[1, -2, 1, 1, 0]];
    let rows: [&[i32]; 4] = [&[1, 2, 3, -1], &[2, 4, 6, -1], &[0, 1, 1, 0], &[1, 3, 4, 0]];
    let reduced: [&[i32]; 4] = [&[1, 2, -1], &[2, 4, -1], &[0, 1, 0], &[1, 3, 0]];
    let output: &[&[i32]] = &[&[1, 1, 0]];
    let found = build(&network(&[&rows, &above, output]), &Domain::Space);
    let plane = build(&network(&[&reduced, &above, output]), &Domain::Space);
    assert_eq!(found.f_vector(), [vec![0], plane.f_vector()].concat());
    assert_eq!(patterns(&found), patterns(&plane));
    assert_eq!(found.histograms().facets, plane.histograms().facets);
    assert_eq!((found.histograms().bounded, found.all_vertices().flatten().count()), (0, 0));
    for cell in found.cells() {
        let x = cell.interior_point();
        assert_eq!((x.len(), found.cells_with(&x)), (3, vec![cell.index()]));
        // The line of x + 2 y + 3 z = y + z = 0 stays in the cell.
        let along: Vec<Rational> = x.iter().zip([-1_000_000, -1_000_000, 1_000_000]).map(|(x, step)| Rational::from(x + step)).collect();
        assert_eq!(found.cells_with(&along), vec![cell.index()]);
        let map = &cell.affine_map()[0];
        assert_eq!(map.len(), 4);
        assert_eq!(Rational::from(&map[0] + &map[1]), map[2], "constant along the line");
    }
}

/// Files of cells are complete: an affine map has a coefficient for each input.
#[test]
fn cells_of_a_first_layer_of_low_rank_are_written_in_all_inputs() {
    let cells = path("low-rank.json");
    stdout(&["regions", "random:20-2-1@1", "--space", "--decide", "sign", "--cells", cells.to_str().unwrap()]);
    let cells: serde_json::Value = serde_json::from_slice(&std::fs::read(cells).unwrap()).unwrap();
    for cell in cells["cells"].as_array().unwrap() {
        assert_eq!(cell["map"][0].as_array().unwrap().len(), 21);
        assert_eq!(cell["interior_point"].as_array().unwrap().len(), 20);
        assert_eq!((&cell["bounded"], &cell["volume"]), (&serde_json::json!(false), &serde_json::Value::Null));
        assert_eq!(cell["vertices"], serde_json::json!([]));
    }
}

#[test]
fn a_first_layer_of_zeros_leaves_one_region_in_any_dimension() {
    let zeros = [0; 101];
    let found = build(&network(&[&[&zeros, &zeros], &[&[1, 1, 0]]]), &Domain::Space);
    let mut expected = vec![0; 101];
    expected[100] = 1;
    assert_eq!((found.f_vector(), found.histograms().bounded), (expected, 0));
    let linear = network(&[&[&[1; 51]]]);
    assert_eq!(build(&linear, &Domain::Space).activation_regions(), 1);
}

/// The output reads all 30 inputs directly; the units read one sum of them.
#[test]
fn only_what_units_read_counts_for_the_rank() {
    let mut builder = NetworkBuilder::new(&[30]).unwrap();
    let x = builder.input();
    let sum = builder.linear(&x, 2, Coefficients::from_f64(vec![1.0; 60]), Some(Coefficients::from_f64(vec![0.0, -1.0]))).unwrap();
    let units = builder.activation(&sum, Piecewise::relu()).unwrap();
    let identity = (0..900).map(|k| f64::from(u8::from(k % 31 == 0))).collect();
    let past = builder.linear(&x, 30, Coefficients::from_f64(identity), None).unwrap();
    let wide = builder.linear(&units, 30, Coefficients::from_f64((1..=60).map(f64::from).collect()), None).unwrap();
    let y = builder.add(&wide, &past).unwrap();
    let graph = builder.finish(&y).unwrap();
    let found = build(&graph, &Domain::Space);
    assert_eq!(patterns(&found), ["00", "10", "11"].map(String::from).into());
    assert_eq!(found.f_vector()[29..], [2, 3]);
    assert_eq!((found.counts().affine_maps, found.cell(0).affine_map().len(), found.cell(0).affine_map()[0].len()), (3, 30, 31));
}

/// A plane whose second direction changes nothing.
#[test]
fn a_slice_of_low_rank_has_strips() {
    let network = network(&[&[&[1, 0, 0, 0], &[1, 0, 0, -1]], &[&[1, -2, 0]]]);
    let point = |x: [i32; 3]| Point::from_rationals(x.map(Rational::from).to_vec()).unwrap();
    let plane = Plane::new(&point([0, 0, 0]), &point([1, 0, 0]), &point([0, 1, 1])).unwrap();
    let builder = Builder::new(&network);
    let strips = builder.build_slice(&plane, &Domain::Space).unwrap();
    strips.check().unwrap();
    assert_eq!((strips.f_vector(), strips.histograms().bounded), (vec![0, 2, 3], 0));
    let decided = builder.decide(Rule::Sign, &Domain::Space, Some(&plane)).unwrap();
    assert_eq!(decided.complex.f_vector(), [0, 3, 4]);
    assert_eq!(decided.regions().unwrap().len(), 3);
}

#[test]
fn a_rank_beyond_memory_is_refused() {
    let error = Builder::new(&load("random:784-20-1@1").unwrap()).build(&Domain::Space).unwrap_err().to_string();
    assert!(error.contains("expected at most 12"), "{error}");
}

/// 2,000 inputs with a first layer of rank two: maps are compared as fast as those of the narrow network.
#[test]
fn maps_of_wide_inputs_behind_a_narrow_first_layer_are_told_apart_by_few_of_them() {
    let mut numbers = Numbers(21);
    let mut random = |rows: usize, columns: usize| -> Vec<Vec<i32>> {
        (0..rows).map(|_| (0..columns).map(|_| numbers.below(9) as i32 - 4).collect()).collect()
    };
    let (narrow, wide, above) = (random(24, 2), random(2, 2000), random(1, 24));
    let layer = |rows: &[Vec<i32>]| {
        Layer::from_f64(
            nalgebra::DMatrix::from_fn(rows.len(), rows[0].len(), |i, j| f64::from(rows[i][j])),
            nalgebra::DVector::zeros(rows.len()),
        )
    };
    let first: Vec<Vec<i32>> = narrow.iter().map(|row| (0..2000).map(|j| row[0] * wide[0][j] + row[1] * wide[1][j]).collect()).collect();
    let counts = |first: &[Vec<i32>]| {
        let mut hidden = layer(first).bias().clone();
        hidden.iter_mut().enumerate().for_each(|(i, b)| *b = f64::from(i as u32 % 7) - 3.0);
        let first = Layer::from_f64(layer(first).weights().clone(), hidden);
        let network = Network::new(vec![first, layer(&above)]).unwrap();
        Builder::new(&network).build(&Domain::Space).unwrap().counts().clone()
    };
    let (of_wide, of_narrow) = (counts(&first), counts(&narrow));
    assert!(of_narrow.affine_maps < of_narrow.activation_regions, "some maps are equal");
    assert_eq!((of_wide.affine_maps, of_wide.linear_regions), (of_narrow.affine_maps, of_narrow.linear_regions));
}

/// If no option allows more dimensions, the message names none.
#[test]
fn more_dimensions_than_can_be_cut_are_refused_with_what_can_be_done() {
    for arguments in [["random:20-14-1@1", "--space"], ["random:20-14-1@1", "--box=0,1"]] {
        for force in [&[][..], &["--force"]] {
            let message = error(2, &[&["regions"], &arguments[..], force].concat());
            assert!(message.contains("expected at most 12; --plane takes a slice of two") && !message.contains("--force"), "{message}");
        }
    }
    let message = error(2, &["regions", "random:8-14-1@1", "--space"]);
    assert!(message.contains("--force tries all"), "{message}");
}

/// 3,000 units; those with a small constant cut the box.
#[test]
fn units_that_never_switch_change_nothing_but_the_pattern() {
    let mut numbers = Numbers(14);
    let mut rows: Vec<Vec<i32>> = Vec::new();
    for _ in 0..3000 {
        let mut weight = || numbers.below(201) as i32 - 100;
        rows.push(vec![weight(), weight(), 100 * weight()]);
    }
    let cuts = |row: &Vec<i32>| row[2].abs() < row[0].abs() + row[1].abs();
    let active: Vec<usize> = (0..rows.len()).filter(|&i| cuts(&rows[i])).collect();
    assert!((10..100).contains(&active.len()), "{}", active.len());
    let domain = Domain::parse_box("-1,1", 2).unwrap();
    let of = |units: &[usize], second: bool| {
        let first: Vec<&[i32]> = units.iter().map(|&i| &rows[i][..]).collect();
        // Later layers do not read units that never switch.
        let weight = |&i: &usize| if cuts(&rows[i]) { 1 + i as i32 % 3 } else { 0 };
        let sums: Vec<i32> = units.iter().map(weight).chain([-500]).collect();
        if second { network(&[&first, &[&sums], &[&[1, 0]]]) } else { network(&[&first, &[&sums]]) }
    };
    let all: Vec<usize> = (0..rows.len()).collect();
    for second in [false, true] {
        let (found, alone) = (build(&of(&all, second), &domain), build(&of(&active, second), &domain));
        assert_eq!(found.f_vector(), alone.f_vector());
        assert_eq!(found.histograms(), alone.histograms());
        assert_eq!(found.counts().linear_regions, alone.counts().linear_regions);
        found.check_volumes().unwrap();
        let short = |cell: plica::complex::Cell<'_>| {
            let pattern = cell.pattern();
            let kept = active.iter().copied().chain(3000..pattern.len());
            kept.map(|i| if pattern.get(i) { '1' } else { '0' }).collect::<String>()
        };
        assert_eq!(found.cells().map(short).collect::<BTreeSet<_>>(), patterns(&alone));
        for i in (0..rows.len()).filter(|i| !active.contains(i)) {
            assert!(found.cells().all(|cell| cell.pattern().get(i) == (rows[i][2] > 0)), "unit {i}");
        }
    }
}

/// Each unit is evaluated once at every corner, and the few that cut at all vertices.
#[test]
fn units_that_never_switch_are_not_looked_at_again() {
    let report = json(&["regions", "random:2-40000-1@1", "--box", "0,1/200", "--quiet"]);
    let [cells, decisions] = [&report["activation_regions"], &report["decisions"]["filtered"]].map(|n| n.as_u64().unwrap());
    assert!(cells > 100 && decisions < 40_000 * 10, "{cells} cells, {decisions} decisions");
}

/// Exact vertices are zeros of few units: nothing is stored for the others.
#[test]
fn units_that_never_switch_take_no_room_at_vertices() {
    let complex = build(&load("random:2-20000-1@1").unwrap(), &Domain::parse_box("0,1/100", 2).unwrap());
    let before = complex.memory();
    assert!(complex.volumes().unwrap().len() > 1000);
    let more = complex.memory() - before;
    assert!(more < 20 << 20, "{more} bytes");
}

/// Pruned units are constants: they need no decision at any vertex.
#[test]
fn units_without_weights_are_constants() {
    let zeros: &[i32] = &[0, 0, 0];
    let pruned: Vec<&[i32]> = [&[1, 1, 0][..], &[1, -1, 0], &[0, 0, 1], &[0, 0, -1]].into_iter().chain([zeros; 500]).collect();
    let complex = build(&network(&[&pruned, &[&[1; 505]]]), &Domain::parse_box("-1,1", 2).unwrap());
    assert_eq!(complex.f_vector(), [5, 8, 4]);
    assert!(complex.decisions().exact < 10, "{:?}", complex.decisions());
    assert!(complex.cells().all(|cell| cell.pattern().to_string()[2..] == format!("10{}", "0".repeat(500))));
}

/// All units of a layer are inactive everywhere, or active everywhere, or vanish.
#[test]
fn layers_that_never_switch_at_all() {
    let first: [&[i32]; 2] = [&[1, 0, 0], &[0, 1, 0]];
    for (constant, regions, bit) in [(-10, 4, "0"), (10, 7, "1"), (0, 4, "0")] {
        // The second layer is constant, or x^+ + y^+ + 10; the third cuts off x^+ + y^+ < 1 where possible.
        let second: &[i32] = if constant == 0 { &[0, 0, 0] } else { &[1, 1, constant] };
        let network = network(&[&first, &[second, second], &[&[1, 1, -22]], &[&[1, 0]]]);
        let complex = build(&network, &Domain::parse_box("-2,2", 2).unwrap());
        assert_eq!(complex.activation_regions(), regions, "{constant}");
        assert!(complex.cells().all(|cell| cell.pattern().to_string()[2..4] == bit.repeat(2)));
        complex.check_volumes().unwrap();
    }
}

/// Numbers of a unit, or of one weight, decay by random powers of two; every third unit has the bias 0.
fn decayed(numbers: &mut Numbers, widths: &[usize]) -> Network {
    let layers = widths.windows(2).enumerate().map(|(l, ends)| {
        let (n, m) = (ends[0], ends[1]);
        let is_output = l + 2 == widths.len();
        let power = |numbers: &mut Numbers| 2f64.powi(-(numbers.below(151) as i32));
        let of_rows: Vec<f64> = (0..m).map(|_| if is_output || numbers.below(3) == 0 { 1.0 } else { power(numbers) }).collect();
        let weights_decay = numbers.below(3) == 0;
        let mut number = |i: usize| {
            let number = numbers.below(9) as f64 - 4.0;
            of_rows[i] * number * if weights_decay { power(numbers) } else { 1.0 }
        };
        let weights = nalgebra::DMatrix::from_fn(m, n, |i, _| number(i));
        let bias = nalgebra::DVector::from_fn(m, |i, _| if i % 3 == 2 { 0.0 } else { number(i) });
        Layer::from_f64(weights, bias)
    });
    Network::new(layers.collect()).unwrap()
}

/// Doubles use units scaled by powers of two, also at vertices at infinity; integers do not.
#[test]
fn decayed_networks_are_the_same_in_integers_alone_on_every_kind_of_domain() {
    let mut numbers = Numbers(15);
    for case in 0..200 {
        // In turn a box, a slice, the whole space, and a first layer of low rank.
        let (kind, low_rank) = (case % 4, case % 4 == 3);
        let d = match kind {
            0 | 2 => 1 + case / 4 % 3,
            _ => 3 + case / 4 % 3,
        };
        let first = if low_rank { 1 + case / 4 % 2 } else { 3 };
        let network = decayed(&mut numbers, &[d, first, 1 + case / 8 % 3, 2]);
        let build = |exact_only: bool| {
            let builder = Builder::new(&network).exact_only(exact_only);
            match kind {
                0 => builder.build(&Domain::parse_box("-3/2,2", d).unwrap()),
                1 => {
                    let point =
                        |k: usize| Point::from_f64(&(0..d).map(|i| ((7 * k + 3 * i) % 5) as f64 - 2.0).collect::<Vec<_>>()).unwrap();
                    builder.build_slice(&Plane::new(&point(0), &point(1), &point(3)).unwrap(), &Domain::parse_box("-1,1/2", 2).unwrap())
                }
                _ => builder.build(&Domain::Space),
            }
            .unwrap()
        };
        let (found, exact) = (build(false), build(true));
        found.check().unwrap();
        assert_eq!(said(&found), said(&exact), "case {case}");
        if kind < 2 {
            let volumes = |complex: &Complex| {
                let all = complex.cells().zip(complex.volumes().unwrap());
                all.map(|(cell, volume)| (cell.pattern().to_string(), format!("{volume:?}"))).collect::<BTreeMap<_, _>>()
            };
            assert_eq!(volumes(&found), volumes(&exact), "case {case}");
        }
    }
}
