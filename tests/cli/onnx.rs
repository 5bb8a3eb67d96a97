//! Networks that are graphs, from files that PyTorch wrote: `net`, `trace`, `fold` and `regions` run on every layer kind.

use super::{command, file, path, run};
use serde_json::{Value, json};

const FILES: [&str; 10] = ["perceptron", "double", "residual", "residual-new", "dense", "signal", "pooled", "arithmetic", "maxout", "hand"];

fn network(name: &str) -> String {
    format!("{}/../tests/readers/onnx/{name}.onnx", env!("CARGO_MANIFEST_DIR"))
}

/// Standard output of a call that succeeds; notes go to standard error.
fn written(arguments: &[&str]) -> String {
    let output = command(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
    assert!(stderr.is_empty() || stderr.starts_with("note: "), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

fn json_of(arguments: &[&str]) -> Value {
    serde_json::from_str(&written(&[arguments, &["--format", "json"]].concat())).unwrap()
}

/// Some points of a network, as lines of a CSV file and as coordinates.
fn points(inputs: usize, count: usize) -> Vec<String> {
    let coordinate = |k: usize| format!("{}", ((k * k * 37 + 11 * k) % 64) as f64 / 8.0 - 4.0);
    (0..count).map(|row| (0..inputs).map(|j| coordinate(row * 101 + j * (row + 1))).collect::<Vec<_>>().join(",")).collect()
}

#[test]
fn every_command_runs_on_every_layer_kind() {
    for name in FILES {
        let net = network(name);
        let report = json_of(&["net", &net]);
        let inputs = report["inputs"].as_u64().unwrap() as usize;
        let p = points(inputs, 3);
        let [a, b, c] = [&p[0], &p[1], &p[2]].map(|point| point.as_str());
        let trace = json_of(&["trace", &net, &format!("--from={a}"), &format!("--to={b}")]);
        assert!(trace["regions"].as_u64().unwrap() > 1, "{name}");
        assert_eq!(trace["crossings"].as_array().unwrap().len() as u64 + 1, trace["regions"].as_u64().unwrap(), "{name}");
        let data = file(&format!("points-{name}.csv"), p.join("\n"));
        let fold = json_of(&["fold", &net, &data]);
        assert!(fold["pairs"].as_array().is_some_and(|pairs| !pairs.is_empty()), "{name}: {fold}");
        let audit = json_of(&["audit", &net, &data, "--pairs", "all", "--points", "11"]);
        assert!(audit["segments"].as_u64().unwrap() == 6 && audit["regions"].as_u64().unwrap() > 6, "{name}: {audit}");
        let rows = ["0", "1", "2"].map(|row| format!("{data}#{row}"));
        let slice = ["regions", &net, "--plane", &rows[0], &rows[1], &rows[2], "--check"];
        let regions = json_of(&slice);
        assert!(regions["activation_regions"].as_u64().unwrap() > 1, "{name}");
        assert_eq!((&regions["volume"]["exact"], &regions["checks"]["volumes"]), (&json!("1/2"), &json!(true)), "{name}");
        let bounds = run(&["bounds", &net]).status.code() == Some(0);
        assert_eq!(regions["bounds"] != json!([]), bounds, "{name}: bounds are known of affine layers with ReLU between them");
        for text in [written(&["net", &net]), written(&slice), written(&["trace", &net, &format!("--from={a}"), &format!("--to={c}")])] {
            assert!(text.lines().filter(|line| !line.contains(&net)).all(|line| line.chars().count() <= 80), "{name}:\n{text}");
        }
    }
}

/// A flip of a unit with one bit has no bit index; with several bits it has one; of a window it has the winner before and after.
#[test]
fn flips_name_bits_and_winners() {
    for (name, lengths) in [("perceptron", &[2][..]), ("pooled", &[2, 4]), ("dense", &[2, 3])] {
        let net = network(name);
        let inputs = json_of(&["net", &net])["inputs"].as_u64().unwrap() as usize;
        let p = points(inputs, 2);
        let trace = json_of(&["trace", &net, &format!("--from={}", p[0]), &format!("--to={}", p[1])]);
        let mut found: Vec<usize> = Vec::new();
        for flip in trace["crossings"].as_array().unwrap().iter().flat_map(|crossing| crossing["flips"].as_array().unwrap()) {
            found.push(flip.as_array().unwrap().len());
        }
        found.sort_unstable();
        found.dedup();
        assert!(found.iter().all(|length| lengths.contains(length)), "{name}: {found:?}");
    }
}

#[test]
fn a_picture_of_a_slice_and_its_cells() {
    let net = network("pooled");
    let p = points(json_of(&["net", &net])["inputs"].as_u64().unwrap() as usize, 3);
    let data = file("pooled.csv", p.join("\n"));
    let rows = ["0", "1", "2"].map(|row| format!("{data}#{row}"));
    for end in ["svg", "html"] {
        let (out, cells) = (path(&format!("pooled.{end}")), path("pooled.json"));
        let call = ["regions", &net, "--plane", &rows[0], &rows[1], &rows[2], "--decide", "argmax", "--plot", out.to_str().unwrap()];
        written(&[&call[..], &["--cells", cells.to_str().unwrap()]].concat());
        assert!(std::fs::metadata(&out).unwrap().len() > 1000);
        let all: Value = serde_json::from_slice(&std::fs::read(&cells).unwrap()).unwrap();
        assert!(all["cells"].as_array().unwrap().len() > 1);
    }
}

/// Results that are not defined for maxima are refused, with the name of the file.
#[test]
fn what_is_known_of_affine_layers_alone_says_so() {
    let net = network("pooled");
    for (call, file) in [
        (&["convexity", &net][..], "pooled.onnx"),
        (&["bounds", &net], "pooled.onnx"),
        (&["net", &net, "--to", "copy.json"], "copy.json: not all layers are dense"),
    ] {
        let output = run(call);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{call:?}: {stderr}");
        assert!(stderr.contains(file) && stderr.lines().count() == 1, "{call:?}: {stderr}");
    }
}

#[test]
fn what_net_writes_is_the_same_network() {
    for name in FILES {
        let (net, copy) = (network(name), path(&format!("copy-of-{name}.onnx")).display().to_string());
        let report = json_of(&["net", &net, "--to", &copy]);
        let of_copy = json_of(&["net", &copy]);
        for key in ["shape", "inputs", "outputs", "depth", "hidden_units"] {
            assert_eq!(of_copy[key], report[key], "{name}: {key}");
        }
        let p = points(report["inputs"].as_u64().unwrap() as usize, 2);
        let (from, to) = (format!("--from={}", p[0]), format!("--to={}", p[1]));
        let [mut a, mut b] = [&net, &copy].map(|net| json_of(&["trace", net, &from, &to, "--exact"]));
        // Equal nodes may have other decisions taken with integers.
        for trace in [&mut a, &mut b] {
            trace.as_object_mut().unwrap().remove("decisions");
        }
        assert_eq!(a, b, "{name}");
    }
}
