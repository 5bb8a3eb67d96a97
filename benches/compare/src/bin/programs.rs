//! Linear programs, each answer with its certificate, against `good_lp` on the same programs without certificates.
//!
//! `cargo run --release -p plica-compare --bin programs`
//!
//! The programs find how far the rows of a polytope can be tightened: max t with a.x + t <= b for random rows, |x_i| <= 8 and t <= 1, coefficients in single
//! precision. "thin" moves all right sides so that the depth is slightly above or below 0.
//!
//! The second part finds all regions of an arrangement of hyperplanes: certified, and by the same search with `good_lp` alone.

use good_lp::{Expression, Solution as _, SolverModel as _, constraint, default_solver, variable, variables};
use plica::convexity::Regions;
use plica::exact::lp::{Optimum, Program, Sense, Solver};
use plica::network::load;
use plica_compare::setup::Rng;
use rug::Rational;
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 5;
const PROGRAMS: usize = 40;

/// Rows a, with t last, and b.
type Rows = Vec<(Vec<f64>, f64)>;

fn main() {
    println!(
        "one thread, medians of {ROUNDS} rounds of {PROGRAMS} programs; ratio: time of good_lp over ours, building\nincluded; the last column: without building ours\n"
    );
    println!(
        "{:>3} {:>4}  {:8} {:>12} {:>14} {:>10} {:>8} {:>11}",
        "d", "rows", "family", "good_lp, us", "certified, us", "exact, us", "ratio", "built"
    );
    for (d, m) in [(2, 20), (4, 16), (5, 50), (10, 100)] {
        for (family, lowest) in [("roomy", 0.5), ("thin", 0.0)] {
            let programs: Vec<Rows> = (0..PROGRAMS).map(|seed| rows(d, m, lowest, seed as u64)).collect();
            let built: Vec<Program> = programs.iter().map(build).collect();
            let mut times: [Vec<f64>; 4] = Default::default();
            for _ in 0..ROUNDS {
                times[0].push(seconds(|| programs.iter().map(by_good_lp).sum()));
                times[1].push(seconds(|| programs.iter().map(|rows| certified(&build(rows))).sum()));
                times[2].push(seconds(|| programs.iter().map(|rows| certified(&build(rows).solver(Solver::Exact))).sum()));
                times[3].push(seconds(|| built.iter().map(certified).sum()));
            }
            for (rows, program) in programs.iter().zip(&built) {
                assert!((by_good_lp(rows) - certified(program)).abs() < 1e-6, "the solvers differ");
            }
            let micros = times.clone().map(|mut times| {
                times.sort_by(f64::total_cmp);
                times[ROUNDS / 2] * 1e6 / PROGRAMS as f64
            });
            let ratio = |own: &[f64]| {
                let mut ratios: Vec<f64> = times[0].iter().zip(own).map(|(good, own)| good / own).collect();
                ratios.sort_by(f64::total_cmp);
                ratios[ROUNDS / 2]
            };
            let [good, own, exact, _] = micros;
            let (whole, solved) = (ratio(&times[1]), ratio(&times[3]));
            println!("{d:>3} {m:>4}  {family:8} {good:>12.0} {own:>14.0} {exact:>10.0} {whole:>7.1}x {solved:>10.1}x");
        }
    }
    arrangement();
}

/// The regions of 16 hyperplanes in four dimensions.
fn arrangement() {
    let network = load("random:4-16-1@1").expect("built in");
    let layer = &network.layers().expect("a stack of layers")[0];
    let forms: Vec<(Vec<f64>, f64)> =
        (0..layer.outputs()).map(|i| (layer.weights().row(i).iter().copied().collect(), layer.bias()[i])).collect();
    let (mut certified, mut good): (Vec<f64>, Vec<f64>) = Default::default();
    let mut found = 0;
    for _ in 0..ROUNDS {
        let (mut ours, mut theirs) = (0, 0);
        certified.push(seconds(|| {
            ours = Regions::of(&network).expect("few regions").len();
            0.0
        }));
        good.push(seconds(|| {
            theirs = regions_by_good_lp(&forms);
            0.0
        }));
        assert_eq!(ours, 2517, "all regions of 16 hyperplanes in general position");
        found = theirs;
    }
    certified.sort_by(f64::total_cmp);
    good.sort_by(f64::total_cmp);
    let (ours, theirs) = (certified[ROUNDS / 2], good[ROUNDS / 2]);
    println!("\n16 hyperplanes in d = 4, 2,517 regions, one thread");
    println!("  certified {:.0} ms, good_lp {:.0} ms ({found} regions): {:.1}x", 1e3 * ours, 1e3 * theirs, theirs / ours);
}

