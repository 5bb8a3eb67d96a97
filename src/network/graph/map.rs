//! Linear maps, stored by their structure: dense matrices, convolutions (never as matrices), and sparse rows.

use super::Coefficients;
use crate::exact::Lists;

/// A linear map from the elements of one node to those of another, with exact weights.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearMap {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) structure: Structure,
    pub(super) weights: Coefficients,
}

/// The structure of a map: which weight connects which input to which output.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Structure {
    /// Weight `output * inputs + input`.
    Dense,
    /// A convolution; weights as `[output channel, input channel of the group, row, column]`.
    Convolution(Convolution),
    /// Any other map. A weight may occur in several entries.
    Sparse(Sparse),
}

/// The sizes of a convolution over channels x rows x columns. A convolution in one dimension has a single row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Convolution {
    pub groups: usize,
    /// The numbers of input and of output channels.
    pub channels: [usize; 2],
    /// Rows and columns of the input.
    pub size: [usize; 2],
    /// Rows and columns of the output.
    pub out: [usize; 2],
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    /// Zeros before the first row and the first column.
    pub padding: [usize; 2],
}

/// The rows and columns of a sparse matrix; an entry is (the other index, the index of the weight).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sparse {
    rows: Lists<(u32, u32)>,
    columns: Lists<(u32, u32)>,
}

impl Sparse {
    /// The map with the entries (output, input, weight).
    pub fn new(outputs: usize, inputs: usize, entries: &[(u32, u32, u32)]) -> Self {
        let rows = Lists::grouped(outputs, entries.iter().map(|&(i, j, w)| (i as usize, (j, w))));
        Self { rows, columns: Lists::grouped(inputs, entries.iter().map(|&(i, j, w)| (j as usize, (i, w)))) }
    }
}

impl Convolution {
    /// The output rows (or columns) that depend on an input row, each with the position in the kernel.
    fn outputs_of(&self, axis: usize, at: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        (0..self.kernel[axis]).filter_map(move |k| {
            let shifted = (at + self.padding[axis]).checked_sub(k * self.dilation[axis])?;
            let out = shifted / self.stride[axis];
            (shifted % self.stride[axis] == 0 && out < self.out[axis]).then_some((out, k))
        })
    }

    /// The input row (or column) that an output row reads at a position of the kernel, if it is not padding.
    fn input_at(&self, axis: usize, out: usize, k: usize) -> Option<usize> {
        (out * self.stride[axis] + k * self.dilation[axis]).checked_sub(self.padding[axis]).filter(|&at| at < self.size[axis])
    }

    /// The number of output rows (or columns) that read an input row at a position of the kernel: those with padding <= out stride + k
    /// dilation < padding + size.
    fn places_that_read(&self, axis: usize, k: usize) -> usize {
        let first_from = |at: usize| at.saturating_sub(k * self.dilation[axis]).div_ceil(self.stride[axis]).min(self.out[axis]);
        first_from(self.padding[axis] + self.size[axis]) - first_from(self.padding[axis])
    }

    fn group_channels(&self) -> [usize; 2] {
        self.channels.map(|channels| channels / self.groups)
    }
}

impl LinearMap {
    /// The map of a dense matrix, given row by row.
    pub(crate) fn dense(inputs: usize, outputs: usize, weights: Coefficients) -> Self {
        Self { inputs, outputs, structure: Structure::Dense, weights }
    }

