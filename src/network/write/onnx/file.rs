//! An ONNX file that is built operator by operator.

use super::Refusal;
use crate::exact::{nearest_f64, rational};
use crate::network::graph::Coefficients;
use crate::network::read::onnx::proto::{self, Attribute, Dimension, Node, OperatorSet, Shape, TensorType, Type, ValueInfo};
use prost::Message;
use rug::Rational;

/// The version of the standard operators in a file that needs no later one.
pub(super) const OPERATORS: i64 = 17;

/// The version of the operators from which on the axes of a reduction are an input.
const AXES_AS_INPUT: i64 = 18;

/// The first version of the format that goes with a version of the operators.
fn format_of(operators: i64) -> i64 {
    match operators {
        ..=18 => 8,
        19..=20 => 9,
        21..=24 => 12,
        _ => 14,
    }
}

/// The numbers in the format of the types: floats of 4 and of 8 bytes, and integers of 8 bytes.
const SINGLES: i32 = 1;
const DOUBLES: i32 = 11;
const INTEGERS: i32 = 7;

/// The limit for the bytes of a file: a message of the format is shorter than 2 GiB.
pub(super) const LIMIT: usize = i32::MAX as usize;

/// The largest number of floats whose sum represents a constant.
const MOST_PARTS: usize = 16;

/// A tensor that depends on the input: its name, and its shape in the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tensor {
    pub name: String,
    pub shape: Vec<usize>,
}

impl Tensor {
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }
}

/// A constant of the file, given by its name.
pub(super) struct Constant(String);

/// An input of an operator.
pub(super) trait Input {
    fn name(&self) -> &str;
}

impl Input for Tensor {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Input for Constant {
    fn name(&self) -> &str {
        &self.0
    }
}

/// An omitted input.
pub(super) struct Absent;

impl Input for Absent {
    fn name(&self) -> &str {
        ""
    }
}

const INPUT: &str = "input";
const OUTPUT: &str = "output";

pub(super) struct File {
    /// The version of the standard operators.
    version: i64,
    single: bool,
    limit: usize,
    input: Tensor,
    /// The layer whose operators are written, the number of its operators so far, and the number of all reshapes so far.
    layer: usize,
    operators: usize,
    reshapes: usize,
    /// The shapes of reshapes. Each is written once.
    shapes: Vec<Vec<usize>>,
    bytes: usize,
    graph: proto::Graph,
}

impl File {
    pub fn new(version: i64, single: bool, input: &[usize], limit: usize) -> Self {
        let input = Tensor { name: INPUT.to_string(), shape: input.to_vec() };
        let graph = proto::Graph { name: "network".to_string(), ..Default::default() };
        Self { version, single, limit, input, layer: 0, operators: 0, reshapes: 0, shapes: Vec::new(), bytes: 0, graph }
    }

    pub fn input(&self) -> Tensor {
        self.input.clone()
    }

    /// Begins a layer: the operators that follow are named after it.
    pub fn begin_layer(&mut self, layer: usize) {
        (self.layer, self.operators) = (layer, 0);
    }

    fn name(&self) -> String {
        match self.operators {
            0 => format!("layer{}", self.layer),
            k => format!("layer{}_{k}", self.layer),
        }
    }

    // --------------------------------------------------------------------------------------------------------- numbers

    /// Whether the floats of the file are singles.
    pub fn is_single(&self) -> bool {
        self.single
    }

    /// Whether a double is a float of the file.
    pub fn holds(&self, x: f64) -> bool {
        x.is_finite() && (!self.single || f64::from(x as f32) == x)
    }

    /// A coefficient as a float of the file, if it is one.
    pub fn float(&self, coefficients: &Coefficients, index: usize) -> Option<f64> {
        let x = coefficients.doubles()[index];
        let exact = coefficients.is_double() || rational(x).is_some_and(|x| x == coefficients.get(index));
        (exact && self.holds(x)).then_some(x)
    }

    /// A rational as a float of the file, if it is one.
    pub fn float_of(&self, q: &Rational) -> Option<f64> {
        let x = nearest_f64(q);
        (self.holds(x) && rational(x).as_ref() == Some(q)).then_some(x)
    }

    /// The largest float of the file. Bounds of this magnitude are read as no bounds.
    pub fn largest(&self) -> f64 {
        if self.single { f64::from(f32::MAX) } else { f64::MAX }
    }

    /// Floats of the file whose exact sum is this number, if there are any.
    pub fn parts(&self, mut q: Rational) -> Option<Vec<f64>> {
        let mut parts = Vec::new();
        while !q.is_zero() {
            let x = nearest_f64(&q);
            let x = if self.single { f64::from(x as f32) } else { x };
            if x == 0.0 || !x.is_finite() || parts.len() == MOST_PARTS {
                return None;
            }
            q -= rational(x)?;
            parts.push(x);
        }
        Some(parts)
    }

