//! `plica regions` and `plica bounds`: the JSON contract, files, pictures, limits.

use super::{file, json_lines, path, run, stdout};
use serde_json::{Value, json};

#[test]
fn regions_follow_the_contract() {
    let found = &json_lines(&["regions", "zigzag:2:3:2", "--box", "0,1"])[0];
    let expected = json!({
        "activation_regions": 81, "linear_regions": 81, "f_vector": [100, 180, 81], "facets": {"4": 81}, "simplices": {"2": 81},
        "volume": {"exact": "1", "value": 1.0}, "gram": null, "bounded": 81, "decision": null,
        "checks": {"euler": true, "facets": true, "volumes": true},
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&found[key], value, "{key}");
    }
    assert_eq!(found["bounds"][0]["value"]["exact"], "4096");
}

#[test]
fn the_whole_space_has_no_volume() {
    let found = &json_lines(&["regions", "random:2-5-1@3", "--space"])[0];
    assert_eq!((found["activation_regions"].as_u64(), found["bounded"].as_u64()), (Some(16), Some(6)));
    assert_eq!(found["volume"], Value::Null);
}

#[test]
fn a_slice_has_its_gram_determinant_and_decisions() {
    let call = ["regions", "digits:2x30", "--plane", "digits#0", "digits#1", "digits#2", "--decide", "argmax"];
    let found = &json_lines(&call)[0];
    assert_eq!(found["volume"]["exact"], "1/2");
    assert!(found["gram"]["value"].as_f64().unwrap() > 0.0);
    let classes = found["decision"]["classes"].as_array().unwrap();
    let volume: f64 = classes.iter().map(|class| class["volume"]["value"].as_f64().unwrap()).sum();
    assert!((volume - 0.5).abs() < 1e-12);
    assert!(stdout(&call).lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn cells_are_written_whole() {
    let out = path("cells.json");
    stdout(&["regions", "cantor:2", "--box", "0,1", "--decide", "sign", "--cells", out.to_str().unwrap()]);
    let all: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    let cells = all["cells"].as_array().unwrap();
    assert_eq!((cells.len(), all["vertices"].as_array().unwrap().len()), (7, 16));
    assert_eq!(cells[0]["classes"], json!([-1, 1]));
    for facet in all["facets"].as_array().unwrap() {
        assert_eq!(facet["side"].is_null(), facet["cells"].as_array().unwrap().len() == 2);
        assert_eq!(facet["side"].is_null(), !facet["units"].as_array().unwrap().is_empty());
    }
}

#[test]
fn pictures_are_files_of_their_kind() {
    let points = file("on_top.csv", "x,y,label\n0.5,0.5,0\n0.25,0.75,1\n3,3,1\n");
    for (end, begins) in [("svg", &b"<svg "[..]), ("png", &b"\x89PNG"[..]), ("html", &b"<!DOCTYPE html>"[..])] {
        for color in ["pattern", "map", "region", "gradient", "depth", "decision"] {
            let out = path(&format!("picture-{color}.{end}"));
            let call = [
                "regions",
                "random:2-8-8-1@2",
                "--box",
                "-1,1",
                "--decide",
                "sign",
                "--color",
                color,
                "--points",
                &points,
                "--labels",
                "label",
            ];
            stdout(&[&call[..], &["--plot", out.to_str().unwrap()]].concat());
            let picture = std::fs::read(&out).unwrap();
            assert!(picture.starts_with(begins), "{color}.{end}");
            if end == "svg" {
                let text = String::from_utf8(picture).unwrap();
                assert!(text.matches("<circle").count() == 2 && !text.contains("NaN"), "{color}");
            }
        }
    }
}

/// The corners of a slice are projected onto themselves, exactly: rounding puts none of them outside.
#[test]
fn the_corners_of_a_slice_are_drawn() {
    let corners = "digits#3 digits#7 digits#9".split(' ').collect::<Vec<_>>();
    let out = path("corners.svg");
    stdout(&[&["regions", "digits:6x10", "--plane"], &corners[..], &["--points", "digits", "--plot", out.to_str().unwrap()]].concat());
    let picture = std::fs::read_to_string(&out).unwrap();
    let circle = |x: f64, y: f64| picture.contains(&format!("<circle cx=\"{x:.2}\" cy=\"{y:.2}\""));
    assert!(circle(70.0, 848.0) && circle(870.0, 848.0) && circle(70.0, 48.0), "{:?}", picture.find("<circle"));
}

/// An error that is visible without opening a file is an error of the call; limits have their own status.
#[test]
fn bad_calls_and_limits_are_one_line() {
    let line = file("points.csv", "0,0\n1,1\n2,2\n");
    let plane: Vec<String> = (0..3).map(|k| format!("{line}#{k}")).collect();
    let [huge, tiny] = [format!("-1{z},1{z}", z = "0".repeat(400)), format!("0,1/1{}", "0".repeat(400))];
    let cases: [(&[&str], i32, &str); 13] = [
        (&["zigzag:2:3:1", "--box", &huge, "--plot", "x.svg"], 2, "do not fit doubles"),
        (&["zigzag:2:3:1", "--box", &tiny, "--plot", "x.svg"], 2, "do not fit doubles"),
        (&["zigzag:2:3:1", "--box", "0..1;1..1.000000000000000000001", "--plot", "x.svg"], 2, "do not fit doubles"),
        (&["cantor:2", "--box", "1,0"], 2, "must ascend"),
        (&["cantor:2", "--box", "0..1"], 2, "1 ranges"),
        (&["cantor:2", "--box", "0,1", "--max-regions", "3"], 3, "more than 3 regions"),
        (&["cantor:2", "--plane", "0,0", "1,1", "2,2"], 2, "on one line"),
        (&["cantor:2", "--plane", &plane[0], &plane[1], &plane[2]], 1, "on one line"),
        (&["cantor:2", "--plane", "0,0,0", "1,1", "2,2"], 2, "dimension 3"),
        (&["cantor:2", "--box", "0,1", "--decide", "argmax"], 2, "use sign"),
        (&["digits:3x20", "--box", "0,1"], 2, "expected at most 12"),
        (&["random:3-4-1@0", "--box", "0,1", "--plot", "x.svg"], 2, "two dimensions"),
        (&["cantor:2", "--box", "0,1", "--plot", "x.svg", "--color", "decision"], 2, "--decide"),
    ];
    for (arguments, status, words) in cases {
        let output = run(&[&["regions"], arguments].concat());
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), stderr.lines().count()), (Some(status), 1), "{arguments:?}: {stderr}");
        assert!(stderr.contains(words) && output.stdout.is_empty(), "{stderr}");
    }
}

