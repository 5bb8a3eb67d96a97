//! Cells cut by decision, against a plain enumeration: polygons clipped by exact fractions.

use super::{file, json, path};
use nalgebra::{DMatrix, DVector};
use plica::complex::{Builder, Domain, Rule};
use plica::network::{Coefficients, Layer, Network, NetworkBuilder, Piecewise, Window, load};
use plica::report::RegionsReport;
use rug::Rational;
use std::collections::{BTreeMap, BTreeSet};

/// a u + b v + c.
type Form = [Rational; 3];
type Polygon = Vec<[Rational; 2]>;

/// Rows of weights, the constant last; then a ReLU, or the largest of this number of neighbours; the output has neither.
struct Rows {
    rows: Vec<Vec<i64>>,
    window: usize,
}

/// A network of integers, the output last.
struct Recipe {
    inputs: usize,
    layers: Vec<Rows>,
}

/// A convex set with one state for every unit, and the last layer on it.
#[derive(Clone)]
struct Part {
    polygon: Polygon,
    forms: Vec<Form>,
}

fn at(form: &Form, p: &[Rational; 2]) -> Rational {
    Rational::from(&form[0] * &p[0]) + Rational::from(&form[1] * &p[1]) + &form[2]
}

fn combine(terms: &[(i64, &Form)]) -> Form {
    std::array::from_fn(|k| terms.iter().map(|(factor, form)| Rational::from(&form[k] * *factor)).sum())
}

/// The part of a convex polygon on which a form is not negative.
fn clip(polygon: &Polygon, form: &Form) -> Polygon {
    let mut kept = Polygon::new();
    for (i, p) in polygon.iter().enumerate() {
        let q = &polygon[(i + 1) % polygon.len()];
        let (a, b) = (at(form, p), at(form, q));
        if a >= 0 {
            kept.push(p.clone());
        }
        if (a > 0 && b < 0) || (a < 0 && b > 0) {
            let t = &a / Rational::from(&a - &b);
            kept.push(std::array::from_fn(|k| Rational::from(&q[k] - &p[k]) * &t + &p[k]));
        }
    }
    kept
}

fn area(polygon: &Polygon) -> Rational {
    let cross = |i: usize| {
        let (p, q) = (&polygon[i], &polygon[(i + 1) % polygon.len()]);
        Rational::from(&p[0] * &q[1]) - Rational::from(&p[1] * &q[0])
    };
    (0..polygon.len()).map(cross).sum::<Rational>() / 2
}

/// The parts of a polygon on which one of some forms is the largest, the first of equal ones, each with its index.
fn largest(polygon: &Polygon, forms: &[Form]) -> Vec<(Polygon, usize)> {
    let mut parts = Vec::new();
    for (w, winner) in forms.iter().enumerate() {
        if forms[..w].contains(winner) {
            continue;
        }
        let part = forms.iter().fold(polygon.clone(), |part, other| clip(&part, &combine(&[(1, winner), (-1, other)])));
        if area(&part) > 0 {
            parts.push((part, w));
        }
    }
    parts
}

impl Recipe {
    /// All activation regions, with the output on each.
    fn regions(&self) -> Vec<Part> {
        let q = Rational::from;
        let below = if self.inputs == 1 { 0 } else { -1 };
        let polygon = [[-1, below], [1, below], [1, 1], [-1, 1]].map(|p| p.map(q)).to_vec();
        let inputs = [[1, 0, 0], [0, 1, 0]].map(|form| form.map(q));
        let mut parts = vec![Part { polygon, forms: inputs[..self.inputs].to_vec() }];
        for (l, layer) in self.layers.iter().enumerate() {
            parts = parts.into_iter().flat_map(|part| layer.cut(part, l + 1 < self.layers.len())).collect();
        }
        parts
    }

    fn graph(&self) -> Network {
        let mut builder = NetworkBuilder::new(&[self.inputs]).unwrap();
        let mut x = builder.input();
        for (l, layer) in self.layers.iter().enumerate() {
            let number = |&w: &i64| w as f64;
            let weights = layer.rows.iter().flat_map(|row| row[..row.len() - 1].iter().map(number)).collect();
            let bias = layer.rows.iter().map(|row| number(row.last().unwrap())).collect();
            let bias = Some(Coefficients::from_f64(bias));
            x = builder.linear(&x, layer.rows.len(), Coefficients::from_f64(weights), bias).unwrap();
            if l + 1 == self.layers.len() {
                break;
            }
            x = match layer.window {
                0 => builder.activation(&x, Piecewise::relu()).unwrap(),
                k => {
                    let line = builder.reshape(&x, &[1, 1, layer.rows.len()]).unwrap();
                    let pooled = builder.max_pool(&line, &Window { stride: [1, k], ..Window::new([1, k]) }).unwrap();
                    builder.reshape(&pooled, &[layer.rows.len() / k]).unwrap()
                }
            };
        }
        builder.finish(&x).unwrap()
    }

