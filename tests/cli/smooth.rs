//! Traces of smooth networks.

use super::{assert_fits_80_columns, file, json_line, json_lines, keys, npz, path, run, sorted, stdout};
use plica::network::{Coefficients, Network, NetworkBuilder, Smooth};
use serde_json::json;
use std::sync::LazyLock;

/// tanh(x - 1/2), and the tanh of its square, which touches 0 at 1/2.
fn touching() -> Network {
    let mut builder = NetworkBuilder::new(&[1, 1]).unwrap();
    let x = builder.input();
    let y = builder.linear(&x, 1, Coefficients::from_f64(vec![1.0]), Some(Coefficients::from_f64(vec![-0.5]))).unwrap();
    let y = builder.smooth(&y, Smooth::Tanh).unwrap();
    let square = builder.product(&y, &y).unwrap();
    let z = builder.smooth(&square, Smooth::Tanh).unwrap();
    builder.finish(&z).unwrap()
}

/// Tests that run side by side share this file, so it is written once.
fn network() -> &'static str {
    static FILE: LazyLock<String> = LazyLock::new(|| {
        let path = path("touching.onnx");
        touching().save(&path).unwrap();
        path.to_str().unwrap().to_string()
    });
    &FILE
}

#[test]
fn a_certified_trace_has_the_keys_of_a_trace_and_says_so() {
    let trace = json_line(&["trace", network(), "--from", "0", "--to", "1/3"]);
    let expected =
        sorted(["units", "start", "end", "regions", "pieces", "crossings", "r1", "r2", "chi", "decisions", "certified", "windows"]);
    assert_eq!(keys(&trace), expected);
    assert_eq!((&trace["certified"], &trace["windows"], &trace["pieces"]), (&json!(true), &json!([]), &json!(null)));
    assert_eq!((&trace["start"], &trace["regions"]), (&json!("01"), &json!(1)));
}

#[test]
fn a_unit_that_touches_zero_gives_a_window_with_ranges() {
    let trace = json_line(&["trace", network(), "--from", "0", "--to", "1"]);
    assert_eq!(
        (&trace["certified"], &trace["regions"], &trace["r1"], &trace["chi"]),
        (&json!(false), &json!(null), &json!(null), &json!(null))
    );
    let windows = trace["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 1);
    assert_eq!(windows[0]["units"], json!([[0, 0], [1, 0]]));
    let t = [&windows[0]["t"][0], &windows[0]["t"][1]].map(|x| x.as_f64().unwrap());
    assert!(t[0] <= 0.5 && 0.5 <= t[1] && t[1] - t[0] < 1e-12, "{t:?}");
    // The first unit flips once. The second one may stay positive, or be 0 for a while.
    assert_eq!((&trace["start"], &trace["end"]), (&json!("01"), &json!("11")));
    let exact = |key: &str| trace[key].as_array().unwrap().iter().map(|x| x["exact"].as_str().map(str::to_string)).collect::<Vec<_>>();
    let some = |text: &str| Some(text.to_string());
    assert_eq!(exact("r1_range"), [some("1"), some("2")]);
    assert_eq!(exact("r2_range"), [some("1"), None]);
    assert_eq!(exact("chi_range"), [some("0"), some("1")]);
}

#[test]
fn the_text_names_the_windows_and_fits() {
    let text = stdout(&["trace", network(), "--from", "0", "--to", "1"]);
    assert_fits_80_columns(&text);
    assert!(text.contains("(0,0)") && text.contains("once each") && text.contains("(1,0)") && text.contains("undecided"), "{text}");
    let text = stdout(&["trace", network(), "--from", "0", "--to", "1/3"]);
    assert_fits_80_columns(&text);
    assert!(text.contains("certified"), "{text}");
}

#[test]
fn many_segments_are_traced_with_their_windows() {
    let ends = npz("smooth_ends.npz", &[("P", &[2, 1], &[0.0, 0.0]), ("Q", &[2, 1], &[0.25, 1.0])]);
    let traces = json_lines(&["trace", network(), "--segments", &ends]);
    assert_eq!(traces.iter().map(|trace| &trace["certified"]).collect::<Vec<_>>(), [&json!(true), &json!(false)]);
    let text = stdout(&["trace", network(), "--segments", &ends]);
    assert!(text.contains("not certified, windows: 1"), "{text}");
}

#[test]
fn what_needs_linear_regions_refuses_smooth_networks_and_says_why() {
    // Its 64 dimensions are too many for a box, but this is not the reason.
    let wide = path("wide.onnx");
    plica::network::load("digits:gelu:10x6").unwrap().save(&wide).unwrap();
    let wide = wide.to_str().unwrap().to_string();
    let calls: [(&[&str], &str); 5] = [
        (&["regions", network(), "--box", "0,1"], "curved"),
        (&["regions", &wide, "--box", "0,1"], "curved"),
        (&["convexity", network()], "curved"),
        (&["bounds", network()], "expected affine layers"),
        (&["trace", network(), "--from", "0", "--to", "1", "--exact"], "no rational times"),
    ];
    for (call, what) in calls {
        let output = run(call);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(1), 1), "{call:?}: {stderr}");
        assert!(stderr.contains(what), "{call:?}: {stderr}");
    }
}

