//! Comparisons, selection and conversions.

use ops::attributes::Compare;
use ops::scalar::{eval_clamp, eval_compare, eval_convert, eval_reduce_precision};
use ops::{ComparisonDirection, Op, UnaryOp};
use stablehlo::OpId;
use tensor::{DType, DTypeClass, Scalar};

use super::super::{Canon, Rewrite, value};
use super::{Rule, constant, literals, no_elements};

pub(super) const COMPARE: &[Rule] =
    &[no_elements, evaluate_compare, constant_right, compare_with_itself, compare_bool];
pub(super) const SELECT: &[Rule] =
    &[no_elements, known_choice, same_choice, evaluate_select, negated_predicate, choose_bool];
pub(super) const CLAMP: &[Rule] = &[no_elements, evaluate_clamp];
pub(super) const CONVERT: &[Rule] = &[no_elements, same_type, convert_iota, evaluate_convert, convert_twice];
pub(super) const BITCAST: &[Rule] = &[no_elements, same_type, bitcast_twice];
pub(super) const REDUCE_PRECISION: &[Rule] = &[no_elements, evaluate_reduce_precision, precision_kept];

fn comparison(canon: &Canon<'_>, id: OpId) -> Option<Compare> {
    match &canon.function.op(id).op {
        Op::Compare(attrs) => Some((**attrs).clone()),
        _ => None,
    }
}

fn evaluate_compare(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let attrs = comparison(canon, id)?;
    let operands = literals(canon, &canon.function.op(id).operands)?;
    let ty = canon.result(id).clone();
    let (direction, kind) = (attrs.comparison_direction, attrs.compare_type);
    let folded = canon
        .map_elements(&operands, &ty, |x| eval_compare(direction, kind, x[0], x[1]).map(Scalar::bool))?;
    constant(canon, folded)
}

/// c < x = x > c
fn constant_right(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let mut attrs = comparison(canon, id)?;
    let (a, b) = (canon.operand(id, 0), canon.operand(id, 1));
    if canon.literal(a).is_none() || canon.literal(b).is_some() {
        return None;
    }
    use ComparisonDirection::*;
    attrs.comparison_direction = match attrs.comparison_direction {
        Lt => Gt,
        Gt => Lt,
        Le => Ge,
        Ge => Le,
        same => same,
    };
    let operation = canon.function.op_mut(id);
    operation.op = Op::Compare(Box::new(attrs));
    operation.operands.swap(0, 1);
    Some(Rewrite::Changed)
}

/// x = x is true and x < x is false, for integers
fn compare_with_itself(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let attrs = comparison(canon, id)?;
    let x = canon.operand(id, 0);
    let exact = !matches!(canon.ty(x).dtype.class(), DTypeClass::Float | DTypeClass::Complex);
    if x != canon.operand(id, 1) || !exact {
        return None;
    }
    use ComparisonDirection::*;
    let known = matches!(attrs.comparison_direction, Eq | Ge | Le);
    let ty = canon.result(id).clone();
    value(canon.splat(&ty, Scalar::bool(known)))
}

/// (p != false) = (p == true) = p, (p == false) = (p != true) = !p; also where p is converted to integers
fn compare_bool(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let attrs = comparison(canon, id)?;
    let c = canon.scalar(canon.operand(id, 1))?;
    let x = canon.operand(id, 0);
    let p = match canon.def(x) {
        Some(operation) if operation.op == Op::Convert => operation.operands[0],
        _ => x,
    };
    if canon.ty(p).dtype != DType::Bool || !(c.is(0) || c.is(1)) {
        return None;
    }
    let keeps = match attrs.comparison_direction {
        ComparisonDirection::Eq => c.is(1),
        ComparisonDirection::Ne => c.is(0),
        _ => return None,
    };
    if keeps {
        return value(p);
    }
    let ty = canon.ty(p).clone();
    value(canon.one(Op::Unary(UnaryOp::Not), &[p], ty))
}

/// true ? a : b = a
fn known_choice(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let predicate = canon.scalar(canon.operand(id, 0))?;
    value(canon.operand(id, if predicate.is(0) { 2 } else { 1 }))
}

/// p ? a : a = a
fn same_choice(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let a = canon.operand(id, 1);
    if a == canon.operand(id, 2) { value(a) } else { None }
}

fn evaluate_select(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let operands = literals(canon, &canon.function.op(id).operands)?;
    let ty = canon.result(id).clone();
    let folded = canon.map_elements(&operands, &ty, |x| Some(if x[0].is(0) { x[2] } else { x[1] }))?;
    constant(canon, folded)
}

