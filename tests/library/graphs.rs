//! Graphs: the exact forward pass against definitions, and traces against an oracle in rationals.

use crate::support::config;
use crate::support::graphs::{Numbers, Recipe, as_graph, recipe};
use crate::support::networks::few_units;
use plica::data::{DataSet, Point, Points};
use plica::fold::{Folding, Meter};
use plica::line::{Change, Trace, Tracer};
use plica::network::{
    BuildError, Coefficients, ConvolutionOptions, Network, NetworkBuilder, NetworkError, Piecewise, Selection, Value, Window,
};
use plica::sweep::{Pairs, Sweep};
use proptest::prelude::*;
use rug::Rational;

fn ends(recipe: &Recipe, graph: &Network) -> (Point, Point) {
    let mut numbers = recipe.numbers();
    let mut point = || Point::from_rationals((0..graph.inputs()).map(|_| numbers.coefficient()).collect()).unwrap();
    (point(), point())
}

fn patterns(trace: &Trace) -> Vec<String> {
    trace.patterns().map(|pattern| pattern.to_string()).collect()
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn the_filter_agrees_with_rationals(recipe in recipe(7), all in any::<bool>()) {
        let graph = recipe.graph();
        let (from, to) = ends(&recipe, &graph);
        let units = graph.units(if all { &Selection::All } else { &Selection::Hidden }).unwrap();
        let exact = Trace::exact_only(&graph, &from, &to, &units).unwrap();
        let trace = Tracer::new(&graph).units(&units).exact_times(true).trace(&from, &to).unwrap();
        prop_assert!(trace.agrees_with(&exact), "{trace:#?}\nagainst\n{exact:#?}");
        for (a, b) in trace.crossings().zip(exact.crossings()) {
            prop_assert_eq!(a.t_exact, b.t_exact);
        }
        let enclosed = Tracer::new(&graph).units(&units).trace(&from, &to).unwrap();
        prop_assert!(enclosed.agrees_with(&exact));
        for (a, b) in enclosed.crossings().zip(exact.crossings()) {
            prop_assert!(a.t.contains(b.t_exact.unwrap()));
        }
    }

    /// A trace of the reversed segment is the reversed trace, pieces and touched units included.
    #[test]
    fn reversing_the_segment_reverses_the_trace(recipe in recipe(6)) {
        let graph = recipe.graph();
        let (from, to) = ends(&recipe, &graph);
        let mut tracer = Tracer::new(&graph).exact_times(true);
        let (there, back) = (tracer.trace(&from, &to).unwrap(), tracer.trace(&to, &from).unwrap());
        prop_assert!(there.reversed().agrees_with(&back));
    }

    /// Cutting the segment and joining the parts gives the whole.
    #[test]
    fn halves_join_to_the_whole(recipe in recipe(6), cut in 1u32..8) {
        let graph = recipe.graph();
        let (from, to) = ends(&recipe, &graph);
        let cut = Rational::from((cut, 8));
        let middle = Point::between(&from, &to, &cut);
        let mut tracer = Tracer::new(&graph).exact_times(true);
        let whole = tracer.trace(&from, &to).unwrap();
        let (first, second) = (tracer.trace(&from, &middle).unwrap(), tracer.trace(&middle, &to).unwrap());
        prop_assert!(Trace::join(&first, &second, &cut).agrees_with(&whole));
    }

    /// The outputs in the middle of a region are those of the affine function between its ends, and the pattern of every region is that
    /// of its middle, by the exact forward pass.
    #[test]
    fn the_pattern_of_a_region_is_that_of_its_middle(recipe in recipe(6)) {
        let graph = recipe.graph();
        let (from, to) = ends(&recipe, &graph);
        let mut tracer = Tracer::new(&graph).exact_times(true);
        let trace = tracer.trace(&from, &to).unwrap();
        let mut times = vec![Rational::new()];
        times.extend(trace.crossings().map(|crossing| crossing.t_exact.unwrap().clone()));
        times.push(Rational::from(1));
        for (pair, pattern) in times.windows(2).zip(trace.patterns()) {
            let middle = Point::between(&from, &to, &(Rational::from(&pair[0] + &pair[1]) / 2u32));
            let here = tracer.trace(&middle, &middle).unwrap();
            prop_assert_eq!(here.start(), &pattern);
        }
    }

    /// A stack of layers and the equal graph have the same trace; the tracer of stacks knows nothing about graphs.
    #[test]
    fn chains_are_graphs_too(network in few_units(3), seed in any::<u64>()) {
        let graph = as_graph(&network);
        let mut numbers = Numbers::new(seed, 1);
        let mut point = || Point::from_rationals((0..network.inputs()).map(|_| numbers.coefficient()).collect()).unwrap();
        let (from, to) = (point(), point());
        let (a, b) = (Tracer::new(&network).exact_times(true).trace(&from, &to).unwrap(), Tracer::new(&graph).exact_times(true).trace(&from, &to).unwrap());
        prop_assert_eq!(patterns(&a), patterns(&b));
        prop_assert_eq!(a.pieces(), b.pieces());
        prop_assert!(a.crossings().zip(b.crossings()).all(|(a, b)| (a.t_exact, a.flips, a.touches) == (b.t_exact, b.flips, b.touches)));
        prop_assert_eq!((graph.shape(), graph.nodes()), (network.shape(), network.nodes()));
    }

    /// The folding of a trace, winners at distance 1 included, against the distances of its states.
    #[test]
    fn folding_counts_units_and_winners(recipe in recipe(7)) {
        let graph = recipe.graph();
        let (from, to) = ends(&recipe, &graph);
        let trace = Tracer::new(&graph).trace(&from, &to).unwrap();
        let units = trace.units().clone();
        // One letter for the winner of each maximum, and one for each other bit.
        let letters = |pattern: &plica::network::Pattern| -> Vec<(u32, usize, usize)> {
            let mut letters = Vec::new();
            for bit in units.bits() {
                let (unit, candidate) = units.unit_of(bit);
                let active = pattern.get(units.position(bit));
                match units.layer_bits(bit.layer as usize) {
                    plica::network::LayerBits::Winner(_) if active => letters.push((unit.layer, unit.index as usize, candidate)),
                    plica::network::LayerBits::Winner(_) => {}
                    plica::network::LayerBits::Breakpoints(_) => letters.push((bit.layer, bit.index as usize, usize::from(active))),
                }
            }
            letters
        };
        let words: Vec<_> = trace.patterns().map(|pattern| letters(&pattern)).collect();
        let distance = |a: &[(u32, usize, usize)], b: &[(u32, usize, usize)]| {
            assert_eq!(a.len(), b.len());
            a.iter().zip(b).filter(|(a, b)| a != b).count() as u64
        };
        let r1 = words.iter().map(|word| distance(&words[0], word)).max().unwrap();
        let r2 = words.windows(2).map(|pair| distance(&pair[0], &pair[1])).sum();
        prop_assert_eq!(Folding::of(&trace), Folding { r1, r2 });
        prop_assert_eq!(Meter::new(&units).measure(&trace).folding(), Folding { r1, r2 });
        let changes: usize = trace.changes().map(|changes| changes.len()).sum();
        prop_assert_eq!(changes as u64, r2);
    }

    /// Each operation against its definition, on rational numbers.
    #[test]
    fn convolutions_and_pooling_are_as_defined(
        seed in any::<u64>(), kernel in (1usize..4, 1usize..3), stride in (1usize..3, 1usize..3), dilation in 1usize..3,
        padding in (0usize..2, 0usize..2, 0usize..2), groups in 1usize..3, ceil in any::<bool>(), count in any::<bool>(),
    ) {
        let mut numbers = Numbers::new(seed, 2);
        let (channels, out, rows, columns) = (2, 2 * groups, 5, 4);
        let (kernel, stride) = ([kernel.0, kernel.1], [stride.0, stride.1]);
        let (dilations, pads) = ([dilation, 1], [[padding.0, padding.1], [padding.2, 0]]);
        let x: Vec<Rational> = (0..channels * rows * columns).map(|_| numbers.coefficient()).collect();
        let weights: Vec<Rational> = (0..out * channels / groups * kernel[0] * kernel[1]).map(|_| numbers.coefficient()).collect();
        let bias: Vec<Rational> = (0..out).map(|_| numbers.coefficient()).collect();
        let pixel = |channel: usize, row: i64, column: i64| -> Option<Rational> {
            let inside = (0..rows as i64).contains(&row) && (0..columns as i64).contains(&column);
            inside.then(|| x[(channel * rows + row as usize) * columns + column as usize].clone())
        };
        let evaluate = |build: &dyn Fn(&mut NetworkBuilder, &Value) -> Result<Value, BuildError>| {
            let mut builder = NetworkBuilder::new(&[channels, rows, columns]).unwrap();
            let input = builder.input();
            let value = build(&mut builder, &input).ok()?;
            let shape = value.shape().to_vec();
            Some((shape, builder.finish(&value).unwrap().evaluate(&x).unwrap()))
        };
        let place = |axis: usize, out: usize, k: usize| (out * stride[axis] + k * dilations[axis]) as i64 - pads[0][axis] as i64;
        let convolved = evaluate(&|builder, x| {
            let options = ConvolutionOptions { stride, dilation: dilations, padding: pads, groups };
            builder.convolution(x, Coefficients::from_rationals(weights.clone()), kernel, Some(Coefficients::from_rationals(bias.clone())), options)
        });
        if let Some((shape, values)) = convolved {
            prop_assert_eq!(shape[0], out);
            for (at, value) in values.iter().enumerate() {
                let (o, row, column) = (at / (shape[1] * shape[2]), at / shape[2] % shape[1], at % shape[2]);
                let mut sum = bias[o].clone();
                for c in 0..channels / groups {
                    for ky in 0..kernel[0] {
                        for kx in 0..kernel[1] {
                            let channel = o / (out / groups) * (channels / groups) + c;
                            let weight = &weights[((o * (channels / groups) + c) * kernel[0] + ky) * kernel[1] + kx];
                            sum += pixel(channel, place(0, row, ky), place(1, column, kx)).unwrap_or_default() * weight;
                        }
                    }
                }
                prop_assert_eq!(value, &sum);
            }
        }
        let window = Window { kernel, stride, dilation: dilations, padding: pads, ceil };
        let inside = |channel: usize, row: usize, column: usize| -> Vec<Rational> {
            let places = (0..kernel[0]).flat_map(|ky| (0..kernel[1]).map(move |kx| (ky, kx)));
            places.filter_map(|(ky, kx)| pixel(channel, place(0, row, ky), place(1, column, kx))).collect()
        };
        let padded = |row: usize, column: usize| {
            let within = |axis: usize, size: usize, out: usize, k: usize| place(axis, out, k) < (size + pads[1][axis]) as i64;
            let rows_within = (0..kernel[0]).filter(|&k| within(0, rows, row, k)).count();
            rows_within * (0..kernel[1]).filter(|&k| within(1, columns, column, k)).count()
        };
        if let Some((shape, values)) = evaluate(&|builder, x| builder.max_pool(x, &window)) {
            for (at, value) in values.iter().enumerate() {
                let list = inside(at / (shape[1] * shape[2]), at / shape[2] % shape[1], at % shape[2]);
                prop_assert_eq!(Some(value), list.iter().max());
            }
        }
        if let Some((shape, values)) = evaluate(&|builder, x| builder.average_pool(x, &window, count)) {
            for (at, value) in values.iter().enumerate() {
                let (row, column) = (at / shape[2] % shape[1], at % shape[2]);
                let list = inside(at / (shape[1] * shape[2]), row, column);
                let n = if count { padded(row, column) } else { list.len() };
                prop_assert_eq!(value, &(list.iter().sum::<Rational>() / n as u64));
            }
        }
    }
}

