//! Files of networks and of points: what is read, exactly; and every kind of malformed input, with the message that it gives.

use nalgebra::{DMatrix, DVector};
use plica::data::{self, LoadOptions, Pixels, ReadProblem};
use plica::exact::{parse_rational, rational};
use plica::network::read::{json_from_bytes, npz_from_bytes, safetensors_from_bytes};
use plica::network::write::{WriteError, network_to_path};
use plica::network::{self, Layer, Network};
use proptest::prelude::*;
use rug::Rational;
use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

// ---- Files to read ----

/// A directory that is removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("plica-readers-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The path of a file with this content.
    fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn npy_with_header(header: &str, values: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values);
    bytes
}

fn npy(descr: &str, fortran: bool, shape: &str, values: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    npy_with_header(&format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n"), values)
}

fn le(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// A .npy file of doubles.
fn doubles(shape: &str, values: &[f64]) -> Vec<u8> {
    npy("<f8", false, shape, &le(values))
}

fn zipped(entries: &[(&str, Vec<u8>)], deflated: bool) -> Vec<u8> {
    let method = if deflated { zip::CompressionMethod::Deflated } else { zip::CompressionMethod::Stored };
    let options = zip::write::SimpleFileOptions::default().compression_method(method);
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        archive.start_file(*name, options).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// An archive of arrays, each under its name.
fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let names: Vec<String> = arrays.iter().map(|(name, _)| format!("{name}.npy")).collect();
    zipped(&names.iter().map(String::as_str).zip(arrays.iter().map(|(_, a)| a.clone())).collect::<Vec<_>>(), false)
}

/// A .safetensors file, tensors in the order given.
fn tensors(list: &[(&str, &str, &[usize], Vec<u8>)]) -> Vec<u8> {
    let (mut header, mut data) = (Vec::new(), Vec::new());
    for (name, dtype, shape, bytes) in list {
        let end = data.len() + bytes.len();
        header.push(format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{},{end}]}}"#, data.len()));
        data.extend(bytes);
    }
    safetensors_of(&format!("{{{}}}", header.join(",")), &data)
}

