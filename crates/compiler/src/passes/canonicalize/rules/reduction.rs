//! Folds, sorts and products that have nothing to do.

use ops::scalar::eval_compare;
use ops::{BinaryOp, ComparisonDirection, ComparisonType, Op};
use stablehlo::{OpId, ValueId};
use tensor::{DType, Scalar};

use super::super::super::rewrite::Values;
use super::super::{Canon, Rewrite, value};
use super::shape::broadcast_scalar;
use super::{Rule, no_elements};

pub(super) const REDUCE: &[Rule] = &[no_elements, nothing_to_fold];
pub(super) const SORT: &[Rule] = &[no_elements, nothing_to_sort];
pub(super) const DOT: &[Rule] = &[no_elements, nothing_to_multiply];

/// A fold over no elements gives the initial values.
fn nothing_to_fold(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let operation = canon.function.op(id);
    let count = operation.results.len();
    let (operands, results) = (operation.operands.clone(), operation.results.clone());
    if !canon.ty(operands[0]).is_empty() {
        return None;
    }
    let mut values = Values::new();
    for (&init, &result) in operands[count..].iter().zip(&results) {
        let ty = canon.ty(result).clone();
        if canon.ty(init).dtype != ty.dtype {
            return None;
        }
        values.push(broadcast_scalar(canon, init, &ty));
    }
    Some(Rewrite::Values(values))
}

/// The scalar op of a combiner `(a, b) -> a op b`.
fn combiner(canon: &Canon<'_>, id: OpId) -> Option<BinaryOp> {
    let region = canon.function.region(*canon.function.op(id).regions.first()?);
    let [only, _] = region.ops[..] else { return None };
    let operation = canon.function.op(only);
    let Op::Binary(op) = operation.op else { return None };
    let uses_args = operation.operands[..] == region.args[..]
        || (op.is_commutative()
            && operation.operands[0] == region.args[1]
            && operation.operands[1] == region.args[0]);
    uses_args.then_some(op)
}

/// A fold along dimensions of size 1 (or none) is one step: `init op x`, or x where init is neutral.
pub(super) fn unit_dimensions(canon: &mut Canon<'_>, id: OpId) -> Option<Values> {
    let operation = canon.function.op(id);
    let Op::Reduce(attrs) = &operation.op else { return None };
    let [x, init] = operation.operands[..] else { return None };
    let result = canon.result(id).clone();
    let sizes = &canon.ty(x).dims;
    let units = attrs.dimensions.iter().all(|&axis| sizes[axis as usize] == 1);
    if !units || canon.ty(x).dtype != result.dtype {
        return None;
    }
    let op = combiner(canon, id)?;
    let folded = canon.reshape(x, &result.dims);
    if canon.scalar(init).is_some_and(|init| is_neutral(op, init)) {
        return Some(Values::from_elem(folded, 1));
    }
    let start: ValueId = broadcast_scalar(canon, init, &result);
    let value = canon.one(Op::Binary(op), &[start, folded], result);
    Some(Values::from_elem(value, 1))
}

/// Whether folding starts from nothing. A sum from +0 differs from the element only for -0.
fn is_neutral(op: BinaryOp, init: Scalar) -> bool {
    let below_all = |direction| {
        let extreme = |value: f64| Scalar::from_f64(init.dtype, value);
        let bound = match direction {
            ComparisonDirection::Le => extreme(f64::NEG_INFINITY),
            _ => extreme(f64::INFINITY),
        };
        // Formats without infinity have no neutral element that is certain.
        init.dtype.is_float() && bound.as_f64().is_infinite() && init == bound
            || init.dtype.is_integer()
                && eval_compare(direction, ComparisonType::NoType, init, bound) == Some(true)
    };
    match op {
        BinaryOp::Add => init.is(0),
        BinaryOp::Multiply => init.is(1),
        BinaryOp::Or | BinaryOp::Xor => init.is(0),
        BinaryOp::And => init.dtype == DType::Bool && init.is(1),
        BinaryOp::Maximum => below_all(ComparisonDirection::Le),
        BinaryOp::Minimum => below_all(ComparisonDirection::Ge),
        _ => false,
    }
}

/// Rows of at most one element are sorted.
fn nothing_to_sort(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let operation = canon.function.op(id);
    let Op::Sort(attrs) = &operation.op else { return None };
    let sizes = &canon.ty(operation.operands[0]).dims;
    let axis = if attrs.dimension < 0 { attrs.dimension + sizes.len() as i64 } else { attrs.dimension };
    if sizes[axis as usize] > 1 {
        return None;
    }
    Some(Rewrite::Values(operation.operands.iter().copied().collect()))
}

/// A product over no elements is zero.
fn nothing_to_multiply(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let ty = canon.result(id).clone();
    let empty = (0..2).any(|index| canon.ty(canon.operand(id, index)).is_empty());
    if !empty {
        return None;
    }
    value(canon.splat(&ty, Scalar::zero(ty.dtype)))
}
