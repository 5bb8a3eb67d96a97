//! Graphs that are affine maps with a ReLU of all elements between them. The maps may have any structure.

use super::{Graph, Operation};

impl Graph {
    /// The widths of the hidden layers, if the graph has this form: a ReLU after each affine map but the last, and each map depends on nothing
    /// but the ReLU below.
    pub fn hidden_widths(&self) -> Option<Vec<usize>> {
        // The ReLU below, or the input, and the first node after it.
        let (mut widths, mut from, mut first) = (Vec::new(), 0, 1);
        for (n, node) in self.nodes().iter().enumerate().skip(1) {
            let is_seen = |parent: usize| parent == from || (first..n).contains(&parent);
            if !node.parents().into_iter().all(is_seen) {
                return None;
            }
            match &node.operation {
                Operation::Affine(_) => {}
                Operation::Activation { is_layer: true, .. } if node.is_relu() => {
                    widths.push(node.len());
                    (from, first) = (n, n + 1);
                }
                _ => return None,
            }
        }
        (self.output() >= from).then_some(widths)
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
        let widths = |builder: NetworkBuilder, value| builder.finish(value).unwrap().as_nodes().graph().hidden_widths();
        assert_eq!(widths(builder.clone(), &hidden), Some(vec![4]));
        // This sum depends on the node before and on the node after the ReLU.
        let sum = builder.add(&y, &hidden).unwrap();
        assert_eq!(widths(builder, &sum), None);
    }
}