    /// The same as a stack of layers, if all activations are ReLU.
    fn chain(&self) -> Option<Network> {
        let layer = |layer: &Rows| {
            let inputs = layer.rows[0].len() - 1;
            let weights = DMatrix::from_fn(layer.rows.len(), inputs, |i, j| layer.rows[i][j] as f64);
            Layer::from_f64(weights, DVector::from_fn(layer.rows.len(), |i, _| layer.rows[i][inputs] as f64))
        };
        let is_chain = self.layers.iter().all(|layer| layer.window == 0);
        is_chain.then(|| Network::new(self.layers.iter().map(layer).collect()).unwrap())
    }
}

impl Rows {
    /// The parts of a part by the states of a layer.
    fn cut(&self, part: Part, is_hidden: bool) -> Vec<Part> {
        let one: Form = [0, 0, 1].map(Rational::from);
        let values: Vec<Form> =
            self.rows.iter().map(|row| combine(&row.iter().copied().zip(part.forms.iter().chain([&one])).collect::<Vec<_>>())).collect();
        if !is_hidden {
            return vec![Part { forms: values, ..part }];
        }
        let windows: Vec<Vec<Form>> = match self.window {
            0 => values.into_iter().map(|z| vec![Form::default(), z]).collect(),
            k => values.chunks_exact(k).map(<[Form]>::to_vec).collect(),
        };
        let mut parts = vec![Part { forms: Vec::new(), ..part }];
        for window in &windows {
            let choices = |part: &Part| {
                let choice = |(polygon, w): (Polygon, usize)| Part { polygon, forms: [&part.forms[..], &[window[w].clone()]].concat() };
                largest(&part.polygon, window).into_iter().map(choice).collect::<Vec<_>>()
            };
            parts = parts.iter().flat_map(choices).collect();
        }
        parts
    }
}

/// The parts of a region that decide one class each.
fn decided(rule: Rule, region: &Part) -> Vec<(Polygon, i64)> {
    match rule {
        Rule::Argmax => largest(&region.polygon, &region.forms).into_iter().map(|(part, winner)| (part, winner as i64)).collect(),
        Rule::Sign => {
            let output = &region.forms[0];
            if *output == Form::default() {
                return vec![(region.polygon.clone(), 0)];
            }
            let parts = [(1, 1), (-1, -1)].map(|(factor, class)| (clip(&region.polygon, &combine(&[(factor, output)])), class));
            parts.into_iter().filter(|(part, _)| area(part) > 0).collect()
        }
    }
}

/// Whether the boundaries of two polygons share more than points.
fn touch(a: &Polygon, b: &Polygon) -> bool {
    let minus = |p: &[Rational; 2], q: &[Rational; 2]| -> [Rational; 2] { std::array::from_fn(|k| Rational::from(&p[k] - &q[k])) };
    let cross = |p: &[Rational; 2], q: &[Rational; 2]| Rational::from(&p[0] * &q[1]) - Rational::from(&p[1] * &q[0]);
    let dot = |p: &[Rational; 2], q: &[Rational; 2]| Rational::from(&p[0] * &q[0]) + Rational::from(&p[1] * &q[1]);
    let edges =
        |polygon: &Polygon| (0..polygon.len()).map(|i| [polygon[i].clone(), polygon[(i + 1) % polygon.len()].clone()]).collect::<Vec<_>>();
    let overlap = |[p, q]: &[[Rational; 2]; 2], [r, s]: &[[Rational; 2]; 2]| {
        let along = minus(q, p);
        let (r, s) = (minus(r, p), minus(s, p));
        if cross(&along, &r) != 0 || cross(&along, &s) != 0 {
            return false;
        }
        let (r, s) = (dot(&along, &r), dot(&along, &s));
        let (lo, hi) = if r < s { (r, s) } else { (s, r) };
        lo.max(Rational::new()) < hi.min(dot(&along, &along))
    };
    edges(a).iter().any(|edge| edges(b).iter().any(|other| overlap(edge, other)))
}

