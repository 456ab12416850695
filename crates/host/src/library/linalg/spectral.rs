//! Eigenvalues of Hermitian matrices and singular values, by faer.

use faer::diag::DiagMut;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{self, ComputeEigenvectors, SelfAdjointEvdParams};
use faer::linalg::svd::{self as faer_svd, ComputeSvdVectors, SvdParams};
use faer::{Auto, Mat, Par, Spec};

use super::field::{Field, all_finite, load, store};

/// Eigenvalues in ascending order and eigenvectors of a Hermitian matrix of which one triangle counts.
pub(super) fn eigh<T: Field>(
    n: usize,
    lower: bool,
    a: &[T],
    vectors: &mut [T],
    values: &mut [T::R],
    par: Par,
) {
    if n == 0 {
        return;
    }
    let work = Mat::from_fn(n, n, |i, j| match (i.max(j), i.min(j)) {
        // faer reads the lower triangle, and imaginary parts on the diagonal as well.
        (row, column) if row == column => T::of(a[row * n + row].re()),
        (row, column) if lower => a[row * n + column],
        (row, column) => a[column * n + row].conj(),
    });
    let mut u = Mat::<T>::zeros(n, n);
    let mut s = vec![T::zero(); n];
    let params = Spec::<SelfAdjointEvdParams, T>::new(<SelfAdjointEvdParams as Auto<T>>::auto());
    let scratch = evd::self_adjoint_evd_scratch::<T>(n, ComputeEigenvectors::Yes, par, params);
    let mut buffer = MemBuffer::new(scratch);
    let valid = all_finite_triangle(n, lower, a);
    let done = valid
        && evd::self_adjoint_evd(
            work.as_ref(),
            DiagMut::from_slice_mut(&mut s),
            Some(u.as_mut()),
            par,
            MemStack::new(&mut buffer),
            params,
        )
        .is_ok();
    if !done {
        vectors.fill(T::invalid());
        return values.fill(<T::R as Field>::invalid());
    }
    store(&u, n, vectors);
    values.iter_mut().zip(&s).for_each(|(to, value)| *to = value.re());
}

/// Whether the triangle that counts is finite.
fn all_finite_triangle<T: Field>(n: usize, lower: bool, a: &[T]) -> bool {
    (0..n).all(|i| all_finite(if lower { &a[i * n..=i * n + i] } else { &a[i * n + i..(i + 1) * n] }))
}

/// Singular values in descending order, and singular vectors: u and the adjoint of v.
pub(super) fn svd<T: Field>(
    [m, n]: [usize; 2],
    full: bool,
    a: &[T],
    values: &mut [T::R],
    vectors: Option<[&mut [T]; 2]>,
    par: Par,
) {
    let k = m.min(n);
    let work = load(m, n, a);
    let (u_columns, v_columns) = if full { (m, n) } else { (k, k) };
    let which = match (&vectors, full) {
        (None, _) => ComputeSvdVectors::No,
        (Some(_), true) => ComputeSvdVectors::Full,
        (Some(_), false) => ComputeSvdVectors::Thin,
    };
    let mut s = vec![T::zero(); k];
    let wanted = vectors.is_some();
    let (mut u, mut v) = (Mat::<T>::zeros(m, u_columns), Mat::<T>::zeros(n, v_columns));
    let params = Spec::<SvdParams, T>::new(<SvdParams as Auto<T>>::auto());
    let mut buffer = MemBuffer::new(faer_svd::svd_scratch::<T>(m, n, which, which, par, params));
    let done = all_finite(a)
        && (k == 0
            || faer_svd::svd(
                work.as_ref(),
                DiagMut::from_slice_mut(&mut s),
                wanted.then(|| u.as_mut()),
                wanted.then(|| v.as_mut()),
                par,
                MemStack::new(&mut buffer),
                params,
            )
            .is_ok());
    if k == 0 {
        // The vectors of no values are any basis.
        (0..u.nrows().min(u.ncols())).for_each(|i| u[(i, i)] = T::one());
        (0..v.nrows().min(v.ncols())).for_each(|i| v[(i, i)] = T::one());
    }
    if !done {
        values.fill(<T::R as Field>::invalid());
        vectors.into_iter().flatten().for_each(|out| out.fill(T::invalid()));
        return;
    }
    values.iter_mut().zip(&s).for_each(|(to, value)| *to = value.re());
    if let Some([u_out, v_out]) = vectors {
        store(&u, u_columns, u_out);
        for (at, to) in v_out.iter_mut().enumerate() {
            *to = v[(at % n, at / n)].conj();
        }
    }
}
