//! The loops over vectors of points, for any vectors.

use super::{LANES, Run, Shape, Sixteen, TILE, TiledLayer};

/// See [`super::Isa::interpolate`].
#[inline(always)]
pub fn interpolate<V: Sixteen>(run: Run, out: &mut [f32], pitch: usize) {
    let (s, _) = run.s.as_chunks();
    let (t, _) = run.t.as_chunks();
    for ((row, &from), &to) in out.chunks_mut(pitch).zip(run.from).zip(run.to) {
        let (from, to) = (V::splat(from), V::splat(to));
        let mut vectors = row.as_chunks_mut().0.iter_mut().zip(s).zip(t);
        if run.shared
            && let Some(((out, s), t)) = vectors.next()
        {
            V::load(t).mul_add(to, V::load(s).mul_add(from, V::load(out))).store(out);
        }
        for ((out, s), t) in vectors {
            V::load(t).mul_add(to, V::load(s).mul_add(from, V::splat(0.0))).store(out);
        }
    }
}

/// See [`super::Isa::interpolate_rows`].
#[inline(always)]
pub fn interpolate_rows(from: &[f32], to: &[f32], s: &[f32], t: &[f32], out: &mut [f32]) {
    for ((row, &s), &t) in out.chunks_exact_mut(from.len()).zip(s).zip(t) {
        for ((out, &from), &to) in row.iter_mut().zip(from).zip(to) {
            *out = s * from + t * to;
        }
    }
}

/// See [`super::Isa::rectify`].
#[inline(always)]
pub fn rectify<V: Sixteen>(biases: &[f32], z: &mut [f32], bits: &mut [u64], shape: Shape) {
    for ((row, bits), &bias) in z.chunks_mut(shape.pitch).zip(bits.chunks_mut(shape.bits_pitch)).zip(biases) {
        let bias = V::splat(bias);
        let (vectors, _) = row.as_chunks_mut::<LANES>();
        for (four, word) in vectors.as_chunks_mut::<4>().0.iter_mut().zip(&mut bits[..shape.words]) {
            *word = 0;
            for (i, vector) in four.iter_mut().enumerate() {
                let (rectified, mask) = V::load(vector).add(bias).rectify();
                rectified.store(vector);
                *word |= u64::from(mask) << (LANES * i);
            }
        }
    }
}

/// See [`super::Isa::layer`]. `C` vectors of columns, a divisor of four, are processed at once.
#[inline(always)]
pub fn layer<V: Sixteen, const C: usize>(layer: &TiledLayer, x: &[f32], z: &mut [f32], bits: &mut [u64], shape: Shape) {
    let (x, z) = (x[..layer.inputs * shape.pitch].as_chunks().0, z.as_chunks_mut().0);
    let pitch = shape.pitch / LANES;
    for word in 0..shape.words {
        let (mut row, mut weights) = (0, &layer.weights[..]);
        for &rows in &layer.tiles {
            let (here, rest) = weights.split_at(rows * layer.inputs);
            weights = rest;
            let mut masks = [0; TILE];
            for part in 0..4 / C {
                let column = 4 * word + C * part;
                let z = &mut z[row * pitch + column..];
                let x = &x[column..];
                let biases = &layer.biases[row..];
                let parts = match rows {
                    1 => tile::<V, 1, C>(here, biases, x, z, pitch),
                    2 => tile::<V, 2, C>(here, biases, x, z, pitch),
                    3 => tile::<V, 3, C>(here, biases, x, z, pitch),
                    4 => tile::<V, 4, C>(here, biases, x, z, pitch),
                    5 => tile::<V, 5, C>(here, biases, x, z, pitch),
                    _ => tile::<V, TILE, C>(here, biases, x, z, pitch),
                };
                for (mask, bits) in masks.iter_mut().zip(parts) {
                    *mask |= bits << (LANES * C * part);
                }
            }
            for (i, mask) in masks.into_iter().take(rows).enumerate() {
                bits[(row + i) * shape.bits_pitch + word] = mask;
            }
            row += rows;
        }
    }
}

/// `R` outputs of `C` vectors of columns. Returns the bits of each output.
#[inline(always)]
fn tile<V: Sixteen, const R: usize, const C: usize>(
    weights: &[f32],
    biases: &[f32],
    x: &[[f32; LANES]],
    z: &mut [[f32; LANES]],
    pitch: usize,
) -> [u64; TILE] {
    let biases = biases.first_chunk::<R>().expect("a bias for each output");
    // Loops, because the compiler does not inline `map` and `from_fn`.
    let mut sums = [[V::splat(0.0); C]; R];
    for (sums, &bias) in sums.iter_mut().zip(biases) {
        *sums = [V::splat(bias); C];
    }
    for (weights, x) in weights.as_chunks::<R>().0.iter().zip(x.chunks(pitch)) {
        let mut columns = [V::splat(0.0); C];
        for (column, x) in columns.iter_mut().zip(x.first_chunk::<C>().expect("whole words of columns")) {
            *column = V::load(x);
        }
        for (sums, &weight) in sums.iter_mut().zip(weights) {
            let weight = V::splat(weight);
            for (sum, &column) in sums.iter_mut().zip(&columns) {
                *sum = weight.mul_add(column, *sum);
            }
        }
    }
    let mut masks = [0; TILE];
    for ((sums, z), mask) in sums.into_iter().zip(z.chunks_mut(pitch)).zip(&mut masks) {
        for (c, (sum, z)) in sums.into_iter().zip(z).enumerate() {
            let (rectified, bits) = sum.rectify();
            rectified.store(z);
            *mask |= u64::from(bits) << (LANES * c);
        }
    }
    masks
}
