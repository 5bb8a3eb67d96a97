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
    let data = file("smooth_points.csv", "0\n1\n");
    let calls: [(&[&str], &str); 6] = [
        (&["regions", network(), "--box", "0,1"], "curved"),
        (&["convexity", network()], "curved"),
        (&["bounds", network()], "expected affine layers"),
        (&["audit", network(), &data, "--points", "11"], "not piecewise affine"),
        (&["trace", network(), "--from", "0", "--to", "1", "--exact"], "no rational times"),
        (&["fold", network(), &data, "--pairs", "all"], "not certified"),
    ];
    for (call, what) in calls {
        let output = run(call);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(1), 1), "{call:?}: {stderr}");
        assert!(stderr.contains(what), "{call:?}: {stderr}");
    }
}
