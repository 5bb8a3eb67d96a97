//! Data sets: reading.

use crate::files::*;
use nalgebra::DVector;
use plica::data::{self, LoadOptions, Pixels};
use plica::exact::parse_rational;
use plica::network;
use rug::Rational;

fn texts(points: &data::Points) -> Vec<String> {
    (0..points.len()).flat_map(|i| (0..points.dimension()).map(move |j| points.coordinate(i, j).to_string())).collect()
}

#[test]
fn npz_data_with_and_without_labels() {
    let x = doubles("(2, 3)", &[0.5, 1.0, 1.5, 2.0, 2.5, 3.0]);
    let (points, labels) = data::Points::from_npz(&npz(&[("X", x.clone())])).unwrap();
    assert_eq!((points.len(), points.dimension(), labels), (2, 3, None));
    for y in [
        npy("<i8", false, "(2,)", &[7, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]),
        npy("|i1", false, "(2, 1)", &[7, 255]),
        doubles("(2,)", &[7.0, -1.0]),
    ] {
        let (_, labels) = data::Points::from_npz(&npz(&[("y", y), ("X", x.clone())])).unwrap();
        assert_eq!(labels, Some(vec![7, -1]));
    }
    let folder = Folder::new();
    let file = folder.file("set.npz", &npz(&[("X", x.clone()), ("y", doubles("(2,)", &[7.0, -1.0]))]));
    let set = data::DataSet::load(&file, &LoadOptions::default()).unwrap();
    assert_eq!((set.name.as_str(), set.classes(), set.rows_of(7), set.rows_of(0)), (file.as_str(), vec![-1, 7], vec![0], vec![]));
    let point = data::Point::load(&format!("{file}#1"), &LoadOptions::default()).unwrap();
    assert_eq!(point.to_rationals(), [2.0, 2.5, 3.0].map(|x| Rational::from_f64(x).unwrap()));
    // Separate labels replace the file's own.
    let labels = folder.file("labels.npy", &npy("|u1", false, "(2,)", &[4, 5]));
    assert_eq!(data::DataSet::load(&file, &options(&labels)).unwrap().labels, Some(vec![4, 5]));
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
        let (points, labels) = data::Points::from_csv(text.as_bytes(), None).unwrap();
        assert_eq!(labels, None);
        assert_eq!(texts(&points), ["1/3", "1/10", "-2", "1/5", "5", "6"], "{text:?}");
        assert_eq!(points, data::Points::from_csv(&gzip(text.as_bytes()), None).unwrap().0);
    }
    let (points, _) = data::Points::from_csv(b"1\n2\n3\n", None).unwrap();
    assert_eq!((points.len(), points.dimension()), (3, 1));
    let wide = "123456789012345678901234567890";
    assert_eq!(texts(&data::Points::from_csv(format!("0.5,{wide}").as_bytes(), None).unwrap().0), ["1/2", wide]);
}

#[test]
fn csv_labels_by_index_by_name_and_from_files() {
    let folder = Folder::new();
    let file = folder.file("set.csv", b"class,x,y\n3,0.5,1/3\n-4,1,2\n");
    for column in ["0", "class"] {
        let set = data::DataSet::load(&file, &options(column)).unwrap();
        assert_eq!((set.labels, set.points.dimension()), (Some(vec![3, -4]), 2));
    }
    assert_eq!(data::DataSet::load(&file, &LoadOptions::default()).unwrap().points.dimension(), 3);
    for labels in [
        folder.file("labels.npy", &doubles("(2,)", &[8.0, 9.0])),
        folder.file("labels.csv", b"label\n8\n9\n"),
        folder.file("labels-idx1-ubyte", &idx(8, &[2], &[8, 9])),
        folder.file("labels.idx1-ubyte.gz", &gzip(&idx(8, &[2], &[8, 9]))),
        folder.file("labels.csv.gz", &gzip(b"8\n9\n")),
    ] {
        assert_eq!(data::DataSet::load(&file, &options(&labels)).unwrap().labels, Some(vec![8, 9]), "{labels}");
    }
}

#[test]
fn idx_pixels_are_what_is_asked_for() {
    let bytes = idx(8, &[2, 1, 3], &[0, 51, 255, 1, 2, 3]);
    for bytes in [bytes.clone(), gzip(&bytes)] {
        let read = |pixels| data::Points::from_idx(&bytes, pixels).unwrap();
        assert_eq!(texts(&read(Pixels::Exact)), ["0", "1/5", "1", "1/255", "2/255", "1/85"]);
        assert_eq!(texts(&read(Pixels::Raw)), ["0", "51", "255", "1", "2", "3"]);
        assert_eq!(read(Pixels::F64).nearest(1), [1.0 / 255.0, 2.0 / 255.0, 3.0 / 255.0]);
        assert_eq!(read(Pixels::F32).nearest(1), [1f32, 2.0, 3.0].map(|n| f64::from(n / 255.0)));
        assert!(read(Pixels::F64).is_double() && read(Pixels::F32).is_double() && !read(Pixels::Exact).is_double());
    }
    for (kind, values) in [
        (0x09, vec![0xfe, 3]),
        (0x0b, vec![0xff, 0xfe, 0, 3]),
        (0x0c, vec![0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 3]),
        (0x0d, [(-2f32).to_be_bytes(), 3f32.to_be_bytes()].concat()),
        (0x0e, [(-2f64).to_be_bytes(), 3f64.to_be_bytes()].concat()),
    ] {
        assert_eq!(texts(&data::Points::from_idx(&idx(kind, &[1, 2], &values), Pixels::Exact).unwrap()), ["-2", "3"], "{kind}");
    }
}

#[test]
fn the_digits_are_built_in() {
    let set = data::DataSet::load("digits", &LoadOptions::default()).unwrap();
    assert_eq!((set.points.len(), set.points.dimension(), set.points.is_double()), (1797, 64, true));
    assert_eq!(set.points.nearest(0)[2..5], [5.0 / 16.0, 13.0 / 16.0, 9.0 / 16.0]);
    assert_eq!(set.labels.as_ref().unwrap()[..4], [0, 1, 2, 3]);
    let counts: Vec<usize> = set.classes().into_iter().map(|c| set.rows_of(c).len()).collect();
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
}

#[test]
fn the_digit_networks_reach_their_stated_accuracy() {
    // 96.1 % of the last 360 rows, as data/README.md says.
    let network = network::load("digits:3x20").unwrap();
    let set = data::DataSet::load("digits", &LoadOptions::default()).unwrap();
    let answer = |row: usize| {
        let mut h = DVector::from_column_slice(set.points.nearest(row));
        for (l, layer) in network.layers().unwrap().iter().enumerate() {
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
    let load = |spec: &str| data::Point::load(spec, &LoadOptions::default()).unwrap().to_rationals();
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
    let (p, q) = data::Points::load_segments(&file).unwrap();
    assert_eq!((texts(&p), texts(&q)), (vec!["0".to_string(), "1".into()], vec!["2".to_string(), "3".into()]));
}
