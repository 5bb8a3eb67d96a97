//! The crate [`regioncam`] on segments.
//!
//! Its partition of an interval, [`Regioncam1D`], counts one piece for each sign change of a unit that was rectified.
//! The output layer is never rectified, so it cannot add a piece and is left out.

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis};
use regioncam::nn::Linear;
use regioncam::{NNBuilder, Regioncam1D};

use crate::F32Layer;
use crate::product::{Strides, product};

/// Segments whose first layer is computed in one product.
const BATCH: usize = 64;

/// Layers with at least this many weights take [`product`] in place of the product of `ndarray`.
const LARGE: usize = 64 * 64;

/// A network converted once for `regioncam`.
pub struct Regioncam {
    /// The hidden layers, each weight inputs x outputs as in `regioncam`.
    layers: Vec<Linear>,
    /// First-layer products of both ends of a batch, one point per row.
    from: Vec<f32>,
    to: Vec<f32>,
}

impl Regioncam {
    /// Converts the hidden layers of a network.
    pub fn new(layers: &[F32Layer]) -> Self {
        let layers: Vec<Linear> = crate::hidden(layers).iter().map(linear).collect();
        let width = layers[0].dim_out();
        Self { layers, from: vec![0.0; BATCH * width], to: vec![0.0; BATCH * width] }
    }

    /// The number of pieces of each segment, as fast as the public interface allows. The ends are in `from` and
    /// `to`, one point per row.
    ///
    /// The segment and the first layer are combined into one layer with one input: `regioncam` interpolates the data of
    /// every earlier layer at every split, so a layer of points of the input space would be costly. The first products
    /// of many segments are taken at once, and large products with the same crate as the other baseline.
    pub fn regions(&mut self, from: &[f32], to: &[f32], counts: &mut [usize]) {
        let first = &self.layers[0];
        let (inputs, width) = (first.dim_in(), first.dim_out());
        assert_eq!((from.len(), to.len()), (counts.len() * inputs, counts.len() * inputs));
        let ends = from.chunks(BATCH * inputs).zip(to.chunks(BATCH * inputs));
        for ((from, to), counts) in ends.zip(counts.chunks_mut(BATCH)) {
            points_times(from, first, &mut self.from);
            points_times(to, first, &mut self.to);
            let rows = self.from.chunks_mut(width).zip(self.to.chunks_mut(width));
            for ((start, slope), count) in rows.zip(counts) {
                for ((start, slope), bias) in start.iter_mut().zip(slope.iter_mut()).zip(&first.bias) {
                    *slope -= *start;
                    *start += bias;
                }
                *count = pieces(start, slope, &self.layers[1..]);
            }
        }
    }

    /// The number of pieces of one segment, in the simple way: the segment is a layer, followed by those of the network.
    pub fn regions_plain(&self, from: &[f32], to: &[f32]) -> usize {
        let from = ArrayView1::from(from);
        let direction = (&ArrayView1::from(to) - &from).insert_axis(Axis(0));
        let mut camera = Regioncam1D::new(0.0..1.0);
        camera.linear(&direction.view(), &from);
        for layer in &self.layers {
            camera.add(layer);
            camera.relu();
        }
        camera.num_edges()
    }
}

/// The pieces of t -> start + t slope, rectified and followed by the given layers.
fn pieces(start: &[f32], slope: &[f32], layers: &[Linear]) -> usize {
    let mut camera = Regioncam1D::new(0.0..1.0);
    camera.linear(&ArrayView1::from(slope).insert_axis(Axis(0)), &ArrayView1::from(start));
    camera.relu();
    for layer in layers {
        if layer.weight.len() < LARGE {
            camera.add(layer);
        } else {
            let last = camera.last_layer();
            camera.generalized_linear_at(last, |x| times(x, layer), |mut z| z += &layer.bias);
        }
        camera.relu();
    }
    camera.num_edges()
}

/// `x` times the weights of a layer.
fn times(x: ArrayView2<f32>, layer: &Linear) -> Array2<f32> {
    let mut out = Array2::zeros((x.nrows(), layer.dim_out()));
    let points = x.as_slice().expect("regioncam keeps its rows contiguous");
    points_times(points, layer, out.as_slice_mut().expect("standard layout"));
    out
}

/// Points, one per row, times the weights of a layer; `out` has one row per point.
fn points_times(points: &[f32], layer: &Linear, out: &mut [f32]) {
    let (inputs, outputs) = layer.weight.dim();
    let by_input = Strides { row: 1, col: inputs };
    let by_output = Strides { row: 1, col: outputs };
    let weights = layer.weight.as_slice().expect("standard layout");
    let shape = (outputs, inputs, points.len() / inputs);
    product(shape, (out, by_output), (weights, by_output), (points, by_input));
}

/// A layer in the form of `regioncam`.
fn linear(layer: &F32Layer) -> Linear {
    let weight = ArrayView2::from_shape((layer.rows, layer.cols), &layer.w).expect("rows x cols weights");
    let weight = weight.t().as_standard_layout().into_owned();
    Linear::new(weight, Array1::from(layer.b.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::{Rng, random_network};

    fn unit_and_output(w: Vec<f32>, b: Vec<f32>) -> [F32Layer; 2] {
        let rows = b.len();
        [F32Layer { rows, cols: 1, w, b }, F32Layer { rows: 1, cols: rows, w: vec![1.0; rows], b: vec![0.0] }]
    }

    #[test]
    fn units_that_change_sign_cut_the_segment() {
        for (w, b, expected) in [
            (vec![1.0, 1.0], vec![-0.25, -0.5], 3),
            (vec![1.0, 1.0], vec![-2.0, 2.0], 1),
            // A zero at an end is not a cut.
            (vec![1.0, 1.0], vec![0.0, -1.0], 1),
        ] {
            let mut regioncam = Regioncam::new(&unit_and_output(w, b));
            let mut count = [0];
            regioncam.regions(&[0.0], &[1.0], &mut count);
            assert_eq!(count, [expected]);
            assert_eq!(regioncam.regions_plain(&[0.0], &[1.0]), expected);
        }
    }

    #[test]
    fn both_uses_agree() {
        let mut rng = Rng::new(3);
        let mut regioncam = Regioncam::new(&random_network(&[20, 100, 70, 30, 2], &mut rng));
        let (from, to) = (rng.units(100 * 20), rng.units(100 * 20));
        let mut counts = [0; 100];
        regioncam.regions(&from, &to, &mut counts);
        for ((from, to), count) in from.chunks(20).zip(to.chunks(20)).zip(counts) {
            // The two round differently.
            assert!(regioncam.regions_plain(from, to).abs_diff(count) <= 1);
        }
    }
}
