//! `plica convexity`.

use super::*;

#[test]
fn both_verdicts_stand_side_by_side() {
    let report = json_line(&["convexity", "sawtooth:2"]);
    let expected = ["network", "cells", "inputs", "hidden_layers", "units", "regions", "patterns", "sets", "random", "smallest"];
    assert_eq!(keys(&report), sorted(expected));
    assert_eq!((&report["cells"], &report["regions"], &report["sets"]), (&json!("closed"), &json!(6), &Value::Null));
    assert_eq!(keys(&report["patterns"][0]), sorted(["pattern", "witness", "interior"]));
    let smallest = &report["smallest"]["hamming_only"]["set"];
    assert_eq!(smallest["patterns"], json!(["0000", "1100"]));
    assert_eq!((&smallest["hamming_convex"], &smallest["convex"]), (&json!(true), &json!(false)));
    assert_eq!(smallest["counterexample"]["between"]["pattern"], json!("1010"));
    assert_eq!(report["smallest"]["euclidean_only"]["set"]["patterns"], json!(["1010", "1011", "1111"]));
}

#[test]
fn sets_are_read_as_lines_and_as_json() {
    let file = |name: &str, text: &str| file(&format!("convexity-{name}"), text);
    let lines = file("lines", "# two sets\n1010\n1110\n\n\n1011\n1111\n1110\n");
    let lists = file("lists", r#"[["1010", "1110"], ["1011", "1111", "1110"]]"#);
    let reports: Vec<Value> = [&lines, &lists].map(|path| json_line(&["convexity", "sawtooth:2", "--patterns", path])).into();
    assert_eq!(reports[0]["sets"], reports[1]["sets"]);
    let verdict = |set: usize| (reports[0]["sets"][set]["hamming_convex"].clone(), reports[0]["sets"][set]["convex"].clone());
    assert_eq!((verdict(0), verdict(1)), ((json!(true), json!(false)), (json!(false), json!(true))));
    for (text, status, words) in [
        ("1010\n1012\n", 1, "line 2: character 3 of the pattern is `2`, expected 0 or 1"),
        ("1010\n\n0001\n", 1, "line 3: the pattern 0001 is not realised by a region with interior"),
        ("[[\"10\"]]", 1, "set 0, pattern 0: the pattern 10 has 2 bits"),
        ("# nothing\n", 1, "no patterns"),
    ] {
        let output = run(&["convexity", "sawtooth:2", "--patterns", &file("wrong", text)]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(status), "{stderr}");
        assert!(stderr.contains(words) && stderr.lines().count() == 1, "{stderr}");
    }
}

#[test]
fn random_sets_are_counted_and_limits_said() {
    let report = json_line(&["convexity", "random:2-5-1@1", "--random", "200@3"]);
    let random = &report["random"];
    assert_eq!((&random["hamming_only"], &random["euclidean_only"]), (&json!(0), &json!(0)));
    assert_eq!(random["both"].as_u64().unwrap() + random["neither"].as_u64().unwrap(), 200);
    assert_eq!(json_line(&["convexity", "sawtooth:1", "--half-open"])["cells"], json!("half-open"));
    assert_eq!(run(&["convexity", "sawtooth:2", "--max-regions", "5"]).status.code(), Some(3));
    assert_eq!(run(&["convexity", "sawtooth:2", "--random", "many"]).status.code(), Some(2));
}

#[test]
fn text_fits_80_columns() {
    for arguments in [
        &["convexity", "sawtooth:2"] as &[&str],
        &["convexity", "random:3-6-6-1@2"],
        &["convexity", "cantor:2", "--random", "50"],
        &["convexity", "random:2-4-1@0", "--half-open"],
        &["convexity", "--help"],
    ] {
        let text = stdout(arguments);
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}
