//! Lowers a graph to steps: every activation becomes a sum of rectified forms, every maximum the rounds of a tournament.
//!
//! y(z) = s_0 z + c_0 + sum_i (s_i - s_(i-1)) max(z - b_i, 0) for a piecewise affine y, and max(a, b) = a + max(b - a, 0). Values that
//! later steps need and that are not outputs of units are carried unchanged, so nothing is approximated, and the domain may be unbounded.

use super::inputs::{Inputs, columns};
use super::{Bit, Code, Form, Hidden, Lowered, Step, Tournaments};
use crate::exact::{Coefficient, Factors};
use crate::network::graph::{Affine, Graph, Maximum, Node, Operation, Piecewise};
use crate::network::{LayerBits, Network};
use rayon::prelude::*;
use rug::Rational;
use std::collections::HashMap;
use std::sync::Arc;

/// Forms with at most this number of columns, as those of a slice before its first bend, are summed column by column.
const FEW: usize = 3;

/// Selects the candidates of each window of a maximum that must be compared. It gets the steps so far, with the elements of the maximum as
/// their output, and for each window the elements that are its candidates. It returns the positions of at least one of these for each
/// window, ascending.
pub(crate) type Judge<'a, E> = dyn FnMut(Lowered, &[Vec<u32>]) -> Result<Vec<Vec<u32>>, E> + 'a;

/// The reasons for which a network has no lowered form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LowerError {
    /// The bits of the network are those of its outputs, which do not determine where it is affine.
    OutputBits,
    /// A node is not piecewise affine.
    Smooth { node: usize },
    /// The lowered form needs more bytes than allowed.
    TooLarge {
        limit: u64,
        needed: u64,
        /// The hidden layer at which this is known.
        layer: usize,
    },
}

/// The number of bytes of a term of a form: its column, its coefficient, and two numbers on the heap.
const TERM: u64 = 104;

/// The number of bytes of forms with this number of terms.
pub(crate) const fn bytes_of_terms(terms: u64) -> u64 {
    TERM.saturating_mul(terms)
}

/// The steps of a network, as functions of the variables of its inputs if these are given.
///
/// # Errors
/// As [`of_nodes`]; a stack of layers always has a lowered form.
pub(crate) fn lower<E: From<LowerError>>(
    network: &Network,
    inputs: Option<Inputs>,
    limit: u64,
    judge: Option<&mut Judge<'_, E>>,
) -> Result<Lowered, E> {
    match (network.stack(), inputs) {
        (Some(stack), Some(inputs)) => Ok(Lowered::of_stack(&inputs.restrict(stack))),
        (Some(stack), None) => Ok(Lowered::clone(stack.lowered())),
        (None, inputs) => of_nodes(network.graph(), inputs.unwrap_or_else(|| Inputs::all(network.inputs())), limit, judge),
    }
}

/// The steps of nodes.
///
/// Consecutive linear maps become one, unless that would have more than twice the entries of both.
///
/// # Errors
/// The bits of the network are those of its outputs, more than `limit` bytes are needed, or the judge returns an error.
fn of_nodes<E: From<LowerError>>(
    graph: &Arc<Graph>,
    inputs: Inputs,
    limit: u64,
    mut judge: Option<&mut Judge<'_, E>>,
) -> Result<Lowered, E> {
    if let Some(node) = graph.first_smooth() {
        return Err(LowerError::Smooth { node }.into());
    }
    let bends = |node: &Node| matches!(node.operation, Operation::Activation { .. } | Operation::Maximum(_));
    let layers = graph.layers();
    if graph.nodes().iter().enumerate().any(|(n, node)| bends(node) && layers.binary_search(&n).is_err()) {
        return Err(LowerError::OutputBits.into());
    }
    let mut last_use = vec![0; graph.nodes().len()];
    for (n, node) in graph.nodes().iter().enumerate() {
        node.parents().into_iter().for_each(|parent| last_use[parent] = n);
    }
    last_use[graph.output()] = usize::MAX;
    let Inputs { width, forms: input } = inputs;
    let mut lowering =
        Lowering { last_use, steps: Vec::new(), hidden: Vec::new(), width, forms: vec![Vec::new(); graph.nodes().len()], limit };
    for (n, node) in graph.nodes().iter().enumerate() {
        lowering.forms[n] = match &node.operation {
            Operation::Input => input.clone(),
            Operation::Affine(affine) => lowering.affine(n, node.len(), affine)?,
            Operation::Activation { from, functions, function_of, .. } => lowering.activation(n, *from, functions, function_of),
            Operation::Maximum(maximum) => lowering.maximum(n, node.len(), maximum, judge.as_deref_mut())?,
            Operation::Smooth { .. } | Operation::Product(_) | Operation::Quotient(_) | Operation::MatrixProduct(_) => {
                unreachable!("the network is piecewise affine")
            }
        };
    }
    let output = std::mem::take(&mut lowering.forms[graph.output()]);
    Ok(Lowered { graph: Some(Arc::clone(graph)), ..lowering.finish(output) })
}

