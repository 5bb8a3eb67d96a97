//! Audits of any layers; convexity of all but maxima; bounds for all affine layers between layers of ReLU.

use crate::support::graphs::{Numbers, as_graph};
use plica::bounds::Shape;
use plica::complex::{Builder, Domain};
use plica::convexity::{ConvexityError, Regions};
use plica::data::Points;
use plica::network::{Coefficients, ConvolutionOptions, Layer, Network, NetworkBuilder, Piecewise, Window, load};
use plica::sweep::{Auditor, Sampling};
use std::collections::BTreeSet;

/// The numbers of a network rounded to multiples of 1/8 up to 1: floating point is exact with them, at points with the same kind of numbers.
fn in_eighths(network: &Network) -> Network {
    let eighth = |x: f64| (x * 8.0).round().clamp(-8.0, 8.0) / 8.0;
    let layer = |layer: &Layer| Layer::from_f64(layer.weights().map(eighth), layer.bias().map(eighth));
    Network::new(network.layers().unwrap().iter().map(layer).collect()).unwrap()
}

#[test]
fn audits_take_all_networks_alike() {
    let mut missed = 0;
    for seed in 0..20 {
        let network = in_eighths(&load(&format!("random:3-6-5-2@{seed}")).unwrap());
        let points = Points::from_f64((0..15).map(|i| f64::from(i * (seed + 11) % 17) / 8.0 - 1.0).collect(), 3).unwrap();
        // Multiples of 1/4 and 1/16; middles of middles are rounded.
        let ways = [Sampling::Points(5), Sampling::Points(17)];
        let audit = |network: &Network| Auditor::new(network, &points, &ways).unwrap().audit(&[(0, 1), (1, 2), (3, 4), (4, 0)]).unwrap();
        let (layers, nodes) = (audit(&network), audit(&as_graph(&network)));
        assert_eq!((layers.segments, layers.regions, &layers.samplers), (nodes.segments, nodes.regions, &nodes.samplers), "seed {seed}");
        missed += layers.samplers.values().map(|sampler| sampler.missed).sum::<u64>();
    }
    assert!(missed > 0);
}

/// Bits of every kind: dense sampling finds all regions if there are few.
#[test]
fn audits_know_breakpoints_and_winners() {
    let mut builder = NetworkBuilder::new(&[1, 1, 4]).unwrap();
    let x = builder.input();
    let clipped = builder.activation(&x, Piecewise::clip(Some((-1).into()), Some(1.into()))).unwrap();
    let largest = builder.max_pool(&clipped, &Window { stride: [1, 2], ..Window::new([1, 2]) }).unwrap();
    let network = builder.finish(&largest).unwrap();
    let points = Points::from_f64(vec![-2.0, 0.5, 2.0, 1.5, 2.0, -0.75, -2.0, -0.125], 4).unwrap();
    let audit = Auditor::new(&network, &points, &[Sampling::Points(4001)]).unwrap().audit(&[(0, 1)]).unwrap();
    assert_eq!(audit.regions, 5, "{audit:?}");
    for sampler in audit.samplers.values() {
        assert_eq!((sampler.incomplete, sampler.missed, sampler.unknown, sampler.out_of_order), (0, 0, 0, 0), "{audit:?}");
    }
}

/// Convolutions and means are affine: bounds and convexity of affine layers with ReLU between them hold for these networks too, and their regions are
/// those of the complex.
#[test]
fn convexity_and_bounds_take_what_is_affine_between_layers_of_relu() {
    for seed in 0..12 {
        let mut numbers = Numbers::new(seed, 1);
        let mut weights = |n: usize| Coefficients::from_rationals((0..n).map(|_| numbers.coefficient()).collect());
        let mut builder = NetworkBuilder::new(&[1, 1, 3]).unwrap();
        let x = builder.input();
        let y = builder.convolution(&x, weights(4), [1, 2], Some(weights(2)), ConvolutionOptions::default()).unwrap();
        let hidden = builder.activation(&y, Piecewise::relu()).unwrap();
        let mean = builder.average_pool(&hidden, &Window::new([1, 2]), false).unwrap();
        let flat = builder.reshape(&mean, &[2]).unwrap();
        let z = builder.linear(&flat, 2, weights(4), Some(weights(2))).unwrap();
        let again = builder.activation(&z, Piecewise::relu()).unwrap();
        let network = builder.finish(&again).unwrap();
        assert!(network.layers().is_none());
        assert_eq!((Shape::of(&network).unwrap().units(), network.shape().as_str()), (6, "3-4-2-2"));
        let regions = Regions::of(&network).unwrap();
        let found: BTreeSet<String> = regions.iter().map(|region| region.pattern().to_string()).collect();
        let complex = Builder::new(&network).build(&Domain::Space).unwrap();
        let cells: BTreeSet<String> = complex.cells().map(|cell| cell.pattern().to_string()).collect();
        assert_eq!(found, cells, "seed {seed}");
    }
}

/// The same network as layers and as nodes has the same regions.
#[test]
fn nodes_that_are_dense_are_written_out() {
    for name in ["sawtooth:2", "cantor:1", "random:2-5-3-1@4"] {
        let network = load(name).unwrap();
        let patterns = |network: &Network| Regions::of(network).unwrap().iter().map(|region| region.pattern().clone()).collect::<Vec<_>>();
        assert_eq!(patterns(&network), patterns(&network.as_nodes()), "{name}");
        assert_eq!(Shape::of(&network), Shape::of(&network.as_nodes()), "{name}");
    }
}

/// A dense layer of 2100 x 2100 before an activation other than ReLU has more coefficients than the forms of units may have.
#[test]
fn convexity_refuses_what_is_too_large() {
    let mut builder = NetworkBuilder::new(&[2100]).unwrap();
    let x = builder.input();
    let y = builder.linear(&x, 2100, Coefficients::from_f64(vec![0.5; 2100 * 2100]), None).unwrap();
    let bent = builder.activation(&y, Piecewise::absolute()).unwrap();
    let found = Regions::of(&builder.finish(&bent).unwrap());
    assert!(matches!(found, Err(ConvexityError::TooLarge { limit, needed, layer: 0 }) if needed > limit), "{:?}", found.err());
}

/// The bits of a skip connection are signs of affine forms, those of a maximum are not; bounds are known for neither.
#[test]
fn convexity_refuses_maxima_and_output_bits() {
    let mut builder = NetworkBuilder::new(&[1, 1, 2]).unwrap();
    let x = builder.input();
    let active = builder.activation(&x, Piecewise::relu()).unwrap();
    let sum = builder.add(&active, &x).unwrap();
    let largest = builder.max_pool(&active, &Window::new([1, 2])).unwrap();
    let [sum, largest] = [sum, largest].map(|output| builder.clone().finish(&output).unwrap());
    assert_eq!(Regions::of(&sum).unwrap().len(), 4);
    assert!(matches!(Regions::of(&largest), Err(ConvexityError::Maximum { layer: 1 })));
    let bent = builder.activation(&x, Piecewise::absolute()).unwrap();
    let bent = builder.finish(&bent).unwrap();
    assert_eq!(Regions::of(&bent).unwrap().len(), 4);
    assert!(matches!(Regions::of(&bent.with_output_bits()), Err(ConvexityError::OutputBits)));
    assert!(Shape::of(&sum).or(Shape::of(&largest)).is_none());
}