/// A class: its cells, its connected regions, and its volume.
type Class = (i64, u64, u64, Rational);

/// A decision: the numbers of regions, of cells and of boundary pieces, and its classes.
fn plainly(recipe: &Recipe, rule: Rule) -> (u64, u64, u64, Vec<Class>) {
    let regions = recipe.regions();
    let parts: Vec<(usize, Polygon, i64)> = regions
        .iter()
        .enumerate()
        .flat_map(|(region, part)| decided(rule, part).into_iter().map(move |(polygon, class)| (region, polygon, class)))
        .collect();
    let mut component: Vec<usize> = (0..parts.len()).collect();
    let mut boundary = BTreeSet::new();
    for (i, (region, polygon, class)) in parts.iter().enumerate() {
        for (j, (other_region, other, other_class)) in parts.iter().enumerate().skip(i + 1) {
            if touch(polygon, other) {
                if class == other_class {
                    let (from, to) = (component[i], component[j]);
                    component.iter_mut().filter(|number| **number == from).for_each(|number| *number = to);
                } else {
                    boundary.insert((region.min(other_region), region.max(other_region), class.min(other_class), class.max(other_class)));
                }
            }
        }
    }
    let mut classes: BTreeMap<i64, (u64, BTreeSet<usize>, Rational)> = BTreeMap::new();
    for ((_, polygon, class), component) in parts.iter().zip(component) {
        let (cells, components, volume) = classes.entry(*class).or_default();
        *cells += 1;
        components.insert(component);
        *volume += area(polygon);
    }
    let classes = classes.into_iter().map(|(class, (cells, components, volume))| (class, cells, components.len() as u64, volume));
    (regions.len() as u64, parts.len() as u64, boundary.len() as u64, classes.collect())
}

/// The same from the library.
fn product(network: &Network, inputs: usize, rule: Rule) -> (u64, u64, u64, Vec<Class>) {
    let (domain, builder) = (Domain::parse_box("-1,1", inputs).unwrap(), Builder::new(network));
    let (complex, decided) = (builder.build(&domain).unwrap(), builder.decide(rule, &domain, None).unwrap());
    // A part is inside its region: their patterns agree.
    for (cell, &parent) in decided.complex.cells().zip(&decided.parent_of) {
        assert!(cell.pattern().to_string().starts_with(&complex.cell(parent as usize).pattern().to_string()));
    }
    let report = RegionsReport::whole(network, &complex, Some(&decided), true).unwrap();
    let decision = report.decision.unwrap();
    let classes = decision.classes.into_iter().map(|class| (class.class, class.cells, class.regions, class.volume.unwrap().0));
    (report.counts.activation_regions, decision.cells, decision.boundary_pieces, classes.collect())
}

/// A random network with rows that vanish, that are equal, and that are opposite.
fn random(seed: u64, rule: Rule) -> Recipe {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut below = |n: u64| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state >> 33) % n
    };
    let inputs = 1 + below(2) as usize;
    let (mut width, depth, is_maxout) = (inputs, 1 + below(2), below(2) == 1);
    let mut layers = Vec::new();
    for l in 0..=depth {
        let window = if is_maxout && l < depth { 2 + below(2) as usize } else { 0 };
        let count = match (l < depth, rule) {
            (true, _) if is_maxout => window * (1 + below(2) as usize),
            (true, _) => 2 + below(2) as usize,
            (false, Rule::Sign) => 1,
            (false, Rule::Argmax) => 2 + below(3) as usize,
        };
        let mut rows: Vec<Vec<i64>> = Vec::new();
        for i in 0..count {
            let fresh = (0..=width).map(|_| below(5) as i64 - 2).collect();
            let row = match below(8) {
                0 => vec![0; width + 1],
                1 if i > 0 => rows[below(i as u64) as usize].clone(),
                2 if i > 0 => rows[below(i as u64) as usize].iter().map(|w| -w).collect(),
                _ => fresh,
            };
            rows.push(row);
        }
        width = count.checked_div(window).unwrap_or(count);
        layers.push(Rows { rows, window });
    }
    Recipe { inputs, layers }
}

fn agree_on_random_networks(rule: Rule) {
    for seed in 0..100 {
        let recipe = random(seed, rule);
        let expected = plainly(&recipe, rule);
        assert_eq!(product(&recipe.graph(), recipe.inputs, rule), expected, "seed {seed}");
        if let Some(chain) = recipe.chain() {
            assert_eq!(product(&chain, recipe.inputs, rule), expected, "seed {seed}, as a chain");
        }
    }
}