/// The output of some layers for the tensor x of shape \[2, 3, 2\].
fn applied(x: &[Rational], build: &dyn Fn(&mut NetworkBuilder, &Value) -> Result<Value, BuildError>) -> Vec<Rational> {
    let mut builder = NetworkBuilder::new(&[2, 3, 2]).unwrap();
    let input = builder.input();
    let value = build(&mut builder, &input).unwrap();
    builder.finish(&value).unwrap().evaluate(x).unwrap()
}

proptest! {
    #![proptest_config(config(200))]

    /// Each operation on elements, on axes and on shapes against its definition, on rational numbers.
    #[test]
    fn elements_axes_and_shapes_are_as_defined(seed in any::<u64>(), axis in 0usize..3) {
        let mut numbers = Numbers::new(seed, 2);
        let mut some = |n: usize| -> Vec<Rational> { (0..n).map(|_| numbers.coefficient()).collect() };
        let (x, slopes, scale, shift, weights, bias) = (some(12), some(2), some(3), some(12), some(24), some(2));
        let (lo, alpha) = (some(1).remove(0), some(1).remove(0).abs() + Rational::from((1, 3)));
        let (zero, one) = (Rational::new(), Rational::from(1));
        let hi = Rational::from(&lo + &alpha);
        let by_element = |f: &dyn Fn(usize, &Rational) -> Rational| x.iter().enumerate().map(|(i, z)| f(i, z)).collect::<Vec<Rational>>();
        let max = |a: &Rational, b: &Rational| if a > b { a.clone() } else { b.clone() };
        let min = |a: &Rational, b: &Rational| if a < b { a.clone() } else { b.clone() };
        let activation = |function: Piecewise| applied(&x, &|builder, x| builder.activation(x, function.clone()));

        prop_assert_eq!(activation(Piecewise::relu()), by_element(&|_, z| max(z, &zero)));
        prop_assert_eq!(activation(Piecewise::absolute()), by_element(&|_, z| z.clone().abs()));
        prop_assert_eq!(activation(Piecewise::leaky_relu(slopes[0].clone())), by_element(&|_, z| if *z > 0 { z.clone() } else { Rational::from(z * &slopes[0]) }));
        prop_assert_eq!(activation(Piecewise::clip(Some(lo.clone()), Some(hi.clone()))), by_element(&|_, z| min(&max(z, &lo), &hi)));
        prop_assert_eq!(activation(Piecewise::clip(None, Some(hi.clone()))), by_element(&|_, z| min(z, &hi)));
        prop_assert_eq!(
            activation(Piecewise::hard_sigmoid(&alpha, &lo).unwrap()),
            by_element(&|_, z| max(&zero, &min(&one, &(Rational::from(z * &alpha) + &lo))))
        );
        let functions: Vec<Piecewise> = slopes.iter().map(|slope| Piecewise::leaky_relu(slope.clone())).collect();
        let channel: Vec<u32> = (0..12).map(|i| i / 6).collect();
        prop_assert_eq!(
            applied(&x, &|builder, x| builder.activations(x, functions.clone(), channel.clone())),
            by_element(&|i, z| if *z > 0 { z.clone() } else { Rational::from(z * &slopes[i / 6]) })
        );
        let of: Vec<u32> = (0..12).map(|i| i / 2 % 3).collect();
        let coefficients = |list: &[Rational]| Coefficients::from_rationals(list.to_vec());
        prop_assert_eq!(
            applied(&x, &|builder, x| builder.scale_and_shift(x, Some((&coefficients(&scale), &of)), Some(coefficients(&shift)))),
            by_element(&|i, z| Rational::from(z * &scale[i / 2 % 3]) + &shift[i])
        );
        prop_assert_eq!(applied(&x, &|builder, x| builder.combine(&[(x, 1), (x, -1), (x, -1)])), by_element(&|_, z| Rational::from(-z)));
        prop_assert_eq!(applied(&x, &|builder, x| builder.add(x, x)), by_element(&|_, z| Rational::from(z * 2)));
        let row = |i: usize| x.iter().enumerate().map(|(j, x)| Rational::from(x * &weights[12 * i + j])).sum::<Rational>() + &bias[i];
        let linear = applied(&x, &|builder, x| {
            let flat = builder.reshape(x, &[12])?;
            builder.linear(&flat, 2, coefficients(&weights), Some(coefficients(&bias)))
        });
        prop_assert_eq!(linear, [row(0), row(1)]);

        // Element (a, b, c) is number 6 a + 2 b + c.
        let (shape, strides) = ([2, 3, 2], [6, 2, 1]);
        let starts: Vec<usize> = (0..12).filter(|i| i / strides[axis] % shape[axis] == 0).collect();
        let along = |start: usize| (0..shape[axis]).map(move |k| start + k * strides[axis]);
        let means: Vec<Rational> = starts.iter().map(|&start| along(start).map(|i| &x[i]).sum::<Rational>() / shape[axis] as u64).collect();
        prop_assert_eq!(applied(&x, &|builder, x| builder.mean_along(x, &[axis])), means);
        let largest: Vec<Rational> = starts.iter().map(|&start| along(start).map(|i| x[i].clone()).max().unwrap()).collect();
        prop_assert_eq!(applied(&x, &|builder, x| builder.maximum_along(x, axis)), largest);
        let negated = by_element(&|_, z| Rational::from(-z));
        prop_assert_eq!(
            applied(&x, &|builder, x| { let y = builder.combine(&[(x, -1)])?; builder.maximum(&[x.clone(), y]) }),
            by_element(&|_, z| z.clone().abs())
        );
        let order = [axis, (axis + 1) % 3, (axis + 2) % 3];
        let mut transposed = Vec::new();
        for a in 0..shape[order[0]] {
            for b in 0..shape[order[1]] {
                for c in 0..shape[order[2]] {
                    transposed.push(x[a * strides[order[0]] + b * strides[order[1]] + c * strides[order[2]]].clone());
                }
            }
        }
        prop_assert_eq!(applied(&x, &|builder, x| builder.transpose(x, &order)), transposed);
        // Twice the length in one axis: x, then -x.
        let outer: usize = shape[..axis].iter().product();
        let block = 12 / outer;
        let joined: Vec<Rational> = (0..outer).flat_map(|k| [&x, &negated].map(|list| list[k * block..(k + 1) * block].to_vec()).concat()).collect();
        prop_assert_eq!(
            applied(&x, &|builder, x| { let y = builder.combine(&[(x, -1)])?; builder.concatenate(&[x.clone(), y], axis) }),
            joined
        );
        let chosen: Vec<u32> = (0..5).map(|k| (seed >> (4 * k)) as u32 % 12).collect();
        prop_assert_eq!(
            applied(&x, &|builder, x| builder.select(x, &chosen, &[5])),
            chosen.iter().map(|&i| x[i as usize].clone()).collect::<Vec<_>>()
        );
    }
}