fn safetensors_of(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

fn idx(kind: u8, lengths: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, lengths.len() as u8];
    lengths.iter().for_each(|n| bytes.extend(n.to_be_bytes()));
    bytes.extend(values);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// 4 inputs, 3 hidden units, 2 outputs, all coefficients different.
fn small_network() -> Network {
    let value = |i: usize| i as f64 * 0.25 - 2.0;
    Network::new(vec![
        Layer::from_f64(DMatrix::from_fn(3, 4, |i, j| value(4 * i + j)), DVector::from_fn(3, |i, _| value(12 + i))),
        Layer::from_f64(DMatrix::from_fn(2, 3, |i, j| value(15 + 3 * i + j)), DVector::from_fn(2, |i, _| value(21 + i))),
    ])
    .unwrap()
}

fn small_arrays() -> Vec<(&'static str, Vec<u8>)> {
    let values: Vec<f64> = (0..23).map(|i| f64::from(i) * 0.25 - 2.0).collect();
    vec![
        ("W0", doubles("(3, 4)", &values[..12])),
        ("b0", doubles("(3,)", &values[12..15])),
        ("W1", doubles("(2, 3)", &values[15..21])),
        ("b1", doubles("(2,)", &values[21..])),
    ]
}

fn same(found: Network, expected: &Network) {
    assert_eq!(&found, expected);
}

// ---- Networks: what is read ----

#[test]
fn npz_in_every_order_and_compression() {
    let expected = small_network();
    let mut arrays = small_arrays();
    same(npz_from_bytes(&npz(&arrays)).unwrap(), &expected);
    arrays.reverse();
    same(npz_from_bytes(&npz(&arrays)).unwrap(), &expected);
    let entries: Vec<(String, Vec<u8>)> = arrays.into_iter().map(|(n, a)| (format!("{n}.npy"), a)).collect();
    let entries: Vec<(&str, Vec<u8>)> = entries.iter().map(|(n, a)| (n.as_str(), a.clone())).collect();
    same(npz_from_bytes(&zipped(&entries, true)).unwrap(), &expected);
}

#[test]
fn npz_in_every_dtype_and_both_orders() {
    let read = |w: Vec<u8>, b: Vec<u8>| npz_from_bytes(&npz(&[("W0", w), ("b0", b)])).unwrap();
    let bias = || doubles("(2,)", &[0.5, -0.5]);
    let expected = Layer::from_f64(DMatrix::from_row_slice(2, 3, &[1.0, 2.0, 3.0, -4.0, 5.0, 6.0]), DVector::from_vec(vec![0.5, -0.5]));
    let expected = Network::new(vec![expected]).unwrap();
    let values = [1i8, 2, 3, -4, 5, 6];
    let fortran = [1i8, -4, 2, 5, 3, 6];
    let bytes = |values: &[i8], f: &dyn Fn(i8) -> Vec<u8>| -> Vec<u8> { values.iter().flat_map(|&x| f(x)).collect() };
    type Encode = fn(i8) -> Vec<u8>;
    let kinds: [(&str, Encode); 12] = [
        ("<f8", |x| f64::from(x).to_le_bytes().to_vec()),
        (">f8", |x| f64::from(x).to_be_bytes().to_vec()),
        ("<f4", |x| f32::from(x).to_le_bytes().to_vec()),
        (">f4", |x| f32::from(x).to_be_bytes().to_vec()),
        ("|i1", |x| x.to_le_bytes().to_vec()),
        ("<i2", |x| i16::from(x).to_le_bytes().to_vec()),
        (">i2", |x| i16::from(x).to_be_bytes().to_vec()),
        ("<i4", |x| i32::from(x).to_le_bytes().to_vec()),
        (">i4", |x| i32::from(x).to_be_bytes().to_vec()),
        ("<i8", |x| i64::from(x).to_le_bytes().to_vec()),
        (">i8", |x| i64::from(x).to_be_bytes().to_vec()),
        // Half precision of 1, 2, 3, -4, 5, 6.
        ("<f2", |x| {
            [(1, 0x3c00u16), (2, 0x4000), (3, 0x4200), (-4, 0xc400), (5, 0x4500), (6, 0x4600)]
                .iter()
                .find(|p| p.0 == x)
                .unwrap()
                .1
                .to_le_bytes()
                .to_vec()
        }),
    ];
    for (descr, encode) in kinds {
        same(read(npy(descr, false, "(2, 3)", &bytes(&values, &encode)), bias()), &expected);
        same(read(npy(descr, true, "(2, 3)", &bytes(&fortran, &encode)), bias()), &expected);
    }
}

#[test]
fn wide_integers_are_exact() {
    let wide = i64::MAX; // 2^63 - 1 is no double
    let network =
        npz_from_bytes(&npz(&[("W0", npy("<i8", false, "(1, 1)", &wide.to_le_bytes())), ("b0", doubles("(1,)", &[0.5]))])).unwrap();
    assert_eq!(network.layers()[0].weight(0, 0), Rational::from(wide));
    assert_eq!(network.layers()[0].bias_of(0), Rational::from((1, 2)));
    assert!(!network.layers()[0].is_dyadic());
}

#[test]
fn npy_headers_as_other_writers_have_them() {
    let values = le(&[1.0, 2.0]);
    for header in [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }          \n",
        "{\"shape\":(1,2),\"fortran_order\":False,\"descr\":\"<f8\"}",
        "{'descr': '<f8', 'fortran_order': True, 'shape': (1L, 2L)}",
    ] {
        assert_eq!(data::npy_from_bytes(&npy_with_header(header, &values)).unwrap().nearest(0), [1.0, 2.0], "{header}");
    }
    // Version 2 has four bytes for the length of the header.
    let header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }\n";
    let mut bytes = b"\x93NUMPY\x02\x00".to_vec();
    bytes.extend((header.len() as u32).to_le_bytes());
    bytes.extend(header);
    bytes.extend(&values);
    assert_eq!(data::npy_from_bytes(&bytes).unwrap().nearest(0), [1.0, 2.0]);
}

