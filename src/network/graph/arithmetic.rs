//! Arithmetic on tensors, and what is composed of it: softmax and normalisation.

use super::map::{Sparse, Structure};
use super::shape::{self, broadcast, repeated};
use super::{BuildError, Coefficients, LinearMap, MatrixProduct, NetworkBuilder, Operation, Smooth, Value};
use rug::Rational;

impl NetworkBuilder {
    /// The quotient of two tensors, element by element, broadcast to one shape. It has no units, and it is defined where the divisor is not 0.
    ///
    /// ```
    /// use plica::network::NetworkBuilder;
    /// let mut builder = NetworkBuilder::new(&[2, 1]).unwrap();
    /// let x = builder.input();
    /// let turned = builder.transpose(&x, &[1, 0]).unwrap();
    /// let ratios = builder.quotient(&x, &turned).unwrap();
    /// let network = builder.finish(&ratios).unwrap();
    /// let ratios = network.evaluate(&[3.into(), 4.into()]).unwrap();
    /// assert_eq!(ratios.iter().map(|q| q.to_string()).collect::<Vec<_>>(), ["1", "3/4", "4/3", "1"]);
    /// assert!(network.evaluate(&[3.into(), 0.into()]).is_err());
    /// ```
    ///
    /// # Errors
    /// The shapes cannot be broadcast to one.
    pub fn quotient(&mut self, x: &Value, y: &Value) -> Result<Value, BuildError> {
        let shape = broadcast(&x.shape, &y.shape)?;
        let (x, y) = (self.expand(x, &shape)?, self.expand(y, &shape)?);
        self.push(shape, Operation::Quotient([x.node, y.node]))
    }

    /// The elements to a constant power. It has no units, and it is defined as [`Smooth::Power`] is. A power of 2 or 3 is a product.
    ///
    /// ```
    /// use plica::network::NetworkBuilder;
    /// let mut builder = NetworkBuilder::new(&[1]).unwrap();
    /// let x = builder.input();
    /// let y = builder.power(&x, (-2).into()).unwrap();
    /// assert_eq!(builder.finish(&y).unwrap().evaluate(&[3.into()]).unwrap()[0].to_string(), "1/9");
    /// ```
    ///
    /// # Errors
    /// The exponent is beyond [`Smooth::MOST_EXPONENT`] in magnitude.
    pub fn power(&mut self, x: &Value, exponent: Rational) -> Result<Value, BuildError> {
        if exponent == 1 {
            return Ok(x.clone());
        }
        if exponent == 0 {
            let zero = Coefficients::from_f64(vec![0.0]);
            let ones = Coefficients::from_f64(vec![1.0; x.len()]);
            return self.scale_and_shift(x, Some((&zero, &vec![0; x.len()])), Some(ones));
        }
        if exponent == 2 {
            return self.product(x, x);
        }
        if exponent == 3 {
            let square = self.product(x, x)?;
            return self.product(&square, x);
        }
        self.smooth(x, Smooth::Power { exponent })
    }

    /// The product of two matrices, or of batches of them: the last two axes are those of the matrices, and the axes before are broadcast. A tensor of one axis
    /// is a row on the left and a column on the right, and this axis is not part of the result. It has no units.
    ///
    /// ```
    /// use plica::network::NetworkBuilder;
    /// let mut builder = NetworkBuilder::new(&[2, 2]).unwrap();
    /// let x = builder.input();
    /// let square = builder.matrix_product(&x, &x).unwrap();
    /// let point = [1, 2, 3, 4].map(rug::Rational::from);
    /// assert_eq!(builder.finish(&square).unwrap().evaluate(&point).unwrap(), [7, 10, 15, 22].map(rug::Rational::from));
    /// ```
    ///
    /// # Errors
    /// The shapes do not fit, or the result is too large.
    pub fn matrix_product(&mut self, x: &Value, y: &Value) -> Result<Value, BuildError> {
        let wide = |shape: &[usize], is_left: bool| match shape {
            [n] if is_left => vec![1, *n],
            [n] => vec![*n, 1],
            _ => shape.to_vec(),
        };
        let (left, right) = (wide(&x.shape, true), wide(&y.shape, false));
        let (Some((&[rows, inner], before)), Some((&[other, columns], after))) =
            (left.split_last_chunk::<2>().map(swapped), right.split_last_chunk::<2>().map(swapped))
        else {
            return Err(BuildError::Shape { found: Vec::new(), expected: "matrices".to_string() });
        };
        if inner != other {
            let expected = format!("a matrix of {inner} rows, to multiply a tensor of shape {:?}", x.shape);
            return Err(BuildError::Shape { found: y.shape.clone(), expected });
        }
        let batch = broadcast(before, after)?;
        let of = |last: [usize; 2]| [&batch[..], &last].concat();
        let (left, right) = (self.reshape(x, &left)?, self.reshape(y, &right)?);
        let (left, right) = (self.expand(&left, &of([rows, inner]))?, self.expand(&right, &of([inner, columns]))?);
        let shape = of([rows, columns]);
        shape::entries(&[shape::elements(&shape)?, inner])?;
        let product = MatrixProduct { factors: [left.node, right.node], batch: batch.iter().product(), rows, inner, columns };
        let y_has_columns = y.shape.len() > 1;
        let product = self.push(shape, Operation::MatrixProduct(product))?;
        let mut kept = batch;
        kept.extend((x.shape.len() > 1).then_some(rows));
        kept.extend(y_has_columns.then_some(columns));
        self.reshape(&product, &kept)
    }