/// The depth-first search of `plica::convexity`, with a tolerance.
fn regions_by_good_lp(forms: &[(Vec<f64>, f64)]) -> usize {
    let d = forms[0].0.len();
    let mut waiting: Vec<(Rows, Vec<f64>)> = vec![(Vec::new(), vec![0.0; d])];
    let mut found = 0;
    while let Some((mut rows, point)) = waiting.pop() {
        for (a, b) in &forms[rows.len()..] {
            // sign (a.x + b) >= t
            let side = |sign: f64| (a.iter().map(|x| -sign * x).chain([1.0]).collect::<Vec<f64>>(), sign * b);
            let sign = if a.iter().zip(&point).map(|(a, x)| a * x).sum::<f64>() + b > 0.0 { 1.0 } else { -1.0 };
            let mut other = rows.clone();
            other.push(side(-sign));
            let inside = deepest_by_good_lp(&other);
            if inside[d] > 1e-9 {
                waiting.push((other, inside[..d].to_vec()));
            }
            rows.push(side(sign));
        }
        found += 1;
    }
    found
}

/// The deepest point of rows, and its depth, which is at most 1.
fn deepest_by_good_lp(rows: &Rows) -> Vec<f64> {
    let mut unknowns = variables!();
    // Without bounds on x it reports some of these programs as unbounded, although the depth is at most 1.
    let d = rows[0].0.len() - 1;
    let range = |j: usize| if j < d { variable().min(-1e4).max(1e4) } else { variable().min(-1e4).max(1.0) };
    let x: Vec<_> = (0..=d).map(|j| unknowns.add(range(j))).collect();
    let mut model = unknowns.maximise(x[d]).using(default_solver);
    for (a, b) in rows {
        let left: Expression = x.iter().zip(a).map(|(&x, &a)| a * x).sum();
        model.add_constraint(constraint!(left <= *b));
    }
    let solution = model.solve().expect("the depth has a maximum");
    x.iter().map(|&x| solution.value(x)).collect()
}

fn rows(d: usize, m: usize, lowest: f64, seed: u64) -> Rows {
    let mut rng = Rng::new(1 + seed * 1_000_003 + (d * 1000 + m) as u64);
    let mut draw = || f64::from(2.0 * rng.unit() - 1.0);
    let mut rows: Rows = (0..m)
        .map(|_| {
            let row = (0..d).map(|_| draw()).chain([1.0]).collect();
            (row, lowest + 0.001 * draw() + lowest * draw().abs())
        })
        .collect();
    for (j, side) in (0..d).flat_map(|j| [(j, 1.0), (j, -1.0)]) {
        rows.push(((0..=d).map(|k| if k == j { side } else { 0.0 }).collect(), 8.0));
    }
    rows.push(((0..=d).map(|k| f64::from(u8::from(k == d))).collect(), 1.0));
    rows
}

fn seconds(run: impl FnOnce() -> f64) -> f64 {
    let start = Instant::now();
    black_box(run());
    start.elapsed().as_secs_f64()
}

fn by_good_lp(rows: &Rows) -> f64 {
    let mut unknowns = variables!();
    let x: Vec<_> = rows[0].0.iter().map(|_| unknowns.add(variable())).collect();
    let depth = x[x.len() - 1];
    let mut model = unknowns.maximise(depth).using(default_solver);
    for (a, b) in rows {
        let left: Expression = x.iter().zip(a).filter(|&(_, a)| *a != 0.0).map(|(&x, &a)| a * x).sum();
        model.add_constraint(constraint!(left <= *b));
    }
    model.solve().expect("the depth has a maximum").value(depth)
}

fn build(rows: &Rows) -> Program {
    let mut program = Program::new(rows[0].0.len());
    for (a, b) in rows {
        program.push_f64(a, Sense::AtMost, *b).expect("finite numbers");
    }
    program
}

fn certified(program: &Program) -> f64 {
    let n = program.dimension();
    let objective: Vec<Rational> = (0..n).map(|j| Rational::from(u8::from(j + 1 == n))).collect();
    match program.maximise(&objective).expect("closed rows") {
        Optimum::Optimal { point, .. } => point[n - 1].to_f64(),
        other => panic!("the depth has a maximum: {other:?}"),
    }
}
