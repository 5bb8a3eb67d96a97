//! Builds graphs operation by operation, with checks of shapes and coefficients.

use super::map::{Convolution, Sparse, Structure};
use super::shape::{self, broadcast, repeated, strided};
use super::{Affine, BuildError, Coefficients, Graph, LinearMap, Maximum, Node, Operation, Piecewise, Smooth, Term, Window};
use crate::network::Network;
use rug::Rational;
use std::collections::HashMap;

/// The limit for the bytes of a graph: 4 GiB.
const MOST_BYTES: u64 = 1 << 32;

/// The approximate number of bytes of a function.
const FUNCTION: usize = 512;

/// A tensor of a graph that is being built: a node with a shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    pub(super) node: usize,
    pub(super) shape: Vec<usize>,
}

impl Value {
    /// The shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements. This is always false.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The options of a convolution, as (rows, columns).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvolutionOptions {
    /// The steps over rows and columns.
    pub stride: [usize; 2],
    /// The distance between two elements of the kernel.
    pub dilation: [usize; 2],
    /// Zeros before the first row and column, and after the last ones.
    pub padding: [[usize; 2]; 2],
    /// The number of groups of channels: the outputs of a group depend on its own inputs only.
    pub groups: usize,
}

impl Default for ConvolutionOptions {
    fn default() -> Self {
        Self { stride: [1, 1], dilation: [1, 1], padding: [[0, 0], [0, 0]], groups: 1 }
    }
}

/// Builds a [`Network`] of any layers.
///
/// ```
/// use plica::network::{Coefficients, ConvolutionOptions, NetworkBuilder, Piecewise, Window};
/// let mut builder = NetworkBuilder::new(&[1, 4, 4]).unwrap();
/// let image = builder.input();
/// let edges = Coefficients::from_f64(vec![1.0, -1.0]);
/// let hidden = builder.convolution(&image, edges, [1, 2], None, ConvolutionOptions::default()).unwrap();
/// assert_eq!(hidden.shape(), [1, 4, 3]);
/// let active = builder.activation(&hidden, Piecewise::relu()).unwrap();
/// let pooled = builder.max_pool(&active, &Window::new([4, 3])).unwrap();
/// let graph = builder.finish(&pooled).unwrap();
/// assert_eq!((graph.depth(), graph.hidden_units()), (2, 13));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct NetworkBuilder {
    nodes: Vec<Node>,
    /// The number of elements and of entries of maps so far, and the bytes that they and the coefficients take.
    size: usize,
    bytes: u64,
    name: String,
}

impl NetworkBuilder {
    /// A builder for a network whose input has this shape.
    ///
    /// # Errors
    /// The shape has no elements, or too many.
    pub fn new(shape: &[usize]) -> Result<Self, BuildError> {
        shape::elements(shape)?;
        let input = Node { name: String::new(), shape: shape.to_vec(), operation: Operation::Input };
        Ok(Self { nodes: vec![input], size: 0, bytes: 0, name: String::new() })
    }

    /// The input tensor.
    pub fn input(&self) -> Value {
        Value { node: 0, shape: self.nodes[0].shape.clone() }
    }

    /// Sets the name of the nodes that are added from now on.
    pub fn set_name(&mut self, name: &str) {
        self.name = name.to_string();
    }

    pub(super) fn push(&mut self, shape: Vec<usize>, operation: Operation) -> Result<Value, BuildError> {
        self.size += shape::elements(&shape)?
            + match &operation {
                Operation::Affine(affine) => affine.terms.iter().map(|term| term.map.entries()).sum(),
                Operation::Maximum(maximum) => maximum.candidates.len(),
                _ => 0,
            };
        let bytes = match &operation {
            Operation::Input | Operation::Smooth { .. } | Operation::Product(_) | Operation::Quotient(_) | Operation::MatrixProduct(_) => 0,
            Operation::Affine(affine) => affine.terms.iter().map(|term| term.map.bytes()).sum::<usize>() + affine.bias.bytes(),
            Operation::Activation { functions, function_of, .. } => functions.len() * FUNCTION + size_of_val(&function_of[..]),
            Operation::Maximum(maximum) => size_of_val(&maximum.candidates[..]),
        };
        self.bytes += bytes as u64;
        if self.size > shape::MOST_ENTRIES || self.bytes > MOST_BYTES {
            return Err(BuildError::TooLarge);
        }
        self.nodes.push(Node { name: self.name.clone(), shape: shape.clone(), operation });
        Ok(Value { node: self.nodes.len() - 1, shape })
    }

