//! Each statement of the contract on degenerate position, as a small case written by hand.
//!
//! Every case runs with the filter and with integers only, and forwards and backwards; its trace is also certified by a
//! plain forward pass. A network is written row by row, `&["1 -1/2"]` with the biases `"0"`, layer after layer.

use crate::support::plain::{PlainLine, pattern_at};
use crate::support::{compare, times};
use nalgebra::{DMatrix, DVector, dmatrix, dvector};
use plica::data::{Point, Points};
use plica::exact::Instructions;
use plica::line::{Enclosure, Trace, Tracer};
use plica::network::{Bit, Layer, Network, Selection};
use rug::Rational;

fn numbers(text: &str) -> Vec<Rational> {
    text.split_whitespace().map(|word| word.parse().unwrap_or_else(|_| panic!("`{word}` is not p/q"))).collect()
}

fn network(layers: &[(&[&str], &str)]) -> Network {
    let layer = |&(rows, bias): &(&[&str], &str)| {
        let rows: Vec<Vec<Rational>> = rows.iter().map(|row| numbers(row)).collect();
        let weights = DMatrix::from_fn(rows.len(), rows[0].len(), |i, j| rows[i][j].clone());
        Layer::from_rationals(weights, DVector::from_vec(numbers(bias)))
    };
    Network::new(layers.iter().map(layer).collect()).unwrap()
}

/// The layers, and an output that adds up the units of the last of them.
fn hidden(layers: &[(&[&str], &str)]) -> Network {
    let sum = vec!["1"; layers.last().unwrap().0.len()].join(" ");
    network(&[layers, &[(&[sum.as_str()], "0")]].concat())
}

fn point(text: &str) -> Point {
    Point::from_rationals(numbers(text)).unwrap()
}

/// The expected trace: the patterns of its regions, the times and the flips of its crossings, its closed sequence.
struct Expected<'a> {
    regions: &'a str,
    times: &'a str,
    flips: &'a [&'a [(u32, u32)]],
    closed: &'a str,
    pieces: usize,
}