/// tanh(x)^2 = 2^-200 at two times that are 2^-100 apart.
fn close() -> &'static str {
    static FILE: LazyLock<String> = LazyLock::new(|| {
        let mut builder = NetworkBuilder::new(&[1]).unwrap();
        let x = builder.input();
        let y = builder.smooth(&x, Smooth::Tanh).unwrap();
        let square = builder.product(&y, &y).unwrap();
        let bias = Coefficients::from_f64(vec![-2f64.powi(-200)]);
        let z = builder.linear(&square, 1, Coefficients::from_f64(vec![1.0]), Some(bias)).unwrap();
        let z = builder.smooth(&z, Smooth::Gelu).unwrap();
        let path = path("close.onnx");
        builder.finish(&z).unwrap().save(&path).unwrap();
        path.to_str().unwrap().to_string()
    });
    &FILE
}

#[test]
fn a_larger_precision_decides_more() {
    let certified = |bits: &str| json_line(&["trace", close(), "--from", "-1", "--to", "1", "--precision", bits])["certified"].clone();
    assert_eq!(["53", "128", "256", "300"].map(certified), [false, false, true, true]);
    let data = file("close_ends.csv", "-1\n1\n");
    let windows = |bits: &str| json_line(&["fold", close(), &data, "--pairs", "all", "--precision", bits])["pairs"][0]["windows"].clone();
    assert_eq!((windows("53"), windows("256")), (json!(2), json!(null)));
    let audited = |bits: &str| json_line(&["audit", close(), &data, "--pairs", "all", "--precision", bits])["segments"].clone();
    assert_eq!((audited("53"), audited("256")), (json!(0), json!(2)));
    for call in [["trace", "cantor:1", "--from=0,0", "--to=1,1"].as_slice(), ["fold", "digits:2x30", "digits", "--quiet"].as_slice()] {
        let output = run(&[call, &["--precision", "128"]].concat());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && stderr.contains("expected"), "{stderr}");
    }
    let output = run(&["trace", close(), "--from", "0", "--to", "1", "--precision", "52"]);
    assert!(String::from_utf8(output.stderr).unwrap().contains("expected 53 to 1024"));
}

/// The segments between 0, 1/3 and 1: those between 1/3 and 1, and 0 and 1, touch 0 in a unit.
fn three_points() -> &'static str {
    static FILE: LazyLock<String> = LazyLock::new(|| file("smooth_points.csv", "0\n1/3\n1\n"));
    &FILE
}

#[test]
fn a_fold_counts_the_segments_with_windows_and_bounds_every_reading() {
    let report = json_line(&["fold", network(), three_points(), "--pairs", "all"]);
    let pair = &report["pairs"][0];
    assert_eq!((&pair["paths"], &pair["windows"]), (&json!(6), &json!(4)));
    // Two segments stay in one region; of the others nothing is known but that they are not certainly folded.
    assert_eq!((&pair["folded"], &pair["folded_range"]), (&json!(null), &json!([0, 4])));
    assert_eq!((&pair["tally"], &pair["regions"]), (&json!([[0, 0, 2]]), &json!([[1, 2]])));
    assert_eq!(pair["ranges"], json!([{"chi": ["0", "1"], "peak": ["0", "1"], "count": 4}]));
    let two_thirds = json!({"exact": "2/3", "value": 2.0 / 3.0});
    let [zero, one] = [("0", 0.0), ("1", 1.0)].map(|(exact, value)| json!({"exact": exact, "value": value}));
    assert_eq!((&pair["chi"]["mean"], &pair["chi_range"][0]["mean"], &pair["chi_range"][1]["mean"]), (&json!(null), &zero, &two_thirds));
    assert_eq!((&report["global"]["sup"], &report["global"]["folded_fraction"]), (&json!(null), &json!(null)));
    let [low, high] = [0, 1].map(|end| &report["global_range"][end]);
    assert_eq!((&low["sup"], &high["sup"]), (&zero, &one));
    assert_eq!((&low["folded_fraction"], &high["folded_fraction"]), (&zero, &two_thirds));
    assert_eq!((&low["median_of_positive"], &high["median_of_positive"]), (&zero, &one));
}

