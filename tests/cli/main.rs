//! The command line as scripts see it: exit status, JSON keys, one-line errors, and text for 80 columns.

use plica::data::{Point, Points};
use plica::fold::{Measure, Tally};
use plica::line::{Trace, Tracer};
use plica::network::{Layer, Network, load};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

mod convexity;
mod directory;
mod docs;
mod onnx;
#[cfg(feature = "parquet")]
mod paths;
mod regions;
mod smooth;

// ------------------------------------------------------------------------------------------------------------- support

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plica"));
    command.args(arguments).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// Standard output of a call that succeeds, with empty standard error.
fn stdout(arguments: &[&str]) -> String {
    let output = run(arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
    assert_eq!(stderr, "", "{arguments:?}: nothing on standard error where it is not a terminal");
    String::from_utf8(output.stdout).unwrap()
}

/// The JSON objects that a call writes, one per line.
fn json_lines(arguments: &[&str]) -> Vec<Value> {
    let text = stdout(&[arguments, &["--format", "json"]].concat());
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{arguments:?}: {line}: {e}"))).collect()
}

fn json_line(arguments: &[&str]) -> Value {
    let mut lines = json_lines(arguments);
    assert_eq!(lines.len(), 1, "{arguments:?}");
    lines.remove(0)
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn sorted<const N: usize>(mut keys: [&'static str; N]) -> [&'static str; N] {
    keys.sort_unstable();
    keys
}

fn assert_fits_80_columns(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}\n{text}", line.chars().count());
        assert_eq!(line.trim_end(), line, "blanks at the end of a line of\n{text}");
    }
}

/// A file among the test's own.
fn file(name: &str, bytes: impl AsRef<[u8]>) -> String {
    let path = path(name);
    std::fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_string()
}

fn path(name: &str) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cli");
    std::fs::create_dir_all(&directory).unwrap();
    directory.join(name)
}

/// A `.npy` array of doubles.
fn npy(shape: &[usize], values: &[f64]) -> Vec<u8> {
    let shape: String = shape.iter().map(|n| format!("{n},")).collect();
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({shape}), }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|x| x.to_le_bytes()));
    bytes
}

