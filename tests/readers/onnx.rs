//! `.onnx`: files that PyTorch wrote, compared with ONNX's reference evaluator, and malformed files.

use crate::protobuf::{field, integer};
use plica::data::Point;
use plica::line::{Trace, TraceError, Tracer};
use plica::network::{Network, Operation, Selection, load, onnx_in_one_piece};
use rug::Rational;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/onnx")
}

fn cases() -> Value {
    serde_json::from_slice(&std::fs::read(folder().join("cases.json")).unwrap()).unwrap()
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn file(name: &str) -> String {
    folder().join(format!("{name}.onnx")).to_str().unwrap().to_string()
}

fn graph(name: &str) -> Network {
    load(&file(name)).unwrap()
}

#[test]
fn the_exact_forward_pass_agrees_with_the_reference_evaluator_to_rounding() {
    for (name, case) in cases().as_object().unwrap() {
        let (graph, unit) = (graph(name), if case["single"].as_bool().unwrap() { f64::from(f32::EPSILON) } else { f64::EPSILON });
        for row in case["rows"].as_array().unwrap() {
            let x: Vec<Rational> = numbers(&row["x"]).into_iter().map(|x| Rational::from_f64(x).unwrap()).collect();
            let (exact, float) = (graph.evaluate(&x).unwrap(), numbers(&row["y"]));
            let mut exact: Vec<f64> = exact.iter().map(Rational::to_f64).collect();
            if name == "signal" {
                // The evaluator ends with the logarithm of a softmax, which is left out.
                let sum = exact.iter().map(|y| y.exp()).sum::<f64>().ln();
                exact.iter_mut().for_each(|y| *y -= sum);
            }
            assert_eq!(exact.len(), float.len(), "{name}");
            let size = float.iter().fold(1.0f64, |size, y| size.max(y.abs()));
            for (x, y) in exact.iter().zip(&float) {
                assert!((x - y).abs() <= 64.0 * unit * size, "{name}: {x} and {y}");
            }
        }
    }
}

#[test]
fn files_of_every_layer_kind_are_traced_as_the_oracle_traces_them() {
    for (name, case) in cases().as_object().unwrap() {
        let graph = graph(name);
        let rows = case["rows"].as_array().unwrap();
        let point = |k: usize| Point::from_f64(&numbers(&rows[k]["x"])).unwrap();
        for selection in [Selection::Hidden, Selection::All] {
            let units = graph.units(&selection).unwrap();
            let exact = Trace::exact_only(&graph, &point(0), &point(1), &units).unwrap();
            let trace = Tracer::new(&graph).units(&units).exact_times(true).trace(&point(0), &point(1)).unwrap();
            assert!(trace.agrees_with(&exact), "{name}");
            assert!(trace.regions() > 1, "{name}: {} regions", trace.regions());
        }
        // The rule with one bit per unit.
        let output_bits = graph.with_output_bits();
        let units = output_bits.units(&Selection::Hidden).unwrap();
        let exact = Trace::exact_only(&output_bits, &point(0), &point(1), &units).unwrap();
        assert!(Tracer::new(&output_bits).trace(&point(0), &point(1)).unwrap().agrees_with(&exact), "{name}");
        assert_eq!(units.count(), graph.hidden_units(), "{name}");
    }
}

#[test]
fn perceptrons_are_seen_to_be_stacks_of_layers() {
    let spec = |name: &str| folder().join(format!("{name}.onnx")).display().to_string();
    assert_eq!(load(&spec("perceptron")).unwrap().shape(), "5-7-6-2");
    assert!(load(&spec("double")).unwrap().layers().is_some());
    assert!(load(&spec("pooled")).unwrap().layers().is_none());
    // The walks of both kinds give the same traces.
    let (chain, graph) = (load(&spec("perceptron")).unwrap(), graph("perceptron").as_nodes());
    let cases = cases();
    let point = |k: usize| Point::from_f64(&numbers(&cases["perceptron"]["rows"][k]["x"])).unwrap();
    let (mut of_chain, mut of_graph) = (Tracer::new(&chain), Tracer::new(&graph));
    for k in 1..5 {
        let (a, b) = (of_chain.trace(&point(0), &point(k)).unwrap(), of_graph.trace(&point(0), &point(k)).unwrap());
        assert_eq!(
            serde_json::to_value(a.patterns().map(|p| p.to_string()).collect::<Vec<_>>()).unwrap(),
            serde_json::to_value(b.patterns().map(|p| p.to_string()).collect::<Vec<_>>()).unwrap()
        );
        assert_eq!(a.pieces(), b.pieces());
    }
}

#[test]
fn a_softmax_at_the_end_is_left_out_with_a_remark() {
    let notes = load(&file("signal")).unwrap().notes().to_vec();
    assert!(matches!(&notes[..], [note] if note.contains("LogSoftmax")), "{notes:?}");
}

/// The bytes of a file with one string replaced by another of the same length.
fn forged(name: &str, from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = std::fs::read(folder().join(format!("{name}.onnx"))).unwrap();
    let mut found = false;
    for k in 0..bytes.len() - from.len() {
        if bytes[k..].starts_with(from.as_bytes()) {
            bytes[k..k + to.len()].copy_from_slice(to.as_bytes());
            found = true;
        }
    }
    assert!(found, "{name} holds no {from}");
    bytes
}

#[track_caller]
fn refused(bytes: &[u8], parts: &[&str]) {
    let message = Network::from_onnx(bytes).unwrap_err().to_string();
    assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    assert!(!message.contains('\n'), "{message}");
}

#[test]
fn what_is_not_read_is_refused_with_the_node_and_the_operator() {
    refused(&forged("signal", "LogSoftmax", "LogSoftmix"), &["node", "operator LogSoftmix: the operator is not supported"]);
    refused(&forged("arithmetic", "HardSigmoid", "HardSigmund"), &["operator HardSigmund"]);
    refused(&forged("hand", "alpha", "alphb"), &["operator HardSigmoid: the attribute alphb is not supported"]);
    refused(&forged("pooled", "ceil_mode", "ceil_mood"), &["operator MaxPool", "attribute ceil_mood"]);
    refused(b"", &["not an .onnx file"]);
    refused(b"no protobuf at all", &["not a whole .onnx file"]);
    let whole = std::fs::read(folder().join("residual.onnx")).unwrap();
    refused(&whole[..whole.len() / 2], &["not a whole .onnx file"]);
}

#[test]
fn numbers_in_another_file_are_found_beside_it_and_nowhere_else() {
    let name = "residual-new";
    refused(&std::fs::read(folder().join(format!("{name}.onnx"))).unwrap(), &["initializer", "are in another file"]);
    let there = std::env::temp_dir().join(format!("plica-onnx-{}", std::process::id()));
    std::fs::create_dir_all(&there).unwrap();
    let file = there.join("net.onnx");
    let message = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        load(file.to_str().unwrap()).unwrap_err().to_string()
    };
    let location = format!("{name}.onnx.data");
    let bytes = std::fs::read(folder().join(format!("{name}.onnx"))).unwrap();
    assert!(message(&bytes).contains(&location));
    // The file exists, but is too short.
    std::fs::write(there.join(&location), [0; 16]).unwrap();
    assert!(message(&bytes).contains("too early"));
    // A place outside the folder.
    let outside = format!("../{}", &location[3..]);
    assert!(message(&forged(name, &location, &outside)).contains("not in the folder of the .onnx file"));
    std::fs::remove_dir_all(&there).unwrap();
}

