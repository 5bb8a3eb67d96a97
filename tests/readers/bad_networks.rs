//! Networks: refusals and their messages.

use crate::files::*;
use plica::network;

/// The loader's message about a file, without the folder; checks that it is an error of the file, not of the call.
fn network_error(name: &str, content: &[u8]) -> String {
    let folder = Folder::new();
    let error = network::load(&folder.file(name, content)).unwrap_err();
    assert!(!error.is_call_error(), "{error}");
    let text = error.to_string();
    assert_eq!(text.lines().count(), 1, "{text}");
    text.replace(&format!("{}/", folder.0.display()), "")
}

fn replaced(name: &str, array: Vec<u8>) -> Vec<u8> {
    npz(&small_arrays().into_iter().map(|(n, a)| if n == name { (n, array.clone()) } else { (n, a) }).collect::<Vec<_>>())
}

#[test]
fn malformed_npz_networks() {
    let check = |content: &[u8], message: &str| assert_eq!(network_error("net.npz", content), message);
    let nan = |place: usize, value: f64| (0..6).map(|i| if i == place { value } else { 1.0 }).collect::<Vec<f64>>();
    check(&replaced("W1", doubles("(3, 5)", &[0.0; 15])), "net.npz: array W1: shape 3 x 5, but the layer below has 3 outputs");
    check(&replaced("W1", doubles("(2, 3)", &nan(5, f64::NAN))), "net.npz: array W1: [1, 2] is NaN, not a finite number");
    check(&replaced("W1", doubles("(2, 3)", &nan(1, f64::INFINITY))), "net.npz: array W1: [0, 1] is inf, not a finite number");
    check(&replaced("b1", doubles("(2,)", &[0.0, f64::NEG_INFINITY])), "net.npz: array b1: [1] is -inf, not a finite number");
    check(
        &replaced("W1", npy("<f2", false, "(2, 3)", &[0, 0, 0, 0x7c, 0, 0, 0, 0, 0, 0, 0, 0])),
        "net.npz: array W1: [0, 1] is inf, not a finite number",
    );
    check(&replaced("b1", doubles("(3,)", &[0.0; 3])), "net.npz: array b1: length 3, but the layer has 2 outputs");
    check(&replaced("b1", doubles("(2, 1)", &[0.0; 2])), "net.npz: array b1: shape 2 x 1, expected 2");
    check(&replaced("b1", doubles("()", &[0.0])), "net.npz: array b1: shape (), expected 2");
    check(&replaced("W0", doubles("(12,)", &[0.0; 12])), "net.npz: array W0: shape 12, expected outputs x inputs");
    check(&replaced("W0", doubles("(3, 2, 2)", &[0.0; 12])), "net.npz: array W0: shape 3 x 2 x 2, expected outputs x inputs");
    check(&replaced("W0", doubles("(0, 4)", &[])), "net.npz: array W0: shape 0 x 4 has no values");
    check(&replaced("W0", doubles("(3, 0)", &[])), "net.npz: array W0: shape 3 x 0 has no values");
    check(&npz(&[]), "net.npz: the file has no layers");
    check(&npz(&small_arrays()[1..]), "net.npz: array W0 is missing");
    check(&npz(&small_arrays()[2..]), "net.npz: array W0 is missing");
    let mut arrays = small_arrays();
    arrays.push(("W3", doubles("(1, 1)", &[0.0])));
    check(&npz(&arrays), "net.npz: array W2 is missing");
    for name in ["W01", "w0", "X", "W", "W-1", "W+1", "", "folder/W0"] {
        arrays[4].0 = name;
        check(&npz(&arrays), &format!("net.npz: array {name} is unknown: expected W0, b0, W1, b1, ..."));
    }
    check(&zipped(&[("readme.txt", vec![])], false), "net.npz: `readme.txt` in the archive is not a .npy file");
    assert!(network_error("net.npz", b"").starts_with("net.npz: not a whole .npz archive: "));
    assert!(
        network_error("net.npz", b"not a zip archive at all, though long enough for its directory")
            .starts_with("net.npz: not a whole .npz archive: ")
    );
}