    fn constant(&mut self, name: String, data_type: i32, shape: &[usize], raw_data: Vec<u8>) -> Result<Constant, Refusal> {
        self.bytes = self.bytes.saturating_add(raw_data.len());
        if self.bytes > self.limit {
            return Err(Refusal::TooLarge);
        }
        let dims = shape.iter().map(|&n| n as i64).collect();
        self.graph.initializer.push(proto::Tensor { name: name.clone(), dims, data_type, raw_data, ..Default::default() });
        Ok(Constant(name))
    }

    /// Adds a constant of floats for the next operator. All of them must be [floats of the file](Self::holds).
    pub fn floats(&mut self, what: &str, shape: &[usize], values: &[f64]) -> Result<Constant, Refusal> {
        debug_assert!(values.len() == shape.iter().product::<usize>() && values.iter().all(|&x| self.holds(x)));
        let name = format!("{}.{what}", self.name());
        // A file that is too large is detected before its bytes are written.
        let width = if self.single { 4 } else { 8 };
        if values.len().saturating_mul(width) > self.limit {
            return Err(Refusal::TooLarge);
        }
        let (data_type, bytes) = match self.single {
            true => (SINGLES, values.iter().flat_map(|&x| (x as f32).to_le_bytes()).collect()),
            false => (DOUBLES, values.iter().flat_map(|x| x.to_le_bytes()).collect()),
        };
        self.constant(name, data_type, shape, bytes)
    }

    /// Adds a constant of indices of elements for the next operator.
    pub fn places(&mut self, shape: &[usize], places: impl Iterator<Item = u32>) -> Result<Constant, Refusal> {
        let name = format!("{}.indices", self.name());
        self.constant(name, INTEGERS, shape, places.flat_map(|n| i64::from(n).to_le_bytes()).collect())
    }

    // ------------------------------------------------------------------------------------------------------- operators

    /// Adds an operator. The result has the given shape.
    pub fn operator(&mut self, operator: &str, inputs: &[&dyn Input], attributes: Vec<Attribute>, shape: Vec<usize>) -> Tensor {
        let name = self.name();
        self.operators += 1;
        self.push(name, operator, inputs, attributes, shape)
    }

    /// Adds an operator that reduces one axis of a tensor, and drops the axis.
    pub fn reduced(&mut self, operator: &str, x: &Tensor, axis: usize) -> Result<Tensor, Refusal> {
        let mut shape = x.shape.clone();
        shape.remove(axis);
        let dropped = integer("keepdims", 0);
        if self.version < AXES_AS_INPUT {
            return Ok(self.operator(operator, &[x], vec![integers("axes", &[axis]), dropped], shape));
        }
        let axes = self.constant(format!("{}.axes", self.name()), INTEGERS, &[1], (axis as i64).to_le_bytes().to_vec())?;
        Ok(self.operator(operator, &[x, &axes], vec![dropped], shape))
    }

    fn push(&mut self, name: String, operator: &str, inputs: &[&dyn Input], attribute: Vec<Attribute>, shape: Vec<usize>) -> Tensor {
        let input = inputs.iter().map(|input| input.name().to_string()).collect();
        let (output, op_type) = (vec![name.clone()], operator.to_string());
        self.graph.node.push(Node { name: name.clone(), op_type, input, output, attribute, ..Default::default() });
        Tensor { name, shape }
    }

    /// A tensor with the same elements in another shape.
    pub fn reshaped(&mut self, x: &Tensor, shape: &[usize]) -> Result<Tensor, Refusal> {
        if x.shape == shape {
            return Ok(x.clone());
        }
        let known = self.shapes.iter().position(|known| known == shape);
        let constant = match known {
            Some(k) => Constant(format!("shape{k}")),
            None => {
                self.shapes.push(shape.to_vec());
                let bytes = shape.iter().flat_map(|&n| (n as i64).to_le_bytes()).collect();
                self.constant(format!("shape{}", self.shapes.len() - 1), INTEGERS, &[shape.len()], bytes)?
            }
        };
        self.reshapes += 1;
        Ok(self.push(format!("reshape{}", self.reshapes - 1), "Reshape", &[x, &constant], vec![], shape.to_vec()))
    }

    /// The bytes of the file, whose output is this tensor in this shape.
    pub fn finish(mut self, output: &Tensor, shape: &[usize]) -> Result<Vec<u8>, Refusal> {
        let mut output = self.reshaped(output, shape)?;
        if output.name == INPUT {
            output = self.push(OUTPUT.to_string(), "Identity", &[&output], vec![], shape.to_vec());
        }
        for name in self.graph.node.iter_mut().flat_map(|node| [&mut node.input, &mut node.output]).flatten() {
            if *name == output.name {
                *name = OUTPUT.to_string();
            }
        }
        self.graph.input = vec![self.info(INPUT, &self.input.shape)];
        self.graph.output = vec![self.info(OUTPUT, shape)];
        let opset_import = vec![OperatorSet { domain: String::new(), version: self.version }];
        let (ir_version, producer_name) = (format_of(self.version), "plica".to_string());
        let model = proto::Model { ir_version, producer_name, graph: Some(self.graph), opset_import, functions: Vec::new() };
        if model.encoded_len() > self.limit {
            return Err(Refusal::TooLarge);
        }
        Ok(model.encode_to_vec())
    }

