//! Factorizations by Householder reflections, packed as LAPACK packs them: `H = I - tau v v^H` with the
//! leading element of v one and not stored, and real results on the diagonal.
//!
//! Blocks of reflections are applied as `I - V T V^H` (R. Schreiber and C. Van Loan, "A storage-efficient WY
//! representation", 1989).

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use num_complex::ComplexFloat;
use num_traits::{Float, One, Zero};

use super::field::{Field, load, store};

/// Columns in a block of reflections.
const BLOCK: usize = 32;

/// Makes the reflection that maps (alpha, x) to (beta, 0) under its adjoint: x becomes the rest of v; gives
/// (tau, beta).
pub(super) fn reflector<T: Field>(alpha: T, x: &mut [T]) -> (T, T::R) {
    let norm = norm(x);
    if norm == T::R::zero() && alpha.im() == T::R::zero() {
        return (T::zero(), alpha.re());
    }
    let length = Float::hypot(Float::hypot(alpha.re(), alpha.im()), norm);
    let beta = if Float::is_sign_negative(alpha.re()) { length } else { -length };
    let scale = T::one() / (alpha - T::of(beta));
    x.iter_mut().for_each(|value| *value *= scale);
    ((T::of(beta) - alpha) / T::of(beta), beta)
}

/// Euclidean norm, scaled where squares could leave the range.
fn norm<T: Field>(x: &[T]) -> T::R {
    let largest = x
        .iter()
        .map(|value| ComplexFloat::abs(*value))
        .fold(T::R::zero(), |a, b| if b > a || Float::is_nan(b) { b } else { a });
    if largest == T::R::zero() || !Float::is_finite(largest) {
        return largest;
    }
    let sum = x.iter().fold(T::R::zero(), |sum, value| {
        let (re, im) = (value.re() / largest, value.im() / largest);
        sum + re * re + im * im
    });
    largest * Float::sqrt(sum)
}

/// `sum of conj(v) * x`.
fn dot<T: Field>(v: &[T], x: &[T]) -> T {
    v.iter().zip(x).fold(T::zero(), |sum, (&v, &x)| sum + v.conj() * x)
}

/// `x -= factor * v`.
fn subtract<T: Field>(x: &mut [T], factor: T, v: &[T]) {
    for (x, &v) in x.iter_mut().zip(v) {
        *x -= factor * v;
    }
}

/// Applies `I - tau v v^H`, v from row `first` on, to columns of a matrix.
fn apply<T: Field>(work: &mut Mat<T>, first: usize, v: &[T], tau: T, columns: std::ops::Range<usize>) {
    if tau.is_zero() {
        return;
    }
    for column in columns {
        let column = &mut work.col_as_slice_mut(column)[first..];
        let factor = tau * dot(v, column);
        subtract(column, factor, v);
    }
}

/// Makes the reflection of column j from row `first` on and stores it there; gives tau and v with its one.
fn reflect_column<T: Field>(work: &mut Mat<T>, first: usize, j: usize) -> (T, Vec<T>) {
    let column = &mut work.col_as_slice_mut(j)[first..];
    let (head, rest) = column.split_first_mut().expect("the column reaches the diagonal");
    let (tau, beta) = reflector(*head, rest);
    *head = T::of(beta);
    let mut v = column.to_vec();
    v[0] = T::one();
    (tau, v)
}

/// V and T of the block of reflections in columns `first..end`, which start on the diagonal.
fn block_reflector<T: Field>(
    packed: MatRef<'_, T>,
    first: usize,
    end: usize,
    taus: &[T],
    par: Par,
) -> [Mat<T>; 2] {
    let (rows, count) = (packed.nrows() - first, end - first);
    let v = Mat::from_fn(rows, count, |i, j| match i.cmp(&j) {
        std::cmp::Ordering::Less => T::zero(),
        std::cmp::Ordering::Equal => T::one(),
        std::cmp::Ordering::Greater => packed[(first + i, first + j)],
    });
    let mut products = Mat::<T>::zeros(count, count);
    matmul(products.as_mut(), Accum::Replace, v.adjoint(), v.as_ref(), T::one(), par);
    let mut t = Mat::<T>::zeros(count, count);
    for j in 0..count {
        t[(j, j)] = taus[j];
        for i in 0..j {
            let sum = (i..j).fold(T::zero(), |sum, p| sum + t[(i, p)] * products[(p, j)]);
            t[(i, j)] = -taus[j] * sum;
        }
    }
    [v, t]
}