    /// exp(x) along an axis, divided by its sum: 1 / (1 + the sum of exp(x_j - x_i) over the other j), so that large arguments do no harm: differences up to 700 are traced.
    /// It has no units.
    ///
    /// ```
    /// use plica::{data::Point, line::Tracer, network::NetworkBuilder};
    /// let mut builder = NetworkBuilder::new(&[2]).unwrap();
    /// let x = builder.input();
    /// let y = builder.softmax(&x, 0).unwrap();
    /// let network = builder.finish(&y).unwrap();
    /// let outputs = Tracer::new(&network).outputs(&Point::from_f64(&[300.0, 300.0]).unwrap()).unwrap();
    /// assert!(outputs.iter().all(|y| y.lo <= 0.5 && 0.5 <= y.hi && y.hi - y.lo < 1e-15));
    /// assert_eq!(network.hidden_units(), 0);
    /// ```
    ///
    /// # Errors
    /// There is no such axis, or the result is too large.
    pub fn softmax(&mut self, x: &Value, axis: usize) -> Result<Value, BuildError> {
        let size = *x.shape.get(axis).ok_or_else(|| no_axis(axis, x))?;
        if size == 1 {
            return self.power(x, Rational::new());
        }
        let (count, inner) = (x.len(), x.shape[axis + 1..].iter().product::<usize>());
        let others = size - 1;
        shape::entries(&[shape::elements(&[count, others])?, 2])?;
        let of = |place: usize| {
            let (own, first) = (place / inner % size, place / (size * inner) * size * inner + place % inner);
            (0..size).filter(move |&k| k != own).map(move |k| first + k * inner)
        };
        let entries: Vec<(u32, u32, u32)> = (0..count)
            .flat_map(|place| of(place).enumerate().map(move |(k, other)| ((place * others + k) as u32, other as u32, place as u32)))
            .flat_map(|(row, other, own)| [(row, other, 0), (row, own, 1)])
            .collect();
        let differences =
            self.sparse(x, vec![count, others], &entries, Coefficients::from_f64(vec![1.0, -1.0]), Coefficients::default())?;
        let exponentials = self.smooth(&differences, Smooth::Exp)?;
        let entries: Vec<_> = (0..count * others).map(|i| ((i / others) as u32, i as u32, 0)).collect();
        let (one, ones) = (Coefficients::from_f64(vec![1.0]), Coefficients::from_f64(vec![1.0; count]));
        let sums = self.sparse(&exponentials, x.shape.clone(), &entries, one, ones)?;
        self.power(&sums, Rational::from(-1))
    }

