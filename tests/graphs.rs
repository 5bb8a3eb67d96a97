//! Graphs: the exact forward pass against definitions, and traces against an oracle in rationals.

mod support;

use plica::data::Point;
use plica::fold::{Folding, Meter};
use plica::line::{GraphTracer, Tracer, trace_graph_exact_only};
use plica::network::graph::{Coefficients, Graph, GraphBuilder, Piecewise, Value};
use plica::network::{Layer, Network, Selection};
use proptest::prelude::*;
use rug::Rational;
use support::config;
use support::graphs::{Recipe, recipe};

fn ends(recipe: &Recipe, graph: &Graph) -> (Point, Point) {
    let mut numbers = recipe.numbers();
    let mut point = || Point::from_rationals((0..graph.inputs()).map(|_| numbers.coefficient()).collect()).unwrap();
    (point(), point())
}

proptest! {
    #![proptest_config(config(600))]

    #[test]
    fn the_filter_agrees_with_rationals(recipe in recipe(7), all in any::<bool>()) {
        let graph = recipe.graph();
        let (from, to) = ends(&recipe, &graph);
        let units = graph.units(if all { &Selection::All } else { &Selection::Hidden }).unwrap();
        let exact = trace_graph_exact_only(&graph, &from, &to, &units).unwrap();
        let trace = GraphTracer::new(&graph).units(&units).exact_times(true).trace(&from, &to).unwrap();
        prop_assert!(trace.agrees_with(&exact), "{trace:#?}\nagainst\n{exact:#?}");
        for (a, b) in trace.crossings().zip(exact.crossings()) {
            prop_assert_eq!(a.t_exact, b.t_exact);
        }
        let enclosed = GraphTracer::new(&graph).units(&units).trace(&from, &to).unwrap();
        prop_assert!(enclosed.agrees_with(&exact));
        for (a, b) in enclosed.crossings().zip(exact.crossings()) {
            prop_assert!(a.t.contains(b.t_exact.unwrap()));
        }
    }
}