/// `c -= V op(T) V^H c`.
fn apply_block<T: Field>(c: MatMut<'_, T>, v: &Mat<T>, t: MatRef<'_, T>, adjoint: bool, par: Par) {
    let (count, columns) = (v.ncols(), c.ncols());
    let (mut w, mut tw) = (Mat::<T>::zeros(count, columns), Mat::<T>::zeros(count, columns));
    matmul(w.as_mut(), Accum::Replace, v.adjoint(), c.as_ref(), T::one(), par);
    if adjoint {
        matmul(tw.as_mut(), Accum::Replace, t.adjoint(), w.as_ref(), T::one(), par);
    } else {
        matmul(tw.as_mut(), Accum::Replace, t, w.as_ref(), T::one(), par);
    }
    matmul(c, Accum::Add, v.as_ref(), tw.as_ref(), -T::one(), par);
}

/// QR: R above the diagonal, reflections below, `min(m, n)` taus.
pub(super) fn geqrf<T: Field>([m, n]: [usize; 2], a: &[T], out: &mut [T], taus: &mut [T], par: Par) {
    let mut work = load(m, n, a);
    let k = m.min(n);
    for first in (0..k).step_by(BLOCK) {
        let end = k.min(first + BLOCK);
        for j in first..end {
            let (tau, v) = reflect_column(&mut work, j, j);
            taus[j] = tau;
            apply(&mut work, j, &v, tau.conj(), j + 1..end);
        }
        if end < n {
            let [v, t] = block_reflector(work.as_ref(), first, end, &taus[first..end], par);
            let rest = work.as_mut().submatrix_mut(first, end, m - first, n - end);
            apply_block(rest, &v, t.as_ref(), true, par);
        }
    }
    store(&work, n, out);
}

/// The first n columns of the product of reflections.
pub(super) fn orgqr<T: Field>([m, n]: [usize; 2], packed: &[T], taus: &[T], out: &mut [T], par: Par) {
    let packed = load(m, n, packed);
    let mut q = Mat::from_fn(m, n, |i, j| if i == j { T::one() } else { T::zero() });
    let count = taus.len().min(m).min(n);
    for first in (0..count).step_by(BLOCK).rev() {
        let end = count.min(first + BLOCK);
        let [v, t] = block_reflector(packed.as_ref(), first, end, &taus[first..end], par);
        let part = q.as_mut().submatrix_mut(first, first, m - first, n - first);
        apply_block(part, &v, t.as_ref(), false, par);
    }
    store(&q, n, out);
}

/// QR with column pivoting. Columns whose pivot is given as nonzero come first; pivots count from 1.
pub(super) fn geqp3<T: Field>(
    [m, n]: [usize; 2],
    a: &[T],
    pivots: &[i32],
    out: &mut [T],
    pivots_out: &mut [i32],
    taus: &mut [T],
) {
    let mut work = load(m, n, a);
    let k = m.min(n);
    // As LAPACK: fixed columns are exchanged to the front in order.
    let mut order: Vec<usize> = (0..n).collect();
    let mut fixed = 0;
    for j in 0..n {
        if pivots[j] != 0 {
            swap_columns(&mut work, j, fixed);
            order.swap(j, fixed);
            fixed += 1;
        }
    }
    let mut norms: Vec<T::R> = Vec::new();
    let mut exact: Vec<T::R> = Vec::new();
    let threshold = Float::sqrt(<T::R as Float>::epsilon());
    for j in 0..k {
        if j >= fixed {
            if norms.is_empty() {
                norms = (0..n).map(|column| norm(&work.col_as_slice(column)[j..])).collect();
                exact = norms.clone();
            }
            let mut best = j;
            for column in j + 1..n {
                if norms[column] > norms[best] {
                    best = column;
                }
            }
            swap_columns(&mut work, j, best);
            order.swap(j, best);
            norms.swap(j, best);
            exact.swap(j, best);
        }
        let (tau, v) = reflect_column(&mut work, j, j);
        taus[j] = tau;
        apply(&mut work, j, &v, tau.conj(), j + 1..n);
        // Norms of what is left of the columns, computed anew where the update has cancelled.
        for column in j + 1..norms.len() {
            if norms[column] == T::R::zero() {
                continue;
            }
            let ratio = ComplexFloat::abs(work[(j, column)]) / norms[column];
            let left = Float::max(T::R::one() - ratio * ratio, T::R::zero());
            let relative = norms[column] / exact[column];
            if left * relative * relative <= threshold {
                norms[column] = norm(&work.col_as_slice(column)[j + 1..]);
                exact[column] = norms[column];
            } else {
                norms[column] *= Float::sqrt(left);
            }
        }
    }
    for (to, &column) in pivots_out.iter_mut().zip(&order) {
        *to = column as i32 + 1;
    }
    store(&work, n, out);
}