/// Every width that doubles can scale to a page is drawn, without NaN or infinite numbers.
#[test]
fn large_and_small_boxes_are_drawn() {
    for exponent in [-290, -120, 120, 300] {
        let box_of = format!("-1e{exponent},1e{exponent}");
        for end in ["svg", "png", "html"] {
            let out = path(&format!("scaled.{end}"));
            stdout(&["regions", "cantor:2", "--box", &box_of, "--plot", out.to_str().unwrap()]);
            let picture = std::fs::read(&out).unwrap();
            assert!(end == "png" || !String::from_utf8(picture).unwrap().contains("NaN"), "{exponent} {end}");
        }
    }
}

#[test]
fn bounds_take_networks_and_shapes() {
    let by_shape = &json_lines(&["bounds", "2-3-2-3-2-1"])[0];
    let by_network = &json_lines(&["bounds", "cantor:2"])[0];
    assert_eq!(by_shape["bounds"], by_network["bounds"]);
    assert!(by_shape["bounds"].as_array().unwrap().iter().any(|bound| bound["source"] == "Serra et al. 2018, Thm 1"));
    assert!(stdout(&["bounds", "784-20-20-20-10"]).lines().all(|line| line.chars().count() <= 80));
    assert_eq!(run(&["bounds", "2-0-1"]).status.code(), Some(2));
}
