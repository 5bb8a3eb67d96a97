//! Exact linear programs: every answer carries a certificate that plain arithmetic accepts, and all solvers agree.

use crate::support::config;
use plica::exact::lp::{Feasibility, Optimum, Program, Redundancy, RelativeInterior, Sense, Solver};
use proptest::prelude::*;
use rug::Rational;

/// The crate `good_lp` has its own test below: it cycles on many of the degenerate programs here, until its time limit.
const SOLVERS: [Solver; 2] = [Solver::Simplex, Solver::Exact];

/// Rows of small whole numbers: ties, repeated, opposite, parallel and empty rows are common.
#[derive(Clone, Debug)]
struct Rows {
    dimension: usize,
    rows: Vec<(Vec<i32>, u8, i32)>,
    objective: Vec<i32>,
    denominator: i32,
}

impl Rows {
    fn program(&self) -> Program {
        let mut program = Program::new(self.dimension);
        for (coefficients, relation, right) in &self.rows {
            let relation = [Sense::AtMost, Sense::Below, Sense::Equal][usize::from(*relation)];
            let coefficients = coefficients.iter().map(|&x| Rational::from((x, self.denominator))).collect();
            program.push(coefficients, relation, Rational::from(*right)).expect("the length is the dimension");
        }
        program
    }

    /// Without strict rows.
    fn closed(&self) -> Self {
        let rows = self.rows.iter().map(|(a, relation, b)| (a.clone(), if *relation == 1 { 0 } else { *relation }, *b)).collect();
        Self { rows, ..self.clone() }
    }

    fn objective(&self) -> Vec<Rational> {
        self.objective.iter().map(|&c| Rational::from((c, 7))).collect()
    }
}

fn rows() -> impl Strategy<Value = Rows> {
    let shape = (0usize..5, 0usize..12, prop_oneof![Just(1), Just(2), Just(30)], prop_oneof![Just(1), Just(3)], any::<bool>());
    shape.prop_flat_map(|(dimension, count, size, denominator, equations)| {
        let relation = if equations { prop_oneof![3 => Just(0u8), 2 => Just(1), 1 => Just(2)].boxed() } else { (0u8..2).boxed() };
        let row = (prop::collection::vec(-size..=size, dimension), relation, -size..=size);
        (prop::collection::vec(row, count), prop::collection::vec(-size..=size, dimension)).prop_map(move |(rows, objective)| Rows {
            dimension,
            rows,
            objective,
            denominator,
        })
    })
}

/// Programs with a vertex: a box, and rows of larger numbers that cut it in general position.
fn cut_boxes() -> impl Strategy<Value = Rows> {
    (1usize..5, 0usize..12).prop_flat_map(|(dimension, count)| {
        let row = (prop::collection::vec(-1000i32..1000, dimension), Just(0u8), -500i32..4000);
        (prop::collection::vec(row, count), prop::collection::vec(1i32..1000, dimension)).prop_map(move |(mut rows, objective)| {
            for (j, side) in (0..dimension).flat_map(|j| [(j, 1), (j, -1)]) {
                rows.push(((0..dimension).map(|k| if k == j { side } else { 0 }).collect(), 0, 5));
            }
            Rows { dimension, rows, objective, denominator: 1 }
        })
    })
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn good_lp_ends_with_the_same_answers(rows in cut_boxes()) {
        let (good, exact) = (rows.program().solver(Solver::GoodLp), rows.program().solver(Solver::Exact));
        prop_assert!(good.feasible().verify(&good));
        prop_assert_eq!(std::mem::discriminant(&good.feasible()), std::mem::discriminant(&exact.feasible()));
        let (a, b) = (good.maximise(&rows.objective()).expect("closed"), exact.maximise(&rows.objective()).expect("closed"));
        prop_assert!(a.verify(&good, &rows.objective()));
        prop_assert!(b.verify(&exact, &rows.objective()));
        prop_assert_eq!(std::mem::discriminant(&a), std::mem::discriminant(&b));
    }
}