/// The same steps with one more hidden layer, which determines the largest output, the one with the lowest index in case of ties.
///
/// # Errors
/// More memory is needed than allowed.
pub(crate) fn with_winner<E: From<LowerError>>(mut steps: Lowered, limit: u64, judge: Option<&mut Judge<'_, E>>) -> Result<Lowered, E> {
    let last = steps.steps.pop().expect("there is the output");
    let outputs = (0..last.outputs()).map(|i| last.form(i)).collect();
    let mut lowering =
        Lowering { last_use: vec![1], steps: steps.steps, hidden: steps.hidden, width: last.inputs(), forms: vec![outputs], limit };
    let candidates = (0..last.outputs() as u32).collect();
    let largest = lowering.maximum(1, 1, &Maximum { from: 0, size: last.outputs(), candidates, is_layer: true }, judge)?;
    Ok(lowering.finish(largest))
}

struct Lowering {
    /// For each node, the last node that is computed from it.
    last_use: Vec<usize>,
    steps: Vec<Arc<Step>>,
    hidden: Vec<Hidden>,
    /// The number of results of the last step.
    width: usize,
    /// The elements of each node that is still needed, as forms of the results of the last step.
    forms: Vec<Vec<Form>>,
    /// The limit for the bytes of forms and steps.
    limit: u64,
}

/// The rows of a step that is being built. Equal forms share a row, so that results that are equal everywhere are recognised.
struct Rows {
    rows: Vec<Form>,
    place_of: HashMap<Form, u32>,
}

impl Rows {
    fn place(&mut self, form: &Form) -> u32 {
        let (next, rows) = (self.rows.len() as u32, &mut self.rows);
        *self.place_of.entry(form.clone()).or_insert_with(|| {
            rows.push(form.clone());
            next
        })
    }

    /// A form in terms of the rows. A constant needs no row.
    fn carry(&mut self, form: &Form) -> Form {
        if form.terms.is_empty() { form.clone() } else { Form::column(self.place(form)) }
    }
}

/// The results of a step.
struct Results {
    /// For each requested unit its bit, and its rectified value.
    units: Vec<(Bit, Form)>,
    carried: Vec<Form>,
}

impl Lowering {
    fn push(&mut self, rows: Vec<Form>, units: usize) {
        let outputs = rows.len();
        self.steps.push(Arc::new(Step::of_forms(self.width, rows, units, self.hidden.len())));
        self.width = outputs;
    }

    /// All steps, the output last.
    fn finish(mut self, output: Vec<Form>) -> Lowered {
        self.push(output, 0);
        let last = self.hidden.len().saturating_sub(1);
        self.steps.iter_mut().filter(|step| step.layer > last).for_each(|step| Arc::make_mut(step).layer = last);
        Lowered::new(self.steps, self.hidden)
    }

    /// Adds a step with these units, and with these forms carried. Nodes that are still used at `from` or later are carried too.
    ///
    /// If all units are constants there is nothing to cut, and no step is added.
    fn step(&mut self, from: usize, units: &[Form], carried: &[Form]) -> Results {
        let mut rows = Rows { rows: Vec::new(), place_of: HashMap::new() };
        let step = self.steps.len() as u32;
        let unit = |form: &Form| match form.terms.is_empty() {
            true if form.constant.is_positive() => (Bit::Constant(true), form.clone()),
            true => (Bit::Constant(false), Form::default()),
            false => {
                let unit = rows.place(form);
                (Bit::Unit { step, unit }, Form::column(unit))
            }
        };
        let units: Vec<(Bit, Form)> = units.iter().map(unit).collect();
        let count = rows.rows.len();
        if count == 0 && !units.is_empty() {
            return Results { units, carried: carried.to_vec() };
        }
        // The row of a unit is rectified, so its form is carried in another row.
        rows.place_of.clear();
        let carried = carried.iter().map(|form| rows.carry(form)).collect();
        for (forms, &last_use) in self.forms.iter_mut().zip(&self.last_use) {
            if last_use < from {
                *forms = Vec::new();
            }
            for form in forms {
                form.terms.iter_mut().for_each(|(column, _)| *column = rows.place(&Form::column(*column)));
                form.terms.sort_unstable_by_key(|&(column, _)| column);
            }
        }
        self.push(rows.rows, count);
        Results { units, carried }
    }

