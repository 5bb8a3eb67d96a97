//! The f32 matrix product that both baselines use.
//!
//! Among `gemm`, `faer` and `matrixmultiply`, `gemm` with AVX-512 was the fastest on one thread, or close to it, for every shape of the
//! benchmark, with columns of points that are contiguous by feature.

/// A dense matrix in a slice: the distance from one row to the next, and from one column to the next.
#[derive(Clone, Copy)]
pub struct Strides {
    pub row: usize,
    pub col: usize,
}

/// `out = a b`, where `a` is m x k, `b` is k x n and `out` is m x n.
pub fn product((m, k, n): (usize, usize, usize), out: (&mut [f32], Strides), a: (&[f32], Strides), b: (&[f32], Strides)) {
    let last = |rows: usize, cols: usize, s: Strides| (rows - 1) * s.row + (cols - 1) * s.col;
    assert!(m > 0 && k > 0 && n > 0);
    assert!(last(m, n, out.1) < out.0.len());
    assert!(last(m, k, a.1) < a.0.len());
    assert!(last(k, n, b.1) < b.0.len());
    // SAFETY: every entry is within its slice, by the assertions, and `out` is borrowed alone.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.0.as_mut_ptr(),
            out.1.col as isize,
            out.1.row as isize,
            false,
            a.0.as_ptr(),
            a.1.col as isize,
            a.1.row as isize,
            b.0.as_ptr(),
            b.1.col as isize,
            b.1.row as isize,
            0.0,
            1.0,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
