//! Vertices and pre-activations as integers: what decides where doubles cannot.

use super::steps::Steps;
use super::whole::WholeStep;
use crate::exact::{common_denominator, scaled};
use rug::{Integer, Rational};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

/// Where a vertex is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// A corner of the domain.
    Corner(u32),
    /// The zero of a unit of a layer between two vertices, at which it has opposite signs.
    Cut { layer: usize, p: u32, q: u32, unit: u32 },
}

/// A vertex and the pre-activations of one step at it, all times one positive `scale`.
#[derive(Debug)]
pub(super) struct Row {
    scale: Integer,
    point: Vec<Integer>,
    values: Vec<Integer>,
}

impl Row {
    fn rational(&self, x: &Integer) -> Rational {
        Rational::from((x, &self.scale))
    }

    /// Divides by what all numbers share.
    fn reduced(mut self) -> Self {
        let mut common = self.scale.clone();
        for x in self.point.iter().chain(&self.values) {
            if common == 1 {
                return self;
            }
            common.gcd_mut(x);
        }
        if common != 1 {
            self.scale.div_exact_mut(&common);
            self.point.iter_mut().chain(&mut self.values).for_each(|x| x.div_exact_mut(&common));
        }
        self
    }
}

/// The vertices, and their exact rows where these have been asked for.
#[derive(Debug)]
pub(super) struct ExactRows {
    steps: Arc<Steps>,
    whole: Option<Vec<WholeStep>>,
    corners: Vec<Vec<Rational>>,
    pub places: Vec<Place>,
    /// By vertex and step, counted from 1; 0 is the input.
    rows: HashMap<(u32, usize), Arc<Row>>,
}

impl ExactRows {
    pub(super) fn new(steps: Arc<Steps>, corners: &[Vec<Rational>]) -> Self {
        let places = (0..corners.len() as u32).map(Place::Corner).collect();
        Self { steps, whole: None, corners: corners.to_vec(), places, rows: HashMap::new() }
    }

    pub(super) fn push(&mut self, place: Place) {
        self.places.push(place);
    }

    /// Forgets the last vertices.
    pub(super) fn truncate(&mut self, len: usize) {
        self.places.truncate(len);
        self.rows.retain(|&(vertex, _), _| (vertex as usize) < len);
    }

    /// Forgets what is not needed for a layer.
    pub(super) fn enter(&mut self, layer: usize) {
        self.rows.retain(|&(_, l), _| l + 1 >= layer);
    }

    /// The sign of a unit of a layer at a vertex.
    pub(super) fn sign(&mut self, vertex: u32, layer: usize, unit: usize) -> Ordering {
        self.row(vertex, layer + 1).values[unit].cmp0()
    }

    /// The pre-activation of a unit at a vertex.
    pub(super) fn value(&mut self, vertex: u32, layer: usize, unit: usize) -> Rational {
        let row = self.row(vertex, layer + 1);
        row.rational(&row.values[unit])
    }

    /// The pre-activations of a layer at a vertex.
    pub(super) fn values(&mut self, vertex: u32, layer: usize) -> Vec<Rational> {
        let row = self.row(vertex, layer + 1);
        row.values.iter().map(|x| row.rational(x)).collect()
    }

    /// The coordinates of a vertex.
    pub(super) fn point(&mut self, vertex: u32) -> Vec<Rational> {
        let layer = match self.places[vertex as usize] {
            Place::Corner(corner) => return self.corners[corner as usize].clone(),
            Place::Cut { layer, .. } => layer,
        };
        let row = self.row(vertex, layer + 1);
        row.point.iter().map(|x| row.rational(x)).collect()
    }

    /// The steps as integers.
    fn whole(&mut self) -> &[WholeStep] {
        self.whole.get_or_insert_with(|| self.steps.steps.iter().map(WholeStep::new).collect())
    }

    /// The signs of all units at a point, step by step.
    pub(super) fn signs_at(&mut self, point: &[Rational]) -> Vec<Vec<Ordering>> {
        let mut row = input_row(point);
        let hidden = self.steps.depth();
        let mut rectified = 0;
        let rows = self.whole()[..hidden].iter().map(|step| {
            row = through(step, &row, std::mem::replace(&mut rectified, step.units));
            row.values[..step.units].iter().map(Integer::cmp0).collect()
        });
        rows.collect()
    }

    /// The output on a cell as an affine map: for each output its coefficients, the constant last.
    pub(super) fn map(&mut self, is_active: impl Fn(usize, usize) -> bool) -> Vec<Vec<Rational>> {
        let d = self.steps.inputs();
        let mut rectified = 0;
        let mut forms: Vec<Vec<Integer>> = (0..d).map(|i| (0..=d).map(|j| Integer::from(u32::from(i == j))).collect()).collect();
        let mut scale = Integer::from(1);
        for (l, step) in self.whole().iter().enumerate() {
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

    /// The row of a vertex before the network (0), or at a step, counted from 1.
    fn row(&mut self, vertex: u32, layer: usize) -> Arc<Row> {
        if let Some(row) = self.rows.get(&(vertex, layer)) {
            return row.clone();
        }
        let row = match self.places[vertex as usize] {
            Place::Cut { layer: born, p, q, unit } if born + 1 == layer => {
                let (p, q) = (self.row(p, layer), self.row(q, layer));
                between(&p, &q, unit as usize)
            }
            Place::Corner(corner) if layer == 0 => input_row(&self.corners[corner as usize]),
            _ => {
                let below = self.row(vertex, layer - 1);
                let rectified = if layer > 1 { self.steps.steps[layer - 2].units } else { 0 };
                through(&self.whole()[layer - 1], &below, rectified)
            }
        };
        let row = Arc::new(row.reduced());
        self.rows.insert((vertex, layer), row.clone());
        row
    }
}

/// A point as integers; its coordinates stand for the values below the first layer.
fn input_row(point: &[Rational]) -> Row {
    let scale = common_denominator(point.iter().cloned());
    let point: Vec<Integer> = point.iter().map(|q| scaled(q.clone(), &scale)).collect();
    Row { values: point.clone(), point, scale }
}

/// The row at the zero of a unit, which has opposite signs at p and q: |z(q)| p + |z(p)| q.
fn between(p: &Row, q: &Row, unit: usize) -> Row {
    let (of_p, of_q) = (Integer::from(q.values[unit].abs_ref()), Integer::from(p.values[unit].abs_ref()));
    let sum = |x: &Integer, y: &Integer| Integer::from(x * &of_p) + Integer::from(y * &of_q);
    Row {
        scale: sum(&p.scale, &q.scale),
        point: p.point.iter().zip(&q.point).map(|(x, y)| sum(x, y)).collect(),
        values: p.values.iter().zip(&q.values).map(|(x, y)| sum(x, y)).collect(),
    }
}

/// The row of the step above; the first `rectified` values count only where they are positive.
fn through(step: &WholeStep, below: &Row, rectified: usize) -> Row {
    let inputs: Vec<usize> = (0..step.inputs).filter(|&j| j >= rectified || below.values[j].cmp0().is_gt()).collect();
    let mut values = step.product(&inputs, &inputs.iter().map(|&j| &below.values[j]).collect::<Vec<_>>());
    values.iter_mut().enumerate().for_each(|(i, value)| *value += step.bias(i) * &below.scale);
    Row {
        scale: Integer::from(&below.scale * &step.factor),
        point: below.point.iter().map(|x| Integer::from(x * &step.factor)).collect(),
        values,
    }
}
