//! Networks that are written as `.onnx` and read again: the same network, or refused.

use crate::support::config;
use crate::support::graphs::{Recipe, recipe};
use plica::data::Point;
use plica::line::Tracer;
use plica::network::{
    Affine, Coefficients, ConvolutionOptions, Maximum, Network, NetworkBuilder, Node, Operation, Piecewise, Selection, Value, Window,
    WriteError, load,
};
use proptest::prelude::*;
use rug::Rational;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A graph that is written and read again.
fn rewritten(graph: &Network) -> Result<Network, WriteError> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("plica-written-{}-{}.onnx", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let path = std::env::temp_dir().join(name);
    graph.save(&path)?;
    let read = load(path.to_str().unwrap()).unwrap();
    std::fs::remove_file(&path).unwrap();
    Ok(read)
}

/// The functions of an activation's elements, one by one.
fn functions(node: &Node) -> Option<Vec<Piecewise>> {
    let Operation::Activation { functions, function_of, .. } = &node.operation else { return None };
    Some((0..node.len()).map(|i| functions[function_of.get(i).map_or(0, |&f| f as usize)].clone()).collect())
}

/// The bits of each hidden layer, and its functions.
fn layers(graph: &Network) -> Vec<(usize, Option<usize>, Option<Vec<Piecewise>>)> {
    let layer = |n: usize| {
        let node = &graph.nodes()[n];
        let size = if let Operation::Maximum(Maximum { size, .. }) = &node.operation { Some(*size) } else { None };
        (node.len(), size, functions(node))
    };
    hidden(graph).into_iter().map(layer).collect()
}

/// The nodes that are hidden layers.
fn hidden(graph: &Network) -> Vec<usize> {
    let is_layer = |node: &Node| match &node.operation {
        Operation::Activation { is_layer, .. } | Operation::Maximum(Maximum { is_layer, .. }) => *is_layer,
        _ => false,
    };
    (0..graph.nodes().len()).filter(|&n| is_layer(&graph.nodes()[n])).collect()
}

/// The nodes without their names and shapes.
fn operations(graph: &Network) -> Vec<&Operation> {
    graph.nodes().iter().map(|node| &node.operation).collect()
}

/// Compares the computations of two networks: at points, with the elements of each hidden layer, and along a segment.
fn assert_same(graph: &Network, other: &Network, [from, to]: &[Point; 2]) {
    assert_eq!((graph.inputs(), graph.outputs()), (other.inputs(), other.outputs()));
    assert_eq!(layers(graph), layers(other));
    for point in [from, to, &Point::between(from, to, &Rational::from((1, 3)))] {
        let [a, b] = [graph, other].map(|graph| {
            let mut values = graph.evaluate_all(&point.to_rationals()).unwrap();
            let kept: Vec<usize> = hidden(graph).into_iter().chain([graph.output_node()]).collect();
            kept.into_iter().map(|n| std::mem::take(&mut values[n])).collect::<Vec<_>>()
        });
        assert_eq!(a, b);
    }
    for [a, b] in [[graph.clone(), other.clone()], [graph.with_output_bits(), other.with_output_bits()]] {
        let [a, b] = [&a, &b].map(|graph| {
            let units = graph.units(&Selection::All).unwrap();
            let trace = Tracer::new(graph).units(&units).exact_times(true).trace(from, to).unwrap();
            (units, trace)
        });
        assert_eq!(a.0, b.0);
        assert!(a.1.agrees_with(&b.1), "{:#?}\nagainst\n{:#?}", a.1, b.1);
    }
}

fn ends(recipe: &Recipe, graph: &Network) -> [Point; 2] {
    let mut numbers = recipe.numbers();
    [(); 2].map(|()| Point::from_rationals((0..graph.inputs()).map(|_| numbers.coefficient()).collect()).unwrap())
}