    /// (x - mean) / sqrt(variance + epsilon) over the axes from one on; the variance is the mean of the squares of x - mean. It has no units.
    ///
    /// ```
    /// use plica::{data::Point, line::Tracer, network::NetworkBuilder};
    /// let mut builder = NetworkBuilder::new(&[2]).unwrap();
    /// let x = builder.input();
    /// let y = builder.layer_norm(&x, 0, 0.into()).unwrap();
    /// let mut tracer = Tracer::new(&builder.finish(&y).unwrap());
    /// let point = |x: [f64; 2]| Point::from_f64(&x).unwrap();
    /// let y = tracer.outputs(&point([2.0, 5.0])).unwrap();
    /// assert!(y[0].lo <= -1.0 && -1.0 <= y[0].hi && y[1].lo <= 1.0 && 1.0 <= y[1].hi);
    /// // Without an epsilon it is not defined where all elements are equal.
    /// let error = tracer.outputs(&point([2.0, 2.0])).unwrap_err().to_string();
    /// assert!(error.ends_with("expected numbers above 0 on the whole segment"), "{error}");
    /// ```
    ///
    /// # Errors
    /// There is no such axis, or epsilon is below 0.
    pub fn layer_norm(&mut self, x: &Value, axis: usize, epsilon: Rational) -> Result<Value, BuildError> {
        let axes = axes_from(axis, x)?;
        let mean = self.mean_along(x, &axes)?;
        let centred = self.combine(&[(x, 1), (&mean, -1)])?;
        self.rms_norm(&centred, axis, epsilon)
    }

    /// x / sqrt(the mean of x^2 + epsilon) over the axes from one on. It has no units.
    ///
    /// # Errors
    /// As [`layer_norm`](Self::layer_norm).
    pub fn rms_norm(&mut self, x: &Value, axis: usize, epsilon: Rational) -> Result<Value, BuildError> {
        if epsilon < 0 {
            return Err(BuildError::Option(format!("epsilon is {epsilon}, expected a number of at least 0")));
        }
        let axes = axes_from(axis, x)?;
        let square = self.product(x, x)?;
        let mean = self.mean_along(&square, &axes)?;
        let shift = Coefficients::from_rationals(vec![epsilon; mean.len()]);
        let shifted = self.scale_and_shift(&mean, None, Some(shift))?;
        let factor = self.power(&shifted, Rational::from((-1, 2)))?;
        self.product(x, &factor)
    }

    /// The sum along some axes, whose size becomes 1.
    ///
    /// # Errors
    /// There is no such axis.
    pub fn sum_along(&mut self, x: &Value, axes: &[usize]) -> Result<Value, BuildError> {
        self.reduced_along(x, axes, |_| Rational::from(1))
    }

    /// The sum along some axes times a factor, given the number of elements that are added.
    pub(super) fn reduced_along(&mut self, x: &Value, axes: &[usize], factor: impl Fn(usize) -> Rational) -> Result<Value, BuildError> {
        if let Some(&axis) = axes.iter().find(|&&axis| axis >= x.shape.len()) {
            return Err(no_axis(axis, x));
        }
        let shape: Vec<usize> = x.shape.iter().enumerate().map(|(axis, &n)| if axes.contains(&axis) { 1 } else { n }).collect();
        let factor = factor(x.len() / shape::elements(&shape)?);
        let entries: Vec<_> = repeated(&shape, &x.shape).into_iter().enumerate().map(|(j, i)| (i, j as u32, 0)).collect();
        self.sparse(x, shape, &entries, Coefficients::from_rationals(vec![factor]), Coefficients::default())
    }

    /// An affine node of a map with the entries (output, input, weight).
    fn sparse(
        &mut self,
        x: &Value,
        shape: Vec<usize>,
        entries: &[(u32, u32, u32)],
        weights: Coefficients,
        bias: Coefficients,
    ) -> Result<Value, BuildError> {
        let (inputs, outputs) = (x.len(), shape::elements(&shape)?);
        let structure = Structure::Sparse(Sparse::new(outputs, inputs, entries));
        self.affine(shape, vec![(x.node, LinearMap { inputs, outputs, structure, weights })], bias)
    }
}

fn swapped<'a>((before, last): (&'a [usize], &'a [usize; 2])) -> (&'a [usize; 2], &'a [usize]) {
    (last, before)
}

fn no_axis(axis: usize, x: &Value) -> BuildError {
    BuildError::Option(format!("there is no axis {axis} in the shape {:?}", x.shape))
}

/// The axes of a tensor from one on.
fn axes_from(axis: usize, x: &Value) -> Result<Vec<usize>, BuildError> {
    if axis < x.shape.len() { Ok((axis..x.shape.len()).collect()) } else { Err(no_axis(axis, x)) }
}
