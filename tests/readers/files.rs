//! The files that the tests read, byte by byte.

use nalgebra::{DMatrix, DVector};
use plica::data::LoadOptions;
use plica::network::{Layer, Network};
use std::io::{Cursor, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A directory that is removed at the end.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("plica-readers-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The path of a file with this content.
    pub fn file(&self, name: &str, content: &[u8]) -> String {
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

pub fn npy_with_header(header: &str, values: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values);
    bytes
}

pub fn npy(descr: &str, fortran: bool, shape: &str, values: &[u8]) -> Vec<u8> {
    let order = if fortran { "True" } else { "False" };
    npy_with_header(&format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n"), values)
}

pub fn le(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// A .npy file of doubles.
pub fn doubles(shape: &str, values: &[f64]) -> Vec<u8> {
    npy("<f8", false, shape, &le(values))
}

pub fn zipped(entries: &[(&str, Vec<u8>)], deflated: bool) -> Vec<u8> {
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
pub fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let names: Vec<String> = arrays.iter().map(|(name, _)| format!("{name}.npy")).collect();
    zipped(&names.iter().map(String::as_str).zip(arrays.iter().map(|(_, a)| a.clone())).collect::<Vec<_>>(), false)
}

/// A .safetensors file, tensors in the order given.
pub fn tensors(list: &[(&str, &str, &[usize], Vec<u8>)]) -> Vec<u8> {
    let (mut header, mut data) = (Vec::new(), Vec::new());
    for (name, dtype, shape, bytes) in list {
        let end = data.len() + bytes.len();
        header.push(format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{},{end}]}}"#, data.len()));
        data.extend(bytes);
    }
    safetensors_of(&format!("{{{}}}", header.join(",")), &data)
}

pub fn safetensors_of(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

pub fn idx(kind: u8, lengths: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, lengths.len() as u8];
    lengths.iter().for_each(|n| bytes.extend(n.to_be_bytes()));
    bytes.extend(values);
    bytes
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// 4 inputs, 3 hidden units, 2 outputs, all coefficients different.
pub fn small_network() -> Network {
    let value = |i: usize| i as f64 * 0.25 - 2.0;
    Network::new(vec![
        Layer::from_f64(DMatrix::from_fn(3, 4, |i, j| value(4 * i + j)), DVector::from_fn(3, |i, _| value(12 + i))),
        Layer::from_f64(DMatrix::from_fn(2, 3, |i, j| value(15 + 3 * i + j)), DVector::from_fn(2, |i, _| value(21 + i))),
    ])
    .unwrap()
}

pub fn small_arrays() -> Vec<(&'static str, Vec<u8>)> {
    let values: Vec<f64> = (0..23).map(|i| f64::from(i) * 0.25 - 2.0).collect();
    vec![
        ("W0", doubles("(3, 4)", &values[..12])),
        ("b0", doubles("(3,)", &values[12..15])),
        ("W1", doubles("(2, 3)", &values[15..21])),
        ("b1", doubles("(2,)", &values[21..])),
    ]
}

/// Checks that the network was read correctly.
pub fn same(found: Network, expected: &Network) {
    assert_eq!(&found, expected);
}

/// Labels from a file or a column.
pub fn options(labels: &str) -> LoadOptions {
    LoadOptions { labels: Some(labels.to_string()), ..Default::default() }
}