proptest! {
    #![proptest_config(config(800))]

    /// Every layer kind. A network is refused only if it has a number that is not a double. A network that was read can be written, with no more nodes.
    #[test]
    fn what_is_written_is_read_as_the_same_network(recipe in recipe(7)) {
        let graph = recipe.graph();
        match rewritten(&graph) {
            Ok(read) => {
                let ends = ends(&recipe, &graph);
                assert_same(&graph, &read, &ends);
                let again = rewritten(&read).unwrap();
                assert_same(&graph, &again, &ends);
                prop_assert!(again.nodes().len() <= read.nodes().len());
            }
            Err(WriteError::NotAFloat { value, .. }) => {
                let value: Rational = value.parse().unwrap();
                prop_assert!(Rational::from_f64(value.to_f64()).unwrap() != value, "{value}");
            }
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}

/// An affine node on top of others, by its operation.
fn affine(graph: &Network, node: usize) -> &Affine {
    let Operation::Affine(affine) = &graph.nodes()[node].operation else { panic!("{:?}", graph.nodes()[node]) };
    affine
}

/// Pools over images of every size are read back as the same nodes.
#[test]
fn windows_are_found() {
    let (mut maxima, mut means) = (0, 0);
    for seed in 0u64..400 {
        let mut numbers = crate::support::graphs::Numbers::new(seed * 7919, 0);
        let mut pair = |n: usize| [1 + numbers.below(n), 1 + numbers.below(n)];
        let ([rows, columns], kernel, stride, dilation) = (pair(6), pair(3), pair(3), pair(2));
        let padding = [pair(3), pair(3)].map(|sizes| [0, 1].map(|axis| (sizes[axis] - 1) % kernel[axis]));
        let window = Window { kernel, stride, dilation, padding, ceil: seed % 3 == 0 };
        let mut builder = NetworkBuilder::new(&[1, 2, rows, columns]).unwrap();
        let x = builder.input();
        if let Ok(y) = builder.max_pool(&x, &window) {
            let graph = builder.clone().finish(&y).unwrap();
            match rewritten(&graph) {
                Ok(read) => assert_eq!(layers(&read), layers(&graph), "{window:?}"),
                Err(error) => panic!("{window:?} over {rows} x {columns}: {error}"),
            }
            maxima += 1;
        }
        if let Ok(y) = builder.average_pool(&x, &window, seed % 2 == 0) {
            let graph = builder.finish(&y).unwrap();
            let read = rewritten(&graph).unwrap();
            let point: Vec<Rational> = (0..graph.inputs()).map(|k| Rational::from((k as u64 * 31 % 17, 3))).collect();
            assert_eq!(read.evaluate(&point).unwrap(), graph.evaluate(&point).unwrap(), "{window:?}");
            means +=
                usize::from(read.nodes().len() == 2 && affine(&read, 1).terms[0].map.weights() == affine(&graph, 1).terms[0].map.weights());
        }
    }
    assert!(maxima > 150 && means > 100, "{maxima} maxima, {means} means");
}

/// A graph of one function of its inputs.
fn graph_of(shape: &[usize], build: impl Fn(&mut NetworkBuilder, &Value) -> Value) -> Network {
    let mut builder = NetworkBuilder::new(shape).unwrap();
    let x = builder.input();
    let y = build(&mut builder, &x);
    builder.finish(&y).unwrap()
}

/// Nodes that are read back as one node each, equal except for their names.
#[test]
fn the_usual_layers_come_back_as_they_are() {
    let singles = |n: usize| Coefficients::from_f64((0..n).map(|k| k as f64 / 8.0 - 1.0).collect());
    let graph = graph_of(&[1, 2, 8, 8], |b, x| {
        let y = b.convolution(x, singles(4 * 2 * 3 * 3), [3, 3], Some(singles(4)), ConvolutionOptions::default()).unwrap();
        let y = b.activation(&y, Piecewise::relu()).unwrap();
        let options = ConvolutionOptions { stride: [2, 1], dilation: [1, 2], padding: [[1, 0], [1, 2]], groups: 2 };
        let z = b.convolution(&y, singles(4 * 2 * 2 * 2), [2, 2], None, options).unwrap();
        let z = b.activation(&z, Piecewise::leaky_relu((1, 4).into())).unwrap();
        let z = b.max_pool(&z, &Window { stride: [2, 2], ..Window::new([2, 2]) }).unwrap();
        let y = b.average_pool(&y, &Window::new([3, 3]), false).unwrap();
        let y = b.average_pool(&y, &Window { stride: [2, 2], ..Window::new([1, 1]) }, false).unwrap();
        let z = b.select(&z, &(0..y.len() as u32).map(|k| k % z.len() as u32).collect::<Vec<_>>(), y.shape()).unwrap();
        let sum = b.add(&y, &z).unwrap();
        let sum = b.scale_and_shift(&sum, Some((&singles(4), &(0..y.len()).map(|i| (i % 4) as u32).collect::<Vec<_>>())), None).unwrap();
        let both = b.concatenate(&[sum.clone(), y], 1).unwrap();
        let mean = b.mean_along(&both, &[2, 3]).unwrap();
        let flat = b.reshape(&mean, &[1, mean.len()]).unwrap();
        let hidden = b.linear(&flat, 5, singles(5 * flat.len()), Some(singles(5))).unwrap();
        let hidden = b.activation(&hidden, Piecewise::clip(Some(0.into()), Some(6.into()))).unwrap();
        b.linear(&hidden, 3, singles(15), None).unwrap()
    });
    let read = rewritten(&graph).unwrap();
    let kinds = |graph: &Network| {
        let kind = |node: &Node| match &node.operation {
            Operation::Affine(affine) => affine.terms.iter().map(|term| term.map.kind()).collect::<Vec<_>>().join("+"),
            Operation::Activation { .. } => "activation".to_string(),
            Operation::Maximum(maximum) => format!("maximum of {}", maximum.size),
            Operation::Input => "input".to_string(),
            Operation::Smooth { function, .. } => function.to_string(),
            Operation::Product(_) | Operation::Quotient(_) | Operation::MatrixProduct(_) => "product".to_string(),
        };
        graph.nodes().iter().map(kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&read), kinds(&graph));
    for (a, b) in graph.nodes().iter().zip(read.nodes()) {
        let equal = a.operation == b.operation;
        // A mean is read over rows of elements, and repeated weights are read once.
        assert!(equal || matches!(&a.operation, Operation::Affine(_)), "{a:?}\nagainst\n{b:?}");
    }
}

/// Constants with more digits than a float are added in parts, and weights 1/n are divisions.
#[test]
fn what_normalisation_and_means_compute_stays_exact() {
    let shift = Rational::from((0x1234_5678_9abc_def1u64, 1u64 << 60));
    let graph = graph_of(&[1, 2, 2], |b, x| {
        let scale = Coefficients::from_rationals(vec![(1, 3).into(), (1, 4).into()]);
        let y = b.scale_and_shift(x, Some((&scale, &[0, 0, 1, 1])), Some(Coefficients::from_rationals(vec![shift.clone(); 4]))).unwrap();
        b.activation(&y, Piecewise::relu()).unwrap()
    });
    let read = rewritten(&graph).unwrap();
    let point: Vec<Rational> = [3, -2, 5, 7].map(Rational::from).to_vec();
    assert_eq!(read.evaluate(&point).unwrap(), graph.evaluate(&point).unwrap());
    assert_eq!(read.evaluate(&point).unwrap()[0], Rational::from(1) + shift);
}

/// A layer with constant values is not folded into a constant when it is read: its units stay.
#[test]
fn layers_of_constants_keep_their_units() {
    let graph = graph_of(&[1, 2], |b, x| {
        let constant = b.constant(&[1, 2], Coefficients::from_f64(vec![0.1, -3.0])).unwrap();
        let constant = b.activation(&constant, Piecewise::relu()).unwrap();
        let all = b.concatenate(&[x.clone(), constant.clone()], 1).unwrap();
        let largest = b.maximum_along(&all, 1).unwrap();
        b.add(&largest, &constant).unwrap()
    });
    let ends = [[0.25, -1.0], [-2.0, 5.0]].map(|x| Point::from_f64(&x).unwrap());
    assert_same(&graph, &rewritten(&graph).unwrap(), &ends);
}

#[test]
fn inputs_of_any_shape_and_networks_without_layers() {
    for shape in [&[3][..], &[2, 3], &[1, 3], &[2, 1, 3], &[]] {
        let identity = graph_of(shape, |_, x| x.clone());
        assert_eq!(rewritten(&identity).unwrap(), identity);
        let relu = graph_of(shape, |b, x| b.activation(x, Piecewise::relu()).unwrap());
        let read = rewritten(&relu).unwrap();
        assert_eq!(operations(&read), operations(&relu));
        let seen = graph_of(shape, |b, x| b.reshape(x, &[x.len(), 1]).unwrap());
        assert_eq!(rewritten(&seen).unwrap(), seen);
    }
}

/// Functions that differ from element to element are one operator if they are of one kind.
#[test]
fn activations_are_operators_or_refused() {
    let layer = |functions: Vec<Piecewise>| {
        let graph = graph_of(&[1, 2, 3], |b, x| {
            let function_of = (0..x.len()).map(|i| (i / 3 % functions.len()) as u32).collect();
            b.activations(x, functions.clone(), function_of).unwrap()
        });
        let read = rewritten(&graph);
        if let Ok(read) = &read {
            assert_eq!(layers(read), layers(&graph));
        }
        read.map(|_| ()).map_err(|error| error.to_string())
    };
    let clip = |lo: Option<Rational>, hi: Option<Rational>| Piecewise::clip(lo, hi);
    let third = || Rational::from((1, 3));
    let kept = [
        vec![Piecewise::relu()],
        vec![Piecewise::leaky_relu(Rational::from_f64(0.1).unwrap())],
        vec![Piecewise::leaky_relu(2.into()), Piecewise::leaky_relu((-1).into())],
        vec![Piecewise::relu(), Piecewise::leaky_relu(1.into())],
        vec![Piecewise::absolute()],
        vec![clip(Some(2.into()), None)],
        vec![clip(None, Some((-2).into()))],
        vec![clip(Some(2.into()), None), clip(Some(3.into()), None)],
        vec![clip(None, Some(2.into())), clip(None, Some(3.into()))],
        vec![clip(Some((-1).into()), Some(1.into()))],
        vec![clip(Some(2.into()), Some(1.into()))],
        vec![Piecewise::hard_sigmoid(&(1, 4).into(), &(1, 2).into()).unwrap()],
        vec![Piecewise::hard_sigmoid(&Rational::from_f32(0.2).unwrap(), &(1, 2).into()).unwrap()],
        vec![Piecewise::relu(), Piecewise::relu()],
    ];
    for functions in kept {
        assert_eq!(layer(functions.clone()), Ok(()), "{functions:?}");
    }
    let broken = |constant: u32| Piecewise::new(vec![0.into()], vec![1.into(), 2.into()], constant.into()).unwrap();
    let refused = [
        (vec![Piecewise::leaky_relu(third())], "slope of node 1 is 1/3: expected a double"),
        (vec![clip(Some(third()), None)], "min of node 1 is 1/3"),
        (vec![Piecewise::hard_sigmoid(&third(), &third()).unwrap()], "alpha of node 1 is 1/3"),
        (vec![broken(0)], "node 1 cannot be written: no operator has its activation"),
        (vec![broken(1)], "node 1 cannot be written"),
        (vec![Piecewise::new(vec![], vec![1.into()], 0.into()).unwrap()], "node 1 cannot be written"),
        (vec![Piecewise::relu(), clip(None, Some(0.into()))], "no operator has the activations of its elements"),
        (vec![clip(None, Some(Rational::from_f64(f64::MAX).unwrap()))], "which an .onnx file cannot have as a bound"),
    ];
    for (functions, message) in refused {
        let error = layer(functions.clone()).unwrap_err();
        assert!(error.contains(message), "{functions:?}: {error}");
    }
}

/// A bound that has no effect in singles has one in doubles.
#[test]
fn bounds_as_large_as_the_largest_single_are_doubles() {
    for bound in [f64::from(f32::MAX), -f64::from(f32::MAX)] {
        let graph = graph_of(&[1, 2], |b, x| b.activation(x, Piecewise::clip(None, Rational::from_f64(bound))).unwrap());
        assert_eq!(layers(&rewritten(&graph).unwrap()), layers(&graph));
    }
}

#[test]
fn what_a_file_does_not_say_is_refused() {
    let pool = graph_of(&[1, 1, 2, 2], |b, x| b.max_pool(x, &Window::new([2, 2])).unwrap());
    let message = |graph: &Network| rewritten(graph).unwrap_err().to_string();
    assert!(message(&pool.with_output_bits()).contains("node 1 cannot be written: its bits are not those of a hidden layer"));
    let third = |weights: Vec<Rational>| {
        graph_of(&[1, 2], |b, x| b.linear(x, 1, Coefficients::from_rationals(weights.clone()), None).unwrap()).as_nodes()
    };
    assert!(message(&third(vec![1.into(), (1, 3).into()])).ends_with("weight 1 of node 1 is 1/3: expected a double"));
}
