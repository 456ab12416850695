use ops::BinaryOp;
use ops::scalar::{eval_binary, eval_convert};
use plan::StepOp;
use plan::library::{Dot, DotDim};
use smallvec::smallvec;
use tensor::{DType, Scalar, TensorType};

use super::{run, small_integers};

/// Row-major `[batch, m, k]` times `[batch, k, n]`, or with operands transposed, against plain loops.
fn check(types: [DType; 4], [batch, m, k, n]: [i64; 4], transposed: [bool; 2]) {
    let [lhs, rhs, out, accumulate] = types;
    let (lhs_m, lhs_k) = if transposed[0] { (1, m) } else { (k, 1) };
    let (rhs_k, rhs_n) = if transposed[1] { (1, k) } else { (n, 1) };
    let dot = Dot {
        lhs,
        rhs,
        out,
        accumulate,
        batch: smallvec![DotDim { size: batch, lhs: m * k, rhs: k * n, out: m * n }],
        m: DotDim { size: m, lhs: lhs_m, rhs: 0, out: n },
        n: DotDim { size: n, lhs: 0, rhs: rhs_n, out: 1 },
        k: DotDim { size: k, lhs: lhs_k, rhs: rhs_k, out: 0 },
    };
    let a = small_integers(lhs, &[batch, m * k], 1);
    let b = small_integers(rhs, &[batch, k * n], 2);
    let ty = TensorType::new(out, [batch, m, n]);
    let result = &run(&StepOp::Dot(dot), &[a.clone(), b.clone()], std::slice::from_ref(&ty))[0];
    let sum = if out.is_complex() { out } else { accumulate };
    for (at, index) in tensor::Indices::new(&ty.dims).enumerate() {
        // A thousand elements of a large product are enough.
        if ty.len() > 2000 && at % (ty.len() / 1000) != 0 {
            continue;
        }
        let mut expected = Scalar::zero(sum);
        for p in 0..k {
            let x = a.get((index[0] * m * k + index[1] * lhs_m + p * lhs_k) as usize);
            let y = b.get((index[0] * k * n + index[2] * rhs_n + p * rhs_k) as usize);
            let binary = |op, x, y| eval_binary(op, x, y).expect("defined");
            let product = binary(BinaryOp::Multiply, eval_convert(x, sum), eval_convert(y, sum));
            expected = binary(BinaryOp::Add, expected, product);
        }
        assert_eq!(
            result.get(at),
            eval_convert(expected, out),
            "{types:?} {m} {k} {n} {transposed:?} at {index:?}"
        );
    }
}

const TRANSPOSED: [[bool; 2]; 4] = [[false, false], [true, false], [false, true], [true, true]];

#[test]
fn odd_sizes() {
    for dtype in [DType::F32, DType::F64] {
        for m in [0, 1, 2, 5, 6, 7, 31] {
            for n in [0, 1, 3, 4, 16, 17, 70] {
                for k in [0, 1, 5, 33] {
                    for transposed in TRANSPOSED {
                        check([dtype; 4], [1, m, k, n], transposed);
                    }
                }
            }
        }
    }
}

#[test]
fn several_blocks() {
    for transposed in TRANSPOSED {
        check([DType::F32; 4], [1, 130, 530, 600], transposed);
        check([DType::F64; 4], [1, 250, 300, 300], transposed);
        check([DType::F32; 4], [1, 3, 5000, 70], transposed);
        check([DType::F32; 4], [1, 1, 21, 600], transposed);
        check([DType::I64; 4], [1, 290, 16, 1], transposed);
        check([DType::F32; 4], [1, 9, 20000, 10], transposed);
        check([DType::F32; 4], [1, 700, 300, 1], transposed);
    }
}

#[test]
fn batches() {
    for batch in [0, 1, 3, 40] {
        check([DType::F32; 4], [batch, 4, 4, 4], [false, false]);
        check([DType::F32; 4], [batch, 33, 40, 20], [false, true]);
        check([DType::C64; 4], [batch, 5, 3, 2], [true, false]);
    }
}

#[test]
fn every_type() {
    use DType::*;
    let same = [F16, BF16, F8E4M3FN, I8, U8, I16, U16, I32, U32, I64, U64, I4, U4, C64, C128];
    for dtype in same {
        let accumulate = if dtype.is_float() { F32 } else { dtype };
        check([dtype, dtype, dtype, accumulate], [2, 7, 20, 9], [false, true]);
    }
    check([BF16, BF16, F32, F32], [1, 20, 40, 30], [false, false]);
    check([F8E5M2, F8E4M3FN, F32, F32], [1, 20, 40, 30], [false, false]);
    check([I8, I8, I32, I32], [1, 20, 40, 30], [true, false]);
    check([F32, F32, F64, F64], [1, 20, 40, 30], [false, false]);
    check([Bool, Bool, Bool, Bool], [1, 9, 5, 9], [false, false]);
}

#[test]
fn broadcast_batch() {
    // The rhs lacks the batch dimension.
    let dim = |size, lhs, rhs, out| DotDim { size, lhs, rhs, out };
    let dot = Dot {
        lhs: DType::F32,
        rhs: DType::F32,
        out: DType::F32,
        accumulate: DType::F32,
        batch: smallvec![dim(2, 6, 0, 4)],
        m: dim(2, 3, 0, 2),
        n: dim(2, 0, 1, 1),
        k: dim(3, 1, 2, 0),
    };
    let a = super::literal(DType::F32, &[2, 2, 3], &[1., 2., 3., 4., 5., 6., 1., 0., 0., 0., 1., 0.]);
    let b = super::literal(DType::F32, &[3, 2], &[1., 2., 3., 4., 5., 6.]);
    let out = run(&StepOp::Dot(dot), &[a, b], &[TensorType::new(DType::F32, [2, 2, 2])]);
    let values: Vec<f64> = out[0].scalars().map(Scalar::as_f64).collect();
    assert_eq!(values, [22., 28., 49., 64., 1., 2., 3., 4.]);
}
