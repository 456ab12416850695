//! Operations whose results are exact: all of integers, conversions, comparisons, rounding.

use gpu::features::Features;
use gpu::scalar::Scalars;
use ops::{BinaryOp, ComparisonDirection, ComparisonType, UnaryOp};
use plan::{NodeId, NodeOp, evaluate};
use tensor::{DType, DTypeClass, Scalar};

use super::device::{device, shader, smallest_normal};
use super::samples::{elements, pairs};

const A: NodeId = NodeId(0);
const B: NodeId = NodeId(1);

/// Types that the device has.
fn dtypes() -> impl Iterator<Item = DType> {
    let device = device();
    let has = move |dtype: &DType| device.as_ref().is_some_and(|device| device.has(*dtype));
    DType::ALL.iter().copied().filter(has)
}

/// Whether registers of a type compute with real floats: those of powers of two only hold and compare them.
fn has_arithmetic(dtype: &DType) -> bool {
    dtype.is_float() && *dtype != DType::F8E8M0FNU
}

/// A float as devices see it that keep neither sign nor bits of a NaN of f16.
fn plain(x: Scalar) -> Scalar {
    let nan = x.dtype == DType::F16 && x.as_f64().is_nan();
    if nan { Scalar::from_f64(x.dtype, f64::NAN) } else { x }
}

/// A float, or part of one, as devices see it that have no subnormals.
fn flushed(x: Scalar) -> Scalar {
    let least = smallest_normal(x.dtype.real());
    let flush = |x: f64| if x != 0.0 && x.abs() < least { 0f64.copysign(x) } else { x };
    match x.dtype {
        DType::F32 | DType::F64 | DType::BF16 | DType::F8E8M0FNU => {
            Scalar::from_f64(x.dtype, flush(x.as_f64()))
        }
        DType::C64 | DType::C128 => {
            let z = x.as_complex();
            Scalar::from_complex(x.dtype, num_complex::Complex::new(flush(z.re), flush(z.im)))
        }
        _ => x,
    }
}

/// Whether two values are the same number.
fn same(a: Scalar, b: Scalar) -> bool {
    let equal = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
    match a.dtype.class() {
        DTypeClass::Float => equal(a.as_f64(), b.as_f64()),
        DTypeClass::Complex => {
            let (a, b) = (a.as_complex(), b.as_complex());
            equal(a.re, b.re) && equal(a.im, b.im)
        }
        _ => a == b,
    }
}

/// Runs an operation of one or two operands of a type on samples; compares with the reference.
fn check(op: &NodeOp, dtype: DType, result: DType) {
    let Some(device) = device() else { return };
    let float = if dtype == DType::F64 || dtype == DType::C128 { DType::F64 } else { DType::F32 };
    let flushes = device.flushes(float);
    let loses_nans = device.loses_nans();
    let operands = {
        let mut operands = Vec::new();
        op.visit_operands(|_| operands.push(dtype));
        operands
    };
    let source = shader(&device.features, &operands, result, |scalars, names| {
        scalars.node(op, result, &operands, names)
    });
    let source = source.unwrap_or_else(|refusal| panic!("{op:?} of {dtype}: {refusal}"));
    let rows: Vec<Vec<Scalar>> = match operands.len() {
        1 => elements(dtype).into_iter().map(|a| vec![a]).collect(),
        _ => pairs(dtype).into_iter().map(|(a, b)| vec![a, b]).collect(),
    };
    let columns: Vec<Vec<u8>> = (0..operands.len())
        .map(|at| rows.iter().flat_map(|row| row[at].to_bytes()[..dtype.size()].to_vec()).collect())
        .collect();
    let columns: Vec<(DType, &[u8])> = columns.iter().map(|bytes| (dtype, bytes.as_slice())).collect();
    let out = device.run(&source, &columns, result);
    let mut wrong = Vec::new();
    for (row, bytes) in rows.iter().zip(out.chunks(result.size())) {
        let value = Scalar::from_bytes(result, bytes);
        let expected = evaluate::apply(op, result, row).expect("defined");
        let nan = |x: Scalar| x.dtype.is_float() && x.as_f64().is_nan();
        let back = |x: Scalar| evaluate::apply(op, dtype, &[x]).expect("defined");
        let loose = matches!(op, NodeOp::Bitcast(_)) && nan(row[0]) && nan(back(value));
        if same(value, expected) || loose {
            continue;
        }
        let of = |seen: fn(Scalar) -> Scalar| {
            let row: Vec<Scalar> = row.iter().copied().map(seen).collect();
            evaluate::apply(op, result, &row).expect("defined")
        };
        let other = of(flushed);
        let small = [flushed(expected), other, flushed(other)];
        // What is rounded up to the least normal number may be flushed before.
        let least = expected.dtype.is_float()
            && expected.as_f64().abs() == smallest_normal(expected.dtype)
            && same(value, Scalar::from_f64(result, 0f64.copysign(expected.as_f64())));
        let allowed = (flushes && (least || small.into_iter().any(|small| same(value, small))))
            || (loses_nans && same(value, of(plain)));
        if !allowed {
            wrong.push(format!("{row:?}: {value:?} is not {expected:?}"));
        }
    }
    let shown = wrong.iter().take(8).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{op:?} of {dtype}: {} of {} are wrong\n{shown}", wrong.len(), rows.len());
}