/// Traces the segment by every method, compares each trace with the expected one, and returns one.
fn check(network: &Network, selection: &Selection, from: &str, to: &str, expected: &Expected<'_>) -> Trace {
    let (from, to) = (point(from), point(to));
    let units = network.units(selection).unwrap();
    let exact = Trace::exact_only(network, &from, &to, &units).unwrap();
    let mut traces = vec![("with integers only".to_string(), exact.clone())];
    for exact_times in [true, false] {
        for exact_only in [true, false] {
            let tracer = || Tracer::new(network).units(&units).exact_times(exact_times).exact_only(exact_only);
            let how = format!("exact times: {exact_times}, exact only: {exact_only}");
            traces.push((how.clone(), tracer().trace(&from, &to).unwrap()));
            traces.push((format!("{how}, reversed twice"), tracer().trace(&to, &from).unwrap().reversed()));
            let points = Points::from_points(&[to.clone(), from.clone()]).unwrap();
            tracer()
                .trace_pairs(&points, [(1, 0), (1, 0)], |_, trace| traces.push((format!("{how}, pairs"), trace.unwrap().clone())))
                .unwrap();
        }
    }
    let points = Points::from_points(&[to.clone(), from.clone()]).unwrap();
    for exact_only in [true, false] {
        let mut found: Vec<Vec<(u32, u32)>> = Vec::new();
        let mut tracer = Tracer::new(network).units(&units).exact_only(exact_only);
        let mut push = |units: &[Bit]| found.push(units.iter().map(|&unit| unit.into()).collect());
        tracer.over(&points).unwrap().flips_of_pairs([(1, 0)], |_, flips, _| flips.unwrap().for_each(&mut push)).unwrap();
        let full = Trace::exact_only(network, &from, &to, &units.full()).unwrap();
        let all: Vec<Vec<(u32, u32)>> = full.crossings().map(|c| c.flips.iter().map(|&u| u.into()).collect()).collect();
        assert_eq!(found, all, "flips alone, exact only: {exact_only}");
    }
    for (how, trace) in traces {
        let words = |patterns: Vec<_>| patterns.iter().map(|p: &plica::network::Pattern| p.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(words(trace.patterns().collect()), expected.regions, "regions, {how}");
        assert_eq!(words(trace.closed_sequence()), expected.closed, "closed sequence, {how}");
        assert_eq!(trace.pieces(), Some(expected.pieces), "pieces, {how}");
        assert_eq!(trace.start(), &trace.patterns().next().unwrap(), "{how}");
        assert_eq!(trace.end(), &trace.patterns().last().unwrap(), "{how}");
        let flips: Vec<Vec<(u32, u32)>> = trace.crossings().map(|c| c.flips.iter().map(|&u| u.into()).collect()).collect();
        assert_eq!(flips, expected.flips, "flips, {how}");
        for (crossing, t) in trace.crossings().zip(numbers(expected.times)) {
            assert!(crossing.t.contains(&t), "{:?} does not enclose {t}, {how}", crossing.t);
            assert!(crossing.t_exact.is_none_or(|found| *found == t), "{:?} is not {t}, {how}", crossing.t_exact);
        }
        compare(&trace, &exact).unwrap_or_else(|e| panic!("{how}: {e}"));
    }
    assert_eq!(times(&exact), numbers(expected.times));
    if units.layers() == units.full().layers() {
        PlainLine::new(network, &from, &to).certify(&exact).unwrap();
    }
    exact
}

fn check_hidden(network: &Network, from: &str, to: &str, expected: &Expected<'_>) -> Trace {
    check(network, &Selection::Hidden, from, to, expected)
}

/// The trace in halves, joined again, at each of the cuts.
fn check_cuts(network: &Network, from: &str, to: &str, cuts: &str) {
    let (a, b) = (point(from), point(to));
    let mut tracer = Tracer::new(network).exact_times(true);
    let whole = tracer.trace(&a, &b).unwrap();
    for cut in numbers(cuts) {
        let middle = Point::between(&a, &b, &cut);
        let joined = Trace::join(&tracer.trace(&a, &middle).unwrap(), &tracer.trace(&middle, &b).unwrap(), &cut);
        compare(&joined, &whole).unwrap_or_else(|e| panic!("cut at {cut}: {e}"));
        assert_eq!(times(&joined), times(&whole), "cut at {cut}");
    }
}

/// The contract's own example: x - 1/2 and 1/2 - x.
#[test]
fn opposite_units_are_both_inactive_where_they_vanish() {
    let network = hidden(&[(&["1", "-1"], "-1/2 1/2")]);
    let expected = Expected { regions: "01 10", times: "1/2", flips: &[&[(0, 0), (0, 1)]], closed: "01 01 00 10 10", pieces: 2 };
    check_hidden(&network, "0", "1", &expected);
    assert_eq!(pattern_at(&network, &point("1/2"), false).to_string(), "00");
    check_cuts(&network, "0", "1", "1/2 1/4 3/4 1/3");
}

#[test]
fn a_single_unit_is_inactive_at_its_own_zero() {
    let up = hidden(&[(&["1"], "-1/2")]);
    check_hidden(&up, "0", "1", &Expected { regions: "0 1", times: "1/2", flips: &[&[(0, 0)]], closed: "0 0 0 1 1", pieces: 2 });
    check_hidden(&up, "1", "0", &Expected { regions: "1 0", times: "1/2", flips: &[&[(0, 0)]], closed: "1 1 0 0 0", pieces: 2 });
}

/// A unit whose inputs all vanish at one point, with a slope after it that is 0, though the doubles of its weights do not add up to 0.
#[test]
fn a_slope_of_0_is_not_taken_for_what_its_doubles_add_up_to() {
    for row in ["1/10 2/10 -3/10", "-1/10 -2/10 3/10"] {
        let network = hidden(&[(&["1", "1", "1"], "0 0 0"), (&[row, "1 0 0"], "0 0")]);
        let all: &[(u32, u32)] = &[(0, 0), (0, 1), (0, 2), (1, 1)];
        let expected = Expected { regions: "00000 11101", times: "1/2", flips: &[all], closed: "00000 00000 00000 11101 11101", pieces: 2 };
        check_hidden(&network, "-1", "1", &expected);
        check_hidden(&network, "0", "1", &Expected { regions: "11101", times: "", flips: &[], closed: "00000 11101 11101", pieces: 1 });
    }
}

/// A unit whose slope is 2^-40 of its weights is known to cross only within 2^-9: two other units cross in that window, and their windows are disjoint.
#[test]
fn a_wide_window_meets_more_than_its_neighbour() {
    let network = hidden(&[(&["1/1099511627776 1", "1 0", "1 0"], "-2199023255553/2199023255552 -1023/2048 -2047/4096")]);
    let expected = Expected {
        regions: "000 010 011 111",
        times: "1023/2048 2047/4096 1/2",
        flips: &[&[(0, 1)], &[(0, 2)], &[(0, 0)]],
        closed: "000 000 000 010 010 011 011 111 111",
        pieces: 4,
    };
    check_hidden(&network, "0 1", "1 1", &expected);
}

/// A unit like this crosses between two units of the next layer, which cross so close to it that both are on one side of its crossing as computed in doubles.
#[test]
fn signs_at_a_crossing_are_those_at_its_true_time() {
    for k in 1..7 {
        let bias = Rational::from((-5 * k, 7)) - Rational::from((1, 1u64 << 41));
        let network = hidden(&[(&["1/1099511627776 5", "1 0"], &format!("{bias} 1")), (&["0 1", "0 1"], "-98305/65536 -98303/65536")]);
        let expected = Expected {
            regions: "0100 0101 1101 1111",
            times: "32767/65536 1/2 32769/65536",
            flips: &[&[(1, 1)], &[(0, 0)], &[(1, 0)]],
            closed: "0100 0100 0100 0101 0101 1101 1101 1111 1111",
            pieces: 3,
        };
        check_hidden(&network, &format!("0 {k}/7"), &format!("1 {k}/7"), &expected);
    }
}

/// The output is x - 1/2 on both sides of 1/2, though its slopes differ as doubles: 49 times the double of 1/49 is below 1.
#[test]
fn outputs_that_differ_by_roundings_are_one_piece() {
    let units: (&[&str], &str) = (&["49", "-1"], "-49/2 1/2");
    let expected = Expected { regions: "01 10", times: "1/2", flips: &[&[(0, 0), (0, 1)]], closed: "01 01 00 10 10", pieces: 1 };
    for output in [(&["1/49 -1"][..], "0"), (&["0 0", "1/49 -1"][..], "0 0")] {
        check_hidden(&network(&[units, output]), "0", "1", &expected);
    }
}

/// Equal hyperplanes: duplicated units, and positive multiples of a unit.
#[test]
fn equal_hyperplanes_are_one_crossing_with_several_flips() {
    let network = hidden(&[(&["1 0", "1 0", "3 0", "1/3 0"], "-1/3 -1/3 -1 -1/9")]);
    let all: &[(u32, u32)] = &[(0, 0), (0, 1), (0, 2), (0, 3)];
    let expected = Expected { regions: "0000 1111", times: "1/3", flips: &[all], closed: "0000 0000 0000 1111 1111", pieces: 2 };
    check_hidden(&network, "0 5", "1 -5", &expected);
    check_cuts(&network, "0 5", "1 -5", "1/3 1/2 1/4");
}

#[test]
fn parallel_hyperplanes_are_crossed_one_after_the_other() {
    let network = hidden(&[(&["1 1", "2 2", "-1 -1"], "-1/2 -2 3/2")]);
    let expected = Expected {
        regions: "001 101 111 110",
        times: "1/4 1/2 3/4",
        flips: &[&[(0, 0)], &[(0, 1)], &[(0, 2)]],
        closed: "001 001 001 101 101 111 110 110 110",
        pieces: 4,
    };
    check_hidden(&network, "0 0", "1 1", &expected);
}

#[test]
fn concurrent_hyperplanes_are_one_crossing_with_several_flips() {
    // Three lines through (1/2, 1/2): one segment through that point, one beside it, one from it and one to it.
    let network = hidden(&[(&["1 0", "0 1", "1 1"], "-1/2 -1/2 -1")]);
    let all: &[(u32, u32)] = &[(0, 0), (0, 1), (0, 2)];
    let through = Expected { regions: "000 111", times: "1/2", flips: &[all], closed: "000 000 000 111 111", pieces: 2 };
    check_hidden(&network, "0 0", "1 1", &through);
    check_cuts(&network, "0 0", "1 1", "1/2 1/3");
    let beside = Expected {
        regions: "010 011 111",
        times: "1/3 1/2",
        flips: &[&[(0, 2)], &[(0, 0)]],
        closed: "010 010 010 011 011 111 111",
        pieces: 3,
    };
    check_hidden(&network, "0 5/8", "1 3/4", &beside);
    check_hidden(&network, "1/2 1/2", "1 1", &Expected { regions: "111", times: "", flips: &[], closed: "000 111 111", pieces: 1 });
    check_hidden(&network, "0 0", "1/2 1/2", &Expected { regions: "000", times: "", flips: &[], closed: "000 000 000", pieces: 1 });
}

#[test]
fn a_deep_unit_may_flip_where_a_lower_one_does() {
    // The upper unit is relu(x - 1/2): 0 as long as the lower one is inactive.
    let network = hidden(&[(&["1"], "-1/2"), (&["1"], "0")]);
    let expected = Expected { regions: "00 11", times: "1/2", flips: &[&[(0, 0), (1, 0)]], closed: "00 00 00 11 11", pieces: 2 };
    check_hidden(&network, "0", "1", &expected);
    check_cuts(&network, "0", "1", "1/2 1/5 4/5");
}

#[test]
fn a_unit_that_reaches_zero_and_turns_back_has_not_flipped() {
    // The upper unit is |x - 1/2|, then -|x - 1/2|.
    let above = hidden(&[(&["1", "-1"], "-1/2 1/2"), (&["1 1"], "0")]);
    let lower: &[(u32, u32)] = &[(0, 0), (0, 1)];
    let expected = Expected { regions: "011 101", times: "1/2", flips: &[lower], closed: "011 011 000 101 101", pieces: 2 };
    let trace = check_hidden(&above, "0", "1", &expected);
    assert_eq!(trace.crossing(0).touches, [Bit { layer: 1, index: 0 }]);
    check_cuts(&above, "0", "1", "1/2 1/3 2/3");
    let below = hidden(&[(&["1", "-1"], "-1/2 1/2"), (&["-1 -1"], "0")]);
    let expected = Expected { regions: "010 100", times: "1/2", flips: &[lower], closed: "010 010 000 100 100", pieces: 1 };
    let trace = check_hidden(&below, "0", "1", &expected);
    assert!(trace.crossing(0).touches.is_empty());
    check_cuts(&below, "0", "1", "1/2 1/3 2/3");
}

/// A selection has only its own crossings: the unit that only touches 0 has none.
#[test]
fn a_selection_of_a_touching_unit_is_one_region() {
    let network = hidden(&[(&["1", "-1"], "-1/2 1/2"), (&["1 1"], "0")]);
    let second = Selection::Layers(vec![(1, 1)]);
    check(&network, &second, "0", "1", &Expected { regions: "1", times: "", flips: &[], closed: "1 1 1", pieces: 2 });
    let first = Selection::Layers(vec![(0, 0)]);
    let lower: &[(u32, u32)] = &[(0, 0), (0, 1)];
    check(&network, &first, "0", "1", &Expected { regions: "01 10", times: "1/2", flips: &[lower], closed: "01 01 00 10 10", pieces: 2 });
}

#[test]
fn a_unit_that_is_zero_along_a_stretch_is_inactive_there() {
    // relu(1/4 - x) + relu(x - 3/4): 0 from 1/4 to 3/4, positive on both sides.
    let positive = hidden(&[(&["-1", "1"], "1/4 -3/4"), (&["1 1"], "0")]);
    let expected = Expected {
        regions: "101 000 011",
        times: "1/4 3/4",
        flips: &[&[(0, 0), (1, 0)], &[(0, 1), (1, 0)]],
        closed: "101 101 000 000 000 011 011",
        pieces: 3,
    };
    check_hidden(&positive, "0", "1", &expected);
    check_cuts(&positive, "0", "1", "1/4 1/2 3/4 1/3");
    // The same, negative on both sides: never active.
    let negative = hidden(&[(&["-1", "1"], "1/4 -3/4"), (&["-1 -1"], "0")]);
    let expected = Expected {
        regions: "100 000 010",
        times: "1/4 3/4",
        flips: &[&[(0, 0)], &[(0, 1)]],
        closed: "100 100 000 000 000 010 010",
        pieces: 1,
    };
    check_hidden(&negative, "0", "1", &expected);
    check_cuts(&negative, "0", "1", "1/4 1/2 3/4 1/3");
}

#[test]
fn the_difference_of_duplicated_units_is_zero_everywhere() {
    let network = hidden(&[(&["1", "1"], "-1/2 -1/2"), (&["1 -1"], "0")]);
    let both: &[(u32, u32)] = &[(0, 0), (0, 1)];
    check_hidden(
        &network,
        "0",
        "1",
        &Expected { regions: "000 110", times: "1/2", flips: &[both], closed: "000 000 000 110 110", pieces: 1 },
    );
    // With coefficients that are not doubles: relu(x/3 - 1/6) and a third of relu(x - 1/2).
    let thirds = hidden(&[(&["1", "1/3"], "-1/2 -1/6"), (&["1/3 -1", "-1/3 1"], "0 0")]);
    let expected = Expected { regions: "0000 1100", times: "1/2", flips: &[both], closed: "0000 0000 0000 1100 1100", pieces: 1 };
    check_hidden(&thirds, "0", "1", &expected);
    // And with doubles that are not short fractions: relu(u) - relu(u) for u = 0.1 x - 0.05, both rounded.
    let (w, b) = (0.1f64, -0.05f64);
    let doubles = Network::new(vec![
        Layer::from_f64(DMatrix::from_element(2, 1, w), DVector::from_element(2, b)),
        Layer::from_f64(DMatrix::from_row_slice(1, 2, &[0.7, -0.7]), DVector::zeros(1)),
        Layer::from_f64(DMatrix::from_element(1, 1, 1.0), DVector::zeros(1)),
    ])
    .unwrap();
    let t = Rational::from_f64(-b).unwrap() / Rational::from_f64(w).unwrap();
    let t = t.to_string();
    check_hidden(&doubles, "0", "1", &Expected { regions: "000 110", times: &t, flips: &[both], closed: "000 000 000 110 110", pieces: 1 });
}

#[test]
fn a_segment_inside_a_hyperplane_is_like_any_other() {
    // Along x = 0, where the units x, -x and 2x vanish; the unit y - 1/2 is crossed.
    let network = hidden(&[(&["1 0", "-1 0", "2 0", "0 1"], "0 0 0 -1/2")]);
    let crossed = Expected { regions: "0000 0001", times: "1/2", flips: &[&[(0, 3)]], closed: "0000 0000 0000 0001 0001", pieces: 2 };
    check_hidden(&network, "0 0", "0 1", &crossed);
    check_cuts(&network, "0 0", "0 1", "1/2 1/3");
    // Along x + y = 1, where the upper unit relu(x) + relu(y) - 1 vanishes; it begins and ends on an axis.
    let deep = hidden(&[(&["1 0", "0 1"], "0 0"), (&["1 1"], "-1")]);
    check_hidden(&deep, "0 1", "1 0", &Expected { regions: "110", times: "", flips: &[], closed: "010 110 100", pieces: 1 });
    // Along y = 1: inside the bent hyperplane while x < 0, out of it afterwards.
    let expected = Expected { regions: "010 111", times: "1/2", flips: &[&[(0, 0), (1, 0)]], closed: "010 010 010 111 111", pieces: 2 };
    check_hidden(&deep, "-1 1", "1 1", &expected);
    check_cuts(&deep, "-1 1", "1 1", "1/2 1/3 2/3");
}

#[test]
fn a_segment_of_length_zero_is_one_region() {
    let network = hidden(&[(&["1", "-1"], "-1/2 1/2"), (&["1 1", "-1 1"], "0 0")]);
    let still = |regions: &str| check_still(&network, regions);
    still("3/4 1010");
    still("1/4 0111");
    still("1/2 0000");
    still("1/3 0111");
}

fn check_still(network: &Network, place_and_pattern: &str) {
    let (place, pattern) = place_and_pattern.split_once(' ').unwrap();
    let closed = [pattern; 3].join(" ");
    check_hidden(network, place, place, &Expected { regions: pattern, times: "", flips: &[], closed: &closed, pieces: 1 });
}

#[test]
fn ends_on_a_hyperplane_are_no_crossings() {
    let network = hidden(&[(&["1", "-1"], "0 1")]);
    check_hidden(&network, "0", "1", &Expected { regions: "11", times: "", flips: &[], closed: "01 11 10", pieces: 1 });
    check_hidden(&network, "0", "-1", &Expected { regions: "01", times: "", flips: &[], closed: "01 01 01", pieces: 1 });
    let expected =
        Expected { regions: "01 11 10", times: "1/3 2/3", flips: &[&[(0, 0)], &[(0, 1)]], closed: "01 01 01 11 10 10 10", pieces: 3 };
    check_hidden(&network, "-1", "2", &expected);
}

#[test]
fn dead_units_are_legal() {
    let network = hidden(&[(&["0", "0", "0", "1"], "0 -1 1 -1/2")]);
    let expected = Expected { regions: "0010 0011", times: "1/2", flips: &[&[(0, 3)]], closed: "0010 0010 0010 0011 0011", pieces: 2 };
    check_hidden(&network, "0", "1", &expected);
    // A layer in which all units are inactive, and constants above it.
    let dead = hidden(&[(&["0 0"], "-1"), (&["5", "5", "-5"], "1 0 -1")]);
    check_hidden(&dead, "0 0", "1 1", &Expected { regions: "0100", times: "", flips: &[], closed: "0100 0100 0100", pieces: 1 });
}

#[test]
fn negative_zeros_are_zeros() {
    let network = Network::new(vec![
        Layer::from_f64(DMatrix::from_row_slice(3, 1, &[-0.0, -1.0, 1.0]), DVector::from_row_slice(&[-0.0, -0.0, -0.0])),
        Layer::from_f64(DMatrix::from_row_slice(2, 3, &[-0.0, -0.0, -0.0, 1.0, 1.0, -0.0]), DVector::from_row_slice(&[-0.0, -0.0])),
        Layer::from_f64(DMatrix::from_row_slice(1, 2, &[-0.0, 1.0]), DVector::from_row_slice(&[-0.0])),
    ])
    .unwrap();
    let flips: &[(u32, u32)] = &[(0, 1), (0, 2), (1, 1)];
    check_hidden(
        &network,
        "-1",
        "1",
        &Expected { regions: "01001 00100", times: "1/2", flips: &[flips], closed: "01001 01001 00000 00100 00100", pieces: 2 },
    );
    let from = Point::from_f64(&[-0.0]).unwrap();
    let trace = Tracer::new(&network).trace(&from, &point("1")).unwrap();
    compare(&trace, &Trace::exact_only(&network, &point("0"), &point("1"), trace.units()).unwrap()).unwrap();
    assert_eq!(trace.closed_sequence()[0].to_string(), "00000");
}

#[test]
fn a_unit_may_flip_back_and_forth() {
    // 2 relu(x) - 4 relu(x - 1/2) - 1/2: the tent, cut at half its height.
    let network = hidden(&[(&["1", "1"], "0 -1/2"), (&["2 -4"], "-1/2")]);
    let expected = Expected {
        regions: "100 101 111 110",
        times: "1/4 1/2 3/4",
        flips: &[&[(1, 0)], &[(0, 1)], &[(1, 0)]],
        closed: "000 100 100 101 101 111 110 110 110",
        pieces: 4,
    };
    let trace = check_hidden(&network, "0", "1", &expected);
    assert_eq!(crate::support::plain::ranges(&trace), (2, 3));
    check_cuts(&network, "0", "1", "1/4 1/2 3/4 1/3");
}

#[test]
fn a_joint_has_a_crossing_exactly_where_the_patterns_differ() {
    let network = hidden(&[(&["1", "-1"], "-1/2 1/2"), (&["1 1"], "0")]);
    let part = |from: &str, to: &str| Tracer::new(&network).exact_times(true).trace(&point(from), &point(to)).unwrap();
    let joined = Trace::join(&part("0", "1/2"), &part("1/2", "1"), &Rational::from((1, 2)));
    assert_eq!(joined.crossing_count(), 1);
    assert_eq!(joined.crossing(0).flips, [Bit { layer: 0, index: 0 }, Bit { layer: 0, index: 1 }]);
    assert_eq!(joined.crossing(0).touches, [Bit { layer: 1, index: 0 }]);
    assert_eq!(times(&joined), [Rational::from((1, 2))]);
    let nothing = Trace::join(&part("0", "1/8"), &part("1/8", "1/4"), &Rational::from((1, 2)));
    assert_eq!(nothing.crossing_count(), 0);
    assert_eq!(nothing.closed_sequence().len(), 3);
}

#[test]
fn outputs_are_units_where_asked_for() {
    // The tent 2 relu(x) - 4 relu(x - 1/2): positive from 0 to 1.
    let tent = network(&[(&["1", "1"], "0 -1/2"), (&["2 -4"], "0")]);
    let inside = Expected { regions: "101 111", times: "1/2", flips: &[&[(0, 1)]], closed: "000 101 101 111 110", pieces: 2 };
    check(&tent, &Selection::All, "0", "1", &inside);
    let beyond = Expected {
        regions: "000 101 111 110",
        times: "1/3 1/2 2/3",
        flips: &[&[(0, 0), (1, 0)], &[(0, 1)], &[(1, 0)]],
        closed: "000 000 000 101 101 111 110 110 110",
        pieces: 3,
    };
    check(&tent, &Selection::All, "-1", "2", &beyond);
    let hidden =
        Expected { regions: "00 10 11", times: "1/3 1/2", flips: &[&[(0, 0)], &[(0, 1)]], closed: "00 00 00 10 10 11 11", pieces: 3 };
    check(&tent, &Selection::Hidden, "-1", "2", &hidden);
    let output = Expected { regions: "0 1 0", times: "1/3 2/3", flips: &[&[(1, 0)], &[(1, 0)]], closed: "0 0 0 1 0 0 0", pieces: 3 };
    check(&tent, &Selection::Layers(vec![(1, 1)]), "-1", "2", &output);
}

#[test]
fn an_affine_network_has_no_units_but_its_outputs() {
    let affine = network(&[(&["1", "-2"], "-1/2 1")]);
    check(&affine, &Selection::Hidden, "0", "1", &Expected { regions: "", times: "", flips: &[], closed: "  ", pieces: 1 });
    let both: &[(u32, u32)] = &[(0, 0), (0, 1)];
    check(
        &affine,
        &Selection::All,
        "0",
        "1",
        &Expected { regions: "01 10", times: "1/2", flips: &[both], closed: "01 01 00 10 10", pieces: 1 },
    );
}

#[test]
fn pieces_join_regions_on_which_the_output_is_one_affine_function() {
    let pieces = |output: &str, bias: &str| {
        let rows: Vec<&str> = output.split(',').collect();
        let network = network(&[(&["1", "1", "1"], "-1/4 -1/2 -3/4"), (&rows, bias)]);
        let trace = Trace::exact_only(&network, &point("0"), &point("1"), &network.units(&Selection::Hidden).unwrap()).unwrap();
        assert_eq!(trace.regions(), 4);
        let found = Tracer::new(&network).trace(&point("0"), &point("1")).unwrap();
        assert_eq!(found.pieces(), trace.pieces());
        trace.pieces().unwrap()
    };
    assert_eq!(pieces("1 1 1", "0"), 4);
    assert_eq!(pieces("0 1 0", "5"), 2);
    assert_eq!(pieces("0 0 0", "5"), 1);
    // Up, down and back to 0: the first and the last function are one, but the two intervals do not meet.
    assert_eq!(pieces("1 -2 1", "0"), 4);
    // Several outputs: a piece ends where any of them bends.
    assert_eq!(pieces("1 0 0,0 0 1", "0 0"), 3);
    // Several regions, one piece: the units cancel.
    let cancelling = network(&[(&["1", "2"], "-1/2 -1"), (&["2 -1"], "0")]);
    let both: &[(u32, u32)] = &[(0, 0), (0, 1)];
    check_hidden(&cancelling, "0", "1", &Expected { regions: "00 11", times: "1/2", flips: &[both], closed: "00 00 00 11 11", pieces: 1 });
}

#[test]
fn crossings_closer_than_doubles_are_still_in_order() {
    // 1/3 and the double nearest to it, which is smaller.
    let double = Rational::from_f64(1.0 / 3.0).unwrap();
    let network = hidden(&[(&["1", "1"], &format!("-1/3 -{double}"))]);
    let expected = Expected {
        regions: "00 01 11",
        times: &format!("{double} 1/3"),
        flips: &[&[(0, 1)], &[(0, 0)]],
        closed: "00 00 00 01 01 11 11",
        pieces: 3,
    };
    check_hidden(&network, "0", "1", &expected);
    // 1/3 and 1/3 + 10^-30: one pair of doubles encloses both.
    let million = "000000";
    let close = format!("1{0}{0}{0}{0}000003/3{0}{0}{0}{0}{0}", million);
    let network = hidden(&[(&["1", "1"], &format!("-{close} -1/3"))]);
    let expected = Expected { times: &format!("1/3 {close}"), ..expected };
    let trace = check_hidden(&network, "0", "1", &expected);
    assert_eq!(trace.crossing(0).t, trace.crossing(1).t);
    check_cuts(&network, "0", "1", &format!("1/3 {close} 1/2"));
}

#[test]
fn subnormal_and_huge_coefficients_are_exact() {
    let scaled = |exponent: i32| {
        let w = crate::support::networks::dyadic(1, exponent);
        let half = Rational::from(&w / 2);
        let quarter = Rational::from(&w / 4);
        // Above: the lower units' difference, which overflows or vanishes in doubles.
        let rows = [format!("{w}"), format!("{w}")];
        let above = format!("-{w} {w}");
        hidden(&[(&[rows[0].as_str(), rows[1].as_str()], &format!("-{half} -{quarter}")), (&[above.as_str()], "0")])
    };
    let expected = Expected {
        regions: "000 011 111",
        times: "1/4 1/2",
        flips: &[&[(0, 1), (1, 0)], &[(0, 0)]],
        closed: "000 000 000 011 011 111 111",
        pieces: 3,
    };
    for exponent in [0, 1000, 1023, -1000, -1070, 600, -600, 5000, -5000] {
        check_hidden(&scaled(exponent), "0", "1", &expected);
    }
}

#[test]
fn coordinates_beyond_the_doubles_are_exact() {
    let huge = format!("1{}", "0".repeat(400));
    // From 0 to 10^400: the unit x - 1 flips at t = 10^-400, which lies between 0 and the smallest double.
    let network = hidden(&[(&["1"], "-1")]);
    let t = format!("1/{huge}");
    let flips: &[&[(u32, u32)]] = &[&[(0, 0)]];
    let trace = check_hidden(&network, "0", &huge, &Expected { regions: "0 1", times: &t, flips, closed: "0 0 0 1 1", pieces: 2 });
    assert_eq!(trace.crossing(0).t, Enclosure { lo: 0.0, hi: f64::from_bits(1) });
    // And back: at 1 - 10^-400.
    let t = format!("{}/{huge}", "9".repeat(400));
    let trace = check_hidden(&network, &huge, "0", &Expected { regions: "1 0", times: &t, flips, closed: "1 1 0 0 0", pieces: 2 });
    assert_eq!(trace.crossing(0).t, Enclosure { lo: 1f64.next_down(), hi: 1.0 });
    // From 0 to 10^-400, where the weight 10^400 makes it visible.
    let tiny = format!("1/{huge}");
    let network = hidden(&[(&[huge.as_str()], "-1/2")]);
    check_hidden(&network, "0", &tiny, &Expected { regions: "0 1", times: "1/2", flips, closed: "0 0 0 1 1", pieces: 2 });
}

#[test]
fn coordinates_that_are_rounded_in_doubles_are_exact() {
    // A pixel of 51/255 is 1/5, and the unit x - 1/5 vanishes there; its double does not.
    let network = hidden(&[(&["1", "-1"], "-1/5 1/5")]);
    let pixels = Points::over(vec![51, 255, 0], 1, 255).unwrap();
    let mut tracer = Tracer::new(&network).exact_times(true);
    let mut seen = Vec::new();
    tracer
        .trace_pairs(&pixels, [(0, 1), (2, 0), (2, 1), (0, 0)], |_, trace| {
            let trace = trace.unwrap();
            let closed: Vec<String> = trace.closed_sequence().iter().map(|p| p.to_string()).collect();
            seen.push((closed.join(" "), times(trace)));
        })
        .unwrap();
    let fifth = vec![Rational::from((1, 5))];
    let expected = [("00 10 10", vec![]), ("01 01 00", vec![]), ("01 01 00 10 10", fifth), ("00 00 00", vec![])];
    assert_eq!(seen, expected.map(|(closed, times)| (closed.to_string(), times)));
    // As double coordinates the same pixels are other numbers, and the unit does not vanish.
    let doubles = Points::from_f64(vec![51.0 / 255.0, 1.0], 1).unwrap();
    let trace = tracer.trace(&doubles.point(0), &doubles.point(1)).unwrap();
    assert_eq!(trace.closed_sequence()[0].to_string(), "10");
}

#[test]
fn points_of_the_wrong_dimension_are_refused() {
    let network = hidden(&[(&["1 0"], "0")]);
    let units = network.units(&Selection::Hidden).unwrap();
    let (right, wrong) = (point("0 0"), point("0 0 0"));
    for (from, to) in [(&right, &wrong), (&wrong, &right), (&wrong, &wrong)] {
        let message = "the point has 3 coordinates, expected 2";
        assert_eq!(Trace::exact_only(&network, from, to, &units).unwrap_err().to_string(), message);
        assert_eq!(Tracer::new(&network).trace(from, to).unwrap_err().to_string(), message);
        let points = wrong.as_points();
        assert_eq!(Tracer::new(&network).trace_pairs(points, [(0, 0)], |_, _| ()).unwrap_err().to_string(), message);
    }
}

/// A crossing with a wide window between two with narrow windows: all three windows form one group, although the first two are disjoint.
#[test]
fn a_wide_window_may_reach_back_over_several_crossings() {
    let p = |e: i32| 2f64.powi(e);
    let network = Network::new(vec![
        Layer::from_f64(dmatrix![1.0, 0.0, 0.0; 1.0, 0.0, 0.0; p(-33), 1.0, p(-54)], dvector![p(-22) - 0.5, p(-23) - 0.5, -1.0 - p(-34)]),
        Layer::from_f64(dmatrix![1.0, 1.0, 1.0], dvector![0.0]),
    ])
    .unwrap();
    let (a, b) = (Point::from_f64(&[0.0, 1.0, 1.0]).unwrap(), Point::from_f64(&[1.0, 1.0, 1.0]).unwrap());
    let units = network.units(&Selection::Hidden).unwrap();
    let expected = Trace::exact_only(&network, &a, &b, &units).unwrap();
    for instructions in Instructions::available() {
        let trace = Tracer::new(&network).instructions(instructions).trace(&a, &b).unwrap();
        assert!(trace.agrees_with(&expected), "{instructions:?}: {trace:?} is not {expected:?}");
    }
}
