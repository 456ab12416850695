//! Bitcasts from or to elements of less than a byte, which lie in a byte each: their bits are joined and parted
//! by arithmetic. All others are views of the same bytes.

use ops::attributes::Iota;
use ops::{BinaryOp, Op};
use stablehlo::{OpId, ValueId};
use tensor::{DType, Scalar, TensorType};

use super::replace;
use crate::passes::rewrite::{Rewriter, Step};

/// The type that bits of this width are worked on in: an unsigned integer of at least a byte.
fn carrier(bits: u32) -> DType {
    plain(bits.max(8))
}

/// The type of plain bits of this width: an unsigned integer, or a boolean.
fn plain(bits: u32) -> DType {
    if bits == 1 {
        return DType::Bool;
    }
    let of_width = |dtype: &&DType| dtype.bits() == bits && dtype.class() == tensor::DTypeClass::Unsigned;
    *DType::ALL.iter().find(of_width).expect("StableHLO's widths that divide others are 2, 4, ... 64")
}

/// Joins or parts elements where widths differ and one is of less than a byte.
pub(super) fn bitcast(rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let operation = rewriter.function.op(id);
    let (x, result) = (operation.operands[0], operation.results[0]);
    let (from, to) = (rewriter.tensor(x), rewriter.tensor(result));
    let (narrow, wide) = (from.dtype.bits().min(to.dtype.bits()), from.dtype.bits().max(to.dtype.bits()));
    let regular = |dtype: DType| !dtype.is_complex() && dtype.bits().is_power_of_two();
    if narrow >= 8 || narrow == wide || !regular(from.dtype) || !regular(to.dtype) {
        return None;
    }
    let bits = to_plain(rewriter, x);
    let moved = if from.dtype.bits() < to.dtype.bits() {
        join(rewriter, bits, &to, narrow)
    } else {
        part(rewriter, bits, &to, narrow)
    };
    replace(from_plain(rewriter, moved, to.dtype))
}

/// The elements' bits as numbers. Integers of less than a byte are converted where they are used, since they
/// are stored extended.
fn to_plain(rewriter: &mut Rewriter<'_>, x: ValueId) -> ValueId {
    let ty = rewriter.tensor(x);
    if ty.dtype.is_partial() && ty.dtype.is_integer() {
        return x;
    }
    same_width(rewriter, x, plain(ty.dtype.bits()))
}

/// Elements of this type from their bits.
fn from_plain(rewriter: &mut Rewriter<'_>, x: ValueId, dtype: DType) -> ValueId {
    if dtype.is_partial() && dtype.is_integer() || dtype == DType::Bool {
        return rewriter.convert(x, dtype);
    }
    let narrow = rewriter.convert(x, plain(dtype.bits()));
    same_width(rewriter, narrow, dtype)
}

/// A bitcast between types of the same width.
fn same_width(rewriter: &mut Rewriter<'_>, x: ValueId, dtype: DType) -> ValueId {
    let ty = rewriter.tensor(x);
    if ty.dtype == dtype { x } else { rewriter.one(Op::BitcastConvert, &[x], ty.with_dtype(dtype)) }
}

/// The lowest bits.
fn low(rewriter: &mut Rewriter<'_>, x: ValueId, bits: u32) -> ValueId {
    let ty = rewriter.tensor(x);
    let mask = rewriter.splat(&ty.dims, Scalar::from_i64(ty.dtype, (1 << bits) - 1));
    rewriter.binary(BinaryOp::And, x, mask)
}

/// How far each element along the last dimension is shifted: the first has the lowest bits.
fn shifts(rewriter: &mut Rewriter<'_>, ty: &TensorType, narrow: u32) -> ValueId {
    let iota = Op::Iota(Box::new(Iota { iota_dimension: ty.rank() as i64 - 1 }));
    let index = rewriter.one(iota, &[], ty.clone());
    let width = rewriter.splat(&ty.dims, Scalar::from_i64(ty.dtype, narrow.into()));
    rewriter.binary(BinaryOp::Multiply, index, width)
}

/// Elements along the last dimension become one.
fn join(rewriter: &mut Rewriter<'_>, x: ValueId, to: &TensorType, narrow: u32) -> ValueId {
    let wide = rewriter.convert(x, carrier(to.dtype.bits()));
    let wide = low(rewriter, wide, narrow);
    let ty = rewriter.tensor(wide);
    let shifts = shifts(rewriter, &ty, narrow);
    let placed = rewriter.binary(BinaryOp::ShiftLeft, wide, shifts);
    // The bits of the elements do not overlap: their sum is their union.
    rewriter.sum(placed, &[ty.rank() as i64 - 1])
}

/// Each element becomes several, along a new last dimension.
fn part(rewriter: &mut Rewriter<'_>, x: ValueId, to: &TensorType, narrow: u32) -> ValueId {
    let from = rewriter.tensor(x).dtype;
    let x = rewriter.convert(x, carrier(from.bits()));
    let outer: Vec<i64> = (0..to.rank() as i64 - 1).collect();
    let spread = rewriter.broadcast(x, &to.dims, &outer);
    let ty = rewriter.tensor(spread);
    let shifts = shifts(rewriter, &ty, narrow);
    let moved = rewriter.binary(BinaryOp::ShiftRightLogical, spread, shifts);
    low(rewriter, moved, narrow)
}
