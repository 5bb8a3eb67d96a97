//! Networks: writing.

use crate::files::*;
use nalgebra::{DMatrix, DVector};
use plica::network::{self, Layer, Network, WriteError};

#[test]
fn what_is_written_reads_back() {
    let folder = Folder::new();
    for network in [small_network(), network::load("digits:3x20").unwrap(), network::load("random:5-4-3@1").unwrap()] {
        for name in ["net.json", "net.npz", "net.safetensors", "net.onnx"] {
            let path = folder.0.join(name);
            network.save(&path).unwrap();
            same(network::load(path.to_str().unwrap()).unwrap(), &network);
        }
    }
    let left: Vec<_> = std::fs::read_dir(&folder.0).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

#[test]
fn floats_are_single_where_that_is_exact() {
    let folder = Folder::new();
    let length = |network: &Network, name: &str| {
        network.save(&folder.0.join(name)).unwrap();
        std::fs::metadata(folder.0.join(name)).unwrap().len()
    };
    let of = |x: f64| Network::new(vec![Layer::from_f64(DMatrix::from_element(100, 100, x), DVector::from_element(100, x))]).unwrap();
    for name in ["net.npz", "net.safetensors", "net.onnx"] {
        assert_eq!(length(&of(0.1), name) - length(&of(0.5), name), 4 * 10_100, "{name}");
    }
}

#[test]
fn rationals_are_written_to_json_alone() {
    let network = network::load("cantor-b:2").unwrap();
    let folder = Folder::new();
    let path = folder.0.join("net.json");
    network.save(&path).unwrap();
    same(network::load(path.to_str().unwrap()).unwrap(), &network);
    assert!(std::fs::read_to_string(&path).unwrap().contains("[0.5,\"1/9\"]"));
    for name in ["net.npz", "net.safetensors", "net.onnx"] {
        let path = folder.0.join(name);
        let error = network.save(&path).unwrap_err();
        assert!(!error.is_call_error());
        let message =
            format!("{}: weight [0, 1] of layer 0 is 1/9, expected a double: a .json file can contain any rational", path.display());
        assert_eq!(error.to_string(), message);
        assert!(!path.exists());
    }
}

#[test]
fn files_that_cannot_be_written() {
    let folder = Folder::new();
    let unknown = small_network().save(&folder.0.join("net.onnxx")).unwrap_err();
    assert!(unknown.is_call_error());
    assert!(unknown.to_string().ends_with("net.onnxx` is not a .onnx, .json, .npz or .safetensors file"), "{unknown}");
    let nowhere = small_network().save(&folder.0.join("missing").join("net.json")).unwrap_err();
    assert!(matches!(nowhere, WriteError::Io { .. }));
    // A directory with this name: no file is left.
    std::fs::create_dir(folder.0.join("net.json")).unwrap();
    assert!(small_network().save(&folder.0.join("net.json")).is_err());
    assert_eq!(std::fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn formats_that_hold_dense_layers_refuse_others() {
    let graph = |name: &str| {
        let file = format!("{}/tests/readers/onnx/{name}.onnx", env!("CARGO_MANIFEST_DIR"));
        network::load(&file).unwrap()
    };
    let (pooled, perceptron, folder) = (graph("pooled"), graph("perceptron"), Folder::new());
    for name in ["net.json", "net.npz", "net.safetensors"] {
        let path = folder.0.join(name);
        let error = pooled.save(&path).unwrap_err();
        let expected =
            format!("{}: not all layers are dense affine ones with ReLU between them: a .onnx file can contain any layers", path.display());
        assert_eq!((error.to_string(), error.is_call_error()), (expected, false));
        // A network of dense layers is written as dense layers.
        perceptron.save(&path).unwrap();
        same(network::load(path.to_str().unwrap()).unwrap(), &perceptron);
    }
}

/// The files of every layer kind, written and read again, compute the same; without normalisation they have the same nodes.
#[test]
fn graphs_are_written_as_onnx() {
    let folder = Folder::new();
    let path = folder.0.join("net.onnx");
    for name in ["perceptron", "double", "residual", "residual-new", "dense", "signal", "pooled", "arithmetic", "maxout", "hand"] {
        let file = format!("{}/tests/readers/onnx/{name}.onnx", env!("CARGO_MANIFEST_DIR"));
        let graph = network::load(&file).unwrap();
        graph.save(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let read = network::Network::from_onnx(&bytes).unwrap();
        assert!(read.notes().is_empty(), "{name}: {:?}", read.notes());
        assert_eq!((read.shape(), &read.nodes()[0].shape), (graph.shape(), &graph.nodes()[0].shape), "{name}");
        assert_eq!(read.layers(), graph.layers(), "{name}");
        for k in 0u64..3 {
            let point: Vec<_> =
                (0..graph.inputs() as u64).map(|j| rug::Rational::from(((j * j + 5 * j * k + k) % 23, 7u32)) - 1u32).collect();
            assert_eq!(read.evaluate(&point).unwrap(), graph.evaluate(&point).unwrap(), "{name}");
        }
        // Equal networks give equal bytes.
        graph.save(&path).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{name}");
    }
}
