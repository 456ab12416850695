//! Linear algebra and Fourier transforms.

use ops::attributes::{Fft, TriangularSolve};
use ops::{FftType, Transpose};
use tensor::{DTypeClass, TensorType};

use super::check::ensure;
use super::{Signature, Types, Violation, one};

fn analytic(ty: &TensorType) -> Result<(), Violation> {
    let fine = matches!(ty.dtype.class(), DTypeClass::Float | DTypeClass::Complex);
    ensure!(fine, "I1", "not defined on element type {}", ty.dtype);
    Ok(())
}

pub(super) fn cholesky(sig: &Signature<'_>) -> Result<Types, Violation> {
    let a = sig.tensor(0)?;
    analytic(a)?;
    ensure!(a.rank() >= 2, "C2", "{a} is not a matrix");
    ensure!(a.dims[a.rank() - 2] == a.dims[a.rank() - 1], "C3", "{a} is not square");
    one(a.clone())
}

pub(super) fn triangular_solve(attrs: &TriangularSolve, sig: &Signature<'_>) -> Result<Types, Violation> {
    let (a, b) = (sig.tensor(0)?, sig.tensor(1)?);
    analytic(a)?;
    ensure!(a.dtype == b.dtype, "C1", "{a} and {b} differ in element type");
    let rank = a.rank();
    ensure!(rank >= 2 && rank == b.rank(), "C2", "the ranks of {a} and {b} do not fit");
    let side = if attrs.left_side { b.dims[rank - 2] } else { b.dims[rank - 1] };
    let fine = a.dims[..rank - 2] == b.dims[..rank - 2]
        && a.dims[rank - 2] == a.dims[rank - 1]
        && a.dims[rank - 1] == side;
    ensure!(fine, "C3", "{a} and {b} do not form a system");
    ensure!(attrs.transpose_a != Transpose::Invalid, "I6", "transpose_a is not given");
    one(b.clone())
}

pub(super) fn fft(attrs: &Fft, sig: &Signature<'_>) -> Result<Types, Violation> {
    let operand = sig.tensor(0)?;
    let (rank, lengths) = (operand.rank(), &attrs.fft_length);
    ensure!(lengths.len() <= rank, "C1", "fft_length has {} entries for {operand}", lengths.len());
    ensure!((1..=3).contains(&lengths.len()), "C3", "fft_length has {} entries", lengths.len());
    ensure!(lengths.iter().all(|&length| length >= 0), "C4", "fft_length is {:?}", &lengths[..]);
    let half = |length: i64| if length == 0 { 0 } else { length / 2 + 1 };
    let (dtype, found_last, result_last) = {
        let (found, real) = (operand.dtype, lengths[lengths.len() - 1]);
        match attrs.fft_type {
            FftType::Fft | FftType::Ifft => (found.is_complex().then_some(found), real, real),
            FftType::Rfft => (found.complex(), real, half(real)),
            FftType::Irfft => (found.is_complex().then_some(found.real()), half(real), real),
        }
    };
    let Some(dtype) = dtype else {
        let message = format!("{} does not transform {}", attrs.fft_type.keyword(), operand.dtype);
        return Err(Violation::new("C2", message));
    };
    let start = rank - lengths.len();
    for (index, &length) in lengths.iter().enumerate() {
        let wanted = if index + 1 == lengths.len() { found_last } else { length };
        ensure!(
            operand.dims[start + index] == wanted,
            "C4",
            "dimension {} of {operand} should be {wanted}",
            start + index
        );
    }
    // C5: only the last dimension of real transforms changes.
    let mut result = operand.with_dtype(dtype);
    result.dims[rank - 1] = result_last;
    one(result)
}
