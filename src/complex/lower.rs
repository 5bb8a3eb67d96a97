//! From a graph to steps: every activation is a sum of rectified forms, every maximum a knock-out.
//!
//! y(z) = s_0 z + c_0 + sum_i (s_i - s_(i-1)) max(z - b_i, 0) for a piecewise affine y, and max(a, b) = a + max(b - a, 0). What later
//! steps need and no unit gives goes along as it is, so nothing is approximated and no domain need be bounded.

use super::slice::Plane;
use super::steps::{Code, Form, Hidden, Rounds, Step, Steps};
use crate::network::LayerBits;
use crate::network::graph::{Affine, Graph, Maximum, Node, Operation, Piecewise};
use rug::Rational;
use std::collections::BTreeMap;

/// The steps of a graph, of a slice as a function of (u, v).
///
/// Linear maps that follow each other become one, unless that would have more than twice the entries of both.
///
/// `None` of a graph whose bits are those of its outputs, which do not tell what is affine where.
pub(super) fn lower(graph: &Graph, plane: Option<&Plane>) -> Option<Steps> {
    let bends = |node: &Node| matches!(node.operation, Operation::Activation { .. } | Operation::Maximum(_));
    let layers = graph.layers();
    if graph.nodes().iter().enumerate().any(|(n, node)| bends(node) && layers.binary_search(&n).is_err()) {
        return None;
    }
    let mut last_use = vec![0; graph.nodes().len()];
    for (n, node) in graph.nodes().iter().enumerate() {
        node.parents().into_iter().for_each(|parent| last_use[parent] = n);
    }
    last_use[graph.output()] = usize::MAX;
    let (width, input) = match plane {
        Some(plane) => (2, plane.forms()),
        None => (graph.inputs(), (0..graph.inputs() as u32).map(Form::column).collect()),
    };
    let mut lowering = Lowering { last_use, steps: Vec::new(), hidden: Vec::new(), width, forms: vec![Vec::new(); graph.nodes().len()] };
    for (n, node) in graph.nodes().iter().enumerate() {
        lowering.forms[n] = match &node.operation {
            Operation::Input => input.clone(),
            Operation::Affine(affine) => lowering.affine(n, node.len(), affine),
            Operation::Activation { from, functions, function_of, .. } => lowering.activation(n, *from, functions, function_of),
            Operation::Maximum(maximum) => lowering.maximum(n, node.len(), maximum),
        };
    }
    let output = std::mem::take(&mut lowering.forms[graph.output()]);
    lowering.push(output, 0);
    lowering.steps.iter_mut().for_each(|step| step.layer = step.layer.min(lowering.hidden.len().saturating_sub(1)));
    Some(Steps::new(lowering.steps, lowering.hidden))
}

struct Lowering {
    /// For each node the last one that is computed from it.
    last_use: Vec<usize>,
    steps: Vec<Step>,
    hidden: Vec<Hidden>,
    /// The number of results of the last step.
    width: usize,
    /// The elements of each node that is still needed, as forms of the results of the last step.
    forms: Vec<Vec<Form>>,
}

/// The rows of a step to be, and which of them are results of the step before, unchanged.
struct Rows {
    rows: Vec<Form>,
    place_of: BTreeMap<u32, u32>,
}

impl Rows {
    fn push(&mut self, form: Form) -> u32 {
        self.rows.push(form);
        self.rows.len() as u32 - 1
    }

    /// The row of an older result.
    fn column(&mut self, old: u32) -> u32 {
        if let Some(&place) = self.place_of.get(&old) {
            return place;
        }
        let place = self.push(Form::column(old));
        self.place_of.insert(old, place);
        place
    }

    /// A form in terms of the rows.
    fn carry(&mut self, form: &Form) -> Form {
        match form.as_column() {
            Some(old) => Form::column(self.column(old)),
            None if form.terms.is_empty() => form.clone(),
            None => Form::column(self.push(form.clone())),
        }
    }
}

impl Lowering {
    fn push(&mut self, rows: Vec<Form>, units: usize) {
        let outputs = rows.len();
        self.steps.push(Step::of_forms(self.width, rows, units, self.hidden.len()));
        self.width = outputs;
    }

    /// One step more, with these units; gives the forms of `carried` in terms of its results. Nodes that are still used at `from` or later go
    /// along.
    fn step(&mut self, from: usize, units: Vec<Form>, carried: &[Form]) -> Vec<Form> {
        let count = units.len();
        let mut rows = Rows { rows: units, place_of: BTreeMap::new() };
        let carried = carried.iter().map(|form| rows.carry(form)).collect();
        for (forms, &last_use) in self.forms.iter_mut().zip(&self.last_use) {
            if last_use < from {
                *forms = Vec::new();
            }
            for form in forms {
                form.terms.iter_mut().for_each(|(column, _)| *column = rows.column(*column));
                form.terms.sort_unstable_by_key(|&(column, _)| column);
            }
        }
        self.push(rows.rows, count);
        carried
    }

    /// Makes the elements of a node results of a step, for its use at n.
    fn settle(&mut self, n: usize, node: usize) {
        let forms = std::mem::take(&mut self.forms[node]);
        self.forms[node] = self.step(n, Vec::new(), &forms);
    }

