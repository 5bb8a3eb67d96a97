//! Exact volumes and centroids of cells.

use super::{file, json, path};
use plica::complex::{Builder, Cell, Complex, Domain};
use plica::exact::nearest_f64;
use plica::network::load;
use rug::Rational;
use serde_json::Value;

type Point = Vec<Rational>;

fn complex(network: &str, domain: &str) -> Complex {
    let network = load(network).unwrap();
    Builder::new(&network).build(&Domain::parse_box(domain, network.inputs()).unwrap()).unwrap()
}

fn minus(p: &[Rational], q: &[Rational]) -> Point {
    p.iter().zip(q).map(|(x, y)| Rational::from(x - y)).collect()
}

fn cross(a: &[Rational], b: &[Rational]) -> Point {
    (0..3).map(|k| Rational::from(&a[(k + 1) % 3] * &b[(k + 2) % 3]) - Rational::from(&a[(k + 2) % 3] * &b[(k + 1) % 3])).collect()
}

fn dot(a: &[Rational], b: &[Rational]) -> Rational {
    a.iter().zip(b).map(|(x, y)| Rational::from(x * y)).sum()
}

/// The corners of a convex polygon in space in order, by the two chains of its hull in two coordinates in which it has area.
fn around(mut corners: Vec<Point>) -> Vec<Point> {
    let [p, q] = [&corners[1], &corners[2]].map(|corner| minus(corner, &corners[0]));
    let flat = cross(&p, &q).iter().position(|x| *x != 0).unwrap();
    let (i, j) = ((flat + 1) % 3, (flat + 2) % 3);
    corners.sort_by(|p, q| (&p[i], &p[j]).cmp(&(&q[i], &q[j])));
    let turn = |p: &Point, q: &Point, r: &Point| {
        let (a, b) = (minus(q, p), minus(r, p));
        Rational::from(&a[i] * &b[j]) - Rational::from(&a[j] * &b[i])
    };
    let chain = |corners: &mut dyn Iterator<Item = Point>| {
        let mut chain: Vec<Point> = Vec::new();
        for corner in corners {
            while let [.., p, q] = &chain[..]
                && turn(p, q, &corner) <= 0
            {
                chain.pop();
            }
            chain.push(corner);
        }
        chain.pop();
        chain
    };
    [chain(&mut corners.iter().cloned()), chain(&mut corners.iter().rev().cloned())].concat()
}

/// The volume and the centroid of a cell of three dimensions, by tetrahedra over the triangles of its facets.
fn plainly(complex: &Complex, cell: Cell<'_>) -> (Rational, Point) {
    let apex = cell.interior_point();
    let (mut volume, mut moment) = (Rational::new(), vec![Rational::new(); 3]);
    for facet in cell.facets() {
        let corners = around(facet.vertices().into_iter().map(|vertex| complex.vertex(vertex)).collect());
        assert_eq!(corners.len(), facet.vertices().len());
        for pair in corners[1..].windows(2) {
            let tetrahedron = [&corners[0], &pair[0], &pair[1], &apex];
            let [a, b, c] = [0, 1, 2].map(|k| minus(tetrahedron[k], &apex));
            let part = dot(&a, &cross(&b, &c)).abs() / 6;
            for (k, sum) in moment.iter_mut().enumerate() {
                *sum += tetrahedron.iter().map(|corner| &corner[k]).sum::<Rational>() / 4 * &part;
            }
            volume += part;
        }
    }
    let centroid = moment.into_iter().map(|sum| sum / &volume).collect();
    (volume, centroid)
}

#[test]
fn volumes_and_centroids_are_those_of_tetrahedra() {
    for (network, domain) in [("random:3-5-4-1@1", "-1,1"), ("random:3-6-3-1@4", "0..1/3;-2..2;1/2..3"), ("zigzag:3:2:1", "0,1")] {
        let complex = complex(network, domain);
        for (cell, found) in complex.cells().zip(complex.volumes().unwrap()) {
            let found = found.unwrap();
            let centroid = found.centroid.into_iter().map(|x| x.0).collect();
            assert_eq!((found.volume.0, centroid), plainly(&complex, cell), "{network}, cell {}", cell.index());
        }
    }
}

/// In more dimensions: the cells together have the volume and the centroid of the box.
#[test]
fn volumes_and_moments_of_cells_add_up() {
    for (network, domain) in
        [("random:4-6-4-1@2", "-1..1;0..1;0..1/7;2..3"), ("random:5-4-3-1@1", "-1,2"), ("zigzag:4:2:1", "0,1"), ("cantor:2", "-1/3,1")]
    {
        let complex = complex(network, domain);
        let Domain::Box(ranges) = complex.domain().clone() else { panic!("a box") };
        let all = complex.volumes().unwrap();
        let volume: Rational = all.iter().flatten().map(|cell| &cell.volume.0).sum();
        assert_eq!(Some(&volume), complex.domain().volume().as_ref());
        for (axis, (lo, hi)) in ranges.into_iter().enumerate() {
            let moment: Rational = all.iter().flatten().map(|cell| Rational::from(&cell.volume.0 * &cell.centroid[axis].0)).sum();
            assert_eq!(moment * 2, (lo + hi) * &volume, "{network}, axis {axis}");
        }
    }
}