#[test]
fn json_numbers_are_doubles_and_strings_are_rationals() {
    let network = json_from_bytes(br#"{"layers":[{"W":[[0.1,"0.1",9007199254740993,-0,"-7/21"]],"b":[1e-400]}]}"#).unwrap();
    let layer = &network.layers()[0];
    assert_eq!(layer.weight(0, 0), rational(0.1).unwrap());
    assert_eq!(layer.weight(0, 1), Rational::from((1, 10)));
    assert_eq!(layer.weight(0, 2), 9007199254740992u64);
    assert_eq!(layer.weight(0, 3), 0);
    assert_eq!(layer.weight(0, 4), Rational::from((-1, 3)));
    assert_eq!(layer.bias_of(0), 0);
    // As long as it takes to tell two neighbouring doubles apart.
    let network = json_from_bytes(br#"{"layers":[{"W":[[1.00000000000000011102230246251565404236316680908203125]],"b":[0]}]}"#).unwrap();
    assert_eq!(network.layers()[0].weights()[(0, 0)], 1.0);
    let network = json_from_bytes(br#"{"layers":[{"W":[[1.00000000000000011102230246251565404236316680908203126]],"b":[0]}]}"#).unwrap();
    assert_eq!(network.layers()[0].weights()[(0, 0)], 1.0 + f64::EPSILON);
}

#[test]
fn safetensors_stand_in_natural_order() {
    let one = |x: f32| x.to_le_bytes().to_vec();
    let chain = |names: [&str; 3]| {
        let bytes = tensors(&[
            (names[2], "F32", &[1, 1], one(3.0)),
            (names[0], "F32", &[1, 1], one(1.0)),
            (names[1], "F32", &[1, 1], one(2.0)),
            (&names[1].replace("weight", "bias"), "F32", &[1], one(0.5)),
        ]);
        let network = safetensors_from_bytes(&bytes).unwrap();
        let weights: Vec<f64> = network.layers().iter().map(|l| l.weights()[(0, 0)]).collect();
        let biases: Vec<f64> = network.layers().iter().map(|l| l.bias()[0]).collect();
        (weights, biases)
    };
    for names in [
        ["0.weight", "2.weight", "10.weight"],
        ["9.weight", "10.weight", "11.weight"],
        ["fc1.weight", "fc2.weight", "fc10.weight"],
        ["net.layers.0.weight", "net.layers.2.weight", "net.layers.10.weight"],
        ["weight", "a.weight", "b.weight"],
    ] {
        assert_eq!(chain(names), (vec![1.0, 2.0, 3.0], vec![0.0, 0.5, 0.0]), "{names:?}");
    }
}

#[test]
fn safetensors_in_every_float() {
    for (dtype, bytes) in [
        ("F64", (-1.5f64).to_le_bytes().to_vec()),
        ("F32", (-1.5f32).to_le_bytes().to_vec()),
        ("F16", 0xbe00u16.to_le_bytes().to_vec()),
        ("BF16", 0xbfc0u16.to_le_bytes().to_vec()),
    ] {
        let network = safetensors_from_bytes(&tensors(&[("0.weight", dtype, &[1, 1], bytes)])).unwrap();
        assert_eq!((network.layers()[0].weights()[(0, 0)], network.layers()[0].bias()[0]), (-1.5, 0.0), "{dtype}");
    }
}

// ---- Networks: what is refused ----

/// What the loader says of a file, without the folder; and that it blames the file and not the call.
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
    check(&replaced("W1", doubles("(3, 5)", &[0.0; 15])), "net.npz: array W1: shape 3 x 5, but the layer below gives 3");
    check(&replaced("W1", doubles("(2, 3)", &nan(5, f64::NAN))), "net.npz: array W1: [1, 2] is NaN, not a finite number");
    check(&replaced("W1", doubles("(2, 3)", &nan(1, f64::INFINITY))), "net.npz: array W1: [0, 1] is inf, not a finite number");
    check(&replaced("b1", doubles("(2,)", &[0.0, f64::NEG_INFINITY])), "net.npz: array b1: [1] is -inf, not a finite number");
    check(
        &replaced("W1", npy("<f2", false, "(2, 3)", &[0, 0, 0, 0x7c, 0, 0, 0, 0, 0, 0, 0, 0])),
        "net.npz: array W1: [0, 1] is inf, not a finite number",
    );
    check(&replaced("b1", doubles("(3,)", &[0.0; 3])), "net.npz: array b1: length 3, but the layer has 2 outputs");
    check(&replaced("b1", doubles("(2, 1)", &[0.0; 2])), "net.npz: array b1: shape 2 x 1, but 2 is expected");
    check(&replaced("b1", doubles("()", &[0.0])), "net.npz: array b1: shape (), but 2 is expected");
    check(&replaced("W0", doubles("(12,)", &[0.0; 12])), "net.npz: array W0: shape 12, but outputs x inputs is expected");
    check(&replaced("W0", doubles("(3, 2, 2)", &[0.0; 12])), "net.npz: array W0: shape 3 x 2 x 2, but outputs x inputs is expected");
    check(&replaced("W0", doubles("(0, 4)", &[])), "net.npz: array W0: shape 0 x 4 holds no values");
    check(&replaced("W0", doubles("(3, 0)", &[])), "net.npz: array W0: shape 3 x 0 holds no values");
    check(&npz(&[]), "net.npz: it holds no layers");
    check(&npz(&small_arrays()[..3]), "net.npz: array b1 is missing");
    check(&npz(&small_arrays()[1..]), "net.npz: array W0 is missing");
    check(&npz(&small_arrays()[2..]), "net.npz: array W0 is missing");
    let mut arrays = small_arrays();
    arrays.push(("W3", doubles("(1, 1)", &[0.0])));
    check(&npz(&arrays), "net.npz: array W2 is missing");
    for name in ["W01", "w0", "X", "W", "W-1", "W+1", "", "folder/W0"] {
        arrays[4].0 = name;
        check(&npz(&arrays), &format!("net.npz: array {name} is unknown: a network is W0, b0, W1, b1, ..."));
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
    let dtype =
        |d: &str| format!("dtype {d} is not read: floats (f2, f4, f8; in safetensors BF16 too) and integers (i1 to i8, u1 to u8) are");
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
    check(b"\x93NUMPY\x02\x00\xff\xff\xff\xff".to_vec(), "not in .npy format: the header claims 4294967295 bytes");
    check(b"\x93NUMPY\x01\x00\xff\x00{".to_vec(), "damaged: the bytes end 254 too early");
    check(b"\x93NUM".to_vec(), "damaged: the bytes end 4 too early");
    bad("", "`{` is expected in the header, not its end");
    bad("{'shape': (2, 3), 'fortran_order': False}", "the header lacks `descr`");
    bad("{'descr': '<f8', 'fortran_order': False}", "the header lacks `shape`");
    bad("{'descr': '<f8', 'shape': (2, 3)}", "the header lacks `fortran_order`");
    bad("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}", "the header has `descr` twice");
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), 'more': 1}", "unknown key `more` in the header");
    bad("{'descr': '<f8', 'fortran_order': 1, 'shape': (2, 3)}", "`fortran_order` is neither True nor False");
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': (2, -3)}", "the shape is not a tuple of lengths");
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': 6}", "`(` is expected in the header, not `6`");
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 99999999999999999999)}", "the shape is not a tuple of lengths");
    bad("{'descr': <f8, 'fortran_order': False, 'shape': (2, 3)}", "a quoted string is expected in the header");
    bad("{'descr': '<f8", "a quote is not closed in the header");
    bad("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)} + 1", "something follows the header's dictionary");
    bad(&format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({})}}", "1,".repeat(33)), "the shape has more than 32 dimensions");
}

