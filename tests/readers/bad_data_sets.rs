//! Data sets: refusals and their messages.

use crate::files::*;
use plica::data::{self, LoadOptions, Pixels};

fn data_error(name: &str, content: &[u8], options: &LoadOptions) -> String {
    let folder = Folder::new();
    let error = data::DataSet::load(&folder.file(name, content), options).unwrap_err();
    assert!(!error.is_call_error(), "{error}");
    let text = error.to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    text.replace(&format!("{}/", folder.0.display()), "")
}

#[test]
fn malformed_npz_and_npy_data() {
    let plain = LoadOptions::default();
    let check =
        |arrays: &[(&str, Vec<u8>)], message: &str| assert_eq!(data_error("set.npz", &npz(arrays), &plain), format!("set.npz: {message}"));
    let x = || ("X", doubles("(2, 2)", &[0.0; 4]));
    check(&[], "array X is missing");
    check(&[("y", doubles("(2,)", &[0.0; 2]))], "array X is missing");
    check(&[x(), ("Z", doubles("(2,)", &[0.0; 2]))], "array Z is unknown: expected X (n x d) and optionally y (n labels)");
    check(&[("X", doubles("(4,)", &[0.0; 4]))], "array X: shape 4, expected n x d");
    check(&[("X", doubles("(0, 4)", &[]))], "array X: shape 0 x 4 has no values");
    check(&[("X", doubles("(2, 2)", &[0.0, 0.0, f64::NAN, 0.0]))], "array X: [1, 0] is NaN, not a finite number");
    check(&[x(), ("y", doubles("(2,)", &[0.0, 0.5]))], "array y: [1] is 0.5, expected an integer of 64 bits as a label");
    check(&[x(), ("y", doubles("(2,)", &[f64::NAN, 0.5]))], "array y: [0] is NaN, expected an integer of 64 bits as a label");
    check(
        &[x(), ("y", doubles("(2,)", &[0.0, 9223372036854775808.0]))],
        "array y: [1] is 9223372036854775808, expected an integer of 64 bits as a label",
    );
    check(
        &[x(), ("y", npy("<u8", false, "(2,)", &[255; 16]))],
        "array y: [0] is 18446744073709551615, expected an integer of 64 bits as a label",
    );
    check(&[x(), ("y", doubles("(2, 2)", &[0.0; 4]))], "array y: shape 2 x 2, expected one label for each row");
    check(&[x(), ("y", doubles("(3,)", &[0.0; 3]))], "3 labels, but 2 points");
    check(&[x(), ("y", doubles("(0,)", &[]))], "array y: shape 0 has no values");
    assert_eq!(data_error("x.npy", &doubles("(2,)", &[0.0; 2]), &plain), "x.npy: array X: shape 2, expected n x d");
    assert_eq!(
        data_error("x.npy", &npy("<f4", false, "(1, 1)", &f32::INFINITY.to_le_bytes()), &plain),
        "x.npy: array X: [0, 0] is inf, not a finite number"
    );
    assert_eq!(data_error("x.npy", b"", &plain), "x.npy: array X: damaged: missing bytes at the end: 8");
}

