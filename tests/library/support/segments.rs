//! Random segments: generic ones, and ones through the special points of a network.

use super::networks::{dyadic, extreme, float, fraction, integer};
use super::plain::{Plain, on_segment};
use plica::data::Point;
use plica::line::Trace;
use plica::network::{Bit, Network, Selection};
use proptest::prelude::*;
use rug::Rational;

type Vector = Vec<Rational>;

/// The largest input dimension of the networks here.
const LARGEST: usize = 5;

/// The construction of a segment from the vectors of a recipe; indices wrap around.
#[derive(Clone, Debug)]
enum Aim {
    /// From the first vector to the second.
    Straight,
    /// Along one axis.
    Axis { axis: usize },
    /// Of length 0.
    Still,
    /// Inside the hyperplane of a first-layer unit.
    Inside { unit: usize },
    /// From, to or between hyperplanes of first-layer units.
    Ends { first: Option<usize>, second: Option<usize> },
    /// Through a point where several first-layer units vanish; from it where `before` is 0, to it where `after` is 0.
    Vertex { unit: usize, step: usize, before: i32, after: i32 },
    /// Through a crossing of the straight segment, in the direction of the third vector.
    Crossing { index: usize, before: i32, after: i32 },
    /// Inside the bent hyperplane of a unit that flips at a crossing of the straight segment, within its region.
    InsideBent { index: usize, before: i32, after: i32 },
    /// Almost along the hyperplane of a first-layer unit, and through or near a point of it where a deep unit vanishes: the crossing is
    /// hard to locate in doubles, and the deep unit's sign there hard to decide.
    Glance { unit: usize, deep: usize, slant: i32, nudge: Option<i32>, before: i32, after: i32 },
    /// From one crossing of the straight segment to another.
    Between { first: usize, second: usize },
}

/// The data of a segment, before the network is known.
#[derive(Clone, Debug)]
pub struct Recipe {
    vectors: Vec<Vector>,
    aim: Aim,
}

fn recipe(entry: BoxedStrategy<Rational>, aim: impl Strategy<Value = Aim>) -> impl Strategy<Value = Recipe> {
    let vector = proptest::collection::vec(entry, LARGEST);
    (proptest::collection::vec(vector, 3), aim).prop_map(|(vectors, aim)| Recipe { vectors, aim })
}

/// Doubles, straight.
pub fn generic() -> impl Strategy<Value = Recipe> {
    recipe(float().prop_map(|q| q * 4u32).boxed(), Just(Aim::Straight))
}

/// All kinds.
pub fn any() -> impl Strategy<Value = Recipe> {
    let entry = prop_oneof![
        2 => Just(0),
        3 => Just(1),
        2 => Just(2),
        2 => Just(3),
        1 => Just(4),
        1 => Just(5),
        1 => Just(6),
        1 => Just(7),
    ];
    (entry, aim()).prop_flat_map(|(kind, aim)| {
        let entry = match kind {
            0 => float().prop_map(|q| q * 4u32).boxed(),
            1 => integer(3),
            2 => fraction(24, 8),
            3 => fraction(9, 3),
            4 => (0i64..=255).prop_map(|n| Rational::from((n, 255))).boxed(),
            5 => integer(7).prop_map(|q| q * dyadic(1, 900)).boxed(),
            6 => integer(7).prop_map(|q| q * dyadic(1, -1060)).boxed(),
            _ => extreme(),
        };
        recipe(entry, Just(aim))
    })
}

/// Almost along a hyperplane, from doubles.
pub fn glancing() -> impl Strategy<Value = Recipe> {
    recipe(float().prop_map(|q| q * 2u32).boxed(), glance())
}

fn glance() -> impl Strategy<Value = Aim> {
    let nudge = proptest::option::weighted(0.3, 20i32..56);
    (0usize..12, 0usize..12, 4i32..48, nudge, 0i32..=3, 1i32..=3).prop_map(|(unit, deep, slant, nudge, before, after)| Aim::Glance {
        unit,
        deep,
        slant,
        nudge,
        before,
        after,
    })
}