    /// Adds a node of several linear maps and a constant for each element; an empty list of constants means zeros.
    pub(super) fn affine(&mut self, shape: Vec<usize>, terms: Vec<(usize, LinearMap)>, bias: Coefficients) -> Result<Value, BuildError> {
        for coefficients in terms.iter().map(|(_, map)| &map.weights).chain([&bias]) {
            if let Some(index) = coefficients.first_not_finite() {
                return Err(BuildError::NotFinite { index, value: coefficients.doubles()[index].to_string() });
            }
        }
        let terms = terms.into_iter().map(|(from, map)| Term { from, map }).collect();
        self.push(shape, Operation::Affine(Affine { terms, bias }))
    }

    /// The same elements in another shape.
    ///
    /// # Errors
    /// The shapes have different numbers of elements.
    pub fn reshape(&self, x: &Value, shape: &[usize]) -> Result<Value, BuildError> {
        if shape::elements(shape)? != x.len() {
            return Err(BuildError::Shape { found: shape.to_vec(), expected: format!("a shape of {} elements", x.len()) });
        }
        Ok(Value { node: x.node, shape: shape.to_vec() })
    }

    /// W x + b along the last axis; W is outputs x inputs, row by row.
    ///
    /// # Errors
    /// The number of weights or constants is wrong, or coefficients are not finite.
    pub fn linear(&mut self, x: &Value, outputs: usize, weights: Coefficients, bias: Option<Coefficients>) -> Result<Value, BuildError> {
        let (&inputs, leading) = x.shape.split_last().ok_or_else(|| BuildError::Shape { found: vec![], expected: "an axis".into() })?;
        let expected = outputs.checked_mul(inputs).ok_or_else(|| BuildError::Size { shape: vec![outputs, inputs] })?;
        check(&weights, expected)?;
        let shape = [leading, &[outputs]].concat();
        let (rows, count) = (x.len() / inputs, shape::elements(&shape)?);
        let structure = if rows == 1 {
            Structure::Dense
        } else {
            shape::entries(&[rows, outputs, inputs])?;
            let row = |r: usize| {
                let of =
                    move |i: usize| (0..inputs).map(move |j| ((r * outputs + i) as u32, (r * inputs + j) as u32, (i * inputs + j) as u32));
                (0..outputs).flat_map(of)
            };
            let entries: Vec<_> = (0..rows).flat_map(row).collect();
            Structure::Sparse(Sparse::new(count, x.len(), &entries))
        };
        let bias = match bias {
            Some(bias) => {
                check(&bias, outputs)?;
                repeat(&bias, &repeated(&[outputs], &shape))
            }
            None => Coefficients::default(),
        };
        self.affine(shape, vec![(x.node, LinearMap { inputs: x.len(), outputs: count, structure, weights })], bias)
    }

    /// A convolution over an image of channels x rows x columns, which may have leading axes of size 1. The weights are indexed by [output
    /// channel, input channel of the group, row, column]; the bias has one constant for each output channel.
    ///
    /// # Errors
    /// The shapes do not match, or coefficients are not finite.
    pub fn convolution(
        &mut self,
        x: &Value,
        weights: Coefficients,
        kernel: [usize; 2],
        bias: Option<Coefficients>,
        options: ConvolutionOptions,
    ) -> Result<Value, BuildError> {
        let ([channels, rows, columns], leading) = image(x)?;
        let ConvolutionOptions { stride, dilation, padding, groups } = options;
        if groups == 0 || channels % groups != 0 {
            return Err(BuildError::Option(format!("{groups} groups of {channels} channels: expected a divisor of their number")));
        }
        let out = Window { kernel, stride, dilation, padding, ceil: false }.positions([rows, columns])?;
        let each = shape::elements(&[channels / groups, kernel[0], kernel[1]])?;
        let outputs = weights.len() / each;
        if outputs == 0 || !outputs.is_multiple_of(groups) {
            return Err(BuildError::Option(format!("{groups} groups of {outputs} output channels: expected a divisor of their number")));
        }
        check(&weights, outputs * each)?;
        let shape = [leading, &[outputs, out[0], out[1]]].concat();
        let count = shape::elements(&shape)?;
        let bias = match bias {
            Some(bias) => {
                check(&bias, outputs)?;
                repeat(&bias, &repeated(&[outputs, 1, 1], &shape))
            }
            None => Coefficients::default(),
        };
        let channels = [channels, outputs];
        let padding = padding[0];
        let structure =
            Structure::Convolution(Convolution { groups, channels, size: [rows, columns], out, kernel, stride, dilation, padding });
        self.affine(shape, vec![(x.node, LinearMap { inputs: x.len(), outputs: count, structure, weights })], bias)
    }

