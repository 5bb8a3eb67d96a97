//! Network files that were read wrongly, or refused for no reason.

use super::{error, file, json, run};

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
    // Sorted by name the decoder comes first, and chains: 3-8-3.
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
        "twins",
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
    // A layer that is not there.
    let network = safetensors("hole", "", &[("fc1.weight", &[2, 2]), ("fc2.weight", &[2, 2]), ("fc4.weight", &[2, 2])]);
    assert!(error(1, &["net", &network]).contains("a layer between `fc2` and `fc4`"));
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
    // As `safetensors.torch.save_model` writes a Sequential whose third module is its first.
    let tensors: &[(&str, &[usize])] = &[("0.weight", &[2, 2]), ("0.bias", &[2]), ("4.weight", &[1, 2])];
    let network = safetensors("shared", r#"{"2.weight":"0.weight","2.bias":"0.bias","format":"pt"}"#, tensors);
    assert_eq!(shape(&network).0, "2-2-2-1");
    let written = super::path("shared.json");
    super::stdout(&["net", &network, "--to", written.to_str().unwrap()]);
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(written).unwrap()).unwrap();
    assert_eq!(written["layers"][0], written["layers"][1]);
    // Other remarks say nothing of tensors.
    let network = safetensors("remarks", r#"{"format":"pt","loss.weight":"0.5","0.weight":"trained twice"}"#, tensors);
    assert_eq!(shape(&network).0, "2-2-1");
    let network = safetensors("lost", r#"{"2.weight":"1.weight"}"#, tensors);
    assert!(error(1, &["net", &network]).contains("the metadata says that 2.weight is 1.weight, which is not there"));
    let network = safetensors("both", r#"{"4.weight":"0.weight"}"#, tensors);
    assert!(error(1, &["net", &network]).contains("the metadata says that 4.weight is 0.weight, and both are there"));
}

#[test]
fn batch_normalisation_of_a_state_is_refused_by_name() {
    let tensors: &[(&str, &[usize])] = &[("0.weight", &[2, 2]), ("1.weight", &[2]), ("1.running_mean", &[2]), ("3.weight", &[1, 2])];
    assert!(error(1, &["net", &safetensors("normalised", "", tensors)]).contains("array 1.running_mean is unknown: batch normalisation"));
    let message = error(1, &["net", &safetensors("layer_norm", "", &[("0.weight", &[2, 2]), ("1.weight", &[2]), ("3.weight", &[1, 2])])]);
    assert!(message.contains("array 1.weight: shape 2, but outputs x inputs is expected"), "{message}");
}

// ------------------------------------------------------------------------------------------------------- .json and .npz

#[test]
fn a_missing_bias_is_zero_in_every_format() {
    let trace = |network: &str| json(&["trace", network, "--from=-1,1", "--to", "1,2"]);
    let whole = file("bias.json", r#"{"layers":[{"W":[[1,-1],[2,1]],"b":[0,0]},{"W":[[1,1]],"b":[0]}]}"#);
    let expected = trace(&whole);
    let without = file("no_bias.json", r#"{"layers":[{"W":[[1,-1],[2,1]]},{"W":[[1,1]],"b":null}]}"#);
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
