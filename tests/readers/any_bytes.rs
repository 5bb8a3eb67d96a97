//! Truncation, damage, round trips, and random bytes.

use crate::files::*;
use nalgebra::{DMatrix, DVector};
use plica::data::{self, LoadOptions, Pixels, ReadProblem};
use plica::network::{self, Layer, Network};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use rug::Rational;

type Reader = fn(&[u8]) -> Result<(), ReadProblem>;

/// A small file of each format, and its reader.
fn small_files() -> Vec<(&'static str, Vec<u8>, Reader)> {
    let x = doubles("(2, 2)", &[0.0, 0.25, 0.5, 1.0]);
    let network = small_network();
    let entries: Vec<(String, Vec<u8>)> = small_arrays().into_iter().map(|(n, a)| (format!("{n}.npy"), a)).collect();
    let entries: Vec<(&str, Vec<u8>)> = entries.iter().map(|(n, a)| (n.as_str(), a.clone())).collect();
    vec![
        ("network npz, stored", zipped(&entries, false), |b| Network::from_npz(b).map(drop)),
        ("network npz, deflated", zipped(&entries, true), |b| Network::from_npz(b).map(drop)),
        ("network json", serde_json::to_vec(&network).unwrap(), |b| Network::from_json(b).map(drop)),
        ("network safetensors", tensors(&[("0.weight", "F16", &[2, 1], vec![0; 4]), ("0.bias", "F64", &[2], le(&[1.0, 2.0]))]), |b| {
            Network::from_safetensors(b).map(drop)
        }),
        ("network onnx, convolutions", include_bytes!("onnx/residual.onnx").to_vec(), |b| Network::from_onnx(b).map(drop)),
        ("network onnx, other nodes", include_bytes!("onnx/hand.onnx").to_vec(), |b| Network::from_onnx(b).map(drop)),
        ("data npz", npz(&[("X", x.clone()), ("y", doubles("(2,)", &[1.0, 2.0]))]), |b| data::Points::from_npz(b).map(drop)),
        ("segments npz", npz(&[("P", x.clone()), ("Q", x.clone())]), |b| data::Points::segments_from_npz(b).map(drop)),
        ("data npy", x, |b| data::Points::from_npy(b).map(drop)),
        ("data idx", idx(8, &[2, 2], &[1, 2, 3, 4]), |b| data::Points::from_idx(b, Pixels::Exact).map(drop)),
        ("data idx.gz", gzip(&idx(8, &[2, 2], &[1, 2, 3, 4])), |b| data::Points::from_idx(b, Pixels::F32).map(drop)),
        ("data csv", b"a,b\n1/3,1\n2e1,-5\n".to_vec(), |b| data::Points::from_csv(b, Some("1")).map(drop)),
        ("data csv.gz", gzip(b"a,b\n1/3,1\n2e1,-5\n"), |b| data::Points::from_csv(b, Some("b")).map(drop)),
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
            // A table of text may end after any row, so for it this checks only that the reader does not panic.
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
        double().prop_map(|x| Rational::from_f64(x).unwrap()),
        (any::<i64>(), 1u64..).prop_map(Rational::from),
        (-9i32..9, 1u32..9).prop_map(Rational::from)
    ]
}

/// A network of up to four layers of up to four units, with coefficients from `value`.
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
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(1), ..ProptestConfig::with_cases(100) })]

    #[test]
    fn networks_of_doubles_survive_every_format(network in dyadic_networks()) {
        let folder = Folder::new();
        for name in ["net.json", "net.npz", "net.safetensors"] {
            let path = folder.0.join(name);
            network.save(&path).unwrap();
            prop_assert_eq!(&network::load(path.to_str().unwrap()).unwrap(), &network, "{}", name);
        }
    }

    #[test]
    fn networks_of_rationals_survive_json(network in rational_networks()) {
        let text = serde_json::to_string(&network).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Network>(&text).unwrap(), &network);
        prop_assert_eq!(&Network::from_json(text.as_bytes()).unwrap(), &network);
        prop_assert_eq!(&serde_json::from_value::<Network>(serde_json::to_value(&network).unwrap()).unwrap(), &network);
    }

    #[test]
    fn npy_arrays_survive_both_orders(rows in 1usize..6, columns in 1usize..6, seed in prop::collection::vec(double(), 25)) {
        let value = |i: usize, j: usize| seed[5 * i + j];
        let c: Vec<f64> = (0..rows).flat_map(|i| (0..columns).map(move |j| value(i, j))).collect();
        let fortran: Vec<f64> = (0..columns).flat_map(|j| (0..rows).map(move |i| value(i, j))).collect();
        let shape = format!("({rows}, {columns})");
        let expected = data::Points::from_f64(c.clone(), columns).unwrap();
        prop_assert_eq!(&data::Points::from_npy(&npy("<f8", false, &shape, &le(&c))).unwrap(), &expected);
        prop_assert_eq!(&data::Points::from_npy(&npy("<f8", true, &shape, &le(&fortran))).unwrap(), &expected);
        let big: Vec<u8> = c.iter().flat_map(|x| x.to_be_bytes()).collect();
        prop_assert_eq!(&data::Points::from_npy(&npy(">f8", false, &shape, &big)).unwrap(), &expected);
    }

    #[test]
    fn csv_cells_survive(values in prop::collection::vec(fraction(), 1..20), columns in 1usize..4, separator in prop::sample::select(vec![',', ';', '\t'])) {
        let rows = values.len().div_ceil(columns);
        let cell = |i: usize| values[i % values.len()].clone();
        let line = |row: usize| (0..columns).map(|j| cell(row * columns + j).to_string()).collect::<Vec<_>>().join(&separator.to_string());
        let text = (0..rows).map(line).collect::<Vec<_>>().join("\n");
        let (points, _) = data::Points::from_csv(text.as_bytes(), None).unwrap();
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
            let _ = data::Point::load(&text, &none);
        }
    }
}
