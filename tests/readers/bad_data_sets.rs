//! Data sets: refusals and their messages.

use crate::files::*;
use plica::data::{self, LoadOptions, Pixels};

fn data_error(name: &str, content: &[u8], options: &LoadOptions) -> String {
    let folder = Folder::new();
    let error = data::load(&folder.file(name, content), options).unwrap_err();
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
    check(&[x(), ("Z", doubles("(2,)", &[0.0; 2]))], "array Z is unknown: data are X, n x d, and y, n labels or none");
    check(&[("X", doubles("(4,)", &[0.0; 4]))], "array X: shape 4, but n x d is expected");
    check(&[("X", doubles("(0, 4)", &[]))], "array X: shape 0 x 4 holds no values");
    check(&[("X", doubles("(2, 2)", &[0.0, 0.0, f64::NAN, 0.0]))], "array X: [1, 0] is NaN, not a finite number");
    check(&[x(), ("y", doubles("(2,)", &[0.0, 0.5]))], "array y: [1] is 0.5, and a label is an integer of 64 bits");
    check(&[x(), ("y", doubles("(2,)", &[f64::NAN, 0.5]))], "array y: [0] is NaN, and a label is an integer of 64 bits");
    check(
        &[x(), ("y", doubles("(2,)", &[0.0, 9223372036854775808.0]))],
        "array y: [1] is 9223372036854775808, and a label is an integer of 64 bits",
    );
    check(
        &[x(), ("y", npy("<u8", false, "(2,)", &[255; 16]))],
        "array y: [0] is 18446744073709551615, and a label is an integer of 64 bits",
    );
    check(&[x(), ("y", doubles("(2, 2)", &[0.0; 4]))], "array y: shape 2 x 2, but one label a row is expected");
    check(&[x(), ("y", doubles("(3,)", &[0.0; 3]))], "3 labels, but 2 points");
    check(&[x(), ("y", doubles("(0,)", &[]))], "array y: shape 0 holds no values");
    assert_eq!(data_error("x.npy", &doubles("(2,)", &[0.0; 2]), &plain), "x.npy: array X: shape 2, but n x d is expected");
    assert_eq!(
        data_error("x.npy", &npy("<f4", false, "(1, 1)", &f32::INFINITY.to_le_bytes()), &plain),
        "x.npy: array X: [0, 0] is inf, not a finite number"
    );
    assert_eq!(data_error("x.npy", b"", &plain), "x.npy: array X: damaged: the bytes end 8 too early");
}

#[test]
fn malformed_csv() {
    let check = |content: &[u8], labels: Option<&str>, message: &str| {
        let options = labels.map(options).unwrap_or_default();
        assert_eq!(data_error("set.csv", content, &options), format!("set.csv: {message}"));
    };
    let number = "is not a number (an integer, a decimal or p/q)";
    check(b"", None, "it holds no rows");
    check(b" \n\n", None, "it holds no rows");
    check(b"a,b\n", None, "it holds no rows");
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
    check(b"1,2\n", Some("2"), "there is no column `2`: it has the columns 0 to 1");
    check(b"x,y\n1,2\n", Some("z"), "there is no column `z`: it has the columns 0 to 1, named x, y");
    check(b"1\n2\n", Some("0"), "it holds no columns but the labels");
    check(b"1,0.5\n", Some("1"), "array labels: [0] is 0.5, and a label is an integer of 64 bits");
    check(b"1,2/3\n", Some("1"), "array labels: [0] is 2/3, and a label is an integer of 64 bits");
    check(b"1,\xff\n", None, "not text: byte 2 is not UTF-8");
    let packed = gzip(b"1,2\n3,4\n");
    assert!(data_error("set.csv.gz", &packed[..packed.len() - 3], &LoadOptions::default()).starts_with("set.csv.gz: damaged gzip: "));
}

#[test]
fn malformed_idx() {
    let check = |content: &[u8], message: &str| {
        assert_eq!(data_error("x-idx3-ubyte", content, &LoadOptions::default()), format!("x-idx3-ubyte: {message}"))
    };
    check(b"", "array values: damaged: the bytes end 4 too early");
    check(b"\x01\x00\x08\x01", "array values: not in IDX format: it does not begin with two zero bytes");
    check(&idx(8, &[2, 1, 2], &[0; 3]), "array values: 3 bytes of values, but shape 2 x 1 x 2 and dtype IDX need 4");
    check(&idx(8, &[2, 1, 2], &[0; 5]), "array values: 5 bytes of values, but shape 2 x 1 x 2 and dtype IDX need 4");
    check(&idx(8, &[4], &[0; 4]), "array values: shape 4, but n x d, or n images is expected");
    check(&idx(8, &[0, 4], &[]), "array values: shape 0 x 4 holds no values");
    check(
        &idx(8, &[u32::MAX; 8], &[]),
        &format!("array values: 0 bytes of values, but shape {} and dtype IDX need {}", ["4294967295"; 8].join(" x "), u128::MAX),
    );
    check(&idx(0x0d, &[1, 1], &f32::NAN.to_be_bytes()), "array values: [0, 0] is NaN, not a finite number");
    check(
        &idx(0x0a, &[1, 1], &[0]),
        "array values: dtype 0x0a of IDX is not read: floats (f2, f4, f8; in safetensors BF16 too) and integers (i1 to i8, u1 to u8) are",
    );
    let whole = gzip(&idx(8, &[2, 2], &[1, 2, 3, 4]));
    assert!(data_error("x.idx.gz", &whole[..whole.len() - 1], &LoadOptions::default()).starts_with("x.idx.gz: array values: damaged: "));
    assert!(
        data_error("x.idx.gz", &gzip(&idx(8, &[1 << 20, 1 << 10], &[1, 2, 3, 4])), &LoadOptions::default())
            .contains("but shape 1048576 x 1024")
    );
    assert!(
        data_error("x.idx.gz", &gzip(&idx(8, &[2, 2], &[1, 2, 3])), &LoadOptions::default()).contains("damaged: the bytes end 1 too early")
    );
    assert!(data_error("x.idx.gz", &gzip(&idx(8, &[2, 2], &[1, 2, 3, 4, 5])), &LoadOptions::default()).contains("bytes follow the values"));
}

