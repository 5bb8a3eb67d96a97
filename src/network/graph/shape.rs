//! Shapes with checks of their sizes, windows, and broadcasting.

use super::BuildError;

/// The limit for the elements of a tensor. As rationals, which normalisation produces, they take a hundred bytes each.
const MOST_ELEMENTS: usize = 1 << 24;

/// The limit for the entries of a map with one weight for each entry, and for the elements and entries of a whole graph.
pub(super) const MOST_ENTRIES: usize = 1 << 26;

/// The limit for the axes of a tensor.
pub(crate) const MOST_AXES: usize = 32;

/// The number of elements; an error if it is 0 or beyond the limit.
pub(crate) fn elements(shape: &[usize]) -> Result<usize, BuildError> {
    let count = product(shape).filter(|&count| count > 0 && count <= MOST_ELEMENTS && shape.len() <= MOST_AXES);
    count.ok_or_else(|| BuildError::Size { shape: shape.to_vec() })
}

/// The number of entries; an error if it is 0 or beyond the limit.
pub(crate) fn entries(sizes: &[usize]) -> Result<usize, BuildError> {
    product(sizes).filter(|&count| count > 0 && count <= MOST_ENTRIES).ok_or_else(|| BuildError::Size { shape: sizes.to_vec() })
}

fn product(sizes: &[usize]) -> Option<usize> {
    sizes.iter().try_fold(1usize, |count, &n| count.checked_mul(n))
}

/// A window that moves over rows and columns, for a convolution or for pooling. Arrays are (rows, columns).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The size of the kernel.
    pub kernel: [usize; 2],
    /// The distance between two positions of the window.
    pub stride: [usize; 2],
    /// The distance between two elements of the kernel.
    pub dilation: [usize; 2],
    /// The padding before the first row and column, and after the last ones.
    pub padding: [[usize; 2]; 2],
    /// Whether the last window may extend beyond the padding, if it begins before its end.
    pub ceil: bool,
}

impl Window {
    /// A window of this size with step 1 and without padding.
    ///
    /// ```
    /// use plica::network::Window;
    /// let window = Window { stride: [2, 2], ..Window::new([2, 2]) };
    /// assert_eq!(window.positions([28, 28]).unwrap(), [14, 14]);
    /// ```
    pub fn new(kernel: [usize; 2]) -> Self {
        Self { kernel, stride: [1, 1], dilation: [1, 1], padding: [[0, 0], [0, 0]], ceil: false }
    }

    /// The numbers of rows and columns of the output for an input of this size.
    ///
    /// # Errors
    /// A kernel, stride or dilation is 0, or the window does not fit into the input.
    pub fn positions(&self, size: [usize; 2]) -> Result<[usize; 2], BuildError> {
        let mut out = [0; 2];
        for axis in 0..2 {
            let wrong = |what: &str| Err(BuildError::Option(format!("axis {axis} of (rows, columns): {what}")));
            let (kernel, stride, dilation) = (self.kernel[axis], self.stride[axis], self.dilation[axis]);
            if kernel == 0 || stride == 0 || dilation == 0 {
                return wrong("a kernel, stride or dilation of 0, expected at least 1");
            }
            let extent = (kernel - 1).checked_mul(dilation).and_then(|n| n.checked_add(1));
            let padded = size[axis].checked_add(self.padding[0][axis]).and_then(|n| n.checked_add(self.padding[1][axis]));
            let (Some(extent), Some(padded)) = (extent, padded) else { return wrong("a window or a padding that is too large") };
            let Some(room) = padded.checked_sub(extent) else {
                return wrong(&format!("a window of {extent} over {padded} elements, expected a smaller one"));
            };
            out[axis] = room / stride + 1;
            // A last window that begins in the padding after the input would contain no elements.
            let last = out[axis].checked_mul(stride);
            if self.ceil && !room.is_multiple_of(stride) && last.is_some_and(|last| last < size[axis] + self.padding[0][axis]) {
                out[axis] += 1;
            }
        }
        Ok(out)
    }

    /// The input row or column, if the position is not padding, and whether the position is within input and padding.
    pub(super) fn input_at(&self, axis: usize, size: usize, out: usize, k: usize) -> (Option<usize>, bool) {
        let at = (out * self.stride[axis]).saturating_add(k * self.dilation[axis]);
        let inside = at.checked_sub(self.padding[0][axis]).filter(|&at| at < size);
        (inside, at < size + self.padding[0][axis] + self.padding[1][axis])
    }
}

/// The shape to which two shapes are broadcast; an error if there is none, or if it has too many elements.
pub(crate) fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, BuildError> {
    let n = a.len().max(b.len());
    let size = |shape: &[usize], axis: usize| if axis + shape.len() < n { 1 } else { shape[axis + shape.len() - n] };
    let of = |axis| match (size(a, axis), size(b, axis)) {
        (x, y) if x == y => Some(x),
        (1, y) => Some(y),
        (x, 1) => Some(x),
        _ => None,
    };
    let shape: Vec<usize> = (0..n).map(of).collect::<Option<_>>().ok_or_else(|| BuildError::Broadcast(a.to_vec(), b.to_vec()))?;
    // Two small shapes can have a large result. Constants may be empty.
    if !shape.contains(&0) {
        elements(&shape)?;
    }
    Ok(shape)
}

/// For each element of the larger shape, the element of the smaller one that broadcasting repeats there.
pub(crate) fn repeated(smaller: &[usize], larger: &[usize]) -> Vec<u32> {
    let offset = larger.len() - smaller.len();
    let mut strides = vec![0; larger.len()];
    let mut step = 1;
    for axis in (0..smaller.len()).rev() {
        strides[axis + offset] = if smaller[axis] == 1 { 0 } else { step };
        step *= smaller[axis];
    }
    let count = larger.iter().product();
    let mut list = Vec::with_capacity(count);
    for place in 0..count {
        let (mut rest, mut element) = (place, 0);
        for axis in (0..larger.len()).rev() {
            element += rest % larger[axis] * strides[axis];
            rest /= larger[axis];
        }
        list.push(element as u32);
    }
    list
}

/// The elements of a tensor in the order of its axes that `order` gives.
pub(crate) fn strided(shape: &[usize], order: &[usize], result: &[usize]) -> Vec<u32> {
    let stride = |axis: usize| shape[axis + 1..].iter().product::<usize>();
    let element = |place: usize| {
        let (mut rest, mut element) = (place, 0);
        for (axis, &from) in order.iter().enumerate().rev() {
            element += rest % result[axis] * stride(from);
            rest /= result[axis];
        }
        element as u32
    };
    (0..result.iter().product()).map(element).collect()
}
