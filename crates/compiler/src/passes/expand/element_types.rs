//! Ops on element types that their steps lack, in ones that they have.

use ops::{BinaryOp, ComparisonDirection, ComparisonType, Op, UnaryOp};
use stablehlo::{OpId, ValueId};
use tensor::{DType, Scalar, TensorType};

use super::replace;
use crate::passes::rewrite::{Rewriter, Step};

/// Linear algebra of floats of 16 bits or fewer is that of f32, rounded once.
pub(super) fn solve(rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let operation = rewriter.function.op(id);
    let (op, operands, result) = (operation.op.clone(), operation.operands.clone(), operation.results[0]);
    let ty = rewriter.tensor(result);
    if !ty.dtype.is_float() || ty.dtype.bits() >= 32 {
        return None;
    }
    let wide: Vec<ValueId> = operands.iter().map(|&x| rewriter.convert(x, DType::F32)).collect();
    let solved = rewriter.one(op, &wide, ty.with_dtype(DType::F32));
    replace(rewriter.convert(solved, ty.dtype))
}

/// Conversions of complex numbers drop the imaginary part, also where the result says whether it is zero.
pub(super) fn complex_to_bool(rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let operation = rewriter.function.op(id);
    let (x, result) = (operation.operands[0], operation.results[0]);
    let ty = rewriter.tensor(x);
    if !ty.dtype.is_complex() || rewriter.tensor(result).dtype != DType::Bool {
        return None;
    }
    let real = ty.dtype.real();
    let part = rewriter.one(Op::Unary(UnaryOp::Real), &[x], ty.with_dtype(real));
    replace(rewriter.convert(part, DType::Bool))
}

/// The greater or lesser of complex numbers is that by real parts, and of equal ones by imaginary parts.
pub(super) fn complex_extremum(op: BinaryOp, rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let operation = rewriter.function.op(id);
    let (a, b) = (operation.operands[0], operation.operands[1]);
    let ty = rewriter.tensor(a);
    let direction = match op {
        BinaryOp::Maximum => ComparisonDirection::Gt,
        BinaryOp::Minimum => ComparisonDirection::Lt,
        _ => return None,
    };
    if !ty.dtype.is_complex() {
        return None;
    }
    let mut parts = |op: UnaryOp| {
        let part = ty.with_dtype(ty.dtype.real());
        [a, b].map(|x| rewriter.one(Op::Unary(op), &[x], part.clone()))
    };
    let (real, imaginary) = (parts(UnaryOp::Real), parts(UnaryOp::Imag));
    let by_real = compare(rewriter, direction, real);
    let equal = compare(rewriter, ComparisonDirection::Eq, real);
    let by_imaginary = compare(rewriter, direction, imaginary);
    let by_both = rewriter.binary(BinaryOp::And, equal, by_imaginary);
    let first = rewriter.binary(BinaryOp::Or, by_real, by_both);
    replace(rewriter.one(Op::Select, &[first, a, b], ty))
}

/// The square of a complex number a + bi: (a - b)(a + b), which is 0 for finite |a| = |b|, and 2ab.
pub(super) fn square(rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let operation = rewriter.function.op(id);
    let (x, result) = (*operation.operands.first()?, *operation.results.first()?);
    let ty = rewriter.function.ty(x).as_tensor()?.clone();
    if rewriter.function.ty(result) != rewriter.function.ty(x) {
        return None;
    }
    if !ty.dtype.is_complex() {
        return replace(rewriter.binary(BinaryOp::Multiply, x, x));
    }
    let part = ty.with_dtype(ty.dtype.real());
    let [a, b] = [UnaryOp::Real, UnaryOp::Imag].map(|op| rewriter.one(Op::Unary(op), &[x], part.clone()));
    let difference = rewriter.binary(BinaryOp::Subtract, a, b);
    let sum = rewriter.binary(BinaryOp::Add, a, b);
    let product = rewriter.binary(BinaryOp::Multiply, difference, sum);
    let magnitudes = [a, b].map(|x| rewriter.unary(UnaryOp::Abs, x));
    let equal = compare(rewriter, ComparisonDirection::Eq, magnitudes);
    let bools = part.with_dtype(DType::Bool);
    let finite = rewriter.one(Op::Unary(UnaryOp::IsFinite), &[a], bools);
    let cancel = rewriter.binary(BinaryOp::And, finite, equal);
    let zero = rewriter.splat(&part.dims, Scalar::zero(part.dtype));
    let real = rewriter.one(Op::Select, &[cancel, zero, product], part.clone());
    let ab = rewriter.binary(BinaryOp::Multiply, a, b);
    let imaginary = rewriter.binary(BinaryOp::Add, ab, ab);
    replace(rewriter.one(Op::Binary(BinaryOp::Complex), &[real, imaginary], ty))
}

fn compare(rewriter: &mut Rewriter<'_>, direction: ComparisonDirection, x: [ValueId; 2]) -> ValueId {
    let attrs =
        ops::attributes::Compare { compare_type: ComparisonType::Float, comparison_direction: direction };
    let dims = rewriter.tensor(x[0]).dims;
    rewriter.one(Op::Compare(Box::new(attrs)), &x, TensorType { dtype: DType::Bool, dims })
}
