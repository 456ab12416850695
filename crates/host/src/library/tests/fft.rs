use num_complex::Complex;
use ops::FftType;
use plan::StepOp;
use plan::library::Fft;
use tensor::{DType, Indices, Literal, Scalar, TensorType};

use super::{run, small_integers};

/// The definition: `sum over x of input[x] * exp(sign * 2 pi i k x / n)` along each dimension.
fn transform(input: &[Complex<f64>], dims: &[i64], sign: f64) -> Vec<Complex<f64>> {
    Indices::new(dims)
        .map(|k| {
            let terms = Indices::new(dims).zip(input).map(|(x, value)| {
                let turns: f64 = (0..dims.len()).map(|d| (k[d] * x[d]) as f64 / dims[d] as f64).sum();
                value * Complex::from_polar(1.0, sign * 2.0 * std::f64::consts::PI * turns)
            });
            terms.sum()
        })
        .collect()
}

fn check(kind: FftType, dtype: DType, batch: i64, lengths: &[i64]) {
    let complex = dtype.complex().expect("f32 or f64");
    let mut half = lengths.to_vec();
    let last = half.last_mut().expect("a length");
    *last = if *last == 0 { 0 } else { *last / 2 + 1 };
    let with_batch = |dims: &[i64]| -> Vec<i64> { [batch].iter().chain(dims).copied().collect() };
    let (input, out) = match kind {
        FftType::Fft | FftType::Ifft => ((complex, lengths), (complex, lengths)),
        FftType::Rfft => ((dtype, lengths), (complex, &half[..])),
        FftType::Irfft => ((complex, &half[..]), (dtype, lengths)),
    };
    let ty = TensorType::new(out.0, with_batch(out.1));
    let total: i64 = lengths.iter().product();
    let len = |dims: &[i64]| dims.iter().product::<i64>() as usize;
    // Real signals, whose half spectra make sense.
    let signal = small_integers(
        if input.0 == complex && kind != FftType::Irfft { complex } else { dtype },
        &with_batch(lengths),
        1,
    );
    let row = |literal: &Literal, row: usize, len: usize| -> Vec<Complex<f64>> {
        (row * len..(row + 1) * len).map(|at| literal.get(at).as_complex()).collect()
    };
    let keep = |spectrum: Vec<Complex<f64>>| -> Vec<Complex<f64>> {
        let kept = Indices::new(lengths)
            .zip(spectrum)
            .filter(|(index, _)| index[index.len() - 1] < half[half.len() - 1]);
        kept.map(|(_, value)| value).collect()
    };
    let spectra: Vec<Complex<f64>> = (0..batch as usize)
        .flat_map(|b| keep(transform(&row(&signal, b, len(lengths)), lengths, -1.0)))
        .collect();
    let operand = if kind == FftType::Irfft {
        Literal::from_scalars(
            TensorType::new(complex, with_batch(&half)),
            spectra.iter().map(|&value| Scalar::from_complex(complex, value)),
        )
    } else {
        signal.clone()
    };
    let op = StepOp::Fft(Fft { kind, input: operand.dtype(), batch, lengths: lengths.into() });
    let result = &run(&op, &[operand], &[ty])[0];
    let tolerance = if dtype == DType::F32 { 1e-5 } else { 1e-13 } * (10.0 + total as f64);
    for b in 0..batch as usize {
        let values = row(result, b, len(out.1));
        let x = row(&signal, b, len(lengths));
        let expected = match kind {
            FftType::Fft => transform(&x, lengths, -1.0),
            FftType::Rfft => keep(transform(&x, lengths, -1.0)),
            FftType::Ifft => transform(&x, lengths, 1.0).iter().map(|v| v / total as f64).collect(),
            FftType::Irfft => x,
        };
        for (at, (value, expected)) in values.iter().zip(&expected).enumerate() {
            assert!(
                (value - expected).norm() <= tolerance,
                "{kind:?} {lengths:?} at {at}: {value} {expected}"
            );
        }
    }
}

#[test]
fn all_kinds_and_odd_lengths() {
    for kind in [FftType::Fft, FftType::Ifft, FftType::Rfft, FftType::Irfft] {
        for dtype in [DType::F32, DType::F64] {
            for length in [0, 1, 2, 3, 4, 5, 7, 16, 30, 97] {
                for batch in [0, 1, 3] {
                    check(kind, dtype, batch, &[length]);
                }
            }
            check(kind, dtype, 2, &[3, 4]);
            check(kind, dtype, 1, &[20, 5]);
            check(kind, dtype, 2, &[3, 2, 5]);
            check(kind, dtype, 1, &[4, 1, 6]);
            check(kind, dtype, 1, &[4, 0]);
        }
    }
}