    /// The mean over windows of an image: of the elements without the padding, or with it if `count_padding`.
    ///
    /// # Errors
    /// The window does not fit into the image.
    pub fn average_pool(&mut self, x: &Value, window: &Window, count_padding: bool) -> Result<Value, BuildError> {
        let ([channels, rows, columns], leading) = image(x)?;
        let out = window.positions([rows, columns])?;
        let shape = [leading, &[channels, out[0], out[1]]].concat();
        let count = shape::elements(&shape)?;
        shape::entries(&[count, window.kernel[0], window.kernel[1]])?;
        // The weights 1/n for the divisors n that occur, each with its index.
        let (mut weights, mut index) = (Vec::new(), HashMap::new());
        let mut entries = Vec::new();
        for place in 0..count {
            let (channel, y, x) = (place / (out[0] * out[1]), place / out[1] % out[0], place % out[1]);
            let (inside, within) = window_at(window, [rows, columns], [y, x]);
            let divisor = if count_padding { within } else { inside.len() };
            if divisor == 0 {
                return Err(BuildError::Option("a window contains only padding, expected at least one element of the image".to_string()));
            }
            let weight = *index.entry(divisor).or_insert_with(|| {
                weights.push(Rational::from((1, divisor as u64)));
                weights.len() as u32 - 1
            });
            entries.extend(inside.iter().map(|(_, at)| (place as u32, (channel * rows * columns + at) as u32, weight)));
        }
        let weights = Coefficients::from_rationals(weights);
        let structure = Structure::Sparse(Sparse::new(count, x.len(), &entries));
        self.affine(shape, vec![(x.node, LinearMap { inputs: x.len(), outputs: count, structure, weights })], Coefficients::default())
    }

    /// The mean along some axes, whose size becomes 1.
    ///
    /// # Errors
    /// There is no such axis.
    pub fn mean_along(&mut self, x: &Value, axes: &[usize]) -> Result<Value, BuildError> {
        self.reduced_along(x, axes, |count| Rational::from((1, count as u64)))
    }

    /// The largest element of each window of an image, without the padding.
    ///
    /// # Errors
    /// The window does not fit into the image, or it contains only padding.
    pub fn max_pool(&mut self, x: &Value, window: &Window) -> Result<Value, BuildError> {
        let ([channels, rows, columns], leading) = image(x)?;
        let out = window.positions([rows, columns])?;
        let shape = [leading, &[channels, out[0], out[1]]].concat();
        let (count, size) = (shape::elements(&shape)?, shape::elements(&window.kernel)?);
        shape::entries(&[count, size])?;
        let mut candidates = vec![Maximum::ABSENT; count * size];
        for place in 0..count {
            let (channel, y, x) = (place / (out[0] * out[1]), place / out[1] % out[0], place % out[1]);
            let (inside, _) = window_at(window, [rows, columns], [y, x]);
            if inside.is_empty() {
                return Err(BuildError::Option("a window contains only padding, expected at least one element of the image".to_string()));
            }
            inside.iter().for_each(|(k, at)| candidates[place * size + k] = (channel * rows * columns + at) as u32);
        }
        self.push(shape, Operation::Maximum(Maximum { from: x.node, size, candidates, is_layer: true }))
    }

    /// The largest element along an axis, as in a maxout layer.
    ///
    /// # Errors
    /// There is no such axis.
    pub fn maximum_along(&mut self, x: &Value, axis: usize) -> Result<Value, BuildError> {
        let size = *x.shape.get(axis).ok_or_else(|| BuildError::Option(format!("there is no axis {axis} in the shape {:?}", x.shape)))?;
        let inner: usize = x.shape[axis + 1..].iter().product();
        let mut shape = x.shape.clone();
        shape.remove(axis);
        let windows = x.len() / size;
        let element = |window: usize| (0..size).map(move |k| ((window / inner * size + k) * inner + window % inner) as u32);
        let candidates = (0..windows).flat_map(element).collect();
        self.push(shape, Operation::Maximum(Maximum { from: x.node, size, candidates, is_layer: true }))
    }

