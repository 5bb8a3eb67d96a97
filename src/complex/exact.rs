//! Vertices and pre-activations as integers, for the decisions that doubles leave open.

use super::pages::Pages;
use super::simplex::WholePoint;
use crate::exact::{common_denominator, scaled};
use crate::network::lowered::Lowered;
use crate::network::lowered::WholeStep;
use rug::{Integer, Rational};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// The position of a vertex.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// A corner of the domain.
    Corner(u32),
    /// The zero of a unit of a step between two vertices, at which the unit has opposite signs.
    Cut { layer: usize, p: u32, q: u32, unit: u32 },
}

/// A vertex as integers: its coordinates times `scale`, their least common denominator.
///
/// The results of a step at the vertex become integers when they are multiplied by `scale` and by the factors of all steps up to this one, since they
/// are computed from the coordinates with integer coefficients.
#[derive(Debug)]
struct ExactPoint {
    scale: Integer,
    coordinates: Vec<Integer>,
    /// For a cut, the factors of the values at p and at q, and the divisor of their sum, for the step that made the cut.
    mixture: Option<[Integer; 3]>,
}

/// The results of one step at one vertex that were computed so far.
#[derive(Debug, Default)]
struct Values {
    known: Pages<Integer>,
    nonzero: Option<Arc<Nonzero>>,
}

/// The results of a step that are not 0 after the ReLU.
#[derive(Debug)]
struct Nonzero {
    places: Vec<usize>,
    values: Vec<Integer>,
    /// The values as machine words, if all of them fit.
    words: Option<Vec<i64>>,
}

/// The bytes of an entry of a table in addition to its value.
pub(super) const ENTRY: u64 = 128;

/// The bytes of a number on the heap.
fn heap(x: &Integer) -> u64 {
    if x.is_zero() { 0 } else { 16 + x.capacity() as u64 / 8 }
}

fn heaps(numbers: &[Integer]) -> u64 {
    numbers.iter().map(|x| size_of::<Integer>() as u64 + heap(x)).sum()
}

impl ExactPoint {
    fn bytes(&self) -> u64 {
        ENTRY + heap(&self.scale) + heaps(&self.coordinates) + self.mixture.as_ref().map_or(0, |numbers| heaps(numbers))
    }
}

impl Values {
    fn bytes(&self) -> u64 {
        ENTRY + self.known.bytes() + self.known.known().map(heap).sum::<u64>() + self.nonzero.as_ref().map_or(0, |nonzero| nonzero.bytes())
    }
}

impl Nonzero {
    fn bytes(&self) -> u64 {
        heaps(&self.values) + 16 * self.places.len() as u64
    }
}

/// If there are more values than this, all are discarded, and computed again on demand.
const MOST_VALUES: usize = 1 << 22;

/// The vertices, and the exact values at them that were computed so far.
#[derive(Debug)]
pub(super) struct ExactRows {
    steps: Arc<Lowered>,
    /// The first steps as integers, as many as were needed so far, and for each the product of the factors up to it.
    whole: Vec<Arc<WholeStep>>,
    scales: Vec<Integer>,
    corners: Vec<Vec<Rational>>,
    pub places: Vec<Place>,
    points: HashMap<u32, Arc<ExactPoint>>,
    /// The values, by vertex and step.
    values: HashMap<(u32, usize), Values>,
    stored: usize,
    /// The number of bytes of points and values.
    bytes: u64,
}

impl ExactRows {
    pub(super) fn new(steps: Arc<Lowered>, corners: &[Vec<Rational>]) -> Self {
        let places = (0..corners.len() as u32).map(Place::Corner).collect();
        Self {
            steps,
            whole: Vec::new(),
            scales: Vec::new(),
            corners: corners.to_vec(),
            places,
            points: HashMap::new(),
            values: HashMap::new(),
            stored: 0,
            bytes: 0,
        }
    }

    /// Continues with more steps. The first of them are those that are there already.
    pub(super) fn follow(&mut self, steps: &Arc<Lowered>) {
        self.steps = steps.clone();
    }

