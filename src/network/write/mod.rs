//! Writes networks to files in the formats that are read, without loss or not at all.

mod onnx;

use super::load::Format;
use super::{Layer, Network};
use crate::data::npy;
use crate::files;
use safetensors::tensor::{Dtype, TensorView};
use std::io::{self, Cursor, Write};
use std::path::Path;

/// The errors of writing a network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The end of the name is not that of a format.
    #[error("`{0}` is not a .onnx, .json, .npz or .safetensors file")]
    UnknownFormat(String),
    /// A coefficient is not a double, and the format has only doubles.
    #[error("{file}: {place} of layer {layer} is {value}, expected a double: a .json file can contain any rational")]
    NotADouble {
        /// The path of the file.
        file: String,
        /// The index of the layer, counted from 0.
        layer: usize,
        /// The coefficient: `weight [row, column]` or `bias [index]`.
        place: String,
        /// The value of the coefficient.
        value: String,
    },
    /// Not all layers are dense affine ones with ReLU between them, and the format has only such layers.
    #[error("{file}: not all layers are dense affine ones with ReLU between them: a .onnx file can contain any layers")]
    NotAStack {
        /// The path of the file.
        file: String,
    },
    /// A coefficient is not a float of the format, nor a sum or a quotient of such floats.
    #[error("{file}: {place} of node {node} is {value}: expected a double")]
    NotAFloat {
        /// The path of the file.
        file: String,
        /// The index of the node, counted from 0. Node 0 is the input.
        node: usize,
        /// The coefficient, such as `weight 3`.
        place: String,
        /// The value of the coefficient.
        value: String,
    },
    /// The format has no operator for a node.
    #[error("{file}: node {node} cannot be written: {problem}")]
    Node {
        /// The path of the file.
        file: String,
        /// The index of the node, counted from 0. Node 0 is the input.
        node: usize,
        /// The reason.
        problem: String,
    },
    /// The network needs more bytes than a file of the format can have.
    #[error("{file}: the network takes more than 2 GiB, the limit of an .onnx file")]
    TooLarge {
        /// The path of the file.
        file: String,
    },
    /// The file cannot be written.
    #[error("{file}: {source}")]
    Io {
        /// The path of the file.
        file: String,
        /// The error of the system.
        source: io::Error,
    },
}

impl WriteError {
    /// Whether the error is in the arguments of the call, which is known before a file is opened. The exit status is then 2, otherwise 1.
    pub fn is_call_error(&self) -> bool {
        matches!(self, Self::UnknownFormat(_))
    }
}

impl Network {
    /// Writes it to a `.onnx`, `.json`, `.npz` or `.safetensors` file. The end of the name determines the format.
    ///
    /// ONNX files can have any layers, the other formats only dense affine layers with ReLU between them. JSON has numbers for coefficients
    /// that are doubles and strings such as `"1/3"` for all others. The other formats have floats of 4 bytes if these are exact, and else of 8
    /// bytes. The file appears whole or not at all, see [`files::replace`]. A network that is read back is the same network: it has the same
    /// outputs at every point, and the same units and patterns.
    ///
    /// ```
    /// use plica::network::load;
    /// let network = load("digits:3x20").unwrap();
    /// let path = std::env::temp_dir().join(format!("plica-example-{}.onnx", std::process::id()));
    /// network.save(&path).unwrap();
    /// assert_eq!(load(path.to_str().unwrap()).unwrap(), network);
    /// # std::fs::remove_file(&path).unwrap();
    /// ```
    ///
    /// # Errors
    /// The name has another end, the format cannot represent a coefficient or a layer exactly, or the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), WriteError> {
        let file = || path.display().to_string();
        let format = Format::of(path).ok_or_else(|| WriteError::UnknownFormat(file()))?;
        let bytes = match (self.layers(), format) {
            (Some(_), Format::Json) => json(self),
            (Some(layers), Format::Npz) => npz(&Floats::of(layers, &file)?),
            (Some(layers), Format::Safetensors) => safetensors(&Floats::of(layers, &file)?),
            (layers, Format::Onnx) => {
                // An error in a stack of layers names the layer, not the node.
                layers.map(|layers| Floats::of(layers, &file)).transpose()?;
                onnx::graph(self.graph()).map_err(|refused| refused_as(refused, file()))?
            }
            (None, _) => return Err(WriteError::NotAStack { file: file() }),
        };
        files::replace(path, |file| file.write_all(&bytes)).map_err(|source| WriteError::Io { file: file(), source })
    }
}