fn aim() -> impl Strategy<Value = Aim> {
    let at = || 0usize..12;
    let part = || 0i32..=3;
    prop_oneof![
        5 => Just(Aim::Straight),
        1 => at().prop_map(|axis| Aim::Axis { axis }),
        1 => Just(Aim::Still),
        2 => at().prop_map(|unit| Aim::Inside { unit }),
        2 => (proptest::option::of(at()), proptest::option::of(at())).prop_map(|(first, second)| Aim::Ends { first, second }),
        3 => (at(), 1usize..4, part(), part()).prop_map(|(unit, step, before, after)| Aim::Vertex { unit, step, before, after }),
        2 => (at(), part(), part()).prop_map(|(index, before, after)| Aim::Crossing { index, before, after }),
        2 => (at(), part(), part()).prop_map(|(index, before, after)| Aim::InsideBent { index, before, after }),
        1 => glance(),
        1 => (at(), at()).prop_map(|(first, second)| Aim::Between { first, second }),
    ]
}

impl Recipe {
    /// The two ends in a network's input space.
    pub fn build(&self, network: &Network) -> (Point, Point) {
        let vectors: Vec<Vector> = self.vectors.iter().map(|v| v[..network.inputs()].to_vec()).collect();
        let (a, b) = aim_at(network, &vectors, &self.aim).unwrap_or_else(|| (vectors[0].clone(), vectors[1].clone()));
        let point = |v: Vector| Point::from_rationals(v).expect("a point has coordinates");
        (point(a), point(b))
    }
}

/// The two ends; none if the network has no such place.
fn aim_at(network: &Network, vectors: &[Vector], aim: &Aim) -> Option<(Vector, Vector)> {
    let [a, b, c] = vectors else { unreachable!("a recipe has three vectors") };
    let around = |point: &Vector, direction: &Vector, before: i32, after: i32| {
        let go = |parts: i32| -> Vector { point.iter().zip(direction).map(|(p, d)| Rational::from(d * parts) / 2 + p).collect() };
        (go(-before), go(after))
    };
    match aim {
        Aim::Straight => Some((a.clone(), b.clone())),
        Aim::Axis { axis } => {
            let mut end = a.clone();
            let axis = axis % end.len();
            end[axis] = b[axis].clone();
            Some((a.clone(), end))
        }
        Aim::Still => Some((a.clone(), a.clone())),
        Aim::Inside { unit } => Some((onto(network, *unit, a)?, onto(network, *unit, b)?)),
        Aim::Ends { first, second } => {
            let end = |unit: &Option<usize>, v: &Vector| unit.map_or(Some(v.clone()), |u| onto(network, u, v));
            Some((end(first, a)?, end(second, b)?))
        }
        Aim::Vertex { unit, step, before, after } => Some(around(&vertex(network, *unit, *step, a)?, b, *before, *after)),
        Aim::Crossing { index, before, after } => Some(around(&crossing(network, a, b, *index)?.0, c, *before, *after)),
        Aim::InsideBent { index, before, after } => {
            let (point, gradient) = crossing(network, a, b, *index)?;
            let share = dot(&gradient, c) / dot(&gradient, &gradient);
            let along: Vector = c.iter().zip(&gradient).map(|(x, g)| x - Rational::from(g * &share)).collect();
            Some(around(&point, &along, *before, *after))
        }
        Aim::Glance { unit, deep, slant, nudge, before, after } => {
            let normal = row(network, *unit)[..a.len()].to_vec();
            let square = dot(&normal, &normal);
            if square.is_zero() {
                return None;
            }
            let mut point = meeting(network, *unit, *deep, a)?;
            let share = dot(&normal, c) / square * (1 - dyadic(1, -slant));
            let along: Vector = c.iter().zip(&normal).map(|(x, n)| x - Rational::from(n * &share)).collect();
            if let Some(nudge) = nudge {
                point.iter_mut().zip(b).for_each(|(x, y)| *x += dyadic(1, -nudge) * y);
            }
            Some(around(&point, &along, *before, *after))
        }
        Aim::Between { first, second } => Some((crossing(network, a, b, *first)?.0, crossing(network, a, b, *second)?.0)),
    }
}

fn dot(u: &[Rational], v: &[Rational]) -> Rational {
    u.iter().zip(v).map(|(x, y)| Rational::from(x * y)).sum()
}

