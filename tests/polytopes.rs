//! Single cells against `lrs`, which enumerates vertices in exact arithmetic (lrslib, David Avis); skipped where it is not installed.

mod support;

use plica::complex::{Builder, Complex, Domain};
use plica::network::{Network, Unit, load};
use proptest::prelude::*;
use rug::Rational;
use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};
use support::plain::Plain;
use support::{config, networks};

/// Cells of each complex, spread over all of them.
const CELLS: usize = 8;

/// What `lrs` answers, `None` where it is not installed.
fn lrs(representation: &str, rows: &[Vec<Rational>], option: &str) -> Option<String> {
    let lines: Vec<String> = rows.iter().map(|row| row.iter().map(Rational::to_string).collect::<Vec<_>>().join(" ")).collect();
    let text = format!("cell\n{representation}\nbegin\n{} {} rational\n{}\nend\n{option}\n", rows.len(), rows[0].len(), lines.join("\n"));
    let mut child = match Command::new("lrs").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => panic!("lrs: {error}"),
    };
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    Some(String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap())
}

/// The rows of numbers, each once: a vertex begins with 1, a ray with 0. It begins anew where its integers overflow.
fn rows_of(answer: &str) -> Vec<Vec<Rational>> {
    let row = |line: &str| line.split_whitespace().map(|x| x.parse().ok()).collect::<Option<Vec<Rational>>>();
    let rows: BTreeSet<Vec<Rational>> = answer.lines().filter_map(row).filter(|row| row.len() > 1).collect();
    rows.into_iter().collect()
}

/// The inequalities of a cell, constant first: every unit keeps the sign that it has at a point inside, and the box its sides.
fn inequalities(plain: &Plain, complex: &Complex, inside: &[Rational]) -> Vec<Vec<Rational>> {
    let d = inside.len();
    // 1 >= 0, so that there is a row.
    let mut rows = vec![(0..=d).map(|j| Rational::from(u32::from(j == 0))).collect()];
    let mut z = plain.pre_activations(inside);
    z.pop();
    for (layer, values) in z.iter().enumerate() {
        for (index, value) in values.iter().enumerate() {
            let gradient = plain.gradient(inside, Unit { layer: layer as u32, index: index as u32 });
            let constant = gradient.iter().zip(inside).fold(value.clone(), |sum, (g, x)| sum - Rational::from(g * x));
            let sign = if *value > 0 { 1 } else { -1 };
            rows.push(std::iter::once(constant).chain(gradient).map(|x| x * sign).collect());
        }
    }
    if let Domain::Box(ranges) = complex.domain() {
        for (axis, (lo, hi)) in ranges.iter().enumerate() {
            let side = |sign: i32, constant: Rational| {
                std::iter::once(constant).chain((0..d).map(|j| Rational::from(if j == axis { sign } else { 0 }))).collect()
            };
            rows.push(side(1, Rational::from(-lo)));
            rows.push(side(-1, hi.clone()));
        }
    }
    rows
}

/// Vertices, boundedness and volumes of some cells are those of `lrs`.
fn agrees_with_lrs(network: &Network, domain: &Domain) {
    let complex = Builder::new(network).build(domain).unwrap();
    let (plain, volumes) = (Plain::new(network), complex.volumes());
    for cell in complex.cells().step_by(complex.activation_regions().div_ceil(CELLS)) {
        let Some(answer) = lrs("H-representation", &inequalities(&plain, &complex, &cell.interior_point()), "") else {
            eprintln!("skipped: lrs is not installed");
            return;
        };
        let rows = rows_of(&answer);
        assert!(!rows.is_empty(), "lrs finds nothing: {answer}");
        let bounded = rows.iter().all(|row| row[0] == 1);
        assert_eq!(cell.bounded(), bounded, "{answer}");
        // Where a line lies in the cell, it has no vertices.
        if !answer.contains("linearity") {
            let expected: BTreeSet<Vec<Rational>> = rows.iter().filter(|row| row[0] == 1).map(|row| row[1..].to_vec()).collect();
            let found: BTreeSet<Vec<Rational>> = cell.vertices().into_iter().map(|v| complex.vertex(v)).collect();
            assert_eq!(found, expected, "{answer}");
        }
        let volume = volumes[cell.index()].as_ref().map(|volume| volume.volume.0.clone());
        let expected = bounded.then(|| {
            let answer = lrs("V-representation", &rows, "volume").expect("it is installed");
            let volume = answer.lines().find_map(|line| line.strip_prefix("*Volume="));
            volume.unwrap_or_else(|| panic!("no volume: {answer}")).trim().parse::<Rational>().unwrap()
        });
        assert_eq!(volume, expected);
    }
}

/// `lrs` gives up on numbers at the edge of the doubles.
fn is_moderate(network: &Network) -> bool {
    let moderate = |x: &Rational| x.numer().significant_bits().max(x.denom().significant_bits()) < 200;
    Plain::new(network).layers().iter().all(|(weights, bias)| weights.iter().chain(bias).all(moderate))
}

#[test]
fn cells_of_built_in_networks() {
    for (name, text) in [
        ("random:2-16-16-1@1", "-10,10"),
        ("random:3-12-6-1@2", "-5,5"),
        ("random:4-8-4-1@0", "-3,3"),
        ("random:5-7-1@0", "-3,3"),
        ("zigzag:3:2:2", "0,1"),
        ("cantor:3", "0,1"),
    ] {
        let network = load(name).unwrap();
        agrees_with_lrs(&network, &Domain::parse_box(text, network.inputs()).unwrap());
        agrees_with_lrs(&network, &Domain::Space);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: u32::MAX, ..config(40) })]

    #[test]
    fn cells_of_networks_full_of_ties(network in prop_oneof![3 => networks::any(), 1 => networks::pencils(), 1 => networks::four_dimensional()]) {
        prop_assume!(network.inputs() <= 4 && network.hidden_units() <= 12 && is_moderate(&network));
        agrees_with_lrs(&network, &Domain::parse_box("-1,2", network.inputs()).unwrap());
        agrees_with_lrs(&network, &Domain::Space);
    }
}
