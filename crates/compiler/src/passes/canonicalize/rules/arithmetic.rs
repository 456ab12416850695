//! Algebra of elementwise ops of one and two operands.

use ops::scalar::{eval_binary, eval_unary};
use ops::{BinaryOp, Op, UnaryOp};
use stablehlo::{OpId, ValueId};
use tensor::{DType, DTypeClass, Scalar};

use super::super::{Canon, Rewrite, value};
use super::{Rule, constant, literals, no_elements};

pub(super) const UNARY: &[Rule] = &[no_elements, evaluate_unary, undone, part_of_complex];

pub(super) const BINARY: &[Rule] = &[
    no_elements,
    evaluate_binary,
    constant_right,
    neutral,
    absorbing,
    of_itself,
    join_constants,
    power_of_constant,
    divide_by_power_of_two,
    shift_out_iota,
    complex_of_parts,
];

fn unary_op(canon: &Canon<'_>, id: OpId) -> Option<UnaryOp> {
    match canon.function.op(id).op {
        Op::Unary(op) => Some(op),
        _ => None,
    }
}

fn binary_op(canon: &Canon<'_>, id: OpId) -> Option<BinaryOp> {
    match canon.function.op(id).op {
        Op::Binary(op) => Some(op),
        _ => None,
    }
}

/// The operands of a value that is defined by this op.
fn operands_of<const N: usize>(canon: &Canon<'_>, value: ValueId, op: &Op) -> Option<[ValueId; N]> {
    let operation = canon.def(value).filter(|operation| operation.op == *op)?;
    operation.operands[..].try_into().ok()
}

/// f(c) is a constant.
fn evaluate_unary(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let op = unary_op(canon, id)?;
    let operands = literals(canon, &canon.function.op(id).operands)?;
    let ty = canon.result(id).clone();
    let folded = canon.map_elements(&operands, &ty, |x| eval_unary(op, x[0]))?;
    constant(canon, folded)
}

/// f(c, d) is a constant.
fn evaluate_binary(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let op = binary_op(canon, id)?;
    let operands = literals(canon, &canon.function.op(id).operands)?;
    let ty = canon.result(id).clone();
    let folded = canon.map_elements(&operands, &ty, |x| eval_binary(op, x[0], x[1]))?;
    constant(canon, folded)
}

/// -(-x) = x, ~(~x) = x, ||x|| = |x|
fn undone(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let op = unary_op(canon, id)?;
    let operand = canon.operand(id, 0);
    let [inner] = operands_of(canon, operand, &Op::Unary(op))?;
    match op {
        UnaryOp::Negate | UnaryOp::Not => value(inner),
        UnaryOp::Abs | UnaryOp::Sign | UnaryOp::Floor | UnaryOp::Ceil
            if canon.ty(inner) == canon.ty(operand) =>
        {
            value(operand)
        }
        _ => None,
    }
}

/// real(complex(a, b)) = a, imag(complex(a, b)) = b; real(x) = x for real x
fn part_of_complex(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let op = unary_op(canon, id)?;
    let operand = canon.operand(id, 0);
    if !matches!(op, UnaryOp::Real | UnaryOp::Imag) {
        return None;
    }
    if op == UnaryOp::Real && !canon.ty(operand).dtype.is_complex() {
        return value(operand);
    }
    let [real, imaginary] = operands_of(canon, operand, &Op::Binary(BinaryOp::Complex))?;
    value(if op == UnaryOp::Real { real } else { imaginary })
}

/// complex(real(z), imag(z)) = z
fn complex_of_parts(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    if binary_op(canon, id)? != BinaryOp::Complex {
        return None;
    }
    let [real] = operands_of(canon, canon.operand(id, 0), &Op::Unary(UnaryOp::Real))?;
    let [imaginary] = operands_of(canon, canon.operand(id, 1), &Op::Unary(UnaryOp::Imag))?;
    if real == imaginary && canon.ty(real).dtype.is_complex() { value(real) } else { None }
}

/// c + x = x + c, and so on; other operands of commutative ops stand in order of their ids, so that equal
/// expressions look equal.
fn constant_right(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let op = binary_op(canon, id)?;
    let (a, b) = (canon.operand(id, 0), canon.operand(id, 1));
    let rank = |value: ValueId| (canon.literal(value).is_some(), value);
    if !op.is_commutative() || rank(a) <= rank(b) {
        return None;
    }
    canon.function.op_mut(id).operands.swap(0, 1);
    Some(Rewrite::Changed)
}

/// x + 0 = x (floats: x + -0, since -0 + 0 is 0), x - 0, x * 1, x / 1, x & ~0, x | 0, x ^ 0, x << 0, x ** 1,
/// max(x, -inf), min(x, inf)
fn neutral(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let op = binary_op(canon, id)?;
    let x = canon.operand(id, 0);
    let c = canon.scalar(canon.operand(id, 1))?;
    use BinaryOp::*;
    let neutral = match (c.dtype.class(), op) {
        (DTypeClass::Float, Add) => c.is(0) && c.as_f64().is_sign_negative(),
        (DTypeClass::Float, Subtract) => c.is(0) && c.as_f64().is_sign_positive(),
        (DTypeClass::Float, Multiply | Divide | Power) => c.is(1),
        (DTypeClass::Float, Maximum) => c.as_f64() == f64::NEG_INFINITY,
        (DTypeClass::Float, Minimum) => c.as_f64() == f64::INFINITY,
        (DTypeClass::Complex, Subtract) => c.bits() == 0,
        (DTypeClass::Float | DTypeClass::Complex, _) => false,
        (_, Add | Subtract | Or | Xor | ShiftLeft | ShiftRightLogical | ShiftRightArithmetic) => c.is(0),
        (_, Multiply | Divide | Power) => c.is(1),
        (_, And) => all_ones(c),
        _ => false,
    };
    if neutral { value(x) } else { None }
}

