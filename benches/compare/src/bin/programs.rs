//! Linear programs, each answer with its certificate, against `good_lp` alone on the same programs, without one.
//!
//! `cargo run --release -p plica-compare --bin programs`
//!
//! How far the rows of a polytope can be tightened: max t with a.x + t <= b for random rows, |x_i| <= 8 and t <= 1, coefficients in single
//! precision. "thin" moves all right sides so that the depth is near 0, a little above or below it.

use good_lp::{Expression, Solution as _, SolverModel as _, constraint, default_solver, variable, variables};
use plica::exact::lp::{Optimum, Program, Relation, Solver};
use plica::exact::rational;
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
        "one thread, medians of {ROUNDS} rounds of {PROGRAMS} programs; ratio: time of good_lp over ours, building\nincluded; once built: the same with our rationals made beforehand\n"
    );
    println!(
        "{:>3} {:>4}  {:8} {:>14} {:>14} {:>14} {:>7} {:>7}",
        "d", "rows", "family", "good_lp, us", "certified, us", "exact, us", "ratio", ""
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
    let exact = |x: f64| rational(x).expect("finite");
    let mut program = Program::new(rows[0].0.len());
    for (a, b) in rows {
        program.push(a.iter().map(|&x| exact(x)).collect(), Relation::AtMost, exact(*b)).expect("n coefficients");
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