fn swap_columns<T: Field>(work: &mut Mat<T>, a: usize, b: usize) {
    if a != b {
        for i in 0..work.nrows() {
            let value = work[(i, a)];
            work[(i, a)] = work[(i, b)];
            work[(i, b)] = value;
        }
    }
}

/// Hessenberg form `Q^H a Q`: reflections below the first subdiagonal, `n - 1` taus.
pub(super) fn hessenberg<T: Field>(n: usize, a: &[T], out: &mut [T], taus: &mut [T]) {
    let mut work = load(n, n, a);
    for j in 0..n.saturating_sub(1) {
        let (tau, v) = reflect_column(&mut work, j + 1, j);
        taus[j] = tau;
        // From the right: a -= (a v) tau v^H.
        let mut product = vec![T::zero(); n];
        for (i, &v) in v.iter().enumerate() {
            subtract(&mut product, -v, work.col_as_slice(j + 1 + i));
        }
        for (i, &v) in v.iter().enumerate() {
            subtract(work.col_as_slice_mut(j + 1 + i), tau * v.conj(), &product);
        }
        apply(&mut work, j + 1, &v, tau.conj(), j + 1..n);
    }
    store(&work, n, out);
}

/// Tridiagonal form of a Hermitian matrix of which one triangle counts: diagonal, off-diagonal and
/// reflections in that triangle.
pub(super) fn tridiagonal<T: Field>(
    n: usize,
    lower: bool,
    a: &[T],
    out: &mut [T],
    [diagonal, off_diagonal]: [&mut [T::R]; 2],
    taus: &mut [T],
) {
    // The whole Hermitian matrix is kept in `full`; the reflections are written over the input.
    let at = |i: usize, j: usize| if (i >= j) == lower { a[i * n + j] } else { a[j * n + i].conj() };
    let mut full = Mat::from_fn(n, n, |i, j| if i == j { T::of(a[i * n + i].re()) } else { at(i, j) });
    out.copy_from_slice(a);
    for step in 0..n.saturating_sub(1) {
        // Lower: column `step` below the diagonal. Upper: from the last column, above the diagonal.
        let (j, range) = if lower { (step, step + 1..n) } else { (n - 1 - step, 0..n - 1 - step) };
        let mut v = full.col_as_slice(j)[range.clone()].to_vec();
        let (tau, beta) = if lower {
            let (head, rest) = v.split_first_mut().expect("there is a subdiagonal");
            let result = reflector(*head, rest);
            *head = T::one();
            result
        } else {
            let (head, rest) = v.split_last_mut().expect("there is a superdiagonal");
            let result = reflector(*head, rest);
            *head = T::one();
            result
        };
        let at = if lower { step } else { n - 2 - step };
        taus[at] = tau;
        off_diagonal[at] = beta;
        for (i, &v) in range.clone().zip(&v) {
            out[i * n + j] = v;
        }
        let neighbour = if lower { step + 1 } else { n - 2 - step };
        out[neighbour * n + j] = T::of(beta);
        // w = tau a v - (tau / 2) (conj(tau a v) . v) v; a -= v w^H + w v^H.
        let mut w = vec![T::zero(); v.len()];
        for (column, &v) in range.clone().zip(&v) {
            subtract(&mut w, -(tau * v), &full.col_as_slice(column)[range.clone()]);
        }
        let half = T::of(T::R::one() / (T::R::one() + T::R::one()));
        let correction = half * tau * dot(&w, &v);
        subtract(&mut w, correction, &v);
        for (index, column) in range.clone().enumerate() {
            let column = &mut full.col_as_slice_mut(column)[range.clone()];
            subtract(column, w[index].conj(), &v);
            subtract(column, v[index].conj(), &w);
        }
    }
    for i in 0..n {
        diagonal[i] = full[(i, i)].re();
        out[i * n + i] = T::of(diagonal[i]);
    }
}
