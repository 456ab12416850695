//! Eigenvalues and eigenvectors of general matrices, by faer.

use faer::diag::DiagMut;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{self, ComputeEigenvectors, EvdParams};
use faer::traits::ComplexField;
use faer::{Auto, Mat, Par, Spec};
use num_complex::Complex;

use super::field::{Field, load, store};

/// Whether eigenvectors are wanted.
fn compute(wanted: bool) -> ComputeEigenvectors {
    if wanted { ComputeEigenvectors::Yes } else { ComputeEigenvectors::No }
}

/// faer's parameters, but for the deflation window: without its feature "std" faer takes none for sizes of some
/// hundreds.
fn params<T: ComplexField>() -> EvdParams {
    /// The sizes of LAPACK's `iparmq`.
    extern "C" fn deflation_window(n: usize, _active: usize) -> usize {
        match n {
            ..30 => 2,
            30..60 => 4,
            60..150 => 10,
            150..590 => n / n.ilog2() as usize,
            590..3000 => 96,
            3000..6000 => 192,
            6000.. => 384,
        }
    }
    let mut params = <EvdParams as Auto<T>>::auto();
    params.schur.recommended_deflation_window = deflation_window;
    params
}

/// The functions for a type of real numbers.
macro_rules! eigenvalues {
    ($real:ident $of_real:ident $of_complex:ident $normalize:ident $fail:ident) => {
        /// Scales eigenvectors to length one with a real largest element, as LAPACK does.
        fn $normalize(vectors: &mut [Complex<$real>], n: usize) {
            for j in 0..n {
                let column = || (0..n).map(move |i| i * n + j);
                let square = |z: Complex<$real>| z.re * z.re + z.im * z.im;
                let length = $real::sqrt(column().fold(0.0, |sum, at| sum + square(vectors[at])));
                let largest = column().fold(Complex::new(0.0, 0.0), |best: Complex<$real>, at| {
                    if square(vectors[at]) > square(best) { vectors[at] } else { best }
                });
                let size = $real::sqrt(square(largest));
                if length == 0.0 || size == 0.0 {
                    continue;
                }
                // Real eigenvectors keep their sign.
                let turn = if largest.im == 0.0 {
                    Complex::new(1.0, 0.0)
                } else {
                    largest.conj() / Complex::from(size)
                };
                for at in column() {
                    vectors[at] = vectors[at] * turn / Complex::from(length);
                }
            }
        }

        /// Fills results that do not exist with NaN.
        fn $fail(values: &mut [Complex<$real>], vectors: [Option<&mut [Complex<$real>]>; 2]) {
            values.fill(Complex::<$real>::invalid());
            vectors.into_iter().flatten().for_each(|out| out.fill(Complex::<$real>::invalid()));
        }

        /// Eigenvalues and eigenvectors (left, right) of a real matrix.
        pub(super) fn $of_real(
            n: usize,
            a: &[$real],
            values: &mut [Complex<$real>],
            vectors: [Option<&mut [Complex<$real>]>; 2],
            par: Par,
        ) {
            if n == 0 {
                return;
            }
            let work = load(n, n, a);
            let (mut re, mut im) = (vec![0.0; n], vec![0.0; n]);
            let wanted = vectors.each_ref().map(|out| out.is_some());
            let mut packed = wanted.map(|wanted| wanted.then(|| Mat::<$real>::zeros(n, n)));
            let params = Spec::<EvdParams, $real>::new(params::<$real>());
            let scratch = evd::evd_scratch::<$real>(n, compute(wanted[0]), compute(wanted[1]), par, params);
            let mut buffer = MemBuffer::new(scratch);
            let [left, right] = &mut packed;
            let result = evd::evd_real(
                work.as_ref(),
                DiagMut::from_slice_mut(&mut re),
                DiagMut::from_slice_mut(&mut im),
                left.as_mut().map(|u| u.as_mut()),
                right.as_mut().map(|u| u.as_mut()),
                par,
                MemStack::new(&mut buffer),
                params,
            );
            if result.is_err() {
                return $fail(values, vectors);
            }
            for (to, (&re, &im)) in values.iter_mut().zip(re.iter().zip(&im)) {
                *to = Complex::new(re, im);
            }
            for (packed, out) in packed.iter().zip(vectors) {
                let (Some(packed), Some(out)) = (packed, out) else { continue };
                // A pair of conjugate values has one vector's real and imaginary part in its two columns.
                let mut j = 0;
                while j < n {
                    if im[j] == 0.0 || j + 1 == n {
                        (0..n).for_each(|i| out[i * n + j] = Complex::from(packed[(i, j)]));
                        j += 1;
                        continue;
                    }
                    for i in 0..n {
                        let value = Complex::new(packed[(i, j)], packed[(i, j + 1)]);
                        out[i * n + j] = value;
                        out[i * n + j + 1] = value.conj();
                    }
                    j += 2;
                }
                $normalize(out, n);
            }
        }

        /// Eigenvalues and eigenvectors (left, right) of a complex matrix.
        pub(super) fn $of_complex(
            n: usize,
            a: &[Complex<$real>],
            values: &mut [Complex<$real>],
            vectors: [Option<&mut [Complex<$real>]>; 2],
            par: Par,
        ) {
            if n == 0 {
                return;
            }
            let work = load(n, n, a);
            let wanted = vectors.each_ref().map(|out| out.is_some());
            let mut found = wanted.map(|wanted| wanted.then(|| Mat::<Complex<$real>>::zeros(n, n)));
            let params = Spec::<EvdParams, Complex<$real>>::new(params::<Complex<$real>>());
            let scratch =
                evd::evd_scratch::<Complex<$real>>(n, compute(wanted[0]), compute(wanted[1]), par, params);
            let mut buffer = MemBuffer::new(scratch);
            let [left, right] = &mut found;
            let result = evd::evd_cplx(
                work.as_ref(),
                DiagMut::from_slice_mut(values),
                left.as_mut().map(|u| u.as_mut()),
                right.as_mut().map(|u| u.as_mut()),
                par,
                MemStack::new(&mut buffer),
                params,
            );
            if result.is_err() {
                return $fail(values, vectors);
            }
            for (found, out) in found.iter().zip(vectors) {
                let (Some(found), Some(out)) = (found, out) else { continue };
                store(found, n, out);
                $normalize(out, n);
            }
        }
    };
}

eigenvalues!(f32 real_f32 complex_f32 normalize_f32 fail_f32);
eigenvalues!(f64 real_f64 complex_f64 normalize_f64 fail_f64);
