//! The baselines of the speed benchmark.
//!
//! Two methods to find how often a ReLU network's activation pattern changes along a segment, each as fast as
//! we can make it, in f32 and on one thread:
//!
//! - [`regioncam_baseline`]: the crate `regioncam`, which subdivides the segment;
//! - [`sampling_baseline`]: Algorithm 1 of the space folding papers, which evaluates the network at n points, in one
//!   batch as published, in blocks that fit the caches, or with the first layer shared.

pub mod regioncam_baseline;
pub mod sampling_baseline;
pub mod setup;

mod product;

/// One affine layer, `x -> w x + b`.
#[derive(Clone, Debug)]
pub struct F32Layer {
    /// Number of outputs.
    pub rows: usize,
    /// Number of inputs.
    pub cols: usize,
    /// Weights, row by row.
    pub w: Vec<f32>,
    /// Biases.
    pub b: Vec<f32>,
}

/// The layers whose outputs are rectified: all but the last. Panics if the shapes of the layers do not match.
fn hidden(layers: &[F32Layer]) -> &[F32Layer] {
    let (_, hidden) = layers.split_last().expect("a network has layers");
    assert!(!hidden.is_empty(), "no hidden layer");
    for layer in layers {
        assert_eq!(layer.w.len(), layer.rows * layer.cols);
        assert_eq!(layer.b.len(), layer.rows);
    }
    assert!(layers.windows(2).all(|l| l[0].rows == l[1].cols), "the shapes of the layers do not match");
    hidden
}