// ----------------------------------------------------------------------------------------------- files with wrong sizes

#[test]
fn a_file_in_one_piece_holds_the_same_network() {
    for name in cases().as_object().unwrap().keys() {
        let bytes = onnx_in_one_piece(&folder().join(format!("{name}.onnx"))).unwrap();
        assert_eq!(Network::from_onnx(&bytes).unwrap(), graph(name), "{name}");
    }
    let missing = onnx_in_one_piece(Path::new("nowhere.onnx")).unwrap_err().to_string();
    assert!(missing.starts_with("nowhere.onnx: "), "{missing}");
}

fn info(number: u64, name: &str, shape: &[u64]) -> Vec<u8> {
    let dimensions: Vec<u8> = shape.iter().flat_map(|&n| field(1, &integer(1, n))).collect();
    let tensor = [integer(1, 1), field(2, &dimensions)].concat();
    field(number, &[field(1, name.as_bytes()), field(2, &field(1, &tensor))].concat())
}

fn node(operator: &str, inputs: &[&str], output: &str, attributes: &[(&str, &[u64])]) -> Vec<u8> {
    let mut bytes: Vec<u8> = inputs.iter().flat_map(|name| field(1, name.as_bytes())).collect();
    bytes.extend(field(2, output.as_bytes()));
    bytes.extend(field(4, operator.as_bytes()));
    for (name, values) in attributes {
        let list: Vec<u8> = values.iter().flat_map(|&n| integer(8, n)).collect();
        bytes.extend(field(5, &[field(1, name.as_bytes()), list].concat()));
    }
    field(1, &bytes)
}

fn model(input: &[u64], parts: &[Vec<u8>]) -> Vec<u8> {
    let graph = [parts.concat(), info(11, "x", input), info(12, "y", &[1])].concat();
    [field(7, &graph), field(8, &integer(2, 13))].concat()
}