#[test]
fn labels_that_do_not_fit() {
    let folder = Folder::new();
    let set = folder.file("set.csv", b"1,2\n3,4\n");
    let labels = |name: &str, content: &[u8]| {
        let file = folder.file(name, content);
        data::load(&set, &options(&file)).unwrap_err().to_string().replace(&format!("{}/", folder.0.display()), "")
    };
    assert_eq!(labels("y.npy", &doubles("(3,)", &[0.0; 3])), "y.npy: 3 labels, but 2 points");
    assert_eq!(labels("y.csv", b"0,1\n1,2\n"), "y.csv: array y: shape 2 x 2, but one label a row is expected");
    assert_eq!(labels("y.idx", &idx(8, &[2, 2], &[0; 4])), "y.idx: array y: shape 2 x 2, but one label a row is expected");
    assert_eq!(labels("y.csv", b"0\n1/2\n"), "y.csv: array y: [1, 0] is 0.5, and a label is an integer of 64 bits");
    let missing = data::load(&set, &options("missing/y.npy")).unwrap_err();
    assert!(missing.to_string().starts_with("missing/y.npy: ") && !missing.is_call_error());
    let npz = data::load(&set, &options("y.npz")).unwrap_err();
    assert!(npz.is_call_error());
    assert_eq!(npz.to_string(), format!("labels `y.npz` cannot go with `{set}`: a .npz file holds several arrays; use .npy, .csv or IDX"));
    let column = data::load("digits", &options("3")).unwrap_err();
    assert!(column.is_call_error());
    assert_eq!(column.to_string(), "labels `3` cannot go with `digits`: neither a .npy, .csv or IDX file, nor a column of a .csv");
}

#[test]
fn text_that_is_no_data_and_no_point() {
    for spec in ["", "mnist", "points.txt", "set.npz.gz", "digits.mat"] {
        let error = data::load(spec, &LoadOptions::default()).unwrap_err();
        assert!(error.is_call_error(), "{spec}");
        assert!(error.to_string().starts_with(&format!("`{spec}` is not data: a .npz, .npy, .csv or IDX file")), "{error}");
    }
    let point = |spec: &str| data::load_point(spec, &LoadOptions::default()).unwrap_err();
    for (spec, cause) in [
        ("", "`` is not a number (an integer, a decimal or p/q)"),
        ("1,,2", "`` is not a number (an integer, a decimal or p/q)"),
        ("1,nan", "`nan` is not a number (an integer, a decimal or p/q)"),
        ("1,1/0", "`1/0` has a zero denominator"),
        ("digits#x", "`x` is not a row, counted from 0"),
        ("digits#-1", "`-1` is not a row, counted from 0"),
        ("digits", "a row must be named"),
        ("set.csv", "a row must be named"),
    ] {
        let error = point(spec);
        assert!(error.is_call_error(), "{spec}");
        assert!(
            error.to_string().starts_with(&format!("`{spec}` is not a point: ")) && error.to_string().ends_with(&format!(" ({cause})")),
            "{error}"
        );
    }
    assert_eq!(point("digits#1797").to_string(), "digits: there is no row 1797: it has the rows 0 to 1796");
    assert!(!point("digits#1797").is_call_error());
    assert!(point("foo#1").is_call_error());
    let folder = Folder::new();
    let file = folder.file("p.npy", &doubles("()", &[0.0]));
    assert_eq!(point(&file).to_string(), format!("{file}: array point: shape (), but d, or an image is expected"));
    assert!(!point("missing.npy").is_call_error());
    assert!("half".parse::<Pixels>().unwrap_err().to_string().contains("exact, f64, f32 or raw"));
}

#[test]
fn malformed_segments() {
    let check =
        |arrays: &[(&str, Vec<u8>)], message: &str| assert_eq!(data::segments_from_bytes(&npz(arrays)).unwrap_err().to_string(), message);
    let ends = |name| (name, doubles("(2, 2)", &[0.0; 4]));
    check(&[ends("P")], "array Q is missing");
    check(&[ends("Q")], "array P is missing");
    check(&[ends("P"), ends("Q"), ends("R")], "array R is unknown: segments are P and Q, each n x d");
    check(&[ends("P"), ("Q", doubles("(1, 2)", &[0.0; 2]))], "array Q: shape 1 x 2, but 2 x 2, the shape of P, is expected");
    check(&[ends("P"), ("Q", doubles("(2, 2)", &[0.0, f64::NAN, 0.0, 0.0]))], "array Q: [0, 1] is NaN, not a finite number");
    assert!(data::load_segments("segments.npy").unwrap_err().is_call_error());
    assert!(!data::load_segments("missing/segments.npz").unwrap_err().is_call_error());
}
