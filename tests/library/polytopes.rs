//! Single cells against two other programs: `lrs` of lrslib and `normaliz`, which know nothing about networks.
//!
//! They get the inequalities of all units at a cell's pattern, and of the box; from these they compute vertices, volumes and facets.
//! Without these programs the tests pass, and `make test` lists them as skipped. They fail if `PLICA_REQUIRE` names a program that is absent.

use crate::support::cells::{Form, value};
use crate::support::plain::Plain;
use crate::support::{Words, networks};
use plica::complex::{Builder, Cell, Complex, Domain};
use plica::network::{Network, load};
use rug::Rational;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

type Vector = Vec<Rational>;

/// The largest number of cells that are tested in one complex.
const CELLS: usize = 40;

/// Whether a program is installed.
fn installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdin(Stdio::null()).output();
    let missing = found.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    let required = std::env::var("PLICA_REQUIRE").unwrap_or_default();
    assert!(!missing || !required.split_whitespace().any(|name| name == program), "{program} is not installed, but required");
    !missing
}

/// The output of a program that runs in a directory.
fn run(program: &str, arguments: &[&str], directory: &Path) -> String {
    let output = Command::new(program).args(arguments).current_dir(directory).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A directory for the files of one test.
fn directory(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

fn numbers(line: &str) -> Option<Vector> {
    line.split_whitespace().map(|word| word.parse().ok()).collect()
}

/// Rows in the format of both programs.
fn text(rows: &[Vector]) -> String {
    let row = |row: &Vector| row.iter().map(Rational::to_string).collect::<Vec<_>>().join(" ") + "\n";
    rows.iter().map(row).collect()
}

/// The other representation of a polyhedron, by lrs: vertices and rays, or inequalities, with the homogeneous coordinate first.
struct Lrs {
    rows: Vec<Vector>,
    has_lines: bool,
    volume: Option<Rational>,
}

fn lrs(directory: &Path, kind: &str, rows: &[Vector], option: &str) -> Lrs {
    let (count, width) = (rows.len(), rows[0].len());
    let input = format!("cell\n{kind}-representation\nbegin\n{count} {width} rational\n{}end\n{option}\n", text(rows));
    std::fs::write(directory.join("cell"), input).unwrap();
    let output = run("lrs", &["cell"], directory);
    // If machine words overflow, it starts again with longer words, and prints the header again.
    let body = output.rsplit("rational\n").next().unwrap();
    let between = body.lines().take_while(|line| line.trim() != "end");
    Lrs {
        rows: between.map(|line| numbers(line).unwrap()).collect(),
        has_lines: output.lines().any(|line| line.starts_with("linearity")),
        volume: output.lines().find_map(|line| line.strip_prefix("*Volume=")).map(|volume| volume.trim().parse().unwrap()),
    }
}

/// The volume, the vertices and the number of facets of a polytope, by normaliz.
struct Normaliz {
    vertices: BTreeSet<Vector>,
    facets: usize,
    volume: Rational,
}

fn normaliz(directory: &Path, forms: &[Form]) -> Normaliz {
    let width = forms[0].len();
    // The cone over the polytope: at degree 1 of the last coordinate it is the polytope itself.
    let head = format!("amb_space {width}\ninequalities {}\n{}grading\nunit_vector {width}\n", forms.len(), text(forms));
    std::fs::write(directory.join("cell.in"), head + "Volume\nExtremeRays\nSupportHyperplanes\n").unwrap();
    run("normaliz", &["-x=1", "cell"], directory);
    let output = std::fs::read_to_string(directory.join("cell.out")).unwrap();
    let after = |name: &str| output.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let volume: Rational = after("volume (lattice normalized) = ").parse().unwrap();
    let rays = output
        .lines()
        .skip_while(|line| line.starts_with("degrees") || !line.ends_with("extreme rays:"))
        .skip(1)
        .take_while(|line| !line.is_empty());
    let point = |line: &str| {
        let mut ray = numbers(line).unwrap();
        let degree = ray.pop().unwrap();
        ray.into_iter().map(|x| x / &degree).collect()
    };
    let facets = output.lines().find_map(|line| line.strip_suffix(" support hyperplanes")).unwrap();
    let factorial: u32 = (1..width as u32).product();
    Normaliz { vertices: rays.map(point).collect(), facets: facets.parse().unwrap(), volume: volume / factorial }
}

/// The inequalities "form >= 0" of a cell, directly from its pattern: those of all hidden units, and of the sides of a box.
fn inequalities(plain: &Plain, cell: Cell<'_>, domain: &Domain) -> Vec<Form> {
    let d = plain.layers()[0].0.ncols();
    let unit_vector = |i: usize| (0..=d).map(|j| Rational::from(u8::from(i == j))).collect::<Form>();
    let pattern = cell.pattern();
    let mut all = Vec::new();
    let mut inputs: Vec<Form> = (0..d).map(unit_vector).collect();
    let mut position = 0;
    for (weights, bias) in &plain.layers()[..plain.layers().len() - 1] {
        let mut outputs = Vec::new();
        for i in 0..weights.nrows() {
            let mut form = vec![Rational::new(); d + 1];
            form[d] += &bias[i];
            for (j, input) in inputs.iter().enumerate() {
                form.iter_mut().zip(input).for_each(|(sum, c)| *sum += Rational::from(&weights[(i, j)] * c));
            }
            if pattern.get(position) {
                all.push(form.clone());
                outputs.push(form);
            } else {
                all.push(form.into_iter().map(|c| -c).collect());
                outputs.push(vec![Rational::new(); d + 1]);
            }
            position += 1;
        }
        inputs = outputs;
    }
    // A constant is no inequality, and has the sign of its bit in the pattern.
    let (bounding, constant): (Vec<Form>, Vec<Form>) = all.into_iter().partition(|form| form[..d].iter().any(|c| !c.is_zero()));
    assert!(constant.iter().all(|form| form[d] >= 0));
    let mut all = bounding;
    if let Domain::Box(ranges) = domain {
        for (i, (lo, hi)) in ranges.iter().enumerate() {
            let mut lower = unit_vector(i);
            let mut upper: Form = lower.iter().map(|c| Rational::from(-c)).collect();
            lower[d] -= lo;
            upper[d] += hi;
            all.extend([lower, upper]);
        }
    }
    all
}

/// A network of whole numbers in -2..2, perhaps without biases.
fn whole(seed: u64, widths: &[usize], biased: bool) -> Network {
    let mut words = Words(seed);
    let mut number = || Rational::from(words.below(5) as i32 - 2);
    let mut row = |n: usize| {
        let mut row: Vector = (0..=n).map(|_| number()).collect();
        if !biased {
            row[n] = Rational::new();
        }
        row
    };
    networks::from_rows(&widths.windows(2).map(|pair| (0..pair[1]).map(|_| row(pair[0])).collect()).collect::<Vec<_>>())
}

/// Generic networks, built-in networks, and networks with many coincidences.
fn all_networks() -> Vec<(String, Network)> {
    let mut all: Vec<(String, Network)> =
        ["random:2-8-6-1@1", "random:3-6-5-1@2", "random:4-5-3-1@3", "random:2-4-4-4-4-1@4", "zigzag:2:3:1", "zigzag:3:2:2"]
            .into_iter()
            .map(|name| (name.to_string(), load(name).unwrap()))
            .collect();
    for (seed, widths) in [
        (1, vec![2, 7, 6, 1]),
        (2, vec![3, 6, 5, 1]),
        (3, vec![4, 6, 3, 1]),
        (4, vec![3, 4, 4, 4, 1]),
        (5, vec![4, 7, 1]),
        (6, vec![4, 3, 2, 1]),
    ] {
        for biased in [true, false] {
            all.push((format!("whole numbers {seed} {widths:?} {biased}"), whole(seed, &widths, biased)));
        }
    }
    all
}

/// Some cells, spread over the complex.
fn some_cells(complex: &Complex) -> impl Iterator<Item = Cell<'_>> {
    complex.cells().step_by(complex.activation_regions().div_ceil(CELLS))
}

fn vertices(complex: &Complex, numbers: Vec<usize>) -> BTreeSet<Vector> {
    numbers.into_iter().map(|v| complex.vertex(v)).collect()
}

fn cube(d: usize) -> Domain {
    Domain::parse_box("-3/2,2", d).unwrap()
}

/// Vertices from inequalities; volume, and the vertices on each facet, from vertices.
#[test]
fn cells_of_a_box_by_lrs() {
    if !installed("lrs") {
        return;
    }
    let directory = directory("lrs-box");
    let with_one = |x: Vector| [vec![Rational::from(1)], x].concat();
    for (name, network) in all_networks() {
        let (domain, plain) = (cube(network.inputs()), Plain::new(&network));
        let complex = Builder::new(&network).build(&domain).unwrap();
        let volumes = complex.volumes().unwrap();
        for cell in some_cells(&complex) {
            let forms: Vec<Vector> = inequalities(&plain, cell, &domain).into_iter().map(constant_first).collect();
            let found = lrs(&directory, "H", &forms, "");
            let expected = vertices(&complex, cell.vertices());
            let points: BTreeSet<Vector> = found.rows.iter().map(|row| affine(row).expect("a polytope has no rays")).collect();
            assert_eq!(expected, points, "{name}, cell {}", cell.pattern());
            assert_eq!(cell.vertices().len(), points.len());

            let rows: Vec<Vector> = points.iter().cloned().map(with_one).collect();
            let found = lrs(&directory, "V", &rows, "volume");
            assert!(!found.has_lines);
            let volume = volumes[cell.index()].as_ref().unwrap();
            assert_eq!(Some(&volume.volume.0), found.volume.as_ref(), "{name}, cell {}", cell.pattern());
            let on = |row: &Vector| {
                let form: Form = row[1..].iter().chain(&row[..1]).cloned().collect();
                points.iter().filter(|x| value(&form, x).is_zero()).cloned().collect::<BTreeSet<_>>()
            };
            let facets: BTreeSet<_> = cell.facets().map(|facet| vertices(&complex, facet.vertices())).collect();
            assert_eq!(facets, found.rows.iter().map(on).collect(), "{name}, cell {}", cell.pattern());
            assert_eq!(cell.facets().count(), found.rows.len());
        }
    }
    std::fs::remove_dir_all(directory).unwrap();
}

fn constant_first(mut form: Form) -> Vector {
    form.rotate_right(1);
    form
}

/// The point of a row of lrs; none for a ray.
fn affine(row: &Vector) -> Option<Vector> {
    (row[0] == 1).then(|| row[1..].to_vec())
}

/// Vertices, rays and lines of cells of the whole space.
#[test]
fn cells_of_the_whole_space_by_lrs() {
    if !installed("lrs") {
        return;
    }
    let directory = directory("lrs-space");
    let mut unbounded = [0; 2];
    for (name, network) in all_networks() {
        let plain = Plain::new(&network);
        let complex = Builder::new(&network).build(&Domain::Space).unwrap();
        for cell in some_cells(&complex) {
            let forms: Vec<Vector> = inequalities(&plain, cell, &Domain::Space).into_iter().map(constant_first).collect();
            let found = lrs(&directory, "H", &forms, "");
            let rays = found.rows.iter().filter(|row| row[0].is_zero()).count();
            assert_eq!(cell.bounded(), rays == 0, "{name}, cell {}", cell.pattern());
            // A polyhedron that contains a line has no vertices; lrs lists points of its lowest faces.
            let points = if found.has_lines { BTreeSet::new() } else { found.rows.iter().filter_map(affine).collect() };
            assert_eq!(vertices(&complex, cell.vertices()), points, "{name}, cell {}", cell.pattern());
            unbounded[usize::from(found.has_lines)] += usize::from(rays > 0);
        }
    }
    assert!(unbounded.iter().all(|&count| count > 0), "cells with rays, and cells with lines");
    std::fs::remove_dir_all(directory).unwrap();
}

/// Vertices, volume and the number of facets, all from the inequalities.
#[test]
fn cells_of_a_box_by_normaliz() {
    if !installed("normaliz") {
        return;
    }
    let directory = directory("normaliz");
    for (name, network) in all_networks() {
        let (domain, plain) = (cube(network.inputs()), Plain::new(&network));
        let complex = Builder::new(&network).build(&domain).unwrap();
        let volumes = complex.volumes().unwrap();
        for cell in some_cells(&complex) {
            let found = normaliz(&directory, &inequalities(&plain, cell, &domain));
            assert_eq!(vertices(&complex, cell.vertices()), found.vertices, "{name}, cell {}", cell.pattern());
            assert_eq!(cell.facets().count(), found.facets, "{name}, cell {}", cell.pattern());
            assert_eq!(volumes[cell.index()].as_ref().unwrap().volume.0, found.volume, "{name}, cell {}", cell.pattern());
        }
    }
    std::fs::remove_dir_all(directory).unwrap();
}