    fn entries(&self, node: usize) -> usize {
        self.forms[node].iter().map(|form| form.terms.len()).sum()
    }

    fn affine(&mut self, n: usize, len: usize, affine: &Affine) -> Vec<Form> {
        for term in &affine.terms {
            let (mut own, mut joined) = (0, 0);
            for output in 0..len {
                term.map.for_row(output, |input, _| {
                    own += 1;
                    joined += self.forms[term.from][input].terms.len();
                });
            }
            if joined > 2 * (own + self.entries(term.from)) {
                self.settle(n, term.from);
            }
        }
        let element = |output: usize| {
            let mut parts = Vec::new();
            for term in &affine.terms {
                term.map.for_row(output, |input, weight| parts.push((term.map.weights().get(weight), &self.forms[term.from][input])));
            }
            Form::sum(parts.into_iter(), Graph::bias(affine, output))
        };
        (0..len).map(element).collect()
    }

    fn activation(&mut self, n: usize, from: usize, functions: &[Piecewise], function_of: &[u32]) -> Vec<Form> {
        let function = |element: usize| Node::function_of(functions, function_of, element);
        let breakpoints = functions[0].breakpoints().len();
        let inputs = self.forms[from].clone();
        let one = |z: &Form, factor: &Rational, constant: &Rational| Form::sum([(factor.clone(), z)].into_iter(), constant.clone());
        if breakpoints == 0 {
            self.hidden.push(Hidden { width: inputs.len(), bits: LayerBits::Breakpoints(0), code: Code::Step(0) });
            return (0..inputs.len()).map(|e| one(&inputs[e], &function(e).slopes()[0], &function(e).constants()[0])).collect();
        }
        let unit = |e: usize| function(e).breakpoints().iter().map(move |b| (e, b));
        let units = (0..inputs.len()).flat_map(unit).map(|(e, b)| one(&inputs[e], &Rational::from(1), &Rational::from(-b))).collect();
        let is_kept = |e: &usize| !function(*e).slopes()[0].is_zero();
        let kept: Vec<usize> = (0..inputs.len()).filter(is_kept).collect();
        let carried: Vec<Form> = kept.iter().map(|&e| inputs[e].clone()).collect();
        let mut carried = self.step(n + 1, units, &carried).into_iter();
        self.hidden.push(Hidden { width: inputs.len(), bits: LayerBits::Breakpoints(breakpoints), code: Code::Step(self.steps.len() - 1) });
        let mut kept = kept.into_iter().peekable();
        let value = |e: usize| {
            let (slopes, constant) = (function(e).slopes(), function(e).constants()[0].clone());
            let bend = |i: usize| (Rational::from(&slopes[i + 1] - &slopes[i]), Form::column((e * breakpoints + i) as u32));
            let mut parts: Vec<(Rational, Form)> = (0..breakpoints).map(bend).collect();
            if kept.next_if_eq(&e).is_some() {
                parts.push((slopes[0].clone(), carried.next().expect("one form for each that is kept")));
            }
            Form::sum(parts.iter().map(|(factor, form)| (factor.clone(), form)), constant)
        };
        (0..inputs.len()).map(value).collect()
    }

    fn maximum(&mut self, n: usize, windows: usize, maximum: &Maximum) -> Vec<Form> {
        // Every element takes part in several duels.
        if self.entries(maximum.from) > 2 * self.forms[maximum.from].len() {
            self.settle(n, maximum.from);
        }
        let places = |window: usize| maximum.window(window).map(|(place, _)| place as u32).collect();
        let mut rounds = Rounds { steps: Vec::new(), first_duels: Vec::new(), places: (0..windows).map(places).collect() };
        let forms = &self.forms[maximum.from];
        let mut left: Vec<Vec<Form>> =
            (0..windows).map(|window| maximum.window(window).map(|(_, element)| forms[element].clone()).collect()).collect();
        while left.iter().any(|forms| forms.len() > 1) {
            rounds.steps.push(self.steps.len());
            let (mut units, mut first_duels) = (Vec::new(), Vec::with_capacity(windows));
            for forms in &left {
                first_duels.push(units.len() as u32);
                units.extend(forms.chunks_exact(2).map(|pair| pair[1].minus(&pair[0])));
            }
            // The first of each pair, and one that has none to meet.
            let carried: Vec<Form> = left.iter().flat_map(|forms| forms.iter().step_by(2).cloned()).collect();
            let mut carried = self.step(n + 1, units, &carried).into_iter();
            for (forms, &first) in left.iter_mut().zip(&first_duels) {
                let winner = |place: usize| {
                    let first_of_pair = carried.next().expect("one form for each pair");
                    let duel = Form::column(first + place as u32);
                    let parts = if 2 * place + 1 < forms.len() { vec![&first_of_pair, &duel] } else { vec![&first_of_pair] };
                    Form::sum(parts.into_iter().map(|form| (Rational::from(1), form)), Rational::new())
                };
                *forms = (0..forms.len().div_ceil(2)).map(winner).collect();
            }
            rounds.first_duels.push(first_duels);
        }
        self.hidden.push(Hidden { width: windows, bits: LayerBits::Winner(maximum.size), code: Code::Rounds(rounds) });
        left.into_iter().map(|mut forms| forms.pop().expect("a window has a candidate")).collect()
    }
}