#[test]
fn malformed_csv() {
    let check = |content: &[u8], labels: Option<&str>, message: &str| {
        let options = labels.map(options).unwrap_or_default();
        assert_eq!(data_error("set.csv", content, &options), format!("set.csv: {message}"));
    };
    let number = "is not a number (an integer, a decimal or p/q)";
    check(b"", None, "the file has no rows");
    check(b" \n\n", None, "the file has no rows");
    check(b"a,b\n", None, "the file has no rows");
    check(b"1,2\n3\n", None, "row 1 (line 2) has 1 cells, but the first has 2");
    check(b"a,b\n\n1,2\n\n3,4,5\n", None, "row 1 (line 5) has 3 cells, but the first has 2");
    check(b"a,b\n1,2,3\n", None, "row 0 (line 2) has 3 cells, but the first has 2");
    check(b"1,2\n3,x\n", None, &format!("row 1, column 1 (line 2): `x` {number}"));
    check(b"label,1\n3,4\n", None, &format!("row 0, column 0 (line 1): `label` {number}"));
    check(b"1,\n3,4\n", None, &format!("row 0, column 1 (line 1): `` {number}"));
    check(b"1,NaN\n", None, &format!("row 0, column 1 (line 1): `NaN` {number}"));
    check(b"nan\n1\n", None, &format!("row 0, column 0 (line 1): `nan` {number}"));
    check(b"-inf,Infinity\n", None, &format!("row 0, column 0 (line 1): `-inf` {number}"));
    check(b"1/0\n", None, "row 0, column 0 (line 1): `1/0` has a zero denominator");
    check(b"1e99999\n", None, "row 0, column 0 (line 1): `1e99999` has an exponent beyond 10,000");
    check(b"0,5;0,7\n", None, &format!("row 0, column 0 (line 1): `0,5` {number}"));
    check(b"1,2\n", Some("2"), "there is no column `2`: the columns are 0 to 1");
    check(b"x,y\n1,2\n", Some("z"), "there is no column `z`: the columns are 0 to 1, named x, y");
    check(b"1\n2\n", Some("0"), "the file has no columns except the labels");
    check(b"1,0.5\n", Some("1"), "array labels: [0] is 0.5, expected an integer of 64 bits as a label");
    check(b"1,2/3\n", Some("1"), "array labels: [0] is 2/3, expected an integer of 64 bits as a label");
    check(b"1,\xff\n", None, "not text: byte 2 is not UTF-8");
    let packed = gzip(b"1,2\n3,4\n");
    assert!(data_error("set.csv.gz", &packed[..packed.len() - 3], &LoadOptions::default()).starts_with("set.csv.gz: damaged gzip: "));
}

#[test]
fn malformed_idx() {
    let check = |content: &[u8], message: &str| {
        assert_eq!(data_error("x-idx3-ubyte", content, &LoadOptions::default()), format!("x-idx3-ubyte: {message}"))
    };
    check(b"", "array values: damaged: missing bytes at the end: 4");
    check(b"\x01\x00\x08\x01", "array values: not in IDX format: it does not begin with two zero bytes");
    check(&idx(8, &[2, 1, 2], &[0; 3]), "array values: 3 bytes of values, but shape 2 x 1 x 2 and dtype IDX need 4");
    check(&idx(8, &[2, 1, 2], &[0; 5]), "array values: 5 bytes of values, but shape 2 x 1 x 2 and dtype IDX need 4");
    check(&idx(8, &[4], &[0; 4]), "array values: shape 4, expected n x d, or n images");
    check(&idx(8, &[0, 4], &[]), "array values: shape 0 x 4 has no values");
    check(
        &idx(8, &[u32::MAX; 8], &[]),
        &format!("array values: 0 bytes of values, but shape {} and dtype IDX need {}", ["4294967295"; 8].join(" x "), u128::MAX),
    );
    check(&idx(0x0d, &[1, 1], &f32::NAN.to_be_bytes()), "array values: [0, 0] is NaN, not a finite number");
    check(
        &idx(0x0a, &[1, 1], &[0]),
        "array values: dtype 0x0a of IDX is not supported: expected floats (f2, f4, f8; in safetensors also BF16) or integers (i1 to i8, u1 to u8)",
    );
    let whole = gzip(&idx(8, &[2, 2], &[1, 2, 3, 4]));
    assert!(data_error("x.idx.gz", &whole[..whole.len() - 1], &LoadOptions::default()).starts_with("x.idx.gz: array values: damaged: "));
    assert!(
        data_error("x.idx.gz", &gzip(&idx(8, &[1 << 20, 1 << 10], &[1, 2, 3, 4])), &LoadOptions::default())
            .contains("but shape 1048576 x 1024")
    );
    assert!(
        data_error("x.idx.gz", &gzip(&idx(8, &[2, 2], &[1, 2, 3])), &LoadOptions::default())
            .contains("damaged: missing bytes at the end: 1")
    );
    assert!(data_error("x.idx.gz", &gzip(&idx(8, &[2, 2], &[1, 2, 3, 4, 5])), &LoadOptions::default()).contains("bytes follow the values"));
}

