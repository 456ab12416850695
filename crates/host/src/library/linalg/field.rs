//! The numbers that matrices are made of.

use std::ops::{AddAssign, DivAssign, MulAssign, SubAssign};

use faer::traits::{ComplexField, RealField};
use faer::{Mat, Par};
use num_complex::{Complex, ComplexFloat};
use num_traits::Float;

use super::{eigen, schur};

/// f32, f64 and complex numbers of them.
pub(super) trait Field:
    ComplexField<Real = Self::R>
    + ComplexFloat<Real = Self::R>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Send
    + Sync
    + 'static
{
    /// The type of parts.
    type R: RealField + Float + Field<R = Self::R>;
    /// A real number as one of these.
    fn of(real: Self::R) -> Self;
    /// Not a number, in all parts.
    fn invalid() -> Self;
    /// Eigenvalues and eigenvectors of a general matrix.
    fn eig(
        n: usize,
        a: &[Self],
        values: &mut [Complex<Self::R>],
        vectors: [Option<&mut [Complex<Self::R>]>; 2],
        par: Par,
    );
    /// Schur form, and the unitary matrix that leads to it.
    fn schur(n: usize, a: &[Self], t: &mut [Self], z: Option<&mut [Self]>, par: Par);
}

macro_rules! fields {
    ($($real:ident $eig_real:ident $eig_complex:ident;)*) => { $(
        impl Field for $real {
            type R = $real;
            fn of(real: $real) -> Self {
                real
            }
            fn invalid() -> Self {
                $real::NAN
            }
            fn eig(
                n: usize,
                a: &[Self],
                values: &mut [Complex<$real>],
                vectors: [Option<&mut [Complex<$real>]>; 2],
                par: Par,
            ) {
                eigen::$eig_real(n, a, values, vectors, par);
            }
            fn schur(n: usize, a: &[Self], t: &mut [Self], z: Option<&mut [Self]>, par: Par) {
                schur::real(n, a, t, z, par);
            }
        }
        impl Field for Complex<$real> {
            type R = $real;
            fn of(real: $real) -> Self {
                Complex::new(real, 0.0)
            }
            fn invalid() -> Self {
                Complex::new($real::NAN, $real::NAN)
            }
            fn eig(
                n: usize,
                a: &[Self],
                values: &mut [Complex<$real>],
                vectors: [Option<&mut [Complex<$real>]>; 2],
                par: Par,
            ) {
                eigen::$eig_complex(n, a, values, vectors, par);
            }
            fn schur(n: usize, a: &[Self], t: &mut [Self], z: Option<&mut [Self]>, par: Par) {
                schur::complex(n, a, t, z, par);
            }
        }
    )* };
}

fields!(f32 real_f32 complex_f32; f64 real_f64 complex_f64;);

/// A column-major copy of a row-major array.
pub(super) fn load<T: Field>(rows: usize, columns: usize, from: &[T]) -> Mat<T> {
    Mat::from_fn(rows, columns, |i, j| from[i * columns + j])
}

/// Writes the leading part of a matrix to a row-major array of `columns` columns.
pub(super) fn store<T: Field>(from: &Mat<T>, columns: usize, to: &mut [T]) {
    if columns == 0 {
        return;
    }
    for (i, row) in to.chunks_exact_mut(columns).enumerate() {
        for (j, to) in row.iter_mut().enumerate() {
            *to = from[(i, j)];
        }
    }
}

/// Whether all elements are finite.
pub(super) fn all_finite<T: Field>(a: &[T]) -> bool {
    a.iter().all(|x| ComplexFloat::is_finite(*x))
}
