//! The exact forms of the elements of a network along one segment, for the present states of its units.

use super::plan::GraphPlan;
use crate::data::Points;
use crate::exact::evaluator::Evaluator;
use crate::exact::forms::Form;
use crate::line::forward::input_forms;
use crate::network::lowered::WholeNodes;
use rug::{Integer, Rational};

/// The exact forms along one segment. They are computed on demand, and kept until they are discarded.
pub(super) struct ExactForms<'a> {
    plan: &'a GraphPlan,
    whole: &'a WholeNodes,
    scale: Integer,
    forms: Evaluator,
}

impl<'a> ExactForms<'a> {
    pub fn new(plan: &'a GraphPlan, from: (&Points, usize), to: (&Points, usize)) -> Self {
        let whole = plan.whole();
        let (input, scale, bits) = input_forms(from, to);
        Self { plan, whole, forms: Evaluator::new(whole, input, &scale, bits), scale }
    }

    /// Discards the form of an element of a node, given its index among all elements.
    #[inline]
    pub fn forget(&mut self, node: usize, element: usize) {
        self.forms.forget(node, element - self.plan.nodes[node].offset);
    }

    /// The form of an element of a node, given its index among all elements.
    pub fn form(&mut self, node: usize, element: usize, states: &[u32]) -> &Form {
        self.forms.form(self.whole, node, element - self.plan.nodes[node].offset, states)
    }

    /// The form of an element of a node, minus a breakpoint.
    pub fn above(&mut self, node: usize, element: usize, breakpoint: &Rational, states: &[u32]) -> Form {
        let height = Integer::from(breakpoint.numer() * self.whole.factor(node)) * &self.scale;
        self.form(node, element, states).above(&height, breakpoint.denom())
    }
}