    /// The elementwise maximum of several tensors.
    ///
    /// # Errors
    /// The shapes cannot be broadcast to one.
    pub fn maximum(&mut self, values: &[Value]) -> Result<Value, BuildError> {
        let mut shape = Vec::new();
        for value in values {
            shape = broadcast(&shape, &value.shape)?;
        }
        let values = values.iter().map(|value| self.expand(value, &shape)).collect::<Result<Vec<_>, _>>()?;
        let values = values.iter().map(|value| self.reshape(value, &[1, value.len()])).collect::<Result<Vec<_>, _>>()?;
        let stacked = self.concatenate(&values, 0)?;
        let flat = self.maximum_along(&stacked, 0)?;
        // The node has the shape of the tensors.
        self.nodes[flat.node].shape.clone_from(&shape);
        Ok(Value { node: flat.node, shape })
    }

    /// Applies one piecewise affine function to each element.
    ///
    /// # Errors
    /// None, since there is only one function; see [`activations`](Self::activations).
    pub fn activation(&mut self, x: &Value, function: Piecewise) -> Result<Value, BuildError> {
        self.activations(x, vec![function], Vec::new())
    }

    /// Applies piecewise affine functions, such as those of a PReLU: `function_of` has the index of the function for each element. All
    /// functions have the same number of breakpoints.
    ///
    /// # Errors
    /// The functions have different numbers of breakpoints, or the list is not as long as the tensor.
    pub fn activations(&mut self, x: &Value, functions: Vec<Piecewise>, function_of: Vec<u32>) -> Result<Value, BuildError> {
        let first = functions.first().map(|f| f.breakpoints().len());
        if first.is_none() || functions.iter().any(|f| Some(f.breakpoints().len()) != first) {
            return Err(BuildError::Option("functions with different numbers of breakpoints, expected the same number".to_string()));
        }
        if !function_of.is_empty() && function_of.len() != x.len() {
            return Err(BuildError::Coefficients { expected: x.len(), found: function_of.len() });
        }
        if let Some(f) = function_of.iter().find(|&&f| f as usize >= functions.len()) {
            return Err(BuildError::Option(format!("there is no function {f}, expected an index below {}", functions.len())));
        }
        self.push(x.shape.clone(), Operation::Activation { from: x.node, functions, function_of, is_layer: true })
    }

    /// Applies one smooth function to each element.
    ///
    /// ```
    /// use plica::network::{NetworkBuilder, Smooth};
    /// let mut builder = NetworkBuilder::new(&[2]).unwrap();
    /// let x = builder.input();
    /// let y = builder.smooth(&x, Smooth::Tanh).unwrap();
    /// assert!(!builder.finish(&y).unwrap().is_piecewise_affine());
    /// ```
    ///
    /// # Errors
    /// A parameter of the function is not above 0, an exponent is not within its limits, or the network is too large.
    pub fn smooth(&mut self, x: &Value, function: Smooth) -> Result<Value, BuildError> {
        if !function.has_valid_parameters() {
            return Err(BuildError::Option(match &function {
                Smooth::Power { exponent } => {
                    format!("the exponent {exponent}, expected one other than 0 and 1, of magnitude at most {}", Smooth::MOST_EXPONENT)
                }
                _ => format!("parameters of {function:?}, expected numbers above 0"),
            }));
        }
        let is_layer = function.is_activation();
        self.push(x.shape.clone(), Operation::Smooth { from: x.node, function, is_layer })
    }

    /// The product of two tensors, element by element, broadcast to one shape. It has no units.
    ///
    /// # Errors
    /// The shapes cannot be broadcast to one.
    pub fn product(&mut self, x: &Value, y: &Value) -> Result<Value, BuildError> {
        let shape = broadcast(&x.shape, &y.shape)?;
        let (x, y) = (self.expand(x, &shape)?, self.expand(y, &shape)?);
        self.push(shape, Operation::Product([x.node, y.node]))
    }

    /// Multiplies each element by its own factor and adds its own constant.
    ///
    /// # Errors
    /// There are not as many coefficients as elements, or coefficients are not finite.
    pub fn scale_and_shift(
        &mut self,
        x: &Value,
        scale: Option<(&Coefficients, &[u32])>,
        shift: Option<Coefficients>,
    ) -> Result<Value, BuildError> {
        let (weights, of) = match scale {
            Some((weights, of)) => (weights.clone(), of.to_vec()),
            None => (Coefficients::from_f64(vec![1.0]), vec![0; x.len()]),
        };
        if of.len() != x.len() {
            return Err(BuildError::Coefficients { expected: x.len(), found: of.len() });
        }
        if let Some(bias) = &shift {
            check(bias, x.len())?;
        }
        let map = diagonal(x.len(), weights, &of);
        self.affine(x.shape.clone(), vec![(x.node, map)], shift.unwrap_or_default())
    }

