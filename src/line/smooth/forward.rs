//! The forward pass over an interval of times: for every element its value at the middle and its slopes on the whole interval.

use super::ball::{Ball, up};
use super::functions::{Enclosures, enclosures, piecewise};
use super::number::{Number, TINY};
use super::plan::{NodePlan, Plan};
use super::powers::{Exponent, exponential, power};
use crate::network::Smooth;
use crate::network::graph::{MatrixProduct, Node, Operation};
use rug::Rational;

/// A segment a + t d, with the elements that are linear as p + q t in numbers of one precision.
pub(super) struct Line<N> {
    /// For each element the balls p and q; what is not linear has none.
    linear: Vec<Option<[Ball<N>; 2]>>,
    /// The exponents of the nodes that are powers.
    exponents: Vec<Option<Exponent<N>>>,
    /// A number of this precision.
    pub like: N,
}

/// The enclosures of one interval. The memory is used again.
pub(super) struct Pass<N> {
    pub value: Vec<Ball<N>>,
    pub slope: Vec<Ball<N>>,
    /// The elements that the last pass computed.
    needed: Vec<bool>,
    middle: N,
    half: f64,
}

impl<N: Number> Line<N> {
    /// The balls p and q of an element that is linear.
    pub fn of(&self, element: usize) -> &[Ball<N>; 2] {
        self.linear[element].as_ref().expect("the element is linear")
    }

    /// The lines of all elements, given the balls p and q of the inputs.
    pub fn new(plan: &Plan, like: &N, mut p: Vec<Ball<N>>, mut q: Vec<Ball<N>>) -> Self {
        let zero = Rational::new();
        let mut linear: Vec<Option<[Ball<N>; 2]>> = p.iter().cloned().zip(q.iter().cloned()).map(|(p, q)| Some([p, q])).collect();
        for node in &plan.nodes[1..] {
            for i in 0..node.len {
                let line = node
                    .rows
                    .as_ref()
                    .filter(|_| node.is_linear)
                    .map(|rows| [N::row(like, rows.row(i), &p), N::row(like, rows.slopes(i, &zero), &q)]);
                let [below, slope] = line.clone().unwrap_or_else(|| [Ball::unknown(like), Ball::unknown(like)]);
                p.push(below);
                q.push(slope);
                linear.push(line);
            }
        }
        let exponent = |node: &Node| match &node.operation {
            Operation::Smooth { function: Smooth::Power { exponent }, .. } => Some(Exponent::new(like, exponent)),
            _ => None,
        };
        let exponents = plan.graph.nodes().iter().map(exponent).collect();
        Self { linear, exponents, like: like.clone() }
    }
}

impl<N: Number> Pass<N> {
    pub fn new(plan: &Plan, line: &Line<N>) -> Self {
        let list = || vec![Ball::unknown(&line.like); plan.elements()];
        Self { value: list(), slope: list(), needed: vec![false; plan.elements()], middle: line.like.clone(), half: 0.0 }
    }

    /// Computes some elements on the interval from `lo` to `hi`, with those that they depend on. All others keep what they were.
    pub fn run(&mut self, plan: &Plan, line: &Line<N>, [lo, hi]: [&N; 2], wanted: impl Iterator<Item = usize>) {
        self.middle = lo.add(hi).mul(&lo.like(0.5));
        self.half = [lo, hi].map(|end| up(end.add(&self.middle.neg()).size())).into_iter().fold(0.0, f64::max);
        let last = self.mark(plan, wanted);
        let zero = Rational::new();
        let middle = Ball::exact(self.middle.clone());
        for (n, (node, shape)) in plan.graph.nodes()[..=last].iter().zip(&plan.nodes).enumerate() {
            let element = |pass: &Self, i: usize| match &node.operation {
                _ if shape.is_linear => {
                    let [p, q] = line.of(shape.offset + i);
                    Enclosures { value: p.clone() + q.clone() * middle.clone(), slope: q.clone() }
                }
                Operation::Affine(_) => {
                    let rows = shape.rows.as_ref().expect("affine nodes have rows");
                    let value = N::row(&line.like, rows.row(i), &pass.value);
                    Enclosures { value, slope: N::row(&line.like, rows.slopes(i, &zero), &pass.slope) }
                }
                Operation::Smooth { from, function, .. } => {
                    let of = plan.nodes[*from].offset + i;
                    let (z, wide) = (&pass.value[of], || pass.over(plan, *from, of));
                    let found = match (function, &line.exponents[n]) {
                        (Smooth::Exp, _) => exponential(z, &wide()),
                        (_, Some(exponent)) => power(exponent, z, &wide()),
                        _ => enclosures(function, z, pass.spread(of)),
                    };
                    Enclosures { slope: found.slope * pass.slope[of].clone(), ..found }
                }
                Operation::Activation { from, functions, function_of, .. } => {
                    let function = Node::function_of(functions, function_of, i);
                    let of = plan.nodes[*from].offset + i;
                    let found = piecewise(function, &pass.value[of], pass.spread(of));
                    Enclosures { slope: found.slope * pass.slope[of].clone(), ..found }
                }
                Operation::Product(factors) => {
                    let [x, y] = factors.map(|factor| plan.nodes[factor].offset + i);
                    let [wide_x, wide_y] = [(factors[0], x), (factors[1], y)].map(|(from, element)| pass.over(plan, from, element));
                    let slope = pass.slope[x].clone() * wide_y + pass.slope[y].clone() * wide_x;
                    Enclosures { value: pass.value[x].clone() * pass.value[y].clone(), slope }
                }
                Operation::Quotient(parts) => {
                    let [x, y] = parts.map(|part| plan.nodes[part].offset + i);
                    let [wide_x, wide_y] = [(parts[0], x), (parts[1], y)].map(|(from, element)| pass.over(plan, from, element));
                    let ratio = wide_x.over(&wide_y);
                    let slope = (pass.slope[x].clone() - ratio * pass.slope[y].clone()).over(&wide_y);
                    Enclosures { value: pass.value[x].clone().over(&pass.value[y]), slope }
                }
                Operation::MatrixProduct(product) => pass.matrix_product(plan, line, product, i),
                Operation::Input | Operation::Maximum(_) => unreachable!("the input is linear, and maxima have no plan"),
            };
            for i in (0..shape.len).filter(|i| self.needed[shape.offset + i]).collect::<Vec<_>>() {
                let Enclosures { value, slope } = element(self, i);
                self.value[shape.offset + i] = if shape.ranges.is_empty() { value } else { shape.ranges[i].of(value) };
                self.slope[shape.offset + i] = slope;
            }
        }
    }