    pub(super) fn push(&mut self, place: Place) {
        self.places.push(place);
    }

    /// Discards the last vertices.
    pub(super) fn truncate(&mut self, len: usize) {
        self.places.truncate(len);
        self.points.retain(|&vertex, _| (vertex as usize) < len);
        self.values.retain(|&(vertex, _), _| (vertex as usize) < len);
        self.count();
    }

    /// The number of bytes of everything.
    pub(super) fn bytes(&self) -> u64 {
        (size_of::<Place>() * self.places.capacity()) as u64 + self.bytes
    }

    /// Counts the bytes of points and values again.
    fn count(&mut self) {
        self.bytes = self.points.values().map(|point| point.bytes()).sum::<u64>() + self.values.values().map(Values::bytes).sum::<u64>();
    }

    /// Discards the values that a step does not need.
    pub(super) fn enter(&mut self, step: usize) {
        self.values.retain(|&(_, s), _| s + 2 >= step);
        self.count();
    }

    /// The sign of a unit of a step at a vertex.
    pub(super) fn sign(&mut self, vertex: u32, step: usize, unit: usize) -> Ordering {
        self.make_room();
        self.whole_value(vertex, step, unit).cmp0()
    }

    /// The pre-activation of a unit at a vertex.
    pub(super) fn value(&mut self, vertex: u32, step: usize, unit: usize) -> Rational {
        self.make_room();
        let value = self.whole_value(vertex, step, unit);
        Rational::from((value, self.scale(vertex, step + 1)))
    }

    /// The values of some results of a step at a vertex.
    pub(super) fn values(&mut self, vertex: u32, step: usize, results: &[u32]) -> Vec<Rational> {
        self.make_room();
        let scale = self.scale(vertex, step + 1);
        results.iter().map(|&i| Rational::from((self.whole_value(vertex, step, i as usize), scale.clone()))).collect()
    }

    /// The coordinates of a vertex.
    pub(super) fn point(&mut self, vertex: u32) -> Vec<Rational> {
        if let Place::Corner(corner) = self.places[vertex as usize] {
            return self.corners[corner as usize].clone();
        }
        self.make_room();
        let point = self.exact_point(vertex);
        point.coordinates.iter().map(|x| Rational::from((x, &point.scale))).collect()
    }

    /// The coordinates of a vertex over their least common denominator.
    pub(super) fn whole_vertex(&mut self, vertex: u32) -> WholePoint {
        self.make_room();
        let point = self.exact_point(vertex);
        WholePoint { denominator: point.scale.clone(), numerators: point.coordinates.clone() }
    }

    fn make_room(&mut self) {
        if self.stored > MOST_VALUES {
            self.values.clear();
            self.stored = 0;
            self.count();
        }
    }

    /// A step as integers.
    fn whole(&mut self, step: usize) -> Arc<WholeStep> {
        while self.whole.len() <= step {
            let next = self.steps.steps[self.whole.len()].whole().clone();
            self.scales.push(self.scales.last().map_or_else(|| next.factor.clone(), |below| Integer::from(below * &next.factor)));
            self.whole.push(next);
        }
        self.whole[step].clone()
    }

    /// The factor that makes the results of the first `steps` steps at a vertex integers.
    fn scale(&mut self, vertex: u32, steps: usize) -> Integer {
        let point = self.exact_point(vertex);
        if steps == 0 {
            return point.scale.clone();
        }
        self.whole(steps - 1);
        Integer::from(&point.scale * &self.scales[steps - 1])
    }