/// A `.npz` file of `.npy` arrays of doubles.
fn npz(name: &str, arrays: &[(&str, &[usize], &[f64])]) -> String {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (array, shape, values) in arrays {
        archive.start_file(format!("{array}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(&npy(shape, values)).unwrap();
    }
    file(name, archive.finish().unwrap().into_inner())
}

// --------------------------------------------------------------------------------------------------------------- trace

const CANTOR: [&str; 6] = ["trace", "cantor:2", "--from", "0,3/4", "--to", "1,3/4"];
const TRACE_KEYS: [&str; 10] = ["units", "start", "end", "regions", "pieces", "crossings", "r1", "r2", "chi", "decisions"];

#[test]
fn a_trace_has_the_keys_of_the_contract() {
    let trace = json_line(&CANTOR);
    assert_eq!(keys(&trace), sorted(TRACE_KEYS));
    assert_eq!(trace["units"], json!({"selection": "hidden", "count": 10}));
    assert_eq!((&trace["start"], &trace["end"]), (&json!("0111110111"), &json!("1011110111")));
    assert_eq!((&trace["regions"], &trace["pieces"]), (&json!(7), &json!(7)));
    assert_eq!((&trace["r1"], &trace["r2"]), (&json!(4), &json!(12)));
    assert_eq!(trace["chi"], json!({"exact": "2/3", "value": 2.0 / 3.0}));
    assert_eq!(keys(&trace["decisions"]), ["exact", "filtered"]);
    let crossings = trace["crossings"].as_array().unwrap();
    assert_eq!(crossings.len(), 6);
    assert_eq!(crossings[0]["flips"], json!([[2, 0], [3, 0]]));
    for crossing in crossings {
        assert_eq!(keys(crossing), ["flips", "t"]);
        let [lo, hi] = [0, 1].map(|end| crossing["t"][end].as_f64().unwrap());
        assert!(0.0 <= lo && lo <= hi && hi <= 1.0);
    }
}

#[test]
fn exact_times_come_with_the_tightest_enclosure() {
    let trace = json_line(&[&CANTOR[..], &["--exact"]].concat());
    let first = &trace["crossings"][0];
    assert_eq!(first["t_exact"], "1/9");
    let lo = first["t"][0].as_f64().unwrap();
    assert_eq!(first["t"][1].as_f64().unwrap(), lo.next_up());
    let halves = json_line(&["trace", "sawtooth:1", "--from", "0", "--to", "1", "--exact"]);
    assert_eq!(halves["crossings"], json!([{"t": [0.5, 0.5], "t_exact": "1/2", "flips": [[0, 1]]}]));
}

#[test]
fn the_exact_only_mode_gives_the_same_trace() {
    let call = ["trace", "digits:3x20", "--from", "digits#0", "--to", "digits#17", "--exact"];
    let mut exact = json_line(&[&call[..], &["--exact-only"]].concat());
    let mut filtered = json_line(&call);
    assert_eq!(exact["decisions"]["filtered"], 0);
    exact["decisions"] = Value::Null;
    filtered["decisions"] = Value::Null;
    assert_eq!(exact, filtered);
}

#[test]
fn selections_choose_the_bits() {
    let of = |selection: &str| json_line(&[&CANTOR[..], &["--units", selection]].concat());
    let all = of("all");
    assert_eq!((&all["units"]["count"], &all["chi"]["exact"]), (&json!(11), &json!("11/16")));
    let first = of("0,2");
    assert_eq!((&first["units"], &first["chi"]["exact"]), (&json!({"selection": "0,2", "count": 6}), &json!("1/3")));
    assert_eq!(first["start"], "011101");
    assert_eq!(of("0-3")["chi"], of("hidden")["chi"]);
}

#[test]
fn values_may_begin_with_a_minus() {
    let expected = json_line(&["trace", "cantor:2", "--from", "-1/2,-0.5", "--to", "-1,0"]);
    assert_eq!(json_line(&["trace", "cantor:2", "--from=-1/2,-0.5", "--to=-1,0"]), expected);
    assert_eq!(json_line(&["trace", "--to", "-1,0", "--from", "-.5,-1/2", "cantor:2"]), expected);
}

#[test]
fn a_segment_of_length_0_is_one_flat_region() {
    let trace = json_line(&["trace", "cantor:1", "--from", "1/3,0", "--to", "1/3,0"]);
    assert_eq!((&trace["regions"], &trace["r2"], &trace["crossings"]), (&json!(1), &json!(0), &json!([])));
    assert_eq!(trace["chi"], json!({"exact": "0", "value": 0.0}));
    assert_fits_80_columns(&stdout(&["trace", "cantor:1", "--from", "1/3,0", "--to", "1/3,0"]));
}

#[test]
fn many_segments_are_a_line_each() {
    let ends = [[0.0, 0.75, 1.0, 0.25], [0.125, 0.5, -1.0, 2.0], [0.5, 0.5, 0.5, 0.5]];
    let side = |at: usize| -> Vec<f64> { ends.iter().flat_map(|e| [e[at], e[at + 1]]).collect() };
    let segments = npz("segments.npz", &[("P", &[3, 2], &side(0)), ("Q", &[3, 2], &side(2))]);
    let lines = json_lines(&["trace", "cantor:3", "--segments", &segments, "--units", "all"]);
    assert_eq!(lines.len(), 3);
    for (line, [a, b, c, d]) in lines.iter().zip(ends) {
        let (from, to) = (format!("{a},{b}"), format!("{c},{d}"));
        let mut alone = json_line(&["trace", "cantor:3", "--from", &from, "--to", &to, "--units", "all"]);
        alone["decisions"] = line["decisions"].clone();
        assert_eq!(without_times(alone), without_times(line.clone()));
    }
    let text = stdout(&["trace", "cantor:3", "--segments", &segments]);
    assert_fits_80_columns(&text);
    assert_eq!(text.lines().count(), 4, "a head and three rows:\n{text}");
}

/// Enclosures may differ from call to call; all else may not.
fn without_times(mut trace: Value) -> Value {
    trace["crossings"].as_array_mut().unwrap().iter_mut().for_each(|crossing| crossing["t"] = Value::Null);
    trace
}

#[test]
fn points_are_read_from_files() {
    let point = file("point.npy", npy(&[2], &[0.0, 0.75]));
    let rows = file("rows.csv", "x,y\n5,5\n1,3/4\n");
    let trace = json_line(&["trace", "cantor:2", "--from", &point, "--to", &format!("{rows}#1")]);
    assert_eq!(trace, json_line(&CANTOR));
}

#[test]
fn traces_are_text_for_80_columns() {
    for (network, selection) in [("cantor:2", "hidden"), ("cantor:9", "all"), ("cantor-b:3", "hidden")] {
        let text = stdout(&["trace", network, "--from", "0,3/4", "--to", "1,3/4", "--units", selection, "--exact"]);
        assert_fits_80_columns(&text);
        assert!(text.contains("chi") && text.contains("regions"), "{text}");
    }
    let wide = stdout(&["trace", "random:4-100-70-3@1", "--from", "1,2,3,4", "--to", "-1e3,2,1/3,0"]);
    assert_fits_80_columns(&wide);
    assert!(wide.contains("more crossings") && wide.contains("--format json"), "cut, and says so:\n{wide}");
    assert_fits_80_columns(&stdout(&["trace", "digits:3x20", "--from", "digits#0", "--to", "digits#17"]));
    let long = vec!["0"; 64].join(",");
    assert_fits_80_columns(&stdout(&["trace", "digits:3x20", "--from", &long, "--to", "digits#17"]));
}

#[test]
fn the_table_of_crossings_says_what_flips() {
    let text = stdout(&[&CANTOR[..], &["--exact"]].concat());
    let row = text.lines().find(|line| line.contains("1/9")).unwrap();
    assert_eq!(row.split_whitespace().collect::<Vec<_>>(), ["1", "1/9", "-(2,0)", "-(3,0)", "2", "2", "0"]);
    let last = text.lines().find(|line| line.contains("8/9")).unwrap();
    assert_eq!(last.split_whitespace().collect::<Vec<_>>(), ["6", "8/9", "+(2,0)", "+(3,0)", "2", "12", "0.666667"]);
}

// ---------------------------------------------------------------------------------------------------------------- fold

/// Tests that run side by side share this file, so it is written once.
fn points_in_the_plane() -> String {
    static FILE: LazyLock<String> = LazyLock::new(|| file("plane.csv", "x,y,class\n0,3/4,4\n1,3/4,7\n1/36,1/2,4\n0.3,-1,7\n1/2,1/2,9\n"));
    FILE.clone()
}

#[test]
fn a_fold_has_the_keys_of_the_contract() {
    let data = points_in_the_plane();
    let report = json_line(&["fold", "cantor:3", &data, "--labels", "class"]);
    assert_eq!(keys(&report), ["decisions", "global", "pairs"]);
    let pairs = report["pairs"].as_array().unwrap();
    let classes: Vec<(i64, i64)> = pairs.iter().map(|pair| (pair["from"].as_i64().unwrap(), pair["to"].as_i64().unwrap())).collect();
    assert_eq!(classes, [(4, 4), (4, 7), (4, 9), (7, 4), (7, 7), (7, 9), (9, 4), (9, 7), (9, 9)]);
    for pair in pairs {
        assert_eq!(keys(pair), sorted(["from", "to", "paths", "folded", "tally", "peaks", "regions", "chi"]));
        assert_eq!(keys(&pair["chi"]), sorted(["mean", "median", "median_of_positive", "max"]));
        let tally: Tally = serde_json::from_value(pair.clone()).unwrap();
        assert_eq!((json!(tally.paths()), json!(tally.folded())), (pair["paths"].clone(), pair["folded"].clone()));
    }
    assert_eq!(pairs[1]["paths"], 4);
    let mean = &pairs[1]["chi"]["mean"];
    assert_eq!(keys(mean), ["exact", "value"]);
    // The only point of class 9 is not paired with itself.
    let alone = &pairs[8];
    assert_eq!((&alone["paths"], &alone["tally"], &alone["peaks"], &alone["regions"]), (&json!(0), &json!([]), &json!([]), &json!([])));
    assert_eq!(alone["chi"], json!({"mean": null, "median": null, "median_of_positive": null, "max": null}));
    let global = ["sup", "mean", "median_of_positive", "folded_fraction", "median_of_pair_maxima", "pair_medians_of_positive_peaks"];
    assert_eq!(keys(&report["global"]), sorted(global));
    assert_eq!(keys(&report["global"]["pair_medians_of_positive_peaks"]), sorted(["mean", "median", "max"]));
    assert_eq!(keys(&report["decisions"]), ["exact", "filtered"]);
}

#[test]
fn a_fold_tallies_the_traces_of_its_pairs() {
    let data = points_in_the_plane();
    let (points, _) = plica::data::Points::from_csv(&std::fs::read(&data).unwrap(), Some("class")).unwrap();
    let network = load("cantor:3").unwrap();
    for selection in ["hidden", "all", "0,2,4"] {
        let units = network.units(&selection.parse().unwrap()).unwrap();
        let mut tally = Tally::default();
        for (i, j) in (0..5).flat_map(|i| (0..5).map(move |j| (i, j))).filter(|(i, j)| i != j) {
            let trace = Trace::exact_only(&network, &points.point(i), &points.point(j), &units).unwrap();
            tally.add(&Measure::of(&trace));
        }
        let report = json_line(&["fold", "cantor:3", &data, "--labels", "class", "--pairs", "all", "--units", selection]);
        let pair = &report["pairs"][0];
        assert_eq!((&pair["from"], &pair["to"], &pair["paths"]), (&Value::Null, &Value::Null, &json!(20)));
        assert_eq!(serde_json::from_value::<Tally>(pair.clone()).unwrap(), tally, "{selection}");
        assert_eq!(report["global"]["mean"]["exact"], tally.chi().mean().unwrap().to_string());
    }
}

#[test]
fn a_fold_takes_classes_where_there_are_labels_and_else_all() {
    let data = points_in_the_plane();
    let coordinates = file("unlabelled.csv", "0,0\n1,1\n");
    assert_eq!(json_line(&["fold", "cantor:1", &data, "--labels", "2"])["pairs"].as_array().unwrap().len(), 9);
    let all = json_line(&["fold", "cantor:1", &coordinates]);
    assert_eq!(all["pairs"].as_array().unwrap().len(), 1);
    assert_eq!(all["pairs"][0]["paths"], 2);
}

#[test]
fn random_pairs_are_the_same_every_time() {
    let call = |pairs: &str| json_line(&["fold", "digits:3x20", "digits", "--pairs", pairs]);
    let first = call("random:40@5");
    assert_eq!(first["pairs"][0]["paths"], 40);
    assert_eq!(first, call("random:40@5"));
    assert_ne!(first, call("random:40@6"));
}

#[test]
fn several_networks_are_a_line_each() {
    let data = points_in_the_plane();
    let both = json_lines(&["fold", "cantor:1", "cantor:2", &data, "--labels", "class"]);
    assert_eq!(both.len(), 2);
    for (line, network) in both.iter().zip(["cantor:1", "cantor:2"]) {
        assert_eq!(*line, json_line(&["fold", network, &data, "--labels", "class"]));
    }
}

#[test]
fn folds_are_text_for_80_columns() {
    let data = points_in_the_plane();
    let text = stdout(&["fold", "cantor:1", "cantor:3", &data, "--labels", "class"]);
    assert_fits_80_columns(&text);
    assert!(text.contains("mean chi") && text.contains("from class"), "{text}");
    assert_fits_80_columns(&stdout(&["fold", "digits:3x20", "digits", "--pairs", "random:20@0", "--quiet"]));
    let many: String = (0..12).map(|i| format!("0.{i},{i},{i}\n")).collect();
    assert_fits_80_columns(&stdout(&["fold", "cantor:2", &file("twelve.csv", many), "--labels", "2"]));
    let single = file("single.csv", "1,1\n");
    let nothing = stdout(&["fold", "cantor:1", &single]);
    assert!(nothing.contains("undefined"), "{nothing}");
}

// ----------------------------------------------------------------------------------------------------------------- net

#[test]
fn a_net_is_described() {
    let net = json_line(&["net", "cantor:2"]);
    let expected = ["network", "shape", "inputs", "outputs", "depth", "hidden_units", "weights", "biases", "dyadic", "layers"];
    assert_eq!(keys(&net), sorted(expected));
    assert_eq!((&net["shape"], &net["hidden_units"], &net["dyadic"]), (&json!("2-3-2-3-2-1"), &json!(10), &json!(true)));
    assert_eq!(net["layers"][0]["parallel"], json!([[0, 1]]));
    for network in ["cantor:2", "digits:3x20", "random:784-30-30-10@0", "cantor-c:4"] {
        assert_fits_80_columns(&stdout(&["net", network]));
    }
}

#[test]
fn a_net_is_converted_without_loss() {
    let network = load("cantor:3").unwrap();
    for end in ["json", "npz", "safetensors"] {
        let to = path(&format!("converted.{end}"));
        stdout(&["net", "cantor:3", "--to", to.to_str().unwrap()]);
        assert_eq!(load(to.to_str().unwrap()).unwrap(), network);
    }
}

// -------------------------------------------------------------------------------------------------------------- errors

/// The single line of a failing call, and its exit status; it prints no result.
fn failure(arguments: &[&str]) -> (i32, String) {
    let output = run(arguments);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.stdout, b"", "{arguments:?} prints no result");
    assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
    (output.status.code().unwrap(), stderr)
}

#[test]
fn wrong_calls_end_with_2() {
    let (at, to) = ("0,3/4", "1,3/4");
    let calls: &[(&[&str], &str)] = &[
        (&[], "Usage"),
        (&["fly"], "fly"),
        (&["trace"], "<NET>"),
        (&["trace", "cantor:2"], "--from"),
        (&["trace", "cantor:2", "--from", at], "--to"),
        (&["trace", "cantor:2", "--from", at, "--to", to, "--segments", "s.npz"], "--segments"),
        (&["trace", "cantor:2", "--from", at, "--to", to, "--format", "xml"], "error: --format xml: expected text or json"),
        (&["trace", "cantor:2", "--from", at, "--to", to, "--units", "1-"], "1-"),
        (&["trace", "cantor:2", "--from", at, "--to", to, "--units", "9"], "layer 9"),
        (&["trace", "cantor:0", "--from", at, "--to", to], "K"),
        (&["trace", "cantor:x", "--from", at, "--to", to], "cantor:x"),
        (&["trace", "net.tar", "--from", at, "--to", to], "net.tar"),
        (&["trace", "cantor:2", "--from", "0,x", "--to", to], "0,x"),
        (&["trace", "cantor:2", "--from", "0,1/0", "--to", to], "1/0"),
        (&["trace", "cantor:2", "--from", "0", "--to", to], "dimension 1"),
        (&["trace", "cantor:2", "--from", "digits#0", "--to", to], "dimension 64"),
        (&["trace", "cantor:2", "--segments", "s.txt"], "s.txt"),
        (&["fold", "cantor:2"], "<DATA>"),
        (&["fold", "cantor:2", "digits"], "dimension 64"),
        (&["fold", "cantor:2", "points.txt"], "points.txt"),
        (&["fold", "digits:3x20", "digits", "--pairs", "random:5"], "random:5"),
        (&["fold", "digits:3x20", "digits", "--pixels", "f16"], "f16"),
        (&["fold", "digits:3x20", "digits", "--paths"], "--out"),
        (&["fold", "digits:3x20", "digits", "--threads", "0"], "error: --threads 0: expected 1 to 1024"),
        (&["regions", "cantor:2", "--box", "0,1", "--max-regions", "many"], "error: --max-regions many: expected 1 to 1000000000"),
        (&["audit", "digits:3x20", "digits", "--points", "11,1"], "error: --points 1: expected 2 to 16777216"),
        (&["audit", "digits:3x20", "digits", "--pairs", "classes"], "error: --pairs classes: expected all or random:N@SEED"),
        (&["net", "cantor:2", "--to", "net.txt"], "net.txt"),
        (&["net", "cantor:2", "--format"], "--format"),
    ];
    for (arguments, cause) in calls {
        let (status, stderr) = failure(arguments);
        assert_eq!(status, 2, "{arguments:?}: {stderr}");
        assert!(stderr.contains(cause), "{arguments:?} names `{cause}`: {stderr}");
    }
}

#[test]
fn wrong_data_end_with_1_in_one_line_with_the_cause() {
    let weights: (&str, &[usize], &[f64]) = ("W0", &[1, 2], &[1.0, 1.0]);
    let missing = npz("missing-weights.npz", &[weights, ("b1", &[1], &[0.0])]);
    let infinite = npz("infinite.npz", &[("W0", &[2, 2], &[1.0, 1.0, 1.0, f64::INFINITY]), ("b0", &[2], &[0.0, 0.0])]);
    let shapes = npz("shapes.npz", &[weights, ("b0", &[1], &[0.0]), ("W1", &[1, 3], &[1.0, 1.0, 1.0]), ("b1", &[1], &[0.0])]);
    let nan = npz("nan.npz", &[("X", &[2, 2], &[0.0, 1.0, f64::NAN, 2.0])]);
    let truncated = file("truncated.npz", &std::fs::read(&missing).unwrap()[..40]);
    let segments = npz("wide-segments.npz", &[("P", &[1, 3], &[0.0; 3]), ("Q", &[1, 3], &[1.0; 3])]);
    let no_q = npz("no-q.npz", &[("P", &[1, 2], &[0.0; 2])]);
    let rows = file("two-rows.csv", "0,0\n1,1\n");
    let cell = file("cell.csv", "0,0\n1,many\n");
    let empty = file("empty.csv", "");
    let line = file("line.npy", npy(&[3, 1], &[0.0, 1.0, 2.0]));
    let thirds = path("thirds.json");
    let third = |p: i64| rug::Rational::from((p, 3));
    let layer = Layer::from_rationals(nalgebra::DMatrix::from_element(1, 1, third(1)), nalgebra::DVector::from_element(1, third(2)));
    Network::new(vec![layer]).unwrap().save(&thirds).unwrap();
    let thirds = thirds.to_str().unwrap();
    let (row_2, directory) = (format!("{rows}#2"), path("").to_str().unwrap().to_string() + "none/net.json");

    let ends = ["--from", "0,3/4", "--to", "1,3/4"];
    let trace = |network: &'static str| -> Vec<String> { ["trace", network].iter().chain(&ends).map(|s| s.to_string()).collect() };
    let calls: Vec<(Vec<String>, Vec<&str>)> = vec![
        (trace("absent.npz"), vec!["absent.npz"]),
        ([&["trace".into(), missing][..], &ends.map(String::from)].concat(), vec!["missing-weights.npz", "W1"]),
        ([&["trace".into(), infinite][..], &ends.map(String::from)].concat(), vec!["infinite.npz", "W0", "1, 1"]),
        ([&["trace".into(), shapes][..], &ends.map(String::from)].concat(), vec!["shapes.npz", "W1"]),
        ([&["net".into(), truncated][..]].concat(), vec!["truncated.npz"]),
        (["trace", "cantor:2", "--segments", &segments].map(String::from).to_vec(), vec!["wide-segments.npz", "dimension 3"]),
        (["trace", "cantor:2", "--segments", &no_q].map(String::from).to_vec(), vec!["no-q.npz", "Q"]),
        (["trace", "cantor:2", "--from", &row_2, "--to", "0,0"].map(String::from).to_vec(), vec!["two-rows.csv", "row 2"]),
        (["fold", "cantor:2", &nan].map(String::from).to_vec(), vec!["nan.npz", "X", "1, 0"]),
        (["fold", "cantor:2", &cell].map(String::from).to_vec(), vec!["cell.csv", "row 1", "column 1", "many"]),
        (["fold", "cantor:2", &empty].map(String::from).to_vec(), vec!["empty.csv"]),
        (["fold", "cantor:2", &line].map(String::from).to_vec(), vec!["line.npy", "dimension 1"]),
        (["fold", "cantor:2", &rows, "--pairs", "classes"].map(String::from).to_vec(), vec!["two-rows.csv", "labels"]),
        (["fold", "cantor:2", &rows, "--labels", "class"].map(String::from).to_vec(), vec!["two-rows.csv", "class"]),
        (
            ["net", thirds, "--to", path("thirds.npz").to_str().unwrap()].map(String::from).to_vec(),
            vec!["thirds.npz", "weight [0, 0]", "1/3"],
        ),
        (["net", "cantor:2", "--to", &directory].map(String::from).to_vec(), vec!["none/net.json"]),
    ];
    for (arguments, causes) in &calls {
        for format in [&[][..], &["--format", "json"]] {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(format.iter().copied()).collect();
            let (status, stderr) = failure(&arguments);
            assert_eq!(status, 1, "{arguments:?}: {stderr}");
            assert_eq!(stderr.lines().count(), 1, "{arguments:?}: {stderr}");
            causes.iter().for_each(|cause| assert!(stderr.contains(cause), "{arguments:?} names `{cause}`: {stderr}"));
        }
    }
}

#[test]
fn a_closed_pipe_is_no_error() {
    let n = 4000;
    let ends: Vec<f64> = (0..2 * n).map(f64::from).collect();
    let segments = npz("many.npz", &[("P", &[n as usize, 2], &vec![0.0; 2 * n as usize]), ("Q", &[n as usize, 2], &ends)]);
    for format in ["text", "json"] {
        let mut child = command(&["trace", "cantor:3", "--segments", &segments, "--format", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
    }
}

/// An interrupt ends a long call with 130.
#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_ends_with_130() {
    let mut child = command(&["fold", "digits:3x20", "digits", "--pairs", "all"]).stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    // Wait until the handler is installed: signal 2 is the second bit of the mask of caught signals.
    let caught = || {
        let status = std::fs::read_to_string(&status).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(mask.trim(), 16).unwrap() & 2 != 0
    };
    while !caught() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

// --------------------------------------------------------------------------------------------------------------- audit

#[test]
fn an_audit_has_a_row_for_each_sampling() {
    let plot = path("missed.svg");
    let plot = plot.to_str().unwrap();
    let call = ["audit", "digits:3x20", "digits", "--pairs", "random:20@1", "--points", "101,11", "--threads", "2"];
    let report = json_line(&[&call[..], &["--plot", plot]].concat());
    assert_eq!(keys(&report), sorted(["segments", "regions", "samplers", "decisions"]));
    assert_eq!(report["segments"], 20);
    let names: Vec<(&str, &str)> =
        report["samplers"].as_array().unwrap().iter().map(|s| (s["sampler"].as_str().unwrap(), s["precision"].as_str().unwrap())).collect();
    let ways = ["11 points", "101 points", "adaptive"];
    assert_eq!(names, ways.iter().flat_map(|way| [(*way, "f32"), (*way, "f64")]).collect::<Vec<_>>());
    for sampler in report["samplers"].as_array().unwrap() {
        let counts = ["boundary_patterns", "unknown_patterns", "out_of_order_patterns"];
        assert_eq!(
            keys(sampler),
            sorted(["sampler", "precision", "points", "incomplete", "missed", counts[0], counts[1], counts[2], "chi_error"])
        );
        assert_eq!(keys(&sampler["chi_error"]), sorted(["bias", "largest", "above", "below"]));
    }
    let missed = |k: usize| report["samplers"][k]["missed"]["value"].as_f64().unwrap();
    assert!(missed(0) > missed(2), "more points miss less");
    assert!(std::fs::read_to_string(plot).unwrap().contains("adaptive"));
    assert_eq!(json_line(&[&call[..8], &["1"]].concat()), report);
    let text = stdout(&call);
    assert_fits_80_columns(&text);
    assert!(text.contains("\n  inexact  segments"), "{text}");
    for (wrong, named) in [
        (["--points", "1"], "1"),
        (["--threads", "0"], "0"),
        (["--threads", "1000000000"], "threads"),
        (["--points", "11,x"], "x"),
        (["--pairs", "classes"], "classes"),
    ] {
        let output = run(&[&["audit", "digits:3x20", "digits"][..], &wrong].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert!(String::from_utf8(output.stderr).unwrap().contains(named));
    }
    let nowhere = run(&["audit", "digits:3x20", "digits", "--pairs", "random:1@0", "--plot", "no/such/place.svg"]);
    assert_eq!((nowhere.status.code(), nowhere.stdout.len()), (Some(1), 0));
}

// ---------------------------------------------------------------------------------------------------------------- help

/// The commands that the help lists.
fn listed_commands() -> Vec<String> {
    let help = stdout(&["--help"]);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    commands
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| line.split_whitespace().next().unwrap().to_string())
        .collect()
}

#[test]
fn help_fits_80_columns_and_its_first_examples_run() {
    assert_fits_80_columns(&stdout(&["--help"]));
    for name in listed_commands() {
        for flag in ["-h", "--help"] {
            let help = stdout(&[&name, flag]);
            assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
            let example = help.lines().skip_while(|line| *line != "Examples:").nth(1).unwrap();
            let arguments: Vec<&str> = example.split_whitespace().collect();
            assert_eq!(arguments[..2], ["plica", &name]);
            stdout(&arguments[1..]);
        }
    }
}

#[test]
fn only_commands_that_work_are_listed() {
    for name in listed_commands() {
        let (status, stderr) = failure(&[&name]);
        assert_eq!(status, 2, "{name} asks for its arguments: {stderr}");
    }
    assert!(listed_commands().starts_with(&["trace".to_string()]));
    assert!(stdout(&["--version"]).starts_with("plica "));
}

// ------------------------------------------------------------------------------------------ the library beside the calls

#[test]
fn a_call_prints_what_the_library_says() {
    let network = load("digits:3x20").unwrap();
    let points: Points = plica::data::DataSet::load("digits", &Default::default()).unwrap().points;
    let ends: [Point; 2] = [points.point(3), points.point(1000)];
    let trace = Tracer::new(&network).trace(&ends[0], &ends[1]).unwrap();
    let printed = json_line(&["trace", "digits:3x20", "--from", "digits#3", "--to", "digits#1000"]);
    assert_eq!(printed, serde_json::to_value(plica::report::TraceReport::of(&trace)).unwrap());
}