/// A graph of one input, and its trace from 0 to 1.
fn trace_of(build: impl FnOnce(&mut NetworkBuilder, Value) -> Value) -> Trace {
    let mut builder = NetworkBuilder::new(&[1]).unwrap();
    let x = builder.input();
    let y = build(&mut builder, x);
    let graph = builder.finish(&y).unwrap();
    let point = |x: f64| Point::from_f64(&[x]).unwrap();
    let trace = Tracer::new(&graph).exact_times(true).trace(&point(0.0), &point(1.0)).unwrap();
    let exact = Trace::exact_only(&graph, &point(0.0), &point(1.0), trace.units()).unwrap();
    assert!(trace.agrees_with(&exact));
    trace
}

fn rationals(list: &[(i64, i64)]) -> Coefficients {
    Coefficients::from_rationals(list.iter().map(|&q| Rational::from(q)).collect())
}

#[test]
fn one_layer_of_several_breakpoints_never_folds() {
    let trace = trace_of(|builder, x| {
        let z = builder.linear(&x, 2, rationals(&[(10, 1), (-7, 1)]), Some(rationals(&[(-1, 1), (7, 1)]))).unwrap();
        builder.activation(&z, Piecewise::clip(Some(0.into()), Some(6.into()))).unwrap()
    });
    assert_eq!(patterns(&trace), ["0011", "1011", "1010", "1110"]);
    let folding = Folding::of(&trace);
    assert_eq!((folding.r1, folding.r2), (3, 3));
    // At the start the second unit is 7, above both breakpoints; at the very end it is 0.
    assert_eq!(trace.closed_sequence().last().unwrap().to_string(), "1100");
    let changes: Vec<Vec<Change>> = trace.changes().collect();
    assert_eq!(changes[1], [Change::Bit([0, 1, 1])]);
}

