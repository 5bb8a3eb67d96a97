//! The cells of a box from the definition: unit after unit, a cell is cut if the unit has both signs at its vertices, and the
//! vertices are all solutions of d of the inequalities that satisfy the others. The code is slow and simple.

use super::plain::Plain;
use rug::Rational;
use std::collections::BTreeSet;

/// Coefficients of an affine form on the input space, the constant last.
pub type Form = Vec<Rational>;

/// The value of a form at a point.
pub fn value(form: &Form, x: &[Rational]) -> Rational {
    form.iter().zip(x).map(|(c, x)| Rational::from(c * x)).sum::<Rational>() + &form[x.len()]
}

/// The point where d forms vanish, if there is exactly one.
fn meet(forms: &[&Form]) -> Option<Vec<Rational>> {
    let d = forms.len();
    let mut rows: Vec<Form> = forms.iter().map(|&form| form.clone()).collect();
    for k in 0..d {
        let pivot = (k..d).find(|&i| !rows[i][k].is_zero())?;
        rows.swap(k, pivot);
        for i in (0..d).filter(|&i| i != k) {
            let factor = Rational::from(&rows[i][k] / &rows[k][k]);
            let pivot = rows[k].clone();
            rows[i].iter_mut().zip(&pivot).skip(k).for_each(|(x, p)| *x -= Rational::from(&factor * p));
        }
    }
    Some((0..d).map(|k| -Rational::from(&rows[k][d] / &rows[k][k])).collect())
}

/// The vertices of the polytope on which no form is negative.
pub fn vertices(forms: &[Form]) -> BTreeSet<Vec<Rational>> {
    let d = forms[0].len() - 1;
    let mut all = BTreeSet::new();
    let mut chosen: Vec<usize> = (0..d).collect();
    loop {
        let meeting = meet(&chosen.iter().map(|&i| &forms[i]).collect::<Vec<_>>());
        all.extend(meeting.filter(|x| forms.iter().all(|form| value(form, x) >= 0)));
        // The next choice of d forms.
        let Some(k) = (0..d).rfind(|&k| chosen[k] < forms.len() - d + k) else { return all };
        let next = chosen[k] + 1;
        (k..d).for_each(|i| chosen[i] = next + i - k);
    }
}

/// A cell: its pattern, and its vertices.
pub struct PlainCell {
    pub pattern: Vec<bool>,
    pub vertices: BTreeSet<Vec<Rational>>,
}

/// All full-dimensional cells of the box with corners `lo` and `hi` in every coordinate.
pub fn cells(plain: &Plain, d: usize, lo: i32, hi: i32) -> Vec<PlainCell> {
    let form = |i: usize, sign: i32, constant: i32| {
        (0..=d).map(|j| Rational::from(if j == d { constant } else { sign * i32::from(i == j) })).collect::<Form>()
    };
    let sides: Vec<Form> = (0..d).flat_map(|i| [form(i, 1, -lo), form(i, -1, hi)]).collect();
    let inputs = (0..d).map(|i| form(i, 1, 0)).collect();
    let mut all = Vec::new();
    let corners = vertices(&sides);
    grow(plain, 0, Vec::new(), inputs, sides, corners, &mut Vec::new(), &mut all);
    all
}

/// Cuts a cell by unit `done.len()` of a layer and all later units; `inputs` are the inputs of the layer.
#[expect(clippy::too_many_arguments, reason = "they are the state of the enumeration")]
fn grow(
    plain: &Plain,
    layer: usize,
    done: Vec<Form>,
    inputs: Vec<Form>,
    sides: Vec<Form>,
    vertices_of: BTreeSet<Vec<Rational>>,
    pattern: &mut Vec<bool>,
    all: &mut Vec<PlainCell>,
) {
    let (weights, bias) = &plain.layers()[layer];
    if layer + 1 == plain.layers().len() {
        all.push(PlainCell { pattern: pattern.clone(), vertices: vertices_of });
        return;
    }
    let unit = done.len();
    if unit == weights.nrows() {
        grow(plain, layer + 1, Vec::new(), done, sides, vertices_of, pattern, all);
        return;
    }
    let d = sides[0].len() - 1;
    let mut form = vec![Rational::new(); d + 1];
    form[d] += &bias[unit];
    for (j, input) in inputs.iter().enumerate() {
        form.iter_mut().zip(input).for_each(|(sum, c)| *sum += Rational::from(&weights[(unit, j)] * c));
    }
    let signs: Vec<Rational> = vertices_of.iter().map(|x| value(&form, x)).collect();
    let (above, below) = (signs.iter().any(|x| *x > 0), signs.iter().any(|x| *x < 0));
    // A unit that vanishes on the whole cell is not active.
    for active in [true, false].into_iter().filter(|&active| if active { above } else { below || !above }) {
        let mut sides = sides.clone();
        let mut corners = vertices_of.clone();
        if above && below {
            sides.push(if active { form.clone() } else { form.iter().map(|c| Rational::from(-c)).collect() });
            corners = vertices(&sides);
        }
        let mut done = done.clone();
        done.push(if active { form.clone() } else { vec![Rational::new(); d + 1] });
        pattern.push(active);
        grow(plain, layer, done, inputs.clone(), sides, corners, pattern, all);
        pattern.pop();
    }
}