#[test]
fn files_that_lie_about_their_sizes_do_not_exhaust_memory() {
    let huge = 1 << 40;
    refused(&model(&[1, huge], &[node("Relu", &["x"], "y", &[])]), &["input x", "too many"]);
    refused(&model(&[huge, huge, huge], &[node("Relu", &["x"], "y", &[])]), &["input x", "too many"]);
    // A tensor that claims many numbers and has one.
    let tensor = field(5, &[integer(1, huge), integer(2, 1), field(8, b"w"), field(9, &[0; 4])].concat());
    refused(&model(&[1, 2], &[tensor, node("Add", &["x", "w"], "y", &[])]), &["initializer w", "1 numbers for shape"]);
    // A small image whose padding makes it large.
    let pool: &[(&str, &[u64])] = &[("kernel_shape", &[1, 1]), ("pads", &[0, 0, 1 << 20, 1 << 20])];
    refused(&model(&[1, 1, 2, 2], &[node("MaxPool", &["x"], "y", pool)]), &["operator MaxPool", "too many"]);
    let pool: &[(&str, &[u64])] = &[("kernel_shape", &[1, 1]), ("pads", &[0, 0, u64::MAX >> 1, u64::MAX >> 1])];
    refused(&model(&[1, 1, 2, 2], &[node("AveragePool", &["x"], "y", pool)]), &["operator AveragePool"]);
    // The largest window.
    let pool: &[(&str, &[u64])] = &[("kernel_shape", &[1 << 20, 1 << 20]), ("pads", &[1 << 20, 1 << 20, 1 << 20, 1 << 20])];
    refused(&model(&[1, 1, 2, 2], &[node("MaxPool", &["x"], "y", pool)]), &["operator MaxPool"]);
    // A reshape to a shape that multiplies to zero by overflow.
    let shape =
        field(5, &[integer(1, 3), integer(2, 7), field(8, b"s"), [huge, huge, 2].iter().flat_map(|&n| integer(7, n)).collect()].concat());
    refused(&model(&[1, 2], &[shape, node("Reshape", &["x", "s"], "y", &[])]), &["operator Reshape"]);
}

/// Random files of `data/random_onnx.py`, if a directory is named: each is read with the results of ONNX Runtime, or refused. The outputs of
/// smooth networks are enclosures.
#[test]
fn random_files_agree_with_a_runtime() {
    let Ok(directory) = std::env::var("PLICA_ONNX_CASES") else { return };
    let directory = Path::new(&directory);
    let cases: Value = serde_json::from_slice(&std::fs::read(directory.join("cases.json")).unwrap()).unwrap();
    let (mut read, mut refused, mut smooth, mut maxima) = (0, 0, 0, 0);
    for (name, rows) in cases.as_object().unwrap() {
        let network = match load(directory.join(format!("{name}.onnx")).to_str().unwrap()) {
            Ok(network) => network,
            Err(error) => {
                refused += 1;
                println!("refused: {error}");
                continue;
            }
        };
        read += 1;
        let is_smooth = network.nodes().iter().any(|node| matches!(node.operation, Operation::Smooth { .. }));
        let tracer = Tracer::new(&network);
        smooth += u32::from(is_smooth);
        for row in rows.as_array().unwrap() {
            let (x, float) = (numbers(&row["x"]), numbers(&row["y"]));
            let found: Vec<[f64; 2]> = if is_smooth {
                match tracer.outputs(&Point::from_f64(&x).unwrap()) {
                    Ok(enclosures) => enclosures.iter().map(|y| [y.lo, y.hi]).collect(),
                    Err(TraceError::Maximum { .. }) => {
                        maxima += 1;
                        break;
                    }
                    Err(error) => panic!("{name}: {error}"),
                }
            } else {
                let x: Vec<Rational> = x.into_iter().map(|x| Rational::from_f64(x).unwrap()).collect();
                network.evaluate(&x).unwrap().iter().map(|y| [y.to_f64(); 2]).collect()
            };
            let size = float.iter().fold(1.0f64, |size, y| size.max(y.abs()));
            assert_eq!(found.len(), float.len(), "{name}");
            for ([lo, hi], y) in found.iter().zip(&float) {
                assert!(hi - lo <= 1e-9 * size, "{name}: {lo} to {hi}");
                assert!(lo - y <= 1e-4 * size && y - hi <= 1e-4 * size, "{name}: {lo} to {hi}, and {y}");
            }
        }
    }
    println!("{read} files read, {refused} refused; {smooth} with smooth functions, {maxima} of these not evaluated, because of maxima");
    assert!(read > 20 * refused, "{read} files read, {refused} refused");
    assert!(smooth > 3 * maxima, "{smooth} files with smooth functions, {maxima} with maxima too");
}