#[test]
fn malformed_npy_inside_npz() {
    let check = |array: Vec<u8>, message: &str| {
        assert_eq!(network_error("net.npz", &replaced("W1", array)), format!("net.npz: array W1: {message}"))
    };
    let dtype = |d: &str| {
        format!("dtype {d} is not supported: expected floats (f2, f4, f8; in safetensors also BF16) or integers (i1 to i8, u1 to u8)")
    };
    check(npy("<c16", false, "(2, 3)", &[0; 96]), &dtype("<c16"));
    check(npy("|b1", false, "(2, 3)", &[0; 6]), &dtype("|b1"));
    check(npy("|O", false, "(2, 3)", &[0; 48]), &dtype("|O"));
    check(npy("<f16", false, "(2, 3)", &[0; 96]), &dtype("<f16"));
    check(npy_with_header("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2, 3)}", &[0; 48]), &dtype("with fields"));
    check(npy("<f8", false, "(2, 3)", &[0; 47]), "47 bytes of values, but shape 2 x 3 and dtype <f8 need 48");
    check(npy("<f8", false, "(2, 3)", &[0; 49]), "49 bytes of values, but shape 2 x 3 and dtype <f8 need 48");
    check(
        npy("<f8", false, "(4000000000, 4000000000)", &[0; 48]),
        "48 bytes of values, but shape 4000000000 x 4000000000 and dtype <f8 need 128000000000000000000",
    );
    let huge = format!("({0}, {0}, {0}, {0})", u64::MAX);
    check(
        npy("<f8", false, &huge, &[]),
        &format!("0 bytes of values, but shape {0} x {0} x {0} x {0} and dtype <f8 need {1}", u64::MAX, u128::MAX),
    );
    let bad = |header: &str, message: &str| check(npy_with_header(header, &[0; 48]), &format!("not in .npy format: {message}"));
    check(b"NUMPY is not there".to_vec(), "not in .npy format: it does not begin with \\x93NUMPY");
    check(b"\x93NUMPY\x09\x00\x00\x00".to_vec(), "not in .npy format: version 9 is unknown");
    check(b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(), "not in .npy format: the header states a length of 4294967295 bytes");
    check(b"\x93NUMPY\x01\x00\xff\x00{".to_vec(), "damaged: missing bytes at the end: 254");
    check(b"\x93NUM".to_vec(), "damaged: missing bytes at the end: 4");
    bad("", "expected `{` in the header, found its end");
    bad("{'shape': (2, 3), 'fortran_order': False}", "the header lacks `descr`");
    bad("{'descr': '<f8', 'fortran_order': False}", "the header lacks `shape`");
    bad("{'descr': '<f8', 'shape': (2, 3)}", "the header lacks `fortran_order`");
    bad("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}", "the header has `descr` twice");
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), 'more': 1}", "unknown key `more` in the header");
    bad("{'descr': '<f8', 'fortran_order': 1, 'shape': (2, 3)}", "expected True or False for `fortran_order`");
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': (2, -3)}", "the shape is not a tuple of lengths");
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': 6}", "expected `(` in the header, found `6`");
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 99999999999999999999)}", "the shape is not a tuple of lengths");
    bad("{'descr': <f8, 'fortran_order': False, 'shape': (2, 3)}", "expected a quoted string in the header");
    bad("{'descr': '<f8", "a quote is not closed in the header");
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)} + 1", "something follows the header's dictionary");
    bad(&format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({})}}", "1,".repeat(33)), "the shape has more than 32 dimensions");
}

#[test]
fn an_array_twice_in_an_archive_is_refused() {
    // No writer makes an archive like this, so a name is overwritten in one.
    let mut arrays = small_arrays();
    arrays.push(("V9", doubles("(3, 4)", &[0.0; 12])));
    let mut bytes = npz(&arrays);
    let places: Vec<usize> = (0..bytes.len() - 6).filter(|&i| &bytes[i..i + 6] == b"V9.npy").collect();
    assert_eq!(places.len(), 2);
    places.iter().for_each(|&i| bytes[i..i + 2].copy_from_slice(b"W0"));
    assert_eq!(network_error("net.npz", &bytes), "net.npz: array W0 occurs twice");
}

