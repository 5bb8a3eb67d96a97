//! Text: only 0 is written as 0, no number as infinite, and a share as 0 % or 100 % only if it is that.

use super::{error, file, json, stdout};

/// The words of a text between a name and the end of its line.
fn after<'t>(text: &'t str, name: &str) -> &'t str {
    let line = text.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_else(|| panic!("{name} in {text}"));
    line.trim_start()[name.len()..].trim()
}

#[test]
fn volumes_beyond_the_doubles_have_their_digits() {
    for (size, volume) in [("1e-200", "1e-400"), ("1e200", "1e400"), ("1e-3000", "1e-6000")] {
        let call = ["regions", "random:2-3-1@1", "--box", &format!("0,{size}"), "--quiet"];
        let text = stdout(&call);
        assert_eq!(after(&text, "volume "), volume, "{text}");
        for wrong in ["0.000000", "0.000e0", "inf", "NaN"] {
            assert!(!text.contains(wrong), "{text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        // JSON has no number beyond the doubles; the nearest double of a tiny number is 0.
        let report = json(&call);
        let value = &report["volume"]["value"];
        assert!(if size.starts_with("1e-") { value.as_f64() == Some(0.0) } else { value.is_null() }, "{report}");
        assert_eq!(
            report["volume"]["exact"].as_str().unwrap().len(),
            volume[2..].trim_start_matches('-').parse::<usize>().unwrap() + if size == "1e200" { 1 } else { 3 }
        );
    }
}

#[test]
fn times_near_the_ends_of_a_segment_are_inside_it() {
    let at = |t: &str| {
        let network = file("late.json", format!(r#"{{"layers":[{{"W":[["1"]],"b":["-{t}"]}},{{"W":[[1]],"b":[0]}}]}}"#));
        [&["--exact"][..], &[]].map(|option| {
            let text = stdout(&[&["trace", &network, "--from", "0", "--to", "1"], option].concat());
            assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
            let row = text.lines().find(|line| line.trim_start().starts_with("1  ")).unwrap();
            row.split_whitespace().nth(1).unwrap().to_string()
        })
    };
    let [exact, filtered] = at("1/100000000000000000000");
    assert!(exact == "1.000000000e-20" && filtered.starts_with('<') && filtered.ends_with("e-16"), "{exact} {filtered}");
    let [exact, filtered] = at("1152921504606846975/1152921504606846976");
    assert!(exact == ">1-1.2e-16" && filtered.starts_with(">1-"), "{exact} {filtered}");
    assert_eq!(at("1/4"), ["1/4", "0.250000000000"]);
}

#[test]
fn shares_are_neither_none_nor_all_unless_they_are() {
    let network = file("share.json", r#"{"layers":[{"W":[[1]],"b":[2]},{"W":[[1]],"b":["-2000000001/1000000000"]}]}"#);
    let text = stdout(&["regions", &network, "--box", "-1,1", "--decide", "sign", "--quiet"]);
    assert!(text.contains("50.00 %"), "{text}");
    let text = stdout(&["regions", &network, "--box", "-999999,1/1000000", "--decide", "sign", "--quiet"]);
    assert!(text.contains("<0.01 %") && text.contains(">99.99 %"), "{text}");
}

#[test]
fn maps_in_pictures_have_their_digits() {
    let network = file("map.json", r#"{"layers":[{"W":[[1,0],[0,1]],"b":[1,1]},{"W":[["1/1000000000",1e300]],"b":["1/3"]}]}"#);
    for ending in ["svg", "html"] {
        let place = super::path(&format!("map.{ending}"));
        stdout(&["regions", &network, "--box", "0,1", "--plot", place.to_str().unwrap(), "--quiet"]);
        let picture = std::fs::read_to_string(place).unwrap();
        assert!(picture.contains("+1e-9 x0 +1.000e300 x1 +1.000e300"), "{picture}");
    }
}

#[test]
fn axes_of_small_and_far_boxes_have_labels_that_differ() {
    for domain in ["0,1e-9", "-1e-30,1e-30", "0,1e12", "1000000..1000001;0..1"] {
        let place = super::path("axes.svg");
        stdout(&["regions", "random:2-3-1@1", "--box", domain, "--plot", place.to_str().unwrap(), "--quiet"]);
        let picture = std::fs::read_to_string(&place).unwrap();
        let labels = |anchor: &str| -> Vec<&str> {
            let texts = picture.split("<text ").filter(|text| text.contains(anchor) && text.contains(r#"font-size="12""#));
            texts.filter_map(|text| text.split_once('>')?.1.split_once('<')).map(|(text, _)| text).collect()
        };
        for anchor in ["middle", "end"] {
            let labels = labels(&format!(r#"text-anchor="{anchor}""#));
            assert!(labels.len() >= 3, "{domain}: {labels:?}");
            assert!(labels.windows(2).all(|pair| pair[0] != pair[1]), "{domain}: {labels:?}");
        }
    }
}

#[test]
fn a_network_without_hidden_layer_has_one_region() {
    let network = file("affine.json", r#"{"layers":[{"W":[[1,2]],"b":[0]}]}"#);
    for name in [network.as_str(), "2-1"] {
        let report = json(&["bounds", name]);
        assert_eq!(report["units"], 0);
        for bound in report["bounds"].as_array().unwrap() {
            assert_eq!((bound["relation"].as_str(), bound["value"]["exact"].as_str()), (Some("exactly"), Some("1")));
        }
        assert!(stdout(&["bounds", name]).contains("0 hidden units"));
    }
    let report = json(&["regions", &network, "--box", "0,1", "--quiet"]);
    assert_eq!((report["activation_regions"].as_u64(), report["linear_regions"].as_u64()), (Some(1), Some(1)));
}

#[test]
fn a_shape_beyond_the_limit_is_told_the_limit() {
    for (shape, width) in [("2-20001-1", "20001"), ("2-99999999999999999999999-1", "99999999999999999999999")] {
        let message = error(2, &["bounds", shape]);
        assert!(message.contains(width) && message.contains("20000") && !message.contains("not a shape"), "{message}");
    }
    assert!(error(2, &["bounds", "2-0-1"]).contains("not a shape"));
}

#[test]
fn bounds_are_rounded_and_not_cut() {
    // 2^60 - 1 rounds to 1.15e18; 1999 units over one input: 2000 regions, and 2^1999 patterns.
    let text = stdout(&["bounds", "1-1999-1"]);
    assert!(text.contains("5.74e601"), "{text}"); // 2^1999 = 5.7406535...e601
    let text = stdout(&["bounds", "1-60-1"]);
    assert!(text.contains("1.15e18"), "{text}");
}

#[test]
fn the_table_of_classes_has_room_for_every_label() {
    let labels = [i64::MIN, -7, 0, 12_345_678, i64::MAX];
    let points: String = labels.iter().enumerate().map(|(k, label)| format!("0,{k},{label}\n1,{},{label}\n", k * k)).collect();
    let text = stdout(&["fold", "random:2-4-1@1", &file("long_labels.csv", points), "--labels", "2", "--quiet"]);
    let (_, table) = text.split_once("mean chi from class (row) to class (column)").unwrap();
    let (table, _) = table.split_once("  segments").unwrap();
    let words: Vec<&str> = table.split_whitespace().collect();
    // Each label appears once above a column, and once beside its row in each of the three blocks of columns.
    for label in labels {
        assert_eq!(words.iter().filter(|word| **word == label.to_string()).count(), 4, "{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
}