    /// The number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The number of outputs.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// The structure as a word: `dense`, `convolution` or `sparse`.
    pub fn kind(&self) -> &'static str {
        match self.structure {
            Structure::Dense => "dense",
            Structure::Convolution(_) => "convolution",
            Structure::Sparse(_) => "sparse",
        }
    }

    /// Whether the map is a dense matrix, with weight `output * inputs + input`.
    pub fn is_dense(&self) -> bool {
        self.structure == Structure::Dense
    }

    /// The sizes of the convolution, if the map is one.
    pub(crate) fn convolution(&self) -> Option<&Convolution> {
        match &self.structure {
            Structure::Convolution(convolution) => Some(convolution),
            Structure::Dense | Structure::Sparse(_) => None,
        }
    }

    /// The weights as they are stored; those of a convolution are stored once.
    pub fn weights(&self) -> &Coefficients {
        &self.weights
    }

    /// Calls `visit` with the index of each input of an output, and of the weight.
    #[inline]
    pub fn for_row(&self, output: usize, mut visit: impl FnMut(usize, usize)) {
        match &self.structure {
            Structure::Dense => (0..self.inputs).for_each(|j| visit(j, output * self.inputs + j)),
            Structure::Sparse(sparse) => sparse.rows.get(output).iter().for_each(|&(j, w)| visit(j as usize, w as usize)),
            Structure::Convolution(c) => {
                let ([into, outof], area) = (c.group_channels(), c.out[0] * c.out[1]);
                let (channel, y, x) = (output / area, output % area / c.out[1], output % c.out[1]);
                for k in 0..into {
                    let from = (channel / outof * into + k) * c.size[0] * c.size[1];
                    let weight = (channel * into + k) * c.kernel[0] * c.kernel[1];
                    for ky in 0..c.kernel[0] {
                        let Some(row) = c.input_at(0, y, ky) else { continue };
                        for kx in 0..c.kernel[1] {
                            if let Some(column) = c.input_at(1, x, kx) {
                                visit(from + row * c.size[1] + column, weight + ky * c.kernel[1] + kx);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Calls `visit` with the index of each output of an input, and of the weight.
    #[inline]
    pub fn for_column(&self, input: usize, mut visit: impl FnMut(usize, usize)) {
        match &self.structure {
            Structure::Dense => (0..self.outputs).for_each(|i| visit(i, i * self.inputs + input)),
            Structure::Sparse(sparse) => sparse.columns.get(input).iter().for_each(|&(i, w)| visit(i as usize, w as usize)),
            Structure::Convolution(c) => {
                let ([into, outof], area) = (c.group_channels(), c.size[0] * c.size[1]);
                let (channel, y, x) = (input / area, input % area / c.size[1], input % c.size[1]);
                let first = channel / into * outof;
                for (row, ky) in c.outputs_of(0, y) {
                    for (column, kx) in c.outputs_of(1, x) {
                        for o in first..first + outof {
                            let weight = ((o * into + channel % into) * c.kernel[0] + ky) * c.kernel[1] + kx;
                            visit((o * c.out[0] + row) * c.out[1] + column, weight);
                        }
                    }
                }
            }
        }
    }

    /// The largest number of products in the sum of an output.
    pub(crate) fn longest_row(&self) -> usize {
        match &self.structure {
            Structure::Dense => self.inputs,
            Structure::Sparse(sparse) => sparse.rows.longest(),
            Structure::Convolution(c) => c.group_channels()[0] * c.kernel[0] * c.kernel[1],
        }
    }

    /// Adds to each output the sums of w x, w y, |w| p and |w| q over the inputs \[x, y, p, q\], with weights rounded to doubles.
    pub(crate) fn add_products(&self, inputs: &[[f64; 4]], sums: &mut [[f64; 4]]) {
        let weights = self.weights.doubles();
        let add = |[a, b, c, d]: &mut [f64; 4], w: f64, [x, y, p, q]: &[f64; 4]| {
            *a += w * x;
            *b += w * y;
            *c += w.abs() * p;
            *d += w.abs() * q;
        };
        if self.is_dense() {
            // Most inputs of a layer above an activation are 0.
            let active: Vec<(usize, &[f64; 4])> = inputs.iter().enumerate().filter(|(_, x)| **x != [0.0; 4]).collect();
            for (sum, row) in sums.iter_mut().zip(weights.chunks_exact(self.inputs)) {
                active.iter().for_each(|&(j, x)| add(sum, row[j], x));
            }
            return;
        }
        for (output, sum) in sums.iter_mut().enumerate() {
            self.for_row(output, |j, w| add(sum, weights[w], &inputs[j]));
        }
    }

    /// For each output that depends on some of the inputs (input, x, p), calls `add` once or several times with parts of the sums of w x
    /// and of |w| p over them.
    pub(crate) fn add_columns(&self, inputs: &[(u32, f64, f64)], mut add: impl FnMut(usize, f64, f64)) {
        let weights = self.weights.doubles();
        if self.is_dense() && !inputs.is_empty() {
            // The matrix is read row by row, in the order of memory.
            for (output, row) in weights.chunks_exact(self.inputs).enumerate() {
                let (mut sum, mut margin) = (0.0, 0.0);
                for &(j, x, p) in inputs {
                    let w = row[j as usize];
                    sum += w * x;
                    margin += w.abs() * p;
                }
                add(output, sum, margin);
            }
            return;
        }
        for &(j, x, p) in inputs {
            self.for_column(j as usize, |output, w| {
                let w = weights[w];
                if w != 0.0 {
                    add(output, w * x, w.abs() * p);
                }
            });
        }
    }

    /// The number of entries that are stored one by one.
    pub(super) fn entries(&self) -> usize {
        match &self.structure {
            Structure::Sparse(sparse) => sparse.rows.entries().len(),
            Structure::Dense | Structure::Convolution(_) => 0,
        }
    }

    /// The number of bytes of its weights and its structure.
    pub(super) fn bytes(&self) -> usize {
        let lists = match &self.structure {
            Structure::Sparse(sparse) => [&sparse.rows, &sparse.columns].map(Lists::bytes).into_iter().sum(),
            Structure::Dense | Structure::Convolution(_) => 0,
        };
        self.weights.bytes() + lists
    }

    /// The number of multiplications of one evaluation; at most the largest integer of the type.
    pub fn multiplications(&self) -> usize {
        match &self.structure {
            Structure::Dense => self.inputs * self.outputs,
            Structure::Sparse(sparse) => sparse.rows.entries().len(),
            Structure::Convolution(c) => {
                let reads = |axis: usize| (0..c.kernel[axis]).map(|k| c.places_that_read(axis, k)).sum();
                let channels = c.group_channels()[0] * c.channels[1];
                channels.saturating_mul(reads(0)).saturating_mul(reads(1))
            }
        }
    }
}