#[test]
fn an_archive_that_lies_about_sizes_is_refused() {
    let bytes = npz(&[("W0", doubles("(1, 1)", &[1.0])), ("b0", doubles("(1,)", &[1.0]))]);
    // The first entry of the directory: 20 is the compressed size, 24 the size.
    let directory = (0..bytes.len()).find(|&i| bytes[i..].starts_with(b"PK\x01\x02")).unwrap();
    for (offset, value) in [(24, 0xffff_fff0u32), (20, 0xffff_fff0), (24, 7), (16, 0)] {
        let mut lie = bytes.clone();
        lie[directory + offset..directory + offset + 4].copy_from_slice(&value.to_le_bytes());
        let text = network_error("net.npz", &lie);
        assert!(text.starts_with("net.npz: "), "{text}");
    }
    let mut damaged = bytes.clone();
    let place = (0..bytes.len()).find(|&i| bytes[i..].starts_with(&1f64.to_le_bytes())).unwrap();
    damaged[place] ^= 1;
    assert_eq!(network_error("net.npz", &damaged), "net.npz: array W0: damaged: Invalid checksum");
}

#[test]
fn malformed_json_networks() {
    let check = |content: &str, message: &str| assert_eq!(network_error("net.json", content.as_bytes()), format!("net.json: {message}"));
    let layers = |w: &str, b: &str| format!(r#"{{"layers":[{{"W":[[1,2],[3,4]],"b":[0,0]}},{{"W":{w},"b":{b}}}]}}"#);
    check(&layers("[[1,2],[3]]", "[0,0]"), "array layers[1].W: row 1 has length 1, but row 0 has length 2");
    check(&layers("[[1,2],[3,4,5]]", "[0,0]"), "array layers[1].W: row 1 has length 3, but row 0 has length 2");
    check(&layers("[[1,2,3]]", "[0]"), "array layers[1].W: shape 1 x 3, but the layer below has 2 outputs");
    check(&layers("[[1,2]]", "[0,0]"), "array layers[1].b: length 2, but the layer has 1 outputs");
    check(&layers("[[1,\"x\"]]", "[0]"), "array layers[1].W: [0, 1]: `x` is not a number (an integer, a decimal or p/q)");
    check(&layers("[[1,2]]", "[\"1/0\"]"), "array layers[1].b: [0]: `1/0` has a zero denominator");
    check(&layers("[[1,2]]", "[\"inf\"]"), "array layers[1].b: [0]: `inf` is not a number (an integer, a decimal or p/q)");
    check(&layers("[]", "[]"), "array layers[1].W: shape 0 x 0 has no values");
    check(&layers("[[]]", "[0]"), "array layers[1].W: shape 1 x 0 has no values");
    check(r#"{"layers":[]}"#, "the file has no layers");
    let starts = |content: &str, message: &str| {
        let text = network_error("net.json", content.as_bytes());
        assert!(text.starts_with(&format!("net.json: not the JSON of a network: {message}")), "{text}");
    };
    starts("", "EOF while parsing a value");
    starts("{}", "missing field `layers`");
    starts(r#"{"layers":[{"b":[0]}]}"#, "missing field `W`");
    starts(r#"{"layers":[{"W":[[1]],"b":[0],"activation":"tanh"}]}"#, "unknown field `activation`");
    starts(r#"{"layers":[{"W":[[1]],"b":[0],"b":[1]}]}"#, "duplicate field `b`");
    starts(r#"{"layers":[],"layers":[]}"#, "duplicate field `layers`");
    starts(&layers("[[1,null]]", "[0]"), "invalid type: null, expected a number, or a string such as \"1/3\"");
    starts(&layers("[[1,true]]", "[0]"), "invalid type: boolean `true`, expected a number");
    starts(&layers("[1,2]", "[0]"), "invalid type: integer `1`, expected a sequence");
    starts(&layers("[[1,1e400]]", "[0]"), "number out of range");
    starts(&layers(&format!("[[1,1{}]]", "0".repeat(400)), "[0]"), "number out of range");
    starts(r#"{"layers":[]} x"#, "trailing characters");
    starts(&"[".repeat(1000), "");
    for word in ["NaN", "Infinity", "-Infinity"] {
        let text = network_error("net.json", layers(&format!("[[1,{word}]]"), "[0]").as_bytes());
        assert!(text.ends_with(&format!("; `{word}` is not a finite number")), "{text}");
    }
}

#[test]
fn malformed_safetensors_networks() {
    let check =
        |content: &[u8], message: &str| assert_eq!(network_error("net.safetensors", content), format!("net.safetensors: {message}"));
    let f32s = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    let w = || ("0.weight", "F32", &[2usize, 1][..], f32s(&[1.0, 2.0]));
    let with = |other: (&str, &str, &[usize], Vec<u8>)| tensors(&[w(), other]);
    check(&tensors(&[]), "the file has no layers");
    check(&with(("0.bias", "F32", &[3], f32s(&[0.0; 3]))), "array 0.bias: length 3, but the layer has 2 outputs");
    check(&with(("0.bias", "F32", &[2], f32s(&[0.0, f32::NAN]))), "array 0.bias: [1] is NaN, not a finite number");
    check(&with(("2.weight", "F32", &[1, 3], f32s(&[0.0; 3]))), "array 2.weight: shape 1 x 3, but the layer below has 2 outputs");
    check(&with(("2.weight", "F32", &[1, 2], f32s(&[0.0, f32::INFINITY]))), "array 2.weight: [0, 1] is inf, not a finite number");
    check(&with(("1.weight", "F32", &[2], f32s(&[0.0; 2]))), "array 1.weight: shape 2, expected outputs x inputs");
    check(&with(("1.bias", "F32", &[2], f32s(&[0.0; 2]))), "array 1.weight is missing");
    check(
        &with(("1.running_mean", "F32", &[2], f32s(&[0.0; 2]))),
        "array 1.running_mean is unknown: batch normalisation is supported in .onnx files and in modules of Python",
    );
    check(&with(("note", "F32", &[2], f32s(&[0.0; 2]))), "array note is unknown: expected 0.weight, 0.bias, 2.weight, ...");
    check(&with(("2.weight", "F32", &[0, 2], vec![])), "array 2.weight: shape 0 x 2 has no values");
    check(
        &with(("2.weight", "I32", &[1, 2], f32s(&[0.0; 2]))),
        "array 2.weight: dtype I32 is not supported: expected floats (f2, f4, f8; in safetensors also BF16) or integers (i1 to i8, u1 to u8)",
    );
    let starts = |content: &[u8], message: &str| {
        let text = network_error("net.safetensors", content);
        assert!(text.starts_with(&format!("net.safetensors: not a whole .safetensors file: {message}")), "{text}");
    };
    starts(b"", "header too small");
    starts(&u64::MAX.to_le_bytes(), "header too large");
    starts(&99u64.to_le_bytes(), "invalid header length");
    starts(&safetensors_of("{]", &[]), "invalid JSON in header");
    let claim = |shape: &str, end: u64| format!(r#"{{"0.weight":{{"dtype":"F32","shape":{shape},"data_offsets":[0,{end}]}}}}"#);
    starts(&safetensors_of(&claim("[1,2]", 8), &[0; 4]), "incomplete metadata");
    starts(&safetensors_of(&claim("[1,3]", 8), &[0; 8]), "invalid shape");
    starts(&safetensors_of(&claim("[4000000000,4000000000,4000000000]", 8), &[0; 8]), "");
    let twice =
        r#"{"0.weight":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"0.weight":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}"#;
    check(&safetensors_of(twice, &[0; 4]), "array 0.weight occurs twice");
}

#[test]
fn names_that_are_no_networks() {
    for name in ["net.pt", "net", "", "foo:3", "cantor.5", "dir/", ".npz"] {
        let error = network::load(name).unwrap_err();
        assert!(error.is_call_error(), "{name}");
        assert!(
            error.to_string().starts_with(&format!("`{name}` is neither a .npz, .json, .safetensors or .onnx file nor a built-in")),
            "{error}"
        );
    }
    let folder = Folder::new();
    for name in ["missing.npz", "missing.json", "missing.safetensors"] {
        let path = folder.0.join(name).display().to_string();
        let error = network::load(&path).unwrap_err();
        assert!(!error.is_call_error());
        assert!(error.to_string().starts_with(&format!("{path}: ")), "{error}");
    }
    std::fs::create_dir(folder.0.join("folder.npz")).unwrap();
    assert!(network::load(folder.0.join("folder.npz").to_str().unwrap()).is_err());
}