fn refused_as((node, refusal): onnx::Refused, file: String) -> WriteError {
    match refusal {
        onnx::Refusal::Number { place, value } => WriteError::NotAFloat { file, node, place, value },
        onnx::Refusal::Node(problem) => WriteError::Node { file, node, problem },
        onnx::Refusal::TooLarge => WriteError::TooLarge { file },
    }
}

fn json(network: &Network) -> Vec<u8> {
    let mut bytes = serde_json::to_vec(network).expect("finite numbers, strings and lists are JSON");
    bytes.push(b'\n');
    bytes
}

/// The coefficients of a network, all of which are doubles.
struct Floats {
    /// For each layer the weights by rows, the bias, and the numbers of outputs and inputs.
    layers: Vec<(Vec<f64>, Vec<f64>, [usize; 2])>,
    /// Whether all are single-precision numbers.
    single: bool,
}

impl Floats {
    fn of(layers: &[Layer], file: &dyn Fn() -> String) -> Result<Self, WriteError> {
        let mut floats = Self { layers: Vec::new(), single: true };
        for (i, layer) in layers.iter().enumerate() {
            let exact = |place: &dyn Fn() -> String, x: f64, q: rug::Rational| {
                let found = crate::exact::rational(x).is_some_and(|x| x == q);
                let problem = || WriteError::NotADouble { file: file(), layer: i, place: place(), value: q.to_string() };
                if found { Ok(x) } else { Err(problem()) }
            };
            let (outputs, inputs) = (layer.outputs(), layer.inputs());
            let (mut weights, mut bias) = (Vec::with_capacity(outputs * inputs), Vec::with_capacity(outputs));
            for r in 0..outputs {
                for c in 0..inputs {
                    let x = layer.weights()[(r, c)];
                    weights.push(if layer.is_double() { x } else { exact(&|| format!("weight [{r}, {c}]"), x, layer.weight(r, c))? });
                }
                let x = layer.bias()[r];
                bias.push(if layer.is_double() { x } else { exact(&|| format!("bias [{r}]"), x, layer.bias_of(r))? });
            }
            floats.single &= weights.iter().chain(&bias).all(|&x| f64::from(x as f32) == x);
            floats.layers.push((weights, bias, [outputs, inputs]));
        }
        Ok(floats)
    }
}

fn npz(floats: &Floats) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    // As in numpy.savez: not compressed, and with a fixed date, so that equal networks give equal files.
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default())
        .large_file(true);
    let mut add = |name: String, shape: &[usize], values: &[f64]| {
        archive.start_file(name, options)?;
        archive.write_all(&npy::write(shape, values, floats.single))?;
        Ok::<_, zip::result::ZipError>(())
    };
    for (i, (weights, bias, shape)) in floats.layers.iter().enumerate() {
        add(format!("W{i}.npy"), shape, weights).expect("memory takes every byte, and no name comes twice");
        add(format!("b{i}.npy"), &shape[..1], bias).expect("memory takes every byte, and no name comes twice");
    }
    archive.finish().expect("memory takes every byte").into_inner()
}

fn safetensors(floats: &Floats) -> Vec<u8> {
    let bytes = |values: &[f64]| -> Vec<u8> {
        match floats.single {
            true => values.iter().flat_map(|&x| (x as f32).to_le_bytes()).collect(),
            false => values.iter().flat_map(|x| x.to_le_bytes()).collect(),
        }
    };
    let mut tensors = Vec::new();
    for (i, (weights, bias, shape)) in floats.layers.iter().enumerate() {
        // Every second index of a `Sequential` is a ReLU.
        tensors.push((format!("{}.weight", 2 * i), shape.to_vec(), bytes(weights)));
        tensors.push((format!("{}.bias", 2 * i), vec![shape[0]], bytes(bias)));
    }
    let dtype = if floats.single { Dtype::F32 } else { Dtype::F64 };
    let views = tensors.iter().map(|(name, shape, bytes)| {
        (name.as_str(), TensorView::new(dtype, shape.clone(), bytes).expect("as many bytes as the shape asks for"))
    });
    safetensors::serialize(views, None).expect("a header of a few lines")
}
