//! Files and arguments that need too much memory, that never end, or that contain control characters.

use super::*;
use std::io::Write;
use std::time::{Duration, Instant};

/// The error of a call that fails with this exit status, within a time limit: it must not wait for input.
fn soon(status: i32, arguments: &[&str]) -> String {
    let mut child = command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("{arguments:?} does not end");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {text}");
    text
}

/// A network of one input in JSON.
fn small() -> String {
    file("hostile.json", r#"{"layers":[{"W":[[1],[-1]],"b":[0,1]},{"W":[[1,1]],"b":[0]}]}"#)
}

// ------------------------------------------------------------------------------------------------------- .onnx, by hand

fn part(tag: u32, content: &[u8]) -> Vec<u8> {
    [int_bytes(u64::from(tag << 3 | 2)), int_bytes(content.len() as u64), content.to_vec()].concat()
}

fn int(tag: u32, n: i64) -> Vec<u8> {
    [int_bytes(u64::from(tag << 3)), int_bytes(n as u64)].concat()
}

fn int_bytes(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

fn attribute(name: &str, i: i64) -> Vec<u8> {
    part(5, &[part(1, name.as_bytes()), int(3, i), int(20, 2)].concat())
}

fn integers(name: &str, list: &[i64]) -> Vec<u8> {
    let list: Vec<u8> = list.iter().flat_map(|&n| int(8, n)).collect();
    part(5, &[part(1, name.as_bytes()), list, int(20, 7)].concat())
}

fn node(operator: &str, inputs: &[&str], outputs: &[&str], attributes: &[Vec<u8>]) -> Vec<u8> {
    let names = |tag: u32, names: &[&str]| names.iter().flat_map(|name| part(tag, name.as_bytes())).collect::<Vec<u8>>();
    part(1, &[names(1, inputs), names(2, outputs), part(4, operator.as_bytes()), attributes.concat()].concat())
}

fn tensor(name: &str, shape: &[i64], kind: i64, raw: &[u8]) -> Vec<u8> {
    let shape: Vec<u8> = shape.iter().flat_map(|&n| int(1, n)).collect();
    part(5, &[shape, int(2, kind), part(8, name.as_bytes()), part(9, raw)].concat())
}

fn floats(name: &str, shape: &[i64]) -> Vec<u8> {
    let count = shape.iter().product::<i64>() as usize;
    tensor(name, shape, 1, &1f32.to_le_bytes().repeat(count))
}

fn whole(name: &str, list: &[i64]) -> Vec<u8> {
    tensor(name, &[list.len() as i64], 7, &list.iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<u8>>())
}

/// A model from `x` of this shape to `y`.
fn model(shape: &[i64], parts: &[Vec<u8>]) -> Vec<u8> {
    let shape: Vec<u8> = shape.iter().flat_map(|&n| part(1, &int(1, n))).collect();
    let kind = part(2, &part(1, &[int(1, 1), part(2, &shape)].concat()));
    let graph = [parts.concat(), part(11, &[part(1, b"x"), kind].concat()), part(12, &part(1, b"y"))].concat();
    [int(1, 8), part(7, &graph), part(8, &int(2, 13))].concat()
}

fn onnx(name: &str, shape: &[i64], parts: &[Vec<u8>]) -> String {
    file(name, model(shape, parts))
}

#[test]
fn the_onnx_files_of_these_tests_are_read() {
    let net = onnx("read.onnx", &[1, 4], &[floats("c", &[1, 4]), node("Add", &["x", "c"], &["z"], &[]), node("Relu", &["z"], &["y"], &[])]);
    assert_eq!(json(&["net", &net])["hidden_units"], 4);
}

#[test]
fn a_concat_without_inputs_is_refused() {
    let net = onnx("concat.onnx", &[1, 4], &[node("Concat", &[], &["y"], &[attribute("axis", 0)])]);
    assert!(error(1, &["net", &net]).contains("node 0, operator Concat: input 0 is missing"));
}

#[test]
fn a_split_into_more_parts_than_elements_is_refused() {
    for parts in [5, 1 << 62, i64::MAX] {
        let net = onnx("split.onnx", &[1, 4], &[node("Split", &["x"], &["y"], &[attribute("axis", 1), attribute("num_outputs", parts)])]);
        assert!(error(1, &["net", &net]).contains("node 0, operator Split: the attribute num_outputs is not supported"), "{parts}");
    }
}

#[test]
fn a_split_into_many_parts_takes_no_square_of_them() {
    let names: Vec<String> = (0..2000).map(|k| format!("p{k}")).collect();
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    names[7] = "y";
    let net = onnx("many.onnx", &[1, 2000], &[node("Split", &["x"], &names, &[attribute("axis", 1)])]);
    assert_eq!(json(&["net", &net])["outputs"], 1);
}

#[test]
fn constants_that_double_are_refused_before_they_are_made() {
    let mut parts = vec![floats("c0", &[2])];
    for k in 0..60 {
        let (from, to) = (format!("c{k}"), format!("c{}", k + 1));
        parts.push(node("Concat", &[&from, &from], &[&to], &[attribute("axis", 0)]));
    }
    let text = soon(1, &["net", &onnx("doubling.onnx", &[2], &parts)]);
    assert!(text.contains("operator Concat") && text.contains("too many elements"), "{text}");
}

#[test]
fn shapes_that_broadcast_to_more_than_is_read_are_refused() {
    let constants = [floats("a", &[65536, 1]), floats("b", &[1, 65536])];
    let of_constants = [&constants[..], &[node("Add", &["a", "b"], &["y"], &[])]].concat();
    let text = soon(1, &["net", &onnx("outer.onnx", &[2], &of_constants)]);
    assert!(text.contains("a tensor of shape [65536, 65536] has too many elements"), "{text}");
    for operator in ["Add", "Mul", "Max", "Div"] {
        let net = onnx("outer-value.onnx", &[1, 65536], &[floats("a", &[65536, 1]), node(operator, &["x", "a"], &["y"], &[])]);
        let text = soon(1, &["net", &net]);
        assert!(text.contains("a tensor of shape [65536, 65536] has too many elements"), "{operator}: {text}");
    }
    // Sizes whose product does not fit a machine word.
    let wide: Vec<i64> = (0..24).map(|k| if k % 2 == 0 { 1 } else { 64 }).collect();
    let parts = [node("Transpose", &["x"], &["t"], &[integers("perm", &[1, 0])]), node("Add", &["x", "t"], &["y"], &[])];
    assert!(soon(1, &["net", &onnx("square.onnx", &[1, 100_000], &parts)]).contains("has too many elements"));
    assert!(soon(1, &["net", &onnx("wide.onnx", &wide, &[])]).contains("has too many elements"));
}

#[test]
fn axes_without_number_are_refused_at_once() {
    let axes: Vec<i64> = (0..300_000).collect();
    let text = soon(1, &["net", &onnx("axes.onnx", &[2], &[whole("axes", &axes), node("Unsqueeze", &["x", "axes"], &["y"], &[])])]);
    assert!(text.contains("a tensor of 300001 axes, expected at most 32"), "{text}");
    let text = soon(1, &["net", &onnx("dims.onnx", &[2], &[tensor("c", &[1; 1000], 1, &[0; 4]), node("Add", &["x", "c"], &["y"], &[])])]);
    assert!(text.contains("a tensor of 1000 axes, expected at most 32"), "{text}");
}

#[test]
fn a_slice_of_one_axis_again_and_again_is_refused() {
    let many = |n: i64| vec![n; 100_000];
    let parts = [whole("s", &many(0)), whole("e", &many(1)), whole("a", &many(0)), node("Slice", &["x", "s", "e", "a"], &["y"], &[])];
    let text = soon(1, &["net", &onnx("slices.onnx", &[1 << 20], &parts)]);
    assert!(text.contains("an axis occurs twice"), "{text}");
}

#[test]
fn a_concatenation_of_many_tensors_is_refused_before_its_maps_are_made() {
    let text =
        soon(1, &["net", &onnx("wide-concat.onnx", &[1, 1], &[node("Concat", &vec!["x"; 100_000], &["y"], &[attribute("axis", 1)])])]);
    assert!(text.contains("has too many elements"), "{text}");
}

#[test]
fn windows_over_padding_without_number_take_no_time() {
    let kernel = tensor("w", &[1, 1, 1 << 16], 1, &1f32.to_le_bytes().repeat(1 << 16));
    let conv = node("Conv", &["x", "w"], &["y"], &[integers("pads", &[1 << 22, 1 << 22])]);
    let net = onnx("padded.onnx", &[1, 1, 4], &[kernel, conv]);
    assert_eq!(json(&["net", &net])["multiplications"], 4 << 16);
    let (most, conv) = (i64::MAX, |attributes: &[Vec<u8>]| node("Conv", &["x", "w"], &["y"], attributes));
    for attributes in [
        vec![integers("pads", &[most, most])],
        vec![integers("strides", &[most]), integers("dilations", &[most])],
        vec![integers("dilations", &[most]), part(5, &[part(1, b"auto_pad"), part(4, b"SAME_UPPER"), int(20, 3)].concat())],
    ] {
        let net = onnx("windows.onnx", &[1, 1, 9], &[floats("w", &[1, 1, 3]), conv(&attributes)]);
        assert!(soon(1, &["net", &net]).contains("operator Conv"));
    }
}

#[test]
fn a_file_of_empty_messages_is_refused_before_they_are_made() {
    let net = file("empty.onnx", [part(7, &part(1, &[]).repeat(16 << 20)), part(8, &int(2, 13))].concat());
    assert!(soon(1, &["net", &net]).contains("more than 4 GiB of numbers and text"));
}

#[test]
fn operators_of_another_domain_are_named_and_a_file_that_is_cut_off_is_called_so() {
    let of = |opset: &[u8]| {
        let whole = model(&[1, 4], &[node("Relu", &["x"], &["y"], &[])]);
        let standard = part(8, &int(2, 13));
        [&whole[..whole.len() - standard.len()], opset].concat()
    };
    let net = file("domain.onnx", of(&part(8, &[part(1, b"ai.onnx.ml"), int(2, 3)].concat())));
    let text = error(1, &["net", &net]);
    assert!(text.contains("operators of the domain ai.onnx.ml, expected the standard ones of ai.onnx"), "{text}");
    assert!(!text.contains("cut off"));
    assert!(error(1, &["net", &file("cut.onnx", of(&[]))]).contains("the file may be truncated"));
}

// ------------------------------------------------------------------------------------------------------- numbers in text

/// Every place where a number is read as text, with the exit status of its refusal.
fn refused_everywhere(number: &str, reason: &str) {
    let net = small();
    let csv = file("number.csv", format!("1\n{number}\n"));
    let network = file("number.json", format!(r#"{{"layers":[{{"W":[["{number}"]],"b":[0]}}]}}"#));
    let bias = file("hostile-bias.json", format!(r#"{{"layers":[{{"W":[[1]],"b":["{number}"]}}]}}"#));
    let cube = format!("{number},1");
    let ranges = format!("0..{number}");
    let plane = format!("{number},0");
    let calls: [(i32, Vec<&str>); 9] = [
        (2, vec!["trace", &net, "--from", number, "--to", "1"]),
        (2, vec!["trace", &net, "--from", "0", "--to", number]),
        (2, vec!["regions", "random:1-2-1@1", "--box", &cube]),
        (2, vec!["regions", "random:1-2-1@1", "--box", &ranges]),
        (2, vec!["regions", "cantor:1", "--plane", &plane, "1,0", "0,1"]),
        (1, vec!["fold", &net, &csv]),
        (1, vec!["audit", &net, &csv]),
        (1, vec!["net", &network]),
        (1, vec!["net", &bias]),
    ];
    for (status, call) in calls {
        let text = soon(status, &call);
        assert!(text.contains(reason) && text.len() < 800, "{call:?}: {text}");
    }
}

#[test]
fn exponents_beyond_the_limit_are_refused_before_anything_is_computed() {
    for exponent in ["-2147483648", "2147483647", "99999999999999999999", "-10001"] {
        refused_everywhere(&format!("1e{exponent}"), "has an exponent beyond 10,000");
    }
}

#[test]
fn digits_beyond_the_limit_are_refused_and_repeated_in_part() {
    let long = "7".repeat(20_001);
    for number in [long.clone(), format!("1/{long}"), format!("0.{long}"), format!("{}e10000", &long[..10_001])] {
        refused_everywhere(&number, "has more than 20,000 digits, the limit");
    }
}

#[test]
fn doubles_are_read_written_out_in_full() {
    for x in [5e-324, f64::MIN_POSITIVE, f64::MAX, 0.1] {
        let full = format!("{x:.1100}");
        let net = file("full.json", format!(r#"{{"layers":[{{"W":[["{full}"]],"b":["-{full}"]}}]}}"#));
        assert_eq!(json(&["net", &net])["dyadic"], true);
        stdout(&["trace", &small(), "--from", &full, "--to", "1e-324"]);
    }
}

#[test]
fn numbers_of_millions_of_digits_and_lists_in_lists_without_end_are_read_or_refused_at_once() {
    let digits = "3".repeat(10_000_000);
    let net = |number: &str| file("digits.json", format!(r#"{{"layers":[{{"W":[[{number}]],"b":[0]}}]}}"#));
    assert!(soon(1, &["net", &net(&digits)]).contains("number out of range"));
    assert_eq!(json(&["net", &net(&format!("0.{digits}"))])["dyadic"], true);
    assert!(soon(1, &["net", &net(&"[".repeat(1_000_000))]).contains("invalid type: sequence, expected a number"));
    assert!(soon(1, &["net", &file("deep.json", "[".repeat(1_000_000))]).contains("not the JSON of a network"));
    let deep = r#"{"layers":"#.repeat(300_000);
    assert!(soon(1, &["net", &file("deep-maps.json", deep)]).contains("not the JSON of a network"));
}

// ------------------------------------------------------------------------------------------------------- sizes

#[test]
fn an_audit_is_of_as_many_points_as_single_precision_tells_apart() {
    for points in ["16777217", "4294967295"] {
        let text = soon(2, &["audit", "sawtooth:1", "digits", "--points", points]);
        assert!(text.contains("2..=16777216") || text.contains("16777216"), "{text}");
    }
}

#[test]
fn an_audit_of_many_points_keeps_patterns_where_they_change() {
    let data = file("ends.csv", "0\n1\n");
    let report = json(&["audit", "sawtooth:2", &data, "--points", "200000", "--pairs", "all", "--quiet"]);
    let sampler = &report["samplers"][0];
    assert_eq!((&sampler["sampler"], &sampler["incomplete"]["exact"]), (&"200000 points".into(), &"0".into()));
}

#[test]
fn pairs_of_classes_without_number_are_refused() {
    let rows: String = (0..1025).map(|k| format!("{k},{k}\n")).collect();
    let text = soon(1, &["fold", &small(), &file("classes.csv", rows), "--labels", "1"]);
    assert!(text.contains("1025 classes, expected at most 1024 for pairs by class"), "{text}");
}

/// A call with this number of kilobytes of memory.
#[cfg(target_os = "linux")]
fn with_memory(kilobytes: u32, arguments: &[&str]) -> Output {
    let limited = format!("ulimit -v {kilobytes}; exec \"$@\"");
    let program = env!("CARGO_BIN_EXE_plica");
    Command::new("sh").args(["-c", &limited, "sh", program]).args(arguments).stdin(Stdio::null()).output().unwrap()
}

#[cfg(target_os = "linux")]
fn lacks_memory(kilobytes: u32, arguments: &[&str]) {
    let output = with_memory(kilobytes, arguments);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
    assert!(text.contains("not enough memory") || text.contains("out of memory"), "{arguments:?}: {text}");
}

#[test]
#[cfg(target_os = "linux")]
fn memory_that_cannot_be_had_for_a_built_in_network_is_an_error() {
    for net in ["random:9999-9999-1@0", "random-kaiming:1000000-99-1@0", "zigzag:2:2400:3"] {
        lacks_memory(150_000, &["net", net]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn memory_that_cannot_be_had_for_a_file_is_an_error() {
    let header = |shape: &str| {
        let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n");
        [b"\x93NUMPY\x01\x00".to_vec(), (header.len() as u16).to_le_bytes().to_vec(), header.into_bytes()].concat()
    };
    let points = file("large.npy", [header("(10000, 2000)"), vec![0; 80_000_000]].concat());
    for kilobytes in [60_000, 150_000, 250_000] {
        lacks_memory(kilobytes, &["fold", "cantor:1", &points]);
    }
    let mut archive = zip::ZipWriter::new(std::fs::File::create(path("large.npz")).unwrap());
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated).compression_level(Some(1));
    archive.start_file("W0.npy", options).unwrap();
    archive.write_all(&header("(10000, 2000)")).unwrap();
    archive.write_all(&vec![0; 80_000_000]).unwrap();
    archive.start_file("b0.npy", options).unwrap();
    archive.write_all(&header("(10000,)")).unwrap();
    archive.write_all(&vec![0; 40_000]).unwrap();
    archive.finish().unwrap();
    for kilobytes in [100_000, 250_000] {
        lacks_memory(kilobytes, &["net", path("large.npz").to_str().unwrap()]);
    }
}

#[test]
fn an_archive_that_inflates_to_more_than_is_read_is_refused() {
    // The header and the archive's directory announce 5 GiB of zeros, which the compressed bytes could contain.
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({},), }}\n", 5u64 << 30);
    let npy = [b"\x93NUMPY\x01\x00".to_vec(), (header.len() as u16).to_le_bytes().to_vec(), header.into_bytes()].concat();
    let size = npy.len() as u64 + (5 << 30);
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored).large_file(true);
    archive.start_file("X.npy", options).unwrap();
    archive.write_all(&npy).unwrap();
    archive.write_all(&vec![0; 1 << 20]).unwrap();
    let mut bytes = archive.finish().unwrap().into_inner();
    // The sizes in the directory become those of the bomb; the method becomes deflate, so that they are possible.
    let directory = (0..bytes.len()).rev().find(|&i| bytes[i..].starts_with(b"PK\x01\x02")).unwrap();
    bytes[directory + 10..directory + 12].copy_from_slice(&8u16.to_le_bytes());
    bytes[directory + 24..directory + 28].copy_from_slice(&(size as u32).to_le_bytes());
    let text = soon(1, &["fold", "cantor:1", &file("bomb.npz", bytes)]);
    assert!(text.contains("bomb.npz: "), "{text}");
}

// ------------------------------------------------------------------------------------------------------- not a file

/// A pipe among the tests' own files, without a writer.
#[cfg(unix)]
fn pipe(name: &str) -> String {
    let _ = std::fs::remove_file(path(name));
    assert!(Command::new("mkfifo").arg(path(name)).status().unwrap().success());
    path(name).to_str().unwrap().to_string()
}

#[test]
#[cfg(unix)]
fn a_pipe_is_refused_wherever_a_file_is_read() {
    let data = file("data.csv", "0\n1\n");
    let said = "it is a pipe, expected a regular file";
    for net in ["p.npz", "p.safetensors", "p.onnx", "p.json"] {
        assert!(soon(1, &["net", &pipe(net)]).contains(said), "{net}");
    }
    for points in ["p.csv", "q.npz", "p.npy", "p.idx", "p.csv.gz"] {
        assert!(soon(1, &["fold", &small(), &pipe(points)]).contains(said), "{points}");
    }
    assert!(soon(1, &["fold", &small(), &data, "--labels", &pipe("pipe-labels.npy")]).contains(said));
    assert!(soon(1, &["trace", &small(), "--from", &pipe("from.npy"), "--to", "0"]).contains(said));
    assert!(soon(1, &["trace", &small(), "--segments", &pipe("segments.npz")]).contains(said));
    assert!(soon(1, &["convexity", &small(), "--patterns", &pipe("patterns.txt")]).contains(said));
}

#[test]
#[cfg(unix)]
fn directories_devices_and_sockets_are_no_files_even_by_a_link() {
    let link = |name: &str, to: &str| {
        let _ = std::fs::remove_file(path(name));
        std::os::unix::fs::symlink(to, path(name)).unwrap();
        path(name).to_str().unwrap().to_string()
    };
    assert!(soon(1, &["net", &link("zero.npz", "/dev/zero")]).contains("it is a device, expected a regular file"));
    assert!(soon(1, &["convexity", &small(), "--patterns", "/dev/zero"]).contains("it is a device, expected a regular file"));
    std::fs::create_dir_all(path("folder.npz")).unwrap();
    assert!(soon(1, &["net", path("folder.npz").to_str().unwrap()]).contains("it is a directory, expected a regular file"));
    let _ = std::fs::remove_file(path("socket.csv"));
    // The name of a socket may not be long.
    if let Ok(_socket) = std::os::unix::net::UnixListener::bind(path("socket.csv")) {
        let data = path("socket.csv");
        assert!(soon(1, &["fold", &small(), data.to_str().unwrap()]).contains("it is a socket, expected a regular file"));
    }
    let real = small();
    assert_eq!(json(&["net", &link("linked.json", &real)])["hidden_units"], 2);
}

/// A tensor of four numbers in another file.
fn outside(location: &str) -> Vec<u8> {
    let entry = part(13, &[part(1, b"location"), part(2, location.as_bytes())].concat());
    part(5, &[int(1, 1), int(1, 4), int(2, 1), part(8, b"c"), entry, int(14, 1)].concat())
}

#[test]
#[cfg(unix)]
fn numbers_outside_the_folder_of_a_model_are_not_read_through_a_link() {
    use std::os::unix::fs::symlink;
    let (folder, elsewhere) = (path("models"), path("elsewhere"));
    let _ = (std::fs::remove_dir_all(&folder), std::fs::remove_dir_all(&elsewhere));
    std::fs::create_dir_all(folder.join("parts")).unwrap();
    std::fs::create_dir_all(&elsewhere).unwrap();
    let numbers = 1f32.to_le_bytes().repeat(4);
    std::fs::write(folder.join("real.bin"), &numbers).unwrap();
    std::fs::write(elsewhere.join("secret.bin"), &numbers).unwrap();
    symlink(elsewhere.join("secret.bin"), folder.join("leads-out.bin")).unwrap();
    symlink(&elsewhere, folder.join("out")).unwrap();
    symlink("../real.bin", folder.join("parts/leads-in.bin")).unwrap();
    let net = |location: &str| {
        let content = model(&[1, 4], &[outside(location), node("Add", &["x", "c"], &["z"], &[]), node("Relu", &["z"], &["y"], &[])]);
        std::fs::write(folder.join("net.onnx"), content).unwrap();
        folder.join("net.onnx").to_str().unwrap().to_string()
    };
    for location in ["leads-out.bin", "out/secret.bin", "../elsewhere/secret.bin"] {
        let text = error(1, &["net", &net(location)]);
        assert!(text.contains(&format!("its numbers are in {location}, which is not in the folder of the .onnx file")), "{text}");
    }
    for location in ["real.bin", "parts/leads-in.bin", "./real.bin"] {
        assert_eq!(json(&["net", &net(location)])["hidden_units"], 4, "{location}");
    }
    // As in stores of models: both files are links into one directory.
    let store = path("store");
    let _ = std::fs::remove_dir_all(&store);
    std::fs::create_dir_all(&store).unwrap();
    net("data.bin");
    symlink(folder.join("net.onnx"), store.join("net.onnx")).unwrap();
    symlink(folder.join("real.bin"), store.join("data.bin")).unwrap();
    assert_eq!(json(&["net", store.join("net.onnx").to_str().unwrap()])["hidden_units"], 4);
    // A pipe beside it does not make a reader wait.
    assert!(Command::new("mkfifo").arg(folder.join("pipe.bin")).status().unwrap().success());
    assert!(soon(1, &["net", &net("pipe.bin")]).contains("its numbers are in pipe.bin: it is a pipe, expected a regular file"));
}

// ------------------------------------------------------------------------------------------------------- names

/// A name that would clear a screen, ring, reverse the line, and end a document.
const NAME: &str = "W\u{1b}[2J\u{7}\u{9b}31m\u{202e}é<b>&\r\n";

/// How it is shown.
const SHOWN: &str = "W\\u{1b}[2J\\u{7}\\u{9b}31m\\u{202e}é<b>&\\r\\n";

fn obeys_nothing(text: &str) {
    assert!(!text.chars().any(|c| c != '\n' && (c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c))), "{text:?}");
}

/// An error that shows the name.
fn shows_the_name(status: i32, arguments: &[&str]) {
    let text = error(status, arguments);
    obeys_nothing(&text);
    assert!(text.contains(SHOWN) && text.lines().count() == 1, "{arguments:?}: {text:?}");
}

#[test]
fn names_in_files_do_not_reach_the_terminal_as_they_are() {
    let npz = |name: &str| {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(b"\x93NUMPY\x01\x00\x3b\x00{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }\n").unwrap();
        archive.write_all(&[0; 8]).unwrap();
        archive.finish().unwrap().into_inner()
    };
    shows_the_name(1, &["net", &file("names.npz", npz(&format!("{NAME}.npy")))]);
    shows_the_name(1, &["net", &file("names-2.npz", npz(NAME))]);
    let header = serde_json::to_string(&serde_json::json!({NAME: {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]}})).unwrap();
    let tensors = [(header.len() as u64).to_le_bytes().to_vec(), header.into_bytes(), vec![0; 4]].concat();
    shows_the_name(1, &["net", &file("names.safetensors", tensors)]);
    let key = serde_json::to_string(NAME).unwrap();
    shows_the_name(1, &["net", &file("names.json", format!(r#"{{{key}:[]}}"#))]);
    let number = file("text.json", format!(r#"{{"layers":[{{"W":[["3"],[{key}]],"b":[0,0]}}]}}"#));
    assert!(error(1, &["net", &number]).contains(SHOWN.trim_end_matches("\\r\\n")));
    for parts in [
        vec![node(NAME, &["x"], &["y"], &[])],
        vec![node("Relu", &[NAME], &["y"], &[])],
        vec![node("Relu", &["x"], &["y"], &[attribute(NAME, 1)])],
        vec![tensor(NAME, &[1], 99, &[0; 4]), node("Relu", &["x"], &["y"], &[])],
        vec![outside(NAME), node("Relu", &["x"], &["y"], &[])],
    ] {
        shows_the_name(1, &["net", &onnx("names.onnx", &[1, 4], &parts)]);
    }
}

#[test]
fn names_in_tables_and_in_calls_do_not_reach_the_terminal_as_they_are() {
    let name = NAME.trim_end();
    let shown = SHOWN.trim_end_matches("\\r\\n");
    let table = file("header.csv", format!("{name},b\n1,2\n"));
    for (status, call) in [
        (1, vec!["fold", "cantor:1", &table, "--labels", "c"]),
        (2, vec!["net", name]),
        (2, vec!["fold", "cantor:1", name]),
        (2, vec!["trace", "cantor:1", "--from", name, "--to", "0,0"]),
        (2, vec!["trace", "cantor:1", "--from", "0,0", "--to", "0,0", "--units", name]),
        (2, vec!["regions", "cantor:1", "--box", name]),
    ] {
        let text = error(status, &call);
        obeys_nothing(&text);
        // The argument parser removes control sequences.
        assert!(text.contains(shown) || text.contains("31m\\u{202e}é<b>&") || call.contains(&"c"), "{call:?}: {text}");
    }
}

#[test]
fn names_of_files_and_nodes_are_shown_in_reports_and_pictures_without_being_obeyed() {
    let odd = "W\u{1b}[2J\u{9b}31m\u{202e}é<b>&";
    let net = file(&format!("{odd}.json"), r#"{"layers":[{"W":[[1,0],[0,1]],"b":[0,0]},{"W":[[1,1]],"b":[0]}]}"#);
    let shown = "W\\u{1b}[2J\\u{9b}31m\\u{202e}é<b>&.json";
    let data = file(&format!("{odd}.csv"), "0,0\n1,1\n");
    for call in [
        vec!["trace", &net, "--from", "0,0", "--to", "1,1"],
        vec!["fold", &net, &data, "--quiet"],
        vec!["regions", &net, "--box", "0,1"],
        vec!["audit", &net, &data, "--pairs", "all", "--quiet"],
        vec!["net", &net],
        vec!["bounds", &net],
        vec!["convexity", &net],
    ] {
        let text = stdout(&call);
        obeys_nothing(&text);
        // The folder may be long enough that the name is cut off.
        assert!(text.contains(shown) || text.contains(".."), "{call:?}: {text}");
        let text = stdout(&[&call[..], &["--format", "json"]].concat());
        obeys_nothing(&text);
        let _: serde_json::Value = serde_json::from_str(&text).unwrap();
    }
    let report: serde_json::Value = serde_json::from_str(&stdout(&["net", &net, "--format", "json"])).unwrap();
    assert_eq!(report["network"], net.as_str(), "JSON holds the name itself");
    for end in ["svg", "html"] {
        let picture = path(&format!("odd.{end}")).to_str().unwrap().to_string();
        stdout(&["regions", &net, "--box", "0,1", "--plot", &picture]);
        let text = std::fs::read_to_string(&picture).unwrap();
        obeys_nothing(&text.replace('\t', " "));
        assert!(text.contains("u{202e}é"), "{end}");
        assert!(!text.contains("é<b>"), "{end}");
    }
    let node_name = part(3, b"n\x1b[2J");
    let relu = [part(1, b"x"), part(2, b"y"), node_name, part(4, b"Relu")].concat();
    let text = stdout(&["net", &onnx("nodes.onnx", &[1, 4], &[part(1, &relu)])]);
    obeys_nothing(&text);
    assert!(text.contains("n\\u{1b}[2J"), "{text}");
}

#[test]
fn products_of_constants_do_not_grow_without_end() {
    let mut parts = vec![tensor("c", &[1], 1, &1.1f32.to_le_bytes()), node("Abs", &["c"], &["e0"], &[])];
    for k in 0..40 {
        let (from, to) = (format!("e{k}"), format!("e{}", k + 1));
        parts.push(node("Mul", &[&from, &from], &[&to], &[]));
    }
    parts.push(node("Mul", &["x", "e40"], &["y"], &[]));
    let text = soon(1, &["net", &onnx("squares.onnx", &[1, 1], &parts)]);
    assert!(text.contains("a constant of more than 32768 bits"), "{text}");
}