/// !p ? a : b = p ? b : a
fn negated_predicate(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let negation = canon.def(canon.operand(id, 0))?;
    if negation.op != Op::Unary(UnaryOp::Not) {
        return None;
    }
    let p = negation.operands[0];
    let operation = canon.function.op_mut(id);
    operation.operands[0] = p;
    operation.operands.swap(1, 2);
    Some(Rewrite::Changed)
}

/// p ? true : false = p, p ? false : true = !p
fn choose_bool(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let ty = canon.result(id).clone();
    let p = canon.operand(id, 0);
    if ty.dtype != DType::Bool || *canon.ty(p) != ty {
        return None;
    }
    let (a, b) = (canon.scalar(canon.operand(id, 1))?, canon.scalar(canon.operand(id, 2))?);
    match (a.is(0), b.is(0)) {
        (false, true) => value(p),
        (true, false) => value(canon.one(Op::Unary(UnaryOp::Not), &[p], ty)),
        _ => None,
    }
}

fn evaluate_clamp(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let operands = literals(canon, &canon.function.op(id).operands)?;
    let ty = canon.result(id).clone();
    let folded = canon.map_elements(&operands, &ty, |x| eval_clamp(x[0], x[1], x[2]))?;
    constant(canon, folded)
}

/// A conversion to the operand's own type.
fn same_type(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let x = canon.operand(id, 0);
    if canon.ty(x) == canon.result(id) { value(x) } else { None }
}

fn evaluate_convert(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let operands = literals(canon, &canon.function.op(id).operands)?;
    let ty = canon.result(id).clone();
    let folded = canon.map_elements(&operands, &ty, |x| Some(eval_convert(x[0], ty.dtype)))?;
    constant(canon, folded)
}

/// convert(convert(x)) = convert(x) where the inner conversion loses nothing
fn convert_twice(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let middle = canon.operand(id, 0);
    let inner = canon.def(middle).filter(|operation| operation.op == Op::Convert)?.operands[0];
    if !widens(canon.ty(inner).dtype, canon.ty(middle).dtype) {
        return None;
    }
    canon.function.op_mut(id).operands[0] = inner;
    Some(Rewrite::Changed)
}

/// Whether every value of `from` is one of `to`, and conversions from there go the same way. Between kinds
/// they do not: integers wrap where floats saturate.
fn widens(from: DType, to: DType) -> bool {
    use DTypeClass::*;
    match (from.class(), to.class()) {
        (Bool, Signed | Unsigned) => to.bits() >= 8,
        (Signed, Signed) | (Unsigned, Unsigned) => from.bits() <= to.bits(),
        (Unsigned, Signed) => from.bits() < to.bits(),
        (Float, Float) => matches!(
            (from, to),
            (DType::F16 | DType::BF16, DType::F32 | DType::F64) | (DType::F32, DType::F64)
        ),
        _ => false,
    }
}

/// convert(iota) = iota of the other integer type, where both count without wrapping
fn convert_iota(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let x = canon.operand(id, 0);
    let Op::Iota(attrs) = &canon.def(x)?.op else { return None };
    let ty = canon.result(id).clone();
    let size = i128::from(ty.dims[attrs.iota_dimension as usize]);
    let counts = |dtype: DType| dtype.is_integer() && size <= 1 << (dtype.bits() - 1);
    if !counts(ty.dtype) || !counts(canon.ty(x).dtype) {
        return None;
    }
    let op = Op::Iota(attrs.clone());
    value(canon.one(op, &[], ty))
}

/// bitcast(bitcast(x)) = x where the types meet again
fn bitcast_twice(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let middle = canon.def(canon.operand(id, 0))?;
    if middle.op != Op::BitcastConvert {
        return None;
    }
    let inner = middle.operands[0];
    if canon.ty(inner) == canon.result(id) { value(inner) } else { None }
}

fn formats(canon: &Canon<'_>, id: OpId) -> Option<(u32, u32)> {
    match &canon.function.op(id).op {
        Op::ReducePrecision(attrs) => {
            Some((attrs.exponent_bits.try_into().ok()?, attrs.mantissa_bits.try_into().ok()?))
        }
        _ => None,
    }
}

fn evaluate_reduce_precision(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let (exponent, mantissa) = formats(canon, id)?;
    let operands = literals(canon, &canon.function.op(id).operands)?;
    let ty = canon.result(id).clone();
    let folded = canon.map_elements(&operands, &ty, |x| eval_reduce_precision(x[0], exponent, mantissa))?;
    constant(canon, folded)
}

/// A format that holds every value of the type.
fn precision_kept(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let (exponent, mantissa) = formats(canon, id)?;
    let own = match canon.result(id).dtype {
        DType::F64 => (11, 52),
        DType::F32 => (8, 23),
        DType::F16 => (5, 10),
        DType::BF16 => (8, 7),
        _ => return None,
    };
    if exponent >= own.0 && mantissa >= own.1 { value(canon.operand(id, 0)) } else { None }
}