    fn exact_point(&mut self, vertex: u32) -> Arc<ExactPoint> {
        if let Some(point) = self.points.get(&vertex) {
            return point.clone();
        }
        let point = match self.places[vertex as usize] {
            Place::Corner(corner) => {
                let (scale, coordinates) = whole_point(&self.corners[corner as usize]);
                ExactPoint { scale, coordinates, mixture: None }
            }
            Place::Cut { layer, p, q, unit } => {
                let [of_q, of_p] = [p, q].map(|end| self.whole_value(end, layer, unit as usize).abs());
                between(&self.exact_point(p), &self.exact_point(q), of_p, of_q)
            }
        };
        let point = Arc::new(point);
        self.bytes += point.bytes();
        self.points.insert(vertex, point.clone());
        point
    }

    /// A result of a step at a vertex, times [`ExactRows::scale`] of the steps up to and including this one.
    fn whole_value(&mut self, vertex: u32, step: usize, i: usize) -> Integer {
        if let Some(value) = self.values.get(&(vertex, step)).and_then(|values| values.known.get(i)) {
            return value.clone();
        }
        let value = match self.places[vertex as usize] {
            Place::Cut { layer, p, q, .. } if layer == step => {
                let point = self.exact_point(vertex);
                let [of_p, of_q, over] = point.mixture.as_ref().expect("a cut has one");
                let mut sum = self.whole_value(p, step, i) * of_p + self.whole_value(q, step, i) * of_q;
                sum.div_exact_mut(over);
                sum
            }
            _ => self.forward(vertex, step, i),
        };
        let outputs = self.steps.steps[step].outputs();
        let entry = self.values.entry((vertex, step));
        self.bytes += heap(&value) + if matches!(entry, Entry::Vacant(_)) { ENTRY } else { 0 };
        self.bytes += entry.or_default().known.set(i, outputs, value.clone());
        self.stored += 1;
        value
    }

    /// The same, computed from the results of the step below.
    fn forward(&mut self, vertex: u32, step: usize, i: usize) -> Integer {
        let this = self.whole(step);
        let rectified = if step > 0 { self.steps.steps[step - 1].units } else { 0 };
        let sum = match this.row(i) {
            Some(row) if step > 0 => {
                self.know(vertex, step - 1, row);
                let mut sum = Integer::new();
                if let Some(below) = self.values.get(&(vertex, step - 1)) {
                    for (j, w) in row {
                        let x = below.known.get(*j as usize).expect("all inputs of the row are known");
                        if *j as usize >= rectified || x.cmp0().is_gt() {
                            sum += w * x;
                        }
                    }
                }
                sum
            }
            _ => {
                let nonzero = self.nonzero(vertex, step);
                this.row_product(i, &nonzero.places, &nonzero.values, nonzero.words.as_deref())
            }
        };
        sum + this.bias(i) * self.scale(vertex, step)
    }

    /// Computes all results of a step at a vertex that a row of the next step needs.
    fn know(&mut self, vertex: u32, step: usize, row: &[(u32, Integer)]) {
        let known = self.values.get(&(vertex, step)).map(|values| &values.known);
        let is_missing = |j: &usize| known.is_none_or(|known| known.get(*j).is_none());
        let missing: Vec<usize> = row.iter().map(|(j, _)| *j as usize).filter(is_missing).collect();
        missing.into_iter().for_each(|j| drop(self.whole_value(vertex, step, j)));
    }

    /// The inputs of a step at a vertex that are not 0.
    fn nonzero(&mut self, vertex: u32, step: usize) -> Arc<Nonzero> {
        if let Some(nonzero) = self.values.get(&(vertex, step)).and_then(|values| values.nonzero.clone()) {
            return nonzero;
        }
        let all: Vec<Integer> = match step {
            0 => self.exact_point(vertex).coordinates.clone(),
            _ => (0..self.steps.steps[step - 1].outputs()).map(|j| self.whole_value(vertex, step - 1, j)).collect(),
        };
        let rectified = if step > 0 { self.steps.steps[step - 1].units } else { 0 };
        let (places, values): (Vec<usize>, Vec<Integer>) =
            all.into_iter().enumerate().filter(|(j, x)| *j >= rectified || x.cmp0().is_gt()).unzip();
        let words = values.iter().map(Integer::to_i64).collect();
        let nonzero = Arc::new(Nonzero { places, values, words });
        self.bytes += nonzero.bytes();
        self.values.entry((vertex, step)).or_default().nonzero = Some(nonzero.clone());
        nonzero
    }