#[test]
fn integer_operations() {
    for dtype in dtypes().filter(|dtype| dtype.is_integer() || *dtype == DType::Bool) {
        let one = Scalar::one(dtype);
        for &op in UnaryOp::ALL {
            if evaluate::apply(&NodeOp::Unary(op, A), dtype, &[one]).is_some() {
                check(&NodeOp::Unary(op, A), dtype, dtype);
            }
        }
        for &op in BinaryOp::ALL {
            if evaluate::apply(&NodeOp::Binary(op, A, B), dtype, &[one, one]).is_some() {
                check(&NodeOp::Binary(op, A, B), dtype, dtype);
            }
        }
    }
}

#[test]
fn comparisons() {
    use ComparisonDirection::*;
    use ComparisonType::*;
    for dtype in dtypes() {
        let kinds: &[ComparisonType] =
            if dtype.is_float() { &[Float, TotalOrder, WeakOrder] } else { &[NoType] };
        let directions: &[ComparisonDirection] =
            if dtype.is_complex() { &[Eq, Ne] } else { &[Eq, Ne, Ge, Gt, Le, Lt] };
        for &kind in kinds {
            for &direction in directions {
                check(&NodeOp::Compare(direction, kind, A, B), dtype, DType::Bool);
            }
        }
    }
}

#[test]
fn conversions() {
    for from in dtypes() {
        for to in dtypes() {
            check(&NodeOp::Convert(A), from, to);
        }
    }
}

#[test]
fn bits_of_values() {
    for from in dtypes() {
        for to in dtypes().filter(|to| to.bits() == from.bits()) {
            check(&NodeOp::Bitcast(A), from, to);
        }
    }
}

#[test]
fn reduced_precision() {
    for dtype in dtypes().filter(|dtype| dtype.is_float() && dtype.bits() >= 16) {
        for (exponent_bits, mantissa_bits) in
            [(8, 7), (5, 10), (4, 3), (8, 23), (11, 52), (1, 0), (2, 4), (5, 2)]
        {
            check(&NodeOp::ReducePrecision { operand: A, exponent_bits, mantissa_bits }, dtype, dtype);
        }
    }
}

#[test]
fn exact_float_operations() {
    use BinaryOp::*;
    use UnaryOp::*;
    for dtype in dtypes().filter(has_arithmetic) {
        for op in [UnaryOp::Abs, Ceil, Floor, Imag, Negate, Real, RoundNearestAfz, RoundNearestEven, Sign] {
            check(&NodeOp::Unary(op, A), dtype, dtype);
        }
        check(&NodeOp::Unary(IsFinite, A), dtype, DType::Bool);
        for op in [Add, Subtract, Multiply, Remainder, Maximum, Minimum] {
            check(&NodeOp::Binary(op, A, B), dtype, dtype);
        }
    }
    for dtype in dtypes().filter(|dtype| dtype.is_complex()) {
        check(&NodeOp::Binary(BinaryOp::Complex, A, B), dtype.real(), dtype);
        for op in [UnaryOp::Real, Imag] {
            check(&NodeOp::Unary(op, A), dtype, dtype.real());
        }
    }
}

#[test]
fn powers_of_two_are_compared_but_not_computed_with() {
    let dtype = DType::F8E8M0FNU;
    check(&NodeOp::Unary(UnaryOp::IsFinite, A), dtype, DType::Bool);
    for op in [BinaryOp::Maximum, BinaryOp::Minimum] {
        check(&NodeOp::Binary(op, A, B), dtype, dtype);
    }
    let refuses = |op: &NodeOp, operands: &[DType]| {
        let print = |scalars: &mut Scalars<'_>, names: &[&str]| scalars.node(op, dtype, operands, names);
        shader(&Features::least(), operands, dtype, print).is_err()
    };
    for op in [UnaryOp::Negate, UnaryOp::Sqrt, UnaryOp::Exponential] {
        assert!(refuses(&NodeOp::Unary(op, A), &[dtype]), "{op:?}");
    }
    for op in [BinaryOp::Add, BinaryOp::Multiply, BinaryOp::Divide] {
        assert!(refuses(&NodeOp::Binary(op, A, B), &[dtype; 2]), "{op:?}");
    }
}

#[test]
fn quotients_and_roots_round_once() {
    // Those of f32 are the device's own.
    for dtype in dtypes().filter(|dtype| has_arithmetic(dtype) && *dtype != DType::F32) {
        check(&NodeOp::Binary(BinaryOp::Divide, A, B), dtype, dtype);
        check(&NodeOp::Unary(UnaryOp::Sqrt, A), dtype, dtype);
    }
}