proptest! {
    #![proptest_config(config(4000))]

    #[test]
    fn feasibility_is_proved_and_the_same_for_all_solvers(rows in rows()) {
        let answers: Vec<Feasibility> = SOLVERS.iter().map(|&solver| rows.program().solver(solver).feasible()).collect();
        for answer in &answers {
            prop_assert!(answer.verify(&rows.program()), "{answer:?}");
            prop_assert_eq!(std::mem::discriminant(answer), std::mem::discriminant(&answers[0]));
        }
    }

    #[test]
    fn optima_are_proved_and_the_same_for_all_solvers(rows in rows()) {
        let rows = rows.closed();
        let answers = SOLVERS.map(|solver| rows.program().solver(solver).maximise(&rows.objective()).expect("closed rows"));
        let value = |answer: &Optimum| match answer {
            Optimum::Optimal { point, .. } => Some(point.iter().zip(rows.objective()).map(|(x, c)| Rational::from(x * &c)).sum::<Rational>()),
            _ => None,
        };
        for answer in &answers {
            prop_assert!(answer.verify(&rows.program(), &rows.objective()), "{answer:?}");
            prop_assert_eq!(std::mem::discriminant(answer), std::mem::discriminant(&answers[0]));
            prop_assert_eq!(value(answer), value(&answers[0]));
        }
    }

    #[test]
    fn redundancy_is_proved_and_the_same_for_all_solvers(rows in rows(), row in any::<prop::sample::Index>()) {
        prop_assume!(!rows.rows.is_empty());
        let row = row.index(rows.rows.len());
        let answers: Vec<Redundancy> = SOLVERS.iter().map(|&solver| rows.program().solver(solver).redundancy(row).expect("there is one")).collect();
        for answer in &answers {
            prop_assert!(answer.verify(&rows.program(), row), "{answer:?}");
            prop_assert_eq!(std::mem::discriminant(answer), std::mem::discriminant(&answers[0]));
        }
    }

    #[test]
    fn relative_interiors_are_proved_and_the_same_for_all_solvers(rows in rows()) {
        let answers: Vec<RelativeInterior> = SOLVERS.iter().map(|&solver| rows.program().solver(solver).relative_interior()).collect();
        for answer in &answers {
            prop_assert!(answer.verify(&rows.program()), "{answer:?}");
            prop_assert_eq!(std::mem::discriminant(answer), std::mem::discriminant(&answers[0]));
        }
    }
}

/// Slabs far thinner than the doubles near them, with a point and without one.
#[test]
fn slabs_thinner_than_doubles_are_told_from_empty_ones() {
    for bits in [10u32, 52, 60, 80, 200, 1100] {
        for width in [1, 0, -1] {
            for relation in [Sense::AtMost, Sense::Below] {
                // 1/3 <= x + y / 7 <= 1/3 + width / 2^bits, and the same for x - y.
                let (third, width) = (Rational::from((1, 3)), Rational::from(width) >> bits);
                let mut program = Program::new(2);
                for slope in [Rational::from((1, 7)), Rational::from(-1)] {
                    let (negative, top) = (Rational::from(-&slope), Rational::from(&third + &width));
                    program.push(vec![1.into(), slope], relation, top).expect("two coefficients");
                    program.push(vec![(-1).into(), negative], relation, Rational::from(-&third)).expect("two coefficients");
                }
                let feasible = width > 0 || (width == 0 && relation == Sense::AtMost);
                for solver in [Solver::Simplex, Solver::GoodLp, Solver::Exact] {
                    let answer = program.clone().solver(solver).feasible();
                    assert!(answer.verify(&program), "{bits} {width} {relation:?} {answer:?}");
                    assert_eq!(matches!(answer, Feasibility::Feasible { .. }), feasible, "{bits} {width} {relation:?}");
                }
            }
        }
    }
}