#[test]
fn labels_that_do_not_fit() {
    let folder = Folder::new();
    let set = folder.file("set.csv", b"1,2\n3,4\n");
    let labels = |name: &str, content: &[u8]| {
        let file = folder.file(name, content);
        data::DataSet::load(&set, &options(&file)).unwrap_err().to_string().replace(&format!("{}/", folder.0.display()), "")
    };
    assert_eq!(labels("y.npy", &doubles("(3,)", &[0.0; 3])), "y.npy: 3 labels, but 2 points");
    assert_eq!(labels("y.csv", b"0,1\n1,2\n"), "y.csv: array y: shape 2 x 2, expected one label for each row");
    assert_eq!(labels("y.idx", &idx(8, &[2, 2], &[0; 4])), "y.idx: array y: shape 2 x 2, expected one label for each row");
    assert_eq!(labels("y.csv", b"0\n1/2\n"), "y.csv: array y: [1, 0] is 0.5, expected an integer of 64 bits as a label");
    let missing = data::DataSet::load(&set, &options("missing/y.npy")).unwrap_err();
    assert!(missing.to_string().starts_with("missing/y.npy: ") && !missing.is_call_error());
    let npz = data::DataSet::load(&set, &options("y.npz")).unwrap_err();
    assert!(npz.is_call_error());
    assert_eq!(
        npz.to_string(),
        format!("labels `y.npz` cannot be used with `{set}`: a .npz file contains several arrays: expected .npy, .csv or IDX")
    );
    let column = data::DataSet::load("digits", &options("3")).unwrap_err();
    assert!(column.is_call_error());
    assert_eq!(column.to_string(), "labels `3` cannot be used with `digits`: expected a .npy, .csv or IDX file, or a column of a .csv");
}

#[test]
fn text_that_is_no_data_and_no_point() {
    for spec in ["", "mnist", "points.txt", "set.npz.gz", "digits.mat"] {
        let error = data::DataSet::load(spec, &LoadOptions::default()).unwrap_err();
        assert!(error.is_call_error(), "{spec}");
        assert!(error.to_string().starts_with(&format!("`{spec}` is not data: expected a .npz, .npy, .csv or IDX file")), "{error}");
    }
    let point = |spec: &str| data::Point::load(spec, &LoadOptions::default()).unwrap_err();
    for (spec, cause) in [
        ("", "`` is not a number (an integer, a decimal or p/q)"),
        ("1,,2", "`` is not a number (an integer, a decimal or p/q)"),
        ("1,nan", "`nan` is not a number (an integer, a decimal or p/q)"),
        ("1,1/0", "`1/0` has a zero denominator"),
        ("digits#x", "`x` is not a row, counted from 0"),
        ("digits#-1", "`-1` is not a row, counted from 0"),
        ("digits", "the row is missing"),
        ("set.csv", "the row is missing"),
    ] {
        let error = point(spec);
        assert!(error.is_call_error(), "{spec}");
        assert!(
            error.to_string().starts_with(&format!("`{spec}` is not a point: ")) && error.to_string().ends_with(&format!(" ({cause})")),
            "{error}"
        );
    }
    assert_eq!(point("digits#1797").to_string(), "digits: there is no row 1797: the rows are 0 to 1796");
    assert!(!point("digits#1797").is_call_error());
    assert!(point("foo#1").is_call_error());
    let folder = Folder::new();
    let file = folder.file("p.npy", &doubles("()", &[0.0]));
    assert_eq!(point(&file).to_string(), format!("{file}: array point: shape (), expected d, or an image"));
    assert!(!point("missing.npy").is_call_error());
    assert!("half".parse::<Pixels>().unwrap_err().to_string().contains("exact, f64, f32 or raw"));
}

#[test]
fn malformed_segments() {
    let check = |arrays: &[(&str, Vec<u8>)], message: &str| {
        assert_eq!(data::Points::segments_from_npz(&npz(arrays)).unwrap_err().to_string(), message)
    };
    let ends = |name| (name, doubles("(2, 2)", &[0.0; 4]));
    check(&[ends("P")], "array Q is missing");
    check(&[ends("Q")], "array P is missing");
    check(&[ends("P"), ends("Q"), ends("R")], "array R is unknown: expected P and Q, each n x d");
    check(&[ends("P"), ("Q", doubles("(1, 2)", &[0.0; 2]))], "array Q: shape 1 x 2, expected 2 x 2, the shape of P");
    check(&[ends("P"), ("Q", doubles("(2, 2)", &[0.0, f64::NAN, 0.0, 0.0]))], "array Q: [0, 1] is NaN, not a finite number");
    assert!(data::Points::load_segments("segments.npy").unwrap_err().is_call_error());
    assert!(!data::Points::load_segments("missing/segments.npz").unwrap_err().is_call_error());
}