    fn info(&self, name: &str, shape: &[usize]) -> ValueInfo {
        let dim = shape.iter().map(|&n| Dimension { dim_value: Some(n as i64), dim_param: String::new() }).collect();
        let tensor_type = Some(TensorType { elem_type: if self.single { SINGLES } else { DOUBLES }, shape: Some(Shape { dim }) });
        ValueInfo { name: name.to_string(), r#type: Some(Type { tensor_type }) }
    }
}

/// An attribute that is an integer.
pub(super) fn integer(name: &str, value: usize) -> Attribute {
    Attribute { name: name.to_string(), i: Some(value as i64), r#type: 2, ..Default::default() }
}

/// An attribute that is a single.
pub(super) fn float(name: &str, value: f32) -> Attribute {
    Attribute { name: name.to_string(), f: Some(value), r#type: 1, ..Default::default() }
}

/// An attribute that is a text.
pub(super) fn words(name: &str, text: &str) -> Attribute {
    Attribute { name: name.to_string(), s: Some(text.as_bytes().to_vec()), r#type: 3, ..Default::default() }
}

/// An attribute that is a list of integers.
pub(super) fn integers(name: &str, values: &[usize]) -> Attribute {
    Attribute { name: name.to_string(), ints: values.iter().map(|&n| n as i64).collect(), r#type: 7, ..Default::default() }
}

/// Numbers of a tensor without the repetitions along whole axes: their broadcast to the shape is the tensor.
pub(super) fn compact(shape: &[usize], values: Vec<f64>) -> (Vec<usize>, Vec<f64>) {
    let (mut shape, mut values) = (shape.to_vec(), values);
    for axis in 0..shape.len() {
        let (n, inner) = (shape[axis], shape[axis + 1..].iter().product::<usize>());
        let first = |place: usize| place / (n * inner) * n * inner + place % inner;
        if n > 1 && (0..values.len()).all(|place| values[place] == values[first(place)]) {
            values = (0..values.len() / n).map(|k| values[k / inner * n * inner + k % inner]).collect();
            shape[axis] = 1;
        }
    }
    (shape, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_repeat_along_axes_are_written_once() {
        let of = |shape: &[usize], values: &[f64]| compact(shape, values.to_vec());
        assert_eq!(of(&[2, 2, 3], &[1.0, 1.0, 1.0, 2.0, 2.0, 2.0].repeat(2)), (vec![1, 2, 1], vec![1.0, 2.0]));
        assert_eq!(of(&[2, 2], &[1.0, 2.0, 3.0, 4.0]), (vec![2, 2], vec![1.0, 2.0, 3.0, 4.0]));
        assert_eq!(of(&[2, 2], &[5.0; 4]), (vec![1, 1], vec![5.0]));
        assert_eq!(of(&[], &[5.0]), (vec![], vec![5.0]));
    }

    #[test]
    fn a_constant_of_many_digits_is_a_sum_of_floats() {
        let (single, double) = (File::new(OPERATORS, true, &[1], LIMIT), File::new(OPERATORS, false, &[1], LIMIT));
        let q = Rational::from((0x1234_5678_9abc_def1u64, 1u64 << 60));
        for file in [&single, &double] {
            let parts = file.parts(q.clone()).unwrap();
            assert!(parts.len() > 1 && parts.iter().all(|&x| file.holds(x)));
            assert_eq!(parts.into_iter().map(|x| rational(x).unwrap()).sum::<Rational>(), q);
            assert_eq!(file.parts(Rational::from((1, 3))), None);
        }
        // A number below the smallest single, and one beyond the largest.
        let tiny = Rational::from((1, rug::Integer::from(1) << 200u32));
        assert_eq!((single.parts(tiny.clone()), double.parts(tiny).map(|parts| parts.len())), (None, Some(1)));
        assert_eq!(single.parts(Rational::from(rug::Integer::from(1) << 200u32)), None);
    }

    #[test]
    fn a_file_that_is_too_large_is_refused() {
        let file = |limit: usize| {
            let mut file = File::new(OPERATORS, true, &[1, 10], limit);
            let (x, c) = (file.input(), file.floats("bias", &[10], &[0.5; 10])?);
            let y = file.operator("Add", &[&x, &c], vec![], vec![1, 10]);
            file.finish(&y, &[1, 10])
        };
        let bytes = file(LIMIT).unwrap();
        assert_eq!(file(bytes.len()), Ok(bytes.clone()));
        for limit in [bytes.len() - 1, 40, 39, 0] {
            assert_eq!(file(limit), Err(Refusal::TooLarge), "{limit}");
        }
    }
}