/// Cells of networks with maxima are numbered as they first occur, so the last part need not be in the last region.
#[test]
fn parts_are_counted_in_whatever_order_their_regions_are() {
    let network = load("cantor:2").unwrap();
    let (domain, builder) = (Domain::parse_box("0,1", 2).unwrap(), Builder::new(&network));
    let (complex, mut decided) = (builder.build(&domain).unwrap(), builder.decide(Rule::Sign, &domain, None).unwrap());
    decided.parent_of.reverse();
    assert_eq!(decided.parent_of.last(), Some(&0));
    RegionsReport::of(&complex, false).unwrap().with_decision(&decided).unwrap();
}

#[test]
fn argmax_cuts_regions_where_two_outputs_tie_for_the_maximum() {
    agree_on_random_networks(Rule::Argmax);
}

#[test]
fn a_sign_cuts_regions_where_the_output_vanishes() {
    agree_on_random_networks(Rule::Sign);
}

#[test]
fn one_region_of_one_class_is_one_cell() {
    let text = r#"{"layers": [{"W": [[1, 0], [0, 1]], "b": [2, 2]}, {"W": [[1, 0], [0, 1], [0, 0]], "b": [0, 0, 9]}]}"#;
    let network = file("one_class.json", text);
    let report = json(&["regions", &network, "--box", "-1,1", "--decide", "argmax"]);
    assert_eq!((&report["activation_regions"], &report["decision"]["cells"]), (&1.into(), &1.into()));
    assert_eq!(report["decision"]["boundary_pieces"], 0);
}

/// The number of cells is the sum over regions of their classes, and every region has each of its classes once.
#[test]
fn cells_cut_by_decision_are_the_classes_of_regions() {
    let cells = path("cells_by_decision.json");
    let network = "random-kaiming:2-24-24-10@3";
    let report = json(&["regions", network, "--box", "-1,1", "--decide", "argmax", "--cells", cells.to_str().unwrap()]);
    let all: serde_json::Value = serde_json::from_slice(&std::fs::read(cells).unwrap()).unwrap();
    let mut sum = 0;
    for cell in all["cells"].as_array().unwrap() {
        let classes: Vec<i64> = cell["classes"].as_array().unwrap().iter().map(|class| class.as_i64().unwrap()).collect();
        assert!(classes.windows(2).all(|pair| pair[0] < pair[1]), "{classes:?}");
        sum += classes.len();
    }
    assert_eq!(report["decision"]["cells"], sum);
    assert!(sum > all["cells"].as_array().unwrap().len());
}

/// One class on the whole space, with mostly bounded regions.
#[test]
fn volumes_are_not_computed_of_decision_regions_that_are_not_bounded() {
    let hidden = load("random:3-9-1@1").unwrap().layers().unwrap()[0].clone();
    let positive = Layer::from_f64(DMatrix::from_element(1, 9, 1.0), DVector::from_element(1, 1.0));
    let network = Network::new(vec![hidden, positive]).unwrap();
    let decided = Builder::new(&network).decide(Rule::Sign, &Domain::Space, None).unwrap();
    assert!(decided.complex.cells().any(|cell| cell.bounded()));
    // Exact vertices count as soon as they are computed.
    let before = decided.complex.memory();
    let regions = decided.regions().unwrap();
    assert_eq!((regions.len(), regions[0].volume.clone(), decided.complex.memory()), (1, None, before));
}

/// Bounded regions have a volume even if others are unbounded: the tent 1 - |x| - |y| is positive on an area of 2.
#[test]
fn a_bounded_decision_region_has_its_volume() {
    let text = r#"{"layers": [{"W": [[1, 0], [-1, 0], [0, 1], [0, -1]], "b": [0, 0, 0, 0]}, {"W": [[-1, -1, -1, -1]], "b": [1]}]}"#;
    let report = json(&["regions", &file("tent.json", text), "--space", "--decide", "sign"]);
    let classes = report["decision"]["classes"].as_array().unwrap();
    let volumes: Vec<_> = classes.iter().map(|class| (class["class"].as_i64().unwrap(), class["volume"]["exact"].as_str())).collect();
    assert_eq!(volumes, [(-1, None), (1, Some("2"))]);
}