#[test]
fn a_fold_of_certified_segments_has_the_keys_of_any_fold() {
    let data = file("smooth_certified.csv", "0\n1/3\n1/4\n");
    let report = json_line(&["fold", network(), &data, "--pairs", "all"]);
    assert_eq!(keys(&report), sorted(["pairs", "global", "decisions"]));
    assert_eq!(keys(&report["pairs"][0]), sorted(["from", "to", "paths", "folded", "tally", "peaks", "regions", "chi"]));
}

#[test]
fn the_text_of_a_fold_with_windows_has_ranges() {
    let text = stdout(&["fold", network(), three_points(), "--pairs", "all"]);
    assert_fits_80_columns(&text);
    for line in ["with windows", "0 to 4", "0 to 0.666", "0 to 1"] {
        assert!(text.contains(line), "{line}: {text}");
    }
}

#[test]
fn a_fold_with_windows_writes_its_files_and_continues() {
    let out = path("smooth_fold");
    let _ = std::fs::remove_dir_all(&out);
    let call = ["fold", network(), three_points(), "--pairs", "all", "--out", out.to_str().unwrap()];
    stdout(&call);
    let csv = std::fs::read_to_string(out.join("tally.csv")).unwrap();
    assert!(csv.contains(",,,0,0,2\n"), "{csv}");
    assert!(csv.trim_end().ends_with(",,,,,4"), "{csv}");
    let picture = std::fs::read_to_string(out.join("chi-distribution.svg")).unwrap();
    assert!(picture.contains("6 segments, without the 4 with windows"), "{picture}");
}

#[test]
fn an_audit_compares_sampling_with_the_certified_segments() {
    let report = json_line(&["audit", network(), three_points(), "--pairs", "all", "--points", "11"]);
    assert_eq!((&report["segments"], &report["windows"], &report["regions"]), (&json!(2), &json!(4), &json!(2)));
    assert_eq!(report["samplers"][0]["incomplete"]["exact"], json!("0"));
    let text = stdout(&["audit", network(), three_points(), "--pairs", "all", "--points", "11"]);
    assert_fits_80_columns(&text);
    assert!(text.contains("2 segments, 2 regions; 4 more have windows, and are not compared"), "{text}");
}

#[test]
fn what_is_not_defined_on_a_segment_is_refused_with_its_row() {
    let mut builder = NetworkBuilder::new(&[1]).unwrap();
    let x = builder.input();
    let y = builder.power(&x, (-1).into()).unwrap();
    let y = builder.smooth(&y, Smooth::Tanh).unwrap();
    let network = path("inverse.onnx");
    builder.finish(&y).unwrap().save(&network).unwrap();
    let network = network.to_str().unwrap();
    let data = file("inverse.csv", "1\n2\n-2\n");
    let ends = npz("inverse_ends.npz", &[("P", &[2, 1], &[1.0, 1.0]), ("Q", &[2, 1], &[2.0, -1.0])]);
    let calls: [(&[&str], &str); 3] = [
        (&["fold", network, &data, "--pairs", "all", "--threads", "1", "--quiet"], "from row 0 to row 2: element 0 of node 1"),
        (&["audit", network, &data, "--pairs", "all", "--points", "11", "--quiet"], "to row"),
        (&["trace", network, "--segments", &ends], "row 1: element 0 of node 1"),
    ];
    for (call, what) in calls {
        let output = run(call);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(1), 1), "{call:?}: {stderr}");
        assert!(stderr.contains(what) && stderr.contains("divisor may be 0 at times in ["), "{call:?}: {stderr}");
    }
}