    /// The signs of all units at a point, step by step.
    pub(super) fn signs_at(&mut self, point: &[Rational]) -> Vec<Vec<Ordering>> {
        let (mut scale, mut values) = whole_point(point);
        let mut rectified = 0;
        let signs = (0..self.steps.depth()).map(|step| {
            let step = self.whole(step);
            let inputs: Vec<usize> = (0..step.inputs).filter(|&j| j >= rectified || values[j].cmp0().is_gt()).collect();
            let mut above = step.product(&inputs, &inputs.iter().map(|&j| &values[j]).collect::<Vec<_>>());
            above.iter_mut().enumerate().for_each(|(i, value)| *value += step.bias(i) * &scale);
            scale *= &step.factor;
            (values, rectified) = (above, step.units);
            values[..step.units].iter().map(Integer::cmp0).collect()
        });
        signs.collect()
    }

    /// All steps as integers.
    pub(super) fn whole_steps(&mut self) -> Vec<Arc<WholeStep>> {
        (0..self.steps.steps.len()).map(|step| self.whole(step)).collect()
    }
}

/// The output on a cell as an affine map of d inputs: the coefficients of each output, with the constant last.
pub(super) fn affine_map(steps: &[Arc<WholeStep>], d: usize, is_active: impl Fn(usize, usize) -> bool) -> Vec<Vec<Rational>> {
    let mut rectified = 0;
    let mut forms: Vec<Vec<Integer>> = (0..d).map(|i| (0..=d).map(|j| Integer::from(u32::from(i == j))).collect()).collect();
    let mut scale = Integer::from(1);
    for (l, step) in steps.iter().enumerate() {
        let inputs: Vec<usize> = (0..step.inputs).filter(|&j| j >= rectified || is_active(l - 1, j)).collect();
        let column = |k: usize| step.product(&inputs, &inputs.iter().map(|&j| &forms[j][k]).collect::<Vec<_>>());
        let mut columns: Vec<Vec<Integer>> = (0..=d).map(column).collect();
        columns[d].iter_mut().enumerate().for_each(|(i, constant)| *constant += step.bias(i) * &scale);
        forms = (0..step.outputs).map(|i| columns.iter_mut().map(|column| std::mem::take(&mut column[i])).collect()).collect();
        scale *= &step.factor;
        rectified = step.units;
    }
    forms.into_iter().map(|form| form.into_iter().map(|x| Rational::from((x, scale.clone()))).collect()).collect()
}

/// The least common denominator of some coordinates, and the coordinates times it.
fn whole_point(point: &[Rational]) -> (Integer, Vec<Integer>) {
    let scale = common_denominator(point.iter().cloned());
    let point = point.iter().map(|q| scaled(q.clone(), &scale)).collect();
    (scale, point)
}

/// The point at the zero of a unit whose values at p and q, times the scales there, have the magnitudes `of_q` and `of_p`.
fn between(p: &ExactPoint, q: &ExactPoint, mut of_p: Integer, mut of_q: Integer) -> ExactPoint {
    let common = of_p.clone().gcd(&of_q);
    of_p.div_exact_mut(&common);
    of_q.div_exact_mut(&common);
    let sum = |x: &Integer, y: &Integer| Integer::from(x * &of_p) + Integer::from(y * &of_q);
    let mut scale = sum(&p.scale, &q.scale);
    let mut coordinates: Vec<Integer> = p.coordinates.iter().zip(&q.coordinates).map(|(x, y)| sum(x, y)).collect();
    let over = coordinates.iter().fold(scale.clone(), |common, x| common.gcd(x));
    scale.div_exact_mut(&over);
    coordinates.iter_mut().for_each(|x| x.div_exact_mut(&over));
    ExactPoint { scale, coordinates, mixture: Some([of_p, of_q, over]) }
}