    /// Makes the elements of a node results of a step, for their use at node n.
    fn settle(&mut self, n: usize, node: usize) {
        let forms = std::mem::take(&mut self.forms[node]);
        self.forms[node] = self.step(n, &[], &forms).carried;
    }

    fn entries(&self, node: usize) -> usize {
        self.forms[node].iter().map(|form| form.terms.len()).sum()
    }

    /// Checks that there is memory for this number of additional terms.
    fn check(&self, terms: usize) -> Result<(), LowerError> {
        let forms: usize = (0..self.forms.len()).map(|node| self.entries(node)).sum();
        let needed = bytes_of_terms((forms + terms) as u64) + self.steps.iter().map(|step| step.bytes()).sum::<u64>();
        let (limit, layer) = (self.limit, self.hidden.len());
        if needed > limit { Err(LowerError::TooLarge { limit, needed, layer }) } else { Ok(()) }
    }

    fn affine(&mut self, n: usize, len: usize, affine: &Affine) -> Result<Vec<Form>, LowerError> {
        let mut terms = 0;
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
                joined = own;
            }
            terms += joined;
        }
        // A form has at most as many terms as there are columns.
        self.check(terms.min(len.saturating_mul(self.width)))?;
        if self.width <= FEW && affine.terms.iter().all(|term| term.map.weights().is_double()) {
            return Ok(self.affine_of_few(len, affine));
        }
        let element = |output: usize| {
            let mut parts = Vec::new();
            for term in &affine.terms {
                term.map.for_row(output, |input, weight| parts.push((term.map.weights().number(weight), &self.forms[term.from][input])));
            }
            Form::sum(parts.into_iter(), constant(affine, output))
        };
        Ok((0..len).map(element).collect())
    }

    /// As [`affine`](Self::affine), for forms of a few columns: one exact sum of products for each.
    fn affine_of_few(&self, len: usize, affine: &Affine) -> Vec<Form> {
        let columns = |from: usize| columns(&self.forms[from], self.width).iter().map(|column| Factors::new(column)).collect();
        let factors: Vec<Vec<Factors>> = affine.terms.iter().map(|term| columns(term.from)).collect();
        let element = |output: usize| {
            let mut sums = vec![Rational::new(); self.width];
            sums.push(Graph::bias(affine, output));
            for (term, factors) in affine.terms.iter().zip(&factors) {
                let mut row: Vec<(u32, f64)> = Vec::new();
                term.map.for_row(output, |input, weight| row.push((input as u32, term.map.weights().doubles()[weight])));
                sums.iter_mut().zip(factors).for_each(|(sum, factors)| *sum += factors.dot(&row));
            }
            let constant = sums.pop().expect("the constant is the last").into();
            Form { terms: (0..).zip(sums.into_iter().map(Coefficient::from)).filter(|(_, x)| !x.is_zero()).collect(), constant }
        };
        (0..len).into_par_iter().map(element).collect()
    }

    fn activation(&mut self, n: usize, from: usize, functions: &[Piecewise], function_of: &[u32]) -> Vec<Form> {
        let function = |element: usize| Node::function_of(functions, function_of, element);
        let breakpoints = functions[0].breakpoints().len();
        let inputs = self.forms[from].clone();
        let beyond = |z: &Form, b: &Rational| Form { constant: z.constant.plus(&Rational::from(-b).into()), terms: z.terms.clone() };
        let units_of = |e: usize| function(e).breakpoints().iter().map(move |b| (e, b));
        let units: Vec<Form> = (0..inputs.len()).flat_map(units_of).map(|(e, b)| beyond(&inputs[e], b)).collect();
        let is_kept = |e: &usize| !function(*e).slopes()[0].is_zero();
        let kept: Vec<usize> = (0..inputs.len()).filter(is_kept).collect();
        let carried: Vec<Form> = kept.iter().map(|&e| inputs[e].clone()).collect();
        let results = if units.is_empty() { Results { units: Vec::new(), carried } } else { self.step(n + 1, &units, &carried) };
        let bits = results.units.iter().map(|(bit, _)| *bit).collect();
        self.hidden.push(Hidden { width: inputs.len(), bits: LayerBits::Breakpoints(breakpoints), code: Code::Bits(bits) });
        let mut carried = results.carried.into_iter();
        let mut kept = kept.into_iter().peekable();
        let value = |e: usize| {
            let (slopes, constant) = (function(e).slopes(), function(e).constants()[0].clone().into());
            let bend = |i: usize| (Rational::from(&slopes[i + 1] - &slopes[i]).into(), &results.units[e * breakpoints + i].1);
            let first = kept.next_if_eq(&e).map(|_| carried.next().expect("one form for each element that is kept"));
            let linear = first.iter().map(|form| (slopes[0].clone().into(), form));
            Form::sum((0..breakpoints).map(bend).chain(linear), constant)
        };
        (0..inputs.len()).map(value).collect()
    }

    /// Adds one step for each round of the tournament between the candidates that must be compared: all of them, unless a judge selects
    /// some.
    fn maximum<E: From<LowerError>>(
        &mut self,
        n: usize,
        windows: usize,
        maximum: &Maximum,
        judge: Option<&mut Judge<'_, E>>,
    ) -> Result<Vec<Form>, E> {
        let window = |window: usize| maximum.window(window).map(|(place, element)| (place as u32, element as u32)).collect();
        let mut candidates: Vec<Vec<(u32, u32)>> = (0..windows).map(window).collect();
        if let Some(judge) = judge
            && candidates.iter().any(|window| window.len() > 1)
        {
            let elements = |window: &Vec<(u32, u32)>| window.iter().map(|&(_, element)| element).collect();
            let places = judge(self.so_far(maximum.from), &candidates.iter().map(elements).collect::<Vec<_>>())?;
            candidates =
                candidates.iter().zip(places).map(|(all, places)| places.into_iter().map(|at| all[at as usize]).collect()).collect();
        }
        let forms = &self.forms[maximum.from];
        let mut left: Vec<Vec<Form>> = Vec::with_capacity(windows);
        // The terms of every candidate, and of its comparison.
        let terms: usize = candidates.iter().flatten().map(|&(_, element)| forms[element as usize].terms.len()).sum();
        self.check(2 * terms)?;
        for window in &candidates {
            left.push(window.iter().map(|&(_, element)| forms[element as usize].clone()).collect());
        }
        let count: usize = candidates.iter().map(Vec::len).sum();
        // Every candidate goes through several steps.
        if count > windows && terms > 2 * count {
            let mut settled = self.step(n + 1, &[], &left.concat()).carried.into_iter();
            left.iter_mut().flatten().for_each(|form| *form = settled.next().expect("one form for each candidate"));
        }
        let mut tournaments = Tournaments { places: Vec::with_capacity(windows), bits: vec![Vec::new(); windows] };
        tournaments.places.extend(candidates.iter().map(|window| window.iter().map(|&(place, _)| place).collect::<Vec<_>>()));
        while left.iter().any(|forms| forms.len() > 1) {
            let units: Vec<Form> = left.iter().flat_map(|forms| forms.chunks_exact(2)).map(|pair| pair[1].minus(&pair[0])).collect();
            // The first of each pair, and a last one without an opponent.
            let carried: Vec<Form> = left.iter().flat_map(|forms| forms.iter().step_by(2).cloned()).collect();
            let results = self.step(n + 1, &units, &carried);
            let (mut carried, mut units) = (results.carried.into_iter(), results.units.into_iter());
            for (forms, bits) in left.iter_mut().zip(&mut tournaments.bits) {
                let mut winners: Vec<Form> = carried.by_ref().take(forms.len().div_ceil(2)).collect();
                for winner in &mut winners[..forms.len() / 2] {
                    let (bit, over) = units.next().expect("one unit for each match");
                    *winner = Form::sum([(Coefficient::ONE, &*winner), (Coefficient::ONE, &over)].into_iter(), Coefficient::ZERO);
                    bits.push(bit);
                }
                *forms = winners;
            }
        }
        self.hidden.push(Hidden { width: windows, bits: LayerBits::Winner(maximum.size), code: Code::Winners(tournaments) });
        Ok(left.into_iter().map(|mut forms| forms.pop().expect("a window has a candidate")).collect())
    }

    /// The steps up to here, with the elements of a node as their output.
    fn so_far(&self, node: usize) -> Lowered {
        let output = Step::of_forms(self.width, self.forms[node].clone(), 0, self.hidden.len());
        Lowered { go_on: true, ..Lowered::new(self.steps.iter().cloned().chain([Arc::new(output)]).collect(), Vec::new()) }
    }
}

/// The constant of an affine node's element.
fn constant(affine: &Affine, element: usize) -> Coefficient {
    if affine.bias.is_empty() { Coefficient::ZERO } else { affine.bias.number(element) }
}
