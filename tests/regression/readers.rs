//! Network files that were read wrongly, or refused without reason.

use super::{error, file, json, run};
use plica::network::Network;
use rug::Rational;

// ------------------------------------------------------------------------------------------------------- .safetensors

/// A `.safetensors` file of these matrices, each number by its place, with this metadata.
fn safetensors(name: &str, metadata: &str, tensors: &[(&str, &[usize])]) -> String {
    let (mut header, mut data) = (Vec::new(), Vec::new());
    for (name, shape) in tensors {
        let count: usize = shape.iter().product();
        let end = data.len() + 4 * count;
        header.push(format!(r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{},{end}]}}"#, data.len()));
        data.extend((0..count).flat_map(|i| (i as f32 - 3.5).to_le_bytes()));
    }
    if !metadata.is_empty() {
        header.push(format!(r#""__metadata__":{metadata}"#));
    }
    let header = format!("{{{}}}", header.join(","));
    file(&format!("{name}.safetensors"), [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat())
}

/// The shape of a network, and the notes of its reader.
fn shape(network: &str) -> (String, String) {
    let output = run(&["net", network, "--format", "json"]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    (report["shape"].as_str().unwrap().to_string(), text)
}

#[test]
fn names_without_numbers_say_no_order() {
    // Sorted by name the decoder comes first, and its shape fits: 3-8-3.
    let network = safetensors("autoencoder", "", &[("encoder.0.weight", &[3, 8]), ("decoder.0.weight", &[8, 3])]);
    let message = error(1, &["net", &network]);
    assert!(
        message.contains("`decoder.0` and `encoder.0` do not say which comes first; give the module itself to plica.load"),
        "{message}"
    );
    let network = safetensors("words", "", &[("one.weight", &[2, 2]), ("two.weight", &[2, 2]), ("three.weight", &[2, 2])]);
    assert!(error(1, &["net", &network]).contains("do not say which comes first"));
}

#[test]
fn two_networks_in_one_file_are_no_chain() {
    let network = safetensors(
        "actor_critic",
        "",
        &[("actor.0.weight", &[8, 4]), ("actor.2.weight", &[4, 8]), ("critic.0.weight", &[8, 4]), ("critic.2.weight", &[1, 8])],
    );
    assert!(error(1, &["net", &network]).contains("do not say which comes first"));
    let network = safetensors(
        "duplicates",
        "",
        &[("net1.0.weight", &[2, 2]), ("net1.2.weight", &[2, 2]), ("net2.0.weight", &[2, 2]), ("net2.2.weight", &[2, 2])],
    );
    assert!(error(1, &["net", &network]).contains("differ in more than one number"));
}

#[test]
fn neighbours_in_a_sequential_have_no_activation_between_them() {
    for (file, names) in [("bare", ["0", "1"]), ("deep", ["net.layers.4", "net.layers.5"])] {
        let names = names.map(|name| format!("{name}.weight"));
        let network = safetensors(file, "", &[(&names[0], &[3, 2]), (&names[1], &[1, 3])]);
        let message = error(1, &["net", &network]);
        assert!(message.contains("of a Sequential have no activation between them"), "{message}");
    }
    let network = safetensors("mixed", "", &[("0.weight", &[2, 2]), ("2.weight", &[2, 2]), ("3.weight", &[2, 2])]);
    assert!(error(1, &["net", &network]).contains("`2` and `3` of a Sequential"));
    // A missing layer.
    let network = safetensors("hole", "", &[("fc1.weight", &[2, 2]), ("fc2.weight", &[2, 2]), ("fc4.weight", &[2, 2])]);
    assert!(error(1, &["net", &network]).contains("a number is left out between `fc2` and `fc4`"));
}

#[test]
fn numbers_that_say_the_order_are_read_with_the_note_that_relu_is_assumed() {
    for (file, names) in [("sequential", ["0", "2", "10"]), ("dropout", ["0", "3", "5"]), ("custom", ["fc1", "fc2", "fc3"])] {
        let names = names.map(|name| format!("{name}.weight"));
        // Written in another order.
        let network = safetensors(file, "", &[(&names[2], &[1, 4]), (&names[0], &[3, 2]), (&names[1], &[4, 3])]);
        let (shape, notes) = shape(&network);
        assert_eq!(shape, "2-3-4-1");
        assert!(notes.starts_with("note: ") && notes.contains("with ReLU between them"), "{notes}");
    }
    // One layer has no ReLU.
    assert_eq!(shape(&safetensors("single", "", &[("out.weight", &[1, 2])])), ("2-1".to_string(), String::new()));
}

#[test]
fn tensors_that_are_shared_are_layers_too() {
    // As `safetensors.torch.save_model` writes a Sequential whose first and third modules are the same.
    let tensors: &[(&str, &[usize])] = &[("0.weight", &[2, 2]), ("0.bias", &[2]), ("4.weight", &[1, 2])];
    let network = safetensors("shared", r#"{"2.weight":"0.weight","2.bias":"0.bias","format":"pt"}"#, tensors);
    assert_eq!(shape(&network).0, "2-2-2-1");
    let written = super::path("shared.json");
    super::stdout(&["net", &network, "--to", written.to_str().unwrap()]);
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(written).unwrap()).unwrap();
    assert_eq!(written["layers"][0], written["layers"][1]);
    // Other metadata do not concern tensors.
    let network = safetensors("remarks", r#"{"format":"pt","loss.weight":"0.5","0.weight":"trained twice"}"#, tensors);
    assert_eq!(shape(&network).0, "2-2-1");
    let network = safetensors("lost", r#"{"2.weight":"1.weight"}"#, tensors);
    assert!(error(1, &["net", &network]).contains("the metadata says that 2.weight is 1.weight, which is missing"));
    let network = safetensors("both", r#"{"4.weight":"0.weight"}"#, tensors);
    assert!(error(1, &["net", &network]).contains("the metadata says that 4.weight is 0.weight, but the file has both"));
}

#[test]
fn bounds_of_a_file_that_does_not_say_relu_have_the_note_too() {
    let network = safetensors("bounded", "", &[("0.weight", &[2, 2]), ("2.weight", &[2, 2])]);
    let text = String::from_utf8(run(&["bounds", &network]).stderr).unwrap();
    assert!(text.contains("with ReLU between them"), "{text}");
}

#[test]
fn a_name_that_the_metadata_holds_twice_is_refused() {
    let network = safetensors("remarks", r#"{"format":"pt","note":"a","note":"b"}"#, &[("0.weight", &[2, 2])]);
    assert!(error(1, &["net", &network]).contains("__metadata__ holds `note` twice"));
    let network = safetensors("one_remark", r#"{"format":"pt","0.weight":"none"}"#, &[("0.weight", &[2, 2])]);
    assert_eq!(shape(&network).0, "2-2");
}

#[test]
fn a_part_of_a_state_is_no_network() {
    let part = safetensors("model-00001-of-00002", "", &[("0.weight", &[2, 2])]);
    assert!(error(1, &["net", &part]).contains("part 00001 of 00002 of a state: expected a file that contains all of it"));
    let whole = safetensors("model-00001-of-00001", "", &[("0.weight", &[2, 2])]);
    assert_eq!(shape(&whole).0, "2-2");
}

#[test]
fn batch_normalisation_of_a_state_is_refused_by_name() {
    let tensors: &[(&str, &[usize])] = &[("0.weight", &[2, 2]), ("1.weight", &[2]), ("1.running_mean", &[2]), ("3.weight", &[1, 2])];
    assert!(error(1, &["net", &safetensors("normalised", "", tensors)]).contains("array 1.running_mean is unknown: batch normalisation"));
    let message = error(1, &["net", &safetensors("layer_norm", "", &[("0.weight", &[2, 2]), ("1.weight", &[2]), ("3.weight", &[1, 2])])]);
    assert!(message.contains("array 1.weight: shape 2, expected outputs x inputs"), "{message}");
}

// ------------------------------------------------------------------------------------------------------- .json and .npz

#[test]
fn a_missing_bias_is_zero_in_every_format() {
    let trace = |network: &str| json(&["trace", network, "--from=-1,1", "--to", "1,2"]);
    let whole = file("bias.json", r#"{"layers":[{"W":[[1,-1],[2,1]],"b":[0,0]},{"W":[[1,1]],"b":[0]}]}"#);
    let expected = trace(&whole);
    let without = file("no_bias.json", r#"{"layers":[{"W":[[1,-1],[2,1]]},{"W":[[1,1]],"b":[0]}]}"#);
    assert_eq!(trace(&without), expected);
    // The same arrays as .npz, with and without b0 and b1.
    let array = |shape: &str, values: &[f64]| {
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}\n");
        let values = values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
        [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), &values].concat()
    };
    let arrays = [
        ("W0.npy", array("(2, 2)", &[1.0, -1.0, 2.0, 1.0])),
        ("W1.npy", array("(1, 2)", &[1.0, 1.0])),
        ("b0.npy", array("(2,)", &[0.0, 0.0])),
        ("b1.npy", array("(1,)", &[0.0])),
    ];
    for count in 2..=4 {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in &arrays[..count] {
            archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut archive, bytes).unwrap();
        }
        let network = file(&format!("bias_{count}.npz"), archive.finish().unwrap().into_inner());
        assert_eq!(trace(&network), expected, "{count} arrays");
    }
}

#[test]
fn a_network_in_json_is_an_object_of_objects() {
    for text in [r#"[[{"W":[[1]],"b":[0]}]]"#, r#"{"layers":[[[[1]],[0]]]}"#] {
        let message = error(1, &["net", &file("bare.json", text)]);
        assert!(message.contains("invalid type: sequence, expected an object"), "{message}");
    }
}

// ------------------------------------------------------------------------------------------------------- .onnx

/// A field of a protocol buffer.
fn field(number: u64, content: &[u8]) -> Vec<u8> {
    [&varint(number << 3 | 2)[..], &varint(content.len() as u64), content].concat()
}

fn integer(number: u64, value: i64) -> Vec<u8> {
    [varint(number << 3), varint(value as u64)].concat()
}

fn varint(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n >= 128 {
        bytes.push(n as u8 | 128);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

/// Attributes with their types: 1 is a float, 2 an integer, 3 a text, 7 a list of integers.
fn float(name: &str, x: f32) -> Vec<u8> {
    field(5, &[field(1, name.as_bytes()), varint(2 << 3 | 5), x.to_le_bytes().to_vec(), integer(20, 1)].concat())
}

fn int(name: &str, n: i64) -> Vec<u8> {
    field(5, &[field(1, name.as_bytes()), integer(3, n), integer(20, 2)].concat())
}

fn words(name: &str, text: &str) -> Vec<u8> {
    field(5, &[field(1, name.as_bytes()), field(4, text.as_bytes()), integer(20, 3)].concat())
}

fn ints(name: &str, list: &[i64]) -> Vec<u8> {
    field(5, &[field(1, name.as_bytes()), list.iter().flat_map(|&n| integer(8, n)).collect(), integer(20, 7)].concat())
}

fn node(operator: &str, inputs: &[&str], outputs: &[&str], attributes: &[Vec<u8>]) -> Vec<u8> {
    let inputs: Vec<u8> = inputs.iter().flat_map(|name| field(1, name.as_bytes())).collect();
    let outputs: Vec<u8> = outputs.iter().flat_map(|name| field(2, name.as_bytes())).collect();
    field(1, &[inputs, outputs, field(4, operator.as_bytes()), attributes.concat()].concat())
}

/// An initializer: of singles, doubles or integers.
fn singles(name: &str, shape: &[i64], numbers: &[f32]) -> Vec<u8> {
    tensor(name, 1, shape, numbers.iter().flat_map(|x| x.to_le_bytes()).collect())
}

fn doubles(name: &str, shape: &[i64], numbers: &[f64]) -> Vec<u8> {
    tensor(name, 11, shape, numbers.iter().flat_map(|x| x.to_le_bytes()).collect())
}

fn whole(name: &str, shape: &[i64], numbers: &[i64]) -> Vec<u8> {
    tensor(name, 7, shape, numbers.iter().flat_map(|x| x.to_le_bytes()).collect())
}

fn tensor(name: &str, kind: i64, shape: &[i64], raw: Vec<u8>) -> Vec<u8> {
    let shape: Vec<u8> = shape.iter().flat_map(|&n| integer(1, n)).collect();
    field(5, &[shape, integer(2, kind), field(8, name.as_bytes()), field(9, &raw)].concat())
}

/// An input or output; a size of 0 is open.
fn value(number: u64, name: &str, kind: i64, shape: &[i64]) -> Vec<u8> {
    let size = |&n: &i64| field(1, &if n == 0 { field(2, b"n") } else { integer(1, n) });
    let tensor = [integer(1, kind), field(2, &shape.iter().flat_map(size).collect::<Vec<u8>>())].concat();
    field(number, &[field(1, name.as_bytes()), field(2, &field(1, &tensor))].concat())
}

/// A model from x of singles to y.
fn model(version: i64, shape: &[i64], parts: &[Vec<u8>]) -> Vec<u8> {
    model_of(1, version, shape, parts)
}

fn model_of(kind: i64, version: i64, shape: &[i64], parts: &[Vec<u8>]) -> Vec<u8> {
    let graph = [parts.concat(), value(11, "x", kind, shape), value(12, "y", kind, &[1])].concat();
    [field(7, &graph), field(8, &integer(2, version))].concat()
}

/// The outputs at a point, as fractions.
#[track_caller]
fn at(model: &[u8], x: &[i32]) -> String {
    let x: Vec<Rational> = x.iter().map(|&x| x.into()).collect();
    let outputs = Network::from_onnx(model).unwrap().evaluate(&x).unwrap();
    outputs.iter().map(Rational::to_string).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn refused(model: &[u8], part: &str) {
    let message = Network::from_onnx(model).unwrap_err().to_string();
    assert!(message.contains(part) && !message.contains('\n'), "{message}");
}

#[test]
fn clip_drops_no_bound_that_excludes_something() {
    let attributes = |bounds: &[Vec<u8>]| model(6, &[1, 2], &[node("Clip", &["x"], &["y"], bounds)]);
    // min(max(x, inf), 1) is 1, and min(max(x, a), 1) is 1 for the largest float a.
    assert_eq!(
        at(
            &model(
                13,
                &[2],
                &[singles("a", &[], &[f32::INFINITY]), singles("b", &[], &[1.0]), node("Clip", &["x", "a", "b"], &["y"], &[])]
            ),
            &[5, -5]
        ),
        "1 1"
    );
    assert_eq!(
        at(
            &model(13, &[2], &[singles("a", &[], &[f32::MAX]), singles("b", &[], &[1.0]), node("Clip", &["x", "a", "b"], &["y"], &[])]),
            &[5, -5]
        ),
        "1 1"
    );
    refused(&attributes(&[float("min", f32::INFINITY)]), "no finite number");
    refused(&attributes(&[float("max", f32::NEG_INFINITY)]), "no finite number");
    refused(&attributes(&[float("max", f32::NAN)]), "max is NaN");
    refused(&attributes(&[float("min", 2.0), float("max", 1.0)]), "min is greater than max");
    // The way exporters write a missing bound.
    for (lo, hi) in [(f32::NEG_INFINITY, f32::INFINITY), (f32::MIN, f32::MAX)] {
        let network = Network::from_onnx(&attributes(&[float("min", lo), float("max", hi)])).unwrap();
        assert_eq!(network.hidden_units(), 0);
    }
    assert_eq!(at(&attributes(&[float("min", 0.0), float("max", f32::MAX)]), &[5, -5]), "5 0");
    // In doubles this is an ordinary bound.
    let wide = [doubles("a", &[], &[1e39]), node("Clip", &["x", "", "a"], &["y"], &[])];
    let network = Network::from_onnx(&model_of(11, 13, &[1], &wide)).unwrap();
    assert_eq!(network.hidden_units(), 1);
}

#[test]
fn attributes_of_another_type_or_name_are_refused() {
    let alpha = |attribute: Vec<u8>| model(17, &[1, 2], &[node("LeakyRelu", &["x"], &["y"], &[attribute])]);
    assert_eq!(at(&alpha(float("alpha", 0.5)), &[-2, 2]), "-1 2");
    refused(&alpha(int("alpha", 1)), "node 0, operator LeakyRelu: the attribute alpha is not a float");
    refused(&alpha(ints("alpha", &[1])), "the attribute alpha is not a float");
    refused(&alpha(float("beta", 1.0)), "node 0, operator LeakyRelu: the attribute beta is not supported");
    refused(&alpha([float("alpha", 0.5), float("alpha", 0.25)].concat()), "the attribute alpha occurs twice");
    // A wrong type, and a missing type.
    let untyped = |said: &[u8]| field(5, &[&field(1, b"alpha"), &varint(2 << 3 | 5)[..], &0.5f32.to_le_bytes(), said].concat());
    refused(&alpha(untyped(&integer(20, 2))), "the attribute alpha is not a float");
    assert_eq!(at(&alpha(untyped(&[])), &[-2, 2]), "-1 2");
    for (operator, attribute) in [
        ("Flatten", float("axis", 1.0)),
        ("Transpose", int("perm", 1)),
        ("Softmax", words("axis", "1")),
        ("GlobalMaxPool", int("axis", 1)),
        ("MaxPool", float("kernel_shape", 1.0)),
    ] {
        refused(
            &model(13, &[1, 2], &[node(operator, &["x"], &["y"], &[attribute])]),
            &format!("node 0, operator {operator}: the attribute"),
        );
    }
    // An attribute of other versions.
    refused(&model(13, &[1, 2], &[node("Squeeze", &["x"], &["y"], &[ints("axes", &[0])])]), "axes is not supported in version 13");
    assert_eq!(at(&model(11, &[1, 2], &[node("Squeeze", &["x"], &["y"], &[ints("axes", &[0])])]), &[1, 2]), "1 2");
}

#[test]
fn inputs_and_outputs_are_counted() {
    let c = || singles("c", &[2], &[1.0, 2.0]);
    let of = |inputs: &[&str], outputs: &[&str]| model(13, &[1, 2], &[c(), node("Add", inputs, outputs, &[])]);
    assert_eq!(at(&of(&["x", "c"], &["y"]), &[0, 0]), "1 2");
    refused(&of(&["x", "c", "c"], &["y"]), "node 0, operator Add: 3 inputs, expected at most 2");
    refused(&of(&["x", "c", ""], &["y"]), "3 inputs");
    refused(&of(&["x"], &["y"]), "input 1 is missing");
    refused(&of(&["", "x"], &["y"]), "input 0 is missing");
    refused(&of(&["x", "c"], &["y", "z"]), "2 outputs, expected at most 1");
    refused(&of(&["x", "c"], &[]), "no output");
    refused(&model(13, &[1, 2], &[c(), node("Concat", &["x", "", "x"], &["y"], &[int("axis", 0)])]), "input 1 is missing");
    refused(&model(13, &[1, 2], &[c(), node("Concat", &[], &["y"], &[int("axis", 0)])]), "input 0 is missing");
    refused(&model(10, &[1, 2], &[singles("b", &[2, 2], &[0.0; 4]), node("Gemm", &["x", "b"], &["y"], &[])]), "input 2 is missing");
}

#[test]
fn versions_that_are_not_known_are_refused() {
    let relu = || [node("Relu", &["x"], &["y"], &[])];
    for version in [999, 29, 5, 0, -5] {
        refused(&model(version, &[1, 2], &relu()), &format!("version {version} of the standard operators, expected 6 to 28"));
    }
    for version in [6, 28] {
        assert_eq!(at(&model(version, &[1, 2], &relu()), &[-1, 1]), "0 1");
    }
    let two = [model(13, &[1, 2], &relu()), field(8, &integer(2, 12))].concat();
    refused(&two, "several versions of the standard operators, expected one: [13, 12]");
    // A Relu that the file defines itself.
    let own = [model(13, &[1, 2], &relu()), field(25, &field(1, b"Relu"))].concat();
    refused(&own, "the file defines its own operator Relu");
}

#[test]
fn operators_of_version_6_mean_what_they_meant() {
    // A slope for each channel, where later versions would take one for each column.
    let slopes = [singles("s", &[2], &[0.5, 0.25]), node("PRelu", &["x", "s"], &["y"], &[])];
    assert_eq!(at(&model(6, &[1, 2, 2], &slopes), &[-4, -4, -4, -4]), "-2 -2 -1 -1");
    assert_eq!(at(&model(7, &[1, 2, 2], &slopes), &[-4, -4, -4, -4]), "-2 -1 -2 -1");
    refused(&model(6, &[1, 3, 2], &slopes), "slopes of shape [2]");
    // A second tensor is broadcast on request, from an axis on.
    let add = |shape: &[i64], attributes: &[Vec<u8>]| {
        model(6, &[1, 2, 2], &[singles("c", shape, &[1.0, 2.0]), node("Add", &["x", "c"], &["y"], attributes)])
    };
    refused(&add(&[2], &[]), "without broadcast");
    assert_eq!(at(&add(&[2], &[int("broadcast", 1)]), &[0; 4]), "1 2 1 2");
    assert_eq!(at(&add(&[2], &[int("broadcast", 1), int("axis", 1)]), &[0; 4]), "1 1 2 2");
    refused(&add(&[2], &[int("broadcast", 1), int("axis", 0)]), "that grows to");
    refused(
        &model(7, &[1, 2], &[singles("c", &[1], &[1.0]), node("Add", &["x", "c"], &["y"], &[int("broadcast", 1)])]),
        "broadcast is not supported",
    );
    refused(&model(6, &[1, 2], &[singles("c", &[1], &[1.0]), node("Max", &["x", "c"], &["y"], &[])]), "not broadcast before version 8");
    // Without is_test both are as in training.
    for (operator, inputs) in [("Dropout", &["x"][..]), ("BatchNormalization", &["x", "c", "c", "c", "c"])] {
        let of = |version, attributes: &[Vec<u8>]| {
            model(version, &[1, 1], &[singles("c", &[1], &[1.0]), node(operator, inputs, &["y"], attributes)])
        };
        refused(&of(6, &[]), "in training mode");
        assert!(Network::from_onnx(&of(6, &[int("is_test", 1)])).is_ok());
        assert!(Network::from_onnx(&of(7, &[])).is_ok());
    }
    // From version 7 to 13 several outputs mean training.
    let outputs = node("BatchNormalization", &["x", "c", "c", "c", "c"], &["y", "m", "v"], &[]);
    refused(&model(9, &[1, 1], &[singles("c", &[1], &[1.0]), outputs]), "in training mode");
}

#[test]
fn names_stand_for_one_tensor() {
    let add = || node("Add", &["x", "c"], &["y"], &[]);
    let c = |x| singles("c", &[1], &[x]);
    refused(&model(13, &[1, 1], &[c(1.0), c(2.0), add()]), "initializer c occurs twice");
    refused(&model(13, &[1, 1], &[c(1.0), add(), node("Relu", &["x"], &["y"], &[])]), "its output y is computed twice");
    refused(&model(13, &[1, 1], &[c(1.0), node("Relu", &["x"], &["c"], &[]), add()]), "its output c is computed twice");
    // An initializer that could be overridden by an input.
    assert_eq!(at(&model(13, &[1, 1], &[c(1.0), value(11, "c", 1, &[1]), add()]), &[1]), "2");
}

#[test]
fn an_open_size_is_a_batch_only_before_others() {
    let relu = || [node("Relu", &["x"], &["y"], &[])];
    assert_eq!(at(&model(13, &[0, 2], &relu()), &[1, -1]), "1 0");
    refused(&model(13, &[0], &relu()), "input x: axis 0 has no fixed size");
    refused(&model(13, &[1, 0], &relu()), "input x: axis 1 has no fixed size");
}

#[test]
fn products_of_constants_are_exact() {
    // [1 + 2^60, 2^-60] is not a double; the sum of a row of w is one.
    let parts = |then: &[Vec<u8>]| {
        let a = doubles("a", &[2, 2], &[1.0, (60f64).exp2(), 0.0, (-60f64).exp2()]);
        let b = doubles("b", &[2, 1], &[1.0, 1.0]);
        [vec![a, b, node("MatMul", &["a", "b"], &["w"], &[])], then.to_vec()].concat()
    };
    let product = parts(&[node("MatMul", &["x", "w"], &["y"], &[])]);
    assert_eq!(at(&model_of(11, 13, &[1, 2], &product), &[1, 0]), "1152921504606846977");
    assert_eq!(at(&model_of(11, 13, &[1, 2], &product), &[0, 1]), "1/1152921504606846976");
    let more = parts(&[
        node("Neg", &["w"], &["v"], &[]),
        node("Add", &["v", "b"], &["u"], &[]),
        node("Transpose", &["u"], &["t"], &[]),
        node("Gemm", &["t", "x"], &["y"], &[int("transB", 1), float("alpha", 2.0)]),
    ]);
    assert_eq!(at(&model_of(11, 13, &[1, 2], &more), &[1, 0]), "-2305843009213693952");
}

#[test]
fn a_product_may_have_a_vector_on_either_side() {
    let w = || singles("w", &[3, 2], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(at(&model(17, &[2], &[w(), node("MatMul", &["w", "x"], &["y"], &[])]), &[1, 10]), "21 43 65");
    assert_eq!(at(&model(17, &[2, 2], &[w(), node("MatMul", &["w", "x"], &["y"], &[])]), &[1, 0, 0, 1]), "1 2 3 4 5 6");
    assert_eq!(at(&model(17, &[3], &[w(), node("MatMul", &["x", "w"], &["y"], &[])]), &[1, 1, 1]), "9 12");
    let v = || singles("v", &[2], &[1.0, 2.0]);
    assert_eq!(at(&model(17, &[2, 2], &[v(), node("MatMul", &["v", "x"], &["y"], &[])]), &[1, 0, 0, 1]), "1 2");
    assert_eq!(at(&model(17, &[3, 2], &[v(), node("MatMul", &["x", "v"], &["y"], &[])]), &[1, 0, 0, 1, 1, 1]), "1 2 3");
    refused(&model(17, &[3], &[w(), node("MatMul", &["w", "x"], &["y"], &[])]), "a tensor of shape [3] times weights of 2 inputs");
    refused(&model(17, &[1, 2], &[node("MatMul", &["x", "x"], &["y"], &[])]), "a matrix of 2 rows, to multiply a tensor of shape [1, 2]");
}

#[test]
fn a_softmax_of_version_11_is_over_all_axes_behind_its_own() {
    let softmax = |version, shape: &[i64], attributes: &[Vec<u8>]| model(version, shape, &[node("Softmax", &["x"], &["y"], attributes)]);
    let notes = Network::from_onnx(&softmax(11, &[1, 2, 3, 1], &[])).unwrap().notes().to_vec();
    assert!(notes[0].contains("Softmax, is left out"), "{notes:?}");
    // What is not over all outputs is kept.
    for kept in [softmax(13, &[1, 2, 3, 1], &[]), softmax(11, &[1, 2, 3], &[int("axis", 2)])] {
        assert!(Network::from_onnx(&kept).unwrap().notes().is_empty());
    }
    let logarithm = |axis| model(13, &[1, 2, 3], &[node("LogSoftmax", &["x"], &["y"], &[int("axis", axis)])]);
    refused(&logarithm(2), "over a part of the outputs");
    assert!(Network::from_onnx(&softmax(13, &[1, 3, 1], &[int("axis", 1)])).is_ok());
    refused(&softmax(11, &[3], &[]), "axis 1 of a tensor of 1 axes: expected -1 to 0");
}

#[test]
fn casts_that_round_nothing_are_read() {
    let cast = |from, to| model_of(from, 13, &[1, 2], &[node("Cast", &["x"], &["c"], &[int("to", to)]), node("Relu", &["c"], &["y"], &[])]);
    for (from, to) in [(1, 1), (1, 11), (10, 1), (16, 11), (11, 11)] {
        assert_eq!(at(&cast(from, to), &[-1, 1]), "0 1", "{from} to {to}");
    }
    refused(&cast(11, 1), "a cast of floats of type 11 to type 1 rounds");
    refused(&cast(1, 10), "rounds");
    refused(&cast(1, 7), "to type 7, expected a type of floats");
    // Of constants.
    let shape = |n: i64| [whole("n", &[1], &[n]), node("Cast", &["n"], &["m"], &[int("to", 6)]), node("Reshape", &["x", "m"], &["y"], &[])];
    assert_eq!(at(&model(13, &[1, 2], &shape(2)), &[1, 2]), "1 2");
    refused(&model(13, &[1, 2], &shape((1 << 32) + 2)), "overflow");
    refused(&model(13, &[1, 1], &[whole("n", &[1], &[1]), node("Add", &["x", "n"], &["y"], &[])]), "input 1 has integers");
}

#[test]
fn an_output_that_is_not_used_need_not_be_read() {
    let drop = |then: &str| model(10, &[3], &[node("Dropout", &["x"], &["h", "mask"], &[]), node("Relu", &[then], &["y"], &[])]);
    assert_eq!(at(&drop("h"), &[-1, 0, 1]), "0 0 1");
    refused(&drop("mask"), "node 0, operator Dropout: its output mask is used, which is not supported");
    let pool = |then: &str| {
        let pool = node("MaxPool", &["x"], &["h", "indices"], &[ints("kernel_shape", &[2])]);
        model(13, &[1, 1, 3], &[pool, node("Relu", &[then], &["y"], &[])])
    };
    assert_eq!(at(&pool("h"), &[-1, 0, 1]), "0 1");
    refused(&pool("indices"), "its output indices is used");
}

#[test]
fn parts_are_counted_with_those_that_have_no_name() {
    let split = |version, outputs: &[&str], attributes: &[Vec<u8>]| {
        let split = node("Split", &["x"], outputs, &[attributes, &[int("axis", 1)]].concat());
        model(version, &[1, 6], &[split, node("Relu", &["a"], &["y"], &[])])
    };
    assert_eq!(at(&split(13, &["a", "", "c"], &[]), &[1, 2, 3, 4, 5, 6]), "1 2");
    refused(&split(13, &["a", "b", "c", "d"], &[]), "4 equal parts of 6 elements");
    let uneven = node("Split", &["x"], &["a", "b"], &[int("num_outputs", 2)]);
    assert_eq!(at(&model(18, &[3], &[uneven, node("Relu", &["b"], &["y"], &[])]), &[1, 2, 3]), "3");
    refused(&split(18, &["a", "b"], &[int("num_outputs", 3)]), "num_outputs");
    refused(&split(18, &["a", "b"], &[]), "num_outputs");
    refused(&split(11, &["a"], &[ints("split", &[2, 4])]), "2 parts for 1 outputs");
}

#[test]
fn constants_are_split_as_tensors_are() {
    // Of sizes that are computed: the shape of the result is a part of a list.
    let sizes = [whole("n", &[4], &[1, 2, 2, 1]), node("Split", &["n"], &["a", "shape", "b"], &[ints("split", &[1, 2, 1])])];
    let reshape = [sizes.concat(), node("Reshape", &["x", "shape"], &["y"], &[])];
    assert_eq!(at(&model(11, &[1, 4], &reshape), &[1, 2, 3, 4]), "1 2 3 4");
    // Of weights, along the second axis.
    let weights = [singles("w", &[2, 4], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]), node("Split", &["w"], &["a", "b"], &[int("axis", 1)])];
    let product = |of: &str| model(11, &[1, 2], &[weights.concat(), node("MatMul", &["x", of], &["y"], &[])]);
    assert_eq!(at(&product("a"), &[1, 10]), "51 62");
    assert_eq!(at(&product("b"), &[1, 10]), "73 84");
    refused(
        &model(11, &[1, 2], &[whole("n", &[3], &[1, 2, 3]), node("Split", &["n"], &["a", "b"], &[])]),
        "node 0, operator Split: 2 equal parts of 3 elements",
    );
}

#[test]
fn the_floats_of_one_operator_are_of_one_type() {
    let add = |constant: Vec<u8>| model(13, &[1, 2], &[constant, node("Add", &["x", "c"], &["y"], &[])]);
    assert_eq!(at(&add(singles("c", &[2], &[0.5, 1.0])), &[1, 2]), "3/2 3");
    refused(&add(doubles("c", &[2], &[0.1, 1.0])), "operator Add: floats of type 1 together with floats of type 11: expected one type");
    let sum = [singles("a", &[2], &[1.0, 2.0]), doubles("b", &[2], &[0.1, 1.0]), node("Add", &["a", "b"], &["c"], &[])];
    refused(&add(sum.concat()), "floats of type 1 together with floats of type 11");
    // Other inputs than the numbers have their own types.
    let dropout = [doubles("r", &[], &[0.5]), node("Dropout", &["x", "r"], &["y"], &[])];
    assert_eq!(at(&model(13, &[1, 2], &dropout), &[1, 2]), "1 2");
    let normal = |scale: Vec<u8>| {
        let parts = [scale, singles("b", &[2], &[0.0, 1.0]), singles("m", &[2], &[0.0, 0.0]), singles("v", &[2], &[1.0, 1.0])];
        [parts.concat(), node("BatchNormalization", &["x", "s", "b", "m", "v"], &["y"], &[Vec::new(), float("epsilon", 0.0)])]
    };
    let scale = || singles("s", &[2], &[1.0, 2.0]);
    assert_eq!(at(&model_of(11, 15, &[1, 2], &normal(scale())), &[3, 5]), "3 11");
    refused(&model_of(11, 13, &[1, 2], &normal(scale())), "floats of type 11 together with floats of type 1");
    refused(&model_of(1, 15, &[1, 2], &normal(doubles("s", &[2], &[1.0, 2.0]))), "floats of type 11 together with floats of type 1");
    let all_but_statistics = [doubles("s", &[2], &[1.0, 2.0]), doubles("b", &[2], &[0.0, 1.0])].concat();
    let statistics = [singles("m", &[2], &[0.0, 0.0]), singles("v", &[2], &[1.0, 1.0])].concat();
    let mixed = [all_but_statistics, statistics, node("BatchNormalization", &["x", "s", "b", "m", "v"], &["y"], &[])];
    refused(&model_of(11, 15, &[1, 2], &mixed), "a scale and a variance, only one of them in doubles");
    // In version 14 the scale and the bias are of the input's type, and mean and variance of one.
    refused(&model_of(11, 14, &[1, 2], &normal(scale())), "floats of type 11 together with floats of type 1");
    assert_eq!(at(&model_of(1, 14, &[1, 2], &normal(scale())), &[3, 5]), "3 11");
}

#[test]
fn numbers_of_a_tensor_are_said_once() {
    // Raw bytes beside float_data (field 4), and double_data (field 10) in a tensor of singles.
    let tensor = |more: &[u8]| {
        let parts = [integer(1, 1), integer(2, 1), field(8, b"c"), more.to_vec()].concat();
        model(13, &[1, 1], &[field(5, &parts), node("Add", &["x", "c"], &["y"], &[])])
    };
    let (raw, typed, other) = (field(9, &2f32.to_le_bytes()), field(4, &3f32.to_le_bytes()), field(10, &5f64.to_le_bytes()));
    assert_eq!(at(&tensor(&raw), &[1]), "3");
    assert_eq!(at(&tensor(&typed), &[1]), "4");
    refused(&tensor(&[raw.clone(), typed.clone()].concat()), "initializer c: the numbers occur twice: 4 raw bytes and 1 typed numbers");
    refused(&tensor(&[typed, other.clone()].concat()), "initializer c: 2 numbers, only 1 of them of the type of the tensor");
    refused(&tensor(&other), "initializer c: 0 numbers for shape [1]");
    // Field 14 says that they are in another file.
    refused(&tensor(&[raw, integer(14, 1)].concat()), "initializer c: the numbers occur twice: in another file and in the .onnx file");
}

#[test]
fn floats_of_16_bits_have_16_bits() {
    let tensor = |bits: i64| {
        let parts = [integer(1, 1), integer(2, 10), field(8, b"c"), integer(5, bits)].concat();
        model_of(10, 13, &[1, 1], &[field(5, &parts), node("Add", &["x", "c"], &["y"], &[])])
    };
    assert_eq!(at(&tensor(0x4000), &[1]), "3");
    refused(&tensor(0x1_4000), "initializer c: number 0 is 81920: expected the 16 bits of a float");
}

#[test]
fn a_constant_without_elements_is_a_list() {
    let flatten = |shape: &[i64]| model(13, &[1, 1], &[singles("e", shape, &[]), node("Flatten", &["e"], &["y"], &[])]);
    // The product of the sizes behind the 0 is beyond 64 bits.
    refused(&flatten(&[0, 1 << 40, 1 << 40]), "which has no elements");
    let grown =
        [whole("e", &[0], &[]), whole("s", &[3], &[0, 1 << 40, 1 << 40]), node("Reshape", &["e", "s"], &["f"], &[int("allowzero", 1)])];
    refused(&model(14, &[1, 1], &[grown.concat(), node("Relu", &["x"], &["y"], &[])]), "which has no elements");
    // An unused one is accepted.
    assert_eq!(at(&model(14, &[1, 1], &[singles("e", &[0, 3], &[]), node("Relu", &["x"], &["y"], &[])]), &[2]), "2");
}

#[test]
fn axes_are_named_once_and_not_guessed() {
    let slice = |axes: &[i64]| {
        model(9, &[4, 4], &[node("Slice", &["x"], &["y"], &[ints("starts", &[0, 1]), ints("ends", &[2, 2]), ints("axes", axes)])])
    };
    assert!(Network::from_onnx(&slice(&[0, 1])).is_ok());
    refused(&slice(&[1, -1]), "an axis occurs twice");
    refused(&model(13, &[1, 2], &[whole("a", &[0], &[]), node("Squeeze", &["x", "a"], &["y"], &[])]), "no axes");
    refused(&model(13, &[1, 2], &[node("Concat", &["x", "x"], &["y"], &[])]), "the attribute axis is missing");
    let largest = |attributes: &[Vec<u8>]| model(13, &[2, 2], &[node("ReduceMax", &["x"], &["y"], attributes)]);
    assert_eq!(at(&largest(&[]), &[1, 4, 3, 2]), "4");
    assert_eq!(at(&largest(&[ints("axes", &[0])]), &[1, 4, 3, 2]), "3 4");
    refused(&largest(&[ints("axes", &[0, -2])]), "an axis occurs twice");
    let identity = node("ReduceMax", &["x"], &["y"], &[int("noop_with_empty_axes", 1)]);
    assert_eq!(at(&model(18, &[2], &[identity]), &[1, 4]), "1 4");
}

#[test]
fn padding_is_said_in_one_way() {
    let pool = |attributes: &[Vec<u8>]| {
        let attributes = [attributes, &[ints("kernel_shape", &[1]), ints("strides", &[3])]].concat();
        model(13, &[1, 1, 5], &[node("MaxPool", &["x"], &["y"], &attributes)])
    };
    assert_eq!(at(&pool(&[]), &[1, 2, 3, 4, 5]), "1 4");
    assert_eq!(at(&pool(&[words("auto_pad", "SAME_UPPER"), int("ceil_mode", 1)]), &[1, 2, 3, 4, 5]), "1 4");
    refused(&pool(&[words("auto_pad", "SAME_UPPER"), ints("pads", &[1, 1])]), "both pads and auto_pad SAME_UPPER, expected one of them");
    refused(&pool(&[words("auto_pad", "VALID"), int("ceil_mode", 1)]), "ceil_mode with auto_pad VALID");
    refused(&pool(&[words("auto_pad", "BOTH")]), "auto_pad BOTH");
    let sparse = [words("auto_pad", "SAME_LOWER"), ints("kernel_shape", &[1]), ints("strides", &[4])];
    refused(&model(13, &[1, 1, 8], &[node("MaxPool", &["x"], &["y"], &sparse)]), "strides that skip elements");
}

#[test]
fn a_table_of_numbers_in_forms_that_are_not_read_has_no_header() {
    for first in ["\u{2212}0.5,\u{2212}0.25", "$1,$2", "1.5f,2.5f", "(1),(2)", "-1.#IND,-1.#IND", "None,None"] {
        let table = super::file("first-line.csv", format!("{first}\n1,2\n3,4\n"));
        super::error(1, &["trace", "random:2-3-1@1", "--from", &format!("{table}#0"), "--to", &format!("{table}#1")]);
    }
    let table = super::file("pixels.csv", "label,1x1,1x2\n0,1,2\n1,3,4\n");
    assert_eq!(super::json(&["fold", "random:2-3-1@1", &table, "--labels", "label", "--quiet"])["pairs"].as_array().unwrap().len(), 4);
}

#[test]
fn a_name_of_two_columns_is_refused() {
    let table = super::file("twice.csv", "a,class,class\n1,0,5\n2,1,6\n");
    let text = super::error(1, &["fold", "random:2-3-1@1", &table, "--labels", "class", "--quiet"]);
    assert!(text.contains("several columns are named class"), "{text}");
}