#[test]
fn one_layer_of_maxima_may_fold() {
    // max(1/4, x, 3x - 1): three winners, each at distance 1 from the others.
    let trace = trace_of(|builder, x| {
        let z = builder.linear(&x, 3, rationals(&[(0, 1), (1, 1), (3, 1)]), Some(rationals(&[(1, 4), (0, 1), (-1, 1)]))).unwrap();
        builder.maximum_along(&z, 0).unwrap()
    });
    assert_eq!(patterns(&trace), ["100", "010", "001"]);
    let folding = Folding::of(&trace);
    assert_eq!((folding.r1, folding.r2), (1, 2));
    assert_eq!(folding.chi(), Rational::from((1, 2)));
    assert_eq!(trace.changes().collect::<Vec<_>>(), [[Change::Winner([0, 0, 0, 1])], [Change::Winner([0, 0, 1, 2])]]);
    // On a tie the lowest index wins.
    let closed: Vec<String> = trace.closed_sequence().iter().map(|pattern| pattern.to_string()).collect();
    assert_eq!(closed, ["100", "100", "100", "010", "010", "001", "001"]);
}

#[test]
fn equal_candidates_leave_the_win_to_the_first() {
    let trace = trace_of(|builder, x| {
        let z = builder
            .linear(&x, 4, rationals(&[(1, 1), (1, 1), (-1, 1), (2, 2)]), Some(rationals(&[(0, 1), (0, 1), (1, 1), (0, 1)])))
            .unwrap();
        builder.maximum_along(&z, 0).unwrap()
    });
    assert_eq!(patterns(&trace), ["0010", "1000"]);
    assert_eq!(trace.pieces(), Some(2));
    assert_eq!(trace.crossing(0).t_exact, Some(&Rational::from((1, 2))));
}