/// x * 0 = 0, x & 0 = 0, x | ~0 = ~0 for integers
fn absorbing(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let op = binary_op(canon, id)?;
    let right = canon.operand(id, 1);
    let c = canon.scalar(right)?;
    if matches!(c.dtype.class(), DTypeClass::Float | DTypeClass::Complex) {
        return None;
    }
    let absorbing = match op {
        BinaryOp::Multiply | BinaryOp::And => c.is(0),
        BinaryOp::Or => all_ones(c),
        _ => false,
    };
    if absorbing { value(right) } else { None }
}

fn all_ones(c: Scalar) -> bool {
    eval_unary(UnaryOp::Not, c).is_some_and(|inverse| inverse.is(0))
}

/// x & x = x | x = max(x, x) = min(x, x) = x; integers: x - x = x ^ x = 0
fn of_itself(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let op = binary_op(canon, id)?;
    let (a, b) = (canon.operand(id, 0), canon.operand(id, 1));
    if a != b {
        return None;
    }
    use BinaryOp::*;
    let ty = canon.ty(a).clone();
    let exact = !matches!(ty.dtype.class(), DTypeClass::Float | DTypeClass::Complex);
    match op {
        And | Or => value(a),
        Maximum | Minimum if !ty.dtype.is_complex() => value(a),
        Subtract | Xor if exact => value(canon.splat(&ty, Scalar::zero(ty.dtype))),
        _ => None,
    }
}

/// (x + c) + d = x + (c + d) and the like, for integers, where nothing is rounded
fn join_constants(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let op = binary_op(canon, id)?;
    use BinaryOp::*;
    let (left, right) = (canon.operand(id, 0), canon.operand(id, 1));
    let ty = canon.ty(left).clone();
    let associative = matches!(op, Add | Multiply | And | Or | Xor | Maximum | Minimum);
    if !associative || !(ty.dtype.is_integer() || ty.dtype == DType::Bool) {
        return None;
    }
    let d = canon.scalar(right)?;
    let [x, inner] = operands_of(canon, left, &Op::Binary(op))?;
    let joined = eval_binary(op, canon.scalar(inner)?, d)?;
    let joined = canon.splat(&ty, joined);
    canon.function.op_mut(id).operands = [x, joined].as_slice().into();
    Some(Rewrite::Changed)
}

/// x ** 2 = x * x, x ** 0 = 1, x ** -1 = 1 / x for floats
fn power_of_constant(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    if binary_op(canon, id)? != BinaryOp::Power {
        return None;
    }
    let x = canon.operand(id, 0);
    let ty = canon.ty(x).clone();
    let exponent = canon.scalar(canon.operand(id, 1))?;
    if !ty.dtype.is_float() {
        return None;
    }
    match exponent {
        c if c.is(0) => value(canon.splat(&ty, Scalar::one(ty.dtype))),
        c if c.is(2) => value(canon.one(Op::Binary(BinaryOp::Multiply), &[x, x], ty)),
        c if c.is(-1) => {
            let one = canon.splat(&ty, Scalar::one(ty.dtype));
            value(canon.one(Op::Binary(BinaryOp::Divide), &[one, x], ty))
        }
        _ => None,
    }
}

/// x / 2**n = x * 2**-n, which is exact
fn divide_by_power_of_two(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    // Exponents for which both the constant and its inverse are normal numbers.
    let largest = match canon.result(id).dtype {
        DType::F32 | DType::BF16 => 126,
        DType::F64 => 1022,
        DType::F16 => 14,
        _ => return None,
    };
    if binary_op(canon, id)? != BinaryOp::Divide {
        return None;
    }
    let ty = canon.result(id).clone();
    let c = canon.scalar(canon.operand(id, 1))?.as_f64();
    let exponent = ((c.to_bits() >> 52) & 0x7ff) as i64 - 1023;
    if c.to_bits() & ((1 << 52) - 1) != 0 || exponent.abs() > largest {
        return None;
    }
    let x = canon.operand(id, 0);
    let inverse = canon.splat(&ty, Scalar::from_f64(ty.dtype, 1.0 / c));
    value(canon.one(Op::Binary(BinaryOp::Multiply), &[x, inverse], ty))
}

/// iota >> n = 0 where it counts to 2**n at most (threefry splits its counter so)
fn shift_out_iota(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    if !matches!(binary_op(canon, id)?, BinaryOp::ShiftRightLogical | BinaryOp::ShiftRightArithmetic) {
        return None;
    }
    let amount = canon.scalar(canon.operand(id, 1))?.as_i128();
    let Op::Iota(attrs) = &canon.def(canon.operand(id, 0))?.op else { return None };
    let ty = canon.result(id).clone();
    let size = ty.dims[attrs.iota_dimension as usize];
    // A count that wraps into the sign bit would fill with ones.
    let positive = i128::from(size) <= 1 << (ty.dtype.bits() - 1);
    if !positive || !(0..63).contains(&amount) || size > 1 << amount {
        return None;
    }
    value(canon.splat(&ty, Scalar::zero(ty.dtype)))
}
