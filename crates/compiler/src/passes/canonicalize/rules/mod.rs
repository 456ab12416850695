//! Rewrite rules by theme. Each is small, named for what it removes, and never makes code worse.

mod arithmetic;
mod choice;
mod control;
mod dynamic;
mod indexing;
mod reduction;
mod shape;

use ops::attributes::Constant;
use ops::{Op, Type};
use smallvec::SmallVec;
use stablehlo::{OpId, ValueId};
use tensor::{Dims, Indices, Literal, Scalar, TensorType};

use super::super::rewrite::Values;
use super::{Canon, Rewrite, fold, value};

/// A rule: what an op becomes, or `None` if it does not apply.
type Rule = fn(&mut Canon<'_>, OpId) -> Option<Rewrite>;

/// Applies the first rule that fits.
pub(super) fn simplify(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let rules: &[Rule] = match &canon.function.op(id).op {
        Op::Constant(_) => &[all_equal],
        Op::Unary(_) => arithmetic::UNARY,
        Op::Binary(_) => arithmetic::BINARY,
        Op::Compare(_) => choice::COMPARE,
        Op::Select => choice::SELECT,
        Op::Clamp => choice::CLAMP,
        Op::Convert => choice::CONVERT,
        Op::BitcastConvert => choice::BITCAST,
        Op::ReducePrecision(_) => choice::REDUCE_PRECISION,
        Op::Reshape => shape::RESHAPE,
        Op::BroadcastInDim(_) => shape::BROADCAST,
        Op::Transpose(_) => shape::TRANSPOSE,
        Op::Reverse(_) => shape::REVERSE,
        Op::Concatenate(_) => shape::CONCATENATE,
        Op::Pad(_) => shape::PAD,
        Op::Iota(_) => shape::IOTA,
        Op::GetDimensionSize(_) => shape::GET_DIMENSION_SIZE,
        Op::SetDimensionSize(_) => shape::SET_DIMENSION_SIZE,
        Op::Slice(_) => indexing::SLICE,
        Op::DynamicSlice(_) => indexing::DYNAMIC_SLICE,
        Op::DynamicUpdateSlice => indexing::DYNAMIC_UPDATE_SLICE,
        Op::Gather(_) => indexing::GATHER,
        Op::Scatter(_) => indexing::SCATTER,
        Op::Reduce(_) => reduction::REDUCE,
        Op::Sort(_) => reduction::SORT,
        Op::DotGeneral(_) => reduction::DOT,
        Op::While => control::WHILE,
        Op::Case => control::CASE,
        Op::GetTupleElement(_) => control::GET_TUPLE_ELEMENT,
        Op::DynamicBroadcastInDim(_) => dynamic::BROADCAST,
        Op::DynamicConv(_) => dynamic::CONV,
        Op::DynamicGather(_) => dynamic::GATHER,
        Op::DynamicIota(_) => dynamic::IOTA,
        Op::DynamicPad => dynamic::PAD,
        Op::DynamicReshape => dynamic::RESHAPE,
        Op::RealDynamicSlice => dynamic::SLICE,
        Op::Fft(_) | Op::Convolution(_) | Op::ReduceWindow(_) | Op::TorchIndexSelect(_) => &[no_elements],
        _ => &[],
    };
    rules.iter().find_map(|rule| rule(canon, id))
}

/// What an op becomes once its regions are in their final form.
pub(super) fn after_regions(canon: &mut Canon<'_>, id: OpId) -> Option<Values> {
    match canon.function.op(id).op {
        Op::While => control::never_runs(canon, id),
        Op::Reduce(_) => reduction::unit_dimensions(canon, id),
        _ => None,
    }
}

/// dense [c, c, ...] = dense c
fn all_equal(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let Op::Constant(attrs) = &canon.function.op(id).op else { return None };
    let value = fold::as_splat(&attrs.value)?;
    canon.function.op_mut(id).op = Op::Constant(Box::new(Constant { value }));
    Some(Rewrite::Changed)
}

/// Results without elements hold no information.
fn no_elements(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let results = canon.function.op(id).results.clone();
    let empty = |ty: &Type| ty.as_tensor().filter(|ty| ty.is_empty()).cloned();
    let types: Option<SmallVec<[TensorType; 1]>> =
        results.iter().map(|&result| empty(canon.function.ty(result))).collect();
    let values = types?.into_iter().map(|ty| canon.splat(&ty, Scalar::zero(ty.dtype))).collect();
    Some(Rewrite::Values(values))
}

/// The literals of these operands, if all are constants. A few numbers in sequence count as one, so that
/// what is computed from them alone (seeds, masks, permutations) is known.
fn literals(canon: &Canon<'_>, operands: &[ValueId]) -> Option<SmallVec<[Literal; 3]>> {
    operands
        .iter()
        .map(|&operand| canon.literal(operand).cloned().or_else(|| counted(canon, operand)))
        .collect()
}

/// The elements of a small iota.
fn counted(canon: &Canon<'_>, value: ValueId) -> Option<Literal> {
    const MAX_ELEMENTS: usize = 64;
    let Op::Iota(attrs) = &canon.def(value)?.op else { return None };
    let ty = canon.ty(value);
    let axis = attrs.iota_dimension as usize;
    let element = |index: Dims| Scalar::from_i64(ty.dtype, index[axis]);
    (ty.len() <= MAX_ELEMENTS).then(|| Literal::from_scalars(ty.clone(), Indices::new(&ty.dims).map(element)))
}

/// Makes the op a constant.
fn constant(canon: &mut Canon<'_>, literal: Literal) -> Option<Rewrite> {
    value(canon.constant(literal))
}