#[test]
fn a_residual_connection_can_undo_a_layer() {
    // relu(x - 1/2) + relu(1/2 - x), minus the same: units flip, but the output is one piece.
    let trace = trace_of(|builder, x| {
        let z = builder.linear(&x, 2, rationals(&[(1, 1), (-1, 1)]), Some(rationals(&[(-1, 2), (1, 2)]))).unwrap();
        let y = builder.activation(&z, Piecewise::relu()).unwrap();
        let difference = builder.linear(&y, 1, rationals(&[(1, 1), (-1, 1)]), None).unwrap();
        builder.combine(&[(&x, 1), (&difference, -1)]).unwrap()
    });
    assert_eq!(patterns(&trace), ["01", "10"]);
    assert_eq!(trace.pieces(), Some(1));
}

#[test]
fn sweeps_take_graphs_and_chains_alike() {
    let network = plica::network::load("random:3-6-5-2@4").unwrap();
    let graph = as_graph(&network);
    let points = Points::from_f64((0..30).map(|i| f64::from(i * 37 % 19) / 8.0 - 1.0).collect(), 3).unwrap();
    let data = DataSet { name: "points".into(), points, labels: None };
    let groups = Pairs::All.groups(&data).unwrap();
    let tallies = |network: &Network| {
        let units = network.units(&Selection::Hidden).unwrap();
        let sweep = Sweep::new(network, &units, &data.points, &groups).unwrap();
        let state = sweep.run(sweep.begin(), 2, |_| true).unwrap();
        state.tallies().iter().map(|tally| serde_json::to_string(tally).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(tallies(&graph), tallies(&network));
}

#[test]
fn numbers_out_of_range_are_left_to_rationals() {
    let tiny = f64::from_bits(1);
    for (weight, at) in [(tiny, 1.0), (f64::MAX, 1.0), (1.0, tiny), (1.0, f64::MAX)] {
        let mut builder = NetworkBuilder::new(&[1]).unwrap();
        let x = builder.input();
        let z = builder.linear(&x, 1, Coefficients::from_f64(vec![weight]), None).unwrap();
        let y = builder.activation(&z, Piecewise::relu()).unwrap();
        let graph = builder.finish(&y).unwrap();
        let point = |x: f64| Point::from_f64(&[x]).unwrap();
        let trace = Tracer::new(&graph).trace(&point(-at), &point(at)).unwrap();
        assert_eq!(patterns(&trace), ["0", "1"]);
    }
}

#[test]
fn shapes_and_numbers_that_do_not_fit_are_refused() {
    let mut builder = NetworkBuilder::new(&[2, 3, 3]).unwrap();
    let x = builder.input();
    let ones = |n| Coefficients::from_f64(vec![1.0; n]);
    let message = |result: Result<Value, BuildError>| result.unwrap_err().to_string();
    assert!(message(builder.linear(&x, 2, ones(5), None)).contains("5 coefficients, expected 6"));
    assert!(message(builder.linear(&x, 1, Coefficients::from_f64(vec![1.0, f64::NAN, 1.0]), None)).contains("coefficient 1 is NaN"));
    assert!(message(builder.max_pool(&x, &Window::new([4, 1]))).contains("a window of 4 over 3"));
    assert!(message(builder.max_pool(&x, &Window { stride: [0, 1], ..Window::new([1, 1]) })).contains("stride"));
    let groups = ConvolutionOptions { groups: 3, ..ConvolutionOptions::default() };
    assert!(message(builder.convolution(&x, ones(9), [1, 1], None, groups)).contains("3 groups of 2 channels"));
    assert!(message(builder.reshape(&x, &[5])).contains("18 elements"));
    let flat = builder.reshape(&x, &[9, 2]).unwrap();
    assert!(message(builder.add(&x, &flat)).contains("do not broadcast"));
    assert!(message(builder.transpose(&x, &[0, 0, 1])).contains("axes"));
    assert!(matches!(NetworkBuilder::new(&[1 << 20, 1 << 20]), Err(BuildError::Size { .. })));
    assert!(matches!(NetworkBuilder::new(&[0]), Err(BuildError::Size { .. })));
    let graph = builder.finish(&x).unwrap();
    assert!(matches!(graph.evaluate(&[]), Err(NetworkError::Dimension { expected: 18, found: 0 })));
}

/// Enough events that all forms are computed again on the way.
#[test]
fn long_segments_through_a_convolutional_network() {
    let mut numbers = Numbers::new(5, 3);
    let mut coefficients = |n: usize| Coefficients::from_rationals((0..n).map(|_| numbers.coefficient()).collect());
    let mut builder = NetworkBuilder::new(&[1, 12, 12]).unwrap();
    let mut x = builder.input();
    for (channels, inputs) in [(4, 1), (4, 4)] {
        let (weights, bias) = (coefficients(channels * inputs * 9), coefficients(channels));
        let options = ConvolutionOptions { padding: [[1; 2]; 2], ..ConvolutionOptions::default() };
        x = builder.convolution(&x, weights, [3, 3], Some(bias), options).unwrap();
        x = builder.activation(&x, Piecewise::leaky_relu(Rational::from((1, 4)))).unwrap();
        x = builder.max_pool(&x, &Window { stride: [2, 2], ..Window::new([2, 2]) }).unwrap();
    }
    x = builder.reshape(&x, &[36]).unwrap();
    x = builder.linear(&x, 2, coefficients(72), None).unwrap();
    let graph = builder.finish(&x).unwrap();
    let mut point = || Point::from_rationals(coefficients(144).to_rationals()).unwrap();
    let (from, to) = (point(), point());
    let units = graph.units(&Selection::All).unwrap();
    let exact = Trace::exact_only(&graph, &from, &to, &units).unwrap();
    let trace = Tracer::new(&graph).units(&units).exact_times(true).trace(&from, &to).unwrap();
    assert!(trace.agrees_with(&exact) && trace.regions() > 300, "{} regions", trace.regions());
    assert!(trace.crossings().zip(exact.crossings()).all(|(a, b)| a.t_exact == b.t_exact));
}

/// Candidates whose doubles are equal, or in the wrong order: a constant that is no double, and sums whose terms are lost one by one.
#[test]
fn the_largest_of_constants_and_of_sums_is_not_that_of_their_doubles() {
    let third = 1.0 / 3.0;
    let ulp = |part: f64| part * f64::EPSILON;
    let largest = |weights: [f64; 8], bias: [Rational; 2], x: [f64; 4]| {
        let mut builder = NetworkBuilder::new(&[4]).unwrap();
        let x_of = builder.input();
        let weights = Coefficients::from_f64(weights.to_vec());
        let sums = builder.linear(&x_of, 2, weights, Some(Coefficients::from_rationals(bias.to_vec()))).unwrap();
        let column = builder.reshape(&sums, &[2, 1]).unwrap();
        let maximum = builder.maximum_along(&column, 0).unwrap();
        let graph = builder.finish(&maximum).unwrap();
        let units = graph.units(&Selection::Hidden).unwrap();
        let (from, to) = (Point::from_f64(&x).unwrap(), Point::from_f64(&[x[0], x[1], x[2], 1.0]).unwrap());
        let trace = Tracer::new(&graph).trace(&from, &to).unwrap();
        assert!(trace.agrees_with(&Trace::exact_only(&graph, &from, &to, &units).unwrap()));
        trace.start().to_string()
    };
    let double = Rational::from_f64(third).unwrap();
    assert_eq!(largest([0.0; 8], [double.clone(), Rational::from((1, 3))], [0.0; 4]), "01");
    assert_eq!(largest([0.0; 8], [Rational::from((1, 3)), double], [0.0; 4]), "10");
    // 1 + 0.4 + 0.4 units in the last place are 1 in doubles, and 1 + 0.6 such units are more.
    let sums = [1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0];
    let ones = || [Rational::from(1), Rational::from(1)];
    assert_eq!(largest(sums, ones(), [ulp(0.4), ulp(0.4), ulp(0.6), 0.0]), "10");
    assert_eq!(largest(sums, ones(), [ulp(0.2), ulp(0.2), ulp(0.6), 0.0]), "01");
}