#[test]
fn an_array_twice_in_an_archive_is_refused() {
    // No writer makes such an archive, so another name is overwritten in one.
    let mut arrays = small_arrays();
    arrays.push(("V9", doubles("(3, 4)", &[0.0; 12])));
    let mut bytes = npz(&arrays);
    let places: Vec<usize> = (0..bytes.len() - 6).filter(|&i| &bytes[i..i + 6] == b"V9.npy").collect();
    assert_eq!(places.len(), 2);
    places.iter().for_each(|&i| bytes[i..i + 2].copy_from_slice(b"W0"));
    assert_eq!(network_error("net.npz", &bytes), "net.npz: array W0 is there twice");
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
    check(&layers("[[1,2,3]]", "[0]"), "array layers[1].W: shape 1 x 3, but the layer below gives 2");
    check(&layers("[[1,2]]", "[0,0]"), "array layers[1].b: length 2, but the layer has 1 outputs");
    check(&layers("[[1,\"x\"]]", "[0]"), "array layers[1].W: [0, 1]: `x` is not a number (an integer, a decimal or p/q)");
    check(&layers("[[1,2]]", "[\"1/0\"]"), "array layers[1].b: [0]: `1/0` has a zero denominator");
    check(&layers("[[1,2]]", "[\"inf\"]"), "array layers[1].b: [0]: `inf` is not a number (an integer, a decimal or p/q)");
    check(&layers("[]", "[]"), "array layers[1].W: shape 0 x 0 holds no values");
    check(&layers("[[]]", "[0]"), "array layers[1].W: shape 1 x 0 holds no values");
    check(r#"{"layers":[]}"#, "it holds no layers");
    let starts = |content: &str, message: &str| {
        let text = network_error("net.json", content.as_bytes());
        assert!(text.starts_with(&format!("net.json: not the JSON of a network: {message}")), "{text}");
    };
    starts("", "EOF while parsing a value");
    starts("{}", "missing field `layers`");
    starts(r#"{"layers":[{"W":[[1]]}]}"#, "missing field `b`");
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
    check(&tensors(&[]), "it holds no layers");
    check(&with(("0.bias", "F32", &[3], f32s(&[0.0; 3]))), "array 0.bias: length 3, but the layer has 2 outputs");
    check(&with(("0.bias", "F32", &[2], f32s(&[0.0, f32::NAN]))), "array 0.bias: [1] is NaN, not a finite number");
    check(&with(("2.weight", "F32", &[1, 3], f32s(&[0.0; 3]))), "array 2.weight: shape 1 x 3, but the layer below gives 2");
    check(&with(("2.weight", "F32", &[1, 2], f32s(&[0.0, f32::INFINITY]))), "array 2.weight: [0, 1] is inf, not a finite number");
    check(&with(("1.weight", "F32", &[2], f32s(&[0.0; 2]))), "array 1.weight: shape 2, but outputs x inputs is expected");
    check(&with(("1.bias", "F32", &[2], f32s(&[0.0; 2]))), "array 1.weight is missing");
    check(
        &with(("1.running_mean", "F32", &[2], f32s(&[0.0; 2]))),
        "array 1.running_mean is unknown: a network is 0.weight, 0.bias, 2.weight, ...",
    );
    check(&with(("note", "F32", &[2], f32s(&[0.0; 2]))), "array note is unknown: a network is 0.weight, 0.bias, 2.weight, ...");
    check(&with(("2.weight", "F32", &[0, 2], vec![])), "array 2.weight: shape 0 x 2 holds no values");
    check(
        &with(("2.weight", "I32", &[1, 2], f32s(&[0.0; 2]))),
        "array 2.weight: dtype I32 is not read: floats (f2, f4, f8; in safetensors BF16 too) and integers (i1 to i8, u1 to u8) are",
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
    check(&safetensors_of(twice, &[0; 4]), "array 0.weight is there twice");
}

#[test]
fn names_that_are_no_networks() {
    for name in ["net.pt", "net", "", "foo:3", "cantor.5", "dir/", ".npz"] {
        let error = network::load(name).unwrap_err();
        assert!(error.is_call_error(), "{name}");
        assert!(
            error.to_string().starts_with(&format!("`{name}` is neither a .npz, .json or .safetensors file nor a built-in")),
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

// ---- Writing ----

#[test]
fn what_is_written_reads_back() {
    let folder = Folder::new();
    for network in [small_network(), network::load("digits:3x20").unwrap(), network::load("random:5-4-3@1").unwrap()] {
        for name in ["net.json", "net.npz", "net.safetensors"] {
            let path = folder.0.join(name);
            network_to_path(&network, &path).unwrap();
            same(network::load(path.to_str().unwrap()).unwrap(), &network);
        }
    }
    let left: Vec<_> = std::fs::read_dir(&folder.0).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn floats_are_single_where_that_is_exact() {
    let folder = Folder::new();
    let length = |network: &Network, name: &str| {
        network_to_path(network, &folder.0.join(name)).unwrap();
        std::fs::metadata(folder.0.join(name)).unwrap().len()
    };
    let of = |x: f64| Network::new(vec![Layer::from_f64(DMatrix::from_element(100, 100, x), DVector::from_element(100, x))]).unwrap();
    for name in ["net.npz", "net.safetensors"] {
        assert_eq!(length(&of(0.1), name) - length(&of(0.5), name), 4 * 10_100, "{name}");
    }
}

#[test]
fn rationals_are_written_to_json_alone() {
    let network = network::load("cantor-b:2").unwrap();
    let folder = Folder::new();
    let path = folder.0.join("net.json");
    network_to_path(&network, &path).unwrap();
    same(network::load(path.to_str().unwrap()).unwrap(), &network);
    assert!(std::fs::read_to_string(&path).unwrap().contains("[0.5,\"1/9\"]"));
    for name in ["net.npz", "net.safetensors"] {
        let path = folder.0.join(name);
        let error = network_to_path(&network, &path).unwrap_err();
        assert!(!error.is_call_error());
        let message = format!("{}: weight [0, 1] of layer 0 is 1/9, which is no double: a .json file can hold it", path.display());
        assert_eq!(error.to_string(), message);
        assert!(!path.exists());
    }
}

#[test]
fn files_that_cannot_be_written() {
    let folder = Folder::new();
    let unknown = network_to_path(&small_network(), &folder.0.join("net.onnxx")).unwrap_err();
    assert!(unknown.is_call_error());
    assert!(unknown.to_string().ends_with("net.onnxx` is not a .json, .npz or .safetensors file"), "{unknown}");
    let nowhere = network_to_path(&small_network(), &folder.0.join("missing").join("net.json")).unwrap_err();
    assert!(matches!(nowhere, WriteError::Io { .. }));
    // A directory in the way: nothing is left behind.
    std::fs::create_dir(folder.0.join("net.json")).unwrap();
    assert!(network_to_path(&small_network(), &folder.0.join("net.json")).is_err());
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1);
}

// ---- Data: what is read ----

fn options(labels: &str) -> LoadOptions {
    LoadOptions { labels: Some(labels.to_string()), ..Default::default() }
}

fn texts(points: &data::Points) -> Vec<String> {
    (0..points.len()).flat_map(|i| (0..points.dimension()).map(move |j| points.coordinate(i, j).to_string())).collect()
}

#[test]
fn npz_data_with_and_without_labels() {
    let x = doubles("(2, 3)", &[0.5, 1.0, 1.5, 2.0, 2.5, 3.0]);
    let (points, labels) = data::npz_from_bytes(&npz(&[("X", x.clone())])).unwrap();
    assert_eq!((points.len(), points.dimension(), labels), (2, 3, None));
    for y in [
        npy("<i8", false, "(2,)", &[7, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]),
        npy("|i1", false, "(2, 1)", &[7, 255]),
        doubles("(2,)", &[7.0, -1.0]),
    ] {
        let (_, labels) = data::npz_from_bytes(&npz(&[("y", y), ("X", x.clone())])).unwrap();
        assert_eq!(labels, Some(vec![7, -1]));
    }
    let folder = Folder::new();
    let file = folder.file("set.npz", &npz(&[("X", x.clone()), ("y", doubles("(2,)", &[7.0, -1.0]))]));
    let set = data::load(&file, &LoadOptions::default()).unwrap();
    assert_eq!((set.name.as_str(), set.classes(), set.rows_of(7), set.rows_of(0)), (file.as_str(), vec![-1, 7], vec![0], vec![]));
    let point = data::load_point(&format!("{file}#1"), &LoadOptions::default()).unwrap();
    assert_eq!(point.to_rationals(), [2.0, 2.5, 3.0].map(|x| rational(x).unwrap()));
    // Labels apart go before the file's own.
    let labels = folder.file("labels.npy", &npy("|u1", false, "(2,)", &[4, 5]));
    assert_eq!(data::load(&file, &options(&labels)).unwrap().labels, Some(vec![4, 5]));
}

#[test]
fn csv_cells_are_exact_in_every_dialect() {
    for text in [
        "1/3,0.1,-2\n2e-1,5,6\n",
        "1/3;0.1;-2\r\n2e-1;5;6\r\n",
        "1/3\t0.1\t-2\n\n \n2e-1\t5\t6",
        "\u{feff}a,b,c\n 1/3 , 0.1 ,\"-2\"\n+.2,5.,6\n",
        "\n\nx;y;z\n1/3;0.1;-2\n0.2;5;6\n\n",
    ] {
        let (points, labels) = data::csv_from_bytes(text.as_bytes(), None).unwrap();
        assert_eq!(labels, None);
        assert_eq!(texts(&points), ["1/3", "1/10", "-2", "1/5", "5", "6"], "{text:?}");
        assert_eq!(points, data::csv_from_bytes(&gzip(text.as_bytes()), None).unwrap().0);
    }
    let (points, _) = data::csv_from_bytes(b"1\n2\n3\n", None).unwrap();
    assert_eq!((points.len(), points.dimension()), (3, 1));
    let wide = "123456789012345678901234567890";
    assert_eq!(texts(&data::csv_from_bytes(format!("0.5,{wide}").as_bytes(), None).unwrap().0), ["1/2", wide]);
}

#[test]
fn csv_labels_by_index_by_name_and_from_files() {
    let folder = Folder::new();
    let file = folder.file("set.csv", b"class,x,y\n3,0.5,1/3\n-4,1,2\n");
    for column in ["0", "class"] {
        let set = data::load(&file, &options(column)).unwrap();
        assert_eq!((set.labels, set.points.dimension()), (Some(vec![3, -4]), 2));
    }
    assert_eq!(data::load(&file, &LoadOptions::default()).unwrap().points.dimension(), 3);
    for labels in [
        folder.file("labels.npy", &doubles("(2,)", &[8.0, 9.0])),
        folder.file("labels.csv", b"label\n8\n9\n"),
        folder.file("labels-idx1-ubyte", &idx(8, &[2], &[8, 9])),
        folder.file("labels.idx1-ubyte.gz", &gzip(&idx(8, &[2], &[8, 9]))),
        folder.file("labels.csv.gz", &gzip(b"8\n9\n")),
    ] {
        assert_eq!(data::load(&file, &options(&labels)).unwrap().labels, Some(vec![8, 9]), "{labels}");
    }
}

#[test]
fn idx_pixels_are_what_is_asked_for() {
    let bytes = idx(8, &[2, 1, 3], &[0, 51, 255, 1, 2, 3]);
    for bytes in [bytes.clone(), gzip(&bytes)] {
        let read = |pixels| data::idx_from_bytes(&bytes, pixels).unwrap();
        assert_eq!(texts(&read(Pixels::Exact)), ["0", "1/5", "1", "1/255", "2/255", "1/85"]);
        assert_eq!(texts(&read(Pixels::Raw)), ["0", "51", "255", "1", "2", "3"]);
        assert_eq!(read(Pixels::F64).nearest(1), [1.0 / 255.0, 2.0 / 255.0, 3.0 / 255.0]);
        assert_eq!(read(Pixels::F32).nearest(1), [1f32, 2.0, 3.0].map(|n| f64::from(n / 255.0)));
        assert!(read(Pixels::F64).is_dyadic() && read(Pixels::F32).is_dyadic() && !read(Pixels::Exact).is_dyadic());
    }
    for (kind, values) in [
        (0x09, vec![0xfe, 3]),
        (0x0b, vec![0xff, 0xfe, 0, 3]),
        (0x0c, vec![0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 3]),
        (0x0d, [(-2f32).to_be_bytes(), 3f32.to_be_bytes()].concat()),
        (0x0e, [(-2f64).to_be_bytes(), 3f64.to_be_bytes()].concat()),
    ] {
        assert_eq!(texts(&data::idx_from_bytes(&idx(kind, &[1, 2], &values), Pixels::Exact).unwrap()), ["-2", "3"], "{kind}");
    }
}

#[test]
fn the_digits_are_built_in() {
    let set = data::load("digits", &LoadOptions::default()).unwrap();
    assert_eq!((set.points.len(), set.points.dimension(), set.points.is_dyadic()), (1797, 64, true));
    assert_eq!(set.points.nearest(0)[2..5], [5.0 / 16.0, 13.0 / 16.0, 9.0 / 16.0]);
    assert_eq!(set.labels.as_ref().unwrap()[..4], [0, 1, 2, 3]);
    let counts: Vec<usize> = set.classes().into_iter().map(|c| set.rows_of(c).len()).collect();
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
}

#[test]
fn the_digit_networks_reach_their_stated_accuracy() {
    // 96.1 % of the last 360 rows, as data/README.md says.
    let network = network::load("digits:3x20").unwrap();
    let set = data::load("digits", &LoadOptions::default()).unwrap();
    let answer = |row: usize| {
        let mut h = DVector::from_column_slice(set.points.nearest(row));
        for (l, layer) in network.layers().iter().enumerate() {
            h = layer.weights() * h + layer.bias();
            if l < network.depth() {
                h.apply(|x| *x = x.max(0.0));
            }
        }
        h.argmax().0 as i64
    };
    let right = (1437..1797).filter(|&row| answer(row) == set.labels.as_ref().unwrap()[row]).count();
    assert_eq!(right, 346);
}

#[test]
fn points_inline_and_from_files() {
    let load = |spec: &str| data::load_point(spec, &LoadOptions::default()).unwrap().to_rationals();
    let q = |s: &str| parse_rational(s).unwrap();
    assert_eq!(load("0,3/4"), [q("0"), q("3/4")]);
    assert_eq!(load("-1, .5,1e-3"), [q("-1"), q("1/2"), q("1/1000")]);
    assert_eq!(load("7"), [q("7")]);
    let folder = Folder::new();
    for shape in ["(2,)", "(1, 2)"] {
        assert_eq!(load(&folder.file("point.npy", &doubles(shape, &[0.5, 0.25]))), [q("1/2"), q("1/4")]);
    }
    assert_eq!(load(&format!("{}#1", folder.file("set.csv", b"1,2\n1/3,4\n"))), [q("1/3"), q("4")]);
}

#[test]
fn segments_have_two_ends_each() {
    let folder = Folder::new();
    let (p, q) = (doubles("(2, 1)", &[0.0, 1.0]), doubles("(2, 1)", &[2.0, 3.0]));
    let file = folder.file("segments.npz", &npz(&[("P", p), ("Q", q)]));
    let (p, q) = data::load_segments(&file).unwrap();
    assert_eq!((texts(&p), texts(&q)), (vec!["0".to_string(), "1".into()], vec!["2".to_string(), "3".into()]));
}

// ---- Data: what is refused ----

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
    let file = folder.file("p.npy", &doubles("(2, 2)", &[0.0; 4]));
    assert_eq!(point(&file).to_string(), format!("{file}: array point: shape 2 x 2, but d, or 1 x d is expected"));
    assert!(!point("missing.npy").is_call_error());
    assert!("half".parse::<Pixels>().unwrap_err().contains("exact, f64, f32 or raw"));
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

// ---- Truncation, damage, and round trips ----

type Reader = fn(&[u8]) -> Result<(), ReadProblem>;

/// A small file of each format, and its reader.
fn small_files() -> Vec<(&'static str, Vec<u8>, Reader)> {
    let x = doubles("(2, 2)", &[0.0, 0.25, 0.5, 1.0]);
    let network = small_network();
    let entries: Vec<(String, Vec<u8>)> = small_arrays().into_iter().map(|(n, a)| (format!("{n}.npy"), a)).collect();
    let entries: Vec<(&str, Vec<u8>)> = entries.iter().map(|(n, a)| (n.as_str(), a.clone())).collect();
    vec![
        ("network npz, stored", zipped(&entries, false), |b| npz_from_bytes(b).map(drop)),
        ("network npz, deflated", zipped(&entries, true), |b| npz_from_bytes(b).map(drop)),
        ("network json", serde_json::to_vec(&network).unwrap(), |b| json_from_bytes(b).map(drop)),
        ("network safetensors", tensors(&[("0.weight", "F16", &[2, 1], vec![0; 4]), ("0.bias", "F64", &[2], le(&[1.0, 2.0]))]), |b| {
            safetensors_from_bytes(b).map(drop)
        }),
        ("data npz", npz(&[("X", x.clone()), ("y", doubles("(2,)", &[1.0, 2.0]))]), |b| data::npz_from_bytes(b).map(drop)),
        ("segments npz", npz(&[("P", x.clone()), ("Q", x.clone())]), |b| data::segments_from_bytes(b).map(drop)),
        ("data npy", x, |b| data::npy_from_bytes(b).map(drop)),
        ("data idx", idx(8, &[2, 2], &[1, 2, 3, 4]), |b| data::idx_from_bytes(b, Pixels::Exact).map(drop)),
        ("data idx.gz", gzip(&idx(8, &[2, 2], &[1, 2, 3, 4])), |b| data::idx_from_bytes(b, Pixels::F32).map(drop)),
        ("data csv", b"a,b\n1/3,1\n2e1,-5\n".to_vec(), |b| data::csv_from_bytes(b, Some("1")).map(drop)),
        ("data csv.gz", gzip(b"a,b\n1/3,1\n2e1,-5\n"), |b| data::csv_from_bytes(b, Some("b")).map(drop)),
    ]
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    for (name, whole, read) in small_files() {
        if name != "data csv" {
            read(&whole).unwrap();
        }
        for cut in 0..whole.len() {
            let result = read(&whole[..cut]);
            // A table of text may end after any row, so for it this asks only that nothing panics.
            assert!(result.is_err() || name == "data csv", "{name}, cut at {cut} of {}", whole.len());
        }
    }
}

#[test]
fn a_damaged_byte_never_panics() {
    for (_, whole, read) in small_files() {
        for place in 0..whole.len() {
            for mask in [0x01, 0x20, 0x80, 0xff] {
                let mut damaged = whole.clone();
                damaged[place] ^= mask;
                let _ = read(&damaged);
            }
        }
    }
}

/// A finite double of any size.
fn double() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("finite", |x| x.is_finite()),
        any::<f32>().prop_filter("finite", |x| x.is_finite()).prop_map(f64::from),
        (-9i32..9).prop_map(f64::from)
    ]
}

fn fraction() -> impl Strategy<Value = Rational> {
    prop_oneof![
        double().prop_map(|x| rational(x).unwrap()),
        (any::<i64>(), 1u64..).prop_map(Rational::from),
        (-9i32..9, 1u32..9).prop_map(Rational::from)
    ]
}

/// A network of up to four layers of up to four units, from coefficients that `value` draws.
fn networks<T: std::fmt::Debug + Clone + 'static>(
    value: impl Strategy<Value = T> + Clone + 'static,
    layer: fn(usize, usize, Vec<T>) -> Layer,
) -> impl Strategy<Value = Network> {
    prop::collection::vec(1usize..=4, 2..=5).prop_flat_map(move |widths| {
        let count = widths.windows(2).map(|w| w[1] * (w[0] + 1)).sum::<usize>();
        prop::collection::vec(value.clone(), count).prop_map(move |values| {
            let mut values = values.into_iter();
            let layers = widths.windows(2).map(|w| layer(w[1], w[0], values.by_ref().take(w[1] * (w[0] + 1)).collect()));
            Network::new(layers.collect()).unwrap()
        })
    })
}

fn dyadic_networks() -> impl Strategy<Value = Network> {
    networks(double().boxed(), |outputs, inputs, values| {
        let (w, b) = values.split_at(outputs * inputs);
        Layer::from_f64(DMatrix::from_row_slice(outputs, inputs, w), DVector::from_column_slice(b))
    })
}

fn rational_networks() -> impl Strategy<Value = Network> {
    networks(fraction().boxed(), |outputs, inputs, values| {
        let (w, b) = values.split_at(outputs * inputs);
        Layer::from_rationals(DMatrix::from_row_slice(outputs, inputs, w), DVector::from_column_slice(b))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn networks_of_doubles_survive_every_format(network in dyadic_networks()) {
        let folder = Folder::new();
        for name in ["net.json", "net.npz", "net.safetensors"] {
            let path = folder.0.join(name);
            network_to_path(&network, &path).unwrap();
            prop_assert_eq!(&network::load(path.to_str().unwrap()).unwrap(), &network, "{}", name);
        }
    }

    #[test]
    fn networks_of_rationals_survive_json(network in rational_networks()) {
        let text = serde_json::to_string(&network).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Network>(&text).unwrap(), &network);
        prop_assert_eq!(&json_from_bytes(text.as_bytes()).unwrap(), &network);
        prop_assert_eq!(&serde_json::from_value::<Network>(serde_json::to_value(&network).unwrap()).unwrap(), &network);
    }

    #[test]
    fn npy_arrays_survive_both_orders(rows in 1usize..6, columns in 1usize..6, seed in prop::collection::vec(double(), 25)) {
        let value = |i: usize, j: usize| seed[5 * i + j];
        let c: Vec<f64> = (0..rows).flat_map(|i| (0..columns).map(move |j| value(i, j))).collect();
        let fortran: Vec<f64> = (0..columns).flat_map(|j| (0..rows).map(move |i| value(i, j))).collect();
        let shape = format!("({rows}, {columns})");
        let expected = data::Points::from_f64(c.clone(), columns).unwrap();
        prop_assert_eq!(&data::npy_from_bytes(&npy("<f8", false, &shape, &le(&c))).unwrap(), &expected);
        prop_assert_eq!(&data::npy_from_bytes(&npy("<f8", true, &shape, &le(&fortran))).unwrap(), &expected);
        let big: Vec<u8> = c.iter().flat_map(|x| x.to_be_bytes()).collect();
        prop_assert_eq!(&data::npy_from_bytes(&npy(">f8", false, &shape, &big)).unwrap(), &expected);
    }

    #[test]
    fn csv_cells_survive(values in prop::collection::vec(fraction(), 1..20), columns in 1usize..4, separator in prop::sample::select(vec![',', ';', '\t'])) {
        let rows = values.len().div_ceil(columns);
        let cell = |i: usize| values[i % values.len()].clone();
        let line = |row: usize| (0..columns).map(|j| cell(row * columns + j).to_string()).collect::<Vec<_>>().join(&separator.to_string());
        let text = (0..rows).map(line).collect::<Vec<_>>().join("\n");
        let (points, _) = data::csv_from_bytes(text.as_bytes(), None).unwrap();
        prop_assert_eq!(points, data::Points::from_rationals((0..rows * columns).map(cell).collect(), columns).unwrap());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for (_, _, read) in small_files() {
            let _ = read(&bytes);
        }
    }

    #[test]
    fn any_text_is_a_name_or_is_refused(text in "\\PC{0,30}", number in any::<u64>()) {
        let none = LoadOptions::default();
        for family in ["cantor", "cantor-b", "sawtooth", "zigzag", "random", "digits"] {
            if number > 64 {
                let _ = network::zoo::parse(&format!("{family}:{text}:{number}"));
            }
        }
        if !text.contains(['/', '.']) {
            let _ = data::load_point(&text, &none);
        }
    }
}