/// A point where a first-layer unit and a deep one vanish, in the region of `near`; otherwise a point of the first-layer unit's hyperplane.
fn meeting(network: &Network, unit: usize, deep: usize, near: &Vector) -> Option<Vector> {
    let plain = Plain::new(network);
    let here = plain.pre_activations(near);
    let mut names = Vec::new();
    for (layer, z) in here.iter().enumerate().skip(1) {
        names.extend((0..z.len()).map(|index| Bit { layer: layer as u32, index: index as u32 }));
    }
    let first = row(network, unit);
    for k in 0..names.len() {
        let deep = names[(deep + k) % names.len()];
        // The deep unit on this region: gradient . x + offset.
        let value = |z: &[Vec<Rational>]| z[deep.layer as usize][deep.index as usize].clone();
        let mut form = plain.gradient(near, deep);
        form.push(value(&here) - dot(&form, near));
        if let Some(point) = solve(&[first.clone(), form], near)
            && value(&plain.pre_activations(&point)).is_zero()
        {
            return Some(point);
        }
    }
    onto(network, unit, near)
}

/// The first-layer unit's coefficients, bias last.
fn row(network: &Network, unit: usize) -> Vector {
    let layer = &network.layers().unwrap()[0];
    let unit = unit % layer.outputs();
    (0..layer.inputs()).map(|j| layer.weight(unit, j)).chain([layer.bias_of(unit)]).collect()
}

/// The point moved along one axis onto a unit's hyperplane.
fn onto(network: &Network, unit: usize, point: &Vector) -> Option<Vector> {
    solve(&[row(network, unit)], point)
}

/// A point at which as many units vanish as possible, from `unit` on in steps of `step`; free coordinates keep the given values.
fn vertex(network: &Network, unit: usize, step: usize, point: &Vector) -> Option<Vector> {
    let units = (0..network.layers().unwrap()[0].outputs()).map(|k| unit + k * step);
    let mut best = None;
    let mut rows = Vec::new();
    for unit in units {
        rows.push(row(network, unit));
        match solve(&rows, point) {
            Some(found) => best = Some(found),
            None => {
                rows.pop();
            }
        }
    }
    best
}

/// Solves w.x + b = 0 for all rows (w, b), with free coordinates as in `free`; none if there is no solution.
fn solve(rows: &[Vector], free: &Vector) -> Option<Vector> {
    let n = free.len();
    let mut rows = rows.to_vec();
    let mut pivots = Vec::new();
    for column in 0..n {
        let top = pivots.len();
        let Some(found) = (top..rows.len()).find(|&i| !rows[i][column].is_zero()) else { continue };
        rows.swap(top, found);
        let pivot = rows[top].clone();
        for (i, row) in rows.iter_mut().enumerate() {
            if i != top && !row[column].is_zero() {
                let factor = Rational::from(&row[column] / &pivot[column]);
                row.iter_mut().zip(&pivot).for_each(|(x, p)| *x -= Rational::from(p * &factor));
            }
        }
        pivots.push(column);
    }
    if rows[pivots.len()..].iter().any(|row| !row[n].is_zero()) {
        return None;
    }
    let mut x = free.clone();
    for (row, &column) in rows.iter().zip(&pivots) {
        let mut sum = row[n].clone();
        for j in (0..n).filter(|j| !pivots.contains(j)) {
            sum += Rational::from(&row[j] * &free[j]);
        }
        x[column] = -sum / &row[column];
    }
    Some(x)
}

/// A crossing of the segment a b, and the gradient there of a unit that flips, on the side before the crossing.
fn crossing(network: &Network, a: &Vector, b: &Vector, index: usize) -> Option<(Vector, Vector)> {
    let point = |v: &Vector| Point::from_rationals(v.clone()).expect("a point has coordinates");
    let units = network.units(&Selection::All).expect("all units can be selected");
    let trace = Trace::exact_only(network, &point(a), &point(b), &units).expect("the dimensions fit");
    let k = index.checked_rem(trace.crossing_count())?;
    let times = super::times(&trace);
    let before = if k == 0 { Rational::new() } else { times[k - 1].clone() };
    let plain = Plain::new(network);
    // The highest unit, since deep units are harder. On its active side its gradient is not 0 along the segment;
    // if that is the right side, take the gradient there.
    let crossing = trace.crossing(k);
    let unit = *crossing.flips.last().expect("something flips at a crossing");
    let after = times.get(k + 1).cloned().unwrap_or_else(|| Rational::from(1));
    let middle_left = Rational::from(&before + &times[k]) / 2;
    let middle_right = Rational::from(&after + &times[k]) / 2;
    let position = trace.units().position(unit);
    let left_is_active = trace.patterns().nth(k).is_some_and(|p| p.get(position));
    let side = if left_is_active { middle_left } else { middle_right };
    let gradient = plain.gradient(&on_segment(a, b, &side), unit);
    Some((on_segment(a, b, &times[k]), gradient))
}