    /// The sum of two tensors, broadcast to one shape.
    ///
    /// # Errors
    /// The shapes cannot be broadcast to one.
    pub fn add(&mut self, x: &Value, y: &Value) -> Result<Value, BuildError> {
        self.combine(&[(x, 1), (y, 1)])
    }

    /// A sum of tensors, each times 1 or -1, broadcast to one shape.
    ///
    /// # Errors
    /// The shapes cannot be broadcast to one.
    pub fn combine(&mut self, terms: &[(&Value, i8)]) -> Result<Value, BuildError> {
        let mut shape = Vec::new();
        for (value, _) in terms {
            shape = broadcast(&shape, &value.shape)?;
        }
        let map = |&(value, factor): &(&Value, i8)| {
            let entries = repeated(&value.shape, &shape);
            (value.node, selection(value.len(), &entries, f64::from(factor)))
        };
        let terms = terms.iter().map(map).collect();
        self.affine(shape, terms, Coefficients::default())
    }

    /// A tensor repeated along axes of size 1.
    pub(super) fn expand(&mut self, x: &Value, shape: &[usize]) -> Result<Value, BuildError> {
        if x.shape == shape { Ok(x.clone()) } else { self.select(x, &repeated(&x.shape, shape), shape) }
    }

    /// Selected elements of a tensor, in any order, as a tensor of this shape: for example a slice or a transposition.
    ///
    /// # Errors
    /// An index is not that of an element, or the shape has another number of elements.
    pub fn select(&mut self, x: &Value, elements: &[u32], shape: &[usize]) -> Result<Value, BuildError> {
        if shape::elements(shape)? != elements.len() {
            return Err(BuildError::Shape { found: shape.to_vec(), expected: format!("a shape of {} elements", elements.len()) });
        }
        if let Some(e) = elements.iter().find(|&&e| e as usize >= x.len()) {
            return Err(BuildError::Option(format!("there is no element {e}, expected an index below {}", x.len())));
        }
        self.affine(shape.to_vec(), vec![(x.node, selection(x.len(), elements, 1.0))], Coefficients::default())
    }

    /// The axes in another order: axis i of the result is axis `order[i]`.
    ///
    /// # Errors
    /// The order is not a permutation of the axes.
    pub fn transpose(&mut self, x: &Value, order: &[usize]) -> Result<Value, BuildError> {
        let mut sorted = order.to_vec();
        sorted.sort_unstable();
        if sorted.iter().copied().ne(0..x.shape.len()) {
            return Err(BuildError::Option(format!("axes {order:?} for the shape {:?}: expected each axis once", x.shape)));
        }
        let shape: Vec<usize> = order.iter().map(|&axis| x.shape[axis]).collect();
        self.select(x, &strided(&x.shape, order, &shape), &shape)
    }

    /// The concatenation of tensors along an axis.
    ///
    /// # Errors
    /// The list is empty, there is no such axis, or the shapes differ on another axis.
    pub fn concatenate(&mut self, values: &[Value], axis: usize) -> Result<Value, BuildError> {
        let first = values.first().ok_or_else(|| BuildError::Option("no tensors to concatenate, expected at least one".to_string()))?;
        let mut shape = first.shape.clone();
        if axis >= shape.len() {
            return Err(BuildError::Option(format!("there is no axis {axis} in the shape {shape:?}")));
        }
        shape[axis] = 0;
        for value in values {
            let mut other = value.shape.clone();
            let size = other.get(axis).copied().unwrap_or(0);
            if let Some(n) = other.get_mut(axis) {
                *n = shape[axis];
            }
            if other != shape {
                return Err(BuildError::Shape { found: value.shape.clone(), expected: format!("{:?} except on axis {axis}", first.shape) });
            }
            shape[axis] = shape[axis].saturating_add(size);
        }
        let count = shape::elements(&shape)?;
        // Each tensor has its own map into the result.
        shape::entries(&[values.len(), count])?;
        let inner: usize = shape[axis + 1..].iter().product();
        let mut before = 0;
        let mut terms = Vec::new();
        for value in values {
            let size = value.shape[axis];
            let entry = |e: usize| (((e / (size * inner) * shape[axis] + before) * inner + e % (size * inner)) as u32, e as u32, 0);
            let entries: Vec<_> = (0..value.len()).map(entry).collect();
            let structure = Structure::Sparse(Sparse::new(count, value.len(), &entries));
            let weights = Coefficients::from_f64(vec![1.0]);
            terms.push((value.node, LinearMap { inputs: value.len(), outputs: count, structure, weights }));
            before += size;
        }
        self.affine(shape, terms, Coefficients::default())
    }

