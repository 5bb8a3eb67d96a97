//! The forward pass over an interval of times: for every element its value at the middle and its slopes on the whole interval.

use super::ball::{Ball, up};
use super::functions::{Enclosures, enclosures, piecewise};
use super::number::{Number, TINY};
use super::plan::Plan;
use crate::network::graph::{Node, Operation};
use rug::Rational;

/// A segment a + t d, with the elements that are linear as p + q t in numbers of one precision.
pub(super) struct Line<N> {
    /// For each element the balls p and q; what is not linear has none.
    linear: Vec<Option<[Ball<N>; 2]>>,
    /// A number of this precision.
    pub like: N,
}

/// The enclosures of one interval. The memory is used again.
pub(super) struct Pass<N> {
    pub value: Vec<Ball<N>>,
    pub slope: Vec<Ball<N>>,
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
        Self { linear, like: like.clone() }
    }
}

impl<N: Number> Pass<N> {
    pub fn new(line: &Line<N>) -> Self {
        Self { value: Vec::new(), slope: Vec::new(), middle: line.like.clone(), half: 0.0 }
    }

    /// Computes the nodes up to `last` on the interval from `lo` to `hi`.
    pub fn run(&mut self, plan: &Plan, line: &Line<N>, [lo, hi]: [&N; 2], last: usize) {
        self.middle = lo.add(hi).mul(&lo.like(0.5));
        self.half = [lo, hi].map(|end| up(end.add(&self.middle.neg()).size())).into_iter().fold(0.0, f64::max);
        let zero = Rational::new();
        let middle = Ball::exact(self.middle.clone());
        self.value.clear();
        self.slope.clear();
        for (node, shape) in plan.graph.nodes()[..=last].iter().zip(&plan.nodes) {
            if shape.is_linear {
                for element in shape.offset..shape.offset + shape.len {
                    let [p, q] = line.of(element);
                    self.value.push(p.clone() + q.clone() * middle.clone());
                    self.slope.push(q.clone());
                }
                continue;
            }
            match &node.operation {
                Operation::Affine(_) => {
                    let rows = shape.rows.as_ref().expect("affine nodes have rows");
                    for i in 0..shape.len {
                        let value = N::row(&line.like, rows.row(i), &self.value);
                        let slope = N::row(&line.like, rows.slopes(i, &zero), &self.slope);
                        self.value.push(value);
                        self.slope.push(slope);
                    }
                }
                Operation::Smooth { from, function, .. } => {
                    let offset = plan.nodes[*from].offset;
                    (0..shape.len).for_each(|i| self.push(offset + i, |z, spread| enclosures(function, z, spread)));
                }
                Operation::Activation { from, functions, function_of, .. } => {
                    let offset = plan.nodes[*from].offset;
                    for i in 0..shape.len {
                        let function = Node::function_of(functions, function_of, i);
                        self.push(offset + i, |z, spread| piecewise(function, z, spread));
                    }
                }
                Operation::Product(factors) => {
                    let [x, y] = factors.map(|factor| plan.nodes[factor].offset);
                    for i in 0..shape.len {
                        let [wide_x, wide_y] = [x + i, y + i].map(|element| self.over(element));
                        let slope = self.slope[x + i].clone() * wide_y + self.slope[y + i].clone() * wide_x;
                        self.value.push(self.value[x + i].clone() * self.value[y + i].clone());
                        self.slope.push(slope);
                    }
                }
                Operation::Input | Operation::Maximum(_) => unreachable!("the input is linear, and maxima have no plan"),
            }
        }
    }

    /// Adds the element of a function of an earlier element.
    fn push(&mut self, of: usize, function: impl Fn(&Ball<N>, f64) -> Enclosures<N>) {
        let spread = self.spread(of);
        let Enclosures { value, slope } = function(&self.value[of], spread);
        self.value.push(value);
        self.slope.push(slope * self.slope[of].clone());
    }

    /// The radius around the midpoint of a value that holds the element on the whole interval.
    fn spread(&self, element: usize) -> f64 {
        let slope = &self.slope[element];
        let reach = if slope.is_zero() || self.half == 0.0 { 0.0 } else { slope.size() * self.half + TINY };
        up(self.value[element].rad + reach)
    }

    /// All values of an element on the interval.
    pub fn over(&self, element: usize) -> Ball<N> {
        Ball { mid: self.value[element].mid.clone(), rad: self.spread(element) }
    }

    pub fn middle(&self) -> &N {
        &self.middle
    }
}