/// The cells, the classes and the affine maps of a report, from the filter and from integers alone.
fn with_and_without_doubles(network: &str, rule: &str) -> [String; 2] {
    [&[][..], &["--exact-only"]].map(|more| {
        let mut call = vec!["regions", network, "--box", "0,1"];
        call.extend(["--decide", rule].into_iter().filter(|_| !rule.is_empty()));
        call.extend(more);
        let report = json(&call);
        format!("{} {} {}", report["activation_regions"], report["affine_maps"], report["decision"])
    })
}

#[test]
fn candidates_that_are_tiny_beside_others_are_compared() {
    // The second and the third input, 2^-1120 times smaller than the first at the end, decide.
    let row = |numbers: [&str; 3]| format!(r#"["{}"]"#, numbers.join(r#"",""#));
    let power = |k: u32| format!("1/{}", rug::Integer::from(1) << k);
    let small = power(140);
    let decaying =
        format!(r#"{{"W":[{},{},{}],"b":["0","0","0"]}}"#, row(["1", "0", "0"]), row(["0", &small, "0"]), row(["0", "0", &small]));
    let last = r#"{"W":[["0","1","0"],["0","0","1"],["-1","0","0"]],"b":["0","0","0"]}"#;
    let deep = file("tiny_candidates.json", format!(r#"{{"layers":[{},{last}]}}"#, vec![decaying; 8].join(",")));
    // The nearest double of these is 0.
    let tiny = power(1100);
    let wide = file(
        "tiny_weights.json",
        format!(r#"{{"layers":[{{"W":[["1","0"],["0","1"]],"b":["0","0"]}},{{"W":[["{tiny}","0"],["0","{tiny}"]],"b":["0","0"]}}]}}"#),
    );
    for network in [deep, wide] {
        let [doubles, integers] = with_and_without_doubles(&network, "argmax");
        assert_eq!(doubles, integers, "{network}");
        assert_eq!(doubles.matches(r#"{"exact":"1/2","value":0.5}"#).count(), 4, "{doubles}");
    }
}

#[test]
fn weights_below_the_doubles_are_no_relative_roundings() {
    // u (1.4 + 1.4 + 1.4 - 3.9) (x + 1) is above 0; with weights that are rounded to multiples of u = 2^-1074 it is below.
    let u = rug::Integer::from(10) << 1074;
    let [a, b] = [14, -39].map(|k| format!("{k}/{u}"));
    let network = file(
        "coarse_weights.json",
        format!(
            r#"{{"layers":[{{"W":[["1","0"],["1","0"],["1","0"],["1","0"]],"b":["1","1","1","1"]}},
                {{"W":[["{a}","{a}","{a}","{b}"]],"b":["0"]}},{{"W":[["1"]],"b":["0"]}}]}}"#
        ),
    );
    for rule in ["", "sign"] {
        let [doubles, integers] = with_and_without_doubles(&network, rule);
        assert_eq!(doubles, integers);
    }
    let cells = path("coarse_weights_cells.json");
    json(&["regions", &network, "--box", "0,1", "--cells", cells.to_str().unwrap()]);
    assert!(std::fs::read_to_string(cells).unwrap().contains(r#""pattern":"11111""#));
}

#[test]
fn a_decision_among_many_classes_of_the_whole_space_needs_few_integers() {
    // 63 comparisons one after the other double the error bounds 63 times, a tournament 6 times.
    let report = json(&["regions", "random:2-16-64@1", "--space", "--decide", "argmax"]);
    assert!(report["decisions"]["exact"].as_u64().unwrap() < 100, "{}", report["decisions"]);
}

#[test]
fn candidates_that_differ_by_less_than_a_rounding_are_compared() {
    // The double nearest to a tenth is larger than a tenth; in doubles the two candidates are equal.
    let double = "3602879701896397/36028797018963968";
    for (first, second, winner) in [("1/10", double, 1), (double, "1/10", 0)] {
        let network = file(
            &format!("nearest_to_a_tenth_{winner}.json"),
            format!(r#"{{"layers":[{{"W":[["1"]],"b":["1"]}},{{"W":[["{first}"],["{second}"]],"b":["0","0"]}}]}}"#),
        );
        let [doubles, integers] = with_and_without_doubles(&network, "argmax");
        assert_eq!(doubles, integers);
        assert!(doubles.contains(&format!(r#""class":{winner}"#)) && !doubles.contains(&format!(r#""class":{}"#, 1 - winner)), "{doubles}");
    }
}