    /// A tensor of constants.
    ///
    /// # Errors
    /// There are not as many coefficients as elements, or coefficients are not finite.
    pub fn constant(&mut self, shape: &[usize], values: Coefficients) -> Result<Value, BuildError> {
        check(&values, shape::elements(shape)?)?;
        self.affine(shape.to_vec(), Vec::new(), values)
    }

    /// The network whose output is this tensor. Nodes on which it does not depend are omitted.
    ///
    /// # Errors
    /// None at present.
    pub fn finish(self, output: &Value) -> Result<Network, BuildError> {
        let mut needed = vec![false; self.nodes.len()];
        (needed[0], needed[output.node]) = (true, true);
        for n in (0..self.nodes.len()).rev().filter(|&n| n <= output.node) {
            if needed[n] {
                self.nodes[n].parents().into_iter().for_each(|parent| needed[parent] = true);
            }
        }
        let mut place = vec![0; self.nodes.len()];
        let mut nodes = Vec::new();
        for (n, mut node) in self.nodes.into_iter().enumerate().filter(|(n, _)| needed[*n]) {
            place[n] = nodes.len();
            node.rename_parents(|parent| place[parent]);
            nodes.push(node);
        }
        Ok(Graph { nodes, output: place[output.node], output_shape: output.shape.clone() }.into())
    }
}

fn check(coefficients: &Coefficients, expected: usize) -> Result<(), BuildError> {
    let found = coefficients.len();
    if found == expected { Ok(()) } else { Err(BuildError::Coefficients { expected, found }) }
}

fn repeat(coefficients: &Coefficients, of: &[u32]) -> Coefficients {
    if coefficients.is_double() {
        Coefficients::from_f64(of.iter().map(|&k| coefficients.doubles()[k as usize]).collect())
    } else {
        Coefficients::from_rationals(of.iter().map(|&k| coefficients.get(k as usize)).collect())
    }
}

/// The sizes of channels, rows and columns: the last three axes. The axes before them must have size 1.
fn image(x: &Value) -> Result<([usize; 3], &[usize]), BuildError> {
    let fits = x.shape.len() >= 3 && x.shape[..x.shape.len() - 3].iter().all(|&n| n == 1);
    if !fits {
        return Err(BuildError::Shape { found: x.shape.clone(), expected: "channels x rows x columns, one image".to_string() });
    }
    let (leading, last) = x.shape.split_at(x.shape.len() - 3);
    Ok(([last[0], last[1], last[2]], leading))
}

/// The elements of a channel in a window, each with its position in the window, and the number of positions that are elements or padding.
fn window_at(window: &Window, size: [usize; 2], out: [usize; 2]) -> (Vec<(usize, usize)>, usize) {
    let (mut inside, mut within) = (Vec::new(), 0);
    for ky in 0..window.kernel[0] {
        let (row, row_within) = window.input_at(0, size[0], out[0], ky);
        for kx in 0..window.kernel[1] {
            let (column, column_within) = window.input_at(1, size[1], out[1], kx);
            within += usize::from(row_within && column_within);
            if let (Some(row), Some(column)) = (row, column) {
                inside.push((ky * window.kernel[1] + kx, row * size[1] + column));
            }
        }
    }
    (inside, within)
}

fn diagonal(n: usize, weights: Coefficients, of: &[u32]) -> LinearMap {
    let entries: Vec<_> = of.iter().enumerate().map(|(i, &w)| (i as u32, i as u32, w)).collect();
    LinearMap { inputs: n, outputs: n, structure: Structure::Sparse(Sparse::new(n, n, &entries)), weights }
}

/// The map to the selected inputs, times a factor.
fn selection(inputs: usize, chosen: &[u32], factor: f64) -> LinearMap {
    let entries: Vec<_> = chosen.iter().enumerate().map(|(i, &j)| (i as u32, j, 0)).collect();
    let structure = Structure::Sparse(Sparse::new(chosen.len(), inputs, &entries));
    LinearMap { inputs, outputs: chosen.len(), structure, weights: Coefficients::from_f64(vec![factor]) }
}
