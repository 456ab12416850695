//! Cholesky and LU factorizations, and triangular systems.

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::cholesky::llt::factor::{
    LltParams, LltRegularization, cholesky_in_place, cholesky_in_place_scratch,
};
use faer::linalg::matmul::matmul;
use faer::linalg::triangular_solve as solve;
use faer::{Accum, Auto, Conj, Mat, MatMut, MatRef, Par, Spec};
use num_complex::ComplexFloat;
use ops::Transpose;

use super::field::{Field, load, store};

/// Columns that are eliminated before the rest is updated by a product.
const BLOCK: usize = 32;

/// The factor of a positive definite matrix of which one triangle counts; the other triangle of the result is
/// zero. NaN if the matrix is not positive definite.
pub(super) fn cholesky<T: Field>(n: usize, lower: bool, a: &[T], out: &mut [T], par: Par) {
    let mut work = Mat::from_fn(n, n, |i, j| match (i >= j, lower) {
        _ if i == j => T::of(a[i * n + i].re()),
        (false, _) => T::zero(),
        (true, true) => a[i * n + j],
        (true, false) => a[j * n + i].conj(),
    });
    let params = Spec::<LltParams, T>::new(<LltParams as Auto<T>>::auto());
    let mut buffer = MemBuffer::new(cholesky_in_place_scratch::<T>(n, par, params));
    let regularization = LltRegularization::default();
    let result = cholesky_in_place(work.as_mut(), regularization, par, MemStack::new(&mut buffer), params);
    let valid = result.is_ok() && (0..n).all(|i| ComplexFloat::is_finite(work[(i, i)]));
    if !valid {
        return out.fill(T::invalid());
    }
    for i in 0..n {
        for j in 0..n {
            out[i * n + j] = match (lower, i >= j, i <= j) {
                (true, true, _) => work[(i, j)],
                (false, _, true) => work[(j, i)].conj(),
                _ => T::zero(),
            };
        }
    }
}

/// How a triangular system is to be solved.
#[derive(Clone, Copy)]
pub(super) struct TriangularSolve {
    pub left_side: bool,
    pub lower: bool,
    pub transpose: Transpose,
    pub unit_diagonal: bool,
}

impl TriangularSolve {
    /// Solves `op(a) x = b`, or `x op(a) = b`, for b of the shape given.
    pub(super) fn run<T: Field>(
        self,
        a: &[T],
        b: &[T],
        [rows, columns]: [usize; 2],
        out: &mut [T],
        par: Par,
    ) {
        if !std::ptr::eq(b.as_ptr(), out.as_ptr()) {
            out.copy_from_slice(b);
        }
        let n = if self.left_side { rows } else { columns };
        if rows * columns == 0 {
            return;
        }
        let a = MatRef::from_row_major_slice(a, n, n);
        let x = MatMut::from_row_major_slice_mut(out, rows, columns);
        // From the right, the transposed system is solved from the left.
        let transposed = (self.transpose != Transpose::NoTranspose) == self.left_side;
        let conjugated = if self.transpose == Transpose::Adjoint { Conj::Yes } else { Conj::No };
        let (a, lower) = if transposed { (a.transpose(), !self.lower) } else { (a, self.lower) };
        let x = if self.left_side { x.as_dyn_stride_mut() } else { x.transpose_mut().as_dyn_stride_mut() };
        let a = a.as_dyn_stride();
        match (lower, self.unit_diagonal) {
            (true, false) => solve::solve_lower_triangular_in_place_with_conj(a, conjugated, x, par),
            (true, true) => solve::solve_unit_lower_triangular_in_place_with_conj(a, conjugated, x, par),
            (false, false) => solve::solve_upper_triangular_in_place_with_conj(a, conjugated, x, par),
            (false, true) => solve::solve_unit_upper_triangular_in_place_with_conj(a, conjugated, x, par),
        }
    }
}

/// LU with partial pivoting: pivots are the rows exchanged (from 0), the permutation is the order of rows.
pub(super) fn lu<T: Field>(
    [m, n]: [usize; 2],
    a: &[T],
    out: &mut [T],
    pivots: &mut [i32],
    permutation: &mut [i32],
    par: Par,
) {
    let mut work = load(m, n, a);
    let k = m.min(n);
    for (i, to) in permutation.iter_mut().enumerate() {
        *to = i as i32;
    }
    for first in (0..k).step_by(BLOCK) {
        let end = k.min(first + BLOCK);
        for j in first..end {
            let pivot = eliminate(&mut work, j, end);
            pivots[j] = pivot as i32;
            permutation.swap(j, pivot);
            // The columns outside of the panel follow.
            for column in (0..first).chain(end..n) {
                work.col_as_slice_mut(column).swap(j, pivot);
            }
        }
        if end < n {
            let (left, right) = work.as_mut().split_at_col_mut(end);
            let left = left.as_ref();
            let (upper, rest) = right.subrows_mut(first, m - first).split_at_row_mut(end - first);
            let mut upper = upper;
            let unit_lower = left.submatrix(first, first, end - first, end - first);
            solve::solve_unit_lower_triangular_in_place(unit_lower, upper.as_mut(), par);
            let below = left.submatrix(end, first, m - end, end - first);
            matmul(rest, Accum::Add, below, upper.as_ref(), -T::one(), par);
        }
    }
    store(&work, n, out);
}

/// Eliminates column j in the columns below `end`; gives the pivot's row, which is exchanged with row j there.
fn eliminate<T: Field>(work: &mut Mat<T>, j: usize, end: usize) -> usize {
    let m = work.nrows();
    let first = j / BLOCK * BLOCK;
    // LAPACK's measure of complex numbers; the first of equals, as there.
    let size = |x: T| num_traits::Float::abs(x.re()) + num_traits::Float::abs(x.im());
    let column = work.col_as_slice(j);
    let mut pivot = j;
    for i in j + 1..m {
        if size(column[i]) > size(column[pivot]) {
            pivot = i;
        }
    }
    for column in first..end {
        work.col_as_slice_mut(column).swap(j, pivot);
    }
    let head = work[(j, j)];
    if head.is_zero() {
        return pivot;
    }
    for value in &mut work.col_as_slice_mut(j)[j + 1..] {
        *value /= head;
    }
    let multipliers: Vec<T> = work.col_as_slice(j)[j + 1..].to_vec();
    for column in j + 1..end {
        let column = work.col_as_slice_mut(column);
        let factor = column[j];
        for (value, &multiplier) in column[j + 1..].iter_mut().zip(&multipliers) {
            *value -= multiplier * factor;
        }
    }
    pivot
}
