//! Networks: reading.

use crate::files::*;
use nalgebra::{DMatrix, DVector};
use plica::data;
use plica::network::{Layer, Network};
use rug::Rational;

#[test]
fn npz_in_every_order_and_compression() {
    let expected = small_network();
    let mut arrays = small_arrays();
    same(Network::from_npz(&npz(&arrays)).unwrap(), &expected);
    arrays.reverse();
    same(Network::from_npz(&npz(&arrays)).unwrap(), &expected);
    let entries: Vec<(String, Vec<u8>)> = arrays.into_iter().map(|(n, a)| (format!("{n}.npy"), a)).collect();
    let entries: Vec<(&str, Vec<u8>)> = entries.iter().map(|(n, a)| (n.as_str(), a.clone())).collect();
    same(Network::from_npz(&zipped(&entries, true)).unwrap(), &expected);
}

#[test]
fn npz_in_every_dtype_and_both_orders() {
    let read = |w: Vec<u8>, b: Vec<u8>| Network::from_npz(&npz(&[("W0", w), ("b0", b)])).unwrap();
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
    let wide = i64::MAX; // 2^63 - 1 is not a double
    let network =
        Network::from_npz(&npz(&[("W0", npy("<i8", false, "(1, 1)", &wide.to_le_bytes())), ("b0", doubles("(1,)", &[0.5]))])).unwrap();
    assert_eq!(network.layers().unwrap()[0].weight(0, 0), Rational::from(wide));
    assert_eq!(network.layers().unwrap()[0].bias_of(0), Rational::from((1, 2)));
    assert!(!network.layers().unwrap()[0].is_double());
}

#[test]
fn npy_headers_as_other_writers_have_them() {
    let values = le(&[1.0, 2.0]);
    for header in [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }          \n",
        "{\"shape\":(1,2),\"fortran_order\":False,\"descr\":\"<f8\"}",
        "{'descr': '<f8', 'fortran_order': True, 'shape': (1L, 2L)}",
    ] {
        assert_eq!(data::Points::from_npy(&npy_with_header(header, &values)).unwrap().nearest(0), [1.0, 2.0], "{header}");
    }
    // Version 2 has four bytes for the length of the header.
    let header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }\n";
    let mut bytes = b"\x93NUMPY\x02\x00".to_vec();
    bytes.extend((header.len() as u32).to_le_bytes());
    bytes.extend(header);
    bytes.extend(&values);
    assert_eq!(data::Points::from_npy(&bytes).unwrap().nearest(0), [1.0, 2.0]);
}

#[test]
fn json_numbers_are_doubles_and_strings_are_rationals() {
    let network = Network::from_json(br#"{"layers":[{"W":[[0.1,"0.1",9007199254740993,-0,"-7/21"]],"b":[1e-400]}]}"#).unwrap();
    let layer = &network.layers().unwrap()[0];
    assert_eq!(layer.weight(0, 0), Rational::from_f64(0.1).unwrap());
    assert_eq!(layer.weight(0, 1), Rational::from((1, 10)));
    assert_eq!(layer.weight(0, 2), 9007199254740992u64);
    assert_eq!(layer.weight(0, 3), 0);
    assert_eq!(layer.weight(0, 4), Rational::from((-1, 3)));
    assert_eq!(layer.bias_of(0), 0);
    // Enough digits to distinguish two neighbouring doubles.
    let network = Network::from_json(br#"{"layers":[{"W":[[1.00000000000000011102230246251565404236316680908203125]],"b":[0]}]}"#).unwrap();
    assert_eq!(network.layers().unwrap()[0].weights()[(0, 0)], 1.0);
    let network = Network::from_json(br#"{"layers":[{"W":[[1.00000000000000011102230246251565404236316680908203126]],"b":[0]}]}"#).unwrap();
    assert_eq!(network.layers().unwrap()[0].weights()[(0, 0)], 1.0 + f64::EPSILON);
}

#[test]
fn safetensors_stand_in_the_order_of_their_numbers() {
    let one = |x: f32| x.to_le_bytes().to_vec();
    let chain = |names: [&str; 3]| {
        let bytes = tensors(&[
            (names[2], "F32", &[1, 1], one(3.0)),
            (names[0], "F32", &[1, 1], one(1.0)),
            (names[1], "F32", &[1, 1], one(2.0)),
            (&names[1].replace("weight", "bias"), "F32", &[1], one(0.5)),
        ]);
        let network = Network::from_safetensors(&bytes).unwrap();
        let weights: Vec<f64> = network.layers().unwrap().iter().map(|l| l.weights()[(0, 0)]).collect();
        let biases: Vec<f64> = network.layers().unwrap().iter().map(|l| l.bias()[0]).collect();
        (weights, biases)
    };
    for names in [
        ["0.weight", "2.weight", "10.weight"],
        ["9.weight", "11.weight", "13.weight"],
        ["fc8.weight", "fc9.weight", "fc10.weight"],
        ["net.layers.0.weight", "net.layers.2.weight", "net.layers.10.weight"],
        ["layers.9.linear.weight", "layers.10.linear.weight", "layers.11.linear.weight"],
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
        let network = Network::from_safetensors(&tensors(&[("0.weight", dtype, &[1, 1], bytes)])).unwrap();
        assert_eq!((network.layers().unwrap()[0].weights()[(0, 0)], network.layers().unwrap()[0].bias()[0]), (-1.5, 0.0), "{dtype}");
    }
}