/// Eight cells of eight dimensions have hundreds of thousands of simplices, but only some thousand faces.
#[test]
fn volumes_cost_what_faces_cost_and_not_what_simplices_cost() {
    let report = json(&["regions", "random:8-3-1@1", "--box", "-1,1", "--force", "--check"]);
    assert_eq!((&report["checks"]["volumes"], &report["volume"]["exact"]), (&true.into(), &"256".into()));
    let simplices = report["simplices"].as_object().unwrap();
    let count = |(number, cells): (&String, &serde_json::Value)| number.parse::<u64>().unwrap() * cells.as_u64().unwrap();
    assert!(simplices.iter().map(count).sum::<u64>() > 100_000);
}

/// Whole numbers, so that vertices coincide and cells are not simple.
const DEGENERATE: &str = r#"{"layers":[{"W":[[1,0,0,1],[0,1,0,-1],[1,1,0,0],[0,0,1,1],[1,-1,0,0]],"b":[0,0,0,-1,0]},
    {"W":[[1,1,-1,0,1],[0,1,1,1,-1],[1,0,0,-1,1]],"b":[0,-1,1]},{"W":[[1,1,1]],"b":[0]}]}"#;

/// `plica regions --cells`, and the file that it writes.
fn cells(name: &str, arguments: &[&str]) -> (Value, Value) {
    let path = path(name);
    let report = json(&[&["regions"], arguments, &["--cells", path.to_str().unwrap()]].concat());
    (report, serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

/// The number of an entry; checks that it is in lowest terms, with its nearest double.
fn number(entry: &Value) -> Rational {
    let exact = entry["exact"].as_str().unwrap();
    let number: Rational = exact.parse().unwrap();
    assert_eq!((number.to_string(), entry["value"].as_f64()), (exact.to_string(), Some(nearest_f64(&number))));
    number
}

fn numbers(entries: &Value) -> Point {
    entries.as_array().unwrap().iter().map(number).collect()
}

/// Interior points are the means of the vertices of the same file; volumes and moments add up to those of the box.
#[test]
fn cells_files_have_numbers_in_lowest_terms_that_agree_with_each_other() {
    let degenerate = file("volumes-degenerate.json", DEGENERATE);
    for (name, network, (lo, hi)) in [
        ("volumes-1.json", "random:3-6-5-1@2", (-1, 1)),
        ("volumes-2.json", "random:4-6-4-1@7", (0, 2)),
        ("volumes-3.json", &degenerate, (-2, 1)),
    ] {
        let (report, file) = cells(name, &[network, "--box", &format!("{lo},{hi}"), "--check"]);
        let vertices: Vec<Point> = file["vertices"].as_array().unwrap().iter().map(numbers).collect();
        let (mut sum, mut moments) = (Rational::new(), vec![Rational::new(); vertices[0].len()]);
        for cell in file["cells"].as_array().unwrap() {
            let corners: Vec<usize> = cell["vertices"].as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as usize).collect();
            for (axis, x) in numbers(&cell["interior_point"]).into_iter().enumerate() {
                assert_eq!(x * corners.len() as u64, corners.iter().map(|&v| &vertices[v][axis]).sum::<Rational>());
            }
            let volume = number(&cell["volume"]);
            moments.iter_mut().zip(numbers(&cell["centroid"])).for_each(|(sum, x)| *sum += x * &volume);
            sum += volume;
            cell["map"].as_array().unwrap().iter().for_each(|form| drop(numbers(form)));
        }
        assert_eq!(number(&report["volume"]), sum);
        assert!(moments.into_iter().all(|moment| moment * 2u32 == Rational::from(lo + hi) * &sum));
        let regions = report["activation_regions"].as_u64().unwrap();
        assert_eq!(number(&report["volumes"]["mean"]) * regions, sum);
    }
}

/// For the whole space: vertices at infinity are left out, and the mean is that of the bounded cells.
#[test]
fn cells_files_of_the_whole_space_have_the_volumes_of_bounded_cells() {
    let (report, file) = cells("volumes-4.json", &["random:3-7-4-1@3", "--space", "--check"]);
    let vertices: Vec<Option<Point>> = file["vertices"].as_array().unwrap().iter().map(|v| v.as_array().map(|_| numbers(v))).collect();
    let (mut sum, mut bounded) = (Rational::new(), 0);
    for cell in file["cells"].as_array().unwrap() {
        assert!(cell["vertices"].as_array().unwrap().iter().all(|v| vertices[v.as_u64().unwrap() as usize].is_some()));
        numbers(&cell["interior_point"]);
        if cell["bounded"] == true {
            sum += number(&cell["volume"]);
            bounded += 1;
        } else {
            assert!(cell["volume"].is_null() && cell["centroid"].is_null());
        }
    }
    assert_eq!((&report["bounded"], &report["volume"]), (&bounded.into(), &Value::Null));
    assert!(bounded > 10 && vertices.iter().any(Option::is_none));
    assert_eq!(number(&report["volumes"]["mean"]) * bounded, sum);
}

/// The mean is the checked sum over the number of cells; a sum in the order of sizes instead of cells takes longer than all volumes.
#[test]
fn volumes_of_hundreds_of_cells_in_five_dimensions_are_checked() {
    let report = json(&["regions", "random:5-10-10-1@3", "--box", "-1,1", "--check"]);
    assert_eq!((&report["checks"]["volumes"], &report["volume"]["exact"]), (&true.into(), &"32".into()));
    assert_eq!(number(&report["volumes"]["mean"]) * report["activation_regions"].as_u64().unwrap(), 32);
}