    /// Marks the elements on which the wanted ones depend, and returns the last node that has any.
    fn mark(&mut self, plan: &Plan, wanted: impl Iterator<Item = usize>) -> usize {
        let needed = &mut self.needed;
        needed.fill(false);
        let mut last = 0;
        for element in wanted {
            needed[element] = true;
            last = last.max(element);
        }
        let last = plan.node_of(last);
        for (node, shape) in plan.graph.nodes()[..=last].iter().zip(&plan.nodes).rev().filter(|(_, shape)| !shape.is_linear) {
            for i in 0..shape.len {
                if !needed[shape.offset + i] {
                    continue;
                }
                match &node.operation {
                    Operation::Input | Operation::Maximum(_) => {}
                    Operation::Affine(_) => {
                        let rows = shape.rows.as_ref().expect("affine nodes have rows");
                        rows.row(i).columns.iter().for_each(|&j| needed[j as usize] = true);
                    }
                    Operation::Smooth { from, .. } | Operation::Activation { from, .. } => needed[plan.nodes[*from].offset + i] = true,
                    Operation::Product(parts) | Operation::Quotient(parts) => {
                        parts.iter().for_each(|&part| needed[plan.nodes[part].offset + i] = true);
                    }
                    Operation::MatrixProduct(product) => {
                        let [x, y] = product.factors.map(|factor| plan.nodes[factor].offset);
                        for (j, k) in product.pairs(i) {
                            (needed[x + j], needed[y + k]) = (true, true);
                        }
                    }
                }
            }
        }
        last
    }

    fn matrix_product(&self, plan: &Plan, line: &Line<N>, product: &MatrixProduct, i: usize) -> Enclosures<N> {
        let [x, y] = product.factors.map(|factor| plan.nodes[factor].offset);
        let wide = |part: usize, element: usize| self.over(plan, product.factors[part], element);
        let pairs = || product.pairs(i).map(|(j, k)| (x + j, y + k));
        let ranges: Vec<[Ball<N>; 2]> = pairs().map(|(j, k)| [wide(0, j), wide(1, k)]).collect();
        let first = pairs().zip(&ranges).map(|((j, _), [_, over])| (&self.slope[j], over));
        let second = pairs().zip(&ranges).map(|((_, k), [over, _])| (over, &self.slope[k]));
        let value = N::dot(&line.like, pairs().map(|(j, k)| (&self.value[j], &self.value[k])));
        Enclosures { value, slope: N::dot(&line.like, first.chain(second)) }
    }

    /// The radius around the midpoint of a value that holds the element on the whole interval.
    fn spread(&self, element: usize) -> f64 {
        let slope = &self.slope[element];
        let reach = if slope.is_zero() || self.half == 0.0 { 0.0 } else { slope.size() * self.half + TINY };
        up(self.value[element].rad + reach)
    }

    /// All values of an element of a node on the interval.
    pub fn over(&self, plan: &Plan, node: usize, element: usize) -> Ball<N> {
        let ball = Ball { mid: self.value[element].mid.clone(), rad: self.spread(element) };
        let NodePlan { offset, ranges, .. } = &plan.nodes[node];
        if ranges.is_empty() { ball } else { ranges[element - offset].of(ball) }
    }

    pub fn middle(&self) -> &N {
        &self.middle
    }
}
