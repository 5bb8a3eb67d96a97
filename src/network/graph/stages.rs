//! Graphs that are affine maps with a ReLU of all elements between them. The maps may have any structure.

use super::{Graph, Operation};
use rug::Rational;
use std::ops::Range;

/// An affine map from one node to another, which consists of the affine nodes between them.
pub(crate) struct Stage {
    /// The input, or the ReLU of the stage below.
    pub from: usize,
    /// The node with the results. A ReLU follows unless it is the last stage.
    pub to: usize,
    /// The affine nodes of the stage.
    between: Range<usize>,
}

impl Graph {
    /// The stages, if the graph has this form: a ReLU after each stage but the last, and each stage depends on nothing but the ReLU below.
    pub fn stages(&self) -> Option<Vec<Stage>> {
        let (mut stages, mut from, mut first) = (Vec::new(), 0, 1);
        for (n, node) in self.nodes().iter().enumerate().skip(1) {
            let is_seen = |parent: usize| parent == from || (first..n).contains(&parent);
            if !node.parents().into_iter().all(is_seen) {
                return None;
            }
            match &node.operation {
                Operation::Affine(_) => {}
                Operation::Activation { from: to, is_layer: true, .. } if node.is_relu() => {
                    stages.push(Stage { from, to: *to, between: first..n });
                    (from, first) = (n, n + 1);
                }
                _ => return None,
            }
        }
        let to = self.output();
        let is_last = to == from || (first..self.nodes().len()).contains(&to);
        is_last.then(|| stages.push(Stage { from, to, between: first..self.nodes().len() }))?;
        Some(stages)
    }

    /// The constants of a stage, and the columns of its matrix.
    pub fn matrix_of(&self, stage: &Stage) -> (Vec<Rational>, Vec<Vec<Rational>>) {
        let inputs = self.nodes()[stage.from].len();
        let mut values = vec![Vec::new(); self.nodes().len()];
        let mut at = |x: Vec<Rational>| -> Vec<Rational> {
            values[stage.from] = x;
            for n in stage.between.clone() {
                values[n] = self.applied(&self.nodes()[n], &values);
            }
            values[stage.to].clone()
        };
        let unit = |j: usize| (0..inputs).map(|i| Rational::from(u8::from(i == j))).collect::<Vec<_>>();
        let constants = at(unit(inputs));
        let columns = (0..inputs).map(|j| at(unit(j)).iter().zip(&constants).map(|(x, c)| Rational::from(x - c)).collect()).collect();
        (constants, columns)
    }

    /// The number of results of each stage.
    pub fn widths(&self, stages: &[Stage]) -> Vec<usize> {
        stages.iter().map(|stage| self.nodes()[stage.to].len()).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::network::{Coefficients, ConvolutionOptions, NetworkBuilder, Piecewise};

    #[test]
    fn what_skips_a_relu_is_no_stack() {
        let mut builder = NetworkBuilder::new(&[1, 3, 3]).unwrap();
        let x = builder.input();
        let kernel = || Coefficients::from_f64(vec![1.0, -2.0, 0.5, 3.0]);
        let y = builder.convolution(&x, kernel(), [2, 2], None, ConvolutionOptions::default()).unwrap();
        let hidden = builder.activation(&y, Piecewise::relu()).unwrap();
        let stages = |builder: NetworkBuilder, value| builder.finish(value).unwrap().as_nodes().graph().stages().map(|stages| stages.len());
        assert_eq!(stages(builder.clone(), &hidden), Some(2));
        // This sum depends on the node before and on the node after the ReLU.
        let sum = builder.add(&y, &hidden).unwrap();
        assert_eq!(stages(builder, &sum), None);
    }
}
